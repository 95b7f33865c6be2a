//! Runs a compiled expression over the bytes of one record.
//!
//! Outputs are pushed to a callback in jaq's order. Wherever jaq's answer is not certain from the bytes at hand, the run
//! halts with [`Halt::Unsure`]: the full engine evaluates the record from the start, and the outputs that were already
//! delivered are skipped.

use super::EvalError;
use super::item::{Item, ask, has, holds};
use super::plan::{Ask, Comparison, Filter, Shape};
use super::posts::{Answer, Found, Raw, ask_nothing, ask_post, ask_text, write_scores};
use super::text::write_string;
use super::value::Value;
use super::walk::{self, Kind, NULL};
use crate::scan::{Hit, Path, Scanner};
use crate::text::FIELDS;
use std::borrow::Cow;
use std::cell::Cell;

/// Why an evaluation stops before its end.
#[derive(Debug)]
pub(super) enum Halt {
    /// The receiver has what it needs.
    Enough,
    /// jaq is to decide.
    Unsure,
    /// jq's error.
    Error(EvalError),
}

pub(super) type Flow = Result<(), Halt>;

type Each<'e> = &'e mut dyn FnMut(Item<'_>) -> Flow;

/// One compiled expression and one record whose fields were found.
#[derive(Clone, Copy)]
pub(super) struct Run<'r> {
    pub(super) line: &'r [u8],
    pub(super) paths: &'r [Path],
    /// Which of the scanner's paths is which of this expression's.
    pub(super) places: &'r [usize],
    pub(super) scanner: &'r Scanner,
}

