//! The SQL of MariaDB and MySQL.

use crate::sink::sql::{Column, Dialect, Kind, Table, Value};
use crate::time::{Millis, rfc3339};

/// The longest name, in characters.
const LONGEST_NAME: usize = 64;
/// So many characters fit into an index, beside columns of other kinds.
const KEY_CHARACTERS: usize = 720;
/// The years that a time may have: 1 to 9999.
const FIRST: Millis = -62_135_596_800_000;
const LAST: Millis = 253_402_300_799_999;

pub(super) struct Mysql {
    /// The two call the order of bytes by different names.
    pub(super) is_mariadb: bool,
}

impl Dialect for Mysql {
    fn quote(&self, name: &str) -> Result<String, String> {
        let beyond = |char: char| char == '\0' || char > '\u{ffff}';
        if name.is_empty() || name.ends_with(' ') || name.contains(beyond) {
            return Err(format!(
                "{name:?} can be no name in MariaDB, nor in MySQL: jsonl-filter --map gives another one"
            ));
        }
        if name.chars().count() > LONGEST_NAME {
            return Err(format!(
                "{name:?} is too long: names in MariaDB and MySQL have at most {LONGEST_NAME} characters; jsonl-filter --map gives another one"
            ));
        }
        Ok(quoted(name))
    }

    fn column_type(&self, kind: Kind, keys: Option<usize>) -> String {
        // Texts with all their blanks, and none taken for another.
        let bytes = if self.is_mariadb { "utf8mb4_nopad_bin" } else { "utf8mb4_0900_bin" };
        let text = match keys {
            Some(texts) => format!("VARCHAR({})", KEY_CHARACTERS / texts.max(1)),
            None => "LONGTEXT".to_owned(),
        };
        match kind {
            Kind::Integer => "BIGINT".into(),
            Kind::Real => "DOUBLE".into(),
            Kind::Boolean => "BOOLEAN".into(),
            Kind::Time => "DATETIME(3)".into(),
            Kind::Text | Kind::Any => format!("{text} CHARACTER SET utf8mb4 COLLATE {bytes}"),
            // As texts they keep all their digits; the comment tells them apart.
            Kind::Number | Kind::Json => {
                format!("{text} CHARACTER SET utf8mb4 COLLATE {bytes} COMMENT 'JSON'")
            }
        }
    }

    fn create(&self, table: &str, columns: &[String], keys: &[String]) -> Result<Vec<String>, String> {
        let (table, columns, keys) = (self.quote(table)?, columns.join(", "), keys.join(", "));
        Ok(vec![format!("CREATE TABLE {table} ({columns}, UNIQUE KEY ({keys})) ENGINE=InnoDB")])
    }

    fn commits_tables(&self) -> bool {
        true
    }

    fn replaces_by_any_index(&self) -> bool {
        true
    }

    fn is_same_name(&self, one: &str, two: &str) -> bool {
        one == two || one.to_lowercase() == two.to_lowercase()
    }

    fn place(&self, _number: usize) -> String {
        "?".into()
    }

    fn cast(&self, sent: &str, column: &Column) -> String {
        match column.kind {
            Kind::Time => format!("CAST({sent} AS DATETIME(3))"),
            _ => sent.to_owned(),
        }
    }

    fn literal(&self, value: &Value<'_>) -> String {
        match value {
            Value::Null => "NULL".into(),
            Value::Integer(number) => number.to_string(),
            Value::Real(number) => format!("{number:e}"),
            Value::Boolean(truth) => truth.to_string().to_ascii_uppercase(),
            Value::Text(value) => text(value),
            Value::Number(value) | Value::Json(value) => text(value),
            Value::Time(time) => format!("'{}'", date(*time)),
        }
    }

    fn refuses(&self, value: &Value<'_>) -> Option<&'static str> {
        match value {
            Value::Time(time) if !(FIRST..=LAST).contains(time) => {
                Some("a time that is not within the years 1 to 9999, and others are not taken")
            }
            _ => None,
        }
    }

    fn begin(&self) -> &'static str {
        "START TRANSACTION"
    }

