//! Runs the built programs as a user would: arguments, a pipe in, what came out, the exit status.
#![allow(dead_code)] // each test program uses its part of this

pub mod database;
pub mod emissions;
pub mod feed;
pub mod kept;
pub mod pages;
pub mod peer;
pub mod pipe;
pub mod place;
pub mod server;
pub mod serving;

use std::ffi::OsStr;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

/// Nothing that a test awaits takes nearly as long; only a hanging program reaches it.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// A call of one of the crate's programs.
pub struct Tool {
    command: Command,
    input: Option<Vec<u8>>,
    stdout: Option<std::fs::File>,
}

/// What a program left behind.
#[derive(Debug)]
pub struct Ran {
    pub out: Vec<u8>,
    pub err: String,
    /// The exit status; 128 + n when a signal ended it.
    pub code: i32,
}

/// The folder with the built programs.
pub fn programs() -> PathBuf {
    let any = Path::new(env!("CARGO_BIN_EXE_jsonl-filter"));
    any.parent().expect("a program lies in a folder").to_owned()
}

/// A call of the program `name`.
pub fn tool(name: &str) -> Tool {
    Tool::of(programs().join(name))
}

impl Tool {
    /// A call of a program of somebody else's, that calls one of ours.
    pub fn of(program: impl AsRef<OsStr>) -> Tool {
        let mut command = Command::new(program);
        // A test's result may not hang on where it runs.
        command
            .env_remove("HTTP_PROXY")
            .env_remove("http_proxy")
            .env("NO_PROXY", "127.0.0.1,localhost,::1,later.test");
        Tool { command, input: None, stdout: None }
    }

    pub fn args<A: AsRef<OsStr>>(mut self, args: impl IntoIterator<Item = A>) -> Tool {
        self.command.args(args);
        self
    }

    pub fn arg(mut self, arg: impl AsRef<OsStr>) -> Tool {
        self.command.arg(arg);
        self
    }

    pub fn env(mut self, name: &str, value: &str) -> Tool {
        self.command.env(name, value);
        self
    }

    pub fn dir(mut self, dir: &Path) -> Tool {
        self.command.current_dir(dir);
        self
    }

    /// Runs it as a user whom permissions bind: they do not bind root.
    pub fn by_nobody(mut self) -> Tool {
        use std::os::unix::fs::MetadataExt;
        let is_root = std::fs::metadata("/proc/self").is_ok_and(|process| process.uid() == 0);
        if is_root {
            std::os::unix::process::CommandExt::uid(&mut self.command, 65_534);
        }
        self
    }

    /// What comes through the pipe; without it standard input is closed.
    pub fn input(mut self, bytes: impl AsRef<[u8]>) -> Tool {
        self.input = Some(bytes.as_ref().to_vec());
        self
    }

    /// Sends output to a file of the test's choice.
    pub fn stdout_to(mut self, file: std::fs::File) -> Tool {
        self.stdout = Some(file);
        self
    }

    pub fn run(mut self) -> Ran {
        self.command.stdin(if self.input.is_some() { Stdio::piped() } else { Stdio::null() });
        self.command.stdout(self.stdout.take().map_or_else(Stdio::piped, Stdio::from));
        let mut child = self.command.stderr(Stdio::piped()).spawn().expect("the program is built");
        let feeder = self.input.map(|bytes| {
            let mut stdin = child.stdin.take().expect("piped");
            // A program that ends early closes its input: no failure of the test.
            std::thread::spawn(move || drop(stdin.write_all(&bytes)))
        });
        let done = child.wait_with_output().expect("the program ends");
        if let Some(feeder) = feeder {
            feeder.join().expect("no panic");
        }
        Ran {
            out: done.stdout,
            err: String::from_utf8_lossy(&done.stderr).into_owned(),
            code: code(done.status),
        }
    }

