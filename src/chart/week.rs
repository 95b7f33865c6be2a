//! The hours of the week: a cell for each hour of each weekday, by the clock of the zone.
//!
//! A cell is the mean of what was counted in such hours, whatever the keys: three Mondays with 10, 20 and 30 records between
//! nine and ten are 20. Hours without a window are no part of it. Of windows that overlap, only those that follow one
//! another are added up.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::{Date, Weekday};

use super::caption::{capitalised, unit};
use super::frame::{Frame, LABEL, MARGIN, SMALL, Words};
use super::options::ChartOptions;
use super::over_time::OverTime;
use super::ramp::Ramp;
use super::recent::{Recent, Window};
use super::scale::figure;
use super::svg::{Anchor, Text, heat};
use crate::jsonl::format::people::clean;
use crate::row::Number;
use crate::time::Millis;

const HOUR: Millis = 3_600_000;
const HEIGHT: f64 = 26.0;
const BETWEEN: f64 = 2.0;
pub(super) const DAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
const LONG_DAYS: [&str; 7] = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];

/// Weekday and hour.
type Cell = (usize, i8);

/// What is shown.
pub(super) struct Week {
    pub words: Words,
    pub unit: String,
    pub ramp: Ramp,
    means: BTreeMap<Cell, (Number, u32)>,
}

impl Week {
    /// The hours of all windows; else the words and why there are none.
    pub(super) fn new(recent: &Recent, options: &ChartOptions) -> Result<Week, Box<(Words, &'static str)>> {
        let over = OverTime::new(recent, options, 1);
        let mut words = over.words("Hours of the week", None);
        if let Some(why) = over.is_nothing(recent) {
            return Err(Box::new((words, why)));
        }
        let means = hours_of_week(recent.windows(), options);
        if means.is_empty() {
            return Err(Box::new((
                words,
                "windows longer than an hour have no hour of the day: window-count --window 1h",
            )));
        }
        let unit = unit(options);
        say_of_week(&mut words, &means, &unit, options);
        let whole = means.values().all(|cell| mean(cell).fract() == 0.0);
        let ramp = Ramp::new(means.values().map(mean), whole);
        Ok(Week { words, unit, ramp, means })
    }

    /// What an hour of a weekday has, if it had a window.
    pub(super) fn mean(&self, day: usize, hour: usize) -> Option<f64> {
        self.means.get(&(day, hour as i8)).map(mean)
    }
}

/// Words that speak of hours, not of keys.
fn say_of_week(words: &mut Words, means: &BTreeMap<Cell, (Number, u32)>, unit: &str, options: &ChartOptions) {
    if options.title.is_none() {
        words.title = format!("{} by hour and weekday", capitalised(unit));
        words.name.clone_from(&words.title);
    }
    let total: Number = means.values().map(|(sum, _)| *sum).fold(Number::ZERO, Number::plus);
    let mut footer = vec![format!("{} counted", figure(total)), "an empty cell had no window".to_owned()];
    footer.extend(options.source.as_ref().map(|source| format!("source: {}", clean(source))));
    words.footer = footer.join(" · ");
    let largest = means.iter().max_by(|(at, a), (bt, b)| mean(a).total_cmp(&mean(b)).then(bt.cmp(at)));
    if let Some(((day, hour), most)) = largest {
        let most = shown(most);
        words.description = format!(
            "Hours of the week. {}. The most on {} at {hour:02}:00: {most} {unit} per hour. {}",
            words.subtitle, LONG_DAYS[*day], words.footer
        );
    }
}

fn mean((sum, hours): &(Number, u32)) -> f64 {
    sum.as_f64() / f64::from(*hours)
}

fn shown(cell: &(Number, u32)) -> String {
    figure(rounded(mean(cell)))
}

