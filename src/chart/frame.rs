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

    /// The picture, whose plot ends at `bottom`.
    pub(super) fn finish(mut self, bottom: f64) -> String {
        let room = self.width - 2.0 * MARGIN;
        let mut footer = SMALL.wrap(&self.words.footer, room, 3);
        for line in &mut footer {
            line.truncate(line.trim_end_matches([' ', '·']).len());
        }
        let height = lines(&mut self.svg, &footer, SMALL, "muted", bottom, 16.0) + 14.0;
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
