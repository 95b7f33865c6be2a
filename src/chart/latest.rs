//! The newest whole window of a stream of rows: what a chart of one window shows.

use super::order::First;
use crate::row::{Assembly, ChangesOnly, Row};
use crate::time::Millis;

/// Collects rows to whole windows, and keeps the first rows of the newest one.
///
/// The newest is the one that ends last; of those, the one that starts last. An emission again of the window that is
/// shown replaces it, and so does every emission of a running total or of a table without times.
#[derive(Clone, Debug)]
pub struct Latest {
    top: usize,
    size: Option<Millis>,
    assembly: Assembly<First>,
    newest: Vec<Row>,
}

impl Latest {
    /// Keeps `top` rows, and the remainder if there is one.
    pub fn new(top: usize) -> Latest {
        Latest { top, size: None, assembly: Assembly::default(), newest: Vec::new() }
    }

    /// Looks only at windows of one size, where a stream has several.
    #[must_use]
    pub fn of_size(self, size: Millis) -> Latest {
        Latest { size: Some(size), ..self }
    }

    /// Takes a row; whether there is something new to show.
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

    /// The rows of the newest window, in order; none before there is one.
    pub fn rows(&self) -> &[Row] {
        &self.newest
    }

    fn offer(&mut self, window: First) -> bool {
        let rows = window.into_rows();
        let Some(first) = rows.first() else { return false };
        if let (Some(size), Some(bounds)) = (self.size, first.bounds)
            && bounds.end.saturating_sub(bounds.start) != size
        {
            return false;
        }
        let is_newer = match self.newest.first() {
            None => true,
            Some(shown) if first.all || shown.all => true,
            Some(shown) if first.bounds == shown.bounds => first.bounds.is_none() || first.rev >= shown.rev,
            Some(shown) => first.bounds > shown.bounds,
        };
        if is_newer {
            self.newest = rows;
        }
        is_newer
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::row::Number;

    fn row(bounds: (Millis, Millis), rev: u64, count: u64) -> Row {
        let mut row = Row::new(bounds.0, bounds.1, Number::from(count));
        (row.rev, row.rows) = (rev, Some(1));
        row
    }

    fn shown(latest: &Latest) -> Option<Number> {
        latest.rows().first().map(|row| row.count)
    }

    #[test]
    fn a_later_window_and_a_higher_revision_replace() {
        let mut latest = Latest::new(10);
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
        let mut latest = Latest::new(10);
        for (end, count) in [(20, 1), (20, 2), (19, 3)] {
            let mut row = row((0, end), 0, count);
            row.all = true;
            assert_eq!(latest.push(row), Ok(true));
            assert_eq!(shown(&latest), Some(Number::from(count)));
        }
    }

    #[test]
    fn one_size_of_several() {
        let mut latest = Latest::new(10).of_size(60);
        assert_eq!(latest.push(row((0, 60), 0, 1)), Ok(true));
        assert_eq!(latest.push(row((50, 70), 0, 2)), Ok(false));
        assert_eq!(shown(&latest), Some(Number::Int(1)));
    }

    #[test]
    fn rows_that_lack_others_wait_for_a_flush() {
        let mut latest = Latest::new(1);
        for count in [1, 3, 2] {
            let mut row = row((0, 20), 0, count);
            (row.rows, row.keys) = (None, vec![("k".into(), crate::row::key::Scalar::String("a".into()))]);
            assert_eq!(latest.push(row), Ok(false));
        }
        assert!(latest.flush_partial());
        assert_eq!((latest.rows().len(), shown(&latest)), (1, Some(Number::Int(3))));
        assert!(!latest.flush_partial());
    }
}
