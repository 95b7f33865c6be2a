//! What a run leaves to the next one: how far each file was read, what was written, and what the job knows.
//!
//! A [`State`] is opened, and locked, before anything else. It tells what the job is to begin with, opens the inputs where
//! they were left ([`State::inputs`]) and the outputs at the length that goes with that ([`State::output`]), and becomes the
//! [`Keeper`] that follows the run.
//!
//! **Invariant**: what the file on disk says is true of the disk. A state is written only after the outputs that it speaks
//! of were flushed to the disk, and replaces the one before by a rename; and an output that is longer than the state says
//! is cut back before a run goes on. So whenever a run dies, the next one does again what was not noted, and nothing twice.
//!
//! | file | what is in it |
//! | --- | --- |
//! | `atomic`, `lock` | a file replaced as a whole; one run at a time |
//! | `settings` | what must be as it was |
//! | `files`, `seen`, `content` | which file is which, and where it is read on |
//! | `growing` | files that are read again and again in one run |
//! | `owned` | outputs: appended to, and cut back |
//! | `keeper` | saving while the run goes on |

mod atomic;
mod content;
mod error;
mod files;
mod growing;
mod keeper;
mod lock;
mod owned;
mod seen;
mod settings;
#[cfg(test)]
mod tests;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use anyhow::Context as _;

pub use atomic::replace;
pub use error::StateError;
pub use files::InputNote;
pub use growing::Growing;
pub use keeper::{Keeper, Snapshot};
pub use owned::Owned;
pub use settings::Settings;

use crate::jsonl::Input;
use crate::pack::{Form, Unpackable, Unpacker};
use files::Files;
use lock::Lock;
use owned::Outputs;

/// The version is raised by every change of what a state holds that older programs would misread.
const FORM: Form = Form { magic: b"trendpipe state\n", version: 1, name: "state file" };

/// A state that this run holds.
#[derive(Debug)]
pub struct State {
    path: PathBuf,
    lock: Lock,
    settings: Vec<u8>,
    files: Files,
    outputs: Outputs,
    job: Option<Vec<u8>>,
}

impl State {
    /// Locks the state at `path` and reads it, if there is one, or begins a new one; so does `reset`, whatever there is.
    ///
    /// # Errors
    ///
    /// A [`StateError`] if another run holds it, if it cannot be used, or if it was made with other settings.
    pub fn open(path: &Path, settings: &Settings, reset: bool) -> anyhow::Result<State> {
        let lock = Lock::take(path)?;
        let mut state = State {
            path: path.to_owned(),
            lock,
            settings: [settings_line(settings).as_bytes(), b"\n"].concat(),
            files: Files::default(),
            outputs: Outputs::default(),
            job: None,
        };
        if reset {
            return Ok(state);
        }
        let file = match fs::read(path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(state),
            Err(error) => {
                return Err(error).with_context(|| format!("cannot read the state {}", path.display()));
            }
        };
        let unusable = |why: &dyn std::fmt::Display| StateError::unusable(path, why);
        let (kept, body) = FORM.parts(&file).map_err(|damage| unusable(&damage))?;
        let kept: Settings = serde_json::from_slice(kept).map_err(|error| unusable(&error))?;
        if let Some(difference) = settings::difference(&kept, settings) {
            return Err(StateError::other_settings(path, difference).into());
        }
        state.read(body).map_err(|error| unusable(&error))?;
        Ok(state)
    }

    fn read(&mut self, body: &[u8]) -> Result<(), Unpackable> {
        let mut unpacker = Unpacker::new(body);
        self.files = Files::unpack(&mut unpacker)?;
        self.outputs = Outputs::unpack(&mut unpacker)?;
        self.job = Some(unpacker.rest().to_vec());
        Ok(())
    }

    /// What the job packed when the state was saved; `None` in a new one.
    pub fn job(&self) -> Option<&[u8]> {
        self.job.as_deref()
    }

    /// What is wrong with the state, if not even its checksum tells.
    pub fn unusable(&self, why: impl std::fmt::Display) -> StateError {
        StateError::unusable(&self.path, why)
    }

    /// Opens the files where they were left, in the order in which they are to be read. Streams begin where they are.
    pub fn inputs(&mut self, paths: &[PathBuf]) -> anyhow::Result<(Vec<Input>, Vec<InputNote>)> {
        self.files.open(paths)
    }

    /// Opens the file that is written to under this name (what it is to the run), cut back to what the state knows of it.
    /// `None` for what is no regular file, and so cannot be cut.
    pub fn output(&mut self, name: &'static str, path: &Path) -> anyhow::Result<Option<Owned>> {
        self.outputs.open(name, path, &self.path)
    }

    /// Follows the run from here.
    pub fn keeper(self, every: std::time::Duration) -> io::Result<Keeper> {
        Keeper::start(self, every)
    }
}

fn settings_line(settings: &Settings) -> String {
    serde_json::Value::Object(settings.clone()).to_string()
}
