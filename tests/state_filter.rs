//! `jsonl-filter --state`: only new lines are looked at, and what `--dedupe` remembers goes on.

mod common;

use std::fs;

use common::kept::{Chance, FILTERS, Job, append, same, stream, undisturbed};
use common::tool;

#[test]
fn any_slices_give_what_one_run_gives() {
    let mut chance = Chance(61);
    for args in FILTERS {
        let text = stream(&mut chance, 3000);
        let expected = undisturbed(args, &text);
        assert!(!expected[0].is_empty() && !expected[2].is_empty(), "{args:?} has something to compare");
        let folder = tempfile::tempdir().expect("a folder");
        let job = Job { folder: folder.path(), args: args.to_vec() };
        let log = job.path("log.jsonl");
        let mut rest = text.as_str();
        while !rest.is_empty() {
            let (slice, after) = rest.split_at((1 + chance.below(60_000) as usize).min(rest.len()));
            append(&log, slice);
            rest = after;
            job.run(std::slice::from_ref(&log)).with_code(0);
        }
        same(&job.written(), &expected);
    }
}

#[test]
fn a_value_that_came_in_another_run_came_before() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| folder.path().join(name);
    let keep = |more: &[&str]| {
        let call = tool("jsonl-filter").args(["--dedupe", ".id", "--state"]).arg(path("state"));
        call.args(more).arg(path("log")).run()
    };
    append(&path("log"), "{\"id\":1}\n{\"id\":2}\n");
    assert_eq!(keep(&[]).quietly().text(), "{\"id\":1}\n{\"id\":2}\n");
    append(&path("log"), "{\"id\":2}\n{\"id\":3}\n");
    assert_eq!(keep(&[]).quietly().text(), "{\"id\":3}\n");
    let refused = keep(&["--within", "5rec"]).with_code(5);
    assert!(refused.err.contains("within: all in the state, 5rec now"), "{}", refused.err);
}

#[test]
fn a_limit_is_one_of_each_run_and_the_next_goes_on_behind_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| folder.path().join(name);
    let keep = |most: &str| {
        let call = tool("jsonl-filter").args(["-m", most, "--where", ".a > 1", "--state"]).arg(path("state"));
        call.arg(path("log")).run().quietly().text().to_owned()
    };
    append(&path("log"), &(1..8).map(|a| format!("{{\"a\":{a}}}\n")).collect::<String>());
    assert_eq!(keep("2"), "{\"a\":2}\n{\"a\":3}\n");
    assert_eq!(keep("3"), "{\"a\":4}\n{\"a\":5}\n{\"a\":6}\n");
    append(&path("log"), "{\"a\":8}\n");
    assert_eq!(keep("5"), "{\"a\":7}\n{\"a\":8}\n");
    assert_eq!(keep("5"), "");
}

#[test]
fn nothing_is_added_to_a_file_that_is_read() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| folder.path().join(name);
    append(&path("log"), "{\"a\":1}\n");
    let call = tool("jsonl-filter").args(["true", "--state"]).arg(path("state")).arg("-o").arg(path("log"));
    let ran = call.arg(path("log")).run().with_code(2);
    assert!(ran.err.contains("-o") && ran.err.contains("name another file"), "{}", ran.err);
    assert_eq!(fs::read_to_string(path("log")).expect("a file"), "{\"a\":1}\n");
}
