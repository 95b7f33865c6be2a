//! The first pass: where brackets are, where lines end, and the strings that may be wanted keys.
//!
//! Works on blocks of 64 bytes, or groups of them, over as many lines as there are. A kernel (portable or SIMD) gives masks of a block:
//! which bytes are quotes, backslashes, brackets, newlines, above ASCII. All else is here and the same for all kernels: which quotes
//! are escaped, what lies in strings, and the list of positions that the following passes walk along instead of the bytes.
//!
//! The loop has no branch that the data of a sound stream could lead astray: a newline is one more position in the list, and what
//! is rare (a newline in a string, backslashes side by side) is asked once a group. A wrong guess costs as much as four groups, for
//! what stands behind it has to be begun anew. Nothing is called that is not inlined, not even on the rare ways: a call would put
//! all it knows into memory and back.

use super::firsts::Firsts;
use std::ops::Range;

/// Bytes in a block.
pub(super) const BLOCK: usize = 64;

/// The most blocks that a kernel looks at together.
pub(super) const MOST_BLOCKS: usize = 2;

/// A group of blocks and the bytes after it: whether a quote may open a wanted key shows in the two bytes behind it. A kernel that
/// takes one block at a time looks at the first.
pub(super) type Window = [u8; MOST_BLOCKS * BLOCK + 2];

/// Room for the positions that a group may have.
pub(super) type Room = [u32; MOST_BLOCKS * BLOCK];

/// What a kernel says of a block, one bit per byte.
pub(super) struct Masks {
    /// `"`, escaped or not.
    pub(super) quotes: u64,
    /// `\`.
    pub(super) backslashes: u64,
    /// `{ } [ ]`, in strings or not.
    pub(super) brackets: u64,
    /// The *next* two bytes are such that a wanted key may begin with them. Needed only where `quotes` is set.
    pub(super) firsts: u64,
    /// Line feeds.
    pub(super) newlines: u64,
    /// Bytes above ASCII.
    pub(super) high: u64,
}

/// Where a text ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Extent {
    /// It is one line, whatever it holds.
    Line,
    /// At each newline a line ends.
    Lines,
}

/// What the first pass knows of a text. Reused from text to text.
#[derive(Debug, Default)]
pub(super) struct Index {
    /// Brackets and newlines outside strings, and opening quotes of strings that begin like a wanted key. In order. There is room
    /// for more than any text of its length has; what is never written to takes no memory.
    entries: Vec<u32>,
    /// Per block, the quotes that are not escaped.
    quotes: Vec<u64>,
    /// Per group, whether it has a byte above ASCII.
    highs: Vec<bool>,
    /// Bytes in a group.
    group: usize,
    /// The text has a byte above ASCII.
    has_high: bool,
    /// How many of `entries` and `quotes` are this text's.
    counts: (usize, usize),
}

#[cfg(test)]
impl Index {
    /// What all kernels say alike.
    pub(super) fn said(&self) -> (&[u32], &[u64]) {
        (self.entries(), &self.quotes[..self.counts.1])
    }
}

impl Index {
    /// How much of its memory was written to, roughly.
    pub(super) fn size(&self) -> usize {
        self.counts.0
    }

    /// Positions of brackets and newlines outside strings, and of quotes before possible keys.
    pub(super) fn entries(&self) -> &[u32] {
        &self.entries[..self.counts.0]
    }

    /// Whether these bytes may hold one above ASCII; without, they certainly hold none.
    pub(super) fn has_high(&self, bytes: Range<usize>) -> bool {
        let groups = bytes.start / self.group..=bytes.end / self.group;
        self.has_high && self.highs[groups].contains(&true)
    }

    /// Past the quote that closes the string whose opening quote is at `at`.
    pub(super) fn string_end(&self, at: usize) -> Option<usize> {
        let masks = &self.quotes[..self.counts.1];
        let from = at + 1;
        let mut block = from / BLOCK;
        let mut quotes = masks.get(block)? & (u64::MAX << (from % BLOCK));
        while quotes == 0 {
            block += 1;
            quotes = *masks.get(block)?;
        }
        Some(block * BLOCK + quotes.trailing_zeros() as usize + 1)
    }

