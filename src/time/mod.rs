//! Points and lengths of time: read from records and from the command line, written into rows.
//!
//! A point in time is one number, [`Millis`]: milliseconds since 1970-01-01T00:00:00Z, floored, before 1970 too. All
//! points lie between [`MIN`] and [`MAX`], the years -9999 to 9999, and all lengths below [`Span::MAX_MILLIS`], so that
//! sums of a few of them never overflow. Reading is a pure function of the text: no clock, no locale, no environment.
//!
//! The common shapes (RFC 3339, Twitter's `created_at`, whole numbers) are read and written by hand, since every record
//! pays for it; the rest is left to `jiff`, which is also what the tests compare with.

mod calendar;
mod civil;
mod epoch;
mod range;
mod reader;
mod shift;
mod span;

pub use calendar::{Calendar, local_time, time_zone, zone_name};
pub(crate) use civil::MILLIS_PER_DAY;
pub use civil::{rfc3339, write_rfc3339};
pub use epoch::Unit;
pub use range::RangeText;
pub use reader::TimeReader;
pub use span::{CalendarUnit, Span, SpanError};

use std::fmt;

use crate::brief::brief;

/// Milliseconds since 1970-01-01T00:00:00Z, floored, before 1970 too.
pub type Millis = i64;

/// The earliest point in time that is accepted: early on -9999-01-02, as in jiff.
pub const MIN: Millis = -377_705_023_201_000;

/// The last point in time that is accepted: late on 9999-12-30, as in jiff.
pub const MAX: Millis = 253_402_207_200_999;

/// Why a text is no point in time. Its `Display` is a sentence without the name of the field, which the caller knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TimeError {
    /// The text has none of the known shapes, or not the shape of the given format.
    Unreadable(String),
    /// The shape is right, but there is no such day or hour.
    NoSuchTime(String),
    /// A point in time before [`MIN`] or after [`MAX`].
    OutOfRange(String),
    /// The format given by the user cannot be used.
    Format(String),
}

impl TimeError {
    fn unreadable(text: &str) -> TimeError {
        TimeError::Unreadable(shorten(text))
    }

    fn no_such_time(text: &str) -> TimeError {
        TimeError::NoSuchTime(shorten(text))
    }

    fn out_of_range(text: &str) -> TimeError {
        TimeError::OutOfRange(shorten(text))
    }
}

impl fmt::Display for TimeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            TimeError::Unreadable(text) => {
                write!(f, "{text:?} is not a timestamp that can be read; see --time-format and --time-unit")
            }
            TimeError::NoSuchTime(text) => write!(f, "{text:?} names a day or hour that does not exist"),
            TimeError::OutOfRange(text) => {
                write!(f, "{text:?} lies outside the years -9999 to 9999; is --time-unit right?")
            }
            TimeError::Format(text) => f.write_str(text),
        }
    }
}

impl std::error::Error for TimeError {}

/// The start of a text, short enough for a message.
fn shorten(text: &str) -> String {
    brief(text, 60).into_owned()
}

#[cfg(test)]
mod tests;
