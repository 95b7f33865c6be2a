//! A number of a row: an exact integer, or a float where the input had one.
//!
//! Integers are compared and added exactly; a float meets an integer by value, so that `5` and `5.0` tie.

use std::cmp::Ordering;
use std::fmt;

/// An integer or a finite float.
#[derive(Clone, Copy, Debug)]
pub enum Number {
    /// Exact.
    Int(i128),
    /// Finite: [`Number::parse`] and the writers never make another.
    Float(f64),
}

/// Integers up to this size are floats without loss.
const EXACT_IN_FLOAT: u128 = 1 << 53;

impl Number {
    /// Nothing counted.
    pub const ZERO: Number = Number::Int(0);

    /// Reads a JSON number's literal text; `None` when it is none, or has no finite value.
    pub fn parse(literal: &str) -> Option<Number> {
        if !literal.starts_with(|c: char| c == '-' || c.is_ascii_digit()) {
            return None;
        }
        if let Ok(int) = literal.parse::<i128>() {
            return Some(Number::Int(int));
        }
        literal.parse::<f64>().ok().filter(|float| float.is_finite()).map(Number::Float)
    }

    /// Appends it as JSON.
    pub fn write(self, out: &mut Vec<u8>) {
        match self {
            Number::Int(int) => {
                let mut digits = itoa::Buffer::new();
                // Most fit, and digits of 64 bits are had in a fraction of the time.
                let digits = match u64::try_from(int) {
                    Ok(small) => digits.format(small),
                    Err(_) => digits.format(int),
                };
                out.extend_from_slice(digits.as_bytes());
            }
            Number::Float(_) => out.extend_from_slice(self.to_string().as_bytes()),
        }
    }

    /// The nearest float.
    pub fn as_f64(self) -> f64 {
        match self {
            Number::Int(int) => int as f64,
            Number::Float(float) => float,
        }
    }

    /// The sum; exact while both are integers and it fits.
    #[must_use]
    pub fn plus(self, other: Number) -> Number {
        if let (Number::Int(a), Number::Int(b)) = (self, other)
            && let Some(sum) = a.checked_add(b)
        {
            return Number::Int(sum);
        }
        Number::Float(self.as_f64() + other.as_f64())
    }

    /// The difference; exact while both are integers and it fits.
    #[must_use]
    pub fn minus(self, other: Number) -> Number {
        match other {
            Number::Int(int) if int != i128::MIN => self.plus(Number::Int(-int)),
            _ => self.plus(Number::Float(-other.as_f64())),
        }
    }
}

impl fmt::Display for Number {
    /// As JSON.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Number::Int(int) => write!(f, "{int}"),
            // serde_json prints the shortest text that reads back as the same float.
            Number::Float(float) => match serde_json::Number::from_f64(*float) {
                Some(number) => write!(f, "{number}"),
                None => f.write_str("null"),
            },
        }
    }
}

impl Default for Number {
    fn default() -> Self {
        Number::ZERO
    }
}

impl From<u64> for Number {
    fn from(value: u64) -> Self {
        Number::Int(value.into())
    }
}

impl PartialEq for Number {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Number {}

impl PartialOrd for Number {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Number {
    fn cmp(&self, other: &Self) -> Ordering {
        match (*self, *other) {
            (Number::Int(a), Number::Int(b)) => a.cmp(&b),
            (Number::Float(a), Number::Float(b)) => compare_floats(a, b),
            (Number::Int(a), Number::Float(b)) => compare_mixed(a, b),
            (Number::Float(a), Number::Int(b)) => compare_mixed(b, a).reverse(),
        }
    }
}

/// By value, so that -0 and 0 tie; NaN, which no input makes, comes last.
fn compare_floats(a: f64, b: f64) -> Ordering {
    a.partial_cmp(&b).unwrap_or_else(|| b.is_nan().cmp(&a.is_nan()))
}

fn compare_mixed(int: i128, float: f64) -> Ordering {
    if int.unsigned_abs() <= EXACT_IN_FLOAT {
        return compare_floats(int as f64, float);
    }
    // Beyond 2^53 every float is a whole number; the cast saturates at the ends of i128, where the float is larger anyway.
    let whole = float as i128;
    int.cmp(&whole).then_with(|| compare_floats(whole as f64, float))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_stay_exact() {
        let id = Number::parse("1234567890123456789012345").expect("an integer");
        assert_eq!(id.to_string(), "1234567890123456789012345");
        assert!(id < Number::parse("1234567890123456789012346").expect("an integer"));
    }

    #[test]
    fn an_integer_and_a_float_meet_by_value() {
        assert_eq!(Number::Int(5), Number::Float(5.0));
        assert!(Number::Int((1 << 53) + 1) > Number::Float(9_007_199_254_740_992.0));
        assert!(Number::Float(0.5) < Number::Int(1));
        assert!(
            Number::Int(i128::MIN) < Number::Float(0.5) && Number::Int(i128::MIN) > Number::Float(-1e300)
        );
        assert_eq!(Number::Int(1).plus(Number::Int(2)).to_string(), "3");
        assert_eq!(Number::Int(1).plus(Number::Float(0.5)).to_string(), "1.5");
        assert_eq!(Number::Int(1).minus(Number::Int(2)).to_string(), "-1");
    }

    #[test]
    fn what_is_no_finite_number_is_refused() {
        for text in ["", "abc", "NaN", "inf", "1e999", "\"1\"", "+1", "null"] {
            assert!(Number::parse(text).is_none(), "{text}");
        }
    }
}
