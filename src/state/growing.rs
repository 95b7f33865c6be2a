//! Files that are read again and again in one run, each time what is new in them.

use std::path::PathBuf;

use super::files::{Files, InputNote};
use crate::jsonl::Input;

/// Which files were read how far, by their content.
#[derive(Debug, Default)]
pub struct Growing(Files);

impl Growing {
    /// Opens what is new in the files: those that were read before come first, then new ones as they are given.
    ///
    /// # Errors
    ///
    /// One cannot be opened.
    pub fn open(&mut self, paths: &[PathBuf]) -> anyhow::Result<(Vec<Input>, Vec<InputNote>)> {
        self.0.open(paths)
    }

    /// These whole lines of an input of the last [`Growing::open`] were read; so many lines of it were by now.
    pub fn read(&mut self, input: usize, bytes: &[u8], lines: u64) {
        self.0.read(input, bytes, lines);
    }

    /// All inputs of the last [`Growing::open`] were read to their end.
    pub fn all_read(&mut self) {
        self.0.all_read();
    }
}
