//! Records that were sent again: found by set membership, never by order, because streams are sent again out of order.
//!
//! Ids are remembered for a span of event time behind the newest record, in two generations: when the newer one spans
//! the whole time, the older is forgotten at once. So memory is bounded by the ids of twice the span, and forgetting
//! costs nothing per id. What counts as sent again does not depend on the generations: an id's own time decides.

use foldhash::fast::FixedState;
use hashbrown::HashMap;

use crate::pack::{Packer, Unpackable, Unpacker};
use crate::time::Millis;

type Ids = HashMap<Box<[u8]>, Millis, FixedState>;

/// Remembers ids for a span of event time.
#[derive(Clone, Debug)]
pub struct Dedupe {
    span: Millis,
    young: Ids,
    old: Ids,
    /// The time of the newest record when the young generation began.
    begun: Option<Millis>,
    found: u64,
}

impl Dedupe {
    /// Remembers ids for `span` milliseconds of event time, at least 1.
    pub fn new(span: Millis) -> Dedupe {
        let ids = || Ids::with_hasher(FixedState::with_seed(0));
        Dedupe { span: span.max(1), young: ids(), old: ids(), begun: None, found: 0 }
    }

    /// Whether the id came before, at most the span behind `newest`, the largest time that is believed so far. An id
    /// that is new is remembered with `time`; one that came again keeps its first time.
    pub fn is_again(&mut self, id: &[u8], time: Millis, newest: Millis) -> bool {
        self.forget(newest);
        let remembered = self.young.get(id).or_else(|| self.old.get(id));
        if remembered.is_some_and(|&time| newest.saturating_sub(time) <= self.span) {
            self.found += 1;
            return true;
        }
        // A time that is far ahead is not believed yet: the id would be remembered for ever.
        self.young.insert(id.into(), time.min(newest.saturating_add(self.span)));
        false
    }

    /// Appends the ids that are remembered.
    pub fn pack(&self, out: &mut Packer) {
        out.option(self.begun, Packer::i64);
        for ids in [&self.young, &self.old] {
            out.length(ids.len());
            for (id, &time) in ids {
                out.string(id);
                out.i64(time);
            }
        }
    }

    /// Remembers what was packed, for a span that was the same. What was found before is not counted again.
    pub fn unpack(span: Millis, from: &mut Unpacker<'_>) -> Result<Dedupe, Unpackable> {
        let mut dedupe = Dedupe::new(span);
        dedupe.begun = from.option(Unpacker::i64)?;
        for ids in [&mut dedupe.young, &mut dedupe.old] {
            let length = from.length()?;
            ids.reserve(length);
            for _ in 0..length {
                ids.insert(from.string()?.into(), from.i64()?);
            }
        }
        Ok(dedupe)
    }

    /// How many ids are remembered.
    pub fn ids(&self) -> usize {
        self.young.len() + self.old.len()
    }

    /// Records found to be sent again.
    pub fn found(&self) -> u64 {
        self.found
    }

    fn forget(&mut self, newest: Millis) {
        let begun = *self.begun.get_or_insert(newest);
        let passed = newest.saturating_sub(begun);
        if passed <= self.span {
            return;
        }
        self.old = std::mem::replace(&mut self.young, Ids::with_hasher(FixedState::with_seed(0)));
        if passed > self.span.saturating_mul(2) {
            // Nothing of the young generation is near enough either, but late records have times of their own.
            self.old.retain(|_, time| newest.saturating_sub(*time) <= self.span);
        }
        self.begun = Some(newest);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// Against a list of all ids that ever came.
        #[test]
        fn what_came_within_the_span_is_found(
            records in prop::collection::vec((0u8..6, 0i64..200), 1..200),
            span in 1i64..60,
        ) {
            let mut dedupe = Dedupe::new(span);
            let mut came: Vec<(u8, Millis)> = Vec::new();
            let mut newest = Millis::MIN;
            for (at, (id, time)) in records.into_iter().enumerate() {
                if at % 7 == 3 {
                    let mut packer = Packer::default();
                    dedupe.pack(&mut packer);
                    dedupe = Dedupe::unpack(span, &mut Unpacker::new(packer.bytes())).expect("packed");
                }
                newest = newest.max(time);
                let expected = came.iter().rev().find(|(known, _)| *known == id)
                    .is_some_and(|(_, time)| newest - time <= span);
                prop_assert_eq!(dedupe.is_again(&[id], time, newest), expected);
                if !expected {
                    came.push((id, time));
                }
            }
        }
    }

    #[test]
    fn memory_is_bounded_by_the_span() {
        let mut dedupe = Dedupe::new(1000);
        for time in 0..100_000_i64 {
            dedupe.is_again(&time.to_le_bytes(), time, time);
            assert!(dedupe.ids() <= 2003);
        }
    }
}
