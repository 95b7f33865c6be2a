//! Draws window rows as SVG.

use std::io;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use trendpipe::chart::{ChartOptions, Kind, Theme, parse_title};
use trendpipe::cli::{self, Common, Status, Tool, Usage};
use trendpipe::job::plot::{Plot, PlotOptions};
use trendpipe::jsonl::Output;
use trendpipe::time::{Span, time_zone};

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
    /// End with status 1 when there was no window
    #[arg(short, long)]
    exit_status: bool,
    /// What is drawn
    #[arg(long, value_name = "KIND", default_value = "barh", value_parser = Kind::of_svg, help_heading = "Chart")]
    kind: Kind,
    /// The title; {top} {key} {start} {end} {date} {window} {length} {total} are filled in
    #[arg(long, value_parser = parse_title, help_heading = "Chart")]
    title: Option<String>,
    /// What is counted, such as tweets
    #[arg(long, value_name = "WORD", help_heading = "Chart")]
    unit: Option<String>,
    /// What the keys are called, in place of their column name
    #[arg(long, value_name = "WORD", help_heading = "Chart")]
    label: Option<String>,
    /// Where the data come from, for the footer
    #[arg(long, value_name = "TEXT", help_heading = "Chart")]
    source: Option<String>,
    /// Draw so many keys at most; lines have no more than 8
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = parse_top, help_heading = "Chart")]
    top: usize,
    /// Draw so many windows at most, the newest
    #[arg(long, value_name = "N", default_value_t = 360, value_parser = parse_windows, help_heading = "Chart")]
    windows: usize,
    /// Draw this number column of the rows in place of count
    #[arg(long, value_name = "COLUMN", help_heading = "Chart")]
    value: Option<String>,
    /// Show shares in place of numbers, where keys stack
    #[arg(long, help_heading = "Chart")]
    normalize: bool,
    /// Width in pixels
    #[arg(long, value_name = "PX", default_value_t = 800, value_parser = clap::value_parser!(u32).range(320..=10_000), help_heading = "Chart")]
    width: u32,
    /// Colours: auto follows the viewer's system, light, dark
    #[arg(long, default_value = "auto", help_heading = "Chart")]
    theme: Theme,
    /// The time zone of the times shown
    #[arg(long, value_name = "ZONE", default_value = "UTC", help_heading = "Chart")]
    tz: String,
    #[command(flatten)]
    common: Common,
}

const EXAMPLES: &str = "\
Examples:
  window-count --key .lang --window 1m tweets.jsonl | topn 10 | plot-svg -o langs.svg
  stream-fetch demo:tweets --rate 50 | window-count -k .lang -w 10s | plot-svg --follow -o live.svg
  plot-svg --title 'Top {top} {key}, {window}' --theme dark rows.jsonl > chart.svg
  topn 5 --key .lang tweets.jsonl | plot-svg --unit tweets --width 640 -o langs.svg

The newest window is drawn; a higher rev replaces it.
Exit status: 0 done, 1 no window (with -e), 2 usage, 3 too many rejects, 4 input or output failed.";

fn parse_top(text: &str) -> Result<usize, String> {
    let range = 1..=100;
    text.parse()
        .ok()
        .filter(|top| range.contains(top))
        .ok_or_else(|| "expected a number from 1 to 100".into())
}

fn parse_windows(text: &str) -> Result<usize, String> {
    let range = 2..=100_000;
    text.parse()
        .ok()
        .filter(|windows| range.contains(windows))
        .ok_or_else(|| "expected a number from 2 to 100000".into())
}

fn run(args: Args, tool: &mut Tool) -> anyhow::Result<Status> {
    args.common.prepare(tool)?;
    let zone = time_zone(&args.tz).map_err(|error| Usage(error.to_string()))?;
    let every = args.every.nominal_millis().unwrap_or_default().unsigned_abs();
    let chart = ChartOptions {
        title: args.title,
        unit: args.unit,
        label: args.label,
        source: args.source,
        width: args.width,
        top: args.top,
        windows: args.windows,
        value: args.value,
        normalize: args.normalize,
        theme: args.theme,
        zone,
        ..ChartOptions::default()
    };
    // The driver's output is the picture only where no file is named.
    let output = if args.output.is_some() { Output::to(Box::new(io::sink())) } else { Output::stdout()? };
    let mut plot = Plot::new(PlotOptions {
        kind: args.kind,
        chart,
        file: args.output,
        follow: args.follow.then(|| std::time::Duration::from_millis(every)),
    });
    let (status, _) = args.common.run(tool, &mut plot, &args.files, output)?;
    Ok(if status == Status::Done && args.exit_status && plot.is_empty() { Status::NoMatch } else { status })
}

fn main() -> ExitCode {
    cli::main(run)
}
