//! Follows a path through the bytes of one value, step by step.
//!
//! The scanner finds the fields of the record; this walk goes on from there, into the elements that a condition looks
//! at, and tells what exactly went wrong where the scanner met a mismatch. The bytes are structurally checked, but
//! their grammar is not: where it is broken the walk gives up and the full engine has the last word.

use super::eval::{Flow, Halt};
use super::text::{self, Quoted};
use super::{EvalError, json};
use crate::scan::Step;

/// jq's null, as the value of what is missing.
pub(super) const NULL: &[u8] = b"null";

/// What kind of value the bytes hold; words are checked in full, the rest by its first byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Null,
    Bool(bool),
    Number,
    String,
    Array,
    Object,
}

pub(super) fn kind(raw: &[u8]) -> Result<Kind, Halt> {
    match raw {
        b"null" => Ok(Kind::Null),
        b"true" => Ok(Kind::Bool(true)),
        b"false" => Ok(Kind::Bool(false)),
        [b'"', ..] => Ok(Kind::String),
        [b'{', ..] => Ok(Kind::Object),
        [b'[', ..] => Ok(Kind::Array),
        [b'-' | b'0'..=b'9', ..] => Ok(Kind::Number),
        _ => Err(Halt::Unsure),
    }
}

/// Hands every value that the steps lead to to `each`, in jq's order, with jq's errors.
pub(super) fn follow<'r>(steps: &[Step], raw: &'r [u8], each: &mut dyn FnMut(&'r [u8]) -> Flow) -> Flow {
    let Some((step, rest)) = steps.split_first() else {
        return each(raw);
    };
    match (step, kind(raw)?) {
        (Step::Key { name, .. }, Kind::Object) => follow(rest, member(raw, name)?.unwrap_or(NULL), each),
        (Step::Key { .. } | Step::Index { .. }, Kind::Null) => follow(rest, NULL, each),
        (Step::Index { at, .. }, Kind::Array) => follow(rest, element(raw, *at)?.unwrap_or(NULL), each),
        // jaq: an object has no member whose name is a number
        (Step::Index { .. }, Kind::Object) => follow(rest, NULL, each),
        (Step::Each { .. }, Kind::Array) => {
            let mut items = Items::of(raw);
            while let Some(item) = items.element()? {
                follow(rest, item, each)?;
            }
            Ok(())
        }
        // the order of members with equal names is the full engine's business
        (Step::Each { .. }, Kind::Object) => Err(Halt::Unsure),
        (
            Step::Key { optional: true, .. }
            | Step::Each { optional: true }
            | Step::Index { optional: true, .. },
            _,
        ) => Ok(()),
        (Step::Key { name, .. }, _) => mismatch(&format!("cannot index {} with \"{name}\"", shown(raw))),
        (Step::Index { at, .. }, _) => mismatch(&format!("cannot index {} with {at}", shown(raw))),
        (Step::Each { .. }, _) => {
            mismatch(&format!("cannot use {} as iterable (array or object)", shown(raw)))
        }
    }
}

pub(super) fn mismatch(message: &str) -> Flow {
    Err(Halt::Error(EvalError::new(message)))
}

/// A value in an error message, as jaq shows it.
pub(super) fn shown(raw: &[u8]) -> String {
    json::parse(raw).map_or_else(|_| String::from_utf8_lossy(raw).into_owned(), |value| value.to_string())
}

/// The last member of that name.
pub(super) fn member<'r>(object: &'r [u8], name: &str) -> Result<Option<&'r [u8]>, Halt> {
    let mut items = Items::of(object);
    let mut found = None;
    while let Some((quoted, value)) = items.member()? {
        if text::decode(quoted).ok_or(Halt::Unsure)? == name {
            found = Some(value);
        }
    }
    Ok(found)
}

/// The members of an object, in their order; none where the bytes are no object.
pub(super) fn members(object: &[u8]) -> Option<Vec<Member<'_>>> {
    if object.first() != Some(&b'{') {
        return None;
    }
    let mut items = Items::of(object);
    let mut members = Vec::new();
    while let Some(member) = items.member().ok()? {
        members.push(member);
    }
    Some(members)
}

