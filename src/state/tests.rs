//! Reading on: whatever happens to files between runs, each line is read once.

use std::collections::BTreeMap;
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use proptest::prelude::*;
use serde_json::json;

use super::files::Files;
use super::*;
use crate::pack::Packer;

/// Reads what is new in these files, as a run does: whole lines. Lines, and what was said.
fn run(kept: &mut Vec<u8>, paths: &[PathBuf]) -> (Vec<String>, Vec<InputNote>) {
    let mut files = if kept.is_empty() {
        Files::default()
    } else {
        Files::unpack(&mut Unpacker::new(kept)).expect("packed")
    };
    let (inputs, notes) = files.open(paths).expect("files");
    let mut lines = Vec::new();
    for (at, mut input) in inputs.into_iter().enumerate() {
        let mut bytes = Vec::new();
        let mut buffer = [0; 1000];
        while let Ok(read @ 1..) = input.source.read(&mut buffer) {
            bytes.extend_from_slice(&buffer[..read]);
        }
        let whole = bytes.iter().rposition(|&byte| byte == b'\n').map_or(0, |newline| newline + 1);
        let text = String::from_utf8(bytes[..whole].to_vec()).expect("UTF-8");
        lines.extend(text.lines().map(|line| format!("{}:{line}", input.name)));
        files.read(at, &bytes[..whole], input.lines + text.lines().count() as u64);
    }
    files.all_read();
    let mut packer = Packer::default();
    files.pack(&mut packer);
    *kept = packer.into_bytes();
    (lines, notes)
}

/// Only the lines, without the files' names.
fn read(kept: &mut Vec<u8>, paths: &[PathBuf]) -> Vec<String> {
    run(kept, paths).0.iter().map(|line| line[line.find(':').expect("a name") + 1..].to_owned()).collect()
}

fn append(path: &Path, text: &str) {
    let mut file = OpenOptions::new().append(true).create(true).open(path).expect("a file");
    file.write_all(text.as_bytes()).expect("a file");
}

fn compress(bytes: &[u8], zstd: bool) -> Vec<u8> {
    if zstd {
        return zstd::encode_all(bytes, 1).expect("memory");
    }
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).expect("memory");
    encoder.finish().expect("memory")
}

/// What happens to a log.
#[derive(Clone, Debug)]
enum Step {
    /// So many lines, and the beginning of one more.
    Append(usize, bool),
    Rename,
    CopyAndTruncate,
    /// The second newest, by zstd or gzip; the plain file may stay for a while.
    Compress(bool, bool),
    Run,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (prop_oneof![0usize..4, 100usize..200], any::<bool>()).prop_map(|(lines, part)| Step::Append(lines, part)),
        1 => Just(Step::Rename),
        1 => Just(Step::CopyAndTruncate),
        1 => (any::<bool>(), any::<bool>()).prop_map(|(zstd, stays)| Step::Compress(zstd, stays)),
        4 => Just(Step::Run),
    ]
}

struct Log {
    folder: tempfile::TempDir,
    written: usize,
    part: bool,
    rotations: usize,
    kept: Vec<u8>,
    read: BTreeMap<String, usize>,
}

impl Log {
    fn path(&self) -> PathBuf {
        self.folder.path().join("log")
    }

    fn end_line(&mut self) {
        if std::mem::take(&mut self.part) {
            append(&self.path(), "\n");
            self.written += 1;
        }
    }

