//! `jsonl-filter`: keeps records by a condition, byte for byte, or makes new ones of them.

use std::ops::{ControlFlow, Range};
use std::sync::Arc;

use super::evaluate::failed;
use crate::drive::{self, Context, End, Figures, Flow, Job, Mapper, Recipe};
use crate::expr::{self, Expr, Program, Value};
use crate::jsonl::{Chunk, Record, Reject};

/// What is kept, and what becomes of it.
#[derive(Clone, Debug)]
pub struct FilterOptions {
    /// Records without a truthy output are left out.
    pub keep: Option<Expr>,
    /// Each output of this is a line instead of the record.
    pub map: Option<Expr>,
    /// Strings that the map makes are written without quotes.
    pub raw: bool,
}

/// The job; see [`FilterOptions`].
pub struct Filter {
    options: FilterOptions,
    matched: u64,
    written: u64,
}

impl Filter {
    /// A filter with these options.
    pub fn new(options: FilterOptions) -> Filter {
        Filter { options, matched: 0, written: 0 }
    }

    /// Records that were kept.
    pub fn matched(&self) -> u64 {
        self.matched
    }
}

/// The pure half of [`Filter`].
pub struct FilterMapper {
    program: Program,
    /// Which expression of the program is which.
    keep: Option<usize>,
    map: Option<usize>,
    raw: bool,
}

/// What is written for a chunk.
#[derive(Default)]
pub struct Kept {
    matched: u64,
    lines: u64,
    /// Runs of whole lines, as they stand in the chunk; the last newline of a run may be missing there.
    runs: Vec<Range<usize>>,
    /// Lines that the map made.
    made: Vec<u8>,
}

impl Mapper for FilterMapper {
    type Batch = Kept;

    fn begin(&mut self, chunk: &[u8], newlines: &mut Vec<u32>) -> bool {
        self.program.begin(chunk, newlines)
    }

    fn map(&mut self, record: &Record<'_>, kept: &mut Kept) -> Result<(), Reject> {
        let mut loaded = self.program.load_next(record).map_err(drive::fault)?;
        if let Some(keep) = self.keep
            && !loaded.truthy(keep).map_err(failed)?
        {
            return Ok(());
        }
        match self.map {
            Some(map) => kept.make(&mut loaded, map, self.raw)?,
            None => {
                kept.lines += 1;
                kept.keep(record);
            }
        }
        kept.matched += 1;
        Ok(())
    }
}

impl Kept {
    /// Adds the lines that expression `map` makes of a record.
    fn make(&mut self, record: &mut expr::Record<'_>, map: usize, raw: bool) -> Result<(), Reject> {
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
        if let Err(error) = outcome {
            // A record is mapped whole or rejected.
            self.made.truncate(before);
            return Err(failed(error));
        }
        self.lines += lines;
        Ok(())
    }

    /// Adds a record's bytes, to the last run if a newline alone is between.
    fn keep(&mut self, record: &Record<'_>) {
        let end = record.start + record.bytes.len();
        match self.runs.last_mut() {
            Some(run) if run.end + 1 == record.start => run.end = end,
            _ => self.runs.push(record.start..end),
        }
    }
}

impl Job for Filter {
    type Mapper = FilterMapper;

    fn recipe(&self) -> Recipe<FilterMapper> {
        let options = self.options.clone();
        Arc::new(move || {
            let expressions: Vec<&Expr> = options.keep.iter().chain(&options.map).collect();
            let keep = options.keep.as_ref().map(|_| 0);
            let map = options.map.as_ref().map(|_| expressions.len() - 1);
            Ok(FilterMapper { program: Program::new(&expressions)?, keep, map, raw: options.raw })
        })
    }

    fn apply(&mut self, chunk: &Chunk, kept: Kept, cx: &mut Context<'_>) -> anyhow::Result<Flow> {
        self.matched += kept.matched;
        self.written += kept.lines;
        for run in kept.runs {
            cx.out.records(&chunk.bytes()[run])?;
        }
        if !kept.made.is_empty() {
            cx.out.records(&kept.made)?;
        }
        Ok(Flow::On)
    }

    fn finish(&mut self, _end: End, _cx: &mut Context<'_>) -> anyhow::Result<()> {
        Ok(())
    }

    fn figures(&self, figures: &mut Figures) {
        figures.insert("matched".into(), self.matched.into());
        figures.insert("rows".into(), self.written.into());
    }
}
