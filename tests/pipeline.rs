//! The promises that every tool keeps, held by one table, and whole pipelines.

mod common;

use std::fs::OpenOptions;
use std::io::{BufRead, BufReader, Read, Write};
use std::process::ChildStdin;
use std::time::{Duration, Instant};

use common::{Running, await_end, json_lines, serve, shell, tool};

/// A tool as the table calls it: a line that the test makes comes out as a line that the test can foretell.
struct Case {
    tool: &'static str,
    args: &'static [&'static str],
    /// The n-th line of input.
    line: fn(usize) -> String,
    /// What of it is found in the line that comes out.
    sign: fn(usize) -> String,
    /// How many lines come out for the one before any has to: a window is closed by the next.
    behind: usize,
}

fn record(n: usize) -> String {
    format!("{{\"n\":{n},\"t\":{n},\"k\":\"key {n}\"}}\n")
}

fn whole_window(n: usize) -> String {
    let bounds = "\"window_start\":\"2020-01-01T00:00:00Z\",\"window_end\":\"2020-01-01T00:00:10Z\"";
    format!(
        "{{{bounds},\"k\":\"key {n}\",\"count\":{n},\"total\":{n},\"distinct\":1,\"rows\":1,\"late\":0,\"rev\":{n}}}\n"
    )
}

const CASES: [Case; 15] = [
    case("jsonl-filter", &[".n >= 0"], record, 0),
    case("jsonl-filter", &["(.n | tostring | length) > 0"], record, 0),
    case("jsonl-filter", &["--map", "{k}"], record, 0),
    case("jsonl-filter", &["--dedupe", ".n", "--within", "1h", "--time", ".t"], record, 0),
    case("jsonl-filter", &["--explode", ".k", "--select", ".k,.n"], record, 0),
    case("jsonl-filter", &["--check", "full", "--threads", "1", ".k"], record, 0),
    case("jsonl-filter", &["--threads", "3", "--format", "csv", "--map", "[.k, .n] | {a: .[0]}"], record, 1),
    case("stream-fetch", &["-"], record, 0),
    case("stream-fetch", &["-", "--time", ".t", "--speed", "1000000x"], record, 0),
    case("stream-fetch", &["-", "--rate", "100000"], record, 0),
    case("window-count", &["--time", ".t", "--key", ".k", "--window", "1s", "--watermark", "0s"], record, 1),
    case(
        "window-count",
        &["--time", ".t", "--key", ".k", "--window", "all", "--emit", "update", "--trigger", "1rec"],
        record,
        0,
    ),
    case("topn", &["3"], whole_window, 0),
    case("topn", &["--threads", "1", "--asc", "--other"], whole_window, 0),
    case("stream-serve", &["-q", "--http", "0", "--tee", "--exit-at-end"], record, 0),
];

const fn case(
    tool: &'static str,
    args: &'static [&'static str],
    line: fn(usize) -> String,
    behind: usize,
) -> Case {
    Case { tool, args, line, sign: key, behind }
}

fn key(n: usize) -> String {
    format!("key {n}")
}

impl Case {
    fn call(&self) -> common::Tool {
        tool(self.tool).args(self.args)
    }

    fn lines(&self, lines: std::ops::Range<usize>) -> String {
        lines.map(self.line).collect()
    }

    fn name(&self) -> String {
        format!("{} {}", self.tool, self.args.join(" "))
    }
}

/// Sends lines one by one, each after the one before came out; fails when it usually takes long.
fn assert_immediate(case: &Case, running: &mut Running, mut send: impl FnMut(&[u8])) {
    // What needs company, and the header of a table, come first.
    send(case.lines(0..case.behind + 1).as_bytes());
    while !running.line().contains(&(case.sign)(0)) {}
    let mut waits: Vec<Duration> = (1..11)
        .map(|n| {
            let line = (case.line)(n + case.behind);
            let sent = Instant::now();
            send(line.as_bytes());
            let got = running.line();
            assert!(got.contains(&(case.sign)(n)), "{}: {got}", case.name());
            sent.elapsed()
        })
        .collect();
    waits.sort();
    assert!(waits[5] < Duration::from_millis(50), "{}: {waits:?}", case.name());
}

