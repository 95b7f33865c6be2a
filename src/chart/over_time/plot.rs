//! The area of a chart over time: scales, grid, ticks below and at the left, bands where there was no input.

use super::{Column, OverTime};
use crate::chart::axis;
use crate::chart::frame::{Frame, MARGIN, SMALL};
use crate::chart::scale::Linear;
use crate::chart::svg::{Anchor, Svg, Text};
use crate::time::Millis;

/// Steps of the scale at the left.
const STEPS: u32 = 5;
/// Below the area, for the ticks.
const BELOW: f64 = 28.0;
/// Tick labels keep this distance.
const TICK_GAP: f64 = 12.0;

/// Where values and times lie.
#[derive(Clone, Debug)]
pub(in crate::chart) struct Plot {
    pub left: f64,
    pub right: f64,
    pub top: f64,
    pub bottom: f64,
    pub y: Linear,
    start: Millis,
    end: Millis,
    ticks: Vec<(f64, String)>,
}

impl Plot {
    /// The area below the heading, with `beside` pixels free at its right, of a scale that holds 0 and these values.
    pub(in crate::chart) fn new(
        over: &OverTime<'_>,
        frame: &Frame,
        beside: f64,
        values: impl Iterator<Item = f64>,
    ) -> Plot {
        let (top, bottom) =
            (frame.top, frame.top + frame.plot_height((frame.width * 0.4).clamp(180.0, 420.0), BELOW));
        let y = Linear::with_zero(values, bottom, top).fitted(STEPS, over.whole_only);
        let ticks = y.marks(STEPS, over.whole_only);
        let sides = (MARGIN + axis::width(&ticks), frame.width - MARGIN - beside);
        Plot::of_parts(over, sides, (top, bottom), y, ticks)
    }

    /// An area that shows no scale at its left.
    pub(in crate::chart) fn of_parts(
        over: &OverTime<'_>,
        (left, right): (f64, f64),
        (top, bottom): (f64, f64),
        y: Linear,
        ticks: Vec<(f64, String)>,
    ) -> Plot {
        let half = over.step / 2;
        let at = |column: Option<&Column>| column.map_or(0, |column| column.at);
        let start = at(over.columns.first()).saturating_sub(half);
        let end = at(over.columns.last()).saturating_add(half).max(start + 1);
        Plot { left, right, top, bottom, y, start, end, ticks }
    }

    /// The same from the first window's point to the last one's, without room for cells around them.
    pub(in crate::chart) fn point_to_point(mut self, over: &OverTime<'_>) -> Plot {
        if let [first, .., last] = &over.columns[..]
            && first.at < last.at
        {
            (self.start, self.end) = (first.at, last.at);
        }
        self
    }

    /// Where a time lies.
    pub(in crate::chart) fn x(&self, at: Millis) -> f64 {
        let part = (at - self.start) as f64 / (self.end - self.start) as f64;
        self.left + part.clamp(0.0, 1.0) * (self.right - self.left)
    }

    /// Where a column's cell lies.
    pub(in crate::chart) fn cell(&self, over: &OverTime<'_>, column: &Column) -> (f64, f64) {
        let half = over.step / 2;
        (self.x(column.at - half), self.x(column.at - half + over.step))
    }

    /// Draws what stands behind the values.
    pub(in crate::chart) fn behind(&self, svg: &mut Svg, over: &OverTime<'_>) {
        self.gaps(svg, over);
        axis::beside(svg, self.y, &self.ticks, (self.left, self.right));
    }

    /// Draws grey where windows are missing.
    pub(in crate::chart) fn gaps(&self, svg: &mut Svg, over: &OverTime<'_>) {
        for pair in over.columns.windows(2).filter(|pair| pair[1].after_gap) {
            let half = over.step / 2;
            let (from, to) = (self.x(pair[0].at + half), self.x(pair[1].at - half));
            svg.cell(from, self.top, to - from, self.bottom - self.top, "gap");
        }
    }

    /// Draws the times below; gives where the plot ends.
    pub(in crate::chart) fn times(&self, svg: &mut Svg, over: &OverTime<'_>) -> f64 {
        self.times_up_to(svg, over, MARGIN - 2.0)
    }

    /// The same without reaching beyond the area at the right.
    pub(in crate::chart) fn times_inside(&self, svg: &mut Svg, over: &OverTime<'_>) -> f64 {
        self.times_up_to(svg, over, 0.0)
    }

    fn times_up_to(&self, svg: &mut Svg, over: &OverTime<'_>, beyond: f64) -> f64 {
        let ends = |x: f64, text: &str| {
            let half = SMALL.width(text) / 2.0;
            (x - half, x + half)
        };
        let mut ticks = Vec::new();
        for most in (1..=10).rev() {
            ticks = over.ticks(self.start, self.end, most);
            let fits = ticks.windows(2).all(|pair| {
                let (_, before) = ends(self.x(pair[0].at), &pair[0].text);
                ends(self.x(pair[1].at), &pair[1].text).0 - before >= TICK_GAP
            });
            if fits {
                break;
            }
        }
        let mut taken = 0.0;
        for tick in &ticks {
            let x = self.x(tick.at);
            svg.line((x, self.bottom), (x, self.bottom + 4.0), "axis");
            // The first and the last may reach a little beyond the area, but not into what stands beside it.
            let half = SMALL.width(&tick.text) / 2.0;
            let middle = x.clamp(half + 2.0, (self.right + beyond - half).max(half + 2.0));
            if middle - half < taken + TICK_GAP / 2.0 && taken > 0.0 {
                continue;
            }
            taken = middle + half;
            let (y, font, class, text) = (self.bottom + 16.0, SMALL, "muted", &tick.text);
            svg.text(Text { x: middle, y, anchor: Anchor::Middle, font, class, text });
        }
        self.bottom + BELOW
    }
}
