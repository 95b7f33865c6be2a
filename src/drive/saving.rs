//! Saving what a later run is to go on from: between two chunks, so that input, job and output agree.

use std::time::{Duration, Instant};

use super::run::Run;
use super::{End, Job};
use crate::state::Keeper;
use crate::state::marks::Stage;

/// How often the state was saved, and for how long that stopped the run at most.
#[derive(Default)]
pub(super) struct Saves {
    pub(super) count: u64,
    pub(super) longest: Duration,
}

impl<J: Job> Run<'_, J> {
    /// Before anything is written to an output that the state does not know: so it is known how long it was.
    pub(super) fn save_what_is_owed(&mut self) -> anyhow::Result<()> {
        if self.keeper.as_ref().is_some_and(Keeper::is_owed) {
            self.save(self.stage().map(Stage::restore))?;
            self.keeper.as_mut().map_or(Ok(()), Keeper::settle)?;
        }
        Ok(())
    }

    /// When a save is wanted although nothing else happens.
    pub(super) fn save_at(&self) -> Option<Instant> {
        self.keeper.as_ref().filter(|_| self.may_save()).and_then(Keeper::due)
    }

    pub(super) fn save_if_due(&mut self) -> anyhow::Result<()> {
        if self.stage().is_some() {
            return self.keep_marks();
        }
        if self.may_save()
            && let Some(keeper) = &mut self.keeper
            && keeper.is_due()?
        {
            self.save_unmarked()?;
        }
        Ok(())
    }

    /// Saves what there is, with what is left of a chunk for later if the job packs it: else a later run takes the whole chunk again.
    fn save_unmarked(&mut self) -> anyhow::Result<()> {
        if self.job.packs_rest() {
            self.note_held()?;
        }
        self.save(None)
    }

    /// Saves what there is; of a stage, at this mark.
    pub(super) fn save(&mut self, mark: Option<u64>) -> anyhow::Result<()> {
        let Some(keeper) = &mut self.keeper else { return Ok(()) };
        let begun = Instant::now();
        self.output.flush()?;
        self.ledger.flush()?;
        let mut snapshot = keeper.begin(mark);
        if let Some(length) = self.output.owned_length() {
            snapshot.output("output", length, self.output.memory());
        }
        if let Some(length) = self.ledger.owned_length() {
            snapshot.output("rejects", length, Vec::new());
        }
        self.job.save(&mut snapshot)?;
        keeper.save(snapshot)?;
        if let Some(saves) = &mut self.saves {
            saves.count += 1;
            saves.longest = saves.longest.max(begun.elapsed());
        }
        Ok(())
    }

    /// Saves what there is at the end, and waits until it is on the disk. A run that had too many rejects leaves no trace:
    /// the next one meets them again.
    pub(super) fn save_at_end(&mut self, end: End) -> anyhow::Result<()> {
        let Some(keeper) = &mut self.keeper else { return Ok(()) };
        if keeper.stage().is_some() {
            if end == End::Input && self.read_end.as_ref().is_some_and(|(_, error)| error.is_none()) {
                keeper.all_read();
            }
            return self.end_marks(end);
        }
        keeper.settle()?;
        if end == End::Rejects {
            self.take_back();
            return Ok(());
        }
        if end == End::Input && self.read_end.as_ref().is_some_and(|(_, error)| error.is_none()) {
            keeper.all_read();
        }
        self.save_unmarked()?;
        self.keeper.take().map_or(Ok(()), |mut keeper| keeper.settle())
    }

    /// The run failed, and its error is told: what it wrote after the last save is not left to be read by others. The next
    /// run would take it back in any case.
    pub(super) fn take_back(&mut self) {
        if let Some(keeper) = self.keeper.take() {
            let _ = keeper.give_up();
        }
    }
}
