//! `plot-svg`: draws the newest window, once at the end or again whenever a window is whole.

mod pace;
mod text;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::Context as _;

pub use text::{Looks, PlotText, TextOptions};

use pace::Pace;

use super::top::{RowMapper, row_recipe};
use crate::chart::{ChartOptions, Kind, Recent, page};
use crate::drive::{Context, End, Figures, Flow, Job, Recipe, Usage};
use crate::jsonl::{Chunk, replace_file};
use crate::row::Row;
use crate::time::Span;

/// What of a file's name stands for the length of the windows that are drawn.
pub const SIZE_PLACE: &str = "{size}";
/// Seconds after which a page is loaded anew that another run may have written meanwhile, as cron does.
const RELOAD: u64 = 60;
/// A page that is loaded more often cannot be read.
const LEAST_RELOAD: u64 = 2;

/// What is drawn, and where it goes.
#[derive(Clone, Debug)]
pub struct PlotOptions {
    /// The kind of chart.
    pub kind: Kind,
    /// What it looks like.
    pub chart: ChartOptions,
    /// The file, replaced as a whole; [`SIZE_PLACE`] in its name makes one chart for each length of window. `None`:
    /// standard output, at the end.
    pub file: Option<PathBuf>,
    /// Draw whenever a window is whole, but not more often than this; `None`: at the end.
    pub follow: Option<Duration>,
    /// Write a page around the picture that reloads itself, as often as it is drawn, until the input has ended.
    pub html: bool,
}

/// The job; see [`PlotOptions`].
pub struct Plot {
    options: PlotOptions,
    /// By length of window, where there is a chart for each; else one.
    charts: BTreeMap<String, Recent>,
    /// Charts that have something new to show.
    stale: Vec<String>,
    pace: Pace,
    drawn: u64,
    /// The input has ended.
    is_over: bool,
}

impl Plot {
    /// Charts with these options.
    pub fn new(options: PlotOptions) -> Plot {
        let pace = Pace::new(options.follow);
        Plot { options, charts: BTreeMap::new(), stale: Vec::new(), pace, drawn: 0, is_over: false }
    }

    /// Whether there was anything to draw.
    pub fn is_empty(&self) -> bool {
        self.charts.values().all(Recent::is_empty)
    }

    /// Which chart a row belongs to.
    fn chart_of(&self, row: &Row) -> String {
        let is_split = self.options.file.as_deref().is_some_and(has_size_place);
        match row.bounds {
            _ if !is_split => String::new(),
            Some(bounds) if !row.all => {
                Span::from_millis(bounds.end.saturating_sub(bounds.start)).to_string()
            }
            _ => "all".into(),
        }
    }

    fn has_news(&mut self, chart: String) {
        if !self.stale.contains(&chart) {
            self.stale.push(chart);
        }
    }

    fn draw_stale(&mut self, cx: &mut Context<'_>) -> anyhow::Result<()> {
        for chart in std::mem::take(&mut self.stale) {
            let PlotOptions { kind, chart: looks, .. } = &self.options;
            let svg = match self.charts.get(&chart) {
                Some(recent) => kind.draw(recent, looks),
                None => kind.draw(&kind.collect(looks), looks),
            };
            let svg = if self.options.html { page(&svg, looks.theme, self.reload()) } else { svg };
            match &self.options.file {
                Some(file) => {
                    let file = with_size(file, &chart);
                    replace_file(&file, svg.as_bytes())
                        .with_context(|| format!("cannot write {}", file.display()))?;
                }
                None => cx.out.text(svg.as_bytes())?,
            }
            self.drawn += 1;
        }
        self.pace.has_drawn();
        Ok(())
    }

    /// Seconds after which a page is loaded anew.
    fn reload(&self) -> Option<u64> {
        match self.options.follow {
            Some(_) if self.is_over => None,
            Some(every) => Some(every.as_secs().max(LEAST_RELOAD)),
            None => Some(RELOAD),
        }
    }

