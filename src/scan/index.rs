//! The first pass: where lines end, where brackets are, and the strings that may be wanted keys.
//!
//! Works on blocks of 64 bytes, over as many lines as there are. A kernel (portable or SIMD) gives masks of a block: which
//! bytes are quotes, backslashes, brackets, newlines, above ASCII. All else is here and the same for all kernels: which quotes
//! are escaped, what lies in strings, and the list of positions that the following passes walk along instead of the bytes.
//!
//! The loop over the blocks calls nothing that is not inlined, not even on its rare ways: a call would put all it knows into
//! memory and back, once a block.

use super::firsts::Firsts;

/// Bytes in a block.
pub(super) const BLOCK: usize = 64;

/// A block and the bytes after it: whether a quote may open a wanted key shows in the two bytes behind it.
pub(super) type Window = [u8; BLOCK + 2];

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

/// What the first pass knows of a line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Line {
    /// Its newline, or where the text ends.
    pub(super) end: u32,
    /// Past its last place in the index.
    pub(super) entries_end: u32,
    /// It ends in a string.
    pub(super) is_open: bool,
    /// It may hold bytes above ASCII; without, it certainly holds none.
    pub(super) has_high: bool,
}

impl Line {
    /// As numbers: of these the system has zeros that take no memory.
    #[inline(always)]
    fn pack(self) -> [u32; 3] {
        [self.end, self.entries_end, u32::from(self.is_open) | u32::from(self.has_high) << 1]
    }

    fn unpack([end, entries_end, flags]: [u32; 3]) -> Line {
        Line { end, entries_end, is_open: flags & 1 == 1, has_high: flags & 2 == 2 }
    }
}

/// What the first pass knows of a text. Reused from text to text.
#[derive(Debug, Default)]
pub(super) struct Index {
    /// Brackets outside strings, and opening quotes of strings that begin like a wanted key. In order. There is room for more
    /// than any text of its length has; what is never written to takes no memory.
    entries: Vec<u32>,
    /// Per block, the quotes that are not escaped.
    quotes: Vec<u64>,
    /// Room for more lines than there are, too; see [`Line::pack`].
    lines: Vec<[u32; 3]>,
    /// How many of `entries`, `quotes` and `lines` are this text's.
    counts: (usize, usize, usize),
}

#[cfg(test)]
impl Index {
    /// All that the index says, for comparison.
    pub(super) fn said(&self) -> (&[u32], &[u64], Vec<Line>) {
        let lines = (0..self.counts.2).map(|line| self.line(line)).collect();
        (&self.entries[..self.counts.0], &self.quotes[..self.counts.1], lines)
    }
}

impl Index {
    /// How much of its memory was written to, roughly.
    pub(super) fn size(&self) -> usize {
        self.counts.0.max(self.counts.2)
    }

    /// Where the newlines are.
    pub(super) fn newlines(&self) -> impl Iterator<Item = u32> {
        self.lines[..self.counts.2.saturating_sub(1)].iter().map(|[end, ..]| *end)
    }

    /// A line; the last is what stands behind the last newline, though it be nothing.
    pub(super) fn line(&self, line: usize) -> Line {
        Line::unpack(self.lines[..self.counts.2][line])
    }

