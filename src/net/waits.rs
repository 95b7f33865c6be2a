//! Exponential back-off with jitter: how long to wait before something is tried again. Longer with every failure, and not all
//! clients at the same time.

use std::time::Duration;

use crate::random::Random;

/// `first`, doubled with every further time, at most so many times as long.
pub fn doubled(first: Duration, times: u32, most: u32) -> Duration {
    first * 2_u32.saturating_pow(times.saturating_sub(1)).min(most)
}

/// The jitter: random parts of waits.
#[derive(Debug)]
pub struct Chance(Random);

impl Chance {
    /// Those of a seed.
    pub fn new(seed: u64) -> Chance {
        Chance(Random::new(seed, 0))
    }

    /// One that differs from process to process, so that many do not come back together.
    pub fn of_process() -> Chance {
        let started = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        Chance::new(started.as_nanos() as u64 ^ u64::from(std::process::id()))
    }

    /// Between half of it and all of it.
    pub fn part_of(&mut self, wait: Duration) -> Duration {
        wait / 2 + (wait / 2).mul_f32(self.0.part())
    }
}
