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
    /// The brackets that are open in a line with more levels than a register holds.
    open: Vec<bool>,
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
        if self.marks.len() < entries.len() {
            self.marks.resize(entries.len().next_power_of_two(), 0);
        }
        let marks = &mut self.marks[..entries.len()];
        if entries.last().is_none_or(|entry| *entry as usize != last) {
            return false;
        }
        match mark(text, entries, marks, &mut 0_u64) {
            Ok(is_balanced) => is_balanced,
            Err(TooDeep) => {
                self.open.clear();
                mark(text, entries, marks, &mut self.open).unwrap_or(false)
            }
        }
    }
}

/// Marks each place; true when the brackets match, and close at the last place and not before.
#[inline(always)]
fn mark(text: &[u8], entries: &[u32], marks: &mut [u32], open: &mut impl Open) -> Result<bool, TooDeep> {
    let mut depth: u32 = 0;
    let mut wrong = 0;
    for (place, (mark, &entry)) in marks.iter_mut().zip(entries).enumerate() {
        if depth == 0 && place > 0 {
            return Ok(false);
        }
        let byte = u32::from(text[entry as usize]);
        // `{ [` have bit 1, `} ]` have bit 2, both have bit 3; a quote has bit 1 alone. Braces have bit 5.
        let closes = byte >> 2 & 1;
        let opens = byte >> 3 & !closes & 1;
        *mark = (depth | CLOSE * closes) & opens.wrapping_sub(1);
        wrong |= open.turn(byte >> 5 & 1, opens, closes, depth)?;
        depth = (depth + opens).wrapping_sub(closes);
    }
    Ok(wrong == 0 && depth == 0)
}

/// There are more levels than fit.
struct TooDeep;

/// The brackets that are open.
trait Open {
    /// `opens` and `closes` are 0 or 1, and at most one of them is 1; `depth` are open before. Not 0 where a bracket closes one of
    /// the other kind.
    fn turn(&mut self, is_brace: u32, opens: u32, closes: u32, depth: u32) -> Result<u32, TooDeep>;
}

/// One bit each, set for braces; the innermost is the lowest. It needs no jump but for more than 64 levels.
impl Open for u64 {
    #[inline(always)]
    fn turn(&mut self, is_brace: u32, opens: u32, closes: u32, depth: u32) -> Result<u32, TooDeep> {
        let wrong = (*self as u32 ^ is_brace) & closes;
        *self = ((*self << opens) | u64::from(is_brace & opens)) >> closes;
        if depth + opens <= u64::BITS { Ok(wrong) } else { Err(TooDeep) }
    }
}

/// Any number of levels.
impl Open for Vec<bool> {
    fn turn(&mut self, is_brace: u32, opens: u32, closes: u32, _depth: u32) -> Result<u32, TooDeep> {
        if opens == 1 {
            self.push(is_brace == 1);
        }
        Ok(u32::from(closes == 1 && self.pop() != Some(is_brace == 1)))
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
