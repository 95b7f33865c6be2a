//! `stream-fetch` against WebSocket servers, well-behaved and other, and polls and presets against servers of their form.

mod common;

use std::io::Write;
use std::net::TcpStream;
use std::time::{Duration, Instant};

use common::peer::{Peer, have, python_with};
use common::server::{Script, Server, answer, script};
use common::{Ran, Tool, news, tool};
use tungstenite::handshake::server::Request;
use tungstenite::protocol::CloseFrame;
use tungstenite::protocol::frame::Frame;
use tungstenite::protocol::frame::coding::{CloseCode, Data, OpCode};
use tungstenite::{Message, WebSocket};

fn fetch(url: &str) -> Tool {
    tool("stream-fetch").arg(url).args(["--retry-delay", "1ms", "--retry-max", "3"])
}

/// A script that speaks WebSocket.
fn socket(talk: impl FnOnce(&mut WebSocket<TcpStream>) + Send + 'static) -> Script {
    script(move |connection| {
        let stream = connection.stream.try_clone().expect("a stream");
        if let Ok(mut socket) = tungstenite::accept(stream) {
            talk(&mut socket);
        }
    })
}

/// Sends these messages, then closes with this code and waits for the answer.
fn says(messages: &[&str], code: CloseCode) -> Script {
    let messages: Vec<Message> = messages.iter().map(|message| Message::text(*message)).collect();
    socket(move |socket| {
        for message in messages {
            drop(socket.send(message));
        }
        drop(socket.close(Some(CloseFrame { code, reason: "as planned".into() })));
        while socket.read().is_ok() {}
    })
}

fn played(scripts: Vec<Script>, args: &[&str]) -> Ran {
    let server = Server::new(scripts);
    fetch(&format!("ws://{}/stream?key=hush", server.address)).args(args).run()
}

#[test]
fn messages_are_lines_and_planned_ends_are_gone_through() {
    let scripts = vec![
        says(&["{\"n\":1}", "{\"n\":\n2}"], CloseCode::Normal),
        says(&["{\"n\":3}"], CloseCode::Away),
        says(&["{\"n\":4}"], CloseCode::Policy),
    ];
    let ran = played(scripts, &[]).with_code(4);
    assert_eq!(ran.text(), "{\"n\":1}\n{\"n\": 2}\n{\"n\":3}\n{\"n\":4}\n");
    assert!(ran.err.contains("the server closes the stream: 1008 as planned"), "{}", ran.err);
    assert_eq!(ran.err.lines().count(), 2, "planned ends are not told: {}", ran.err);
    assert!(ran.err.contains("4 records, 30 bytes, 2 reconnects, 2 gaps in "), "{}", ran.err);
    let broken = says(&["{\"n\":1}"], CloseCode::Error);
    let ran = played(vec![broken, says(&["{\"n\":2}"], CloseCode::Policy)], &[]).with_code(4);
    assert!(ran.text() == "{\"n\":1}\n{\"n\":2}\n" && ran.err.contains("1011 as planned"), "{}", ran.err);
}

#[test]
fn fragments_pings_and_binary_frames_are_understood_and_broken_frames_told() {
    let fragments = socket(|socket| {
        let part = |bytes: &'static [u8], code, last| {
            Message::Frame(Frame::message(bytes, OpCode::Data(code), last))
        };
        drop(socket.send(part(b"{\"n\":", Data::Text, false)));
        drop(socket.send(Message::Ping(b"there?".to_vec().into())));
        drop(socket.send(part(b"1}", Data::Continue, true)));
        drop(socket.send(Message::binary(b"{\"n\":2}".to_vec())));
        // The ping is answered.
        assert!(matches!(socket.read(), Ok(Message::Pong(_))));
    });
    let without_a_word = socket(|socket| drop(socket.send(Message::text("{\"n\":3}"))));
    let masked = socket(|socket| {
        drop(socket.get_mut().write_all(b"\x81\x87\x01\x02\x03\x04abcdefg"));
        while socket.read().is_ok() {}
    });
    let ran = played(vec![fragments, without_a_word, masked, says(&["{\"n\":4}"], CloseCode::Policy)], &[]);
    assert_eq!(ran.text(), "{\"n\":1}\n{\"n\":2}\n{\"n\":3}\n{\"n\":4}\n");
    assert!(ran.err.contains("without a word") && ran.err.to_lowercase().contains("mask"), "{}", ran.err);
    let zstd = socket(|socket| {
        drop(socket.send(Message::binary(common::zstd(b"{}"))));
        while socket.read().is_ok() {}
    });
    assert!(played(vec![zstd], &[]).with_code(4).err.contains("compressed messages"));
}

#[test]
fn compression_is_not_asked_for() {
    let (tell, told) = std::sync::mpsc::channel();
    let asked = script(move |connection| {
        let stream = connection.stream.try_clone().expect("a stream");
        #[allow(clippy::result_large_err)] // tungstenite's own
        let look = |request: &Request, response| {
            let headers = request.headers();
            let key = headers.contains_key("Sec-WebSocket-Key");
            tell.send((key, headers.contains_key("Sec-WebSocket-Extensions"))).expect("the test waits");
            Ok(response)
        };
        if let Ok(mut socket) = tungstenite::accept_hdr(stream, look) {
            drop(socket.close(Some(CloseFrame { code: CloseCode::Policy, reason: "enough".into() })));
            while socket.read().is_ok() {}
        }
    });
    played(vec![asked], &[]).with_code(4);
    assert_eq!(told.try_iter().collect::<Vec<_>>(), [(true, false)]);
}

