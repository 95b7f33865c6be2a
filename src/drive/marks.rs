//! Marks in a run: a stage of a pipeline saves at each, and passes it on (see [`crate::state::marks`] for what they are).
//!
//! How a tool takes part: it gives [`Settings::keeper`](super::Settings) a keeper of a [`Stage`](crate::state::marks::Stage).
//!
//! - A **source** makes a mark when it is time to, between two chunks. Its job is saved as for `--state`; one that holds lines of a chunk back
//!   until they are due says by [`Job::packs_rest`] that its snapshot has them, and is given its turn by [`Job::begin`].
//! - A **stage behind it** meets a mark as a chunk of its own ([`ChunkKind::Mark`](crate::jsonl::ChunkKind)): all before it was applied. A job
//!   that keeps things on their way (rows that a database has not confirmed) gets them there in [`Job::reach_mark`]; then
//!   [`Job::save`] packs what it knows.
//! - The **last** stage does the same. What it writes to files of the state is flushed to the disk before the mark is committed; a job that writes
//!   elsewhere finds the mark's number in [`Snapshot::mark`](crate::state::Snapshot::mark), and may write it to the same place with its data.
//!
//! **The pause** is the packing alone. The file is written by the keeper's thread, and the mark is passed on when it is on the disk: until then the
//! mark and all output behind it wait in memory ([`Output::hold`](crate::jsonl::Output::hold)), at most so much, and the next mark
//! waits for this one. Without a keeper of a stage nothing is looked for, and nothing held.

use serde_json::json;

use super::run::{Held, Run};
use super::{Context, End, Flow, Job};
use crate::jsonl::Chunk;
use crate::state::marks::{Mark, MarkFinder, Stage, Word, cut};

/// With so much output waiting for the disk the run waits, too.
const MOST_HELD: usize = 4 << 20;

/// The mark behind which nothing comes, and its line.
pub(super) type EndMark = (u64, Vec<u8>);

impl<J: Job> Run<'_, J> {
    pub(super) fn stage(&self) -> Option<&Stage> {
        self.keeper.as_ref().and_then(|keeper| keeper.stage())
    }

    /// What the marks in the input are known by.
    pub(super) fn finder(stage: Option<&Stage>) -> Option<MarkFinder> {
        stage.filter(|stage| !stage.is_source()).map(|stage| MarkFinder::new(stage.run()))
    }

    fn is_behind(&self) -> bool {
        self.stage().is_some_and(|stage| !stage.is_source())
    }

    /// Tells the stage behind where the run begins, before all else.
    pub(super) fn tell_first_mark(&mut self) -> anyhow::Result<()> {
        let line = self.stage().filter(|stage| !stage.is_last()).map(Stage::first_line);
        if let Some(line) = line {
            self.output.text(&line)?;
            self.output.flush()?;
        }
        Ok(())
    }

    /// The job has done what it does at a mark, or not yet.
    pub(super) fn met(&mut self, chunk: Chunk, flow: Flow) -> anyhow::Result<Option<End>> {
        if let Flow::Later(due) = flow {
            self.output.settle()?;
            self.held = Some(Held { chunk, rejects: Vec::new(), due, is_noted: true });
            return Ok(None);
        }
        let word = Mark::read(chunk.bytes()).map(|mark| mark.word);
        match word {
            Some(Word::Save { id, end: true }) => self.end_mark = Some((id, chunk.bytes().to_vec())),
            Some(Word::Save { id, end: false }) => self.save_at_mark(id, chunk.bytes())?,
            Some(Word::Restore(_)) | None => {}
        }
        self.pool.0.give(chunk.into_buffer());
        Ok(None)
    }

    /// Asks the job to get there what is on its way.
    pub(super) fn reach_mark(&mut self, chunk: Chunk) -> anyhow::Result<Option<End>> {
        let flow =
            self.job.reach_mark(&chunk, &mut Context { out: &mut self.output, notes: &mut self.notes })?;
        self.met(chunk, flow)
    }

    /// What ends a stage whose input has ended without its end mark; `None` where that is no matter.
    pub(super) fn ended_unmarked(&mut self) -> anyhow::Result<Option<End>> {
        let has_failed = self.read_end.as_ref().is_some_and(|(_, error)| error.is_some());
        if self.end_mark.is_some() || has_failed || !self.is_behind() {
            return Ok(None);
        }
        if let Some(number) = self.interrupt.signalled() {
            return Ok(Some(End::Signal(number)));
        }
        // The marks that came are good.
        self.pass_on(true)?;
        Err(cut().into())
    }

    fn save_at_mark(&mut self, id: u64, line: &[u8]) -> anyhow::Result<()> {
        self.pass_on(true)?;
        self.save(Some(id))?;
        if self.stage().is_some_and(|stage| !stage.is_last()) {
            self.output.hold(line)?;
        }
        Ok(())
    }

    /// Passes the last mark on, if it is on the disk; `wait`: when it is.
    fn pass_on(&mut self, wait: bool) -> anyhow::Result<()> {
        let Some(keeper) = &mut self.keeper else { return Ok(()) };
        if wait || self.output.held().is_some_and(|held| held > MOST_HELD) {
            keeper.settle()?;
        }
        if self.output.held().is_some() && keeper.is_settled()? {
            self.output.release()?;
        }
        Ok(())
    }

    /// Whether a save may be made now: not in the middle of a chunk, unless the job packs its rest.
    pub(super) fn may_save(&self) -> bool {
        self.held.is_none() || self.job.packs_rest()
    }

    /// Passes on what is on the disk, and makes a mark if it is time to.
    pub(super) fn keep_marks(&mut self) -> anyhow::Result<()> {
        self.pass_on(false)?;
        if self.may_save()
            && let Some(keeper) = &mut self.keeper
            && keeper.is_due()?
        {
            self.make_mark(false)?;
        }
        Ok(())
    }

    fn make_mark(&mut self, end: bool) -> anyhow::Result<()> {
        self.note_held()?;
        let at = self.last_input;
        let cursor = self.names.get(at).map(|name| json!({ "input": name, "lines": self.lines_before[at] }));
        match self.keeper.as_mut().and_then(|keeper| keeper.next_mark(cursor, end)) {
            Some((id, line)) => self.save_at_mark(id, &line),
            None => Ok(()),
        }
    }

    /// What is left of the chunk that is held is in the job's snapshot: it was read.
    pub(super) fn note_held(&mut self) -> anyhow::Result<()> {
        let Some(mut held) = self.held.take() else { return Ok(()) };
        if !std::mem::replace(&mut held.is_noted, true) {
            let rejects = std::mem::take(&mut held.rejects);
            self.enter(&held.chunk, &rejects)?;
            self.note_read(&held.chunk);
        }
        self.held = Some(held);
        Ok(())
    }

    /// The last mark of a stage: that of a source, or the end mark that came.
    pub(super) fn end_marks(&mut self, end: End) -> anyhow::Result<()> {
        self.pass_on(true)?;
        let is_source = !self.is_behind();
        match self.end_mark.take() {
            _ if end == End::Rejects => self.take_back(),
            // After a signal a later run goes on, as if there had been none.
            None if is_source => self.make_mark(matches!(end, End::Input | End::Done))?,
            Some((id, line)) => self.save_at_mark(id, &line)?,
            None if end == End::Done => return Err(cut().into()),
            None => self.take_back(),
        }
        self.pass_on(true)?;
        self.keeper = None;
        Ok(())
    }
}
