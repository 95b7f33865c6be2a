//! `jsonl-store sqlite:FILE`: what is in the file afterwards, read by SQLite itself.
#![cfg(feature = "sqlite")]

mod common;

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::Instant;

use common::{PATIENCE, Ran, Tool, demo, json_lines, ranked_rows, tool};
use rusqlite::Connection;
use rusqlite::types::Value as Stored;

/// A database in a folder of its own.
struct Base {
    folder: tempfile::TempDir,
}

impl Base {
    fn new() -> Base {
        Base { folder: tempfile::tempdir().expect("a folder") }
    }

    fn file(&self) -> PathBuf {
        self.folder.path().join("base.db")
    }

    fn store(&self, args: &[&str]) -> Tool {
        tool("jsonl-store").arg(format!("sqlite:{}", self.file().display())).args(args)
    }

    /// Stores rows of windows in a table that is made.
    fn rows(&self, rows: impl AsRef<[u8]>) -> Ran {
        self.store(&["--create"]).input(rows).run()
    }

    fn open(&self) -> Connection {
        Connection::open(self.file()).expect("a database")
    }

    /// What a query gives.
    fn query(&self, query: &str) -> Vec<Vec<Stored>> {
        let base = self.open();
        let mut query = base.prepare(query).expect("a query");
        let width = query.column_count();
        let rows = query.query_map([], |row| (0..width).map(|at| row.get(at)).collect()).expect("rows");
        rows.collect::<Result<_, _>>().expect("rows")
    }

    /// The same as text, one line a row.
    fn lines(&self, query: &str) -> Vec<String> {
        let shown = |value: &Stored| match value {
            Stored::Null => "null".to_owned(),
            Stored::Integer(number) => number.to_string(),
            Stored::Real(number) => format!("{number:?}"),
            Stored::Text(text) => text.clone(),
            Stored::Blob(_) => "blob".into(),
        };
        let line = |row: &Vec<Stored>| row.iter().map(shown).collect::<Vec<_>>().join("|");
        self.query(query).iter().map(line).collect()
    }

    fn dump(&self) -> Vec<String> {
        self.lines("SELECT * FROM windows ORDER BY 1, 2, 3")
    }
}

fn row(end: u32, key: &str, count: u32, rest: &str) -> String {
    format!(
        r#"{{"window_start":"2018-11-12T19:00:00Z","window_end":"2018-11-12T19:00:{end:02}Z","tag":"{key}","count":{count},{rest}}}"#
    ) + "\n"
}

#[test]
fn rows_of_windows_are_there_as_they_were() {
    let (base, rows) = (Base::new(), ranked_rows());
    base.rows(&rows).quietly();
    let rows = json_lines(std::str::from_utf8(&rows).expect("UTF-8"));
    let query =
        "SELECT window_start, window_end, lang, count, share, rank, total, open FROM windows ORDER BY rowid";
    let stored = base.lines(query);
    assert_eq!(stored.len(), rows.len());
    for (stored, row) in stored.iter().zip(&rows) {
        let number = |name: &str| row[name].as_i64().map_or("null".into(), |number| number.to_string());
        let open = u8::from(row["open"] == true);
        let expected = format!(
            "{}|{}|{}|{}|{:?}|{}|{}|{open}",
            row["window_start"].as_str().expect("a time"),
            row["window_end"].as_str().expect("a time"),
            row["lang"].as_str().unwrap_or("null"),
            number("count"),
            row["share"].as_f64().expect("a share"),
            number("rank"),
            number("total"),
        );
        assert_eq!(*stored, expected);
    }
    let kinds = base.lines("SELECT name || ' ' || type FROM pragma_table_info('windows')");
    for kind in [
        "window_end TIMESTAMP TEXT",
        "lang TEXT",
        "count INTEGER",
        "share REAL",
        "open BOOLEAN",
        "prev_rank INTEGER",
    ] {
        assert!(kinds.iter().any(|known| known == kind), "{kind}: {kinds:?}");
    }
}

