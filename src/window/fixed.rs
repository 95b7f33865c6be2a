//! Windows that lie in time, whatever the records are: tumbling, hopping.
//!
//! A record is counted in one pane, however many windows cover it. A window that closes is the sum of its panes; where
//! windows overlap, a running total goes from window to window, so that a slide costs the keys of the panes that come
//! and go. A late record for a pane that the total already covers is counted in both, so that it reaches every window
//! that is still open.
//!
//! A pane exists only if a record was counted in it, and is dropped as soon as the last window over it has closed (and its
//! lateness is over): time without records costs nothing.

use super::cell::Shape;
use super::clock::NEVER;
use super::emission::{Head, Output, Table};
use super::keys::Keys;
use super::kind::{Due, Reported};
use super::layout::Layout;
use super::pane::{Arrival, Pane, Share, Total};
use super::partial::begin;
use super::settings::Settings;
use super::sketch::Estimates;
use crate::time::Millis;
use std::collections::{BTreeMap, BTreeSet};

mod snapshot;

pub(super) struct Fixed {
    layout: Layout,
    /// Where in the store each pane is, by number.
    panes: BTreeMap<i64, usize>,
    store: Vec<Pane>,
    free: Vec<usize>,
    recent: Recent,
    hints: Vec<u32>,
    total: Total,
    /// All windows before this one have closed.
    next: i64,
    /// The watermark at which the next window closes, or one that has closed is amended for the last time.
    due: Millis,
    /// The windows that were emitted while open.
    reported: BTreeMap<i64, Reported>,
    /// The panes that changed since the last trigger, if there are triggers.
    touched: Vec<i64>,
    has_trigger: bool,
    /// Windows that have closed, but got records since; they are emitted again.
    amended: BTreeSet<i64>,
    lateness: i64,
    /// How many windows in a row are emitted without records, and how many the last ones were.
    empty_windows: u64,
    empty_run: u64,
    /// Of the gap at hand, empty windows were left out; and of how many gaps so far.
    is_cut: bool,
    pub cut_gaps: u64,
    /// The first window that ever had records.
    first: i64,
    /// The largest number of keys in a pane.
    max_keys: Option<usize>,
}

/// The pane of the last record.
#[derive(Clone, Copy, Default)]
struct Recent {
    start: Millis,
    end: Millis,
    pane: i64,
    place: Option<usize>,
    first_end: Millis,
    last_end: Millis,
}

impl Fixed {
    pub fn new(layout: Layout, settings: &Settings) -> Fixed {
        Fixed {
            layout,
            panes: BTreeMap::new(),
            store: Vec::new(),
            free: Vec::new(),
            recent: Recent::default(),
            hints: Vec::new(),
            total: Total::default(),
            next: i64::MIN,
            due: Millis::MAX,
            reported: BTreeMap::new(),
            touched: Vec::new(),
            has_trigger: settings.trigger.is_some(),
            amended: BTreeSet::new(),
            lateness: settings.allowed_lateness,
            empty_windows: settings.empty_windows,
            empty_run: 0,
            is_cut: false,
            cut_gaps: 0,
            first: i64::MAX,
            max_keys: settings.max_keys,
        }
    }

    /// The ends of the first and the last window that a point in time falls into; `None` in a gap between windows.
    #[inline]
    pub fn ends_at(&mut self, time: Millis) -> Option<(Millis, Millis)> {
        if !(self.recent.start..self.recent.end).contains(&time) {
            self.recent = self.find(time)?;
        }
        Some((self.recent.first_end, self.recent.last_end))
    }

    fn find(&self, time: Millis) -> Option<Recent> {
        let pane = self.layout.pane_at(time)?;
        let (start, end) = self.layout.pane_bounds(pane);
        let (first, last) = self.layout.windows_of(pane);
        Some(Recent {
            start,
            end,
            pane,
            place: self.panes.get(&pane).copied(),
            first_end: self.layout.bounds(first).1,
            last_end: self.layout.bounds(last).1,
        })
    }

