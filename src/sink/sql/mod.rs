//! What all SQL stores have in common: the table is found or made, each batch is one transaction, and rows replace each other.
//!
//! **What replaces what.** A record replaces the one with the same key columns, as a whole: a column that it lacks becomes null.
//! Of window rows with the same key the higher `rev` stays. The first row of a whole emission removes what is stored of its
//! window, in the same transaction, so that rows that are no longer in it are gone; an emission that comes again although a
//! later one is stored is passed over. Of an emission that is not in one batch as a whole, because it is large or was taken up
//! in its middle, only rows of lower `rev` are removed: the others may be its own. A session shares its bounds with those of other keys, so rows of windows with a single
//! key (`distinct` 1) replace their own row alone, and one that a merge dissolved (`count` 0) is removed. With `"all": true`
//! there is one window, whatever its bounds.

mod dialect;
mod kind;
mod script;
mod table;

pub use dialect::{Dialect, Statements};
pub use kind::{Kind, Value};
pub use script::Script;
pub use table::{Column, Columns};

use super::{Batch, Emitted, Failure, Record, Sink, SinkOptions, Written};

/// What went wrong in a database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It may go better next time.
    Passing(String),
    /// It will not.
    Lasting(String),
    /// It is this row's: the database does not take one of its values.
    Row(String),
}

impl From<Fault> for Failure {
    fn from(fault: Fault) -> Failure {
        match fault {
            Fault::Passing(text) => Failure::Passing(text, None),
            Fault::Lasting(text) | Fault::Row(text) => Failure::Lasting(text),
        }
    }
}

/// One database, as its driver gives it.
pub trait Database {
    /// How it wants its statements.
    fn dialect(&self) -> &dyn Dialect;

    /// The columns of a table, but for those that the database fills itself; none if there is no such table.
    fn columns(&mut self, table: &str) -> Result<Option<Vec<Column>>, Fault>;

    /// The columns of each unique index of a table.
    fn unique_indices(&mut self, table: &str) -> Result<Vec<Vec<String>>, Fault>;

