//! `--state` on a disk that is full, or that cannot be written to: a small file system of its own, where one can be mounted.

mod common;

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use common::kept::{Chance, KINDS, same, stream, undisturbed};

/// Runs as from cron, with a disk that grows from nearly nothing, is read-only for a while, and has room in the end. What was
/// written is copied out, since the disk goes with the shell.
const SCRIPT: &str = r#"
mount -t tmpfs -o size=4k tmpfs disk || exit 99
run() {
    status=0
    "$@" --state disk/state --state-every 2ms -o disk/out --late-output disk/late --rejects disk/rejects log 2>said || status=$?
    echo "$status $(tail -n 1 said)"
}
for size in 4 8 16 24 32 64 128 192 256 320 384; do
    mount -o remount,size=${size}k disk
    run "$@"
done
mount -o remount,ro disk
run "$@"
mount -o remount,rw,size=64m disk
run "$@"
cp disk/out disk/late disk/rejects .
"#;

#[test]
fn a_disk_that_is_full_or_cannot_be_written_leaves_no_trace_once_there_is_room() {
    let folder = tempfile::tempdir().expect("a folder");
    let text = stream(&mut Chance(67), 30_000);
    fs::write(folder.path().join("log"), &text).expect("a file");
    fs::create_dir(folder.path().join("disk")).expect("a folder");
    let mut command = Command::new("unshare");
    command.args(["--map-root-user", "--mount", "sh", "-c", SCRIPT, "sh"]).current_dir(folder.path());
    command.arg(common::programs().join("window-count")).args(["--time", ".t"]).args(&KINDS[0][1..]);
    let ran = command.output();
    let Some(ran) = ran.ok().filter(|ran| ran.status.success()) else {
        println!("skipped: a_disk_that_is_full: no file system can be mounted here");
        return;
    };
    let said = String::from_utf8(ran.stdout).expect("UTF-8");
    let runs: Vec<(&str, &str)> = said.lines().filter_map(|line| line.split_once(' ')).collect();
    let [full @ .., (read_only, why), (last, _)] = &runs[..] else { panic!("{said}") };
    assert!(full.iter().filter(|(status, _)| *status == "4").count() >= 4, "it was full for a while: {said}");
    for (status, why) in full {
        assert!(["0", "4"].contains(status), "{said}");
        let is_told = why.contains("window-count: cannot ") && why.contains("No space left");
        assert!(*status == "0" || is_told, "{said}");
    }
    assert_eq!((*read_only, *last), ("4", "0"), "{said}");
    assert!(why.contains("cannot write") && why.contains("Read-only"), "{said}");
    let written = ["out", "late", "rejects"]
        .map(|name: &str| fs::read_to_string(PathBuf::from(folder.path()).join(name)).expect("a file"));
    same(&written, &undisturbed(KINDS[0], &text));
}
