//! The ways out: where records are stored, one file per kind of store behind one small trait.
//!
//! | file | what it does |
//! | --- | --- |
//! | `records` | records cut into columns, many in few allocations |
//! | `pending` | what waits to be stored, and where it may be cut into batches |
//! | `sql` | what all SQL stores have in common: the table, its columns, which rows a batch replaces |
//! | `sheet` | files and objects by date, each a small table |
//! | `documents` | what all stores of documents have in common: their names, and which of them a batch replaces |
//! | `sqlite` … | one store each |
//!
//! **What a sink promises.** When [`Sink::write`] returns, the batch is stored for good, but for the records that it names as
//! refused; when it fails, writing the same batch again does no harm, whatever was stored of it. So a stream that is written
//! twice, or again after a crash, leaves the same records: a record replaces the one with the same key columns.
//!
//! A new store is one file that implements [`Sink`] and one line in [`TARGETS`].

mod documents;
mod elastic;
mod influx;
#[cfg(feature = "mongodb")]
mod mongo;
#[cfg(feature = "mysql")]
mod mysql;
mod pending;
#[cfg(feature = "postgres")]
mod postgres;
mod records;
mod sheet;
#[cfg_attr(
    not(any(feature = "sqlite", feature = "postgres", feature = "mysql")),
    allow(
        dead_code,
        unused_imports,
        reason = "of a build without databases others need its kinds of values alone"
    )
)]
mod sql;
#[cfg(feature = "sqlite")]
mod sqlite;

use std::fmt;
use std::ops::Range;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::near::did_you_mean;
use crate::net;
use crate::time::{Millis, TimeReader};

pub use pending::{Limits, Pending};
pub use records::{Emitted, Record, Records};

/// What tells stored records apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Keys {
    /// The columns, in order.
    pub columns: Vec<String>,
    /// They hold both bounds of a window: a whole emission of a window replaces what is stored of it.
    pub by_window: bool,
}

impl Keys {
    /// These columns.
    pub fn new(columns: Vec<String>) -> Keys {
        let has = |wanted: &str| columns.iter().any(|column| column == wanted);
        let by_window = has("window_start") && has("window_end");
        Keys { columns, by_window }
    }
}

/// Some records that are stored together.
#[derive(Clone, Debug)]
pub struct Batch<'a> {
    /// All that there are.
    pub records: &'a Records,
    /// Those of the batch.
    pub range: Range<usize>,
    /// What tells them apart.
    pub keys: &'a Keys,
}

impl<'a> Batch<'a> {
    /// The records in order, each with its number among all that there are.
    pub fn iter(&self) -> impl Iterator<Item = (usize, Record<'a>)> + use<'a> {
        let records = self.records;
        self.range.clone().map(move |at| (at, records.get(at)))
    }

    /// Whether the emission that begins with this record is in the batch with all its rows. Of one that is cut, or that a
    /// reader took up in its middle, other rows may be stored already.
    fn has_all_of(&self, first: usize) -> bool {
        let rows = self.records.get(first).emitted().and_then(|emitted| emitted.rows);
        let rest = (first + 1..self.range.end).take_while(|&at| !self.records.get(at).begins());
        rows == Some(rest.count() as u64 + 1)
    }

    /// The records of the batch and those that came already behind it: they tell more about what is to come.
    fn foreseen(&self) -> impl Iterator<Item = Record<'a>> + use<'a> {
        let records = self.records;
        (self.range.start..records.len()).map(|at| records.get(at))
    }
}

/// What became of a batch.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Written {
    /// Records that are stored now.
    pub stored: u64,
    /// Records that were not needed: a higher `rev` of theirs is there already.
    pub stale: u64,
    /// Records that the store does not take, by their numbers, and why. The others are stored.
    pub refused: Vec<(usize, String)>,
}

/// Why a batch was not stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// It may well go better next time, after this wait if the store names one.
    Passing(String, Option<Duration>),
    /// It will not.
    Lasting(String),
    /// The user has to say something else.
    Usage(String),
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (Failure::Passing(text, _) | Failure::Lasting(text) | Failure::Usage(text)) = self;
        f.write_str(text)
    }
}

