//! One count in many processes: `window-count --partial` counts a part of the records, `--merge` puts parts together.
//!
//! The lines between them are in `line`, the settings that they carry in `shared`. `count` and `writer` make them; `merge`
//! takes them, and `book` is its account of which rows have come.

mod book;
mod count;
mod line;
mod merge;
mod shared;
mod writer;

pub use book::PartsError;
pub use count::PartialCount;
pub use merge::{Merge, MergeOptions};

use std::hash::{BuildHasher, Hasher, RandomState};

/// A name that no other run has: 48 random bits.
pub fn unique_name() -> String {
    format!("{:012x}", RandomState::new().build_hasher().finish() >> 16)
}
