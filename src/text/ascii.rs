//! The counting key of a word for those who write it without its accents: `#café` is `#cafe`.
//!
//! The rule of Mastodon, which sends its hashtags to one another in this form: the letters of Western and Central Europe (Latin-1
//! and Latin Extended-A) lose their accents, after [`fold`]. All other letters stay as they are, also ß, æ and œ, and so do the
//! accents of other scripts.

use super::fold;
use std::borrow::Cow;
use unicode_normalization::char::decompose_canonical;

/// The form of a text under which its spellings are counted as one, with and without accents.
///
/// ```
/// use trendpipe::text::fold_ascii;
/// assert_eq!(fold_ascii("Café"), "cafe");
/// assert_eq!(fold_ascii("Łódź"), "lodz");
/// assert_eq!(fold_ascii("東京ガス"), "東京ガス");
/// ```
pub fn fold_ascii(text: &str) -> Cow<'_, str> {
    let folded = fold(text);
    if folded.chars().all(|letter| plain(letter) == letter) {
        return folded;
    }
    Cow::Owned(folded.chars().map(plain).collect())
}

/// A folded letter without its accent.
fn plain(letter: char) -> char {
    match letter {
        'ð' | 'đ' => 'd',
        'ħ' => 'h',
        'ı' => 'i',
        'ĸ' => 'k',
        'ł' => 'l',
        'ŋ' => 'n',
        'ø' => 'o',
        'ŧ' => 't',
        '\u{e0}'..='\u{17f}' => {
            let mut base = None;
            decompose_canonical(letter, |part| base = base.or(Some(part)));
            base.filter(char::is_ascii_alphabetic).unwrap_or(letter)
        }
        _ => letter,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn accents_are_dropped_where_mastodon_drops_them() {
        for (text, folded) in [
            ("ÀÉÎÕÜ çñÿ", "aeiou cny"),
            ("ĐØŁĦŊŦ ðđøłħŋŧıĸ", "doLHNT ddolhntik"),
            ("Žižek, Čapek, Dvořák", "zizek, capek, dvorak"),
            ("cafe\u{301}", "cafe"),
            ("Straße œuvre Ærø", "strasse œuvre æro"),
            ("Ελλάδα Йод ガス Tiếng", "ελλάδα йод ガス tiếng"),
            ("ＣＡＦＥ", "cafe"),
        ] {
            assert_eq!(fold_ascii(text), folded.to_lowercase(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn it_folds_once_and_after_the_other(text in "[a-zA-ZÀ-žα-ω日 \u{300}-\u{310}]{0,12}") {
            let (once, folded) = (fold(&text), fold_ascii(&text));
            prop_assert_eq!(&fold_ascii(&once), &folded);
            prop_assert_eq!(folded.chars().count(), once.chars().count());
        }
    }
}
