//! `jsonl-describe`: what it says of a stream, however it comes.

mod common;

use std::io::Write;

use common::{Ran, json_lines, tool};
use serde_json::{Value, json};

fn describe(args: &[&str], input: impl AsRef<[u8]>) -> Ran {
    tool("jsonl-describe").args(args).input(input).run()
}

fn row<'r>(rows: &'r [Value], field: &str) -> &'r Value {
    rows.iter().find(|row| row["field"] == field).unwrap_or_else(|| panic!("no {field} in {rows:?}"))
}

#[test]
fn each_field_has_a_row() {
    let input = concat!(
        "{\"id\":12345678901234567890,\"lang\":\"en\",\"tags\":[{\"t\":\"a\"},{\"t\":\"b\"}],\"geo\":null}\n",
        "{\"id\":7,\"lang\":\"\\u0065n\",\"tags\":[],\"geo\":{\"x\":1.5}}\n",
        "{\"id\":7.0,\"lang\":\"de\",\"no such\":true}\n",
        "{\"id\":\"8\",\"lang\":null}\n",
    );
    let ran = describe(&[], input).quietly();
    let rows = json_lines(ran.text());
    let fields: Vec<&str> = rows.iter().filter_map(|row| row["field"].as_str()).collect();
    assert_eq!(fields, [".id", ".lang", ".tags", ".tags[]", ".tags[].t", ".geo", ".geo.x", ".[\"no such\"]"]);
    assert_eq!(
        ran.text().lines().next().expect("a row"),
        "{\"field\":\".id\",\"count\":4,\"missing\":0,\"types\":{\"number\":0.75,\"string\":0.25},\"distinct\":3,\
         \"approximate\":false,\"min\":7,\"max\":\"8\",\"min_length\":null,\"max_length\":null,\
         \"examples\":[12345678901234567890,7,\"8\"]}"
    );
    let lang = row(&rows, ".lang");
    assert_eq!(lang["types"], json!({"string": 0.75, "null": 0.25}));
    assert_eq!([&lang["distinct"], &lang["min"], &lang["max"]], [&json!(2), &json!("de"), &json!("en")]);
    let tags = row(&rows, ".tags");
    assert_eq!(
        [&tags["missing"], &tags["min_length"], &tags["max_length"]],
        [&json!(0.5), &json!(0), &json!(2)]
    );
    // Of the objects that could have it: there is one geo object.
    assert_eq!(row(&rows, ".geo.x")["missing"], 0);
    assert_eq!(row(&rows, ".tags[].t")["missing"], 0);
    assert_eq!(row(&rows, ".tags[]")["missing"], Value::Null);
    // Each field is an expression.
    for field in fields {
        let ran = tool("jsonl-filter").args(["--explain", field]).run().quietly();
        assert!(ran.text().contains("(compiled: "), "{field}");
    }
}

#[test]
fn it_says_the_same_for_any_number_of_threads_and_from_a_pipe() {
    let input = common::demo("demo:tweets", 3000);
    let one = describe(&["-q", "--threads", "1"], &input).quietly();
    for threads in ["2", "3"] {
        assert!(
            describe(&["-q", "--threads", threads], &input).quietly().out == one.out,
            "{threads} threads"
        );
    }
    let file = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(file.path(), &input).expect("a file");
    assert!(tool("jsonl-describe").arg("-q").arg(file.path()).run().quietly().out == one.out, "from a file");
    let rows = json_lines(one.text());
    let followers = row(&rows, ".user.followers_count");
    let records = tool("jsonl-filter").args(["-q", "true"]).input(&input).run().quietly();
    let values: Vec<i64> = json_lines(records.text())
        .iter()
        .filter_map(|record| record["user"]["followers_count"].as_i64())
        .collect();
    assert_eq!(followers["count"], values.len());
    assert_eq!(followers["min"].as_i64(), values.iter().copied().min());
    assert_eq!(followers["max"].as_i64(), values.iter().copied().max());
    // The ids are more than are counted one by one.
    let ids = row(&rows, ".id");
    assert_eq!(ids["approximate"], true);
    let error =
        (ids["distinct"].as_f64().expect("a number") / ids["count"].as_f64().expect("a number") - 1.0).abs();
    assert!(error < 0.07, "three standard errors: {error}");
}

