//! Files and objects by date: the records of an hour or a day in one of them, each record once.
//!
//! A file is a small table. To store a batch, each file that it concerns is read, the records take the place of those with
//! their keys, and the file is replaced as a whole: what readers see is whole at any time, and what is stored twice is there
//! once. So a batch costs as much as the files that it concerns are long; batches are larger here than elsewhere, and one
//! file has one writer at a time. Memory: a batch, and the rows of one file.

mod rows;
mod text;

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use super::{Batch, Failure, Opened, Record, Sink, SinkOptions, Written, time_of};
use crate::archive::Pattern;
use crate::jsonl::replace_file;
use crate::net::{Error, Reason, Store, StoreOptions};
use crate::time::Millis;
use rows::Rows;
use text::Form;

/// Opens files named by the time.
pub(super) fn open_files(pattern: &str, options: &SinkOptions) -> Opened {
    open(pattern, Files, options)
}

/// Opens objects named by the time: `//BUCKET/KEY`.
pub(super) fn open_objects(address: &str, options: &SinkOptions) -> Opened {
    let parts = address.strip_prefix("//").and_then(|rest| rest.split_once('/'));
    let Some((bucket, key)) = parts.filter(|(bucket, key)| !bucket.is_empty() && !key.is_empty()) else {
        let hint = "write s3://BUCKET/KEY, as in s3://trends/%Y/%m/%d/%H.jsonl.gz";
        return Err(Failure::Usage(format!("`s3:{address}` names no object: {hint}")));
    };
    let mut store = StoreOptions::from_environment();
    if let Some(endpoint) = &options.endpoint {
        store.endpoint = Some(endpoint.clone());
    }
    let store =
        Store::open(bucket, &store, &options.net).map_err(|error| Failure::Usage(error.to_string()))?;
    open(key, store, options)
}

fn open(pattern: &str, shelf: impl Shelf + 'static, options: &SinkOptions) -> Opened {
    let form = Form::of_name(pattern).map_err(Failure::Usage)?;
    let pattern = Pattern::parse(pattern).map_err(Failure::Usage)?;
    if options.keep.is_some() && pattern.span_of(&pattern.at(Timestamp::UNIX_EPOCH)).is_none() {
        let hint = "--keep finds old files by the date in their names: begin with the year, as in %Y-%m-%d or %Y/%m/%d/%H";
        return Err(Failure::Usage(hint.into()));
    }
    Ok(Box::new(Sheets {
        shelf,
        form,
        pattern,
        time: options.time_column.clone(),
        is_dry: options.dry_run,
        is_passing_over: false,
        shown: Vec::new(),
    }))
}

/// Where files are kept by their names.
trait Shelf {
    /// The content of a file; none if it is not there.
    fn read(&self, name: &Path) -> Result<Option<Vec<u8>>, Failure>;

    /// Replaces a file as a whole; it is there for good.
    fn replace(&self, name: &Path, content: &[u8]) -> Result<(), Failure>;

    /// The files of a pattern, whatever the time in their names.
    fn list(&self, pattern: &Pattern) -> Result<Vec<PathBuf>, Failure>;

    /// Removes a file.
    fn remove(&self, name: &Path) -> Result<(), Failure>;

    /// How messages name it.
    fn place(&self, name: &Path) -> String;
}

struct Files;

impl Shelf for Files {
    fn read(&self, name: &Path) -> Result<Option<Vec<u8>>, Failure> {
        match fs::read(name) {
            Ok(content) => Ok(Some(content)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(Failure::Lasting(format!("cannot read {}: {error}", name.display()))),
        }
    }

    fn replace(&self, name: &Path, content: &[u8]) -> Result<(), Failure> {
        let folder = name.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let write = || {
            fs::create_dir_all(folder)?;
            replace_file(name, content)?;
            File::open(name)?.sync_all()?;
            File::open(folder)?.sync_all()
        };
        write().map_err(|error| Failure::Lasting(format!("cannot write {}: {error}", name.display())))
    }

    fn list(&self, pattern: &Pattern) -> Result<Vec<PathBuf>, Failure> {
        let files = glob::glob(&pattern.glob()).map_err(|error| Failure::Usage(error.to_string()))?;
        files.collect::<Result<_, _>>().map_err(|error| Failure::Lasting(error.to_string()))
    }

    fn remove(&self, name: &Path) -> Result<(), Failure> {
        match fs::remove_file(name) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(Failure::Lasting(format!("cannot remove {}: {error}", name.display())))
            }
            _ => Ok(()),
        }
    }

    fn place(&self, name: &Path) -> String {
        name.display().to_string()
    }
}

