//! The words around a chart of several windows.

use super::{OverTime, Series};
use crate::chart::caption::{NO_TITLE, NO_WINDOWS, exact, fill_in, key_name, title_of, unit};
use crate::chart::frame::Words;
use crate::chart::scale::{figure, percent};
use crate::chart::svg::isolated;
use crate::jsonl::format::people::clean;
use crate::row::{Bounds, Number};
use crate::time::RangeText;

/// How a picture shows windows that are missing.
const GAPS: &str = "grey: no input";

impl OverTime<'_> {
    /// The words around a picture of this form; how it shows a number that nobody knows, where it shows gaps at all.
    pub(in crate::chart) fn words(&self, form: &str, unknown: Option<&str>) -> Words {
        let range = self.range();
        let first = self.windows.first().map(|window| window.first());
        let key = key_name(first, self.options);
        let shown = self.series.len();
        let default = match first {
            None => NO_TITLE.to_owned(),
            Some(_) => title_of(&unit(self.options), &key, (!self.is_all).then_some(shown)),
        };
        let total = self.counted().map(|(_, total)| figure(total)).unwrap_or_default();
        let title = match &self.options.title {
            Some(template) => fill_in(template, shown, &key, range.as_ref(), &total),
            None => default.clone(),
        };
        Words {
            name: if title.trim().is_empty() { default } else { title.clone() },
            title,
            subtitle: self.subtitle(range.as_ref(), &key),
            notice: self.columns.last().is_some_and(|last| last.open).then_some("last window still open"),
            footer: self.footer(unknown),
            description: self.description(form, unknown, range.as_ref(), &key),
        }
    }

    /// Puts a title and a footer that speak of places in lists, not of sums.
    pub(in crate::chart) fn speak_of_ranks(&self, words: &mut Words, ranks: u64, shows_gaps: bool) {
        if self.options.title.is_none() && !self.series.is_empty() {
            words.title = self.title_of_ranks(ranks);
            words.name.clone_from(&words.title);
        }
        let late = self.windows.iter().map(|window| window.late.map(Number::from));
        let late = late.sum_known().map(|late| format!("{} late", figure(late)));
        let has_gaps = self.columns.iter().any(|column| column.after_gap);
        let gaps = (shows_gaps && has_gaps).then(|| GAPS.to_owned());
        let source = self.options.source.as_ref().map(|source| format!("source: {}", clean(source)));
        words.footer = late.into_iter().chain(gaps).chain(source).collect::<Vec<_>>().join(" · ");
    }

    /// `Top 10 over time: hashtag`.
    fn title_of_ranks(&self, ranks: u64) -> String {
        let key = key_name(self.windows.first().map(|window| window.first()), self.options);
        format!("Top {ranks} over time: {key}")
    }

    fn range(&self) -> Option<RangeText> {
        let (first, last) = (self.columns.first()?, self.columns.last()?);
        let is_total = self.windows.first().is_some_and(|window| window.first().all);
        let range = if is_total { RangeText::so_far } else { RangeText::new };
        Some(range(first.bounds.start, last.bounds.end, &self.options.zone))
    }

    /// `2018-11-12 19:00:00 – 19:10:00 UTC (60 windows of 20 s, every 10 s)`.
    fn subtitle(&self, range: Option<&RangeText>, key: &str) -> String {
        let (Some(range), Some(first)) = (range, self.columns.first()) else { return String::new() };
        let windows = match self.columns.len() {
            _ if self.windows[0].first().all => "running total".to_owned(),
            1 => format!("1 window of {}", self.length(first.bounds)),
            several if self.step < first.bounds.end.saturating_sub(first.bounds.start) => {
                let every = Bounds { start: first.bounds.start, end: first.bounds.start + self.step };
                format!(
                    "{} windows of {}, every {}",
                    figure((several as u64).into()),
                    self.length(first.bounds),
                    self.length(every)
                )
            }
            several => {
                format!("{} windows of {}", figure((several as u64).into()), self.length(first.bounds))
            }
        };
        let mut subtitle = format!("{} ({windows})", range.whole);
        if self.options.title.is_some() {
            let unit = unit(self.options);
            subtitle += &if key.is_empty() { format!(" · {unit}") } else { format!(" · {unit} per {key}") };
        }
        subtitle
    }

    fn length(&self, bounds: Bounds) -> String {
        RangeText::new(bounds.start, bounds.end, &self.options.zone).length
    }

    /// What is shown and what was counted; only windows that do not overlap can be added up, and a running total is its
    /// last window.
    fn counted(&self) -> Option<(Number, Number)> {
        let first = self.windows.first()?.first();
        let last_only = if first.all { self.windows.len() - 1 } else { 0 };
        let overlaps = |pair: &[super::Column]| pair[0].bounds.end > pair[1].bounds.start;
        if !first.all && self.columns.windows(2).any(overlaps) {
            return None;
        }
        let total = self.windows[last_only..].iter().map(|window| window.first().total);
        let total = total.sum_known()?;
        let shown = self.series.iter().flat_map(|series| &series.values[last_only..]).flatten();
        Some((shown.fold(Number::ZERO, |sum, value| sum.plus(*value)), total))
    }

    fn footer(&self, unknown: Option<&str>) -> String {
        let mut parts = Vec::new();
        let shown = self.series.len();
        match self.counted() {
            Some((sum, total)) if !self.is_all && total > Number::ZERO => {
                let part = percent(sum.as_f64() / total.as_f64());
                parts.push(format!("Top {shown}: {} of {} counted ({part})", figure(sum), figure(total)));
            }
            Some((_, total)) => parts.push(format!("{} counted", figure(total))),
            None => {}
        }
        let late = self.windows.iter().map(|window| window.late.map(Number::from));
        parts.extend(late.sum_known().map(|late| format!("{} late", figure(late))));
        let has_gaps = self.columns.iter().any(|column| column.after_gap);
        parts.extend((has_gaps && unknown.is_some()).then(|| GAPS.to_owned()));
        let unknown = unknown.filter(|text| self.has_unknown && !text.is_empty());
        parts.extend(unknown.map(str::to_owned));
        parts.extend(self.options.source.as_ref().map(|source| format!("source: {}", clean(source))));
        parts.join(" · ")
    }

    fn description(&self, form: &str, unknown: Option<&str>, range: Option<&RangeText>, key: &str) -> String {
        if self.columns.is_empty() {
            return NO_WINDOWS.to_owned();
        }
        let series: Vec<String> = self.series.iter().map(|series| self.about(series)).collect();
        let sentences = [self.subtitle(range, key), series.join("; "), self.footer(unknown)];
        let said: Vec<&str> =
            sentences.iter().map(|said| said.trim()).filter(|said| !said.is_empty()).collect();
        format!("{form}. {}", said.join(". "))
    }

    /// `StanLee: 12 in the last window, at most 32 (19:01:00 – 19:02:00)`.
    pub(in crate::chart) fn about(&self, series: &Series) -> String {
        let mut text = format!("{}: ", isolated(&series.label));
        match series.last() {
            Some(last) => text += &format!("{} in the last window", exact(last)),
            None => text += "not in the last window's list",
        }
        if let Some((at, most)) = series.largest() {
            text += &format!(", at most {} ({})", exact(most), self.when(at));
        }
        text
    }

    /// When a column begins; of a running total, where it ends.
    pub(in crate::chart) fn begin(&self, column: usize) -> String {
        let range = self.range_of(column);
        if self.windows[column].first().all { range.end } else { range.start }
    }

    fn range_of(&self, column: usize) -> RangeText {
        let bounds = self.columns[column].bounds;
        RangeText::new(bounds.start, bounds.end, &self.options.zone)
    }

    /// A column's range without its date and zone, where they go without saying.
    pub(in crate::chart) fn when(&self, column: usize) -> String {
        let range = self.range_of(column);
        if range.start == range.end { range.start } else { format!("{} – {}", range.start, range.end) }
    }
}

/// The sum of figures, if all are known and there is one.
trait SumKnown {
    fn sum_known(self) -> Option<Number>;
}

impl<I: Iterator<Item = Option<Number>>> SumKnown for I {
    fn sum_known(self) -> Option<Number> {
        let sum: Option<Number> = self.reduce(|sum, value| Some(sum?.plus(value?)))?;
        sum
    }
}
