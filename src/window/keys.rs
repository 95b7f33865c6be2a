//! Keys as small integers. A key's bytes are stored once, however many panes hold it, and leave memory with the last
//! pane that does.
//!
//! The hash has a fixed seed; nothing visible depends on its order anyway.

use crate::pack::{Packer, Unpackable, Unpacker};
use foldhash::fast::FixedState;
use hashbrown::HashTable;
use std::hash::{BuildHasher, Hasher};

/// A key's number, as long as it lives; used again for another key afterwards.
pub(super) type KeyId = u32;

#[derive(Default)]
pub(super) struct Keys {
    ids: HashTable<KeyId>,
    keys: Vec<Key>,
    free: Vec<KeyId>,
    peak: usize,
}

struct Key {
    bytes: Box<[u8]>,
    hash: u64,
    /// The first eight bytes, so that most comparisons need not look further.
    prefix: u64,
    /// How many panes hold the key.
    panes: u32,
}

const SEED: u64 = 0x7472_656e_6470_6970;

#[inline]
fn hash(bytes: &[u8]) -> u64 {
    let mut hasher = FixedState::with_seed(SEED).build_hasher();
    hasher.write(bytes);
    hasher.finish()
}

fn prefix(bytes: &[u8]) -> u64 {
    let mut first = [0; 8];
    let length = bytes.len().min(8);
    first[..length].copy_from_slice(&bytes[..length]);
    u64::from_be_bytes(first)
}

impl Keys {
    /// The number of a key, if it lives.
    pub fn find(&self, bytes: &[u8]) -> Option<KeyId> {
        let hash = hash(bytes);
        self.ids.find(hash, |&id| *self.keys[id as usize].bytes == *bytes).copied()
    }

    /// The number of a key; a new one lives only if a pane holds it before the next call.
    #[inline]
    pub fn intern(&mut self, bytes: &[u8]) -> KeyId {
        let hash = hash(bytes);
        let known = self.ids.find(hash, |&id| {
            let key = &self.keys[id as usize];
            key.hash == hash && *key.bytes == *bytes
        });
        match known {
            Some(&id) => id,
            None => self.insert(hash, bytes),
        }
    }

    #[cold]
    fn insert(&mut self, hash: u64, bytes: &[u8]) -> KeyId {
        let key = Key { bytes: bytes.into(), hash, prefix: prefix(bytes), panes: 0 };
        let id = match self.free.pop() {
            Some(id) => {
                self.keys[id as usize] = key;
                id
            }
            None => {
                self.keys.push(key);
                KeyId::try_from(self.keys.len() - 1).expect("four billion keys do not fit into memory")
            }
        };
        let keys = &self.keys;
        self.ids.insert_unique(hash, id, |&id| keys[id as usize].hash);
        self.peak = self.peak.max(self.ids.len());
        id
    }

    /// One more pane holds the key.
    pub fn hold(&mut self, id: KeyId) {
        self.keys[id as usize].panes += 1;
    }

    /// A pane that held the key is gone.
    pub fn release(&mut self, id: KeyId) {
        let key = &mut self.keys[id as usize];
        key.panes -= 1;
        if key.panes > 0 {
            return;
        }
        key.bytes = Box::default();
        if let Ok(entry) = self.ids.find_entry(key.hash, |&other| other == id) {
            entry.remove();
        }
        self.free.push(id);
    }

    /// The keys that live, with their numbers.
    pub fn pack(&self, out: &mut Packer) {
        out.length(self.peak);
        out.length(self.ids.len());
        let mut last = 0;
        for (id, key) in (0_u64..).zip(&self.keys) {
            if key.panes > 0 {
                out.u64(id - last);
                out.string(&key.bytes);
                last = id;
            }
        }
    }

    /// The keys that were packed; nothing holds them yet. And the numbers that they had, ascending: they have new ones, from 0 on,
    /// in their order. So what many keys left behind that live no more takes no memory again.
    pub fn unpack(from: &mut Unpacker<'_>) -> Result<(Keys, Vec<KeyId>), Unpackable> {
        let peak = usize::try_from(from.u64()?).map_err(|_| Unpackable)?;
        let length = from.length()?;
        if length > peak {
            return Err(Unpackable);
        }
        let mut keys = Keys { peak, ..Keys::default() };
        keys.ids.reserve(length, |_| 0);
        let mut numbers: Vec<KeyId> = Vec::with_capacity(length);
        for id in 0..length {
            let step = from.u32()?;
            let before = numbers.last().copied();
            if before.is_some() && step == 0 {
                return Err(Unpackable);
            }
            numbers.push(before.unwrap_or(0).checked_add(step).ok_or(Unpackable)?);
            let bytes = from.string()?;
            let hash = hash(bytes);
            keys.keys.push(Key { bytes: bytes.into(), hash, prefix: prefix(bytes), panes: 0 });
            let all = &keys.keys;
            if keys.ids.find(hash, |&other| *all[other as usize].bytes == *bytes).is_some() {
                return Err(Unpackable);
            }
            let id = KeyId::try_from(id).map_err(|_| Unpackable)?;
            keys.ids.insert_unique(hash, id, |&id| all[id as usize].hash);
        }
        Ok((keys, numbers))
    }

    /// Whether something holds each of them, as it must be between two records.
    pub fn are_all_held(&self) -> bool {
        self.ids.iter().all(|&id| self.keys[id as usize].panes > 0)
    }

    pub fn bytes(&self, id: KeyId) -> &[u8] {
        &self.keys[id as usize].bytes
    }

    pub fn prefix(&self, id: KeyId) -> u64 {
        self.keys[id as usize].prefix
    }

    /// The largest number of keys that lived at once.
    pub fn peak(&self) -> usize {
        self.peak
    }

    /// The number of keys that live.
    pub fn live(&self) -> usize {
        self.ids.len()
    }
}
