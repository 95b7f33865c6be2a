//! `--checkpoint`: a pipeline leaves what an undisturbed run leaves, whichever of its programs dies, and whenever.

mod common;

use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use common::kept::{Chance, FILTERS, KINDS, LISTS, append, input, same};
use common::{Ran, await_end, programs, tool};

const RUN: &str = "0123456789abcdef";

fn first(restore: u64) -> String {
    format!("{{\"@mark\":{{\"run\":\"{RUN}\",\"restore\":{restore}}}}}\n")
}

fn mark(id: u64, end: bool) -> String {
    // As jq writes it.
    let end = if end { ", \"end\": true" } else { "" };
    format!("{{ \"@mark\": {{ \"id\": {id}, \"run\": \"{RUN}\"{end} }} }}\n")
}

/// A stage that owns its files in the folder, over what is piped into it.
fn last(folder: &Path, args: &[&str], more: &[&str], piped: &str) -> Ran {
    let mut call = tool(args[0]).dir(folder);
    if args[0] == "window-count" {
        call = call.args(["--time", ".t", "--late-output", "late"]);
    }
    call.args(&args[1..]).args(["--quiet", "--rejects", "rejects", "-o", "out"]).args(more).input(piped).run()
}

fn written(folder: &Path) -> [String; 3] {
    ["out", "late", "rejects"].map(|name| fs::read_to_string(folder.join(name)).unwrap_or_default())
}

fn undisturbed(args: &[&str], text: &str) -> [String; 3] {
    let folder = tempfile::tempdir().expect("a folder");
    last(folder.path(), args, &[], text).with_code(0);
    written(folder.path())
}

/// The same for a stage that meets no mark before the last.
fn unmarked(args: &[&str], text: &str) -> [String; 3] {
    let folder = tempfile::tempdir().expect("a folder");
    last(folder.path(), args, &["--checkpoint", "dir"], &(first(0) + text + &mark(1, true))).with_code(0);
    written(folder.path())
}

fn committed(folder: &Path) -> String {
    fs::read_to_string(folder.join("dir/committed")).unwrap_or_default()
}

/// Cuts a text into so many pieces of whole lines.
fn pieces<'t>(text: &'t str, count: u64, chance: &mut Chance) -> Vec<&'t str> {
    let mut cuts: Vec<usize> = (1..count)
        .map(|_| {
            text[..chance.below(text.len() as u64) as usize].rfind('\n').map_or(0, |newline| newline + 1)
        })
        .collect();
    cuts.extend([0, text.len()]);
    cuts.sort_unstable();
    cuts.windows(2).map(|ends| &text[ends[0]..ends[1]]).collect()
}

#[test]
fn marks_change_no_byte_wherever_they_stand_and_wherever_a_run_dies() {
    let mut chance = Chance(71);
    for args in KINDS.iter().chain(&LISTS).chain(&FILTERS) {
        if args.iter().any(|arg| ["--count", "--at-end"].contains(arg)) {
            continue;
        }
        let text = input(args, &mut chance, 1500);
        let expected = unmarked(args, &text);
        // Changes that are shown at the end are not the last ones where a later run goes on.
        if !args.contains(&"update") {
            same(&expected, &undisturbed(args, &text));
        }
        let folder = tempfile::tempdir().expect("a folder");
        let pieces = pieces(&text, 12, &mut chance);
        let (mut begun, mut id) = (0, 0);
        let mut at_mark = vec![(0, 0)];
        loop {
            let last_one = begun + 1 + chance.below(6) as usize;
            let mut piped = first(at_mark.last().expect("the first").1);
            for (at, piece) in pieces.iter().enumerate().skip(begun).take(last_one - begun) {
                id += 1;
                piped += piece;
                piped += &mark(id, at + 1 == pieces.len());
                at_mark.push((at + 1, id));
            }
            let has_ended = last_one >= pieces.len();
            if !has_ended {
                // It dies in the next piece, and in the middle of a line.
                let rest = pieces[last_one];
                piped += &rest[..rest.len() * 2 / 3];
            }
            let ran = last(folder.path(), args, &["--checkpoint", "dir"], &piped);
            ran.with_code(if has_ended { 0 } else { 4 });
            let (next, mark) = *at_mark.last().expect("the first");
            assert_eq!(committed(folder.path()), format!("{{\"id\":{mark}}}\n"));
            begun = next;
            if has_ended {
                break;
            }
        }
        same(&written(folder.path()), &expected);
        // What only later runs could tell is gone.
        let saved = fs::read_dir(folder.path().join("dir").join(args[0])).expect("a stage").count();
        assert!(saved <= 3, "{saved} snapshots are left");
    }
}

