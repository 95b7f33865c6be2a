//! What comes out: whole windows, their rows in order.

use super::cell::{Cell, Shape};
use super::keys::{KeyId, Keys};
use super::pane::Entry;
use super::stats::{Outcome, Stats};
use crate::row::{Bound, Number};
use crate::time::Millis;
use std::cmp::Reverse;

/// One emission of one window.
#[derive(Clone, Copy, Debug)]
pub struct Emission<'a> {
    /// Inclusive.
    pub start: Millis,
    /// Exclusive.
    pub end: Millis,
    /// The one window over everything.
    pub all: bool,
    /// Emitted before the watermark reached the end.
    pub open: bool,
    /// Only the rows that changed since the window's last emission.
    pub update: bool,
    /// 0 for the first emission of a window, raised by every further one.
    pub rev: u64,
    /// Records that found no window open since the emission before, of whatever window.
    pub late: u64,
    /// The sum of the counts of the whole window.
    pub total: Number,
    /// The number of keys of the whole window.
    pub distinct: u64,
    /// By count, largest first, then by the bytes of the key as it is shown. Empty only where [`super::Settings::empty_windows`] asks.
    pub rows: &'a [Row<'a>],
}

/// One key of an emission.
#[derive(Clone, Copy, Debug)]
pub struct Row<'a> {
    /// As it was counted, or where keys are folded, its most frequent spelling in the window.
    pub key: &'a [u8],
    /// Records, or the sum of their weights.
    pub count: Number,
    /// In the order of the settings; `None` where no record had a value.
    pub aggregates: &'a [Option<Number>],
    /// How far the count may be off; only with a limit on keys.
    pub bound: Option<Bound>,
}

/// Where emissions go.
pub trait Sink {
    /// A window came out.
    fn emission(&mut self, emission: &Emission<'_>);

    /// What became of a record that was [`Outcome::Held`], counted from 0 over all calls of `record`. Always before the
    /// call of `record` or `finish` that settles it returns.
    fn settled(&mut self, record: u64, outcome: Outcome) {
        let _ = (record, outcome);
    }
}

/// The window that is emitted, without its rows.
pub(super) struct Head {
    pub start: Millis,
    pub end: Millis,
    pub all: bool,
    pub open: bool,
    pub rev: u64,
}

/// Everything that an emission needs from outside of its window.
pub(super) struct Output<'a> {
    pub keys: &'a mut Keys,
    pub shape: &'a Shape,
    pub stats: &'a mut Stats,
    /// Records that found no window open, and were not told yet.
    pub late: &'a mut u64,
    /// Emit only what changed.
    pub update: bool,
    /// The number of this emission.
    pub epoch: u32,
    pub scratch: &'a mut Scratch,
    pub sink: &'a mut dyn Sink,
}

/// What is in a window: entries, and `width` cells for each.
#[derive(Clone, Copy)]
pub(super) struct Table<'a> {
    pub entries: &'a [Entry],
    pub cells: &'a [Cell],
}

impl<'a> Table<'a> {
    /// The key of an entry as it is shown.
    fn key(&self, place: u32, shape: &Shape, keys: &'a Keys) -> &'a [u8] {
        if shape.folded {
            self.cells[(place as usize + 1) * shape.width() - 1].spelling()
        } else {
            keys.bytes(self.entries[place as usize].id)
        }
    }
}

/// Memory that emissions use one after the other.
#[derive(Default)]
pub(super) struct Scratch {
    ranked: Vec<Ranked>,
    weighed: Vec<(Number, u32)>,
    order: Vec<u32>,
    aggregates: Vec<Option<Number>>,
    rows: Vec<Row<'static>>,
}

/// An empty vector for other lifetimes in the memory of an old one.
fn reuse<'a>(mut rows: Vec<Row<'_>>) -> Vec<Row<'a>> {
    rows.clear();
    rows.into_iter().map(|_| unreachable!("it has just been cleared")).collect()
}

