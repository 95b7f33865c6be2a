//! One pass over a batch, inside a transaction: which rows go, which come, and which are older than what is stored.
//!
//! A database beyond a network answers late, so it is asked little: which windows of the batch have rows at all is one question, and
//! rows are gathered and sent together, until something about their window has to be done first. Rows that the database does
//! not take are found by halves, so that the others are stored.

use std::ops::Range;

use foldhash::fast::FixedState;
use hashbrown::{HashMap, HashSet};

use super::kind::Value;
use super::statements::WINDOWS;
use super::{Database, Fault, Table};
use crate::row::Bounds;
use crate::sink::{Batch, Emitted, Failure, Record, Written};

/// The bounds of a window, as they tell it from others.
type Window = (i64, i64);

fn window(bounds: Bounds) -> Window {
    (bounds.start, bounds.end)
}

/// What is known of a window of which a whole emission is in the batch.
#[derive(Clone, Copy, Default)]
struct Known {
    /// The highest revision that is stored, or about to be; none if there are no rows.
    newest: Option<i64>,
    /// All its rows are of this batch.
    is_fresh: bool,
    /// One of them lacks a key.
    has_null: bool,
}

/// What is done with a batch.
pub(super) struct Pass<'p, D> {
    database: &'p mut D,
    table: Table<'p>,
    by_window: bool,
    known: HashMap<Window, Known, FixedState>,
    waiting: Waiting<'p>,
    pub(super) written: Written,
    pub(super) is_passing_over: bool,
}

/// Rows that are about to be sent.
#[derive(Default)]
struct Waiting<'v> {
    numbers: Vec<usize>,
    values: Vec<Value<'v>>,
    windows: HashSet<Window, FixedState>,
}

impl<'p, D: Database> Pass<'p, D> {
    pub(super) fn new(database: &'p mut D, table: Table<'p>, by_window: bool, is_passing_over: bool) -> Self {
        Pass {
            database,
            table,
            by_window,
            known: HashMap::default(),
            waiting: Waiting::default(),
            written: Written::default(),
            is_passing_over,
        }
    }

    /// Does it; each record comes with its values, or why they do not fit.
    pub(super) fn run(
        &mut self,
        batch: &Batch<'p>,
        rows: Vec<Result<Vec<Value<'p>>, String>>,
    ) -> Result<(), Failure> {
        // An emission begins with its first row that fits, and is all there if that is so from its very first one.
        let mut first = None;
        let begins = batch.iter().zip(&rows).map(|((number, record), row)| {
            if record.begins() {
                first = Some(number);
            }
            if row.is_ok() { first.take() } else { None }
        });
        let begins: Vec<Option<usize>> = begins.collect();
        self.look(batch, &rows, &begins)?;
        for (((number, record), row), begins) in batch.iter().zip(rows).zip(begins) {
            match row {
                Ok(values) => {
                    let has_all = begins.map(|first| batch.has_all_of(first));
                    self.row(number, &record, has_all, values)?;
                }
                Err(why) => self.written.refused.push((number, why)),
            }
        }
        self.flush()?;
        self.written.refused.sort_unstable();
        Ok(())
    }

