//! Draws a topic by its weight, eight topics at a time.
//!
//! A prefix sum over all topics is a chain of additions, each waiting for the one before. Here eight chains run beside each
//! other, one a lane, topic `k` in lane `k % 8`: first the lane is drawn by the lanes' totals, then the topic in the lane's own
//! prefix sums. Which topic comes out differs from a plain prefix sum; how probable each one is does not. The order of the
//! additions is fixed by what is written here, so every machine draws the same.

/// How many topics are looked at side by side.
pub(super) const LANES: usize = 8;

/// `topics` rounded up to whole rows of lanes.
pub(super) fn padded(topics: usize) -> usize {
    topics.div_ceil(LANES) * LANES
}

/// Sums `cumulated` of the weights within each lane, and the totals of the lanes.
///
/// `weight(row, lane)` is inlined and vectorised.
#[inline(always)]
pub(super) fn cumulate(weights: impl Iterator<Item = [f32; LANES]>, cumulated: &mut [f32]) -> [f32; LANES] {
    let mut totals = [0.0_f32; LANES];
    for (row, sums) in weights.zip(cumulated.chunks_exact_mut(LANES)) {
        for lane in 0..LANES {
            totals[lane] += row[lane];
            sums[lane] = totals[lane];
        }
    }
    totals
}

/// The topic at `part`, from 0 to below 1, of the whole weight. The weights of the topics from `topics` on are 0.
#[inline(always)]
pub(super) fn draw(cumulated: &[f32], totals: [f32; LANES], topics: usize, part: f32) -> usize {
    let mut ends = [0.0_f32; LANES];
    let mut end = 0.0;
    for lane in 0..LANES {
        end += totals[lane];
        ends[lane] = end;
    }
    let mut left = part * end;
    let lanes = topics.min(LANES);
    let lane: usize = ends[..lanes - 1].iter().map(|&end| usize::from(end <= left)).sum();
    if lane > 0 {
        left -= ends[lane - 1];
    }
    let rows = cumulated.len() / LANES;
    let row: usize =
        cumulated[lane..].iter().step_by(LANES).take(rows - 1).map(|&sum| usize::from(sum <= left)).sum();
    let topic = row * LANES + lane;
    // What was left may have been rounded up to the lane's whole weight, whose last topic is then meant.
    if topic < topics { topic } else { topic - LANES }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Random;

    /// Against a plain prefix sum: each topic is drawn as often as its weight says.
    #[test]
    fn topics_are_drawn_by_their_weights() {
        for topics in [1, 2, 7, 8, 9, 20, 33] {
            let mut random = Random::new(topics as u64, 0);
            let weights: Vec<f32> = (0..topics).map(|_| random.below(100) as f32 + 0.25).collect();
            let mut row = vec![0.0; padded(topics)];
            row[..topics].copy_from_slice(&weights);
            let mut cumulated = vec![0.0; padded(topics)];
            let rows = row.chunks_exact(LANES).map(|lanes| std::array::from_fn(|lane| lanes[lane]));
            let totals = cumulate(rows, &mut cumulated);
            let mut counts = vec![0_u32; topics];
            let draws = 200_000;
            for draw_number in 0..draws {
                let part = (draw_number as f32 + 0.5) / draws as f32;
                counts[draw(&cumulated, totals, topics, part)] += 1;
            }
            let whole: f32 = weights.iter().sum();
            for (count, weight) in counts.iter().zip(&weights) {
                let expected = weight / whole * draws as f32;
                assert!((*count as f32 - expected).abs() < 40.0, "{count} for {expected} of {topics} topics");
            }
        }
    }

    #[test]
    fn the_ends_of_the_range_are_topics() {
        for topics in 1..40 {
            let mut row = vec![0.0_f32; padded(topics)];
            row[..topics].fill(0.1);
            let mut cumulated = vec![0.0; padded(topics)];
            let rows = row.chunks_exact(LANES).map(|lanes| std::array::from_fn(|lane| lanes[lane]));
            let totals = cumulate(rows, &mut cumulated);
            for part in [0.0, 0.5, 0.999_999_9, 1.0] {
                assert!(draw(&cumulated, totals, topics, part) < topics, "{topics} at {part}");
            }
        }
    }
}
