//! From a preset to an open source.

use std::io;
use std::time::Duration;

use super::rules::carry_out;
use super::{Ask, Preset, Speech, Token, Wish};
use crate::expr::Expr;
use crate::jsonl::{ByteSource, Input, Meter};
use crate::net::{Agent, Error, Request, Url, bearer_from_environment};
use crate::source::live::{
    HttpTransport, NumberedTransport, PollTransport, SieveOptions, SinceParam, Transport, WebSocketTransport,
};
use crate::source::{SourceOptions, open_live, shared_sieve};

/// What the user says about presets.
#[derive(Clone, Debug, Default)]
pub struct NamedOptions {
    /// Where the source is, if not where it is by itself.
    pub base_url: Option<String>,
    /// Which records of Bluesky.
    pub collections: Vec<String>,
    /// The time from one round of a poll to the next.
    pub every: Option<Duration>,
}

/// Opens a source by its preset; `words` stand behind its name.
pub fn open(
    preset: &Preset,
    detail: Option<&str>,
    words: &[String],
    options: &SourceOptions,
) -> Result<Vec<Input>, Error> {
    let mut options = options.clone();
    let base = options.named.base_url.clone().unwrap_or_else(|| preset.base.to_owned());
    let base = base.trim_end_matches('/').to_owned();
    let wish = Wish { detail, words, collections: &options.named.collections, base: &base };
    let ask = (preset.ask)(&wish)?;
    introduce(preset, &mut options)?;
    let address = format!("{base}{}", ask.path);
    options.net.stall_timeout.get_or_insert(Duration::from_secs(preset.stall_s));
    let live = &mut options.live;
    // What the user says of these goes before what is usual.
    live.sieve.id.get_or_insert(expression(preset.id)?);
    live.sieve.keep = ask.keep.map(expression).transpose()?;
    live.sieve.breaks = ask.breaks.map(expression).transpose()?;
    if let Some((name, field, overlap)) = ask.since {
        live.since = Some(SinceParam { name: name.into(), overlap });
        live.since_field = Some(expression(field)?);
    }
    if let Speech::Rules(change) = &ask.speech {
        let url = Url::parse(&address)?;
        return Ok(vec![lines(&url.to_string(), carry_out(change, &Agent::new(&options.net)?, &url)?)]);
    }
    speak(ask, &address, &base, &mut options)
}

fn speak(ask: Ask, address: &str, base: &str, options: &mut SourceOptions) -> Result<Vec<Input>, Error> {
    let headers = ask.headers.iter();
    let request =
        headers.fold(Request::default(), |request, (name, value)| request.with(name, value.as_bytes()));
    if let Speech::WebSocket(subprotocol, unwrap) = ask.speech {
        let url = Url::parse_websocket(address)?;
        let name = url.to_string();
        let transport = WebSocketTransport::new(url, options.net.clone())
            .since(options.live.since.clone())
            .speaking(subprotocol, unwrap);
        return open_live(name, Box::new(transport), options, None);
    }
    let url = Url::parse(address)?;
    let (name, net) = (url.to_string(), &options.net);
    let mut sieve = None;
    let transport: Box<dyn Transport> = match ask.speech {
        Speech::Events(names) => {
            let request = request.with("accept", b"text/event-stream");
            let events = &mut options.live.events;
            if events.names.is_empty() {
                events.names = names;
            }
            if events.envelope {
                // What is in the envelope has no id of its own, and is all wanted.
                options.live.sieve = SieveOptions::default();
            }
            Box::new(HttpTransport::new(url, net, request)?.events(events.clone()))
        }
        Speech::Poll(mut poll) => {
            poll.every = options.named.every.unwrap_or(poll.every);
            poll.since = options.live.since.take();
            poll.since_field = options.live.since_field.take();
            sieve = shared_sieve(options);
            let voice = options.live.voice.clone();
            Box::new(PollTransport::new(url, net, request, poll, sieve.clone(), voice)?)
        }
        Speech::Numbered(before, behind, every) => {
            let item = (format!("{base}{before}"), behind.to_owned());
            Box::new(NumberedTransport::new(url, item, options.named.every.unwrap_or(every), net)?)
        }
        _ => Box::new(HttpTransport::new(url, net, request)?.since(options.live.since.clone())),
    };
    open_live(name, transport, options, sieve)
}

/// The token and the contact that the source wants, or one sentence about what to set.
fn introduce(preset: &Preset, options: &mut SourceOptions) -> Result<(), Error> {
    let name = preset.name;
    if preset.wants_contact && options.net.contact.is_none() {
        return Err(Error::usage(format!(
            "{name} wants to know whom to write to when a request bothers it: give --contact with an address of mail or of \
             the web, or set STREAM_FETCH_CONTACT"
        )));
    }
    if options.net.headers.has_authorization() {
        return Ok(());
    }
    match preset.token {
        Token::None => Ok(()),
        Token::Welcome(variable) => match std::env::var_os(variable) {
            Some(_) => options.net.headers.add_bearer(&bearer_from_environment(variable)?),
            None => Ok(()),
        },
        Token::Needed(variable) => match std::env::var_os(variable) {
            Some(_) => options.net.headers.add_bearer(&bearer_from_environment(variable)?),
            None => Err(Error::usage(format!(
                "{name} needs a token: set the environment variable {variable} to it (export {variable}=…), or name \
                 another variable with --token-env"
            ))),
        },
    }
}

fn expression(text: &str) -> Result<Expr, Error> {
    text.parse().map_err(|error| Error::usage(format!("{text}: {error}")))
}

/// An input of lines that are here already.
fn lines(name: &str, lines: Vec<u8>) -> Input {
    let size = lines.len() as u64;
    let meter = Meter::default();
    let source = Ready { lines, at: 0, meter: meter.clone() };
    Input { size: Some(size), ..Input::new(name.to_owned(), Box::new(source), meter) }
}

struct Ready {
    lines: Vec<u8>,
    at: usize,
    meter: Meter,
}

impl ByteSource for Ready {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let taken = (self.lines.len() - self.at).min(buf.len());
        buf[..taken].copy_from_slice(&self.lines[self.at..self.at + taken]);
        self.at += taken;
        self.meter.add(taken);
        Ok(taken)
    }

    fn would_block(&mut self) -> bool {
        false
    }
}
