//! How the records of a key spell it, where keys are counted folded.

use super::codec::unpack_count;
use crate::pack::{Packer, Unpackable, Unpacker};

/// The spellings of one key, each with the number of records that have it.
///
/// It takes records and other cells in any order with the same result, and gives back what it took in. Most keys have one
/// or two spellings, so they stand in a list, sorted by bytes; of one alone there is no list.
#[derive(Clone, Debug, Default)]
pub(super) enum Spellings {
    #[default]
    None,
    One(Spelling),
    Several(Vec<Spelling>),
}

/// One spelling and its records. The bytes are those of the whole key, packed as the key that is counted.
#[derive(Clone, Debug)]
pub(super) struct Spelling {
    pub bytes: Box<[u8]>,
    pub records: i64,
}

impl Spellings {
    /// So many records more have a spelling; fewer, if the number is negative. Without records a spelling is forgotten.
    #[inline]
    pub fn add(&mut self, bytes: &[u8], records: i64) {
        match self {
            Spellings::One(one) if *one.bytes == *bytes => {
                one.records += records;
                if one.records == 0 {
                    *self = Spellings::None;
                }
            }
            _ => self.add_another(bytes, records),
        }
    }

    fn add_another(&mut self, bytes: &[u8], records: i64) {
        let new = || Spelling { bytes: bytes.into(), records };
        match self {
            Spellings::None => *self = Spellings::One(new()),
            Spellings::One(_) => {
                if let Spellings::One(one) = std::mem::take(self) {
                    let other = new();
                    let in_order = one.bytes < other.bytes;
                    *self = Spellings::Several(if in_order { vec![one, other] } else { vec![other, one] });
                }
            }
            Spellings::Several(list) => match list.binary_search_by(|known| (*known.bytes).cmp(bytes)) {
                Ok(at) => {
                    list[at].records += records;
                    if list[at].records == 0 {
                        list.remove(at);
                    }
                }
                Err(at) => list.insert(at, new()),
            },
        }
    }

    /// Takes in other spellings so many times; -1 takes them out.
    pub fn merge(&mut self, other: &Spellings, times: i64) {
        for spelling in other.list() {
            self.add(&spelling.bytes, times * spelling.records);
        }
    }

    /// All spellings, by bytes.
    pub fn list(&self) -> &[Spelling] {
        match self {
            Spellings::None => &[],
            Spellings::One(one) => std::slice::from_ref(one),
            Spellings::Several(list) => list,
        }
    }

    /// The spelling that most records have; of several the one with the smallest bytes.
    pub fn most_frequent(&self) -> &[u8] {
        let mut list = self.list().iter();
        let Some(first) = list.next() else { return &[] };
        let most = list.fold(first, |most, other| if other.records > most.records { other } else { most });
        &most.bytes
    }

    /// Appends the spellings.
    pub fn pack(&self, out: &mut Packer) {
        out.length(self.list().len());
        for Spelling { bytes, records } in self.list() {
            out.string(bytes);
            out.i64(*records);
        }
    }

    /// The next spellings.
    pub fn unpack(from: &mut Unpacker<'_>) -> Result<Spellings, Unpackable> {
        let mut spellings = Spellings::None;
        for _ in 0..from.length()? {
            let bytes = from.string()?;
            match unpack_count(from)? {
                0 => return Err(Unpackable),
                records => spellings.add(bytes, records),
            }
        }
        Ok(spellings)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    type Records = Vec<(&'static str, i64)>;

    fn records() -> impl Strategy<Value = Records> {
        prop::collection::vec((prop::sample::select(vec!["a", "A", "aA", "Aa", ""]), 1..4_i64), 0..8)
    }

    fn spellings(records: &Records) -> Spellings {
        let mut spellings = Spellings::default();
        records.iter().for_each(|(spelling, times)| spellings.add(spelling.as_bytes(), *times));
        spellings
    }

    /// What is in the cell, and what is the most frequent of it, worked out from the records.
    fn by_definition(records: &Records) -> (BTreeMap<&'static str, i64>, &'static str) {
        let mut counts = BTreeMap::new();
        records.iter().for_each(|(spelling, times)| *counts.entry(*spelling).or_insert(0) += times);
        let most = counts.values().max().copied();
        let shown =
            counts.iter().find(|(_, count)| Some(**count) == most).map_or("", |(spelling, _)| *spelling);
        (counts, shown)
    }

    proptest! {
        #[test]
        fn what_comes_and_goes(stay in records(), leave in records(), others in records()) {
            let mut cell = spellings(&stay);
            cell.merge(&spellings(&leave), 1);
            cell.merge(&spellings(&others), 1);
            cell.merge(&spellings(&leave), -1);
            let (counts, shown) = by_definition(&[stay, others].concat());
            let found: Vec<_> = cell.list().iter().map(|one| (&*one.bytes, one.records)).collect();
            let expected: Vec<_> = counts.iter().map(|(spelling, count)| (spelling.as_bytes(), *count)).collect();
            prop_assert_eq!(found, expected);
            prop_assert_eq!(cell.most_frequent(), shown.as_bytes());
        }

        #[test]
        fn what_was_packed_comes_back(records in records(), at in any::<prop::sample::Index>()) {
            let cell = spellings(&records);
            let mut packer = Packer::default();
            cell.pack(&mut packer);
            let bytes = packer.into_bytes();
            let mut from = Unpacker::new(&bytes);
            let mut back = Spellings::unpack(&mut from).expect("what was packed");
            prop_assert!(from.end().is_ok());
            prop_assert!(Spellings::unpack(&mut Unpacker::new(&bytes[..at.index(bytes.len())])).is_err());
            back.merge(&cell, -1);
            prop_assert!(back.list().is_empty());
        }
    }
}
