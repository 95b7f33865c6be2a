//! `window-count`: which windows there are, which records are in them, and what the rows say.

mod common;

use common::{Ran, json_lines, tool};
use serde_json::Value;

fn count(args: &[&str], input: &str) -> Ran {
    tool("window-count").args(["--time", ".t"]).args(args).input(input).run()
}

/// Start, end, key and count of each row.
fn brief(ran: &Ran) -> Vec<String> {
    json_lines(ran.text())
        .iter()
        .map(|row| {
            let text = |name: &str| row[name].as_str().unwrap_or("-").replace("1970-01-01T", "");
            let open = if row.get("open").is_some() { " open" } else { "" };
            format!("{} {} {} {}{open}", text("window_start"), text("window_end"), text("k"), row["count"])
        })
        .collect()
}

/// Records at these seconds, one key.
fn at(seconds: &[&str]) -> String {
    seconds.iter().map(|second| format!("{{\"t\":{second},\"k\":\"a\"}}\n")).collect()
}

#[test]
fn the_row_is_what_the_contract_says() {
    let input = "{\"t\":1.5,\"k\":\"b\"}\n{\"t\":2,\"k\":\"a\"}\n{\"t\":0,\"k\":\"b\"}\n{\"t\":30,\"k\":\"z\"}\n{\"t\":3,\"k\":\"late\"}\n{\"t\":41,\"k\":\"z\"}\n";
    let ran = count(&["--key", ".k", "--window", "10s"], input).with_code(0);
    assert_eq!(
        ran.text(),
        concat!(
            "{\"window_start\":\"1970-01-01T00:00:00Z\",\"window_end\":\"1970-01-01T00:00:10Z\",\"k\":\"b\",\"count\":2,\"total\":3,\"distinct\":2,\"rows\":2,\"late\":0}\n",
            "{\"window_start\":\"1970-01-01T00:00:00Z\",\"window_end\":\"1970-01-01T00:00:10Z\",\"k\":\"a\",\"count\":1,\"total\":3,\"distinct\":2,\"rows\":2,\"late\":0}\n",
            "{\"window_start\":\"1970-01-01T00:00:30Z\",\"window_end\":\"1970-01-01T00:00:40Z\",\"k\":\"z\",\"count\":1,\"total\":1,\"distinct\":1,\"rows\":1,\"late\":1,\"open\":true}\n",
            "{\"window_start\":\"1970-01-01T00:00:40Z\",\"window_end\":\"1970-01-01T00:00:50Z\",\"k\":\"z\",\"count\":1,\"total\":1,\"distinct\":1,\"rows\":1,\"late\":0,\"open\":true}\n",
        )
    );
    assert!(ran.err.contains("1 of 6 records missed a window"), "{}", ran.err);
}

#[test]
fn windows_are_half_open_aligned_to_the_epoch_and_go_on_before_it() {
    let input = at(&["-20", "-10.001", "-10", "-0.001", "0", "9.999", "10", "\"1970-01-01T00:00:20Z\""]);
    let ran = count(&["--window", "10s", "--watermark", "0s"], &input).quietly();
    let before = "1969-12-31T23:59:";
    assert_eq!(
        brief(&ran),
        [
            format!("{before}40Z {before}50Z - 2"),
            format!("{before}50Z 00:00:00Z - 2"),
            "00:00:00Z 00:00:10Z - 2".into(),
            "00:00:10Z 00:00:20Z - 1".into(),
            "00:00:20Z 00:00:30Z - 1 open".into(),
        ]
    );
    let shifted = count(&["--window", "10s", "--offset", "-3s"], &at(&["6.999", "7", "16.999"])).quietly();
    assert_eq!(brief(&shifted)[1], "00:00:07Z 00:00:17Z - 2 open");
}

#[test]
fn any_slide_will_do() {
    let input = at(&["0", "4", "9", "12"]);
    let hop = |args: &[&str]| brief(&count(args, &input).quietly());
    let overlapping = hop(&["--window", "10s/4s"]);
    assert_eq!(overlapping, hop(&["--window", "10s", "--slide", "4s"]));
    let early = "1969-12-31T23:59:";
    assert_eq!(
        overlapping,
        [
            format!("{early}52Z 00:00:02Z - 1"),
            format!("{early}56Z 00:00:06Z - 2 open"),
            "00:00:00Z 00:00:10Z - 3 open".into(),
            "00:00:04Z 00:00:14Z - 3 open".into(),
            "00:00:08Z 00:00:18Z - 2 open".into(),
            "00:00:12Z 00:00:22Z - 1 open".into(),
        ]
    );
    // A slide above the size: samples, and what is between belongs to no window and is not late.
    let sampled = count(&["--window", "2s/8s", "--watermark", "0s"], &input).with_code(0);
    assert_eq!(brief(&sampled), ["00:00:00Z 00:00:02Z - 1", "00:00:08Z 00:00:10Z - 1"]);
    assert!(!sampled.err.contains("missed a window"), "{}", sampled.err);
}

