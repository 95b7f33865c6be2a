//! How databases differ in what they are told.

use super::kind::{Kind, Value};
use super::table::Column;
use crate::time::Millis;

/// How one of them wants its statements.
pub trait Dialect {
    /// A name, quoted.
    ///
    /// # Errors
    ///
    /// It cannot be the name of anything here: why.
    fn quote(&self, name: &str) -> Result<String, String>;

    /// The type of a new column; of a key it may have to be bounded, the more so the more `keys` of texts there are.
    fn column_type(&self, kind: Kind, keys: Option<usize>) -> String;

    /// The statements that make a table with these columns, and a unique index on some of them.
    ///
    /// # Errors
    ///
    /// The table cannot have its name.
    fn create(&self, table: &str, columns: &[String], keys: &[String]) -> Result<Vec<String>, String> {
        let (index, table) = (self.quote(&format!("{table}_key"))?, self.quote(table)?);
        Ok(vec![
            format!("CREATE TABLE {table} ({})", columns.join(", ")),
            format!("CREATE UNIQUE INDEX {index} ON {table} ({})", keys.join(", ")),
        ])
    }

    /// Whether a statement that makes or changes a table ends the transaction.
    fn commits_tables(&self) -> bool {
        false
    }

    /// Whether an insertion replaces a row that has the same values in any unique index, not only in that of the keys.
    fn replaces_by_any_index(&self) -> bool {
        false
    }

    /// Whether two names are those of one column.
    fn is_same_name(&self, one: &str, two: &str) -> bool {
        one == two
    }

    /// The place of a value, counted from 1.
    fn place(&self, number: usize) -> String;

    /// What is sent for a value of a column, as a value of it.
    fn cast(&self, sent: &str, _column: &Column) -> String {
        sent.to_owned()
    }

    /// Where a value of a column stands.
    fn placeholder(&self, number: usize, column: &Column) -> String {
        self.cast(&self.place(number), column)
    }

    /// A value written out, for a person.
    fn literal(&self, value: &Value<'_>) -> String;

    /// Why a value can be in no column here, however it fits its kind.
    fn refuses(&self, _value: &Value<'_>) -> Option<&'static str> {
        None
    }

    /// What compares with a column of times as this time does.
    fn moment(&self, time: Millis) -> Value<'static> {
        Value::Time(time)
    }

    /// Begins a transaction.
    fn begin(&self) -> &'static str {
        "BEGIN"
    }

    /// What keeps other writers of these windows away until the transaction ends; none if beginning it did.
    fn lock(&self, _table: &str) -> Option<String> {
        None
    }

    /// Stands behind a query whose answer must hold until the transaction ends.
    fn for_update(&self) -> &'static str {
        ""
    }

    /// What compares like `=`, and holds for two nulls.
    fn is(&self) -> &'static str;

    /// A whole number of 64 bits.
    fn integer(&self) -> &'static str {
        "BIGINT"
    }

    /// How an insertion goes on where the key is there already. `guard` is the column that must not fall. The form is that of
    /// SQLite and PostgreSQL.
    fn on_conflict(&self, table: &str, keys: &[String], others: &[String], guard: Option<&str>) -> String {
        // A row of keys alone is there with them, and counts as stored.
        let others = if others.is_empty() { &keys[..keys.len().min(1)] } else { others };
        let set: Vec<String> = others.iter().map(|column| format!("{column} = excluded.{column}")).collect();
        let guard = guard.map_or(String::new(), |rev| format!(" WHERE excluded.{rev} >= {table}.{rev}"));
        format!(" ON CONFLICT ({}) DO UPDATE SET {}{guard}", keys.join(", "), set.join(", "))
    }
}
