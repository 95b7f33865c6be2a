//! Counts JSON lines in event-time windows.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use trendpipe::cli::windows::{ClockArgs, WindowArgs};
use trendpipe::cli::{self, Common, OutputArgs, Status, Tool, Usage};
use trendpipe::expr::Expr;
use trendpipe::job::count::{Count, CountOptions};

/// Count JSON lines in event-time windows
#[derive(Parser)]
#[command(name = "window-count", version, after_help = EXAMPLES)]
struct Args {
    /// Files in order, compressed or not [default: standard input]
    files: Vec<PathBuf>,
    /// Count by this key; may be repeated. Each of several values counts; null and missing do not
    #[arg(short, long = "key", value_name = "[NAME=]EXPR", value_parser = cli::windows::parse_key)]
    keys: Vec<(String, Expr)>,
    /// Count a key once a record, however often it stands there
    #[arg(long)]
    once_per_record: bool,
    /// Count only records for which this is true; others do not move the watermark
    #[arg(long = "where", value_name = "EXPR")]
    keep: Option<Expr>,
    #[command(flatten)]
    clock: ClockArgs,
    #[command(flatten)]
    windows: WindowArgs,
    #[command(flatten)]
    output: OutputArgs,
    #[command(flatten)]
    common: Common,
}

const EXAMPLES: &str = "\
Examples:
  window-count --key '.entities.hashtags[].text' --window 20s/10s tweets.jsonl | topn 10
  window-count --time .mtime --key city=.group.group_city --window all --emit complete --trigger 2s rsvps.jsonl
  stream-fetch demo:tweets --rate 50 | window-count --key .lang --window 10s

A window [start, end) closes when the largest time seen, less --watermark, reaches its end.
Exit status: 0 done, 2 usage, 3 too many rejects, 4 input or output failed.";

fn run(args: Args, tool: &mut Tool) -> anyhow::Result<Status> {
    args.common.prepare(tool)?;
    let options = CountOptions {
        clock: args.clock.clock(),
        times: args.clock.times()?,
        keys: args.keys,
        once_per_record: args.once_per_record,
        keep: args.keep,
        windows: args.windows.settings(&args.clock)?,
    };
    cli::windows::check_names(options.keys.iter().map(|(name, _)| name.as_str()))?;
    let mut notes = tool.notes();
    for expression in options.keep.iter().chain(options.keys.iter().map(|(_, key)| key)) {
        notes.explain(&expression.explain());
    }
    let mut count = Count::new(options).map_err(|error| Usage(error.to_string()))?;
    let (status, _) = args.common.run(tool, &mut count, &args.files, args.output.open()?)?;
    Ok(status)
}

fn main() -> ExitCode {
    cli::main(run)
}
