//! Headers that the user gives. Their values may be secrets: they are never shown, nor taken from the command line where
//! their names say what they are.

use std::fmt;
use std::fs;
use std::path::Path;

use ureq::http::{HeaderMap, HeaderName, HeaderValue, header};

use super::error::Error;

/// Names whose values are secrets whatever the user thinks.
const SECRET: [HeaderName; 3] = [header::AUTHORIZATION, header::PROXY_AUTHORIZATION, header::COOKIE];

/// Headers that the transport sets: giving them would break the framing.
const OURS: [HeaderName; 6] = [
    header::HOST,
    header::CONTENT_LENGTH,
    header::TRANSFER_ENCODING,
    header::CONNECTION,
    header::UPGRADE,
    header::ACCEPT_ENCODING,
];

/// Headers in the order in which they were given.
#[derive(Clone, Default)]
pub struct Headers(Vec<(HeaderName, HeaderValue)>);

impl Headers {
    /// Adds what `--header` says: `Name: value`, or `@FILE` with one such line per header (`#` begins a comment).
    pub fn add(&mut self, argument: &str) -> Result<(), Error> {
        match argument.strip_prefix('@') {
            Some(path) => self.add_file(Path::new(path)),
            None => {
                let (name, value) = parse(argument.as_bytes(), "--header")?;
                if SECRET.contains(&name) {
                    return Err(Error::usage(format!(
                        "the header {name} is a secret, and every user of the machine can read a command line; put it \
                         into a file and give --header @FILE, or use --token-env NAME"
                    )));
                }
                self.0.push((name, value));
                Ok(())
            }
        }
    }

    fn add_file(&mut self, path: &Path) -> Result<(), Error> {
        let text =
            fs::read(path).map_err(|error| Error::usage(format!("--header @{}: {error}", path.display())))?;
        for (index, line) in text.split(|&byte| byte == b'\n').enumerate() {
            let line = line.trim_ascii();
            if line.is_empty() || line.starts_with(b"#") {
                continue;
            }
            let (name, mut value) = parse(line, &format!("{}:{}", path.display(), index + 1))?;
            value.set_sensitive(true);
            self.0.push((name, value));
        }
        Ok(())
    }

    /// Adds `Authorization: Bearer TOKEN`.
    pub fn add_bearer(&mut self, token: &str) -> Result<(), Error> {
        self.add_authorization(&format!("Bearer {token}"))
    }

    /// Adds `Authorization`, a scheme and what it takes.
    pub fn add_authorization(&mut self, value: &str) -> Result<(), Error> {
        let mut value = HeaderValue::from_str(value)
            .map_err(|_| Error::usage("the token holds characters that no header may hold"))?;
        value.set_sensitive(true);
        self.0.push((header::AUTHORIZATION, value));
        Ok(())
    }

    /// All headers, as they go to the origin that they are meant for.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&HeaderName, &HeaderValue)> {
        self.0.iter().map(|(name, value)| (name, value))
    }

    /// Whether it is said who asks.
    pub fn has_authorization(&self) -> bool {
        self.has(&header::AUTHORIZATION)
    }

    /// Whether the user gives this header.
    pub(super) fn has(&self, name: &HeaderName) -> bool {
        self.0.iter().any(|(known, _)| known == name)
    }

    /// Adds all to a request that is made elsewhere.
    pub fn add_to(&self, headers: &mut HeaderMap) {
        for (name, value) in self.iter() {
            headers.append(name.clone(), value.clone());
        }
    }

    /// Those that may follow a redirect to another origin: what the answer should look like, nothing about who asks.
    pub(super) fn for_others(&self) -> impl Iterator<Item = (&HeaderName, &HeaderValue)> {
        self.iter().filter(|(name, _)| [header::ACCEPT, header::ACCEPT_LANGUAGE].contains(name))
    }

    /// Takes the values out of a text that a server sent back.
    pub(super) fn redact(&self, text: &str) -> String {
        let mut text = text.to_string();
        for (_, value) in &self.0 {
            let Ok(value) = value.to_str() else { continue };
            // The bare token may be echoed, too.
            for secret in [value, value.split_once(' ').map_or("", |(_, token)| token)] {
                // Short ones are words such as "gzip": removing them would only garble the message.
                if secret.len() >= 6 {
                    text = text.replace(secret, "…");
                }
            }
        }
        text
    }
}

