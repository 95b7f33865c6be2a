//! `topn`: the largest of each window as soon as it is whole, or of plain records at the end.

mod common;

use common::{Ran, json_lines, tool};
use serde_json::Value;

/// A row of the window that ends so many seconds after the epoch.
fn row(end: u32, key: &str, count: i64, rows: u32) -> String {
    format!(
        "{{\"window_start\":\"1970-01-01T00:00:{:02}Z\",\"window_end\":\"1970-01-01T00:00:{end:02}Z\",\"k\":{key},\"count\":{count},\"total\":100,\"distinct\":{rows},\"rows\":{rows},\"late\":2}}\n",
        end - 10
    )
}

fn rows(end: u32, counts: &[(&str, i64)]) -> String {
    let count = u32::try_from(counts.len()).expect("few");
    counts.iter().map(|(key, number)| row(end, &format!("\"{key}\""), *number, count)).collect()
}

fn topn(args: &[&str], input: &str) -> Ran {
    tool("topn").args(args).input(input).run()
}

/// Keys and counts of what came out.
fn ranked(ran: &Ran) -> Vec<(String, i64)> {
    let rows = json_lines(ran.text());
    rows.iter()
        .map(|row| (row["k"].as_str().unwrap_or("null").into(), row["count"].as_i64().expect("a count")))
        .collect()
}

const TIES: &[(&str, i64)] = &[("b", 5), ("a", 5), ("c", 7), ("B", 5), ("d", 3), ("\u{e9}", 5), ("z", 5)];

#[test]
fn ties_are_ordered_by_the_bytes_of_the_key() {
    let all = [("c", 7), ("B", 5), ("a", 5), ("b", 5), ("z", 5), ("\u{e9}", 5), ("d", 3)];
    for n in 1..=8 {
        let ran = topn(&[&n.to_string()], &rows(10, TIES)).quietly();
        let expected: Vec<(String, i64)> =
            all.iter().take(n).map(|(key, count)| ((*key).to_string(), *count)).collect();
        assert_eq!(ranked(&ran), expected, "{n}");
    }
    let ran = topn(&["3", "--asc"], &rows(10, TIES)).quietly();
    assert_eq!(ranked(&ran), [("d".into(), 3), ("B".into(), 5), ("a".into(), 5)]);
}

#[test]
fn a_ranked_row_says_its_place_and_how_many_there_are() {
    let ran = topn(&["2"], &rows(10, TIES)).quietly();
    assert_eq!(
        ran.text().lines().nth(1).expect("two rows"),
        "{\"window_start\":\"1970-01-01T00:00:00Z\",\"window_end\":\"1970-01-01T00:00:10Z\",\"k\":\"B\",\"count\":5,\"total\":100,\"distinct\":7,\"rows\":2,\"late\":2,\"rank\":2,\"prev_rank\":null,\"share\":0.05}"
    );
}

#[test]
fn ten_are_shown_unless_a_number_is_given() {
    let many: Vec<(String, i64)> = (0..30).map(|n| (format!("key {n:02}"), n)).collect();
    let many: Vec<(&str, i64)> = many.iter().map(|(key, n)| (key.as_str(), *n)).collect();
    assert_eq!(ranked(&topn(&[], &rows(10, &many)).quietly()).len(), 10);
    assert_eq!(ranked(&topn(&["100"], &rows(10, &many)).quietly()).len(), 30);
}

#[test]
fn a_whole_window_comes_out_before_the_next_begins() {
    let mut running = tool("topn").arg("1").start();
    for end in 10..40 {
        let lines = rows(end, &[("a", 1), ("b", i64::from(end)), ("c", 3)]);
        // Row by row: nothing comes before the last of them.
        for line in lines.split_inclusive('\n') {
            running.send(line);
        }
        let got: Value = serde_json::from_str(&running.line()).expect("JSON");
        assert_eq!((&got["k"], &got["count"]), (&"b".into(), &end.into()));
        assert_eq!(got["prev_rank"], if end == 10 { Value::Null } else { 1.into() });
    }
    running.close_input();
    assert_eq!(running.end(), (0, String::new()));
}

