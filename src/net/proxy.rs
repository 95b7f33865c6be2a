//! The proxy that the environment names, by the rules that curl made usual: the variable of the scheme comes before the one for
//! all, and `NO_PROXY` names hosts with all that is below them.

use std::fmt;

use ureq::{Proxy, ProxyProtocol};

use super::error::{Error, Reason};
use super::url::Url;
use super::{Address, Options};

/// A proxy that connections to a host go through.
pub(super) struct Way {
    /// For ureq.
    pub proxy: Proxy,
    /// Where it is.
    pub address: Address,
}

/// The proxy on the way to `url`, if there is to be one.
pub(super) fn way_to(url: &Url, options: &Options) -> Result<Option<Way>, Error> {
    if !options.proxy_from_environment {
        return Ok(None);
    }
    choose(url, &|name| std::env::var(name).ok().filter(|value| !value.trim().is_empty()))
}

fn choose(url: &Url, variable: &dyn Fn(&str) -> Option<String>) -> Result<Option<Way>, Error> {
    let names = match url.is_encrypted() {
        true => ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"],
        false => ["HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"],
    };
    let Some((name, text)) = names.iter().find_map(|name| Some((name, variable(name)?))) else {
        return Ok(None);
    };
    let spared = ["NO_PROXY", "no_proxy"].iter().find_map(|name| variable(name)).unwrap_or_default();
    if is_spared(url, &spared) {
        return Ok(None);
    }
    // What it holds may be a secret.
    let wrong = |what: &str| {
        let form = "http://HOST:PORT or http://NAME:PASSWORD@HOST:PORT";
        Error::usage(format!("the environment variable {name} {what}; expected {form}"))
    };
    let proxy = Proxy::new(text.trim()).map_err(|_| wrong("names no proxy"))?;
    if !matches!(proxy.protocol(), ProxyProtocol::Http | ProxyProtocol::Https) {
        return Err(wrong("names a proxy of another kind"));
    }
    let address = Address { host: bare(proxy.host()).to_owned(), port: proxy.port() };
    Ok(Some(Way { proxy, address }))
}

/// Whether the host is one of those in `NO_PROXY`: `*`, or names and addresses between commas or spaces, perhaps with a port.
fn is_spared(url: &Url, spared: &str) -> bool {
    let host = bare(url.host()).to_ascii_lowercase();
    spared.split([',', ' ']).map(str::trim).filter(|entry| !entry.is_empty()).any(|entry| {
        let entry = entry.to_ascii_lowercase();
        let (name, port) = match entry.rsplit_once(':') {
            Some((name, port)) if !name.contains(':') || name.ends_with(']') => (name, port.parse().ok()),
            _ => (entry.as_str(), None),
        };
        let name = bare(name.strip_prefix('*').unwrap_or(name));
        let name = name.strip_prefix('.').unwrap_or(name);
        let is_host = entry == "*"
            || !name.is_empty()
                && host.strip_suffix(name).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'));
        is_host && port.is_none_or(|port: u16| port == url.port())
    })
}

/// What a proxy's refusal to connect means.
pub(super) fn refusal(status: u16) -> Reason {
    match status {
        // Some say 401 where the password is wrong.
        401 | 407 => Reason::Refusal(format!(
            "the proxy wants a name and a password, or others ({status}): http://NAME:PASSWORD@HOST:PORT in the environment"
        )),
        500.. => Reason::Dropped(format!("the proxy answers {status}")),
        _ => Reason::Refusal(format!("the proxy answers {status}")),
    }
}

impl Way {
    /// The place of an error on this way.
    pub fn place(&self, url: &Url) -> String {
        format!("{url} through the proxy {}", self.address)
    }
}

impl fmt::Debug for Way {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Way({})", self.address)
    }
}

/// An IPv6 address without its brackets.
pub(super) fn bare(host: &str) -> &str {
    host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(url: &str, variables: &[(&str, &str)]) -> Result<Option<String>, Error> {
        let url = Url::parse(url).or_else(|_| Url::parse_websocket(url)).unwrap();
        let find =
            |name: &str| variables.iter().find(|(found, _)| *found == name).map(|(_, value)| (*value).into());
        Ok(choose(&url, &find)?.map(|way| way.address.to_string()))
    }

    #[test]
    fn the_variable_of_the_scheme_comes_first() {
        let all =
            [("ALL_PROXY", "a:1"), ("HTTPS_PROXY", "http://s:2"), ("http_proxy", "http://me:hush@[::1]:3/")];
        for (url, expected) in
            [("http://h/", "[::1]:3"), ("ws://h/", "[::1]:3"), ("https://h/", "s:2"), ("wss://h/", "s:2")]
        {
            assert_eq!(chosen(url, &all).unwrap().as_deref(), Some(expected), "{url}");
        }
        assert_eq!(chosen("https://h/", &all[..1]).unwrap().as_deref(), Some("a:1"));
        assert_eq!(chosen("https://h/", &all[2..]).unwrap(), None);
    }

    #[test]
    fn hosts_are_spared_with_all_below_them() {
        let spared = |url: &str, list: &str| {
            chosen(url, &[("ALL_PROXY", "a:1"), ("no_proxy", list)]).unwrap().is_none()
        };
        for list in ["example.org", ".example.org", "*.example.org", "x, Example.ORG:80 y", "*"] {
            assert!(spared("http://www.example.org/", list), "{list}");
            assert!(spared("http://example.org/", list), "{list}");
        }
        for list in ["ample.org", "example.org:81", "example.com", ",", "www.example.org."] {
            assert!(!spared("http://www.example.org/", list), "{list}");
        }
        assert!(spared("http://[::1]:5/", "127.0.0.1,::1") && spared("http://[::1]:5/", "[::1]:5"));
        assert!(!spared("http://[::1]:5/", "[::1]:6") && !spared("http://127.0.0.1/", "::1"));
    }

    #[test]
    fn what_is_no_proxy_for_us_is_said_without_its_content() {
        for wrong in ["socks5://me:hush@h:1", "ftp://hush", "http://me:hush@"] {
            let error = chosen("http://h/", &[("HTTP_PROXY", wrong)]).unwrap_err();
            assert!(error.is_usage() && error.to_string().contains("HTTP_PROXY"), "{error}");
            assert!(!error.to_string().contains("hush"), "{error}");
        }
    }
}
