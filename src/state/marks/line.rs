//! The mark line: how it is written, and how it is known among records.

use memchr::memmem::Finder;
use memchr::{memchr, memrchr};
use serde_json::{Map, Value, json};
use std::ops::Range;

/// The only key of a record that is a mark.
const KEY: &str = "@mark";

/// A line between records that tells the stages of one run of a pipeline where to save.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mark {
    /// The run whose mark it is: a word that no other run has.
    pub run: String,
    /// What it says.
    pub word: Word,
}

/// What a mark says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Word {
    /// The first line of a run: all stages begin as they were at this mark; 0: at nothing.
    Restore(u64),
    /// All before this line is to be saved under this number.
    Save {
        /// Numbers grow, and are never given twice, whatever became of the runs that gave them.
        id: u64,
        /// The input is at its end: nothing comes behind it.
        end: bool,
    },
}

impl Mark {
    /// The mark that a line is, however a tool such as jq spelled it; `None` for any other record.
    pub fn read(line: &[u8]) -> Option<Mark> {
        let record: Map<String, Value> = serde_json::from_slice(line).ok()?;
        let mark = if record.len() == 1 { record.get(KEY)? } else { return None };
        let word = match (mark.get("restore"), mark.get("id")) {
            (Some(restore), None) => Word::Restore(restore.as_u64()?),
            (None, Some(id)) => {
                let end = mark.get("end").is_some_and(|end| end.as_bool() == Some(true));
                Word::Save { id: id.as_u64()?, end }
            }
            _ => return None,
        };
        Some(Mark { run: mark.get("run")?.as_str()?.to_owned(), word })
    }

    /// The line, with its newline; `cursor` tells people where the source is.
    pub fn line(&self, cursor: Option<Value>) -> Vec<u8> {
        let mut mark = Map::new();
        mark.insert("run".into(), self.run.as_str().into());
        match self.word {
            Word::Restore(id) => {
                mark.insert("restore".into(), id.into());
            }
            Word::Save { id, end } => {
                mark.insert("id".into(), id.into());
                mark.extend(cursor.map(|cursor| ("cursor".to_owned(), cursor)));
                if end {
                    mark.insert("end".into(), true.into());
                }
            }
        }
        format!("{}\n", json!({ KEY: mark })).into_bytes()
    }
}

/// Finds the marks of one run among the lines of a stream. It looks for the word of the run, which no record has: so it costs
/// no more than to look for one substring, and what data says about marks of its own means nothing.
#[derive(Clone, Debug)]
pub struct MarkFinder {
    run: Finder<'static>,
}

impl MarkFinder {
    /// For the marks of this run.
    pub fn new(run: &str) -> MarkFinder {
        MarkFinder { run: Finder::new(run.as_bytes()).into_owned() }
    }

    /// The first line that is a mark of the run, its newline included. `lines` ends with a newline.
    pub fn find(&self, lines: &[u8]) -> Option<Range<usize>> {
        let mut from = 0;
        while let Some(found) = self.run.find(&lines[from..]) {
            let at = from + found;
            let start = memrchr(b'\n', &lines[..at]).map_or(0, |newline| newline + 1);
            let end = memchr(b'\n', &lines[at..]).map_or(lines.len(), |newline| at + newline + 1);
            if Mark::read(&lines[start..end]).is_some_and(|mark| mark.run.as_bytes() == self.run.needle()) {
                return Some(start..end);
            }
            from = end;
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn save(id: u64, end: bool) -> Mark {
        Mark { run: "cafe".into(), word: Word::Save { id, end } }
    }

    #[test]
    fn marks_are_read_as_they_are_written_and_as_jq_writes_them() {
        let first = Mark { run: "cafe".into(), word: Word::Restore(7) };
        assert_eq!(first.line(None), b"{\"@mark\":{\"run\":\"cafe\",\"restore\":7}}\n");
        for mark in [first, save(8, false), save(9, true)] {
            assert_eq!(Mark::read(&mark.line(Some(json!({"file": "a \"b\""})))).as_ref(), Some(&mark));
        }
        let spelled = b" { \"@mark\" : {\"end\":true, \"id\":8,\"new\":[1], \"run\":\"cafe\"} } ";
        assert_eq!(Mark::read(spelled), Some(save(8, true)));
    }

    #[test]
    fn other_records_are_no_marks() {
        for line in [
            "{\"@mark\":{\"run\":\"cafe\",\"id\":8},\"ts\":1}",
            "{\"@mark\":{\"run\":\"cafe\"}}",
            "{\"@mark\":{\"run\":\"cafe\",\"id\":8,\"restore\":7}}",
            "{\"@mark\":{\"run\":\"cafe\",\"id\":-8}}",
            "{\"@mark\":{\"id\":8}}",
            "{\"@mark\":8}",
            "{\"mark\":{\"run\":\"cafe\",\"id\":8}}",
            "[{\"@mark\":{\"run\":\"cafe\",\"id\":8}}]",
            "",
        ] {
            assert_eq!(Mark::read(line.as_bytes()), None, "{line}");
        }
    }

    #[test]
    fn only_marks_of_the_run_are_found() {
        let finder = MarkFinder::new("cafe");
        let other = Mark { run: "beef".into(), word: Word::Save { id: 1, end: true } };
        let mark = save(3, false).line(None);
        let lines = [&b"{\"t\":\"cafe\"}\n"[..], &other.line(None), &mark, b"{}\n", &mark].concat();
        let found = finder.find(&lines).expect("a mark");
        assert_eq!(&lines[found.clone()], &mark);
        assert_eq!(finder.find(&lines[found.end..]), Some(3..3 + mark.len()));
        assert_eq!(finder.find(&lines[..found.start]), None);
    }
}
