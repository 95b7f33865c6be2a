//! Domains: runs of labels between dots, and which parts of them are domains.

use super::letters::{char_at, is_directional, is_invalid, is_latin_accent, is_space};
use super::punycode;
use super::tld::tld_end;
use std::ops::Range;

/// The longest label, in Punycode.
const LONGEST_LABEL: usize = 63;

/// One label of a run, and what follows from it on.
#[derive(Clone, Debug)]
pub(super) struct Label {
    pub(super) range: Range<usize>,
    /// Its last character may be the last of a label.
    pub(super) ends_well: bool,
    /// Behind its last underscore, or its start.
    pub(super) after_underscore: usize,
    /// If a top-level domain begins with this label: its end.
    pub(super) tld_end: Option<usize>,
    /// The end of the longest domain that has this label whole, and begins with it or before it.
    pub(super) domain_end: Option<usize>,
}

/// What a domain is written with, dots included: anything but spaces, directions and punctuation, yet `-` and `_`.
pub(super) fn is_domain_part(character: char) -> bool {
    match character {
        '-' | '_' | '.' => true,
        '\0'..='\x7f' => character.is_ascii_alphanumeric() || (character < ' ' && !is_space(character)),
        _ => !is_space(character) && !is_directional(character) && !is_invalid(character),
    }
}

/// Splits a run in its labels. A domain is a chain of labels, of which the last has no underscore, with a top-level domain behind;
/// of several the longest counts, so the labels are looked at from the end.
pub(super) fn labels(text: &str, run: &Range<usize>, labels: &mut Vec<Label>) {
    labels.clear();
    let mut start = run.start;
    for part in text[run.clone()].split('.') {
        let range = start..start + part.len();
        start = range.end + 1;
        let ends_well = !part.is_empty() && !part.ends_with(['-', '_']);
        let after_underscore = part.rfind('_').map_or(range.start, |at| range.start + at + 1);
        labels.push(Label { range, ends_well, after_underscore, tld_end: None, domain_end: None });
    }
    for place in (0..labels.len()).rev() {
        let next = labels.get(place + 1).map(|next| (next.domain_end, next.tld_end));
        let label = &mut labels[place];
        let begins_well = !text[label.range.clone()].starts_with(['-', '_']);
        if let Some((domain_end, next_tld)) = next
            && label.ends_well
            && begins_well
        {
            let has_underscore = label.after_underscore > label.range.start;
            label.domain_end = domain_end.or(next_tld.filter(|_| !has_underscore));
        }
        label.tld_end = if place > 0 { tld_end(text, label.range.start) } else { None };
    }
}

/// The domains of Latin letters within a domain of any.
pub(super) fn latin_domains(text: &str, domain: Range<usize>) -> impl Iterator<Item = Range<usize>> {
    let mut at = domain.start;
    std::iter::from_fn(move || {
        while at < domain.end {
            let start = at;
            let mut end = None;
            at = latin_end(text, start);
            while at > start && at < domain.end && text.as_bytes()[at] == b'.' {
                end = tld_end(text, at + 1).filter(|&end| end <= domain.end).or(end);
                let label = latin_end(text, at + 1);
                if label == at + 1 || text.as_bytes().get(label) != Some(&b'.') {
                    break;
                }
                at = label;
            }
            if let Some(end) = end {
                at = end;
                return Some(start..end);
            }
            at += char_at(text, at)?.len_utf8();
        }
        None
    })
}

/// The end of the Latin label that starts here.
fn latin_end(text: &str, start: usize) -> usize {
    let is_part = |part: char| part == '-' || part.is_ascii_alphanumeric() || is_latin_accent(part);
    text[start..].find(|part| !is_part(part)).map_or(text.len(), |length| start + length)
}

/// Whether the labels of a domain are as long as a host's may be; if so, how much longer it is in Punycode.
pub(super) fn is_host(domain: &str) -> Option<usize> {
    let mut longer = 0;
    for label in domain.split('.') {
        if label.is_ascii() {
            if label.len() > LONGEST_LABEL {
                return None;
            }
            continue;
        }
        // what says that it is Punycode has no other letters
        if label.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("xn--")) {
            return None;
        }
        let length = punycode::length(label, LONGEST_LABEL)?;
        longer += length.saturating_sub(label.chars().count());
    }
    Some(longer)
}
