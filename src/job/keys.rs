//! Reads the keys of a record: several columns, each of which may have several values.

use std::collections::HashSet;
use std::ops::ControlFlow;

use super::evaluate::failed;
use crate::expr::{Record, Value};
use crate::jsonl::Reject;
use crate::row::key::{pack_other, pack_string};

/// A record with more keys is rejected: two long arrays crossed would fill the memory.
const MOST_KEYS: usize = 1_000_000;

/// Evaluates the key expressions and packs what they put out; see [`crate::row::key`].
pub(super) struct KeyReader {
    /// Which expressions of the program are keys.
    expressions: Vec<usize>,
    once_per_record: bool,
    /// The packed values of each column of the record at hand.
    columns: Vec<Values>,
    /// Where each column stands in the cross product.
    odometer: Vec<usize>,
}

#[derive(Default)]
struct Values {
    bytes: Vec<u8>,
    ends: Vec<usize>,
}

impl Values {
    fn get(&self, index: usize) -> &[u8] {
        let begin = if index == 0 { 0 } else { self.ends[index - 1] };
        &self.bytes[begin..self.ends[index]]
    }
}

impl KeyReader {
    pub(super) fn new(expressions: Vec<usize>, once_per_record: bool) -> KeyReader {
        let columns = expressions.iter().map(|_| Values::default()).collect();
        KeyReader { odometer: vec![0; expressions.len()], expressions, once_per_record, columns }
    }

    /// Appends the record's keys to `bytes`, and where each ends to `ends`. A record without a value in some column has
    /// no key. Gives a sentence when a value is an array or an object, which is no key.
    pub(super) fn read(
        &mut self,
        record: &mut Record<'_>,
        bytes: &mut Vec<u8>,
        ends: &mut Vec<usize>,
    ) -> Result<Option<String>, Reject> {
        let mut composite = None;
        for (values, &expression) in self.columns.iter_mut().zip(&self.expressions) {
            values.bytes.clear();
            values.ends.clear();
            let outcome = record.outputs(expression, &mut |value| {
                match value {
                    Value::Null => return ControlFlow::Continue(()),
                    Value::String(text) => pack_string(&text, &mut values.bytes),
                    Value::Number(number) => pack_other(&number, &mut values.bytes),
                    Value::Bool(truth) => pack_other(if truth { "true" } else { "false" }, &mut values.bytes),
                    Value::Json(json) => {
                        composite = Some(json.first() == Some(&b'['));
                        return ControlFlow::Continue(());
                    }
                }
                values.ends.push(values.bytes.len());
                ControlFlow::Continue(())
            });
            // `.tags[]` of a record without tags is an error in jq; here it has no key, and what came before counts.
            if let Err(error) = outcome
                && error.grammar
            {
                return Err(failed(error));
            }
        }
        let count =
            self.columns.iter().try_fold(1usize, |count, values| count.checked_mul(values.ends.len()));
        if count.is_none_or(|count| count > MOST_KEYS) {
            return Err(Reject::new("expression", format!("the record has more than {MOST_KEYS} keys")));
        }
        let begin = ends.len();
        self.cross(bytes, ends);
        if self.once_per_record {
            keep_distinct(begin, bytes, ends);
        }
        Ok(composite.map(|is_array| {
            let kind =
                if is_array { "an array: write [] behind it to count its elements" } else { "an object" };
            format!("a key that is {kind}; such values are not counted (no_key)")
        }))
    }

    /// Every combination of the columns' values; with no column, one empty key.
    fn cross(&mut self, bytes: &mut Vec<u8>, ends: &mut Vec<usize>) {
        if self.columns.iter().any(|values| values.ends.is_empty()) {
            return;
        }
        self.odometer.fill(0);
        loop {
            for (values, &at) in self.columns.iter().zip(&self.odometer) {
                bytes.extend_from_slice(values.get(at));
            }
            ends.push(bytes.len());
            // The last column turns fastest.
            let Some(turning) =
                (0..self.columns.len()).rev().find(|&at| self.odometer[at] + 1 < self.columns[at].ends.len())
            else {
                return;
            };
            self.odometer[turning] += 1;
            self.odometer[turning + 1..].fill(0);
        }
    }
}

/// Drops keys from the `begin`-th on that came before.
fn keep_distinct(begin: usize, bytes: &mut Vec<u8>, ends: &mut Vec<usize>) {
    let start = if begin == 0 { 0 } else { ends[begin - 1] };
    let all = bytes.split_off(start);
    let all_ends = ends.split_off(begin);
    let mut seen = HashSet::new();
    let mut from = 0;
    for end in all_ends {
        let key = &all[from..end - start];
        if seen.insert(key) {
            bytes.extend_from_slice(key);
            ends.push(bytes.len());
        }
        from = end - start;
    }
}
