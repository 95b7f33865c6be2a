//! Ranks over time: a line for each key through its places in the lists of the windows.
//!
//! A key that enters or leaves the list has a short tail there. Those in the last list have their names at the right, the
//! others where they first appear, if there is room.

use super::frame::{Frame, LABEL, MARGIN, SMALL};
use super::line::names_width;
use super::options::ChartOptions;
use super::over_time::{OverTime, Plot, Series};
use super::recent::Recent;
use super::scale::Linear;
use super::svg::{Anchor, Svg, Text, fill, stroke};

/// From one rank to the next.
const LEADING: f64 = 30.0;
const REACH: f64 = 14.0;
/// Keys are looked for among so many.
const KEYS: usize = 200;

pub(super) fn draw(recent: &Recent, options: &ChartOptions) -> String {
    let ranks = options.top.clamp(1, 30) as u64;
    let mut over = OverTime::new(recent, options, KEYS);
    let is_shown = |series: &Series| series.ranks.iter().flatten().any(|rank| *rank <= ranks);
    over.series.retain(is_shown);
    let lowest =
        over.series.iter().flat_map(|series| series.ranks.iter().flatten()).filter(|rank| **rank <= ranks);
    let lowest = lowest.copied().max().unwrap_or(1);
    let mut words = over.words("Ranks over time", Some(""));
    over.speak_of_ranks(&mut words, lowest, true);
    if let Some(why) = over.is_nothing(recent) {
        return Frame::nothing(words, options, why);
    }
    let mut frame = Frame::begin(words, options);
    let at_end = |series: &Series| series.ranks.last().copied().flatten().filter(|rank| *rank <= ranks);
    let names =
        names_width(over.series.iter().filter(|s| at_end(s).is_some()).map(|s| &s.label[..]), frame.width);
    let (top, bottom) = (frame.top, frame.top + LEADING * lowest as f64);
    let left = MARGIN + SMALL.width(&lowest.to_string()) + 14.0;
    let right = frame.width - MARGIN - names - REACH;
    let y = Linear::with_zero([lowest as f64].into_iter(), top - LEADING / 2.0, bottom - LEADING / 2.0);
    let plot = Plot::of_parts(&over, (left, right), (top, bottom), y, Vec::new());
    plot.gaps(&mut frame.svg, &over);
    for rank in 1..=lowest {
        let (y, text) = (y.at(rank as f64), rank.to_string());
        frame.svg.line((left, y), (right, y), "grid");
        let (x, anchor, class) = (left - 14.0, Anchor::End, "muted");
        frame.svg.text(Text { x, y: y + 4.0, anchor, font: SMALL, class, text: &text });
    }
    let mut taken: Vec<(f64, f64, f64)> = Vec::new();
    for series in over.series.iter().rev() {
        let bump = Bump::new(&over, &plot, y, series, ranks);
        frame.svg.begin(&about(&over, series));
        bump.draw(&mut frame.svg, &plot, series);
        frame.svg.end();
    }
    for series in &over.series {
        let (font, class) = (LABEL, fill(series.colour));
        match at_end(series) {
            Some(rank) => {
                let (x, y, text) = (right + REACH, y.at(rank as f64) + 4.7, LABEL.cut(&series.label, names));
                frame.svg.text(Text { x, y, anchor: Anchor::Start, font, class, text: &text });
            }
            None => name_where_it_begins(&mut frame.svg, &over, &plot, (y, ranks), series, &mut taken),
        }
    }
    let bottom = plot.times(&mut frame.svg, &over);
    frame.finish(bottom)
}

/// Writes a name above a key's first place, unless another stands there.
fn name_where_it_begins(
    svg: &mut Svg,
    over: &OverTime<'_>,
    plot: &Plot,
    (y, ranks): (Linear, u64),
    series: &Series,
    taken: &mut Vec<(f64, f64, f64)>,
) {
    let mut places = series.ranks.iter().enumerate();
    let Some((at, rank)) = places.find_map(|(at, rank)| Some((at, rank.filter(|rank| *rank <= ranks)?)))
    else {
        return;
    };
    let (x, y) = (plot.x(over.columns[at].at), y.at(rank as f64) - 8.0);
    let text = SMALL.cut(&series.label, (plot.right - plot.left) * 0.3);
    let wide = SMALL.width(&text);
    let x = x.min(plot.right - wide).max(plot.left);
    let collides = |(from, to, line): &(f64, f64, f64)| *line == y && x < to + 6.0 && x + wide > from - 6.0;
    if !taken.iter().any(collides) {
        // A halo of the ground's colour keeps it apart from the lines behind it.
        let class = format!("{} value", fill(series.colour));
        svg.text(Text { x, y, anchor: Anchor::Start, font: SMALL, class: &class, text: &text });
        taken.push((x, x + wide, y));
    }
}

fn about(over: &OverTime<'_>, series: &Series) -> String {
    let best = series.ranks.iter().enumerate().filter_map(|(at, rank)| Some(((*rank)?, at))).min();
    match best {
        Some((rank, at)) => format!("{}: rank {rank} at best ({})", series.label, over.when(at)),
        None => series.label.clone(),
    }
}

/// A key's places.
struct Bump {
    pieces: Vec<Vec<(f64, f64)>>,
}

impl Bump {
    fn new(over: &OverTime<'_>, plot: &Plot, y: Linear, series: &Series, ranks: u64) -> Bump {
        let mut pieces: Vec<Vec<(f64, f64)>> = vec![Vec::new()];
        for (column, rank) in over.columns.iter().zip(&series.ranks) {
            let point = rank.filter(|rank| *rank <= ranks).map(|rank| (plot.x(column.at), y.at(rank as f64)));
            if column.after_gap || point.is_none() {
                pieces.push(Vec::new());
            }
            if let (Some(piece), Some(point)) = (pieces.last_mut(), point) {
                piece.push(point);
            }
        }
        pieces.retain(|piece| !piece.is_empty());
        Bump { pieces }
    }

    fn draw(&self, svg: &mut Svg, plot: &Plot, series: &Series) {
        let (line, dot) = (stroke(series.colour), fill(series.colour));
        svg.path(&self.pieces, false, &format!("line {line}"));
        let points: Vec<&(f64, f64)> = self.pieces.iter().flatten().collect();
        let step = points.windows(2).map(|pair| pair[1].0 - pair[0].0).fold(f64::INFINITY, f64::min);
        // Those that are beyond all colours are there, but do not stand out.
        let radius = if series.colour.is_some() { 3.5 } else { 2.5 };
        for piece in &self.pieces {
            // A tail on either side tells that the key came from below the list, and went there. A single dot needs none.
            let tail = (step / 3.0).min(8.0);
            if let [first, .., last] = &piece[..] {
                let ends = [(first, -tail), (last, tail)].map(|((x, y), reach)| {
                    vec![(*x, *y), ((x + reach).clamp(plot.left, plot.right), y + 5.0)]
                });
                svg.path(&ends, false, &format!("thin {line}"));
            }
            for point in piece.iter().filter(|_| step >= 12.0) {
                svg.circle(*point, radius, dot);
            }
        }
    }
}