#[test]
fn a_window_whose_rows_were_filtered_ends_with_the_next_and_with_the_input() {
    let lines = [row(10, "\"a\"", 1, 9), row(10, "\"b\"", 2, 9), row(20, "\"c\"", 3, 9)].concat();
    let ran = topn(&["5"], &lines).quietly();
    assert_eq!(ranked(&ran), [("b".into(), 2), ("a".into(), 1), ("c".into(), 3)]);
    assert_eq!(json_lines(ran.text())[0]["rows"], 2);
}

#[test]
fn the_place_before_is_that_of_the_window_before() {
    let lines = [
        rows(10, &[("a", 9), ("b", 8), ("c", 1)]),
        rows(20, &[("b", 9), ("a", 8), ("d", 7)]),
        rows(30, &[("c", 9), ("d", 8), ("a", 1)]),
    ]
    .concat();
    let places = |args: &[&str]| -> Vec<Value> {
        json_lines(topn(args, &lines).quietly().text()).iter().map(|row| row["prev_rank"].clone()).collect()
    };
    let null = Value::Null;
    assert_eq!(
        places(&["3"]),
        [
            null.clone(),
            null.clone(),
            null.clone(),
            2.into(),
            1.into(),
            null.clone(),
            null.clone(),
            3.into(),
            2.into()
        ]
    );
}

#[test]
fn the_others_are_one_more_row() {
    let ran = topn(&["2", "--other"], &rows(10, TIES)).quietly();
    let rows = json_lines(ran.text());
    assert_eq!(rows.len(), 3);
    assert!(rows.iter().all(|row| row["rows"] == 3));
    assert_eq!((&rows[2]["k"], &rows[2]["count"]), (&Value::Null, &88.into()), "what the total has besides");
    assert!(rows[2].get("rank").is_none());
    // Ranked again, the others stay the others.
    let again = topn(&["1", "--other"], ran.text()).quietly();
    assert_eq!(ranked(&again), [("c".into(), 7), ("null".into(), 93)]);
}

#[test]
fn any_number_column_may_rank() {
    let line = |key: &str, price: &str| {
        row(10, &format!("\"{key}\""), 1, 4).replace(",\"total\"", &format!(",\"price\":{price},\"total\""))
    };
    let lines = [line("a", "1.5"), line("b", "-3"), line("c", "1e3"), line("d", "null")].concat();
    for by in ["price", ".price"] {
        let ran = topn(&["3", "--by", by], &lines).with_code(0);
        assert_eq!(ranked(&ran).iter().map(|(key, _)| key.as_str()).collect::<Vec<_>>(), ["c", "a", "b"]);
    }
    let ran = topn(&["3", "--asc", "--by", "price"], &lines).with_code(0);
    assert_eq!(ranked(&ran)[0].0, "b");
    for by in ["nope", "k"] {
        let ran = topn(&["3", "--by", by], &lines).with_code(2);
        assert!(ran.err.contains(&format!("`{by}`")) && ran.out.is_empty(), "{}", ran.err);
    }
}

#[test]
fn plain_records_are_counted_by_a_key() {
    let input = "{\"l\":\"en\"}\n{\"l\":\"de\"}\n{\"l\":\"en\"}\n{}\n{\"l\":null}\n{\"l\":7}\n{\"l\":true}\n";
    let ran = topn(&["2", "--key", ".l"], input).quietly();
    assert_eq!(
        ran.text(),
        "{\"l\":\"en\",\"count\":2,\"total\":5,\"distinct\":4,\"rows\":2,\"rank\":1,\"share\":0.4}\n\
         {\"l\":\"de\",\"count\":1,\"total\":5,\"distinct\":4,\"rows\":2,\"rank\":2,\"share\":0.2}\n"
    );
    let ran =
        topn(&["9", "--key", "tag=.t[]", "--key", "l=.l"], "{\"t\":[\"a\",\"b\",\"a\"],\"l\":\"en\"}\n")
            .quietly();
    let rows = json_lines(ran.text());
    assert_eq!(rows.len(), 2);
    assert_eq!((&rows[0]["tag"], &rows[0]["l"], &rows[0]["count"]), (&"a".into(), &"en".into(), &2.into()));
    assert_eq!(topn(&["--key", ".l"], "").quietly().text(), "");
    let ran = topn(&["1", "--other", "--key", ".l"], input).quietly();
    assert_eq!(json_lines(ran.text())[1]["count"], 3);
}

