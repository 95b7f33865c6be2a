//! The kinds of windows behind one face.

use super::cell::Shape;
use super::emission::Output;
use super::fixed::Fixed;
use super::keys::Keys;
use super::layout::Layout;
use super::pane::{Arrival, Share};
use super::partial::grain;
use super::piece::Piece;
use super::running::Running;
use super::session::Sessions;
use super::settings::Settings;
use super::window_kind::WindowKind;
use crate::time::Millis;

/// A window that is to be emitted. The order is that of emission.
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

pub(super) enum Kind {
    Fixed(Box<Fixed>),
    Running(Box<Running>),
    Sessions(Box<Sessions>),
}

impl Kind {
    pub fn new(window: &WindowKind, settings: &Settings) -> Kind {
        match (Layout::new(window), window) {
            (Some(layout), _) => Kind::Fixed(Box::new(Fixed::new(layout, settings))),
            (_, WindowKind::Session { gap }) => Kind::Sessions(Box::new(Sessions::new(*gap, settings))),
            (_, WindowKind::Count { records }) => {
                Kind::Running(Box::new(Running::new(Some(*records), settings.max_keys)))
            }
            _ => Kind::Running(Box::new(Running::new(None, settings.max_keys))),
        }
    }

    /// When the first and the last window that a record falls into close, if it falls into any.
    #[inline]
    pub fn ends_at(
        &mut self,
        time: Millis,
        names: &[&[u8]],
        horizon: Millis,
        keys: &Keys,
    ) -> Option<(Millis, Millis)> {
        match self {
            Kind::Fixed(fixed) => fixed.ends_at(time),
            Kind::Sessions(sessions) => Some(sessions.ends_at(time, names, horizon, keys)),
            Kind::Running(_) => Some((Millis::MAX, Millis::MAX)),
        }
    }

    /// Counts a record for which [`Kind::ends_at`] has just found a window that takes it.
    #[inline]
    pub fn count(
        &mut self,
        time: Millis,
        arrival: &Arrival<'_>,
        watermark: Millis,
        shape: &Shape,
        keys: &mut Keys,
    ) {
        match self {
            Kind::Fixed(fixed) => fixed.count(arrival, watermark, shape, keys),
            Kind::Running(running) => running.count(time, arrival, shape, keys),
            Kind::Sessions(sessions) => sessions.count(time, arrival, watermark, shape, keys),
        }
    }

    /// When the first and the last window that a piece is part of close; `None` if it is no piece of this kind.
    pub fn ends_of(&mut self, piece: &Piece<'_>, horizon: Millis, keys: &Keys) -> Option<(Millis, Millis)> {
        let Piece { first, last, key, .. } = *piece;
        match self {
            Kind::Fixed(fixed) => fixed.ends_at(first).filter(|_| fixed.begins_at(first)),
            Kind::Sessions(sessions) if first <= last => {
                Some(sessions.ends_of((first, last), &[key], horizon, keys))
            }
            Kind::Running(running) if first <= last && running.is_all() => Some((Millis::MAX, Millis::MAX)),
            _ => None,
        }
    }

    /// Takes a piece for which [`Kind::ends_of`] has just found a window that takes it.
    pub fn take(
        &mut self,
        piece: &Piece<'_>,
        share: &Share<'_>,
        watermark: Millis,
        shape: &Shape,
        keys: &mut Keys,
    ) {
        match self {
            Kind::Fixed(fixed) => fixed.take(share, watermark, shape, keys),
            Kind::Running(running) => running.take(piece.first, piece.last, share, shape, keys),
            Kind::Sessions(sessions) => {
                sessions.take((piece.first, piece.last), share, watermark, shape, keys);
            }
        }
    }

    /// The grain of the panes that pieces of it come in, where these are no panes of its windows.
    pub fn grain(&self) -> Option<i64> {
        match self {
            Kind::Sessions(sessions) => Some(grain(sessions.gap())),
            _ => None,
        }
    }

