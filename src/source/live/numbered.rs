//! Items with ascending numbers: one address tells the largest, another gives the item of a number. What is `null` is not
//! there yet, and asked for again with the next round.

use std::collections::{BTreeSet, VecDeque};
use std::io::Read;
use std::thread;
use std::time::{Duration, Instant};

use super::events::{hand_out, push_line};
use super::lines::of_io;
use super::{Connection, Got, Transport};
use crate::jsonl::Meter;
use crate::net::{Agent, Error, Options, Reason, Request, Url};

/// An item may not be longer.
const LARGEST: u64 = 16 << 20;
/// Items that are awaited for so many rounds were removed.
const PATIENCE: u32 = 20;
/// So many items are asked for before they are handed on.
const BATCH: u64 = 50;

/// Asks for items by their numbers.
pub struct NumberedTransport {
    agent: Agent,
    /// Gives the largest number.
    newest: Url,
    /// Stand before and behind the number of an item.
    item: (String, String),
    every: Duration,
}

impl NumberedTransport {
    /// Asks `newest` every so often, and for each item the address between whose halves its number stands.
    pub fn new(
        newest: Url,
        item: (String, String),
        every: Duration,
        options: &Options,
    ) -> Result<NumberedTransport, Error> {
        let mut options = options.clone();
        options.stall_timeout.get_or_insert(options.response_timeout);
        Ok(NumberedTransport { agent: Agent::new(&options)?, newest, item, every })
    }
}

impl Transport for NumberedTransport {
    fn connect(&mut self, token: Option<&[u8]>, meter: &Meter) -> Result<Box<dyn Connection>, Error> {
        let last = token.and_then(|token| std::str::from_utf8(token).ok()?.parse().ok());
        let mut items = Items {
            agent: self.agent.clone(),
            newest: self.newest.clone(),
            item: self.item.clone(),
            every: self.every,
            meter: meter.clone(),
            last: 0,
            known: 0,
            late: BTreeSet::new(),
            rounds: 0,
            lines: VecDeque::new(),
            next: Instant::now() + self.every,
        };
        items.known = items.ask_newest()?;
        items.last = last.unwrap_or(items.known);
        Ok(Box::new(items))
    }
}

struct Items {
    agent: Agent,
    newest: Url,
    item: (String, String),
    every: Duration,
    meter: Meter,
    /// The last number that was asked for, and the largest that there is.
    last: u64,
    known: u64,
    /// Numbers that were not there yet.
    late: BTreeSet<u64>,
    rounds: u32,
    lines: VecDeque<u8>,
    next: Instant,
}

impl Items {
    fn ask(&self, url: &Url) -> Result<Vec<u8>, Error> {
        let mut body = Vec::new();
        let response = self.agent.get(url, &Request::default())?;
        response.take(LARGEST).read_to_end(&mut body).map_err(|error| of_io(error, &url.to_string()))?;
        self.meter.add(body.len());
        Ok(body.trim_ascii().to_vec())
    }

    fn ask_newest(&self) -> Result<u64, Error> {
        let body = self.ask(&self.newest)?;
        std::str::from_utf8(&body)
            .ok()
            .and_then(|text| text.parse().ok())
            .ok_or_else(|| Error::new(&self.newest, Reason::Protocol("the answer is no number".into())))
    }

    /// Asks for one item; false where it is not there.
    fn take(&mut self, number: u64) -> Result<bool, Error> {
        let url = Url::parse(&format!("{}{number}{}", self.item.0, self.item.1))?;
        let body = self.ask(&url)?;
        if body == b"null" || body.is_empty() {
            return Ok(false);
        }
        push_line(&body, &mut self.lines);
        Ok(true)
    }

    fn round(&mut self) -> Result<(), Error> {
        if self.last >= self.known {
            thread::sleep(self.next.saturating_duration_since(Instant::now()));
            self.next = Instant::now() + self.every;
            self.known = self.ask_newest()?;
            self.rounds += 1;
            for number in self.late.clone() {
                if self.take(number)? || self.rounds > PATIENCE {
                    self.late.remove(&number);
                }
            }
            if self.late.is_empty() {
                self.rounds = 0;
            }
        }
        let until = self.known.min(self.last.saturating_add(BATCH));
        while self.last < until {
            let number = self.last + 1;
            if !self.take(number)? {
                self.late.insert(number);
            }
            self.last = number;
        }
        Ok(())
    }
}

impl Connection for Items {
    fn read(&mut self, buf: &mut [u8]) -> Result<Got, Error> {
        if self.lines.is_empty() {
            self.round()?;
            if self.lines.is_empty() {
                return Ok(Got::Life);
            }
        }
        Ok(Got::Bytes(hand_out(&mut self.lines, buf)))
    }

    fn would_block(&mut self) -> bool {
        self.lines.is_empty()
    }

    /// In front of the first that is still awaited.
    fn token(&mut self) -> Option<Vec<u8>> {
        let place = self.late.first().map_or(self.last, |first| first - 1);
        self.lines.is_empty().then(|| place.to_string().into_bytes())
    }
}
