//! What each tool does: with one record on a worker, and in order with what came of it.
//!
//! One file a tool. A job wires the rooms below together and holds no idea of its own; a binary reads arguments into a
//! job's options and hands the job to the driver.

pub mod clock;
pub mod count;
pub mod describe;
mod evaluate;
pub mod fetch;
pub mod filter;
mod keys;
mod late;
pub mod limit;
mod looked_at;
mod packed;
pub mod parts;
pub mod plot;
#[cfg(feature = "serve")]
pub mod serve;
pub mod store;
pub mod top;
pub mod topics;
pub mod values;
