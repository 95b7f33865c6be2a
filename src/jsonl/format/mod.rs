//! Flat JSON objects as JSON lines, CSV, TSV, or a table for people.
//!
//! The first three are written line by line. A table needs its widths, so it is written window by window, and for
//! records without windows whenever the tool flushes.

mod aligned;
mod flat;
pub mod people;
mod plain_table;
mod separated;
mod table;
#[cfg(test)]
mod tests;
mod window_table;

use std::fmt;
use std::str::FromStr;

pub use flat::{columns, plain_columns};
pub use separated::csv_cell;

/// How records are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// One JSON object per line.
    #[default]
    Jsonl,
    /// Comma-separated, with a header; cells that a spreadsheet would run as a formula begin with an apostrophe.
    Csv,
    /// Tab-separated, with a header; tab, newline, return and backslash are written `\t`, `\n`, `\r`, `\\`.
    Tsv,
    /// Aligned columns for people.
    Table,
}

impl Format {
    /// All names, for help texts.
    pub const NAMES: [&str; 4] = ["jsonl", "csv", "tsv", "table"];
}

impl FromStr for Format {
    type Err = String;

    fn from_str(name: &str) -> Result<Format, String> {
        match name {
            "jsonl" | "json" | "ndjson" => Ok(Format::Jsonl),
            "csv" => Ok(Format::Csv),
            "tsv" => Ok(Format::Tsv),
            "table" => Ok(Format::Table),
            _ => Err(format!("`{name}` is no format; there are {}", Format::NAMES.join(", "))),
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Format::Jsonl => "jsonl",
            Format::Csv => "csv",
            Format::Tsv => "tsv",
            Format::Table => "table",
        })
    }
}

/// Why a record cannot be written in a format.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FormatError {
    /// It is no JSON object.
    NotObject(String),
    /// The header is written already, and lacks a column. Nothing of the record has been written.
    NewColumn(String),
}

impl fmt::Display for FormatError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            FormatError::NotObject(error) => write!(f, "no columns: {error}"),
            FormatError::NewColumn(name) => write!(
                f,
                "column \"{name}\" is not in the header, which the first record made: use --format jsonl, or give \
                 every record the same columns with jsonl-filter --map"
            ),
        }
    }
}

impl std::error::Error for FormatError {}

/// Writes records in one format.
///
/// ```
/// use trendpipe::jsonl::format::{Format, Formatter};
///
/// let mut formatter = Formatter::new(Format::Csv);
/// let mut out = Vec::new();
/// formatter.line(br#"{"tag":"=1+1","n":-5}"#, &mut out)?;
/// formatter.finish(&mut out);
/// assert_eq!(out, b"tag,n\n'=1+1,-5\n");
/// # Ok::<(), trendpipe::jsonl::format::FormatError>(())
/// ```
#[derive(Debug)]
pub struct Formatter {
    writer: Writer,
}

#[derive(Debug)]
enum Writer {
    Jsonl,
    Separated(separated::Separated),
    Table(table::Table),
}

impl Formatter {
    /// A formatter that has written nothing.
    pub fn new(format: Format) -> Formatter {
        Formatter {
            writer: match format {
                Format::Jsonl => Writer::Jsonl,
                Format::Csv => Writer::Separated(separated::Separated::new(separated::Dialect::Csv)),
                Format::Tsv => Writer::Separated(separated::Separated::new(separated::Dialect::Tsv)),
                Format::Table => Writer::Table(table::Table::default()),
            },
        }
    }

    /// Takes a record, a line of JSON without its newline, and appends what can be written.
    pub fn line(&mut self, line: &[u8], out: &mut Vec<u8>) -> Result<(), FormatError> {
        match &mut self.writer {
            Writer::Jsonl => {
                out.extend_from_slice(line);
                out.push(b'\n');
            }
            Writer::Separated(separated) => separated.record(read(line)?, out)?,
            Writer::Table(table) => table.record(read(line)?, out),
        }
        Ok(())
    }

    /// Takes a row as those to come may be, for its columns: the row of an empty window lacks some, and must not wait for them.
    pub fn announce(&mut self, row: &[u8]) -> Result<(), FormatError> {
        if let Writer::Separated(separated) = &mut self.writer
            && separated.awaits_header()
        {
            separated.announce(&read(row)?);
        }
        Ok(())
    }

    /// Appends records that wait for others; a window that is not whole goes on waiting.
    pub fn flush(&mut self, out: &mut Vec<u8>) {
        if let Writer::Table(table) = &mut self.writer {
            table.flush(out);
        }
    }

    /// Appends all that waits, at the end of input or at a mark.
    pub fn finish(&mut self, out: &mut Vec<u8>) {
        match &mut self.writer {
            Writer::Jsonl => {}
            Writer::Separated(separated) => separated.finish(out),
            Writer::Table(table) => table.finish(out),
        }
    }
}

impl Formatter {
    /// What a later run must know to go on writing to the same file.
    pub fn memory(&self) -> Vec<u8> {
        match &self.writer {
            Writer::Separated(separated) => separated.memory(),
            Writer::Jsonl | Writer::Table(_) => Vec::new(),
        }
    }

    /// Goes on with what [`Formatter::memory`] gave. False if that was of another format.
    #[must_use]
    pub fn recall(&mut self, memory: &[u8]) -> bool {
        match &mut self.writer {
            Writer::Separated(separated) => separated.recall(memory).is_ok(),
            Writer::Jsonl | Writer::Table(_) => memory.is_empty(),
        }
    }
}

/// A record's columns, each value as its JSON text.
type Columns = Vec<(String, String)>;

fn read(line: &[u8]) -> Result<Columns, FormatError> {
    columns(line).map_err(|error| FormatError::NotObject(error.to_string()))
}

/// The columns of a window row that are neither keys nor aggregates; `row::RESERVED` is this list.
pub(crate) const WINDOW_COLUMNS: [&str; 16] = [
    "window_start",
    "window_end",
    "count",
    "error",
    "guaranteed",
    "total",
    "distinct",
    "rows",
    "late",
    "rev",
    "open",
    "update",
    "all",
    "rank",
    "prev_rank",
    "share",
];

/// What a column called `name` holds.
fn value<'a>(columns: &'a [(String, String)], name: &str) -> Option<&'a str> {
    columns.iter().find(|(known, _)| known == name).map(|(_, json)| json.as_str())
}

/// A JSON value as a cell: text without quotes, nothing for null, JSON for the rest.
fn cell(json: &str) -> std::borrow::Cow<'_, str> {
    match json.as_bytes().first() {
        Some(b'"') => crate::scan::decode_string(json.as_bytes()),
        Some(b'n') => "".into(),
        _ => json.into(),
    }
}

fn is_number(json: &str) -> bool {
    json.starts_with(|c: char| c == '-' || c.is_ascii_digit())
}
