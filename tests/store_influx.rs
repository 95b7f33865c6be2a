//! `jsonl-store influx+http://…`: what InfluxDB 1.6 (Debian's) and VictoriaMetrics read of it.

mod common;

use std::fs;

use common::peer::{Peer, have, influx};
use common::{Tool, demo, tool};
use serde_json::Value;

/// What a query gives, as the rows of each series.
fn query(peer: &Peer, query: &str) -> Vec<Value> {
    let url = format!("http://127.0.0.1:{}/query", peer.port);
    let answer = ureq::post(&url).query("db", "tw").query("epoch", "ms").query("q", query).send_empty();
    let text = answer.expect("an answer").into_body().read_to_string().expect("text");
    let answer: Value = serde_json::from_str(&text).expect("JSON");
    assert!(answer["results"][0].get("error").is_none(), "{query}: {answer}");
    answer["results"][0]["series"].as_array().cloned().unwrap_or_default()
}

fn store(peer: &Peer, args: &[&str]) -> Tool {
    tool("jsonl-store")
        .arg(format!("influx+http://127.0.0.1:{}/tw", peer.port))
        .args(args)
        .args(["--retry-delay", "10ms"])
}

#[test]
fn windows_are_points_and_the_same_stream_twice_changes_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let Some(peer) = influx(None, folder.path()) else { return };
    let tweets = demo("demo:tweets", 3000);
    let args = ["-q", "--key", ".lang", "--window", "10s", "--window", "20s"];
    let rows = tool("window-count").args(args).input(tweets).run().with_code(0);
    let none = store(&peer, &[]).input(&rows.out).run().with_code(4);
    assert!(none.err.contains("is there such a database"), "{}", none.err);
    query(&peer, "CREATE DATABASE tw");
    for batch in ["5000", "7"] {
        store(&peer, &["--batch", batch]).input(&rows.out).run().quietly();
        let series = query(&peer, "SELECT count, \"window\", lang, rows FROM windows");
        let mut stored: Vec<String> = series[0]["values"]
            .as_array()
            .expect("rows")
            .iter()
            .map(|row| {
                format!(
                    "{} {} {} {}",
                    row[0],
                    row[1],
                    row[2].as_str().expect("a tag"),
                    row[3].as_str().expect("a tag")
                )
            })
            .collect();
        let mut expected: Vec<String> = common::json_lines(rows.text())
            .iter()
            .map(|row| {
                let time = |name: &str| {
                    row[name]
                        .as_str()
                        .expect("a time")
                        .parse::<jiff::Timestamp>()
                        .expect("a time")
                        .as_millisecond()
                };
                let (start, end) = (time("window_start"), time("window_end"));
                format!(
                    "{start} {} {}s {}",
                    row["count"],
                    (end - start) / 1000,
                    row["lang"].as_str().expect("a key")
                )
            })
            .collect();
        stored.sort();
        expected.sort();
        assert!(expected.len() > 50 && stored == expected, "{stored:#?}\n{expected:#?}");
    }
}

const HOSTILE: [&str; 8] = [
    "it's \"quoted\"",
    "a,b=c d",
    "x y=1i 1500000000000000000",
    "\u{202e}right\u{200f} to left",
    "😀 e\u{301}",
    "'; DROP MEASUREMENT m; --",
    "c:\\d",
    "#no comment",
];

