//! How good a model is, on texts that it has not seen.
//!
//! **Perplexity** by document completion: the topics of each text are found from its words at even places, and its words at
//! odd places are predicted; it is the number of words among which a model that guesses alike would choose. **NPMI**: how
//! much more often than by chance the top words of a topic come in the same text (Bouma 2009), from -1 (never) to 1 (always).
//! **Unique top words**: which part of all topics' top words is different.

use hashbrown::HashMap;

use super::{Corpus, Model};

/// How many words of each topic are looked at.
const TOP: usize = 10;
/// A word is never less probable than that.
const LEAST: f64 = 1e-12;

/// How good a model is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Quality {
    /// Of the words at odd places; `None` where there are none.
    pub perplexity: Option<f64>,
    /// A mean over topics.
    pub npmi: f64,
    /// From 0 to 1.
    pub unique_top_words: f64,
    /// Words that were predicted.
    pub tokens: u64,
}

/// Judges a model by texts in the numbers of its words: perplexity on `held`, coherence in `reference`.
pub fn evaluate(model: &Model, held: &Corpus, reference: &Corpus) -> Quality {
    let mut folder = model.folder();
    let (mut likelihood, mut tokens) = (0.0, 0_u64);
    let mut even = Vec::new();
    for text in held.texts() {
        if text.len() < 2 {
            continue;
        }
        even.clear();
        even.extend(text.iter().step_by(2));
        let shares = folder.shares(&even);
        for &word in text.iter().skip(1).step_by(2) {
            let probability: f64 = shares
                .iter()
                .enumerate()
                .map(|(topic, &share)| f64::from(share) * model.probability(word as usize, topic))
                .sum();
            likelihood += libm::log(probability.max(LEAST));
            tokens += 1;
        }
    }
    let top: Vec<Vec<u32>> = (0..model.topics()).map(|topic| model.frequent_words(topic, TOP)).collect();
    let texts = texts_of(&top, reference);
    let npmi =
        top.iter().map(|words| coherence(words, &texts, reference.len())).sum::<f64>() / top.len() as f64;
    let shown: usize = top.iter().map(Vec::len).sum();
    Quality {
        perplexity: (tokens > 0).then(|| libm::exp(-likelihood / tokens as f64)),
        npmi,
        unique_top_words: if shown == 0 { 0.0 } else { texts.len() as f64 / shown as f64 },
        tokens,
    }
}

/// The texts that hold each of the words, in order.
fn texts_of(top: &[Vec<u32>], reference: &Corpus) -> HashMap<u32, Vec<u32>, foldhash::fast::FixedState> {
    let mut texts: HashMap<u32, Vec<u32>, foldhash::fast::FixedState> =
        top.iter().flatten().map(|&word| (word, Vec::new())).collect();
    for (number, text) in reference.texts().enumerate() {
        for word in text {
            if let Some(texts) = texts.get_mut(word)
                && texts.last() != Some(&(number as u32))
            {
                texts.push(number as u32);
            }
        }
    }
    texts
}

fn coherence(words: &[u32], texts: &HashMap<u32, Vec<u32>, foldhash::fast::FixedState>, all: usize) -> f64 {
    let all = all as f64;
    let (mut sum, mut pairs) = (0.0, 0_u32);
    for (place, left) in words.iter().enumerate() {
        for right in &words[..place] {
            let both = common(&texts[left], &texts[right]) as f64 / all;
            let alone = texts[left].len() as f64 / all * (texts[right].len() as f64 / all);
            sum += match both {
                0.0 => -1.0,
                1.0 => 1.0,
                _ => libm::log(both / alone) / -libm::log(both),
            };
            pairs += 1;
        }
    }
    if pairs == 0 { 0.0 } else { sum / f64::from(pairs) }
}

/// How many numbers two ascending lists share.
fn common(left: &[u32], right: &[u32]) -> usize {
    let (mut at, mut shared) = (0, 0);
    for number in left {
        while right.get(at).is_some_and(|other| other < number) {
            at += 1;
        }
        shared += usize::from(right.get(at) == Some(number));
    }
    shared
}
