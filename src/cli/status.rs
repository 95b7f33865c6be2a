//! The exit status, one table for all tools (docs/common.md shows it to users).

use std::io;
use std::process::ExitCode;

use crate::drive::{End, Outcome, Usage};
use crate::job::parts::PartsError;
use crate::jsonl::format::FormatError;
use crate::state::StateError;

/// How a tool ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// 0: done. Also when the reader of our output went away: it had what it wanted.
    Done,
    /// 1: nothing matched, where that was asked about.
    NoMatch,
    /// 2: wrong usage, or an expression that cannot be read.
    Usage,
    /// 3: too many lines were rejected.
    Rejects,
    /// 4: input, output or the network gave up.
    Io,
    /// 5: the state cannot be used, or was made with other settings.
    State,
    /// 75: another run holds the state; `sysexits.h` calls it a temporary failure.
    Locked,
    /// 128 + n: ended by signal n.
    Signal(i32),
}

impl From<Status> for ExitCode {
    fn from(status: Status) -> ExitCode {
        ExitCode::from(match status {
            Status::Done => 0,
            Status::NoMatch => 1,
            Status::Usage => 2,
            Status::Rejects => 3,
            Status::Io => 4,
            Status::State => 5,
            Status::Locked => 75,
            Status::Signal(number) => u8::try_from(128 + number).unwrap_or(255),
        })
    }
}

impl Status {
    /// What an error means. Looks through the whole chain, so that context never hides it.
    pub fn of_error(error: &anyhow::Error) -> Status {
        let is_closed_pipe = |cause: &(dyn std::error::Error + 'static)| {
            cause.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
        };
        if error.chain().any(is_closed_pipe) {
            Status::Done
        } else if error.chain().any(|cause| cause.is::<Usage>() || cause.is::<FormatError>()) {
            Status::Usage
        } else if let Some(error) = error.chain().find_map(|cause| cause.downcast_ref::<StateError>()) {
            if error.is_locked() { Status::Locked } else { Status::State }
        } else if error.chain().any(<dyn std::error::Error>::is::<PartsError>) {
            Status::State
        } else {
            Status::Io
        }
    }

    /// What the end of a run means.
    pub fn of_outcome(outcome: &Outcome) -> Status {
        match outcome.end {
            _ if outcome.read_error.is_some() => Status::Io,
            End::Input | End::Done => Status::Done,
            End::Signal(number) => Status::Signal(number),
            End::Rejects => Status::Rejects,
            End::Broken => Status::Io,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use anyhow::Context as _;

    #[test]
    fn a_closed_pipe_is_no_failure_under_any_context() {
        let closed = || io::Error::from(io::ErrorKind::BrokenPipe);
        assert_eq!(Status::of_error(&closed().into()), Status::Done);
        let wrapped = Err::<(), _>(closed()).context("cannot write").context("outer").expect_err("an error");
        assert_eq!(Status::of_error(&wrapped), Status::Done);
        assert_eq!(Status::of_error(&io::Error::from(io::ErrorKind::StorageFull).into()), Status::Io);
        assert_eq!(Status::of_error(&anyhow::Error::new(Usage("no".into())).context("outer")), Status::Usage);
    }
}
