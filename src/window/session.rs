//! Sessions: windows of one key, as long as its records follow each other within a gap.
//!
//! A session is `[first, last + gap)`. A record exactly the gap after the last joins it, so it closes only when the
//! watermark has passed its end: until then a record that is not late may still join. A record between two sessions that
//! reaches both merges them. Late is judged after merging: whoever reaches a session that is kept is in time.
//!
//! The bounds of a session are its name to the outside. When they change after it was emitted, the old name is taken back
//! by an emission of count 0, at the next occasion; see `shown.rs`.

use super::cell::{Cell, Shape};
use super::emission::{Head, Output, Table};
use super::keys::{KeyId, Keys};
use super::kind::{Due, Reported};
use super::pane::{Arrival, Entry, Share};
use super::settings::Settings;
use super::shown::{Dissolved, Shown};
use crate::time::Millis;
use std::collections::{BTreeSet, VecDeque};

mod snapshot;

struct Session {
    key: KeyId,
    first: Millis,
    last: Millis,
    /// 0 marks a place that is free.
    count: i64,
    cells: Vec<Cell>,
    /// The epoch of the last change.
    changed: u32,
    /// The name under which it was last emitted, and what is known of that outside.
    shown: Option<Shown>,
    reported: Reported,
    closed: bool,
    /// Under which time it stands among those that close, or those that have closed.
    timer: Millis,
}

impl Session {
    /// The key as it is to be shown.
    fn name<'a>(&'a self, keys: &'a Keys) -> &'a [u8] {
        match self.cells.last() {
            Some(cell @ Cell::Spelling(_)) => cell.spelling(),
            _ => keys.bytes(self.key),
        }
    }

    /// Before an emission: if another spelling was shown, that name is taken back. Revisions go on rising, since the
    /// spelling may change back.
    fn take_back_spelling(&mut self, out: &mut Output<'_>) {
        if let Some(shown) = &self.shown
            && shown.spelling.as_deref().is_some_and(|spelling| *spelling != *self.name(out.keys))
        {
            shown.take_back(self.key, self.reported.rev, out);
            self.reported.rev += 1;
        }
    }
}

pub(super) struct Sessions {
    gap: i64,
    lateness: i64,
    has_trigger: bool,
    sessions: Vec<Session>,
    free: Vec<usize>,
    /// By key, the places of its sessions.
    of_key: Vec<Vec<usize>>,
    /// Open sessions, each by a time before which it does not close.
    closing: BTreeSet<(Millis, usize)>,
    /// Sessions that have closed and are kept, by when they did.
    closed: BTreeSet<(Millis, usize)>,
    /// Those that close now, in order.
    ready: VecDeque<usize>,
    /// Closed sessions that got records since.
    amended: BTreeSet<usize>,
    dissolved: Vec<Dissolved>,
    /// Dissolved sessions that are being emitted.
    leaving: Vec<Dissolved>,
    /// Sessions that changed since the last trigger, if there are triggers.
    touched: Vec<usize>,
    due: Millis,
}

impl Sessions {
    pub fn new(gap: i64, settings: &Settings) -> Sessions {
        Sessions {
            gap,
            lateness: settings.allowed_lateness,
            has_trigger: settings.trigger.is_some(),
            sessions: Vec::new(),
            free: Vec::new(),
            of_key: Vec::new(),
            closing: BTreeSet::new(),
            closed: BTreeSet::new(),
            ready: VecDeque::new(),
            amended: BTreeSet::new(),
            dissolved: Vec::new(),
            leaving: Vec::new(),
            touched: Vec::new(),
            due: Millis::MAX,
        }
    }

    /// The watermark that closes a session whose last record is at a time.
    fn closes(&self, last: Millis) -> Millis {
        last + self.gap + 1
    }

    /// The longest silence within a session.
    pub fn gap(&self) -> i64 {
        self.gap
    }

    /// For the keys of a record, when the first and when the last of the sessions that they would be in closes.
    pub fn ends_at(&self, time: Millis, names: &[&[u8]], horizon: Millis, keys: &Keys) -> (Millis, Millis) {
        self.ends_of((time, time), names, horizon, keys)
    }

