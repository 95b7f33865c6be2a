//! What a chunk leaves: lines as they stand in it, and lines that were made.

use std::ops::Range;

use crate::expr::Seen;
use crate::job::values::Values;
use crate::jsonl::{Output, Record};
use crate::time::Millis;

/// What is written for a chunk.
#[derive(Default)]
pub struct Kept {
    /// Of all records, where the ordered half does not look at each.
    pub(super) matched: u64,
    pub(super) tally: Tally,
    /// Runs of whole lines, as they stand in the chunk; the last newline of a run may be missing there.
    runs: Vec<Range<usize>>,
    /// Lines that were made.
    pub(super) made: Vec<u8>,
    /// The records one by one, where the ordered half looks at each; then there are no runs.
    pub(super) records: Vec<KeptRecord>,
    pub(super) keys: Values,
    /// A key that the table does not have.
    pub(super) unmatched_key: Option<String>,
    /// The fields that some record has.
    pub(super) seen: Seen,
}

/// One record, where the ordered half looks at each.
pub(super) struct KeptRecord {
    /// Where it stands in the chunk.
    pub(super) line: Range<usize>,
    /// Its lines among those made; `None`: it is written as it is.
    pub(super) made: Option<Range<usize>>,
    /// What tells whether it came before.
    pub(super) key: Option<Range<usize>>,
    pub(super) time: Millis,
    pub(super) tally: Tally,
}

/// What became of a record, or of some.
#[derive(Clone, Copy, Default)]
pub(super) struct Tally {
    /// It is written, if there is something to be written of it.
    pub(super) is_kept: bool,
    pub(super) lines: u64,
    /// Lines that the table has no row for.
    pub(super) unmatched: u64,
    /// Lines with fields that the table's columns took the place of.
    pub(super) replaced: u64,
}

impl Tally {
    pub(super) fn add_line(&mut self) {
        self.is_kept = true;
        self.lines += 1;
    }

    pub(super) fn add(&mut self, other: Tally) {
        self.lines += other.lines;
        self.unmatched += other.unmatched;
        self.replaced += other.replaced;
    }
}

impl Kept {
    /// Adds a record's bytes, to the last run if a newline alone is between.
    pub(super) fn keep(&mut self, record: &Record<'_>) {
        let end = record.start + record.bytes.len();
        match self.runs.last_mut() {
            Some(run) if run.end + 1 == record.start => run.end = end,
            _ => self.runs.push(record.start..end),
        }
    }

    /// What tells a record apart.
    pub(super) fn key(&self, record: &KeptRecord) -> Option<&[u8]> {
        record.key.clone().map(|range| self.keys.bytes(range))
    }

    /// Writes what became of one record.
    pub(super) fn write(&self, record: &KeptRecord, chunk: &[u8], out: &mut Output) -> anyhow::Result<()> {
        match &record.made {
            None => out.records(&chunk[record.line.clone()]),
            Some(made) if made.is_empty() => Ok(()),
            Some(made) => out.records(&self.made[made.clone()]),
        }
    }

    /// Writes what became of all.
    pub(super) fn write_all(&self, chunk: &[u8], out: &mut Output) -> anyhow::Result<()> {
        for run in &self.runs {
            out.records(&chunk[run.clone()])?;
        }
        if !self.made.is_empty() {
            out.records(&self.made)?;
        }
        Ok(())
    }
}
