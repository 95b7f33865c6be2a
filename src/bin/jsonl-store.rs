//! Window rows and records into the databases that people have.

use std::process::ExitCode;

use clap::Parser;
use trendpipe::cli::store::StoreArgs;
use trendpipe::cli::{self, Common, Status, Tool};

/// Store window rows and records, each once, and end well only when all are acknowledged
#[derive(Parser)]
#[command(name = "jsonl-store", version, after_help = EXAMPLES)]
struct Args {
    #[command(flatten)]
    store: StoreArgs,
    #[command(flatten)]
    common: Common,
}

const EXAMPLES: &str = "\
Examples:
  topn 3 rows.jsonl | jsonl-store --create sqlite:trends.db
  jsonl-store sqlite:t.db --create --evolve --key-columns id --dead-letter no.jsonl tweets.jsonl
  jsonl-store sqlite:trends.db --create --tee rows.jsonl | topn 1
  jsonl-store sqlite:trends.db --create --dry-run rows.jsonl
  jsonl-store postgres://me@db.example/trends --create --dry-run rows.jsonl
  jsonl-store elasticsearch+http://db:9200/t-%Y.%m.%d --header 'X-Team: a' --dry-run rows.jsonl
  jsonl-store file:%Y-%m-%d.jsonl.gz --keep 30d rows.jsonl

A record replaces the one with the same key columns; a window that is written again replaces the older one.
Exit status: 0 done, and all is stored, 2 usage, or a table that does not fit, 3 too many rejects, 4 input failed, or the store \
gave up or refuses a record, 5 a checkpoint that cannot be used, 75 another run holds it, 128 + n a signal.";

fn run(args: Args, tool: &mut Tool) -> anyhow::Result<Status> {
    args.common.prepare(tool)?;
    args.store.run(&args.common, tool)
}

fn main() -> ExitCode {
    cli::main(run)
}
