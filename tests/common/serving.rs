//! A server under test, and readers of it with sockets of their own.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;

use super::{PATIENCE, Running, tool};

/// A server that runs, on ports of its own.
pub struct Serving {
    pub running: Running,
    /// What it said before the addresses.
    pub said: Vec<String>,
    pub http: Option<String>,
    pub tcp: Option<String>,
    _guard: Guard,
}

/// An answer of HTTP.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    /// In lower case, but for values as sent.
    pub head: String,
    pub body: String,
}

impl Serving {
    /// Starts it with these options beside the ports; `ports` are `--http`, `--tcp` or both.
    pub fn start<A: AsRef<std::ffi::OsStr>>(ports: &[&str], args: impl IntoIterator<Item = A>) -> Serving {
        let mut call = tool("stream-serve").env("STREAM_TOKEN", "s3cret");
        for port in ports {
            call = call.args([port, "0"]);
        }
        let running = call.args(args).start();
        let guard = Guard(running.child.id());
        let mut serving = Serving { running, said: Vec::new(), http: None, tcp: None, _guard: guard };
        for _ in ports {
            loop {
                let line = serving.running.said();
                if let Some((_, address)) = line.split_once("at http://") {
                    serving.http = address.split('/').next().map(str::to_owned);
                    break;
                }
                if let Some((_, address)) = line.split_once("at tcp://") {
                    serving.tcp = Some(address.to_owned());
                    break;
                }
                serving.said.push(line);
            }
        }
        serving
    }

    pub fn http(&self) -> &str {
        self.http.as_deref().expect("it serves HTTP")
    }

    /// A reader of lines over TCP.
    pub fn lines(&self) -> BufReader<TcpStream> {
        BufReader::new(connect(self.tcp.as_deref().expect("it serves lines")))
    }

    /// Asks for a path, and reads the answer to its end.
    pub fn get(&self, path: &str) -> Answer {
        self.get_with(path, "")
    }

    /// The same with further headers, each with its line's end.
    pub fn get_with(&self, path: &str, headers: &str) -> Answer {
        let mut stream = self.ask(path, &format!("{headers}Connection: close\r\n"));
        let head = head(&mut stream);
        let mut body = Vec::new();
        stream.read_to_end(&mut body).expect("an answer");
        let body = if head.contains("transfer-encoding: chunked") { unchunked(&body) } else { body };
        Answer { status: status(&head), head, body: String::from_utf8(body).expect("UTF-8") }
    }

    /// Asks for a path; the answer is the test's matter.
    pub fn ask(&self, path: &str, headers: &str) -> BufReader<TcpStream> {
        let mut stream = connect(self.http());
        let host =
            if headers.contains("Host:") { String::new() } else { format!("Host: {}\r\n", self.http()) };
        write!(stream, "GET {path} HTTP/1.1\r\n{host}{headers}\r\n").expect("it listens");
        BufReader::new(stream)
    }

    /// A reader of events.
    pub fn events(&self, headers: &str) -> Events {
        let mut stream = self.ask("/events", headers);
        let head = head(&mut stream);
        assert_eq!(status(&head), 200, "{head}");
        Events { stream, text: Vec::new(), searched: 0 }
    }

    /// A figure of /metrics.
    pub fn metric(&self, name: &str) -> Option<u64> {
        let metrics = self.get("/metrics").body;
        let line = metrics.lines().find_map(|line| line.strip_prefix(&format!("stream_serve_{name} ")))?;
        Some(line.parse().expect("a number"))
    }

    /// Waits until a figure is so large.
    pub fn await_metric(&self, name: &str, least: u64) {
        let begun = std::time::Instant::now();
        while self.metric(name).is_none_or(|value| value < least) {
            assert!(begun.elapsed() < PATIENCE, "{name} stays {:?}", self.metric(name));
            std::thread::sleep(std::time::Duration::from_millis(10));
        }
    }

    pub fn snapshot(&self) -> serde_json::Value {
        serde_json::from_str(&self.get("/snapshot.json").body).expect("JSON")
    }

    /// Tells it to end.
    #[track_caller]
    pub fn stop(self) -> (i32, String) {
        self.running.signal("TERM");
        self.running.end()
    }
}

/// A server stays until told: one of a test that fails is not left behind.
struct Guard(u32);

impl Drop for Guard {
    fn drop(&mut self) {
        if std::thread::panicking() {
            drop(std::process::Command::new("kill").args(["-KILL", &self.0.to_string()]).status());
        }
    }
}

/// Events as they come.
pub struct Events {
    stream: BufReader<TcpStream>,
    text: Vec<u8>,
    /// So much of it holds no end of an event.
    searched: usize,
}

/// One event.
#[derive(Debug)]
pub struct Event {
    pub name: String,
    pub id: Option<String>,
    pub data: serde_json::Value,
}

impl Events {
    /// The next event.
    #[track_caller]
    pub fn next(&mut self) -> Event {
        loop {
            if let Some(end) = memchr::memmem::find(&self.text[self.searched..], b"\n\n") {
                let block: Vec<u8> = self.text.drain(..self.searched + end + 2).collect();
                self.searched = 0;
                let block = String::from_utf8(block).expect("UTF-8");
                let field =
                    |name: &str| block.lines().find_map(|line| line.strip_prefix(name)).map(str::to_owned);
                let Some(name) = field("event: ") else { continue };
                let data = serde_json::from_str(&field("data: ").expect("data")).expect("JSON");
                return Event { name, id: field("id: "), data };
            }
            self.searched = self.text.len().saturating_sub(1);
            self.text.extend(chunk(&mut self.stream).expect("the stream goes on"));
        }
    }

    /// The next event of this name.
    #[track_caller]
    pub fn next_named(&mut self, name: &str) -> Event {
        loop {
            let event = self.next();
            if event.name == name {
                return event;
            }
        }
    }
}

pub fn connect(address: &str) -> TcpStream {
    let stream = TcpStream::connect(address).expect("it listens");
    stream.set_read_timeout(Some(PATIENCE)).expect("TCP");
    stream
}

/// The head of an answer.
pub fn head(stream: &mut BufReader<TcpStream>) -> String {
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        assert!(stream.read_line(&mut head).expect("an answer") > 0, "cut off: {head}");
    }
    head
}

pub fn status(head: &str) -> u16 {
    head.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status")
}

/// The next chunk of a body; none at its orderly end.
pub fn chunk(stream: &mut impl BufRead) -> Option<Vec<u8>> {
    let mut size = String::new();
    stream.read_line(&mut size).expect("a chunk");
    let size = usize::from_str_radix(size.trim(), 16).unwrap_or_else(|_| panic!("cut off: {size:?}"));
    let mut bytes = vec![0; size + 2];
    stream.read_exact(&mut bytes).expect("a chunk");
    bytes.truncate(size);
    (size > 0).then_some(bytes)
}

fn unchunked(mut body: &[u8]) -> Vec<u8> {
    std::iter::from_fn(|| chunk(&mut body)).flatten().collect()
}
