//! Mistakes that would show with every record, seen before the first one: patterns that are no patterns, conditions that assign.

use super::error::ExprError;
use super::literal::string;
use super::pattern::Pattern;
use jaq_core::load::lex::StrPart;
use jaq_core::load::parse::{BinaryOp, Term};
use jaq_core::path::Part;

/// Checks every pattern that is written out.
pub(super) fn patterns(source: &str, term: &Term<&str>) -> Result<(), ExprError> {
    if let Term::Def(..) = term {
        return Ok(()); // its names may mean anything
    }
    if let Term::Call(name, arguments) = term
        && let Some((text, flags)) = pattern_of(name, arguments)
        && let Err(told) = Pattern::new(&text, &flags)
    {
        return Err(ExprError::at(told, source, first_part(arguments.first()).unwrap_or(name)));
    }
    children(term).into_iter().try_for_each(|child| patterns(source, child))
}

/// The pattern and the flags of a call, if it is one that takes them and they are written out.
fn pattern_of(name: &str, arguments: &[Term<&str>]) -> Option<(String, String)> {
    let flags = match (name, arguments.len()) {
        ("test" | "match" | "capture" | "scan" | "splits", 1) | ("sub" | "gsub", 2) => None,
        ("test" | "match" | "capture" | "scan" | "splits" | "split", 2) => Some(1),
        ("sub" | "gsub", 3) => Some(2),
        _ => return None,
    };
    let flags = flags.map_or_else(|| Some(String::new()), |place| string(&arguments[place]))?;
    Some((string(arguments.first()?)?, flags))
}

/// Whether a condition's answer is the outcome of an assignment.
pub(super) fn assigns(condition: &Term<&str>) -> bool {
    match condition {
        Term::BinOp(_, BinaryOp::Assign, _) => true,
        Term::BinOp(left, BinaryOp::And | BinaryOp::Or, right) => assigns(left) || assigns(right),
        Term::BinOp(left, BinaryOp::Pipe(_), right) => match &**right {
            Term::Call("not", _) => assigns(left),
            right => assigns(right),
        },
        Term::Call("select", arguments) => arguments.iter().any(assigns),
        _ => false,
    }
}

/// Where a text begins in the source.
fn first_part<'s>(term: Option<&Term<&'s str>>) -> Option<&'s str> {
    let Some(Term::Str(_, parts)) = term else {
        return None;
    };
    parts.iter().find_map(|part| if let StrPart::Str(text) = part { Some(*text) } else { None })
}

fn children<'t, 's>(term: &'t Term<&'s str>) -> Vec<&'t Term<&'s str>> {
    match term {
        Term::Str(_, parts) => parts
            .iter()
            .filter_map(|part| if let StrPart::Term(term) = part { Some(term) } else { None })
            .collect(),
        Term::Arr(inner) => inner.as_deref().into_iter().collect(),
        Term::Neg(inner) | Term::Label(_, inner) => vec![inner],
        Term::Obj(members) => {
            members.iter().flat_map(|(name, value)| [Some(name), value.as_ref()]).flatten().collect()
        }
        Term::BinOp(left, _, right) => vec![left, right],
        Term::TryCatch(inner, handler) => {
            [Some(&**inner), handler.as_deref()].into_iter().flatten().collect()
        }
        Term::IfThenElse(branches, otherwise) => branches
            .iter()
            .flat_map(|(condition, then)| [condition, then])
            .chain(otherwise.as_deref())
            .collect(),
        Term::Fold(_, source, _, arguments) => std::iter::once(&**source).chain(arguments).collect(),
        Term::Call(_, arguments) => arguments.iter().collect(),
        Term::Path(base, path) => {
            let indices = path.0.iter().flat_map(|(part, _)| match part {
                Part::Index(index) => [Some(index), None],
                Part::Range(from, to) => [from.as_ref(), to.as_ref()],
            });
            std::iter::once(&**base).chain(indices.flatten()).collect()
        }
        Term::Id | Term::Recurse | Term::Num(_) | Term::Break(_) | Term::Var(_) | Term::Def(..) => Vec::new(),
    }
}
