//! The words of a chart: title, subtitle, footer, and the description for those who do not see it.
//!
//! A figure that the rows do not have is not mentioned; it is never shown as 0.

use super::frame::Words;
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

/// The words around a window's rows, for those who show them in another form.
#[derive(Clone, Debug)]
pub struct Heading {
    /// What is shown.
    pub title: String,
    /// When it was; empty for rows without times.
    pub range: String,
    /// What was counted.
    pub footer: String,
    /// What the keys are called.
    pub key: String,
}

impl Heading {
    /// Of the rows shown, the first to the last.
    pub fn of(rows: &[Row], options: &ChartOptions) -> Heading {
        let caption = Caption::new(rows, options);
        let range = caption.range.as_ref().map(|range| range.whole.clone()).unwrap_or_default();
        Heading { title: caption.title(), range, footer: caption.footer(), key: caption.key_name() }
    }
}

impl<'a> Caption<'a> {
    /// Of the rows shown, the first to the last.
    pub(super) fn new(rows: &'a [Row], options: &'a ChartOptions) -> Caption<'a> {
        let first = rows.first();
        let range = first.and_then(|row| row.bounds.map(|bounds| range(row, bounds, options)));
        Caption { rows, options, range }
    }

    /// The words around a picture of this form.
    pub(super) fn words(&self, form: &str) -> Words {
        let title = self.title();
        let name = if title.trim().is_empty() { self.default_title() } else { title.clone() };
        Words {
            name,
            title,
            subtitle: self.subtitle(),
            notice: self.notice(),
            footer: self.footer(),
            description: self.description(form),
        }
    }

    fn title(&self) -> String {
        let total = self.first().and_then(|row| row.total).map(figure).unwrap_or_default();
        let shown = self.ranked().count();
        match &self.options.title {
            Some(template) => fill_in(template, shown, &self.key_name(), self.range.as_ref(), &total),
            None => self.default_title(),
        }
    }

    fn default_title(&self) -> String {
        let shown = self.ranked().count();
        match self.first() {
            None => NO_TITLE.to_owned(),
            Some(row) => {
                let is_all = row.distinct.is_some_and(|distinct| distinct <= shown as u64);
                title_of(&self.unit(), &self.key_name(), (!is_all).then_some(shown))
            }
        }
    }

    /// `2018-11-12 19:00:00 – 19:00:20 UTC (20 s) · count per hashtag`.
    fn subtitle(&self) -> String {
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
    fn notice(&self) -> Option<&'static str> {
        self.first().is_some_and(|row| row.open && !row.all).then_some(STILL_OPEN)
    }

    /// `top 10 = 2,345 of 4,567 counted (51.3%) · 890 distinct · 0 late`.
    fn footer(&self) -> String {
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
    fn description(&self, form: &str) -> String {
        let subtitle = self.subtitle();
        if self.rows.is_empty() {
            return NO_WINDOWS.to_owned();
        }
        let bars: Vec<String> = self.rows.iter().map(tooltip).collect();
        let notice = self.notice().map(|notice| format!(" ({notice})")).unwrap_or_default();
        let sentences = [format!("{subtitle}{notice}"), bars.join("; "), self.footer()];
        let said: Vec<&str> =
            sentences.iter().map(|said| said.trim()).filter(|said| !said.is_empty()).collect();
        format!("{form}. {}", said.join(". "))
    }

    fn key_name(&self) -> String {
        key_name(self.first(), self.options)
    }

    fn unit(&self) -> String {
        unit(self.options)
    }

    fn first(&self) -> Option<&'a Row> {
        self.rows.first()
    }

    fn ranked(&self) -> impl Iterator<Item = &'a Row> {
        self.rows.iter().filter(|row| !row.is_remainder())
    }
}

/// A title with its places filled in.
pub(super) fn fill_in(
    template: &str,
    shown: usize,
    key: &str,
    range: Option<&RangeText>,
    total: &str,
) -> String {
    let part = |part: fn(&RangeText) -> &str| range.map(part).unwrap_or_default();
    let shown = shown.to_string();
    let value = |name: &str| {
        Some(match name {
            "top" => &shown,
            "key" => key,
            "start" => part(|range| &range.start),
            "end" => part(|range| &range.end),
            "date" => part(|range| &range.date),
            "window" => part(|range| &range.whole),
            "length" => part(|range| &range.length),
            "total" => total,
            _ => return None,
        })
    };
    // From left to right: what is filled in is no template, whatever braces a key has.
    let (mut title, mut rest) = (String::new(), template);
    while let Some((before, behind)) = rest.split_once('{') {
        title.push_str(before);
        let place = behind.split_once('}').and_then(|(name, rest)| Some((value(name)?, rest)));
        rest = match place {
            Some((value, rest)) => {
                title.push_str(value);
                rest
            }
            None => {
                title.push('{');
                behind
            }
        };
    }
    title.push_str(rest);
    clean(&title).into_owned()
}

/// With a capital letter, where the script has any.
pub(super) fn capitalised(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().into_iter().flat_map(char::to_uppercase).chain(letters).collect()
}

/// Why there are no bars to draw, if so.
pub(super) fn why_nothing(rows: &[Row]) -> Option<&'static str> {
    let is_nothing = rows.iter().all(|row| row.distinct == Some(0));
    is_nothing.then_some(if rows.is_empty() { NO_WINDOWS } else { NOTHING_COUNTED })
}

/// `Top 5 by tweets: hashtag`, or `Tweets by hashtag` where nothing is left out.
pub(super) fn title_of(unit: &str, key: &str, of_more: Option<usize>) -> String {
    let counted = capitalised(unit);
    match of_more {
        _ if key.is_empty() => counted,
        None => format!("{counted} by {key}"),
        Some(shown) => format!("Top {shown} by {unit}: {key}"),
    }
}

/// What the keys are called.
pub(super) fn key_name(row: Option<&Row>, options: &ChartOptions) -> String {
    let names = || row.map(|row| row.keys.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>());
    let name = options.label.clone().or_else(|| names().map(|names| names.join(" / ")));
    clean(&name.unwrap_or_default()).into_owned()
}

/// What is counted.
pub(super) fn unit(options: &ChartOptions) -> String {
    let column = options.value.as_deref().map(|column| column.trim_start_matches('.'));
    match options.unit.as_deref().or(column).map(clean) {
        Some(unit) if !unit.is_empty() => unit.into_owned(),
        _ => "count".to_owned(),
    }
}

/// What a picture without windows is called.
pub(super) const NO_TITLE: &str = "No windows";

/// What is said above a window that is not final.
pub(super) const STILL_OPEN: &str = "window still open";

/// What a picture without rows says.
pub(super) const NO_WINDOWS: &str = "no windows in the input";

/// What a picture of an empty window says.
const NOTHING_COUNTED: &str = "nothing was counted in this window";

fn range(row: &Row, bounds: Bounds, options: &ChartOptions) -> RangeText {
    let range = if row.all { RangeText::so_far } else { RangeText::new };
    range(bounds.start, bounds.end, &options.zone)
}

/// Stands for a key without anything to see.
pub(super) const EMPTY: &str = "(empty)";

/// A row's key as it is shown, never empty.
pub fn label(row: &Row, shown: usize) -> String {
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
pub(super) fn exact(number: Number) -> String {
    match number {
        Number::Int(_) => crate::jsonl::format::people::thousands(&number.to_string()),
        Number::Float(_) => number.to_string(),
    }
}
