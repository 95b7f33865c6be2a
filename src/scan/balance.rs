//! The second pass: whether brackets match in kind, and how deep everything lies.
//!
//! It walks along the index, not the bytes, and without a jump that depends on them: which bracket comes next cannot be
//! guessed, and a wrong guess costs more than the work. Out comes a mark for each place in the index, by which the walk
//! finds the strings directly inside a container, and the bracket that closes it. Nesting of any depth costs nothing more.
//! What is no record goes to [`diagnose`], a plain loop over the bytes that finds the first fault; there speed does not
//! matter.

use super::Fault;

/// For each place in the index of a line, what stands there and how deep.
#[derive(Debug, Default)]
pub(super) struct Depths {
    /// A string: how many containers are around it. A closing bracket: the same, itself counted in, with [`CLOSE`]. An opening
    /// bracket: nothing, since it is found by its position.
    marks: Vec<u32>,
    /// The opening brackets around the place at hand; what lies behind them is left over.
    open: Vec<u8>,
}

/// Set in the mark of a closing bracket.
const CLOSE: u32 = 1 << 31;

impl Depths {
    /// The strings directly inside a container, between two places in the index; `depth` is that of its contents.
    pub(super) fn strings(&self, between: std::ops::Range<usize>, depth: u32) -> impl Iterator<Item = usize> {
        let first = between.start;
        let marks = self.marks.get(between).unwrap_or_default();
        let is_inside = move |(_, mark): &(usize, &u32)| **mark == depth;
        marks.iter().enumerate().filter(is_inside).map(move |(at, _)| first + at)
    }

    /// The place of the bracket that closes the container that was opened before place `from`, whose contents have this depth.
    pub(super) fn close(&self, from: usize, depth: u32) -> Option<usize> {
        let marks = self.marks.get(from..)?;
        marks.iter().position(|mark| *mark == CLOSE | depth).map(|at| from + at)
    }

    /// Marks the places; true when the brackets are one object that ends at `last`, the last byte that is no white space. The
    /// first entry is an opening brace. Positions count from the start of `text`.
    pub(super) fn fill(&mut self, text: &[u8], entries: &[u32], last: usize) -> bool {
        let count = entries.len();
        if self.marks.len() < count {
            self.marks.resize(count.next_power_of_two(), 0);
            self.open.resize(count.next_power_of_two() + 1, 0);
        }
        let marks = &mut self.marks[..count];
        let open = &mut self.open[..=count];
        let mut depth: u32 = 0;
        let mut wrong = 0;
        for (mark, &entry) in marks.iter_mut().zip(entries) {
            if depth == 0 && entry != entries[0] {
                return false;
            }
            let byte = text[entry as usize];
            // `{ [` have bit 1, `} ]` have bit 2, both have bit 3; a quote has bit 1 alone.
            let is_close = u32::from(byte >> 2 & 1);
            let is_open = u32::from(byte >> 3 & 1) & !is_close;
            let closes = is_close.wrapping_neg();
            *mark = (depth | CLOSE & closes) & is_open.wrapping_sub(1);
            // Above the brackets that are open there is room for one more, whatever it is.
            open[depth as usize] = byte;
            // Its partner; or itself, where it closes nothing.
            let partner = open[(depth - is_close) as usize];
            wrong |= partner ^ byte ^ (closes as u8 & (b'{' ^ b'}')); // `[` and `]` differ in the same bits
            depth = depth + is_open - is_close;
        }
        wrong == 0 && depth == 0 && entries.last().is_some_and(|entry| *entry as usize == last)
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
