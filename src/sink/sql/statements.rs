//! The statements about one table.

use super::dialect::Dialect;
use super::kind::Kind;
use super::table::{Column, Columns};

/// Of so many windows at once the newest emission is asked for.
pub const WINDOWS: [usize; 4] = [64, 16, 4, 1];

/// The statements about one table.
#[derive(Clone, Debug)]
pub struct Statements {
    /// Makes the table.
    pub create: Vec<String>,
    /// Inserts rows, up to the rows themselves.
    #[cfg_attr(
        not(any(feature = "postgres", feature = "mysql")),
        expect(dead_code, reason = "for databases that take many rows at once")
    )]
    pub insert: String,
    /// What stands behind the rows: how those replace others that have their keys.
    #[cfg_attr(
        not(any(feature = "postgres", feature = "mysql")),
        expect(dead_code, reason = "for databases that take many rows at once")
    )]
    pub on_conflict: String,
    /// Inserts a row, or replaces the one with its key.
    pub upsert: String,
    /// Which windows have rows, by their numbers, and the highest revision of each; for so many windows as [`WINDOWS`] says.
    pub newest: Vec<String>,
    /// Whether the window over everything has a row of a higher revision.
    pub all_is_newer: String,
    /// Removes the rows of a window; the other one those of the window over everything.
    pub clear_window: [String; 2],
    /// Removes those of them that are of a lower revision.
    pub clear_older: [String; 2],
    /// Whether there is a row with the key, and a higher revision.
    pub row_is_newer: [String; 2],
    /// Removes the row with the key.
    pub clear_row: [String; 2],
    /// Removes the rows from before a time; none if no column says when they were.
    pub expire: Option<String>,
}

impl Statements {
    /// Those about a table with these columns.
    ///
    /// # Errors
    ///
    /// A name cannot be one here.
    pub fn new(dialect: &dyn Dialect, name: &str, columns: &Columns) -> Result<Statements, String> {
        let (list, keys, by_window) = (columns.list(), columns.keys(), columns.is_by_window());
        let table = dialect.quote(name)?;
        let quoted =
            list.iter().map(|column| dialect.quote(&column.name)).collect::<Result<Vec<String>, String>>()?;
        let at = |wanted: &str| list.iter().position(|column| dialect.is_same_name(&column.name, wanted));
        let text_keys = list[..keys].iter().filter(|column| column.kind.is_text()).count();
        let definition = |(place, (column, quoted)): (usize, (&Column, &String))| {
            let rest = match column.name.as_str() {
                "rev" if by_window => " NOT NULL DEFAULT 0",
                "open" if by_window => " NOT NULL DEFAULT FALSE",
                _ => "",
            };
            format!(
                "{quoted} {}{rest}",
                dialect.column_type(column.kind, (place < keys).then_some(text_keys))
            )
        };
        let definitions: Vec<String> = list.iter().zip(&quoted).enumerate().map(definition).collect();
        let guard = at("rev").filter(|_| by_window).map(|rev| quoted[rev].as_str());
        let insert = format!("INSERT INTO {table} ({}) ", quoted.join(", "));
        let on_conflict = dialect.on_conflict(&table, &quoted[..keys], &quoted[keys..], guard);
        let place = |(place, column): (usize, &Column)| dialect.placeholder(place + 1, column);
        let places: Vec<String> = list.iter().enumerate().map(place).collect();
        // A bound is never null, and `=` finds it in an index everywhere.
        let bounds: Vec<usize> = ["window_start", "window_end"].into_iter().filter_map(at).collect();
        let is = |place: usize| if bounds.contains(&place) { "=" } else { dialect.is() };
        let number = Column::of("", Kind::Integer);
        // Conditions with their values in the order of the columns.
        let compare = |places: &mut dyn Iterator<Item = usize>, rev: Option<&str>, all: bool| {
            let mut values = 0;
            let mut place = |column: &Column| {
                values += 1;
                dialect.placeholder(values, column)
            };
            let mut parts: Vec<String> =
                places.map(|at| format!("{} {} {}", quoted[at], is(at), place(&list[at]))).collect();
            if let Some(column) = at("all").filter(|_| all) {
                parts.push(quoted[column].clone());
            }
            if let Some((guard, compared)) = guard.zip(rev) {
                parts.push(format!("{guard} {compared} {}", place(&number)));
            }
            // No condition must never mean all rows.
            if parts.is_empty() { "FALSE".to_owned() } else { parts.join(" AND ") }
        };
        let free = || (0..keys).filter(|place| !bounds.contains(place));
        let select = |condition: String| {
            let one = format!("CAST(1 AS {})", dialect.integer());
            format!("SELECT {one}, {one} FROM {table} WHERE {condition} LIMIT 1{}", dialect.for_update())
        };
        let delete = |condition: String| format!("DELETE FROM {table} WHERE {condition}");
        let newest = match (&bounds[..], guard) {
            (&[start, end], Some(rev)) if by_window => WINDOWS
                .iter()
                .map(|&windows| {
                    let window = |at: usize| {
                        let (from, to) = (2 * at + 1, 2 * at + 2);
                        format!(
                            "SELECT {at} AS n, {} AS s, {} AS e",
                            dialect.placeholder(from, &list[start]),
                            dialect.placeholder(to, &list[end])
                        )
                    };
                    let windows: Vec<String> = (0..windows).map(window).collect();
                    let integer = dialect.integer();
                    format!(
                        "SELECT CAST(w.n AS {integer}), CAST(COALESCE(MAX(t.{rev}), 0) AS {integer}) FROM ({}) w JOIN {table} t \
                         ON t.{} = w.s AND t.{} = w.e GROUP BY w.n{}",
                        windows.join(" UNION ALL "),
                        quoted[start],
                        quoted[end],
                        dialect.for_update()
                    )
                })
                .collect(),
            _ => Vec::new(),
        };
        let expire = columns.time(dialect).map(|at| {
            let place = dialect.placeholder(1, &list[at]);
            delete(format!("{} < {place}", quoted[at]))
        });
        Ok(Statements {
            create: dialect.create(name, &definitions, &quoted[..keys])?,
            upsert: format!("{insert}VALUES ({}){on_conflict}", places.join(", ")),
            insert,
            on_conflict,
            newest,
            all_is_newer: select(compare(&mut std::iter::empty(), Some(">"), true)),
            clear_window: [
                delete(compare(&mut bounds.iter().copied(), None, false)),
                delete(compare(&mut std::iter::empty(), None, true)),
            ],
            clear_older: [
                delete(compare(&mut bounds.iter().copied(), Some("<"), false)),
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
            expire,
        })
    }

    /// Adds a column.
    pub fn add_column(dialect: &dyn Dialect, table: &str, column: &Column) -> Result<String, String> {
        let kind = dialect.column_type(column.kind, None);
        Ok(format!(
            "ALTER TABLE {} ADD COLUMN {} {kind}",
            dialect.quote(table)?,
            dialect.quote(&column.name)?
        ))
    }
}
