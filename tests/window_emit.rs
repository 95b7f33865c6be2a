//! `window-count`: when windows are emitted, and by which clock.

mod common;

use common::{Ran, json_lines, tool};
use serde_json::Value;

fn count(args: &[&str], input: &str) -> Ran {
    tool("window-count").args(args).input(input).run()
}

fn records(keys: &[(u32, &str)]) -> String {
    keys.iter().map(|(t, key)| format!("{{\"t\":{t},\"k\":\"{key}\"}}\n")).collect()
}

/// The rows of each emission, by `rev` and window.
fn emissions(text: &str) -> Vec<Vec<Value>> {
    let mut emissions: Vec<Vec<Value>> = Vec::new();
    for row in json_lines(text) {
        match emissions.last_mut() {
            Some(last) if (last.len() as u64) < last[0]["rows"].as_u64().expect("rows") => last.push(row),
            _ => emissions.push(vec![row]),
        }
    }
    emissions
}

const ALL: [&str; 6] = ["--time", ".t", "--key", ".k", "--window", "all"];

#[test]
fn a_running_total_is_emitted_whole_at_multiples_of_the_trigger() {
    let input = records(&[(0, "a"), (1, "b"), (1, "a"), (2, "a"), (3, "a"), (9, "c"), (11, "c")]);
    let args = [&ALL[..], &["--emit", "complete", "--trigger", "2s"]].concat();
    let ran = count(&args, &input).quietly();
    let shown: Vec<String> = emissions(ran.text())
        .iter()
        .map(|rows| {
            rows.iter()
                .map(|row| format!("{}{}", row["k"].as_str().expect("a key"), row["count"]))
                .collect::<Vec<_>>()
                .join(" ")
        })
        .collect();
    // Before 2, 9 and 11 are applied, and at the end; nothing crossed between 4 and 8.
    assert_eq!(shown, ["a2 b1", "a4 b1", "a4 b1 c1", "a4 c2 b1"]);
    for (rev, rows) in emissions(ran.text()).iter().enumerate() {
        assert!(
            rows.iter()
                .all(|row| row.get("rev").map_or(0, |rev| rev.as_u64().expect("a number")) == rev as u64)
        );
        assert!(rows.iter().all(|row| row["all"] == true && row["rows"] == rows.len()));
    }
    let last = emissions(ran.text()).pop().expect("an emission");
    assert_eq!(
        (&last[0]["window_start"], &last[0]["window_end"]),
        (&"1970-01-01T00:00:00Z".into(), &"1970-01-01T00:00:11.001Z".into())
    );
}

#[test]
fn a_trigger_may_count_records() {
    let input = records(&[(0, "a"), (1, "b"), (2, "a"), (3, "c"), (4, "a")]);
    let ran = count(&[&ALL[..], &["--emit", "complete", "--trigger", "2rec"]].concat(), &input).quietly();
    let totals: Vec<u64> =
        emissions(ran.text()).iter().map(|rows| rows[0]["total"].as_u64().expect("a total")).collect();
    assert_eq!(totals, [2, 4, 5]);
}

#[test]
fn updates_are_the_rows_that_changed() {
    let input = records(&[(0, "a"), (1, "b"), (2, "a"), (4, "c"), (6, "c")]);
    let ran = count(&[&ALL[..], &["--emit", "update", "--trigger", "2s"]].concat(), &input).quietly();
    let shown: Vec<Vec<String>> = emissions(ran.text())
        .iter()
        .map(|rows| {
            rows.iter().map(|row| format!("{}{}", row["k"].as_str().expect("a key"), row["count"])).collect()
        })
        .collect();
    assert_eq!(shown, [vec!["a1", "b1"], vec!["a2"], vec!["c1"], vec!["c2"]]);
    assert!(json_lines(ran.text()).iter().all(|row| row["update"] == true));
}

