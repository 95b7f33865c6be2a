//! Plays the commands of a page: a block marked `console` holds commands (`$ `, continued by `> `), each followed by what it
//! prints: standard output, then standard error. A line `...` stands for any lines.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The folder of the project.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// A page, by its path below the root.
pub fn text_of(page: &Path) -> String {
    fs::read_to_string(root().join(page)).expect("a page is UTF-8")
}

/// Runs a command as a user of the page does; what it printed, line by line.
fn run(command: &str, folder: &Path, variables: &[(&str, &str)]) -> Vec<String> {
    let path = std::env::var("PATH").unwrap_or_default();
    let done = Command::new("sh")
        .args(["-c", command])
        .env("PATH", format!("{}:{path}", super::programs().display()))
        .env("NO_PROXY", "127.0.0.1,localhost")
        .env("LC_ALL", "C.UTF-8")
        // Recipes are to find the programs under test.
        .env_remove("CARGO_TARGET_DIR")
        .envs(variables.iter().copied())
        .current_dir(folder)
        .stdin(Stdio::null())
        .output()
        .expect("there is a shell");
    let lines = |bytes: &[u8]| -> Vec<String> {
        String::from_utf8_lossy(bytes).lines().map(|line| line.trim_end().to_owned()).collect()
    };
    [lines(&done.stdout), lines(&done.stderr)].concat()
}

/// Whether lines are as expected, where `...` stands for any lines.
fn matches(expected: &[&str], lines: &[String]) -> bool {
    match expected.split_first() {
        None => lines.is_empty(),
        Some((&"...", rest)) => (0..=lines.len()).any(|skipped| matches(rest, &lines[skipped..])),
        Some((first, rest)) => lines.first().is_some_and(|line| line == first) && matches(rest, &lines[1..]),
    }
}

/// The page with the outputs that its commands have now, and how those that differ do.
fn played(page: &Path, variables: &[(&str, &str)]) -> (String, Vec<String>) {
    let text = text_of(page);
    let lines: Vec<&str> = text.lines().collect();
    let folder = tempfile::tempdir().expect("a folder");
    for name in ["tests", "scripts"] {
        std::os::unix::fs::symlink(root().join(name), folder.path().join(name)).expect("a link");
    }
    let (mut now, mut differences) = (Vec::new(), Vec::new());
    let mut in_console = false;
    let mut at = 0;
    while at < lines.len() {
        let line = lines[at];
        if line.starts_with("```") {
            in_console = line == "```console";
        }
        now.push(line.to_owned());
        at += 1;
        let Some(command) = line.strip_prefix("$ ").filter(|_| in_console) else { continue };
        let place = format!("{}:{at}", page.display());
        let mut command = command.to_owned();
        while let Some(more) = lines.get(at).and_then(|line| line.strip_prefix("> ")) {
            command = format!("{command}\n{more}");
            now.push(lines[at].to_owned());
            at += 1;
        }
        let ends = |line: &&str| line.starts_with("$ ") || line.starts_with("```");
        let end = at + lines[at..].iter().position(ends).expect("a block has an end");
        let printed = run(&command, folder.path(), variables);
        if matches(&lines[at..end], &printed) {
            now.extend(lines[at..end].iter().map(|&line| line.to_owned()));
        } else {
            let expected = lines[at..end].join("\n");
            differences
                .push(format!("{place}: $ {command}\n{expected}\n--- printed:\n{}\n", printed.join("\n")));
            now.extend(printed);
        }
        at = end;
    }
    (now.join("\n") + "\n", differences)
}

/// Plays pages side by side, and fails the test where something else is printed than they say; with UPDATE_DOCS=1 what differs
/// is written into them instead.
#[track_caller]
pub fn play(pages: &[PathBuf], variables: &[(&str, &str)]) {
    let played = std::thread::scope(|scope| {
        let running: Vec<_> = pages.iter().map(|page| scope.spawn(move || played(page, variables))).collect();
        running.into_iter().map(|page| page.join().expect("no panic")).collect::<Vec<_>>()
    });
    if std::env::var_os("UPDATE_DOCS").is_some() {
        for (page, (text, differences)) in pages.iter().zip(&played) {
            if !differences.is_empty() {
                fs::write(root().join(page), text).expect("a page can be written");
            }
        }
        return;
    }
    let differences: Vec<String> = played.into_iter().flat_map(|(_, differences)| differences).collect();
    assert!(differences.is_empty(), "UPDATE_DOCS=1 records them anew:\n\n{}", differences.join("\n"));
}
