//! One window at a time, whatever the records' times are: over everything, or over so many records each.
//!
//! The bounds are the smallest time and the largest plus one millisecond. Nothing is late for such a window. The one over
//! everything closes at the end of input and not before; the ones over n records close with their last record.

use super::cell::Shape;
use super::emission::{Head, Output, Table};
use super::keys::Keys;
use super::kind::{Due, Reported};
use super::pane::{Arrival, Pane, Share};
use super::sketch::Estimates;
use super::snapshot::{Unpacking, unpack_time};
use crate::pack::{Packer, Unpackable};
use crate::time::Millis;

pub(super) struct Running {
    /// How many records fill a window; `None` for the one over everything.
    limit: Option<u64>,
    records: u64,
    pane: Pane,
    /// The smallest and the largest time.
    range: Option<(Millis, Millis)>,
    hints: Vec<u32>,
    reported: Reported,
}

impl Running {
    pub fn new(limit: Option<u64>, max_keys: Option<usize>) -> Running {
        Running {
            limit,
            records: 0,
            pane: Pane::new(max_keys),
            range: None,
            hints: Vec::new(),
            reported: Reported::default(),
        }
    }

    #[inline]
    pub fn count(&mut self, time: Millis, arrival: &Arrival<'_>, shape: &Shape, keys: &mut Keys) {
        self.extend(time, time);
        self.records += 1;
        self.pane.count(arrival, &mut self.hints, shape, keys);
    }

    /// Takes what was counted elsewhere between two times.
    pub fn take(&mut self, first: Millis, last: Millis, share: &Share<'_>, shape: &Shape, keys: &mut Keys) {
        self.extend(first, last);
        self.pane.take(share, &mut self.hints, shape, keys);
    }

    #[inline]
    fn extend(&mut self, first: Millis, last: Millis) {
        let (low, high) = self.range.unwrap_or((first, last));
        self.range = Some((low.min(first), high.max(last)));
    }

    /// Is it the one over everything?
    pub fn is_all(&self) -> bool {
        self.limit.is_none()
    }

    /// Has the window all its records?
    pub fn is_full(&self) -> bool {
        self.limit.is_some_and(|limit| self.records >= limit)
    }

    /// The window, if it has records.
    pub fn next(&self) -> Option<Due> {
        self.range.map(|(low, high)| Due { end: high + 1, start: low, window: 0 })
    }

    /// The window, if it changed since its last emission.
    pub fn changed(&self) -> Option<Due> {
        self.next().filter(|_| self.pane.changed > self.reported.seen)
    }

    /// Emits the window; with `--emit update`, its changed rows. True if it had not been emitted before.
    pub fn emit(&mut self, due: Due, open: bool, out: &mut Output<'_>) -> bool {
        let all = self.limit.is_none();
        let head = Head { start: due.start, end: due.end, all, open, rev: self.reported.rev };
        let Reported { rev, seen } = self.reported;
        let changed: Option<Vec<u32>> = out.update.then(|| {
            let entries = self.pane.entries.iter().enumerate();
            entries.filter(|(_, entry)| entry.changed > seen).map(|(at, _)| at as u32).collect()
        });
        let table = Table { entries: &self.pane.entries, cells: &self.pane.cells };
        let emitted = if self.pane.limit.is_some() {
            Estimates::of(std::iter::once(&self.pane), out).emit(&head, out)
        } else {
            out.emit(&head, table, changed.as_deref())
        };
        if emitted {
            self.reported = Reported { rev: rev + 1, seen: out.epoch };
        }
        rev == 0
    }

    pub fn pack(&self, epoch: u32, out: &mut Packer) {
        out.u64(self.records);
        out.option(self.range, |out, (low, high)| {
            out.i64(low);
            out.i64(high);
        });
        self.reported.pack(epoch, out);
        self.pane.pack(epoch, out);
    }

    /// Takes over what was packed, in place of nothing.
    pub fn unpack(&mut self, unpacking: &mut Unpacking<'_, '_>) -> Result<(), Unpackable> {
        self.records = unpacking.from.u64()?;
        self.range = unpacking.from.option(|from| Ok((unpack_time(from)?, unpack_time(from)?)))?;
        self.reported = unpacking.reported()?;
        self.pane.unpack(unpacking)
    }

    /// Emits the window for the last time. At the end of input it is open if records are missing.
    pub fn close(&mut self, due: Due, out: &mut Output<'_>) {
        self.emit(due, self.limit.is_some() && !self.is_full(), out);
        self.pane.clear(out.keys);
        self.range = None;
        self.records = 0;
        self.reported = Reported::default();
    }

    /// The window changed in epoch 1, and no emission has seen it.
    pub fn forget_epochs(&mut self) {
        self.pane.forget_epochs();
        self.reported.seen = 0;
    }
}