/// The programs of a pipeline, each with its arguments; all get the folder of the checkpoints.
type Stages<'s> = &'s [&'s [&'s str]];

const PIPELINE: Stages<'static> = &[
    &["stream-fetch", "log.jsonl", "--mark-every", "10ms"],
    &["jsonl-filter", "--where", ".v < 900", "--dedupe", ".id", "--within", "500rec", "--rejects", "bad"],
    &["window-count", "--time", ".t", "--key", ".k", "--window", "20s/5s", "--late-output", "late"],
    &["topn", "5", "-o", "out"],
];

fn start(folder: &Path, stages: Stages<'_>, marked: bool) -> Vec<Child> {
    let mut children: Vec<Child> = Vec::new();
    let mut piped = Stdio::null();
    for (at, args) in stages.iter().enumerate() {
        let mut command = Command::new(programs().join(args[0]));
        command.args(&args[1..]).arg("--quiet").current_dir(folder).stdin(piped);
        if marked {
            command.args(["--checkpoint", "dir"]);
        }
        let is_last = at + 1 == stages.len();
        command.stdout(if is_last { Stdio::null() } else { Stdio::piped() }).stderr(Stdio::null());
        let mut child = command.spawn().expect("a program");
        piped = child.stdout.take().map_or(Stdio::null(), Stdio::from);
        children.push(child);
    }
    children
}

fn signal(child: &Child, name: &str) {
    // It may have ended.
    let _ = Command::new("kill").args([name, &child.id().to_string()]).stderr(Stdio::null()).status();
}

fn outputs(folder: &Path) -> [String; 3] {
    ["out", "late", "bad"].map(|name| fs::read_to_string(folder.join(name)).unwrap_or_default())
}

#[test]
fn a_pipeline_that_is_killed_leaves_what_one_leaves_that_nobody_killed() {
    let kills: usize = std::env::var("KILLS").ok().and_then(|kills| kills.parse().ok()).unwrap_or(12);
    let mut chance = Chance(73);
    let text = input(KINDS[0], &mut chance, 4000);
    let whole = tempfile::tempdir().expect("a folder");
    fs::write(whole.path().join("log.jsonl"), &text).expect("a file");
    let unmarked: Vec<Vec<&str>> = PIPELINE
        .iter()
        .map(|args| args.iter().copied().filter(|arg| !["--mark-every", "10ms"].contains(arg)).collect())
        .collect();
    let unmarked: Vec<&[&str]> = unmarked.iter().map(Vec::as_slice).collect();
    let begun = Instant::now();
    let codes: Vec<i32> = start(whole.path(), &unmarked, false).iter_mut().map(await_end).collect();
    assert_eq!(codes, [0; 4]);
    let takes = begun.elapsed().as_micros() as u64 * 2;
    let expected = outputs(whole.path());
    assert!(expected[0].lines().count() > 100 && !expected[1].is_empty() && !expected[2].is_empty());

    let mut killed = 0;
    while killed < kills {
        let folder = tempfile::tempdir().expect("a folder");
        fs::write(folder.path().join("log.jsonl"), &text).expect("a file");
        loop {
            let mut children = start(folder.path(), PIPELINE, true);
            if killed < kills {
                std::thread::sleep(Duration::from_micros(chance.below(takes)));
                let name = ["-KILL", "-KILL", "-TERM", "-INT"][chance.below(4) as usize];
                // One of them, or all at once, as Ctrl-C does.
                let victim = chance.below(5) as usize;
                for (at, child) in children.iter().enumerate() {
                    if victim == at || victim == 4 {
                        signal(child, name);
                    }
                }
                killed += 1;
            }
            let codes: Vec<i32> = children.iter_mut().map(await_end).collect();
            assert!(!codes.iter().any(|code| [1, 2, 3, 5, 101].contains(code)), "{codes:?}");
            if codes[3] == 0 {
                break;
            }
        }
        same(&outputs(folder.path()), &expected);
        if chance.below(2) == 0 {
            // Once more, with nothing new.
            let codes: Vec<i32> = start(folder.path(), PIPELINE, true).iter_mut().map(await_end).collect();
            assert_eq!(codes, [0; 4]);
            same(&outputs(folder.path()), &expected);
        }
    }
}

