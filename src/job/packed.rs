//! The keys of a chunk's records, one after the other.

use std::collections::HashSet;
use std::ops::Range;

/// Bytes of a usual key.
const USUAL_KEY: usize = 16;

/// Byte strings in one buffer.
#[derive(Default)]
pub(super) struct Packed {
    pub bytes: Vec<u8>,
    /// Where each ends.
    ends: Vec<usize>,
}

impl Packed {
    /// How many there are.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// What was appended to the bytes since the last one is one more.
    pub fn end(&mut self) {
        self.ends.push(self.bytes.len());
    }

    pub fn get(&self, index: usize) -> &[u8] {
        &self.bytes[self.begin(index)..self.ends[index]]
    }

    fn begin(&self, index: usize) -> usize {
        if index == 0 { 0 } else { self.ends[index - 1] }
    }

    /// Keeps the first ones.
    pub fn truncate(&mut self, count: usize) {
        self.ends.truncate(count);
        self.bytes.truncate(self.ends.last().copied().unwrap_or(0));
    }

    /// Of those from the `first`-th on keeps the ones that are said to stay.
    fn retain(&mut self, first: usize, stays: &[bool]) {
        let mut from = self.begin(first);
        let mut to = from;
        let mut kept = first;
        for (index, stays) in (first..).zip(stays) {
            let end = self.ends[index];
            if *stays {
                self.bytes.copy_within(from..end, to);
                to += end - from;
                self.ends[kept] = to;
                kept += 1;
            }
            from = end;
        }
        self.truncate(kept);
    }
}

/// Keys as they are counted, and where they are folded, how each is spelt.
#[derive(Default)]
pub(super) struct PackedKeys {
    pub counted: Packed,
    /// As many, or none.
    pub spelled: Packed,
}

impl PackedKeys {
    /// How many keys there are.
    pub fn len(&self) -> usize {
        self.counted.len()
    }

    /// Room for so many records, if they have about one key each.
    pub fn reserve(&mut self, records: usize) {
        self.counted.ends.reserve(records);
        self.counted.bytes.reserve(USUAL_KEY * records);
    }

    /// Forgets the keys from the `count`-th on: their record was rejected.
    pub fn truncate(&mut self, count: usize) {
        self.counted.truncate(count);
        self.spelled.truncate(count);
    }

    /// Of the keys from the `first`-th on, drops those that came before under the same bytes.
    pub fn keep_distinct(&mut self, first: usize) {
        let mut seen = HashSet::new();
        let stays: Vec<bool> =
            (first..self.len()).map(|index| seen.insert(self.counted.get(index))).collect();
        self.counted.retain(first, &stays);
        if self.spelled.len() > 0 {
            self.spelled.retain(first, &stays);
        }
    }

    /// Keys as they are counted.
    pub fn counted(&self, range: Range<usize>) -> impl Iterator<Item = &[u8]> {
        range.map(|index| self.counted.get(index))
    }

    /// Their spellings; nothing where keys are not folded.
    pub fn spelled(&self, range: Range<usize>) -> impl Iterator<Item = &[u8]> {
        let range = if self.spelled.len() == 0 { 0..0 } else { range };
        range.map(|index| self.spelled.get(index))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn add(keys: &mut PackedKeys, spelling: &str) {
        keys.counted.bytes.extend(spelling.to_lowercase().bytes());
        keys.counted.end();
        keys.spelled.bytes.extend(spelling.bytes());
        keys.spelled.end();
    }

    #[test]
    fn the_first_spelling_of_a_record_stays() {
        let mut keys = PackedKeys::default();
        ["a", "B"].iter().for_each(|key| add(&mut keys, key));
        ["Cc", "b", "cC", "", "B", "d", ""].iter().for_each(|key| add(&mut keys, key));
        keys.keep_distinct(2);
        let all = 0..keys.len();
        assert!(keys.counted(all.clone()).eq([&b"a"[..], b"b", b"cc", b"b", b"", b"d"]));
        assert!(keys.spelled(all).eq([&b"a"[..], b"B", b"Cc", b"b", b"", b"d"]));
        keys.truncate(3);
        add(&mut keys, "E");
        assert!(keys.spelled(2..4).eq([&b"Cc"[..], b"E"]));
    }
}
