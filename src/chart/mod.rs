//! Pictures of window rows.
//!
//! A chart is a pure function from rows and options to the text of an SVG: the same rows give the same bytes, on any
//! machine, in any locale. [`KINDS`] lists what there is; another kind is one file and one line in that list. What all
//! kinds share: text widths without a font (`width`), round ticks and figures (`scale`), one table of colours
//! ([`colour`]), the words around a picture (`caption`), and the writer that escapes everything (`svg`).

mod barh;
mod caption;
pub mod colour;
mod latest;
mod options;
mod order;
mod scale;
mod svg;
#[cfg(test)]
mod tests;
mod width;

use std::fmt;
use std::str::FromStr;

pub use latest::Latest;
pub use options::{ChartOptions, TITLE_PLACES, Theme, parse_title};

use crate::row::Row;

/// A kind of chart.
#[derive(Clone, Copy)]
pub struct Kind {
    /// What the user calls it.
    pub name: &'static str,
    /// What it shows, in a few words.
    pub help: &'static str,
    draw: fn(&[Row], &ChartOptions) -> String,
}

/// All kinds of charts; the first is the default.
pub const KINDS: [Kind; 1] =
    [Kind { name: "barh", help: "horizontal bars of the newest window", draw: barh::draw }];

impl Kind {
    /// The chart as an SVG document.
    pub fn draw(&self, rows: &[Row], options: &ChartOptions) -> String {
        (self.draw)(rows, options)
    }
}

impl Default for Kind {
    fn default() -> Self {
        KINDS[0]
    }
}

impl FromStr for Kind {
    type Err = String;

    fn from_str(name: &str) -> Result<Kind, String> {
        let names = || KINDS.map(|kind| kind.name).join(", ");
        KINDS
            .into_iter()
            .find(|kind| kind.name == name)
            .ok_or_else(|| format!("`{name}` is no chart; there are {}", names()))
    }
}

impl fmt::Debug for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}
