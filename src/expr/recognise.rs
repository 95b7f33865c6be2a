//! Recognises the expressions that need no JSON value, on jaq's own syntax tree.
//!
//! What is not recognised is left to jaq, with the reason why. Nothing here may change the meaning of an expression: a
//! form whose order of outputs or whose errors are hard to keep is not recognised.

use super::literal::{constant, constants, pattern, step, string};
use super::plan::{Ask, Filter, Plan, Shape, Test};
use super::posts::Question;
use crate::scan::{Path, Step};
use crate::text::Track;
use jaq_core::load::parse::{BinaryOp, Term};

/// Why an expression is left to jaq, as the end of "because of …".
pub(super) type Reason = String;

/// Compiles an expression, if it belongs to the sub-language.
pub(super) fn plan(term: &Term<&str>) -> Result<Plan, Reason> {
    let mut recogniser = Recogniser { paths: Vec::new() };
    let shape = recogniser.shape(term, true)?;
    Ok(Plan::new(shape, &recogniser.paths))
}

struct Recogniser {
    paths: Vec<Path>,
}

impl Recogniser {
    /// `at_record`: the input is the record itself, so that the scanner can find the fields.
    fn shape(&mut self, term: &Term<&str>, at_record: bool) -> Result<Shape, Reason> {
        match term {
            Term::Obj(members) if !members.is_empty() => self.object(members, at_record),
            Term::Arr(Some(elements)) => Ok(Shape::Array(Box::new(self.shape(elements, at_record)?))),
            Term::BinOp(left, BinaryOp::Pipe(None), right) if constructs(right) => {
                let left = self.filter(left, at_record)?;
                let right = self.shape(right, at_record && left.keeps_input())?;
                Ok(Shape::Piped(left, Box::new(right)))
            }
            _ => Ok(Shape::Values(self.filter(term, at_record)?)),
        }
    }

    fn object(
        &mut self,
        members: &[(Term<&str>, Option<Term<&str>>)],
        at_record: bool,
    ) -> Result<Shape, Reason> {
        let mut names: Vec<String> = Vec::new();
        let mut shapes = Vec::new();
        for (name, value) in members {
            let name = string(name).ok_or("a computed name")?;
            if names.contains(&name) {
                return Err("a name given twice".to_owned());
            }
            let shape = match value {
                Some(value) => self.shape(value, at_record)?,
                None => {
                    let step = Step::Key { name: name.clone(), optional: false };
                    Shape::Values(self.path(Filter::Identity, vec![step], at_record))
                }
            };
            let mut json = Vec::new();
            super::text::write_string(&name, &mut json);
            json.push(b':');
            names.push(name);
            shapes.push((json, shape));
        }
        Ok(Shape::Object(shapes))
    }

    fn filter(&mut self, term: &Term<&str>, at_record: bool) -> Result<Filter, Reason> {
        if let Some(constant) = constant(term) {
            return Ok(Filter::Constant(constant));
        }
        match term {
            Term::Id => Ok(Filter::Identity),
            Term::Path(base, path) => {
                let steps =
                    path.0.iter().map(|(part, optional)| step(part, *optional)).collect::<Result<_, _>>()?;
                let base = self.filter(base, at_record)?;
                Ok(self.path(base, steps, at_record))
            }
            Term::BinOp(left, operator, right) => self.operation(left, operator, right, at_record),
            Term::Call(name, arguments) => self.call(name, arguments, at_record),
            Term::IfThenElse(branches, otherwise) => {
                let mut filter = match otherwise {
                    Some(otherwise) => self.filter(otherwise, at_record)?,
                    None => Filter::Identity,
                };
                for (condition, then) in branches.iter().rev() {
                    filter = Filter::If {
                        condition: Box::new(self.filter(condition, at_record)?),
                        then: Box::new(self.filter(then, at_record)?),
                        otherwise: Box::new(filter),
                    };
                }
                Ok(filter)
            }
            Term::TryCatch(inner, None) => Ok(Filter::Try(Box::new(self.filter(inner, at_record)?))),
            other => Err(unknown(other)),
        }
    }

