//! The kernels for x86-64: AVX2 with carry-less multiplication, and AVX-512. Chosen at run time; see `kernel.rs`.
//!
//! With `wide.rs` the crate's only `unsafe` code, in two kinds. Loads read 32 or 64 bytes from a [`Window`], whose length the type fixes at
//! 130, at an offset that is checked against it: never past its end. Calls into functions with `target_feature` happen behind
//! the run-time check for exactly these features, in [`avx2`] and [`avx512`], which hand such a function out only then.
#![allow(unsafe_code)]

use super::{
    firsts::Firsts,
    index::{BLOCK, Extent, Index, MOST_BLOCKS, Masks, Room, Window, spread},
    kernel::Fill,
};
use std::arch::x86_64::*;

/// The AVX2 kernel, where the machine has it.
pub(super) fn avx2() -> Option<Fill> {
    let is_there = is_x86_feature_detected!("avx2")
        && is_x86_feature_detected!("pclmulqdq")
        && is_x86_feature_detected!("bmi1")
        && is_x86_feature_detected!("bmi2")
        && is_x86_feature_detected!("lzcnt")
        && is_x86_feature_detected!("popcnt");
    fn fill(index: &mut Index, text: &[u8], extent: Extent, firsts: &Firsts) {
        // SAFETY: this function leaves `avx2` only after the check for all features that `fill_avx2` is compiled for.
        unsafe { fill_avx2(index, text, extent, firsts) }
    }
    is_there.then_some(fill)
}

#[target_feature(enable = "avx2,pclmulqdq,bmi1,bmi2,lzcnt,popcnt")]
fn fill_avx2(index: &mut Index, text: &[u8], extent: Extent, firsts: &Firsts) {
    let tables = [firsts.first.low, firsts.first.high, firsts.second.low, firsts.second.high]
        .map(|table| twice(table));
    if firsts.is_empty() {
        let masks = |window: &Window| [masks_avx2(window)];
        index.fill(text, extent, masks, |quotes| prefix_xor(quotes), spread);
    } else {
        let masks = |window: &Window| {
            let next = [load_avx2::<1>(window), load_avx2::<33>(window)];
            let after = [load_avx2::<2>(window), load_avx2::<34>(window)];
            [Masks { firsts: firsts_avx2(next, after, tables), ..masks_avx2(window) }]
        };
        index.fill(text, extent, masks, |quotes| prefix_xor(quotes), spread);
    }
}

/// The same sixteen bytes in both halves, as AVX2 looks them up in each half by itself.
#[inline]
#[target_feature(enable = "avx2")]
fn twice(bytes: [u8; 16]) -> __m256i {
    _mm256_broadcastsi128_si256(_mm_set_epi64x(
        i64::from_le_bytes([
            bytes[8], bytes[9], bytes[10], bytes[11], bytes[12], bytes[13], bytes[14], bytes[15],
        ]),
        i64::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3], bytes[4], bytes[5], bytes[6], bytes[7]]),
    ))
}

#[inline]
#[target_feature(enable = "avx2")]
fn load_avx2<const AT: usize>(window: &Window) -> __m256i {
    const { assert!(AT + 32 <= size_of::<Window>()) };
    // SAFETY: the 32 bytes from `AT` on lie in the window, by the assertion; the load needs no alignment.
    unsafe { _mm256_loadu_si256(window.as_ptr().add(AT).cast()) }
}

/// The top bits of 64 bytes.
#[inline]
#[target_feature(enable = "avx2")]
fn tops([low, high]: [__m256i; 2]) -> u64 {
    u64::from(_mm256_movemask_epi8(low).cast_unsigned())
        | u64::from(_mm256_movemask_epi8(high).cast_unsigned()) << 32
}

/// By the low half of a byte, the brace that has it: only a brace finds itself there, for no byte looked up is 0.
const BRACES: [u8; 16] = {
    let mut braces = [0; 16];
    braces[(b'{' & 15) as usize] = b'{';
    braces[(b'}' & 15) as usize] = b'}';
    braces
};

