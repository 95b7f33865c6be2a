//! What all tools share: rejects, figures, output files and formats, help.

mod common;

use std::os::unix::fs::PermissionsExt;

use common::{Ran, Tool, gzip, json_lines, tool};
use serde_json::Value;

const BROKEN: &str =
    "{\"t\":1,\"k\":\"a\"}\n{\"t\":2\n\n[3]\n{\"t\":4,\"k\":\"b\"}\n{\"t\":5,\"k\":\"\u{fffd}\"} {}\n";

/// Tools that judge records, and a call of each.
const CALLS: [(&str, &[&str]); 3] = [
    ("jsonl-filter", &[".k"]),
    ("window-count", &["--time", ".t", "--window", "1s", "--key", ".k", "--watermark", "0s"]),
    ("topn", &["--key", ".k"]),
];
const ALL: [&str; 10] = [
    "stream-fetch",
    "jsonl-filter",
    "jsonl-describe",
    "window-count",
    "topn",
    "plot-svg",
    "plot-term",
    "topic-model",
    "jsonl-store",
    "stream-serve",
];

fn figures(path: &std::path::Path) -> Value {
    serde_json::from_slice(&std::fs::read(path).expect("figures")).expect("one line of JSON")
}

#[test]
fn what_is_said_moves_no_cursor() {
    for (name, args) in CALLS {
        let ran = tool(name).args(args).arg("no\u{1b}[31mfile\u{9b}2J").run();
        assert!(ran.err.contains("no\u{fffd}[31mfile\u{fffd}2J"), "{}", ran.err);
        assert!(!ran.err.contains(|c: char| c.is_control() && c != '\n'), "{:?}", ran.err);
    }
}

#[test]
fn rejects_are_counted_shown_kept_and_limited() {
    let folder = tempfile::tempdir().expect("a folder");
    let (kept, stats) = (folder.path().join("rejects"), folder.path().join("stats"));
    for (name, args) in CALLS {
        let call = || -> Tool { tool(name).args(args).input(BROKEN) };
        let ran = call().arg("--rejects").arg(&kept).arg("--stats").arg(&stats).run().with_code(0);
        assert_eq!(
            std::fs::read_to_string(&kept).expect("kept"),
            "{\"t\":2\n[3]\n{\"t\":5,\"k\":\"\u{fffd}\"} {}\n",
            "{name}"
        );
        for line in ["-:2: ", "-:4: ", "-:6: "] {
            assert!(ran.err.contains(&format!("{name}: {line}")), "{}", ran.err);
        }
        assert!(
            ran.err.contains(&format!(
                "rejected 3 of 6 lines (cut 1, not-object 1, trailing 1); kept in {}",
                kept.display()
            )),
            "{}",
            ran.err
        );
        let figures = figures(&stats);
        assert_eq!(figures["tool"], name);
        assert_eq!(
            (&figures["lines"], &figures["records"], &figures["blank"]),
            (&6.into(), &2.into(), &1.into())
        );
        assert_eq!(figures["rejected"], serde_json::json!({"cut": 1, "not-object": 1, "trailing": 1}));
        assert_eq!(figures["bytes"], BROKEN.len());
        assert!(figures["seconds"].as_f64().expect("a number") >= 0.0 && figures["rows"] == 2, "{figures}");
        for (limit, code) in [("2", 3), ("3", 0), ("0", 3), ("59%", 3), ("60%", 0)] {
            let ran = call().args(["--max-rejects", limit]).run().with_code(code);
            assert_eq!(ran.err.contains("too many lines were rejected"), code == 3, "{limit}: {}", ran.err);
        }
        let strict = call().arg("--strict").run().with_code(3);
        assert!(strict.err.contains("-:2: ") && !strict.err.contains("-:4: "), "{}", strict.err);
        assert!(json_lines(strict.text()).iter().all(|row| row["k"] == "a"), "{}", strict.text());
        let quiet = call().arg("-q").run().with_code(0);
        assert_eq!(quiet.err, "", "{name}");
    }
}

