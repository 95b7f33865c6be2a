//! Cells as bytes, and back: what a state keeps of them, and what a partial row carries.
//!
//! Nothing is lost: integers whole, floats bit for bit, sets with how often each value came, sketches bucket by bucket. So a
//! cell that was packed and unpacked goes on as if nothing had happened, and cells that were counted apart merge into the
//! one that had seen all. The same cell always gives the same bytes.
//!
//! A cell begins with the tag of its kind. A tag's meaning never changes; another form gets another tag.

use super::cell::Cell;
use super::hll::Hll;
use super::quantile::Sketch;
use super::sum::Sum;
use crate::pack::{Packer, Unpackable, Unpacker};
use crate::row::{Number, Spellings};
use foldhash::fast::FixedState;
use hashbrown::HashMap;

const SUM: u8 = 1;
const MIN: u8 = 2;
const MAX: u8 = 3;
const MEAN: u8 = 4;
const DISTINCT: u8 = 5;
const APPROXIMATE: u8 = 6;
const QUANTILE: u8 = 7;
const SPELLING: u8 = 8;

/// No count and no part of a sum is beyond this, so that sums of many that came from outside do not overflow.
const MOST: i64 = 1 << 56;

impl Cell {
    /// Appends the cell.
    pub fn pack(&self, out: &mut Packer) {
        match self {
            Cell::Sum(sum) => {
                out.tag(SUM);
                sum.pack(out);
            }
            Cell::Min(extreme) => {
                out.tag(MIN);
                out.option(*extreme, pack_number);
            }
            Cell::Max(extreme) => {
                out.tag(MAX);
                out.option(*extreme, pack_number);
            }
            Cell::Mean { sum, count } => {
                out.tag(MEAN);
                out.i64(*count);
                sum.pack(out);
            }
            Cell::Distinct(values) => {
                out.tag(DISTINCT);
                let mut sorted: Vec<_> = values.iter().collect();
                sorted.sort_unstable();
                out.length(sorted.len());
                for (value, &times) in sorted {
                    out.string(value);
                    out.i64(times);
                }
            }
            Cell::Approximate(hll) => {
                out.tag(APPROXIMATE);
                hll.pack(out);
            }
            Cell::Quantile { sketch, fraction } => {
                out.tag(QUANTILE);
                out.f64(*fraction);
                sketch.pack(out);
            }
            Cell::Spelling(spellings) => {
                out.tag(SPELLING);
                spellings.pack(out);
            }
        }
    }

    /// The next cell.
    pub fn unpack(from: &mut Unpacker<'_>) -> Result<Cell, Unpackable> {
        Ok(match from.tag()? {
            SUM => Cell::Sum(Sum::unpack(from)?),
            MIN => Cell::Min(from.option(unpack_number)?),
            MAX => Cell::Max(from.option(unpack_number)?),
            MEAN => Cell::Mean { count: unpack_count(from)?, sum: Sum::unpack(from)? },
            DISTINCT => {
                let length = from.length()?;
                let mut values = HashMap::with_capacity_and_hasher(length, FixedState::with_seed(0));
                for _ in 0..length {
                    values.insert(from.string()?.into(), unpack_count(from)?);
                }
                Cell::Distinct(values)
            }
            APPROXIMATE => Cell::Approximate(Hll::unpack(from)?),
            QUANTILE => {
                let fraction = from.f64()?;
                if !(0.0..=1.0).contains(&fraction) {
                    return Err(Unpackable);
                }
                Cell::Quantile { fraction, sketch: Sketch::unpack(from)? }
            }
            SPELLING => Cell::Spelling(Spellings::unpack(from)?),
            _ => return Err(Unpackable),
        })
    }

    /// Could the other be the same aggregate of another key?
    pub fn is_like(&self, other: &Cell) -> bool {
        match (self, other) {
            (Cell::Quantile { fraction, .. }, Cell::Quantile { fraction: theirs, .. }) => fraction == theirs,
            _ => std::mem::discriminant(self) == std::mem::discriminant(other),
        }
    }
}

/// A count of things that came.
pub(super) fn unpack_count(from: &mut Unpacker<'_>) -> Result<i64, Unpackable> {
    from.i64().and_then(|count| if (0..=MOST).contains(&count) { Ok(count) } else { Err(Unpackable) })
}

pub(super) fn pack_number(out: &mut Packer, number: Number) {
    match number {
        Number::Int(int) => {
            out.tag(0);
            out.i128(int);
        }
        Number::Float(float) => {
            out.tag(1);
            out.f64(float);
        }
    }
}

pub(super) fn unpack_number(from: &mut Unpacker<'_>) -> Result<Number, Unpackable> {
    match from.tag()? {
        0 => from.i128().map(Number::Int),
        1 => finite(from).map(Number::Float),
        _ => Err(Unpackable),
    }
}

/// A float that is a number.
pub(super) fn finite(from: &mut Unpacker<'_>) -> Result<f64, Unpackable> {
    from.f64().and_then(|float| if float.is_finite() { Ok(float) } else { Err(Unpackable) })
}

