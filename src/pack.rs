//! Numbers and byte strings in few bytes: what states and partial rows are made of.
//!
//! Integers are LEB128, seven bits a byte with the lowest first, so small ones are short; signed ones are folded to unsigned
//! (zigzag). What was packed is unpacked by the same calls in the same order. Unpacking foreign bytes gives an error, never
//! a panic and never more memory than there are bytes.

mod sealed;

use std::fmt;

pub use sealed::{Damage, Form};

/// Packs values one after the other.
#[derive(Clone, Debug, Default)]
pub struct Packer {
    bytes: Vec<u8>,
}

impl Packer {
    /// Packs into a buffer that is used again, after what it holds.
    pub fn into_buffer(bytes: Vec<u8>) -> Packer {
        Packer { bytes }
    }

    /// What was packed.
    pub fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    /// What was packed so far.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// An unsigned integer.
    #[inline]
    pub fn u64(&mut self, mut number: u64) {
        while number >= 0x80 {
            self.bytes.push(number as u8 | 0x80);
            number >>= 7;
        }
        self.bytes.push(number as u8);
    }

    /// A length or a count of things in memory.
    #[inline]
    pub fn length(&mut self, length: usize) {
        self.u64(length as u64);
    }

    /// A signed integer.
    #[inline]
    pub fn i64(&mut self, number: i64) {
        self.u64(((number << 1) ^ (number >> 63)) as u64);
    }

    /// A large signed integer.
    pub fn i128(&mut self, number: i128) {
        let mut folded = ((number << 1) ^ (number >> 127)) as u128;
        while folded >= 0x80 {
            self.bytes.push(folded as u8 | 0x80);
            folded >>= 7;
        }
        self.bytes.push(folded as u8);
    }

    /// A float, bit for bit.
    pub fn f64(&mut self, number: f64) {
        self.bytes.extend_from_slice(&number.to_bits().to_le_bytes());
    }

    /// Yes or no.
    pub fn bool(&mut self, yes: bool) {
        self.bytes.push(u8::from(yes));
    }

    /// One byte as it is: which of several kinds follows.
    pub fn tag(&mut self, tag: u8) {
        self.bytes.push(tag);
    }

    /// A byte string.
    #[inline]
    pub fn string(&mut self, bytes: &[u8]) {
        self.length(bytes.len());
        self.bytes.extend_from_slice(bytes);
    }

    /// What may be absent.
    pub fn option<T>(&mut self, value: Option<T>, pack: impl FnOnce(&mut Packer, T)) {
        self.bool(value.is_some());
        if let Some(value) = value {
            pack(self, value);
        }
    }
}

/// The bytes are not what was packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unpackable;

impl fmt::Display for Unpackable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the packed bytes end early or hold what nobody packed")
    }
}

impl std::error::Error for Unpackable {}

/// Unpacks what a [`Packer`] packed.
#[derive(Clone, Debug)]
pub struct Unpacker<'a> {
    bytes: &'a [u8],
}

impl<'a> Unpacker<'a> {
    /// Begins at the first byte.
    pub fn new(bytes: &'a [u8]) -> Unpacker<'a> {
        Unpacker { bytes }
    }

    /// So many bytes as they are.
    pub fn raw(&mut self, length: usize) -> Result<&'a [u8], Unpackable> {
        let (taken, rest) = self.bytes.split_at_checked(length).ok_or(Unpackable)?;
        self.bytes = rest;
        Ok(taken)
    }

    /// One byte; see [`Packer::tag`].
    #[inline]
    pub fn tag(&mut self) -> Result<u8, Unpackable> {
        let (&first, rest) = self.bytes.split_first().ok_or(Unpackable)?;
        self.bytes = rest;
        Ok(first)
    }

    /// See [`Packer::u64`].
    #[inline]
    pub fn u64(&mut self) -> Result<u64, Unpackable> {
        let mut number = 0_u64;
        for shift in (0..64).step_by(7) {
            let byte = self.tag()?;
            let part = u64::from(byte & 0x7f);
            if shift == 63 && part > 1 {
                return Err(Unpackable);
            }
            number |= part << shift;
            if byte < 0x80 {
                return Ok(number);
            }
        }
        Err(Unpackable)
    }

    /// A smaller unsigned integer.
    #[inline]
    pub fn u32(&mut self) -> Result<u32, Unpackable> {
        u32::try_from(self.u64()?).map_err(|_| Unpackable)
    }

    /// The number of things that follow. Each takes a byte at least, so that a false number reserves no memory.
    pub fn length(&mut self) -> Result<usize, Unpackable> {
        usize::try_from(self.u64()?).ok().filter(|&length| length <= self.bytes.len()).ok_or(Unpackable)
    }

    /// See [`Packer::i64`].
    #[inline]
    pub fn i64(&mut self) -> Result<i64, Unpackable> {
        let folded = self.u64()?;
        Ok((folded >> 1) as i64 ^ -((folded & 1) as i64))
    }

