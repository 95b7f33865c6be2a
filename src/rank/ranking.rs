//! Rows in, lists out: one list per emission of a window.

mod packed;

use std::collections::BTreeMap;
use std::iter::Peekable;

use super::history::{History, Ranks};
use super::trend::{SCORE, Trend};
use super::{RankOptions, share};
use crate::row::key::{Scalar, pack_other, pack_string};
use crate::row::{Assembly, ChangesOnly, Collect, Emission, Largest, Number, Place, Row, RowError};

/// Ranks the rows of window after window.
///
/// ```
/// use trendpipe::rank::{RankOptions, Ranking};
/// use trendpipe::row::{Number, Row};
///
/// let mut ranking = Ranking::new(RankOptions { n: 1, ..RankOptions::default() });
/// let mut list = Vec::new();
/// for count in [3_u64, 5] {
///     let mut row = Row::new(0, 20_000, Number::from(count));
///     row.rows = Some(2);
///     ranking.push(row, &mut list)?;
/// }
/// assert_eq!((list[0].count, list[0].rank, list[0].rows), (Number::Int(5), Some(1), Some(1)));
/// # Ok::<(), trendpipe::row::ChangesOnly>(())
/// ```
#[derive(Clone, Debug)]
pub struct Ranking {
    options: RankOptions,
    assembly: Assembly<Window>,
    history: History,
    trend: Trend,
    missing: u64,
}

/// What is kept of a window in assembly.
#[derive(Clone, Debug)]
struct Window {
    /// Of each group; without groups there is one.
    lists: BTreeMap<Vec<u8>, Largest<Vec<u8>, Row>>,
    /// All rows, where their order is known only at the end.
    all: Vec<Row>,
    /// Any of its rows, for what they all share.
    any: Option<Row>,
    options: RankOptions,
    keys: u64,
    sum: Number,
    missing: u64,
}

impl Window {
    fn new(options: &RankOptions) -> Window {
        Window {
            lists: BTreeMap::new(),
            all: Vec::new(),
            any: None,
            options: options.clone(),
            keys: 0,
            sum: Number::ZERO,
            missing: 0,
        }
    }
}

impl Collect for Window {
    fn add(&mut self, row: Row) {
        self.sum = self.sum.plus(row.count);
        self.any.get_or_insert_with(|| row.clone());
        // A list that is ranked again: its remainder is made anew.
        if row.is_remainder() {
            return;
        }
        self.keys += 1;
        let value = row.figure(&self.options.by);
        self.missing += u64::from(value.is_none());
        if self.options.trend {
            self.all.push(row);
        } else {
            self.offer(value, row);
        }
    }
}

impl Window {
    /// Puts a row in its list, if it is among the first.
    fn offer(&mut self, value: Option<Number>, row: Row) {
        let RankOptions { n, ascending, ties, .. } = self.options;
        let group = self.options.group.as_deref().map(|column| group_of(&row, column)).unwrap_or_default();
        let new = || if ties { Largest::with_ties(n) } else { Largest::new(n) };
        let list = self.lists.entry(group).or_insert_with(new);
        if list.may_admit(value, ascending) {
            list.push(Place { value, ascending, key: row.packed_key() }, row);
        }
    }

    /// Whether a row with this count would be looked at; only where there are no groups.
    fn may_admit(&self, count: Number) -> bool {
        self.lists.values().next().is_none_or(|list| list.may_admit(Some(count), self.options.ascending))
    }

    /// Takes a row that is ordered by its count, and is no remainder; it is read only if the window wants more of it.
    fn add_counted(
        &mut self,
        count: u64,
        read: impl FnOnce() -> Result<Row, RowError>,
    ) -> Result<(), RowError> {
        let count = Number::from(count);
        if self.any.is_none() || self.may_admit(count) {
            self.add(read()?);
        } else {
            self.sum = self.sum.plus(count);
            self.keys += 1;
        }
        Ok(())
    }

