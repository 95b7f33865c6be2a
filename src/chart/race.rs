//! A race of bars: the first keys of window after window, in motion.
//!
//! Motion is made by style rules alone, once from the first window to the last; there is no script. Without motion (in
//! programs that make pixels, in print, and for those who want less of it) the picture is that of the last window. All
//! windows have one scale, so that lengths can be compared over time.

use std::fmt::Write as _;

use super::axis;
use super::caption::EMPTY;
use super::frame::{Frame, LABEL, MARGIN, SMALL};
use super::line::names_width;
use super::options::ChartOptions;
use super::over_time::{OverTime, Series};
use super::recent::Recent;
use super::scale::{Linear, figure};
use super::svg::{Anchor, Svg, Text, fill};
use super::width::Font;
use crate::row::Number;

/// Windows that are shown: a race that takes longer is watched by nobody.
const FRAMES: usize = 60;
/// Keys that may take part.
const KEYS: usize = 40;
const MOST_BARS: usize = 20;
/// Seconds from window to window.
const STEP: f64 = 0.9;
const BAR: f64 = 22.0;
const LEADING: f64 = 30.0;
const GAP: f64 = 10.0;
const CLOCK: Font = Font::bold(16.0);

pub(super) fn draw(recent: &Recent, options: &ChartOptions) -> String {
    let over = OverTime::newest(recent, options, KEYS, FRAMES);
    let mut words = over.words("A race of bars; the picture is that of the last window", None);
    let is_negative = over.values().any(|value| value < 0.0);
    let why = is_negative.then_some("negative numbers do not race: line and diverge draw them");
    if let Some(why) = over.is_nothing(recent).or(why) {
        return Frame::nothing(words, options, why);
    }
    let bars = options.top.clamp(1, MOST_BARS);
    over.speak_of_ranks(&mut words, bars as u64, false);
    let mut runners: Vec<Runner<'_>> = over.series.iter().map(Runner::new).collect();
    place(&mut runners, over.columns.len(), bars);
    runners.retain(|runner| runner.places.iter().any(Option::is_some));
    let mut frame = Frame::begin(words, options);
    let bottom = Track::new(&over, &frame, &runners, bars).draw(&mut frame.svg, &runners);
    frame.finish(bottom)
}

/// A key with its number and place in each window.
struct Runner<'a> {
    series: &'a Series,
    places: Vec<Option<usize>>,
}

