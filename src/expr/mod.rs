//! Expressions: jq, compiled to the scanner where that is possible.
//!
//! Wherever a field, key, condition or value of a record is asked for, the user writes a jq expression: an [`Expr`].
//! Several of them make a [`Program`], which is loaded with one record after the other.
//!
//! Two engines give the same outputs. The full language is jaq, on a value that is built from the record. A pure
//! sub-language (paths, constants, comparisons, `and or not`, `//`, `has`, `startswith endswith contains test`, `any
//! all IN select`, `if`, `?`, and the construction of objects and arrays from these) runs on the record's own bytes and
//! never builds a value. It is recognised on jaq's syntax tree, so there is one parser. Where the answer is not certain
//! from the bytes, jaq evaluates that one record.
//!
//! | file | what it does |
//! | --- | --- |
//! | `plan`, `recognise`, `literal` | the compiled form, and how it is found in the syntax tree |
//! | `eval`, `item`, `walk`, `compare`, `text` | runs it over the bytes |
//! | `engine`, `work`, `json`, `project` | jaq: its run, how much of it one record may cause, its values, the part of the record that it sees |
//! | `value` | what comes out, of either engine |
//! | `functions`, `pattern`, `library` | the library: jq's as jaq has it, and ours |
//! | `posts` | what is asked of a text or a post, in both engines |
//! | `check`, `error`, `unseen` | what is told when an expression is wrong, or asks for what is not there |
//! | `splice`, `select` | records with fields more, and with few of theirs, made of their bytes |
//! | `program` | both engines over one record |

mod check;
mod compare;
mod engine;
mod error;
mod eval;
mod functions;
mod item;
mod json;
mod library;
mod literal;
mod pattern;
mod plan;
mod posts;
mod program;
mod project;
mod recognise;
mod select;
mod splice;
#[cfg(test)]
mod tests;
mod text;
mod unseen;
mod value;
mod walk;
mod work;

pub use engine::{MAX_OUTPUTS, is_guarded};
pub use error::{EvalError, ExprError};
pub use library::use_lexicon;
pub use program::{Program, Record};
pub use select::{Selection, elements};
pub use splice::{NewField, splice};
pub use unseen::{Seen, Unseen};
pub use value::Value;

use crate::scan::{Path, Step};
use engine::Engine;
use jaq_core::load;
use plan::{Filter, Plan, Shape, is_word, show_path};
use splice::Addition;
use std::fmt;
use std::str::FromStr;
use std::sync::{Arc, OnceLock};

/// A parsed and checked jq expression, as the user typed it.
#[derive(Clone)]
pub struct Expr(Arc<Parsed>);

struct Parsed {
    source: String,
    /// Made when it is first needed, where the expression is known to be jq without it: reading jq's library takes a
    /// millisecond, and most runs of a compiled expression have no use for it.
    engine: OnceLock<Result<Engine, ExprError>>,
    /// The compiled form, or why there is none.
    plan: Result<Plan, recognise::Reason>,
    /// The only fields that jaq can see, if that is known.
    fields: Option<Vec<Path>>,
    name: Option<String>,
    /// What is put into the record, if that is all that the expression does.
    additions: Vec<Addition>,
}

impl Expr {
    /// Parses and checks an expression.
    ///
    /// # Errors
    ///
    /// What is wrong with it, with the place.
    pub fn parse(source: &str) -> Result<Expr, ExprError> {
        let term = load::parse(source, |parser| parser.term());
        let plan = match &term {
            Some(term) => recognise::plan(term),
            None => Err("a module".to_owned()),
        };
        let additions = term.as_ref().and_then(|term| splice::additions(source, term)).unwrap_or_default();
        let engine = OnceLock::new();
        if plan.is_err() && additions.is_empty() {
            engine.get_or_init(|| Engine::compile(source)).as_ref().map_err(Clone::clone)?;
        }
        if let Some(term) = &term {
            check::patterns(source, term)?;
        }
        let fields = term.as_ref().and_then(project::fields);
        let name = term.as_ref().and_then(literal::last_name);
        Ok(Expr(Arc::new(Parsed { source: source.to_owned(), engine, plan, fields, name, additions })))
    }

    /// Parses an expression that decides about records. An assignment makes a new record, which is true whatever it holds:
    /// there it is a comparison with a sign too few.
    ///
    /// # Errors
    ///
    /// What is wrong with the expression, with the place.
    pub fn parse_condition(source: &str) -> Result<Expr, ExprError> {
        let expression = Expr::parse(source)?;
        match load::parse(source, |parser| parser.term()) {
            Some(term) if check::assigns(&term) => {
                Err(ExprError::new("`=` changes the record, which is true then; did you mean ==?", source))
            }
            _ => Ok(expression),
        }
    }

