//! The hours of the week: a line for each weekday, a cell for each hour.

use super::heat::{cell, legend};
use super::{Page, Screen};
use crate::chart::colour::{INK, MUTED};
use crate::chart::options::ChartOptions;
use crate::chart::recent::Recent;
use crate::chart::week::{DAYS, Week};
use crate::jsonl::format::people::columns_wide;

const HOURS: usize = 24;
const MOST: usize = 4;

pub(in crate::chart) fn draw(recent: &Recent, options: &ChartOptions, screen: &Screen) -> String {
    let week = match Week::new(recent, options) {
        Ok(week) => week,
        Err(nothing) => return Page::nothing(screen, &nothing.0, nothing.1),
    };
    let mut page = Page::begin(screen, &week.words);
    let left = DAYS.iter().map(|day| columns_wide(day)).max().unwrap_or(0) + 2;
    let wide = (page.screen.width.saturating_sub(left) / HOURS).clamp(1, MOST);
    for (at, day) in DAYS.iter().enumerate() {
        let mut line = page.paint();
        line.text(day, INK);
        line.blank(left - line.wide());
        for hour in 0..HOURS {
            match week.mean(at, hour) {
                Some(mean) => cell(&mut line, &page.screen, week.ramp.step(mean), wide),
                None => line.blank(wide),
            }
        }
        page.push(line);
    }
    let mut line = page.paint();
    for hour in (0..HOURS).step_by(if wide > 1 { 3 } else { 6 }) {
        line.blank((left + hour * wide).saturating_sub(line.wide()));
        line.text(&format!("{hour:02}"), MUTED);
    }
    page.push(line);
    legend(&mut page, &week.ramp, &format!("{} per hour, the mean", week.unit));
    page.finish(&week.words)
}
