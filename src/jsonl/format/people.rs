//! Text and figures as people read them, safe to show: used by tables and charts.

use std::borrow::Cow;

use unicode_segmentation::UnicodeSegmentation;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

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
/// among them), the marks that turn the direction of the text around them, and towers of accents that reach into the
/// lines above and below. White space becomes a blank; what XML forbids becomes U+FFFD.
pub fn clean(text: &str) -> Cow<'_, str> {
    if text.chars().all(|c| replacement(c) == Some(c) && c.width() != Some(0)) {
        return Cow::Borrowed(text);
    }
    let mut marks = 0;
    let kept = text.chars().filter_map(replacement).filter(|c| {
        marks = if c.width() == Some(0) { marks + 1 } else { 0 };
        marks <= MOST_MARKS
    });
    Cow::Owned(kept.collect())
}

/// Characters without width in a row: the flag of a region has six, a letter of any script fewer.
const MOST_MARKS: usize = 6;

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
        for text in
            ["#שלום 👨‍👩‍👧", "🏴\u{e0067}\u{e0062}\u{e0065}\u{e006e}\u{e0067}\u{e007f}", "é e\u{301}\u{323}"]
        {
            assert_eq!(clean(text), text, "joiners, scripts and flags stay");
        }
        assert_eq!(
            clean(&format!("a{}b", "\u{301}".repeat(99))),
            format!("a{}b", "\u{301}".repeat(MOST_MARKS))
        );
    }

    #[test]
    fn text_is_cut_between_clusters() {
        assert_eq!(cut("日本語", 5), "日本…");
        assert_eq!(cut("👨‍👩‍👧👨‍👩‍👧", 3), "👨‍👩‍👧…");
        assert_eq!(cut("abc", 3), "abc");
    }
}
