//! Horizontal bars: the first rows of one window.
//!
//! From left to right: rank, change since the window before, label, bar with its value, share. All columns are as wide
//! as their widest text; the label column at most 36 % of the picture. Negative values go left of the axis.

use super::caption::{Caption, NO_WINDOWS, label, tooltip};
use super::options::ChartOptions;
use super::order::First;
use super::scale::{Linear, figure, percent};
use super::svg::{Anchor, Svg, Text};
use super::width::Font;
use crate::row::{Number, Row};

const MARGIN: f64 = 20.0;
const GAP: f64 = 10.0;
/// Part of the width that labels take at most.
const LABELS: f64 = 0.36;
/// Between two bars.
const BAR_GAP: f64 = 8.0;

const TITLE: Font = Font::bold(18.0);
const SUBTITLE: Font = Font::regular(13.0);
const LABEL: Font = Font::regular(13.0);
const SMALL: Font = Font::regular(11.0);

pub(super) fn draw(rows: &[Row], options: &ChartOptions) -> String {
    let rows = First::of(rows, options.top.max(1));
    let caption = Caption::new(&rows, options);
    let width = f64::from(options.width.max(ChartOptions::MIN_WIDTH));
    let mut svg = Svg::default();
    let title = caption.title();
    let mut y = heading(&mut svg, &caption, &title, width);
    let is_empty = rows.iter().all(|row| row.distinct == Some(0));
    if is_empty {
        let text = if rows.is_empty() { NO_WINDOWS } else { "nothing was counted in this window" };
        svg.text(Text {
            x: width / 2.0,
            y: y + 40.0,
            anchor: Anchor::Middle,
            font: LABEL,
            class: "muted",
            text,
        });
        y += 80.0;
    } else {
        let bars = Bars::measure(&rows, width, y, f64::from(options.bar_height.clamp(4, 200)));
        bars.draw(&mut svg);
        y = bars.bottom() + 24.0;
    }
    y = footer(&mut svg, &caption.footer(), width, y);
    svg.finish(width, y, options.theme, &title, &caption.description())
}

/// Title and subtitle; gives where the plot begins.
fn heading(svg: &mut Svg, caption: &Caption<'_>, title: &str, width: f64) -> f64 {
    let room = width - 2.0 * MARGIN;
    let mut y = 14.0;
    let at = |y, font, class, text| Text { x: MARGIN, y, anchor: Anchor::Start, font, class, text };
    for line in TITLE.wrap(title, room, 2).iter().filter(|line| !line.is_empty()) {
        y += 22.0;
        svg.text(at(y, TITLE, "ink", line));
    }
    for line in SUBTITLE.wrap(&caption.subtitle(), room, 2).iter().filter(|line| !line.is_empty()) {
        y += 19.0;
        svg.text(at(y, SUBTITLE, "muted", line));
    }
    if let Some(notice) = caption.notice() {
        y += 19.0;
        svg.text(at(y, Font::bold(SUBTITLE.size), "new", notice));
    }
    y + 16.0
}

/// The line at the bottom; gives where the picture ends.
fn footer(svg: &mut Svg, text: &str, width: f64, mut y: f64) -> f64 {
    for line in SMALL.wrap(text, width - 2.0 * MARGIN, 3).iter().filter(|line| !line.is_empty()) {
        y += 16.0;
        svg.text(Text { x: MARGIN, y, anchor: Anchor::Start, font: SMALL, class: "muted", text: line });
    }
    y + 14.0
}

/// All rows with their place.
struct Bars<'a> {
    rows: &'a [Row],
    top: f64,
    bar_height: f64,
    /// Right end of the ranks; none are shown when there are none.
    ranks: Option<f64>,
    /// Left end of the changes.
    changes: Option<f64>,
    /// Right end of the labels, and their room.
    labels: f64,
    label_room: f64,
    /// Right end of the shares.
    shares: Option<f64>,
    scale: Linear,
}

