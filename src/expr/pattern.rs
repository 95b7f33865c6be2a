//! Regular expressions: `test`, `match`, `capture`, `scan`, `split`, `sub` and their kin.
//!
//! jaq's own engine compiles a pattern for every record, and knows the letters of ASCII only: `\w` does not match `é`,
//! and `test("É"; "i")` not `é`. A stream of posts is in all languages, so the three functions under that family are
//! ours, with the engine of ripgrep: Unicode throughout, linear time, each pattern compiled once per thread.

use jaq_core::native::{Fun, bome, run};
use jaq_core::{Bind, DataT, Error};
use jaq_json::{Val, ValR};
use regex::bytes::{Captures, Regex, RegexBuilder};
use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;

/// The names of jaq's functions that this file replaces.
pub(super) const REPLACED: [&str; 3] = ["matches", "split_matches", "split_"];

/// Puts together what [`sub`](super::functions) has made.
const JOINED: &str = "joined_";

/// A regular expression with the flags that jq takes beside it.
#[derive(Clone, Debug)]
pub(super) struct Pattern {
    regex: Regex,
    /// `g`: all matches, not the first alone.
    global: bool,
    /// `n`: empty matches do not count.
    skip_empty: bool,
}

impl Pattern {
    /// Compiles a pattern. The error is a sentence without its end mark.
    pub(super) fn new(pattern: &str, flags: &str) -> Result<Pattern, String> {
        let mut builder = RegexBuilder::new(pattern);
        let (mut global, mut skip_empty) = (false, false);
        for flag in flags.chars() {
            match flag {
                'g' => global = true,
                'n' => skip_empty = true,
                'i' => _ = builder.case_insensitive(true),
                'x' => _ = builder.ignore_whitespace(true),
                's' => _ = builder.dot_matches_new_line(true),
                'm' => _ = builder.multi_line(true),
                'l' => _ = builder.swap_greed(true),
                'p' => _ = builder.multi_line(true).dot_matches_new_line(true),
                other => return Err(format!("`{other}` is no flag of a pattern; there are g i l m n p s x")),
            }
        }
        let regex = builder.build().map_err(|error| reason(&error))?;
        Ok(Pattern { regex, global, skip_empty })
    }

    pub(super) fn is_match(&self, text: &[u8]) -> bool {
        if self.skip_empty {
            return self.regex.find_iter(text).any(|found| !found.is_empty());
        }
        self.regex.is_match(text)
    }

    fn captures<'t>(&self, text: &'t [u8]) -> impl Iterator<Item = Captures<'t>> {
        let found =
            self.regex.captures_iter(text).filter(|found| !self.skip_empty || !found.get_match().is_empty());
        found.take(if self.global { usize::MAX } else { 1 })
    }
}

/// The last line of the engine's drawing says what is wrong.
fn reason(error: &regex::Error) -> String {
    let told = error.to_string();
    let line = told.lines().last().unwrap_or_default();
    format!("the pattern is wrong: {}", line.trim_start_matches("error: "))
}

/// What is asked of each text: the parts that match, those between, or both.
#[derive(Clone, Copy)]
struct Parts {
    between: bool,
    matches: bool,
}

/// The functions of jaq's library that all others of the family are made of.
pub(super) fn functions<D>() -> impl Iterator<Item = Fun<D>>
where
    D: for<'a> DataT<V<'a> = Val>,
{
    let arguments = || -> Box<[Bind]> { [Bind::Var(()), Bind::Var(())].into() };
    let [matches, split_matches, split] = REPLACED;
    [
        run((matches, arguments(), |mut cv| {
            let flags = cv.0.pop_var();
            bome(apply(&cv.1, &cv.0.pop_var(), &flags, Parts { between: false, matches: true }))
        })),
        run((split_matches, arguments(), |mut cv| {
            let flags = cv.0.pop_var();
            bome(apply(&cv.1, &cv.0.pop_var(), &flags, Parts { between: true, matches: true }))
        })),
        run((split, arguments(), |mut cv| {
            let flags = cv.0.pop_var();
            bome(apply(&cv.1, &cv.0.pop_var(), &flags, Parts { between: true, matches: false }))
        })),
        run((JOINED, [].into(), |cv| bome(Ok(joined(&cv.1).map_or(Val::Null, Val::utf8_str))))),
    ]
    .into_iter()
}

