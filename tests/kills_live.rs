//! Fetches of a live source that are killed at random instants and started again, as a supervisor does. With `--cursor` and
//! `-o` the file is what it would be without the kills; what was appended to a file from standard output has every record
//! once at least.
//!
//! `KILLS=1000 cargo test --release --test kills_live` (scripts/kill-harness) kills that many.

mod common;

use std::fs::{self, OpenOptions};
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::Child;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use common::kept::{Chance, kill_after, kills};
use common::tool;

/// Records of the source; it takes about three seconds to send them.
const LAST: u64 = 12_000;
/// Jobs at a time: they wait for the source most of the time.
const JOBS: u64 = 6;

fn line(n: u64) -> String {
    format!("{{\"n\":{n},\"text\":\"record {n}\"}}\n")
}

/// A source that sends each record from the one behind `?since=` on, and begins with the first for who does not ask. The address.
fn source() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("bound").to_string();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let stream = stream.expect("a connection");
            std::thread::spawn(move || send(stream));
        }
    });
    address
}

/// Until all is sent, or the client is gone.
fn send(mut stream: TcpStream) -> Option<()> {
    let mut head = String::new();
    let mut reader = BufReader::new(stream.try_clone().ok()?);
    while !head.ends_with("\r\n\r\n") {
        if reader.read_line(&mut head).ok()? == 0 {
            return None;
        }
    }
    let asked = head.lines().next()?.split("since=").nth(1);
    let since = asked.map_or(0, |rest| {
        let digits = rest.split(|c: char| !c.is_ascii_digit()).next().unwrap_or_default();
        digits.parse().expect("a number")
    });
    stream
        .write_all(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n")
        .ok()?;
    let mut next = since + 1;
    while next <= LAST {
        let lines: String = (next..=LAST).take(20).map(line).collect();
        next += 20;
        stream.write_all(format!("{:x}\r\n{lines}\r\n", lines.len()).as_bytes()).ok()?;
        // The pace of the source.
        std::thread::sleep(Duration::from_millis(5));
    }
    stream.write_all(b"0\r\n\r\n").ok()
}

fn start(folder: &Path, address: &str, to_file: bool) -> Child {
    let call = tool("stream-fetch")
        .args(["-q", "--id", ".n", "--since-param", "since", "--since-field", ".n", "--since-overlap", "50"])
        .arg("--cursor")
        .arg(folder.join("cursor"))
        .arg(format!("http://{address}/records"));
    let call = if to_file {
        call.arg("-o").arg(folder.join("out"))
    } else {
        let out = OpenOptions::new().append(true).create(true).open(folder.join("out"));
        call.stdout_to(out.expect("a file"))
    };
    let mut child = call.spawn();
    drop(child.stdin.take());
    child
}

/// Fetches all, with kills on the way; how many there were.
fn fetch_all(chance: &mut Chance, to_file: bool) -> u64 {
    let folder = tempfile::tempdir().expect("a folder");
    let address = source();
    let mut killed = 0;
    loop {
        let mut child = start(folder.path(), &address, to_file);
        if kill_after(&mut child, Duration::from_millis(chance.below(1800))) {
            break;
        }
        killed += 1;
    }
    let expected: Vec<String> = (1..=LAST).map(line).collect();
    let out = fs::read_to_string(folder.path().join("out")).expect("it was written");
    if to_file {
        assert!(out == expected.concat(), "exactly once: {} lines of {LAST}", out.lines().count());
        return killed;
    }
    // A kill may tear the last line that was written, which is nobody's then; it comes again.
    let mut next = 1;
    for n in out.lines().filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok()) {
        let n = n["n"].as_u64().expect("a number");
        assert!(n <= next, "{n} came, but not {next}");
        next = next.max(n + 1);
    }
    assert_eq!(next, LAST + 1, "all came");
    killed
}

#[test]
fn killed_fetches_of_a_live_source_lose_nothing() {
    let killed = AtomicU64::new(0);
    std::thread::scope(|scope| {
        for job in 0..JOBS {
            let killed = &killed;
            scope.spawn(move || {
                let mut chance = Chance(71 + job);
                while killed.load(Ordering::SeqCst) < kills(6) {
                    killed.fetch_add(fetch_all(&mut chance, job % 2 == 0), Ordering::SeqCst);
                }
            });
        }
    });
    assert!(killed.into_inner() >= kills(6));
}
