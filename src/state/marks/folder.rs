//! The folder of a pipeline's checkpoints: which mark is committed, and what each stage saved at which.
//!
//! | path | what |
//! | --- | --- |
//! | `committed` | the number of the mark that a new run begins at; written by the last stage alone |
//! | `STAGE/7` | what a stage saved at mark 7: the form of a state file |
//! | `STAGE.lock` | held by the stage while it runs |

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use serde_json::{Value, json};

use crate::state::atomic;
use crate::state::error::StateError;

/// The part of one stage.
#[derive(Clone, Debug)]
pub(in crate::state) struct Folder {
    root: PathBuf,
    stage: PathBuf,
}

impl Folder {
    pub fn new(root: &Path, stage: &str) -> Folder {
        Folder { root: root.to_owned(), stage: root.join(stage) }
    }

    /// Makes the folders that are not there.
    pub fn create(&self) -> anyhow::Result<()> {
        fs::create_dir_all(&self.stage).with_context(|| format!("cannot make {}", self.stage.display()))
    }

    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The stage's own folder; its lock is named after it.
    pub fn stage(&self) -> &Path {
        &self.stage
    }

    /// The file of what the stage saved at a mark.
    pub fn snapshot(&self, id: u64) -> PathBuf {
        self.stage.join(id.to_string())
    }

    /// The mark that is committed; 0 before the first.
    pub fn committed(&self) -> anyhow::Result<u64> {
        let path = self.root.join("committed");
        let text = match fs::read(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(0),
            Err(error) => return Err(error).with_context(|| format!("cannot read {}", path.display())),
        };
        let record: Option<Value> = serde_json::from_slice(&text).ok();
        let id = record.and_then(|record| record.get("id")?.as_u64());
        let unusable = || StateError::unusable(&path, "it names no mark").called(super::NAME);
        Ok(id.ok_or_else(unusable)?)
    }

    /// Makes a mark the one that a new run begins at. It is on the disk when this returns.
    pub fn commit(&self, id: u64) -> io::Result<()> {
        atomic::replace(&self.root.join("committed"), &[format!("{}\n", json!({ "id": id })).as_bytes()])
    }

    /// The marks that the stage saved something at, in no order.
    pub fn saved(&self) -> io::Result<Vec<u64>> {
        let names =
            fs::read_dir(&self.stage)?.map(|entry| Ok(entry?.file_name())).collect::<io::Result<Vec<_>>>()?;
        Ok(names.iter().filter_map(|name| name.to_str()?.parse().ok()).collect())
    }

    /// Removes what the stage saved before this mark.
    pub fn forget_before(&self, id: u64) {
        // What stays costs room only, and the next one tries again.
        for old in self.saved().unwrap_or_default().into_iter().filter(|saved| *saved < id) {
            let _ = fs::remove_file(self.snapshot(old));
        }
    }
}
