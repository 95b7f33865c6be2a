//! The n largest of each window, or of a whole input.
//!
//! Order is fixed: by the number column, largest first, then by the key columns (strings before others, then bytes);
//! so equal input gives equal bytes. A list comes out as soon as its window is whole. Memory is n rows for the window
//! in assembly, and the keys of recent lists for `prev_rank`; plain records are counted in memory for their keys.

mod counter;
mod history;
mod ranking;
mod trend;

pub use counter::{Counter, list};
pub use ranking::Ranking;

use crate::row::Number;

/// What is the largest, and how many of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RankOptions {
    /// Length of the list.
    pub n: usize,
    /// The number column that orders; rows without it come last.
    pub by: String,
    /// The smallest first.
    pub ascending: bool,
    /// Adds a row for all other keys together: its key columns are null, and it has no rank.
    pub remainder: bool,
    /// All rows that are equal to the n-th are in the list, too.
    pub ties: bool,
    /// A list for each value of this key column.
    pub group: Option<String>,
    /// Order by how much a key rises; see the `trend` of this room.
    pub trend: bool,
}

impl Default for RankOptions {
    fn default() -> Self {
        RankOptions {
            n: 10,
            by: "count".into(),
            ascending: false,
            remainder: false,
            ties: false,
            group: None,
            trend: false,
        }
    }
}

/// A count's part of the total, rounded to four digits so that it prints short; 0 of nothing.
fn share(count: Number, total: Number) -> f64 {
    let part = count.as_f64() / total.as_f64();
    if part.is_finite() { (part * 10_000.0).round() / 10_000.0 } else { 0.0 }
}
