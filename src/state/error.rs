//! Why a run cannot go on from a state, and what to do about it.

use std::fmt;
use std::path::{Path, PathBuf};

/// What is wrong with a state. Trouble with reading and writing it is an [`std::io::Error`] instead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StateError {
    path: PathBuf,
    kind: Kind,
    /// What it is called: `state`, as in `--state`.
    name: &'static str,
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
        StateError { path: path.to_owned(), kind: Kind::Unusable(why.to_string()), name: "state" }
    }

    /// The same, where the option has another name.
    #[must_use]
    pub fn called(self, name: &'static str) -> StateError {
        StateError { name, ..self }
    }

    pub(super) fn other_settings(path: &Path, difference: String) -> StateError {
        StateError { path: path.to_owned(), kind: Kind::OtherSettings(difference), name: "state" }
    }

    pub(super) fn locked(path: &Path, by: Option<String>) -> StateError {
        StateError { path: path.to_owned(), kind: Kind::Locked(by), name: "state" }
    }

    pub(super) fn output(path: &Path, why: String) -> StateError {
        StateError { path: path.to_owned(), kind: Kind::Output(why), name: "state" }
    }

    /// Another run is at work with this state: to try again later helps, and nothing else.
    pub fn is_locked(&self) -> bool {
        matches!(self.kind, Kind::Locked(_))
    }
}

impl fmt::Display for StateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (path, name) = (self.path.display(), self.name);
        match &self.kind {
            Kind::Unusable(why) => write!(
                f,
                "cannot use the {name} {path}: {why}; --{name}-reset begins anew and reads all input again, or put back a \
                 copy of the file"
            ),
            Kind::OtherSettings(difference) => write!(
                f,
                "the {name} {path} was made with other settings:\n{difference}\n  use the same settings, or another \
                 --{name} FILE; --{name}-reset begins this one anew and reads all input again"
            ),
            Kind::Locked(Some(by)) => write!(f, "another run (process {by}) holds the {name} {path}"),
            Kind::Locked(None) => write!(f, "another run holds the {name} {path}"),
            Kind::Output(why) => write!(
                f,
                "{why}; put it back as it was, name another file with -o to go on there, or begin anew with \
                 --{name}-reset (the {name} is {path})"
            ),
        }
    }
}

impl std::error::Error for StateError {}