#[test]
fn an_object_of_many_names_is_a_map() {
    let input: String = (0..300)
        .map(|n| {
            format!("{{\"by\":{{\"user {n}\":{{\"n\":{n}}},\"user {}\":{{\"n\":0,\"m\":1}}}}}}\n", n + 1000)
        })
        .collect();
    let fields = |args: &[&str]| -> Vec<String> {
        let ran = describe(args, &input).quietly();
        json_lines(ran.text()).iter().map(|row| row["field"].as_str().expect("a path").to_owned()).collect()
    };
    assert_eq!(fields(&[]), [".by", ".by.*", ".by.*.n", ".by.*.m"]);
    assert_eq!(fields(&["--depth", "1"]), [".by"]);
    assert_eq!(fields(&["--max-names", "600"]).len(), 1 + 600 + 600 + 300);
    let wide: String = (0..11_000).map(|n| format!("{{\"k{n}\":{{\"a\":1}}}}\n")).collect();
    let ran = describe(&["--max-names", "20000"], &wide).with_code(2);
    assert!(ran.err.contains("more than 20000 different fields") && ran.out.is_empty(), "{}", ran.err);
    assert_eq!(describe(&[], &wide).quietly().text().lines().count(), 2);
    // A map that swallows its fields in the same chunk in which they became too many does not hide that.
    let args = ["--max-names", "10050"];
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("wide.jsonl");
    std::fs::write(&file, &wide).expect("a file");
    let whole = tool("jsonl-describe").args(args).arg(&file).run().with_code(2);
    assert_eq!(whole.err, ran.err);
    let mut slowly = tool("jsonl-describe").args(args).start();
    // It stops reading once there are too many.
    let mut input = slowly.take_input();
    drop(wide.as_bytes().chunks(1000).try_for_each(|piece| input.write_all(piece)));
    drop(input);
    assert_eq!(slowly.end(), (2, ran.err));
}

/// The bound that docs/jsonl-describe.md states: with two threads at most 50 KiB for each field, however many values it has.
#[test]
fn memory_follows_the_fields_and_not_their_values() {
    let fields = 150;
    let line = |n: u64| -> String {
        let members: Vec<String> =
            (0..fields).map(|field| format!("\"f{field}\":{}", n * fields + field)).collect();
        format!("{{{}}}\n", members.join(","))
    };
    let mut running = tool("jsonl-describe").args(["--threads", "2"]).start();
    let mut input = running.take_input();
    let mut most_after = |lines: std::ops::Range<u64>| -> Option<u64> {
        lines.for_each(|n| input.write_all(line(n).as_bytes()).expect("it reads"));
        running.peak_memory()
    };
    // At first more than the pipe and all buffers take; 2048 values of a field are kept.
    let (Some(early), Some(late)) = (most_after(0..800), most_after(800..5000)) else {
        return println!("skipped: memory_follows_the_fields: there is no /proc");
    };
    println!("{early} KiB, later {late} KiB");
    assert!(late - early < 50 * fields, "{early} KiB, later {late} KiB");
    drop(input);
    assert_eq!(running.rest().len() as u64, fields);
    assert_eq!(running.end(), (0, String::new()));
}

#[test]
fn long_values_are_cut_where_they_are_shown() {
    let (first, second) = ("x".repeat(300) + "a", "x".repeat(300) + "b");
    let ran = describe(&[], format!("{{\"s\":\"{second}\"}}\n{{\"s\":\"{first}\"}}\n")).quietly();
    let row = &json_lines(ran.text())[0];
    assert_eq!(row["distinct"], 2);
    let example = row["examples"][0].as_str().expect("a string");
    assert_eq!(example.chars().filter(|c| *c == 'x').count(), 60, "{example}");
    // Told apart by 256 bytes: to the smallest and the largest they are one.
    assert_eq!(row["min"], row["max"]);
}

#[test]
fn what_is_rejected_has_no_effect() {
    let ran = describe(&[], "{\"a\":1}\n{\"b\":2,\"c\":[1 2]}\n{\"d\":\n{\"a\":2}\n").with_code(0);
    let rows = json_lines(ran.text());
    assert_eq!(rows.len(), 1, "{rows:?}");
    assert_eq!([&rows[0]["count"], &rows[0]["missing"]], [&json!(2), &json!(0)]);
    assert!(ran.err.contains("(cut 1, grammar 1)"), "{}", ran.err);
}

#[test]
fn people_get_words_and_spreadsheets_columns() {
    let input = "{\"a\":1,\"b\":[1,2]}\n{\"a\":null}\n{\"a\":\"x\"}\n";
    let table = describe(&["--format", "table"], input).quietly();
    let lines: Vec<Vec<&str>> = table
        .text()
        .lines()
        .map(|line| line.split("  ").map(str::trim).filter(|cell| !cell.is_empty()).collect())
        .collect();
    assert_eq!(
        lines[0],
        ["field", "count", "missing", "types", "distinct", "min", "max", "length", "examples"]
    );
    assert_eq!(lines[1], [".a", "3", "0 %", "null 33 %, number 33 %, string 33 %", "2", "1", "x", "1, x"]);
    assert_eq!(lines[2], [".b", "1", "67 %", "array", "0", "2"]);
    assert_eq!(lines[3], [".b[]", "2", "number", "2", "1", "2", "1, 2"]);
    let csv = describe(&["--format", "csv"], input).quietly();
    assert!(
        csv.text().starts_with("field,count,missing,types,distinct,approximate,min,max,"),
        "{}",
        csv.text()
    );
    assert_eq!(csv.text().lines().count(), 4);
}

#[test]
fn a_sample_is_the_one_of_the_filter() {
    let input = common::demo("demo:tweets", 2000);
    let sampled = tool("jsonl-filter").args(["-q", "--sample", "20%"]).input(&input).run().quietly();
    let expected = describe(&[], &sampled.out).quietly();
    assert!(describe(&["-q", "--sample", "20%"], &input).quietly().out == expected.out);
    assert_eq!(describe(&[], "").quietly().text(), "");
}
