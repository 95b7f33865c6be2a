//! The arguments that say how live sources go on: connecting again, resuming, leaving out what came before.

use std::sync::{Arc, Mutex};
use std::time::Instant;

use clap::Args;

use super::size::parse_count;
use super::{Tool, duration};
use crate::drive::{Interrupt, Notes};
use crate::expr::Expr;
use crate::source::live::{Items, NoteKind, PollOptions, SieveOptions, SinceParam, Voice};
use crate::source::preset::NamedOptions;
use crate::source::{LiveOptions, Retries};
use crate::time::Span;

/// How live sources go on.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Live sources")]
pub struct LiveArgs {
    /// Connect again to plain lines too (http, tcp), whether they end or break; events and WebSockets always are
    #[arg(long)]
    reconnect: bool,
    /// Give up after so many failures in a row, also of the first connection; `inf`: never [default: the first connection
    /// must succeed, then inf]
    #[arg(long, value_name = "N|inf", value_parser = parse_retries)]
    retry_max: Option<Retries>,
    /// The step of the waits between attempts: after failures one, two, three …; after a server's own failure 20, doubling;
    /// when there are too many requests 240, doubling
    #[arg(long, value_name = "SPAN", default_value = "250ms", value_parser = Span::parse_positive)]
    retry_delay: Span,
    /// End after so long
    #[arg(long, value_name = "SPAN", value_parser = Span::parse_positive)]
    duration: Option<Span>,
    /// What tells records apart: one that came before is left out, as after connecting again
    #[arg(long, value_name = "EXPR")]
    id: Option<Expr>,
    /// How many ids are remembered, the newest
    #[arg(long, value_name = "N", default_value = "10000", value_parser = parse_count)]
    id_memory: u64,
    /// Where to go on is told to the server by this parameter of the URL's query
    #[arg(long, value_name = "NAME", requires = "since_field")]
    since_param: Option<String>,
    /// The field of a record that the parameter holds: the last one's
    #[arg(long, value_name = "EXPR", requires = "since_param")]
    since_field: Option<Expr>,
    /// Go back by so much of it, if it is a number, so that nothing is missed; --id leaves out what comes twice
    #[arg(long, value_name = "N", default_value = "0", value_parser = parse_count, requires = "since_param")]
    since_overlap: u64,
    /// Ask for the page again after this time; with 0s at once, where a server holds the request until there is something
    #[arg(long, value_name = "SPAN", value_parser = Span::parse)]
    poll: Option<Span>,
    /// Where in the page the records are, as in .features, or an expression that gives them [default: the page is a list, or
    /// one record]
    #[arg(long, value_name = "EXPR", value_parser = Items::parse, requires = "poll")]
    items: Option<Items>,
    /// The page has the oldest record first [default: the newest; records leave oldest first]
    #[arg(long, requires = "poll")]
    oldest_first: bool,
    /// Where a preset's source is, if it is not where it is by itself
    #[arg(long, value_name = "URL")]
    base_url: Option<String>,
    /// Of bluesky take all changes of this collection, as in app.bsky.feed.like [default: new posts]; * is all
    #[arg(long = "collection", value_name = "NAME")]
    collections: Vec<String>,
    /// Ask for server-sent events; a server that sends them unasked is understood, too
    #[arg(long)]
    sse: bool,
    /// Of server-sent events take only those of this name
    #[arg(long = "event-name", value_name = "NAME")]
    event_names: Vec<String>,
    /// Write each event as {"event":…,"id":…,"data":…}, not its data alone
    #[arg(long)]
    envelope: bool,
}

pub(super) fn parse_retries(text: &str) -> Result<Retries, String> {
    match text {
        "inf" => Ok(Retries(None)),
        _ => text.parse().map(|times| Retries(Some(times))).map_err(|_| "expected a number, or inf".into()),
    }
}

impl LiveArgs {
    /// What is said about presets.
    pub(super) fn named(&self) -> NamedOptions {
        NamedOptions {
            base_url: self.base_url.clone(),
            collections: self.collections.clone(),
            every: self.poll.as_ref().map(duration),
        }
    }

    /// The options of live sources.
    pub(super) fn options(&self, max_line: usize, tool: &Tool) -> LiveOptions {
        let mut options = LiveOptions {
            reconnect: self.reconnect,
            retries: self.retry_max,
            retry_delay: duration(&self.retry_delay),
            sieve: SieveOptions {
                id: self.id.clone(),
                id_memory: usize::try_from(self.id_memory).unwrap_or(usize::MAX),
                ..SieveOptions::default()
            },
            poll: self.poll.as_ref().map(|every| PollOptions {
                every: duration(every),
                items: self.items.clone(),
                oldest_first: self.oldest_first,
                ..PollOptions::default()
            }),
            since: self.since_param.clone().map(|name| SinceParam { name, overlap: self.since_overlap }),
            since_field: self.since_field.clone(),
            sse: self.sse,
            voice: voice(tool.notes()),
            ..LiveOptions::default()
        };
        options.events.names.clone_from(&self.event_names);
        options.events.envelope = self.envelope;
        options.events.max_data = max_line;
        options
    }

    /// What ends the run from outside, the time that it is given included.
    pub fn interrupt(&self) -> Interrupt {
        let interrupt = Interrupt::default();
        let end = self.duration.as_ref().and_then(|span| Instant::now().checked_add(duration(span)));
        if let Some(end) = end {
            interrupt.end_at(end);
        }
        interrupt
    }
}

/// What live sources say goes to the tool's notes.
fn voice(notes: Notes) -> Voice {
    let notes = Mutex::new(notes);
    Arc::new(move |kind, text| {
        // Poisoned only if a thread panicked in here; then nothing more is said.
        if let Ok(mut notes) = notes.lock() {
            match kind {
                NoteKind::Warning => notes.say(text),
                NoteKind::Detail => notes.explain(text),
            }
        }
    })
}
