//! What is computed for one key beside its count: one cell per aggregate.
//!
//! A cell takes values and takes in other cells, in any order with the same result. Most give back what they took in (a
//! pane that leaves a window) as if it had never come; the others, extremes and estimates, say when they cannot.
//!
//! Where keys are counted folded, one more cell behind those of the aggregates holds how they are spelt.

use super::hll::Hll;
use super::quantile::Sketch;
use super::settings::{Aggregate, Settings};
use super::sum::Sum;
use crate::row::{Number, Spellings};
use foldhash::fast::FixedState;
use hashbrown::HashMap;
use std::ops::Range;

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

/// The cells of one key side by side: the weight's, those of the aggregates in the order of the settings, the spelling's.
#[derive(Clone, Debug)]
pub(super) struct Shape {
    pub weighted: bool,
    /// The last cell is [`Cell::Spelling`].
    pub folded: bool,
    empty: Vec<Cell>,
}

impl Shape {
    pub fn new(settings: &Settings) -> Shape {
        let weight = settings.weighted.then_some(Aggregate::Sum);
        let spelling = settings.folded.then(|| Cell::Spelling(Spellings::default()));
        Shape {
            weighted: settings.weighted,
            folded: settings.folded,
            empty: weight.iter().chain(&settings.aggregates).map(Cell::new).chain(spelling).collect(),
        }
    }

    /// How many values a record brings.
    pub fn values(&self) -> usize {
        self.empty.len() - usize::from(self.folded)
    }

