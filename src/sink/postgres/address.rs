//! Where the server is and who writes: the address, and what the usual variables of the environment say besides.

use postgres::Config;
use postgres::config::SslMode;

use super::tls::Trust;
use crate::net;

const FORM: &str = "write postgres://USER@HOST:5432/DATABASE";

/// What libpq's programs are told in the environment, as parameters of an address.
const VARIABLES: [(&str, &str); 7] = [
    ("PGHOST", "host"),
    ("PGPORT", "port"),
    ("PGUSER", "user"),
    ("PGDATABASE", "dbname"),
    ("PGOPTIONS", "options"),
    ("PGAPPNAME", "application_name"),
    ("PGTARGETSESSIONATTRS", "target_session_attrs"),
];

/// Reads what stands behind `postgres:`.
pub(super) fn read(address: &str, net: &net::Options) -> Result<(Config, Trust), String> {
    let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.trim().is_empty());
    let (place, query) = address.split_once('?').unwrap_or((address, ""));
    if !place.starts_with("//") {
        return Err(format!("`postgres:{place}` names no server: {FORM}"));
    }
    let is_open = place[2..].rsplit_once('@').is_some_and(|(user, _)| user.contains(':'));
    let (mut rest, mut mode, mut wrong) = (Vec::new(), variable("PGSSLMODE"), None);
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        match pair.split_once('=') {
            Some(("sslmode", value)) => mode = Some(value.to_owned()),
            Some(("sslrootcert", _)) => {
                wrong = Some("--ca-file names the certificates to trust, not sslrootcert");
            }
            Some(("password", _)) => wrong = Some(""),
            _ => rest.push(pair),
        }
    }
    if is_open || wrong == Some("") {
        return Err(
            "every user of the machine can read a command line: put the password into PGPASSWORD".into()
        );
    }
    if let Some(wrong) = wrong {
        return Err(wrong.into());
    }
    let parsed = parse(place, &rest.join("&"))?;
    // The address rules, and the environment fills in.
    let (mut place, mut more) = (place.to_owned(), rest.join("&"));
    if let Some(port) = variable("PGPORT").filter(|_| parsed.get_hosts().len() == 1 && !has_port(&place)) {
        let end = place[2..].find('/').map_or(place.len(), |at| at + 2);
        place.insert_str(end, &format!(":{}", port.trim()));
    }
    let has = |name: &str| rest.iter().any(|pair| pair.split('=').next() == Some(name));
    for (name, parameter) in VARIABLES {
        let is_said = match parameter {
            "host" | "port" => !parsed.get_hosts().is_empty(),
            "user" => parsed.get_user().is_some(),
            "dbname" => parsed.get_dbname().is_some(),
            other => has(other),
        };
        if let Some(value) = variable(name).filter(|_| !is_said) {
            let encoded: String = value.bytes().map(|byte| format!("%{byte:02X}")).collect();
            more += &format!("&{parameter}={encoded}");
        }
    }
    let mut config = parse(&place, &more)?;
    if config.get_hosts().is_empty() {
        config.host("localhost");
    }
    if config.get_application_name().is_none() {
        config.application_name("jsonl-store");
    }
    if let Some(password) = std::env::var("PGPASSWORD").ok().filter(|password| !password.is_empty()) {
        config.password(password);
    }
    super::watch(&mut config, net);
    // As with libpq: who only asks for TLS gets it, from whomever; who names an authority has it asked.
    let has_authority = net.ca_file.is_some();
    let trust = match mode.as_deref() {
        Some("disable") => {
            config.ssl_mode(SslMode::Disable);
            Trust::Anyone
        }
        Some("require") if !has_authority => {
            config.ssl_mode(SslMode::Require);
            Trust::Anyone
        }
        Some("require" | "verify-full") => {
            config.ssl_mode(SslMode::Require);
            Trust::Authority
        }
        None if has_authority => {
            config.ssl_mode(SslMode::Require);
            Trust::Authority
        }
        None | Some("prefer") => {
            config.ssl_mode(SslMode::Prefer);
            Trust::Anyone
        }
        Some(other) => {
            return Err(format!("sslmode={other} is none of disable, prefer, require and verify-full"));
        }
    };
    Ok((config, trust))
}

fn parse(place: &str, query: &str) -> Result<Config, String> {
    format!("postgres:{place}?{query}").parse().map_err(|error: postgres::Error| {
        let why = std::error::Error::source(&error).map_or_else(|| error.to_string(), ToString::to_string);
        format!("`postgres:{place}`: {why}; {FORM}")
    })
}

/// Whether a port stands behind the host.
fn has_port(place: &str) -> bool {
    let host = place[2..].split('/').next().unwrap_or_default();
    let host = host.rsplit('@').next().unwrap_or_default();
    host.rsplit(']').next().unwrap_or_default().contains(':')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_says_where_and_how_and_no_secret() {
        let net = net::Options::default();
        let (config, trust) =
            read("//me@db.example:5433/trends?sslmode=verify-full&connect_timeout=3", &net).unwrap();
        assert_eq!(
            (config.get_user(), config.get_dbname(), config.get_ports()),
            (Some("me"), Some("trends"), &[5433][..])
        );
        assert_eq!((config.get_ssl_mode(), trust), (SslMode::Require, Trust::Authority));
        for (address, hint) in [
            ("//me:secret@db/x", "PGPASSWORD"),
            ("//db/x?password=secret", "PGPASSWORD"),
            ("//db/x?sslmode=allow", "verify-full"),
            ("//db/x?sslrootcert=a.pem", "--ca-file"),
            ("db/x", "postgres://USER@HOST"),
            ("//db:port/x", "postgres://USER@HOST"),
        ] {
            let error = read(address, &net).unwrap_err();
            assert!(error.contains(hint) && !error.contains("secret"), "{address}: {error}");
        }
    }
}