    /// See [`Packer::i128`].
    pub fn i128(&mut self) -> Result<i128, Unpackable> {
        let mut folded = 0_u128;
        for shift in (0..128).step_by(7) {
            let byte = self.tag()?;
            let part = u128::from(byte & 0x7f);
            if shift == 126 && part > 3 {
                return Err(Unpackable);
            }
            folded |= part << shift;
            if byte < 0x80 {
                return Ok((folded >> 1) as i128 ^ -((folded & 1) as i128));
            }
        }
        Err(Unpackable)
    }

    /// See [`Packer::f64`].
    pub fn f64(&mut self) -> Result<f64, Unpackable> {
        let bits = self.raw(8)?.try_into().map_err(|_| Unpackable)?;
        Ok(f64::from_bits(u64::from_le_bytes(bits)))
    }

    /// See [`Packer::bool`].
    pub fn bool(&mut self) -> Result<bool, Unpackable> {
        match self.tag()? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(Unpackable),
        }
    }

    /// See [`Packer::string`].
    #[inline]
    pub fn string(&mut self) -> Result<&'a [u8], Unpackable> {
        let length = self.length()?;
        self.raw(length)
    }

    /// See [`Packer::option`].
    pub fn option<T>(
        &mut self,
        unpack: impl FnOnce(&mut Unpacker<'a>) -> Result<T, Unpackable>,
    ) -> Result<Option<T>, Unpackable> {
        if self.bool()? { unpack(self).map(Some) } else { Ok(None) }
    }

    /// All that is left.
    pub fn rest(&mut self) -> &'a [u8] {
        std::mem::take(&mut self.bytes)
    }

    /// Nothing may be left.
    pub fn end(&self) -> Result<(), Unpackable> {
        if self.bytes.is_empty() { Ok(()) } else { Err(Unpackable) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_is_packed_is_unpacked(
            a: u64, small in 0u64..300, b: i64, c: i128, d: f64, e: bool, f: Vec<u8>, g: Option<u32>, tag: u8,
        ) {
            let mut packer = Packer::into_buffer(vec![7]);
            packer.u64(a);
            packer.u64(small);
            packer.i64(b);
            packer.i128(c);
            packer.f64(d);
            packer.bool(e);
            packer.string(&f);
            packer.option(g, |packer, g| packer.u64(g.into()));
            packer.tag(tag);
            let bytes = packer.into_bytes();
            let unpack = |bytes: &[u8]| -> Result<_, Unpackable> {
                let mut unpacker = Unpacker::new(bytes);
                let all = (
                    (unpacker.raw(1)?.to_vec(), unpacker.u64()?, unpacker.u64()?, unpacker.i64()?, unpacker.i128()?),
                    (unpacker.f64()?.to_bits(), unpacker.bool()?, unpacker.string()?.to_vec()),
                    (unpacker.option(Unpacker::u32)?, unpacker.tag()?),
                );
                unpacker.end().map(|()| all)
            };
            let expected = ((vec![7], a, small, b, c), (d.to_bits(), e, f), (g, tag));
            prop_assert_eq!(unpack(&bytes), Ok(expected));
            prop_assert!((0..bytes.len()).all(|cut| unpack(&bytes[..cut]) == Err(Unpackable)));
        }

        #[test]
        fn foreign_bytes_are_an_error_and_no_panic(bytes: Vec<u8>) {
            for unpack in [
                |unpacker: &mut Unpacker<'_>| unpacker.u64().map(drop),
                |unpacker: &mut Unpacker<'_>| unpacker.i128().map(drop),
                |unpacker: &mut Unpacker<'_>| unpacker.string().map(drop),
                |unpacker: &mut Unpacker<'_>| unpacker.bool().map(drop),
                |unpacker: &mut Unpacker<'_>| unpacker.option(Unpacker::f64).map(drop),
            ] {
                let mut unpacker = Unpacker::new(&bytes);
                while unpack(&mut unpacker).is_ok() {}
            }
        }
    }

    #[test]
    fn small_numbers_are_short_and_the_largest_fit() {
        let mut packer = Packer::default();
        packer.u64(127);
        packer.i64(-64);
        assert_eq!(packer.bytes().len(), 2);
        packer.u64(u64::MAX);
        packer.i64(i64::MIN);
        packer.i128(i128::MIN);
        let bytes = packer.into_bytes();
        let mut unpacker = Unpacker::new(&bytes[2..]);
        assert_eq!(unpacker.u64(), Ok(u64::MAX));
        assert_eq!(unpacker.i64(), Ok(i64::MIN));
        assert_eq!(unpacker.i128(), Ok(i128::MIN));
        assert_eq!(Unpacker::new(&[0xff; 11]).u64(), Err(Unpackable), "more than 64 bits");
        assert_eq!(Unpacker::new(&[200, 1, 0]).length(), Err(Unpackable), "more things than bytes");
    }
}
