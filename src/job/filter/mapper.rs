//! The pure half: what is kept of a record, looking at no other.

use super::kept::{Kept, KeptRecord};
use super::{FilterOptions, TimeRange};
use crate::drive::{self, Mapper};
use crate::expr::{self, Expr, Program};
use crate::job::clock::ClockReader;
use crate::job::evaluate::failed;
use crate::job::values::Values;
use crate::jsonl::{Record, Reject};
use crate::record::Sample;
use crate::time::{Millis, TimeReader};

/// The pure half of [`Filter`](super::Filter).
pub struct FilterMapper {
    program: Program,
    gate: Gate,
    /// What tells records apart.
    key: Option<usize>,
    map: Option<usize>,
    raw: bool,
    is_ordered: bool,
}

/// What lets a record pass. Expressions are known by their number in the program.
struct Gate {
    keep: Option<usize>,
    /// What the condition must say.
    wanted: bool,
    time: Option<ClockReader>,
    times: TimeReader,
    range: TimeRange,
    sample: Option<Sample>,
    sample_key: Option<usize>,
    /// The packed key of the sample.
    packed: Values,
}

impl FilterMapper {
    pub(super) fn new(options: &FilterOptions) -> anyhow::Result<FilterMapper> {
        let mut expressions: Vec<&Expr> = Vec::new();
        let mut add = |expression| {
            expressions.push(expression);
            expressions.len() - 1
        };
        let gate = Gate {
            keep: options.keep.as_ref().map(&mut add),
            wanted: !options.invert,
            time: options.needs_time().then(|| ClockReader::new(&options.clock, &mut add)),
            times: options.times.clone(),
            range: options.range,
            sample: options.sample.as_ref().map(|options| options.sample),
            sample_key: options.sample.as_ref().and_then(|options| options.key.as_ref()).map(&mut add),
            packed: Values::default(),
        };
        let key = options.dedupe.as_ref().map(|dedupe| add(&dedupe.key));
        let map = options.map.as_ref().map(&mut add);
        let program = Program::new(&expressions)?;
        Ok(FilterMapper { program, gate, key, map, raw: options.raw, is_ordered: options.is_ordered() })
    }
}

impl Gate {
    /// Lets a record pass or not, and tells its time where one is asked for.
    fn pass(&mut self, record: &mut expr::Record<'_>, line: &[u8]) -> Result<Option<Millis>, Reject> {
        if let Some(keep) = self.keep
            && record.truthy(keep).map_err(failed)? != self.wanted
        {
            return Ok(None);
        }
        let time = match &self.time {
            Some(clock) => clock.read(record, &self.times)?,
            None => 0,
        };
        if !self.range.has(time) {
            return Ok(None);
        }
        if let Some(sample) = self.sample {
            self.packed.clear();
            let key = self.sample_key.and_then(|key| self.packed.read_id(record, key));
            let key = key.map_or(line, |key| self.packed.bytes(key));
            if !sample.has(key) {
                return Ok(None);
            }
        }
        Ok(Some(time))
    }
}

impl Mapper for FilterMapper {
    type Batch = Kept;

    fn begin(&mut self, chunk: &[u8], newlines: &mut Vec<u32>) -> bool {
        self.program.begin(chunk, newlines)
    }

    fn map(&mut self, record: &Record<'_>, kept: &mut Kept) -> Result<(), Reject> {
        let mut loaded = self.program.load_next(record).map_err(drive::fault)?;
        let Some(time) = self.gate.pass(&mut loaded, record.bytes)? else { return Ok(()) };
        let before = kept.made();
        let lines = match self.map {
            Some(map) => kept.make(&mut loaded, map, self.raw)?,
            None => 1,
        };
        if self.is_ordered {
            let key = self.key.and_then(|key| kept.keys.read_id(&mut loaded, key));
            let line = record.start..record.start + record.bytes.len();
            let made = self.map.map(|_| before..kept.made());
            kept.records.push(KeptRecord { line, made, lines, key, time });
            return Ok(());
        }
        if self.map.is_none() {
            kept.keep(record);
        }
        kept.matched += 1;
        kept.lines += lines;
        Ok(())
    }
}
