//! `window-count`: empty windows, origins, sources, the wall clock, the end of the input.

mod common;

use std::io::Write;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use common::{Ran, json_lines, tool};
use serde_json::Value;

fn count(args: &[&str], input: &str) -> Ran {
    tool("window-count").args(["--time", ".t"]).args(args).input(input).run()
}

fn at(times: &[&str]) -> String {
    times.iter().map(|time| format!("{{\"t\":{time}}}\n")).collect()
}

/// Start and count of each row, the start without what is the same in all.
fn starts(ran: &Ran, same: &str) -> Vec<(String, u64)> {
    json_lines(ran.text())
        .iter()
        .map(|row| {
            let start = row["window_start"].as_str().expect("a time").trim_start_matches(same).to_owned();
            (start, row["count"].as_u64().expect("a count"))
        })
        .collect()
}

fn figures(args: &[&str], input: &str) -> Value {
    let folder = tempfile::tempdir().expect("a folder");
    let stats = folder.path().join("stats");
    count(&[args, &["-q", "--stats", stats.to_str().expect("UTF-8")]].concat(), input).with_code(0);
    serde_json::from_slice(&std::fs::read(&stats).expect("figures")).expect("JSON")
}

#[test]
fn a_window_without_records_is_one_row_without_keys() {
    let input = "{\"t\":1,\"k\":\"a\",\"n\":2}\n{\"t\":35,\"k\":\"a\",\"n\":3}\n{\"t\":51}\n";
    let args = ["--window", "10s", "--watermark", "0s", "--key", ".k", "--sum", ".n", "--emit-empty"];
    let ran = count(&args, input).quietly();
    let empty = |start: u32| {
        format!(
            "{{\"window_start\":\"1970-01-01T00:00:{start}Z\",\"window_end\":\"1970-01-01T00:00:{}Z\",\"count\":0,\"sum_n\":null,\"total\":0,\"distinct\":0,\"rows\":1,\"late\":0}}",
            start + 10
        )
    };
    let lines: Vec<&str> = ran.text().lines().collect();
    assert_eq!(
        lines.len(),
        5,
        "the window of the last record has no key, and has not closed: {}",
        ran.text()
    );
    assert_eq!([lines[1], lines[2], lines[4]], [empty(10), empty(20), empty(40)]);
    // The others make a list, a table and a picture of it.
    let ranked = tool("topn").arg("1").input(&ran.out).run().quietly();
    let ranks: Vec<Value> = json_lines(ranked.text()).iter().map(|row| row["rank"].clone()).collect();
    assert_eq!(ranks, [1.into(), Value::Null, Value::Null, 1.into(), Value::Null]);
    assert_eq!(json_lines(ranked.text())[3]["prev_rank"], Value::Null, "nothing was there before");
    let csv = count(&[&args[..], &["--format", "csv"]].concat(), input).quietly();
    assert_eq!(csv.text().lines().nth(2), Some("1970-01-01T00:00:10Z,1970-01-01T00:00:20Z,,0,,0,0,1,0,,,"));
    let table = tool("topn").args(["--format", "table"]).input(&ran.out).run().quietly();
    assert!(table.text().contains("00:00:10 – 00:00:20 UTC · 0 counted · 0 distinct"), "{}", table.text());
    let picture = tool("plot-svg").input(&ran.out).run().quietly();
    assert!(picture.text().contains("nothing was counted in this window"));
}

