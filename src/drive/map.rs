//! The pure half of a job, run over chunks: records in, a batch and the rejects out.

use crate::jsonl::{Chunk, Record, Reject};
use crate::scan;

/// What a job does with one record, without looking at any other; runs on a worker.
pub trait Mapper {
    /// What the records of a chunk become.
    type Batch: Default + Send + 'static;

    /// Looks at a chunk as a whole before its records. True where it found its newlines by the way, and appended where they are.
    fn begin(&mut self, chunk: &[u8], newlines: &mut Vec<u32>) -> bool {
        let _ = (chunk, newlines);
        false
    }

    /// Adds one record to the batch, or says why it cannot. It stands in the chunk that was begun last.
    fn map(&mut self, record: &Record<'_>, batch: &mut Self::Batch) -> Result<(), Reject>;
}

/// How strictly lines are looked at, whatever the job.
#[derive(Clone, Copy, Debug)]
pub struct Checks {
    /// A longer line is rejected.
    pub max_line: usize,
    /// The whole JSON grammar is checked.
    pub grammar: bool,
    /// Nothing after the first reject counts.
    pub strict: bool,
}

/// What became of a chunk.
pub(super) struct Mapped<B> {
    pub(super) batch: B,
    pub(super) lines: u64,
    pub(super) blank: u64,
    pub(super) records: u64,
    pub(super) rejects: Vec<Rejected>,
}

/// A rejected line: its number within the chunk, where its bytes are, and why.
pub(super) struct Rejected {
    pub(super) line: u64,
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) reject: Reject,
}

impl<B> Mapped<B> {
    /// Counts anew, after the chunk was cut.
    pub(super) fn cut_to(&mut self, chunk: &Chunk) {
        self.rejects.retain(|rejected| rejected.start < chunk.bytes().len());
        let mut records = chunk.records();
        let all = records.by_ref().count() as u64;
        self.records = all - self.rejects.len() as u64;
        (self.lines, self.blank) = (records.lines(), records.blank());
    }
}

pub(super) fn map_chunk<M: Mapper>(mapper: &mut M, chunk: &Chunk, checks: Checks) -> Mapped<M::Batch> {
    let mut mapped =
        Mapped { batch: M::Batch::default(), lines: 0, blank: 0, records: 0, rejects: Vec::new() };
    let mut newlines = Vec::new();
    let is_indexed = mapper.begin(chunk.bytes(), &mut newlines);
    let mut records = if is_indexed { chunk.records_by(&newlines) } else { chunk.records() };
    for record in records.by_ref() {
        match check(&record, checks).and_then(|()| mapper.map(&record, &mut mapped.batch)) {
            Ok(()) => mapped.records += 1,
            Err(reject) => {
                let end = record.start + record.bytes.len();
                mapped.rejects.push(Rejected { line: record.line, start: record.start, end, reject });
                if checks.strict {
                    break;
                }
            }
        }
    }
    (mapped.lines, mapped.blank) = (records.lines(), records.blank());
    mapped
}

fn check(record: &Record<'_>, checks: Checks) -> Result<(), Reject> {
    if record.bytes.len() > checks.max_line {
        return Err(too_long(checks.max_line));
    }
    if checks.grammar {
        scan::check(record.bytes).map_err(fault)?;
        scan::check_grammar(record.bytes).map_err(|fault| Reject::new("grammar", fault.to_string()))?;
    }
    Ok(())
}

/// The reject of a line that is no whole record.
pub fn fault(fault: scan::Fault) -> Reject {
    Reject::new(fault.reason(), fault.to_string())
}

/// The reject of a line over the limit.
pub(super) fn too_long(max_line: usize) -> Reject {
    Reject::new("too-long", format!("the line is longer than {max_line} bytes; --max-line sets the limit"))
}

/// The reject of a line that ends where its connection broke.
pub(super) fn cut_by_connection() -> Reject {
    Reject::new("cut", "the connection broke in the middle of this line")
}
