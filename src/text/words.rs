//! The words of a text, as counts and topics take them.
//!
//! A word is a run of letters, marks and digits of any script, in its counting key ([`fold`]). `'` and `-` join what is on
//! both sides of them (`don't`, `rock-n-roll`), `.` and `,` digits (`3.5`). A hashtag is one word, URLs and mentions are none.
//!
//! Scripts that set no blanks between words are cut without a dictionary: Han into overlapping pairs, as Lucene's analyzer
//! for Chinese and Japanese does, runs of hiragana and katakana apart from them and whole. Thai and its likes, which would need
//! one, stay as long as they run.
//!
//! Cost: ASCII is looked at byte by byte, and nothing is allocated for words in lower case.

use super::fold;
use super::letters::{Letter, char_at, letter};
use super::piece::{Piece, pieces};

/// Hands each word of a text to `each`, in order.
///
/// ```
/// use trendpipe::text::words;
/// let mut found = Vec::new();
/// words("RT @ann: Don't miss #RustLang at https://rust-lang.org!", |word| found.push(word.to_owned()));
/// assert_eq!(found, ["rt", "don't", "miss", "rustlang", "at"]);
/// ```
pub fn words(text: &str, mut each: impl FnMut(&str)) {
    let mut lower = String::new();
    pieces(text, |piece| match piece {
        // a tag of marks alone is a tag, and no word
        Piece::Tag(tag) if tag.contains(char::is_alphanumeric) => each(&fold(tag)),
        Piece::Tag(_) => {}
        Piece::Text(text) => {
            let mut at = 0;
            while let Some(start) = next_start(text, at) {
                at = end(text, start);
                spell(&text[start..at], &mut lower, &mut each);
            }
        }
    });
}

/// What a byte is in a word.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Byte {
    /// Ends a word.
    No,
    /// A letter or a digit.
    Yes,
    /// Joins words: `'` `-` `_`
    Joins,
    /// Joins digits: `.` `,`
    JoinsDigits,
    /// Begins what HTML writes for a character: `&amp;`
    Escape,
    /// Part of a character beyond ASCII.
    Wide,
}

const BYTES: [Byte; 256] = {
    let mut bytes = [Byte::No; 256];
    let mut byte = 0;
    while byte < 256 {
        bytes[byte] = match byte as u8 {
            b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' => Byte::Yes,
            b'\'' | b'-' | b'_' => Byte::Joins,
            b'.' | b',' => Byte::JoinsDigits,
            b'&' => Byte::Escape,
            0x80.. => Byte::Wide,
            _ => Byte::No,
        };
        byte += 1;
    }
    bytes
};

/// Where the next word begins: at a letter or a digit.
fn next_start(text: &str, mut at: usize) -> Option<usize> {
    loop {
        match BYTES[usize::from(*text.as_bytes().get(at)?)] {
            Byte::Yes => return Some(at),
            Byte::Escape => at += escape_length(&text[at..]),
            Byte::Wide => {
                let character = char_at(text, at)?;
                if begins(character) {
                    return Some(at);
                }
                at += character.len_utf8();
            }
            Byte::No | Byte::Joins | Byte::JoinsDigits => at += 1,
        }
    }
}

/// The length of `&amp;` and its likes, which Twitter's texts are full of; 1 of any other `&`.
fn escape_length(text: &str) -> usize {
    let escapes = ["&amp;", "&lt;", "&gt;", "&quot;", "&apos;", "&#39;", "&nbsp;"];
    escapes.into_iter().find(|escape| text.starts_with(escape)).map_or(1, str::len)
}

/// Where the word that begins here ends.
fn end(text: &str, start: usize) -> usize {
    let bytes = text.as_bytes();
    let mut at = start;
    // behind the last letter or digit
    let mut end = start;
    while let Some(&byte) = bytes.get(at) {
        match BYTES[usize::from(byte)] {
            Byte::Yes => {
                let is_end = |&byte: &u8| BYTES[usize::from(byte)] != Byte::Yes;
                at += bytes[at..].iter().position(is_end).unwrap_or(bytes.len() - at);
                end = at;
            }
            Byte::Joins if byte == b'_' || end == at && continues(text, at + 1) => at += 1,
            Byte::JoinsDigits
                if bytes[at - 1].is_ascii_digit() && bytes.get(at + 1).is_some_and(u8::is_ascii_digit) =>
            {
                at += 1;
            }
            Byte::Wide => {
                let Some(character) = char_at(text, at) else { break };
                let next = at + character.len_utf8();
                if is_part(character) {
                    end = next;
                } else if !(is_joiner(character) || is_mark(character) && end == at && continues(text, next))
                {
                    break;
                }
                at = next;
            }
            _ => break,
        }
    }
    end
}

