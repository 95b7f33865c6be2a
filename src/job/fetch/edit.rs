//! What a replay does with lines before they are due: a part of them, at another time, in another order, with a stamp.
//!
//! In this order: the range is of the times as they are recorded; what is left is moved in time; then it is held back. All
//! bytes but those of the time, and of a stamp that is added, stay as they are.

use std::ops::Range;

use super::mapper::Line;
use crate::drive::Notes;
use crate::expr::Value;
use crate::job::filter::TimeRange;
use crate::pack::{Packer, Unpackable, Unpacker};
use crate::scan;
use crate::source::{Disorder, Extent};
use crate::time::{Millis, TimeReader};

/// What is done with lines.
#[derive(Clone, Debug, Default)]
pub struct EditOptions {
    /// Records outside are left out.
    pub range: TimeRange,
    /// Where the time of the first record is moved to, and those of the others with it.
    pub shift: Option<Shift>,
    /// The inputs are read again, each time later.
    pub is_looped: bool,
    /// Delays of at most so many milliseconds, drawn from a seed.
    pub disorder: Option<(u64, u64)>,
    /// The name of a field that says when the record was received.
    pub stamp: Option<String>,
}

/// Where the first record is moved to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shift {
    /// To the moment at which it comes.
    Now,
    /// To this time.
    To(Millis),
}

impl EditOptions {
    /// Whether times must be known.
    pub fn needs_event_time(&self) -> bool {
        self.range.is_bounded() || self.disorder.is_some() || self.is_shifting()
    }

    /// Whether times are written again.
    pub fn is_shifting(&self) -> bool {
        self.shift.is_some() || self.is_looped
    }

    /// Whether anything is done at all.
    pub(super) fn is_some(&self) -> bool {
        self.needs_event_time() || self.stamp.is_some()
    }
}

/// Lines that were made, one after the other.
#[derive(Default)]
pub(super) struct Made {
    pub text: Vec<u8>,
    pub lines: Vec<Line>,
}

impl Made {
    fn push(&mut self, time: Option<Millis>, line: &[u8]) {
        let start = self.text.len();
        self.text.extend_from_slice(line);
        self.lines.push(Line::new(start..self.text.len(), time));
        self.text.push(b'\n');
    }
}

/// Does it.
pub(super) struct Editor {
    options: EditOptions,
    times: TimeReader,
    /// The last record with a time was in the range: one without goes with it.
    is_inside: bool,
    /// Seconds that all times are moved by, once the first is known.
    base: Option<i64>,
    /// Of the first pass.
    extent: Extent,
    /// All that came.
    seen: Extent,
    disorder: Option<Disorder<Vec<u8>>>,
    left_out: u64,
    unmoved: u64,
}

impl Editor {
    pub fn new(options: EditOptions, times: TimeReader) -> Editor {
        Editor {
            is_inside: options.range.since.is_none(),
            disorder: options.disorder.map(|(most, seed)| Disorder::new(most, seed)),
            options,
            times,
            base: None,
            extent: Extent::default(),
            seen: Extent::default(),
            left_out: 0,
            unmoved: 0,
        }
    }

    /// Takes a line of the chunk; `wall` is the time by the clock.
    pub fn take(&mut self, text: &[u8], line: &Line, pass: u64, wall: Millis, made: &mut Made) {
        if let Some(time) = line.time {
            self.seen.take(time);
            self.is_inside = self.options.range.has(time);
        }
        if !self.is_inside {
            self.left_out += 1;
            return;
        }
        let record = &text[line.start..line.end];
        let moved = line.time.and_then(|time| self.moved(record, time, line.place(), pass, wall));
        let (time, record) = match &moved {
            Some((time, record)) => (Some(*time), &record[..]),
            None => (line.time, record),
        };
        let stamped = self.options.stamp.as_ref().and_then(|field| stamped(record, field, wall));
        let record = stamped.as_deref().unwrap_or(record);
        match &mut self.disorder {
            Some(disorder) => {
                disorder.take(time, record.to_vec(), &mut |time, record| made.push(time, &record));
            }
            None => made.push(time, record),
        }
    }

