//! The stream around the records: when each line arrives, how late its event is, and all that is not a record.
//!
//! | line | share in a million |
//! | --- | --- |
//! | blank, as a server sends to keep a connection alive | 2 000 |
//! | notice: somebody deleted a tweet (tweets only) | 5 000 |
//! | broken: cut, not UTF-8, not an object, two objects, a page of HTML | 1 000 |
//! | a record sent again, byte for byte, one of the last 64 | 5 000 |
//! | a record | the rest |
//!
//! Lines arrive as a Poisson process. A record's event time is its arrival less a delay, which is mostly 0; 15 % have an
//! exponential one of mean 1.5 s, cut at 9 s, so that a watermark of 10 s loses none; 0.4 % are late by 1 to 5 minutes.
//! No event is before the stream's start, and the first record is there exactly.

use crate::random::Random;

const BLANK: u64 = 2_000;
const NOTICE: u64 = BLANK + 5_000;
const BROKEN: u64 = NOTICE + 1_000;
const DUPLICATE: u64 = BROKEN + 5_000;

const LATE: u64 = 4_000;
const DELAYED: u64 = LATE + 150_000;
const DELAY_MEAN_MS: u64 = 1_500;
const DELAY_LIMIT_MS: u64 = 9_000;
const LATE_MS: (u64, u64) = (60_000, 300_000);

/// Among how many records one is chosen to be sent again.
const RESENT: usize = 64;

/// What kinds of records there are: each writes JSON objects on one line, without the newline.
pub(super) trait Records: Send {
    /// Writes a record of this event time.
    fn record(&mut self, time_ms: u64, random: &mut Random, out: &mut Vec<u8>);
    /// Writes a line that is JSON but no record; false, as for most, if this kind has none.
    fn notice(&mut self, _time_ms: u64, _random: &mut Random, _out: &mut Vec<u8>) -> bool {
        false
    }
}

/// The lines of a stream, in the order of their arrival.
pub(super) struct Lines {
    records: Box<dyn Records>,
    random: Random,
    start_ms: u64,
    interval_ns: u64,
    /// Since the start, of the next line.
    arrival_ns: u64,
    /// Records still to come; `None` is without end.
    left: Option<u64>,
    sent: Vec<Vec<u8>>,
}

impl Lines {
    /// `limit` counts records, those sent again too; what else there is comes on top.
    pub(super) fn new(
        records: Box<dyn Records>,
        seed: u64,
        start_ms: u64,
        interval_ns: u64,
        limit: Option<u64>,
    ) -> Self {
        let random = Random::new(seed, 1);
        Lines { records, random, start_ms, interval_ns, arrival_ns: 0, left: limit, sent: Vec::new() }
    }

    /// When the next line arrives, in nanoseconds since the start; `None` at the end.
    pub(super) fn next_arrival_ns(&self) -> Option<u64> {
        (self.left != Some(0)).then_some(self.arrival_ns)
    }

    /// Appends the next line. Nothing happens at the end.
    pub(super) fn write_next(&mut self, out: &mut Vec<u8>) {
        if self.left == Some(0) {
            return;
        }
        let is_first = self.sent.is_empty();
        let draw = if is_first { u64::MAX } else { self.random.below(1_000_000) };
        match draw {
            0..BLANK => {}
            BLANK..NOTICE => {
                let time_ms = self.start_ms + self.arrival_ns / 1_000_000;
                if !self.records.notice(time_ms, &mut self.random, out) {
                    self.record(false, out);
                }
            }
            NOTICE..BROKEN => self.broken(out),
            BROKEN..DUPLICATE => {
                let line = self.random.index(self.sent.len());
                out.extend_from_slice(&self.sent[line]);
                self.count();
            }
            _ => self.record(is_first, out),
        }
        out.push(b'\n');
        let pause = self.random.exponential(self.interval_ns);
        self.arrival_ns = self.arrival_ns.saturating_add(pause);
    }

    fn record(&mut self, is_first: bool, out: &mut Vec<u8>) {
        let start = out.len();
        let delay_ms = if is_first { 0 } else { self.delay_ms() };
        let time_ms = self.time_ms(delay_ms);
        self.records.record(time_ms, &mut self.random, out);
        let line = &out[start..];
        if self.sent.len() < RESENT {
            self.sent.push(line.to_vec());
        } else {
            let slot = &mut self.sent[self.random.index(RESENT)];
            slot.clear();
            slot.extend_from_slice(line);
        }
        self.count();
    }

    fn count(&mut self) {
        self.left = self.left.map(|left| left - 1);
    }

    fn delay_ms(&mut self) -> u64 {
        match self.random.below(1_000_000) {
            0..LATE => LATE_MS.0 + self.random.below(LATE_MS.1 - LATE_MS.0),
            LATE..DELAYED => self.random.exponential(DELAY_MEAN_MS).min(DELAY_LIMIT_MS),
            _ => 0,
        }
    }

    fn time_ms(&self, delay_ms: u64) -> u64 {
        let arrival_ms = self.arrival_ns / 1_000_000;
        self.start_ms + arrival_ms.checked_sub(delay_ms).unwrap_or(arrival_ms)
    }

    /// A line that is no record, made from one that is lost by it.
    fn broken(&mut self, out: &mut Vec<u8>) {
        let start = out.len();
        let time_ms = self.time_ms(0);
        match self.random.below(8) {
            // Cut: the closing bracket is gone in any case.
            0..4 => {
                self.records.record(time_ms, &mut self.random, out);
                let cut = 1 + self.random.index(out.len() - start - 1);
                out.truncate(start + cut);
            }
            4 => {
                self.records.record(time_ms, &mut self.random, out);
                let quote = out[start..].iter().position(|&byte| byte == b'"').unwrap_or(0);
                out.splice(start + quote + 1..start + quote + 1, [0xff, 0xfe]);
            }
            5 => {
                self.records.record(time_ms, &mut self.random, out);
                out.extend_from_within(start..);
            }
            6 => out.extend_from_slice(b"[\"heartbeat\"]"),
            _ => out.extend_from_slice(b"<html><head><title>503 Service Unavailable</title></head></html>"),
        }
    }
}