impl<'a> Runner<'a> {
    fn new(series: &'a Series) -> Runner<'a> {
        Runner { series, places: vec![None; series.values.len()] }
    }

    fn number(&self, at: usize) -> Option<Number> {
        self.series.values[at].filter(|number| *number > Number::ZERO)
    }
}

/// The first of each window; keys are in order already, which settles ties.
fn place(runners: &mut [Runner<'_>], windows: usize, bars: usize) {
    for at in 0..windows {
        let mut order: Vec<usize> =
            (0..runners.len()).filter(|runner| runners[*runner].number(at).is_some()).collect();
        order.sort_by_key(|runner| std::cmp::Reverse(runners[*runner].number(at)));
        for (place, runner) in order.into_iter().take(bars).enumerate() {
            runners[runner].places[at] = Some(place);
        }
    }
}

struct Track<'a> {
    over: &'a OverTime<'a>,
    left: f64,
    names: f64,
    top: f64,
    right: f64,
    /// Places that are ever taken.
    places: usize,
    scale: Linear,
}

impl<'a> Track<'a> {
    fn new(over: &'a OverTime<'a>, frame: &Frame, runners: &[Runner<'_>], bars: usize) -> Track<'a> {
        let names = names_width(runners.iter().map(|runner| &runner.series.label[..]), frame.width);
        let numbers = over.series.iter().flat_map(Series::known).map(|number| LABEL.width(&figure(number)));
        let right = frame.width - MARGIN;
        let left = MARGIN + names + GAP;
        let ends = right - numbers.fold(0.0, f64::max) - GAP;
        let taken = runners.iter().flat_map(|runner| runner.places.iter().flatten()).max();
        let places = taken.map_or(1, |last| last + 1).min(bars);
        let scale = Linear::with_zero(over.values(), left, ends.max(left + 10.0));
        Track { over, left, names, top: frame.top, right, places, scale }
    }

    fn y(&self, place: Option<usize>) -> f64 {
        // Those that are not among the first wait below the last.
        self.top + place.unwrap_or(self.places).min(self.places) as f64 * LEADING
    }

    fn draw(&self, svg: &mut Svg, runners: &[Runner<'_>]) -> f64 {
        let bottom = self.top + self.places as f64 * LEADING;
        let last = self.over.columns.len() - 1;
        axis::below(svg, self.scale, self.over.whole_only, (self.top - 4.0, bottom));
        let mut moves = String::new();
        for (number, runner) in runners.iter().enumerate() {
            self.runner(svg, runner, number, last, &mut moves);
        }
        self.clock(svg, last, bottom + 38.0);
        let windows = self.over.columns.len();
        if windows > 1 {
            let seconds = STEP * windows as f64;
            // The number of a window is seen for its part of the time, and not before; that of the last one stays.
            let part = 100.0 / windows as f64;
            svg.rules(&format!(
                "@media (prefers-reduced-motion:no-preference){{\n{moves}\
                 @keyframes ID-seen{{0%,{part:.3}%{{opacity:1}}{:.3}%,100%{{opacity:0}}}}\n\
                 @keyframes ID-stays{{0%,{:.3}%{{opacity:0}}{:.3}%,100%{{opacity:1}}}}\n\
                 .ID .seen{{animation:ID-seen {seconds:.1}s linear forwards}}\n\
                 .ID .stays{{animation:ID-stays {seconds:.1}s linear both}}\n}}\n",
                part + 0.001,
                100.0 - part - 0.001,
                100.0 - part,
            ));
        }
        bottom + 46.0
    }

    fn runner(&self, svg: &mut Svg, runner: &Runner<'_>, number: usize, last: usize, moves: &mut String) {
        let series = runner.series;
        let length = |at: usize| {
            runner.number(at).map_or(0.0, |value| self.scale.at(value.as_f64()) - self.left).max(0.0)
        };
        let (home, is_seen) = (self.y(runner.places[last]), runner.places[last].is_some());
        let home = if is_seen { home } else { self.y(Some(self.places - 1)) };
        let hidden = if is_seen { "" } else { " gone" };
        svg.begin_class(&format!("m{number}{hidden}"), &self.over.about(series));
        if !is_seen {
            svg.rules(&format!(".ID .m{number}{{opacity:0}}\n"));
        }
        let text = |x: f64, anchor, class: &'static str, text: &str, svg: &mut Svg| {
            svg.text(Text { x, y: home + BAR / 2.0 + 4.7, anchor, font: LABEL, class, text });
        };
        let class = if series.label == EMPTY { "muted" } else { "ink" };
        text(self.left - GAP, Anchor::End, class, &LABEL.cut(&series.label, self.names), svg);
        // Where nothing is left there is still something to grow from.
        svg.cell(self.left, home, length(last).max(0.5), BAR, &format!("w{number} {}", fill(series.colour)));
        for at in 0..=last {
            let (Some(value), Some(_)) = (runner.number(at), runner.places[at]) else { continue };
            let x = (self.left + length(at) + 6.0).min(self.right);
            let what = (x, home + BAR / 2.0 + 4.7);
            svg.passing_text(
                what,
                LABEL,
                Anchor::Start,
                "ink",
                &figure(value),
                (at < last).then_some(at as f64 * STEP),
            );
        }
        svg.end();
        if last > 0 {
            self.moves(moves, runner, number, (home, last), length);
        }
    }

    /// The style rules of a key's way.
    fn moves(
        &self,
        moves: &mut String,
        runner: &Runner<'_>,
        number: usize,
        (home, last): (f64, usize),
        length: impl Fn(usize) -> f64,
    ) {
        let seconds = STEP * (last + 1) as f64;
        let (mut ways, mut widths) = (String::new(), String::new());
        for at in 0..=last {
            // A window stands for most of its time, and then the next one comes.
            let begin = at as f64 / (last + 1) as f64 * 100.0;
            let end = (at as f64 + 0.55) / (last + 1) as f64 * 100.0;
            let end = if at == last { 100.0 } else { end };
            let y = self.y(runner.places[at]) - home;
            let opacity = u8::from(runner.places[at].is_some());
            // Writing to memory cannot fail.
            let _ = write!(ways, "{begin:.2}%,{end:.2}%{{transform:translateY({y:.0}px);opacity:{opacity}}}");
            let _ = write!(widths, "{begin:.2}%,{end:.2}%{{width:{:.1}px}}", length(at));
        }
        let _ = write!(
            moves,
            "@keyframes ID-m{number}{{{ways}}}\n@keyframes ID-w{number}{{{widths}}}\n\
             .ID .m{number}{{animation:ID-m{number} {seconds:.1}s ease-in-out both}}\n\
             .ID .w{number}{{animation:ID-w{number} {seconds:.1}s ease-in-out both}}\n"
        );
    }

    /// The time of each window, one after the other.
    fn clock(&self, svg: &mut Svg, last: usize, y: f64) {
        for at in 0..=last {
            let begins = (at < last).then_some(at as f64 * STEP);
            let (text, room) = (self.over.when(at), self.right - MARGIN);
            let font = if CLOCK.width(&text) <= room { CLOCK } else { SMALL };
            svg.passing_text((self.right, y), font, Anchor::End, "muted", &font.cut(&text, room), begins);
        }
    }
}
