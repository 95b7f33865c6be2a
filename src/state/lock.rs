//! One run at a time: a lock that the kernel gives back when its holder ends, however it ends.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::Path;

use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;

use super::atomic;
use super::error::StateError;

/// Held as long as it lives. The file beside the state stays: to remove it would let two runs in.
#[derive(Debug)]
pub(super) struct Lock {
    _file: File,
}

impl Lock {
    /// Takes the lock of the state at `path`, or says that another run has it.
    pub(super) fn take(path: &Path) -> anyhow::Result<Lock> {
        let beside = atomic::beside(path, "", ".lock")?;
        let open = || -> io::Result<File> {
            OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&beside)
        };
        let mut file = open().map_err(|error| {
            anyhow::Error::new(error).context(format!("cannot write {}", beside.display()))
        })?;
        match flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => {}
            Err(Errno::WOULDBLOCK) => {
                let mut holder = String::new();
                // Only for the message.
                let _ = file.read_to_string(&mut holder);
                let holder = Some(holder.trim().to_owned()).filter(|holder| !holder.is_empty());
                return Err(StateError::locked(path, holder).into());
            }
            Err(error) => {
                let error = anyhow::Error::new(io::Error::from(error));
                return Err(error.context(format!("cannot lock {}", beside.display())));
            }
        }
        // Who holds it is told to others, but the lock is good without.
        let _ = file.set_len(0).and_then(|()| write!(file, "{}", std::process::id()));
        Ok(Lock { _file: file })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_second_is_turned_away_until_the_first_ends() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("state");
        let first = Lock::take(&path).expect("free");
        let error = Lock::take(&path).expect_err("held");
        let error = error.downcast::<StateError>().expect("the lock's own error");
        assert!(error.is_locked() && error.to_string().contains(&std::process::id().to_string()), "{error}");
        drop(first);
        drop(Lock::take(&path).expect("free again"));
    }
}