    /// Ends windows that wait for rows.
    fn end_partial(&mut self) {
        self.pace.is_settled();
        let ended = |(name, chart): (&String, &mut Recent)| chart.flush_partial().then(|| name.clone());
        let ended: Vec<String> = self.charts.iter_mut().filter_map(ended).collect();
        ended.into_iter().for_each(|chart| self.has_news(chart));
    }
}

impl Job for Plot {
    type Mapper = RowMapper;

    fn recipe(&self) -> Recipe<RowMapper> {
        row_recipe(true)
    }

    fn apply(&mut self, _chunk: &Chunk, rows: Vec<Row>, cx: &mut Context<'_>) -> anyhow::Result<Flow> {
        if !rows.is_empty() {
            self.pace.rows_came();
        }
        for row in rows {
            let name = self.chart_of(&row);
            let PlotOptions { kind, chart: looks, .. } = &self.options;
            let chart = self.charts.entry(name.clone()).or_insert_with(|| kind.collect(looks));
            if chart.push(row).map_err(|error| Usage(error.to_string()))? {
                self.has_news(name);
            }
        }
        if self.pace.is_due(!self.stale.is_empty()) {
            self.draw_stale(cx)?;
        }
        Ok(Flow::On)
    }

    fn alarm(&self) -> Option<Instant> {
        self.pace.alarm(!self.stale.is_empty())
    }

    fn ring(&mut self, cx: &mut Context<'_>) -> anyhow::Result<()> {
        if self.pace.is_silent() {
            self.end_partial();
        }
        if self.pace.is_due(!self.stale.is_empty()) {
            self.draw_stale(cx)?;
        }
        Ok(())
    }

    fn finish(&mut self, _end: End, cx: &mut Context<'_>) -> anyhow::Result<()> {
        self.end_partial();
        self.is_over = true;
        let hint = format!(": {SIZE_PLACE} in the name of the output makes a chart for each length");
        left_out(self.charts.values(), &self.options.chart, &hint, cx);
        if self.is_empty() {
            cx.notes.say("there was no window to draw");
            if !self.pace.follows() {
                self.has_news(String::new());
            }
        } else if !self.pace.follows() || self.options.html {
            self.charts.clone().into_keys().for_each(|chart| self.has_news(chart));
        }
        if self.stale.is_empty() { Ok(()) } else { self.draw_stale(cx) }
    }

    fn figures(&self, figures: &mut Figures) {
        figures.insert("charts".into(), self.drawn.into());
    }
}

/// Says which windows and rows a chart has no place for.
fn left_out<'a>(
    charts: impl Iterator<Item = &'a Recent> + Clone,
    chart: &ChartOptions,
    hint: &str,
    cx: &mut Context<'_>,
) {
    let windows: u64 = charts.clone().map(Recent::other_lengths).sum();
    if windows > 0 {
        let (windows, are) =
            if windows == 1 { ("1 window".to_owned(), "is") } else { (format!("{windows} windows"), "are") };
        cx.notes.say(&format!("{windows} {are} left out, not as long as the first{hint}"));
    }
    let rows: u64 = charts.map(Recent::without_figure).sum();
    if let (Some(column), 1..) = (&chart.value, rows) {
        let rows = if rows == 1 { "1 row has".to_owned() } else { format!("{rows} rows have") };
        cx.notes.say(&format!("{rows} no number in the column {column}"));
    }
}

fn has_size_place(file: &Path) -> bool {
    file.to_string_lossy().contains(SIZE_PLACE)
}

/// The file of one chart. Without any window, the place is filled with `none`.
fn with_size(file: &Path, size: &str) -> PathBuf {
    if !has_size_place(file) {
        return file.to_owned();
    }
    let size = if size.is_empty() { "none" } else { size };
    PathBuf::from(file.to_string_lossy().replace(SIZE_PLACE, size))
}