    /// Counts a record in the pane that [`Fixed::ends_at`] has just found.
    #[inline]
    pub fn count(&mut self, arrival: &Arrival<'_>, watermark: Millis, shape: &Shape, keys: &mut Keys) {
        let place = self.changing_pane(arrival.epoch, watermark);
        self.store[place].count(arrival, &mut self.hints, shape, keys);
        if self.total.covers(self.recent.pane) {
            self.total.count(arrival, shape);
        }
        self.note_closed(watermark);
    }

    /// Takes what was counted elsewhere into the pane that [`Fixed::ends_at`] has just found.
    pub fn take(&mut self, share: &Share<'_>, watermark: Millis, shape: &Shape, keys: &mut Keys) {
        let place = self.changing_pane(share.epoch, watermark);
        self.store[place].take(share, &mut self.hints, shape, keys);
        if self.total.covers(self.recent.pane) {
            self.total.take(share, shape);
        }
        self.note_closed(watermark);
    }

    /// Does the pane that [`Fixed::ends_at`] has just found begin at a point in time?
    pub fn begins_at(&self, time: Millis) -> bool {
        begin(self.recent.start) == time
    }

    #[inline]
    fn changing_pane(&mut self, epoch: u32, watermark: Millis) -> usize {
        let place = match self.recent.place {
            Some(place) => place,
            None => self.open_pane(watermark),
        };
        if self.has_trigger && self.store[place].changed != epoch {
            self.touched.push(self.recent.pane);
        }
        place
    }

    /// Windows over the recent pane that have closed are emitted again.
    #[inline]
    fn note_closed(&mut self, watermark: Millis) {
        if self.lateness > 0 && self.recent.first_end <= watermark {
            self.amend(watermark);
        }
    }

    /// Notes the windows over the recent pane that have closed and are still kept.
    #[cold]
    fn amend(&mut self, watermark: Millis) {
        let (first, last) = self.layout.windows_of(self.recent.pane);
        let kept = self.layout.first_ending_after(watermark - self.lateness);
        self.amended.extend(first.max(kept)..(last + 1).min(self.next));
        self.set_due();
    }

    #[cold]
    fn open_pane(&mut self, watermark: Millis) -> usize {
        let place = self.free.pop().unwrap_or_else(|| {
            self.store.push(Pane::new(self.max_keys));
            self.store.len() - 1
        });
        let pane = self.recent.pane;
        self.panes.insert(pane, place);
        self.recent.place = Some(place);
        self.skip_closed(watermark);
        let kept = match watermark {
            NEVER => i64::MIN,
            watermark => self.layout.first_ending_after(watermark - self.lateness),
        };
        self.first = self.first.min(self.layout.windows_of(pane).0.max(kept));
        self.set_due();
        place
    }

    fn set_due(&mut self) {
        let closes = self.next(false).map_or(Millis::MAX, |due| due.end);
        let expires =
            self.amended.first().map_or(Millis::MAX, |&window| self.layout.bounds(window).1 + self.lateness);
        self.due = closes.min(expires);
    }

    /// Windows that have ended without records have closed too.
    fn skip_closed(&mut self, watermark: Millis) {
        if watermark != NEVER {
            self.skip_to(self.layout.first_ending_after(watermark));
        }
    }

    /// The windows before this one close without an emission.
    fn skip_to(&mut self, window: i64) {
        if window <= self.next {
            return;
        }
        if self.empty_windows > 0 && self.next > self.first && !self.is_cut {
            self.is_cut = true;
            self.cut_gaps += 1;
        }
        self.next = window;
    }

    /// The watermark at which there is something to emit.
    #[inline]
    pub fn due(&self) -> Millis {
        self.due
    }

