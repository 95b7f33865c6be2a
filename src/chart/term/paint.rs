//! One line of a terminal, in the making: coloured text that knows how wide it is.

use std::fmt::Write as _;

use super::{Depth, Screen};
use crate::chart::colour::Colour;
use crate::chart::options::Theme;
use crate::jsonl::format::people::{columns_wide, cut};

/// See the head of this file.
#[derive(Clone, Debug)]
pub(super) struct Paint {
    screen: Screen,
    line: String,
    wide: usize,
}

impl Paint {
    pub(super) fn new(screen: &Screen) -> Paint {
        Paint { screen: *screen, line: String::new(), wide: 0 }
    }

    /// Columns so far.
    pub(super) fn wide(&self) -> usize {
        self.wide
    }

    pub(super) fn blank(&mut self, columns: usize) {
        let columns = columns.min(self.screen.width.saturating_sub(self.wide));
        self.line.extend(std::iter::repeat_n(' ', columns));
        self.wide += columns;
    }

    /// Text of one colour, cut where the screen ends.
    pub(super) fn text(&mut self, text: &str, colour: Colour) {
        self.styled(text, &[foreground(colour, &self.screen)]);
    }

    pub(super) fn bold(&mut self, text: &str, colour: Colour) {
        self.styled(text, &["1".to_owned(), foreground(colour, &self.screen)]);
    }

    /// Text that ends at a width.
    pub(super) fn right(&mut self, text: &str, width: usize, colour: Colour) {
        self.blank(width.saturating_sub(columns_wide(text)));
        self.text(text, colour);
    }

    /// Blanks on a ground of this colour.
    pub(super) fn ground(&mut self, columns: usize, colour: Colour) {
        let code = format!("48;{}", number(colour, &self.screen));
        self.styled(&" ".repeat(columns), &[code]);
    }

    fn styled(&mut self, text: &str, codes: &[String]) {
        let room = self.screen.width.saturating_sub(self.wide);
        if room == 0 {
            return;
        }
        let text = cut(text, room);
        self.wide += columns_wide(&text);
        if self.screen.depth == Depth::None || text.is_empty() {
            self.line.push_str(&text);
            return;
        }
        // Writing to memory cannot fail.
        let _ = write!(self.line, "\x1b[{}m{text}\x1b[0m", codes.join(";"));
    }

    /// The line, without blanks at its end.
    pub(super) fn finish(mut self) -> String {
        self.line.truncate(self.line.trim_end_matches(' ').len());
        self.line
    }
}

fn foreground(colour: Colour, screen: &Screen) -> String {
    format!("38;{}", number(colour, screen))
}

/// What follows 38 or 48 in an escape sequence.
fn number(colour: Colour, screen: &Screen) -> String {
    let hex = if screen.theme == Theme::Light { colour.light } else { colour.dark };
    let channel =
        |at: usize| hex.get(at..at + 2).and_then(|hex| u8::from_str_radix(hex, 16).ok()).unwrap_or(0);
    let [red, green, blue] = [1, 3, 5].map(channel);
    match screen.depth {
        Depth::Ansi256 => format!("5;{}", nearest(red, green, blue)),
        _ => format!("2;{red};{green};{blue}"),
    }
}

/// The nearest of xterm's colours: a cube of six levels a channel, and 24 greys.
fn nearest(red: u8, green: u8, blue: u8) -> u8 {
    const LEVELS: [u8; 6] = [0, 95, 135, 175, 215, 255];
    let level = |value: u8| (0..6_u8).min_by_key(|at| LEVELS[usize::from(*at)].abs_diff(value)).unwrap_or(0);
    let (r, g, b) = (level(red), level(green), level(blue));
    let distance = |other: [u8; 3]| -> u32 {
        [red, green, blue].iter().zip(other).map(|(a, b)| u32::from(a.abs_diff(b)).pow(2)).sum()
    };
    let cube = [r, g, b].map(|at| LEVELS[usize::from(at)]);
    let mean = (u32::from(red) + u32::from(green) + u32::from(blue)) / 3;
    let grey = u8::try_from((mean.saturating_sub(3) / 10).min(23)).unwrap_or(23);
    let of_grey = 8 + 10 * grey;
    if distance([of_grey; 3]) < distance(cube) { 232 + grey } else { 16 + 36 * r + 6 * g + b }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_colour_is_found() {
        for ((red, green, blue), code) in [
            ((0, 0, 0), 16),
            ((255, 255, 255), 231),
            ((255, 0, 0), 196),
            ((128, 128, 128), 244),
            ((86, 180, 233), 74),
        ] {
            assert_eq!(nearest(red, green, blue), code);
        }
    }

    #[test]
    fn a_line_ends_where_the_screen_does() {
        let mut paint = Paint::new(&Screen { width: 6, ..Screen::default() });
        paint.right("12", 4, crate::chart::colour::INK);
        paint.text("日本語", crate::chart::colour::INK);
        assert_eq!((paint.wide(), paint.finish().as_str()), (5, "  12…"));
    }
}
