//! Elasticsearch and OpenSearch, by `_bulk`: a record is a document, in an index that is named by its time.
//!
//! A document's `_id` is made of the key columns, so that a record that is written twice is there once, and its version of `rev`,
//! so that the server itself lets no older emission replace a newer one. There are no transactions: what a batch replaces is
//! looked up first, its actions are worked out (`plan`), and they are sent; of a request that is taken in parts only the rest is sent
//! again. One process at a time may write a window.

mod names;
mod plan;
mod server;

use std::collections::{BTreeMap, HashMap};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Map, Value, json};

use super::sql::Kind;
use super::{Batch, Failure, Keys, Opened, Record, Sink, SinkOptions, Written, time_of};
use crate::net::{Agent, Error, Options, Url};
use crate::row::write_string;
use crate::time::Millis;
use names::{Names, id};
use plan::{Fate, Place, Plan, Row, Window};
use server::{Action, Outcome, Server, Tag};

/// Opens indices over plain HTTP: `//HOST[:PORT]/INDEX`.
pub(super) fn open_http(address: &str, options: &SinkOptions) -> Opened {
    open("elasticsearch+http", address, options)
}

/// The same over TLS.
pub(super) fn open_https(address: &str, options: &SinkOptions) -> Opened {
    open("elasticsearch+https", address, options)
}

/// OpenSearch over plain HTTP.
pub(super) fn open_opensearch_http(address: &str, options: &SinkOptions) -> Opened {
    open("opensearch+http", address, options)
}

/// The same over TLS.
pub(super) fn open_opensearch_https(address: &str, options: &SinkOptions) -> Opened {
    open("opensearch+https", address, options)
}

fn open(scheme: &str, address: &str, options: &SinkOptions) -> Opened {
    let usage = |error: Error| Failure::Usage(error.to_string());
    let (product, transport) = scheme.split_once('+').unwrap_or((scheme, "http"));
    let parts = address.strip_prefix("//").and_then(|rest| rest.rsplit_once('/'));
    let Some((place, pattern)) = parts.filter(|(host, index)| !host.is_empty() && !index.is_empty()) else {
        let hint =
            format!("write {scheme}://HOST:9200/INDEX, as in {scheme}://127.0.0.1:9200/trends-%Y.%m.%d");
        return Err(Failure::Usage(format!("`{scheme}:{address}` names no index: {hint}")));
    };
    let names = Names::parse(pattern).map_err(Failure::Usage)?;
    if options.keep.is_some() && names.over(&names.at(0).unwrap_or_default()).is_none() {
        return Err(Failure::Usage(format!(
            "--keep goes by the dates in the names of indices, and `{pattern}` has none that can be read back"
        )));
    }
    let base = format!("{transport}://{place}");
    Url::parse(&base).map_err(usage)?;
    let variable = |name: &str| {
        let name = format!("{}_{name}", product.to_ascii_uppercase());
        std::env::var(name).ok().filter(|value| !value.trim().is_empty())
    };
    let mut headers = options.net.headers.clone();
    if headers.has_authorization() {
        // The user said who asks.
    } else if let Some(key) = variable("API_KEY") {
        headers.add_authorization(&format!("ApiKey {key}")).map_err(usage)?;
    } else if let Some((user, password)) = variable("USERNAME").zip(variable("PASSWORD")) {
        let pair = BASE64_STANDARD.encode(format!("{user}:{password}"));
        headers.add_authorization(&format!("Basic {pair}")).map_err(usage)?;
    }
    let agent = Agent::new(&Options { headers, ..options.net.clone() }).map_err(usage)?;
    let prefix = product.to_ascii_uppercase();
    let credentials = format!("{prefix}_API_KEY, or {prefix}_USERNAME and {prefix}_PASSWORD");
    Ok(Box::new(Elastic {
        server: Server { agent, base, credentials },
        names,
        time: options.time_column.clone(),
        is_dry: options.dry_run,
        creates: options.create,
        is_passing_over: false,
        done: HashMap::new(),
        shown: Vec::new(),
    }))
}

struct Elastic {
    server: Server,
    names: Names,
    time: Option<String>,
    is_dry: bool,
    /// A template is to be put yet.
    creates: bool,
    is_passing_over: bool,
    /// Of a batch that was stored in part: what became of its records, by their places in it.
    done: HashMap<usize, Outcome>,
    shown: Vec<u8>,
}

