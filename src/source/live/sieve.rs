//! Records that came before, after a connection was made anew with some overlap, or on the next page of a poll: found by set
//! membership of their ids, of which a bounded number is remembered, the newest.

use std::collections::VecDeque;
use std::ops::ControlFlow;

use hashbrown::HashSet;

use crate::expr::{Expr, Program, Record, Value};
use crate::jsonl::Trail;

type Set = HashSet<Box<[u8]>, foldhash::fast::FixedState>;

/// What is looked at in each record of a live source.
#[derive(Clone, Debug, Default)]
pub struct SieveOptions {
    /// Records of which this is not true are left out.
    pub keep: Option<Expr>,
    /// A record of which this is true is the server's word that the connection is over.
    pub breaks: Option<Expr>,
    /// Tells records apart.
    pub id: Option<Expr>,
    /// So many ids are remembered.
    pub id_memory: usize,
}

/// Leaves out records that are not wanted or came before.
pub struct Sieve {
    /// Made programs for each piece of the stream: a program stays on its thread.
    expressions: Vec<Expr>,
    /// Which of them is which.
    keep: Option<usize>,
    breaks: Option<usize>,
    id: Option<usize>,
    most: usize,
    set: Set,
    order: VecDeque<Box<[u8]>>,
}

impl Sieve {
    /// Knows these ids to begin with. `None` where nothing is to be looked at.
    pub fn new(options: &SieveOptions, known: Vec<Box<[u8]>>) -> Option<Sieve> {
        let mut expressions = Vec::new();
        let mut place = |expression: &Option<Expr>| {
            let expression = expression.clone()?;
            expressions.push(expression);
            Some(expressions.len() - 1)
        };
        let (keep, breaks, id) = (place(&options.keep), place(&options.breaks), place(&options.id));
        if expressions.is_empty() {
            return None;
        }
        let set = Set::with_hasher(foldhash::fast::FixedState::with_seed(0));
        let most = options.id_memory.max(1);
        let mut sieve = Sieve { expressions, keep, breaks, id, most, set, order: VecDeque::new() };
        for id in known {
            sieve.insert(id);
        }
        Some(sieve)
    }

    /// Whether any id is known.
    pub fn knows_any(&self) -> bool {
        !self.order.is_empty()
    }

    /// Whether a record came before.
    pub fn knows(&self, record: &[u8]) -> bool {
        let Some(number) = self.id else { return false };
        let id = Program::new(&[&self.expressions[number]]).ok().and_then(|mut id| first(&mut id, record));
        id.is_some_and(|id| self.set.contains(id.as_slice()))
    }

    fn insert(&mut self, id: Box<[u8]>) -> bool {
        if !self.set.insert(id.clone()) {
            return false;
        }
        self.order.push_back(id);
        if self.order.len() > self.most
            && let Some(oldest) = self.order.pop_front()
        {
            self.set.remove(&oldest);
        }
        true
    }

    /// Moves the lines that are wanted to the front, and tells how long they are together. They begin at `place` of the
    /// stream. A line that says that the connection is over is appended to `over`.
    pub fn sift(&mut self, lines: &mut [u8], place: u64, trail: &Trail, over: &mut Vec<u8>) -> usize {
        let all: Vec<&Expr> = self.expressions.iter().collect();
        let Ok(mut program) = Program::new(&all) else { return lines.len() };
        let (mut kept, mut at) = (0, 0);
        while at < lines.len() {
            let end = memchr::memchr(b'\n', &lines[at..]).map_or(lines.len(), |newline| at + newline + 1);
            // What is no record is for the reader to judge.
            let (mut is_kept, mut id) = (true, None);
            if let Ok(mut record) = program.load(&lines[at..end]) {
                let mut holds =
                    |number: Option<usize>| number.map(|number| record.truthy(number).unwrap_or(false));
                if holds(self.breaks) == Some(true) {
                    over.extend_from_slice(&lines[at..end]);
                    is_kept = false;
                } else {
                    is_kept = holds(self.keep).unwrap_or(true);
                }
                if let Some(number) = self.id.filter(|_| is_kept) {
                    id = first_of(&mut record, number).map(Vec::into_boxed_slice);
                }
            }
            if is_kept && id.as_ref().is_some_and(|id| !self.insert(id.clone())) {
                trail.repeated();
                is_kept = false;
            }
            if is_kept {
                lines.copy_within(at..end, kept);
                kept += end - at;
                if let Some(id) = id {
                    trail.id(place + kept as u64, &id, self.most);
                }
            }
            at = end;
        }
        kept
    }
}

