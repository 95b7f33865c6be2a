//! What is said to the server, and what it answers.

use std::collections::HashSet;
use std::io::Read;

use serde_json::{Value, json};

use super::names::Names;
use crate::net::{Agent, Error, Reason, Request, Url};
use crate::row::Bounds;
use crate::sink::documents::{Outcome, Place, Stored, Tag, Window};
use crate::sink::{Failure, asked_wait};
use crate::time::{Millis, TimeReader, rfc3339};

/// Documents of a page of a search; no server gives more unless told.
const PAGE: usize = 10_000;
/// Windows that are asked for at once: servers allow 1024 conditions.
const WINDOWS: usize = 256;
/// No answer is nearly as long.
const LONGEST_ANSWER: u64 = 1 << 30;
/// Above the templates that come with the server, which are for data streams.
const PRIORITY: u32 = 501;

/// The server, below its address.
pub(super) struct Server {
    pub(super) agent: Agent,
    pub(super) base: String,
    /// The variables of the environment that say who writes.
    pub(super) credentials: String,
}

/// An action of a bulk request, and how it is told from the others.
pub(super) struct Action {
    /// Its line and that of its document.
    pub(super) lines: String,
    pub(super) tag: Tag,
}

impl Server {
    /// Sends actions; what became of each. A request that is too large, or not taken as a whole, is halved.
    pub(super) fn bulk(&self, actions: &[Action], outcomes: &mut Vec<(Tag, Outcome)>) -> Result<(), Failure> {
        let Some(first) = actions.first() else { return Ok(()) };
        let body: String = actions.iter().map(|action| action.lines.as_str()).collect();
        let request = Request::default().post_as("application/x-ndjson", body);
        let error = match self.answer("_bulk", &[], &request) {
            Ok(answer) => return read_items(&self.base, &answer, actions, outcomes),
            Err(error) => error,
        };
        match &error.reason {
            Reason::Status { code: 400 | 413, body, .. } if actions.len() == 1 => match first.tag {
                Tag::Stores(_) => {
                    let why = format!("the server takes no request with it: {}", reason_of(body));
                    outcomes.push((first.tag, Outcome::Refused(why)));
                    Ok(())
                }
                Tag::Removes => Err(self.failure(&error)),
            },
            Reason::Status { code: 400 | 413, .. } => {
                let (one, other) = actions.split_at(actions.len() / 2);
                self.bulk(one, outcomes)?;
                self.bulk(other, outcomes)
            }
            _ => Err(self.failure(&error)),
        }
    }

    /// The documents that are rows of these windows, in an index or those that a pattern matches, as they are at this moment.
    pub(super) fn stored(&self, index: &str, windows: &[Window]) -> Result<Vec<Stored>, Failure> {
        let lenient = [("ignore_unavailable", "true"), ("allow_no_indices", "true")];
        // What was written a moment ago is not found before this.
        let done = self.ask(&format!("{index}/_refresh"), &lenient, &Request::default().post("{}".into()))?;
        whole(&done)?;
        let mut found = Vec::new();
        for windows in windows.chunks(WINDOWS) {
            let any: Vec<Value> = windows.iter().map(condition).collect();
            let query = json!({
                "query": {"bool": {"filter": [{"bool": {"should": any, "minimum_should_match": 1}}]}},
                "_source": ["window_start", "window_end", "all"], "version": true, "size": PAGE, "sort": ["_doc"],
            });
            let query = Request::default().post(query.to_string());
            let path = format!("{index}/_search");
            let strict = [("allow_partial_search_results", "false")];
            let mut page = self.ask(&path, &[&lenient[..], &strict[..]].concat(), &query)?;
            let before = found.len();
            if read_page(&page, &mut found)? == PAGE {
                // More than a page: it is asked for once more, page by page. The server forgets the list by itself.
                found.truncate(before);
                let kept = [("scroll", "1m")];
                page = self.ask(&path, &[&lenient[..], &strict[..], &kept[..]].concat(), &query)?;
                while read_page(&page, &mut found)? > 0 {
                    let next = json!({"scroll": "1m", "scroll_id": page["_scroll_id"]});
                    page = self.ask("_search/scroll", &[], &Request::default().post(next.to_string()))?;
                }
            }
        }
        let windows: HashSet<&Window> = windows.iter().collect();
        found.retain(|stored| windows.contains(&stored.window));
        Ok(found)
    }

