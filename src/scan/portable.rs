//! The kernel for every machine: eight bytes at a time in an ordinary register, no `unsafe`. The oracle of the others.

use super::{
    firsts::Firsts,
    index::{BLOCK, Extent, Index, Masks, Window, firsts_after, spread},
};

/// Fills the index of a text.
pub(super) fn fill(index: &mut Index, text: &[u8], extent: Extent, firsts: &Firsts) {
    let no_keys = firsts.is_empty();
    index.fill(
        text,
        extent,
        |window| {
            let mut found = masks(window);
            found.firsts = if no_keys { 0 } else { firsts_after(found.quotes, window, firsts) };
            [found]
        },
        prefix_xor,
        spread,
    );
}

const ONES: u64 = 0x0101_0101_0101_0101;
const HIGHS: u64 = 0x80 * ONES;

/// The top bit of each byte of `word` that equals `byte`. No carry passes from byte to byte, so it is exact.
#[inline(always)]
fn equal(word: u64, byte: u8) -> u64 {
    let differs = word ^ (u64::from(byte) * ONES);
    !(((differs & !HIGHS) + !HIGHS) | differs) & HIGHS
}

/// The top bits of eight bytes, side by side.
#[inline(always)]
fn gather(tops: u64) -> u64 {
    (tops >> 7).wrapping_mul(0x0102_0408_1020_4080) >> 56
}

#[inline(always)]
fn masks(window: &Window) -> Masks {
    let mut found = Masks { quotes: 0, backslashes: 0, brackets: 0, firsts: 0, newlines: 0, high: 0 };
    let (words, _) = window[..BLOCK].as_chunks::<8>();
    for (at, word) in words.iter().enumerate() {
        let word = u64::from_le_bytes(*word);
        let folded = word | (0x20 * ONES); // `[` and `]` differ from `{` and `}` in this bit alone
        let brackets = equal(folded, b'{') | equal(folded, b'}');
        found.quotes |= gather(equal(word, b'"')) << (8 * at);
        found.backslashes |= gather(equal(word, b'\\')) << (8 * at);
        found.brackets |= gather(brackets) << (8 * at);
        let newlines = equal(word, b'\n');
        if newlines != 0 {
            found.newlines |= gather(newlines) << (8 * at); // not in most blocks
        }
        found.high |= gather(word & HIGHS) << (8 * at);
    }
    found
}

/// Each bit becomes the parity of all bits up to it.
#[inline(always)]
fn prefix_xor(mut mask: u64) -> u64 {
    for shift in [1, 2, 4, 8, 16, 32] {
        mask ^= mask << shift;
    }
    mask
}
