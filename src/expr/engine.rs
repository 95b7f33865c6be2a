//! The full language: jaq, over a value that is built from the record, with its work bounded.

use super::error::{EvalError, ExprError};
use super::functions;
use super::json::{self, Defect};
use super::value::Value;
use super::work::{Counted, Data, Exhausted, MAX_STEPS, Work};
use crate::scan;
use jaq_core::load::{Arena, File, Loader};
use jaq_core::{Compiler, Ctx, Exn, Vars};
use jaq_json::Val;
use std::cell::Cell;
use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// The most outputs that one expression may have on one record. An expression such as `range(1e12)` fails the record
/// instead of stopping the stream.
pub const MAX_OUTPUTS: usize = 1_000_000;

/// A program of jaq's; it does not change while it runs, so threads share it.
pub(super) struct Engine {
    filter: jaq_core::Filter<Counted>,
    max_steps: u64,
}

impl Engine {
    /// Parses and checks an expression.
    pub(super) fn compile(source: &str) -> Result<Engine, ExprError> {
        let arena = Arena::default();
        let file = File { code: source, path: () };
        let modules = Loader::new(functions::definitions())
            .load(&arena, file)
            .map_err(|errors| ExprError::of_load(source, errors))?;
        let filter = Compiler::default().with_funs(functions::natives()).compile(modules);
        filter
            .map(|filter| Engine { filter, max_steps: MAX_STEPS })
            .map_err(|errors| ExprError::of_compile(source, errors))
    }

