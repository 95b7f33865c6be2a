//! `jsonl-filter`: what is made of records, against models on parsed values.

mod common;

use std::path::Path;

use common::{Ran, json_lines, tool};
use serde_json::{Value, json};

fn filter(args: &[&str], input: impl AsRef<[u8]>) -> Ran {
    tool("jsonl-filter").args(args).input(input).run()
}

/// Records of all shapes that what is asked for may have.
fn records() -> String {
    let mut lines = String::new();
    for n in 0..3000 {
        let tags = match n % 7 {
            0 => "[]".to_owned(),
            1 => "null".to_owned(),
            2 => "\"alone\"".to_owned(),
            3 => "{\"t\":\"object\"}".to_owned(),
            more => {
                let tags = (0..more - 3).map(|tag| format!("{{\"t\":\"tag {tag}\",\"at\":[{tag}, {n}]}}"));
                format!("[{}]", tags.collect::<Vec<_>>().join(","))
            }
        };
        let city = match n % 5 {
            0 => "null".to_owned(),
            1 => format!("{}", n % 40),
            2 => format!("\"{}\"", n % 40),
            3 => "\"nowhere\"".to_owned(),
            _ => "\"K\\u00f6ln\"".to_owned(),
        };
        lines += &match n % 11 {
            0 => format!("{{\"n\":{n}}}\n"),
            _ => format!(
                "{{\"n\":{n},\"e\":{{\"tags\":{tags},\"x\":1}},\"city\":{city},\"name\":\"\\u00e9\"}}\n"
            ),
        };
    }
    lines
}

/// What comes out is the same for any number of threads, is what the model says, and is counted right.
#[track_caller]
fn assert_makes(args: &[&str], input: &str, expected: &[Value]) {
    let one = filter(&[args, &["-q", "--threads", "1"]].concat(), input).quietly();
    assert_eq!(json_lines(one.text()), expected, "{args:?}");
    for threads in ["2", "3"] {
        let ran = filter(&[args, &["-q", "--threads", threads]].concat(), input).quietly();
        assert!(ran.out == one.out, "{args:?} with {threads} threads");
    }
    let counted = filter(&[args, &["-q", "--count"]].concat(), input).quietly();
    assert_eq!(counted.text(), format!("{}\n", expected.len()), "{args:?}");
}

fn exploded(record: &Value) -> Vec<Value> {
    let with = |element: &Value| {
        let mut record = record.clone();
        record["e"]["tags"] = element.clone();
        record
    };
    match record.pointer("/e/tags") {
        None | Some(Value::Null) => Vec::new(),
        Some(Value::Array(elements)) => elements.iter().map(with).collect(),
        Some(_) => vec![record.clone()],
    }
}

#[test]
fn a_record_comes_once_for_each_element() {
    let input = records();
    let expected: Vec<Value> = json_lines(&input).iter().flat_map(exploded).collect();
    assert_makes(&["--explode", ".e.tags"], &input, &expected);
    let tags: Vec<Value> = expected.iter().map(|record| json!([record["n"], record["e"]["tags"]])).collect();
    assert_makes(&["--explode", ".e.tags", "--map", "[.n, .e.tags]"], &input, &tags);
    let ran = filter(&["--explode", ".a"], "{ \"a\" : [1.0, \"\\u00e9\",{ }] ,\"b\":1e400}\n").quietly();
    assert_eq!(
        ran.text(),
        "{ \"a\" : 1.0 ,\"b\":1e400}\n{ \"a\" : \"\\u00e9\" ,\"b\":1e400}\n{ \"a\" : { } ,\"b\":1e400}\n"
    );
    let broken = filter(&["--explode", ".a"], "{\"a\":[1 2]}\n{\"a\":[3]}\n").with_code(0);
    assert_eq!(broken.text(), "{\"a\":3}\n");
    assert!(broken.err.contains("(grammar 1)"), "{}", broken.err);
}

