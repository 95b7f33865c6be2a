//! Reads the values of a record that aggregates take.

use std::ops::{ControlFlow, Range};

use super::evaluate::failed;
use crate::expr::{self, Expr};
use crate::jsonl::Reject;
use crate::row::Number;
use crate::row::key::{pack_other, pack_string};
use crate::window::{self, Aggregate};

/// A named aggregate and the expression that it takes its values from: the first output for each record.
#[derive(Clone, Debug)]
pub struct NamedAggregate {
    /// The column's name.
    pub name: String,
    /// What is computed.
    pub aggregate: Aggregate,
    /// Of what.
    pub values: Expr,
}

/// What is read for one aggregate.
#[derive(Clone, Copy, Debug)]
pub(super) enum Wanted {
    /// Numbers; the weight and most aggregates.
    Number,
    /// Any value, to tell it from others.
    Any,
}

impl Wanted {
    pub(super) fn of(aggregate: Aggregate) -> Wanted {
        match aggregate {
            Aggregate::Distinct | Aggregate::DistinctApproximate => Wanted::Any,
            _ => Wanted::Number,
        }
    }
}

/// The values of a chunk's records, one per aggregate and record.
#[derive(Default)]
pub(super) struct Values {
    values: Vec<Value>,
    bytes: Vec<u8>,
}

enum Value {
    None,
    Number(Number),
    Bytes(Range<usize>),
}

impl Values {
    /// Reads the values of one record. `wanted` are the expressions of the program, and what is wanted of each.
    pub(super) fn read(
        &mut self,
        record: &mut expr::Record<'_>,
        wanted: &[(usize, Wanted)],
    ) -> Result<(), Reject> {
        for &(expression, wanted) in wanted {
            let mut found = Value::None;
            let outcome = record.outputs(expression, &mut |value| {
                found = self.take(&value, wanted);
                ControlFlow::Break(())
            });
            // An error of the expression is a missing value, as it is a missing key.
            if let Err(error) = outcome
                && error.grammar
            {
                return Err(failed(error));
            }
            self.values.push(found);
        }
        Ok(())
    }

    fn take(&mut self, value: &expr::Value<'_>, wanted: Wanted) -> Value {
        let start = self.bytes.len();
        match (wanted, value) {
            (_, expr::Value::Null) => return Value::None,
            (Wanted::Number, expr::Value::Number(number)) => {
                return Number::parse(number).map_or(Value::None, Value::Number);
            }
            (Wanted::Number, _) => return Value::None,
            (Wanted::Any, expr::Value::String(text)) => pack_string(text, &mut self.bytes),
            (Wanted::Any, expr::Value::Number(number)) => pack_other(number, &mut self.bytes),
            (Wanted::Any, other) => other.write_json(&mut self.bytes),
        }
        Value::Bytes(start..self.bytes.len())
    }

    /// Reads one value that is told from others only, and no aggregate's; `None` where it is missing.
    pub(super) fn read_id(
        &mut self,
        record: &mut expr::Record<'_>,
        expression: usize,
    ) -> Option<Range<usize>> {
        let mut found = Value::None;
        // An error is a missing value, as it is a missing key.
        let _ = record.outputs(expression, &mut |value| {
            found = self.take(&value, Wanted::Any);
            ControlFlow::Break(())
        });
        match found {
            Value::Bytes(range) => Some(range),
            _ => None,
        }
    }

    /// The bytes of a value.
    pub(super) fn bytes(&self, range: Range<usize>) -> &[u8] {
        &self.bytes[range]
    }

    /// Forgets the values from the `count`-th on: their record was rejected.
    pub(super) fn truncate(&mut self, count: usize) {
        self.values.truncate(count);
    }

    /// Forgets all.
    pub(super) fn clear(&mut self) {
        self.values.clear();
        self.bytes.clear();
    }

    /// How many values there are.
    pub(super) fn len(&self) -> usize {
        self.values.len()
    }

    /// The values in `range`, as the windows take them.
    pub(super) fn get(&self, range: Range<usize>) -> impl Iterator<Item = window::Value<'_>> {
        self.values[range].iter().map(|value| match value {
            Value::None => window::Value::None,
            Value::Number(number) => window::Value::Number(*number),
            Value::Bytes(range) => window::Value::Bytes(&self.bytes[range.clone()]),
        })
    }
}
