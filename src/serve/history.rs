//! The newest windows, for each length of window apart, in order of time.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::window::{Window, series, size};
use crate::row::{Bounds, Row};

/// Lengths of windows that are told apart; sessions have any.
const MOST_SERIES: usize = 8;
/// Where all other lengths go.
const VARIOUS: &str = "various";

/// By place in time; what has no times has one place.
type Windows = BTreeMap<Option<Bounds>, Arc<Window>>;

/// See the head of this file.
#[derive(Debug)]
pub(super) struct History {
    most: usize,
    /// By the length's name, in order of first appearance.
    series: Vec<(String, Windows)>,
}

impl History {
    /// Keeps so many windows of each length.
    pub(super) fn new(most: usize) -> History {
        History { most, series: Vec::new() }
    }

    /// Which series a window belongs to, and what was known of the window, if it is to be replaced. `None`: it was overtaken
    /// by a higher revision, or is older than all that is kept.
    pub(super) fn place(&self, first: &Row) -> Option<(String, Option<&Arc<Window>>)> {
        let name = self.name(first);
        let known = self.series.iter().find(|(other, _)| *other == name);
        let Some((_, windows)) = known else { return Some((name, None)) };
        let before = windows.get(&first.bounds);
        // Without bounds, and in a running total, whatever comes is newer.
        let is_overtaken =
            before.is_some_and(|window| first.bounds.is_some() && window.first().rev > first.rev);
        let is_old = before.is_none()
            && windows.len() >= self.most
            && windows.keys().next().is_some_and(|oldest| first.bounds < *oldest);
        (!is_overtaken && !is_old).then_some((name, before))
    }

    pub(super) fn add(&mut self, name: String, window: Arc<Window>) {
        let at = self.series.iter().position(|(known, _)| *known == name).unwrap_or_else(|| {
            self.series.push((name, BTreeMap::new()));
            self.series.len() - 1
        });
        let windows = &mut self.series[at].1;
        windows.insert(window.first().bounds, window);
        if windows.len() > self.most {
            windows.pop_first();
        }
    }

    /// Windows of days with 23 and 25 hours, or of months, are of one length.
    fn name(&self, first: &Row) -> String {
        let like = |windows: &Windows| {
            let known = windows.values().next().and_then(|window| size(window.first()));
            match (known, size(first)) {
                (Some(known), Some(size)) => known.abs_diff(size) <= known.unsigned_abs() / 8,
                (known, size) => known == size,
            }
        };
        let found = self.series.iter().find(|(name, windows)| name != VARIOUS && like(windows));
        match found {
            Some((name, _)) => name.clone(),
            None if self.series.len() >= MOST_SERIES => VARIOUS.into(),
            None => series(first),
        }
    }

    /// Windows of all series that were published after `seq`, in that order.
    pub(super) fn since(&self, seq: u64) -> Vec<Arc<Window>> {
        let mut found: Vec<Arc<Window>> = self.all().filter(|window| window.seq > seq).cloned().collect();
        found.sort_by_key(|window| window.seq);
        found
    }

    /// The windows of a length; without a name, of the length whose window came last.
    pub(super) fn of(&self, name: Option<&str>) -> Vec<Arc<Window>> {
        let newest = |windows: &Windows| windows.values().map(|window| window.seq).max();
        let series = match name {
            Some(name) => self.series.iter().find(|(known, _)| known == name),
            None => self.series.iter().max_by_key(|(_, windows)| newest(windows)),
        };
        series.map(|(_, windows)| windows.values().cloned().collect()).unwrap_or_default()
    }

    fn all(&self) -> impl Iterator<Item = &Arc<Window>> {
        self.series.iter().flat_map(|(_, windows)| windows.values())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::row::Number;
    use axum::body::Bytes;

    fn add(history: &mut History, seq: u64, (start, end): (i64, i64), rev: u64) -> bool {
        let mut row = Row::new(start, end, Number::from(seq));
        row.rev = rev;
        let Some((name, _)) = history.place(&row) else { return false };
        history.add(name, Arc::new(Window { seq, rows: vec![row], json: Bytes::new() }));
        true
    }

    fn seqs(windows: &[Arc<Window>]) -> Vec<u64> {
        windows.iter().map(|window| window.seq).collect()
    }

    #[test]
    fn the_newest_windows_of_each_length_are_kept_in_order_of_time() {
        let mut history = History::new(2);
        for (seq, bounds) in [(0, 20), (20, 40), (0, 60), (40, 60), (10, 30)].into_iter().enumerate() {
            assert_eq!(add(&mut history, seq as u64 + 1, bounds, 0), seq != 4, "{bounds:?}");
        }
        assert_eq!(seqs(&history.of(Some("20ms"))), [2, 4]);
        assert_eq!(seqs(&history.of(Some("60ms"))), [3]);
        assert_eq!(seqs(&history.of(None)), [2, 4], "the length whose window came last");
        assert_eq!(seqs(&history.since(2)), [3, 4]);
    }

    #[test]
    fn a_higher_revision_takes_the_place_and_a_lower_one_does_not() {
        let mut history = History::new(9);
        assert!(add(&mut history, 1, (0, 20), 1));
        assert!(!add(&mut history, 2, (0, 20), 0));
        assert!(add(&mut history, 3, (0, 20), 2));
        assert_eq!(seqs(&history.since(0)), [3]);
    }

    #[test]
    fn sessions_of_any_length_do_not_make_series_without_end() {
        let mut history = History::new(50);
        for seq in 1..40 {
            assert!(add(&mut history, seq, (0, 1 << seq), 0));
        }
        assert_eq!(history.series.len(), MOST_SERIES + 1);
        assert_eq!(history.since(0).len(), 39);
    }
}