#[inline]
#[target_feature(enable = "avx2")]
fn masks_avx2(window: &Window) -> Masks {
    let bytes = [load_avx2::<0>(window), load_avx2::<32>(window)];
    let equal = |byte: u8| tops(bytes.map(|half| _mm256_cmpeq_epi8(half, _mm256_set1_epi8(byte as i8))));
    let braces = twice(BRACES);
    let brackets = bytes.map(|half| {
        // `[` and `]` differ from `{` and `}` in this bit alone.
        let folded = _mm256_or_si256(half, _mm256_set1_epi8(0x20));
        _mm256_cmpeq_epi8(folded, _mm256_shuffle_epi8(braces, folded))
    });
    Masks {
        quotes: equal(b'"'),
        backslashes: equal(b'\\'),
        brackets: tops(brackets),
        firsts: 0,
        newlines: equal(b'\n'),
        high: tops(bytes),
    }
}

#[inline]
#[target_feature(enable = "avx2")]
fn firsts_avx2(next: [__m256i; 2], after: [__m256i; 2], tables: [__m256i; 4]) -> u64 {
    let nibble = _mm256_set1_epi8(15);
    let half = |next, after| {
        let low = |bytes| _mm256_and_si256(bytes, nibble);
        let high = |bytes| _mm256_and_si256(_mm256_srli_epi16::<4>(bytes), nibble);
        let first = _mm256_and_si256(
            _mm256_shuffle_epi8(tables[0], low(next)),
            _mm256_shuffle_epi8(tables[1], high(next)),
        );
        let second = _mm256_and_si256(
            _mm256_shuffle_epi8(tables[2], low(after)),
            _mm256_shuffle_epi8(tables[3], high(after)),
        );
        _mm256_cmpeq_epi8(_mm256_and_si256(first, second), _mm256_setzero_si256())
    };
    !tops([half(next[0], after[0]), half(next[1], after[1])])
}

/// Each bit becomes the parity of all bits up to it: the carry-less product with all ones.
#[inline]
#[target_feature(enable = "pclmulqdq")]
fn prefix_xor(mask: u64) -> u64 {
    let product = _mm_clmulepi64_si128(_mm_set_epi64x(0, mask.cast_signed()), _mm_set1_epi8(-1), 0);
    _mm_cvtsi128_si64(product).cast_unsigned()
}

/// The AVX-512 kernel, where the machine has it.
pub(super) fn avx512() -> Option<Fill> {
    let is_there = avx2().is_some()
        && is_x86_feature_detected!("avx512f")
        && is_x86_feature_detected!("avx512bw")
        && is_x86_feature_detected!("avx512vbmi")
        && is_x86_feature_detected!("avx512vbmi2");
    fn fill(index: &mut Index, text: &[u8], extent: Extent, firsts: &Firsts) {
        // SAFETY: this function leaves `avx512` only after the check for all features that `fill_avx512` is compiled for.
        unsafe { fill_avx512(index, text, extent, firsts) }
    }
    is_there.then_some(fill)
}

#[target_feature(enable = "avx2,pclmulqdq,bmi1,bmi2,lzcnt,popcnt,avx512f,avx512bw,avx512vbmi,avx512vbmi2")]
fn fill_avx512(index: &mut Index, text: &[u8], extent: Extent, firsts: &Firsts) {
    let sets = [table_avx512(&firsts.first.table()), table_avx512(&firsts.second.table())];
    if firsts.is_empty() {
        let masks = |window: &Window| [masks_avx512::<0>(window), masks_avx512::<64>(window)];
        let spread = |masks, base, room: &mut Room| spread_avx512(masks, base, room);
        index.fill(text, extent, masks, |quotes| prefix_xor(quotes), spread);
    } else {
        let masks = |window: &Window| {
            let first = firsts_avx512(load_avx512::<1>(window), load_avx512::<2>(window), sets);
            let second = firsts_avx512(load_avx512::<65>(window), load_avx512::<66>(window), sets);
            [
                Masks { firsts: first, ..masks_avx512::<0>(window) },
                Masks { firsts: second, ..masks_avx512::<64>(window) },
            ]
        };
        let spread = |masks, base, room: &mut Room| spread_avx512(masks, base, room);
        index.fill(text, extent, masks, |quotes| prefix_xor(quotes), spread);
    }
}

