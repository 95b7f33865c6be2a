//! Exactly once through a pipe: marks between the records, a snapshot of each stage at each mark, one commit at the end.
//!
//! These are Chandy-Lamport barriers, as in Flink, in a line of processes that share one folder, DIR.
//!
//! - The **source** ([`Berth::source`]) reads the committed mark from DIR, begins there, and tells all others by its first
//!   line, `{"@mark":{"run":NONCE,"restore":7}}`. Now and then it puts a mark between two records, also when it is quiet:
//!   `{"@mark":{"run":NONCE,"id":8,"cursor":…}}`, and behind its last record one with `"end":true`.
//! - A **stage behind it** ([`Berth::behind`]) reads the first line before anything else ([`first_mark`]), begins as it was at that mark,
//!   and at each further one saves what it knows under the mark's number, and passes the mark on.
//! - The **last** stage owns its output, and passes nothing on: when output and snapshot are on the disk it writes the
//!   mark's number to `DIR/committed`.
//!
//! **Why a committed mark can always be gone back to.** A stage passes a mark on only when its own snapshot of that mark is on
//! the disk, and the last one commits it only when its own is. So by induction along the pipe the snapshots of a committed mark
//! are all on the disk, and all are of the same point of the stream: what each stage had read when it met the mark.
//! They stay there: a stage removes only what is older than the committed mark, and does so one mark later.
//!
//! **Nobody waits for the disk.** At a mark a stage packs what it knows into memory, and goes on; a thread writes. What comes out meanwhile
//! stands behind the mark, which is not out yet: so it waits in memory, up to a bound ([`crate::drive`]).
//!
//! **Why old snapshots and new ones never mix.** Numbers are never given twice: the source begins above all that it ever saved, and
//! saves before it sends. Each stage holds a lock, so a stage of a run that is not quite dead cannot write beside that of the next run; and the last one,
//! once it has its lock, sees whether the committed mark is still the one that the source read: if not, that dead run had gone on to commit,
//! and this one ends (75) to be started again.
//!
//! **An input that ends without the end mark** was cut: nothing is committed, and nothing that waits for the end is written.
//!
//! A run is known by a random word, and marks with another word are records like all others. So a recording with marks in it does no harm,
//! nor does a second source that writes into the same pipe: without a mark of this run nothing of it is ever committed.

mod folder;
mod line;

use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};
use std::path::Path;
use std::time::Duration;

use serde_json::Value;

use super::error::StateError;
use super::lock::Lock;
use crate::jsonl::Input;
pub(super) use folder::Folder;
pub use line::{Mark, MarkFinder, Word};

/// What errors call it: the name of the option.
pub(super) const NAME: &str = "checkpoint";
/// A source waits with further marks while so many of its own are not committed.
const MOST_OUTSTANDING: u64 = 10;
/// A first line that is longer is none of ours.
const LONGEST_FIRST: usize = 64 << 10;

/// The place of a stage in the folder of a pipeline, locked.
#[derive(Debug)]
pub struct Berth {
    folder: Folder,
    lock: Lock,
}

/// A stage of a run that knows where it begins.
#[derive(Debug)]
pub struct Stage {
    pub(super) folder: Folder,
    _lock: Lock,
    /// The word of the run.
    run: String,
    /// The mark that it begins at.
    restore: u64,
    /// It commits.
    is_last: bool,
    /// It makes the marks.
    source: Option<Source>,
}

#[derive(Clone, Copy, Debug)]
struct Source {
    /// The next mark's number.
    next: u64,
    /// The first of this run.
    first: u64,
    every: Duration,
}

impl Berth {
    /// Takes the place of this name in the folder, which is made where there is none.
    ///
    /// # Errors
    ///
    /// A [`StateError`] if another run has it.
    pub fn take(root: &Path, stage: &str) -> anyhow::Result<Berth> {
        let folder = Folder::new(root, stage);
        folder.create()?;
        let lock = Lock::take(folder.stage()).map_err(|error| StateError::rename(error, NAME))?;
        Ok(Berth { folder, lock })
    }

    /// The stage that reads what is no pipe, and makes the marks, so often. `is_last`: it owns its output, too.
    ///
    /// # Errors
    ///
    /// The folder cannot be used.
    pub fn source(self, is_last: bool, every: Duration) -> anyhow::Result<Stage> {
        let restore = self.folder.committed()?;
        let newest = self.folder.saved()?.into_iter().max().unwrap_or(0);
        let first = newest.max(restore) + 1;
        let source = Some(Source { next: first, first, every });
        Ok(Stage { folder: self.folder, _lock: self.lock, run: new_run(), restore, is_last, source })
    }

