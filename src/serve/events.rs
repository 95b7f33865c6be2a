//! Events for pages: windows as they come, the figures of the moment, records for show, the log.
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
/// So often where everything is sent each time: a page draws no more than once a second, and has to read all of it.
const LONG_PAUSE: Duration = Duration::from_secs(1);
/// At least so often: a page cannot see that a connection is dead, only that nothing came for long.
const PULSE: Duration = Duration::from_secs(5);
/// A reader that is further behind is sent everything.
const MOST_WINDOWS: usize = 100;
/// How soon a browser connects again.
const RETRY: &[u8] = b"retry: 2000\n\n";

/// How events are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// As server-sent events.
    Events,
    /// One JSON object a line.
    Lines,
}

/// Where a reader is.
pub(super) struct Cursor {
    /// The newest event that it has; none: it has nothing.
    seq: Option<u64>,
    /// The newest record.
    record: u64,
    /// The state of the log.
    log: u64,
}

impl Cursor {
    /// Of a reader that has everything up to an event.
    pub(super) fn behind(seq: Option<u64>) -> Cursor {
        Cursor { seq, record: 0, log: 0 }
    }
}

/// Sends events until the reader goes, or the hub closes.
pub(super) async fn serve(hub: Arc<Hub>, mut cursor: Cursor, form: Form, send: Sender<Piece>) {
    let mut news = hub.news();
    if form == Form::Events && send.send(Ok(Bytes::from_static(RETRY))).await.is_err() {
        return;
    }
    loop {
        let is_last = hub.is_closed();
        news.borrow_and_update();
        let (events, pause) = next(&hub, &mut cursor, form);
        if send.send(Ok(events)).await.is_err() || is_last {
            return;
        }
        sleep(pause).await;
        // Late is as good as changed: it is time for a sign of life.
        let _ = timeout(PULSE, news.changed()).await;
    }
}

/// What a reader lacks, as events, the figures at least; and for how long that is enough.
fn next(hub: &Hub, cursor: &mut Cursor, form: Form) -> (Bytes, Duration) {
    let shared = hub.lock();
    let windows =
        cursor.seq.map(|seq| shared.history.since(seq)).filter(|windows| windows.len() <= MOST_WINDOWS);
    let (is_all, is_behind) = (windows.is_none(), windows.is_none() && cursor.seq.is_some());
    let has_log = shared.log.version() != cursor.log;
    let moment = Moment::of(hub, &shared, windows, cursor.record);
    let record = shared.samples.back().map_or(0, |(number, _)| *number);
    *cursor = Cursor { seq: Some(moment.newest), record, log: shared.log.version() };
    drop(shared);
    let mut out = Vec::new();
    if is_all {
        hub.resyncs.fetch_add(u64::from(is_behind), Ordering::Relaxed);
        form.event(&mut out, "resync", Some(&hub.event_id(moment.newest)), &moment.json(hub));
    } else {
        for window in &moment.windows {
            form.event(&mut out, "window", Some(&hub.event_id(window.seq)), &window.json);
        }
        form.event(&mut out, "tick", None, &moment.figures);
        if moment.records != b"[]" {
            form.event(&mut out, "records", None, &moment.records);
        }
        if has_log {
            form.event(&mut out, "log", None, &moment.log);
        }
    }
    (out.into(), if is_behind { LONG_PAUSE } else { PAUSE })
}

/// All that a page knows, as one object.
pub(super) fn snapshot(hub: &Hub) -> Bytes {
    let moment = Moment::of(hub, &hub.lock(), None, 0);
    moment.json(hub)
}

/// What was known at a moment: taken while the lock is held, put together when it no longer is.
struct Moment {
    newest: u64,
    figures: Bytes,
    records: Vec<u8>,
    log: Vec<u8>,
    windows: Vec<Arc<Window>>,
}

impl Moment {
    /// With some windows or all, and the records behind one.
    fn of(hub: &Hub, shared: &Shared, windows: Option<Vec<Arc<Window>>>, record: u64) -> Moment {
        Moment {
            newest: shared.seq,
            figures: figures(hub, shared),
            records: list(shared.samples.iter().filter(|(number, _)| *number > record)),
            log: shared.log.json(),
            windows: windows.unwrap_or_else(|| shared.history.since(0)),
        }
    }

