//! Who may read from `stream-serve`, how many, and what becomes of those who read too slowly.
#![cfg(feature = "serve")]

mod common;

use std::io::{BufRead, Read, Write};
use std::time::{Duration, Instant};

use common::PATIENCE;
use common::serving::{Serving, connect, head, status};

const ROW: &str = r#"{"window_start":"2020-01-01T00:00:00Z","window_end":"2020-01-01T00:00:10Z","k":"a","count":1,"rows":1}"#;

#[test]
fn every_answer_has_strict_rules_and_files_are_known_by_their_tags() {
    let serving = Serving::start(&["--http"], [""; 0]);
    for (path, kind) in [
        ("/", "text/html"),
        ("/style.css", "text/css"),
        ("/colours.css", "text/css"),
        ("/app.js", "text/javascript"),
        ("/words.js", "text/javascript"),
        ("/drawing.js", "text/javascript"),
        ("/over-time.js", "text/javascript"),
        ("/by-key.js", "text/javascript"),
        ("/model.js", "text/javascript"),
        ("/panels.js", "text/javascript"),
        ("/worker.js", "text/javascript"),
        ("/icon.svg", "image/svg+xml"),
        ("/snapshot.json", "application/json"),
        ("/metrics", "text/plain"),
        ("/healthz", "text/plain"),
        ("/chart.svg", "image/svg+xml"),
        ("/chart.svg?kind=line&theme=dark&width=400&size=10s", "image/svg+xml"),
        ("/nothing", ""),
    ] {
        let answer = serving.get(path);
        assert_eq!(answer.status, if path == "/nothing" { 404 } else { 200 }, "{path}: {answer:?}");
        for rule in [
            "content-security-policy: default-src 'none'",
            "frame-ancestors 'none'",
            "x-content-type-options: nosniff",
            "referrer-policy: no-referrer",
            "cross-origin-resource-policy: same-origin",
            &format!("content-type: {kind}"),
        ] {
            assert!(
                answer.head.contains(rule) || kind.is_empty() && rule == "content-type: ",
                "{path}: {rule}\n{}",
                answer.head
            );
        }
        assert!(!answer.head.contains("unsafe-inline") || kind == "image/svg+xml", "{path}");
        assert!(!answer.head.contains("access-control-"), "nobody else's page may read: {path}");
    }
    let page = serving.get("/");
    let tag = page.head.lines().find_map(|line| line.strip_prefix("etag: ")).expect("a tag");
    let again = serving.get_with("/", &format!("If-None-Match: {tag}\r\n"));
    assert_eq!((again.status, again.body.as_str()), (304, ""));
    let mut stream = serving.ask("/", "Accept-Encoding: gzip, br\r\nConnection: close\r\n");
    let told = head(&mut stream);
    assert!(told.contains("content-encoding: gzip") && told.contains("vary: accept-encoding"), "{told}");
    let mut text = String::new();
    flate2::read::GzDecoder::new(stream).read_to_string(&mut text).expect("gzip");
    assert_eq!(text, page.body);
    for (query, words) in [
        ("kind=pie", "there are barh"),
        ("width=9", "320 to 4000"),
        ("theme=pink", "light"),
        ("end=noon", "milliseconds"),
    ] {
        let answer = serving.get(&format!("/chart.svg?{query}"));
        assert!(answer.status == 400 && answer.body.contains(words), "{answer:?}");
    }
    serving.stop();
}

