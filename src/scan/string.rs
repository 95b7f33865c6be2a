//! Strings: whether one is well formed, and the text that it stands for.

use std::borrow::Cow;

/// The decoded text of a string value, given with its quotes: borrowed when it has no escape.
///
/// Half of a surrogate pair becomes U+FFFD, and so do an escape that JSON does not have and bytes that are no UTF-8:
/// a text always comes out.
///
/// ```
/// # use trendpipe::scan::decode_string;
/// assert_eq!(decode_string(br#""caf\u00e9 \ud83d\ude00 \ud83d""#), "café 😀 \u{fffd}");
/// ```
pub fn decode_string(raw: &[u8]) -> Cow<'_, str> {
    let raw = raw.strip_prefix(b"\"").unwrap_or(raw);
    let raw = raw.strip_suffix(b"\"").unwrap_or(raw);
    match std::str::from_utf8(raw) {
        Ok(text) => unescape(text),
        Err(_) => Cow::Owned(unescape(&String::from_utf8_lossy(raw)).into_owned()),
    }
}

/// The text that stands for another between two quotes, as [`decode_string`] decodes it.
pub fn unescape(text: &str) -> Cow<'_, str> {
    match memchr::memchr(b'\\', text.as_bytes()) {
        None => Cow::Borrowed(text),
        Some(first) => Cow::Owned(unescape_from(text, first)),
    }
}

/// Decodes the escapes, the first of which is at `first`.
fn unescape_from(text: &str, first: usize) -> String {
    let mut decoded = String::with_capacity(text.len());
    let (mut plain, mut rest) = text.split_at(first);
    loop {
        decoded.push_str(plain);
        // `rest` begins with a backslash, or is empty.
        let Some(escape) = rest.as_bytes().get(1) else {
            if !rest.is_empty() {
                decoded.push(char::REPLACEMENT_CHARACTER);
            }
            return decoded;
        };
        let mut length = 2;
        match escape {
            b'"' | b'\\' | b'/' => decoded.push(char::from(*escape)),
            b'b' => decoded.push('\u{8}'),
            b'f' => decoded.push('\u{c}'),
            b'n' => decoded.push('\n'),
            b'r' => decoded.push('\r'),
            b't' => decoded.push('\t'),
            b'u' => {
                let (character, digits) = code_point(rest.as_bytes());
                decoded.push(character.unwrap_or(char::REPLACEMENT_CHARACTER));
                length = digits;
            }
            _ => {
                decoded.push(char::REPLACEMENT_CHARACTER);
                length = 1; // the byte behind may be part of a longer character: it stays as it is
            }
        }
        rest = &rest[length..];
        (plain, rest) = rest.split_at(memchr::memchr(b'\\', rest.as_bytes()).unwrap_or(rest.len()));
    }
}

/// The character of the `\u` escape, or pair of them, that the text begins with, and how many bytes it takes.
fn code_point(text: &[u8]) -> (Option<char>, usize) {
    let Some(high) = code_unit(text) else { return (None, 2) };
    if !(0xd800..0xdc00).contains(&high) {
        return (char::from_u32(high), 6);
    }
    match code_unit(&text[6..]) {
        Some(low @ 0xdc00..0xe000) => {
            (char::from_u32(0x1_0000 + ((high - 0xd800) << 10) + (low - 0xdc00)), 12)
        }
        _ => (None, 6),
    }
}

/// The number in `\uXXXX`.
fn code_unit(text: &[u8]) -> Option<u32> {
    let digits = text.strip_prefix(b"\\u")?.first_chunk::<4>()?;
    let [a, b, c, d] = digits.map(|digit| DIGITS[usize::from(digit)]);
    // One test for all four: what is no digit has bits that no digit has.
    ((a | b | c | d) < 16).then(|| u32::from(a) << 12 | u32::from(b) << 8 | u32::from(c) << 4 | u32::from(d))
}

/// By byte, what it stands for as a hexadecimal digit; 255 if it is none.
const DIGITS: [u8; 256] = {
    let mut digits = [u8::MAX; 256];
    let mut digit = 0;
    while digit < 16 {
        digits[b"0123456789abcdef"[digit] as usize] = digit as u8;
        digits[b"0123456789ABCDEF"[digit] as usize] = digit as u8;
        digit += 1;
    }
    digits
};

/// Whether the text between two quotes has no control character and no escape but those of JSON.
pub(super) fn is_string(text: &[u8]) -> bool {
    string_fault(text).is_none()
}

/// The first control character or wrong escape in the text between two quotes. The text has no unescaped quote.
pub(super) fn string_fault(text: &[u8]) -> Option<usize> {
    let mut at = 0;
    loop {
        at += plain_length(&text[at..]);
        if *text.get(at)? != b'\\' {
            return Some(at); // a control character
        }
        at += match text.get(at + 1) {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => 2,
            Some(b'u') if code_unit(&text[at..]).is_some() => 6,
            _ => return Some(at),
        };
    }
}

/// The bytes before the first control character or backslash.
fn plain_length(text: &[u8]) -> usize {
    const ONES: u64 = 0x0101_0101_0101_0101;
    let (words, _) = text.as_chunks::<8>();
    let mut length = 0;
    // The lowest marked byte is exact: subtraction borrows only from bytes above one that is marked.
    let marked = |word: &[u8; 8]| {
        let word = u64::from_le_bytes(*word);
        let differs = word ^ (u64::from(b'\\') * ONES);
        (word.wrapping_sub(0x20 * ONES) & !word | differs.wrapping_sub(ONES) & !differs) & (0x80 * ONES)
    };
    for word in words {
        let marked = marked(word);
        if marked != 0 {
            return length + marked.trailing_zeros() as usize / 8;
        }
        length += 8;
    }
    if let Some(last) = text.last_chunk::<8>() {
        // Together with bytes that have been looked at, those that are left are a word.
        let marked = marked(last);
        let place = text.len() - 8 + marked.trailing_zeros() as usize / 8;
        return if marked == 0 { text.len() } else { place };
    }
    let is_special = |byte: &u8| *byte < b' ' || *byte == b'\\';
    text[length..].iter().position(is_special).map_or(text.len(), |more| length + more)
}
