//! `--explain`: what will be counted, by which clock, and when a window closes, in words.

use std::time::Duration;

use super::{AtEnd, CountOptions};
use crate::job::clock::Clock;
use crate::job::limit::{KeyLimit, OnFull};
use crate::time::{Calendar, CalendarUnit, Millis, Span, rfc3339, zone_name};
use crate::window::{Aggregate, Emit, Trigger, Watermark, WindowKind};
use jiff::tz::TimeZone;

impl CountOptions {
    /// What these options mean, a sentence a line.
    pub fn explain(&self) -> Vec<String> {
        let mut lines = vec![self.explain_count()];
        if self.fold {
            lines.push(
                "Keys that differ only in case, width or the form of their accents are one, shown in its most frequent spelling."
                    .into(),
            );
        }
        lines.push(self.explain_clock());
        lines.extend(self.windows.windows.iter().map(explain_window));
        lines.push(self.explain_closing());
        lines.extend(self.explain_sources());
        lines.extend(self.explain_emission());
        if self.windows.empty_windows > 0 {
            lines.push(format!(
                "Windows without a record are written too, of a long gap the first {}.",
                self.windows.empty_windows
            ));
        }
        if self.at_end == AtEnd::Hold {
            lines.push("Windows that have not closed when the input ends are held back.".into());
        }
        lines.extend(self.limit.map(explain_limit));
        if let Some(keep) = &self.keep {
            lines.push(format!(
                "Records for which {} is false or null are left out, and move no watermark.",
                keep.source()
            ));
        }
        if let Some((id, span)) = &self.dedupe {
            lines.push(format!(
                "Of records with the same {} within {} only the first counts.",
                id.source(),
                Span::from_millis(*span)
            ));
        }
        let keys = self.keys.iter().map(|(name, key)| (name.as_str(), key));
        let values = self.aggregates.iter().map(|named| (named.name.as_str(), &named.values));
        for (name, expression) in keys.chain(values) {
            lines.push(format!("{name}: {} is {}.", expression.source(), expression.explain()));
        }
        lines
    }

    fn explain_count(&self) -> String {
        let what = match &self.weight {
            Some(weight) => format!("Sums {} of the records", weight.source()),
            None => "Counts records".into(),
        };
        let keys: Vec<&str> = self.keys.iter().map(|(name, _)| name.as_str()).collect();
        let by = if keys.is_empty() { String::new() } else { format!(" by {}", keys.join(" and ")) };
        let also: Vec<String> = self
            .aggregates
            .iter()
            .map(|named| format!("{} ({} of {})", named.name, kind(named.aggregate), named.values.source()))
            .collect();
        let also =
            if also.is_empty() { String::new() } else { format!(", and computes {}", also.join(", ")) };
        let missing = if self.missing_as_null { ", those without under null" } else { "" };
        let once = if self.once_per_record { ", each key once a record" } else { "" };
        format!("{what}{by}{missing}{once}{also}.")
    }

    fn explain_clock(&self) -> String {
        match &self.clock {
            Clock::Auto => {
                "The time of a record is the first of the usual fields that some record has.".into()
            }
            Clock::Field(field) => format!("The time of a record is {}.", field.source()),
            Clock::Arrival => "The time of a record is when it arrives: a replay gives other windows.".into(),
        }
    }

    fn explain_closing(&self) -> String {
        if self.windows.windows.iter().all(|window| matches!(window, WindowKind::Count { .. })) {
            return "A window closes when it is full.".into();
        }
        let late = match self.windows.allowed_lateness {
            0 => "what comes later for it is late".to_owned(),
            kept => format!("records may amend it for {} more, with a higher rev", Span::from_millis(kept)),
        };
        match self.windows.watermark {
            Watermark::Max => "No window closes before the end of input; nothing is late.".into(),
            Watermark::Delay(0) => {
                format!("A window closes when a record's time reaches its end; {late}.")
            }
            Watermark::Delay(delay) => format!(
                "A window closes when a record's time is {} past its end; {late}.",
                Span::from_millis(delay)
            ),
        }
    }

