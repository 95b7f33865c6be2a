//! The kinds of windows that can be asked for.

use super::settings::{SettingsError, length};
use crate::time::{Calendar, CalendarUnit, MILLIS_PER_DAY, Millis, Span};
use jiff::tz::TimeZone;
use std::fmt;

/// One kind of window.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WindowKind {
    /// `[k × slide + offset, k × slide + offset + size)` for every whole k. A slide of one size is tumbling, a smaller
    /// one overlaps, a larger one leaves gaps.
    Hopping {
        /// Length of a window, in milliseconds.
        size: i64,
        /// From one start to the next, in milliseconds.
        slide: i64,
        /// Shift of the starts from the epoch, in milliseconds.
        offset: i64,
    },
    /// The same in days, weeks (from Monday) or months of a time zone.
    Calendar {
        /// Length of a window, in units.
        size: u32,
        /// From one start to the next, in units.
        slide: u32,
        /// What is counted.
        unit: CalendarUnit,
        /// Whose midnights.
        zone: TimeZone,
        /// Shift of the starts from January 1970, in units.
        offset: i64,
    },
    /// Windows that grow: all from `k × size + offset`, one to each multiple of `step` up to `size`.
    Cumulate {
        /// Length of the last window, in milliseconds; a multiple of the step.
        size: i64,
        /// From one end to the next, in milliseconds.
        step: i64,
        /// Shift of the starts from the epoch, in milliseconds.
        offset: i64,
    },
    /// The same from the start of a day, week or month of a time zone on: `size` of them long, one window to each step,
    /// the last step of a period cut short where it does not fit.
    CalendarCumulate {
        /// Length of the last window, in units.
        size: u32,
        /// What is counted.
        unit: CalendarUnit,
        /// From one end to the next.
        step: Step,
        /// Whose midnights.
        zone: TimeZone,
        /// Shift of the starts from January 1970, in units.
        offset: i64,
    },
    /// For each key, from a record as long as others follow within the gap; a record exactly the gap after the last joins.
    Session {
        /// The longest silence within a session, in milliseconds.
        gap: i64,
    },
    /// So many records each, one window after the other.
    Count {
        /// How many records with a key fill a window.
        records: u64,
    },
    /// One window over everything.
    All,
}

/// From one end of a growing window of the calendar to the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Exact time.
    Millis(i64),
    /// Days of the same zone.
    Days(i64),
}

impl WindowKind {
    /// Windows side by side, aligned to the epoch.
    pub fn tumbling(size: i64) -> WindowKind {
        WindowKind::Hopping { size, slide: size, offset: 0 }
    }

    /// Windows of `size`, one every `slide`, aligned to the epoch.
    pub fn hopping(size: i64, slide: i64) -> WindowKind {
        WindowKind::Hopping { size, slide, offset: 0 }
    }

    /// Windows as they are typed: `20s`, `20s/10s`, `1d`, `1w/1d`. An offset shifts exact windows from the epoch.
    ///
    /// # Errors
    ///
    /// An offset of days, weeks or months, and a size and a slide that have no unit in common.
    pub fn from_spans(
        size: Span,
        slide: Option<Span>,
        offset: i64,
        zone: &TimeZone,
    ) -> Result<WindowKind, SettingsError> {
        let slide = slide.unwrap_or(size);
        if let (Some(size), Some(slide)) = (size.millis(), slide.millis()) {
            return Ok(WindowKind::Hopping { size, slide, offset });
        }
        let refuse = |sentence: String| Err(SettingsError(sentence));
        let (Some(size_in), Some(slide_in)) = (size.calendar(), slide.calendar()) else {
            return refuse(format!(
                "a window of {size} every {slide} mixes the calendar with exact time; write days as 24h or hours as 1d"
            ));
        };
        if offset != 0 {
            return Err(offset_of_calendar(size));
        }
        let days = |(n, unit)| match unit {
            CalendarUnit::Day => Some(n),
            CalendarUnit::Week => Some(7 * n),
            CalendarUnit::Month => None,
        };
        let (size, slide, unit) = if size_in.1 == slide_in.1 {
            (size_in.0, slide_in.0, size_in.1)
        } else if let (Some(size), Some(slide)) = (days(size_in), days(slide_in)) {
            (size, slide, CalendarUnit::Day)
        } else {
            return refuse(format!(
                "a window of {size} every {slide} mixes months with days; they have no unit in common"
            ));
        };
        Ok(WindowKind::Calendar { size, slide, unit, zone: zone.clone(), offset: 0 })
    }

