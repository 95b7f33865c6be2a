//! A heat map: a line of shades for each key, a cell for each window; its newest number stands before, its name behind.

use super::paint::Paint;
use super::{Depth, Page, Screen, times};
use crate::chart::caption::unit;
use crate::chart::colour::{HEAT, INK, MUTED};
use crate::chart::options::ChartOptions;
use crate::chart::over_time::OverTime;
use crate::chart::ramp::Ramp;
use crate::chart::recent::Recent;
use crate::chart::scale::figure;
use crate::jsonl::format::people::columns_wide;

/// Shades where there are no colours.
const SHADES: [&str; HEAT.len()] = ["·", "░", "░", "▒", "▒", "▓", "▓", "█", "█"];
const SHADES_ASCII: [&str; HEAT.len()] = [".", ":", ":", "-", "=", "+", "*", "#", "@"];

pub(in crate::chart) fn draw(recent: &Recent, options: &ChartOptions, screen: &Screen) -> String {
    let room = screen.width.max(Screen::MIN_WIDTH) / 2;
    let over = OverTime::newest(recent, options, options.top.max(1), room);
    let words = over.words("Heat map", Some("a blank: not in the window's list"));
    if let Some(why) = over.is_nothing(recent) {
        return Page::nothing(screen, &words, why);
    }
    let mut page = Page::begin(screen, &words);
    let ramp = Ramp::new(over.values(), over.whole_only);
    let last = over.series.iter().map(|series| series.last().map_or("–".to_owned(), figure));
    let last: Vec<String> = last.collect();
    let numbers = last.iter().map(|text| columns_wide(text)).max().unwrap_or(0);
    // Missing windows have a column, too.
    let gaps = over.columns.iter().filter(|column| column.after_gap).count();
    let cells = over.columns.len() + gaps;
    let names = over.series.iter().map(|series| columns_wide(&series.label)).max().unwrap_or(0);
    let wide = (page.screen.width.saturating_sub(numbers + 4 + names.min(20)) / cells.max(1)).clamp(1, 4);
    for (series, last) in over.series.iter().zip(&last) {
        let mut line = page.paint();
        line.right(last, numbers, INK);
        line.blank(2);
        for (column, value) in over.columns.iter().zip(&series.values) {
            if column.after_gap {
                line.blank(wide);
            }
            match value.map(|value| ramp.step(value.as_f64())) {
                None => line.blank(wide),
                Some(shade) => cell(&mut line, &page.screen, shade, wide),
            }
        }
        line.blank(2);
        line.text(&series.label, INK);
        page.push(line);
    }
    let place = |at: i64| {
        let before = over.columns.iter().take_while(|column| column.at < at);
        before.map(|column| if column.after_gap { 2 * wide } else { wide }).sum::<usize>() + wide / 2
    };
    times(&mut page, &over, numbers + 2, cells * wide, place);
    legend(&mut page, &ramp, &unit(options));
    page.finish(&words)
}

/// Draws a shade, so many columns wide.
pub(super) fn cell(line: &mut Paint, screen: &Screen, shade: usize, wide: usize) {
    if screen.depth != Depth::None {
        line.ground(wide, HEAT[shade]);
        return;
    }
    let shades = if screen.ascii { SHADES_ASCII } else { SHADES };
    line.text(&shades[shade].repeat(wide), INK);
}

/// The shades and the values where they end.
pub(super) fn legend(page: &mut Page, ramp: &Ramp, unit: &str) {
    let mut line = page.paint();
    for (shade, text) in ramp.ends() {
        cell(&mut line, &page.screen, shade, 2);
        line.text(&format!(" {text}  "), MUTED);
    }
    line.text(unit, MUTED);
    page.push(line);
}
