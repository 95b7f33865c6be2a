//! Loops over rows of numbers, compiled once more for the vectors of newer processors.
//!
//! A build for every x86-64 has vectors of four `f32`. Code that is handed to [`wide`] is compiled a second time for AVX2,
//! eight at a time, and the processor says which one runs. The numbers are the same: vectors add and multiply each lane as
//! one number by itself, and nothing is fused or put in another order than the source has.
#![allow(unsafe_code)]

/// Something to be computed. `run` has to be `#[inline(always)]`, and all that it calls in its loops, for only what is inlined
/// is compiled again.
pub trait Work {
    /// What comes of it.
    type Outcome;

    /// Computes it.
    fn run(self) -> Self::Outcome;
}

/// Does the work with the widest vectors that this machine has.
#[inline]
pub fn wide<W: Work>(work: W) -> W::Outcome {
    #[cfg(target_arch = "x86_64")]
    if is_x86_feature_detected!("avx2")
        && is_x86_feature_detected!("bmi1")
        && is_x86_feature_detected!("bmi2")
        && is_x86_feature_detected!("lzcnt")
        && is_x86_feature_detected!("popcnt")
    {
        // SAFETY: the processor has all features that `with_avx2` is compiled for.
        return unsafe { with_avx2(work) };
    }
    work.run()
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,bmi1,bmi2,lzcnt,popcnt")]
fn with_avx2<W: Work>(work: W) -> W::Outcome {
    work.run()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Sums of products, in lanes.
    struct Sums<'a>(&'a [[f32; 8]], &'a [[f32; 8]]);

    impl Work for Sums<'_> {
        type Outcome = [f32; 8];

        #[inline(always)]
        fn run(self) -> [f32; 8] {
            let mut sums = [0.0; 8];
            for (left, right) in self.0.iter().zip(self.1) {
                for lane in 0..8 {
                    sums[lane] += (left[lane] + 0.01) * right[lane] / (left[lane] + right[lane]);
                }
            }
            sums
        }
    }

    /// Bit by bit: products that would be rounded once if they were fused with the sum.
    #[test]
    fn wide_vectors_give_the_same_numbers() {
        let mut random = crate::random::Random::new(3, 0);
        let mut rows = || -> Vec<[f32; 8]> {
            (0..1000).map(|_| std::array::from_fn(|_| random.part() * 1000.0 + 1e-3)).collect()
        };
        let (left, right) = (rows(), rows());
        let narrow = Sums(&left, &right).run();
        assert_eq!(wide(Sums(&left, &right)).map(f32::to_bits), narrow.map(f32::to_bits));
    }
}
