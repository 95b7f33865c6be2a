//! `--state`: runs in pieces, runs that are killed, and everything else that happens to a cron job. What comes out is compared
//! byte for byte with one run that nothing happened to.
//!
//! `KILLS=1000 cargo test --release --test state killed` (scripts/kill-harness) kills that many runs of each kind.

mod common;

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::time::{Duration, Instant};

use common::{Ran, await_end, gzip, tool, zstd};

/// Chance that is the same in every run of the tests; the kills are the clock's matter anyway.
struct Chance(u64);

impl Chance {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % limit.max(1)
    }
}

/// A stream in disorder, with late records, records without a key, lines that are none, ids that come again, and a record
/// from the far future now and then.
fn stream(chance: &mut Chance, lines: usize) -> String {
    let mut text = String::new();
    for at in 0..lines {
        let time =
            1_500_000_000_000 + (at as u64) * 37 - chance.below(9_000) * u64::from(chance.below(3) == 0);
        match chance.below(60) {
            0 => text.push_str("{\"t\":broken\n"),
            1 => text.push_str(&format!("{{\"t\":{time}}}\n")),
            2 => text
                .push_str(&format!("{{\"t\":{},\"k\":\"far\",\"v\":1,\"id\":{at}}}\n", time + 900_000_000)),
            3 => text.push_str(&format!("{{\"t\":{},\"k\":\"late\",\"v\":2,\"id\":{at}}}\n", time - 60_000)),
            _ => {
                let (key, value, id) =
                    (chance.below(40), chance.below(1000), at as u64 - chance.below(3).min(at as u64));
                text.push_str(&format!(
                    "{{\"t\":{time},\"k\":\"key {key}\",\"v\":{value}.25,\"id\":{id}}}\n"
                ));
            }
        }
    }
    text
}

/// What is counted; the state and its outputs lie in the folder.
struct Job<'a> {
    folder: &'a Path,
    args: Vec<&'a str>,
}

impl Job<'_> {
    fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    fn tool(&self, files: &[PathBuf]) -> common::Tool {
        tool("window-count")
            .args(["--time", ".t", "--quiet", "--state-every", "2ms", "--state"])
            .arg(self.path("state"))
            .arg("-o")
            .arg(self.path("out"))
            .arg("--late-output")
            .arg(self.path("late"))
            .arg("--rejects")
            .arg(self.path("rejects"))
            .args(&self.args)
            .args(files)
    }

    fn run(&self, files: &[PathBuf]) -> Ran {
        self.tool(files).run()
    }

    fn start(&self, files: &[PathBuf]) -> Child {
        let mut child = self.tool(files).spawn();
        drop(child.stdin.take());
        child
    }

    /// All that the runs so far have written.
    fn written(&self) -> [String; 3] {
        ["out", "late", "rejects"].map(|name| fs::read_to_string(self.path(name)).expect("it was written"))
    }
}

/// What one run writes that reads all of it.
fn undisturbed(args: &[&str], text: &str) -> [String; 3] {
    let folder = tempfile::tempdir().expect("a folder");
    let job = Job { folder: folder.path(), args: args.to_vec() };
    fs::write(job.path("all.jsonl"), text).expect("a file");
    job.run(&[job.path("all.jsonl")]).with_code(0);
    job.written()
}

fn append(path: &Path, text: &str) {
    let mut file = OpenOptions::new().append(true).create(true).open(path).expect("a file");
    file.write_all(text.as_bytes()).expect("a file");
}

#[track_caller]
fn same(found: &[String; 3], expected: &[String; 3]) {
    for (name, (found, expected)) in
        ["output", "late records", "rejects"].iter().zip(found.iter().zip(expected))
    {
        if found != expected {
            let differs = |(one, other): &(&str, &str)| one != other;
            let lines = found.lines().zip(expected.lines());
            let at = lines.clone().position(|pair| differs(&pair));
            let first = lines.clone().find(differs);
            panic!(
                "{name}: {} lines instead of {}; the first that differs is {at:?}: {first:#?}",
                found.lines().count(),
                expected.lines().count()
            );
        }
    }
}

