//! How many different values there are, from the smallest hashes of all (Bar-Yossef and others, 2002).
//!
//! Up to [`KEPT`] the count is exact. Beyond, the largest of so many smallest hashes tells how close together they lie; the standard
//! error is 1/√2046, 2.2 %. Which hashes are kept depends on the set of values alone, so that parts of a stream may be counted apart
//! and put together.

/// So many hashes are kept: 16 KiB, and for a moment twice as much.
pub(super) const KEPT: usize = 2048;

/// The hashes seen, or the smallest of them.
#[derive(Clone, Debug, Default)]
pub(super) struct Distinct {
    hashes: Vec<u64>,
    /// The first of `hashes` are sorted and different.
    sorted: usize,
    /// With more than are kept: the largest of these.
    largest: Option<u64>,
    /// Hashes that came lately: most fields have few values.
    lately: Option<Box<[u64; LATELY]>>,
}

const LATELY: usize = 64;

impl Distinct {
    pub(super) fn add(&mut self, hash: u64) {
        if self.largest.is_some_and(|largest| hash > largest) {
            return;
        }
        let lately = self.lately.get_or_insert_with(|| Box::new([0; LATELY]));
        let place = &mut lately[hash as usize % LATELY];
        if *place == hash && hash != 0 {
            return;
        }
        *place = hash;
        self.hashes.push(hash);
        // Sorting is put off until as many are new as are known.
        if self.hashes.len() >= 2 * self.sorted.max(LATELY / 2) {
            self.sort();
        }
    }

    pub(super) fn merge(&mut self, other: &Distinct) {
        if let Some(largest) = other.largest {
            // What the other one dropped is dropped here, too.
            self.largest = Some(self.largest.map_or(largest, |known| known.min(largest)));
        }
        other.hashes.iter().for_each(|&hash| self.add(hash));
    }

    fn sort(&mut self) {
        self.hashes.sort_unstable();
        self.hashes.dedup();
        if let Some(largest) = self.largest {
            self.hashes.truncate(self.hashes.partition_point(|&hash| hash <= largest));
        }
        if self.hashes.len() > KEPT {
            self.hashes.truncate(KEPT);
            self.largest = self.hashes.last().copied();
        }
        self.sorted = self.hashes.len();
    }

    /// The number, and whether it is exact.
    pub(super) fn count(mut self) -> (u64, bool) {
        self.sort();
        match self.largest {
            None => (self.hashes.len() as u64, true),
            Some(largest) => {
                let part = (largest as f64 + 1.0) / 2.0_f64.powi(64);
                (((KEPT - 1) as f64 / part).round() as u64, false)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::hash::hash;
    use super::*;

    fn of(values: impl Iterator<Item = u64>) -> Distinct {
        let mut distinct = Distinct::default();
        values.for_each(|value| distinct.add(hash(0, &value.to_le_bytes())));
        distinct
    }

    #[test]
    fn few_are_counted_and_many_are_estimated() {
        for count in [0, 1, 63, 64, 65, 2047, 2048] {
            assert_eq!(
                of((0..3 * count).map(|value| value % count.max(1))).count(),
                (count, true),
                "{count}"
            );
        }
        for count in [2049, 5_000, 100_000, 1_000_000] {
            let (estimate, is_exact) = of(0..count).count();
            let error = (estimate as f64 / count as f64 - 1.0).abs();
            assert!(error < 0.066 && !is_exact, "three standard errors: {count} {estimate}");
        }
    }

    #[test]
    fn parts_are_the_whole() {
        for parts in [2, 7] {
            let whole = of((0..9000).map(|value| value * value % 5003)).count();
            let mut merged = Distinct::default();
            for part in 0..parts {
                merged.merge(&of((0..9000)
                    .filter(|value| value % parts == part)
                    .map(|value| value * value % 5003)));
            }
            assert_eq!(merged.count(), whole, "{parts}");
        }
    }
}