pub(super) fn draw(recent: &Recent, options: &ChartOptions) -> String {
    let Week { words, unit, ramp, means } = match Week::new(recent, options) {
        Ok(week) => week,
        Err(nothing) => return Frame::nothing(nothing.0, options, nothing.1),
    };
    let mut frame = Frame::begin(words, options);
    let names = DAYS.iter().map(|day| LABEL.width(day)).fold(0.0, f64::max);
    let left = MARGIN + names + 10.0;
    let width = (frame.width - MARGIN - left) / 24.0;
    for (at, day) in DAYS.iter().enumerate() {
        let y = frame.top + at as f64 * HEIGHT + HEIGHT / 2.0 + 3.7;
        frame.svg.text(Text { x: left - 10.0, y, anchor: Anchor::End, font: LABEL, class: "ink", text: day });
    }
    for ((day, hour), cell) in &means {
        let (x, y) = (left + f64::from(*hour) * width, frame.top + *day as f64 * HEIGHT);
        frame.svg.begin(&format!("{} {hour:02}:00: {} {unit} per hour", LONG_DAYS[*day], shown(cell)));
        frame.svg.cell(x, y + 1.0, width - BETWEEN, HEIGHT - BETWEEN, heat(ramp.step(mean(cell))));
        frame.svg.end();
    }
    let bottom = frame.top + 7.0 * HEIGHT;
    let every = if width * 3.0 > SMALL.width("00:00") + 8.0 { 3 } else { 6 };
    for hour in (0..24).step_by(every) {
        let (x, text) = (left + hour as f64 * width, format!("{hour:02}:00"));
        frame.svg.text(Text {
            x,
            y: bottom + 16.0,
            anchor: Anchor::Start,
            font: SMALL,
            class: "muted",
            text: &text,
        });
    }
    let bottom =
        ramp.legend(&mut frame.svg, &format!("{unit} per hour, the mean"), frame.width, bottom + 28.0);
    frame.finish(bottom)
}

/// A mean to four digits, as a number to be shown.
fn rounded(mean: f64) -> Number {
    if mean.fract() == 0.0 && mean.abs() < 1e15 { Number::Int(mean as i128) } else { Number::Float(mean) }
}

/// For each hour of the week that had windows: what was counted in all of them, and in how many hours.
fn hours_of_week(windows: &[Window], options: &ChartOptions) -> BTreeMap<Cell, (Number, u32)> {
    // The offset tells the two hours apart that a clock has when it is put back.
    let mut hours: BTreeMap<(Date, i8, i32), Number> = BTreeMap::new();
    let mut until = Millis::MIN;
    for window in windows {
        let Some(bounds) = window.first().bounds else { continue };
        let Ok(start) = Timestamp::from_millisecond(bounds.start) else { continue };
        if bounds.start < until || bounds.end - bounds.start > HOUR {
            continue;
        }
        until = bounds.end;
        let start = start.to_zoned(options.zone.clone());
        let counts = || window.keys().map(|row| row.count).chain(window.others.values().copied());
        let counted = || counts().fold(Number::ZERO, Number::plus);
        let total = window.first().total.unwrap_or_else(counted);
        let hour = hours.entry((start.date(), start.hour(), start.offset().seconds())).or_default();
        *hour = hour.plus(total);
    }
    let mut means: BTreeMap<Cell, (Number, u32)> = BTreeMap::new();
    for ((date, hour, _), total) in hours {
        let day = usize::from(date.weekday().since(Weekday::Monday).unsigned_abs());
        let cell = means.entry((day, hour)).or_default();
        *cell = (cell.0.plus(total), cell.1 + 1);
    }
    means
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::row::Row;
    use crate::time::time_zone;

    fn windows(of: &[(Millis, Millis, u64)]) -> Recent {
        let mut recent = Recent::several(&ChartOptions::default());
        for (start, length, count) in of {
            let mut row = Row::new(*start, start + length, Number::from(*count));
            (row.rows, row.total) = (Some(1), Some(Number::from(*count)));
            recent.push(row).expect("a row");
        }
        recent
    }

    #[test]
    fn a_cell_is_the_mean_of_its_hours() {
        let week = 7 * 24 * HOUR;
        let monday = 4 * 24 * HOUR; // 1970-01-05T00:00:00Z
        let recent = windows(&[
            (monday, HOUR / 2, 10),
            (monday + HOUR / 2, HOUR / 2, 20),
            (monday + week, HOUR / 2, 6),
            (monday + week + HOUR, HOUR / 2, 9),
        ]);
        let means = hours_of_week(recent.windows(), &ChartOptions::default());
        let number = |count: i128| Number::Int(count);
        assert_eq!(means, BTreeMap::from([((0, 0), (number(36), 2)), ((0, 1), (number(9), 1))]));
    }

    #[test]
    fn overlapping_windows_count_once_and_long_ones_not_at_all() {
        let recent = windows(&[(0, HOUR, 4), (HOUR / 2, HOUR, 4), (HOUR, HOUR, 5)]);
        let means = hours_of_week(recent.windows(), &ChartOptions::default());
        assert_eq!(means.len(), 2);
        assert!(hours_of_week(windows(&[(0, 2 * HOUR, 4)]).windows(), &ChartOptions::default()).is_empty());
    }

    #[test]
    fn hours_are_those_of_the_zone() {
        let zone = time_zone("Asia/Kolkata").expect("a zone");
        let options = ChartOptions { zone, ..ChartOptions::default() };
        let means = hours_of_week(windows(&[(0, HOUR / 2, 1)]).windows(), &options);
        assert_eq!(means.keys().collect::<Vec<_>>(), [&(3, 5)], "Thursday 05:30");
    }
}