/// Names only.
impl fmt::Debug for Headers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.iter().map(|(name, _)| name)).finish()
    }
}

/// The token in the environment variable that `--token-env` names.
pub fn bearer_from_environment(name: &str) -> Result<String, Error> {
    match std::env::var(name) {
        Ok(token) if !token.trim().is_empty() => Ok(token.trim().to_string()),
        Ok(_) => Err(Error::usage(format!("--token-env {name}: the environment variable {name} is empty"))),
        Err(std::env::VarError::NotPresent) => Err(Error::usage(format!(
            "--token-env {name}: the environment has no variable {name}; set it to the token: export {name}=…"
        ))),
        Err(std::env::VarError::NotUnicode(_)) => {
            Err(Error::usage(format!("--token-env {name}: the token is not valid UTF-8")))
        }
    }
}

fn parse(line: &[u8], place: &str) -> Result<(HeaderName, HeaderValue), Error> {
    // The line is not shown: it may hold a secret.
    let wrong = |what: &str| Error::usage(format!("{place}: {what}; expected Name: value"));
    let colon =
        line.iter().position(|&byte| byte == b':').ok_or_else(|| wrong("a header without a colon"))?;
    let name = HeaderName::from_bytes(line[..colon].trim_ascii())
        .map_err(|_| wrong("a header without a valid name"))?;
    if OURS.contains(&name) {
        return Err(Error::usage(format!("{place}: the header {name} is set by the connection itself")));
    }
    let value = HeaderValue::from_bytes(line[colon + 1..].trim_ascii())
        .map_err(|_| wrong("a header's value with a control character"))?;
    Ok((name, value))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    #[test]
    fn headers_come_from_arguments_and_files() {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(b"# for the stream\r\nAuthorization: Bearer sesame\n\nX-Key:two words \n").unwrap();
        let mut headers = Headers::default();
        headers.add("X-Wanted: yes").unwrap();
        headers.add(&format!("@{}", file.path().display())).unwrap();
        headers.add("accept: application/x-ndjson").unwrap();
        let all: Vec<_> =
            headers.iter().map(|(name, value)| format!("{name}={}", value.to_str().unwrap())).collect();
        let expected =
            ["x-wanted=yes", "authorization=Bearer sesame", "x-key=two words", "accept=application/x-ndjson"];
        assert_eq!(all, expected);
        assert_eq!(headers.for_others().count(), 1);
        assert_eq!(format!("{headers:?}"), r#"{"x-wanted", "authorization", "x-key", "accept"}"#);
        assert_eq!(headers.redact("bad token sesame for Bearer sesame"), "bad token … for …");
    }

    #[test]
    fn secrets_are_kept_off_the_command_line_and_out_of_messages() {
        let mut headers = Headers::default();
        for argument in
            ["Authorization: Bearer sesame", "cookie: sesame", "sesame", "se same: x", "Host: sesame"]
        {
            let error = headers.add(argument).unwrap_err();
            assert!(error.is_usage() && !error.to_string().contains("sesame"), "{error}");
        }
        assert!(headers.add("@/does/not/exist").unwrap_err().to_string().contains("/does/not/exist"));
        let missing = bearer_from_environment("TRENDPIPE_TEST_NO_SUCH_TOKEN").unwrap_err().to_string();
        assert!(missing.contains("export TRENDPIPE_TEST_NO_SUCH_TOKEN"), "{missing}");
        assert!(headers.add_bearer("line\nbreak").is_err());
    }
}
