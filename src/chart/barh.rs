//! Horizontal bars: the first rows of one window.
//!
//! From left to right: rank, change since the window before, label, bar with its value, share. All columns are as wide
//! as their widest text; the label column at most 36 % of the picture. A narrow picture leaves columns out, which the
//! tooltips still have. Negative values go left of the axis.

use super::axis;
use super::caption::{Caption, EMPTY, label, share, tooltip, why_nothing};
use super::frame::{Frame, LABEL, MARGIN, SMALL};
use super::options::ChartOptions;
use super::order::First;
use super::recent::Recent;
use super::scale::{Figures, Linear, bounded};
use super::svg::{Anchor, Svg, Text};
use super::width::Font;
use crate::row::{Number, Row};

const GAP: f64 = 10.0;
/// Part of the width that labels take at most.
const LABELS: f64 = 0.36;
/// Part of the width that bars take at least; where there is less, shares are left out, then changes, then ranks.
const LEAST: f64 = 0.22;
/// Below the bars, for the ticks.
const TICKS: f64 = 24.0;
/// Between two bars.
const BAR_GAP: f64 = 8.0;

pub(super) fn draw(recent: &Recent, options: &ChartOptions) -> String {
    let rows = First::of(recent.rows(), options.top.max(1));
    let words = Caption::new(&rows, options).words("Horizontal bars");
    if let Some(why) = why_nothing(&rows) {
        return Frame::nothing(words, options, why);
    }
    let mut frame = Frame::begin(words, options);
    let height = frame.bar_height(rows.len(), BAR_GAP, TICKS + 2.0);
    let bars = Bars::measure(&rows, frame.width, frame.top, height);
    bars.draw(&mut frame.svg);
    frame.finish(bars.bottom() + TICKS)
}

/// All rows with their place.
struct Bars<'a> {
    rows: &'a [Row],
    top: f64,
    bar_height: f64,
    /// Right end of the ranks, where shown.
    ranks: Option<f64>,
    /// Left end of the changes, where shown.
    changes: Option<f64>,
    /// Right end of the labels, and their room.
    labels: f64,
    label_room: f64,
    /// Right end of the shares, where shown.
    shares: Option<f64>,
    scale: Linear,
    figures: Figures,
}

/// The width of the widest text.
fn widest(texts: impl Iterator<Item = String>, font: Font) -> f64 {
    texts.map(|text| font.width(&text)).fold(0.0, f64::max)
}

