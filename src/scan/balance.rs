//! The second pass: whether brackets match in kind, and which closes which.
//!
//! It walks along the line's part of the index, not the bytes. While a bracket is open, its slot in the list of pairs holds the one around
//! it, so the list is its own stack: nesting of any depth costs nothing more. What is no record goes to
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
        let (mut first, mut open, mut is_matched) = (0, NONE, true);
        for (at, &entry) in entries.iter().enumerate() {
            let byte = text[entry as usize];
            match byte {
                b'{' | b'[' => {
                    closers[at] = open;
                    open = at as u32;
                }
                b'"' => closers[at] = QUOTE,
                b'\n' => {
                    self.lines.push(Line { end: entry, first, is_matched });
                    (first, open, is_matched) = (at as u32 + 1, NONE, true);
                }
                _ => {
                    let Some(slot) = closers.get_mut(open as usize) else { continue };
                    // `[` and `]` differ in the same bits as `{` and `}`.
                    is_matched &= text[entries[open as usize] as usize] ^ byte == b'{' ^ b'}';
                    open = std::mem::replace(slot, at as u32);
                }
            }
        }
        self.lines.push(Line { end: text.len() as u32, first, is_matched });
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
