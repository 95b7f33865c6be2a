//! Top-level domains: what the last label of a domain may be.
//!
//! `tlds.txt` has all that IANA lists (2026-06-29), and those that twitter-text's suite has beside them, which IANA has given up
//! since: old texts are to mean what they meant. Lower case, sorted, those of ASCII first; international ones as their letters.

use super::letters::char_at;
use foldhash::fast::FixedState;
use hashbrown::HashSet;
use std::sync::LazyLock;

const LIST: &str = include_str!("tlds.txt");

/// The longest of ASCII, in bytes, and the longest of other scripts, in characters.
const LONGEST: usize = 18;
const LONGEST_WIDE: usize = 17;

static DOMAINS: LazyLock<HashSet<&'static str, FixedState>> =
    LazyLock::new(|| LIST.split_ascii_whitespace().collect());

/// The end of the top-level domain that starts here, if one does: a known one, behind which the word ends, or anything in
/// Punycode.
pub(super) fn tld_end(text: &str, start: usize) -> Option<usize> {
    let rest = &text.as_bytes()[start..];
    let plain = rest.iter().take(LONGEST + 1).take_while(|byte| byte.is_ascii_alphanumeric()).count();
    if is_plain_domain(&rest[..plain]) && is_end(text, start + plain) {
        return Some(start + plain);
    }
    if rest.get(plain).is_some_and(|&byte| byte >= 0x80) {
        return wide_end(text, start);
    }
    let punycode = rest.get(..4)?.eq_ignore_ascii_case(b"xn--").then_some(&rest[4..])?;
    let length = punycode.iter().take_while(|byte| byte.is_ascii_alphanumeric() || **byte == b'-').count();
    (length > 0).then_some(start + 4 + length)
}

fn is_plain_domain(word: &[u8]) -> bool {
    let mut lower = [0; LONGEST];
    let Some(lower) = lower.get_mut(..word.len()).filter(|word| word.len() > 1) else { return false };
    lower.copy_from_slice(word);
    lower.make_ascii_lowercase();
    std::str::from_utf8(lower).is_ok_and(|word| DOMAINS.contains(word))
}

/// The longest known domain of another script.
fn wide_end(text: &str, start: usize) -> Option<usize> {
    let mut lower = String::new();
    let mut ends = Vec::new();
    for (at, character) in text[start..].char_indices().take(LONGEST_WIDE) {
        lower.extend(character.to_lowercase());
        ends.push((start + at + character.len_utf8(), lower.len()));
    }
    let known = |&&(end, length): &&(usize, usize)| DOMAINS.contains(&lower[..length]) && is_end(text, end);
    ends.iter().rev().find(known).map(|&(end, _)| end)
}

/// No letter or digit of ASCII goes on here, and no address.
fn is_end(text: &str, at: usize) -> bool {
    char_at(text, at).is_none_or(|next| !next.is_ascii_alphanumeric() && !matches!(next, '@' | '+' | '-'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_sorted_and_within_its_limits() {
        let (plain, wide): (Vec<&str>, Vec<&str>) =
            LIST.split_ascii_whitespace().partition(|name| name.is_ascii());
        assert!(plain.is_sorted() && wide.is_sorted());
        assert_eq!(plain.iter().map(|name| name.len()).max(), Some(LONGEST));
        assert_eq!(wide.iter().map(|name| name.chars().count()).max(), Some(LONGEST_WIDE));
        assert_eq!(DOMAINS.len(), plain.len() + wide.len(), "each once");
        assert!(DOMAINS.iter().all(|name| name.to_lowercase() == *name));
    }

    #[test]
    fn a_domain_ends_where_its_word_ends() {
        for (text, end) in [
            ("com", Some(3)),
            ("COM/", Some(3)),
            ("comm", None),
            ("com-that", None),
            ("com日本", Some(3)),
            ("中国語", Some(6)),
            ("中国x", None),
            ("VERMÖGENSBERATER.", Some(17)),
            ("xn--p1ai", Some(8)),
            ("XN--anything-", Some(13)),
            ("xn--", None),
            ("भारतम्", Some("भारतम्".len())),
            ("भारत", Some("भारत".len())),
            ("", None),
            ("c", None),
        ] {
            assert_eq!(tld_end(text, 0), end, "{text}");
        }
    }
}