/// What the first expression gives of a record, as far as it is one: a string bare, anything else as JSON.
pub(super) fn first(program: &mut Program, line: &[u8]) -> Option<Vec<u8>> {
    first_of(&mut program.load(line).ok()?, 0)
}

fn first_of(record: &mut Record<'_>, number: usize) -> Option<Vec<u8>> {
    let mut found = None;
    // An expression that fails on this record gives nothing.
    let _ = record.outputs(number, &mut |value| {
        found = plain(&value);
        ControlFlow::Break(())
    });
    found
}

/// A string bare, anything else as JSON; nothing of null.
fn plain(value: &Value<'_>) -> Option<Vec<u8>> {
    match value {
        Value::Null => None,
        Value::String(text) => Some(text.as_bytes().to_vec()),
        other => {
            let mut json = Vec::new();
            other.write_json(&mut json);
            Some(json)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn seen(most: usize) -> Sieve {
        let options =
            SieveOptions { id: Some(".id".parse().unwrap()), id_memory: most, ..SieveOptions::default() };
        Sieve::new(&options, Vec::new()).unwrap()
    }

    proptest! {
        /// Against a list of the last ids.
        #[test]
        fn the_last_ids_are_remembered(ids in prop::collection::vec(0u8..12, 0..120), most in 1usize..9) {
            let (mut seen, mut last): (Sieve, Vec<u8>) = (seen(most), Vec::new());
            for id in ids {
                let is_known = last.contains(&id);
                let mut line = format!("{{\"id\":{id}}}\n").into_bytes();
                prop_assert_eq!(seen.sift(&mut line, 0, &Trail::default(), &mut Vec::new()) == 0, is_known);
                if !is_known {
                    last.push(id);
                    if last.len() > most {
                        last.remove(0);
                    }
                }
            }
            prop_assert!(seen.set.len() <= most && seen.order.len() == seen.set.len());
        }
    }

    #[test]
    fn lines_move_to_the_front_and_what_has_no_id_stays() {
        let (mut seen, trail) = (seen(9), Trail::kept(None));
        let mut lines =
            b"{\"id\":\"a\"}\n{\"id\":\"b\"}\n{\"id\":\"a\"}\n\n{}\n{\"id\"\n{\"id\":\"b\"}\n{}\n".to_vec();
        let kept = seen.sift(&mut lines, 100, &trail, &mut Vec::new());
        assert_eq!(&lines[..kept], b"{\"id\":\"a\"}\n{\"id\":\"b\"}\n\n{}\n{\"id\"\n{}\n");
        assert_eq!(trail.repeats(), 2);
        assert_eq!(trail.at(111).1, [b"a"[..].into()] as [Box<[u8]>; 1]);
    }

    #[test]
    fn what_is_not_wanted_is_left_out_and_a_last_word_is_told() {
        let expression = |text: &str| Some(text.parse().unwrap());
        let options = SieveOptions {
            keep: expression(".kind == \"post\""),
            breaks: expression("has(\"errors\")"),
            ..SieveOptions::default()
        };
        let mut sieve = Sieve::new(&options, Vec::new()).unwrap();
        let (mut lines, mut over) =
            (b"{\"kind\":\"post\"}\n{\"kind\":\"like\"}\n{\"errors\":[]}\n".to_vec(), Vec::new());
        let kept = sieve.sift(&mut lines, 0, &Trail::default(), &mut over);
        assert_eq!(
            (&lines[..kept], over.as_slice()),
            (&b"{\"kind\":\"post\"}\n"[..], &b"{\"errors\":[]}\n"[..])
        );
        assert!(Sieve::new(&SieveOptions::default(), Vec::new()).is_none());
    }
}
