//! The arguments that all tools share, and the settings of a run made from them.

use std::io::IsTerminal;
use std::os::unix::fs::FileTypeExt;
use std::path::{Path, PathBuf};
use std::thread;

use anyhow::Context as _;
use clap::{Args, ValueEnum};

use super::generate::Generate;
use super::size::parse_size;
use super::state::Kept;
use super::stats::Stats;
use super::watch;
use super::{Status, Tool, refuse_input};
use crate::drive::{self, Checks, Interrupt, Job, Loudness, Outcome, Settings, Usage};
use crate::jsonl::format::Format;
use crate::jsonl::{self, Input, Inputs, Ledger, Output, RejectLimit, RejectPolicy};
use crate::source;
use crate::state::{self, Keeper};

/// More threads than this do not help: one thread applies what they map.
const MOST_THREADS: usize = 16;
/// So many files are held open from the start on, so that nobody can take them away; a process may have 1024.
const OPEN_FILES: usize = 256;

/// Arguments of every tool that reads JSON lines.
#[derive(Args, Clone, Debug)]
pub struct Common {
    /// Keep every rejected line in FILE, as it came
    #[arg(long, value_name = "FILE", help_heading = "Input")]
    rejects: Option<PathBuf>,
    /// Fail (status 3) with more rejects than this: a number of lines, or a part of them
    #[arg(long, value_name = "N|P%", help_heading = "Input")]
    max_rejects: Option<RejectLimit>,
    /// Stop at the first reject (status 3)
    #[arg(long, help_heading = "Input")]
    strict: bool,
    /// How closely each line is looked at
    #[arg(long, value_enum, default_value = "structure", help_heading = "Input")]
    check: Check,
    /// Reject longer lines
    #[arg(long, value_name = "SIZE", default_value = "16MiB", value_parser = parse_size, help_heading = "Input")]
    max_line: usize,
    /// How many threads look at records [default: one a core]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..), help_heading = "Run")]
    threads: Option<u16>,
    /// Write the run's figures to FILE at the end, as one JSON line (SIGUSR1 shows them meanwhile)
    #[arg(long, value_name = "FILE", help_heading = "Run")]
    stats: Option<PathBuf>,
    /// Say only why a run failed
    #[arg(short, long, conflicts_with = "verbose", help_heading = "Run")]
    quiet: bool,
    /// Say also how the run goes about its work
    #[arg(long, help_heading = "Run")]
    verbose: bool,
    /// Add what is said to FILE, too, with the time
    #[arg(long, value_name = "FILE", help_heading = "Run")]
    log: Option<PathBuf>,
    /// Print a man page or a shell completion, and end
    #[arg(long, value_enum, value_name = "WHAT", help_heading = "Run")]
    generate: Option<Generate>,
}

/// How closely lines are looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Check {
    /// UTF-8, one object, quotes closed, brackets matched, nothing after it
    Structure,
    /// The whole JSON grammar
    Full,
}

/// Where a tool's records go.
#[derive(Args, Clone, Debug)]
pub struct OutputArgs {
    /// Write to FILE, which is replaced as a whole at the end
    #[arg(short, long, value_name = "FILE", help_heading = "Output")]
    output: Option<PathBuf>,
    /// How records are written: jsonl, csv, tsv, or a table for people
    #[arg(long, value_name = "FORMAT", default_value_t, help_heading = "Output")]
    format: Format,
}

impl OutputArgs {
    /// The file, if it is not to be standard output.
    pub(super) fn file(&self) -> Option<&Path> {
        self.output.as_deref().filter(|path| *path != Path::new("-"))
    }

    /// How records are written.
    pub(super) fn format(&self) -> Format {
        self.format
    }

    /// Whether what is written is a table for people.
    pub fn is_for_people(&self) -> bool {
        self.format == Format::Table
    }

    /// Opens the file, or standard output.
    pub fn open(&self) -> anyhow::Result<Output> {
        let output = match &self.output {
            Some(path) => Output::file(path).with_context(|| format!("cannot write {}", path.display()))?,
            None => Output::stdout()?,
        };
        Ok(output.with_format(self.format))
    }
}

impl Common {
    /// Does what the arguments say about the terminal; to be called first.
    pub fn prepare(&self, tool: &mut Tool) -> anyhow::Result<()> {
        tool.set_loudness(match (self.quiet, self.verbose) {
            (true, _) => Loudness::Quiet,
            (_, true) => Loudness::Verbose,
            _ => Loudness::Normal,
        });
        self.log.as_deref().map_or(Ok(()), |path| tool.log_to(path))
    }

    /// Of a tool that passes records on: where they become columns, each line is checked to the whole grammar, so that one
    /// that has no columns is a reject and does not end the run.
    pub fn check_for(&mut self, output: &OutputArgs) {
        if output.format != Format::Jsonl {
            self.check = Check::Full;
        }
    }

