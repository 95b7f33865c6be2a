//! The keys of a record, as the windows take them.

use crate::pack::{Packer, Unpackable, Unpacker};

/// Under which keys a record is counted.
#[derive(Clone, Copy, Debug)]
pub struct Names<'a> {
    /// Opaque bytes; without any the record counts nowhere.
    pub keys: &'a [&'a [u8]],
    /// How the record spells each key, where the settings say that keys are folded; else nothing. Of a key that several
    /// records spell in one way, the bytes are the same.
    pub spellings: &'a [&'a [u8]],
}

impl<'a> From<&'a [&'a [u8]]> for Names<'a> {
    fn from(keys: &'a [&'a [u8]]) -> Names<'a> {
        Names { keys, spellings: &[] }
    }
}

/// [`Names`] that are kept.
pub(super) struct OwnedNames {
    keys: Vec<Box<[u8]>>,
    spellings: Vec<Box<[u8]>>,
}

impl From<Names<'_>> for OwnedNames {
    fn from(names: Names<'_>) -> OwnedNames {
        let owned = |bytes: &[&[u8]]| bytes.iter().map(|&bytes| bytes.into()).collect();
        OwnedNames { keys: owned(names.keys), spellings: owned(names.spellings) }
    }
}

impl OwnedNames {
    pub fn pack(&self, out: &mut Packer) {
        for list in [&self.keys, &self.spellings] {
            out.length(list.len());
            list.iter().for_each(|bytes| out.string(bytes));
        }
    }

    pub fn unpack(from: &mut Unpacker<'_>) -> Result<OwnedNames, Unpackable> {
        let mut list = || -> Result<Vec<Box<[u8]>>, Unpackable> {
            let length = from.length()?;
            (0..length).map(|_| from.string().map(Box::from)).collect()
        };
        Ok(OwnedNames { keys: list()?, spellings: list()? })
    }

    /// The keys and the spellings.
    pub fn borrow(&self) -> (Vec<&[u8]>, Vec<&[u8]>) {
        let [keys, spellings] =
            [&self.keys, &self.spellings].map(|owned| owned.iter().map(|bytes| &**bytes).collect());
        (keys, spellings)
    }
}
