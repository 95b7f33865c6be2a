//! A value on the way through a compiled expression, and the questions that are asked of it.

use super::compare::{compare, equal};
use super::eval::{Flow, Halt};
use super::plan::{Comparison, Constant, Test};
use super::value::Value;
use super::walk::{self, Kind};
use super::{EvalError, json, text};
use memchr::memmem;
use std::borrow::Cow;
use std::cmp::Ordering;

/// A value on the way.
#[derive(Clone, Copy, Debug)]
pub(super) enum Item<'r> {
    /// The bytes of a value of the record.
    Raw(&'r [u8]),
    /// A value of the expression.
    Constant(&'r Constant),
    /// The answer to a question.
    Bool(bool),
    /// A string that was made or found.
    Text(&'r str),
}

impl<'r> Item<'r> {
    /// The bytes of a value of the record; for other values jaq takes over.
    pub(super) fn raw(self) -> Result<&'r [u8], Halt> {
        match self {
            Item::Raw(raw) => Ok(raw),
            Item::Constant(_) | Item::Bool(_) | Item::Text(_) => Err(Halt::Unsure),
        }
    }

    fn kind(self) -> Result<Kind, Halt> {
        Ok(match self {
            Item::Raw(raw) => walk::kind(raw)?,
            Item::Bool(truth) | Item::Constant(&Constant::Bool(truth)) => Kind::Bool(truth),
            Item::Constant(Constant::Null) => Kind::Null,
            Item::Constant(Constant::Number(..)) => Kind::Number,
            Item::Constant(Constant::String(_)) | Item::Text(_) => Kind::String,
            Item::Constant(Constant::EmptyArray) => Kind::Array,
            Item::Constant(Constant::EmptyObject) => Kind::Object,
        })
    }

    pub(super) fn is_truthy(self) -> Result<bool, Halt> {
        Ok(!matches!(self.kind()?, Kind::Null | Kind::Bool(false)))
    }

    /// What a string says; jq's error for any other value.
    fn string(self) -> Result<Cow<'r, str>, Halt> {
        match self {
            Item::Raw(raw) if walk::kind(raw)? == Kind::String => text::decode(raw).ok_or(Halt::Unsure),
            Item::Raw(raw) => {
                Err(Halt::Error(EvalError::new(&format!("cannot use {} as string", walk::shown(raw)))))
            }
            Item::Constant(Constant::String(content)) => Ok(Cow::Borrowed(content)),
            Item::Text(content) => Ok(Cow::Borrowed(content)),
            Item::Constant(_) | Item::Bool(_) => Err(Halt::Unsure),
        }
    }

    /// What a string says; none of any other value.
    pub(super) fn text(self) -> Result<Option<Cow<'r, str>>, Halt> {
        if self.kind()? == Kind::String { self.string().map(Some) } else { Ok(None) }
    }

    pub(super) fn value(self) -> Result<Value<'r>, Halt> {
        Ok(match self {
            Item::Bool(truth) => Value::Bool(truth),
            Item::Text(content) => Value::String(Cow::Borrowed(content)),
            Item::Constant(Constant::Null) => Value::Null,
            Item::Constant(Constant::Bool(truth)) => Value::Bool(*truth),
            Item::Constant(Constant::Number(_, text)) => Value::Number(Cow::Borrowed(text)),
            Item::Constant(Constant::String(content)) => Value::String(Cow::Borrowed(content)),
            Item::Constant(Constant::EmptyArray) => Value::Json(Cow::Borrowed(b"[]")),
            Item::Constant(Constant::EmptyObject) => Value::Json(Cow::Borrowed(b"{}")),
            Item::Raw(raw) => match walk::kind(raw)? {
                Kind::Null => Value::Null,
                Kind::Bool(truth) => Value::Bool(truth),
                Kind::Number => Value::Number(Cow::Borrowed(number(raw)?)),
                Kind::String => Value::String(text::decode(raw).ok_or(Halt::Unsure)?),
                Kind::Array | Kind::Object => Value::Json(Cow::Owned(compact(raw)?)),
            },
        })
    }

    /// Appends the value as JSON, as jaq would print it.
    pub(super) fn write_json(self, out: &mut Vec<u8>) -> Flow {
        match self {
            // what jq would print as it stands
            Item::Raw(raw @ [b'"', content @ .., b'"']) if !text::has_escapes(content) => {
                out.extend_from_slice(raw);
            }
            item => item.value()?.write_json(out),
        }
        Ok(())
    }
}

fn number(raw: &[u8]) -> Result<&str, Halt> {
    let whole = text::number(raw).is_some_and(|(length, _)| length == raw.len());
    std::str::from_utf8(raw).ok().filter(|_| whole).ok_or(Halt::Unsure)
}

/// An array or an object as jaq prints it: the last of equal names, no white space, few escapes.
fn compact(raw: &[u8]) -> Result<Vec<u8>, Halt> {
    let value = json::parse(raw).map_err(|_| Halt::Unsure)?;
    let mut out = Vec::new();
    Value::of_jaq(&value).write_json(&mut out);
    Ok(out)
}

/// Whether a comparison holds.
pub(super) fn holds(left: Item<'_>, comparison: Comparison, right: Item<'_>) -> Result<bool, Halt> {
    Ok(match comparison {
        Comparison::Eq => equal(left, right)?,
        Comparison::Ne => !equal(left, right)?,
        Comparison::Lt => compare(left, right)? == Ordering::Less,
        Comparison::Le => compare(left, right)? != Ordering::Greater,
        Comparison::Gt => compare(left, right)? == Ordering::Greater,
        Comparison::Ge => compare(left, right)? != Ordering::Less,
    })
}

/// `has("name")`: jaq has no error for null, which has nothing.
pub(super) fn has(raw: &[u8], name: &str) -> Result<bool, Halt> {
    match walk::kind(raw)? {
        Kind::Object => Ok(walk::member(raw, name)?.is_some()),
        Kind::Null => Ok(false),
        _ => {
            walk::mismatch(&format!("cannot index {} with \"{name}\"", walk::shown(raw)))?;
            Ok(false)
        }
    }
}

/// Answers a question.
pub(super) fn ask(test: &Test, input: Item<'_>) -> Result<bool, Halt> {
    match test {
        Test::Not => Ok(!input.is_truthy()?),
        Test::StartsWith(affix) => Ok(input.string()?.starts_with(affix)),
        Test::EndsWith(affix) => Ok(input.string()?.ends_with(affix)),
        Test::Matches(pattern) => Ok(pattern.is_match(input.string()?.as_bytes())),
        Test::Contains(part) => match (part, input.kind()?) {
            (Constant::String(part), Kind::String) => {
                Ok(memmem::find(input.string()?.as_bytes(), part.as_bytes()).is_some())
            }
            (Constant::EmptyArray, Kind::Array) | (Constant::EmptyObject, Kind::Object) => Ok(true),
            (part, _) => equal(input, Item::Constant(part)),
        },
        Test::OneOf(constants) => {
            for constant in constants {
                if equal(input, Item::Constant(constant))? {
                    return Ok(true);
                }
            }
            Ok(false)
        }
    }
}
