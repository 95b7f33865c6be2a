//! The arguments that say how connections are made.

use std::path::PathBuf;

use clap::Args;

use super::duration;
use crate::net::{Error, Headers, Options, bearer_from_environment};
use crate::time::Span;

/// Headers, trust, and the limits of a request: what sources and stores have in common.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Network")]
pub struct ConnectionArgs {
    /// Send this header; @FILE reads headers, one a line, from a file
    #[arg(long = "header", value_name = "NAME: VALUE|@FILE")]
    headers: Vec<String>,
    /// Send the token that this environment variable holds
    #[arg(long, value_name = "NAME")]
    token_env: Option<String>,
    /// Trust the certificates of this PEM file alone
    #[arg(long, value_name = "FILE")]
    ca_file: Option<PathBuf>,
    /// Give up a connection that takes longer
    #[arg(long, value_name = "SPAN", default_value = "10s", value_parser = Span::parse_positive)]
    connect_timeout: Span,
    /// Give up a server that takes longer to begin its response
    #[arg(long, value_name = "SPAN", default_value = "30s", value_parser = Span::parse_positive)]
    response_timeout: Span,
}

impl ConnectionArgs {
    /// The options of connections.
    pub(super) fn options(&self) -> Result<Options, Error> {
        let mut headers = Headers::default();
        self.headers.iter().try_for_each(|header| headers.add(header))?;
        if let Some(name) = &self.token_env {
            headers.add_bearer(&bearer_from_environment(name)?)?;
        }
        Ok(Options {
            headers,
            ca_file: self.ca_file.clone(),
            connect_timeout: duration(&self.connect_timeout),
            response_timeout: duration(&self.response_timeout),
            ..Options::default()
        })
    }

    /// Whether it says something that only requests over HTTP can carry.
    pub(super) fn has_headers(&self) -> bool {
        !self.headers.is_empty() || self.token_env.is_some()
    }
}

/// What a source can be told about its connection.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Network")]
pub struct NetworkArgs {
    #[command(flatten)]
    connection: ConnectionArgs,
    /// Tell servers whom to write to when a request bothers them: an address of mail or of the web [default: the environment
    /// variable STREAM_FETCH_CONTACT]
    #[arg(long, value_name = "ADDRESS")]
    contact: Option<String>,
    /// Ask for a compressed response; a server may hold lines back then
    #[arg(long)]
    gzip: bool,
    /// Give up a connection that is silent for longer, or sends bytes without a line [default: never; 90s for WebSocket]
    #[arg(long, value_name = "SPAN", value_parser = Span::parse_positive)]
    stall_timeout: Option<Span>,
}

impl NetworkArgs {
    /// The options of connections.
    pub(super) fn options(&self) -> Result<Options, Error> {
        let contact = self.contact.clone().or_else(|| std::env::var("STREAM_FETCH_CONTACT").ok());
        let contact = contact.filter(|contact| !contact.trim().is_empty());
        if contact.as_ref().is_some_and(|contact| contact.chars().any(|char| !(' '..='~').contains(&char))) {
            return Err(Error::usage(
                "the contact holds characters that no header may hold: write it in ASCII",
            ));
        }
        Ok(Options {
            contact,
            gzip: self.gzip,
            stall_timeout: self.stall_timeout.as_ref().map(duration),
            ..self.connection.options()?
        })
    }
}
