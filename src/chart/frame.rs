//! What stands around every picture: title, range, notice above; what was counted below.

use super::options::ChartOptions;
use super::svg::{Anchor, Svg, Text};
use super::width::Font;

/// Around everything.
pub(super) const MARGIN: f64 = 20.0;

pub(super) const LABEL: Font = Font::regular(13.0);
pub(super) const SMALL: Font = Font::regular(11.0);
const TITLE: Font = Font::bold(18.0);
const SUBTITLE: Font = Font::regular(13.0);

/// From line to line of the footer, and below it.
const FOOTER: f64 = 16.0;
const BOTTOM: f64 = 14.0;
/// A plot of a picture whose height is given.
const LEAST_PLOT: f64 = 80.0;
const MOST_PLOT: f64 = 10_000.0;

/// The words around a picture.
#[derive(Clone, Debug)]
pub(super) struct Words {
    /// What the picture is called, also where no title is drawn.
    pub name: String,
    pub title: String,
    pub subtitle: String,
    /// What is not final.
    pub notice: Option<&'static str>,
    pub footer: String,
    /// All of it for those who do not see it.
    pub description: String,
}

/// A picture in the making: the heading is drawn, the plot comes next.
pub(super) struct Frame {
    words: Words,
    options: ChartOptions,
    pub svg: Svg,
    /// Of the whole picture.
    pub width: f64,
    /// Where the plot begins.
    pub top: f64,
}

impl Frame {
    pub(super) fn begin(words: Words, options: &ChartOptions) -> Frame {
        let width = f64::from(options.width.max(ChartOptions::MIN_WIDTH));
        let mut svg = Svg::default();
        let room = width - 2.0 * MARGIN;
        let mut y = lines(&mut svg, &TITLE.wrap(&words.title, room, 2), TITLE, "ink", 14.0, 22.0);
        y = lines(&mut svg, &SUBTITLE.wrap(&words.subtitle, room, 2), SUBTITLE, "muted", y, 19.0);
        if let Some(notice) = words.notice {
            y = lines(&mut svg, &[notice.to_owned()], Font::bold(SUBTITLE.size), "new", y, 19.0);
        }
        Frame { words, options: options.clone(), svg, width, top: y + 16.0 }
    }

    /// A picture that only says why there is nothing to see.
    pub(super) fn nothing(words: Words, options: &ChartOptions, why: &str) -> String {
        let mut frame = Frame::begin(words, options);
        let (x, y) = (frame.width / 2.0, frame.top + 40.0);
        let room = frame.width - 2.0 * MARGIN;
        frame.svg.text(Text {
            x,
            y,
            anchor: Anchor::Middle,
            font: LABEL,
            class: "muted",
            text: &LABEL.cut(why, room),
        });
        frame.finish(y + 40.0)
    }

    /// How high a plot is that has `below` pixels of its own under it: what the picture has left, if its height is given.
    pub(super) fn plot_height(&self, usual: f64, below: f64) -> f64 {
        let footer = self.footer().iter().filter(|line| !line.is_empty()).count() as f64 * FOOTER + BOTTOM;
        let room = |height: u32| f64::from(height) - self.top - below - footer;
        self.options.height.map_or(usual, |height| room(height).clamp(LEAST_PLOT, MOST_PLOT))
    }

    /// How high each of some bars is, with gaps between them and `below` pixels under them.
    pub(super) fn bar_height(&self, bars: usize, gap: f64, below: f64) -> f64 {
        let usual = f64::from(self.options.bar_height.clamp(4, 200));
        match self.options.height {
            Some(_) => (self.plot_height(0.0, below) / bars.max(1) as f64 - gap).clamp(14.0, 200.0),
            None => usual,
        }
    }

    fn footer(&self) -> Vec<String> {
        let mut footer = SMALL.wrap(&self.words.footer, self.width - 2.0 * MARGIN, 3);
        for line in &mut footer {
            line.truncate(line.trim_end_matches([' ', '·']).len());
        }
        footer
    }

    /// The picture, whose plot ends at `bottom`.
    pub(super) fn finish(mut self, bottom: f64) -> String {
        let footer = self.footer();
        let needed = lines(&mut self.svg, &footer, SMALL, "muted", bottom, FOOTER) + BOTTOM;
        let height = needed.max(self.options.height.map_or(0.0, f64::from));
        let Words { name, description, .. } = &self.words;
        self.svg.finish(self.width, height, self.options.theme, name, description)
    }
}

/// Draws lines of text below `y`; gives the last one's baseline.
fn lines(svg: &mut Svg, texts: &[String], font: Font, class: &'static str, mut y: f64, leading: f64) -> f64 {
    for text in texts.iter().filter(|text| !text.is_empty()) {
        y += leading;
        svg.text(Text { x: MARGIN, y, anchor: Anchor::Start, font, class, text });
    }
    y
}