#[test]
fn a_picture_is_that_of_plot_svg() {
    let tweets = common::demo("demo:tweets", 3000);
    let rows = common::tool("window-count").args(["-q", "-k", ".lang", "-w", "10s"]).input(tweets).run().out;
    let rows = common::tool("topn").arg("5").input(rows).run().quietly().out;
    let mut serving = Serving::start(&["--http"], ["--unit", "tweets", "--top", "5"]);
    serving.running.send(&rows);
    serving.await_metric("records_total", rows.iter().filter(|byte| **byte == b'\n').count() as u64);
    let draw = |kind: &str, rows: &[u8]| {
        let args = ["--unit", "tweets", "--top", "5", "--kind", kind];
        common::tool("plot-svg").args(args).input(rows).run().quietly().out
    };
    for kind in ["barh", "line", "heat", "bump"] {
        let drawn = String::from_utf8(draw(kind, &rows)).expect("UTF-8");
        for _ in 0..2 {
            assert!(serving.get(&format!("/chart.svg?kind={kind}")).body == drawn, "{kind} differs");
        }
    }
    // The picture of an older window is what was drawn when it was the newest.
    let newest =
        serving.snapshot()["windows"].as_array().expect("windows").last().expect("one")["start"].clone();
    let end = newest.as_i64().expect("a time");
    let time = |at: i64| jiff::Timestamp::from_millisecond(at).expect("a time").to_string();
    let before: Vec<u8> = rows
        .split_inclusive(|byte| *byte == b'\n')
        .filter(|line| {
            !String::from_utf8_lossy(line).contains(&format!("\"window_start\":\"{}\"", time(end)))
        })
        .flatten()
        .copied()
        .collect();
    assert!(before.len() < rows.len() && !before.is_empty());
    let (got, drawn) = (serving.get(&format!("/chart.svg?kind=line&end={end}")).body, draw("line", &before));
    assert!(got.as_bytes() == drawn, "{got}");
    serving.stop();
}

#[test]
fn a_name_that_is_not_known_gets_no_answer() {
    let serving = Serving::start(&["--http"], ["--host", "dash.example"]);
    for path in ["/", "/events", "/lines", "/snapshot.json", "/healthz"] {
        let answer = serving.get_with(path, "Host: evil.example\r\n");
        assert!(answer.status == 421 && answer.body.contains("--host"), "{path}: {answer:?}");
    }
    for host in ["dash.example", "localhost:1", "[::1]"] {
        assert_eq!(serving.get_with("/healthz", &format!("Host: {host}\r\n")).status, 200, "{host}");
    }
    serving.stop();
}

#[test]
fn a_token_opens_and_nothing_else_does() {
    let serving = Serving::start(&["--http"], ["--token-env", "STREAM_TOKEN"]);
    for path in ["/", "/events", "/lines", "/snapshot.json", "/metrics", "/chart.svg", "/app.js"] {
        let answer = serving.get(path);
        assert!(
            answer.status == 401 && answer.head.contains("www-authenticate: Bearer"),
            "{path}: {answer:?}"
        );
        assert_eq!(serving.get_with(path, "Authorization: Bearer s3cre\r\n").status, 401, "{path}");
    }
    assert_eq!(serving.get("/healthz").status, 200, "it tells nothing");
    assert_eq!(serving.get_with("/snapshot.json", "Authorization: Bearer s3cret\r\n").status, 200);
    assert_eq!(serving.get("/?token=wrong").status, 401);
    let introduced = serving.get("/?token=s3cret");
    assert!(introduced.status == 303 && introduced.head.contains("location: /\r\n"), "{introduced:?}");
    let cookie =
        introduced.head.lines().find_map(|line| line.strip_prefix("set-cookie: ")).expect("a cookie");
    assert!(
        cookie.contains("HttpOnly") && cookie.contains("SameSite=Strict") && !cookie.contains("s3cret"),
        "{cookie}"
    );
    let kept = cookie.split(';').next().expect("a pair");
    assert_eq!(serving.get_with("/", &format!("Cookie: {kept}\r\n")).status, 200);
    let (_, said) = serving.stop();
    assert!(!said.contains("s3cret"), "{said}");
}

#[test]
fn an_open_address_is_warned_of() {
    let serving = Serving::start(&["--http"], ["--listen", "0.0.0.0"]);
    assert!(
        serving.said.iter().any(|line| line.contains("all who reach this machine can read")),
        "{:?}",
        serving.said
    );
    serving.stop();
}

