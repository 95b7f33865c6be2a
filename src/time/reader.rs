//! Reads points in time out of records: numbers and strings of the common shapes, or of the user's format.

use super::civil::{Reading, read_rfc3339, read_twitter};
use super::{Millis, TimeError, Unit, epoch};
use jiff::fmt::strtime::BrokenDownTime;
use jiff::tz::TimeZone;
use jiff::{Timestamp, civil};
use std::fmt;
use std::sync::Arc;

/// Reads points in time, as `--time-unit` and `--time-format` say; by default by their shape and magnitude.
#[derive(Clone, Debug, Default)]
pub struct TimeReader {
    shape: Shape,
}

#[derive(Clone, Debug, Default)]
enum Shape {
    #[default]
    Auto,
    Unit(Unit),
    Format(Arc<str>),
}

impl fmt::Display for TimeReader {
    /// How times are written, for comparison with another reader.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.shape {
            Shape::Auto => f.write_str("by shape and size"),
            Shape::Unit(unit) => write!(f, "numbers in {unit}"),
            Shape::Format(format) => f.write_str(format),
        }
    }
}

impl TimeReader {
    /// Reads whatever has a known shape; the unit of a number follows from its magnitude.
    pub fn auto() -> TimeReader {
        TimeReader::default()
    }

    /// Reads numbers in one unit, whatever their magnitude; strings that are no numbers as [`TimeReader::auto`] does.
    pub fn with_unit(unit: Unit) -> TimeReader {
        TimeReader { shape: Shape::Unit(unit) }
    }

    /// Reads strings of one format, in the directives of `strptime` as jiff has them. Without an offset or a time zone
    /// in the text, it is UTC.
    ///
    /// # Errors
    ///
    /// A format that cannot be read back, or that does not fix a day, is refused here, not at the first record.
    pub fn with_format(format: &str) -> Result<TimeReader, TimeError> {
        let sample = BrokenDownTime::from(&Timestamp::UNIX_EPOCH.to_zoned(TimeZone::UTC));
        let refuse = |why: String| {
            TimeError::Format(format!(
                "the time format {format:?} cannot be used: {why}; an example that can is '%Y-%m-%d %H:%M:%S'"
            ))
        };
        let written = sample.to_string(format).map_err(|error| refuse(error.to_string()))?;
        read_format(format, &written).map_err(|error| refuse(error.to_string()))?;
        Ok(TimeReader { shape: Shape::Format(format.into()) })
    }

    /// The format that it was told.
    pub(super) fn format(&self) -> Option<&str> {
        match &self.shape {
            Shape::Format(format) => Some(format),
            _ => None,
        }
    }

    /// The unit that it was told.
    pub(super) fn unit(&self) -> Option<Unit> {
        match self.shape {
            Shape::Unit(unit) => Some(unit),
            _ => None,
        }
    }

    /// What it was told, to be compared: nothing, a unit, or a format.
    pub fn setting(&self) -> Option<String> {
        match &self.shape {
            Shape::Auto => None,
            Shape::Unit(unit) => Some(format!("{unit:?}").to_lowercase()),
            Shape::Format(format) => Some(format.to_string()),
        }
    }

    /// Reads the literal text of a JSON number: `1520690595660`, `1.5e9`, `1542024000.25`. Absolute values below 1e11
    /// are seconds, below 1e14 milliseconds, below 1e17 microseconds, others nanoseconds.
    ///
    /// # Errors
    ///
    /// What is no number, and what lies outside the years -9999 to 9999.
    pub fn number(&self, literal: &str) -> Result<Millis, TimeError> {
        match &self.shape {
            Shape::Auto => epoch::read(literal, None),
            Shape::Unit(unit) => epoch::read(literal, Some(*unit)),
            Shape::Format(format) => Some(read_with(format, literal)),
        }
        .unwrap_or_else(|| Err(TimeError::unreadable(literal)))
    }

    /// Reads a decoded string: RFC 3339 (`T` or a blank, a fraction of any length, `Z`, an offset, or nothing, which
    /// means UTC), Twitter's `Sun Aug 31 00:29:15 +0000 2014`, or a number as [`TimeReader::number`] reads it. A leap
    /// second counts as the second before it.
    ///
    /// # Errors
    ///
    /// What has no such shape, days and hours that do not exist, and what lies outside the years -9999 to 9999.
    pub fn string(&self, text: &str) -> Result<Millis, TimeError> {
        if let Shape::Format(format) = &self.shape {
            return read_with(format, text);
        }
        let reading = match text.as_bytes().get(4) {
            Some(b'-') => read_rfc3339(text.as_bytes()),
            _ => read_twitter(text.as_bytes()),
        };
        match reading {
            Reading::At(at) => Ok(at),
            Reading::NoSuchTime => Err(TimeError::no_such_time(text)),
            Reading::OutOfRange => Err(TimeError::out_of_range(text)),
            Reading::Other => self.rare_string(text),
        }
    }

    /// The time that a value says as it stands in a record, well formed and in UTF-8: a string without escapes, or digits. `None` if
    /// it is anything else, or no time: then the other ways tell.
    pub fn plain(&self, json: &[u8]) -> Option<Millis> {
        match json {
            [b'"', text @ .., b'"'] if !text.contains(&b'\\') => {
                self.string(std::str::from_utf8(text).ok()?).ok()
            }
            [b'1'..=b'9', ..] if json.iter().all(u8::is_ascii_digit) => {
                self.number(std::str::from_utf8(json).ok()?).ok()
            }
            _ => None,
        }
    }

    /// Numbers in strings, blanks around, and the rarer spellings of ISO 8601.
    #[cold]
    fn rare_string(&self, text: &str) -> Result<Millis, TimeError> {
        let trimmed = text.trim_matches([' ', '\t', '\r', '\n']);
        if trimmed.len() != text.len() {
            return self.string(trimmed);
        }
        let unit = match self.shape {
            Shape::Unit(unit) => Some(unit),
            _ => None,
        };
        if let Some(read) = epoch::read(text, unit) {
            return read;
        }
        if let Ok(timestamp) = text.parse::<Timestamp>() {
            return Ok(floor(timestamp));
        }
        text.parse::<civil::DateTime>()
            .and_then(|datetime| TimeZone::UTC.to_timestamp(datetime))
            .map(floor)
            .map_err(|_| TimeError::unreadable(text))
    }
}

fn read_with(format: &str, text: &str) -> Result<Millis, TimeError> {
    read_format(format, text).map_err(|_| TimeError::unreadable(text))
}

fn read_format(format: &str, text: &str) -> Result<Millis, jiff::Error> {
    let parsed = BrokenDownTime::parse(format, text)?;
    if parsed.timestamp().is_some() || parsed.offset().is_some() {
        return parsed.to_timestamp().map(floor);
    }
    if parsed.iana_time_zone().is_some() {
        return parsed.to_zoned().map(|zoned| floor(zoned.timestamp()));
    }
    TimeZone::UTC.to_timestamp(parsed.to_datetime()?).map(floor)
}

/// jiff's own milliseconds are cut towards 1970; ours are floored.
fn floor(timestamp: Timestamp) -> Millis {
    timestamp.as_nanosecond().div_euclid(1_000_000) as Millis
}
