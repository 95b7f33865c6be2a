//! Faults that stream engines and shell tools have been reported for, each as a test that this one has not got it. What is
//! tested elsewhere already: a replay at any speed (`sameness`), one record from 2099, slides above the size (`window_count`),
//! gaps of years and ever new keys (`window_flags`, `window_limits`).

mod common;

use common::{Ran, json_lines, tool};
use serde_json::Value;

fn count(args: &[&str], input: &str) -> Ran {
    tool("window-count").args(["--time", ".t"]).args(args).input(input).run()
}

/// Records of these times and keys.
fn records(records: &[(&str, &str)]) -> String {
    records.iter().map(|(time, key)| format!("{{\"t\":{time},\"k\":\"{key}\"}}\n")).collect()
}

/// Start, end, key, count, and the marks of each row; seconds of 1970-01-01 as numbers.
fn brief(ran: &Ran) -> Vec<String> {
    let second = |time: &Value| -> i64 {
        let time: jiff::Timestamp = time.as_str().expect("a time").parse().expect("RFC 3339");
        time.as_second()
    };
    json_lines(ran.text())
        .iter()
        .map(|row| {
            let key = row.get("k").map_or(String::new(), |key| format!(" {}", key.as_str().unwrap_or("-")));
            let rev = row.get("rev").map_or(String::new(), |rev| format!(" rev{rev}"));
            let open = if row.get("open").is_some() { " open" } else { "" };
            format!(
                "{}..{}{key} {}{rev}{open}",
                second(&row["window_start"]),
                second(&row["window_end"]),
                row["count"]
            )
        })
        .collect()
}

/// FLINK-21305: dropped, although only the first of its windows had closed.
#[test]
fn a_late_record_counts_in_the_hops_and_growing_windows_that_are_open() {
    let input = records(&[("1", "a"), ("21", "a"), ("14", "a"), ("2", "a"), ("61", "a")]);
    let hops = count(&["--window", "30s/10s", "--watermark", "1s"], &input).with_code(0);
    assert_eq!(
        brief(&hops),
        [
            "-20..10 1",
            "-10..20 1",
            "0..30 4",
            "10..40 2",
            "20..50 1",
            "40..70 1 open",
            "50..80 1 open",
            "60..90 1 open"
        ],
        "14 is in [0, 30) and [10, 40), but not in [-10, 20), which has closed; 2 is in [0, 30)"
    );
    let growing = count(&["--window", "30s", "--cumulate", "10s", "--watermark", "1s"], &input).with_code(0);
    assert_eq!(
        brief(&growing),
        ["0..10 1", "0..20 1", "0..30 4", "60..70 1 open", "60..80 1 open", "60..90 1 open"]
    );
    assert!(!growing.err.contains("missed a window"), "no record found no window: {}", growing.err);
}

/// tremor#730, flink-training#2: a window comes only with the next record, or the watermark is pushed on and what was
/// only delayed is late.
#[test]
fn windows_come_out_on_a_silent_source_and_nothing_is_late_by_it() {
    let args = ["-q", "-t", ".t", "-k", ".k", "-w", "10s", "--watermark", "0s", "--idle-timeout", "100ms"];
    let mut running = tool("window-count").args(args).start();
    running.send(records(&[("1", "a"), ("9.95", "a")]));
    let row: Value = serde_json::from_str(&running.line()).expect("a row");
    assert_eq!((&row["count"], &row["open"]), (&2.into(), &true.into()), "by the wall clock it is 10.05");
    // Delayed, not late.
    running.send(records(&[("5", "b"), ("11", "a")]));
    let closed: Vec<Value> = (0..2).map(|_| serde_json::from_str(&running.line()).expect("a row")).collect();
    assert_eq!(
        (&closed[0]["count"], &closed[0]["rev"], &closed[0]["late"]),
        (&2.into(), &1.into(), &0.into())
    );
    assert_eq!((&closed[1]["k"], closed[1].get("open")), (&"b".into(), None));
    running.close_input();
    running.rest();
    assert_eq!(running.end(), (0, String::new()));
}

/// Others drop late records without a word, or tell how many.
#[test]
fn the_hint_tells_which_watermark_would_have_kept_all_in_every_kind_of_window() {
    let input =
        records(&[("1", "a"), ("50", "b"), ("3", "a"), ("90", "b"), ("31", "c"), ("88", "a"), ("4", "b")]);
    for window in [
        &["--window", "10s"][..],
        &["--window", "20s/10s"],
        &["--window", "1m", "--cumulate", "10s"],
        &["--session", "5s"],
    ] {
        let args = [window, &["--key", ".k", "--watermark"]].concat();
        let ran = count(&[&args[..], &["2s"]].concat(), &input).with_code(0);
        let hint = ran.err.split("; --watermark ").nth(1).expect("a hint").split(' ').next().expect("a span");
        let kept = count(&[&args[..], &[hint]].concat(), &input).quietly();
        assert!(json_lines(kept.text()).iter().all(|row| row["late"] == 0), "{window:?} {hint}");
    }
}

