//! Horizontal bars: rank, change, number, share, bar, label.

use super::{Page, Screen};
use crate::chart::barh::{Change, change};
use crate::chart::caption::{Caption, EMPTY, label, share, why_nothing};
use crate::chart::colour::{FALLEN, INK, MUTED, NEW, OTHERS, RISEN, SERIES};
use crate::chart::options::ChartOptions;
use crate::chart::order::First;
use crate::chart::recent::Recent;
use crate::chart::scale::{Figures, Linear};
use crate::jsonl::format::people::columns_wide;
use crate::row::{Number, Row};

/// Eighths of a column.
const EIGHTHS: [&str; 8] = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];
const LEAST_BARS: usize = 8;

pub(in crate::chart) fn draw(recent: &Recent, options: &ChartOptions, screen: &Screen) -> String {
    let rows = First::of(recent.rows(), options.top.max(1));
    let words = Caption::new(&rows, options).words("Horizontal bars");
    if let Some(why) = why_nothing(&rows) {
        return Page::nothing(screen, &words, why);
    }
    let mut page = Page::begin(screen, &words);
    let columns = Columns::measure(&rows, &page.screen);
    rows.iter().for_each(|row| columns.row(&mut page, row));
    page.finish(&words)
}

/// How wide each column is; 0 where there is nothing.
struct Columns<'a> {
    rows: &'a [Row],
    ranked: usize,
    rank: usize,
    change: usize,
    number: usize,
    share: usize,
    scale: Linear,
    figures: Figures,
}

fn widest(texts: impl Iterator<Item = String>) -> usize {
    texts.map(|text| columns_wide(&text)).max().unwrap_or(0)
}

impl<'a> Columns<'a> {
    fn measure(rows: &'a [Row], screen: &Screen) -> Columns<'a> {
        let ranked = rows.iter().filter(|row| !row.is_remainder()).count();
        let rank = widest(rows.iter().filter_map(|row| row.rank).map(|rank| rank.to_string()));
        let change =
            widest(rows.iter().filter_map(|row| change(row, rows)).map(|change| sign(change, screen)));
        let figures = Figures::of(rows.iter().map(|row| row.count));
        let number = widest(rows.iter().map(|row| figures.text(row.count)));
        let share = widest(rows.iter().filter_map(share));
        let widest_label = widest(rows.iter().map(|row| label(row, ranked)));
        let fixed: usize =
            [rank, change, number, share].iter().filter(|wide| **wide > 0).map(|wide| wide + 2).sum();
        let room = screen.width.saturating_sub(fixed + 2);
        let label = widest_label.min((room * 2 / 5).max(10)).min(room.saturating_sub(LEAST_BARS));
        let bars = room.saturating_sub(label).max(LEAST_BARS);
        let scale = Linear::with_zero(rows.iter().map(|row| row.count.as_f64()), 0.0, bars as f64);
        Columns { rows, ranked, rank, change, number, share, scale, figures }
    }

    fn row(&self, page: &mut Page, row: &Row) {
        let screen = page.screen;
        let mut line = page.paint();
        if self.rank > 0 {
            line.right(&row.rank.map(|rank| rank.to_string()).unwrap_or_default(), self.rank, MUTED);
            line.blank(2);
        }
        if self.change > 0 {
            let begun = line.wide();
            if let Some(change) = change(row, self.rows) {
                let colour = match change {
                    Change::Risen(_) => RISEN,
                    Change::Fallen(_) => FALLEN,
                    Change::New => NEW,
                };
                line.text(&sign(change, &screen), colour);
            }
            line.blank(begun + self.change + 2 - line.wide());
        }
        line.right(&self.figures.text(row.count), self.number, INK);
        line.blank(2);
        if self.share > 0 {
            line.right(&share(row).unwrap_or_default(), self.share, MUTED);
            line.blank(2);
        }
        let begun = line.wide();
        let (before, bar) = self.bar(row, &screen);
        line.blank(before);
        let colour = match (row.is_remainder(), row.count < Number::ZERO) {
            (true, _) => OTHERS,
            (false, true) => SERIES[1],
            (false, false) => SERIES[0],
        };
        line.text(&bar, colour);
        line.blank((begun + self.bars() + 2).saturating_sub(line.wide()));
        let name = label(row, self.ranked);
        let is_aside = row.is_remainder() || name == EMPTY;
        line.text(&name, if is_aside { MUTED } else { INK });
        page.push(line);
    }

    /// Columns of all bars.
    fn bars(&self) -> usize {
        self.scale.end().round() as usize
    }

    /// Blanks before a bar, and the bar.
    fn bar(&self, row: &Row, screen: &Screen) -> (usize, String) {
        let (zero, end) = (self.scale.at(0.0), self.scale.at(row.count.as_f64()));
        let (from, to) = (zero.min(end), zero.max(end));
        if row.count == Number::ZERO {
            return (from.round() as usize, String::new());
        }
        // Beside an axis in the middle a bar is of whole columns, since eighths only fill from the left.
        let is_whole = screen.ascii || self.scale.at(0.0) > 0.0;
        if is_whole {
            let (from, to) = (from.round() as usize, to.round() as usize);
            let from = if to > from { from } else { from.min(self.bars().saturating_sub(1)) };
            let block = if screen.ascii { "#" } else { "█" };
            return (from, block.repeat((to.saturating_sub(from)).max(1)));
        }
        let eighths = (((to - from) * 8.0).round() as usize).max(1);
        (0, "█".repeat(eighths / 8) + EIGHTHS[eighths % 8])
    }
}

/// A change of rank in few letters.
fn sign(change: Change, screen: &Screen) -> String {
    let (up, down) = if screen.ascii { ("+", "-") } else { ("▲", "▼") };
    match change {
        Change::Risen(by) => format!("{up}{by}"),
        Change::Fallen(by) => format!("{down}{by}"),
        Change::New => "new".to_owned(),
    }
}
