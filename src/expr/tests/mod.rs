//! Tests of the room as a whole.

mod behaviour;
mod differential;
mod expressions;
mod generate;
mod jq;
mod posts;
mod recordings;
mod select;
mod unseen;

use super::{EvalError, Expr, Program, Value, json};
use std::ops::ControlFlow;

/// The outputs as JSON, and the error that ended them.
type Outputs = (Vec<String>, Option<EvalError>);

/// Everything that an expression makes of a line.
fn run(expression: &Expr, line: &str) -> Outputs {
    let mut program = Program::new(&[expression]).unwrap();
    let mut record = program.load(line.as_bytes()).unwrap_or_else(|fault| panic!("{line}: {fault:?}"));
    let mut outputs = Vec::new();
    let done = record.outputs(0, &mut |value| {
        let mut json = Vec::new();
        value.write_json(&mut json);
        outputs.push(String::from_utf8(json).expect("outputs are UTF-8"));
        ControlFlow::Continue(())
    });
    (outputs, done.err())
}

/// Whether any output is truthy.
fn truthy(expression: &Expr, line: &str) -> Result<bool, EvalError> {
    let mut program = Program::new(&[expression]).unwrap();
    let mut record = program.load(line.as_bytes()).unwrap_or_else(|fault| panic!("{line}: {fault:?}"));
    record.truthy(0)
}

/// A record as jaq prints it.
fn compact(json: &str) -> String {
    let mut compact = Vec::new();
    Value::of_jaq(&json::parse(json.as_bytes()).expect("an output is JSON")).write_json(&mut compact);
    String::from_utf8(compact).expect("UTF-8")
}
