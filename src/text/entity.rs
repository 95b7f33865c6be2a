//! Something that stands in a text: a hashtag, a mention, a cashtag, a URL.

use super::url::{Urls, urls};
use memchr::{memchr, memchr2};
use std::ops::Range;

/// A part of a text that means something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entity<'t> {
    /// What it says, without its sign.
    pub value: &'t str,
    /// Where it stands in the text, with its sign, in bytes.
    pub range: Range<usize>,
}

impl Entity<'_> {
    /// Where it stands in the text it was found in, with its sign, in characters (code points), as twitter-text counts.
    pub fn indices(&self, text: &str) -> Range<usize> {
        let count = |range: Range<usize>| text.get(range).map_or(0, |part| part.chars().count());
        let start = count(0..self.range.start);
        start..start + count(self.range.clone())
    }
}

/// The two ways to write a sign: that of ASCII, and the wide one of East Asian keyboards (`＃`, `＠`), whose first two
/// bytes are always the same.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sign {
    pub(super) plain: u8,
    /// The last of the three bytes of the wide sign.
    pub(super) wide: u8,
}

impl Sign {
    /// Where the sign stands next, and its length.
    pub(super) fn find(self, text: &str, from: usize) -> Option<(usize, usize)> {
        let bytes = text.as_bytes();
        let mut at = from;
        loop {
            at += memchr2(self.plain, 0xef, bytes.get(at..)?)?;
            match self.length(bytes, at) {
                0 => at += 1,
                length => return Some((at, length)),
            }
        }
    }

    /// The length of the sign that stands here; 0 if none does.
    pub(super) fn length(self, bytes: &[u8], at: usize) -> usize {
        match bytes.get(at) {
            Some(&byte) if byte == self.plain => 1,
            Some(0xef) if bytes.get(at + 1..at + 3) == Some(&[0xbc, self.wide]) => 3,
            _ => 0,
        }
    }
}

/// Tells which hashtags and mentions are parts of a URL. Looks for URLs only when there is reason to.
#[derive(Clone, Debug)]
pub(super) struct Overlap<'t> {
    text: &'t str,
    urls: Option<Urls<'t>>,
    /// The first URL that does not end before what was asked last.
    url: Option<Range<usize>>,
    /// Where what was kept last ends.
    kept: usize,
}

impl<'t> Overlap<'t> {
    pub(super) fn new(text: &'t str) -> Overlap<'t> {
        Overlap { text, urls: None, url: None, kept: 0 }
    }

    /// Whether what stands at `range` lies in a URL that begins before it. Asked from left to right.
    ///
    /// Where two of them overlap, what begins first stands: a URL that begins within a kept hashtag is none.
    pub(super) fn is_in_url(&mut self, range: &Range<usize>) -> bool {
        let at = range.start;
        let may_be = may_be_in_url(&self.text[..at]);
        let is_in = may_be && {
            let urls = self.urls.get_or_insert_with(|| urls(self.text));
            while self.url.as_ref().is_none_or(|url| url.end <= at) {
                match urls.next() {
                    Some(url) => self.url = Some(url.range),
                    None => break,
                }
            }
            self.url.as_ref().is_some_and(|url| url.contains(&at) && self.kept <= url.start)
        };
        if !is_in {
            self.kept = range.end;
        }
        is_in
    }
}

/// Whether what ends here could be the beginning of a URL: a word with a dot or a colon. A guess, which spares most texts the
/// search for URLs.
fn may_be_in_url(before: &str) -> bool {
    const NEAR: usize = 80;
    let near = before.as_bytes().iter().rev().take(NEAR);
    let mut length = 0;
    for byte in near.take_while(|byte| !byte.is_ascii_whitespace()) {
        if matches!(byte, b'.' | b':') {
            return true;
        }
        length += 1;
    }
    length == NEAR
}

/// Where a byte stands next.
pub(super) fn find(byte: u8, text: &str, from: usize) -> Option<usize> {
    Some(from + memchr(byte, text.as_bytes().get(from..)?)?)
}
