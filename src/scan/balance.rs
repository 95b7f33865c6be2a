//! The second pass: whether brackets match in kind, and which closes which.
//!
//! It walks along the index, not the bytes. While a bracket is open, its slot in the list of pairs holds the one around
//! it and that one's kind, so the list is its own stack: nesting of any depth costs nothing more. What is no record goes to
//! [`diagnose`], a plain loop over the bytes that finds the first fault; there speed does not matter.

use super::Fault;

/// For each opening bracket of the index, the place in the index of the one that closes it; and where lines are.
#[derive(Debug, Default)]
pub(super) struct Pairs {
    closers: Vec<u32>,
    lines: Vec<Line>,
}

/// A line's part of the index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Line {
    /// Its newline, or where the text ends.
    pub(super) end: u32,
    /// The place in the index of its first entry.
    first: u32,
    /// No bracket is closed by one of another kind.
    is_matched: bool,
}

/// Nothing is around the record.
const NONE: u32 = u32::MAX;
/// A link to an entry, with its kind, has bits for fewer than this.
pub(super) const TOO_MANY: usize = (NONE >> 1) as usize;

/// Of the bytes in an index only closing brackets are without this bit.
const CLOSES: u8 = 2;
/// Of the others, brackets have this one, and quotes and newlines do not.
const BRACKET: u8 = 0x40;

/// The kind of a bracket, which its partner has, too.
#[inline]
fn kind(bracket: u8) -> u32 {
    u32::from(bracket >> 5 & 1)
}

/// What stands there is no bracket, but a quote.
const QUOTE: u32 = u32::MAX - 1;

impl Pairs {
    /// Where in the index the bracket is that closes the one at `open`.
    pub(super) fn close(&self, open: usize) -> usize {
        self.closers[open] as usize
    }

    /// As `close`, of an entry that is no closing bracket; `None` if it is a quote.
    pub(super) fn close_of(&self, entry: usize) -> Option<usize> {
        let close = self.closers[entry];
        (close != QUOTE).then_some(close as usize)
    }

    /// The lines of the text; the last is what stands behind the last newline, though it be nothing.
    pub(super) fn lines(&self) -> &[Line] {
        &self.lines
    }

    /// Pairs the brackets of each line of an indexed text.
    pub(super) fn fill(&mut self, text: &[u8], entries: &[u32]) {
        if self.closers.len() < entries.len() {
            self.closers.resize(entries.len().next_power_of_two(), 0);
        }
        self.lines.clear();
        let closers = &mut self.closers[..entries.len()];
        let (mut first, mut open, mut differs) = (0, NONE, 0);
        for (at, &entry) in entries.iter().enumerate() {
            let byte = text[entry as usize];
            if byte & CLOSES == 0 {
                let Some(slot) = closers.get_mut((open >> 1) as usize) else { continue };
                differs |= open ^ kind(byte);
                open = std::mem::replace(slot, at as u32);
            } else if byte & BRACKET != 0 {
                closers[at] = open;
                open = (at as u32) << 1 | kind(byte);
            } else if byte == b'"' {
                closers[at] = QUOTE;
            } else {
                self.lines.push(Line { end: entry, first, is_matched: differs & 1 == 0 });
                (first, open, differs) = (at as u32 + 1, NONE, 0);
            }
        }
        self.lines.push(Line { end: text.len() as u32, first, is_matched: differs & 1 == 0 });
    }

    /// The place in the index of the first bracket of a line, if brackets match in kind and what it opens is closed at `last`.
    pub(super) fn root(&self, line: usize, entries: &[u32], last: usize) -> Option<usize> {
        let line = self.lines[line];
        let first = line.first as usize;
        let close = *self.closers.get(first)?;
        (line.is_matched && *entries.get(close as usize)? as usize == last).then_some(first)
    }
}

/// The first fault of a line in valid UTF-8 that is no record, from its first byte that is not white space.
#[cold]
pub(super) fn diagnose(line: &[u8]) -> Fault {
    let mut open: Vec<u8> = Vec::new();
    let mut in_string = false;
    let mut escapes = false; // the byte before is a backslash that escapes this one
    for (at, &byte) in line.iter().enumerate() {
        let is_quote = byte == b'"' && !escapes;
        escapes = byte == b'\\' && !escapes;
        match byte {
            _ if at == 0 && byte != b'{' => return Fault::NotObject,
            _ if at > 0 && open.is_empty() => return Fault::Trailing,
            _ if is_quote => in_string = !in_string,
            _ if in_string => {}
            b'{' | b'[' => open.push(byte),
            b'}' | b']' if open.pop().is_some_and(|open| open ^ byte != b'{' ^ b'}') => {
                return Fault::Mismatched;
            }
            _ => {}
        }
    }
    match (line.is_empty(), in_string) {
        (true, _) => Fault::NotObject,
        (_, true) => Fault::OpenString,
        _ => Fault::OpenBracket,
    }
}
