//! The compiled form of an expression.
//!
//! A plan says what is computed from the fields of one record; [`super::recognise`] makes it from the syntax tree, and
//! [`super::eval`] runs it. Its meaning is that of the same expression in jaq.

use super::compare::Number;
use super::pattern::Pattern;
use super::posts::Question;
use crate::scan::{Path, Step};

/// A compiled expression: what is read from the record, and what is made of it.
#[derive(Clone, Debug)]
pub(super) struct Plan {
    /// The paths that the scanner looks for; [`Filter::Field`] refers to them by place.
    pub(super) paths: Vec<Path>,
    pub(super) shape: Shape,
}

/// What the outputs look like.
#[derive(Clone, Debug)]
pub(super) enum Shape {
    /// The outputs of the filter, as they are.
    Values(Filter),
    /// `filter | shape`
    Piped(Filter, Box<Shape>),
    /// `{name: shape, …}`; each name is written as JSON, with its colon.
    Object(Vec<(Vec<u8>, Shape)>),
    /// `[shape]`
    Array(Box<Shape>),
}

/// From one value to any number of values.
#[derive(Clone, Debug)]
pub(super) enum Filter {
    /// `.`
    Identity,
    /// A path from the record, found by the scanner.
    Field(usize),
    /// The member at the end of this path is there; what `PATH | has("name")` asks of the record.
    HasField(usize),
    /// A path from another value.
    Walk(Path),
    /// `has("name")` of another value.
    Has(String),
    Constant(Constant),
    /// `empty`
    Empty,
    /// `left, right`
    Comma(Box<Filter>, Box<Filter>),
    /// `left | right`
    Pipe(Box<Filter>, Box<Filter>),
    /// `left == right` and the like
    Compare(Box<Filter>, Comparison, Box<Filter>),
    /// `left or right` (which stops at true), `left and right` (which stops at false)
    Logic {
        left: Box<Filter>,
        stop: bool,
        right: Box<Filter>,
    },
    /// `left // right`
    Alternative(Box<Filter>, Box<Filter>),
    /// A question about `.`
    Test(Test),
    /// `any(filter)`, where one truthy output decides, or `all(filter)`, where one falsy does
    Quantifier {
        any: bool,
        outputs: Box<Filter>,
    },
    /// `select(condition)`
    Select(Box<Filter>),
    /// `if condition then … else … end`
    If {
        condition: Box<Filter>,
        then: Box<Filter>,
        otherwise: Box<Filter>,
    },
    /// `filter?`, also `try filter`
    Try(Box<Filter>),
    /// `hashtags` and its like
    Ask(Ask),
}

/// A question to a text or a post.
#[derive(Clone, Debug)]
pub(super) struct Ask {
    pub(super) question: Question,
    /// The places of the fields of a post, where the input is the record itself.
    pub(super) fields: Option<Vec<usize>>,
    /// `[]` follows: the elements of the list are put out, not the list.
    pub(super) each: bool,
}

impl Ask {
    pub(super) fn is_list(&self) -> bool {
        self.question.is_list()
    }
}

/// `== != < <= > >=`
pub(super) type Comparison = jaq_core::ops::Cmp;

/// A question about one value.
#[derive(Clone, Debug)]
pub(super) enum Test {
    Not,
    StartsWith(String),
    EndsWith(String),
    Contains(Constant),
    Matches(Pattern),
    /// `IN("a", "b")`
    OneOf(Vec<Constant>),
}

/// A value that the expression itself holds.
#[derive(Clone, Debug)]
pub(super) enum Constant {
    Null,
    Bool(bool),
    /// With its text as jaq prints it.
    Number(Number, String),
    String(String),
    EmptyArray,
    EmptyObject,
}

impl Plan {
    /// Of all the paths that came up while the expression was recognised, keeps those that are read.
    pub(super) fn new(mut shape: Shape, all: &[Path]) -> Plan {
        let mut paths: Vec<Path> = Vec::new();
        shape.visit(&mut |place| {
            let path = &all[*place];
            *place = paths.iter().position(|kept| kept == path).unwrap_or_else(|| {
                paths.push(path.clone());
                paths.len() - 1
            });
        });
        Plan { paths, shape }
    }
}

impl Shape {
    fn visit(&mut self, each: &mut dyn FnMut(&mut usize)) {
        match self {
            Shape::Values(filter) => filter.visit(each),
            Shape::Piped(filter, shape) => {
                filter.visit(each);
                shape.visit(each);
            }
            Shape::Object(members) => members.iter_mut().for_each(|(_, shape)| shape.visit(each)),
            Shape::Array(shape) => shape.visit(each),
        }
    }
}

impl Filter {
    /// Shows every reference to a path to `each`.
    fn visit(&mut self, each: &mut dyn FnMut(&mut usize)) {
        match self {
            Filter::Field(place) | Filter::HasField(place) => each(place),
            Filter::Ask(ask) => ask.fields.iter_mut().flatten().for_each(each),
            Filter::Comma(left, right)
            | Filter::Pipe(left, right)
            | Filter::Compare(left, _, right)
            | Filter::Logic { left, right, .. }
            | Filter::Alternative(left, right) => {
                left.visit(each);
                right.visit(each);
            }
            Filter::Quantifier { outputs: inner, .. } | Filter::Select(inner) | Filter::Try(inner) => {
                inner.visit(each);
            }
            Filter::If { condition, then, otherwise } => {
                condition.visit(each);
                then.visit(each);
                otherwise.visit(each);
            }
            Filter::Identity
            | Filter::Walk(_)
            | Filter::Has(_)
            | Filter::Constant(_)
            | Filter::Empty
            | Filter::Test(_) => {}
        }
    }

    /// Every output is the input itself.
    pub(super) fn keeps_input(&self) -> bool {
        match self {
            Filter::Identity | Filter::Select(_) | Filter::Empty => true,
            Filter::Pipe(left, right) => left.keeps_input() && right.keeps_input(),
            _ => false,
        }
    }
}

/// A path as the user would type it.
pub(super) fn show_path(path: &[Step]) -> String {
    if path.is_empty() {
        return ".".to_owned();
    }
    let mut shown = String::new();
    for (place, step) in path.iter().enumerate() {
        let optional = match step {
            Step::Key { name, optional } if is_word(name) => {
                shown.push('.');
                shown.push_str(name);
                *optional
            }
            Step::Key { name, optional } => {
                shown.push_str(if place == 0 { ".[" } else { "[" });
                let mut quoted = Vec::new();
                super::text::write_string(name, &mut quoted);
                shown.push_str(&String::from_utf8_lossy(&quoted));
                shown.push(']');
                *optional
            }
            Step::Each { optional } => {
                shown.push_str(if place == 0 { ".[]" } else { "[]" });
                *optional
            }
            Step::Index { at, optional } => {
                shown.push_str(if place == 0 { ".[" } else { "[" });
                shown.push_str(&at.to_string());
                shown.push(']');
                *optional
            }
        };
        if optional {
            shown.push('?');
        }
    }
    shown
}

/// `[A-Za-z_][A-Za-z0-9_]*`
pub(super) fn is_word(name: &str) -> bool {
    let starts = name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_');
    starts && name.chars().all(|character| character.is_ascii_alphanumeric() || character == '_')
}
