//! `window-count` against a model that keeps all records and counts by the definitions, over whole recordings.
//!
//! The model shares no code with the crate: it parses with serde_json, reads times with jiff, and looks at every window
//! for every record.

mod common;

use std::collections::BTreeMap;
use std::path::Path;

use common::{recording, tool};
use serde_json::Value;

/// A record: its time in milliseconds, and its keys.
type Record = (i64, Vec<String>);

/// A row: window start and end in milliseconds, key, count, total, distinct, rows, late, open.
type Row = (i64, i64, String, u64, u64, u64, u64, u64, bool);

/// The windows by definition. `late` goes to the first emission after the records that missed.
fn model(records: &[Record], size: i64, slide: i64, watermark: i64) -> (Vec<Row>, u64) {
    let mut windows: BTreeMap<(i64, i64), BTreeMap<String, u64>> = BTreeMap::new();
    let mut closed_before = i64::MIN;
    let (mut newest, mut late, mut untold) = (i64::MIN, 0, 0);
    let mut rows = Vec::new();
    let emit = |window: (i64, i64),
                counts: &BTreeMap<String, u64>,
                open,
                untold: &mut u64,
                rows: &mut Vec<Row>| {
        let mut ranked: Vec<(&String, &u64)> = counts.iter().collect();
        ranked.sort_by(|a, b| b.1.cmp(a.1).then(a.0.as_bytes().cmp(b.0.as_bytes())));
        let total = counts.values().sum();
        let distinct = counts.len() as u64;
        for (key, count) in ranked {
            rows.push((window.1, window.0, key.clone(), *count, total, distinct, distinct, *untold, open));
        }
        *untold = 0;
    };
    for (time, keys) in records {
        // The record moves the watermark, and windows close, before it is counted.
        if *time > newest {
            newest = *time;
            let reached = newest - watermark;
            let due: Vec<(i64, i64)> = windows.keys().copied().filter(|(end, _)| *end <= reached).collect();
            for window in due {
                let counts = windows.remove(&window).expect("it is there");
                emit(window, &counts, false, &mut untold, &mut rows);
            }
            closed_before = closed_before.max(reached);
        }
        if keys.is_empty() {
            continue;
        }
        let (mut belongs, mut found) = (false, false);
        let mut start = time.div_euclid(slide) * slide;
        while start + size > *time {
            belongs = true;
            if start + size > closed_before {
                found = true;
                let counts = windows.entry((start + size, start)).or_default();
                keys.iter().for_each(|key| *counts.entry(key.clone()).or_default() += 1);
            }
            start -= slide;
        }
        if belongs && !found {
            late += 1;
            untold += 1;
        }
    }
    for (window, counts) in &windows {
        emit(*window, counts, true, &mut untold, &mut rows);
    }
    (rows, late)
}

fn millis(time: &Value) -> Option<i64> {
    match time {
        Value::Number(number) => number.as_i64(),
        Value::String(text) if text.ends_with('Z') => {
            Some(text.parse::<jiff::Timestamp>().ok()?.as_millisecond())
        }
        Value::String(text) if text.bytes().all(|b| b.is_ascii_digit()) => text.parse().ok(),
        Value::String(text) => {
            Some(jiff::Zoned::strptime("%a %b %d %H:%M:%S %z %Y", text).ok()?.timestamp().as_millisecond())
        }
        _ => None,
    }
}

/// Follows keys and `[]`.
fn values<'v>(value: &'v Value, path: &[&str]) -> Vec<&'v Value> {
    match path {
        [] => vec![value],
        ["[]", rest @ ..] => {
            value.as_array().into_iter().flatten().flat_map(|element| values(element, rest)).collect()
        }
        [key, rest @ ..] => value.get(key).map(|member| values(member, rest)).unwrap_or_default(),
    }
}

fn key_text(value: &Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        other => Some(other.to_string()),
    }
}

fn rows_of(out: &str, key: &str) -> Vec<Row> {
    out.lines()
        .map(|line| {
            let row: Value = serde_json::from_str(line).expect("a row is JSON");
            let figure = |name: &str| row[name].as_u64().expect(name);
            (
                millis(&row["window_start"]).expect("a time"),
                millis(&row["window_end"]).expect("a time"),
                key_text(&row[key]).expect("a key"),
                figure("count"),
                figure("total"),
                figure("distinct"),
                figure("rows"),
                figure("late"),
                row.get("open").is_some(),
            )
        })
        .collect()
}