    /// Takes at most so many rows, as [`Window::add_counted`] does, until one comes that the window wants more of; tells how many.
    fn add_others<L>(&mut self, most: u64, rows: &mut Peekable<impl Iterator<Item = (u64, L)>>) -> u64 {
        let Some(list) = self.lists.values().next().filter(|_| self.any.is_some()) else { return 0 };
        let ascending = self.options.ascending;
        let is_out = |count: u64| !list.may_admit(Some(Number::from(count)), ascending);
        let mut taken = 0;
        while taken < most
            && let Some((count, _)) = rows.next_if(|(count, _)| is_out(*count))
        {
            self.sum = self.sum.plus(Number::from(count));
            taken += 1;
        }
        self.keys += taken;
        taken
    }
}

impl Ranking {
    /// A ranking that has seen nothing.
    pub fn new(options: RankOptions) -> Ranking {
        let (assembly, history, trend) = (Assembly::default(), History::default(), Trend::default());
        Ranking { options, assembly, history, trend, missing: 0 }
    }

    /// Takes the next row, and appends the lists that it ends.
    pub fn push(&mut self, row: Row, out: &mut Vec<Row>) -> Result<(), ChangesOnly> {
        let mut ended = Vec::new();
        let options = &self.options;
        self.assembly.push(row, || Window::new(options), |window| ended.push(window))?;
        for window in ended {
            self.finish(window, out);
        }
        Ok(())
    }

    /// Whether the count alone says if a row is in the list.
    pub fn is_by_count(&self) -> bool {
        let RankOptions { by, group, trend, .. } = &self.options;
        matches!(by.as_str(), "count" | ".count") && group.is_none() && !trend
    }

    /// As [`Ranking::push`], for rows of which only the emission and the count are known, and where they stand; only where the
    /// count is what orders, and for no remainder. `read` reads one, if it may be in the list.
    ///
    /// # Errors
    ///
    /// Those of `read`.
    pub fn push_counted<L>(
        &mut self,
        emission: Emission,
        rows: impl IntoIterator<Item = (u64, L)>,
        read: impl Fn(L) -> Result<Row, RowError>,
        out: &mut Vec<Row>,
    ) -> Result<(), RowError> {
        let mut rows = rows.into_iter().peekable();
        let mut ended = Vec::new();
        loop {
            self.assembly.take_many(emission, |most, window| window.add_others(most, &mut rows));
            let Some((count, place)) = rows.next() else { return Ok(()) };
            let mut outcome = Ok(());
            let options = &self.options;
            self.assembly.add(
                emission,
                |window| outcome = window.add_counted(count, || read(place)),
                || Window::new(options),
                |window| ended.push(window),
            );
            for window in ended.drain(..) {
                self.finish(window, out);
            }
            outcome?;
        }
    }

    /// Appends the list of the window in assembly as it is: at the end of input, or at a mark.
    pub fn flush_partial(&mut self, out: &mut Vec<Row>) {
        if let Some(window) = self.assembly.end() {
            self.finish(window, out);
        }
    }

    /// Rows so far that had no number in the column they are ordered by.
    pub fn missing(&self) -> u64 {
        self.missing + self.assembly.part().map_or(0, |(_, window)| window.missing)
    }

