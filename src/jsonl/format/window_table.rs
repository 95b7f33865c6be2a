//! The rows of a window for people: a heading with what the whole window holds, then rank, count, bar and label.
//!
//! The label comes last, so that no script's widths or direction disturb the columns.

use jiff::tz::TimeZone;

use super::aligned::line;
use super::people::{clean, columns_wide, cut, thousands};
use super::{Columns, WINDOW_COLUMNS, cell, is_number, value};
use crate::time::{RangeText, TimeReader};

/// Cells of the longest bar.
const BAR: usize = 20;

/// Wider labels are cut.
const LABEL: usize = 80;

/// One column: its title, and a cell per row.
struct Column {
    title: String,
    cells: Vec<String>,
    right: bool,
}

pub(super) fn write(rows: &[Columns], out: &mut Vec<u8>) {
    let heading = heading(&rows[0]);
    if !heading.is_empty() {
        out.extend_from_slice(heading.as_bytes());
        out.push(b'\n');
    }
    // The row of an empty window has no more to say.
    if value(&rows[0], "distinct") == Some("0") {
        return;
    }
    let columns = columns(rows);
    let widths: Vec<usize> = columns
        .iter()
        .map(|column| {
            column.cells.iter().chain([&column.title]).map(|cell| columns_wide(cell)).max().unwrap_or(0)
        })
        .collect();
    line(columns.iter().map(|column| (column.title.as_str(), column.right)), &widths, out);
    for row in 0..rows.len() {
        line(columns.iter().map(|column| (column.cells[row].as_str(), column.right)), &widths, out);
    }
}

/// `2018-11-12 19:00:00 – 19:00:20 UTC · 4,567 counted · 890 distinct · 0 late`; only what the row has.
fn heading(row: &Columns) -> String {
    let mut parts: Vec<String> = range(row).into_iter().collect();
    for (name, word) in [("total", "counted"), ("distinct", "distinct"), ("late", "late")] {
        parts.extend(value(row, name).map(|figure| format!("{} {word}", thousands(figure))));
    }
    for (name, text) in [("open", "still open"), ("update", "changes only")] {
        parts.extend((value(row, name) == Some("true")).then(|| text.to_owned()));
    }
    parts.extend(value(row, "rev").filter(|rev| *rev != "0").map(|rev| format!("revision {rev}")));
    parts.join(" · ")
}

fn range(row: &Columns) -> Option<String> {
    let time = |name| TimeReader::auto().string(&cell(value(row, name)?)).ok();
    let (start, end) = (time("window_start")?, time("window_end")?);
    let is_all = value(row, "all") == Some("true");
    let range = if is_all { RangeText::so_far } else { RangeText::new };
    Some(range(start, end, &TimeZone::UTC).whole)
}

fn columns(rows: &[Columns]) -> Vec<Column> {
    let mut columns = Vec::new();
    let has = |name: &str| rows.iter().any(|row| value(row, name).is_some_and(|json| json != "null"));
    let figure = |row: &Columns, name: &str| value(row, name).map(shown).unwrap_or_default();
    if has("rank") {
        columns.push(column("#", true, rows, |row| figure(row, "rank")));
    }
    if has("prev_rank") {
        columns.push(column("", false, rows, change));
    }
    columns.push(column("count", true, rows, |row| figure(row, "count")));
    for name in ["error", "guaranteed"] {
        if has(name) {
            columns.push(column(name, true, rows, |row| figure(row, name)));
        }
    }
    for name in aggregates(rows) {
        columns.push(column(&name, true, rows, |row| figure(row, &name)));
    }
    if has("share") {
        columns.push(column("share", true, rows, share));
    }
    let counts: Vec<f64> = rows.iter().map(count).collect();
    let largest = counts.iter().fold(0.0_f64, |largest, count| largest.max(count.abs()));
    columns.push(column("", false, rows, |row| bar(count(row), largest)));
    let names: Vec<String> = keys(&rows[0]).map(|(name, _)| clean(name).into_owned()).collect();
    columns.push(column(&names.join(" / "), false, rows, label));
    columns
}

fn column(title: &str, right: bool, rows: &[Columns], cell: impl Fn(&Columns) -> String) -> Column {
    Column { title: title.to_owned(), cells: rows.iter().map(cell).collect(), right }
}

/// Other columns after `count`, in the order of their first row.
fn aggregates(rows: &[Columns]) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for row in rows {
        for (name, _) in row.iter().skip_while(|(name, _)| name != "count") {
            if !WINDOW_COLUMNS.contains(&name.as_str()) && !names.contains(name) {
                names.push(name.clone());
            }
        }
    }
    names
}

fn keys(row: &Columns) -> impl Iterator<Item = &(String, String)> {
    row.iter()
        .take_while(|(name, _)| name != "count")
        .filter(|(name, _)| !WINDOW_COLUMNS.contains(&name.as_str()))
}

fn label(row: &Columns) -> String {
    if keys(row).next().is_some() && keys(row).all(|(_, json)| json == "null") {
        let is_remainder = value(row, "share").is_some() && value(row, "rank").is_none();
        return if is_remainder { "(all others)" } else { "(missing)" }.to_owned();
    }
    let texts: Vec<String> = keys(row).map(|(_, json)| clean(&cell(json)).into_owned()).collect();
    match texts.join(" / ") {
        label if label.trim().is_empty() && !texts.is_empty() => "(empty)".to_owned(),
        label => cut(&label, LABEL).into_owned(),
    }
}

fn shown(json: &str) -> String {
    if is_number(json) { thousands(json) } else { clean(&cell(json)).into_owned() }
}

fn count(row: &Columns) -> f64 {
    value(row, "count").and_then(|json| json.parse().ok()).unwrap_or(0.0)
}

fn share(row: &Columns) -> String {
    let number = |name| value(row, name).and_then(|json| json.parse::<f64>().ok());
    // The column is rounded; rounded once more it could be a tenth of a percent off.
    let share = number("share").map(|share| match number("total") {
        Some(total) if total > 0.0 => count(row) / total,
        _ => share,
    });
    share.map(|share| format!("{:.1}%", share * 100.0)).unwrap_or_default()
}

/// Against the window before: up, down, new.
fn change(row: &Columns) -> String {
    let rank = |name| value(row, name).and_then(|json| json.parse::<i64>().ok());
    match (rank("rank"), rank("prev_rank")) {
        (Some(now), Some(before)) if now < before => format!("▲{}", before - now),
        (Some(now), Some(before)) if now > before => format!("▼{}", now - before),
        (Some(_), Some(_)) | (None, _) => String::new(),
        (Some(_), None) => "new".to_owned(),
    }
}

/// A bar in eighths of a cell, at least one for what is not zero; shaded where the count is negative.
fn bar(count: f64, largest: f64) -> String {
    if count == 0.0 || largest == 0.0 {
        return String::new();
    }
    let eighths = ((count.abs() / largest * (BAR * 8) as f64).round() as usize).clamp(1, BAR * 8);
    if count < 0.0 {
        return "░".repeat(eighths.div_ceil(8));
    }
    let part = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"][eighths % 8];
    "█".repeat(eighths / 8) + part
}
