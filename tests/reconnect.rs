//! `stream-fetch` against servers that misbehave: what comes is whole, waits are as they should be, and nothing is silent.

mod common;

use std::fs;
use std::net::TcpListener;
use std::path::Path;
use std::time::{Duration, Instant};

use common::server::{CHUNKED, EVENTS, LAST, OK, Script, Server, answer, chunk, script};
use common::{Ran, Tool, gzip, json_lines, news, tool};

const FAST: [&str; 4] = ["--reconnect", "--retry-delay", "1ms", "--retry-max"];

fn fetch(url: &str) -> Tool {
    tool("stream-fetch").arg(url)
}

/// So many lines with the numbers from `first` on.
fn lines(first: u32, count: u32) -> String {
    (first..first + count).map(|n| format!("{{\"n\":{n}}}\n")).collect()
}

fn numbers(ran: &Ran) -> Vec<u64> {
    json_lines(ran.text()).iter().map(|line| line["n"].as_u64().expect("a number")).collect()
}

/// The run of a fetch that gives up when the scripts are played.
fn played(scripts: Vec<Script>, args: &[&str]) -> (Ran, Vec<String>) {
    let server = Server::new(scripts);
    let ran = fetch(&server.url("/s?key=hush")).args(FAST).arg("3").args(args).run();
    assert!(!ran.err.contains("hush"), "{}", ran.err);
    (ran, server.heads())
}

#[test]
fn a_connection_that_is_cut_is_made_again_and_starts_clean() {
    let cut_in_a_record = answer([CHUNKED.into(), chunk(lines(1, 2)), chunk("{\"n\":9")].concat());
    let cut_in_a_chunk = answer(format!("{CHUNKED}ff\r\n{}{{\"n\":", lines(3, 1)));
    let reset = script(|talk| {
        talk.head();
        talk.send([CHUNKED.into(), chunk(lines(4, 1))].concat());
        talk.reset();
    });
    let before_the_head = script(|talk| drop(talk.head()));
    let in_the_head = answer("HTTP/1.1 200 OK\r\nContent-Ty");
    let whole_but_for_its_newline = answer([CHUNKED.into(), chunk("{\"n\":5}"), LAST.into()].concat());
    let old = answer(format!("HTTP/1.0 200 OK\r\n\r\n{}{{\"n\":7}}", lines(6, 1)));
    let scripts = vec![
        cut_in_a_record,
        before_the_head,
        cut_in_a_chunk,
        in_the_head,
        reset,
        whole_but_for_its_newline,
        old,
        answer(format!("{OK}Content-Length: 8\r\n\r\n{}", lines(8, 1))),
    ];
    let server = Server::new(scripts);
    let ran = fetch(&server.url("/")).args(FAST).arg("9").run().with_code(0);
    assert_eq!(numbers(&ran), (1..=8).collect::<Vec<u64>>());
    for said in [
        ":3: the connection broke in the middle of this line: {\"n\":9",
        "connecting again in 1 ms",
        "rejected 2 of 10 lines (cut 2)",
    ] {
        assert!(ran.err.contains(said), "{said}: {}", ran.err);
    }
}

#[test]
fn chunks_may_be_cut_at_every_byte() {
    let text = "{\"n\":1,\"t\":\"\u{1f600}\"}\r\n\r\n{\"n\":2}\n";
    let mut body: Vec<u8> = CHUNKED.into();
    for byte in text.as_bytes() {
        body.extend(chunk([*byte]));
    }
    body.extend(LAST.as_bytes());
    let server = Server::new(vec![script(move |talk| {
        talk.head();
        talk.trickle(body);
    })]);
    let ran = fetch(&server.url("/")).run().quietly();
    assert_eq!(ran.text(), "{\"n\":1,\"t\":\"\u{1f600}\"}\n{\"n\":2}\n");
}

