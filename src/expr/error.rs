//! What can be wrong with an expression, told to the person who typed it.

use super::functions;
use crate::near::nearest;
use jaq_core::compile::Undefined;
use jaq_core::load::{self, lex, parse};
use std::fmt;
use unicode_width::UnicodeWidthStr;

/// An expression that cannot be used. Shown as a sentence, and the place below it:
///
/// ```text
/// `lang` is no function; did you mean .lang?
///   lang == "en"
///   ^^^^
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExprError {
    message: String,
    source: String,
    place: Option<(usize, usize)>,
}

impl ExprError {
    pub(super) fn new(message: impl Into<String>, source: &str) -> ExprError {
        ExprError { message: message.into(), source: source.to_owned(), place: None }
    }

    /// An error at a part of the source, which must be a slice of it.
    pub(super) fn at(message: String, source: &str, part: &str) -> ExprError {
        let start = (part.as_ptr() as usize).checked_sub(source.as_ptr() as usize);
        let place = start.map(|start| (start, start + part.len())).filter(|&(_, end)| end <= source.len());
        ExprError { message, source: source.to_owned(), place }
    }

    /// The sentence alone, without the place.
    pub fn message(&self) -> &str {
        &self.message
    }

    pub(super) fn of_load<P>(source: &str, errors: load::Errors<&str, P>) -> ExprError {
        let first = errors.into_iter().next().map(|(_, error)| error);
        match first {
            Some(load::Error::Lex(errors)) => of_lex(source, errors),
            Some(load::Error::Parse(errors)) => of_parse(source, errors),
            Some(load::Error::Io(errors)) => match errors.first() {
                Some((part, _)) => ExprError::at("modules are not read".to_owned(), source, part),
                None => ExprError::new("modules are not read", source),
            },
            None => ExprError::new("not an expression", source),
        }
    }

    pub(super) fn of_compile<P>(source: &str, errors: Vec<(P, Vec<(&str, Undefined)>)>) -> ExprError {
        let first = errors.into_iter().flat_map(|(_, errors)| errors).next();
        let Some((name, undefined)) = first else {
            return ExprError::new("not an expression", source);
        };
        if let Some(why) = functions::why_withheld(name) {
            return ExprError::at(format!("`{name}` is not offered: {why}"), source, name);
        }
        let message = match undefined {
            Undefined::Var => {
                format!("the variable `{name}` is not defined; the shell expands $ only in \"double quotes\"")
            }
            Undefined::Filter(0) => match function_like(name) {
                Some(known) => {
                    format!("`{name}` is no function; did you mean .{name}? (or the function {known})")
                }
                None => format!("`{name}` is no function; did you mean .{name}? (as text: \"{name}\")"),
            },
            Undefined::Filter(count) => match function_like(name) {
                Some(known) if known == name => {
                    format!("`{name}` does not take {count} argument{}", plural(count))
                }
                Some(known) => format!("`{name}` is no function; did you mean {known}?"),
                None => format!("`{name}` is no function"),
            },
            other => format!("the {} `{name}` is not defined", other.as_str()),
        };
        ExprError::at(message, source, name)
    }
}

fn plural(count: usize) -> &'static str {
    if count == 1 { "" } else { "s" }
}

fn of_lex(source: &str, errors: Vec<lex::Error<&str>>) -> ExprError {
    let Some((expect, rest)) = errors.into_iter().next() else {
        return ExprError::new("not an expression", source);
    };
    let found = rest.chars().next();
    let message = match (&expect, found) {
        (lex::Expect::Token, Some('\'' | '’' | '‘' | '“' | '”')) => {
            "text stands in \"straight double quotes\"".to_owned()
        }
        (lex::Expect::Token, Some('&')) => "`&` is no operator; did you mean `and`?".to_owned(),
        (lex::Expect::Token, Some(found)) => format!("`{found}` is not expected here"),
        (lex::Expect::Delim("\""), _) => "a closing quote is missing".to_owned(),
        (lex::Expect::Delim("("), _) => "a closing parenthesis is missing".to_owned(),
        (lex::Expect::Delim("["), _) => "a closing bracket is missing".to_owned(),
        (lex::Expect::Delim("{"), _) => "a closing brace is missing".to_owned(),
        (expect, _) => format!("a {} is expected here", expect.as_str()),
    };
    let width = found.map_or(0, char::len_utf8);
    ExprError::at(message, source, &rest[..width])
}

fn of_parse(source: &str, errors: Vec<parse::Error<&str>>) -> ExprError {
    let Some((expect, found)) = errors.into_iter().next() else {
        return ExprError::new("not an expression", source);
    };
    let message = match (&expect, found) {
        (_, "") if source.trim().is_empty() => "the expression is empty".to_owned(),
        (_, "||") => "`||` is no operator; did you mean `or`?".to_owned(),
        (_, "!") => "`!` is no operator; did you mean `| not`?".to_owned(),
        (_, "===") => "`===` is no operator; did you mean `==`?".to_owned(),
        (parse::Expect::Nothing, found) => format!("`{}` is not expected here", shorten(found)),
        (expect, "") => format!("the expression ends where a {} is expected", expect.as_str()),
        (expect, found) => format!("a {} is expected here, not `{}`", expect.as_str(), shorten(found)),
    };
    ExprError::at(message, source, found)
}

/// Enough of a token to recognise it.
fn shorten(token: &str) -> &str {
    token.char_indices().nth(20).map_or(token, |(end, _)| &token[..end])
}

/// The function of this name, or the one that a mistyped name means. A short word is nearly always a field, and near to many.
fn function_like(name: &str) -> Option<&'static str> {
    let names = functions::names();
    let exact = names.iter().copied().find(|known| *known == name);
    exact.or_else(|| if name.len() < 4 { None } else { nearest(name, names) })
}

impl fmt::Display for ExprError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.message)?;
        let Some((start, end)) = self.place else {
            return Ok(());
        };
        let line_start = self.source[..start].rfind('\n').map_or(0, |at| at + 1);
        let line_end = self.source[start..].find('\n').map_or(self.source.len(), |at| start + at);
        let marked = &self.source[start..end.min(line_end)];
        let before = self.source[line_start..start].replace('\t', " ");
        write!(out, "\n  {}", self.source[line_start..line_end].replace('\t', " "))?;
        write!(out, "\n  {:indent$}{}", "", "^".repeat(marked.width().max(1)), indent = before.width())
    }
}

impl std::error::Error for ExprError {}

/// An expression that failed on one record. The record is a reject; the stream goes on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EvalError {
    /// What went wrong, in one line.
    pub message: String,
    /// The record is not JSON, which only the full engine noticed: the reject's reason is `grammar`, else `expression`.
    pub grammar: bool,
}

impl EvalError {
    /// An error of the expression. Values in the message may be long; the middle is left out.
    pub(super) fn new(message: &str) -> EvalError {
        const HEAD: usize = 120;
        const TAIL: usize = 60;
        let message = message.replace(['\n', '\r'], " ");
        if message.chars().count() <= HEAD + TAIL {
            return EvalError { message, grammar: false };
        }
        let head: String = message.chars().take(HEAD).collect();
        let mut tail: Vec<char> = message.chars().rev().take(TAIL).collect();
        tail.reverse();
        let message = format!("{head} … {}", tail.into_iter().collect::<String>());
        EvalError { message, grammar: false }
    }
}

impl fmt::Display for EvalError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.message)
    }
}

impl std::error::Error for EvalError {}
