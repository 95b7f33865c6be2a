//! Counts by key: of one pane (a stretch of time that no window cuts), and the running total over the panes of a window.

use super::cell::{Cell, Shape, Value};
use super::keys::{KeyId, Keys};
use super::sketch::Limit;
use hashbrown::HashTable;

mod snapshot;

/// One key's count. In a pane, `changed` is the epoch of the last change.
#[derive(Clone, Copy, Debug)]
pub(super) struct Entry {
    pub id: KeyId,
    pub changed: u32,
    pub count: i64,
}

/// What a record brings to a pane.
pub(super) struct Arrival<'a> {
    pub keys: &'a [KeyId],
    /// One for each key, where keys are folded; else none.
    pub spellings: &'a [&'a [u8]],
    pub values: &'a [Value<'a>],
    /// The number of the emission that will show it.
    pub epoch: u32,
}

/// What was counted elsewhere of a key.
pub(super) struct Share<'a> {
    pub id: KeyId,
    pub count: i64,
    pub cells: &'a [Cell],
    /// The number of the emission that will show it.
    pub epoch: u32,
}

impl Share<'_> {
    /// Adds it to the cells of an entry.
    pub fn add_to(&self, cells: &mut [Cell], place: usize) {
        let first = place * self.cells.len();
        cells[first..].iter_mut().zip(self.cells).for_each(|(cell, other)| cell.merge(other));
    }
}

/// The counts of one stretch of time.
#[derive(Default)]
pub(super) struct Pane {
    /// The epoch of the last change.
    pub changed: u32,
    pub entries: Vec<Entry>,
    /// `width` cells per entry, in the same order.
    pub cells: Vec<Cell>,
    /// Where a key's entry is.
    places: HashTable<u32>,
    /// Where the number of keys is limited: what is known of the others.
    pub limit: Option<Box<Limit>>,
}

/// Keys are numbered densely, so one multiplication spreads them well enough.
#[inline]
fn hash(id: KeyId) -> u64 {
    let spread = u64::from(id).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    spread ^ (spread >> 32)
}

impl Pane {
    /// A pane that counts so many keys and estimates the others, or without a limit all.
    pub fn new(limit: Option<usize>) -> Pane {
        Pane { limit: limit.map(|keys| Box::new(Limit::new(keys))), ..Pane::default() }
    }

    /// Counts a record. `hints` remembers by key where its entry was in the last pane that had it.
    #[inline]
    pub fn count(&mut self, arrival: &Arrival<'_>, hints: &mut Vec<u32>, shape: &Shape, keys: &mut Keys) {
        self.changed = arrival.epoch;
        for (at, &id) in arrival.keys.iter().enumerate() {
            let place = self.find(id, hints, shape, keys);
            let entry = &mut self.entries[place];
            entry.count += 1;
            entry.changed = arrival.epoch;
            arrival.add_to(&mut self.cells, place, at);
        }
    }

    /// Takes in what was counted elsewhere.
    pub fn take(&mut self, share: &Share<'_>, hints: &mut Vec<u32>, shape: &Shape, keys: &mut Keys) {
        self.changed = share.epoch;
        let place = self.find(share.id, hints, shape, keys);
        let entry = &mut self.entries[place];
        entry.count += share.count;
        entry.changed = share.epoch;
        share.add_to(&mut self.cells, place);
    }

    #[inline]
    fn find(&mut self, id: KeyId, hints: &mut Vec<u32>, shape: &Shape, keys: &mut Keys) -> usize {
        if hints.len() <= id as usize {
            hints.resize(id as usize + 1, 0);
        }
        let hint = &mut hints[id as usize];
        // An id has one entry in a pane, so an entry of the right id is the right one.
        if self.entries.get(*hint as usize).is_none_or(|entry| entry.id != id) {
            *hint = self.place(id, shape, keys);
        }
        *hint as usize
    }

    fn place(&mut self, id: KeyId, shape: &Shape, keys: &mut Keys) -> u32 {
        let entries = &self.entries;
        if let Some(&place) = self.places.find(hash(id), |&place| entries[place as usize].id == id) {
            return place;
        }
        keys.hold(id);
        let displaced = self.limit.as_mut().and_then(|limit| limit.displaces(keys.bytes(id), &self.entries));
        let place = match displaced {
            Some(place) => {
                let old = std::mem::replace(&mut self.entries[place as usize].id, id);
                if let Ok(entry) = self.places.find_entry(hash(old), |&other| other == place) {
                    entry.remove();
                }
                keys.release(old);
                // What is left of it belongs to the key that it displaces.
                let first = place as usize * shape.width();
                self.cells[first..first + shape.width()].clone_from_slice(shape.empty());
                place
            }
            None => {
                self.entries.push(Entry { id, changed: 0, count: 0 });
                self.cells.extend_from_slice(shape.empty());
                self.entries.len() as u32 - 1
            }
        };
        let entries = &self.entries;
        self.places.insert_unique(hash(id), place, |&place| hash(entries[place as usize].id));
        place
    }

    /// The cells of a key, if it is here.
    fn cells_of(&self, id: KeyId, width: usize) -> Option<&[Cell]> {
        let place = *self.places.find(hash(id), |&place| self.entries[place as usize].id == id)? as usize;
        Some(&self.cells[place * width..(place + 1) * width])
    }

    /// All entries changed in epoch 1.
    pub fn forget_epochs(&mut self) {
        self.changed = 1;
        self.entries.iter_mut().for_each(|entry| entry.changed = 1);
    }

