//! `--late-output`: the records that found no window open, as they came.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

use crate::window::Outcome;

/// Keeps late records, and those whose time was not believed, in a file.
pub(super) struct LateFile {
    file: BufWriter<File>,
    /// Records that wait for a verdict, by their number.
    held: HashMap<u64, Vec<u8>>,
}

impl LateFile {
    pub(super) fn create(path: &Path) -> io::Result<LateFile> {
        Ok(LateFile { file: BufWriter::new(File::create(path)?), held: HashMap::new() })
    }

    /// Notes what became of a record.
    pub(super) fn note(&mut self, record: u64, outcome: Outcome, line: &[u8]) -> io::Result<()> {
        match outcome {
            Outcome::Late | Outcome::Future => self.write(line),
            Outcome::Held => {
                self.held.insert(record, line.to_vec());
                Ok(())
            }
            Outcome::Counted | Outcome::Gap | Outcome::NoKey => Ok(()),
        }
    }

    /// Notes the verdict on a record that was held.
    pub(super) fn settle(&mut self, record: u64, outcome: Outcome) -> io::Result<()> {
        match self.held.remove(&record) {
            Some(line) if matches!(outcome, Outcome::Late | Outcome::Future) => self.write(&line),
            _ => Ok(()),
        }
    }

    pub(super) fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }

    fn write(&mut self, line: &[u8]) -> io::Result<()> {
        self.file.write_all(line)?;
        self.file.write_all(b"\n")
    }
}