#[test]
fn applying_all_updates_gives_the_whole_table() {
    let tweets = common::demo("demo:tweets", 400);
    let tags = ["--key", ".entities.hashtags[].text", "-q", "--trigger", "1s", "--window", "5s/2s", "--emit"];
    let last_of = |emit: &str| {
        let ran = tool("window-count").args(tags).arg(emit).input(&tweets).run().with_code(0);
        let mut table = std::collections::BTreeMap::new();
        for row in json_lines(ran.text()) {
            if row.get("update").is_none() {
                // A whole emission replaces what there was; its rows all agree on rev.
                let rev = row["rev"].as_u64().unwrap_or(0);
                table.retain(|(end, start, _): &(String, String, String), (seen, _): &mut (u64, u64)| {
                    end != &row["window_end"].to_string()
                        || start != &row["window_start"].to_string()
                        || *seen == rev
                });
            }
            let place =
                (row["window_end"].to_string(), row["window_start"].to_string(), row["text"].to_string());
            table.insert(place, (row["rev"].as_u64().unwrap_or(0), row["count"].as_u64().expect("a count")));
        }
        table.into_iter().map(|(place, (_, count))| (place, count)).collect::<Vec<_>>()
    };
    let whole = last_of("complete");
    assert!(whole.len() > 50);
    assert_eq!(last_of("update"), whole);
    let without = ["--key", ".entities.hashtags[].text", "-q", "--window", "5s/2s"];
    let last = tool("window-count").args(without).input(&tweets).run().with_code(0);
    let mut finals: Vec<_> = json_lines(last.text())
        .iter()
        .map(|row| {
            (
                (row["window_end"].to_string(), row["window_start"].to_string(), row["text"].to_string()),
                row["count"].as_u64().expect("a count"),
            )
        })
        .collect();
    finals.sort();
    assert_eq!(finals, whole, "the last emission of each window is the final one");
}

#[test]
fn the_time_is_found_and_named_once() {
    for (record, field) in [
        ("{\"created_at\":\"Mon Nov 12 19:00:06 +0000 2018\"}", ".created_at"),
        (
            "{\"timestamp_ms\":\"1542049206000\",\"created_at\":\"Mon Nov 12 19:00:06 +0000 2018\"}",
            ".timestamp_ms",
        ),
        ("{\"time_us\":1542049206000000,\"ts\":1}", ".time_us"),
        ("{\"mtime\":1542049206000}", ".mtime"),
        ("{\"data\":{\"created_at\":\"2018-11-12T19:00:06.000Z\"}}", ".data.created_at"),
        ("{\"timestamp\":\"2018-11-12T20:00:06+01:00\"}", ".timestamp"),
        ("{\"ts\":1542049206.0}", ".ts"),
        ("{\"time\":1542049206000000000}", ".time"),
    ] {
        let ran = count(&["--window", "10s"], &format!("{record}\n").repeat(3)).with_code(0);
        assert_eq!(ran.err, format!("window-count: the time is {field} (--time EXPR chooses another)\n"));
        let row = &json_lines(ran.text())[0];
        assert_eq!(
            (&row["window_start"], &row["count"]),
            (&"2018-11-12T19:00:00Z".into(), &3.into()),
            "{record}"
        );
    }
}

#[test]
fn a_time_that_is_not_found_is_asked_for() {
    let ran = count(&["--window", "10s"], "{\"when\":\"2018\",\"what\":1}\n").with_code(2);
    assert!(ran.err.contains("--time .FIELD") && ran.err.contains("the fields when, what"), "{}", ran.err);
    let ran = tool("window-count").args(["--window", "1s"]).input("{}\n").run().with_code(2);
    assert!(ran.err.contains("the first record has no fields"), "{}", ran.err);
    assert_eq!(count(&["--window", "10s"], "").quietly().text(), "", "of nothing, nothing is asked");
    // A time that cannot be read is a reject, with its line.
    let input = "{\"t\":1}\n{\"t\":\"soon\"}\n{\"x\":1}\n{\"t\":1e400}\n{\"t\":{}}\n{\"t\":true}\n{\"t\":\"\"}\n{\"t\":2}\n";
    let ran = count(&["--time", ".t", "--window", "10s"], input).with_code(0);
    assert_eq!(json_lines(ran.text())[0]["count"], 2);
    assert!(
        ran.err.contains("-:2: ") && ran.err.contains("\"soon\"") && ran.err.contains("(time 6)"),
        "{}",
        ran.err
    );
}

