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
//! | [`marks`] | the same for a stage of a pipeline, at marks that all stages share |
//! | `spool` | what came from a source that cannot send it again |

mod atomic;
mod content;
mod error;
mod files;
mod growing;
mod keeper;
mod lock;
pub mod marks;
mod owned;
mod seen;
mod settings;
mod spool;
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
pub use spool::{Known, Spool};

use crate::jsonl::Input;
use crate::pack::{Form, Unpackable, Unpacker};
use files::Files;
use lock::Lock;
use marks::Stage;
use owned::Outputs;

/// The version is raised by every change of what a state holds that older programs would misread.
const FORM: Form = Form { magic: b"trendpipe state\n", version: 1, name: "state file" };

/// A state that this run holds.
#[derive(Debug)]
pub struct State {
    path: PathBuf,
    place: Place,
    settings: Vec<u8>,
    files: Files,
    outputs: Outputs,
    job: Option<Vec<u8>>,
}

/// Where a state is kept.
#[derive(Debug)]
enum Place {
    /// In one file, which is replaced.
    File(#[expect(dead_code, reason = "held as long as the state")] Lock),
    /// In a file for each mark.
    Stage(Box<Stage>),
}

impl State {
    /// Locks the state at `path` and reads it, if there is one, or begins a new one; so does `reset`, whatever there is.
    ///
    /// # Errors
    ///
    /// A [`StateError`] if another run holds it, if it cannot be used, or if it was made with other settings.
    pub fn open(path: &Path, settings: &Settings, reset: bool) -> anyhow::Result<State> {
        let mut state = State::new(path.to_owned(), Place::File(Lock::take(path)?), settings);
        if !reset {
            state.load(settings)?;
        }
        Ok(state)
    }

    /// What a stage of a pipeline saved at the mark where its run begins; new where that is before the first mark.
    ///
    /// # Errors
    ///
    /// A [`StateError`] if it cannot be used, or if it was made with other settings.
    pub fn of_stage(stage: Stage, settings: &Settings) -> anyhow::Result<State> {
        let (path, restore) = (stage.folder.snapshot(stage.restore()), stage.restore());
        let has_others = stage.folder.saved()?.into_iter().any(|saved| saved != restore);
        let mut state = State::new(path, Place::Stage(Box::new(stage)), settings);
        if !state.load(settings)? {
            if restore > 0 {
                let why = "the pipeline goes on at this mark, but this stage saved nothing there; was it not part of the pipeline before, or has \
                           it another --stage now?";
                return Err(state.unusable(why).into());
            }
            if has_others {
                return Err(state
                    .unusable("the folder names no mark that is committed, but once did")
                    .into());
            }
            // So a run that dies before its first mark is taken back, too.
            state.outputs.is_new = true;
        }
        Ok(state)
    }

    fn new(path: PathBuf, place: Place, settings: &Settings) -> State {
        State {
            path,
            place,
            settings: [settings_line(settings).as_bytes(), b"\n"].concat(),
            files: Files::default(),
            outputs: Outputs::default(),
            job: None,
        }
    }

    /// Reads what there is; false where there is nothing.
    fn load(&mut self, settings: &Settings) -> anyhow::Result<bool> {
        let file = match fs::read(&self.path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
            Err(error) => {
                return Err(error)
                    .with_context(|| format!("cannot read the {} {}", self.name(), self.path.display()));
            }
        };
        let unusable = |why: &dyn std::fmt::Display| self.unusable(why);
        let (kept, body) = FORM.parts(&file).map_err(|damage| unusable(&damage))?;
        let kept: Settings = serde_json::from_slice(kept).map_err(|error| unusable(&error))?;
        if let Some(difference) = settings::difference(&kept, settings) {
            return Err(StateError::other_settings(&self.path, difference).called(self.name()).into());
        }
        self.read(body).map_err(|error| self.unusable(error))?;
        Ok(true)
    }

    /// What the option that it belongs to is called.
    fn name(&self) -> &'static str {
        match self.place {
            Place::File(_) => "state",
            Place::Stage(_) => marks::NAME,
        }
    }

    /// The stage that it is of, if it is of one.
    pub fn stage(&self) -> Option<&Stage> {
        match &self.place {
            Place::File(_) => None,
            Place::Stage(stage) => Some(stage),
        }
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
        StateError::unusable(&self.path, why).called(self.name())
    }

    /// Opens the files where they were left, in the order in which they are to be read. Streams begin where they are.
    pub fn inputs(&mut self, paths: &[PathBuf]) -> anyhow::Result<(Vec<Input>, Vec<InputNote>)> {
        self.files.open(paths)
    }

    /// Opens the file that is written to under this name (what it is to the run), cut back to what the state knows of it.
    /// `None` for what is no regular file, and so cannot be cut.
    pub fn output(&mut self, name: &'static str, path: &Path) -> anyhow::Result<Option<Owned>> {
        let called = self.name();
        self.outputs.open(name, path, &self.path).map_err(|error| StateError::rename(error, called))
    }

    /// Follows the run from here. A stage saves at marks, and `every` means nothing to it.
    pub fn keeper(self, every: std::time::Duration) -> io::Result<Keeper> {
        Keeper::start(self, every)
    }
}

fn settings_line(settings: &Settings) -> String {
    serde_json::Value::Object(settings.clone()).to_string()
}
