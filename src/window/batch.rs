//! Emitting: what becomes due at one record, in order.
//!
//! Windows that have closed and were amended come first, then those that close, then at a trigger the open ones. Within
//! each of the three, and so all in all, windows come by end, then start, then in the order of the settings.

use super::Windows;
use super::emission::{Output, Sink};
use super::keys::Keys;
use super::kind::{Due, Kind};
use super::settings::Emit;
use crate::time::Millis;

impl Windows {
    /// The watermark is about to move. Emits what has been amended, and closes what the watermark reaches.
    pub(super) fn close_until(&mut self, watermark: Millis, sink: &mut dyn Sink) {
        self.emit_amended(sink);
        let horizon = self.clock.horizon_of(watermark);
        self.prepare(watermark);
        // A session is ready only when the watermark has passed its end.
        while let Some((at, due)) = self.first_due(false).filter(|(_, due)| due.end <= watermark) {
            self.close(at, due, false, horizon, sink);
        }
        self.retire(horizon, sink);
        self.epoch += 1;
    }

    /// Closes the windows that have all their records.
    pub(super) fn close_full(&mut self, sink: &mut dyn Sink) {
        for at in 0..self.kinds.len() {
            if let Some(due) = self.kinds[at].next(true).filter(|_| self.kinds[at].is_full()) {
                self.close(at, due, false, Millis::MAX, sink);
            }
        }
        self.epoch += 1;
    }

    /// Emits everything that is left, and forgets it.
    pub(super) fn close_all(&mut self, sink: &mut dyn Sink) {
        self.emit_amended(sink);
        let watermark = self.clock.final_watermark();
        self.prepare(Millis::MAX);
        while let Some((at, due)) = self.first_due(true) {
            self.close(at, due, due.end > watermark, Millis::MAX, sink);
        }
        self.retire(Millis::MAX, sink);
        self.epoch += 1;
    }

    /// Emits the open windows that changed.
    pub(super) fn emit_changed(&mut self, watermark: Millis, sink: &mut dyn Sink) {
        let changed = self.gather(|kind, keys| kind.take_changed(watermark, keys));
        self.emit_each(&changed, true, sink);
        self.epoch += 1;
    }

    /// Emits the open windows that changed and end at `until` or before.
    pub(super) fn emit_changed_until(&mut self, until: Millis, sink: &mut dyn Sink) {
        let changed = self.gather(|kind, keys| kind.changed_until(until, keys));
        self.emit_each(&changed, true, sink);
        self.epoch += 1;
    }

    /// Emits the windows that have closed and changed since.
    pub(super) fn emit_amended(&mut self, sink: &mut dyn Sink) {
        let amended = self.gather(Kind::take_amended);
        let new = self.emit_each(&amended, false, sink);
        self.stats.windows += new;
        self.set_due();
    }

    /// Windows of all kinds in the order of emission, each with the place of its kind.
    fn gather(&mut self, windows: impl Fn(&mut Kind, &Keys) -> Vec<Due>) -> Vec<(Due, usize)> {
        let mut all = Vec::new();
        for (at, kind) in self.kinds.iter_mut().enumerate() {
            all.extend(windows(kind, &self.keys).into_iter().map(|due| (due, at)));
        }
        // Stable, since sessions with the same bounds are in the order of their keys.
        all.sort_by_key(|&(due, at)| (due.end, due.start, at));
        all
    }

    /// How many had not been emitted before.
    fn emit_each(&mut self, windows: &[(Due, usize)], open: bool, sink: &mut dyn Sink) -> u64 {
        let (kinds, mut out) = self.split(sink);
        windows.iter().map(|&(due, at)| u64::from(kinds[at].emit(due, open, &mut out))).sum()
    }

    fn first_due(&self, at_end: bool) -> Option<(usize, Due)> {
        let due = self.kinds.iter().enumerate().filter_map(|(at, kind)| Some((at, kind.next(at_end)?)));
        due.min_by_key(|&(at, due)| (due.end, due.start, at))
    }

    fn close(&mut self, at: usize, due: Due, open: bool, horizon: Millis, sink: &mut dyn Sink) {
        let (kinds, mut out) = self.split(sink);
        kinds[at].close(due, open, horizon, &mut out);
        self.stats.windows += 1;
    }

    fn retire(&mut self, horizon: Millis, sink: &mut dyn Sink) {
        let (kinds, mut out) = self.split(sink);
        for kind in kinds {
            kind.retire(horizon, &mut out);
        }
        self.set_due();
    }

    fn prepare(&mut self, watermark: Millis) {
        self.kinds.iter_mut().for_each(|kind| kind.prepare(watermark, &self.keys));
    }

    /// Finds out exactly when there is something to emit.
    pub(super) fn set_due(&mut self) {
        self.kinds.iter_mut().for_each(Kind::refresh);
        self.due = self.kinds.iter().map(Kind::due).min().unwrap_or(Millis::MAX);
    }

    /// The windows, and all that an emission of one needs.
    fn split<'a>(&'a mut self, sink: &'a mut dyn Sink) -> (&'a mut [Kind], Output<'a>) {
        let out = Output {
            keys: &mut self.keys,
            shape: &self.shape,
            stats: &mut self.stats,
            late: &mut self.late,
            update: self.emit == Emit::Update,
            epoch: self.epoch,
            scratch: &mut self.scratch,
            sink,
        };
        (&mut self.kinds, out)
    }
}
