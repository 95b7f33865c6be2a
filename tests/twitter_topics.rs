//! `scripts/twitter-topics`, as a user runs it: against labels of the same model, windows by their definition, and what
//! its dashboards ask for.
#![cfg(feature = "sqlite")] // where the recipe stores

mod common;

use std::collections::BTreeMap;
use std::fs;
use std::process::Command;

use common::peer::influx;
use common::place::{Place, root};
use common::{Ran, demo, json_lines, tool};
use serde_json::Value;

/// The lines of a stream that are records.
fn records(stream: &[u8]) -> Vec<Value> {
    let lines = stream.split(|&byte| byte == b'\n');
    lines.filter_map(|line| serde_json::from_slice(line).ok()).filter(Value::is_object).collect()
}

/// A window's bounds in milliseconds, and the counts in it.
type Windows = BTreeMap<(i64, i64), BTreeMap<String, u64>>;

/// Every window by its definition: a record is left out of those that the watermark, 10 s behind the newest, has passed.
fn windows(tweets: &[Value], size: i64, slide: i64, keys: impl Fn(&Value) -> Vec<String>) -> Windows {
    let (mut windows, mut newest) = (Windows::new(), i64::MIN);
    for tweet in tweets {
        let time: i64 = tweet["timestamp_ms"].as_str().and_then(|time| time.parse().ok()).expect("a time");
        newest = newest.max(time);
        let keys = keys(tweet);
        let mut start = time.div_euclid(slide) * slide;
        while start + size > time {
            if start + size > newest - 10_000 {
                for key in &keys {
                    let counts = windows.entry((start, start + size)).or_default();
                    *counts.entry(key.clone()).or_default() += 1;
                }
            }
            start -= slide;
        }
    }
    windows
}

fn millis(row: &Value, name: &str) -> i64 {
    row[name].as_str().expect("a time").parse::<jiff::Timestamp>().expect("a time").as_millisecond()
}

/// Runs it on tweets in a file.
fn twitter_topics(place: &Place, tweets: usize, args: &[&str]) -> Ran {
    let stream = demo("demo:tweets", tweets);
    let lines = stream.iter().filter(|byte| **byte == b'\n').count().to_string();
    fs::write(place.path("tweets.jsonl"), stream).expect("a file");
    let own = ["--source", "tweets.jsonl", "--records", &lines];
    place.recipe("twitter-topics", &[&own[..], args].concat()).with_code(0)
}

/// All that a table of a database has.
fn rows(place: &Place, base: &str, table: &str) -> Vec<String> {
    let base = rusqlite::Connection::open(place.path(base)).expect("a database");
    let mut query = base.prepare(&format!("SELECT * FROM {table}")).expect("a table");
    let columns = query.column_count();
    let rows = query.query_map([], |row| {
        let values = (0..columns).map(|at| Ok(format!("{:?}", row.get_ref(at)?)));
        values.collect::<rusqlite::Result<Vec<String>>>().map(|values| values.join("|"))
    });
    let mut rows: Vec<String> = rows.expect("rows").collect::<Result<_, _>>().expect("rows");
    rows.sort();
    rows
}

#[test]
fn twitter_topics_is_exact_though_a_process_dies() {
    let place = Place::new();
    twitter_topics(&place, 3000, &[]);
    let model = place.path("out/topics.model").display().to_string();
    let lines = place.text("tweets.jsonl").lines().count().to_string();
    let window_count = common::programs().join("window-count").display().to_string();
    let args = ["--source", "tweets.jsonl", "--records", &lines, "--model", &model, "--out", "again"];
    let args = [&args[..], &["--checkpoint", "marks"]].concat();
    let dying = format!("#!/bin/sh\nhead -c 100000 | '{window_count}' \"$@\"\nkill -KILL $$\n");
    place.replace("window-count", &dying);
    let ran = place.recipe("twitter-topics", &args);
    assert!(ran.code != 0 && ran.err.contains("before its end mark"), "{}: {}", ran.code, ran.err);
    place.replace("window-count", &format!("#!/bin/sh\nexec '{window_count}' \"$@\"\n"));
    place.recipe("twitter-topics", &args).with_code(0);
    assert_eq!(rows(&place, "again/recent.db", "posts"), rows(&place, "out/recent.db", "posts"));
    assert_eq!(rows(&place, "again/history.db", "topics"), rows(&place, "out/history.db", "topics"));
    assert_eq!(place.text("again/topics.svg"), place.text("out/topics.svg"));
}

