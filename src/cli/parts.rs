//! The arguments by which many processes share a count.

use std::time::Duration;

use clap::Args;

use super::OutputArgs;
use crate::drive::Usage;
use crate::job::parts::{MergeOptions, unique_name};
use crate::jsonl::Output;
use crate::jsonl::format::Format;

/// What is counted in parts, and how parts come together.
#[derive(Args, Clone, Debug)]
pub struct PartsArgs {
    /// Count a part of the records, and write partial rows for --merge instead of windows
    #[arg(long, conflicts_with = "checkpoint", help_heading = "Parts")]
    partial: bool,
    /// Put partial rows together; the settings are those of the parts
    #[arg(
        long,
        conflicts_with_all = ["keys", "missing", "once_per_record", "fold", "keep", "dedupe", "within", "explain", "ClockArgs",
            "WindowArgs", "AggregateArgs", "LimitArgs", "watermark", "watermark_by", "allowed_lateness", "late_output",
            "max_future", "emit", "trigger", "emit_empty", "at_end", "state", "checkpoint"],
        help_heading = "Parts"
    )]
    merge: bool,
    /// The name of this part; a run that counts the same records again has the same [default: one that no other has]
    #[arg(long, value_name = "NAME", requires = "partial", help_heading = "Parts")]
    part: Option<String>,
    /// Wait for so many parts, and close a window as soon as all of them allow; without it, at the end
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..), help_heading = "Parts")]
    parts: Option<u32>,
}

impl PartsArgs {
    /// Is a part counted, or made of others?
    pub fn is_partial(&self) -> bool {
        self.partial
    }

    /// The name of the part.
    pub fn part(&self) -> Option<String> {
        self.partial.then(|| self.part.clone().unwrap_or_else(unique_name))
    }

    /// Refuses a part that would remember what an earlier run has read. Its rows are numbered from its first record to its
    /// last, so that it can be counted again; what cron finds is counted in parts of their own.
    pub fn refuse_state(&self, is_given: bool) -> Result<(), Usage> {
        if self.partial && is_given {
            return Err(Usage(
                "a part is counted as a whole, and again if need be, so it keeps no state; let each file be a part of its \
                 own, counted once: --partial --part NAME FILE >parts/NAME, and merge all of them"
                    .into(),
            ));
        }
        Ok(())
    }

    /// Opens the output. Partial rows are lines of JSON, and several parts may share a pipe.
    pub fn open(&self, output: &OutputArgs) -> anyhow::Result<Output> {
        if !self.partial {
            return output.open();
        }
        if output.format() != Format::Jsonl {
            return Err(Usage("partial rows are lines of JSON; give --format to --merge".into()).into());
        }
        Ok(output.open()?.in_whole_lines())
    }

    /// What a merge is to do, if one is asked for.
    pub fn merge(&self, idle_timeout: Option<Duration>) -> Result<Option<MergeOptions>, Usage> {
        // clap requires nothing that conflicts with what is there, as --merge does with --window.
        if self.parts.is_some() && !self.merge {
            return Err(Usage("only --merge waits for parts; --parts needs it".into()));
        }
        Ok(self.merge.then(|| MergeOptions {
            parts: self.parts.map(|parts| parts as usize),
            idle_timeout,
            partial: self.part(),
        }))
    }
}
