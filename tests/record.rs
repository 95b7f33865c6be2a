//! `stream-fetch --record`: whole files for others, whatever ends the run.

mod common;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use common::{PATIENCE, Running, await_end, demo, shell, tool};

/// The files of a folder, by name.
fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).expect("a folder");
    let mut names: Vec<String> =
        entries.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

fn recorder(pattern: &Path) -> common::Tool {
    tool("stream-fetch").args(["-", "-q", "--record"]).arg(pattern)
}

/// Waits until a condition holds.
#[track_caller]
fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !holds() {
        assert!(begun.elapsed() < PATIENCE, "{what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Kills it, as nothing else ends a process: no signal handler runs.
fn kill(mut running: Running) {
    running.signal("KILL");
    assert_eq!(await_end(&mut running.child), 128 + 9);
}

#[test]
fn the_programs_that_everybody_has_read_the_files() {
    let lines = demo("demo:tweets", 3000);
    for (ending, reader) in [("jsonl", "cat"), ("jsonl.gz", "gzip -dc"), ("jsonl.zst", "zstd -dc")] {
        if Command::new(reader.split(' ').next().expect("a name")).arg("--version").output().is_err() {
            println!("skipped: the_programs_that_everybody_has_read_the_files ({reader} is not there)");
            continue;
        }
        let folder = tempfile::tempdir().expect("a folder");
        let pattern = folder.path().join(format!("raw/%Y/a.{ending}"));
        let args = ["--record-size", "200k", "--record-flush", "1ms"];
        let ran = recorder(&pattern).args(args).input(&lines).run().with_code(0);
        let files = shell(&format!("find {0} -type f | LC_ALL=C sort", folder.path().display()));
        let files: Vec<&str> = files.text().lines().collect();
        assert!(files.len() > 2 || ending != "jsonl", "{files:?}");
        assert!(files.iter().all(|file| file.ends_with(ending)), "{files:?}");
        let read = shell(&format!("{reader} {}", files.join(" "))).quietly();
        assert!(read.out == ran.out, "{ending}: the files in the order of their names are the output");
    }
}

#[test]
fn keep_alives_are_not_recorded_and_broken_lines_are() {
    let folder = tempfile::tempdir().expect("a folder");
    let input = "{\"id\":1234567890123456789,\"x\":1.0}\n\n\r\n{\"broken\n \n{\"b\":2}\r\n";
    recorder(&folder.path().join("a.jsonl")).input(input).run().with_code(0);
    let recorded = fs::read_to_string(folder.path().join("a.jsonl")).expect("a file");
    assert_eq!(recorded, "{\"id\":1234567890123456789,\"x\":1.0}\n{\"broken\n{\"b\":2}\n");
}

#[test]
fn a_file_is_called_part_until_it_is_whole() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut running = recorder(&folder.path().join("%Y.jsonl.zst")).start();
    running.send("{\"a\":1}\n");
    running.line();
    let year = shell("date -u +%Y").text().trim().to_owned();
    assert_eq!(names(folder.path()), [format!("{year}.jsonl.zst.part")]);
    running.signal("TERM");
    assert_eq!(running.end().0, 128 + 15);
    assert_eq!(names(folder.path()), [format!("{year}.jsonl.zst")], "a signal is a clean end");
}

#[test]
fn a_reader_that_goes_away_leaves_whole_files() {
    let folder = tempfile::tempdir().expect("a folder");
    let pattern = folder.path().join("a.jsonl.gz");
    let script = format!("stream-fetch demo:tweets --record {} | head -n 3 | wc -l", pattern.display());
    assert_eq!(shell(&script).quietly().text().trim(), "3");
    until("the file has its name", || names(folder.path()) == ["a.jsonl.gz"]);
    let read = tool("stream-fetch").arg(&pattern).run();
    assert!(read.text().lines().count() >= 3);
}

#[test]
fn a_second_file_begins_with_the_second() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut running = recorder(&folder.path().join("%s.jsonl")).start();
    running.send("{\"a\":1}\n");
    running.line();
    // No line comes, and the file gets its name all the same.
    until("a whole file", || names(folder.path()).iter().any(|name| name.ends_with(".jsonl")));
    running.send("{\"a\":2}\n");
    running.line();
    running.close_input();
    assert_eq!(running.end(), (0, String::new()));
    let text: String = names(folder.path())
        .iter()
        .map(|name| fs::read_to_string(folder.path().join(name)).expect("a file"))
        .collect();
    assert_eq!((names(folder.path()).len(), text.as_str()), (2, "{\"a\":1}\n{\"a\":2}\n"));
}

