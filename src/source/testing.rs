//! A server for tests: one function per connection, on a loopback port of the system's choice.

use std::io::{self, Read};
use std::net::{TcpListener, TcpStream};
use std::thread;
use std::time::Duration;

use crate::jsonl::ByteSource;

/// Serves one connection with `talk`; the address is `127.0.0.1:port`.
pub(crate) fn serve(talk: impl FnOnce(TcpStream) + Send + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    thread::spawn(move || talk(accept(&listener)));
    address
}

/// One connection, whose reads do not hang for ever when a test fails.
pub(crate) fn accept(listener: &TcpListener) -> TcpStream {
    let (stream, _) = listener.accept().unwrap();
    stream.set_nodelay(true).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    stream
}

/// All bytes of a source, read in pieces of `size`.
pub(crate) fn read_all(source: &mut dyn ByteSource, size: usize) -> io::Result<Vec<u8>> {
    let mut all = Vec::new();
    let mut piece = vec![0; size];
    loop {
        match source.read(&mut piece)? {
            0 => return Ok(all),
            read => all.extend_from_slice(&piece[..read]),
        }
    }
}

/// The head of a request, as received.
pub(crate) fn request_head(stream: &mut TcpStream) -> String {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") && stream.read(&mut byte).unwrap() == 1 {
        head.push(byte[0]);
    }
    String::from_utf8(head).unwrap()
}
