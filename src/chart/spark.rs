//! Sparklines: for each key a small course without axes, between its name and its numbers.
//!
//! Each has a scale of its own, from 0 to its largest; dots mark the largest (hollow) and the newest.

use super::frame::{Frame, LABEL, MARGIN, SMALL};
use super::line::{Line, names_width};
use super::options::ChartOptions;
use super::over_time::{OverTime, Plot, Series};
use super::recent::Recent;
use super::scale::{Linear, figure};
use super::svg::{Anchor, Svg, Text, fill, stroke};

const GAP: f64 = 12.0;
/// From one line to the next, and what of it a course takes.
const LEADING: f64 = 32.0;
const COURSE: f64 = 22.0;
/// A course is that wide at least, before numbers give way.
const LEAST: f64 = 90.0;

pub(super) fn draw(recent: &Recent, options: &ChartOptions) -> String {
    let over = OverTime::new(recent, options, options.top.max(1));
    let mut words = over.words("Sparklines", Some("a line ends where its key leaves the list"));
    if let Some(why) = over.is_nothing(recent) {
        return Frame::nothing(words, options, why);
    }
    let own = "each line has a scale of its own".to_owned();
    words.footer = if words.footer.is_empty() { own } else { format!("{} · {own}", words.footer) };
    let mut frame = Frame::begin(words, options);
    let names = names_width(over.series.iter().map(|series| &series.label[..]), frame.width);
    let (newest, most) = (widest(&over, newest, "now"), widest(&over, most, "most"));
    let room = frame.width - 2.0 * MARGIN - names - 2.0 * GAP - newest;
    // In a narrow picture the largest is left to the tooltip.
    let has_most = room - most - GAP >= LEAST;
    let right = frame.width - MARGIN - GAP - newest - if has_most { most + GAP } else { 0.0 };
    let heads = [(right + GAP + newest, "now"), (frame.width - MARGIN, "most")];
    for (x, text) in heads.into_iter().take(if has_most { 2 } else { 1 }) {
        let y = frame.top;
        frame.svg.text(Text { x, y, anchor: Anchor::End, font: SMALL, class: "muted", text });
    }
    for (at, series) in over.series.iter().enumerate() {
        let top = frame.top + 8.0 + at as f64 * LEADING;
        frame.svg.begin(&over.about(series));
        let text = |x: f64, anchor, class, text: &str, svg: &mut Svg| {
            svg.text(Text { x, y: top + COURSE / 2.0 + 4.7, anchor, font: LABEL, class, text });
        };
        let name = LABEL.cut(&series.label, names);
        text(MARGIN + names, Anchor::End, "ink", &name, &mut frame.svg);
        text(right + GAP + newest, Anchor::End, "ink", &self::newest(series), &mut frame.svg);
        if has_most {
            text(frame.width - MARGIN, Anchor::End, "muted", &self::most(series), &mut frame.svg);
        }
        course(&mut frame.svg, &over, series, (MARGIN + names + GAP, right), (top, top + COURSE));
        frame.svg.end();
    }
    let bottom = frame.top + 8.0 + over.series.len() as f64 * LEADING;
    frame.finish(bottom)
}

fn newest(series: &Series) -> String {
    series.last().map_or("–".to_owned(), figure)
}

fn most(series: &Series) -> String {
    series.largest().map(|(_, most)| figure(most)).unwrap_or_default()
}

fn widest(over: &OverTime<'_>, text: fn(&Series) -> String, head: &str) -> f64 {
    over.series.iter().map(|series| LABEL.width(&text(series))).fold(SMALL.width(head), f64::max)
}

fn course(svg: &mut Svg, over: &OverTime<'_>, series: &Series, sides: (f64, f64), (top, bottom): (f64, f64)) {
    let y = Linear::with_zero(series.known().map(crate::row::Number::as_f64), bottom, top);
    let sides = (sides.0 + 3.0, sides.1 - 3.0);
    let plot = Plot::of_parts(over, sides, (top, bottom), y, Vec::new()).point_to_point(over);
    let colour = series.colour.or(Some(0));
    plot.gaps(svg, over);
    let line = Line::new(over, &plot, series);
    svg.path(&[vec![(sides.0, y.at(0.0)), (sides.1, y.at(0.0))]], false, "thin grid");
    line.draw(svg, colour);
    let point = |at: usize, value: crate::row::Number| (plot.x(over.columns[at].at), y.at(value.as_f64()));
    if let Some((at, value)) = series.largest() {
        svg.circle(point(at, value), 3.0, &format!("hollow {}", stroke(colour)));
    }
    if let Some(last) = series.last() {
        svg.circle(point(over.columns.len() - 1, last), 3.0, fill(colour));
    }
}
