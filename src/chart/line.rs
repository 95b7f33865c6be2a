//! Lines over time: a key's number in each window.
//!
//! Each line has its key's name at its end, so there is no legend to look up. Where a window is missing, or a key is not
//! in a window's list, the line has a gap; it is never drawn through what nobody knows. The part that leads to a window
//! that is still open is dotted.

use std::slice;

use super::frame::{Frame, LABEL};
use super::options::ChartOptions;
use super::over_time::{OverTime, Plot, Series};
use super::recent::Recent;
use super::scale::figure;
use super::svg::{Anchor, Svg, Text, fill, stroke};

/// Part of the width that the names take at most.
const NAMES: f64 = 0.26;
/// Between the baselines of two names.
const LEADING: f64 = 16.0;
/// From a line's end to its name.
const REACH: f64 = 22.0;
/// Fewer points than this have tooltips of their own.
const WITH_TOOLTIPS: usize = 400;

pub(super) fn draw(recent: &Recent, options: &ChartOptions) -> String {
    draw_lines(recent, options, "Lines over time", false)
}

/// Lines with what lies below them.
pub(super) fn draw_area(recent: &Recent, options: &ChartOptions) -> String {
    draw_lines(recent, options, "Areas over time", true)
}

fn draw_lines(recent: &Recent, options: &ChartOptions, form: &str, filled: bool) -> String {
    let over = OverTime::coloured(recent, options);
    let words = over.words(form, Some("a line ends where its key leaves the list"));
    if let Some(why) = over.is_nothing(recent) {
        return Frame::nothing(words, options, why);
    }
    let mut frame = Frame::begin(words, options);
    let names = names_width(over.series.iter().map(|series| &series.label[..]), frame.width);
    let plot = Plot::new(&over, &frame, names + REACH, over.values()).point_to_point(&over);
    let lines: Vec<(&Series, Line)> =
        over.series.iter().map(|series| (series, Line::new(&over, &plot, series))).collect();
    // Each hides what lies behind it, the largest: colours that shine through one another are none of the keys'.
    for (series, line) in lines.iter().filter(|_| filled) {
        line.cover(&mut frame.svg, plot.y.at(0.0), "ground");
        line.fill(&mut frame.svg, plot.y.at(0.0), series.colour);
    }
    plot.behind(&mut frame.svg, &over);
    // The largest is drawn last, on top of the others.
    for (series, line) in lines.iter().rev() {
        frame.svg.begin(&over.about(series));
        line.draw(&mut frame.svg, series.colour);
        frame.svg.end();
    }
    if over.columns.len() * over.series.len() <= WITH_TOOLTIPS {
        tooltips(&mut frame.svg, &over, &plot);
    }
    let ends: Vec<End<'_>> = over
        .series
        .iter()
        .filter_map(|series| {
            let (at, value) =
                series.values.iter().enumerate().rev().find_map(|(at, value)| Some((at, (*value)?)))?;
            let end = (plot.x(over.columns[at].at), plot.y.at(value.as_f64()));
            Some(End { end, label: &series.label, colour: series.colour })
        })
        .collect();
    let lowest = end_labels(&mut frame.svg, ends, plot.right + REACH, names, (plot.top, plot.bottom));
    let bottom = plot.times(&mut frame.svg, &over).max(lowest);
    frame.finish(bottom)
}

/// The room that names at the right need.
pub(super) fn names_width<'a>(names: impl Iterator<Item = &'a str>, width: f64) -> f64 {
    names.map(|name| LABEL.width(name)).fold(0.0, f64::max).min(width * NAMES)
}

/// A key's line in pieces.
pub(super) struct Line {
    /// Without gaps.
    pieces: Vec<Vec<(f64, f64)>>,
    /// What leads to windows that are open.
    to_open: Vec<(f64, f64)>,
}