#[test]
fn several_windows_are_counted_by_one_process_and_come_by_end_then_start() {
    let input = at(&["1", "11", "21", "31", "61"]);
    let both = count(&["--window", "20s/10s", "--window", "30s", "--watermark", "0s"], &input).quietly();
    let mut ends: Vec<(String, String)> = Vec::new();
    for row in json_lines(both.text()) {
        ends.push((row["window_end"].to_string(), row["window_start"].to_string()));
    }
    assert!(ends.is_sorted(), "{ends:?}");
    let alone = |window: &str| {
        count(&["--window", window, "--watermark", "0s"], &input)
            .quietly()
            .text()
            .lines()
            .map(String::from)
            .collect::<Vec<_>>()
    };
    let mut expected = [alone("20s/10s"), alone("30s")].concat();
    let mut got: Vec<String> = both.text().lines().map(String::from).collect();
    expected.sort();
    got.sort();
    assert_eq!(got, expected);
}

#[test]
fn rows_come_by_count_then_strings_before_others_by_bytes() {
    let keys = [
        "\"b\"",
        "\"a\"",
        "true",
        "\"B\"",
        "1.0",
        "1",
        "2",
        "\"\u{e9}\"",
        "\"10\"",
        "\"9\"",
        "null",
        "\"b\"",
        "-0",
        "0",
    ];
    let input: String = keys.iter().map(|key| format!("{{\"t\":1,\"k\":{key}}}\n")).collect();
    let ran = count(&["--key", ".k", "--window", "10s"], &input).with_code(0);
    let order: Vec<String> = json_lines(ran.text()).iter().map(|row| row["k"].to_string()).collect();
    assert_eq!(order, ["\"b\"", "0", "1", "\"10\"", "\"9\"", "\"B\"", "\"a\"", "\"\u{e9}\"", "2", "true"]);
}

#[test]
fn missing_and_null_keys_are_counted_as_no_key_and_move_the_watermark() {
    let folder = tempfile::tempdir().expect("a folder");
    let stats = folder.path().join("stats");
    let input = "{\"t\":1,\"k\":\"a\"}\n{\"t\":2}\n{\"t\":3,\"k\":null}\n{\"t\":4,\"k\":[]}\n{\"t\":50}\n";
    let args = ["--key", ".k", "--window", "10s", "-q", "--stats", stats.to_str().expect("UTF-8")];
    let ran = count(&args, input).with_code(0);
    assert_eq!(brief(&ran), ["00:00:00Z 00:00:10Z a 1"], "closed by the record without a key");
    let figures: Value = serde_json::from_slice(&std::fs::read(&stats).expect("figures")).expect("JSON");
    assert_eq!(figures["no_key"], 4);
    assert_eq!(
        (&figures["late"], &figures["future"], &figures["windows"], &figures["keys"]),
        (&0.into(), &0.into(), &1.into(), &1.into())
    );
    assert_eq!(
        (&figures["max_event_time"], &figures["watermark"]),
        (&"1970-01-01T00:00:50Z".into(), &"1970-01-01T00:00:40Z".into())
    );
    let told = count(&["--key", ".k", "--window", "10s"], "{\"t\":1,\"k\":[\"a\"]}\n").with_code(0);
    assert!(told.err.contains("write [] behind it"), "{}", told.err);
}

#[test]
fn several_keys_that_fan_out_give_the_cross_product() {
    let input = "{\"t\":1,\"a\":[\"x\",\"y\",\"x\"],\"b\":[1,2]}\n{\"t\":2,\"a\":[\"x\"],\"b\":[]}\n";
    let cells = |args: &[&str]| -> Vec<String> {
        let all = [&["--key", "a=.a[]", "--key", "b=.b[]", "--window", "10s"], args].concat();
        json_lines(count(&all, input).quietly().text())
            .iter()
            .map(|row| {
                format!(
                    "{}{} {} of {}",
                    row["a"].as_str().expect("a key"),
                    row["b"],
                    row["count"],
                    row["total"]
                )
            })
            .collect()
    };
    assert_eq!(cells(&[]), ["x1 2 of 6", "x2 2 of 6", "y1 1 of 6", "y2 1 of 6"]);
    assert_eq!(cells(&["--once-per-record"]), ["x1 1 of 4", "x2 1 of 4", "y1 1 of 4", "y2 1 of 4"]);
}

#[test]
fn a_record_is_late_for_a_window_and_not_for_all() {
    // 12 is behind the watermark of 20, yet the window [10, 30) is open.
    let input = at(&["0", "30", "12", "5"]);
    let ran = count(&["--window", "20s/10s", "--watermark", "10s"], &input).with_code(0);
    let rows = json_lines(ran.text());
    let of = |end: &str| {
        rows.iter().find(|row| row["window_end"] == format!("1970-01-01T00:00:{end}Z")).expect(end)
    };
    assert_eq!(
        (&of("10")["count"], &of("20")["count"], &of("30")["count"]),
        (&1.into(), &1.into(), &1.into())
    );
    assert!(ran.err.contains("1 of 4 records missed a window"), "{}", ran.err);
}

