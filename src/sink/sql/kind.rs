//! What a column holds, and how a JSON value becomes a value of it: exactly, or not at all.

use std::borrow::Cow;
use std::hash::{Hash, Hasher};

use crate::brief::brief;
use crate::scan::decode_string;
use crate::time::{Millis, TimeReader};

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Whole numbers of 64 bits.
    Integer,
    /// Floats of 64 bits.
    Real,
    /// Numbers of any size, with all their digits.
    Number,
    /// Texts.
    Text,
    /// Truth values.
    Boolean,
    /// Times to the millisecond.
    Time,
    /// Any JSON, as its text.
    Json,
    /// What comes, as it comes: only tables that others made have such columns.
    Any,
}

/// A value as a driver sends it.
#[derive(Clone, Debug, PartialEq)]
pub enum Value<'a> {
    /// Nothing.
    Null,
    /// A whole number.
    Integer(i64),
    /// A float.
    Real(f64),
    /// The literal of a number.
    Number(&'a str),
    /// A text.
    Text(Cow<'a, str>),
    /// A truth value.
    Boolean(bool),
    /// A time.
    Time(Millis),
    /// JSON.
    Json(&'a str),
}

/// JSON has no number that differs from itself.
impl Eq for Value<'_> {}

impl Hash for Value<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        std::mem::discriminant(self).hash(state);
        match self {
            Value::Null => {}
            Value::Integer(number) => number.hash(state),
            // Both zeros are one.
            Value::Real(number) => (number + 0.0).to_bits().hash(state),
            Value::Number(text) | Value::Json(text) => text.hash(state),
            Value::Text(text) => text.hash(state),
            Value::Boolean(truth) => truth.hash(state),
            Value::Time(time) => time.hash(state),
        }
    }
}

/// Whole numbers up to this size are floats without loss.
const EXACT_IN_FLOAT: i64 = 1 << 53;

/// What a JSON value is by itself.
fn own(json: &str) -> Value<'_> {
    match json.as_bytes().first() {
        Some(b'"') => Value::Text(decode(json)),
        Some(b'n') | None => Value::Null,
        Some(b't') => Value::Boolean(true),
        Some(b'f') => Value::Boolean(false),
        Some(b'[' | b'{') => Value::Json(json),
        Some(_) => match json.parse::<i64>() {
            Ok(number) => Value::Integer(number),
            Err(_) if !json.contains(['.', 'e', 'E']) => Value::Number(json),
            Err(_) => match json.parse::<f64>() {
                Ok(number) if number.is_finite() => Value::Real(number),
                _ => Value::Number(json),
            },
        },
    }
}

fn decode(json: &str) -> Cow<'_, str> {
    let inside = json.get(1..json.len().saturating_sub(1)).unwrap_or_default();
    if memchr::memchr(b'\\', inside.as_bytes()).is_none() {
        Cow::Borrowed(inside)
    } else {
        decode_string(json.as_bytes())
    }
}

impl Kind {
    /// What a column must be to hold a JSON value; none for null.
    pub fn of(json: &str) -> Option<Kind> {
        Some(match own(json) {
            Value::Null => return None,
            Value::Integer(_) => Kind::Integer,
            Value::Real(_) => Kind::Real,
            Value::Number(_) => Kind::Number,
            Value::Text(_) => Kind::Text,
            Value::Boolean(_) => Kind::Boolean,
            Value::Json(_) => Kind::Json,
            Value::Time(_) => Kind::Time,
        })
    }

    /// What a column of a window row is by its name; none where its values must tell.
    pub fn of_window_column(name: &str) -> Option<Kind> {
        match name {
            "window_start" | "window_end" => Some(Kind::Time),
            "error" | "distinct" | "rows" | "late" | "rev" | "rank" | "prev_rank" => Some(Kind::Integer),
            "share" => Some(Kind::Real),
            "open" | "all" | "guaranteed" => Some(Kind::Boolean),
            _ => None,
        }
    }

    /// What a column must be to hold both.
    #[must_use]
    pub fn with(self, other: Kind) -> Kind {
        use Kind::{Integer, Json, Number, Real};
        match (self, other) {
            (one, two) if one == two => one,
            (Integer, Real) | (Real, Integer) => Real,
            (Integer | Real | Number, Integer | Real | Number) => Number,
            _ => Json,
        }
    }

