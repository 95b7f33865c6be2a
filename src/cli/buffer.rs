//! The arguments that say what becomes of output whose reader is slow.

use clap::{Args, ValueEnum};

use super::OutputArgs;
use super::size::parse_size;
use crate::drive::Usage;
use crate::jsonl::format::Format;
use crate::jsonl::{OnFull, Output};

/// What waits for a slow reader.
#[derive(Args, Clone, Debug)]
pub struct BufferArgs {
    /// Let so much output wait in memory for a slow reader, so that the source need not wait
    #[arg(long, value_name = "SIZE", value_parser = parse_size, conflicts_with_all = ["cursor", "checkpoint"], help_heading = "Output")]
    buffer: Option<usize>,
    /// When the buffer is full, wait, or forget the lines that have waited longest
    #[arg(
        long,
        value_enum,
        value_name = "WHAT",
        default_value = "block",
        requires = "buffer",
        help_heading = "Output"
    )]
    on_full: OnFullArg,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum OnFullArg {
    /// Wait: nothing is lost
    Block,
    /// Forget, and count what was forgotten
    DropOldest,
}

impl BufferArgs {
    /// Puts the buffer before the output, if there is to be one.
    ///
    /// # Errors
    ///
    /// Lines of this format cannot be forgotten.
    pub fn before(&self, output: Output, args: &OutputArgs) -> anyhow::Result<Output> {
        let Some(most) = self.buffer else { return Ok(output) };
        let on_full = match self.on_full {
            OnFullArg::Block => OnFull::Block,
            OnFullArg::DropOldest if args.format() != Format::Jsonl => {
                let hint = "--on-full drop-oldest might drop the header: it is for --format jsonl";
                return Err(Usage(hint.into()).into());
            }
            OnFullArg::DropOldest => OnFull::DropOldest,
        };
        Ok(output.with_queue(most, on_full)?)
    }
}
