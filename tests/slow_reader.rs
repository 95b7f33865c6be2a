//! `stream-fetch` with a reader that is slow, and without anything on standard input.

mod common;

use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Command, Stdio};
use std::sync::mpsc::channel;

use common::{programs, serve, shell, tool};

/// More than a pipe holds.
fn lines() -> String {
    (0..60_000).map(|n| format!("{{\"n\":{n},\"text\":\"some more of it\"}}\n")).collect()
}

/// What a reader gets that begins to read when it is called slow, and what is said.
fn read_late(args: &[&str]) -> (String, String) {
    let mut child = tool("stream-fetch").arg("-").args(args).spawn();
    let (mut stdin, mut stdout) = (child.stdin.take().expect("piped"), child.stdout.take().expect("piped"));
    let feeder = std::thread::spawn(move || drop(stdin.write_all(lines().as_bytes())));
    let mut stderr = BufReader::new(child.stderr.take().expect("piped"));
    let (mut out, mut said) = (String::new(), String::new());
    // Nothing was read yet: the word comes while the write waits.
    while !said.contains("the reader of the output is slow") {
        assert!(stderr.read_line(&mut said).expect("UTF-8") > 0, "{said}");
    }
    stdout.read_to_string(&mut out).expect("UTF-8");
    stderr.read_to_string(&mut said).expect("UTF-8");
    feeder.join().expect("no panic");
    assert!(child.wait().expect("it ends").success(), "{said}");
    (out, said)
}

#[test]
fn a_blocked_write_is_said_once_and_nothing_is_lost() {
    let (out, said) = read_late(&[]);
    assert!(out == lines(), "{} bytes", out.len());
    assert_eq!(said.lines().count(), 1, "{said}");
    let (out, _) = read_late(&["--buffer", "1MiB"]);
    assert!(out == lines(), "{} bytes", out.len());
}

#[test]
fn what_is_dropped_is_counted_and_recorded_all_the_same() {
    let folder = tempfile::tempdir().expect("a folder");
    let (stats, record) = (folder.path().join("stats"), folder.path().join("all.jsonl"));
    let (stats, record) = (stats.to_str().expect("UTF-8"), record.to_str().expect("UTF-8"));
    let (out, said) =
        read_late(&["--buffer", "200k", "--on-full", "drop-oldest", "--stats", stats, "--record", record]);
    let figures: serde_json::Value =
        serde_json::from_str(&std::fs::read_to_string(stats).expect("a file")).expect("JSON");
    let dropped = figures["dropped"].as_u64().expect("a count");
    assert!(dropped > 0 && out.lines().count() as u64 + dropped == 60_000, "{dropped} dropped");
    assert!(said.contains(&format!("{dropped} of 60000 lines were dropped")), "{said}");
    assert!(out.lines().all(|line| line.starts_with("{\"n\":") && line.ends_with("of it\"}")), "whole lines");
    assert_eq!(out.lines().last(), lines().lines().last(), "the newest stay");
    assert!(std::fs::read_to_string(record).expect("a file") == lines(), "the recording has all");
    let ran = tool("stream-fetch").args(["-", "--on-full", "block"]).input("").run().with_code(2);
    assert!(ran.err.contains("--buffer"), "{}", ran.err);
}

#[test]
fn a_reader_that_goes_away_ends_a_buffered_run_too() {
    let ran = shell("stream-fetch demo:tweets --buffer 1MiB | head -n 2 | wc -l").quietly();
    assert_eq!(ran.text().trim(), "2");
}

#[test]
fn a_live_source_needs_no_standard_input() {
    for redirect in ["</dev/null", "<&-"] {
        let (go, wait) = channel::<()>();
        let address = serve(move |mut stream| {
            stream.write_all(b"{\"n\":1}\n").expect("connected");
            wait.recv().expect("the test goes on");
            stream.write_all(b"{\"n\":2}\n").expect("connected");
        });
        let mut child = Command::new("sh")
            .args(["-c", &format!("exec {}/stream-fetch tcp://{address} {redirect}", programs().display())])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .expect("a shell");
        let mut stdout = child.stdout.take().expect("piped");
        let mut first = [0; 8];
        stdout.read_exact(&mut first).expect("the first line");
        go.send(()).expect("the server waits");
        let mut rest = String::new();
        stdout.read_to_string(&mut rest).expect("UTF-8");
        assert_eq!((&first[..], rest.as_str()), (&b"{\"n\":1}\n"[..], "{\"n\":2}\n"), "{redirect}");
        assert!(child.wait().expect("it ends").success());
    }
}