#[test]
fn only_the_first_rejects_are_worded_one_by_one() {
    let ran = tool("jsonl-filter").arg(".k").input("{\n".repeat(1000)).run().with_code(0);
    assert_eq!(ran.err.lines().count(), 6, "{}", ran.err);
    assert!(ran.err.contains("rejected 1000 of 1000 lines (cut 1000)"));
}

#[test]
fn a_run_that_could_use_no_line_says_so() {
    for (name, args) in CALLS {
        let call = || tool(name).args(args).input("<html>\n<body>\n");
        let ran = call().run().with_code(0);
        assert!(
            ran.err.contains("no line could be used: rejected 2 of 2 lines (not-object 2)"),
            "{}",
            ran.err
        );
        assert!(ran.err.trim_end().ends_with("--max-rejects makes this a failure (status 3)"), "{}", ran.err);
        assert!(
            !call().args(["--max-rejects", "50%"]).run().with_code(3).err.contains("makes this a failure")
        );
    }
}

#[test]
fn a_message_is_safe_to_print() {
    let ran = tool("jsonl-filter").arg(".k").input(b"{\"a\":\x1b[2J\x07\xff\n").run().with_code(0);
    assert!(ran.err.chars().all(|c| c == '\n' || !c.is_control()), "{:?}", ran.err);
}

#[test]
fn the_whole_grammar_is_checked_where_asked() {
    let input = "{\"k\":01}\n{\"k\":nul}\n{\"k\":1,}\n{\"k\":\"\\x\"}\n{k:1}\n{\"k\":1}\n";
    let ran = tool("jsonl-filter").args(["true", "--check", "full"]).input(input).run().with_code(0);
    assert_eq!(ran.text(), "{\"k\":1}\n");
    assert!(ran.err.contains("(grammar 5)"), "{}", ran.err);
    let ran = tool("jsonl-filter").args(["true", "--check", "structure"]).input(input).run().quietly();
    assert_eq!(ran.text(), input);
}

#[test]
fn long_lines_are_rejected_whatever_comes_before_and_behind() {
    let long = format!("{{\"k\":\"{}\"}}\n", "x".repeat(300_000));
    let input = ["{\"k\":1}\n", &long, "{\"k\":2}\n", &long, &long, "{\"k\":3}"].concat();
    let folder = tempfile::tempdir().expect("a folder");
    let kept = folder.path().join("rejects");
    for limit in ["100", "1KiB", "100k", "200KiB"] {
        let call = tool("jsonl-filter").args([".k", "--max-line", limit, "--rejects"]).arg(&kept);
        let ran = call.input(&input).run().with_code(0);
        assert_eq!(ran.text(), "{\"k\":1}\n{\"k\":2}\n{\"k\":3}\n", "{limit}");
        assert!(ran.err.contains("rejected 3 of 6 lines (too-long 3)"), "{}", ran.err);
        assert_eq!(std::fs::read_to_string(&kept).expect("kept"), long.repeat(3), "kept as they came");
    }
    let exact = tool("jsonl-filter").args([".k", "--max-line", &(long.len() - 1).to_string()]);
    assert_eq!(exact.input(&long).run().quietly().text(), long);
}

