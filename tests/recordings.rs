//! Recordings through whole pipelines, against counts that are made here by brute force, without the crate.

mod common;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use common::{json_lines, recording, shell, tool};
use serde_json::Value;

fn records(file: &Path) -> Vec<Value> {
    let bytes = std::fs::read(file).expect("a recording");
    bytes
        .split(|&byte| byte == b'\n')
        .filter_map(|line| serde_json::from_slice(line).ok())
        .filter(Value::is_object)
        .collect()
}

/// The largest, by count and then by the bytes of the key.
fn largest(counts: &BTreeMap<String, u64>, n: usize) -> Vec<(String, u64)> {
    let mut all: Vec<(String, u64)> = counts.iter().map(|(key, count)| (key.clone(), *count)).collect();
    all.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.as_bytes().cmp(b.0.as_bytes())));
    all.truncate(n);
    all
}

fn counted(rows: &[Value], key: &str) -> Vec<(String, u64)> {
    rows.iter()
        .map(|row| (row[key].as_str().expect("a key").to_owned(), row["count"].as_u64().expect("a count")))
        .collect()
}

const RSVPS: &str = "streams/meetup-rsvps-invented.jsonl";

/// RSVPs per city of the United States; every line counts, those sent again, too.
fn american_cities(file: &Path) -> BTreeMap<String, u64> {
    let mut cities = BTreeMap::new();
    for rsvp in records(file).iter().filter(|rsvp| rsvp["group"]["group_country"] == "us") {
        *cities.entry(rsvp["group"]["group_city"].as_str().expect("a city").to_owned()).or_default() += 1;
    }
    cities
}

#[test]
fn the_last_running_total_is_a_full_count_of_every_line() {
    let Some(file) = recording(RSVPS) else { return };
    let cities = american_cities(&file);
    let sent: usize = cities.values().map(|&count| usize::try_from(count).expect("few")).sum();
    let identities: BTreeSet<String> = records(&file)
        .iter()
        .filter(|rsvp| rsvp["group"]["group_country"] == "us")
        .map(|rsvp| rsvp["rsvp_id"].to_string())
        .collect();
    assert!(identities.len() < sent, "the recording has RSVPs that were sent again");
    let folder = tempfile::tempdir().expect("a folder");
    let svg = folder.path().join("cities.svg");
    let ran = shell(&format!(
        "stream-fetch {} --time .mtime --speed max | jsonl-filter -q '.group.group_country == \"us\"' |
         window-count --time .mtime --key city=.group.group_city --window all --emit complete --trigger 2s |
         tee {all} | topn 10 | tee {top} | plot-svg --follow -o {}",
        file.display(),
        svg.display(),
        all = folder.path().join("all").display(),
        top = folder.path().join("top").display()
    ));
    assert_eq!(ran.code, 0, "{}", ran.err);
    let rows = |name: &str| {
        let rows = json_lines(&std::fs::read_to_string(folder.path().join(name)).expect(name));
        let last = rows.last().expect("rows")["rev"].clone();
        rows.into_iter().filter(|row| row["rev"] == last).collect::<Vec<_>>()
    };
    let all = rows("all");
    assert_eq!(counted(&all, "city"), largest(&cities, usize::MAX));
    let total: u64 = cities.values().sum();
    assert!(
        all.iter().all(|row| row["total"] == total && row["distinct"] == cities.len() && row["all"] == true)
    );
    let top = rows("top");
    assert_eq!(counted(&top, "city"), largest(&cities, 10));
    let drawn = std::fs::read_to_string(&svg).expect("a chart");
    let document = roxmltree::Document::parse(&drawn).expect("a whole SVG");
    let text: String = document.descendants().filter_map(|node| node.text()).collect();
    assert!(top.iter().all(|row| text.contains(row["city"].as_str().expect("a city"))), "{text}");
}

/// Every emission of a running total is a count of the lines before the one that crosses the next multiple of 2 s.
#[test]
fn every_running_total_is_a_count_of_what_came_before_the_trigger() {
    let Some(file) = recording(RSVPS) else { return };
    let mut expected: Vec<Vec<(String, u64)>> = Vec::new();
    let (mut cities, mut newest) = (BTreeMap::new(), i64::MIN);
    for rsvp in records(&file) {
        let time = rsvp["mtime"].as_i64().expect("a time");
        let crosses = newest != i64::MIN && time.div_euclid(2000) > newest.div_euclid(2000);
        if crosses {
            expected.push(largest(&cities, usize::MAX));
        }
        newest = newest.max(time);
        *cities.entry(rsvp["group"]["group_city"].as_str().expect("a city").to_owned()).or_default() += 1;
    }
    expected.push(largest(&cities, usize::MAX));
    let args =
        ["--time", ".mtime", "--key", "city=.group.group_city", "--window", "all", "--max-future", "off"];
    let ran = tool("window-count")
        .args(args)
        .args(["--emit", "complete", "--trigger", "2s"])
        .arg(&file)
        .run()
        .quietly();
    let mut got: Vec<Vec<Value>> = Vec::new();
    for row in json_lines(ran.text()) {
        match got.last_mut() {
            Some(last) if last[0]["rev"] == row["rev"] => last.push(row),
            _ => got.push(vec![row]),
        }
    }
    let got: Vec<_> = got.iter().map(|rows| counted(rows, "city")).collect();
    assert_eq!(got.len(), expected.len());
    assert_eq!(got, expected);
}

