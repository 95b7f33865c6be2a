//! A pane as bytes: its entries in order, since the order of keys that are equally rare decides which one is displaced.

use super::super::snapshot::Unpacking;
use super::{Entry, Pane, hash};
use crate::pack::{Packer, Unpackable};

impl Pane {
    pub(in super::super) fn pack(&self, epoch: u32, out: &mut Packer) {
        out.u64((epoch - self.changed).into());
        out.length(self.entries.len());
        for entry in &self.entries {
            out.u64(entry.id.into());
            out.u64(entry.count.unsigned_abs());
            out.u64((epoch - entry.changed).into());
        }
        self.cells.iter().for_each(|cell| cell.pack(out));
        if let Some(limit) = &self.limit {
            limit.pack(out);
        }
    }

    /// Takes over what was packed, in place of nothing.
    pub(in super::super) fn unpack(&mut self, unpacking: &mut Unpacking<'_, '_>) -> Result<(), Unpackable> {
        self.changed = unpacking.epoch()?;
        let length = unpacking.from.length()?;
        self.entries.reserve(length);
        self.places.reserve(length, |_| 0);
        for place in 0..length {
            let id = unpacking.key()?;
            let (count, changed) = (unpacking.count()?, unpacking.epoch()?);
            self.entries.push(Entry { id, changed, count });
            let entries = &self.entries;
            let is_there = |&other: &u32| entries[other as usize].id == id;
            if self.places.find(hash(id), is_there).is_some() {
                return Err(Unpackable);
            }
            let place = u32::try_from(place).map_err(|_| Unpackable)?;
            self.places.insert_unique(hash(id), place, |&place| hash(entries[place as usize].id));
        }
        self.cells.reserve(length * unpacking.shape.width());
        for _ in 0..length {
            unpacking.cells(&mut self.cells)?;
        }
        match &mut self.limit {
            Some(limit) => limit.unpack(&self.entries, unpacking.from),
            None => Ok(()),
        }
    }
}