    /// Finds out what is stored of the windows that the batch replaces.
    fn look(
        &mut self,
        batch: &Batch<'p>,
        rows: &[Result<Vec<Value<'p>>, String>],
        begins: &[Option<usize>],
    ) -> Result<(), Failure> {
        if !self.by_window {
            return Ok(());
        }
        let bounds: Vec<usize> = self.table.columns.bounds().collect();
        let mut asked: Vec<(Window, [Value<'p>; 2])> = Vec::new();
        for (((_, record), row), begins) in batch.iter().zip(rows).zip(begins) {
            let replaces = |emitted: &&Emitted| emitted.is_whole() && !emitted.all && begins.is_some();
            let (Some(emitted), Ok(values), &[start, end]) =
                (record.emitted().filter(replaces), row, &bounds[..])
            else {
                continue;
            };
            let window = window(emitted.bounds);
            if self.known.insert(window, Known::default()).is_none() {
                asked.push((window, [values[start].clone(), values[end].clone()]));
            }
        }
        if self.database.is_imagined() {
            self.known.values_mut().for_each(|known| known.newest = Some(0));
            return Ok(());
        }
        let mut rest = &asked[..];
        for (&size, query) in WINDOWS.iter().zip(&self.table.statements.newest) {
            while rest.len() >= size {
                let (now, later) = rest.split_at(size);
                let values: Vec<Value<'_>> = now.iter().flat_map(|(_, bounds)| bounds.clone()).collect();
                for [number, rev] in self.database.numbers(query, &values)? {
                    let found = usize::try_from(number).ok().and_then(|at| now.get(at));
                    if let Some(known) = found.and_then(|(window, _)| self.known.get_mut(window)) {
                        known.newest = Some(rev);
                    }
                }
                rest = later;
            }
        }
        Ok(())
    }

    /// One row. Of the first of an emission it is said whether the batch has all of them.
    fn row(
        &mut self,
        number: usize,
        record: &Record<'_>,
        begins: Option<bool>,
        values: Vec<Value<'p>>,
    ) -> Result<(), Failure> {
        let emitted = record.emitted().filter(|_| self.by_window);
        let changes_all = emitted.is_some_and(|emitted| emitted.all && !emitted.is_whole());
        if let Some(has_all) = begins {
            self.is_passing_over = match emitted {
                Some(emitted) if emitted.is_whole() => self.begin_window(emitted, has_all, &values)?,
                _ => false,
            };
            if changes_all {
                self.flush()?;
            }
        }
        if self.is_passing_over {
            self.written.stale += 1;
            return Ok(());
        }
        let keys = &values[..self.table.columns.keys()];
        let is_taken_back = emitted.is_some_and(|emitted| emitted.is_taken_back);
        if emitted.is_some_and(|emitted| emitted.alone && emitted.rev > 0) {
            // It may have been a window without records, which has a row without keys.
            self.flush_of(emitted)?;
            let bounds: Vec<usize> = self.table.columns.bounds().collect();
            let value =
                |place: usize| if bounds.contains(&place) { keys[place].clone() } else { Value::Null };
            let empty: Vec<Value<'_>> = (0..keys.len()).map(value).collect();
            self.database.execute(&self.table.statements.clear_row[0], &empty)?;
        }
        // No index tells two nulls apart, and the bounds of the window over everything are no part of its key.
        let has_null = keys.contains(&Value::Null) && self.may_be_there(emitted);
        if is_taken_back || changes_all || has_null {
            if !changes_all {
                self.flush_of(emitted)?;
            }
            if self.clear_row(emitted, changes_all, keys)? {
                self.written.stale += 1;
                return Ok(());
            }
            if is_taken_back {
                self.written.stored += 1;
                return Ok(());
            }
        }
        self.wait(number, emitted, values)
    }

    /// Whether a row that lacks a key may be stored already, or be about to.
    fn may_be_there(&mut self, emitted: Option<&Emitted>) -> bool {
        match emitted.and_then(|emitted| self.known.get_mut(&window(emitted.bounds))) {
            Some(known) => std::mem::replace(&mut known.has_null, true) || !known.is_fresh,
            None => true,
        }
    }

    /// Removes what is stored of a window, or of older emissions of it; true where that is newer.
    fn begin_window(
        &mut self,
        emitted: &Emitted,
        has_all: bool,
        values: &[Value<'_>],
    ) -> Result<bool, Failure> {
        let rev = i64::try_from(emitted.rev).unwrap_or(i64::MAX);
        let all = usize::from(emitted.all);
        let mut conditions = Vec::with_capacity(3);
        if emitted.all {
            self.flush()?;
            if !self.database.numbers(&self.table.statements.all_is_newer, &[Value::Integer(rev)])?.is_empty()
            {
                return Ok(true);
            }
        } else {
            let known = self.known.entry(window(emitted.bounds)).or_default();
            if known.newest.is_some_and(|newest| newest > rev) {
                return Ok(true);
            }
            let is_there = known.newest.is_some();
            known.is_fresh = !is_there || has_all;
            known.has_null &= is_there && !has_all;
            known.newest = Some(rev);
            if self.database.is_imagined() {
                known.is_fresh = false;
            }
            if !is_there {
                return Ok(false);
            }
            self.flush_of(Some(emitted))?;
            conditions.extend(self.table.columns.bounds().map(|place| values[place].clone()));
        }
        if has_all {
            self.database.execute(&self.table.statements.clear_window[all], &conditions)?;
        } else {
            conditions.push(Value::Integer(rev));
            self.database.execute(&self.table.statements.clear_older[all], &conditions)?;
        }
        Ok(false)
    }

    /// Removes the row with a key; true where a newer one is stored.
    fn clear_row(
        &mut self,
        emitted: Option<&Emitted>,
        changes_all: bool,
        keys: &[Value<'_>],
    ) -> Result<bool, Failure> {
        let all = usize::from(changes_all);
        let bounds: Vec<usize> = self.table.columns.bounds().collect();
        let is_meant = |place: &usize| !changes_all || !bounds.contains(place);
        let mut conditions: Vec<Value<'_>> =
            (0..keys.len()).filter(is_meant).map(|place| keys[place].clone()).collect();
        let meant = conditions.len();
        let statements = self.table.statements;
        if let Some(emitted) = emitted {
            conditions.push(Value::Integer(i64::try_from(emitted.rev).unwrap_or(i64::MAX)));
            if !self.database.numbers(&statements.row_is_newer[all], &conditions)?.is_empty() {
                return Ok(true);
            }
        }
        self.database.execute(&statements.clear_row[all], &conditions[..meant])?;
        Ok(false)
    }

    /// Adds a row to those that are sent together.
    fn wait(
        &mut self,
        number: usize,
        emitted: Option<&Emitted>,
        values: Vec<Value<'p>>,
    ) -> Result<(), Failure> {
        if let Some(emitted) = emitted {
            let window = window(emitted.bounds);
            self.waiting.windows.insert(window);
            if let Some(known) = self.known.get_mut(&window) {
                known.newest = known.newest.max(Some(i64::try_from(emitted.rev).unwrap_or(i64::MAX)));
            }
        }
        self.waiting.numbers.push(number);
        self.waiting.values.extend(values);
        if self.waiting.numbers.len() >= self.database.rows_at_once(&self.table) {
            self.flush()
        } else {
            Ok(())
        }
    }

    /// Sends what waits, if a row of this window is among it.
    fn flush_of(&mut self, emitted: Option<&Emitted>) -> Result<(), Failure> {
        let waits = emitted.is_none_or(|emitted| self.waiting.windows.contains(&window(emitted.bounds)));
        if waits { self.flush() } else { Ok(()) }
    }

    /// Sends what waits.
    fn flush(&mut self) -> Result<(), Failure> {
        let Waiting { numbers, values, .. } = std::mem::take(&mut self.waiting);
        if numbers.is_empty() { Ok(()) } else { self.send(&numbers, &values, 0..numbers.len()) }
    }

    fn send(&mut self, numbers: &[usize], values: &[Value<'_>], rows: Range<usize>) -> Result<(), Failure> {
        let width = values.len() / numbers.len();
        match self.database.upsert(&self.table, &values[rows.start * width..rows.end * width]) {
            Ok(stored) => {
                self.written.stored += stored;
                self.written.stale += (rows.len() as u64).saturating_sub(stored);
                Ok(())
            }
            Err(Fault::Row(why)) if rows.len() == 1 => {
                self.written.refused.push((numbers[rows.start], why));
                Ok(())
            }
            Err(Fault::Row(_)) => {
                let middle = rows.start + rows.len() / 2;
                self.send(numbers, values, rows.start..middle)?;
                self.send(numbers, values, middle..rows.end)
            }
            Err(fault) => Err(fault.into()),
        }
    }
}