/// A run that goes on behind a state may begin with a window without records, and knows its columns all the same.
#[test]
fn a_list_that_begins_with_an_empty_window_has_the_key_columns() {
    let folder = tempfile::tempdir().expect("a folder");
    for (estimate, more) in
        [(&[][..], ""), (&["--max-keys", "2", "--on-full", "sketch"], "error,guaranteed,")]
    {
        let (input, state) = (folder.path().join("in.jsonl"), folder.path().join(format!("state{more}")));
        let header =
            format!("window_start,window_end,city,count,{more}total,distinct,rows,late,rev,open,all");
        let run = |lines: &str| {
            std::fs::write(&input, lines).expect("a file");
            let args = [
                "-q",
                "--window",
                "10s",
                "--watermark",
                "0s",
                "--time",
                ".t",
                "--key",
                "city=.k",
                "--emit-empty",
            ];
            let tool = tool("window-count")
                .args(args)
                .args(estimate)
                .args(["--format", "csv", "--state"])
                .arg(&state);
            let ran = tool.arg(&input).run().quietly();
            let lines: Vec<String> = ran.text().lines().map(str::to_owned).collect();
            assert_eq!(lines[0], header, "{lines:?}");
            lines[1..].join(" ").replace("1970-01-01T00:00:", "")
        };
        let (first, second) =
            ("{\"t\":1,\"k\":\"Ulm\"}\n{\"t\":11}\n", "{\"t\":21}\n{\"t\":22,\"k\":\"Ulm\"}\n{\"t\":31}\n");
        let known = if more.is_empty() { "" } else { "0,true," };
        let empty = if more.is_empty() { "" } else { ",," };
        assert_eq!(run(first), format!("00Z,10Z,Ulm,1,{known}1,1,1,0,,,"));
        assert_eq!(
            run(&format!("{first}{second}")),
            format!("10Z,20Z,,0,{empty}0,0,1,0,,, 20Z,30Z,Ulm,1,{known}1,1,1,0,,,")
        );
    }
}

#[test]
fn a_gap_of_ten_years_does_not_write_ten_million_rows() {
    let args = ["--window", "10s", "--watermark", "0s", "--max-future", "off", "--emit-empty"];
    let ran = count(&args, &at(&["1", "35", "\"1980-01-01T00:00:01Z\"", "\"1980-01-01T00:00:35Z\""]));
    let rows = starts(&ran, "");
    assert_eq!(rows.len(), 4 + 2 + 10_000 + 2);
    assert_eq!(rows[3 + 10_000], ("1970-01-02T03:47:10Z".into(), 0), "the first of the gap");
    assert_eq!(rows[4 + 10_000], ("1980-01-01T00:00:00Z".into(), 1));
    let hint =
        "1 gap is longer than 10000 windows without a record; the rest of it is not written (--emit-empty)";
    assert!(ran.err.contains(hint), "{}", ran.err);
    let times: Vec<String> = (0..4).map(|year| format!("\"{}-01-01\"", 1970 + 10 * year)).collect();
    let several = count(&args, &at(&times.iter().map(String::as_str).collect::<Vec<_>>()));
    assert!(several.err.contains("3 gaps are longer"), "{}", several.err);
    assert_eq!(several.text().lines().count(), 4 + 3 * 10_000);
    // Exactly so many are no cut.
    let fits = count(&args, &at(&["1", "100011"])).quietly();
    assert_eq!(fits.text().lines().count(), 2 + 10_000);
}

#[test]
fn a_record_without_a_key_may_count_under_null() {
    let input =
        "{\"t\":1,\"k\":\"a\"}\n{\"t\":2}\n{\"t\":3,\"k\":null}\n{\"t\":4,\"k\":[]}\n{\"t\":5,\"k\":{}}\n";
    let args = ["--window", "10s", "--key", ".k", "--missing", "null"];
    let ran = count(&args, input).with_code(0);
    let rows: Vec<(Value, Value)> =
        json_lines(ran.text()).iter().map(|row| (row["k"].clone(), row["count"].clone())).collect();
    assert_eq!(rows, [(Value::Null, 2.into()), ("a".into(), 1.into())]);
    assert_eq!(figures(&args, input)["no_key"], 2, "an array and an object are no keys");
    // A list without tags has none of them.
    let tags = "{\"t\":1,\"g\":[\"x\",null]}\n{\"t\":1,\"g\":[]}\n{\"t\":1,\"l\":\"en\"}\n";
    let ran =
        count(&["--window", "10s", "--key", "g=.g[]", "--key", ".l", "--missing", "null"], tags).quietly();
    let rows: Vec<String> = json_lines(ran.text())
        .iter()
        .map(|row| format!("{} {} {}", row["g"], row["l"], row["count"]))
        .collect();
    assert_eq!(rows, ["\"x\" null 1", "null \"en\" 1", "null null 1"]);
    // It is a key like others, and not what topn adds for all others.
    let ranked = tool("topn").args(["1", "--other"]).input(count(&args, input).text()).run().quietly();
    let again = tool("topn").args(["1", "--other"]).input(ranked.text()).run().quietly();
    assert_eq!(ranked.text(), again.text());
    let rows = json_lines(ranked.text());
    assert_eq!((&rows[0]["rank"], &rows[0]["count"], &rows[1]["count"]), (&1.into(), &2.into(), &1.into()));
    let table =
        tool("topn").args(["1", "--other", "--format", "table"]).input(count(&args, input).text()).run();
    assert!(table.quietly().text().contains("(missing)"));
}