#[test]
fn the_same_stream_twice_or_cut_anyhow_leaves_the_same_rows() {
    let rows = ranked_rows();
    let (once, twice) = (Base::new(), Base::new());
    once.rows(&rows).quietly();
    twice.rows(&rows).quietly();
    for batch in ["1", "7", "1000,300"] {
        twice.store(&["--batch", batch]).input(&rows).run().quietly();
        assert_eq!(once.dump(), twice.dump(), "--batch {batch}");
    }
    assert!(once.dump().len() > 50);
}

#[test]
fn a_run_that_is_killed_in_the_middle_is_made_good_by_the_next() {
    let rows = ranked_rows();
    let (clean, killed) = (Base::new(), Base::new());
    clean.rows(&rows).quietly();
    let mut run = killed.store(&["--create", "--batch", "20", "--flush-every", "1h"]).start();
    run.send(&rows[..rows.len() / 2]);
    let until = Instant::now() + PATIENCE;
    let stored = || -> i64 {
        let base = killed.open();
        base.query_row("SELECT count(*) FROM windows", [], |row| row.get(0)).unwrap_or(0)
    };
    while stored() < 20 {
        assert!(Instant::now() < until, "nothing is stored");
        std::thread::yield_now();
    }
    run.signal("KILL");
    assert_eq!(run.end().0, 128 + 9);
    assert!(stored() > 0);
    killed.rows(&rows).quietly();
    assert_eq!(clean.dump(), killed.dump());
}

