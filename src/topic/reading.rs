//! Which words of a text are looked at.

use foldhash::fast::FixedState;
use hashbrown::HashSet;

/// Words that say nothing on social media, in no language's list.
const SOCIAL: [&str; 14] =
    ["rt", "via", "amp", "http", "https", "www", "com", "co", "im", "dont", "cant", "lol", "pls", "plz"];

/// What is left out of all texts from the start, when a model is learnt and when it is used.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reading {
    /// Words that are left out, sorted.
    pub stop_words: Vec<Box<str>>,
    /// Shorter words are left out, in characters; words of Han characters count double.
    pub least_length: usize,
}

/// There are no stop words for a language.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownLanguage(pub String);

impl std::error::Error for UnknownLanguage {}

impl std::fmt::Display for UnknownLanguage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "there is no list of stop words for the language {:?}; there are: {} (or a file of your own)",
            self.0,
            stop_words::available_languages().join(" ")
        )
    }
}

impl Reading {
    /// The stop words of some languages (ISO 639-1) and of social media, and own ones.
    pub fn new(
        languages: &[String],
        own: impl IntoIterator<Item = String>,
        least_length: usize,
    ) -> Result<Reading, UnknownLanguage> {
        let mut words: Vec<Box<str>> = own.into_iter().map(String::into_boxed_str).collect();
        for language in languages {
            let list = stop_words::lookup(language).ok_or_else(|| UnknownLanguage(language.clone()))?;
            words.extend(list.iter().map(|&word| word.into()));
        }
        if !languages.is_empty() {
            words.extend(SOCIAL.map(Into::into));
        }
        words.sort_unstable();
        words.dedup();
        Ok(Reading { stop_words: words, least_length })
    }

    /// Asks words.
    pub fn filter(&self) -> WordFilter {
        WordFilter { stop_words: self.stop_words.iter().cloned().collect(), least_length: self.least_length }
    }
}

/// Says which words are looked at.
#[derive(Clone, Debug)]
pub struct WordFilter {
    stop_words: HashSet<Box<str>, FixedState>,
    least_length: usize,
}

impl WordFilter {
    /// Whether a word is looked at. Numbers are not: they tell topics apart by accident.
    pub fn takes(&self, word: &str) -> bool {
        let is_long = word.len() >= self.least_length
            && (word.is_ascii() || word.chars().map(width).sum::<usize>() >= self.least_length);
        is_long
            && !word.bytes().all(|byte| !byte.is_ascii_alphabetic() && byte < 0x80)
            && !self.stop_words.contains(word)
    }
}

/// One character of Chinese or Japanese says as much as several letters.
fn width(character: char) -> usize {
    match character {
        '\u{3040}'..='\u{30ff}'
        | '\u{3400}'..='\u{9fff}'
        | '\u{ac00}'..='\u{d7af}'
        | '\u{20000}'..='\u{3ffff}' => 2,
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stop_words_short_words_and_numbers_are_left_out() {
        let filter = Reading::new(&["en".into()], ["cat".to_owned()], 3).expect("a list").filter();
        for word in ["the", "rt", "cat", "ox", "2018", "3.5", "10-4"] {
            assert!(!filter.takes(word), "{word}");
        }
        for word in ["dog", "covid19", "天安", "straße", "m\u{fc}ller", "3rd"] {
            assert!(filter.takes(word), "{word}");
        }
        assert!(!filter.takes("né"));
        let all = Reading::new(&[], [], 0).expect("no list").filter();
        assert!(all.takes("the") && all.takes("a"));
    }

    #[test]
    fn unknown_languages_name_those_that_there_are() {
        let error = Reading::new(&["xx".into()], [], 3).expect_err("no list").to_string();
        assert!(error.contains("\"xx\"") && error.contains(" en "), "{error}");
    }
}
