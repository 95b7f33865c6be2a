//! Time ranges as people read them: `2018-11-12 19:00:00 – 19:00:20 UTC`.
//!
//! The date stands once where both ends share it, whole days stand without a clock, and both ends have the same
//! precision: seconds, milliseconds where there are any, and only minutes for windows of whole hours.

use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};

use super::{Millis, rfc3339};

const SECOND: Millis = 1_000;
const MINUTE: Millis = 60 * SECOND;
const HOUR: Millis = 60 * MINUTE;
const DAY: Millis = 24 * HOUR;

/// A half-open range of time, for show.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RangeText {
    /// The day of the start: `2018-11-12`.
    pub date: String,
    /// The start's clock; its date where the range goes beyond a day; both where needed.
    pub start: String,
    /// As `start`.
    pub end: String,
    /// All of it, with date and zone.
    pub whole: String,
    /// `20 s`, `1 min 30 s`, `1 d`.
    pub length: String,
}

impl RangeText {
    /// The range from `start` to before `end`, in a zone's local time.
    pub fn new(start: Millis, end: Millis, zone: &TimeZone) -> RangeText {
        let length = length(end.saturating_sub(start));
        let (Some(from), Some(to)) = (local(start, zone), local(end, zone)) else {
            return RangeText::beyond_calendars(start, end, length);
        };
        let zone = zone.iana_name().map_or_else(|| from.strftime("%Z").to_string(), str::to_owned);
        let date = day(&from);
        if is_midnight(&from) && is_midnight(&to) && from < to {
            // The last day is part of the range, midnight after it is not.
            let last = day(&to.yesterday().unwrap_or_else(|_| to.clone()));
            let whole =
                if last == date { format!("{date} {zone}") } else { format!("{date} – {last} {zone}") };
            return RangeText { start: date.clone(), end: last, date, whole, length };
        }
        let precision = Precision::of(&[&from, &to], end.saturating_sub(start));
        let (mut first, mut last) = (precision.clock(&from), precision.clock(&to));
        let whole = if date == day(&to) {
            format!("{date} {first} – {last} {zone}")
        } else {
            (first, last) = (format!("{date} {first}"), format!("{} {last}", day(&to)));
            format!("{first} – {last} {zone}")
        };
        RangeText { date, start: first, end: last, whole, length }
    }

    /// The range of a running total, from its first record to its last: to the second, which is as much as people want to
    /// know of a range that grows.
    pub fn so_far(start: Millis, end: Millis, zone: &TimeZone) -> RangeText {
        // The end is just after the last record.
        let floor = |at: Millis| at - at.rem_euclid(SECOND);
        let start = floor(start);
        RangeText::new(start, floor(end.saturating_sub(1)).max(start), zone)
    }

    fn beyond_calendars(start: Millis, end: Millis, length: String) -> RangeText {
        let (start, end) = (rfc3339(start), rfc3339(end));
        RangeText { date: start.clone(), whole: format!("{start} – {end}"), start, end, length }
    }
}

/// How finely both ends of a range are written.
#[derive(Clone, Copy)]
enum Precision {
    Minutes,
    Seconds,
    Millis,
}

impl Precision {
    fn of(ends: &[&Zoned], length: Millis) -> Precision {
        if ends.iter().any(|end| end.subsec_nanosecond() != 0) {
            Precision::Millis
        } else if length % HOUR == 0 && ends.iter().all(|end| end.second() == 0) {
            Precision::Minutes
        } else {
            Precision::Seconds
        }
    }

    fn clock(self, at: &Zoned) -> String {
        let (hour, minute, second) = (at.hour(), at.minute(), at.second());
        match self {
            Precision::Minutes => format!("{hour:02}:{minute:02}"),
            Precision::Seconds => format!("{hour:02}:{minute:02}:{second:02}"),
            Precision::Millis => {
                format!("{hour:02}:{minute:02}:{second:02}.{:03}", at.subsec_nanosecond() / 1_000_000)
            }
        }
    }
}

fn local(at: Millis, zone: &TimeZone) -> Option<Zoned> {
    Timestamp::from_millisecond(at).ok().map(|at| at.to_zoned(zone.clone()))
}

fn day(at: &Zoned) -> String {
    at.date().to_string()
}

fn is_midnight(at: &Zoned) -> bool {
    at.time() == jiff::civil::Time::midnight()
}

/// A span of time in at most two units.
fn length(millis: Millis) -> String {
    let units = [(DAY, "d"), (HOUR, "h"), (MINUTE, "min"), (SECOND, "s"), (1, "ms")];
    let Some(first) = units.iter().position(|(unit, _)| millis >= *unit) else {
        return "0 s".to_owned();
    };
    let (unit, name) = units[first];
    let (whole, rest) = (millis / unit, millis % unit);
    match units.get(first + 1) {
        Some((next, next_name)) if rest >= *next => format!("{whole} {name} {} {next_name}", rest / next),
        _ => format!("{whole} {name}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EVENING: Millis = 1_542_049_200_000; // 2018-11-12T19:00:00Z

    fn utc(start: Millis, end: Millis) -> RangeText {
        RangeText::new(start, end, &TimeZone::UTC)
    }

    #[test]
    fn the_date_stands_once() {
        let range = utc(EVENING, EVENING + 20 * SECOND);
        assert_eq!(range.whole, "2018-11-12 19:00:00 – 19:00:20 UTC");
        assert_eq!((&range.start[..], &range.end[..], &range.length[..]), ("19:00:00", "19:00:20", "20 s"));
    }

    #[test]
    fn both_ends_have_one_precision() {
        assert_eq!(utc(EVENING, EVENING + HOUR).whole, "2018-11-12 19:00 – 20:00 UTC");
        assert_eq!(utc(EVENING, EVENING + MINUTE).whole, "2018-11-12 19:00:00 – 19:01:00 UTC");
        assert_eq!(utc(EVENING, EVENING + 1_501).whole, "2018-11-12 19:00:00.000 – 19:00:01.501 UTC");
        assert_eq!(
            utc(EVENING, EVENING + 6 * HOUR).whole,
            "2018-11-12 19:00 – 2018-11-13 01:00 UTC",
            "an end on another day has its date"
        );
    }

    #[test]
    fn a_running_total_ends_with_its_last_record() {
        let range = RangeText::so_far(EVENING + 345, EVENING + 41_502, &TimeZone::UTC);
        assert_eq!(range.whole, "2018-11-12 19:00:00 – 19:00:41 UTC");
        assert_eq!(RangeText::so_far(EVENING + 999, EVENING + 1_000, &TimeZone::UTC).length, "0 s");
    }

    #[test]
    fn whole_days_need_no_clock() {
        let midnight = EVENING - 19 * HOUR;
        assert_eq!(utc(midnight, midnight + DAY).whole, "2018-11-12 UTC");
        assert_eq!(utc(midnight, midnight + 7 * DAY).whole, "2018-11-12 – 2018-11-18 UTC");
    }

    #[test]
    fn lengths_have_two_units_at_most() {
        for (millis, text) in [
            (90_000, "1 min 30 s"),
            (DAY, "1 d"),
            (DAY + 1, "1 d"),
            (20, "20 ms"),
            (0, "0 s"),
            (1_501, "1 s 501 ms"),
        ] {
            assert_eq!(length(millis), text);
        }
    }

    #[test]
    fn times_beyond_the_calendar_are_still_shown() {
        assert!(utc(Millis::MIN + 1, Millis::MAX).whole.contains(" – "));
    }
}
