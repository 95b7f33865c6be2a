//! Random numbers that are the same on every machine and for ever: integers only, no logarithm, no platform's library.
//!
//! The generator is xoshiro256++, its state filled by SplitMix64 (Blackman and Vigna, public domain,
//! <https://prng.di.unimi.it/>), written here from their definition because a dependency may change its stream.

/// A stream of random numbers, fixed by its seed.
#[derive(Clone, Debug)]
pub struct Random {
    state: [u64; 4],
}

impl Random {
    /// The stream of a seed; `stream` tells independent ones of the same seed apart.
    pub fn new(seed: u64, stream: u64) -> Self {
        let mut split = seed ^ stream.wrapping_mul(0xa076_1d64_78bd_642f);
        let mut state = [0; 4];
        for word in &mut state {
            *word = split_mix(&mut split);
        }
        Random { state }
    }

    /// 64 random bits.
    pub fn bits(&mut self) -> u64 {
        let state = &mut self.state;
        let result = state[0].wrapping_add(state[3]).rotate_left(23).wrapping_add(state[0]);
        let shifted = state[1] << 17;
        state[2] ^= state[0];
        state[3] ^= state[1];
        state[1] ^= state[2];
        state[0] ^= state[3];
        state[2] ^= shifted;
        state[3] = state[3].rotate_left(45);
        result
    }

    /// A number from 0 to below 1, in steps of 2^-24.
    pub fn part(&mut self) -> f32 {
        (self.bits() >> 40) as f32 * (1.0 / (1 << 24) as f32)
    }

    /// A number below `bound`, which is above 0. The bias is below `bound` / 2^64.
    pub fn below(&mut self, bound: u64) -> u64 {
        ((u128::from(self.bits()) * u128::from(bound)) >> 64) as u64
    }

    /// An index into something of length `len`, which is above 0.
    pub fn index(&mut self, len: usize) -> usize {
        self.below(len as u64) as usize
    }

    /// One of `choices`, which are some.
    pub fn pick<'a, T>(&mut self, choices: &'a [T]) -> &'a T {
        &choices[self.index(choices.len())]
    }

    /// One of `choices`, which are some, by value.
    pub fn choose<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.index(choices.len())]
    }

    /// True with a probability of so many in a million.
    pub fn chance(&mut self, per_million: u32) -> bool {
        self.below(1_000_000) < u64::from(per_million)
    }

    /// `mean` times an exponentially distributed number of mean 1, by von Neumann's method (1951): it compares uniform
    /// numbers and needs no logarithm. The fraction has 32 bits.
    pub fn exponential(&mut self, mean: u64) -> u64 {
        let mut whole = 0_u64;
        loop {
            let first = self.bits() >> 32;
            let (mut last, mut descents) = (first, 1_u32);
            loop {
                let next = self.bits() >> 32;
                if next >= last {
                    break;
                }
                last = next;
                descents += 1;
            }
            // A descending run of odd length beginning with x has the probability e^-x.
            if descents % 2 == 1 {
                return ((u128::from(whole << 32 | first) * u128::from(mean)) >> 32) as u64;
            }
            whole += 1;
        }
    }
}

fn split_mix(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut mixed = *state;
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

/// Draws indices by their weights in constant time (Walker's alias method), exactly, in integers.
#[derive(Clone, Debug)]
pub struct Weighted {
    /// Below its cut an index stands for itself, from there on for its alias.
    cuts: Vec<(u64, u32)>,
    total: u64,
}

impl Weighted {
    /// A table of weights, at least one of them above 0.
    pub fn new(weights: impl IntoIterator<Item = u64>) -> Self {
        let mut left: Vec<u64> = weights.into_iter().collect();
        let total: u64 = left.iter().sum();
        let len = left.len() as u64;
        left.iter_mut().for_each(|weight| *weight *= len);
        let mut cuts: Vec<(u64, u32)> = (0..left.len()).map(|index| (total, index as u32)).collect();
        let (mut small, mut large): (Vec<usize>, Vec<usize>) =
            (0..left.len()).partition(|&index| left[index] < total);
        while let (Some(index), Some(&donor)) = (small.pop(), large.last()) {
            cuts[index] = (left[index], donor as u32);
            left[donor] -= total - left[index];
            if left[donor] < total {
                large.pop();
                small.push(donor);
            }
        }
        Weighted { cuts, total }
    }

    /// Weights by Zipf's law: exponent 1, shifted by Mandelbrot's `shift`, so rank r has the weight 1 / (r + shift).
    pub fn zipf(ranks: usize, shift: u64) -> Self {
        Weighted::new((1..=ranks as u64).map(|rank| (1 << 32) / (rank + shift)))
    }

    /// An index.
    pub fn draw(&self, random: &mut Random) -> usize {
        let index = random.index(self.cuts.len());
        let (cut, alias) = self.cuts[index];
        if random.below(self.total) < cut { index } else { alias as usize }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The first outputs of xoshiro256++ with the state 1, 2, 3, 4, as its authors' C code gives them, and of SplitMix64
    /// from 1234567.
    #[test]
    fn the_streams_are_those_of_the_published_algorithms() {
        let mut random = Random { state: [1, 2, 3, 4] };
        let first: Vec<u64> = (0..4).map(|_| random.bits()).collect();
        assert_eq!(first, [41_943_041, 58_720_359, 3_588_806_011_781_223, 3_591_011_842_654_386]);
        let mut state = 1_234_567;
        assert_eq!(split_mix(&mut state), 6_457_827_717_110_365_317);
        assert_eq!(split_mix(&mut state), 3_203_168_211_198_807_973);
    }

    #[test]
    fn exponential_numbers_have_their_mean_and_tail() {
        let mut random = Random::new(1, 0);
        let draws: Vec<u64> = (0..100_000).map(|_| random.exponential(1000)).collect();
        let mean = draws.iter().sum::<u64>() / draws.len() as u64;
        assert!((985..=1015).contains(&mean), "{mean}");
        let beyond = draws.iter().filter(|&&draw| draw > 3000).count();
        // e^-3 is 4979 in 100 000.
        assert!((4700..=5260).contains(&beyond), "{beyond}");
    }

    #[test]
    fn weights_are_kept() {
        let weights = [5, 0, 1, 10, 4];
        let table = Weighted::new(weights);
        // Exactly: each index's own part and what others leave to it.
        let mut parts = [0; 5];
        for (index, &(cut, alias)) in table.cuts.iter().enumerate() {
            parts[index] += cut;
            parts[alias as usize] += table.total - cut;
        }
        assert_eq!(parts, weights.map(|weight| weight * 5));
        let mut random = Random::new(7, 0);
        assert!((0..10_000).all(|_| table.draw(&mut random) != 1));
    }

    #[test]
    fn ranks_follow_zipf() {
        let table = Weighted::zipf(1000, 1);
        let mut random = Random::new(2, 0);
        let mut counts = vec![0_u32; 1000];
        (0..200_000).for_each(|_| counts[table.draw(&mut random)] += 1);
        // 1/2 against 1/11.
        let ratio = f64::from(counts[0]) / f64::from(counts[9]);
        assert!((5.0..6.0).contains(&ratio), "{ratio}");
    }
}