#[test]
fn what_is_no_websocket_is_refused_or_tried_again() {
    for (status, code) in [("400 CursorTooOld", "400"), ("401 No", "401"), ("307 There", "307")] {
        let response = format!("HTTP/1.1 {status}\r\nLocation: /x\r\nContent-Length: 12\r\n\r\nno: key=hush");
        let ran = played(vec![answer(response)], &[]).with_code(4);
        assert!(
            ran.err.contains(code) && ran.err.contains("no: …") && !ran.err.contains("hush"),
            "{}",
            ran.err
        );
    }
    let busy =
        |status: &str| answer(format!("HTTP/1.1 {status}\r\nRetry-After: 1\r\nContent-Length: 0\r\n\r\n"));
    let wrong_key = answer(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: x\r\n\r\n",
    );
    let ran = played(vec![busy("429 Slow"), busy("503 Soon"), wrong_key], &[]).with_code(4);
    assert!(ran.err.contains("retry after 1; connecting again in 1 s"), "{}", ran.err);
    assert!(ran.err.lines().count() == 3 && ran.err.contains("Accept"), "{}", ran.err);
}

#[test]
fn a_peer_that_answers_no_ping_has_stalled_and_one_that_does_has_not() {
    let dead = script(|talk| {
        let stream = talk.stream.try_clone().expect("a stream");
        drop(tungstenite::accept(stream));
        talk.hold();
    });
    let patient = socket(|socket| {
        let begun = Instant::now();
        socket.get_mut().set_read_timeout(Some(Duration::from_millis(50))).expect("TCP");
        while begun.elapsed() < Duration::from_millis(2500) {
            drop(socket.read());
            drop(socket.flush());
        }
        drop(socket.send(Message::text("{\"n\":1}")));
        drop(socket.close(Some(CloseFrame { code: CloseCode::Policy, reason: "".into() })));
        while socket.read().is_ok() {}
    });
    let ran = played(vec![dead, patient], &["--stall-timeout", "1s"]).with_code(4);
    assert_eq!(ran.text(), "{\"n\":1}\n", "{}", ran.err);
    assert_eq!(ran.err.matches("silent for 1 s").count(), 1, "{}", ran.err);
}

#[test]
fn a_signal_ends_a_silent_websocket_at_once() {
    let server = Server::new(vec![script(|talk| {
        let stream = talk.stream.try_clone().expect("a stream");
        let mut socket = tungstenite::accept(stream).expect("a WebSocket");
        drop(socket.send(Message::text("{\"n\":1}")));
        talk.hold();
    })]);
    let mut running = fetch(&format!("ws://{}/", server.address)).start();
    assert_eq!(running.line(), "{\"n\":1}");
    let begun = Instant::now();
    running.signal("INT");
    let (code, said) = running.end();
    assert_eq!((code, news(&said)), (130, ""));
    server.hung_up();
    assert!(begun.elapsed() < Duration::from_secs(1));
}

#[test]
fn the_websockets_of_python_are_understood() {
    let code = "
import asyncio, json, sys
from websockets.asyncio.server import serve
async def talk(ws):
    for n in range(5000):
        await ws.send(json.dumps({'n': n, 'path': ws.request.path}))
    await ws.close(1008, 'enough')
async def main():
    async with serve(talk, '127.0.0.1', int(sys.argv[1])):
        await asyncio.get_running_loop().create_future()
asyncio.run(main())
";
    let Some(python) = python_with("websockets") else { return };
    let peer =
        Peer::start(|port| vec![python.display().to_string(), "-c".into(), code.into(), port.to_string()]);
    let ran = fetch(&format!("ws://127.0.0.1:{}/a?b=c", peer.port)).run().with_code(4);
    assert_eq!(ran.text().lines().count(), 5000, "{}", ran.err);
    assert!(ran.text().ends_with("{\"n\": 4999, \"path\": \"/a?b=c\"}\n"));
}

#[test]
fn websocketd_replays_a_file_and_hangs_up_without_a_word() {
    if !have(&["websocketd"]) {
        return;
    }
    let peer = Peer::start(|port| {
        let port = format!("--port={port}");
        ["websocketd", "--address=127.0.0.1", &port, "sh", "-c", "seq 1000 | sed 's/.*/{\"n\":&}/'"]
            .map(str::to_owned)
            .into()
    });
    let mut running = tool("stream-fetch")
        .arg(format!("ws://127.0.0.1:{}/", peer.port))
        .args(["--retry-delay", "20ms", "--retry-max", "inf"])
        .start();
    let lines: Vec<String> = (0..1000).map(|_| running.line()).collect();
    assert_eq!(lines[999], "{\"n\":1000}");
    running.signal("TERM");
    let (_, said) = running.end();
    assert!(!said.contains("cut 1"), "{said}");
}