/// A record on its way.
struct Bound<'a> {
    number: usize,
    record: Record<'a>,
    place: Place,
}

impl Sink for Elastic {
    fn write(&mut self, batch: &Batch<'_>) -> Result<Written, Failure> {
        let mut written = Written::default();
        let mut bound = Vec::with_capacity(batch.range.len());
        for (number, record) in batch.iter() {
            match self.bind(batch.keys, number, record) {
                Ok(record) => bound.push(record),
                Err(why) => written.refused.push((number, why)),
            }
        }
        if self.creates {
            self.create(batch)?;
        }
        let (plan, stale) = self.plan(batch, &bound)?;
        let mut outcomes = self.send(batch, &plan)?;
        for Bound { number, .. } in &bound {
            match outcomes.remove(number) {
                _ if stale.contains(number) => written.stale += 1,
                // Another record of the batch took its place.
                None | Some(Outcome::Done | Outcome::Later(_)) => written.stored += 1,
                Some(Outcome::Stale) => written.stale += 1,
                Some(Outcome::Refused(why)) => written.refused.push((*number, why)),
            }
        }
        written.refused.sort_unstable();
        self.is_passing_over = plan.is_passing_over;
        self.done.clear();
        Ok(written)
    }

    fn shown(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.shown)
    }

    fn expire(&mut self, before: Millis) -> Result<u64, Failure> {
        // What there is would have to be asked for.
        if self.is_dry { Ok(0) } else { self.server.delete_older(&self.names, before) }
    }
}

