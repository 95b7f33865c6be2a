//! The arguments by which a tool takes part in a pipeline that is exact whatever dies.

use std::fs;
use std::path::{Path, PathBuf};

use clap::Args;
use rustix::fs::FileType;

use super::common::needs_input;
use super::state::{Kept, is_file};
use super::{OutputArgs, Tool, Usage, duration};
use crate::jsonl::format::Format;
use crate::jsonl::{self, Input};
use crate::state::marks::{Berth, first_mark};
use crate::state::{Settings, State};
use crate::time::Span;

/// What a stage may not be called: others lie under these names.
const TAKEN: [&str; 2] = ["committed", "spool"];

/// A stage of a pipeline with marks.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "State")]
pub struct CheckpointArgs {
    /// Lose and double nothing in a pipeline, whichever of its tools dies: all of them name the same DIR, and the last one has -o
    #[arg(long, value_name = "DIR")]
    checkpoint: Option<PathBuf>,
    /// What this tool is called in DIR, where two of the pipeline are the same [default: its own name]
    #[arg(long, value_name = "NAME", value_parser = parse_stage, requires = "checkpoint")]
    stage: Option<String>,
    /// How often the first tool of the pipeline sends a mark, at which all of them save
    #[arg(
        long, value_name = "SPAN", default_value = "1s", value_parser = Span::parse_positive, requires = "checkpoint"
    )]
    mark_every: Span,
}

fn parse_stage(name: &str) -> Result<String, String> {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    if name.is_empty() || name.starts_with('.') || !name.bytes().all(is_plain) || TAKEN.contains(&name) {
        return Err(format!("expected letters, digits, - _ and ., and not {}", TAKEN.join(" or ")));
    }
    Ok(name.to_owned())
}

impl CheckpointArgs {
    /// Whether the tool takes part in such a pipeline.
    pub fn is_given(&self) -> bool {
        self.checkpoint.is_some()
    }

    /// Refuses to take part, for this reason, if it is to.
    pub fn refuse(&self, why: &str) -> Result<(), Usage> {
        if self.is_given() { Err(Usage(format!("--checkpoint: {why}"))) } else { Ok(()) }
    }

    /// Takes the stage's place, if it is to have one: behind a pipe once the first mark has come from there.
    pub fn open(
        &self,
        tool: &Tool,
        settings: &Settings,
        files: &[PathBuf],
        output: &OutputArgs,
    ) -> anyhow::Result<Option<Kept>> {
        if self.is_given() { self.open_end(tool, settings, files, owns(output)?) } else { Ok(None) }
    }

    /// The same for a tool that knows itself whether it is the last.
    pub fn open_end(
        &self,
        tool: &Tool,
        settings: &Settings,
        files: &[PathBuf],
        is_last: bool,
    ) -> anyhow::Result<Option<Kept>> {
        let Some(berth) = self.berth(tool)? else { return Ok(None) };
        let (stage, pipe) = match pipe(files)? {
            None => (berth.source(is_last, duration(&self.mark_every))?, None),
            Some(pipe) => {
                let (mark, pipe) = first_mark(pipe)?;
                let mark = mark.ok_or_else(|| {
                    Usage(
                        "--checkpoint: the input does not begin with a mark: give --checkpoint to the tool before this one, too, and to \
                         those before that; a tool that has none must let lines with \"@mark\" pass at once"
                            .into(),
                    )
                })?;
                (berth.behind(&mark, is_last)?, Some(pipe))
            }
        };
        Ok(Some(Kept::of_stage(State::of_stage(stage, settings)?, pipe)))
    }

    /// Takes the place of the tool in the folder, if there is one.
    pub(super) fn berth(&self, tool: &Tool) -> anyhow::Result<Option<Berth>> {
        let name = self.stage.as_deref().unwrap_or(tool.name());
        self.checkpoint.as_deref().map(|folder| Berth::take(folder, name)).transpose()
    }

    /// How often a source makes marks.
    pub(super) fn mark_every(&self) -> std::time::Duration {
        duration(&self.mark_every)
    }
}

/// Whether the output is a file, so that this is the last stage; else it must be a pipe to the next one.
pub(super) fn owns(output: &OutputArgs) -> Result<bool, Usage> {
    let kind = match output.file() {
        Some(path) => fs::metadata(path).ok().map(|metadata| metadata.file_type()).map(|kind| {
            use std::os::unix::fs::FileTypeExt as _;
            if kind.is_fifo() {
                FileType::Fifo
            } else if kind.is_file() {
                FileType::RegularFile
            } else {
                FileType::Unknown
            }
        }),
        None => rustix::fs::fstat(rustix::stdio::stdout()).ok().map(|stat| {
            match FileType::from_raw_mode(stat.st_mode) {
                FileType::RegularFile => FileType::Unknown,
                kind => kind,
            }
        }),
    };
    match kind {
        None | Some(FileType::RegularFile) if output.file().is_some() => Ok(true),
        Some(FileType::Fifo | FileType::Socket) if output.format() == Format::Jsonl => Ok(false),
        Some(FileType::Fifo | FileType::Socket) => {
            Err(Usage("--checkpoint: between tools go lines of JSON; --format is for the last one, which has -o".into()))
        }
        _ => Err(Usage(
            "--checkpoint: the output is no pipe to another tool: name a file with -o, so that what is written after the last mark can be \
             taken back"
                .into(),
        )),
    }
}

/// The pipe that is read, where it is one, and no files.
fn pipe(files: &[PathBuf]) -> anyhow::Result<Option<Input>> {
    let is_stdin = |path: &Path| path == Path::new("-");
    let is_pipe = |path: &Path| {
        is_stdin(path) || fs::metadata(path).is_ok_and(|metadata| !metadata.is_file() && !metadata.is_dir())
    };
    match files {
        [] => {
            needs_input()?;
        }
        [path] if is_stdin(path) => {}
        [path] if is_pipe(path) => return Ok(Some(jsonl::open_file(path)?)),
        files if files.iter().any(|path| is_pipe(path)) => {
            return Err(Usage(
                "--checkpoint: a stage reads files, or one pipe that begins with a mark, and not both".into(),
            )
            .into());
        }
        _ => return Ok(None),
    }
    if is_file(&rustix::stdio::stdin()) {
        let hint =
            "--checkpoint: name the file instead of redirecting it: a run must find it again to read on";
        return Err(Usage(hint.into()).into());
    }
    Ok(Some(jsonl::open_stdin()?))
}
