//! The text of a post that comes as HTML, as Mastodon sends it.
//!
//! Tags go, `<br>` is a line, a new paragraph an empty line, and character references are decoded. What is no tag stays:
//! `a < b` is text. A link of Mastodon hides parts of its address from the eye; here it is whole again.

/// The text of some HTML.
pub(super) fn text_of(html: &str) -> String {
    let mut text = String::with_capacity(html.len());
    let mut rest = html;
    while let Some(at) = rest.find(['<', '&']) {
        text.push_str(&rest[..at]);
        rest = &rest[at..];
        let taken = if rest.starts_with('<') { tag(rest, &mut text) } else { reference(rest, &mut text) };
        if taken == 0 {
            text.push_str(&rest[..1]);
        }
        rest = &rest[taken.max(1)..];
    }
    text.push_str(rest);
    text.truncate(text.trim_end_matches('\n').len());
    text
}

/// Reads a tag; its length, or 0 if it is none.
fn tag(rest: &str, text: &mut String) -> usize {
    let inner = rest[1..].trim_start_matches('/');
    let is_tag = inner.starts_with(|first: char| first.is_ascii_alphabetic() || first == '!');
    let Some(end) = tag_end(rest).filter(|_| is_tag) else { return 0 };
    let name = inner.split(|part: char| !part.is_ascii_alphanumeric()).next().unwrap_or_default();
    if name.eq_ignore_ascii_case("br") {
        text.push('\n');
    } else if name.eq_ignore_ascii_case("p") && !rest.starts_with("</") && !text.is_empty() {
        text.truncate(text.trim_end_matches('\n').len());
        text.push_str("\n\n");
    }
    end
}

/// Behind the `>` of a tag, of which a quoted value may have more.
fn tag_end(tag: &str) -> Option<usize> {
    let mut quote = None;
    for (at, byte) in tag.bytes().enumerate() {
        match (quote, byte) {
            (None, b'>') => return Some(at + 1),
            (None, b'"' | b'\'') => quote = Some(byte),
            (Some(open), byte) if open == byte => quote = None,
            _ => {}
        }
    }
    None
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

    proptest! {
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
