//! The newest whole windows of a stream of rows: what a chart shows.

mod kept;

use std::collections::BTreeMap;

use super::options::ChartOptions;
use super::order::First;
use super::palette::Palette;
use crate::near::nearest;
use crate::row::{Assembly, Bounds, ChangesOnly, Number, Row};
use crate::time::Millis;

/// Rows of each window that a chart of several may show.
const KEPT_ROWS: usize = 100;
/// Keys of each window whose numbers such a chart knows: one that is among the first in another window has a number here.
const KEPT_KEYS: usize = 5_000;

/// Collects rows to whole windows, and keeps the newest of them, each with its first rows.
///
/// Windows are ordered by their end, then their start. An emission again of a window replaces it, if no higher revision
/// was seen. Of one window, every emission of a running total or of a table without times replaces the one before; of
/// several, a running total is one of them for every end that it has had.
#[derive(Clone, Debug)]
pub struct Recent {
    top: usize,
    most: usize,
    column: Option<String>,
    assembly: Assembly<First>,
    shown: Vec<Window>,
    palette: Palette,
    other_lengths: u64,
    no_figure: u64,
    nearest_figure: Option<String>,
}

/// A whole window.
#[derive(Clone, Debug)]
pub(super) struct Window {
    /// The first rows, in order; the remainder last. There is one at least.
    pub rows: Vec<Row>,
    /// The numbers of further keys, by packed key.
    pub others: BTreeMap<Vec<u8>, Number>,
    /// Late records, all emissions together, where known.
    pub late: Option<u64>,
}

impl Window {
    pub(super) fn first(&self) -> &Row {
        &self.rows[0]
    }

    /// Rows that stand for one key.
    pub(super) fn keys(&self) -> impl Iterator<Item = &Row> {
        self.rows.iter().filter(|row| !row.is_remainder() && row.distinct != Some(0))
    }

    /// Whether every key of the window has a row: one that has none was not counted.
    pub(super) fn is_complete(&self) -> bool {
        self.first()
            .distinct
            .is_some_and(|distinct| distinct <= (self.keys().count() + self.others.len()) as u64)
    }

    /// The number of a key that has no row here: nothing was counted, or nobody knows.
    pub(super) fn of_absent(&self) -> Option<Number> {
        self.is_complete().then_some(Number::ZERO)
    }
}

impl Recent {
    /// Keeps the newest window with its first `top` rows, and the remainder if there is one.
    pub fn newest(options: &ChartOptions) -> Recent {
        Recent {
            top: options.top.max(1),
            most: 1,
            column: options.value.clone().filter(|column| column.trim_start_matches('.') != "count"),
            assembly: Assembly::default(),
            shown: Vec::new(),
            palette: Palette::default(),
            other_lengths: 0,
            no_figure: 0,
            nearest_figure: None,
        }
    }

    /// Keeps the newest windows of one length, the first one's.
    pub fn several(options: &ChartOptions) -> Recent {
        Recent { top: KEPT_KEYS, most: options.windows.max(2), ..Recent::newest(options) }
    }

    /// Takes a row; whether there is something new to show.
    ///
    /// # Errors
    ///
    /// A row of changes, of which no whole window comes.
    pub fn push(&mut self, row: Row) -> Result<bool, ChangesOnly> {
        let mut ended = Vec::new();
        let top = self.top;
        self.assembly.push(row, || First::new(top), |window| ended.push(window))?;
        let mut is_new = false;
        for window in ended {
            is_new |= self.offer(window);
        }
        Ok(is_new)
    }

    /// Ends the window in assembly as it is: the input has ended, a mark has come, or the source is quiet. Whether there
    /// is something new to show.
    pub fn flush_partial(&mut self) -> bool {
        self.assembly.end().is_some_and(|window| self.offer(window))
    }

    /// Whether there is no window.
    pub fn is_empty(&self) -> bool {
        self.shown.is_empty()
    }

    /// Windows that were left out because they have another length than the first.
    pub fn other_lengths(&self) -> u64 {
        self.other_lengths
    }

    /// Rows that were left out because they have no number in the column that is drawn.
    pub fn without_figure(&self) -> u64 {
        self.no_figure
    }

    /// The column that may have been meant by that of the first of them.
    pub fn nearest_figure(&self) -> Option<&str> {
        self.nearest_figure.as_deref()
    }