    /// Puts a template for new indices, unless there is one of its name.
    pub(super) fn put_template(&self, name: &str, template: &Value) -> Result<(), Failure> {
        let path = format!("_index_template/{name}");
        match self.answer(&path, &[], &Request::default()) {
            Ok(_) => return Ok(()),
            Err(Error { reason: Reason::Status { code: 404, .. }, .. }) => {}
            Err(error) => return Err(self.failure(&error)),
        }
        self.ask(&path, &[], &Request::default().put(template.to_string())).map(drop)
    }

    /// Deletes the indices whose names say that their time was over at a moment; how many.
    pub(super) fn delete_older(&self, names: &Names, than: Millis) -> Result<u64, Failure> {
        let list = self.ask(&format!("_resolve/index/{}", names.glob()), &[], &Request::default())?;
        let indices = list["indices"].as_array().map_or(&[][..], Vec::as_slice);
        // What a data stream is made of is not ours.
        let ours = indices.iter().filter(|index| index["data_stream"].is_null());
        let mut gone: Vec<String> = ours
            .filter_map(|index| index["name"].as_str())
            .filter(|name| names.over(name).is_some_and(|over| over <= than))
            .map(str::to_owned)
            .collect();
        gone.sort_unstable();
        for name in &gone {
            match self.answer(name, &[], &Request::default().delete()) {
                Ok(_) | Err(Error { reason: Reason::Status { code: 404, .. }, .. }) => {}
                Err(error) => return Err(self.failure(&error)),
            }
        }
        Ok(gone.len() as u64)
    }

    fn ask(&self, path: &str, query: &[(&str, &str)], request: &Request) -> Result<Value, Failure> {
        self.answer(path, query, request).map_err(|error| self.failure(&error))
    }

    fn answer(&self, path: &str, query: &[(&str, &str)], request: &Request) -> Result<Value, Error> {
        let url = Url::parse(&format!("{}/{path}", self.base))?;
        let url = query.iter().fold(url, |url, (name, value)| url.with_query(name, value));
        let response = self.agent.get(&url, request)?;
        let mut text = Vec::new();
        let broken = |what: String| Error::new(&url, Reason::Dropped(what));
        response.take(LONGEST_ANSWER).read_to_end(&mut text).map_err(|error| broken(error.to_string()))?;
        serde_json::from_slice(&text).map_err(|_| {
            Error::new(&url, Reason::Protocol("this is no answer of Elasticsearch or OpenSearch".into()))
        })
    }

    fn failure(&self, error: &Error) -> Failure {
        match &error.reason {
            Reason::Status { code: 408 | 429 | 500..=599, retry, .. } => {
                Failure::Passing(error.to_string(), asked_wait(retry))
            }
            Reason::Status { code: 401 | 403, .. } => {
                Failure::Lasting(format!("{error}; set {}", self.credentials))
            }
            Reason::Usage(text) => Failure::Usage(text.clone()),
            _ if error.is_passing() => Failure::Passing(error.to_string(), None),
            _ => Failure::Lasting(error.to_string()),
        }
    }
}

/// A template for indices of these names, with what is known of their fields.
pub(super) fn template(names: &Names, properties: &serde_json::Map<String, Value>) -> Value {
    json!({
        "index_patterns": [names.glob()],
        "priority": PRIORITY,
        "template": {"mappings": {"properties": properties}},
        "_meta": {"description": "made by jsonl-store --create of trendpipe"},
    })
}

