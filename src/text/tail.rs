//! What follows a domain in a URL: a port, a path, a query.
//!
//! A path and a query end with what is likely to belong to them: a full stop or a comma at the end is the sentence's. Brackets
//! belong to a path where they are balanced, two deep at most, as in `/Primer_(film)`.

use super::letters::{char_at, is_cyrillic, is_latin_accent};

/// What follows a domain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Tail {
    /// Where the path begins, if there is one.
    pub(super) path: Option<usize>,
    /// Where all of it ends.
    pub(super) end: usize,
}

/// Reads what follows a domain.
pub(super) fn tail(text: &str, domain_end: usize) -> Tail {
    let bytes = text.as_bytes();
    let mut end = domain_end;
    if bytes.get(end) == Some(&b':') {
        let digits = bytes[end + 1..].iter().take_while(|byte| byte.is_ascii_digit()).count();
        if digits > 0 {
            end += 1 + digits;
        }
    }
    let path = (bytes.get(end) == Some(&b'/')).then_some(end);
    if path.is_some() {
        end = path_end(text, end + 1);
    }
    Tail { path, end: query_end(text, end) }
}

/// The end of the path that goes on here.
fn path_end(text: &str, start: usize) -> usize {
    let (mut at, mut end) = (start, start);
    while let Some(character) = char_at(text, at) {
        if is_path_part(character) {
            at += character.len_utf8();
            if is_path_end(character) {
                end = at;
            }
        } else if let Some(behind) = balanced_end(text, at) {
            // behind a full stop brackets are the sentence's, unless the path goes on
            if end == at {
                end = behind;
            }
            at = behind;
        } else {
            break;
        }
    }
    end
}

/// The end of `(…)` or `(…(…)…)`.
fn balanced_end(text: &str, open: usize) -> Option<usize> {
    let bytes = text.as_bytes();
    if bytes.get(open) != Some(&b'(') {
        return None;
    }
    let first = parts_end(text, open + 1);
    let close = match bytes.get(first)? {
        b')' if first > open + 1 => first,
        b'(' => {
            let inner = parts_end(text, first + 1);
            if inner == first + 1 || bytes.get(inner) != Some(&b')') {
                return None;
            }
            parts_end(text, inner + 1)
        }
        _ => return None,
    };
    (bytes.get(close) == Some(&b')')).then_some(close + 1)
}

fn parts_end(text: &str, start: usize) -> usize {
    text[start..].find(|character| !is_path_part(character)).map_or(text.len(), |length| start + length)
}

fn is_path_part(character: char) -> bool {
    is_path_end(character)
        || matches!(
            character,
            '!' | '*' | '\'' | ';' | ':' | ',' | '.' | '$' | '%' | '[' | ']' | '~' | '@' | '|' | '&' | '–'
        )
}

fn is_path_end(character: char) -> bool {
    character.is_ascii_alphanumeric()
        || matches!(character, '=' | '_' | '#' | '/' | '-' | '+')
        || is_cyrillic(character)
        || is_latin_accent(character)
}

/// The end of the query that starts here; its start if there is none.
pub(super) fn query_end(text: &str, start: usize) -> usize {
    let [b'?', query @ ..] = &text.as_bytes()[start..] else { return start };
    let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || b"!?*'@();:&=+$/%#[]-_.,~|".contains(byte);
    let is_end = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_&=#/".contains(byte);
    let length = query.iter().take_while(|byte| is_part(byte)).count();
    query[..length].iter().rposition(is_end).map_or(start, |last| start + last + 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tail_ends_where_its_sentence_goes_on() {
        for (text, path, end) in [
            ("", None, 0),
            (":8080", None, 5),
            (":x", None, 0),
            ("/", Some(0), 1),
            ("/.", Some(0), 1),
            ("/a, b", Some(0), 2),
            ("/a_(b)", Some(0), 6),
            ("/a_(b(c)d))", Some(0), 10),
            ("/a_(b", Some(0), 3),
            ("/a_()", Some(0), 3),
            ("/a.(b)", Some(0), 2),
            ("/a.(b)c(d)(e).", Some(0), 13),
            ("/a_(b(c(d)))", Some(0), 3),
            ("/a.?b=1", Some(0), 2),
            ("/a?b=1.", Some(0), 6),
            ("?b", None, 2),
            ("?.", None, 0),
            (":1/é–я.", Some(2), "/é–я".len() + 2),
        ] {
            assert_eq!(tail(text, 0), Tail { path, end }, "{text}");
        }
    }
}
