//! One topic a text: collapsed Gibbs sampling of a Dirichlet mixture of multinomials (Yin and Wang, KDD 2014, equation 4),
//! known as GSDMM.
//!
//! A text that has a handful of words is about one thing, and its words say together which: a few sweeps over whole texts do
//! what hundreds over single words do. Topics that no text wants become empty and stay so: `topics` is the most there can be.
//!
//! The weight of a topic is a product of one fraction for each word. It is kept in range by scaling all topics alike.

use super::lanes::{LANES, Row, add_counts, cumulate, draw, rows};
use super::{Corpus, Kind, Model, Settings, Start};
use crate::random::Random;
use crate::scan::{Work, wide};

/// Words between two scalings: no product of so many fractions leaves the range of `f64`.
pub(super) const SCALE_EVERY: usize = 12;

/// A sweep over all texts.
struct Sweep<'s, 'c>(&'s mut Gsdmm<'c>);

impl Work for Sweep<'_, '_> {
    type Outcome = ();

    #[inline(always)]
    fn run(self) {
        self.0.resample();
    }
}

/// A sampler at work.
pub struct Gsdmm<'c> {
    corpus: &'c Corpus,
    settings: Settings,
    random: Random,
    /// The topic of each text.
    topics: Vec<u16>,
    /// How often each word has each topic, word by word, padded to whole lanes.
    of_word: Vec<Row>,
    /// Words and texts of each topic.
    of_topic: Vec<u32>,
    texts: Vec<u32>,
    sampled: Vec<u32>,
    sampled_texts: Vec<u64>,
    samples: u32,
    done: u32,
}

