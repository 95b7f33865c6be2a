//! What all binaries share: the main function, arguments, exit status, signals, progress, statistics.
//!
//! A binary is its arguments and a `run` that wires library parts together; [`main`] does the rest, and is the only
//! place where a process ends.

pub mod buffer;
pub mod charts;
pub mod checkpoint;
pub mod clock;
pub mod closing;
pub mod columns;
mod common;
pub mod condition;
mod cursor;
pub mod form;
mod generate;
pub mod keep;
mod lexicon;
pub mod limit;
mod live;
mod network;
mod overwrite;
pub mod parts;
pub mod ranks;
pub mod recording;
pub mod replay;
pub mod screen;
#[cfg(feature = "serve")]
pub mod serve;
pub mod shape;
mod size;
pub mod sources;
mod spooled;
pub mod state;
mod stats;
mod status;
pub mod store;
mod terminal;
pub mod topics;
mod watch;
pub mod windows;

use std::ffi::OsString;
use std::io::{self, Write};
use std::panic;
use std::process::ExitCode;
use std::time::Duration;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Command, CommandFactory, Parser};

pub use common::{Common, OutputArgs};
pub use lexicon::LexiconArg;
pub use overwrite::refuse_input;
pub use status::Status;
pub use terminal::Tool;

pub use crate::drive::Usage;
use crate::expr;
use crate::jsonl;
use crate::time::Span;

/// Memory in a static build.
#[cfg(target_env = "musl")]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Parses the arguments, runs the tool, and turns what came of it into an exit status.
pub fn main<A: Parser + CommandFactory>(run: fn(A, &mut Tool) -> anyhow::Result<Status>) -> ExitCode {
    let arguments: Vec<OsString> = std::env::args_os().collect();
    if let Some(wanted) = generate::wanted(&arguments) {
        return generate::generate(A::command(), &arguments, &wanted);
    }
    report_own_panics_alone();
    let name = A::command().get_name().to_owned();
    let mut tool = Tool::new(&name);
    let outcome = match A::try_parse_from(&arguments) {
        Ok(args) => run(args, &mut tool),
        Err(error) => explain(error, &A::command(), &arguments),
    };
    let status = outcome.unwrap_or_else(|error| {
        let status = Status::of_error(&error);
        if status != Status::Done {
            tool.fail(&error);
        }
        status
    });
    tool.clear();
    status.into()
}

/// An expression that is too much for jaq is a reject with its own words.
fn report_own_panics_alone() {
    let report = panic::take_hook();
    panic::set_hook(Box::new(move |what| {
        if !expr::is_guarded() {
            report(what);
        }
    }));
}

/// Shows the help that was asked for, or says what is wrong with the arguments, under the tool's name as all that it says.
fn explain(mut error: clap::Error, command: &Command, arguments: &[OsString]) -> anyhow::Result<Status> {
    if !error.use_stderr() {
        jsonl::open_stdout()?;
        error.print()?;
        io::stdout().flush()?;
        return Ok(Status::Done);
    }
    // clap's tip for an option that it does not know is to make an operand of it, which nobody means who writes two dashes; behind
    // one, an expression may begin (`-.a > 1`).
    let is_long = matches!(error.get(ContextKind::InvalidArg), Some(ContextValue::String(arg)) if arg.starts_with("--"));
    if error.kind() == ErrorKind::UnknownArgument && is_long {
        error.remove(ContextKind::Suggested);
    }
    let text = error.render().to_string();
    let text = text.strip_prefix("error: ").unwrap_or(&text);
    let name = command.get_name();
    let example =
        (error.kind() == ErrorKind::MissingRequiredArgument).then(|| example(command, arguments)).flatten();
    let example = example.map(|line| format!("For example: {line}\n")).unwrap_or_default();
    // Where stderr is closed, the status tells enough.
    let _ = write!(io::stderr(), "{name}: {text}{example}");
    Ok(Status::Usage)
}

/// The first example of the help, for whom something is missing.
fn example(command: &Command, arguments: &[OsString]) -> Option<String> {
    let help = generate::named(command.clone(), arguments).get_after_help()?.to_string();
    help.lines().skip_while(|line| *line != "Examples:").nth(1).map(|line| line.trim().to_owned())
}

/// A span as the clock of the machine has it; the longest is some centuries.
pub fn duration(span: &Span) -> Duration {
    Duration::from_millis(span.nominal_millis().unwrap_or(i64::MAX).unsigned_abs())
}
