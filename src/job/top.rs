//! `topn`: the largest of each window as soon as it is whole, or of plain records at the end.

mod records;

use std::sync::Arc;

use crate::drive::{Context, End, Figures, Flow, Job, Mapper, Recipe, Usage};
use crate::jsonl::{Chunk, Record, Reject};
use crate::rank::{RankOptions, Ranking};
use crate::row::Row;

pub use records::TopRecords;

/// Ranks window rows.
pub struct TopRows {
    ranking: Ranking,
    /// The column that the rows are ranked by.
    by: String,
    /// Some row has a number there.
    is_found: bool,
    /// Rows so far.
    seen: u64,
    written: u64,
}

impl TopRows {
    /// A ranking with these options.
    pub fn new(options: RankOptions) -> TopRows {
        TopRows {
            by: options.by.clone(),
            ranking: Ranking::new(options),
            is_found: false,
            seen: 0,
            written: 0,
        }
    }

    fn write(&mut self, rows: &[Row], cx: &mut Context<'_>) -> anyhow::Result<()> {
        if !rows.is_empty() && !self.is_found {
            let by = &self.by;
            return Err(Usage(format!("no row so far has a number in the column `{by}`: see --by")).into());
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
        let hint = if self.takes_plain { "" } else { "; --key EXPR counts plain records" };
        let row = Row::read(record.bytes).map_err(|error| Reject::new("row", format!("{error}{hint}")))?;
        if row.bounds.is_none() && row.rows.is_none() && !self.takes_plain {
            return Err(Reject::new(
                "row",
                "no window row: rows come from window-count; --key EXPR counts plain records",
            ));
        }
        rows.push(row);
        Ok(())
    }
}

/// How rows are read, for all jobs that take them.
/// With `takes_plain` a row needs no more than a count, as a database gives it.
pub(super) fn row_recipe(takes_plain: bool) -> Recipe<RowMapper> {
    Arc::new(move || Ok(RowMapper { takes_plain }))
}

impl Job for TopRows {
    type Mapper = RowMapper;

    fn recipe(&self) -> Recipe<RowMapper> {
        row_recipe(false)
    }

    fn apply(&mut self, _chunk: &Chunk, rows: Vec<Row>, cx: &mut Context<'_>) -> anyhow::Result<Flow> {
        let mut ranked = Vec::new();
        self.seen += rows.len() as u64;
        for row in rows {
            self.is_found = self.is_found || row.figure(&self.by).is_some();
            self.ranking.push(row, &mut ranked).map_err(|error| Usage(error.to_string()))?;
        }
        self.write(&ranked, cx)?;
        Ok(Flow::On)
    }

    fn finish(&mut self, _end: End, cx: &mut Context<'_>) -> anyhow::Result<()> {
        let mut ranked = Vec::new();
        self.ranking.flush_partial(&mut ranked);
        let missing = self.ranking.missing();
        if missing > 0 {
            cx.notes
                .say(&format!("{missing} of {} rows have no number in the column {}", self.seen, self.by));
        }
        self.write(&ranked, cx)
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
