//! A part of the records, chosen by a hash of a key.
//!
//! Whether a record is in the sample depends on its key, the seed and the rate alone: not on its place, on other records,
//! or on the run. So all records of a user are in or out together, every stage and every later run chooses the same, and
//! the sample at a lower rate is a part of the one at a higher rate.

use std::fmt;
use std::str::FromStr;

/// Which keys are in the sample.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sample {
    rate: Rate,
    /// Of 2^64 hashes so many are in; `None`: all.
    below: Option<u64>,
    seed: u64,
}

/// How large a sample is: a part in percent.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rate(f64);

impl FromStr for Rate {
    type Err = String;

    fn from_str(text: &str) -> Result<Rate, String> {
        let percent = text.strip_suffix('%').and_then(|digits| digits.parse().ok());
        let rate = percent.filter(|percent| *percent > 0.0 && *percent <= 100.0).map(Rate);
        rate.ok_or_else(|| "expected a part such as 1% or 0.05%".into())
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}%", self.0)
    }
}

impl Sample {
    /// A sample of this rate; another seed chooses other keys.
    pub fn new(rate: Rate, seed: u64) -> Sample {
        let part = rate.0 / 100.0;
        // 2^64 itself is no u64.
        let below = (part < 1.0).then(|| (part * 2.0_f64.powi(64)) as u64);
        Sample { rate, below, seed }
    }

    /// Whether the key is in the sample.
    pub fn has(self, key: &[u8]) -> bool {
        self.below.is_none_or(|below| hash(self.seed, key) < below)
    }
}

impl fmt::Display for Sample {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} by seed {}", self.rate, self.seed)
    }
}

/// Odd numbers without a pattern in their bits: the fractional parts of square roots.
const MIX: [u64; 3] = [0x6a09_e667_f3bc_c909, 0xbb67_ae85_84ca_a73b, 0x3c6e_f372_fe94_f82b];

/// Sixteen bytes a step, each step a product of 128 bits folded to 64, as in wyhash. It is written out here because what is in
/// a sample must not change with a library's version.
fn hash(seed: u64, bytes: &[u8]) -> u64 {
    let mut state = fold(seed ^ MIX[0], MIX[1]);
    let (pairs, rest) = bytes.as_chunks::<16>();
    let mut last = [0; 16];
    last[..rest.len()].copy_from_slice(rest);
    for pair in pairs.iter().chain([&last]) {
        let [low, high] = halves(pair);
        state = fold(low ^ MIX[2], high ^ state);
    }
    fold(state ^ bytes.len() as u64, MIX[1])
}

fn halves(pair: &[u8; 16]) -> [u64; 2] {
    let both = u128::from_le_bytes(*pair);
    [both as u64, (both >> 64) as u64]
}

fn fold(left: u64, right: u64) -> u64 {
    let product = u128::from(left) * u128::from(right);
    product as u64 ^ (product >> 64) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(rate: &str, seed: u64) -> Sample {
        Sample::new(rate.parse().expect("a rate"), seed)
    }

    fn chosen(sample: Sample, keys: u32) -> Vec<u32> {
        (0..keys).filter(|key| sample.has(format!("user {key}").as_bytes())).collect()
    }

    #[test]
    fn so_many_are_chosen_and_a_smaller_sample_is_a_part_of_a_larger() {
        let (small, large) = (chosen(sample("1%", 7), 200_000), chosen(sample("10%", 7), 200_000));
        // Five standard deviations of the binomial distribution.
        assert!(small.len().abs_diff(2_000) < 223, "{}", small.len());
        assert!(large.len().abs_diff(20_000) < 671, "{}", large.len());
        assert!(small.iter().all(|key| large.binary_search(key).is_ok()));
        assert_eq!(chosen(sample("100%", 7), 100).len(), 100);
    }

    #[test]
    fn another_seed_chooses_independently() {
        let (one, other) = (chosen(sample("10%", 0), 200_000), chosen(sample("10%", 1), 200_000));
        let both = one.iter().filter(|key| other.binary_search(key).is_ok()).count();
        assert!(both.abs_diff(2_000) < 223, "{both}");
    }

    /// Each bit of the key turns about half of the bits of the hash.
    #[test]
    fn every_bit_matters() {
        for length in [1, 8, 15, 16, 17, 40] {
            let key = vec![0x5a; length];
            for bit in 0..8 * length {
                let mut other = key.clone();
                other[bit / 8] ^= 1 << (bit % 8);
                let turned = (hash(0, &key) ^ hash(0, &other)).count_ones();
                assert!((10..=54).contains(&turned), "{length} {bit}: {turned}");
            }
        }
        assert_ne!(hash(0, b""), hash(0, b"\0"));
    }

    /// What is in a sample is so for ever.
    #[test]
    fn the_hash_does_not_change() {
        assert_eq!([hash(0, b""), hash(0, b"user 1"), hash(1, &[b'x'; 100])], PINNED);
    }

    const PINNED: [u64; 3] =
        [3_099_101_490_676_676_306, 15_449_305_053_692_108_472, 6_284_878_350_180_782_993];

    #[test]
    fn rates_are_parts() {
        for wrong in ["1", "0%", "-1%", "101%", "%", "few", "nan%"] {
            assert!(wrong.parse::<Rate>().is_err(), "{wrong}");
        }
    }
}