    fn take(&mut self, step: &Step) {
        let log = self.path();
        match *step {
            Step::Append(lines, part) => {
                self.end_line();
                let text: String =
                    (0..lines).map(|line| format!("{{\"line\":{}}}\n", self.written + line)).collect();
                append(&log, &text);
                self.written += lines;
                if part {
                    append(&log, &format!("{{\"line\":{}}}", self.written));
                    self.part = true;
                }
            }
            Step::Rename | Step::CopyAndTruncate if !log.exists() => {}
            Step::Rename => {
                self.end_line();
                self.rotations += 1;
                fs::rename(&log, log.with_extension(self.rotations.to_string())).expect("a file");
            }
            Step::CopyAndTruncate => {
                self.end_line();
                self.rotations += 1;
                fs::copy(&log, log.with_extension(self.rotations.to_string())).expect("a file");
                OpenOptions::new().write(true).open(&log).expect("a file").set_len(0).expect("a file");
            }
            Step::Compress(zstd, stays) => {
                let plain = log.with_extension(self.rotations.to_string());
                if !plain.exists() {
                    return;
                }
                if stays {
                    // One that nobody has read yet could not be told from its copy.
                    self.run();
                }
                let bytes = compress(&fs::read(&plain).expect("a file"), zstd);
                let beside = plain.with_extension(format!("{}.z", self.rotations));
                fs::write(&beside, &bytes[..bytes.len() / 2]).expect("a file");
                if stays {
                    self.run();
                }
                fs::write(&beside, &bytes).expect("a file");
                if stays {
                    self.run();
                }
                fs::remove_file(&plain).expect("a file");
            }
            Step::Run => self.run(),
        }
    }

    fn run(&mut self) {
        let mut paths: Vec<PathBuf> = fs::read_dir(self.folder.path())
            .expect("a folder")
            .map(|entry| entry.expect("a file").path())
            .collect();
        paths.sort();
        for line in read(&mut self.kept, &paths) {
            *self.read.entry(line).or_default() += 1;
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]
    #[test]
    fn each_line_is_read_once_whatever_happens_to_its_file(steps in prop::collection::vec(step(), 1..16)) {
        let folder = tempfile::tempdir().expect("a folder");
        let mut log = Log { folder, written: 0, part: false, rotations: 0, kept: vec![], read: BTreeMap::new() };
        steps.iter().for_each(|step| log.take(step));
        log.end_line();
        log.run();
        let expected: BTreeMap<String, usize> = (0..log.written).map(|line| (format!("{{\"line\":{line}}}"), 1)).collect();
        prop_assert_eq!(&log.read, &expected);
        log.run();
        prop_assert_eq!(&log.read, &expected, "nothing is new");
    }
}

#[test]
fn files_come_in_the_order_first_seen_whatever_their_names_are() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| folder.path().join(name);
    let (a, b) = (path("a"), path("b"));
    let mut kept = Vec::new();
    append(&a, "a1\n");
    append(&b, "b1\n");
    assert_eq!(read(&mut kept, &[b.clone(), a.clone()]), ["b1", "a1"], "new ones as given");
    append(&a, "a2\n");
    append(&b, "b2\n");
    fs::rename(&a, path("a.1")).expect("a file");
    append(&a, "a3\n");
    append(&path("0"), "new\n");
    let all = [path("0"), a.clone(), path("a.1"), b.clone()];
    assert_eq!(read(&mut kept, &all), ["b2", "a2", "new", "a3"]);
    append(&a, "a4\n");
    append(&b, "b3\n");
    assert_eq!(read(&mut kept, &all), ["b3", "a4"], "an old log is not read again");
}

#[test]
fn a_truncated_file_is_told_and_read_anew() {
    let folder = tempfile::tempdir().expect("a folder");
    let log = folder.path().join("log");
    let mut kept = Vec::new();
    append(&log, "one\ntwo\n");
    assert_eq!(read(&mut kept, std::slice::from_ref(&log)), ["one", "two"]);
    fs::write(&log, "one\n").expect("a file");
    let (lines, notes) = run(&mut kept, std::slice::from_ref(&log));
    assert_eq!(lines.len(), 1, "it is shorter now");
    let [InputNote::Say(note)] = &notes[..] else { panic!("one note: {notes:?}") };
    assert!(note.contains("(2 lines): it was truncated, and is read from its start"), "{note}");
    fs::write(&log, "other lines\nand more of them\n").expect("a file");
    let (lines, notes) = run(&mut kept, std::slice::from_ref(&log));
    assert_eq!((lines.len(), notes.len()), (2, 1), "it is longer now, but another");
}