    fn for_update(&self) -> &'static str {
        " FOR UPDATE"
    }

    fn is(&self) -> &'static str {
        "<=>"
    }

    fn integer(&self) -> &'static str {
        "SIGNED"
    }

    /// The guard is assigned last, since assignments are done in order; rows that it holds back are counted.
    fn on_conflict(&self, _table: &str, keys: &[String], others: &[String], guard: Option<&str>) -> String {
        let others = if others.is_empty() { &keys[..keys.len().min(1)] } else { others };
        let set = |column: &String| match guard {
            Some(rev) => format!("{column} = IF(VALUES({rev}) >= {rev}, VALUES({column}), {column})"),
            None => format!("{column} = VALUES({column})"),
        };
        let free = others.iter().filter(|column| Some(column.as_str()) != guard);
        let last = guard.map(|rev| {
            format!(
                "{rev} = IF(VALUES({rev}) >= {rev}, VALUES({rev}), {rev} + 0 * (@stale := IFNULL(@stale, 0) + 1))"
            )
        });
        let set: Vec<String> = free.map(set).chain(last).collect();
        format!(" ON DUPLICATE KEY UPDATE {}", set.join(", "))
    }
}

pub(super) fn quoted(name: &str) -> String {
    format!("`{}`", name.replace('`', "``"))
}

fn text(text: &str) -> String {
    let escaped =
        text.replace('\\', "\\\\").replace('\'', "''").replace('\0', "\\0").replace('\u{1a}', "\\Z");
    format!("'{escaped}'")
}

/// A time as the server reads it.
pub(super) fn date(time: Millis) -> String {
    rfc3339(time).replace('T', " ").replace('Z', "")
}

/// Whether texts that differ are the same by this order.
pub(super) fn folds(collation: &str) -> bool {
    collation != "binary" && !collation.ends_with("_nopad_bin") && !collation.ends_with("_0900_bin")
}

/// What a column holds, by its type.
pub(super) fn kind(data: &str, whole: &str, is_json: bool) -> Kind {
    match data {
        "tinyint" if whole.starts_with("tinyint(1)") => Kind::Boolean,
        "tinyint" | "smallint" | "mediumint" | "int" | "bigint" => Kind::Integer,
        "float" | "double" => Kind::Real,
        "decimal" => Kind::Number,
        "json" => Kind::Json,
        "char" | "varchar" | "tinytext" | "text" | "mediumtext" | "longtext" if is_json => Kind::Json,
        "char" | "varchar" | "tinytext" | "text" | "mediumtext" | "longtext" => Kind::Text,
        "datetime" | "timestamp" => Kind::Time,
        _ => Kind::Any,
    }
}

/// Inserts so many rows, or replaces those with their keys.
pub(super) fn insert(dialect: &Mysql, table: &Table<'_>, rows: usize) -> String {
    let places: Vec<String> =
        table.columns.list().iter().map(|column| dialect.placeholder(1, column)).collect();
    let row = format!("({})", places.join(", "));
    let rows = vec![row; rows].join(", ");
    format!("{}VALUES {rows}{}", table.statements.insert, table.statements.on_conflict)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_texts_and_times_are_whole_or_refused() {
        let dialect = Mysql { is_mariadb: true };
        assert_eq!(dialect.quote("a`b; --"), Ok("`a``b; --`".into()));
        for wrong in ["", "a\0b", "blank ", "😀", &"é".repeat(65)] {
            assert!(dialect.quote(wrong).is_err(), "{wrong:?}");
        }
        assert_eq!(text("it's \\\0"), "'it''s \\\\\\0'");
        assert_eq!(date(1_542_049_200_500), "2018-11-12 19:00:00.500");
        assert!(
            dialect.refuses(&Value::Time(LAST)).is_none()
                && dialect.refuses(&Value::Time(LAST + 1)).is_some()
        );
        assert_eq!(date(FIRST), "0001-01-01 00:00:00");
        assert!(folds("utf8mb4_general_ci") && folds("utf8mb4_bin") && !folds("utf8mb4_nopad_bin"));
    }
}
