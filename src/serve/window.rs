//! A whole window as readers get it: its first rows, and one JSON object that is made once for all of them.

use axum::body::Bytes;

use crate::chart::{ChartOptions, Heading, Palette, label};
use crate::row::{Number, Row, write_string};
use crate::time::{Millis, Span};

/// A window and its JSON.
#[derive(Debug)]
pub(super) struct Window {
    /// Counts what was published.
    pub(super) seq: u64,
    /// The first rows in order, and the remainder. There is one at least.
    pub(super) rows: Vec<Row>,
    pub(super) json: Bytes,
}

impl Window {
    pub(super) fn first(&self) -> &Row {
        &self.rows[0]
    }
}

/// What is known of a window beside its rows.
pub(super) struct Beside<'a> {
    pub(super) seq: u64,
    pub(super) series: &'a str,
    pub(super) palette: &'a Palette,
    /// The wall clock when it was whole.
    pub(super) received: Millis,
    /// Records found late by all its emissions.
    pub(super) late: Option<u64>,
}

/// The length of a row's window, as `--window` has it.
pub(super) fn size(row: &Row) -> Option<Millis> {
    row.bounds.filter(|_| !row.all).map(|bounds| bounds.end.saturating_sub(bounds.start))
}

/// What windows of a row's kind are called.
pub(super) fn series(row: &Row) -> String {
    match size(row) {
        Some(size) => Span::from_millis(size).to_string(),
        None => "all".into(),
    }
}

/// Writes the object; a figure that the rows do not have is absent.
pub(super) fn write(rows: &[Row], beside: &Beside<'_>, options: &ChartOptions) -> Bytes {
    let mut out = Object::new();
    out.number("seq", beside.seq);
    out.string("size", beside.series);
    if let Some(first) = rows.first() {
        if let Some(bounds) = first.bounds {
            out.integer("start", bounds.start);
            out.integer("end", bounds.end);
        }
        let heading = Heading::of(rows, options);
        out.string("title", &heading.title);
        out.string("range", &heading.range);
        out.string("footer", &heading.footer);
        out.string("key", &heading.key);
        if let Some(total) = first.total {
            out.figure("total", total);
        }
        for (name, value) in [
            ("distinct", first.distinct),
            ("late", beside.late),
            ("rev", Some(first.rev).filter(|rev| *rev > 0)),
        ] {
            if let Some(value) = value {
                out.number(name, value);
            }
        }
        for (name, flag) in [("open", first.open), ("all", first.all)] {
            if flag {
                out.raw(name, b"true");
            }
        }
    }
    out.integer("received", beside.received);
    let keys: Vec<Vec<u8>> = shown(rows).map(Row::packed_key).collect();
    let mut list = vec![b'['];
    for (row, colour) in shown(rows).zip(beside.palette.of(&keys)) {
        let count = options.value.as_deref().map_or(Some(row.count), |column| row.figure(column));
        let Some(count) = count else { continue };
        separate(&mut list);
        list.extend_from_slice(&row_json(row, count, colour));
    }
    list.push(b']');
    out.raw("rows", &list);
    if let Some(others) = rows.iter().find(|row| row.is_remainder()) {
        out.figure("others", others.count);
    }
    out.finish()
}

/// Rows that stand for one key.
pub(super) fn shown(rows: &[Row]) -> impl Iterator<Item = &Row> {
    rows.iter().filter(|row| !row.is_remainder() && row.distinct != Some(0))
}

fn row_json(row: &Row, count: Number, colour: Option<usize>) -> Bytes {
    let mut out = Object::new();
    out.string("key", &label(row, 0));
    out.figure("count", count);
    for (name, value) in [("colour", colour.map(|place| place as u64)), ("rank", row.rank)] {
        if let Some(value) = value {
            out.number(name, value);
        }
    }
    match row.prev_rank {
        Some(Some(rank)) => out.number("prev_rank", rank),
        Some(None) => out.raw("prev_rank", b"null"),
        None => {}
    }
    if let Some(share) = row.share {
        out.figure("share", Number::Float(share));
    }
    let mut figures = Object::new();
    for (name, json) in row.extra.iter().filter(|(_, json)| Number::parse(json).is_some()) {
        figures.raw(name, json.as_bytes());
    }
    if !figures.is_empty() {
        out.raw("figures", &figures.finish());
    }
    out.finish()
}