    /// What a state must agree with: what the job says, and what every tool's records depend on.
    pub fn settings(&self, tool: &Tool, lexicon: Option<String>, job: state::Settings) -> state::Settings {
        let mut settings = job;
        for (name, value) in [
            ("tool", Some(tool.name().to_owned())),
            ("lexicon", lexicon),
            ("check", (self.check == Check::Full).then(|| "full".into())),
            ("max-line", Some(format!("{} bytes", self.max_line))),
        ] {
            settings.insert(name.into(), value.into());
        }
        settings
    }

    /// Runs a job over files (none, or `-`: standard input).
    pub fn run<J: Job>(
        &self,
        tool: &Tool,
        job: &mut J,
        files: &[PathBuf],
        output: Output,
    ) -> anyhow::Result<(Status, Outcome)> {
        self.run_until(tool, job, files, output, Interrupt::default())
    }

    /// The same where the order of inputs is all the same: pipes are read side by side, and none waits for its writer.
    pub fn run_side_by_side<J: Job>(
        &self,
        tool: &Tool,
        job: &mut J,
        files: &[PathBuf],
        output: Output,
    ) -> anyhow::Result<(Status, Outcome)> {
        if files.len() < 2 {
            return self.run(tool, job, files, output);
        }
        self.refuse_inputs(files)?;
        let list: Vec<Input> = files
            .iter()
            .enumerate()
            .map(|(place, path)| open_unawaited(path, place))
            .collect::<Result<_, _>>()?;
        let inputs = Inputs { side_by_side: true, ..Inputs::from(list) };
        self.run_inputs(tool, job, inputs, output, Interrupt::default())
    }

    /// The same for a caller that has more to do afterwards, and wants to know whether a signal came meanwhile.
    pub fn run_until<J: Job>(
        &self,
        tool: &Tool,
        job: &mut J,
        files: &[PathBuf],
        output: Output,
        interrupt: Interrupt,
    ) -> anyhow::Result<(Status, Outcome)> {
        self.refuse_inputs(files)?;
        let inputs = open_files(files)?;
        self.run_inputs(tool, job, inputs, output, interrupt)
    }

    /// Runs a job over files, and with a state over what is new in them.
    pub fn run_kept<J: Job>(
        &self,
        tool: &Tool,
        job: &mut J,
        files: &[PathBuf],
        output: &OutputArgs,
        kept: Option<Kept>,
    ) -> anyhow::Result<(Status, Outcome)> {
        let Some(mut kept) = kept else { return self.run(tool, job, files, output.open()?) };
        self.refuse_inputs(files)?;
        kept.refuse_inputs(output, files)?;
        if files.is_empty() && !kept.has_pipe() {
            needs_input()?;
        }
        let inputs = kept.inputs(files, &mut tool.notes())?;
        self.run_kept_inputs(tool, job, inputs.into(), output, kept, Interrupt::default())
    }

    /// Runs a job over inputs that are open where the last run left them.
    pub fn run_kept_inputs<J: Job>(
        &self,
        tool: &Tool,
        job: &mut J,
        inputs: Inputs,
        output: &OutputArgs,
        mut kept: Kept,
        interrupt: Interrupt,
    ) -> anyhow::Result<(Status, Outcome)> {
        let output = kept.output(output)?;
        let ledger = kept.ledger(self.policy())?;
        self.drive(tool, job, inputs, output, interrupt, ledger, Some(kept.keeper()?))
    }

    /// Runs a job that sees to its output itself, or passes records on: a stage of a pipeline with marks, if it is one.
    pub fn run_end<J: Job>(
        &self,
        tool: &Tool,
        job: &mut J,
        files: &[PathBuf],
        output: Output,
        kept: Option<Kept>,
    ) -> anyhow::Result<(Status, Outcome)> {
        let Some(mut kept) = kept else { return self.run(tool, job, files, output) };
        self.refuse_inputs(files)?;
        let inputs = kept.inputs(files, &mut tool.notes())?.into();
        let ledger = kept.ledger(self.policy())?;
        self.drive(tool, job, inputs, output, Interrupt::default(), ledger, Some(kept.keeper()?))
    }

    /// Refuses files to be read that the run would overwrite.
    pub fn refuse_inputs(&self, files: &[PathBuf]) -> Result<(), Usage> {
        refuse_input("--rejects", self.rejects.as_deref(), files)
    }

    /// Runs a job over inputs that are open.
    pub fn run_inputs<J: Job>(
        &self,
        tool: &Tool,
        job: &mut J,
        inputs: impl Into<Inputs>,
        output: Output,
        interrupt: Interrupt,
    ) -> anyhow::Result<(Status, Outcome)> {
        let path = self.rejects.as_deref().unwrap_or(Path::new("")).display();
        let ledger =
            Ledger::open(self.policy()).with_context(|| format!("cannot write the rejects to {path}"))?;
        self.drive(tool, job, inputs.into(), output, interrupt, ledger, None)
    }

