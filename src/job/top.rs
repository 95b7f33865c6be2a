//! `topn`: the largest of each window as soon as it is whole, or of plain records at the end.

mod keep;
mod records;
mod rows;

use std::sync::Arc;

use crate::drive::{Context, End, Figures, Flow, Job, Mapper, Recipe, Usage};
use crate::jsonl::{Chunk, Record, Reject};
use crate::near::nearest;
use crate::rank::{RankOptions, Ranking};
use crate::row::{Emission, Row};
use crate::state::Snapshot;
use rows::{Counted, RankMapper, Rows, Run};

pub use records::TopRecords;

/// Ranks window rows.
pub struct TopRows {
    ranking: Ranking,
    options: RankOptions,
    /// Some row has a number there.
    is_found: bool,
    /// Rows so far.
    seen: u64,
    written: u64,
    /// What becomes of the window that is not whole at the end.
    at_end: AtEnd,
}

/// What becomes of the window that is not whole at the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum AtEnd {
    /// Nothing comes any more.
    Write,
    /// A later run goes on with it.
    Keep,
    /// The end mark of a pipeline says that nothing comes; without it a later run goes on.
    WriteIfMarked,
}

impl TopRows {
    /// A ranking with these options.
    pub fn new(options: RankOptions) -> TopRows {
        let ranking = Ranking::new(options.clone());
        TopRows { ranking, options, is_found: false, seen: 0, written: 0, at_end: AtEnd::Write }
    }

    /// Rows without the column would be one nameless group.
    fn check_group(&self, row: &Row) -> Result<(), Usage> {
        let names = || row.keys.iter().map(|(name, _)| name.as_str());
        match &self.options.group {
            Some(group) if !row.keys.is_empty() && !names().any(|name| name == group) => {
                let known = names().collect::<Vec<_>>().join(", ");
                Err(Usage(format!("no key column `{group}`: --group takes one of the rows' own, {known}")))
            }
            _ => Ok(()),
        }
    }

    fn write(&mut self, rows: &[Row], cx: &mut Context<'_>) -> anyhow::Result<()> {
        if let (Some(row), false) = (rows.first(), self.is_found) {
            let by = &self.options.by;
            let hint = nearest(by, row.figures())
                .map_or(": see --by".to_owned(), |near| format!("; did you mean {near}?"));
            return Err(Usage(format!("no row so far has a number in the column `{by}`{hint}")).into());
        }
        self.written += rows.len() as u64;
        write(rows, cx)
    }
}

/// Reads rows.
pub struct RowMapper {
    /// Rows that no window put out are read, too.
    takes_plain: bool,
}

impl Mapper for RowMapper {
    type Batch = Vec<Row>;

    fn map(&mut self, record: &Record<'_>, rows: &mut Vec<Row>) -> Result<(), Reject> {
        rows.push(self.read(record.bytes)?);
        Ok(())
    }
}

impl RowMapper {
    fn read(&self, line: &[u8]) -> Result<Row, Reject> {
        let hint = if self.takes_plain { "" } else { "; --key EXPR counts plain records" };
        let row = Row::read(line).map_err(|error| Reject::new("row", format!("{error}{hint}")))?;
        if row.bounds.is_none() && row.rows.is_none() && !self.takes_plain {
            return Err(Reject::new(
                "row",
                "no window row: rows come from window-count; --key EXPR counts plain records",
            ));
        }
        Ok(row)
    }
}

/// How rows are read, for all jobs that take them.
/// With `takes_plain` a row needs no more than a count, as a database gives it.
pub(super) fn row_recipe(takes_plain: bool) -> Recipe<RowMapper> {
    Arc::new(move || Ok(RowMapper { takes_plain }))
}

impl Job for TopRows {
    type Mapper = RankMapper;

    fn recipe(&self) -> Recipe<RankMapper> {
        let is_by_count = self.ranking.is_by_count();
        Arc::new(move || Ok(RankMapper::new(RowMapper { takes_plain: false }, is_by_count)))
    }

    fn apply(&mut self, chunk: &Chunk, rows: Rows, cx: &mut Context<'_>) -> anyhow::Result<Flow> {
        let mut ranked = Vec::new();
        self.seen += rows.count;
        for Run { first, others } in rows.runs {
            self.is_found = self.is_found || first.figure(&self.options.by).is_some();
            self.check_group(&first)?;
            let emission = Emission::of(&first).map_err(|error| Usage(error.to_string()))?;
            self.ranking.push(first, &mut ranked).map_err(|error| Usage(error.to_string()))?;
            let others = rows.counted[others].iter().map(|counted| (counted.count, *counted));
            let read = |row: Counted| Row::read(&chunk.bytes()[row.line()]);
            self.ranking.push_counted(emission, others, read, &mut ranked)?;
        }
        self.write(&ranked, cx)?;
        Ok(Flow::On)
    }

    fn finish(&mut self, end: End, cx: &mut Context<'_>) -> anyhow::Result<()> {
        let mut ranked = Vec::new();
        if self.at_end == AtEnd::Write || self.at_end == AtEnd::WriteIfMarked && end == End::Input {
            self.ranking.flush_partial(&mut ranked);
        }
        let missing = self.ranking.missing();
        if missing > 0 {
            let by = &self.options.by;
            cx.notes.say(&format!("{missing} of {} rows have no number in the column {by}", self.seen));
        }
        self.write(&ranked, cx)
    }

    fn save(&mut self, snapshot: &mut Snapshot) -> anyhow::Result<()> {
        self.pack(&mut snapshot.job);
        Ok(())
    }

    fn figures(&self, figures: &mut Figures) {
        figures.insert("no_key".into(), self.ranking.missing().into());
        figures.insert("rows".into(), self.written.into());
    }
}

fn write(rows: &[Row], cx: &mut Context<'_>) -> anyhow::Result<()> {
    if rows.is_empty() {
        return Ok(());
    }
    let mut lines = Vec::new();
    for row in rows {
        row.write(&mut lines);
        lines.push(b'\n');
    }
    cx.out.records(&lines)?;
    Ok(cx.out.flush()?)
}
