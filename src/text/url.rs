//! URLs, with and without a scheme, by the rules of twitter-text.
//!
//! A URL is a domain whose last label is a top-level domain, with `http://` or `https://` before it or not, and a port, a path and
//! a query behind it. Everything is found from the dots: a dot lies in a run of characters that a domain may have, and of a run
//! the longest part that is a domain counts. Without a scheme only Latin letters count, so that a link is found amid Japanese.
//!
//! Cost: linear in the text, whatever stands in it. Each run is split in labels once, from its end, so that each label knows the
//! last domain that a chain of labels from it on makes.

use super::domain::{Label, is_domain_part, is_host, labels, latin_domains};
use super::entity::{Entity, find};
use super::letters::{char_before, is_invalid};
use super::tail::{Tail, query_end, tail};
use std::collections::VecDeque;
use std::ops::Range;

/// What the address shortener of Twitter makes: nothing but a slug of at most that length.
const SHORTENER: &str = "t.co";
const LONGEST_SLUG: usize = 40;

/// The longest URL, in characters.
const LONGEST: usize = 4096;

/// The URLs of a text, in order.
///
/// ```
/// use trendpipe::text::urls;
/// let found: Vec<&str> = urls("See example.com/a, http://t.co/x! me@example.com").map(|url| url.value).collect();
/// assert_eq!(found, ["example.com/a", "http://t.co/x"]);
/// ```
pub fn urls(text: &str) -> Urls<'_> {
    Urls { text, at: 0, matched: 0, labels: Vec::new(), found: VecDeque::new() }
}

/// The URLs of a text, in order; see [`urls`].
#[derive(Clone, Debug)]
pub struct Urls<'t> {
    text: &'t str,
    /// Where the next dot is looked for; runs before are done.
    at: usize,
    /// What is before was part of a match, and no longer the place before another.
    matched: usize,
    /// The labels of the run at hand.
    labels: Vec<Label>,
    /// What it holds.
    found: VecDeque<Range<usize>>,
}

impl<'t> Iterator for Urls<'t> {
    type Item = Entity<'t>;

    fn next(&mut self) -> Option<Entity<'t>> {
        loop {
            if let Some(range) = self.found.pop_front() {
                return Some(Entity { value: &self.text[range.clone()], range });
            }
            let Some(run) = self.next_run() else {
                self.at = self.text.len();
                return None;
            };
            self.at = run.end;
            self.search(&run);
            self.at = self.at.max(self.matched);
        }
    }
}

impl Urls<'_> {
    /// The next run of characters of a domain with a dot between two labels.
    fn next_run(&mut self) -> Option<Range<usize>> {
        let bytes = self.text.as_bytes();
        let is_inner =
            |byte: Option<&u8>| byte.is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte >= 0x80);
        let mut from = self.at;
        loop {
            let dot = find(b'.', self.text, from)?;
            from = dot + 1;
            if !is_inner(bytes.get(dot + 1)) || dot == self.at || !is_inner(bytes.get(dot - 1)) {
                continue;
            }
            let before =
                self.text[self.at..dot].char_indices().rev().take_while(|&(_, part)| is_domain_part(part));
            let start = before.last().map_or(dot, |(at, _)| self.at + at);
            let length = self.text[dot..].find(|part| !is_domain_part(part));
            return Some(start..length.map_or(self.text.len(), |length| dot + length));
        }
    }

    /// Finds what a run holds.
    fn search(&mut self, run: &Range<usize>) {
        labels(self.text, run, &mut self.labels);
        let mut from = run.start;
        let mut place = 0;
        while place + 1 < self.labels.len() {
            let Some((start, end)) = self.domain(place, from) else {
                place += 1;
                continue;
            };
            let tail = tail(self.text, end);
            match if start == run.start { self.scheme(start) } else { None } {
                Some(scheme) => self.add_with_scheme(scheme, start..end, &tail),
                None => self.add_without_scheme(start..end, &tail),
            }
            self.matched = tail.end;
            if tail.end > run.end {
                return;
            }
            from = tail.end;
            place = self.labels.partition_point(|label| label.range.end < from);
        }
    }

    /// The first place in a label, from `from` on, where a domain begins, and the domain's end.
    fn domain(&self, place: usize, from: usize) -> Option<(usize, usize)> {
        let label = &self.labels[place];
        if !label.ends_well {
            return None;
        }
        let next = &self.labels[place + 1];
        let (end, from) = match (next.domain_end, next.tld_end) {
            (Some(end), _) => (end, from.max(label.range.start)),
            // the name before the top-level domain has no underscore
            (None, Some(end)) => (end, from.max(label.after_underscore)),
            (None, None) => return None,
        };
        let part = self.text.get(from..label.range.end)?;
        let begins = |&(at, character): &(usize, char)| {
            !matches!(character, '-' | '_') && (self.may_begin(from + at) || self.has_scheme(from + at))
        };
        part.char_indices().find(begins).map(|(at, _)| (from + at, end))
    }

    /// What stands before lets a URL begin.
    fn may_begin(&self, start: usize) -> bool {
        match char_before(self.text, start) {
            None => true,
            Some(_) if start == self.matched => false,
            Some(before) => {
                !before.is_ascii_alphanumeric()
                    && !matches!(before, '@' | '＠' | '$' | '#' | '＃')
                    && !is_invalid(before)
            }
        }
    }

    fn has_scheme(&self, start: usize) -> bool {
        self.text[..start].ends_with('/') && self.scheme(start).is_some()
    }

    /// Where the scheme before a domain begins, if there is one that may.
    fn scheme(&self, domain: usize) -> Option<usize> {
        let before = &self.text.as_bytes()[self.matched..domain];
        ["https://", "http://"].into_iter().find_map(|scheme| {
            let at = before.len().checked_sub(scheme.len())?;
            let is_scheme = before[at..].eq_ignore_ascii_case(scheme.as_bytes());
            (is_scheme && self.may_begin(self.matched + at)).then_some(self.matched + at)
        })
    }

    fn add_with_scheme(&mut self, scheme: usize, domain: Range<usize>, tail: &Tail) {
        let host = &self.text[domain.clone()];
        let Some(longer) = is_host(host) else { return };
        let mut end = tail.end;
        if host.eq_ignore_ascii_case(SHORTENER) && tail.path == Some(domain.end) {
            let slug = domain.end + 1;
            let length = self.text.as_bytes()[slug..end]
                .iter()
                .take_while(|byte| byte.is_ascii_alphanumeric())
                .count();
            match length {
                0 => {}
                1..=LONGEST_SLUG => end = query_end(&self.text[..end], slug + length),
                _ => return,
            }
        }
        if self.text[scheme..end].chars().count() + longer <= LONGEST {
            self.found.push_back(scheme..end);
        }
    }

    /// Without a scheme, the domains of Latin letters count. What follows belongs to the last one, if there is a path.
    fn add_without_scheme(&mut self, domain: Range<usize>, tail: &Tail) {
        if matches!(char_before(self.text, domain.start), Some('-' | '_' | '.' | '/')) {
            return;
        }
        for latin in latin_domains(self.text, domain.clone()) {
            if is_host(&self.text[latin.clone()]).is_none() {
                continue;
            }
            let end = if tail.path.is_some() && latin.end == domain.end { tail.end } else { latin.end };
            if end - latin.start <= LONGEST {
                self.found.push_back(latin.start..end);
            }
        }
    }
}