    /// The rows of the newest window, in order; none before there is one.
    pub fn rows(&self) -> &[Row] {
        self.shown.last().map_or(&[], |window| &window.rows)
    }

    /// All windows, in order of time.
    pub(super) fn windows(&self) -> &[Window] {
        &self.shown
    }

    pub(super) fn palette(&self) -> &Palette {
        &self.palette
    }

    fn offer(&mut self, window: First) -> bool {
        let mut rows = window.into_rows();
        if let Some(column) = &self.column {
            let before = rows.len();
            if let (None, Some(row)) =
                (&self.nearest_figure, rows.iter().find(|row| row.figure(column).is_none()))
            {
                self.nearest_figure = nearest(column, row.figures()).map(str::to_owned);
            }
            rows.retain_mut(|row| draws(row, column));
            self.no_figure += (before - rows.len()) as u64;
        }
        let Some(first) = rows.first() else { return false };
        let late = first.late;
        let mut others = BTreeMap::new();
        if self.most > 1 && rows.len() > KEPT_ROWS {
            let further = rows.split_off(KEPT_ROWS);
            let (remainder, further): (Vec<Row>, Vec<Row>) = further.into_iter().partition(Row::is_remainder);
            others.extend(further.iter().map(|row| (row.packed_key(), row.count)));
            rows.extend(remainder);
        }
        let window = Window { rows, others, late };
        let is_new = if self.most == 1 { self.offer_newest(window) } else { self.offer_several(window) };
        if is_new && let Some(window) = self.shown.last() {
            self.palette.see(window.keys().map(Row::packed_key));
        }
        is_new
    }

    fn offer_newest(&mut self, window: Window) -> bool {
        let first = window.first();
        let is_newer = match self.shown.first().map(Window::first) {
            None => true,
            Some(shown) if first.all || shown.all => true,
            Some(shown) if first.bounds == shown.bounds => first.bounds.is_none() || first.rev >= shown.rev,
            Some(shown) => first.bounds > shown.bounds,
        };
        if is_newer {
            self.shown = vec![window];
        }
        is_newer
    }

    fn offer_several(&mut self, mut window: Window) -> bool {
        let first = window.first();
        let (Some(bounds), Some(shown)) = (first.bounds, self.shown.first().map(Window::first)) else {
            self.shown = vec![window];
            return true;
        };
        if !first.all && shown.bounds.is_some_and(|shown| !is_like(length(bounds), length(shown))) {
            self.other_lengths += 1;
            return false;
        }
        let at = self.shown.partition_point(|shown| shown.first().bounds < Some(bounds));
        if let Some(known) = self.shown.get_mut(at).filter(|known| known.first().bounds == Some(bounds)) {
            if first.rev < known.first().rev {
                return false;
            }
            // Each emission counts those since the one before.
            window.late =
                window.late.zip(known.late).map(|(more, late)| more.saturating_add(late)).or(window.late);
            *known = window;
        } else if at == 0 && self.shown.len() >= self.most {
            return false;
        } else {
            self.shown.insert(at, window);
            if self.shown.len() > self.most {
                self.shown.remove(0);
            }
        }
        true
    }
}

/// Puts the number of a column in the place of the count, of which all other figures speak; whether there is one.
fn draws(row: &mut Row, column: &str) -> bool {
    let Some(figure) = row.figure(column) else { return false };
    (row.count, row.total, row.share) = (figure, None, None);
    true
}

fn length(bounds: Bounds) -> Millis {
    bounds.end.saturating_sub(bounds.start)
}

