//! Reads window rows for ranking: most need no more than a look at their count.

use std::ops::Range;

use memchr::memchr_iter;

use super::RowMapper;
use crate::drive::Mapper;
use crate::jsonl::{Record, Reject};
use crate::row::{Row, Template};

/// Reads rows, and where lists are ordered by the count, of those that come like the one before only that.
pub struct RankMapper {
    rows: RowMapper,
    is_by_count: bool,
    /// Of the last row of the chunk that was read whole.
    template: Option<Template>,
    /// Lines of the chunk at hand.
    lines: usize,
}

impl RankMapper {
    pub(super) fn new(rows: RowMapper, is_by_count: bool) -> RankMapper {
        RankMapper { rows, is_by_count, template: None, lines: 0 }
    }
}

/// The rows of a chunk.
#[derive(Default)]
pub struct Rows {
    pub(super) runs: Vec<Run>,
    /// The rows of which only the count was read.
    pub(super) counted: Vec<Counted>,
    /// How many rows there are in all.
    pub(super) count: u64,
}

/// A row, and those behind it that are of the same emission.
pub(super) struct Run {
    pub(super) first: Row,
    /// Which of [`Rows::counted`].
    pub(super) others: Range<usize>,
}

/// A row of which only the count was read, and where in the chunk it stands.
#[derive(Clone, Copy)]
pub(super) struct Counted {
    pub(super) count: u64,
    start: u32,
    end: u32,
}

impl Counted {
    pub(super) fn line(self) -> Range<usize> {
        self.start as usize..self.end as usize
    }
}

impl Mapper for RankMapper {
    type Batch = Rows;

    fn begin(&mut self, chunk: &[u8], newlines: &mut Vec<u32>) -> bool {
        self.template = None;
        // One search for all of them: of short lines each search costs more to begin than to do.
        let before = newlines.len();
        let is_short = u32::try_from(chunk.len()).is_ok();
        if is_short {
            newlines.extend(memchr_iter(b'\n', chunk).map(|newline| newline as u32));
        }
        self.lines = newlines.len() - before;
        is_short
    }

    fn map(&mut self, record: &Record<'_>, rows: &mut Rows) -> Result<(), Reject> {
        let counted = self.template.as_ref().and_then(|template| {
            let start = u32::try_from(record.start).ok()?;
            let end = u32::try_from(record.start + record.bytes.len()).ok()?;
            Some(Counted { count: template.count(record.bytes)?, start, end })
        });
        if let (Some(counted), Some(run)) = (counted, rows.runs.last_mut()) {
            rows.counted.push(counted);
            run.others.end = rows.counted.len();
            rows.count += 1;
            return Ok(());
        }
        let first = self.rows.read(record.bytes)?;
        self.template = if self.is_by_count { Template::of(record.bytes) } else { None };
        rows.count += 1;
        if rows.runs.is_empty() {
            rows.counted.reserve(self.lines);
        }
        let behind = rows.counted.len();
        rows.runs.push(Run { first, others: behind..behind });
        Ok(())
    }
}
