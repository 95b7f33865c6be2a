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
mod pass;
mod script;
mod statements;
mod table;

pub use dialect::Dialect;
pub use kind::{Kind, Value};
pub use script::Script;
pub use statements::Statements;
pub use table::{Column, Columns};

use super::{Batch, Failure, Sink, SinkOptions, Written};
use crate::time::Millis;
use pass::Pass;

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

impl Fault {
    /// Says which database it is that fails.
    #[cfg(any(feature = "mysql", feature = "postgres"))]
    pub fn at(self, place: &str) -> Fault {
        match self {
            Fault::Passing(text) => Fault::Passing(format!("{place}: {text}")),
            Fault::Lasting(text) => Fault::Lasting(format!("{place}: {text}")),
            Fault::Row(text) => Fault::Row(text),
        }
    }
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

    /// The columns of each unique index of a table; without a name is what is no whole column.
    fn unique_indices(&mut self, table: &str) -> Result<Vec<Vec<String>>, Fault>;

    /// Runs a statement; how many rows it changed.
    fn execute(&mut self, statement: &str, values: &[Value<'_>]) -> Result<u64, Fault>;

    /// What a query gives, rows of two whole numbers.
    fn numbers(&mut self, query: &str, values: &[Value<'_>]) -> Result<Vec<[i64; 2]>, Fault>;

    /// So many rows are sent together.
    fn rows_at_once(&self, _table: &Table<'_>) -> usize {
        1
    }

    /// Inserts rows, each as many values as the table has columns, or replaces those with their keys; how many of them are
    /// stored now, since none of a higher revision is. Of a fault nothing remains.
    fn upsert(&mut self, table: &Table<'_>, rows: &[Value<'_>]) -> Result<u64, Fault> {
        let mut stored = 0;
        for row in rows.chunks(table.columns.list().len()) {
            stored += self.execute(&table.statements.upsert, row)?.min(1);
        }
        Ok(stored)
    }

    /// Begins a transaction.
    fn begin(&mut self) -> Result<(), Fault> {
        let begin = self.dialect().begin();
        self.execute(begin, &[]).map(drop)
    }

    /// Whether nothing is done: then there is whatever is needed.
    fn is_imagined(&self) -> bool {
        false
    }

    /// What a dry run has to show since it was asked last.
    fn shown(&mut self) -> Vec<u8> {
        Vec::new()
    }
}

/// A table, and what is said about it.
#[derive(Clone, Copy, Debug)]
pub struct Table<'t> {
    /// Its columns.
    pub columns: &'t Columns,
    /// Its statements.
    pub statements: &'t Statements,
}

/// Stores records in a table of a database.
pub struct SqlSink<D> {
    database: D,
    table: String,
    create: bool,
    evolve: bool,
    /// The column that says when a record was.
    time: Option<String>,
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
            time: options.time_column.clone(),
            prepared: None,
            is_passing_over: false,
        }
    }

    /// Finds or makes the table, and what it lacks.
    fn prepare(&mut self, batch: &Batch<'_>) -> Result<Prepared, Failure> {
        let mut columns = match self.prepared.take() {
            Some(mut prepared) => {
                if prepared.columns.missing(self.database.dialect(), batch).is_empty() {
                    return Ok(prepared);
                }
                // A column that has a value of its own may be among them, or somebody else has made it.
                self.find_or_make(batch)?
            }
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
            if self.evolve {
                let dialect = self.database.dialect();
                let add = |column| Statements::add_column(dialect, &self.table, column);
                let added: Result<Vec<String>, String> = missing.iter().map(add).collect();
                self.change(&added.map_err(Failure::Usage)?)?;
            }
            columns.add(missing);
        }
        let statements =
            Statements::new(self.database.dialect(), &self.table, &columns).map_err(Failure::Usage)?;
        Ok(Prepared { columns, statements })
    }

    /// Makes or changes the table.
    fn change(&mut self, statements: &[String]) -> Result<(), Failure> {
        for statement in statements {
            self.database.execute(statement, &[])?;
        }
        if self.database.dialect().commits_tables() {
            self.database.begin()?;
        }
        Ok(())
    }

