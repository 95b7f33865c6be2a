//! A text in pieces: what it says in words, and what only points somewhere.
//!
//! URLs and mentions are nobody's words, and a hashtag is one word whatever it is made of. Which they are is decided by
//! the functions that list them.

use super::{hashtags, mentions_and_lists, urls};
use memchr::memmem;

/// A part of a text that says something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Piece<'t> {
    /// Running text.
    Text(&'t str),
    /// A hashtag, without its sign.
    Tag(&'t str),
}

/// Hands each piece of a text to `each`, in order. URLs and mentions are left out.
pub(super) fn pieces<'t>(text: &'t str, mut each: impl FnMut(Piece<'t>)) {
    let mut urls = urls(text).map(|url| (url.range, None)).peekable();
    let mut mentions = mentions_and_lists(text).map(|mention| (mention.entity.range, None)).peekable();
    let mut tags = hashtags(text).map(|tag| (tag.range, Some(tag.value))).peekable();
    let mut end = 0;
    loop {
        let starts = [
            urls.peek().map(|(range, _)| range.start),
            mentions.peek().map(|(range, _)| range.start),
            tags.peek().map(|(range, _)| range.start),
        ];
        let first = starts.into_iter().flatten().min();
        let next = match starts.iter().position(|start| start.is_some() && *start == first) {
            Some(0) => urls.next(),
            Some(1) => mentions.next(),
            Some(_) => tags.next(),
            None => None,
        };
        let Some((range, tag)) = next else { break };
        // of two that overlap, what begins first stands
        if range.start < end {
            continue;
        }
        without_addresses(&text[end..range.start], &mut each);
        if let Some(tag) = tag {
            each(Piece::Tag(tag));
        }
        end = range.end;
    }
    without_addresses(&text[end..], &mut each);
}

/// Leaves out what has a scheme and is no URL by the rules, because it was cut off (`https://t…`), or is local.
fn without_addresses<'t>(text: &'t str, each: &mut impl FnMut(Piece<'t>)) {
    let mut rest = text;
    while let Some(sign) = memmem::find(rest.as_bytes(), b"://") {
        let scheme = rest[..sign].trim_end_matches(|letter: char| letter.is_ascii_alphanumeric());
        each(Piece::Text(scheme));
        let address = &rest[sign..];
        rest = &address[address.find(char::is_whitespace).unwrap_or(address.len())..];
    }
    if !rest.is_empty() {
        each(Piece::Text(rest));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn shown(text: &str) -> String {
        let mut shown = String::new();
        pieces(text, |piece| match piece {
            Piece::Text(text) => shown.push_str(text),
            Piece::Tag(tag) => shown.extend(["[", tag, "]"]),
        });
        shown
    }

    #[test]
    fn what_points_somewhere_is_no_text() {
        for (text, expected) in [
            ("", ""),
            ("RT @ann: see https://t.co/x #top!", "RT : see  [top]!"),
            ("(pic.twitter.com/abc) me@example.com", "() me@example.com"),
            ("@a/list #x #y", "  [x] [y]".trim_start_matches(' ').trim_start()),
            ("https://t… http://localhost:80/a x ftp://b", "  x "),
            ("#a#b a#c &#39; #1", "#a#b a#c &#39; #1"),
            ("＃東京で@bob", "[東京で]"),
            ("…://x://y z://", "… "),
        ] {
            assert_eq!(shown(text).trim_start(), expected.trim_start(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn pieces_are_parts_of_the_text_in_order(text in "([a#@＃ ]|://|https://t\\.co/x|\\.com|\\PC){0,30}") {
            let mut at = text.as_ptr() as usize;
            pieces(&text, |piece| {
                let (Piece::Text(part) | Piece::Tag(part)) = piece;
                let start = part.as_ptr() as usize;
                assert!(at <= start, "{part:?} of {text:?}");
                at = start + part.len();
            });
            prop_assert!(at <= text.as_ptr() as usize + text.len());
        }
    }
}