/// Windows of every kind, everything that is kept of a stream.
const KINDS: [&[&str]; 7] = [
    &["--key", ".k", "--window", "20s/5s", "--sum", "v=.v", "--min", "least=.v"],
    &["--key", ".k", "--window", "1m", "--emit", "complete", "--trigger", "7s", "--quantile", "q=0.9:.v"],
    &["--key", ".k", "--window", "all", "--emit", "update", "--trigger", "100rec"],
    &["--key", ".k", "--session", "900ms", "--allowed-lateness", "5s", "--mean", "m=.v"],
    &["--key", ".k", "--window", "777rec", "--weight", ".v"],
    &[
        "--key",
        ".k",
        "--window",
        "1d",
        "--cumulate",
        "1h",
        "--tz",
        "Europe/Paris",
        "--watermark",
        "1s",
        "--format",
        "csv",
    ],
    &[
        "--key",
        ".k",
        "--window",
        "10s",
        "--window",
        "30s",
        "--dedupe",
        ".id",
        "--within",
        "20s",
        "--distinct",
        "d=.v",
    ],
];

#[test]
fn any_slices_give_what_one_run_gives() {
    let mut chance = Chance(7);
    for args in KINDS {
        let text = stream(&mut chance, 3000);
        let expected = undisturbed(args, &text);
        assert!(expected[0].lines().count() > 10, "{args:?} has something to compare");
        let folder = tempfile::tempdir().expect("a folder");
        let job = Job { folder: folder.path(), args: args.to_vec() };
        let log = job.path("log.jsonl");
        let mut rest = text.as_str();
        while !rest.is_empty() {
            // Anywhere, so also inside a line.
            let cut = 1 + chance.below(60_000) as usize;
            let (slice, after) = rest.split_at(cut.min(rest.len()));
            append(&log, slice);
            rest = after;
            job.run(std::slice::from_ref(&log)).with_code(0);
        }
        same(&job.written(), &expected);
        assert!(!expected[0].contains("\"open\":true") || args.contains(&"--emit"), "what is open waits");
    }
}

#[test]
fn several_files_that_grow_give_what_one_run_gives_when_nothing_is_late() {
    let mut chance = Chance(11);
    let args = ["--key", ".k", "--window", "10s", "--watermark", "1h"];
    let mut all: Vec<String> = Vec::new();
    let folder = tempfile::tempdir().expect("a folder");
    let job = Job { folder: folder.path(), args: args.to_vec() };
    let logs: Vec<PathBuf> = (0..3).map(|log| job.path(&format!("{log}.jsonl"))).collect();
    for line in 0..2000_u64 {
        let text = format!("{{\"t\":{},\"k\":\"{}\"}}\n", 1_500_000_000 + 20 * line, chance.below(9));
        append(&logs[chance.below(3) as usize], &text);
        all.push(text);
        if line % 80 == 79 && logs.iter().all(|log| log.exists()) {
            job.run(&logs).with_code(0);
        }
    }
    job.run(&logs).with_code(0);
    let expected = undisturbed(&args, &all.concat());
    assert!(expected[0].lines().count() > 1000);
    same(&job.written(), &expected);
}

/// How many runs of each kind are killed.
fn kills() -> u64 {
    std::env::var("KILLS").ok().and_then(|kills| kills.parse().ok()).unwrap_or(12)
}

/// Lets a run go on for a while; true if it came to its end before it was killed.
fn kill_after(child: &mut Child, pause: Duration) -> bool {
    let until = Instant::now() + pause;
    loop {
        if let Some(status) = child.try_wait().expect("it runs") {
            assert!(status.success(), "a run that nobody killed ends well: {status}");
            return true;
        }
        if Instant::now() >= until {
            break;
        }
        std::thread::sleep(Duration::from_micros(200));
    }
    child.kill().expect("it is ours");
    child.wait().expect("it was killed");
    false
}

