//! Several windows as a table: a column for each window, a line of values for each key.
//!
//! The keys are those with the largest sums over all windows. A key without a row in a window that lists all its keys
//! was not counted there, which is a 0; in a window of which only the first rows are known (topn), nobody knows its
//! number, which is a gap. A window that is missing between two others is a gap for all.

mod plot;
mod words;

use std::collections::{BTreeMap, BTreeSet};

pub(super) use plot::Plot;

use super::caption::label;
use super::clock;
use super::colour::SERIES;
use super::options::ChartOptions;
use super::recent::{Recent, Window};
use crate::row::{Bounds, Number, Row};
use crate::time::Millis;

/// See the head of this file.
#[derive(Clone, Debug)]
pub(super) struct OverTime<'a> {
    pub columns: Vec<Column>,
    pub series: Vec<Series>,
    /// All other keys together, where the windows say what they hold.
    pub others: Vec<Option<Number>>,
    /// From one window to the next.
    pub step: Millis,
    /// Values that are all whole.
    pub whole_only: bool,
    /// Some key's number in some window is not known, since the window lists only its first.
    has_unknown: bool,
    /// All keys of all windows are shown.
    is_all: bool,
    windows: Vec<&'a Window>,
    options: &'a ChartOptions,
}

/// A window.
#[derive(Clone, Copy, Debug)]
pub(super) struct Column {
    pub bounds: Bounds,
    /// Where its values stand: in the middle, and those of a running total at its end.
    pub at: Millis,
    pub open: bool,
    /// A window is missing before it.
    pub after_gap: bool,
}

/// A key's values.
#[derive(Clone, Debug)]
pub(super) struct Series {
    pub label: String,
    /// In the table of colours.
    pub colour: Option<usize>,
    /// One for each column.
    pub values: Vec<Option<Number>>,
    /// One for each column: its place among the window's rows.
    pub ranks: Vec<Option<u64>>,
}

impl Series {
    pub(super) fn last(&self) -> Option<Number> {
        self.values.last().copied().flatten()
    }

    pub(super) fn known(&self) -> impl Iterator<Item = Number> {
        self.values.iter().copied().flatten()
    }

    pub(super) fn largest(&self) -> Option<(usize, Number)> {
        let known = self.values.iter().enumerate().filter_map(|(at, value)| Some((at, (*value)?)));
        // Of equal ones the first.
        known.max_by(|(at, a), (bt, b)| a.cmp(b).then(bt.cmp(at)))
    }
}

impl<'a> OverTime<'a> {
    /// The table of so many keys at most, with as many colours as there are.
    pub(super) fn new(recent: &'a Recent, options: &'a ChartOptions, most: usize) -> OverTime<'a> {
        OverTime::newest(recent, options, most, usize::MAX)
    }

    /// The same of the newest windows only.
    pub(super) fn newest(
        recent: &'a Recent,
        options: &'a ChartOptions,
        most: usize,
        windows: usize,
    ) -> OverTime<'a> {
        let left_out = recent.windows().len().saturating_sub(windows);
        let windows = recent.windows()[left_out..].iter();
        let windows: Vec<&Window> = windows.filter(|window| window.first().bounds.is_some()).collect();
        let (columns, step) = columns(&windows);
        let mut keys = by_sum(&windows);
        let shows_all = |window: &&Window| window.is_complete() && window.others.is_empty();
        let is_all = keys.len() <= most && windows.iter().all(shows_all);
        keys.truncate(most);
        let (packed, firsts): (Vec<Vec<u8>>, Vec<&Row>) = keys.into_iter().unzip();
        let mut colours = recent.palette().of(&packed[..packed.len().min(SERIES.len())]);
        colours.resize(packed.len(), None);
        let series = firsts.iter().zip(colours).map(|(row, colour)| Series {
            label: label(row, 0),
            colour,
            values: Vec::with_capacity(windows.len()),
            ranks: Vec::with_capacity(windows.len()),
        });
        let mut series: Vec<Series> = series.collect();
        let others = fill_in(&windows, &packed, &mut series);
        let known = || series.iter().flat_map(Series::known);
        let whole_only = known().all(|value| matches!(value, Number::Int(_)));
        let has_unknown = series.iter().any(|series| series.values.iter().any(Option::is_none));
        OverTime { columns, series, others, step, whole_only, has_unknown, is_all, windows, options }
    }

    /// No more keys than can be told apart by their colour.
    pub(super) fn coloured(recent: &'a Recent, options: &'a ChartOptions) -> OverTime<'a> {
        OverTime::newest_coloured(recent, options, usize::MAX)
    }

    /// The same of the newest windows only.
    pub(super) fn newest_coloured(
        recent: &'a Recent,
        options: &'a ChartOptions,
        windows: usize,
    ) -> OverTime<'a> {
        OverTime::newest(recent, options, options.top.clamp(1, SERIES.len()), windows)
    }

    /// Why there is nothing to draw, if so.
    pub(super) fn is_nothing(&self, recent: &Recent) -> Option<&'static str> {
        match (self.columns.is_empty(), self.series.is_empty()) {
            (true, _) if recent.is_empty() => Some(super::caption::NO_WINDOWS),
            (true, _) => Some("these rows have no window_start and window_end: barh draws them"),
            (false, true) => Some("nothing was counted in these windows"),
            _ => None,
        }
    }

    /// Round times of the zone; see [`clock::ticks`].
    pub(super) fn ticks(&self, start: Millis, end: Millis, most: usize) -> Vec<clock::Tick> {
        clock::ticks(start, end, &self.options.zone, most)
    }

    /// All values that are known.
    pub(super) fn values(&self) -> impl Iterator<Item = f64> {
        self.series.iter().flat_map(Series::known).map(Number::as_f64)
    }
}

