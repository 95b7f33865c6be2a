//! What is computed for one key beside its count: one cell per aggregate.
//!
//! A cell takes values, takes in other cells, and gives them back (a pane that leaves a window), in any order, with the
//! same result as if the values that remain had come alone.

use super::settings::{Aggregate, Settings};
use crate::row::Number;

/// What a record brings for one aggregate.
#[derive(Clone, Copy, Debug)]
pub enum Value<'a> {
    /// Missing or null: the aggregate does not see the record.
    None,
    /// A number.
    Number(Number),
    /// Any value, as opaque bytes; only for counting distinct values.
    Bytes(&'a [u8]),
}

/// The cells of one key side by side, in the order of the settings; the weight's first.
#[derive(Clone, Debug)]
pub(super) struct Shape {
    pub weighted: bool,
    empty: Vec<Cell>,
}

impl Shape {
    pub fn new(settings: &Settings) -> Shape {
        let weight = settings.weighted.then_some(Aggregate::Sum);
        Shape {
            weighted: settings.weighted,
            empty: weight.iter().chain(&settings.aggregates).map(Cell::new).collect(),
        }
    }

    /// How many cells a key has.
    pub fn width(&self) -> usize {
        self.empty.len()
    }

    /// The cells of a key that has seen no record.
    pub fn empty(&self) -> &[Cell] {
        &self.empty
    }
}

/// One aggregate of one key.
#[derive(Clone, Debug)]
pub(super) enum Cell {
    Sum(Sum),
}

impl Cell {
    fn new(kind: &Aggregate) -> Cell {
        match kind {
            Aggregate::Sum => Cell::Sum(Sum::default()),
        }
    }

    pub fn add(&mut self, value: &Value<'_>) {
        match (self, value) {
            (Cell::Sum(sum), Value::Number(number)) => sum.add(*number),
            (_, Value::None | Value::Bytes(_)) => {}
        }
    }

    pub fn merge(&mut self, other: &Cell) {
        match (self, other) {
            (Cell::Sum(sum), Cell::Sum(other)) => sum.merge(other, 1),
        }
    }

    /// Takes out what [`Cell::merge`] has put in.
    pub fn unmerge(&mut self, other: &Cell) {
        match (self, other) {
            (Cell::Sum(sum), Cell::Sum(other)) => sum.merge(other, -1),
        }
    }

    /// The aggregate; `None` if it has seen no value and is not 0 by that.
    pub fn value(&self) -> Option<Number> {
        match self {
            Cell::Sum(sum) => Some(sum.value()),
        }
    }
}

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

    fn merge(&mut self, other: &Sum, sign: i8) {
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
