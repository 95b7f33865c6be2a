//! What is made of a record that is kept: its elements apart, joined with a table, and what is written of it.
//!
//! The stages follow one another, each on the lines that the one before it made. The first looks at the record itself, in the
//! program that found the fields of all conditions; each other has a program of its own.

use std::ops::ControlFlow;
use std::sync::Arc;

use super::kept::{Kept, Tally};
use crate::drive;
use crate::expr::{self, Expr, NewField, Program, Selection, Value, elements, splice};
use crate::job::evaluate::failed;
use crate::jsonl::Reject;
use crate::record::Table;

/// What becomes of a record.
#[derive(Clone, Debug, Default)]
pub struct Shape {
    /// The record comes once for each element of the array at this path, which stands in place of the array.
    pub explode: Option<Expr>,
    /// The record gets the columns of its rows in a table.
    pub join: Option<JoinOptions>,
    /// What is written.
    pub write: Write,
}

/// A table, and how records meet it.
#[derive(Clone, Debug)]
pub struct JoinOptions {
    /// The table.
    pub table: Arc<Table>,
    /// The first output of this is looked up.
    pub key: Expr,
    /// A record without a row is kept, with null in each column.
    pub left: bool,
}

/// What is written of a record.
#[derive(Clone, Debug, Default)]
pub enum Write {
    /// The record.
    #[default]
    Record,
    /// These fields.
    Selected(Selection),
    /// Each output of this; strings perhaps without quotes.
    Mapped {
        /// The expression.
        map: Expr,
        /// Strings are written without quotes.
        raw: bool,
    },
}

/// One thing that is done to a line. Expressions are known by their number in the stage's program.
pub(super) enum Stage {
    Explode { path: usize },
    Join(Join),
    Select { selection: Selection, first: usize },
    Map { map: usize, raw: bool },
}

pub(super) struct Join {
    table: Arc<Table>,
    key: usize,
    /// The first of the expressions that find the table's columns in the record.
    columns: usize,
    left: bool,
}

/// A stage behind the first, and the program that it looks at its lines with.
pub(super) struct Behind {
    pub(super) program: Program,
    pub(super) stage: Stage,
}

impl Shape {
    /// The stages, each with its expressions.
    pub(super) fn stages(&self) -> anyhow::Result<Vec<(Stage, Vec<Expr>)>> {
        let mut stages = Vec::new();
        if let Some(path) = &self.explode {
            stages.push((Stage::Explode { path: 0 }, vec![path.clone()]));
        }
        if let Some(JoinOptions { table, key, left }) = &self.join {
            let mut expressions = vec![key.clone()];
            for name in table.names() {
                expressions.push(Expr::parse(&format!(".[{name}]"))?);
            }
            let join = Join { table: Arc::clone(table), key: 0, columns: 1, left: *left };
            stages.push((Stage::Join(join), expressions));
        }
        match &self.write {
            Write::Record => {}
            Write::Selected(selection) => {
                let expressions = selection.expressions().to_vec();
                stages.push((Stage::Select { selection: selection.clone(), first: 0 }, expressions));
            }
            Write::Mapped { map, raw } => stages.push((Stage::Map { map: 0, raw: *raw }, vec![map.clone()])),
        }
        Ok(stages)
    }
}

impl Stage {
    /// So many expressions stand before its own in its program.
    pub(super) fn behind(mut self, expressions: usize) -> Stage {
        match &mut self {
            Stage::Explode { path: at } | Stage::Select { first: at, .. } | Stage::Map { map: at, .. } => {
                *at += expressions;
            }
            Stage::Join(join) => {
                join.key += expressions;
                join.columns += expressions;
            }
        }
        self
    }

    /// Does it to a record; what comes out goes through the stages behind, and then is made.
    pub(super) fn run(
        &self,
        record: &mut expr::Record<'_>,
        behind: &mut [Behind],
        kept: &mut Kept,
        tally: &mut Tally,
    ) -> Result<(), Reject> {
        match self {
            Stage::Explode { path } => explode(record, *path, behind, kept, tally),
            Stage::Join(join) => join.run(record, behind, kept, tally),
            Stage::Select { selection, first } => {
                selection.write(record, *first, &mut kept.made).map_err(failed)?;
                kept.made.push(b'\n');
                tally.add_line();
                Ok(())
            }
            Stage::Map { map, raw } => {
                tally.is_kept = true;
                map_to(record, *map, *raw, kept, tally)
            }
        }
    }
}

