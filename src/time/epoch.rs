//! Numbers as points in time: seconds, milliseconds, microseconds or nanoseconds since 1970.
//!
//! The number is taken as decimal text, never as a float: `1520690595.66` is exact, and so are 19 digits of
//! nanoseconds. Written as `0.d1d2d3… × 10^n` with `d1` not zero, its magnitude is below `10^k` exactly if `n ≤ k`.

use super::{MAX, MIN, Millis, TimeError};

/// What one is, where a number is a point in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// `s`
    Seconds,
    /// `ms`
    Milliseconds,
    /// `us`
    Microseconds,
    /// `ns`
    Nanoseconds,
}

impl Unit {
    /// The unit by absolute magnitude: below 1e11 seconds, below 1e14 milliseconds, below 1e17 microseconds, else
    /// nanoseconds. `places` is the smallest n with |number| < 10^n.
    fn of_magnitude(places: i64) -> Unit {
        match places {
            ..=11 => Unit::Seconds,
            12..=14 => Unit::Milliseconds,
            15..=17 => Unit::Microseconds,
            _ => Unit::Nanoseconds,
        }
    }

    /// The power of ten that makes milliseconds of it.
    fn to_millis(self) -> i64 {
        match self {
            Unit::Seconds => 3,
            Unit::Milliseconds => 0,
            Unit::Microseconds => -3,
            Unit::Nanoseconds => -6,
        }
    }

    /// How many of it are a second.
    pub(super) fn per_second(self) -> i128 {
        match self {
            Unit::Seconds => 1,
            Unit::Milliseconds => 1_000,
            Unit::Microseconds => 1_000_000,
            Unit::Nanoseconds => 1_000_000_000,
        }
    }
}

/// The unit in which a decimal number is read; `None` if it is none.
pub(super) fn unit_of(text: &str, unit: Option<Unit>) -> Option<Unit> {
    let number = Decimal::read(text.as_bytes())?;
    Some(unit.unwrap_or_else(|| Unit::of_magnitude(number.places())))
}

impl std::str::FromStr for Unit {
    type Err = String;

    fn from_str(text: &str) -> Result<Unit, String> {
        match text {
            "s" => Ok(Unit::Seconds),
            "ms" => Ok(Unit::Milliseconds),
            "us" | "µs" => Ok(Unit::Microseconds),
            "ns" => Ok(Unit::Nanoseconds),
            _ => Err(format!("{text:?} is not a unit of time; write s, ms, us or ns")),
        }
    }
}

/// As `--time-unit` takes it.
impl std::fmt::Display for Unit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Unit::Seconds => "s",
            Unit::Milliseconds => "ms",
            Unit::Microseconds => "us",
            Unit::Nanoseconds => "ns",
        })
    }
}

/// Reads a decimal number (`1520690595660`, `1.5e9`, `-0.5`); `None` if it is none.
pub(super) fn read(text: &str, unit: Option<Unit>) -> Option<Result<Millis, TimeError>> {
    if let Some(at) = read_whole(text.as_bytes(), unit) {
        return Some(if at <= MAX { Ok(at) } else { Err(TimeError::out_of_range(text)) });
    }
    let number = Decimal::read(text.as_bytes())?;
    let unit = unit.unwrap_or_else(|| Unit::of_magnitude(number.places()));
    Some(number.floor_shifted(unit.to_millis()).ok_or_else(|| TimeError::out_of_range(text)))
}

/// The fast path: up to 18 digits and nothing else.
#[inline]
fn read_whole(text: &[u8], unit: Option<Unit>) -> Option<Millis> {
    if text.is_empty() || text.len() > 18 {
        return None;
    }
    let mut value: i64 = 0;
    for &byte in text {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            return None;
        }
        value = value * 10 + i64::from(digit);
    }
    let unit = unit.unwrap_or(match value {
        ..100_000_000_000 => Unit::Seconds,
        100_000_000_000..100_000_000_000_000 => Unit::Milliseconds,
        100_000_000_000_000..100_000_000_000_000_000 => Unit::Microseconds,
        _ => Unit::Nanoseconds,
    });
    Some(match unit {
        Unit::Seconds => value.saturating_mul(1000),
        Unit::Milliseconds => value,
        Unit::Microseconds => value / 1000,
        Unit::Nanoseconds => value / 1_000_000,
    })
}

/// `sign × mantissa × 10^exponent`, plus something below the mantissa's last digit if `rest`.
struct Decimal {
    negative: bool,
    /// The first 18 digits that count, at most.
    mantissa: i64,
    /// How many digits the mantissa has; 0 for zero.
    length: i64,
    exponent: i64,
    /// A digit behind the mantissa was not zero.
    rest: bool,
}

impl Decimal {
    fn read(text: &[u8]) -> Option<Decimal> {
        let (negative, mut text) = match text {
            [b'-', rest @ ..] => (true, rest),
            _ => (false, text),
        };
        let mut number = Decimal { negative, mantissa: 0, length: 0, exponent: 0, rest: false };
        let mut digits = 0;
        let mut in_fraction = false;
        while let [byte, rest @ ..] = text {
            match byte {
                b'0'..=b'9' => {
                    digits += 1;
                    number.push(i64::from(byte - b'0'), in_fraction);
                }
                b'.' if !in_fraction && digits > 0 => in_fraction = true,
                b'e' | b'E' => break,
                _ => return None,
            }
            text = rest;
        }
        if digits == 0 {
            return None;
        }
        if let [_, exponent @ ..] = text {
            number.exponent += read_exponent(exponent)?;
        }
        Some(number)
    }

    fn push(&mut self, digit: i64, in_fraction: bool) {
        if self.length == 18 {
            self.rest |= digit != 0;
            self.exponent += i64::from(!in_fraction);
            return;
        }
        if self.length > 0 || digit > 0 {
            self.length += 1;
        }
        self.mantissa = self.mantissa * 10 + digit;
        self.exponent -= i64::from(in_fraction);
    }

    /// The smallest n with |number| < 10^n.
    fn places(&self) -> i64 {
        if self.length == 0 { 0 } else { self.length + self.exponent }
    }

    /// The number times `10^shift`, floored; `None` outside of what a point in time can be.
    fn floor_shifted(&self, shift: i64) -> Option<Millis> {
        if self.length == 0 {
            return Some(0);
        }
        let exponent = self.exponent + shift;
        if self.length + exponent > 18 {
            return None;
        }
        let (whole, rest) = if exponent >= 0 {
            (self.mantissa * 10_i64.pow(exponent as u32), self.rest)
        } else if exponent < -18 {
            (0, true)
        } else {
            let divisor = 10_i64.pow(-exponent as u32);
            (self.mantissa / divisor, self.rest || self.mantissa % divisor != 0)
        };
        let at = if self.negative { -whole - i64::from(rest) } else { whole };
        (MIN..=MAX).contains(&at).then_some(at)
    }
}

/// The digits behind `e`; what is absurdly large stays large, without overflow.
fn read_exponent(text: &[u8]) -> Option<i64> {
    let (sign, digits) = match text {
        [b'-', rest @ ..] => (-1, rest),
        [b'+', rest @ ..] => (1, rest),
        _ => (1, text),
    };
    if digits.is_empty() {
        return None;
    }
    let mut value: i64 = 0;
    for byte in digits {
        if !byte.is_ascii_digit() {
            return None;
        }
        value = (value * 10 + i64::from(byte - b'0')).min(1 << 40);
    }
    Some(sign * value)
}