impl Line {
    pub(super) fn new(over: &OverTime<'_>, plot: &Plot, series: &Series) -> Line {
        let mut pieces: Vec<Vec<(f64, f64)>> = vec![Vec::new()];
        let mut to_open = Vec::new();
        for (column, value) in over.columns.iter().zip(&series.values) {
            let Some(value) = value else {
                pieces.push(Vec::new());
                continue;
            };
            let point = (plot.x(column.at), plot.y.at(value.as_f64()));
            let Some(piece) = pieces.last_mut() else { continue };
            match piece.last() {
                Some(before) if column.open && !column.after_gap => {
                    if to_open.is_empty() {
                        to_open.push(*before);
                    }
                    to_open.push(point);
                }
                Some(_) if column.after_gap => pieces.push(vec![point]),
                _ => piece.push(point),
            }
        }
        pieces.retain(|piece| !piece.is_empty());
        Line { pieces: pieces.into_iter().map(|piece| thinned(&piece)).collect(), to_open }
    }

    pub(super) fn draw(&self, svg: &mut Svg, colour: Option<usize>) {
        svg.path(&self.pieces, false, &format!("line {}", stroke(colour)));
        svg.path(slice::from_ref(&self.to_open), false, &format!("line open {}", stroke(colour)));
        for alone in self.pieces.iter().filter(|piece| piece.len() == 1) {
            svg.circle(alone[0], 2.0, fill(colour));
        }
    }

    /// Shades what lies between the line and `zero`.
    pub(super) fn fill(&self, svg: &mut Svg, zero: f64, colour: Option<usize>) {
        self.cover(svg, zero, &format!("area {}", fill(colour)));
    }

    fn cover(&self, svg: &mut Svg, zero: f64, class: &str) {
        let mut pieces = self.pieces.clone();
        // Fainter than the rest is not needed: the dotted line says it.
        if let Some(last) = pieces.last_mut() {
            last.extend(self.to_open.iter().skip(1));
        }
        for piece in &mut pieces {
            if let (Some(first), Some(last)) = (piece.first().copied(), piece.last().copied()) {
                piece.extend([(last.0, zero), (first.0, zero)]);
            }
        }
        svg.path(&pieces, true, class);
    }
}

/// Of points that share a pixel of the width, the first, the smallest, the largest, and the last: what can be seen.
fn thinned(points: &[(f64, f64)]) -> Vec<(f64, f64)> {
    let pixel = |point: &(f64, f64)| point.0.floor() as i64;
    let mut kept: Vec<(f64, f64)> = Vec::new();
    for of_pixel in points.chunk_by(|a, b| pixel(a) == pixel(b)) {
        if of_pixel.len() <= 4 {
            kept.extend(of_pixel);
            continue;
        }
        let by_height = |(_, a): &(usize, &(f64, f64)), (_, b): &(usize, &(f64, f64))| a.1.total_cmp(&b.1);
        let places = || of_pixel.iter().enumerate();
        let extremes = [places().min_by(by_height), places().max_by(by_height)];
        let mut chosen = vec![0, of_pixel.len() - 1];
        chosen.extend(extremes.into_iter().flatten().map(|(at, _)| at));
        chosen.sort_unstable();
        chosen.dedup();
        kept.extend(chosen.into_iter().map(|at| of_pixel[at]));
    }
    kept
}

/// Unseen circles that say the number of each point.
fn tooltips(svg: &mut Svg, over: &OverTime<'_>, plot: &Plot) {
    svg.rules(".ID .hover{fill-opacity:0}\n.ID .hover:hover{fill-opacity:.5}\n");
    for series in &over.series {
        for (at, value) in series.values.iter().enumerate() {
            let Some(value) = value else { continue };
            let point = (plot.x(over.columns[at].at), plot.y.at(value.as_f64()));
            svg.begin(&format!("{}: {} ({})", series.label, figure(*value), over.when(at)));
            svg.circle(point, 5.0, &format!("hover {}", fill(series.colour)));
            svg.end();
        }
    }
}

/// Where a line ends, and its name.
pub(super) struct End<'a> {
    pub end: (f64, f64),
    pub label: &'a str,
    pub colour: Option<usize>,
}