    fn finish(&mut self, mut window: Window, out: &mut Vec<Row>) {
        self.missing += window.missing;
        let mut all = std::mem::take(&mut window.all);
        self.trend.score(&mut all);
        for row in all {
            window.offer(row.figure(SCORE), row);
        }
        let Some(any) = window.any else { return };
        // Rows of other tools do not say what the window holds; what came in is what is known.
        let total = any.total.unwrap_or(window.sum);
        let distinct = any.distinct.unwrap_or(window.keys);
        if distinct == 0 {
            // The row of an empty window (--emit-empty) has no key to rank, and is passed on.
            self.history.remember(&any, Ranks::new());
            return out.push(any);
        }
        let first = out.len();
        let mut ranks = Ranks::new();
        let mut rest = total;
        {
            let before = self.history.before(&any);
            let lists = window.lists.into_values().map(Largest::into_sorted);
            for (rank, (place, row)) in lists.flat_map(|list| (1..).zip(list)) {
                rest = rest.minus(row.count);
                let prev_rank = Some(before.and_then(|ranks| ranks.get(&place.key).copied()));
                ranks.insert(place.key, rank);
                out.push(Row { rank: Some(rank), prev_rank, share: Some(share(row.count, total)), ..row });
            }
        }
        self.history.remember(&any, ranks);
        if self.options.remainder && distinct > (out.len() - first) as u64 {
            // Estimates may add up to more than there is.
            let rest = if any.bound.is_some() { rest.max(Number::ZERO) } else { rest };
            out.push(remainder(any, rest, total));
        }
        let rows = (out.len() - first) as u64;
        for row in &mut out[first..] {
            (row.rows, row.total, row.distinct) = (Some(rows), Some(total), Some(distinct));
        }
    }
}

/// The value of a key column, packed; rows without it are a group of their own.
fn group_of(row: &Row, column: &str) -> Vec<u8> {
    let mut group = Vec::new();
    match row.keys.iter().find(|(name, _)| name == column).map(|(_, value)| value) {
        Some(Scalar::String(text)) => pack_string(text, &mut group),
        Some(Scalar::Other(json)) => pack_other(json, &mut group),
        None => {}
    }
    group
}

