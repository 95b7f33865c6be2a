//! The book that a merge keeps of its parts: which rows of each it has, and how far each is.
//!
//! A row counts once: a part that is sent again (a retried task, a message delivered twice) adds nothing. What a note says
//! holds as soon as all rows before it have come, so lines may come in any order. Two runs under one name whose rows
//! differ are refused, as far as that can be told at once by the first rows, and in any case by the sums at the end.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt;
use std::time::{Duration, Instant};

use super::line::Note;
use crate::time::Millis;

/// So many rows of a part are known by their checksums.
const KNOWN: u64 = 1024;

/// Why parts cannot be merged: exit status 5.
#[derive(Debug)]
pub struct PartsError(pub(super) String);

impl fmt::Display for PartsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for PartsError {}

/// All parts that were seen.
#[derive(Default)]
pub(super) struct Book {
    parts: Vec<Part>,
    by_name: HashMap<String, usize>,
}

/// One part.
pub(super) struct Part {
    pub(super) name: String,
    /// The rows before this one have come, and those in `beyond`.
    upto: u64,
    beyond: BTreeSet<u64>,
    /// The sum of their checksums.
    sum: u64,
    first: Vec<u32>,
    /// Notes that hold once so many rows have come: the event time.
    waiting: BTreeMap<u64, Option<Millis>>,
    /// The event time up to which all rows are here.
    promised: Option<Millis>,
    /// The rows and the sum of the last note, and its event time.
    end: Option<(u64, u64)>,
    max: Option<Millis>,
    /// Rows that came again.
    again: u64,
    heard: Instant,
    is_idle: bool,
}

/// Where the parts are that a row or a note has moved.
pub(super) enum Frontier {
    /// Some part has not said anything yet.
    Unknown,
    /// All are out up to here.
    Upto(Millis),
}

impl Book {
    /// The part of this name, which is new if it was not seen before.
    pub(super) fn find(&mut self, name: &str) -> usize {
        if let Some(&part) = self.by_name.get(name) {
            return part;
        }
        self.by_name.insert(name.to_owned(), self.parts.len());
        self.parts.push(Part {
            name: name.to_owned(),
            upto: 0,
            beyond: BTreeSet::new(),
            sum: 0,
            first: Vec::new(),
            waiting: BTreeMap::new(),
            promised: None,
            end: None,
            max: None,
            again: 0,
            heard: Instant::now(),
            is_idle: false,
        });
        self.parts.len() - 1
    }

    pub(super) fn name(&self, part: usize) -> &str {
        &self.parts[part].name
    }

    /// How many parts were seen.
    pub(super) fn len(&self) -> usize {
        self.parts.len()
    }

    /// A row has come. False if it came before.
    pub(super) fn row(&mut self, part: usize, n: u64, checksum: u32) -> Result<bool, PartsError> {
        let part = &mut self.parts[part];
        part.hear();
        if n < part.upto || part.beyond.contains(&n) {
            part.again += 1;
            return if part.first.get(n as usize).is_none_or(|&known| known == 0 || known == checksum) {
                Ok(false)
            } else {
                Err(part.two_runs())
            };
        }
        if part.end.is_some_and(|(rows, _)| n >= rows) {
            return Err(part.two_runs());
        }
        part.sum = part.sum.wrapping_add(checksum.into());
        if n < KNOWN {
            if part.first.len() <= n as usize {
                part.first.resize(n as usize + 1, 0);
            }
            part.first[n as usize] = checksum;
        }
        if n == part.upto {
            part.upto += 1;
            while part.beyond.remove(&part.upto) {
                part.upto += 1;
            }
            part.settle();
        } else {
            part.beyond.insert(n);
        }
        Ok(true)
    }

    /// A note has come.
    pub(super) fn note(&mut self, part: usize, note: &Note<'_>) -> Result<(), PartsError> {
        let part = &mut self.parts[part];
        if note.max_event_time > part.max {
            part.hear();
        }
        part.max = part.max.max(note.max_event_time);
        if note.ended {
            part.hear();
            let end = (note.rows, note.sum);
            let has_more = part.upto > note.rows || part.beyond.last().is_some_and(|&n| n >= note.rows);
            if part.end.is_some_and(|known| known != end) || has_more {
                return Err(part.two_runs());
            }
            part.end = Some(end);
        }
        let waiting = part.waiting.entry(note.rows).or_insert(None);
        *waiting = note.max_event_time.max(*waiting);
        part.settle();
        Ok(())
    }

    /// Up to which event time all parts that still run are out.
    pub(super) fn frontier(&self) -> Frontier {
        let running = || self.parts.iter().filter(|part| !part.is_whole());
        let mut ruling = running().filter(|part| !part.is_idle).peekable();
        let earliest = if ruling.peek().is_some() {
            ruling.map(|part| part.promised).min()
        } else {
            // The last that went silent stay.
            running().map(|part| part.promised).max()
        };
        match earliest.unwrap_or_else(|| self.max()) {
            Some(time) => Frontier::Upto(time),
            None => Frontier::Unknown,
        }
    }

    /// The largest event time of all parts.
    pub(super) fn max(&self) -> Option<Millis> {
        self.parts.iter().filter_map(|part| part.max).max()
    }

    /// When a part will have been silent for so long.
    pub(super) fn silent_at(&self, timeout: Duration) -> Option<Instant> {
        let running = self.parts.iter().filter(|part| !part.is_whole() && !part.is_idle);
        running.map(|part| part.heard + timeout).min()
    }

    /// Parts that have been silent for so long hold nothing back, until something of them comes.
    pub(super) fn drop_silent(&mut self, timeout: Duration) {
        for part in &mut self.parts {
            part.is_idle |= part.heard.elapsed() >= timeout;
        }
    }

