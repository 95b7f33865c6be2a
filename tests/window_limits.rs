//! Bounds on memory and on output: `--max-keys`, and what it promises.

mod common;

use std::collections::HashMap;
use std::io::Write;

use common::{Ran, json_lines, tool};

fn count(args: &[&str], input: &str) -> Ran {
    tool("window-count").args(["--time", ".t", "--key", ".k"]).args(args).input(input).run()
}

/// Keys of a stream in which key n comes about as often as 1/n, in an order that looks like chance.
fn skewed(records: u64) -> Vec<u64> {
    let mut state = 1_u64;
    let mut draw = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as f64 / f64::from(1_u32 << 31)
    };
    (0..records).map(|_| (1000_f64.powf(draw())) as u64).collect()
}

fn records(keys: &[u64]) -> String {
    keys.iter().enumerate().map(|(at, key)| format!("{{\"t\":{},\"k\":{key}}}\n", at / 100)).collect()
}

#[test]
fn more_keys_than_allowed_end_the_run_and_nothing_counted_is_lost() {
    let input: String = [(1, "a"), (2, "b"), (21, "a"), (22, "c"), (23, "d"), (24, "a")]
        .map(|(t, k)| format!("{{\"t\":{t},\"k\":\"{k}\"}}\n"))
        .concat();
    let args = ["--window", "10s", "--watermark", "0s", "--max-keys"];
    let full = count(&[&args[..], &["2"]].concat(), &input).with_code(2);
    assert!(full.err.contains("more than 2 keys") && full.err.contains("--on-full sketch"), "{}", full.err);
    let rows: Vec<_> = json_lines(full.text())
        .iter()
        .map(|row| (row["k"].as_str().expect("a key").to_owned(), row.get("open").is_some()))
        .collect();
    let expected = [("a", false), ("b", false), ("a", true), ("c", true), ("d", true)];
    assert_eq!(rows, expected.map(|(key, open)| (key.to_owned(), open)));
    // Enough room changes nothing.
    let without = count(&args[..4], &input).quietly();
    assert_eq!(count(&[&args[..], &["3"]].concat(), &input).quietly().text(), without.text());
    // A file that was there is not replaced by half a day.
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("rows");
    std::fs::write(&file, "yesterday").expect("written");
    let output = ["2", "-o", file.to_str().expect("UTF-8")];
    count(&[&args[..], &output].concat(), &input).with_code(2);
    assert_eq!(std::fs::read_to_string(&file).expect("there"), "yesterday");
}

#[test]
fn estimates_are_within_their_bounds() {
    let keys = skewed(4000);
    for window in ["10s", "20s/10s", "all", "1500rec"] {
        let args = ["--window", window, "--watermark", "max"];
        let exact: HashMap<(String, String), u64> =
            json_lines(count(&args, &records(&keys)).quietly().text())
                .iter()
                .map(|row| {
                    (
                        (row["window_end"].to_string(), row["k"].to_string()),
                        row["count"].as_u64().expect("a count"),
                    )
                })
                .collect();
        let limited = [&args[..], &["--max-keys", "40", "--on-full", "sketch"]].concat();
        let rows = json_lines(count(&limited, &records(&keys)).quietly().text());
        assert!(
            rows.iter().any(|row| row["guaranteed"] == true)
                && rows.iter().any(|row| row["guaranteed"] == false)
        );
        for row in &rows {
            let (number, end) =
                (|name: &str| row[name].as_u64().expect("a number"), row["window_end"].to_string());
            let truth = exact.get(&(end.clone(), row["k"].to_string())).copied().unwrap_or(0);
            assert!(
                number("count") >= truth && number("count") - number("error") <= truth,
                "{row} is {truth}"
            );
            if row["guaranteed"] == true {
                let above: Vec<_> = rows
                    .iter()
                    .take_while(|other| *other != row)
                    .filter(|other| other["window_end"] == row["window_end"])
                    .map(|other| other["k"].to_string())
                    .collect();
                let larger = exact.iter().find(|((at, key), count)| {
                    *at == end && **count > number("count") && !above.contains(key)
                });
                assert_eq!(larger, None, "{row} is guaranteed");
            }
        }
    }
}

#[test]
fn estimates_pass_through_the_other_tools() {
    let args = ["--window", "10s", "--max-keys", "20", "--on-full", "sketch"];
    let rows = count(&args, &records(&skewed(2000))).quietly();
    let csv = tool("topn").args(["3", "--other", "--format", "csv"]).input(&rows.out).run().quietly();
    assert!(
        csv.text().starts_with("window_start,window_end,k,count,error,guaranteed,total,"),
        "{}",
        csv.text()
    );
    let ranked = tool("topn").args(["3", "--other"]).input(&rows.out).run().quietly();
    for row in json_lines(ranked.text()) {
        assert_eq!(row.get("error").is_some(), row.get("rank").is_some(), "{row}: the others have no bound");
        assert!(row["count"].as_i64().expect("a count") >= 0);
    }
    let again = tool("topn").arg("3").input(&ranked.out).run().quietly();
    assert!(json_lines(again.text()).iter().all(|row| row["error"].is_u64()));
    let picture = tool("plot-svg").input(&ranked.out).run().quietly();
    assert!(picture.text().starts_with("<svg"));
    tool("topn").args(["--by", "error"]).input(&rows.out).run().quietly();
}

