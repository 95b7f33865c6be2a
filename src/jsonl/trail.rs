//! What a live source leaves along its bytes: places from which a later run can go on, and what became of connections.
//!
//! A source that connects again joins what it reads into one stream of whole lines, and marks places in it with a token that
//! it understands itself (an event id, a cursor, ids that were seen). Whoever writes the lines asks for the token of the place
//! up to which all is written. So a token is never saved before the lines that it stands for.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// Shared between a live source and the run that reads it.
#[derive(Clone, Debug, Default)]
pub struct Trail(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    marks: Mutex<Marks>,
    /// A later run is to go on: places are worth keeping.
    is_kept: bool,
    connects: AtomicU64,
    gaps: AtomicU64,
    is_endless: AtomicBool,
    repeats: AtomicU64,
}

#[derive(Debug, Default)]
struct Marks {
    /// By place, counted in bytes from the beginning of this run.
    tokens: VecDeque<(u64, Vec<u8>)>,
    /// The token of the last place that was asked for.
    passed: Option<Vec<u8>>,
    /// Ids of records, by the place behind each; as many as are worth remembering.
    ids: VecDeque<(u64, Box<[u8]>)>,
}

/// A token and ids, each with the place that it stands for.
pub type Noted = (Option<(u64, Vec<u8>)>, Vec<(u64, Box<[u8]>)>);

impl Trail {
    /// A trail for later runs, that begins where an earlier one ended. [`Trail::default`] keeps no places.
    pub fn kept(token: Option<Vec<u8>>) -> Trail {
        let trail = Trail(Arc::new(Shared { is_kept: true, ..Shared::default() }));
        trail.marks(|marks| marks.passed = token);
        trail
    }

    /// Whether places are kept.
    pub fn is_kept(&self) -> bool {
        self.0.is_kept
    }

    /// A later run that has what stands before `place` goes on from `token`.
    pub fn mark(&self, place: u64, token: Vec<u8>) {
        if self.0.is_kept {
            self.marks(|marks| marks.tokens.push_back((place, token)));
        }
    }

    /// The record that ends at `place` has this id. No more than `most` are kept.
    pub fn id(&self, place: u64, id: &[u8], most: usize) {
        if !self.0.is_kept {
            return;
        }
        self.marks(|marks| {
            marks.ids.push_back((place, id.into()));
            while marks.ids.len() > most {
                marks.ids.pop_front();
            }
        });
    }

    /// The last token at or before `place`, and the ids of the records before it. To be asked with growing places.
    pub fn at(&self, place: u64) -> (Option<Vec<u8>>, Vec<Box<[u8]>>) {
        self.marks(|marks| {
            while marks.tokens.front().is_some_and(|(at, _)| *at <= place) {
                marks.passed = marks.tokens.pop_front().map(|(_, token)| token);
            }
            let ids = marks.ids.iter().take_while(|(at, _)| *at <= place);
            (marks.passed.clone(), ids.map(|(_, id)| id.clone()).collect())
        })
    }

    /// What was noted behind `from` and up to `to`, each with its place: the last token, which may be of `from` itself, and the
    /// ids. To be asked with growing places.
    pub fn between(&self, from: u64, to: u64) -> Noted {
        self.marks(|marks| {
            let mut token = None;
            while marks.tokens.front().is_some_and(|(at, _)| *at <= to) {
                token = marks.tokens.pop_front();
            }
            if let Some((_, token)) = &token {
                marks.passed = Some(token.clone());
            }
            let newest = marks.ids.partition_point(|(at, _)| *at <= from);
            let ids = marks.ids.range(newest..).take_while(|(at, _)| *at <= to);
            (token, ids.cloned().collect())
        })
    }

    /// A connection was made.
    pub fn connected(&self) {
        self.0.connects.fetch_add(1, Ordering::Relaxed);
    }

    /// How often the source connected again.
    pub fn reconnects(&self) -> u64 {
        self.0.connects.load(Ordering::Relaxed).saturating_sub(1)
    }

    /// Whether the source has an end of its own, as far as is known now.
    pub fn endless(&self, is_endless: bool) {
        self.0.is_endless.store(is_endless, Ordering::Relaxed);
    }

    /// Whether the source has no end of its own, or has not come to it.
    pub fn is_endless(&self) -> bool {
        self.0.is_endless.load(Ordering::Relaxed)
    }

    /// Something may have been missed here.
    pub fn gap(&self) {
        self.0.gaps.fetch_add(1, Ordering::Relaxed);
    }

    /// How often something may have been missed.
    pub fn gaps(&self) -> u64 {
        self.0.gaps.load(Ordering::Relaxed)
    }

    /// A record that came before was left out.
    pub fn repeated(&self) {
        self.0.repeats.fetch_add(1, Ordering::Relaxed);
    }

    /// How many records were left out because they came before.
    pub fn repeats(&self) -> u64 {
        self.0.repeats.load(Ordering::Relaxed)
    }

    fn marks<T>(&self, act: impl FnOnce(&mut Marks) -> T) -> T {
        // Every change is whole: a thread that panicked elsewhere left it usable.
        act(&mut self.0.marks.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_told_only_when_what_is_before_it_is_done() {
        let trail = Trail::kept(Some(b"old".to_vec()));
        assert_eq!(trail.at(0), (Some(b"old".to_vec()), vec![]));
        for (place, token) in [(10, "a"), (20, "b"), (20, "b2"), (35, "c")] {
            trail.mark(place, token.into());
            trail.id(place, token.as_bytes(), 3);
        }
        assert_eq!(trail.at(9).0.as_deref(), Some(&b"old"[..]));
        assert_eq!(trail.at(34), (Some(b"b2".to_vec()), vec![b"b"[..].into(), b"b2"[..].into()]));
        assert_eq!(trail.at(34).0.as_deref(), Some(&b"b2"[..]), "asked again");
        assert_eq!(trail.at(99).0.as_deref(), Some(&b"c"[..]));
    }

    #[test]
    fn what_was_noted_between_two_places_is_told_with_its_places() {
        let trail = Trail::kept(None);
        for (place, token) in [(0, "old"), (10, "a"), (20, "b"), (35, "c")] {
            trail.mark(place, token.into());
            trail.id(place, token.as_bytes(), 9);
        }
        let ids = |ids: &[(u64, &str)]| -> Vec<(u64, Box<[u8]>)> {
            ids.iter().map(|(place, id)| (*place, id.as_bytes().into())).collect()
        };
        assert_eq!(trail.between(0, 34), (Some((20, b"b".to_vec())), ids(&[(10, "a"), (20, "b")])));
        assert_eq!(trail.between(34, 34), (None, Vec::new()));
        assert_eq!(trail.at(34).0.as_deref(), Some(&b"b"[..]), "the other question knows it, too");
        assert_eq!(trail.between(34, 35), (Some((35, b"c".to_vec())), ids(&[(35, "c")])));
    }

    #[test]
    fn the_first_connection_is_no_reconnect() {
        let trail = Trail::default();
        assert_eq!(trail.reconnects(), 0);
        (0..3).for_each(|_| trail.connected());
        assert_eq!(trail.reconnects(), 2);
    }
}
