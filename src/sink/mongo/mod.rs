//! MongoDB, by its official driver: a record is a document, whose `_id` is made of the key columns.
//!
//! A document is replaced where its `rev` is not higher. Where it is, the condition matches nothing, the document would be
//! inserted a second time, and the server refuses that by its `_id`: so one command says both, and the server itself lets no older
//! emission replace a newer one. Commands are sent as they are, since the driver's own bulk writes need version 8 of the server. The
//! driver has no limit for the wait for an answer: here every call has one.

mod value;

use std::time::Duration;

use mongodb::bson::{Bson, DateTime, Document, doc};
use mongodb::error::{Error, ErrorKind};
use mongodb::options::{ClientOptions, Credential, Tls};
use mongodb::sync::{Client, Database};

use super::documents::{DocumentSink, Outcome, Place, Step, Store, Stored, Tag, Window};
use super::{Batch, Failure, Opened, Record, SinkOptions, variable};
use crate::net::within;
use crate::row::Bounds;
use crate::time::Millis;

/// Steps of a command, and bytes of their records: a server takes 100,000 and 48 MB.
const STEPS: usize = 1000;
const BYTES: usize = 16 << 20;
/// Windows that are asked for at once.
const WINDOWS: usize = 500;

/// Opens a database: `//HOST[:PORT]/DATABASE`, and the options of a connection string.
pub(super) fn open(address: &str, options: &SinkOptions) -> Opened {
    let usage = |text: String| Failure::Usage(text);
    if address.split(['/', '?']).nth(2).unwrap_or_default().contains('@') {
        let text = "every user of the machine can read an address: leave user and password out, and set MONGODB_USERNAME and MONGODB_PASSWORD";
        return Err(usage(text.into()));
    }
    let mut driver =
        ClientOptions::parse(format!("mongodb:{address}")).run().map_err(|error| usage(said(&error)))?;
    let Some(name) = driver.default_database.clone() else {
        let hint = "write mongodb://HOST/DATABASE; --table names the collection";
        return Err(usage(format!("`mongodb:{address}` names no database: {hint}")));
    };
    if let Some((user, password)) = variable("MONGODB_USERNAME").zip(variable("MONGODB_PASSWORD")) {
        let mut credential = driver.credential.take().unwrap_or_else(|| Credential::builder().build());
        (credential.username, credential.password) = (Some(user), Some(password));
        driver.credential = Some(credential);
    }
    if let (Some(file), Some(Tls::Enabled(tls))) = (&options.net.ca_file, &mut driver.tls) {
        tls.ca_file_path = Some(file.clone());
    }
    driver.app_name.get_or_insert_with(|| "jsonl-store".into());
    driver.connect_timeout = Some(options.net.connect_timeout);
    driver.server_selection_timeout.get_or_insert(options.net.connect_timeout);
    let place = format!("mongodb:{address}");
    let client = Client::with_options(driver).map_err(|error| usage(said(&error)))?;
    Ok(Box::new(DocumentSink::new(Mongo {
        base: client.database(&name),
        table: options.table.clone(),
        place,
        limit: options.net.response_timeout + options.net.connect_timeout,
        time: options.time_column.clone(),
        creates: options.create,
        is_dry: options.dry_run,
        shown: Vec::new(),
    })))
}

struct Mongo {
    base: Database,
    table: String,
    place: String,
    limit: Duration,
    time: Option<String>,
    /// The index of windows is to be made yet.
    creates: bool,
    is_dry: bool,
    shown: Vec<u8>,
}

impl Store for Mongo {
    fn name(&self) -> &str {
        &self.place
    }

    fn is_dry(&self) -> bool {
        self.is_dry
    }

    fn prepare(&mut self, batch: &Batch<'_>) -> Result<(), Failure> {
        if self.creates && batch.keys.by_window && !self.is_dry {
            let index = doc! {"key": {"window_end": 1, "window_start": 1}, "name": "window"};
            self.run(doc! {"createIndexes": &self.table, "indexes": [index]})?;
        }
        self.creates = false;
        Ok(())
    }

    /// A collection has no parts.
    fn home(&self, _record: &Record<'_>) -> Result<String, String> {
        Ok(String::new())
    }

    fn homes(&self) -> Option<String> {
        None
    }

