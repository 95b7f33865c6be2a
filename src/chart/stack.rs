//! A column for each window, in which the keys stand on top of one another: what was counted, and its parts.
//!
//! The first key stands on the axis, all others together on top, so that a column is as high as its window's total. With
//! `--normalize` every column is as high, and its parts are shares. Columns of windows that are still open are pale.

use super::axis;
use super::frame::{Frame, MARGIN, Words};
use super::line::{End, end_labels, names_width};
use super::options::ChartOptions;
use super::over_time::{OverTime, Plot};
use super::recent::Recent;
use super::scale::{Linear, figure, percent};
use super::svg::{Svg, fill};
use crate::row::Number;

/// From the last column to the names.
const REACH: f64 = 14.0;
const OTHERS: &str = "all others";

pub(super) fn draw(recent: &Recent, options: &ChartOptions) -> String {
    let over = OverTime::coloured(recent, options);
    let words = words(&over, options);
    if let Some(why) = over.is_nothing(recent).or_else(|| why_not(&over)) {
        return Frame::nothing(words, options, why);
    }
    let mut frame = Frame::begin(words, options);
    let columns = Stack::of(&over, options.normalize);
    let labels = columns.parts.iter().map(|part| part.label);
    let names = names_width(labels, frame.width);
    let plot = columns.plot(&over, &frame, names);
    plot.behind(&mut frame.svg, &over);
    frame.svg.rules(".ID .pale{fill-opacity:.5}\n");
    for (at, part) in columns.parts.iter().enumerate() {
        columns.draw(&mut frame.svg, &over, &plot, at, part);
    }
    let ends = columns.ends(&over, &plot);
    let lowest = end_labels(&mut frame.svg, ends, plot.right + REACH, names, (plot.top, plot.bottom));
    let bottom = plot.times(&mut frame.svg, &over).max(lowest);
    frame.finish(bottom)
}

/// The words around what is stacked.
pub(super) fn words(over: &OverTime<'_>, options: &ChartOptions) -> Words {
    over.words(if options.normalize { "Stacked shares" } else { "Stacked columns" }, Some(""))
}

/// Why numbers cannot be stacked, if so.
pub(super) fn why_not(over: &OverTime<'_>) -> Option<&'static str> {
    let is_negative = over.values().any(|value| value < 0.0);
    is_negative.then_some("negative numbers do not stack: line and barh draw them")
}

/// What stands in each column.
pub(super) struct Stack<'a> {
    pub parts: Vec<Part<'a>>,
    /// Where each part of each column begins and ends.
    pub places: Vec<Vec<(f64, f64)>>,
    normalized: bool,
}

/// A key, or all others together.
pub(super) struct Part<'a> {
    pub label: &'a str,
    pub colour: Option<usize>,
    values: Vec<Number>,
}

impl<'a> Stack<'a> {
    pub(super) fn of(over: &'a OverTime<'_>, normalized: bool) -> Stack<'a> {
        let values = |values: &[Option<Number>]| {
            values.iter().map(|value| value.unwrap_or_default().max(Number::ZERO)).collect()
        };
        let mut parts: Vec<Part<'_>> = over
            .series
            .iter()
            .map(|series| Part {
                label: &series.label,
                colour: series.colour,
                values: values(&series.values),
            })
            .collect();
        let others = values(&over.others);
        if others.iter().any(|value| *value > Number::ZERO) {
            parts.push(Part { label: OTHERS, colour: None, values: others });
        }
        let mut places = vec![Vec::new(); parts.len()];
        for column in 0..over.columns.len() {
            let sum: f64 = parts.iter().map(|part| part.values[column].as_f64()).sum();
            let scale = if normalized { 1.0 / sum } else { 1.0 };
            let mut from = 0.0;
            for (part, places) in parts.iter().zip(&mut places) {
                let to = from + part.values[column].as_f64() * scale;
                // A column of nothing has no shares.
                places.push(if to.is_finite() { (from, to) } else { (0.0, 0.0) });
                from = to;
            }
        }
        Stack { parts, places, normalized }
    }

    /// What all parts of a column are together.
    pub(super) fn total(&self, column: usize) -> Number {
        self.parts.iter().map(|part| part.values[column]).fold(Number::ZERO, Number::plus)
    }

    /// Where a column ends.
    pub(super) fn height(&self, column: usize) -> f64 {
        self.places.last().map_or(0.0, |places| places[column].1)
    }

    fn plot(&self, over: &OverTime<'_>, frame: &Frame, names: f64) -> Plot {
        let tops = self.places.iter().flatten().map(|(_, to)| *to);
        let plot = Plot::new(over, frame, names + REACH, tops);
        if !self.normalized {
            return plot;
        }
        let y = Linear::with_zero([1.0].into_iter(), plot.bottom, plot.top);
        let ticks: Vec<(f64, String)> =
            (0..=4).map(|quarter| (f64::from(quarter) / 4.0, format!("{}%", quarter * 25))).collect();
        Plot::of_parts(over, (MARGIN + axis::width(&ticks), plot.right), (plot.top, plot.bottom), y, ticks)
    }

    fn draw(&self, svg: &mut Svg, over: &OverTime<'_>, plot: &Plot, at: usize, part: &Part<'_>) {
        for (column, (value, (low, high))) in part.values.iter().zip(&self.places[at]).enumerate() {
            let of = &over.columns[column];
            let (from, to) = plot.cell(over, of);
            let between = if to - from >= 5.0 { 1.0 } else { 0.0 };
            let (top, bottom) = (plot.y.at(*high), plot.y.at(*low));
            if *value <= Number::ZERO || bottom <= top {
                continue;
            }
            let share = || percent(high - low);
            let number =
                if self.normalized { format!("{} ({})", figure(*value), share()) } else { figure(*value) };
            svg.begin(&format!("{}: {number} ({})", part.label, over.when(column)));
            let class = format!("{}{}", fill(part.colour), if of.open { " pale" } else { "" });
            svg.cell(from, top, to - from - between, bottom - top, &class);
            svg.end();
        }
    }

    /// The middles of the last column's parts.
    fn ends(&self, over: &OverTime<'_>, plot: &Plot) -> Vec<End<'a>> {
        let x = over.columns.last().map_or(plot.right, |column| plot.cell(over, column).1);
        let part = |(part, places): (&Part<'a>, &Vec<(f64, f64)>)| {
            let (low, high) = places.last()?;
            let y = plot.y.at(low + (high - low) / 2.0);
            Some(End { end: (x, y), label: part.label, colour: part.colour })
        };
        self.parts.iter().zip(&self.places).filter_map(part).collect()
    }
}
