//! Rising and falling trends: a script of bursts, each with a shape over event time.
//!
//! A burst rises in a straight line to its peak, stays there, and then halves again and again until it is gone. The
//! script begins anew every hour.

/// The script's length.
const HOUR_S: u64 = 3600;

/// One rise and fall. Times are seconds since the stream's start, within the hour.
pub(super) struct Burst {
    pub(super) start_s: u64,
    pub(super) rise_s: u64,
    pub(super) hold_s: u64,
    pub(super) half_s: u64,
    /// The share of all records at the peak, in a million.
    pub(super) peak: u32,
}

impl Burst {
    /// Start, rise, hold and half life in seconds, and the share at the peak in a thousand.
    pub(super) fn from_shape([start_s, rise_s, hold_s, half_s, peak]: [u64; 5]) -> Self {
        Burst { start_s, rise_s, hold_s, half_s, peak: peak as u32 * 1000 }
    }

    /// The share of records at this second, in a million.
    fn share(&self, second: u64) -> u32 {
        let peak = u64::from(self.peak);
        let Some(age) = (second % HOUR_S).checked_sub(self.start_s) else { return 0 };
        if age < self.rise_s {
            return (peak * age / self.rise_s) as u32;
        }
        let Some(falling) = age.checked_sub(self.rise_s + self.hold_s) else { return self.peak };
        let halvings = falling / self.half_s;
        if halvings >= 10 {
            return 0;
        }
        // A straight line from each half to the next.
        let from = peak >> halvings;
        (from - (from - from / 2) * (falling % self.half_s) / self.half_s) as u32
    }
}

/// Chooses a burst or none for each record.
pub(super) struct Trends {
    bursts: Vec<Burst>,
    /// The second that `shares` holds for.
    second: Option<u64>,
    shares: Vec<u32>,
}

impl Trends {
    pub(super) fn new(bursts: impl IntoIterator<Item = Burst>) -> Self {
        Trends { bursts: bursts.into_iter().collect(), second: None, shares: Vec::new() }
    }

    /// The burst that a record of this second belongs to, given a random number below a million.
    pub(super) fn choose(&mut self, second: u64, mut draw: u64) -> Option<usize> {
        if self.second != Some(second) {
            self.second = Some(second);
            self.shares.clear();
            self.shares.extend(self.bursts.iter().map(|burst| burst.share(second)));
        }
        self.shares.iter().position(|&share| {
            let is_here = draw < u64::from(share);
            draw = draw.saturating_sub(u64::from(share));
            is_here
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_rises_holds_and_falls() {
        let burst = Burst { start_s: 100, rise_s: 10, hold_s: 5, half_s: 20, peak: 1000 };
        let shares =
            [0, 99, 100, 105, 110, 114, 115, 125, 135, 155, 320, 3599].map(|second| burst.share(second));
        assert_eq!(shares, [0, 0, 0, 500, 1000, 1000, 1000, 750, 500, 250, 0, 0]);
        assert_eq!(burst.share(HOUR_S + 105), 500, "again in the next hour");
    }

    #[test]
    fn shares_add_up() {
        let burst = |peak| Burst { start_s: 0, rise_s: 1, hold_s: 9, half_s: 1, peak };
        let mut trends = Trends::new([burst(10), burst(0), burst(30)]);
        assert_eq!(
            [0, 9, 10, 39, 40].map(|draw| trends.choose(5, draw)),
            [Some(0), Some(0), Some(2), Some(2), None]
        );
        assert_eq!(trends.choose(0, 0), None);
    }
}
