//! Texts as sequences of word numbers.
//!
//! Words get numbers as they come; when all texts are in, those that are too rare or too frequent to tell topics apart are
//! left out, the others are numbered anew by how many texts hold them, and the texts are put in order. So a corpus depends on
//! which texts there are, and not on the order in which they came.

use std::ops::Range;

use foldhash::fast::FixedState;
use hashbrown::HashMap;

/// More of one word, and the sampler's counts would not be exact.
const MOST_OF_A_WORD: u64 = 1 << 24;

/// Which words tell topics apart.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct WordLimits {
    /// A word must be in so many texts.
    pub min_texts: u64,
    /// And in at most this part of them, from 0 to 1.
    pub max_part: f64,
    /// Of those that are left, so many of the most frequent; 0: all.
    pub most: usize,
}

impl Default for WordLimits {
    fn default() -> Self {
        WordLimits { min_texts: 5, max_part: 0.5, most: 0 }
    }
}

/// Takes texts in.
#[derive(Default)]
pub struct CorpusBuilder {
    numbers: HashMap<Box<str>, u32, FixedState>,
    words: Vec<Word>,
    tokens: Vec<u32>,
    /// Where each text ends in `tokens`.
    ends: Vec<usize>,
}

/// A word while texts come in.
#[derive(Default)]
struct Word {
    texts: u64,
    /// One more than the number of the last text that held it.
    last_text: usize,
    count: u64,
}

impl CorpusBuilder {
    /// Adds one text.
    pub fn push<'a>(&mut self, words: impl IntoIterator<Item = &'a str>) {
        let text = self.ends.len() + 1;
        for word in words {
            let number = match self.numbers.get(word) {
                Some(&number) => number,
                None => {
                    let number = self.words.len() as u32;
                    self.numbers.insert(word.into(), number);
                    self.words.push(Word::default());
                    number
                }
            };
            let word = &mut self.words[number as usize];
            word.count += 1;
            if word.last_text != text {
                word.last_text = text;
                word.texts += 1;
            }
            self.tokens.push(number);
        }
        self.ends.push(self.tokens.len());
    }

    /// Texts so far.
    pub fn texts(&self) -> usize {
        self.ends.len()
    }

    /// Leaves out the words beyond the limits, and the texts that have no others.
    ///
    /// # Errors
    ///
    /// No word is left, or one is there more often than the sampler can count.
    pub fn finish(self, limits: WordLimits) -> Result<Corpus, CorpusError> {
        let seen = self.texts();
        let most_texts = limits.max_part * seen as f64;
        let mut kept: Vec<(Box<str>, u32)> = self
            .numbers
            .into_iter()
            .filter(|(_, number)| {
                let texts = self.words[*number as usize].texts;
                texts >= limits.min_texts && texts as f64 <= most_texts
            })
            .collect();
        kept.sort_unstable_by(|(left, left_number), (right, right_number)| {
            let texts = |number: u32| self.words[number as usize].texts;
            texts(*right_number).cmp(&texts(*left_number)).then_with(|| left.cmp(right))
        });
        if limits.most > 0 {
            kept.truncate(limits.most);
        }
        if kept.is_empty() {
            return Err(CorpusError::NoWords { texts: seen, words: self.words.len(), limits });
        }
        let mut renumbered: Vec<Option<u32>> = vec![None; self.words.len()];
        for (place, (word, number)) in kept.iter().enumerate() {
            renumbered[*number as usize] = Some(place as u32);
            let count = self.words[*number as usize].count;
            if count >= MOST_OF_A_WORD {
                return Err(CorpusError::TooFrequent { word: word.to_string(), count });
            }
        }
        let mut texts: Vec<Vec<u32>> = Vec::with_capacity(seen);
        let mut start = 0;
        for &end in &self.ends {
            let text: Vec<u32> =
                self.tokens[start..end].iter().filter_map(|&number| renumbered[number as usize]).collect();
            if !text.is_empty() {
                texts.push(text);
            }
            start = end;
        }
        texts.sort_unstable();
        let words = kept.into_iter().map(|(word, _)| word).collect();
        Ok(Corpus::new(words, &texts, seen))
    }
}

/// Texts, in order, as sequences of word numbers.
#[derive(Clone, Debug)]
pub struct Corpus {
    words: Vec<Box<str>>,
    tokens: Vec<u32>,
    /// Where each text begins in `tokens`, and where the last one ends.
    bounds: Vec<usize>,
    seen: usize,
}

impl Corpus {
    fn new(words: Vec<Box<str>>, texts: &[Vec<u32>], seen: usize) -> Corpus {
        let mut corpus = Corpus { words, tokens: Vec::new(), bounds: vec![0], seen };
        for text in texts {
            corpus.tokens.extend_from_slice(text);
            corpus.bounds.push(corpus.tokens.len());
        }
        corpus
    }

    /// Texts as numbers of the words of a model; those that it does not know are left out, and a text may have no others.
    pub fn of_numbers(words: Vec<Box<str>>, texts: &[Vec<u32>]) -> Corpus {
        Corpus::new(words, texts, texts.len())
    }

    /// The words by number.
    pub fn words(&self) -> &[Box<str>] {
        &self.words
    }