#[test]
fn a_long_line_that_ends_the_run_is_kept_as_a_whole() {
    let long = format!("{{\"k\":\"{}\"}}\n", "x".repeat(3_000_000));
    let input = ["{\"k\":1}\n", &long, "{\"k\":2}\n", &long].concat();
    let folder = tempfile::tempdir().expect("a folder");
    let kept = folder.path().join("rejects");
    let args = |more: &str| {
        let call = tool("jsonl-filter").args([".k", "--max-line", "100k", more, "--rejects"]);
        call.arg(&kept)
    };
    for more in ["--strict", "--max-rejects=0"] {
        let ran = args(more).input(&input).run().with_code(3);
        assert_eq!(ran.text(), "{\"k\":1}\n");
        assert!(ran.err.contains("rejected 1 of 2 lines (too-long 1)"), "{}", ran.err);
        assert_eq!(std::fs::read_to_string(&kept).expect("kept"), long, "{more}");
    }
    // Nobody waits for ever for the rest of it.
    let mut live = args("--strict").start();
    live.send(&input[..2_000_000]);
    let (code, said) = live.end();
    assert_eq!(code, 3, "{said}");
    let text = std::fs::read_to_string(&kept).expect("kept");
    assert!(text.len() > 100_000 && long.starts_with(text.trim_end()) && text.ends_with('\n'));
}

#[test]
fn a_file_that_ends_early_is_an_error_after_what_could_be_read() {
    let folder = tempfile::tempdir().expect("a folder");
    let cut = folder.path().join("cut.gz");
    let input: String = (0..50_000).map(|n| format!("{{\"t\":{n},\"k\":{}}}\n", n * 7919 % 10007)).collect();
    let packed = gzip(input.as_bytes());
    std::fs::write(&cut, &packed[..packed.len() / 2]).expect("a file");
    for (name, args) in CALLS.into_iter().chain([("stream-fetch", &[][..])]) {
        let ran = tool(name).args(args).arg(&cut).run().with_code(4);
        assert!(ran.err.contains(&format!("{name}: cannot read {}: ", cut.display())), "{}", ran.err);
        assert!(!ran.out.is_empty(), "{name}");
        if args == [".k"] {
            assert!(input.starts_with(ran.text()) && ran.out.len() > input.len() / 3);
        }
    }
}

#[test]
fn a_file_is_replaced_at_a_clean_end_alone_and_keeps_its_permissions() {
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().join("out");
    let cut = folder.path().join("cut.gz");
    let packed = gzip(BROKEN.repeat(100).as_bytes());
    std::fs::write(&cut, &packed[..packed.len() - 9]).expect("a file");
    for (name, args) in CALLS {
        std::fs::write(&out, "old\n").expect("a file");
        std::fs::set_permissions(&out, PermissionsExt::from_mode(0o640)).expect("ours");
        let call = || tool(name).args(args).args(["-q", "-o"]).arg(&out);
        let untouched = |why: &str| {
            assert_eq!(std::fs::read_to_string(&out).expect("kept"), "old\n", "{name}: {why}");
            assert_eq!(
                std::fs::read_dir(folder.path()).expect("a folder").count(),
                2,
                "nothing is left behind"
            );
        };
        call().arg("--strict").input(BROKEN).run().with_code(3);
        untouched("--strict");
        call().args(["--max-rejects", "0"]).input(BROKEN).run().with_code(3);
        untouched("--max-rejects");
        call().arg(&cut).run().with_code(4);
        untouched("an input that ends early");
        call().arg("/nonexistent/file").run().with_code(4);
        untouched("an input that is not there");
        call().arg("--nope").run().with_code(2);
        untouched("usage");
        assert_eq!(call().input(BROKEN).run().quietly().text(), "");
        assert_eq!(json_lines(&std::fs::read_to_string(&out).expect("replaced")).len(), 2, "{name}");
        let mode = std::fs::metadata(&out).expect("replaced").permissions().mode();
        assert_eq!(mode & 0o777, 0o640, "{name}");
    }
}