impl<'a> Bars<'a> {
    fn measure(rows: &'a [Row], width: f64, top: f64, bar_height: f64) -> Bars<'a> {
        // Each column with the gap beside it; without texts it takes no room.
        let spaced = |room: f64, gap: f64| if room > 0.0 { room + gap } else { 0.0 };
        let ranks = rows.iter().filter_map(|row| row.rank).map(|rank| rank.to_string());
        let changes = rows.iter().filter_map(|row| change(row, rows)).map(Change::text);
        let shares = rows.iter().filter_map(share);
        let mut columns = [
            spaced(widest(shares, LABEL), GAP),
            spaced(widest(changes, SMALL), TRIANGLE + GAP),
            spaced(widest(ranks, LABEL), GAP),
        ];
        let figures = Figures::of(rows.iter().map(|row| row.count));
        // Values stand beyond the ends of their bars, on both sides of the axis.
        let values = |negative: bool| {
            let on_side = rows.iter().filter(move |row| (row.count < Number::ZERO) == negative);
            spaced(widest(on_side.map(|row| figures.text(row.count)), LABEL), VALUE_GAP)
        };
        let (left_values, right_values) = (values(true), values(false));
        let natural = widest(rows.iter().map(|row| label(row, ranked(rows))), LABEL).min(width * LABELS);
        let least_bars = width * LEAST;
        let mut room = width - 2.0 * MARGIN - GAP - left_values - right_values - columns.iter().sum::<f64>();
        for column in &mut columns {
            if room < natural.min(width * LEAST) + least_bars {
                room += std::mem::take(column);
            }
        }
        let [shares, changes, ranks] = columns;
        let label_room = natural.min((room - least_bars).max(width * 0.1));
        let labels = MARGIN + ranks + changes + label_room;
        let from = labels + GAP + left_values;
        let mut to = from + room - label_room;
        if left_values == 0.0 {
            to = to.max(from + longest_bar(rows, figures, to + right_values - from));
        }
        let shown = |column: f64, x: f64| (column > 0.0).then_some(x);
        Bars {
            rows,
            top,
            bar_height,
            ranks: shown(ranks, MARGIN + ranks - GAP),
            changes: shown(changes, MARGIN + ranks),
            labels,
            label_room,
            shares: shown(shares, width - MARGIN),
            scale: Linear::with_zero(rows.iter().map(|row| row.count.as_f64()), from, to),
            figures,
        }
    }

    fn bottom(&self) -> f64 {
        self.top + self.rows.len() as f64 * (self.bar_height + BAR_GAP) + 2.0
    }

    fn draw(&self, svg: &mut Svg) {
        let whole_only = self.rows.iter().all(|row| matches!(row.count, Number::Int(_)));
        let bottom = self.bottom();
        axis::below(svg, self.scale, whole_only, (self.top, bottom));
        for (at, row) in self.rows.iter().enumerate() {
            svg.begin(&tooltip(row));
            self.row(svg, row, self.top + 4.0 + at as f64 * (self.bar_height + BAR_GAP));
            svg.end();
        }
    }

    fn row(&self, svg: &mut Svg, row: &Row, y: f64) {
        let middle = y + self.bar_height / 2.0;
        let text = |x, anchor, font: Font, class, text: &str, svg: &mut Svg| {
            // Half of a letter's height below the middle.
            svg.text(Text { x, y: middle + font.size * 0.36, anchor, font, class, text });
        };
        if let (Some(x), Some(rank)) = (self.ranks, row.rank) {
            text(x, Anchor::End, LABEL, "muted", &rank.to_string(), svg);
        }
        if let (Some(x), Some(change)) = (self.changes, change(row, self.rows)) {
            match change {
                Change::New => text(x, Anchor::Start, SMALL, "new", "new", svg),
                Change::Risen(_) | Change::Fallen(_) => {
                    let class = change.class();
                    svg.triangle(x + 3.5, middle, matches!(change, Change::Risen(_)), class);
                    text(x + TRIANGLE, Anchor::Start, SMALL, class, &change.text(), svg);
                }
            }
        }
        let name = label(row, ranked(self.rows));
        let class = if row.is_remainder() || name == EMPTY { "muted" } else { "ink" };
        text(self.labels, Anchor::End, LABEL, class, &LABEL.cut(&name, self.label_room), svg);
        let (x, anchor) = self.bar(svg, row, y);
        text(x, anchor, LABEL, "ink value", &self.figures.text(row.count), svg);
        if let (Some(x), Some(share)) = (self.shares, share(row)) {
            text(x, Anchor::End, LABEL, "muted", &share, svg);
        }
    }

    /// Draws a row's bar; gives where its value stands.
    fn bar(&self, svg: &mut Svg, row: &Row, y: f64) -> (f64, Anchor) {
        let (zero, end) = (self.scale.at(0.0), self.scale.at(row.count.as_f64()));
        let is_negative = row.count < Number::ZERO;
        // What is not zero can be seen.
        let length = if row.count == Number::ZERO { 0.0 } else { (end - zero).abs().max(1.0) };
        let class = match (row.is_remainder(), is_negative) {
            (true, _) => "others",
            (false, true) => "below",
            (false, false) => "bar",
        };
        svg.rect(if is_negative { zero - length } else { zero }, y, length, self.bar_height, class);
        if is_negative {
            (zero - length - VALUE_GAP, Anchor::End)
        } else {
            (zero + length + VALUE_GAP, Anchor::Start)
        }
    }
}

/// How long the largest value's bar can be when each bar and the value beside it have this room. More than the room
/// less the widest value, where that value stands beside a short bar.
fn longest_bar(rows: &[Row], figures: Figures, room: f64) -> f64 {
    let value = |row: &Row| bounded(row.count.as_f64());
    let largest = rows.iter().map(value).fold(0.0, f64::max);
    let beside = |row: &Row| LABEL.width(&figures.text(row.count)) + VALUE_GAP;
    let longest = |row: &Row| (room - beside(row)) / (value(row) / largest);
    rows.iter().map(longest).filter(|length| length.is_finite()).fold(room, f64::min)
}

/// Rows that are not the remainder.
fn ranked(rows: &[Row]) -> usize {
    rows.iter().filter(|row| !row.is_remainder()).count()
}

/// Between a bar's end and its value.
const VALUE_GAP: f64 = 6.0;

/// A triangle, and the room after it.
const TRIANGLE: f64 = 10.0;

/// Of a rank since the window before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Change {
    Risen(u64),
    Fallen(u64),
    New,
}

impl Change {
    fn text(self) -> String {
        match self {
            Change::Risen(by) | Change::Fallen(by) => by.to_string(),
            Change::New => "new".to_owned(),
        }
    }

    fn class(self) -> &'static str {
        match self {
            Change::Risen(_) => "risen",
            Change::Fallen(_) => "fallen",
            Change::New => "new",
        }
    }
}

/// How a row's rank has changed. In the first window everything is new, which says nothing.
pub(super) fn change(row: &Row, rows: &[Row]) -> Option<Change> {
    match (row.rank?, row.prev_rank?) {
        (now, Some(before)) if now < before => Some(Change::Risen(before - now)),
        (now, Some(before)) if now > before => Some(Change::Fallen(now - before)),
        (_, Some(_)) => None,
        (_, None) => rows.iter().any(|row| matches!(row.prev_rank, Some(Some(_)))).then_some(Change::New),
    }
}
