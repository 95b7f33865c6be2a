//! Reads the keys of a record: several columns, each of which may have several values.

use std::ops::ControlFlow;

use super::evaluate::failed;
use super::packed::{Packed, PackedKeys};
use crate::expr::{Record, Value};
use crate::jsonl::Reject;
use crate::row::key::{pack_json_string, pack_other, pack_string};
use crate::text::fold;

/// A record with more keys is rejected: two long arrays crossed would fill the memory.
const MOST_KEYS: usize = 1_000_000;

/// Evaluates the key expressions and packs what they put out; see [`crate::row::key`].
pub(super) struct KeyReader {
    /// Which expressions of the program are keys.
    expressions: Vec<usize>,
    once_per_record: bool,
    folds: bool,
    /// A column without a value has the value null.
    missing_as_null: bool,
    /// The packed values of each column of the record at hand.
    columns: Vec<PackedKeys>,
    /// Where each column stands in the cross product.
    odometer: Vec<usize>,
}

impl KeyReader {
    /// A reader of these expressions. It gives each key once a record, if that is asked for. If keys are folded, strings
    /// count under their folded form, and how the record spells them comes beside.
    pub(super) fn new(expressions: Vec<usize>, once_per_record: bool, folds: bool) -> KeyReader {
        let columns = expressions.iter().map(|_| PackedKeys::default()).collect();
        KeyReader {
            odometer: vec![0; expressions.len()],
            expressions,
            once_per_record,
            folds,
            missing_as_null: false,
            columns,
        }
    }

    /// Counts a record without a value in some column under null there. Arrays and objects stay no keys.
    #[must_use]
    pub(super) fn missing_as_null(self, missing_as_null: bool) -> KeyReader {
        KeyReader { missing_as_null, ..self }
    }

    /// Appends the record's keys. A record without a value in some column has no key. Gives a sentence when a value is an
    /// array or an object, which is no key.
    pub(super) fn read(
        &mut self,
        record: &mut Record<'_>,
        keys: &mut PackedKeys,
    ) -> Result<Option<String>, Reject> {
        let first = keys.len();
        if self.read_plain(record, keys) {
            if self.once_per_record && keys.len() - first > 1 {
                keys.keep_distinct(first);
            }
            return Ok(None);
        }
        let composite = self.evaluate(record)?;
        let count = self.columns.iter().try_fold(1usize, |count, values| count.checked_mul(values.len()));
        if count.is_none_or(|count| count > MOST_KEYS) {
            return Err(Reject::new("expression", format!("the record has more than {MOST_KEYS} keys")));
        }
        self.cross(keys);
        if self.once_per_record {
            keys.keep_distinct(first);
        }
        Ok(composite.map(|is_array| {
            let kind =
                if is_array { "an array: write [] behind it to count its elements" } else { "an object" };
            format!("a key that is {kind}; such values are not counted (no_key)")
        }))
    }

    /// Fills the columns with the record's values. Of a value that is no scalar it tells whether it is an array.
    fn evaluate(&mut self, record: &mut Record<'_>) -> Result<Option<bool>, Reject> {
        let folds = self.folds;
        let mut composite = None;
        for (values, &expression) in self.columns.iter_mut().zip(&self.expressions) {
            values.truncate(0);
            let mut is_composite = false;
            let outcome = record.outputs(expression, &mut |value| {
                match &value {
                    Value::Null => {}
                    Value::Json(json) => {
                        composite = Some(json.first() == Some(&b'['));
                        is_composite = true;
                    }
                    Value::String(text) if folds => {
                        pack_string(&fold(text), &mut values.counted.bytes);
                        values.counted.end();
                        pack(&value, &mut values.spelled);
                    }
                    _ => {
                        pack(&value, &mut values.counted);
                        if folds {
                            pack(&value, &mut values.spelled);
                        }
                    }
                }
                ControlFlow::Continue(())
            });
            // `.tags[]` of a record without tags is an error in jq; here it has no key, and what came before counts.
            if let Err(error) = outcome
                && error.grammar
            {
                return Err(failed(error));
            }
            if self.missing_as_null && values.len() == 0 && !is_composite {
                for packed in
                    [Some(&mut values.counted), folds.then_some(&mut values.spelled)].into_iter().flatten()
                {
                    pack_other("null", &mut packed.bytes);
                    packed.end();
                }
            }
        }
        Ok(composite)
    }

    /// The short way for what most records are: one column, and all its values are strings. False, and nothing is appended,
    /// where they are not.
    fn read_plain(&self, record: &Record<'_>, keys: &mut PackedKeys) -> bool {
        let [expression] = self.expressions[..] else { return false };
        if self.folds || self.missing_as_null {
            return false;
        }
        let Some(values) = record.fields(expression) else { return false };
        let first = keys.len();
        for value in values {
            if keys.len() - first == MOST_KEYS || !pack_json_string(value, &mut keys.counted.bytes) {
                keys.truncate(first);
                return false;
            }
            keys.counted.end();
        }
        true
    }

    /// Every combination of the columns' values; with no column, one empty key.
    fn cross(&mut self, keys: &mut PackedKeys) {
        if self.columns.iter().any(|values| values.len() == 0) {
            return;
        }
        self.odometer.fill(0);
        loop {
            for (values, &at) in self.columns.iter().zip(&self.odometer) {
                keys.counted.bytes.extend_from_slice(values.counted.get(at));
                if self.folds {
                    keys.spelled.bytes.extend_from_slice(values.spelled.get(at));
                }
            }
            keys.counted.end();
            if self.folds {
                keys.spelled.end();
            }
            // The last column turns fastest.
            let Some(turning) =
                (0..self.columns.len()).rev().find(|&at| self.odometer[at] + 1 < self.columns[at].len())
            else {
                return;
            };
            self.odometer[turning] += 1;
            self.odometer[turning + 1..].fill(0);
        }
    }
}

/// Appends a scalar.
fn pack(value: &Value<'_>, to: &mut Packed) {
    match value {
        Value::String(text) => pack_string(text, &mut to.bytes),
        Value::Number(number) => pack_other(number, &mut to.bytes),
        Value::Bool(true) => pack_other("true", &mut to.bytes),
        Value::Bool(false) => pack_other("false", &mut to.bytes),
        Value::Null | Value::Json(_) => return,
    }
    to.end();
}
