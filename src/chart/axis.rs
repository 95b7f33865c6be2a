//! Round values along an edge of a plot, and the lines that guide the eye from them.

use super::frame::SMALL;
use super::scale::Linear;
use super::svg::{Anchor, Svg, Text};

/// Values below a plot from `top` to `bottom`, as many as have room.
pub(super) fn below(svg: &mut Svg, scale: Linear, whole_only: bool, (top, bottom): (f64, f64)) {
    for (value, text) in scale.ticks(whole_only, |text| SMALL.width(text)) {
        let (x, y, anchor, class) = (scale.at(value), bottom + 15.0, Anchor::Middle, "muted");
        svg.line((x, top), (x, bottom), line(value));
        svg.text(Text { x, y, anchor, font: SMALL, class, text: &text });
    }
}

/// Values at the left of a plot from `left` to `right`.
pub(super) fn beside(svg: &mut Svg, scale: Linear, marks: &[(f64, String)], (left, right): (f64, f64)) {
    for (value, text) in marks {
        let (y, x, anchor, class) = (scale.at(*value), left - GAP, Anchor::End, "muted");
        svg.line((left, y), (right, y), line(*value));
        svg.text(Text { x, y: y + 4.0, anchor, font: SMALL, class, text });
    }
}

/// The room that values at the left take.
pub(super) fn width(marks: &[(f64, String)]) -> f64 {
    marks.iter().map(|(_, text)| SMALL.width(text)).fold(0.0, f64::max) + GAP
}

/// Between a value and its line.
const GAP: f64 = 8.0;

fn line(value: f64) -> &'static str {
    if value == 0.0 { "axis" } else { "grid" }
}
