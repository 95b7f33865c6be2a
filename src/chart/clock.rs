//! Round times for an axis: whole seconds, minutes, hours of the clock, midnights, Mondays, first days of months.
//!
//! Round is what is round on the clock of the zone, so an axis in Kolkata has ticks at its own full hours, and a day on
//! which the clock is put forward has an hour less.

use jiff::civil::{Date, DateTime, Time, Weekday};
use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};

use crate::time::Millis;

/// A point on the axis and what stands below it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Tick {
    pub at: Millis,
    pub text: String,
}

#[derive(Clone, Copy, Debug)]
enum Step {
    /// Part of a day.
    Clock(Millis),
    Days(i64),
    Weeks,
    Months(i16),
    Years(i16),
}

const SECOND: Millis = 1_000;
const MINUTE: Millis = 60 * SECOND;
const HOUR: Millis = 60 * MINUTE;
const DAY: Millis = 24 * HOUR;

/// Lengths of steps, and the steps.
fn steps() -> impl Iterator<Item = (Millis, Step)> {
    let of = |unit: Millis, numbers: &'static [Millis]| numbers.iter().map(move |number| number * unit);
    let clock = of(1, &[1, 2, 5, 10, 20, 50, 100, 200, 500])
        .chain(of(SECOND, &[1, 2, 5, 10, 15, 30]))
        .chain(of(MINUTE, &[1, 2, 5, 10, 15, 30]))
        .chain(of(HOUR, &[1, 2, 3, 6, 12]))
        .map(|length| (length, Step::Clock(length)));
    let days = [1, 2].map(|days| (days * DAY, Step::Days(days)));
    let months = [1, 3, 6].map(|months| (i64::from(months) * 30 * DAY, Step::Months(months)));
    let years = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000]
        .map(|years| (i64::from(years) * 365 * DAY, Step::Years(years)));
    clock.chain(days).chain([(7 * DAY, Step::Weeks)]).chain(months).chain(years)
}

/// Round times from `start` to `end`, both included: about `most` at most, and fewer where they are rounder.
pub(super) fn ticks(start: Millis, end: Millis, zone: &TimeZone, most: usize) -> Vec<Tick> {
    let most = most.max(1) as Millis;
    let rough = (end.saturating_sub(start) + most - 1) / most;
    let step = steps().find(|(length, _)| *length >= rough).map_or(Step::Years(5_000), |(_, step)| step);
    let (Some(from), Some(to)) = (local(start, zone), local(end, zone)) else { return Vec::new() };
    let mut ticks: Vec<Tick> = Vec::new();
    for round in round_times(step, from.datetime(), to.datetime()) {
        let Ok(at) = zone.to_timestamp(round).map(Timestamp::as_millisecond) else { break };
        // Where the clock is put forward or back, two round times may be one, or come twice.
        let is_next = ticks.last().is_none_or(|last| last.at < at);
        if (start..=end).contains(&at) && is_next {
            // A time that the clock jumped over is the one it jumped to.
            let shown = local(at, zone).map_or(round, |local| local.datetime());
            ticks.push(Tick { at, text: text(step, shown) });
        }
    }
    ticks
}

fn local(at: Millis, zone: &TimeZone) -> Option<Zoned> {
    Timestamp::from_millisecond(at).ok().map(|at| at.to_zoned(zone.clone()))
}

/// The steps of a clock from `from` to `to`.
fn round_times(step: Step, from: DateTime, to: DateTime) -> Box<dyn Iterator<Item = DateTime>> {
    let midnights = move |first: Option<Date>, next: fn(Date, i64) -> Option<Date>, by: i64| {
        let dates = std::iter::successors(first, move |date| next(*date, by));
        dates.take_while(move |date| *date <= to.date()).map(|date| date.to_datetime(Time::midnight()))
    };
    let days = |date: Date, by: i64| date.checked_add(jiff::Span::new().days(by)).ok();
    let months = |date: Date, by: i64| date.checked_add(jiff::Span::new().months(by)).ok();
    let first = from.date();
    match step {
        Step::Clock(length) => {
            let dates = std::iter::successors(Some(first), |date| date.tomorrow().ok());
            let until = to.date();
            let of_day = move |date: Date| {
                let begun = if date == first { millis_of(from.time()) / length } else { 0 };
                let ended = if date == until { millis_of(to.time()) } else { DAY - 1 };
                (begun..=ended / length).filter_map(move |number| at(date, number * length))
            };
            Box::new(dates.take_while(move |date| *date <= until).flat_map(of_day))
        }
        Step::Days(by) => {
            // The same days whatever the range: those whose number, counted from 1970 on, is a multiple of the step.
            let number = first.duration_since(Date::constant(1970, 1, 1)).as_hours() / 24;
            let skipped = -number.rem_euclid(by);
            Box::new(midnights(days(first, skipped), days, by))
        }
        Step::Weeks => {
            let since_monday = i64::from(first.weekday().since(Weekday::Monday));
            Box::new(midnights(days(first, -since_monday), days, 7))
        }
        Step::Months(by) => {
            let month = first.month() - 1;
            let aligned = Date::new(first.year(), month - month % i8::try_from(by).unwrap_or(1) + 1, 1).ok();
            Box::new(midnights(aligned, months, by.into()))
        }
        Step::Years(by) => {
            let aligned = Date::new(first.year() - first.year().rem_euclid(by), 1, 1).ok();
            // Before the first year of the calendar there is none.
            Box::new(midnights(aligned, months, 12 * i64::from(by)))
        }
    }
}

