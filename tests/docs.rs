//! The pages tell the truth: every command in them is run, every option is described, every link leads somewhere.
//!
//! How pages are played stands in `common/pages.rs`. Each has a folder of its own, in which `tests` and `scripts` lead to ours. With
//! UPDATE_DOCS=1 outputs that differ are written into the pages instead.

mod common;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use common::pages::{play, root, text_of};

/// The tools, and the commands of those that have some.
const TOOLS: [&str; 15] = [
    "stream-fetch",
    "jsonl-filter",
    "jsonl-describe",
    "window-count",
    "topn",
    "plot-svg",
    "plot-term",
    "jsonl-store",
    "stream-serve",
    "topic-model",
    "topic-model fit",
    "topic-model label",
    "topic-model top-words",
    "topic-model evaluate",
    "topic-model export",
];

/// README.md and docs/*.md, as paths below the root.
fn pages() -> Vec<PathBuf> {
    let docs = fs::read_dir(root().join("docs")).expect("there are pages");
    let mut pages: Vec<PathBuf> =
        docs.map(|entry| Path::new("docs").join(entry.expect("readable").file_name())).collect();
    pages.retain(|page| page.extension().is_some_and(|extension| extension == "md"));
    pages.extend(["README.md", "CONTRIBUTING.md", "CHANGELOG.md"].map(PathBuf::from));
    pages.retain(|page| root().join(page).exists());
    pages.sort();
    pages
}

#[test]
fn commands_print_what_the_pages_say() {
    let mut pages = pages();
    // It needs a broker, which tests/kafka.rs has.
    pages.retain(|page| page != Path::new("docs/kafka.md"));
    play(&pages, &[]);
}

/// The picture of the README is the one that its commands draw.
#[test]
fn the_picture_of_the_readme_is_drawn_by_its_commands() {
    let text = text_of(Path::new("README.md"));
    let commands: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix("$ ")).collect();
    let begin = commands.iter().position(|command| command.ends_with(">top.jsonl")).expect("rows of a trend");
    let folder = tempfile::tempdir().expect("a folder");
    let path = format!("{}:{}", common::programs().display(), std::env::var("PATH").unwrap_or_default());
    let mut shell = Command::new("sh");
    shell.args(["-ec", &commands[begin..begin + 2].join("\n")]).env("PATH", path).current_dir(folder.path());
    assert!(shell.status().expect("a shell").success());
    let drawn = fs::read(folder.path().join("trending.svg")).expect("a picture");
    let shown = fs::read(root().join("docs/img/trending.svg")).expect("a picture");
    assert!(drawn == shown, "docs/img/trending.svg is another picture: draw it anew");
}

/// Blocks that are not run are shell all the same, and each program of ours in them is one.
#[test]
fn blocks_that_are_not_run_are_shell() {
    for page in pages() {
        let text = text_of(&page);
        let mut is_block = text.starts_with("```");
        for block in text.split("\n```") {
            if let (true, Some(script)) = (is_block, block.strip_prefix("sh\n")) {
                let done = Command::new("sh").args(["-n", "-c", script]).output().expect("a shell");
                let said = String::from_utf8_lossy(&done.stderr);
                // A line of a crontab begins with times, which are no command, and are shell nevertheless.
                assert!(done.status.success(), "{}: {said}\n{script}", page.display());
                for word in script.split_whitespace().filter(|word| word.starts_with("scripts/")) {
                    let path = word.trim_end_matches(['*', '/']);
                    assert!(root().join(path).exists(), "{}: {word}", page.display());
                }
            }
            is_block = !is_block;
        }
    }
}

/// The long options that a text names.
fn options(text: &str) -> BTreeSet<&str> {
    let is_part = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    let found = text.match_indices("--").filter_map(|(at, _)| {
        let option = &text[at..];
        let option = &option[..option.find(|c| !is_part(c)).unwrap_or(option.len())];
        let begins = !text[..at].ends_with(|c: char| is_part(c) || c.is_ascii_alphanumeric());
        (begins && option[2..].starts_with(|c: char| c.is_ascii_lowercase())).then_some(option)
    });
    found.collect()
}

