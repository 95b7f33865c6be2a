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
    Moved { begun: u64, committed: u64 },
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

    /// An error as it is, or where it is one of a state, called by the name of this option.
    #[must_use]
    pub fn rename(error: anyhow::Error, name: &'static str) -> anyhow::Error {
        match error.downcast::<StateError>() {
            Ok(error) => error.called(name).into(),
            Err(error) => error,
        }
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

    /// Another run has committed a mark since this one began at an earlier one.
    pub(super) fn moved(path: &Path, begun: u64, committed: u64) -> StateError {
        let kind = Kind::Moved { begun, committed };
        StateError { path: path.to_owned(), kind, name: super::marks::NAME }
    }

    /// Another run is at work with this state: to try again later helps, and nothing else.
    pub fn is_locked(&self) -> bool {
        matches!(self.kind, Kind::Locked(_) | Kind::Moved { .. })
    }

    fn is_of_stage(&self) -> bool {
        self.name == super::marks::NAME
    }

    /// How to begin anew.
    fn anew(&self) -> String {
        match self.is_of_stage() {
            true => "to begin anew and read all input again, remove the folder of --checkpoint and what was written".into(),
            false => format!("--{}-reset begins anew and reads all input again", self.name),
        }
    }
}

impl fmt::Display for StateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (path, name) = (self.path.display(), self.name);
        match &self.kind {
            Kind::Unusable(why) => {
                let rest = if self.is_of_stage() { "" } else { ", or put back a copy of the file" };
                write!(f, "cannot use the {name} {path}: {why}; {}{rest}", self.anew())
            }
            Kind::OtherSettings(difference) => write!(
                f,
                "the {name} {path} was made with other settings:\n{difference}\n  use the same settings, or another --{name} \
                 {}; {}",
                if self.is_of_stage() { "DIR" } else { "FILE" },
                if self.is_of_stage() {
                    self.anew()
                } else {
                    format!("--{name}-reset begins this one anew and reads all input again")
                }
            ),
            Kind::Locked(by) => {
                let by = by.as_ref().map_or(String::new(), |by| format!(" (process {by})"));
                write!(f, "another run{by} holds the {name} {path}")?;
                if self.is_of_stage() {
                    f.write_str("; two stages of one pipeline that are the same tool need --stage NAME")?;
                }
                Ok(())
            }
            Kind::Output(why) => write!(
                f,
                "{why}; put it back as it was, name another file with -o to go on there, or begin anew{} (the {name} is {path})",
                if self.is_of_stage() { String::new() } else { format!(" with --{name}-reset") }
            ),
            Kind::Moved { begun, committed } => write!(
                f,
                "another run has gone on with the {name} {path} meanwhile, from mark {begun} to {committed}: start the pipeline again"
            ),
        }
    }
}

impl std::error::Error for StateError {}
