//! `topn --state`: tables of plain records and lists of windows that go on from run to run.

mod common;

use std::fs;
use std::path::Path;

use common::kept::{Chance, Job, LISTS, TABLES, append, input, same, stream, undisturbed};
use common::{json_lines, tool};

#[test]
fn a_table_is_that_of_all_records_so_far() {
    let mut chance = Chance(41);
    for args in TABLES {
        let text = stream(&mut chance, 2000);
        let folder = tempfile::tempdir().expect("a folder");
        let job = Job { folder: folder.path(), args: args.to_vec() };
        let log = job.path("log.jsonl");
        let mut at = 0;
        while at < text.len() {
            let to = (at + 1 + chance.below(60_000) as usize).min(text.len());
            append(&log, &text[at..to]);
            at = to;
            job.run(std::slice::from_ref(&log)).with_code(0);
            let whole = text[..at].rfind('\n').map_or(0, |newline| newline + 1);
            same(&job.written(), &undisturbed(args, &text[..whole]));
        }
        let before = job.written();
        assert!(before[0].lines().count() >= 5, "{args:?} has something to compare");
        job.run(std::slice::from_ref(&log)).with_code(0);
        same(&job.written(), &before);
    }
}

#[test]
fn lists_of_windows_in_any_slices_are_those_of_one_run() {
    let mut chance = Chance(47);
    for args in LISTS {
        let text = input(args, &mut chance, 6000);
        let expected = undisturbed(args, &text);
        assert!(expected[0].lines().count() > 50);
        let folder = tempfile::tempdir().expect("a folder");
        let job = Job { folder: folder.path(), args: args.to_vec() };
        let log = job.path("rows.jsonl");
        let mut rest = text.as_str();
        while !rest.is_empty() {
            let (slice, after) = rest.split_at((1 + chance.below(40_000) as usize).min(rest.len()));
            append(&log, slice);
            rest = after;
            job.run(std::slice::from_ref(&log)).with_code(0);
        }
        same(&job.written(), &expected);
    }
}

#[test]
fn a_window_that_is_not_whole_waits_for_its_rows() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| folder.path().join(name);
    let row = |start: u64, key: &str| {
        let time = |second: u64| format!("1970-01-01T00:00:{second:02}Z");
        format!(
            "{{\"window_start\":\"{}\",\"window_end\":\"{}\",\"k\":\"{key}\",\"count\":1,\"rows\":2}}\n",
            time(start),
            time(start + 10)
        )
    };
    let rank = || {
        let ran = tool("topn")
            .arg("--state")
            .arg(path("state"))
            .arg(path("rows"))
            .run()
            .quietly()
            .text()
            .to_owned();
        json_lines(&ran)
            .iter()
            .map(|row| (row["k"].as_str().map(str::to_owned), row["prev_rank"].as_u64()))
            .collect::<Vec<_>>()
    };
    let key = |key: &str| Some(key.to_owned());
    append(&path("rows"), &row(0, "b"));
    assert_eq!(rank(), []);
    append(&path("rows"), &row(0, "a"));
    assert_eq!(rank(), [(key("a"), None), (key("b"), None)]);
    assert_eq!(rank(), [], "nothing is new");
    // A filter left out the other row: the next window tells.
    append(&path("rows"), &(row(10, "b") + &row(20, "c") + &row(20, "b")));
    assert_eq!(rank(), [(key("b"), Some(2)), (key("b"), Some(1)), (key("c"), None)]);
}

/// The two tools in a pipe, once for each slice.
fn piped(folder: &Path, slices: &[&str]) -> String {
    let path = |name: &str| folder.join(name);
    for slice in slices {
        append(&path("log"), slice);
        let rows = tool("window-count")
            .args(["--quiet", "--time", ".t", "--key", ".k", "--window", "10s", "--state"])
            .args([path("count.state"), path("log")])
            .run()
            .with_code(0);
        tool("topn")
            .args(["2", "--state"])
            .arg(path("top.state"))
            .arg("-o")
            .arg(path("top"))
            .input(rows.out)
            .run()
            .quietly();
    }
    fs::read_to_string(path("top")).expect("it was written")
}

#[test]
fn ranks_of_the_window_before_go_on_from_pipe_to_pipe() {
    let text = stream(&mut Chance(53), 3000);
    let whole = |at: usize| text[..at].rfind('\n').map_or(0, |newline| newline + 1);
    let (first, second) = (whole(text.len() / 3), whole(text.len() / 2));
    let folders = [(); 2].map(|()| tempfile::tempdir().expect("a folder"));
    let pieces = piped(folders[0].path(), &[&text[..first], &text[first..second], &text[second..]]);
    assert!(pieces.lines().count() > 10);
    assert_eq!(pieces, piped(folders[1].path(), &[&text]));
}

#[test]
fn what_changes_lists_must_stay_and_what_only_shows_counts_may_change() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| folder.path().join(name);
    append(&path("log"), "{\"k\":\"a\"}\n{\"k\":\"b\"}\n{\"k\":\"b\"}\n");
    let table = |args: &[&str]| {
        tool("topn")
            .args(args)
            .arg(path("log"))
            .args(["-q", "--key", ".k", "--state"])
            .arg(path("state"))
            .run()
    };
    assert_eq!(json_lines(table(&["1"]).quietly().text()).len(), 1);
    assert_eq!(json_lines(table(&["9", "--asc"]).quietly().text()).len(), 2, "of the counts there are");
    let refused = table(&["1", "--fold"]).with_code(5);
    assert!(refused.err.contains("fold: nothing in the state, on now"), "{}", refused.err);
    append(&path("rows"), &input(LISTS[0], &mut Chance(43), 900));
    let ranked = |n: &str| tool("topn").args([n, "-q", "--state"]).args([path("ranks"), path("rows")]).run();
    ranked("3").with_code(0);
    let refused = ranked("4").with_code(5);
    assert!(refused.err.contains("N: 3 in the state, 4 now"), "{}", refused.err);
    let foreign = tool("topn").args(["-q", "--state"]).args([path("state"), path("rows")]).run().with_code(5);
    assert!(foreign.err.contains("key: k=.k in the state, nothing now"), "{}", foreign.err);
}

#[test]
fn a_table_for_people_is_made_anew_by_each_run() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| folder.path().join(name);
    let table = || {
        let call = tool("topn").args(["--key", ".k", "--format", "table", "--state"]).arg(path("state"));
        call.arg("-o").args([path("out"), path("log")]).run().quietly();
        fs::read_to_string(path("out")).expect("a file").lines().count()
    };
    append(&path("log"), "{\"k\":\"a\"}\n");
    let lines = table();
    append(&path("log"), "{\"k\":\"b\"}\n");
    assert_eq!(table(), lines + 1);
}
