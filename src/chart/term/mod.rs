//! The same charts in a terminal: the same windows, scales, colours and words, in lines of text.
//!
//! Numbers and bars stand before labels, since nobody can tell how many columns a terminal gives to the letters of some
//! scripts: what stands last misaligns nothing. No line is wider than the screen by the usual width of its letters.

mod barh;
mod canvas;
mod facet;
mod heat;
mod line;
mod paint;
mod spark;
mod stack;
#[cfg(test)]
mod tests;
mod week;

pub(super) use barh::draw as barh;
pub(super) use facet::draw as facet;
pub(super) use heat::draw as heat;
pub(super) use line::draw as line;
pub(super) use spark::draw as spark;
pub(super) use stack::draw as stack;
pub(super) use week::draw as week;

use super::colour::{Colour, INK, MUTED, NEW};
use super::frame::Words;
use super::options::Theme;
use super::over_time::OverTime;
use crate::jsonl::format::people::columns_wide;
use crate::time::Millis;
use paint::Paint;

/// How many colours a terminal has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Depth {
    /// None, or none are wanted.
    #[default]
    None,
    /// The 256 of xterm.
    Ansi256,
    /// All.
    True,
}

/// What a terminal can show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Screen {
    /// In columns; at least [`Screen::MIN_WIDTH`] are used.
    pub width: usize,
    /// In lines; at least [`Screen::MIN_HEIGHT`] are used.
    pub height: usize,
    /// Its colours.
    pub depth: Depth,
    /// Letters and signs of ASCII alone draw the chart; labels keep theirs.
    pub ascii: bool,
    /// Its ground; [`Theme::Auto`] is dark.
    pub theme: Theme,
}

impl Screen {
    /// A narrower chart has no room for labels.
    pub const MIN_WIDTH: usize = 40;
    /// A lower chart has no room for a plot.
    pub const MIN_HEIGHT: usize = 12;
}

impl Default for Screen {
    fn default() -> Self {
        Screen { width: 80, height: 24, depth: Depth::None, ascii: false, theme: Theme::Dark }
    }
}

/// A chart in the making.
struct Page {
    screen: Screen,
    lines: Vec<String>,
}

impl Page {
    fn begin(screen: &Screen, words: &Words) -> Page {
        let screen = Screen {
            width: screen.width.max(Screen::MIN_WIDTH),
            height: screen.height.max(Screen::MIN_HEIGHT),
            ..*screen
        };
        let mut page = Page { screen, lines: Vec::new() };
        page.words(&words.title, INK, true);
        page.words(&words.subtitle, MUTED, false);
        page.words(words.notice.unwrap_or_default(), NEW, false);
        page
    }

    /// A page that only says why there is nothing to see.
    fn nothing(screen: &Screen, words: &Words, why: &str) -> String {
        let mut page = Page::begin(screen, words);
        page.words(why, MUTED, false);
        page.finish(words)
    }

    fn words(&mut self, text: &str, colour: Colour, bold: bool) {
        if !text.trim().is_empty() {
            let mut paint = self.paint();
            match bold {
                true => paint.bold(text, colour),
                false => paint.text(text, colour),
            }
            self.push(paint);
        }
    }

    fn paint(&self) -> Paint {
        Paint::new(&self.screen)
    }

    fn push(&mut self, paint: Paint) {
        self.lines.push(paint.finish());
    }

    /// Lines that a plot may have, between the heading and `below` lines of its own and the footer.
    fn room(&self, below: usize) -> usize {
        // The footer, and the line that the cursor is left in.
        self.screen.height.saturating_sub(self.lines.len() + below + 2)
    }

    fn finish(mut self, words: &Words) -> String {
        let mut line = String::new();
        for part in words.footer.split(" · ") {
            let longer = if line.is_empty() { part.to_owned() } else { format!("{line} · {part}") };
            if columns_wide(&longer) > self.screen.width && !line.is_empty() {
                self.words(&line, MUTED, false);
                line = part.to_owned();
            } else {
                line = longer;
            }
        }
        self.words(&line, MUTED, false);
        self.lines.iter().flat_map(|line| [line.as_str(), "\n"]).collect()
    }
}

/// Times below a plot that begins at a column, `at` of which gives their place in it.
fn times(page: &mut Page, over: &OverTime<'_>, left: usize, width: usize, at: impl Fn(Millis) -> usize) {
    let (Some(first), Some(last)) = (over.columns.first(), over.columns.last()) else { return };
    let mut line = page.paint();
    line.blank(left);
    let mut free = 0;
    for tick in over.ticks(first.at, last.at, (width / 14).max(1)) {
        let wide = columns_wide(&tick.text);
        let begin = at(tick.at).saturating_sub(wide / 2).min(width.saturating_sub(wide));
        if begin >= free && begin + wide <= width {
            line.blank(left + begin - line.wide());
            line.text(&tick.text, MUTED);
            free = begin + wide + 2;
        }
    }
    page.push(line);
}
