//! The arguments that say what becomes of a record: exploded, joined, projected, mapped.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context as _;
use clap::Args;

use super::keep::step;
use crate::drive::{Notes, Usage};
use crate::expr::{Expr, ExprError, Selection};
use crate::job::filter::{JoinOptions, Shape, Write};
use crate::jsonl;
use crate::record::Table;

/// What is made of records.
#[derive(Args, Clone, Debug)]
pub struct ShapeArgs {
    /// Write each output of this expression instead of the record
    #[arg(long, value_name = "EXPR", help_heading = "Making lines")]
    map: Option<Expr>,
    /// Write strings that --map makes without quotes
    #[arg(short, long, requires = "map", help_heading = "Making lines")]
    raw: bool,
    /// Write these fields of the record only, in their places: .id,.user.name,.entities.hashtags[].text
    #[arg(
        long, value_name = "PATHS", value_parser = Selection::parse, conflicts_with = "map",
        help_heading = "Making lines"
    )]
    select: Option<Selection>,
    /// Write the record once for each element of the array at this path, with the element in place of the array
    #[arg(long, value_name = "PATH", value_parser = parse_path, help_heading = "Making lines")]
    explode: Option<Expr>,
    /// Add the columns of the rows that this table (CSV or TSV with a header, or JSON lines) has for the record
    #[arg(long, value_name = "FILE", requires = "on", help_heading = "Joining")]
    join: Option<PathBuf>,
    /// What is looked up in the table, and in which column [default: the one named like the last field]
    #[arg(long, value_name = "EXPR[=COLUMN]", value_parser = parse_on, requires = "join", help_heading = "Joining")]
    on: Option<On>,
    /// Keep records without a row, too, with null in each column
    #[arg(long, requires = "join", help_heading = "Joining")]
    left: bool,
    /// Put this before the names of the table's columns
    #[arg(
        long,
        value_name = "TEXT",
        default_value = "",
        hide_default_value = true,
        requires = "join",
        help_heading = "Joining"
    )]
    prefix: String,
}

#[derive(Clone, Debug)]
struct On {
    key: Expr,
    column: String,
}

fn parse_path(text: &str) -> Result<Expr, String> {
    let path = Expr::parse(text).map_err(|error| error.to_string())?;
    if path.names().is_none_or(|names| names.is_empty()) {
        return Err("expected a path of names such as .entities.hashtags; --map takes all else".into());
    }
    Ok(path)
}

/// `EXPR`, or `EXPR=COLUMN`, where no comparison is meant.
fn parse_on(text: &str) -> Result<On, ExprError> {
    if let Some((left, column)) = text.rsplit_once('=')
        && !left.ends_with(['=', '!', '<', '>', '|', '+', '-', '*', '/', '%'])
        && !column.contains(['"', '(', ')', '|', ']', '}'])
    {
        let column = column.trim();
        return Ok(On { key: Expr::parse(left)?, column: column.strip_prefix('.').unwrap_or(column).into() });
    }
    let key = Expr::parse(text)?;
    Ok(On { column: key.default_name(), key })
}

impl ShapeArgs {
    /// Whether anything is asked for.
    pub fn is_given(&self) -> bool {
        self.writes_other_than_records() || self.explode.is_some() || self.join.is_some()
    }

    /// Whether what is written is not the record, or the record with more.
    pub fn writes_other_than_records(&self) -> bool {
        self.map.is_some() || self.select.is_some()
    }

    /// What `--explain` says of these, in the order in which they are done.
    pub fn explain(&self) -> Vec<String> {
        let explode =
            self.explode.as_ref().map(|path| format!("writes one for each element of {}", path.source()));
        let join = self.join.as_ref().zip(self.on.as_ref()).map(|(path, on)| {
            let (column, table) = (&on.column, path.display());
            step(&format!("adds the rows of {table} whose {column} is {}", on.key.source()), Some(&on.key))
        });
        let select = self.select.as_ref().map(|paths| format!("writes {} only", paths.source()));
        let map = self.map.as_ref().map(|map| step(&format!("writes {}", map.source()), Some(map)));
        explode.into_iter().chain(join).chain(select).chain(map).collect()
    }

    /// The table that is read, which nothing may overwrite.
    pub fn table(&self) -> Option<&PathBuf> {
        self.join.as_ref()
    }

    /// Reads the table, if there is one, and says what is to be done.
    ///
    /// # Errors
    /// A table that cannot be read.
    pub fn shape(&self, notes: &mut Notes) -> anyhow::Result<Shape> {
        let join = match (&self.join, &self.on) {
            (Some(path), Some(on)) => Some(self.read(path, on, notes)?),
            _ => None,
        };
        let write = match (&self.map, &self.select) {
            (Some(map), _) => Write::Mapped { map: map.clone(), raw: self.raw },
            (None, Some(selection)) => Write::Selected(selection.clone()),
            (None, None) => Write::Record,
        };
        Ok(Shape { explode: self.explode.clone(), join, write })
    }

    fn read(&self, path: &Path, on: &On, notes: &mut Notes) -> anyhow::Result<JoinOptions> {
        let shown = path.display();
        let text = jsonl::read_whole(path).with_context(|| format!("cannot read the table {shown}"))?;
        let table = Table::read(&text, &on.column, &self.prefix)
            .map_err(|error| Usage(format!("the table {shown} cannot be used: {error}")))?;
        if table.repeated() > 0 {
            notes.explain(&format!(
                "{} of {} rows of the table have the key of a row before them: a record comes once for each",
                table.repeated(),
                table.rows()
            ));
        }
        Ok(JoinOptions { table: Arc::new(table), key: on.key.clone(), left: self.left })
    }
}
