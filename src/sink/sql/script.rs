//! A database that does nothing and shows what it was told, as a script that its own shell reads.

use super::{Column, Database, Dialect, Fault, Kind, Value};
use crate::time::Millis;

/// Shows statements instead of running them.
pub struct Script<D> {
    dialect: Marked<D>,
    text: Vec<u8>,
}

/// Stands for a value; no name holds it.
const MARK: &str = "\0";

/// A dialect whose values are written into the statements afterwards.
struct Marked<D>(D);

impl<D: Dialect> Dialect for Marked<D> {
    fn quote(&self, name: &str) -> Result<String, String> {
        self.0.quote(name)
    }

    fn column_type(&self, kind: Kind, keys: Option<usize>) -> String {
        self.0.column_type(kind, keys)
    }

    fn create(&self, table: &str, columns: &[String], keys: &[String]) -> Result<Vec<String>, String> {
        self.0.create(table, columns, keys)
    }

    fn commits_tables(&self) -> bool {
        self.0.commits_tables()
    }

    fn is_same_name(&self, one: &str, two: &str) -> bool {
        self.0.is_same_name(one, two)
    }

    fn place(&self, _number: usize) -> String {
        MARK.into()
    }

    fn cast(&self, sent: &str, column: &Column) -> String {
        self.0.cast(sent, column)
    }

    fn refuses(&self, value: &Value<'_>) -> Option<&'static str> {
        self.0.refuses(value)
    }

    fn moment(&self, time: Millis) -> Value<'static> {
        self.0.moment(time)
    }

    fn lock(&self, table: &str) -> Option<String> {
        self.0.lock(table)
    }

    fn integer(&self) -> &'static str {
        self.0.integer()
    }

    fn literal(&self, value: &Value<'_>) -> String {
        self.0.literal(value)
    }

    fn begin(&self) -> &'static str {
        self.0.begin()
    }

    fn is(&self) -> &'static str {
        self.0.is()
    }

    fn on_conflict(&self, table: &str, keys: &[String], others: &[String], guard: Option<&str>) -> String {
        self.0.on_conflict(table, keys, others, guard)
    }
}

impl<D: Dialect> Script<D> {
    /// A script in this dialect.
    pub fn new(dialect: D) -> Script<D> {
        Script { dialect: Marked(dialect), text: Vec::new() }
    }
}

impl<D: Dialect> Database for Script<D> {
    fn dialect(&self) -> &dyn Dialect {
        &self.dialect
    }

    fn columns(&mut self, _table: &str) -> Result<Option<Vec<Column>>, Fault> {
        Ok(None)
    }

    fn unique_indices(&mut self, _table: &str) -> Result<Vec<Vec<String>>, Fault> {
        Ok(Vec::new())
    }

    fn execute(&mut self, statement: &str, values: &[Value<'_>]) -> Result<u64, Fault> {
        let mut values = values.iter();
        for (place, part) in statement.split(MARK).enumerate() {
            if place > 0
                && let Some(value) = values.next()
            {
                self.text.extend_from_slice(self.dialect.literal(value).as_bytes());
            }
            self.text.extend_from_slice(part.as_bytes());
        }
        self.text.extend_from_slice(b";\n");
        Ok(1)
    }

    fn numbers(&mut self, _query: &str, _values: &[Value<'_>]) -> Result<Vec<[i64; 2]>, Fault> {
        Ok(Vec::new())
    }

    fn is_imagined(&self) -> bool {
        true
    }

    fn shown(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.text)
    }
}