#[test]
fn a_file_that_is_given_twice_is_read_once() {
    let folder = tempfile::tempdir().expect("a folder");
    let log = folder.path().join("log");
    append(&log, "one\n");
    let (lines, notes) = run(&mut Vec::new(), &[log.clone(), folder.path().join("./log")]);
    assert_eq!((lines.len(), notes.len()), (1, 1));
}

#[test]
fn members_that_are_appended_to_a_compressed_file_are_read_on() {
    let folder = tempfile::tempdir().expect("a folder");
    let log = folder.path().join("log.gz");
    let mut kept = Vec::new();
    let mut bytes = compress(b"one\ntw", false);
    fs::write(&log, &bytes).expect("a file");
    assert_eq!(read(&mut kept, std::slice::from_ref(&log)), ["one"]);
    bytes.extend(compress(b"o\nthree\n", false));
    fs::write(&log, &bytes).expect("a file");
    assert_eq!(read(&mut kept, std::slice::from_ref(&log)), ["two", "three"]);
}

fn settings(window: &str) -> Settings {
    json!({ "window": window }).as_object().expect("an object").clone()
}

/// Saves a state with an output of these bytes, as a run that ends well does.
fn save(path: &Path, output: &Path, text: &[u8], job: &[u8]) {
    let mut state = State::open(path, &settings("20s"), false).expect("a state");
    let mut owned = state.output("output", output).expect("a file").expect("a regular file");
    let mut keeper = state.keeper(Duration::ZERO).expect("a thread");
    owned.file.write_all(text).expect("a file");
    let mut snapshot = keeper.begin(None);
    job.iter().for_each(|&byte| snapshot.job.tag(byte));
    snapshot.output("output", owned.length + text.len() as u64, b"memory".to_vec());
    keeper.save(snapshot).expect("a thread");
    keeper.settle().expect("a file");
}

#[test]
fn what_a_run_wrote_after_its_last_save_is_cut_off_at_the_next_start() {
    let folder = tempfile::tempdir().expect("a folder");
    let (path, output) = (folder.path().join("state"), folder.path().join("out"));
    fs::write(&output, "before\n").expect("a file");
    save(&path, &output, b"one\n", b"job");
    append(&output, "by a run that was killed\n");
    let mut state = State::open(&path, &settings("20s"), false).expect("a state");
    assert_eq!(state.job(), Some(&b"job"[..]));
    let owned = state.output("output", &output).expect("a file").expect("a regular file");
    assert_eq!(owned.memory.as_deref(), Some(&b"memory"[..]));
    assert_eq!(fs::read_to_string(&output).expect("a file"), "before\none\n");
    let mut keeper = state.keeper(Duration::ZERO).expect("a thread");
    assert!(
        !keeper.is_owed() && keeper.due().is_none() && !keeper.is_due().expect("no save"),
        "nothing is new"
    );
    append(&output, "by a run that fails\n");
    keeper.give_up().expect("a file");
    assert_eq!(fs::read_to_string(&output).expect("a file"), "before\none\n");
}

#[test]
fn another_output_is_appended_to_and_a_shorter_one_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let (path, output) = (folder.path().join("state"), folder.path().join("out"));
    save(&path, &output, b"one\ntwo\n", b"");
    let open = |output: &Path| -> anyhow::Result<(u64, bool)> {
        let mut state = State::open(&path, &settings("20s"), false)?;
        let length = state.output("output", output)?.expect("a regular file").length;
        Ok((length, state.keeper(Duration::ZERO)?.is_owed()))
    };
    let other = folder.path().join("other");
    fs::write(&other, "there\n").expect("a file");
    assert_eq!(open(&other).expect("another file"), (6, true));
    OpenOptions::new().write(true).open(&output).expect("a file").set_len(4).expect("a file");
    let error = open(&output).expect_err("shorter").to_string();
    assert!(error.contains("has 4 bytes, but 8 were written") && error.contains("--state-reset"), "{error}");
    OpenOptions::new().write(true).open(&output).expect("a file").set_len(0).expect("a file");
    assert_eq!(open(&output).expect("emptied"), (0, true));
    let mut state = State::open(&path, &settings("20s"), false).expect("a state");
    assert!(state.output("output", Path::new("/dev/null")).expect("a device").is_none());
}

