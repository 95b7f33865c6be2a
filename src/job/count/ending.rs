//! The end of a count: windows that have not closed, and what there is to say.

use super::mapper::CountMapper;
use super::rows::Passing;
use super::{Count, CountOptions, MOST_EMPTY_WINDOWS};
use crate::drive::{End, Notes};
use crate::job::looked_at::LookedAt;
use crate::jsonl::Output;
use crate::row::Number;
use crate::time::Span;
use crate::window::{Emission, Outcome, Sink, Stats};

/// What becomes of the windows that have not closed when the input ends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AtEnd {
    /// They are written, marked as open.
    #[default]
    Flush,
    /// They are held back, and told; or, with a state, kept for the next run.
    Hold,
}

/// Windows that were held back.
#[derive(Default)]
pub(super) struct Held {
    pub(super) windows: u64,
    pub(super) rows: u64,
    count: Number,
}

impl Held {
    /// A sink that holds open windows back, and passes on the others.
    pub(super) fn back<'a>(&'a mut self, pass: Passing<'a>) -> HoldingBack<'a> {
        HoldingBack { held: self, pass }
    }
}

/// See [`Held::back`].
pub(super) struct HoldingBack<'a> {
    held: &'a mut Held,
    pass: Passing<'a>,
}

impl Sink for HoldingBack<'_> {
    fn emission(&mut self, emission: &Emission<'_>) {
        if !emission.open {
            return self.pass.emission(emission);
        }
        self.held.windows += 1;
        self.held.rows += emission.rows.len().max(1) as u64;
        self.held.count = self.held.count.plus(emission.total);
    }

    fn settled(&mut self, record: u64, outcome: Outcome) {
        self.pass.settled(record, outcome);
    }
}

impl CountOptions {
    /// Says how many records had no key, were counted, and were there in all; and which fields none of them had.
    pub(in crate::job) fn tell_of_fields(
        &self,
        looked_at: &LookedAt,
        (no_key, counted, records): (u64, u64, u64),
        notes: &mut Notes,
    ) -> anyhow::Result<()> {
        if no_key > 0 {
            let sentence = format!("{no_key} of {records} records have no key");
            // A misspelt key gives nothing at all: then it is said unasked.
            if counted == 0 { notes.say(&sentence) } else { notes.explain(&sentence) }
        }
        looked_at.tell(CountMapper::new(self)?.program(), counted > 0, notes);
        Ok(())
    }
}

impl Count {
    /// The figures of this run.
    pub(super) fn stats(&self) -> Stats {
        self.windows.stats().since(&self.before)
    }

    /// What is written of windows that have not closed. A signal is not the end of the input where a later run goes on.
    pub(super) fn end_windows(&mut self, end: End, out: &mut Output) {
        match (self.is_kept, self.options.at_end) {
            (true, AtEnd::Flush) if end == End::Input => self.windows.show_open(&mut self.rows.to(out)),
            (true, _) => {}
            (false, AtEnd::Flush) => self.windows.finish(&mut self.rows.to(out)),
            (false, AtEnd::Hold) => self.windows.finish(&mut self.held.back(self.rows.to(out))),
        }
    }

    /// Says what did not count, and what would have helped.
    pub(super) fn tell(&self, notes: &mut Notes) -> anyhow::Result<()> {
        let stats = self.stats();
        if stats.late > 0 {
            let records = if stats.records == 1 { "record" } else { "records" };
            notes.say(&format!(
                "{} of {} {records} missed a window; --watermark {} would have kept all",
                stats.late,
                stats.records,
                watermark_to_keep(&stats)
            ));
        }
        if stats.future > 0 {
            let (of, now, base) = match self.options.wall.max_future {
                Some(ahead) => ("the clock", "now+", ahead),
                None => ("the others", "", 0),
            };
            let far = stats.future_hint.and_then(|hint| Span::advised(base.saturating_add(hint)));
            let far = far.map_or(String::new(), |span| format!("--max-future {now}{span}, or "));
            notes.say(&format!(
                "set aside {} of {} records whose time lies too far ahead of {of}; {far}--max-future off would have \
                 believed all",
                stats.future, stats.records
            ));
        }
        about_gaps(self.windows.cut_gaps(), notes);
        if self.held.windows > 0 {
            let windows = if self.held.windows == 1 { "window" } else { "windows" };
            notes.say(&format!(
                "held back {} {windows} that had not closed, with a total of {}; --at-end flush writes them",
                self.held.windows, self.held.count
            ));
        }
        self.options.tell_of_fields(&self.looked_at, (stats.no_key, stats.counted, stats.records), notes)
    }
}

/// The smallest `--watermark` that would have kept every record, to be read by people.
pub(in crate::job) fn watermark_to_keep(stats: &Stats) -> String {
    stats.late_hint.and_then(Span::advised).map_or("max".to_owned(), |span| span.to_string())
}

/// Says that long gaps were not written.
pub(in crate::job) fn about_gaps(gaps: u64, notes: &mut Notes) {
    if gaps == 0 {
        return;
    }
    let (gaps, rest) = if gaps == 1 {
        ("1 gap is".into(), "the rest of it")
    } else {
        (format!("{gaps} gaps are"), "the rest of each")
    };
    notes.say(&format!(
        "{gaps} longer than {MOST_EMPTY_WINDOWS} windows without a record; {rest} is not written (--emit-empty)"
    ));
}
