//! The parts of the record that an expression for jaq can see.
//!
//! Most expressions that are not compiled still look at a few fields only: `.text | ascii_downcase | test("rain")`. If
//! everything that touches the record is a path of names, jaq gets a record that has nothing but these fields, and the
//! rest is never parsed. The scanner finds them; where it is not sure, jaq gets the whole record.

use super::literal::string;
use super::posts::Question;
use crate::scan::{Path, Step};
use crate::text::{FIELDS, OF_LANGUAGE};
use jaq_core::load::lex::StrPart;
use jaq_core::load::parse::{BinaryOp, Pattern, Term};
use jaq_core::path::Part;
use jaq_json::{Map, Rc, Val};

/// The fields that an expression reads, or `None` if it may see the record as a whole. No path begins another.
pub(super) fn fields(term: &Term<&str>) -> Option<Vec<Path>> {
    let mut reads = Reads { paths: Vec::new() };
    reads.at_record(term)?;
    let mut paths: Vec<Path> = Vec::new();
    reads.paths.sort_by_key(Vec::len);
    for path in reads.paths {
        if !paths.iter().any(|shorter| path.starts_with(shorter)) {
            paths.push(path);
        }
    }
    Some(paths)
}

struct Reads {
    paths: Vec<Path>,
}

impl Reads {
    /// Goes through a term whose input is the record. `None`: it needs the whole.
    ///
    /// A term whose input is something else needs no look: it can reach the record neither by `.` nor by a variable,
    /// since what was bound to a variable was read here.
    fn at_record(&mut self, term: &Term<&str>) -> Option<()> {
        match term {
            Term::Num(_) | Term::Var(_) | Term::Break(_) | Term::Arr(None) => Some(()),
            Term::Str(_, parts) => parts.iter().try_for_each(|part| match part {
                StrPart::Term(term) => self.at_record(term),
                StrPart::Str(_) | StrPart::Char(_) => Some(()),
            }),
            Term::Arr(Some(inner))
            | Term::Neg(inner)
            | Term::Label(_, inner)
            | Term::TryCatch(inner, None) => self.at_record(inner),
            Term::Obj(members) => members.iter().try_for_each(|(name, value)| match (value, name) {
                (Some(value), name) => self.at_record(name).and_then(|()| self.at_record(value)),
                (None, Term::Var(_)) => Some(()),
                (None, name) => self.path(vec![string(name)?]),
            }),
            Term::BinOp(left, operator, right) => self.operation(left, operator, right),
            // the handler's input is the message
            Term::TryCatch(inner, Some(_)) => self.at_record(inner),
            Term::IfThenElse(branches, otherwise) => {
                for (condition, then) in branches {
                    self.at_record(condition)?;
                    self.at_record(then)?;
                }
                self.at_record(otherwise.as_deref()?)
            }
            // the input of the update is the accumulator
            Term::Fold(_, source, pattern, arguments) => {
                plain_pattern(pattern)?;
                self.at_record(source)?;
                self.at_record(arguments.first()?)
            }
            Term::Call(name, arguments) => self.call(name, arguments),
            Term::Path(base, path) => {
                let indices = path.0.iter().flat_map(|(part, _)| match part {
                    Part::Index(index) => [Some(index), None],
                    Part::Range(from, to) => [from.as_ref(), to.as_ref()],
                });
                indices.flatten().try_for_each(|index| self.at_record(index))?;
                if !matches!(**base, Term::Id) {
                    return self.at_record(base);
                }
                let names = path.0.iter().map_while(|(part, _)| match part {
                    Part::Index(index) => string(index),
                    Part::Range(..) => None,
                });
                self.path(names.collect())
            }
            Term::Id | Term::Recurse | Term::Def(..) => None,
        }
    }

    fn path(&mut self, names: Vec<String>) -> Option<()> {
        if names.is_empty() {
            return None;
        }
        self.paths.push(names.into_iter().map(|name| Step::Key { name, optional: false }).collect());
        Some(())
    }

    fn operation(&mut self, left: &Term<&str>, operator: &BinaryOp<&str>, right: &Term<&str>) -> Option<()> {
        match operator {
            BinaryOp::Pipe(None) => match left {
                Term::Call("select", arguments) if arguments.len() == 1 => {
                    self.at_record(arguments.first()?)?;
                    self.at_record(right)
                }
                left => self.at_record(left),
            },
            BinaryOp::Pipe(Some(pattern)) => {
                plain_pattern(pattern)?;
                self.at_record(left)?;
                self.at_record(right)
            }
            BinaryOp::Comma
            | BinaryOp::Alt
            | BinaryOp::Or
            | BinaryOp::And
            | BinaryOp::Math(_)
            | BinaryOp::Cmp(_) => {
                self.at_record(left)?;
                self.at_record(right)
            }
            // the output is the record, changed
            BinaryOp::Assign | BinaryOp::Update | BinaryOp::UpdateMath(_) | BinaryOp::UpdateAlt => None,
        }
    }

