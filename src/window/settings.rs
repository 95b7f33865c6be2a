//! What the user asks of the windows, and whether it makes sense.

use crate::time::{CalendarUnit, Millis, Span};
use jiff::tz::TimeZone;
use std::fmt;

/// What to count, when a window closes, and when it is emitted. All lengths are milliseconds.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// The windows; several share one watermark and one late count.
    pub windows: Vec<WindowKind>,
    /// How far the watermark stays behind the largest event time.
    pub watermark: Watermark,
    /// How long a window that has closed is kept: records that come meanwhile count, and it is emitted again.
    pub allowed_lateness: i64,
    /// How far a record may lie ahead of the largest event time; `None` believes every record.
    pub max_future: Option<i64>,
    /// What an emission holds.
    pub emit: Emit,
    /// When open windows are emitted; needed with [`Emit::Update`] and [`Emit::Complete`], and only there.
    pub trigger: Option<Trigger>,
    /// Each record brings a weight, the first of its values; `count` is then the sum of weights.
    pub weighted: bool,
    /// What else is computed for each key; each record brings one value for each, behind the weight.
    pub aggregates: Vec<Aggregate>,
}

impl Default for Settings {
    /// No window yet; a delay of 10 s, a day into the future, final emissions.
    fn default() -> Settings {
        Settings {
            windows: Vec::new(),
            watermark: Watermark::Delay(10_000),
            allowed_lateness: 0,
            max_future: Some(86_400_000),
            emit: Emit::Final,
            trigger: None,
            weighted: false,
            aggregates: Vec::new(),
        }
    }
}

/// One kind of window.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WindowKind {
    /// `[k × slide + offset, k × slide + offset + size)` for every whole k. A slide of one size is tumbling, a smaller
    /// one overlaps, a larger one leaves gaps.
    Hopping {
        /// Length of a window.
        size: i64,
        /// From one start to the next.
        slide: i64,
        /// Shift of the starts from the epoch.
        offset: i64,
    },
    /// The same in days, weeks (from Monday) or months of a time zone, aligned to January 1970.
    Calendar {
        /// Length of a window.
        size: u32,
        /// From one start to the next.
        slide: u32,
        /// What is counted.
        unit: CalendarUnit,
        /// Whose midnights.
        zone: TimeZone,
    },
    /// Windows that grow: all from `k × size + offset`, one to each multiple of `step` up to `size`.
    Cumulate {
        /// Length of the last window; a multiple of the step.
        size: i64,
        /// From one end to the next.
        step: i64,
        /// Shift of the starts from the epoch.
        offset: i64,
    },
    /// For each key, from a record as long as others follow within the gap; a record exactly the gap after the last joins.
    Session {
        /// The longest silence within a session.
        gap: i64,
    },
    /// One window over everything.
    All,
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
            return refuse(format!(
                "a window of {size} begins by the calendar; an offset needs an exact size such as 24h"
            ));
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
        Ok(WindowKind::Calendar { size, slide, unit, zone: zone.clone() })
    }
}

/// How far the watermark stays behind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Watermark {
    /// So many milliseconds behind the largest event time.
    Delay(i64),
    /// Closes nothing before the end of input.
    Max,
}

/// What an emission holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Emit {
    /// Each window once, whole, when it closes.
    Final,
    /// At each trigger and at the closing, the rows that changed since the window's last emission.
    Update,
    /// At each trigger and at the closing, the whole window, if it changed.
    Complete,
}

/// When open windows are emitted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trigger {
    /// When the largest event time reaches or crosses a multiple of so many milliseconds, before the record that does it
    /// is applied.
    EventTime(i64),
    /// After every so many records that were applied.
    Records(u64),
}

/// What is computed for each key beside the count.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Aggregate {
    /// The sum: exact for integers, correctly rounded and independent of order for floats.
    Sum,
    /// The smallest number.
    Min,
    /// The largest number.
    Max,
    /// The sum through the number of values.
    Mean,
    /// How many different values there are.
    Distinct,
    /// The same, estimated in bounded memory by HyperLogLog; the standard error is 1.6 %.
    DistinctApproximate,
    /// The value below which a fraction of all lies, by DDSketch: at most 0.4 % off.
    Quantile(f64),
}

