//! Counts JSON lines in event-time windows.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, ValueEnum};
use trendpipe::cli::clock::ClockArgs;
use trendpipe::cli::closing::ClosingArgs;
use trendpipe::cli::columns::AggregateArgs;
use trendpipe::cli::limit::LimitArgs;
use trendpipe::cli::parts::PartsArgs;
use trendpipe::cli::state::StateArgs;
use trendpipe::cli::windows::WindowArgs;
use trendpipe::cli::{self, Common, LexiconArg, OutputArgs, Status, Tool};
use trendpipe::expr::Expr;
use trendpipe::job::count::{Count, CountOptions};
use trendpipe::job::parts::{Merge, PartialCount};
use trendpipe::time::Span;

/// Count JSON lines in event-time windows
#[derive(Parser)]
#[command(name = "window-count", version, after_help = EXAMPLES)]
struct Args {
    /// Files in order, compressed or not [default: standard input]
    files: Vec<PathBuf>,
    /// Count by this key; may be repeated. Each of several values counts; null and missing do not
    #[arg(short, long = "key", value_name = "[NAME=]EXPR", value_parser = cli::columns::parse_key)]
    keys: Vec<(String, Expr)>,
    /// What a record without a key is: skipped, or counted under null
    #[arg(long, value_enum, default_value = "skip", requires = "keys")]
    missing: Missing,
    /// Count a key once a record, however often it stands there
    #[arg(long)]
    once_per_record: bool,
    /// Count string keys without regard to case, width and how accents are written; show the most frequent spelling
    #[arg(long, requires = "keys")]
    fold: bool,
    /// Count only records for which this is true; others do not move the watermark
    #[arg(long = "where", value_name = "EXPR", value_parser = Expr::parse_condition)]
    keep: Option<Expr>,
    /// Leave out records whose value of this came before; null and missing always count
    #[arg(long, value_name = "EXPR")]
    dedupe: Option<Expr>,
    /// How long --dedupe remembers, in event time
    #[arg(long, value_name = "SPAN", default_value = "1h", value_parser = Span::parse_positive, requires = "dedupe")]
    within: Span,
    /// Say in words what will be counted, by which clock, and when a window closes; then end
    #[arg(long)]
    explain: bool,
    #[command(flatten)]
    clock: ClockArgs,
    #[command(flatten)]
    windows: WindowArgs,
    #[command(flatten)]
    closing: ClosingArgs,
    #[command(flatten)]
    aggregates: AggregateArgs,
    #[command(flatten)]
    limit: LimitArgs,
    #[command(flatten)]
    parts: PartsArgs,
    #[command(flatten)]
    lexicon: LexiconArg,
    #[command(flatten)]
    state: StateArgs,
    #[command(flatten)]
    output: OutputArgs,
    #[command(flatten)]
    common: Common,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Missing {
    Skip,
    Null,
}

const EXAMPLES: &str = "\
Examples:
  window-count --key '.entities.hashtags[].text' --window 20s/10s tweets.jsonl | topn 10
  window-count --key city=.group.group_city --window all --emit complete --trigger 2s rsvps.jsonl
  stream-fetch demo:tweets --rate 50 | window-count --key .lang --window 10s
  window-count --key .lang --window 1d --tz Europe/Paris --max retweets=.retweet_count tweets.jsonl
  window-count --key user=.user.id --session 30s --watermark 1m --format table tweets.jsonl
  window-count --checkpoint w --key .lang --window 9s tweets.jsonl | topn --checkpoint w -o w.out

A window [start, end) closes when the largest time seen, less --watermark, reaches its end.
Exit status: 0 done, 2 usage, 3 too many rejects, 4 input or output failed, or a part is missing, 5 a state or parts of other \
settings, or a state that cannot be used, 75 another run holds the state, 128 + n a signal.";

fn run(args: Args, tool: &mut Tool) -> anyhow::Result<Status> {
    args.common.prepare(tool)?;
    let lexicon = args.lexicon.prepare()?;
    args.parts.refuse_state(args.state.is_given())?;
    if let Some(options) = args.parts.merge(args.closing.wall().idle_timeout)? {
        let mut merge = Merge::new(options);
        let output = args.parts.open(&args.output)?;
        let (status, _) = args.common.run_side_by_side(tool, &mut merge, &args.files, output)?;
        return Ok(status);
    }
    let options = CountOptions {
        clock: args.clock.clock(),
        times: args.clock.times()?,
        keys: args.keys,
        missing_as_null: args.missing == Missing::Null,
        once_per_record: args.once_per_record,
        fold: args.fold,
        keep: args.keep,
        weight: args.aggregates.weight(),
        aggregates: args.aggregates.aggregates(),
        windows: args.closing.settings(args.windows.kinds()?, &args.clock, args.parts.is_partial()),
        wall: args.closing.wall(),
        source: args.closing.source(),
        at_end: args.closing.at_end(args.state.is_given()),
        limit: args.limit.limit(),
        late_output: args.closing.late_output(),
        dedupe: args.dedupe.map(|id| (id, args.within.nominal_millis().unwrap_or(i64::MAX))),
    };
    let aggregates = options.aggregates.iter().map(|named| &named.name);
    cli::columns::check_names(options.keys.iter().map(|(name, _)| name).chain(aggregates))?;
    if args.explain {
        let mut out = args.output.open()?;
        options.explain().iter().try_for_each(|sentence| out.line(sentence.as_bytes()))?;
        out.close()?;
        return Ok(Status::Done);
    }
    let mut notes = tool.notes();
    options.explain().iter().for_each(|sentence| notes.explain(sentence));
    cli::refuse_input("--late-output", options.late_output.as_deref(), &args.files)?;
    if let Some(name) = args.parts.part() {
        let mut count = PartialCount::new(options, name)?;
        let (status, _) = args.common.run(tool, &mut count, &args.files, args.parts.open(&args.output)?)?;
        return Ok(status);
    }
    let settings = args.common.settings(tool, lexicon, options.settings());
    let mut kept = args.state.open(tool, &settings, &args.files, &args.output)?;
    let mut count = match &mut kept {
        Some(kept) => Count::go_on(options, &mut kept.state)?,
        None => Count::new(options)?,
    };
    let (status, _) = args.common.run_kept(tool, &mut count, &args.files, &args.output, kept)?;
    Ok(status)
}

fn main() -> ExitCode {
    cli::main(run)
}
