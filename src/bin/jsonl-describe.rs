//! Says what fields JSON lines have.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use trendpipe::cli::{self, Common, OutputArgs, Status, Tool};
use trendpipe::job::describe::{Describe, DescribeOptions};
use trendpipe::record::describe::{Limits, MOST_FIELDS, Shown};
use trendpipe::record::{Rate, Sample};

/// Say what fields JSON lines have: types, missing, distinct, smallest, largest, examples
#[derive(Parser)]
#[command(name = "jsonl-describe", version, after_help = EXAMPLES)]
struct Args {
    /// Files in order, compressed or not [default: standard input]
    files: Vec<PathBuf>,
    /// Look at a part of the records only, the same in every run, chosen by a hash of each
    #[arg(long, value_name = "P%")]
    sample: Option<Rate>,
    /// Count objects and arrays so deep, and do not look into them
    #[arg(long, value_name = "N", default_value_t = 32, value_parser = clap::value_parser!(u16).range(1..=200))]
    depth: u16,
    /// Take objects in which more different names were seen for maps, whose names are data: one row .* for all
    #[arg(long, value_name = "N", default_value_t = 200, value_parser = clap::value_parser!(u16).range(1..))]
    max_names: u16,
    #[command(flatten)]
    output: OutputArgs,
    #[command(flatten)]
    common: Common,
}

const EXAMPLES: &str = "\
Examples:
  jsonl-describe --format table tweets.jsonl
  jsonl-describe --sample 1% --depth 2 tweets.jsonl | jsonl-filter -r --map .field
  jsonl-filter '.lang == \"ja\"' tweets.jsonl | jsonl-describe --format csv -o fields.csv

Exit status: 0 done, 2 usage, 3 too many rejects, 4 input or output failed, 128 + n a signal.";

fn run(args: Args, tool: &mut Tool) -> anyhow::Result<Status> {
    let Args { files, sample, depth, max_names, output, common } = args;
    common.prepare(tool)?;
    let mut describe = Describe::new(DescribeOptions {
        sample: sample.map(|rate| Sample::new(rate, 0)),
        limits: Limits { depth: depth.into(), names: max_names.into(), fields: MOST_FIELDS },
        shown: if output.is_for_people() { Shown::InWords } else { Shown::Exactly },
    });
    let (status, _) = common.run(tool, &mut describe, &files, output.open()?)?;
    Ok(status)
}

fn main() -> ExitCode {
    cli::main(run)
}