/// The program that a tool, or a command of one, belongs to; its page has its name.
fn program(tool: &str) -> &str {
    tool.split(' ').next().unwrap_or(tool)
}

fn help(tool: &str) -> common::Ran {
    common::tool(program(tool)).args(tool.split(' ').skip(1)).arg("--help").run()
}

/// What a script says of itself at its head; that is what its `--help` prints, where it has one.
fn head_of(script: &str) -> String {
    let text = fs::read_to_string(root().join("scripts").join(script)).unwrap_or_default();
    let head: Vec<&str> = text.lines().skip(1).take_while(|line| line.starts_with('#')).collect();
    if text.contains("-h | --help)") {
        let shown =
            Command::new(root().join("scripts").join(script)).arg("--help").output().expect("a shell");
        let shown = String::from_utf8(shown.stdout).expect("UTF-8");
        let bare: Vec<&str> =
            head.iter().map(|line| line.trim_start_matches("# ").trim_start_matches('#')).collect();
        assert_eq!(shown.trim_end(), bare.join("\n"), "{script} --help");
    }
    head.join("\n") + " --help"
}

/// The scripts that a line names.
fn scripts_of(line: &str) -> BTreeSet<&str> {
    let is_part = |c: char| c.is_ascii_lowercase() || c == '-';
    let names =
        line.split("scripts/").skip(1).map(|rest| &rest[..rest.find(|c| !is_part(c)).unwrap_or(rest.len())]);
    names.filter(|name| root().join("scripts").join(name).is_file()).collect()
}

/// What the scripts that a page names anywhere say of their options: the heads of those in shell, and all of a folder in Python.
fn heads_on(page: &str) -> String {
    let files = |pattern: &str| {
        let files = glob::glob(&root().join(pattern).display().to_string()).expect("a pattern");
        files.map(|file| file.expect("readable")).filter(|file| file.is_file())
    };
    let text = |file: PathBuf| fs::read_to_string(file).unwrap_or_default();
    let is_named = |file: &PathBuf| page.contains(&*file.file_name().expect("a name").to_string_lossy());
    let shell = files("scripts/*").filter(is_named).map(text).filter(|text| text.starts_with("#!/bin/sh"));
    let heads = shell.map(|text| {
        text.lines().take_while(|line| line.starts_with('#')).collect::<Vec<_>>().join("\n") + "\n"
    });
    let spark = page.contains("scripts/spark/").then(|| files("scripts/spark/*").map(text));
    heads.chain(spark.into_iter().flatten()).collect()
}

/// The options that `--help` lists, without those that it mentions.
fn options_of(tool: &str) -> BTreeSet<String> {
    let help = help(tool);
    let listed = help.text().lines().map(str::trim_start).filter(|line| line.starts_with('-'));
    listed.flat_map(options).map(str::to_owned).collect()
}

