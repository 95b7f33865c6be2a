//! What wanted keys begin with: strings that begin otherwise are never looked at.
//!
//! Two sets of bytes, for the first and for the second byte of a key. Behind an opening quote may be a key only if the next byte
//! is in the one set and the byte after it in the other, or if an escape is there, behind which may be any key. Of tweets, the
//! first byte alone lets 25 strings a line pass for `.created_at` and `.entities.hashtags[].text`, both bytes 9; what passes
//! costs some cycles in each of the later passes.
//!
//! A byte above ASCII stands for the one without its top bit, so that a table of 128 places is enough: a false yes is rare, and
//! only costs a comparison.

/// A set of bytes.
#[derive(Clone, Debug)]
pub(super) struct Bytes {
    /// By byte: all ones for those in the set.
    pub(super) table: [u8; 128],
    /// By the low half of the byte, the bits of the high halves that are in the set: for machines that look up no more than 16
    /// places at once.
    pub(super) rows: [u8; 16],
}

/// By the high half of a byte, its bit in a row.
pub(super) const COLUMNS: [u8; 16] = [1, 2, 4, 8, 16, 32, 64, 128, 1, 2, 4, 8, 16, 32, 64, 128];

impl Bytes {
    const NONE: Bytes = Bytes { table: [0; 128], rows: [0; 16] };

    fn add(&mut self, byte: u8) {
        self.table[usize::from(byte & 127)] = u8::MAX;
        self.rows[usize::from(byte & 15)] |= COLUMNS[usize::from(byte >> 4)];
    }

    /// Whether a byte is in the set.
    #[inline]
    pub(super) fn has(&self, byte: u8) -> bool {
        self.table[usize::from(byte & 127)] != 0
    }
}

/// The first and the second bytes of all wanted keys, and what stands there when an escape does.
#[derive(Clone, Debug)]
pub(super) struct Firsts {
    pub(super) first: Bytes,
    pub(super) second: Bytes,
    is_empty: bool,
}

impl Default for Firsts {
    fn default() -> Firsts {
        Firsts { first: Bytes::NONE, second: Bytes::NONE, is_empty: true }
    }
}

impl Firsts {
    /// Adds what a key of this name can begin with.
    pub(super) fn add(&mut self, name: &str) {
        self.is_empty = false;
        let mut bytes = name.bytes();
        match (bytes.next(), bytes.next()) {
            (Some(first), second) => {
                self.first.add(first);
                self.second.add(second.unwrap_or(b'"'));
            }
            // The closing quote, and behind it anything.
            (None, _) => {
                self.first.add(b'"');
                (0..128).for_each(|byte| self.second.add(byte));
            }
        }
        self.second.add(b'\\');
    }

    /// Whether a wanted key can begin with these bytes.
    #[inline]
    pub(super) fn may_begin(&self, first: u8, second: u8) -> bool {
        !self.is_empty && (first == b'\\' || (self.first.has(first) && self.second.has(second)))
    }

    /// Whether nothing is wanted.
    pub(super) fn is_empty(&self) -> bool {
        self.is_empty
    }
}
