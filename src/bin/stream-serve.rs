//! Hands a stream to many readers, and shows it in the browser.

use std::io;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use trendpipe::cli::charts::ChartArgs;
use trendpipe::cli::serve::ServeArgs;
use trendpipe::cli::{self, Common, Status, Tool};
use trendpipe::jsonl::Output;

/// Hand a stream to many readers, and show it live in the browser
#[derive(Parser)]
#[command(name = "stream-serve", version, after_help = EXAMPLES)]
struct Args {
    /// Files, in order [default: standard input]
    files: Vec<PathBuf>,
    #[command(flatten)]
    serve: ServeArgs,
    #[command(flatten)]
    chart: ChartArgs,
    #[command(flatten)]
    common: Common,
}

const EXAMPLES: &str = "\
Examples:
  stream-fetch demo:tweets --rate 50 | window-count -k .lang -w 10s | topn 10 | stream-serve
  stream-fetch demo:tweets --rate 50 | stream-serve --tcp 5555 --raw .text
  topn 10 rows.jsonl | stream-serve --title 'Languages' --history rows.jsonl
  stream-serve --http 8081 --tee rows.jsonl | topn 3

The page is at http://127.0.0.1:8080/ and shows windows as they come. There are also /events (server-sent events), /lines \
(JSON lines), /snapshot.json, /chart.svg, /metrics and /healthz. When the input has ended, the server stays until a signal.
Exit status: 0 done, 2 usage, 3 too many rejects, 4 input, output or a port failed, 128 + n a signal.";

fn run(args: Args, tool: &mut Tool) -> anyhow::Result<Status> {
    args.common.prepare(tool)?;
    let output = if args.serve.tee() { Output::stdout()? } else { Output::to(Box::new(io::sink())) };
    let mut serve = args.serve.start(args.chart.options()?, tool)?;
    Ok(args.common.run(tool, &mut serve, &args.files, output)?.0)
}

fn main() -> ExitCode {
    cli::main(run)
}
