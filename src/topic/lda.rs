//! Latent Dirichlet allocation by collapsed Gibbs sampling (Griffiths and Steyvers, PNAS 2004).
//!
//! Each token has a topic. A sweep takes one token after the other out of the counts and gives it a topic anew, by how much
//! its text likes each topic and how much each topic likes the word. What the texts prefer (`alpha`, one number a topic) is
//! fitted on the way by Minka's fixed point; how words spread in topics (`beta`) is given.
//!
//! **Why dense.** Texts are short and topics are few, so looking at all topics of a token, eight side by side, is cheaper than
//! the books that sparse samplers keep. Counts are kept word by word in `f32`, in which they are exact, and 1 / (n + V beta)
//! is kept for each topic.
//!
//! **What was measured** at 100 topics (2 loaded cores, 8 words a text, Mtok/s): this 20, with AVX2 (`scan::wide`) 29. Word by word
//! with the text's part drawn from its other words and the rest from sums in two levels (Yu et al., F+LDA, WWW 2015), exact
//! and one token after the other: 17 where texts prefer nothing (fitted alphas add up to 7, so that half of the draws are not
//! sparse) and 29 where each is about one thing: no gain, for a wrong guess of the processor costs what four rows do.
//! Metropolis-Hastings on alias tables (LightLDA) mixes worse: perplexity 455 instead of 417 after as many sweeps. Six or eight texts at
//! once, reciprocals kept instead of divisions, loops of a fixed width, a search for the row in two steps: no gain each.
//!
//! The samples of the last half of the run are added up: a model of many samples is steadier than one of the last.

use super::lanes::{LANES, Row, add_counts, rows};
use super::stream::{Counts, Stream};
use super::{Corpus, Kind, Model};
use crate::random::Random;
use crate::scan::{Work, wide};

/// Sweeps between two fits of alpha, and between two samples.
const FIT_EVERY: u32 = 10;
/// Alpha is not fitted below this: a topic that no text holds would never come back.
const LEAST_ALPHA: f64 = 1e-4;
/// Rounds of one fit, and the change that ends it.
const FIT_ROUNDS: u32 = 20;
const FITTED: f64 = 1e-3;
/// So many texts are sampled side by side, a token of each at a time. Drawing one topic is a chain of steps that wait for each
/// other; four such chains keep a processor busy. The four tokens do not see each other while they are drawn, and a text sees
/// the sizes of topics as they were when it began, but for its own changes: what distributed samplers do with whole parts of
/// the texts (Newman et al., JMLR 2009), here over a few tokens. Measured over 30 seeds and two corpora: perplexity and coherence
/// as of one text at a time, in 0.6 of the time.
const TEXTS_AT_ONCE: usize = 4;

/// How a model is fitted.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Settings {
    /// How many topics, from 1 to 65,535.
    pub topics: usize,
    /// How many sweeps over all texts, from 1.
    pub iterations: u32,
    /// What a text is taken to hold of each topic before it is read, in words. LDA fits it on the way.
    pub alpha: f64,
    /// What a topic is taken to hold of each word, in words.
    pub beta: f64,
    /// Which of the possible runs it is.
    pub seed: u64,
}

/// What a fit starts from, beside the texts.
#[derive(Clone, Copy, Debug, Default)]
pub struct Start<'a> {
    /// A model whose topics go on under their numbers; one of another number of topics is passed over.
    pub model: Option<&'a Model>,
}

/// A sweep over all texts.
struct Sweep<'s, 'c>(&'s mut Lda<'c>);

impl Work for Sweep<'_, '_> {
    type Outcome = ();

    #[inline(always)]
    fn run(self) {
        self.0.resample();
    }
}

/// A sampler at work.
pub struct Lda<'c> {
    corpus: &'c Corpus,
    settings: Settings,
    random: Random,
    /// The topic of each token.
    topics: Vec<u16>,
    /// How often each word has each topic, word by word, padded to whole lanes.
    of_word: Vec<Row>,
    /// How many words each topic has.
    of_topic: Vec<Counts>,
    alpha: Vec<f64>,
    /// Sums of `of_word` over the samples, and how many they are.
    sampled: Vec<u32>,
    samples: u32,
    done: u32,
}

