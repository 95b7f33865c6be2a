//! CSV and TSV: one header, then cells.
//!
//! The first record makes the header. A later record that lacks a column has an empty cell; one that brings a new
//! column is refused, since a cell without a header would be lost. Window rows may get the columns `rev` and `open`
//! later, so their header has them from the start.

use super::{Columns, FormatError, cell, is_number, value};

/// What separates cells, and how they are kept apart from their content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Dialect {
    Csv,
    Tsv,
}

#[derive(Debug)]
pub(super) struct Separated {
    dialect: Dialect,
    header: Option<Vec<String>>,
}

impl Separated {
    pub(super) fn new(dialect: Dialect) -> Separated {
        Separated { dialect, header: None }
    }

    pub(super) fn record(&mut self, columns: &Columns, out: &mut Vec<u8>) -> Result<(), FormatError> {
        let header = match &self.header {
            Some(header) => header,
            None => {
                let header = header_for(columns);
                let names = header.iter().map(|name| guarded(name, self.dialect));
                write(names, self.dialect, out);
                self.header.insert(header)
            }
        };
        if let Some((new, _)) = columns.iter().find(|(name, _)| !header.contains(name)) {
            return Err(FormatError::NewColumn(new.clone()));
        }
        let cells = header.iter().map(|name| match value(columns, name) {
            Some(json) if is_number(json) => json.to_owned(),
            Some(json) => guarded(&cell(json), self.dialect),
            None => String::new(),
        });
        write(cells, self.dialect, out);
        Ok(())
    }
}

fn header_for(columns: &Columns) -> Vec<String> {
    let mut header: Vec<String> = columns.iter().map(|(name, _)| name.clone()).collect();
    if value(columns, "window_start").is_some() && value(columns, "count").is_some() {
        for later in ["rev", "open"] {
            if value(columns, later).is_none() {
                header.push(later.to_owned());
            }
        }
    }
    header
}

/// Text that no spreadsheet takes for a formula; a number in a string is none.
fn guarded(text: &str, dialect: Dialect) -> String {
    let starts_formula = text
        .starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '\u{ff1d}', '\u{ff0b}', '\u{ff0d}', '\u{ff20}']);
    if dialect == Dialect::Csv && starts_formula && text.parse::<f64>().is_err() {
        return format!("'{text}");
    }
    text.to_owned()
}

fn write(cells: impl Iterator<Item = String>, dialect: Dialect, out: &mut Vec<u8>) {
    match dialect {
        Dialect::Csv => {
            // One writer per record, so that it owns nothing between calls. Memory does not fail.
            let mut writer = csv::WriterBuilder::new().buffer_capacity(512).from_writer(out);
            let _ = writer.write_record(cells.map(String::into_bytes));
            let _ = writer.flush();
        }
        Dialect::Tsv => {
            for (at, cell) in cells.enumerate() {
                if at > 0 {
                    out.push(b'\t');
                }
                for byte in cell.bytes() {
                    match byte {
                        b'\t' => out.extend_from_slice(b"\\t"),
                        b'\n' => out.extend_from_slice(b"\\n"),
                        b'\r' => out.extend_from_slice(b"\\r"),
                        b'\\' => out.extend_from_slice(b"\\\\"),
                        _ => out.push(byte),
                    }
                }
            }
            out.push(b'\n');
        }
    }
}
