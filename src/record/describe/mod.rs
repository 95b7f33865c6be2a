//! What fields a stream has: their types, how often they are missing, how many values they have, the smallest, the largest, the first.
//!
//! Memory is bounded by the number of fields, not by that of records: of each at most 2048 hashes, three examples and the ends of
//! the range are kept.

mod distinct;
mod rows;
mod summary;
#[cfg(test)]
mod tests;
mod tree;
mod walk;

pub use rows::{Shown, write_rows};
pub use tree::{Limits, Tree};
pub use walk::{Broken, Walker};

/// What is known of a stream.
#[derive(Debug)]
pub struct Description {
    tree: Tree,
    limits: Limits,
    records: u64,
}

/// A stream of more fields is none of records: its names are data.
const MOST_FIELDS: usize = 20_000;

impl Description {
    /// Nothing is known yet.
    pub fn new(limits: Limits) -> Description {
        Description { tree: Tree::default(), limits, records: 0 }
    }

    /// Adds what is known of the records that follow; false where there are too many fields.
    pub fn add(&mut self, part: Tree, records: u64) -> bool {
        self.tree.absorb(part, self.records, self.limits);
        self.records += records;
        self.tree.len() <= MOST_FIELDS
    }
}