    /// Forgets everything but the memory it took.
    pub fn clear(&mut self, keys: &mut Keys) {
        for entry in &self.entries {
            keys.release(entry.id);
        }
        self.entries.clear();
        self.cells.clear();
        self.places.clear();
        self.changed = 0;
        if let Some(limit) = &mut self.limit {
            limit.clear();
        }
    }
}

impl Arrival<'_> {
    /// Adds the values of the record, and the spelling of its key `at`, to the cells of an entry.
    #[inline]
    pub fn add_to(&self, cells: &mut [Cell], place: usize, at: usize) {
        let Arrival { values, spellings, .. } = self;
        let first = place * (values.len() + usize::from(!spellings.is_empty()));
        for (cell, value) in cells[first..].iter_mut().zip(*values) {
            cell.add(value);
        }
        if let Some(spelling) = spellings.get(at) {
            cells[first + values.len()].spell(spelling);
        }
    }
}

/// The sum of the panes `low..high`. Its cost is that of the keys in the panes that come and go. Extremes and estimates
/// cannot be taken out of a sum; those of the keys that a pane takes with it are made anew from the panes that stay.
#[derive(Default)]
pub(super) struct Total {
    pub low: i64,
    pub high: i64,
    pub entries: Vec<Entry>,
    pub cells: Vec<Cell>,
    /// By key, where its entry is; `NOWHERE` if the key is in none of the panes.
    places: Vec<u32>,
    /// Keys with a cell that a pane's leaving has made wrong.
    stale: Vec<KeyId>,
}

const NOWHERE: u32 = u32::MAX;

impl Total {
    pub fn covers(&self, pane: i64) -> bool {
        (self.low..self.high).contains(&pane)
    }

    /// Where a key's entry is, which must be in one of the panes.
    pub fn place_of(&self, id: KeyId) -> u32 {
        self.places[id as usize]
    }

    fn place(&mut self, id: KeyId, shape: &Shape) -> usize {
        if self.places.len() <= id as usize {
            self.places.resize(id as usize + 1, NOWHERE);
        }
        let place = &mut self.places[id as usize];
        if *place == NOWHERE {
            *place = self.entries.len() as u32;
            self.entries.push(Entry { id, changed: 0, count: 0 });
            self.cells.extend_from_slice(shape.empty());
        }
        *place as usize
    }

    /// A record came to a pane that is covered.
    pub fn count(&mut self, arrival: &Arrival<'_>, shape: &Shape) {
        for (at, &id) in arrival.keys.iter().enumerate() {
            let place = self.place(id, shape);
            self.entries[place].count += 1;
            arrival.add_to(&mut self.cells, place, at);
        }
    }

    /// A pane that is covered took in what was counted elsewhere.
    pub fn take(&mut self, share: &Share<'_>, shape: &Shape) {
        let place = self.place(share.id, shape);
        self.entries[place].count += share.count;
        share.add_to(&mut self.cells, place);
    }

    /// A pane comes in.
    pub fn enter(&mut self, pane: &Pane, shape: &Shape) {
        let width = shape.width();
        for (at, entry) in pane.entries.iter().enumerate() {
            let place = self.place(entry.id, shape);
            self.entries[place].count += entry.count;
            if width > 0 {
                let theirs = &pane.cells[at * width..(at + 1) * width];
                for (cell, other) in self.cells[place * width..].iter_mut().zip(theirs) {
                    cell.merge(other);
                }
            }
        }
    }

    /// A pane goes out, and with it the keys that no other pane has.
    pub fn leave(&mut self, pane: &Pane, shape: &Shape) {
        let width = shape.width();
        for (at, entry) in pane.entries.iter().enumerate() {
            let place = self.places[entry.id as usize] as usize;
            self.entries[place].count -= entry.count;
            if self.entries[place].count == 0 {
                self.remove(place, width);
            } else if width > 0 {
                let theirs = &pane.cells[at * width..(at + 1) * width];
                let mut whole = true;
                for (cell, other) in self.cells[place * width..].iter_mut().zip(theirs) {
                    whole &= cell.unmerge(other);
                }
                if !whole {
                    self.stale.push(entry.id);
                }
            }
        }
    }

    /// Makes the cells that are wrong anew from the panes that stay.
    pub fn mend<'a>(&mut self, panes: &(impl Iterator<Item = &'a Pane> + Clone), shape: &Shape) {
        let width = shape.width();
        let mut stale = std::mem::take(&mut self.stale);
        stale.sort_unstable();
        stale.dedup();
        for id in stale.drain(..) {
            let Some(&place) = self.places.get(id as usize).filter(|&&place| place != NOWHERE) else {
                continue;
            };
            let first = place as usize * width;
            let cells = &mut self.cells[first..first + width];
            cells.clone_from_slice(shape.empty());
            for theirs in panes.clone().filter_map(|pane| pane.cells_of(id, width)) {
                cells.iter_mut().zip(theirs).for_each(|(cell, other)| cell.merge(other));
            }
        }
        self.stale = stale;
    }

    fn remove(&mut self, place: usize, width: usize) {
        let gone = self.entries.swap_remove(place);
        self.places[gone.id as usize] = NOWHERE;
        if let Some(moved) = self.entries.get(place) {
            self.places[moved.id as usize] = place as u32;
        }
        let last = self.cells.len() - width;
        for at in 0..width {
            self.cells.swap(place * width + at, last + at);
        }
        self.cells.truncate(last);
    }

    /// Covers no pane any more.
    pub fn clear(&mut self) {
        for entry in &self.entries {
            self.places[entry.id as usize] = NOWHERE;
        }
        self.entries.clear();
        self.cells.clear();
        self.stale.clear();
        (self.low, self.high) = (0, 0);
    }
}
