//! `stream-serve` from outside: lines, events, snapshots, and how it begins and ends.
#![cfg(feature = "serve")]

mod common;

use std::io::{BufRead, Read};
use std::time::{Duration, Instant};

use common::serving::{Serving, chunk, head};
use common::{json_lines, tool};
use serde_json::{Value, json};

/// A whole window of a length of 10 s.
fn window(n: i64, counts: &[(&str, u64)]) -> String {
    let total: u64 = counts.iter().map(|(_, count)| count).sum();
    let time = |second: i64| format!("2020-01-01T00:{:02}:{:02}Z", second / 60, second % 60);
    let (start, end) = (time(n * 10), time(n * 10 + 10));
    let rows = counts.len();
    let row = |(rank, (key, count)): (usize, &(&str, u64))| {
        let key = serde_json::to_string(key).expect("a string");
        format!(
            "{{\"window_start\":\"{start}\",\"window_end\":\"{end}\",\"tag\":{key},\"count\":{count},\"total\":{total},\"distinct\":{rows},\"rows\":{rows},\"late\":{n},\"rank\":{}}}\n",
            rank + 1
        )
    };
    counts.iter().enumerate().map(row).collect()
}

#[test]
fn every_reader_of_lines_gets_all_lines_from_now_on_and_then_the_end() {
    let mut serving = Serving::start(&["--tcp"], ["--wait-for", "2", "--exit-at-end"]);
    serving.running.send("{\"n\":1}\nbroken\n{\"n\":2}\r\n\n");
    let (mut first, mut second) = (serving.lines(), serving.lines());
    let line = |reader: &mut std::io::BufReader<_>| {
        let mut line = String::new();
        reader.read_line(&mut line).expect("a line");
        line
    };
    for reader in [&mut first, &mut second] {
        assert_eq!([line(reader), line(reader)], ["{\"n\":1}\n", "{\"n\":2}\n"]);
    }
    let mut third = serving.lines();
    // It is there once it is counted, which only a line to the others tells without HTTP.
    loop {
        serving.running.send("{\"n\":3}\n");
        third.get_ref().set_nonblocking(true).expect("TCP");
        let has_line = third.fill_buf().is_ok_and(|bytes| !bytes.is_empty());
        third.get_ref().set_nonblocking(false).expect("TCP");
        assert_eq!(line(&mut first), "{\"n\":3}\n");
        if has_line {
            break;
        }
    }
    serving.running.send("{\"n\":4,\"last\":true}");
    serving.running.close_input();
    for mut reader in [first, second, third] {
        let mut rest = String::new();
        reader.read_to_string(&mut rest).expect("an orderly end");
        assert!(rest.ends_with("{\"n\":4,\"last\":true}\n"), "{rest}");
    }
    let (code, said) = serving.running.end();
    assert_eq!(code, 0, "{said}");
    assert!(said.contains("-:2: ") && said.contains("rejected 1 of"), "{said}");
}

#[test]
fn a_fast_input_waits_for_a_reader_that_wants_every_line() {
    let mut serving = Serving::start(&["--tcp"], ["--wait-for", "1", "--exit-at-end"]);
    let reader = serving.lines();
    let mut input = serving.running.take_input();
    let line = format!("{{\"text\":\"{}\"}}\n", "x".repeat(1000));
    let (count, sent) = (100_000, line.repeat(1000));
    let feeder = std::thread::spawn(move || {
        for _ in 0..count / 1000 {
            std::io::Write::write_all(&mut input, sent.as_bytes()).expect("it reads");
        }
    });
    let got =
        reader.lines().filter(|got| got.as_deref().is_ok_and(|got| *got == line[..line.len() - 1])).count();
    feeder.join().expect("no panic");
    assert_eq!(got, count);
    assert_eq!(serving.running.end(), (0, String::new()));
}

#[test]
fn raw_strings_are_one_line_each() {
    let mut serving = Serving::start(&["--tcp"], ["--wait-for", "1", "--exit-at-end", "--raw", ".text, .n"]);
    let mut reader = serving.lines();
    serving.running.send(
        "{\"text\":\"two\\nlines\\u2028 and \\\"more\\\"\",\"n\":1.0}\n{\"n\":[1, 2]}\n{\"text\":\"\"}\n",
    );
    serving.running.close_input();
    let mut text = String::new();
    reader.read_to_string(&mut text).expect("an orderly end");
    assert_eq!(text, "two lines  and \"more\"\n1.0\n[1,2]\n\n");
    assert_eq!(serving.running.end(), (0, String::new()));
}

