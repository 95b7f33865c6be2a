//! The arguments that say in which windows records are counted.

use std::str::FromStr;

use clap::Args;
use jiff::tz::TimeZone;

use super::closing::exact;
use crate::drive::Usage;
use crate::time::{Span, local_time, time_zone};
use crate::window::WindowKind;

/// The windows.
#[derive(Args, Clone, Debug)]
pub struct WindowArgs {
    /// A window's length and, if they overlap, the step from one to the next; or so many records; or `all`. May
    /// be repeated
    #[arg(
        short,
        long = "window",
        required_unless_present_any = ["session", "merge"],
        value_name = "SIZE[/SLIDE]|Nrec|all",
        help_heading = "Windows"
    )]
    windows: Vec<WindowArg>,
    /// Count sessions: windows of one key that end when nothing came for so long. They do not go with
    /// --window
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
    /// Begin a window at this time, or of the calendar on this date, and the others in steps from there; without an
    /// offset the time is one of --tz
    #[arg(long, value_name = "TIME", conflicts_with = "offset", help_heading = "Windows")]
    origin: Option<String>,
}

#[derive(Clone, Debug)]
enum WindowArg {
    All,
    Records(u64),
    Size(Span, Option<Span>),
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

pub(super) fn parse_records(digits: &str) -> Result<u64, String> {
    let records = digits.parse().ok().filter(|&records| records > 0);
    records.ok_or_else(|| "expected a number of records such as 500rec".into())
}

impl WindowArgs {
    /// The windows.
    pub fn kinds(&self) -> Result<Vec<WindowKind>, Usage> {
        let offset = self.offset.as_ref().map_or(Ok(0), exact).map_err(Usage)?;
        let origin = self.origin.as_ref().map(|origin| local_time(origin, &self.tz)).transpose();
        let origin = origin.map_err(|error| Usage(format!("--origin: {error}")))?;
        let mut kinds = Vec::new();
        for window in &self.windows {
            kinds.push(self.kind(window, offset)?);
        }
        if let Some(gap) = &self.session {
            kinds.push(WindowKind::Session { gap: exact(gap).map_err(Usage)? });
        }
        match origin {
            None => Ok(kinds),
            Some(origin) => kinds
                .into_iter()
                .map(|kind| kind.from_origin(origin).map_err(|error| Usage(error.to_string())))
                .collect(),
        }
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
