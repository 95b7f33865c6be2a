//! The n largest of each window, or of plain records.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use trendpipe::cli::limit::LimitArgs;
use trendpipe::cli::ranks::RankArgs;
use trendpipe::cli::state::{Kept, StateArgs};
use trendpipe::cli::{self, Common, LexiconArg, OutputArgs, Status, Tool, Usage};
use trendpipe::expr::Expr;
use trendpipe::job::top::{TopRecords, TopRows};

/// The n largest of each window, or of plain records with --key
#[derive(Parser)]
#[command(name = "topn", version, after_help = EXAMPLES)]
struct Args {
    /// How many [default: 10], then files in order [default: standard input]
    #[arg(value_name = "N|FILE")]
    operands: Vec<String>,
    /// Count plain records by this key instead of ranking window rows; may be repeated
    #[arg(short, long = "key", value_name = "[NAME=]EXPR", value_parser = cli::columns::parse_key)]
    keys: Vec<(String, Expr)>,
    /// Count string keys without regard to case, width and how accents are written; show the most frequent spelling
    #[arg(long)]
    fold: bool,
    #[command(flatten)]
    ranks: RankArgs,
    #[command(flatten)]
    limit: LimitArgs,
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
  topn 10 --key .lang tweets.jsonl
  window-count --key '.entities.hashtags[].text' --window 20s tweets.jsonl | topn 3 --format table
  topn 5 --other rows.jsonl
  topn 3 --score trend rows.jsonl
  topn 3 --by total --format csv -o busiest.csv rows.jsonl
  window-count --checkpoint t --key .lang --window 9s tweets.jsonl | topn --checkpoint t -o t.out

Equal counts are ordered by the bytes of the key. Windows come out as soon as they are whole.
Exit status: 0 done, 2 usage, 3 too many rejects, 4 input or output failed, 5 a state of other settings, or one that cannot be \
used, 75 another run holds the state, 128 + n a signal.";

fn run(mut args: Args, tool: &mut Tool) -> anyhow::Result<Status> {
    args.common.prepare(tool)?;
    let lexicon = args.lexicon.prepare()?;
    let n = match args.operands.first().map(|first| first.parse::<usize>()) {
        Some(Ok(0)) => return Err(Usage("the largest 0 are none: write a number from 1".into()).into()),
        Some(Ok(n)) => {
            args.operands.remove(0);
            n
        }
        _ => 10,
    };
    let options = args.ranks.options(n);
    let files: Vec<PathBuf> = args.operands.iter().map(PathBuf::from).collect();
    let settings = |job| args.common.settings(tool, lexicon, job);
    let (status, _) = if args.keys.is_empty() {
        if args.limit.limit().is_some() {
            let hint = "--max-keys bounds a count of plain records with --key; rows of windows are bounded by window-count --max-keys";
            return Err(Usage(hint.into()).into());
        }
        if args.fold {
            let hint = "--fold belongs to a count of plain records with --key; rows of windows are folded by window-count --fold";
            return Err(Usage(hint.into()).into());
        }
        let kept = args.state.open(tool, &settings(TopRows::settings(&options)), &files, &args.output)?;
        let mut rows = match &kept {
            Some(kept) => TopRows::go_on(options, &kept.state)?,
            None => TopRows::new(options),
        };
        args.common.run_kept(tool, &mut rows, &files, &args.output, kept)?
    } else {
        cli::columns::check_names(args.keys.iter().map(|(name, _)| name))?;
        args.state.refuse_checkpoint(
            "--key makes one table of all records, at the end: count with window-count --checkpoint, with --window all --emit complete \
             --trigger 2s for a table that goes on, and rank its rows here",
        )?;
        let limit = args.limit.limit();
        let known = settings(TopRecords::settings(&args.keys, args.fold, limit));
        let kept = args.state.open(tool, &known, &files, &args.output)?;
        let mut records = TopRecords::new(args.keys, args.fold, options, limit)?;
        if let Some(kept) = &kept {
            records = records.go_on(&kept.state)?;
        }
        args.common.run_kept(tool, &mut records, &files, &args.output, kept.map(Kept::with_whole_output))?
    };
    Ok(status)
}

fn main() -> ExitCode {
    cli::main(run)
}