#[test]
fn options_and_pages_agree() {
    let known = TOOLS.map(|tool| (tool, options_of(tool)));
    let shared = text_of(Path::new("docs/common.md"));
    let mut wrong = Vec::new();
    for (tool, of_tool) in &known {
        let name = program(tool);
        let page = text_of(Path::new(&format!("docs/{name}.md")));
        let described = &options(&page) | &options(&shared);
        wrong.extend(
            of_tool
                .iter()
                .filter(|option| !described.contains(option.as_str()))
                .map(|option| format!("{tool} {option} is neither in docs/{name}.md nor in docs/common.md")),
        );
    }
    for page in pages() {
        let own = page.file_stem().expect("a name").to_string_lossy().into_owned();
        let is_tool = TOOLS.iter().any(|tool| program(tool) == own);
        let of_others = |line: &&str| {
            let others = ["cargo ", "parallel ", "split -", "`grep ", "systemctl ", "tar "];
            others.iter().any(|other| line.contains(other))
        };
        let text = text_of(&page);
        let on_page = if is_tool { String::new() } else { heads_on(&text) };
        for line in text.lines().filter(|line| !of_others(line)) {
            let heads: String = scripts_of(line).into_iter().map(head_of).collect();
            // An option is the page's own tool's, or of one that the line names; other pages speak of all, and of the scripts that
            // they name.
            let may = known
                .iter()
                .filter(|(tool, _)| !is_tool || own == program(tool) || line.contains(program(tool)));
            let of_tools = may.flat_map(|(_, options)| options.iter().map(String::as_str));
            let known: BTreeSet<&str> = of_tools.chain(options(&heads)).chain(options(&on_page)).collect();
            wrong.extend(
                options(line)
                    .difference(&known)
                    .map(|option| format!("{}: no {option}: {line}", page.display())),
            );
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// In each page's commands together: what an option is given to, and the option itself or its short form.
#[test]
fn every_option_has_an_example() {
    let mut commands = String::new();
    for page in pages() {
        let text = text_of(&page);
        let mut in_console = false;
        for line in text.lines() {
            if line.starts_with("```") {
                in_console = line == "```console";
            } else if in_console && (line.starts_with("$ ") || line.starts_with("> ")) {
                commands = commands + line + "\n";
            }
        }
    }
    let shown = options(&commands);
    let is_shown = |names: &str| {
        let is_word = |short: &str| commands.split([' ', '\n']).any(|word| word == short);
        options(names).into_iter().any(|option| shown.contains(option))
            || names.split([',', ' ']).any(|name| name.len() == 2 && is_word(name))
    };
    let mut wrong = Vec::new();
    for tool in TOOLS {
        let help = help(tool);
        let listed = help.text().lines().map(str::trim_start).filter(|line| line.starts_with('-'));
        for line in listed.filter(|line| {
            !line.starts_with("- ") && !["--help", "--version"].iter().any(|option| line.contains(option))
        }) {
            let names = line.split(['<', '[']).next().unwrap_or_default();
            if !is_shown(names) {
                wrong.push(format!("{tool} {names}"));
            }
        }
    }
    assert!(wrong.is_empty(), "no command of a page shows these:\n{}", wrong.join("\n"));
}

/// The examples of `--help`, in a folder with files of the names that they have; what is endless or elsewhere is bounded.
#[test]
fn examples_of_help_run() {
    let folder = tempfile::tempdir().expect("a folder");
    let write = |name: &str, bytes: &[u8]| fs::write(folder.path().join(name), bytes).expect("a file");
    let (tweets, rsvps) = (common::demo("demo:tweets", 1500), common::demo("demo:rsvps", 300));
    let rows =
        common::tool("window-count").args(["-q", "--key", ".lang", "--window", "10s"]).input(&tweets).run();
    write("tweets.jsonl", &tweets);
    write("rsvps.jsonl", &rsvps);
    write("rsvps.jsonl.zst", &common::zstd(&rsvps));
    write("rows.jsonl", &rows.with_code(0).out);
    // What is there, and when it was written: an example may replace what another one made.
    let files = || -> BTreeSet<_> {
        let entries = fs::read_dir(folder.path()).expect("a folder").map(|entry| entry.expect("an entry"));
        entries
            .map(|entry| (entry.file_name(), entry.metadata().and_then(|data| data.modified()).ok()))
            .collect()
    };
    for tool in TOOLS {
        let help = help(tool);
        let examples = help.text().lines().skip_while(|line| *line != "Examples:").skip(1);
        for example in examples.take_while(|line| line.starts_with("  ")) {
            let lines = tweets.clone();
            let mut command = example.trim().to_owned();
            if !command.contains("--records") {
                command = command.replace("fetch demo:", "fetch --records 50 demo:");
            }
            if command.contains("stream-serve") {
                // It serves until told, at a port that another run of this test may have.
                command = command.replace("stream-serve", "stream-serve --exit-at-end");
                command = ["8081", "5555"].iter().fold(command, |line, port| line.replace(port, "0"));
                if !command.contains("--http") && !command.contains("--tcp") {
                    command = command.replace("stream-serve", "stream-serve --http 0");
                }
                command += " && touch served";
            }
            if command.contains("127.0.0.1:5555") {
                let address = common::serve(move |mut stream| stream.write_all(&lines).expect("connected"));
                command = command.replace("127.0.0.1:5555", &address);
            }
            let before = files();
            let path =
                format!("{}:{}", common::programs().display(), std::env::var("PATH").unwrap_or_default());
            let done = Command::new("sh")
                .args(["-c", &command])
                .env("PATH", path)
                .current_dir(folder.path())
                .stdin(Stdio::null())
                .output()
                .expect("there is a shell");
            let said = String::from_utf8_lossy(&done.stderr);
            assert!(done.status.success(), "{command}\n{said}");
            let failures = [
                ": cannot write",
                ": cannot read",
                ": cannot open",
                "Usage:",
                "error",
                "not found",
                "panicked",
            ];
            assert!(!failures.iter().any(|failure| said.contains(failure)), "{command}\n{said}");
            assert!(!done.stdout.is_empty() || files() != before, "{command} made nothing\n{said}");
        }
    }
}

/// Words in one line, however they were wrapped.
fn unwrapped(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// What a page says of a default, and the one that `--help` has; where two tools share the option, each is here.
const DEFAULTS: [(&str, &str, &str, &str); 48] = [
    ("stream-fetch", "--speed", "max", "Without more, lines come as fast as they are read (`--speed max`)"),
    ("stream-fetch", "--on-full", "block", "`--on-full block` (the default)"),
    ("stream-fetch", "--seed", "42", "`--seed` (42)"),
    ("stream-fetch", "--density", "as --rate, else 50", "lines per second of event time (50)"),
    (
        "stream-fetch",
        "--start",
        "2018-11-12T19:00:00Z",
        "the time of the first record (2018-11-12T19:00:00Z)",
    ),
    ("stream-fetch", "--record-flush", "5s", "`--record-flush` (5 s)"),
    ("stream-fetch", "--retry-delay", "250ms", "`--retry-delay` (250 ms)"),
    ("stream-fetch", "--id-memory", "10000", "`--id-memory N` (10000)"),
    (
        "stream-fetch",
        "--stall-timeout",
        "never; 90s for WebSocket",
        "for a WebSocket that is 90 s, unless given",
    ),
    ("stream-fetch", "--connect-timeout", "10s", "`--connect-timeout` (10 s)"),
    ("stream-fetch", "--response-timeout", "30s", "`--response-timeout` (30 s)"),
    ("window-count", "--watermark", "10s; 0s with --time now", "`--watermark`, 10 s by default"),
    ("window-count", "--max-future", "1d", "`--max-future` (1 day)"),
    ("window-count", "--within", "1h", "`--within SPAN` of event time (1 hour)"),
    ("window-count", "--tz", "UTC", "`--tz` (UTC)"),
    ("window-count", "--state-every", "1s", "1s if not given"),
    ("jsonl-filter", "--state-every", "1s", "`--state-every` (1s)"),
    ("jsonl-describe", "--max-names", "200", "`--max-names N` (200)"),
    ("topn", "", "10", "N is 10 unless given"),
    ("topn", "--ties", "cut", "`--ties cut`, the default"),
    ("topn", "--state-every", "1s", "`--state-every` (1s)"),
    ("plot-svg", "--every", "100ms", "`--every SPAN` (100 ms)"),
    ("plot-svg", "--scale", "2", "`--scale N` (1 to 4, 2 by default)"),
    ("plot-svg", "--top", "10", "(1 to 100, 10 by default)"),
    ("plot-svg", "--windows", "360", "(2 to 100000, 360 by default)"),
    ("plot-svg", "--width", "800", "(320 to 10000, 800 by default)"),
    ("plot-svg", "--kind", "barh", "the newest window; the default"),
    ("plot-term", "--every", "100ms", "`--every SPAN` (100 ms)"),
    ("plot-term", "--top", "10", "`--top N` (10)"),
    ("plot-term", "--windows", "360", "`--windows N` (360)"),
    ("plot-term", "--tz", "UTC", "`--tz ZONE` (UTC)"),
    ("stream-serve", "--http", "8080", "8080 unless `--tcp` is all that is asked for"),
    ("jsonl-store", "--table", "windows", "`--table` names it (`windows` unless given)"),
    ("jsonl-store", "--batch", "5000,8MiB", "`--batch 5000,8MiB` stores"),
    ("jsonl-store", "--flush-every", "1s", "`--flush-every 1s` at the latest"),
    ("jsonl-store", "--retry-delay", "250ms", "`--retry-delay 250ms`"),
    ("jsonl-store", "--retry-max", "10", "After `--retry-max 10` failures in a row"),
    ("topic-model fit", "--topics", "20", "how many topics there are; 20 unless given"),
    ("topic-model fit", "--iterations", "300 for lda, 30 for gsdmm", "300 unless given"),
    ("topic-model fit", "--alpha", "0.1", "(`--alpha`, 0.1 at the start)"),
    ("topic-model fit", "--beta", "0.01", "`--beta` (0.01)"),
    ("topic-model fit", "--stop-words", "en", "(`en` unless given"),
    ("topic-model fit", "--min-length", "3", "`--min-length N` (3;"),
    ("topic-model fit", "--min-df", "5", "`--min-df N` texts have (5)"),
    ("topic-model fit", "--max-df", "50%", "`--max-df P%` of them (50%)"),
    ("topic-model label", "--words", "5", "`--words N` of them (5)"),
    ("topic-model label", "--threshold", "10%", "`--threshold P%` (10%)"),
    ("topic-model top-words", "--words", "10", "`--words N` is how many (10)"),
];

/// What `--help` says of an option; of none, what stands before all options.
fn described(help: &str, option: &str) -> String {
    let begins = |line: &&str| line.trim_start().starts_with('-') && !line.trim_start().starts_with("- ");
    let is_named =
        |line: &&str| option.is_empty() || begins(line) && line.split([' ', ',']).any(|word| word == option);
    let mut lines = help.lines().skip_while(|line| !is_named(line));
    let first = lines.next().unwrap_or_default();
    unwrapped(
        &[first].into_iter().chain(lines.take_while(|line| !begins(line))).collect::<Vec<_>>().join(" "),
    )
}

#[test]
fn defaults_are_those_that_the_pages_name() {
    let mut wrong = Vec::new();
    let mut check = |tool: &str, option: &str, default: &str, page: &str, says: &str| {
        let described = described(help(tool).text(), option);
        let named = described.split_once("[default: ").map_or("", |(_, rest)| rest);
        if !named.strip_prefix(default).is_some_and(|rest| rest.starts_with([']', ';', ','])) {
            wrong.push(format!("{tool} {option}: --help does not say [default: {default}]: {described}"));
        }
        if !unwrapped(&text_of(Path::new(page))).contains(says) {
            wrong.push(format!("{page} does not say: {says}"));
        }
    };
    for (tool, option, default, says) in DEFAULTS {
        check(tool, option, default, &format!("docs/{}.md", program(tool)), says);
    }
    for tool in TOOLS
        .iter()
        .filter(|tool| !["topic-model", "topic-model top-words", "topic-model export"].contains(tool))
    {
        check(tool, "--max-line", "16MiB", "docs/common.md", "`--max-line` (16 MiB)");
        check(tool, "--check", "structure", "docs/common.md", "`--check structure`, the default");
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Each limit that plot-svg.md and plot-term.md name: what lies within is taken, and what does not is a usage error.
#[test]
fn limits_are_those_that_the_pages_name() {
    let limits = [
        ("plot-svg", "--top", 1, 100),
        ("plot-svg", "--windows", 2, 100_000),
        ("plot-svg", "--width", 320, 10_000),
        ("plot-svg", "--height", 200, 10_000),
        ("plot-term", "--width", 40, 1000),
        ("plot-term", "--height", 12, 1000),
    ];
    for (tool, option, least, most) in limits {
        for (value, code) in [(least - 1, 2), (least, 0), (most, 0), (most + 1, 2)] {
            let ran = common::tool(tool).arg(option).arg(value.to_string()).input("{\"count\":1}\n").run();
            assert_eq!(ran.code, code, "{tool} {option} {value}: {}", ran.err);
        }
        let page = unwrapped(&text_of(Path::new(&format!("docs/{tool}.md"))));
        let named = page.split(option).any(|rest| {
            let near: String = rest.chars().take(50).collect();
            near.contains(&format!("({least} to {most}"))
        });
        assert!(named, "{tool}.md names no limits of {option}");
    }
}

/// The statuses in a list such as `0 done, 2 usage, 128 + n a signal`.
fn statuses(list: &str) -> BTreeSet<u32> {
    let list = unwrapped(list);
    let mut clauses = list.split([',', ';', ':', '.', '(']).map(str::trim_start);
    clauses.by_ref().filter_map(|clause| clause.split(' ').next()?.parse().ok()).collect()
}

/// A call of each tool that reads records, so that one that is no record fails it; what it needs beside that is in the folder.
fn strict(tool: &str) -> Option<Vec<&'static str>> {
    Some(match tool {
        "stream-fetch" => vec!["--check", "full", "-"],
        "jsonl-filter" => vec!["true"],
        "window-count" => vec!["--time", ".t", "--window", "1s"],
        "topn" => vec!["--key", ".k"],
        "jsonl-describe" | "plot-svg" | "plot-term" => vec![],
        "jsonl-store" => vec!["--create", "--key-columns", "k", "sqlite:k.db"],
        "stream-serve" => vec!["--http", "0", "--exit-at-end"],
        "topic-model fit" => vec!["fit", "-k", "1", "--min-df", "1", "-o", "new.model"],
        "topic-model label" => vec!["label", "--model", "a.model"],
        "topic-model evaluate" => vec!["evaluate", "--model", "a.model"],
        _ => return None,
    })
}

#[test]
fn statuses_are_those_that_help_and_pages_list() {
    let folder = tempfile::tempdir().expect("a folder");
    let learn = ["fit", "-k", "1", "--min-df", "1", "--max-df", "100%", "-o", "a.model"];
    let texts = "{\"text\":\"rain cloud\"}\n".repeat(2);
    common::tool("topic-model").args(learn).dir(folder.path()).input(texts).run().with_code(0);
    let mut of_help: BTreeMap<&str, (BTreeSet<u32>, BTreeSet<u32>)> = BTreeMap::new();
    for tool in TOOLS {
        let help = help(tool);
        let listed = help.text().split_once("Exit status: ").map(|(_, list)| statuses(list));
        let page = text_of(Path::new(&format!("docs/{}.md", program(tool))));
        let section = page.split_once("\n## Exit status").expect("a section").1;
        let section = section.split("\n## ").next().expect("a first part");
        let promised = statuses(section.split("```").next().expect("before examples"));
        if let Some(listed) = &listed {
            assert!(listed.is_subset(&promised), "{tool}: --help and its page: {listed:?}");
            of_help
                .entry(program(tool))
                .or_insert_with(|| (BTreeSet::new(), promised.clone()))
                .0
                .extend(listed);
        }
        assert!([0, 2, 4, 128].iter().all(|status| promised.contains(status)), "{tool}: {promised:?}");
        let Some(args) = strict(tool) else { continue };
        let call = || common::tool(program(tool)).args(&args).dir(folder.path());
        let ran = call().args(["--strict"]).input("{\"k\":1,\"count\":1\n").run();
        assert_eq!(ran.code, 3, "{tool} and a line that is no record: {}", ran.err);
        assert!(promised.contains(&3), "{tool}");
        let ran = call().arg("no/such/file").run();
        assert_eq!(ran.code, 4, "{tool} and a file that is not there: {}", ran.err);
        let ran = call().arg("--no-such-option").run();
        assert_eq!(ran.code, 2, "{tool} and an option that is not there: {}", ran.err);
    }
    // Of a tool with commands the page lists what any of them ends with.
    for (program, (listed, promised)) in of_help {
        assert_eq!(listed, promised, "{program}: --help and its page");
    }
}

/// The tools that a row of the table of figures names; none is all of them.
fn named(cell: &str) -> Vec<&str> {
    cell.split('`').skip(1).step_by(2).map(program).collect()
}

#[test]
fn figures_are_those_that_the_table_lists() {
    let page = text_of(Path::new("docs/common.md"));
    let table = page.split_once("| field | tools | meaning |").expect("the table").1;
    let rows: Vec<(Vec<&str>, Vec<&str>)> = table
        .lines()
        .skip(2)
        .take_while(|line| line.starts_with('|'))
        .map(|line| {
            let cells: Vec<&str> = line.split('|').collect();
            (cells[1].split('`').skip(1).step_by(2).collect(), named(cells[2]))
        })
        .collect();
    let lines = common::serve(|mut stream| stream.write_all(b"{\"t\":1}\n").expect("connected"));
    let live = format!("stream-fetch --id .t --records 1 tcp://{lines}");
    let calls = [
        "stream-fetch demo:tweets --records 9 --record raw/%Y",
        "stream-fetch --time .t --since 1970-01-01 --cursor place posts.jsonl",
        &live,
        "jsonl-filter --dedupe .k --join rows.jsonl --on .k posts.jsonl",
        "jsonl-filter true --state kept posts.jsonl",
        "jsonl-describe posts.jsonl",
        "window-count --time .t --window 1s --watermark-by .k --dedupe .t posts.jsonl",
        "window-count --time .t --window 1s --state counted posts.jsonl",
        "window-count --merge part.jsonl",
        "topn --key .k posts.jsonl",
        "topn --state ranked rows.jsonl",
        "plot-svg rows.jsonl",
        "plot-term rows.jsonl",
        "jsonl-store --create sqlite:rows.db rows.jsonl",
        "stream-serve --http 0 --exit-at-end rows.jsonl",
        "topic-model fit -k 1 --min-df 1 --max-df 100% -o model posts.jsonl",
        "topic-model label --model model posts.jsonl",
        "topic-model evaluate --model model posts.jsonl",
    ];
    let folder = tempfile::tempdir().expect("a folder");
    let write = |name: &str, bytes: &[u8]| fs::write(folder.path().join(name), bytes).expect("a file");
    let posts = "{\"t\":1,\"k\":\"a\",\"text\":\"rain cloud wind\"}\n{\"t\":2,\"k\":\"b\",\"text\":\"cloud rain storm\"}\n";
    write("posts.jsonl", posts.as_bytes());
    let count = ["-q", "--time", ".t", "--window", "1s", "--key", ".k"];
    let counted =
        |more: &[&str]| common::tool("window-count").args(count).args(more).input(posts).run().quietly().out;
    write("rows.jsonl", &counted(&[]));
    write("part.jsonl", &counted(&["--partial", "--part", "a"]));
    let (mut seen, mut wrong) = (BTreeSet::new(), Vec::new());
    for call in calls {
        let mut words = call.split(' ');
        let tool = words.next().expect("a tool");
        let (command, rest) = match (tool, words.clone().next()) {
            ("topic-model", Some(command)) => (Some(command), words.skip(1).collect::<Vec<_>>()),
            _ => (None, words.collect()),
        };
        let args = command.into_iter().chain(["-q", "--stats", "stats.json"]).chain(rest);
        common::tool(tool).args(args).dir(folder.path()).run().with_code(0);
        let stats = fs::read(folder.path().join("stats.json")).expect("figures");
        let stats: serde_json::Value = serde_json::from_slice(&stats).expect("JSON");
        for field in stats.as_object().expect("an object").keys() {
            let is_listed = |(fields, tools): &&(Vec<&str>, Vec<&str>)| {
                fields.contains(&field.as_str()) && (tools.is_empty() || tools.contains(&tool))
            };
            if !rows.iter().any(|row| is_listed(&row)) {
                wrong.push(format!("{call} has {field}, which the table does not list"));
            }
            seen.insert((tool, field.clone()));
        }
    }
    for (fields, tools) in &rows {
        let all: Vec<&str> = TOOLS.iter().map(|tool| program(tool)).collect();
        for tool in if tools.is_empty() { &all } else { tools } {
            // tests/slow_reader.rs drops some.
            for field in fields.iter().filter(|field| **field != "dropped") {
                if !seen.contains(&(*tool, (*field).to_owned())) {
                    wrong.push(format!("the table lists {field} of {tool}, which has none"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The anchors of a page's headings, as GitHub makes them.
fn anchors(text: &str) -> Vec<String> {
    let headings = text.lines().filter(|line| line.starts_with('#'));
    let kept = |c: &char| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_');
    headings
        .map(|line| line.trim_start_matches('#').trim().to_lowercase().chars().filter(kept).collect())
        .map(|words: String| words.replace(' ', "-"))
        .collect()
}

#[test]
fn links_lead_somewhere() {
    let mut wrong = Vec::new();
    for page in pages() {
        let text = text_of(&page);
        for (at, _) in text.match_indices("](") {
            let target = text[at + 2..].split(')').next().unwrap_or_default();
            if target.contains("://") {
                continue;
            }
            let (file, anchor) = target.split_once('#').unwrap_or((target, ""));
            let path = match file {
                "" => root().join(&page),
                file => root().join(&page).parent().expect("in a folder").join(file),
            };
            let leads = match (path.exists(), anchor) {
                (exists, "") => exists,
                (exists, anchor) => {
                    exists
                        && anchors(&fs::read_to_string(&path).expect("a page"))
                            .iter()
                            .any(|known| known == anchor)
                }
            };
            if !leads {
                wrong.push(format!("{}: {target}", page.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "these links lead nowhere:\n{}", wrong.join("\n"));
}

/// All the code of a folder and those below it.
fn code_of(folder: &Path, code: &mut String) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("readable").path();
        if path.is_dir() {
            code_of(&path, code);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            *code += &fs::read_to_string(&path).expect("code");
        }
    }
}

/// The scripts, sources and tests that pages name as proof, and the functions that delivery.md names.
#[test]
fn what_pages_name_as_proof_is_there() {
    let mut code = String::new();
    ["tests", "src"].iter().for_each(|folder| code_of(&root().join(folder), &mut code));
    let mut wrong = Vec::new();
    for page in pages() {
        let text = text_of(&page);
        let is_tested = text.contains("## How each promise is tested");
        for name in text
            .lines()
            .filter(|line| !line.starts_with("```"))
            .flat_map(|line| line.split('`').skip(1).step_by(2))
        {
            let path = name.split(' ').next().unwrap_or_default();
            let is_path = ["scripts/", "src/", "tests/"].iter().any(|folder| path.starts_with(folder));
            let function = name.trim_end_matches('…');
            let is_function = function.matches('_').count() > 2
                && function
                    .bytes()
                    .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
            // NAME stands for a name.
            if is_path && !path.contains("NAME") && !root().join(path).exists()
                || is_function && is_tested && !code.contains(&format!("fn {function}"))
            {
                wrong.push(format!("{}: there is no {name}", page.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
