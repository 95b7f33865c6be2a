//! What the signs and words of a text are made of, as twitter-text has it.

use regex_syntax::hir::{Class, Hir, HirKind};
use std::sync::LazyLock;

/// What a character is in a hashtag.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Letter {
    /// It ends a hashtag.
    No,
    /// A digit or a joining sign: part of a hashtag that has a letter.
    Joins,
    /// A letter or a mark.
    Yes,
}

/// Beside letters, marks and digits.
const JOINING: &[char] = &[
    '_', '\u{b7}', '\u{5be}', '\u{5f3}', '\u{5f4}', '\u{f0b}', '\u{f0c}', '\u{200c}', '\u{200d}', '\u{3003}',
    '\u{301c}', '\u{309b}', '\u{309c}', '\u{30a0}', '\u{30fb}', '\u{a67e}', '\u{ff5e}',
];

const PAGE: usize = 128;

/// The letters of all languages in pages, most of which are alike: the number of the page, and the pages.
struct Letters {
    page: Vec<u16>,
    pages: Vec<[u8; PAGE]>,
}

/// Made from the tables of the regular expressions, so that the crate knows one version of Unicode only.
static LETTERS: LazyLock<Letters> = LazyLock::new(|| {
    let mut all = vec![Letter::No as u8; char::MAX as usize + 1];
    let mut mark = |class: &str, letter: Letter| {
        let parsed = regex_syntax::parse(class).ok();
        let Some(HirKind::Class(Class::Unicode(class))) = parsed.as_ref().map(Hir::kind) else {
            return;
        };
        for range in class.ranges() {
            all[range.start() as usize..=range.end() as usize].fill(letter as u8);
        }
    };
    mark(r"[\p{Nd}]", Letter::Joins);
    mark(r"[\p{L}\p{M}]", Letter::Yes);
    for &joining in JOINING {
        all[joining as usize] = Letter::Joins as u8;
    }
    let mut letters = Letters { page: Vec::new(), pages: Vec::new() };
    for page in all.as_chunks::<PAGE>().0 {
        // neighbours are alike, and few kinds of pages recur
        let known = letters.pages.iter().rposition(|known| known == page);
        letters.page.push(known.unwrap_or(letters.pages.len()) as u16);
        if known.is_none() {
            letters.pages.push(*page);
        }
    }
    letters
});

/// What a character is in a hashtag.
pub(super) fn letter(character: char) -> Letter {
    match character {
        'a'..='z' | 'A'..='Z' => Letter::Yes,
        '0'..='9' | '_' => Letter::Joins,
        '\0'..='\x7f' => Letter::No,
        _ => {
            let letters = &*LETTERS;
            let code = character as usize;
            match letters.pages[usize::from(letters.page[code / PAGE])][code % PAGE] {
                0 => Letter::No,
                1 => Letter::Joins,
                _ => Letter::Yes,
            }
        }
    }
}

pub(super) fn is_space(character: char) -> bool {
    character.is_whitespace() || character == '\u{180e}'
}

/// Marks that say in which direction a text runs.
pub(super) fn is_directional(character: char) -> bool {
    matches!(character, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// What stands in no text: byte order marks.
pub(super) fn is_invalid(character: char) -> bool {
    matches!(character, '\u{fffe}' | '\u{feff}' | '\u{ffff}')
}

/// The letters with accents of the Latin script, which belong to a domain and cut off a mention.
pub(super) fn is_latin_accent(character: char) -> bool {
    matches!(character,
        '\u{c0}'..='\u{d6}' | '\u{d8}'..='\u{f6}' | '\u{f8}'..='\u{24f}'
        | '\u{253}' | '\u{254}' | '\u{256}' | '\u{257}' | '\u{259}' | '\u{25b}' | '\u{263}' | '\u{268}'
        | '\u{26f}' | '\u{272}' | '\u{289}' | '\u{28b}' | '\u{2bb}'
        | '\u{300}'..='\u{36f}' | '\u{1e00}'..='\u{1eff}')
}

pub(super) fn is_cyrillic(character: char) -> bool {
    matches!(character, '\u{400}'..='\u{4ff}')
}

/// The character that starts at a byte.
pub(super) fn char_at(text: &str, at: usize) -> Option<char> {
    match text.as_bytes().get(at) {
        Some(&byte) if byte < 0x80 => Some(byte as char),
        _ => text.get(at..)?.chars().next(),
    }
}

/// The character that ends before a byte.
pub(super) fn char_before(text: &str, at: usize) -> Option<char> {
    match at.checked_sub(1).and_then(|last| text.as_bytes().get(last)) {
        Some(&byte) if byte < 0x80 => Some(byte as char),
        _ => text.get(..at)?.chars().next_back(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_marks_and_digits_are_those_of_unicode() {
        let word = regex::Regex::new(r"^[\p{L}\p{M}]$").unwrap();
        let digit = regex::Regex::new(r"^\p{Nd}$").unwrap();
        let mut buffer = [0; 4];
        for character in (0..0x3_0000).chain(0xe_0000..0xe_0200).filter_map(char::from_u32) {
            let text = &*character.encode_utf8(&mut buffer);
            let expected = if JOINING.contains(&character) {
                Letter::Joins
            } else if word.is_match(text) {
                Letter::Yes
            } else if digit.is_match(text) {
                Letter::Joins
            } else {
                Letter::No
            };
            assert_eq!(letter(character), expected, "{character:?}");
        }
    }

    #[test]
    fn characters_are_found_around_a_byte() {
        let text = "é#日";
        assert_eq!(
            (char_before(text, 2), char_at(text, 2), char_at(text, 3)),
            (Some('é'), Some('#'), Some('日'))
        );
        assert_eq!((char_before(text, 0), char_at(text, 6)), (None, None));
    }
}