#[test]
fn tee_passes_records_on_byte_for_byte() {
    let input = "{\"id\":12345678901234567890,\"x\":1.0}\n{\"a\": \"\\u00e9\"}\n[1]\n{}";
    let ran =
        tool("stream-serve").args(["--http", "0", "--tee", "--exit-at-end"]).input(input).run().with_code(0);
    assert_eq!(ran.text(), "{\"id\":12345678901234567890,\"x\":1.0}\n{\"a\": \"\\u00e9\"}\n{}\n");
    assert!(ran.err.contains("rejected 1 of 4 lines"), "{}", ran.err);
    let ran = tool("stream-serve").args(["--http", "0", "--exit-at-end"]).input(input).run().with_code(0);
    assert_eq!(ran.text(), "");
}

#[test]
fn a_snapshot_has_the_rows_that_topn_wrote() {
    let tweets = common::demo("demo:tweets", 3000);
    let counted =
        tool("window-count").args(["-q", "-k", ".lang", "-w", "10s", "-w", "30s"]).input(tweets).run();
    let top = tool("topn").args(["4", "--other"]).input(counted.out).run().quietly();
    let mut serving = Serving::start(&["--http"], ["--unit", "tweets"]);
    serving.running.send(&top.out);
    let rows = json_lines(top.text());
    serving.await_metric("records_total", rows.len() as u64);
    let snapshot = serving.snapshot();
    let mut found = Vec::new();
    for window in snapshot["windows"].as_array().expect("windows") {
        for row in window["rows"].as_array().expect("rows") {
            found.push(json!([
                window["start"],
                row["key"],
                row["count"],
                row["rank"],
                row["share"],
                window["total"],
                window["distinct"]
            ]));
        }
        assert!(window["others"].as_u64().is_some() || window["distinct"].as_u64() <= Some(4), "{window}");
        assert_eq!(window["key"], "lang");
    }
    let expected: Vec<Value> = rows
        .iter()
        .filter(|row| !row["lang"].is_null())
        .map(|row| {
            let start: jiff::Timestamp =
                row["window_start"].as_str().expect("a time").parse().expect("a time");
            json!([
                start.as_millisecond(),
                row["lang"],
                row["count"],
                row["rank"],
                row["share"],
                row["total"],
                row["distinct"]
            ])
        })
        .collect();
    assert_eq!(found, expected);
    let sizes: std::collections::BTreeSet<&str> = snapshot["windows"]
        .as_array()
        .expect("windows")
        .iter()
        .filter_map(|window| window["size"].as_str())
        .collect();
    assert_eq!(sizes.into_iter().collect::<Vec<_>>(), ["10s", "30s"]);
    serving.stop();
}

#[test]
fn events_go_on_where_a_reader_was_and_start_anew_for_one_of_another_run() {
    let mut serving = Serving::start(&["--http"], [""; 0]);
    serving.running.send(window(0, &[("a", 3), ("b", 1)]));
    serving.await_metric("windows_total", 1);
    let mut events = serving.events("");
    let first = events.next();
    assert_eq!((&first.name[..], first.data["windows"].as_array().map(Vec::len)), ("resync", Some(1)));
    serving.running.send(window(1, &[("b", 5)]));
    let second = events.next_named("window");
    assert_eq!((&second.data["rows"][0]["key"], &second.data["late"]), (&"b".into(), &1.into()));
    assert_eq!(second.data["rows"][0]["colour"], 1, "b keeps its colour");
    let id = second.id.expect("an id");
    let boot = first.data["boot"].as_str().expect("a name");
    assert!(id == format!("{boot}-2") && first.id.as_deref() == Some(&format!("{boot}-1")), "{id}");
    serving.running.send(window(2, &[("c", 7)]));
    assert_eq!(events.next_named("window").data["seq"], 3);
    drop(events);
    let mut again = serving.events(&format!("Last-Event-ID: {id}\r\n"));
    let missed = again.next();
    assert_eq!((&missed.name[..], &missed.data["seq"]), ("window", &3.into()));
    assert_eq!(again.next().name, "tick");
    for stranger in ["other-2", &format!("{boot}-4"), "x"] {
        let event = serving.events(&format!("Last-Event-ID: {stranger}\r\n")).next();
        assert_eq!((&event.name[..], event.data["windows"].as_array().map(Vec::len)), ("resync", Some(3)));
    }
    serving.stop();
}

#[test]
fn a_higher_revision_replaces_a_window_and_rows_that_do_not_come_are_not_waited_for() {
    let mut serving = Serving::start(&["--http"], [""; 0]);
    let mut events = serving.events("");
    assert_eq!(events.next().name, "resync");
    serving.running.send(window(0, &[("a", 3)]).replace("\"late\":0", "\"late\":0,\"open\":true"));
    assert_eq!(events.next_named("window").data["open"], true);
    serving.running.send(window(0, &[("a", 4)]).replace("\"late\":0", "\"late\":2,\"rev\":1"));
    let again = events.next_named("window").data;
    assert_eq!((&again["rev"], &again["late"], again.get("open")), (&1.into(), &2.into(), None));
    assert_eq!(serving.snapshot()["windows"].as_array().map(Vec::len), Some(1));
    // Of two rows one was filtered out on the way.
    serving.running.send(window(1, &[("a", 1), ("b", 1)]).lines().next().expect("a row").to_owned() + "\n");
    assert_eq!(events.next_named("window").data["rows"].as_array().map(Vec::len), Some(1));
    serving.stop();
}

