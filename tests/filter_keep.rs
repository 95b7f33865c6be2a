//! `jsonl-filter`: what is kept beside the condition, against models that hold everything in memory.

mod common;

use std::collections::HashMap;
use std::io::Write;

use common::{Ran, json_lines, tool};
use serde_json::Value;

fn filter(args: &[&str], input: impl AsRef<[u8]>) -> Ran {
    tool("jsonl-filter").args(args).input(input).run()
}

/// Records with keys that come again, late and early times, gaps, and lines of very different lengths.
fn records(count: u64) -> String {
    let mut state = 1_u64;
    let mut next = |below: u64| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % below
    };
    let mut lines = String::new();
    for n in 0..count {
        let key = match next(9) {
            0 => "null".to_owned(),
            1..4 => next(40).to_string(),
            _ => format!("\"key {}\"", next(60)),
        };
        let time = (10_000 + 100 * n).saturating_sub(next(3_000));
        let padding = "x".repeat(next(400) as usize);
        lines += &format!("{{\"n\":{n},\"k\":{key},\"t\":{time},\"padding\":\"{padding}\"}}\n");
    }
    lines
}

/// The lines for which `keeps` is true.
fn kept(input: &str, mut keeps: impl FnMut(&Value) -> bool) -> String {
    let lines = input.lines().filter(|line| keeps(&serde_json::from_str(line).expect("JSON")));
    lines.map(|line| format!("{line}\n")).collect()
}

/// What comes out is the same for any number of threads, from a file and through a pipe.
#[track_caller]
fn assert_keeps(args: &[&str], input: &str, expected: &str) {
    for threads in ["1", "2", "3"] {
        let ran = filter(&[args, &["--threads", threads]].concat(), input).quietly();
        assert!(ran.text() == expected, "{args:?} with {threads} threads");
    }
    let file = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(file.path(), input).expect("a file");
    let ran = tool("jsonl-filter").args(args).arg(file.path()).run().quietly();
    assert!(ran.text() == expected, "{args:?} of a file");
    let counted = filter(&[args, &["--count"]].concat(), input).quietly();
    assert_eq!(counted.text(), format!("{}\n", expected.lines().count()), "{args:?}");
}

const TIME: [&str; 4] = ["--time", ".t", "--time-unit", "ms"];

#[test]
fn the_first_record_of_a_key_is_kept() {
    let input = records(5000);
    let mut seen: Vec<Value> = Vec::new();
    let all = kept(&input, |record| {
        let is_new = record["k"].is_null() || !seen.contains(&record["k"]);
        seen.push(record["k"].clone());
        is_new
    });
    assert_keeps(&["--dedupe", ".k"], &input, &all);
    // By time, behind the newest record.
    let (mut times, mut newest) = (HashMap::new(), 0);
    let within = kept(&input, |record| {
        let (key, time) = (record["k"].to_string(), record["t"].as_i64().expect("a time"));
        if record["k"].is_null() {
            return true;
        }
        newest = newest.max(time);
        let is_new = times.get(&key).is_none_or(|known| newest - known > 3_000);
        if is_new {
            times.insert(key, time);
        }
        is_new
    });
    assert!(within.len() > all.len() && within.len() < input.len());
    assert_keeps(&[&["--dedupe", ".k", "--within", "3s"], &TIME[..]].concat(), &input, &within);
    // By number, of the records that have a key.
    let (mut places, mut place) = (HashMap::new(), 0);
    let last = kept(&input, |record| {
        if record["k"].is_null() {
            return true;
        }
        place += 1;
        let is_new = places.get(&record["k"].to_string()).is_none_or(|known| place - known > 50);
        if is_new {
            places.insert(record["k"].to_string(), place);
        }
        is_new
    });
    assert_keeps(&["--dedupe", ".k", "--within", "50rec"], &input, &last);
}

#[test]
fn a_bound_on_the_keys_ends_the_run() {
    let input = "{\"k\":1}\n{\"k\":2}\n{\"k\":1}\n{\"k\":3}\n";
    assert_eq!(filter(&["--dedupe", ".k", "--max-keys", "3"], input).quietly().text().lines().count(), 3);
    let ran = filter(&["--dedupe", ".k", "--max-keys", "2"], input).with_code(2);
    assert!(ran.err.contains("more than 2 keys to remember") && ran.err.contains("--within"), "{}", ran.err);
}

