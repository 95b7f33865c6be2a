//! The name under which a session is known outside, and how it is taken back.
//!
//! A session is a window of its key alone, so its name is its bounds and its key. Both may change after it was emitted: the
//! bounds by a record that extends it, the key as it is shown, where keys are folded, by another spelling that has become
//! the most frequent. The old name is then taken back by an emission of count 0.

use super::emission::{Head, Output};
use super::keys::{KeyId, Keys};
use crate::time::Millis;

/// The name of a session.
pub(super) struct Shown {
    pub start: Millis,
    pub end: Millis,
    /// Where keys are folded.
    pub spelling: Option<Box<[u8]>>,
}

/// A name that was emitted and is no session any more.
pub(super) struct Dissolved {
    pub key: KeyId,
    pub shown: Shown,
    pub rev: u64,
}

impl Shown {
    /// Emits that the session is gone, as the revision `rev`.
    pub fn take_back(&self, key: KeyId, rev: u64, out: &mut Output<'_>) {
        let head = Head { start: self.start, end: self.end, all: false, open: false, rev };
        out.take_back(&head, key, self.spelling.as_deref());
    }
}

impl Dissolved {
    /// What orders names: by end, then start, then the key as it was shown.
    pub fn order<'a>(&'a self, keys: &'a Keys) -> (Millis, Millis, &'a [u8]) {
        let key = self.shown.spelling.as_deref().unwrap_or_else(|| keys.bytes(self.key));
        (self.shown.end, self.shown.start, key)
    }
}