/// The tags of a tweet as the report on trending hashtags takes them: of the extended tweet where there is one.
fn tags(tweet: &Value) -> Vec<String> {
    let extended = &tweet["extended_tweet"]["entities"]["hashtags"];
    let tags = if extended.is_array() { extended } else { &tweet["entities"]["hashtags"] };
    tags.as_array().into_iter().flatten().filter_map(|tag| tag["text"].as_str().map(str::to_owned)).collect()
}

const TAGS: &str = "tag=(.extended_tweet.entities // .entities).hashtags[]?.text";

#[test]
fn trending_hashtags_are_those_of_a_count_by_hand_in_every_window() {
    for path in [
        "streams/tweets-v11-search-simdjson.jsonl",
        "streams/tweets-v11-stream-20180310-extended-python-twitter.jsonl",
    ] {
        let Some(file) = recording(path) else { return };
        for (window, size, slide) in
            [("20s/10s", 20, 10), ("30s/15s", 30, 15), ("1m/30s", 60, 30), ("5m/150s", 300, 150)]
        {
            let mut windows: BTreeMap<i64, BTreeMap<String, u64>> = BTreeMap::new();
            for tweet in records(&file) {
                let Some(text) = tweet["created_at"].as_str() else { continue };
                let time = jiff::Zoned::strptime("%a %b %d %H:%M:%S %z %Y", text)
                    .expect("a time")
                    .timestamp()
                    .as_second();
                let mut start = time.div_euclid(slide) * slide;
                while start + size > time {
                    for tag in tags(&tweet) {
                        *windows.entry(start).or_default().entry(tag).or_default() += 1;
                    }
                    start -= slide;
                }
            }
            let pipeline = format!(
                "window-count -q --time .created_at --key '{TAGS}' --window {window} --watermark max --max-future off {} | topn 10",
                file.display()
            );
            let mut got: BTreeMap<i64, Vec<Value>> = BTreeMap::new();
            for row in json_lines(shell(&pipeline).quietly().text()) {
                let start: jiff::Timestamp =
                    row["window_start"].as_str().expect("a time").parse().expect("RFC 3339");
                got.entry(start.as_second()).or_default().push(row);
            }
            let got: Vec<_> = got.iter().map(|(start, rows)| (*start, counted(rows, "tag"))).collect();
            let expected: Vec<_> =
                windows.iter().map(|(start, counts)| (*start, largest(counts, 10))).collect();
            assert!(!expected.is_empty());
            assert_eq!(got, expected, "{path} {window}");
        }
    }
}

#[test]
fn plain_counts_are_those_of_a_count_by_hand() {
    let Some(file) = recording("streams/github-events-20210721-first400.jsonl") else { return };
    let mut types: BTreeMap<String, u64> = BTreeMap::new();
    for event in records(&file) {
        *types.entry(event["type"].as_str().expect("a type").to_owned()).or_default() += 1;
    }
    let ran = tool("topn").args(["5", "--key", ".type"]).arg(&file).run().quietly();
    assert_eq!(counted(&json_lines(ran.text()), "type"), largest(&types, 5));
}

#[test]
fn every_recording_passes_through_a_filter_byte_for_byte() {
    let Some(folder) = recording("streams") else { return };
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let file = entry.expect("an entry").path();
        if file.extension().is_none_or(|extension| extension != "jsonl") {
            continue;
        }
        let bytes = std::fs::read(&file).expect("a recording");
        // Blank lines and the carriage returns of line ends are no part of a record.
        let lines: Vec<&[u8]> = bytes
            .split(|&byte| byte == b'\n')
            .map(|line| line.strip_suffix(b"\r").unwrap_or(line))
            .filter(|line| !line.is_empty())
            .collect();
        for predicate in ["true", "(. | length) >= 0"] {
            let ran = tool("jsonl-filter").args([predicate, "--check", "full"]).arg(&file).run().quietly();
            assert!(
                ran.out == [lines.join(&b'\n'), b"\n".to_vec()].concat(),
                "{} {predicate}",
                file.display()
            );
        }
        let replayed = tool("stream-fetch").arg(&file).run().quietly();
        assert!(replayed.out == [lines.join(&b'\n'), b"\n".to_vec()].concat(), "{}", file.display());
    }
}