    /// Starts it with pipes at both ends, to talk with it line by line.
    pub fn start(mut self) -> Running {
        let mut child = self
            .command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program is built");
        let (stdin, stdout) = (child.stdin.take(), child.stdout.take().expect("piped"));
        let stderr = child.stderr.take().expect("piped");
        Running { child, stdin, lines: lines_of(stdout), said: lines_of(stderr) }
    }

    /// Starts it with pipes that are the test's own business.
    pub fn spawn(mut self) -> Child {
        let stdout = self.stdout.take().map_or_else(Stdio::piped, Stdio::from);
        self.command.stdin(Stdio::piped()).stdout(stdout).stderr(Stdio::piped());
        self.command.spawn().expect("the program is built")
    }
}

impl Ran {
    /// The output as text.
    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.out).expect("UTF-8")
    }

    /// Fails the test unless the program ended with status 0 and had nothing to say, but how much it did.
    #[track_caller]
    pub fn quietly(self) -> Ran {
        assert_eq!((self.code, news(&self.err)), (0, ""), "output: {}", String::from_utf8_lossy(&self.out));
        self
    }

    /// Fails the test unless the program ended with this status.
    #[track_caller]
    pub fn with_code(self, code: i32) -> Ran {
        assert_eq!(self.code, code, "stderr: {}\noutput: {}", self.err, String::from_utf8_lossy(&self.out));
        self
    }
}

/// What was said before the sum with which a run that has no end of its own ends.
pub fn news(said: &str) -> &str {
    let last = said.trim_end_matches('\n').rfind('\n').map_or(0, |newline| newline + 1);
    let is_sum = |line: &str| {
        line.starts_with("stream-fetch: ")
            && line.contains(" byte")
            && line.contains(" gap")
            && line.ends_with(" s\n")
    };
    if is_sum(&said[last..]) { &said[..last] } else { said }
}

/// The most memory that a process has had so far, in KiB; none where there is no /proc, or the process has ended.
pub fn peak_memory(process: u32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    status.lines().find_map(|line| line.strip_prefix("VmHWM:")?.split_whitespace().next()?.parse().ok())
}

/// A program that is talked with while it runs.
pub struct Running {
    pub child: Child,
    stdin: Option<ChildStdin>,
    lines: Receiver<Vec<u8>>,
    said: Receiver<Vec<u8>>,
}

impl Running {
    pub fn send(&mut self, bytes: impl AsRef<[u8]>) {
        let stdin = self.stdin.as_mut().expect("not closed yet");
        stdin.write_all(bytes.as_ref()).expect("the program reads");
        stdin.flush().expect("the program reads");
    }

    /// The next line of output, without its newline; fails the test when none comes.
    #[track_caller]
    pub fn line(&mut self) -> String {
        let line = self.lines.recv_timeout(PATIENCE).expect("a line of output");
        String::from_utf8(line).expect("UTF-8")
    }

    /// The output from here to its end.
    pub fn rest(&mut self) -> Vec<String> {
        let mut rest = Vec::new();
        while let Ok(line) = self.lines.recv_timeout(PATIENCE) {
            rest.push(String::from_utf8(line).expect("UTF-8"));
        }
        rest
    }

    /// The next line that it says on stderr.
    #[track_caller]
    pub fn said(&mut self) -> String {
        String::from_utf8(self.said.recv_timeout(PATIENCE).expect("a line on stderr")).expect("UTF-8")
    }

    /// Its end of the input, for a thread that feeds it or a test that wraps it.
    pub fn take_input(&mut self) -> ChildStdin {
        self.stdin.take().expect("not closed yet")
    }

    pub fn close_input(&mut self) {
        self.stdin = None;
    }

    /// See [`peak_memory`].
    pub fn peak_memory(&self) -> Option<u64> {
        peak_memory(self.child.id())
    }

    pub fn signal(&self, name: &str) {
        let sent = Command::new("kill").arg(format!("-{name}")).arg(self.child.id().to_string()).status();
        assert!(sent.expect("kill is there").success());
    }