impl<'c> Lda<'c> {
    /// A sampler with a random topic for each token, or those that an earlier model suggests.
    pub fn new(corpus: &'c Corpus, settings: Settings, start: Start<'_>) -> Lda<'c> {
        let width = rows(settings.topics);
        let mut lda = Lda {
            corpus,
            settings,
            random: Random::new(settings.seed, 0),
            topics: Vec::with_capacity(corpus.tokens().len()),
            of_word: vec![[0.0; LANES]; width * corpus.words().len()],
            of_topic: vec![[0; LANES]; width],
            alpha: vec![settings.alpha; settings.topics],
            sampled: Vec::new(),
            samples: 0,
            done: 0,
        };
        match start.model.filter(|model| model.topics() == settings.topics) {
            Some(model) => lda.begin_from(model),
            None => {
                for _ in corpus.tokens() {
                    lda.topics.push(lda.random.index(settings.topics) as u16);
                }
            }
        }
        for (&word, &topic) in corpus.tokens().iter().zip(&lda.topics) {
            let (row, lane) = (usize::from(topic) / LANES, usize::from(topic) % LANES);
            lda.of_word[word as usize * width + row][lane] += 1.0;
            lda.of_topic[row][lane] += 1;
        }
        lda
    }

    /// Each token gets the topic that its text and word have most probably in the earlier model.
    fn begin_from(&mut self, model: &Model) {
        let known: Vec<Option<u32>> = self.corpus.words().iter().map(|word| model.number(word)).collect();
        let mut folder = model.folder();
        let mut numbers = Vec::new();
        for text in self.corpus.texts() {
            numbers.clear();
            numbers.extend(text.iter().filter_map(|&word| known[word as usize]));
            let shares = folder.shares(&numbers);
            let likeliest = super::likeliest(shares);
            for &word in text {
                let topic = match known[word as usize] {
                    Some(number) => model.likeliest_of(number, shares),
                    None => likeliest,
                };
                self.topics.push(topic as u16);
            }
        }
        self.alpha.copy_from_slice(model.alpha());
    }

    /// One sweep over all texts, and what belongs behind it.
    pub fn sweep(&mut self) {
        wide(Sweep(self));
        self.done += 1;
        if self.done.is_multiple_of(FIT_EVERY) {
            self.fit_alpha();
            if self.done > self.settings.iterations / 2 {
                self.sample();
            }
        }
        debug_assert!(self.counts_agree());
    }

    #[inline(always)]
    fn resample(&mut self) {
        let beta = self.settings.beta as f32;
        let all_beta = (self.settings.beta * self.corpus.words().len() as f64) as f32;
        let width = rows(self.settings.topics);
        let mut alpha = vec![[0.0; LANES]; width];
        for (slot, &own) in alpha.as_flattened_mut().iter_mut().zip(&self.alpha) {
            *slot = own as f32;
        }
        let mut streams: [Stream; TEXTS_AT_ONCE] = std::array::from_fn(|number| {
            Stream::new(
                width,
                self.corpus.len() * number / TEXTS_AT_ONCE,
                self.corpus.len() * (number + 1) / TEXTS_AT_ONCE,
            )
        });
        let mut drawn = [0; TEXTS_AT_ONCE];
        loop {
            let mut live = 0;
            for stream in &mut streams {
                if stream.token == stream.end {
                    stream.next_text(self.corpus, &self.topics, &self.of_topic, &alpha, all_beta);
                }
                live += usize::from(stream.token < stream.end);
            }
            if live == 0 {
                break;
            }
            if live < TEXTS_AT_ONCE {
                // The last texts of the longer streams, one token at a time.
                for stream in streams.iter_mut().filter(|stream| stream.token < stream.end) {
                    let word = self.corpus.tokens()[stream.token] as usize;
                    let of_word = &mut self.of_word[word * width..][..width];
                    let part = self.random.part();
                    stream.take(self.topics[stream.token], of_word, &mut self.of_topic, &alpha, all_beta);
                    let new = stream.draw(of_word, beta, self.settings.topics, part);
                    stream.give(new, of_word, &mut self.of_topic, &alpha, all_beta);
                    self.topics[stream.token] = new as u16;
                    stream.token += 1;
                }
                continue;
            }
            let words = streams.each_ref().map(|stream| self.corpus.tokens()[stream.token] as usize * width);
            for (stream, &word) in streams.iter_mut().zip(&words) {
                let of_word = &mut self.of_word[word..][..width];
                stream.take(self.topics[stream.token], of_word, &mut self.of_topic, &alpha, all_beta);
            }
            for ((stream, &word), drawn) in streams.iter_mut().zip(&words).zip(&mut drawn) {
                let of_word = &self.of_word[word..][..width];
                *drawn = stream.draw(of_word, beta, self.settings.topics, self.random.part());
            }
            for ((stream, &word), &drawn) in streams.iter_mut().zip(&words).zip(&drawn) {
                let of_word = &mut self.of_word[word..][..width];
                stream.give(drawn, of_word, &mut self.of_topic, &alpha, all_beta);
                self.topics[stream.token] = drawn as u16;
                stream.token += 1;
            }
        }
    }

    /// Fits alpha to the topics of the texts: Minka, Estimating a Dirichlet distribution (2000), equation 55. The differences
    /// of digamma functions are sums, since counts are whole.
    fn fit_alpha(&mut self) {
        let longest = self.corpus.texts().map(<[u32]>::len).max().unwrap_or(0);
        // How many texts hold a topic more than n times, and how many are longer than n.
        let mut more: Vec<Vec<u32>> = vec![vec![0; longest]; self.settings.topics];
        let mut longer = vec![0_u32; longest];
        let mut counts = vec![0_usize; self.settings.topics];
        let mut at = 0;
        for text in self.corpus.texts() {
            let own = &self.topics[at..at + text.len()];
            at += text.len();
            for (place, &topic) in own.iter().enumerate() {
                let count = &mut counts[usize::from(topic)];
                more[usize::from(topic)][*count] += 1;
                *count += 1;
                longer[place] += 1;
            }
            own.iter().for_each(|&topic| counts[usize::from(topic)] = 0);
        }
        let gain = |texts: &[u32], alpha: f64| -> f64 {
            let held = texts.iter().take_while(|&&texts| texts > 0);
            held.enumerate().map(|(n, &texts)| f64::from(texts) / (n as f64 + alpha)).sum()
        };
        for _ in 0..FIT_ROUNDS {
            let all = gain(&longer, self.alpha.iter().sum());
            let mut change = 0.0_f64;
            for (alpha, more) in self.alpha.iter_mut().zip(&more) {
                let fitted = (*alpha * gain(more, *alpha) / all).max(LEAST_ALPHA);
                change = change.max((fitted - *alpha).abs() / *alpha);
                *alpha = fitted;
            }
            if change < FITTED {
                break;
            }
        }
    }

    /// Adds the counts as they are to those of the model.
    fn sample(&mut self) {
        let topics = self.settings.topics;
        if self.sampled.is_empty() {
            self.sampled = vec![0; topics * self.corpus.words().len()];
        }
        add_counts(&mut self.sampled, &self.of_word, topics);
        self.samples += 1;
    }

    /// The model of the samples so far; of the counts as they stand where there is none.
    pub fn model(mut self) -> Model {
        if self.samples == 0 {
            self.sample();
        }
        Model::new(
            Kind::Lda,
            self.corpus.words().to_vec(),
            self.alpha,
            self.settings.beta,
            self.sampled,
            self.samples,
        )
    }

    /// Whether the counts are those of the topics, to be asked in tests and debug builds.
    pub(super) fn counts_agree(&self) -> bool {
        let width = rows(self.settings.topics);
        let mut of_word = vec![[0.0; LANES]; self.of_word.len()];
        let mut of_topic = vec![[0; LANES]; width];
        for (&word, &topic) in self.corpus.tokens().iter().zip(&self.topics) {
            let (row, lane) = (usize::from(topic) / LANES, usize::from(topic) % LANES);
            of_word[word as usize * width + row][lane] += 1.0;
            of_topic[row][lane] += 1;
        }
        of_word == self.of_word && of_topic == self.of_topic
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::topic::{CorpusBuilder, WordLimits};

    /// What a machine without wide vectors draws is what others draw.
    #[test]
    fn narrow_vectors_draw_the_same_topics() {
        let (mut texts, mut random) = (CorpusBuilder::default(), Random::new(8, 0));
        for _ in 0..300 {
            let words: Vec<String> =
                (0..1 + random.index(12)).map(|_| random.index(60).to_string()).collect();
            texts.push(words.iter().map(String::as_str));
        }
        let limits = WordLimits { min_texts: 1, max_part: 1.0, most: 0 };
        let corpus = texts.finish(limits).expect("words");
        for topics in [3, 20, 101] {
            let settings = Settings { topics, iterations: 6, alpha: 0.1, beta: 0.01, seed: 1 };
            let [mut any, mut narrow] = [(); 2].map(|()| Lda::new(&corpus, settings, Start::default()));
            for _ in 0..6 {
                wide(Sweep(&mut any));
                Sweep(&mut narrow).run();
                assert_eq!(any.topics, narrow.topics, "{topics}");
            }
        }
    }
}
