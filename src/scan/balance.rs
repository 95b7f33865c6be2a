//! The second pass: whether brackets match in kind, and which closes which.
//!
//! It walks along the line's part of the index, not the bytes. While a bracket is open, its slot in the list of pairs holds the one around
//! it, so the list is its own stack: nesting of any depth costs nothing more. What is no record goes to
//! [`diagnose`], a plain loop over the bytes that finds the first fault; there speed does not matter.

use super::Fault;

/// For each opening bracket of the index, the place in the index of the one that closes it.
#[derive(Debug, Default)]
pub(super) struct Pairs(Vec<u32>);

/// Nothing is around the record.
const NONE: u32 = u32::MAX;

impl Pairs {
    /// Where in the index the bracket is that closes the one at `open`.
    pub(super) fn close(&self, open: usize) -> usize {
        self.0[open] as usize
    }

    /// Pairs the brackets; true when they are one object that ends at `last`, the last byte that is no white space.
    /// Positions count from the start of `text`.
    pub(super) fn fill(&mut self, text: &[u8], entries: &[u32], last: usize) -> bool {
        if self.0.len() < entries.len() {
            self.0.resize(entries.len().next_power_of_two(), 0);
        }
        let pairs = &mut self.0[..entries.len()];
        let mut open = NONE;
        for (at, &entry) in entries.iter().enumerate() {
            let byte = text[entry as usize];
            match byte {
                b'{' | b'[' => {
                    pairs[at] = open;
                    open = at as u32;
                }
                b'"' => {}
                _ => {
                    let Some(slot) = pairs.get_mut(open as usize) else { return false };
                    if text[entries[open as usize] as usize] ^ byte != b'{' ^ b'}' {
                        return false; // `[` and `]` differ in the same bits as `{` and `}`
                    }
                    open = std::mem::replace(slot, at as u32);
                    if open == NONE {
                        return entry as usize == last;
                    }
                }
            }
        }
        false
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
