//! Who is answered: requests that name this machine, and know the token where there is one.
//!
//! The name matters because of DNS rebinding: a page from elsewhere can have its own name lead to 127.0.0.1 and then read what
//! is served there. Its requests still carry that name, so a name that nobody allowed gets no answer. An address cannot be
//! rebound.

use std::fmt;
use std::net::IpAddr;

use axum::http::{HeaderMap, header};

/// The cookie that a browser keeps instead of the token in its address line.
const COOKIE: &str = "stream-serve-token";

/// What a reader must know.
#[derive(Clone)]
pub struct Token(String);

impl Token {
    /// This one.
    pub fn new(token: String) -> Token {
        Token(token)
    }

    /// Takes as long for any text of this length.
    fn is(&self, text: &str) -> bool {
        let (known, given) = (self.0.as_bytes(), text.as_bytes());
        let differs = known.iter().zip(given).fold(0, |found, (a, b)| found | (a ^ b));
        differs == 0 && known.len() == given.len()
    }

    /// What makes a browser keep it, out of the reach of scripts.
    pub(super) fn cookie(&self) -> String {
        let hex: String = self.0.bytes().map(|byte| format!("{byte:02x}")).collect();
        format!("{COOKIE}={hex}; HttpOnly; SameSite=Strict; Path=/")
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(..)")
    }
}

/// See the head of this file.
#[derive(Clone, Debug, Default)]
pub struct Access {
    /// Names of this machine that readers may use, beside `localhost` and addresses.
    pub hosts: Vec<String>,
    /// Without one, everybody who gets through may read.
    pub token: Option<Token>,
}

/// What becomes of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Welcome,
    /// It names another machine.
    Misled,
    /// It has no token, or a wrong one.
    Unknown,
    /// It has the token in its query: the browser is to keep it elsewhere.
    Introduced,
}

impl Access {
    pub(super) fn judge(&self, headers: &HeaderMap, query: Option<&str>) -> Verdict {
        let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
        if !self.knows(name_of(host)) {
            return Verdict::Misled;
        }
        let Some(token) = &self.token else { return Verdict::Welcome };
        let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
        let bearer = text(header::AUTHORIZATION).and_then(|value| value.strip_prefix("Bearer "));
        let cookies = text(header::COOKIE).unwrap_or_default().split("; ");
        let cookie =
            cookies.filter_map(|cookie| cookie.strip_prefix(COOKIE)?.strip_prefix('=')).find_map(from_hex);
        if bearer.is_some_and(|given| token.is(given)) || cookie.is_some_and(|given| token.is(&given)) {
            return Verdict::Welcome;
        }
        match parameter(query, "token") {
            Some(given) if token.is(&given) => Verdict::Introduced,
            _ => Verdict::Unknown,
        }
    }

    fn knows(&self, name: &str) -> bool {
        let bare = name.trim_start_matches('[').trim_end_matches(']');
        let name = name.trim_end_matches('.').to_ascii_lowercase();
        bare.parse::<IpAddr>().is_ok()
            || name == "localhost"
            || name.ends_with(".localhost")
            || self.hosts.iter().any(|host| host.eq_ignore_ascii_case(&name))
    }
}

/// The name in `name:port`, `[::1]:port` or `name`.
fn name_of(host: &str) -> &str {
    match host.rfind(':') {
        Some(colon) if !host[colon..].contains(']') => &host[..colon],
        _ => host,
    }
}

/// A parameter of a query, decoded.
pub(super) fn parameter(query: Option<&str>, name: &str) -> Option<String> {
    let found = query?.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='))?;
    let mut bytes = Vec::new();
    let mut rest = found.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => {
                let (high, low) = (rest.next()?, rest.next()?);
                u8::from_str_radix(std::str::from_utf8(&[high, low]).ok()?, 16).ok()?
            }
            byte => byte,
        });
    }
    String::from_utf8(bytes).ok()
}

fn from_hex(hex: &str) -> Option<String> {
    let digits = hex.as_bytes();
    let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
    String::from_utf8(digits.chunks(2).map(byte).collect::<Option<_>>()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderName;

    fn judge(access: &Access, headers: &[(HeaderName, &str)], query: Option<&str>) -> Verdict {
        let headers =
            headers.iter().map(|(name, value)| (name.clone(), value.parse().expect("a value"))).collect();
        access.judge(&headers, query)
    }

    #[test]
    fn names_that_nobody_allowed_get_no_answer() {
        let access = Access { hosts: vec!["Dash.example".into()], token: None };
        for host in [
            "localhost:8080",
            "127.0.0.1",
            "[::1]:8080",
            "10.0.0.5:1",
            "a.localhost",
            "dash.example:80",
            "localhost.",
        ] {
            assert_eq!(judge(&access, &[(header::HOST, host)], None), Verdict::Welcome, "{host}");
        }
        for host in
            ["evil.example", "localhost.evil.example", "127.0.0.1.evil.example:8080", "", "dash.example.evil"]
        {
            assert_eq!(judge(&access, &[(header::HOST, host)], None), Verdict::Misled, "{host}");
        }
        assert_eq!(judge(&access, &[], None), Verdict::Misled);
    }

    #[test]
    fn a_token_is_asked_for_in_three_ways() {
        let token = Token::new("s3cret ü".into());
        let cookie = token.cookie();
        let cookie = format!("a=b; {}", cookie.split(';').next().expect("a pair"));
        let access = Access { hosts: Vec::new(), token: Some(token) };
        let with = |name, value, query| judge(&access, &[(header::HOST, "localhost"), (name, value)], query);
        assert_eq!(with(header::COOKIE, &cookie, None), Verdict::Welcome);
        assert_eq!(with(header::COOKIE, "stream-serve-token=", None), Verdict::Unknown);
        assert_eq!(with(header::ACCEPT, "*/*", Some("x=1&token=s3cret+%C3%BC")), Verdict::Introduced);
        assert_eq!(with(header::ACCEPT, "*/*", Some("token=s3cret")), Verdict::Unknown);
        assert_eq!(with(header::AUTHORIZATION, "Bearer s3cret", None), Verdict::Unknown);
        let plain = Access { hosts: Vec::new(), token: Some(Token::new("abc".into())) };
        let headers = [(header::HOST, "localhost"), (header::AUTHORIZATION, "Bearer abc")];
        assert_eq!(judge(&plain, &headers, None), Verdict::Welcome);
        assert_eq!(format!("{plain:?}"), "Access { hosts: [], token: Some(Token(..)) }");
    }
}
