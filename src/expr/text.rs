//! The words of JSON: strings and numbers, from their bytes and back.

use crate::jsonl::{demands_escape, write_string_with};
use crate::scan::{decode_string, unescape};
use std::borrow::Cow;

/// A string as it stands in JSON, from its opening quote on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Quoted<'a> {
    /// With both quotes.
    pub(super) raw: &'a [u8],
    has_escape: bool,
}

impl<'a> Quoted<'a> {
    /// The string that a text starts with. `None` if it does not end, or if an escape or a control character in it is
    /// not JSON's.
    pub(super) fn read(text: &'a [u8]) -> Option<Quoted<'a>> {
        let mut at = usize::from(*text.first()? == b'"');
        if at == 0 {
            return None;
        }
        let mut has_escape = false;
        loop {
            at += plain_length(&text[at..]);
            at += match text[at..] {
                [b'"', ..] => return Some(Quoted { raw: &text[..=at], has_escape }),
                [b'\\', b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't', ..] => 2,
                [b'\\', b'u', ref digits @ ..] if digits.first_chunk().is_some_and(is_hex4) => 6,
                _ => return None,
            };
            has_escape = true;
        }
    }

    /// What the string says. Half a surrogate pair is U+FFFD. `None` if it is not valid UTF-8.
    fn text(self) -> Option<Cow<'a, str>> {
        let content = std::str::from_utf8(&self.raw[1..self.raw.len() - 1]).ok()?;
        Some(if self.has_escape { unescape(content) } else { Cow::Borrowed(content) })
    }

    /// What the string says, as bytes. Half a surrogate pair is U+FFFD.
    pub(super) fn bytes(self) -> Cow<'a, [u8]> {
        if !self.has_escape {
            return Cow::Borrowed(&self.raw[1..self.raw.len() - 1]);
        }
        match decode_string(self.raw) {
            Cow::Borrowed(content) => Cow::Borrowed(content.as_bytes()),
            Cow::Owned(content) => Cow::Owned(content.into_bytes()),
        }
    }
}

fn is_hex4(digits: &[u8; 4]) -> bool {
    digits.iter().all(u8::is_ascii_hexdigit)
}

/// The bytes before the first quote, backslash or control character.
fn plain_length(text: &[u8]) -> usize {
    const ONES: u64 = u64::MAX / 255;
    let (words, rest) = text.as_chunks::<8>();
    for (place, word) in words.iter().enumerate() {
        // Marks a byte that is less than 0x20 or equal to one of two. A mark may be false above a true one only.
        let word = u64::from_le_bytes(*word);
        let is = |byte: u8| {
            let differs = word ^ (u64::from(byte) * ONES);
            differs.wrapping_sub(ONES) & !differs
        };
        let marks = (word.wrapping_sub(0x20 * ONES) & !word | is(b'"') | is(b'\\')) & (0x80 * ONES);
        if marks != 0 {
            return place * 8 + marks.trailing_zeros() as usize / 8;
        }
    }
    let is_special = |byte: &u8| *byte < 0x20 || matches!(byte, b'"' | b'\\');
    words.len() * 8 + rest.iter().position(is_special).unwrap_or(rest.len())
}

/// What a string with its quotes says, or `None` if it is not a JSON string. Half a surrogate pair is U+FFFD.
pub(super) fn decode(raw: &[u8]) -> Option<Cow<'_, str>> {
    Quoted::read(raw).filter(|quoted| quoted.raw.len() == raw.len())?.text()
}

/// The length of the JSON number that a text starts with, and whether it is written as an integer.
pub(super) fn number(text: &[u8]) -> Option<(usize, bool)> {
    let digits = |at: usize| text[at..].iter().take_while(|byte| byte.is_ascii_digit()).count();
    let mut at = usize::from(text.first() == Some(&b'-'));
    match (text.get(at)?, digits(at)) {
        (b'0', _) => at += 1,
        (_, 0) => return None,
        (_, count) => at += count,
    }
    let integer_end = at;
    if text.get(at) == Some(&b'.') {
        let count = digits(at + 1);
        if count == 0 {
            return None;
        }
        at += 1 + count;
    }
    if let Some(b'e' | b'E') = text.get(at) {
        at += 1;
        if let Some(b'+' | b'-') = text.get(at) {
            at += 1;
        }
        let count = digits(at);
        if count == 0 {
            return None;
        }
        at += count;
    }
    let ends =
        !text.get(at).is_some_and(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'+' | b'-'));
    ends.then_some((at, at == integer_end))
}

/// An integer of at most 18 digits, for which `i64` needs no check.
pub(super) fn small_integer(text: &[u8]) -> Option<i64> {
    let (negative, digits) = text.strip_prefix(b"-").map_or((false, text), |digits| (true, digits));
    if digits.is_empty() || digits.len() > 18 {
        return None;
    }
    let mut value = 0;
    for &digit in digits {
        if !digit.is_ascii_digit() {
            return None;
        }
        value = value * 10 + i64::from(digit - b'0');
    }
    Some(if negative { -value } else { value })
}

/// Appends a string as JSON, with its quotes and as few escapes as jq writes.
pub(super) fn write_string(content: &str, out: &mut Vec<u8>) {
    write_string_with(needs_escape, content, out);
}

/// jq escapes these, and nothing else: what JSON demands, and DEL.
fn needs_escape(byte: u8) -> bool {
    demands_escape(byte) || byte == 0x7f
}

/// Whether any byte of a text is escaped when it is printed. All are looked at, sixteen at a time: most texts have none.
pub(super) fn has_escapes(text: &[u8]) -> bool {
    text.iter().fold(false, |found, &byte| found | needs_escape(byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_end_at_their_own_quote() {
        let length = |text: &[u8]| Quoted::read(text).map(|quoted| quoted.raw.len());
        assert_eq!(length(br#""a\"b" "c""#), Some(6));
        assert_eq!(length(br#""a\\" "#), Some(5));
        for text in
            [&br#""a\""#[..], br#""a\"#, br#""a"#, b"", b"a\"", br#""\x""#, br#""\u12g4""#, b"\"a\tb\""]
        {
            assert_eq!(length(text), None, "{}", String::from_utf8_lossy(text));
        }
        for place in 0..40 {
            for special in [0u8, 0x1f, b'"', b'\\', 0x20, 0x7f, 0x80, 0xff, b'!', b'#', b'[', b']'] {
                let mut text = [b'x'; 40];
                text[place] = special;
                let is_special = special < 0x20 || special == b'"' || special == b'\\';
                assert_eq!(plain_length(&text), if is_special { place } else { 40 });
            }
        }
    }

    #[test]
    fn numbers_are_json_numbers() {
        for (text, length, is_integer) in
            [("0", 1, true), ("-12,", 3, true), ("1.5e+3]", 6, false), ("1E5", 3, false)]
        {
            assert_eq!(number(text.as_bytes()), Some((length, is_integer)), "{text}");
        }
        for text in ["", "-", "01", "1.", "1e", "1x", ".5", "--1", "1.2.3"] {
            assert_eq!(number(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn written_strings_are_read_back() {
        let content = "q\" b\\ n\n t\t \u{0}\u{1f}\u{7f} é 😀";
        let mut written = Vec::new();
        write_string(content, &mut written);
        assert_eq!(String::from_utf8_lossy(&written), "\"q\\\" b\\\\ n\\n t\\t \\u0000\\u001f\\u007f é 😀\"");
        assert_eq!(decode(&written).as_deref(), Some(content));
        assert_eq!(decode(b"\"a\tb\""), None);
    }
}
