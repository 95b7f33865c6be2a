//! Runs that are killed at random instants and started again, as cron does: what they leave is what one run leaves that nobody
//! killed, byte for byte.
//!
//! `KILLS=1000 cargo test --release --test kills` (scripts/kill-harness) kills that many runs of each kind.

mod common;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Child;
use std::time::{Duration, Instant};

use common::kept::{
    Chance, FILTERS, Job, KINDS, LISTS, TABLES, append, input, kill_after, kills, same, undisturbed,
};
use common::{gzip, zstd};

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
    while killed < kills(5) {
        let text = input(args, &mut chance, lines);
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
        kill_at_random(seed, args, 8_000, |chance, folder, rest, running| {
            growing(chance, folder, rest, running.is_some())
        });
    }
}

/// One file that grows between the runs, and while they read it.
fn growing(chance: &mut Chance, folder: &Path, rest: &mut &str, is_running: bool) -> Vec<PathBuf> {
    let log = folder.join("log.jsonl");
    let most = if is_running { 200_000 } else { 400_000 };
    append(&log, take(rest, most, chance));
    vec![log]
}

#[test]
fn killed_runs_leave_no_trace_in_tables_and_lists() {
    for (seed, args) in [(37, TABLES[0]), (41, TABLES[2]), (43, LISTS[0]), (47, LISTS[1])] {
        kill_at_random(seed, args, 8_000, |chance, folder, rest, running| {
            growing(chance, folder, rest, running.is_some())
        });
    }
}

#[test]
fn killed_runs_leave_no_trace_in_lines_that_are_kept() {
    for (seed, args) in [(53, FILTERS[0]), (59, FILTERS[1]), (61, FILTERS[3])] {
        kill_at_random(seed, args, 8_000, |chance, folder, rest, running| {
            growing(chance, folder, rest, running.is_some())
        });
    }
}

#[test]
fn killed_runs_over_many_files_leave_no_trace() {
    kill_at_random(29, KINDS[1], 8_000, |chance, folder, rest, running| {
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
    kill_at_random(31, KINDS[0], 8_000, |chance, folder, rest, running| {
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
