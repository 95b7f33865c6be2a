//! The whole state of the windows as bytes, and back: windows that were packed and unpacked go on as if nothing had happened.
//!
//! Packed is what cannot be had otherwise. Tables that only find things sooner are made anew, and so is the running total
//! over the panes of a window. Keys are packed with their numbers, so that nothing is looked up while packing: its cost is a few
//! nanoseconds for each entry and key. Unpacked they are numbered anew, from 0 on. Epochs are packed as a distance to the present one, which makes them short.

use super::clock::Clock;
use super::keys::{KeyId, Keys};
use super::kind::{Kind, Reported};
use super::stats::Stats;
use super::{Settings, Windows};
use crate::pack::{Packer, Unpackable, Unpacker};
use crate::time::Millis;

const FIXED: u8 = 1;
const RUNNING: u8 = 2;
const SESSIONS: u8 = 3;

/// No time lies so far out: beyond the years that there are with any sum of some lengths, and far inside of what 64 bits hold.
pub(super) const FAR: i64 = 1 << 56;

/// A point in time from outside, with which it can be reckoned.
pub(super) fn unpack_time(from: &mut Unpacker<'_>) -> Result<Millis, Unpackable> {
    from.i64().and_then(|time| if time.unsigned_abs() <= FAR as u64 { Ok(time) } else { Err(Unpackable) })
}

/// What the parts of the windows need to be unpacked.
pub(super) struct Unpacking<'u, 'b> {
    pub from: &'u mut Unpacker<'b>,
    pub keys: &'u mut Keys,
    /// The numbers that the keys had when they were packed, ascending.
    pub numbers: Vec<KeyId>,
    /// The cells of a key that has seen no record.
    pub shape: &'u super::cell::Shape,
    pub epoch: u32,
}

impl Windows {
    /// Appends all that the windows know, between two records.
    pub fn pack(&self, out: &mut Packer) {
        out.u64(self.epoch.into());
        self.keys.pack(out);
        self.clock.pack(out);
        self.stats.pack(out);
        out.i64(self.next_trigger);
        out.u64(self.applied);
        out.i64(self.due);
        out.u64(self.late);
        for kind in &self.kinds {
            match kind {
                Kind::Fixed(fixed) => {
                    out.tag(FIXED);
                    fixed.pack(self.epoch, out);
                }
                Kind::Running(running) => {
                    out.tag(RUNNING);
                    running.pack(self.epoch, out);
                }
                Kind::Sessions(sessions) => {
                    out.tag(SESSIONS);
                    sessions.pack(self.epoch, out);
                }
            }
        }
    }

    /// The windows that were packed; the settings must be those that they had.
    ///
    /// # Errors
    ///
    /// The bytes are no windows with these settings.
    pub fn unpack(settings: &Settings, from: &mut Unpacker<'_>) -> Result<Windows, Unpackable> {
        let mut windows = Windows::new(settings).map_err(|_| Unpackable)?;
        windows.epoch = from.u32()?;
        let (keys, numbers) = Keys::unpack(from)?;
        windows.keys = keys;
        windows.clock = Clock::unpack(settings, from)?;
        windows.stats = Stats::unpack(from)?;
        windows.next_trigger = from.i64()?;
        windows.applied = from.u64()?;
        windows.due = from.i64()?;
        windows.late = from.u64()?;
        let Windows { keys, shape, epoch, kinds, .. } = &mut windows;
        let mut unpacking = Unpacking { from, keys, numbers, shape, epoch: *epoch };
        for kind in kinds {
            match (unpacking.from.tag()?, kind) {
                (FIXED, Kind::Fixed(fixed)) => fixed.unpack(&mut unpacking)?,
                (RUNNING, Kind::Running(running)) => running.unpack(&mut unpacking)?,
                (SESSIONS, Kind::Sessions(sessions)) => sessions.unpack(&mut unpacking)?,
                _ => return Err(Unpackable),
            }
        }
        if windows.keys.are_all_held() { Ok(windows) } else { Err(Unpackable) }
    }
}

impl Unpacking<'_, '_> {
    /// An epoch, packed as the distance to the present one.
    pub fn epoch(&mut self) -> Result<u32, Unpackable> {
        self.epoch.checked_sub(self.from.u32()?).ok_or(Unpackable)
    }

    pub fn reported(&mut self) -> Result<Reported, Unpackable> {
        Ok(Reported { rev: self.from.u64()?, seen: self.epoch()? })
    }

    /// A key that something holds from now on.
    pub fn key(&mut self) -> Result<KeyId, Unpackable> {
        let packed = self.from.u32()?;
        let id = self.numbers.binary_search(&packed).ok().and_then(|id| KeyId::try_from(id).ok());
        let id = id.ok_or(Unpackable)?;
        self.keys.hold(id);
        Ok(id)
    }

    /// A count of records, at least one.
    pub fn count(&mut self) -> Result<i64, Unpackable> {
        i64::try_from(self.from.u64()?).ok().filter(|&count| count > 0).ok_or(Unpackable)
    }

    /// The cells of one key.
    pub fn cells(&mut self, cells: &mut Vec<super::cell::Cell>) -> Result<(), Unpackable> {
        for empty in self.shape.empty() {
            let cell = super::cell::Cell::unpack(self.from)?;
            if !cell.is_like(empty) {
                return Err(Unpackable);
            }
            cells.push(cell);
        }
        Ok(())
    }

    /// So many numbers.
    pub fn numbers<C: FromIterator<i64>>(&mut self) -> Result<C, Unpackable> {
        let length = self.from.length()?;
        (0..length).map(|_| self.from.i64()).collect()
    }
}

impl Reported {
    pub fn pack(self, epoch: u32, out: &mut Packer) {
        out.u64(self.rev);
        out.u64((epoch - self.seen).into());
    }
}

/// Numbers, as [`Unpacking::numbers`] takes them.
pub(super) fn pack_numbers(numbers: impl ExactSizeIterator<Item = i64>, out: &mut Packer) {
    out.length(numbers.len());
    numbers.for_each(|number| out.i64(number));
}

impl Stats {
    fn pack(&self, out: &mut Packer) {
        let Stats { records, counted, late, missed, gap, no_key, future, windows, emissions, rows, .. } =
            *self;
        let Stats { late_hint, missed_hint, future_hint, max_event_time: _, watermark: _, keys: _, .. } =
            *self;
        for figure in [records, counted, late, missed, gap, no_key, future, windows, emissions, rows] {
            out.u64(figure);
        }
        for hint in [late_hint, missed_hint, future_hint] {
            out.option(hint, Packer::i64);
        }
    }

    fn unpack(from: &mut Unpacker<'_>) -> Result<Stats, Unpackable> {
        Ok(Stats {
            records: from.u64()?,
            counted: from.u64()?,
            late: from.u64()?,
            missed: from.u64()?,
            gap: from.u64()?,
            no_key: from.u64()?,
            future: from.u64()?,
            windows: from.u64()?,
            emissions: from.u64()?,
            rows: from.u64()?,
            late_hint: from.option(Unpacker::i64)?,
            missed_hint: from.option(Unpacker::i64)?,
            future_hint: from.option(Unpacker::i64)?,
            // Those are the clock's and the keys' to tell.
            max_event_time: None::<Millis>,
            watermark: None::<Millis>,
            keys: 0,
        })
    }
}
