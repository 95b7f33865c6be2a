//! `host:port`, and a connection to it.

use std::fmt;
use std::io;
use std::net::{SocketAddr, TcpStream, ToSocketAddrs};
use std::time::{Duration, Instant};

use super::error::{Error, Reason};
use super::within::within;

/// A host by name or address, and a port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    /// The name or the address, without brackets.
    pub host: String,
    /// The port.
    pub port: u16,
}

impl Address {
    /// Reads `host:port`; an IPv6 address stands in brackets, as in `[::1]:5555`.
    pub fn parse(text: &str) -> Result<Address, Error> {
        let wrong = |what: &str| {
            Error::usage(format!("{text:?} {what}; expected host:port, as in localhost:5555 or [::1]:5555"))
        };
        let (host, port) = match text.strip_prefix('[') {
            Some(rest) => {
                let (host, rest) = rest.split_once(']').ok_or_else(|| wrong("has no closing bracket"))?;
                if host.parse::<std::net::Ipv6Addr>().is_err() {
                    return Err(wrong("has no IPv6 address in its brackets"));
                }
                (host, rest.strip_prefix(':').ok_or_else(|| wrong("names no port"))?)
            }
            None => text.rsplit_once(':').ok_or_else(|| wrong("names no port"))?,
        };
        if host.contains(':') && !text.starts_with('[') {
            return Err(wrong("looks like an IPv6 address without its brackets"));
        }
        if host.is_empty() || host.contains(['/', '@', ' ', '?', '#']) {
            return Err(wrong("names no host"));
        }
        match port.parse::<u16>() {
            // A sign would be read, too.
            Ok(number @ 1..) if !port.starts_with('+') => {
                Ok(Address { host: host.to_string(), port: number })
            }
            _ => Err(wrong("has no port between 1 and 65535")),
        }
    }

    /// Connects: looks the name up and tries every address, all within `limit`.
    pub fn connect(&self, limit: Duration) -> Result<TcpStream, Error> {
        let address = self.clone();
        let too_long = move || Reason::TimedOut { what: "connecting", limit };
        let outcome = within(limit, move || {
            address.try_all(Instant::now() + limit).map_err(|error| match error.kind() {
                io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock => too_long(),
                io::ErrorKind::NotFound => Reason::NotFound,
                _ => Reason::of_io(&error, None),
            })
        });
        let reason = match outcome {
            Some(Ok(stream)) => return Ok(stream),
            Some(Err(reason)) => reason,
            None => too_long(),
        };
        Err(Error::new(self, reason))
    }

    fn try_all(&self, until: Instant) -> io::Result<TcpStream> {
        // The resolver's errors have no kind of their own.
        let addresses: Vec<SocketAddr> =
            (self.host.as_str(), self.port).to_socket_addrs().map_err(|_| io::ErrorKind::NotFound)?.collect();
        let mut failed = io::ErrorKind::NotFound.into();
        for (index, address) in addresses.iter().enumerate() {
            let left = until.saturating_duration_since(Instant::now());
            // Half of what is left, so that a dead first address leaves time for the others; the last may use it all.
            let share = if index + 1 < addresses.len() { left / 2 } else { left };
            if share == Duration::ZERO {
                return Err(io::ErrorKind::TimedOut.into());
            }
            match TcpStream::connect_timeout(address, share) {
                Ok(stream) => return Ok(stream),
                Err(error) => failed = error,
            }
        }
        Err(failed)
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.host.contains(':') {
            write!(f, "[{}]:{}", self.host, self.port)
        } else {
            write!(f, "{}:{}", self.host, self.port)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpListener;

    #[test]
    fn addresses_are_read_and_shown() {
        for text in ["localhost:5555", "127.0.0.1:1", "[::1]:65535", "a-b.example:80"] {
            assert_eq!(Address::parse(text).unwrap().to_string(), text);
        }
        for text in [
            "localhost",
            "localhost:",
            ":5555",
            "::1:5555",
            "[::1]",
            "[::1]5",
            "[x]:5",
            "h:0",
            "h:65536",
            "h:+5",
            "a/b:5",
        ] {
            assert!(Address::parse(text).unwrap_err().is_usage(), "{text}");
        }
    }

    #[test]
    fn nobody_listening_is_said_plainly() {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let address = Address { host: "127.0.0.1".into(), port };
        let error = address.connect(Duration::from_secs(5)).unwrap_err();
        assert_eq!(
            error.to_string(),
            format!("connection refused by 127.0.0.1:{port}: is the server running?")
        );
    }

    #[test]
    fn every_address_of_a_name_is_tried() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        // "localhost" may have ::1 first, where nobody listens on this port.
        let address = Address { host: "localhost".into(), port: listener.local_addr().unwrap().port() };
        address.connect(Duration::from_secs(5)).unwrap();
    }
}