    /// All tokens, text by text.
    pub fn tokens(&self) -> &[u32] {
        &self.tokens
    }

    /// The texts, in order.
    pub fn texts(&self) -> impl ExactSizeIterator<Item = &[u32]> + DoubleEndedIterator {
        self.bounds.windows(2).map(|bounds| &self.tokens[bounds[0]..bounds[1]])
    }

    /// Where the tokens of a text are.
    pub fn bounds(&self, text: usize) -> Range<usize> {
        self.bounds[text]..self.bounds[text + 1]
    }

    /// How many texts there are; of those that were built, each has words.
    pub fn len(&self) -> usize {
        self.bounds.len() - 1
    }

    /// There is no text.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Texts that came in and have none of the words.
    pub fn wordless(&self) -> usize {
        self.seen - self.len()
    }

    /// Two corpora with the same words: each `every`-th text, counted from 0, and the others.
    pub fn split(&self, every: usize) -> (Corpus, Corpus) {
        let part = |is_held: bool| {
            let texts: Vec<Vec<u32>> = self
                .texts()
                .enumerate()
                .filter(|(place, _)| (place % every == 0) == is_held)
                .map(|(_, text)| text.to_vec())
                .collect();
            Corpus::new(self.words.clone(), &texts, texts.len())
        };
        (part(true), part(false))
    }
}

/// Why no model can be made of these texts.
#[derive(Clone, Debug, PartialEq)]
pub enum CorpusError {
    /// The limits left no word.
    NoWords {
        /// Texts that came in.
        texts: usize,
        /// Different words in them.
        words: usize,
        /// What was asked of a word.
        limits: WordLimits,
    },
    /// A word is there more often than an exact count allows.
    TooFrequent {
        /// The word.
        word: String,
        /// How often it is there.
        count: u64,
    },
}

impl std::error::Error for CorpusError {}

impl std::fmt::Display for CorpusError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            CorpusError::NoWords { texts: 0, .. } => write!(f, "there is no text to learn from"),
            CorpusError::NoWords { texts, words, limits } => write!(
                f,
                "of {words} different words in {texts} texts none is in at least {} and at most {} of all: give more \
                 texts, or see --min-df and --max-df",
                limits.min_texts, limits.max_part
            ),
            CorpusError::TooFrequent { word, count } => write!(
                f,
                "the word {word:?} is there {count} times, more than {MOST_OF_A_WORD}: make it a stop word, or learn \
                 from a sample of the texts"
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn corpus(texts: &[&str], limits: WordLimits) -> Result<Corpus, CorpusError> {
        let mut builder = CorpusBuilder::default();
        texts.iter().for_each(|text| builder.push(text.split_whitespace()));
        builder.finish(limits)
    }

    const ALL: WordLimits = WordLimits { min_texts: 1, max_part: 1.0, most: 0 };

    #[test]
    fn words_are_numbered_by_the_texts_that_hold_them() {
        let corpus = corpus(&["b a a a", "b c", "", "d"], ALL).expect("words");
        let words: Vec<&str> = corpus.words().iter().map(|word| &**word).collect();
        assert_eq!(words, ["b", "a", "c", "d"]);
        let texts: Vec<&[u32]> = corpus.texts().collect();
        assert_eq!(texts, [&[0, 1, 1, 1][..], &[0, 2], &[3]]);
        assert_eq!((corpus.len(), corpus.wordless()), (3, 1));
    }

    #[test]
    fn the_order_of_texts_is_of_no_account() {
        let texts = ["x y", "y z z", "q", "x y", "z"];
        let forward = corpus(&texts, ALL).expect("words");
        let reversed: Vec<&str> = texts.iter().rev().copied().collect();
        let backward = corpus(&reversed, ALL).expect("words");
        assert_eq!(forward.words(), backward.words());
        assert_eq!(forward.tokens(), backward.tokens());
    }

    #[test]
    fn limits_leave_words_and_then_texts_out() {
        let texts = ["the cat", "the dog", "the cat sat", "the"];
        let kept = corpus(&texts, WordLimits { min_texts: 2, max_part: 0.5, most: 0 }).expect("words");
        assert_eq!(kept.words().len(), 1);
        assert_eq!((kept.len(), kept.wordless()), (2, 2));
        let first = corpus(&texts, WordLimits { most: 2, ..ALL }).expect("words");
        assert_eq!(first.words().iter().map(|word| &**word).collect::<Vec<_>>(), ["the", "cat"]);
        let none = corpus(&texts, WordLimits { min_texts: 9, ..ALL }).expect_err("no words").to_string();
        assert!(none.contains("--min-df"), "{none}");
        assert!(corpus(&[], ALL).expect_err("no texts").to_string().contains("no text"));
    }

    #[test]
    fn a_corpus_is_split_and_nothing_is_lost() {
        let corpus = corpus(&["a", "b", "c", "a b", "a c"], ALL).expect("words");
        let (held, rest) = corpus.split(2);
        assert_eq!((held.len(), rest.len()), (3, 2));
        assert_eq!(held.tokens().len() + rest.tokens().len(), corpus.tokens().len());
    }
}
