//! Runs with a state, and what they are compared with: one run that nothing happened to.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Child;
use std::time::{Duration, Instant};

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

/// How many runs of a kind are killed: so many, or as KILLS says.
pub fn kills(usually: u64) -> u64 {
    std::env::var("KILLS").ok().and_then(|kills| kills.parse().ok()).unwrap_or(usually)
}

/// Lets a run go on for a while; true if it came to its end before it was killed.
pub fn kill_after(child: &mut Child, pause: Duration) -> bool {
    let until = Instant::now() + pause;
    loop {
        if let Some(status) = child.try_wait().expect("it runs") {
            assert!(status.success(), "a run that nobody killed ends well: {status}");
            return true;
        }
        if Instant::now() >= until {
            break;
        }
        std::thread::sleep(Duration::from_micros(200));
    }
    child.kill().expect("it is ours");
    child.wait().expect("it was killed");
    false
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

/// What a program reads: records, or for lists of windows the rows that are counted of them, with lines that are none.
pub fn input(args: &[&str], chance: &mut Chance, lines: usize) -> String {
    if args[0] != "topn" || args.contains(&"--key") {
        return stream(chance, lines);
    }
    undisturbed(KINDS[0], &stream(chance, lines))[0].replacen('\n', "\nno row\n", 3)
}

/// A program and what it is to do; the state and its outputs lie in the folder.
pub struct Job<'a> {
    pub folder: &'a Path,
    pub args: Vec<&'a str>,
}

impl Job<'_> {
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    pub fn tool(&self, files: &[PathBuf]) -> Tool {
        let (name, args) = self.args.split_first().expect("the program's name");
        let mut call = tool(name);
        if *name == "window-count" {
            call = call.args(["--time", ".t", "--late-output"]).arg(self.path("late"));
        }
        call.args(args)
            .args(["--quiet", "--state-every", "2ms", "--state"])
            .arg(self.path("state"))
            .arg("-o")
            .arg(self.path("out"))
            .arg("--rejects")
            .arg(self.path("rejects"))
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

    /// All that the runs so far have written; only `window-count` knows late records.
    pub fn written(&self) -> [String; 3] {
        ["out", "late", "rejects"].map(|name| match fs::read_to_string(self.path(name)) {
            Err(_) if name == "late" && self.args[0] != "window-count" => String::new(),
            written => written.expect("it was written"),
        })
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
    &["window-count", "--key", ".k", "--window", "20s/5s", "--sum", "v=.v", "--min", "least=.v"],
    &[
        "window-count",
        "--key",
        ".k",
        "--window",
        "1m",
        "--emit",
        "complete",
        "--trigger",
        "7s",
        "--quantile",
        "q=0.9:.v",
    ],
    &["window-count", "--key", ".k", "--window", "all", "--emit", "update", "--trigger", "100rec"],
    &["window-count", "--key", ".k", "--session", "900ms", "--allowed-lateness", "5s", "--mean", "m=.v"],
    &["window-count", "--key", ".k", "--window", "777rec", "--weight", ".v"],
    &[
        "window-count",
        "--key",
        ".k",
        "--window",
        "1h",
        "--cumulate",
        "5s",
        "--watermark",
        "1s",
        "--format",
        "csv",
    ],
    &[
        "window-count",
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

/// Lists of the windows of [`input`].
pub const LISTS: [&[&str]; 2] =
    [&["topn", "3", "--other"], &["topn", "2", "--by", "v", "--asc", "--format", "csv"]];

/// Lines that are kept or made, and what is remembered meanwhile.
pub const FILTERS: [&[&str]; 5] = [
    &["jsonl-filter", ".v > 500"],
    &["jsonl-filter", "--dedupe", ".id", "--within", "20s", "--time", ".t"],
    &["jsonl-filter", "-v", "--where", ".k == \"key 1\"", "--dedupe", ".k", "--within", "50rec"],
    &["jsonl-filter", "--map", "{k, v}", "--sample", "30%", "--sample-key", ".id", "--format", "csv"],
    &["jsonl-filter", "--dedupe", ".k", "--where", ".t", "--count"],
];

/// Counts of plain records: the output is one table, made anew by each run.
pub const TABLES: [&[&str]; 3] = [
    &["topn", "7", "--key", ".k", "--other"],
    &["topn", "--key", "key=.k|select(.!=\"late\")|ascii_upcase", "--key", "even=.id%2==0", "--fold"],
    &["topn", "5", "--key", ".id", "--max-keys", "40", "--on-full", "sketch"],
];
