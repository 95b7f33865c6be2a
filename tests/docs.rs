//! The pages tell the truth: every command in them is run, every option is described, every link leads somewhere.
//!
//! How pages are played stands in `common/pages.rs`. Each has a folder of its own, in which `tests` leads to ours. With
//! UPDATE_DOCS=1 outputs that differ are written into the pages instead.

mod common;

use std::collections::BTreeSet;
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
        let of_others = |line: &&str| ["cargo ", "scripts/"].iter().any(|other| line.contains(other));
        for line in text_of(&page).lines().filter(|line| !of_others(line)) {
            // An option is the page's own tool's, or of one that the line names; other pages speak of all.
            let may = known
                .iter()
                .filter(|(tool, _)| !is_tool || own == program(tool) || line.contains(program(tool)));
            let known: BTreeSet<&str> =
                may.flat_map(|(_, options)| options.iter().map(String::as_str)).collect();
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
