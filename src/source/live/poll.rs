//! Pages that are asked for again and again.
//!
//! A round asks for the page, with what the last answer said of its version (`ETag`, `Last-Modified`), takes the records
//! out of it, and goes on to the next page (`Link`) as long as nothing on it came before. Records leave oldest first. Where no
//! page has one that came before, some may have been missed, and that is said. The next round waits as long as was asked
//! for, or as the server wishes (`X-Poll-Interval`).

use std::collections::{BTreeMap, HashSet, VecDeque};
use std::io::Read;
use std::ops::ControlFlow;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use ureq::http::HeaderMap;

use super::events::{hand_out, push_line};
use super::lines::{SinceParam, of_io};
use super::reconnect::LONGEST_ASKED;
use super::{Connection, Got, NoteKind, Sieve, Transport, Voice};
use crate::expr::{Expr, ExprError, Program, Value, elements};
use crate::jsonl::Meter;
use crate::net::{Agent, Error, Options, Reason, Request, Response, Url};

/// A page may not be longer.
const LARGEST: u64 = 64 << 20;
/// Pages of one round.
const MOST_PAGES: usize = 10;
/// After a round that brought nothing, without an interval: a server that does not hold the request back is not hammered.
const SHORTEST: Duration = Duration::from_secs(1);
/// The longest interval that a server may wish for, as it is with waits after failures.
const LONGEST_WISH: Duration = LONGEST_ASKED;

/// How pages are asked for.
#[derive(Clone, Debug, Default)]
pub struct PollOptions {
    /// The time from one round to the next.
    pub every: Duration,
    /// Where the records are; `None`: the page is a list, or one record.
    pub items: Option<Items>,
    /// Records come oldest first already.
    pub oldest_first: bool,
    /// How the place to go on from is told to the server.
    pub since: Option<SinceParam>,
    /// The field that it is.
    pub since_field: Option<Expr>,
    /// The next page is named by this field of the answer, and asked for by this parameter, where there is no `Link`.
    pub next: Option<(&'static str, &'static str)>,
    /// One round, and all its pages, is all.
    pub once: bool,
}

/// Where in a page the records are.
#[derive(Clone, Debug)]
pub enum Items {
    /// Names on the way to a list; none: the page is the list. The records stay byte for byte.
    Names(Vec<String>),
    /// What an expression makes of `{"page": PAGE}`: records, or lists of them.
    Outputs(Expr),
}

impl Items {
    /// Reads an expression, which sees the page.
    ///
    /// # Errors
    ///
    /// It is no expression.
    pub fn parse(text: &str) -> Result<Items, ExprError> {
        let is_name = |name: &str| {
            name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
                && !name.starts_with(|first: char| first.is_ascii_digit())
        };
        let names =
            text.strip_prefix('.').map(|path| path.split('.').collect::<Vec<_>>()).unwrap_or_default();
        if text == "." {
            return Ok(Items::Names(Vec::new()));
        }
        if !names.is_empty() && names.iter().all(|name| !name.is_empty() && is_name(name)) {
            return Ok(Items::Names(names.into_iter().map(str::to_owned).collect()));
        }
        // By itself, so that what is wrong with it is told in the user's words.
        Expr::parse(text)?;
        // Records are objects, and a page may be none.
        Expr::parse(&format!(".page | ({text})")).map(Items::Outputs)
    }
}

/// Asks for pages.
pub struct PollTransport {
    agent: Agent,
    url: Url,
    request: Request,
    options: PollOptions,
    sieve: Option<Arc<Mutex<Sieve>>>,
    voice: Voice,
}

impl PollTransport {
    /// Asks for `url`; what is known is found in the sieve.
    pub fn new(
        url: Url,
        net: &Options,
        request: Request,
        options: PollOptions,
        sieve: Option<Arc<Mutex<Sieve>>>,
        voice: Voice,
    ) -> Result<PollTransport, Error> {
        let mut net = net.clone();
        // A page has an end.
        net.stall_timeout.get_or_insert(net.response_timeout);
        Ok(PollTransport { agent: Agent::new(&net)?, url, request, options, sieve, voice })
    }
}

impl Transport for PollTransport {
    fn connect(&mut self, token: Option<&[u8]>, meter: &Meter) -> Result<Box<dyn Connection>, Error> {
        let mut rounds = Rounds {
            agent: self.agent.clone(),
            url: self.url.clone(),
            request: self.request.clone(),
            options: self.options.clone(),
            sieve: self.sieve.clone(),
            voice: Arc::clone(&self.voice),
            meter: meter.clone(),
            place: token.and_then(|token| serde_json::from_slice(token).ok()).unwrap_or_default(),
            lines: VecDeque::new(),
            next: Instant::now(),
            is_over: false,
            has_gap: false,
        };
        rounds.round()?;
        Ok(Box::new(rounds))
    }
}

/// Where the rounds are: what is kept for a later run.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Place {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    etag: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    modified: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    since: Option<String>,
}

