//! Elasticsearch and OpenSearch, by `_bulk`: a record is a document, in an index that is named by its time.
//!
//! A document's `_id` is made of the key columns, so that a record that is written twice is there once, and its version of `rev`,
//! so that the server itself lets no older emission replace a newer one; of a request that is taken in parts only the rest is sent
//! again.

mod names;
mod server;

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Map, Value, json};

use super::documents::{DocumentSink, Outcome, Place, Step, Store, Stored, Tag, Window};
use super::sql::Kind;
use super::{Batch, Failure, Opened, Record, SinkOptions, time_of, variable};
use crate::net::{Agent, Error, Options, Url};
use crate::row::write_string;
use crate::time::Millis;
use names::Names;
use server::{Action, Server};

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
    let prefix = product.to_ascii_uppercase();
    let said = |name: &str| variable(&format!("{prefix}_{name}"));
    let mut headers = options.net.headers.clone();
    if headers.has_authorization() {
        // The user said who asks.
    } else if let Some(key) = said("API_KEY") {
        headers.add_authorization(&format!("ApiKey {key}")).map_err(usage)?;
    } else if let Some((user, password)) = said("USERNAME").zip(said("PASSWORD")) {
        let pair = BASE64_STANDARD.encode(format!("{user}:{password}"));
        headers.add_authorization(&format!("Basic {pair}")).map_err(usage)?;
    }
    let agent = Agent::new(&Options { headers, ..options.net.clone() }).map_err(usage)?;
    let credentials = format!("{prefix}_API_KEY, or {prefix}_USERNAME and {prefix}_PASSWORD");
    Ok(Box::new(DocumentSink::new(Elastic {
        server: Server { agent, base, credentials },
        names,
        time: options.time_column.clone(),
        is_dry: options.dry_run,
        creates: options.create,
        shown: Vec::new(),
    })))
}

struct Elastic {
    server: Server,
    names: Names,
    time: Option<String>,
    is_dry: bool,
    /// A template is to be put yet.
    creates: bool,
    shown: Vec<u8>,
}

impl Store for Elastic {
    fn name(&self) -> &str {
        &self.server.base
    }

    fn is_dry(&self) -> bool {
        self.is_dry
    }

    fn prepare(&mut self, batch: &Batch<'_>) -> Result<(), Failure> {
        if self.creates {
            self.create(batch)?;
            self.creates = false;
        }
        Ok(())
    }

    fn home(&self, record: &Record<'_>) -> Result<String, String> {
        // A name that is always the same needs no time.
        let time = if self.names.is_dated() { time_of(record, self.time.as_deref())? } else { 0 };
        self.names.at(time)
    }

    fn homes(&self) -> Option<String> {
        self.names.is_dated().then(|| self.names.glob())
    }

    fn stored(&self, home: &str, windows: &[Window]) -> Result<Vec<Stored>, Failure> {
        let mut stored = self.server.stored(home, windows)?;
        // A star also matches names that are not of the pattern.
        stored.retain(|stored| stored.place.home == home || self.names.over(&stored.place.home).is_some());
        Ok(stored)
    }

    fn carry_out(
        &mut self,
        batch: &Batch<'_>,
        steps: &[Step<'_>],
        outcomes: &mut Vec<(Tag, Outcome)>,
    ) -> Result<(), Failure> {
        let actions: Vec<Action> = steps.iter().map(|step| as_action(step, batch)).collect();
        if self.is_dry && !actions.is_empty() {
            self.shown.extend_from_slice(b"POST /_bulk\n");
            actions.iter().for_each(|action| self.shown.extend_from_slice(action.lines.as_bytes()));
        }
        if self.is_dry { Ok(()) } else { self.server.bulk(&actions, outcomes) }
    }

    fn expire(&mut self, before: Millis) -> Result<u64, Failure> {
        // What there is would have to be asked for.
        if self.is_dry { Ok(0) } else { self.server.delete_older(&self.names, before) }
    }

    fn shown(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.shown)
    }
}

impl Elastic {
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
        Ok(())
    }
}

/// A step as an action.
fn as_action(step: &Step<'_>, batch: &Batch<'_>) -> Action {
    let name = if step.tag == Tag::Removes { "delete" } else { "index" };
    let mut lines = action(name, step.place, step.version);
    if let Tag::Stores(number) = step.tag {
        write_document(&batch.records.get(number), &mut lines);
    }
    Action { lines, tag: step.tag }
}

/// The line of an action.
fn action(name: &str, place: &Place, version: Option<u64>) -> String {
    let mut meta = json!({"_index": place.home, "_id": place.id});
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
