//! What is said at the end of fields that an expression asks for and that no record had: most often they are misspelt, and
//! jq's null is silent.
//!
//! That no record had a field is known from all of them. What it was mistaken for is looked up in the first ones.

use crate::drive::Notes;
use crate::expr::{Program, Seen};
use crate::jsonl::Chunk;
use crate::scan;

/// So many records are looked at, and so many bytes of them.
const RECORDS: usize = 100;
const BYTES: usize = 1 << 20;

/// The first records, and what all of them had.
#[derive(Default)]
pub(super) struct LookedAt {
    records: Vec<Box<[u8]>>,
    bytes: usize,
    /// There are more.
    is_full: bool,
    seen: Seen,
}

impl LookedAt {
    /// Takes note of a chunk: of its records while there are few, and of what they had.
    pub(super) fn look(&mut self, chunk: &Chunk, seen: Seen) {
        self.seen = self.seen.and(seen);
        if !self.is_full {
            self.keep(chunk);
        }
    }

    fn keep(&mut self, chunk: &Chunk) {
        for record in chunk.records() {
            if scan::check(record.bytes).is_err() {
                continue;
            }
            self.is_full = self.records.len() == RECORDS || self.bytes + record.bytes.len() > BYTES;
            if self.is_full {
                return;
            }
            self.bytes += record.bytes.len();
            self.records.push(record.bytes.into());
        }
    }

    /// Names the fields of the program that no record had: all of them where nothing came of the records, else those that were
    /// mistaken for another. A rare field that the day's records do not have is no news.
    pub(super) fn tell(&self, program: &Program, came_of_it: bool, notes: &mut Notes) {
        let records: Vec<&[u8]> = self.records.iter().map(|record| &**record).collect();
        for unseen in program.unseen(self.seen, &records, !self.is_full) {
            match unseen.nearest {
                Some(nearest) => {
                    notes.say(&format!("no record has {}; did you mean {nearest}?", unseen.path));
                }
                None if came_of_it => {}
                None => notes.say(&format!("no record has {}", unseen.path)),
            }
        }
    }
}