    /// Growing windows as they are typed: `--window 1d --cumulate 1h`.
    ///
    /// # Errors
    ///
    /// An offset of days, weeks or months, and a step that is no part of the size.
    pub fn cumulate(
        size: Span,
        step: Span,
        offset: i64,
        zone: &TimeZone,
    ) -> Result<WindowKind, SettingsError> {
        let refuse = |sentence: String| Err(SettingsError(sentence));
        let Some((n, unit)) = size.calendar() else {
            return match (size.millis(), step.millis()) {
                (Some(size), Some(step)) => Ok(WindowKind::Cumulate { size, step, offset }),
                _ => refuse(format!(
                    "a window of {size} in steps of {step} mixes exact time with the calendar"
                )),
            };
        };
        if offset != 0 {
            return Err(offset_of_calendar(size));
        }
        let step = match (step.millis(), step.calendar()) {
            (Some(millis), _) => Step::Millis(millis),
            (_, Some((days, CalendarUnit::Day))) => Step::Days(days.into()),
            (_, Some((weeks, CalendarUnit::Week))) if unit == CalendarUnit::Week => {
                Step::Days(7 * i64::from(weeks))
            }
            _ => {
                return refuse(format!(
                    "a window of {size} does not grow in steps of {step}; write days or hours"
                ));
            }
        };
        let days = match unit {
            CalendarUnit::Day => 1,
            CalendarUnit::Week => 7,
            CalendarUnit::Month => 31,
        };
        let is_longer = match step {
            Step::Millis(step) => step > i64::from(n) * days * MILLIS_PER_DAY,
            Step::Days(step) => step > i64::from(n) * days,
        };
        if is_longer {
            return refuse(format!(
                "a window of {size} does not grow in steps that are longer; write a --cumulate below the --window"
            ));
        }
        Ok(WindowKind::CalendarCumulate { size: n, unit, step, zone: zone.clone(), offset: 0 })
    }

    /// The same windows, moved such that one begins at `origin`.
    ///
    /// # Errors
    ///
    /// Windows that do not lie in time, and those of the calendar if there is no midnight, or first of a month, then.
    pub fn from_origin(self, origin: Millis) -> Result<WindowKind, SettingsError> {
        match self {
            WindowKind::Hopping { size, slide, .. } => {
                Ok(WindowKind::Hopping { size, slide, offset: origin })
            }
            WindowKind::Cumulate { size, step, .. } => {
                Ok(WindowKind::Cumulate { size, step, offset: origin })
            }
            WindowKind::Calendar { size, slide, unit, zone, .. } => {
                let (times, unit, offset) = anchor(origin, unit, &zone)?;
                Ok(WindowKind::Calendar { size: times * size, slide: times * slide, unit, zone, offset })
            }
            WindowKind::CalendarCumulate { size, unit, step, zone, .. } => {
                let (times, unit, offset) = anchor(origin, unit, &zone)?;
                Ok(WindowKind::CalendarCumulate { size: times * size, unit, step, zone, offset })
            }
            WindowKind::Session { .. } | WindowKind::Count { .. } | WindowKind::All => {
                Err(SettingsError(format!("--origin is for windows that lie in time, and {self} do not")))
            }
        }
    }
}

fn offset_of_calendar(size: Span) -> SettingsError {
    SettingsError(format!(
        "a window of {size} begins by the calendar; an offset needs an exact size such as 24h"
    ))
}

/// The unit to count in, how many of it make one of the old, and which of them begins at `origin`.
fn anchor(
    origin: Millis,
    unit: CalendarUnit,
    zone: &TimeZone,
) -> Result<(u32, CalendarUnit, i64), SettingsError> {
    // A week that begins on another day than Monday is seven days.
    let (times, unit) = if unit == CalendarUnit::Week { (7, CalendarUnit::Day) } else { (1, unit) };
    let calendar = Calendar::new(unit, zone.clone());
    let number = calendar.number(origin);
    if calendar.start(number) == origin {
        return Ok((times, unit, number));
    }
    Err(SettingsError(match unit {
        CalendarUnit::Month => "months begin on the first: write an --origin such as 2024-02-01".into(),
        _ => "windows of the calendar begin at midnight in --tz: write an --origin such as 2024-01-07".into(),
    }))
}

impl WindowKind {
    /// Checks the lengths.
    pub(super) fn validate(&self) -> Result<(), SettingsError> {
        match *self {
            WindowKind::Hopping { size, slide, offset } => {
                length("a window's size", size, 1)?;
                length("a window's slide", slide, 1)?;
                length("a window's offset", offset, -Span::MAX_MILLIS)
            }
            WindowKind::Calendar { size, slide, .. } => {
                units("a window's size", size)?;
                units("a window's slide", slide)
            }
            WindowKind::Cumulate { size, step, offset } => {
                length("a window's size", size, 1)?;
                length("--cumulate", step, 1)?;
                length("a window's offset", offset, -Span::MAX_MILLIS)?;
                if size % step == 0 {
                    return Ok(());
                }
                Err(SettingsError(format!(
                    "a window of {} does not grow to its size in steps of {}",
                    Span::from_millis(size),
                    Span::from_millis(step)
                )))
            }
            WindowKind::CalendarCumulate { size, step, .. } => {
                units("a window's size", size)?;
                let (Step::Millis(step) | Step::Days(step)) = step;
                length("--cumulate", step, 1)
            }
            WindowKind::Session { gap } => length("--session", gap, 1),
            WindowKind::Count { records: 0 } => {
                Err(SettingsError("a window of 0 records has no end; write for instance 1000rec".into()))
            }
            WindowKind::Count { .. } | WindowKind::All => Ok(()),
        }
    }

