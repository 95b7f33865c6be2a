//! What can go wrong with a pipeline of marks, one thing at a time: what is said, which status there is, and that the next run goes on.
#![cfg(feature = "sqlite")]

mod common;

use std::fs;
use std::io::Write;
use std::net::TcpListener;
use std::path::Path;
use std::time::Duration;

use common::feed::{Feed, Manners};
use common::pipe::{Ended, Pipe, tail};
use common::{programs, tool};

/// A source whose records come at once.
const FAST: Manners = Manners { heap: 500, pause: Duration::ZERO, goes_back: 0, breaks: 0 };
/// One that takes a minute.
const SLOW: Manners = Manners { heap: 10, pause: Duration::from_millis(100), ..FAST };

fn records(count: u64) -> Vec<String> {
    (1..=count)
        .map(|n| format!("{{\"n\":{n},\"t\":{},\"k\":\"key {}\"}}", 1_500_000_000 + n, n % 7))
        .collect()
}

fn words(text: &str) -> Vec<String> {
    text.split_whitespace().map(str::to_owned).collect()
}

fn events(feed: &Feed) -> String {
    format!(
        "stream-fetch --sse --retry-delay 1ms --retry-max 3 --id .n http://{}/events --mark-every 5ms",
        feed.address
    )
}

/// A pipeline whose folder and output lie here.
fn pipe(folder: &Path, source: &str, count: &str) -> Pipe {
    let out = folder.join("out").display().to_string();
    let stages = [
        source,
        "jsonl-filter .n",
        &format!("window-count --time .t --key .k {count}"),
        &format!("topn 3 -o {out}"),
    ];
    let stages: Vec<Vec<String>> = stages.iter().map(|stage| words(stage)).collect();
    let shared = ["-q".into(), "--checkpoint".into(), folder.join("marks").display().to_string()];
    Pipe::new(&folder.join("log"), &stages, &shared)
}

const COUNT: &str = "--window 1m";

fn out(folder: &Path) -> String {
    fs::read_to_string(folder.join("out")).unwrap_or_default()
}

fn expected(count: u64) -> String {
    let lines: String = records(count).iter().map(|line| format!("{line}\n")).collect();
    let counted = tool("window-count").args(words("-q --time .t --key .k --window 1m")).input(lines).run();
    tool("topn").arg("3").input(counted.out).run().text().to_owned()
}

#[track_caller]
fn done(pipe: &Pipe) {
    let ended = pipe.run();
    assert!(ended.is_done(), "{ended:?}: {}", tail(&pipe.log));
}

/// Lets a pipeline flow until it has committed something.
fn until_committed(pipe: &Pipe, folder: &Path) -> common::pipe::Flowing {
    let mut flowing = pipe.start();
    let begun = std::time::Instant::now();
    while !folder.join("marks/committed").exists() {
        assert!(!flowing.has_ended_within(Duration::from_millis(5)), "{}", tail(&pipe.log));
        assert!(begun.elapsed() < common::PATIENCE, "nothing is committed: {}", tail(&pipe.log));
    }
    flowing
}

#[test]
fn a_folder_that_another_pipeline_holds_is_not_used() {
    let feed = Feed::new(records(6_000), SLOW, 1);
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    let first = pipe(folder, &events(&feed), COUNT);
    let mut flowing = until_committed(&first, folder);
    let second = Pipe { log: folder.join("second"), stages: first.stages.clone() };
    let ended = second.run();
    assert_eq!(ended.codes[0], 75, "{}", tail(&second.log));
    assert!(ended.codes[1..].iter().all(|code| [4, 75].contains(code)), "{ended:?}");
    assert!(tail(&second.log).contains("another run"), "{}", tail(&second.log));
    assert!(!flowing.has_ended_within(Duration::from_millis(100)), "the first goes on: {}", tail(&first.log));
    (0..flowing.children.len()).for_each(|stage| flowing.kill(stage));
}

#[test]
fn settings_that_changed_are_refused_with_the_difference_and_the_old_ones_go_on() {
    let feed = Feed::new(records(3_000), FAST, 2);
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    let slow = Feed::new(records(3_000), SLOW, 2);
    // The same address is the same source: the pace is the server's matter.
    let mut flowing = until_committed(&pipe(folder, &events(&slow), COUNT), folder);
    (0..flowing.children.len()).for_each(|stage| flowing.kill(stage));
    drop(flowing);
    let other = pipe(folder, &events(&slow), "--window 2m");
    let ended = other.run();
    assert_eq!(ended.codes[2], 5, "{ended:?}: {}", tail(&other.log));
    assert!(tail(&other.log).contains("window: 1m in the state, 2m now"), "{}", tail(&other.log));
    let other = pipe(folder, &events(&feed), COUNT);
    let ended = other.run();
    assert_eq!(ended.codes[0], 5, "another source: {ended:?}: {}", tail(&other.log));
    let same = pipe(folder, &events(&slow), COUNT);
    let mut flowing = same.start();
    assert!(!flowing.has_ended_within(Duration::from_millis(300)), "{}", tail(&same.log));
    (0..flowing.children.len()).for_each(|stage| flowing.kill(stage));
}

