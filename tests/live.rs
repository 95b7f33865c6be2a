//! Live use: signals, figures on demand, and memory that the length of the stream does not move.

mod common;

use std::io::{BufRead, BufReader, Read, Write};

use common::{await_end, json_lines, peak_memory, shell, tool};
use serde_json::Value;

fn record(n: usize) -> String {
    format!("{{\"n\":{n},\"t\":{n},\"k\":\"key {}\"}}\n", n % 7)
}

fn records(count: usize) -> String {
    (0..count).map(record).collect()
}

fn row(n: usize) -> String {
    let bounds = "\"window_start\":\"2020-01-01T00:00:00Z\",\"window_end\":\"2020-01-01T00:00:10Z\"";
    format!(
        "{{{bounds},\"k\":\"key {n}\",\"count\":{n},\"total\":{n},\"distinct\":1,\"rows\":1,\"late\":0,\"rev\":{n}}}\n"
    )
}

const SIGNALS: [(&str, i32); 3] = [("INT", 130), ("TERM", 143), ("HUP", 129)];

/// A stage that reads a pipe goes on for a second, for what the stage before it still sends: all at the same time.
fn each_signal(check: impl Fn(&str, i32) + Sync) {
    std::thread::scope(|scope| {
        for (signal, code) in SIGNALS {
            let check = &check;
            scope.spawn(move || check(signal, code));
        }
    });
}

#[test]
fn a_signal_flushes_what_came() {
    for args in [&["jsonl-filter", ".k"][..], &["stream-fetch", "-"]] {
        each_signal(|signal, code| {
            let mut running = tool(args[0]).args(&args[1..]).start();
            running.send(records(5));
            assert_eq!((0..5).map(|_| running.line()).count(), 5);
            running.signal(signal);
            assert_eq!(running.end().0, code, "{args:?} {signal}");
        });
    }
}

#[test]
fn a_signal_brings_out_what_waits_for_the_end() {
    each_signal(|signal, code| {
        let mut running = tool("topn").args(["2", "--key", ".k"]).start();
        // What it says about a broken line tells that it has read all.
        running.send(records(5) + "{\n");
        assert!(running.said().contains("-:6: "));
        running.signal(signal);
        assert_eq!(running.rest().len(), 2, "the largest so far");
        assert_eq!(running.end().0, code, "{signal}");
    });
}

#[test]
fn a_signal_brings_the_open_windows_out() {
    each_signal(|signal, code| {
        let args = ["--time", ".t", "--window", "10s", "--watermark", "0s"];
        let mut running = tool("window-count").args(args).start();
        running.send(records(25));
        assert!(running.line().contains("\"count\":10,"));
        assert!(running.line().contains("\"count\":10,"));
        running.signal(signal);
        let rest = json_lines(&running.rest().join("\n"));
        assert_eq!(rest.len(), 1, "{signal}");
        assert_eq!((&rest[0]["count"], &rest[0]["open"]), (&Value::from(5), &Value::from(true)), "{signal}");
        assert_eq!(running.end().0, code, "{signal}");
    });
}

/// Ctrl-C reaches all stages of a pipeline at once.
#[test]
fn a_signalled_stage_takes_what_the_stage_before_it_still_sends_and_owns_up_to_the_signal() {
    let args = ["--time", ".t", "--window", "10s", "--watermark", "0s"];
    let mut running = tool("window-count").args(args).start();
    running.send(records(15));
    assert!(running.line().contains("\"count\":10,"));
    running.signal("INT");
    running.send(record(15));
    running.close_input();
    assert!(running.line().contains("\"count\":6,"), "what came behind the signal counts");
    assert_eq!(running.end().0, 130);
}

#[test]
fn a_signal_ends_a_wait_for_a_silent_server_and_for_a_far_due_line() {
    let (release, held) = std::sync::mpsc::channel::<()>();
    let address = common::serve(move |mut stream| {
        stream.write_all(b"{\"a\":1}\n").expect("connected");
        held.recv().unwrap_or_default();
    });
    let mut running = tool("stream-fetch").arg(format!("tcp://{address}")).start();
    assert_eq!(running.line(), "{\"a\":1}");
    running.signal("INT");
    assert_eq!(running.end().0, 130);
    drop(release);
    let mut running = tool("stream-fetch").args(["-", "--time", ".t", "--speed", "1x"]).start();
    running.send("{\"t\":0}\n{\"t\":3600}\n");
    assert_eq!(running.line(), "{\"t\":0}");
    running.signal("TERM");
    assert_eq!(running.end().0, 143);
    let mut running = tool("stream-fetch").args(["demo:tweets", "--rate", "0.001"]).start();
    running.line();
    running.signal("TERM");
    assert_eq!(running.end().0, 143);
}

