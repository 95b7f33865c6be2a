//! Several expressions over one record: one scan finds the fields of all.

use super::engine;
use super::error::EvalError;
use super::eval::{Halt, Run};
use super::plan::{Filter, Plan, Shape};
use super::project::Projection;
use super::unseen::{Seen, Unseen};
use super::value::Value;
use super::{Expr, ExprError, splice, walk};
use crate::jsonl;
use crate::scan::{Fault, Hit, Path, Scanner, Step};
use jaq_json::Val;
use std::borrow::Cow;
use std::ops::{ControlFlow, Range};

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
    /// The paths, by the scanner's number, that some record so far has had.
    seen: Seen,
    paths: usize,
}

struct Loaded {
    expression: Expr,
    /// The scanner's number of each path of the expression.
    places: Vec<usize>,
    /// What it puts into the record: the number of the expression, and the scanner's number of each name.
    additions: Vec<(usize, Vec<usize>)>,
}

impl Loaded {
    fn new(expression: &Expr, paths: &mut Vec<Path>) -> Loaded {
        let places = expression.paths().iter().map(|path| place(paths, path)).collect();
        Loaded { expression: expression.clone(), places, additions: Vec::new() }
    }
}

/// The number of a path, which is one more if it is new.
fn place(paths: &mut Vec<Path>, path: &Path) -> usize {
    paths.iter().position(|known| known == path).unwrap_or_else(|| {
        paths.push(path.clone());
        paths.len() - 1
    })
}

impl Program {
    /// Prepares the expressions; they keep their order as their number.
    ///
    /// # Errors
    ///
    /// None at present: an [`Expr`] has been checked.
    pub fn new(expressions: &[&Expr]) -> Result<Program, ExprError> {
        let mut paths: Vec<Path> = Vec::new();
        let mut loaded: Vec<Loaded> = Vec::new();
        for expression in expressions {
            loaded.push(Loaded::new(expression, &mut paths));
        }
        for (i, expression) in expressions.iter().enumerate() {
            for addition in expression.additions() {
                let name = |name: &String| vec![Step::Key { name: name.clone(), optional: false }];
                let names = addition.names.iter().map(|known| place(&mut paths, &name(known))).collect();
                let number = loaded.len();
                loaded[i].additions.push((number, names));
                loaded.push(Loaded::new(&addition.values, &mut paths));
            }
        }
        Ok(Program {
            expressions: loaded,
            scanner: Scanner::new(&paths),
            is_begun: false,
            value: None,
            seen: Seen::default(),
            paths: paths.len(),
        })
    }

    /// Checks that the line is one whole record, and finds the fields of all expressions.
    ///
    /// # Errors
    ///
    /// What makes the line no record. The verdict does not depend on the expressions.
    pub fn load<'p>(&'p mut self, line: &'p [u8]) -> Result<Record<'p>, Fault> {
        self.value = None;
        let line = trim(line);
        self.scanner.scan(line)?;
        self.seen.note(&self.scanner, self.paths);
        Ok(Record { program: self, line })
    }

    /// The fields that the expressions name and no record has had, in the order in which they ask. `records` are the first
    /// of them, or, where `is_all`, all.
    pub fn unseen(&self, seen: Seen, records: &[&[u8]], is_all: bool) -> Vec<Unseen> {
        let mut unseen: Vec<Unseen> = Vec::new();
        for loaded in &self.expressions {
            let asked = loaded.expression.paths().iter().zip(&loaded.places);
            let missing = asked.filter(|(_, place)| !seen.has(**place));
            for missing in missing.filter_map(|(path, _)| Unseen::of(path, records, is_all)) {
                if missing.is_named_in(loaded.expression.source()) && !unseen.contains(&missing) {
                    unseen.push(missing);
                }
            }
        }
        unseen
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
    ///
    /// As there.
    pub fn load_next<'p>(&'p mut self, record: &jsonl::Record<'p>) -> Result<Record<'p>, Fault> {
        if !self.is_begun {
            return self.load(record.bytes);
        }
        self.value = None;
        let place = record.start..record.start + record.bytes.len();
        self.scanner.scan_within(record.chunk, record.line as usize, place)?;
        self.seen.note(&self.scanner, self.paths);
        Ok(Record { program: self, line: record.bytes })
    }
}

/// One record under a [`Program`].
pub struct Record<'p> {
    program: &'p mut Program,
    line: &'p [u8],
}