#[test]
fn what_where_removes_decides_no_time_field_and_moves_no_watermark() {
    let folder = tempfile::tempdir().expect("a folder");
    let stats = folder.path().join("stats");
    let input =
        "{\"mtime\":1,\"drop\":true}\n{\"ts\":2}\n{\"ts\":50,\"drop\":true}\n{\"ts\":3}\n{\"ts\":4}\n";
    let keep = ".drop | not";
    let stats_args = ["--stats", stats.to_str().expect("UTF-8")];
    let inside =
        count(&[&["--window", "5s", "--watermark", "0s", "--where", keep][..], &stats_args].concat(), input)
            .with_code(0);
    let before = tool("jsonl-filter").arg(keep).input(input).run().quietly();
    let outside = count(&["--window", "5s", "--watermark", "0s"], before.text()).with_code(0);
    assert_eq!(inside.text(), outside.text());
    assert_eq!(inside.err, outside.err);
    let figures: Value = serde_json::from_slice(&std::fs::read(&stats).expect("figures")).expect("JSON");
    assert_eq!(figures["left_out"], 2);
}

#[test]
fn times_are_read_as_told() {
    let start = |args: &[&str], record: &str| -> Value {
        let time = if args.first() == Some(&"--time") { &[][..] } else { &["--time", ".t"] };
        let ran = count(&[time, args, &["--window", "1s"]].concat(), &format!("{record}\n")).quietly();
        json_lines(ran.text())[0]["window_start"].clone()
    };
    let number = "{\"t\":1542049206}";
    assert_eq!(start(&[], number), "2018-11-12T19:00:06Z");
    assert_eq!(start(&["--time-unit", "s"], number), "2018-11-12T19:00:06Z");
    assert_eq!(start(&["--time-unit", "ms"], number), "1970-01-18T20:20:49Z");
    assert_eq!(start(&["--time-unit", "us"], number), "1970-01-01T00:25:42Z");
    assert_eq!(start(&["--time-unit", "ns"], number), "1970-01-01T00:00:01Z");
    let apache = "{\"t\":\"12/Nov/2018:20:00:06 +0100\"}";
    assert_eq!(start(&["--time-format", "%d/%b/%Y:%H:%M:%S %z"], apache), "2018-11-12T19:00:06Z");
    assert_eq!(
        start(&["--time", ".t | tonumber / 1000"], "{\"t\":\"1542049206500\"}"),
        "2018-11-12T19:00:06Z"
    );
}

#[test]
fn the_time_of_arrival_is_now() {
    let before = jiff::Timestamp::now().as_millisecond();
    let ran = count(&["--time", "now", "--window", "all", "--key", ".k"], "{\"k\":1}\n{\"k\":1}\n").quietly();
    let row = &json_lines(ran.text())[0];
    let time = |name: &str| -> i64 {
        row[name].as_str().expect("a time").parse::<jiff::Timestamp>().expect("RFC 3339").as_millisecond()
    };
    assert!(
        before <= time("window_start") && time("window_end") <= jiff::Timestamp::now().as_millisecond() + 1
    );
    assert_eq!(row["count"], 2);
}

#[test]
fn usage_errors_say_what_to_do() {
    for (args, hint) in [
        (&[][..], "--window"),
        (&["--window", "10"], "write 10s, 10m or 10h"),
        (&["--window", "0s"], "10s"),
        (&["--window", "10s/0s"], "10s"),
        (&["--window=-5s"], "-5s"),
        (&["--window", "10s/5s", "--slide", "5s"], "--slide"),
        (&["--window", "10s", "--window", "5s", "--slide", "5s"], "--window 20s/10s"),
        (&["--window", "all", "--slide", "5s"], "--slide"),
        (&["--window", "10s", "--emit", "complete"], "--trigger 2s"),
        (&["--window", "10s", "--trigger", "2s"], "--emit complete"),
        (&["--window", "10s", "--emit", "update", "--trigger", "0rec"], "500rec"),
        (&["--window", "10s", "--watermark", "soon"], "soon"),
        (&["--window", "10s", "--max-future", "0s"], "0s"),
        (&["--window", "10s", "--key", "count=.k"], "my_count=EXPR"),
        (&["--window", "10s", "--key", "rank=.k"], "my_rank=EXPR"),
        (&["--window", "10s", "--key", ".a.k", "--key", ".b.k"], "other"),
        (&["--window", "10s", "--key", "lang"], ".lang"),
        (&["--window", "10s", "--time-unit", "h"], "ms"),
        (&["--window", "10s", "--time-unit", "s", "--time-format", "%s"], "--time-format"),
        (&["--window", "10s", "--time-format", "%Q%"], "--time-format"),
    ] {
        let ran = count(args, "{\"ts\":1}\n").with_code(2);
        assert!(
            ran.err.starts_with("window-count: ") && ran.err.contains(hint) && ran.out.is_empty(),
            "{args:?}: {}",
            ran.err
        );
    }
}
