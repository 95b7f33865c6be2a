//! The arguments that say where records are stored, and how.

use std::path::PathBuf;

use anyhow::Context as _;
use clap::Args;

use super::checkpoint::CheckpointArgs;
use super::cursor::shown;
use super::live::parse_retries;
use super::network::ConnectionArgs;
use super::size::parse_size;
use super::state::Kept;
use super::{Common, Status, Tool, Usage, duration, refuse_input};
use crate::job::store::{DeadLetters, LETTERS, Patience, Retention, Store, StoreOptions};
use crate::jsonl::Output;
use crate::sink::{self, Failure, Limits, SinkOptions};
use crate::source::Retries;
use crate::state::Settings;
use crate::time::Span;

/// Where records are stored, and how.
#[derive(Args, Clone, Debug)]
pub struct StoreArgs {
    /// Where to store, as an address: sqlite:FILE; postgres://USER@HOST/DATABASE; mysql://USER@HOST/DATABASE; files or objects
    /// by date, as file:raw/%Y/%m/%d/%H.jsonl.gz (or .csv, .zst) and s3://BUCKET/%Y-%m-%d.jsonl; influx+http(s)://HOST:8086/DATABASE;
    /// elasticsearch+http(s)://HOST:9200/trends-%Y.%m.%d, or opensearch+…; mongodb://HOST/DATABASE, where it is built in
    #[arg(value_name = "TARGET")]
    target: String,
    /// Files in order [default: standard input]
    #[arg(value_name = "FILE")]
    files: Vec<PathBuf>,
    /// The table, or the measurement
    #[arg(long, value_name = "NAME", default_value = "windows", help_heading = "Table")]
    table: String,
    /// Make the table, with the columns of the first batch, if there is none; of indices the template
    #[arg(long, help_heading = "Table")]
    create: bool,
    /// Add columns that the table lacks
    #[arg(long, help_heading = "Table")]
    evolve: bool,
    /// What tells records apart: one with the same values replaces the other [default: of window rows the bounds and the key
    /// columns]
    #[arg(long, value_name = "COLUMN,…", value_delimiter = ',', help_heading = "Table")]
    key_columns: Option<Vec<String>>,
    /// The column that says when a record was: to which file or index it belongs, the time of its point, a column of times in a table
    /// [default: of window rows window_start]
    #[arg(long, value_name = "COLUMN", help_heading = "Table")]
    time_column: Option<String>,
    /// The address of the object store, if it is not that of AWS [default: the environment variable AWS_ENDPOINT_URL_S3 or
    /// AWS_ENDPOINT_URL]
    #[arg(long, value_name = "URL", help_heading = "Files, objects, points")]
    endpoint: Option<String>,
    /// Store as soon as there are so many records, or bytes of lines [default: 5000,8MiB; of files and objects 100000,64MiB]
    #[arg(long, value_name = "N[,SIZE]", value_parser = parse_batch, help_heading = "Delivery")]
    batch: Option<BatchSize>,
    /// Store at the latest after this time [default: 1s; of files and objects 1m]
    #[arg(long, value_name = "SPAN", value_parser = Span::parse, help_heading = "Delivery")]
    flush_every: Option<Span>,
    /// Give up after so many failures in a row; `inf`: never
    #[arg(long, value_name = "N|inf", default_value = "10", value_parser = parse_retries, help_heading = "Delivery")]
    retry_max: Retries,
    /// The wait before a failed batch is tried again; it doubles with every further failure, up to 64 times
    #[arg(long, value_name = "SPAN", default_value = "250ms", value_parser = Span::parse_positive, help_heading = "Delivery")]
    retry_delay: Span,
    /// Remove records that are older than SPAN before the newest one stored, or before now if that is earlier
    #[arg(long, value_name = "SPAN", value_parser = Span::parse_positive, help_heading = "Delivery")]
    keep: Option<Span>,
    /// Keep records that the store refuses in FILE, and go on
    #[arg(long, value_name = "FILE", help_heading = "Delivery")]
    dead_letter: Option<PathBuf>,
    /// Send nothing, and show what would be sent
    #[arg(long, conflicts_with = "tee", help_heading = "Delivery")]
    dry_run: bool,
    /// Pass the records on
    #[arg(long, help_heading = "Delivery")]
    tee: bool,
    #[command(flatten)]
    connection: ConnectionArgs,
    #[command(flatten)]
    checkpoint: CheckpointArgs,
}

/// The size of a batch.
#[derive(Clone, Copy, Debug)]
struct BatchSize {
    rows: usize,
    bytes: Option<usize>,
}

/// A batch must fit into memory several times.
const LARGEST_BATCH: usize = 1 << 30;

