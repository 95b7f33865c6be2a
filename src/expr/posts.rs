//! Posts as the engines have them: a value of jaq's, or bytes of the record.
//!
//! What a post is, and what it points to, says [`crate::text`]; here are the two ways to look at a record.

use super::eval::Halt;
use super::library::lexicon;
use super::text::decode;
use super::walk::{self, Items, Kind};
use crate::text::sentiment::{Scores, sentiment};
use crate::text::{
    FIELDS, Node, OF_LANGUAGE, Pointers, Post, Track, fold, fold_ascii, language, post_language, post_text,
    words,
};
use jaq_json::Val;
use std::borrow::Cow;
use std::cell::Cell;
use std::io::Write as _;

/// What is asked of a text or a post.
#[derive(Clone, Debug)]
pub(super) enum Question {
    /// `hashtags`, `mentions`, `urls`, `cashtags`: an array of strings.
    List(Pointers),
    /// `post_text`: a string, or null.
    Text,
    /// `track("…")`: a truth.
    Track(Track),
    /// `fold`, `fold_ascii`: of a string its counting key.
    Fold(fn(&str) -> Cow<'_, str>),
    /// `words`: of a string an array of strings.
    Words,
    /// `sentiment`: of a string its scores.
    Sentiment,
    /// `language`: a code.
    Language,
}

impl Question {
    /// The question that a function of that name asks, if it takes no argument but what it looks at.
    pub(super) fn of(name: &str) -> Option<Question> {
        Some(match name {
            "hashtags" => Question::List(Pointers::Hashtags),
            "mentions" => Question::List(Pointers::Mentions),
            "urls" => Question::List(Pointers::Urls),
            "cashtags" => Question::List(Pointers::Cashtags),
            "post_text" => Question::Text,
            "fold" => Question::Fold(fold),
            "fold_ascii" => Question::Fold(fold_ascii),
            "words" => Question::Words,
            "sentiment" => Question::Sentiment,
            "language" => Question::Language,
            _ => return None,
        })
    }

    /// The answer is an array of strings.
    pub(super) fn is_list(&self) -> bool {
        matches!(self, Question::List(_) | Question::Words)
    }

    /// The fields of a record that are looked at; none if it is asked of strings only.
    pub(super) fn fields(&self) -> &'static [&'static [&'static str]] {
        match self {
            Question::Fold(_) | Question::Words | Question::Sentiment => &[],
            Question::List(_) | Question::Text | Question::Track(_) => &FIELDS[..OF_LANGUAGE],
            Question::Language => &FIELDS,
        }
    }
}

/// A value of jaq's.
#[derive(Clone, Copy)]
pub(super) struct Parsed<'r>(pub(super) &'r Val);

impl<'r> Node<'r> for Parsed<'r> {
    fn member(self, name: &str) -> Option<Parsed<'r>> {
        let Val::Obj(members) = self.0 else { return None };
        members.get(&Val::utf8_str(name.to_owned())).map(Parsed)
    }

    fn elements(self, each: &mut dyn FnMut(Parsed<'r>)) {
        if let Val::Arr(elements) = self.0 {
            elements.iter().for_each(|element| each(Parsed(element)));
        }
    }

    fn is_array(self) -> bool {
        matches!(self.0, Val::Arr(_))
    }

    fn is_object(self) -> bool {
        matches!(self.0, Val::Obj(_))
    }

    fn is_string(self) -> bool {
        matches!(self.0, Val::TStr(_))
    }

    fn string(self) -> Option<Cow<'r, str>> {
        match self.0 {
            Val::TStr(bytes) => Some(String::from_utf8_lossy(bytes)),
            _ => None,
        }
    }

    fn index(self) -> Option<usize> {
        match self.0 {
            Val::Num(number) => number.to_string().parse().ok(),
            _ => None,
        }
    }
}

impl<'r> Post<'r> for Parsed<'r> {
    type Node = Parsed<'r>;

    fn field(&self, field: usize) -> Option<Parsed<'r>> {
        FIELDS[field].iter().try_fold(*self, |node, name| node.member(name))
    }
}

/// Bytes of a record. What they say is sure unless `unsure` was set on the way.
#[derive(Clone, Copy)]
pub(super) struct Raw<'r> {
    pub(super) bytes: &'r [u8],
    pub(super) unsure: &'r Cell<bool>,
}

impl<'r> Raw<'r> {
    fn or_unsure<T>(self, found: Result<T, Halt>) -> Option<T> {
        if found.is_err() {
            self.unsure.set(true);
        }
        found.ok()
    }

    fn kind(self) -> Option<Kind> {
        self.or_unsure(walk::kind(self.bytes))
    }
}