#[test]
fn hostile_tags_fields_and_texts_come_back_as_they_went_in() {
    let folder = tempfile::tempdir().expect("a folder");
    let Some(peer) = influx(None, folder.path()) else { return };
    query(&peer, "CREATE DATABASE tw");
    let record = |text: &str| {
        let mut record = serde_json::json!({"at": 1_500_000_000_000_i64, "tag": text, "text": format!("{text}\\\n\t"), "n": 1, "yes": true, "list": [1, "x"], "none": null});
        record[text] = 0.5.into();
        record.to_string() + "\n"
    };
    let records: String = HOSTILE.iter().copied().map(record).collect();
    let args = ["--table", "my m,1", "--key-columns", "tag", "--time-column", "at"];
    store(&peer, &args).input(&records).run().quietly();
    let series = query(&peer, "SELECT * FROM \"my m,1\"");
    let columns: Vec<&str> = series[0]["columns"]
        .as_array()
        .expect("columns")
        .iter()
        .map(|name| name.as_str().expect("a name"))
        .collect();
    let rows = series[0]["values"].as_array().expect("rows");
    assert_eq!(rows.len(), HOSTILE.len());
    let value = |row: &Value, name: &str| {
        row[columns.iter().position(|known| *known == name).expect("a column")].clone()
    };
    for text in HOSTILE {
        let row = rows.iter().find(|row| value(row, "tag") == text).expect(text);
        assert_eq!(value(row, text), 0.5, "{text}");
        assert_eq!(value(row, "text"), format!("{text}\\\n\t"), "{text}");
        assert_eq!(
            (value(row, "n"), value(row, "yes"), value(row, "list")),
            (1.into(), true.into(), "[1,\"x\"]".into())
        );
    }
    // What cannot be written, and what the server refuses, stand alone.
    let wrong = [
        record("ends with \\"),
        record("a\nb"),
        record("x").replace("\"n\":1", "\"n\":\"text\""),
        record("y").replace("1500000000000", "\"soon\""),
    ];
    let good = record("good");
    let input = [&wrong[..2], &[good], &wrong[2..]].concat().concat();
    let letters = folder.path().join("letters");
    let letters = letters.to_str().expect("UTF-8");
    let ran =
        store(&peer, &[&args[..], &["--dead-letter", letters]].concat()).input(&input).run().with_code(0);
    assert_eq!(fs::read_to_string(letters).expect("letters"), wrong.concat(), "{}", ran.err);
    assert!(
        ran.err.contains("field type conflict") && ran.err.contains("4 records were refused"),
        "{}",
        ran.err
    );
    let found = query(&peer, "SELECT n FROM \"my m,1\" WHERE \"tag\" = 'good'");
    assert_eq!(found[0]["values"][0][1], 1);
    let dry = store(&peer, &[&args[..], &["--dry-run"]].concat())
        .input("{\"at\":1,\"tag\":\"a b\",\"n\":1.5}\n")
        .run()
        .quietly();
    assert_eq!(dry.text(), "my\\ m\\,1,tag=a\\ b n=1.5 1000\n");
}

#[test]
fn a_server_that_is_away_for_a_while_gets_all_when_it_is_back() {
    let folder = tempfile::tempdir().expect("a folder");
    let Some(peer) = influx(None, folder.path()) else { return };
    query(&peer, "CREATE DATABASE tw");
    let port = peer.port;
    let records: String = (0..100).map(|at| format!("{{\"at\":{at},\"tag\":\"t\",\"n\":{at}}}\n")).collect();
    let call =
        store(&peer, &["--key-columns", "tag", "--time-column", "at", "--retry-max", "inf", "--batch", "10"]);
    drop(peer);
    let mut run = call.start();
    run.send(&records);
    run.close_input();
    let said = run.said();
    assert!(said.contains("trying again"), "{said}");
    let peer = influx(Some(port), folder.path()).expect("it was there");
    let (code, said) = run.end();
    assert!(code == 0 && said.contains("it works again"), "{code}: {said}");
    assert_eq!(query(&peer, "SELECT count(n), sum(n) FROM windows")[0]["values"][0][1], 100);
}

#[test]
fn the_second_version_of_the_protocol_is_taken_too() {
    let folder = tempfile::tempdir().expect("a folder");
    if !have(&["victoria-metrics"]) {
        return;
    }
    let peer = Peer::start(|port| {
        [
            "victoria-metrics",
            &format!("-storageDataPath={}", folder.path().display()),
            &format!("-httpListenAddr=127.0.0.1:{port}"),
            "-retentionPeriod=100y",
        ]
        .map(str::to_owned)
        .into()
    });
    let target = format!("influx+http://127.0.0.1:{}/tw?org=us", peer.port);
    let records = "{\"at\":1600000000,\"tag\":\"a b\",\"n\":7}\n{\"at\":1600000000,\"tag\":\"c\",\"n\":8}\n";
    let args = [target.as_str(), "--key-columns", "tag", "--time-column", "at", "--table", "t"];
    tool("jsonl-store").args(args).env("INFLUX_TOKEN", "hush").input(records).run().quietly();
    let get = |path: &str| {
        let answer = ureq::get(format!("http://127.0.0.1:{}{path}", peer.port)).call().expect("an answer");
        answer.into_body().read_to_string().expect("text")
    };
    get("/internal/force_flush");
    let found = get("/api/v1/export?match[]=t_n");
    let mut found: Vec<String> = common::json_lines(&found)
        .iter()
        .map(|series| {
            format!("{} {} {}", series["metric"]["tag"], series["values"][0], series["timestamps"][0])
        })
        .collect();
    found.sort();
    assert_eq!(found, ["\"a b\" 7 1600000000000", "\"c\" 8 1600000000000"]);
}
