//! Bars on both sides of zero: the largest on top, the smallest at the bottom.
//!
//! A label stands on the side of the axis where its bar is not, so that it meets no bar.

use super::caption::{Caption, EMPTY, NO_WINDOWS, NOTHING_COUNTED, label, tooltip};
use super::frame::{Frame, LABEL, MARGIN, SMALL};
use super::options::ChartOptions;
use super::order::First;
use super::recent::Recent;
use super::scale::{Linear, figure};
use super::svg::{Anchor, Svg, Text};
use crate::row::{Number, Row};

const BAR_GAP: f64 = 8.0;
const GAP: f64 = 8.0;

pub(super) fn draw(recent: &Recent, options: &ChartOptions) -> String {
    let mut rows = First::of(recent.rows(), options.top.max(1));
    rows.retain(|row| !row.is_remainder());
    rows.sort_by_key(|row| std::cmp::Reverse(row.count));
    let words = Caption::new(&rows, options).words("Diverging bars");
    if rows.iter().all(|row| row.distinct == Some(0)) {
        return Frame::nothing(words, options, if rows.is_empty() { NO_WINDOWS } else { NOTHING_COUNTED });
    }
    let mut frame = Frame::begin(words, options);
    let height = f64::from(options.bar_height.clamp(4, 200));
    let sides = Sides::new(&rows, frame.width, frame.top, height);
    let bottom = sides.draw(&mut frame.svg, &rows);
    frame.finish(bottom)
}

struct Sides {
    scale: Linear,
    zero: f64,
    /// Of a bar and its number on one side.
    half: f64,
    top: f64,
    height: f64,
}

impl Sides {
    fn new(rows: &[Row], width: f64, top: f64, height: f64) -> Sides {
        let numbers = rows.iter().map(|row| LABEL.width(&figure(row.count))).fold(0.0, f64::max) + GAP;
        let zero = width / 2.0;
        let half = zero - MARGIN;
        // The same unit on both sides.
        let largest = rows.iter().map(|row| row.count.as_f64().abs()).fold(0.0, f64::max);
        let largest = if largest < f64::MIN_POSITIVE { 1.0 } else { largest };
        let reach = (half - numbers).max(10.0);
        let scale = Linear::with_zero([-largest, largest].into_iter(), zero - reach, zero + reach);
        Sides { scale, zero, half, top, height }
    }

    fn draw(&self, svg: &mut Svg, rows: &[Row]) -> f64 {
        let bottom = self.top + rows.len() as f64 * (self.height + BAR_GAP) + 2.0;
        let whole_only = rows.iter().all(|row| matches!(row.count, Number::Int(_)));
        let ticks = self.scale.ticks(whole_only, |text| SMALL.width(text));
        for (value, text) in &ticks {
            let (x, font, class) = (self.scale.at(*value), SMALL, "muted");
            if *value != 0.0 {
                svg.line((x, self.top), (x, bottom), "grid");
            }
            svg.text(Text { x, y: bottom + 15.0, anchor: Anchor::Middle, font, class, text });
        }
        svg.line((self.zero, self.top), (self.zero, bottom), "axis");
        for (at, row) in rows.iter().enumerate() {
            svg.begin(&tooltip(row));
            self.row(svg, row, rows.len(), self.top + 4.0 + at as f64 * (self.height + BAR_GAP));
            svg.end();
        }
        bottom + 24.0
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
        text(self.zero + side * (reach + 6.0), towards, "ink value", &figure(row.count));
        let name = label(row, rows);
        let room = self.half - GAP;
        let class = if name == EMPTY { "muted" } else { "ink value" };
        text(self.zero - side * GAP, away, class, &LABEL.cut(&name, room));
    }
}
