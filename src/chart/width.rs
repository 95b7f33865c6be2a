//! How wide a text is, without a font at hand.
//!
//! A picture is drawn on one machine and looked at on another, whose fonts nobody knows. So widths come from a table of
//! one common font for Latin, Greek and Cyrillic, and from a typical width per script for the rest, and a tenth is added
//! for the wider fonts (DejaVu, Verdana). Text is cut between clusters, never inside an emoji family or a flag.

mod advances;

use std::borrow::Cow;

use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthChar;

/// Reserve for wider fonts.
const RESERVE: f64 = 1.1;

/// Bold letters are that much wider.
const BOLD: f64 = 1.07;

/// A font's size in pixels, and its weight.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Font {
    pub size: f64,
    pub bold: bool,
}

impl Font {
    pub(super) const fn regular(size: f64) -> Font {
        Font { size, bold: false }
    }

    pub(super) const fn bold(size: f64) -> Font {
        Font { size, bold: true }
    }

    /// Pixels that a text takes at most, in most fonts.
    pub(super) fn width(self, text: &str) -> f64 {
        let thousandths: u32 = text.graphemes(true).map(cluster_advance).sum();
        let bold = if self.bold { BOLD } else { 1.0 };
        f64::from(thousandths) / 1_000.0 * self.size * bold * RESERVE
    }

    /// The text, cut to a width; an ellipsis shows that something is missing.
    pub(super) fn cut(self, text: &str, most: f64) -> Cow<'_, str> {
        if self.width(text) <= most {
            return Cow::Borrowed(text);
        }
        let mut end = 0;
        let mut wide = self.width("…");
        for (at, cluster) in text.grapheme_indices(true) {
            wide += self.width(cluster);
            if wide > most {
                break;
            }
            end = at + cluster.len();
        }
        Cow::Owned(format!("{}…", text[..end].trim_end()))
    }

    /// The text in lines of a width, broken between words; the last of so many lines is cut.
    pub(super) fn wrap(self, text: &str, most: f64, lines: usize) -> Vec<String> {
        let mut wrapped: Vec<String> = vec![String::new()];
        for word in text.split(' ').filter(|word| !word.is_empty()) {
            let full = wrapped.len() == lines;
            let Some(line) = wrapped.last_mut() else { break };
            let longer = if line.is_empty() { word.to_owned() } else { format!("{line} {word}") };
            if line.is_empty() || full || self.width(&longer) <= most {
                *line = longer;
            } else {
                wrapped.push(word.to_owned());
            }
        }
        wrapped.iter().map(|line| self.cut(line, most).into_owned()).collect()
    }
}

/// Of what is seen as one character, in thousandths of the font's size.
fn cluster_advance(cluster: &str) -> u32 {
    // The parts of an emoji family or a flag are drawn as one picture.
    if cluster.chars().any(is_pictograph) {
        return 1_300;
    }
    cluster.chars().map(advance).sum()
}

fn is_pictograph(c: char) -> bool {
    matches!(c, '\u{1f000}'..='\u{1faff}' | '\u{fe0f}' | '\u{20e3}')
}

fn advance(c: char) -> u32 {
    let code = u32::from(c);
    if let Some(advance) =
        code.checked_sub(advances::FIRST).and_then(|at| advances::ADVANCES.get(at as usize))
    {
        return u32::from(*advance);
    }
    match c.width() {
        None | Some(0) => return 0,
        Some(2) => return 1_050,
        Some(_) => {}
    }
    match code {
        0x0530..=0x058f | 0x10a0..=0x10ff => 720,   // Armenian, Georgian
        0x0590..=0x05ff => 560,                     // Hebrew
        0x0600..=0x08ff => 620,                     // Arabic, joined
        0x0900..=0x0aff => 740,                     // Devanagari, Bengali, Gurmukhi, Gujarati
        0x0b80..=0x0bff | 0x0d00..=0x0dff => 1_150, // Tamil, Malayalam, Sinhala
        0x0b00..=0x0cff => 880,                     // Oriya, Telugu, Kannada
        0x0e00..=0x0eff => 640,                     // Thai, Lao
        0x1000..=0x109f => 980,                     // Burmese
        0x1780..=0x17ff => 780,                     // Khmer
        0x1e00..=0x1fff => 650,                     // Latin with several marks, Greek with accents
        0x2014 | 0x2015 | 0x2026 | 0x2030 => 1_000,
        0x2000..=0x206f => 500,
        0xfdfa..=0xfdfb => 2_600,
        0xfdfd => 10_000,           // a whole sentence in one character
        0x12000..=0x1467f => 2_300, // cuneiform, hieroglyphs
        _ => 850,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FONT: Font = Font::regular(10.0);

    #[test]
    fn wide_letters_are_wider() {
        assert!(FONT.width("#WWWWMMMM") > 2.0 * FONT.width("#iiiillll"));
        assert!(Font::bold(10.0).width("a") > FONT.width("a"));
        assert_eq!(FONT.width(""), 0.0);
    }

    #[test]
    fn marks_and_joiners_take_no_room() {
        assert_eq!(FONT.width("e\u{301}"), FONT.width("e"));
        assert_eq!(FONT.width("👨‍👩‍👧‍👦"), FONT.width("👍"));
        assert_eq!(FONT.width("\u{2068}a\u{2069}"), FONT.width("a"));
    }

    #[test]
    fn text_is_cut_to_its_room() {
        let text = "👨‍👩‍👧‍👦".repeat(20);
        let cut = FONT.cut(&text, 60.0);
        assert!(FONT.width(&cut) <= 60.0 && cut.ends_with('…'));
        assert_eq!(cut.trim_end_matches('…').chars().count() % 7, 0, "whole families only");
        assert_eq!(FONT.cut("abc", 100.0), "abc");
        assert_eq!(FONT.cut("abc", 0.0), "…");
    }

    #[test]
    fn lines_are_broken_between_words_and_the_last_is_cut() {
        assert_eq!(FONT.wrap("a b", 100.0, 2), ["a b"]);
        let lines = FONT.wrap("one two three four five six seven", 60.0, 2);
        assert_eq!(lines.len(), 2);
        assert!(lines[1].ends_with('…') && lines.iter().all(|line| FONT.width(line) <= 60.0), "{lines:?}");
        assert_eq!(FONT.wrap("", 60.0, 2), [""]);
    }
}
