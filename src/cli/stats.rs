//! The file of `--stats`: a run's figures as one JSON line.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use serde_json::Value;

use super::Status;
use crate::drive::{Failure, Figures};
use crate::jsonl::Output;

/// Opened before the run, so that a misspelt folder costs no work; written after it, however it ended.
pub(super) struct Stats(Option<(Output, PathBuf)>);

impl Stats {
    /// Figures go to this file, or nowhere.
    pub(super) fn open(path: Option<&Path>) -> anyhow::Result<Stats> {
        let open = |path: &Path| -> anyhow::Result<(Output, PathBuf)> {
            Ok((Output::file(path).with_context(|| cannot_write(path))?, path.to_owned()))
        };
        Ok(Stats(path.map(open).transpose()?))
    }

    pub(super) fn write(self, figures: &Figures) -> anyhow::Result<()> {
        let Some((mut file, path)) = self.0 else { return Ok(()) };
        let write = || -> std::io::Result<()> {
            file.line(Value::Object(figures.clone()).to_string().as_bytes())?;
            file.close()
        };
        write().with_context(|| cannot_write(&path))
    }

    /// Writes the figures of a run that broke off, and tells what the tool fails with: the run's own error, unless a
    /// closed pipe ended the run, which is none.
    pub(super) fn write_after(self, failure: Failure) -> anyhow::Error {
        match self.write(&failure.figures) {
            Err(error) if Status::of_error(&failure.error) == Status::Done => error,
            _ => failure.error,
        }
    }
}

fn cannot_write(path: &Path) -> String {
    format!("cannot write the figures to {}", path.display())
}