/// The keys that have rows, packed and each with its first row, by their sums over all windows: the largest first.
fn by_sum<'w>(windows: &[&'w Window]) -> Vec<(Vec<u8>, &'w Row)> {
    let mut sums: BTreeMap<Vec<u8>, (Number, &Row)> = BTreeMap::new();
    for row in windows.iter().flat_map(|window| window.keys()) {
        let sum = sums.entry(row.packed_key()).or_insert((Number::ZERO, row));
        sum.0 = sum.0.plus(row.count);
    }
    for (key, count) in windows.iter().flat_map(|window| &window.others) {
        if let Some((sum, _)) = sums.get_mut(key) {
            *sum = sum.plus(*count);
        }
    }
    let mut keys: Vec<(Vec<u8>, (Number, &Row))> = sums.into_iter().collect();
    // Of equal sums the map has the keys in their order already.
    keys.sort_by(|(_, (sum, _)), (_, (larger, _))| larger.cmp(sum));
    keys.into_iter().map(|(key, (_, row))| (key, row)).collect()
}

/// Gives each series its value and its place in each window; what is left of each window's total.
fn fill_in(windows: &[&Window], packed: &[Vec<u8>], series: &mut [Series]) -> Vec<Option<Number>> {
    let shown: BTreeSet<&Vec<u8>> = packed.iter().collect();
    let mut others = Vec::with_capacity(windows.len());
    for window in windows {
        let mut found: BTreeMap<Vec<u8>, (Number, u64)> = BTreeMap::new();
        for (place, row) in (1..).zip(window.keys()) {
            let key = row.packed_key();
            if shown.contains(&key) {
                found.insert(key, (row.count, row.rank.unwrap_or(place)));
            }
        }
        let mut rest = window.first().total;
        for (series, key) in series.iter_mut().zip(packed) {
            let here = found.get(key);
            let further = || window.others.get(key).copied();
            let value = here.map(|(value, _)| *value).or_else(further).or_else(|| window.of_absent());
            rest = rest.map(|rest| rest.minus(value.unwrap_or_default()));
            series.values.push(value);
            series.ranks.push(here.map(|(_, rank)| *rank));
        }
        others.push(rest);
    }
    others
}

fn columns(windows: &[&Window]) -> (Vec<Column>, Millis) {
    let mut columns: Vec<Column> = Vec::with_capacity(windows.len());
    for (first, bounds) in windows.iter().filter_map(|window| Some((window.first(), window.first().bounds?)))
    {
        let middle = bounds.start + bounds.end.saturating_sub(bounds.start) / 2;
        let at = if first.all { bounds.end } else { middle };
        columns.push(Column { bounds, at, open: first.open && !first.all, after_gap: false });
    }
    let length =
        columns.first().map_or(1, |column| column.bounds.end.saturating_sub(column.bounds.start).max(1));
    let steps = columns.windows(2).map(|pair| pair[1].at.saturating_sub(pair[0].at)).filter(|step| *step > 0);
    let step = steps.min().unwrap_or(length);
    let is_total = windows.first().is_some_and(|window| window.first().all);
    for at in 1..columns.len() {
        let since = columns[at].at.saturating_sub(columns[at - 1].at);
        // Months of 28 and 31 days follow each other.
        columns[at].after_gap = !is_total && since > step + step / 2;
    }
    (columns, step)
}
