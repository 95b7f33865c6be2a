//! The first pass: where a line's brackets are, and the strings that may be wanted keys.
//!
//! Works on blocks of 64 bytes. A kernel (portable or SIMD) gives masks of a block: which bytes are quotes,
//! backslashes, brackets, above ASCII. All else is here and the same for all kernels: which quotes are escaped, what lies
//! in strings, and the list of positions that the following passes walk along instead of the bytes.

use super::firsts::Firsts;

/// Bytes in a block.
pub(super) const BLOCK: usize = 64;

/// A block and the byte after it: whether a quote may open a wanted key shows in the byte behind it.
pub(super) type Window = [u8; BLOCK + 1];

/// What a kernel says of a block, one bit per byte.
pub(super) struct Masks {
    /// `"`, escaped or not.
    pub(super) quotes: u64,
    /// `\`.
    pub(super) backslashes: u64,
    /// `{ } [ ]`, in strings or not.
    pub(super) brackets: u64,
    /// The *next* byte is one that a wanted key begins with. Needed only where `quotes` is set.
    pub(super) firsts: u64,
    /// Bytes above ASCII.
    pub(super) high: u64,
}

/// What the first pass knows of a line. Reused from line to line.
#[derive(Debug, Default)]
pub(super) struct Index {
    /// Brackets outside strings, and opening quotes of strings that begin like a wanted key. In order.
    /// Longer than `count`: room to write a block's positions without asking for each.
    entries: Vec<u32>,
    /// How many of `entries` are this line's.
    count: usize,
    /// Per block, the quotes that are not escaped. Longer than `blocks`, too.
    quotes: Vec<u64>,
    /// How many of `quotes` are this line's.
    blocks: usize,
    /// The line ends in a string.
    pub(super) is_open: bool,
    /// The part of the line outside of which all is ASCII: its first byte and past its last.
    pub(super) high: (usize, usize),
}

#[cfg(test)]
impl Index {
    /// All that a line's index says, for comparison.
    pub(super) fn said(&self) -> (&[u32], &[u64], bool, (usize, usize)) {
        (self.entries(), &self.quotes[..self.blocks], self.is_open, self.high)
    }
}

impl Index {
    /// Positions of the brackets outside strings and of the quotes before possible keys.
    pub(super) fn entries(&self) -> &[u32] {
        &self.entries[..self.count]
    }

    /// Past the quote that closes the string whose opening quote is at `at`.
    pub(super) fn string_end(&self, at: usize) -> Option<usize> {
        let masks = &self.quotes[..self.blocks];
        let from = at + 1;
        let mut block = from / BLOCK;
        let mut quotes = masks.get(block)? & (u64::MAX << (from % BLOCK));
        while quotes == 0 {
            block += 1;
            quotes = *masks.get(block)?;
        }
        Some(block * BLOCK + quotes.trailing_zeros() as usize + 1)
    }

    /// Indexes a line with the given kernel: `masks` of a block, `prefix_xor` of a mask, and `spread`, which writes the
    /// positions of a mask's bits, counted from a base, and may write anything behind them.
    ///
    /// Inlined into each kernel's entry point, so that it is compiled for that kernel's instructions.
    #[inline(always)]
    pub(super) fn fill(
        &mut self,
        line: &[u8],
        masks: impl Fn(&Window) -> Masks,
        prefix_xor: impl Fn(u64) -> u64,
        spread: impl Fn(u64, u32, &mut [u32; BLOCK]) -> usize,
    ) {
        let blocks = line.len().div_ceil(BLOCK);
        if self.quotes.len() < blocks {
            self.quotes.resize(blocks.next_power_of_two(), 0);
        }
        self.blocks = blocks;
        let quote_masks = &mut self.quotes[..blocks];
        let entries = &mut self.entries;
        let mut count = 0;
        let (mut first_high, mut end_high) = (usize::MAX, 0);
        let mut escape = 0; // 1 when the last block ended in a backslash that escapes
        let mut inside = 0; // all ones when the last block ended in a string
        for (block, quote_mask) in quote_masks.iter_mut().enumerate() {
            let at = block * BLOCK;
            let padded;
            let window = match line[at..].first_chunk() {
                Some(window) => window,
                None => {
                    padded = last_window(&line[at..]);
                    &padded
                }
            };
            let found = masks(window); // in one place: of two inlined copies the compiler merges the masks bit by bit
            let escaped = if found.backslashes == 0 {
                std::mem::take(&mut escape)
            } else {
                escaped(found.backslashes, &mut escape)
            };
            let quotes = found.quotes & !escaped;
            let in_string = prefix_xor(quotes) ^ inside; // from an opening quote to before the closing one
            inside = ((in_string as i64) >> 63) as u64;
            *quote_mask = quotes;
            if found.high != 0 {
                first_high = first_high.min(at);
                end_high = at + BLOCK;
            }
            if entries.len() < count + BLOCK {
                make_room(entries);
            }
            let wanted = (found.brackets & !in_string) | (quotes & in_string & found.firsts);
            if let Some(room) = entries[count..].first_chunk_mut() {
                count += spread(wanted, at as u32, room);
            }
        }
        self.count = count;
        self.is_open = inside != 0;
        self.high = if end_high > 0 { (first_high, end_high.min(line.len())) } else { (0, 0) };
    }
}

/// Room for the entries of a block at least.
#[cold]
fn make_room(entries: &mut Vec<u32>) {
    entries.resize((2 * entries.len()).max(4 * BLOCK), 0);
}

/// The last bytes of a line, with spaces behind.
#[inline]
fn last_window(rest: &[u8]) -> Window {
    let mut window = [b' '; BLOCK + 1];
    window[..rest.len()].copy_from_slice(rest);
    window
}

/// The bytes that a backslash escapes.
///
/// In a run of backslashes every other one escapes the byte behind it, beginning with the first. Adding the first bit of
/// each run that starts at an even place clears those runs and leaves the others: what is then left tells for each
/// backslash whether its run is an odd one, and so whether the even or the odd places in it escape.
///
/// The same inside and outside of strings. Outside, a backslash is an error of the grammar in any case.
#[inline(always)]
fn escaped(backslashes: u64, carry: &mut u64) -> u64 {
    const EVEN: u64 = 0x5555_5555_5555_5555;
    let runs = backslashes & !*carry;
    let even_starts = runs & !(runs << 1) & EVEN;
    let odd_runs = runs.wrapping_add(even_starts);
    let escaping = runs & (odd_runs ^ EVEN);
    let escaped = (escaping << 1) | *carry;
    *carry = escaping >> 63;
    escaped
}

/// The masks' use of [`Firsts`] for kernels that test byte by byte: only opening quotes count, so only quotes are asked.
#[inline]
pub(super) fn firsts_after(quotes: u64, window: &Window, firsts: &Firsts) -> u64 {
    let mut left = quotes;
    let mut found = 0;
    while left != 0 {
        let at = left.trailing_zeros() as usize;
        found |= u64::from(firsts.has(window[at + 1])) << at;
        left &= left - 1;
    }
    found
}

/// Writes the places of the bits of `mask`, counted from `base`; gives their number.
#[inline(always)]
pub(super) fn spread(mask: u64, base: u32, room: &mut [u32; BLOCK]) -> usize {
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
