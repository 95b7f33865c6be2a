//! Pictures of window rows.
//!
//! A chart is a pure function from rows and options to the text of an SVG: the same rows give the same bytes, on any
//! machine, in any locale. [`KINDS`] lists what there is; another kind is one file and one line in that list. What all
//! kinds share: text widths without a font (`width`), round ticks and figures (`scale`), one table of colours
//! ([`colour`]), the words around a picture (`caption`), and the writer that escapes everything (`svg`).

mod axis;
mod bar;
mod barh;
mod bump;
mod caption;
mod clock;
pub mod colour;
mod diverge;
mod facet;
mod frame;
mod heat;
mod line;
mod options;
mod order;
mod over_time;
mod page;
mod palette;
mod race;
mod ramp;
mod recent;
mod scale;
mod spark;
mod stack;
mod svg;
mod term;
#[cfg(test)]
mod tests;
mod week;
mod width;

use std::fmt;

use crate::near::nearest;

pub use caption::{Heading, label};
pub use options::{ChartOptions, TITLE_PLACES, Theme, parse_title};
pub use order::First;
pub use page::page;
pub use palette::Palette;
pub use recent::Recent;
pub use term::{Depth, Screen};

/// A kind of chart.
#[derive(Clone, Copy)]
pub struct Kind {
    /// What the user calls it.
    pub name: &'static str,
    /// What it shows, in a few words.
    pub help: &'static str,
    /// Of the newest window alone, or of several.
    scope: Scope,
    svg: Option<fn(&Recent, &ChartOptions) -> String>,
    text: Option<fn(&Recent, &ChartOptions, &Screen) -> String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Scope {
    Newest,
    Several,
}

/// All kinds of charts; the first is the default.
pub const KINDS: [Kind; 12] = [
    newest("barh", "horizontal bars of the newest window").svg(barh::draw).text(term::barh),
    newest("bar", "upright bars of the newest window").svg(bar::draw),
    newest("diverge", "bars on both sides of zero").svg(diverge::draw),
    several("line", "lines over time, one for each key").svg(line::draw).text(term::line),
    several("area", "lines over time with what lies below them").svg(line::draw_area),
    several("stack", "columns over time, the keys on top of one another").svg(stack::draw).text(term::stack),
    several("heat", "a shade for each key and window").svg(heat::draw).text(term::heat),
    several("week", "a shade for each hour of the week").svg(week::draw).text(term::week),
    several("spark", "a small course for each key").svg(spark::draw).text(term::spark),
    several("facet", "a small plot for each key, on one scale").svg(facet::draw).text(term::facet),
    several("bump", "ranks over time").svg(bump::draw),
    several("race", "a race of bars, in motion").svg(race::draw),
];

const fn newest(name: &'static str, help: &'static str) -> Kind {
    Kind { name, help, scope: Scope::Newest, svg: None, text: None }
}

const fn several(name: &'static str, help: &'static str) -> Kind {
    Kind { scope: Scope::Several, ..newest(name, help) }
}

impl Kind {
    const fn svg(self, draw: fn(&Recent, &ChartOptions) -> String) -> Kind {
        Kind { svg: Some(draw), ..self }
    }

    const fn text(self, draw: fn(&Recent, &ChartOptions, &Screen) -> String) -> Kind {
        Kind { text: Some(draw), ..self }
    }

    /// The kind of a name that is drawn as SVG.
    ///
    /// # Errors
    ///
    /// A name that is none, with those that are.
    pub fn of_svg(name: &str) -> Result<Kind, String> {
        Kind::find(name, |kind| kind.svg.is_some())
    }

    /// The kind of a name that is drawn in a terminal.
    ///
    /// # Errors
    ///
    /// A name that is none, with those that are.
    pub fn of_text(name: &str) -> Result<Kind, String> {
        Kind::find(name, |kind| kind.text.is_some())
    }

    fn find(name: &str, is_drawn: fn(&Kind) -> bool) -> Result<Kind, String> {
        let known: Vec<Kind> = KINDS.into_iter().filter(is_drawn).collect();
        let names = || known.iter().map(|kind| kind.name).collect::<Vec<_>>().join(", ");
        let hint = if KINDS.iter().any(|kind| kind.name == name) { " here" } else { "" };
        known.iter().find(|kind| kind.name == name).copied().ok_or_else(|| {
            let near = nearest(name, known.iter().map(|kind| kind.name));
            let meant = near.map(|near| format!(", did you mean {near}?")).unwrap_or_default();
            format!("`{name}` is no chart{hint}{meant}; there are {}", names())
        })
    }

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

    /// The chart as an SVG document; empty for a kind that is not of [`Kind::of_svg`].
    pub fn draw(&self, recent: &Recent, options: &ChartOptions) -> String {
        self.svg.map(|draw| draw(recent, options)).unwrap_or_default()
    }

    /// The chart as lines of text; empty for a kind that is not of [`Kind::of_text`].
    pub fn draw_text(&self, recent: &Recent, options: &ChartOptions, screen: &Screen) -> String {
        self.text.map(|draw| draw(recent, options, screen)).unwrap_or_default()
    }
}

impl Default for Kind {
    fn default() -> Self {
        KINDS[0]
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
