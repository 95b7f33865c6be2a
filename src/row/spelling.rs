//! How the records of a key spell it, where keys are counted folded.

use crate::pack::{Packer, Unpackable, Unpacker};

/// The spellings of one key, each with the number of records that have it.
///
/// It takes records and other cells in any order with the same result, and gives back what it took in. Most keys have one
/// or two spellings, so they stand in a list, sorted by bytes; of one alone there is no list.
#[derive(Clone, Debug, Default)]
pub struct Spellings(List);

#[derive(Clone, Debug, Default)]
enum List {
    #[default]
    None,
    One(Spelling),
    Several(Vec<Spelling>),
}

/// One spelling and its records.
#[derive(Clone, Debug)]
pub struct Spelling {
    /// The whole key, packed as the key that is counted; see [`super::key`].
    pub bytes: Box<[u8]>,
    /// How many records have it.
    pub records: i64,
}

/// So many records are never counted; a larger number comes from foreign bytes.
const MOST: i64 = 1 << 56;

impl Spellings {
    /// So many records more have a spelling; fewer, if the number is negative. Without records a spelling is forgotten.
    #[inline]
    pub fn add(&mut self, bytes: &[u8], records: i64) {
        match &mut self.0 {
            List::One(one) if *one.bytes == *bytes => {
                one.records += records;
                if one.records == 0 {
                    self.0 = List::None;
                }
            }
            _ => self.add_another(bytes, records),
        }
    }

    fn add_another(&mut self, bytes: &[u8], records: i64) {
        let new = || Spelling { bytes: bytes.into(), records };
        self.0 = match std::mem::take(&mut self.0) {
            List::None => List::One(new()),
            List::One(one) => {
                let other = new();
                List::Several(if one.bytes < other.bytes { vec![one, other] } else { vec![other, one] })
            }
            List::Several(mut list) => {
                match list.binary_search_by(|known| (*known.bytes).cmp(bytes)) {
                    Ok(at) => {
                        list[at].records += records;
                        if list[at].records == 0 {
                            list.remove(at);
                        }
                    }
                    Err(at) => list.insert(at, new()),
                }
                List::Several(list)
            }
        };
    }

    /// Takes in other spellings so many times; -1 takes them out.
    pub fn merge(&mut self, other: &Spellings, times: i64) {
        for spelling in other.list() {
            self.add(&spelling.bytes, times * spelling.records);
        }
    }

    /// All spellings, by bytes.
    pub fn list(&self) -> &[Spelling] {
        match &self.0 {
            List::None => &[],
            List::One(one) => std::slice::from_ref(one),
            List::Several(list) => list,
        }
    }

    /// How many records there are, in all spellings.
    pub fn records(&self) -> i64 {
        self.list().iter().map(|spelling| spelling.records).sum()
    }

    /// The spelling that most records have; of several the one with the smallest bytes.
    pub fn most_frequent(&self) -> &[u8] {
        let mut list = self.list().iter();
        let Some(first) = list.next() else { return &[] };
        let most = list.fold(first, |most, other| if other.records > most.records { other } else { most });
        &most.bytes
    }

    /// Appends the spellings, for states and partial rows.
    pub fn pack(&self, out: &mut Packer) {
        out.length(self.list().len());
        for Spelling { bytes, records } in self.list() {
            out.string(bytes);
            out.i64(*records);
        }
    }

    /// What [`Spellings::pack`] has packed.
    ///
    /// # Errors
    ///
    /// Bytes that it has not packed.
    pub fn unpack(from: &mut Unpacker<'_>) -> Result<Spellings, Unpackable> {
        let mut spellings = Spellings::default();
        for _ in 0..from.length()? {
            let bytes = from.string()?;
            match from.i64()? {
                records @ 1..=MOST => spellings.add(bytes, records),
                _ => return Err(Unpackable),
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
