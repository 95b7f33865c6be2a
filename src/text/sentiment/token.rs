//! From a text to the words that the rules see.

use super::lexicon::{Entry, Lexicon};
use memchr::memchr;
use std::borrow::Cow;

/// A word of a text, as the rules see it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Word {
    pub(super) entry: Entry,
    /// All its letters are capitals.
    pub(super) is_upper: bool,
}

/// The text with the name of each emoji in its place. As in the reference a blank is set before the name, and none behind it.
pub(super) fn spell_out<'t>(lexicon: &Lexicon, text: &'t str) -> Cow<'t, str> {
    let is_emoji = |c: char| !c.is_ascii() && lexicon.name_of(c).is_some();
    let Some(first) = text.find(is_emoji) else {
        return Cow::Borrowed(text);
    };
    let (before, rest) = text.split_at(first);
    let mut spelt = String::with_capacity(text.len() + 64);
    spelt.push_str(before);
    let mut behind_blank = before.is_empty() || before.ends_with(' ');
    for letter in rest.chars() {
        match lexicon.name_of(letter) {
            Some(name) => {
                if !behind_blank {
                    spelt.push(' ');
                }
                spelt.push_str(name);
                behind_blank = false;
            }
            None => {
                spelt.push(letter);
                behind_blank = letter == ' ';
            }
        }
    }
    Cow::Owned(spelt)
}

/// The words between white space, without the punctuation around them.
pub(super) fn words(lexicon: &Lexicon, text: &str) -> Vec<Word> {
    let mut words = Vec::with_capacity(text.len() / 5 + 1);
    let mut lower = String::new();
    for token in text.split(is_space).filter(|token| !token.is_empty()) {
        words.push(word(lexicon, strip(token), &mut lower));
    }
    words
}

fn word(lexicon: &Lexicon, token: &str, lower: &mut String) -> Word {
    if !token.is_ascii() {
        let lower = token.to_lowercase();
        return Word { entry: entry(lexicon, &lower), is_upper: is_upper(token) };
    }
    let has_upper = token.bytes().any(|byte| byte.is_ascii_uppercase());
    if !has_upper {
        return Word { entry: entry(lexicon, token), is_upper: false };
    }
    lower.clear();
    lower.push_str(token);
    lower.make_ascii_lowercase();
    let is_upper = !token.bytes().any(|byte| byte.is_ascii_lowercase());
    Word { entry: entry(lexicon, lower), is_upper }
}

/// What is known of a word in lower case. Whatever has `n't` in it negates.
fn entry(lexicon: &Lexicon, word: &str) -> Entry {
    let mut entry = lexicon.look_up(word);
    entry.negates |= memchr(b'\'', word.as_bytes()).is_some_and(|_| word.contains("n't"));
    entry
}

/// What Python takes for white space: Unicode's, and the four separators of ASCII.
fn is_space(letter: char) -> bool {
    letter.is_whitespace() || matches!(letter, '\u{1c}'..='\u{1f}')
}

/// A token without the punctuation around it, if more than two characters remain: what is shorter may be an emoticon.
fn strip(token: &str) -> &str {
    let stripped = token.trim_matches(|letter: char| letter.is_ascii_punctuation());
    if stripped.chars().nth(2).is_some() { stripped } else { token }
}

/// Python's `isupper`: some letter is a capital, and none is small or a title case digraph.
fn is_upper(token: &str) -> bool {
    let is_title = |letter| matches!(letter, 'ǅ' | 'ǈ' | 'ǋ' | 'ǲ' | 'ᾈ'..='ᾏ' | 'ᾘ'..='ᾟ' | 'ᾨ'..='ᾯ' | 'ᾼ' | 'ῌ' | 'ῼ');
    token.chars().any(char::is_uppercase)
        && !token.chars().any(|letter| letter.is_lowercase() || is_title(letter))
}