    fn json(&self, hub: &Hub) -> Bytes {
        let chart = &hub.options.chart;
        let mut out = Object::new();
        out.string("id", &hub.event_id(self.newest));
        out.string("boot", &hub.options.boot);
        for (name, text) in [
            ("title", &chart.title),
            ("unit", &chart.unit),
            ("label", &chart.label),
            ("source", &chart.source),
        ] {
            if let Some(text) = text {
                out.string(name, text);
            }
        }
        out.string("zone", chart.zone.iana_name().unwrap_or("UTC"));
        out.number("top", chart.top as u64);
        out.number("kept", chart.windows as u64);
        out.raw("figures", &self.figures);
        out.list("windows", self.windows.iter().map(|window| &window.json[..]));
        out.raw("records", &self.records);
        out.raw("log", &self.log);
        out.finish()
    }
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

fn list<'a>(records: impl Iterator<Item = &'a (u64, String)>) -> Vec<u8> {
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

impl Form {
    fn event(self, out: &mut Vec<u8>, name: &str, id: Option<&str>, json: &[u8]) {
        match self {
            Form::Events => {
                out.extend_from_slice(format!("event: {name}\n").as_bytes());
                if let Some(id) = id {
                    out.extend_from_slice(format!("id: {id}\n").as_bytes());
                }
                out.extend_from_slice(b"data: ");
                out.extend_from_slice(json);
                out.extend_from_slice(b"\n\n");
            }
            Form::Lines => {
                let mut object = Object::behind(std::mem::take(out));
                object.string("event", name);
                if let Some(id) = id {
                    object.string("id", id);
                }
                object.raw("data", json);
                *out = object.into_bytes();
                out.push(b'\n');
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chart::ChartOptions;
    use crate::row::{Number, Row};
    use crate::serve::{Batch, HubOptions};

    fn hub(windows: i64) -> Arc<Hub> {
        let hub = Hub::new(HubOptions { chart: ChartOptions::default(), boot: "b".into() });
        (0..windows).for_each(|n| hub.window(vec![Row::new(20 * n, 20 * n + 20, Number::from(1))]));
        hub
    }

    fn names(events: &[u8]) -> Vec<&str> {
        let text = std::str::from_utf8(events).expect("UTF-8");
        text.lines().filter_map(|line| line.strip_prefix("event: ")).collect()
    }

    fn sse(hub: &Hub, cursor: &mut Cursor) -> Bytes {
        next(hub, cursor, Form::Events).0
    }

    #[test]
    fn a_new_reader_gets_everything_and_then_what_is_new() {
        let hub = hub(3);
        let mut cursor = Cursor::behind(None);
        let first = sse(&hub, &mut cursor);
        assert_eq!(names(&first), ["resync"]);
        let text = std::str::from_utf8(&first).expect("UTF-8");
        assert!(text.contains("id: b-3\n") && text.matches("\"seq\"").count() == 3, "{text}");
        assert_eq!(names(&sse(&hub, &mut cursor)), ["tick"]);
        hub.window(vec![Row::new(0, 20, Number::from(2))]);
        let more = sse(&hub, &mut cursor);
        assert_eq!(names(&more), ["window", "tick"]);
        assert!(std::str::from_utf8(&more).expect("UTF-8").contains("id: b-4\n"));
        assert_eq!(hub.resyncs.load(Ordering::Relaxed), 0);
    }

    #[test]
    fn a_reader_that_comes_back_gets_what_it_lacks_once() {
        let hub = hub(5);
        let mut cursor = Cursor::behind(Some(3));
        assert_eq!(names(&sse(&hub, &mut cursor)), ["window", "window", "tick"]);
        assert_eq!(names(&sse(&hub, &mut cursor)), ["tick"]);
    }

    #[test]
    fn a_reader_that_is_far_behind_gets_the_newest_state_and_no_backlog() {
        let hub = hub(MOST_WINDOWS as i64 + 1);
        let mut cursor = Cursor::behind(Some(0));
        assert_eq!(names(&sse(&hub, &mut cursor)), ["resync"]);
        assert_eq!(hub.resyncs.load(Ordering::Relaxed), 1);
    }

    #[test]
    fn who_is_sent_everything_again_and_again_is_left_alone_for_longer() {
        let hub = hub(1);
        let mut cursor = Cursor::behind(None);
        assert_eq!(next(&hub, &mut cursor, Form::Events).1, PAUSE);
        (1..=MOST_WINDOWS as i64 + 1)
            .for_each(|n| hub.window(vec![Row::new(20 * n, 20 * n + 20, Number::from(1))]));
        assert_eq!(next(&hub, &mut cursor, Form::Events).1, LONG_PAUSE);
        assert_eq!(next(&hub, &mut cursor, Form::Events).1, PAUSE);
    }

    #[test]
    fn the_log_comes_when_it_has_changed() {
        let hub = hub(1);
        let mut cursor = Cursor::behind(None);
        sse(&hub, &mut cursor);
        hub.take(&Batch { rejected: 2, ..Batch::default() });
        let events = sse(&hub, &mut cursor);
        assert_eq!(names(&events), ["tick", "log"]);
        assert!(std::str::from_utf8(&events).expect("UTF-8").contains("\"2 lines were no records\""));
        assert_eq!(names(&sse(&hub, &mut cursor)), ["tick"]);
    }

    #[test]
    fn events_as_lines_are_one_object_each() {
        let hub = hub(2);
        let mut cursor = Cursor::behind(Some(1));
        let lines = next(&hub, &mut cursor, Form::Lines).0;
        let lines: Vec<serde_json::Value> = std::str::from_utf8(&lines)
            .expect("UTF-8")
            .lines()
            .map(|line| serde_json::from_str(line).expect("an object"))
            .collect();
        assert_eq!(
            (lines.len(), &lines[0]["event"], &lines[0]["id"], &lines[0]["data"]["seq"]),
            (2, &"window".into(), &"b-2".into(), &2.into())
        );
        assert_eq!(lines[1]["event"], "tick");
    }

    #[test]
    fn a_snapshot_is_one_object() {
        let json: serde_json::Value = serde_json::from_slice(&snapshot(&hub(2))).expect("JSON");
        assert_eq!((&json["id"], json["windows"].as_array().map(Vec::len)), (&"b-2".into(), Some(2)));
        assert_eq!(json["figures"]["state"], "waiting");
        assert!(json["figures"].get("late").is_none());
    }
}
