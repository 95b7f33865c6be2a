//! What a user may choose of a chart.

use std::str::FromStr;

use jiff::tz::TimeZone;

/// Colours of the ground and all on it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Theme {
    /// As the viewer's system says, where the viewer tells pictures.
    #[default]
    Auto,
    /// On white.
    Light,
    /// On near black.
    Dark,
}

impl Theme {
    /// All names, for help texts.
    pub const NAMES: [&str; 3] = ["auto", "light", "dark"];

    pub(super) fn name(self) -> &'static str {
        match self {
            Theme::Auto => "auto",
            Theme::Light => "light",
            Theme::Dark => "dark",
        }
    }
}

impl FromStr for Theme {
    type Err = String;

    fn from_str(name: &str) -> Result<Theme, String> {
        match name {
            "auto" => Ok(Theme::Auto),
            "light" => Ok(Theme::Light),
            "dark" => Ok(Theme::Dark),
            _ => Err(format!("`{name}` is no theme; there are {}", Theme::NAMES.join(", "))),
        }
    }
}

/// What a title is filled in with, by name.
pub const TITLE_PLACES: [&str; 8] = ["top", "key", "start", "end", "date", "window", "length", "total"];

/// Checks a title that a user gives: a misspelt place would be drawn as it stands.
///
/// # Errors
/// A name in braces that is none of [`TITLE_PLACES`].
pub fn parse_title(title: &str) -> Result<String, String> {
    let is_name = |name: &str| !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_lowercase());
    let names = title.split('{').skip(1).filter_map(|rest| Some(rest.split_once('}')?.0));
    match names.into_iter().find(|name| is_name(name) && !TITLE_PLACES.contains(name)) {
        Some(name) => {
            Err(format!("{{{name}}} is not filled in; there are {{{}}}", TITLE_PLACES.join("}, {")))
        }
        None => Ok(title.to_owned()),
    }
}

/// What a user may choose of a chart.
#[derive(Clone, Debug, PartialEq)]
pub struct ChartOptions {
    /// With `{top}` (bars shown), `{key}` (what they are), `{start}`, `{end}`, `{date}`, `{window}` (all of it, with the zone),
    /// `{length}`, `{total}`; made from the rows when none is given.
    pub title: Option<String>,
    /// What is counted: `tweets`.
    pub unit: Option<String>,
    /// What the keys are called, in place of their column names: `hashtag`.
    pub label: Option<String>,
    /// Where the data come from, for the footer.
    pub source: Option<String>,
    /// In pixels; at least [`ChartOptions::MIN_WIDTH`].
    pub width: u32,
    /// Of the whole picture, in pixels, where its kind can fill it; others are as high as their rows need, but not lower.
    pub height: Option<u32>,
    /// Of one bar, in pixels, where no height is given.
    pub bar_height: u32,
    /// Keys at most.
    pub top: usize,
    /// Windows at most, in charts of several.
    pub windows: usize,
    /// The number column that is drawn in place of `count`.
    pub value: Option<String>,
    /// Shares in place of numbers, where they stack.
    pub normalize: bool,
    /// Light, dark, or as the viewer has it.
    pub theme: Theme,
    /// Of the times shown.
    pub zone: TimeZone,
}

impl ChartOptions {
    /// A narrower chart has no room for labels.
    pub const MIN_WIDTH: u32 = 320;
}

impl Default for ChartOptions {
    fn default() -> Self {
        ChartOptions {
            title: None,
            unit: None,
            label: None,
            source: None,
            width: 800,
            height: None,
            bar_height: 22,
            top: 10,
            windows: 360,
            value: None,
            normalize: false,
            theme: Theme::Auto,
            zone: TimeZone::UTC,
        }
    }
}
