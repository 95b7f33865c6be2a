//! A grid of cells to draw lines on: braille has two by four dots in each, ASCII one letter.

use super::{Screen, paint::Paint};
use crate::chart::colour::Colour;

/// See the head of this file.
pub(super) struct Canvas {
    columns: usize,
    rows: usize,
    ascii: bool,
    /// Dots, or in ASCII the letter, and the colour of what was drawn last.
    cells: Vec<Option<(u8, Colour)>>,
}

/// Letters of lines in ASCII.
pub(super) const LETTERS: [u8; 8] = *b"*o+x#%@=";

impl Canvas {
    pub(super) fn new(screen: &Screen, columns: usize, rows: usize) -> Canvas {
        Canvas { columns, rows, ascii: screen.ascii, cells: vec![None; columns * rows] }
    }

    /// Dots from left to right and from top to bottom.
    pub(super) fn size(&self) -> (usize, usize) {
        if self.ascii { (self.columns, self.rows) } else { (self.columns * 2, self.rows * 4) }
    }

    /// Draws a straight line between two dots.
    pub(super) fn line(&mut self, (x1, y1): (f64, f64), (x2, y2): (f64, f64), letter: usize, colour: Colour) {
        let steps = (x2 - x1).abs().max((y2 - y1).abs()).ceil().max(1.0);
        // No line is longer than the canvas.
        for step in 0..=(steps as usize).min(self.size().0 + self.size().1) {
            let part = step as f64 / steps;
            self.dot(x1 + (x2 - x1) * part, y1 + (y2 - y1) * part, letter, colour);
        }
    }

    /// Draws a dot; outside there is none.
    pub(super) fn dot(&mut self, x: f64, y: f64, letter: usize, colour: Colour) {
        let (wide, high) = self.size();
        let (x, y) = (x.round(), y.round());
        if !(0.0..wide as f64).contains(&x) || !(0.0..high as f64).contains(&y) {
            return;
        }
        let (x, y) = (x as usize, y as usize);
        let (at, mark) = if self.ascii {
            (y * self.columns + x, LETTERS[letter % LETTERS.len()])
        } else {
            const DOTS: [[u8; 4]; 2] = [[0x01, 0x02, 0x04, 0x40], [0x08, 0x10, 0x20, 0x80]];
            ((y / 4) * self.columns + x / 2, DOTS[x % 2][y % 4])
        };
        let dots = self.cells[at].map_or(0, |(dots, _)| dots);
        self.cells[at] = Some((if self.ascii { mark } else { dots | mark }, colour));
    }

    /// Appends a row of cells to a line.
    pub(super) fn row(&self, row: usize, line: &mut Paint) {
        let cells = &self.cells[row * self.columns..(row + 1) * self.columns];
        for run in cells.chunk_by(|a, b| a.map(|(_, colour)| colour) == b.map(|(_, colour)| colour)) {
            match run.first().copied().flatten() {
                None => line.blank(run.len()),
                Some((_, colour)) => {
                    let text: String =
                        run.iter().flatten().filter_map(|(mark, _)| self.letter(*mark)).collect();
                    line.text(&text, colour);
                }
            }
        }
    }

    fn letter(&self, mark: u8) -> Option<char> {
        if self.ascii { Some(char::from(mark)) } else { char::from_u32(0x2800 + u32::from(mark)) }
    }
}
