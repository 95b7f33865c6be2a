//! Finds fields in the raw bytes of a record, and checks that the record is whole.
//!
//! A [`Path`] is what `.entities.hashtags[].text` says: keys, `[]` and indices. A [`Scanner`] is made for several
//! paths at once; one pass over a line finds the value of each as a range of bytes, and checks on the way that the line
//! is one JSON object in valid UTF-8, with its quotes closed, its brackets matched in kind, and nothing after it.
//! No JSON value is ever built.
//!
//! # Three passes
//!
//! 1. The index (`index.rs`), over a chunk of many lines at once. Blocks of 64 bytes become bit masks of quotes, backslashes,
//!    brackets and newlines; a prefix sum of the unescaped quotes says what lies in strings, and begins anew with each line; out
//!    come the positions of the brackets and newlines outside strings, and those of the opening quotes behind which a wanted
//!    key could begin (`firsts.rs`). A kernel makes the masks: `portable.rs` for every machine, `x86.rs` for AVX2 and AVX-512,
//!    chosen at run time (`kernel.rs`). All kernels give the same index, and all that follows is the same code.
//! 2. The pairs (`balance.rs`), over the same chunk. Along the index, not the bytes: each bracket finds its partner, and each line
//!    its end. That a line is a record is known here, before any path is looked at, so it cannot depend on the paths.
//! 3. The walk (`walk.rs`). All paths are one tree (`tree.rs`); the walk goes down the wanted keys and elements, and
//!    hops over any other container from its bracket to its partner.
//!
//! A missing comma, or garbage between tokens, passes the check; only [`check_grammar`] finds it everywhere. The walk
//! looks closely at what it hands out, though: around a found value nothing but JSON stands, and the value is a
//! well-formed scalar or a balanced container. Otherwise the path is [`Hit::Unsure`].
//!
//! # How others do it
//!
//! simdjson indexes every structural character in a first pass and validates UTF-8 on the way; its On-Demand interface then walks
//! the index for the values asked for, and does not look at those that it skips. The first pass here is that one, with a
//! shorter index: colons, commas and the strings that cannot be wanted keys are left out, because no later pass needs them.
//! sonic-rs skips an unwanted value by counting its brackets 64 bytes at a time, without an index; unchecked it took half the
//! time of ours, and misread broken lines, checked three times as long. jiter reads token after token; it was not
//! measured. That brackets match in kind in what is skipped is what tells a cut line from a whole one here.
//!
//! # What is measured
//!
//! `cargo run --release --example scan_speed FILE`: seconds of one thread per GB, 100 MB of the tweets of `stream-fetch
//! demo:tweets` (2.6 KB each, text as `\u` escapes), an AMD EPYC with AVX-512, on a machine with other work; the paths are
//! `.created_at` and `.entities.hashtags[].text`. Finding the newlines by themselves takes 0.03 of the two rows by lines, copying
//! the chunks 0.03 of the others.
//!
//! | | portable | AVX2 | AVX-512 | `check_grammar` |
//! | --- | --- | --- | --- | --- |
//! | check alone, by lines | 0.59 | 0.13 | 0.08 | 0.80 |
//! | both paths, by lines | 0.85 | 0.20 | 0.17 | |
//! | index alone, by chunks | 0.79 | 0.15 | 0.11 | |
//! | both paths, by chunks | 0.87 | 0.21 | 0.19 | |
//!
//! Tried for the index, in a loop by itself (ms of one thread per GB, over reading the same bytes; 28 are the masks and the
//! carry-less product). With AVX-512, two blocks at a time: 90 to 70; four: 90, for then there are not enough registers. With AVX2,
//! two blocks: 20 more. A newline as one more position, instead of a branch that ends the line: 70 to 63, for a wrong guess costs
//! 180 cycles. Working out all escapes in every block that has a backslash, 51, and only in those where two stand side by side,
//! with nothing in the loop that is called, 34; both with the bytes 16 past a cache line instead of on it, 16 more. Writing
//! positions: byte compression and a store of 64 bytes 18, of 32 or 16 bytes more, four at a time without vectors 36. With AVX-512
//! one look-up of what each byte is, with the bytes behind it had by shifting masks, in place of comparisons and of loads one and
//! two bytes on: 25 more. Firsts of keys and brackets looked up in 64 places, escapes with them, instead of 128 places and
//! comparisons: 96 to 85 with AVX-512. Reading by `mmap` instead of `read`, with and without populating: 0.16 s per GB instead of
//! 0.12.
//!
//! Tried for the rest: UTF-8 by `simdutf8` instead of std, 0.27 to 0.15 for Japanese tweets with AVX2; leaving out strings behind a
//! colon when the index is made: no gain; one byte instead of two to tell what a key can begin with: 25 strings a line instead of
//! 10, and with a bit for each key 7; chunks in pieces that the first cache holds: no gain; a stack without a jump, instead of
//! pairs: 5 ms more than 20, and the depth of each place and the kinds of open brackets in a register 28 instead of 16, because the
//! processor guesses the brackets of a stream of like records well, and 14 more for the ends of containers, which had to be
//! searched; masks computed in two inlined places (whole and last block): 2.5 times slower.

mod balance;
mod fault;
mod firsts;
mod grammar;
mod index;
mod kernel;
mod portable;
mod scanner;
mod string;
#[cfg(test)]
mod tests;
mod token;
mod tree;
mod walk;
mod wide;
#[cfg(target_arch = "x86_64")]
mod x86;

pub use grammar::{GrammarFault, check_grammar};
pub use kernel::Kernel;
pub use scanner::{Scanner, check};
pub use string::{decode_string, unescape};
pub use token::is_scalar;
pub use wide::{Work, wide};

/// One step of a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// `.name`: the member of an object. The name is decoded UTF-8.
    Key {
        /// The member's name, without quotes and escapes.
        name: String,
        /// `?` follows: what has no members gives no output instead of an error.
        optional: bool,
    },
    /// `[]`: each element of an array.
    Each {
        /// `?` follows: what has no elements gives no output instead of an error.
        optional: bool,
    },
    /// `[3]`: one element of an array, from its start.
    Index {
        /// The element's place, from 0.
        at: u32,
        /// `?` follows.
        optional: bool,
    },
}

/// A way from the record to a value; no step at all is the record itself.
pub type Path = Vec<Step>;

/// What a path met in one record. Several per path where `[]` fans out, in the order of the document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hit {
    /// A value: the line's bytes `start..end`, without white space around. Its kind shows in its first byte. Strings,
    /// numbers and literals are well formed; a container is balanced, but what is in it is not checked. An explicit
    /// `null` is a value too.
    Value {
        /// First byte.
        start: u32,
        /// Past the last byte.
        end: u32,
    },
    /// The key or the element is missing, or a value on the way is null: jq's `null`.
    Missing,
    /// An error in jq (a member of a number, `[]` of null): the outputs before it stand, none follow.
    Mismatch,
    /// The scanner leaves this one to the full engine: `[]` or `[3]` of an object, or what is there is no JSON.
    Unsure,
}

/// Why a line is no record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Not valid UTF-8.
    Utf8,
    /// It is whole JSON perhaps, but no object.
    NotObject,
    /// It ends inside a string.
    OpenString,
    /// It ends inside an object or an array: a cut line.
    OpenBracket,
    /// A closing bracket of the wrong kind.
    Mismatched,
    /// Something follows the object.
    Trailing,
    /// Longer than the 4 GiB that positions can count.
    TooLong,
}
