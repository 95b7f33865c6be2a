//! Mentions: `@name`, by the rules of twitter-text.
//!
//! A `@` or `＠` with at most 20 letters, digits and `_` of ASCII behind it, and before it nothing that could belong to an
//! e-mail address; `RT@name` is one, though. `@name/list` is a list, and no mention.

use super::entity::{Entity, Overlap, Sign};
use super::letters::{char_at, char_before, is_directional, is_latin_accent, is_space};

const AT: Sign = Sign { plain: b'@', wide: 0xa0 };

const LONGEST_NAME: usize = 20;
const LONGEST_LIST: usize = 25;

/// The mentions of a text, in order, without lists.
///
/// ```
/// use trendpipe::text::mentions;
/// let names: Vec<&str> = mentions("RT@ann: .@bob mail@example.com @dan/cats").map(|name| name.value).collect();
/// assert_eq!(names, ["ann", "bob"]);
/// ```
pub fn mentions(text: &str) -> impl Iterator<Item = Entity<'_>> {
    mentions_and_lists(text).filter(|mention| mention.list.is_empty()).map(|mention| mention.entity)
}

/// The mentions and the lists of a text, in order.
pub fn mentions_and_lists(text: &str) -> Mentions<'_> {
    Mentions { text, at: 0, matched: 0, overlap: Overlap::new(text) }
}

/// Whom a text answers: the name that it begins with.
pub fn reply_to(text: &str) -> Option<&str> {
    let start = text.find(|character| !is_space(character) && !is_directional(character))?;
    let name = start + Some(AT.length(text.as_bytes(), start)).filter(|&length| length > 0)?;
    let end = name_end(text, name)?;
    (!is_cut(text, end)).then(|| &text[name..end])
}

/// A mention, or a list of someone's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mention<'t> {
    /// The name, and where all of it stands.
    pub entity: Entity<'t>,
    /// `/list`, or nothing.
    pub list: &'t str,
}

/// The mentions and lists of a text, in order; see [`mentions_and_lists`].
#[derive(Clone, Debug)]
pub struct Mentions<'t> {
    text: &'t str,
    /// Where the next sign is looked for.
    at: usize,
    /// What is before was part of a match, and no longer the place before another.
    matched: usize,
    overlap: Overlap<'t>,
}

impl<'t> Iterator for Mentions<'t> {
    type Item = Mention<'t>;

    fn next(&mut self) -> Option<Mention<'t>> {
        loop {
            let (sign, length) = AT.find(self.text, self.at)?;
            let start = sign + length;
            self.at = start;
            if !self.may_begin(sign) {
                continue;
            }
            let Some(name_end) = name_end(self.text, start) else { continue };
            let end = list_end(self.text, name_end);
            (self.at, self.matched) = (end, end);
            let range = sign..end;
            if !is_cut(self.text, end) && !self.overlap.is_in_url(&range) {
                let entity = Entity { value: &self.text[start..name_end], range };
                return Some(Mention { entity, list: &self.text[name_end..end] });
            }
        }
    }
}

impl Mentions<'_> {
    fn may_begin(&self, sign: usize) -> bool {
        match char_before(self.text, sign) {
            None => true,
            Some(_) if sign == self.matched => false,
            Some('T' | 't') => self.follows_retweet(sign),
            Some('_' | '!' | '#' | '$' | '%' | '&' | '*' | '@' | '＠') => false,
            Some(before) => !before.is_ascii_alphanumeric(),
        }
    }

    /// `RT` stands before the sign, as a word.
    fn follows_retweet(&self, sign: usize) -> bool {
        let Some(start) = sign.checked_sub(2).filter(|&start| start >= self.matched) else { return false };
        if !self.text.as_bytes()[start..sign].eq_ignore_ascii_case(b"rt") {
            return false;
        }
        match char_before(self.text, start) {
            None => true,
            Some(_) if start == self.matched => false,
            Some('_' | '+' | '~' | '.' | '-') => false,
            Some(before) => !before.is_ascii_alphanumeric(),
        }
    }
}

/// The end of the name that starts here.
fn name_end(text: &str, start: usize) -> Option<usize> {
    let is_part = |byte: &&u8| byte.is_ascii_alphanumeric() || **byte == b'_';
    match text.as_bytes()[start..].iter().take(LONGEST_NAME).take_while(is_part).count() {
        0 => None,
        length => Some(start + length),
    }
}

/// The end of `/list`, if that follows a name.
fn list_end(text: &str, name_end: usize) -> usize {
    let [b'/', list @ ..] = &text.as_bytes()[name_end..] else { return name_end };
    if !list.first().is_some_and(u8::is_ascii_alphabetic) {
        return name_end;
    }
    let is_part = |byte: &&u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    name_end + 1 + list.iter().take(LONGEST_LIST).take_while(is_part).count()
}

/// What follows makes it no mention: another sign, an accented letter, a scheme's end.
fn is_cut(text: &str, end: usize) -> bool {
    char_at(text, end).is_some_and(|next| matches!(next, '@' | '＠') || is_latin_accent(next))
        || text[end..].starts_with("://")
}