/// Each stage in turn may write no more than so many blocks of 512 bytes into a file, until it is given room.
#[test]
fn a_full_disk_in_any_stage_is_an_error_and_leaves_no_trace_once_there_is_room() {
    let feed = Feed::new(records(3_000), FAST, 3);
    let whole = expected(3_000);
    for stage in 0..4 {
        let folder = tempfile::tempdir().expect("a folder");
        let folder = folder.path();
        let free = pipe(folder, &events(&feed), COUNT);
        for blocks in [0, 1, 2, 8] {
            let mut limited = pipe(folder, &events(&feed), COUNT);
            let script = format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$@\"");
            let mut call = vec!["sh".into(), "-c".into(), script, "sh".into()];
            let own = &mut limited.stages[stage];
            own[0] = programs().join(&own[0]).display().to_string();
            call.append(own);
            *own = call;
            let ended = limited.run();
            assert!(
                ended.is_done() || ended.codes[stage] == 4,
                "stage {stage}, {blocks}: {ended:?}: {}",
                tail(&free.log)
            );
            assert!(blocks > 0 || !ended.is_done(), "stage {stage}: there is no room at all");
            if !ended.is_done() {
                let said = tail(&free.log);
                assert!(
                    ["cannot write", "cannot save", "cannot make"].iter().any(|word| said.contains(word)),
                    "{said}"
                );
                assert!(whole.starts_with(&out(folder)), "nothing half sent");
            }
        }
        done(&free);
        assert_eq!(out(folder), whole, "stage {stage}");
    }
}

#[test]
fn what_was_read_of_standard_input_is_not_asked_for_again() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    let lines: String = records(2_000).iter().map(|line| format!("{line}\n")).collect();
    fs::write(folder.join("lines"), lines).expect("a file");
    let fed = |file: &Path, blocks: &str| {
        let mut pipe = pipe(folder, "stream-fetch - --mark-every 5ms", COUNT);
        let program = |words: &mut Vec<String>| words[0] = programs().join(&words[0]).display().to_string();
        pipe.stages.iter_mut().for_each(program);
        let feed = ["sh", "-c", "cat \"$0\" | \"$@\"", &file.display().to_string()].map(str::to_owned);
        pipe.stages[0].splice(0..0, feed);
        let limit = format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$0\" \"$@\"");
        pipe.stages[3].splice(0..0, ["sh".into(), "-c".into(), limit]);
        pipe
    };
    // The last stage cannot even begin, so nothing is committed.
    let ended = fed(&folder.join("lines"), "0").run();
    assert_eq!(ended.codes[3], 4, "{}", tail(&folder.join("log")));
    done(&fed(Path::new("/dev/null"), "unlimited"));
    assert_eq!(out(folder), expected(2_000));
}

#[test]
fn a_response_that_would_begin_anew_is_refused() {
    let feed = Feed::new(records(9), FAST, 4);
    let folder = tempfile::tempdir().expect("a folder");
    let source = format!("stream-fetch http://{}/lines", feed.address);
    let whole = pipe(folder.path(), &source, COUNT);
    assert_eq!(whole.run().codes[0], 2);
    assert!(tail(&whole.log).contains("begins anew with each request: give --id"), "{}", tail(&whole.log));
    done(&pipe(folder.path(), &format!("{source} --id .n"), COUNT));
    assert_eq!(out(folder.path()), expected(9));
}

/// Each line once, and in order, though some were lost with their connections: nobody can be asked for those.
#[test]
fn lines_of_a_socket_come_once() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("bound");
    std::thread::spawn(move || {
        let mut n = 0_u64;
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { return };
            loop {
                n += 1;
                if writeln!(stream, "{{\"n\":{n},\"t\":{}}}", 1_500_000_000 + n).is_err() {
                    break;
                }
                if n.is_multiple_of(20) {
                    std::thread::sleep(Duration::from_millis(1));
                }
            }
        }
    });
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    let out = folder.join("out");
    let stages = [
        format!("stream-fetch tcp://{address} --mark-every 5ms"),
        "jsonl-filter .n".into(),
        format!("jsonl-filter --stage last .n -o {}", out.display()),
    ];
    let stages: Vec<Vec<String>> = stages.iter().map(|stage| words(stage)).collect();
    let shared = ["-q".into(), "--checkpoint".into(), folder.join("marks").display().to_string()];
    let pipe = Pipe::new(&folder.join("log"), &stages, &shared);
    for victim in [0, 1, 2, 2, 1, 0] {
        let mut flowing = pipe.start();
        assert!(!flowing.has_ended_within(Duration::from_millis(150)), "{}", tail(&pipe.log));
        flowing.kill(victim);
        flowing.end(&pipe.log);
    }
    let mut flowing = pipe.start();
    assert!(!flowing.has_ended_within(Duration::from_millis(150)), "{}", tail(&pipe.log));
    flowing.signal(0, "TERM");
    let Ended { codes } = flowing.end(&pipe.log);
    assert_eq!(codes[0], 128 + 15, "{codes:?}: {}", tail(&pipe.log));
    let text = fs::read_to_string(&out).expect("it was written");
    let numbers: Vec<u64> = text
        .lines()
        .map(|line| {
            serde_json::from_str::<serde_json::Value>(line).expect("whole lines")["n"]
                .as_u64()
                .expect("a number")
        })
        .collect();
    assert!(numbers.len() > 100 && numbers.is_sorted_by(|a, b| a < b), "{} lines", numbers.len());
}
