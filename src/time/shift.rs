//! A point in time written again some seconds later, in the notation that it had.
//!
//! Whole seconds only: so the digits behind the second, the offset, and whatever else the text has stay as they are. What is
//! written is read back; where that does not give the time that was meant (another unit by its size, a notation without
//! seconds), there is no answer.

use jiff::fmt::strtime::BrokenDownTime;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan, Zoned, civil};

use super::reader::TimeReader;
use super::{Unit, epoch};

impl TimeReader {
    /// The literal text of a JSON number, so many seconds later.
    pub fn later_number(&self, literal: &str, seconds: i64) -> Option<String> {
        if let Some(format) = self.format() {
            let later = self.later_by_format(format, literal, seconds)?;
            return later.bytes().all(|byte| byte.is_ascii_digit()).then_some(later);
        }
        let later = later_number(literal, self.unit(), seconds)?;
        let meant = self.number(literal).ok()?.checked_add(seconds.checked_mul(1000)?)?;
        (self.number(&later).ok()? == meant).then_some(later)
    }

    /// A decoded string, so many seconds later.
    pub fn later_string(&self, text: &str, seconds: i64) -> Option<String> {
        if let Some(format) = self.format() {
            return self.later_by_format(format, text, seconds);
        }
        let later = match text.as_bytes().get(4) {
            Some(b'-') => later_rfc3339(text, seconds),
            _ => later_twitter(text, seconds).or_else(|| later_number(text, self.unit(), seconds)),
        }?;
        let meant = self.string(text).ok()?.checked_add(seconds.checked_mul(1000)?)?;
        (self.string(&later).ok()? == meant).then_some(later)
    }

    /// The format may have less than seconds: then it is as near as it can be.
    fn later_by_format(&self, format: &str, text: &str, seconds: i64) -> Option<String> {
        let parsed = BrokenDownTime::parse(format, text).ok()?;
        let zone = match (parsed.iana_time_zone(), parsed.offset()) {
            (Some(_), _) => parsed.to_zoned().ok()?.time_zone().clone(),
            (None, Some(offset)) => TimeZone::fixed(offset),
            (None, None) => TimeZone::UTC,
        };
        let then = Timestamp::from_millisecond(self.string(text).ok()?).ok()?;
        let later = then.checked_add(seconds.seconds()).ok()?;
        let written = BrokenDownTime::from(&later.to_zoned(zone)).to_string(format).ok()?;
        self.string(&written).ok()?;
        Some(written)
    }
}

/// Digits, perhaps a sign and a fraction: the whole number grows, the fraction stays.
fn later_number(text: &str, unit: Option<Unit>, seconds: i64) -> Option<String> {
    let unit = epoch::unit_of(text, unit)?;
    let (whole, fraction) = text.split_at(text.find('.').unwrap_or(text.len()));
    let is_plain = |digits: &str| digits.bytes().all(|byte| byte.is_ascii_digit());
    if !is_plain(whole.strip_prefix('-').unwrap_or(whole)) || !is_plain(fraction.get(1..).unwrap_or("")) {
        return None;
    }
    let before: i128 = whole.parse().ok()?;
    let later = before.checked_add(i128::from(seconds) * unit.per_second())?;
    // A fraction counts towards the sign.
    let is_same_side = fraction.is_empty() || (later < 0) == whole.starts_with('-');
    is_same_side.then(|| format!("{later}{fraction}"))
}

/// Date and clock grow; what is behind the seconds stays.
fn later_rfc3339(text: &str, seconds: i64) -> Option<String> {
    const CLOCK: usize = 19;
    let (clock, rest) = text.split_at_checked(CLOCK)?;
    let (date, time) = (clock.get(..10)?, clock.get(11..)?);
    let then: civil::DateTime = format!("{date}T{time}").parse().ok()?;
    let later = then.checked_add(seconds.seconds()).ok()?;
    let separator = clock.get(10..11)?;
    Some(format!("{}{rest}", later.strftime(&format!("%Y-%m-%d{separator}%H:%M:%S"))))
}

