//! WebSocket frames: a real connection gives a line for each message that a reader of RFC 6455, which has all frames at
//! once, finds before the first fault.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener};
use std::thread;

use trendpipe::jsonl::Meter;
use trendpipe::net::{Options, Url};
use trendpipe::source::live::{Got, Transport, WebSocketTransport};

/// The bytes are what the server sends behind its handshake.
pub fn check(frames: &[u8]) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("ws://{}/", listener.local_addr().expect("an address"));
    let sent = frames.to_vec();
    let server = thread::spawn(move || {
        let (stream, _) = listener.accept().expect("a client");
        let mut socket = tungstenite::accept(stream).expect("a handshake");
        let stream = socket.get_mut();
        // The client may be gone at the first fault.
        let _ = stream.write_all(&sent).and_then(|()| stream.shutdown(Shutdown::Write));
        let _ = stream.read_to_end(&mut Vec::new());
    });
    let options = Options { proxy_from_environment: false, ..Options::default() };
    let mut transport = WebSocketTransport::new(Url::parse_websocket(&url).expect("a URL"), options);
    let mut connection = transport.connect(None, &Meter::default()).expect("connected");
    let (mut lines, mut buffer) = (Vec::new(), [0; 512]);
    loop {
        match connection.read(&mut buffer) {
            Ok(Got::Bytes(length)) => lines.extend_from_slice(&buffer[..length]),
            Ok(Got::Life | Got::Nothing) => {}
            Ok(Got::End(_)) | Err(_) => break,
        }
    }
    drop(connection);
    server.join().expect("the server is well");
    assert_eq!(String::from_utf8_lossy(&lines), String::from_utf8_lossy(&naive(frames)));
}

/// The messages before the first fault, each as a line.
fn naive(mut bytes: &[u8]) -> Vec<u8> {
    let mut lines = Vec::new();
    // The kind and the bytes of a message that is not whole yet.
    let mut begun: Option<(u8, Vec<u8>)> = None;
    while let Some((is_last, kind, payload, rest)) = frame(bytes) {
        bytes = rest;
        if kind >= 8 {
            let is_close = kind == 8;
            if kind > 10 || !is_last || payload.len() > 125 || is_close {
                return lines;
            }
            continue;
        }
        let (kind, mut message) = match (kind, begun.take()) {
            (1 | 2, None) => (kind, Vec::new()),
            (0, Some(begun)) => begun,
            _ => return lines,
        };
        message.extend_from_slice(payload);
        // A fault in the text of a part is one before the message ends.
        let faulty = std::str::from_utf8(&message).err();
        if kind == 1 && faulty.is_some_and(|fault| is_last || fault.error_len().is_some()) {
            return lines;
        }
        if !is_last {
            begun = Some((kind, message));
            continue;
        }
        if kind == 2 && message.starts_with(b"\x28\xb5\x2f\xfd") {
            return lines;
        }
        lines.extend(message.iter().map(|byte| if matches!(byte, b'\n' | b'\r') { b' ' } else { *byte }));
        lines.push(b'\n');
    }
    lines
}

/// The first frame: whether it is the last of its message, its kind, its payload, and what stands behind it. `None` at a frame
/// that a server may not send, and where it is cut.
fn frame(bytes: &[u8]) -> Option<(bool, u8, &[u8], &[u8])> {
    let (&[first, second], rest) = bytes.split_first_chunk::<2>()?;
    let is_masked = second & 0x80 != 0;
    if first & 0x70 != 0 || is_masked {
        return None;
    }
    let (length, rest) = match second {
        126 => rest
            .split_first_chunk::<2>()
            .map(|(length, rest)| (u64::from(u16::from_be_bytes(*length)), rest))?,
        127 => rest.split_first_chunk::<8>().map(|(length, rest)| (u64::from_be_bytes(*length), rest))?,
        short => (u64::from(short), rest),
    };
    let (payload, rest) = rest.split_at_checked(usize::try_from(length).ok()?)?;
    Some((first & 0x80 != 0, first & 0x0f, payload, rest))
}
