//! What is remembered of records beyond one line.

mod dedupe;

pub use dedupe::Dedupe;
