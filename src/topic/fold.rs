//! The topics of a text that the model has not seen, without sampling: the same text has always the same topics.
//!
//! For LDA the shares are the fixed point of expectation and maximisation: each word is shared among the topics by how well it
//! fits, and the shares are what the words gave, and alpha. For GSDMM they are the probabilities that the text is of each
//! topic, in one step.

use std::ops::Deref;

use super::lanes::{LANES, rows};
use super::{Kind, Model, gsdmm};
use crate::scan::{Work, wide};

/// Rounds at most, and the change of a share that ends them.
const ROUNDS: u32 = 100;
const SETTLED: f32 = 1e-5;

/// A text whose shares are to be found.
struct Mixture<'f, M>(&'f mut Folder<M>, &'f [u32]);

impl<M: Deref<Target = Model>> Work for Mixture<'_, M> {
    type Outcome = ();

    #[inline(always)]
    fn run(self) {
        self.0.mixture(self.1);
    }
}

/// Finds the topics of one text after the other, with memory of its own.
pub struct Folder<M> {
    model: M,
    /// The probability of each word in each topic, word by word, padded to whole lanes.
    table: Vec<f32>,
    alpha: Vec<f32>,
    shares: Vec<f32>,
    next: Vec<f32>,
    /// How often each word came already in the text at hand; zeros between two texts.
    seen: Vec<u32>,
}

impl<M: Deref<Target = Model>> Folder<M> {
    /// A folder with a table of the model's probabilities.
    pub fn new(model: M) -> Folder<M> {
        let width = rows(model.topics()) * LANES;
        let mut table = vec![0.0; width * model.words().len()];
        for (word, row) in table.chunks_exact_mut(width).enumerate() {
            for (topic, slot) in row[..model.topics()].iter_mut().enumerate() {
                *slot = model.probability(word, topic) as f32;
            }
        }
        let mut alpha = vec![0.0; width];
        for (slot, &own) in alpha.iter_mut().zip(model.alpha()) {
            *slot = own as f32;
        }
        let seen = vec![0; model.words().len()];
        Folder { model, table, alpha, shares: vec![0.0; width], next: vec![0.0; width], seen }
    }

    /// Its model.
    pub fn model(&self) -> &Model {
        &self.model
    }

    /// The share of each topic in a text of these word numbers; they add up to 1. Without words: what texts prefer.
    pub fn shares(&mut self, words: &[u32]) -> &[f32] {
        match self.model.kind() {
            Kind::Lda => wide(Mixture(self, words)),
            Kind::Gsdmm => self.single(words),
        }
        &self.shares[..self.model.topics()]
    }

    #[inline(always)]
    fn mixture(&mut self, words: &[u32]) {
        let (topics, width) = (self.model.topics(), self.shares.len());
        if words.is_empty() {
            self.shares.copy_from_slice(&self.alpha);
            normalise(&mut self.shares);
            return;
        }
        self.shares[..topics].fill(1.0 / topics as f32);
        for _ in 0..ROUNDS {
            self.next.copy_from_slice(&self.alpha);
            for &word in words {
                let row = &self.table[word as usize * width..][..width];
                let mut sums = [0.0_f32; LANES];
                for (row, shares) in row.chunks_exact(LANES).zip(self.shares.chunks_exact(LANES)) {
                    for lane in 0..LANES {
                        sums[lane] += row[lane] * shares[lane];
                    }
                }
                let whole = 1.0 / sum(sums).max(f32::MIN_POSITIVE);
                for (next, (row, share)) in self.next.iter_mut().zip(row.iter().zip(&self.shares)) {
                    *next += row * share * whole;
                }
            }
            normalise(&mut self.next);
            let change = largest_change(&self.next, &self.shares);
            std::mem::swap(&mut self.next, &mut self.shares);
            if change < SETTLED {
                break;
            }
        }
    }

    fn single(&mut self, words: &[u32]) {
        let model = &*self.model;
        let all_beta = model.beta() * model.words().len() as f64;
        let mut weights = model.alpha().to_vec();
        let mut parts = vec![1.0; weights.len()];
        for (place, &word) in words.iter().enumerate() {
            let again = f64::from(self.seen[word as usize]);
            self.seen[word as usize] += 1;
            for (topic, (weight, part)) in weights.iter_mut().zip(&mut parts).enumerate() {
                *weight *= model.count(word as usize, topic) + model.beta() + again;
                *part *= model.size(topic) + all_beta + place as f64;
            }
            if (place + 1) % gsdmm::SCALE_EVERY == 0 {
                gsdmm::scale(&mut weights, &mut parts);
            }
        }
        words.iter().for_each(|&word| self.seen[word as usize] = 0);
        gsdmm::scale(&mut weights, &mut parts);
        for (share, weight) in self.shares.iter_mut().zip(weights) {
            *share = weight as f32;
        }
        normalise(&mut self.shares);
    }
}

#[inline(always)]
fn sum(lanes: [f32; LANES]) -> f32 {
    ((lanes[0] + lanes[4]) + (lanes[2] + lanes[6])) + ((lanes[1] + lanes[5]) + (lanes[3] + lanes[7]))
}

/// Makes the numbers add up to 1; they are a whole number of lanes.
#[inline(always)]
fn normalise(numbers: &mut [f32]) {
    let mut sums = [0.0_f32; LANES];
    for row in numbers.chunks_exact(LANES) {
        for lane in 0..LANES {
            sums[lane] += row[lane];
        }
    }
    let whole = 1.0 / sum(sums);
    numbers.iter_mut().for_each(|number| *number *= whole);
}

#[inline(always)]
fn largest_change(left: &[f32], right: &[f32]) -> f32 {
    let mut largest = [0.0_f32; LANES];
    for (left, right) in left.chunks_exact(LANES).zip(right.chunks_exact(LANES)) {
        for lane in 0..LANES {
            largest[lane] = largest[lane].max((left[lane] - right[lane]).abs());
        }
    }
    largest.into_iter().fold(0.0, f32::max)
}
