//! The text of a post that comes as HTML, as Mastodon sends it.
//!
//! Tags go, `<br>` is a line, a new paragraph an empty line, and character references are decoded. What is no tag stays:
//! `a < b` is text. A link of Mastodon hides parts of its address from the eye; here it is whole again.
//!
//! Cost: linear in the text, whatever stands in it.

/// The text of some HTML.
pub(super) fn text_of(html: &str) -> String {
    let mut text = String::with_capacity(html.len());
    let mut ends = TagEnds::default();
    let mut rest = html;
    while let Some(at) = rest.find(['<', '&']) {
        text.push_str(&rest[..at]);
        rest = &rest[at..];
        let taken = if rest.starts_with('<') {
            tag(html, html.len() - rest.len(), &mut ends, &mut text)
        } else {
            reference(rest, &mut text)
        };
        if taken == 0 {
            text.push_str(&rest[..1]);
        }
        rest = &rest[taken.max(1)..];
    }
    text.push_str(rest);
    text.truncate(text.trim_end_matches('\n').len());
    text
}

/// Reads the tag that begins at a place; its length, or 0 if it is none.
fn tag(html: &str, at: usize, ends: &mut TagEnds, text: &mut String) -> usize {
    let rest = &html[at..];
    let inner = rest[1..].trim_start_matches('/');
    if !inner.starts_with(|first: char| first.is_ascii_alphabetic() || first == '!') {
        return 0;
    }
    let Some(end) = ends.find(html.as_bytes(), at) else { return 0 };
    let name = inner.split(|part: char| !part.is_ascii_alphanumeric()).next().unwrap_or_default();
    if name.eq_ignore_ascii_case("br") {
        text.push('\n');
    } else if name.eq_ignore_ascii_case("p") && !rest.starts_with("</") && !text.is_empty() {
        text.truncate(text.trim_end_matches('\n').len());
        text.push_str("\n\n");
    }
    end - at
}

/// Where tags end: behind their `>`, of which a quoted value may have more.
///
/// What has no end is looked through to the end of the text, and then the next `<` may be. So it is noted in which quotes each byte was
/// met by those that found none: another that meets it in the same finds none either.
#[derive(Default)]
struct TagEnds {
    /// By byte, a bit for each [`Quotes`]; empty until a tag has no end.
    endless: Vec<u8>,
}

/// What a byte of a tag stands in.
#[derive(Clone, Copy)]
enum Quotes {
    None = 1,
    Double = 2,
    Single = 4,
}

impl Quotes {
    fn behind(self, byte: u8) -> Quotes {
        match (self, byte) {
            (Quotes::None, b'"') => Quotes::Double,
            (Quotes::None, b'\'') => Quotes::Single,
            (Quotes::Double, b'"') | (Quotes::Single, b'\'') => Quotes::None,
            (same, _) => same,
        }
    }
}

impl TagEnds {
    /// Where the tag ends that begins at a place, if it does.
    fn find(&mut self, html: &[u8], start: usize) -> Option<usize> {
        let mut quotes = Quotes::None;
        for (at, &byte) in html.iter().enumerate().skip(start) {
            if matches!(quotes, Quotes::None) && byte == b'>' {
                return Some(at + 1);
            }
            if self.endless.get(at).is_some_and(|met| met & quotes as u8 != 0) {
                break;
            }
            quotes = quotes.behind(byte);
        }
        self.endless.resize(html.len(), 0);
        let mut quotes = Quotes::None;
        for (met, &byte) in self.endless[start..].iter_mut().zip(&html[start..]) {
            if *met & quotes as u8 != 0 {
                break;
            }
            *met |= quotes as u8;
            quotes = quotes.behind(byte);
        }
        None
    }
}

