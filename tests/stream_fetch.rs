//! `stream-fetch`: bytes as they came, from files, sockets and the web, and the demo streams.

mod common;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::mpsc::{Receiver, channel};

use common::{Ran, demo, gzip, json_lines, serve, tool, zstd};
use serde_json::Value;

fn fetch(args: &[&str]) -> Ran {
    tool("stream-fetch").args(args).run()
}

/// The head of a request.
fn request(stream: &TcpStream) -> String {
    let mut reader = BufReader::new(stream);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        assert_ne!(reader.read_line(&mut head).expect("a request"), 0);
    }
    head
}

/// An HTTP server for one response; its address, and the request that it got.
fn http(response: impl Into<Vec<u8>>) -> (String, Receiver<String>) {
    let (send, requests) = channel();
    let response = response.into();
    let address = serve(move |mut stream| {
        send.send(request(&stream)).expect("the test waits");
        stream.write_all(&response).expect("connected");
    });
    (format!("http://{address}/lines?key=hush"), requests)
}

const LINES: &str = "{\"id\":1234567890123456789,\"x\":1.0}\n{\"broken\n{\"s\":\"\\ud83d\"}\r\n";

fn ok(headers: &str, body: &[u8]) -> Vec<u8> {
    [format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n{headers}\r\n", body.len()).as_bytes(), body].concat()
}

#[test]
fn lines_of_a_response_come_as_they_are_compressed_or_not() {
    let plain = tool("stream-fetch").arg("-").input(LINES).run().with_code(0).out;
    for (headers, body) in [
        ("", LINES.as_bytes().to_vec()),
        ("Content-Encoding: gzip\r\n", gzip(LINES.as_bytes())),
        ("Content-Type: application/gzip\r\n", gzip(LINES.as_bytes())),
        ("", zstd(LINES.as_bytes())),
    ] {
        let (url, _requests) = http(ok(headers, &body));
        assert_eq!(fetch(&[&url]).with_code(0).out, plain, "{headers}");
    }
}

#[test]
fn headers_and_tokens_are_sent_and_never_shown() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("headers");
    std::fs::write(&file, "X-One: from file\n").expect("a file");
    let (url, requests) = http(ok("", b"{\"a\":1}\n"));
    let from_file = format!("@{}", file.display());
    let ran = tool("stream-fetch")
        .args([
            &url,
            "--header",
            "X-Two: two",
            "--header",
            &from_file,
            "--token-env",
            "TOKEN_OF_TEST",
            "--verbose",
        ])
        .env("TOKEN_OF_TEST", "very-secret")
        .run()
        .with_code(0);
    let head = requests.recv().expect("a request").to_ascii_lowercase();
    for expected in
        ["get /lines?key=hush ", "x-one: from file", "x-two: two", "authorization: bearer very-secret"]
    {
        assert!(head.contains(expected), "{head}");
    }
    assert!(!head.contains("accept-encoding: gzip"), "only --gzip asks for it: {head}");
    assert!(!ran.err.contains("secret") && !ran.err.contains("hush"), "{}", ran.err);
    let (url, requests) = http(ok("", b""));
    fetch(&[&url, "--gzip"]).with_code(0);
    assert!(requests.recv().expect("a request").to_ascii_lowercase().contains("accept-encoding: gzip"));
}

#[test]
fn what_a_server_refuses_is_said_in_words() {
    for (status, word) in [
        ("401 Unauthorized", "401"),
        ("404 Not Found", "404"),
        ("429 Too Many Requests", "429"),
        ("500 Oops", "500"),
    ] {
        let (url, _requests) = http(format!("HTTP/1.1 {status}\r\nContent-Length: 2\r\n\r\nno"));
        let ran = fetch(&[&url]).with_code(4);
        assert!(ran.err.starts_with("stream-fetch: ") && ran.err.contains(word), "{}", ran.err);
        assert!(
            ran.err.lines().count() == 1 && !ran.err.contains("hush") && ran.out.is_empty(),
            "{}",
            ran.err
        );
    }
}

#[test]
fn a_connection_that_is_cut_is_an_error_after_what_came() {
    let whole = "{\"a\":1}\n{\"a\":2}\n";
    let head = "HTTP/1.1 200 OK\r\n";
    for response in [
        format!("{head}Content-Length: 900\r\n\r\n{whole}{{\"a\":"),
        format!("{head}Transfer-Encoding: chunked\r\n\r\n{:x}\r\n{whole}\r\n5\r\n{{\"a\"", whole.len()),
    ] {
        let (url, _requests) = http(response);
        let ran = fetch(&[&url]).with_code(4);
        assert_eq!(ran.text(), whole, "a line that was cut is no line");
        assert!(
            ran.err.contains("cannot read http://127.0.0.1:") && !ran.err.contains("hush"),
            "{}",
            ran.err
        );
    }
    // TCP does not tell: a cut line is rejected, with its place.
    let address =
        serve(move |mut stream| stream.write_all(format!("{whole}{{\"a\":").as_bytes()).expect("connected"));
    let ran = fetch(&[&format!("tcp://{address}")]).with_code(0);
    assert_eq!(ran.text(), whole);
    assert!(
        ran.err.contains(&format!("tcp://{address}:3: ")) && ran.err.contains("rejected 1 of 3"),
        "{}",
        ran.err
    );
}