/// What docs/jsonl-filter.md states: 40 bytes and its own length for each value, up to 100 when the table has just grown.
#[test]
fn remembered_values_take_a_known_room() {
    let mut running = tool("jsonl-filter").args(["--dedupe", ".id", "--count", "--threads", "1"]).start();
    let mut input = running.take_input();
    let mut most_after = |ids: std::ops::Range<u64>| -> Option<u64> {
        let lines: String = ids.map(|id| format!("{{\"id\":\"{id:016}\"}}\n")).collect();
        input.write_all(lines.as_bytes()).expect("it reads");
        running.peak_memory()
    };
    // At first more than the pipe and all buffers take.
    let (Some(early), Some(late)) = (most_after(0..100_000), most_after(100_000..240_000)) else {
        return println!("skipped: remembered_values_take_a_known_room: there is no /proc");
    };
    println!("{early} KiB, later {late} KiB");
    let own = "\"0123456789abcdef\"".len() as u64;
    assert!((late - early) * 1024 < 240_000 * (100 + own), "{early} KiB, later {late} KiB");
    drop(input);
    assert_eq!((running.line(), running.end()), ("240000".into(), (0, String::new())));
}

#[test]
fn times_from_and_before() {
    let input = records(5000);
    let time = |record: &Value| record["t"].as_i64().expect("a time");
    let args = |range: &[&'static str]| [range, &TIME[..]].concat();
    let between = kept(&input, |record| (100_000..200_500).contains(&time(record)));
    assert_keeps(&args(&["--since", "100", "--until", "1970-01-01T00:03:20.5Z"]), &input, &between);
    let from = kept(&input, |record| time(record) >= 100_000);
    assert_keeps(&args(&["--since", "1970-01-01T01:01:40+01:00"]), &input, &from);
    let before = kept(&input, |record| time(record) < 200_500);
    assert_keeps(&args(&["--until", "200.5"]), &input, &before);
    assert_keeps(&args(&["--since", "1970-01-02"]), &input, "");
    // Both ends by themselves: what is equal to the first is in, and to the second out.
    let ends = "{\"ts\":\"2018-11-12T19:00:00Z\"}\n{\"ts\":\"2018-11-12T20:00:00Z\"}\n";
    let ran = filter(&["-q", "--since", "2018-11-12T19:00:00Z", "--until", "2018-11-12T20:00:00Z"], ends);
    assert_eq!(ran.text(), ends.lines().next().expect("a line").to_owned() + "\n");
    // A record without a time is a reject, unless the condition leaves it out first.
    let input = "{\"ts\":1542049200,\"a\":1}\n{\"a\":0}\n";
    assert!(filter(&["--since", "2018-01-01"], input).err.contains("(time 1)"));
    let ran = filter(&["--since", "2018-01-01", "--where", ".a > 0"], input);
    assert!(!ran.err.contains("rejected"), "{}", ran.err);
    let ran = filter(&["--since", "2018-01-01", "--where", ".a == 0", "-v"], input);
    assert!(!ran.err.contains("rejected"), "{}", ran.err);
}

#[test]
fn no_time_is_relative_to_now() {
    for (args, hint) in [
        (&["--since", "2h ago"][..], "date -u -d '2 hours ago'"),
        (&["--since", "soon"], "such as 2018-11-12"),
        (&["--since", "2018-01-02", "--until", "2018-01-01"], "the range is empty"),
        (&["--since", "2018-01-02", "--time", "now"], "--time now"),
        (&["true", "--time", ".a"], "--since, --until"),
        (&["-v", "--dedupe", ".k"], "--where"),
        (&["--dedupe", ".k", "--within", "3"], "3s"),
        (&["--sample", "3"], "1%"),
        (&["--sample-key", ".k"], "--sample"),
        (&["--within", "3s", "true"], "--dedupe"),
        (&[".a == 1", "--dedupe", ".k"], "give the condition with --where"),
        (&["--where", ".a", ".b"], "beside --where every operand is a file"),
        (&["true", "-m", "0"], "0"),
    ] {
        let ran = tool("jsonl-filter").args(args).input("{}").run().with_code(2);
        assert!(ran.err.contains(hint), "{args:?}: {}", ran.err);
    }
    let ran = filter(&["--since", "2018-01-02"], "{\"a\":1}\n").with_code(2);
    assert!(ran.err.contains("no record has a time") && ran.err.contains("fields a"), "{}", ran.err);
}

#[test]
fn a_sample_is_of_keys_and_the_same_in_every_stage() {
    let input = records(5000);
    let keys = |text: &str| {
        let mut keys: Vec<String> = json_lines(text)
            .iter()
            .filter(|record| !record["k"].is_null())
            .map(|record| record["k"].to_string())
            .collect();
        keys.sort();
        keys.dedup();
        keys
    };
    let ran = filter(&["--sample", "30%", "--sample-key", ".k"], &input).quietly();
    let chosen = keys(ran.text());
    assert!((15..50).contains(&chosen.len()), "{chosen:?}");
    let expected = kept(&input, |record| {
        record["k"].is_null() || chosen.binary_search(&record["k"].to_string()).is_ok()
    });
    // A record without a key is chosen by its line.
    let of_keys = |text: &str| kept(text, |record| !record["k"].is_null());
    assert_eq!(of_keys(ran.text()), of_keys(&expected));
    assert!(ran.text().len() < expected.len());
    assert_keeps(&["--sample", "30%", "--sample-key", ".k"], &input, ran.text());
    assert_keeps(&["--sample", "30%", "--sample-key", ".k"], ran.text(), ran.text());
    // What a map made of the records is sampled alike.
    let mapped = filter(&["--map", "{k}"], &input).quietly();
    let sampled = filter(&["--sample", "30%", "--sample-key", ".k"], mapped.text()).quietly();
    assert_eq!(keys(sampled.text()), chosen);
    let other = filter(&["--sample", "30%", "--sample-key", ".k", "--seed", "1"], &input).quietly();
    assert_ne!(keys(other.text()), chosen);
    // By lines, about so many.
    let lines = filter(&["--sample", "10%"], &input).quietly().text().lines().count();
    assert!(lines.abs_diff(500) < 106, "five standard deviations: {lines}");
    // A smaller sample of the same seed is a part of a larger one.
    for seed in ["0", "7"] {
        let sample = |part: &str| filter(&["--sample", part, "--seed", seed], &input).quietly();
        let (small, large) = (sample("1%"), sample("10%"));
        assert!(!small.text().is_empty(), "{seed}");
        assert!(small.text().lines().all(|line| large.text().lines().any(|other| other == line)), "{seed}");
    }
}

#[test]
fn the_first_so_many_are_kept_and_nothing_behind_counts() {
    let input = records(3000) + "{\"n\":\n";
    let all = kept(&records(3000), |record| record["k"].is_string());
    for most in [1, 2, 700] {
        let expected: String = all.lines().take(most).map(|line| format!("{line}\n")).collect();
        let args = ["-m", &most.to_string(), "--where", ".k | type == \"string\""];
        assert_keeps(&args, &input, &expected);
        let args = ["--max-count", &most.to_string(), ".k | strings"];
        assert_keeps(&args, &input, &expected);
    }
    // What is rejected before the last record counts, and what is behind does not.
    let broken = "{\"a\":1}\n{\n\n{\"a\":2}\n{\n{\"a\":3}\n";
    let ran = filter(&["-m", "2", "true"], broken).with_code(0);
    assert_eq!(ran.text(), "{\"a\":1}\n{\"a\":2}\n");
    assert!(ran.err.contains("rejected 1 of 4 lines"), "{}", ran.err);
    // Records count, however many lines are made of them.
    let ran = filter(&["-m", "1", "--map", ".a[]"], "{\"a\":[1,2]}\n{\"a\":[3]}\n").quietly();
    assert_eq!(ran.text(), "1\n2\n");
}

#[test]
fn a_tool_that_has_its_records_does_not_wait_for_more() {
    let mut running = tool("jsonl-filter").args(["-m", "2", ".n > 1"]).start();
    let mut stdin = running.take_input();
    stdin.write_all(b"{\"n\":1}\n{\"n\":2}\n{\"n\":3}\n").expect("it reads");
    assert_eq!([running.line(), running.line()], ["{\"n\":2}", "{\"n\":3}"]);
    assert_eq!(running.end(), (0, String::new()), "the input is still open");
    drop(stdin);
}

#[test]
fn the_condition_turned_round_keeps_the_others() {
    let input = records(2000);
    let strings = kept(&input, |record| record["k"].is_string());
    let others = kept(&input, |record| !record["k"].is_string());
    assert_keeps(&[".k | type == \"string\""], &input, &strings);
    assert_keeps(&["-v", ".k | type == \"string\""], &input, &others);
    assert_keeps(&["--invert", "--where", ".k | type == \"string\""], &input, &others);
    // Neither side keeps a record on which the condition fails.
    let input = "{\"x\":1}\n{\"x\":\"ab\"}\n";
    for args in [&[".x | startswith(\"a\")"][..], &["-v", ".x | startswith(\"b\")"]] {
        let ran = filter(args, input).with_code(0);
        assert_eq!(ran.text(), "{\"x\":\"ab\"}\n");
        assert!(ran.err.contains("(expression 1)"), "{}", ran.err);
    }
    filter(&["-e", "-v", "true"], input).with_code(1);
}

#[test]
fn figures_tell_what_was_left_out() {
    let folder = tempfile::tempdir().expect("a folder");
    let stats = folder.path().join("stats");
    let stats = stats.to_str().expect("UTF-8");
    filter(&["--dedupe", ".k", "--stats", stats], "{\"k\":1}\n{\"k\":1}\n{\"k\":2}\n{}\n").quietly();
    let figures: Value = serde_json::from_slice(&std::fs::read(stats).expect("figures")).expect("JSON");
    for (name, value) in [("records", 4), ("matched", 3), ("duplicates", 1), ("keys", 2), ("rows", 3)] {
        assert_eq!(figures[name], value, "{name}");
    }
}
