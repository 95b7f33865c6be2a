//! `jsonl-store postgres://…` and `mysql://…`: what is in the database afterwards, read by the server's own program, on servers
//! of Debian that the tests start.
#![cfg(all(feature = "sqlite", any(feature = "postgres", feature = "mysql")))]

mod common;

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use common::database::{Base, Kind, Server};
use common::peer::{authority, have};
use common::{PATIENCE, Ran, demo, ranked_rows, tool};

/// Those of this build.
fn kinds() -> Vec<Kind> {
    let built = [(Kind::Postgres, cfg!(feature = "postgres")), (Kind::Mariadb, cfg!(feature = "mysql"))];
    built.into_iter().filter_map(|(kind, is_built)| is_built.then_some(kind)).collect()
}

fn bases() -> Vec<Base> {
    kinds().into_iter().filter_map(Base::new).collect()
}

/// The rows of windows of a database, as lines that are the same from each.
fn dump(base: &Base, key: &str) -> Vec<String> {
    let time = |column: &str| match base.server.kind {
        Kind::Postgres => format!("to_char({column} AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.MS')"),
        Kind::Mariadb => format!("LEFT(DATE_FORMAT({column}, '%Y-%m-%dT%H:%i:%s.%f'), 23)"),
    };
    let open = match base.server.kind {
        Kind::Postgres => "\"open\"::int",
        Kind::Mariadb => "`open`",
    };
    let (key, start, end) = (base.quote(key), time("window_start"), time("window_end"));
    let mut lines = base.lines(&format!("SELECT {start}, {end}, {key}, count, rev, {open} FROM windows"));
    lines.sort();
    lines
}

/// The same of SQLite, which stores row by row.
fn expected(parts: &[&[u8]], key: &str) -> Vec<String> {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("base.db");
    for part in parts {
        tool("jsonl-store")
            .arg(format!("sqlite:{}", file.display()))
            .args(["--create", "--evolve"])
            .input(part)
            .run()
            .with_code(0);
    }
    let base = rusqlite::Connection::open(file).expect("a database");
    let query = format!(
        "SELECT strftime('%Y-%m-%dT%H:%M:%f', window_start) || '|' || strftime('%Y-%m-%dT%H:%M:%f', window_end) || '|' || \
         coalesce(\"{key}\", 'null') || '|' || count || '|' || rev || '|' || open FROM windows"
    );
    let mut query = base.prepare(&query).expect("a query");
    let lines = query.query_map([], |row| row.get(0)).expect("rows");
    let mut lines: Vec<String> = lines.collect::<Result<_, _>>().expect("rows");
    lines.sort();
    lines
}

fn row(end: u32, key: &str, count: u32, rest: &str) -> String {
    format!(
        r#"{{"window_start":"2018-11-12T19:00:00Z","window_end":"2018-11-12T19:00:{end:02}Z","tag":"{key}","count":{count},{rest}}}"#
    ) + "\n"
}

fn counted(args: &[&str], input: &[u8]) -> Vec<u8> {
    tool("window-count").arg("-q").args(args).input(input).run().with_code(0).out
}

/// Streams of every kind: what they leave is what SQLite has, cut anyhow, and written twice.
#[test]
fn the_same_rows_as_in_sqlite_however_the_stream_is_cut() {
    let tweets = demo("demo:tweets", 1500);
    let line = |t: u32, k: &str| format!("{{\"t\":{t},\"k\":\"{k}\"}}\n");
    let late: String = [(100, "a"), (100, "b"), (130, "a"), (400, "z"), (115, "a"), (115, "b"), (900, "z")]
        .map(|(t, k)| line(t, k))
        .concat();
    let session =
        ["--time", ".t", "--key", ".k", "--session", "20s", "--watermark", "0s", "--allowed-lateness", "1h"];
    let windows = [
        "--time",
        ".t",
        "--key",
        ".k",
        "--window",
        "20s",
        "--watermark",
        "0s",
        "--allowed-lateness",
        "1h",
        "--emit-empty",
    ];
    let all = |emit| ["--key", ".lang", "--window", "all", "--emit", emit, "--trigger", "5s"];
    let complete = ["--key", ".lang", "--window", "10s", "--emit", "complete", "--trigger", "3s"];
    let streams: [(&str, Vec<u8>); 6] = [
        ("lang", ranked_rows()),
        ("k", counted(&session, late.as_bytes())),
        ("k", counted(&windows, late.as_bytes())),
        ("lang", counted(&all("complete"), &tweets)),
        ("lang", counted(&all("update"), &tweets)),
        ("lang", counted(&complete, &tweets)),
    ];
    for kind in kinds() {
        for (number, (key, rows)) in streams.iter().enumerate() {
            let expected = expected(&[rows], key);
            assert!(expected.len() > 3, "{number}");
            for batch in ["5000", "7"] {
                let Some(base) = Base::new(kind) else { return };
                for round in 0..2 {
                    base.store(&["--create", "--batch", batch]).input(rows).run().with_code(0);
                    assert_eq!(
                        dump(&base, key),
                        expected,
                        "{kind:?}, stream {number}, --batch {batch}, round {round}"
                    );
                }
            }
        }
    }
}

