//! Draws window rows as SVG.

use std::io;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use trendpipe::chart::{ChartOptions, Kind, Theme};
use trendpipe::cli::charts::ChartArgs;
use trendpipe::cli::checkpoint::CheckpointArgs;
use trendpipe::cli::{self, Common, Status, Tool};
use trendpipe::drive::Usage;
use trendpipe::job::plot::{Form, Plot, PlotOptions};
use trendpipe::jsonl::Output;
use trendpipe::time::Span;

/// Draw window rows as SVG
#[derive(Parser)]
#[command(name = "plot-svg", version, after_help = EXAMPLES)]
struct Args {
    /// Files with rows, in order [default: standard input]
    files: Vec<PathBuf>,
    /// Write to FILE, replaced as a whole; {size} in its name makes one chart for each length of window
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Draw again whenever a window is whole
    #[arg(short, long, requires = "output")]
    follow: bool,
    /// Draw at most once in this time
    #[arg(long, value_name = "SPAN", default_value = "100ms", value_parser = Span::parse, requires = "follow")]
    every: Span,
    /// Write a page around the picture, without scripts, that reloads itself
    #[arg(long)]
    html: bool,
    /// Write pixels, also where FILE ends in .png; needs a build with --features png
    #[arg(long, conflicts_with = "html")]
    png: bool,
    /// Pixels of a PNG for each of the picture's, 1 to 4 [default: 2]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u8).range(1..=4))]
    scale: Option<u8>,
    /// End with status 1 when there was no window
    #[arg(short, long)]
    exit_status: bool,
    /// What is drawn
    #[arg(long, value_name = "KIND", default_value = "barh", value_parser = Kind::of_svg, help_heading = "Chart")]
    kind: Kind,
    #[command(flatten)]
    chart: ChartArgs,
    /// Width in pixels
    #[arg(long, value_name = "PX", default_value_t = 800, value_parser = clap::value_parser!(u32).range(320..=10_000), help_heading = "Chart")]
    width: u32,
    /// Height in pixels: bars, lines, areas and stacks fill it, other kinds are at least as high [default: by kind and rows]
    #[arg(long, value_name = "PX", value_parser = clap::value_parser!(u32).range(200..=10_000), help_heading = "Chart")]
    height: Option<u32>,
    /// Colours: auto follows the viewer's system and is light in a PNG, light, dark
    #[arg(long, default_value = "auto", help_heading = "Chart")]
    theme: Theme,
    #[command(flatten)]
    checkpoint: CheckpointArgs,
    #[command(flatten)]
    common: Common,
}

const EXAMPLES: &str = "\
Examples:
  window-count --key .lang --window 1m tweets.jsonl | topn 10 | plot-svg -o langs.svg
  stream-fetch demo:tweets --rate 50 | window-count -k .lang -w 10s | plot-svg --follow -o live.svg
  plot-svg --title 'Top {top} {key}, {window}' --theme dark rows.jsonl > chart.svg
  topn 5 --key .lang tweets.jsonl | plot-svg --unit tweets --width 640 -o langs.svg

The newest window is drawn; a higher rev replaces it. A build with --features png writes PNG, too: -o chart.png
Exit status: 0 done, 1 no window (with -e), 2 usage, 3 too many rejects, 4 input or output failed, \
5 a checkpoint that cannot be used, 75 another run holds it, 128 + n a signal.";

fn run(args: Args, tool: &mut Tool) -> anyhow::Result<Status> {
    args.common.prepare(tool)?;
    let form = Form::of(args.output.as_deref(), args.html, args.png, args.scale).map_err(Usage)?;
    let chart =
        ChartOptions { width: args.width, height: args.height, theme: args.theme, ..args.chart.options()? };
    // The driver's output is the picture only where no file is named.
    let output = if args.output.is_some() { Output::to(Box::new(io::sink())) } else { Output::stdout()? };
    if args.output.is_none() {
        args.checkpoint.refuse("name the file of the picture with -o")?;
    }
    let settings = args.common.settings(tool, None, args.chart.settings(&args.kind));
    let kept = args.checkpoint.open_end(tool, &settings, &args.files, true)?;
    let mut plot = Plot::new(PlotOptions {
        kind: args.kind,
        chart,
        file: args.output,
        form,
        follow: args.follow.then(|| cli::duration(&args.every)),
    });
    if let Some(kept) = &kept {
        kept.restore(|packed| plot.restore(packed))?;
    }
    let (status, _) = args.common.run_end(tool, &mut plot, &args.files, output, kept)?;
    Ok(if status == Status::Done && args.exit_status && plot.is_empty() { Status::NoMatch } else { status })
}

fn main() -> ExitCode {
    cli::main(run)
}
