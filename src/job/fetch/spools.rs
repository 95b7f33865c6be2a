//! Where each source of a pipeline with marks was read to at which mark: a later run goes on there, and of a spool what lies before a
//! committed mark is removed.

use std::collections::VecDeque;

use crate::pack::{Packer, Unpackable, Unpacker};
use crate::state::marks::Commits;
use crate::state::{Snapshot, Spool};

/// How a source is read again.
pub enum Again {
    /// What came of it is kept.
    Spooled(Spool),
    /// It gives the same bytes each time; this run began behind so many.
    Same(u64),
}

impl Again {
    /// The place behind the first `read` bytes of this run.
    fn place(&self, read: u64) -> u64 {
        match self {
            Again::Spooled(spool) => spool.place(read),
            Again::Same(first) => first + read,
        }
    }

    fn spool(&self) -> Option<&Spool> {
        match self {
            Again::Spooled(spool) => Some(spool),
            Again::Same(_) => None,
        }
    }
}

/// The sources of a run.
pub struct Spools {
    sources: Vec<Again>,
    commits: Commits,
    /// Marks that may be committed any time, and the places of the spools at them.
    marked: VecDeque<(u64, Vec<u64>)>,
}

impl Spools {
    /// Those of a run, in their order.
    pub fn new(sources: Vec<Again>, commits: Commits) -> Spools {
        Spools { sources, commits, marked: VecDeque::new() }
    }

    /// Packs the places, and has what stands before them on the disk.
    pub(super) fn save(&mut self, snapshot: &mut Snapshot, packer: &mut Packer) -> anyhow::Result<()> {
        let places: Vec<u64> =
            self.sources.iter().enumerate().map(|(input, again)| again.place(snapshot.read(input))).collect();
        packer.length(places.len());
        places.iter().for_each(|place| packer.u64(*place));
        for spool in self.sources.iter().filter_map(Again::spool) {
            for (path, file) in spool.unsynced()? {
                snapshot.flush(path, file);
            }
        }
        if let Some(mark) = snapshot.mark() {
            self.release(self.commits.newest()?)?;
            self.marked.push_back((mark, places));
        }
        Ok(())
    }

    /// Gives up what stands before a committed mark.
    fn release(&mut self, committed: u64) -> anyhow::Result<()> {
        while let Some((_, places)) = self.marked.pop_front_if(|(mark, _)| *mark <= committed) {
            for (again, place) in self.sources.iter().zip(places) {
                again.spool().map_or(Ok(()), |spool| spool.release(place))?;
            }
        }
        Ok(())
    }

    /// The places at which a run goes on that was saved so.
    ///
    /// # Errors
    ///
    /// These bytes were not packed like this.
    pub fn unpack(packed: &[u8]) -> Result<Vec<u64>, Unpackable> {
        let mut from = Unpacker::new(packed);
        if packed.is_empty() {
            return Ok(Vec::new());
        }
        let places = (0..from.length()?).map(|_| from.u64()).collect::<Result<_, _>>()?;
        from.end()?;
        Ok(places)
    }
}