#[test]
fn a_line_is_visible_before_the_next_is_sent() {
    for case in &CASES {
        let behind = if case.args.contains(&"csv") { 0 } else { case.behind };
        let case = Case { behind, args: case.args, ..*case };
        let mut running = case.call().start();
        let mut stdin = running.take_input();
        assert_immediate(&case, &mut running, |bytes| stdin.write_all(bytes).expect("it reads"));
        drop(stdin);
        assert_eq!(running.end().0, 0, "{}", case.name());
    }
}

#[test]
fn a_line_of_a_slow_gzip_stream_is_visible_at_once() {
    for case in CASES.iter().filter(|case| !case.args.contains(&"csv")) {
        let mut running = case.call().start();
        let mut stdin = flate2::write::GzEncoder::new(running.take_input(), flate2::Compression::fast());
        assert_immediate(case, &mut running, |bytes| {
            stdin.write_all(bytes).and_then(|()| stdin.flush()).expect("it reads");
        });
        drop(stdin.finish().expect("it reads"));
        assert_eq!(running.end().0, 0, "{}", case.name());
    }
}

#[test]
fn a_line_of_a_slow_zstd_stream_is_visible_at_once() {
    for case in CASES.iter().filter(|case| !case.args.contains(&"csv")) {
        let mut running = case.call().start();
        let mut stdin = zstd::Encoder::new(running.take_input(), 1).expect("memory");
        assert_immediate(case, &mut running, |bytes| {
            stdin.write_all(bytes).and_then(|()| stdin.flush()).expect("it reads");
        });
        drop(stdin.finish().expect("it reads"));
        assert_eq!(running.end().0, 0, "{}", case.name());
    }
}

/// A source over the network: `head` goes before the lines, and `wrap` is what the protocol makes of each.
fn assert_source_is_immediate(
    scheme: &str,
    reads_request: bool,
    head: &'static [u8],
    wrap: fn(&[u8]) -> Vec<u8>,
    end: &'static [u8],
) {
    let (send, lines) = std::sync::mpsc::channel::<Vec<u8>>();
    let address = serve(move |mut stream| {
        if reads_request {
            let mut request = BufReader::new(stream.try_clone().expect("open"));
            let mut line = String::new();
            while line != "\r\n" {
                line.clear();
                request.read_line(&mut line).expect("a request");
            }
        }
        stream.write_all(head).expect("connected");
        for line in lines {
            stream.write_all(&wrap(&line)).expect("connected");
        }
        stream.write_all(end).expect("connected");
    });
    let case = case("stream-fetch", &["URL"], record, 0);
    let mut running = tool("stream-fetch").arg(format!("{scheme}://{address}")).start();
    assert_immediate(&case, &mut running, |bytes| send.send(bytes.to_vec()).expect("the server is there"));
    drop(send);
    assert_eq!(running.end(), (0, String::new()));
}

#[test]
fn a_line_of_a_tcp_server_is_visible_at_once() {
    assert_source_is_immediate("tcp", false, b"", <[u8]>::to_vec, b"");
}

#[test]
fn a_line_of_a_chunked_response_is_visible_at_once() {
    let chunk = |line: &[u8]| [format!("{:x}\r\n", line.len()).as_bytes(), line, b"\r\n"].concat();
    let head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n";
    assert_source_is_immediate("http", true, head, chunk, b"0\r\n\r\n");
}

#[test]
fn a_line_of_a_response_without_length_is_visible_at_once() {
    assert_source_is_immediate("http", true, b"HTTP/1.0 200 OK\r\n\r\n", <[u8]>::to_vec, b"");
}

/// Writes lines for as long as somebody reads them.
fn feed(case: &Case, mut stdin: ChildStdin) {
    let line = case.line;
    std::thread::spawn(move || {
        let mut n = 100;
        loop {
            let lines: String = (n..n + 100).map(line).collect();
            if stdin.write_all(lines.as_bytes()).is_err() {
                return;
            }
            n += 100;
        }
    });
}