#[cfg(test)]
mod tests {
    use super::super::cell::{Shape, Value};
    use super::super::settings::{Aggregate, Settings};
    use super::*;
    use proptest::prelude::*;

    #[derive(Clone, Debug)]
    enum Input {
        Missing,
        Number(Number),
        Bytes(Vec<u8>),
    }

    fn number() -> impl Strategy<Value = Number> {
        prop_oneof![
            (-9..9_i128).prop_map(Number::Int),
            any::<i128>().prop_map(Number::Int),
            (-9..9_i64).prop_map(|whole| Number::Float(whole as f64 / 4.0)),
            any::<f64>().prop_filter("finite", |float| float.is_finite()).prop_map(Number::Float),
        ]
    }

    /// A cell of each kind, and what comes to it.
    fn streams() -> impl Strategy<Value = (Aggregate, Vec<Input>)> {
        let numeric = prop_oneof![
            Just(Aggregate::Sum),
            Just(Aggregate::Min),
            Just(Aggregate::Max),
            Just(Aggregate::Mean),
            (0.0..=1.0_f64).prop_map(Aggregate::Quantile),
        ];
        let missing = || Just(Input::Missing);
        let numbers = prop_oneof![1 => missing(), 9 => number().prop_map(Input::Number)];
        let bytes = prop::collection::vec(prop_oneof![Just(0_u8), Just(1), Just(0xff), any::<u8>()], 0..4);
        let values = prop_oneof![1 => missing(), 9 => bytes.prop_map(Input::Bytes)];
        let distinct = prop_oneof![Just(Aggregate::Distinct), Just(Aggregate::DistinctApproximate)];
        prop_oneof![
            (numeric, prop::collection::vec(numbers, 0..30)),
            (distinct, prop::collection::vec(values, 0..30)),
        ]
    }

    fn cell(aggregate: Aggregate, inputs: &[Input]) -> Cell {
        let settings = Settings { aggregates: vec![aggregate], ..Settings::default() };
        let mut cell = Shape::new(&settings).empty()[0].clone();
        for input in inputs {
            cell.add(&match input {
                Input::Missing => Value::None,
                Input::Number(number) => Value::Number(*number),
                Input::Bytes(bytes) => Value::Bytes(bytes),
            });
        }
        cell
    }

    fn packed(cell: &Cell) -> Vec<u8> {
        let mut packer = Packer::default();
        cell.pack(&mut packer);
        packer.into_bytes()
    }

    fn unpacked(bytes: &[u8]) -> Result<Cell, Unpackable> {
        let mut from = Unpacker::new(bytes);
        let cell = Cell::unpack(&mut from)?;
        from.end()?;
        Ok(cell)
    }

    /// As text, since a float and an integer of the same value are equal numbers.
    fn shown(cell: &Cell) -> Option<String> {
        cell.value().map(|number| format!("{number:?}"))
    }

    proptest! {
        #[test]
        fn a_cell_comes_back_whole((aggregate, inputs) in streams()) {
            let cell = cell(aggregate, &inputs);
            let back = unpacked(&packed(&cell)).expect("what was packed");
            prop_assert_eq!(packed(&back), packed(&cell));
            prop_assert_eq!(shown(&back), shown(&cell));
            prop_assert!(back.is_like(&cell));
        }

        #[test]
        fn what_came_back_merges_as_if_it_had_never_gone((aggregate, inputs) in streams(), cut in 0.0..=1.0_f64) {
            let (first, second) = inputs.split_at((cut * inputs.len() as f64) as usize);
            let mut merged = unpacked(&packed(&cell(aggregate, first))).expect("what was packed");
            merged.merge(&unpacked(&packed(&cell(aggregate, second))).expect("what was packed"));
            prop_assert_eq!(shown(&merged), shown(&cell(aggregate, &inputs)));
        }

        #[test]
        fn cut_bytes_are_no_cell((aggregate, inputs) in streams(), at in any::<prop::sample::Index>()) {
            let bytes = packed(&cell(aggregate, &inputs));
            prop_assert!(unpacked(&bytes[..at.index(bytes.len())]).is_err());
        }

        #[test]
        fn foreign_bytes_are_refused_or_a_cell(tag in 0..10_u8, bytes in prop::collection::vec(any::<u8>(), 0..60)) {
            if let Ok(cell) = unpacked(&[&[tag], &bytes[..]].concat()) {
                let mut twice = cell.clone();
                twice.merge(&cell);
                let _ = twice.value();
            }
        }
    }

    #[test]
    fn many_registers_come_back() {
        let values: Vec<Input> = (0..3000_u32).map(|n| Input::Bytes(n.to_le_bytes().to_vec())).collect();
        let cell = cell(Aggregate::DistinctApproximate, &values);
        let back = unpacked(&packed(&cell)).expect("what was packed");
        assert_eq!((packed(&back), shown(&back)), (packed(&cell), shown(&cell)));
        assert!(packed(&cell).len() < 4200);
    }
}
