//! Where the server is and who writes: the address, and what the usual variables of the environment say besides.

use mysql::{Opts, OptsBuilder, SslOpts};

use crate::net;
use crate::sink::variable;

const FORM: &str = "write mysql://USER@HOST:3306/DATABASE";

/// A silent server is asked by the system whether it is there.
const SILENCE: u32 = 60_000;

/// How it is reached: without TLS, and with it.
type Ways = (Option<Opts>, Option<Opts>);

/// Reads what stands behind `mysql:`.
pub(super) fn read(address: &str, net: &net::Options) -> Result<Ways, String> {
    let (place, query) = address.split_once('?').unwrap_or((address, ""));
    let Some(host) = place.strip_prefix("//") else {
        return Err(format!("`mysql:{place}` names no server: {FORM}"));
    };
    if host.rsplit_once('@').is_some_and(|(user, _)| user.contains(':')) || query.contains("password") {
        return Err(
            "every user of the machine can read a command line: put the password into MYSQL_PWD".into()
        );
    }
    let (mut rest, mut mode) = (Vec::new(), None);
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        match pair.split_once('=') {
            Some(("sslmode", value)) => mode = Some(value),
            _ => rest.push(pair),
        }
    }
    let text = format!("mysql:{place}{}{}", if rest.is_empty() { "" } else { "?" }, rest.join("&"));
    let opts = Opts::from_url(&text).map_err(|error| format!("`mysql:{place}`: {error}; {FORM}"))?;
    if opts.get_db_name().is_none_or(str::is_empty) {
        return Err(format!("`mysql:{place}` names no database: {FORM}"));
    }
    let mut builder = OptsBuilder::from_opts(opts.clone())
        .prefer_socket(false)
        .tcp_connect_timeout(Some(net.connect_timeout))
        .tcp_keepalive_time_ms(Some(SILENCE))
        .tcp_user_timeout_ms(Some(SILENCE));
    if opts.get_user().is_none_or(str::is_empty) {
        builder = builder.user(variable("USER"));
    }
    if let Some(password) = variable("MYSQL_PWD") {
        builder = builder.pass(Some(password));
    }
    let has_authority = net.ca_file.is_some();
    if has_authority {
        // The driver would take a wrong file for a broken connection.
        net::tls_config(net.ca_file.as_deref()).map_err(|error| error.to_string())?;
    }
    let anyone = SslOpts::default().with_danger_accept_invalid_certs(true);
    let verified = SslOpts::default().with_root_cert_path(net.ca_file.clone());
    let secured = |trust: SslOpts| Some(builder.clone().ssl_opts(trust).into());
    let plain = || Some(builder.clone().into());
    // As with libpq: who only asks for TLS gets it, from whomever; who names an authority has it asked.
    match mode {
        Some("disable") => Ok((plain(), None)),
        Some("require") if !has_authority => Ok((None, secured(anyone))),
        Some("require" | "verify-full") => Ok((None, secured(verified))),
        None if has_authority => Ok((None, secured(verified))),
        None | Some("prefer") => Ok((plain(), secured(anyone))),
        Some(other) => Err(format!("sslmode={other} is none of disable, prefer, require and verify-full")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_says_where_and_how_and_no_secret() {
        let net = net::Options::default();
        let (plain, secured) = read("//me@db.example:3307/trends?sslmode=verify-full", &net).unwrap();
        let opts = secured.unwrap();
        assert!(plain.is_none());
        assert_eq!(
            (opts.get_user(), opts.get_db_name(), opts.get_tcp_port()),
            (Some("me"), Some("trends"), 3307)
        );
        for (address, hint) in [
            ("//me:secret@db/x", "MYSQL_PWD"),
            ("//db/x?password=secret", "MYSQL_PWD"),
            ("//db/x?sslmode=allow", "verify-full"),
            ("db/x", "mysql://USER@HOST"),
            ("//db:port/x", "mysql://USER@HOST"),
            ("//db", "names no database"),
        ] {
            let error = read(address, &net).unwrap_err();
            assert!(error.contains(hint) && !error.contains("secret"), "{address}: {error}");
        }
    }
}