/// How long a run over this takes, to choose instants in it.
fn duration(args: &[&str], text: &str) -> Duration {
    let begun = Instant::now();
    undisturbed(args, text);
    begun.elapsed()
}

/// Starts runs over the files that `files` prepares, before each one and for the last time with true, and kills them at random
/// instants, until `kills` are dead. Each finished job is compared.
fn kill_at_random(
    seed: u64,
    args: &[&str],
    lines: usize,
    mut files: impl FnMut(&mut Chance, &Path, &mut &str, Option<&mut Child>) -> Vec<PathBuf>,
) {
    let mut chance = Chance(seed);
    let mut killed = 0;
    while killed < kills() {
        let text = stream(&mut chance, lines);
        let expected = undisturbed(args, &text);
        let whole = duration(args, &text).as_micros() as u64;
        let folder = tempfile::tempdir().expect("a folder");
        let job = Job { folder: folder.path(), args: args.to_vec() };
        let mut rest = text.as_str();
        loop {
            let inputs = files(&mut chance, folder.path(), &mut rest, None);
            let mut child = job.start(&inputs);
            files(&mut chance, folder.path(), &mut rest, Some(&mut child));
            let has_ended = kill_after(&mut child, Duration::from_micros(chance.below(whole)));
            killed += u64::from(!has_ended);
            if has_ended && rest.is_empty() {
                break;
            }
        }
        let inputs = files(&mut chance, folder.path(), &mut rest, None);
        job.run(&inputs).with_code(0);
        same(&job.written(), &expected);
    }
}

fn take<'a>(rest: &mut &'a str, most: u64, chance: &mut Chance) -> &'a str {
    let (slice, after) = rest.split_at((chance.below(most) as usize).min(rest.len()));
    *rest = after;
    slice
}

#[test]
fn killed_runs_over_a_growing_file_leave_no_trace() {
    for (seed, args) in [(3, KINDS[0]), (5, KINDS[3]), (17, KINDS[5]), (23, KINDS[6])] {
        kill_at_random(seed, args, 12_000, |chance, folder, rest, running| {
            let log = folder.join("log.jsonl");
            // Also while the run reads.
            let most = if running.is_some() { 200_000 } else { 400_000 };
            append(&log, take(rest, most, chance));
            vec![log]
        });
    }
}

#[test]
fn killed_runs_over_many_files_leave_no_trace() {
    kill_at_random(29, KINDS[1], 12_000, |chance, folder, rest, running| {
        let mut number = fs::read_dir(folder).expect("a folder").count();
        while running.is_none() && !rest.is_empty() {
            // A file ends with a line; the next run finds all files from the first on.
            let cut = rest[..(chance.below(60_000) as usize).min(rest.len())]
                .rfind('\n')
                .map_or(rest.len(), |at| at + 1);
            let (slice, after) = rest.split_at(cut);
            *rest = after;
            number += 1;
            let path = folder.join(format!("part-{number:04}.jsonl"));
            match number % 3 {
                0 => fs::write(path, gzip(slice.as_bytes())).expect("a file"),
                1 => fs::write(path, zstd(slice.as_bytes())).expect("a file"),
                _ => fs::write(path, slice).expect("a file"),
            }
        }
        sorted(folder, "part-")
    });
}

fn sorted(folder: &Path, prefix: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path());
    let mut paths: Vec<PathBuf> = entries
        .filter(|path| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(prefix)))
        .collect();
    paths.sort();
    paths
}

/// Whether the run has the file open. One that has ended has none.
fn has_open(child: &mut Child, path: &Path) -> bool {
    let entries = fs::read_dir(format!("/proc/{}/fd", child.id()));
    entries.is_ok_and(|mut entries| {
        entries.any(|entry| {
            entry.is_ok_and(|entry| fs::read_link(entry.path()).is_ok_and(|target| target == path))
        })
    })
}

