//! The arguments that say where lines come from, and at what pace.

use std::path::{Path, PathBuf};

use clap::Args;

use super::common::open;
use super::duration;
use super::size::parse_count;
use crate::drive::Usage;
use crate::jsonl::Input;
use crate::net::{Error, Headers, bearer_from_environment};
use crate::source::{self, Pace, Rate, SourceOptions, Speed};
use crate::time::{Span, TimeReader};

/// Sources and pace.
#[derive(Args, Clone, Debug)]
pub struct SourceArgs {
    /// Files, `-`, tcp://, http(s)://, demo:tweets or demo:rsvps, in order
    #[arg(required = true, value_name = "SOURCE")]
    sources: Vec<String>,
    /// Replay by the event times: 1x as recorded, 60x an hour in a minute, max without waiting
    #[arg(long, default_value = "max", conflicts_with = "rate", help_heading = "Pace")]
    speed: Speed,
    /// Wait no longer than this for the next line of a replay
    #[arg(long, value_name = "SPAN", value_parser = Span::parse, requires = "speed", help_heading = "Pace")]
    max_gap: Option<Span>,
    /// So many records a second
    #[arg(long, value_name = "N", help_heading = "Pace")]
    rate: Option<Rate>,
    /// End after so many records
    #[arg(long, value_name = "N", value_parser = parse_count, help_heading = "Pace")]
    records: Option<u64>,
    /// Records of a demo stream per second of its event time [default: as --rate, else 50]
    #[arg(long, value_name = "N", conflicts_with = "rate", help_heading = "Demo streams")]
    density: Option<Rate>,
    /// Another seed is another demo stream
    #[arg(long, value_name = "N", value_parser = parse_count, help_heading = "Demo streams")]
    seed: Option<u64>,
    /// The time of a demo stream's first record [default: 2018-11-12T19:00:00Z]
    #[arg(long, value_name = "TIME", value_parser = parse_start, help_heading = "Demo streams")]
    start: Option<u64>,
    /// Send this header; @FILE reads headers, one a line, from a file
    #[arg(long = "header", value_name = "NAME: VALUE|@FILE", help_heading = "Network")]
    headers: Vec<String>,
    /// Send the token that this environment variable holds
    #[arg(long, value_name = "NAME", help_heading = "Network")]
    token_env: Option<String>,
    /// Trust the certificates of this PEM file alone
    #[arg(long, value_name = "FILE", help_heading = "Network")]
    ca_file: Option<PathBuf>,
    /// Ask for a compressed response; a server may hold lines back then
    #[arg(long, help_heading = "Network")]
    gzip: bool,
    /// Give up a connection that takes longer
    #[arg(long, value_name = "SPAN", default_value = "10s", value_parser = Span::parse_positive, help_heading = "Network")]
    connect_timeout: Span,
    /// Give up an HTTP server that takes longer to begin its response
    #[arg(long, value_name = "SPAN", default_value = "30s", value_parser = Span::parse_positive, help_heading = "Network")]
    response_timeout: Span,
    /// Give up a source that is silent for longer [default: never]
    #[arg(long, value_name = "SPAN", value_parser = Span::parse_positive, help_heading = "Network")]
    stall_timeout: Option<Span>,
}

fn parse_start(text: &str) -> Result<u64, String> {
    let time = TimeReader::auto().string(text).map_err(|error| error.to_string())?;
    u64::try_from(time).map_err(|_| "a demo stream begins after 1970".into())
}

impl SourceArgs {
    /// Opens all sources, in order.
    pub fn open(&self) -> anyhow::Result<Vec<Input>> {
        let options = self.options().map_err(explain)?;
        self.sources
            .iter()
            .enumerate()
            .map(|(place, address)| match source::open(address, &options).map_err(explain)? {
                Some(input) => Ok(input),
                None => open(Path::new(address), place),
            })
            .collect()
    }

    /// What is no URL among them is a file.
    pub fn paths(&self) -> Vec<PathBuf> {
        self.sources.iter().map(PathBuf::from).collect()
    }

    fn options(&self) -> Result<SourceOptions, Error> {
        let mut options = SourceOptions::default();
        options.demo.seed = self.seed.unwrap_or(options.demo.seed);
        options.demo.start_ms = self.start.unwrap_or(options.demo.start_ms);
        options.demo.records = self.records;
        if let Some(rate) = self.rate {
            options.demo = options.demo.paced(rate);
        }
        options.demo.density = self.density.unwrap_or(options.demo.density);
        let mut headers = Headers::default();
        self.headers.iter().try_for_each(|header| headers.add(header))?;
        if let Some(name) = &self.token_env {
            headers.add_bearer(&bearer_from_environment(name)?)?;
        }
        options.net.headers = headers;
        options.net.ca_file.clone_from(&self.ca_file);
        options.net.gzip = self.gzip;
        options.net.connect_timeout = duration(&self.connect_timeout);
        options.net.response_timeout = duration(&self.response_timeout);
        options.net.stall_timeout = self.stall_timeout.as_ref().map(duration);
        Ok(options)
    }

    /// When lines are due; a demo stream keeps its rate itself.
    pub fn pace(&self) -> Option<Pace> {
        match (self.rate, self.speed) {
            (Some(_), _) if self.is_demo() => None,
            (Some(rate), _) => Some(Pace::per_second(rate)),
            (None, Speed::Max) => None,
            (None, speed) => Some(Pace::new(speed, self.max_gap.as_ref().map(duration))),
        }
    }

    /// After how many records to end; a demo stream ends by itself, after as many that are whole.
    pub fn records(&self) -> Option<u64> {
        if self.is_demo() { None } else { self.records }
    }

    fn is_demo(&self) -> bool {
        self.sources.iter().all(|source| source.to_ascii_lowercase().starts_with("demo:"))
    }
}

fn explain(error: Error) -> anyhow::Error {
    if error.is_usage() { Usage(error.to_string()).into() } else { error.into() }
}
