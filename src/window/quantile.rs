//! Quantiles by a DDSketch: counts in buckets whose width is in proportion to their values (Masson et al. 2019).
//!
//! A bucket is the floats that share sign, exponent and the first eight bits of the mantissa, so its number comes from
//! the bits, the same on every machine. A quantile is the end of its bucket nearer to zero: at most 0.4 % too near, and
//! exact for whole numbers up to 512. Buckets are never merged, so sketches can be added and taken out in any order.

use super::codec::unpack_count;
use crate::pack::{Packer, Unpackable, Unpacker};
use std::collections::BTreeMap;

#[derive(Clone, Debug, Default)]
pub(super) struct Sketch {
    /// By number of the bucket, which rises with its values; 0 is zero.
    buckets: BTreeMap<i32, i64>,
    count: i64,
}

/// The bits of a positive float below those that name its bucket.
const REST: u32 = 52 - 8;

fn bucket(value: f64) -> i32 {
    if value == 0.0 {
        return 0;
    }
    let number = (value.abs().to_bits() >> REST) as i32 + 1;
    if value < 0.0 { -number } else { number }
}

fn value(bucket: i32) -> f64 {
    let near = f64::from_bits(u64::from(bucket.unsigned_abs().saturating_sub(1)) << REST);
    if bucket < 0 { -near } else { near }
}

impl Sketch {
    pub fn add(&mut self, value: f64) {
        *self.buckets.entry(bucket(value)).or_insert(0) += 1;
        self.count += 1;
    }

    /// Adds another sketch, or with sign -1 takes it out.
    pub fn merge(&mut self, other: &Sketch, sign: i64) {
        for (&bucket, &count) in &other.buckets {
            let ours = self.buckets.entry(bucket).or_insert(0);
            *ours += sign * count;
            if *ours == 0 {
                self.buckets.remove(&bucket);
            }
        }
        self.count += sign * other.count;
    }

    /// Appends the buckets.
    pub fn pack(&self, out: &mut Packer) {
        out.length(self.buckets.len());
        for (&bucket, &count) in &self.buckets {
            out.i64(bucket.into());
            out.i64(count);
        }
    }

    /// The next sketch.
    pub fn unpack(from: &mut Unpacker<'_>) -> Result<Sketch, Unpackable> {
        let last = bucket(f64::MAX);
        let mut sketch = Sketch::default();
        for _ in 0..from.length()? {
            let bucket = i32::try_from(from.i64()?).map_err(|_| Unpackable)?;
            let count = unpack_count(from)?;
            if !(-last..=last).contains(&bucket) || sketch.buckets.insert(bucket, count).is_some() {
                return Err(Unpackable);
            }
            sketch.count += count;
        }
        Ok(sketch)
    }

    /// The value below which about a fraction of all lies: of n values in order, the one at place ⌊fraction × (n - 1)⌋.
    pub fn quantile(&self, fraction: f64) -> Option<f64> {
        let place = (fraction * (self.count - 1) as f64).floor() as i64;
        let mut before = 0;
        let at = self.buckets.iter().find(|(_, count)| {
            before += **count;
            before > place
        });
        at.map(|(&bucket, _)| value(bucket))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_quantile_is_near(mut values in prop::collection::vec(prop_oneof![-1e9..1e9_f64, -1.0..1.0_f64, Just(0.0)], 1..200), fraction in 0.0..=1.0_f64) {
            let mut sketch = Sketch::default();
            values.iter().for_each(|&value| sketch.add(value));
            values.sort_by(f64::total_cmp);
            let exact = values[(fraction * (values.len() - 1) as f64).floor() as usize];
            let near = sketch.quantile(fraction).unwrap();
            prop_assert!(near.abs() <= exact.abs() && (exact - near).abs() <= 0.004 * exact.abs(), "{} {}", exact, near);
        }

        #[test]
        fn buckets_rise_with_their_values(a in any::<f64>(), b in any::<f64>()) {
            prop_assume!(a.is_finite() && b.is_finite());
            prop_assert!(a > b || bucket(a) <= bucket(b));
        }
    }

    #[test]
    fn small_whole_numbers_are_exact() {
        for whole in -512..=512 {
            let mut sketch = Sketch::default();
            sketch.add(f64::from(whole));
            assert_eq!(sketch.quantile(0.5), Some(f64::from(whole)));
        }
        assert_eq!(Sketch::default().quantile(0.5), None);
    }
}
