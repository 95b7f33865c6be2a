//! Finds fields in the raw bytes of a record, and checks that the record is whole.
//!
//! A [`Path`] is what `.entities.hashtags[].text` says: keys, `[]` and indices. A [`Scanner`] is made for several
//! paths at once; one pass over a line finds the value of each as a range of bytes, and checks on the way that the line
//! is one JSON object in valid UTF-8, with its quotes closed, its brackets matched in kind, and nothing after it.
//! No JSON value is ever built.
//!
//! # Three passes
//!
//! 1. The index (`index.rs`). Blocks of 64 bytes become bit masks of quotes, backslashes and brackets; a prefix sum of the
//!    unescaped quotes says what lies in strings; out come the positions of the brackets outside strings, and of the
//!    opening quotes behind which a wanted key could begin (`firsts.rs`). A kernel makes the masks: `portable.rs` for every
//!    machine, `x86.rs` for AVX2 and AVX-512, chosen at run time (`kernel.rs`). All kernels give the same index, and
//!    all that follows is the same code.
//! 2. The pairs (`balance.rs`). Along the index, not the bytes: each bracket finds its partner, or the line is no record. The
//!    verdict is reached here, before any path is looked at, so it cannot depend on the paths.
//! 3. The walk (`walk.rs`). All paths are one tree (`tree.rs`); the walk goes down the wanted keys and elements, and
//!    hops over any other container from its bracket to its partner.
//!
//! A missing comma, or garbage between tokens, passes the check; only [`check_grammar`] finds it everywhere. The walk
//! looks closely at what it hands out, though: around a found value nothing but JSON stands, and the value is a
//! well-formed scalar or a balanced container. Otherwise the path is [`Hit::Unsure`].
//!
//! # What is measured
//!
//! `cargo run --release --example scan_speed FILE`: seconds per GB, one thread, best of nine rounds, lines found by
//! `memchr` in memory (0.03 of each figure), an AMD EPYC with AVX-512. 1 GB of tweets of 5.7 KB with `\u` escapes, and
//! 93 MB of 4.7 KB in Japanese; the paths are `.created_at` and `.entities.hashtags[].text`.
//!
//! | | portable | AVX2 | AVX-512 | `check_grammar` |
//! | --- | --- | --- | --- | --- |
//! | check alone, escapes | 0.45 | 0.13 | 0.105 | 0.76 |
//! | both paths, escapes | 0.58 | 0.17 | 0.15 | |
//! | check alone, Japanese | 0.45 | 0.13 | 0.11 | 0.67 |
//! | both paths, Japanese | 0.60 | 0.16 | 0.15 | |
//!
//! Tried, and what came of it: UTF-8 by `simdutf8` instead of std, 0.27 to 0.15 for the check of the Japanese tweets with AVX2;
//! leaving out strings behind a colon, which are values, when the index is made: no gain; working out escapes in every block
//! instead of only in those with a backslash: no gain with escapes, 10 % loss without; writing positions by byte compression
//! (AVX-512): a fifth off the check; masks computed in two inlined places (whole and last block): 2.5 times slower.

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
#[cfg(target_arch = "x86_64")]
mod x86;

pub use grammar::{GrammarFault, check_grammar};
pub use kernel::Kernel;
pub use scanner::{Scanner, check};
pub use string::decode_string;
pub use token::is_scalar;

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
