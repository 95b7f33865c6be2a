//! Draws a topic by its weight, eight topics at a time.
//!
//! A prefix sum over all topics is a chain of additions, each waiting for the one before. Here eight chains run beside each
//! other, one a lane, topic `k` in lane `k % 8`: first the lane is drawn by the lanes' totals, then the topic in the lane's own
//! prefix sums. Which topic comes out differs from a plain prefix sum; how probable each one is does not. The order of the
//! additions is fixed by what is written here, so every machine draws the same.

/// How many topics are looked at side by side.
pub(super) const LANES: usize = 8;

/// One number for each of the topics of a row.
pub(super) type Row = [f32; LANES];

/// Rows for so many topics; the last one may have lanes without a topic.
pub(super) fn rows(topics: usize) -> usize {
    topics.div_ceil(LANES)
}

/// 1 in one lane.
///
/// Rows are changed as a whole by adding these: a number stored by itself could not be handed to the load of its row that
/// follows, and the processor would wait.
pub(super) const ONE: [Row; LANES] = {
    let mut ones = [[0.0; LANES]; LANES];
    let mut lane = 0;
    while lane < LANES {
        ones[lane][lane] = 1.0;
        lane += 1;
    }
    ones
};

const FIRST_NOT: Row = [0.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0];

/// Prefix sums of the weights within each lane, row by row; returns the lanes' totals.
#[inline(always)]
pub(super) fn cumulate(weights: impl Iterator<Item = Row>, cumulated: &mut [Row]) -> Row {
    let mut totals = [0.0; LANES];
    for (row, sums) in weights.zip(cumulated) {
        for lane in 0..LANES {
            totals[lane] += row[lane];
        }
        *sums = totals;
    }
    totals
}

/// The topic at `part`, from 0 to below 1, of the whole weight. Lanes without a topic weigh 0.
#[inline(always)]
pub(super) fn draw(cumulated: &[Row], totals: Row, topics: usize, part: f32) -> usize {
    let ends = prefix_sums(totals);
    let mut left = part * ends[LANES - 1];
    let passed: u32 = ends.iter().map(|&end| u32::from(end <= left)).sum();
    let lane = (passed as usize).min(topics.min(LANES) - 1);
    // Where the lane begins; the first at 0, which needs no branch that a processor would guess wrong.
    left -= ends[lane.saturating_sub(1)] * FIRST_NOT[lane];
    let but_last = &cumulated[..cumulated.len() - 1];
    let mut row = 0_u32;
    for sums in but_last {
        row += u32::from(sums[lane] <= left);
    }
    let topic = row as usize * LANES + lane;
    // What was left may have been rounded up to the lane's whole weight, whose last topic is then meant.
    if topic < topics { topic } else { topic - LANES }
}

/// As a tree, four additions deep instead of eight.
#[inline(always)]
fn prefix_sums(row: Row) -> Row {
    let [a, b, c, d, e, f, g, h] = row;
    let (ab, cd, ef, gh) = (a + b, c + d, e + f, g + h);
    let (abcd, efgh) = (ab + cd, ef + gh);
    let abcdef = abcd + ef;
    [a, ab, ab + c, abcd, abcd + e, abcdef, abcdef + g, abcd + efgh]
}

/// Adds the counts of words, row by row, to sums that have no lanes without a topic.
pub(super) fn add_counts(sums: &mut [u32], counts: &[Row], topics: usize) {
    for (sums, counts) in sums.chunks_exact_mut(topics).zip(counts.chunks_exact(rows(topics))) {
        for (sum, &count) in sums.iter_mut().zip(counts.as_flattened()) {
            *sum += count as u32;
        }
    }
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
            let mut padded = vec![[0.0; LANES]; rows(topics)];
            padded.as_flattened_mut()[..topics].copy_from_slice(&weights);
            let mut cumulated = padded.clone();
            let totals = cumulate(padded.iter().copied(), &mut cumulated);
            let mut counts = vec![0_u32; topics];
            let draws = 20_000;
            for draw_number in 0..draws {
                let part = (draw_number as f32 + 0.5) / draws as f32;
                counts[draw(&cumulated, totals, topics, part)] += 1;
            }
            let whole: f32 = weights.iter().sum();
            for (count, weight) in counts.iter().zip(&weights) {
                let expected = weight / whole * draws as f32;
                assert!((*count as f32 - expected).abs() < 10.0, "{count} for {expected} of {topics} topics");
            }
        }
    }

    #[test]
    fn the_ends_of_the_range_are_topics() {
        for topics in 1..40 {
            let mut padded = vec![[0.0; LANES]; rows(topics)];
            padded.as_flattened_mut()[..topics].fill(0.1);
            let mut cumulated = padded.clone();
            let totals = cumulate(padded.iter().copied(), &mut cumulated);
            for part in [0.0, 0.5, 0.999_999_9, 1.0] {
                assert!(draw(&cumulated, totals, topics, part) < topics, "{topics} at {part}");
            }
        }
    }
}
