//! The most frequent keys in bounded memory, by SpaceSaving (Metwally, Agrawal, El Abbadi 2005), merged over panes as in
//! "Mergeable Summaries" (Agarwal et al. 2012).
//!
//! A full pane counts a new key in the place of its rarest one, from that one's count on: the count is then too high by
//! at most that much, its error. A key that a pane does not have may have come there as often as the rarest key that was
//! ever displaced, its floor. So a window's count of a key is the sum over its panes, with the floor of each pane that
//! does not have the key; it is never too low, and never too high by more than the error beside it.
//!
//! Where keys are folded, the spelling shown is the most frequent of those that were seen since the key last took its place
//! in each pane: an estimate too, but always a spelling of the key.

use super::cell::{Cell, Shape};
use super::emission::{Head, Output, Row};
use super::hll::Hll;
use super::keys::{KeyId, Keys};
use super::pane::{Entry, Pane};
use crate::pack::{Packer, Unpackable, Unpacker};
use crate::row::{Bound, Number, Spellings};
use foldhash::fast::FixedState;
use hashbrown::HashMap;
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// What a pane with a limit knows beside its counts.
#[derive(Default)]
pub(super) struct Limit {
    /// The largest number of keys.
    keys: usize,
    /// By place: by how much the count may be too high.
    errors: Vec<i64>,
    /// By a count that may have risen since: the places.
    rarest: BinaryHeap<Reverse<(i64, u32)>>,
    /// The highest count that was displaced.
    floor: i64,
    /// All keys that ever came.
    seen: Hll,
}

impl Limit {
    pub fn new(keys: usize) -> Limit {
        Limit { keys, ..Limit::default() }
    }

    /// A key comes that the pane does not have. If there is no room for it, it takes the place of the rarest.
    pub fn displaces(&mut self, key: &[u8], entries: &[Entry]) -> Option<u32> {
        self.seen.add(key);
        if entries.len() < self.keys {
            self.errors.push(0);
            self.rarest.push(Reverse((0, entries.len() as u32)));
            return None;
        }
        let place = loop {
            let Reverse((count, place)) = self.rarest.pop()?;
            let now = entries[place as usize].count;
            self.rarest.push(Reverse((now, place)));
            if now == count {
                break place;
            }
        };
        self.floor = entries[place as usize].count;
        self.errors[place as usize] = self.floor;
        Some(place)
    }

    pub fn pack(&self, out: &mut Packer) {
        self.errors.iter().for_each(|&error| out.i64(error));
        out.i64(self.floor);
        self.seen.pack(out);
    }

    /// Takes over what was packed, for a pane with these entries. Which one is displaced next depends on nothing else.
    pub fn unpack(&mut self, entries: &[Entry], from: &mut Unpacker<'_>) -> Result<(), Unpackable> {
        if entries.len() > self.keys {
            return Err(Unpackable);
        }
        for (place, entry) in (0..).zip(entries) {
            self.errors.push(from.i64()?);
            self.rarest.push(Reverse((entry.count, place)));
        }
        self.floor = from.i64()?;
        self.seen = Hll::unpack(from)?;
        Ok(())
    }

    pub fn clear(&mut self) {
        *self = Limit::new(self.keys);
    }
}

/// The most frequent keys of a window.
pub(super) struct Estimates {
    rows: Vec<Estimate>,
    total: i64,
    distinct: u64,
    /// What a key without a row may have.
    floor: i64,
}

struct Estimate {
    id: KeyId,
    count: i64,
    error: i64,
    /// Empty where keys are not folded.
    spellings: Spellings,
}

impl Estimate {
    /// The key as it is shown.
    fn key<'a>(&'a self, shape: &Shape, keys: &'a Keys) -> &'a [u8] {
        if shape.folded { self.spellings.most_frequent() } else { keys.bytes(self.id) }
    }
}

/// What the panes that have a key know of it.
#[derive(Default)]
struct Sum {
    count: i64,
    error: i64,
    floor: i64,
    spellings: Spellings,
}

impl Estimates {
    /// Adds up the panes of a window.
    pub fn of<'a>(panes: impl Iterator<Item = &'a Pane>, out: &Output<'_>) -> Estimates {
        let mut sums: HashMap<KeyId, Sum, FixedState> = HashMap::with_hasher(FixedState::with_seed(0));
        let (mut total, mut floors, mut most) = (0, 0, 0);
        let mut seen = Hll::default();
        for pane in panes {
            let Some(limit) = &pane.limit else { continue };
            for (place, (entry, error)) in pane.entries.iter().zip(&limit.errors).enumerate() {
                let sum = sums.entry(entry.id).or_default();
                sum.count += entry.count;
                sum.error += error;
                sum.floor += limit.floor;
                total += entry.count;
                // A cell is that of the spelling: estimated keys have no aggregates.
                if let Some(Cell::Spelling(spellings)) = pane.cells.get(place) {
                    sum.spellings.merge(spellings, 1);
                }
            }
            floors += limit.floor;
            most = limit.keys;
            seen.merge(&limit.seen);
        }
        let distinct = if floors == 0 { sums.len() as u64 } else { seen.estimate().max(sums.len() as u64) };
        let mut rows: Vec<Estimate> = sums
            .into_iter()
            .map(|(id, Sum { count, error, floor, spellings })| {
                let absent = floors - floor;
                Estimate { id, count: count + absent, error: error + absent, spellings }
            })
            .collect();
        let (shape, keys) = (out.shape, &*out.keys);
        rows.sort_unstable_by(|a, b| {
            b.count.cmp(&a.count).then_with(|| a.key(shape, keys).cmp(b.key(shape, keys)))
        });
        let next = rows.get(most).map_or(0, |row| row.count);
        rows.truncate(most);
        Estimates { rows, total, distinct, floor: floors.max(next) }
    }

    /// Emits the rows; without any, there is no emission.
    pub fn emit(&self, head: &Head, out: &mut Output<'_>) -> bool {
        if self.rows.is_empty() {
            return false;
        }
        let following = self.rows.iter().skip(1).map(|row| row.count).chain([self.floor]);
        let (shape, keys) = (out.shape, &*out.keys);
        let rows = self.rows.iter().zip(following).map(|(row, next)| Row {
            key: row.key(shape, keys),
            count: Number::Int(row.count.into()),
            aggregates: &[],
            bound: Some(Bound { error: row.error.unsigned_abs(), guaranteed: row.count - row.error >= next }),
        });
        let rows: Vec<Row<'_>> = rows.collect();
        let telling =
            super::emission::Telling { stats: out.stats, late: out.late, update: false, sink: out.sink };
        telling.emission(head, &rows, Number::Int(self.total.into()), self.distinct);
        true
    }
}