impl<'c> Gsdmm<'c> {
    /// A sampler with a random topic for each text, or the one that an earlier model suggests.
    pub fn new(corpus: &'c Corpus, settings: Settings, start: Start<'_>) -> Gsdmm<'c> {
        let width = rows(settings.topics);
        let mut sampler = Gsdmm {
            corpus,
            settings,
            random: Random::new(settings.seed, 1),
            topics: Vec::with_capacity(corpus.len()),
            of_word: vec![[0.0; LANES]; width * corpus.words().len()],
            of_topic: vec![0; settings.topics],
            texts: vec![0; settings.topics],
            sampled: vec![0; settings.topics * corpus.words().len()],
            sampled_texts: vec![0; settings.topics],
            samples: 0,
            done: 0,
        };
        match start.model.filter(|model| model.topics() == settings.topics) {
            Some(model) => sampler.begin_from(model),
            None => {
                for _ in 0..corpus.len() {
                    sampler.topics.push(sampler.random.index(settings.topics) as u16);
                }
            }
        }
        for (text, &topic) in corpus.texts().zip(&sampler.topics) {
            let topic = usize::from(topic);
            sampler.texts[topic] += 1;
            sampler.of_topic[topic] += text.len() as u32;
            for &word in text {
                sampler.of_word[word as usize * width + topic / LANES][topic % LANES] += 1.0;
            }
        }
        sampler
    }

    fn begin_from(&mut self, model: &Model) {
        let known: Vec<Option<u32>> = self.corpus.words().iter().map(|word| model.number(word)).collect();
        let mut folder = model.folder();
        let mut numbers = Vec::new();
        for text in self.corpus.texts() {
            numbers.clear();
            numbers.extend(text.iter().filter_map(|&word| known[word as usize]));
            self.topics.push(super::likeliest(folder.shares(&numbers)) as u16);
        }
    }

    /// One sweep over all texts.
    pub fn sweep(&mut self) {
        wide(Sweep(self));
        self.done += 1;
        if self.done > self.settings.iterations / 2 {
            self.sample();
        }
        debug_assert!(self.counts_agree());
    }

    #[inline(always)]
    fn resample(&mut self) {
        let (topics, width) = (self.settings.topics, rows(self.settings.topics));
        let all_beta = self.settings.beta * self.corpus.words().len() as f64;
        let mut weights = vec![0.0_f64; width * LANES];
        let mut parts = vec![0.0_f64; width * LANES];
        let mut sizes = vec![1.0_f64; width * LANES];
        let mut cumulated = vec![[0.0; LANES]; width];
        // How often each word came already in the text at hand.
        let mut seen = vec![0_u32; self.corpus.words().len()];
        for (text, slot) in self.corpus.texts().zip(self.topics.iter_mut()) {
            let old = usize::from(*slot);
            self.texts[old] -= 1;
            self.of_topic[old] -= text.len() as u32;
            for &word in text {
                self.of_word[word as usize * width + old / LANES][old % LANES] -= 1.0;
            }
            for topic in 0..topics {
                weights[topic] = f64::from(self.texts[topic]) + self.settings.alpha;
                sizes[topic] = f64::from(self.of_topic[topic]) + all_beta;
            }
            parts.fill(1.0);
            for (place, &word) in text.iter().enumerate() {
                let again = &mut seen[word as usize];
                let more = self.settings.beta + f64::from(*again);
                *again += 1;
                let of_word = self.of_word[word as usize * width..][..width].as_flattened();
                for (weight, &count) in weights.iter_mut().zip(of_word) {
                    *weight *= f64::from(count) + more;
                }
                for (part, size) in parts.iter_mut().zip(&sizes) {
                    *part *= size + place as f64;
                }
                if (place + 1) % SCALE_EVERY == 0 {
                    scale(&mut weights, &mut parts);
                }
            }
            scale(&mut weights, &mut parts);
            let rows = weights.chunks_exact(LANES).map(|row| std::array::from_fn(|lane| row[lane] as f32));
            let totals = cumulate(rows, &mut cumulated);
            let new = draw(&cumulated, totals, topics, self.random.part());
            self.texts[new] += 1;
            self.of_topic[new] += text.len() as u32;
            for &word in text {
                seen[word as usize] = 0;
                self.of_word[word as usize * width + new / LANES][new % LANES] += 1.0;
            }
            *slot = new as u16;
        }
    }

    fn sample(&mut self) {
        add_counts(&mut self.sampled, &self.of_word, self.settings.topics);
        for (sum, &texts) in self.sampled_texts.iter_mut().zip(&self.texts) {
            *sum += u64::from(texts);
        }
        self.samples += 1;
    }

    /// The model of the samples so far.
    pub fn model(mut self) -> Model {
        if self.samples == 0 {
            self.sample();
        }
        let samples = f64::from(self.samples);
        let alpha =
            self.sampled_texts.iter().map(|&texts| texts as f64 / samples + self.settings.alpha).collect();
        Model::new(
            Kind::Gsdmm,
            self.corpus.words().to_vec(),
            alpha,
            self.settings.beta,
            self.sampled,
            self.samples,
        )
    }

    pub(super) fn counts_agree(&self) -> bool {
        let width = rows(self.settings.topics);
        let mut of_word = vec![[0.0; LANES]; self.of_word.len()];
        let mut of_topic = vec![0; self.settings.topics];
        let mut texts = vec![0; self.settings.topics];
        for (text, &topic) in self.corpus.texts().zip(&self.topics) {
            let topic = usize::from(topic);
            texts[topic] += 1;
            of_topic[topic] += text.len() as u32;
            text.iter()
                .for_each(|&word| of_word[word as usize * width + topic / LANES][topic % LANES] += 1.0);
        }
        of_word == self.of_word && of_topic == self.of_topic && texts == self.texts
    }
}

/// Divides, and makes the largest weight 1.
#[inline(always)]
pub(super) fn scale(weights: &mut [f64], parts: &mut [f64]) {
    let mut largest = 0.0_f64;
    for (weight, part) in weights.iter_mut().zip(parts.iter_mut()) {
        *weight /= *part;
        *part = 1.0;
        largest = largest.max(*weight);
    }
    weights.iter_mut().for_each(|weight| *weight /= largest);
}