impl Record<'_> {
    /// The values as they stand in the record, where expression `i` is no more than a path and led to values alone. Equal bytes
    /// are equal values. A string is well formed and in UTF-8.
    ///
    /// # Panics
    ///
    /// When there is no expression `i`.
    #[inline]
    pub fn fields(&self, i: usize) -> Option<impl Iterator<Item = &[u8]>> {
        let loaded = &self.program.expressions[i];
        let Shape::Values(Filter::Field(place)) = loaded.expression.plan()?.shape else { return None };
        let hits = self.program.scanner.hits(*loaded.places.get(place)?);
        let value = |hit: &Hit| match *hit {
            Hit::Value { start, end } => self.line.get(start as usize..end as usize),
            _ => None,
        };
        hits.iter().all(|hit| matches!(hit, Hit::Value { .. })).then(|| hits.iter().filter_map(value))
    }

    /// As [`Record::fields`], where the path led to one value.
    ///
    /// # Panics
    ///
    /// As there.
    #[inline]
    pub fn field(&self, i: usize) -> Option<&[u8]> {
        let mut fields = self.fields(i)?;
        fields.next().filter(|_| fields.next().is_none())
    }

    /// Whether any output of expression `i` is truthy, that is neither null nor false.
    ///
    /// # Errors
    ///
    /// What the expression makes of this record, if that comes before a truthy output.
    ///
    /// # Panics
    ///
    /// When there is no expression `i`.
    pub fn truthy(&mut self, i: usize) -> Result<bool, EvalError> {
        if !self.program.expressions[i].additions.is_empty() {
            let mut any = false;
            self.outputs(i, &mut |_| {
                any = true;
                ControlFlow::Break(())
            })?;
            return Ok(any);
        }
        if let Some((plan, run)) = self.compiled(i) {
            match run.truthy(&plan.shape) {
                Ok(truthy) => return Ok(truthy),
                Err(Halt::Error(error)) => return Err(error),
                Err(Halt::Unsure | Halt::Enough) => {}
            }
        }
        let value = self.value(i)?;
        self.program.expressions[i].expression.engine()?.truthy(value)
    }

    /// Hands every output of expression `i` to `each`, in order, until there are no more or `each` breaks.
    ///
    /// # Errors
    ///
    /// What the expression makes of this record; the outputs before it were delivered.
    ///
    /// # Panics
    ///
    /// When there is no expression `i`.
    pub fn outputs(
        &mut self,
        i: usize,
        each: &mut dyn FnMut(Value<'_>) -> ControlFlow<()>,
    ) -> Result<(), EvalError> {
        if !self.program.expressions[i].additions.is_empty() {
            return self.spliced(i, each);
        }
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
        self.program.expressions[i].expression.engine()?.run(value, &mut |output| {
            count += 1;
            if count <= delivered { ControlFlow::Continue(()) } else { each(output) }
        })
    }

    /// The outputs of an expression that puts fields into the record.
    fn spliced(
        &mut self,
        i: usize,
        each: &mut dyn FnMut(Value<'_>) -> ControlFlow<()>,
    ) -> Result<(), EvalError> {
        let expression = self.program.expressions[i].expression.clone();
        let parts = self.program.expressions[i].additions.clone();
        let mut names: Vec<(Vec<u8>, Option<Range<usize>>)> = Vec::new();
        for (addition, (_, places)) in expression.additions().iter().zip(&parts) {
            for (name, &place) in addition.names.iter().zip(places) {
                let at = match *self.program.scanner.hits(place) {
                    [Hit::Value { start, end }] => Some(start as usize..end as usize),
                    [Hit::Missing] => None,
                    _ => return self.outputs_behind(0, i, each),
                };
                let name = splice::named(name);
                if !names.iter().any(|(known, _)| *known == name) {
                    names.push((name, at));
                }
            }
        }
        let mut outputs = Vec::new();
        for (number, _) in &parts {
            let mut values = Vec::new();
            let error = self.outputs(*number, &mut |value| {
                values.push(splice::json(&value));
                ControlFlow::Continue(())
            });
            outputs.push(splice::Outputs { values, error: error.err() });
        }
        let (line, mut made, mut delivered) = (self.line, Vec::new(), 0);
        splice::combine(&outputs, &mut Vec::new(), &mut |chosen| {
            delivered += 1;
            engine::limit(delivered)?;
            let mut fields: Vec<splice::Member> = Vec::new();
            for ((addition, outputs), &place) in expression.additions().iter().zip(&outputs).zip(chosen) {
                for (name, value) in splice::members(addition, &outputs.values[place]) {
                    match fields.iter_mut().find(|(known, _)| *known == name) {
                        Some((_, old)) => *old = value,
                        None => fields.push((name, value)),
                    }
                }
            }
            let place = |name: &Vec<u8>| names.iter().find(|(known, _)| known == name)?.1.clone();
            let fields: Vec<_> =
                fields.iter().map(|(name, value)| (&name[..], &value[..], place(name))).collect();
            made.clear();
            splice(line, &fields, &mut made);
            Ok(each(Value::Json(Cow::Borrowed(&made))).is_continue())
        })
        .map(drop)
    }

    /// Where the value stands to which expression `i`, a plain path of names, leads; none if the record has no such value.
    ///
    /// # Errors
    ///
    /// What is there is no JSON.
    ///
    /// # Panics
    ///
    /// When there is no expression `i`.
    pub fn place(&self, i: usize) -> Result<Option<Range<usize>>, EvalError> {
        let loaded = &self.program.expressions[i];
        let (Some(plan), [place]) = (loaded.expression.plan(), &loaded.places[..]) else { return Ok(None) };
        match *self.program.scanner.hits(*place) {
            [Hit::Value { start, end }] => return Ok(Some(start as usize..end as usize)),
            [Hit::Missing | Hit::Mismatch] => return Ok(None),
            _ => {}
        }
        let mut found = None;
        let walked = walk::follow(&plan.paths[0], self.line, &mut |value| {
            let start = (value.as_ptr() as usize).checked_sub(self.line.as_ptr() as usize);
            found =
                start.map(|start| start..start + value.len()).filter(|place| place.end <= self.line.len());
            Ok(())
        });
        match walked {
            Ok(()) | Err(Halt::Error(_)) => Ok(found),
            Err(Halt::Unsure | Halt::Enough) => engine::read(self.line, self.line).map(|_| found),
        }
    }

    /// What this record and those before it have had of the fields that the expressions ask for.
    pub fn seen(&self) -> Seen {
        self.program.seen
    }

    /// The record's bytes.
    pub fn line(&self) -> &[u8] {
        self.line
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