impl<'r> Run<'r> {
    /// Hands the outputs to `each`.
    pub(super) fn outputs(self, shape: &'r Shape, each: &mut dyn FnMut(Value<'_>) -> Flow) -> Flow {
        // What is made of most records has room there, and need not grow.
        let room = if matches!(shape, Shape::Values(_)) { 0 } else { 256 };
        self.shaped(shape, Item::Raw(self.line), &mut Vec::with_capacity(room), each)
    }

    /// Any output is truthy?
    pub(super) fn truthy(self, shape: &'r Shape) -> Result<bool, Halt> {
        let input = Item::Raw(self.line);
        let found = match shape {
            Shape::Values(filter) => self.each(filter, input, &mut |item| enough_if(item.is_truthy()?)),
            constructed => {
                self.shaped(constructed, input, &mut Vec::new(), &mut |value| enough_if(value.is_truthy()))
            }
        };
        match found {
            Ok(()) => Ok(false),
            Err(Halt::Enough) => Ok(true),
            Err(halt) => Err(halt),
        }
    }

    fn shaped(
        self,
        shape: &'r Shape,
        input: Item<'_>,
        json: &mut Vec<u8>,
        each: &mut dyn FnMut(Value<'_>) -> Flow,
    ) -> Flow {
        match shape {
            Shape::Values(filter) => self.each(filter, input, &mut |item| each(item.value()?)),
            Shape::Piped(filter, shape) => {
                self.each(filter, input, &mut |item| self.shaped(shape, item, json, each))
            }
            Shape::Object(_) | Shape::Array(_) => {
                self.write(shape, input, json, &mut |json| each(Value::Json(Cow::Borrowed(json))))
            }
        }
    }

    /// Appends one output after the other to `json`, calls `each` behind it, and takes it away again.
    fn write(
        self,
        shape: &'r Shape,
        input: Item<'_>,
        json: &mut Vec<u8>,
        each: &mut dyn FnMut(&mut Vec<u8>) -> Flow,
    ) -> Flow {
        let start = json.len();
        match shape {
            Shape::Values(filter) => self.each(filter, input, &mut |item| {
                item.write_json(json)?;
                each(json)?;
                json.truncate(start);
                Ok(())
            }),
            Shape::Piped(filter, shape) => {
                self.each(filter, input, &mut |item| self.write(shape, item, json, each))
            }
            Shape::Array(shape) => {
                json.push(b'[');
                let mut elements = Vec::new();
                self.write(shape, input, &mut Vec::new(), &mut |element| {
                    if !elements.is_empty() {
                        elements.push(b',');
                    }
                    elements.extend_from_slice(element);
                    Ok(())
                })?;
                json.extend_from_slice(&elements);
                json.push(b']');
                each(json)?;
                json.truncate(start);
                Ok(())
            }
            Shape::Object(members) => {
                json.push(b'{');
                self.members(members, input, json, each)?;
                json.truncate(start);
                Ok(())
            }
        }
    }

    /// The product of the members' outputs, the first member in the outermost loop.
    fn members(
        self,
        members: &'r [(Vec<u8>, Shape)],
        input: Item<'_>,
        json: &mut Vec<u8>,
        each: &mut dyn FnMut(&mut Vec<u8>) -> Flow,
    ) -> Flow {
        let Some(((name, shape), rest)) = members.split_first() else {
            json.push(b'}');
            each(json)?;
            json.pop();
            return Ok(());
        };
        let start = json.len();
        if json.last() != Some(&b'{') {
            json.push(b',');
        }
        json.extend_from_slice(name);
        let done = self.write(shape, input, json, &mut |json| self.members(rest, input, json, each));
        json.truncate(start);
        match done {
            // jaq evaluates the members behind an error too, and if one has no output there is no error
            Err(Halt::Error(_)) if !rest.is_empty() => Err(Halt::Unsure),
            done => done,
        }
    }

    /// Hands each output of a filter to `each`.
    fn each(self, filter: &'r Filter, input: Item<'_>, each: Each<'_>) -> Flow {
        match filter {
            Filter::Identity => each(input),
            Filter::Field(place) => self.field(*place, &mut |raw| each(Item::Raw(raw.unwrap_or(NULL)))),
            Filter::HasField(place) => self.field(*place, &mut |raw| each(Item::Bool(raw.is_some()))),
            Filter::Walk(steps) => walk::follow(steps, input.raw()?, &mut |raw| each(Item::Raw(raw))),
            Filter::Has(name) => each(Item::Bool(has(input.raw()?, name)?)),
            Filter::Constant(constant) => each(Item::Constant(constant)),
            Filter::Empty => Ok(()),
            Filter::Comma(left, right) => {
                self.each(left, input, each)?;
                self.each(right, input, each)
            }
            Filter::Pipe(left, right) => self.each(left, input, &mut |item| self.each(right, item, each)),
            Filter::Compare(left, comparison, right) => {
                self.comparison(left, *comparison, right, input, each)
            }
            Filter::Logic { left, stop, right } => self.each(left, input, &mut |item| {
                if item.is_truthy()? == *stop {
                    return each(Item::Bool(*stop));
                }
                self.each(right, input, &mut |item| each(Item::Bool(item.is_truthy()?)))
            }),
            Filter::Alternative(left, right) => {
                let mut some = false;
                self.each(left, input, &mut |item| {
                    if !item.is_truthy()? {
                        return Ok(());
                    }
                    some = true;
                    each(item)
                })?;
                if some { Ok(()) } else { self.each(right, input, each) }
            }
            Filter::Test(test) => each(Item::Bool(ask(test, input)?)),
            Filter::Quantifier { any, outputs } => {
                match self.each(outputs, input, &mut |item| enough_if(item.is_truthy()? == *any)) {
                    Ok(()) => each(Item::Bool(!any)),
                    Err(Halt::Enough) => each(Item::Bool(*any)),
                    halt => halt,
                }
            }
            Filter::Select(condition) => self.each(condition, input, &mut |item| {
                if item.is_truthy()? { each(input) } else { Ok(()) }
            }),
            Filter::If { condition, then, otherwise } => self.each(condition, input, &mut |item| {
                self.each(if item.is_truthy()? { then } else { otherwise }, input, each)
            }),
            Filter::Try(inner) => self.attempt(inner, input, each),
            Filter::Ask(ask) => self.ask(ask, input, each),
        }
    }

    /// Asks a text or a post.
    fn ask(self, ask: &Ask, input: Item<'_>, each: Each<'_>) -> Flow {
        let unsure = Cell::new(false);
        let mut json = Vec::new();
        let mut flow = Ok(());
        let is_array = ask.is_list() && !ask.each;
        let mut take = |answer: Answer<'_>| {
            if flow.is_err() {
                return;
            }
            match answer {
                Answer::Text(text) if is_array => {
                    json.push(if json.is_empty() { b'[' } else { b',' });
                    write_string(text, &mut json);
                }
                Answer::Text(text) => flow = each(Item::Text(text)),
                Answer::Null => flow = each(Item::Raw(NULL)),
                Answer::Bool(truth) => flow = each(Item::Bool(truth)),
                Answer::Scores(scores) => {
                    write_scores(&scores, &mut json);
                    flow = each(Item::Raw(&json));
                }
            }
        };
        match (&ask.fields, input) {
            (Some(places), _) => {
                let mut found = Found { fields: [None; FIELDS.len()], unsure: &unsure };
                for (field, &place) in found.fields.iter_mut().zip(places) {
                    *field = self.single(place)?;
                }
                ask_post(&ask.question, &found, &mut take);
            }
            (None, Item::Raw(raw)) if walk::kind(raw)? == Kind::Object => {
                ask_post(&ask.question, &Raw { bytes: raw, unsure: &unsure }, &mut take);
            }
            (None, input) => match input.text()? {
                Some(text) => ask_text(&ask.question, &text, &mut take),
                None => ask_nothing(&ask.question, &mut take),
            },
        }
        flow?;
        if unsure.get() {
            return Err(Halt::Unsure);
        }
        if !is_array {
            return Ok(());
        }
        if json.is_empty() {
            json.push(b'[');
        }
        json.push(b']');
        each(Item::Raw(&json))
    }

    /// The one value on a path of names; none if there is no such value.
    fn single(self, place: usize) -> Result<Option<&'r [u8]>, Halt> {
        match *self.scanner.hits(self.places[place]) {
            [Hit::Value { start, end }] => {
                self.line.get(start as usize..end as usize).map(Some).ok_or(Halt::Unsure)
            }
            [Hit::Missing | Hit::Mismatch] => Ok(None),
            _ => Err(Halt::Unsure),
        }
    }

    /// Hands what the scanner found on a path to `each`; `None` is what is missing.
    fn field(self, place: usize, each: &mut dyn FnMut(Option<&'r [u8]>) -> Flow) -> Flow {
        for (delivered, hit) in self.scanner.hits(self.places[place]).iter().enumerate() {
            match *hit {
                Hit::Value { start, end } => {
                    each(Some(self.line.get(start as usize..end as usize).ok_or(Halt::Unsure)?))?;
                }
                Hit::Missing => each(None)?,
                Hit::Mismatch => return Err(self.mismatch(place, delivered)),
                Hit::Unsure => return Err(Halt::Unsure),
            }
        }
        Ok(())
    }

    /// The walk tells what went wrong on a path behind so many values; if it sees that elsewhere, jaq decides.
    fn mismatch(self, place: usize, delivered: usize) -> Halt {
        let mut met = 0;
        let walked = walk::follow(&self.paths[place], self.line, &mut |_| {
            met += 1;
            if met > delivered { Err(Halt::Unsure) } else { Ok(()) }
        });
        match walked {
            Err(Halt::Error(error)) if met == delivered => Halt::Error(error),
            _ => Halt::Unsure,
        }
    }

    fn comparison(
        self,
        left: &'r Filter,
        comparison: Comparison,
        right: &'r Filter,
        input: Item<'_>,
        each: Each<'_>,
    ) -> Flow {
        if let Filter::Constant(constant) = right {
            let constant = Item::Constant(constant);
            return self.each(left, input, &mut |item| each(Item::Bool(holds(item, comparison, constant)?)));
        }
        let done = self.each(left, input, &mut |left| {
            self.each(right, input, &mut |right| each(Item::Bool(holds(left, comparison, right)?)))
        });
        match done {
            // where the right side has no output, jaq has no error either
            Err(Halt::Error(_)) => Err(Halt::Unsure),
            done => done,
        }
    }

    /// `inner?`: an error of the inner filter ends its outputs, an error of the receiver is none of its business.
    fn attempt(self, inner: &'r Filter, input: Item<'_>, each: Each<'_>) -> Flow {
        let mut received = Ok(());
        let done = self.each(inner, input, &mut |item| match each(item) {
            Ok(()) => Ok(()),
            halt => {
                received = halt;
                Err(Halt::Enough)
            }
        });
        received?;
        match done {
            Err(Halt::Error(_)) => Ok(()),
            done => done,
        }
    }
}

fn enough_if(reached: bool) -> Flow {
    if reached { Err(Halt::Enough) } else { Ok(()) }
}
