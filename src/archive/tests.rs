//! Recordings under a clock of the test's own.

use super::*;
use std::fs::{self, File};
use std::io::{Read, Write};

const FLUSH: Duration = Duration::from_secs(5);

struct Clock {
    wall: Timestamp,
    tick: Instant,
}

impl Clock {
    fn at(time: &str) -> Clock {
        Clock { wall: time.parse().unwrap(), tick: Instant::now() }
    }

    fn after(&self, seconds: u64) -> Now {
        let span = Duration::from_secs(seconds);
        Now { wall: self.wall + span, tick: self.tick + span }
    }
}

fn recording(folder: &Path, pattern: &str, size: Option<u64>) -> Recording {
    let pattern = Pattern::parse(&format!("{}/{pattern}", folder.display())).unwrap();
    Recording { pattern, size, flush: FLUSH }
}

/// All files below a folder by their names, unpacked.
fn files(folder: &Path) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for path in glob::glob(&format!("{}/**/*", folder.display())).unwrap().flatten() {
        if path.is_file() {
            let name = path.strip_prefix(folder).unwrap().display().to_string();
            found.push((name, unpacked(&path)));
        }
    }
    found.sort();
    found
}

/// What can be unpacked of a file.
fn unpacked(path: &Path) -> String {
    let file = File::open(path).unwrap();
    let mut reader: Box<dyn Read> = match path.to_str().unwrap() {
        name if name.contains(".gz") => Box::new(flate2::read::MultiGzDecoder::new(file)),
        name if name.contains(".zst") => Box::new(zstd::stream::read::Decoder::new(file).unwrap()),
        _ => Box::new(file),
    };
    let mut text = String::new();
    // Of a frame that is not closed there may be nothing.
    let _ = reader.read_to_string(&mut text);
    text
}

fn expect(folder: &Path, expected: &[(&str, &str)]) {
    let expected: Vec<(String, String)> =
        expected.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
    assert_eq!(files(folder), expected);
}

#[test]
fn a_file_has_its_name_once_its_hour_is_over() {
    for ending in ["jsonl", "jsonl.gz", "jsonl.zst"] {
        let folder = tempfile::tempdir().unwrap();
        let clock = Clock::at("2026-11-21T09:59:58Z");
        let mut recorder =
            Recorder::begin(recording(folder.path(), &format!("%Y/%H.{ending}"), None)).unwrap();
        assert_eq!(recorder.due(clock.after(0)), None, "nothing is open");
        recorder.write(b"one\n", clock.after(0)).unwrap();
        assert_eq!(recorder.due(clock.after(0)), Some(clock.after(2).tick), "the hour is over then");
        assert!(folder.path().join(format!("2026/09.{ending}.part")).exists());
        recorder.tick(clock.after(1)).unwrap();
        assert!(folder.path().join(format!("2026/09.{ending}.part")).exists());
        recorder.tick(clock.after(2)).unwrap();
        expect(folder.path(), &[(&format!("2026/09.{ending}"), "one\n")]);
        recorder.write(b"two\n", clock.after(3)).unwrap();
        recorder.write(b"three\n", clock.after(4)).unwrap();
        recorder.close().unwrap();
        expect(
            folder.path(),
            &[(&format!("2026/09.{ending}"), "one\n"), (&format!("2026/10.{ending}"), "two\nthree\n")],
        );
        assert_eq!(recorder.files(), 2);
    }
}

#[test]
fn what_was_written_some_seconds_ago_is_on_the_disk() {
    for ending in ["jsonl", "jsonl.gz", "jsonl.zst"] {
        let folder = tempfile::tempdir().unwrap();
        let clock = Clock::at("2026-11-21T09:10:00Z");
        let mut recorder = Recorder::begin(recording(folder.path(), &format!("x.{ending}"), None)).unwrap();
        let part = folder.path().join(format!("x.{ending}.part"));
        recorder.write(b"one\n", clock.after(0)).unwrap();
        recorder.write(b"two\n", clock.after(4)).unwrap();
        assert_eq!(recorder.due(clock.after(4)), Some(clock.after(5).tick));
        assert_eq!(unpacked(&part), "", "it is still in the open frame");
        recorder.tick(clock.after(5)).unwrap();
        assert_eq!(unpacked(&part), "one\ntwo\n");
        recorder.write(b"three\n", clock.after(6)).unwrap();
        recorder.write(b"four\n", clock.after(12)).unwrap();
        let seen = unpacked(&part);
        assert_eq!(seen, "one\ntwo\nthree\n", "the interval counts from the frame's first line");
    }
}