impl std::error::Error for Failure {}

/// A store.
pub trait Sink {
    /// Stores a batch; see the head of this module for what it promises.
    ///
    /// # Errors
    ///
    /// It is not stored as a whole. After a [`Failure::Passing`] the next call begins with the same record.
    fn write(&mut self, batch: &Batch<'_>) -> Result<Written, Failure>;

    /// Removes the records from before a time; how many, or how many files of them. Of a target that keeps nothing for a span
    /// it is never asked.
    ///
    /// # Errors
    ///
    /// Some may still be there.
    fn expire(&mut self, _before: Millis) -> Result<u64, Failure> {
        Ok(0)
    }

    /// What a dry run would have sent since it was asked last.
    fn shown(&mut self) -> Vec<u8> {
        Vec::new()
    }
}

/// What the environment says about a connection; a variable of blanks says nothing.
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.trim().is_empty())
}

/// How long a server that speaks HTTP wants to be left alone.
fn asked_wait(retry: &net::RetryTime) -> Option<Duration> {
    retry.wait(SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default())
}

/// Why a record has no time.
const NO_TIME: &str = "a record that is no window row needs --time-column, which says when it was";

/// A time in a column.
fn read_time(column: &str, json: Option<&str>) -> Result<Millis, String> {
    let Some(json) = json else { return Err(format!("it has no column `{column}`, which says when it was")) };
    let inside = json.strip_prefix('"').and_then(|json| json.strip_suffix('"'));
    let read = match inside {
        Some(text) => TimeReader::auto().string(text),
        None => TimeReader::auto().number(json),
    };
    read.map_err(|_| format!("the column `{column}` is {json}, and that is no time"))
}

/// When a record was: by its time column, if one is named, else a window row by the start of its window.
///
/// # Errors
///
/// It does not say so, as a sentence.
pub fn time_of(record: &Record<'_>, time_column: Option<&str>) -> Result<Millis, String> {
    match time_column {
        Some(column) => read_time(column, record.value(column)),
        None => record.emitted().map(|emitted| emitted.bounds.start).ok_or_else(|| NO_TIME.to_owned()),
    }
}

/// How records are to be stored.
#[derive(Clone, Debug)]
pub struct SinkOptions {
    /// The table.
    pub table: String,
    /// A table that is not there is made.
    pub create: bool,
    /// A column that is not there is added.
    pub evolve: bool,
    /// Nothing is sent: what would be is shown.
    pub dry_run: bool,
    /// The column that says when a record was; a window row is of the window's start.
    pub time_column: Option<String>,
    /// Where the object store is.
    pub endpoint: Option<String>,
    /// Records older than this are removed.
    pub keep: Option<Duration>,
    /// How connections are made.
    pub net: net::Options,
}

/// A store at work, or why it cannot be had.
type Opened = Result<Box<dyn Sink>, Failure>;

/// A kind of store.
pub struct Target {
    /// What its addresses begin with, before the colon.
    pub scheme: &'static str,
    /// An address of it, as help shows it.
    pub form: &'static str,
    /// When a batch is stored, if nothing else is said.
    limits: Limits,
    /// It is asked over HTTP.
    is_http: bool,
    /// Whose matter it is to remove old records, if it is not that of this program.
    keeper: Option<&'static str>,
    /// How it is opened, by what stands behind the colon.
    open: fn(&str, &SinkOptions) -> Opened,
}

/// Where a batch costs a transaction.
const SOON: Limits = Limits { rows: 5000, bytes: 8 << 20, age: Duration::from_secs(1) };
/// Where it costs the whole of a file.
const LATER: Limits = Limits { rows: 100_000, bytes: 64 << 20, age: Duration::from_secs(60) };

/// What most targets are like.
const DATABASE: Target = Target {
    scheme: "",
    form: "",
    limits: SOON,
    is_http: false,
    keeper: None,
    open: |_, _| Err(Failure::Usage(String::new())),
};
const INFLUX: Target = Target {
    scheme: "influx+http",
    is_http: true,
    keeper: Some(
        "give the database a retention policy, or the bucket a retention period, and the server removes old points",
    ),
    ..DATABASE
};

