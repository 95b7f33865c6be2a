//! Same input, same flags, same bytes out: whatever the locale, the number of threads, and the way in; and the replay
//! property, at any speed.

mod common;

use std::path::Path;

use common::{Ran, Tool, demo, gzip, tool, zstd};

/// What every tool is asked here; the input is a demo stream, or the rows of one.
const CALLS: [(&str, &[&str], Input); 16] = [
    ("jsonl-filter", &[".lang == \"en\""], Input::Tweets),
    ("jsonl-filter", &["--map", "{lang, tag: .entities.hashtags[].text}"], Input::Tweets),
    ("jsonl-filter", &["(.text | length) > 60"], Input::Tweets),
    ("jsonl-filter", &["--format", "csv", "--map", "{id, t: .created_at} | select(.id)"], Input::Tweets),
    ("jsonl-filter", &["--format", "table", "--map", "{id, t: .created_at} | select(.id)"], Input::Tweets),
    ("window-count", &["--key", ".entities.hashtags[].text", "--window", "20s/10s"], Input::Tweets),
    (
        "window-count",
        &["--window", "7s", "--window", "1m/7s", "--key", ".lang", "--key", "u=.user.verified"],
        Input::Tweets,
    ),
    (
        "window-count",
        &["--key", ".lang", "--window", "all", "--emit", "complete", "--trigger", "2s"],
        Input::Tweets,
    ),
    ("window-count", &["--key", ".lang", "--window", "10s", "--format", "table"], Input::Tweets),
    (
        "window-count",
        &[
            "--key",
            "t=.entities.hashtags[].text",
            "--window",
            "20s/10s",
            "--max-keys",
            "20",
            "--on-full",
            "sketch",
        ],
        Input::Tweets,
    ),
    (
        "window-count",
        &[
            "--window",
            "100ms",
            "--emit-empty",
            "--watermark-by",
            ".lang",
            "--missing",
            "null",
            "--key",
            ".place",
        ],
        Input::Tweets,
    ),
    (
        "topn",
        &["3", "--key", "tag=.entities.hashtags[].text", "--max-keys", "20", "--on-full", "sketch"],
        Input::Tweets,
    ),
    ("topn", &["3", "--key", "tag=.entities.hashtags[].text", "--other"], Input::Tweets),
    ("topn", &["3", "--other"], Input::Rows),
    ("topn", &["3", "--format", "tsv"], Input::Rows),
    ("plot-svg", &[], Input::Rows),
];

#[derive(Clone, Copy, PartialEq)]
enum Input {
    Tweets,
    Rows,
}

fn tweets() -> Vec<u8> {
    demo("demo:tweets", 300)
}

fn rows(tweets: &[u8]) -> Vec<u8> {
    let tags = ["--key", ".entities.hashtags[].text", "--window", "20s/10s", "-q"];
    tool("window-count").args(tags).input(tweets).run().with_code(0).out
}

/// All calls, with what each puts out for its input from standard input.
fn each_call(mut check: impl FnMut(&str, &dyn Fn() -> Tool, &[u8], &Ran)) {
    let tweets = tweets();
    let rows = rows(&tweets);
    for (name, args, kind) in CALLS {
        let input = if kind == Input::Tweets { &tweets } else { &rows };
        let call = || tool(name).args(args).arg("-q");
        let piped = call().input(input).run().with_code(0);
        assert!(!piped.out.is_empty(), "{name} {args:?}");
        check(&format!("{name} {}", args.join(" ")), &call, input, &piped);
    }
}

#[track_caller]
fn assert_same(what: &str, got: &Ran, expected: &Ran) {
    assert!(got.out == expected.out, "{what}\n--- got\n{}\n--- expected\n{}", got.text(), expected.text());
}

#[test]
fn the_locale_the_time_zone_and_a_second_run_change_nothing() {
    each_call(|name, call, input, piped| {
        let again = call().input(input).run().with_code(0);
        assert_same(name, &again, piped);
        let elsewhere = call()
            .env("LC_ALL", "tr_TR.UTF-8")
            .env("LANG", "tr_TR.UTF-8")
            .env("TZ", "Asia/Tokyo")
            .input(input)
            .run()
            .with_code(0);
        assert_same(name, &elsewhere, piped);
        let nowhere =
            call().env("LC_ALL", "C").env("TZ", "").env("COLUMNS", "20").input(input).run().with_code(0);
        assert_same(name, &nowhere, piped);
    });
}

#[test]
fn the_number_of_threads_changes_nothing() {
    each_call(|name, call, input, piped| {
        for threads in ["1", "2", "3"] {
            let ran = call().args(["--threads", threads]).input(input).run().with_code(0);
            assert_same(&format!("{name} --threads {threads}"), &ran, piped);
        }
    });
}

