//! Rows to whole windows: one rule for everybody who needs all rows of a window at once.
//!
//! A window is whole when as many rows of one emission have come as its `rows` column says. Where that column is
//! missing, or a filter in between dropped rows, it ends at the first row of another emission or window, at the end of
//! input. Emissions come one after the other, of whatever window sizes, so only one is ever in assembly.

use std::fmt;

use super::{Bounds, Row};

/// What becomes of the rows of a window: all of them kept, or only the largest.
pub trait Collect {
    /// Takes the window's next row, in input order.
    fn add(&mut self, row: Row);
}

impl Collect for Vec<Row> {
    fn add(&mut self, row: Row) {
        self.push(row);
    }
}

/// The rows of `--emit update` are changes only: no whole window ever comes of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChangesOnly;

impl fmt::Display for ChangesOnly {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "these rows are changes only (--emit update), but whole windows are needed: \
             use window-count --emit final or --emit complete",
        )
    }
}

impl std::error::Error for ChangesOnly {}

/// The emission that is in assembly.
#[derive(Clone, Debug)]
pub struct Assembly<C> {
    part: Option<Part<C>>,
}

#[derive(Clone, Debug)]
struct Part<C> {
    emission: Emission,
    seen: u64,
    collected: C,
}

/// What tells the rows of one emission of one window from all others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Emission {
    bounds: Option<Bounds>,
    rev: u64,
    all: bool,
    open: bool,
    rows: Option<u64>,
}

impl Emission {
    /// The emission that a row is of.
    ///
    /// # Errors
    ///
    /// It is of none: it only says what changed.
    pub fn of(row: &Row) -> Result<Emission, ChangesOnly> {
        let Row { bounds, rev, all, open, rows, update, .. } = *row;
        if update { Err(ChangesOnly) } else { Ok(Emission { bounds, rev, all, open, rows }) }
    }
}

impl<C> Default for Assembly<C> {
    fn default() -> Self {
        Assembly { part: None }
    }
}

impl<C: Collect> Assembly<C> {
    /// Takes a row. `new` makes the collection of a window's rows; `ended` is given what has ended, in order: a window
    /// that this row cut short, and the row's own when it is whole.
    pub fn push(
        &mut self,
        row: Row,
        new: impl FnOnce() -> C,
        ended: impl FnMut(C),
    ) -> Result<(), ChangesOnly> {
        self.add(Emission::of(&row)?, |collected| collected.add(row), new, ended);
        Ok(())
    }
}

impl<C> Assembly<C> {
    /// As [`Assembly::push`], for a row of which only the emission is known; `add` adds it.
    pub fn add(
        &mut self,
        emission: Emission,
        add: impl FnOnce(&mut C),
        new: impl FnOnce() -> C,
        mut ended: impl FnMut(C),
    ) {
        if self.part.as_ref().is_some_and(|part| part.emission != emission)
            && let Some(cut) = self.end()
        {
            ended(cut);
        }
        let fresh = || Part { emission, seen: 0, collected: new() };
        let part = self.part.get_or_insert_with(fresh);
        part.seen += 1;
        add(&mut part.collected);
        if emission.rows.is_some_and(|rows| part.seen >= rows)
            && let Some(whole) = self.end()
        {
            ended(whole);
        }
    }

    /// Rows of the emission in assembly that are taken many at once: `take` is told how many there may be before the last of the
    /// window, and tells how many it took.
    pub fn take_many(&mut self, emission: Emission, take: impl FnOnce(u64, &mut C) -> u64) {
        let Some(part) = self.part.as_mut().filter(|part| part.emission == emission) else { return };
        let room = emission.rows.map_or(u64::MAX, |rows| rows.saturating_sub(part.seen + 1));
        part.seen += take(room, &mut part.collected);
    }

    /// What is in assembly: how many rows of it came, and what became of them.
    pub fn part(&self) -> Option<(u64, &C)> {
        self.part.as_ref().map(|part| (part.seen, &part.collected))
    }

    /// Takes over what was in assembly elsewhere.
    pub fn go_on(&mut self, emission: Emission, seen: u64, collected: C) {
        self.part = Some(Part { emission, seen, collected });
    }

    /// Ends the window in assembly as it is: the input has ended, or the source has gone quiet.
    pub fn end(&mut self) -> Option<C> {
        self.part.take().map(|part| part.collected)
    }
}

#[cfg(test)]
mod tests {
    use super::super::Number;
    use super::*;

    fn row(end: i64, rev: u64, rows: Option<u64>, count: u64) -> Row {
        let mut row = Row::new(0, end, Number::from(count));
        (row.rev, row.rows) = (rev, rows);
        row
    }

    /// The counts of each window that ended, and a bar where the input ended.
    fn windows(rows: &[Row]) -> Vec<Vec<String>> {
        let mut assembly = Assembly::<Vec<Row>>::default();
        let mut ended = Vec::new();
        for row in rows {
            assembly.push(row.clone(), Vec::new, |window| ended.push(window)).expect("a whole window's row");
        }
        ended.push(vec![]);
        ended.extend(assembly.end());
        ended.iter().map(|window| window.iter().map(|row| row.count.to_string()).collect()).collect()
    }

    #[test]
    fn a_window_ends_with_its_last_row() {
        let rows = [row(20, 0, Some(2), 3), row(20, 0, Some(2), 1), row(60, 0, Some(1), 9)];
        assert_eq!(windows(&rows), [vec!["3", "1"], vec!["9"], vec![]]);
    }

    #[test]
    fn a_window_that_lost_rows_ends_at_the_next_one_or_with_the_input() {
        let rows = [row(20, 0, Some(9), 3), row(60, 0, Some(9), 1), row(60, 1, Some(9), 2)];
        assert_eq!(windows(&rows), [vec!["3"], vec!["1"], vec![], vec!["2"]]);
        let rows = [row(20, 0, None, 3), row(20, 0, None, 1), row(40, 0, None, 2)];
        assert_eq!(windows(&rows), [vec!["3", "1"], vec![], vec!["2"]]);
    }

    #[test]
    fn an_emission_again_is_another_window() {
        let rows = [row(20, 0, Some(1), 3), row(20, 0, Some(1), 3)];
        assert_eq!(windows(&rows), [vec!["3"], vec!["3"], vec![]]);
    }

    #[test]
    fn changes_are_refused() {
        let mut assembly = Assembly::<Vec<Row>>::default();
        let mut change = row(20, 0, Some(1), 1);
        change.update = true;
        assert_eq!(assembly.push(change, Vec::new, |_| {}), Err(ChangesOnly));
        assert!(ChangesOnly.to_string().contains("--emit complete"));
    }
}
