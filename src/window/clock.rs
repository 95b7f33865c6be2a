//! The stream's clock: the largest event time, the watermark behind it, and the records too far ahead to be believed.
//!
//! A record more than `max_future` ahead of the largest event time is held. Three records in a row of which each is
//! within `max_future` of the others are believed, in their order: a recording that was interrupted goes on. A record
//! that is not far ahead breaks the row, and so does the end of input; what is held then is set aside. So one record from
//! 2099 costs nothing but itself, wherever it stands, and so do many that come between sound ones.

use super::cell::Value;
use super::names::OwnedNames;
use super::settings::{Settings, Watermark};
use super::sources::Sources;
use crate::row::Number;
use crate::time::Millis;

mod snapshot;

/// Before the first record, the largest event time and the watermark are this.
pub(super) const NEVER: Millis = Millis::MIN;

/// So many records in a row bear each other out.
const WITNESSES: usize = 3;

pub(super) struct Clock {
    /// The largest event time.
    pub max: Millis,
    /// No record belongs to a window that ends here or before, unless it is late.
    pub watermark: Millis,
    /// The time that the watermark is behind: the largest event time, or where sources are told apart, the smallest of
    /// theirs; never back.
    pub base: Millis,
    /// No record behind this is ever believed.
    pub believed_until: Millis,
    sources: Option<Sources>,
    delay: Option<i64>,
    lateness: i64,
    max_future: Option<i64>,
    held: Vec<Held>,
}

/// A record that waits to be believed.
pub(super) struct Held {
    /// Its number, from 0.
    pub record: u64,
    pub source: Box<[u8]>,
    pub time: Millis,
    pub names: OwnedNames,
    pub values: Vec<OwnedValue>,
}

/// A [`Value`] that is kept.
pub(super) enum OwnedValue {
    None,
    Number(Number),
    Bytes(Box<[u8]>),
}

impl OwnedValue {
    pub fn new(value: &Value<'_>) -> OwnedValue {
        match *value {
            Value::None => OwnedValue::None,
            Value::Number(number) => OwnedValue::Number(number),
            Value::Bytes(bytes) => OwnedValue::Bytes(bytes.into()),
        }
    }

    pub fn borrow(&self) -> Value<'_> {
        match self {
            OwnedValue::None => Value::None,
            OwnedValue::Number(number) => Value::Number(*number),
            OwnedValue::Bytes(bytes) => Value::Bytes(bytes),
        }
    }
}

impl Clock {
    pub fn new(settings: &Settings) -> Clock {
        Clock {
            max: NEVER,
            watermark: NEVER,
            base: NEVER,
            believed_until: Millis::MAX,
            sources: settings.watermark_by.then(Sources::new),
            delay: match settings.watermark {
                Watermark::Delay(delay) => Some(delay),
                Watermark::Max => None,
            },
            lateness: settings.allowed_lateness,
            max_future: settings.max_future,
            held: Vec::new(),
        }
    }

    /// Is a record too far ahead to be believed alone? The first one never is.
    #[inline]
    pub fn is_far(&self, time: Millis) -> bool {
        match self.max_future {
            Some(future) => self.max != NEVER && time > self.max + future,
            None => false,
        }
    }

    /// The base of the watermark once a record is seen.
    #[inline]
    pub fn base_with(&mut self, source: &[u8], time: Millis) -> Millis {
        match &mut self.sources {
            None => self.base.max(time),
            Some(sources) => {
                sources.see(source, time);
                self.base.max(sources.earliest().unwrap_or(NEVER))
            }
        }
    }

    /// The base of the watermark without a source; if it was the last, nothing moves.
    pub fn base_without(&mut self, source: &[u8]) -> Millis {
        let Some(sources) = &mut self.sources else { return self.base };
        sources.forget(source);
        self.base.max(sources.earliest().unwrap_or(NEVER))
    }

    pub fn each_source(&self, take: impl FnMut(&[u8])) {
        self.sources.iter().flat_map(Sources::names).for_each(take);
    }

    /// How many sources hold the watermark back, where they are told apart.
    pub fn sources(&self) -> Option<usize> {
        self.sources.as_ref().map(Sources::count)
    }

    /// The watermark behind a base.
    pub fn watermark_at(&self, base: Millis) -> Millis {
        match self.delay {
            Some(delay) if base != NEVER => base - delay,
            _ => NEVER,
        }
    }

    /// Windows that end here or before take no more records: the watermark less the allowed lateness.
    #[inline]
    pub fn horizon(&self) -> Millis {
        self.horizon_of(self.watermark)
    }

    /// The horizon of a watermark.
    #[inline]
    pub fn horizon_of(&self, watermark: Millis) -> Millis {
        if watermark == NEVER { NEVER } else { watermark - self.lateness }
    }

    /// The last base up to a time whose watermark is a multiple of a grain.
    pub fn floor(&self, time: Millis, grain: i64) -> Millis {
        let delay = self.delay.unwrap_or(0);
        if time == NEVER { NEVER } else { (time - delay).div_euclid(grain) * grain + delay }
    }

    /// The watermark by which the end of input judges what is unfinished. With `--watermark max` nothing was late, so a
    /// window is unfinished only if it reaches beyond the largest event time.
    pub fn final_watermark(&self) -> Millis {
        if self.delay.is_some() { self.watermark } else { self.max }
    }

    #[inline]
    pub fn holds_any(&self) -> bool {
        !self.held.is_empty()
    }

    /// All that is held; nothing is held any more.
    pub fn take_held(&mut self) -> Vec<Held> {
        std::mem::take(&mut self.held)
    }

    /// Takes out the records that a further one at `time` does not bear out: the last that are within reach of it, and
    /// in a row, stay.
    pub fn take_strangers(&mut self, time: Millis) -> Vec<Held> {
        let reach = self.max_future.unwrap_or(i64::MAX);
        let near = self
            .held
            .iter()
            .rev()
            .take_while(|held| held.time.abs_diff(time) <= reach.unsigned_abs())
            .count();
        self.held.drain(..self.held.len() - near).collect()
    }

    /// Would one more record be enough to believe those that are held?
    pub fn is_one_short(&self) -> bool {
        self.held.len() + 1 >= WITNESSES
    }

    pub fn hold(&mut self, held: Held) {
        self.held.push(held);
    }
}