#[test]
fn a_reader_that_goes_away_ends_a_wait_for_a_far_due_line() {
    for args in [&["-", "--time", ".t", "--speed", "1x"][..], &["demo:tweets", "--rate", "0.001"]] {
        let mut child = tool("stream-fetch").args(args).spawn();
        let mut stdin = child.stdin.take().expect("piped");
        let _ = stdin.write_all(b"{\"t\":0}\n{\"t\":3600}\n");
        let mut stdout = BufReader::new(child.stdout.take().expect("piped"));
        stdout.read_line(&mut String::new()).expect("a line");
        drop(stdout);
        assert_eq!(await_end(&mut child), 0, "{args:?}");
        let mut said = String::new();
        child.stderr.take().expect("piped").read_to_string(&mut said).expect("UTF-8");
        assert_eq!(said, "");
    }
}

#[test]
fn figures_come_when_asked_for() {
    for args in [
        &["jsonl-filter", ".k"][..],
        &["stream-fetch", "-"],
        &["window-count", "--time", ".t", "--window", "1s", "--watermark", "0s"],
    ] {
        let mut running = tool(args[0]).args(&args[1..]).start();
        running.send(records(5));
        (0..4).for_each(|_| drop(running.line()));
        running.signal("USR1");
        let said = running.said();
        let figures: Value = serde_json::from_str(&said).expect("figures are one line of JSON");
        assert!(said.starts_with(&format!("{{\"tool\":\"{}\",", args[0])), "{said}");
        assert_eq!((&figures["lines"], &figures["records"]), (&Value::from(5), &Value::from(5)), "{said}");
        running.send(record(5));
        running.line();
        running.close_input();
        assert_eq!(running.end().0, 0, "it went on");
    }
}

#[test]
fn figures_come_during_a_wait_for_a_far_due_line() {
    let mut running = tool("stream-fetch").args(["-", "--time", ".t", "--speed", "1x"]).start();
    running.send("{\"t\":0}\n{\"t\":3600}\n");
    running.line();
    running.signal("USR1");
    let figures = json_lines(&running.said());
    assert_eq!(
        (&figures[0]["lines"], &figures[0]["rows"]),
        (&Value::from(2), &Value::from(1)),
        "{figures:?}"
    );
    running.signal("TERM");
    assert_eq!(running.end().0, 143);
}

/// In a terminal of 80 columns, if there is a program that makes one.
#[test]
fn a_bar_is_drawn_on_one_line_of_a_terminal_and_leaves_nothing() {
    let script = |command: &str| {
        shell(&format!("script -qec 'stty cols 80 rows 24; {command} >/dev/null' /dev/null </dev/null"))
    };
    if shell("command -v script").code != 0 {
        return println!("skipped: a_bar_is_drawn_on_one_line_of_a_terminal_and_leaves_nothing (no script)");
    }
    let drawn = script("stream-fetch --rate 10 tests/data/nine.jsonl").with_code(0);
    let text = String::from_utf8_lossy(&drawn.out);
    assert!(text.contains("stream-fetch █") && text.contains(" 9 records"), "{text:?}");
    assert!(!text.contains("\x1b[1A"), "two lines: {text:?}");
    assert!(text.trim_end().ends_with("\x1b[2K"), "the last thing drawn is nothing: {text:?}");
    assert_eq!(script("stream-fetch -q --rate 10 tests/data/nine.jsonl").text(), "");
}

#[test]
fn of_a_live_source_a_terminal_shows_how_far_it_is_behind() {
    if shell("command -v script").code != 0 {
        return println!("skipped: of_a_live_source_a_terminal_shows_how_far_it_is_behind (no script)");
    }
    // The second of two connections.
    let sends = |times: u32| {
        common::server::script(move |talk| {
            for _ in 0..times {
                let ago = jiff::Timestamp::now().as_millisecond() - 60_000;
                talk.send(format!("{{\"ts\":{ago}}}\n"));
                std::thread::sleep(std::time::Duration::from_millis(60));
            }
        })
    };
    let server = common::server::Server::new(vec![sends(2), sends(25)]);
    let address = &server.address;
    let call = format!(
        "stty cols 120 rows 24; stream-fetch --reconnect --retry-delay 1ms --retry-max 2 tcp://{address} >/dev/null"
    );
    let drawn = shell(&format!("script -qec '{call}' /dev/null </dev/null")).with_code(4);
    let text = String::from_utf8_lossy(&drawn.out);
    assert!(
        text.contains(" records, ") && text.contains("/s, 6") && text.contains(" s behind now, 1 reconnect"),
        "{text:?}"
    );
}

#[test]
fn a_second_signal_ends_a_tool_whose_output_nobody_reads() {
    for args in [&["jsonl-filter", ".k"][..], &["stream-fetch", "-"]] {
        let mut child = tool(args[0]).args(&args[1..]).spawn();
        let mut stdin = child.stdin.take().expect("piped");
        // It stops reading once the pipe behind it is full: then this stops, too.
        let feeder = std::thread::spawn(move || while stdin.write_all(records(1000).as_bytes()).is_ok() {});
        // Something is in the pipe behind it, and stays there.
        child.stdout.as_mut().expect("piped").read_exact(&mut [0]).expect("a byte");
        let pid = child.id();
        for signal in ["INT", "TERM"] {
            shell(&format!("kill -{signal} {pid}")).quietly();
        }
        assert!([130, 143].contains(&await_end(&mut child)), "{args:?}");
        feeder.join().expect("no panic");
    }
}

