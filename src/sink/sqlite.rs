//! SQLite: a file, written by this process. Its library is compiled in.

use std::path::Path;
use std::time::Duration;

use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, ErrorCode, OpenFlags, ToSql};

use super::sql::{Column, Database, Dialect, Fault, Kind, Script, SqlSink, Value};
use super::{Failure, Opened, SinkOptions};
use crate::time::{Millis, rfc3339};

/// So long another writer is waited for, before the run sees to its other duties and tries again.
const BUSY: Duration = Duration::from_millis(500);

/// Opens a file; with [`SinkOptions::create`] one that is not there is made.
pub(super) fn open(file: &str, options: &SinkOptions) -> Opened {
    if file.is_empty() || file.starts_with("//") {
        return Err(Failure::Usage("name the file right behind the colon, as in sqlite:windows.db".into()));
    }
    if options.dry_run {
        return Ok(Box::new(SqlSink::new(Script::new(Sqlite), options)));
    }
    if !options.create && !Path::new(file).exists() {
        return Err(Failure::Usage(format!(
            "there is no file {file}: --create makes it, and the table in it"
        )));
    }
    let mut flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    flags.set(OpenFlags::SQLITE_OPEN_CREATE, options.create);
    let said = |error: rusqlite::Error| Failure::Lasting(format!("{file}: {error}"));
    let connection = Connection::open_with_flags(file, flags).map_err(said)?;
    connection.busy_timeout(BUSY).map_err(said)?;
    Ok(Box::new(SqlSink::new(File { connection, name: file.to_owned() }, options)))
}

struct File {
    connection: Connection,
    name: String,
}

impl File {
    fn fault(&self, error: &rusqlite::Error) -> Fault {
        let text = format!("{}: {error}", self.name);
        match error.sqlite_error_code() {
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Fault::Passing(text),
            Some(ErrorCode::ConstraintViolation | ErrorCode::TypeMismatch | ErrorCode::TooBig) => {
                Fault::Row(error.to_string())
            }
            _ => Fault::Lasting(text),
        }
    }
}

impl Database for File {
    fn dialect(&self) -> &dyn Dialect {
        &Sqlite
    }

    fn columns(&mut self, table: &str) -> Result<Option<Vec<Column>>, Fault> {
        let read = || -> rusqlite::Result<Vec<Column>> {
            let query = "SELECT name, type, dflt_value IS NOT NULL FROM pragma_table_info(?1)";
            let mut query = self.connection.prepare(query)?;
            let columns = query.query_map([table], |row| {
                let (name, declared): (String, String) = (row.get(0)?, row.get(1)?);
                let kind = kind(&declared, &name);
                Ok(Column { fills_itself: row.get(2)?, ..Column::of(&name, kind) })
            })?;
            columns.collect()
        };
        let columns = read().map_err(|error| self.fault(&error))?;
        Ok(Some(columns).filter(|columns| !columns.is_empty()))
    }

    fn unique_indices(&mut self, table: &str) -> Result<Vec<Vec<String>>, Fault> {
        let read = || -> rusqlite::Result<Vec<Vec<String>>> {
            let names = |query: &str, of: &str| -> rusqlite::Result<Vec<String>> {
                // A column of an index that is an expression has no name.
                let name = |row: &rusqlite::Row<'_>| row.get::<_, Option<String>>(0);
                let mut query = self.connection.prepare(query)?;
                let names = query.query_map([of], name)?;
                names.map(|name| name.map(Option::unwrap_or_default)).collect()
            };
            let whole = "SELECT name FROM pragma_index_list(?1) WHERE \"unique\" AND NOT partial";
            let mut found: Vec<Vec<String>> = names(whole, table)?
                .iter()
                .map(|index| names("SELECT name FROM pragma_index_info(?1)", index))
                .collect::<rusqlite::Result<_>>()?;
            // The one of an INTEGER PRIMARY KEY is the table itself.
            found.push(names("SELECT name FROM pragma_table_info(?1) WHERE pk ORDER BY pk", table)?);
            Ok(found)
        };
        read().map_err(|error| self.fault(&error))
    }