    /// Runs a statement; how many rows it changed.
    fn execute(&mut self, statement: &str, values: &[Value<'_>]) -> Result<u64, Fault>;

    /// Whether a query has a row.
    fn exists(&mut self, query: &str, values: &[Value<'_>]) -> Result<bool, Fault>;

    /// Whether nothing is done: then there is whatever is needed.
    fn is_imagined(&self) -> bool {
        false
    }

    /// What a dry run has to show since it was asked last.
    fn shown(&mut self) -> Vec<u8> {
        Vec::new()
    }
}

/// Stores records in a table of a database.
pub struct SqlSink<D> {
    database: D,
    table: String,
    create: bool,
    evolve: bool,
    prepared: Option<Prepared>,
    /// The emission that is coming in is older than what is stored.
    is_passing_over: bool,
}

struct Prepared {
    columns: Columns,
    statements: Statements,
}

impl<D: Database> SqlSink<D> {
    /// Stores in the table that the options name.
    pub fn new(database: D, options: &SinkOptions) -> SqlSink<D> {
        SqlSink {
            database,
            table: options.table.clone(),
            create: options.create,
            evolve: options.evolve,
            prepared: None,
            is_passing_over: false,
        }
    }

    /// Finds or makes the table, and what it lacks.
    fn prepare(&mut self, batch: &Batch<'_>) -> Result<Prepared, Failure> {
        let mut columns = match self.prepared.take() {
            Some(prepared) => prepared.columns,
            None => self.find_or_make(batch)?,
        };
        let missing = columns.missing(self.database.dialect(), batch);
        if !missing.is_empty() {
            if !self.evolve && !self.database.is_imagined() {
                let names: Vec<String> = missing.iter().map(|column| format!("`{}`", column.name)).collect();
                let text = format!(
                    "the table {} has no column {}: --evolve adds what is missing, and jsonl-filter --map leaves it out",
                    self.table,
                    names.join(", ")
                );
                return Err(Failure::Usage(text));
            }
            for column in missing.iter().filter(|_| self.evolve) {
                let statement = Statements::add_column(self.database.dialect(), &self.table, column)
                    .map_err(Failure::Usage)?;
                self.database.execute(&statement, &[])?;
            }
            columns.add(missing);
        }
        let statements = Statements::new(
            self.database.dialect(),
            &self.table,
            columns.list(),
            columns.keys(),
            batch.keys.by_window,
        )
        .map_err(Failure::Usage)?;
        Ok(Prepared { columns, statements })
    }

    fn find_or_make(&mut self, batch: &Batch<'_>) -> Result<Columns, Failure> {
        let keys = batch.keys;
        if let Some(found) = self.database.columns(&self.table)? {
            let dialect = self.database.dialect();
            let columns = Columns::of_table(dialect, found, keys, &self.table)?;
            let indices = self.database.unique_indices(&self.table)?;
            let dialect = self.database.dialect();
            let is_key = |index: &Vec<String>| {
                let has = |key: &String| index.iter().any(|name| dialect.is_same_name(name, key));
                index.len() == keys.columns.len() && keys.columns.iter().all(has)
            };
            if !indices.iter().any(is_key) {
                let names = keys.columns.join(", ");
                let text = format!(
                    "the table {} has no unique index on ({names}), which tells its rows apart: make one, name other --key-columns, or store in another --table",
                    self.table
                );
                return Err(Failure::Usage(text));
            }
            return Ok(columns);
        }
        if !self.create && !self.database.is_imagined() {
            let text = format!("there is no table {}: --create makes it, --table names another", self.table);
            return Err(Failure::Usage(text));
        }
        let dialect = self.database.dialect();
        let columns = Columns::of_batch(dialect, batch)?;
        let statements =
            Statements::new(dialect, &self.table, columns.list(), columns.keys(), keys.by_window)
                .map_err(Failure::Usage)?;
        for statement in statements.create.iter().filter(|_| self.create) {
            self.database.execute(statement, &[])?;
        }
        Ok(columns)
    }

    fn transact(&mut self, batch: &Batch<'_>) -> Result<Written, Failure> {
        let mut prepared = self.prepare(batch)?;
        let mut pass = Pass {
            database: &mut self.database,
            statements: &prepared.statements,
            by_window: batch.keys.by_window,
            written: Written::default(),
            is_passing_over: self.is_passing_over,
        };
        let mut values = Vec::new();
        for (number, record) in batch.iter() {
            values.clear();
            match prepared.columns.values(pass.database.dialect(), &record, &mut values) {
                Ok(()) => {
                    pass.row(number, &record, || batch.has_all_of(number), &prepared.columns, &values)?;
                }
                Err(why) => pass.written.refused.push((number, why)),
            }
        }
        let Pass { written, is_passing_over, .. } = pass;
        self.database.execute("COMMIT", &[])?;
        self.is_passing_over = is_passing_over;
        self.prepared = Some(prepared);
        Ok(written)
    }
}

impl<D: Database> Sink for SqlSink<D> {
    fn write(&mut self, batch: &Batch<'_>) -> Result<Written, Failure> {
        let begin = self.database.dialect().begin();
        self.database.execute(begin, &[])?;
        let written = self.transact(batch);
        if written.is_err() {
            self.prepared = None;
            // Where the connection broke there is nothing to take back.
            let _ = self.database.execute("ROLLBACK", &[]);
        }
        written
    }

    fn shown(&mut self) -> Vec<u8> {
        self.database.shown()
    }
}

/// One pass over a batch, inside a transaction.
struct Pass<'d, D> {
    database: &'d mut D,
    statements: &'d Statements,
    by_window: bool,
    written: Written,
    is_passing_over: bool,
}

impl<D: Database> Pass<'_, D> {
    fn row(
        &mut self,
        number: usize,
        record: &Record<'_>,
        has_all: impl Fn() -> bool,
        columns: &Columns,
        values: &[Value<'_>],
    ) -> Result<(), Failure> {
        let emitted = record.emitted().filter(|_| self.by_window);
        if record.begins() {
            self.is_passing_over = match emitted {
                Some(emitted) if emitted.is_whole() => {
                    self.begin_window(emitted, has_all(), columns, values)?
                }
                _ => false,
            };
        }
        if self.is_passing_over {
            self.written.stale += 1;
            return Ok(());
        }
        let keys = &values[..columns.keys()];
        let is_taken_back = emitted.is_some_and(|emitted| emitted.is_taken_back);
        let changes_all = emitted.is_some_and(|emitted| emitted.all && !emitted.is_whole());
        if emitted.is_some_and(|emitted| emitted.alone && emitted.rev > 0) {
            // It may have been a window without records, which has a row without keys.
            let bounds: Vec<usize> = columns.bounds().collect();
            let value =
                |place: usize| if bounds.contains(&place) { keys[place].clone() } else { Value::Null };
            let empty: Vec<Value<'_>> = (0..keys.len()).map(value).collect();
            self.database.execute(&self.statements.clear_row[0], &empty)?;
        }
        // No index tells two nulls apart, and the bounds of the window over everything are no part of its key.
        if is_taken_back || changes_all || keys.contains(&Value::Null) {
            if self.clear_row(emitted, changes_all, columns, keys)? {
                self.written.stale += 1;
                return Ok(());
            }
            if is_taken_back {
                self.written.stored += 1;
                return Ok(());
            }
        }
        match self.database.execute(&self.statements.upsert, values) {
            Ok(0) => self.written.stale += 1,
            Ok(_) => self.written.stored += 1,
            Err(Fault::Row(why)) => self.written.refused.push((number, why)),
            Err(fault) => return Err(fault.into()),
        }
        Ok(())
    }

    /// Removes what is stored of a window, or of older emissions of it; true where that is newer.
    fn begin_window(
        &mut self,
        emitted: &Emitted,
        has_all: bool,
        columns: &Columns,
        values: &[Value<'_>],
    ) -> Result<bool, Failure> {
        let all = usize::from(emitted.all);
        let mut conditions = Vec::with_capacity(3);
        if !emitted.all {
            conditions.extend(columns.bounds().map(|place| values[place].clone()));
        }
        let bounds = conditions.len();
        conditions.push(Value::Integer(i64::try_from(emitted.rev).unwrap_or(i64::MAX)));
        if self.database.exists(&self.statements.window_is_newer[all], &conditions)? {
            return Ok(true);
        }
        if has_all {
            self.database.execute(&self.statements.clear_window[all], &conditions[..bounds])?;
        } else {
            self.database.execute(&self.statements.clear_older[all], &conditions)?;
        }
        Ok(false)
    }

    /// Removes the row with a key; true where a newer one is stored.
    fn clear_row(
        &mut self,
        emitted: Option<&Emitted>,
        changes_all: bool,
        columns: &Columns,
        keys: &[Value<'_>],
    ) -> Result<bool, Failure> {
        let all = usize::from(changes_all);
        let bounds: Vec<usize> = columns.bounds().collect();
        let is_meant = |place: &usize| !changes_all || !bounds.contains(place);
        let mut conditions: Vec<Value<'_>> =
            (0..keys.len()).filter(is_meant).map(|place| keys[place].clone()).collect();
        let meant = conditions.len();
        if let Some(emitted) = emitted {
            conditions.push(Value::Integer(i64::try_from(emitted.rev).unwrap_or(i64::MAX)));
            if self.database.exists(&self.statements.row_is_newer[all], &conditions)? {
                return Ok(true);
            }
        }
        self.database.execute(&self.statements.clear_row[all], &conditions[..meant])?;
        Ok(false)
    }
}
