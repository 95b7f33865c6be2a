//! A source of numbered records over HTTP lines, server-sent events or a WebSocket, that goes on where it is asked to: not always
//! exactly there, and not always to its end.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use tungstenite::Message;

use super::kept::Chance;
use super::server::{CHUNKED, EVENTS, LAST, chunk};

/// The source; its records are counted from 1.
pub struct Feed {
    pub address: String,
}

/// How it behaves.
#[derive(Clone, Copy, Debug)]
pub struct Manners {
    /// So many records at a time, and a pause behind them.
    pub heap: u64,
    pub pause: Duration,
    /// It begins so much before the place that it is asked for.
    pub goes_back: u64,
    /// Of so many heaps one is cut in the middle, and the connection with it; 0: none.
    pub breaks: u64,
}

struct Talk<'t> {
    records: &'t [String],
    manners: Manners,
    chance: Chance,
}

impl Feed {
    /// `?since=N` and `Last-Event-ID: N` go on behind record N. Lines end behind the last record, a request for events behind it is
    /// answered with 204, and a WebSocket is silent from then on.
    pub fn new(records: Vec<String>, manners: Manners, seed: u64) -> Feed {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("bound").to_string();
        let records = Arc::new(records);
        std::thread::spawn(move || {
            for (number, stream) in listener.incoming().enumerate() {
                let records = Arc::clone(&records);
                let chance = Chance(seed * 1000 + number as u64 + 1);
                // A client that was killed is no matter.
                std::thread::spawn(move || Talk { records: &records, manners, chance }.with(stream.ok()?));
            }
        });
        Feed { address }
    }
}

impl Talk<'_> {
    fn with(mut self, mut stream: TcpStream) -> Option<()> {
        stream.set_nodelay(true).ok()?;
        let mut peeked = [0; 2048];
        let read = stream.peek(&mut peeked).ok()?;
        let head = String::from_utf8_lossy(&peeked[..read]).to_ascii_lowercase();
        if head.contains("upgrade: websocket") {
            return self.messages(stream);
        }
        let head = head_of(&stream)?;
        let from = self.begin(&head);
        if head.lines().next()?.contains("/events") {
            if from > self.records.len() as u64 {
                return stream.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").ok();
            }
            stream.write_all(EVENTS.as_bytes()).ok()?;
            self.send(
                from,
                |n, record| format!("id: {n}\ndata: {record}\n\n"),
                |heap| stream.write_all(&chunk(heap)).ok(),
            )?;
            return stream.write_all(LAST.as_bytes()).ok();
        }
        stream.write_all(CHUNKED.as_bytes()).ok()?;
        self.send(from, |_, record| format!("{record}\n"), |heap| stream.write_all(&chunk(heap)).ok())?;
        stream.write_all(LAST.as_bytes()).ok()
    }

    /// The number of the first record to send.
    fn begin(&mut self, head: &str) -> u64 {
        let asked = ["since=", "last-event-id: "].iter().find_map(|word| head.split(word).nth(1));
        let digits = asked.and_then(|rest| rest.split(|c: char| !c.is_ascii_digit()).next());
        let since: u64 = digits.and_then(|digits| digits.parse().ok()).unwrap_or(0);
        let is_over = since >= self.records.len() as u64;
        let back = if is_over { 0 } else { self.chance.below(self.manners.goes_back + 1) };
        since.saturating_sub(back) + 1
    }

    /// Sends all from this one on, at its pace; `None` where the connection breaks.
    fn send(
        &mut self,
        from: u64,
        form: impl Fn(u64, &str) -> String,
        mut out: impl FnMut(&[u8]) -> Option<()>,
    ) -> Option<()> {
        let mut next = from;
        while next <= self.records.len() as u64 {
            let end = (next + self.manners.heap).min(self.records.len() as u64 + 1);
            let heap: String = (next..end).map(|n| form(n, &self.records[n as usize - 1])).collect();
            if self.manners.breaks > 0 && self.chance.below(self.manners.breaks) == 0 {
                let cut = self.chance.below(heap.len() as u64) as usize;
                out(&heap.as_bytes()[..cut]);
                return None;
            }
            out(heap.as_bytes())?;
            next = end;
            std::thread::sleep(self.manners.pause);
        }
        Some(())
    }

    fn messages(mut self, stream: TcpStream) -> Option<()> {
        let mut path = String::new();
        #[allow(clippy::result_large_err)] // tungstenite's own type
        let accept = |request: &tungstenite::handshake::server::Request,
                      response: tungstenite::handshake::server::Response| {
            path = request.uri().to_string();
            Ok(response)
        };
        let mut socket = tungstenite::accept_hdr(stream, accept).ok()?;
        let from = self.begin(&path);
        self.send(
            from,
            |_, record| format!("{record}\n"),
            |heap| {
                let lines = std::str::from_utf8(heap).ok()?.split_inclusive('\n');
                // A message comes as a whole, or not.
                lines
                    .filter(|line| line.ends_with('\n'))
                    .try_for_each(|line| socket.send(Message::text(line)).ok())
            },
        )?;
        while socket.read().is_ok() {}
        Some(())
    }
}

fn head_of(stream: &TcpStream) -> Option<String> {
    let mut reader = BufReader::with_capacity(1, stream.try_clone().ok()?);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if reader.read_line(&mut head).ok()? == 0 {
            return None;
        }
    }
    Some(head.to_ascii_lowercase())
}
