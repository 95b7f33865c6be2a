//! The largest event time of each source of a stream (`--watermark-by`); the smallest of these rules the watermark.

use super::snapshot::unpack_time;
use crate::pack::{Packer, Unpackable, Unpacker};
use crate::time::Millis;
use foldhash::fast::FixedState;
use hashbrown::HashMap;
use std::collections::BTreeMap;

pub(super) struct Sources {
    latest: HashMap<Box<[u8]>, Millis, FixedState>,
    /// How many sources have each time as their largest.
    times: BTreeMap<Millis, usize>,
}

impl Sources {
    pub fn new() -> Sources {
        Sources { latest: HashMap::with_hasher(FixedState::with_seed(0)), times: BTreeMap::new() }
    }

    /// A record of a source.
    pub fn see(&mut self, source: &[u8], time: Millis) {
        match self.latest.get_mut(source) {
            Some(latest) if time <= *latest => return,
            Some(latest) => {
                let before = std::mem::replace(latest, time);
                self.leave(before);
            }
            None => {
                self.latest.insert(source.into(), time);
            }
        }
        *self.times.entry(time).or_insert(0) += 1;
    }

    /// A source that rules no longer.
    pub fn forget(&mut self, source: &[u8]) {
        if let Some(latest) = self.latest.remove(source) {
            self.leave(latest);
        }
    }

    pub fn names(&self) -> impl Iterator<Item = &[u8]> {
        self.latest.keys().map(|name| &**name)
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.latest.len()
    }

    fn leave(&mut self, time: Millis) {
        if let Some(count) = self.times.get_mut(&time) {
            *count -= 1;
            if *count == 0 {
                self.times.remove(&time);
            }
        }
    }

    pub fn pack(&self, out: &mut Packer) {
        out.length(self.latest.len());
        for (source, &time) in &self.latest {
            out.string(source);
            out.i64(time);
        }
    }

    pub fn unpack(from: &mut Unpacker<'_>) -> Result<Sources, Unpackable> {
        let mut sources = Sources::new();
        for _ in 0..from.length()? {
            let source = from.string()?;
            sources.see(source, unpack_time(from)?);
        }
        Ok(sources)
    }

    /// The smallest of the sources' largest times.
    pub fn earliest(&self) -> Option<Millis> {
        self.times.first_key_value().map(|(&time, _)| time)
    }
}
