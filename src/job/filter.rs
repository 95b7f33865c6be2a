//! `jsonl-filter`: keeps records by a condition, byte for byte, or makes new ones of them.
//!
//! What happens to a record, in this order: the condition, the range of time, the sample, the repeats, what is made of it
//! (its elements apart, joined with a table, mapped), the limit. All but the repeats and the limit look at one record alone, and run on workers.

mod keep;
mod kept;
mod mapper;
mod shape;

use std::sync::Arc;

use super::clock::{Clock, ClockSearch, Condition};
use super::count::now;
use super::looked_at::LookedAt;
use crate::drive::{Context, End, Figures, Flow, Job, Notes, Recipe, Usage};
use crate::expr::Expr;
use crate::jsonl::Chunk;
use crate::record::{Repeats, Sample, Within};
use crate::state::Snapshot;
use crate::time::{Millis, TimeReader};
use kept::{Kept, KeptRecord, Tally};
use mapper::FilterMapper;

pub use shape::{JoinOptions, Shape, Write};

/// What is kept, and what becomes of it.
#[derive(Clone, Debug)]
pub struct FilterOptions {
    /// Records without a truthy output are left out.
    pub keep: Option<Expr>,
    /// Records with a truthy output are left out instead.
    pub invert: bool,
    /// Which field is the time, where one is needed.
    pub clock: Clock,
    /// How the time is written.
    pub times: TimeReader,
    /// Records of another time are left out.
    pub range: TimeRange,
    /// Only keys in the sample are kept.
    pub sample: Option<SampleOptions>,
    /// Only the first record of a key is kept.
    pub dedupe: Option<DedupeOptions>,
    /// What becomes of the records that are kept.
    pub shape: Shape,
    /// Nothing is written but how many lines there would be.
    pub count: bool,
    /// The run ends with this record that is kept.
    pub most: Option<u64>,
}

/// From a time on, and until before another.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TimeRange {
    /// The first that is in.
    pub since: Option<Millis>,
    /// The first that is out again.
    pub until: Option<Millis>,
}

impl TimeRange {
    /// It leaves something out.
    pub(super) fn is_bounded(self) -> bool {
        self.since.is_some() || self.until.is_some()
    }

    pub(super) fn has(self, time: Millis) -> bool {
        self.since.is_none_or(|since| time >= since) && self.until.is_none_or(|until| time < until)
    }
}

/// A sample, and what it is chosen by.
#[derive(Clone, Debug)]
pub struct SampleOptions {
    /// Which keys.
    pub sample: Sample,
    /// The first output of this is the key; without it, and where it has none or null, the line is.
    pub key: Option<Expr>,
}

/// What tells records apart, and for how long.
#[derive(Clone, Debug)]
pub struct DedupeOptions {
    /// The first output of this is the key; records without or with null are all kept.
    pub key: Expr,
    /// How long a key is remembered.
    pub within: Within,
    /// With more keys in memory the run ends.
    pub max_keys: Option<usize>,
}

impl FilterOptions {
    /// The time of a record matters.
    fn needs_time(&self) -> bool {
        let spans = |dedupe: &DedupeOptions| matches!(dedupe.within, Within::Span(_));
        self.range.is_bounded() || self.dedupe.as_ref().is_some_and(spans)
    }

    /// Records are looked at one by one in order.
    fn is_ordered(&self) -> bool {
        self.dedupe.is_some() || self.most.is_some()
    }
}

/// The job; see [`FilterOptions`].
pub struct Filter {
    options: FilterOptions,
    search: ClockSearch,
    repeats: Option<Repeats>,
    matched: u64,
    tally: Tally,
    /// The first key that the table does not have.
    unmatched_key: Option<String>,
    /// What fields the records have.
    looked_at: LookedAt,
    failure: Option<Usage>,
}

impl Filter {
    /// A filter with these options.
    pub fn new(options: FilterOptions) -> Filter {
        let repeats = options.dedupe.as_ref().map(|dedupe| Repeats::new(dedupe.within));
        Filter {
            options,
            search: ClockSearch::default(),
            repeats,
            matched: 0,
            tally: Tally::default(),
            unmatched_key: None,
            looked_at: LookedAt::default(),
            failure: None,
        }
    }

    /// Records that were kept.
    pub fn matched(&self) -> u64 {
        self.matched
    }

