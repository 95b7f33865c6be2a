//! The full language: jaq.
//!
//! This file and `json`, `value` and `functions` are the only ones that know jaq's run time.

use super::error::{EvalError, ExprError};
use super::functions;
use super::json::{self, Defect};
use super::value::Value;
use jaq_core::data::JustLut;
use jaq_core::load::{Arena, File, Loader};
use jaq_core::{Compiler, Ctx, Exn, Vars};
use jaq_json::Val;
use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// The most outputs that one expression may have on one record. An expression such as `range(1e12)` fails the record
/// instead of stopping the stream.
pub const MAX_OUTPUTS: usize = 1_000_000;

/// A program of jaq's; it does not change while it runs, so threads share it.
pub(super) struct Engine(jaq_core::Filter<JustLut<Val>>);

impl Engine {
    /// Parses and checks an expression.
    pub(super) fn compile(source: &str) -> Result<Engine, ExprError> {
        let arena = Arena::default();
        let file = File { code: source, path: () };
        let modules = Loader::new(functions::definitions())
            .load(&arena, file)
            .map_err(|errors| ExprError::of_load(source, errors))?;
        let filter = Compiler::default().with_funs(functions::natives()).compile(modules);
        filter.map(Engine).map_err(|errors| ExprError::of_compile(source, errors))
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
        let context = Ctx::<JustLut<Val>>::new(&self.0.lut, Vars::new([]));
        let mut outputs = guarded(|| self.0.id.run((context, input)))?;
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

/// Runs a part of jaq. Some of its library panics on absurd numbers (`"ab" * 1e18`); that is one record's error too.
fn guarded<T>(part: impl FnOnce() -> T) -> Result<T, EvalError> {
    catch_unwind(AssertUnwindSafe(part)).map_err(|_| EvalError::new("the expression is too much for jaq"))
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

/// Reads a record for jaq.
pub(super) fn read(line: &[u8]) -> Result<Val, EvalError> {
    json::parse(line).map_err(|defect| EvalError {
        message: defect.to_string(),
        grammar: matches!(defect, Defect::Grammar(..)),
    })
}
