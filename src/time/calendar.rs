//! Days, weeks and months of a time zone, as numbers.
//!
//! Day 0 is 1970-01-01, month 0 is 1970-01, week 0 began on Monday, 1969-12-29. A day begins at the first instant of its date: at midnight, or where the
//! clock jumps over midnight, at the jump; where midnight comes twice, at the first. So days have 23, 24 or 25 hours, now
//! and then none at all, and follow one another without gap or overlap.

use super::civil::{MILLIS_PER_DAY, date_of, days_of};
use super::{CalendarUnit, MAX, MIN, Millis, TimeError, TimeReader};
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::fmt::temporal::DateTimePrinter;
use jiff::tz::{AmbiguousOffset, TimeZone, TimeZoneDatabase};
use std::sync::LazyLock;

/// The zones that are compiled in: those of the machine may be older, and the same input would give other days.
static ZONES: LazyLock<TimeZoneDatabase> = LazyLock::new(TimeZoneDatabase::bundled);

/// The time zone of a name (`Europe/Paris`, `UTC`) or of a POSIX rule (`CET-1CEST,M3.5.0,M10.5.0/3`).
///
/// # Errors
///
/// A name that the time zone database does not have.
pub fn time_zone(name: &str) -> Result<TimeZone, TimeError> {
    ZONES.get(name).or_else(|_| TimeZone::posix(name)).map_err(|_| {
        TimeError::Format(format!("there is no time zone {name:?}: write one such as Europe/Paris"))
    })
}

/// As [`time_zone`] reads it.
pub fn zone_name(zone: &TimeZone) -> String {
    DateTimePrinter::new().time_zone_to_string(zone).unwrap_or_else(|_| "an unknown zone".into())
}

/// A point in time as a person types it: where it says no offset, by the clock of the zone; a date is its midnight.
///
/// # Errors
///
/// What is no time.
pub fn local_time(text: &str, zone: &TimeZone) -> Result<Millis, TimeError> {
    // jiff reads a local time out of one with an offset, too.
    match text.parse::<DateTime>() {
        Ok(local) if text.parse::<Timestamp>().is_err() => {
            let at = zone.to_timestamp(local).map_err(|_| TimeError::out_of_range(text))?;
            Ok(at.as_millisecond())
        }
        _ => TimeReader::auto().string(text),
    }
}

/// The days, weeks or months of a time zone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Calendar {
    unit: CalendarUnit,
    zone: TimeZone,
}

impl Calendar {
    /// The days, weeks or months of a time zone.
    pub fn new(unit: CalendarUnit, zone: TimeZone) -> Calendar {
        Calendar { unit, zone }
    }

    /// The number of the day, week or month that a point in time is in.
    pub fn number(&self, at: Millis) -> i64 {
        let day = self.day(at);
        match self.unit {
            CalendarUnit::Day => day,
            CalendarUnit::Week => (day + 3).div_euclid(7),
            CalendarUnit::Month => {
                let (year, month, _) = date_of(day);
                (year - 1970) * 12 + month - 1
            }
        }
    }

    /// The first instant of a day, week or month.
    pub fn start(&self, number: i64) -> Millis {
        match self.unit {
            CalendarUnit::Day => self.start_of_day(number),
            CalendarUnit::Week => self.start_of_day(number * 7 - 3),
            CalendarUnit::Month => {
                self.start_of_day(days_of(1970 + number.div_euclid(12), number.rem_euclid(12) + 1, 1))
            }
        }
    }

    fn day(&self, at: Millis) -> i64 {
        let local = at + 1000 * i64::from(self.zone.to_offset(timestamp(at)).seconds());
        let mut day = local.div_euclid(MILLIS_PER_DAY);
        // Where the clock is turned back over midnight, the local date goes back too; the day does not.
        while self.start_of_day(day + 1) <= at {
            day += 1;
        }
        while self.start_of_day(day) > at {
            day -= 1;
        }
        day
    }

