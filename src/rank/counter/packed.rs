//! Counts as bytes, and back: what a state keeps of plain records.

use super::{Counter, Counts};
use crate::pack::{Packer, Unpackable, Unpacker};
use crate::row::Spellings;

impl Counter {
    /// Appends all counts. Of the records without a key nothing is kept: they are a figure of their own run.
    pub fn pack(&self, out: &mut Packer) {
        match &self.counts {
            Counts::AsTheyAre(counts) => {
                out.length(counts.len());
                for (key, count) in counts {
                    out.string(key);
                    out.u64(*count);
                }
            }
            Counts::Folded(counts) => {
                out.length(counts.len());
                for (key, spellings) in counts {
                    out.string(key);
                    spellings.pack(out);
                }
            }
        }
    }

    /// Takes over what was packed by a counter that folds as this one does.
    ///
    /// # Errors
    ///
    /// Bytes that no such counter has packed.
    pub fn unpack(&mut self, from: &mut Unpacker<'_>) -> Result<(), Unpackable> {
        let length = from.length()?;
        let mut total = self.total;
        let mut add = |count: u64| -> Result<(), Unpackable> {
            total = total.checked_add(count).ok_or(Unpackable)?;
            Ok(())
        };
        match &mut self.counts {
            Counts::AsTheyAre(counts) => {
                counts.reserve(length);
                for _ in 0..length {
                    let (key, count) = (from.string()?, from.u64()?);
                    add(count)?;
                    counts.insert(key.into(), count);
                }
            }
            Counts::Folded(counts) => {
                counts.reserve(length);
                for _ in 0..length {
                    let (key, spellings) = (from.string()?, Spellings::unpack(from)?);
                    add(spellings.records().unsigned_abs())?;
                    counts.insert(key.into(), spellings);
                }
            }
        }
        self.total = total;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rank::RankOptions;
    use crate::row::key::pack_string;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_count_in_pieces_is_a_count(
            keys in prop::collection::vec("[aAbB]{1,2}", 0..60),
            cut in any::<prop::sample::Index>(),
            folds: bool,
        ) {
            let names = || vec!["key".to_owned()];
            let new = || if folds { Counter::folded(names()) } else { Counter::new(names()) };
            let (mut whole, mut pieces) = (new(), new());
            let cut = cut.index(keys.len() + 1);
            for (at, key) in keys.iter().enumerate() {
                if at == cut {
                    let mut packer = Packer::default();
                    pieces.pack(&mut packer);
                    pieces = new();
                    let mut from = Unpacker::new(packer.bytes());
                    pieces.unpack(&mut from).expect("packed");
                    prop_assert!(from.end().is_ok());
                    let short = &packer.bytes()[..packer.bytes().len() - 1];
                    prop_assert!(new().unpack(&mut Unpacker::new(short)).is_err());
                }
                let (mut packed, mut spelled) = (Vec::new(), Vec::new());
                pack_string(&if folds { key.to_lowercase() } else { key.clone() }, &mut packed);
                pack_string(key, &mut spelled);
                whole.add_spelled(&packed, &spelled);
                pieces.add_spelled(&packed, &spelled);
            }
            let options = RankOptions { n: 5, remainder: true, ..RankOptions::default() };
            prop_assert_eq!(pieces.finish(&options), whole.finish(&options));
        }
    }
}