    /// The same for records between two times.
    pub fn ends_of(
        &self,
        span: (Millis, Millis),
        names: &[&[u8]],
        horizon: Millis,
        keys: &Keys,
    ) -> (Millis, Millis) {
        let alone = self.closes(span.1);
        if alone > horizon {
            return (alone, alone);
        }
        let mut ends = (Millis::MAX, Millis::MIN);
        for name in names {
            let reached = keys.find(name).map_or(Vec::new(), |key| self.within_reach(key, span, horizon));
            let end =
                reached.iter().map(|&place| self.closes(self.sessions[place].last)).max().unwrap_or(alone);
            ends = (ends.0.min(end), ends.1.max(end));
        }
        ends
    }

    /// The sessions of a key that records between two times would be part of.
    fn within_reach(&self, key: KeyId, span: (Millis, Millis), horizon: Millis) -> Vec<usize> {
        let places = self.of_key.get(key as usize).map_or(&[][..], Vec::as_slice);
        let reached = places.iter().copied().filter(|&place| {
            let Session { first, last, .. } = self.sessions[place];
            self.closes(last) > horizon && first - self.gap <= span.1 && span.0 <= last + self.gap
        });
        reached.collect()
    }

    /// Counts a record for each of its keys that is not late.
    pub fn count(
        &mut self,
        time: Millis,
        arrival: &Arrival<'_>,
        watermark: Millis,
        shape: &Shape,
        keys: &mut Keys,
    ) {
        for (at, &key) in arrival.keys.iter().enumerate() {
            let Some(place) = self.join(key, (time, time), watermark, shape, keys) else { continue };
            let session = &mut self.sessions[place];
            session.count += 1;
            session.changed = arrival.epoch;
            arrival.add_to(&mut session.cells, 0, at);
            self.note_change(place, watermark);
        }
    }

    /// Takes what was counted elsewhere of a key between two times, if it is not late.
    pub fn take(
        &mut self,
        span: (Millis, Millis),
        share: &Share<'_>,
        watermark: Millis,
        shape: &Shape,
        keys: &mut Keys,
    ) {
        let Some(place) = self.join(share.id, span, watermark, shape, keys) else { return };
        let session = &mut self.sessions[place];
        session.count += share.count;
        session.changed = share.epoch;
        share.add_to(&mut session.cells, 0);
        self.note_change(place, watermark);
    }

    /// The session that holds all of a key between two times, extended or made for that; `None` if that is late.
    fn join(
        &mut self,
        key: KeyId,
        span: (Millis, Millis),
        watermark: Millis,
        shape: &Shape,
        keys: &mut Keys,
    ) -> Option<usize> {
        let horizon = if watermark == Millis::MIN { watermark } else { watermark - self.lateness };
        let reached = self.within_reach(key, span, horizon);
        let place = match *reached {
            [place, ref others @ ..] => {
                others.iter().for_each(|&other| self.merge(place, other, keys));
                place
            }
            [] if self.closes(span.1) > horizon => self.open(key, span, shape, keys),
            [] => return None,
        };
        self.extend(place, span, keys);
        Some(place)
    }

    fn note_change(&mut self, place: usize, watermark: Millis) {
        if self.has_trigger {
            self.touched.push(place);
        }
        self.set_timer(place, watermark);
    }

    fn open(&mut self, key: KeyId, (first, last): (Millis, Millis), shape: &Shape, keys: &mut Keys) -> usize {
        let session = Session {
            key,
            first,
            last,
            count: 0,
            cells: shape.empty().to_vec(),
            changed: 0,
            shown: None,
            reported: Reported::default(),
            closed: false,
            timer: self.closes(last),
        };
        let place = match self.free.pop() {
            Some(place) => {
                self.sessions[place] = session;
                place
            }
            None => {
                self.sessions.push(session);
                self.sessions.len() - 1
            }
        };
        self.closing.insert((self.closes(last), place));
        if self.of_key.len() <= key as usize {
            self.of_key.resize(key as usize + 1, Vec::new());
        }
        self.of_key[key as usize].push(place);
        keys.hold(key);
        place
    }

