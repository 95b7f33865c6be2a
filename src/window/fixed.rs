//! Windows that lie in time, whatever the records are: tumbling, hopping.
//!
//! A record is counted in one pane, however many windows cover it. A window that closes is the sum of its panes; where
//! windows overlap, a running total goes from window to window, so that a slide costs the keys of the panes that come
//! and go. A late record for a pane that the total already covers is counted in both, so that it reaches every window
//! that is still open.
//!
//! A pane exists only if a record was counted in it, and is dropped as soon as the last window over it has closed: time
//! without records costs nothing.

use super::cell::Shape;
use super::clock::NEVER;
use super::emission::{Head, Output, Table};
use super::keys::Keys;
use super::layout::Layout;
use super::pane::{Arrival, Pane, Total};
use crate::time::Millis;
use std::collections::BTreeMap;

/// A window that is to be emitted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Due {
    pub end: Millis,
    pub start: Millis,
    /// Its number in its kind.
    pub window: i64,
}

/// What was emitted of a window.
#[derive(Clone, Copy, Default)]
pub(super) struct Reported {
    /// The `rev` of the next emission.
    pub rev: u64,
    /// The epoch of the last emission: what changed later has not been seen.
    pub seen: u32,
}

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
    /// The end of the first window with records that has not closed; `Millis::MAX` without any.
    due: Millis,
    /// The windows that were emitted while open.
    reported: BTreeMap<i64, Reported>,
    /// The panes that changed since the last trigger, if there are triggers.
    touched: Vec<i64>,
    has_trigger: bool,
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
    pub fn new(layout: Layout, has_trigger: bool) -> Fixed {
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
            has_trigger,
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
        let place = match self.recent.place {
            Some(place) => place,
            None => self.open_pane(watermark),
        };
        let pane = &mut self.store[place];
        if self.has_trigger && pane.changed != arrival.epoch {
            self.touched.push(self.recent.pane);
        }
        pane.count(arrival, &mut self.hints, shape, keys);
        if self.total.covers(self.recent.pane) {
            self.total.count(arrival, shape);
        }
    }

    #[cold]
    fn open_pane(&mut self, watermark: Millis) -> usize {
        let place = self.free.pop().unwrap_or_else(|| {
            self.store.push(Pane::default());
            self.store.len() - 1
        });
        let pane = self.recent.pane;
        self.panes.insert(pane, place);
        self.recent.place = Some(place);
        self.skip_closed(watermark);
        let first = self.layout.windows_of(pane).0.max(self.next);
        self.due = self.due.min(self.layout.bounds(first).1);
        place
    }

    /// Windows that have ended without records have closed too.
    fn skip_closed(&mut self, watermark: Millis) {
        if watermark != NEVER {
            self.next = self.next.max(self.layout.first_ending_after(watermark));
        }
    }

    /// The end of the next window that closes.
    #[inline]
    pub fn due(&self) -> Millis {
        self.due
    }

    /// The first window with records that has not closed.
    pub fn next(&self) -> Option<Due> {
        let (&pane, _) = self.panes.first_key_value()?;
        let window = self.layout.windows_of(pane).0.max(self.next);
        let (start, end) = self.layout.bounds(window);
        Some(Due { end, start, window })
    }

    /// Emits a window for the last time, and drops the panes that no later window covers.
    pub fn close(&mut self, due: Due, open: bool, out: &mut Output<'_>) {
        self.emit(due, open, out);
        self.reported.remove(&due.window);
        self.next = due.window + 1;
        self.drop_panes(out);
        self.due = self.next().map_or(Millis::MAX, |due| due.end);
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
                    let (start, end) = self.layout.bounds(window);
                    windows.push(Due { end, start, window });
                }
            }
        }
        windows.sort_unstable();
        windows.dedup();
        windows
    }

    /// Emits a window; with `--emit update`, its changed rows.
    pub fn emit(&mut self, due: Due, open: bool, out: &mut Output<'_>) {
        let Due { start, end, window } = due;
        let (low, high) = self.layout.panes_of(window);
        let reported = self.reported.get(&window).copied().unwrap_or_default();
        if high - low > 1 {
            self.move_total(low, high, out.shape);
        }
        let changed = out.update.then(|| self.changed_places(low, high, reported.seen));
        let table = if high - low > 1 {
            Table { entries: &self.total.entries, cells: &self.total.cells }
        } else {
            let Some(&place) = self.panes.get(&low) else { return };
            Table { entries: &self.store[place].entries, cells: &self.store[place].cells }
        };
        let head = Head { start, end, all: false, open, rev: reported.rev };
        if out.emit(&head, table, changed.as_deref()) {
            self.reported.insert(window, Reported { rev: reported.rev + 1, seen: out.epoch });
        }
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
        for (from, to) in [(low, total.low), (total.high, high)] {
            if from < to {
                panes.range(from..to).for_each(|(_, &place)| total.enter(&store[place], shape));
            }
        }
        (total.low, total.high) = (low, high);
    }

    /// Drops the panes before the next window.
    fn drop_panes(&mut self, out: &mut Output<'_>) {
        let low = self.layout.panes_of(self.next).0;
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
        self.total.low = self.total.low.max(low).min(self.total.high);
    }
}