#[test]
fn what_is_appended_later_is_counted_as_if_it_had_been_there() {
    let mut chance = Chance(79);
    let text = input(KINDS[0], &mut chance, 3000);
    let whole = tempfile::tempdir().expect("a folder");
    fs::write(whole.path().join("log.jsonl"), &text).expect("a file");
    let mut held: Vec<Vec<&str>> = PIPELINE.iter().map(|args| args.to_vec()).collect();
    held[2].extend(["--at-end", "hold"]);
    let held: Vec<&[&str]> = held.iter().map(Vec::as_slice).collect();
    start(whole.path(), &held, true).iter_mut().for_each(|child| assert_eq!(await_end(child), 0));
    let folder = tempfile::tempdir().expect("a folder");
    for piece in pieces(&text, 4, &mut chance) {
        append(&folder.path().join("log.jsonl"), piece);
        start(folder.path(), &held, true).iter_mut().for_each(|child| assert_eq!(await_end(child), 0));
    }
    same(&outputs(folder.path()), &outputs(whole.path()));
}

/// Runs a script in a folder with a log of three lines, with the programs on the path.
fn shell(script: &str) -> (Ran, tempfile::TempDir) {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(
        folder.path().join("log"),
        "{\"ts\":1,\"k\":\"a\"}\n{\"ts\":2,\"k\":\"b\"}\n{\"ts\":12,\"k\":\"a\"}\n",
    )
    .expect("a file");
    (common::shell(&format!("cd {} && {script}", folder.path().display())), folder)
}

#[test]
fn ordinary_programs_in_the_middle_let_marks_pass() {
    let count = "window-count -q --checkpoint dir --window 10s -o rows && cat rows";
    let (expected, _folder) = shell("grep a log | window-count -q --window 10s");
    let grep = "grep --line-buffered -e '\"@mark\"' -e '\"a\"'";
    let (ran, folder) = shell(&format!("stream-fetch --checkpoint dir log | {grep} | {count}"));
    assert_eq!(ran.with_code(0).text(), expected.text());
    assert_eq!(committed(folder.path()), "{\"id\":1}\n");
    if common::shell("command -v jq").code != 0 {
        println!("skipped: ordinary_programs_in_the_middle_let_marks_pass: there is no jq");
        return;
    }
    let jq = "jq -c --unbuffered -S 'select(.[\"@mark\"] or .k == \"a\")'";
    let (ran, _folder) = shell(&format!("stream-fetch --checkpoint dir log | {jq} | {count}"));
    assert_eq!(ran.with_code(0).text(), expected.text());
}

#[test]
fn a_stage_alone_is_a_whole_pipeline() {
    let (expected, _folder) = shell("window-count -q --window 10s --key .k log");
    let (ran, _folder) =
        shell("window-count -q --checkpoint dir --window 10s --key .k log -o rows && cat rows && rm -r dir");
    assert_eq!(ran.with_code(0).text(), expected.text());
    let (ran, _folder) = shell("jsonl-filter --checkpoint dir '.k == \"a\"' log -o kept && wc -l < kept");
    assert_eq!(ran.with_code(0).text().trim(), "2");
}