    /// Hands each output to `each`, in order, until there are no more, `each` breaks, or an error ends them.
    pub(super) fn run(
        &self,
        input: Val,
        each: &mut dyn FnMut(Value<'_>) -> ControlFlow<()>,
    ) -> Result<(), EvalError> {
        self.values(input, &mut |value| each(Value::of_jaq(value)))
    }

    /// Any output is truthy?
    pub(super) fn truthy(&self, input: Val) -> Result<bool, EvalError> {
        let mut found = false;
        self.values(input, &mut |value| {
            found = !matches!(value, Val::Null | Val::Bool(false));
            if found { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        })?;
        Ok(found)
    }

    fn values(&self, input: Val, each: &mut dyn FnMut(&Val) -> ControlFlow<()>) -> Result<(), EvalError> {
        let work = Work::of_steps(self.max_steps);
        let context = Ctx::<Counted>::new(Data::new(&self.filter.lut, &work), Vars::new([]));
        let mut outputs = guarded(|| self.filter.id.run((context, input)))?;
        let mut count = 0;
        while let Some(output) = guarded(|| outputs.next())? {
            count += 1;
            limit(count)?;
            if each(&output.map_err(eval_error)?).is_break() {
                break;
            }
        }
        Ok(())
    }
}

/// The place where the work that one record may cause is limited, in both engines.
pub(super) fn limit(outputs: usize) -> Result<(), EvalError> {
    if outputs <= MAX_OUTPUTS {
        return Ok(());
    }
    Err(EvalError::new(&format!("more than {MAX_OUTPUTS} outputs for one record")))
}

thread_local! {
    static GUARDED: Cell<bool> = const { Cell::new(false) };
}

/// Whether this thread runs jaq, where a panic is one record's error: what reports panics has nothing to say about it.
pub fn is_guarded() -> bool {
    GUARDED.get()
}

/// Runs a part of jaq. What is too much work unwinds, and some of its library panics on absurd numbers (`"ab" * 1e18`); that is
/// one record's error too.
fn guarded<T>(part: impl FnOnce() -> T) -> Result<T, EvalError> {
    let before = GUARDED.replace(true);
    let done = catch_unwind(AssertUnwindSafe(part));
    GUARDED.set(before);
    done.map_err(|why| match why.downcast_ref::<Exhausted>() {
        Some(exhausted) => EvalError::new(exhausted.message()),
        None => EvalError::new("the expression is too much for jaq"),
    })
}

fn eval_error(exception: Exn<'_, Val>) -> EvalError {
    match exception.get_err() {
        Ok(error) => EvalError::new(&match error.into_val() {
            Val::TStr(text) => String::from_utf8_lossy(&text).into_owned(),
            other => other.to_string(),
        }),
        Err(_) => EvalError::new("the expression broke off"),
    }
}

/// Reads a part of the record for jaq. What is wrong with it is said in the words of the full check, with the place in the
/// record, so that one fault has one wording whatever finds it.
pub(super) fn read(part: &[u8], record: &[u8]) -> Result<Val, EvalError> {
    json::parse(part).map_err(|defect| match defect {
        Defect::TooDeep => EvalError::new(&format!("nested deeper than {} levels", json::MAX_DEPTH)),
        Defect::Grammar => {
            let fault = scan::check_grammar(record).err();
            let message = fault.map_or_else(|| "not JSON".to_owned(), |fault| fault.to_string());
            EvalError { message, grammar: true }
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The outputs of an expression that may take this many steps, and why there are no more.
    fn outputs(source: &str, max_steps: u64) -> (Vec<String>, Option<String>) {
        let engine = Engine { max_steps, ..Engine::compile(source).expect("it is jq") };
        let mut outputs = Vec::new();
        let done = engine.values(json::parse(br#"{"a":[1,2]}"#).expect("JSON"), &mut |value| {
            outputs.push(value.to_string());
            ControlFlow::Continue(())
        });
        (outputs, done.err().map(|error| error.message))
    }

    #[test]
    fn what_does_not_end_is_ended() {
        for source in [
            "def f: f; f",
            "[limit(1e9; repeat(1))]",
            "[range(1e12)]",
            "last(range(1e12))",
            "[range(0; -1e12; -1)]",
            "first(range(1e12) | select(false))",
            "until(false; .)",
            "[repeat(.a)]",
            "last(recurse(.))",
            "[path(repeat(.a))]",
            "reduce repeat(1) as $x (0; .)",
            "any(range(1e12); false)",
            "try def f: f; f catch 1",
            "label $out | repeat(empty)",
            ".a |= def f: f; f",
        ] {
            let (outputs, error) = outputs(source, 100_000);
            assert!(outputs.is_empty(), "{source}: {outputs:?}");
            assert!(
                error.as_ref().is_some_and(|why| why.contains("steps on this record")),
                "{source}: {error:?}"
            );
        }
    }

    #[test]
    fn what_calls_itself_too_deeply_is_ended_on_every_thread() {
        for source in ["def f: 1 + f; f", "def f: [f]; f", "def f: .a[f]; f", "def f: (f | .)?, 1; [f]"] {
            let check = || {
                let (outputs, error) = outputs(source, MAX_STEPS);
                assert!(
                    error.as_ref().is_some_and(|why| why.contains("too deeply")),
                    "{source}: {outputs:?} {error:?}"
                );
            };
            check();
            std::thread::scope(|scope| scope.spawn(check).join().expect("no overflow"));
        }
    }

    #[test]
    fn what_came_before_the_end_came() {
        let (before, error) = outputs("1, 2, until(false; .)", 1000);
        assert_eq!((before, error.is_some()), (vec!["1".to_owned(), "2".to_owned()], true));
    }

    /// Our `range` against jaq's definition of it in jq.
    #[test]
    fn ranges_are_as_in_jq() {
        let told = "def told($from; $to; $by): $from | if $by > 0 then while(. < $to; . + $by) elif $by < 0 then \
                    while(. > $to; . + $by) else while(. != $to; . + $by) end;";
        for arguments in [
            "0; 3; 1",
            "3; 0; -1",
            "0; 1; 0.3",
            "0; -1; 1",
            "5; 5; 1",
            "0; 0; 0",
            "1; 0; null",
            "\"a\"; \"aaa\"; \"a\"",
            "[]; [1, 1]; [1]",
            "0; 3; \"x\"",
            "0; \"x\"; [1]",
            "null; 3; 2",
            "0, 1; 3, 4; 1, 2",
        ] {
            let ours = outputs(&format!("limit(20; range({arguments}))"), 10_000);
            assert_eq!(ours, outputs(&format!("{told} limit(20; told({arguments}))"), 10_000), "{arguments}");
        }
    }
}
