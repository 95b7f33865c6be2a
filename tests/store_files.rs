//! `jsonl-store file:…` and `s3://…`: files and objects by date, read by others' means.

mod common;

use std::fs;
use std::path::Path;
use std::process::Command;

use common::peer::{Peer, have, s3s_fs};
use common::{Ran, Tool, json_lines, ranked_rows, shell, tool};

fn store(folder: &Path, target: &str, args: &[&str]) -> Tool {
    tool("jsonl-store").dir(folder).arg(target).args(args)
}

/// The lines of all files of a kind below a folder, in the order of their names, as `zcat` and `zstdcat` unpack them.
fn lines(folder: &Path, command: &str) -> String {
    let script = format!("cd {} && find . -type f | LC_ALL=C sort | xargs {command}", folder.display());
    shell(&script).quietly().text().to_owned()
}

#[test]
fn each_record_is_in_the_file_of_its_time_once() {
    let rows = ranked_rows();
    for (ending, command) in [("jsonl", "cat"), ("jsonl.gz", "zcat"), ("jsonl.zst", "zstdcat")] {
        let folder = tempfile::tempdir().expect("a folder");
        let target = format!("file:raw/%Y/%m/%d/%H%M.{ending}");
        store(folder.path(), &target, &[]).input(&rows).run().quietly();
        let once = lines(folder.path(), command);
        // The remainder of each window keeps its place behind the others.
        assert_eq!(once, String::from_utf8_lossy(&rows), "{ending}");
        for batch in ["7", "1000,2k"] {
            store(folder.path(), &target, &["--batch", batch]).input(&rows).run().quietly();
            assert_eq!(lines(folder.path(), command), once, "{ending} {batch}");
        }
        let minutes = fs::read_dir(folder.path().join("raw/2018/11/12")).expect("a folder").count();
        assert!(minutes > 1, "{ending}");
    }
}

#[test]
fn slices_of_a_stream_add_up_and_a_window_that_comes_again_replaces_the_older() {
    let (folder, rows) = (tempfile::tempdir().expect("a folder"), ranked_rows());
    let text = String::from_utf8(rows).expect("UTF-8");
    let half = text.lines().count() / 2;
    let slices = text.lines().map(|line| format!("{line}\n")).collect::<Vec<_>>();
    for slice in [&slices[..half], &slices[half / 2..], &slices[..3]] {
        store(folder.path(), "file:%H.jsonl", &[]).input(slice.concat()).run().with_code(0);
    }
    let mut stored: Vec<String> = lines(folder.path(), "cat").lines().map(str::to_owned).collect();
    let mut expected: Vec<&str> = text.lines().collect();
    stored.sort();
    expected.sort_unstable();
    assert_eq!(stored, expected);
    let row = |tag: &str, rev: u32| {
        format!(
            "{{\"window_start\":\"2018-11-12T00:00:00Z\",\"window_end\":\"2018-11-12T00:01:00Z\",\"tag\":\"{tag}\",\"count\":1,\"distinct\":9,\"rows\":1,\"rev\":{rev}}}\n"
        )
    };
    for form in ["a.jsonl", "a.csv.gz"] {
        let target = format!("file:{form}");
        store(folder.path(), &target, &[]).input(row("old", 0)).run().quietly();
        store(folder.path(), &target, &[]).input(row("new", 1)).run().quietly();
        let ran = store(folder.path(), &target, &[]).input(row("old", 0)).run().with_code(0);
        assert!(ran.err.contains("passed over 1 rows"), "{form}: {}", ran.err);
        let stored = shell(&format!("zcat -f {}/{form}", folder.path().display())).quietly();
        assert!(stored.text().contains("new") && !stored.text().contains("old"), "{form}: {}", stored.text());
    }
}

const HOSTILE: [&str; 8] =
    ["=1+1", "a,\"b\"\nc", "\u{202e}right\u{200f}", "😀 e\u{301}", "-5", "", "'quoted'", "a\0b"];