/// A letter or a digit stands here.
fn continues(text: &str, at: usize) -> bool {
    char_at(text, at).is_some_and(begins)
}

/// A letter or a digit, which a word may begin with.
fn begins(character: char) -> bool {
    is_part(character) && character.is_alphanumeric()
}

/// A letter, a mark or a digit. The marks that choose between text and emoji belong to these.
fn is_part(character: char) -> bool {
    match letter(character) {
        Letter::Yes => !matches!(character, '\u{fe00}'..='\u{fe0f}' | '\u{20e3}' | '\u{e0100}'..='\u{e01ef}'),
        Letter::Joins => character.is_numeric(),
        Letter::No => false,
    }
}

/// What joins letters within a word and may stand twice: `_`, the joiners of Indic and Arabic scripts.
fn is_joiner(character: char) -> bool {
    matches!(character, '_' | '\u{200c}' | '\u{200d}')
}

/// What joins two parts of a word: hyphens, apostrophes, the middle dot of Catalan, Hebrew's and Tibetan's marks.
fn is_mark(character: char) -> bool {
    matches!(
        character,
        '\u{2010}' | '\u{2011}' | '\u{2019}' | '\u{b7}' | '\u{5be}' | '\u{5f3}' | '\u{5f4}' | '\u{f0b}'
    )
}

/// Hands a word to `each` in its counting key; of several scripts, in parts.
fn spell(word: &str, lower: &mut String, each: &mut impl FnMut(&str)) {
    if !word.bytes().any(|byte| byte.is_ascii_uppercase() || !byte.is_ascii()) {
        return each(word);
    }
    if !word.is_ascii() {
        return spell_wide(word, each);
    }
    lower.clear();
    lower.push_str(word);
    lower.make_ascii_lowercase();
    each(lower);
}

fn spell_wide(word: &str, each: &mut impl FnMut(&str)) {
    let mut rest = word;
    while let Some(first) = rest.chars().next() {
        let run = Script::of(first);
        let other = rest.find(|character| !run.goes_on_with(character)).unwrap_or(rest.len());
        let (part, behind) = rest.split_at(other.max(first.len_utf8()));
        rest = behind;
        let part = part.trim_matches(|character| !begins(character) && !is_part(character));
        if part.is_empty() {
            continue;
        }
        // A few letters fold to a blank with a mark on it, such as the isolated vowels of Arabic.
        for key in fold(part).split_whitespace().filter(|key| key.contains(char::is_alphanumeric)) {
            match run {
                Script::Han => pairs(key, each),
                Script::Hiragana | Script::Katakana => each(key),
                Script::Other if key.contains(['\u{2019}', '\u{2010}', '\u{2011}']) => {
                    each(&key.replace('\u{2019}', "'").replace(['\u{2010}', '\u{2011}'], "-"));
                }
                Script::Other => each(key),
            }
        }
    }
}

/// A run of Han in overlapping pairs.
fn pairs(run: &str, each: &mut impl FnMut(&str)) {
    let mut letters = run.chars().filter(|&letter| Script::of(letter) == Script::Han).peekable();
    let mut pair = String::new();
    let mut is_first = true;
    while let Some(letter) = letters.next() {
        pair.clear();
        pair.push(letter);
        match letters.peek() {
            Some(&next) => pair.push(next),
            None if is_first => {}
            None => return,
        }
        is_first = false;
        each(&pair);
    }
}

/// The scripts that are cut.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Script {
    Han,
    Hiragana,
    Katakana,
    Other,
}

impl Script {
    fn of(character: char) -> Script {
        match character {
            '\u{3005}'
            | '\u{3007}'
            | '\u{3400}'..='\u{4dbf}'
            | '\u{4e00}'..='\u{9fff}'
            | '\u{f900}'..='\u{faff}'
            | '\u{20000}'..='\u{3ffff}' => Script::Han,
            '\u{3041}'..='\u{309f}' => Script::Hiragana,
            '\u{30a0}'..='\u{30ff}' | '\u{31f0}'..='\u{31ff}' | '\u{ff66}'..='\u{ff9f}' => Script::Katakana,
            _ => Script::Other,
        }
    }

