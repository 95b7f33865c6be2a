//! The pure half: time, keys and values of each record, packed for a chunk.

use std::ops::Range;

use super::CountOptions;
use crate::drive::{self, Mapper};
use crate::expr::{Expr, Program, Seen};
use crate::job::clock::ClockReader;
use crate::job::evaluate::failed;
use crate::job::keys::KeyReader;
use crate::job::packed::PackedKeys;
use crate::job::values::{Values, Wanted};
use crate::jsonl::{Record, Reject};
use crate::time::Millis;

/// The pure half of [`Count`].
pub struct CountMapper {
    program: Program,
    keep: Option<usize>,
    time: ClockReader,
    keys: KeyReader,
    values: Vec<(usize, Wanted)>,
    id: Option<usize>,
    source: Option<usize>,
    /// Lines of the chunk at hand.
    lines: usize,
}

impl CountMapper {
    pub(in crate::job) fn new(options: &CountOptions) -> anyhow::Result<CountMapper> {
        let mut expressions: Vec<&Expr> = Vec::new();
        let mut add = |expression| {
            expressions.push(expression);
            expressions.len() - 1
        };
        let keep = options.keep.as_ref().map(&mut add);
        let time = ClockReader::new(&options.clock, &options.times, &mut add);
        let keys = options.keys.iter().map(|(_, key)| add(key)).collect();
        let weight = options.weight.as_ref().map(|weight| (add(weight), Wanted::Number));
        let aggregates = options.aggregates.iter();
        let aggregates = aggregates.map(|named| (add(&named.values), Wanted::of(named.aggregate)));
        let values = weight.into_iter().chain(aggregates).collect();
        let id = options.dedupe.as_ref().map(|(id, _)| add(id));
        let source = options.source.as_ref().map(&mut add);
        Ok(CountMapper {
            keep,
            time,
            keys: KeyReader::new(keys, options.once_per_record, options.fold)
                .missing_as_null(options.missing_as_null),
            values,
            id,
            source,
            lines: 0,
            program: Program::new(&expressions)?,
        })
    }

    /// What is asked of the records.
    pub(in crate::job) fn program(&self) -> &Program {
        &self.program
    }
}

/// The records of a chunk as the windows take them.
#[derive(Default)]
pub struct Counted {
    pub(in crate::job) records: Vec<Taken>,
    pub(in crate::job) keys: PackedKeys,
    pub(in crate::job) values: Values,
    pub(in crate::job) left_out: u64,
    pub(in crate::job) composite: Option<String>,
    /// The fields that some record has.
    pub(in crate::job) seen: Seen,
}

/// One record: its time, its keys by number, and where it stands in the chunk.
pub(in crate::job) struct Taken {
    pub(in crate::job) time: Millis,
    pub(in crate::job) keys: Range<usize>,
    pub(in crate::job) line: Range<usize>,
    /// What tells whether it was sent again.
    id: Option<Range<usize>>,
    /// What tells its source from others.
    source: Option<Range<usize>>,
}

impl Mapper for CountMapper {
    type Batch = Counted;

    fn begin(&mut self, chunk: &[u8], newlines: &mut Vec<u32>) -> bool {
        let is_indexed = self.program.begin(chunk, newlines);
        self.lines = newlines.len();
        is_indexed
    }

    fn map(&mut self, record: &Record<'_>, counted: &mut Counted) -> Result<(), Reject> {
        let mut loaded = self.program.load_next(record).map_err(drive::fault)?;
        counted.seen = loaded.seen();
        if let Some(keep) = self.keep
            && !loaded.truthy(keep).map_err(failed)?
        {
            counted.left_out += 1;
            return Ok(());
        }
        let time = self.time.read(&mut loaded)?;
        if counted.records.is_empty() {
            // Vectors that grow with each chunk anew are a fortieth of all instructions.
            counted.records.reserve(self.lines);
            counted.keys.reserve(self.lines);
        }
        let first = counted.keys.len();
        let composite = self.keys.read(&mut loaded, &mut counted.keys)?;
        let values = counted.values.len();
        if let Err(reject) = counted.values.read(&mut loaded, &self.values) {
            counted.values.truncate(values);
            counted.keys.truncate(first);
            return Err(reject);
        }
        if counted.composite.is_none() {
            counted.composite = composite;
        }
        let id = self.id.and_then(|id| counted.values.read_id(&mut loaded, id));
        let source = self.source.and_then(|source| counted.values.read_id(&mut loaded, source));
        let line = record.start..record.start + record.bytes.len();
        counted.records.push(Taken { time, keys: first..counted.keys.len(), line, id, source });
        Ok(())
    }
}

impl Counted {
    /// The id of a record, packed.
    pub(in crate::job) fn id(&self, record: &Taken) -> Option<&[u8]> {
        record.id.clone().map(|range| self.values.bytes(range))
    }

    /// The source of a record, packed. Those without are a source of their own.
    pub(super) fn source(&self, record: &Taken) -> &[u8] {
        record.source.clone().map_or(&[], |range| self.values.bytes(range))
    }
}
