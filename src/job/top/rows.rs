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
}

impl RankMapper {
    pub(super) fn new(rows: RowMapper, is_by_count: bool) -> RankMapper {
        RankMapper { rows, is_by_count, template: None }
    }
}

/// The rows of a chunk.
#[derive(Default)]
pub struct Rows {
    pub(super) runs: Vec<Run>,
    /// How many rows there are in all.
    pub(super) count: u64,
}

/// A row, and those behind it that are of the same emission.
pub(super) struct Run {
    pub(super) first: Row,
    pub(super) others: Vec<Counted>,
}

/// A row of which only the count was read, and where in the chunk it stands.
pub(super) struct Counted {
    pub(super) count: u64,
    pub(super) line: Range<u32>,
}

impl Mapper for RankMapper {
    type Batch = Rows;

    fn begin(&mut self, chunk: &[u8], newlines: &mut Vec<u32>) -> bool {
        self.template = None;
        // One search for all of them: of short lines each search costs more to begin than to do.
        let is_short = u32::try_from(chunk.len()).is_ok();
        if is_short {
            newlines.extend(memchr_iter(b'\n', chunk).map(|newline| newline as u32));
        }
        is_short
    }

    fn map(&mut self, record: &Record<'_>, rows: &mut Rows) -> Result<(), Reject> {
        let counted = self.template.as_ref().and_then(|template| {
            let start = u32::try_from(record.start).ok()?;
            let end = u32::try_from(record.start + record.bytes.len()).ok()?;
            Some(Counted { count: template.count(record.bytes)?, line: start..end })
        });
        if let (Some(counted), Some(run)) = (counted, rows.runs.last_mut()) {
            run.others.push(counted);
            rows.count += 1;
            return Ok(());
        }
        let first = self.rows.read(record.bytes)?;
        self.template = if self.is_by_count { Template::of(record.bytes) } else { None };
        rows.count += 1;
        rows.runs.push(Run { first, others: Vec::new() });
        Ok(())
    }
}