#[inline]
#[target_feature(enable = "avx512f")]
fn load_avx512<const AT: usize>(window: &Window) -> __m512i {
    const { assert!(AT + 64 <= size_of::<Window>()) };
    // SAFETY: the 64 bytes from `AT` on lie in the window, by the assertion; the load needs no alignment.
    unsafe { _mm512_loadu_si512(window.as_ptr().add(AT).cast()) }
}

/// By the low six bits of a byte, the bracket that has them: only a bracket finds itself there, for what else is there has
/// other low bits than its place.
const BRACKETS: [u8; BLOCK] = {
    let mut brackets = [1; BLOCK];
    brackets[1] = 0;
    let mut at = 0;
    while at < 4 {
        let bracket = b"[]{}"[at];
        brackets[bracket as usize % BLOCK] = bracket;
        at += 1;
    }
    brackets
};

#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vbmi")]
fn masks_avx512<const AT: usize>(window: &Window) -> Masks {
    let bytes = load_avx512::<AT>(window);
    let equal = |byte: u8| _mm512_cmpeq_epi8_mask(bytes, _mm512_set1_epi8(byte as i8));
    Masks {
        quotes: equal(b'"'),
        backslashes: equal(b'\\'),
        brackets: _mm512_cmpeq_epi8_mask(bytes, _mm512_permutexvar_epi8(bytes, table_avx512(&BRACKETS))),
        firsts: 0,
        newlines: equal(b'\n'),
        high: _mm512_movepi8_mask(bytes),
    }
}

/// A table in a register.
#[inline]
#[target_feature(enable = "avx512f")]
fn table_avx512(table: &[u8; BLOCK]) -> __m512i {
    // SAFETY: the table has 64 bytes; the load needs no alignment.
    unsafe { _mm512_loadu_si512(table.as_ptr().cast()) }
}

#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vbmi")]
fn firsts_avx512(next: __m512i, after: __m512i, [first, second]: [__m512i; 2]) -> u64 {
    _mm512_test_epi8_mask(_mm512_permutexvar_epi8(next, first), _mm512_permutexvar_epi8(after, second))
}

/// As `index::spread`: the places of the first sixteen bits of a block come out of one compression.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vbmi2,popcnt,bmi1")]
fn spread_avx512(masks: [u64; MOST_BLOCKS], base: u32, room: &mut Room) -> usize {
    const PLACES: [u8; BLOCK] = {
        let mut places = [0; BLOCK];
        let mut at = 0;
        while at < BLOCK {
            places[at] = at as u8;
            at += 1;
        }
        places
    };
    let places = table_avx512(&PLACES);
    let packed = masks.map(|mask| _mm512_maskz_compress_epi8(mask, places));
    let counts = masks.map(|mask| mask.count_ones() as usize);
    let bases = [base, base + BLOCK as u32];
    let starts = [0, counts[0]];
    for i in 0..MOST_BLOCKS {
        store_sixteen::<0>(packed[i], bases[i], room, starts[i]);
    }
    if counts[0] | counts[1] > 16 {
        for i in 0..MOST_BLOCKS {
            store_sixteen::<0>(packed[i], bases[i], room, starts[i]);
            store_sixteen::<1>(packed[i], bases[i], room, starts[i]);
            store_sixteen::<2>(packed[i], bases[i], room, starts[i]);
            store_sixteen::<3>(packed[i], bases[i], room, starts[i]);
        }
    }
    counts[0] + counts[1]
}

/// Writes the `PART`-th sixteen of the places, counted from `base`, behind the `start`-th number.
#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
fn store_sixteen<const PART: i32>(places: __m512i, base: u32, room: &mut Room, start: usize) {
    let places = _mm512_cvtepu8_epi32(_mm512_extracti32x4_epi32::<PART>(places));
    let numbers = _mm512_add_epi32(places, _mm512_set1_epi32(base.cast_signed()));
    let start = start.min(BLOCK) + 16 * PART as usize;
    // SAFETY: `start` is at most 64 + 48, and `room` has 128 numbers; the store needs no alignment.
    unsafe { _mm512_storeu_si512(room.as_mut_ptr().add(start).cast(), numbers) };
}