#[test]
fn windows_begin_at_the_origin() {
    let day = |date: &str| format!("\"{date}T12:00:00Z\"");
    let times: Vec<String> = ["2024-01-06", "2024-01-07", "2024-01-13", "2024-01-14"].map(day).to_vec();
    let input = at(&times.iter().map(String::as_str).collect::<Vec<_>>());
    let from = |window: &str, origin: &str, zone: &str| {
        let args = [
            "--window",
            window,
            "--origin",
            origin,
            "--tz",
            zone,
            "--watermark",
            "max",
            "--max-future",
            "off",
        ];
        let ran = count(&args, &input).quietly();
        starts(&ran, "").into_iter().map(|(start, count)| format!("{start} {count}")).collect::<Vec<_>>()
    };
    let sundays = ["2023-12-31T00:00:00Z 1", "2024-01-07T00:00:00Z 2", "2024-01-14T00:00:00Z 1"];
    assert_eq!(from("1w", "2024-01-07", "UTC"), sundays);
    assert_eq!(from("1w", "1990-07-01", "UTC"), sundays, "any Sunday will do");
    assert_eq!(from("7d", "2024-01-07", "UTC"), sundays);
    assert_eq!(from("2w", "2024-01-07", "UTC"), ["2023-12-24T00:00:00Z 1", "2024-01-07T00:00:00Z 3"]);
    assert_eq!(
        from("3d", "2024-01-07", "Asia/Tokyo"),
        ["2024-01-03T15:00:00Z 1", "2024-01-06T15:00:00Z 1", "2024-01-12T15:00:00Z 2"]
    );
    assert_eq!(from("3mo", "2024-02-01", "UTC"), ["2023-11-01T00:00:00Z 4"]);
    assert_eq!(from("24h", "2024-01-07T06:00", "Europe/Paris")[0], "2024-01-06T05:00:00Z 1");
    assert_eq!(from("1w/1d", "2024-01-07", "UTC").len(), 15);
    let grown = [
        "--window",
        "1w",
        "--cumulate",
        "1d",
        "--origin",
        "2024-01-07",
        "--watermark",
        "max",
        "--max-future",
        "off",
    ];
    let grown = starts(&count(&grown, &input).quietly(), "");
    assert_eq!(grown[0], ("2023-12-31T00:00:00Z".into(), 1));
    assert_eq!(grown.last(), Some(&("2024-01-14T00:00:00Z".into(), 1)));
}

#[test]
fn a_step_that_is_longer_than_the_window_is_refused() {
    for (window, step) in
        [("1d", "25h"), ("2d", "3d"), ("1w", "8d"), ("1w", "2w"), ("1mo", "32d"), ("10s", "20s")]
    {
        let refused = count(&["--window", window, "--cumulate", step], "").with_code(2);
        assert!(refused.err.contains("does not grow"), "{window} {step}: {}", refused.err);
    }
    for (window, step) in [("1d", "24h"), ("1d", "7h"), ("1w", "7d"), ("1mo", "31d"), ("10s", "10s")] {
        count(&["--window", window, "--cumulate", step], "").with_code(0);
    }
}

#[test]
fn unfinished_windows_may_be_held_back() {
    let input = at(&["1", "2", "11", "12", "21", "22", "23"]);
    let args = ["--window", "10s", "--watermark", "5s", "--at-end"];
    let hold = count(&[&args[..], &["hold"]].concat(), &input).with_code(0);
    assert_eq!(starts(&hold, "1970-01-01T00:00:"), [("00Z".into(), 2)]);
    assert_eq!(
        hold.err,
        "window-count: held back 2 windows that had not closed, with a total of 5; --at-end flush writes them\n"
    );
    let flush = count(&[&args[..], &["flush"]].concat(), &input).quietly();
    assert_eq!(flush.text().lines().count(), 3);
    assert_eq!(figures(&[&args[..], &["hold"]].concat(), &input)["rows"], 1);
    assert_eq!(figures(&[&args[..], &["hold"]].concat(), &input)["windows"], 1);
    // What comes at the end only is no unfinished window; neither is what the watermark has closed.
    count(&["--window", "all", "--at-end", "hold"], &input).quietly();
    let late = ["--window", "10s", "--watermark", "0s", "--allowed-lateness", "1h", "--at-end", "hold"];
    let amended = count(&late, &at(&["1", "12", "3"])).with_code(0);
    assert_eq!(starts(&amended, "1970-01-01T00:00:"), [("00Z".into(), 1), ("00Z".into(), 2)]);
}

