//! jq's order over all values: null, false, true, numbers, strings, arrays, objects.
//!
//! Integers compare exactly at any size; an integer and another number compare as floating-point numbers, as jaq has it.

use super::eval::Halt;
use super::item::Item;
use super::plan::Constant;
use super::walk::{self, Kind};
use super::{json, text};
use std::borrow::Cow;
use std::cmp::Ordering;

/// The number that a text says, as far as machine arithmetic holds it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Number {
    Integer(i64),
    Decimal(f64),
    /// An integer beyond 64 bits.
    Big,
}

impl Number {
    /// `None` if the text is not a JSON number.
    pub(super) fn read(raw: &[u8]) -> Option<Number> {
        if let Some(small) = text::small_integer(raw).filter(|_| text::number(raw).is_some()) {
            return Some(Number::Integer(small));
        }
        let (_, is_integer) = text::number(raw).filter(|&(length, _)| length == raw.len())?;
        let digits = std::str::from_utf8(raw).ok()?;
        if is_integer {
            return Some(digits.parse().map_or(Number::Big, Number::Integer));
        }
        digits.parse().ok().map(Number::Decimal)
    }
}

/// What a comparison looks at.
enum View<'r> {
    Null,
    Bool(bool),
    Number(Number, &'r [u8]),
    String(Cow<'r, str>),
    /// With its bytes, unless it is the constant `[]`.
    Array(Option<&'r [u8]>),
    /// With its bytes, unless it is the constant `{}`.
    Object(Option<&'r [u8]>),
}

fn view(item: Item<'_>) -> Result<View<'_>, Halt> {
    Ok(match item {
        Item::Bool(truth) => View::Bool(truth),
        Item::Constant(Constant::Null) => View::Null,
        Item::Constant(Constant::Bool(truth)) => View::Bool(*truth),
        Item::Constant(Constant::Number(number, text)) => View::Number(*number, text.as_bytes()),
        Item::Constant(Constant::String(content)) => View::String(Cow::Borrowed(content)),
        Item::Text(content) => View::String(Cow::Borrowed(content)),
        Item::Constant(Constant::EmptyArray) => View::Array(None),
        Item::Constant(Constant::EmptyObject) => View::Object(None),
        Item::Raw(raw) => match walk::kind(raw)? {
            Kind::Null => View::Null,
            Kind::Bool(truth) => View::Bool(truth),
            Kind::Number => View::Number(Number::read(raw).ok_or(Halt::Unsure)?, raw),
            Kind::String => View::String(text::decode(raw).ok_or(Halt::Unsure)?),
            Kind::Array => View::Array(Some(raw)),
            Kind::Object => View::Object(Some(raw)),
        },
    })
}

/// How two values are ordered.
pub(super) fn compare(left: Item<'_>, right: Item<'_>) -> Result<Ordering, Halt> {
    let (left, right) = (view(left)?, view(right)?);
    match (&left, &right) {
        (View::Bool(left), View::Bool(right)) => Ok(left.cmp(right)),
        (View::Number(left, left_text), View::Number(right, right_text)) => {
            numbers(*left, *right).map_or_else(|| exactly(left_text, right_text), Ok)
        }
        (View::String(left), View::String(right)) => Ok(left.cmp(right)),
        (View::Array(left), View::Array(right)) | (View::Object(left), View::Object(right)) => {
            containers(*left, *right)
        }
        _ => Ok(rank(&left).cmp(&rank(&right))),
    }
}

/// Two values are the same; not `compare(..) == Equal`, because a huge integer may tie with an infinite number.
pub(super) fn equal(left: Item<'_>, right: Item<'_>) -> Result<bool, Halt> {
    match (view(left)?, view(right)?) {
        (View::Number(Number::Big, left), View::Number(_, right))
        | (View::Number(_, left), View::Number(Number::Big, right)) => {
            Ok(json::number(left).ok_or(Halt::Unsure)? == json::number(right).ok_or(Halt::Unsure)?)
        }
        _ => Ok(compare(left, right)? == Ordering::Equal),
    }
}

fn rank(view: &View<'_>) -> u8 {
    match view {
        View::Null => 0,
        View::Bool(_) => 1,
        View::Number(..) => 2,
        View::String(_) => 3,
        View::Array(_) => 4,
        View::Object(_) => 5,
    }
}

/// The order of two numbers, if the machine's arithmetic decides it.
fn numbers(left: Number, right: Number) -> Option<Ordering> {
    match (left, right) {
        (Number::Integer(left), Number::Integer(right)) => Some(left.cmp(&right)),
        (Number::Integer(left), Number::Decimal(right)) => (left as f64).partial_cmp(&right),
        (Number::Decimal(left), Number::Integer(right)) => left.partial_cmp(&(right as f64)),
        (Number::Decimal(left), Number::Decimal(right)) => left.partial_cmp(&right),
        (Number::Big, _) | (_, Number::Big) => None,
    }
}

/// The order of two numbers, decided by jaq's own.
fn exactly(left: &[u8], right: &[u8]) -> Result<Ordering, Halt> {
    Ok(json::number(left).ok_or(Halt::Unsure)?.cmp(&json::number(right).ok_or(Halt::Unsure)?))
}

/// Only what is empty is compared here.
fn containers(left: Option<&[u8]>, right: Option<&[u8]>) -> Result<Ordering, Halt> {
    let has_items = |raw: Option<&[u8]>| raw.is_some_and(|raw| !walk::is_empty(raw));
    match (has_items(left), has_items(right)) {
        (true, true) => Err(Halt::Unsure),
        (left, right) => Ok(left.cmp(&right)),
    }
}
