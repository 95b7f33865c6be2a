//! `stream-fetch s3://…`: against recorded answers, and against a real server where there is one.
//!
//! The real one is s3s-fs, which checks signatures: `cargo install s3s-fs --version 0.14.1 --features binary`.
#![cfg(feature = "s3")]

mod common;

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, channel};

use common::peer::{Peer, have, s3s_fs};
use common::{Tool, demo, gzip, tool, zstd};

/// A server that gives these answers, one a connection, and the heads of the requests that it got.
fn answering(answers: Vec<Vec<u8>>) -> (String, Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = format!("http://{}", listener.local_addr().expect("bound"));
    let (send, requests) = channel();
    std::thread::spawn(move || {
        for answer in answers {
            let mut stream = listener.accept().expect("a connection").0;
            send.send(request(&stream)).expect("the test waits");
            stream.write_all(&answer).expect("connected");
        }
    });
    (address, requests)
}

fn request(stream: &TcpStream) -> String {
    let mut reader = BufReader::new(stream);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        assert_ne!(reader.read_line(&mut head).expect("a request"), 0);
    }
    head
}

fn answer(status: &str, headers: &str, length: usize, body: &[u8]) -> Vec<u8> {
    let head = format!("HTTP/1.1 {status}\r\nContent-Length: {length}\r\n{headers}Connection: close\r\n\r\n");
    [head.as_bytes(), body].concat()
}

fn ok(body: &[u8]) -> Vec<u8> {
    answer("200 OK", "", body.len(), body)
}