#[test]
fn csv_is_read_by_others_as_it_was_meant_and_keeps_its_rows_apart() {
    let folder = tempfile::tempdir().expect("a folder");
    let records: String = HOSTILE
        .iter()
        .enumerate()
        .map(|(at, text)| {
            serde_json::json!({"=key": text, "at": 1_542_000_000 + at, "n": at}).to_string() + "\n"
        })
        .collect();
    let args = ["--key-columns", "=key", "--time-column", "at"];
    store(folder.path(), "file:%Y.csv", &args).input(&records).run().quietly();
    let once = fs::read(folder.path().join("2018.csv")).expect("a file");
    store(folder.path(), "file:%Y.csv", &args).input(&records).run().quietly();
    assert_eq!(fs::read(folder.path().join("2018.csv")).expect("a file"), once);
    let more = "{\"=key\":\"-5\",\"at\":1542000000,\"new\":[1,2]}\n{\"=key\":\"x\",\"at\":\"soon\"}\n{\"=key\":\"y\"}\n";
    let args = [&args[..], &["--dead-letter", "letters"]].concat();
    let ran = store(folder.path(), "file:%Y.csv", &args).input(more).run().with_code(0);
    assert!(
        ran.err.contains("\"soon\", and that is no time") && ran.err.contains("no column `at`"),
        "{}",
        ran.err
    );
    let mut reader = csv::Reader::from_path(folder.path().join("2018.csv")).expect("a file");
    assert_eq!(reader.headers().expect("a header"), vec!["'=key", "at", "n", "new"]);
    let rows: Vec<Vec<String>> =
        reader.records().map(|row| row.expect("a row").iter().map(str::to_owned).collect()).collect();
    let keys: Vec<&str> = rows.iter().map(|row| row[0].as_str()).collect();
    assert_eq!(keys, ["'=1+1", HOSTILE[1], HOSTILE[2], HOSTILE[3], "-5", "", "'quoted'", HOSTILE[7]]);
    assert_eq!(rows[4], ["-5", "1542000000", "", "[1,2]"]);
    assert_eq!(rows[3], [HOSTILE[3], "1542000003", "3", ""]);
}

#[test]
fn what_cannot_be_is_said_and_nothing_is_spoilt() {
    let folder = tempfile::tempdir().expect("a folder");
    let says = |ran: Ran, what: &str| assert!(ran.err.contains(what), "{what}: {}", ran.err);
    let line = "{\"id\":1,\"at\":5}\n";
    let call = |target: &str| {
        store(folder.path(), target, &["--key-columns", "id", "--time-column", "at"]).input(line).run()
    };
    says(call("file:%Y.txt").with_code(2), ".jsonl or .csv");
    says(call("file:%Y/").with_code(2), "name");
    says(call("s3://bucket").with_code(2), "s3://BUCKET/KEY");
    says(call("flie:%Y.jsonl").with_code(2), "; did you mean file?");
    fs::write(folder.path().join("1970.jsonl"), "no JSON\n").expect("a file");
    says(call("file:%Y.jsonl").with_code(4), "1970.jsonl: line 1 is no record");
    assert_eq!(fs::read(folder.path().join("1970.jsonl")).expect("a file"), b"no JSON\n");
    fs::write(folder.path().join("folder"), "").expect("a file");
    says(call("file:folder/%Y.jsonl").with_code(4), "cannot ");
    let ran = store(folder.path(), "file:x.jsonl", &["--key-columns", "id"]).input(line).run().with_code(4);
    says(ran, "--time-column");
    let dry = store(
        folder.path(),
        "file:dry/%Y.jsonl",
        &["--dry-run", "--key-columns", "id", "--time-column", "at"],
    );
    assert_eq!(dry.input(line).run().quietly().text(), "dry/1970.jsonl: 1 records, 16 bytes\n");
    assert!(!folder.path().join("dry").exists());
}

fn s3(folder: &Path) -> Option<Peer> {
    fs::create_dir_all(folder.join("trends")).expect("a folder");
    (cfg!(feature = "s3") && have(&["s3s-fs"])).then(|| Peer::start(|port| s3s_fs(folder, port)))
}

fn upload(peer: &Peer, target: &str, secret: &str, args: &[&str]) -> Tool {
    let endpoint = format!("http://127.0.0.1:{}", peer.port);
    tool("jsonl-store")
        .args([target, "--endpoint", &endpoint])
        .args(args)
        .env("AWS_ACCESS_KEY_ID", "AK")
        .env("AWS_SECRET_ACCESS_KEY", secret)
}