    fn execute(&mut self, statement: &str, values: &[Value<'_>]) -> Result<u64, Fault> {
        let run = || self.connection.prepare_cached(statement)?.execute(rusqlite::params_from_iter(values));
        run().map(|changed| changed as u64).map_err(|error| self.fault(&error))
    }

    fn numbers(&mut self, query: &str, values: &[Value<'_>]) -> Result<Vec<[i64; 2]>, Fault> {
        let run = || -> rusqlite::Result<Vec<[i64; 2]>> {
            let mut query = self.connection.prepare_cached(query)?;
            let rows =
                query.query_map(rusqlite::params_from_iter(values), |row| Ok([row.get(0)?, row.get(1)?]))?;
            rows.collect()
        };
        run().map_err(|error| self.fault(&error))
    }
}

impl ToSql for Value<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(match self {
            Value::Null => ToSqlOutput::Borrowed(ValueRef::Null),
            Value::Integer(number) => ToSqlOutput::from(*number),
            Value::Real(number) => ToSqlOutput::from(*number),
            Value::Boolean(truth) => ToSqlOutput::from(*truth),
            Value::Text(text) => ToSqlOutput::Borrowed(ValueRef::Text(text.as_bytes())),
            Value::Number(text) | Value::Json(text) => ToSqlOutput::Borrowed(ValueRef::Text(text.as_bytes())),
            Value::Time(time) => ToSqlOutput::from(rfc3339(*time)),
        })
    }
}

/// What a column holds, by its declared type; SQLite itself cares little for it.
fn kind(declared: &str, name: &str) -> Kind {
    let declared = declared.to_ascii_uppercase();
    let has = |words: &[&str]| words.iter().any(|word| declared.contains(word));
    if declared.is_empty() || has(&["BLOB"]) {
        Kind::Any
    } else if has(&["JSON"]) {
        Kind::Json
    } else if has(&["BOOL"]) {
        Kind::Boolean
    } else if has(&["TIMESTAMP", "DATETIME"]) {
        Kind::Time
    } else if has(&["INT"]) {
        Kind::Integer
    } else if has(&["CHAR", "CLOB", "TEXT"]) {
        // A window is found again by its bounds: they are written in one way.
        if matches!(name, "window_start" | "window_end") { Kind::Time } else { Kind::Text }
    } else if has(&["REAL", "FLOA", "DOUB"]) {
        Kind::Real
    } else {
        Kind::Any
    }
}

/// SQLite's SQL.
struct Sqlite;

impl Dialect for Sqlite {
    fn quote(&self, name: &str) -> Result<String, String> {
        if name.contains('\0') {
            return Err(format!("{name:?} holds a NUL, and no name in SQLite does"));
        }
        Ok(format!("\"{}\"", name.replace('"', "\"\"")))
    }

    fn column_type(&self, kind: Kind, _keys: Option<usize>) -> String {
        let declared = match kind {
            Kind::Integer => "INTEGER",
            Kind::Real => "REAL",
            Kind::Text => "TEXT",
            Kind::Boolean => "BOOLEAN",
            Kind::Time => "TIMESTAMP TEXT",
            // As texts they keep all their digits.
            Kind::Json | Kind::Number => "JSON TEXT",
            Kind::Any => "",
        };
        declared.to_owned()
    }

    fn is_same_name(&self, one: &str, two: &str) -> bool {
        one.eq_ignore_ascii_case(two)
    }

    fn place(&self, number: usize) -> String {
        format!("?{number}")
    }

    fn literal(&self, value: &Value<'_>) -> String {
        let text = |text: &str| {
            let quoted = format!("'{}'", text.replace('\'', "''"));
            // Its shell reads no NUL inside a text.
            if quoted.contains('\0') {
                format!("({})", quoted.replace('\0', "'||char(0)||'"))
            } else {
                quoted
            }
        };
        match value {
            Value::Null => "NULL".into(),
            Value::Integer(number) => number.to_string(),
            Value::Real(number) => format!("{number:?}"),
            Value::Boolean(truth) => truth.to_string().to_ascii_uppercase(),
            Value::Text(value) => text(value),
            Value::Number(value) | Value::Json(value) => text(value),
            Value::Time(time) => text(&rfc3339(*time)),
        }
    }

    /// Times are texts, with their fraction or without: what is from before a second is less than its beginning is.
    fn moment(&self, time: Millis) -> Value<'static> {
        let text = rfc3339(time.div_euclid(1000) * 1000);
        Value::Text(text.trim_end_matches('Z').to_owned().into())
    }

    fn integer(&self) -> &'static str {
        "INTEGER"
    }

    fn begin(&self) -> &'static str {
        // Another writer is met here, where waiting for it costs nothing.
        "BEGIN IMMEDIATE"
    }

    fn is(&self) -> &'static str {
        "IS"
    }
}
