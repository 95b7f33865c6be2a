//! The whole grammar of JSON, for `--check full`.
//!
//! RFC 8259, and nothing more: no comments, no `NaN`, no leading zero or plus. Half of a surrogate pair is an escape
//! like any other. The nesting is kept in bits, one per level, so depth costs memory of an eighth of a byte and no stack.

use super::{
    string::string_fault,
    token::{number_end, skip_space},
};
use std::{error, fmt};

/// Where a line leaves the grammar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GrammarFault {
    /// The byte, counted from 0; the line's length when it ends too early.
    pub at: usize,
    /// What is wrong there, as a phrase for the user: `expected a value`.
    pub what: &'static str,
}

impl fmt::Display for GrammarFault {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} at byte {}", self.what, self.at + 1)
    }
}

impl error::Error for GrammarFault {}

/// Checks that the line is one JSON object by the whole grammar, in valid UTF-8, with nothing but white space around.
///
/// # Errors
///
/// The first place where it is not.
pub fn check_grammar(line: &[u8]) -> Result<(), GrammarFault> {
    if let Err(error) = std::str::from_utf8(line) {
        return Err(GrammarFault { at: error.valid_up_to(), what: "invalid UTF-8" });
    }
    let mut checker = Checker { line, at: 0, open: Nesting::default() };
    checker.space();
    if checker.peek() != Some(b'{') {
        return Err(checker.fault("expected an object"));
    }
    checker.record()?;
    checker.space();
    if checker.at < line.len() { Err(checker.fault("something follows the object")) } else { Ok(()) }
}

struct Checker<'a> {
    line: &'a [u8],
    at: usize,
    open: Nesting,
}

impl Checker<'_> {
    fn peek(&self) -> Option<u8> {
        self.line.get(self.at).copied()
    }

    fn space(&mut self) {
        self.at = skip_space(self.line, self.at);
    }

    fn fault(&self, what: &'static str) -> GrammarFault {
        GrammarFault {
            at: self.at,
            what: if self.at < self.line.len() { what } else { "the line ends too early" },
        }
    }

    /// One value after the other, until the outermost one is closed.
    fn record(&mut self) -> Result<(), GrammarFault> {
        loop {
            // A value begins here.
            match self.peek() {
                Some(b'{') => {
                    self.at += 1;
                    self.space();
                    if self.peek() != Some(b'}') {
                        self.open.push(true);
                        self.key()?;
                        continue;
                    }
                    self.at += 1;
                }
                Some(b'[') => {
                    self.at += 1;
                    self.space();
                    if self.peek() != Some(b']') {
                        self.open.push(false);
                        continue;
                    }
                    self.at += 1;
                }
                Some(b'"') => self.string()?,
                _ => self.scalar()?,
            }
            // A value ends here, and perhaps some containers with it.
            loop {
                let Some(in_object) = self.open.last() else { return Ok(()) };
                self.space();
                match (self.peek(), in_object) {
                    (Some(b','), _) => {
                        self.at += 1;
                        self.space();
                        if in_object {
                            self.key()?;
                        }
                        break;
                    }
                    (Some(b'}'), true) | (Some(b']'), false) => {
                        self.at += 1;
                        self.open.pop();
                    }
                    (_, true) => return Err(self.fault("expected , or }")),
                    (_, false) => return Err(self.fault("expected , or ]")),
                }
            }
        }
    }

    /// A key, its colon, and the white space around that.
    fn key(&mut self) -> Result<(), GrammarFault> {
        if self.peek() != Some(b'"') {
            return Err(self.fault("expected a key in quotes"));
        }
        self.string()?;
        self.space();
        if self.peek() != Some(b':') {
            return Err(self.fault("expected a colon"));
        }
        self.at += 1;
        self.space();
        Ok(())
    }

    fn string(&mut self) -> Result<(), GrammarFault> {
        let start = self.at + 1;
        let mut end = start;
        loop {
            let Some(quote) = memchr::memchr(b'"', &self.line[end..]) else {
                self.at = self.line.len();
                return Err(self.fault("expected a quote"));
            };
            end += quote;
            let backslashes = self.line[start..end].iter().rev().take_while(|byte| **byte == b'\\').count();
            if backslashes % 2 == 0 {
                break;
            }
            end += 1;
        }
        if let Some(fault) = string_fault(&self.line[start..end]) {
            self.at = start + fault;
            let is_escape = self.peek() == Some(b'\\');
            return Err(self.fault(if is_escape {
                "unknown escape"
            } else {
                "control character in a string"
            }));
        }
        self.at = end + 1;
        Ok(())
    }

    fn scalar(&mut self) -> Result<(), GrammarFault> {
        let rest = &self.line[self.at..];
        let literal = [&b"true"[..], b"false", b"null"].into_iter().find(|literal| rest.starts_with(literal));
        let length = literal.map(<[u8]>::len).or_else(|| number_end(rest));
        self.at += length.ok_or_else(|| self.fault("expected a value"))?;
        Ok(())
    }
}

/// Which containers are open, one bit each: set for objects.
#[derive(Default)]
struct Nesting {
    bits: Vec<u64>,
    depth: usize,
}

impl Nesting {
    fn push(&mut self, is_object: bool) {
        let (word, bit) = (self.depth / 64, self.depth % 64);
        if word == self.bits.len() {
            self.bits.push(0);
        }
        self.bits[word] = self.bits[word] & !(1 << bit) | u64::from(is_object) << bit;
        self.depth += 1;
    }

    fn pop(&mut self) {
        self.depth -= 1;
    }

    fn last(&self) -> Option<bool> {
        let at = self.depth.checked_sub(1)?;
        Some(self.bits[at / 64] >> (at % 64) & 1 == 1)
    }
}