    /// A watermark before which there is nothing to emit.
    #[inline]
    pub fn due(&self) -> Millis {
        match self {
            Kind::Fixed(fixed) => fixed.due(),
            Kind::Running(_) => Millis::MAX,
            Kind::Sessions(sessions) => sessions.due(),
        }
    }

    /// Does the window close, since it has all its records?
    #[inline]
    pub fn is_full(&self) -> bool {
        matches!(self, Kind::Running(running) if running.is_full())
    }

    /// How many gaps were so long that empty windows were left out.
    pub fn cut_gaps(&self) -> u64 {
        if let Kind::Fixed(fixed) = self { fixed.cut_gaps } else { 0 }
    }

    /// Makes [`Kind::due`] exact.
    pub fn refresh(&mut self) {
        if let Kind::Sessions(sessions) = self {
            sessions.refresh();
        }
    }

    /// Before [`Kind::next`] is asked for the windows that a watermark closes.
    pub fn prepare(&mut self, watermark: Millis, keys: &Keys) {
        if let Kind::Sessions(sessions) = self {
            sessions.prepare(watermark, keys);
        }
    }

    /// The next window with records that has not closed. One that runs is due only at the end of input.
    pub fn next(&self, at_end: bool) -> Option<Due> {
        match self {
            Kind::Fixed(fixed) => fixed.next(at_end),
            Kind::Running(running) => running.next().filter(|_| at_end),
            Kind::Sessions(sessions) => sessions.next(),
        }
    }

    /// The windows that have closed and changed since.
    pub fn take_amended(&mut self, keys: &Keys) -> Vec<Due> {
        match self {
            Kind::Fixed(fixed) => fixed.take_amended(),
            Kind::Running(_) => Vec::new(),
            Kind::Sessions(sessions) => sessions.take_amended(keys),
        }
    }

    /// The open windows that changed since their last emission, once the windows that the watermark has reached are
    /// closed.
    pub fn take_changed(&mut self, watermark: Millis, keys: &Keys) -> Vec<Due> {
        match self {
            Kind::Fixed(fixed) => fixed.take_changed(watermark),
            Kind::Running(running) => running.changed().into_iter().collect(),
            Kind::Sessions(sessions) => sessions.take_changed(keys),
        }
    }

    /// The open windows that end at `until` or before and changed since their last emission.
    pub fn changed_until(&self, until: Millis, keys: &Keys) -> Vec<Due> {
        match self {
            Kind::Fixed(fixed) => fixed.changed_until(until),
            // It is not due by any time, but it is open.
            Kind::Running(running) if until == Millis::MAX => running.changed().into_iter().collect(),
            Kind::Running(_) => Vec::new(),
            Kind::Sessions(sessions) => sessions.changed_until(until, keys),
        }
    }

    /// Emits a window; true if it had not been emitted before.
    pub fn emit(&mut self, due: Due, open: bool, out: &mut Output<'_>) -> bool {
        match self {
            Kind::Fixed(fixed) => fixed.emit(due, open, out),
            Kind::Running(running) => running.emit(due, open, out),
            Kind::Sessions(sessions) => sessions.emit(due, open, out),
        }
    }

    /// Emits a window that closes.
    pub fn close(&mut self, due: Due, open: bool, horizon: Millis, out: &mut Output<'_>) {
        match self {
            Kind::Fixed(fixed) => fixed.close(due, open, horizon, out),
            Kind::Running(running) => running.close(due, out),
            Kind::Sessions(sessions) => sessions.close(due, open, out),
        }
    }

    /// Drops the windows that have closed and end at the horizon or before.
    pub fn retire(&mut self, horizon: Millis, out: &mut Output<'_>) {
        match self {
            Kind::Fixed(fixed) => fixed.retire(horizon, out),
            Kind::Running(_) => {}
            Kind::Sessions(sessions) => sessions.retire(horizon, out),
        }
    }

    /// All that is in memory changed in epoch 1, and no emission has seen it.
    pub fn forget_epochs(&mut self) {
        match self {
            Kind::Fixed(fixed) => fixed.forget_epochs(),
            Kind::Running(running) => running.forget_epochs(),
            Kind::Sessions(sessions) => sessions.forget_epochs(),
        }
    }
}
