//! `--late-output`: the records that found no window open, as they came.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

use crate::pack::{Packer, Unpackable, Unpacker};
use crate::window::Outcome;

/// Keeps late records, and those whose time was not believed, in a file.
pub(super) struct LateFile {
    file: BufWriter<File>,
    /// How long the file is.
    length: u64,
    /// Records that wait for a verdict, by their number.
    held: BTreeMap<u64, Vec<u8>>,
}

impl LateFile {
    pub(super) fn create(path: &Path) -> io::Result<LateFile> {
        Ok(LateFile::go_on(File::create(path)?, 0))
    }

    /// Goes on with a file that is so long already.
    pub(super) fn go_on(file: File, length: u64) -> LateFile {
        LateFile { file: BufWriter::new(file), length, held: BTreeMap::new() }
    }

    /// How long the file is, once all is flushed.
    pub(super) fn length(&self) -> u64 {
        self.length
    }

    /// Appends the records that wait for a verdict, in order: the same state is the same bytes.
    pub(super) fn pack(&self, out: &mut Packer) {
        out.length(self.held.len());
        for (&record, line) in &self.held {
            out.u64(record);
            out.string(line);
        }
    }

    /// Takes over the records that were packed; they are nobody's where late ones are not kept any more.
    pub(super) fn unpack(late: Option<&mut LateFile>, from: &mut Unpacker<'_>) -> Result<(), Unpackable> {
        let mut held = BTreeMap::new();
        for _ in 0..from.length()? {
            held.insert(from.u64()?, from.string()?.to_vec());
        }
        if let Some(late) = late {
            late.held = held;
        }
        Ok(())
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
        self.file.flush().map_err(|error| named(&error))
    }

    fn write(&mut self, line: &[u8]) -> io::Result<()> {
        self.length += line.len() as u64 + 1;
        self.file.write_all(line).and_then(|()| self.file.write_all(b"\n")).map_err(|error| named(&error))
    }
}

fn named(error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("cannot write the late records: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_records_are_the_same_state_in_whatever_order_they_came() {
        let packed = |records: &mut dyn Iterator<Item = u64>| {
            let mut late = LateFile::go_on(tempfile::tempfile().expect("a file"), 0);
            for record in records {
                late.note(record, Outcome::Held, record.to_string().as_bytes()).expect("memory");
            }
            let mut out = Packer::default();
            late.pack(&mut out);
            out.into_bytes()
        };
        assert_eq!(packed(&mut (0..200)), packed(&mut (0..200).rev()));
    }
}
