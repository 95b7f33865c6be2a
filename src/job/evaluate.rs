//! What the jobs share when they evaluate expressions.

use crate::expr::EvalError;
use crate::jsonl::Reject;

/// The reject of a record that an expression failed on.
pub(super) fn failed(error: EvalError) -> Reject {
    Reject::new(if error.grammar { "grammar" } else { "expression" }, error.message)
}
