//! The arguments that say when windows close, which records are late, and what is written when.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};

use super::clock::ClockArgs;
use crate::expr::Expr;
use crate::job::clock::Clock;
use crate::job::count::{AtEnd, MOST_EMPTY_WINDOWS, WallOptions};
use crate::time::{MILLIS_PER_DAY, Span};
use crate::window::{Emit, Settings, Trigger, Watermark, WindowKind};

/// When windows close, and when they are written.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Closing and writing")]
pub struct ClosingArgs {
    /// How far a record may be behind the largest time and still count in every window; `max` closes nothing before
    /// the end [default: 10s; 0s with --time now]
    #[arg(long, value_name = "SPAN|max", value_parser = parse_watermark)]
    watermark: Option<Watermark>,
    /// Tell sources apart by this value (a partition, a host): the one that is furthest behind rules the watermark
    #[arg(long, value_name = "EXPR")]
    watermark_by: Option<Expr>,
    /// After so long without input write the windows that are due by the wall clock, as open; with --watermark-by, a
    /// source that is silent for so long while others are not rules no longer
    #[arg(long, value_name = "SPAN", value_parser = parse_wall)]
    idle_timeout: Option<Duration>,
    /// Keep closed windows for so long, and write them again with a higher rev when late records come
    #[arg(long, value_name = "SPAN", default_value = "0s", value_parser = parse_length)]
    allowed_lateness: i64,
    /// Keep records that found no window open, or whose time is not believed, in FILE
    #[arg(long, value_name = "FILE")]
    late_output: Option<PathBuf>,
    /// A record further ahead of the largest time is not believed unless two more agree; now+SPAN: none further ahead of
    /// the wall clock is; `off` believes all [default: 1d; off with --partial]
    #[arg(long, value_name = "SPAN|now+SPAN|off", value_parser = parse_max_future)]
    max_future: Option<MaxFuture>,
    /// What is written: each window when it closes, or at every --trigger the changed rows or the whole table of each
    /// open one
    #[arg(long, value_enum, default_value = "final")]
    emit: EmitArg,
    /// When open windows are written: at multiples of a span of event time, every so many records, or with @wall by the
    /// wall clock
    #[arg(long, value_name = "SPAN|Nrec|SPAN@wall", value_parser = parse_trigger)]
    trigger: Option<TriggerArg>,
    /// Write windows without a record too, as one row without keys; of a long gap the first 10000
    #[arg(long)]
    emit_empty: bool,
    /// At the end of the input write the windows that have not closed, as open, or hold them back [default: flush; hold
    /// with --state]
    #[arg(long, value_enum, value_name = "WHAT")]
    at_end: Option<AtEndArg>,
}

#[derive(Clone, Copy, Debug)]
enum MaxFuture {
    Off,
    /// Of the largest time.
    Ahead(i64),
    /// Of the wall clock.
    OfNow(i64),
}

#[derive(Clone, Copy, Debug)]
enum TriggerArg {
    Records(Trigger),
    Wall(Duration),
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum EmitArg {
    Final,
    Update,
    Complete,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum AtEndArg {
    Flush,
    Hold,
}

fn parse_watermark(text: &str) -> Result<Watermark, String> {
    if text == "max" {
        return Ok(Watermark::Max);
    }
    parse_length(text).map(Watermark::Delay)
}

fn parse_max_future(text: &str) -> Result<MaxFuture, String> {
    match text.strip_prefix("now+") {
        _ if text == "off" => Ok(MaxFuture::Off),
        Some(ahead) => parse_length(ahead).map(MaxFuture::OfNow),
        None => positive(text).map(MaxFuture::Ahead),
    }
}

fn parse_trigger(text: &str) -> Result<TriggerArg, String> {
    if let Some(records) = text.strip_suffix("rec") {
        return super::windows::parse_records(records)
            .map(|records| TriggerArg::Records(Trigger::Records(records)));
    }
    match text.strip_suffix("@wall") {
        Some(every) => parse_wall(every).map(TriggerArg::Wall),
        None => positive(text).map(|every| TriggerArg::Records(Trigger::EventTime(every))),
    }
}

fn parse_wall(text: &str) -> Result<Duration, String> {
    positive(text).map(|millis| Duration::from_millis(millis.unsigned_abs()))
}

fn positive(text: &str) -> Result<i64, String> {
    exact(&Span::parse_positive(text).map_err(|error| error.to_string())?)
}

fn parse_length(text: &str) -> Result<i64, String> {
    exact(&Span::parse(text).map_err(|error| error.to_string())?)
}

/// The span's milliseconds; a day is 24 hours where no calendar is meant.
pub(super) fn exact(span: &Span) -> Result<i64, String> {
    span.nominal_millis().ok_or_else(|| format!("{span} has no fixed length: write it in hours"))
}

impl ClosingArgs {
    /// What the window engine is to do with these windows, over all records or a part of them.
    pub fn settings(&self, windows: Vec<WindowKind>, clock: &ClockArgs, partial: bool) -> Settings {
        let on_arrival = matches!(clock.clock(), Clock::Arrival);
        Settings {
            windows,
            watermark: self.watermark.unwrap_or(Watermark::Delay(if on_arrival { 0 } else { 10_000 })),
            watermark_by: self.watermark_by.is_some(),
            allowed_lateness: self.allowed_lateness,
            max_future: match self.max_future {
                None => (!partial).then_some(MILLIS_PER_DAY),
                Some(MaxFuture::Ahead(ahead)) => Some(ahead),
                Some(MaxFuture::Off | MaxFuture::OfNow(_)) => None,
            },
            emit: match self.emit {
                EmitArg::Final => Emit::Final,
                EmitArg::Update => Emit::Update,
                EmitArg::Complete => Emit::Complete,
            },
            trigger: self.trigger.map(|trigger| match trigger {
                TriggerArg::Records(trigger) => trigger,
                TriggerArg::Wall(_) => Trigger::Called,
            }),
            empty_windows: if self.emit_empty { MOST_EMPTY_WINDOWS } else { 0 },
            ..Settings::default()
        }
    }

    /// What the wall clock is to do.
    pub fn wall(&self) -> WallOptions {
        WallOptions {
            idle_timeout: self.idle_timeout,
            trigger: self.trigger.and_then(|trigger| match trigger {
                TriggerArg::Wall(every) => Some(every),
                TriggerArg::Records(_) => None,
            }),
            max_future: match self.max_future {
                Some(MaxFuture::OfNow(ahead)) => Some(ahead),
                Some(MaxFuture::Off | MaxFuture::Ahead(_)) | None => None,
            },
        }
    }

    /// What tells sources apart.
    pub fn source(&self) -> Option<Expr> {
        self.watermark_by.clone()
    }

    /// Where late records are kept.
    pub fn late_output(&self) -> Option<PathBuf> {
        self.late_output.clone()
    }

    /// What becomes of unfinished windows, in a run with a state or without one.
    pub fn at_end(&self, is_kept: bool) -> AtEnd {
        match self.at_end {
            Some(AtEndArg::Flush) => AtEnd::Flush,
            Some(AtEndArg::Hold) => AtEnd::Hold,
            None if is_kept => AtEnd::Hold,
            None => AtEnd::Flush,
        }
    }
}
