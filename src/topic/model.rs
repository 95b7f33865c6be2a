//! What was learnt: how words spread in topics, and what texts prefer.

use foldhash::fast::FixedState;
use hashbrown::HashMap;

use super::Reading;
use super::fold::Folder;

/// How a model sees a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A mixture of topics.
    Lda,
    /// One topic.
    Gsdmm,
}

/// A topic model.
#[derive(Clone, Debug)]
pub struct Model {
    kind: Kind,
    words: Vec<Box<str>>,
    numbers: HashMap<Box<str>, u32, FixedState>,
    alpha: Vec<f64>,
    beta: f64,
    /// How often each word had each topic, word by word, over all samples.
    counts: Vec<u32>,
    samples: u32,
    /// Words of each topic over all samples.
    of_topic: Vec<u64>,
    reading: Reading,
}

impl Model {
    /// So many counts, of words in topics, a model has at most: 4 GiB of them. A file says in a few bytes that it has more.
    pub const MOST_COUNTS: usize = 1 << 30;

    /// A model of these counts: `counts` has one number for each word and topic, word by word, summed over `samples`
    /// (at least one); `alpha` has one number above 0 for each topic.
    pub(super) fn new(
        kind: Kind,
        words: Vec<Box<str>>,
        alpha: Vec<f64>,
        beta: f64,
        counts: Vec<u32>,
        samples: u32,
    ) -> Model {
        let mut of_topic = vec![0; alpha.len()];
        for counts in counts.chunks_exact(alpha.len()) {
            for (sum, &count) in of_topic.iter_mut().zip(counts) {
                *sum += u64::from(count);
            }
        }
        let numbers = words.iter().zip(0..).map(|(word, number)| (word.clone(), number)).collect();
        Model { kind, words, numbers, alpha, beta, counts, samples, of_topic, reading: Reading::default() }
    }

    /// The model, with what was left out of the texts that it was made of.
    pub fn with_reading(self, reading: Reading) -> Model {
        Model { reading, ..self }
    }

    /// What was left out of the texts that it was made of.
    pub fn reading(&self) -> &Reading {
        &self.reading
    }

    /// How it sees a text.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// How many topics there are.
    pub fn topics(&self) -> usize {
        self.alpha.len()
    }

    /// The words by number.
    pub fn words(&self) -> &[Box<str>] {
        &self.words
    }

    /// The number of a word that the model knows.
    pub fn number(&self, word: &str) -> Option<u32> {
        self.numbers.get(word).copied()
    }

    /// What texts prefer, topic by topic: for LDA the prior of a text's shares, in words; for GSDMM the texts of a topic.
    pub fn alpha(&self) -> &[f64] {
        &self.alpha
    }

    /// What a topic is taken to hold of each word.
    pub fn beta(&self) -> f64 {
        self.beta
    }

    /// The samples that were added up, at least one.
    pub fn samples(&self) -> u32 {
        self.samples
    }

    /// How often each word had each topic, word by word, over all samples.
    pub fn counts(&self) -> &[u32] {
        &self.counts
    }

    /// Words of a topic, a mean over the samples.
    pub fn size(&self, topic: usize) -> f64 {
        self.of_topic[topic] as f64 / f64::from(self.samples)
    }

    /// How often a word had a topic, a mean over the samples.
    pub fn count(&self, word: usize, topic: usize) -> f64 {
        f64::from(self.counts[word * self.topics() + topic]) / f64::from(self.samples)
    }

    /// The probability of a word in a topic.
    pub fn probability(&self, word: usize, topic: usize) -> f64 {
        let all = self.size(topic) + self.beta * self.words.len() as f64;
        (self.count(word, topic) + self.beta) / all
    }

    /// The topic that a word has most probably in a text with these shares of topics.
    pub(super) fn likeliest_of(&self, word: u32, shares: &[f32]) -> usize {
        let weight = |topic: usize| self.probability(word as usize, topic) * f64::from(shares[topic]);
        (1..self.topics()).fold(0, |best, topic| if weight(topic) > weight(best) { topic } else { best })
    }

    /// The words that a topic is shown by, the best first: by how probable they are in it, and how much more so than anywhere
    /// else: `relevance` (Sievert and Shirley 2014) at 0.6. Words that the topic does not hold are not shown.
    pub fn top_words(&self, topic: usize, most: usize) -> Vec<u32> {
        self.ranked(topic, most, |model, word| {
            let own = model.probability(word, topic);
            let everywhere: u64 = model.counts[word * model.topics()..][..model.topics()]
                .iter()
                .map(|&count| u64::from(count))
                .sum();
            let all: u64 = model.of_topic.iter().sum();
            let lift = own / (everywhere as f64 / all as f64);
            RELEVANCE * libm::log(own) + (1.0 - RELEVANCE) * libm::log(lift)
        })
    }

    /// The words that are most probable in a topic, the first first.
    pub fn frequent_words(&self, topic: usize, most: usize) -> Vec<u32> {
        self.ranked(topic, most, |model, word| model.probability(word, topic))
    }

    fn ranked(&self, topic: usize, most: usize, score: impl Fn(&Model, usize) -> f64) -> Vec<u32> {
        let mut ranked: Vec<(f64, u32)> = (0..self.words.len())
            .filter(|word| self.counts[word * self.topics() + topic] >= self.samples.div_ceil(2))
            .map(|word| (score(self, word), word as u32))
            .collect();
        let better = |left: &(f64, u32), right: &(f64, u32)| {
            right
                .0
                .total_cmp(&left.0)
                .then_with(|| self.words[left.1 as usize].cmp(&self.words[right.1 as usize]))
        };
        ranked.sort_unstable_by(better);
        ranked.into_iter().take(most).map(|(_, word)| word).collect()
    }

    /// Finds the topics of texts.
    pub fn folder(&self) -> Folder<&Model> {
        Folder::new(self)
    }
}

/// How much a shown word's own probability counts against its lift.
const RELEVANCE: f64 = 0.6;
