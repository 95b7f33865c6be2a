//! Small multiples: a plot for each key, all on one scale, so that they can be compared.

use super::axis;
use super::frame::{Frame, LABEL, MARGIN};
use super::line::Line;
use super::options::ChartOptions;
use super::over_time::{OverTime, Plot, Series};
use super::recent::Recent;
use super::scale::{Linear, figure};
use super::svg::{Anchor, Text};
use crate::row::Number;

/// A plot is that wide at least, if the picture is.
const LEAST: f64 = 200.0;
const MOST_COLUMNS: usize = 4;
const BETWEEN: f64 = 24.0;
/// Above a plot, for its key's name.
const HEAD: f64 = 28.0;
const HEIGHT: f64 = 84.0;
const STEPS: u32 = 3;

pub(super) fn draw(recent: &Recent, options: &ChartOptions) -> String {
    let over = OverTime::new(recent, options, options.top.max(1));
    let words = over.words("Small multiples", Some("a line ends where its key leaves the list"));
    if let Some(why) = over.is_nothing(recent) {
        return Frame::nothing(words, options, why);
    }
    let mut frame = Frame::begin(words, options);
    let scale = Linear::with_zero(over.values(), 1.0, 0.0).fitted(STEPS, over.whole_only);
    let marks = scale.marks(STEPS, over.whole_only);
    let axis = axis::width(&marks);
    let room = frame.width - 2.0 * MARGIN;
    let columns = ((room / (LEAST + axis)) as usize).clamp(1, MOST_COLUMNS).min(over.series.len());
    let width = (room - BETWEEN * (columns as f64 - 1.0)) / columns as f64;
    let mut bottom = frame.top;
    for (at, series) in over.series.iter().enumerate() {
        let left = MARGIN + (at % columns) as f64 * (width + BETWEEN);
        let top = frame.top - 4.0 + (at / columns) as f64 * (HEAD + HEIGHT + 32.0);
        let place = Place { left, right: left + width, top, axis };
        bottom = place.draw(&mut frame, &over, series, &marks);
    }
    frame.finish(bottom)
}

struct Place {
    left: f64,
    right: f64,
    top: f64,
    /// Room of the numbers at the left.
    axis: f64,
}

impl Place {
    fn draw(&self, frame: &mut Frame, over: &OverTime<'_>, series: &Series, marks: &[(f64, String)]) -> f64 {
        let (top, bottom) = (self.top + HEAD, self.top + HEAD + HEIGHT);
        let values = over.values().chain(marks.iter().map(|(mark, _)| *mark));
        let y = Linear::with_zero(values, bottom, top);
        let sides = (self.left + self.axis, self.right);
        let plot = Plot::of_parts(over, sides, (top, bottom), y, marks.to_vec());
        frame.svg.begin(&over.about(series));
        let last = series.last().map_or("–".to_owned(), figure);
        let wide = LABEL.width(&last);
        let baseline = self.top + 14.0;
        let name = LABEL.cut(&series.label, self.right - self.left - wide - 12.0);
        let font = LABEL;
        frame.svg.text(Text {
            x: self.left,
            y: baseline,
            anchor: Anchor::Start,
            font,
            class: "ink",
            text: &name,
        });
        frame.svg.text(Text {
            x: self.right,
            y: baseline,
            anchor: Anchor::End,
            font,
            class: "muted",
            text: &last,
        });
        plot.behind(&mut frame.svg, over);
        let plot = plot.point_to_point(over);
        let line = Line::new(over, &plot, series);
        // One hue for all: the names tell them apart.
        line.fill(&mut frame.svg, y.at(0.0), Some(0));
        line.draw(&mut frame.svg, Some(0));
        if let Some(end) = series.last().map(Number::as_f64) {
            let x = over.columns.last().map_or(plot.right, |column| plot.x(column.at));
            frame.svg.circle((x, y.at(end)), 2.5, "f0");
        }
        frame.svg.end();
        plot.times_inside(&mut frame.svg, over)
    }
}
