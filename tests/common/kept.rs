//! Runs with a state, and what they are compared with: one run that nothing happened to.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Child;

use super::{Ran, Tool, tool};

/// Chance that is the same in every run of the tests; the kills are the clock's matter anyway.
pub struct Chance(pub u64);

impl Chance {
    pub fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % limit.max(1)
    }
}

/// A stream in disorder, with late records, records without a key, lines that are none, ids that come again, and a record
/// from the far future now and then.
pub fn stream(chance: &mut Chance, lines: usize) -> String {
    let mut text = String::new();
    for at in 0..lines {
        let time =
            1_500_000_000_000 + (at as u64) * 37 - chance.below(9_000) * u64::from(chance.below(3) == 0);
        match chance.below(60) {
            0 => text.push_str("{\"t\":broken\n"),
            1 => text.push_str(&format!("{{\"t\":{time}}}\n")),
            2 => text
                .push_str(&format!("{{\"t\":{},\"k\":\"far\",\"v\":1,\"id\":{at}}}\n", time + 900_000_000)),
            3 => text.push_str(&format!("{{\"t\":{},\"k\":\"late\",\"v\":2,\"id\":{at}}}\n", time - 60_000)),
            _ => {
                let (key, value, id) =
                    (chance.below(40), chance.below(1000), at as u64 - chance.below(3).min(at as u64));
                text.push_str(&format!(
                    "{{\"t\":{time},\"k\":\"key {key}\",\"v\":{value}.25,\"id\":{id}}}\n"
                ));
            }
        }
    }
    text
}

/// What is counted; the state and its outputs lie in the folder.
pub struct Job<'a> {
    pub folder: &'a Path,
    pub args: Vec<&'a str>,
}

impl Job<'_> {
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    pub fn tool(&self, files: &[PathBuf]) -> Tool {
        tool("window-count")
            .args(["--time", ".t", "--quiet", "--state-every", "2ms", "--state"])
            .arg(self.path("state"))
            .arg("-o")
            .arg(self.path("out"))
            .arg("--late-output")
            .arg(self.path("late"))
            .arg("--rejects")
            .arg(self.path("rejects"))
            .args(&self.args)
            .args(files)
    }

    pub fn run(&self, files: &[PathBuf]) -> Ran {
        self.tool(files).run()
    }

    pub fn start(&self, files: &[PathBuf]) -> Child {
        let mut child = self.tool(files).spawn();
        drop(child.stdin.take());
        child
    }

    /// All that the runs so far have written.
    pub fn written(&self) -> [String; 3] {
        ["out", "late", "rejects"].map(|name| fs::read_to_string(self.path(name)).expect("it was written"))
    }
}

/// What one run writes that reads all of it.
pub fn undisturbed(args: &[&str], text: &str) -> [String; 3] {
    let folder = tempfile::tempdir().expect("a folder");
    let job = Job { folder: folder.path(), args: args.to_vec() };
    fs::write(job.path("all.jsonl"), text).expect("a file");
    job.run(&[job.path("all.jsonl")]).with_code(0);
    job.written()
}

pub fn append(path: &Path, text: &str) {
    let mut file = OpenOptions::new().append(true).create(true).open(path).expect("a file");
    file.write_all(text.as_bytes()).expect("a file");
}

#[track_caller]
pub fn same(found: &[String; 3], expected: &[String; 3]) {
    for (name, (found, expected)) in
        ["output", "late records", "rejects"].iter().zip(found.iter().zip(expected))
    {
        if found != expected {
            let differs = |(one, other): &(&str, &str)| one != other;
            let lines = found.lines().zip(expected.lines());
            let at = lines.clone().position(|pair| differs(&pair));
            let first = lines.clone().find(differs);
            panic!(
                "{name}: {} lines instead of {}; the first that differs is {at:?}: {first:#?}",
                found.lines().count(),
                expected.lines().count()
            );
        }
    }
}

/// Windows of every kind, everything that is kept of a stream.
pub const KINDS: [&[&str]; 7] = [
    &["--key", ".k", "--window", "20s/5s", "--sum", "v=.v", "--min", "least=.v"],
    &["--key", ".k", "--window", "1m", "--emit", "complete", "--trigger", "7s", "--quantile", "q=0.9:.v"],
    &["--key", ".k", "--window", "all", "--emit", "update", "--trigger", "100rec"],
    &["--key", ".k", "--session", "900ms", "--allowed-lateness", "5s", "--mean", "m=.v"],
    &["--key", ".k", "--window", "777rec", "--weight", ".v"],
    &["--key", ".k", "--window", "1h", "--cumulate", "5s", "--watermark", "1s", "--format", "csv"],
    &[
        "--key",
        ".k",
        "--window",
        "10s",
        "--window",
        "30s",
        "--dedupe",
        ".id",
        "--within",
        "20s",
        "--distinct",
        "d=.v",
    ],
];