fn page(objects: &[(&str, usize)], next: Option<&str>) -> Vec<u8> {
    let contents: String = objects
        .iter()
        .map(|(key, size)| {
            format!("<Contents><Key>{key}</Key><LastModified>2026-11-21T10:00:00.000Z</LastModified><ETag>\"e1\"</ETag><Size>{size}</Size><StorageClass>STANDARD</StorageClass></Contents>")
        })
        .collect();
    let next =
        next.map_or(String::new(), |token| format!("<NextContinuationToken>{token}</NextContinuationToken>"));
    let truncated = !next.is_empty();
    ok(format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?><ListBucketResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><Name>raw</Name><Prefix>a/</Prefix><KeyCount>1</KeyCount><MaxKeys>1000</MaxKeys><IsTruncated>{truncated}</IsTruncated>{next}{contents}</ListBucketResult>").as_bytes())
}

fn fetch(endpoint: &str) -> Tool {
    ["AWS_SESSION_TOKEN", "AWS_ENDPOINT_URL_S3", "AWS_REGION", "AWS_DEFAULT_REGION"]
        .iter()
        .fold(tool("stream-fetch"), |tool, name| tool.env(name, ""))
        .env("AWS_ENDPOINT_URL", endpoint)
        .env("AWS_ACCESS_KEY_ID", "AKEXAMPLE")
        .env("AWS_SECRET_ACCESS_KEY", "hush-hush-hush")
}

#[test]
fn pages_of_keys_objects_of_all_kinds_and_a_broken_connection() {
    let (lines, packed) = ("{\"n\":1}\n{\"n\":2}\n", gzip(b"{\"n\":3}\n"));
    let (address, requests) = answering(vec![
        page(&[("a/b.gz", packed.len()), ("a/folder/", 0), ("a/x.jsonl.part", 9)], Some("more+1/=")),
        page(&[("a/a b+%C3%A9.jsonl", lines.len())], None),
        // It breaks after ten bytes, and goes on from there.
        answer("200 OK", "", lines.len(), &lines.as_bytes()[..10]),
        answer("206 Partial Content", "", lines.len() - 10, &lines.as_bytes()[10..]),
        answer("503 Slow Down", "", 0, b""),
        ok(&packed),
    ]);
    let ran = fetch(&address)
        .args(["s3://raw/a/", "--verbose"])
        .env("AWS_SESSION_TOKEN", "hush-token")
        .run()
        .with_code(0);
    assert_eq!(ran.text(), "{\"n\":1}\n{\"n\":2}\n{\"n\":3}\n", "in the order of keys: {}", ran.err);
    assert!(!ran.err.contains("hush") && !ran.err.contains("X-Amz"), "{}", ran.err);
    let heads: Vec<String> = requests.iter().collect();
    assert!(
        heads[0].contains("GET /raw/?")
            && heads[0].contains("prefix=a%2F")
            && heads[0].contains("X-Amz-Signature="),
        "{}",
        heads[0]
    );
    assert!(heads[0].contains("X-Amz-Security-Token=hush-token"), "{}", heads[0]);
    assert!(heads[1].contains("continuation-token=more%2B1%2F%3D"), "{}", heads[1]);
    let third = heads[3].to_ascii_lowercase();
    assert!(third.contains("range: bytes=10-") && third.contains("if-match: \"e1\""), "{third}");
}

#[test]
fn a_later_run_reads_what_is_new_in_a_store() {
    let folder = tempfile::tempdir().expect("a folder");
    let (place, out) = (folder.path().join("place"), folder.path().join("out"));
    // The first has no last newline, and the second is compressed.
    let (one, two) = ("{\"n\":1}\n{\"n\":2}", gzip(b"{\"n\":3}\n{\"n\":4}\n"));
    let three = "{\"n\":5}\n";
    let objects = |count: usize| {
        page(&[("a/1", one.len()), ("a/2.gz", two.len()), ("a/3", three.len())][..count], None)
    };
    let run = |answers: Vec<Vec<u8>>, more: &[&str]| {
        let (address, requests) = answering(answers);
        let call = fetch(&address).args(["s3://raw/a/", "--cursor"]).arg(&place).arg("-o").arg(&out);
        let ran = call.args(more).run().with_code(0);
        assert_eq!(ran.err, "");
        (fs::read_to_string(&out).expect("a file"), requests.iter().count())
    };
    // It ends inside the second object.
    let (text, asked) = run(vec![objects(2), ok(one.as_bytes()), ok(&two)], &["--records", "3"]);
    assert_eq!((text.as_str(), asked), ("{\"n\":1}\n{\"n\":2}\n{\"n\":3}\n", 3));
    // The first object is not asked for again.
    let (text, asked) = run(vec![objects(2), ok(&two)], &[]);
    assert_eq!((text.as_str(), asked), ("{\"n\":1}\n{\"n\":2}\n{\"n\":3}\n{\"n\":4}\n", 2));
    // Nothing new, and then a third.
    assert!(run(vec![objects(2)], &[]).0.ends_with("{\"n\":4}\n"));
    let (text, _) = run(vec![objects(3), ok(three.as_bytes())], &[]);
    assert!(text.ends_with("{\"n\":4}\n{\"n\":5}\n") && text.lines().count() == 5, "{text}");
}

#[test]
fn what_a_store_refuses_is_said_in_words() {
    let xml = |code: &str| {
        format!(
            "<?xml version=\"1.0\"?><Error><Code>{code}</Code><Message>m</Message><AWSAccessKeyId>AKEXAMPLE</AWSAccessKeyId><StringToSign>hush</StringToSign></Error>"
        )
    };
    for (status, headers, code, hint) in [
        ("403 Forbidden", "", "SignatureDoesNotMatch", "check AWS_ACCESS_KEY_ID"),
        ("403 Forbidden", "", "AccessDenied", "may not read this"),
        ("404 Not Found", "", "NoSuchBucket", "no such bucket"),
        (
            "301 Moved Permanently",
            "x-amz-bucket-region: eu-west-3\r\n",
            "PermanentRedirect",
            "AWS_REGION=eu-west-3",
        ),
        ("400 Bad Request", "", "ExpiredToken", "AWS_SESSION_TOKEN"),
    ] {
        let body = xml(code);
        let (address, _requests) = answering(vec![answer(status, headers, body.len(), body.as_bytes())]);
        let ran = fetch(&address).arg("s3://raw/a/").run().with_code(4);
        assert!(
            ran.err.contains("s3://raw/a/") && ran.err.contains(code) && ran.err.contains(hint),
            "{}",
            ran.err
        );
        assert!(
            ran.err.lines().count() == 1 && !ran.err.contains("hush") && !ran.err.contains("AKEXAMPLE"),
            "{}",
            ran.err
        );
    }
    let (address, _requests) = answering(vec![page(&[], None)]);
    let ran = fetch(&address).arg("s3://raw/a/").run().with_code(4);
    assert!(ran.err.contains("check the prefix"), "{}", ran.err);
    // Failures of the server are tried again, five times in all, and each request is signed for ten minutes.
    let (address, requests) = answering((0..9).map(|_| answer("503 Slow Down", "", 0, b"")).collect());
    let ran = fetch(&address).arg("s3://raw/a/").run().with_code(4);
    assert!(ran.err.contains("503"), "{}", ran.err);
    let heads: Vec<String> = requests.try_iter().collect();
    assert_eq!(heads.len(), 5, "{heads:?}");
    assert!(heads.iter().all(|head| head.contains("X-Amz-Expires=600")), "{heads:?}");
    for (source, hint) in [("s3://", "s3://BUCKET/PREFIX"), ("s3:///x", "s3://BUCKET/PREFIX")] {
        let ran = fetch(&address).arg(source).run().with_code(2);
        assert!(ran.err.contains(hint), "{}", ran.err);
    }
    let ran = fetch("127.0.0.1:9000").arg("s3://raw/").run().with_code(2);
    assert!(ran.err.contains("http://127.0.0.1:9000"), "{}", ran.err);
}

#[test]
fn a_real_store_that_checks_signatures() {
    let folder = tempfile::tempdir().expect("a folder");
    let raw = folder.path().join("raw-archive/2026");
    fs::create_dir_all(&raw).expect("a folder");
    let lines = demo("demo:rsvps", 3000);
    let half = lines.len() / 2;
    let cut = half + lines[half..].iter().position(|&byte| byte == b'\n').expect("a line") + 1;
    fs::write(raw.join("T10.jsonl.zst"), zstd(&lines[..cut])).expect("a file");
    fs::write(raw.join("T11 é.jsonl.gz"), gzip(&lines[cut..])).expect("a file");
    if !have(&["s3s-fs"]) {
        return;
    }
    let store = Peer::start(|port| s3s_fs(folder.path(), port));
    let endpoint = format!("http://127.0.0.1:{}", store.port);
    let call = |key: &str, secret: &str, address: &str| {
        fetch(&endpoint)
            .env("AWS_ACCESS_KEY_ID", key)
            .env("AWS_SECRET_ACCESS_KEY", secret)
            .args([address, "-q"])
            .run()
    };
    let ran = call("AK", "SK", "s3://raw-archive/2026/").with_code(0);
    let local = tool("stream-fetch").args(["-q", "-"]).input(&lines).run().with_code(0);
    assert!(ran.out == local.out, "{} bytes, expected {}", ran.out.len(), local.out.len());
    let ran = call("AK", "wrong", "s3://raw-archive/2026/").with_code(4);
    assert!(ran.err.contains("SignatureDoesNotMatch") && !ran.err.contains("wrong;"), "{}", ran.err);
    let ran = call("AK", "SK", "s3://no-such-bucket/").with_code(4);
    assert!(ran.err.contains("404") || ran.err.contains("NoSuchBucket"), "{}", ran.err);
    let ran = call("AK", "SK", "s3://raw-archive/2027/").with_code(4);
    assert!(ran.err.contains("check the prefix"), "{}", ran.err);
}