impl<'a> Bars<'a> {
    fn measure(rows: &'a [Row], width: f64, top: f64, bar_height: f64) -> Bars<'a> {
        let widest = |texts: &mut dyn Iterator<Item = String>, font: Font| {
            texts.map(|text| font.width(&text)).fold(0.0_f64, f64::max)
        };
        let mut left = MARGIN;
        let mut column = |room: f64| {
            left += room;
            (room > 0.0).then(|| {
                let end = left;
                left += GAP;
                end
            })
        };
        let ranks = column(widest(&mut rows.iter().filter_map(|row| row.rank).map(|rank| rank.to_string()), LABEL));
        let change_room = widest(&mut rows.iter().filter_map(|row| change(row, rows)).map(|change| change.text()), SMALL);
        let changes = column(if change_room > 0.0 { change_room + TRIANGLE } else { 0.0 })
            .map(|end| end - change_room - TRIANGLE);
        let shown = rows.iter().filter(|row| !row.is_remainder()).count();
        let label_room = widest(&mut rows.iter().map(|row| label(row, shown)), LABEL).min(width * LABELS);
        let labels = left + label_room;
        let share_room = widest(&mut rows.iter().filter_map(|row| row.share).map(percent), LABEL);
        let shares = (share_room > 0.0).then_some(width - MARGIN);
        let right = width - MARGIN - if share_room > 0.0 { share_room + GAP } else { 0.0 };
        // Values stand beyond the ends of their bars, on both sides of the axis.
        let value_room = |negative: bool| {
            let on_side = rows.iter().filter(|row| (row.count < Number::ZERO) == negative);
            match widest(&mut on_side.map(|row| figure(row.count)), LABEL) {
                0.0 => 0.0,
                room => room + VALUE_GAP,
            }
        };
        let (from, to) = (labels + GAP + value_room(true), right - value_room(false));
        let values = rows.iter().map(|row| row.count.as_f64());
        // Where texts leave no room at all, bars are drawn beneath them rather than turned round.
        let scale = Linear::with_zero(values, from, to.max(from + 20.0));
        Bars { rows, top, bar_height, ranks, changes, labels, label_room, shares, scale }
    }

    fn bottom(&self) -> f64 {
        self.top + self.rows.len() as f64 * (self.bar_height + BAR_GAP) + 2.0
    }

    fn draw(&self, svg: &mut Svg) {
        let whole_only = self.rows.iter().all(|row| matches!(row.count, Number::Int(_)));
        let bottom = self.bottom();
        for (value, text) in self.scale.ticks(whole_only, |text| SMALL.width(text)) {
            let x = self.scale.at(value);
            svg.line((x, self.top), (x, bottom), if value == 0.0 { "axis" } else { "grid" });
            svg.text(Text { x, y: bottom + 15.0, anchor: Anchor::Middle, font: SMALL, class: "muted", text: &text });
        }
        for (at, row) in self.rows.iter().enumerate() {
            svg.begin(&tooltip(row));
            self.row(svg, row, self.top + 4.0 + at as f64 * (self.bar_height + BAR_GAP));
            svg.end();
        }
    }

    fn row(&self, svg: &mut Svg, row: &Row, y: f64) {
        let middle = y + self.bar_height / 2.0;
        let text = |x, anchor, font: Font, class, text: &str, svg: &mut Svg| {
            // Half of a letter's height below the middle.
            svg.text(Text { x, y: middle + font.size * 0.36, anchor, font, class, text });
        };
        let shown = self.rows.iter().filter(|row| !row.is_remainder()).count();
        if let (Some(x), Some(rank)) = (self.ranks, row.rank) {
            text(x, Anchor::End, LABEL, "muted", &rank.to_string(), svg);
        }
        if let (Some(x), Some(change)) = (self.changes, change(row, self.rows)) {
            match change {
                Change::New => text(x, Anchor::Start, SMALL, "new", "new", svg),
                Change::Risen(_) | Change::Fallen(_) => {
                    let class = change.class();
                    svg.triangle(x + 3.5, middle, matches!(change, Change::Risen(_)), class);
                    text(x + TRIANGLE, Anchor::Start, SMALL, class, &change.text(), svg);
                }
            }
        }
        let name = label(row, shown);
        let class = if row.is_remainder() { "muted" } else { "ink" };
        text(self.labels, Anchor::End, LABEL, class, &LABEL.cut(&name, self.label_room), svg);
        let value_at = self.bar(svg, row, y);
        let (x, anchor) = value_at;
        text(x, anchor, LABEL, "ink", &figure(row.count), svg);
        if let (Some(x), Some(share)) = (self.shares, row.share) {
            text(x, Anchor::End, LABEL, "muted", &percent(share), svg);
        }
    }

    /// Draws a row's bar; gives where its value stands.
    fn bar(&self, svg: &mut Svg, row: &Row, y: f64) -> (f64, Anchor) {
        let (zero, end) = (self.scale.at(0.0), self.scale.at(row.count.as_f64()));
        let is_negative = row.count < Number::ZERO;
        // What is not zero can be seen.
        let length = if row.count == Number::ZERO { 0.0 } else { (end - zero).abs().max(1.0) };
        let class = match (row.is_remainder(), is_negative) {
            (true, _) => "others",
            (false, true) => "below",
            (false, false) => "bar",
        };
        svg.rect(if is_negative { zero - length } else { zero }, y, length, self.bar_height, class);
        if is_negative {
            (zero - length - VALUE_GAP, Anchor::End)
        } else {
            (zero + length + VALUE_GAP, Anchor::Start)
        }
    }
}

/// Between a bar's end and its value.
const VALUE_GAP: f64 = 6.0;

/// A triangle, and the room after it.
const TRIANGLE: f64 = 10.0;

/// Of a rank since the window before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Change {
    Risen(u64),
    Fallen(u64),
    New,
}

impl Change {
    fn text(self) -> String {
        match self {
            Change::Risen(by) | Change::Fallen(by) => by.to_string(),
            Change::New => "new".to_owned(),
        }
    }

    fn class(self) -> &'static str {
        match self {
            Change::Risen(_) => "risen",
            Change::Fallen(_) => "fallen",
            Change::New => "new",
        }
    }
}

/// How a row's rank has changed. In the first window everything is new, which says nothing.
fn change(row: &Row, rows: &[Row]) -> Option<Change> {
    match (row.rank?, row.prev_rank?) {
        (now, Some(before)) if now < before => Some(Change::Risen(before - now)),
        (now, Some(before)) if now > before => Some(Change::Fallen(now - before)),
        (_, Some(_)) => None,
        (_, None) => rows.iter().any(|row| matches!(row.prev_rank, Some(Some(_)))).then_some(Change::New),
    }
}
