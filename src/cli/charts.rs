//! The arguments that say what a chart shows, whatever draws it.

use clap::Args;

use crate::chart::{ChartOptions, Kind, parse_title};
use crate::drive::Usage;
use crate::state::Settings;
use crate::time::time_zone;

/// What a chart shows.
#[derive(Args, Clone, Debug)]
pub struct ChartArgs {
    /// The title; {top} {key} {start} {end} {date} {window} {length} {total} are filled in
    #[arg(long, value_parser = parse_title, help_heading = "Chart")]
    title: Option<String>,
    /// What is counted, such as tweets
    #[arg(long, value_name = "WORD", help_heading = "Chart")]
    unit: Option<String>,
    /// What the keys are called, in place of their column name
    #[arg(long, value_name = "WORD", help_heading = "Chart")]
    label: Option<String>,
    /// Where the data come from, for the footer
    #[arg(long, value_name = "TEXT", help_heading = "Chart")]
    source: Option<String>,
    /// Draw so many keys at most; lines have no more than 8
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = parse_top, help_heading = "Chart")]
    top: usize,
    /// Draw so many windows at most, the newest
    #[arg(long, value_name = "N", default_value_t = 360, value_parser = parse_windows, help_heading = "Chart")]
    windows: usize,
    /// Draw this number column of the rows in place of count
    #[arg(long, value_name = "COLUMN", help_heading = "Chart")]
    value: Option<String>,
    /// Show shares in place of numbers, where keys stack
    #[arg(long, help_heading = "Chart")]
    normalize: bool,
    /// The time zone of the times shown
    #[arg(long, value_name = "ZONE", default_value = "UTC", help_heading = "Chart")]
    tz: String,
}

impl ChartArgs {
    /// What the chart shows.
    ///
    /// # Errors
    ///
    /// A time zone that there is not.
    pub fn options(&self) -> Result<ChartOptions, Usage> {
        let zone = time_zone(&self.tz).map_err(|error| Usage(error.to_string()))?;
        Ok(ChartOptions {
            title: self.title.clone(),
            unit: self.unit.clone(),
            label: self.label.clone(),
            source: self.source.clone(),
            top: self.top,
            windows: self.windows,
            value: self.value.clone(),
            normalize: self.normalize,
            zone,
            ..ChartOptions::default()
        })
    }

    /// What must be the same in a run that goes on with the windows of another: which of them and of their rows are kept.
    pub fn settings(&self, kind: &Kind) -> Settings {
        let mut settings = Settings::new();
        settings.insert("kind".into(), kind.name.into());
        settings.insert("top".into(), self.top.into());
        settings.insert("windows".into(), self.windows.into());
        settings.insert("value".into(), self.value.clone().into());
        settings
    }
}

fn parse_top(text: &str) -> Result<usize, String> {
    let range = 1..=100;
    text.parse()
        .ok()
        .filter(|top| range.contains(top))
        .ok_or_else(|| "expected a number from 1 to 100".into())
}

fn parse_windows(text: &str) -> Result<usize, String> {
    let range = 2..=100_000;
    text.parse()
        .ok()
        .filter(|windows| range.contains(windows))
        .ok_or_else(|| "expected a number from 2 to 100000".into())
}
