//! The arguments that say which records are kept, beside the condition: a range of time, a sample, the first of a key.

use std::num::{NonZeroU32, NonZeroU64};

use clap::Args;
use jiff::tz::TimeZone;

use super::clock::ClockArgs;
use super::closing::exact;
use crate::drive::Usage;
use crate::expr::Expr;
use crate::job::filter::{DedupeOptions, SampleOptions, TimeRange};
use crate::record::{Rate, Sample, Within};
use crate::time::{Millis, Span, local_time, rfc3339};

/// Which records are kept.
#[derive(Args, Clone, Debug)]
pub struct KeepArgs {
    /// Keep only records from this time on: 2018-11-12, 2018-11-12T19:00:00Z, or a number
    #[arg(long, value_name = "TIME", value_parser = parse_time, help_heading = "Time", allow_hyphen_values = true)]
    since: Option<Millis>,
    /// Keep only records from before this time
    #[arg(long, value_name = "TIME", value_parser = parse_time, help_heading = "Time", allow_hyphen_values = true)]
    until: Option<Millis>,
    #[command(flatten)]
    clock: ClockArgs,
    /// Keep a part of the records, the same in every run, chosen by a hash of each
    #[arg(long, value_name = "P%", help_heading = "Sample")]
    sample: Option<Rate>,
    /// Choose by this value instead: all records of a user are in the sample, or none
    #[arg(long, value_name = "EXPR", requires = "sample", help_heading = "Sample")]
    sample_key: Option<Expr>,
    /// Another number chooses another sample
    #[arg(long, value_name = "N", default_value_t = 0, requires = "sample", help_heading = "Sample")]
    seed: u64,
    /// Keep only the first record of each value of this; null and missing are always kept
    #[arg(long, value_name = "EXPR", help_heading = "Repeats")]
    dedupe: Option<Expr>,
    /// How long --dedupe remembers a value: a span of event time, or so many records [default: to the end]
    #[arg(long, value_name = "SPAN|Nrec", value_parser = parse_within, requires = "dedupe", help_heading = "Repeats")]
    within: Option<Within>,
    /// The most values that --dedupe remembers at a time; more end the run with an error
    #[arg(long, value_name = "N", requires = "dedupe", help_heading = "Repeats")]
    max_keys: Option<NonZeroU32>,
}

/// A time is the same whoever reads it and when: without an offset it is UTC, and none is relative to now.
pub(super) fn parse_time(text: &str) -> Result<Millis, String> {
    local_time(text, &TimeZone::UTC).map_err(|_| {
        let hint = "write one such as 2018-11-12, 2018-11-12T19:00:00Z or 1542049200";
        match text.contains("ago") || text.contains("now") {
            true => {
                format!("{hint}; for a time before now: \"$(date -u -d '2 hours ago' +%Y-%m-%dT%H:%M:%SZ)\"")
            }
            false => hint.to_owned(),
        }
    })
}

fn parse_within(text: &str) -> Result<Within, String> {
    if let Some(records) = text.strip_suffix("rec") {
        let records: NonZeroU64 =
            records.parse().map_err(|_| "expected a number of records such as 100000rec".to_owned())?;
        return Ok(Within::Records(records.get()));
    }
    let span = Span::parse_positive(text).map_err(|error| error.to_string())?;
    exact(&span).map(Within::Span)
}

/// A step as `--explain` has it: what it does, and which engine finds out.
pub fn step(action: &str, expression: Option<&Expr>) -> String {
    match expression {
        Some(expression) => format!("{action} ({})", expression.explain()),
        None => action.to_owned(),
    }
}

impl KeepArgs {
    /// Whether anything is asked for.
    pub fn is_given(&self) -> bool {
        self.since.is_some() || self.until.is_some() || self.sample.is_some() || self.dedupe.is_some()
    }

    /// How a record's time is had.
    ///
    /// # Errors
    /// Arguments that contradict each other.
    pub fn clock(&self) -> Result<&ClockArgs, Usage> {
        let uses_time = self.since.is_some() || self.until.is_some();
        if self.clock.is_given() && !uses_time && !matches!(self.within, Some(Within::Span(_))) {
            let hint = "the time of a record is asked for by --since, --until and --within SPAN only";
            return Err(Usage(hint.into()));
        }
        if self.clock.is_arrival() && uses_time {
            let hint = "--since and --until do not go with the time of arrival (--time now)";
            return Err(Usage(hint.into()));
        }
        if let (Some(since), Some(until)) = (self.since, self.until)
            && since >= until
        {
            return Err(Usage("no time is from --since on and before --until: the range is empty".into()));
        }
        Ok(&self.clock)
    }

    /// What `--explain` says of these, in the order in which they are asked.
    pub fn explain(&self) -> Vec<String> {
        let bounds = [("from", self.since), ("before", self.until)];
        let bounds: Vec<String> = bounds
            .into_iter()
            .filter_map(|(word, bound)| Some(format!("{word} {}", rfc3339(bound?))))
            .collect();
        let range = (!bounds.is_empty()).then(|| format!("keeps times {}", bounds.join(" and ")));
        let sample = self.sample.map(|rate| match &self.sample_key {
            Some(key) => step(&format!("keeps {rate} of the values of {}", key.source()), Some(key)),
            None => format!("keeps {rate} of the records"),
        });
        let first = self.dedupe.as_ref().map(|key| {
            let within = self.within.map_or(String::new(), |within| format!(" within {within}"));
            step(&format!("keeps the first of each {}{within}", key.source()), Some(key))
        });
        range.into_iter().chain(sample).chain(first).collect()
    }

    /// The range of time.
    pub fn range(&self) -> TimeRange {
        TimeRange { since: self.since, until: self.until }
    }

    /// The sample.
    pub fn sample(&self) -> Option<SampleOptions> {
        let sample = Sample::new(self.sample?, self.seed);
        Some(SampleOptions { sample, key: self.sample_key.clone() })
    }

    /// What tells records apart.
    pub fn dedupe(&self) -> Option<DedupeOptions> {
        Some(DedupeOptions {
            key: self.dedupe.clone()?,
            within: self.within.unwrap_or(Within::All),
            max_keys: self.max_keys.map(|most| usize::try_from(most.get()).unwrap_or(usize::MAX)),
        })
    }
}