#[test]
fn a_whole_emission_replaces_its_window_and_an_older_one_does_not() {
    let rest = |rev: u32, rows: u32| format!(r#""distinct":9,"rows":{rows},"rev":{rev}"#);
    let first =
        [row(10, "a", 3, &rest(0, 2)), row(10, "b", 1, &rest(0, 2)), row(20, "b", 7, &rest(0, 1))].concat();
    let second = [row(10, "c", 5, &rest(1, 2)), row(10, "a", 4, &rest(1, 2))].concat();
    let large: String = (0..9).map(|at| row(10, &format!("k{at}"), at, &rest(2, 9))).collect();
    let change = |count: u32, rev: u32| {
        row(20, "b", count, &format!("\"distinct\":2,\"rows\":1,\"rev\":{rev},\"update\":true"))
    };
    for base in bases() {
        let mut parts: Vec<&[u8]> = Vec::new();
        let changes = [change(9, 2), change(8, 1), change(7, 0), change(6, 2)].concat();
        for (part, stale) in [(&first, 0), (&second, 0), (&first, 2), (&large, 0), (&changes, 2)] {
            let ran = base
                .store(&["--create", "--batch", "4", "--stats", "/dev/stderr"])
                .input(part)
                .run()
                .with_code(0);
            assert!(ran.err.contains(&format!("\"stale\":{stale},")), "{:?}: {}", base.server.kind, ran.err);
            parts.push(part.as_bytes());
            assert_eq!(dump(&base, "tag"), expected(&parts, "tag"), "{:?}", base.server.kind);
        }
    }
}

#[test]
fn what_is_killed_in_the_middle_is_made_good_by_the_next_run() {
    let rows = ranked_rows();
    let expected = expected(&[&rows], "lang");
    for base in bases() {
        let mut run = base.store(&["--create", "--batch", "20", "--flush-every", "1h"]).start();
        run.send(&rows[..rows.len() / 2]);
        let count = || {
            base.server
                .query_in(Some(&base.name), "SELECT count(*) FROM windows")
                .map(|count| count.trim().to_owned())
        };
        let until = Instant::now() + PATIENCE;
        while count().is_err() || count() == Ok("0".into()) {
            assert!(Instant::now() < until, "nothing is stored");
        }
        run.signal("KILL");
        assert_eq!(run.end().0, 128 + 9);
        base.store(&["--create"]).input(&rows).run().with_code(0);
        assert_eq!(dump(&base, "lang"), expected, "{:?}", base.server.kind);
    }
}

#[test]
fn a_server_that_is_away_is_waited_for_and_loses_nothing() {
    let rows = ranked_rows();
    let expected = expected(&[&rows], "lang");
    for kind in kinds() {
        let Some(server) = Server::new(kind) else { return };
        let base = Base::on(Arc::new(server));
        base.server.stop();
        assert!(!base.server.answers());
        let ran = base.store(&["--create", "--retry-max", "1"]).input(&rows).run().with_code(4);
        assert!(
            ran.err.contains("gave up after 2 failures") && ran.err.contains("were not stored"),
            "{}",
            ran.err
        );
        // It is not there when the run begins, and goes away in its middle.
        let mut run =
            base.store(&["--create", "--retry-max", "inf", "--batch", "10", "--flush-every", "10ms"]).start();
        let half = rows.len() / 2;
        run.send(&rows[..half]);
        assert!(run.said().contains("trying again"), "{kind:?}");
        base.server.start();
        while !run.said().contains("it works again") {}
        base.server.stop();
        run.send(&rows[half..]);
        assert!(run.said().contains("trying again"), "{kind:?}");
        base.server.start();
        run.close_input();
        let (code, said) = run.end();
        assert_eq!(code, 0, "{said}");
        assert_eq!(dump(&base, "lang"), expected, "{kind:?}");
    }
}

#[test]
fn over_tls_a_server_is_believed_for_whom_its_authority_vouches() {
    if !have(&["openssl"]) {
        return;
    }
    let rows = ranked_rows();
    let stranger = tempfile::tempdir().expect("a folder");
    authority(stranger.path());
    for kind in kinds() {
        let Some(server) = Server::new(kind) else { return };
        let base = Base::on(Arc::new(server.secured()));
        let store = |query: &str, ca: Option<&Path>| {
            let ca = ca.map(|folder| folder.join("ca.pem").display().to_string());
            let args = ca.iter().flat_map(|file| ["--ca-file", file]);
            let tool = tool("jsonl-store").arg(format!("{}{query}", base.address())).args(args);
            tool.args(["--create", "--retry-max", "0"]).input(&rows).run()
        };
        store("?sslmode=disable", None).with_code(4);
        // Whoever it is; but there was no certificate of an authority that everybody believes.
        let refused = store("?sslmode=verify-full", None).with_code(4);
        assert!(refused.err.contains("certificate"), "{kind:?}: {}", refused.err);
        let refused = store("", Some(stranger.path())).with_code(4);
        assert!(refused.err.contains("certificate"), "{kind:?}: {}", refused.err);
        assert_eq!(base.lines(&tables(kind)), ["0"], "{kind:?}: nothing was said to a stranger");
        store("", Some(base.server.folder())).with_code(0);
        assert_eq!(dump(&base, "lang"), expected(&[&rows], "lang"), "{kind:?}");
        store("?sslmode=require", None).with_code(0);
        store("", None).with_code(0);
    }
}

/// Asks how many tables there are.
fn tables(kind: Kind) -> String {
    let schema = match kind {
        Kind::Postgres => "'public'",
        Kind::Mariadb => "DATABASE()",
    };
    format!("SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = {schema}")
}

#[test]
fn of_a_batch_with_wrong_rows_the_others_are_stored() {
    let folder = tempfile::tempdir().expect("a folder");
    let letters = folder.path().join("letters");
    let lines: Vec<String> = (0..500).map(|id| format!("{{\"id\":{id},\"n\":{}}}\n", id % 100)).collect();
    for base in bases() {
        drop(fs::remove_file(&letters));
        base.lines("CREATE TABLE t (id INTEGER NOT NULL, n INTEGER, CHECK (n <> 7), UNIQUE (id))");
        let args = ["--table", "t", "--key-columns", "id"];
        let ran = base.store(&args).input(lines.concat()).run().with_code(4);
        assert!(ran.err.contains("refuses a record") && ran.err.contains("\"n\":7"), "{}", ran.err);
        let keep = [&args[..], &["--dead-letter", letters.to_str().expect("UTF-8")]].concat();
        // Too large for the column, and of another kind.
        let wrong = "{\"id\":1000,\"n\":3000000000}\n{\"id\":1001,\"n\":\"x\"}\n";
        let ran = base.store(&keep).input(lines.concat() + wrong).run().with_code(0);
        assert!(ran.err.contains("7 records were refused"), "{}", ran.err);
        let refused: String =
            lines.iter().filter(|line| line.contains("\"n\":7}")).cloned().collect::<String>() + wrong;
        assert_eq!(fs::read_to_string(&letters).expect("letters"), refused, "{:?}", base.server.kind);
        assert_eq!(base.lines("SELECT count(*), sum(n) FROM t"), [format!("495|{}", 5 * (4950 - 7))]);
    }
}

const HOSTILE: [&str; 9] = [
    "'; DROP TABLE windows; --",
    "\"quoted\" `and` [more]",
    "\u{202e}right to left\u{200f}",
    "é 日本 e\u{301}",
    "?1 :name $1 %s \\ \\' \\\" \\0",
    "line\nline\r\ttab\u{1a}",
    "x,y=\"z\" 1i",
    "trailing ",
    "trailing",
];
const EMOJI: &str = "😀👩‍👩‍👧";

#[test]
fn hostile_names_and_texts_come_back_as_they_went_in() {
    let texts: Vec<&str> = HOSTILE.iter().copied().chain([EMOJI, "", "a", "A", "á", "ﬁ", "fi"]).collect();
    for base in bases() {
        let is_postgres = base.server.kind == Kind::Postgres;
        // The names of the other server have no characters beyond the first plane, and no blank at their end.
        let names: Vec<&str> = HOSTILE
            .iter()
            .copied()
            .filter(|name| is_postgres || !name.ends_with(' '))
            .chain(is_postgres.then_some(EMOJI))
            .collect();
        let mut lines = String::new();
        for (id, text) in texts.iter().enumerate() {
            let mut record = serde_json::json!({ "id": id, "text": text, "nested": [text, {"x": text}] });
            for name in &names {
                record[*name] = (*text).into();
            }
            lines += &format!("{record}\n");
        }
        let table = "we\"ird`; DROP TABLE windows;--\u{202e}";
        let args = ["--create", "--key-columns", "text,id", "--table", table];
        for _ in 0..2 {
            base.store(&args).input(&lines).run().quietly();
        }
        let hex = |column: &str| match base.server.kind {
            Kind::Postgres => format!("encode(convert_to({column}, 'UTF8'), 'hex')"),
            Kind::Mariadb => format!("LOWER(HEX({column}))"),
        };
        for name in &names {
            let query = format!(
                "SELECT {}, {} FROM {} ORDER BY id",
                hex("text"),
                hex(&base.quote(name)),
                base.quote(table)
            );
            let expected: Vec<String> = texts
                .iter()
                .map(|text| text.bytes().map(|byte| format!("{byte:02x}")).collect::<String>())
                .map(|hex| format!("{hex}|{hex}"))
                .collect();
            assert_eq!(base.lines(&query), expected, "{:?} {name}", base.server.kind);
        }
        let nested = match base.server.kind {
            Kind::Postgres => "count(*) FILTER (WHERE nested ->> 0 = text AND nested #>> '{1,x}' = text)",
            Kind::Mariadb => "SUM(JSON_VALUE(nested, '$[0]') = text AND JSON_VALUE(nested, '$[1].x') = text)",
        };
        assert_eq!(
            base.lines(&format!("SELECT {nested} FROM {}", base.quote(table))),
            [texts.len().to_string()]
        );
        // Keys are told apart by their bytes, also alone.
        let keys: String =
            texts.iter().map(|text| serde_json::json!({ "k": text }).to_string() + "\n").collect();
        base.store(&["--create", "--key-columns", "k", "--table", "keys"]).input(&keys).run().quietly();
        base.store(&["--create", "--key-columns", "k", "--table", "keys"]).input(&keys).run().quietly();
        let table = base.quote("keys");
        assert_eq!(base.lines(&format!("SELECT count(*) FROM {table}")), [texts.len().to_string()]);
    }
}

#[test]
fn a_nul_comes_back_or_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let lines = "{\"id\":1,\"text\":\"a\\u0000b\",\"list\":[]}\n{\"id\":2,\"text\":\"\\\\u0000\",\"list\":[\"\\\\u0000\"]}\n{\"id\":3,\"text\":\"x\",\"list\":[\"\\u0000\"]}\n";
    for base in bases() {
        let letters = folder.path().join(format!("{:?}", base.server.kind));
        let args = [
            "--create",
            "--key-columns",
            "id",
            "--table",
            "t",
            "--dead-letter",
            letters.to_str().expect("UTF-8"),
        ];
        let ran = base.store(&args).input(lines).run().with_code(0);
        match base.server.kind {
            Kind::Postgres => {
                assert_eq!(base.lines("SELECT id, text, list FROM t"), [r#"2|\u0000|["\\u0000"]"#]);
                assert!(
                    ran.err.contains("no text in PostgreSQL has one") && ran.err.contains("no JSON in"),
                    "{}",
                    ran.err
                );
                assert_eq!(fs::read_to_string(letters).expect("letters").lines().count(), 2);
            }
            Kind::Mariadb => {
                let query = "SELECT id, HEX(text), HEX(JSON_VALUE(list, '$[0]')) FROM t ORDER BY id";
                assert_eq!(base.lines(query), ["1|610062|null", "2|5C7530303030|5C7530303030", "3|78|00"]);
            }
        }
    }
}

#[test]
fn values_keep_their_kinds_and_digits_and_a_table_that_does_not_fit_is_no_guess() {
    let lines = r#"{"id":1,"real":1,"nested":{"b": [1, "x"]},"yes":true,"mixed":"1","large":18446744073709551616,"nothing":null,"at":"Mon Nov 12 19:00:00 +0000 2018"}
{"id":9007199254740993,"real":0.1,"nested":[],"yes":false,"mixed":1,"large":1,"nothing":null,"at":1542049260123}
{"id":-9223372036854775808,"real":1e300}
"#;
    for base in bases() {
        let args = ["--create", "--table", "t", "--key-columns", "id", "--time-column", "at"];
        base.store(&args).input(lines).run().quietly();
        let (at, yes) = match base.server.kind {
            Kind::Postgres => ("to_char(at AT TIME ZONE 'UTC', 'HH24:MI:SS.MS')", "yes::int"),
            Kind::Mariadb => ("LEFT(DATE_FORMAT(at, '%H:%i:%s.%f'), 12)", "yes"),
        };
        let query = format!("SELECT id, real_ = 0.1, nested, {yes}, mixed, large, {at} FROM t ORDER BY id")
            .replace("real_", &base.quote("real"));
        let (no, nested, truth) = match base.server.kind {
            Kind::Postgres => ("f", r#"{"b": [1, "x"]}"#, "t"),
            Kind::Mariadb => ("0", r#"{"b": [1, "x"]}"#, "1"),
        };
        let expected = [
            format!("-9223372036854775808|{no}|null|null|null|null|null"),
            format!("1|{no}|{nested}|1|\"1\"|18446744073709551616|19:00:00.000"),
            format!("9007199254740993|{truth}|[]|0|1|1|19:01:00.123"),
        ];
        assert_eq!(base.lines(&query), expected, "{:?}", base.server.kind);
        // The table is found again as it was made.
        base.store(&args).input(lines).run().quietly();
        assert_eq!(base.lines(&query), expected, "{:?}", base.server.kind);
        base.store(&args[1..]).input("{\"id\":1,\"real\":2}\n").run().quietly();
        assert_eq!(base.lines(&format!("SELECT {at}, large FROM t WHERE id = 1")), ["null|null"]);
        let says = |ran: Ran, what: &str| assert!(ran.err.contains(what), "{what}: {}", ran.err);
        let wider = "{\"id\":5,\"more\":1.5}\n";
        says(base.store(&args[1..]).input(wider).run().with_code(2), "--evolve");
        base.store(&args).arg("--evolve").input(wider).run().quietly();
        assert_eq!(base.lines("SELECT more FROM t WHERE id = 5"), ["1.5"]);
        says(
            base.store(&["--table", "none", "--key-columns", "id"]).input(wider).run().with_code(2),
            "--create",
        );
        says(
            base.store(&["--table", "t", "--key-columns", "more"]).input(wider).run().with_code(2),
            "no unique index on (more)",
        );
        says(
            base.store(&["--table", &"t".repeat(70), "--create", "--key-columns", "id"])
                .input(wider)
                .run()
                .with_code(2),
            "at most 6",
        );
        let keep = ["--table", "t", "--key-columns", "id", "--time-column", "at", "--keep", "10s"];
        base.store(&keep).input("{\"id\":6,\"at\":\"2018-11-12T19:01:10.124Z\"}\n").run().quietly();
        assert_eq!(base.lines("SELECT count(*) FROM t WHERE at IS NOT NULL"), ["1"]);
    }
}

#[test]
fn another_writer_is_waited_for_and_two_at_once_do_no_harm() {
    let rows = ranked_rows();
    let expected = expected(&[&rows], "lang");
    for base in bases() {
        base.store(&["--create"])
            .input(&rows[..=rows.iter().position(|&byte| byte == b'\n').expect("a line")])
            .run()
            .quietly();
        let start = || {
            let mut run = base.store(&["--batch", "7", "--retry-max", "inf"]).start();
            run.send(&rows);
            run.close_input();
            run
        };
        for run in [start(), start(), start()] {
            let (code, said) = run.end();
            assert_eq!(code, 0, "{:?}: {said}", base.server.kind);
        }
        assert_eq!(dump(&base, "lang"), expected, "{:?}", base.server.kind);
    }
}

#[test]
fn a_dry_run_shows_a_script_that_does_the_same() {
    let rows = ranked_rows();
    let expected = expected(&[&rows], "lang");
    for base in bases() {
        for _ in 0..2 {
            let script = base.store(&["--create", "--dry-run"]).input(&rows).run().quietly();
            let script = script
                .text()
                .replace("CREATE TABLE", "CREATE TABLE IF NOT EXISTS")
                .replace("CREATE UNIQUE INDEX ON", "CREATE UNIQUE INDEX IF NOT EXISTS windows_key ON");
            base.lines(&script);
            assert_eq!(dump(&base, "lang"), expected, "{:?}", base.server.kind);
        }
    }
}