fn later_twitter(text: &str, seconds: i64) -> Option<String> {
    const FORM: &str = "%a %b %d %H:%M:%S %z %Y";
    let then: Zoned = {
        let parsed = BrokenDownTime::parse(FORM, text).ok()?;
        parsed.to_timestamp().ok()?.to_zoned(TimeZone::fixed(parsed.offset()?))
    };
    let later = then.checked_add(seconds.seconds()).ok()?;
    BrokenDownTime::from(&later).to_string(FORM).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn string(text: &str, seconds: i64) -> Option<String> {
        TimeReader::auto().later_string(text, seconds)
    }

    #[test]
    fn each_notation_stays_what_it_is() {
        for (text, later) in [
            ("2018-11-12T19:59:59Z", "2018-11-12T20:00:00Z"),
            ("2018-12-31 23:59:59.000000123+05:30", "2019-01-01 00:00:00.000000123+05:30"),
            ("2018-11-12t19:00:00", "2018-11-12t19:00:01"),
            ("Sun Aug 31 23:59:59 +0000 2014", "Mon Sep 01 00:00:00 +0000 2014"),
            ("Wed Dec 31 23:59:59 -0130 2014", "Thu Jan 01 00:00:00 -0130 2015"),
            ("1542049200", "1542049201"),
            ("1542049200123", "1542049201123"),
        ] {
            assert_eq!(string(text, 1).as_deref(), Some(later), "{text}");
            assert_eq!(string(later, -1).as_deref(), Some(text), "{later}");
        }
        for (number, later) in [
            ("1542049200", "1542049201"),
            ("1542049200.2500", "1542049201.2500"),
            ("1542049200123", "1542049201123"),
            ("1542049200123456", "1542049201123456"),
            ("1542049200123456789", "1542049201123456789"),
            ("0", "1"),
        ] {
            assert_eq!(TimeReader::auto().later_number(number, 1).as_deref(), Some(later));
        }
    }

    #[test]
    fn what_would_not_be_read_as_meant_is_left() {
        for text in [
            "soon",
            "",
            "2018-11-12",
            "2018-11-12T19:00Z",
            "1e9",
            "9999-12-30T21:59:59Z",
            "2018-13-01T00:00:00Z",
        ] {
            assert_eq!(string(text, 5), None, "{text}");
        }
        // As milliseconds it would be another time.
        assert_eq!(TimeReader::auto().later_number("99999999999", 1), None);
        assert_eq!(TimeReader::auto().later_number("-0.5", 1), None);
        assert_eq!(TimeReader::auto().later_number(&i128::MAX.to_string(), 1), None);
        assert_eq!(
            TimeReader::with_unit(Unit::Seconds).later_number("99999999999", 1).as_deref(),
            Some("100000000000")
        );
    }

    #[test]
    fn formats_are_written_as_they_were_read() {
        let log = TimeReader::with_format("%d/%b/%Y:%H:%M:%S %z").unwrap();
        let later = log.later_string("12/Nov/2018:23:59:30 +0100", 60);
        assert_eq!(later.as_deref(), Some("13/Nov/2018:00:00:30 +0100"));
        let day = TimeReader::with_format("%Y-%m-%d").unwrap();
        assert_eq!(day.later_string("2018-12-31", 86_400 + 3).as_deref(), Some("2019-01-01"));
        let number = TimeReader::with_format("%Y%m%d").unwrap();
        assert_eq!(number.later_number("20181231", 86_400).as_deref(), Some("20190101"));
    }

    proptest! {
        #[test]
        fn it_is_read_back_as_so_much_later(
            second in -30_000_000_000_i64..30_000_000_000,
            nanos in 0..1_000_000_000_i32,
            digits in 0..10_usize,
            seconds in -40_000_000_000_i64..40_000_000_000,
            offset in -14..=14_i32,
        ) {
            let then = Timestamp::new(second, 0).unwrap().to_zoned(TimeZone::fixed(jiff::tz::Offset::from_hours(offset as i8).unwrap()));
            let fraction = &format!(".{nanos:09}")[..if digits == 0 { 0 } else { digits + 1 }];
            let text = format!("{}{fraction}{}", then.strftime("%Y-%m-%dT%H:%M:%S"), then.strftime("%:z"));
            let reader = TimeReader::auto();
            if let Some(later) = reader.later_string(&text, seconds) {
                prop_assert_eq!(reader.string(&later).unwrap(), reader.string(&text).unwrap() + 1000 * seconds);
                prop_assert_eq!(&later[later.len() - fraction.len() - 6..], &text[text.len() - fraction.len() - 6..]);
                prop_assert_eq!(reader.later_string(&later, -seconds), Some(text));
            } else {
                // Only years of other than four digits have no notation.
                let year = (second + seconds + 3600 * i64::from(offset)).div_euclid(31_556_952) + 1970;
                let before = (second + 3600 * i64::from(offset)).div_euclid(31_556_952) + 1970;
                prop_assert!(!(1..9998).contains(&year) || !(1..9998).contains(&before), "{text} {seconds}");
            }
        }
    }
}