#[test]
fn killed_runs_leave_no_trace_when_the_log_is_rotated_in_the_middle_of_a_read() {
    kill_at_random(31, KINDS[0], 12_000, |chance, folder, rest, running| {
        let folder = &fs::canonicalize(folder).expect("a folder");
        let log = folder.join("log-current.jsonl");
        match running {
            None => {
                append(&log, take(rest, 300_000, chance));
                // Compressed after the next rotation, as logrotate does with `delaycompress`.
                let old = sorted(folder, "log-0")
                    .into_iter()
                    .filter(|path| path.extension().is_some_and(|e| e == "jsonl"));
                for path in old.rev().skip(1) {
                    let bytes = fs::read(&path).expect("a file");
                    fs::write(path.with_extension("gz"), gzip(&bytes)).expect("a file");
                    fs::remove_file(path).expect("a file");
                }
            }
            Some(child) => {
                let patience = Instant::now() + common::PATIENCE;
                while !has_open(child, &log) && child.try_wait().expect("it runs").is_none() {
                    assert!(Instant::now() < patience, "the run opens its input");
                }
                // The line is ended before the file is put away; its end comes while the run reads.
                let mut slice = take(rest, 100_000, chance).to_owned();
                if let Some(newline) = rest.find('\n') {
                    slice.push_str(&rest[..=newline]);
                    *rest = &rest[newline + 1..];
                }
                append(&log, &slice);
                if chance.below(2) == 0 {
                    let number = sorted(folder, "log-0").len();
                    fs::rename(&log, folder.join(format!("log-{number:05}.jsonl"))).expect("a file");
                    append(&log, "");
                }
            }
        }
        sorted(folder, "log-")
    });
}

/// A job over a growing file, with enough lines to be met in the middle.
fn counted(folder: &Path) -> (Job<'_>, PathBuf, [String; 3]) {
    let text = stream(&mut Chance(99), 30_000);
    let job = Job { folder, args: KINDS[0].to_vec() };
    let log = job.path("log.jsonl");
    fs::write(&log, &text).expect("a file");
    (job, log, undisturbed(KINDS[0], &text))
}

#[test]
fn a_run_that_is_told_to_end_keeps_what_it_has_and_shows_nothing_unfinished() {
    let folder = tempfile::tempdir().expect("a folder");
    let (job, log, expected) = counted(folder.path());
    let mut ends = Vec::new();
    while !ends.contains(&0) {
        let mut child = job.start(std::slice::from_ref(&log));
        let patience = Instant::now() + common::PATIENCE;
        // As soon as it has written something new, or has ended.
        let before = fs::metadata(job.path("state")).ok().and_then(|state| state.modified().ok());
        while child.try_wait().expect("it runs").is_none()
            && fs::metadata(job.path("state")).ok().and_then(|state| state.modified().ok()) == before
        {
            assert!(Instant::now() < patience, "the state is saved meanwhile");
        }
        drop(Command::new("kill").arg("-TERM").arg(child.id().to_string()).status());
        ends.push(await_end(&mut child));
        let out = fs::read_to_string(job.path("out")).expect("a file");
        assert!(!out.contains("\"open\":true") && (out.is_empty() || out.ends_with('\n')), "no half window");
        assert!(expected[0].starts_with(&out));
        assert!(ends.len() < 1000, "each run gets a little further");
    }
    assert!(ends.iter().all(|end| [0, 143].contains(end)), "{ends:?}");
    assert!(ends.contains(&143), "one was met in the middle: {ends:?}");
    same(&job.written(), &expected);
}

