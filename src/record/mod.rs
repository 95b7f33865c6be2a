//! What is remembered of records beyond one line, which of them are chosen, and the tables that they are joined with.

mod dedupe;
pub mod describe;
mod hash;
mod repeats;
mod sample;
mod table;

pub use dedupe::Dedupe;
pub use repeats::{Repeats, Within};
pub use sample::{Rate, Sample};
pub use table::{Table, TableError};