#[test]
fn the_hint_about_late_records_is_true() {
    for (window, seconds) in
        [("20s/10s", ["0", "33", "3", "71", "44", "12"]), ("5s", ["0", "7.001", "1", "30", "2.5", "29"])]
    {
        let input = at(&seconds);
        let ran = count(&["--window", window, "--watermark", "1s"], &input).with_code(0);
        let hint = ran.err.split("; --watermark ").nth(1).expect("a hint").split(' ').next().expect("a span");
        let kept = count(&["--window", window, "--watermark", hint], &input).quietly();
        assert!(json_lines(kept.text()).iter().all(|row| row["late"] == 0));
        let seconds: u32 = hint.strip_suffix('s').and_then(|digits| digits.parse().ok()).expect("seconds");
        let less =
            count(&["--window", window, "--watermark", &format!("{}s", seconds - 1)], &input).with_code(0);
        assert!(less.err.contains("missed a window"), "{window}: the hint is no larger than it must be");
    }
}

#[test]
fn a_hint_of_many_years_is_read_at_a_glance() {
    let ran = count(&["--window", "10s"], &at(&["1e9", "1", "2"])).with_code(0);
    assert!(
        ran.err.contains("2 of 3 records missed a window; --watermark 11575d would have kept all"),
        "{}",
        ran.err
    );
    count(&["--window", "10s", "--watermark", "11575d"], &at(&["1e9", "1", "2"])).quietly();
}

#[test]
fn windows_of_all_and_of_a_length_share_a_header() {
    let input = at(&["1", "12"]);
    let ran = count(&["--window", "10s", "--window", "all", "--format", "csv"], &input).quietly();
    assert_eq!(
        ran.text(),
        "window_start,window_end,count,total,distinct,rows,late,rev,open,all\n\
         1970-01-01T00:00:00Z,1970-01-01T00:00:10Z,1,1,1,1,0,,true,\n\
         1970-01-01T00:00:01Z,1970-01-01T00:00:12.001Z,2,2,1,1,0,,,true\n\
         1970-01-01T00:00:10Z,1970-01-01T00:00:20Z,1,1,1,1,0,,true,\n"
    );
    let rows = count(&["--window", "10s", "--window", "all"], &input).quietly();
    let ranked = tool("topn").args(["1", "--format", "csv"]).input(rows.text()).run().quietly();
    assert_eq!(ranked.text().lines().count(), 4);
}

#[test]
fn nothing_closes_before_the_end_with_the_watermark_at_its_most() {
    let input = at(&["100000", "1", "50000", "2"]);
    let ran = count(&["--window", "10s", "--watermark", "max", "--max-future", "off"], &input).quietly();
    assert_eq!(
        json_lines(ran.text()).iter().map(|row| row["count"].as_u64().expect("a count")).collect::<Vec<_>>(),
        [2, 1, 1]
    );
}

#[test]
fn one_record_from_2099_closes_nothing() {
    let future = "\"2099-01-01T00:00:00Z\"";
    let input = at(&["1", "2", future, "3", "12", "25"]);
    let ran = count(&["--window", "10s", "--watermark", "0s"], &input).with_code(0);
    assert_eq!(
        brief(&ran),
        ["00:00:00Z 00:00:10Z - 3", "00:00:10Z 00:00:20Z - 1", "00:00:20Z 00:00:30Z - 1 open"]
    );
    assert!(ran.err.contains("set aside 1 of 6 records"), "{}", ran.err);
    let hint = ran.err.split("; --max-future ").nth(1).expect("a hint").split(',').next().expect("a span");
    assert_eq!(hint, "47117d");
    let told = count(&["--window", "10s", "--watermark", "max", "--max-future", hint], &input).quietly();
    assert_eq!(json_lines(told.text()).last().expect("a row")["count"], 1, "believed as told");
    // Three in a row are believed.
    let believed = count(&["--window", "1d", "--watermark", "0s"], &at(&["1", future, future, future]));
    assert_eq!(json_lines(believed.quietly().text())[1]["count"], 3);
    // The first is believed, and so is all when asked.
    assert_eq!(json_lines(count(&["--window", "10s"], &at(&[future])).quietly().text()).len(), 1);
    let off = count(&["--window", "10s", "--max-future", "off", "--watermark", "0s"], &input).with_code(0);
    assert!(off.err.contains("3 of 6 records missed a window"), "{}", off.err);
    let near = count(&["--window", "10s", "--max-future", "5s"], &at(&["1", "7", "3"])).with_code(0);
    assert!(near.err.contains("set aside 1 of 3"), "{}", near.err);
}
