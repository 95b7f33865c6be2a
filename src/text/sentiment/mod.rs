//! Sentiment by the rules of VADER 3.3.2 (Hutto and Gilbert, 2014), digit for digit.
//!
//! A text is cut at white space. Each word that the lexicon scores has a valence, which the words before it strengthen,
//! weaken or negate; capitals, `but` and exclamation marks play their part; the valences of a text make four figures. The
//! reference has some peculiarities that look like slips, and they are kept: who asks for VADER expects its figures.
//! scripts/compare-sentiment holds the two side by side.
//!
//! | file | what it does |
//! | --- | --- |
//! | `lexicon`, `cue` | the words that have a score or play a part in the rules |
//! | `token` | from a text to its words |
//! | `rules` | the valence of each word |
//! | `round` | Python's rounding |
//!
//! Cost: one hash look-up a word. The built-in lexicon is read when it is first used.

mod cue;
mod lexicon;
mod round;
mod rules;
#[cfg(test)]
mod tests;
mod token;

pub use lexicon::{Lexicon, LexiconError};

use round::round;

/// How positive and how negative a text is, rounded as the reference rounds.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Scores {
    /// The sum of all valences, brought between -1 and 1; four digits.
    pub compound: f64,
    /// The positive share of the text; three digits.
    pub pos: f64,
    /// The neutral share.
    pub neu: f64,
    /// The negative share.
    pub neg: f64,
}

/// The scores of a text; zero in all four if there is no word in it.
pub fn sentiment(lexicon: &Lexicon, text: &str) -> Scores {
    let text = token::spell_out(lexicon, text);
    let words = token::words(lexicon, &text);
    if words.is_empty() {
        return Scores::default();
    }
    summed(&rules::valences(&words), emphasis(&text))
}

/// What exclamation and question marks add: up to four of the one, and two or more of the other.
fn emphasis(text: &str) -> f64 {
    let count = |mark| text.bytes().filter(|&byte| byte == mark).take(5).count();
    let exclamations = [0.0, 1.0, 2.0, 3.0, 4.0, 4.0][count(b'!')] * 0.292;
    let questions = [0.0, 0.0, 2.0 * 0.18, 3.0 * 0.18, 0.96, 0.96][count(b'?')];
    exclamations + questions
}

fn summed(valences: &[f64], emphasis: f64) -> Scores {
    // One after the other, as Python sums them before 3.12; later ones carry a correction along.
    let sum = valences.iter().fold(0.0, |sum, valence| sum + valence);
    let sum = match sum {
        sum if sum > 0.0 => sum + emphasis,
        sum if sum < 0.0 => sum - emphasis,
        sum => sum,
    };
    let (mut pos, mut neg, mut neutral) = (0.0, 0.0, 0.0);
    for &valence in valences {
        // a word that is neutral counts as 1, so one that is not counts as that and its valence
        match valence {
            valence if valence > 0.0 => pos += valence + 1.0,
            valence if valence < 0.0 => neg += valence - 1.0,
            _ => neutral += 1.0,
        }
    }
    let neg = f64::abs(neg);
    let (pos, neg) = match pos {
        pos if pos > neg => (pos + emphasis, neg),
        pos if pos < neg => (pos, neg + emphasis),
        pos => (pos, neg),
    };
    let total = pos + neg + neutral;
    let compound = sum / f64::sqrt(sum * sum + 15.0);
    Scores {
        compound: round(compound.clamp(-1.0, 1.0), 10_000.0),
        pos: round(pos / total, 1000.0),
        neu: round(neutral / total, 1000.0),
        neg: round(neg / total, 1000.0),
    }
}
