//! What came from a source that cannot send the same bytes again, kept until no later run needs it.
//!
//! The lines of a socket exist once. So they are written to a folder of segments before anybody sees them, and a run that goes
//! on reads them from there, from any place that an earlier run was told of, before it reads the source again. **Invariant**:
//! what was handed on stands in the spool, byte for byte and at the place at which it was handed on.
//!
//! Along its lines the spool keeps what the source itself needs to go on behind them: its token, and the ids of its newest
//! records. Lines, token and ids are one frame with a checksum, written by one call, so they are there together or not at all.
//!
//! | what happens | what is there afterwards |
//! | --- | --- |
//! | the process is killed | all that was written: it is with the system. A frame that was being written is torn, and cut off; nobody has seen it |
//! | the machine loses power | what was written before its [files](Spool::unsynced) were flushed last, at least; what came later the source may send again, from the token that is left |
//! | the disk is full | what was there before; the frame is taken back, and the run ends |
//!
//! **Cost**: one `write` for what one read brought, 64 KiB of it where the source is fast. Segments that lie wholly before the
//! place that [`Spool::release`] names are removed, so the folder holds what is not committed, and up to one segment more.

mod frame;
mod segments;
mod source;
#[cfg(test)]
mod tests;

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::error::StateError;
use super::lock::Lock;
use super::marks::NAME;
use crate::jsonl::{ByteSource, Trail};
use segments::Segments;

/// A spool that this process holds. A clone is the same one.
#[derive(Clone)]
pub struct Spool(Arc<Shared>);

struct Shared {
    _lock: Lock,
    /// The place from which it is read in this run.
    first: u64,
    segments: Mutex<Segments>,
}

/// What a source goes on with: its token, and the ids of its newest records, oldest first.
pub type Known = (Option<Vec<u8>>, Vec<Box<[u8]>>);

impl Spool {
    /// Opens the spool in this folder, or begins one, to be read from `place` on: 0 is its beginning. A tail that a kill has
    /// torn is cut off. As many ids are kept as are given to it with each segment.
    ///
    /// # Errors
    ///
    /// A [`StateError`](super::StateError) if another process holds it, or if the place is not in it (any more).
    pub fn open(folder: &Path, place: u64) -> anyhow::Result<Spool> {
        Spool::with_segments_of(folder, place, segments::LARGE)
    }

    fn with_segments_of(folder: &Path, place: u64, bytes: u64) -> anyhow::Result<Spool> {
        fs::create_dir_all(folder).map_err(|error| {
            let place = folder.display();
            anyhow::Error::new(error).context(format!("cannot make the folder {place}"))
        })?;
        let lock = Lock::take(folder).map_err(|error| StateError::rename(error, NAME))?;
        let segments = Segments::open(folder, place, bytes)?;
        Ok(Spool(Arc::new(Shared { _lock: lock, first: place, segments: Mutex::new(segments) })))
    }

    /// With what the source goes on, behind the last line that is here.
    pub fn known(&self) -> Known {
        self.segments().known()
    }

    /// Whether the source came to its end: there is no more than what is here.
    pub fn is_ended(&self) -> bool {
        self.segments().is_ended()
    }

    /// The lines that are here, and behind them those of the source, which are kept before they are handed out. The trail is
    /// the source's own, that began with what was [known](Spool::known).
    pub fn source(&self, source: Box<dyn ByteSource>, trail: Option<Trail>) -> Box<dyn ByteSource> {
        Box::new(source::SpooledSource::new(self.clone(), source, trail))
    }

    /// The place behind the first `read` bytes that its source has handed out in this run.
    pub fn place(&self, read: u64) -> u64 {
        self.0.first + read
    }

    /// What is to be flushed so that all that was written so far is on the disk, with the paths.
    pub fn unsynced(&self) -> io::Result<Vec<(PathBuf, File)>> {
        self.segments().unsynced()
    }

    /// No run will go on from before this place.
    pub fn release(&self, place: u64) -> io::Result<()> {
        self.segments().release(place)
    }

    fn segments(&self) -> MutexGuard<'_, Segments> {
        // Whoever panicked with the lock left a whole frame or a torn one, which the next run cuts off.
        self.0.segments.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