    /// The first window that has not closed, of those with records; or, where empty ones are asked for, of all between.
    pub fn next(&self, at_end: bool) -> Option<Due> {
        // Before the first record of a kind, no window has closed.
        let low = if self.next == i64::MIN { i64::MIN } else { self.layout.panes_of(self.next).0 };
        let pane = self.panes.range(low..).next();
        let window = pane.map(|(&pane, _)| self.layout.windows_of(pane).0.max(self.next));
        let comes_empty = self.empty_run < self.empty_windows
            && self.next > self.first
            && window.map_or(!at_end, |window| window > self.next);
        Some(self.due_of(if comes_empty { self.next } else { window? }))
    }

    /// Emits a window that closes, and drops what no later window and no allowed lateness needs.
    pub fn close(&mut self, due: Due, open: bool, horizon: Millis, out: &mut Output<'_>) {
        let (low, high) = self.layout.panes_of(due.window);
        let is_empty = self.panes.range(low..high).next().is_none();
        self.skip_to(due.window);
        self.empty_run = if is_empty { self.empty_run + 1 } else { 0 };
        self.is_cut &= is_empty;
        self.emit(due, open, out);
        self.next = self.layout.after(due.window);
        self.retire(horizon, out);
    }

    /// The windows that have closed and changed since.
    pub fn take_amended(&mut self) -> Vec<Due> {
        let amended = std::mem::take(&mut self.amended);
        self.set_due();
        amended.iter().map(|&window| self.due_of(window)).collect()
    }

    fn due_of(&self, window: i64) -> Due {
        let (start, end) = self.layout.bounds(window);
        Due { end, start, window }
    }

    /// The open windows that changed since their last emission. Those that the watermark has reached are closed.
    pub fn take_changed(&mut self, watermark: Millis) -> Vec<Due> {
        self.skip_closed(watermark);
        let touched = std::mem::take(&mut self.touched);
        let mut windows = Vec::new();
        for &pane in &touched {
            let Some(&place) = self.panes.get(&pane) else { continue };
            let (first, last) = self.layout.windows_of(pane);
            for window in first.max(self.next)..=last {
                let seen = self.reported.get(&window).map_or(0, |reported| reported.seen);
                if self.store[place].changed > seen {
                    windows.push(self.due_of(window));
                }
            }
        }
        windows.sort_unstable();
        windows.dedup();
        windows
    }

    /// The open windows that end at `until` or before and changed since their last emission.
    pub fn changed_until(&self, until: Millis) -> Vec<Due> {
        let mut windows = BTreeSet::new();
        let low = if self.next == i64::MIN { i64::MIN } else { self.layout.panes_of(self.next).0 };
        for (&pane, &place) in self.panes.range(low..) {
            let (first, last) = self.layout.windows_of(pane);
            for window in first.max(self.next)..=last {
                let due = self.due_of(window);
                if due.end > until {
                    break;
                }
                let seen = self.reported.get(&window).map_or(0, |reported| reported.seen);
                if self.store[place].changed > seen {
                    windows.insert(due);
                }
            }
        }
        windows.into_iter().collect()
    }

    /// Emits a window; with `--emit update`, its changed rows. True if it had not been emitted before.
    pub fn emit(&mut self, due: Due, open: bool, out: &mut Output<'_>) -> bool {
        let Due { start, end, window } = due;
        let (low, high) = self.layout.panes_of(window);
        let reported = self.reported.get(&window).copied().unwrap_or_default();
        let head = Head { start, end, all: false, open, rev: reported.rev };
        if self.max_keys.is_some() {
            let panes = self.panes.range(low..high).map(|(_, &place)| &self.store[place]);
            let emitted = Estimates::of(panes, out).emit(&head, out)
                || (self.empty_windows > 0 && out.emit_empty(&head));
            return self.report(window, emitted, reported, out);
        }
        if high - low > 1 {
            self.move_total(low, high, out.shape);
        }
        let changed = out.update.then(|| self.changed_places(low, high, reported.seen));
        let table = if high - low > 1 {
            Table { entries: &self.total.entries, cells: &self.total.cells }
        } else {
            self.panes.get(&low).map_or(Table { entries: &[], cells: &[] }, |&place| Table {
                entries: &self.store[place].entries,
                cells: &self.store[place].cells,
            })
        };
        let empty = table.entries.is_empty() && self.empty_windows > 0;
        let emitted = if empty { out.emit_empty(&head) } else { out.emit(&head, table, changed.as_deref()) };
        self.report(window, emitted, reported, out)
    }

