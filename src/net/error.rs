//! What can go wrong with a connection, as sentences.

use std::fmt;
use std::io;
use std::time::Duration;

use super::retry::RetryTime;

/// A failure: where, and why.
#[derive(Debug)]
pub struct Error {
    /// The peer or the URL without its query; empty where the user's input itself is wrong.
    pub place: String,
    /// What happened.
    pub reason: Reason,
}

/// What happened; a machine that reconnects decides by it.
#[derive(Debug)]
#[non_exhaustive]
pub enum Reason {
    /// An argument cannot be used: a matter of exit status 2. The sentence says what to write instead.
    Usage(String),
    /// Nobody listens there.
    Refused,
    /// The name has no address.
    NotFound,
    /// Nothing came of `what` within `limit`.
    TimedOut {
        /// The phase: "connecting", "the response".
        what: &'static str,
        /// How long it was waited for.
        limit: Duration,
    },
    /// An open connection was silent for this long.
    Stalled(Duration),
    /// The peer went away in the middle.
    Dropped(String),
    /// The server answers with another status than 200.
    Status {
        /// The status.
        code: u16,
        /// The body's first 2 KiB, without secrets and control characters.
        body: String,
        /// When the server wants to be asked again.
        retry: RetryTime,
    },
    /// The server, or a proxy, says that asking again is of no use.
    Refusal(String),
    /// The server does not speak the protocol as it should, TLS included.
    Protocol(String),
    /// The operating system says so.
    Os(String),
}

impl Error {
    /// An error at a place.
    pub fn new(place: impl fmt::Display, reason: Reason) -> Self {
        Error { place: place.to_string(), reason }
    }

    /// The user's input is wrong.
    pub fn usage(sentence: impl Into<String>) -> Self {
        Error { place: String::new(), reason: Reason::Usage(sentence.into()) }
    }

    /// Whether the user has to write something else: exit status 2 instead of 4.
    pub fn is_usage(&self) -> bool {
        matches!(self.reason, Reason::Usage(_))
    }

    /// As an I/O error of a reader. Its kind is never `BrokenPipe`: that is kept for our own output's reader, whose
    /// leaving is no failure.
    pub fn into_io(self) -> io::Error {
        let kind = match self.reason {
            Reason::Refused => io::ErrorKind::ConnectionRefused,
            Reason::NotFound => io::ErrorKind::NotFound,
            Reason::TimedOut { .. } | Reason::Stalled(_) => io::ErrorKind::TimedOut,
            Reason::Dropped(_) => io::ErrorKind::ConnectionReset,
            Reason::Protocol(_) | Reason::Refusal(_) => io::ErrorKind::InvalidData,
            _ => io::ErrorKind::Other,
        };
        io::Error::new(kind, self)
    }
}

impl Reason {
    /// What an I/O error on a connection means.
    pub fn of_io(error: &io::Error, limit: Option<Duration>) -> Reason {
        match (error.kind(), limit) {
            (io::ErrorKind::ConnectionRefused, _) => Reason::Refused,
            (io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock, Some(limit)) => Reason::Stalled(limit),
            (
                io::ErrorKind::ConnectionReset
                | io::ErrorKind::ConnectionAborted
                | io::ErrorKind::BrokenPipe
                | io::ErrorKind::UnexpectedEof,
                _,
            ) => Reason::Dropped(error.to_string()),
            _ => Reason::Os(error.to_string()),
        }
    }
}

impl Reason {
    /// What the words of the TLS library mean.
    pub(super) fn of_tls(detail: &str) -> Reason {
        if detail.contains("UnknownIssuer") {
            return Reason::Protocol(format!(
                "{detail}: nobody known vouches for the server; --ca-file FILE trusts the authority in FILE"
            ));
        }
        Reason::Protocol(detail.to_owned())
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place = &self.place;
        match &self.reason {
            Reason::Usage(sentence) => f.write_str(sentence),
            Reason::Refused => write!(f, "connection refused by {place}: is the server running?"),
            Reason::NotFound => write!(f, "{place}: no such host; check the name and the network"),
            Reason::TimedOut { what, limit } => {
                let flag = if *what == "connecting" { "--connect-timeout" } else { "--response-timeout" };
                write!(f, "{place}: {what} took longer than {}; {flag} allows more", seconds(*limit))
            }
            Reason::Stalled(limit) => {
                write!(f, "{place}: silent for {}; the connection is given up", seconds(*limit))
            }
            Reason::Dropped(detail) => write!(f, "{place}: the connection was cut in the middle ({detail})"),
            Reason::Status { code, body, retry } => {
                write!(f, "{place}: the server answers {code}{}", meaning(*code))?;
                if let Some(wait) = &retry.after {
                    write!(f, "; retry after {wait}")?;
                }
                if body.is_empty() { Ok(()) } else { write!(f, ": {body}") }
            }
            Reason::Protocol(detail) | Reason::Refusal(detail) | Reason::Os(detail) => {
                write!(f, "{place}: {detail}")
            }
        }
    }
}

impl std::error::Error for Error {}

fn seconds(limit: Duration) -> String {
    if limit.subsec_millis() == 0 && limit.as_secs() > 0 {
        format!("{} s", limit.as_secs())
    } else {
        format!("{} ms", limit.as_millis())
    }
}

/// What a status asks of the user.
fn meaning(code: u16) -> &'static str {
    match code {
        204 => " (no content)",
        301..=308 => " (a redirect that is not followed)",
        400 => " (bad request)",
        401 => " (not authorised: check the token)",
        403 => " (forbidden: check the token and its rights)",
        404 => " (not found)",
        406 => " (not acceptable)",
        420 | 429 => " (too many requests)",
        500..=599 => " (the server's own failure)",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_peer_that_went_away_is_no_closed_pipe() {
        let reason = Reason::of_io(&io::ErrorKind::BrokenPipe.into(), None);
        let error = Error::new("h:1", reason).into_io();
        assert_eq!(error.kind(), io::ErrorKind::ConnectionReset);
        let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(&error);
        while let Some(error) = cause {
            let kind = error.downcast_ref::<io::Error>().map(io::Error::kind);
            assert_ne!(kind, Some(io::ErrorKind::BrokenPipe));
            cause = error.source();
        }
    }

    #[test]
    fn messages_are_sentences() {
        let limit = Duration::from_millis(1500);
        assert_eq!(
            Error::new("127.0.0.1:5555", Reason::Refused).to_string(),
            "connection refused by 127.0.0.1:5555: is the server running?"
        );
        assert_eq!(
            Error::new("h:1", Reason::Stalled(limit)).to_string(),
            "h:1: silent for 1500 ms; the connection is given up"
        );
        let retry = RetryTime { after: Some("60".into()), ..RetryTime::default() };
        let status = Reason::Status { code: 429, body: "slow down".into(), retry };
        assert_eq!(
            Error::new("http://h/", status).to_string(),
            "http://h/: the server answers 429 (too many requests); retry after 60: slow down"
        );
    }
}
