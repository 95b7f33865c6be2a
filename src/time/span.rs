//! Lengths of time as a user types them: exact (`500ms`, `2h30m`) or of the calendar (`1d`, `1w`, `1mo`).
//!
//! A day of the calendar has 23, 24 or 25 hours, `24h` always 24. The two kinds are not mixed in one span.

use std::fmt;
use std::str::FromStr;

/// A length of time as the user typed it. Zero is a span; where zero makes no sense, see [`Span::parse_positive`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Span {
    length: Length,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Length {
    Exact(i64),
    Calendar(u32, CalendarUnit),
}

/// What a calendar counts in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CalendarUnit {
    /// `d`: from midnight to midnight.
    Day,
    /// `w`: seven days, from Monday.
    Week,
    /// `mo`: from the first to the first.
    Month,
}

impl CalendarUnit {
    /// As it is typed.
    pub fn symbol(self) -> &'static str {
        match self {
            CalendarUnit::Day => "d",
            CalendarUnit::Week => "w",
            CalendarUnit::Month => "mo",
        }
    }
}

/// Why a text is no length of time; its `Display` is a sentence that says what to write instead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SpanError(String);

impl fmt::Display for SpanError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for SpanError {}

const SECOND: i64 = 1000;
const MINUTE: i64 = 60 * SECOND;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// So many days, weeks or months can be typed.
const MOST_UNITS: u32 = 240_000;

/// The exact units, largest first, as they are written.
const EXACT_UNITS: [(&str, i64); 4] = [("h", HOUR), ("m", MINUTE), ("s", SECOND), ("ms", 1)];

impl Span {
    /// The longest span, about 20,000 years: any point in time can be reached from any other.
    pub const MAX_MILLIS: i64 = 20_000 * 366 * DAY;

    /// An exact span; lengths beyond ±[`Span::MAX_MILLIS`] are cut to it.
    pub fn from_millis(millis: i64) -> Span {
        Span { length: Length::Exact(millis.clamp(-Span::MAX_MILLIS, Span::MAX_MILLIS)) }
    }

    /// A span to advise that is at least so long, and read at a glance: whole seconds, from an hour on minutes, from two
    /// days on days. `None` if no such span can be typed.
    pub fn advised(millis: i64) -> Option<Span> {
        let up = |unit: i64| (millis + unit - 1).div_euclid(unit);
        if millis < HOUR {
            return Some(Span::from_millis(up(SECOND) * SECOND));
        }
        if millis < 2 * DAY {
            return Some(Span::from_millis(up(MINUTE) * MINUTE));
        }
        let days = u32::try_from(up(DAY)).ok().filter(|&days| days <= MOST_UNITS)?;
        Some(Span { length: Length::Calendar(days, CalendarUnit::Day) })
    }

    /// Reads `500ms`, `1.5s`, `2h30m`, `1d`, `1w`, `1mo`, or `0`.
    ///
    /// # Errors
    ///
    /// A number without a unit, an unknown unit, a negative length, a mixture of calendar and exact units, fractions of
    /// a millisecond or of a calendar unit, and lengths beyond [`Span::MAX_MILLIS`].
    pub fn parse(text: &str) -> Result<Span, SpanError> {
        let span = Span::parse_signed(text)?;
        if matches!(span.length, Length::Exact(..0)) {
            return Err(SpanError(format!("{text:?} is negative; a length of time is not")));
        }
        Ok(span)
    }

    /// Like [`Span::parse`], and zero is refused too.
    ///
    /// # Errors
    ///
    /// Those of [`Span::parse`], and zero.
    pub fn parse_positive(text: &str) -> Result<Span, SpanError> {
        let span = Span::parse(text)?;
        if span.is_zero() {
            return Err(SpanError(format!("{text:?} is no time at all; write a length such as 10s")));
        }
        Ok(span)
    }

    /// Like [`Span::parse`], and an exact span may be negative (`-8h`), as an offset is.
    ///
    /// # Errors
    ///
    /// Those of [`Span::parse`], but for negative exact spans.
    pub fn parse_signed(text: &str) -> Result<Span, SpanError> {
        let (negative, body) = match text.strip_prefix('-') {
            Some(body) => (true, body),
            None => (false, text),
        };
        let length = match (parse_parts(text, body)?, negative) {
            (Length::Exact(millis), true) => Length::Exact(-millis),
            (Length::Calendar(..), true) => {
                return Err(SpanError(format!("{text:?} is negative; days, weeks and months are not")));
            }
            (length, false) => length,
        };
        Ok(Span { length })
    }

    /// The length, if it is exact; `None` for days, weeks and months.
    pub fn millis(&self) -> Option<i64> {
        match self.length {
            Length::Exact(millis) => Some(millis),
            Length::Calendar(..) => None,
        }
    }

    /// The length where no calendar is at hand, as for a delay: a day counts as 24 hours, a week as seven of them;
    /// `None` for months.
    pub fn nominal_millis(&self) -> Option<i64> {
        match self.length {
            Length::Exact(millis) => Some(millis),
            Length::Calendar(n, CalendarUnit::Day) => Some(i64::from(n) * DAY),
            Length::Calendar(n, CalendarUnit::Week) => Some(i64::from(n) * 7 * DAY),
            Length::Calendar(_, CalendarUnit::Month) => None,
        }
    }

