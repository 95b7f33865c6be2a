//! CSV and TSV: one header, then cells.
//!
//! The first record makes the header. A later record that lacks a column has an empty cell; one that brings a new
//! column is refused, since a cell without a header would be lost. Window rows may get the columns `rev`, `open`
//! and `all` later, so their header has them from the start; and the row of an empty window has no key columns, so the header is
//! that of the rows that are announced. Where nobody knows them (in `topn`, which sees rows alone), the first ones wait for a row
//! that has them.

use crate::pack::{Packer, Unpackable, Unpacker};

use super::{Columns, FormatError, WINDOW_COLUMNS, cell, is_number, value};

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
    /// The header of rows that are announced.
    announced: Option<Vec<String>>,
    waiting: Vec<Columns>,
}

impl Separated {
    pub(super) fn new(dialect: Dialect) -> Separated {
        Separated { dialect, header: None, announced: None, waiting: Vec::new() }
    }

    /// The dialect, the header, and what waits for it.
    pub(super) fn memory(&self) -> Vec<u8> {
        let mut packer = Packer::default();
        packer.tag(self.dialect as u8);
        packer.option(self.header.as_ref(), |packer, header| {
            packer.length(header.len());
            header.iter().for_each(|name| packer.string(name.as_bytes()));
        });
        packer.length(self.waiting.len());
        for columns in &self.waiting {
            packer.length(columns.len());
            for text in columns.iter().flat_map(|(name, json)| [name, json]) {
                packer.string(text.as_bytes());
            }
        }
        packer.into_bytes()
    }

    pub(super) fn recall(&mut self, memory: &[u8]) -> Result<(), Unpackable> {
        let mut unpacker = Unpacker::new(memory);
        let text = |unpacker: &mut Unpacker<'_>| {
            String::from_utf8(unpacker.string()?.to_vec()).map_err(|_| Unpackable)
        };
        if unpacker.tag()? != self.dialect as u8 {
            return Err(Unpackable);
        }
        let header = unpacker.option(|unpacker| {
            let names = unpacker.length()?;
            (0..names).map(|_| text(unpacker)).collect::<Result<_, _>>()
        })?;
        let waiting = unpacker.length()?;
        let columns = |unpacker: &mut Unpacker<'_>| -> Result<Columns, Unpackable> {
            let columns = unpacker.length()?;
            (0..columns).map(|_| Ok((text(unpacker)?, text(unpacker)?))).collect()
        };
        self.waiting = (0..waiting).map(|_| columns(&mut unpacker)).collect::<Result<_, _>>()?;
        self.header = header;
        unpacker.end()
    }

    /// Whether the columns of a row to come are of use.
    pub(super) fn awaits_header(&self) -> bool {
        self.header.is_none() && self.announced.is_none()
    }

    /// Takes the columns of a row to come.
    pub(super) fn announce(&mut self, columns: &Columns) {
        self.announced = Some(header_for(columns, &[]));
    }

    /// Writes the header.
    fn begin(&mut self, header: Vec<String>, out: &mut Vec<u8>) -> &[String] {
        write(header.iter().map(|name| guarded(name, self.dialect)), self.dialect, out);
        self.header.insert(header)
    }

    pub(super) fn record(&mut self, columns: Columns, out: &mut Vec<u8>) -> Result<(), FormatError> {
        let is_empty_window = value(&columns, "distinct") == Some("0");
        if self.header.is_none() && is_empty_window {
            let Some(announced) = self.announced.take() else {
                self.waiting.push(columns);
                return Ok(());
            };
            self.begin(announced, out);
        }
        let waiting = std::mem::take(&mut self.waiting);
        self.write(&columns, &waiting, out)
    }

    /// Writes what still waits, at the end of input.
    pub(super) fn finish(&mut self, out: &mut Vec<u8>) {
        let waiting = std::mem::take(&mut self.waiting);
        if let Some((first, rest)) = waiting.split_first() {
            // The first makes the header, so it fits; empty windows have all the same columns.
            let _ = self.write(first, &[], out);
            for columns in rest {
                let _ = self.write(columns, &[], out);
            }
        }
    }

    /// Writes a record, after others that wait for its header.
    fn write(&mut self, columns: &Columns, before: &[Columns], out: &mut Vec<u8>) -> Result<(), FormatError> {
        let dialect = self.dialect;
        let header = match &self.header {
            Some(header) => header,
            None => self.begin(header_for(columns, before), out),
        };
        // Most often a record has the columns of the header, and in their places.
        let is_new = |(at, (name, _)): &(usize, &(String, String))| {
            header.get(*at) != Some(name) && !header.contains(name)
        };
        if let Some((_, (new, _))) = columns.iter().enumerate().find(is_new) {
            return Err(FormatError::NewColumn(new.clone()));
        }
        for record in before.iter().chain([columns]) {
            let in_place = |at: usize, name: &String| {
                record.get(at).filter(|(known, _)| known == name).map(|(_, json)| json.as_str())
            };
            let cells = header.iter().enumerate().map(|(at, name)| {
                match in_place(at, name).or_else(|| value(record, name)) {
                    Some(json) if is_number(json) => json.to_owned(),
                    Some(json) => guarded(&cell(json), dialect),
                    None => String::new(),
                }
            });
            write(cells, dialect, out);
        }
        Ok(())
    }
}

fn header_for(columns: &Columns, before: &[Columns]) -> Vec<String> {
    let mut header: Vec<String> = columns.iter().map(|(name, _)| name.clone()).collect();
    for (name, _) in before.iter().flatten() {
        if !header.contains(name) {
            header.push(name.clone());
        }
    }
    if value(columns, "window_start").is_some() && value(columns, "count").is_some() {
        // Where a row has them, so that the header does not depend on whether the first row does.
        let place = |name: &str| WINDOW_COLUMNS.iter().position(|known| *known == name);
        for later in ["rev", "open", "all"] {
            if value(columns, later).is_none() {
                let is_before = |name: &String| place(name).is_some_and(|at| Some(at) < place(later));
                let at = header.iter().rposition(is_before).map_or(header.len(), |last| last + 1);
                header.insert(at, later.to_owned());
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

/// A JSON value as a cell of CSV.
pub fn csv_cell(json: &str) -> String {
    if is_number(json) { json.to_owned() } else { guarded(&cell(json), Dialect::Csv) }
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
