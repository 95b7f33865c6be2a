//! Dead letters: records that a store refuses, kept as they came, so that they can be mended and sent again.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use anyhow::Context as _;

use super::shown;
use crate::drive::Notes;

/// How many are worded one by one.
const SHOWN: u64 = 5;

/// The file that they are kept in.
pub struct DeadLetters {
    file: BufWriter<File>,
    path: PathBuf,
    count: u64,
    /// How long the file is, where it is of a run that goes on.
    length: Option<u64>,
}

impl DeadLetters {
    /// Keeps them in this file, behind those that earlier runs left there.
    ///
    /// # Errors
    ///
    /// It cannot be written.
    pub fn open(path: &Path) -> io::Result<DeadLetters> {
        let file = File::options().create(true).append(true).open(path)?;
        Ok(DeadLetters { file: BufWriter::new(file), path: path.to_owned(), count: 0, length: None })
    }

    /// Goes on with a file that is cut back to where the run before left it.
    pub fn go_on(path: &Path, file: File, length: u64) -> DeadLetters {
        DeadLetters { file: BufWriter::new(file), path: path.to_owned(), count: 0, length: Some(length) }
    }

    /// How long the file is that [`DeadLetters::go_on`] was given.
    pub(super) fn length(&self) -> Option<u64> {
        self.length
    }

    /// Keeps one, and says why if it is one of the first.
    pub(super) fn keep(&mut self, line: &str, why: &str, notes: &mut Notes) -> anyhow::Result<()> {
        self.count += 1;
        self.length = self.length.map(|length| length + line.len() as u64 + 1);
        if self.count <= SHOWN {
            notes.say(&format!("refused: {why}: {}", shown(line)));
        }
        let mut write = || {
            self.file.write_all(line.as_bytes())?;
            self.file.write_all(b"\n")
        };
        write().with_context(|| format!("cannot write {}", self.path.display()))
    }

    /// Hands what was kept to the system.
    pub(super) fn flush(&mut self) -> anyhow::Result<()> {
        self.file.flush().with_context(|| format!("cannot write {}", self.path.display()))
    }

    /// Has all of them on the disk; where they are.
    pub(super) fn close(&mut self) -> io::Result<String> {
        self.file.flush()?;
        self.file.get_ref().sync_all()?;
        Ok(self.path.display().to_string())
    }
}
