//! Upright bars: the first rows of one window, from left to right.
//!
//! Each stands above its label, which has two lines; where that would leave too little room for labels, fewer bars are
//! drawn. For many keys, and for long ones, lying bars are better.

use super::axis;
use super::caption::{Caption, EMPTY, label, tooltip, why_nothing};
use super::frame::{Frame, LABEL, MARGIN, SMALL};
use super::options::ChartOptions;
use super::order::First;
use super::recent::Recent;
use super::scale::{Figures, Linear};
use super::svg::{Anchor, Svg, Text};
use crate::row::{Number, Row};

/// A bar and what is free beside it, at least.
const BAND: f64 = 56.0;
const STEPS: u32 = 5;
/// Below the bars, for their labels.
const NAMES: f64 = 38.0;

pub(super) fn draw(recent: &Recent, options: &ChartOptions) -> String {
    let width = f64::from(options.width.max(ChartOptions::MIN_WIDTH));
    let most = (((width - 2.0 * MARGIN - 60.0) / BAND) as usize).max(1);
    let rows = First::of(recent.rows(), options.top.clamp(1, most));
    let words = Caption::new(&rows, options).words("Upright bars");
    if let Some(why) = why_nothing(&rows) {
        return Frame::nothing(words, options, why);
    }
    let mut frame = Frame::begin(words, options);
    let bottom = bars(&mut frame, &rows);
    frame.finish(bottom)
}

fn bars(frame: &mut Frame, rows: &[Row]) -> f64 {
    let whole_only = rows.iter().all(|row| matches!(row.count, Number::Int(_)));
    let height = frame.plot_height((frame.width * 0.36).clamp(160.0, 380.0), 8.0 + NAMES);
    let (top, bottom) = (frame.top + 8.0, frame.top + 8.0 + height);
    let values = || rows.iter().map(|row| row.count.as_f64());
    // Numbers stand beyond the ends of their bars.
    let below = if values().any(|value| value < 0.0) { 18.0 } else { 0.0 };
    let y = Linear::with_zero(values(), bottom - below, top + 12.0).fitted(STEPS, whole_only);
    let marks = y.marks(STEPS, whole_only);
    let (left, right) = (MARGIN + axis::width(&marks), frame.width - MARGIN);
    axis::beside(&mut frame.svg, y, &marks, (left, right));
    // Few bars need not be as wide as walls.
    let band = ((right - left) / rows.len() as f64).min(160.0);
    let figures = Figures::of(rows.iter().map(|row| row.count));
    for (at, row) in rows.iter().enumerate() {
        frame.svg.begin(&tooltip(row));
        let place = (left + at as f64 * band, band);
        bar(&mut frame.svg, row, (&label(row, rows.len()), &figures.text(row.count)), place, y, bottom);
        frame.svg.end();
    }
    bottom + NAMES
}

fn bar(
    svg: &mut Svg,
    row: &Row,
    (name, number): (&str, &str),
    (from, band): (f64, f64),
    y: Linear,
    bottom: f64,
) {
    let is_negative = row.count < Number::ZERO;
    let (zero, end) = (y.at(0.0), y.at(row.count.as_f64()));
    let height = if row.count == Number::ZERO { 0.0 } else { (end - zero).abs().max(1.0) };
    let class = match (row.is_remainder(), is_negative) {
        (true, _) => "others",
        (false, true) => "below",
        (false, false) => "bar",
    };
    svg.rect(from + band * 0.12, if is_negative { zero } else { zero - height }, band * 0.76, height, class);
    let middle = from + band / 2.0;
    let font = if LABEL.width(number) <= band - 4.0 { LABEL } else { SMALL };
    let at = if is_negative { zero + height + 14.0 } else { zero - height - 5.0 };
    let text = font.cut(number, band - 2.0);
    svg.text(Text { x: middle, y: at, anchor: Anchor::Middle, font, class: "ink value", text: &text });
    let class = if row.is_remainder() || name == EMPTY { "muted" } else { "ink" };
    for (line, text) in SMALL.wrap(name, band - 6.0, 2).iter().enumerate() {
        let y = bottom + 16.0 + line as f64 * 14.0;
        svg.text(Text { x: middle, y, anchor: Anchor::Middle, font: SMALL, class, text });
    }
}
