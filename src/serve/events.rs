//! Events for pages: windows as they come, the figures of the moment, records for show.
//!
//! A reader is sent what is new since it was sent something last, at most four times a second. If that is much, or it asks
//! from where nobody knows, it is sent everything at once (`resync`): the newest state wins, and no backlog is replayed.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use axum::body::Bytes;
use tokio::sync::mpsc::Sender;
use tokio::time::{sleep, timeout};

use super::feed::Piece;
use super::hub::{Hub, InputState, Shared, now};
use super::window::{Object, Window, separate};

/// At most so often.
const PAUSE: Duration = Duration::from_millis(250);
/// At least so often: a page cannot see that a connection is dead, only that nothing came for long.
const PULSE: Duration = Duration::from_secs(5);
/// A reader that is further behind is sent everything.
const MOST_WINDOWS: usize = 100;
/// How soon a browser connects again.
const RETRY: &[u8] = b"retry: 2000\n\n";

/// Where a reader is.
pub(super) struct Cursor {
    /// The newest event that it has; none: it has nothing.
    pub(super) seq: Option<u64>,
    /// The newest record.
    record: u64,
}

impl Cursor {
    /// Of a reader that has everything up to an event.
    pub(super) fn behind(seq: Option<u64>) -> Cursor {
        Cursor { seq, record: 0 }
    }
}

/// Sends events until the reader goes, or the hub closes.
pub(super) async fn serve(hub: Arc<Hub>, mut cursor: Cursor, send: Sender<Piece>) {
    let mut news = hub.news();
    if send.send(Ok(Bytes::from_static(RETRY))).await.is_err() {
        return;
    }
    loop {
        let is_last = hub.is_closed();
        news.borrow_and_update();
        let events = next(&hub, &mut cursor);
        if send.send(Ok(events)).await.is_err() || is_last {
            return;
        }
        sleep(PAUSE).await;
        // Late is as good as changed: it is time for a sign of life.
        let _ = timeout(PULSE, news.changed()).await;
    }
}

/// What a reader lacks, as the text of events; the figures at least.
fn next(hub: &Hub, cursor: &mut Cursor) -> Bytes {
    let shared = hub.lock();
    let windows =
        cursor.seq.map(|seq| shared.history.since(seq)).filter(|windows| windows.len() <= MOST_WINDOWS);
    let newest = shared.seq;
    let figures = figures(hub, &shared);
    let records: Vec<(u64, String)> =
        shared.samples.iter().filter(|(number, _)| *number > cursor.record).cloned().collect();
    let everything = windows.is_none().then(|| shared.history.since(0));
    drop(shared);
    let mut out = Vec::new();
    match (windows, everything) {
        (Some(windows), _) => {
            for window in windows {
                event(&mut out, "window", Some(&hub.event_id(window.seq)), &window.json);
            }
            event(&mut out, "tick", None, &figures);
            if !records.is_empty() {
                event(&mut out, "records", None, &list(&records));
            }
        }
        (None, everything) => {
            if cursor.seq.is_some() {
                hub.resyncs.fetch_add(1, Ordering::Relaxed);
            }
            let all = everything.unwrap_or_default();
            out.extend_from_slice(format!("event: resync\nid: {}\ndata: ", hub.event_id(newest)).as_bytes());
            out = assemble(out, hub, newest, &figures, &all, &records);
            out.extend_from_slice(b"\n\n");
        }
    }
    cursor.seq = Some(newest);
    cursor.record = records.last().map_or(cursor.record, |(number, _)| *number);
    out.into()
}

/// All that a page knows, as one object.
pub(super) fn snapshot(hub: &Hub) -> Bytes {
    let shared = hub.lock();
    let (newest, windows) = (shared.seq, shared.history.since(0));
    let figures = figures(hub, &shared);
    let records: Vec<(u64, String)> = shared.samples.iter().cloned().collect();
    drop(shared);
    assemble(Vec::new(), hub, newest, &figures, &windows, &records).into()
}

/// Appends it all to what stands before.
fn assemble(
    before: Vec<u8>,
    hub: &Hub,
    newest: u64,
    figures: &[u8],
    windows: &[Arc<Window>],
    records: &[(u64, String)],
) -> Vec<u8> {
    let chart = &hub.options.chart;
    let mut out = Object::behind(before);
    out.string("id", &hub.event_id(newest));
    out.string("boot", &hub.options.boot);
    for (name, text) in
        [("title", &chart.title), ("unit", &chart.unit), ("label", &chart.label), ("source", &chart.source)]
    {
        if let Some(text) = text {
            out.string(name, text);
        }
    }
    out.string("zone", chart.zone.iana_name().unwrap_or("UTC"));
    out.number("top", chart.top as u64);
    out.number("kept", chart.windows as u64);
    out.raw("figures", figures);
    out.list("windows", windows.iter().map(|window| &window.json[..]));
    out.raw("records", &list(records));
    out.into_bytes()
}

