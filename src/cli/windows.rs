//! The arguments that say in which windows records are counted, and when these are emitted.

use std::str::FromStr;

use clap::{Args, ValueEnum};
use jiff::tz::TimeZone;

use super::clock::ClockArgs;
use crate::drive::Usage;
use crate::job::clock::Clock;
use crate::time::{Span, time_zone};
use crate::window::{Emit, Settings, Trigger, Watermark, WindowKind};

/// The windows, and when they are emitted.
#[derive(Args, Clone, Debug)]
pub struct WindowArgs {
    /// A window's length and, if they overlap, the step from one to the next; or so many records; or `all`. May
    /// be repeated
    #[arg(
        short,
        long = "window",
        required_unless_present = "session",
        value_name = "SIZE[/SLIDE]|Nrec|all",
        help_heading = "Windows"
    )]
    windows: Vec<WindowArg>,
    /// Count sessions: windows of one key that end when nothing came for so long. They take the place of --window
    #[arg(long, value_name = "GAP", value_parser = Span::parse_positive, help_heading = "Windows")]
    session: Option<Span>,
    /// The step from one window to the next, for a single --window
    #[arg(long, value_name = "SPAN", value_parser = Span::parse_positive, help_heading = "Windows")]
    slide: Option<Span>,
    /// Windows that grow by this step until they have the size of --window, and begin anew
    #[arg(long, value_name = "STEP", value_parser = Span::parse_positive, conflicts_with = "slide", help_heading = "Windows")]
    cumulate: Option<Span>,
    /// Whose midnights begin windows of days, weeks and months (1d, 1w, 1mo)
    #[arg(long, value_name = "ZONE", default_value = "UTC", value_parser = time_zone, help_heading = "Windows")]
    tz: TimeZone,
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
    /// Keep closed windows for so long, and emit them again with a higher rev when late records come
    #[arg(long, value_name = "SPAN", default_value = "0s", value_parser = parse_length, help_heading = "Windows")]
    allowed_lateness: i64,
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
    Records(u64),
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
        if let Some(records) = text.strip_suffix("rec") {
            return parse_records(records).map(WindowArg::Records);
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
        return parse_records(records).map(Trigger::Records);
    }
    let span = Span::parse_positive(text).map_err(|error| error.to_string())?;
    Ok(Trigger::EventTime(exact(&span)?))
}

fn parse_records(digits: &str) -> Result<u64, String> {
    let records = digits.parse().ok().filter(|&records| records > 0);
    records.ok_or_else(|| "expected a number of records such as 500rec".into())
}

fn parse_length(text: &str) -> Result<i64, String> {
    exact(&Span::parse(text).map_err(|error| error.to_string())?)
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
        if let Some(gap) = &self.session {
            windows.push(WindowKind::Session { gap: exact(gap).map_err(Usage)? });
        }
        let on_arrival = matches!(clock.clock(), Clock::Arrival);
        Ok(Settings {
            windows,
            watermark: self.watermark.unwrap_or(Watermark::Delay(if on_arrival { 0 } else { 10_000 })),
            allowed_lateness: self.allowed_lateness,
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
        let (size, slide) = match window {
            WindowArg::Size(size, slide) => (size, slide),
            _ if self.slide.is_some() || self.cumulate.is_some() => {
                let hint =
                    "--slide and --cumulate have no meaning for --window all and windows of so many records";
                return Err(Usage(hint.into()));
            }
            WindowArg::All => return Ok(WindowKind::All),
            WindowArg::Records(records) => return Ok(WindowKind::Count { records: *records }),
        };
        if (self.slide.is_some() || self.cumulate.is_some()) && self.windows.len() > 1 {
            let hint = "with several windows write the slide behind each: --window 20s/10s; --cumulate takes one window";
            return Err(Usage(hint.into()));
        }
        if slide.is_some() && (self.slide.is_some() || self.cumulate.is_some()) {
            return Err(Usage(
                "the slide behind --window SIZE/ leaves no room for --slide or --cumulate".into(),
            ));
        }
        if let Some(step) = &self.cumulate {
            return WindowKind::cumulate(*size, *step, offset, &self.tz)
                .map_err(|error| Usage(error.to_string()));
        }
        WindowKind::from_spans(*size, slide.or(self.slide), offset, &self.tz)
            .map_err(|error| Usage(error.to_string()))
    }
}