#[test]
fn plain_records_are_bounded_too() {
    let keys = skewed(4000);
    let top = |args: &[&str]| tool("topn").args(["5", "--key", ".k"]).args(args).input(records(&keys)).run();
    let exact = json_lines(top(&[]).quietly().text());
    let rough = json_lines(top(&["--max-keys", "100", "--on-full", "sketch"]).quietly().text());
    for (row, truth) in rough.iter().zip(&exact) {
        assert_eq!(
            (&row["k"], &row["total"], &row["guaranteed"]),
            (&truth["k"], &truth["total"], &true.into())
        );
        assert!(row["count"].as_u64() >= truth["count"].as_u64());
    }
    let full = top(&["--max-keys", "100"]).with_code(2);
    assert!(full.err.contains("more than 100 keys") && full.out.is_empty(), "{}", full.err);
    top(&["--max-keys", "100", "--on-full", "sketch", "--asc"]).with_code(2);
    tool("topn").args(["--max-keys", "100"]).input("").run().with_code(2);
}

/// The most memory that a run held over so many records, in KiB, when all of them are counted; each is a time in seconds and a
/// key. Nothing where there is no /proc.
fn peak(args: &[&str], records: impl Iterator<Item = (u32, u32)>) -> u64 {
    let mut running =
        tool("window-count").args(["-q", "-t", ".t", "-k", ".k", "--threads", "1"]).args(args).start();
    let mut input = running.take_input();
    let (mut lines, mut count) = (String::new(), 0);
    for (time, key) in records {
        count += 1;
        lines.push_str(&format!("{{\"t\":{time},\"k\":{key}}}\n"));
        if lines.len() > 60_000 {
            input.write_all(lines.as_bytes()).expect("it reads");
            lines.clear();
        }
    }
    input.write_all(lines.as_bytes()).expect("it reads");
    // It tells what it has counted whenever it is asked.
    let figures = |line: String| -> serde_json::Value { serde_json::from_str(&line).expect("figures") };
    loop {
        running.signal("USR1");
        if figures(running.said())["records"] == count {
            break;
        }
    }
    let most = running.peak_memory();
    // What it would write at the end is no matter of this.
    running.signal("KILL");
    assert_eq!(running.end().0, 128 + 9);
    most.unwrap_or_default()
}

/// So many different keys in one window.
fn peak_of_keys(args: &[&str], keys: u32) -> u64 {
    peak(&[&["-w", "1h"], args].concat(), (0..keys).map(|key| (1, key)))
}

/// The bound that docs/windows.md states: a pane, 10 s here, holds at most 48 bytes for each key that came in it; a key costs
/// at most 192 more, however many panes and windows hold it.
#[test]
fn an_hour_by_ten_seconds_over_many_keys_costs_its_panes_not_its_windows() {
    let keys = 100_000;
    let hour = |each: u32| (0..each * keys).map(move |at| (at / (each * keys / 3600), at % keys));
    let args = ["-w", "1h/10s", "--watermark", "1h"];
    // Longer than a pipe holds, so that whoever has written it knows that the tool reads.
    let base = peak(&args, hour(1).take(10_000));
    if base == 0 {
        return println!("skipped: an_hour_by_ten_seconds: there is no /proc");
    }
    for each in [1, 3] {
        let held = peak(&args, hour(each)) - base;
        let entries = u64::from(each * keys);
        let bound = (48 * entries + 192 * u64::from(keys)) / 1024;
        println!(
            "{each} a key: {held} KiB, {:.0} bytes a record, bound {bound}",
            held as f64 * 1024.0 / entries as f64
        );
        assert!(held < bound, "{held} KiB, the bound is {bound}, with {each} records a key");
        // The page has 15 MB for three records a key.
        assert!(each != 3 || held < 20 << 10, "{held} KiB");
    }
}

#[test]
fn ever_new_keys_stay_flat_with_max_keys() {
    let sketch = ["--max-keys", "10000", "--on-full", "sketch"];
    let (few, many) = (peak_of_keys(&sketch, 60_000), peak_of_keys(&sketch, 240_000));
    if few == 0 {
        return println!("skipped: ever_new_keys_stay_flat_with_max_keys: there is no /proc");
    }
    let (few_exact, many_exact) = (peak_of_keys(&[], 60_000), peak_of_keys(&[], 240_000));
    // What the limited run gains is buffers that were not all in use at first.
    assert!(
        3 * many.saturating_sub(few) < many_exact.saturating_sub(few_exact),
        "{few} and {many} KiB with a limit, {few_exact} and {many_exact} KiB without"
    );
}
