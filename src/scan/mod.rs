//! Finds fields in the raw bytes of a record, and checks that the record is whole.
//!
//! A [`Path`] is what `.entities.hashtags[].text` says: keys, `[]` and indices. A [`Scanner`] is made for several
//! paths at once; one pass over a line finds the value of each as a range of bytes, and checks on the way that the line
//! is one JSON object in valid UTF-8, with its quotes closed, its brackets matched in kind, and nothing after it.
//! No JSON value is ever built.

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
    /// The scanner leaves this one to the full engine: `[]` over an object, or what is there is no JSON.
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
