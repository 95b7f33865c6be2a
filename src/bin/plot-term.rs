//! Draws window rows in a terminal.

use std::io::{IsTerminal, stdout};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use trendpipe::chart::Kind;
use trendpipe::cli::charts::ChartArgs;
use trendpipe::cli::checkpoint::CheckpointArgs;
use trendpipe::cli::screen::ScreenArgs;
use trendpipe::cli::{self, Common, Status, Tool};
use trendpipe::job::plot::{PlotText, TextOptions};
use trendpipe::jsonl::Output;
use trendpipe::time::Span;

/// Draw window rows in a terminal
#[derive(Parser)]
#[command(name = "plot-term", version, after_help = EXAMPLES)]
struct Args {
    /// Files with rows, in order [default: standard input]
    files: Vec<PathBuf>,
    /// What is drawn
    #[arg(long, value_name = "KIND", default_value = "barh", value_parser = Kind::of_text, help_heading = "Chart")]
    kind: Kind,
    /// Draw a picture for every window, one after the other, also of a kind that shows several, or on a terminal
    #[arg(short, long)]
    follow: bool,
    /// Draw at most once in this time, where pictures take each other's place
    #[arg(long, value_name = "SPAN", default_value = "100ms", value_parser = Span::parse)]
    every: Span,
    /// End with status 1 when there was no window
    #[arg(short, long)]
    exit_status: bool,
    #[command(flatten)]
    chart: ChartArgs,
    #[command(flatten)]
    screen: ScreenArgs,
    #[command(flatten)]
    checkpoint: CheckpointArgs,
    #[command(flatten)]
    common: Common,
}

const EXAMPLES: &str = "\
Examples:
  stream-fetch demo:tweets --rate 50 | window-count -k .lang -w 10s | topn 10 | plot-term
  window-count --key .lang --window 20s tweets.jsonl | plot-term --kind line --unit tweets
  plot-term --kind heat --windows 30 --color never rows.jsonl
  plot-term --kind spark --ascii --width 60 rows.jsonl
  plot-term --kind stack --normalize --top 5 rows.jsonl

On a terminal each picture takes the place of the one before. Elsewhere barh draws every window, and other kinds draw \
once, at the end. The other kinds of plot-svg are pictures: barh draws what bar and diverge draw, and races on a terminal.
Exit status: 0 done, 1 no window (with -e), 2 usage, 3 too many rejects, 4 input or output failed, \
5 a checkpoint that cannot be used, 75 another run holds it, 128 + n a signal.";

fn run(args: Args, tool: &mut Tool) -> anyhow::Result<Status> {
    args.common.prepare(tool)?;
    let in_place = (stdout().is_terminal() && !args.follow).then(|| cli::duration(&args.every));
    let chart = args.chart.options()?;
    let screen = args.screen;
    let settings = args.common.settings(tool, None, args.chart.settings(&args.kind));
    let kept = args.checkpoint.open_end(tool, &settings, &args.files, true)?;
    let mut plot = PlotText::new(TextOptions {
        kind: args.kind,
        chart,
        screen: Box::new(move || screen.look()),
        in_place,
        every_window: args.follow,
    });
    if let Some(kept) = &kept {
        kept.restore(|packed| plot.restore(packed))?;
    }
    let (status, _) = args.common.run_end(tool, &mut plot, &args.files, Output::stdout()?, kept)?;
    Ok(if status == Status::Done && args.exit_status && plot.is_empty() { Status::NoMatch } else { status })
}

fn main() -> ExitCode {
    cli::main(run)
}
