//! The table that records go to: its columns, found in the database or made from the first batch, and which column of it
//! a record's column is.

use super::dialect::Dialect;
use super::kind::{Kind, Value};
use crate::near::did_you_mean;
use crate::sink::{Batch, Failure, Keys, Record};

/// A column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    /// As the database has it.
    pub name: String,
    /// What it holds.
    pub kind: Kind,
    /// Its type in the database, where values have to be made one.
    pub declared: String,
    /// Its texts have at most so many characters.
    pub most: Option<usize>,
    /// It has a value by itself.
    pub fills_itself: bool,
    /// The order by which texts that differ are the same in it.
    pub folds_by: Option<String>,
}

impl Column {
    /// One of which nothing else is known.
    pub fn of(name: &str, kind: Kind) -> Column {
        Column {
            name: name.to_owned(),
            kind,
            declared: String::new(),
            most: None,
            fills_itself: false,
            folds_by: None,
        }
    }
}

/// The columns that records are written to, those of the keys first.
#[derive(Clone, Debug, Default)]
pub struct Columns {
    list: Vec<Column>,
    keys: usize,
    by_window: bool,
    /// The column that says when a record was.
    time: Option<String>,
    /// The names of the last record, and where each of them goes: most records are like the one before.
    shape: Vec<(String, Option<usize>)>,
}

/// So many columns has a table of MariaDB at most; those of the other databases have fewer.
const MOST_COLUMNS: usize = 4096;

/// How a row of a window was sent says nothing about the window.
const NOT_STORED: &str = "update";

impl Columns {
    fn empty(keys: &Keys, time: Option<&str>) -> Columns {
        Columns { by_window: keys.by_window, time: time.map(str::to_owned), ..Columns::default() }
    }

    /// The columns of a table that is there.
    ///
    /// # Errors
    ///
    /// It lacks a key column.
    pub fn of_table(
        dialect: &dyn Dialect,
        found: Vec<Column>,
        batch: &Batch<'_>,
        table: &str,
        time: Option<&str>,
    ) -> Result<Columns, Failure> {
        let keys = batch.keys;
        let mut rest = found;
        let mut list = Vec::with_capacity(rest.len());
        for key in &keys.columns {
            let Some(at) = rest.iter().position(|column| dialect.is_same_name(&column.name, key)) else {
                let text = format!(
                    "the table {table} has no column `{key}`, and that is one of the keys: --key-columns names others, --table another table"
                );
                return Err(Failure::Usage(text));
            };
            let column = rest.remove(at);
            if let Some(order) = &column.folds_by {
                let text = format!(
                    "the key column `{key}` of the table {table} takes texts that differ for one, by its collation {order}: give it one of bytes without padding, as utf8mb4_nopad_bin"
                );
                return Err(Failure::Usage(text));
            }
            list.push(column);
        }
        let keys_count = list.len();
        // What has a value by itself keeps it, unless records bring one.
        rest.retain(|column| {
            let is_it = |name: &str| dialect.is_same_name(&column.name, name);
            let is_brought = || batch.iter().any(|(_, record)| record.columns().any(|(name, _)| is_it(name)));
            !column.fills_itself || keys.by_window && (is_it("rev") || is_it("open")) || is_brought()
        });
        list.extend(rest);
        let columns = Columns { list, keys: keys_count, ..Columns::empty(keys, time) };
        if keys.by_window && columns.position(dialect, "rev").is_none() {
            let text = format!(
                "the table {table} has no column `rev`, by which a window that is written again replaces the older one: add an integer column of that name"
            );
            return Err(Failure::Usage(text));
        }
        Ok(columns)
    }

