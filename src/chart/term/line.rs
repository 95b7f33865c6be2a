//! Lines over time, of dots; each key's newest number and name stand at the right.

use super::canvas::{Canvas, LETTERS};
use super::{Page, Screen, times};
use crate::chart::colour::{Colour, GRID, INK, MUTED, OTHERS, SERIES};
use crate::chart::options::ChartOptions;
use crate::chart::over_time::{Column, OverTime};
use crate::chart::recent::Recent;
use crate::chart::scale::{Linear, figure};
use crate::jsonl::format::people::columns_wide;
use crate::time::Millis;

const STEPS: u32 = 4;
/// Lines of text of the plot at most.
const MOST_ROWS: usize = 18;

pub(super) fn colour_of(colour: Option<usize>) -> Colour {
    colour.map_or(OTHERS, |at| SERIES[at % SERIES.len()])
}

pub(in crate::chart) fn draw(recent: &Recent, options: &ChartOptions, screen: &Screen) -> String {
    let over = OverTime::coloured(recent, options);
    let words = over.words("Lines over time", Some("a line ends where its key leaves the list"));
    if let Some(why) = over.is_nothing(recent) {
        return Page::nothing(screen, &words, why);
    }
    let mut page = Page::begin(screen, &words);
    let rows = page.room(1).clamp(over.series.len().clamp(4, 8), MOST_ROWS);
    let numbers = over.series.iter().filter_map(|series| Some(columns_wide(&figure(series.last()?)))).max();
    let numbers = numbers.unwrap_or(1);
    let names = over.series.iter().map(|series| columns_wide(&series.label)).max().unwrap_or(0);
    let rough = Linear::with_zero(over.values(), 0.0, 1.0).fitted(STEPS, over.whole_only);
    let marks = rough.marks(STEPS, over.whole_only);
    let left = marks.iter().map(|(_, text)| columns_wide(text)).max().unwrap_or(0) + 2;
    let beside = (numbers + 5 + names).min(page.screen.width * 2 / 5);
    let columns = page.screen.width.saturating_sub(left + beside).max(10);
    let mut canvas = Canvas::new(&page.screen, columns, rows);
    let (_, high) = canvas.size();
    let y = Linear::with_zero(over.values(), (high - 1) as f64, 0.0).fitted(STEPS, over.whole_only);
    lines(&mut canvas, &over, y);
    let row_of = |value: f64| ((y.at(value) / (high as f64 / rows as f64)) as usize).min(rows - 1);
    let ends = ends(&over, rows, row_of);
    for row in 0..rows {
        let mut line = page.paint();
        let mark = marks.iter().find(|(value, _)| row_of(*value) == row);
        line.right(mark.map_or("", |(_, text)| text), left - 2, MUTED);
        line.text(axis(&page.screen, mark.is_some()), GRID);
        canvas.row(row, &mut line);
        if let Some(at) = ends.iter().position(|end| *end == Some(row)) {
            let series = &over.series[at];
            line.blank((left + columns + 1).saturating_sub(line.wide()));
            line.text(&sign(&page.screen, at), colour_of(series.colour));
            line.blank(1);
            line.right(&series.last().map_or("–".into(), figure), numbers, MUTED);
            line.blank(1);
            line.text(&series.label, INK);
        }
        page.push(line);
    }
    times(&mut page, &over, left, columns, |at| place(&over, at, columns) as usize);
    page.finish(&words)
}

/// Where a time lies in so many columns.
fn place(over: &OverTime<'_>, at: Millis, wide: usize) -> f64 {
    let of = |column: Option<&Column>| column.map_or(0, |column| column.at);
    let (first, last) = (of(over.columns.first()), of(over.columns.last()));
    match last - first {
        0 => (wide - 1) as f64 / 2.0,
        range => (at - first) as f64 / range as f64 * (wide - 1) as f64,
    }
}

/// Draws the lines: the largest last, on top of the others.
fn lines(canvas: &mut Canvas, over: &OverTime<'_>, y: Linear) {
    let (wide, _) = canvas.size();
    for (letter, series) in over.series.iter().enumerate().rev() {
        let mut before = None;
        for (column, value) in over.columns.iter().zip(&series.values) {
            let point = value.map(|value| (place(over, column.at, wide), y.at(value.as_f64())));
            if let Some((x, y)) = point {
                let from = before.filter(|_| !column.after_gap).unwrap_or((x, y));
                canvas.line(from, (x, y), letter, colour_of(series.colour));
            }
            before = point;
        }
    }
}

/// The axis at the left of a row, with a mark or without.
fn axis(screen: &Screen, is_marked: bool) -> &'static str {
    match (screen.ascii, is_marked) {
        (true, _) => " |",
        (false, true) => " ┤",
        (false, false) => " │",
    }
}

/// What stands before a key's name: in ASCII the letter that its line is drawn with.
fn sign(screen: &Screen, series: usize) -> String {
    if screen.ascii { char::from(LETTERS[series % LETTERS.len()]).to_string() } else { "●".into() }
}

/// The row of each key's name: that of its newest number, or one as near as possible.
fn ends(over: &OverTime<'_>, rows: usize, row_of: impl Fn(f64) -> usize) -> Vec<Option<usize>> {
    let mut wanted: Vec<(usize, usize)> = over
        .series
        .iter()
        .enumerate()
        .map(|(at, series)| (series.last().map_or(rows - 1, |last| row_of(last.as_f64())), at))
        .collect();
    wanted.sort_unstable();
    let count = wanted.len();
    let mut ends = vec![None; count];
    let mut free = 0;
    for (place, (row, at)) in wanted.into_iter().enumerate() {
        // Those below need a row each.
        let row = row.max(free).min(rows.saturating_sub(count - place));
        if row >= free {
            ends[at] = Some(row);
            free = row + 1;
        }
    }
    ends
}
