//! `demo:tweets`, `demo:rsvps` and `demo:github`: synthetic streams, so that everything can be tried without an account.
//!
//! The records have the shape of Twitter's v1.1 stream, of Meetup's RSVPs and of GitHub's public events, and everything in them is invented here.
//! Tags follow Zipf's law, trends rise and fall by a script, and the stream is as untidy as real ones are (`stream.rs` has
//! the table). **The same kind, seed, start and density give the same bytes, for ever and on every machine**: there is
//! nothing in it but integers, an own random number generator, and texts. A test keeps checksums.

mod calendar;
mod compose;
mod github;
mod json;
mod pattern;
mod people;
mod places;
mod rsvps;
mod script;
mod stream;
#[cfg(test)]
mod tests;
mod trend;
mod tweets;
mod words;

use std::io;
use std::thread;
use std::time::{Duration, Instant};

use super::replay::Rate;
use crate::jsonl::{ByteSource, Meter};
use stream::{Lines, Records};

/// 2018-11-12T19:00:00Z: fixed, so that the bytes do not depend on the clock.
const START_MS: u64 = 1_542_049_200_000;

/// Records per second of event time, unless another density is asked for.
const DENSITY: f64 = 50.0;

/// About how much is made ahead when nobody waits.
const AHEAD: usize = 64 << 10;

/// Which synthetic stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DemoKind {
    /// Tweets as the v1.1 API streamed them; event time in `timestamp_ms`.
    Tweets,
    /// Answers to Meetup invitations; event time in `mtime`.
    Rsvps,
    /// GitHub's public events; event time in `created_at`, to the second.
    Github,
}

/// What the stream is like.
#[derive(Clone, Debug, PartialEq)]
pub struct DemoSettings {
    /// Another seed is another stream.
    pub seed: u64,
    /// The stream ends with its so-manyth record (a first sending or one sent again; blank lines, notices and broken lines
    /// come on top). `None`: it has no end.
    pub records: Option<u64>,
    /// Lines per second of event time, on average.
    pub density: Rate,
    /// The event time of the first record, in milliseconds since the epoch; none is before it.
    pub start_ms: u64,
    /// Whether lines come when they are due, on an absolute schedule, or as fast as they are read. The bytes are the same.
    pub is_paced: bool,
    /// So many bytes of it are not wanted: an earlier run has handed them out. What comes behind them is due at once.
    pub behind: u64,
}

impl Default for DemoSettings {
    fn default() -> Self {
        let density = Rate::per_second(DENSITY).expect("a constant above 0");
        DemoSettings { seed: 42, records: None, density, start_ms: START_MS, is_paced: false, behind: 0 }
    }
}

impl DemoSettings {
    /// What `--rate` means here: so many lines per second, of event time and of real time.
    pub fn paced(self, rate: Rate) -> Self {
        DemoSettings { density: rate, is_paced: true, ..self }
    }
}

/// A synthetic stream as a source.
pub struct DemoSource {
    lines: Lines,
    pending: Vec<u8>,
    /// How much of `pending` was read.
    taken: usize,
    is_paced: bool,
    /// When the first line arrives that is wanted, in nanoseconds since the start.
    first_ns: u64,
    /// When that was asked for: the schedule counts from there.
    started: Option<Instant>,
    meter: Meter,
}

impl DemoSource {
    /// A stream from its beginning.
    pub fn new(kind: DemoKind, settings: &DemoSettings, meter: Meter) -> Self {
        let DemoSettings { seed, records, density, start_ms, is_paced, behind } = *settings;
        let generator: Box<dyn Records> = match kind {
            DemoKind::Tweets => Box::new(tweets::Tweets::new(seed, start_ms)),
            DemoKind::Rsvps => Box::new(rsvps::Rsvps::new(seed, start_ms)),
            DemoKind::Github => Box::new(github::Events::new(seed)),
        };
        let mut source = DemoSource {
            lines: Lines::new(generator, seed, start_ms, density.interval_ns(), records),
            pending: Vec::with_capacity(AHEAD + (AHEAD >> 2)),
            taken: 0,
            is_paced,
            first_ns: 0,
            started: None,
            meter,
        };
        source.skip(behind);
        source
    }

    /// Makes what an earlier run has handed out once more, and throws it away.
    fn skip(&mut self, mut bytes: u64) {
        while bytes > 0 && self.lines.next_arrival_ns().is_some() {
            self.pending.clear();
            self.lines.write_next(&mut self.pending);
            self.taken = self.pending.len().min(usize::try_from(bytes).unwrap_or(usize::MAX));
            bytes -= self.taken as u64;
        }
        self.first_ns = self.lines.next_arrival_ns().unwrap_or(0);
    }

    /// When the next line is due; `None` at the end.
    fn next_due(&mut self) -> Option<Instant> {
        let started = *self.started.get_or_insert_with(Instant::now);
        let arrival = self.lines.next_arrival_ns()?.saturating_sub(self.first_ns);
        if !self.is_paced {
            return Some(started);
        }
        // A time that the clock cannot show is as good as never; such a rate is some lines in a century.
        Some(started.checked_add(Duration::from_nanos(arrival)).unwrap_or(started))
    }

    /// Makes lines that are due, at least one unless the stream has ended. May wait; a run that is to end meanwhile does not
    /// wait for this thread.
    fn refill(&mut self) {
        self.pending.clear();
        self.taken = 0;
        let Some(due) = self.next_due() else { return };
        thread::sleep(due.saturating_duration_since(Instant::now()));
        self.lines.write_next(&mut self.pending);
        let now = Instant::now();
        while self.pending.len() < AHEAD && self.next_due().is_some_and(|due| due <= now) {
            self.lines.write_next(&mut self.pending);
        }
    }
}

impl ByteSource for DemoSource {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        if self.taken == self.pending.len() {
            self.refill();
        }
        let left = &self.pending[self.taken..];
        let read = left.len().min(buf.len());
        buf[..read].copy_from_slice(&left[..read]);
        self.taken += read;
        self.meter.add(read);
        Ok(read)
    }

    fn would_block(&mut self) -> bool {
        self.is_paced
            && self.taken == self.pending.len()
            && self.next_due().is_some_and(|due| due > Instant::now())
    }
}
