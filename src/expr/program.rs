//! Several expressions over one record: one scan finds the fields of all.

use super::engine;
use super::error::EvalError;
use super::eval::{Halt, Run};
use super::plan::Plan;
use super::project::Projection;
use super::value::Value;
use super::{Expr, ExprError};
use crate::jsonl;
use crate::scan::{Fault, Hit, Path, Scanner};
use jaq_json::Val;
use std::ops::ControlFlow;

/// Several expressions, ready to run on one record after another. Made once per worker thread; cheap to make.
///
/// ```
/// use trendpipe::expr::{Expr, Program};
/// let english: Expr = ".lang == \"en\"".parse().unwrap();
/// let mut program = Program::new(&[&english]).unwrap();
/// let mut record = program.load(br#"{"lang":"en"}"#).unwrap();
/// assert!(record.truthy(0).unwrap());
/// ```
pub struct Program {
    expressions: Vec<Loaded>,
    scanner: Scanner,
    /// The scanner has an index of the chunk at hand.
    is_begun: bool,
    /// The record as a value, once an expression needed it.
    pub(super) value: Option<Result<Val, EvalError>>,
}

struct Loaded {
    expression: Expr,
    /// The scanner's number of each path of the expression.
    places: Vec<usize>,
}

impl Program {
    /// Prepares the expressions; they keep their order as their number.
    ///
    /// # Errors
    /// None at present: an [`Expr`] has been checked.
    pub fn new(expressions: &[&Expr]) -> Result<Program, ExprError> {
        let mut paths: Vec<Path> = Vec::new();
        let mut place = |path: &Path| {
            paths.iter().position(|known| known == path).unwrap_or_else(|| {
                paths.push(path.clone());
                paths.len() - 1
            })
        };
        let load = |expression: &&Expr| Loaded {
            expression: Expr::clone(expression),
            places: expression.paths().iter().map(&mut place).collect(),
        };
        let expressions = expressions.iter().map(load).collect();
        Ok(Program { expressions, scanner: Scanner::new(&paths), is_begun: false, value: None })
    }

    /// Checks that the line is one whole record, and finds the fields of all expressions.
    ///
    /// # Errors
    /// What makes the line no record. The verdict does not depend on the expressions.
    pub fn load<'p>(&'p mut self, line: &'p [u8]) -> Result<Record<'p>, Fault> {
        self.value = None;
        let line = trim(line);
        self.scanner.scan(line)?;
        Ok(Record { program: self, line })
    }
}

/// Many records at once are cheaper than one after the other.
impl Program {
    /// Looks at a chunk of lines as a whole, for [`Program::load_next`]. True where its newlines were found by the way, and where
    /// they are is appended.
    pub fn begin(&mut self, chunk: &[u8], newlines: &mut Vec<u32>) -> bool {
        self.is_begun = self.scanner.begin(chunk, newlines);
        self.is_begun
    }

    /// As [`Program::load`], for a record of the chunk that was begun last.
    ///
    /// # Errors
    /// As there.
    pub fn load_next<'p>(&'p mut self, record: &jsonl::Record<'p>) -> Result<Record<'p>, Fault> {
        if !self.is_begun {
            return self.load(record.bytes);
        }
        self.value = None;
        let place = record.start..record.start + record.bytes.len();
        self.scanner.scan_within(record.chunk, record.line as usize, place)?;
        Ok(Record { program: self, line: record.bytes })
    }
}

/// One record under a [`Program`].
pub struct Record<'p> {
    program: &'p mut Program,
    line: &'p [u8],
}

impl Record<'_> {
    /// Whether any output of expression `i` is truthy, that is neither null nor false.
    ///
    /// # Errors
    /// What the expression makes of this record, if that comes before a truthy output.
    ///
    /// # Panics
    /// When there is no expression `i`.
    pub fn truthy(&mut self, i: usize) -> Result<bool, EvalError> {
        if let Some((plan, run)) = self.compiled(i) {
            match run.truthy(&plan.shape) {
                Ok(truthy) => return Ok(truthy),
                Err(Halt::Error(error)) => return Err(error),
                Err(Halt::Unsure | Halt::Enough) => {}
            }
        }
        let value = self.value(i)?;
        self.program.expressions[i].expression.engine().truthy(value)
    }

    /// Hands every output of expression `i` to `each`, in order, until there are no more or `each` breaks.
    ///
    /// # Errors
    /// What the expression makes of this record; the outputs before it were delivered.
    ///
    /// # Panics
    /// When there is no expression `i`.
    pub fn outputs(
        &mut self,
        i: usize,
        each: &mut dyn FnMut(Value<'_>) -> ControlFlow<()>,
    ) -> Result<(), EvalError> {
        let mut delivered = 0;
        if let Some((plan, run)) = self.compiled(i) {
            let done = run.outputs(&plan.shape, &mut |value| {
                delivered += 1;
                engine::limit(delivered).map_err(Halt::Error)?;
                if each(value).is_break() { Err(Halt::Enough) } else { Ok(()) }
            });
            match done {
                Ok(()) | Err(Halt::Enough) => return Ok(()),
                Err(Halt::Error(error)) => return Err(error),
                Err(Halt::Unsure) => {}
            }
        }
        self.outputs_behind(delivered, i, each)
    }

    /// The outputs of the full engine, without the first ones, which the compiled expression has delivered.
    fn outputs_behind(
        &mut self,
        delivered: usize,
        i: usize,
        each: &mut dyn FnMut(Value<'_>) -> ControlFlow<()>,
    ) -> Result<(), EvalError> {
        let value = self.value(i)?;
        let mut count = 0;
        self.program.expressions[i].expression.engine().run(value, &mut |output| {
            count += 1;
            if count <= delivered { ControlFlow::Continue(()) } else { each(output) }
        })
    }

    fn compiled(&self, i: usize) -> Option<(&Plan, Run<'_>)> {
        let loaded = &self.program.expressions[i];
        let plan = loaded.expression.plan()?;
        let run = Run {
            line: self.line,
            paths: &plan.paths,
            places: &loaded.places,
            scanner: &self.program.scanner,
        };
        Some((plan, run))
    }

    /// The record as a value of jaq's: as much of it as the expression can see.
    fn value(&mut self, i: usize) -> Result<Val, EvalError> {
        if let Some(part) = self.projected(i) {
            return part;
        }
        let line = self.line;
        self.program.value.get_or_insert_with(|| engine::read(line, line)).clone()
    }

    /// The record with nothing but the expression's fields; none if they are not known or not found for sure.
    fn projected(&self, i: usize) -> Option<Result<Val, EvalError>> {
        let loaded = &self.program.expressions[i];
        let mut part = Projection::default();
        for (path, place) in loaded.expression.fields()?.iter().zip(&loaded.places) {
            match *self.program.scanner.hits(*place) {
                [Hit::Value { start, end }] => {
                    match engine::read(self.line.get(start as usize..end as usize)?, self.line) {
                        Ok(value) => part.insert(path, value),
                        Err(error) => return Some(Err(error)),
                    }
                }
                [Hit::Missing] => {}
                _ => return None,
            }
        }
        Some(Ok(part.into_value()))
    }
}

/// The line without the white space around it, as JSON has it.
fn trim(line: &[u8]) -> &[u8] {
    let is_text = |byte: &u8| !matches!(byte, b' ' | b'\t' | b'\r' | b'\n');
    let start = line.iter().position(is_text).unwrap_or(line.len());
    let end = line.iter().rposition(is_text).map_or(start, |last| last + 1);
    &line[start..end]
}
