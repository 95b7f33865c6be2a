//! Records cut into columns: many of them in three vectors, so that workers can prepare what one thread stores.

use std::ops::Range;

use crate::jsonl::format::{columns, plain_columns};
use crate::row::Bounds;
use crate::time::TimeReader;

/// Records, in order.
#[derive(Clone, Debug, Default)]
pub struct Records {
    /// Their lines, one behind the other, and what is not in them as it is: names with escapes.
    text: String,
    columns: Vec<Column>,
    rows: Vec<Entry>,
}

#[derive(Clone, Copy, Debug)]
struct Column {
    name: Part,
    value: Part,
}

/// Where in the text something stands.
#[derive(Clone, Copy, Debug)]
struct Part {
    start: u32,
    end: u32,
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    line: Part,
    /// Where its columns begin and end.
    columns: (u32, u32),
    emitted: Option<Emitted>,
    /// It is the first of its emission that came.
    begins: bool,
}

/// What a window row says about its emission.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Emitted {
    /// Of the window.
    pub bounds: Bounds,
    /// Which emission of the window.
    pub rev: u64,
    /// How many rows it has.
    pub rows: Option<u64>,
    /// It has the one window over everything.
    pub all: bool,
    /// The window has one key, as each session has: it shares its bounds with windows of other keys.
    pub alone: bool,
    /// It is of the changes of a window, not of the whole.
    pub update: bool,
    /// Nothing is counted in it.
    pub is_empty: bool,
    /// It was a session that others swallowed.
    pub is_taken_back: bool,
}

impl Emitted {
    /// Whether a row is of the same emission.
    fn is_with(&self, other: &Emitted) -> bool {
        let whole = |emitted: &Emitted| (emitted.bounds, emitted.rev, emitted.rows, emitted.all);
        whole(self) == whole(other) && self.update == other.update
    }

    /// Whether it replaces the window that it is of.
    pub fn is_whole(&self) -> bool {
        !self.update && (self.all || !self.alone)
    }
}

/// One of them.
#[derive(Clone, Copy, Debug)]
pub struct Record<'a> {
    records: &'a Records,
    entry: &'a Entry,
}

impl<'a> Record<'a> {
    /// As it came.
    pub fn line(&self) -> &'a str {
        self.records.part(self.entry.line)
    }

    /// Its names, and its values as their JSON text; each name once.
    pub fn columns(&self) -> impl ExactSizeIterator<Item = (&'a str, &'a str)> + Clone + use<'a> {
        let (records, (start, end)) = (self.records, self.entry.columns);
        let columns = &records.columns[start as usize..end as usize];
        columns.iter().map(|column| (records.part(column.name), records.part(column.value)))
    }

    /// The value of a column.
    pub fn value(&self, name: &str) -> Option<&'a str> {
        self.columns().find(|(known, _)| *known == name).map(|(_, value)| value)
    }

    /// What it says about its window, if it is a row of one.
    pub fn emitted(&self) -> Option<&'a Emitted> {
        self.entry.emitted.as_ref()
    }

    /// Whether it is the first of its emission.
    pub fn begins(&self) -> bool {
        self.entry.begins
    }
}

impl Records {
    /// How many there are.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// How much memory they take, roughly.
    pub fn bytes(&self) -> usize {
        self.text.len() + self.columns.len() * size_of::<Column>() + self.rows.len() * size_of::<Entry>()
    }

    /// How long the line of one of them is.
    pub fn line_bytes(&self, at: usize) -> usize {
        (self.rows[at].line.end - self.rows[at].line.start) as usize
    }

    /// One of them.
    pub fn get(&self, at: usize) -> Record<'_> {
        Record { records: self, entry: &self.rows[at] }
    }

    fn part(&self, part: Part) -> &str {
        &self.text[part.start as usize..part.end as usize]
    }

    /// Adds the record of a line.
    ///
    /// # Errors
    ///
    /// It is no JSON object, in the words of the parser; nothing is added.
    pub fn push(&mut self, line: &[u8]) -> Result<(), String> {
        let first = self.columns.len() as u32;
        let begin = self.text.len();
        if begin + 2 * line.len() > u32::MAX as usize {
            return Err("too much at once: --max-line sets the limit".into());
        }
        if let Some(plain) = plain_columns(line) {
            let text = std::str::from_utf8(line).map_err(|error| error.to_string())?;
            self.text.push_str(text);
            let part = |inside: &str| {
                let start = begin + (inside.as_ptr() as usize - line.as_ptr() as usize);
                Part { start: start as u32, end: (start + inside.len()) as u32 }
            };
            self.columns
                .extend(plain.iter().map(|(name, value)| Column { name: part(name), value: part(value) }));
        } else {
            let columns = columns(line).map_err(|error| error.to_string())?;
            let text = std::str::from_utf8(line).map_err(|error| error.to_string())?;
            self.text.push_str(text);
            for (name, value) in columns {
                let column = Column { name: self.keep(&name), value: self.keep(&value) };
                self.columns.push(column);
            }
        }
        let line = Part { start: begin as u32, end: (begin + line.len()) as u32 };
        let columns = (first, self.columns.len() as u32);
        self.rows.push(Entry { line, columns, emitted: None, begins: true });
        let last = self.rows.len() - 1;
        self.rows[last].emitted = emitted(&self.get(last));
        Ok(())
    }

    fn keep(&mut self, text: &str) -> Part {
        let start = self.text.len() as u32;
        self.text.push_str(text);
        Part { start, end: self.text.len() as u32 }
    }

    /// Adds some of others behind these. True for each that begins an emission, of which the caller knows what came before.
    pub fn take(
        &mut self,
        others: &Records,
        range: Range<usize>,
        mut begins: impl FnMut(Option<&Emitted>, bool) -> bool,
    ) {
        for entry in &others.rows[range] {
            let columns = &others.columns[entry.columns.0 as usize..entry.columns.1 as usize];
            // Names and values that are no parts of the line stand behind it.
            let end = columns.iter().flat_map(|column| [column.name.end, column.value.end]).max();
            let end = end.unwrap_or_default().max(entry.line.end);
            let (from, to) = (entry.line.start, self.text.len() as u32);
            self.text.push_str(others.part(Part { start: from, end }));
            let part = |part: Part| Part { start: part.start - from + to, end: part.end - from + to };
            let first = self.columns.len() as u32;
            self.columns.extend(
                columns.iter().map(|column| Column { name: part(column.name), value: part(column.value) }),
            );
            let columns = (first, self.columns.len() as u32);
            let begins = begins(entry.emitted.as_ref(), entry.begins);
            self.rows.push(Entry { line: part(entry.line), columns, begins, ..*entry });
        }
    }

    /// Forgets all.
    pub fn clear(&mut self) {
        self.text.clear();
        self.columns.clear();
        self.rows.clear();
    }
}

