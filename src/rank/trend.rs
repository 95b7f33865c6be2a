//! What rises: a key's number against its own recent mean.
//!
//! `score = (count - mean) / sqrt(mean + 1)`, where `mean` is the key's mean count in the windows before: the last
//! `WINDOWS` of the same length that do not overlap this one or each other. A key without a row in one of them counts 0
//! there. The root is how much a count of that size varies by chance, so 12 after a mean of 2 rises more than 1010 after
//! 1000. In the first window, and in running totals, nothing is known of before, and the score is the count.

use std::collections::BTreeMap;

use super::history::{MAX_LANES, Size, address};
use crate::row::{Number, Row};
use crate::time::Millis;

/// Windows that a mean is made of, if there were so many.
const WINDOWS: usize = 6;

/// The column that is added.
pub(super) const SCORE: &str = "score";

/// The counts of recent windows by packed key, a lane for each length.
#[derive(Clone, Debug, Default)]
pub(super) struct Trend {
    /// The most recently used last.
    lanes: Vec<(Size, BTreeMap<Millis, Counts>)>,
}

#[derive(Clone, Debug)]
struct Counts {
    end: Millis,
    of_keys: BTreeMap<Vec<u8>, f64>,
}

impl Trend {
    /// Adds the score to each row of a window, and remembers the window.
    pub(super) fn score(&mut self, rows: &mut [Row]) {
        let Some(first) = rows.first() else { return };
        let (size, start) = address(first);
        let end = first.bounds.map_or(start, |bounds| bounds.end);
        let is_whole = matches!(size, Size::Whole);
        let lane = match self.lanes.iter().position(|(known, _)| *known == size) {
            Some(at) => self.lanes.remove(at).1,
            None => BTreeMap::new(),
        };
        let before: Vec<&Counts> = if is_whole { Vec::new() } else { before(&lane, start) };
        let mut of_keys = BTreeMap::new();
        for row in rows {
            let (key, count) = (row.packed_key(), row.count.as_f64());
            let sum: f64 = before.iter().filter_map(|counts| counts.of_keys.get(&key)).sum();
            let mean = if before.is_empty() { 0.0 } else { sum / before.len() as f64 };
            let score = if before.is_empty() { count } else { (count - mean) / (mean.max(0.0) + 1.0).sqrt() };
            // Adding nothing makes a zero of a negative one.
            let score = Number::Float((score * 10_000.0).round() / 10_000.0 + 0.0);
            row.extra.retain(|(name, _)| name != SCORE);
            row.extra.push((SCORE.to_owned(), score.to_string()));
            of_keys.insert(key, count);
        }
        let mut lane = lane;
        if !is_whole {
            lane.insert(start, Counts { end, of_keys });
            // Windows before the sixth before the newest are no part of any mean to come.
            let length = end.saturating_sub(start);
            let newest = lane.last_key_value().map_or(start, |(newest, _)| *newest);
            let oldest = newest.saturating_sub(length.saturating_mul(WINDOWS as Millis + 2));
            while lane.len() > WINDOWS + 1
                && let Some(first) = lane.first_entry()
                && *first.key() < oldest
            {
                first.remove();
            }
        }
        if self.lanes.len() >= MAX_LANES {
            self.lanes.remove(0);
        }
        self.lanes.push((size, lane));
    }
}

/// The windows before a time, the newest first, none of which overlaps another.
fn before(lane: &BTreeMap<Millis, Counts>, start: Millis) -> Vec<&Counts> {
    let mut until = start;
    let mut found = Vec::new();
    for (start, counts) in lane.range(..start).rev() {
        if found.len() == WINDOWS {
            break;
        }
        if counts.end <= until {
            found.push(counts);
            until = *start;
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::row::key::Scalar;

    fn scores(trend: &mut Trend, bounds: (Millis, Millis), counts: &[(&str, i128)]) -> Vec<f64> {
        let row = |(key, count): &(&str, i128)| {
            let mut row = Row::new(bounds.0, bounds.1, Number::Int(*count));
            row.keys.push(("tag".into(), Scalar::String((*key).to_owned().into())));
            row
        };
        let mut rows: Vec<Row> = counts.iter().map(row).collect();
        trend.score(&mut rows);
        rows.iter().map(|row| row.figure(SCORE).expect("a score").as_f64()).collect()
    }

    #[test]
    fn a_score_is_the_distance_from_the_mean_before() {
        let mut trend = Trend::default();
        assert_eq!(scores(&mut trend, (0, 20), &[("a", 2), ("b", 1000)]), [2.0, 1000.0]);
        let expected = [(12.0 - 2.0) / 3_f64.sqrt(), 10.0 / 1001_f64.sqrt(), 3.0];
        let found = scores(&mut trend, (20, 40), &[("a", 12), ("b", 1010), ("new", 3)]);
        for (found, expected) in found.iter().zip(expected) {
            assert!((found - expected).abs() < 1e-4, "{found} {expected}");
        }
    }

    #[test]
    fn the_mean_is_of_six_windows_that_do_not_overlap() {
        let mut trend = Trend::default();
        for at in 0..30 {
            scores(&mut trend, (at * 10, at * 10 + 20), &[("a", i128::from(at))]);
        }
        // Before 300: the windows that start at 280, 260, 240, 220, 200, 180.
        let mean = (28 + 26 + 24 + 22 + 20 + 18) as f64 / 6.0;
        let found = scores(&mut trend, (300, 320), &[("a", 30)]);
        assert!((found[0] - (30.0 - mean) / (mean + 1.0).sqrt()).abs() < 1e-4, "{found:?}");
        assert!(trend.lanes[0].1.len() < 20, "{}", trend.lanes[0].1.len());
    }

    #[test]
    fn a_window_again_takes_its_own_place() {
        let mut trend = Trend::default();
        scores(&mut trend, (0, 20), &[("a", 5)]);
        scores(&mut trend, (0, 20), &[("a", 8)]);
        let found = scores(&mut trend, (20, 40), &[("a", 8)]);
        assert_eq!(found, [0.0]);
    }
}