    /// Indexes a text with the given kernel, in groups of so many blocks: `masks` of the blocks of a group, `prefix_xor` of a mask,
    /// and `spread`, which writes the positions of the bits of a group's masks, counted from a base, and may write anything behind
    /// them.
    ///
    /// Inlined into each kernel's entry point, so that it is compiled for that kernel's instructions.
    #[inline(always)]
    pub(super) fn fill<const GROUP: usize>(
        &mut self,
        text: &[u8],
        extent: Extent,
        masks: impl Fn(&Window) -> [Masks; GROUP],
        prefix_xor: impl Fn(u64) -> u64,
        spread: impl Fn([u64; GROUP], u32, &mut Room) -> usize,
    ) {
        let groups = text.len().div_ceil(GROUP * BLOCK);
        make_room(&mut self.quotes, groups * GROUP);
        make_room(&mut self.entries, (groups * GROUP + MOST_BLOCKS) * BLOCK);
        make_room(&mut self.highs, groups + 1);
        let (entries, mut count) = (&mut self.entries[..], 0);
        let ends = if extent == Extent::Line { 0 } else { u64::MAX };
        let mut escape = 0; // 1 when the last block ended in a backslash that escapes
        let mut inside = 0; // all ones when the last block ended in a string
        let mut high = 0; // not zero when there was a byte above ASCII
        let (quotes, _) = self.quotes.as_chunks_mut::<GROUP>();
        for (group, (quotes, has_high)) in quotes.iter_mut().zip(&mut self.highs[..groups]).enumerate() {
            let at = group * GROUP * BLOCK;
            let padded;
            let window = match text[at..].first_chunk() {
                Some(window) => window,
                None => {
                    padded = last_window(&text[at..]);
                    &padded
                }
            };
            let found = masks(window); // in one place: of two inlined copies the compiler merges the masks bit by bit
            // A backslash escapes what is behind it, unless it is escaped itself; that is rare.
            let mut escaped = [0; GROUP];
            let (mut carry, mut runs) = (escape, 0);
            for (escaped, found) in escaped.iter_mut().zip(&found) {
                *escaped = found.backslashes << 1 | carry;
                runs |= found.backslashes & *escaped;
                carry = found.backslashes >> 63;
            }
            if runs != 0 {
                carry = escape;
                for (escaped, found) in escaped.iter_mut().zip(&found) {
                    (*escaped, carry) = escaped_in_runs(found.backslashes, carry);
                }
            }
            escape = carry;
            let mut in_strings = [0; GROUP]; // from an opening quote to before the closing one
            let (mut before, mut cut) = (inside, 0);
            for i in 0..GROUP {
                quotes[i] = found[i].quotes & !escaped[i];
                in_strings[i] = prefix_xor(quotes[i]) ^ before;
                before = last_bit(in_strings[i]);
                cut |= found[i].newlines & ends & in_strings[i];
            }
            if cut != 0 {
                // A string ends with its line.
                let mut turned = 0;
                for i in 0..GROUP {
                    in_strings[i] ^= turned;
                    let mut newlines = found[i].newlines;
                    while newlines != 0 {
                        let place = newlines.trailing_zeros();
                        if in_strings[i] >> place & 1 == 1 {
                            in_strings[i] ^= u64::MAX << place;
                            turned = !turned;
                        }
                        newlines &= newlines - 1;
                    }
                }
            }
            inside = last_bit(in_strings[GROUP - 1]);
            let mut wanted = [0; GROUP];
            let mut group_high = 0;
            for i in 0..GROUP {
                let outside = found[i].brackets | found[i].newlines & ends;
                wanted[i] = (outside & !in_strings[i]) | (quotes[i] & in_strings[i] & found[i].firsts);
                group_high |= found[i].high;
            }
            *has_high = group_high != 0;
            high |= group_high;
            if let Some(room) = entries[count..].first_chunk_mut() {
                count += spread(wanted, at as u32, room);
            }
        }
        (self.group, self.has_high) = (GROUP * BLOCK, high != 0);
        self.counts = (count, text.len().div_ceil(BLOCK));
    }
}

/// All ones if the last bit is set.
#[inline(always)]
fn last_bit(mask: u64) -> u64 {
    (mask.cast_signed() >> 63).cast_unsigned()
}

/// Room for so many, all of them zero. Made anew, because zeros that come from the system take no memory before they are
/// written to.
fn make_room<T: Clone + Default>(list: &mut Vec<T>, count: usize) {
    if list.len() < count {
        *list = Vec::new();
        *list = vec![T::default(); count.next_power_of_two()];
    }
}

/// The last bytes of a text, with spaces behind.
#[inline]
fn last_window(rest: &[u8]) -> Window {
    let mut window = [b' '; MOST_BLOCKS * BLOCK + 2];
    window[..rest.len()].copy_from_slice(rest);
    window
}

/// The bytes that a backslash escapes, where backslashes stand side by side, and the escape that the next block begins with.
/// `escape` is the one that this block begins with.
///
/// In a run of backslashes every other one escapes the byte behind it, beginning with the first. Adding the first bit of
/// each run that starts at an even place clears those runs and leaves the others: what is then left tells for each
/// backslash whether its run is an odd one, and so whether the even or the odd places in it escape.
///
/// The same inside and outside of strings. Outside, a backslash is an error of the grammar in any case.
#[inline(always)]
fn escaped_in_runs(backslashes: u64, escape: u64) -> (u64, u64) {
    const EVEN: u64 = 0x5555_5555_5555_5555;
    let runs = backslashes & !escape;
    let even_starts = runs & !(runs << 1) & EVEN;
    let odd_runs = runs.wrapping_add(even_starts);
    let escaping = runs & (odd_runs ^ EVEN);
    (escaping << 1 | escape, escaping >> 63)
}

/// The masks' use of [`Firsts`] for kernels that test byte by byte: only opening quotes count, so only quotes are asked.
#[inline]
pub(super) fn firsts_after(quotes: u64, window: &Window, firsts: &Firsts) -> u64 {
    let mut left = quotes;
    let mut found = 0;
    while left != 0 {
        let at = left.trailing_zeros() as usize;
        found |= u64::from(firsts.may_begin(window[at + 1], window[at + 2])) << at;
        left &= left - 1;
    }
    found
}

/// Writes the places of the bits of the mask, counted from `base`; gives their number.
#[inline(always)]
pub(super) fn spread([mask]: [u64; 1], base: u32, room: &mut Room) -> usize {
    let mut left = mask;
    // Most blocks hold few: four writes without asking cost less than one wrong guess of the loop's end.
    for slot in &mut room[..4] {
        *slot = base + left.trailing_zeros();
        left &= left.wrapping_sub(1);
    }
    let mut at = 4;
    while left != 0 {
        room[at] = base + left.trailing_zeros();
        left &= left - 1;
        at += 1;
    }
    mask.count_ones() as usize
}