    fn operation(
        &mut self,
        left: &Term<&str>,
        operator: &BinaryOp<&str>,
        right: &Term<&str>,
        at_record: bool,
    ) -> Result<Filter, Reason> {
        let both = |recogniser: &mut Self| {
            Ok::<_, Reason>((
                Box::new(recogniser.filter(left, at_record)?),
                Box::new(recogniser.filter(right, at_record)?),
            ))
        };
        match operator {
            BinaryOp::Pipe(None) => {
                let left = self.filter(left, at_record)?;
                let right = self.filter(right, at_record && left.keeps_input())?;
                Ok(self.pipe(left, right))
            }
            BinaryOp::Comma => both(self).map(|(left, right)| Filter::Comma(left, right)),
            BinaryOp::Alt => both(self).map(|(left, right)| Filter::Alternative(left, right)),
            BinaryOp::Or => both(self).map(|(left, right)| Filter::Logic { left, stop: true, right }),
            BinaryOp::And => both(self).map(|(left, right)| Filter::Logic { left, stop: false, right }),
            BinaryOp::Cmp(comparison) => {
                both(self).map(|(left, right)| Filter::Compare(left, *comparison, right))
            }
            BinaryOp::Math(_) => Err("arithmetic".to_owned()),
            BinaryOp::Pipe(Some(_)) => Err("a variable".to_owned()),
            BinaryOp::Assign | BinaryOp::Update | BinaryOp::UpdateMath(_) | BinaryOp::UpdateAlt => {
                Err("an assignment".to_owned())
            }
        }
    }

    fn call(&mut self, name: &str, arguments: &[Term<&str>], at_record: bool) -> Result<Filter, Reason> {
        match (name, arguments) {
            ("empty", []) => Ok(Filter::Empty),
            ("not", []) => Ok(Filter::Test(Test::Not)),
            ("select", [condition]) => Ok(Filter::Select(Box::new(self.filter(condition, at_record)?))),
            ("any" | "all", []) => {
                let outputs = self.path(Filter::Identity, vec![Step::Each { optional: false }], at_record);
                Ok(quantifier(name, outputs))
            }
            ("any" | "all", [condition]) => {
                let elements = self.path(Filter::Identity, vec![Step::Each { optional: false }], at_record);
                let condition = self.filter(condition, false)?;
                Ok(quantifier(name, self.pipe(elements, condition)))
            }
            ("any" | "all", [source, condition]) => {
                let source = self.filter(source, at_record)?;
                let condition = self.filter(condition, at_record && source.keeps_input())?;
                Ok(quantifier(name, self.pipe(source, condition)))
            }
            ("IN", [values]) => Ok(Filter::Test(Test::OneOf(constants(values)?))),
            ("IN", [source, values]) => {
                let source = self.filter(source, at_record)?;
                let outputs = self.pipe(source, Filter::Test(Test::OneOf(constants(values)?)));
                Ok(quantifier("any", outputs))
            }
            ("has", [name]) => {
                let name = string(name).ok_or("`has` of what is no constant text")?;
                if !at_record {
                    return Ok(Filter::Has(name));
                }
                Ok(Filter::HasField(self.place(vec![Step::Key { name, optional: false }])))
            }
            ("startswith" | "endswith", [affix]) => {
                let affix = string(affix).ok_or_else(|| format!("`{name}` of what is no constant text"))?;
                Ok(Filter::Test(if name == "startswith" {
                    Test::StartsWith(affix)
                } else {
                    Test::EndsWith(affix)
                }))
            }
            ("contains", [part]) => {
                let part = constant(part).ok_or("`contains` of what is no constant")?;
                Ok(Filter::Test(Test::Contains(part)))
            }
            ("test", [text]) => Ok(Filter::Test(Test::Matches(pattern(text, "")?))),
            ("test", [text, flags]) => {
                let flags = string(flags).ok_or("`test` with flags that are no constant text")?;
                Ok(Filter::Test(Test::Matches(pattern(text, &flags)?)))
            }
            ("track", [phrases]) => {
                let phrases = string(phrases).ok_or("`track` of what is no constant text")?;
                Ok(self.ask(Question::Track(Track::new(&phrases)), at_record))
            }
            (_, []) => {
                let question = Question::of(name).ok_or_else(|| format!("`{name}`"))?;
                Ok(self.ask(question, at_record))
            }
            (_, [source]) => {
                let question = Question::of(name).ok_or_else(|| format!("`{name}`"))?;
                let source = self.filter(source, at_record)?;
                let ask = self.ask(question, at_record && source.keeps_input());
                Ok(self.pipe(source, ask))
            }
            _ => Err(format!("`{name}`")),
        }
    }

    fn ask(&mut self, question: Question, at_record: bool) -> Filter {
        let fields = question.fields();
        let fields = (at_record && !fields.is_empty()).then(|| {
            let key = |name: &&str| Step::Key { name: (*name).to_owned(), optional: false };
            fields.iter().map(|names| self.place(names.iter().map(key).collect())).collect()
        });
        Filter::Ask(Ask { question, fields, each: false })
    }