    fn stored(&self, _home: &str, windows: &[Window]) -> Result<Vec<Stored>, Failure> {
        let mut found = Vec::new();
        for windows in windows.chunks(WINDOWS) {
            let any: Vec<Bson> = windows.iter().map(|window| Bson::Document(condition(window))).collect();
            let collection = self.base.collection::<Document>(&self.table);
            let rows = self.limited(move || {
                let wanted = doc! {"rev": 1, "window_start": 1, "window_end": 1, "all": 1};
                collection.find(doc! {"$or": any}).projection(wanted).run()?.collect::<Result<Vec<_>, _>>()
            })?;
            found.extend(rows.iter().filter_map(stored));
        }
        Ok(found)
    }

    fn carry_out(
        &mut self,
        batch: &Batch<'_>,
        steps: &[Step<'_>],
        outcomes: &mut Vec<(Tag, Outcome)>,
    ) -> Result<(), Failure> {
        let (mut tags, mut updates, mut bytes) = (Vec::new(), Vec::new(), 0);
        let mut deletes = Vec::new();
        for Step { place, version, tag } in steps {
            let query = unless_newer(&place.id, *version);
            let Tag::Stores(number) = tag else {
                deletes.push(doc! {"q": query, "limit": 1});
                continue;
            };
            let record = batch.records.get(*number);
            let document = match value::document(&record, batch.keys, self.time.as_deref()) {
                Ok(document) => document,
                Err(why) => {
                    outcomes.push((*tag, Outcome::Refused(why)));
                    continue;
                }
            };
            bytes += record.line().len();
            updates.push(doc! {"q": query, "u": document, "upsert": true});
            tags.push(*tag);
            if updates.len() == STEPS || bytes >= BYTES {
                self.update(std::mem::take(&mut updates), &std::mem::take(&mut tags), outcomes)?;
                bytes = 0;
            }
        }
        // A reader sees a row twice for a moment rather than not at all.
        self.update(updates, &tags, outcomes)?;
        for deletes in deletes.chunks(STEPS) {
            let tags = vec![Tag::Removes; deletes.len()];
            self.write(doc! {"delete": &self.table, "deletes": deletes, "ordered": false}, &tags, outcomes)?;
        }
        Ok(())
    }

    fn expire(&mut self, before: Millis) -> Result<u64, Failure> {
        if self.is_dry {
            return Ok(0);
        }
        let column = self.time.as_deref().unwrap_or("window_start");
        let old = doc! {"q": {column: {"$lt": DateTime::from_millis(before)}}, "limit": 0};
        let answer = self.run(doc! {"delete": &self.table, "deletes": [old]})?;
        Ok(answer.get("n").and_then(number).unwrap_or_default())
    }

    fn shown(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.shown)
    }
}

impl Mongo {
    fn update(
        &mut self,
        updates: Vec<Document>,
        tags: &[Tag],
        outcomes: &mut Vec<(Tag, Outcome)>,
    ) -> Result<(), Failure> {
        if updates.is_empty() {
            return Ok(());
        }
        self.write(doc! {"update": &self.table, "updates": updates, "ordered": false}, tags, outcomes)
    }

    /// Sends a command that writes; what became of each of its steps.
    fn write(
        &mut self,
        command: Document,
        tags: &[Tag],
        outcomes: &mut Vec<(Tag, Outcome)>,
    ) -> Result<(), Failure> {
        if self.is_dry {
            self.shown.extend_from_slice(format!("{command}\n").as_bytes());
            return Ok(());
        }
        let answer = self.run(command)?;
        let mut became: Vec<Outcome> = vec![Outcome::Done; tags.len()];
        for error in answer.get_array("writeErrors").into_iter().flatten().filter_map(Bson::as_document) {
            let at = error.get("index").and_then(number).and_then(|at| became.get_mut(at as usize));
            let Some(at) = at else { continue };
            *at = outcome(error);
        }
        outcomes.extend(tags.iter().copied().zip(became));
        if let Ok(error) = answer.get_document("writeConcernError") {
            let text = format!("{}: not all members have it: {}", self.place, words(error));
            return Err(Failure::Passing(text, None));
        }
        Ok(())
    }

    fn run(&self, mut command: Document) -> Result<Document, Failure> {
        if !command.contains_key("createIndexes") {
            command.insert("writeConcern", doc! {"w": "majority"});
        }
        let base = self.base.clone();
        self.limited(move || base.run_command(command).run())
    }

