//! A URL that can be shown: its query and its fragment may hold keys, so they never appear in a message.

use std::fmt;

use ureq::http::Uri;

use super::error::Error;

/// An `http` or `https` URL, or a `ws` or `wss` one.
#[derive(Clone, PartialEq, Eq)]
pub struct Url(Uri);

impl Url {
    /// Reads an `http` or `https` URL as the user typed it.
    pub fn parse(text: &str) -> Result<Url, Error> {
        Url::of_scheme(text, ["http", "https"])
    }

    /// Reads a `ws` or `wss` URL as the user typed it.
    pub fn parse_websocket(text: &str) -> Result<Url, Error> {
        Url::of_scheme(text, ["ws", "wss"])
    }

    fn of_scheme(text: &str, schemes: [&str; 2]) -> Result<Url, Error> {
        // A fragment is the reader's own business and is not sent.
        let sent = text.split_once('#').map_or(text, |(sent, _)| sent);
        // "?" directly after the host is common and means the path "/".
        let uri: Uri = sent.parse().map_err(|_| {
            Error::usage(format!(
                "{:?} is no URL; expected something like https://example.org/stream (spaces and special characters \
                 written as %20 and so on)",
                shown(sent)
            ))
        })?;
        let url = Url(uri);
        if !url.0.scheme_str().is_some_and(|scheme| schemes.contains(&scheme)) {
            let [one, other] = schemes;
            return Err(Error::usage(format!("{:?} is no {one} or {other} URL", shown(sent))));
        }
        if url.0.authority().is_some_and(|authority| authority.as_str().contains('@')) {
            return Err(Error::usage(
                "a URL with a user name or a password is not used, because every user of the machine can read it; \
                 put an Authorization header into a file and give --header @FILE, or use --token-env NAME",
            ));
        }
        if url.host().is_empty() {
            return Err(Error::usage(format!("{:?} names no host", shown(sent))));
        }
        Ok(url)
    }

    /// The URL that a `Location` header names, seen from this one (RFC 3986, section 5.2, without dot segments, which
    /// servers resolve themselves).
    pub fn join(&self, location: &str) -> Option<Url> {
        let location = location.trim();
        let scheme = self.0.scheme_str()?;
        let authority = self.0.authority()?;
        let path = self.0.path();
        let absolute = if has_scheme(location) {
            location.to_string()
        } else if location.starts_with("//") {
            format!("{scheme}:{location}")
        } else if location.starts_with('/') {
            format!("{scheme}://{authority}{location}")
        } else if location.starts_with('?') {
            format!("{scheme}://{authority}{path}{location}")
        } else {
            let folder = path.rfind('/').map_or("/", |slash| &path[..=slash]);
            format!("{scheme}://{authority}{folder}{location}")
        };
        Url::parse(&absolute).ok()
    }

    /// Whether secrets meant for this URL may go to `other`: same scheme, host and port.
    pub fn is_same_origin(&self, other: &Url) -> bool {
        self.0.scheme() == other.0.scheme() && self.host() == other.host() && self.port() == other.port()
    }

    /// The host, an IPv6 address in brackets.
    pub fn host(&self) -> &str {
        self.0.host().unwrap_or_default()
    }

    /// The port, the scheme's own if none is named.
    pub fn port(&self) -> u16 {
        self.0.port_u16().unwrap_or(if self.is_encrypted() { 443 } else { 80 })
    }

    /// Whether the connection is encrypted.
    pub fn is_encrypted(&self) -> bool {
        matches!(self.0.scheme_str(), Some("https" | "wss"))
    }

    /// The URL with one more `name=value` in its query, encoded as it must be.
    pub fn with_query(&self, name: &str, value: &str) -> Url {
        let text = self.0.to_string();
        let joint = match self.0.query() {
            None => "?",
            Some("") => "",
            Some(_) => "&",
        };
        let text = format!("{text}{joint}{}={}", encoded(name), encoded(value));
        text.parse().map_or_else(|_| self.clone(), Url)
    }

