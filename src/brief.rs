//! The beginning of a text that may be long, for a message or a cell.

use std::borrow::Cow;

/// The text where it has at most so many characters, else so many of them and `…`.
pub fn brief(text: &str, most: usize) -> Cow<'_, str> {
    match text.char_indices().nth(most) {
        Some((end, _)) => Cow::Owned(format!("{}…", &text[..end])),
        None => Cow::Borrowed(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_longer_is_cut_and_between_characters() {
        for (text, expected) in [("", ""), ("äöü", "äöü"), ("äöüß", "äöü…"), ("a\u{1f600}bc", "a\u{1f600}b…")]
        {
            assert_eq!(brief(text, 3), expected);
        }
        assert_eq!(brief("a", 0), "…");
    }
}
