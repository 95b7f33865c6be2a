//! The pure half: what is kept of a record, looking at no other.

use super::kept::{Kept, KeptRecord, Tally};
use super::shape::{Behind, Stage};
use super::{FilterOptions, TimeRange};
use crate::drive::{self, Mapper};
use crate::expr::{self, Expr, Program};
use crate::job::clock::ClockReader;
use crate::job::evaluate::failed;
use crate::job::values::Values;
use crate::jsonl::{Record, Reject};
use crate::record::Sample;
use crate::time::Millis;

/// The pure half of [`Filter`](super::Filter).
pub struct FilterMapper {
    program: Program,
    gate: Gate,
    /// What tells records apart.
    key: Option<usize>,
    /// What is made of a record; none: it is kept as it is.
    first: Option<Stage>,
    behind: Vec<Behind>,
    is_ordered: bool,
}

/// What lets a record pass. Expressions are known by their number in the program.
struct Gate {
    keep: Option<usize>,
    /// What the condition must say.
    wanted: bool,
    time: Option<ClockReader>,
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
            time: options.needs_time().then(|| ClockReader::new(&options.clock, &options.times, &mut add)),
            range: options.range,
            sample: options.sample.as_ref().map(|options| options.sample),
            sample_key: options.sample.as_ref().and_then(|options| options.key.as_ref()).map(&mut add),
            packed: Values::default(),
        };
        let key = options.dedupe.as_ref().map(|dedupe| add(&dedupe.key));
        let mut stages = options.shape.stages()?.into_iter();
        let first = stages.next();
        let before = expressions.len();
        expressions.extend(first.iter().flat_map(|(_, expressions)| expressions));
        let program = Program::new(&expressions)?;
        let mut behind = Vec::new();
        for (stage, expressions) in stages {
            let program = Program::new(&expressions.iter().collect::<Vec<_>>())?;
            behind.push(Behind { program, stage });
        }
        let first = first.map(|(stage, _)| stage.behind(before));
        Ok(FilterMapper { program, gate, key, first, behind, is_ordered: options.is_ordered() })
    }

    /// What is asked of the records as they come.
    pub(super) fn program(&self) -> &Program {
        &self.program
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
        let time = match &mut self.time {
            Some(clock) => clock.read(record)?,
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
        kept.seen = loaded.seen();
        let Some(time) = self.gate.pass(&mut loaded, record.bytes)? else { return Ok(()) };
        let before = kept.made.len();
        let mut tally = Tally::default();
        match &self.first {
            None => tally.add_line(),
            Some(stage) => {
                let done = stage.run(&mut loaded, &mut self.behind, kept, &mut tally);
                if done.is_err() {
                    // All of a record is written, or nothing.
                    kept.made.truncate(before);
                    return done;
                }
            }
        }
        if self.is_ordered {
            let key = self.key.and_then(|key| kept.keys.read_id(&mut loaded, key));
            let line = record.start..record.start + record.bytes.len();
            let made = self.first.as_ref().map(|_| before..kept.made.len());
            kept.records.push(KeptRecord { line, made, key, time, tally });
            return Ok(());
        }
        if self.first.is_none() {
            kept.keep(record);
        }
        kept.matched += u64::from(tally.is_kept);
        kept.tally.add(tally);
        Ok(())
    }
}
