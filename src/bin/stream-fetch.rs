//! Brings JSON lines from files, sockets and the web, and replays recordings.

use std::io::IsTerminal as _;
use std::process::ExitCode;

use clap::Parser;
use trendpipe::cli::buffer::BufferArgs;
use trendpipe::cli::clock::ClockArgs;
use trendpipe::cli::form::FormArgs;
use trendpipe::cli::recording::RecordArgs;
use trendpipe::cli::replay::ReplayArgs;
use trendpipe::cli::sources::SourceArgs;
use trendpipe::cli::{self, Common, OutputArgs, Status, Tool};
use trendpipe::job::fetch::{self, Fetch, FetchOptions};
use trendpipe::jsonl::Form;
use trendpipe::source::preset;

/// Bring JSON lines from files, sockets and the web; replay recordings at their own pace
#[derive(Parser)]
#[command(name = "stream-fetch", version, after_help = EXAMPLES)]
struct Args {
    #[command(flatten)]
    sources: SourceArgs,
    #[command(flatten)]
    form: FormArgs,
    #[command(flatten)]
    replay: ReplayArgs,
    #[command(flatten)]
    recording: RecordArgs,
    #[command(flatten)]
    clock: ClockArgs,
    #[command(flatten)]
    output: OutputArgs,
    #[command(flatten)]
    buffer: BufferArgs,
    #[command(flatten)]
    common: Common,
}

const EXAMPLES: &str = "\
Examples:
  stream-fetch demo:tweets --records 1000
  stream-fetch tcp://127.0.0.1:5555 | window-count --key .lang --window 10s
  stream-fetch --reconnect --cursor place --id .id --duration 1s tcp://127.0.0.1:5555
  stream-fetch --time .mtime --speed 60x rsvps.jsonl.zst
  stream-fetch --rate 1000 tweets.jsonl | jsonl-filter '.lang == \"en\"' | topn 3 --key .user.location
  stream-fetch tcp://127.0.0.1:5555 --record 'raw/%Y-%m-%dT%H.jsonl.zst' >/dev/null
  stream-fetch --loop=2 --shift now --disorder 5s rsvps.jsonl.zst
  cat tweets.jsonl | stream-fetch - rsvps.jsonl --records 100 --stats figures.json >both.jsonl
  stream-fetch --checkpoint all tweets.jsonl | jsonl-filter --checkpoint all .lang -o all.jsonl

Sources: FILE (also .gz and .zst), - (standard input), tcp://HOST:PORT, http(s)://HOST/PATH, \
ws(s)://HOST/PATH, demo:tweets, demo:rsvps, demo:github, presets (--list). Lines are handed on byte for byte.
Exit status: 0 done, 2 usage, 3 too many rejects, 4 a source or the output failed, 5 the cursor or DIR cannot be \
used, 75 another run holds it, 128 + n a signal.";

fn run(args: Args, tool: &mut Tool) -> anyhow::Result<Status> {
    let Args { sources, form, replay, recording, clock, output, buffer, mut common } = args;
    common.prepare(tool)?;
    if sources.wants_list() {
        let mut list = output.open()?;
        list.text(preset::list().as_bytes())?;
        list.close()?;
        return Ok(Status::Done);
    }
    let form = form.form()?;
    if form == Form::Jsonl {
        // What is made of other forms is whole.
        common.check_for(&output);
    }
    common.refuse_inputs(&sources.paths())?;
    let edits = replay.edits(&clock.clock(), sources.seed())?;
    let mut options = FetchOptions {
        pace: sources.pace(),
        clock: clock.clock(),
        times: clock.times()?,
        records: sources.records(),
        edits,
        form,
        is_live: false,
        trails: Vec::new(),
        follows: sources.follows(),
        sums_up: !std::io::stderr().is_terminal(),
    };
    if replay.passes().is_some() || replay.is_disordered() {
        sources.refuse_places("--loop and --disorder have no place to go on from")?;
    }
    let settings = common.settings(tool, None, fetch::settings(&options));
    let opened = match sources.open_stage(&common, tool, settings, &output, form == Form::Jsonl)? {
        Some(opened) => opened,
        None => sources.open(&common, tool, form == Form::Jsonl)?,
    };
    options.trails = opened.inputs.iter().map(|input| input.trail.clone()).collect();
    let inputs = FormArgs::read(form, opened.inputs, &common);
    options.is_live = inputs.iter().all(|input| input.source.is_live());
    let inputs = match replay.passes() {
        Some(passes) => sources.looped(inputs, passes)?,
        None => inputs.into(),
    };
    let mut fetch =
        Fetch::new(options).telling_of_slow_readers(tool.notes()).recording(recording.recorder()?);
    if let Some(kept) = &opened.kept {
        fetch = match kept.state.stage() {
            Some(_) => fetch.go_on_at_mark(&kept.state)?.through(opened.spools),
            None => fetch.go_on_at_cursor(&kept.state)?,
        };
    }
    let (status, _) = match opened.kept {
        Some(kept) => common.run_kept_inputs(tool, &mut fetch, inputs, &output, kept, sources.interrupt())?,
        None => {
            let output = buffer.before(output.open()?, &output)?;
            common.run_inputs(tool, &mut fetch, inputs, output, sources.interrupt())?
        }
    };
    Ok(status)
}

fn main() -> ExitCode {
    cli::main(run)
}
