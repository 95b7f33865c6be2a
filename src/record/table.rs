//! A table that is looked up by one of its columns: what records are joined with.
//!
//! The table is CSV or TSV with a header, or JSON lines. All of it is in memory: its values once, as JSON, and for each row about
//! 30 bytes and the key. Keys are text: a number is compared as it is written, so that `7` of a record meets the `7` of a CSV file.

use foldhash::fast::FixedState;
use hashbrown::HashMap;
use std::fmt;

use crate::jsonl::{BYTE_ORDER_MARK, format};
use crate::scan;

/// Rows by key, each with the same columns.
pub struct Table {
    columns: Vec<Box<[u8]>>,
    /// The values of all rows, one after the other, as JSON; and where each ends.
    cells: Vec<u8>,
    ends: Vec<usize>,
    /// The first and the last row of each key.
    keys: HashMap<Box<str>, (u32, u32), FixedState>,
    /// The next row of the same key; its own number at the last.
    next: Vec<u32>,
}

/// What keeps a text from being a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableError(String);

impl fmt::Display for TableError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for TableError {}

impl fmt::Debug for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Table of {} rows", self.next.len())
    }
}

/// The rows of a text, before the key is taken out.
struct Rows {
    names: Vec<String>,
    /// Each value as JSON; rows may be short.
    rows: Vec<Vec<Option<String>>>,
}

impl Table {
    /// Reads a table, and looks it up by the column `key`. The other columns are called as in the table, with `prefix` before.
    ///
    /// # Errors
    ///
    /// What is wrong with the text, or that there is no such column.
    pub fn read(text: &[u8], key: &str, prefix: &str) -> Result<Table, TableError> {
        let text = text.strip_prefix(BYTE_ORDER_MARK).unwrap_or(text);
        let is_json = text.trim_ascii_start().first() == Some(&b'{');
        let rows = if is_json { json_rows(text)? } else { separated_rows(text)? };
        let Some(place) = rows.names.iter().position(|name| name == key) else {
            let known = rows.names.join(", ");
            return Err(TableError(format!(
                "there is no column {key}: it has {known}; name one by --on EXPR=COLUMN"
            )));
        };
        let mut table = Table {
            columns: Vec::new(),
            cells: Vec::new(),
            ends: Vec::new(),
            keys: HashMap::with_hasher(FixedState::with_seed(0)),
            next: Vec::new(),
        };
        for name in rows.names.iter().filter(|name| *name != key) {
            let mut json = Vec::new();
            crate::row::write_string(&format!("{prefix}{name}"), &mut json);
            json.push(b':');
            table.columns.push(json.into());
        }
        for mut row in rows.rows {
            row.resize(rows.names.len(), None);
            let key = row.remove(place);
            if let Some(key) = key.as_deref().and_then(text_of) {
                table.add(key, &row)?;
            }
        }
        Ok(table)
    }

    fn add(&mut self, key: String, row: &[Option<String>]) -> Result<(), TableError> {
        let number = u32::try_from(self.next.len()).map_err(|_| TableError("it has too many rows".into()))?;
        for value in row {
            self.cells.extend_from_slice(value.as_deref().unwrap_or("null").as_bytes());
            self.ends.push(self.cells.len());
        }
        self.next.push(number);
        match self.keys.get_mut(key.as_str()) {
            Some((_, last)) => {
                self.next[*last as usize] = number;
                *last = number;
            }
            None => _ = self.keys.insert(key.into(), (number, number)),
        }
        Ok(())
    }

    /// The columns beside the key: names as JSON, with their colons.
    pub fn columns(&self) -> impl Iterator<Item = &[u8]> {
        self.columns.iter().map(|name| &**name)
    }

    /// The names of these columns as JSON.
    pub fn names(&self) -> Vec<String> {
        let names = self.columns().map(|name| name.strip_suffix(b":").unwrap_or(name));
        names.map(|name| String::from_utf8_lossy(name).into_owned()).collect()
    }

    /// How many rows can be found.
    pub fn rows(&self) -> usize {
        self.next.len()
    }

    /// How many rows have the key of a row before them.
    pub fn repeated(&self) -> usize {
        self.next.len() - self.keys.len()
    }

    /// One of its keys.
    pub fn any_key(&self) -> Option<&str> {
        self.keys.iter().find(|(_, (first, _))| *first == 0).map(|(key, _)| &**key)
    }

    /// The rows with this key, in the order of the table.
    pub fn get(&self, key: &str) -> impl Iterator<Item = usize> {
        let first = self.keys.get(key).map(|(first, _)| *first as usize);
        std::iter::successors(first, |&row| {
            let next = self.next[row] as usize;
            (next != row).then_some(next)
        })
    }

    /// The values of a row, as JSON.
    pub fn values(&self, row: usize) -> impl Iterator<Item = &[u8]> {
        let width = self.columns.len();
        (row * width..(row + 1) * width).map(|cell| {
            let start = cell.checked_sub(1).map_or(0, |before| self.ends[before]);
            &self.cells[start..self.ends[cell]]
        })
    }
}

/// A key as text; null, arrays and objects are none.
fn text_of(json: &str) -> Option<String> {
    match json.as_bytes().first()? {
        b'"' => Some(scan::decode_string(json.as_bytes()).into_owned()),
        b'{' | b'[' | b'n' => None,
        _ => Some(json.to_owned()),
    }
}