    /// Takes records one by one: what came before is left out, and the last one that is wanted ends the run.
    fn take(&mut self, chunk: &Chunk, kept: &Kept, cx: &mut Context<'_>) -> anyhow::Result<Flow> {
        let arrival = matches!(self.options.clock, Clock::Arrival).then(now);
        for record in &kept.records {
            if self.is_again(kept, record, arrival) {
                continue;
            }
            if self.failure.is_some() {
                return Ok(Flow::Done);
            }
            self.tally.add(record.tally);
            if !record.tally.is_kept {
                continue;
            }
            self.matched += 1;
            if !self.options.count {
                kept.write(record, chunk.bytes(), cx.out)?;
            }
            if self.options.most.is_some_and(|most| self.matched >= most) {
                return Ok(Flow::DoneBehind(record.line.start));
            }
        }
        Ok(Flow::On)
    }

    fn is_again(&mut self, kept: &Kept, record: &KeptRecord, arrival: Option<Millis>) -> bool {
        let (Some(repeats), Some(key)) = (&mut self.repeats, kept.key(record)) else { return false };
        if repeats.is_again(key, arrival.unwrap_or(record.time)) {
            return true;
        }
        let most = self.options.dedupe.as_ref().and_then(|dedupe| dedupe.max_keys);
        if let Some(most) = most.filter(|&most| repeats.keys() > most) {
            self.failure = Some(Usage(format!(
                "there are more than {most} keys to remember (--max-keys): raise it, or forget them after a while with \
                 --within 1h or --within 1000000rec"
            )));
        }
        false
    }

    /// Says what the user may not have meant.
    fn tell_of_join(&self, notes: &mut Notes) {
        let Some(join) = &self.options.shape.join else { return };
        if self.tally.replaced > 0 {
            notes.say(&format!(
                "columns of the table took the place of fields of {} {}: --prefix NAME_ keeps both",
                self.tally.replaced,
                if self.tally.replaced == 1 { "record" } else { "records" }
            ));
        }
        let is_none_found = self.matched == 0 || join.left && self.tally.unmatched == self.tally.lines;
        if let (Some(asked), Some(known)) = (&self.unmatched_key, join.table.any_key())
            && is_none_found
        {
            notes.say(&format!(
                "no record has a row in the table: records ask for {asked:?}, it has {known:?}"
            ));
        }
    }
}

impl Job for Filter {
    type Mapper = FilterMapper;

    fn settle(&mut self, chunk: &Chunk, notes: &mut Notes) -> anyhow::Result<bool> {
        if !self.options.needs_time() {
            return Ok(true);
        }
        let FilterOptions { clock, keep, times, invert, .. } = &mut self.options;
        let keep = keep.as_ref().map(|expression| Condition { expression, wanted: !*invert });
        self.search.settle(clock, chunk, keep, times, notes)
    }

    fn recipe(&self) -> Recipe<FilterMapper> {
        let options = self.options.clone();
        Arc::new(move || FilterMapper::new(&options))
    }

    fn apply(&mut self, chunk: &Chunk, mut kept: Kept, cx: &mut Context<'_>) -> anyhow::Result<Flow> {
        if self.unmatched_key.is_none() {
            self.unmatched_key = kept.unmatched_key.take();
        }
        self.looked_at.look(chunk, kept.seen);
        if self.options.is_ordered() {
            return self.take(chunk, &kept, cx);
        }
        self.matched += kept.matched;
        self.tally.add(kept.tally);
        if !self.options.count {
            kept.write_all(chunk.bytes(), cx.out)?;
        }
        Ok(Flow::On)
    }

    fn finish(&mut self, _end: End, cx: &mut Context<'_>) -> anyhow::Result<()> {
        if let Some(failure) = self.failure.take() {
            return Err(failure.into());
        }
        if self.options.needs_time()
            && matches!(self.options.clock, Clock::Auto)
            && self.search.has_seen_records()
        {
            return Err(self.search.nothing_found().into());
        }
        if self.options.count {
            cx.out.line(self.tally.lines.to_string().as_bytes())?;
        }
        self.tell_of_join(cx.notes);
        let mapper = FilterMapper::new(&self.options)?;
        self.looked_at.tell(mapper.program(), self.matched > 0 || self.options.invert, cx.notes);
        Ok(())
    }

    fn save(&mut self, snapshot: &mut Snapshot) -> anyhow::Result<()> {
        self.pack(&mut snapshot.job);
        Ok(())
    }

    fn figures(&self, figures: &mut Figures) {
        figures.insert("matched".into(), self.matched.into());
        if let Some(repeats) = &self.repeats {
            figures.insert("duplicates".into(), repeats.found().into());
            figures.insert("keys".into(), repeats.keys().into());
        }
        if self.options.shape.join.is_some() {
            figures.insert("unmatched".into(), self.tally.unmatched.into());
        }
        figures.insert("rows".into(), self.tally.lines.into());
    }
}
