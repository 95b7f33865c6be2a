//! What a chunk leaves: lines as they stand in it, and lines that were made.

use std::ops::{ControlFlow, Range};

use crate::expr::{self, Value};
use crate::job::evaluate::failed;
use crate::job::values::Values;
use crate::jsonl::{Output, Record, Reject};
use crate::time::Millis;

/// What is written for a chunk.
#[derive(Default)]
pub struct Kept {
    pub(super) matched: u64,
    pub(super) lines: u64,
    /// Runs of whole lines, as they stand in the chunk; the last newline of a run may be missing there.
    runs: Vec<Range<usize>>,
    /// Lines that were made.
    made: Vec<u8>,
    /// The records one by one, where the ordered half looks at each; then there are no runs.
    pub(super) records: Vec<KeptRecord>,
    pub(super) keys: Values,
}

/// One record, where the ordered half looks at each.
pub(super) struct KeptRecord {
    /// Where it stands in the chunk.
    pub(super) line: Range<usize>,
    /// Its lines among those made; `None`: it is written as it is.
    pub(super) made: Option<Range<usize>>,
    pub(super) lines: u64,
    /// What tells whether it came before.
    pub(super) key: Option<Range<usize>>,
    pub(super) time: Millis,
}

impl Kept {
    /// How many bytes were made.
    pub(super) fn made(&self) -> usize {
        self.made.len()
    }

    /// Adds the lines that expression `map` makes of a record, and tells how many there are.
    pub(super) fn make(
        &mut self,
        record: &mut expr::Record<'_>,
        map: usize,
        raw: bool,
    ) -> Result<u64, Reject> {
        let (before, mut lines) = (self.made.len(), 0);
        let outcome = record.outputs(map, &mut |value| {
            match value {
                Value::String(text) if raw => self.made.extend_from_slice(text.as_bytes()),
                value => value.write_json(&mut self.made),
            }
            self.made.push(b'\n');
            lines += 1;
            ControlFlow::Continue(())
        });
        match outcome {
            Ok(()) => Ok(lines),
            Err(error) => {
                // A record is mapped whole or rejected.
                self.made.truncate(before);
                Err(failed(error))
            }
        }
    }

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
