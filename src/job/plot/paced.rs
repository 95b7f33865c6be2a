//! Rows to windows to pictures, whatever the pictures are: which rows come, when they are drawn, how it ends.

use std::time::{Duration, Instant};

use super::pace::Pace;
use crate::drive::{Context, End, Figures, Flow, Job, Recipe};
use crate::job::top::{RowMapper, row_recipe};
use crate::jsonl::Chunk;
use crate::pack::{Packer, Unpackable, Unpacker};
use crate::row::Row;
use crate::state::Snapshot;

/// Where pictures are drawn.
pub trait Board {
    /// Takes a row.
    fn take(&mut self, row: Row, cx: &mut Context<'_>) -> anyhow::Result<()>;
    /// Ends windows that wait for rows.
    fn end_partial(&mut self, cx: &mut Context<'_>) -> anyhow::Result<()>;
    /// Whether there is something that no picture shows yet.
    fn is_stale(&self) -> bool;
    /// Draws it.
    fn draw(&mut self, cx: &mut Context<'_>) -> anyhow::Result<()>;
    /// Draws and says what belongs to the end of the input, when all windows are whole.
    fn finish(&mut self, cx: &mut Context<'_>) -> anyhow::Result<()>;
    /// Whether there was nothing to draw.
    fn is_empty(&self) -> bool;
    /// Pictures so far.
    fn drawn(&self) -> u64;
    /// Packs what a later run needs to draw the same.
    fn pack(&self, packer: &mut Packer);
    /// Goes on with what was packed, and draws it again.
    fn unpack(&mut self, from: &mut Unpacker<'_>) -> Result<(), Unpackable>;
}

/// A job that draws on a board, as soon as there is something new, but at most so often.
pub struct Paced<B> {
    board: B,
    pace: Pace,
}

impl<B: Board> Paced<B> {
    /// Draws at least so far apart; `None`: only at the end, but for what the board draws by itself.
    pub(super) fn on(board: B, every: Option<Duration>) -> Paced<B> {
        Paced { board, pace: Pace::new(every) }
    }

    /// Whether there was anything to draw.
    pub fn is_empty(&self) -> bool {
        self.board.is_empty()
    }

    /// Goes on where the job was that was saved so.
    ///
    /// # Errors
    ///
    /// These bytes are not what [`Job::save`] packed.
    pub fn restore(&mut self, packed: &[u8]) -> Result<(), Unpackable> {
        let mut from = Unpacker::new(packed);
        self.board.unpack(&mut from)?;
        from.end()
    }

    fn draw_if_due(&mut self, cx: &mut Context<'_>) -> anyhow::Result<()> {
        if self.pace.is_due(self.board.is_stale()) {
            self.board.draw(cx)?;
            self.pace.has_drawn();
        }
        Ok(())
    }
}

impl<B: Board> Job for Paced<B> {
    type Mapper = RowMapper;

    fn recipe(&self) -> Recipe<RowMapper> {
        row_recipe(true)
    }

    fn apply(&mut self, _chunk: &Chunk, rows: Vec<Row>, cx: &mut Context<'_>) -> anyhow::Result<Flow> {
        if !rows.is_empty() {
            self.pace.rows_came();
        }
        for row in rows {
            self.board.take(row, cx)?;
        }
        self.draw_if_due(cx)?;
        Ok(Flow::On)
    }

    fn alarm(&self) -> Option<Instant> {
        self.pace.alarm(self.board.is_stale())
    }

    fn ring(&mut self, cx: &mut Context<'_>) -> anyhow::Result<()> {
        if self.pace.is_silent() {
            self.board.end_partial(cx)?;
        }
        self.draw_if_due(cx)
    }

    fn finish(&mut self, _end: End, cx: &mut Context<'_>) -> anyhow::Result<()> {
        self.board.end_partial(cx)?;
        self.board.finish(cx)
    }

    fn save(&mut self, snapshot: &mut Snapshot) -> anyhow::Result<()> {
        self.board.pack(&mut snapshot.job);
        Ok(())
    }

    fn figures(&self, figures: &mut Figures) {
        figures.insert("charts".into(), self.board.drawn().into());
    }
}
