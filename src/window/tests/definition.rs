//! What windows and aggregates are, written down without any thought of speed.

use super::*;
use crate::time::{Calendar, CalendarUnit};

/// A window, in the order of emission: end, start, place of its kind in the settings.
pub(super) type Id = (Millis, Millis, usize);

/// The windows that contain a point in time, by definition.
pub(super) fn windows_at(settings: &Settings, time: Millis) -> Vec<Id> {
    let mut ids = Vec::new();
    for (kind, window) in settings.windows.iter().enumerate() {
        match window {
            WindowKind::Hopping { size, slide, offset } => {
                let around = (time - offset) / slide;
                for k in around - size / slide - 2..=around + 2 {
                    let start = k * slide + offset;
                    if start <= time && time < start + size {
                        ids.push((start + size, start, kind));
                    }
                }
            }
            WindowKind::Cumulate { size, step, offset } => {
                let start = time - (time - offset).rem_euclid(*size);
                let ends = (1..=size / step).map(|steps| start + steps * step);
                ids.extend(ends.filter(|&end| end > time).map(|end| (end, start, kind)));
            }
            WindowKind::Calendar { size, slide, unit: CalendarUnit::Day, zone, offset } => {
                // Hour by hour around the time: where a day begins that is a multiple of the slide.
                let date = |time: Millis| {
                    let zoned = jiff::Timestamp::from_millisecond(time).unwrap().to_zoned(zone.clone());
                    let days = zoned.date() - jiff::civil::date(1970, 1, 1);
                    (i64::from(days.get_days()), zoned)
                };
                let start_of = |day: i64| {
                    let (_, zoned) = date(day * 86_400_000 + 43_200_000);
                    let day = jiff::civil::date(1970, 1, 1) + jiff::Span::new().days(day);
                    day.to_zoned(zoned.time_zone().clone()).unwrap().timestamp().as_millisecond()
                };
                let (today, _) = date(time);
                let (size, slide) = (i64::from(*size), i64::from(*slide));
                for first in today - size..=today + 1 {
                    let (start, end) = (start_of(first), start_of(first + size));
                    if (first - offset) % slide == 0 && start <= time && time < end {
                        ids.push((end, start, kind));
                    }
                }
            }
            WindowKind::CalendarCumulate { size, unit, step, zone, offset } => {
                let units = Calendar::new(*unit, zone.clone());
                let days = Calendar::new(CalendarUnit::Day, zone.clone());
                let size = i64::from(*size);
                let period = (units.number(time) - offset).div_euclid(size) * size + offset;
                let (start, last) = (units.start(period), units.start(period + size));
                let mut end = start;
                while end < last {
                    end = match step {
                        Step::Millis(step) => end + step,
                        Step::Days(step) => days.start(days.number(end) + step),
                    };
                    if end > time {
                        ids.push((end.min(last), start, kind));
                    }
                }
            }
            WindowKind::Calendar { .. }
            | WindowKind::Session { .. }
            | WindowKind::Count { .. }
            | WindowKind::All => {}
        }
    }
    ids
}

/// An aggregate by definition.
pub(super) fn result(aggregate: &Aggregate, mut values: Vec<i64>) -> Option<Number> {
    values.sort_unstable();
    let sum: i64 = values.iter().sum();
    let int = |value: i64| Number::Int(value.into());
    match aggregate {
        Aggregate::Sum => Some(int(sum)),
        Aggregate::Min => values.first().copied().map(int),
        Aggregate::Max => values.last().copied().map(int),
        Aggregate::Mean => (!values.is_empty()).then(|| Number::Float(sum as f64 / values.len() as f64)),
        Aggregate::Distinct | Aggregate::DistinctApproximate => {
            values.dedup();
            Some(int(values.len() as i64))
        }
        Aggregate::Quantile(fraction) => {
            let place = (fraction * (values.len() as f64 - 1.0)).floor();
            values.get(place as usize).copied().map(int)
        }
    }
}