#[test]
fn a_file_that_cannot_be_written_is_named_with_what_to_do() {
    let folder = tempfile::tempdir().expect("a folder");
    let missing = folder.path().join("no/such");
    let (out, file) = (missing.join("out.csv"), folder.path().join("file"));
    std::fs::write(&file, "").expect("a file");
    for (name, args) in CALLS {
        for flag in ["-o", "--rejects", "--stats", "--log"] {
            let ran = tool(name).args(args).arg(flag).arg(&out).input(BROKEN).run().with_code(4);
            assert!(ran.err.contains(&out.display().to_string()), "{flag}: {}", ran.err);
            assert!(!ran.err.contains(".part") && ran.err.lines().count() == 1, "{flag}: {}", ran.err);
            assert!(ran.out.is_empty(), "{flag}");
        }
        let ran = tool(name).args(args).arg("-o").arg(&out).input(BROKEN).run().with_code(4);
        assert_eq!(
            ran.err,
            format!(
                "{name}: cannot write {}: there is no folder {missing}; make it first: mkdir -p {missing}\n",
                out.display(),
                missing = missing.display()
            )
        );
        let ran = tool(name).args(args).arg("-o").arg(file.join("x")).input(BROKEN).run().with_code(4);
        assert!(ran.err.contains(&format!("{} is no folder", file.display())), "{}", ran.err);
        let ran = tool(name).args(args).arg("-o").arg(folder.path()).input(BROKEN).run().with_code(4);
        assert!(ran.err.contains("is a directory"), "{}", ran.err);
    }
}

#[test]
fn an_input_is_never_overwritten_while_it_is_read() {
    let folder = tempfile::tempdir().expect("a folder");
    let (file, link) = (folder.path().join("a.jsonl"), folder.path().join("link"));
    std::fs::write(&file, BROKEN).expect("a file");
    std::os::unix::fs::symlink(&file, &link).expect("a link");
    let calls =
        CALLS.into_iter().chain([("stream-fetch", &[][..])]).map(|(name, args)| (name, args, "--rejects"));
    for (name, args, flag) in calls.chain([("window-count", CALLS[1].1, "--late-output")]) {
        let ran = tool(name).args(args).arg(&file).arg(flag).arg(&link).run().with_code(2);
        assert!(
            ran.err.contains(&format!("{flag} {} would overwrite the input", link.display())),
            "{}",
            ran.err
        );
        assert_eq!(std::fs::read_to_string(&file).expect("there"), BROKEN);
    }
    let call = format!("jsonl-filter .k --rejects {0} <{0}", file.display());
    assert!(common::shell(&call).with_code(2).err.contains("would overwrite the input"));
    assert_eq!(std::fs::read_to_string(&file).expect("there"), BROKEN);
    tool("jsonl-filter")
        .arg(".k")
        .arg(&file)
        .arg("--rejects")
        .arg(folder.path().join("new"))
        .run()
        .with_code(0);
}

#[test]
fn a_file_may_be_read_and_replaced_by_one_call() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("a.jsonl");
    std::fs::write(&file, "{\"k\":1}\n{\"k\":2}\n").expect("a file");
    tool("jsonl-filter").arg(".k == 2").arg(&file).arg("-o").arg(&file).run().quietly();
    assert_eq!(std::fs::read_to_string(&file).expect("there"), "{\"k\":2}\n");
}

fn formatted(format: &str, input: &str) -> Ran {
    tool("jsonl-filter").args(["true", "--format", format]).input(input).run()
}

#[test]
fn formats_for_spreadsheets_and_people() {
    let input = "{\"id\":12345678901234567890,\"s\":\"a,\\\"b\\\"\\n\",\"f\":\"=1+1\",\"x\":null,\"l\":[1,{\"a\":2}]}\n\
                 {\"id\":-5,\"s\":\"\\u00e9\",\"f\":\"@cmd\",\"x\":true,\"l\":1.0}\n";
    let csv = formatted("csv", input).quietly();
    assert_eq!(
        csv.text(),
        "id,s,f,x,l\n12345678901234567890,\"a,\"\"b\"\"\n\",'=1+1,,\"[1,{\"\"a\"\":2}]\"\n-5,\u{e9},'@cmd,true,1.0\n"
    );
    let tsv = formatted("tsv", "{\"a\":\"x\\ty\\\\\",\"b\":\"=1\"}\n").quietly();
    assert_eq!(tsv.text().lines().count(), 2);
    assert_eq!(tsv.text().lines().nth(1).expect("a row").matches('\t').count(), 1, "{:?}", tsv.text());
    let table = formatted("table", input).quietly();
    assert!(table.text().lines().all(|line| !line.ends_with(' ')), "{:?}", table.text());
    assert!(table.text().lines().count() == 3, "{:?}", table.text());
    assert_eq!(formatted("jsonl", input).quietly().text(), input);
    for format in ["csv", "tsv", "table"] {
        assert_eq!(formatted(format, "").quietly().text(), "", "{format} of nothing");
    }
}

