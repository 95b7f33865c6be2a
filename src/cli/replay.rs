//! The arguments that say what a replay does with lines before they are due.

use clap::Args;

use super::keep::parse_time;
use crate::drive::Usage;
use crate::job::clock::Clock;
use crate::job::fetch::{EditOptions, Shift};
use crate::job::filter::TimeRange;
use crate::time::{Millis, Span};

/// A part of a recording, at another time, in another order.
#[derive(Args, Clone, Debug)]
pub struct ReplayArgs {
    /// Leave out records before this time
    #[arg(long, value_name = "TIME", value_parser = parse_time, allow_hyphen_values = true, help_heading = "Replay")]
    since: Option<Millis>,
    /// Leave out records at this time and after it; a live source ends there
    #[arg(long, value_name = "TIME", value_parser = parse_time, allow_hyphen_values = true, help_heading = "Replay")]
    until: Option<Millis>,
    /// Move the times, so that the first is now, or this time
    #[arg(long, value_name = "now|TIME", value_parser = parse_shift, help_heading = "Replay")]
    shift: Option<Shift>,
    /// Read the files again and again, or N times in all (--loop=N); their times go on
    #[arg(
        long = "loop", value_name = "N", num_args = 0..=1, require_equals = true, default_missing_value = "0",
        value_parser = super::size::parse_count, help_heading = "Replay"
    )]
    passes: Option<u64>,
    /// Let records arrive late, each by a delay of up to this, drawn from --seed
    #[arg(long, value_name = "SPAN", value_parser = Span::parse_positive, help_heading = "Replay")]
    disorder: Option<Span>,
    /// Add a field of this name with the time at which the record was received, in ms since 1970
    #[arg(long, value_name = "FIELD", value_parser = parse_field, help_heading = "Recording")]
    stamp: Option<String>,
}

fn parse_shift(text: &str) -> Result<Shift, String> {
    if text == "now" { Ok(Shift::Now) } else { parse_time(text).map(Shift::To) }
}

fn parse_field(text: &str) -> Result<String, String> {
    if text.is_empty() { Err("expected a name, such as _received_at".into()) } else { Ok(text.to_owned()) }
}

impl ReplayArgs {
    /// How often the files are read: `Some(0)` for ever, `None` once and not moved.
    pub fn passes(&self) -> Option<u64> {
        self.passes
    }

    /// Whether lines are held back, and come in another order.
    pub fn is_disordered(&self) -> bool {
        self.disorder.is_some()
    }

    /// What is done with lines.
    ///
    /// # Errors
    ///
    /// The clock gives no times that could be chosen by, or written again.
    pub fn edits(&self, clock: &Clock, seed: u64) -> Result<EditOptions, Usage> {
        let most =
            self.disorder.as_ref().map(|span| span.nominal_millis().unwrap_or(i64::MAX).unsigned_abs());
        let edits = EditOptions {
            range: TimeRange { since: self.since, until: self.until },
            shift: self.shift,
            is_looped: self.passes.is_some(),
            disorder: most.map(|most| (most, seed)),
            stamp: self.stamp.clone(),
        };
        if self.since.zip(self.until).is_some_and(|(since, until)| since >= until) {
            return Err(Usage("no time is from --since on and before --until: the range is empty".into()));
        }
        match clock {
            Clock::Arrival if edits.needs_event_time() => Err(Usage(
                "--time now: a time of arrival cannot be replayed; name the field with --time .FIELD".into(),
            )),
            Clock::Field(field) if edits.is_shifting() && field.field().is_none() => Err(Usage(format!(
                "--time {field}: a time can be written again where it stands in a field of its own, as in --time .created_at"
            ))),
            _ => Ok(edits),
        }
    }
}