#[test]
fn there_are_places_for_so_many_readers_and_they_are_given_back() {
    let mut serving = Serving::start(&["--http", "--tcp"], [""; 0]);
    let mut readers: Vec<_> = (0..62).map(|_| serving.events("")).collect();
    let mut lines = serving.ask("/lines", "");
    assert_eq!(status(&head(&mut lines)), 200);
    let mut tcp = serving.lines();
    serving.await_metric("readers", 64);
    for path in ["/events", "/lines"] {
        let refused = serving.get(path);
        assert!(refused.status == 503 && refused.head.contains("retry-after: 10"), "{refused:?}");
    }
    let mut late = serving.lines();
    assert_eq!(late.read_to_end(&mut Vec::new()).expect("closed at once"), 0);
    assert_eq!(serving.metric("readers_refused_total"), Some(3));
    // Pages and figures need no place.
    assert_eq!(serving.get("/").status, 200);
    serving.running.send(format!("{ROW}\n"));
    for reader in &mut readers {
        reader.next_named("window");
    }
    let mut line = String::new();
    tcp.read_line(&mut line).expect("a line");
    assert_eq!(line.trim_end(), ROW);
    readers.truncate(10);
    let begun = Instant::now();
    while serving.metric("readers") != Some(12) {
        assert!(begun.elapsed() < PATIENCE, "places are given back");
        std::thread::sleep(Duration::from_millis(20));
    }
    serving.events("").next();
    serving.stop();
}

/// Readers that take nothing: the input goes on at once, memory stays, and after a while they are gone.
#[test]
fn stalled_readers_hold_nobody_up_and_are_dropped() {
    const WINDOWS: u64 = 300;
    let mut serving = Serving::start(&["--http"], ["--windows", "150"]);
    // Large enough to fill what the system keeps for a connection.
    let wide = "x".repeat(100_000);
    let stalled = ["/events", "/events", "/lines"].map(|path| serving.ask(path, ""));
    serving.await_metric("readers", 3);
    let mut healthy = serving.events("");
    let begun = Instant::now();
    for n in 0..WINDOWS {
        let time = |at: u64| format!("2020-01-01T{:02}:{:02}:{:02}Z", at / 3600, at / 60 % 60, at % 60);
        let (start, end) = (time(n * 10), time(n * 10 + 10));
        let line = format!(
            "{{\"window_start\":\"{start}\",\"window_end\":\"{end}\",\"k\":\"{wide}\",\"count\":{n},\"rows\":1}}\n"
        );
        serving.running.send(line);
    }
    // What readers of lines do not take is not kept for them.
    let record = format!("{{\"text\":\"{}\"}}\n", "y".repeat(1000)).repeat(1000);
    for _ in 0..200 {
        serving.running.send(&record);
    }
    serving.await_metric("records_total", WINDOWS + 200_000);
    assert!(
        begun.elapsed() < Duration::from_secs(9),
        "the input did not wait for them: {:?}",
        begun.elapsed()
    );
    loop {
        let event = healthy.next();
        let newest = match &event.name[..] {
            "window" => event.data["seq"].as_u64(),
            "resync" => event.data["windows"].as_array().and_then(|windows| windows.last()?["seq"].as_u64()),
            _ => None,
        };
        if newest == Some(WINDOWS) {
            break;
        }
    }
    serving.await_metric("readers_dropped_total", 3);
    let begun = Instant::now();
    while serving.metric("readers") != Some(1) {
        assert!(begun.elapsed() < PATIENCE, "their places are given back");
        std::thread::sleep(Duration::from_millis(20));
    }
    let peak = serving.running.peak_memory();
    // Of 230 MB: 150 windows of 100 kB in two forms, as many on their way to each reader of events, 16 MiB of lines.
    assert!(peak.is_some_and(|peak| peak < 200_000), "{peak:?} KiB");
    // Whoever was too slow sees that the stream is not whole: there is no orderly end.
    for mut stream in stalled {
        let mut rest = Vec::new();
        let read = stream.read_to_end(&mut rest);
        assert!(read.is_err() || !rest.ends_with(b"0\r\n\r\n"), "{} bytes", rest.len());
    }
    serving.stop();
}

#[test]
fn a_request_that_is_none_harms_nobody() {
    let serving = Serving::start(&["--http"], [""; 0]);
    for bytes in [
        &b"\x16\x03\x01\x02\x00\x01\x00"[..],
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET /%zz?token=%zz HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"\r\n\r\n\r\n",
    ] {
        let mut stream = connect(serving.http());
        stream.write_all(bytes).expect("it listens");
        stream.shutdown(std::net::Shutdown::Write).expect("TCP");
        let _ = stream.read_to_end(&mut Vec::new());
    }
    let long = format!("/?{}", "a=b&".repeat(50_000));
    assert!(serving.get(&long).status >= 400);
    assert_eq!(serving.get("/healthz").body, "ok\n");
    serving.stop();
}