/// A comma between the elements of a list.
pub(super) fn separate(list: &mut Vec<u8>) {
    if list.last().is_some_and(|byte| !matches!(byte, b'[' | b'{')) {
        list.push(b',');
    }
}

/// A JSON object in the making.
pub(super) struct Object(Vec<u8>);

impl Object {
    pub(super) fn new() -> Object {
        Object::behind(Vec::new())
    }

    /// One that begins behind other bytes.
    pub(super) fn behind(mut out: Vec<u8>) -> Object {
        out.push(b'{');
        Object(out)
    }

    fn is_empty(&self) -> bool {
        self.0.len() == 1
    }

    pub(super) fn raw(&mut self, name: &str, json: &[u8]) {
        self.name(name);
        self.0.extend_from_slice(json);
    }

    fn name(&mut self, name: &str) {
        separate(&mut self.0);
        write_string(name, &mut self.0);
        self.0.push(b':');
    }

    /// A list of values, without another copy of it.
    pub(super) fn list<'a>(&mut self, name: &str, values: impl Iterator<Item = &'a [u8]> + Clone) {
        self.0.reserve(values.clone().map(|value| value.len() + 1).sum());
        self.name(name);
        self.0.push(b'[');
        for value in values {
            separate(&mut self.0);
            self.0.extend_from_slice(value);
        }
        self.0.push(b']');
    }

    pub(super) fn string(&mut self, name: &str, text: &str) {
        let mut json = Vec::new();
        write_string(text, &mut json);
        self.raw(name, &json);
    }

    pub(super) fn number(&mut self, name: &str, value: u64) {
        self.raw(name, value.to_string().as_bytes());
    }

    pub(super) fn integer(&mut self, name: &str, value: i64) {
        self.raw(name, value.to_string().as_bytes());
    }

    fn figure(&mut self, name: &str, value: Number) {
        let mut json = Vec::new();
        value.write(&mut json);
        self.raw(name, &json);
    }

    pub(super) fn finish(self) -> Bytes {
        self.into_bytes().into()
    }

    pub(super) fn into_bytes(mut self) -> Vec<u8> {
        self.0.push(b'}');
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn json(rows: &[Row]) -> serde_json::Value {
        let palette = Palette::default();
        let beside = Beside { seq: 7, series: "20s", palette: &palette, received: 5, late: rows[0].late };
        serde_json::from_slice(&write(rows, &beside, &ChartOptions::default())).expect("JSON")
    }

    #[test]
    fn figures_that_are_not_there_are_absent_and_never_zero() {
        let bare = json(&[Row::read(br#"{"tag":"a","count":3}"#).expect("a row")]);
        for name in ["total", "distinct", "late", "start", "open", "rev"] {
            assert!(bare.get(name).is_none(), "{name}: {bare}");
        }
        assert_eq!(bare["rows"][0], serde_json::json!({"key": "a", "count": 3, "colour": 0}));
    }

    #[test]
    fn hostile_labels_stay_json_and_the_remainder_stands_apart() {
        let rows = [
            br#"{"k":"<img src=x onerror=alert(1)>\u0000\"","count":3,"mean":0.5,"total":9,"late":0,"rank":1,"prev_rank":null,"share":0.3}"#.as_slice(),
            br#"{"k":null,"count":6,"total":9,"late":0,"share":0.6}"#,
        ];
        let window = json(&rows.map(|line| Row::read(line).expect("a row")));
        assert_eq!((&window["late"], &window["others"]), (&0.into(), &6.into()), "{window}");
        let row = &window["rows"][0];
        assert!(row["key"].as_str().is_some_and(|key| key.starts_with("<img")), "{row}");
        assert_eq!((&row["prev_rank"], &row["figures"]["mean"]), (&serde_json::Value::Null, &0.5.into()));
        assert_eq!(window["rows"].as_array().map(Vec::len), Some(1));
    }
}