/// The elements of an array; none where the bytes are no array.
pub(super) fn elements(array: &[u8]) -> Option<Vec<&[u8]>> {
    if array.first() != Some(&b'[') {
        return None;
    }
    let mut items = Items::of(array);
    let mut elements = Vec::new();
    while let Some(element) = items.element().ok()? {
        elements.push(element);
    }
    Some(elements)
}

fn element(array: &[u8], at: u32) -> Result<Option<&[u8]>, Halt> {
    let mut items = Items::of(array);
    for _ in 0..at {
        if items.element()?.is_none() {
            return Ok(None);
        }
    }
    items.element()
}

/// Nothing between the brackets?
pub(super) fn is_empty(container: &[u8]) -> bool {
    Items::of(container).peek().is_some_and(|byte| matches!(byte, b']' | b'}'))
}

/// A name with its quotes, and a value.
pub(super) type Member<'r> = (&'r [u8], &'r [u8]);

/// Goes through an array or an object.
pub(super) struct Items<'r> {
    raw: &'r [u8],
    at: usize,
    first: bool,
}

impl<'r> Items<'r> {
    pub(super) fn of(raw: &'r [u8]) -> Items<'r> {
        Items { raw, at: 1, first: true }
    }

    /// The next byte that is not white space.
    fn peek(&mut self) -> Option<u8> {
        while let Some(b' ' | b'\t' | b'\r' | b'\n') = self.raw.get(self.at) {
            self.at += 1;
        }
        self.raw.get(self.at).copied()
    }

    /// Moves to the next item; false at the end.
    fn advance(&mut self) -> Result<bool, Halt> {
        match (self.peek(), self.first) {
            (Some(b']' | b'}'), true) => return Ok(false),
            (Some(_), true) => self.first = false,
            (Some(b']' | b'}'), false) => return Ok(false),
            (Some(b','), false) => self.at += 1,
            _ => return Err(Halt::Unsure),
        }
        Ok(true)
    }

    pub(super) fn element(&mut self) -> Result<Option<&'r [u8]>, Halt> {
        if self.advance()? { self.value().map(Some) } else { Ok(None) }
    }

    fn member(&mut self) -> Result<Option<Member<'r>>, Halt> {
        if !self.advance()? {
            return Ok(None);
        }
        if self.peek() != Some(b'"') {
            return Err(Halt::Unsure);
        }
        let name = self.value()?;
        if self.peek() != Some(b':') {
            return Err(Halt::Unsure);
        }
        self.at += 1;
        Ok(Some((name, self.value()?)))
    }

    /// Takes the value that comes next.
    fn value(&mut self) -> Result<&'r [u8], Halt> {
        let first = self.peek().ok_or(Halt::Unsure)?;
        let rest = &self.raw[self.at..];
        let length = match first {
            b'"' => Quoted::read(rest).map(|quoted| quoted.raw.len()),
            b'{' | b'[' => container_length(rest),
            _ => rest
                .iter()
                .position(|byte| matches!(byte, b',' | b']' | b'}' | b' ' | b'\t' | b'\r' | b'\n' | b':')),
        };
        let length = length.filter(|&length| length > 0).ok_or(Halt::Unsure)?;
        self.at += length;
        Ok(&rest[..length])
    }
}

/// The length of the array or object that a text starts with.
fn container_length(text: &[u8]) -> Option<usize> {
    let mut depth = 0usize;
    let mut at = 0;
    loop {
        match *text.get(at)? {
            b'"' => at += Quoted::read(&text[at..])?.raw.len(),
            b'{' | b'[' => {
                depth += 1;
                at += 1;
            }
            b'}' | b']' => {
                depth = depth.checked_sub(1)?;
                at += 1;
                if depth == 0 {
                    return Some(at);
                }
            }
            _ => at += 1,
        }
    }
}
