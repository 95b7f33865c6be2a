//! Turns emissions into rows.

use crate::jsonl::Output;
use crate::row::{Head, RowWriter};
use crate::window::{Emission, Outcome, Sink};

/// Rows are passed on in pieces of this size: the memory of a window is its keys, not its text.
const PIECE: usize = 64 << 10;

/// Writes the rows of emissions.
pub(in crate::job) struct Rows {
    writer: RowWriter,
    is_estimate: bool,
    written: Vec<u8>,
    /// Whether rows were passed on since this was last asked, or why they could not be.
    passed: anyhow::Result<bool>,
    /// Verdicts on records that were held.
    pub(in crate::job) settled: Vec<(u64, Outcome)>,
}

impl Rows {
    /// Rows with these key columns and aggregates; counts may be estimates, with a bound on their error.
    pub(in crate::job) fn new<'n>(
        keys: impl IntoIterator<Item = &'n str>,
        aggregates: impl IntoIterator<Item = &'n str>,
        is_estimate: bool,
    ) -> Rows {
        Rows {
            writer: RowWriter::new(keys, aggregates),
            is_estimate,
            written: Vec::new(),
            passed: Ok(false),
            settled: Vec::new(),
        }
    }

    /// A sink that passes rows on to this output.
    pub(in crate::job) fn to<'a>(&'a mut self, out: &'a mut Output) -> Passing<'a> {
        Passing { rows: self, out }
    }

    /// Whether rows were passed on since the last call.
    pub(in crate::job) fn take_passed(&mut self) -> anyhow::Result<bool> {
        std::mem::replace(&mut self.passed, Ok(false))
    }
}

/// Takes emissions, and passes their rows on.
pub(in crate::job) struct Passing<'a> {
    rows: &'a mut Rows,
    out: &'a mut Output,
}

impl Passing<'_> {
    fn pass(&mut self) {
        if self.rows.passed.is_ok() {
            self.rows.passed = self.out.records(&self.rows.written).map(|()| true);
        }
        self.rows.written.clear();
    }
}

impl Sink for Passing<'_> {
    fn settled(&mut self, record: u64, outcome: Outcome) {
        self.rows.settled.push((record, outcome));
    }

    fn emission(&mut self, emission: &Emission<'_>) {
        self.rows.writer.begin(&Head {
            start: emission.start,
            end: emission.end,
            total: emission.total,
            distinct: emission.distinct,
            rows: emission.rows.len().max(1) as u64,
            late: emission.late,
            rev: emission.rev,
            open: emission.open,
            update: emission.update,
            all: emission.all,
        });
        if emission.rows.is_empty() {
            // It has no key columns, and may be the first row there is: a header would wait for them.
            let Rows { writer, written, is_estimate, passed, .. } = &mut *self.rows;
            writer.row_of_names(*is_estimate, written);
            let announced = self.out.announce(written);
            if passed.is_ok()
                && let Err(error) = announced
            {
                *passed = Err(error);
            }
            written.clear();
            writer.empty_row(written);
        }
        for row in emission.rows {
            let Rows { writer, written, .. } = &mut *self.rows;
            writer.row(row.key, (row.count, row.bound), row.aggregates, written);
            if written.len() >= PIECE {
                self.pass();
            }
        }
        if !self.rows.written.is_empty() {
            self.pass();
        }
    }
}
