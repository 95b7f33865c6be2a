//! Where the server is and who writes: the address, and what the usual variables of the environment say besides.

use postgres::Config;
use postgres::config::SslMode;

use super::tls::Trust;
use crate::net;
use crate::sink::variable;

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
    let (place, query) = address.split_once('?').unwrap_or((address, ""));
    if !place.starts_with("//") {
        return Err(format!("`postgres:{place}` names no server: {FORM}"));
    }
    let (rest, mode) = sort_out(place, query)?;
    let (place, query) = filled_in(place, &rest)?;
    let mut config = parse(&place, &query)?;
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
    let (mode, trust) = trust(mode.or_else(|| variable("PGSSLMODE")).as_deref(), net.ca_file.is_some())?;
    config.ssl_mode(mode);
    Ok((config, trust))
}

/// The parameters that the driver reads, and the mode of TLS, which we read. What is a secret, or said in another way here, is refused.
fn sort_out<'q>(place: &str, query: &'q str) -> Result<(Vec<&'q str>, Option<String>), String> {
    let (mut rest, mut mode, mut has_authority) = (Vec::new(), None, false);
    let mut is_open = place[2..].rsplit_once('@').is_some_and(|(user, _)| user.contains(':'));
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        match pair.split_once('=') {
            Some(("sslmode", value)) => mode = Some(value.to_owned()),
            Some(("sslrootcert", _)) => has_authority = true,
            Some(("password", _)) => is_open = true,
            _ => rest.push(pair),
        }
    }
    if is_open {
        return Err(
            "every user of the machine can read a command line: put the password into PGPASSWORD".into()
        );
    }
    if has_authority {
        return Err("--ca-file names the certificates to trust, not sslrootcert".into());
    }
    Ok((rest, mode))
}

/// The address and its parameters with what the environment says of the rest: the address rules.
fn filled_in(place: &str, given: &[&str]) -> Result<(String, String), String> {
    let parsed = parse(place, &given.join("&"))?;
    let (mut place, mut query) = (place.to_owned(), given.join("&"));
    if let Some(port) = variable("PGPORT").filter(|_| parsed.get_hosts().len() == 1 && !has_port(&place)) {
        let end = place[2..].find('/').map_or(place.len(), |at| at + 2);
        place.insert_str(end, &format!(":{}", port.trim()));
    }
    let has = |name: &str| given.iter().any(|pair| pair.split('=').next() == Some(name));
    for (name, parameter) in VARIABLES {
        let is_said = match parameter {
            "host" | "port" => !parsed.get_hosts().is_empty(),
            "user" => parsed.get_user().is_some(),
            "dbname" => parsed.get_dbname().is_some(),
            other => has(other),
        };
        if let Some(value) = variable(name).filter(|_| !is_said) {
            let encoded: String = value.bytes().map(|byte| format!("%{byte:02X}")).collect();
            query += &format!("&{parameter}={encoded}");
        }
    }
    Ok((place, query))
}

/// As with libpq: who only asks for TLS gets it, from whomever; who names an authority has it asked.
fn trust(mode: Option<&str>, has_authority: bool) -> Result<(SslMode, Trust), String> {
    Ok(match mode {
        Some("disable") => (SslMode::Disable, Trust::Anyone),
        Some("require") if !has_authority => (SslMode::Require, Trust::Anyone),
        Some("require" | "verify-full") => (SslMode::Require, Trust::Authority),
        None if has_authority => (SslMode::Require, Trust::Authority),
        None | Some("prefer") => (SslMode::Prefer, Trust::Anyone),
        Some(other) => {
            return Err(format!("sslmode={other} is none of disable, prefer, require and verify-full"));
        }
    })
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
