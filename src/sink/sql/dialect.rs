//! How databases differ in what they are told, and the statements that are told to all of them.

use super::kind::{Kind, Value};
use super::table::Column;

/// How one of them wants its statements.
pub trait Dialect {
    /// A name, quoted.
    ///
    /// # Errors
    ///
    /// It cannot be the name of anything here: why.
    fn quote(&self, name: &str) -> Result<String, String>;

    /// The type of a new column; one of a key may have to be bounded.
    fn column_type(&self, kind: Kind, is_key: bool) -> &'static str;

    /// Whether two names are those of one column.
    fn is_same_name(&self, one: &str, two: &str) -> bool {
        one == two
    }

    /// The place of a value, counted from 1.
    fn placeholder(&self, number: usize, kind: Kind) -> String;

    /// A value written out, for a person.
    fn literal(&self, value: &Value<'_>) -> String;

    /// Begins a transaction.
    fn begin(&self) -> &'static str {
        "BEGIN"
    }

    /// What compares like `=`, and holds for two nulls.
    fn is(&self) -> &'static str;

    /// How an insertion goes on where the key is there already. `guard` is the column that must not fall.
    fn on_conflict(&self, table: &str, keys: &[String], others: &[String], guard: Option<&str>) -> String;
}

/// The statements about one table.
#[derive(Clone, Debug)]
pub struct Statements {
    /// Makes the table.
    pub create: Vec<String>,
    /// Inserts a row, or replaces the one with its key.
    pub upsert: String,
    /// Whether a window has a row of a higher revision; the other one asks about the window over everything.
    pub window_is_newer: [String; 2],
    /// Removes the rows of a window.
    pub clear_window: [String; 2],
    /// Removes those of them that are of a lower revision.
    pub clear_older: [String; 2],
    /// Whether there is a row with the key, and a higher revision.
    pub row_is_newer: [String; 2],
    /// Removes the row with the key.
    pub clear_row: [String; 2],
}

impl Statements {
    /// Those about a table with these columns, the first of which are its keys.
    pub fn new(
        dialect: &dyn Dialect,
        name: &str,
        columns: &[Column],
        keys: usize,
        by_window: bool,
    ) -> Result<Statements, String> {
        let table = dialect.quote(name)?;
        let quoted = columns
            .iter()
            .map(|column| dialect.quote(&column.name))
            .collect::<Result<Vec<String>, String>>()?;
        let at = |wanted: &str| columns.iter().position(|column| dialect.is_same_name(&column.name, wanted));
        let definitions: Vec<String> = columns
            .iter()
            .zip(&quoted)
            .enumerate()
            .map(|(place, (column, quoted))| {
                let rest = match column.name.as_str() {
                    "rev" if by_window => " NOT NULL DEFAULT 0",
                    "open" if by_window => " NOT NULL DEFAULT FALSE",
                    _ => "",
                };
                format!("{quoted} {}{rest}", dialect.column_type(column.kind, place < keys))
            })
            .collect();
        let key_list = quoted[..keys].join(", ");
        let index = dialect.quote(&format!("{name}_key"))?;
        let create = vec![
            format!("CREATE TABLE {table} ({})", definitions.join(", ")),
            format!("CREATE UNIQUE INDEX {index} ON {table} ({key_list})"),
        ];
        let guard = at("rev").filter(|_| by_window).map(|rev| quoted[rev].as_str());
        let on_conflict = dialect.on_conflict(&table, &quoted[..keys], &quoted[keys..], guard);
        let places: Vec<String> = columns
            .iter()
            .enumerate()
            .map(|(place, column)| dialect.placeholder(place + 1, column.kind))
            .collect();
        let upsert = format!(
            "INSERT INTO {table} ({}) VALUES ({}){on_conflict}",
            quoted.join(", "),
            places.join(", ")
        );
        let is = dialect.is();
        // Conditions with their values in the order of the columns.
        let compare = |places: &mut dyn Iterator<Item = usize>, rev: Option<&str>, all: bool| {
            let mut number = 0;
            let mut place = |kind: Kind| {
                number += 1;
                dialect.placeholder(number, kind)
            };
            let mut parts: Vec<String> = places
                .map(|column| format!("{} {is} {}", quoted[column], place(columns[column].kind)))
                .collect();
            if let Some(column) = at("all").filter(|_| all) {
                parts.push(quoted[column].clone());
            }
            if let Some((guard, compared)) = guard.zip(rev) {
                parts.push(format!("{guard} {compared} {}", place(Kind::Integer)));
            }
            // No condition must never mean all rows.
            if parts.is_empty() { "FALSE".to_owned() } else { parts.join(" AND ") }
        };
        let bounds = || ["window_start", "window_end"].into_iter().filter_map(at);
        let free = || {
            let bounds: Vec<usize> = bounds().collect();
            (0..keys).filter(move |place| !bounds.contains(place))
        };
        let select = |condition: String| format!("SELECT 1 FROM {table} WHERE {condition} LIMIT 1");
        let delete = |condition: String| format!("DELETE FROM {table} WHERE {condition}");
        Ok(Statements {
            create,
            upsert,
            window_is_newer: [
                select(compare(&mut bounds(), Some(">"), false)),
                select(compare(&mut std::iter::empty(), Some(">"), true)),
            ],
            clear_window: [
                delete(compare(&mut bounds(), None, false)),
                delete(compare(&mut std::iter::empty(), None, true)),
            ],
            clear_older: [
                delete(compare(&mut bounds(), Some("<"), false)),
                delete(compare(&mut std::iter::empty(), Some("<"), true)),
            ],
            row_is_newer: [
                select(compare(&mut (0..keys), Some(">"), false)),
                select(compare(&mut free(), Some(">"), true)),
            ],
            clear_row: [
                delete(compare(&mut (0..keys), None, false)),
                delete(compare(&mut free(), None, true)),
            ],
        })
    }

    /// Adds a column.
    pub fn add_column(dialect: &dyn Dialect, table: &str, column: &Column) -> Result<String, String> {
        let kind = dialect.column_type(column.kind, false);
        Ok(format!(
            "ALTER TABLE {} ADD COLUMN {} {kind}",
            dialect.quote(table)?,
            dialect.quote(&column.name)?
        ))
    }
}
