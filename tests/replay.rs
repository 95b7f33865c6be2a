//! `stream-fetch` as a replay: a part of a recording, at another time, in another order, again and again.

mod common;

use std::fs;
use std::io::{Read, Write};
use std::path::PathBuf;
use std::thread::sleep;
use std::time::{Duration, Instant};

use common::{PATIENCE, Ran, gzip, json_lines, tool};
use serde_json::Value;

fn fetch(args: &[&str], input: &str) -> Ran {
    tool("stream-fetch").args(["-q", "--time", ".t", "-"]).args(args).input(input).run().with_code(0)
}

/// A file of records, one a second from this second on.
fn recording(folder: &tempfile::TempDir, name: &str, seconds: std::ops::Range<i64>) -> PathBuf {
    let path = folder.path().join(name);
    let lines: String =
        seconds.map(|second| format!("{{\"id\":9007199254740993,\"t\":{second}}}\n")).collect();
    let bytes = if name.ends_with(".gz") { gzip(lines.as_bytes()) } else { lines.into_bytes() };
    fs::write(&path, bytes).expect("a file");
    path
}

fn times(text: &str) -> Vec<i64> {
    json_lines(text).iter().map(|record| record["t"].as_i64().expect("a time")).collect()
}

#[test]
fn a_part_of_a_recording() {
    let input = "{\"n\":0}\n{\"t\":5}\n{\"t\":10}\n{\"n\":1}\n{\"t\":7}\n{\"t\":19.9}\n{\"n\":2}\n{\"t\":20}\n{\"n\":3}\n";
    let part = |args: &[&str]| fetch(args, input).text().replace('\n', " ");
    let both = part(&["--since", "1970-01-01T00:00:10Z", "--until", "20"]);
    assert_eq!(both, "{\"t\":10} {\"n\":1} {\"t\":19.9} {\"n\":2} ");
    assert_eq!(part(&["--until", "10"]), "{\"n\":0} {\"t\":5} {\"t\":7} ");
    assert_eq!(part(&["--since", "20"]), "{\"t\":20} {\"n\":3} ");
}

#[test]
fn a_source_that_is_no_file_is_left_once_its_times_are_ten_seconds_past_the_part() {
    // Held back by no more than ten seconds, 8 still comes; behind 31 nobody waits for the rest of an open connection.
    let address = common::serve(|mut stream| {
        for time in [5, 15, 29, 8, 31] {
            stream.write_all(format!("{{\"t\":{time}}}\n").as_bytes()).expect("connected");
        }
        drop(stream.read(&mut [0]));
    });
    let call = tool("stream-fetch").args(["-q", "--time", ".t", "--until", "20", "--stall-timeout", "20s"]);
    let ran = call.arg(format!("tcp://{address}")).run().quietly();
    assert_eq!(times(ran.text()), [5, 15, 8]);
}

#[test]
fn a_shift_changes_the_time_and_no_other_byte() {
    let line = "{\"id\":9007199254740993,\"f\":1.10,\"at\":{\"t\":\"2018-11-12 19:00:00.123456+01:00\"},\"s\":\"\\u00e9\"}\n";
    let args = ["--time", ".at.t", "--shift", "2026-11-21T00:00:00.9Z", "-", "-q"];
    let ran = tool("stream-fetch").args(args).input(line).run().quietly();
    // The second is the one that was asked for; fractions stay as they are.
    assert_eq!(ran.text(), line.replace("2018-11-12 19:00:00", "2026-11-21 01:00:00"));
    let before = jiff::Timestamp::now().as_second();
    let now = times(fetch(&["--shift", "now"], "{\"t\":100}\n{\"t\":90}\n{\"t\":160}\n").text());
    assert!((before..before + 30).contains(&now[0]), "{now:?}");
    assert_eq!((now[1] - now[0], now[2] - now[0]), (-10, 60));
}

#[test]
fn a_loop_goes_on_where_the_recording_ends() {
    let folder = tempfile::tempdir().expect("a folder");
    let files = [recording(&folder, "a.jsonl", 100..103), recording(&folder, "b.jsonl.gz", 103..105)];
    let ran = tool("stream-fetch").args(["-q", "--time", ".t", "--loop=3"]).args(&files).run().quietly();
    assert_eq!(times(ran.text()), (100..115).collect::<Vec<_>>());
    assert!(ran.text().lines().all(|line| line.starts_with("{\"id\":9007199254740993,")), "ids stay");
    // Without a number it has no end of its own.
    let call = tool("stream-fetch").args(["-q", "--time", ".t", "--loop", "--records", "1000"]).args(&files);
    assert_eq!(times(call.run().quietly().text()), (100..1100).collect::<Vec<_>>());
    let empty = folder.path().join("empty.jsonl");
    fs::write(&empty, "\n").expect("a file");
    let ran = tool("stream-fetch").args(["-q", "--loop=5"]).arg(&empty).run().quietly();
    assert_eq!(ran.text(), "");
    for source in ["-", "demo:tweets"] {
        let ran = tool("stream-fetch").args(["--loop", source]).input("").run().with_code(2);
        assert!(ran.err.contains("can be read once only"), "{}", ran.err);
    }
}

#[test]
fn windows_over_a_loop_never_see_a_late_record() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = recording(&folder, "a.jsonl", 1_542_049_200..1_542_049_260);
    let ran = tool("stream-fetch").args(["-q", "--time", ".t", "--loop=5"]).arg(&file).run().quietly();
    let rows = tool("window-count")
        .args(["--time", ".t", "--window", "10s", "--watermark", "0s"])
        .input(&ran.out)
        .run()
        .quietly();
    let counts: Vec<Value> = json_lines(rows.text()).iter().map(|row| row["count"].clone()).collect();
    assert_eq!(counts, vec![Value::from(10); 30]);
}

