//! PostgreSQL's SQL.

use crate::sink::sql::{Column, Dialect, Kind, Table, Value};
use crate::time::rfc3339;

/// The longest name in bytes; of a longer one the server would cut the end off.
const LONGEST_NAME: usize = 63;

pub(super) struct Postgres;

impl Dialect for Postgres {
    fn quote(&self, name: &str) -> Result<String, String> {
        if name.is_empty() || name.contains('\0') {
            return Err(format!(
                "{name:?} can be no name in PostgreSQL: jsonl-filter --map gives another one"
            ));
        }
        if name.len() > LONGEST_NAME {
            return Err(format!(
                "{name:?} has {} bytes, and names in PostgreSQL have at most {LONGEST_NAME}: jsonl-filter --map gives another one",
                name.len()
            ));
        }
        Ok(quoted(name))
    }

    fn column_type(&self, kind: Kind, _keys: Option<usize>) -> String {
        let name = match kind {
            Kind::Integer => "bigint",
            Kind::Real => "double precision",
            Kind::Number => "numeric",
            Kind::Text | Kind::Any => "text",
            Kind::Boolean => "boolean",
            Kind::Time => "timestamptz",
            Kind::Json => "jsonb",
        };
        name.to_owned()
    }

    fn create(&self, table: &str, columns: &[String], keys: &[String]) -> Result<Vec<String>, String> {
        let (table, columns, keys) = (self.quote(table)?, columns.join(", "), keys.join(", "));
        // The server finds a name for the index that is free, and not too long.
        Ok(vec![
            format!("CREATE TABLE {table} ({columns})"),
            format!("CREATE UNIQUE INDEX ON {table} ({keys})"),
        ])
    }

    fn place(&self, number: usize) -> String {
        format!("${number}")
    }

    fn cast(&self, sent: &str, column: &Column) -> String {
        made(&format!("{sent}::{}", wire(column.kind)), column)
    }

    fn literal(&self, value: &Value<'_>) -> String {
        match value {
            Value::Null => "NULL".into(),
            // A minus would bind less than a cast behind it.
            Value::Integer(number) => format!("'{number}'"),
            Value::Real(number) => format!("'{number:?}'"),
            Value::Boolean(truth) => truth.to_string().to_ascii_uppercase(),
            Value::Text(value) => text(value),
            Value::Number(value) | Value::Json(value) => text(value),
            Value::Time(time) => text(&rfc3339(*time)),
        }
    }

    fn refuses(&self, value: &Value<'_>) -> Option<&'static str> {
        match value {
            Value::Text(text) if text.contains('\0') => {
                Some("a text with a NUL in it, and no text in PostgreSQL has one")
            }
            Value::Json(json) if has_nul(json) => {
                Some("a text with a NUL in it, and no JSON in PostgreSQL has one")
            }
            _ => None,
        }
    }

    fn lock(&self, table: &str) -> Option<String> {
        let name = text(&format!("trendpipe {table}"));
        Some(format!("SELECT pg_advisory_xact_lock(hashtextextended({name}, 0))"))
    }

    fn is(&self) -> &'static str {
        "IS NOT DISTINCT FROM"
    }
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// A text, whatever the server takes a backslash for.
fn text(text: &str) -> String {
    let sign = if text.contains('\\') { "E" } else { "" };
    format!("{sign}'{}'", text.replace('\\', "\\\\").replace('\'', "''"))
}

/// Whether JSON has an escaped NUL: one whose backslash is not itself escaped.
fn has_nul(json: &str) -> bool {
    let mut rest = json;
    while let Some(at) = rest.find('\\') {
        let Some(escape) = rest.get(at + 1..) else { return false };
        if escape.starts_with("u0000") {
            return true;
        }
        rest = escape.get(1..).unwrap_or_default();
    }
    false
}

/// As what a value is sent.
fn wire(kind: Kind) -> &'static str {
    match kind {
        Kind::Integer => "int8",
        Kind::Real => "float8",
        Kind::Boolean => "bool",
        Kind::Time => "timestamptz",
        Kind::Text | Kind::Number | Kind::Json | Kind::Any => "text",
    }
}

/// What is sent, as a value of the column.
fn made(sent: &str, column: &Column) -> String {
    let declared = match (column.kind, column.declared.as_str()) {
        (Kind::Number, _) => "numeric",
        (Kind::Json, "") => "jsonb",
        (Kind::Json | Kind::Any, declared) if !declared.is_empty() => declared,
        _ => return sent.to_owned(),
    };
    format!("{sent}::{declared}")
}

/// A column of a table that is there, by its type.
pub(super) fn column(name: &str, declared: &str) -> Column {
    let kind = match declared {
        "smallint" | "integer" | "bigint" => Kind::Integer,
        "real" | "double precision" => Kind::Real,
        "numeric" => Kind::Number,
        "text" | "character varying" | "character" => Kind::Text,
        "boolean" => Kind::Boolean,
        "timestamp with time zone" | "timestamp without time zone" => Kind::Time,
        "json" | "jsonb" => Kind::Json,
        _ => Kind::Any,
    };
    Column { declared: declared.to_owned(), ..Column::of(name, kind) }
}

/// Inserts any number of rows, given by columns, or replaces those with their keys.
pub(super) fn insert(table: &Table<'_>) -> String {
    let (mut arrays, mut names, mut made_of) = (Vec::new(), Vec::new(), Vec::new());
    for (at, column) in table.columns.list().iter().enumerate() {
        arrays.push(format!("${}::{}[]", at + 1, wire(column.kind)));
        names.push(format!("v{at}"));
        made_of.push(made(&format!("v{at}"), column));
    }
    format!(
        "{}SELECT {} FROM unnest({}) AS r({}){}",
        table.statements.insert,
        made_of.join(", "),
        arrays.join(", "),
        names.join(", "),
        table.statements.on_conflict
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_server_would_cut_or_lose_is_refused() {
        assert_eq!(Postgres.quote("a\"b; --"), Ok("\"a\"\"b; --\"".into()));
        for wrong in ["", "a\0b", &"é".repeat(32)] {
            assert!(Postgres.quote(wrong).is_err(), "{wrong:?}");
        }
        assert!(Postgres.quote(&"a".repeat(63)).is_ok());
        assert_eq!(text("it's \\"), "E'it''s \\\\'");
        for (json, expected) in [
            (r#"["a\u0000"]"#, true),
            (r#"["a\\u0000"]"#, false),
            (r#"["\\\u0000"]"#, true),
            (r#"["\u00001"]"#, true),
            (r#"["\"\u0001"]"#, false),
            (r#"{"é\n":"\u00e9"}"#, false),
        ] {
            assert_eq!(has_nul(json), expected, "{json}");
        }
    }
}
