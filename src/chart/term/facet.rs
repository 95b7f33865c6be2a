//! A small block for each key, all on one scale, so that they can be compared; its newest number and name stand behind.

use super::canvas::Canvas;
use super::line::colour_of;
use super::{Page, Screen, times};
use crate::chart::colour::{GRID, INK, MUTED};
use crate::chart::options::ChartOptions;
use crate::chart::over_time::{OverTime, Series};
use crate::chart::recent::Recent;
use crate::chart::scale::{Linear, figure};
use crate::jsonl::format::people::columns_wide;

/// Lines of a block.
const LEAST: usize = 2;
const MOST: usize = 5;
/// Lines around the blocks at most: heading, times, footer, and the one that the cursor is left in.
const AROUND: usize = 7;
const STEPS: u32 = 2;

pub(in crate::chart) fn draw(recent: &Recent, options: &ChartOptions, screen: &Screen) -> String {
    let lines = screen.height.max(Screen::MIN_HEIGHT).saturating_sub(AROUND).max(LEAST);
    let width = screen.width.max(Screen::MIN_WIDTH);
    let over = OverTime::newest(recent, options, options.top.clamp(1, lines / LEAST), width);
    let words = over.words("Small multiples", Some("a blank: not in the window's list"));
    if let Some(why) = over.is_nothing(recent) {
        return Page::nothing(screen, &words, why);
    }
    let mut page = Page::begin(screen, &words);
    let rows = (lines / over.series.len()).clamp(LEAST, MOST);
    let scale = Linear::with_zero(over.values(), 0.0, 1.0).fitted(STEPS, over.whole_only);
    let marks = scale.marks(STEPS, over.whole_only);
    let last: Vec<String> =
        over.series.iter().map(|series| series.last().map_or("–".to_owned(), figure)).collect();
    let widest = |texts: &mut dyn Iterator<Item = &str>| texts.map(columns_wide).max().unwrap_or(0);
    let left = widest(&mut marks.iter().map(|(_, text)| &text[..])) + 2;
    let numbers = widest(&mut last.iter().map(|text| &text[..]));
    let names = widest(&mut over.series.iter().map(|series| &series.label[..]));
    let beside = (numbers + 4 + names).min(page.screen.width * 2 / 5);
    let columns = page.screen.width.saturating_sub(left + beside).max(10);
    for (series, last) in over.series.iter().zip(&last) {
        let mut canvas = Canvas::new(&page.screen, columns, rows);
        let (_, high) = canvas.size();
        let values = over.values().chain(marks.iter().map(|(mark, _)| *mark));
        let y = Linear::with_zero(values, (high - 1) as f64, 0.0);
        fill(&mut canvas, &over, series, y);
        let row_of = |value: f64| ((y.at(value) / (high as f64 / rows as f64)) as usize).min(rows - 1);
        for row in 0..rows {
            let mut line = page.paint();
            let mark = marks.iter().rev().find(|(value, _)| row_of(*value) == row);
            line.right(mark.map_or("", |(_, text)| text), left - 2, MUTED);
            line.text(if page.screen.ascii { " |" } else { " │" }, GRID);
            canvas.row(row, &mut line);
            if row + 1 == rows {
                line.blank((left + columns + 2).saturating_sub(line.wide()));
                line.right(last, numbers, MUTED);
                line.blank(2);
                line.text(&series.label, INK);
            }
            page.push(line);
        }
    }
    let (first, end) = ends(&over);
    let place = |at: i64| (part(at, first, end) * columns as f64) as usize;
    times(&mut page, &over, left, columns, place);
    page.finish(&words)
}

/// Shades what lies between zero and each window's number, as wide as the window.
fn fill(canvas: &mut Canvas, over: &OverTime<'_>, series: &Series, y: Linear) {
    let (wide, _) = canvas.size();
    let (first, end) = ends(over);
    for (column, value) in over.columns.iter().zip(&series.values) {
        let Some(value) = value else { continue };
        let begin = column.at.saturating_sub(over.step / 2);
        let dot = |at: i64| (part(at, first, end) * wide as f64).round() as usize;
        let (from, to) = (dot(begin), dot(begin.saturating_add(over.step)));
        for x in from..to.max(from + 1).min(wide) {
            let x = x as f64;
            canvas.line((x, y.at(0.0)), (x, y.at(value.as_f64())), 5, colour_of(Some(0)));
        }
    }
}

/// Where the first window's cell begins and the last one's ends.
fn ends(over: &OverTime<'_>) -> (i64, i64) {
    let at = |column: Option<&crate::chart::over_time::Column>| column.map_or(0, |column| column.at);
    let half = over.step / 2;
    (at(over.columns.first()).saturating_sub(half), at(over.columns.last()).saturating_add(half))
}

/// A time's part of the way from one to another.
fn part(at: i64, first: i64, end: i64) -> f64 {
    at.saturating_sub(first) as f64 / end.saturating_sub(first).max(1) as f64
}