    fn limited<T: Send + 'static>(
        &self,
        call: impl FnOnce() -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Failure> {
        let place = &self.place;
        match within(self.limit, call) {
            Some(done) => done.map_err(|error| failure(place, &error)),
            None => {
                let text = format!(
                    "{place}: no answer within {} s; --response-timeout allows more",
                    self.limit.as_secs()
                );
                Err(Failure::Passing(text, None))
            }
        }
    }
}

/// The document with this name, unless a newer one is stored.
fn unless_newer(id: &str, version: Option<u64>) -> Document {
    match version {
        None => doc! {"_id": id},
        Some(version) => {
            let rev = i64::try_from(version.saturating_sub(1)).unwrap_or(i64::MAX);
            doc! {"_id": id, "$or": [{"rev": {"$lte": rev}}, {"rev": {"$exists": false}}]}
        }
    }
}

fn condition(window: &Window) -> Document {
    match window {
        Window::All => doc! {"all": true},
        Window::Of(Bounds { start, end }) => {
            doc! {"window_end": DateTime::from_millis(*end), "window_start": DateTime::from_millis(*start)}
        }
    }
}

/// What a row says that is stored.
fn stored(row: &Document) -> Option<Stored> {
    let window = if row.get_bool("all").unwrap_or(false) {
        Window::All
    } else {
        let time = |name: &str| row.get_datetime(name).map(|time| time.timestamp_millis()).ok();
        Window::Of(Bounds { start: time("window_start")?, end: time("window_end")? })
    };
    let version = row.get("rev").and_then(number).unwrap_or_default() + 1;
    let place = Place { home: String::new(), id: row.get_str("_id").ok()?.to_owned() };
    Some(Stored { place, version, window })
}

fn number(value: &Bson) -> Option<u64> {
    match value {
        Bson::Int32(number) => u64::try_from(*number).ok(),
        Bson::Int64(number) => u64::try_from(*number).ok(),
        Bson::Double(number) if *number >= 0.0 => Some(*number as u64),
        _ => None,
    }
}

/// What an error of one step means.
fn outcome(error: &Document) -> Outcome {
    let code = error.get("code").and_then(number).unwrap_or_default();
    let is_of_id = error.get_document("keyPattern").map_or(true, |keys| keys.contains_key("_id"));
    match code {
        11000 if is_of_id => Outcome::Stale,
        code if is_passing(code as i32) => Outcome::Later(words(error)),
        _ => Outcome::Refused(format!("the server says {}", words(error))),
    }
}

/// Codes of a server that is going, coming, or has too much to do.
fn is_passing(code: i32) -> bool {
    matches!(
        code,
        6 | 7
            | 50
            | 89
            | 91
            | 112
            | 134
            | 189
            | 202
            | 262
            | 290
            | 317
            | 9001
            | 10107
            | 11600
            | 11602
            | 13435
            | 13436
    )
}

fn words(error: &Document) -> String {
    let text = error.get_str("errmsg").unwrap_or("no reason");
    let code = error.get("code").map_or(String::new(), |code| format!("{code}: "));
    format!("{code}{text}").chars().map(|char| if char.is_control() { ' ' } else { char }).take(300).collect()
}

fn failure(place: &str, error: &Error) -> Failure {
    let text = format!("{place}: {}", said(error));
    match error.kind.as_ref() {
        ErrorKind::Io(_)
        | ErrorKind::ServerSelection { .. }
        | ErrorKind::ConnectionPoolCleared { .. }
        | ErrorKind::DnsResolve { .. } => Failure::Passing(text, None),
        ErrorKind::Command(command) if is_passing(command.code) => Failure::Passing(text, None),
        ErrorKind::Authentication { .. } => {
            Failure::Lasting(format!("{text}; set MONGODB_USERNAME and MONGODB_PASSWORD"))
        }
        ErrorKind::Command(command) if matches!(command.code, 13 | 18) => {
            Failure::Lasting(format!("{text}; set MONGODB_USERNAME and MONGODB_PASSWORD"))
        }
        _ => Failure::Lasting(text),
    }
}

/// The driver's words on one line.
fn said(error: &Error) -> String {
    let text = match error.kind.as_ref() {
        ErrorKind::Command(command) => format!("{}: {}", command.code, command.message),
        kind => kind.to_string(),
    };
    text.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(300).collect()
}