/// Compares all windows of a file with the model, for several windows and watermarks, from a file and from a pipe.
fn compare(file: &Path, time: &[&str], key: &[&str], time_expr: &str, key_expr: &str) {
    let bytes = std::fs::read(file).expect("a recording");
    let records: Vec<Record> = String::from_utf8_lossy(&bytes)
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok())
        .filter_map(|record| {
            let time = values(&record, time).first().and_then(|time| millis(time))?;
            // Microseconds, by their size.
            let time = if time > 100_000_000_000_000 { time.div_euclid(1000) } else { time };
            Some((time, values(&record, key).into_iter().filter_map(key_text).collect()))
        })
        .collect();
    assert!(records.iter().any(|(_, keys)| !keys.is_empty()), "the recording has keys: {key:?}");
    let spans = [
        ("20s/10s", 20_000, 10_000),
        ("30s/15s", 30_000, 15_000),
        ("1m/30s", 60_000, 30_000),
        ("5m/150s", 300_000, 150_000),
        ("7s", 7_000, 7_000),
        ("10s/3s", 10_000, 3_000),
        ("1s/1m", 1_000, 60_000),
        ("1h", 3_600_000, 3_600_000),
    ];
    for (window, size, slide) in spans {
        for (watermark, delay) in [("0s", 0), ("10s", 10_000), ("2h", 7_200_000)] {
            let (expected, late) = model(&records, size, slide, delay);
            let stats = tempfile::NamedTempFile::new().expect("a file");
            let arguments = [
                "--time",
                time_expr,
                "--key",
                &format!("key={key_expr}"),
                "--window",
                window,
                "--watermark",
                watermark,
                "--quiet",
                "--max-future",
                "off",
                "--stats",
            ]
            .map(str::to_owned);
            let call = || tool("window-count").args(&arguments).arg(stats.path());
            let from_file = call().arg(file).run().with_code(0);
            assert_eq!(
                rows_of(from_file.text(), "key"),
                expected,
                "{window} --watermark {watermark} {file:?}"
            );
            let figures: Value =
                serde_json::from_slice(&std::fs::read(stats.path()).expect("figures")).expect("JSON");
            assert_eq!(figures["late"], late, "{window} --watermark {watermark} {file:?}");
            let from_pipe = call().args(["--threads", "1"]).input(&bytes).run().with_code(0);
            assert_eq!(from_pipe.out, from_file.out, "a pipe and one thread give the same bytes");
        }
    }
}

#[test]
fn hashtags_of_search_tweets() {
    let Some(file) = recording("streams/tweets-v11-search-simdjson.jsonl") else { return };
    compare(
        &file,
        &["created_at"],
        &["entities", "hashtags", "[]", "text"],
        ".created_at",
        ".entities.hashtags[].text",
    );
}

#[test]
fn hashtags_of_extended_tweets() {
    let Some(file) = recording("streams/tweets-v11-stream-20180310-extended-python-twitter.jsonl") else {
        return;
    };
    let entities = ["extended_tweet", "entities", "hashtags", "[]", "text"];
    compare(
        &file,
        &["timestamp_ms"],
        &entities,
        ".timestamp_ms",
        ".extended_tweet.entities.hashtags[]?.text",
    );
}

#[test]
fn cities_of_rsvps_every_line_counts() {
    let Some(file) = recording("streams/meetup-rsvps-invented.jsonl") else { return };
    compare(&file, &["mtime"], &["group", "group_city"], ".mtime", ".group.group_city");
    compare(
        &file,
        &["mtime"],
        &["group", "group_topics", "[]", "urlkey"],
        ".mtime",
        ".group.group_topics[].urlkey",
    );
}

#[test]
fn types_of_github_events() {
    let Some(file) = recording("streams/github-events-20210721-first400.jsonl") else { return };
    compare(&file, &["created_at"], &["type"], ".created_at", ".type");
}

#[test]
fn collections_of_jetstream_events() {
    let Some(file) = recording("streams/bluesky-jetstream-20260704.jsonl") else { return };
    compare(&file, &["time_us"], &["commit", "collection"], ".time_us", ".commit.collection");
    compare(&file, &["time_us"], &["commit", "record", "langs", "[]"], ".time_us", ".commit.record.langs[]?");
}

#[test]
fn hashtags_of_v2_tweets() {
    let Some(file) = recording("streams/tweets-v2-flat-twarc.jsonl") else { return };
    compare(
        &file,
        &["created_at"],
        &["entities", "hashtags", "[]", "tag"],
        ".created_at",
        ".entities.hashtags[]?.tag",
    );
}