/// East is ahead of west.
fn two_sources() -> String {
    [("east", 5), ("west", 6), ("east", 95), ("west", 7), ("west", 18), ("east", 96)]
        .map(|(source, time)| format!("{{\"t\":{time},\"s\":\"{source}\"}}\n"))
        .concat()
}

#[test]
fn the_source_that_is_furthest_behind_rules_the_watermark() {
    let args = ["--window", "10s", "--watermark", "0s"];
    let without = count(&args, &two_sources()).with_code(0);
    assert!(without.err.contains("2 of 6 records missed a window"), "{}", without.err);
    let by = [&args[..], &["--watermark-by", ".s"]].concat();
    let ran = count(&by, &two_sources()).quietly();
    assert_eq!(
        starts(&ran, "1970-01-01T00:0"),
        [("0:00Z".into(), 3), ("0:10Z".into(), 1), ("1:30Z".into(), 2)]
    );
    let figures = figures(&by, &two_sources());
    assert_eq!((&figures["sources"], &figures["watermark"]), (&2.into(), &"1970-01-01T00:00:18Z".into()));
    // Records without a source are one more, which rules as the others do.
    let more = two_sources() + "{\"t\":3}\n{\"t\":4,\"s\":null}\n";
    assert!(count(&by, &more).with_code(0).err.contains("2 of 8 records missed a window"));
    let first = "{\"t\":3}\n".to_owned() + &two_sources() + "{\"t\":4,\"s\":null}\n";
    count(&by, &first).quietly();
    let explained = count(&[&by[..], &["--explain"]].concat(), "").quietly();
    assert!(explained.text().contains("The times of each .s are told apart"), "{}", explained.text());
}

#[test]
fn a_source_that_falls_silent_rules_no_longer() {
    let args = [
        "-q",
        "-t",
        ".t",
        "-w",
        "10s",
        "--watermark",
        "0s",
        "--watermark-by",
        ".s",
        "--idle-timeout",
        "300ms",
    ];
    let mut running = tool("window-count").args(args).start();
    running.send("{\"t\":1,\"s\":\"b\"}\n{\"t\":1,\"s\":\"a\"}\n");
    let mut input = running.take_input();
    let is_out = AtomicBool::new(false);
    std::thread::scope(|scope| {
        // The other source goes on, until the window has closed.
        scope.spawn(|| {
            for time in 12..2_000 {
                if is_out.load(Ordering::Relaxed) {
                    return;
                }
                input.write_all(format!("{{\"t\":{time},\"s\":\"a\"}}\n").as_bytes()).expect("it reads");
                std::thread::sleep(Duration::from_millis(20));
            }
        });
        let row: Value = serde_json::from_str(&running.line()).expect("a row");
        is_out.store(true, Ordering::Relaxed);
        assert_eq!((&row["window_start"], &row["count"]), (&"1970-01-01T00:00:00Z".into(), &2.into()));
        assert_eq!(row.get("open"), None, "it has closed");
    });
    drop(input);
    running.rest();
    assert_eq!(running.end(), (0, String::new()));
}

#[test]
fn the_wall_clock_may_fire_the_trigger() {
    let args = ["-q", "-t", ".t", "-w", "1h", "--emit", "complete", "--trigger", "100ms@wall"];
    let mut running = tool("window-count").args(args).start();
    let row = |line: String| -> Value { serde_json::from_str(&line).expect("a row") };
    running.send(at(&["1", "2"]));
    let first = row(running.line());
    assert_eq!((&first["count"], &first["open"], first.get("rev")), (&2.into(), &true.into(), None));
    running.send(at(&["3"]));
    let second = row(running.line());
    assert_eq!((&second["count"], &second["rev"]), (&3.into(), &1.into()));
    running.close_input();
    let rest = running.rest();
    assert_eq!(rest.len(), 1, "the end of the input, and nothing between");
    assert_eq!(row(rest[0].clone())["rev"], 2);
    assert_eq!(running.end(), (0, String::new()));
}