struct Rounds {
    agent: Agent,
    url: Url,
    request: Request,
    options: PollOptions,
    sieve: Option<Arc<Mutex<Sieve>>>,
    voice: Voice,
    meter: Meter,
    place: Place,
    /// Lines that were not handed out.
    lines: VecDeque<u8>,
    /// When the next round is due.
    next: Instant,
    is_over: bool,
    has_gap: bool,
}

impl Rounds {
    /// Asks for the page, and for those behind it as far as they are new.
    fn round(&mut self) -> Result<(), Error> {
        let begun = Instant::now();
        let url = match (&self.options.since, &self.place.since) {
            (Some(since), Some(place)) => since.apply(&self.url, place.as_bytes()),
            _ => self.url.clone(),
        };
        let mut request = self.request.clone();
        for (name, value) in
            [("if-none-match", &self.place.etag), ("if-modified-since", &self.place.modified)]
        {
            if let Some(value) = value {
                request = request.with(name, value.as_bytes());
            }
        }
        let first = self.agent.get(&url, &request)?;
        let wished = text(&first.headers, "x-poll-interval").and_then(|text| wished(&text));
        let mut every = wished.map_or(self.options.every, |wished| wished.max(self.options.every));
        if first.status != 304 {
            self.pages(first)?;
        }
        if every.is_zero() && self.lines.is_empty() {
            every = SHORTEST;
        }
        self.next = begun + every;
        self.is_over = self.options.once;
        Ok(())
    }

    fn pages(&mut self, first: Response) -> Result<(), Error> {
        let place = Place {
            etag: text(&first.headers, "etag"),
            modified: text(&first.headers, "last-modified"),
            since: self.place.since.clone(),
        };
        let mut records: Vec<Vec<u8>> = Vec::new();
        let (mut asked, mut meets_known, mut page) = (HashSet::new(), false, first);
        let knows_any = self.with_sieve(Sieve::knows_any);
        loop {
            asked.insert(page.url.whole());
            let (headers, url) = (page.headers.clone(), page.url.clone());
            let body = self.body(page)?;
            let items = self.items(&url, &body)?;
            let is_empty = items.is_empty();
            for item in items {
                meets_known |= self.with_sieve(|sieve| sieve.knows(&item));
                records.push(item);
            }
            let next = self.next_page(&url, &headers, &body);
            let goes_on = self.options.once || knows_any && !meets_known;
            let Some(next) = next.filter(|next| goes_on && !is_empty && !asked.contains(&next.whole()))
            else {
                break;
            };
            if !self.options.once && asked.len() >= MOST_PAGES {
                break;
            }
            page = self.agent.get(&next, &self.request)?;
        }
        if knows_any && !meets_known && !records.is_empty() && !self.options.once {
            let text =
                "no record of the last round is among these: some may have been missed; poll more often";
            (self.voice)(NoteKind::Warning, &format!("{}: {text}", self.url));
            self.has_gap = true;
        }
        if !self.options.oldest_first {
            records.reverse();
        }
        self.place = place;
        if let Some(field) = &self.options.since_field
            && let Ok(mut program) = Program::new(&[field])
            && let Some(since) =
                records.iter().rev().find_map(|record| super::sieve::first(&mut program, record))
        {
            self.place.since = String::from_utf8(since).ok();
        }
        records.iter().for_each(|record| push_line(record, &mut self.lines));
        Ok(())
    }

    fn with_sieve(&self, ask: impl Fn(&Sieve) -> bool) -> bool {
        self.sieve.as_ref().is_some_and(|sieve| ask(&sieve.lock().unwrap_or_else(PoisonError::into_inner)))
    }

    fn body(&self, response: Response) -> Result<Vec<u8>, Error> {
        let url = response.url.clone();
        if response.content_type == "text/html" {
            let sentence = "the server sends a web page (text/html) instead of JSON; check the address";
            return Err(Error::new(&url, Reason::Protocol(sentence.into())));
        }
        let mut body = Vec::new();
        let read = response.take(LARGEST + 1).read_to_end(&mut body);
        read.map_err(|error| of_io(error, &url.to_string()))?;
        self.meter.add(body.len());
        if body.len() as u64 > LARGEST {
            let sentence = format!("the page is longer than {} MiB", LARGEST >> 20);
            return Err(Error::new(&url, Reason::Refusal(sentence)));
        }
        Ok(body)
    }

