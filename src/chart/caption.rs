//! The words of a chart: title, subtitle, footer, and the description for those who do not see it.
//!
//! A figure that the rows do not have is not mentioned; it is never shown as 0.

use super::options::ChartOptions;
use super::scale::{figure, percent};
use super::svg::isolated;
use crate::jsonl::format::people::clean;
use crate::row::{Bounds, Number, Row};
use crate::time::RangeText;

/// A window's rows as they are shown, and what they have in common.
#[derive(Debug)]
pub(super) struct Caption<'a> {
    rows: &'a [Row],
    options: &'a ChartOptions,
    range: Option<RangeText>,
}

impl<'a> Caption<'a> {
    /// Of the rows shown, the first to the last.
    pub(super) fn new(rows: &'a [Row], options: &'a ChartOptions) -> Caption<'a> {
        let first = rows.first();
        let range = first.and_then(|row| row.bounds.map(|bounds| range(row, bounds, options)));
        Caption { rows, options, range }
    }

    pub(super) fn title(&self) -> String {
        let Some(template) = &self.options.title else { return self.default_title() };
        let range =
            |part: fn(&RangeText) -> &str| self.range.as_ref().map(part).unwrap_or_default().to_owned();
        let total = || self.first().and_then(|row| row.total).map(figure).unwrap_or_default();
        let mut title = template.clone();
        for (placeholder, value) in [
            ("{top}", self.ranked().count().to_string()),
            ("{key}", self.key_name()),
            ("{start}", range(|range| &range.start)),
            ("{end}", range(|range| &range.end)),
            ("{date}", range(|range| &range.date)),
            ("{window}", range(|range| &range.whole)),
            ("{length}", range(|range| &range.length)),
            ("{total}", total()),
        ] {
            title = title.replace(placeholder, &value);
        }
        clean(&title).into_owned()
    }

    /// What the picture is called where no title is to be drawn.
    pub(super) fn name(&self) -> String {
        Some(self.title()).filter(|title| !title.trim().is_empty()).unwrap_or_else(|| self.default_title())
    }

    fn default_title(&self) -> String {
        let key = self.key_name();
        let shown = self.ranked().count();
        let unit = self.unit();
        let mut letters = unit.chars();
        let counted: String =
            letters.next().into_iter().flat_map(char::to_uppercase).chain(letters).collect();
        match self.first() {
            None => "No windows".to_owned(),
            Some(_) if key.is_empty() => counted,
            Some(row) if row.distinct.is_some_and(|distinct| distinct <= shown as u64) => {
                format!("{counted} by {key}")
            }
            Some(_) => format!("Top {shown} by {unit}: {key}"),
        }
    }

    /// `2018-11-12 19:00:00 – 19:00:20 UTC (20 s) · count per hashtag`.
    pub(super) fn subtitle(&self) -> String {
        let mut parts = Vec::new();
        if let (Some(range), Some(row)) = (&self.range, self.first()) {
            let so_far = if row.all { " so far" } else { "" };
            parts.push(format!("{} ({}{so_far})", range.whole, range.length));
        }
        // A title of our own says it already.
        if self.first().is_some() && self.options.title.is_some() {
            let key = self.key_name();
            parts.push(if key.is_empty() { self.unit() } else { format!("{} per {key}", self.unit()) });
        }
        parts.join(" · ")
    }

    /// What is not final about the window; that a running total is, its subtitle says.
    pub(super) fn notice(&self) -> Option<&'static str> {
        self.first().is_some_and(|row| row.open && !row.all).then_some("window still open")
    }

    /// `top 10 = 2,345 of 4,567 counted (51.3%) · 890 distinct · 0 late`.
    pub(super) fn footer(&self) -> String {
        let mut parts = Vec::new();
        if let Some(row) = self.first() {
            let shown = self.ranked().map(|row| row.count).fold(Number::ZERO, Number::plus);
            let bars = self.ranked().count();
            match row.total {
                Some(total)
                    if row.distinct.is_some_and(|distinct| distinct > bars as u64)
                        && total > Number::ZERO =>
                {
                    let part = percent(shown.as_f64() / total.as_f64());
                    parts.push(format!(
                        "Top {bars}: {} of {} counted ({part})",
                        figure(shown),
                        figure(total)
                    ));
                }
                Some(total) => parts.push(format!("{} counted", figure(total))),
                None => {}
            }
            parts.extend(row.distinct.map(|distinct| format!("{} distinct", figure(distinct.into()))));
            parts.extend(row.late.map(|late| format!("{} late", figure(late.into()))));
            parts.extend((row.rev > 0).then(|| format!("revision {}", row.rev)));
        }
        parts.extend(self.options.source.as_ref().map(|source| format!("source: {}", clean(source))));
        parts.join(" · ")
    }

    /// All that the picture shows, as sentences.
    pub(super) fn description(&self) -> String {
        let subtitle = self.subtitle();
        if self.rows.is_empty() {
            return NO_WINDOWS.to_owned();
        }
        let bars: Vec<String> = self.rows.iter().map(tooltip).collect();
        let notice = self.notice().map(|notice| format!(" ({notice})")).unwrap_or_default();
        let sentences = [format!("{subtitle}{notice}"), bars.join("; "), self.footer()];
        let said: Vec<&str> =
            sentences.iter().map(|said| said.trim()).filter(|said| !said.is_empty()).collect();
        format!("Horizontal bars. {}", said.join(". "))
    }

    /// What the keys are called.
    fn key_name(&self) -> String {
        let names =
            || self.first().map(|row| row.keys.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>());
        let name = self.options.label.clone().or_else(|| names().map(|names| names.join(" / ")));
        clean(&name.unwrap_or_default()).into_owned()
    }

    fn unit(&self) -> String {
        match self.options.unit.as_deref().map(clean) {
            Some(unit) if !unit.is_empty() => unit.into_owned(),
            _ => "count".to_owned(),
        }
    }

    fn first(&self) -> Option<&'a Row> {
        self.rows.first()
    }

    fn ranked(&self) -> impl Iterator<Item = &'a Row> {
        self.rows.iter().filter(|row| !row.is_remainder())
    }
}