#[test]
fn the_way_in_changes_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = |name: &str, bytes: &[u8]| {
        let path = folder.path().join(name);
        std::fs::write(&path, bytes).expect("a file");
        path
    };
    each_call(|name, call, input, piped| {
        let whole = file("whole.jsonl", input);
        let from_file = call().arg(&whole).run().with_code(0);
        assert_same(&format!("{name} FILE"), &from_file, piped);
        let (gz, zst) = (file("a.gz", &gzip(input)), file("a.bin", &zstd(input)));
        for compressed in [&gz, &zst] {
            let ran = call().arg(compressed).run().with_code(0);
            assert_same(&format!("{name} {}", compressed.display()), &ran, piped);
        }
        let ran = call().input(gzip(input)).run().with_code(0);
        assert_same(&format!("{name} < GZIP"), &ran, piped);
        // Cut at some line, the first part without its newline.
        let newlines: Vec<usize> = (0..input.len()).filter(|&at| input[at] == b'\n').collect();
        for cut in [newlines[0], newlines[newlines.len() / 3], newlines[newlines.len() - 1]] {
            let parts = [file("1.jsonl", &input[..cut]), file("2.zst", &zstd(&input[cut + 1..]))];
            let ran = call().args(&parts).run().with_code(0);
            assert_same(&format!("{name} in two files, cut at {cut}"), &ran, piped);
            let ran = call().arg(&parts[0]).arg("-").input(&input[cut + 1..]).run().with_code(0);
            assert_same(&format!("{name} FILE -"), &ran, piped);
        }
    });
}

#[test]
fn a_slow_pipe_changes_nothing() {
    let (tweets, lines_sent) = (demo("demo:tweets", 300), 40);
    for args in [
        &["--key", ".entities.hashtags[].text", "--window", "2s/1s", "--watermark", "1s"][..],
        &["--key", ".lang", "--window", "all", "--emit", "update", "--trigger", "1s"],
    ] {
        let call = || tool("window-count").args(args).arg("-q");
        let expected = call().input(&tweets).run().with_code(0);
        let mut running = call().start();
        for piece in tweets.chunks(tweets.len() / lines_sent) {
            // Cut anywhere, also inside a line.
            running.send(piece);
        }
        running.close_input();
        assert_eq!(running.rest().join("\n") + "\n", expected.text(), "{args:?}");
    }
}

/// A recording with short gaps, so that its replay takes no time worth speaking of.
fn recording(path: &Path) -> Vec<u8> {
    let mut lines = String::new();
    for n in 0..60 {
        // Disorder, a blank line, a broken one, and one that has no time.
        let jitter = [0, 7, -9, 3, 0][n % 5];
        let time = 1_600_000_000_000 + 5 * n as i64 + jitter;
        lines += &format!("{{\"ts\":{time},\"k\":\"{}\"}}\n", n % 4);
        lines += [("\n"), ("{\"ts\":\n"), ("{\"k\":\"untimed\"}\n"), ("")][n % 4];
    }
    std::fs::write(path, &lines).expect("a file");
    lines.into_bytes()
}

#[test]
fn a_replay_at_any_speed_gives_the_bytes_of_the_file() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("recording.jsonl");
    let bytes = recording(&file);
    let windows = ["--time", ".ts", "--key", ".k", "--window", "50ms/20ms", "--watermark", "10ms", "-q"];
    let from_file = tool("window-count").args(windows).arg(&file).run().with_code(0);
    assert!(from_file.out.len() > 1000);
    let paces: [&[&str]; 6] = [
        &["--speed", "1x"],
        &["--speed", "60x"],
        &["--speed", "max"],
        &["--speed", "0.5x", "--max-gap", "2ms"],
        &["--rate", "1000"],
        &["--time", ".ts", "--speed", "3x", "--threads", "1"],
    ];
    for pace in paces {
        let replayed = tool("stream-fetch").args(pace).arg("-q").arg(&file).run().with_code(0);
        // Blank lines are no data.
        let lines = |bytes: &[u8]| -> Vec<Vec<u8>> {
            bytes.split(|&byte| byte == b'\n').filter(|line| !line.is_empty()).map(<[u8]>::to_vec).collect()
        };
        assert_eq!(lines(&replayed.out), lines(&bytes), "{pace:?}");
        let counted = tool("window-count").args(windows).input(&replayed.out).run().with_code(0);
        assert_same(&format!("{pace:?}"), &counted, &from_file);
    }
}

#[test]
fn a_replay_at_its_own_pace_takes_the_time_that_it_took() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("recording.jsonl");
    recording(&file);
    let time = |pace: &[&str]| {
        let begun = std::time::Instant::now();
        tool("stream-fetch").args(pace).arg("-q").arg(&file).run().with_code(0);
        begun.elapsed().as_millis()
    };
    // 60 records, 5 ms apart.
    assert!(time(&["--speed", "1x"]) >= 295);
    assert!(time(&["--rate", "500"]) >= 118);
    assert!(time(&["--speed", "0.01x", "--max-gap", "1ms"]) < 10_000);
}

#[test]
fn the_demo_stream_is_the_same_fast_slow_and_kept() {
    for source in ["demo:tweets", "demo:rsvps"] {
        let fetch = |args: &[&str]| {
            let always = [source, "--records", "300", "--seed", "7", "-q"];
            tool("stream-fetch").args(always).args(args).run().with_code(0).out
        };
        let fast = fetch(&[]);
        assert_eq!(fetch(&["--threads", "1"]), fast);
        // 300 records at 2000 a second are denser in event time, and other bytes; twice the same ones.
        let paced = fetch(&["--rate", "2000"]);
        assert_eq!(fetch(&["--rate", "2000"]), paced);
        assert_ne!(paced, fast);
        let windows = ["--key", ".lang // .venue.venue_id", "--window", "20ms", "-q"];
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("kept.gz");
        std::fs::write(&file, gzip(&paced)).expect("a file");
        let piped = tool("window-count").args(windows).input(&paced).run().with_code(0);
        assert_same(source, &tool("window-count").args(windows).arg(&file).run().with_code(0), &piped);
    }
}