    /// `base` followed by steps.
    fn path(&mut self, base: Filter, steps: Path, at_record: bool) -> Filter {
        match base {
            base if steps.is_empty() => base,
            Filter::Identity if at_record => Filter::Field(self.place(steps)),
            Filter::Identity => Filter::Walk(steps),
            base => self.pipe(base, Filter::Walk(steps)),
        }
    }

    /// `left | right`, where the scanner goes as far as it can. `right` was compiled for the outputs of `left`.
    fn pipe(&mut self, left: Filter, right: Filter) -> Filter {
        let Filter::Field(place) = left else {
            return match (left, right) {
                (Filter::Identity, right) => right,
                (Filter::Walk(mut steps), Filter::Walk(more)) => {
                    steps.extend(more);
                    Filter::Walk(steps)
                }
                (Filter::Ask(ask), Filter::Walk(mut steps))
                    if ask.is_list() && !ask.each && matches!(steps.first(), Some(Step::Each { .. })) =>
                {
                    steps.remove(0);
                    let found = Filter::Ask(Ask { each: true, ..ask });
                    if steps.is_empty() { found } else { self.pipe(found, Filter::Walk(steps)) }
                }
                (Filter::Pipe(first, last), Filter::Walk(steps)) if matches!(*last, Filter::Ask(_)) => {
                    let last = self.pipe(*last, Filter::Walk(steps));
                    Filter::Pipe(first, Box::new(last))
                }
                (left, right) => Filter::Pipe(Box::new(left), Box::new(right)),
            };
        };
        match right {
            Filter::Identity => Filter::Field(place),
            Filter::Walk(more) => {
                let mut steps = self.paths[place].clone();
                steps.extend(more);
                Filter::Field(self.place(steps))
            }
            Filter::Has(name) => {
                let mut steps = self.paths[place].clone();
                steps.push(Step::Key { name, optional: false });
                Filter::HasField(self.place(steps))
            }
            // each output of the left side is compared by itself, so the comparison may look at the longer path
            Filter::Compare(inner, comparison, constant)
                if matches!(*constant, Filter::Constant(_)) && leads_on(&inner) =>
            {
                Filter::Compare(Box::new(self.pipe(Filter::Field(place), *inner)), comparison, constant)
            }
            Filter::Pipe(inner, last) if leads_on(&inner) => {
                let first = self.pipe(Filter::Field(place), *inner);
                self.pipe(first, *last)
            }
            right => Filter::Pipe(Box::new(Filter::Field(place)), Box::new(right)),
        }
    }

    /// The place of a path among those that the scanner looks for.
    fn place(&mut self, path: Path) -> usize {
        let known = self.paths.iter().position(|known| *known == path);
        known.unwrap_or_else(|| {
            self.paths.push(path);
            self.paths.len() - 1
        })
    }
}

/// What starts at its input and takes each input by itself.
fn leads_on(filter: &Filter) -> bool {
    match filter {
        Filter::Identity | Filter::Walk(_) | Filter::Has(_) => true,
        Filter::Compare(left, _, right) => matches!(**right, Filter::Constant(_)) && leads_on(left),
        Filter::Pipe(left, _) => leads_on(left),
        _ => false,
    }
}

/// Ends in the construction of an object or an array.
fn constructs(term: &Term<&str>) -> bool {
    match term {
        Term::Obj(members) => !members.is_empty(),
        Term::Arr(elements) => elements.is_some(),
        Term::BinOp(_, BinaryOp::Pipe(None), right) => constructs(right),
        _ => false,
    }
}

fn quantifier(name: &str, outputs: Filter) -> Filter {
    Filter::Quantifier { any: name == "any", outputs: Box::new(outputs) }
}

fn unknown(term: &Term<&str>) -> Reason {
    match term {
        Term::Recurse => "`..`".to_owned(),
        Term::Str(Some(format), _) => format!("`{format}`"),
        Term::Str(..) => "text with \\(…)".to_owned(),
        Term::Arr(_) | Term::Obj(_) => "a construction inside".to_owned(),
        Term::Num(_) | Term::Neg(_) => "arithmetic".to_owned(),
        Term::Label(..) | Term::Break(_) => "a label".to_owned(),
        Term::Fold(name, ..) => format!("`{name}`"),
        Term::TryCatch(..) => "`catch`".to_owned(),
        Term::Def(..) => "a definition".to_owned(),
        Term::Var(_) => "a variable".to_owned(),
        _ => "its form".to_owned(),
    }
}
