//! `topic-model`: the words of texts, gathered to learn from them, and labels put on records.

mod gather;
mod label;
mod learn;
mod place;
mod text;
mod watch;

pub use gather::{Gather, Numbers, TakesWords};
pub use label::{Label, LabelOptions, Shown};
pub use learn::{Candidate, Learnt, Plan, learn};
pub use place::{ModelPlace, Version};
pub use text::TextOptions;
pub use watch::Reload;