#[test]
fn two_runs_at_once_are_one_too_many() {
    let folder = tempfile::tempdir().expect("a folder");
    let (job, log, expected) = counted(folder.path());
    let fifo = job.path("fifo");
    assert!(Command::new("mkfifo").arg(&fifo).status().expect("mkfifo is there").success());
    let mut first = job.start(&[log.clone(), fifo.clone()]);
    // Opens when the first run does, which holds the lock by then.
    let mut writer = OpenOptions::new().write(true).open(&fifo).expect("a pipe");
    let second = tool("window-count")
        .args(["--time", ".t", "--state"])
        .arg(job.path("state"))
        .args(KINDS[0])
        .arg(&log)
        .run()
        .with_code(75);
    assert!(
        second.err.contains(&format!("another run (process {}) holds the state", first.id())),
        "{}",
        second.err
    );
    writer.write_all(b"\n").expect("the first run reads");
    drop(writer);
    assert_eq!(await_end(&mut first), 0);
    job.run(std::slice::from_ref(&log)).with_code(0);
    same(&job.written(), &expected);
}

#[test]
fn a_full_disk_is_an_error_and_nothing_is_lost_or_doubled() {
    let folder = tempfile::tempdir().expect("a folder");
    let (job, log, expected) = counted(folder.path());
    // A limit on the size of files stands for the disk: in blocks of 512 bytes, on outputs and state alike.
    for blocks in [1, 40, 80, 160, 320] {
        let script = format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$@\"");
        let mut command = Command::new("sh");
        command.args(["-c", &script, "sh"]).arg(common::programs().join("window-count"));
        command.args(["--time", ".t", "--state-every", "2ms", "--state"]).arg(job.path("state"));
        command.arg("-o").arg(job.path("out")).arg("--late-output").arg(job.path("late"));
        command.arg("--rejects").arg(job.path("rejects")).args(KINDS[0]).arg(&log);
        let ran = command.output().expect("there is a shell");
        let said = String::from_utf8_lossy(&ran.stderr);
        assert_eq!(ran.status.code(), Some(4), "{said}");
        assert!(said.contains("cannot") && said.contains("too large"), "{said}");
    }
    job.run(std::slice::from_ref(&log)).with_code(0);
    same(&job.written(), &expected);
}

#[test]
fn an_output_that_fails_leaves_the_state_as_it_was() {
    let folder = tempfile::tempdir().expect("a folder");
    let (job, log, expected) = counted(folder.path());
    let full = OpenOptions::new().write(true).open("/dev/full").expect("a device");
    let to_stdout = || {
        let call = tool("window-count").args(["--time", ".t", "--quiet", "--state"]).arg(job.path("state"));
        call.args(KINDS[0]).arg(&log)
    };
    to_stdout().stdout_to(full).run().with_code(4);
    assert_eq!(to_stdout().run().with_code(0).text(), expected[0]);
    assert_eq!(to_stdout().run().with_code(0).text(), "", "nothing is new");
}

#[test]
fn a_state_that_cannot_be_written_is_an_error_before_anything_is_read() {
    let folder = tempfile::tempdir().expect("a folder");
    let (job, log, _) = counted(folder.path());
    for place in ["no/such/folder/state", "log.jsonl/state"] {
        let ran = tool("window-count")
            .args(["--time", ".t", "--window", "10s", "--state"])
            .arg(job.path(place))
            .arg(&log)
            .run()
            .with_code(4);
        assert!(ran.out.is_empty() && ran.err.contains("cannot write"), "{}", ran.err);
    }
}