impl Shelf for Store {
    fn read(&self, name: &Path) -> Result<Option<Vec<u8>>, Failure> {
        match self.get(&name.to_string_lossy()) {
            Err(Error { reason: Reason::Status { code: 404, body, .. }, .. })
                if !body.contains("NoSuchBucket") =>
            {
                Ok(None)
            }
            Err(error) => Err(failure(&error)),
            Ok(content) => Ok(Some(content)),
        }
    }

    fn replace(&self, name: &Path, content: &[u8]) -> Result<(), Failure> {
        self.put(&name.to_string_lossy(), content).map_err(|error| failure(&error))
    }

    /// Their lifetime is the bucket's matter.
    fn list(&self, _pattern: &Pattern) -> Result<Vec<PathBuf>, Failure> {
        Ok(Vec::new())
    }

    fn remove(&self, _name: &Path) -> Result<(), Failure> {
        Ok(())
    }

    fn place(&self, name: &Path) -> String {
        Store::place(self, &name.to_string_lossy())
    }
}

fn failure(error: &Error) -> Failure {
    if error.is_passing() {
        Failure::Passing(error.to_string(), None)
    } else {
        Failure::Lasting(error.to_string())
    }
}

/// Stores records in files of one pattern.
struct Sheets<S> {
    shelf: S,
    form: Form,
    pattern: Pattern,
    time: Option<String>,
    is_dry: bool,
    /// The emission that goes on in the next batch is older than what is there.
    is_passing_over: bool,
    shown: Vec<u8>,
}

impl<S: Shelf> Sheets<S> {
    /// The file that a record belongs to.
    fn name(&self, record: &Record<'_>) -> Result<PathBuf, String> {
        let time = time_of(record, self.time.as_deref())?;
        let time = Timestamp::from_millisecond(time).map_err(|_| "its time is in no calendar".to_owned())?;
        Ok(self.pattern.at(time))
    }
}

impl<S: Shelf> Sink for Sheets<S> {
    fn write(&mut self, batch: &Batch<'_>) -> Result<Written, Failure> {
        let mut written = Written::default();
        let mut names: Vec<(PathBuf, Vec<(usize, Record<'_>)>)> = Vec::new();
        for (number, record) in batch.iter() {
            match self.name(&record) {
                Err(why) => written.refused.push((number, why)),
                Ok(name) => match names.iter_mut().rev().find(|(known, _)| *known == name) {
                    Some((_, records)) => records.push((number, record)),
                    None => names.push((name, vec![(number, record)])),
                },
            }
        }
        let mut is_passing_over = self.is_passing_over;
        for (name, records) in names {
            let mut rows = Rows::new(batch.keys, self.form.is_text());
            rows.is_passing_over = self.is_passing_over;
            let place = self.shelf.place(&name);
            let old = if self.is_dry { None } else { self.shelf.read(&name)? };
            if let Some(old) = old {
                let wrong = |why: String| {
                    Failure::Lasting(format!("{place}: {why}; move it away, or store elsewhere"))
                };
                rows.read(&self.form.unpack(&old, batch.keys).map_err(wrong)?).map_err(wrong)?;
            }
            for (number, record) in &records {
                match rows.put(record, || batch.has_all_of(*number)) {
                    Ok(true) => written.stored += 1,
                    Ok(false) => written.stale += 1,
                    Err(why) => written.refused.push((*number, why)),
                }
            }
            if records.last().is_some_and(|(number, _)| number + 1 == batch.range.end) {
                is_passing_over = rows.is_passing_over;
            }
            let content = self.form.pack(&rows.lines()).map_err(Failure::Lasting)?;
            if self.is_dry {
                let line = format!("{place}: {} records, {} bytes\n", records.len(), content.len());
                self.shown.extend_from_slice(line.as_bytes());
            } else {
                self.shelf.replace(&name, &content)?;
            }
        }
        self.is_passing_over = is_passing_over;
        Ok(written)
    }

    /// Removes the files that hold nothing from that time on.
    fn expire(&mut self, before: Millis) -> Result<u64, Failure> {
        let mut removed = 0;
        for name in self.shelf.list(&self.pattern)? {
            let end = self.pattern.span_of(&name).map(|(_, end)| end.as_millisecond());
            if end.is_some_and(|end| end <= before) {
                if self.is_dry {
                    let line = format!("{}: removed\n", self.shelf.place(&name));
                    self.shown.extend_from_slice(line.as_bytes());
                } else {
                    self.shelf.remove(&name)?;
                }
                removed += 1;
            }
        }
        Ok(removed)
    }

    fn shown(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.shown)
    }
}
