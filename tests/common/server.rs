//! A server that does as the test says, well or badly: a list of conversations, one a connection, each in its turn.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

/// One connection, as the server has it.
pub struct Talk {
    pub stream: TcpStream,
    heads: Sender<String>,
    ended: Sender<()>,
}

/// What the server does on one connection; it is closed when this returns.
pub type Script = Box<dyn FnOnce(&mut Talk) + Send>;

/// A server at work. It hangs up for good when its scripts are done.
pub struct Server {
    pub address: String,
    heads: Receiver<String>,
    ended: Receiver<()>,
}

/// A script that answers the request with these bytes.
pub fn answer(bytes: impl AsRef<[u8]> + Send + 'static) -> Script {
    Box::new(move |talk| {
        talk.head();
        talk.send(bytes);
    })
}

/// A script of one's own.
pub fn script(talk: impl FnOnce(&mut Talk) + Send + 'static) -> Script {
    Box::new(talk)
}

pub const OK: &str = "HTTP/1.1 200 OK\r\n";
pub const CHUNKED: &str =
    "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n";
pub const EVENTS: &str =
    "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\nTransfer-Encoding: chunked\r\n\r\n";
/// The orderly end of a body in chunks.
pub const LAST: &str = "0\r\n\r\n";

/// Bytes as one chunk of a body.
pub fn chunk(bytes: impl AsRef<[u8]>) -> Vec<u8> {
    let bytes = bytes.as_ref();
    [format!("{:x}\r\n", bytes.len()).as_bytes(), bytes, b"\r\n"].concat()
}

impl Server {
    pub fn new(scripts: Vec<Script>) -> Server {
        Server::at(&TcpListener::bind("127.0.0.1:0").expect("a port"), scripts)
    }

    /// On a port that the test holds; it listens no longer than there are scripts, unless the test still holds it.
    pub fn at(listener: &TcpListener, scripts: Vec<Script>) -> Server {
        let address = listener.local_addr().expect("bound").to_string();
        let listener = listener.try_clone().expect("a listener");
        let (heads, told) = channel();
        let (ended, hung_up) = channel();
        std::thread::spawn(move || {
            for script in scripts {
                let (stream, _) = listener.accept().expect("a connection");
                stream.set_nodelay(true).expect("TCP");
                // A test that fails does not hang here.
                stream.set_read_timeout(Some(super::PATIENCE)).expect("TCP");
                script(&mut Talk { stream, heads: heads.clone(), ended: ended.clone() });
            }
        });
        Server { address, heads: told, ended: hung_up }
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// The head of the next request, in lower case but for values as sent.
    pub fn head(&self) -> String {
        self.heads.recv_timeout(super::PATIENCE).expect("a request")
    }

    /// The heads of the requests that came.
    pub fn heads(&self) -> Vec<String> {
        self.heads.try_iter().collect()
    }

    /// Waits until the client has hung up on a script that waits for that.
    pub fn hung_up(&self) {
        self.ended.recv_timeout(super::PATIENCE).expect("the client hangs up");
    }
}

impl Talk {
    /// Reads the head of a request.
    pub fn head(&mut self) -> String {
        let mut reader = BufReader::with_capacity(1, &self.stream);
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            if reader.read_line(&mut head).expect("a request") == 0 {
                break;
            }
        }
        // Nobody listens any more where the test is over.
        let _ = self.heads.send(head.clone());
        head
    }

    /// Tells the test something in place of a request's head.
    pub fn tell(&self, text: String) {
        let _ = self.heads.send(text);
    }

    /// Sends bytes, in one piece; false when the client has hung up, which is the test's matter.
    pub fn send(&mut self, bytes: impl AsRef<[u8]>) -> bool {
        self.stream.write_all(bytes.as_ref()).is_ok()
    }

    /// Sends bytes one by one.
    pub fn trickle(&mut self, bytes: impl AsRef<[u8]>) {
        for byte in bytes.as_ref() {
            self.send([*byte]);
        }
    }

    /// Closes so that the client sees a reset, once it has read what was sent.
    pub fn reset(&mut self) {
        std::thread::sleep(Duration::from_millis(50));
        let _ = rustix::net::sockopt::set_socket_linger(&self.stream, Some(Duration::ZERO));
    }

    /// Waits, silently, until the client hangs up.
    pub fn hold(&mut self) {
        let mut byte = [0];
        while matches!(self.stream.read(&mut byte), Ok(1)) {}
        let _ = self.ended.send(());
    }
}