#[test]
fn a_damaged_state_is_told_and_touches_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let (job, log, expected) = counted(folder.path());
    job.run(std::slice::from_ref(&log)).with_code(0);
    let state = fs::read(job.path("state")).expect("a file");
    let mut flipped = state.clone();
    flipped[state.len() / 2] ^= 4;
    for (bytes, why) in [
        (&flipped[..], "its checksum is wrong"),
        (&state[..state.len() / 3], "it ends early"),
        (b"", "it ends early"),
        (b"{\"a\":1}\n", "it is no state file"),
    ] {
        fs::write(job.path("state"), bytes).expect("a file");
        let ran = job.run(std::slice::from_ref(&log)).with_code(5);
        assert!(ran.err.contains(why) && ran.err.contains("--state-reset"), "{}", ran.err);
        same(&job.written(), &expected);
        assert_eq!(fs::read(job.path("state")).expect("a file"), bytes, "the state is left to be looked at");
    }
    for name in ["out", "late", "rejects"] {
        fs::remove_file(job.path(name)).expect("a file");
    }
    job.tool(std::slice::from_ref(&log)).arg("--state-reset").run().with_code(0);
    same(&job.written(), &expected);
}

#[test]
fn other_settings_are_shown() {
    let folder = tempfile::tempdir().expect("a folder");
    let (job, log, expected) = counted(folder.path());
    job.run(std::slice::from_ref(&log)).with_code(0);
    let other =
        Job { folder: folder.path(), args: vec!["--key", ".k", "--window", "1m", "--once-per-record"] };
    let ran = other.run(std::slice::from_ref(&log)).with_code(5);
    for difference in [
        "window: 20s/5s in the state, 1m now",
        "once-per-record: nothing in the state, on now",
        "aggregate: sum v=.v and min least=.v in the state, nothing now",
    ] {
        assert!(ran.err.contains(difference), "{}", ran.err);
    }
    assert!(!ran.err.contains("watermark"), "what is the same is not shown: {}", ran.err);
    same(&job.written(), &expected);
}

#[test]
fn the_clock_of_the_machine_does_not_matter() {
    let folder = tempfile::tempdir().expect("a folder");
    let (job, log, expected) = counted(folder.path());
    let text = fs::read_to_string(&log).expect("a file");
    let (first, second) = text.split_at(text.len() / 2);
    fs::write(&log, first).expect("a file");
    job.run(std::slice::from_ref(&log)).with_code(0);
    append(&log, second);
    for name in ["log.jsonl", "state", "out"] {
        let touched = Command::new("touch").args(["-d", "1999-12-31"]).arg(job.path(name)).status();
        assert!(touched.expect("touch is there").success());
    }
    job.run(std::slice::from_ref(&log)).with_code(0);
    same(&job.written(), &expected);
}

#[test]
fn a_time_field_that_was_found_stays() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| folder.path().join(name);
    let count = || {
        let call =
            tool("window-count").args(["--window", "10s", "--watermark", "0s", "--state"]).arg(path("state"));
        call.arg(path("log")).run().with_code(0)
    };
    append(&path("log"), "{\"time\":5}\n");
    assert!(count().err.contains("the time is .time"));
    append(&path("log"), "{\"timestamp\":1,\"time\":6}\n{\"time\":20}\n");
    let ran = count();
    assert_eq!(ran.err, "", "nothing to find");
    assert!(ran.text().contains("\"count\":2"), "{}", ran.text());
}

#[test]
fn a_last_line_waits_until_it_is_whole() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| folder.path().join(name);
    let count = || {
        let call =
            tool("window-count").args(["--time", ".t", "--window", "10s", "--watermark", "0s", "--state"]);
        let ran = call.arg(path("state")).arg(path("log")).run().quietly();
        let counts = common::json_lines(ran.text());
        counts.iter().map(|row| row["count"].as_u64().expect("a count")).collect::<Vec<_>>()
    };
    append(&path("log"), "{\"t\":1}\n{\"t\":12");
    assert!(count().is_empty());
    assert!(count().is_empty());
    append(&path("log"), "3}\n{\"t\":200}\n");
    assert_eq!(count(), [1, 1], "the window of 1, and that of 123");
}

