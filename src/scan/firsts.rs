//! What wanted keys begin with: strings that begin otherwise are never looked at.
//!
//! Two sets of bytes, for the first and for the second byte of a key. Behind an opening quote may be a key only if the next byte
//! is in the one set and the byte after it in the other, or if an escape is there, behind which may be any key. Of tweets, the
//! first byte alone lets 25 strings a line pass for `.created_at` and `.entities.hashtags[].text`, both bytes 9; what passes
//! costs some cycles in each of the later passes.
//!
//! Of a byte the low six bits are looked at, so that a table of 64 places is enough, which is one vector: `c` stands for `#`,
//! too, but not for `C`. A false yes is rare, and only costs a comparison.

/// A set of bytes.
#[derive(Clone, Debug)]
pub(super) struct Bytes {
    /// By the low six bits of the byte: [`WANTED`] for those in the set, and more; see [`Firsts`].
    pub(super) table: [u8; 64],
    /// By the low half of the byte, the bits of the high halves that are in the set: for machines that look up no more than 16
    /// places at once.
    pub(super) rows: [u8; 16],
}

/// The bits of a byte that a set tells apart.
pub(super) const LOW: u8 = 63;

/// By the high half of a byte, its bit in a row.
pub(super) const COLUMNS: [u8; 16] = [1, 2, 4, 8, 1, 2, 4, 8, 1, 2, 4, 8, 1, 2, 4, 8];

/// In a table: the byte is in the set.
const WANTED: u8 = 1;
/// In the first table: an escape begins here. In the second: whatever this is.
const ESCAPE: u8 = 2;

impl Bytes {
    const fn all(bits: u8) -> Bytes {
        Bytes { table: [bits; 64], rows: [0; 16] }
    }

    fn add(&mut self, byte: u8) {
        self.table[usize::from(byte & LOW)] |= WANTED;
        self.rows[usize::from(byte & 15)] |= COLUMNS[usize::from(byte >> 4)];
    }

    fn at(&self, byte: u8) -> u8 {
        self.table[usize::from(byte & LOW)]
    }
}

/// The first and the second bytes of all wanted keys, and what stands there when an escape does: a key may begin with two bytes
/// that have a bit in common in the two tables.
#[derive(Clone, Debug)]
pub(super) struct Firsts {
    pub(super) first: Bytes,
    pub(super) second: Bytes,
    is_empty: bool,
}

impl Default for Firsts {
    fn default() -> Firsts {
        let mut first = Bytes::all(0);
        first.table[usize::from(b'\\' & LOW)] = ESCAPE;
        Firsts { first, second: Bytes::all(ESCAPE), is_empty: true }
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
                (0..=LOW).for_each(|byte| self.second.add(byte));
            }
        }
        self.second.add(b'\\');
    }

    /// Whether a wanted key can begin with these bytes.
    #[inline]
    pub(super) fn may_begin(&self, first: u8, second: u8) -> bool {
        !self.is_empty && self.first.at(first) & self.second.at(second) != 0
    }

    /// Whether nothing is wanted.
    pub(super) fn is_empty(&self) -> bool {
        self.is_empty
    }
}