    /// The columns of a table that is to be made for these records.
    ///
    /// # Errors
    ///
    /// A key is in no record, or of several kinds.
    pub fn of_batch(
        dialect: &dyn Dialect,
        batch: &Batch<'_>,
        time: Option<&str>,
    ) -> Result<Columns, Failure> {
        let keys = batch.keys;
        let mut columns = Columns {
            list: keys.columns.iter().map(|name| Column::of(name, Kind::Text)).collect(),
            keys: keys.columns.len(),
            ..Columns::empty(keys, time)
        };
        let known = columns.find_kinds(dialect, batch, time)?;
        for (place, kind) in known.iter().enumerate() {
            let column = &mut columns.list[place];
            let of_window = Kind::of_window_column(&column.name).filter(|_| keys.by_window);
            if place < columns.keys && *kind == Some(Kind::Json) {
                let text = format!(
                    "the key column `{}` holds values of several kinds, and a database has one: make them alike with jsonl-filter --map",
                    column.name
                );
                return Err(Failure::Usage(text));
            }
            column.kind = kind.or(of_window).unwrap_or(Kind::Text);
        }
        // What is null so far has no kind yet; a window's own columns do.
        let is_known = |place: usize, name: &str| {
            known[place].is_some()
                || place < keys.columns.len()
                || keys.by_window && Kind::of_window_column(name).is_some()
        };
        let list = std::mem::take(&mut columns.list);
        let kept = list.into_iter().enumerate().filter(|(place, column)| is_known(*place, &column.name));
        columns.list = kept.map(|(_, column)| column).collect();
        if keys.by_window {
            for (name, kind) in [("rev", Kind::Integer), ("open", Kind::Boolean)] {
                columns.list.push(Column::of(name, kind));
            }
        }
        Ok(columns)
    }

    /// Adds the columns that records have, and finds what each must be to hold all values that came; none where all are null.
    fn find_kinds(
        &mut self,
        dialect: &dyn Dialect,
        batch: &Batch<'_>,
        time: Option<&str>,
    ) -> Result<Vec<Option<Kind>>, Failure> {
        let keys = batch.keys;
        let mut known = vec![None; self.list.len()];
        let mut seen = vec![false; self.list.len()];
        for record in batch.foreseen() {
            for (name, json) in record.columns() {
                // Two that every window row may have stand behind the others, whether these rows have them or not.
                if keys.by_window && [NOT_STORED, "rev", "open"].contains(&name) {
                    continue;
                }
                let place = self.position(dialect, name).unwrap_or_else(|| {
                    self.list.push(Column::of(name, Kind::Text));
                    known.push(None);
                    seen.push(false);
                    self.list.len() - 1
                });
                // Names are compared with all that are known, of which there may be no end.
                if self.list.len() > MOST_COLUMNS {
                    let text = format!(
                        "the records have more than {MOST_COLUMNS} columns, and no table has so many: choose some with jsonl-filter --select"
                    );
                    return Err(Failure::Usage(text));
                }
                seen[place] = true;
                let kind = kind_in(keys, time, name, json, &record);
                known[place] = match (known[place], kind) {
                    (Some(known), Some(kind)) => Some(Kind::with(known, kind)),
                    (known, kind) => known.or(kind),
                };
            }
        }
        if let Some(absent) = keys.columns.iter().zip(&seen).find(|(_, seen)| !**seen) {
            let others = self.list.iter().zip(&seen).filter(|(_, seen)| **seen);
            let meant = did_you_mean(absent.0, others.map(|(column, _)| column.name.as_str()));
            let text = format!(
                "no record has the key column `{}`{}--key-columns names those that tell records apart",
                absent.0,
                if meant.is_empty() { ": ".into() } else { meant + " " }
            );
            return Err(Failure::Usage(text));
        }
        Ok(known)
    }

    /// All of them.
    pub fn list(&self) -> &[Column] {
        &self.list
    }

    /// How many of them are keys.
    pub fn keys(&self) -> usize {
        self.keys
    }

    /// Where the bounds of the window are among them.
    pub fn bounds(&self) -> impl Iterator<Item = usize> {
        let at = |wanted: &str| self.list.iter().position(|column| column.name == wanted);
        ["window_start", "window_end"].into_iter().filter_map(at)
    }

    /// Whether a key is that of a window.
    pub fn is_by_window(&self) -> bool {
        self.by_window
    }

    /// The column of times that says when a record was.
    pub fn time(&self, dialect: &dyn Dialect) -> Option<usize> {
        let name = self.time.as_deref().or(self.by_window.then_some("window_start"))?;
        self.position(dialect, name).filter(|&at| self.list[at].kind == Kind::Time)
    }