fn condition(window: &Window) -> Value {
    match window {
        Window::All => json!({"term": {"all": true}}),
        Window::Of(Bounds { start, end }) => json!({"bool": {"filter": [
            {"term": {"window_start": rfc3339(*start)}},
            {"term": {"window_end": rfc3339(*end)}},
        ]}}),
    }
}

/// Whether all parts of the indices took part: an answer without some of them is none.
fn whole(answer: &Value) -> Result<(), Failure> {
    match answer["_shards"]["failed"].as_u64() {
        Some(1..) => Err(Failure::Passing("some shards do not answer".into(), None)),
        _ => Ok(()),
    }
}

/// Adds the documents of a page of a search that say which window they are of; how many it has in all.
fn read_page(page: &Value, found: &mut Vec<Stored>) -> Result<usize, Failure> {
    whole(page)?;
    let hits = page["hits"]["hits"].as_array().map_or(&[][..], Vec::as_slice);
    for hit in hits {
        let time = |name: &str| {
            let text = hit["_source"][name].as_str()?;
            TimeReader::auto().string(text).ok()
        };
        let window = if hit["_source"]["all"] == true {
            Some(Window::All)
        } else {
            time("window_start").zip(time("window_end")).map(|(start, end)| Window::Of(Bounds { start, end }))
        };
        let (index, id, version) = (hit["_index"].as_str(), hit["_id"].as_str(), hit["_version"].as_u64());
        if let (Some(window), Some(index), Some(id), Some(version)) = (window, index, id, version) {
            let place = Place { home: index.to_owned(), id: id.to_owned() };
            found.push(Stored { place, version, window });
        }
    }
    Ok(hits.len())
}

/// What became of each action of a request that was taken.
fn read_items(
    place: &str,
    answer: &Value,
    actions: &[Action],
    outcomes: &mut Vec<(Tag, Outcome)>,
) -> Result<(), Failure> {
    let items = answer["items"].as_array().map_or(&[][..], Vec::as_slice);
    if items.len() != actions.len() {
        let (sent, said) = (actions.len(), items.len());
        return Err(Failure::Lasting(format!(
            "{place}: {sent} actions were sent, and the answer is of {said}"
        )));
    }
    for (action, item) in actions.iter().zip(items) {
        let item = item.as_object().and_then(|item| item.values().next()).unwrap_or(&Value::Null);
        let status = item["status"].as_u64().unwrap_or_default();
        let why = || format!("the server says {status}: {}", words(&item["error"]));
        let outcome = match status {
            200..=299 => Outcome::Done,
            404 if action.tag == Tag::Removes => Outcome::Done,
            409 => Outcome::Stale,
            408 | 429 | 500..=599 => Outcome::Later(why()),
            400 | 413 if action.tag != Tag::Removes => Outcome::Refused(why()),
            _ => return Err(Failure::Lasting(format!("{place}: {}", why()))),
        };
        outcomes.push((action.tag, outcome));
    }
    Ok(())
}

/// The words of an error, with those of its cause, which says what is wrong with the document.
fn words(error: &Value) -> String {
    let text = |error: &Value| match (error["type"].as_str(), error["reason"].as_str()) {
        (Some(kind), Some(reason)) => Some(format!("{kind}: {reason}")),
        (Some(text), None) | (None, Some(text)) => Some(text.to_owned()),
        (None, None) => error.as_str().map(str::to_owned),
    };
    let said = [text(error), text(&error["caused_by"])].into_iter().flatten().collect::<Vec<_>>().join("; ");
    let plain: String =
        said.chars().map(|char| if char.is_control() { ' ' } else { char }).take(300).collect();
    if plain.is_empty() { "no reason".into() } else { plain }
}

/// The words of the body of a refusal.
fn reason_of(body: &str) -> String {
    match serde_json::from_str::<Value>(body) {
        Ok(answer) => words(&answer["error"]),
        Err(_) => body.to_owned(),
    }
}
