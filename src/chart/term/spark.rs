//! A line of small columns for each key: its newest number, its largest, its course, its name.

use super::line::colour_of;
use super::{Page, Screen};
use crate::chart::colour::{INK, MUTED};
use crate::chart::options::ChartOptions;
use crate::chart::over_time::{OverTime, Series};
use crate::chart::recent::Recent;
use crate::chart::scale::{Linear, figure};
use crate::jsonl::format::people::columns_wide;

const LEVELS: [&str; 8] = ["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"];
const LEVELS_ASCII: [&str; 8] = ["_", ".", ":", "-", "=", "+", "*", "#"];

pub(in crate::chart) fn draw(recent: &Recent, options: &ChartOptions, screen: &Screen) -> String {
    let room = screen.width.max(Screen::MIN_WIDTH) / 2;
    let over = OverTime::newest(recent, options, options.top.max(1), room);
    let words = over.words("Sparklines", Some(""));
    if let Some(why) = over.is_nothing(recent) {
        return Page::nothing(screen, &words, why);
    }
    let mut page = Page::begin(screen, &words);
    let last = |series: &Series| series.last().map_or("–".to_owned(), figure);
    let most = |series: &Series| series.largest().map_or(String::new(), |(_, most)| figure(most));
    let widest = |text: &dyn Fn(&Series) -> String, least: &str| {
        let texts = over.series.iter().map(|series| columns_wide(&text(series)));
        texts.max().unwrap_or(0).max(columns_wide(least))
    };
    let (newest, largest) = (widest(&last, "now"), widest(&most, "most"));
    let mut head = page.paint();
    head.right("now", newest, MUTED);
    head.right("most", largest + 2, MUTED);
    page.push(head);
    for series in &over.series {
        let mut line = page.paint();
        line.right(&last(series), newest, INK);
        line.right(&most(series), largest + 2, MUTED);
        line.blank(2);
        line.text(&course(&over, series, page.screen.ascii), colour_of(series.colour));
        line.blank(2);
        line.text(&series.label, INK);
        page.push(line);
    }
    page.finish(&words)
}

/// A column for each window, of eight heights between 0 and the largest; a blank where nobody knows, and where windows are
/// missing.
fn course(over: &OverTime<'_>, series: &Series, ascii: bool) -> String {
    let levels = if ascii { LEVELS_ASCII } else { LEVELS };
    let scale = Linear::with_zero(series.known().map(crate::row::Number::as_f64), 0.0, 7.0);
    let mut course = String::new();
    for (column, value) in over.columns.iter().zip(&series.values) {
        if column.after_gap {
            course.push(' ');
        }
        course
            .push_str(value.map_or(" ", |value| levels[(scale.at(value.as_f64()).round() as usize).min(7)]));
    }
    course
}
