//! `--state`: runs in pieces, and everything that happens to a cron job but kills, which have tests of their own
//! (`kills.rs`). What comes out is compared byte for byte with one run that nothing happened to.

mod common;

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use common::kept::{Chance, Job, KINDS, append, same, stream, undisturbed};
use common::{await_end, tool};

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
    let args = ["window-count", "--key", ".k", "--window", "10s", "--watermark", "1h"];
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
        .args(&KINDS[0][1..])
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
        command.arg("--rejects").arg(job.path("rejects")).args(&KINDS[0][1..]).arg(&log);
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
        call.args(&KINDS[0][1..]).arg(&log)
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
    let other = Job {
        folder: folder.path(),
        args: vec!["window-count", "--key", ".k", "--window", "1m", "--once-per-record"],
    };
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
fn a_run_that_is_told_to_end_inside_a_long_line_leaves_the_line_to_the_next() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| folder.path().join(name);
    let long = format!("{{\"t\":1,\"k\":\"{}\"}}\n", "x".repeat(3_000_000));
    append(&path("log"), &("{\"t\":1}\n".to_owned() + &long[..2_000_000]));
    append(&path("other"), "no record\n");
    // What comes behind the files keeps the run from its end.
    let fifo = path("fifo");
    assert!(Command::new("mkfifo").arg(&fifo).status().expect("mkfifo is there").success());
    let call = |files: &[PathBuf]| {
        let call = tool("jsonl-filter").args(["true", "-q", "--max-line", "100k", "--rejects"]);
        call.arg(path("rejects")).arg("--state").arg(path("state")).arg("-o").arg(path("out")).args(files)
    };
    let mut child = call(&[path("log"), path("other"), fifo.clone()]).spawn();
    let writer = OpenOptions::new().write(true).open(&fifo).expect("the run opens it, too");
    // What was read is written before the run waits, so it heeds signals by now.
    let deadline = Instant::now() + common::PATIENCE;
    while fs::read(path("out")).map_or(0, |out| out.len()) == 0 {
        assert!(Instant::now() < deadline, "nothing was written");
        std::thread::yield_now();
    }
    drop(Command::new("kill").arg("-TERM").arg(child.id().to_string()).status());
    drop(writer);
    assert_eq!(await_end(&mut child), 143);
    append(&path("log"), &long[2_000_000..]);
    call(&[path("log"), path("other")]).run().with_code(0);
    let rejects = fs::read_to_string(path("rejects")).expect("a file");
    assert!(rejects == "no record\n".to_owned() + &long, "once, and whole");
    assert_eq!(fs::read_to_string(path("out")).expect("a file"), "{\"t\":1}\n");
}

/// A process may have 1024 files open. Each of more is read once, whether it is new, has grown, or was compressed.
#[test]
fn three_thousand_files_are_read_once_each() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| folder.path().join(name);
    fs::create_dir(path("logs")).expect("a folder");
    let logs: Vec<PathBuf> = (0..3000).map(|at| path("logs").join(format!("{at:04}"))).collect();
    let line = |at: usize, of: &str| format!("{{\"file\":{at},\"line\":\"{of}\"}}\n");
    let lines = |of: &str| (0..3000).map(|at| line(at, of)).collect::<String>();
    let read = || {
        let script = "ulimit -n 1024; exec \"$0\" true -q --state state logs/*";
        let mut command = Command::new("sh");
        command.args(["-c", script]).arg(common::programs().join("jsonl-filter")).current_dir(folder.path());
        let ran = command.output().expect("there is a shell");
        assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
        String::from_utf8(ran.stdout).expect("UTF-8")
    };
    logs.iter().enumerate().for_each(|(at, log)| append(log, &line(at, "new")));
    assert!(read() == lines("new"));
    logs.iter().enumerate().for_each(|(at, log)| append(log, &line(at, "more")));
    assert!(read() == lines("more"));
    assert_eq!(read(), "", "nothing is new");
    for (at, log) in logs.iter().enumerate() {
        append(log, &line(at, "last"));
        fs::write(log.with_extension("gz"), common::gzip(&fs::read(log).expect("a file"))).expect("a file");
        fs::remove_file(log).expect("a file");
    }
    assert!(read() == lines("last"));
}

#[test]
fn a_run_that_was_killed_leaves_nothing_behind_once_another_has_ended() {
    let folder = tempfile::tempdir().expect("a folder");
    let parts = || {
        let names =
            fs::read_dir(folder.path()).expect("a folder").map(|entry| entry.expect("a file").file_name());
        names.filter(|name| name.to_string_lossy().ends_with(".part")).count()
    };
    let count = || tool("topn").dir(folder.path()).args(["--key", ".k", "-o", "out"]);
    let started = |wanted: usize| {
        let patience = Instant::now() + common::PATIENCE;
        while parts() < wanted {
            assert!(Instant::now() < patience, "it writes beside its output");
        }
    };
    let mut killed = count().spawn();
    started(1);
    killed.kill().expect("it is ours");
    killed.wait().expect("it was killed");
    assert_eq!(parts(), 1);
    let mut living = count().spawn();
    // Its own, and that of the dead is gone.
    let patience = Instant::now() + common::PATIENCE;
    while !fs::read_dir(format!("/proc/{}/fd", living.id())).expect("it runs").flatten().any(|entry| {
        fs::read_link(entry.path()).is_ok_and(|target| target.to_string_lossy().ends_with(".part"))
    }) {
        assert!(Instant::now() < patience, "it writes beside its output");
    }
    assert_eq!(parts(), 1);
    count().input("{\"k\":1}\n").run().quietly();
    assert_eq!(parts(), 1, "that of the living stays");
    drop(living.stdin.take());
    assert_eq!(await_end(&mut living), 0);
    assert_eq!((parts(), fs::read_to_string(folder.path().join("out")).expect("a file")), (0, String::new()));
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