#[test]
fn a_reader_that_goes_away_ends_it_quietly_while_input_flows_and_while_it_is_silent() {
    for case in &CASES {
        for flows in [true, false] {
            let mut child = case.call().spawn();
            let mut stdin = child.stdin.take().expect("piped");
            stdin.write_all(case.lines(0..20).as_bytes()).expect("it reads");
            let mut silent = None;
            if flows {
                feed(case, stdin);
            } else {
                silent = Some(stdin);
            }
            let mut stdout = BufReader::new(child.stdout.take().expect("piped"));
            stdout.read_line(&mut String::new()).expect("a line");
            drop(stdout);
            assert_eq!(await_end(&mut child), 0, "{} flows: {flows}", case.name());
            let mut said = String::new();
            child.stderr.take().expect("piped").read_to_string(&mut said).expect("UTF-8");
            assert_eq!(said, "", "{} flows: {flows}", case.name());
            drop(silent);
        }
    }
}

#[test]
fn a_full_disk_is_one_line_on_stderr_and_status_4() {
    let topn_records = case("topn", &["--key", ".k"], record, 0);
    let plot = case("plot-svg", &[], whole_window, 0);
    let describe = case("jsonl-describe", &[], record, 0);
    let table = case("window-count", &["--time", ".t", "--window", "all", "--format", "table"], record, 0);
    for case in CASES.iter().chain([&topn_records, &plot, &table, &describe]) {
        // Two lines fail at the last flush, many while input still comes.
        for lines in [2, 20_000] {
            let full = OpenOptions::new().write(true).open("/dev/full").expect("this is Linux");
            let ran = case.call().input(case.lines(0..lines)).stdout_to(full).run().with_code(4);
            assert_eq!(ran.err.lines().count(), 1, "{} {lines}: {}", case.name(), ran.err);
            let start = format!("{}: ", case.tool);
            assert!(ran.err.starts_with(&start) && ran.err.contains("No space left"), "{}", ran.err);
        }
    }
}

#[test]
fn a_standard_output_that_is_closed_from_the_start_is_one_line_on_stderr_and_status_4() {
    let folder = tempfile::tempdir().expect("a folder");
    let rows = folder.path().join("rows");
    std::fs::write(&rows, whole_window(1)).expect("rows");
    let table: Vec<String> =
        CASES.iter().map(|case| format!("{} {}", case.tool, quoted(case.args))).collect();
    let others = [
        "topn --key .k",
        "jsonl-describe",
        "plot-svg",
        "plot-term",
        "jsonl-store --tee --create sqlite::memory:",
        "topn --help",
        "topn --version",
        "topn --generate man",
        "stream-fetch --list",
        "jsonl-filter --explain true",
        "window-count --explain --window 1s",
    ];
    for call in table.iter().map(String::as_str).chain(others) {
        let ran = shell(&format!("{call} <{} >&-", rows.display())).with_code(4);
        let tool = call.split(' ').next().expect("a tool");
        assert!(
            ran.err.starts_with(&format!("{tool}: cannot write the output: standard output is closed")),
            "{call}: {}",
            ran.err
        );
        assert_eq!(ran.err.lines().count(), 1, "{call}: {}", ran.err);
    }
    // Who writes elsewhere needs none, and an output that nobody is to read is one all the same.
    for call in
        ["topn -o top", "plot-svg -o rows.svg", "topn 2>&1 >/dev/null", "jsonl-store --create sqlite:rows.db"]
    {
        let closed = if call.contains("/dev/null") { "" } else { ">&-" };
        shell(&format!("cd {} && {call} <rows {closed}", folder.path().display())).quietly();
    }
}

fn quoted(args: &[&str]) -> String {
    args.iter().map(|arg| format!("'{arg}'")).collect::<Vec<_>>().join(" ")
}

#[test]
fn a_closed_standard_input_is_an_empty_one() {
    for case in &CASES {
        let ran = shell(&format!("{} {} <&-", case.tool, quoted(case.args)));
        assert_eq!((ran.code, ran.text()), (0, ""), "{}: {}", case.name(), ran.err);
    }
}