#[test]
fn memory_is_bounded_by_the_windows_and_not_by_the_stream() {
    let padding = "x".repeat(2000);
    let calls: [(&[&str], bool); 8] = [
        (&["jsonl-filter", ".k == \"key 3\""], false),
        (&["jsonl-filter", "(.k | length) < 4"], false),
        (&["jsonl-filter", "--map", "{k, n}"], false),
        (&["stream-fetch", "-"], false),
        (&["window-count", "--time", ".t", "--key", ".k", "--window", "10s/1s", "-q"], false),
        (&["window-count", "--time", ".t", "--key", ".k", "--window", "all", "-q"], false),
        (&["topn", "2", "--key", ".k"], false),
        (&["topn", "2"], true),
    ];
    for (args, takes_rows) in calls {
        let nowhere = std::fs::OpenOptions::new().write(true).open("/dev/null").expect("it exists");
        let mut child = tool(args[0]).args(&args[1..]).stdout_to(nowhere).spawn();
        let mut stdin = child.stdin.take().expect("piped");
        let mut n = 0;
        let mut grow_to = |megabytes: usize| {
            let mut sent = 0;
            while sent < megabytes << 20 {
                let line = if takes_rows {
                    row(n)
                } else {
                    format!("{{\"t\":{n},\"k\":\"key {}\",\"pad\":\"{padding}\"}}\n", n % 7)
                };
                let lines = line.repeat(if takes_rows { 1 } else { 25 });
                stdin.write_all(lines.as_bytes()).expect("it reads");
                sent += lines.len();
                n += 1;
            }
        };
        // At first more than the pipe and all buffers take, so that each of them was full once.
        let (first, second) = if takes_rows { (4, 8) } else { (4, 18) };
        grow_to(first);
        let early = peak_memory(child.id()).expect("Linux says it");
        grow_to(second);
        let late = peak_memory(child.id()).expect("Linux says it");
        assert!(late < early + 6000, "{args:?}: {early} KiB, later {late} KiB");
        drop(stdin);
        assert_eq!(await_end(&mut child), 0, "{args:?}");
    }
}

#[test]
fn one_endless_line_does_not_fill_the_memory() {
    for name in ["jsonl-filter", "window-count"] {
        let args: &[&str] =
            if name == "jsonl-filter" { &[".k"] } else { &["--time", ".t", "--window", "1s"] };
        let mut child = tool(name).args(args).args(["--max-line", "100KiB"]).spawn();
        let mut stdin = child.stdin.take().expect("piped");
        stdin.write_all(record(1).as_bytes()).expect("it reads");
        let megabyte = vec![b'x'; 1 << 20];
        (0..4).for_each(|_| stdin.write_all(&megabyte).expect("it reads"));
        let early = peak_memory(child.id()).expect("Linux says it");
        (0..40).for_each(|_| stdin.write_all(&megabyte).expect("it reads"));
        let late = peak_memory(child.id()).expect("Linux says it");
        assert!(late < early + 6000, "{name}: {early} KiB, later {late} KiB");
        stdin.write_all(format!("\n{}", record(2)).as_bytes()).expect("it reads");
        drop(stdin);
        let done = child.wait_with_output().expect("it ends");
        assert_eq!(done.status.code(), Some(0));
        assert!(String::from_utf8_lossy(&done.stderr).contains("rejected 1 of 3 lines (too-long 1)"));
    }
}

/// Parts that are merged live wait for each other's notes: one comes every second, though no window ends.
#[test]
fn a_part_says_how_far_it_is_while_records_come() {
    let args = ["-q", "--partial", "--part", "a", "--time", ".t", "--window", "1000h"];
    let mut running = tool("window-count").args(args).start();
    let mut input = running.take_input();
    let is_over = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
    let told = std::sync::Arc::clone(&is_over);
    let feeder = std::thread::spawn(move || {
        for n in 1.. {
            if told.load(std::sync::atomic::Ordering::Relaxed)
                || input.write_all(record(n).as_bytes()).is_err()
            {
                return;
            }
            std::thread::sleep(std::time::Duration::from_millis(10));
        }
    });
    let mut last = 0;
    for _ in 0..3 {
        let note: Value = serde_json::from_str(&running.line()).expect("a line of JSON");
        let time = note["@partial"]["max_event_time"].as_i64().unwrap_or_default();
        assert!(note["@partial"]["ended"] == false && time >= last, "{note}");
        last = time;
    }
    assert!(last > 0, "the notes tell how far it is");
    is_over.store(true, std::sync::atomic::Ordering::Relaxed);
    feeder.join().expect("no panic");
    running.rest();
    assert_eq!(running.end(), (0, String::new()));
}
