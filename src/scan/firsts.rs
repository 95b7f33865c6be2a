//! What wanted keys begin with: strings that begin otherwise are never looked at.
//!
//! Behind an opening quote may be a key only if the two bytes there are those that a key begins with, or if an escape is there,
//! behind which may be any key. Each key has a bit, which some share if there are many; a table says of a first byte which keys
//! begin with it, another of a second byte which go on with it, and a bit that both have says that a key may be there. Of tweets,
//! the first byte alone lets 25 strings a line pass for `.created_at` and `.entities.hashtags[].text`, both bytes 10, and both of
//! the same key 7; what passes costs some cycles in each of the later passes.
//!
//! Of a byte the low six bits are looked at, so that a table of 64 places is enough, which is one vector: `c` stands for `#`,
//! too, but not for `C`. For machines that look up no more than 16 places at once a table is the product of two: by the low half
//! of a byte and by the bits above. A false yes is rare, and only costs a comparison.

/// The keys that a byte may stand in.
#[derive(Clone, Debug)]
pub(super) struct Bytes {
    /// By the low half of the byte.
    pub(super) low: [u8; 16],
    /// By the high half; only its low two bits count.
    pub(super) high: [u8; 16],
}

/// An escape begins here, or whatever is behind where one begins.
const ESCAPE: u8 = 1;
/// The other bits are for keys.
const KEYS: u32 = 7;

impl Bytes {
    const NONE: Bytes = Bytes { low: [0; 16], high: [0; 16] };
    const ALL: Bytes = Bytes { low: [ESCAPE; 16], high: [ESCAPE; 16] };

    fn add(&mut self, byte: u8, bits: u8) {
        self.low[usize::from(byte & 15)] |= bits;
        for column in (byte >> 4 & 3..16).step_by(4) {
            self.high[usize::from(column)] |= bits;
        }
    }

    fn add_all(&mut self, bits: u8) {
        self.low.iter_mut().chain(&mut self.high).for_each(|row| *row |= bits);
    }

    fn at(&self, byte: u8) -> u8 {
        self.low[usize::from(byte & 15)] & self.high[usize::from(byte >> 4)]
    }

    /// By the low six bits of a byte.
    pub(super) fn table(&self) -> [u8; 64] {
        std::array::from_fn(|byte| self.at(byte as u8))
    }
}

/// What stands in the first and in the second place of keys.
#[derive(Clone, Debug)]
pub(super) struct Firsts {
    pub(super) first: Bytes,
    pub(super) second: Bytes,
    keys: u32,
}

impl Default for Firsts {
    fn default() -> Firsts {
        let mut first = Bytes::NONE;
        first.add(b'\\', ESCAPE);
        Firsts { first, second: Bytes::ALL, keys: 0 }
    }
}

impl Firsts {
    /// Adds what a key of this name can begin with.
    pub(super) fn add(&mut self, name: &str) {
        let bit = ESCAPE << (1 + self.keys % KEYS);
        self.keys += 1;
        let mut bytes = name.bytes();
        match (bytes.next(), bytes.next()) {
            (Some(first), second) => {
                self.first.add(first, bit);
                self.second.add(second.unwrap_or(b'"'), bit);
            }
            // The closing quote, and behind it anything.
            (None, _) => {
                self.first.add(b'"', bit);
                self.second.add_all(bit);
            }
        }
        self.second.add(b'\\', bit);
    }

    /// Whether a wanted key can begin with these bytes.
    #[inline]
    pub(super) fn may_begin(&self, first: u8, second: u8) -> bool {
        self.keys > 0 && self.first.at(first) & self.second.at(second) != 0
    }

    /// Whether nothing is wanted.
    pub(super) fn is_empty(&self) -> bool {
        self.keys == 0
    }
}