/// From raw tweets to hourly counts, against labels of the same model and windows by their definition.
#[test]
fn twitter_topics_labels_stores_and_counts() {
    let place = Place::new();
    let ran = twitter_topics(&place, 2500, &[]);
    assert!(ran.err.contains("open out/topics.svg"), "{}", ran.err);
    let label = tool("topic-model").args(["label", "-q", "--model"]).arg(place.path("out/topics.model"));
    let labelled = label.input(place.text("tweets.jsonl")).run().with_code(0);
    let tweets: Vec<Value> =
        records(&labelled.out).into_iter().filter(|tweet| tweet["id_str"].is_string()).collect();
    assert!(tweets.len() > 2000);
    let topic = |tweet: &Value| tweet["topic"].as_u64().map(|topic| topic.to_string()).into_iter().collect();
    let rows = json_lines(&place.text("out/topics.jsonl"));
    let newest = tweets.iter().filter_map(|tweet| tweet["timestamp_ms"].as_str()?.parse::<i64>().ok()).max();
    let closed = newest.expect("tweets") - 10_000;
    let mut expected = windows(&tweets, 3_600_000, 10_000, topic);
    expected.retain(|(_, end), _| *end <= closed);
    assert!(expected.len() > 2, "some windows closed");
    for ((start, end), counts) in &expected {
        let is_of = |row: &&Value| (millis(row, "window_start"), millis(row, "window_end")) == (*start, *end);
        let found = rows.iter().filter(is_of).map(|row| (row["topic"].to_string(), row["count"].as_u64()));
        let counted = counts.iter().map(|(topic, count)| (topic.clone(), Some(*count))).collect();
        assert_eq!(found.collect::<BTreeMap<_, _>>(), counted, "{start}");
    }
    assert_eq!(rows.len(), expected.values().map(BTreeMap::len).sum::<usize>());

    let query = |file: &str, query: &str| -> Vec<Value> {
        let script = "import json,sqlite3,sys; print(json.dumps(sqlite3.connect(sys.argv[1]).execute(sys.argv[2]).fetchall()))";
        let done = Command::new("python3").args(["-c", script]).arg(place.path(file)).arg(query).output();
        serde_json::from_slice(&done.expect("Python is there").stdout).expect("rows")
    };
    let stored = query("out/history.db", "SELECT count(*), sum(count) FROM topics");
    let sum: u64 = rows.iter().filter_map(|row| row["count"].as_u64()).sum();
    assert_eq!(stored, [serde_json::json!([rows.len(), sum])]);
    let posts = query("out/recent.db", "SELECT id, topic, sentiment IS NULL, lang FROM posts");
    let topics: BTreeMap<&str, &Value> =
        tweets.iter().map(|tweet| (tweet["id_str"].as_str().expect("an id"), &tweet["topic"])).collect();
    assert_eq!(posts.len(), topics.len(), "each once");
    for post in &posts {
        assert_eq!(&post[1], topics[post[0].as_str().expect("an id")], "{post}");
        assert_eq!(post[2] == 0, post[3] == "en", "English has a sentiment: {post}");
    }
    let raw = Command::new("sh").args(["-c", "zstdcat out/raw/*"]).current_dir(place.path("")).output();
    let raw = raw.expect("a shell").stdout;
    assert!(raw.ends_with(&fs::read(place.path("tweets.jsonl")).expect("a file")), "all is kept as it came");
    let largest = &rows[rows.len() - rows.last().expect("rows")["rows"].as_u64().expect("a number") as usize];
    let words = largest["words"].as_str().expect("words");
    let texts = place.texts("out/topics.svg");
    assert!(texts.iter().any(|text| text.contains(words)), "{words}: {texts:?}");
}

#[cfg(feature = "serve")]
#[test]
fn twitter_topics_has_a_live_page() {
    let place = Place::new();
    fs::write(place.path("tweets.jsonl"), demo("demo:tweets", 2200)).expect("a file");
    let has_rows = |snapshot: &Value| snapshot["windows"].as_array().is_some_and(|windows| windows.len() > 1);
    let snapshot = place.live("twitter-topics", &["--source", "tweets.jsonl"], has_rows);
    assert!(snapshot["windows"][0]["rows"][0]["key"].is_string(), "{snapshot}");
}

/// What cron calls: topics are learnt from what was kept, and keep their numbers.
#[test]
fn twitter_topics_learns_anew_from_what_was_kept() {
    let place = Place::new();
    let ran = place.recipe("twitter-topics-fit", &[]).with_code(1);
    assert!(ran.err.contains("out/raw holds nothing"), "{}", ran.err);
    let help = place.recipe("twitter-topics-fit", &["--help"]).quietly();
    assert!(help.text().starts_with("twitter-topics-fit: "), "{}", help.text());
    twitter_topics(&place, 2200, &[]);
    let model = || fs::read(place.path("out/topics.model")).expect("a model");
    let before = model();
    place.recipe("twitter-topics-fit", &["--topics", "20"]).quietly();
    assert_ne!(model(), before);
    let anew = model();
    let ran = place.recipe("twitter-topics-fit", &["--topics", "7"]);
    assert!(ran.code != 0 && ran.err.contains("give -k 20"), "{}", ran.err);
    assert_eq!(model(), anew);
}