#[test]
fn silence_is_a_failure_and_so_are_bytes_without_a_line_but_keep_alives_are_life() {
    let silent = script(|talk| {
        talk.head();
        talk.send([CHUNKED.into(), chunk(lines(1, 1))].concat());
        talk.hold();
    });
    let trickling = script(|talk| {
        talk.head();
        talk.send(CHUNKED);
        while talk.send(chunk("x")) {
            std::thread::sleep(Duration::from_millis(20));
        }
    });
    let kept_alive = script(|talk| {
        talk.head();
        talk.send(CHUNKED);
        for _ in 0..30 {
            talk.send(chunk("\r\n"));
            std::thread::sleep(Duration::from_millis(20));
        }
        talk.send([chunk(lines(2, 1)), LAST.into()].concat());
    });
    let last = answer(format!("{OK}Content-Length: 8\r\n\r\n{}", lines(3, 1)));
    let (ran, _) = played(
        vec![silent, trickling, kept_alive, last],
        &["--stall-timeout", "300ms", "--max-rejects", "9"],
    );
    assert_eq!(numbers(&ran.with_code(0)), [1, 2, 3]);
}

#[test]
fn a_server_that_is_not_there_yet_is_waited_for() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("bound");
    drop(listener);
    let mut running = fetch(&format!("tcp://{address}"))
        .args(["--reconnect", "--retry-max", "inf", "--retry-delay", "5ms"])
        .start();
    for wait in ["5 ms", "10 ms", "15 ms", "20 ms"] {
        let said = running.said();
        assert!(said.ends_with(&format!("is the server running?; connecting again in {wait}")), "{said}");
    }
    let listener = TcpListener::bind(address).expect("the port again");
    let _server = Server::at(&listener, vec![script(|talk| _ = talk.send(lines(1, 1)))]);
    assert_eq!(running.line(), "{\"n\":1}");
    running.signal("TERM");
    assert_eq!(running.end().0, 143);
}

