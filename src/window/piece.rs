//! Pieces of windows, and how those of other processes come in.

use super::cell::Cell;
use super::clock::NEVER;
use super::emission::Sink;
use super::kind::Kind;
use super::pane::Share;
use super::stats::Outcome;
use super::{Windows, raise};
use crate::pack::{Packer, Unpackable, Unpacker};
use crate::time::Millis;
use std::borrow::Cow;
use std::fmt;

/// One key of one pane; see [`super::PartialWindows`].
#[derive(Clone, Debug)]
pub struct Piece<'a> {
    /// Of which of the windows of the settings.
    pub window: usize,
    /// The pane's start; or of a session and of the window over everything, the smallest time.
    pub first: Millis,
    /// The same; or the largest time.
    pub last: Millis,
    /// As it was counted.
    pub key: &'a [u8],
    /// Records.
    pub count: i64,
    /// What was computed of them.
    pub cells: Cells<'a>,
}

/// The weight and the aggregates of a key, as they are merged.
#[derive(Clone, Debug, Default)]
pub struct Cells<'a>(pub(super) Cow<'a, [Cell]>);

impl Cells<'_> {
    /// Are there none?
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Appends them, exactly.
    pub fn pack(&self, out: &mut Packer) {
        self.0.iter().for_each(|cell| cell.pack(out));
    }

    /// All cells that were packed.
    ///
    /// # Errors
    ///
    /// Bytes that are no cells.
    pub fn unpack(bytes: &[u8]) -> Result<Cells<'static>, Unpackable> {
        let mut from = Unpacker::new(bytes);
        let mut cells = Vec::new();
        while from.end().is_err() {
            cells.push(Cell::unpack(&mut from)?);
        }
        Ok(Cells(Cow::Owned(cells)))
    }
}

/// The piece is not one of these settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PieceError;

impl fmt::Display for PieceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the piece lies in no window of its settings, or has other aggregates")
    }
}

impl std::error::Error for PieceError {}

impl Windows {
    /// Takes what was counted elsewhere. It moves no watermark; [`Windows::promise`] does.
    ///
    /// # Errors
    ///
    /// A piece of other settings.
    pub fn take(&mut self, piece: &Piece<'_>) -> Result<Outcome, PieceError> {
        let kind = self.kinds.get_mut(piece.window).ok_or(PieceError)?;
        let cells = piece.cells_like(&self.shape)?;
        let (base, watermark, horizon) = (self.clock.base, self.clock.watermark, self.clock.horizon());
        let (first_end, last_end) = kind.ends_of(piece, horizon, &self.keys).ok_or(PieceError)?;
        let hint = |end: Millis| base - end - (watermark - horizon) + 1;
        let records = piece.count.unsigned_abs();
        if first_end <= horizon {
            self.stats.missed += records;
            raise(&mut self.stats.missed_hint, hint(first_end));
        }
        self.stats.records += records;
        if last_end <= horizon {
            self.stats.late += records;
            self.late += records;
            raise(&mut self.stats.late_hint, hint(last_end));
            return Ok(Outcome::Late);
        }
        let id = self.keys.intern(piece.key);
        self.keys.hold(id);
        let share = Share { id, count: piece.count, cells, epoch: self.epoch };
        kind.take(piece, &share, watermark, &self.shape, &mut self.keys);
        self.due = self.due.min(kind.due());
        self.keys.release(id);
        self.stats.counted += records;
        Ok(Outcome::Counted)
    }

    /// All pieces of panes that a watermark behind `time` passes have been taken: it moves there.
    pub fn promise(&mut self, time: Millis, sink: &mut dyn Sink) {
        let time = match self.kinds.iter().find_map(Kind::grain) {
            Some(grain) => self.clock.floor(time, grain),
            None => time,
        };
        self.reach(time, sink);
    }

    /// All pieces have been taken; `time` is the largest event time.
    pub fn promise_all(&mut self, time: Millis, sink: &mut dyn Sink) {
        self.reach(time, sink);
    }

    fn reach(&mut self, time: Millis, sink: &mut dyn Sink) {
        if time > self.clock.base && time != NEVER {
            self.advance(time.max(self.clock.max), time, sink);
        }
    }
}
