//! Exact sums: they do not depend on order, and what was added can be taken out again.

use super::codec::{finite, unpack_count};
use crate::pack::{Packer, Unpackable, Unpacker};
use crate::row::Number;

/// A sum that forgets nothing: integers in 128 bits, floats as numbers that do not overlap and together are the exact
/// sum (Shewchuk 1997, as in Python's `math.fsum`). So it does not depend on order, and what was added can be taken out.
#[derive(Clone, Debug, Default)]
pub(super) struct Sum {
    int: i128,
    floats: Option<Box<Floats>>,
}

#[derive(Clone, Debug, Default)]
struct Floats {
    /// How many floats are in it; with none left, the sum is an integer again.
    count: i64,
    /// In increasing magnitude, without overlap.
    parts: Vec<f64>,
    /// Floats from [`HUGE`] on, scaled down by it, so that no partial sum is infinite.
    huge: Vec<f64>,
}

const HUGE: f64 = 1.0e200;

/// Integers beyond this are added as floats: so many of them may come that 128 bits would not hold their sum.
const LARGE: i128 = 1 << 90;

/// A sum of integers beyond this is nobody's; see [`LARGE`].
const MOST: i128 = 1 << 120;

impl Sum {
    pub fn add(&mut self, number: Number) {
        match number {
            Number::Int(int) if (-LARGE..LARGE).contains(&int) => self.int += int,
            Number::Int(int) => self.add_float(int as f64),
            Number::Float(float) => self.add_float(float),
        }
    }

    fn add_float(&mut self, float: f64) {
        let floats = self.floats.get_or_insert_default();
        floats.count += 1;
        if float.abs() < HUGE { grow(&mut floats.parts, float) } else { grow(&mut floats.huge, float / HUGE) }
    }

    /// Adds another sum, or with sign -1 takes it out.
    pub fn merge(&mut self, other: &Sum, sign: i8) {
        self.int += i128::from(sign) * other.int;
        let Some(theirs) = &other.floats else { return };
        let ours = self.floats.get_or_insert_default();
        ours.count += i64::from(sign) * theirs.count;
        for &part in &theirs.parts {
            grow(&mut ours.parts, part * f64::from(sign));
        }
        for &part in &theirs.huge {
            grow(&mut ours.huge, part * f64::from(sign));
        }
        if ours.count == 0 {
            self.floats = None;
        }
    }

    /// Appends the sum, exactly.
    pub fn pack(&self, out: &mut Packer) {
        out.i128(self.int);
        out.option(self.floats.as_deref(), |out, floats| {
            out.i64(floats.count);
            for parts in [&floats.parts, &floats.huge] {
                out.length(parts.len());
                parts.iter().for_each(|&part| out.f64(part));
            }
        });
    }

    /// The next sum.
    pub fn unpack(from: &mut Unpacker<'_>) -> Result<Sum, Unpackable> {
        let int = from.i128()?;
        if !(-MOST..MOST).contains(&int) {
            return Err(Unpackable);
        }
        let floats = from.option(|from| {
            let mut floats = Floats { count: unpack_count(from)?, ..Floats::default() };
            for parts in [&mut floats.parts, &mut floats.huge] {
                for _ in 0..from.length()? {
                    let part = finite(from)?;
                    if part == 0.0 || parts.last().is_some_and(|last| last.abs() >= part.abs()) {
                        return Err(Unpackable);
                    }
                    parts.push(part);
                }
            }
            Ok(Box::new(floats))
        })?;
        Ok(Sum { int, floats })
    }

    /// An integer, unless a float is in it.
    pub fn value(&self) -> Number {
        let Some(floats) = &self.floats else { return Number::Int(self.int) };
        let mut parts = floats.parts.clone();
        // An integer of up to 128 bits in pieces that floats hold exactly.
        let mut rest = self.int;
        while rest != 0 {
            let piece = rest as f64;
            grow(&mut parts, piece);
            rest -= piece as i128;
        }
        let sum = round(&parts);
        Number::Float(if floats.huge.is_empty() {
            sum
        } else {
            (round(&floats.huge) * HUGE + sum).clamp(f64::MIN, f64::MAX)
        })
    }
}

/// Adds a float to parts that do not overlap; they stay so, and their sum is exact.
fn grow(parts: &mut Vec<f64>, mut x: f64) {
    let mut kept = 0;
    for at in 0..parts.len() {
        let mut y = parts[at];
        if x.abs() < y.abs() {
            std::mem::swap(&mut x, &mut y);
        }
        let high = x + y;
        let low = y - (high - x);
        if low != 0.0 {
            parts[kept] = low;
            kept += 1;
        }
        x = high;
    }
    parts.truncate(kept);
    if x != 0.0 {
        parts.push(x);
    }
}

/// The float nearest to the exact sum of the parts, ties to even.
fn round(parts: &[f64]) -> f64 {
    let mut parts = parts.iter().rev();
    let Some(&first) = parts.next() else { return 0.0 };
    let mut high = first;
    let mut low = 0.0;
    for &part in parts.by_ref() {
        let x = high;
        high = x + part;
        low = part - (high - x);
        if low != 0.0 {
            break;
        }
    }
    // Half way between two floats, what follows decides to which side.
    if let Some(&next) = parts.next()
        && ((low < 0.0 && next < 0.0) || (low > 0.0 && next > 0.0))
    {
        let double = low * 2.0;
        let up = high + double;
        if double == up - high {
            high = up;
        }
    }
    high
}
