//! Files that the run writes: appended to, and cut back at the next start to the length that the state knows.

use std::fs::{File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

use anyhow::Context as _;

use super::content::looks;
use super::error::StateError;
use super::seen::Identity;
use crate::pack::{Packer, Unpackable, Unpacker};

/// A file to write to, at its end.
#[derive(Debug)]
pub struct Owned {
    /// Everything written goes to its end.
    pub file: File,
    /// How long it is.
    pub length: u64,
    /// What its writer packed when the state was saved; `None` if the state knows nothing of this file.
    pub memory: Option<Vec<u8>>,
}

/// What a state knows of one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Known {
    pub name: Vec<u8>,
    pub identity: Identity,
    pub length: u64,
    pub memory: Vec<u8>,
}

/// A file that is open in this run.
#[derive(Debug)]
pub(super) struct Open {
    pub name: &'static str,
    pub path: PathBuf,
    pub identity: Identity,
    /// The same file once more: to flush it to the disk, and to cut it.
    pub file: File,
    /// How long it is by the state on disk.
    pub length: u64,
}

#[derive(Debug, Default)]
pub(super) struct Outputs {
    known: Vec<Known>,
    pub open: Vec<Open>,
    /// The state on disk does not know an open file, or another length of it.
    pub is_new: bool,
}

impl Outputs {
    pub fn open(&mut self, name: &'static str, path: &Path, state: &Path) -> anyhow::Result<Option<Owned>> {
        let cannot_write = || format!("cannot write {}", path.display());
        let is_device = path.starts_with("/dev") || path.starts_with("/proc");
        if is_device
            || std::fs::metadata(path).is_ok_and(|metadata| !metadata.is_file() && !metadata.is_dir())
        {
            return Ok(None);
        }
        let file = OpenOptions::new().append(true).create(true).open(path).with_context(cannot_write)?;
        let (identity, stamp) = looks(&file.metadata().with_context(cannot_write)?);
        let known =
            self.known.iter().find(|known| known.name == name.as_bytes() && known.identity == identity);
        let mut owned = Owned { file, length: stamp.size, memory: None };
        match known {
            // Emptied by somebody who has taken what was in it.
            Some(known) if stamp.size == 0 && known.length > 0 => self.is_new = true,
            Some(known) if stamp.size < known.length => {
                let why = format!(
                    "{} has {} bytes, but {} were written to it",
                    path.display(),
                    stamp.size,
                    known.length
                );
                return Err(StateError::output(state, why).into());
            }
            Some(known) => {
                owned.file.set_len(known.length).with_context(cannot_write)?;
                (owned.length, owned.memory) = (known.length, Some(known.memory.clone()));
            }
            None => self.is_new = true,
        }
        let again = owned.file.try_clone().with_context(cannot_write)?;
        self.open.push(Open { name, path: path.to_owned(), identity, file: again, length: owned.length });
        Ok(Some(owned))
    }

    pub fn unpack(unpacker: &mut Unpacker<'_>) -> Result<Outputs, Unpackable> {
        let length = unpacker.length()?;
        let known = (0..length).map(|_| Known::unpack(unpacker)).collect::<Result<_, _>>()?;
        Ok(Outputs { known, ..Outputs::default() })
    }

    /// What was written after the last state is taken back: the run failed, and the next one writes it again.
    pub fn cut_back(&self) -> io::Result<()> {
        self.open.iter().try_for_each(|open| open.file.set_len(open.length))
    }
}

impl Open {
    /// How it is known when it is so long.
    pub fn pack(&self, length: u64, memory: &[u8], packer: &mut Packer) {
        packer.string(self.name.as_bytes());
        packer.u64(self.identity.device);
        packer.u64(self.identity.inode);
        packer.u64(length);
        packer.string(memory);
    }
}

impl Known {
    fn unpack(unpacker: &mut Unpacker<'_>) -> Result<Known, Unpackable> {
        Ok(Known {
            name: unpacker.string()?.to_vec(),
            identity: Identity { device: unpacker.u64()?, inode: unpacker.u64()? },
            length: unpacker.u64()?,
            memory: unpacker.string()?.to_vec(),
        })
    }
}
