//! The arguments that let a fetch go on where the last one ended.

use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;

use super::Usage;
use super::state::Kept;
use crate::pack::Unpacker;
use crate::source::Resume;
use crate::state::{Settings, State, StateError};

/// How often a cursor is saved.
const EVERY: Duration = Duration::from_secs(1);
/// What the option is called.
const NAME: &str = "cursor";

/// Where the places are kept.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Live sources")]
pub struct CursorArgs {
    /// Go on where the last run with FILE ended, which keeps the place in each source; -o is appended to
    #[arg(long, value_name = "FILE", conflicts_with_all = ["checkpoint", "stage", "mark_every"])]
    cursor: Option<PathBuf>,
    /// Begin anew, whatever FILE holds
    #[arg(long, requires = "cursor")]
    cursor_reset: bool,
}

/// A cursor that is open.
pub struct Cursor {
    pub(super) kept: Kept,
    /// By source; empty in a new one.
    places: Vec<Resume>,
}

impl Cursor {
    /// Where to go on with this source.
    pub(super) fn place(&self, source: usize) -> Resume {
        self.places.get(source).cloned().unwrap_or_default()
    }
}

impl CursorArgs {
    /// The file that is written.
    pub fn path(&self) -> Option<&Path> {
        self.cursor.as_deref()
    }

    /// Opens the cursor for these sources, if there is to be one.
    pub(super) fn open(&self, sources: &[String]) -> anyhow::Result<Option<Cursor>> {
        let Some(path) = &self.cursor else { return Ok(None) };
        let mut settings = Settings::new();
        settings.insert("sources".into(), sources.iter().map(|source| shown(source)).collect());
        let state = State::open(path, &settings, self.cursor_reset)
            .map_err(|error| StateError::rename(error, NAME))?;
        let places = match state.job() {
            None => Vec::new(),
            Some(packed) => Resume::unpack(&mut Unpacker::new(packed))
                .map_err(|error| state.unusable(error).called(NAME))?,
        };
        Ok(Some(Cursor { kept: Kept::of(state, EVERY), places }))
    }
}

/// A source as a cursor may hold it: the query of a URL, which may be secret, only by its checksum.
pub(super) fn shown(source: &str) -> String {
    match source.split_once('?') {
        Some((place, query)) if source.contains("://") => {
            format!("{place}?…{:08x}", crc32fast::hash(query.as_bytes()))
        }
        _ => source.to_owned(),
    }
}

/// Files and live sources go on in different ways.
pub(super) fn mixed() -> Usage {
    let hint =
        "--cursor goes on with files, or with live sources, but not with both: run one stream-fetch for each";
    Usage(hint.into())
}