/// The figures of the moment.
fn figures(hub: &Hub, shared: &Shared) -> Bytes {
    let figures = &shared.figures;
    let now = now();
    let mut out = Object::new();
    out.integer("now", now);
    match figures.state {
        InputState::Waiting => out.string("state", "waiting"),
        InputState::Live => out.string("state", "live"),
        InputState::Ended(at) => {
            out.string("state", "ended");
            out.integer("ended", at);
        }
    }
    for (name, count) in [
        ("records", figures.records),
        ("rejected", figures.rejected),
        ("bytes", figures.bytes),
        ("windows", figures.windows),
        ("readers", hub.readers() as u64),
    ] {
        out.number(name, count);
    }
    if let Some(late) = figures.late {
        out.number("late", late);
    }
    if let Some(at) = figures.last_input {
        out.integer("last_input", at);
    }
    let rates: Vec<String> = shared.rates(now, 60).iter().map(u64::to_string).collect();
    out.raw("rates", format!("[{}]", rates.join(",")).as_bytes());
    out.finish()
}

fn list(records: &[(u64, String)]) -> Vec<u8> {
    let mut all = vec![b'['];
    for (number, text) in records {
        separate(&mut all);
        let mut record = Object::new();
        record.number("number", *number);
        record.string("text", text);
        all.extend_from_slice(&record.finish());
    }
    all.push(b']');
    all
}

fn event(out: &mut Vec<u8>, name: &str, id: Option<&str>, json: &[u8]) {
    out.extend_from_slice(format!("event: {name}\n").as_bytes());
    if let Some(id) = id {
        out.extend_from_slice(format!("id: {id}\n").as_bytes());
    }
    out.extend_from_slice(b"data: ");
    out.extend_from_slice(json);
    out.extend_from_slice(b"\n\n");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chart::ChartOptions;
    use crate::row::{Number, Row};
    use crate::serve::HubOptions;

    fn hub(windows: i64) -> Arc<Hub> {
        let hub = Hub::new(HubOptions { chart: ChartOptions::default(), boot: "b".into() });
        (0..windows).for_each(|n| hub.window(vec![Row::new(20 * n, 20 * n + 20, Number::from(1))]));
        hub
    }

    fn names(events: &[u8]) -> Vec<&str> {
        let text = std::str::from_utf8(events).expect("UTF-8");
        text.lines().filter_map(|line| line.strip_prefix("event: ")).collect()
    }

    #[test]
    fn a_new_reader_gets_everything_and_then_what_is_new() {
        let hub = hub(3);
        let mut cursor = Cursor::behind(None);
        let first = next(&hub, &mut cursor);
        assert_eq!(names(&first), ["resync"]);
        let text = std::str::from_utf8(&first).expect("UTF-8");
        assert!(text.contains("id: b-3\n") && text.matches("\"seq\"").count() == 3, "{text}");
        assert_eq!(names(&next(&hub, &mut cursor)), ["tick"]);
        hub.window(vec![Row::new(0, 20, Number::from(2))]);
        let more = next(&hub, &mut cursor);
        assert_eq!(names(&more), ["window", "tick"]);
        assert!(std::str::from_utf8(&more).expect("UTF-8").contains("id: b-4\n"));
        assert_eq!(hub.resyncs.load(Ordering::Relaxed), 0);
    }

    #[test]
    fn a_reader_that_comes_back_gets_what_it_lacks_once() {
        let hub = hub(5);
        let mut cursor = Cursor::behind(Some(3));
        assert_eq!(names(&next(&hub, &mut cursor)), ["window", "window", "tick"]);
        assert_eq!(names(&next(&hub, &mut cursor)), ["tick"]);
    }

    #[test]
    fn a_reader_that_is_far_behind_gets_the_newest_state_and_no_backlog() {
        let hub = hub(MOST_WINDOWS as i64 + 1);
        let mut cursor = Cursor::behind(Some(0));
        assert_eq!(names(&next(&hub, &mut cursor)), ["resync"]);
        assert_eq!(hub.resyncs.load(Ordering::Relaxed), 1);
    }

    #[test]
    fn a_snapshot_is_one_object() {
        let json: serde_json::Value = serde_json::from_slice(&snapshot(&hub(2))).expect("JSON");
        assert_eq!((&json["id"], json["windows"].as_array().map(Vec::len)), (&"b-2".into(), Some(2)));
        assert_eq!(json["figures"]["state"], "waiting");
        assert!(json["figures"].get("late").is_none());
    }
}