    /// The run goes on: with its own script, with the mark of a long vowel that all kana share, and with accents.
    fn goes_on_with(self, character: char) -> bool {
        Script::of(character) == self
            || self == Script::Hiragana && character == 'ー'
            || !character.is_alphanumeric()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn of(text: &str) -> Vec<String> {
        let mut found = Vec::new();
        words(text, |word| found.push(word.to_owned()));
        found
    }

    #[track_caller]
    fn gives(cases: &[(&str, &str)]) {
        for (text, expected) in cases {
            assert_eq!(of(text).join(" "), *expected, "{text:?}");
        }
    }

    #[test]
    fn words_are_joined_by_what_is_between_letters() {
        gives(&[
            ("Don't stop, rock-n-roll -- 'til the end-", "don't stop rock-n-roll til the end"),
            ("don’t re‐enter dogs'", "don't re-enter dogs"),
            ("3.5 1,000 2018-11-12 stop.Them a,b 5.", "3.5 1,000 2018-11-12 stop them a b 5"),
            ("snake_case __init__ _ ' - a_ _b", "snake_case init a b"),
            ("Q&amp;A &lt;3 AT&T &x;", "q a 3 at t x"),
            ("it''s a--b a-_-b", "it s a b a b"),
            ("", ""),
        ]);
    }

    #[test]
    fn what_points_somewhere_is_no_word_and_a_tag_is_one() {
        gives(&[
            ("RT @ann_b: see https://t.co/aBc1 pic.twitter.com/x", "rt see"),
            ("#StanLee #new_york #covid-19 #1", "stanlee new_york covid 19 1"),
            ("#東京タワー に", "東京タワー に"),
            ("https://t… bye", "bye"),
        ]);
    }

    #[test]
    fn words_of_all_scripts_are_folded() {
        gives(&[
            ("STRASSE Straße ＷＩＤＥ cafe\u{301} CAFÉ", "strasse strasse wide café café"),
            ("Привет, мир! ΣΊΣΥΦΟΣ σίσυφος", "привет мир σίσυφοσ σίσυφοσ"),
            ("नमस्ते दुनिया مرحبا بالعالم שלום", "नमस्ते दुनिया مرحبا بالعالم שלום"),
            ("می‌خواهم क्‍ष", "می‌خواهم क्‍ष"),
            ("col·lecció 안녕하세요 세계", "col·lecció 안녕하세요 세계"),
        ]);
    }

    #[test]
    fn a_letter_that_stands_for_a_phrase_is_its_words() {
        gives(&[("محمد ﷺ", "محمد صلى الله عليه وسلم")]);
    }

    #[test]
    fn scripts_without_blanks_are_cut() {
        gives(&[
            ("東京タワーはとても高い", "東京 タワー はとても 高 い"),
            ("我爱北京天安门。", "我爱 爱北 北京 京天 天安 安门"),
            ("ラーメン・カレー らーめん ﾗｰﾒﾝ", "ラーメン カレー らーめん ラーメン"),
            ("iPhoneを買う2台", "iphone を 買 う 2 台"),
            ("สวัสดีครับ", "สวัสดีครับ"),
        ]);
    }

    #[test]
    fn emoji_and_signs_are_no_words() {
        gives(&[("❤️love 👩‍👩‍👧 1️⃣ ½ ™ 🇫🇷 👍🏽ok \u{fe0f}", "love 1 ok"), ("\u{301} \u{200d}", "")]);
    }

    fn texts() -> impl Strategy<Value = String> {
        prop_oneof![
            any::<String>(),
            "([aB1é’'_.,&;#@＃ -]|東|カ|ー|の|ß|\u{301}|\u{200d}|\u{fe0f}|&amp;|https://t\\.co/x|\\PC){0,24}",
        ]
    }

    proptest! {
        #[test]
        fn words_are_folded_and_hold_a_letter_or_a_digit(text in texts()) {
            for word in of(&text) {
                prop_assert_eq!(&fold(&word), &word, "of {:?}", text);
                prop_assert!(word.chars().any(char::is_alphanumeric), "{:?} of {:?}", word, text);
                // the key of a tag may be a phrase
                let is_tag = text.contains(['#', '＃']);
                prop_assert!(is_tag || !word.contains(char::is_whitespace), "{:?} of {:?}", word, text);
            }
        }

        /// What was cut stays cut.
        #[test]
        fn words_of_ascii_are_words_again(text in "[aB1'_.,&; -]{0,24}") {
            let once = of(&text);
            prop_assert_eq!(of(&once.join(" ")), once);
        }
    }
}
