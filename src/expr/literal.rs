//! What is written out in an expression: names, constants, the steps of a path, patterns.

use super::compare::Number;
use super::pattern::Pattern;
use super::plan::Constant;
use super::recognise::Reason;
use crate::scan::Step;
use jaq_core::ValT;
use jaq_core::load::lex::StrPart;
use jaq_core::load::parse::{BinaryOp, Term};
use jaq_core::path::{Opt, Part};
use jaq_json::Val;

/// The steps of a plain path, also where an index counts from the end: only the names matter here.
pub(super) fn last_name(term: &Term<&str>) -> Option<String> {
    match term {
        Term::Path(base, path) => {
            let own = path.0.iter().rev().find_map(|(part, _)| match part {
                Part::Index(index) => string(index),
                Part::Range(..) => None,
            });
            let plain = path.0.iter().all(|(part, _)| match part {
                Part::Index(index) => string(index).is_some() || number(index).is_some(),
                Part::Range(from, to) => from.is_none() && to.is_none(),
            });
            match **base {
                Term::Id if plain => own,
                _ if plain => last_name(base).map(|inner| own.unwrap_or(inner)),
                _ => None,
            }
        }
        Term::TryCatch(inner, None) => last_name(inner),
        _ => None,
    }
}

/// One step of a path.
pub(super) fn step(part: &Part<Term<&str>>, optional: Opt) -> Result<Step, Reason> {
    let optional = matches!(optional, Opt::Optional);
    match part {
        Part::Range(None, None) => Ok(Step::Each { optional }),
        Part::Range(..) => Err("a slice".to_owned()),
        Part::Index(index) => {
            if let Some(name) = string(index) {
                return Ok(Step::Key { name, optional });
            }
            match index {
                Term::Num(digits) => match digits.parse() {
                    Ok(at) => Ok(Step::Index { at, optional }),
                    Err(_) => Err("an index that is no small integer".to_owned()),
                },
                Term::Neg(_) => Err("an index from the end".to_owned()),
                _ => Err("a computed index".to_owned()),
            }
        }
    }
}

/// A constant, if the term is one.
pub(super) fn constant(term: &Term<&str>) -> Option<Constant> {
    match term {
        Term::Call("null", arguments) if arguments.is_empty() => Some(Constant::Null),
        Term::Call("true", arguments) if arguments.is_empty() => Some(Constant::Bool(true)),
        Term::Call("false", arguments) if arguments.is_empty() => Some(Constant::Bool(false)),
        Term::Arr(None) => Some(Constant::EmptyArray),
        Term::Obj(members) if members.is_empty() => Some(Constant::EmptyObject),
        Term::Num(_) | Term::Neg(_) => {
            let text = number(term)?.to_string();
            Some(Constant::Number(Number::read(text.as_bytes())?, text))
        }
        Term::Str(..) => string(term).map(Constant::String),
        _ => None,
    }
}

/// The constants between commas.
pub(super) fn constants(term: &Term<&str>) -> Result<Vec<Constant>, Reason> {
    match term {
        Term::BinOp(left, BinaryOp::Comma, right) => {
            let mut values = constants(left)?;
            values.extend(constants(right)?);
            Ok(values)
        }
        one => Ok(vec![constant(one).ok_or("`IN` of what is no constant")?]),
    }
}

/// A string without interpolation.
pub(super) fn string(term: &Term<&str>) -> Option<String> {
    let Term::Str(None, parts) = term else {
        return None;
    };
    let mut content = String::new();
    for part in parts {
        match part {
            StrPart::Str(text) => content.push_str(text),
            StrPart::Char(character) => content.push(*character),
            StrPart::Term(_) => return None,
        }
    }
    Some(content)
}

/// A number as jaq makes it from its literal.
fn number(term: &Term<&str>) -> Option<Val> {
    match term {
        Term::Num(digits) => match digits.parse::<isize>() {
            Ok(integer) => Some(Val::from(integer)),
            Err(_) => Val::from_num(digits).ok(),
        },
        Term::Neg(positive) => (-number(positive)?).ok(),
        _ => None,
    }
}

/// A pattern that is written out.
pub(super) fn pattern(term: &Term<&str>, flags: &str) -> Result<Pattern, Reason> {
    let text = string(term).ok_or("`test` of what is no constant text")?;
    Pattern::new(&text, flags).map_err(|_| "a pattern that `test` does not understand".to_owned())
}