/// Days of 23 and 25 hours, and months, are alike.
fn is_like(length: Millis, other: Millis) -> bool {
    length.abs_diff(other) <= other.unsigned_abs() / 8
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(bounds: (Millis, Millis), rev: u64, count: u64) -> Row {
        let mut row = Row::new(bounds.0, bounds.1, Number::from(count));
        (row.rev, row.rows) = (rev, Some(1));
        row
    }

    fn options(top: usize) -> ChartOptions {
        ChartOptions { top, windows: 3, ..ChartOptions::default() }
    }

    fn shown(recent: &Recent) -> Option<Number> {
        recent.rows().first().map(|row| row.count)
    }

    #[test]
    fn a_later_window_and_a_higher_revision_replace() {
        let mut latest = Recent::newest(&options(10));
        assert_eq!(latest.push(row((0, 20), 0, 1)), Ok(true));
        assert_eq!(latest.push(row((20, 40), 0, 2)), Ok(true));
        assert_eq!(latest.push(row((0, 20), 1, 3)), Ok(false), "late records of an older window");
        assert_eq!(shown(&latest), Some(Number::Int(2)));
        assert_eq!(latest.push(row((20, 40), 2, 4)), Ok(true));
        assert_eq!(latest.push(row((20, 40), 1, 5)), Ok(false), "an emission that was overtaken");
        assert_eq!(shown(&latest), Some(Number::Int(4)));
    }

    #[test]
    fn a_running_total_is_always_replaced() {
        let mut latest = Recent::newest(&options(10));
        for (end, count) in [(20, 1), (20, 2), (19, 3)] {
            let mut row = row((0, end), 0, count);
            row.all = true;
            assert_eq!(latest.push(row), Ok(true));
            assert_eq!(shown(&latest), Some(Number::from(count)));
        }
    }

    #[test]
    fn rows_that_lack_others_wait_for_a_flush() {
        let mut latest = Recent::newest(&options(1));
        for count in [1, 3, 2] {
            let mut row = row((0, 20), 0, count);
            (row.rows, row.keys) = (None, vec![("k".into(), crate::row::key::Scalar::String("a".into()))]);
            assert_eq!(latest.push(row), Ok(false));
        }
        assert!(latest.flush_partial());
        assert_eq!((latest.rows().len(), shown(&latest)), (1, Some(Number::Int(3))));
        assert!(!latest.flush_partial());
    }

    #[test]
    fn several_are_in_order_of_time_bounded_and_of_one_length() {
        let mut recent = Recent::several(&options(10));
        let windows = [
            ((20, 40), 0, 2, true),
            ((0, 20), 0, 1, true),
            ((0, 60), 0, 9, false),
            ((40, 60), 0, 3, true),
            ((20, 40), 1, 7, true),
            ((20, 40), 0, 8, false),
            ((60, 80), 0, 4, true),
            ((0, 20), 2, 1, false),
        ];
        for (bounds, rev, count, is_new) in windows {
            assert_eq!(recent.push(row(bounds, rev, count)), Ok(is_new), "{bounds:?} {rev}");
        }
        let counts: Vec<Number> = recent.windows().iter().map(|window| window.first().count).collect();
        assert_eq!((counts, recent.other_lengths()), ([7, 3, 4].map(Number::Int).to_vec(), 1));
    }

    #[test]
    fn a_key_that_is_far_down_a_long_list_has_its_number() {
        let mut recent = Recent::several(&options(10));
        for number in 0..300_u64 {
            let mut row =
                Row { distinct: Some(300), rows: Some(300), ..Row::new(0, 20, Number::from(1_000 - number)) };
            row.keys.push(("k".into(), crate::row::key::Scalar::Other(number.to_string().into())));
            recent.push(row).expect("a row");
        }
        let window = &recent.windows()[0];
        assert_eq!((window.keys().count(), window.others.len(), window.is_complete()), (100, 200, true));
    }

    #[test]
    fn late_records_of_all_emissions_add_up() {
        let mut recent = Recent::several(&options(10));
        for (rev, late) in [(0, 2), (1, 3)] {
            let row = Row { late: Some(late), ..row((0, 20), rev, 1) };
            recent.push(row).expect("a row");
        }
        assert_eq!(recent.windows()[0].late, Some(5));
    }

    #[test]
    fn another_column_is_drawn_in_place_of_the_count() {
        let mut recent = Recent::newest(&ChartOptions { value: Some(".mean".into()), ..options(10) });
        for (rev, mean) in [(0, Some("-0.5")), (1, Some("null")), (2, None)] {
            let mut row = Row { total: Some(Number::Int(9)), ..row((0, 20), rev, 9) };
            row.extra.extend(mean.map(|json| ("mean".into(), json.into())));
            recent.push(row).expect("a row");
        }
        assert_eq!((shown(&recent), recent.rows()[0].total), (Some(Number::Float(-0.5)), None));
        assert_eq!(recent.without_figure(), 2);
    }
}
