//! How a run is to go, and how it went.

use super::{Checks, End, Figures, Interrupt, Notes, ReadError};
use crate::jsonl::{Inputs, Ledger, Output};
use crate::state::Keeper;

/// How a run is to go.
pub struct Settings {
    /// In order.
    pub inputs: Inputs,
    /// Where the output goes.
    pub output: Output,
    /// How lines are looked at.
    pub checks: Checks,
    /// The account of rejects.
    pub ledger: Ledger,
    /// How many mappers work at once; with 1 the ordered thread maps, too.
    pub threads: usize,
    /// What is said to a person.
    pub notes: Notes,
    /// What ends the run from outside.
    pub interrupt: Interrupt,
    /// Told now and then how far the run is.
    pub progress: Option<Watcher>,
    /// Saves what a later run is to go on from.
    pub keeper: Option<Keeper>,
}

/// Is told now and then how far a run is.
pub type Watcher = Box<dyn FnMut(Progress<'_>) + Send>;

/// How far a run is.
#[derive(Clone, Copy, Debug)]
pub struct Progress<'a> {
    /// Bytes read, as they are stored.
    pub bytes: u64,
    /// Records seen.
    pub records: u64,
    /// What the job has to say.
    pub status: Option<&'a str>,
}

/// How a run ended.
#[derive(Debug)]
pub struct Outcome {
    /// What ended it.
    pub end: End,
    /// An input failed before its end.
    pub read_error: Option<ReadError>,
    /// Its figures.
    pub figures: Figures,
}

/// A run that broke off.
#[derive(Debug)]
pub struct Failure {
    /// Why; a closed output is one of the reasons.
    pub error: anyhow::Error,
    /// Its figures until then.
    pub figures: Figures,
}