#[test]
fn the_others_and_files_go_together() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("12");
    std::fs::write(&file, "{\"l\":\"en\"}\n").expect("a file");
    let ran = tool("topn").dir(folder.path()).args(["--key", ".l", "3", "12"]).run().quietly();
    assert_eq!(json_lines(ran.text()).len(), 1);
    let ran = tool("topn").args(["--key", ".l"]).arg(&file).run().quietly();
    assert_eq!(json_lines(ran.text()).len(), 1);
}

#[test]
fn rows_that_are_changes_only_are_refused_with_a_hint() {
    let line = row(10, "\"a\"", 1, 1).replace("\"late\":2", "\"late\":2,\"open\":true,\"update\":true");
    let ran = topn(&[], &line).with_code(2);
    assert!(ran.err.contains("--emit complete") && ran.out.is_empty(), "{}", ran.err);
}

#[test]
fn records_that_are_no_rows_are_rejected_with_a_hint() {
    for line in ["{\"lang\":\"en\"}\n", "{\"count\":3,\"lang\":\"en\"}\n"] {
        let ran = topn(&[], line).with_code(0);
        assert!(
            ran.err.contains("rows come from window-count") && ran.err.contains("rejected 1 of 1"),
            "{}",
            ran.err
        );
        topn(&["--strict"], line).with_code(3);
    }
}

#[test]
fn ties_groups_and_trends_are_listed_where_asked() {
    let lines = rows(10, &[("a", 5), ("b", 3), ("c", 3)]);
    let tags = |args: &[&str], input: &str| -> Vec<String> {
        let ran = topn(args, input).quietly();
        json_lines(ran.text()).iter().map(|row| row["k"].as_str().expect("a key").to_owned()).collect()
    };
    assert_eq!(tags(&["2"], &lines), ["a", "b"]);
    assert_eq!(tags(&["2", "--ties", "all"], &lines), ["a", "b", "c"]);
    assert_eq!(tags(&["1", "--group", ".k"], &lines), ["a", "b", "c"]);
    let later = [lines, rows(20, &[("a", 6), ("b", 3), ("c", 9)])].concat();
    assert_eq!(tags(&["1", "--score", "trend"], &later), ["a", "c"]);
    assert_eq!(tags(&["1", "--score", "trend", "--asc"], &later), ["b", "b"]);
    let plain = "{\"l\":\"x\"}\n{\"l\":\"y\"}\n";
    assert_eq!(json_lines(topn(&["1", "--key", ".l", "--ties", "all"], plain).quietly().text()).len(), 2);
}

#[test]
fn usage_errors_say_what_to_do() {
    let ran = topn(&["--group", "lang"], &rows(10, TIES)).with_code(2);
    assert!(ran.err.contains("no key column `lang`") && ran.err.contains("own, k"), "{}", ran.err);
    for (args, hint) in [
        (&["--group", "k", "--other"][..], "--other"),
        (&["--score", "trend", "--by", "x"], "--by"),
        (&["--score", "trend", "--state", "s"], "--state"),
    ] {
        assert!(topn(args, "").with_code(2).err.contains(hint), "{args:?}");
    }
    for (args, hint) in [
        (&["0"][..], "write a number from 1"),
        (&["--key", ".l", "--by", "x"], "--by"),
        (&["--key", "count=.l"], "my_count=EXPR"),
        (&["--key", "a=.l", "--key", "a=.m"], "other"),
        (&["--key", "lang"], ".lang"),
        (&["--format", "xml"], "table"),
    ] {
        let ran = topn(args, "{}\n").with_code(2);
        assert!(ran.err.starts_with("topn: ") && ran.err.contains(hint), "{args:?}: {}", ran.err);
    }
}

#[test]
fn tables_show_each_window() {
    let lines = [rows(10, TIES), rows(20, &[("a", 1)])].concat();
    let ran = topn(&["2", "--format", "table"], &lines).quietly();
    assert_eq!(ran.text().matches("100 counted").count(), 2, "{}", ran.text());
    assert!(ran.text().contains("2 late"), "{}", ran.text());
    let csv = topn(&["2", "--format", "csv"], &lines).quietly();
    assert_eq!(csv.text().lines().count(), 4, "{}", csv.text());
}
