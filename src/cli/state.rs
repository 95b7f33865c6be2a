//! The arguments that let a run go on where the last one ended.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context as _;
use clap::Args;

use super::checkpoint::CheckpointArgs;
use super::{OutputArgs, Tool, duration, refuse_input};
use crate::drive::{Notes, Usage};
use crate::jsonl::format::Format;
use crate::jsonl::{Input, Ledger, Output, RejectPolicy};
use crate::pack::Unpackable;
use crate::state::{InputNote, Keeper, Settings, State};
use crate::time::Span;

/// Where the state of a run is kept.
#[derive(Args, Clone, Debug)]
pub struct StateArgs {
    /// Go on where the last run with FILE ended: read only what is new, append rows to -o, keep in FILE what is not finished
    #[arg(long, value_name = "FILE", help_heading = "State", conflicts_with_all = ["checkpoint", "stage", "mark_every"])]
    state: Option<PathBuf>,
    /// Begin anew, whatever FILE holds: read all input again
    #[arg(long, requires = "state", help_heading = "State")]
    state_reset: bool,
    /// How often the state is saved while the run goes on
    #[arg(
        long, value_name = "SPAN", default_value = "1s", value_parser = Span::parse_positive, requires = "state",
        help_heading = "State"
    )]
    state_every: Span,
    #[command(flatten)]
    checkpoint: CheckpointArgs,
}

/// A state that is open, and how often it is saved.
pub struct Kept {
    /// The state.
    pub state: State,
    every: Duration,
    /// Each run makes the whole output.
    is_output_whole: bool,
    /// What is read by a stage of a pipeline behind the first.
    pipe: Option<Input>,
}

impl StateArgs {
    /// Whether the run has a state.
    pub fn is_given(&self) -> bool {
        self.state.is_some()
    }

    /// Refuses to be a stage of a pipeline with marks, for this reason.
    pub fn refuse_checkpoint(&self, why: &str) -> Result<(), Usage> {
        self.checkpoint.refuse(why)
    }

    /// Opens the state for a run with these settings, files and output, if there is to be one.
    pub fn open(
        &self,
        tool: &Tool,
        settings: &Settings,
        files: &[PathBuf],
        output: &OutputArgs,
    ) -> anyhow::Result<Option<Kept>> {
        if self.checkpoint.is_given() {
            return self.checkpoint.open(tool, settings, files, output);
        }
        let Some(path) = &self.state else { return Ok(None) };
        Ok(Some(Kept::of(State::open(path, settings, self.state_reset)?, duration(&self.state_every))))
    }
}

impl Kept {
    /// A state that is open, saved so often.
    pub(super) fn of(state: State, every: Duration) -> Kept {
        Kept { state, every, is_output_whole: false, pipe: None }
    }

    /// A stage of a pipeline, and the pipe that it reads, if it is not the first.
    pub(super) fn of_stage(state: State, pipe: Option<Input>) -> Kept {
        // Marks say when it is saved.
        Kept { pipe, ..Kept::of(state, Duration::ZERO) }
    }

    /// Each run makes the whole output, so it is replaced as without a state, and not added to.
    #[must_use]
    pub fn with_whole_output(mut self) -> Kept {
        self.is_output_whole = true;
        self
    }

    /// Whether the input is open already.
    pub(super) fn has_pipe(&self) -> bool {
        self.pipe.is_some()
    }

    /// Refuses files to be read that the run would add to.
    pub(super) fn refuse_inputs(&self, output: &OutputArgs, files: &[PathBuf]) -> Result<(), Usage> {
        refuse_input("-o", output.file().filter(|_| !self.is_output_whole), files)
    }

    /// Opens the files where they were left, and says what is worth knowing about them.
    pub(super) fn inputs(&mut self, files: &[PathBuf], notes: &mut Notes) -> anyhow::Result<Vec<Input>> {
        if let Some(pipe) = self.pipe.take() {
            return Ok(vec![pipe]);
        }
        let stdin = [PathBuf::from("-")];
        let files = if files.is_empty() { &stdin[..] } else { files };
        if files.contains(&stdin[0]) && is_file(&rustix::stdio::stdin()) {
            let hint = "with --state or --cursor name the file instead of redirecting it: a run must find it again to read on";
            return Err(Usage(hint.into()).into());
        }
        let (inputs, said) = self.state.inputs(files)?;
        for note in said {
            match note {
                InputNote::Say(text) => notes.say(&text),
                InputNote::Explain(text) => notes.explain(&text),
            }
        }
        Ok(inputs)
    }

    /// Opens the output at the place where the last run left it. What is no file cannot be cut back, and is written to as
    /// without a state.
    pub(super) fn output(&mut self, args: &OutputArgs) -> anyhow::Result<Output> {
        let is_piped = self.state.stage().is_some_and(|stage| !stage.is_last());
        let Some(path) = args.file().filter(|_| !self.is_output_whole && !is_piped) else {
            return args.open();
        };
        if args.format() == Format::Table {
            let hint = "a table is for people, and is not written piece by piece: with --state, --cursor or --checkpoint and -o use --format jsonl, csv or tsv";
            return Err(Usage(hint.into()).into());
        }
        let Some(owned) = self.state.output("output", path)? else { return args.open() };
        let mut output = Output::owned(owned.file, owned.length).with_format(args.format());
        match owned.memory {
            Some(memory) if !output.recall(&memory) => {
                let why = format!("{} was written in another format so far", path.display());
                Err(Usage(format!("{why}: use the same --format, or name another file with -o")).into())
            }
            _ => Ok(output),
        }
    }

    /// Opens the account of rejects; their file goes on growing.
    pub(super) fn ledger(&mut self, policy: RejectPolicy) -> anyhow::Result<Ledger> {
        let owned = match &policy.keep {
            Some(path) => self.state.output("rejects", path)?,
            None => None,
        };
        Ok(match owned {
            Some(owned) => Ledger::go_on(policy, owned.file, owned.length),
            None => Ledger::open(policy).context("cannot write the file of --rejects")?,
        })
    }

    /// Gives a job what it packed when the state was saved, if there is anything.
    pub fn restore(&self, unpack: impl FnOnce(&[u8]) -> Result<(), Unpackable>) -> anyhow::Result<()> {
        let Some(packed) = self.state.job() else { return Ok(()) };
        unpack(packed).map_err(|error| self.state.unusable(error).into())
    }

    pub(super) fn keeper(self) -> std::io::Result<Keeper> {
        self.state.keeper(self.every)
    }
}

pub(super) fn is_file(stream: &impl std::os::fd::AsFd) -> bool {
    rustix::fs::fstat(stream).is_ok_and(|stat| {
        rustix::fs::FileType::from_raw_mode(stat.st_mode) == rustix::fs::FileType::RegularFile
    })
}
