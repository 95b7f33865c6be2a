//! Disorder: records arrive late, as over a network, each by a delay of its own.
//!
//! A record of event time t arrives at t plus a delay of 0 to D, drawn from a seed; records come out in the order of their
//! arrivals. So in a recording that is in order no record comes behind one that is more than D newer: a watermark of D loses none.
//! Memory: the records of D of event time.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::belief::{Belief, Verdict};
use crate::random::Random;

/// Its own stream of the seed, apart from those of the demo streams.
const STREAM: u64 = 0x6469_736f_7264_6572;

/// Holds records back; `T` is whatever they are.
#[derive(Debug)]
pub struct Disorder<T> {
    most_ms: u64,
    random: Random,
    belief: Belief,
    taken: u64,
    held: BinaryHeap<Reverse<Held<T>>>,
}

#[derive(Debug)]
struct Held<T> {
    arrival: i64,
    /// Among records of one arrival the first is the first.
    place: u64,
    record: T,
}

impl<T> Disorder<T> {
    /// Delays of at most so many milliseconds.
    pub fn new(most_ms: u64, seed: u64) -> Disorder<T> {
        Disorder {
            most_ms,
            random: Random::new(seed, STREAM),
            belief: Belief::default(),
            taken: 0,
            held: BinaryHeap::new(),
        }
    }

    /// Takes the next record, and hands out all that have arrived by then, each with the time of its arrival. One without a
    /// readable time arrives with what came before it; so does one whose time is doubted.
    pub fn take(&mut self, time: Option<i64>, record: T, out: &mut dyn FnMut(Option<i64>, T)) {
        let delay = self.random.below(self.most_ms.saturating_add(1)) as i64;
        let Some(time) = time else { return out(None, record) };
        match self.belief.take(time) {
            Verdict::Doubted => return out(Some(time), record),
            // What was before the jump has had its time.
            Verdict::Jumped => self.finish(out),
            Verdict::Forward(_) | Verdict::Behind => {}
        }
        let now = self.belief.newest().unwrap_or(time);
        self.held.push(Reverse(Held { arrival: time.saturating_add(delay), place: self.taken, record }));
        self.taken += 1;
        while self.held.peek().is_some_and(|Reverse(held)| held.arrival <= now) {
            self.hand_out(out);
        }
    }

    /// Hands out what is still on its way.
    pub fn finish(&mut self, out: &mut dyn FnMut(Option<i64>, T)) {
        while !self.held.is_empty() {
            self.hand_out(out);
        }
    }

    fn hand_out(&mut self, out: &mut dyn FnMut(Option<i64>, T)) {
        if let Some(Reverse(held)) = self.held.pop() {
            out(Some(held.arrival), held.record);
        }
    }
}

impl<T> PartialEq for Held<T> {
    fn eq(&self, other: &Held<T>) -> bool {
        (self.arrival, self.place) == (other.arrival, other.place)
    }
}

impl<T> Eq for Held<T> {}

impl<T> PartialOrd for Held<T> {
    fn partial_cmp(&self, other: &Held<T>) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl<T> Ord for Held<T> {
    fn cmp(&self, other: &Held<T>) -> std::cmp::Ordering {
        (self.arrival, self.place).cmp(&(other.arrival, other.place))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn all(most_ms: u64, seed: u64, times: &[Option<i64>]) -> Vec<(Option<i64>, usize)> {
        let mut disorder = Disorder::new(most_ms, seed);
        let mut out = Vec::new();
        for (place, time) in times.iter().enumerate() {
            disorder.take(*time, place, &mut |arrival, place| out.push((arrival, place)));
        }
        disorder.finish(&mut |arrival, place| out.push((arrival, place)));
        out
    }

    proptest! {
        /// The naive model: sort all by arrival.
        #[test]
        fn a_recording_in_order_comes_out_by_arrival(
            gaps in prop::collection::vec(0..5000_i64, 0..80),
            most in 0..20_000_u64,
            seed: u64,
        ) {
            let times: Vec<Option<i64>> = gaps.iter().scan(0, |time, gap| { *time += gap; Some(Some(*time)) }).collect();
            let out = all(most, seed, &times);
            prop_assert_eq!(&out, &all(most, seed, &times), "the seed decides alone");
            let mut random = Random::new(seed, STREAM);
            let mut model: Vec<(Option<i64>, usize)> = times
                .iter()
                .enumerate()
                .map(|(place, time)| (time.map(|time| time + random.below(most + 1) as i64), place))
                .collect();
            model.sort_by_key(|(arrival, _)| *arrival);
            prop_assert_eq!(out, model);
        }

        #[test]
        fn nothing_is_lost_and_nothing_is_later_than_it_was_or_the_bound(
            times in prop::collection::vec(prop::option::of(0..50_000_i64), 0..80),
            most in 0..20_000_u64,
            seed: u64,
        ) {
            let lateness = |times: &mut dyn Iterator<Item = Option<i64>>| {
                let (mut newest, mut worst) = (i64::MIN, 0);
                for time in times.flatten() {
                    newest = newest.max(time);
                    worst = worst.max(newest - time);
                }
                worst
            };
            let out = all(most, seed, &times);
            let before = lateness(&mut times.iter().copied());
            let after = lateness(&mut out.iter().map(|(_, place)| times[*place]));
            prop_assert!(after <= before.max(most as i64), "{after} > {before}, {most}");
            let mut places: Vec<usize> = out.iter().map(|(_, place)| *place).collect();
            places.sort_unstable();
            prop_assert_eq!(places, (0..times.len()).collect::<Vec<_>>());
        }
    }

    #[test]
    fn no_delay_changes_nothing_and_a_far_date_disturbs_nothing() {
        let times = [Some(5), None, Some(3), Some(i64::MAX), Some(9)];
        let places: Vec<usize> = all(0, 7, &times).into_iter().map(|(_, place)| place).collect();
        assert_eq!(places, [0, 1, 2, 3, 4]);
        let times: Vec<Option<i64>> = (0..100).map(Some).collect();
        let mut far = times.clone();
        far.insert(50, Some(i64::MAX / 2));
        let order = |times: &[Option<i64>]| -> Vec<Option<i64>> {
            all(10, 7, times).into_iter().map(|(_, place)| times[place]).collect()
        };
        assert_ne!(order(&times), times, "it does disturb");
        let kept: Vec<Option<i64>> =
            order(&far).into_iter().filter(|time| *time != Some(i64::MAX / 2)).collect();
        let mut sorted = kept.clone();
        sorted.sort_unstable();
        assert_eq!(sorted, times);
    }

    #[test]
    fn after_a_jump_the_old_ones_are_out() {
        let day = super::super::belief::JUMP_MS;
        let times = [0, 1, 2, 9 * day, 9 * day + 1, 9 * day + 2, 9 * day + 50_000].map(Some);
        let out = all(10_000, 3, &times);
        assert_eq!(out.len(), 7);
        let last = out.iter().position(|(_, place)| *place == 5).unwrap();
        assert!((0..3).all(|place| out[..last].iter().any(|(_, before)| *before == place)), "{out:?}");
    }
}
