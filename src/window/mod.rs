//! Event-time windows: times and keys in, finished windows out.
//!
//! [`Windows`] is a pure state machine. It takes records in input order as a time and keys (opaque bytes), and hands each
//! window to a [`Sink`] as soon as it is due. It knows no clock but the records' own, so the same records give the same
//! emissions, however they arrive.
//!
//! - The **watermark** is the largest event time less a delay. It moves with each record and never back.
//! - A window `[start, end)` **closes** when the watermark reaches its end. Windows come by end, then start.
//! - **Late** is judged per window: a record behind the watermark counts in every window that has not closed. Only one
//!   that finds none is late; the count of these is told with the next emission.
//! - A **trigger** emits open windows too, before the record that fires it is applied. A window that this record closes
//!   comes once, closed.
//!
//! - With an **allowed lateness** a window that has closed is kept. Records that reach it are gathered: it is emitted again,
//!   with the next `rev`, before the next window closes, at a trigger, when its lateness is over, or at the end of input.
//! - At the **end of input** every window is emitted, as open if it ends behind the watermark. With a watermark of `max` the
//!   largest event time takes its place. The window over everything closes there.
//! - A record **too far ahead** is held until two more bear it out; see `clock.rs`.
//!
//! | file | what is in it |
//! | --- | --- |
//! | `settings`, `window_kind` | what is asked for |
//! | `clock`, `sources` | the watermark; records too far ahead |
//! | `kind` | one face for `fixed` (windows that lie in time, by `layout`), `session`, and `running` (all, n records) |
//! | `shown` | the names of sessions outside |
//! | `pane`, `keys` | counts by key |
//! | `cell`, `sum`, `hll`, `quantile`, `sketch` | aggregates, and keys in bounded memory |
//! | `names` | keys as a record brings them |
//! | `partial`, `piece` | windows counted in parts, and put together |
//! | `batch`, `emission` | what comes out, in order |
//! | `codec`, `snapshot` and those of the kinds | all of it as bytes, and back |
//!
//! Memory is one entry per key and pane, for the panes of windows that have not closed, and one entry per key for the
//! running total; see `fixed.rs`.

mod batch;
mod cell;
mod clock;
mod codec;
mod emission;
mod fixed;
mod hll;
mod keys;
mod kind;
mod layout;
mod names;
mod pane;
mod partial;
mod piece;
mod quantile;
mod running;
mod session;
mod settings;
mod shown;
mod sketch;
mod snapshot;
mod sources;
mod stats;
mod sum;
mod window_kind;

pub use cell::Value;
pub use emission::{Emission, Row, Sink};
pub use names::Names;
pub use partial::{PartialWindows, PieceSink};
pub use piece::{Cells, Piece, PieceError};
pub use settings::{Aggregate, Emit, Settings, SettingsError, Trigger, Watermark};
pub use stats::{Outcome, Stats};
pub use window_kind::{Step, WindowKind};

use crate::time::Millis;
use cell::Shape;
use clock::{Clock, Held, NEVER, OwnedValue};
use emission::Scratch;
use keys::{KeyId, Keys};
use kind::Kind;
use pane::Arrival;

/// The windows of one run, over one stream.
pub struct Windows {
    kinds: Vec<Kind>,
    clock: Clock,
    keys: Keys,
    shape: Shape,
    stats: Stats,
    trigger: Option<Trigger>,
    emit: Emit,
    /// The next point in event time, or the next number of applied records, at which the trigger fires.
    next_trigger: i64,
    applied: u64,
    /// The earliest end of a window that is open and has records.
    due: Millis,
    /// The number of the next emission.
    epoch: u32,
    /// Records that found no window open since the last emission.
    late: u64,
    ids: Vec<KeyId>,
    open_kinds: Vec<usize>,
    /// Keys may come that are not counted, or leave while the record is counted: they are held meanwhile.
    holds_keys: bool,
    scratch: Scratch,
}

impl Windows {
    /// Windows without records.
    ///
    /// # Errors
    ///
    /// Settings that make no sense.
    pub fn new(settings: &Settings) -> Result<Windows, SettingsError> {
        settings.validate()?;
        Ok(Windows {
            kinds: settings.windows.iter().map(|window| Kind::new(window, settings)).collect(),
            clock: Clock::new(settings),
            keys: Keys::default(),
            shape: Shape::new(settings),
            stats: Stats::default(),
            trigger: settings.trigger,
            emit: settings.emit,
            next_trigger: match settings.trigger {
                Some(Trigger::Records(every)) => i64::try_from(every).unwrap_or(i64::MAX),
                _ => i64::MAX,
            },
            applied: 0,
            due: Millis::MAX,
            epoch: 1,
            late: 0,
            ids: Vec::new(),
            open_kinds: Vec::new(),
            holds_keys: settings.max_keys.is_some()
                || settings.windows.iter().any(|window| matches!(window, WindowKind::Session { .. })),
            scratch: Scratch::default(),
        })
    }

