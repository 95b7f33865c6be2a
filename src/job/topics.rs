//! `topic-model`: the words of texts, gathered to learn from them, and labels put on records.

mod gather;
mod label;
mod learn;
mod text;

pub use gather::{Gather, Numbers, TakesWords};
pub use label::{Label, LabelOptions, Reload, Shown};
pub use learn::{Candidate, Learnt, Plan, learn};
pub use text::TextOptions;