#[test]
fn other_settings_and_damage_are_told_and_reset_begins_anew() {
    let folder = tempfile::tempdir().expect("a folder");
    let (path, output) = (folder.path().join("state"), folder.path().join("out"));
    save(&path, &output, b"", b"job");
    let error =
        |window: &str| State::open(&path, &settings(window), false).expect_err("an error").to_string();
    assert!(error("1m").contains("window: 20s in the state, 1m now"), "{}", error("1m"));
    let mut bytes = fs::read(&path).expect("a file");
    *bytes.last_mut().expect("bytes") ^= 1;
    fs::write(&path, &bytes).expect("a file");
    assert!(error("20s").contains("its checksum is wrong") && error("20s").contains("--state-reset"));
    fs::write(&path, &bytes[..bytes.len() - 1]).expect("a file");
    assert!(error("20s").contains("it ends early"));
    assert_eq!(State::open(&path, &settings("1m"), true).expect("a new one").job(), None);
}

#[test]
fn a_file_that_is_put_away_before_it_is_read_keeps_its_place() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| folder.path().join(name);
    let (log, old) = (path("log"), path("log.1.gz"));
    let mut kept = Vec::new();
    append(&log, "");
    assert!(read(&mut kept, std::slice::from_ref(&log)).is_empty());
    append(&log, "one\n");
    // A run that is killed after it has saved the state, but before it has read anything.
    let mut files = Files::unpack(&mut Unpacker::new(&kept)).expect("packed");
    append(&path("next"), "two\n");
    files.open(&[log.clone(), path("next")]).expect("files");
    let mut packer = Packer::default();
    files.pack(&mut packer);
    kept = packer.into_bytes();
    fs::write(&old, compress(b"one\n", false)).expect("a file");
    fs::remove_file(&log).expect("a file");
    assert_eq!(read(&mut kept, &[path("next"), old]), ["one", "two"]);
}

#[test]
fn what_has_most_in_common_is_the_same_file() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| folder.path().join(name);
    let (short, long) = (path("short"), path("long"));
    let mut kept = Vec::new();
    append(&short, "same\n");
    append(&long, "same\nother\n");
    assert_eq!(read(&mut kept, &[short.clone(), long.clone()]).len(), 3);
    let packed = path("long.gz");
    fs::write(&packed, compress(b"same\nother\nmore\n", false)).expect("a file");
    fs::remove_file(&long).expect("a file");
    assert_eq!(read(&mut kept, &[packed, short]), ["more"]);
}

#[test]
fn packing_takes_at_most_a_twentieth_of_the_time() {
    let folder = tempfile::tempdir().expect("a folder");
    let (path, every) = (folder.path().join("state"), Duration::from_millis(1));
    let state = State::open(&path, &settings("20s"), false).expect("a state");
    let mut keeper = state.keeper(every).expect("a thread");
    let mut due_after = |packing: Duration| {
        let asked = Instant::now();
        let snapshot = keeper.begin(None);
        let begun = Instant::now();
        while begun.elapsed() < packing {}
        let took = begun.elapsed();
        keeper.save(snapshot).expect("a thread");
        keeper.settle().expect("a file");
        keeper.touch();
        (keeper.due().expect("something new").duration_since(asked), took)
    };
    for packing in [0, 1, 10] {
        let (pause, took) = due_after(Duration::from_millis(packing));
        assert!(pause >= every.max(20 * took), "{packing} ms: {pause:?} after {took:?}");
    }
}
