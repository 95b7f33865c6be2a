//! Text and figures as people read them, safe to show: used by tables and charts.

use std::borrow::Cow;

use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

/// A number's literal with commas between its thousands: `-1,234,567.5`. What is no plain decimal stays as it is.
///
/// ```
/// # use trendpipe::jsonl::format::people::thousands;
/// assert_eq!(thousands("1234567.125"), "1,234,567.125");
/// assert_eq!(thousands("1e18"), "1e18");
/// ```
pub fn thousands(literal: &str) -> String {
    let (sign, unsigned) = match literal.strip_prefix('-') {
        Some(rest) => ("-", rest),
        None => ("", literal),
    };
    let (whole, fraction) = unsigned.split_at(unsigned.find('.').unwrap_or(unsigned.len()));
    if !whole.bytes().all(|byte| byte.is_ascii_digit()) {
        return literal.to_owned();
    }
    let mut grouped = String::from(sign);
    for (at, digit) in whole.char_indices() {
        if at > 0 && (whole.len() - at) % 3 == 0 {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped + fraction
}

/// Text from a stream without what could do harm on a screen or in a picture: control characters (terminal escapes
/// among them), and the marks that turn the direction of the text around them. White space becomes a blank; what XML
/// forbids becomes U+FFFD.
pub fn clean(text: &str) -> Cow<'_, str> {
    if text.chars().all(|c| replacement(c) == Some(c)) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.chars().filter_map(replacement).collect())
}

fn replacement(c: char) -> Option<char> {
    match c {
        '\t' | '\n' | '\u{b}' | '\u{c}' | '\r' | '\u{85}' | '\u{2028}' | '\u{2029}' => Some(' '),
        '\u{202a}'..='\u{202e}'
        | '\u{2066}'..='\u{2069}'
        | '\u{61c}'
        | '\u{200e}'
        | '\u{200f}'
        | '\u{feff}' => None,
        _ if c.is_control() => None,
        // U+FFFE and U+FFFF of every plane are no characters.
        _ if u32::from(c) & 0xfffe == 0xfffe => Some('\u{fffd}'),
        _ => Some(c),
    }
}

/// Columns that a text takes in a terminal; no cluster takes more than two, as terminals have it.
pub fn columns_wide(text: &str) -> usize {
    text.graphemes(true).map(|cluster| cluster.width().min(2)).sum()
}

/// The text, cut between clusters to at most `most` columns, with an ellipsis where something is missing.
pub fn cut(text: &str, most: usize) -> Cow<'_, str> {
    if columns_wide(text) <= most {
        return Cow::Borrowed(text);
    }
    let mut taken = String::new();
    let mut wide = 1;
    for cluster in text.graphemes(true) {
        wide += cluster.width().min(2);
        if wide > most {
            break;
        }
        taken.push_str(cluster);
    }
    Cow::Owned(taken + "…")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_are_grouped() {
        for (literal, shown) in [
            ("0", "0"),
            ("999", "999"),
            ("1000", "1,000"),
            ("-123456", "-123,456"),
            ("12345678901234567890123", "12,345,678,901,234,567,890,123"),
            ("-1e-7", "-1e-7"),
            ("true", "true"),
        ] {
            assert_eq!(thousands(literal), shown);
        }
    }

    #[test]
    fn nothing_that_steers_a_screen_stays() {
        assert_eq!(clean("a\u{1b}[31mb\u{202e}c\nd\u{0}\u{ffff}"), "a[31mbc d\u{fffd}");
        assert!(matches!(clean("#שלום 👨‍👩‍👧"), Cow::Borrowed(_)), "joiners and scripts stay");
    }

    #[test]
    fn text_is_cut_between_clusters() {
        assert_eq!(cut("日本語", 5), "日本…");
        assert_eq!(cut("👨‍👩‍👧👨‍👩‍👧", 3), "👨‍👩‍👧…");
        assert_eq!(cut("abc", 3), "abc");
    }
}