/// Why settings make no sense; its `Display` is a sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SettingsError(String);

impl fmt::Display for SettingsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for SettingsError {}

impl Settings {
    /// Checks every rule.
    ///
    /// # Errors
    ///
    /// The first rule that is broken, as a sentence.
    pub fn validate(&self) -> Result<(), SettingsError> {
        let refuse = |sentence: String| Err(SettingsError(sentence));
        if self.windows.is_empty() {
            return refuse("no window is given; write for instance --window 20s".into());
        }
        for (at, window) in self.windows.iter().enumerate() {
            window.validate()?;
            if let Some(other) = self.windows[..at].iter().find(|other| other.same_bounds(window)) {
                return refuse(format!(
                    "the windows {other} and {window} may have bounds in common, and rows could not be told apart"
                ));
            }
        }
        if let Watermark::Delay(delay) = self.watermark {
            length("--watermark", delay, 0)?;
        }
        for aggregate in &self.aggregates {
            if let Aggregate::Quantile(fraction) = aggregate
                && !(0.0..=1.0).contains(fraction)
            {
                return refuse(format!(
                    "a quantile lies between 0 and 1, not at {fraction}; write 0.95 for the 95th percentile"
                ));
            }
        }
        length("--allowed-lateness", self.allowed_lateness, 0)?;
        if let Some(future) = self.max_future {
            length("--max-future", future, 1)?;
        }
        match (self.emit, self.trigger) {
            (Emit::Final, Some(_)) => refuse(
                "a trigger has nothing to do with --emit final; add --emit complete or --emit update".into(),
            ),
            (Emit::Update | Emit::Complete, None) => {
                refuse("open windows are emitted at a trigger; add for instance --trigger 2s".into())
            }
            (_, Some(Trigger::EventTime(every))) => length("--trigger", every, 1),
            (_, Some(Trigger::Records(0))) => refuse("a trigger after every 0 records never ends".into()),
            _ => Ok(()),
        }
    }
}

impl WindowKind {
    fn validate(&self) -> Result<(), SettingsError> {
        match *self {
            WindowKind::Hopping { size, slide, offset } => {
                length("a window's size", size, 1)?;
                length("a window's slide", slide, 1)?;
                length("a window's offset", offset, -Span::MAX_MILLIS)
            }
            WindowKind::Calendar { size, slide, .. } => {
                length("a window's size", size.into(), 1)?;
                length("a window's slide", slide.into(), 1)
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
            WindowKind::Session { gap } => length("--session", gap, 1),
            WindowKind::All => Ok(()),
        }
    }

    /// Could two windows of these kinds have the same start and end, so that rows could not be told apart?
    fn same_bounds(&self, other: &WindowKind) -> bool {
        use WindowKind::{All, Calendar, Cumulate, Hopping, Session};
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
                nominal_days(*size, *unit) * 86_400_000 == *exact
            }
            // The bounds of sessions are those of others only by chance, but then rows could not be told apart.
            (Session { .. }, _) | (_, Session { .. }) | (All, All) => true,
            _ => false,
        }
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
            WindowKind::Session { gap } => write!(f, "sessions of {}", Span::from_millis(gap)),
            WindowKind::All => f.write_str("all"),
        }
    }
}

fn length(name: &str, millis: i64, least: i64) -> Result<(), SettingsError> {
    if millis < least {
        return Err(SettingsError(format!("{name} must be at least {least} ms, not {millis}")));
    }
    if millis > Span::MAX_MILLIS {
        return Err(SettingsError(format!("{name} is longer than 20000 years")));
    }
    Ok(())
}

/// The greatest common divisor of two positive numbers.
pub(super) fn gcd(a: Millis, b: Millis) -> Millis {
    if b == 0 { a } else { gcd(b, a % b) }
}
