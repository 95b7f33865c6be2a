//! What must hold whatever the bytes are, one function for each door that bytes from outside come in by.
//!
//! Shared by the fuzz targets, which look for bytes that break it for as long as they are let (`scripts/fuzz`), and by
//! `tests/fuzz.rs`, which asks the same of the seeds and of thousands of texts made from them. None may panic, run for ever or
//! take memory out of proportion; beside that each has an oracle of its own, which its file names.

mod chart;
mod expr;
mod partial;
mod scan;
mod sse;
mod state;
mod text;
mod time;
mod websocket;

#[allow(unused_imports, reason = "only the tests look after the seeds")]
pub use state::states;

/// A question about any bytes; it panics where the answer is wrong.
pub type Check = fn(&[u8]);

/// All of them, by the name of their target and of the folder of their seeds.
pub const CHECKS: [(&str, Check); 9] = [
    ("chart", chart::check),
    ("expr", expr::check),
    ("partial", partial::check),
    ("scan", scan::check),
    ("sse", sse::check),
    ("state", state::check),
    ("text", text::check),
    ("time", time::check),
    ("websocket", websocket::check),
];

/// The check of a target.
#[allow(dead_code, reason = "the tests go through the table, a target knows its name")]
pub fn check(target: &str, bytes: &[u8]) {
    let (_, check) = CHECKS.iter().find(|(name, _)| *name == target).expect("a target of the table");
    check(bytes);
}