    /// Positions of a line's brackets outside strings and of its quotes before possible keys.
    pub(super) fn entries(&self, line: usize) -> &[u32] {
        let start = line.checked_sub(1).map_or(0, |before| self.line(before).entries_end);
        &self.entries[start as usize..self.line(line).entries_end as usize]
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

    /// Indexes a text with the given kernel: `masks` of a block, `prefix_xor` of a mask, and `spread`, which writes the
    /// positions of a mask's bits, counted from a base, and may write anything behind them.
    ///
    /// Inlined into each kernel's entry point, so that it is compiled for that kernel's instructions.
    #[inline(always)]
    pub(super) fn fill(
        &mut self,
        text: &[u8],
        extent: Extent,
        masks: impl Fn(&Window) -> Masks,
        prefix_xor: impl Fn(u64) -> u64,
        spread: impl Fn(u64, u32, &mut [u32; BLOCK]) -> usize,
    ) {
        let blocks = text.len().div_ceil(BLOCK);
        make_room(&mut self.quotes, blocks);
        make_room(&mut self.entries, (blocks + 1) * BLOCK);
        make_room(&mut self.lines, if extent == Extent::Line { 1 } else { text.len() + 1 });
        let Index { entries, quotes, lines, .. } = self;
        let (entries, lines) = (&mut entries[..], &mut lines[..]);
        let (mut count, mut ended) = (0, 0);
        let ends = if extent == Extent::Line { 0 } else { u64::MAX };
        let mut escape = 0; // 1 when the last block ended in a backslash that escapes
        let mut inside = 0; // all ones when the last block ended in a string
        let mut high = 0; // not zero when the line has had a byte above ASCII
        for (block, quote_mask) in quotes[..blocks].iter_mut().enumerate() {
            let at = block * BLOCK;
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
            let mut escaped = found.backslashes << 1 | escape;
            escape = if found.backslashes & escaped == 0 {
                found.backslashes >> 63
            } else {
                escaped_in_runs(found.backslashes, &mut escaped)
            };
            let quotes = found.quotes & !escaped;
            *quote_mask = quotes;
            let mut in_string = prefix_xor(quotes) ^ inside; // from an opening quote to before the closing one
            let wanted = |in_string: u64| (found.brackets & !in_string) | (quotes & in_string & found.firsts);
            high |= found.high;
            let mut newlines = found.newlines & ends;
            if newlines != 0 {
                while newlines != 0 {
                    let place = newlines.trailing_zeros();
                    let behind = u64::MAX << place; // with the newline itself: what it leaves goes on in the next block
                    let is_open = in_string >> place & 1 == 1;
                    if is_open {
                        in_string ^= behind; // a string ends with its line
                    }
                    if let Some(line) = lines.get_mut(ended) {
                        let before = (wanted(in_string) & !behind).count_ones();
                        let ending = Line {
                            end: at as u32 + place,
                            entries_end: count as u32 + before,
                            is_open,
                            has_high: high != 0,
                        };
                        *line = ending.pack();
                        ended += 1;
                    }
                    newlines &= newlines - 1;
                }
                high = found.high; // of the next line's, perhaps
            }
            inside = ((in_string as i64) >> 63) as u64;
            if let Some(room) = entries[count..].first_chunk_mut() {
                count += spread(wanted(in_string), at as u32, room);
            }
        }
        if let Some(line) = lines.get_mut(ended) {
            let ending = Line {
                end: text.len() as u32,
                entries_end: count as u32,
                is_open: inside != 0,
                has_high: high != 0,
            };
            *line = ending.pack();
            ended += 1;
        }
        self.counts = (count, blocks, ended);
    }
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
    let mut window = [b' '; BLOCK + 2];
    window[..rest.len()].copy_from_slice(rest);
    window
}

/// The bytes that a backslash escapes, where backslashes stand side by side; gives the escape that the next block begins with.
/// `escaped` has in its lowest bit the one that this block begins with.
///
/// In a run of backslashes every other one escapes the byte behind it, beginning with the first. Adding the first bit of
/// each run that starts at an even place clears those runs and leaves the others: what is then left tells for each
/// backslash whether its run is an odd one, and so whether the even or the odd places in it escape.
///
/// The same inside and outside of strings. Outside, a backslash is an error of the grammar in any case.
#[inline(always)]
fn escaped_in_runs(backslashes: u64, escaped: &mut u64) -> u64 {
    const EVEN: u64 = 0x5555_5555_5555_5555;
    let carry = *escaped & 1;
    let runs = backslashes & !carry;
    let even_starts = runs & !(runs << 1) & EVEN;
    let odd_runs = runs.wrapping_add(even_starts);
    let escaping = runs & (odd_runs ^ EVEN);
    *escaped = (escaping << 1) | carry;
    escaping >> 63
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
