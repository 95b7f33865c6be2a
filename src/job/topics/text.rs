//! The words of the text of a record.

use std::ops::ControlFlow;

use crate::expr::{self, Expr, Value};
use crate::job::evaluate::failed;
use crate::jsonl::Reject;
use crate::text;
use crate::topic::{Reading, WordFilter};

/// Which text, and which of its words.
#[derive(Clone, Debug)]
pub struct TextOptions {
    /// Its strings are the text.
    pub text: Expr,
    /// What is left out.
    pub reading: Reading,
}

/// Reads the words of one record after the other.
pub(super) struct WordReader {
    /// The number of the expression in the program.
    text: usize,
    filter: WordFilter,
}

impl WordReader {
    pub(super) fn new(text: usize, reading: &Reading) -> WordReader {
        WordReader { text, filter: reading.filter() }
    }

    /// Hands on the words that are looked at, in order; false: the record has no text.
    pub(super) fn read(
        &self,
        record: &mut expr::Record<'_>,
        mut each: impl FnMut(&str),
    ) -> Result<bool, Reject> {
        let mut has_text = false;
        let outcome = record.outputs(self.text, &mut |value| {
            if let Value::String(text) = value {
                has_text = true;
                text::words(&text, |word| {
                    if self.filter.takes(word) {
                        each(word);
                    }
                });
            }
            ControlFlow::Continue(())
        });
        outcome.map_err(failed).map(|()| has_text)
    }
}
