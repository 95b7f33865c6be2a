//! How a file is written, by its name: JSON lines or CSV, and packed or not.

use std::collections::HashMap;
use std::io::{Read, Write};

use crate::jsonl::format::{columns, csv_cell};
use crate::row::write_string;
use crate::sink::{Keys, Records};

/// How a file is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Form {
    is_csv: bool,
    packing: Packing,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Packing {
    Plain,
    Gzip,
    Zstd,
}

impl Form {
    /// By the endings of a name.
    pub(super) fn of_name(name: &str) -> Result<Form, String> {
        let (bare, packing) = match name.rsplit_once('.') {
            Some((bare, "gz")) => (bare, Packing::Gzip),
            Some((bare, "zst")) => (bare, Packing::Zstd),
            _ => (name, Packing::Plain),
        };
        let is_csv = match bare.rsplit_once('.') {
            Some((_, "csv")) => true,
            Some((_, "jsonl" | "ndjson" | "json")) => false,
            _ => {
                return Err(format!(
                    "`{name}` does not say how it is to be written: its name is to end in .jsonl or .csv, or that and .gz or .zst"
                ));
            }
        };
        Ok(Form { is_csv, packing })
    }

    /// Whether it keeps texts alone.
    pub(super) fn is_text(self) -> bool {
        self.is_csv
    }

    /// The content of a file that has these lines.
    pub(super) fn pack(self, lines: &[&str]) -> Result<Vec<u8>, String> {
        let text = if self.is_csv {
            csv(lines)?
        } else {
            lines.iter().flat_map(|line| [line, "\n"]).collect::<String>().into_bytes()
        };
        let packed = match self.packing {
            Packing::Plain => Ok(text),
            Packing::Gzip => {
                let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
                encoder.write_all(&text).and_then(|()| encoder.finish())
            }
            Packing::Zstd => zstd::encode_all(&text[..], 3),
        };
        packed.map_err(|error| error.to_string())
    }

    /// The records of a file.
    pub(super) fn unpack(self, content: &[u8], keys: &Keys) -> Result<Records, String> {
        let mut text = Vec::new();
        match self.packing {
            Packing::Plain => text.extend_from_slice(content),
            Packing::Gzip => drop(
                flate2::read::MultiGzDecoder::new(content)
                    .read_to_end(&mut text)
                    .map_err(|error| error.to_string())?,
            ),
            Packing::Zstd => {
                text = zstd::decode_all(content).map_err(|error| error.to_string())?;
            }
        }
        if self.is_csv {
            return read_csv(&text, keys);
        }
        let mut records = Records::default();
        for (number, line) in text.split(|&byte| byte == b'\n').enumerate() {
            if !line.is_empty() {
                records.push(line).map_err(|error| format!("line {} is no record ({error})", number + 1))?;
            }
        }
        Ok(records)
    }
}

/// Lines as CSV; the header has all columns that any of them has.
fn csv(lines: &[&str]) -> Result<Vec<u8>, String> {
    let mut header: Vec<String> = Vec::new();
    let mut places: HashMap<String, usize> = HashMap::new();
    let mut rows = Vec::with_capacity(lines.len());
    for line in lines {
        let columns = columns(line.as_bytes()).map_err(|error| error.to_string())?;
        let mut row = vec![String::new(); header.len()];
        for (name, json) in columns {
            let place = places.get(&name).copied().unwrap_or_else(|| {
                places.insert(name.clone(), header.len());
                header.push(name);
                row.push(String::new());
                header.len() - 1
            });
            row[place] = csv_cell(&json);
        }
        rows.push(row);
    }
    let mut writer = csv::WriterBuilder::new().flexible(true).from_writer(Vec::new());
    let mut write = |row: Vec<String>| writer.write_record(row).map_err(|error| error.to_string());
    if !header.is_empty() {
        write(header.iter().map(|name| csv_cell(&quoted(name))).collect())?;
    }
    for mut row in rows {
        row.resize(header.len(), String::new());
        write(row)?;
    }
    writer.into_inner().map_err(|error| error.to_string())
}

/// The records of a CSV file, as far as cells tell them: figures of a window as numbers, all else as texts. Written again
/// they are the same cells.
fn read_csv(text: &[u8], keys: &Keys) -> Result<Records, String> {
    let mut records = Records::default();
    let mut reader = csv::Reader::from_reader(text);
    let header: Vec<String> =
        reader.headers().map_err(|error| error.to_string())?.iter().map(unguarded).collect();
    for row in reader.records() {
        let row = row.map_err(|error| error.to_string())?;
        let mut line = vec![b'{'];
        for (name, cell) in header.iter().zip(&row) {
            let is_key = keys.columns.iter().any(|key| key == name);
            if cell.is_empty() && !is_key {
                continue;
            }
            if line.len() > 1 {
                line.push(b',');
            }
            write_string(name, &mut line);
            line.push(b':');
            let is_figure = matches!(name.as_str(), "count" | "rev" | "rows" | "distinct" | "all" | "open");
            if is_figure && !is_key && crate::scan::is_scalar(cell.as_bytes()) {
                line.extend_from_slice(cell.as_bytes());
            } else {
                write_string(cell, &mut line);
            }
        }
        line.push(b'}');
        records.push(&line)?;
    }
    Ok(records)
}

/// The name that stands in a header as this cell.
fn unguarded(cell: &str) -> String {
    let bare = cell.strip_prefix('\'').filter(|bare| csv_cell(&quoted(bare)) == cell);
    bare.unwrap_or(cell).to_owned()
}

fn quoted(name: &str) -> String {
    let mut json = Vec::new();
    write_string(name, &mut json);
    String::from_utf8(json).unwrap_or_default()
}