/// Decodes a character reference; its length, or 0 if it is none.
fn reference(rest: &str, text: &mut String) -> usize {
    const LONGEST: usize = 10;
    let Some(end) = rest.bytes().take(LONGEST).position(|byte| byte == b';') else { return 0 };
    let name = &rest[1..end];
    let character = match name {
        "amp" => Some('&'),
        "lt" => Some('<'),
        "gt" => Some('>'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        "nbsp" => Some('\u{a0}'),
        "hellip" => Some('…'),
        "ndash" => Some('–'),
        "mdash" => Some('—'),
        "lsquo" => Some('‘'),
        "rsquo" => Some('’'),
        "ldquo" => Some('“'),
        "rdquo" => Some('”'),
        _ => number(name).and_then(char::from_u32).filter(|character| *character != '\0'),
    };
    character.map_or(0, |character| {
        text.push(character);
        end + 1
    })
}

/// The code of `#39` or `#x27`.
fn number(name: &str) -> Option<u32> {
    let digits = name.strip_prefix('#')?;
    match digits.strip_prefix(['x', 'X']) {
        Some(digits) => u32::from_str_radix(digits, 16).ok(),
        None => digits.parse().ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_mastodon_sends_is_read() {
        for (html, text) in [
            ("", ""),
            ("<p>only real cars respond.</p>", "only real cars respond."),
            ("<p>one<br />two</p><p>three</p>", "one\ntwo\n\nthree"),
            (
                "<p>a &amp; b &lt;c&gt; &quot;d&#39;s&quot; &#x1F600;&nbsp;&unknown; &</p>",
                "a & b <c> \"d's\" 😀\u{a0}&unknown; &",
            ),
            (
                r#"<p><span class="h-card"><a href="https://a.social/@ann" class="u-url mention">@<span>ann</span></a></span> <a href="https://a.social/tags/rust" class="mention hashtag" rel="tag">#<span>rust</span></a></p>"#,
                "@ann #rust",
            ),
            (
                r#"<p>See <a href="https://example.com/a/long/path"><span class="invisible">https://</span><span class="ellipsis">example.com/a/lo</span><span class="invisible">ng/path</span></a></p>"#,
                "See https://example.com/a/long/path",
            ),
            ("1 < 2 > 1 <3 <", "1 < 2 > 1 <3 <"),
            (r#"<a title="a > b">x</a><!-- c --><unclosed"#, "x<unclosed"),
            ("&#0;&#xD800;&#99999999;", "&#0;&#xD800;&#99999999;"),
        ] {
            assert_eq!(text_of(html), text, "{html}");
        }
    }

    /// No text makes the work grow with its square.
    #[test]
    fn long_texts_without_ends_of_tags_are_read() {
        for (part, end) in
            [("<a", ""), ("<a '", "\">"), ("<a \"'", ">"), ("<a \"", "'"), ("&", ""), ("</", "")]
        {
            let html = part.repeat(300_000 / part.len()) + end;
            assert!(text_of(&html).len() <= html.len(), "{part}");
        }
    }

    /// Where a tag ends, looked for from each anew.
    fn end_by_search(html: &[u8], start: usize) -> Option<usize> {
        let mut quote = None;
        for (at, &byte) in html.iter().enumerate().skip(start) {
            match (quote, byte) {
                (None, b'>') => return Some(at + 1),
                (None, b'"' | b'\'') => quote = Some(byte),
                (Some(open), byte) if open == byte => quote = None,
                _ => {}
            }
        }
        None
    }

    proptest! {
        #[test]
        fn tags_end_where_a_search_finds_their_end(html in "[<>\"'a]{0,30}") {
            let html = html.as_bytes();
            let mut ends = TagEnds::default();
            for start in (0..html.len()).filter(|&at| html[at] == b'<') {
                prop_assert_eq!(ends.find(html, start), end_by_search(html, start), "{}", start);
            }
        }

        #[test]
        fn any_html_is_read(html in "[<>/&;#!a-z\"'= é😀\\n0-9]{0,40}") {
            prop_assert!(text_of(&html).len() <= html.len() + 2 * html.matches('<').count());
        }

        #[test]
        fn text_that_was_escaped_comes_back(text in "[a-z<>&\"' é😀]{0,20}") {
            let html = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;");
            prop_assert_eq!(text_of(&format!("<p>{html}</p>")), text);
        }
    }
}