/// Rows of a table by their key as text, in the order of the table.
type Rows = Vec<(&'static str, Value)>;

fn joined(record: &Value, rows: &Rows, left: bool, columns: &[&str]) -> Vec<Value> {
    let key = match &record["city"] {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    };
    let mut found: Vec<Value> = rows
        .iter()
        .filter(|(known, _)| Some(*known) == key.as_deref())
        .map(|(_, row)| {
            let mut record = record.clone();
            for column in columns {
                record[*column] = row[*column].clone();
            }
            record
        })
        .collect();
    if found.is_empty() && left {
        let mut record = record.clone();
        columns.iter().for_each(|column| record[*column] = Value::Null);
        found.push(record);
    }
    found
}

fn write(folder: &Path, name: &str, text: &str) -> String {
    let path = folder.join(name);
    std::fs::write(&path, text).expect("a file");
    path.to_str().expect("UTF-8").to_owned()
}

#[test]
fn records_get_the_columns_of_their_rows() {
    let folder = tempfile::tempdir().expect("a folder");
    let csv = write(
        folder.path(),
        "cities.csv",
        "id,name,people,code\n7,Seven,70,007\nKöln,Colonne,1087000,50667\n7,Again,,x\n12,Twelve,-1.5e3,\n",
    );
    let jsonl = write(
        folder.path(),
        "cities.jsonl",
        concat!(
            "{\"id\":7,\"name\":\"Seven\",\"people\":70,\"code\":\"007\"}\n",
            "{\"name\":\"Colonne\",\"id\":\"K\\u00f6ln\",\"people\":1087000,\"code\":\"50667\"}\n",
            "{\"id\":\"7\",\"name\":\"Again\",\"code\":\"x\"}\n",
            "{\"id\":12,\"people\":-1.5e3,\"name\":\"Twelve\",\"code\":\"\"}\n",
        ),
    );
    let rows: Rows = vec![
        ("7", json!({"name": "Seven", "people": 70, "code": "007"})),
        ("Köln", json!({"name": "Colonne", "people": 1_087_000, "code": "50667"})),
        ("7", json!({"name": "Again", "people": null, "code": "x"})),
        ("12", json!({"name": "Twelve", "people": -1500.0, "code": ""})),
    ];
    let input = records();
    let columns = ["name", "people", "code"];
    let all = json_lines(&input);
    let inner: Vec<Value> = all.iter().flat_map(|record| joined(record, &rows, false, &columns)).collect();
    let left: Vec<Value> = all.iter().flat_map(|record| joined(record, &rows, true, &columns)).collect();
    assert!(inner.len() > 100 && left.len() > all.len());
    for table in [&csv, &jsonl] {
        assert_makes(&["--join", table, "--on", ".city=id"], &input, &inner);
        assert_makes(&["--join", table, "--on", ".city=id", "--left"], &input, &left);
    }
    // Compressed tables, and each tag by itself.
    let packed = folder.path().join("cities.gz");
    std::fs::write(&packed, common::gzip(std::fs::read(&csv).expect("a file").as_slice())).expect("a file");
    let args = ["--explode", ".e.tags", "--join", packed.to_str().expect("UTF-8"), "--on", ".city=id"];
    let each: Vec<Value> =
        all.iter().flat_map(exploded).flat_map(|record| joined(&record, &rows, false, &columns)).collect();
    assert_makes(&args, &input, &each);
}

#[test]
fn what_a_table_takes_the_place_of_is_told() {
    let folder = tempfile::tempdir().expect("a folder");
    let table = write(folder.path(), "t.tsv", "lang\tname\nde\tGerman\n");
    let input = "{\"lang\":\"de\",\"name\" : 1}\n{\"lang\":\"fr\"}\n";
    let ran = filter(&["--join", &table, "--on", ".lang"], input).with_code(0);
    assert_eq!(ran.text(), "{\"lang\":\"de\",\"name\" : \"German\"}\n");
    assert!(ran.err.contains("took the place of fields of 1 record: --prefix"), "{}", ran.err);
    let ran = filter(&["--join", &table, "--on", ".lang", "--prefix", "lang_"], input).quietly();
    assert_eq!(ran.text(), "{\"lang\":\"de\",\"name\" : 1,\"lang_name\":\"German\"}\n");
    let ran = filter(&["--join", &table, "--on", ".lang=name", "-e"], input).with_code(1);
    assert!(ran.err.contains("records ask for \"de\", it has \"German\""), "{}", ran.err);
    let stats = folder.path().join("stats");
    let stats = stats.to_str().expect("UTF-8");
    filter(&["-q", "--join", &table, "--on", ".lang", "--stats", stats], input).with_code(0);
    let figures: Value = serde_json::from_slice(&std::fs::read(stats).expect("figures")).expect("JSON");
    assert_eq!(
        [&figures["matched"], &figures["unmatched"], &figures["rows"]],
        [&json!(1), &json!(1), &json!(1)]
    );
    let twice = write(folder.path(), "twice.csv", "k,v\na,1\na,2\n");
    let ran = filter(&["--verbose", "--join", &twice, "--on", ".k"], "{\"k\":\"a\"}\n").with_code(0);
    assert_eq!(ran.text(), "{\"k\":\"a\",\"v\":1}\n{\"k\":\"a\",\"v\":2}\n");
    assert!(ran.err.contains("1 of 2 rows of the table have the key of a row before them"), "{}", ran.err);
}

#[test]
fn fields_are_selected_in_their_places() {
    let input = records();
    let expected: Vec<Value> = json_lines(&input)
        .iter()
        .map(|record| {
            let tags = match record.pointer("/e/tags") {
                Some(Value::Array(tags)) => tags.iter().map(|tag| json!({"t": tag["t"]})).collect(),
                Some(Value::Object(tags)) => json!({"t": {"t": tags["t"].get("t")}}),
                _ => Value::Null,
            };
            json!({"city": record["city"], "e": {"tags": tags}, "n": record["n"]})
        })
        .collect();
    assert_makes(&["--select", ".city,.e.tags[].t,.n"], &input, &expected);
    let ran = filter(&["--select", ".n,.city", "--format", "csv", "-m", "3"], &input).quietly();
    assert_eq!(ran.text(), "n,city\n0,\n1,1\n2,2\n");
    let ran =
        filter(&["--select", ".n,.city", "--where", ".city == \"nowhere\"", "--count"], &input).quietly();
    assert_eq!(ran.text(), "546\n");
}

#[test]
fn a_field_goes_into_the_bytes_of_the_record() {
    let input = "{ \"id\":12345678901234567890123,\t\"x\":1e400,\"s\":\"\\u00e9\\/\" }\n{}\n";
    let ran = filter(&["--map", ". + {n: (.s | length)}"], input).quietly();
    assert_eq!(
        ran.text(),
        "{ \"id\":12345678901234567890123,\t\"x\":1e400,\"s\":\"\\u00e9\\/\",\"n\":2}\n{\"n\":0}\n"
    );
    let ran = filter(&["--map", ".x = .s"], input).quietly();
    assert_eq!(
        ran.text(),
        "{ \"id\":12345678901234567890123,\t\"x\":\"é/\",\"s\":\"\\u00e9\\/\"}\n{\"x\":null}\n"
    );
    let explained = |map: &str| filter(&["--explain", "--map", map], "").quietly().text().to_owned();
    assert_eq!(
        explained(". + {score: sentiment(.s).compound}"),
        "1. writes . + {score: sentiment(.s).compound} (compiled: reads .s from the bytes of the record; puts .score \
         into the bytes of the record)\n"
    );
    assert_eq!(
        explained(". + {n: (.s | length)}"),
        "1. writes . + {n: (.s | length)} (jaq: parses only .s, because of `length`; puts .n into the bytes of the record)\n"
    );
}

#[test]
fn usage_errors_say_what_to_do() {
    let folder = tempfile::tempdir().expect("a folder");
    let table = write(folder.path(), "t.csv", "a,b\n1,2\n");
    let uneven = write(folder.path(), "u.csv", "a,b\n1\n");
    for (args, code, hint) in [
        (&["--select", ".a | length"][..], 2, "--select takes paths"),
        (&["--select", ".a", "--map", ".a"], 2, "cannot be used with"),
        (&["--explode", ".a[]"], 2, "a path of names"),
        (&["--explode", "."], 2, "a path of names"),
        (&["--join", &table], 2, "--on"),
        (&["--on", ".a"], 2, "--join"),
        (&["--join", &table, "--on", ".x"], 2, "no column x: it has a, b"),
        (&["--join", &table, "--on", ".x=c"], 2, "no column c"),
        (&["--join", &uneven, "--on", ".a"], 2, "cannot be used"),
        (&["--join", "/nonexistent", "--on", ".a"], 4, "cannot read the table /nonexistent"),
        (&["--join", &table, "--on", "a"], 2, "did you mean .a?"),
        (&["--join", &table, "--on", ".a", "--rejects", &table], 2, "would overwrite the input"),
    ] {
        let ran = filter(args, "{}\n").with_code(code);
        assert!(ran.err.starts_with("jsonl-filter: ") && ran.err.contains(hint), "{args:?}: {}", ran.err);
    }
}

/// All options together: the order in which they work is the documented one.
#[test]
fn the_order_is_as_documented() {
    let folder = tempfile::tempdir().expect("a folder");
    let table = write(folder.path(), "t.csv", "tag,kind\na,A\nb,B\n");
    let input = concat!(
        "{\"id\":1,\"t\":10,\"tags\":[\"a\",\"x\"]}\n",
        "{\"id\":1,\"t\":20,\"tags\":[\"b\"]}\n",
        "{\"id\":2,\"t\":30,\"tags\":[\"x\"]}\n",
        "{\"id\":3,\"t\":40,\"tags\":[\"b\",\"a\"]}\n",
        "{\"id\":4,\"t\":50,\"tags\":[\"a\"]}\n",
        "{\"id\":0,\"t\":60,\"tags\":[\"a\"]}\n",
    );
    let args = [
        "--where",
        ".id > 0",
        "--since",
        "1970-01-01T00:00:10Z",
        "--time",
        ".t",
        "--dedupe",
        ".id",
        "--explode",
        ".tags",
        "--join",
        &table,
        "--on",
        ".tags=tag",
        "--map",
        "[.id, .tags, .kind]",
        "-m",
        "2",
    ];
    let ran = filter(&args, input).quietly();
    // The second record is a repeat; the third has no row, so it is not one of the two that are kept.
    assert_eq!(ran.text(), "[1,\"a\",\"A\"]\n[3,\"b\",\"B\"]\n[3,\"a\",\"A\"]\n");
}