impl Output<'_> {
    /// Emits the rows of a window: all, or those at `places`. Without rows there is no emission.
    pub fn emit(&mut self, head: &Head, table: Table<'_>, places: Option<&[u32]>) -> bool {
        if table.entries.is_empty() || places.is_some_and(<[u32]>::is_empty) {
            return false;
        }
        let scratch = std::mem::take(self.scratch);
        let Scratch { mut ranked, mut weighed, mut order, mut aggregates, rows } = scratch;
        order.clear();
        match places {
            None => order.extend(0..table.entries.len() as u32),
            Some(places) => order.extend_from_slice(places),
        }
        if self.shape.folded {
            self.order_by_spelling(table, &mut order);
        } else if self.shape.weighted {
            self.order_by_weight(table, &mut weighed, &mut order);
        } else {
            self.order_by_count(table, &mut ranked, &mut order);
        }
        let width = self.shape.width();
        let shown = self.shape.aggregates();
        aggregates.clear();
        if !shown.is_empty() {
            for &place in &order {
                let cells = &table.cells[place as usize * width..][..width];
                aggregates.extend(cells[shown.clone()].iter().map(Cell::value));
            }
        }
        let per_row = shown.len();
        let mut rows = reuse(rows);
        let keys = &*self.keys;
        for (at, &place) in order.iter().enumerate() {
            rows.push(Row {
                key: table.key(place, self.shape, keys),
                count: self.count(table, place),
                aggregates: &aggregates[at * per_row..(at + 1) * per_row],
                bound: None,
            });
        }
        let total = self.total(table);
        let telling = Telling { stats: self.stats, late: self.late, update: self.update, sink: self.sink };
        telling.emission(head, &rows, total, table.entries.len() as u64);
        let rows = reuse(rows);
        *self.scratch = Scratch { ranked, weighed, order, aggregates, rows };
        true
    }

    /// Takes back a window of one key, by the name under which it was shown: a row of count 0.
    pub fn take_back(&mut self, head: &Head, key: KeyId, spelling: Option<&[u8]>) {
        let aggregates = vec![None; self.shape.aggregates().len()];
        let key = spelling.unwrap_or_else(|| self.keys.bytes(key));
        let row = Row { key, count: Number::ZERO, aggregates: &aggregates, bound: None };
        let telling = Telling { stats: self.stats, late: self.late, update: self.update, sink: self.sink };
        telling.emission(head, &[row], Number::ZERO, 0);
    }

    /// Emits a window without rows.
    pub fn emit_empty(&mut self, head: &Head) -> bool {
        let telling = Telling { stats: self.stats, late: self.late, update: self.update, sink: self.sink };
        telling.emission(head, &[], Number::ZERO, 0);
        true
    }

    fn count(&self, table: Table<'_>, place: u32) -> Number {
        if self.shape.weighted {
            table.cells[place as usize * self.shape.width()].value().unwrap_or(Number::ZERO)
        } else {
            Number::Int(table.entries[place as usize].count.into())
        }
    }

    fn total(&self, table: Table<'_>) -> Number {
        if !self.shape.weighted {
            return Number::Int(table.entries.iter().map(|entry| i128::from(entry.count)).sum());
        }
        let mut sum = self.shape.empty()[0].clone();
        for cell in table.cells.iter().step_by(self.shape.width()) {
            sum.merge(cell);
        }
        sum.value().unwrap_or(Number::ZERO)
    }

    fn order_by_weight(&self, table: Table<'_>, weighed: &mut Vec<(Number, u32)>, order: &mut Vec<u32>) {
        weighed.clear();
        weighed.extend(order.iter().map(|&place| (self.count(table, place), place)));
        let key = |place: u32| self.keys.bytes(table.entries[place as usize].id);
        weighed.sort_unstable_by(|a, b| b.0.cmp(&a.0).then_with(|| key(a.1).cmp(key(b.1))));
        order.clear();
        order.extend(weighed.iter().map(|&(_, place)| place));
    }

    fn order_by_spelling(&self, table: Table<'_>, order: &mut Vec<u32>) {
        let key = |place: u32| table.key(place, self.shape, self.keys);
        let row = |&place: &u32| (Reverse(self.count(table, place)), key(place), place);
        let mut rows: Vec<(Reverse<Number>, &[u8], u32)> = order.iter().map(row).collect();
        rows.sort_unstable();
        order.clear();
        order.extend(rows.iter().map(|row| row.2));
    }

    fn order_by_count(&self, table: Table<'_>, ranked: &mut Vec<Ranked>, order: &mut Vec<u32>) {
        ranked.clear();
        ranked.extend(order.iter().map(|&place| {
            let Entry { id, count, .. } = table.entries[place as usize];
            let by_count = !(count.cast_unsigned() ^ 1 << 63);
            Ranked { first: u128::from(by_count) << 64 | u128::from(self.keys.prefix(id)), id, place }
        }));
        ranked.sort_unstable_by(|a, b| {
            a.first.cmp(&b.first).then_with(|| self.keys.bytes(a.id).cmp(self.keys.bytes(b.id)))
        });
        order.clear();
        order.extend(ranked.iter().map(|row| row.place));
    }
}

/// The part of an [`Output`] that takes rows, while the rows still borrow from the keys.
pub(super) struct Telling<'a> {
    pub stats: &'a mut Stats,
    pub late: &'a mut u64,
    pub update: bool,
    pub sink: &'a mut dyn Sink,
}

impl Telling<'_> {
    pub fn emission(self, head: &Head, rows: &[Row<'_>], total: Number, distinct: u64) {
        self.stats.emissions += 1;
        // A window without rows is written as one row without a key.
        self.stats.rows += rows.len().max(1) as u64;
        self.sink.emission(&Emission {
            start: head.start,
            end: head.end,
            all: head.all,
            open: head.open,
            update: self.update,
            rev: head.rev,
            late: std::mem::take(self.late),
            total,
            distinct,
            rows,
        });
    }
}

/// What is compared to order rows: the key's bytes are looked at only if count and prefix tie.
struct Ranked {
    /// The complement of the count, so that the largest is first, and the prefix: one comparison for both.
    first: u128,
    id: KeyId,
    place: u32,
}
