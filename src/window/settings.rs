//! What the user asks of the windows, and whether it makes sense.

use crate::time::{Millis, Span};
use std::fmt;

/// What to count, when a window closes, and when it is emitted. All lengths are milliseconds.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// The windows; several share one watermark and one late count.
    pub windows: Vec<WindowKind>,
    /// How far the watermark stays behind the largest event time.
    pub watermark: Watermark,
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
                    "the windows {other} and {window} have bounds in common, and rows could not be told apart"
                ));
            }
        }
        if let Watermark::Delay(delay) = self.watermark {
            length("--watermark", delay, 0)?;
        }
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
            WindowKind::All => Ok(()),
        }
    }

    /// Could two windows of these kinds have the same start and end, so that rows could not be told apart?
    fn same_bounds(&self, other: &WindowKind) -> bool {
        match (self, other) {
            (
                WindowKind::Hopping { size: a, slide: slide_a, offset: offset_a },
                WindowKind::Hopping { size: b, slide: slide_b, offset: offset_b },
            ) => a == b && (offset_a - offset_b) % gcd(*slide_a, *slide_b) == 0,
            (WindowKind::All, WindowKind::All) => true,
            _ => false,
        }
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
