//! What is remembered of records beyond one line, and which of them are chosen.

mod dedupe;
mod repeats;
mod sample;

pub use dedupe::Dedupe;
pub use repeats::{Repeats, Within};
pub use sample::{Rate, Sample};