#[test]
fn two_alike_need_names_and_two_runs_exclude_each_other() {
    let twice = |stage: &str| {
        shell(&format!(
            "jsonl-filter --checkpoint dir true log {stage} | jsonl-filter --checkpoint dir true -o kept && wc -l < kept"
        ))
    };
    let (ran, _folder) = twice("");
    assert!(ran.err.contains("--stage NAME"), "{}", ran.err);
    assert_ne!(ran.code, 0);
    assert_eq!(twice("--stage first").0.with_code(0).text().trim(), "3");

    let folder = tempfile::tempdir().expect("a folder");
    let mut holder =
        tool("jsonl-filter").dir(folder.path()).args(["--checkpoint", "dir", "true", "-o", "out"]).start();
    holder.send(first(0));
    holder.send("{\"a\":1}\n");
    let until = Instant::now() + Duration::from_secs(20);
    while fs::read(folder.path().join("out")).unwrap_or_default().is_empty() {
        assert!(Instant::now() < until, "the stage writes");
        std::thread::sleep(Duration::from_millis(2));
    }
    let ran =
        last(folder.path(), &["jsonl-filter", "true"], &["--checkpoint", "dir"], &first(0)).with_code(75);
    assert!(ran.err.contains("another run"), "{}", ran.err);
    holder.send(mark(1, false));
    let until = Instant::now() + Duration::from_secs(20);
    while committed(folder.path()) != "{\"id\":1}\n" {
        assert!(Instant::now() < until, "the mark is committed");
        std::thread::sleep(Duration::from_millis(2));
    }
    holder.send("{\"a\":2}\n");
    holder.close_input();
    let (code, said) = holder.end();
    assert_eq!(code, 4, "{said}");
    assert!(said.contains("without") || said.contains("before its end mark"), "{said}");
    assert_eq!(
        fs::read_to_string(folder.path().join("out")).expect("a file"),
        "{\"a\":1}\n",
        "the rest is taken back"
    );
    // A source that read what was committed before that.
    let ran =
        last(folder.path(), &["jsonl-filter", "true"], &["--checkpoint", "dir"], &first(0)).with_code(75);
    assert!(ran.err.contains("from mark 0 to 1"), "{}", ran.err);
}

#[test]
fn a_stage_that_cannot_go_on_says_why() {
    let folder = tempfile::tempdir().expect("a folder");
    let run = |args: &[&str], piped: &str| last(folder.path(), args, &["--checkpoint", "dir"], piped);
    let text = first(0) + "{\"a\":1}\n" + &mark(1, false) + &mark(2, false) + &mark(3, true);
    run(&["jsonl-filter", ".a"], &text).with_code(0);
    let ran = run(&["jsonl-filter", ".b"], &(first(3) + &mark(4, true))).with_code(5);
    assert!(
        ran.err.contains("where: .a in the state, .b now") && ran.err.contains("another --checkpoint DIR"),
        "{}",
        ran.err
    );
    let ran = run(&["jsonl-filter", ".a", "--stage", "new"], &(first(3) + &mark(4, true))).with_code(5);
    assert!(ran.err.contains("was it not part of the pipeline before"), "{}", ran.err);
    let ran = run(&["jsonl-filter", ".a"], "{\"a\":1}\n").with_code(2);
    assert!(ran.err.contains("give --checkpoint to the tool before this one"), "{}", ran.err);
    run(&["jsonl-filter", ".a"], "").with_code(4);
    fs::write(folder.path().join("dir/committed"), "nonsense").expect("a file");
    run(&["jsonl-filter", ".a"], &first(3)).with_code(5);
    fs::remove_file(folder.path().join("dir/committed")).expect("a file");
    run(&["jsonl-filter", ".a"], &first(0)).with_code(5);
    assert_eq!(fs::read_to_string(folder.path().join("out")).expect("a file"), "{\"a\":1}\n");
}