    fn find_or_make(&mut self, batch: &Batch<'_>) -> Result<Columns, Failure> {
        let (keys, time) = (batch.keys, self.time.as_deref());
        self.database.dialect().quote(&self.table).map_err(Failure::Usage)?;
        if let Some(found) = self.database.columns(&self.table)? {
            let columns = Columns::of_table(self.database.dialect(), found, batch, &self.table, time)?;
            self.check_indices(batch, &columns)?;
            return Ok(columns);
        }
        if !self.create && !self.database.is_imagined() {
            let text = format!("there is no table {}: --create makes it, --table names another", self.table);
            return Err(Failure::Usage(text));
        }
        let dialect = self.database.dialect();
        let columns = Columns::of_batch(dialect, batch, time)?;
        let statements = Statements::new(dialect, &self.table, &columns).map_err(Failure::Usage)?;
        if self.create {
            self.change(&statements.create)?;
        }
        debug_assert_eq!(columns.keys(), keys.columns.len());
        Ok(columns)
    }

    /// Of the unique indices one has the keys, and none makes a row replace another one.
    fn check_indices(&mut self, batch: &Batch<'_>, columns: &Columns) -> Result<(), Failure> {
        let indices = self.database.unique_indices(&self.table)?;
        let (dialect, keys) = (self.database.dialect(), &batch.keys.columns);
        let has = |index: &[String], key: &str| index.iter().any(|name| dialect.is_same_name(name, key));
        let is_key =
            |index: &Vec<String>| index.len() == keys.len() && keys.iter().all(|key| has(index, key));
        if !indices.iter().any(is_key) {
            let text = format!(
                "the table {} has no unique index on ({}), which tells its rows apart: make one, name other --key-columns, or store in another --table",
                self.table,
                keys.join(", ")
            );
            return Err(Failure::Usage(text));
        }
        let is_written = |name: &String| {
            name.is_empty() || columns.list().iter().any(|column| dialect.is_same_name(&column.name, name))
        };
        let other = indices.iter().find(|index| !is_key(index) && index.iter().all(is_written));
        match other.filter(|_| dialect.replaces_by_any_index()) {
            Some(other) => Err(Failure::Usage(format!(
                "the table {} has another unique index, on ({}), by which the database would replace rows with other keys: remove it, or store in another --table",
                self.table,
                other.join(", ")
            ))),
            None => Ok(()),
        }
    }

    fn transact(&mut self, batch: &Batch<'_>) -> Result<Written, Failure> {
        let mut prepared = self.prepare(batch)?;
        let dialect = self.database.dialect();
        let mut rows = Vec::with_capacity(batch.range.len());
        for (_, record) in batch.iter() {
            rows.push(prepared.columns.values(dialect, &record));
        }
        if let Some(lock) = dialect.lock(&self.table).filter(|_| batch.keys.by_window) {
            self.database.execute(&lock, &[])?;
        }
        let table = Table { columns: &prepared.columns, statements: &prepared.statements };
        let mut pass = Pass::new(&mut self.database, table, batch.keys.by_window, self.is_passing_over);
        pass.run(batch, rows)?;
        let Pass { written, is_passing_over, .. } = pass;
        self.database.execute("COMMIT", &[])?;
        self.is_passing_over = is_passing_over;
        self.prepared = Some(prepared);
        Ok(written)
    }
}

impl<D: Database> Sink for SqlSink<D> {
    fn write(&mut self, batch: &Batch<'_>) -> Result<Written, Failure> {
        self.database.begin()?;
        let written = self.transact(batch);
        if written.is_err() {
            self.prepared = None;
            // Where the connection broke there is nothing to take back.
            let _ = self.database.execute("ROLLBACK", &[]);
        }
        written
    }

    fn expire(&mut self, before: Millis) -> Result<u64, Failure> {
        let Some(Prepared { statements, .. }) = &self.prepared else { return Ok(0) };
        let Some(expire) = &statements.expire else {
            let text = format!(
                "--keep asks a column of times when a record was, and the table {} has none: name one by --time-column",
                self.table
            );
            return Err(Failure::Usage(text));
        };
        let moment = self.database.dialect().moment(before);
        Ok(self.database.execute(expire, &[moment])?)
    }

    fn shown(&mut self) -> Vec<u8> {
        self.database.shown()
    }
}