fn json_rows(text: &[u8]) -> Result<Rows, TableError> {
    let mut rows = Rows { names: Vec::new(), rows: Vec::new() };
    for (number, line) in text.split(|&byte| byte == b'\n').enumerate() {
        let line = line.trim_ascii();
        if line.is_empty() {
            continue;
        }
        let members = format::columns(line)
            .map_err(|error| TableError(format!("line {}: no JSON object: {error}", number + 1)))?;
        let mut row = vec![None; rows.names.len()];
        for (name, json) in members {
            match rows.names.iter().position(|known| *known == name) {
                Some(place) => row[place] = Some(json),
                None => {
                    rows.names.push(name);
                    row.push(Some(json));
                }
            }
        }
        rows.rows.push(row);
    }
    Ok(rows)
}

/// Fields with commas or tabs between them. A column whose fields are all JSON numbers, or empty, is one of numbers, and what is empty
/// in it null; any other is one of strings.
fn separated_rows(text: &[u8]) -> Result<Rows, TableError> {
    let header = text.split(|&byte| byte == b'\n').next().unwrap_or_default();
    let delimiter = if header.contains(&b'\t') { b'\t' } else { b',' };
    let mut reader = csv::ReaderBuilder::new().delimiter(delimiter).from_reader(text);
    let wrong = |error: csv::Error| {
        TableError(match error.kind() {
            csv::ErrorKind::UnequalLengths { pos, expected_len, len } => {
                let line = pos.as_ref().map_or(0, csv::Position::line);
                format!("line {line} has {len} fields, the header {expected_len}")
            }
            _ => error.to_string(),
        })
    };
    let names: Vec<String> = reader.headers().map_err(wrong)?.iter().map(str::to_owned).collect();
    if let Some(twice) = names.iter().enumerate().find(|(place, name)| names[..*place].contains(name)) {
        return Err(TableError(format!("two columns are called {:?}", twice.1)));
    }
    let records: Vec<csv::StringRecord> = reader.records().collect::<Result<_, _>>().map_err(wrong)?;
    let is_number = |text: &str| {
        text.starts_with(|first: char| first == '-' || first.is_ascii_digit())
            && scan::is_scalar(text.as_bytes())
    };
    let numbers: Vec<bool> = (0..names.len())
        .map(|column| {
            let mut fields =
                records.iter().filter_map(|record| record.get(column)).filter(|text| !text.is_empty());
            fields.clone().next().is_some() && fields.all(is_number)
        })
        .collect();
    let rows = records.iter().map(|record| {
        let fields = record.iter().zip(&numbers).map(|(text, is_number)| match (is_number, text) {
            (true, "") => None,
            (true, number) => Some(number.to_owned()),
            (false, text) => {
                let mut json = Vec::new();
                crate::row::write_string(text, &mut json);
                String::from_utf8(json).ok()
            }
        });
        fields.collect()
    });
    Ok(Rows { rows: rows.collect(), names })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The rows of a key, as JSON.
    fn found(table: &Table, key: &str) -> Vec<String> {
        let row = |row: usize| {
            let fields = table.columns().zip(table.values(row)).map(|(name, value)| {
                format!("{}{}", String::from_utf8_lossy(name), String::from_utf8_lossy(value))
            });
            fields.collect::<Vec<_>>().join(",")
        };
        table.get(key).map(row).collect()
    }

    fn table(text: &str, key: &str) -> Table {
        Table::read(text.as_bytes(), key, "").unwrap_or_else(|error| panic!("{error}"))
    }

    #[test]
    fn a_column_of_numbers_is_one_of_numbers() {
        let text = "\u{feff}id,name,zip,people,blank\r\n7,\"Ann, \"\"A\"\"\",01234,10,\r\n8,Bo,99999,,\r\n7,Cy,1,1.50,\r\n";
        let table = table(text, "id");
        assert_eq!(
            found(&table, "7"),
            [
                r#""name":"Ann, \"A\"","zip":"01234","people":10,"blank":"""#,
                r#""name":"Cy","zip":"1","people":1.50,"blank":"""#
            ]
        );
        assert_eq!(found(&table, "8"), [r#""name":"Bo","zip":"99999","people":null,"blank":"""#]);
        assert!(found(&table, "9").is_empty());
        assert_eq!((table.rows(), table.repeated(), table.any_key()), (3, 1, Some("7")));
    }

    #[test]
    fn rows_of_json_have_all_columns() {
        let text = "{\"k\":\"a\",\"x\":1.0}\n\n{\"y\":[1, 2],\"k\":5}\n{\"k\":null,\"x\":2}\n{\"x\":3}\n{\"k\":\"\\u0061\",\"x\":{}}\n";
        let table = table(text, "k");
        assert_eq!(found(&table, "a"), [r#""x":1.0,"y":null"#, r#""x":{},"y":null"#]);
        assert_eq!(found(&table, "5"), [r#""x":null,"y":[1, 2]"#]);
        assert_eq!(table.rows(), 3, "a row without a key is never found");
    }

    #[test]
    fn tabs_and_prefixes() {
        let table = Table::read(b"code\tname, long\nde\tGermany\n", "code", "country_").expect("a table");
        assert_eq!(found(&table, "de"), [r#""country_name, long":"Germany""#]);
    }

    #[test]
    fn what_is_no_table_is_told() {
        for (text, hint) in [
            ("a,b\n1,2\n", "no column id: it has a, b"),
            ("id,b\n1\n", "line 2"),
            ("id,b,b\n", "two columns are called \"b\""),
            ("{\"id\":1}\n{\n", "line 2"),
        ] {
            let error = Table::read(text.as_bytes(), "id", "").expect_err(text).to_string();
            assert!(error.contains(hint), "{text}: {error}");
        }
    }
}