#[test]
fn a_table_with_other_columns_is_refused_in_words() {
    let ran = formatted("csv", "{\"a\":1}\n{\"a\":1,\"z\":2}\n").with_code(2);
    assert!(ran.err.contains("column \"z\" is not in the header"), "{}", ran.err);
    let ran = tool("jsonl-filter").args(["--map", ".a", "--format", "csv"]).input("{\"a\":1}\n").run();
    assert!(ran.with_code(2).err.contains("no columns"));
}

#[test]
fn every_tool_explains_itself() {
    for name in ALL {
        let help = tool(name).arg("--help").run().quietly();
        let text = help.text();
        assert!(text.contains(&format!("Usage: {name} ")) && text.contains("Exit status: 0 done"), "{text}");
        let examples: Vec<&str> = text
            .lines()
            .skip_while(|line| *line != "Examples:")
            .skip(1)
            .take_while(|line| line.starts_with("  "))
            .collect();
        assert!(examples.iter().filter(|line| line.contains(name)).count() >= 3, "{name}: {examples:?}");
        // An empty line within an option's text is clap's {n}.
        assert!(!text.contains("; \n"), "{name}: {text}");
        assert!(tool(name).arg("--version").run().quietly().text().starts_with(&format!("{name} 0.")));
        let man = tool(name).args(["--generate", "man"]).run().quietly();
        assert!(man.text().contains(".SH") && man.text().contains(name), "{name}");
        for shell in ["bash", "zsh", "fish"] {
            let script = tool(name).args(["--generate", &format!("completion-{shell}")]).run().quietly();
            assert!(script.text().contains(name) && script.text().contains("max-rejects"), "{name} {shell}");
        }
        let wrong = tool(name).args(["--generate", "html"]).run().with_code(2);
        assert!(wrong.err.contains("completion-fish"), "{}", wrong.err);
        let wrong = tool(name).arg("--nope").run().with_code(2);
        assert!(wrong.err.starts_with(&format!("{name}: ")), "{}", wrong.err);
    }
}

#[test]
fn what_is_said_goes_to_a_log_too() {
    let folder = tempfile::tempdir().expect("a folder");
    let log = folder.path().join("log");
    for _ in 0..2 {
        tool("jsonl-filter").args([".k", "--log"]).arg(&log).input(BROKEN).run().with_code(0);
    }
    let text = std::fs::read_to_string(&log).expect("a log");
    assert_eq!(text.matches("rejected 3 of 6 lines").count(), 2, "{text}");
    assert!(text.lines().all(|line| line.starts_with("20") && line.contains("Z jsonl-filter: ")), "{text}");
    let ran = tool("jsonl-filter").args([".k", "--verbose"]).input("{}\n").run().with_code(0);
    assert!(ran.err.contains("compiled"), "{}", ran.err);
}

#[test]
fn figures_are_there_when_the_run_failed() {
    let folder = tempfile::tempdir().expect("a folder");
    let stats = folder.path().join("stats");
    tool("jsonl-filter").args([".k", "--strict", "--stats"]).arg(&stats).input(BROKEN).run().with_code(3);
    assert_eq!(figures(&stats)["rejected"], serde_json::json!({"cut": 1}));
}

