//! A record with some of its fields only: `--select .a,.b.c`.
//!
//! What is selected keeps its place in the record, so that the same paths go on leading to the same values, as with `pick` of
//! jq 1.7; and its bytes. Nothing is computed: the scanner finds the values, and below a `[]` the walk does.

use super::error::{EvalError, ExprError};
use super::splice::named;
use super::walk::{self, NULL};
use super::{Expr, Record, literal};
use crate::scan::Step;
use jaq_core::load::parse::{BinaryOp, Term};
use jaq_core::load::{self};

/// Which fields of a record are kept.
#[derive(Clone, Debug)]
pub struct Selection {
    source: String,
    shape: Shape,
    roots: Vec<Expr>,
}

/// What a place of the record becomes.
#[derive(Clone, Debug)]
enum Shape {
    /// What is there, as it is.
    Whole,
    /// An object of these, whose names are written as JSON with their colons.
    Members(Vec<Field>),
    /// Each element by itself.
    Elements(Box<Shape>),
}

#[derive(Clone, Debug)]
struct Field {
    name: String,
    json: Vec<u8>,
    shape: Shape,
    /// The expression that finds it, where the scanner does.
    root: Option<usize>,
}

impl Selection {
    /// Reads paths with commas between them.
    ///
    /// # Errors
    ///
    /// What is no path, with its place.
    pub fn parse(source: &str) -> Result<Selection, ExprError> {
        Expr::parse(source)?;
        let term = load::parse(source, |parser| parser.term());
        let mut paths = Vec::new();
        term.ok_or(()).and_then(|term| read(&term, &mut paths)).map_err(|()| {
            ExprError::new(
                "--select takes paths such as .user.name,.entities.hashtags[].text; --map takes all else",
                source,
            )
        })?;
        let mut selection =
            Selection { source: source.to_owned(), shape: Shape::Members(Vec::new()), roots: Vec::new() };
        for path in &paths {
            insert(&mut selection.shape, path).map_err(|name| {
                ExprError::new(format!("{name} cannot be an object and an array at once"), source)
            })?;
        }
        number(&mut selection.shape, "", &mut selection.roots)?;
        Ok(selection)
    }

    /// The paths as they were typed.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// The expressions that a program needs for it, in this order.
    pub fn expressions(&self) -> &[Expr] {
        &self.roots
    }

    /// Appends the selection of a record, in whose program its expressions begin with the `first`-th.
    ///
    /// # Errors
    ///
    /// What is selected is no JSON.
    pub fn write(&self, record: &Record<'_>, first: usize, out: &mut Vec<u8>) -> Result<(), EvalError> {
        write_found(&self.shape, record, first, out)
    }
}

/// The elements of an array; none where the bytes are no array.
pub fn elements(array: &[u8]) -> Option<Vec<&[u8]>> {
    walk::elements(array)
}

fn read(term: &Term<&str>, paths: &mut Vec<Vec<Step>>) -> Result<(), ()> {
    match term {
        Term::BinOp(left, BinaryOp::Comma, right) => {
            read(left, paths)?;
            read(right, paths)
        }
        Term::Path(base, path) if matches!(**base, Term::Id) => {
            let steps: Result<Vec<Step>, _> =
                path.0.iter().map(|(part, optional)| literal::step(part, *optional)).collect();
            let steps = steps.map_err(drop)?;
            let is_selected = |step: &Step| matches!(step, Step::Key { .. } | Step::Each { .. });
            if !steps.iter().all(is_selected) || matches!(steps.first(), Some(Step::Each { .. })) {
                return Err(());
            }
            paths.push(steps);
            Ok(())
        }
        _ => Err(()),
    }
}

