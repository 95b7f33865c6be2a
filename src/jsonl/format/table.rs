//! What a table is made of at a time: the rows of one emission of one window, or a batch of plain records.

use super::{Columns, plain_table::PlainTable, value, window_table};

/// Plain records that wait for a flush are written when there are so many.
const BATCH: usize = 1_000;

/// Columns that tell one emission of a window from another.
const EMISSION: [&str; 6] = ["window_start", "window_end", "rev", "open", "all", "rows"];

#[derive(Debug, Default)]
pub(super) struct Table {
    waiting: Vec<Columns>,
    /// Of the rows that wait; none for plain records.
    emission: Option<[Option<String>; 6]>,
    plain: PlainTable,
    begun: bool,
}

impl Table {
    pub(super) fn record(&mut self, columns: Columns, out: &mut Vec<u8>) {
        let emission = emission(&columns);
        if emission != self.emission {
            self.finish(out);
        }
        let rows = value(&columns, "rows").and_then(|rows| rows.parse::<usize>().ok());
        let is_window = emission.is_some();
        self.emission = emission;
        self.waiting.push(columns);
        let enough = if is_window { rows.unwrap_or(usize::MAX) } else { BATCH };
        if self.waiting.len() >= enough {
            self.finish(out);
        }
    }

    pub(super) fn flush(&mut self, out: &mut Vec<u8>) {
        if self.emission.is_none() {
            self.finish(out);
        }
    }

    pub(super) fn finish(&mut self, out: &mut Vec<u8>) {
        if self.waiting.is_empty() {
            return;
        }
        if self.emission.is_none() {
            self.plain.write(&self.waiting, out);
        } else {
            if self.begun {
                out.push(b'\n');
            }
            window_table::write(&self.waiting, out);
            self.plain = PlainTable::default();
        }
        self.begun = true;
        self.waiting.clear();
    }
}

/// Which emission a window row belongs to; none for a plain record. Lists without times (`topn --key`) are windows too.
fn emission(columns: &Columns) -> Option<[Option<String>; 6]> {
    let has = |name: &str| value(columns, name).is_some();
    let is_row = has("count") && (has("window_start") || (has("total") && has("rows")));
    is_row.then(|| EMISSION.map(|name| value(columns, name).map(str::to_owned)))
}