#[test]
fn a_killed_run_loses_no_more_than_the_last_moments_and_the_next_goes_on() {
    for ending in ["jsonl", "jsonl.gz", "jsonl.zst"] {
        let folder = tempfile::tempdir().expect("a folder");
        let pattern = folder.path().join(format!("a.{ending}"));
        let part: PathBuf = folder.path().join(format!("a.{ending}.part"));
        let size = || fs::metadata(&part).map_or(0, |metadata| metadata.len());
        let mut running = recorder(&pattern).args(["--record-flush", "20ms"]).start();
        running.send("{\"n\":1}\n{\"n\":2}\n");
        until("a frame is on the disk", || size() > 0);
        let before = size();
        running.send("{\"n\":3}\n");
        until("another frame is on the disk", || size() > before);
        kill(running);
        // What a machine tears when it writes half a block.
        let mut bytes = fs::read(&part).expect("a file");
        bytes.extend_from_within(..5);
        fs::write(&part, bytes).expect("a file");
        let call = tool("stream-fetch").args(["-", "--record"]).arg(&pattern);
        let ran = call.input("{\"n\":4}\n").run().with_code(0);
        assert!(
            ran.err.contains("left by a run that ended early") && ran.err.contains("5 behind"),
            "{}",
            ran.err
        );
        let expected = [format!("a.{ending}"), format!("a_0001.{ending}")];
        assert_eq!(names(folder.path()), expected, "nothing is overwritten, nothing is left");
        let all = tool("stream-fetch").args(expected.map(|name| folder.path().join(name))).run().quietly();
        assert_eq!(all.text(), "{\"n\":1}\n{\"n\":2}\n{\"n\":3}\n{\"n\":4}\n");
    }
}

#[test]
fn what_cannot_be_recorded_ends_the_run() {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("taken"), "").expect("a file");
    let ran = recorder(&folder.path().join("taken/a.jsonl")).input("{\"a\":1}\n").run().with_code(4);
    assert!(ran.err.contains("cannot write the recording") && ran.out.is_empty(), "{}", ran.err);
    for (pattern, hint) in [("raw/%Q%", "raw/%Y-%m-%dT%H.jsonl.zst"), ("raw/", "names a folder")] {
        let ran = tool("stream-fetch").args(["-", "--record", pattern]).run().with_code(2);
        assert!(ran.err.contains(hint), "{}", ran.err);
    }
}

#[test]
fn a_file_that_was_cut_is_read_as_far_as_it_goes_and_the_others_too() {
    let lines = demo("demo:rsvps", 3000);
    let text = String::from_utf8_lossy(&lines).into_owned();
    let folder = tempfile::tempdir().expect("a folder");
    let after = folder.path().join("b.jsonl");
    fs::write(&after, "{\"last\":1}\n").expect("a file");
    for (name, packed) in [("a.gz", common::gzip(&lines)), ("a.zst", common::zstd(&lines))] {
        let cut = folder.path().join(name);
        fs::write(&cut, &packed[..packed.len() / 2]).expect("a file");
        let ran = tool("stream-fetch").args([&cut, &after]).run().with_code(4);
        assert!(ran.err.contains(name) && ran.err.contains("ends early: the file was cut"), "{}", ran.err);
        let out = String::from_utf8_lossy(&ran.out).into_owned();
        let before = out.strip_suffix("{\"last\":1}\n").expect("the other file was read, too");
        let whole = text.replace("\n\n", "\n");
        assert!(before.len() > 10_000 && whole.starts_with(before), "whole lines from the start");
    }
}
