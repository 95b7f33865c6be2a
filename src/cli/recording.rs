//! The arguments of a recording.

use clap::Args;

use super::duration;
use super::size::parse_size;
use crate::archive::{Pattern, Recorder, Recording};
use crate::time::Span;

/// Where lines are recorded.
#[derive(Args, Clone, Debug)]
pub struct RecordArgs {
    /// Write every line also to files named by the time, in UTC: 'raw/%Y-%m-%dT%H.jsonl.zst' (.gz, .zst or neither)
    #[arg(long, value_name = "PATTERN", value_parser = Pattern::parse, help_heading = "Recording")]
    record: Option<Pattern>,
    /// Begin another file once one is so large, with a number behind its name
    #[arg(long, value_name = "SIZE", value_parser = parse_size, requires = "record", help_heading = "Recording")]
    record_size: Option<usize>,
    /// Have what was recorded on the disk after this time: no more is lost when the process dies
    #[arg(long, value_name = "SPAN", default_value = "5s", value_parser = Span::parse_positive, help_heading = "Recording")]
    record_flush: Span,
}

impl RecordArgs {
    /// Finishes what earlier runs left, and is ready to record.
    pub fn recorder(&self) -> anyhow::Result<Option<Recorder>> {
        let Some(pattern) = &self.record else { return Ok(None) };
        let recording = Recording {
            pattern: pattern.clone(),
            size: self.record_size.map(|size| size as u64),
            flush: duration(&self.record_flush),
        };
        Ok(Some(Recorder::begin(recording)?))
    }
}
