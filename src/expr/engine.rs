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
        let context = Ctx::<JustLut<Val>>::new(&self.0.lut, Vars::new([]));
        for output in self.0.id.run((context, input)) {
            let output = output.map_err(eval_error)?;
            if each(Value::of_jaq(&output)).is_break() {
                break;
            }
        }
        Ok(())
    }

    /// Any output is truthy? Unlike [`Engine::run`] this renders nothing.
    pub(super) fn truthy(&self, input: Val) -> Result<bool, EvalError> {
        let context = Ctx::<JustLut<Val>>::new(&self.0.lut, Vars::new([]));
        for output in self.0.id.run((context, input)) {
            if !matches!(output.map_err(eval_error)?, Val::Null | Val::Bool(false)) {
                return Ok(true);
            }
        }
        Ok(false)
    }
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