    /// Which of a key's cells are aggregates.
    pub fn aggregates(&self) -> Range<usize> {
        usize::from(self.weighted)..self.values()
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

type Values = HashMap<Box<[u8]>, i64, FixedState>;

/// One aggregate of one key.
#[derive(Clone, Debug)]
pub(super) enum Cell {
    Sum(Sum),
    Min(Option<Number>),
    Max(Option<Number>),
    Mean {
        sum: Sum,
        count: i64,
    },
    /// Values, and how often each came.
    Distinct(Values),
    Approximate(Hll),
    Quantile {
        sketch: Sketch,
        fraction: f64,
    },
    /// How often each spelling of the key came, in records, whatever their weight: spellings are packed keys, as
    /// [`crate::row::key`] has them, sorted by bytes. The one that is shown is the most frequent of the window, not of a
    /// pane, so all are kept. It takes no [`Value`]; see [`Cell::spell`].
    Spelling(Spellings),
}

impl Cell {
    fn new(kind: &Aggregate) -> Cell {
        match *kind {
            Aggregate::Sum => Cell::Sum(Sum::default()),
            Aggregate::Min => Cell::Min(None),
            Aggregate::Max => Cell::Max(None),
            Aggregate::Mean => Cell::Mean { sum: Sum::default(), count: 0 },
            Aggregate::Distinct => Cell::Distinct(HashMap::with_hasher(FixedState::with_seed(0))),
            Aggregate::DistinctApproximate => Cell::Approximate(Hll::default()),
            Aggregate::Quantile(fraction) => Cell::Quantile { sketch: Sketch::default(), fraction },
        }
    }

    pub fn add(&mut self, value: &Value<'_>) {
        match (self, *value) {
            (_, Value::None) => {}
            (Cell::Sum(sum), Value::Number(number)) => sum.add(number),
            (Cell::Min(min), Value::Number(number)) => lower(min, number),
            (Cell::Max(max), Value::Number(number)) => raise(max, number),
            (Cell::Mean { sum, count }, Value::Number(number)) => {
                sum.add(number);
                *count += 1;
            }
            (Cell::Quantile { sketch, .. }, Value::Number(number)) => sketch.add(number.as_f64()),
            (Cell::Distinct(values), Value::Bytes(bytes)) => more(values, bytes, 1),
            (Cell::Approximate(hll), Value::Bytes(bytes)) => hll.add(bytes),
            (Cell::Distinct(_) | Cell::Approximate(_), Value::Number(_)) => {
                debug_assert!(false, "distinct values come as bytes");
            }
            (Cell::Spelling(_), Value::Number(_)) => debug_assert!(false, "a spelling is no value"),
            (_, Value::Bytes(_)) => debug_assert!(false, "only distinct values come as bytes"),
        }
    }

    /// A record spells the key so; only for [`Cell::Spelling`].
    #[inline]
    pub fn spell(&mut self, spelling: &[u8]) {
        if let Cell::Spelling(spellings) = self {
            spellings.add(spelling, 1);
        }
    }

    /// The most frequent spelling; only of [`Cell::Spelling`].
    pub fn spelling(&self) -> &[u8] {
        match self {
            Cell::Spelling(spellings) => spellings.most_frequent(),
            _ => &[],
        }
    }

    pub fn merge(&mut self, other: &Cell) {
        match (self, other) {
            (Cell::Sum(sum), Cell::Sum(other)) => sum.merge(other, 1),
            (Cell::Min(min), Cell::Min(Some(other))) => lower(min, *other),
            (Cell::Max(max), Cell::Max(Some(other))) => raise(max, *other),
            (Cell::Mean { sum, count }, Cell::Mean { sum: other, count: more }) => {
                sum.merge(other, 1);
                *count += more;
            }
            (Cell::Distinct(values), Cell::Distinct(others)) => {
                for (value, count) in others {
                    more(values, value, *count);
                }
            }
            (Cell::Approximate(hll), Cell::Approximate(other)) => hll.merge(other),
            (Cell::Quantile { sketch, .. }, Cell::Quantile { sketch: other, .. }) => sketch.merge(other, 1),
            (Cell::Spelling(spellings), Cell::Spelling(others)) => spellings.merge(others, 1),
            _ => {}
        }
    }

    /// Takes out what [`Cell::merge`] has put in. False if that is not possible: the cell is to be made anew.
    #[must_use]
    pub fn unmerge(&mut self, other: &Cell) -> bool {
        match (self, other) {
            (Cell::Sum(sum), Cell::Sum(other)) => sum.merge(other, -1),
            (Cell::Min(own), Cell::Min(other)) | (Cell::Max(own), Cell::Max(other)) => {
                return other.is_none() || own != other;
            }
            (Cell::Mean { sum, count }, Cell::Mean { sum: other, count: less }) => {
                sum.merge(other, -1);
                *count -= less;
            }
            (Cell::Distinct(values), Cell::Distinct(others)) => {
                for (value, less) in others {
                    if let Some(count) = values.get_mut(value) {
                        *count -= less;
                        if *count == 0 {
                            values.remove(value);
                        }
                    }
                }
            }
            (Cell::Approximate(_), Cell::Approximate(other)) => return other.is_empty(),
            (Cell::Quantile { sketch, .. }, Cell::Quantile { sketch: other, .. }) => sketch.merge(other, -1),
            (Cell::Spelling(spellings), Cell::Spelling(others)) => spellings.merge(others, -1),
            _ => {}
        }
        true
    }

    /// The aggregate; `None` if it has seen no value and is not 0 by that.
    pub fn value(&self) -> Option<Number> {
        match self {
            Cell::Sum(sum) => Some(sum.value()),
            Cell::Min(extreme) | Cell::Max(extreme) => *extreme,
            Cell::Mean { count: 0, .. } => None,
            Cell::Mean { sum, count } => Some(shortest(sum.value().as_f64() / *count as f64)),
            Cell::Distinct(values) => Some(Number::Int(values.len() as i128)),
            Cell::Approximate(hll) => Some(Number::Int(hll.estimate().into())),
            Cell::Quantile { sketch, fraction } => sketch.quantile(*fraction).map(shortest),
            Cell::Spelling(_) => None,
        }
    }
}

/// A value came so many times more.
fn more(values: &mut Values, value: &[u8], times: i64) {
    match values.get_mut(value) {
        Some(count) => *count += times,
        None => {
            values.insert(value.into(), times);
        }
    }
}

/// Keeps the smaller number; of two that are equal the integer, so that the order in which they came does not show.
fn lower(min: &mut Option<Number>, number: Number) {
    if min.is_none_or(|min| number < min || (number == min && matches!(number, Number::Int(_)))) {
        *min = Some(number);
    }
}

/// Keeps the larger number, of two that are equal the integer.
fn raise(max: &mut Option<Number>, number: Number) {
    if max.is_none_or(|max| number > max || (number == max && matches!(number, Number::Int(_)))) {
        *max = Some(number);
    }
}

/// A whole number as one, as far as floats hold them all.
fn shortest(float: f64) -> Number {
    if float.fract() == 0.0 && float.abs() <= 9_007_199_254_740_992.0 {
        Number::Int(float as i128)
    } else {
        Number::Float(float)
    }
}