    fn explain_sources(&self) -> Vec<String> {
        let mut lines = Vec::new();
        let span =
            |time: Duration| Span::from_millis(Millis::try_from(time.as_millis()).unwrap_or(Millis::MAX));
        if let Some(source) = &self.source {
            lines.push(format!(
                "The times of each {} are told apart, and the one that is furthest behind rules; records without it are \
                 one more.",
                source.source()
            ));
        }
        match (self.wall.idle_timeout, &self.source) {
            (Some(timeout), Some(source)) => lines.push(format!(
                "A {} that is silent for {} by the wall clock while others are not rules no longer. When all are, the windows \
                 that are due come out as open.",
                source.source(),
                span(timeout)
            )),
            (Some(timeout), None) => lines.push(format!(
                "After {} without input, by the wall clock, the windows that are due come out as open.",
                span(timeout)
            )),
            (None, _) => {}
        }
        if let Some(ahead) = self.wall.max_future {
            lines.push(format!(
                "A time more than {} ahead of the wall clock is not believed.",
                Span::from_millis(ahead)
            ));
        }
        lines
    }

    fn explain_emission(&self) -> Option<String> {
        let when = match self.windows.trigger? {
            Trigger::EventTime(every) => format!("at every {} of event time", Span::from_millis(every)),
            Trigger::Records(every) => format!("after every {every} records"),
            Trigger::Called => {
                let every = self.wall.trigger.unwrap_or_default();
                format!("every {} of the wall clock", Span::from_millis(every.as_millis() as Millis))
            }
        };
        let what = match self.windows.emit {
            Emit::Final => return None,
            Emit::Update => "the rows that changed",
            Emit::Complete => "the open windows that changed, whole,",
        };
        Some(format!("Before it closes, {what} come out {when}."))
    }
}

fn explain_limit(limit: KeyLimit) -> String {
    match limit.on_full {
        OnFull::Error => format!("When there are more than {} keys at a time, the run ends.", limit.keys),
        OnFull::Sketch => format!(
            "Where a window, or a part that it shares with others, has more than {} keys, counts are estimates: never too \
             low, and too high by at most `error`.",
            limit.keys
        ),
    }
}

fn explain_window(window: &WindowKind) -> String {
    let span = |millis: i64| Span::from_millis(millis);
    match *window {
        WindowKind::Hopping { size, slide, offset } => {
            let step = if size == slide {
                "one after the other".into()
            } else {
                format!("one every {}", span(slide))
            };
            format!("Windows of {}, {step}, aligned to {}.", span(size), rfc3339(offset))
        }
        WindowKind::Cumulate { size, step, .. } => {
            format!("Windows that grow by {} until they are {} long, and begin anew.", span(step), span(size))
        }
        WindowKind::Calendar { unit, ref zone, offset, .. } => format!(
            "Windows of {window}, from midnight to midnight in {}{}; a day may have 23 or 25 hours.",
            zone_name(zone),
            from(offset, unit, zone)
        ),
        WindowKind::CalendarCumulate { unit, ref zone, offset, .. } => format!(
            "Windows that grow, {window}, and begin anew at midnight in {}{}.",
            zone_name(zone),
            from(offset, unit, zone)
        ),
        WindowKind::Count { records } => {
            format!("Windows of {records} records with a key, one after the other.")
        }
        WindowKind::Session { gap } => format!(
            "Sessions: records of one key, as long as none is more than {} after the one before.",
            span(gap)
        ),
        WindowKind::All => "One window over everything.".into(),
    }
}

/// Which window of the calendar is meant where an origin says so.
fn from(offset: i64, unit: CalendarUnit, zone: &TimeZone) -> String {
    if offset == 0 {
        return String::new();
    }
    format!(", one of them from {} on", rfc3339(Calendar::new(unit, zone.clone()).start(offset)))
}

fn kind(aggregate: Aggregate) -> String {
    match aggregate {
        Aggregate::Sum => "the sum".into(),
        Aggregate::Min => "the smallest".into(),
        Aggregate::Max => "the largest".into(),
        Aggregate::Mean => "the mean".into(),
        Aggregate::Distinct => "the number of different values".into(),
        Aggregate::DistinctApproximate => "about the number of different values".into(),
        Aggregate::Quantile(fraction) => format!("the {fraction} quantile"),
    }
}