/// Adds a path; what is selected whole already has all its parts.
fn insert(shape: &mut Shape, path: &[Step]) -> Result<(), String> {
    let Some((step, rest)) = path.split_first() else {
        *shape = Shape::Whole;
        return Ok(());
    };
    match (shape, step) {
        (Shape::Whole, _) => Ok(()),
        (Shape::Elements(inner), Step::Each { .. }) => insert(inner, rest),
        (Shape::Members(fields), Step::Key { name, .. }) => {
            if let Some(known) = fields.iter_mut().find(|field| field.name == *name) {
                return insert(&mut known.shape, rest).map_err(|below| format!(".{name}{below}"));
            }
            let mut shape = empty(rest);
            insert(&mut shape, rest)?;
            fields.push(Field { name: name.clone(), json: named(name), shape, root: None });
            Ok(())
        }
        _ => Err(String::new()),
    }
}

/// What a path's next step asks for, still without it.
fn empty(path: &[Step]) -> Shape {
    match path {
        [] => Shape::Whole,
        [Step::Each { .. }, rest @ ..] => Shape::Elements(Box::new(empty(rest))),
        _ => Shape::Members(Vec::new()),
    }
}

/// Gives the scanner the paths to all that is no object of fields.
fn number(shape: &mut Shape, path: &str, roots: &mut Vec<Expr>) -> Result<(), ExprError> {
    let Shape::Members(fields) = shape else { return Ok(()) };
    for field in fields {
        let mut quoted = Vec::new();
        super::text::write_string(&field.name, &mut quoted);
        let dot = if path.is_empty() { "." } else { "" };
        let below = format!("{path}{dot}[{}]", String::from_utf8_lossy(&quoted));
        if matches!(field.shape, Shape::Members(_)) {
            number(&mut field.shape, &below, roots)?;
        } else {
            field.root = Some(roots.len());
            roots.push(Expr::parse(&below)?);
        }
    }
    Ok(())
}

fn write_found(shape: &Shape, record: &Record<'_>, first: usize, out: &mut Vec<u8>) -> Result<(), EvalError> {
    let Shape::Members(fields) = shape else { return Ok(()) };
    out.push(b'{');
    for (place, field) in fields.iter().enumerate() {
        if place > 0 {
            out.push(b',');
        }
        out.extend_from_slice(&field.json);
        match field.root {
            None => write_found(&field.shape, record, first, out)?,
            Some(root) => {
                let value = record.place(first + root)?.map_or(NULL, |place| &record.line()[place]);
                write_part(&field.shape, value, out);
            }
        }
    }
    out.push(b'}');
    Ok(())
}

/// Appends what is selected of a value. What is not there is null.
fn write_part(shape: &Shape, value: &[u8], out: &mut Vec<u8>) {
    match shape {
        Shape::Whole => out.extend_from_slice(value),
        Shape::Members(fields) => {
            let members = walk::members(value).unwrap_or_default();
            out.push(b'{');
            for (place, field) in fields.iter().enumerate() {
                if place > 0 {
                    out.push(b',');
                }
                out.extend_from_slice(&field.json);
                let is_it = |(name, _): &&walk::Member<'_>| {
                    super::text::decode(name).is_some_and(|name| name == field.name)
                };
                write_part(&field.shape, members.iter().rfind(is_it).map_or(NULL, |(_, value)| value), out);
            }
            out.push(b'}');
        }
        Shape::Elements(inner) => {
            if let Some(elements) = walk::elements(value) {
                out.push(b'[');
                for (place, element) in elements.iter().enumerate() {
                    if place > 0 {
                        out.push(b',');
                    }
                    write_part(inner, element, out);
                }
                out.push(b']');
            } else if let Some(members) = walk::members(value) {
                out.push(b'{');
                for (place, (name, member)) in members.iter().enumerate() {
                    if place > 0 {
                        out.push(b',');
                    }
                    out.extend_from_slice(name);
                    out.push(b':');
                    write_part(inner, member, out);
                }
                out.push(b'}');
            } else {
                out.extend_from_slice(NULL);
            }
        }
    }
}