    /// A stage that reads a pipe, whose first line was this mark. `is_last`: it owns its output.
    ///
    /// # Errors
    ///
    /// Another run has committed since the source began; or the mark is not the first of a run.
    pub fn behind(self, first: &Mark, is_last: bool) -> anyhow::Result<Stage> {
        let Word::Restore(restore) = first.word else {
            return Err(StateError::unusable(
                self.folder.root(),
                "the pipe does not begin with a first mark",
            )
            .called(NAME)
            .into());
        };
        let committed = self.folder.committed()?;
        if is_last && committed != restore {
            return Err(StateError::moved(self.folder.root(), restore, committed).into());
        }
        Ok(Stage {
            folder: self.folder,
            _lock: self.lock,
            run: first.run.clone(),
            restore,
            is_last,
            source: None,
        })
    }
}

impl Stage {
    /// The word of the run.
    pub fn run(&self) -> &str {
        &self.run
    }

    /// The mark that the stage begins at.
    pub fn restore(&self) -> u64 {
        self.restore
    }

    /// Whether it commits, and so passes no mark on.
    pub fn is_last(&self) -> bool {
        self.is_last
    }

    /// Whether it makes the marks.
    pub fn is_source(&self) -> bool {
        self.source.is_some()
    }

    /// The folder that all stages share.
    pub fn root(&self) -> &Path {
        self.folder.root()
    }

    /// The first line for the stage behind this one.
    pub fn first_line(&self) -> Vec<u8> {
        Mark { run: self.run.clone(), word: Word::Restore(self.restore) }.line(None)
    }

    /// Tells what is committed meanwhile.
    pub fn commits(&self) -> Commits {
        Commits(self.folder.clone())
    }

    /// How often a source makes marks.
    pub(super) fn every(&self) -> Option<Duration> {
        self.source.map(|source| source.every)
    }

    /// The number of the next mark, and its line for the stage behind. Only a source makes marks.
    pub(super) fn next_mark(&mut self, cursor: Option<Value>, end: bool) -> Option<(u64, Vec<u8>)> {
        let source = self.source.as_mut()?;
        let id = source.next;
        source.next += 1;
        Some((id, Mark { run: self.run.clone(), word: Word::Save { id, end } }.line(cursor)))
    }

    /// Whether so many marks are on their way that the next one had better wait for them: the last stage hangs.
    pub(super) fn is_far_ahead(&self) -> anyhow::Result<bool> {
        let Some(Source { next, first, .. }) = self.source else { return Ok(false) };
        if next - first < MOST_OUTSTANDING {
            return Ok(false);
        }
        let committed = self.folder.committed()?.max(first - 1);
        Ok((next - 1).saturating_sub(committed) >= MOST_OUTSTANDING)
    }
}

/// Tells what is committed, for a stage that may forget what lies before it.
#[derive(Clone, Debug)]
pub struct Commits(Folder);

impl Commits {
    /// The mark that is committed; 0 before the first.
    ///
    /// # Errors
    ///
    /// The folder cannot be read.
    pub fn newest(&self) -> anyhow::Result<u64> {
        self.0.committed()
    }
}

/// Reads the first line of an input, and leaves the rest in it. `None` where it is no first mark; an input that ends before its
/// first line has none either.
///
/// # Errors
///
/// The input cannot be read, or ends before its first line.
pub fn first_mark(input: Input) -> anyhow::Result<(Option<Mark>, Input)> {
    let mut input = input;
    let mut head = Vec::new();
    let end = loop {
        let read_before = head.len();
        head.resize(read_before + 4096, 0);
        let read = match input.source.read(&mut head[read_before..]) {
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {
                head.truncate(read_before);
                continue;
            }
            read => read?,
        };
        head.truncate(read_before + read);
        if let Some(newline) = memchr::memchr(b'\n', &head[read_before..]) {
            break read_before + newline + 1;
        }
        if read == 0 {
            return Err(cut().into());
        }
        if head.len() > LONGEST_FIRST {
            return Ok((None, input));
        }
    };
    let mark = Mark::read(&head[..end]).filter(|mark| matches!(mark.word, Word::Restore(_)));
    head.drain(..end);
    input.source = crate::jsonl::behind_head(head, input.source);
    // A line that is not whole was cut with the pipe.
    input.waits = true;
    Ok((mark, input))
}

/// The error of an input that ends before its end mark.
pub fn cut() -> std::io::Error {
    std::io::Error::other(
        "the input ended before its end mark: the stage before this one was stopped, or failed. What came since the last mark is \
         not committed, and comes again when the pipeline is started again",
    )
}

/// A word that no other run has.
fn new_run() -> String {
    // The standard library's own random keys come from the system.
    let word = || RandomState::new().build_hasher().finish();
    let time =
        std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default().as_nanos()
            as u64;
    format!("{:016x}{:08x}", word(), (time ^ u64::from(std::process::id())) as u32)
}