/// One row for all keys that are not in the list.
fn remainder(any: Row, count: Number, total: Number) -> Row {
    let null = |name: String| (name, Scalar::Other("null".into()));
    Row {
        keys: any.keys.into_iter().map(|(name, _)| null(name)).collect(),
        count,
        bound: None,
        extra: Vec::new(),
        rank: None,
        prev_rank: None,
        share: Some(share(count, total)),
        ..any
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn row(bounds: (i64, i64), key: &str, count: i128, rows: Option<u64>) -> Row {
        let mut row = Row::new(bounds.0, bounds.1, Number::Int(count));
        row.keys.push(("tag".into(), Scalar::String(key.to_owned().into())));
        row.rows = rows;
        row
    }

    /// A whole window of these keys and counts.
    fn window(bounds: (i64, i64), counts: &[(&str, i128)]) -> Vec<Row> {
        let rows = Some(counts.len() as u64);
        counts.iter().map(|(key, count)| row(bounds, key, *count, rows)).collect()
    }

    fn ranked(n: usize, rows: impl IntoIterator<Item = Row>) -> Vec<Row> {
        ranked_by(&RankOptions { n, ..RankOptions::default() }, rows).0
    }

    fn ranked_by(options: &RankOptions, rows: impl IntoIterator<Item = Row>) -> (Vec<Row>, u64) {
        let mut ranking = Ranking::new(options.clone());
        let mut out = Vec::new();
        for row in rows {
            ranking.push(row, &mut out).expect("a whole window's row");
        }
        ranking.flush_partial(&mut out);
        (out, ranking.missing())
    }

    fn labels(rows: &[Row]) -> Vec<String> {
        rows.iter().map(|row| row.label().into_owned()).collect()
    }

    fn previous(rows: &[Row]) -> Vec<(String, Option<u64>)> {
        rows.iter().map(|row| (row.label().into_owned(), row.prev_rank.flatten())).collect()
    }

    #[test]
    fn a_list_comes_with_the_last_row_of_its_window() {
        let mut ranking = Ranking::new(RankOptions::default());
        let mut out = Vec::new();
        for (at, row) in window((0, 20), &[("b", 1), ("a", 1), ("c", 2)]).into_iter().enumerate() {
            assert!(out.is_empty(), "no list before row {at}");
            ranking.push(row, &mut out).expect("a row");
        }
        assert_eq!(labels(&out), ["c", "a", "b"]);
        assert_eq!(out[0].share, Some(0.5));
        assert_eq!((out[0].total, out[0].distinct, out[0].rows), (Some(Number::Int(4)), Some(3), Some(3)));
    }

    #[test]
    fn totals_of_the_whole_window_stay_when_a_filter_dropped_rows() {
        let mut rows = window((0, 20), &[("a", 6), ("b", 2)]);
        for row in &mut rows {
            (row.rows, row.total, row.distinct, row.late) =
                (Some(9), Some(Number::Int(20)), Some(9), Some(3));
        }
        let options = RankOptions { n: 1, remainder: true, ..RankOptions::default() };
        let (out, _) = ranked_by(&options, rows);
        assert_eq!(labels(&out), ["a", "null"]);
        assert!(out[1].is_remainder());
        assert_eq!((out[1].count, out[1].share, out[1].rank), (Number::Int(14), Some(0.7), None));
        assert!(out.iter().all(|row| row.rows == Some(2) && row.distinct == Some(9) && row.late == Some(3)));
        let (again, _) = ranked_by(&options, out.clone());
        assert_eq!(labels(&again), ["a", "null"], "a ranked list ranks to itself");
    }

    #[test]
    fn ranks_are_compared_with_the_window_before_of_the_same_size() {
        let out = ranked(
            2,
            [
                window((0, 20), &[("a", 3), ("b", 2), ("c", 1)]),
                window((0, 60), &[("z", 3)]),
                window((20, 40), &[("c", 3), ("a", 2)]),
                window((60, 120), &[("z", 3)]),
            ]
            .concat(),
        );
        let expected = [("a", None), ("b", None), ("z", None), ("c", None), ("a", Some(1)), ("z", Some(1))];
        assert_eq!(previous(&out), expected.map(|(key, rank)| (key.to_owned(), rank)));
    }

    #[test]
    fn a_window_again_is_still_compared_with_the_one_before() {
        let mut again = window((20, 40), &[("b", 9), ("a", 8)]);
        again.iter_mut().for_each(|row| row.rev = 1);
        let out = ranked(
            2,
            [
                window((0, 20), &[("a", 3), ("b", 2)]),
                window((20, 40), &[("a", 3), ("b", 2)]),
                again,
                window((40, 60), &[("a", 1)]),
            ]
            .concat(),
        );
        let ranks: Vec<_> = out.iter().map(|row| row.prev_rank.flatten()).collect();
        assert_eq!(ranks, [None, None, Some(1), Some(2), Some(2), Some(1), Some(2)]);
    }

    #[test]
    fn a_running_total_is_compared_with_its_last_emission() {
        let mut rows =
            [window((0, 5), &[("a", 1), ("b", 2)]), window((0, 9), &[("a", 3), ("b", 2)])].concat();
        rows.iter_mut().for_each(|row| row.all = true);
        let ranks: Vec<_> = ranked(2, rows).iter().map(|row| row.prev_rank.flatten()).collect();
        assert_eq!(ranks, [None, None, Some(2), Some(1)]);
    }

    #[test]
    fn days_and_months_follow_each_other_whatever_their_length() {
        let hour = 3_600_000;
        for (first, second) in [(23, 25), (28 * 24, 31 * 24)] {
            let rows = [
                window((0, first * hour), &[("a", 1)]),
                window((first * hour, (first + second) * hour), &[("a", 1)]),
            ];
            assert_eq!(ranked(1, rows.concat())[1].prev_rank, Some(Some(1)), "{first} h, then {second} h");
        }
    }

    #[test]
    fn an_empty_window_passes_and_leaves_everything_new() {
        let mut empty = Row::new(20, 40, Number::ZERO);
        (empty.rows, empty.distinct) = (Some(1), Some(0));
        let rows = [window((0, 20), &[("a", 3)]), vec![empty.clone()], window((40, 60), &[("a", 3)])];
        let out = ranked(2, rows.concat());
        assert_eq!((&out[1], out[2].prev_rank), (&empty, Some(None)));
    }

    #[test]
    fn any_number_column_orders_and_rows_without_it_are_counted() {
        let mut rows = window((0, 20), &[("a", 1), ("b", 1), ("c", 1)]);
        rows[0].extra.push(("sum".into(), "2.5".into()));
        rows[1].extra.push(("sum".into(), "10".into()));
        for (ascending, expected) in [(false, ["b", "a", "c"]), (true, ["a", "b", "c"])] {
            let options = RankOptions { by: ".sum".into(), ascending, ..RankOptions::default() };
            let (out, missing) = ranked_by(&options, rows.clone());
            assert_eq!((labels(&out), missing), (expected.map(String::from).to_vec(), 1));
        }
    }

    #[test]
    fn each_group_has_its_list() {
        let mut rows = window((0, 20), &[("a", 5), ("b", 3), ("c", 3), ("d", 1)]);
        for (row, lang) in rows.iter_mut().zip(["ja", "en", "ja", "en"]) {
            row.keys.insert(0, ("lang".into(), Scalar::String(lang.into())));
        }
        let options = RankOptions { n: 1, group: Some("lang".into()), ..RankOptions::default() };
        let (out, _) = ranked_by(&options, rows);
        assert_eq!(labels(&out), ["en / b", "ja / a"]);
        assert!(out.iter().all(|row| row.rank == Some(1) && row.rows == Some(2)));
        assert_eq!(out[0].total, Some(Number::Int(12)), "of the whole window");
    }

    #[test]
    fn ties_are_listed_where_asked() {
        let counts = [("a", 5), ("b", 3), ("c", 3), ("d", 3), ("e", 1)];
        let options = RankOptions { n: 2, ties: true, ..RankOptions::default() };
        let (out, _) = ranked_by(&options, window((0, 20), &counts));
        assert_eq!(labels(&out), ["a", "b", "c", "d"]);
        assert_eq!(out.iter().filter_map(|row| row.rank).collect::<Vec<_>>(), [1, 2, 3, 4]);
    }

    #[test]
    fn what_rises_is_first_where_asked() {
        let rows =
            [window((0, 20), &[("big", 100), ("small", 1)]), window((20, 40), &[("big", 101), ("small", 9)])];
        let options = RankOptions { n: 1, trend: true, ..RankOptions::default() };
        let (out, missing) = ranked_by(&options, rows.concat());
        assert_eq!((labels(&out), missing), (vec!["big".to_owned(), "small".to_owned()], 0));
        assert_eq!(out[1].figure("score"), Some(Number::Float(5.6569)));
    }

    proptest! {
        #[test]
        fn lists_equal_those_of_a_full_sort(
            windows in prop::collection::vec(prop::collection::btree_map("[a-e]{1,2}", 0_i128..4, 1..12), 1..6),
            n in 1_usize..6,
            lose in 0_usize..3,
        ) {
            let mut rows = Vec::new();
            let mut expected = Vec::new();
            for (at, counts) in (0..).zip(&windows) {
                let counts: Vec<(&str, i128)> = counts.iter().map(|(key, count)| (key.as_str(), *count)).collect();
                let mut of_window = window((at * 20, at * 20 + 20), &counts);
                of_window.truncate(counts.len().saturating_sub(lose).max(1));
                let mut sorted: Vec<_> = of_window.iter().map(|row| (-row.count.as_f64() as i64, row.label().into_owned(), at)).collect();
                sorted.sort();
                expected.extend(sorted.into_iter().take(n));
                rows.extend(of_window);
            }
            let found: Vec<_> = ranked(n, rows)
                .iter()
                .map(|row| (-row.count.as_f64() as i64, row.label().into_owned(), row.bounds.expect("bounds").start / 20))
                .collect();
            prop_assert_eq!(found, expected);
        }
    }
}
