//! A bar for each window, the newest last, in which the keys lie side by side: what was counted, and its parts.

use super::canvas::LETTERS;
use super::line::colour_of;
use super::{Depth, Page, Screen};
use crate::chart::colour::{INK, MUTED};
use crate::chart::options::ChartOptions;
use crate::chart::over_time::OverTime;
use crate::chart::recent::Recent;
use crate::chart::scale::Figures;
use crate::chart::stack::{Part, Stack, why_not, words};
use crate::jsonl::format::people::{columns_wide, cut};
use crate::row::Number;

/// Lines around the bars at most: heading, keys, footer, and the one that the cursor is left in.
const AROUND: usize = 9;
const LEAST_BARS: usize = 10;
/// A key's name takes so many columns at most.
const NAME: usize = 24;

pub(in crate::chart) fn draw(recent: &Recent, options: &ChartOptions, screen: &Screen) -> String {
    let over = that_has_room(recent, options, screen);
    let words = words(&over, options);
    if let Some(why) = over.is_nothing(recent).or_else(|| why_not(&over)) {
        return Page::nothing(screen, &words, why);
    }
    let mut page = Page::begin(screen, &words);
    let stack = Stack::of(&over, options.normalize);
    let totals: Vec<Number> = (0..over.columns.len()).map(|column| stack.total(column)).collect();
    let figures = Figures::of(totals.iter().copied());
    let numbers = totals.iter().map(|total| columns_wide(&figures.text(*total))).max().unwrap_or(0);
    let times = (0..over.columns.len()).map(|column| columns_wide(&over.begin(column))).max().unwrap_or(0);
    let bars = page.screen.width.saturating_sub(times + numbers + 4).max(LEAST_BARS);
    let most = (0..over.columns.len()).map(|column| stack.height(column)).fold(0.0, f64::max);
    let scale = if most > 0.0 { bars as f64 / most } else { 0.0 };
    for (at, column) in over.columns.iter().enumerate() {
        if column.after_gap {
            let mut line = page.paint();
            line.blank(times + numbers + 4);
            line.text("no input", MUTED);
            page.push(line);
        }
        let mut line = page.paint();
        line.text(&over.begin(at), MUTED);
        line.blank((times + 2).saturating_sub(line.wide()));
        line.right(&figures.text(totals[at]), numbers, INK);
        line.blank(2);
        for (number, part) in stack.parts.iter().enumerate() {
            let (low, high) = stack.places[number][at];
            let (from, to) = ((low * scale).round() as usize, (high * scale).round() as usize);
            line.text(
                &sign(&page.screen, number, part).repeat(to.saturating_sub(from)),
                colour_of(part.colour),
            );
        }
        page.push(line);
    }
    keys(&mut page, &stack);
    page.finish(&words)
}

/// The newest windows for which the screen has lines, also for those that are missing between them.
fn that_has_room<'a>(recent: &'a Recent, options: &'a ChartOptions, screen: &Screen) -> OverTime<'a> {
    let lines = screen.height.max(Screen::MIN_HEIGHT).saturating_sub(AROUND).max(2);
    let mut windows = lines;
    loop {
        let over = OverTime::newest_coloured(recent, options, windows);
        let gaps = over.columns.iter().filter(|column| column.after_gap).count();
        if windows <= 2 || over.columns.len() + gaps <= lines {
            return over;
        }
        windows -= 1;
    }
}

/// What a part is drawn with: without colours each has a letter of its own.
fn sign(screen: &Screen, number: usize, part: &Part<'_>) -> String {
    match (screen.ascii || screen.depth == Depth::None, part.colour) {
        (false, _) => "█".into(),
        (true, Some(_)) => char::from(LETTERS[number % LETTERS.len()]).to_string(),
        (true, None) => ".".into(),
    }
}

/// Which part is which key, in lines below.
fn keys(page: &mut Page, stack: &Stack<'_>) {
    let mut line = page.paint();
    for (number, part) in stack.parts.iter().enumerate() {
        let name = cut(part.label, NAME);
        if line.wide() > 0 && line.wide() + columns_wide(&name) + 4 > page.screen.width {
            page.push(std::mem::replace(&mut line, page.paint()));
        }
        if line.wide() > 0 {
            line.blank(2);
        }
        line.text(&sign(&page.screen, number, part), colour_of(part.colour));
        line.blank(1);
        line.text(&name, INK);
    }
    page.push(line);
}
