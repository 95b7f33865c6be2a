//! The words that have a score or play a part in the rules, and the names of emoji.

use super::cue::{CUES, Cue};
use foldhash::fast::FixedState;
use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt;
use std::sync::LazyLock;

const SCORES: &str = include_str!("../../../data/vader/lexicon.tsv");
const MODIFIERS: &str = include_str!("../../../data/vader/modifiers.tsv");
const EMOJI: &str = include_str!("../../../data/vader/emoji.tsv");

/// By how much a word such as `very` changes the valence behind it.
const BOOST: f64 = 0.293;

/// What is known of a word in lower case.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Entry {
    pub(super) score: Option<f64>,
    /// Above zero for `very`, below for `hardly`.
    pub(super) boost: f64,
    /// `not` and its kin.
    pub(super) negates: bool,
    /// The word that a rule asks for by name.
    pub(super) cue: Option<Cue>,
}

/// Scores of words. The words that modify others (`very`, `not`, `but`) are English with every lexicon.
#[derive(Debug)]
pub struct Lexicon {
    entries: HashMap<Cow<'static, str>, Entry, FixedState>,
    /// No word of the table has more bytes.
    longest: usize,
    /// In order.
    emoji: Vec<(char, Cow<'static, str>)>,
}

/// A line of a lexicon that is none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LexiconError {
    /// Counted from 1.
    pub line: usize,
    /// What the line says.
    pub found: String,
}

impl fmt::Display for LexiconError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let LexiconError { line, found } = self;
        write!(out, "line {line} is {found:?}, expected a word, a tab, and a score between -1000 and 1000")
    }
}

impl std::error::Error for LexiconError {}

impl Lexicon {
    /// The lexicon of VADER 3.3.2, English, which is built in.
    pub fn vader() -> &'static Lexicon {
        static VADER: LazyLock<Lexicon> = LazyLock::new(|| {
            let mut lexicon = Lexicon::without_words();
            for (word, score) in SCORES.lines().filter_map(entry) {
                lexicon.insert(Cow::Borrowed(word), |entry| entry.score = Some(score));
            }
            lexicon
        });
        &VADER
    }

    /// Reads a lexicon: on each line a word, a tab and its score, then anything behind another tab. The last line of a
    /// word counts. Empty lines are skipped.
    ///
    /// A word is found in any case. Where two differ in case, that in lower case counts. What begins with no letter, an
    /// emoticon, is found in lower case only, as in the reference.
    ///
    /// # Errors
    ///
    /// The first line that is not so.
    pub fn parse(text: &str) -> Result<Lexicon, LexiconError> {
        let mut lexicon = Lexicon::without_words();
        let mut capitalised = Vec::new();
        for (place, line) in text.strip_prefix('\u{feff}').unwrap_or(text).lines().enumerate() {
            if line.trim().is_empty() {
                continue;
            }
            let (word, score) =
                entry(line).ok_or_else(|| LexiconError { line: place + 1, found: line.to_owned() })?;
            let lower = word.to_lowercase();
            if lower == word {
                lexicon.insert(Cow::Owned(lower), |entry| entry.score = Some(score));
            } else if word.starts_with(char::is_alphabetic) {
                capitalised.push((lower, score));
            }
        }
        for (word, score) in capitalised.into_iter().rev() {
            lexicon.insert(Cow::Owned(word), |entry| entry.score = entry.score.or(Some(score)));
        }
        lexicon.emoji_as_words();
        Ok(lexicon)
    }

    /// The words of the rules alone.
    fn without_words() -> Lexicon {
        let mut emoji: Vec<_> = EMOJI
            .lines()
            .filter_map(|line| line.split_once('\t'))
            .filter_map(|(emoji, name)| Some((emoji.chars().next()?, Cow::Borrowed(name))))
            .collect();
        emoji.sort_unstable_by_key(|(emoji, _)| *emoji);
        let entries = HashMap::with_capacity_and_hasher(8192, FixedState::default());
        let mut lexicon = Lexicon { entries, longest: 0, emoji };
        for (word, kind) in MODIFIERS.lines().filter_map(|line| line.split_once('\t')) {
            lexicon.insert(Cow::Borrowed(word), |entry| match kind {
                "+" => entry.boost = BOOST,
                "-" => entry.boost = -BOOST,
                _ => entry.negates = true,
            });
        }
        for (word, cue) in CUES {
            lexicon.insert(Cow::Borrowed(word), |entry| entry.cue = Some(cue));
        }
        lexicon
    }

    fn insert(&mut self, word: Cow<'static, str>, change: impl FnOnce(&mut Entry)) {
        self.longest = self.longest.max(word.len());
        change(self.entries.entry(word).or_default());
    }

    /// An emoji that the lexicon scores itself stands as that word, not as its English name.
    fn emoji_as_words(&mut self) {
        let mut letter = [0; 4];
        for (emoji, name) in &mut self.emoji {
            let word = emoji.encode_utf8(&mut letter);
            if self.entries.get(&*word).is_some_and(|entry| entry.score.is_some()) {
                *name = Cow::Owned(format!("{word} "));
            }
        }
    }

    /// What is known of a word, which is to be in lower case.
    pub(super) fn look_up(&self, word: &str) -> Entry {
        if word.len() > self.longest {
            return Entry::default();
        }
        self.entries.get(word).copied().unwrap_or_default()
    }

    /// The English name of an emoji.
    pub(super) fn name_of(&self, emoji: char) -> Option<&str> {
        let first = self.emoji.first()?.0;
        if emoji < first {
            return None;
        }
        let place = self.emoji.binary_search_by_key(&emoji, |(emoji, _)| *emoji).ok()?;
        Some(&self.emoji[place].1)
    }
}

/// A word and its score.
fn entry(line: &str) -> Option<(&str, f64)> {
    let mut columns = line.trim().split('\t');
    let word = columns.next().filter(|word| !word.is_empty())?;
    let score: f64 = columns.next()?.trim().parse().ok()?;
    (score.abs() <= 1000.0).then_some((word, score))
}
