//! `jsonl-describe`: what fields a stream has.

use std::ops::Range;
use std::sync::Arc;

use crate::drive::{self, Context, End, Figures, Flow, Job, Mapper, Recipe, Usage};
use crate::expr::Program;
use crate::jsonl::{Chunk, Record, Reject};
use crate::record::Sample;
use crate::record::describe::{Broken, Description, Limits, Shown, Tree, Walker, write_rows};

/// What is looked at, and how it is shown.
#[derive(Clone, Debug)]
pub struct DescribeOptions {
    /// Only lines in the sample are looked at.
    pub sample: Option<Sample>,
    /// How deep, and how wide.
    pub limits: Limits,
    /// Who reads the rows.
    pub shown: Shown,
}

/// The job; see [`DescribeOptions`].
pub struct Describe {
    options: DescribeOptions,
    description: Description,
    rows: u64,
    is_full: bool,
}

impl Describe {
    /// A description with these options.
    pub fn new(options: DescribeOptions) -> Describe {
        let description = Description::new(options.limits);
        Describe { options, description, rows: 0, is_full: false }
    }
}

/// The pure half of [`Describe`].
pub struct DescribeMapper {
    /// Without expressions: it checks that a line is a record.
    program: Program,
    walker: Walker,
    sample: Option<Sample>,
    limits: Limits,
}

/// What is known of a chunk's records.
#[derive(Default)]
pub struct Described {
    tree: Tree,
    /// Where they are.
    records: Vec<Range<usize>>,
}

impl Mapper for DescribeMapper {
    type Batch = Described;

    fn begin(&mut self, chunk: &[u8], newlines: &mut Vec<u32>) -> bool {
        self.program.begin(chunk, newlines)
    }

    fn map(&mut self, record: &Record<'_>, described: &mut Described) -> Result<(), Reject> {
        self.program.load_next(record).map_err(drive::fault)?;
        if self.sample.is_some_and(|sample| !sample.has(record.bytes)) {
            return Ok(());
        }
        let added =
            self.walker.add(record.bytes, described.records.len() as u64, &mut described.tree, self.limits);
        added.map_err(|Broken(at)| Reject::new("grammar", format!("not JSON at byte {at}")))?;
        described.records.push(record.start..record.start + record.bytes.len());
        Ok(())
    }
}

impl Job for Describe {
    type Mapper = DescribeMapper;

    fn recipe(&self) -> Recipe<DescribeMapper> {
        let DescribeOptions { sample, limits, .. } = self.options;
        Arc::new(move || {
            let program = Program::new(&[])?;
            Ok(DescribeMapper { program, walker: Walker::default(), sample, limits })
        })
    }

    fn apply(&mut self, chunk: &Chunk, described: Described, _cx: &mut Context<'_>) -> anyhow::Result<Flow> {
        let records = described.records.into_iter().map(|record| &chunk.bytes()[record]);
        self.is_full = !self.description.add(described.tree, records);
        Ok(if self.is_full { Flow::Done } else { Flow::On })
    }

    fn finish(&mut self, _end: End, cx: &mut Context<'_>) -> anyhow::Result<()> {
        if self.is_full {
            let most = self.options.limits.fields;
            return Err(Usage(format!(
                "there are more than {most} different fields: look less deep (--depth 3), or take objects of fewer names for maps \
                 (--max-names 20)"
            ))
            .into());
        }
        write_rows(&self.description, self.options.shown, &mut |row| {
            self.rows += 1;
            cx.out.records(row)
        })
    }

    fn figures(&self, figures: &mut Figures) {
        figures.insert("described".into(), self.description.records().into());
        figures.insert("rows".into(), self.rows.into());
    }
}
