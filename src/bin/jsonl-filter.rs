//! Keeps JSON lines by a jq condition, byte for byte, or makes new lines of them.

use std::num::NonZeroU64;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use trendpipe::cli::condition;
use trendpipe::cli::keep::{KeepArgs, step};
use trendpipe::cli::shape::ShapeArgs;
use trendpipe::cli::state::{Kept, StateArgs};
use trendpipe::cli::{self, Common, LexiconArg, OutputArgs, Status, Tool, Usage};
use trendpipe::expr::Expr;
use trendpipe::job::filter::{Filter, FilterOptions};

/// Keep JSON lines by a jq condition, byte for byte
#[derive(Parser)]
#[command(name = "jsonl-filter", version, after_help = EXAMPLES)]
struct Args {
    /// The condition, then files; with --map or --where all are files [default: standard input]
    #[arg(value_name = "PREDICATE|FILE")]
    operands: Vec<String>,
    /// Keep only records for which this is true
    #[arg(long = "where", value_name = "EXPR", value_parser = Expr::parse_condition)]
    keep: Option<Expr>,
    /// Keep the records for which the condition is not true
    #[arg(short = 'v', long)]
    invert: bool,
    /// Write only how many lines would be written
    #[arg(long)]
    count: bool,
    /// Stop reading after so many records that were kept
    #[arg(short, long, value_name = "N")]
    max_count: Option<NonZeroU64>,
    /// End with status 1 when no record was kept
    #[arg(short, long)]
    exit_status: bool,
    /// Say what is done to a record, in which order and by which engine, and end
    #[arg(long)]
    explain: bool,
    #[command(flatten)]
    keep_only: KeepArgs,
    #[command(flatten)]
    shape: ShapeArgs,
    #[command(flatten)]
    lexicon: LexiconArg,
    #[command(flatten)]
    state: StateArgs,
    #[command(flatten)]
    output: OutputArgs,
    #[command(flatten)]
    common: Common,
}

const EXAMPLES: &str = "\
Examples:
  jsonl-filter '.lang == \"en\"' tweets.jsonl
  jsonl-filter --map '{t: .created_at, tag: .entities.hashtags[]?.text}' tweets.jsonl
  jsonl-filter -r --where '.lang == \"fr\"' --map .user.screen_name tweets.jsonl | sort | uniq -c
  jsonl-filter --map '{id, lang}' --format csv -o langs.csv --rejects bad.txt tweets.jsonl
  stream-fetch demo:rsvps | jsonl-filter '.group.group_country == \"us\"'
  jsonl-filter --checkpoint en.marks '.lang == \"en\"' tweets.jsonl -o en.jsonl

A record is kept when any output of the condition is neither null nor false.
Exit status: 0 done, 1 nothing kept (with -e), 2 usage, 3 rejects, 4 input or output failed, \
5 a state of other settings, or one that cannot be used, 75 another run holds the state, 128 + n a signal.";

impl Args {
    /// What is done to a record, in this order.
    fn steps(&self) -> Vec<String> {
        let verb = if self.invert { "leaves out" } else { "keeps" };
        let keep = self.keep.as_ref();
        let keep = keep.map(|keep| step(&format!("{verb} records where {}", keep.source()), Some(keep)));
        let most = self.max_count.map(|most| format!("ends after {most} that were kept"));
        let steps = keep.into_iter().chain(self.keep_only.explain()).chain(self.shape.explain());
        steps.chain(most).zip(1..).map(|(step, number)| format!("{number}. {step}")).collect()
    }
}

fn run(mut args: Args, tool: &mut Tool) -> anyhow::Result<Status> {
    args.common.prepare(tool)?;
    let lexicon = args.lexicon.prepare()?;
    let others = args.shape.is_given() || args.keep_only.is_given();
    args.keep = condition::of_operands(&mut args.operands, args.keep, others)?;
    if args.invert && args.keep.is_none() {
        return Err(Usage("-v turns a condition round: give one with --where".into()).into());
    }
    if !args.shape.writes_other_than_records() {
        args.common.check_for(&args.output);
    }
    let steps = args.steps();
    if args.explain {
        let mut out = args.output.open()?;
        for step in steps {
            out.line(step.as_bytes())?;
        }
        out.close()?;
        return Ok(Status::Done);
    }
    let mut notes = tool.notes();
    steps.iter().for_each(|step| notes.explain(step));
    if let Some(table) = args.shape.table() {
        args.common.refuse_inputs(std::slice::from_ref(table))?;
    }

    let files: Vec<PathBuf> = args.operands.iter().map(PathBuf::from).collect();
    let clock = args.keep_only.clock()?;
    let options = FilterOptions {
        keep: args.keep,
        invert: args.invert,
        clock: clock.clock(),
        times: clock.times()?,
        range: args.keep_only.range(),
        sample: args.keep_only.sample(),
        dedupe: args.keep_only.dedupe(),
        shape: args.shape.shape(&mut notes)?,
        count: args.count,
        most: args.max_count.map(NonZeroU64::get),
    };
    if options.count || options.most.is_some() {
        args.state.refuse_checkpoint(
            "--count and --max-count are for an input that is read once, and not for a stream that goes on",
        )?;
    }
    let settings = args.common.settings(tool, lexicon, options.settings());
    let mut kept = args.state.open(tool, &settings, &files, &args.output)?;
    if options.count {
        kept = kept.map(Kept::with_whole_output);
    }
    let mut filter = match &kept {
        Some(kept) => Filter::go_on(options, &kept.state)?,
        None => Filter::new(options),
    };
    let (status, _) = args.common.run_kept(tool, &mut filter, &files, &args.output, kept)?;
    Ok(if status == Status::Done && args.exit_status && filter.matched() == 0 {
        Status::NoMatch
    } else {
        status
    })
}

fn main() -> ExitCode {
    cli::main(run)
}