#[test]
fn figures_are_there_when_the_reader_left_and_when_the_disk_is_full() {
    let folder = tempfile::tempdir().expect("a folder");
    let stats = folder.path().join("stats");
    common::shell(&format!("stream-fetch demo:tweets -q --stats {} | head -1", stats.display())).quietly();
    assert!(figures(&stats)["lines"].as_u64().expect("a number") >= 1);
    std::fs::remove_file(&stats).expect("it was there");
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").expect("this is Linux");
    let call = tool("jsonl-filter").args([".k", "--stats"]).arg(&stats).input(BROKEN);
    let ran = call.stdout_to(full).run().with_code(4);
    assert!(ran.err.contains("cannot write the output"), "{}", ran.err);
    assert_eq!(figures(&stats)["lines"], 6);
}

#[test]
fn figures_that_cannot_be_written_cost_no_work() {
    let call = tool("stream-fetch").args(["demo:tweets", "--stats", "/nonexistent/stats"]);
    let ran = call.run().with_code(4);
    assert!(
        ran.out.is_empty() && ran.err.contains("cannot write the figures to /nonexistent/stats"),
        "{}",
        ran.err
    );
    let ran =
        common::shell("stream-fetch demo:tweets --stats /dev/full -q --records 9 | head -1").with_code(0);
    assert!(ran.err.contains("cannot write the figures to /dev/full"), "{}", ran.err);
}

/// What stands behind the line that ends a run may not come out by how the input was cut into chunks.
#[test]
fn too_many_rejects_stop_at_the_same_place_from_a_file_and_a_pipe() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("a.jsonl");
    std::fs::write(&file, BROKEN).expect("a file");
    for (limit, out) in [("0", 1), ("1", 1), ("2", 2)] {
        let args = [".k", "--max-rejects", limit];
        let whole = tool("jsonl-filter").args(args).arg(&file).run().with_code(3);
        let mut running = tool("jsonl-filter").args(args).start();
        for line in BROKEN.split_inclusive('\n').take(2 + 2 * limit.parse::<usize>().expect("a number")) {
            running.send(line);
            if line.contains("\"k\"") && line.ends_with("\"}\n") {
                running.line();
            }
        }
        assert_eq!(running.rest(), [""; 0], "{limit}");
        let (code, said) = running.end();
        assert_eq!((code, said), (3, whole.err.replace(&file.display().to_string(), "-")));
        assert_eq!(whole.text().lines().count(), out, "{limit}");
    }
}

#[test]
fn help_on_a_full_disk_is_a_failure() {
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").expect("this is Linux");
    let ran = tool("topn").arg("--help").stdout_to(full).run().with_code(4);
    assert!(ran.err.starts_with("topn: ") && ran.err.lines().count() == 1, "{}", ran.err);
    common::shell("topn --help | true").quietly();
}

/// clap would have an operand made of it, behind `--`: nobody means that who mistypes an option.
#[test]
fn an_unknown_option_is_no_operand() {
    for name in ["topn", "stream-fetch", "jsonl-filter", "topic-model"] {
        let sub: &[&str] = if name == "topic-model" { &["top-words", "--model", "m"] } else { &[] };
        let ran = tool(name).args(sub).args(["--qqqqqq", "4"]).run().with_code(2);
        assert!(
            ran.err.contains("unexpected argument '--qqqqqq'") && ran.err.contains("try '--help'"),
            "{}",
            ran.err
        );
        assert!(!ran.err.contains("tip:"), "{}", ran.err);
    }
    let near = tool("topn").arg("--thread").run().with_code(2);
    assert!(near.err.contains("tip: a similar argument exists: '--threads'"), "{}", near.err);
    let expression = tool("jsonl-filter").arg("-.a > 1").run().with_code(2);
    assert!(expression.err.contains("as a value, use '-- -"), "{}", expression.err);
}