#[test]
fn objects_are_replaced_as_a_whole_and_each_record_is_in_them_once() {
    let (folder, rows) = (tempfile::tempdir().expect("a folder"), ranked_rows());
    let Some(peer) = s3(folder.path()) else { return };
    let target = "s3://trends/by date/%Y/%m/%d/%H%M.jsonl.gz";
    for _ in 0..2 {
        upload(&peer, target, "SK", &[]).input(&rows).run().quietly();
        let list = "find trends -name '*.gz' | LC_ALL=C sort | tr '\\n' '\\0' | xargs -0 zcat";
        let stored =
            Command::new("sh").args(["-c", list]).current_dir(folder.path()).output().expect("a shell");
        assert_eq!(String::from_utf8_lossy(&stored.stdout), String::from_utf8_lossy(&rows));
    }
    let refused = upload(&peer, target, "wrong", &["--retry-max", "0"]).input(&rows).run().with_code(4);
    assert!(refused.err.contains("check AWS_ACCESS_KEY_ID"), "{}", refused.err);
    assert!(!refused.err.contains("wrong"), "{}", refused.err);
    let rows = json_lines(std::str::from_utf8(&rows).expect("UTF-8")).len();
    assert!(rows > 100);
}

#[test]
fn a_store_that_is_away_for_a_while_gets_all_when_it_is_back() {
    let (folder, rows) = (tempfile::tempdir().expect("a folder"), ranked_rows());
    let Some(peer) = s3(folder.path()) else { return };
    let port = peer.port;
    let call = upload(&peer, "s3://trends/%H.jsonl", "SK", &["--retry-delay", "10ms", "--retry-max", "inf"]);
    drop(peer);
    let mut run = call.start();
    run.send(&rows);
    run.close_input();
    let said = run.said();
    assert!(said.contains("trying again"), "{said}");
    let back = Peer::start_at(Some(port), |port| s3s_fs(folder.path(), port));
    let (code, said) = run.end();
    assert!(code == 0 && said.contains("it works again"), "{code}: {said}");
    drop(back);
    assert_eq!(lines(&folder.path().join("trends"), "cat"), String::from_utf8_lossy(&rows));
}

#[test]
fn old_files_go_by_the_dates_in_their_names() {
    let folder = tempfile::tempdir().expect("a folder");
    let line = |day: u32| format!("{{\"id\":{day},\"at\":\"2018-11-{day}T12:00:00Z\"}}\n");
    fs::create_dir_all(folder.path().join("raw/2018/11")).expect("a folder");
    fs::write(folder.path().join("raw/2018/11/notes.jsonl"), "mine").expect("a file");
    let options = ["--key-columns", "id", "--time-column", "at", "--keep", "2d"];
    let target = "file:raw/%Y/%m/%d.jsonl";
    let files = || shell(&format!("ls {}/raw/2018/11", folder.path().display())).text().replace('\n', " ");
    for days in [10..=12, 13..=14] {
        store(folder.path(), target, &options).input(days.map(line).collect::<String>()).run().quietly();
    }
    // What is needed of the twelfth is in its second half.
    assert_eq!(files(), "12.jsonl 13.jsonl 14.jsonl notes.jsonl ");
    let dry = store(folder.path(), target, &[&options[..], &["--dry-run"]].concat())
        .input(line(15))
        .run()
        .quietly();
    assert_eq!(dry.text(), "raw/2018/11/15.jsonl: 1 records, 38 bytes\nraw/2018/11/12.jsonl: removed\n");
    assert_eq!(files(), "12.jsonl 13.jsonl 14.jsonl notes.jsonl ");
    let says = |target: &str, what: &str| {
        let ran = store(folder.path(), target, &options).input(line(15)).run().with_code(2);
        assert!(ran.err.contains(what), "{target}: {}", ran.err);
    };
    says("file:%H.jsonl", "begin with the year");
    says("s3://bucket/%Y-%m-%d.jsonl", "lifecycle");
    says("influx+http://127.0.0.1:1/db", "retention policy");
}