#[test]
fn what_a_server_asks_for_is_heeded_and_refusals_are_final() {
    let busy = |status: &str| answer(format!("HTTP/1.1 {status}\r\nContent-Length: 4\r\n\r\nbusy"));
    let first = answer([CHUNKED.into(), chunk(lines(1, 1)), LAST.into()].concat());
    let asked = answer("HTTP/1.1 429 Slow\r\nRetry-After: 1\r\nContent-Length: 0\r\n\r\n");
    let last = answer(format!("{OK}Content-Length: 8\r\n\r\n{}", lines(2, 1)));
    let begun = Instant::now();
    let (ran, _) = played(vec![first, busy("500 Oops"), asked, busy("503 Soon"), last], &[]);
    assert_eq!(numbers(&ran), [1, 2], "{}", ran.err);
    assert!(
        begun.elapsed() >= Duration::from_secs(1)
            && ran.err.contains("retry after 1; connecting again in 1 s")
    );
    assert!(ran.err.contains("the server answers 500 (the server's own failure): busy; connecting again in"));
    let ran = ran.with_code(0);
    assert_eq!(ran.err.lines().count(), 3, "{}", ran.err);
    for status in ["401 No", "403 No", "404 No", "410 Gone"] {
        let body = "{\"error\":\"token very-secret and key=hush are wrong\"}";
        let scripts =
            vec![answer(format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\n\r\n{body}", body.len()))];
        let server = Server::new(scripts);
        let ran = fetch(&server.url("/s?key=hush"))
            .args(FAST)
            .args(["inf", "--token-env", "TOKEN_OF_TEST", "--verbose"])
            .env("TOKEN_OF_TEST", "very-secret")
            .run()
            .with_code(4);
        assert!(
            ran.err.contains("{\"error\":\"token … and") && ran.err.contains(&status[..3]),
            "{}",
            ran.err
        );
        assert!(!ran.err.contains("secret") && !ran.err.contains("hush"), "{}", ran.err);
    }
    let page = answer(format!("{OK}Content-Type: text/html\r\nContent-Length: 6\r\n\r\n<html>"));
    let (ran, _) = played(vec![page], &[]);
    assert!(ran.with_code(4).err.contains("a web page"));
}

#[test]
fn a_server_that_hangs_up_at_once_is_not_hammered() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let server = Server::at(&listener, (0..100).map(|_| script(|_| {})).collect());
    let begun = Instant::now();
    let ran = fetch(&format!("tcp://{}", server.address))
        .args(["--reconnect", "--retry-delay", "4ms", "--retry-max", "12"])
        .run()
        .with_code(4);
    assert!(begun.elapsed() >= Duration::from_millis(4 * 78), "4 ms, 8 ms … 48 ms");
    assert!(
        ran.err.contains("again and again without sending anything; --retry-max allows more"),
        "{}",
        ran.err
    );
}

/// A server of events that goes on behind the id it is told, a few at a time.
fn events(from: u32, count: u32) -> Vec<u8> {
    let event =
        |n: u32| format!("id: [{{\"o\":{n},\"p\":\"\u{e9}\"}}]\nevent: message\ndata: {{\"n\":{n}}}\n\n");
    (from..from + count).flat_map(|n| chunk(event(n))).collect()
}

fn event_scripts(ranges: &[(u32, u32)]) -> Vec<Script> {
    let one = |&(from, count): &(u32, u32)| {
        answer([EVENTS.into(), chunk(":ok\n\n"), events(from, count), LAST.into()].concat())
    };
    ranges.iter().map(one).collect()
}

#[test]
fn events_go_on_behind_the_last_one_through_planned_resets() {
    let mut scripts = event_scripts(&[(1, 3), (4, 2), (6, 1), (7, 4)]);
    scripts.push(answer("HTTP/1.1 204 No Content\r\n\r\n"));
    let (ran, heads) = played(scripts, &["--verbose", "--stats", "/dev/null"]);
    assert_eq!(numbers(&ran), (1..=10).collect::<Vec<u64>>());
    assert_eq!(ran.code, 0, "{}", ran.err);
    let ids: Vec<Option<&str>> =
        heads.iter().map(|head| head.lines().find_map(|line| line.strip_prefix("last-event-id: "))).collect();
    let id = |n: u32| format!("[{{\"o\":{n},\"p\":\"\u{e9}\"}}]");
    let expected = [None, Some(id(3)), Some(id(5)), Some(id(6)), Some(id(10))];
    assert_eq!(ids, expected.iter().map(Option::as_deref).collect::<Vec<_>>());
    assert!(ran.err.contains("the server hung up; connecting again in no time"), "{}", ran.err);
    assert!(!ran.err.contains("broke"), "{}", ran.err);
}

#[test]
fn an_event_that_was_not_ended_is_none_and_names_choose() {
    let body = "\u{feff}event: ping\ndata: {}\n\ndata: {\"n\":\ndata: 1}\n\nevent: update\rdata:{\"n\":2}\r\r\
                event: update\r\ndata: {\"n\":3}\r\n\r\ndata: {\"n\":4}\n";
    let once = |args: &[&str]| {
        let stop = answer("HTTP/1.1 204 No Content\r\n\r\n");
        let (ran, heads) =
            played(vec![answer([EVENTS.into(), chunk(body), LAST.into()].concat()), stop], args);
        assert_eq!(ran.code, 0, "{}", ran.err);
        (ran.text().to_owned(), heads)
    };
    assert_eq!(once(&[]).0, "{}\n{\"n\": 1}\n{\"n\":2}\n{\"n\":3}\n");
    let (text, heads) = once(&["--event-name", "update", "--sse"]);
    assert_eq!(text, "{\"n\":2}\n{\"n\":3}\n");
    assert!(heads[0].contains("accept: text/event-stream"), "{}", heads[0]);
    let (text, _) = once(&["--envelope", "--event-name", "ping"]);
    assert_eq!(text, "{\"event\":\"ping\",\"data\":{}}\n");
}

#[test]
fn an_event_that_is_too_long_is_a_reject() {
    let long = "x".repeat(200);
    let body = format!(
        "id: 1\ndata: {{\"n\":1}}\n\nid: 2\ndata: {{\"n\":\"{long}\"}}\n\nid: 3\ndata: {{\"n\":3}}\n\n"
    );
    let stop = answer("HTTP/1.1 204 No Content\r\n\r\n");
    let events = answer([EVENTS.into(), chunk(body), LAST.into()].concat());
    let (ran, _) = played(vec![events, stop], &["--max-line", "64"]);
    assert_eq!((ran.code, numbers(&ran)), (0, vec![1, 3]), "{}", ran.err);
    assert!(ran.err.contains("rejected 1 of 3 lines (too-long 1)"), "{}", ran.err);
}

#[test]
fn what_comes_twice_is_left_out_where_asked() {
    let again = |first, count| answer([CHUNKED.into(), chunk(lines(first, count)), LAST.into()].concat());
    let last = answer(format!("{OK}Content-Length: 8\r\n\r\n{}", lines(9, 1)));
    let scripts = vec![again(1, 4), again(3, 4), again(1, 8), last];
    let (ran, heads) = played(
        scripts,
        &[
            "--id",
            ".n",
            "--since-param",
            "since",
            "--since-field",
            ".n",
            "--since-overlap",
            "2",
            "--id-memory",
            "100",
        ],
    );
    assert_eq!(numbers(&ran.with_code(0)), (1..=9).collect::<Vec<u64>>());
    let asked: Vec<&str> = heads.iter().filter_map(|head| head.split(' ').nth(1)).collect();
    assert_eq!(asked, ["/s?key=hush", "/s?key=hush&since=2", "/s?key=hush&since=4", "/s?key=hush&since=6"]);
}

#[test]
fn bodies_are_as_long_as_they_say_or_it_is_told() {
    let short = answer(format!("{OK}Content-Length: 900\r\n\r\n{}{{\"n\":", lines(1, 1)));
    let (ran, _) = played(vec![short], &[]);
    let ran = ran.with_code(4);
    assert_eq!(ran.text(), lines(1, 1));
    assert!(ran.err.contains("cut in the middle"), "a file is not read again: {}", ran.err);
    let long = answer(format!("{OK}Content-Length: 8\r\n\r\n{}{}", lines(1, 1), lines(2, 1)));
    let (ran, _) = played(vec![long], &[]);
    assert_eq!(ran.with_code(0).text(), lines(1, 1));
}

#[test]
fn compressed_bodies_come_out_whole_and_cut_ones_are_told() {
    let packed = gzip(lines(1, 3).as_bytes());
    let twice = [packed.clone(), gzip(lines(4, 1).as_bytes())].concat();
    let head = format!("{OK}Content-Encoding: gzip\r\nContent-Length: {}\r\n\r\n", twice.len());
    let server = Server::new(vec![answer([head.into_bytes(), twice].concat())]);
    let ran = fetch(&server.url("/")).arg("--gzip").run().quietly();
    assert_eq!(numbers(&ran), [1, 2, 3, 4]);
    assert!(server.head().contains("accept-encoding: gzip"));
    let cut = packed[..packed.len() - 9].to_vec();
    let head = format!("{OK}Content-Encoding: gzip\r\nContent-Length: {}\r\n\r\n", cut.len());
    let (ran, _) = played(vec![answer([head.into_bytes(), cut].concat())], &[]);
    assert_eq!(ran.code, 4, "{}", ran.err);
    let wrong = answer(format!("{OK}Content-Encoding: br\r\nContent-Length: 3\r\n\r\nxyz"));
    let (ran, _) = played(vec![wrong], &[]);
    assert!(ran.with_code(4).err.contains("encoded as \"br\", which was not asked for"));
}

#[test]
fn redirects_are_followed_and_secrets_stay_behind() {
    let there = Server::new(vec![answer(format!("{OK}Content-Length: 8\r\n\r\n{}", lines(1, 1)))]);
    let head = format!("HTTP/1.1 307 There\r\nLocation: {}\r\nContent-Length: 0\r\n\r\n", there.url("/x"));
    let here = Server::new(vec![answer(head)]);
    let ran = fetch(&here.url("/"))
        .args(["--token-env", "TOKEN_OF_TEST", "--sse", "--contact", "me@example.org"])
        .env("TOKEN_OF_TEST", "very-secret")
        .run()
        .quietly();
    assert_eq!(numbers(&ran), [1]);
    assert!(here.head().contains("Bearer very-secret"));
    let head = there.head();
    assert!(!head.contains("secret") && head.contains("accept: text/event-stream"), "{head}");
    assert!(head.contains("(me@example.org)"), "{head}");
}

#[test]
fn odd_bytes_are_handed_on_or_told() {
    let odd = b"\xef\xbb\xbf{\"n\":1}\n{\"t\":\"\xff\xfe\"}\n{\"t\":\"\0\"}\n".to_vec();
    let long = format!("{{\"t\":\"{}\"}}\n", "x".repeat(70_000));
    let deep = format!("{{\"t\":{}{}}}\n", "[".repeat(5000), "]".repeat(5000));
    let body = [odd.clone(), long.into_bytes(), deep.clone().into_bytes(), lines(2, 1).into_bytes()].concat();
    let (ran, _) = played(
        vec![
            answer([CHUNKED.into(), chunk(body), LAST.into()].concat()),
            answer(format!("{OK}Content-Length: 0\r\n\r\n")),
        ],
        &["--max-line", "64KiB"],
    );
    let expected = [&odd[3..], deep.as_bytes(), lines(2, 1).as_bytes()].concat();
    assert_eq!(String::from_utf8_lossy(&ran.out), String::from_utf8_lossy(&expected));
    assert!(ran.err.contains("(too-long 1)") && ran.code == 0, "{}", ran.err);
}

#[test]
fn exactly_so_many_records_or_so_long() {
    let endless = || {
        script(|talk| {
            talk.head();
            talk.send([CHUNKED.into(), chunk(lines(1, 50))].concat());
            talk.hold();
        })
    };
    let server = Server::new(vec![endless()]);
    let ran = fetch(&server.url("/")).args(["--records", "7"]).run().quietly();
    assert_eq!(numbers(&ran), (1..=7).collect::<Vec<u64>>());
    server.hung_up();
    let server = Server::new(vec![endless()]);
    let ran = fetch(&server.url("/")).args(["--duration", "200ms"]).run().quietly();
    assert_eq!(numbers(&ran).len(), 50);
    server.hung_up();
}

/// Runs with a cursor beside it.
fn with_cursor(folder: &Path, server: &Server) -> Tool {
    fetch(&server.url("/s")).args(FAST).arg("0").arg("--cursor").arg(folder.join("place"))
}

#[test]
fn a_later_run_goes_on_where_the_last_one_ended() {
    let folder = tempfile::tempdir().expect("a folder");
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let held = |first, count| {
        script(move |talk| {
            talk.head();
            talk.send([EVENTS.into(), events(first, count)].concat());
            talk.hold();
        })
    };
    let server = Server::at(&listener, vec![held(1, 5), held(4, 9)]);
    let first = with_cursor(folder.path(), &server).args(["--records", "3"]).run().with_code(0);
    assert_eq!(numbers(&first), [1, 2, 3]);
    let second = with_cursor(folder.path(), &server).args(["--records", "3"]).run();
    assert_eq!(numbers(&second), [4, 5, 6], "{}", second.err);
    let heads = server.heads();
    assert!(heads[1].contains("last-event-id: [{\"o\":3,"), "{}", heads[1]);
}

#[test]
fn a_kill_loses_nothing_and_tears_no_line() {
    let folder = tempfile::tempdir().expect("a folder");
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let slowly = |from: u32, count: u32| {
        script(move |talk| {
            talk.head();
            talk.send(EVENTS);
            for n in from..from + count {
                talk.send(events(n, 1));
                std::thread::sleep(Duration::from_millis(10));
            }
            talk.hold();
        })
    };
    let server = Server::at(&listener, vec![slowly(1, 150)]);
    let mut running = with_cursor(folder.path(), &server).start();
    let mut seen = Vec::new();
    while !folder.path().join("place").exists() {
        seen.push(running.line());
    }
    running.signal("KILL");
    seen.extend(running.rest());
    assert_eq!(running.end().0, 137);
    server.head();
    server.hung_up();
    let again = Server::at(&listener, vec![slowly(1, 1)]);
    let mut running = with_cursor(folder.path(), &again).args(["--duration", "300ms"]).start();
    running.rest();
    let head = again.head();
    let id = head.lines().find_map(|line| line.strip_prefix("last-event-id: [{\"o\":")).expect("an id");
    let place: usize = id.split(',').next().and_then(|number| number.parse().ok()).expect("a number");
    assert!(place > 0 && place <= seen.len(), "{place} of {}", seen.len());
    let expected: Vec<String> = (1..=seen.len()).map(|n| format!("{{\"n\":{n}}}")).collect();
    assert_eq!(seen, expected, "whole lines alone");
    running.end();
}

#[test]
fn a_signal_ends_a_run_that_waits_and_its_place_is_kept() {
    let folder = tempfile::tempdir().expect("a folder");
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let hold = |from, count| {
        script(move |talk| {
            talk.head();
            talk.send([EVENTS.into(), events(from, count), chunk("data: {\"n\":99}")].concat());
            talk.hold();
        })
    };
    let server = Server::at(&listener, vec![hold(1, 4), hold(5, 1)]);
    for (name, status, expected) in [("INT", 130, 1..=4), ("TERM", 143, 5..=5)] {
        let mut running = with_cursor(folder.path(), &server).start();
        for n in expected {
            assert_eq!(running.line(), format!("{{\"n\":{n}}}"));
        }
        let begun = Instant::now();
        running.signal(name);
        assert_eq!(running.rest(), [""; 0]);
        let (code, said) = running.end();
        assert_eq!((code, news(&said)), (status, ""));
        assert!(begun.elapsed() < Duration::from_secs(1), "{:?}", begun.elapsed());
    }
    let heads = server.heads();
    assert!(heads[1].contains("last-event-id: [{\"o\":4,"), "{}", heads[1]);
}

#[test]
fn a_cursor_that_cannot_be_used_is_told() {
    let folder = tempfile::tempdir().expect("a folder");
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let server = Server::at(&listener, event_scripts(&[(1, 2)]));
    with_cursor(folder.path(), &server).args(["--records", "2"]).run().quietly();
    let place = folder.path().join("place");
    let ran = fetch(&server.url("/other?key=hush")).arg("--cursor").arg(&place).run().with_code(5);
    assert!(ran.err.contains("the cursor") && ran.err.contains("--cursor-reset"), "{}", ran.err);
    assert!(ran.err.contains("sources: http://") && !ran.err.contains("hush"), "{}", ran.err);
    // Files are one source, whatever they are called: logs come and go.
    let (files, first, second) =
        (folder.path().join("files"), folder.path().join("1.jsonl"), folder.path().join("2.jsonl"));
    for (file, line) in [(&first, "{\"n\":1}\n"), (&second, "{\"n\":2}\n")] {
        fs::write(file, line).expect("a file");
        let ran = tool("stream-fetch").arg(file).arg("--cursor").arg(&files).run().quietly();
        assert_eq!(ran.text(), line);
    }
    let ran = fetch(&server.url("/s")).arg("--cursor").arg(&files).run().with_code(5);
    assert!(ran.err.contains("sources: files in the state"), "{}", ran.err);
    fs::write(&place, "nonsense").expect("a file");
    let ran = fetch(&server.url("/s")).arg("--cursor").arg(&place).run().with_code(5);
    assert!(ran.err.contains("it is no state file") && ran.err.contains("--cursor-reset"), "{}", ran.err);
    let nowhere = folder.path().join("no/such/folder/place");
    let ran = fetch(&server.url("/s")).arg("--cursor").arg(&nowhere).run().with_code(4);
    assert!(ran.err.contains("no/such/folder"), "{}", ran.err);
    let ran = fetch(&server.url("/s")).args(["-", "--cursor"]).arg(&place).run().with_code(2);
    assert!(ran.err.contains("not with both"), "{}", ran.err);
}

#[test]
fn a_closed_pipe_hangs_up_at_once() {
    let server = Server::new(vec![script(|talk| {
        talk.head();
        talk.send([CHUNKED.into(), chunk(lines(1, 1))].concat());
        talk.hold();
    })]);
    let mut child = fetch(&server.url("/")).args(FAST).arg("9").spawn();
    let mut line = String::new();
    let mut out = std::io::BufReader::new(child.stdout.take().expect("piped"));
    std::io::BufRead::read_line(&mut out, &mut line).expect("a line");
    assert_eq!(line, "{\"n\":1}\n");
    drop(out);
    server.hung_up();
    assert_eq!(common::await_end(&mut child), 0);
}

#[test]
fn a_tcp_server_that_restarts_goes_on() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let half = script(|talk| {
        talk.send(format!("{}{{\"n\":", lines(1, 2)));
        talk.stream.shutdown(std::net::Shutdown::Write).expect("connected");
    });
    let _server = Server::at(&listener, vec![half, script(|talk| _ = talk.send(lines(3, 2)))]);
    let mut running =
        fetch(&format!("tcp://{}", listener.local_addr().expect("bound"))).args(FAST).arg("9").start();
    for n in 1..=4 {
        assert_eq!(running.line(), format!("{{\"n\":{n}}}"));
    }
    running.signal("TERM");
    let (code, said) = running.end();
    assert!(code == 143 && said.contains("(cut 1)"), "{said}");
}