/// The parts of a text, as jaq's library expects them: a match is an array of groups, what is between a string.
fn apply(text: &Val, pattern: &Val, flags: &Val, parts: Parts) -> ValR {
    let pattern = compiled(str_of(pattern)?, str_of(flags)?).map_err(Error::str)?;
    let Val::TStr(bytes) = text else {
        return Err(Error::typ(text.clone(), "string"));
    };
    let part = |range: std::ops::Range<usize>| Val::utf8_str(bytes.slice(range));
    let mut found = Vec::new();
    let mut end = 0;
    let mut characters = Characters::default();
    for captures in pattern.captures(bytes) {
        let whole = captures.get_match();
        if parts.between {
            found.push(part(end..whole.start()));
            end = whole.end();
        }
        if parts.matches {
            let before = characters.before(bytes, whole.start());
            let groups = captures.iter().zip(pattern.regex.capture_names());
            let groups = groups.filter_map(|(group, name)| {
                let group = group?;
                let offset = before + count(&bytes[whole.start()..group.start()]);
                let mut fields = vec![
                    ("offset", Val::from(offset)),
                    ("length", Val::from(count(group.as_bytes()))),
                    ("string", part(group.range())),
                ];
                fields.extend(name.map(|name| ("name", Val::from(name.to_owned()))));
                let fields = fields.into_iter().map(|(name, value)| (Val::from(name.to_owned()), value));
                Some(Val::obj(fields.collect()))
            });
            found.push(groups.collect());
        }
    }
    if parts.between {
        found.push(part(end..bytes.len()));
    }
    Ok(found.into_iter().collect())
}

/// An array of arrays of one text each, as one text.
fn joined(parts: &Val) -> Option<Vec<u8>> {
    let Val::Arr(parts) = parts else { return None };
    let mut text = Vec::new();
    for part in parts.iter() {
        let Val::Arr(part) = part else { return None };
        let [Val::TStr(part)] = part.as_slice() else { return None };
        text.extend_from_slice(part);
    }
    Some(text)
}

fn str_of(value: &Val) -> Result<&str, Error<Val>> {
    match value {
        Val::TStr(bytes) => std::str::from_utf8(bytes).map_err(Error::str),
        other => Err(Error::typ(other.clone(), "string")),
    }
}

fn count(text: &[u8]) -> usize {
    String::from_utf8_lossy(text).chars().count()
}

/// Counts characters up to one place after the other, each byte once.
#[derive(Default)]
struct Characters {
    at: usize,
    count: usize,
}

impl Characters {
    fn before(&mut self, text: &[u8], place: usize) -> usize {
        self.count += count(&text[self.at..place]);
        self.at = place;
        self.count
    }
}

/// The compiled pattern, from the few that this thread used last. A pattern may come from the record, so there is a bound.
fn compiled(pattern: &str, flags: &str) -> Result<Rc<Pattern>, String> {
    const KEPT: usize = 16;
    type Known = VecDeque<(String, String, Rc<Pattern>)>;
    thread_local! {
        static KNOWN: RefCell<Known> = const { RefCell::new(VecDeque::new()) };
    }
    KNOWN.with_borrow_mut(|known| {
        if let Some((.., pattern)) = known.iter().find(|(text, with, _)| text == pattern && with == flags) {
            return Ok(Rc::clone(pattern));
        }
        let compiled = Rc::new(Pattern::new(pattern, flags)?);
        if known.len() == KEPT {
            known.pop_front();
        }
        known.push_back((pattern.to_owned(), flags.to_owned(), Rc::clone(&compiled)));
        Ok(compiled)
    })
}