/// Tells where one emission ends and the next begins, over all rows of a stream.
#[derive(Clone, Debug, Default)]
pub struct Emissions {
    last: Option<(Emitted, u64)>,
}

impl Emissions {
    /// Whether the next record is the first of an emission. One that is of none stands for itself.
    pub fn begins(&mut self, emitted: Option<&Emitted>) -> bool {
        let Some(emitted) = emitted else {
            self.last = None;
            return true;
        };
        match &mut self.last {
            Some((last, seen)) if last.is_with(emitted) && last.rows.is_none_or(|rows| *seen < rows) => {
                *seen += 1;
                false
            }
            last => {
                *last = Some((*emitted, 1));
                true
            }
        }
    }

    /// Whether more rows of the last emission are to come, as far as is known.
    pub fn is_open(&self) -> bool {
        self.last.is_some_and(|(emitted, seen)| emitted.rows.is_some_and(|rows| seen < rows))
    }
}

/// What a row of a window says about its emission; none for other records.
fn emitted(record: &Record<'_>) -> Option<Emitted> {
    let (mut start, mut end, mut has_count, mut has_none) = (None, None, false, false);
    let mut emitted = Emitted {
        bounds: Bounds { start: 0, end: 0 },
        rev: 0,
        rows: None,
        all: false,
        alone: false,
        update: false,
        is_empty: false,
        is_taken_back: false,
    };
    for (name, json) in record.columns() {
        match name {
            "window_start" => start = time(json),
            "window_end" => end = time(json),
            "count" => (has_count, emitted.is_empty) = (true, json == "0"),
            "rev" => emitted.rev = json.parse().ok()?,
            "rows" => emitted.rows = json.parse().ok(),
            "distinct" => (emitted.alone, has_none) = (json == "1", json == "0"),
            "all" => emitted.all = json == "true",
            "update" => emitted.update = json == "true",
            _ => {}
        }
    }
    emitted.is_taken_back = emitted.is_empty && has_none && emitted.rev > 0;
    emitted.alone |= emitted.is_taken_back;
    emitted.bounds = Bounds { start: start?, end: end? };
    has_count.then_some(emitted)
}

fn time(json: &str) -> Option<i64> {
    let inside = json.strip_prefix('"')?.strip_suffix('"')?;
    TimeReader::auto().string(inside).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn records(lines: &[&str]) -> Records {
        let mut records = Records::default();
        for line in lines {
            records.push(line.as_bytes()).expect("a record");
        }
        records
    }

    fn columns<'a>(record: &Record<'a>) -> Vec<(&'a str, &'a str)> {
        record.columns().collect()
    }

    #[test]
    fn columns_come_out_as_they_went_in_also_after_a_move() {
        let lines = [r#"{"a":1,"b":"x"}"#, r#"{ "\u0061" : [1, "\n"], "a": 2, "": null }"#, "{}"];
        let found = records(&lines);
        let mut moved = records(&[r#"{"before":true}"#]);
        moved.take(&found, 1..3, |_, begins| begins);
        moved.take(&found, 0..1, |_, begins| begins);
        let expected = [vec![("a", "2"), ("", "null")], vec![], vec![("a", "1"), ("b", "\"x\"")]];
        for (at, expected) in expected.iter().enumerate() {
            assert_eq!(&columns(&moved.get(at + 1)), expected);
        }
        assert_eq!([1, 2, 3].map(|at| moved.get(at).line()), [lines[1], lines[2], lines[0]]);
        assert!(Records::default().push(b"[1]").is_err());
        assert!(Records::default().push(b"{\"a\":1").is_err());
    }

    #[test]
    fn an_emission_ends_with_its_last_row_or_at_another() {
        let row = |end: u32, rev: u32, rows: u32| {
            format!(
                r#"{{"window_start":"2018-11-12T19:00:00Z","window_end":"2018-11-12T19:00:{end}Z","k":"a","count":1,"distinct":9,"rows":{rows},"rev":{rev}}}"#
            )
        };
        let lines = [row(10, 0, 2), row(10, 0, 2), row(10, 0, 2), row(10, 1, 9), row(20, 1, 9)];
        let lines: Vec<&str> = lines.iter().map(String::as_str).chain(["{}", "{}"]).collect();
        let mut emissions = Emissions::default();
        let found = records(&lines);
        let begins: Vec<bool> = (0..7).map(|at| emissions.begins(found.get(at).emitted())).collect();
        assert_eq!(begins, [true, false, true, true, true, true, true]);
    }
}