    fn start_of_day(&self, day: i64) -> Millis {
        let midnight = day * MILLIS_PER_DAY;
        let local = jiff::tz::Offset::UTC.to_datetime(timestamp(midnight));
        let at = |offset: jiff::tz::Offset| midnight - 1000 * i64::from(offset.seconds());
        match self.zone.to_ambiguous_timestamp(local).offset() {
            AmbiguousOffset::Unambiguous { offset } => at(offset),
            AmbiguousOffset::Fold { before, .. } => at(before),
            AmbiguousOffset::Gap { before, .. } => {
                let behind = at(before);
                // The jump itself is the last change of the clock up to there.
                let jump = self.zone.preceding(timestamp(behind + 1)).next();
                jump.map_or(behind, |jump| jump.timestamp().as_millisecond())
            }
        }
    }
}

/// For looking up an offset: what lies outside of all years is looked up at their end.
fn timestamp(at: Millis) -> Timestamp {
    // jiff takes whole milliseconds only up to its last whole second.
    Timestamp::from_millisecond(at.clamp(MIN, MAX - 999)).expect("the bounds are those of jiff")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn ms(text: &str) -> Millis {
        TimeReader::auto().string(text).unwrap()
    }

    fn starts(zone: &str, first: &str, days: i64) -> Vec<String> {
        let calendar = Calendar::new(CalendarUnit::Day, time_zone(zone).unwrap());
        let number = calendar.number(ms(first));
        let written = |day| {
            let mut out = Vec::new();
            crate::time::write_rfc3339(calendar.start(day), &mut out);
            String::from_utf8(out).unwrap()
        };
        (number..number + days).map(written).collect()
    }

    #[test]
    fn days_of_23_and_25_hours() {
        let paris = "CET-1CEST,M3.5.0,M10.5.0/3";
        assert_eq!(
            starts(paris, "2021-03-27T12:00:00Z", 3),
            ["2021-03-26T23:00:00Z", "2021-03-27T23:00:00Z", "2021-03-28T22:00:00Z"]
        );
        assert_eq!(
            starts(paris, "2021-10-30T12:00:00Z", 3),
            ["2021-10-29T22:00:00Z", "2021-10-30T22:00:00Z", "2021-10-31T23:00:00Z"]
        );
    }

    #[test]
    fn midnights_that_do_not_exist_or_come_twice() {
        // São Paulo until 2019: at midnight of the first Sunday in November the clock jumps to one.
        let sao_paulo = "<-03>3<-02>,M11.1.0/0,M2.3.0/0";
        assert_eq!(
            starts(sao_paulo, "2018-11-03T12:00:00Z", 3),
            ["2018-11-03T03:00:00Z", "2018-11-04T03:00:00Z", "2018-11-05T02:00:00Z"]
        );
        // A jump from 23:30 to 00:30: the day begins with the jump, not at one.
        let across = "<+00>0<+01>,M3.5.0/23:30,M10.5.0/3";
        assert_eq!(
            starts(across, "2021-03-28T12:00:00Z", 3),
            ["2021-03-28T00:00:00Z", "2021-03-28T23:30:00Z", "2021-03-29T23:00:00Z"]
        );
        // Back from 00:30 to 23:30 at night: midnight comes twice, the first begins the day.
        let twice = "<+00>0<+01>,M3.5.0/2,M10.5.0/0:30";
        assert_eq!(
            starts(twice, "2021-10-30T12:00:00Z", 3),
            ["2021-10-29T23:00:00Z", "2021-10-30T23:00:00Z", "2021-11-01T00:00:00Z"]
        );
    }

    #[test]
    fn a_day_that_was_skipped_has_no_length() {
        let days = Calendar::new(CalendarUnit::Day, time_zone("Pacific/Apia").unwrap());
        let friday = days_of(2011, 12, 30);
        assert_eq!(days.start(friday), ms("2011-12-30T10:00:00Z"));
        assert_eq!(days.start(friday + 1), days.start(friday));
        assert_eq!(days.number(days.start(friday)), friday + 1);
        assert_eq!(days.number(days.start(friday) - 1), friday - 1);
    }

    #[test]
    fn months() {
        let months = Calendar::new(CalendarUnit::Month, TimeZone::UTC);
        assert_eq!(months.number(ms("1970-01-31T23:59:59Z")), 0);
        assert_eq!(months.number(ms("1969-12-31T23:59:59Z")), -1);
        assert_eq!(months.start(months.number(ms("2020-02-29T12:00:00Z"))), ms("2020-02-01T00:00:00Z"));
        assert_eq!(months.start(12), ms("1971-01-01T00:00:00Z"));
        assert_eq!(months.start(-1), ms("1969-12-01T00:00:00Z"));
    }

    #[test]
    fn weeks_begin_on_monday() {
        let weeks = Calendar::new(CalendarUnit::Week, TimeZone::UTC);
        assert_eq!(weeks.start(0), ms("1969-12-29T00:00:00Z"));
        assert_eq!(weeks.start(weeks.number(ms("2026-11-22T23:59:59Z"))), ms("2026-11-16T00:00:00Z"));
        assert_eq!(weeks.start(weeks.number(ms("2026-11-23T00:00:00Z"))), ms("2026-11-23T00:00:00Z"));
    }

    #[test]
    fn a_time_without_an_offset_is_one_of_the_zone() {
        let read = |text: &str, zone: &str| local_time(text, &time_zone(zone).unwrap());
        assert_eq!(read("2024-01-07", "UTC"), Ok(ms("2024-01-07T00:00:00Z")));
        assert_eq!(read("2024-07-07", "Europe/Paris"), Ok(ms("2024-07-06T22:00:00Z")));
        assert_eq!(read("2024-07-07T06:30", "Europe/Paris"), Ok(ms("2024-07-07T04:30:00Z")));
        assert_eq!(read("2024-07-07T06:30:00Z", "Europe/Paris"), Ok(ms("2024-07-07T06:30:00Z")));
        assert_eq!(read("2024-07-07T06:30:00+05:30", "Europe/Paris"), Ok(ms("2024-07-07T01:00:00Z")));
        assert_eq!(read("1720332000", "Europe/Paris"), Ok(ms("2024-07-07T06:00:00Z")));
        assert_eq!(read("2018-11-04", "America/Sao_Paulo"), Ok(ms("2018-11-04T03:00:00Z")), "no midnight");
        assert!(read("soon", "UTC").is_err());
    }

    #[test]
    fn unknown_zones_are_refused() {
        let error = time_zone("Europe/Pariss").unwrap_err().to_string();
        assert_eq!(error, "there is no time zone \"Europe/Pariss\": write one such as Europe/Paris");
    }

    proptest! {
        #[test]
        fn every_instant_is_in_exactly_one_day(at in MIN..=MAX, zone in 0..5_usize, unit in 0..3_usize) {
            let names = ["UTC", "CET-1CEST,M3.5.0,M10.5.0/3", "<-03>3<-02>,M11.1.0/0,M2.3.0/0", "<+00>0<+01>,M3.5.0/2,M10.5.0/0:30", "Pacific/Apia"];
            let zone = time_zone(names[zone]).unwrap();
            let unit = [CalendarUnit::Day, CalendarUnit::Week, CalendarUnit::Month][unit];
            let calendar = Calendar::new(unit, zone);
            let number = calendar.number(at);
            prop_assert!(calendar.start(number) <= at && at < calendar.start(number + 1));
            prop_assert_eq!(calendar.number(calendar.start(number + 1)) > number, true);
            prop_assert!(calendar.start(number) < calendar.start(number + 1));
        }

        /// jiff's own start of the day is the oracle, where the day begins once.
        #[test]
        fn days_start_where_jiff_says(at in -2_000_000_000_000_i64..4_000_000_000_000) {
            let zone = time_zone("CET-1CEST,M3.5.0,M10.5.0/3").unwrap();
            let expected = timestamp(at).to_zoned(zone.clone()).start_of_day().unwrap().timestamp().as_millisecond();
            let calendar = Calendar::new(CalendarUnit::Day, zone);
            prop_assert_eq!(calendar.start(calendar.number(at)), expected);
        }
    }
}