    /// Two sessions of a key are one from now on, at the first one's place.
    fn merge(&mut self, place: usize, other: usize, keys: &mut Keys) {
        self.dissolve(place, keys);
        self.dissolve(other, keys);
        let cells = std::mem::take(&mut self.sessions[other].cells);
        let Session { first, last, count, .. } = self.sessions[other];
        let session = &mut self.sessions[place];
        session.first = session.first.min(first);
        session.last = session.last.max(last);
        session.count += count;
        session.cells.iter_mut().zip(&cells).for_each(|(cell, other)| cell.merge(other));
        self.remove(other, keys);
    }

    fn extend(&mut self, place: usize, span: (Millis, Millis), keys: &mut Keys) {
        let Session { first, last, .. } = self.sessions[place];
        if span.0 < first || span.1 > last {
            self.dissolve(place, keys);
            let session = &mut self.sessions[place];
            session.first = first.min(span.0);
            session.last = last.max(span.1);
        }
    }

    /// The bounds of a session change: what was emitted under the old ones is to be taken back.
    fn dissolve(&mut self, place: usize, keys: &mut Keys) {
        let session = &mut self.sessions[place];
        if let Some(shown) = session.shown.take() {
            let rev = std::mem::take(&mut session.reported).rev;
            keys.hold(session.key);
            self.dissolved.push(Dissolved { key: session.key, shown, rev });
        }
    }

    /// After a change: is the session open, or has it closed? While it stays open, its timer may lag behind.
    fn set_timer(&mut self, place: usize, watermark: Millis) {
        let session = &mut self.sessions[place];
        let closes = session.last + self.gap + 1;
        let has_closed = closes <= watermark;
        if has_closed || session.closed {
            let timers = if session.closed { &mut self.closed } else { &mut self.closing };
            timers.remove(&(session.timer, place));
            session.closed = has_closed;
            session.timer = closes;
            if has_closed {
                self.closed.insert((closes, place));
                self.amended.insert(place);
            } else {
                self.closing.insert((closes, place));
                self.amended.remove(&place);
            }
        }
        self.due = self.due.min(if has_closed { closes + self.lateness } else { closes });
    }

    fn remove(&mut self, place: usize, keys: &mut Keys) {
        let session = &mut self.sessions[place];
        session.count = 0;
        session.cells.clear();
        let timers = if session.closed { &mut self.closed } else { &mut self.closing };
        timers.remove(&(session.timer, place));
        self.amended.remove(&place);
        self.of_key[session.key as usize].retain(|&other| other != place);
        keys.release(session.key);
        self.free.push(place);
    }

    /// A watermark before which there is nothing to emit.
    #[inline]
    pub fn due(&self) -> Millis {
        self.due
    }

    /// Makes [`Sessions::due`] exact.
    pub fn refresh(&mut self) {
        while let Some(&(timer, place)) = self.closing.first() {
            let closes = self.closes(self.sessions[place].last);
            if timer == closes {
                break;
            }
            self.closing.remove(&(timer, place));
            self.closing.insert((closes, place));
            self.sessions[place].timer = closes;
        }
        let closes = self.closing.first().map(|timer| timer.0);
        let amended = self.amended.iter().map(|&place| self.sessions[place].timer + self.lateness).min();
        self.due = closes.unwrap_or(Millis::MAX).min(amended.unwrap_or(Millis::MAX));
    }

    /// Finds the sessions that the watermark closes.
    pub fn prepare(&mut self, watermark: Millis, keys: &Keys) {
        let mut ready = Vec::new();
        while let Some(&(timer, place)) = self.closing.first().filter(|(timer, _)| *timer <= watermark) {
            self.closing.remove(&(timer, place));
            let closes = self.closes(self.sessions[place].last);
            if closes <= watermark {
                ready.push(place);
            } else {
                self.closing.insert((closes, place));
            }
            self.sessions[place].timer = closes;
        }
        self.ready = self.in_order(ready, keys).iter().map(|due| due.window as usize).collect();
    }

    fn due_of(&self, place: usize) -> Due {
        let Session { first, last, .. } = self.sessions[place];
        Due { end: last + self.gap, start: first, window: place as i64 }
    }

