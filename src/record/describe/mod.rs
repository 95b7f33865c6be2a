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
    walker: Walker,
}

/// A stream of more fields is none of records: its names are data.
pub const MOST_FIELDS: usize = 20_000;

impl Description {
    /// Nothing is known yet.
    pub fn new(limits: Limits) -> Description {
        Description { tree: Tree::default(), limits, records: 0, walker: Walker::default() }
    }

    /// Adds what is known of the records that follow; false if there are too many fields behind one of them, which is then the last
    /// that counts. That depends on the records alone, not on which of them come together: where a map swallows fields, there may be too
    /// many in the middle of a part and not at its end.
    pub fn add<'r>(&mut self, part: Tree, records: impl ExactSizeIterator<Item = &'r [u8]>) -> bool {
        if self.tree.most_with(&part) <= self.limits.fields {
            self.tree.absorb(part, self.records, self.limits);
            self.records += records.len() as u64;
            return true;
        }
        for record in records {
            // It is in the part, so it is JSON.
            let _ = self.walker.add(record, self.records, &mut self.tree, self.limits);
            self.records += 1;
            if self.tree.len() > self.limits.fields {
                return false;
            }
        }
        true
    }

    /// How many records were added.
    pub fn records(&self) -> u64 {
        self.records
    }
}
