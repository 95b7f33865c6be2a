//! What the ordered half of a job works with: the output and the notes.

use super::Notes;
use crate::jsonl::Output;

/// Lent to a job while it works.
pub struct Context<'a> {
    /// Where its output goes.
    pub out: &'a mut Output,
    /// What it says to a person.
    pub notes: &'a mut Notes,
}