#[test]
fn a_disorder_is_the_same_for_its_seed_and_within_its_bound() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = recording(&folder, "a.jsonl", 0..2000);
    let disorder = |args: &[&str]| {
        let call = tool("stream-fetch").args(["-q", "--time", ".t"]).args(args).arg(&file);
        times(call.run().quietly().text())
    };
    let out = disorder(&["--disorder", "30s"]);
    assert_eq!(out, disorder(&["--disorder", "30s", "--seed", "42", "--threads", "1"]));
    assert_ne!(out, disorder(&["--disorder", "30s", "--seed", "7"]));
    let mut newest = 0;
    let mut late = 0;
    for time in &out {
        newest = newest.max(*time);
        late = late.max(newest - time);
    }
    assert!((20..=30).contains(&late), "{late}");
    let mut sorted = out.clone();
    sorted.sort_unstable();
    assert_eq!(sorted, (0..2000).collect::<Vec<_>>());
    // At its pace, with what is held back at the end.
    let paced = disorder(&["--disorder", "30s", "--speed", "10000x"]);
    assert_eq!(paced, out);
}

#[test]
fn a_stamp_is_the_time_of_receipt() {
    let before = jiff::Timestamp::now().as_millisecond();
    let ran =
        tool("stream-fetch").args(["-", "-q", "--stamp", "_received_at"]).input("{\"a\":1.0}\n{\"b\n").run();
    let lines: Vec<&str> = ran.text().lines().collect();
    let stamp: i64 =
        lines[0].strip_prefix("{\"a\":1.0,\"_received_at\":").unwrap().trim_end_matches('}').parse().unwrap();
    assert!((before..before + 30_000).contains(&stamp), "{stamp}");
    assert_eq!(lines[1], "{\"b", "what is no record is handed on as it is");
}

/// Ten records in a file named `log`, a thousand seconds apart.
fn spaced(folder: &tempfile::TempDir) -> String {
    let lines: String = (1..=10).map(|n| format!("{{\"t\":{}}}\n", 1000 * n)).collect();
    fs::write(folder.path().join("log"), &lines).expect("a file");
    lines
}

/// Runs that keep a place, and end in the middle of a chunk.
#[test]
fn what_a_run_did_not_send_of_a_chunk_the_next_one_sends() {
    for (kept, pace, place) in [
        ("--cursor", &["--speed", "1x"][..], "place"),
        ("--cursor", &["--rate", "1"], "place"),
        ("--cursor", &["--speed", "1x", "--since", "1970-01-01"], "place"),
        ("--checkpoint", &["--speed", "1x"], "dir"),
    ] {
        let folder = tempfile::tempdir().expect("a folder");
        let all = spaced(&folder);
        let call = || {
            let args = ["-q", "--time", ".t", "log", kept, place, "-o", "out"];
            tool("stream-fetch").dir(folder.path()).args(args)
        };
        let out = || fs::read_to_string(folder.path().join("out")).unwrap_or_default();
        let first = call().args(pace).start();
        let begun = Instant::now();
        while out().is_empty() && begun.elapsed() < PATIENCE {
            sleep(Duration::from_millis(5));
        }
        first.signal("TERM");
        assert_eq!(first.end().0, 128 + 15);
        let sent = out();
        assert!(!sent.is_empty() && sent.len() < all.len(), "{kept} {pace:?}: {sent}");
        // The second one is stopped again, before it has sent what was left.
        let second = call().args(pace).start();
        sleep(Duration::from_millis(100));
        second.signal("TERM");
        assert_eq!(second.end().0, 128 + 15);
        call().args(pace.iter().skip(2)).run().with_code(0);
        assert_eq!(out(), all, "{kept} {pace:?}");
    }
}

#[test]
fn a_run_of_so_many_records_keeps_the_place_behind_them() {
    for (kept, place) in [("--cursor", "place"), ("--checkpoint", "dir")] {
        for more in [&[][..], &["--rate", "1000"], &["--since", "1970-01-01"]] {
            let folder = tempfile::tempdir().expect("a folder");
            let all = spaced(&folder);
            let call = |args: &[&str]| {
                let call = tool("stream-fetch").dir(folder.path());
                call.args(["-q", "--time", ".t", "log", kept, place, "-o", "out"]).args(more).args(args)
            };
            let out = || fs::read_to_string(folder.path().join("out")).expect("a file");
            call(&["--records", "3"]).run().with_code(0);
            assert_eq!(out().lines().count(), 3, "{kept} {more:?}");
            call(&[]).run().with_code(0);
            assert_eq!(out(), all, "{kept} {more:?}");
        }
    }
}

#[test]
fn usage_errors_say_what_to_do() {
    for (args, hint) in [
        (&["--since", "soon"][..], "2018-11-12T19:00:00Z"),
        (&["--shift", "x"], "2018-11-12T19:00:00Z"),
        (&["--since", "20", "--until", "10"], "the range is empty"),
        (&["--loop=x"], "whole number"),
        (&["--disorder", "5"], "unit"),
        (&["--shift", "now", "--time", "now"], "--time .FIELD"),
        (&["--shift", "now", "--time", ".a + 1"], "--time .created_at"),
        (&["--stamp", ""], "_received_at"),
        (&["--cursor", "place", "--loop=2"], "no place to go on from"),
        (&["--cursor", "place", "--disorder", "5s"], "no place to go on from"),
    ] {
        let ran = tool("stream-fetch").arg("-").args(args).input("{\"t\":1}\n").run().with_code(2);
        assert!(ran.err.contains(hint) && ran.out.is_empty(), "{args:?}: {}", ran.err);
    }
}