    /// All of it, secrets included: for requests and for what is derived from it, never for messages.
    pub fn whole(&self) -> String {
        self.0.to_string()
    }

    /// The query, for removal from texts that a server sends back.
    pub(super) fn query(&self) -> Option<&str> {
        self.0.query()
    }

    pub(super) fn uri(&self) -> &Uri {
        &self.0
    }
}

/// Without the query, which may hold keys.
impl fmt::Display for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&shown(&self.0.to_string()))
    }
}

/// As shown, so that no secret slips into a log through a struct that holds a URL.
impl fmt::Debug for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Url({self})")
    }
}

/// Every byte that is not plain in a query, as `%XX`.
fn encoded(text: &str) -> String {
    let mut encoded = String::new();
    for &byte in text.as_bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => encoded.push(byte.into()),
            _ => encoded += &format!("%{byte:02X}"),
        }
    }
    encoded
}

fn has_scheme(text: &str) -> bool {
    text.split_once("://").is_some_and(|(scheme, _)| {
        !scheme.is_empty()
            && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte))
    })
}

/// The part of a URL that a message may hold: no user name, no query.
fn shown(text: &str) -> String {
    let (text, query) = match text.split_once('?') {
        Some((text, _)) => (text, "?…"),
        None => (text, ""),
    };
    let text = match text.split_once("://") {
        Some((scheme, rest)) => {
            let host_ends = rest.find('/').unwrap_or(rest.len());
            let host_starts = rest[..host_ends].rfind('@').map_or(0, |at| at + 1);
            format!("{scheme}://{}", &rest[host_starts..])
        }
        None => text.to_string(),
    };
    text + query
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_secret_is_shown() {
        let url = Url::parse("https://example.org/a/b?token=hush#top").unwrap();
        assert_eq!(url.to_string(), "https://example.org/a/b?…");
        assert_eq!(format!("{url:?}"), "Url(https://example.org/a/b?…)");
        for bad in [
            "https://me:hush@example.org/",
            "http://exa mple/?token=hush",
            "ftp://h/?hush",
            "http://me:hush@ h/",
        ] {
            let message = Url::parse(bad).unwrap_err().to_string();
            assert!(!message.contains("hush"), "{message}");
        }
    }

    #[test]
    fn parameters_are_added_and_encoded() {
        for (url, expected) in [
            ("http://h", "http://h/?a%20b=c%26%C3%A9"),
            ("http://h/p?", "http://h/p?a%20b=c%26%C3%A9"),
            ("http://h/p?x=1", "http://h/p?x=1&a%20b=c%26%C3%A9"),
        ] {
            assert_eq!(Url::parse(url).unwrap().with_query("a b", "c&\u{e9}").whole(), expected);
        }
        assert!(Url::parse("ws://h/").is_err() && Url::parse_websocket("wss://h/").unwrap().is_encrypted());
    }

    #[test]
    fn locations_are_resolved() {
        let base = Url::parse("http://example.org:8080/a/b?x=1").unwrap();
        for (location, expected) in [
            ("https://other.example/c", "https://other.example/c"),
            ("//other.example/c", "http://other.example/c"),
            ("/c?y=2", "http://example.org:8080/c?y=2"),
            ("c", "http://example.org:8080/a/c"),
            ("?y=2", "http://example.org:8080/a/b?y=2"),
        ] {
            assert_eq!(base.join(location).unwrap().uri().to_string(), expected, "{location}");
        }
        assert_eq!(base.join("ftp://other.example/"), None);
    }

    #[test]
    fn an_origin_is_scheme_host_and_port() {
        let url = |text| Url::parse(text).unwrap();
        assert!(url("https://a.example/x").is_same_origin(&url("https://a.example:443/y?z")));
        assert!(!url("https://a.example/").is_same_origin(&url("http://a.example/")));
        assert!(!url("http://a.example/").is_same_origin(&url("http://a.example:81/")));
        assert!(!url("http://a.example/").is_same_origin(&url("http://b.example/")));
        assert_eq!(url("http://[::1]:8080/").host(), "[::1]");
    }
}
