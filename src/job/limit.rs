//! A bound on the keys in memory, and what becomes of a run that reaches it.

use crate::drive::Usage;

/// The most keys that a run holds at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyLimit {
    /// So many.
    pub keys: usize,
    /// What to do when there are more.
    pub on_full: OnFull,
}

/// What to do when a key comes for which there is no room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnFull {
    /// End the run: no count is ever wrong.
    Error,
    /// Go on, and estimate the most frequent keys.
    Sketch,
}

impl KeyLimit {
    /// Whether a run with so many keys ends.
    pub fn is_exceeded_by(self, keys: usize) -> bool {
        self.on_full == OnFull::Error && keys > self.keys
    }

    /// How many keys are estimated, where they are.
    pub fn estimated(self) -> Option<usize> {
        (self.on_full == OnFull::Sketch).then_some(self.keys)
    }

    /// Why the run ended, and what to do; `fewer` is what else would make the keys fewer.
    pub fn failure(self, fewer: &str) -> Usage {
        Usage(format!(
            "there are more than {} keys at a time (--max-keys): raise it{fewer}, count by a coarser key, or estimate the \
             most frequent with --on-full sketch",
            self.keys
        ))
    }
}
