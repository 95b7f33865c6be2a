//! What the lists before this one looked like: gives each key its rank in the window before.
//!
//! The window before is the one of the same size that starts last before this one's start, as it was last emitted. So a
//! window that is emitted again (late records, `--emit complete`) is still compared with its predecessor, and its rows
//! may replace the old ones column by column. The running total of `--window all`, and tables without times, have no
//! predecessor in time: each emission is compared with the one before it.
//!
//! Only ranks within the list are known: a key that the list before did not show has none.

use std::collections::BTreeMap;

use crate::pack::{Packer, Unpackable, Unpacker};
use crate::row::{Bounds, Row};
use crate::time::Millis;

/// Ranks by packed key.
pub(super) type Ranks = BTreeMap<Vec<u8>, u64>;

/// Sizes of windows that are remembered at a time; every session has its own, so there must be an end.
pub(super) const MAX_LANES: usize = 64;

/// Keys that are remembered per size, beyond the newest window and the one before. Enough for late emissions.
const MAX_KEYS: usize = 16_384;

const HOUR: Millis = 3_600_000;
const DAY: Millis = 24 * HOUR;

/// Recent lists, one lane per window size.
#[derive(Clone, Debug, Default)]
pub(super) struct History {
    /// The most recently used last.
    lanes: Vec<Lane>,
}

#[derive(Clone, Debug)]
struct Lane {
    size: Size,
    /// By start.
    lists: BTreeMap<Millis, Ranks>,
    keys: usize,
}

/// Windows of one size follow each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Size {
    /// One list that is replaced: `--window all`, or no times at all.
    Whole,
    Exact(Millis),
    /// A calendar day of 23 to 25 hours.
    Day,
    /// A calendar week, an hour more or less.
    Week,
    /// A calendar month of 28 to 31 days.
    Month,
}

impl Size {
    fn of(bounds: Bounds) -> Size {
        let near = |size: Millis, least: Millis, most: Millis| size >= least - HOUR && size <= most + HOUR;
        match bounds.end.saturating_sub(bounds.start) {
            size if near(size, DAY, DAY) => Size::Day,
            size if near(size, 7 * DAY, 7 * DAY) => Size::Week,
            size if near(size, 28 * DAY, 31 * DAY) => Size::Month,
            size => Size::Exact(size),
        }
    }
}

impl Size {
    fn pack(self, out: &mut Packer) {
        let (tag, millis) = match self {
            Size::Whole => (0, 0),
            Size::Exact(millis) => (1, millis),
            Size::Day => (2, 0),
            Size::Week => (3, 0),
            Size::Month => (4, 0),
        };
        out.tag(tag);
        out.i64(millis);
    }

    fn unpack(from: &mut Unpacker<'_>) -> Result<Size, Unpackable> {
        let (tag, millis) = (from.tag()?, from.i64()?);
        Ok(match tag {
            0 => Size::Whole,
            1 => Size::Exact(millis),
            2 => Size::Day,
            3 => Size::Week,
            4 => Size::Month,
            _ => return Err(Unpackable),
        })
    }
}

impl History {
    /// The ranks in the list before the one that `row` belongs to.
    pub(super) fn before(&self, row: &Row) -> Option<&Ranks> {
        let (size, start) = address(row);
        let lane = self.lanes.iter().find(|lane| lane.size == size)?;
        match size {
            Size::Whole => lane.lists.get(&start),
            _ => lane.lists.range(..start).next_back().map(|(_, ranks)| ranks),
        }
    }

    /// Remembers the list that `row` belongs to, in place of an earlier emission of its window.
    pub(super) fn remember(&mut self, row: &Row, ranks: Ranks) {
        let (size, start) = address(row);
        let lane = match self.lanes.iter().position(|lane| lane.size == size) {
            Some(at) => self.lanes.remove(at),
            None => Lane { size, lists: BTreeMap::new(), keys: 0 },
        };
        if self.lanes.len() >= MAX_LANES {
            self.lanes.remove(0);
        }
        self.lanes.push(lane.with(start, ranks));
    }

    pub(super) fn pack(&self, out: &mut Packer) {
        out.length(self.lanes.len());
        for lane in &self.lanes {
            lane.size.pack(out);
            out.length(lane.lists.len());
            for (start, ranks) in &lane.lists {
                out.i64(*start);
                out.length(ranks.len());
                for (key, rank) in ranks {
                    out.string(key);
                    out.u64(*rank);
                }
            }
        }
    }

    pub(super) fn unpack(from: &mut Unpacker<'_>) -> Result<History, Unpackable> {
        let mut history = History::default();
        for _ in 0..from.length()? {
            let mut lane = Lane { size: Size::unpack(from)?, lists: BTreeMap::new(), keys: 0 };
            for _ in 0..from.length()? {
                let start = from.i64()?;
                let mut ranks = Ranks::new();
                for _ in 0..from.length()? {
                    ranks.insert(from.string()?.to_vec(), from.u64()?);
                }
                lane = lane.with(start, ranks);
            }
            history.lanes.push(lane);
        }
        Ok(history)
    }
}

impl Lane {
    fn with(mut self, start: Millis, ranks: Ranks) -> Lane {
        self.keys += ranks.len();
        if let Some(replaced) = self.lists.insert(start, ranks) {
            self.keys -= replaced.len();
        }
        while self.lists.len() > 2
            && self.keys > MAX_KEYS
            && let Some((_, oldest)) = self.lists.pop_first()
        {
            self.keys -= oldest.len();
        }
        self
    }
}

pub(super) fn address(row: &Row) -> (Size, Millis) {
    match row.bounds {
        Some(bounds) if !row.all => (Size::of(bounds), bounds.start),
        _ => (Size::Whole, 0),
    }
}