    /// How many of which calendar unit; `None` if the length is exact.
    pub fn calendar(&self) -> Option<(u32, CalendarUnit)> {
        match self.length {
            Length::Exact(_) => None,
            Length::Calendar(n, unit) => Some((n, unit)),
        }
    }

    /// No time at all.
    pub fn is_zero(&self) -> bool {
        matches!(self.length, Length::Exact(0) | Length::Calendar(0, _))
    }
}

/// The parts of a span without its sign; `whole` is what the user typed, for messages.
fn parse_parts(whole: &str, body: &str) -> Result<Length, SpanError> {
    if body == "0" {
        return Ok(Length::Exact(0));
    }
    if body.is_empty() {
        return Err(SpanError(format!("{whole:?} is no length of time; write for instance 10s, 15m or 1h")));
    }
    let mut total: i64 = 0;
    let mut calendar = None;
    let mut parts = 0;
    let mut rest = body;
    while !rest.is_empty() {
        let (number, after) =
            rest.split_at(rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len()));
        let (unit, after) = after.split_at(after.find(|c: char| !c.is_alphabetic()).unwrap_or(after.len()));
        let error = |why: String| SpanError(format!("{whole:?} {why}"));
        if number.is_empty() {
            return Err(error("is no length of time; write for instance 10s, 15m or 1h".into()));
        }
        if unit.is_empty() {
            return Err(error(format!("has no unit; write {number}s, {number}m or {number}h")));
        }
        let too_long = || error("is longer than 20000 years".into());
        if let Some(&(_, factor)) = EXACT_UNITS.iter().find(|(symbol, _)| *symbol == unit) {
            let millis = times(number, factor).map_err(|overflow| {
                if overflow { too_long() } else { error("is no whole number of milliseconds".into()) }
            })?;
            total =
                total.checked_add(millis).filter(|&total| total <= Span::MAX_MILLIS).ok_or_else(too_long)?;
        } else {
            let unit = match unit {
                "d" => CalendarUnit::Day,
                "w" => CalendarUnit::Week,
                "mo" => CalendarUnit::Month,
                _ => return Err(error(unknown_unit(number, unit))),
            };
            let n = number.parse::<u32>().map_err(|_| {
                error(format!("has {number} of a calendar unit; write a whole number, or hours"))
            })?;
            if n > MOST_UNITS {
                return Err(too_long());
            }
            calendar = Some((n, unit));
        }
        parts += 1;
        rest = after;
    }
    match calendar {
        None => Ok(Length::Exact(total)),
        Some((n, unit)) if parts == 1 => Ok(Length::Calendar(n, unit)),
        Some(_) => Err(SpanError(format!(
            "{whole:?} mixes days, weeks or months with other units; write hours (36h) for an exact length"
        ))),
    }
}

fn unknown_unit(number: &str, unit: &str) -> String {
    let hint = match unit {
        "sec" | "secs" | "second" | "seconds" | "S" => format!("write {number}s"),
        "min" | "mins" | "minute" | "minutes" => format!("write {number}m"),
        "hr" | "hrs" | "hour" | "hours" | "H" => format!("write {number}h"),
        "day" | "days" | "D" => format!("write {number}d"),
        "week" | "weeks" | "W" => format!("write {number}w"),
        "month" | "months" | "M" => format!("write {number}mo"),
        _ => "the units are ms, s, m, h, d, w and mo".to_owned(),
    };
    format!("has the unknown unit {unit:?}; {hint}")
}

/// A decimal number (`1.5`) times a factor, if that is whole. The error says whether the number is too large.
fn times(number: &str, factor: i64) -> Result<i64, bool> {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    if whole.is_empty() || (fraction.is_empty() && number.contains('.')) || fraction.contains('.') {
        return Err(false);
    }
    let fraction = fraction.trim_end_matches('0');
    if fraction.len() > 9 {
        return Err(false);
    }
    let divisor = 10_i64.pow(fraction.len() as u32);
    let part = match fraction {
        "" => 0,
        digits => digits.parse::<i64>().map_err(|_| false)? * factor,
    };
    if part % divisor != 0 {
        return Err(false);
    }
    whole
        .parse::<i64>()
        .ok()
        .and_then(|whole| whole.checked_mul(factor)?.checked_add(part / divisor))
        .ok_or(true)
}

impl FromStr for Span {
    type Err = SpanError;

    fn from_str(text: &str) -> Result<Span, SpanError> {
        Span::parse(text)
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.length {
            Length::Calendar(n, unit) => write!(f, "{n}{}", unit.symbol()),
            Length::Exact(0) => f.write_str("0s"),
            Length::Exact(millis) => {
                if millis < 0 {
                    f.write_str("-")?;
                }
                let mut rest = millis.abs();
                for (symbol, factor) in EXACT_UNITS {
                    if rest >= factor {
                        write!(f, "{}{symbol}", rest / factor)?;
                        rest %= factor;
                    }
                }
                Ok(())
            }
        }
    }
}
