//! Against a server that speaks HTTP by hand, well and badly.

use std::io::Write;
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use flate2::Compression;
use flate2::write::GzEncoder;
use rustix::net::sockopt;

use super::*;
use crate::source::testing::{accept, read_all, request_head, serve};

const LINES: &[u8] = "{\"a\":1}\r\n\n{\"b\":\"h\u{e9}\u{1f600}\"}\n{\"c\":[2,3]}\n".as_bytes();

fn options() -> Options {
    Options { proxy_from_environment: false, ..Options::default() }
}

fn get(address: &str, options: &Options) -> Result<HttpSource, Error> {
    let url = Url::parse(&format!("http://{address}/stream?key=sesame"))?;
    HttpSource::open(&url, options, Meter::default())
}

/// One connection: reads the request, answers with these bytes, closes.
fn answer(bytes: impl AsRef<[u8]> + Send + 'static) -> String {
    serve(move |mut stream| {
        request_head(&mut stream);
        stream.write_all(bytes.as_ref()).unwrap();
    })
}

fn body_of(bytes: impl AsRef<[u8]> + Send + 'static) -> io::Result<Vec<u8>> {
    read_all(&mut get(&answer(bytes), &options()).unwrap(), 64)
}

fn failure_of(bytes: impl AsRef<[u8]> + Send + 'static) -> Error {
    match get(&answer(bytes), &options()) {
        Err(error) => error,
        Ok(_) => panic!("it was accepted"),
    }
}

fn chunked(pieces: &[&[u8]]) -> Vec<u8> {
    let mut out =
        b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n".to_vec();
    for piece in pieces {
        write!(out, "{:x}\r\n", piece.len()).unwrap();
        out.extend_from_slice(piece);
        out.extend_from_slice(b"\r\n");
    }
    out
}

#[test]
fn chunks_may_be_cut_anywhere() {
    for size in [1, 2, 3, 7, 19, 1000] {
        let mut response = chunked(&LINES.chunks(size).collect::<Vec<_>>());
        response.extend_from_slice(b"0\r\n\r\n");
        let address = serve(move |mut stream| {
            request_head(&mut stream);
            // Segments that fall together with nothing.
            for segment in response.chunks(5) {
                stream.write_all(segment).unwrap();
            }
        });
        let mut source = get(&address, &options()).unwrap();
        assert_eq!((source.is_live(), source.size()), (true, None));
        assert_eq!(read_all(&mut source, 11).unwrap(), LINES, "{size}");
        assert!(!source.is_live(), "the last chunk was seen");
        assert!(!source.would_block());
        assert_eq!(source.read(&mut [0; 4]).unwrap(), 0);
    }
}

#[test]
fn a_body_of_known_length_is_exact() {
    let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", LINES.len());
    let mut source = get(&answer([head.as_bytes(), LINES, b"more"].concat()), &options()).unwrap();
    assert_eq!(source.size(), Some(LINES.len() as u64));
    assert_eq!(read_all(&mut source, 64).unwrap(), LINES);
    assert!(!source.is_live());
    assert_eq!(source.meter.bytes(), LINES.len() as u64);
}

#[test]
fn http_1_0_ends_with_the_connection() {
    let mut source = get(&answer([b"HTTP/1.0 200 OK\r\n\r\n", LINES].concat()), &options()).unwrap();
    assert_eq!(read_all(&mut source, 64).unwrap(), LINES);
    assert!(source.is_live(), "nobody can tell whether that was all");
}

#[test]
fn a_body_that_was_cut_is_an_error() {
    let inside_a_chunk = [&chunked(&[b"{\"a\":1}\n"])[..], b"20\r\n{\"b\":"].concat();
    let between_chunks = chunked(&[b"{\"a\":1}\n"]);
    let too_short = b"HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\n{\"a\":1}\n".to_vec();
    for response in [inside_a_chunk, between_chunks, too_short] {
        let address = answer(response);
        let mut source = get(&address, &options()).unwrap();
        let error = read_all(&mut source, 64).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::ConnectionReset);
        assert_eq!(
            error.to_string(),
            format!("http://{address}/stream?…: the connection was cut in the middle (Peer disconnected)")
        );
        let cause = error.get_ref().and_then(|cause| cause.downcast_ref::<Error>()).unwrap();
        assert!(matches!(cause.reason, Reason::Dropped(_)));
    }
}

#[test]
fn a_reset_in_a_chunk_is_an_error_after_what_came() {
    let address = serve(|mut stream| {
        request_head(&mut stream);
        stream.write_all(&chunked(&[b"{\"a\":1}\n"])).unwrap();
        stream.write_all(b"20\r\n{\"b\":").unwrap();
        // A reset throws away what the reader has not fetched, so nothing after it can be asserted but the error.
        sockopt::set_socket_linger(&stream, Some(Duration::ZERO)).unwrap();
    });
    let outcome = get(&address, &options()).map(|mut source| read_all(&mut source, 64));
    let message = match outcome {
        Ok(read) => read.unwrap_err().to_string(),
        Err(error) => error.to_string(),
    };
    assert!(message.contains("cut in the middle"), "{message}");
}

