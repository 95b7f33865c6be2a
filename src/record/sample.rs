//! A part of the records, chosen by a hash of a key.
//!
//! Whether a record is in the sample depends on its key, the seed and the rate alone: not on its place, on other records,
//! or on the run. So all records of a user are in or out together, every stage and every later run chooses the same, and
//! the sample at a lower rate is a part of the one at a higher rate.

use std::fmt;
use std::str::FromStr;

use super::hash::hash;

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

    #[test]
    fn rates_are_parts() {
        for wrong in ["1", "0%", "-1%", "101%", "%", "few", "nan%"] {
            assert!(wrong.parse::<Rate>().is_err(), "{wrong}");
        }
    }
}
