//! Plain records as aligned columns under a header.

use super::aligned::line;
use super::people::{clean, columns_wide, cut, thousands};
use super::{Columns, cell, is_number, value};

/// Wider cells are cut.
const WIDEST: usize = 60;

/// Remembers header and widths, so that later batches line up with earlier ones.
#[derive(Debug, Default)]
pub(super) struct PlainTable {
    names: Vec<String>,
    widths: Vec<usize>,
}

impl PlainTable {
    pub(super) fn write(&mut self, records: &[Columns], out: &mut Vec<u8>) {
        let new_columns = self.learn(records);
        let shown: Vec<Vec<(String, bool)>> = records
            .iter()
            .map(|record| self.names.iter().map(|name| shown(name, value(record, name))).collect())
            .collect();
        for row in &shown {
            for (width, (text, _)) in self.widths.iter_mut().zip(row) {
                *width = (*width).max(columns_wide(text));
            }
        }
        if new_columns {
            let right: Vec<bool> =
                (0..self.names.len()).map(|at| shown.iter().all(|row| row[at].1)).collect();
            let header = self.names.iter().map(|name| clean(name).into_owned()).zip(right);
            line(header, &self.widths, out);
        }
        for row in shown {
            line(row.into_iter(), &self.widths, out);
        }
    }

    /// Adds columns not seen before; whether there are any.
    fn learn(&mut self, records: &[Columns]) -> bool {
        let known = self.names.len();
        for (name, _) in records.iter().flatten() {
            if !self.names.contains(name) {
                self.names.push(name.clone());
                self.widths.push(columns_wide(&clean(name)));
            }
        }
        self.names.len() > known
    }
}

/// A cell, and whether it is aligned to the right.
fn shown(name: &str, json: Option<&str>) -> (String, bool) {
    match json {
        Some(json) if is_number(json) && names_a_thing(name) => (json.to_owned(), true),
        Some(json) if is_number(json) => (thousands(json), true),
        Some(json) => (cut(&clean(&cell(json)), WIDEST).into_owned(), false),
        None => (String::new(), true),
    }
}

/// Whether a column's numbers are names rather than amounts.
fn names_a_thing(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    ["id", "year", "zip"].iter().any(|word| name.rsplit(['_', '.', '-']).next() == Some(word))
}