#[test]
fn the_wall_clock_may_bound_what_is_believed() {
    let future = "\"2099-01-01T00:00:00Z\"";
    let args = ["--window", "10s", "--max-future", "now+1h"];
    let ran = count(&args, &at(&[future, "1", future, future, future, "2"])).with_code(0);
    assert_eq!(
        starts(&ran, "1970-01-01T00:00:"),
        [("00Z".into(), 2)],
        "not even the first is believed, nor many"
    );
    assert!(
        ran.err.contains("set aside 4 of 6 records") && ran.err.contains("ahead of the clock"),
        "{}",
        ran.err
    );
    let hint = ran.err.split("; --max-future ").nth(1).expect("a hint").split(',').next().expect("a value");
    assert!(hint.starts_with("now+") && hint.ends_with('d'), "{hint}");
    let told = count(&["--window", "10s", "--max-future", hint], &at(&[future, "1"])).with_code(0);
    assert!(told.err.contains("missed a window"), "the first is believed now: {}", told.err);
    // However long ago: a replay is believed.
    count(&args, &at(&["1", "\"2018-01-01T00:00:00Z\"", "\"2024-01-01T00:00:00Z\""])).quietly();
}

#[test]
fn usage_errors_say_what_to_do() {
    for (args, hint) in [
        (&["--window", "10s", "--emit", "complete", "--trigger", "0s@wall"][..], "10s"),
        (&["--window", "10s", "--trigger", "2s@wall"], "--emit complete"),
        (&["--window", "10s", "--max-future", "now+soon"], "soon"),
        (&["--window", "10s", "--origin", "2024-01-01", "--offset", "1s"], "--offset"),
        (&["--window", "10s", "--origin", "soon"], "--origin"),
        (&["--session", "10s", "--origin", "2024-01-01"], "sessions of 10s"),
        (&["--window", "1mo", "--origin", "2024-01-15"], "2024-02-01"),
        (&["--window", "1d", "--origin", "2024-01-15T01:00:00Z"], "midnight"),
        (&["--window", "all", "--emit-empty"], "--window 1m"),
        (
            &["--window", "10s", "--emit-empty", "--emit", "update", "--trigger", "1s"],
            "--emit final or complete",
        ),
        (&["--window", "10s", "--at-end", "keep"], "hold"),
        (&["--window", "10s", "--missing", "null"], "--key"),
        (&["--window", "1m", "--session", "10s"], "told apart"),
        (&["--window", "1d", "--tz", "Mars/Olympus"], "Europe/Paris"),
    ] {
        let ran = count(args, "{\"t\":1}\n").with_code(2);
        assert!(
            ran.err.starts_with("window-count: ") && ran.err.contains(hint) && ran.out.is_empty(),
            "{args:?}: {}",
            ran.err
        );
    }
}

#[test]
fn a_misspelt_field_is_named() {
    let input = "{\"t\":1,\"tag\":\"a\",\"size\":2}\n".repeat(3);
    let said = |args: &[&str]| count(&[&["--window", "20s"], args].concat(), &input).with_code(0).err;
    let hint = "window-count: no record has .tga; did you mean .tag?\n";
    assert_eq!(said(&["--key", ".tga"]), format!("window-count: 3 of 3 records have no key\n{hint}"));
    assert_eq!(
        said(&["--key", ".tga", "--partial"]),
        format!("window-count: 3 of 3 records have no key\n{hint}")
    );
    let sum = "window-count: no record has .sice; did you mean .size?\n";
    assert_eq!(said(&["--key", ".tag", "--sum", "sizes=.sice"]), sum);
    assert_eq!(said(&["--key", ".tag", "--sum", "sizes=.size"]), "");
    let ran = tool("topn").args(["--key", ".tga"]).input(&input).run().with_code(0);
    assert_eq!(ran.err, "topn: none of 3 records has a key\ntopn: no record has .tga; did you mean .tag?\n");
}
