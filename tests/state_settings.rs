//! Which options a state belongs to: each option of the tools that keep one is here, so that a new one is not forgotten.
//!
//! An option either belongs to the state, since it changes what comes out: then another value is refused, and the difference
//! names it. Or it may change from run to run: then the run goes on.

mod common;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use common::{Ran, tool};

/// What becomes of a run with this option after one without it.
enum Then {
    /// It is refused, and the difference has this name.
    Refused(&'static str),
    /// It goes on: the option says how a run goes about its work, where things go, or what is shown of what is known.
    GoesOn,
    /// It does not go with a state, or needs none.
    Stateless,
}

use Then::{GoesOn, Refused, Stateless};

/// The option, the arguments of the run before, and those that make it another.
type Case = (&'static str, &'static [&'static str], &'static [&'static str], Then);

/// What the shared options do, on every tool with a state.
const SHARED: &[Case] = &[
    ("--lexicon", &[], &["--lexicon", "words"], Refused("lexicon")),
    ("--check", &[], &["--check", "full"], Refused("check")),
    ("--max-line", &[], &["--max-line", "1k"], Refused("max-line")),
    ("--rejects", &[], &["--rejects", "rejects"], GoesOn),
    ("--max-rejects", &[], &["--max-rejects", "9"], GoesOn),
    ("--strict", &[], &["--strict"], GoesOn),
    ("--output", &[], &["-o", "out"], GoesOn),
    ("--threads", &[], &["--threads", "1"], GoesOn),
    ("--stats", &[], &["--stats", "stats"], GoesOn),
    ("--quiet", &[], &["-q"], GoesOn),
    ("--verbose", &[], &["--verbose"], GoesOn),
    ("--log", &[], &["--log", "log"], GoesOn),
    ("--state-every", &[], &["--state-every", "5s"], GoesOn),
    ("--state-reset", &[], &["--state-reset"], GoesOn),
    ("--state", &[], &[], GoesOn),
    ("--checkpoint", &[], &["--checkpoint", "dir"], Stateless),
    ("--stage", &[], &["--stage", "name"], Stateless),
    ("--mark-every", &[], &["--mark-every", "5s"], Stateless),
    ("--generate", &[], &["--generate", "man"], Stateless),
    ("--help", &[], &["--help"], Stateless),
    ("--version", &[], &["--version"], Stateless),
];

const W: &[&str] = &["--window", "10s"];
const KEYED: &[&str] = &["--window", "10s", "--key", ".k"];
const DAY: &[&str] = &["--window", "1d"];

const WINDOW_COUNT: &[Case] = &[
    ("--key", KEYED, &["--key", ".v"], Refused("key")),
    ("--missing", KEYED, &["--missing", "null"], Refused("missing")),
    ("--once-per-record", KEYED, &["--once-per-record"], Refused("once-per-record")),
    ("--fold", KEYED, &["--fold"], Refused("fold")),
    ("--where", W, &["--where", ".v"], Refused("where")),
    ("--dedupe", W, &["--dedupe", ".k"], Refused("dedupe")),
    ("--within", &["--window", "10s", "--dedupe", ".k"], &["--within", "2h"], Refused("within")),
    ("--explain", W, &["--explain"], Stateless),
    ("--time", W, &["--time", ".ts"], Refused("time")),
    ("--time-unit", W, &["--time-unit", "s"], Refused("time-format")),
    ("--time-format", W, &["--time-format", "%s"], Refused("time-format")),
    ("--window", W, &["--window", "20s"], Refused("window")),
    // See `another_gap_is_refused`: it does not go with --window, nor twice.
    ("--session", &["--session", "5s"], &[], GoesOn),
    ("--slide", W, &["--slide", "5s"], Refused("window")),
    ("--cumulate", W, &["--cumulate", "5s"], Refused("window")),
    ("--tz", DAY, &["--tz", "Europe/Paris"], Refused("window")),
    ("--offset", W, &["--offset", "3s"], Refused("window")),
    ("--origin", W, &["--origin", "1970-01-01T00:00:03Z"], Refused("window")),
    ("--watermark", W, &["--watermark", "1s"], Refused("watermark")),
    ("--watermark-by", W, &["--watermark-by", ".k"], Refused("watermark-by")),
    // By the wall clock: no two runs do the same.
    ("--idle-timeout", W, &["--idle-timeout", "9s"], GoesOn),
    ("--allowed-lateness", W, &["--allowed-lateness", "1s"], Refused("allowed-lateness")),
    ("--late-output", W, &["--late-output", "late"], GoesOn),
    ("--max-future", W, &["--max-future", "2d"], Refused("max-future")),
    ("--emit", W, &["--emit", "complete"], Refused("emit")),
    ("--trigger", W, &["--trigger", "7s"], Refused("trigger")),
    ("--emit-empty", W, &["--emit-empty"], Refused("emit-empty")),
    // What is open is kept in either case.
    ("--at-end", W, &["--at-end", "flush"], GoesOn),
    ("--weight", W, &["--weight", ".v"], Refused("weight")),
    ("--sum", W, &["--sum", "n=.v"], Refused("aggregate")),
    ("--min", W, &["--min", "n=.v"], Refused("aggregate")),
    ("--max", W, &["--max", "n=.v"], Refused("aggregate")),
    ("--mean", W, &["--mean", "n=.v"], Refused("aggregate")),
    ("--distinct", W, &["--distinct", "n=.v"], Refused("aggregate")),
    ("--approx", &["--window", "10s", "--distinct", "n=.v"], &["--approx"], Refused("aggregate")),
    ("--quantile", W, &["--quantile", "n=0.5:.v"], Refused("aggregate")),
    // A run that ends at its limit goes on with a higher one; an estimate is another matter.
    ("--max-keys", KEYED, &["--max-keys", "9"], GoesOn),
    ("--on-full", KEYED, &["--max-keys", "9", "--on-full", "sketch"], Refused("max-keys")),
    ("--partial", W, &["--partial"], Stateless),
    ("--merge", W, &["--merge"], Stateless),
    ("--part", W, &["--partial", "--part", "p"], Stateless),
    ("--parts", W, &["--merge", "--parts", "2"], Stateless),
    // A format belongs to the file that is written in it.
    ("--format", W, &["--format", "csv"], GoesOn),
];

const TABLE: &[&str] = &["--key", ".k"];

/// `topn` with `--key`; without it come two more options, of rows.
const TOPN: &[Case] = &[
    ("--key", TABLE, &["--key", ".v"], Refused("key")),
    ("--fold", TABLE, &["--fold"], Refused("fold")),
    ("--max-keys", TABLE, &["--max-keys", "9"], GoesOn),
    ("--on-full", TABLE, &["--max-keys", "9", "--on-full", "sketch"], Refused("max-keys")),
    ("--by", &[], &["--by", "v"], Refused("by")),
    ("--asc", &[], &["--asc"], Refused("asc")),
    ("--asc", TABLE, &["--asc"], GoesOn),
    ("--other", &[], &["--other"], Refused("other")),
    ("--other", TABLE, &["--other"], GoesOn),
    ("--ties", &[], &["--ties", "all"], Refused("ties")),
    ("--ties", TABLE, &["--ties", "all"], GoesOn),
    ("--group", &[], &["--group", "k"], Refused("group")),
    ("--score", &[], &["--score", "trend"], Stateless),
    ("--format", TABLE, &["--format", "csv"], GoesOn),
];

const KEPT: &[&str] = &["--where", ".v"];
const JOINED: &[&str] = &["--join", "table", "--on", ".k"];
const ONCE: &[&str] = &["--dedupe", ".k"];

const JSONL_FILTER: &[Case] = &[
    ("--map", KEPT, &["--map", ".k"], Refused("map")),
    ("--where", ONCE, &["--where", ".v"], Refused("where")),
    ("--raw", &["--map", ".k"], &["--raw"], Refused("raw")),
    ("--invert", KEPT, &["-v"], Refused("invert")),
    ("--count", KEPT, &["--count"], Refused("count")),
    ("--max-count", KEPT, &["-m", "1"], GoesOn),
    ("--exit-status", KEPT, &["-e"], GoesOn),
    ("--explain", KEPT, &["--explain"], Stateless),
    ("--since", KEPT, &["--since", "1970-01-01"], Refused("since")),
    ("--until", KEPT, &["--until", "1990-01-01"], Refused("until")),
    ("--time", &["--until", "1990-01-01"], &["--time", ".ts"], Refused("time")),
    ("--time-unit", &["--until", "1990-01-01"], &["--time-unit", "s"], Refused("time-format")),
    ("--time-format", &["--until", "1990-01-01"], &["--time-format", "%s"], Refused("time-format")),
    ("--sample", KEPT, &["--sample", "50%"], Refused("sample")),
    ("--sample-key", &["--sample", "50%"], &["--sample-key", ".k"], Refused("sample-key")),
    ("--seed", &["--sample", "50%"], &["--seed", "1"], Refused("sample")),
    ("--dedupe", KEPT, &["--dedupe", ".k"], Refused("dedupe")),
    ("--within", ONCE, &["--within", "9rec"], Refused("within")),
    ("--select", KEPT, &["--select", ".k"], Refused("select")),
    ("--explode", KEPT, &["--explode", ".list"], Refused("explode")),
    ("--join", KEPT, &["--join", "table", "--on", ".k"], Refused("columns")),
    ("--on", KEPT, &["--join", "table", "--on", ".k"], Refused("on")),
    ("--left", JOINED, &["--left"], Refused("left")),
    ("--prefix", JOINED, &["--prefix", "x"], Refused("columns")),
    ("--max-keys", ONCE, &["--max-keys", "9"], GoesOn),
    ("--format", &["--map", "{k}"], &["--format", "csv"], GoesOn),
    // Lines that become columns are looked at more closely.
    ("--format", KEPT, &["--format", "csv"], Refused("check")),
];

/// The options that `--help` lists.
fn options(name: &str) -> BTreeSet<String> {
    let help = tool(name).arg("--help").run();
    let listed = help.text().lines().map(str::trim_start).filter(|line| line.starts_with('-'));
    let words = listed.filter(|line| !line.starts_with("- ")).flat_map(str::split_whitespace);
    words.filter(|word| word.starts_with("--")).map(str::to_owned).collect()
}

fn run(name: &str, folder: &Path, args: &[&[&str]]) -> Ran {
    tool(name).dir(folder).args(args.concat()).args(["--state", "state", "log.jsonl"]).run()
}

fn check(name: &str, base: &[&str], cases: &[Case]) {
    let mut listed: BTreeSet<String> = options(name);
    for (option, before, with, then) in cases.iter().chain(SHARED) {
        listed.remove(*option);
        let before = if before.is_empty() { base } else { before };
        let folder = tempfile::tempdir().expect("a folder");
        let path = |name: &str| folder.path().join(name);
        fs::write(path("words"), "good\t1\n").expect("a file");
        fs::write(path("table"), "k,name\na,A\n").expect("a file");
        let row =
            r#""window_start":"1970-01-01T00:00:00Z","window_end":"1970-01-01T00:00:10Z","count":1,"rows":1"#;
        fs::write(path("log.jsonl"), format!("{{\"ts\":1,\"k\":\"a\",\"v\":2,{row}}}\n")).expect("a file");
        run(name, folder.path(), &[before]).with_code(0);
        let state = fs::read(path("state")).expect("a state");
        let ran = run(name, folder.path(), &[before, with]);
        match then {
            Refused(named) => {
                let ran = ran.with_code(5);
                assert!(ran.err.contains(&format!("\n  {named}: ")), "{name} {option}: {}", ran.err);
            }
            GoesOn => {
                assert!(ran.code < 2, "{name} {option}: {}", ran.err);
            }
            Stateless => {
                assert!([0, 2].contains(&ran.code), "{name} {option}: {}", ran.err);
                assert_eq!(fs::read(path("state")).expect("a state"), state, "{name} {option}");
            }
        }
    }
    assert!(listed.is_empty(), "do these options of {name} belong to its state? {listed:?}");
}

#[test]
fn every_option_of_window_count_is_known() {
    check("window-count", W, WINDOW_COUNT);
}

#[test]
fn every_option_of_topn_is_known() {
    check("topn", &["10"], TOPN);
}

#[test]
fn every_option_of_jsonl_filter_is_known() {
    check("jsonl-filter", KEPT, JSONL_FILTER);
}

/// What is looked up in a table is as it was when the record came; only its columns stay.
#[test]
fn a_table_may_have_other_rows() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| folder.path().join(name);
    let join = |table: &str, records: &str| {
        fs::write(path("table"), table).expect("a file");
        fs::write(path("log.jsonl"), records).expect("a file");
        run("jsonl-filter", folder.path(), &[JOINED])
    };
    join("k,name\na,A\n", "{\"k\":\"a\"}\n").with_code(0);
    let ran = join("k,name\na,B\n", "{\"k\":\"a\"}\n{\"k\":\"a\"}\n").with_code(0);
    assert_eq!(ran.text(), "{\"k\":\"a\",\"name\":\"B\"}\n");
    join("k,title\na,B\n", "{\"k\":\"a\"}\n").with_code(5);
}

#[test]
fn another_gap_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("log.jsonl"), "{\"ts\":1}\n").expect("a file");
    run("window-count", folder.path(), &[&["--session", "5s"]]).with_code(0);
    let refused = run("window-count", folder.path(), &[&["--session", "6s"]]).with_code(5);
    assert!(refused.err.contains("\n  window: "), "{}", refused.err);
}

#[test]
fn a_lexicon_is_known_by_its_content() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| folder.path().join(name);
    fs::write(path("log.jsonl"), "{\"text\":\"good\"}\n").expect("a file");
    fs::write(path("words"), "good\t1\n").expect("a file");
    let with = |words: &str| {
        run("jsonl-filter", folder.path(), &[&["--map", ".text|sentiment", "--lexicon", words]])
    };
    with("words").with_code(0);
    fs::rename(path("words"), path("moved")).expect("a file");
    with("moved").with_code(0);
    fs::write(path("moved"), "good\t2\n").expect("a file");
    let refused = with("moved").with_code(5);
    assert!(refused.err.contains("lexicon: 7 bytes, CRC-32 "), "{}", refused.err);
}