#[test]
fn times_before_1970_and_records_on_a_boundary_are_in_the_window_that_they_start() {
    let input = records(&[("-20.001", "a"), ("-20", "a"), ("-0.001", "a"), ("0", "a"), ("10", "a")]);
    for (window, expected) in [
        (&["--window", "10s"][..], ["-30..-20 1", "-20..-10 1", "-10..0 1", "0..10 1", "10..20 1 open"]),
        (
            &["--window", "10s", "--cumulate", "10s"],
            ["-30..-20 1", "-20..-10 1", "-10..0 1", "0..10 1", "10..20 1 open"],
        ),
    ] {
        assert_eq!(brief(&count(&[window, &["--watermark", "0s"]].concat(), &input).quietly()), expected);
    }
    let day = count(&["--window", "1d", "--watermark", "0s"], &input).quietly();
    assert_eq!(brief(&day), ["-86400..0 3", "0..86400 2 open"]);
}

/// Miller, super, `sort | uniq -c`: the order of ties is nobody's promise.
#[test]
fn ties_have_one_order_whatever_the_order_of_arrival_and_the_threads() {
    let keys = ["b", "a", "\u{e9}", "A", "10", "9"];
    let input = |turn: usize| {
        let keys = keys.iter().cycle().skip(turn).take(keys.len());
        keys.map(|key| format!("{{\"t\":1,\"k\":\"{key}\"}}\n")).collect::<String>()
    };
    let expected = ["10", "9", "A", "a", "b", "\u{e9}"];
    for turn in 0..keys.len() {
        for threads in ["1", "4"] {
            let ran =
                count(&["--window", "10s", "--key", ".k", "--threads", threads], &input(turn)).quietly();
            let order: Vec<Value> = json_lines(ran.text()).iter().map(|row| row["k"].clone()).collect();
            assert_eq!(order, expected);
        }
    }
}

/// Spark's `reduceByKeyAndWindow` with an inverse keeps keys whose count has fallen to zero.
#[test]
fn keys_leave_memory_when_their_last_window_closes() {
    let folder = tempfile::tempdir().expect("a folder");
    let stats = folder.path().join("stats");
    let input: String = (0..2000).map(|second| format!("{{\"t\":{second},\"k\":{second}}}\n")).collect();
    for (window, most) in [("10s", 11), ("60s/10s", 70)] {
        let args = [
            "-q",
            "--key",
            ".k",
            "--window",
            window,
            "--watermark",
            "0s",
            "--stats",
            stats.to_str().expect("UTF-8"),
        ];
        let ran = count(&args, &input).quietly();
        let figures: Value = serde_json::from_slice(&std::fs::read(&stats).expect("figures")).expect("JSON");
        let keys = figures["keys"].as_u64().expect("a figure");
        assert!(keys <= most, "{window}: {keys} keys at a time, of 2000");
        assert!(json_lines(ran.text()).iter().all(|row| row["count"] == 1), "and no row has a count of zero");
    }
}

/// ksql#4460, kafka-streams-examples#253, faucet-stream#461: days of 24 hours drift off midnight.
#[test]
fn days_begin_at_local_midnight_or_where_there_is_none_when_the_clock_goes_on() {
    for (zone, first, lengths) in [
        // 23 and 25 hours.
        ("Europe/Paris", "2018-03-23T23:00:00Z", [24, 23, 24]),
        ("Europe/Paris", "2018-10-26T22:00:00Z", [24, 25, 24]),
        // At midnight the clock jumps to one: the day begins there.
        ("America/Sao_Paulo", "2018-11-03T03:00:00Z", [24, 23, 24]),
        ("Asia/Beirut", "2018-03-23T22:00:00Z", [24, 23, 24]),
        // Back from midnight to 23:00: that hour comes twice, in one day.
        ("America/Sao_Paulo", "2018-02-16T02:00:00Z", [24, 25, 24]),
        // A zone that skipped a day.
        ("Pacific/Apia", "2011-12-28T10:00:00Z", [24, 24, 24]),
    ] {
        let begin: jiff::Timestamp = first.parse().expect("a time");
        let hours = (0..72).map(|hour| begin + jiff::SignedDuration::from_hours(hour));
        let input: String = hours.map(|time| format!("{{\"t\":\"{time}\"}}\n")).collect();
        let ran = count(&["--window", "1d", "--tz", zone, "--watermark", "0s"], &input).quietly();
        let rows = json_lines(ran.text());
        assert_eq!(rows[0]["window_start"], first, "{zone}");
        let found: Vec<i64> = rows
            .iter()
            .take(3)
            .map(|row| {
                let time = |name: &str| -> jiff::Timestamp {
                    row[name].as_str().expect("a time").parse().expect("a time")
                };
                let length = time("window_end").duration_since(time("window_start")).as_hours();
                assert!(row.get("open").is_some() || row["count"] == length, "{row}: a record an hour");
                length
            })
            .collect();
        assert_eq!(found, lengths, "{zone} from {first}");
    }
}

