//! Estimates how many different values there are, by HyperLogLog with Ertl's estimator (2017), which needs no tables of
//! corrections. With 2^12 registers the standard error is 1.6 %.
//!
//! The hash is fixed, so that estimates are the same everywhere and may be merged. Few values are kept as a sorted list of
//! registers, many as the registers themselves.

use crate::pack::{Packer, Unpackable, Unpacker};

const BITS: u32 = 12;
const REGISTERS: usize = 1 << BITS;
/// The largest rank that a register may hold.
const HIGHEST: usize = 64 - BITS as usize + 1;
/// A list of three bytes an entry is smaller than the registers up to here.
const FEW: usize = REGISTERS / 8;

#[derive(Clone, Debug)]
pub(super) enum Hll {
    /// By register, in order: the highest rank seen.
    Few(Vec<(u16, u8)>),
    Many(Box<[u8]>),
}

impl Default for Hll {
    fn default() -> Hll {
        Hll::Few(Vec::new())
    }
}

/// FNV-1a, and then the last step of MurmurHash3, since FNV alone mixes its high bits too little.
fn hash(bytes: &[u8]) -> u64 {
    let mut hash: u64 = 0xcbf2_9ce4_8422_2325;
    for &byte in bytes {
        hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    }
    hash = (hash ^ (hash >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
    hash = (hash ^ (hash >> 33)).wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    hash ^ (hash >> 33)
}

impl Hll {
    pub fn is_empty(&self) -> bool {
        matches!(self, Hll::Few(list) if list.is_empty())
    }

    pub fn add(&mut self, bytes: &[u8]) {
        let hash = hash(bytes);
        let register = (hash >> (64 - BITS)) as u16;
        // The bit below the rest ends the count of leading zeros.
        let rank = ((hash << BITS) | (1 << (BITS - 1))).leading_zeros() as u8 + 1;
        self.raise(register, rank);
    }

    pub fn merge(&mut self, other: &Hll) {
        match other {
            Hll::Few(list) => list.iter().for_each(|&(register, rank)| self.raise(register, rank)),
            Hll::Many(registers) => {
                for (register, &rank) in registers.iter().enumerate().filter(|(_, rank)| **rank > 0) {
                    self.raise(register as u16, rank);
                }
            }
        }
    }

    fn raise(&mut self, register: u16, rank: u8) {
        match self {
            Hll::Many(registers) => {
                let old = &mut registers[usize::from(register)];
                *old = rank.max(*old);
            }
            Hll::Few(list) => match list.binary_search_by_key(&register, |entry| entry.0) {
                Ok(at) => list[at].1 = rank.max(list[at].1),
                Err(at) if list.len() < FEW => list.insert(at, (register, rank)),
                Err(_) => {
                    let mut registers = vec![0; REGISTERS].into_boxed_slice();
                    for &(register, rank) in list.iter() {
                        registers[usize::from(register)] = rank;
                    }
                    registers[usize::from(register)] = rank;
                    *self = Hll::Many(registers);
                }
            },
        }
    }

    /// Appends the registers: a list of few, or all.
    pub fn pack(&self, out: &mut Packer) {
        match self {
            Hll::Few(list) => {
                out.length(list.len());
                for &(register, rank) in list {
                    out.u64(register.into());
                    out.tag(rank);
                }
            }
            Hll::Many(registers) => {
                out.length(REGISTERS);
                registers.iter().for_each(|&rank| out.tag(rank));
            }
        }
    }

    /// The next sketch.
    pub fn unpack(from: &mut Unpacker<'_>) -> Result<Hll, Unpackable> {
        let valid = |rank: u8| if usize::from(rank) <= HIGHEST { Ok(rank) } else { Err(Unpackable) };
        let length = from.length()?;
        if length == REGISTERS {
            let registers = from.raw(REGISTERS)?;
            registers.iter().try_for_each(|&rank| valid(rank).map(drop))?;
            return Ok(Hll::Many(registers.into()));
        }
        let mut list: Vec<(u16, u8)> = Vec::with_capacity(length.min(FEW));
        for _ in 0..length {
            let register = from.u64().ok().filter(|&register| register < REGISTERS as u64);
            let register = register.ok_or(Unpackable)? as u16;
            if list.len() == FEW || list.last().is_some_and(|last| last.0 >= register) {
                return Err(Unpackable);
            }
            list.push((register, valid(from.tag()?)?));
        }
        Ok(Hll::Few(list))
    }

    /// How many different values there were, about.
    pub fn estimate(&self) -> u64 {
        let mut counts = [0_u32; HIGHEST + 1];
        match self {
            Hll::Few(list) => {
                counts[0] = (REGISTERS - list.len()) as u32;
                list.iter().for_each(|&(_, rank)| counts[usize::from(rank)] += 1);
            }
            Hll::Many(registers) => registers.iter().for_each(|&rank| counts[usize::from(rank)] += 1),
        }
        let size = REGISTERS as f64;
        let mut z = size * tau(1.0 - f64::from(counts[HIGHEST]) / size);
        for &count in counts[1..HIGHEST].iter().rev() {
            z = (z + f64::from(count)) * 0.5;
        }
        z += size * sigma(f64::from(counts[0]) / size);
        (size * size / (2.0 * std::f64::consts::LN_2 * z)).round() as u64
    }
}

/// What registers that are still empty add to the estimator.
fn sigma(mut x: f64) -> f64 {
    if x == 1.0 {
        return f64::INFINITY;
    }
    let (mut power, mut sum) = (1.0, x);
    loop {
        x *= x;
        let before = sum;
        sum += x * power;
        power += power;
        if sum == before {
            return sum;
        }
    }
}

/// What registers that are full add to the estimator.
fn tau(mut x: f64) -> f64 {
    if x == 0.0 || x == 1.0 {
        return 0.0;
    }
    let (mut power, mut sum) = (1.0, 1.0 - x);
    loop {
        x = x.sqrt();
        let before = sum;
        power *= 0.5;
        sum -= (1.0 - x).powi(2) * power;
        if sum == before {
            return sum / 3.0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(values: std::ops::Range<u32>) -> Hll {
        let mut hll = Hll::default();
        values.for_each(|value| hll.add(format!("value {value}").as_bytes()));
        hll
    }

    #[test]
    fn estimates_are_near() {
        assert_eq!(Hll::default().estimate(), 0);
        for exact in [1, 2, 10, 50, 100, 500, 513, 1000, 4000, 10_000, 20_000, 100_000, 300_000] {
            let estimate = filled(0..exact).estimate() as f64;
            let error = (estimate / f64::from(exact) - 1.0).abs();
            assert!(error < 0.04, "{exact}: {estimate}");
        }
    }

    #[test]
    fn merged_estimates_are_those_of_all_values() {
        for (a, b, c) in [(0, 100, 200), (0, 400, 900), (0, 5000, 5100), (0, 100, 9000)] {
            let mut left = filled(a..b + 50);
            let mut right = filled(b..c);
            let right_alone = right.clone();
            right.merge(&left);
            left.merge(&right_alone);
            assert_eq!(left.estimate(), filled(a..c).estimate());
            assert_eq!(right.estimate(), filled(a..c).estimate());
        }
    }
}
