//! The arguments that say who is served, and where.

use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::Context as _;
use clap::Args;

use super::Tool;
use crate::chart::ChartOptions;
use crate::drive::Usage;
use crate::expr::Expr;
use crate::job::serve::{Serve, ServeOptions};
use crate::net::bearer_from_environment;
use crate::serve::{Access, Hub, HubOptions, Ports, Server, Token};

/// Where HTTP is served unless something else is asked for.
const HTTP_PORT: u16 = 8080;

fn parse_port(text: &str) -> Result<u16, String> {
    text.parse().map_err(|_| format!("expected a port from 1 to {}, or 0 for a free one", u16::MAX))
}

/// Who is served, and where.
#[derive(Args, Clone, Debug)]
pub struct ServeArgs {
    /// Serve the page, events and lines over HTTP at this port; 0 takes a free one [default: 8080, unless there is --tcp]
    #[arg(long, value_name = "PORT", value_parser = parse_port, help_heading = "Serving")]
    http: Option<u16>,
    /// Send every line to all who connect to this port; 0 takes a free one
    #[arg(long, value_name = "PORT", value_parser = parse_port, help_heading = "Serving")]
    tcp: Option<u16>,
    /// The address of this machine that readers connect to; others than this machine reach 0.0.0.0 or ::
    #[arg(long, value_name = "ADDRESS", default_value_t = IpAddr::V4(Ipv4Addr::LOCALHOST), help_heading = "Serving")]
    listen: IpAddr,
    /// A name of this machine that browsers may use; may be repeated [default: addresses and localhost]
    #[arg(long = "host", value_name = "NAME", help_heading = "Serving")]
    hosts: Vec<String>,
    /// Serve over HTTP only those who know the token that this environment variable holds
    #[arg(long, value_name = "NAME", help_heading = "Serving")]
    token_env: Option<String>,
    /// Pass the records on to standard output
    #[arg(long, help_heading = "Serving")]
    tee: bool,
    /// Send readers of lines what this puts out of each record, strings bare, in place of the records
    #[arg(long, value_name = "EXPR", help_heading = "Serving")]
    raw: Option<Expr>,
    /// Take no input before so many readers of lines are there
    #[arg(long, value_name = "N", value_parser = parse_readers, help_heading = "Serving")]
    wait_for: Option<usize>,
    /// Begin with the windows of this file of rows
    #[arg(long, value_name = "FILE", help_heading = "Serving")]
    history: Option<PathBuf>,
    /// Open the page in the browser
    #[arg(long, conflicts_with = "token_env", help_heading = "Serving")]
    open: bool,
    /// End when the input does, once readers have all of it
    #[arg(long, help_heading = "Serving")]
    exit_at_end: bool,
}

fn parse_readers(text: &str) -> Result<usize, String> {
    let range = 1..=crate::serve::MOST_READERS;
    let expected = || format!("expected a number from 1 to {}", crate::serve::MOST_READERS);
    text.parse().ok().filter(|readers| range.contains(readers)).ok_or_else(expected)
}

impl ServeArgs {
    /// Whether records go to standard output.
    pub fn tee(&self) -> bool {
        self.tee
    }

    /// Binds the ports, begins to serve, and says where.
    ///
    /// # Errors
    ///
    /// A port is taken, the token or the history is not there, or the arguments contradict each other.
    pub fn start(self, chart: ChartOptions, tool: &Tool) -> anyhow::Result<Serve> {
        let mut notes = tool.notes();
        let token = self.token_env.as_deref().map(bearer_from_environment).transpose();
        let token = token.map_err(|error| Usage(error.to_string()))?.map(Token::new);
        let is_open = !self.listen.is_loopback();
        if token.is_some() && self.tcp.is_some() && is_open {
            return Err(Usage(
                "a reader of --tcp cannot show the token of --token-env: leave one out, or --listen on 127.0.0.1".into(),
            )
            .into());
        }
        let http = self.http.or(self.tcp.is_none().then_some(HTTP_PORT));
        let ports = Ports { http: self.bind("--http", http)?, tcp: self.bind("--tcp", self.tcp)? };
        if is_open {
            let who = if token.is_some() { "who know the token" } else { "who reach this machine" };
            notes.say(&format!("all {who} can read the stream at {} (--listen)", self.listen));
        }
        let hub = Hub::new(HubOptions { chart, boot: boot() });
        if let Some(file) = &self.history {
            let others = Serve::preload(&hub, file)?;
            if others > 0 {
                notes.say(&format!("{others} lines of {} are no rows of whole windows", file.display()));
            }
        }
        let (page, lines) = (address(ports.http.as_ref()), address(ports.tcp.as_ref()));
        if let Some(page) = page {
            let path = if token.is_some() { "/?token=…" } else { "/" };
            notes.say(&format!("the page is at http://{page}{path}"));
        }
        if let Some(lines) = lines {
            notes.say(&format!("lines are at tcp://{lines}"));
        }
        let access = Access { hosts: self.hosts, token };
        let server = Server::start(&hub, ports, access).context("cannot start to serve")?;
        if self.open
            && let Some(page) = page
            && let Err(error) = open(&format!("http://{page}/"))
        {
            notes.say(&format!(
                "cannot open a browser with {OPENER}: {error}; open the address above yourself"
            ));
        }
        let options = ServeOptions {
            raw: self.raw,
            tee: self.tee,
            wait_for: self.wait_for.unwrap_or(0),
            exit_at_end: self.exit_at_end,
        };
        Ok(Serve::new(options, hub, server))
    }

    fn bind(&self, option: &str, port: Option<u16>) -> anyhow::Result<Option<TcpListener>> {
        let bind = |port| {
            Ports::bind(self.listen, port).with_context(|| {
                format!("cannot listen at {}: see {option} and --listen", SocketAddr::new(self.listen, port))
            })
        };
        port.map(bind).transpose()
    }
}

/// What opens an address in the browser of the desktop.
const OPENER: &str = if cfg!(target_os = "macos") { "open" } else { "xdg-open" };

/// Asks the desktop to open an address, and does not wait for what comes of it.
fn open(address: &str) -> std::io::Result<()> {
    let mut opener = Command::new(OPENER);
    let mut child =
        opener.arg(address).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn()?;
    // So that it is not left behind as a dead process.
    std::thread::Builder::new().name("opener".into()).spawn(move || drop(child.wait()))?;
    Ok(())
}

fn address(listener: Option<&TcpListener>) -> Option<SocketAddr> {
    listener?.local_addr().ok()
}

/// Tells this run from all others at the same address.
fn boot() -> String {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    format!("{:x}{:x}", since.as_micros(), std::process::id())
}
