//! Drives a [`Job`] over its inputs: the reader, the workers, the ordered half, the flush rule.
//!
//! A job has two halves. Its [`Mapper`] is pure and sees one record; several run at once. Its [`Job::apply`] sees the
//! batches in input order, on one thread, and writes. So the number of threads never changes a byte of the output.
//!
//! **Flush rule.** Output waits in a large buffer, and is written when the reader is about to wait (its chunk carries a
//! ticket that travels in order), when it has waited for 10 ms, and when the job says so. So a tool is as fast as its
//! buffer in a batch, and immediate on a slow pipe, without a flag.

mod context;
mod figures;
mod interrupt;
mod map;
mod marks;
mod notes;
mod pool;
mod reader;
mod rejects;
mod run;
mod saving;
mod settings;
#[cfg(test)]
mod tests;
mod turns;
mod usage;
mod workers;

use std::sync::Arc;
use std::time::Instant;

use serde_json::{Map, Value};

use crate::jsonl::Chunk;
use crate::state::Snapshot;

pub use context::Context;
pub use interrupt::Interrupt;
pub use map::{Checks, Mapper, fault};
pub use notes::{Loudness, NoteWriter, Notes, harmless};
pub use reader::ReadError;
pub use run::run;
pub use settings::{Failure, Outcome, Progress, Settings, Watcher};
pub use usage::Usage;

use map::Mapped;

/// Makes a mapper, on the thread where it is to work.
pub type Recipe<M> = Arc<dyn Fn() -> anyhow::Result<M> + Send + Sync>;

/// Figures of a run by name, for `--stats`.
pub type Figures = Map<String, Value>;

/// What a tool does with records.
pub trait Job {
    /// The pure half.
    type Mapper: Mapper + 'static;

    /// Looks at chunks, one by one in order and before they are mapped, until it says that it knows enough to make
    /// mappers (which field is the time). Until then there is one mapper, made anew for each chunk.
    fn settle(&mut self, chunk: &Chunk, notes: &mut Notes) -> anyhow::Result<bool> {
        let _ = (chunk, notes);
        Ok(true)
    }

    /// How a mapper is made.
    fn recipe(&self) -> Recipe<Self::Mapper>;

    /// Takes the batch of a chunk, in input order.
    fn apply(
        &mut self,
        chunk: &Chunk,
        batch: <Self::Mapper as Mapper>::Batch,
        cx: &mut Context<'_>,
    ) -> anyhow::Result<Flow>;

    /// Called once, before anything is read: sends what an earlier run had read and not sent. At [`Flow::Later`] it goes on with
    /// this chunk, in which nothing is.
    fn begin(&mut self, chunk: &Chunk, cx: &mut Context<'_>) -> anyhow::Result<Flow> {
        let _ = (chunk, cx);
        Ok(Flow::On)
    }

    /// Goes on with a chunk that was left at [`Flow::Later`].
    fn go_on(&mut self, chunk: &Chunk, cx: &mut Context<'_>) -> anyhow::Result<Flow> {
        let _ = (chunk, cx);
        Ok(Flow::On)
    }

    /// All inputs are at their end: sends what it kept back. At [`Flow::Later`] it goes on with this chunk, in which nothing is.
    fn send_rest(&mut self, chunk: &Chunk, cx: &mut Context<'_>) -> anyhow::Result<Flow> {
        let _ = (chunk, cx);
        Ok(Flow::On)
    }

    /// A mark of the pipeline has come, and [`Job::save`] follows: gets there what is on its way. At [`Flow::Later`] it goes on with
    /// this chunk.
    fn reach_mark(&mut self, chunk: &Chunk, cx: &mut Context<'_>) -> anyhow::Result<Flow> {
        let _ = (chunk, cx);
        Ok(Flow::On)
    }

    /// What a person who watches wants to know beside the figures, by the newest chunk. Asked for now and then, and only where
    /// somebody watches.
    fn status(&mut self, chunk: &Chunk) -> Option<String> {
        let _ = chunk;
        None
    }

    /// When the job wants to be called although no input comes, by the wall clock.
    fn alarm(&self) -> Option<Instant> {
        None
    }

    /// The time of [`Job::alarm`] has come.
    fn ring(&mut self, cx: &mut Context<'_>) -> anyhow::Result<()> {
        let _ = cx;
        Ok(())
    }

    /// Called once, after the last batch, whatever ended the run.
    fn finish(&mut self, end: End, cx: &mut Context<'_>) -> anyhow::Result<()>;

    /// Packs all that the job must know to go on in another process as if nothing had happened; it is between two chunks.
    ///
    /// # Errors
    ///
    /// What it wrote itself could not be flushed.
    fn save(&mut self, snapshot: &mut Snapshot) -> anyhow::Result<()> {
        let _ = snapshot;
        Ok(())
    }

    /// Whether [`Job::save`] also packs what is left of a chunk for later, so that a save or a mark may stand in the middle of it. A run that
    /// goes on from there is given its turn by [`Job::begin`].
    fn packs_rest(&self) -> bool {
        false
    }

    /// Adds the job's own figures.
    fn figures(&self, figures: &mut Figures) {
        let _ = figures;
    }
}

/// Whether a job wants more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flow {
    /// More.
    On,
    /// A part of this chunk is left until then. A job never waits itself: signals, flushes and figures go on meanwhile.
    Later(Instant),
    /// It has its answer: reading stops.
    Done,
    /// It has its answer in the line at this place of the chunk: what stands behind it was never there.
    DoneBehind(usize),
}

/// What ended a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// All inputs are at their end.
    Input,
    /// The job had its answer.
    Done,
    /// A signal came.
    Signal(i32),
    /// Too many rejects.
    Rejects,
    /// An input failed before its end.
    Broken,
}

/// What the threads tell the run.
enum Event<B> {
    Read {
        sequence: u64,
        chunk: Chunk,
    },
    Mapped {
        sequence: u64,
        chunk: Chunk,
        mapped: Mapped<B>,
    },
    /// Reading ended after `sequence` chunks.
    End {
        sequence: u64,
        error: Option<ReadError>,
    },
    Failed(anyhow::Error),
    /// The [`Interrupt`] was set.
    Woken,
}
