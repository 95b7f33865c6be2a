//! Cashtags: `$TWTR`, by the rules of twitter-text.
//!
//! A `$` at the start or behind a space, one to six letters of ASCII, perhaps one or two more behind a `.` or `_`, and then a
//! space, a punctuation mark or the end.

use super::entity::{Entity, find};
use super::letters::{char_at, char_before, is_directional, is_space};

const LONGEST: usize = 6;
const LONGEST_SUFFIX: usize = 2;

/// The cashtags of a text, in order.
///
/// ```
/// use trendpipe::text::cashtags;
/// let tags: Vec<&str> = cashtags("$TWTR. $BRK.A $9 US$TWTR").map(|tag| tag.value).collect();
/// assert_eq!(tags, ["TWTR", "BRK.A"]);
/// ```
pub fn cashtags(text: &str) -> impl Iterator<Item = Entity<'_>> {
    let mut at = 0;
    std::iter::from_fn(move || {
        loop {
            let sign = find(b'$', text, at)?;
            at = sign + 1;
            let is_free =
                char_before(text, sign).is_none_or(|before| is_space(before) || is_directional(before));
            if is_free && let Some(end) = symbol_end(text, at) {
                return Some(Entity { value: &text[at..end], range: sign..end });
            }
        }
    })
}

/// The end of the symbol that starts here.
fn symbol_end(text: &str, start: usize) -> Option<usize> {
    let end = start + letters(text, start, LONGEST);
    if end == start {
        return None;
    }
    if let Some(b'.' | b'_') = text.as_bytes().get(end) {
        let suffix = letters(text, end + 1, LONGEST_SUFFIX);
        if suffix > 0 && is_end(text, end + 1 + suffix) {
            return Some(end + 1 + suffix);
        }
    }
    is_end(text, end).then_some(end)
}

fn letters(text: &str, start: usize, most: usize) -> usize {
    text.as_bytes()[start..].iter().take(most).take_while(|byte| byte.is_ascii_alphabetic()).count()
}

fn is_end(text: &str, at: usize) -> bool {
    char_at(text, at).is_none_or(|next| is_space(next) || next.is_ascii_punctuation())
}
