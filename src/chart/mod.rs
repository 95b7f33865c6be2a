//! Pictures of window rows.
//!
//! A chart is a pure function from rows and options to the text of an SVG: the same rows give the same bytes, on any
//! machine, in any locale. [`KINDS`] lists what there is; another kind is one file and one line in that list. What all
//! kinds share: text widths without a font (`width`), round ticks and figures (`scale`), one table of colours
//! ([`colour`]), the words around a picture (`caption`), and the writer that escapes everything (`svg`).

mod barh;
mod caption;
mod clock;
pub mod colour;
mod frame;
mod heat;
mod line;
mod options;
mod order;
mod over_time;
mod palette;
mod ramp;
mod recent;
mod scale;
mod stack;
mod svg;
#[cfg(test)]
mod tests;
mod week;
mod width;

use std::fmt;
use std::str::FromStr;

pub use options::{ChartOptions, TITLE_PLACES, Theme, parse_title};
pub use palette::Palette;
pub use recent::Recent;

/// A kind of chart.
#[derive(Clone, Copy)]
pub struct Kind {
    /// What the user calls it.
    pub name: &'static str,
    /// What it shows, in a few words.
    pub help: &'static str,
    /// Of the newest window alone, or of several.
    scope: Scope,
    draw: fn(&Recent, &ChartOptions) -> String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Scope {
    Newest,
    Several,
}

/// All kinds of charts; the first is the default.
pub const KINDS: [Kind; 6] = [
    newest("barh", "horizontal bars of the newest window", barh::draw),
    several("line", "lines over time, one for each key", line::draw),
    several("area", "lines over time with what lies below them", line::draw_area),
    several("stack", "columns over time, the keys on top of one another", stack::draw),
    several("heat", "a shade for each key and window", heat::draw),
    several("week", "a shade for each hour of the week", week::draw),
];

const fn newest(name: &'static str, help: &'static str, draw: fn(&Recent, &ChartOptions) -> String) -> Kind {
    Kind { name, help, scope: Scope::Newest, draw }
}

const fn several(name: &'static str, help: &'static str, draw: fn(&Recent, &ChartOptions) -> String) -> Kind {
    Kind { name, help, scope: Scope::Several, draw }
}

impl Kind {
    /// An empty collection of the windows that the chart shows.
    pub fn collect(&self, options: &ChartOptions) -> Recent {
        match self.scope {
            Scope::Newest => Recent::newest(options),
            Scope::Several => Recent::several(options),
        }
    }

    /// Whether the chart shows several windows.
    pub fn is_over_time(&self) -> bool {
        self.scope == Scope::Several
    }

    /// The chart as an SVG document.
    pub fn draw(&self, recent: &Recent, options: &ChartOptions) -> String {
        (self.draw)(recent, options)
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