    /// The record at its new time.
    fn moved(
        &mut self,
        record: &[u8],
        time: Millis,
        place: Option<Range<usize>>,
        pass: u64,
        wall: Millis,
    ) -> Option<(Millis, Vec<u8>)> {
        if !self.options.is_shifting() {
            return None;
        }
        if pass == 0 {
            self.extent.take(time);
        }
        let base = *self.base.get_or_insert_with(|| {
            match self.options.shift {
                // Not into the future.
                Some(Shift::Now) => wall.saturating_sub(time).div_euclid(1000),
                Some(Shift::To(to)) => to.div_euclid(1000) - time.div_euclid(1000),
                None => 0,
            }
        });
        let passes = i64::try_from(pass).unwrap_or(i64::MAX);
        let seconds = base.saturating_add(self.extent.period_seconds().saturating_mul(passes));
        if seconds == 0 {
            return None;
        }
        let moved = place.and_then(|place| rewritten(record, place, &self.times, seconds));
        self.unmoved += u64::from(moved.is_none());
        Some((time.saturating_add(seconds.saturating_mul(1000)), moved?))
    }

    /// Appends what the lines that come are treated by, but for disorder, which holds lines back.
    pub fn pack(&self, out: &mut Packer) {
        out.bool(self.is_inside);
        out.option(self.base, Packer::i64);
    }

    /// Goes on as the editor that was packed.
    pub fn unpack(&mut self, from: &mut Unpacker<'_>) -> Result<(), Unpackable> {
        self.is_inside = from.bool()?;
        self.base = from.option(Unpacker::i64)?;
        Ok(())
    }

    /// Hands out what is held back.
    pub fn finish(&mut self, made: &mut Made) {
        if let Some(disorder) = &mut self.disorder {
            disorder.finish(&mut |time, record| made.push(time, &record));
        }
    }

    /// The largest time that came and is believed.
    pub fn newest(&self) -> Option<Millis> {
        self.seen.newest()
    }

    /// Records that were not in the range.
    pub fn left_out(&self) -> u64 {
        self.left_out
    }

    /// What a person should know at the end.
    pub fn say(&self, written: u64, notes: &mut Notes) {
        if self.unmoved > 0 {
            notes.say(&format!(
                "{} of {written} lines have a time that could not be written again, and kept it",
                self.unmoved
            ));
        }
    }
}

/// The record with its time so many seconds later, in the same notation.
fn rewritten(record: &[u8], place: Range<usize>, times: &TimeReader, seconds: i64) -> Option<Vec<u8>> {
    let literal = std::str::from_utf8(record.get(place.clone())?).ok()?;
    let later = match literal.strip_prefix('"') {
        // An escape would have to be undone and made again.
        Some(text) if !text.contains('\\') => {
            format!("\"{}\"", times.later_string(text.strip_suffix('"')?, seconds)?)
        }
        Some(_) => return None,
        None => times.later_number(literal, seconds)?,
    };
    Some([&record[..place.start], later.as_bytes(), &record[place.end..]].concat())
}

/// The record with one field more; `None` where it is no object.
fn stamped(record: &[u8], field: &str, wall: Millis) -> Option<Vec<u8>> {
    scan::check(record).ok()?;
    let inside = record.strip_suffix(b"}")?;
    let is_empty = inside.iter().skip(1).all(u8::is_ascii_whitespace);
    let mut stamped = inside.to_vec();
    if !is_empty {
        stamped.push(b',');
    }
    Value::String(field.into()).write_json(&mut stamped);
    stamped.push(b':');
    stamped.extend_from_slice(wall.to_string().as_bytes());
    stamped.push(b'}');
    Some(stamped)
}

#[cfg(test)]
mod tests;