    /// Parses `[NAME=]EXPR`, as `--key` takes it. Without a name, [`Expr::default_name`] is taken.
    ///
    /// # Errors
    ///
    /// What is wrong with the expression, with the place.
    pub fn parse_named(source: &str) -> Result<(String, Expr), ExprError> {
        if let Some((name, expression)) = source.split_once('=')
            && is_word(name)
            && !expression.starts_with('=')
        {
            return Ok((name.to_owned(), Expr::parse(expression)?));
        }
        let expression = Expr::parse(source)?;
        Ok((expression.default_name(), expression))
    }

    /// The expression as it was typed.
    pub fn source(&self) -> &str {
        &self.0.source
    }

    /// What a column of its outputs is called: a plain path by its last name (`.a.b[].text` is `text`), anything else
    /// `key`.
    pub fn default_name(&self) -> String {
        self.0.name.clone().unwrap_or_else(|| "key".to_owned())
    }

    /// Which engine runs, in one sentence.
    pub fn explain(&self) -> String {
        if !self.additions().is_empty() {
            return splice::explain(self.additions());
        }
        let list = |paths: &[Path]| paths.iter().map(|path| show_path(path)).collect::<Vec<_>>().join(", ");
        match (&self.0.plan, &self.0.fields) {
            (Ok(plan), _) if plan.paths.is_empty() => "compiled: runs on the bytes of the record".to_owned(),
            (Ok(plan), _) => format!("compiled: reads {} from the bytes of the record", list(&plan.paths)),
            (Err(reason), Some(fields)) if !fields.is_empty() => {
                format!("jaq: parses only {}, because of {reason}", list(fields))
            }
            (Err(reason), Some(_)) => format!("jaq: parses no field of the record, because of {reason}"),
            (Err(reason), None) => format!("jaq: parses the whole record, because of {reason}"),
        }
    }

    /// It runs on the bytes of the record, without jaq.
    pub fn is_compiled(&self) -> bool {
        let additions = self.additions();
        self.0.plan.is_ok()
            || !additions.is_empty() && additions.iter().all(|addition| addition.values.is_compiled())
    }

    /// The names of a plain path, such as `a` and `b` of `.a.b`, without `[]`, `?` and all else.
    pub fn names(&self) -> Option<Vec<&str>> {
        let Plan { paths, shape: Shape::Values(Filter::Field(place)) } = self.plan()? else { return None };
        let names = paths[*place].iter().map(|step| match step {
            Step::Key { name, optional: false } => Some(name.as_str()),
            _ => None,
        });
        names.collect()
    }

    fn additions(&self) -> &[Addition] {
        &self.0.additions
    }

    /// The way to the one field of the record that this is; `None` for any other expression.
    pub fn field(&self) -> Option<&Path> {
        let plan = self.plan()?;
        match (&plan.shape, &plan.paths[..]) {
            (Shape::Values(Filter::Field(0)), [path])
                if !path.iter().any(|step| matches!(step, Step::Each { .. })) =>
            {
                Some(path)
            }
            _ => None,
        }
    }

    fn plan(&self) -> Option<&Plan> {
        self.0.plan.as_ref().ok()
    }

    /// The paths that the scanner is to find: those of the compiled form, else those that jaq gets to see.
    fn paths(&self) -> &[Path] {
        match &self.0.plan {
            Ok(plan) => &plan.paths,
            Err(_) => self.0.fields.as_deref().unwrap_or_default(),
        }
    }

    /// The only fields that jaq can see, if it is jaq that runs and that is known.
    fn fields(&self) -> Option<&[Path]> {
        self.0.plan.as_ref().err().and(self.0.fields.as_deref())
    }

    /// jaq, ready to run.
    fn engine(&self) -> Result<&Engine, EvalError> {
        let engine = self.0.engine.get_or_init(|| Engine::compile(&self.0.source));
        engine.as_ref().map_err(|error| EvalError::new(error.message()))
    }
}

impl FromStr for Expr {
    type Err = ExprError;

    fn from_str(source: &str) -> Result<Expr, ExprError> {
        Expr::parse(source)
    }
}

impl fmt::Display for Expr {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0.source)
    }
}

impl fmt::Debug for Expr {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Expr({:?})", self.0.source)
    }
}

/// Two expressions are the same if they were typed the same.
impl PartialEq for Expr {
    fn eq(&self, other: &Expr) -> bool {
        self.0.source == other.0.source
    }
}

impl Eq for Expr {}