#[test]
fn a_last_line_without_newline_counts_when_it_is_whole() {
    let address = serve(|mut stream| stream.write_all(b"{\"a\":1}\n{\"a\":2}").expect("connected"));
    assert_eq!(fetch(&[&format!("tcp://{address}")]).quietly().text(), "{\"a\":1}\n{\"a\":2}\n");
}

#[test]
fn a_silent_server_is_given_up_where_asked() {
    let (release, held) = channel::<()>();
    let address = serve(move |mut stream| {
        stream.write_all(b"{\"a\":1}\n").expect("connected");
        held.recv().unwrap_or_default();
    });
    let ran = fetch(&[&format!("tcp://{address}"), "--stall-timeout", "50ms"]).with_code(4);
    assert_eq!(ran.text(), "{\"a\":1}\n");
    assert!(ran.err.contains("silent for 50 ms"), "{}", ran.err);
    drop(release);
    for url in ["http://no.such.host.invalid/", "tcp://no.such.host.invalid:5"] {
        let ran = fetch(&[url]).with_code(4);
        assert!(ran.err.contains("no such host; check the name and the network"), "{}", ran.err);
    }
    let (release, held) = channel::<()>();
    let address = serve(move |stream| {
        held.recv().unwrap_or_default();
        drop(stream);
    });
    let ran = fetch(&[&format!("http://{address}/"), "--response-timeout", "50ms"]).with_code(4);
    assert!(ran.err.contains("the response took longer than 50 ms; --response-timeout"), "{}", ran.err);
    drop(release);
    let ran = fetch(&["tcp://127.0.0.1:1", "--connect-timeout", "2s"]).with_code(4);
    assert!(ran.err.contains("is the server running?"), "{}", ran.err);
}

#[test]
fn a_source_that_has_enough_hangs_up() {
    let (done, gone) = channel();
    let address = serve(move |mut stream| {
        while stream.write_all(b"{\"a\":1}\n").is_ok() {}
        done.send(stream.shutdown(Shutdown::Both).is_err()).unwrap_or_default();
    });
    let ran = fetch(&[&format!("tcp://{address}"), "--records", "3"]).quietly();
    assert_eq!(ran.text(), "{\"a\":1}\n".repeat(3));
    gone.recv_timeout(common::PATIENCE).expect("the connection is closed");
}

#[test]
fn so_many_records_and_no_more_even_while_more_are_awaited() {
    let mut running = tool("stream-fetch").args(["-", "--records", "2"]).start();
    running.send("{\"a\":1}\n\n{\"a\":2}\n");
    assert_eq!(running.rest(), ["{\"a\":1}", "{\"a\":2}"]);
    assert_eq!(running.end(), (0, String::new()));
    let ran = tool("stream-fetch").args(["-", "--records", "0"]).input("{\"a\":1}\n").run().quietly();
    assert_eq!(ran.text(), "");
}

#[test]
fn sources_are_read_in_order() {
    let folder = tempfile::tempdir().expect("a folder");
    let (first, last) = (folder.path().join("1.zst"), folder.path().join("2.jsonl"));
    std::fs::write(&first, zstd(b"{\"n\":1}\n{\"n\":2}")).expect("a file");
    std::fs::write(&last, "{\"n\":6}\n").expect("a file");
    let address = serve(|mut stream| stream.write_all(b"{\"n\":4}\n").expect("connected"));
    let (url, _requests) = http(ok("", b"{\"n\":5}\n"));
    let call = tool("stream-fetch").arg(&first).args(["-", &format!("tcp://{address}"), &url]).arg(&last);
    let ran = call.input("{\"n\":3}\n").run().quietly();
    let numbers: Vec<Value> = json_lines(ran.text()).iter().map(|line| line["n"].clone()).collect();
    assert_eq!(numbers, [1, 2, 3, 4, 5, 6].map(Value::from));
    let both = fetch(&["demo:tweets", "demo:rsvps", "--records", "5", "-q"]).with_code(0);
    let tweets = demo("demo:tweets", 5);
    assert!(both.out.starts_with(&tweets) && both.out.len() > tweets.len(), "each gives so many");
    // All are opened before the first is read.
    let ran = tool("stream-fetch").arg(&last).arg(folder.path().join("none")).run().with_code(4);
    assert!(ran.out.is_empty() && ran.err.contains("cannot open "), "{}", ran.err);
}

