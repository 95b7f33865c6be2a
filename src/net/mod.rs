//! The network, below sources and sinks: addresses, the HTTP agent, and what can go wrong.
//!
//! Everything blocks and runs on threads. Three rules hold throughout: every wait has a limit, or is one for data, which
//! ends with the process at the latest; every failure is an [`Error`] that names the place and what to do; and no message
//! holds a secret (no query of a URL, no header's value).

mod address;
mod agent;
mod error;
mod headers;
mod proxy;
mod retry;
mod s3;
mod tls;
mod url;
mod waits;
mod wire;
mod within;

pub use address::Address;
pub use agent::{Agent, Request, Response};
pub use error::{Error, Reason};
pub use headers::{Headers, bearer_from_environment};
pub use retry::RetryTime;
pub use s3::{Object, Store, StoreOptions, Whole};
#[cfg(any(feature = "postgres", feature = "mysql"))]
pub(crate) use tls::config as tls_config;
#[cfg(feature = "postgres")]
pub(crate) use tls::unverified as tls_unverified;
pub use url::Url;
pub use waits::{Chance, doubled};
pub use wire::Wire;
pub use within::within;

use std::net::TcpStream;
use std::path::PathBuf;
use std::time::Duration;

use rustix::net::sockopt;

/// How connections are made, whatever is spoken over them.
#[derive(Clone, Debug)]
pub struct Options {
    /// Limit of a connection's set-up: the look-up of the name, all addresses tried, proxy and TLS (`--connect-timeout`).
    pub connect_timeout: Duration,
    /// Limit of the wait for the head of a response (`--response-timeout`).
    pub response_timeout: Duration,
    /// The longest silence before a connection counts as stalled (`--stall-timeout`); `None` waits for ever.
    pub stall_timeout: Option<Duration>,
    /// Headers sent to the first host, and after a redirect to that host alone.
    pub headers: Headers,
    /// Ask for a gzip-encoded response. A server that does not flush its encoder delays lines, hence off by default.
    pub gzip: bool,
    /// Trust the certificates of this PEM file, and no others (`--ca-file`).
    pub ca_file: Option<PathBuf>,
    /// Use the proxy that `HTTP_PROXY`, `HTTPS_PROXY` or `ALL_PROXY` names, but for the hosts in `NO_PROXY`.
    pub proxy_from_environment: bool,
    /// Who asks: an address of mail or of the web (`--contact`).
    pub contact: Option<String>,
}

impl Options {
    /// What every request says about us.
    pub fn user_agent(&self) -> String {
        let ours = concat!("trendpipe/", env!("CARGO_PKG_VERSION"));
        self.contact.as_ref().map_or_else(|| ours.to_owned(), |contact| format!("{ours} ({contact})"))
    }

    /// The body of a refusal, for a person: without what may be secret.
    pub fn shown_body(&self, url: &Url, body: &[u8]) -> String {
        agent::shown_body(url, &self.headers, body)
    }
}

impl Default for Options {
    fn default() -> Self {
        Options {
            connect_timeout: Duration::from_secs(10),
            response_timeout: Duration::from_secs(30),
            stall_timeout: None,
            headers: Headers::default(),
            gzip: false,
            ca_file: None,
            proxy_from_environment: true,
            contact: None,
        }
    }
}

/// A silent connection is probed after this time; after some unanswered probes the system resets it.
const KEEP_ALIVE: Duration = Duration::from_secs(60);

/// Has the system find out whether the peer is still there while nothing is sent.
pub(crate) fn watch_peer(stream: &TcpStream) {
    // Without probes the stream works all the same.
    let _ = sockopt::set_socket_keepalive(stream, true)
        .and_then(|()| sockopt::set_tcp_keepidle(stream, KEEP_ALIVE));
}
