//! Where a later run goes on with each of its sources: the source's own token, and the newest ids.

use crate::pack::{Packer, Unpackable, Unpacker};

/// Where to go on with one source.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Resume {
    /// The source's own word for the place; `None` at its beginning.
    pub token: Option<Vec<u8>>,
    /// Ids of the newest records, oldest first.
    pub ids: Vec<Box<[u8]>>,
}

impl Resume {
    /// Packs the places of all sources.
    pub fn pack(places: &[Resume], packer: &mut Packer) {
        packer.length(places.len());
        for place in places {
            packer.option(place.token.as_deref(), Packer::string);
            packer.length(place.ids.len());
            place.ids.iter().for_each(|id| packer.string(id));
        }
    }

    /// Reads what was packed; more may follow.
    ///
    /// # Errors
    ///
    /// Bytes that [`Resume::pack`] did not write.
    pub fn unpack(from: &mut Unpacker<'_>) -> Result<Vec<Resume>, Unpackable> {
        (0..from.length()?)
            .map(|_| {
                let token = from.option(Unpacker::string)?.map(<[u8]>::to_vec);
                let ids = (0..from.length()?).map(|_| Ok(from.string()?.into())).collect::<Result<_, _>>()?;
                Ok(Resume { token, ids })
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_packed_is_read_again() {
        let ids = vec![b"a"[..].into(), b""[..].into()];
        let places = vec![Resume { token: Some(b"[{}]".to_vec()), ids }, Resume::default()];
        let mut packer = Packer::default();
        Resume::pack(&places, &mut packer);
        let unpack = |bytes: &[u8]| {
            let mut from = Unpacker::new(bytes);
            Resume::unpack(&mut from).and_then(|places| from.end().map(|()| places))
        };
        assert_eq!(unpack(packer.bytes()).unwrap(), places);
        assert!(unpack(&packer.bytes()[..packer.bytes().len() - 1]).is_err());
    }
}