    /// The functions that do not look at their input, but may hand it on to their arguments.
    fn call(&mut self, name: &str, arguments: &[Term<&str>]) -> Option<()> {
        match (name, arguments) {
            ("true" | "false" | "null" | "empty" | "now" | "infinite" | "nan", []) => Some(()),
            ("has", [name]) => self.path(vec![string(name)?]),
            // the condition's input is an output of the source
            ("any" | "all", [source, _condition]) => self.at_record(source),
            ("first" | "last" | "isempty" | "error" | "add" | "range", [_])
            | ("IN" | "limit" | "skip" | "range" | "pow", [_, _])
            | ("range", [_, _, _]) => arguments.iter().try_for_each(|argument| self.at_record(argument)),
            ("track", [phrases]) => {
                self.at_record(phrases)?;
                self.post(&FIELDS[..OF_LANGUAGE])
            }
            (_, []) => self.post(Question::of(name)?.fields()),
            (_, [source]) if Question::of(name).is_some() => self.at_record(source),
            _ => None,
        }
    }

    /// The fields of a post.
    fn post(&mut self, fields: &[&[&str]]) -> Option<()> {
        fields.iter().try_for_each(|names| self.path(names.iter().map(|name| (*name).to_owned()).collect()))
    }
}

/// A pattern whose names are written out, so that nothing in it is evaluated.
fn plain_pattern(pattern: &Pattern<&str>) -> Option<()> {
    match pattern {
        Pattern::Var(_) => Some(()),
        Pattern::Arr(patterns) => patterns.iter().try_for_each(plain_pattern),
        Pattern::Obj(members) => {
            members.iter().try_for_each(|(name, pattern)| string(name).and_then(|_| plain_pattern(pattern)))
        }
    }
}

/// Builds the record that jaq sees from the values of the fields.
#[derive(Default)]
pub(super) struct Projection(Map);

impl Projection {
    /// Adds the field at the end of a path.
    pub(super) fn insert(&mut self, path: &[Step], value: Val) {
        insert(&mut self.0, path, value);
    }

    pub(super) fn into_value(self) -> Val {
        Val::obj(self.0)
    }
}

fn insert(members: &mut Map, path: &[Step], value: Val) {
    let Some((Step::Key { name, .. }, rest)) = path.split_first() else {
        return;
    };
    let name = Val::utf8_str(name.clone());
    if rest.is_empty() {
        members.insert(name, value);
    } else if let Val::Obj(inner) = members.entry(name).or_insert_with(|| Val::obj(Map::default())) {
        insert(Rc::make_mut(inner), rest, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::expr::plan::show_path;
    use jaq_core::load;

    fn shown(source: &str) -> Option<String> {
        let term = load::parse(source, |parser| parser.term()).unwrap_or_else(|| panic!("{source}"));
        fields(&term).map(|paths| paths.iter().map(|path| show_path(path)).collect::<Vec<_>>().join(" "))
    }

    #[test]
    fn what_touches_the_record_by_names_only() {
        for (source, paths) in [
            (".text | ascii_downcase", ".text"),
            (".user.followers_count / 2 > .user.friends_count", ".user.followers_count .user.friends_count"),
            (".user.name + (.user | length)", ".user"),
            (".a as $x | {$x, b, \"c d\": (.c | .[0])}", ".a .b .c"),
            ("select(.lang == \"en\") | .text | length", ".lang .text"),
            ("reduce .a[] as $x (.b; . + $x)", ".a .b"),
            ("\"\\(.a) \\(.b)\"", ".a .b"),
            (".a[.i]", ".i .a"),
            (".a[-1].b", ".a"),
            ("[limit(3; .a[]) | tostring]", ".a"),
            ("has(\"a\") and (.b | tojson | length > 3)", ".a .b"),
            ("now | floor", ""),
            ("fold(.tag)", ".tag"),
        ] {
            assert_eq!(shown(source).as_deref(), Some(paths), "{source}");
        }
    }

    #[test]
    fn what_may_see_all_of_the_record() {
        for source in [
            ".",
            "length",
            "keys",
            "..",
            ".[]",
            ".[\"a\", \"b\"]",
            "select(.a)",
            "select(.a), .b",
            ".a = 1",
            "del(.a)",
            "if .a then .b end",
            ". as $x | .a",
            "def f: .; f",
            "map(.a)",
            "to_entries[] | .value",
            "tojson",
            "getpath([\"a\"])",
            "[.]",
            "{a: .}",
            "reduce .a[] as $x (.; . + $x)",
            "path(.a)",
            "not",
            "first(.)",
            "any(.; .a)",
            "{(.a): .}",
        ] {
            assert_eq!(shown(source), None, "{source}");
        }
    }
}