const ELASTIC: Target = Target { scheme: "elasticsearch+http", is_http: true, ..DATABASE };

/// All of them.
pub const TARGETS: &[Target] = &[
    #[cfg(feature = "sqlite")]
    Target { scheme: "sqlite", form: "sqlite:FILE", open: sqlite::open, ..DATABASE },
    #[cfg(feature = "postgres")]
    Target { scheme: "postgres", form: "postgres://HOST/DATABASE", open: postgres::open, ..DATABASE },
    #[cfg(feature = "postgres")]
    Target { scheme: "postgresql", form: "postgresql://…", open: postgres::open, ..DATABASE },
    #[cfg(feature = "mysql")]
    Target { scheme: "mysql", form: "mysql://HOST/DATABASE", open: mysql::open, ..DATABASE },
    Target { scheme: "file", form: "file:PATTERN", limits: LATER, open: sheet::open_files, ..DATABASE },
    Target {
        scheme: "s3",
        form: "s3://BUCKET/PATTERN",
        limits: LATER,
        is_http: true,
        keeper: Some("give the bucket a lifecycle rule, and the store removes old objects"),
        open: sheet::open_objects,
    },
    #[cfg(feature = "mongodb")]
    Target { scheme: "mongodb", form: "mongodb://HOST/DATABASE", open: mongo::open, ..DATABASE },
    Target { form: "influx+http://HOST/DATABASE", open: influx::open_http, ..INFLUX },
    Target { scheme: "influx+https", form: "influx+https://…", open: influx::open_https, ..INFLUX },
    Target { form: "elasticsearch+http://HOST/INDEX", open: elastic::open_http, ..ELASTIC },
    Target {
        scheme: "elasticsearch+https",
        form: "elasticsearch+https://…",
        open: elastic::open_https,
        ..ELASTIC
    },
    Target {
        scheme: "opensearch+http",
        form: "opensearch+http://HOST/INDEX",
        open: elastic::open_opensearch_http,
        ..ELASTIC
    },
    Target {
        scheme: "opensearch+https",
        form: "opensearch+https://…",
        open: elastic::open_opensearch_https,
        ..ELASTIC
    },
];

/// Cargo features that bring a store, each of whose schemes begins like it.
const FEATURES: [&str; 4] = ["sqlite", "postgres", "mysql", "mongodb"];

/// The kind of store at an address, if there is one of its scheme.
fn target(address: &str) -> Option<&'static Target> {
    let scheme = address.split(':').next().unwrap_or_default();
    TARGETS.iter().find(|target| target.scheme == scheme)
}

/// When a batch is stored at an address, if nothing else is said.
pub fn limits(address: &str) -> Limits {
    target(address).map_or(SOON, |target| target.limits)
}

/// Whether requests over HTTP go to an address.
pub fn is_http(address: &str) -> bool {
    target(address).is_none_or(|target| target.is_http)
}

/// Who else removes old records at an address; none where [`Sink::expire`] does.
pub fn keeper(address: &str) -> Option<&'static str> {
    target(address).and_then(|target| target.keeper)
}

/// Opens the store at an address.
///
/// # Errors
///
/// There is no such kind of store, or it cannot be had.
pub fn open(address: &str, options: &SinkOptions) -> Opened {
    let forms = || TARGETS.iter().map(|target| target.form).collect::<Vec<_>>().join(", ");
    let Some((scheme, rest)) = address.split_once(':') else {
        return Err(Failure::Usage(format!(
            "`{address}` is no address of a store: write one of {}",
            forms()
        )));
    };
    match TARGETS.iter().find(|target| target.scheme == scheme) {
        Some(target) => (target.open)(rest, options),
        None => {
            let feature = FEATURES.iter().find(|feature| scheme.starts_with(**feature));
            let hint = feature.map(|name| format!("; one with the cargo feature `{name}` has it"));
            let hint =
                hint.unwrap_or_else(|| did_you_mean(scheme, TARGETS.iter().map(|target| target.scheme)));
            let forms = forms();
            Err(Failure::Usage(format!("there is no store `{scheme}:` in this build: it has {forms}{hint}")))
        }
    }
}
