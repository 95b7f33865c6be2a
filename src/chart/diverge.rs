//! Bars on both sides of zero: the largest on top, the smallest at the bottom.
//!
//! A label stands on the side of the axis where its bar is not, so that it meets no bar.

use super::axis;
use super::caption::{Caption, EMPTY, label, tooltip, why_nothing};
use super::frame::{Frame, LABEL, MARGIN};
use super::options::ChartOptions;
use super::order::First;
use super::recent::Recent;
use super::scale::{Figures, Linear, bounded};
use super::svg::{Anchor, Svg, Text};
use crate::row::{Number, Row};

const BAR_GAP: f64 = 8.0;
/// Below the bars, for the ticks.
const TICKS: f64 = 24.0;
const GAP: f64 = 8.0;
/// Part of the width that names take at most.
const LABELS: f64 = 0.3;

pub(super) fn draw(recent: &Recent, options: &ChartOptions) -> String {
    let mut rows = First::of(recent.rows(), options.top.max(1));
    rows.retain(|row| !row.is_remainder());
    rows.sort_by_key(|row| std::cmp::Reverse(row.count));
    let words = Caption::new(&rows, options).words("Diverging bars");
    if let Some(why) = why_nothing(&rows) {
        return Frame::nothing(words, options, why);
    }
    let mut frame = Frame::begin(words, options);
    let height = frame.bar_height(rows.len(), BAR_GAP, TICKS + 2.0);
    let sides = Sides::new(&rows, frame.width, frame.top, height);
    let bottom = sides.draw(&mut frame.svg, &rows);
    frame.finish(bottom)
}

struct Sides {
    scale: Linear,
    zero: f64,
    /// For names at the left and at the right of zero.
    rooms: [f64; 2],
    top: f64,
    height: f64,
    figures: Figures,
}

impl Sides {
    fn new(rows: &[Row], width: f64, top: f64, height: f64) -> Sides {
        let figures = Figures::of(rows.iter().map(|row| row.count));
        let widest = |negative: bool, text: &dyn Fn(&Row) -> String| {
            let on_side = rows.iter().filter(|row| (row.count < Number::ZERO) == negative);
            on_side.map(|row| LABEL.width(&text(row)) + GAP).fold(0.0, f64::max)
        };
        let most = width * LABELS;
        let names = [true, false].map(|negative| widest(negative, &|row| label(row, rows.len())).min(most));
        let numbers = [true, false].map(|negative| widest(negative, &|row| figures.text(row.count)));
        let values = || rows.iter().map(|row| bounded(row.count.as_f64()));
        let (low, high) =
            values().fold((0.0_f64, 0.0_f64), |(low, high), value| (low.min(value), high.max(value)));
        let (low, high) = if high - low < f64::MIN_POSITIVE { (0.0, 1.0) } else { (low, high) };
        // Each side has room for its own bars with their numbers, and for the names of the other's.
        let room = width - 2.0 * MARGIN;
        let parts = [low / (low - high), high / (high - low)];
        let sides = |span: f64| {
            [(names[1]).max(span * parts[0] + numbers[0]), (names[0]).max(span * parts[1] + numbers[1])]
        };
        let (mut least, mut span) = (0.0, room);
        for _ in 0..40 {
            let middle = f64::midpoint(least, span);
            let [left, right] = sides(middle);
            if left + right <= room { least = middle } else { span = middle }
        }
        let [left, _] = sides(least);
        let zero = MARGIN + left;
        let (from, to) = (zero - least * parts[0], zero + least * parts[1]);
        let scale = Linear::with_zero([low, high].into_iter(), from, to);
        Sides { scale, zero, rooms: [left - GAP, room - left - GAP], top, height, figures }
    }

    fn draw(&self, svg: &mut Svg, rows: &[Row]) -> f64 {
        let bottom = self.top + rows.len() as f64 * (self.height + BAR_GAP) + 2.0;
        let whole_only = rows.iter().all(|row| matches!(row.count, Number::Int(_)));
        axis::below(svg, self.scale, whole_only, (self.top, bottom));
        for (at, row) in rows.iter().enumerate() {
            svg.begin(&tooltip(row));
            self.row(svg, row, rows.len(), self.top + 4.0 + at as f64 * (self.height + BAR_GAP));
            svg.end();
        }
        bottom + TICKS
    }

    fn row(&self, svg: &mut Svg, row: &Row, rows: usize, y: f64) {
        let is_negative = row.count < Number::ZERO;
        let side = if is_negative { -1.0 } else { 1.0 };
        let reach = (self.scale.at(row.count.as_f64()) - self.zero).abs();
        let reach = if row.count == Number::ZERO { 0.0 } else { reach.max(1.0) };
        let from = if is_negative { self.zero - reach } else { self.zero };
        svg.rect(from, y, reach, self.height, if is_negative { "below" } else { "bar" });
        let (towards, away) =
            if is_negative { (Anchor::End, Anchor::Start) } else { (Anchor::Start, Anchor::End) };
        let baseline = y + self.height / 2.0 + 4.7;
        let mut text = |x, anchor, class, text: &str| {
            svg.text(Text { x, y: baseline, anchor, font: LABEL, class, text });
        };
        text(self.zero + side * (reach + 6.0), towards, "ink value", &self.figures.text(row.count));
        let name = label(row, rows);
        let room = self.rooms[usize::from(is_negative)];
        let class = if name == EMPTY { "muted" } else { "ink value" };
        text(self.zero - side * GAP, away, class, &LABEL.cut(&name, room));
    }
}