    /// Takes one record, in input order, and emits what became due. Without a key it moves the watermark all the same.
    ///
    /// The time lies between [`crate::time::MIN`] and [`crate::time::MAX`], as every time that is read does.
    pub fn record(&mut self, time: Millis, keys: &[&[u8]], sink: &mut dyn Sink) -> Outcome {
        self.record_with(time, keys.into(), &[], sink)
    }

    /// Takes one record with its values: the weight first, if the settings say so, then one for each aggregate.
    pub fn record_with(
        &mut self,
        time: Millis,
        names: Names<'_>,
        values: &[Value<'_>],
        sink: &mut dyn Sink,
    ) -> Outcome {
        self.record_from(&[], time, names, values, sink)
    }

    /// Takes one record of a source, where the settings tell sources apart; values are as in
    /// [`Windows::record_with`].
    pub fn record_from(
        &mut self,
        source: &[u8],
        time: Millis,
        names: Names<'_>,
        values: &[Value<'_>],
        sink: &mut dyn Sink,
    ) -> Outcome {
        debug_assert_eq!(values.len(), self.shape.values(), "one value per aggregate");
        debug_assert_eq!(
            names.spellings.len(),
            if self.shape.folded { names.keys.len() } else { 0 },
            "one spelling per key"
        );
        let record = self.stats.records;
        self.stats.records += 1;
        if time > self.clock.believed_until {
            self.stats.future += 1;
            raise(&mut self.stats.future_hint, time - self.clock.believed_until);
            return Outcome::Future;
        }
        if self.clock.is_far(time) {
            return self.hold(record, (source, time), names, values, sink);
        }
        if self.clock.holds_any() {
            let held = self.clock.take_held();
            self.set_aside(&held, sink);
        }
        self.apply((source, time), names, values, sink)
    }

    /// A source has been silent for too long, or has ended: it holds the watermark back no longer, until a record of it
    /// comes. What becomes due by that is emitted. The last source stays.
    pub fn drop_source(&mut self, source: &[u8], sink: &mut dyn Sink) {
        let base = self.clock.base_without(source);
        if base > self.clock.base {
            self.advance(self.clock.max, base, sink);
        }
    }

    /// The input has ended: sets aside what is still held, and emits every window, those that the watermark has not
    /// reached as open.
    pub fn finish(&mut self, sink: &mut dyn Sink) {
        let held = self.clock.take_held();
        self.set_aside(&held, sink);
        self.close_all(sink);
    }

    /// The source has been silent, and by another clock than the records' it is `assumed` by now. Emits, as open, the
    /// windows that end by then and changed since their last emission. The watermark does not move, so nothing becomes
    /// late by it, and each window is emitted again when it closes.
    pub fn idle(&mut self, assumed: Millis, sink: &mut dyn Sink) {
        self.emit_amended(sink);
        self.emit_changed_until(assumed, sink);
    }

    /// From here on, records behind this time are set aside, the first one too: by another clock than the records' they
    /// cannot have happened yet.
    pub fn believe_until(&mut self, time: Millis) {
        self.clock.believed_until = time;
    }

    /// Fires the trigger: emits the open windows that changed since their last emission.
    pub fn fire(&mut self, sink: &mut dyn Sink) {
        self.emit_amended(sink);
        self.emit_changed(self.clock.watermark, sink);
    }

    /// Emits all open windows that changed since their last emission, and keeps them: the input rests, but has not ended.
    pub fn show_open(&mut self, sink: &mut dyn Sink) {
        self.idle(Millis::MAX, sink);
    }

    /// Figures so far.
    pub fn stats(&self) -> Stats {
        let known = |time: Millis| (time != NEVER).then_some(time);
        Stats {
            keys: self.keys.peak() as u64,
            max_event_time: known(self.clock.max),
            watermark: known(self.clock.watermark),
            future_hint: self.stats.future_hint.filter(|_| self.stats.future > 0),
            ..self.stats.clone()
        }
    }

    /// How many keys are in memory.
    pub fn live_keys(&self) -> usize {
        self.keys.live()
    }

    /// How many sources hold the watermark back, where they are told apart.
    pub fn sources(&self) -> Option<usize> {
        self.clock.sources()
    }

    /// Those sources, in no particular order.
    pub fn each_source(&self, take: impl FnMut(&[u8])) {
        self.clock.each_source(take);
    }

    /// How many gaps were longer than [`Settings::empty_windows`], so that empty windows were left out.
    pub fn cut_gaps(&self) -> u64 {
        self.kinds.iter().map(Kind::cut_gaps).sum()
    }

    fn hold(
        &mut self,
        record: u64,
        (source, time): (&[u8], Millis),
        names: Names<'_>,
        values: &[Value<'_>],
        sink: &mut dyn Sink,
    ) -> Outcome {
        // Those that are believed in the end count too: with a larger limit they would have been judged alone.
        raise(&mut self.stats.future_hint, time - self.clock.max);
        let strangers = self.clock.take_strangers(time);
        self.set_aside(&strangers, sink);
        if !self.clock.is_one_short() {
            self.clock.hold(Held {
                record,
                source: source.into(),
                time,
                names: names.into(),
                values: values.iter().map(OwnedValue::new).collect(),
            });
            return Outcome::Held;
        }
        for held in self.clock.take_held() {
            let (keys, spellings) = held.names.borrow();
            let names = Names { keys: &keys, spellings: &spellings };
            let values: Vec<Value<'_>> = held.values.iter().map(OwnedValue::borrow).collect();
            let outcome = self.apply((&held.source, held.time), names, &values, sink);
            sink.settled(held.record, outcome);
        }
        self.apply((source, time), names, values, sink)
    }

    fn set_aside(&mut self, held: &[Held], sink: &mut dyn Sink) {
        for held in held {
            self.stats.future += 1;
            sink.settled(held.record, Outcome::Future);
        }
    }

    /// Takes a record that is believed.
    fn apply(
        &mut self,
        (source, time): (&[u8], Millis),
        names: Names<'_>,
        values: &[Value<'_>],
        sink: &mut dyn Sink,
    ) -> Outcome {
        let base = self.clock.base_with(source, time);
        if time > self.clock.max || base > self.clock.base {
            self.advance(time.max(self.clock.max), base, sink);
        }
        let outcome = if names.keys.is_empty() {
            self.stats.no_key += 1;
            Outcome::NoKey
        } else {
            let outcome = self.count(time, names, values);
            if self.kinds.iter().any(Kind::is_full) {
                self.close_full(sink);
            }
            outcome
        };
        self.applied += 1;
        if let Some(Trigger::Records(every)) = self.trigger
            && self.applied.is_multiple_of(every)
        {
            self.fire(sink);
        }
        outcome
    }

    /// The largest event time moves to `time`, the watermark's base to `base`: windows close, and the trigger may fire.
    fn advance(&mut self, time: Millis, base: Millis, sink: &mut dyn Sink) {
        let watermark = self.clock.watermark_at(base);
        let mut fires = false;
        if let Some(Trigger::EventTime(every)) = self.trigger
            && (time >= self.next_trigger || self.clock.max == NEVER)
        {
            fires = self.clock.max != NEVER;
            self.next_trigger = (time.div_euclid(every) + 1) * every;
        }
        if watermark >= self.due {
            self.set_due();
        }
        if watermark >= self.due || fires {
            self.close_until(watermark, sink);
        }
        if fires {
            self.emit_changed(watermark, sink);
        }
        self.clock.max = time;
        self.clock.base = base;
        self.clock.watermark = watermark;
    }

    /// Counts a record in every window that is open.
    #[inline]
    fn count(&mut self, time: Millis, names: Names<'_>, values: &[Value<'_>]) -> Outcome {
        let Clock { base, watermark, .. } = self.clock;
        let horizon = self.clock.horizon();
        let hint = |end: Millis| base - end - (watermark - horizon) + 1;
        self.open_kinds.clear();
        let mut first_missed = None;
        let mut last_end = None;
        for (at, kind) in self.kinds.iter_mut().enumerate() {
            let Some((first, last)) = kind.ends_at(time, names.keys, horizon, &self.keys) else { continue };
            if last > horizon {
                self.open_kinds.push(at);
            }
            if first <= horizon {
                first_missed = Some(first.min(first_missed.unwrap_or(first)));
            }
            last_end = Some(last.max(last_end.unwrap_or(last)));
        }
        if let Some(end) = first_missed {
            self.stats.missed += 1;
            raise(&mut self.stats.missed_hint, hint(end));
        }
        if self.open_kinds.is_empty() {
            let Some(end) = last_end else {
                self.stats.gap += 1;
                return Outcome::Gap;
            };
            self.stats.late += 1;
            self.late += 1;
            raise(&mut self.stats.late_hint, hint(end));
            return Outcome::Late;
        }
        self.ids.clear();
        for key in names.keys {
            self.ids.push(self.keys.intern(key));
        }
        let arrival = Arrival { keys: &self.ids, spellings: names.spellings, values, epoch: self.epoch };
        if self.holds_keys {
            self.ids.iter().for_each(|&id| self.keys.hold(id));
        }
        for &at in &self.open_kinds {
            self.kinds[at].count(time, &arrival, watermark, &self.shape, &mut self.keys);
            self.due = self.due.min(self.kinds[at].due());
        }
        if self.holds_keys {
            self.ids.iter().for_each(|&id| self.keys.release(id));
        }
        self.stats.counted += 1;
        Outcome::Counted
    }
}

/// The larger of both.
fn raise(hint: &mut Option<i64>, to: i64) {
    *hint = Some(to.max(hint.unwrap_or(to)));
}

#[cfg(test)]
mod tests;