#[test]
fn a_broken_line_costs_only_itself() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("broken.jsonl");
    // A source hands on what came, and leaves the judgement to those who read it.
    let speaks = |case: &&Case| case.tool != "stream-fetch" && !case.args.contains(&"-q");
    for case in CASES.iter().filter(speaks) {
        let good = case.call().input(case.lines(0..9)).run().with_code(0);
        for broken in ["{\"n\":", "{\"k\":\"a}", "[1]", "{\"n\":1]}", "{} {}", "\u{0}", "{\"k\":\"\\\"}"] {
            let lines = [case.lines(0..4), format!("{broken}\n"), case.lines(4..9)].concat();
            let ran = case.call().input(&lines).run().with_code(0);
            assert_eq!(ran.text(), good.text(), "{} after {broken}", case.name());
            assert!(ran.err.contains(": -:5: "), "{}: {}", case.name(), ran.err);
            assert!(ran.err.contains("rejected 1 of 10 lines"), "{}: {}", case.name(), ran.err);
        }
        std::fs::write(&file, [case.lines(0..4).as_bytes(), b"{\xff}\n"].concat()).expect("a file");
        let ran = case.call().arg(&file).run().with_code(0);
        assert!(ran.err.contains(&format!(": {}:5: ", file.display())), "{}: {}", case.name(), ran.err);
    }
}

#[test]
fn the_whole_pipeline_draws_what_the_demo_stream_has() {
    let folder = tempfile::tempdir().expect("a folder");
    let svg = folder.path().join("cities.svg");
    let pipeline = format!(
        "stream-fetch demo:rsvps --records 2000 -q |
         jsonl-filter '.group.group_country == \"us\"' -q |
         window-count --time .mtime --key city=.group.group_city --window all --emit complete --trigger 2s -q |
         topn 10 | tee {rows} | plot-svg --follow -o {svg}",
        rows = folder.path().join("rows").display(),
        svg = svg.display()
    );
    shell(&pipeline).quietly();
    let rows = json_lines(&std::fs::read_to_string(folder.path().join("rows")).expect("rows"));
    let last = &rows[rows.len() - 10..];
    assert!(last.iter().all(|row| row["rev"] == last[0]["rev"] && row["rows"] == 10), "{last:?}");
    let drawn = std::fs::read_to_string(&svg).expect("a chart");
    roxmltree::Document::parse(&drawn).expect("a whole SVG");
    for row in last {
        let city = row["city"].as_str().expect("a name");
        assert!(drawn.contains(city), "{city}");
    }
}

#[test]
fn head_at_the_end_of_a_pipeline_ends_all_of_it() {
    let ran = shell(
        "stream-fetch demo:tweets -q | jsonl-filter .lang -q | window-count --key .lang --window 1s -q | topn 1 | head -1",
    );
    assert_eq!(json_lines(ran.quietly().text())[0]["rank"], 1);
}

/// A folder of logs has more files than a process may hold open.
#[test]
fn more_files_than_may_be_open_at_a_time() {
    let folder = tempfile::tempdir().expect("a folder");
    for n in 0..1100 {
        let line = format!("{{\"t\":{n},\"k\":\"a\"}}\n");
        let bytes = if n % 2 == 0 { common::gzip(line.as_bytes()) } else { line.into_bytes() };
        std::fs::write(folder.path().join(format!("{n:04}.log")), bytes).expect("a file");
    }
    let files = format!("{}/*.log", folder.path().display());
    let ran = shell(&format!("ulimit -n 300; topn --key .k {files}")).quietly();
    assert_eq!(json_lines(ran.text())[0]["count"], 1100);
    let ran = shell(&format!("ulimit -n 300; stream-fetch {files} | tail -n 1")).quietly();
    assert_eq!(ran.text(), "{\"t\":1099,\"k\":\"a\"}\n");
    // Each is looked at before the first is read.
    let ran = shell(&format!("stream-fetch {files} {files}.gone")).with_code(4);
    assert!(ran.out.is_empty() && ran.err.contains("*.log.gone: there is no file to read"), "{}", ran.err);
}
