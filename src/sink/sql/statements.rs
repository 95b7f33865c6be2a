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
        let words = Words::new(dialect, name, columns)?;
        let (table, keys) = (&words.table, &words.quoted[..words.keys]);
        let insert = format!("INSERT INTO {table} ({}) ", words.quoted.join(", "));
        let on_conflict =
            dialect.on_conflict(table, keys, &words.quoted[words.keys..], words.guard.as_deref());
        let place = |(place, column): (usize, &Column)| dialect.placeholder(place + 1, column);
        let places: Vec<String> = words.list.iter().enumerate().map(place).collect();
        let bounds = || words.bounds.iter().copied();
        let free = || (0..words.keys).filter(|place| !words.bounds.contains(place));
        let none = std::iter::empty;
        let select = |condition: String| words.select(&condition);
        let delete = |condition: String| words.delete(&condition);
        Ok(Statements {
            create: dialect.create(name, &words.definitions(), keys)?,
            upsert: format!("{insert}VALUES ({}){on_conflict}", places.join(", ")),
            insert,
            on_conflict,
            newest: words.newest(),
            all_is_newer: select(words.condition(&mut none(), Some(">"), true)),
            clear_window: [
                delete(words.condition(&mut bounds(), None, false)),
                delete(words.condition(&mut none(), None, true)),
            ],
            clear_older: [
                delete(words.condition(&mut bounds(), Some("<"), false)),
                delete(words.condition(&mut none(), Some("<"), true)),
            ],
            row_is_newer: [
                select(words.condition(&mut (0..words.keys), Some(">"), false)),
                select(words.condition(&mut free(), Some(">"), true)),
            ],
            clear_row: [
                delete(words.condition(&mut (0..words.keys), None, false)),
                delete(words.condition(&mut free(), None, true)),
            ],
            expire: columns.time(dialect).map(|at| {
                let place = dialect.placeholder(1, &words.list[at]);
                words.delete(&format!("{} < {place}", words.quoted[at]))
            }),
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

/// What the statements about one table are made of.
struct Words<'w> {
    dialect: &'w dyn Dialect,
    table: String,
    list: &'w [Column],
    /// The names of the columns, as they stand in a statement.
    quoted: Vec<String>,
    /// So many of them are keys.
    keys: usize,
    is_by_window: bool,
    /// The column of the revision, where a row may replace another only if it has a higher one.
    guard: Option<String>,
    /// Where a window begins and ends.
    bounds: Vec<usize>,
}

impl<'w> Words<'w> {
    fn new(dialect: &'w dyn Dialect, name: &str, columns: &'w Columns) -> Result<Words<'w>, String> {
        let (list, is_by_window) = (columns.list(), columns.is_by_window());
        let quoted =
            list.iter().map(|column| dialect.quote(&column.name)).collect::<Result<Vec<String>, String>>()?;
        let at = |wanted: &str| list.iter().position(|column| dialect.is_same_name(&column.name, wanted));
        let guard = at("rev").filter(|_| is_by_window).map(|rev| quoted[rev].clone());
        let bounds = ["window_start", "window_end"].into_iter().filter_map(at).collect();
        let table = dialect.quote(name)?;
        Ok(Words { dialect, table, list, quoted, keys: columns.keys(), is_by_window, guard, bounds })
    }

    /// The columns as they are declared.
    fn definitions(&self) -> Vec<String> {
        let text_keys = self.list[..self.keys].iter().filter(|column| column.kind.is_text()).count();
        let definition = |(place, (column, quoted)): (usize, (&Column, &String))| {
            let rest = match column.name.as_str() {
                "rev" if self.is_by_window => " NOT NULL DEFAULT 0",
                "open" if self.is_by_window => " NOT NULL DEFAULT FALSE",
                _ => "",
            };
            let keys = (place < self.keys).then_some(text_keys);
            format!("{quoted} {}{rest}", self.dialect.column_type(column.kind, keys))
        };
        self.list.iter().zip(&self.quoted).enumerate().map(definition).collect()
    }

    /// These columns have certain values, the row is of the window over everything where `all`, and its revision compares so;
    /// the values in this order.
    fn condition(&self, places: &mut dyn Iterator<Item = usize>, rev: Option<&str>, all: bool) -> String {
        let mut values = 0;
        let mut place = |column: &Column| {
            values += 1;
            self.dialect.placeholder(values, column)
        };
        // A bound is never null, and `=` finds it in an index everywhere.
        let is = |place: usize| if self.bounds.contains(&place) { "=" } else { self.dialect.is() };
        let mut parts: Vec<String> =
            places.map(|at| format!("{} {} {}", self.quoted[at], is(at), place(&self.list[at]))).collect();
        let is_all = |column: &Column| self.dialect.is_same_name(&column.name, "all");
        if let Some(column) = self.list.iter().position(is_all).filter(|_| all) {
            parts.push(self.quoted[column].clone());
        }
        if let Some((guard, compared)) = self.guard.as_ref().zip(rev) {
            parts.push(format!("{guard} {compared} {}", place(&Column::of("", Kind::Integer))));
        }
        // No condition must never mean all rows.
        if parts.is_empty() { "FALSE".to_owned() } else { parts.join(" AND ") }
    }

    /// Whether there is such a row.
    fn select(&self, condition: &str) -> String {
        let one = format!("CAST(1 AS {})", self.dialect.integer());
        let rest = self.dialect.for_update();
        format!("SELECT {one}, {one} FROM {} WHERE {condition} LIMIT 1{rest}", self.table)
    }

    fn delete(&self, condition: &str) -> String {
        format!("DELETE FROM {} WHERE {condition}", self.table)
    }

    /// See [`Statements::newest`].
    fn newest(&self) -> Vec<String> {
        let (&[start, end], Some(rev)) = (&self.bounds[..], &self.guard) else { return Vec::new() };
        let Words { dialect, table, list, quoted, .. } = self;
        let integer = dialect.integer();
        let statement = |windows: usize| {
            let window = |at: usize| {
                let from = dialect.placeholder(2 * at + 1, &list[start]);
                let to = dialect.placeholder(2 * at + 2, &list[end]);
                format!("SELECT {at} AS n, {from} AS s, {to} AS e")
            };
            let windows: Vec<String> = (0..windows).map(window).collect();
            format!(
                "SELECT CAST(w.n AS {integer}), CAST(COALESCE(MAX(t.{rev}), 0) AS {integer}) FROM ({}) w JOIN {table} t \
                 ON t.{} = w.s AND t.{} = w.e GROUP BY w.n{}",
                windows.join(" UNION ALL "),
                quoted[start],
                quoted[end],
                dialect.for_update()
            )
        };
        WINDOWS.map(statement).into()
    }
}