/// What a picture without rows says.
pub(super) const NO_WINDOWS: &str = "no windows in the input";

fn range(row: &Row, bounds: Bounds, options: &ChartOptions) -> RangeText {
    let range = if row.all { RangeText::so_far } else { RangeText::new };
    range(bounds.start, bounds.end, &options.zone)
}

/// Stands for a key without anything to see.
pub(super) const EMPTY: &str = "(empty)";

/// A row's key as it is shown, never empty.
pub(super) fn label(row: &Row, shown: usize) -> String {
    if row.is_remainder() {
        return match row.distinct.map(|distinct| distinct.saturating_sub(shown as u64)) {
            Some(others) if others > 0 => format!("all {} others", figure(others.into())),
            _ => "all others".to_owned(),
        };
    }
    let label = row.label();
    match clean(&label).trim() {
        "" if row.keys.is_empty() => "all records".to_owned(),
        "" => EMPTY.to_owned(),
        label => label.to_owned(),
    }
}

/// A row's part of the total, where known.
pub(super) fn share(row: &Row) -> Option<String> {
    let share = row.share.filter(|share| share.is_finite())?;
    // The column is rounded; rounded once more it could be a tenth of a percent off.
    let share = match row.total {
        Some(total) if total > Number::ZERO => row.count.as_f64() / total.as_f64(),
        _ => share,
    };
    // Four digits may have left nothing of what is something.
    let is_tiny = share == 0.0 && row.count > Number::ZERO;
    Some(percent(if is_tiny { f64::MIN_POSITIVE } else { share }))
}

/// `#StanLee: 48,213 (12.3%), rank 1, before 3`.
pub(super) fn tooltip(row: &Row) -> String {
    let mut text = format!("{}: {}", isolated(&label(row, 0)), exact(row.count));
    if let Some(share) = share(row) {
        text += &format!(" ({share})");
    }
    if let Some(rank) = row.rank {
        text += &format!(", rank {rank}");
    }
    if let Some(Some(before)) = row.prev_rank {
        text += &format!(", before {before}");
    }
    text
}

/// With all digits.
fn exact(number: Number) -> String {
    match number {
        Number::Int(_) => crate::jsonl::format::people::thousands(&number.to_string()),
        Number::Float(_) => number.to_string(),
    }
}
