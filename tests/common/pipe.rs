//! Pipelines whose stages are killed one by one, and started again as a supervisor does.

use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::{PATIENCE, programs};

/// A pipeline: the words of each stage, the first of which is the program; one of another's needs its path.
pub struct Pipe {
    pub stages: Vec<Vec<String>>,
    /// What is said goes there, for the test that fails.
    pub log: PathBuf,
}

/// A pipeline at work.
pub struct Flowing {
    pub children: Vec<Child>,
    /// They write down what is said: a stage itself may have no room for it.
    scribes: Vec<JoinHandle<()>>,
}

/// How a pipeline ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ended {
    /// Of each stage; 128 + n when a signal ended it.
    pub codes: Vec<i32>,
}

impl Ended {
    pub fn is_done(&self) -> bool {
        self.codes.iter().all(|code| *code == 0)
    }
}

impl Pipe {
    /// Each stage with these words behind its own, which all of ours share.
    pub fn new(log: &Path, stages: &[Vec<String>], shared: &[String]) -> Pipe {
        let is_ours = |words: &[String]| words.iter().any(|word| programs().join(word).exists());
        let of_stage = |words: &Vec<String>| [&words[..], if is_ours(words) { shared } else { &[] }].concat();
        let stages = stages.iter().map(of_stage).collect();
        Pipe { stages, log: log.to_owned() }
    }

    /// Starts all stages, each with a pipe to the next.
    pub fn start(&self) -> Flowing {
        let log = || std::fs::OpenOptions::new().append(true).create(true).open(&self.log).expect("a file");
        let (mut children, mut scribes): (Vec<Child>, Vec<JoinHandle<()>>) = (Vec::new(), Vec::new());
        for (at, words) in self.stages.iter().enumerate() {
            let program = programs().join(&words[0]);
            let program = if program.exists() { program } else { words[0].clone().into() };
            let input = children
                .last_mut()
                .map_or_else(Stdio::null, |before| before.stdout.take().expect("piped").into());
            let is_last = at + 1 == self.stages.len();
            let output = if is_last { Stdio::null() } else { Stdio::piped() };
            let child = Command::new(program)
                .args(&words[1..])
                .env("NO_PROXY", "127.0.0.1")
                .stdin(input)
                .stdout(output)
                .stderr(Stdio::piped())
                .spawn();
            let mut child = child.expect("the program is built");
            let (mut said, mut log) = (child.stderr.take().expect("piped"), log());
            scribes.push(std::thread::spawn(move || drop(std::io::copy(&mut said, &mut log))));
            children.push(child);
        }
        Flowing { children, scribes }
    }

    /// Runs it to its end.
    pub fn run(&self) -> Ended {
        self.start().end(&self.log)
    }
}

impl Flowing {
    /// Lets it flow so long; true if it came to its end before.
    pub fn has_ended_within(&mut self, pause: Duration) -> bool {
        let until = Instant::now() + pause;
        loop {
            let mut running = self
                .children
                .iter_mut()
                .filter_map(|child| child.try_wait().expect("it is ours").is_none().then_some(()));
            if running.next().is_none() {
                return true;
            }
            let now = Instant::now();
            if now >= until {
                return false;
            }
            std::thread::sleep((until - now).min(Duration::from_millis(1)));
        }
    }

    /// Kills a stage, or the rest of one that has ended.
    pub fn kill(&mut self, stage: usize) {
        drop(self.children[stage].kill());
    }

    /// Sends a stage a signal.
    pub fn signal(&self, stage: usize, name: &str) {
        let pid = self.children[stage].id().to_string();
        drop(Command::new("kill").arg(format!("-{name}")).arg(pid).stderr(Stdio::null()).status());
    }

    /// Waits until all have ended.
    #[track_caller]
    pub fn end(mut self, log: &Path) -> Ended {
        if !self.has_ended_within(PATIENCE) {
            let running: Vec<usize> = (0..self.children.len())
                .filter(|at| self.children[*at].try_wait().expect("it is ours").is_none())
                .collect();
            (0..self.children.len()).for_each(|stage| self.kill(stage));
            panic!("stages {running:?} hang; {}", tail(log));
        }
        let code = |child: &mut Child| {
            let status = child.wait().expect("it is ours");
            status.code().unwrap_or_else(|| 128 + status.signal().unwrap_or(0))
        };
        let codes = self.children.iter_mut().map(code).collect();
        self.scribes.drain(..).for_each(|scribe| scribe.join().expect("no panic"));
        Ended { codes }
    }
}

impl Drop for Flowing {
    fn drop(&mut self) {
        for child in &mut self.children {
            // Those that have ended are left alone.
            drop(child.kill());
            drop(child.wait());
        }
    }
}

/// What was said last.
pub fn tail(log: &Path) -> String {
    let text = std::fs::read_to_string(log).unwrap_or_default();
    let lines: Vec<&str> = text.lines().rev().take(12).collect();
    lines.into_iter().rev().collect::<Vec<_>>().join("\n")
}
