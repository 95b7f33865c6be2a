//! What became of the records.

use crate::time::Millis;

/// What became of one record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It counts in at least one window.
    Counted,
    /// It found no window open.
    Late,
    /// It fell between two windows whose slide is larger than their size.
    Gap,
    /// It had no key; it moved the watermark all the same.
    NoKey,
    /// It lies too far in the future to be believed yet; [`super::Sink::settled`] tells later.
    Held,
    /// It was held, and set aside: nothing followed that bore it out.
    Future,
}

/// Figures about a run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// All records.
    pub records: u64,
    /// Records that count in at least one window.
    pub counted: u64,
    /// Records that found no window open.
    pub late: u64,
    /// Records that missed a window they belong to; those that found none at all are among them.
    pub missed: u64,
    /// Records that fell between windows.
    pub gap: u64,
    /// Records without a key.
    pub no_key: u64,
    /// Records set aside, since they lay too far in the future.
    pub future: u64,
    /// Windows that are done: closed, or emitted at the end of input.
    pub windows: u64,
    /// Emissions of windows.
    pub emissions: u64,
    /// Rows of all emissions.
    pub rows: u64,
    /// The largest number of keys that were in memory at once.
    pub keys: u64,
    /// The largest event time that was believed.
    pub max_event_time: Option<Millis>,
    /// The watermark, if it has moved at all.
    pub watermark: Option<Millis>,
    /// The smallest `--watermark` with which every record would have found a window open, if some did not.
    pub late_hint: Option<i64>,
    /// The smallest `--watermark` with which no record would have missed any window, if some did.
    pub missed_hint: Option<i64>,
    /// A `--max-future` with which every record would have been believed at once, if some were set aside.
    pub future_hint: Option<i64>,
}

impl Stats {
    /// What is new since earlier figures of the same windows.
    #[must_use]
    pub fn since(mut self, before: &Stats) -> Stats {
        let Stats { records, counted, late, missed, gap, no_key, future, windows, emissions, rows, .. } =
            before;
        for (figure, before) in [
            (&mut self.records, records),
            (&mut self.counted, counted),
            (&mut self.late, late),
            (&mut self.missed, missed),
            (&mut self.gap, gap),
            (&mut self.no_key, no_key),
            (&mut self.future, future),
            (&mut self.windows, windows),
            (&mut self.emissions, emissions),
            (&mut self.rows, rows),
        ] {
            *figure = figure.saturating_sub(*before);
        }
        self
    }
}
