//! The arguments that say by which clock and in which windows records are counted.

use std::str::FromStr;

use clap::{Args, ValueEnum};

use crate::drive::Usage;
use crate::expr::{Expr, ExprError};
use crate::job::clock::Clock;
use crate::row::RESERVED;
use crate::time::{Span, TimeReader, Unit};
use crate::window::{Emit, Settings, Trigger, Watermark, WindowKind};

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

/// The windows, and when they are emitted.
#[derive(Args, Clone, Debug)]
pub struct WindowArgs {
    /// A window's length and, if they overlap, the step from one to the next; `all` is one window over everything. May
    /// be repeated
    #[arg(
        short,
        long = "window",
        value_name = "SIZE[/SLIDE]|all",
        required = true,
        help_heading = "Windows"
    )]
    windows: Vec<WindowArg>,
    /// The step from one window to the next, for a single --window
    #[arg(long, value_name = "SPAN", value_parser = Span::parse_positive, help_heading = "Windows")]
    slide: Option<Span>,
    /// Shift the starts of windows from the epoch
    #[arg(
        long, value_name = "SPAN", value_parser = Span::parse_signed, allow_hyphen_values = true,
        help_heading = "Windows"
    )]
    offset: Option<Span>,
    /// How far a record may be behind the largest time and still count in every window; `max` closes nothing before
    /// the end [default: 10s; 0s with --time now]
    #[arg(long, value_name = "SPAN|max", value_parser = parse_watermark, help_heading = "Windows")]
    watermark: Option<Watermark>,
    /// A record further ahead of the largest time is not believed unless two more agree; `off` believes all
    #[arg(long, value_name = "SPAN|off", default_value = "1d", value_parser = parse_max_future, help_heading = "Windows")]
    max_future: MaxFuture,
    /// What is emitted: each window when it closes, or at every --trigger the changed rows or the whole table of each
    /// open one
    #[arg(long, value_enum, default_value = "final", help_heading = "Windows")]
    emit: EmitArg,
    /// When open windows are emitted: at multiples of a span of event time, or every so many records
    #[arg(long, value_name = "SPAN|Nrec", value_parser = parse_trigger, help_heading = "Windows")]
    trigger: Option<Trigger>,
}

#[derive(Clone, Debug)]
enum WindowArg {
    All,
    Size(Span, Option<Span>),
}

#[derive(Clone, Copy, Debug)]
struct MaxFuture(Option<i64>);

#[derive(Clone, Copy, Debug, ValueEnum)]
enum EmitArg {
    Final,
    Update,
    Complete,
}

impl FromStr for WindowArg {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "all" {
            return Ok(WindowArg::All);
        }
        let span = |text: &str| Span::parse_positive(text).map_err(|error| error.to_string());
        Ok(match text.split_once('/') {
            Some((size, slide)) => WindowArg::Size(span(size)?, Some(span(slide)?)),
            None => WindowArg::Size(span(text)?, None),
        })
    }
}

fn parse_watermark(text: &str) -> Result<Watermark, String> {
    if text == "max" {
        return Ok(Watermark::Max);
    }
    let span = Span::parse(text).map_err(|error| error.to_string())?;
    Ok(Watermark::Delay(exact(&span)?))
}

fn parse_max_future(text: &str) -> Result<MaxFuture, String> {
    if text == "off" {
        return Ok(MaxFuture(None));
    }
    let span = Span::parse_positive(text).map_err(|error| error.to_string())?;
    Ok(MaxFuture(Some(exact(&span)?)))
}

fn parse_trigger(text: &str) -> Result<Trigger, String> {
    if let Some(records) = text.strip_suffix("rec") {
        return records
            .parse()
            .ok()
            .filter(|&records| records > 0)
            .map(Trigger::Records)
            .ok_or_else(|| "expected a number of records such as 500rec".into());
    }
    let span = Span::parse_positive(text).map_err(|error| error.to_string())?;
    Ok(Trigger::EventTime(exact(&span)?))
}

/// The span's milliseconds; a day is 24 hours where no calendar is meant.
fn exact(span: &Span) -> Result<i64, String> {
    span.nominal_millis().ok_or_else(|| format!("{span} has no fixed length: write it in hours"))
}

impl WindowArgs {
    /// What the window engine is to do.
    pub fn settings(&self, clock: &ClockArgs) -> Result<Settings, Usage> {
        let offset = self.offset.as_ref().map_or(Ok(0), exact).map_err(Usage)?;
        let mut windows = Vec::new();
        for window in &self.windows {
            windows.push(self.kind(window, offset)?);
        }
        let on_arrival = matches!(clock.clock(), Clock::Arrival);
        Ok(Settings {
            windows,
            watermark: self.watermark.unwrap_or(Watermark::Delay(if on_arrival { 0 } else { 10_000 })),
            max_future: self.max_future.0,
            emit: match self.emit {
                EmitArg::Final => Emit::Final,
                EmitArg::Update => Emit::Update,
                EmitArg::Complete => Emit::Complete,
            },
            trigger: self.trigger,
            ..Settings::default()
        })
    }

    fn kind(&self, window: &WindowArg, offset: i64) -> Result<WindowKind, Usage> {
        let (size, slide) = match (window, &self.slide) {
            (WindowArg::All, None) => return Ok(WindowKind::All),
            (WindowArg::All, Some(_)) => return Err(Usage("--slide has no meaning for --window all".into())),
            (WindowArg::Size(..), Some(_)) if self.windows.len() > 1 => {
                return Err(Usage(
                    "with several windows write the slide behind each: --window 20s/10s".into(),
                ));
            }
            (WindowArg::Size(_, Some(_)), Some(_)) => {
                return Err(Usage("the slide is given twice: with --slide and behind --window SIZE/".into()));
            }
            (WindowArg::Size(size, None), Some(slide)) | (WindowArg::Size(size, Some(slide)), None) => {
                (size, slide)
            }
            (WindowArg::Size(size, None), None) => (size, size),
        };
        let millis = |span: &Span| {
            span.millis().ok_or_else(|| {
                let hint = span.nominal_millis().map_or("hours".into(), |ms| format!("{}h", ms / 3_600_000));
                Usage(format!(
                    "calendar windows ({span}) are not built yet: write exact hours, such as {hint}"
                ))
            })
        };
        Ok(WindowKind::Hopping { size: millis(size)?, slide: millis(slide)?, offset })
    }
}

/// Reads `[NAME=]EXPR`.
pub fn parse_key(text: &str) -> Result<(String, Expr), ExprError> {
    Expr::parse_named(text)
}

/// Key columns need names of their own.
pub fn check_names<'n>(names: impl Iterator<Item = &'n str>) -> Result<(), Usage> {
    let mut seen = Vec::new();
    for name in names {
        if RESERVED.contains(&name) {
            return Err(Usage(format!(
                "the column name `{name}` is taken by the window itself: write --key my_{name}=EXPR"
            )));
        }
        if seen.contains(&name) {
            return Err(Usage(format!(
                "two keys are named `{name}`: write --key other={name}… for one of them"
            )));
        }
        seen.push(name);
    }
    Ok(())
}
