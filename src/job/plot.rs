//! `plot-svg`: draws the newest window, once at the end or again whenever a window is whole.

mod form;
mod pace;
mod paced;
#[cfg(feature = "png")]
mod png;
mod text;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context as _;

pub use form::Form;
pub use paced::{Board, Paced};
#[cfg(feature = "png")]
pub use png::Pixels;
pub use text::{Looks, PlotText, TextOptions};

use crate::chart::{ChartOptions, Kind, Recent};
use crate::drive::{Context, Usage};
use crate::jsonl::replace_file;
use crate::pack::{Packer, Unpackable, Unpacker};
use crate::row::Row;
use crate::time::Span;

/// What of a file's name stands for the length of the windows that are drawn.
pub const SIZE_PLACE: &str = "{size}";
/// There are at most so many charts: sessions have each a length of their own, without an end.
const MOST_CHARTS: usize = 100;
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
    /// What the picture is written as.
    pub form: Form,
}

/// The job; see [`PlotOptions`].
pub type Plot = Paced<Files>;

/// The files that pictures are written to, or standard output.
pub struct Files {
    options: PlotOptions,
    /// By length of window, where there is a chart for each; else one.
    charts: BTreeMap<String, Recent>,
    /// Charts that have something new to show.
    stale: Vec<String>,
    drawn: u64,
    /// The input has ended.
    is_over: bool,
}

impl Plot {
    /// Charts with these options.
    pub fn new(mut options: PlotOptions) -> Plot {
        let every = options.follow;
        options.chart.theme = options.form.theme(options.chart.theme);
        let files = Files { options, charts: BTreeMap::new(), stale: Vec::new(), drawn: 0, is_over: false };
        Paced::on(files, every)
    }
}

impl Files {
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

    /// Seconds after which a page is loaded anew.
    fn reload(&self) -> Option<u64> {
        match self.options.follow {
            Some(_) if self.is_over => None,
            Some(every) => Some(every.as_secs().max(LEAST_RELOAD)),
            None => Some(RELOAD),
        }
    }
}

impl Board for Files {
    fn take(&mut self, row: Row, _cx: &mut Context<'_>) -> anyhow::Result<()> {
        let name = self.chart_of(&row);
        let PlotOptions { kind, chart: looks, .. } = &self.options;
        if self.charts.len() == MOST_CHARTS && !self.charts.contains_key(&name) {
            let text = format!(
                "the windows have more than {MOST_CHARTS} lengths, and {SIZE_PLACE} in the name of the output makes a chart for each: leave it out"
            );
            return Err(Usage(text).into());
        }
        let chart = self.charts.entry(name.clone()).or_insert_with(|| kind.collect(looks));
        if chart.push(row).map_err(|error| Usage(error.to_string()))? {
            self.has_news(name);
        }
        Ok(())
    }

    fn end_partial(&mut self, _cx: &mut Context<'_>) -> anyhow::Result<()> {
        let ended = |(name, chart): (&String, &mut Recent)| chart.flush_partial().then(|| name.clone());
        let ended: Vec<String> = self.charts.iter_mut().filter_map(ended).collect();
        ended.into_iter().for_each(|chart| self.has_news(chart));
        Ok(())
    }

    fn is_stale(&self) -> bool {
        !self.stale.is_empty()
    }

    fn draw(&mut self, cx: &mut Context<'_>) -> anyhow::Result<()> {
        for chart in std::mem::take(&mut self.stale) {
            let PlotOptions { kind, chart: looks, .. } = &self.options;
            let svg = match self.charts.get(&chart) {
                Some(recent) => kind.draw(recent, looks),
                None => kind.draw(&kind.collect(looks), looks),
            };
            let picture = self.options.form.write(svg, looks.theme, self.reload())?;
            match &self.options.file {
                Some(file) => {
                    let file = with_size(file, &chart);
                    replace_file(&file, &picture)
                        .with_context(|| format!("cannot write {}", file.display()))?;
                }
                None => cx.out.text(&picture)?,
            }
            self.drawn += 1;
        }
        Ok(())
    }

    fn finish(&mut self, cx: &mut Context<'_>) -> anyhow::Result<()> {
        self.is_over = true;
        let hint = format!(": {SIZE_PLACE} in the name of the output makes a chart for each length");
        left_out(self.charts.values(), &self.options.chart, &hint, cx);
        let follows = self.options.follow.is_some();
        if self.is_empty() {
            cx.notes.say("there was no window to draw");
            if !follows {
                self.has_news(String::new());
            }
        } else if !follows || matches!(self.options.form, Form::Html) {
            self.charts.clone().into_keys().for_each(|chart| self.has_news(chart));
        }
        self.draw(cx)
    }

    fn is_empty(&self) -> bool {
        self.charts.values().all(Recent::is_empty)
    }

    fn drawn(&self) -> u64 {
        self.drawn
    }

    fn pack(&self, packer: &mut Packer) {
        packer.length(self.charts.len());
        for (name, chart) in &self.charts {
            packer.string(name.as_bytes());
            chart.pack(packer);
        }
    }

    fn unpack(&mut self, from: &mut Unpacker<'_>) -> Result<(), Unpackable> {
        let PlotOptions { kind, chart: looks, .. } = &self.options;
        for _ in 0..from.length()? {
            let name = String::from_utf8(from.string()?.to_vec()).map_err(|_| Unpackable)?;
            let mut chart = kind.collect(looks);
            chart.unpack(from)?;
            self.charts.insert(name, chart);
        }
        self.stale = self.charts.keys().cloned().collect();
        Ok(())
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
    let rows: u64 = charts.clone().map(Recent::without_figure).sum();
    if let (Some(column), 1..) = (&chart.value, rows) {
        let rows = if rows == 1 { "1 row has".to_owned() } else { format!("{rows} rows have") };
        let near = charts.flat_map(Recent::nearest_figure).next();
        let hint = near.map(|near| format!("; did you mean {near}?")).unwrap_or_default();
        cx.notes.say(&format!("{rows} no number in the column {column}{hint}"));
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
