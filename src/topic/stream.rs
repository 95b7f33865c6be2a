//! A text whose tokens are drawn anew, one after the other.

use super::Corpus;
use super::lanes::{LANES, ONE, Row, cumulate, draw};

/// How many words each topic of a row has.
pub(super) type Counts = [i32; LANES];

/// (n of the text + alpha) / (n of the topic + V beta)
#[inline(always)]
fn attraction(of_text: &Row, alpha: &Row, of_topic: &Counts, all_beta: f32) -> Row {
    let mut pull = [0.0; LANES];
    for lane in 0..LANES {
        pull[lane] = (of_text[lane] + alpha[lane]) / (of_topic[lane] as f32 + all_beta);
    }
    pull
}

#[inline(always)]
fn add(row: &mut Row, one: &Row) {
    for lane in 0..LANES {
        row[lane] += one[lane];
    }
}

#[inline(always)]
fn subtract(row: &mut Row, one: &Row) {
    for lane in 0..LANES {
        row[lane] -= one[lane];
    }
}

#[inline(always)]
fn give(counts: &mut Counts, to: usize) {
    for (lane, count) in counts.iter_mut().enumerate() {
        *count += i32::from(lane == to);
    }
}

#[inline(always)]
fn take(counts: &mut Counts, from: usize) {
    for (lane, count) in counts.iter_mut().enumerate() {
        *count -= i32::from(lane == from);
    }
}

/// One of the texts at hand.
pub(super) struct Stream {
    /// The next text, and the one behind the last.
    text: usize,
    last: usize,
    /// The token at hand and the end of its text.
    pub(super) token: usize,
    pub(super) end: usize,
    /// How often the text has each topic, and how much text and topic together like a word; both 0 in lanes without a topic.
    of_text: Vec<Row>,
    pull: Vec<Row>,
    cumulated: Vec<Row>,
}

impl Stream {
    pub(super) fn new(width: usize, text: usize, last: usize) -> Stream {
        let zeros = vec![[0.0; LANES]; width];
        Stream { text, last, token: 0, end: 0, of_text: zeros.clone(), pull: zeros.clone(), cumulated: zeros }
    }

    /// Goes to the next text, if there is one.
    #[inline(always)]
    pub(super) fn next_text(
        &mut self,
        corpus: &Corpus,
        topics: &[u16],
        of_topic: &[Counts],
        alpha: &[Row],
        all_beta: f32,
    ) {
        if self.text == self.last {
            return;
        }
        let bounds = corpus.bounds(self.text);
        (self.token, self.end) = (bounds.start, bounds.end);
        self.text += 1;
        self.of_text.fill([0.0; LANES]);
        for &topic in &topics[bounds] {
            self.of_text[usize::from(topic) / LANES][usize::from(topic) % LANES] += 1.0;
        }
        for (((pull, of_text), alpha), of_topic) in
            self.pull.iter_mut().zip(&self.of_text).zip(alpha).zip(of_topic)
        {
            *pull = attraction(of_text, alpha, of_topic, all_beta);
        }
    }

    #[inline(always)]
    pub(super) fn take(
        &mut self,
        topic: u16,
        of_word: &mut [Row],
        of_topic: &mut [Counts],
        alpha: &[Row],
        all_beta: f32,
    ) {
        let (row, lane) = (usize::from(topic) / LANES, usize::from(topic) % LANES);
        subtract(&mut of_word[row], &ONE[lane]);
        subtract(&mut self.of_text[row], &ONE[lane]);
        take(&mut of_topic[row], lane);
        self.pull[row] = attraction(&self.of_text[row], &alpha[row], &of_topic[row], all_beta);
    }

    #[inline(always)]
    pub(super) fn draw(&mut self, of_word: &[Row], beta: f32, topics: usize, part: f32) -> usize {
        let weights = of_word.iter().zip(&self.pull).map(|(of_word, pull)| {
            let mut weights = [0.0; LANES];
            for lane in 0..LANES {
                weights[lane] = (of_word[lane] + beta) * pull[lane];
            }
            weights
        });
        let totals = cumulate(weights, &mut self.cumulated);
        draw(&self.cumulated, totals, topics, part)
    }

    #[inline(always)]
    pub(super) fn give(
        &mut self,
        topic: usize,
        of_word: &mut [Row],
        of_topic: &mut [Counts],
        alpha: &[Row],
        all_beta: f32,
    ) {
        let (row, lane) = (topic / LANES, topic % LANES);
        add(&mut of_word[row], &ONE[lane]);
        add(&mut self.of_text[row], &ONE[lane]);
        give(&mut of_topic[row], lane);
        self.pull[row] = attraction(&self.of_text[row], &alpha[row], &of_topic[row], all_beta);
    }
}