#[test]
fn nonsense_is_a_protocol_error() {
    let error = body_of([&chunked(&[b"x\n"])[..], b"zz\r\n"].concat()).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::InvalidData);
    assert!(matches!(failure_of(b"SSH-2.0-OpenSSH\r\n\r\n").reason, Reason::Protocol(_)));
    assert!(matches!(failure_of(b"").reason, Reason::Dropped(_)));
    assert!(matches!(failure_of(b"HTTP/1.1 200 O").reason, Reason::Dropped(_)));
}

#[test]
fn gzip_is_decoded_where_it_was_asked_for() {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(LINES).unwrap();
    let packed = encoder.finish().unwrap();
    let head =
        format!("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {}\r\n\r\n", packed.len());
    let (heads, seen) = mpsc::channel();
    let response = [head.as_bytes(), &packed].concat();
    let cut_head =
        format!("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {}\r\n\r\n", packed.len() - 12);
    let cut = [cut_head.as_bytes(), &packed[..packed.len() - 12]].concat();
    let address = serve(move |mut stream| {
        heads.send(request_head(&mut stream)).unwrap();
        stream.write_all(&response).unwrap();
    });
    let mut source = get(&address, &Options { gzip: true, ..options() }).unwrap();
    assert_eq!(source.size(), None, "the length is that of the packed bytes");
    assert_eq!(read_all(&mut source, 64).unwrap(), LINES);
    assert!(seen.recv().unwrap().to_ascii_lowercase().contains("accept-encoding: gzip\r\n"));
    assert_eq!(
        body_of(cut).unwrap_err().kind(),
        io::ErrorKind::ConnectionReset,
        "gzip has an end of its own"
    );

    let error = failure_of(b"HTTP/1.1 200 OK\r\nContent-Encoding: br\r\nContent-Length: 1\r\n\r\nx");
    assert!(error.to_string().contains("\"br\""), "{error}");
}

#[test]
fn a_gzip_file_is_unpacked_by_its_magic_number() {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(LINES).unwrap();
    let packed = encoder.finish().unwrap();
    let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", packed.len());
    let url = format!("http://{}/a.jsonl.gz", answer([head.as_bytes(), &packed].concat()));
    let options = crate::source::SourceOptions { net: options(), ..Default::default() };
    let mut input = crate::source::open(&url, &options).unwrap().unwrap().remove(0);
    assert_eq!((input.name, input.size), (url, Some(packed.len() as u64)));
    assert_eq!(read_all(input.source.as_mut(), 64).unwrap(), LINES);
    assert_eq!(input.meter.bytes(), packed.len() as u64);
}

#[test]
fn the_request_says_who_asks_and_what_for() {
    let (heads, seen) = mpsc::channel();
    let address = serve(move |mut stream| {
        heads.send(request_head(&mut stream)).unwrap();
        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").unwrap();
    });
    let mut options = options();
    options.headers.add("X-Wanted: yes").unwrap();
    options.headers.add_bearer("open-sesame").unwrap();
    get(&address, &options).unwrap();
    let head = seen.recv().unwrap();
    assert!(head.starts_with("GET /stream?key=sesame HTTP/1.1\r\n"), "{head}");
    let head = head.to_ascii_lowercase();
    for line in [
        "accept-encoding: identity",
        concat!("user-agent: trendpipe/", env!("CARGO_PKG_VERSION")),
        "x-wanted: yes",
        "authorization: bearer open-sesame",
    ] {
        assert!(head.contains(&format!("{line}\r\n")), "{line} in {head}");
    }
}

#[test]
fn an_error_shows_the_bodys_beginning_and_no_secret() {
    let body = format!("{{\"error\":\n  \"no open-sesame, no key=sesame \u{1b}[31m\"}}{}", "x".repeat(5000));
    let head = format!("HTTP/1.1 429 Slow\r\nRetry-After: 60\r\nContent-Length: {}\r\n\r\n", body.len());
    let address = answer([head.as_bytes(), body.as_bytes()].concat());
    let mut options = options();
    options.headers.add_bearer("open-sesame").unwrap();
    let Err(error) = get(&address, &options) else { panic!("429 was accepted") };
    let message = error.to_string();
    let expected = format!(
        "http://{address}/stream?…: the server answers 429 (too many requests); retry after 60: {{\"error\": \"no …, no … [31m\"}}xx"
    );
    assert!(message.starts_with(&expected), "{message}");
    assert!(message.len() < 2300 && !message.contains("sesame"), "{message}");
    let Reason::Status { code, retry, .. } = error.reason else { panic!("{message}") };
    assert_eq!((code, retry.after.as_deref()), (429, Some("60")));

    assert_eq!(
        failure_of(b"HTTP/1.1 404 Not Found\r\nContent-Length: 9\r\n\r\nno such x")
            .to_string()
            .split_once(": ")
            .unwrap()
            .1,
        "the server answers 404 (not found): no such x"
    );
    assert!(matches!(
        failure_of(b"HTTP/1.1 204 No Content\r\n\r\n").reason,
        Reason::Status { code: 204, .. }
    ));
}