    /// The records of a page.
    fn items(&self, url: &Url, body: &[u8]) -> Result<Vec<Vec<u8>>, Error> {
        let wrong = |what: String| {
            let begin: String = String::from_utf8_lossy(&body[..body.len().min(200)])
                .split_whitespace()
                .collect::<Vec<_>>()
                .join(" ");
            Error::new(url, Reason::Protocol(format!("{what}; it begins with {begin}")))
        };
        let mut value: &RawValue = serde_json::from_slice(body)
            .map_err(|error| wrong(format!("the answer is no JSON ({error})")))?;
        let names = match &self.options.items {
            Some(Items::Outputs(expression)) => return outputs(expression, value).map_err(wrong),
            Some(Items::Names(names)) => Some(names),
            None => None,
        };
        for name in names.into_iter().flatten() {
            let fields: BTreeMap<String, &RawValue> = serde_json::from_str(value.get()).unwrap_or_default();
            value = match fields.get(name) {
                Some(value) => value,
                // A page without records may lack the list.
                None if self.options.next.is_some() => return Ok(Vec::new()),
                None => return Err(wrong(format!("the answer has no .{name}"))),
            };
        }
        match serde_json::from_str::<Vec<&RawValue>>(value.get()) {
            Ok(items) => Ok(items.into_iter().map(|item| item.get().as_bytes().to_vec()).collect()),
            Err(_) if names.is_none() && value.get().starts_with('{') => Ok(vec![value.get().into()]),
            Err(_) if value.get() == "null" => Ok(Vec::new()),
            Err(_) => Err(wrong("the answer is no list of records".into())),
        }
    }

    fn next_page(&self, url: &Url, headers: &HeaderMap, body: &[u8]) -> Option<Url> {
        if let Some((field, parameter)) = self.options.next {
            let mut value: &RawValue = serde_json::from_slice(body).ok()?;
            for name in field.split('.') {
                value = serde_json::from_str::<BTreeMap<String, &RawValue>>(value.get()).ok()?.get(name)?;
            }
            let token: String = serde_json::from_str(value.get()).ok()?;
            return Some(self.url.with_query(parameter, &token));
        }
        let links = headers.get_all("link").iter().filter_map(|value| value.to_str().ok());
        let next = links.flat_map(|links| links.split(',')).find(|link| {
            link.split(';').skip(1).any(|part| matches!(part.trim(), "rel=\"next\"" | "rel=next"))
        })?;
        let next = url.join(next.split(';').next()?.trim().strip_prefix('<')?.strip_suffix('>')?)?;
        // Tokens are for the first host alone.
        next.is_same_origin(&self.url).then_some(next)
    }
}

/// The records that an expression makes of a page.
fn outputs(expression: &Expr, page: &RawValue) -> Result<Vec<Vec<u8>>, String> {
    let mut program = Program::new(&[expression]).map_err(|error| error.to_string())?;
    // Newlines would end the record.
    let whole = format!("{{\"page\":{}}}", page.get().replace(['\n', '\r'], " "));
    let mut record =
        program.load(whole.as_bytes()).map_err(|_| "the answer cannot be looked into".to_owned())?;
    let (mut items, mut odd) = (Vec::new(), None);
    let done = record.outputs(0, &mut |value| {
        match &value {
            Value::Null => {}
            Value::Json(json) => match elements(json) {
                Some(list) => items.extend(list.into_iter().map(<[u8]>::to_vec)),
                None => items.push(json.to_vec()),
            },
            other => {
                let mut text = Vec::new();
                other.write_json(&mut text);
                odd = Some(String::from_utf8_lossy(&text).into_owned());
                return ControlFlow::Break(());
            }
        }
        ControlFlow::Continue(())
    });
    done.map_err(|error| format!("--items: {error}"))?;
    match odd {
        Some(odd) => Err(format!("--items gives {odd}, which is no record")),
        None => Ok(items),
    }
}

fn text(headers: &HeaderMap, name: &str) -> Option<String> {
    headers.get(name)?.to_str().ok().map(str::to_owned)
}

/// The interval that a server wishes for, in seconds as it says it.
fn wished(text: &str) -> Option<Duration> {
    text.trim().parse().ok().map(|seconds| Duration::from_secs(seconds).min(LONGEST_WISH))
}

impl Connection for Rounds {
    fn read(&mut self, buf: &mut [u8]) -> Result<Got, Error> {
        if self.lines.is_empty() {
            if self.is_over {
                return Ok(Got::End(super::Ended::Finished));
            }
            thread::sleep(self.next.saturating_duration_since(Instant::now()));
            self.round()?;
            if self.lines.is_empty() {
                return Ok(Got::Life);
            }
        }
        Ok(Got::Bytes(hand_out(&mut self.lines, buf)))
    }

    fn would_block(&mut self) -> bool {
        self.lines.is_empty() && !self.is_over
    }

    fn has_gap(&mut self) -> bool {
        std::mem::take(&mut self.has_gap)
    }

    fn token(&mut self) -> Option<Vec<u8>> {
        if !self.lines.is_empty() {
            return None;
        }
        serde_json::to_vec(&self.place).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_may_wish_for_a_pause_but_not_for_ever() {
        for (text, seconds) in [
            ("60", Some(60)),
            (" 7 ", Some(7)),
            ("18446744073709551615", Some(3600)),
            ("-1", None),
            ("soon", None),
        ] {
            assert_eq!(wished(text), seconds.map(Duration::from_secs), "{text}");
            // As the next round is reckoned.
            assert!(wished(text).is_none_or(|every| Instant::now().checked_add(every).is_some()), "{text}");
        }
    }
}
