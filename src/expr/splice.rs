//! Fields put into a record whose other bytes stay as they are: `. + {a: E}` and `.a = E`.
//!
//! What is most often made of a record is the record with something more. jq reads it whole and prints it anew; here only the
//! value is computed, by whichever engine it takes, and goes into the bytes of the line. So the record keeps what printing would
//! lose (escapes, white space, equal names), and costs no more than the fields that the value reads. As in jq a field that is
//! there is replaced in its place, of equal names the last, and a new one comes behind all others.

use super::error::EvalError;
use super::plan::show_path;
use super::{Expr, literal, text, value::Value, walk};
use crate::scan::Step;
use jaq_core::load::{self, parse::BinaryOp, parse::Term};
use jaq_core::ops::Math;
use std::ops::Range;

/// One `+ {…}` or `.name = …`.
#[derive(Clone)]
pub(super) struct Addition {
    pub(super) values: Expr,
    /// What is put in; all are names of the record itself.
    pub(super) names: Vec<String>,
    /// The values are the fields themselves, not objects of them.
    pub(super) is_bare: bool,
}

/// What is added to the record one after the other, if the expression does that and nothing else.
pub(super) fn additions(source: &str, term: &Term<&str>) -> Option<Vec<Addition>> {
    match term {
        Term::BinOp(left, BinaryOp::Math(Math::Add), right) => {
            let Term::Obj(members) = &**right else { return None };
            let names = names(members)?;
            let (before, object) = halves(source, '+', left, right)?;
            let mut all = match &**left {
                Term::Id => Vec::new(),
                left => additions(before, left)?,
            };
            all.push(Addition { values: Expr::parse(object).ok()?, names, is_bare: false });
            Some(all)
        }
        Term::BinOp(left, BinaryOp::Assign, right) => {
            let Term::Path(base, path) = &**left else { return None };
            let (Term::Id, [(part, optional)]) = (&**base, &path.0[..]) else { return None };
            let Ok(Step::Key { name, .. }) = literal::step(part, *optional) else { return None };
            let (_, value) = halves(source, '=', left, right)?;
            Some(vec![Addition { values: Expr::parse(value).ok()?, names: vec![name], is_bare: true }])
        }
        _ => None,
    }
}

/// The names of an object that are written out, all different.
fn names(members: &[(Term<&str>, Option<Term<&str>>)]) -> Option<Vec<String>> {
    let mut names: Vec<String> = Vec::new();
    for (name, _) in members {
        let name = literal::string(name)?;
        if names.contains(&name) {
            return None;
        }
        names.push(name);
    }
    (!names.is_empty()).then_some(names)
}

/// What stands before and behind an operator. The syntax tree does not say where it stood, so that its places are tried.
fn halves<'s>(
    source: &'s str,
    operator: char,
    left: &Term<&str>,
    right: &Term<&str>,
) -> Option<(&'s str, &'s str)> {
    let is = |text: &str, term: &Term<&str>| {
        load::parse(text, |parser| parser.term())
            .is_some_and(|read| format!("{read:?}") == format!("{term:?}"))
    };
    let places = source.match_indices(operator);
    let mut halves = places.map(|(at, _)| (&source[..at], &source[at + 1..]));
    halves.find(|(before, behind)| is(before, left) && is(behind, right))
}

/// Which engine runs, in one sentence.
pub(super) fn explain(additions: &[Addition]) -> String {
    let step = |name: &String| show_path(&[Step::Key { name: name.clone(), optional: false }]);
    let names: Vec<String> = additions.iter().flat_map(|addition| &addition.names).map(step).collect();
    let mut how: Vec<String> = additions.iter().map(|addition| addition.values.explain()).collect();
    how.dedup();
    format!("{}; puts {} into the bytes of the record", how.join("; "), names.join(", "))
}

/// The outputs of a value, and what ended them.
pub(super) struct Outputs {
    pub(super) values: Vec<Vec<u8>>,
    pub(super) error: Option<EvalError>,
}

/// Hands every combination of the additions' outputs to `each`, those of the first in the outermost loop, as jaq has it; false:
/// it wants no more.
pub(super) fn combine(
    outputs: &[Outputs],
    chosen: &mut Vec<usize>,
    each: &mut dyn FnMut(&[usize]) -> Result<bool, EvalError>,
) -> Result<bool, EvalError> {
    let Some((first, rest)) = outputs.split_first() else { return each(chosen) };
    for place in 0..first.values.len() {
        chosen.push(place);
        let goes_on = combine(rest, chosen, each);
        chosen.pop();
        if !goes_on? {
            return Ok(false);
        }
    }
    // where another has no output there is no combination that fails
    let meets = rest.iter().all(|other| !other.values.is_empty() || other.error.is_some());
    first.error.clone().filter(|_| meets).map_or(Ok(true), Err)
}

/// A name as JSON, with its colon, and a value.
pub(super) type Member = (Vec<u8>, Vec<u8>);

/// The fields that an output is or has.
pub(super) fn members(addition: &Addition, output: &[u8]) -> Vec<Member> {
    if addition.is_bare {
        return addition.names.iter().map(|name| (named(name), output.to_vec())).collect();
    }
    let values = walk::members(output).unwrap_or_default();
    values
        .iter()
        .map(|(name, value)| {
            let name = text::decode(name).unwrap_or_default();
            (named(&name), value.to_vec())
        })
        .collect()
}

/// A name as JSON, with its colon.
pub(super) fn named(name: &str) -> Vec<u8> {
    let mut json = Vec::new();
    text::write_string(name, &mut json);
    json.push(b':');
    json
}

/// A field to be put into a record: its name as JSON with its colon, its value, and the place of the value that it replaces.
pub type NewField<'f> = (&'f [u8], &'f [u8], Option<Range<usize>>);

/// Appends the record with these fields.
pub fn splice(record: &[u8], fields: &[NewField<'_>], out: &mut Vec<u8>) {
    let mut replaced: Vec<_> =
        fields.iter().filter_map(|(_, value, place)| Some((place.clone()?, value))).collect();
    replaced.sort_by_key(|(place, _)| place.start);
    // A record ends with its closing brace.
    let end = record.len().saturating_sub(1);
    let mut at = 0;
    for (place, value) in replaced {
        out.extend_from_slice(&record[at..place.start]);
        out.extend_from_slice(value);
        at = place.end;
    }
    out.extend_from_slice(record[at..end].trim_ascii_end());
    let mut is_empty = record[..end].trim_ascii_end() == b"{";
    for (name, value, _) in fields.iter().filter(|(.., place)| place.is_none()) {
        if !is_empty {
            out.push(b',');
        }
        is_empty = false;
        out.extend_from_slice(name);
        out.extend_from_slice(value);
    }
    out.push(b'}');
}

/// The value as JSON.
pub(super) fn json(value: &Value<'_>) -> Vec<u8> {
    let mut json = Vec::new();
    value.write_json(&mut json);
    json
}