impl<'r> Node<'r> for Raw<'r> {
    fn member(self, name: &str) -> Option<Raw<'r>> {
        let found = match self.kind()? {
            Kind::Object => self.or_unsure(walk::member(self.bytes, name))?,
            _ => None,
        };
        found.map(|bytes| Raw { bytes, ..self })
    }

    fn elements(self, each: &mut dyn FnMut(Raw<'r>)) {
        if !self.is_array() {
            return;
        }
        let mut items = Items::of(self.bytes);
        while let Some(Some(bytes)) = self.or_unsure(items.element()) {
            each(Raw { bytes, ..self });
        }
    }

    fn is_array(self) -> bool {
        self.kind() == Some(Kind::Array)
    }

    fn is_object(self) -> bool {
        self.kind() == Some(Kind::Object)
    }

    fn is_string(self) -> bool {
        self.kind() == Some(Kind::String)
    }

    /// A string has its last character as it is or as an escape; only then is it decoded.
    fn ends_with(self, end: char) -> bool {
        let [content @ .., b'"'] = self.bytes else { return false };
        let is_escaped = content.last_chunk::<6>().is_some_and(|last| last.starts_with(b"\\u"));
        let is_plain = content.ends_with(end.encode_utf8(&mut [0; 4]).as_bytes());
        (is_plain || is_escaped) && self.string().is_some_and(|string| string.ends_with(end))
    }

    fn string(self) -> Option<Cow<'r, str>> {
        match self.kind()? {
            Kind::String => self.or_unsure(decode(self.bytes).ok_or(Halt::Unsure)),
            _ => None,
        }
    }

    fn index(self) -> Option<usize> {
        std::str::from_utf8(self.bytes).ok()?.parse().ok()
    }
}

impl<'r> Post<'r> for Raw<'r> {
    type Node = Raw<'r>;

    fn field(&self, field: usize) -> Option<Raw<'r>> {
        FIELDS[field].iter().try_fold(*self, |node, name| node.member(name))
    }
}

/// A record whose fields the scanner found; none is what is missing.
pub(super) struct Found<'r> {
    pub(super) fields: [Option<&'r [u8]>; FIELDS.len()],
    pub(super) unsure: &'r Cell<bool>,
}

impl<'r> Post<'r> for Found<'r> {
    type Node = Raw<'r>;

    fn field(&self, field: usize) -> Option<Raw<'r>> {
        self.fields[field].map(|bytes| Raw { bytes, unsure: self.unsure })
    }
}

/// The answer, piece by piece: of a list each string, else the one value.
pub(super) enum Answer<'a> {
    Text(&'a str),
    Null,
    Bool(bool),
    Scores(Scores),
}

/// Asks a record.
pub(super) fn ask_post<'r, P: Post<'r>>(question: &Question, record: &P, each: &mut dyn FnMut(Answer<'_>)) {
    match question {
        Question::List(pointers) => pointers.in_record(record, &mut |found| each(Answer::Text(found))),
        Question::Text => match post_text(record) {
            Some(text) => each(Answer::Text(&text)),
            None => each(Answer::Null),
        },
        Question::Track(track) => each(Answer::Bool(track.is_in_record(record))),
        Question::Language => match post_language(record) {
            Some(code) => each(Answer::Text(&code)),
            None => each(Answer::Null),
        },
        Question::Fold(_) | Question::Words | Question::Sentiment => ask_nothing(question, each),
    }
}

/// Asks a text.
pub(super) fn ask_text(question: &Question, text: &str, each: &mut dyn FnMut(Answer<'_>)) {
    match question {
        Question::List(pointers) => pointers.in_text(text, &mut |found| each(Answer::Text(found))),
        Question::Text => each(Answer::Text(text)),
        Question::Track(track) => each(Answer::Bool(track.is_in(text))),
        Question::Fold(fold) => each(Answer::Text(&fold(text))),
        Question::Words => words(text, |word| each(Answer::Text(word))),
        Question::Sentiment => each(Answer::Scores(sentiment(lexicon(), text))),
        Question::Language => each(Answer::Text(language(text))),
    }
}

/// What is neither a text nor a record has nothing.
pub(super) fn ask_nothing(question: &Question, each: &mut dyn FnMut(Answer<'_>)) {
    match question {
        Question::List(_) | Question::Words => {}
        Question::Text | Question::Fold(_) | Question::Sentiment | Question::Language => each(Answer::Null),
        Question::Track(_) => each(Answer::Bool(false)),
    }
}

/// Scores in the order in which they are written.
fn named(scores: &Scores) -> [(&'static str, f64); 4] {
    [("compound", scores.compound), ("pos", scores.pos), ("neu", scores.neu), ("neg", scores.neg)]
}

/// Appends scores as jaq prints them.
pub(super) fn write_scores(scores: &Scores, out: &mut Vec<u8>) {
    for (place, (name, score)) in named(scores).into_iter().enumerate() {
        let separator = if place == 0 { '{' } else { ',' };
        // a vector takes all that is written
        let _ = write!(out, "{separator}\"{name}\":{score:?}");
    }
    out.push(b'}');
}

/// The answer as a value of jaq's.
pub(super) fn ask_value(question: &Question, value: &Val) -> Val {
    let mut answers = Vec::new();
    let mut each = |answer: Answer<'_>| {
        answers.push(match answer {
            Answer::Text(text) => Val::utf8_str(text.to_owned()),
            Answer::Null => Val::Null,
            Answer::Bool(truth) => Val::Bool(truth),
            Answer::Scores(scores) => {
                let member =
                    |(name, score): (&'static str, f64)| (Val::utf8_str(name.as_bytes()), Val::from(score));
                Val::obj(named(&scores).into_iter().map(member).collect())
            }
        });
    };
    match value {
        Val::TStr(bytes) => ask_text(question, &String::from_utf8_lossy(bytes), &mut each),
        Val::Obj(_) => ask_post(question, &Parsed(value), &mut each),
        _ => ask_nothing(question, &mut each),
    }
    if question.is_list() { answers.into_iter().collect() } else { answers.pop().unwrap_or(Val::Null) }
}
