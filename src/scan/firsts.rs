//! The bytes that wanted keys begin with: strings that begin with another byte are never looked at.
//!
//! A set of bytes that two 16-entry table look-ups can test 32 or 64 at a time: the low half of a byte selects a row
//! of eight bits, the high half selects the bit. ASCII is exact; all bytes above share their bits with the control characters,
//! which never begin a key, so a false yes is rare, and only costs a comparison.

/// A set of first bytes. A backslash is in every set that is not empty: behind it may be any key.
#[derive(Clone, Debug, Default)]
pub(super) struct Firsts {
    /// By the low half of the byte, the bits of the high halves that are in the set.
    pub(super) rows: [u8; 16],
}

/// By the high half of a byte, its bit in a row.
pub(super) const COLUMNS: [u8; 16] = [1, 2, 4, 8, 16, 32, 64, 128, 1, 1, 1, 1, 1, 1, 1, 1];

impl Firsts {
    /// Adds what a key of this name can begin with: its first byte, a backslash, or its closing quote.
    pub(super) fn add(&mut self, name: &str) {
        for byte in [name.bytes().next().unwrap_or(b'"'), b'\\'] {
            self.rows[usize::from(byte & 15)] |= COLUMNS[usize::from(byte >> 4)];
        }
    }

    /// Adds all that is in another set.
    pub(super) fn merge(&mut self, other: &Firsts) {
        for (row, more) in self.rows.iter_mut().zip(other.rows) {
            *row |= more;
        }
    }

    /// Whether a byte is in the set.
    #[inline]
    pub(super) fn has(&self, byte: u8) -> bool {
        self.rows[usize::from(byte & 15)] & COLUMNS[usize::from(byte >> 4)] != 0
    }

    /// Whether no byte is in the set.
    pub(super) fn is_empty(&self) -> bool {
        self.rows == [0; 16]
    }
}
