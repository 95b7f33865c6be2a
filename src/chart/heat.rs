//! A heat map: a line of cells for each key, a column for each window.

use super::caption::unit;
use super::frame::{Frame, LABEL, MARGIN};
use super::line::names_width;
use super::options::ChartOptions;
use super::over_time::{Column, OverTime, Plot, Series};
use super::ramp::Ramp;
use super::recent::Recent;
use super::scale::{Linear, figure};
use super::svg::{Anchor, Svg, Text, heat};

const GAP: f64 = 10.0;
/// From one line to the next, and what of it is free.
const LEADING: f64 = 24.0;
const BETWEEN: f64 = 2.0;
/// A cell is that wide at least: of more windows, the newest are shown.
const LEAST: f64 = 2.0;
/// More cells than this are joined where they are equal, and have no tooltips.
const WITH_TOOLTIPS: usize = 1_500;

pub(super) fn draw(recent: &Recent, options: &ChartOptions) -> String {
    let room = f64::from(options.width.max(ChartOptions::MIN_WIDTH)) * 0.6;
    let over = OverTime::newest(recent, options, options.top.max(1), (room / LEAST) as usize);
    let words = over.words("Heat map", Some("an empty cell: not in the window's list"));
    if let Some(why) = over.is_nothing(recent) {
        return Frame::nothing(words, options, why);
    }
    let mut frame = Frame::begin(words, options);
    let names = names_width(over.series.iter().map(|series| &series.label[..]), frame.width);
    let (left, right) = (MARGIN + names + GAP, frame.width - MARGIN);
    let bottom = frame.top + LEADING * over.series.len() as f64;
    let nowhere = Linear::with_zero(std::iter::empty(), bottom, frame.top);
    let plot = Plot::of_parts(&over, (left, right), (frame.top, bottom), nowhere, Vec::new());
    let ramp = Ramp::new(over.values(), over.whole_only);
    plot.gaps(&mut frame.svg, &over);
    let has_tooltips = over.columns.len() * over.series.len() <= WITH_TOOLTIPS;
    for (at, series) in over.series.iter().enumerate() {
        let y = frame.top + at as f64 * LEADING;
        frame.svg.begin(&over.about(series));
        let (x, anchor, class) = (left - GAP, Anchor::End, "ink");
        let text = &LABEL.cut(&series.label, names);
        frame.svg.text(Text { x, y: y + LEADING / 2.0 + 3.7, anchor, font: LABEL, class, text });
        if !has_tooltips {
            runs(&mut frame.svg, &over, &plot, &ramp, series, y);
        }
        frame.svg.end();
        if has_tooltips {
            cells(&mut frame.svg, &over, &plot, &ramp, series, y);
        }
    }
    let times = plot.times(&mut frame.svg, &over);
    let bottom = ramp.legend(&mut frame.svg, &unit(options), frame.width, times + 2.0);
    frame.finish(bottom)
}

/// A cell for each window, which says its number.
fn cells(svg: &mut Svg, over: &OverTime<'_>, plot: &Plot, ramp: &Ramp, series: &Series, y: f64) {
    for (at, (column, value)) in over.columns.iter().zip(&series.values).enumerate() {
        let Some(value) = value else { continue };
        let (from, to) = plot.cell(over, column);
        let between = if to - from >= 8.0 { BETWEEN } else { 0.0 };
        svg.begin(&format!("{}: {} ({})", series.label, figure(*value), over.when(at)));
        svg.cell(
            from,
            y + BETWEEN / 2.0,
            to - from - between,
            LEADING - BETWEEN,
            heat(ramp.step(value.as_f64())),
        );
        svg.end();
    }
}

/// One rectangle for neighbours of one shade.
fn runs(svg: &mut Svg, over: &OverTime<'_>, plot: &Plot, ramp: &Ramp, series: &Series, y: f64) {
    let shade = |value: &Option<crate::row::Number>| value.map(|value| ramp.step(value.as_f64()));
    let cells: Vec<(&Column, Option<usize>)> =
        over.columns.iter().zip(series.values.iter().map(shade)).collect();
    for run in cells.chunk_by(|(_, a), (next, b)| a == b && !next.after_gap) {
        if let [(first, Some(shade)), ..] = run
            && let Some((last, _)) = run.last()
        {
            let (from, to) = (plot.cell(over, first).0, plot.cell(over, last).1);
            svg.cell(from, y + BETWEEN / 2.0, to - from, LEADING - BETWEEN, heat(*shade));
        }
    }
}