fn millis_of(time: Time) -> Millis {
    Millis::from(time.hour()) * HOUR
        + Millis::from(time.minute()) * MINUTE
        + Millis::from(time.second()) * SECOND
        + Millis::from(time.millisecond())
}

fn at(date: Date, millis: Millis) -> Option<DateTime> {
    date.to_datetime(Time::midnight()).checked_add(jiff::Span::new().milliseconds(millis)).ok()
}

/// What stands below a tick: no more than tells it from its neighbours. The whole date stands in the subtitle.
fn text(step: Step, round: DateTime) -> String {
    let (date, time) = (round.date(), round.time());
    let day = || format!("{} {}", MONTHS[usize::from(date.month().unsigned_abs()) - 1], date.day());
    let is_new_year = date.month() == 1 && date.day() == 1;
    match step {
        Step::Years(_) => date.year().to_string(),
        Step::Months(_) if is_new_year => date.year().to_string(),
        Step::Months(_) => MONTHS[usize::from(date.month().unsigned_abs()) - 1].to_owned(),
        Step::Days(_) | Step::Weeks => day(),
        Step::Clock(_) if time == Time::midnight() => day(),
        Step::Clock(length) => {
            let (hour, minute, second) = (time.hour(), time.minute(), time.second());
            match length {
                ..SECOND => format!("{hour:02}:{minute:02}:{second:02}.{:03}", time.millisecond()),
                SECOND..MINUTE => format!("{hour:02}:{minute:02}:{second:02}"),
                _ => format!("{hour:02}:{minute:02}"),
            }
        }
    }
}

const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::{MAX, MIN, time_zone};
    use proptest::prelude::*;

    const EVENING: Millis = 1_542_049_200_000; // 2018-11-12T19:00:00Z, a Monday

    fn texts(start: Millis, length: Millis, zone: &str, most: usize) -> Vec<String> {
        let zone = time_zone(zone).expect("a zone");
        ticks(start, start + length, &zone, most).into_iter().map(|tick| tick.text).collect()
    }

    #[test]
    fn ticks_are_round_on_the_clock() {
        assert_eq!(
            texts(EVENING, 70 * SECOND, "UTC", 6),
            ["19:00:00", "19:00:15", "19:00:30", "19:00:45", "19:01:00"]
        );
        assert_eq!(texts(EVENING + 1, HOUR, "UTC", 5), ["19:15", "19:30", "19:45", "20:00"]);
        assert_eq!(texts(EVENING, 8 * HOUR, "UTC", 5), ["20:00", "22:00", "Nov 13", "02:00"]);
        assert_eq!(texts(EVENING, 3 * HOUR, "Asia/Kolkata", 4), ["01:00", "02:00", "03:00"]);
        assert_eq!(texts(EVENING, 21 * DAY, "UTC", 6), ["Nov 19", "Nov 26", "Dec 3"]);
        assert_eq!(texts(EVENING, 200 * DAY, "UTC", 4), ["2019", "Apr"]);
        assert_eq!(texts(EVENING, 4_000 * DAY, "UTC", 6), ["2020", "2022", "2024", "2026", "2028"]);
        assert_eq!(texts(EVENING, 2, "UTC", 4), ["19:00:00.000", "19:00:00.001", "19:00:00.002"]);
    }

    #[test]
    fn a_day_without_an_hour_has_no_such_tick() {
        let before = 1_553_990_400_000 - 60_000; // 2019-03-31T00:00:00Z: at 01:00 UTC Paris goes from 02:00 to 03:00
        assert_eq!(texts(before, 3 * HOUR, "Europe/Paris", 4), ["01:00", "03:00", "04:00"]);
        let autumn = 1_572_134_400_000 - 60_000; // 2019-10-27T00:00:00Z
        assert_eq!(texts(autumn, 3 * HOUR, "Europe/Paris", 4), ["02:00", "03:00"], "02:00 comes twice");
    }

    proptest! {
        #[test]
        fn ticks_are_few_in_range_and_in_order(start in MIN..MAX, length in prop_oneof![0_i64..100_000, 0_i64..100_000_000, 0_i64..1_000_000_000_000_000], most in 1_usize..12) {
            let end = start.saturating_add(length).min(MAX);
            let ticks = ticks(start, end, &TimeZone::UTC, most);
            prop_assert!(ticks.len() <= most + 2, "{ticks:?}");
            prop_assert!(ticks.windows(2).all(|pair| pair[0].at < pair[1].at));
            prop_assert!(ticks.iter().all(|tick| (start..=end).contains(&tick.at)));
        }
    }
}
