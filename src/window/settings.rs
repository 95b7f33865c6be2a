//! What the user asks of the windows, and whether it makes sense.

use super::window_kind::WindowKind;
use crate::time::{MILLIS_PER_DAY, Span};
use std::fmt;

/// What to count, when a window closes, and when it is emitted. All lengths are milliseconds.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// The windows; several share one watermark and one late count.
    pub windows: Vec<WindowKind>,
    /// How far the watermark stays behind the largest event time.
    pub watermark: Watermark,
    /// Each record has a source, and the source that is furthest behind rules the watermark.
    pub watermark_by: bool,
    /// How long a window that has closed is kept: records that come meanwhile count, and it is emitted again.
    pub allowed_lateness: i64,
    /// How far a record may lie ahead of the largest event time; `None` believes every record.
    pub max_future: Option<i64>,
    /// What an emission holds.
    pub emit: Emit,
    /// When open windows are emitted; needed with [`Emit::Update`] and [`Emit::Complete`], and only there.
    pub trigger: Option<Trigger>,
    /// Windows in time that close without a record, after the first that has some, are emitted too, without rows; at most
    /// so many in a row, the rest of a longer gap is left out.
    pub empty_windows: u64,
    /// The largest number of keys that a pane counts; beyond it, counts are estimates with a bound on their error, and at
    /// most so many rows come of a window.
    pub max_keys: Option<usize>,
    /// Each key comes with its spelling: it is counted under its bytes, and shown in the spelling that most records of a
    /// window have, of several the smallest.
    pub folded: bool,
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
            watermark_by: false,
            allowed_lateness: 0,
            max_future: Some(MILLIS_PER_DAY),
            emit: Emit::Final,
            trigger: None,
            empty_windows: 0,
            max_keys: None,
            folded: false,
            weighted: false,
            aggregates: Vec::new(),
        }
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
    /// When the caller says so, by [`super::Windows::fire`].
    Called,
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
pub struct SettingsError(pub(super) String);

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
        let lies_in_time = |window: &WindowKind| {
            !matches!(window, WindowKind::Session { .. } | WindowKind::Count { .. } | WindowKind::All)
        };
        if self.empty_windows > 0 && !self.windows.iter().any(lies_in_time) {
            return refuse(
                "--emit-empty is for windows that lie in time, such as --window 1m; others are never empty"
                    .into(),
            );
        }
        if self.empty_windows > 0 && self.emit == Emit::Update {
            return refuse("an update has the rows that changed, and an empty window has none; use --emit final or complete".into());
        }
        if let Some(keys) = self.max_keys {
            if keys == 0 || u32::try_from(keys).is_err() {
                return refuse(format!("--max-keys must lie between 1 and {}, not at {keys}", u32::MAX));
            }
            if self.weighted || !self.aggregates.is_empty() || self.emit == Emit::Update {
                return refuse(
                    "estimated keys have a count and nothing else, and come whole; leave out --weight, other aggregates \
                     and --emit update, or --on-full sketch"
                        .into(),
                );
            }
            if self.windows.iter().any(|window| matches!(window, WindowKind::Session { .. })) {
                return refuse(
                    "a session has one key, so there is nothing to estimate: leave out --on-full sketch"
                        .into(),
                );
            }
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

/// Checks a length in milliseconds.
pub(super) fn length(name: &str, millis: i64, least: i64) -> Result<(), SettingsError> {
    if millis < least {
        return Err(SettingsError(format!("{name} must be at least {least} ms, not {millis}")));
    }
    if millis > Span::MAX_MILLIS {
        return Err(SettingsError(format!("{name} is longer than 20000 years")));
    }
    Ok(())
}
