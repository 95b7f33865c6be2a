//! The rows of a file, by their keys.

use std::collections::HashMap;

use crate::jsonl::format::csv_cell;
use crate::row::{Bounds, key};
use crate::scan::decode_string;
use crate::sink::{Emitted, Keys, Record, Records};

/// Rows, each key once.
pub(super) struct Rows<'k> {
    keys: &'k Keys,
    /// Values are compared as texts: a file that tells no kinds apart cannot keep both `1` and `"1"`.
    as_text: bool,
    rows: Vec<Option<Row>>,
    places: HashMap<Vec<u8>, usize>,
    /// The emission that is coming in is older than what is there.
    pub(super) is_passing_over: bool,
}

struct Row {
    line: String,
    key: Vec<u8>,
    window: Option<(Bounds, u64, bool)>,
}

impl<'k> Rows<'k> {
    pub(super) fn new(keys: &'k Keys, as_text: bool) -> Rows<'k> {
        Rows { keys, as_text, rows: Vec::new(), places: HashMap::new(), is_passing_over: false }
    }

    /// Takes the rows of a file as they are.
    pub(super) fn read(&mut self, records: &Records) -> Result<(), String> {
        for at in 0..records.len() {
            let record = records.get(at);
            let key = self.key(&record, false, false)?;
            self.insert(&record, key);
        }
        Ok(())
    }

    /// Puts a record where it belongs; false where a newer one is there.
    pub(super) fn put(&mut self, record: &Record<'_>, has_all: impl Fn() -> bool) -> Result<bool, String> {
        let emitted = record.emitted().filter(|_| self.keys.by_window);
        if record.begins() {
            self.is_passing_over =
                emitted.is_some_and(|emitted| emitted.is_whole() && self.begin(emitted, has_all()));
        }
        if self.is_passing_over {
            return Ok(false);
        }
        let changes_all = emitted.is_some_and(|emitted| emitted.all);
        let key = self.key(record, changes_all, false)?;
        let is_newer =
            |row: &Row| row.window.zip(emitted).is_some_and(|((_, rev, _), emitted)| rev > emitted.rev);
        if emitted.is_some_and(|emitted| emitted.alone && emitted.rev > 0) {
            // It may have been a window without records, which has a row without keys.
            let empty = self.key(record, changes_all, true)?;
            let place = self.places.get(&empty).copied().filter(|_| empty != key);
            let gone = place.and_then(|place| self.rows[place].take_if(|row| !is_newer(row)));
            gone.and_then(|gone| self.places.remove(&gone.key));
        }
        let known = self.places.get(&key).and_then(|place| self.rows[*place].as_ref());
        if known.is_some_and(is_newer) {
            return Ok(false);
        }
        if emitted.is_some_and(|emitted| emitted.is_taken_back) {
            if let Some(place) = self.places.remove(&key) {
                self.rows[place] = None;
            }
            return Ok(true);
        }
        self.insert(record, key);
        Ok(true)
    }

    /// Removes what is there of a window, or of older emissions of it; true where it is newer.
    fn begin(&mut self, emitted: &Emitted, has_all: bool) -> bool {
        let is_of_it = |row: &Row| {
            row.window.is_some_and(
                |(bounds, _, all)| {
                    if emitted.all { all } else { !all && bounds == emitted.bounds }
                },
            )
        };
        let of_it = || self.rows.iter().flatten().filter(|row| is_of_it(row));
        if of_it().any(|row| row.window.is_some_and(|(_, rev, _)| rev > emitted.rev)) {
            return true;
        }
        for row in &mut self.rows {
            let is_older = |row: &Row| row.window.is_some_and(|(_, rev, _)| rev < emitted.rev);
            if let Some(gone) = row.take_if(|row| is_of_it(row) && (has_all || is_older(row))) {
                self.places.remove(&gone.key);
            }
        }
        false
    }

    fn insert(&mut self, record: &Record<'_>, key: Vec<u8>) {
        let window = record.emitted().map(|emitted| (emitted.bounds, emitted.rev, emitted.all));
        let row = Row { line: record.line().to_owned(), key: key.clone(), window };
        match self.places.get(&key) {
            Some(place) => self.rows[*place] = Some(row),
            None => {
                self.places.insert(key, self.rows.len());
                self.rows.push(Some(row));
            }
        }
    }

    /// The key columns packed. Of the window over everything the bounds are no part of the key. `no_keys`: those of the row of a
    /// window without records.
    fn key(&self, record: &Record<'_>, changes_all: bool, no_keys: bool) -> Result<Vec<u8>, String> {
        let all = changes_all || record.emitted().is_some_and(|emitted| emitted.all);
        let mut packed = Vec::new();
        for column in &self.keys.columns {
            let is_bound = self.keys.by_window && matches!(column.as_str(), "window_start" | "window_end");
            if is_bound && let Some(emitted) = record.emitted() {
                let Bounds { start, end } = emitted.bounds;
                let time = if column == "window_start" { start } else { end };
                key::pack_other(&if all { "all".to_owned() } else { time.to_string() }, &mut packed);
                continue;
            }
            let json = record.value(column).filter(|_| !no_keys).unwrap_or("null");
            if json == "null" && !self.keys.by_window && !self.as_text {
                return Err(format!("the key column `{column}` is missing or null"));
            }
            if self.as_text {
                key::pack_string(&csv_cell(json), &mut packed);
            } else if json.starts_with('"') {
                key::pack_string(&decode_string(json.as_bytes()), &mut packed);
            } else {
                key::pack_other(json, &mut packed);
            }
        }
        Ok(packed)
    }

    /// The lines in order: windows by their time, other records as they came.
    pub(super) fn lines(&self) -> Vec<&str> {
        let mut rows: Vec<&Row> = self.rows.iter().flatten().collect();
        rows.sort_by_key(|row| row.window.map(|(bounds, ..)| bounds));
        rows.into_iter().map(|row| row.line.as_str()).collect()
    }
}