/// What docs/delivery.md promises of the spool: it holds what is not committed, and up to 4 MiB more.
#[test]
fn a_spool_holds_four_mebibytes_more_than_what_is_not_committed() {
    let folder = tempfile::tempdir().expect("a folder");
    let root = folder.path();
    let stage = |words: &[&str], input: Stdio, output: Stdio| {
        let mut command = Command::new(programs().join(words[0]));
        command.args(&words[1..]).args(["-q", "--checkpoint", "dir"]).current_dir(root);
        command.stdin(input).stdout(output).spawn().expect("a program")
    };
    let mut source = stage(&["stream-fetch", "-", "--mark-every", "50ms"], Stdio::piped(), Stdio::piped());
    let marked = source.stdout.take().expect("piped").into();
    let mut last = stage(&["jsonl-filter", "true", "-o", "out"], marked, Stdio::null());
    fn size(path: &Path) -> u64 {
        // Segments are removed meanwhile.
        let Ok(metadata) = fs::metadata(path) else { return 0 };
        if metadata.is_file() {
            return metadata.len();
        }
        fs::read_dir(path).into_iter().flatten().flatten().map(|entry| size(&entry.path())).sum()
    }
    // A segment is full when it has 4 MiB: what came with its last line is on top.
    let (more, at_once) = (4 << 20, 512 << 10);
    let lines = format!("{{\"padding\":\"{}\"}}\n", "x".repeat(1000)).repeat(6000);
    let mut input = source.stdin.take().expect("piped");
    for round in 1..=3 {
        std::io::Write::write_all(&mut input, lines.as_bytes()).expect("it reads");
        let begun = Instant::now();
        // All is handed on, and the mark behind it is committed.
        loop {
            let (spool, out) = (size(&root.join("dir/spool")), size(&root.join("out")));
            if out == round * lines.len() as u64 && spool <= more + at_once {
                assert!(spool > 0, "standard input goes through the spool");
                break;
            }
            assert!(
                begun.elapsed() < common::PATIENCE,
                "round {round}: {spool} bytes of spool, {out} of output"
            );
            std::thread::sleep(Duration::from_millis(10));
        }
    }
    drop(input);
    for stage in [&mut source, &mut last] {
        assert!(stage.wait().expect("it ends").success());
    }
}

#[test]
fn what_cannot_take_part_is_refused() {
    for (args, hint) in [
        (&["jsonl-filter", "true", "--count", "log", "-o", "out"][..], "--count"),
        (&["jsonl-filter", "true", "-m", "1", "log", "-o", "out"], "--max-count"),
        (&["jsonl-filter", "true", "log", "-o", "out", "--format", "table"], "table"),
        (&["jsonl-filter", "true", "log", "--state", "state", "-o", "out"], "--state"),
        (&["jsonl-filter", "true", "log"], "name a file with -o"),
        (&["jsonl-filter", "true", "log", "-", "-o", "out"], "one pipe"),
        (&["topn", "--key", ".k", "log", "-o", "out"], "window-count"),
        (&["topn", "--score", "trend", "log", "-o", "out"], "--score"),
        (&["window-count", "--window", "1s", "--partial", "log"], "--partial"),
        (&["window-count", "--merge", "log"], "--merge"),
        (&["stream-fetch", "log", "--loop", "-o", "out"], "--loop"),
        (&["stream-fetch", "log", "--cursor", "place", "-o", "out"], "--cursor"),
        (&["stream-fetch", "log", "--stage", "spool", "-o", "out"], "spool"),
        (&["stream-fetch", "log", "--stage", "a/b", "-o", "out"], "expected letters"),
    ] {
        let folder = tempfile::tempdir().expect("a folder");
        fs::write(folder.path().join("log"), "{\"ts\":1,\"k\":\"a\"}\n").expect("a file");
        let out = fs::File::create(folder.path().join("stdout")).expect("a file");
        let ran = tool(args[0])
            .dir(folder.path())
            .args(&args[1..])
            .args(["--checkpoint", "dir"])
            .stdout_to(out)
            .run();
        assert!(ran.code == 2 && ran.err.contains(hint), "{args:?}: {} {}", ran.code, ran.err);
    }
}

#[test]
fn a_record_that_looks_like_a_mark_is_a_record() {
    let line = mark(7, true);
    let ran = tool("jsonl-filter").arg("true").input(&line).run().with_code(0);
    assert_eq!(ran.text(), line, "without marks it is a line like others");
    let script = format!(
        "printf '%s' '{line}' >> log; jsonl-filter --checkpoint dir true log | jsonl-filter --checkpoint dir --stage last true -o out; cat out"
    );
    let (ran, folder) = shell(&script);
    let log = fs::read_to_string(folder.path().join("log")).expect("a file");
    assert_eq!(ran.with_code(0).text(), log);
}
