//! Turns emissions into rows.

use crate::expr::Expr;
use crate::job::values::NamedAggregate;
use crate::row::{Head, RowWriter};
use crate::window::{Emission, Outcome, Sink};

/// Takes emissions, and keeps their rows until they are written.
pub(super) struct Rows {
    writer: RowWriter,
    pub(super) written: Vec<u8>,
    /// Where the rows of each emission end.
    pub(super) whole: Vec<usize>,
    /// Verdicts on records that were held.
    pub(super) settled: Vec<(u64, Outcome)>,
}

impl Rows {
    pub(super) fn new(keys: &[(String, Expr)], aggregates: &[NamedAggregate]) -> Rows {
        Rows {
            writer: RowWriter::new(
                keys.iter().map(|(name, _)| name.as_str()),
                aggregates.iter().map(|named| named.name.as_str()),
            ),
            written: Vec::new(),
            whole: Vec::new(),
            settled: Vec::new(),
        }
    }
}

impl Sink for Rows {
    fn settled(&mut self, record: u64, outcome: Outcome) {
        self.settled.push((record, outcome));
    }

    fn emission(&mut self, emission: &Emission<'_>) {
        self.writer.begin(&Head {
            start: emission.start,
            end: emission.end,
            total: emission.total,
            distinct: emission.distinct,
            rows: emission.rows.len() as u64,
            late: emission.late,
            rev: emission.rev,
            open: emission.open,
            update: emission.update,
            all: emission.all,
        });
        for row in emission.rows {
            self.writer.row(row.key, row.count, row.aggregates, &mut self.written);
        }
        self.whole.push(self.written.len());
    }
}