/// Writes the names beside the ends of lines, moved apart where they would overlap, with a thin line to those that have moved;
/// gives where they end.
pub(super) fn end_labels(
    svg: &mut Svg,
    mut ends: Vec<End<'_>>,
    x: f64,
    room: f64,
    (top, bottom): (f64, f64),
) -> f64 {
    ends.sort_by(|a, b| a.end.1.total_cmp(&b.end.1));
    let wanted: Vec<f64> = ends.iter().map(|end| end.end.1).collect();
    let places = apart(&wanted, LEADING, (top, bottom.max(top + LEADING * ends.len() as f64)));
    let mut lowest = top;
    for (End { end, label, colour }, y) in ends.iter().zip(places) {
        svg.circle(*end, 3.0, fill(*colour));
        if (y - end.1).abs() > 3.0 || x - end.0 > 1.5 * REACH {
            svg.path(
                &[vec![(end.0 + 4.0, end.1), (x - 3.0, y)]],
                false,
                &format!("thin {}", stroke(*colour)),
            );
        }
        let (font, class) = (LABEL, fill(*colour));
        svg.text(Text { x, y: y + 4.5, anchor: Anchor::Start, font, class, text: &LABEL.cut(label, room) });
        lowest = y + 8.0;
    }
    lowest
}

/// Places in order that keep a distance and lie as near as possible to where they are wanted, between two ends if they have
/// room there.
fn apart(wanted: &[f64], distance: f64, (top, bottom): (f64, f64)) -> Vec<f64> {
    // Neighbours that are too near form a group around the mean of where they want to be.
    let mut groups: Vec<(f64, usize)> = Vec::new();
    for want in wanted {
        groups.push((*want, 1));
        while let [.., (above, n), (below, m)] = groups[..] {
            let half = |count: usize| (count as f64 - 1.0) / 2.0 * distance;
            if below - half(m) - (above + half(n)) >= distance {
                break;
            }
            groups.truncate(groups.len() - 2);
            let joined = n + m;
            let (n, m) = (n as f64, m as f64);
            // Of their members' wishes, each less its place in the group.
            let mean = (above * n + below * m) / (n + m);
            let (least, most) = (top + half(joined), bottom - half(joined));
            groups.push((mean.min(most).max(least), joined));
        }
    }
    let mut places = Vec::with_capacity(wanted.len());
    let mut next = top;
    for (middle, count) in groups {
        let first = middle - (count as f64 - 1.0) / 2.0 * distance;
        for at in 0..count {
            let place = (first + at as f64 * distance).max(next);
            places.push(place);
            next = place + distance;
        }
    }
    places
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn names_that_have_room_stay_where_they_are() {
        assert_eq!(apart(&[10.0, 50.0, 90.0], 16.0, (0.0, 100.0)), [10.0, 50.0, 90.0]);
        assert_eq!(apart(&[50.0, 50.0], 16.0, (0.0, 100.0)), [42.0, 58.0]);
        assert_eq!(apart(&[100.0, 100.0], 16.0, (0.0, 100.0)), [84.0, 100.0]);
    }

    #[test]
    fn a_spike_stays_where_points_are_thinned() {
        let points: Vec<(f64, f64)> =
            (0..10_000).map(|at| (f64::from(at) / 100.0, if at == 5_555 { 0.0 } else { 50.0 })).collect();
        let thin = thinned(&points);
        assert!(thin.len() <= 400 && thin.contains(&points[5_555]), "{}", thin.len());
        assert_eq!((thin.first(), thin.last()), (points.first(), points.last()));
    }

    proptest! {
        #[test]
        fn names_keep_their_distance(mut wanted in prop::collection::vec(0.0..300.0_f64, 0..9)) {
            wanted.sort_by(f64::total_cmp);
            let places = apart(&wanted, 16.0, (0.0, 300.0));
            prop_assert_eq!(places.len(), wanted.len());
            prop_assert!(places.windows(2).all(|pair| pair[1] - pair[0] >= 15.999), "{places:?}");
            prop_assert!(places.iter().all(|place| (-0.001..=300.001).contains(place)), "{places:?}");
        }
    }
}