#[test]
fn what_is_no_stream_of_lines_is_refused() {
    let page = failure_of(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<html>");
    assert!(page.to_string().contains("web page"), "{page}");
}

/// A server that redirects to `to`, and what it was asked.
fn redirect(to: String, times: usize) -> (String, mpsc::Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let (heads, seen) = mpsc::channel();
    thread::spawn(move || {
        for _ in 0..times {
            let mut stream: TcpStream = accept(&listener);
            heads.send(request_head(&mut stream)).unwrap();
            write!(stream, "HTTP/1.1 307 There\r\nLocation: {to}\r\nContent-Length: 0\r\n\r\n").unwrap();
        }
    });
    (address, seen)
}

#[test]
fn redirects_are_followed_without_the_secrets() {
    let (heads, seen) = mpsc::channel();
    let there = serve(move |mut stream| {
        heads.send(request_head(&mut stream)).unwrap();
        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n{}\n").unwrap();
    });
    let (here, asked) = redirect(format!("http://{there}/elsewhere?session=hush"), 1);
    let mut options = options();
    options.headers.add_bearer("open-sesame").unwrap();
    options.headers.add("X-Key: open-sesame").unwrap();
    options.headers.add("Accept: application/x-ndjson").unwrap();
    options.headers.add("Accept-Language: eo").unwrap();
    options.headers.add("X-Tenant: mine").unwrap();
    let mut source = get(&here, &options).unwrap();
    assert_eq!(source.response.url.to_string(), format!("http://{there}/elsewhere?…"));
    assert_eq!(read_all(&mut source, 64).unwrap(), b"{}\n");
    assert!(asked.recv().unwrap().contains("open-sesame"));
    let head = seen.recv().unwrap();
    assert!(head.starts_with("GET /elsewhere?session=hush "), "{head}");
    assert!(!head.contains("sesame"), "{head}");
    assert!(head.contains("application/x-ndjson") && head.contains("eo\r\n"), "{head}");
    assert!(!head.to_ascii_lowercase().contains("x-tenant"), "only what is accepted goes there: {head}");
}

#[test]
fn redirects_in_a_circle_end() {
    let (address, asked) = redirect("/stream".into(), 6);
    let Err(error) = get(&address, &options()) else { panic!("a circle has no end") };
    assert!(error.to_string().ends_with("more than 5 redirects"), "{error}");
    assert_eq!(asked.iter().count(), 6);
    // 304 has nowhere to go.
    assert!(matches!(failure_of(b"HTTP/1.1 304 Same\r\n\r\n").reason, Reason::Status { code: 304, .. }));
}

#[test]
fn waits_are_bounded() {
    let (release, held) = mpsc::channel::<()>();
    let address = serve(move |_stream| held.recv().unwrap_or_default());
    let short = Duration::from_millis(60);
    let Err(error) = get(&address, &Options { response_timeout: short, ..options() }) else {
        panic!("no head")
    };
    assert!(
        error.to_string().ends_with("the response took longer than 60 ms; --response-timeout allows more"),
        "{error}"
    );
    drop(release);

    let (release, held) = mpsc::channel::<()>();
    let address = serve(move |mut stream| {
        request_head(&mut stream);
        stream.write_all(&chunked(&[b"{\"a\":1}\n"])).unwrap();
        held.recv().unwrap_or_default();
    });
    let mut source = get(&address, &Options { stall_timeout: Some(short), ..options() }).unwrap();
    let mut buf = [0; 64];
    assert_eq!(source.read(&mut buf).unwrap(), 8);
    let error = source.read(&mut buf).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::TimedOut);
    assert!(error.to_string().ends_with("silent for 60 ms; the connection is given up"), "{error}");
    drop(release);
}

#[test]
fn a_server_that_is_not_there_is_said_plainly() {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let Err(error) = get(&format!("127.0.0.1:{port}"), &options()) else { panic!("nobody listens") };
    assert!(matches!(error.reason, Reason::Refused));
    assert!(error.to_string().starts_with("connection refused by http://127.0.0.1:"), "{error}");
}

#[test]
fn a_certificate_file_must_hold_certificates() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let wrong = Options { ca_file: Some(file.path().into()), ..options() };
    let Err(error) = get("127.0.0.1:1", &wrong) else { panic!("no certificate in it") };
    assert!(error.is_usage() && error.to_string().contains("holds no certificate"), "{error}");
    let missing = Options { ca_file: Some("/does/not/exist.pem".into()), ..options() };
    assert!(get("127.0.0.1:1", &missing).is_err_and(|error| error.is_usage()));
}