#[test]
fn windows_go_on_from_pipe_to_pipe() {
    let folder = tempfile::tempdir().expect("a folder");
    let count = |input: &str| {
        let call =
            tool("window-count").args(["--time", ".t", "--window", "10s", "--watermark", "0s", "--state"]);
        call.arg(folder.path().join("state")).input(input).run().quietly()
    };
    assert_eq!(count("{\"t\":1}\n{\"t\":2}\n").text(), "");
    assert_eq!(count("{\"t\":3}").text(), "", "a pipe's last line is whole: nobody can complete it");
    assert!(count("{\"t\":10}\n").text().contains("\"count\":3"));
    let log = folder.path().join("log");
    fs::write(&log, "{\"t\":11}\n").expect("a file");
    let redirected = Command::new(common::programs().join("window-count"))
        .args(["--time", ".t", "--window", "10s", "--watermark", "0s", "--state"])
        .arg(folder.path().join("state"))
        .stdin(fs::File::open(&log).expect("a file"))
        .output()
        .expect("the program is built");
    assert_eq!(redirected.status.code(), Some(2), "it would be read from its start each time");
}

#[test]
fn open_windows_are_shown_where_that_is_asked_for_and_go_on() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| folder.path().join(name);
    let count = || {
        let call = tool("window-count").args([
            "--time",
            ".t",
            "--window",
            "10s",
            "--watermark",
            "0s",
            "--at-end",
            "flush",
        ]);
        let ran = call.arg("--state").arg(path("state")).arg(path("log")).run().quietly();
        let row =
            |row: &serde_json::Value| (row["count"].as_u64(), row["open"].as_bool(), row["rev"].as_u64());
        common::json_lines(ran.text()).iter().map(row).collect::<Vec<_>>()
    };
    append(&path("log"), "{\"t\":1}\n");
    assert_eq!(count(), [(Some(1), Some(true), None)]);
    assert!(count().is_empty(), "nothing is new");
    append(&path("log"), "{\"t\":2}\n");
    assert_eq!(count(), [(Some(2), Some(true), Some(1))]);
    append(&path("log"), "{\"t\":10}\n");
    assert_eq!(count(), [(Some(2), None, Some(2)), (Some(1), Some(true), None)]);
}

#[test]
fn a_run_with_too_many_rejects_leaves_no_trace() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| folder.path().join(name);
    let count = || {
        let call =
            tool("window-count").args(["--time", ".t", "--window", "10s", "--watermark", "0s", "--strict"]);
        call.arg("--state").arg(path("state")).arg("-o").arg(path("out")).arg(path("log")).run()
    };
    append(&path("log"), "{\"t\":1}\n{\"t\":11}\n");
    count().quietly();
    let before = fs::read(path("out")).expect("a file");
    append(&path("log"), "{\"t\":21}\nno record\n");
    for _ in 0..2 {
        assert!(count().with_code(3).err.contains("log:4"), "the line is where it is in the file");
        assert_eq!(fs::read(path("out")).expect("a file"), before);
    }
}

#[test]
fn an_output_that_was_taken_away_begins_anew_and_one_that_was_cut_is_told() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| folder.path().join(name);
    let count = || {
        let call =
            tool("window-count").args(["--time", ".t", "--window", "10s", "--watermark", "0s", "--state"]);
        call.arg(path("state")).arg("-o").arg(path("out")).arg(path("log")).run()
    };
    append(&path("log"), "{\"t\":1}\n{\"t\":11}\n");
    count().quietly();
    let first = fs::read_to_string(path("out")).expect("a file");
    fs::rename(path("out"), path("out.1")).expect("a file");
    append(&path("log"), "{\"t\":21}\n");
    count().quietly();
    let second = fs::read_to_string(path("out")).expect("a file");
    assert_eq!((first.lines().count(), second.lines().count()), (1, 1));
    OpenOptions::new().write(true).open(path("out")).expect("a file").set_len(5).expect("a file");
    let ran = count().with_code(5);
    assert!(ran.err.contains("has 5 bytes, but") && ran.err.contains("put it back"), "{}", ran.err);
}