#[test]
fn the_end_of_the_input_is_shown_and_the_server_stays_until_told() {
    let mut serving = Serving::start(&["--http", "--tcp"], [""; 0]);
    let mut events = serving.events("");
    let first = events.next();
    assert_eq!(first.data["figures"]["state"], "waiting");
    assert!(first.data["figures"].get("late").is_none(), "nobody knows");
    serving.running.send(window(0, &[("a", 3)]));
    assert_eq!(events.next_named("tick").data["state"], "live");
    let mut lines = serving.lines();
    serving.await_metric("line_readers", 1);
    serving.running.close_input();
    let mut rest = String::new();
    lines.read_to_string(&mut rest).expect("an orderly end");
    loop {
        let tick = events.next_named("tick").data;
        if tick["state"] == "ended" {
            assert!(tick["ended"].as_u64().is_some() && tick["records"] == 1 && tick["late"] == 0, "{tick}");
            break;
        }
    }
    assert!(serving.running.said().contains("the input has ended"));
    assert_eq!(serving.metric("input_ended"), Some(1));
    assert_eq!(serving.snapshot()["windows"][0]["rows"][0]["key"], "a");
    let (code, said) = serving.stop();
    assert_eq!((code, said.as_str()), (143, ""));
}

#[test]
fn lines_over_http_come_as_they_are_and_end_in_order() {
    let mut serving = Serving::start(&["--http"], ["--exit-at-end"]);
    let mut lines = serving.ask("/lines", "");
    assert!(head(&mut lines).contains("content-type: application/x-ndjson"));
    serving.await_metric("line_readers", 1);
    serving.running.send("{\"a\": 1.0}\n{\"b\":2}\n");
    assert_eq!(chunk(&mut lines).expect("lines"), b"{\"a\": 1.0}\n{\"b\":2}\n");
    serving.running.close_input();
    assert_eq!(chunk(&mut lines), None);
    assert_eq!(serving.running.end(), (0, String::new()));
}

#[test]
fn events_are_lines_for_those_who_ask_for_lines() {
    let mut serving = Serving::start(&["--http"], [""; 0]);
    let mut lines = serving.ask("/events", "Accept: application/x-ndjson\r\n");
    assert!(head(&mut lines).contains("content-type: application/x-ndjson"));
    let mut next =
        || -> Value { serde_json::from_slice(&chunk(&mut lines).expect("a line")).expect("one object") };
    let first = next();
    assert_eq!((&first["event"], &first["data"]["figures"]["state"]), (&"resync".into(), &"waiting".into()));
    serving.running.send(window(0, &[("a", 3)]));
    loop {
        let text = String::from_utf8(chunk(&mut lines).expect("lines")).expect("UTF-8");
        let events: Vec<Value> =
            text.lines().map(|line| serde_json::from_str(line).expect("an object")).collect();
        let Some(window) = events.iter().find(|event| event["event"] == "window") else { continue };
        assert_eq!(window["data"]["rows"][0]["key"], "a");
        assert!(window["id"].as_str().is_some_and(|id| id.ends_with("-1")), "{window}");
        break;
    }
    serving.stop();
}

/// In the place of the desktop's opener stands one that notes what it was told to open.
#[test]
fn the_page_is_opened_in_the_browser_when_that_is_wanted() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().expect("a folder");
    let opener = folder.path().join("xdg-open");
    std::fs::write(&opener, "#!/bin/sh\necho \"$1\" >\"$0.part\" && mv \"$0.part\" \"$0.log\"\n")
        .expect("a file");
    std::fs::set_permissions(&opener, std::fs::Permissions::from_mode(0o755)).expect("ours");
    let path = format!("{}:/usr/bin:/bin", folder.path().display());
    let ran = |path: &str, args: &[&str]| {
        tool("stream-serve")
            .env("PATH", path)
            .env("TOKEN", "t")
            .args(["--http", "0", "--exit-at-end", "--open"])
            .args(args)
            .input("")
            .run()
    };
    let said = ran(&path, &[]).with_code(0).err;
    let page = said.trim_end().split_once("the page is at ").expect("an address").1.to_owned();
    let begun = Instant::now();
    let log = folder.path().join("xdg-open.log");
    while !log.exists() {
        assert!(begun.elapsed() < common::PATIENCE, "nothing was opened");
        std::thread::sleep(Duration::from_millis(5));
    }
    assert_eq!(std::fs::read_to_string(log).expect("a file").trim_end(), page);
    let said = ran("/nonexistent", &[]).with_code(0).err;
    assert!(said.contains("cannot open a browser") && said.contains("xdg-open"), "{said}");
    let said = ran(&path, &["--token-env", "TOKEN"]).with_code(2).err;
    assert!(said.contains("--open"), "{said}");
}