    /// Windows in the order of emission: end, start, the bytes of the key.
    fn in_order(&self, places: Vec<usize>, keys: &Keys) -> Vec<Due> {
        let mut windows: Vec<Due> = places.into_iter().map(|place| self.due_of(place)).collect();
        windows.sort_by(|a, b| {
            let key = |due: &Due| self.sessions[due.window as usize].name(keys);
            (a.end, a.start).cmp(&(b.end, b.start)).then_with(|| key(a).cmp(key(b)))
        });
        windows
    }

    /// The first of the sessions that close now.
    pub fn next(&self) -> Option<Due> {
        self.ready.front().map(|&place| self.due_of(place))
    }

    /// Emits a session that closes.
    pub fn close(&mut self, due: Due, open: bool, out: &mut Output<'_>) {
        self.emit(due, open, out);
        self.ready.pop_front();
        let place = due.window as usize;
        self.sessions[place].closed = true;
        self.closed.insert((self.sessions[place].timer, place));
    }

    /// What has closed and changed since, and what was emitted and is no session any more.
    pub fn take_amended(&mut self, keys: &Keys) -> Vec<Due> {
        let amended = std::mem::take(&mut self.amended).into_iter().collect();
        let mut windows = self.in_order(amended, keys);
        self.leaving = std::mem::take(&mut self.dissolved);
        self.leaving.sort_by(|a, b| a.order(keys).cmp(&b.order(keys)));
        // Those that leave have negative numbers; of two with the same bounds, they come first.
        let leaving = self.leaving.iter().enumerate().map(|(at, gone)| Due {
            end: gone.shown.end,
            start: gone.shown.start,
            window: -1 - at as i64,
        });
        windows.splice(0..0, leaving);
        windows
    }

    /// The open sessions that changed since their last emission.
    pub fn take_changed(&mut self, keys: &Keys) -> Vec<Due> {
        let mut touched = std::mem::take(&mut self.touched);
        touched.sort_unstable();
        touched.dedup();
        touched.retain(|&place| self.has_news(place));
        self.in_order(touched, keys)
    }

    /// The open sessions that end at `until` or before and changed since their last emission.
    pub fn changed_until(&self, until: Millis, keys: &Keys) -> Vec<Due> {
        let news = (0..self.sessions.len())
            .filter(|&place| self.has_news(place) && self.sessions[place].last + self.gap <= until);
        self.in_order(news.collect(), keys)
    }

    fn has_news(&self, place: usize) -> bool {
        let session = &self.sessions[place];
        session.count > 0 && !session.closed && session.changed > session.reported.seen
    }

    /// Emits a session, or takes back one that has dissolved. True if it had not been emitted before.
    pub fn emit(&mut self, due: Due, open: bool, out: &mut Output<'_>) -> bool {
        let Ok(place) = usize::try_from(due.window) else {
            let gone = &self.leaving[(-1 - due.window) as usize];
            gone.shown.take_back(gone.key, gone.rev, out);
            out.keys.release(gone.key);
            return false;
        };
        let session = &mut self.sessions[place];
        if !out.update || session.changed > session.reported.seen {
            session.take_back_spelling(out);
        }
        let Session { key, count, changed, reported, .. } = *session;
        let table = Table { entries: &[Entry { id: key, changed, count }], cells: &session.cells };
        let places: Option<&[u32]> = out.update.then_some(if changed > reported.seen { &[0] } else { &[] });
        let head = Head { start: due.start, end: due.end, all: false, open, rev: reported.rev };
        if out.emit(&head, table, places) {
            session.reported = Reported { rev: reported.rev + 1, seen: out.epoch };
            let spelling = out.shape.folded.then(|| session.name(out.keys).into());
            session.shown = Some(Shown { start: due.start, end: due.end, spelling });
        }
        reported.rev == 0
    }

    /// Drops the sessions that have closed by the horizon.
    pub fn retire(&mut self, horizon: Millis, out: &mut Output<'_>) {
        while let Some(&(_, place)) = self.closed.first().filter(|(closed, _)| *closed <= horizon) {
            self.remove(place, out.keys);
        }
        self.refresh();
    }

    /// All sessions changed in epoch 1, and no emission has seen it.
    pub fn forget_epochs(&mut self) {
        for session in &mut self.sessions {
            session.changed = 1;
            session.reported.seen = 0;
        }
        if self.has_trigger {
            self.touched = (0..self.sessions.len()).collect();
        }
    }
}