    /// A JSON value as a value of this kind.
    ///
    /// # Errors
    ///
    /// It would not come back as what it is: what it is instead.
    pub fn fit(self, json: &str) -> Result<Value<'_>, String> {
        let value = own(json);
        Ok(match (self, value) {
            (_, Value::Null) => Value::Null,
            (Kind::Json, _) => Value::Json(json),
            (Kind::Any, value) => value,
            (Kind::Integer, Value::Real(number)) if is_whole(number) => Value::Integer(number as i64),
            (Kind::Real, Value::Integer(number)) if number.unsigned_abs() <= EXACT_IN_FLOAT as u64 => {
                Value::Real(number as f64)
            }
            (Kind::Number, Value::Integer(_) | Value::Real(_) | Value::Number(_)) => Value::Number(json),
            (Kind::Integer, value @ Value::Integer(_))
            | (Kind::Real, value @ Value::Real(_))
            | (Kind::Text, value @ Value::Text(_))
            | (Kind::Boolean, value @ Value::Boolean(_)) => value,
            (Kind::Time, Value::Text(text)) => match TimeReader::auto().string(&text) {
                Ok(time) => Value::Time(time),
                Err(_) => return Err(format!("{} is no time", shown(json))),
            },
            (Kind::Time, Value::Integer(_) | Value::Real(_) | Value::Number(_)) => {
                match TimeReader::auto().number(json) {
                    Ok(time) => Value::Time(time),
                    Err(_) => return Err(format!("{} is no time", shown(json))),
                }
            }
            (_, Value::Number(_)) => return Err(format!("{} does not fit into 64 bits", shown(json))),
            (_, Value::Integer(_) | Value::Real(_)) => return Err(format!("{} is a number", shown(json))),
            (_, Value::Text(_)) => return Err(format!("{} is a text", shown(json))),
            (_, Value::Boolean(_)) => return Err(format!("{json} is a truth value")),
            (_, Value::Json(_)) => return Err(format!("{} is an array or an object", shown(json))),
            (_, Value::Time(_)) => return Err(format!("{} is a time", shown(json))),
        })
    }

    /// Whether its values are texts of any length.
    pub fn is_text(self) -> bool {
        matches!(self, Kind::Text | Kind::Number | Kind::Json)
    }

    /// What it holds, for a person.
    pub fn holds(self) -> &'static str {
        match self {
            Kind::Integer => "whole numbers",
            Kind::Real | Kind::Number => "numbers",
            Kind::Text => "texts",
            Kind::Boolean => "truth values",
            Kind::Time => "times",
            Kind::Json => "JSON",
            Kind::Any => "anything",
        }
    }
}

fn is_whole(number: f64) -> bool {
    number.fract() == 0.0 && number.abs() <= EXACT_IN_FLOAT as f64
}

/// The beginning of a value, for a person.
fn shown(json: &str) -> Cow<'_, str> {
    brief(json, 40)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_fits_exactly_or_not_at_all() {
        use Kind::{Boolean, Integer, Json, Number, Real, Text, Time};
        let fits = |kind: Kind, json: &'static str| kind.fit(json).ok();
        assert_eq!(fits(Integer, "-0"), Some(Value::Integer(0)));
        assert_eq!(fits(Integer, "3.0"), Some(Value::Integer(3)));
        assert_eq!(fits(Integer, "9223372036854775808"), None);
        assert_eq!(fits(Number, "9223372036854775808"), Some(Value::Number("9223372036854775808")));
        assert_eq!(fits(Real, "9007199254740993"), None, "it would come back as another number");
        assert_eq!(fits(Real, "1e400"), None);
        assert_eq!(fits(Text, "1"), None, "the text \"1\" and the number are two keys");
        assert_eq!(fits(Text, r#""a\u0000\"""#), Some(Value::Text("a\0\"".into())));
        assert_eq!(fits(Boolean, "true"), Some(Value::Boolean(true)));
        assert_eq!(fits(Time, "\"1970-01-01T00:00:01Z\""), Some(Value::Time(1000)));
        assert_eq!(fits(Time, "1500000000"), Some(Value::Time(1_500_000_000_000)));
        assert_eq!(fits(Time, "\"soon\""), None);
        assert_eq!(fits(Json, "[1]"), Some(Value::Json("[1]")));
        for kind in [Integer, Real, Number, Text, Boolean, Time, Json, Kind::Any] {
            assert_eq!(kind.fit("null"), Ok(Value::Null));
        }
    }

    #[test]
    fn what_holds_both_is_the_narrowest() {
        use Kind::{Integer, Json, Number, Real, Text};
        assert_eq!(Integer.with(Real), Real);
        assert_eq!(Real.with(Number), Number);
        assert_eq!(Text.with(Integer), Json);
        assert_eq!(Text.with(Text), Text);
        assert_eq!([Kind::of("1"), Kind::of("1.5"), Kind::of("null")], [Some(Integer), Some(Real), None]);
    }
}
