//! Hashtags: `#rust`, by the rules of twitter-text.
//!
//! A `#` or `＃` that follows neither a letter, a digit nor `&`, then letters, marks and digits of any script, joined by
//! `_`, the middle dot and the joiners that some scripts need. At least one is a letter: `#1` is none. `#a#b` is none, nor is
//! what belongs to a URL.

use super::entity::{Entity, Overlap, Sign};
use super::letters::{Letter, char_at, char_before, letter};

pub(super) const HASH: Sign = Sign { plain: b'#', wide: 0x83 };

/// The hashtags of a text, in order.
///
/// ```
/// use trendpipe::text::hashtags;
/// let tags: Vec<&str> = hashtags("#Brexit, (#東京) a#b https://example.com/#top").map(|tag| tag.value).collect();
/// assert_eq!(tags, ["Brexit", "東京"]);
/// ```
pub fn hashtags(text: &str) -> Hashtags<'_> {
    Hashtags { text, at: 0, matched: 0, overlap: Overlap::new(text) }
}

/// The hashtags of a text, in order; see [`hashtags`].
#[derive(Clone, Debug)]
pub struct Hashtags<'t> {
    text: &'t str,
    /// Where the next sign is looked for.
    at: usize,
    /// What is before was part of a match, and no longer the place before another.
    matched: usize,
    overlap: Overlap<'t>,
}

impl<'t> Iterator for Hashtags<'t> {
    type Item = Entity<'t>;

    fn next(&mut self) -> Option<Entity<'t>> {
        loop {
            let (sign, length) = HASH.find(self.text, self.at)?;
            let start = sign + length;
            self.at = start;
            if !self.may_begin(sign) {
                continue;
            }
            let Some(end) = word(self.text, start) else { continue };
            (self.at, self.matched) = (end, end);
            let range = sign..end;
            if !is_cut(self.text, end) && !self.overlap.is_in_url(&range) {
                return Some(Entity { value: &self.text[start..end], range });
            }
        }
    }
}

impl Hashtags<'_> {
    fn may_begin(&self, sign: usize) -> bool {
        match char_before(self.text, sign) {
            None => true,
            Some(_) if sign == self.matched => false,
            // the second halves of an emoji, though marks
            Some('\u{fe0e}' | '\u{fe0f}') => true,
            Some(before) => before != '&' && letter(before) == Letter::No,
        }
    }
}

/// The end of the word that starts here, if it has a letter. `#️⃣` is a key of a telephone.
fn word(text: &str, start: usize) -> Option<usize> {
    if matches!(char_at(text, start), Some('\u{fe0f}' | '\u{20e3}')) {
        return None;
    }
    let mut has_letter = false;
    let length = text[start..].char_indices().find_map(|(at, character)| match letter(character) {
        Letter::No => Some(at),
        Letter::Joins => None,
        Letter::Yes => {
            has_letter = true;
            None
        }
    });
    has_letter.then(|| length.map_or(text.len(), |length| start + length))
}

/// What follows makes it no hashtag: another sign, or a scheme's end.
fn is_cut(text: &str, end: usize) -> bool {
    HASH.length(text.as_bytes(), end) > 0 || text[end..].starts_with("://")
}
