//! Learns topics from texts, and puts them on records.

use std::process::ExitCode;

use clap::Parser;
use trendpipe::cli::topics::Command;
use trendpipe::cli::{self, Status, Tool};

/// Topics of short texts: learnt from a batch, applied to a stream
#[derive(Parser)]
#[command(name = "topic-model", version, after_help = EXAMPLES)]
struct Args {
    #[command(subcommand)]
    command: Command,
}

const EXAMPLES: &str = "\
Examples:
  topic-model fit -k 20 -o topics.model tweets.jsonl
  topic-model top-words --model topics.model --format table
  topic-model label --model topics.model tweets.jsonl | topn 5 --key .topic
  topic-model evaluate --model topics.model tweets.jsonl

Exit status: 0 done, 2 usage, 3 too many rejects, 4 input or output failed, \
5 a checkpoint that cannot be used, 75 another run holds it, 128 + n a signal.";

fn run(args: Args, tool: &mut Tool) -> anyhow::Result<Status> {
    args.command.run(tool)
}

fn main() -> ExitCode {
    cli::main(run)
}