    fn position(&self, dialect: &dyn Dialect, name: &str) -> Option<usize> {
        self.list.iter().position(|column| dialect.is_same_name(&column.name, name))
    }

    /// The columns that records of a batch have and the table has not.
    pub fn missing(&mut self, dialect: &dyn Dialect, batch: &Batch<'_>) -> Vec<Column> {
        let mut missing: Vec<Column> = Vec::new();
        let time = self.time.clone();
        let time = time.as_deref();
        for (_, record) in batch.iter() {
            self.learn(dialect, &record);
            let unknown = record.columns().zip(&self.shape).filter(|(_, (_, place))| place.is_none());
            for ((name, json), _) in unknown {
                let Some(kind) = Kind::of(json).and_then(|_| kind_in(batch.keys, time, name, json, &record))
                else {
                    continue;
                };
                if batch.keys.by_window && name == NOT_STORED {
                    continue;
                }
                match missing.iter_mut().find(|column| dialect.is_same_name(&column.name, name)) {
                    Some(column) => column.kind = column.kind.with(kind),
                    None => missing.push(Column::of(name, kind)),
                }
            }
        }
        missing
    }

    /// The table has these columns, too, from now on.
    pub fn add(&mut self, columns: Vec<Column>) {
        self.list.extend(columns);
        self.shape.clear();
    }

    /// Has the shape of this record ready.
    fn learn(&mut self, dialect: &dyn Dialect, record: &Record<'_>) {
        let columns = record.columns();
        let is_known = columns.len() == self.shape.len()
            && columns.clone().zip(&self.shape).all(|((name, _), (known, _))| name == known);
        if !is_known {
            self.shape = columns.map(|(name, _)| (name.to_owned(), self.position(dialect, name))).collect();
        }
    }

    /// The record's values in the order of the columns.
    ///
    /// # Errors
    ///
    /// A value does not fit: the sentence for a person.
    pub fn values<'a>(
        &mut self,
        dialect: &dyn Dialect,
        record: &Record<'a>,
    ) -> Result<Vec<Value<'a>>, String> {
        self.learn(dialect, record);
        let mut values = vec![Value::Null; self.list.len()];
        for ((name, json), (_, place)) in record.columns().zip(&self.shape) {
            let Some(place) = *place else { continue };
            let column = &self.list[place];
            if values[place] != Value::Null {
                return Err(format!(
                    "two columns are called `{}` but for the case of their letters",
                    column.name
                ));
            }
            let value = column
                .kind
                .fit(json)
                .map_err(|what| format!("the column `{name}` holds {}, and {what}", column.kind.holds()))?;
            if let Some(why) = dialect.refuses(&value) {
                return Err(format!("the column `{name}` has {why}"));
            }
            if let (Value::Text(text), Some(most)) = (&value, column.most)
                && text.len() > most
                && text.chars().count() > most
            {
                return Err(format!("the column `{name}` holds texts of at most {most} characters"));
            }
            values[place] = value;
        }
        let has = |at: usize| values[at] != Value::Null;
        if let Some(at) = (0..self.keys).find(|at| !self.by_window && !has(*at)) {
            return Err(format!("the key column `{}` is missing or null", self.list[at].name));
        }
        if self.by_window {
            for (column, value) in self.list.iter().zip(&mut values) {
                match column.name.as_str() {
                    "rev" if *value == Value::Null => *value = Value::Integer(0),
                    "open" if *value == Value::Null && column.kind == Kind::Boolean => {
                        *value = Value::Boolean(false);
                    }
                    _ => {}
                }
            }
        }
        Ok(values)
    }
}

/// What a column must be for this value of it.
fn kind_in(keys: &Keys, time: Option<&str>, name: &str, json: &str, record: &Record<'_>) -> Option<Kind> {
    if time == Some(name) {
        return Some(Kind::Time);
    }
    let of_window = if keys.by_window { Kind::of_window_column(name) } else { None };
    // The null of a mean over nothing: aggregates are numbers.
    let is_aggregate = || {
        let is_key = keys.columns.iter().any(|key| key == name);
        keys.by_window && record.emitted().is_some() && !is_key && json == "null"
    };
    of_window.or_else(|| Kind::of(json)).or_else(|| is_aggregate().then_some(Kind::Real))
}