/// What the dashboard of Grafana asks is answered by InfluxDB, from what the recipe stores there.
#[test]
fn the_dashboard_of_grafana_asks_for_what_is_stored() {
    let place = Place::new();
    let dashboard =
        fs::read_to_string(root().join("scripts/dashboards/grafana-topics.json")).expect("a file");
    let dashboard: Value = serde_json::from_str(&dashboard).expect("JSON");
    let input = dashboard["__inputs"][0]["name"].as_str().expect("a data source");
    let panels = dashboard["panels"].as_array().expect("panels");
    assert!(panels.len() >= 4);
    let folder = tempfile::tempdir().expect("a folder");
    let Some(peer) = influx(None, folder.path()) else { return };
    let ask = |query: &str| -> Value {
        let url = format!("http://127.0.0.1:{}/query", peer.port);
        let answer = ureq::post(&url).query("db", "tweets").query("q", query).send_empty();
        let text = answer.expect("an answer").into_body().read_to_string().expect("text");
        serde_json::from_str(&text).expect("JSON")
    };
    ask("CREATE DATABASE tweets");
    let database = format!("influx+http://127.0.0.1:{}/tweets", peer.port);
    twitter_topics(&place, 2200, &["--history", &database]);
    for panel in panels {
        let target = &panel["targets"][0];
        assert_eq!(target["datasource"]["uid"], format!("${{{input}}}"));
        let query = target["query"].as_str().expect("a query");
        let query = query.replace("$timeFilter", "time > 0").replace("$__interval", "10s");
        let answer = ask(&query);
        let series = answer["results"][0]["series"].as_array();
        let series = series.unwrap_or_else(|| panic!("{query}: {answer}"));
        for tag in target["alias"].as_str().expect("an alias").split("$tag_").skip(1) {
            let tag: String = tag.chars().take_while(char::is_ascii_alphanumeric).collect();
            assert!(series.iter().all(|series| series["tags"][&tag].is_string()), "{tag}: {answer}");
        }
        assert!(series[0]["values"][0][1].is_number(), "{query}: {answer}");
    }
}

/// What the dashboard of Kibana needs is in the file, and the fields that it names are in the documents.
#[test]
fn the_dashboard_of_kibana_names_fields_of_posts() {
    let place = Place::new();
    let objects = fs::read_to_string(root().join("scripts/dashboards/kibana-posts.ndjson")).expect("a file");
    let objects = json_lines(&objects);
    let inner = |value: &Value| -> Value {
        serde_json::from_str(value.as_str().expect("JSON in a string")).expect("JSON")
    };
    let ids: Vec<(&Value, &Value)> = objects.iter().map(|object| (&object["type"], &object["id"])).collect();
    let mut fields = Vec::new();
    for object in &objects {
        for reference in object["references"].as_array().expect("references") {
            assert!(ids.contains(&(&reference["type"], &reference["id"])), "{reference}");
        }
        let own = &object["attributes"];
        match object["type"].as_str().expect("a type") {
            "index-pattern" => fields.push(own["timeFieldName"].clone()),
            "visualization" => {
                let aggregations = inner(&own["visState"])["aggs"].as_array().expect("aggs").clone();
                fields.extend(aggregations.iter().map(|aggregation| aggregation["params"]["field"].clone()));
            }
            "search" => fields.extend(own["columns"].as_array().expect("columns").clone()),
            "dashboard" => {
                let panels = inner(&own["panelsJSON"]);
                for panel in panels.as_array().expect("panels") {
                    let named = |reference: &&Value| reference["name"] == panel["panelRefName"];
                    assert!(
                        object["references"].as_array().expect("some").iter().any(|r| named(&r)),
                        "{panel}"
                    );
                }
            }
            other => panic!("{other} is not imported"),
        }
    }
    twitter_topics(&place, 600, &["--recent", "file:posts/%Y.jsonl"]);
    let posts = json_lines(&place.text("posts/2018.jsonl"));
    let help = fs::read_to_string(root().join("scripts/twitter-topics")).expect("a file");
    let target = help.split_whitespace().find_map(|word| Some(&word[word.find("elasticsearch+")?..]));
    let target = target.expect("the help names it").replace("HOST", "127.0.0.1");
    let dry = ["--dry-run", "--key-columns", "id", "--time-column", "at", target.trim_end_matches(';')];
    let sent = tool("jsonl-store").args(dry).input(place.text("posts/2018.jsonl")).run().quietly();
    let pattern = &objects[0]["attributes"]["title"];
    let start = pattern.as_str().and_then(|pattern| pattern.strip_suffix('*')).expect("a pattern");
    assert!(sent.text().contains(&format!("{{\"_index\":\"{start}2018.11.12\"")), "{}", sent.text());
    let kinds = |name: &str| -> Vec<&Value> {
        posts.iter().map(|post| &post[name]).filter(|value| !value.is_null()).collect()
    };
    for field in fields.iter().filter_map(Value::as_str) {
        let is_kind: fn(&Value) -> bool = match field.strip_suffix(".keyword") {
            // The server has a keyword beside each text.
            Some(_) => Value::is_string,
            None if field == "sentiment" => Value::is_number,
            None => Value::is_string,
        };
        let name = field.trim_end_matches(".keyword");
        assert!(!kinds(name).is_empty() && kinds(name).into_iter().all(is_kind), "{field}");
    }
}