    fn policy(&self) -> RejectPolicy {
        RejectPolicy { keep: self.rejects.clone(), limit: self.max_rejects, strict: self.strict }
    }

    #[allow(clippy::too_many_arguments)] // all that a run is made of; each is used once
    fn drive<J: Job>(
        &self,
        tool: &Tool,
        job: &mut J,
        inputs: Inputs,
        output: Output,
        interrupt: Interrupt,
        ledger: Ledger,
        keeper: Option<Keeper>,
    ) -> anyhow::Result<(Status, Outcome)> {
        watch::signals(interrupt.clone())?;
        if output.is_stdout() {
            watch::closed_stdout(interrupt.clone())?;
        }
        let stats = Stats::open(self.stats.as_deref())?;
        let settings = Settings {
            progress: progress(tool, &inputs.list),
            inputs,
            output,
            checks: Checks {
                max_line: self.max_line,
                grammar: self.check == Check::Full,
                strict: self.strict,
            },
            ledger,
            threads: self.threads(),
            notes: tool.notes(),
            interrupt,
            keeper,
        };
        let outcome = match drive::run(job, settings) {
            Ok(outcome) => outcome,
            Err(failure) => return Err(stats.write_after(*failure)),
        };
        stats.write(&outcome.figures)?;
        tool.clear();
        let mut notes = tool.notes();
        if let Some(failed) = &outcome.read_error {
            notes.raw(&format!("{}: cannot read {}: {}", tool.name(), failed.input, failed.error));
        }
        let status = Status::of_outcome(&outcome);
        if status == Status::Rejects {
            let why = if self.strict {
                "stopped at the first reject (--strict)"
            } else {
                "too many lines were rejected (--max-rejects)"
            };
            notes.raw(&format!("{}: {why}", tool.name()));
        }
        Ok((status, outcome))
    }

    /// The longest line that is no reject.
    pub(super) fn max_line(&self) -> usize {
        self.max_line
    }

    /// How many threads may work.
    pub(super) fn threads(&self) -> usize {
        match self.threads {
            Some(threads) => threads.into(),
            None => default_threads(thread::available_parallelism().map_or(1, usize::from)),
        }
    }
}

/// How many threads work on a machine of so many cores, where nobody says.
fn default_threads(cores: usize) -> usize {
    cores.min(MOST_THREADS)
}

/// Opens the files in the order given, before anything is read: a misspelt name costs no work. Without any, what is piped
/// in is read.
fn open_files(files: &[PathBuf]) -> anyhow::Result<Vec<Input>> {
    if files.is_empty() {
        needs_input()?;
        return Ok(vec![jsonl::open_stdin()?]);
    }
    files.iter().enumerate().map(|(place, path)| open(path, place)).collect()
}

/// Nobody is to wonder why nothing happens.
pub(super) fn needs_input() -> Result<(), Usage> {
    if std::io::stdin().is_terminal() {
        let hint = "there is no input: name a file, or pipe JSON lines in (- reads what you type)";
        return Err(Usage(hint.into()));
    }
    Ok(())
}

/// Opens one file, of which so many are given before it; `-` is standard input.
pub(super) fn open(path: &Path, place: usize) -> anyhow::Result<Input> {
    if path == Path::new("-") {
        return Ok(jsonl::open_stdin()?);
    }
    let opened = if place < OPEN_FILES { jsonl::open_file(path) } else { jsonl::open_later(path) };
    opened.with_context(|| {
        let hint = path.to_str().filter(|_| !path.exists()).and_then(source::hint);
        let hint = hint.map(|hint| format!(" ({hint})")).unwrap_or_default();
        format!("cannot open {}{hint}", path.display())
    })
}

/// As [`open`], but a pipe is open before somebody writes it.
fn open_unawaited(path: &Path, place: usize) -> anyhow::Result<Input> {
    let is_pipe = path.metadata().is_ok_and(|metadata| metadata.file_type().is_fifo());
    if !is_pipe {
        return open(path, place);
    }
    jsonl::open_unawaited(path).with_context(|| format!("cannot open {}", path.display()))
}

/// The bar is drawn by the tool that reads files or a network; one that reads a pipe leaves the terminal to it.
fn progress(tool: &Tool, inputs: &[Input]) -> Option<drive::Watcher> {
    let sizes: Option<u64> = inputs.iter().map(|input| input.size).sum();
    let is_piped = inputs.iter().any(|input| input.is_pipe);
    if is_piped { None } else { tool.progress(sizes) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thread_for_each_core_and_sixteen_at_most() {
        assert_eq!([1, 2, 16, 17, 256].map(default_threads), [1, 2, 16, 16, 16]);
    }
}