    /// Notes that a window was emitted; true if it had not been before.
    fn report(&mut self, window: i64, emitted: bool, reported: Reported, out: &Output<'_>) -> bool {
        if emitted {
            self.reported.insert(window, Reported { rev: reported.rev + 1, seen: out.epoch });
        }
        reported.rev == 0
    }

    /// Where the entries that changed since an epoch are, in the running total, or in the pane if there is but one.
    fn changed_places(&self, low: i64, high: i64, seen: u32) -> Vec<u32> {
        let mut places = Vec::new();
        for (_, &place) in self.panes.range(low..high) {
            let pane = &self.store[place];
            if pane.changed <= seen {
                continue;
            }
            for (at, entry) in pane.entries.iter().enumerate().filter(|(_, entry)| entry.changed > seen) {
                places.push(if high - low > 1 { self.total.place_of(entry.id) } else { at as u32 });
            }
        }
        places.sort_unstable();
        places.dedup();
        places
    }

    /// Makes the running total cover the panes `low..high`, on the shorter way.
    fn move_total(&mut self, low: i64, high: i64, shape: &Shape) {
        let Fixed { total, panes, store, .. } = self;
        let shared = (high.min(total.high) - low.max(total.low)).max(0);
        let moves = (total.high - total.low - shared) + (high - low - shared);
        if shared == 0 || moves > high - low {
            total.clear();
            (total.low, total.high) = (low, low);
        }
        for (from, to) in [(total.low, low), (high, total.high)] {
            if from < to {
                panes.range(from..to).for_each(|(_, &place)| total.leave(&store[place], shape));
            }
        }
        let (kept_low, kept_high) = (low.max(total.low), high.min(total.high));
        if kept_low < kept_high {
            total.mend(&panes.range(kept_low..kept_high).map(|(_, &place)| &store[place]), shape);
        }
        for (from, to) in [(low, total.low), (total.high, high)] {
            if from < to {
                panes.range(from..to).for_each(|(_, &place)| total.enter(&store[place], shape));
            }
        }
        (total.low, total.high) = (low, high);
    }

    /// Drops the windows that end at the horizon or before, if they have closed, and the panes that only they covered.
    pub fn retire(&mut self, horizon: Millis, out: &mut Output<'_>) {
        let kept = match horizon {
            NEVER => i64::MIN,
            Millis::MAX => self.next,
            horizon => self.layout.first_ending_after(horizon).min(self.next),
        };
        if self.reported.first_key_value().is_some_and(|(&window, _)| window < kept) {
            self.reported = self.reported.split_off(&kept);
        }
        let low = if kept == i64::MIN { i64::MIN } else { self.layout.panes_of(kept).0 };
        if self.total.high <= low {
            self.total.clear();
        }
        while let Some(entry) = self.panes.first_entry().filter(|entry| *entry.key() < low) {
            let (pane, place) = entry.remove_entry();
            if self.total.covers(pane) {
                self.total.leave(&self.store[place], out.shape);
            }
            self.store[place].clear(out.keys);
            self.free.push(place);
            if self.recent.pane == pane {
                self.recent = Recent::default();
            }
        }
        let Fixed { total, panes, store, .. } = self;
        total.low = total.low.max(low).min(total.high);
        total.mend(&panes.range(total.low..total.high).map(|(_, &place)| &store[place]), out.shape);
        self.set_due();
    }

    /// All panes changed in epoch 1, and no emission has seen it.
    pub fn forget_epochs(&mut self) {
        for &place in self.panes.values() {
            self.store[place].forget_epochs();
        }
        self.reported.values_mut().for_each(|reported| reported.seen = 0);
        if self.has_trigger {
            self.touched = self.panes.keys().copied().collect();
        }
    }
}