    /// Could two windows of these kinds have the same start and end, so that rows could not be told apart?
    pub(super) fn same_bounds(&self, other: &WindowKind) -> bool {
        use WindowKind::{All, Calendar, CalendarCumulate, Count, Cumulate, Hopping, Session};
        match (self, other) {
            (
                Hopping { size: a, slide: slide_a, offset: offset_a },
                Hopping { size: b, slide: slide_b, offset: offset_b },
            ) => a == b && meet(*offset_a, *offset_b, *slide_a, *slide_b),
            (
                Cumulate { size: a, step: step_a, offset: offset_a },
                Cumulate { size: b, step: step_b, offset: offset_b },
            ) => step_a.max(step_b) <= a.min(b) && meet(*offset_a, *offset_b, *a, *b),
            (Cumulate { size, step, offset: offset_a }, Hopping { size: other, slide, offset: offset_b })
            | (Hopping { size: other, slide, offset: offset_b }, Cumulate { size, step, offset: offset_a }) => {
                other <= size && other % step == 0 && meet(*offset_a, *offset_b, *size, *slide)
            }
            (Calendar { size: a, unit: unit_a, .. }, Calendar { size: b, unit: unit_b, .. }) => {
                nominal_days(*a, *unit_a) == nominal_days(*b, *unit_b)
            }
            (Calendar { size, unit, .. }, Hopping { size: exact, .. } | Cumulate { size: exact, .. })
            | (Hopping { size: exact, .. } | Cumulate { size: exact, .. }, Calendar { size, unit, .. }) => {
                nominal_days(*size, *unit) * MILLIS_PER_DAY == *exact
            }
            // By the step, growing windows of the calendar end anywhere.
            (CalendarCumulate { .. }, other) | (other, CalendarCumulate { .. }) => *other != All,
            // The bounds of these are those of others only by chance, but then rows could not be told apart.
            (Session { .. } | Count { .. }, _) | (_, Session { .. } | Count { .. }) | (All, All) => true,
            _ => false,
        }
    }
}

/// Checks a length in days, weeks or months.
fn units(name: &str, n: u32) -> Result<(), SettingsError> {
    match n {
        0 => Err(SettingsError(format!("{name} must be at least 1"))),
        1..=240_000 => Ok(()),
        _ => Err(SettingsError(format!("{name} is longer than 20000 years"))),
    }
}

/// Do two series of starts, each from an offset on in equal steps, ever meet?
fn meet(offset_a: i64, offset_b: i64, step_a: i64, step_b: i64) -> bool {
    (offset_a - offset_b) % gcd(step_a, step_b) == 0
}

fn nominal_days(n: u32, unit: CalendarUnit) -> i64 {
    match unit {
        CalendarUnit::Day => n.into(),
        CalendarUnit::Week => 7 * i64::from(n),
        CalendarUnit::Month => 30 * i64::from(n),
    }
}

impl fmt::Display for WindowKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            WindowKind::Hopping { size, slide, .. } if size == slide => {
                write!(f, "{}", Span::from_millis(size))
            }
            WindowKind::Hopping { size, slide, .. } => {
                write!(f, "{}/{}", Span::from_millis(size), Span::from_millis(slide))
            }
            WindowKind::Calendar { size, slide, unit, .. } if size == slide => {
                write!(f, "{size}{}", unit.symbol())
            }
            WindowKind::Calendar { size, slide, unit, .. } => {
                write!(f, "{size}{}/{slide}{}", unit.symbol(), unit.symbol())
            }
            WindowKind::Cumulate { size, step, .. } => {
                write!(f, "{} in steps of {}", Span::from_millis(size), Span::from_millis(step))
            }
            WindowKind::CalendarCumulate { size, unit, step: Step::Millis(step), .. } => {
                write!(f, "{size}{} in steps of {}", unit.symbol(), Span::from_millis(step))
            }
            WindowKind::CalendarCumulate { size, unit, step: Step::Days(step), .. } => {
                write!(f, "{size}{} in steps of {step}d", unit.symbol())
            }
            WindowKind::Session { gap } => write!(f, "sessions of {}", Span::from_millis(gap)),
            WindowKind::Count { records } => write!(f, "{records}rec"),
            WindowKind::All => f.write_str("all"),
        }
    }
}

/// The greatest common divisor of two positive numbers.
pub(super) fn gcd(a: Millis, b: Millis) -> Millis {
    if b == 0 { a } else { gcd(b, a % b) }
}