    /// Rows that came again, of all parts.
    pub(super) fn again(&self) -> u64 {
        self.parts.iter().map(|part| part.again).sum()
    }

    /// What is missing, a sentence a part.
    ///
    /// # Errors
    ///
    /// A part whose rows are all there, but are not what it sent.
    pub(super) fn missing(&self) -> Result<Vec<String>, PartsError> {
        let mut missing = Vec::new();
        for part in &self.parts {
            let Part { name, upto, beyond, .. } = part;
            let have = upto + beyond.len() as u64;
            match part.end {
                None => missing.push(format!(
                    "part {name} has not ended: it was cut off, or its last line was lost ({have} rows came)"
                )),
                Some((rows, _)) if have < rows => {
                    missing.push(format!("of part {name} {} of {rows} rows are missing", rows - have));
                }
                Some((_, sum)) if sum != part.sum => return Err(part.two_runs()),
                Some(_) => {}
            }
        }
        missing.sort();
        Ok(missing)
    }
}

impl Part {
    fn hear(&mut self) {
        self.heard = Instant::now();
        self.is_idle = false;
    }

    /// Notes whose rows have all come hold.
    fn settle(&mut self) {
        while let Some(entry) = self.waiting.first_entry().filter(|entry| *entry.key() <= self.upto) {
            self.promised = entry.remove().max(self.promised);
        }
    }

    fn is_whole(&self) -> bool {
        self.end.is_some_and(|(rows, _)| rows <= self.upto)
    }

    fn two_runs(&self) -> PartsError {
        PartsError(format!(
            "the rows under the name {} are not those of one run: they were changed on the way, or two runs have this \
             name; pass partial rows on as they are, and give each run its own --part NAME (only a run that counts the \
             very same records again may have the same)",
            self.name
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn note(rows: u64, sum: u64, time: Option<Millis>, ended: bool) -> Note<'static> {
        Note { part: "a".into(), of: 1, settings: None, clock: None, max_event_time: time, rows, sum, ended }
    }

    fn upto(book: &Book) -> Option<Millis> {
        match book.frontier() {
            Frontier::Unknown => None,
            Frontier::Upto(time) => Some(time),
        }
    }

    #[test]
    fn a_note_holds_once_its_rows_have_come_in_any_order() {
        let mut book = Book::default();
        let a = book.find("a");
        book.note(a, &note(2, 0, Some(50), false)).expect("one run");
        assert_eq!(upto(&book), None);
        assert!(book.row(a, 1, 11).expect("one run"));
        assert!(book.row(a, 0, 10).expect("one run"));
        assert_eq!(upto(&book), Some(50));
        let b = book.find("b");
        assert_eq!(upto(&book), None, "b has said nothing");
        book.note(b, &note(0, 0, Some(30), false)).expect("one run");
        assert_eq!(upto(&book), Some(30));
        book.note(b, &note(0, 0, Some(30), true)).expect("one run");
        assert_eq!(upto(&book), Some(50), "what has ended holds nothing back");
        book.note(a, &note(3, 33, Some(60), true)).expect("one run");
        assert_eq!(upto(&book), Some(50));
        assert_eq!(book.missing().expect("one run"), ["of part a 1 of 3 rows are missing"]);
        book.row(a, 2, 12).expect("one run");
        assert_eq!((upto(&book), book.missing().expect("one run").len()), (Some(60), 0));
    }

    #[test]
    fn a_part_that_is_sent_again_counts_once() {
        let mut book = Book::default();
        let a = book.find("a");
        assert!(book.row(a, 0, 10).expect("one run"));
        assert!(book.row(a, 1, 20).expect("one run"));
        // The first run was killed here; the second begins anew.
        assert!(!book.row(a, 0, 10).expect("one run"));
        assert!(!book.row(a, 1, 20).expect("one run"));
        assert!(book.row(a, 2, 30).expect("one run"));
        for _ in 0..2 {
            book.note(a, &note(3, 60, Some(9), true)).expect("one run");
        }
        assert_eq!((book.missing().expect("one run").len(), book.again()), (0, 2));
    }

    #[test]
    fn two_runs_of_one_name_are_refused() {
        let run = |steps: &[(u64, u32)], ends: &[(u64, u64)]| -> bool {
            let mut book = Book::default();
            let a = book.find("a");
            let rows = steps.iter().all(|&(n, checksum)| book.row(a, n, checksum).is_ok());
            let ends = ends.iter().all(|&(rows, sum)| book.note(a, &note(rows, sum, None, true)).is_ok());
            rows && ends && book.missing().is_ok()
        };
        assert!(run(&[(0, 1), (1, 2)], &[(2, 3)]));
        assert!(!run(&[(0, 1), (0, 2)], &[]), "another first row");
        assert!(!run(&[(0, 1), (1, 2)], &[(2, 3), (1, 1)]), "another end");
        assert!(!run(&[(0, 1), (1, 2)], &[(1, 1)]), "more rows than there are");
        assert!(!run(&[(0, 1), (1, 2)], &[(2, 4)]), "other rows");
    }

    #[test]
    fn silent_parts_are_dropped_but_not_the_last() {
        let mut book = Book::default();
        let (a, b) = (book.find("a"), book.find("b"));
        book.note(a, &note(0, 0, Some(50), false)).expect("one run");
        book.note(b, &note(0, 0, Some(30), false)).expect("one run");
        book.drop_silent(Duration::from_secs(3600));
        assert_eq!(upto(&book), Some(30));
        book.drop_silent(Duration::ZERO);
        assert_eq!(upto(&book), Some(50));
        book.note(b, &note(0, 0, Some(31), false)).expect("one run");
        assert_eq!(upto(&book), Some(31), "it speaks again");
    }
}
