//! Why a run cannot go on from a state, and what to do about it.

use std::fmt;
use std::path::{Path, PathBuf};

/// What is wrong with a state. Trouble with reading and writing it is an [`std::io::Error`] instead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StateError {
    path: PathBuf,
    kind: Kind,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Kind {
    Unusable(String),
    OtherSettings(String),
    Locked(Option<String>),
    Output(String),
}

impl StateError {
    /// It cannot be read, for this reason.
    pub fn unusable(path: &Path, why: impl fmt::Display) -> StateError {
        StateError { path: path.to_owned(), kind: Kind::Unusable(why.to_string()) }
    }

    pub(super) fn other_settings(path: &Path, difference: String) -> StateError {
        StateError { path: path.to_owned(), kind: Kind::OtherSettings(difference) }
    }

    pub(super) fn locked(path: &Path, by: Option<String>) -> StateError {
        StateError { path: path.to_owned(), kind: Kind::Locked(by) }
    }

    pub(super) fn output(path: &Path, why: String) -> StateError {
        StateError { path: path.to_owned(), kind: Kind::Output(why) }
    }

    /// Another run is at work with this state: to try again later helps, and nothing else.
    pub fn is_locked(&self) -> bool {
        matches!(self.kind, Kind::Locked(_))
    }
}

impl fmt::Display for StateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = self.path.display();
        match &self.kind {
            Kind::Unusable(why) => write!(
                f,
                "cannot use the state {path}: {why}; --state-reset begins anew and reads all input again, or put back a \
                 copy of the file"
            ),
            Kind::OtherSettings(difference) => write!(
                f,
                "the state {path} was made with other settings:\n{difference}\n  use the same settings, or another \
                 --state FILE; --state-reset begins this one anew and reads all input again"
            ),
            Kind::Locked(Some(by)) => write!(f, "another run (process {by}) holds the state {path}"),
            Kind::Locked(None) => write!(f, "another run holds the state {path}"),
            Kind::Output(why) => write!(
                f,
                "{why}; put it back as it was, name another file with -o to go on there, or begin anew with \
                 --state-reset (the state is {path})"
            ),
        }
    }
}

impl std::error::Error for StateError {}
