//! The arguments that say which field is the time.

use clap::{Args, ValueEnum};

use crate::drive::Usage;
use crate::expr::{Expr, ExprError};
use crate::job::clock::Clock;
use crate::time::{TimeReader, Unit};

/// Which field is the time, and how it is written.
#[derive(Args, Clone, Debug)]
pub struct ClockArgs {
    /// The time of a record, or `now` for its arrival [default: the first of the usual fields that a record has]
    #[arg(short, long, value_name = "EXPR|now", value_parser = parse_time, help_heading = "Time")]
    time: Option<TimeArg>,
    /// The unit of numbers [default: by their size]
    #[arg(long, value_name = "UNIT", value_enum, conflicts_with = "time_format", help_heading = "Time")]
    time_unit: Option<UnitArg>,
    /// How times are written, as strptime has it, such as '%d/%b/%Y:%H:%M:%S %z' [default: by their shape]
    #[arg(long, value_name = "FORMAT", help_heading = "Time")]
    time_format: Option<String>,
}

#[derive(Clone, Debug)]
enum TimeArg {
    Now,
    Field(Expr),
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum UnitArg {
    S,
    Ms,
    Us,
    Ns,
}

fn parse_time(text: &str) -> Result<TimeArg, ExprError> {
    if text == "now" { Ok(TimeArg::Now) } else { Expr::parse(text).map(TimeArg::Field) }
}

impl ClockArgs {
    /// The clock.
    pub fn clock(&self) -> Clock {
        match &self.time {
            None => Clock::Auto,
            Some(TimeArg::Now) => Clock::Arrival,
            Some(TimeArg::Field(field)) => Clock::Field(field.clone()),
        }
    }

    /// Whether anything is asked for.
    pub(super) fn is_given(&self) -> bool {
        self.time.is_some() || self.time_unit.is_some() || self.time_format.is_some()
    }

    /// Whether the time is that of arrival.
    pub(super) fn is_arrival(&self) -> bool {
        matches!(self.time, Some(TimeArg::Now))
    }

    /// How the time is read.
    pub fn times(&self) -> Result<TimeReader, Usage> {
        match (&self.time_format, self.time_unit) {
            (Some(format), _) => {
                TimeReader::with_format(format).map_err(|error| Usage(format!("--time-format: {error}")))
            }
            (None, Some(unit)) => Ok(TimeReader::with_unit(match unit {
                UnitArg::S => Unit::Seconds,
                UnitArg::Ms => Unit::Milliseconds,
                UnitArg::Us => Unit::Microseconds,
                UnitArg::Ns => Unit::Nanoseconds,
            })),
            (None, None) => Ok(TimeReader::auto()),
        }
    }
}