#[test]
fn a_file_ends_at_its_size_and_no_line_is_torn() {
    let folder = tempfile::tempdir().unwrap();
    let clock = Clock::at("2026-11-21T09:10:00Z");
    let mut recorder = Recorder::begin(recording(folder.path(), "%H.jsonl", Some(10))).unwrap();
    for line in ["123456\n", "abcdef\n", "ghijkl\n"] {
        recorder.write(line.as_bytes(), clock.after(0)).unwrap();
        recorder.tick(clock.after(6)).unwrap();
    }
    recorder.write(b"last\n", clock.after(6)).unwrap();
    recorder.close().unwrap();
    let all: String = files(folder.path()).into_iter().map(|(_, text)| text).collect();
    assert_eq!(all, "123456\nabcdef\nghijkl\nlast\n", "in the order of names");
    let names: Vec<String> = files(folder.path()).into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["09.jsonl", "09_0001.jsonl"]);
}

#[test]
fn a_run_never_writes_to_a_file_that_is_there() {
    let folder = tempfile::tempdir().unwrap();
    let clock = Clock::at("2026-11-21T09:10:00Z");
    for text in ["one\n", "two\n", "three\n"] {
        let mut recorder = Recorder::begin(recording(folder.path(), "%H.jsonl.zst", None)).unwrap();
        recorder.write(text.as_bytes(), clock.after(0)).unwrap();
        // Dropped, as by a run whose reader went away.
    }
    expect(
        folder.path(),
        &[("09.jsonl.zst", "one\n"), ("09_0001.jsonl.zst", "two\n"), ("09_0002.jsonl.zst", "three\n")],
    );
}

#[test]
fn two_runs_of_one_pattern_stay_out_of_each_others_way() {
    let folder = tempfile::tempdir().unwrap();
    let clock = Clock::at("2026-11-21T09:10:00Z");
    let begin = || Recorder::begin(recording(folder.path(), "%H.jsonl.gz", None)).unwrap();
    let (mut one, mut two) = (begin(), begin());
    one.write(b"one\n", clock.after(0)).unwrap();
    two.write(b"two\n", clock.after(0)).unwrap();
    let mut three = begin();
    assert!(three.notes().is_empty(), "what others write is not left over");
    three.write(b"three\n", clock.after(0)).unwrap();
    for mut recorder in [two, one, three] {
        recorder.write(b"end\n", clock.after(9)).unwrap();
        recorder.close().unwrap();
    }
    expect(
        folder.path(),
        &[
            ("09.jsonl.gz", "one\nend\n"),
            ("09_0001.jsonl.gz", "two\nend\n"),
            ("09_0002.jsonl.gz", "three\nend\n"),
        ],
    );
}

#[test]
fn what_a_killed_run_left_is_finished() {
    for ending in ["jsonl", "jsonl.gz", "jsonl.zst"] {
        let folder = tempfile::tempdir().unwrap();
        let clock = Clock::at("2026-11-21T09:10:00Z");
        let pattern = format!("%H.{ending}");
        {
            let mut recorder = Recorder::begin(recording(folder.path(), &pattern, None)).unwrap();
            recorder.write(b"one\ntwo\n", clock.after(0)).unwrap();
            recorder.tick(clock.after(5)).unwrap();
            let part = folder.path().join(format!("09.{ending}.part"));
            let left = fs::read(&part).unwrap();
            drop(recorder);
            fs::remove_file(folder.path().join(format!("09.{ending}"))).unwrap();
            // The beginning of another frame or line.
            File::create(&part)
                .unwrap()
                .write_all(&[&left[..], &left[..5.min(left.len() - 1)]].concat())
                .unwrap();
            fs::write(folder.path().join(format!("08_0003.{ending}.part")), &left[..3]).unwrap();
        }
        let mut recorder = Recorder::begin(recording(folder.path(), &pattern, None)).unwrap();
        let notes = recorder.notes();
        assert_eq!(notes.len(), 2, "{notes:?}");
        let has = |words: &[&str]| notes.iter().any(|note| words.iter().all(|word| note.contains(word)));
        assert!(has(&["08_0003", "no whole frame in its 3 bytes"]), "{notes:?}");
        assert!(has(&["/09.", "are whole", "were cut off"]), "{notes:?}");
        recorder.write(b"three\n", clock.after(60)).unwrap();
        recorder.close().unwrap();
        let first = if ending == "jsonl" { "one\ntwo\none\n" } else { "one\ntwo\n" };
        expect(folder.path(), &[(&format!("09.{ending}"), first), (&format!("09_0001.{ending}"), "three\n")]);
    }
}

#[test]
fn a_disk_that_refuses_is_no_silence() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("taken"), "").unwrap();
    let clock = Clock::at("2026-11-21T09:10:00Z");
    let mut recorder = Recorder::begin(recording(folder.path(), "taken/%H.jsonl", None)).unwrap();
    let error = recorder.write(b"one\n", clock.after(0)).unwrap_err().to_string();
    assert!(error.contains("cannot write the recording") && error.contains("taken/09.jsonl"), "{error}");
}