impl Elastic {
    /// Where a record belongs.
    fn bind<'a>(&self, keys: &Keys, number: usize, record: Record<'a>) -> Result<Bound<'a>, String> {
        // A name that is always the same needs no time.
        let time = if self.names.is_dated() { time_of(&record, self.time.as_deref())? } else { 0 };
        let place = Place { index: self.names.at(time)?, id: id(keys, &record, false)? };
        Ok(Bound { number, record, place })
    }

    /// What the batch does to the documents, and the records that are older than what is there.
    fn plan(&self, batch: &Batch<'_>, bound: &[Bound<'_>]) -> Result<(Plan, Vec<usize>), Failure> {
        let mut plan = Plan::new(self.is_passing_over);
        let rows = || {
            let row = |bound: &'_ Bound<'_>| bound.record.emitted().filter(|_| batch.keys.by_window).copied();
            bound.iter().filter_map(move |bound| row(bound).map(|emitted| (bound, emitted)))
        };
        let mut windows: BTreeMap<String, Vec<Window>> = BTreeMap::new();
        for (bound, emitted) in rows() {
            let window = Window::of(&emitted);
            // Where the window over everything begins may change, and with it the index.
            let may_be_elsewhere = emitted.all && self.names.is_dated();
            if may_be_elsewhere || bound.record.begins() && emitted.is_whole() {
                let index = if may_be_elsewhere { self.names.glob() } else { bound.place.index.clone() };
                let known = windows.entry(index).or_default();
                if known.last() != Some(&window) {
                    known.push(window);
                }
            }
        }
        if !self.is_dry {
            for (index, windows) in &windows {
                for stored in self.server.stored(index, windows)? {
                    // A star also matches names that are not of the pattern.
                    if stored.place.index == *index || self.names.over(&stored.place.index).is_some() {
                        plan.known(stored.place, stored.version, stored.window);
                    }
                }
            }
        }
        let mut stale = Vec::new();
        for Bound { number, record, place, .. } in bound {
            let emitted = record.emitted().filter(|_| batch.keys.by_window);
            let row = match emitted {
                None => None,
                Some(emitted) => {
                    let id = id(batch.keys, record, true).unwrap_or_default();
                    let empty = Place { index: place.index.clone(), id };
                    let begins = record.begins();
                    let has_all = begins && batch.has_all_of(*number);
                    Some(Row { emitted, begins, has_all, empty })
                }
            };
            if !plan.put(*number, place.clone(), row.as_ref()) {
                stale.push(*number);
            }
        }
        Ok((plan, stale))
    }

    /// Carries out a plan, but for what was done of it already; what became of the records.
    fn send(&mut self, batch: &Batch<'_>, plan: &Plan) -> Result<HashMap<usize, Outcome>, Failure> {
        let first = batch.range.start;
        let mut outcomes: HashMap<usize, Outcome> = HashMap::new();
        let mut actions = Vec::new();
        for document in plan.documents() {
            let version = document.version;
            match document.fate {
                Fate::Stays => {}
                Fate::Goes => {
                    actions.push(Action {
                        lines: action("delete", &document.place, version),
                        tag: Tag::Removes,
                    });
                }
                Fate::Becomes(number) => {
                    if let Some(outcome) = self.done.get(&(number - first)) {
                        outcomes.insert(number, outcome.clone());
                        continue;
                    }
                    let mut lines = action("index", &document.place, version);
                    write_document(&batch.records.get(number), &mut lines);
                    actions.push(Action { lines, tag: Tag::Stores(number) });
                }
            }
        }
        if self.is_dry {
            if !actions.is_empty() {
                self.shown.extend_from_slice(b"POST /_bulk\n");
            }
            actions.iter().for_each(|action| self.shown.extend_from_slice(action.lines.as_bytes()));
            return Ok(outcomes);
        }
        let mut answered = Vec::with_capacity(actions.len());
        let sent = self.server.bulk(&actions, &mut answered);
        let (mut later, mut why) = (0, None);
        for (tag, outcome) in answered {
            match (tag, outcome) {
                (_, Outcome::Later(reason)) => {
                    later += 1;
                    why.get_or_insert(reason);
                }
                (Tag::Stores(number), outcome) => {
                    self.done.insert(number - first, outcome.clone());
                    outcomes.insert(number, outcome);
                }
                (Tag::Removes, _) => {}
            }
        }
        sent?;
        match why {
            None => Ok(outcomes),
            Some(why) => {
                let (place, all) = (&self.server.base, actions.len());
                Err(Failure::Passing(
                    format!("{place}: {later} of {all} documents are not taken yet: {why}"),
                    None,
                ))
            }
        }
    }

    /// Puts a template for the indices, with the fields of a batch.
    fn create(&mut self, batch: &Batch<'_>) -> Result<(), Failure> {
        let mut kinds: BTreeMap<&str, Kind> = BTreeMap::new();
        for record in batch.foreseen() {
            for (name, json) in record.columns() {
                let known = record.emitted().and_then(|_| Kind::of_window_column(name));
                if let Some(kind) = known.or_else(|| Kind::of(json)) {
                    kinds.entry(name).and_modify(|known| *known = known.with(kind)).or_insert(kind);
                }
            }
        }
        let is_bound = |name: &str| batch.keys.by_window && matches!(name, "window_start" | "window_end");
        let mut properties = Map::new();
        for (name, kind) in kinds {
            let is_key = batch.keys.columns.iter().any(|key| key == name) && !is_bound(name);
            let mapped = match kind {
                _ if is_key => "keyword",
                Kind::Integer => "long",
                Kind::Real => "double",
                Kind::Boolean => "boolean",
                Kind::Time => "date",
                // The server finds out what they are for.
                Kind::Text | Kind::Number | Kind::Json | Kind::Any => continue,
            };
            // A name with dots would be several, and an empty one is none.
            if !name.is_empty() && !name.contains('.') {
                properties.insert(name.to_owned(), json!({ "type": mapped }));
            }
        }
        let template = server::template(&self.names, &properties);
        if self.is_dry {
            let text = format!("PUT /_index_template/{}\n{template}\n", self.names.stem());
            self.shown.extend_from_slice(text.as_bytes());
        } else {
            self.server.put_template(self.names.stem(), &template)?;
        }
        self.creates = false;
        Ok(())
    }
}

/// The line of an action.
fn action(name: &str, place: &Place, version: Option<u64>) -> String {
    let mut meta = json!({"_index": place.index, "_id": place.id});
    if let Some(version) = version {
        meta["version"] = version.into();
        meta["version_type"] = Value::from("external_gte");
    }
    format!("{{\"{name}\":{meta}}}\n")
}

/// The line of a document: the record, with each name once. `update`, which says how a row was sent, is not stored.
fn write_document(record: &Record<'_>, lines: &mut String) {
    let mut document = b"{".to_vec();
    for (name, json) in record.columns() {
        if name == "update" && record.emitted().is_some() {
            continue;
        }
        if document.len() > 1 {
            document.push(b',');
        }
        write_string(name, &mut document);
        document.push(b':');
        document.extend_from_slice(json.as_bytes());
    }
    document.extend_from_slice(b"}\n");
    lines.push_str(&String::from_utf8_lossy(&document));
}