#[test]
fn a_whole_emission_replaces_its_window_and_an_older_one_does_not() {
    let base = Base::new();
    let rest = |rev: u32, rows: u32| format!(r#""distinct":9,"rows":{rows},"rev":{rev}"#);
    let first =
        [row(10, "a", 3, &rest(0, 2)), row(10, "b", 1, &rest(0, 2)), row(20, "b", 7, &rest(0, 1))].concat();
    let second = [row(10, "c", 5, &rest(1, 2)), row(10, "a", 4, &rest(1, 2))].concat();
    let query = "SELECT strftime('%S', window_end), tag, count, rev FROM windows ORDER BY 1, 2";
    base.rows(&first).quietly();
    assert_eq!(base.lines(query), ["10|a|3|0", "10|b|1|0", "20|b|7|0"]);
    base.rows(&second).quietly();
    assert_eq!(base.lines(query), ["10|a|4|1", "10|c|5|1", "20|b|7|0"]);
    let again = base.rows(&first).with_code(0);
    assert_eq!(base.lines(query), ["10|a|4|1", "10|c|5|1", "20|b|7|0"]);
    assert!(again.err.contains("passed over 2 rows"), "{}", again.err);
    // The counts were made anew from more records: what came last is right.
    base.rows([row(20, "a", 8, &rest(0, 1))].concat()).quietly();
    assert_eq!(base.lines(query)[2..], ["20|a|8|0"]);
    // One that is taken up in its middle loses nothing of what is stored.
    base.rows(second.lines().nth(1).expect("a row")).quietly();
    assert_eq!(base.lines(query)[..2], ["10|a|4|1", "10|c|5|1"]);
    // An emission may be larger than a batch.
    let large: String = (0..9).map(|at| row(10, &format!("k{at}"), at, &rest(2, 9))).collect();
    base.store(&["--batch", "4"]).input(large).run().quietly();
    assert_eq!(base.lines("SELECT count(*), min(tag) FROM windows WHERE window_end LIKE '%10Z'"), ["9|k0"]);
}

#[test]
fn changes_leave_the_other_rows_alone() {
    let base = Base::new();
    let rest = |rev: u32| format!(r#""distinct":2,"rows":1,"rev":{rev},"update":true"#);
    let rows = [row(10, "a", 1, &rest(0)), row(10, "b", 1, &rest(1)), row(10, "a", 2, &rest(2))].concat();
    base.rows(rows).quietly();
    let query = "SELECT tag, count, rev FROM windows ORDER BY 1";
    assert_eq!(base.lines(query), ["a|2|2", "b|1|1"]);
    base.rows(row(10, "a", 1, &rest(0))).with_code(0);
    assert_eq!(base.lines(query), ["a|2|2", "b|1|1"]);
}

/// Records of users, a second apart, of some of them late: sessions merge.
#[test]
fn sessions_of_equal_bounds_stand_side_by_side_and_a_merged_one_is_gone() {
    let base = Base::new();
    let line = |t: u32, k: &str| format!("{{\"t\":{t},\"k\":\"{k}\"}}\n");
    let input = [
        line(100, "a"),
        line(100, "b"),
        line(130, "a"),
        line(400, "z"),
        line(115, "a"),
        line(115, "b"),
        line(900, "z"),
    ]
    .concat();
    let args = [
        "-q",
        "--time",
        ".t",
        "--key",
        ".k",
        "--session",
        "20s",
        "--watermark",
        "0s",
        "--allowed-lateness",
        "1h",
    ];
    let counted = tool("window-count").args(args).input(input).run().with_code(0);
    base.rows(&counted.out).quietly();
    let query = "SELECT strftime('%s', window_start), k, count FROM windows ORDER BY 1, 2";
    let stored = base.lines(query);
    assert_eq!(stored, ["100|a|3", "100|b|2", "400|z|1", "900|z|1"], "{}", counted.text());
    base.rows(&counted.out).with_code(0);
    assert_eq!(base.lines(query), stored);
}

#[test]
fn the_window_over_everything_is_one_whatever_its_bounds() {
    let base = Base::new();
    let tweets = demo("demo:tweets", 2000);
    for emit in ["complete", "update"] {
        let args = ["-q", "--key", ".lang", "--window", "all", "--emit", emit, "--trigger", "5s"];
        let counted = tool("window-count").args(args).input(&tweets).run().with_code(0);
        base.rows(&counted.out).with_code(0);
        let last =
            tool("window-count").args(["-q", "--key", ".lang", "--window", "all"]).input(&tweets).run();
        let expected: Vec<String> = json_lines(last.text())
            .iter()
            .map(|row| format!("{}|{}", row["lang"].as_str().expect("a key"), row["count"]))
            .collect();
        let stored = base.lines("SELECT lang, count FROM windows ORDER BY count DESC, lang");
        assert_eq!(stored, expected, "{emit}");
        std::fs::remove_file(base.file()).expect("a file");
    }
}

#[test]
fn rows_without_a_key_are_stored_once_and_windows_without_records_wait_for_a_key() {
    let base = Base::new();
    // The remainder of `topn --other` has null for a key.
    base.rows(ranked_rows()).quietly();
    base.rows(ranked_rows()).quietly();
    let query =
        "SELECT count(*) = count(DISTINCT window_end) AND count(*) > 5 FROM windows WHERE lang IS NULL";
    assert_eq!(base.lines(query), ["1"]);
    let base = Base::new();
    let line = |t: u32| format!("{{\"t\":{t},\"k\":\"a\"}}\n");
    let args = ["-q", "--time", ".t", "--key", ".k", "--window", "10s", "--emit-empty", "--watermark", "0s"];
    let counted = tool("window-count").args(args).input([line(5), line(35)].concat()).run().with_code(0);
    let mut lines: Vec<&str> = counted.text().lines().collect();
    lines.rotate_left(1);
    base.store(&["--create", "--batch", "2"]).input(lines.join("\n")).run().quietly();
    let ran = base.store(&[]).input(lines[0]).run().with_code(2);
    assert!(ran.err.contains("no unique index on (window_start, window_end)"), "{}", ran.err);
    base.rows(&counted.out).quietly();
    assert_eq!(
        base.lines("SELECT k, count FROM windows ORDER BY window_end"),
        ["a|1", "null|0", "null|0", "a|1"]
    );
}

#[test]
fn a_window_that_was_empty_is_not_when_a_late_record_came() {
    let base = Base::new();
    let bounds = r#""window_start":"2018-11-12T19:00:00Z","window_end":"2018-11-12T19:00:10Z""#;
    let empty = format!("{{{bounds},\"count\":0,\"distinct\":0,\"rows\":1}}\n");
    let rows = [
        row(20, "a", 1, r#""distinct":1,"rows":1"#),
        empty,
        row(10, "b", 1, r#""distinct":1,"rows":1,"rev":1"#),
    ];
    base.rows(rows.concat()).quietly();
    assert_eq!(base.lines("SELECT tag, count FROM windows ORDER BY 1"), ["a|1", "b|1"]);
}

const HOSTILE: [&str; 9] = [
    "'; DROP TABLE windows; --",
    "\"quoted\" `and` [more]",
    "a\0b",
    "\u{202e}right to left\u{200f}",
    "😀👩‍👩‍👧 e\u{301}",
    "?1 :name $1 %s \\",
    "",
    "line\nline\r\ttab",
    "x,y=\"z\" 1i",
];

#[test]
fn hostile_names_and_texts_come_back_as_they_went_in() {
    let base = Base::new();
    let mut lines = String::new();
    for (id, text) in HOSTILE.iter().enumerate() {
        let mut record = serde_json::json!({ "id": id, "text": text });
        for name in HOSTILE.iter().filter(|name| !name.contains('\0')) {
            record[*name] = (*text).into();
        }
        lines += &format!("{record}\n");
    }
    let table = "we\"ird; DROP TABLE windows;--\u{202e}😀";
    let args = ["--create", "--key-columns", "text,id", "--table", table];
    base.store(&args).input(&lines).run().quietly();
    base.store(&args).input(&lines).run().quietly();
    let quoted = |name: &str| format!("\"{}\"", name.replace('"', "\"\""));
    for name in HOSTILE.iter().filter(|name| !name.contains('\0')) {
        let query = format!("SELECT text, {} FROM {} ORDER BY id", quoted(name), quoted(table));
        let expected: Vec<Vec<Stored>> = HOSTILE
            .iter()
            .map(|text| vec![Stored::Text((*text).to_owned()), Stored::Text((*text).to_owned())])
            .collect();
        assert_eq!(base.query(&query), expected, "{name}");
    }
    let ran = base.store(&["--create", "--key-columns", "id"]).input("{\"id\":1,\"a\\u0000b\":1}\n").run();
    assert!(ran.with_code(2).err.contains("NUL"));
}

#[test]
fn values_keep_their_kinds_and_digits() {
    let base = Base::new();
    let lines = r#"{"id":1,"real":1,"nested":{"b": [1, "x"]},"yes":true,"mixed":"1","large":18446744073709551616,"nothing":null}
{"id":9007199254740993,"real":0.1,"nested":[],"yes":false,"mixed":1,"large":1,"nothing":null}
{"id":-9223372036854775808,"\u0072eal":1e300}
"#;
    let store = |args: &[&str]| base.store(&[&["--table", "t", "--key-columns", ".id"], args].concat());
    store(&["--create"]).input(lines).run().quietly();
    let query = "SELECT id, real, nested, yes, mixed, large FROM t ORDER BY rowid";
    let expected = [
        r#"1|1.0|{"b": [1, "x"]}|1|"1"|18446744073709551616"#,
        "9007199254740993|0.1|[]|0|1|1",
        "-9223372036854775808|1e300|null|null|null|null",
    ];
    assert_eq!(base.lines(query), expected);
    assert_eq!(
        base.lines("SELECT json_extract(nested, '$.b[1]'), typeof(large) FROM t WHERE id = 1"),
        ["x|text"]
    );
    // A record that comes again replaces the whole of the other one.
    store(&[]).input("{\"id\":1,\"real\":2}\n").run().quietly();
    assert_eq!(base.lines("SELECT * FROM t WHERE id = 1"), ["1|2.0|null|null|null|null"]);
    // What does not fit is refused and kept.
    let letters = base.folder.path().join("letters.jsonl");
    let wrong =
        [r#"{"id":"one","real":1}"#, r#"{"id":2,"real":"x"}"#, r#"{"id":3,"yes":0}"#, r#"{"id":4,"ID":5}"#]
            .join("\n")
            + "\n";
    let good = "{\"id\":5}\n";
    let ran = store(&["--dead-letter", letters.to_str().expect("UTF-8")])
        .input([&wrong, good].concat())
        .run()
        .with_code(0);
    assert_eq!(std::fs::read_to_string(&letters).expect("letters"), wrong);
    assert!(ran.err.contains("the column `id` holds whole numbers, and \"one\" is a text"), "{}", ran.err);
    assert!(ran.err.contains("4 records were refused"), "{}", ran.err);
    assert_eq!(base.lines("SELECT count(*) FROM t WHERE id IN (2, 3, 4, 5)"), ["1"]);
    let ran = store(&[]).input(&wrong).run().with_code(4);
    assert!(ran.err.contains("--dead-letter"), "{}", ran.err);
    // Of many the first five are shown.
    let many: String = (0..7).map(|n| format!("{{\"id\":\"{n}\"}}\n")).collect();
    let ran = store(&["--dead-letter", letters.to_str().expect("UTF-8")]).input(&many).run().with_code(0);
    assert_eq!(ran.err.matches(": refused: ").count(), 5, "{}", ran.err);
    assert!(ran.err.contains("7 records were refused"), "{}", ran.err);
    assert_eq!(std::fs::read_to_string(&letters).expect("letters"), wrong + &many);
}

#[test]
fn a_table_that_does_not_fit_is_no_guess() {
    let base = Base::new();
    let rest = r#""distinct":9,"rows":1"#;
    let says = |ran: Ran, what: &str| assert!(ran.err.contains(what), "{what}: {}", ran.err);
    says(base.store(&[]).input(row(10, "a", 1, rest)).run().with_code(2), "--create");
    base.rows(row(10, "a", 1, rest)).quietly();
    says(base.store(&["--table", "other"]).input(row(10, "a", 1, rest)).run().with_code(2), "--create");
    let wider = row(10, "a", 1, &format!(r#"{rest},"p95":1.5"#));
    says(base.rows(&wider).with_code(2), "--evolve");
    assert_eq!(base.lines("SELECT count FROM windows"), ["1"]);
    base.store(&["--evolve"]).input(&wider).run().quietly();
    assert_eq!(base.lines("SELECT p95 FROM windows"), ["1.5"]);
    // A null needs no column.
    base.rows(row(10, "a", 1, &format!(r#"{rest},"p99":null"#))).quietly();
    let other = row(10, "a", 1, rest).replace("\"tag\"", "\"lang\"");
    says(base.store(&["--evolve"]).input(other).run().with_code(2), "no column `lang`");
    base.open().execute_batch("CREATE TABLE own (tag TEXT, count INTEGER)").expect("a table");
    let ran =
        base.store(&["--table", "own", "--key-columns", "tag"]).input("{\"tag\":\"a\",\"count\":1}\n").run();
    says(ran.with_code(2), "no unique index on (tag)");
    base.open().execute_batch("CREATE UNIQUE INDEX i ON own (tag)").expect("an index");
    let ran =
        base.store(&["--table", "own", "--key-columns", "tag"]).input("{\"tag\":\"a\",\"count\":1}\n").run();
    ran.quietly();
    let plain = |keys: &str| {
        base.store(&["--table", "plain", "--create", "--key-columns", keys]).input("{\"a\":1}\n").run()
    };
    says(plain("a,b").with_code(2), "no record has the key column `b`");
    plain("a").quietly();
    let ran = base.store(&["--table", "plain", "--key-columns", "a"]).input("{\"a\":null}\n{}\n").run();
    says(ran.with_code(4), "the key column `a` is missing or null");
    says(base.store(&["--create"]).input("{\"a\":1}\n").run().with_code(2), "--key-columns");
    says(tool("jsonl-store").arg("oracle:x").input("{}\n").run().with_code(2), "sqlite:FILE");
    says(tool("jsonl-store").arg("base.db").input("{}\n").run().with_code(2), "sqlite:FILE");
}

#[test]
fn a_record_with_columns_without_end_is_no_table() {
    let names: Vec<String> = (0..20_000).map(|at| format!("\"c{at}\":1")).collect();
    let ran = Base::new()
        .store(&["--create", "--table", "t", "--key-columns", "c0"])
        .input(format!("{{{}}}\n", names.join(",")))
        .run()
        .with_code(2);
    assert!(ran.err.contains("more than 4096 columns"), "{}", ran.err);
}

#[test]
fn another_writer_is_waited_for_but_not_for_ever() {
    let base = Base::new();
    base.rows(row(10, "a", 1, r#""distinct":9,"rows":1"#)).quietly();
    let other = base.open();
    other.execute_batch("BEGIN IMMEDIATE").expect("a lock");
    let more = row(20, "b", 1, r#""distinct":9,"rows":1"#);
    let ran = base.store(&["--retry-max", "1", "--retry-delay", "1ms"]).input(&more).run().with_code(4);
    assert!(
        ran.err.contains("gave up after 2 failures") && ran.err.contains("1 were not stored"),
        "{}",
        ran.err
    );
    let mut run = base.store(&["--retry-delay", "1ms", "--retry-max", "inf"]).start();
    run.send(&more);
    run.close_input();
    assert!(run.said().contains("locked; trying again"));
    other.execute_batch("COMMIT").expect("no lock");
    let (code, said) = run.end();
    assert!(code == 0 && said.contains("it works again"), "{code}: {said}");
    assert_eq!(base.lines("SELECT tag FROM windows ORDER BY 1"), ["a", "b"]);
    // A signal is heeded meanwhile.
    other.execute_batch("BEGIN IMMEDIATE").expect("a lock");
    let mut run = base.store(&["--retry-max", "inf", "--flush-every", "0s"]).start();
    run.send(&more);
    assert!(run.said().contains("locked; trying again"));
    run.signal("TERM");
    let (code, said) = run.end();
    assert!(code == 4 && said.contains("were not stored"), "{code}: {said}");
}

/// What docs/jsonl-store.md states: memory is a batch and what was read meanwhile, and a slow target makes the input wait.
#[test]
fn memory_is_that_of_a_batch_and_a_target_that_is_locked_makes_the_input_wait() {
    let base = Base::new();
    base.rows(row(10, "a", 1, r#""distinct":9,"rows":1"#)).quietly();
    let args =
        ["--table", "texts", "--create", "--key-columns", "id", "--batch", "200", "--retry-delay", "1ms"];
    let mut run = base.store(&args).args(["--retry-max", "inf", "--threads", "1"]).start();
    let mut input = run.take_input();
    let text = "x".repeat(2000);
    let mut feed = move |ids: std::ops::Range<u32>| -> std::io::Result<()> {
        ids.into_iter().try_for_each(|id| writeln!(input, "{{\"id\":{id},\"text\":\"{text}\"}}"))
    };
    feed(0..4_000).expect("it reads");
    let early = run.peak_memory();
    feed(4_000..12_000).expect("it reads");
    let late = run.peak_memory();
    if let (Some(early), Some(late)) = (early, late) {
        assert!(late - early < 8 << 10, "after 8 MB {early} KiB, after 24 MB {late} KiB");
    }
    let other = base.open();
    other.busy_timeout(PATIENCE).expect("a time");
    other.execute_batch("BEGIN IMMEDIATE").expect("a lock");
    let feeder = std::thread::spawn(move || feed(12_000..112_000));
    // Each of these waits half a second for the lock: long enough to read far more than what is fed.
    for _ in 0..4 {
        assert!(run.said().contains("trying again"));
    }
    assert!(!feeder.is_finished(), "200 MB were read while nothing could be stored");
    if let (Some(late), Some(locked)) = (late, run.peak_memory()) {
        assert!(locked - late < 16 << 10, "{late} KiB, locked {locked} KiB");
    }
    run.signal("TERM");
    let (code, said) = run.end();
    assert!(code == 4 && said.contains("were not stored"), "{code}: {said}");
    assert!(feeder.join().expect("no panic").is_err(), "its reader is gone");
}

/// As a conversion from CSV without kinds makes them: all rows of a window would be one.
#[test]
fn rows_whose_keys_cannot_be_read_do_not_replace_each_other() {
    let base = Base::new();
    let rows: String = ["a", "b"]
        .map(|key| row(10, key, 1, r#""distinct":2,"rows":2"#).replace("\"count\":1", "\"count\":\"1\""))
        .concat();
    let ran = base.rows(&rows).with_code(2);
    assert!(ran.err.contains("--key-columns") && ran.err.contains("count"), "{}", ran.err);
    let keys = "window_start,window_end,tag";
    base.store(&["--create", "--key-columns", keys]).input(&rows).run().quietly();
    assert_eq!(base.lines("SELECT tag FROM windows ORDER BY 1"), ["a", "b"]);
}

#[test]
fn old_records_go_by_their_own_times() {
    let base = Base::new();
    let rest = r#""distinct":9,"rows":1"#;
    let day = |day: u32| row(10, "a", day, rest).replace("2018-11-12", &format!("2018-11-{day:02}"));
    base.store(&["--create", "--keep", "2d"]).input((10..=14).map(day).collect::<String>()).run().quietly();
    let query = "SELECT strftime('%d', window_start) FROM windows ORDER BY 1";
    assert_eq!(base.lines(query), ["12", "13", "14"]);
    // One from the future takes the clock for the newest, and all others are older than that.
    let future = row(10, "a", 1, rest).replace("2018-", "2999-");
    base.store(&["--keep", "2d"]).input(future).run().quietly();
    assert_eq!(base.lines(query), ["12"]);
    assert_eq!(base.lines("SELECT window_start FROM windows"), ["2999-11-12T19:00:00Z"]);
    // Records say when they were in a column, in any form of time.
    let table = ["--table", "t", "--key-columns", "id", "--time-column", "at"];
    let line = |id: u32, at: &str| format!("{{\"id\":{id},\"at\":{at}}}\n");
    let lines = [
        line(1, "\"Mon Nov 12 19:00:00 +0000 2018\""),
        line(2, "1542049259.999"),
        line(3, "1542049260000"),
        line(4, "\"2018-11-12T19:02:00.5Z\""),
        line(5, "\"soon\""),
    ];
    let stats = base.folder.path().join("stats");
    let letters = base.folder.path().join("letters");
    let path = |path: &Path| path.to_str().expect("UTF-8").to_owned();
    let (stats, letters) = (path(&stats), path(&letters));
    let options = ["--create", "--keep", "1m", "--dead-letter", &letters, "--stats", &stats, "--batch", "2"];
    base.store(&[&table[..], &options].concat()).input(lines.concat()).run().with_code(0);
    assert_eq!(
        base.lines("SELECT id, at FROM t ORDER BY 1"),
        ["3|2018-11-12T19:01:00Z", "4|2018-11-12T19:02:00.500Z"][..]
    );
    let stats: serde_json::Value =
        serde_json::from_slice(&std::fs::read(stats).expect("figures")).expect("JSON");
    assert_eq!([&stats["stored"], &stats["refused"], &stats["removed"]], [4, 1, 2]);
    let ran = base
        .store(&["--table", "u", "--create", "--key-columns", "id", "--keep", "1d"])
        .input("{\"id\":1}\n")
        .run();
    assert!(ran.with_code(2).err.contains("--time-column"));
}

#[test]
fn a_column_that_has_a_value_by_itself_keeps_it() {
    let base = Base::new();
    base.open()
        .execute_batch("CREATE TABLE t (tag TEXT UNIQUE, n INTEGER, at TEXT NOT NULL DEFAULT 'now', number INTEGER PRIMARY KEY)")
        .expect("a table");
    let store = || base.store(&["--table", "t", "--key-columns", "tag"]);
    store().input("{\"tag\":\"a\",\"n\":1}\n").run().quietly();
    store().input("{\"tag\":\"a\",\"n\":2}\n").run().quietly();
    let late = "{\"tag\":\"c\"}\n{\"tag\":\"b\",\"at\":\"then\"}\n";
    store().args(["--batch", "1"]).input(late).run().quietly();
    assert_eq!(base.lines("SELECT tag, n, at FROM t ORDER BY 1"), ["a|2|now", "b|null|then", "c|null|now"]);
}

#[test]
fn a_full_disk_is_no_success() {
    let base = Base::new();
    let rows: String =
        (0..5000).map(|at| row(10, &format!("tag {at}"), at, r#""distinct":9,"rows":5000"#)).collect();
    std::fs::write(base.folder.path().join("rows"), rows).expect("a file");
    let script = "mkdir disk && mount -t tmpfs -o size=64k tmpfs disk || exit 99; exec \"$1\" --create sqlite:disk/base.db rows";
    let mut command = std::process::Command::new("unshare");
    command.args(["--map-root-user", "--mount", "sh", "-c", script, "sh"]).current_dir(base.folder.path());
    let ran = command.arg(common::programs().join("jsonl-store")).output();
    let Some(ran) = ran.ok().filter(|ran| ran.status.code() == Some(4)) else {
        let why = command.output().map(|ran| String::from_utf8_lossy(&ran.stderr).into_owned());
        assert!(!why.as_ref().is_ok_and(|why| why.contains("jsonl-store")), "{why:?}");
        println!("skipped: a_full_disk_is_no_success: no file system can be mounted here");
        return;
    };
    let said = String::from_utf8(ran.stderr).expect("UTF-8");
    assert!(said.contains("full") && said.contains("were not stored"), "{said}");
}

#[test]
fn a_dry_run_shows_a_script_that_does_the_same() {
    let rows = ranked_rows();
    let (base, scripted) = (Base::new(), Base::new());
    base.rows(&rows).quietly();
    let script = scripted.store(&["--create", "--dry-run"]).input(&rows).run().quietly();
    assert!(!scripted.file().exists());
    scripted.open().execute_batch(script.text()).expect("a script");
    assert_eq!(base.dump(), scripted.dump());
    let line = "{\"id\":1,\"text\":\"it's \\u0000 1\"}\n";
    let script =
        scripted.store(&["--dry-run", "--key-columns", "id", "--table", "t"]).input(line).run().quietly();
    assert!(script.text().contains("('it''s '||char(0)||' 1')"), "{}", script.text());
}

#[test]
fn what_is_passed_on_is_the_input() {
    let (base, rows) = (Base::new(), ranked_rows());
    let ran = base.store(&["--create", "--tee"]).input([&rows[..], b"broken\n"].concat()).run().with_code(0);
    assert_eq!(ran.out, rows);
    // A reader that has enough ends the run, and what was read is stored.
    let base = Base::new();
    let mut run = base.store(&["--create", "--tee", "--flush-every", "1h"]).spawn();
    let (mut input, output) = (run.stdin.take().expect("piped"), run.stdout.take().expect("piped"));
    let first: usize = rows.iter().position(|&byte| byte == b'\n').expect("a line") + 1;
    std::io::Write::write_all(&mut input, &rows[..first]).expect("it reads");
    let mut output = std::io::BufReader::new(output);
    std::io::BufRead::read_until(&mut output, b'\n', &mut Vec::new()).expect("a line");
    drop(output);
    assert_eq!(common::await_end(&mut run), 0);
    assert_eq!(base.lines("SELECT count(*) FROM windows"), ["1"]);
}

#[test]
fn a_row_is_stored_in_time_and_figures_tell_what_became_of_all() {
    let base = Base::new();
    let stats = base.folder.path().join("stats");
    let mut run =
        base.store(&["--create", "--flush-every", "10ms", "--stats", stats.to_str().expect("UTF-8")]).start();
    run.send(row(10, "a", 1, r#""distinct":9,"rows":2"#));
    let until = Instant::now() + PATIENCE;
    let count = |file: &Path| -> i64 {
        let base = Connection::open(file).expect("a database");
        base.query_row("SELECT count(*) FROM windows", [], |row| row.get(0)).unwrap_or(0)
    };
    while count(&base.file()) == 0 {
        assert!(Instant::now() < until, "the row is not stored");
        std::thread::yield_now();
    }
    run.send(row(10, "b", 1, r#""distinct":9,"rows":2"#));
    run.close_input();
    assert_eq!(run.end(), (0, String::new()));
    let stats: serde_json::Value =
        serde_json::from_slice(&std::fs::read(stats).expect("figures")).expect("JSON");
    assert_eq!([&stats["stored"], &stats["stale"], &stats["refused"], &stats["batches"]], [2, 0, 0, 2]);
}
