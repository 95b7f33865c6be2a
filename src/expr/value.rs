//! What an expression puts out.

use super::text;
use jaq_json::{Num, Val};
use std::borrow::Cow;

/// One output of an expression.
///
/// Numbers of the record keep their text; what is computed is exact for integers, and otherwise printed as jaq does (`4 /
/// 2` is `2.0`). Strings are decoded and valid UTF-8; half a surrogate pair is U+FFFD.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value<'a> {
    /// `null`, also of what is missing.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number, as JSON text.
    Number(Cow<'a, str>),
    /// A string, without quotes and escapes.
    String(Cow<'a, str>),
    /// An array or an object, as compact JSON text.
    Json(Cow<'a, [u8]>),
}

impl Value<'_> {
    /// Appends the value as JSON text, as compact as `jq -c` writes it.
    pub fn write_json(&self, out: &mut Vec<u8>) {
        match self {
            Value::Null => out.extend_from_slice(b"null"),
            Value::Bool(true) => out.extend_from_slice(b"true"),
            Value::Bool(false) => out.extend_from_slice(b"false"),
            Value::Number(number) => out.extend_from_slice(number.as_bytes()),
            Value::String(content) => text::write_string(content, out),
            Value::Json(json) => out.extend_from_slice(json),
        }
    }

    /// Neither null nor false.
    pub fn is_truthy(&self) -> bool {
        !matches!(self, Value::Null | Value::Bool(false))
    }

    /// The same value, independent of the record.
    pub fn into_owned(self) -> Value<'static> {
        match self {
            Value::Null => Value::Null,
            Value::Bool(truth) => Value::Bool(truth),
            Value::Number(number) => Value::Number(Cow::Owned(number.into_owned())),
            Value::String(content) => Value::String(Cow::Owned(content.into_owned())),
            Value::Json(json) => Value::Json(Cow::Owned(json.into_owned())),
        }
    }

    /// A value of jaq's. Where jaq knows more than JSON, jq's answer is taken: not-a-number is null, infinity the
    /// largest number.
    pub(super) fn of_jaq(value: &Val) -> Value<'_> {
        match value {
            Val::Null => Value::Null,
            Val::Bool(truth) => Value::Bool(*truth),
            Val::Num(number) => match number_text(number) {
                Some(text) => Value::Number(text),
                None => Value::Null,
            },
            Val::TStr(bytes) | Val::BStr(bytes) => Value::String(String::from_utf8_lossy(bytes)),
            Val::Arr(_) | Val::Obj(_) => {
                let mut json = Vec::new();
                write_jaq(value, &mut json);
                Value::Json(Cow::Owned(json))
            }
        }
    }
}

/// A number as JSON text; none for not-a-number.
fn number_text(number: &Num) -> Option<Cow<'_, str>> {
    match number {
        Num::Dec(text) => Some(Cow::Borrowed(text.as_str())),
        Num::Float(float) if float.is_nan() => None,
        Num::Float(float) if float.is_infinite() => Some(Cow::Borrowed(if *float > 0.0 {
            "1.7976931348623157e308"
        } else {
            "-1.7976931348623157e308"
        })),
        other => Some(Cow::Owned(other.to_string())),
    }
}

/// Appends a value of jaq's as compact JSON, which unlike jaq's own printer is always JSON.
fn write_jaq(value: &Val, out: &mut Vec<u8>) {
    match value {
        Val::Arr(elements) => {
            out.push(b'[');
            for (place, element) in elements.iter().enumerate() {
                if place > 0 {
                    out.push(b',');
                }
                write_jaq(element, out);
            }
            out.push(b']');
        }
        Val::Obj(members) => {
            out.push(b'{');
            for (place, (name, member)) in members.iter().enumerate() {
                if place > 0 {
                    out.push(b',');
                }
                write_name(name, out);
                out.push(b':');
                write_jaq(member, out);
            }
            out.push(b'}');
        }
        scalar => Value::of_jaq(scalar).write_json(out),
    }
}

/// Appends a member's name. jaq allows any value here, JSON a string.
fn write_name(name: &Val, out: &mut Vec<u8>) {
    if let Val::TStr(bytes) | Val::BStr(bytes) = name {
        return text::write_string(&String::from_utf8_lossy(bytes), out);
    }
    let mut json = Vec::new();
    write_jaq(name, &mut json);
    text::write_string(&String::from_utf8_lossy(&json), out);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_jaq_adds_to_json_is_written_as_json() {
        let names = [(Val::from(1usize), Val::byte_str(&b"\xff"[..])), (Val::Null, Val::from(f64::NAN))];
        let value = Val::obj(names.into_iter().collect());
        let mut json = Vec::new();
        Value::of_jaq(&value).write_json(&mut json);
        assert_eq!(String::from_utf8_lossy(&json), "{\"1\":\"\u{fffd}\",\"null\":null}");
        assert_eq!(
            Value::of_jaq(&Val::from(f64::NEG_INFINITY)),
            Value::Number("-1.7976931348623157e308".into())
        );
    }
}