#[test]
fn a_demo_stream_is_ruled_by_seed_start_and_density() {
    let take =
        |args: &[&str]| fetch(&[&["demo:tweets", "--records", "50", "-q"], args].concat()).with_code(0).out;
    let usual = take(&[]);
    assert_eq!(take(&["--seed", "42"]), usual);
    assert_ne!(take(&["--seed", "43"]), usual);
    assert_eq!(fetch(&["Demo:Tweets", "--records", "50", "-q"]).with_code(0).out, usual);
    let later = take(&["--start", "2024-02-29T12:00:00Z"]);
    assert!(
        String::from_utf8_lossy(&later).starts_with("{\"created_at\":\"Thu Feb 29 12:00:00 +0000 2024\"")
    );
    let rsvps = fetch(&["demo:rsvps", "--records", "20", "-q"]).with_code(0);
    for rsvp in rsvps.text().lines().filter_map(|line| serde_json::from_str::<Value>(line).ok()) {
        assert!(rsvp["mtime"].is_i64() && rsvp["group"]["group_city"].is_string(), "{rsvp}");
    }
}

#[test]
fn a_demo_stream_is_untidy_and_the_usual_watermark_loses_none_of_it() {
    let stream = demo("demo:tweets", 2000);
    let ran = tool("window-count")
        .args(["--window", "20s/10s", "--key", ".lang"])
        .input(&stream)
        .run()
        .with_code(0);
    assert!(ran.err.contains("rejected ") && !ran.err.contains(" missed a window"), "{}", ran.err);
}

#[test]
fn usage_errors_say_what_to_do() {
    for (args, hint) in [
        (&[][..], "<SOURCE>"),
        (&["ftp://x/y?key=hush"], "tcp://HOST:PORT"),
        (&["demo:foo"], "demo:rsvps"),
        (&["tcp://localhost"], "host:port"),
        (&["a", "--speed", "60"], "write 60x"),
        (&["a", "--rate", "0"], "500/s"),
        (&["a", "--records", "some"], "a whole number"),
        (&["a", "--rate", "5", "--speed", "1x"], "--speed"),
        (&["a", "--max-gap", "1s"], "--speed"),
        (&["a", "--header", "x"], "Name: value"),
        (&["a", "--token-env", "NO_SUCH_TOKEN"], "export NO_SUCH_TOKEN"),
        (&["a", "--start", "soon"], "timestamp"),
        (&["-", "--speed", "1x"], "--time .FIELD"),
    ] {
        let ran = tool("stream-fetch").args(args).input("{\"when\":1}\n").run().with_code(2);
        assert!(
            ran.err.contains(hint) && !ran.err.contains("hush") && ran.out.is_empty(),
            "{args:?}: {}",
            ran.err
        );
    }
}

#[test]
fn an_unknown_certificate_is_no_reason_to_go_on() {
    let ran = fetch(&["https://127.0.0.1:1/", "--ca-file", "/nonexistent.pem"]).with_code(2);
    assert!(ran.err.contains("/nonexistent.pem"), "{}", ran.err);
    let address = serve(|mut stream| {
        let mut hello = [0; 5];
        stream.read_exact(&mut hello).expect("a greeting");
        stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").expect("connected");
    });
    let ran = fetch(&[&format!("https://{address}/")]).with_code(4);
    assert_eq!(ran.err.lines().count(), 1, "{}", ran.err);
}

#[test]
fn a_line_without_columns_costs_only_itself() {
    let input = "{\"a\":1,\"b\":\"x\"}\n{\"a\":2\n[3]\n{\"a\":04}\n{\"a\":5,\"\\ud83d\":1}\n{\"a\":6,\"b\":\"\\ud83d\"}\n{\"a\":7";
    for name in ["stream-fetch", "jsonl-filter"] {
        let operands: &[&str] = if name == "jsonl-filter" { &["true", "-"] } else { &["-"] };
        for format in ["csv", "tsv", "table"] {
            let call = tool(name).args(operands).args(["--format", format]);
            let ran = call.input(input.replace(",\"\\ud83d\":1", "")).run().with_code(0);
            let firsts: Vec<char> =
                ran.text().lines().skip(1).filter_map(|line| line.chars().next()).collect();
            assert_eq!(firsts, ['1', '5', '6'], "{}", ran.text());
            for place in
                ["-:2: ends inside", "-:3: not a JSON object", "-:4: expected , or }", "-:7: ends inside"]
            {
                assert!(ran.err.contains(&format!("{name}: {place}")), "{}", ran.err);
            }
            assert!(
                ran.err.contains("rejected 4 of 7 lines (cut 2, grammar 1, not-object 1)"),
                "{}",
                ran.err
            );
        }
        let ran =
            tool(name).args(operands).args(["--format", "csv"]).input("{\"\\ud83d\":1}\n").run().quietly();
        assert_eq!(ran.text(), "\u{fffd}\n1\n", "half of a surrogate pair in a name");
    }
}
