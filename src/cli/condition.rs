//! The operands of a tool that filters: the condition, if no option stands for it, and then files.

use std::path::Path;

use crate::drive::Usage;
use crate::expr::Expr;

/// What stands in place of a file's name when the shell has split a condition into words.
const OPERATORS: [&str; 9] = ["==", "!=", "=", "<", ">", "<=", ">=", "and", "or"];

/// Takes the condition from the operands, where it is neither given by --where nor left out beside `others`, options that ask
/// for something else; then all operands are files.
///
/// # Errors
/// No condition where one has to be, or operands that cannot be meant so.
pub fn of_operands(
    operands: &mut Vec<String>,
    keep: Option<Expr>,
    others: bool,
) -> Result<Option<Expr>, Usage> {
    if keep.is_some() || others {
        return match operands.first().filter(|word| is_condition(word)) {
            Some(word) if keep.is_some() => Err(Usage(format!(
                "{word} is no file: beside --where every operand is a file; write (…) and (…) for two conditions"
            ))),
            Some(word) => Err(Usage(format!(
                "{word} is no file: beside --map, --sample and the like every operand is a file; give the condition \
                 with --where"
            ))),
            None => Ok(keep),
        };
    }
    if operands.is_empty() {
        return Err(Usage("there is no condition: write one such as '.lang == \"en\"'; see --help".into()));
    }
    let condition = condition(&operands.remove(0))?;
    if let Some(word) = operands.first().filter(|word| OPERATORS.contains(&word.as_str())) {
        let hint = "put the whole condition into single quotes, as in '.lang == \"en\"'";
        return Err(Usage(format!("{word} is no file: {hint}")));
    }
    Ok(Some(condition))
}

/// What looks like a condition, and is no file.
fn is_condition(word: &str) -> bool {
    let is_one = word.starts_with('.') || word.contains([' ', '(', '|']);
    is_one && word != "." && !Path::new(word).exists() && Expr::parse_condition(word).is_ok()
}

/// The first operand. A file's name is one that lacks the condition before it.
fn condition(text: &str) -> Result<Expr, Usage> {
    Expr::parse_condition(text).map_err(|error| match Path::new(text).is_file() {
        true => Usage(format!(
            "{text} is a file, and no condition stands before it: write one such as '.lang == \"en\"'"
        )),
        false => Usage(error.to_string()),
    })
}