fn parse_batch(text: &str) -> Result<BatchSize, String> {
    let (rows, bytes) = text.split_once(',').map_or((text, None), |(rows, bytes)| (rows, Some(bytes)));
    let rows = rows.parse().ok().filter(|rows| *rows > 0);
    let rows = rows.ok_or("expected a number of records such as 1000, and maybe a size: 1000,4MiB")?;
    let bytes = bytes.map(parse_size).transpose()?;
    if bytes.is_some_and(|bytes| bytes > LARGEST_BATCH) {
        return Err("a batch has at most 1 GiB".into());
    }
    Ok(BatchSize { rows, bytes })
}

/// The name of a column, which may be written as a path.
#[allow(clippy::ptr_arg)] // as it stands in the arguments
fn bare(name: &String) -> String {
    name.strip_prefix('.').unwrap_or(name).to_owned()
}

impl StoreArgs {
    /// Stores all records of the inputs.
    pub fn run(self, common: &Common, tool: &Tool) -> anyhow::Result<Status> {
        if self.dry_run {
            self.checkpoint.refuse("--dry-run stores nothing")?;
        }
        common.refuse_inputs(&self.files)?;
        refuse_input("--dead-letter", self.dead_letter.as_deref(), &self.files)?;
        let output =
            if self.tee || self.dry_run { Output::stdout()? } else { Output::to(Box::new(std::io::sink())) };
        let options = SinkOptions {
            table: self.table.clone(),
            create: self.create,
            evolve: self.evolve,
            dry_run: self.dry_run,
            time_column: self.time_column.as_ref().map(bare),
            endpoint: self.endpoint.clone(),
            keep: self.keep.as_ref().map(duration),
            net: self.connection.options().map_err(|error| Usage(error.to_string()))?,
        };
        if let (Some(_), Some(hint)) = (&self.keep, sink::keeper(&self.target)) {
            return Err(Usage(format!("--keep is not for {}: {hint}", self.target)).into());
        }
        if self.connection.has_headers() && !sink::is_http(&self.target) {
            let text = format!(
                "--header and --token-env are for stores that speak HTTP, and {} does not",
                self.target
            );
            return Err(Usage(text).into());
        }
        let settings = common.settings(tool, None, self.settings());
        let mut kept = self.checkpoint.open_end(tool, &settings, &self.files, !self.tee)?;
        let sink = sink::open(&self.target, &options).map_err(|failure| match failure {
            Failure::Usage(text) => anyhow::Error::new(Usage(text)),
            failure => failure.into(),
        })?;
        let mut store = Store::new(sink, self.options(kept.as_mut())?);
        if let Some(kept) = &kept {
            kept.restore(|packed| store.restore(packed))?;
        }
        match common.run_end(tool, &mut store, &self.files, output, kept) {
            Ok((status, _)) => Ok(status),
            Err(error) if Status::of_error(&error) == Status::Done => {
                store.store_rest(&mut tool.notes())?;
                Ok(Status::Done)
            }
            Err(error) => Err(error),
        }
    }

    /// What must be the same in a run that goes on: what is stored already is there.
    fn settings(&self) -> Settings {
        let keys = self.key_columns.as_ref().map(|names| names.iter().map(bare).collect::<Vec<_>>());
        let mut settings = Settings::new();
        settings.insert("target".into(), shown(&self.target).into());
        settings.insert("table".into(), self.table.clone().into());
        settings.insert("key-columns".into(), keys.into());
        settings.insert("time-column".into(), self.time_column.as_ref().map(bare).into());
        settings
    }

    fn limits(&self) -> Limits {
        let mut limits = sink::limits(&self.target);
        if let Some(batch) = self.batch {
            limits.rows = batch.rows;
            limits.bytes = batch.bytes.unwrap_or(limits.bytes);
        }
        limits.age = self.flush_every.as_ref().map_or(limits.age, duration);
        limits
    }

    /// The file of dead letters; of a run that goes on it is cut back to where the one before left it.
    fn letters(&self, kept: Option<&mut Kept>) -> anyhow::Result<Option<DeadLetters>> {
        let Some(path) = &self.dead_letter else { return Ok(None) };
        let owned = kept.map(|kept| kept.state.output(LETTERS, path)).transpose()?.flatten();
        let letters = match owned {
            Some(owned) => Ok(DeadLetters::go_on(path, owned.file, owned.length)),
            None => DeadLetters::open(path),
        };
        letters.map(Some).with_context(|| format!("cannot write the dead letters to {}", path.display()))
    }

    fn options(&self, kept: Option<&mut Kept>) -> anyhow::Result<StoreOptions> {
        Ok(StoreOptions {
            name: self.target.clone(),
            keys: self.key_columns.as_ref().map(|names| names.iter().map(bare).collect()),
            limits: self.limits(),
            patience: Patience { delay: duration(&self.retry_delay), retries: self.retry_max.0 },
            letters: self.letters(kept)?,
            retention: self
                .keep
                .as_ref()
                .map(|span| Retention::new(duration(span), self.time_column.as_ref().map(bare))),
            tee: self.tee,
        })
    }
}
