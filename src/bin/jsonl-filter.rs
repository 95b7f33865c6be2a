//! Keeps JSON lines by a jq condition, byte for byte, or makes new lines of them.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Parser;
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
    /// Write each output of this expression instead of the record
    #[arg(long, value_name = "EXPR")]
    map: Option<Expr>,
    /// Keep only records for which this is true
    #[arg(long = "where", value_name = "EXPR", value_parser = Expr::parse_condition)]
    keep: Option<Expr>,
    /// Write strings that --map makes without quotes
    #[arg(short, long, requires = "map")]
    raw: bool,
    /// End with status 1 when no record was kept
    #[arg(short, long)]
    exit_status: bool,
    /// Say which engine runs each expression, and end
    #[arg(long)]
    explain: bool,
    #[command(flatten)]
    lexicon: LexiconArg,
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

A record is kept when any output of the condition is neither null nor false.
Exit status: 0 done, 1 nothing kept (with -e), 2 usage, 3 rejects, 4 input or output failed.";

/// What stands in place of a file's name when the shell has split a condition into words.
const OPERATORS: [&str; 9] = ["==", "!=", "=", "<", ">", "<=", ">=", "and", "or"];

fn run(mut args: Args, tool: &mut Tool) -> anyhow::Result<Status> {
    args.common.prepare(tool)?;
    args.lexicon.prepare()?;
    if args.map.is_none() && args.keep.is_none() {
        if args.operands.is_empty() {
            return Err(Usage(
                "there is no condition: write one such as '.lang == \"en\"'; see --help".into(),
            )
            .into());
        }
        args.keep = Some(condition(&args.operands.remove(0))?);
        if let Some(word) = args.operands.first().filter(|word| OPERATORS.contains(&word.as_str())) {
            let hint = "put the whole condition into single quotes, as in '.lang == \"en\"'";
            return Err(Usage(format!("{word} is no file: {hint}")).into());
        }
    }
    if args.map.is_none() {
        args.common.check_for(&args.output);
    }
    let expressions = args.keep.iter().chain(&args.map);
    if args.explain {
        let mut out = args.output.open()?;
        for expression in expressions {
            out.line(expression.explain().as_bytes())?;
        }
        out.close()?;
        return Ok(Status::Done);
    }
    let mut notes = tool.notes();
    expressions.for_each(|expression| notes.explain(&expression.explain()));

    let files: Vec<PathBuf> = args.operands.iter().map(PathBuf::from).collect();
    let mut filter = Filter::new(FilterOptions { keep: args.keep, map: args.map, raw: args.raw });
    let (status, _) = args.common.run(tool, &mut filter, &files, args.output.open()?)?;
    Ok(if status == Status::Done && args.exit_status && filter.matched() == 0 {
        Status::NoMatch
    } else {
        status
    })
}

/// The first operand. A file's name is one that lacks the condition before it.
fn condition(text: &str) -> Result<Expr, Usage> {
    Expr::parse_condition(text).map_err(|error| match Path::new(text).is_file() {
        true => Usage(format!(
            "{text} is a file, and no condition stands before it: write one such as '.lang == \"en\"'"
        )),
        false => Usage(error.to_string()),
    })
}

fn main() -> ExitCode {
    cli::main(run)
}