/// The zones are compiled in: another database on the machine changes nothing.
#[test]
fn the_time_zones_of_the_machine_are_not_asked() {
    let folder = tempfile::tempdir().expect("a folder");
    let args = ["--time", ".t", "--window", "1d", "--tz", "America/Sao_Paulo"];
    let run = |dir: &str| {
        let tool = tool("window-count").env("TZDIR", dir).env("TZ", "Asia/Kathmandu");
        tool.args(args).input("{\"t\":\"2018-11-04T12:00:00Z\"}\n").run().quietly()
    };
    let ran = run(folder.path().to_str().expect("UTF-8"));
    assert_eq!(json_lines(ran.text())[0]["window_start"], "2018-11-04T03:00:00Z");
}

/// A session that both of two others belong to takes the place of both, and readers learn that the others are gone.
#[test]
fn a_bridge_between_two_sessions_that_were_written_makes_one_and_takes_the_other_back() {
    let input = records(&[("0", "a"), ("20", "a"), ("10", "a"), ("60", "b"), ("100", "b")]);
    let args =
        ["--session", "12s", "--key", ".k", "--watermark", "30s", "--emit", "complete", "--trigger", "2rec"];
    let ran = count(&args, &input).quietly();
    let lines = brief(&ran);
    assert_eq!(lines[..2], ["0..12 a 1 open", "20..32 a 1 open"]);
    assert!(
        lines.contains(&"20..32 a 0 rev1".to_owned()) || lines.contains(&"20..32 a 0 rev1 open".to_owned()),
        "{lines:#?}"
    );
    assert!(lines.iter().any(|line| line.starts_with("0..12 a 0 rev1")), "{lines:#?}");
    assert!(
        lines.contains(&"0..32 a 3".to_owned()) || lines.iter().any(|line| line.starts_with("0..32 a 3")),
        "{lines:#?}"
    );
    // Whoever keeps the last row of each window has the final sessions.
    let mut last = std::collections::BTreeMap::new();
    for row in json_lines(ran.text()) {
        last.insert((row["window_start"].to_string(), row["window_end"].to_string()), row["count"].as_u64());
    }
    let left: Vec<_> = last.values().filter(|count| **count != Some(0)).collect();
    assert_eq!(left, [&Some(3), &Some(1), &Some(1)]);
}

#[test]
fn windows_of_so_many_records_come_with_their_last_record_and_know_no_late() {
    let mut running = tool("window-count").args(["-q", "-t", ".t", "-k", ".k", "-w", "3rec"]).start();
    running.send(records(&[("9", "a"), ("2", "b"), ("50000", "a")]));
    let row: Value = serde_json::from_str(&running.line()).expect("a row, at once (tremor#728)");
    assert_eq!((&row["k"], &row["count"], row.get("open")), (&"a".into(), &2.into(), None));
    running.line();
    running.send(records(&[("1", "c")]));
    running.close_input();
    let rest = running.rest();
    assert_eq!(rest.len(), 1);
    assert!(rest[0].contains("\"late\":0") && rest[0].contains("\"open\":true"), "{rest:?}");
    assert_eq!(running.end(), (0, String::new()));
}

/// jetstream#349: duplicates were told by `<= last`, and dropped what only came out of order.
#[test]
fn records_sent_again_are_told_by_their_ids_and_not_by_their_order() {
    let input: String = [(1, 7), (2, 9), (3, 8), (4, 7), (5, 9), (6, 1), (7, 8), (200, 7)]
        .map(|(time, id)| format!("{{\"t\":{time},\"id\":{id}}}\n"))
        .concat();
    let ran = count(&["--window", "100s", "--dedupe", ".id", "--within", "1m"], &input).quietly();
    assert_eq!(brief(&ran), ["0..100 4", "200..300 1 open"], "7, 9, 8, 1; and 7 again, long after");
}