    /// Waits for its end; its status and what it said. Input stays as it is: what ends it is the test's matter.
    #[track_caller]
    pub fn end(mut self) -> (i32, String) {
        let code = await_end(&mut self.child);
        let said: Vec<u8> = self.said.iter().flat_map(|line| [line, b"\n".to_vec()].concat()).collect();
        (code, String::from_utf8(said).expect("UTF-8"))
    }
}

/// The status of a program that ends by itself; one that does not is killed, and the test fails.
#[track_caller]
pub fn await_end(child: &mut Child) -> i32 {
    let (pid, (done, ended)) = (child.id().to_string(), channel::<()>());
    let watchdog = std::thread::spawn(move || {
        // Hung up: the program has ended.
        let hangs = ended.recv_timeout(PATIENCE) == Err(std::sync::mpsc::RecvTimeoutError::Timeout);
        if hangs {
            drop(Command::new("kill").args(["-KILL", &pid]).status());
        }
        hangs
    });
    let status = child.wait().expect("it runs");
    drop(done);
    assert!(!watchdog.join().expect("no panic"), "the program hangs");
    code(status)
}

fn lines_of(stream: impl Read + Send + 'static) -> Receiver<Vec<u8>> {
    let (send, lines) = channel();
    std::thread::spawn(move || {
        for line in BufReader::new(stream).split(b'\n') {
            if !line.is_ok_and(|line| send.send(line).is_ok()) {
                return;
            }
        }
    });
    lines
}

fn code(status: std::process::ExitStatus) -> i32 {
    use std::os::unix::process::ExitStatusExt;
    status.code().unwrap_or_else(|| 128 + status.signal().unwrap_or(0))
}

/// A file of the shared recordings; `None`, and a word about it, where they are absent.
pub fn recording(path: &str) -> Option<PathBuf> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data").join(path);
    if file.exists() {
        return Some(file);
    }
    let test = std::thread::current().name().unwrap_or_default().to_owned();
    println!("skipped: {test}: there is no ../shared/data/{path}");
    None
}

/// Runs a pipeline of the crate's programs in `sh`, found first on the path.
pub fn shell(script: &str) -> Ran {
    let path = std::env::var("PATH").unwrap_or_default();
    let done = Command::new("sh")
        .args(["-c", script])
        .env("PATH", format!("{}:{path}", programs().display()))
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .stdin(Stdio::null())
        .output()
        .expect("there is a shell");
    Ran { out: done.stdout, err: String::from_utf8_lossy(&done.stderr).into_owned(), code: code(done.status) }
}

/// These bytes, compressed as gzip does.
pub fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).expect("memory");
    encoder.finish().expect("memory")
}

/// These bytes, compressed as zstd does.
pub fn zstd(bytes: &[u8]) -> Vec<u8> {
    zstd::encode_all(bytes, 1).expect("memory")
}

/// Lines of a synthetic stream, untidy as real ones are; no clock and no chance in them.
pub fn demo(source: &str, records: usize) -> Vec<u8> {
    let records = records.to_string();
    tool("stream-fetch").args([source, "--records", &records, "--quiet"]).run().with_code(0).out
}

/// Ranked rows of an hour and a half of a synthetic stream.
pub fn ranked_rows() -> Vec<u8> {
    let counted = tool("window-count")
        .args(["-q", "--key", ".lang", "--window", "2s"])
        .input(demo("demo:tweets", 3000))
        .run()
        .with_code(0);
    tool("topn").args(["5", "--other"]).input(counted.out).run().with_code(0).out
}

/// The rows of an output.
pub fn json_lines(text: &str) -> Vec<serde_json::Value> {
    text.lines().map(|line| serde_json::from_str(line).expect("a line of JSON")).collect()
}

/// One connection, served on a port of its own; the address.
pub fn serve(talk: impl FnOnce(std::net::TcpStream) + Send + 'static) -> String {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("bound").to_string();
    std::thread::spawn(move || talk(listener.accept().expect("a connection").0));
    address
}