#[test]
fn a_file_of_rows_is_the_history() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("rows.jsonl");
    std::fs::write(&file, [window(0, &[("a", 1)]), "{}\n".into(), window(1, &[("b", 1)])].concat())
        .expect("a file");
    let args = ["--history".as_ref(), file.as_os_str(), "--windows".as_ref(), "2".as_ref()];
    let mut serving = Serving::start(&["--http"], args);
    assert_eq!(serving.said.len(), 1, "{:?}", serving.said);
    assert!(
        serving.said[0].contains("1 lines of") && serving.said[0].contains("no rows"),
        "{:?}",
        serving.said
    );
    assert_eq!(serving.snapshot()["figures"]["records"], 0);
    serving.running.send(window(2, &[("c", 1)]));
    serving.await_metric("windows_total", 3);
    let keys: Vec<Value> = serving.snapshot()["windows"]
        .as_array()
        .expect("windows")
        .iter()
        .map(|window| window["rows"][0]["key"].clone())
        .collect();
    assert_eq!(keys, ["b", "c"], "the oldest gave way");
    serving.stop();
    let missing =
        tool("stream-serve").args(["--http", "0", "--history", "/nonexistent"]).input("").run().with_code(4);
    assert!(missing.err.contains("cannot read the history /nonexistent"), "{}", missing.err);
}

#[test]
fn what_cannot_be_served_is_said_with_what_to_do() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = taken.local_addr().expect("bound").port().to_string();
    for option in ["--http", "--tcp"] {
        let ran = tool("stream-serve").args([option, &port]).input("").run().with_code(4);
        let expected =
            format!("stream-serve: cannot listen at 127.0.0.1:{port}: see {option} and --listen: ");
        assert!(ran.err.starts_with(&expected) && ran.err.lines().count() == 1, "{}", ran.err);
    }
    for (args, words) in [
        (&["--token-env", "NO_SUCH_VARIABLE"][..], "export NO_SUCH_VARIABLE"),
        (&["--wait-for", "65"], "from 1 to 64"),
        (&["--raw", ".a |"], "--raw"),
        (&["--listen", "localhost"], "--listen"),
        (&["--token-env", "TOKEN", "--tcp", "0", "--listen", "0.0.0.0"], "cannot show the token"),
    ] {
        let ran = tool("stream-serve")
            .env("TOKEN", "t")
            .args(args)
            .args(["--http", "0"])
            .input("")
            .run()
            .with_code(2);
        assert!(ran.err.contains(words), "{args:?}: {}", ran.err);
    }
}

#[test]
fn changes_alone_make_no_window_and_are_said_once() {
    let mut serving = Serving::start(&["--http"], ["--exit-at-end"]);
    let change = window(0, &[("a", 1)]).replace("\"late\":0", "\"late\":0,\"update\":true");
    serving.running.send(change.repeat(3));
    assert!(serving.running.said().contains("--emit complete"));
    assert_eq!(serving.metric("windows_total"), Some(0));
    serving.running.close_input();
    assert_eq!(serving.running.end(), (0, String::new()));
}

/// The bound that docs/stream-serve.md states, however fast the input is: what is new comes at most four times a second.
#[test]
fn events_come_at_most_four_times_a_second() {
    let none: [&str; 0] = [];
    let mut serving = Serving::start(&["--http"], none);
    let mut input = serving.running.take_input();
    let lines = "{\"n\":1}\n".repeat(100);
    let feeder =
        std::thread::spawn(move || while std::io::Write::write_all(&mut input, lines.as_bytes()).is_ok() {});
    // From before it was asked: no wait of the machine makes the time shorter.
    let begun = Instant::now();
    let mut events = serving.events("");
    let mut records =
        vec![events.next_named("resync").data["figures"]["records"].as_u64().expect("a figure")];
    while records.len() < 5 {
        records.push(events.next_named("tick").data["records"].as_u64().expect("a figure"));
    }
    let took = begun.elapsed();
    assert!(took >= Duration::from_secs(1), "{took:?}");
    assert!(records.is_sorted() && records[0] < records[4], "there was something new: {records:?}");
    serving.running.signal("TERM");
    feeder.join().expect("no panic");
    assert_eq!(serving.running.end().0, 128 + 15);
}
