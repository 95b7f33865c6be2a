//! The first records of a stream, for what is to be said when no record was kept: a field that none of them has is most often
//! misspelt, and jq's null is silent.

use crate::drive::Notes;
use crate::expr::Expr;
use crate::jsonl::Chunk;
use crate::scan;

/// So many records are looked at, and so many bytes of them.
const RECORDS: usize = 100;
const BYTES: usize = 1 << 20;

/// The first records.
#[derive(Default)]
pub(super) struct LookedAt {
    records: Vec<Box<[u8]>>,
    bytes: usize,
    /// There are more.
    is_full: bool,
}

impl LookedAt {
    /// Keeps records of a chunk, while there are few.
    pub(super) fn look(&mut self, chunk: &Chunk) {
        if self.is_full {
            return;
        }
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

    /// Names the fields that none of them has.
    pub(super) fn tell<'e>(&self, expressions: impl Iterator<Item = &'e Expr>, notes: &mut Notes) {
        let records: Vec<&[u8]> = self.records.iter().map(|record| &**record).collect();
        for unseen in expressions.flat_map(|expression| expression.unseen(&records)) {
            let whose = match (self.is_full, records.len()) {
                (true, count) => format!("none of the first {count} records has"),
                (false, _) => "no record has".to_owned(),
            };
            let hint = unseen.nearest.map_or(String::new(), |nearest| format!("; did you mean {nearest}?"));
            notes.say(&format!("{whose} {}{hint}", unseen.path));
        }
    }
}
