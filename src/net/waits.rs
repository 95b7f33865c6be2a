//! How long to wait before something is tried again: longer with every failure, and not all clients at the same time.

use std::time::Duration;

/// `first`, doubled with every further time, at most so many times as long.
pub fn doubled(first: Duration, times: u32, most: u32) -> Duration {
    first * 2_u32.saturating_pow(times.saturating_sub(1)).min(most)
}

/// Random numbers for waits (SplitMix64).
#[derive(Debug)]
pub struct Chance(u64);

impl Chance {
    /// Those of a seed.
    pub fn new(seed: u64) -> Chance {
        Chance(seed)
    }

    /// One that differs from process to process, so that many do not come back together.
    pub fn of_process() -> Chance {
        let started = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        Chance(started.as_nanos() as u64 ^ u64::from(std::process::id()))
    }

    /// Between half of it and all of it.
    pub fn part_of(&mut self, wait: Duration) -> Duration {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^= mixed >> 31;
        wait / 2 + wait.mul_f64((mixed >> 12) as f64 / (1_u64 << 53) as f64)
    }
}