/// Hands a line to the next stage.
fn pass(line: &[u8], behind: &mut [Behind], kept: &mut Kept, tally: &mut Tally) -> Result<(), Reject> {
    match behind.split_first_mut() {
        None => {
            kept.made.extend_from_slice(line);
            kept.made.push(b'\n');
            tally.add_line();
            Ok(())
        }
        Some((next, behind)) => {
            let mut record = next.program.load(line).map_err(drive::fault)?;
            next.stage.run(&mut record, behind, kept, tally)
        }
    }
}

fn map_to(
    record: &mut expr::Record<'_>,
    map: usize,
    raw: bool,
    kept: &mut Kept,
    tally: &mut Tally,
) -> Result<(), Reject> {
    let outcome = record.outputs(map, &mut |value| {
        match value {
            Value::String(text) if raw => kept.made.extend_from_slice(text.as_bytes()),
            value => value.write_json(&mut kept.made),
        }
        kept.made.push(b'\n');
        tally.lines += 1;
        ControlFlow::Continue(())
    });
    outcome.map_err(failed)
}

/// A value that is no array is its own and only element; what is missing or null has none.
fn explode(
    record: &mut expr::Record<'_>,
    path: usize,
    behind: &mut [Behind],
    kept: &mut Kept,
    tally: &mut Tally,
) -> Result<(), Reject> {
    let line = record.line();
    let Some(place) = record.place(path).map_err(failed)? else { return Ok(()) };
    let value = &line[place.clone()];
    if value == b"null" {
        return Ok(());
    }
    let Some(elements) = elements(value) else {
        if value.first() == Some(&b'[') {
            return Err(Reject::new("grammar", "the array to explode is no JSON"));
        }
        return pass(line, behind, kept, tally);
    };
    let mut made = Vec::new();
    for element in elements {
        made.clear();
        made.extend_from_slice(&line[..place.start]);
        made.extend_from_slice(element);
        made.extend_from_slice(&line[place.end..]);
        pass(&made, behind, kept, tally)?;
    }
    Ok(())
}

impl Join {
    fn run(
        &self,
        record: &mut expr::Record<'_>,
        behind: &mut [Behind],
        kept: &mut Kept,
        tally: &mut Tally,
    ) -> Result<(), Reject> {
        let key = first_text(record, self.key)?;
        let names: Vec<&[u8]> = self.table.columns().collect();
        let mut places = Vec::with_capacity(names.len());
        for column in 0..names.len() {
            places.push(record.place(self.columns + column).map_err(failed)?);
        }
        let line = record.line();
        let mut made = Vec::new();
        let mut rows = key.as_deref().map(|key| self.table.get(key)).into_iter().flatten().peekable();
        if rows.peek().is_none() {
            tally.unmatched += 1;
            if kept.unmatched_key.is_none() {
                kept.unmatched_key = key.clone();
            }
            if !self.left {
                return Ok(());
            }
            let fields: Vec<NewField<'_>> =
                names.iter().zip(&places).map(|(name, place)| (*name, &b"null"[..], place.clone())).collect();
            splice(line, &fields, &mut made);
            return pass(&made, behind, kept, tally);
        }
        if places.iter().any(Option::is_some) {
            tally.replaced += 1;
        }
        for row in rows {
            let fields = names.iter().zip(self.table.values(row)).zip(&places);
            let fields: Vec<_> = fields.map(|((name, value), place)| (*name, value, place.clone())).collect();
            made.clear();
            splice(line, &fields, &mut made);
            pass(&made, behind, kept, tally)?;
        }
        Ok(())
    }
}

/// The first output as text; null, arrays and objects are none.
fn first_text(record: &mut expr::Record<'_>, expression: usize) -> Result<Option<String>, Reject> {
    let mut text = None;
    let outcome = record.outputs(expression, &mut |value| {
        text = match value {
            Value::String(text) | Value::Number(text) => Some(text.into_owned()),
            Value::Bool(truth) => Some(truth.to_string()),
            Value::Null | Value::Json(_) => None,
        };
        ControlFlow::Break(())
    });
    outcome.map_err(failed).map(|()| text)
}
