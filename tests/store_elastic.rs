//! `jsonl-store elasticsearch+http://…`: what a strict double of Elasticsearch has afterwards, which the official Python clients
//! of Elasticsearch and OpenSearch drive, too. No server itself can be had where these tests run.

mod common;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use common::emissions::emissions;
use common::kept::Chance;
use common::peer::{Peer, have, python_with};
use common::{PATIENCE, Ran, Tool, demo, json_lines, ranked_rows, tool};
use serde_json::{Value, json};

/// The double, which keeps what it has in a folder.
fn double_at(port: Option<u16>, folder: &Path, kind: &str) -> Option<Peer> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/doubles/elasticsearch.py");
    have(&["python3"]).then(|| {
        Peer::start_at(port, |port| {
            let (script, folder) = (script.display().to_string(), folder.display().to_string());
            ["python3", &script, &port.to_string(), &folder, kind].map(str::to_owned).into()
        })
    })
}

fn double(folder: &Path) -> Option<Peer> {
    double_at(None, folder, "elasticsearch")
}

fn url(peer: &Peer, path: &str) -> String {
    format!("http://127.0.0.1:{}/{path}", peer.port)
}

fn post(peer: &Peer, path: &str, body: &Value) -> Value {
    let call = ureq::post(url(peer, path)).header("Content-Type", "application/json");
    let text = call.send(body.to_string()).expect("an answer").into_body().read_to_string().expect("text");
    serde_json::from_str(&text).expect("JSON")
}

/// Tells the double what to do badly.
fn tell(peer: &Peer, what: &Value) {
    let call = ureq::put(url(peer, "_double")).header("Content-Type", "application/json");
    call.send(what.to_string()).expect("an answer");
}

/// Method, path without its query, and bytes of the requests so far.
fn requests(peer: &Peer) -> Vec<(String, String, u64)> {
    let text = ureq::get(url(peer, "_double")).call().expect("an answer").into_body().read_to_string();
    let said: Value = serde_json::from_str(&text.expect("text")).expect("JSON");
    let requests = said["requests"].as_array().expect("a list").clone();
    let text = |value: &Value| value.as_str().expect("text").split('?').next().expect("a path").to_owned();
    requests.iter().map(|one| (text(&one[0]), text(&one[1]), one[2].as_u64().expect("bytes"))).collect()
}

fn bulk_sizes(peer: &Peer) -> Vec<u64> {
    requests(peer).into_iter().filter(|(_, path, _)| path == "/_bulk").map(|(_, _, bytes)| bytes).collect()
}

/// All documents, each with its index.
fn documents(peer: &Peer) -> BTreeSet<String> {
    post(peer, "*/_refresh", &json!({}));
    let found = post(peer, "*/_search", &json!({"size": 10000}));
    let hits = found["hits"]["hits"].as_array().expect("hits");
    let ids: BTreeSet<String> = hits.iter().map(|hit| format!("{} {}", hit["_index"], hit["_id"])).collect();
    assert_eq!(ids.len(), hits.len());
    hits.iter().map(|hit| format!("{} {}", hit["_index"].as_str().expect("a name"), hit["_source"])).collect()
}

/// Lines as [`documents`] has them.
fn expected(lines: &str, index: impl Fn(&Value) -> String) -> BTreeSet<String> {
    json_lines(lines).into_iter().map(|row| format!("{} {row}", index(&row))).collect()
}

fn store(peer: &Peer, index: &str, args: &[&str]) -> Tool {
    tool("jsonl-store")
        .arg(format!("elasticsearch+http://127.0.0.1:{}/{index}", peer.port))
        .args(args)
        .args(["--retry-delay", "10ms"])
}

fn row(end: u32, key: &str, count: u32, rest: &str) -> String {
    format!(
        r#"{{"window_start":"2018-11-12T19:00:00Z","window_end":"2018-11-12T19:00:{end:02}Z","tag":"{key}","count":{count},{rest}}}"#
    ) + "\n"
}

#[test]
fn rows_of_windows_are_documents_and_the_same_stream_twice_changes_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let Some(peer) = double(folder.path()) else { return };
    let rows = ranked_rows();
    let text = std::str::from_utf8(&rows).expect("UTF-8");
    let all = expected(text, |row| {
        let day = row["window_start"].as_str().expect("a time");
        format!("top-{}", day[..16].replace(['-', 'T', ':'], "."))
    });
    for batch in ["5000", "7"] {
        store(&peer, "top-%Y.%m.%d.%H.%M", &["--batch", batch]).input(&rows).run().quietly();
        assert_eq!(documents(&peer), all);
    }
    let indices: BTreeSet<&str> = all.iter().map(|line| line.split(' ').next().expect("an index")).collect();
    assert!(all.len() > 100 && indices.len() > 1, "{indices:?}");
}

/// The file store came to the same by other means: it reads the whole file, and writes it anew.
#[test]
fn what_replaces_what_is_as_in_the_other_stores() {
    let folder = tempfile::tempdir().expect("a folder");
    let Some(peer) = double(folder.path()) else { return };
    let mut chance = Chance(20_261_121);
    for case in 0..40 {
        let index = format!("case-{case}");
        let file = folder.path().join(format!("{index}.jsonl"));
        let (mut sent, mut newest) = (String::new(), [0; 4]);
        for _ in 0..3 {
            let batch = (1 + chance.below(9)).to_string();
            let args = ["--batch", &batch, "--key-columns", "window_start,window_end,tag"];
            let lines = emissions(&mut chance, &mut newest);
            store(&peer, &index, &args).input(&lines).run().with_code(0);
            tool("jsonl-store")
                .arg(format!("file:{}", file.display()))
                .args(args)
                .input(&lines)
                .run()
                .with_code(0);
            sent += &format!("--batch {batch}\n{lines}");
        }
        let kept = fs::read_to_string(&file).unwrap_or_default().replace(r#","update":true"#, "");
        let prefix = format!("{index} ");
        let found: BTreeSet<String> =
            documents(&peer).into_iter().filter(|line| line.starts_with(&prefix)).collect();
        assert_eq!(found, expected(&kept, |_| index.clone()), "{sent}");
    }
}

#[test]
fn an_older_emission_is_passed_over_and_rows_that_left_are_gone() {
    let folder = tempfile::tempdir().expect("a folder");
    let Some(peer) = double(folder.path()) else { return };
    let first =
        [row(10, "a", 1, r#""distinct":9,"rows":2"#), row(10, "b", 2, r#""distinct":9,"rows":2"#)].concat();
    let again = row(10, "c", 3, r#""distinct":9,"rows":1,"rev":1"#);
    store(&peer, "t", &[]).input(&first).run().quietly();
    store(&peer, "t", &[]).input(&again).run().quietly();
    assert_eq!(documents(&peer), expected(&again, |_| "t".into()));
    let ran = store(&peer, "t", &[]).input(&first).run().with_code(0);
    assert!(ran.err.contains("passed over 2 rows"), "{}", ran.err);
    assert_eq!(documents(&peer), expected(&again, |_| "t".into()));
    // What others wrote into the same index is theirs.
    let other = "{\"id\":1,\"text\":\"x\"}\n";
    store(&peer, "t", &["--key-columns", "id"]).input(other).run().quietly();
    store(&peer, "t", &[]).input(row(10, "d", 3, r#""distinct":9,"rows":1,"rev":2"#)).run().quietly();
    assert_eq!(documents(&peer).len(), 2);
}

#[test]
fn the_window_over_everything_is_one_also_where_its_index_changes() {
    let folder = tempfile::tempdir().expect("a folder");
    let Some(peer) = double(folder.path()) else { return };
    let line = |start: &str, rev: u32, tag: &str, rest: &str| {
        format!(
            r#"{{"window_start":"{start}T10:00:00Z","window_end":"2018-11-13T00:00:00Z","tag":"{tag}","count":1,"distinct":9,"rows":1,"rev":{rev},"all":true{rest}}}"#
        ) + "\n"
    };
    store(&peer, "t-%Y.%m.%d", &[]).input(line("2018-11-12", 1, "a", "")).run().quietly();
    store(&peer, "t-%Y.%m.%d", &[]).input(line("2018-11-11", 2, "b", "")).run().quietly();
    assert_eq!(
        documents(&peer).iter().map(|line| line.split(' ').next()).collect::<Vec<_>>(),
        [Some("t-2018.11.11")]
    );
    let update = r#","update":true"#;
    store(&peer, "t-%Y.%m.%d", &[]).input(line("2018-11-10", 3, "b", update)).run().quietly();
    store(&peer, "t-%Y.%m.%d", &[]).input(line("2018-11-10", 3, "c", update)).run().quietly();
    let found = documents(&peer);
    assert!(found.len() == 2 && found.iter().all(|line| line.starts_with("t-2018.11.10 ")), "{found:#?}");
}

#[test]
fn faults_of_all_kinds_leave_exactly_the_right_documents() {
    let folder = tempfile::tempdir().expect("a folder");
    let Some(peer) = double(folder.path()) else { return };
    let records: String =
        (0..100).map(|at| format!("{{\"id\":{at},\"text\":\"text of {at}.\"}}\n")).collect();
    let again: String = records.replace("text of", "other text of");
    let args = ["--key-columns", "id", "--batch", "25"];
    for (faults, says) in [
        (json!([{"status": 503}, {"status": 429}, {"status": 500}]), "503"),
        (json!([{"cut": true}, {"cut": true}]), "trying again"),
        (json!([{"wait": 0.2}]), ""),
        (
            json!([{"items": 429, "of": "of 7."}, {"items": 503, "of": "of 7."}]),
            "1 of 25 documents are not taken yet",
        ),
    ] {
        for input in [&again, &records] {
            tell(&peer, &json!({"faults": faults}));
            let ran = store(&peer, "t", &args).input(input).run().with_code(0);
            assert!(ran.err.contains(says), "{says}: {}", ran.err);
            assert_eq!(documents(&peer), expected(input, |_| "t".into()), "{faults}");
        }
    }
    // Only the document that was not taken is sent again.
    let before = bulk_sizes(&peer).len();
    tell(&peer, &json!({"faults": [{"items": 429, "of": "of 7."}]}));
    store(&peer, "t", &["--key-columns", "id"]).input(&again).run().with_code(0);
    let sizes = bulk_sizes(&peer).split_off(before);
    assert!(sizes.len() == 2 && sizes[1] < sizes[0] / 50, "{sizes:?}");
    // A request that is too large is halved, and a record that is too large alone is refused.
    let letters = folder.path().join("letters");
    let letters = letters.to_str().expect("UTF-8");
    tell(&peer, &json!({"limit": 1000}));
    let huge = format!("{{\"id\":1000,\"text\":\"{}\"}}\n", "x".repeat(2000));
    let args = ["--key-columns", "id", "--dead-letter", letters];
    let ran = store(&peer, "t", &args).input([records.as_str(), &huge].concat()).run().with_code(0);
    assert_eq!(fs::read_to_string(letters).expect("letters"), huge, "{}", ran.err);
    assert_eq!(documents(&peer), expected(&records, |_| "t".into()));
    // What goes on is given up in the end, and said.
    tell(&peer, &json!({"faults": vec![json!({"status": 503}); 3]}));
    let ran =
        store(&peer, "t", &["--key-columns", "id", "--retry-max", "2"]).input(&again).run().with_code(4);
    assert!(
        ran.err.contains("gave up after 3 failures") && ran.err.contains("100 were not stored"),
        "{}",
        ran.err
    );
}

#[test]
fn killed_in_the_middle_and_a_server_that_is_started_again() {
    let folder = tempfile::tempdir().expect("a folder");
    let Some(peer) = double(folder.path()) else { return };
    let counted = tool("window-count")
        .args(["-q", "--key", ".lang", "--window", "10s", "--emit", "complete", "--trigger", "4s"])
        .input(demo("demo:tweets", 3000))
        .run()
        .with_code(0);
    let file = folder.path().join("whole.jsonl");
    tool("jsonl-store").arg(format!("file:{}", file.display())).input(&counted.out).run().with_code(0);
    let all = expected(&fs::read_to_string(&file).expect("rows"), |_| "t".into());
    assert!(all.len() > 50);
    let args = ["--batch", "20", "--retry-max", "inf"];
    // Killed while a request is under way, three times, each at another place.
    for after in [1, 4, 9] {
        let before = bulk_sizes(&peer).len();
        let mut faults = vec![json!({"wait": 0}); after - 1];
        faults.push(json!({"wait": 60}));
        tell(&peer, &json!({"faults": faults}));
        let mut run = store(&peer, "t", &args).start();
        let mut input = run.take_input();
        let rows = counted.out.clone();
        std::thread::spawn(move || drop(std::io::Write::write_all(&mut input, &rows)));
        let until = Instant::now() + PATIENCE;
        while bulk_sizes(&peer).len() < before + after {
            assert!(Instant::now() < until, "no request comes");
            std::thread::yield_now();
        }
        run.child.kill().expect("it runs");
        run.child.wait().expect("it ran");
    }
    // Now the server dies, and comes back.
    let mut run = store(&peer, "t", &args).start();
    run.send(&counted.out[..counted.out.len() / 2]);
    let port = peer.port;
    drop(peer);
    run.send(&counted.out[counted.out.len() / 2..]);
    run.close_input();
    while !run.said().contains("trying again") {}
    let peer = double_at(Some(port), folder.path(), "elasticsearch").expect("it was there");
    let (code, said) = run.end();
    assert!(code == 0 && said.contains("it works again"), "{code}: {said}");
    assert_eq!(documents(&peer), all);
}

const HOSTILE: [&str; 10] = [
    "it's \"quoted\" \\",
    "a\0b\u{1}\u{7f}",
    "\u{202e}right\u{200f} to left",
    "😀👩‍👩‍👧 e\u{301}",
    "{\"index\":{}}\n{\"delete\":{\"_id\":\"1\"}}\n",
    "line\nline\r\t\u{2028}\u{2029}\u{85}",
    "2018-11-12T19:00:00Z",
    "*",
    "",
    "null",
];

#[test]
fn hostile_names_and_texts_come_back_as_they_went_in() {
    let folder = tempfile::tempdir().expect("a folder");
    let Some(peer) = double(folder.path()) else { return };
    let long = "é\"".repeat(400);
    let record = |text: &str| {
        let mut record = json!({"key": text, "text": format!("{text}.\\"), "n": 1.5, "yes": true, "list": [{"x": text}], "none": null});
        if !text.is_empty() {
            record[format!("name {text}")] = text.into();
        }
        record.to_string() + "\n"
    };
    let names = ["2", "3"].map(|end| format!("{long}{end}"));
    let records: String =
        HOSTILE.iter().copied().chain(names.iter().map(String::as_str)).map(record).collect();
    for _ in 0..2 {
        let keys = ["--key-columns", "key", "--create"];
        store(&peer, "t", &keys).input(&records).run().quietly();
        assert_eq!(documents(&peer), expected(&records, |_| "t".into()));
    }
    // Of a name that comes twice the last counts, as everywhere.
    store(&peer, "u", &["--key-columns", "key"]).input("{\"key\":1,\"a\":1,\"\\u0061\":2}\n").run().quietly();
    assert!(documents(&peer).contains(r#"u {"key":1,"a":2}"#));
}

#[test]
fn what_the_server_does_not_take_is_refused_and_kept() {
    let folder = tempfile::tempdir().expect("a folder");
    let Some(peer) = double(folder.path()) else { return };
    let good = "{\"id\":1,\"at\":1542000000,\"n\":1}\n{\"id\":2,\"at\":1542000001,\"n\":2}\n";
    let wrong = concat!(
        "{\"id\":3,\"at\":1542000000,\"n\":\"text\"}\n",
        "{\"id\":4,\"at\":1542000000,\"_id\":7}\n",
        "{\"id\":5,\"at\":1542000000,\"big\":18446744073709551616}\n",
        "{\"id\":6,\"at\":1542000000,\"deep\":{\"x\":1,\"x\":2}}\n",
        "{\"id\":8,\"at\":\"soon\"}\n",
        "{\"id\":null,\"at\":1542000000}\n",
        "{\"id\":9}\n",
    );
    let args = ["--key-columns", "id", "--time-column", "at"];
    let ran = store(&peer, "t-%Y", &args).input([good, wrong].concat()).run().with_code(4);
    assert!(ran.err.contains("--dead-letter"), "{}", ran.err);
    let letters = folder.path().join("letters");
    let kept = [&args[..], &["--dead-letter", letters.to_str().expect("UTF-8")]].concat();
    let ran = store(&peer, "t-%Y", &kept).input([good, wrong, good].concat()).run().with_code(0);
    assert_eq!(fs::read_to_string(&letters).expect("letters"), wrong, "{}", ran.err);
    assert!(ran.err.contains("failed to parse field [n] of type [long]"), "{}", ran.err);
    assert!(ran.err.contains("7 records were refused"), "{}", ran.err);
    let found = documents(&peer);
    assert!(found.len() == 2 && found.iter().all(|line| line.starts_with("t-2018 ")), "{found:?}");
}

#[test]
fn old_indices_are_deleted_and_no_others() {
    let folder = tempfile::tempdir().expect("a folder");
    let Some(peer) = double(folder.path()) else { return };
    let others = [
        "t-2018.11.1",
        "t-2018.10",
        "t-archive.2018.01",
        "t-2018.01.01-old",
        "t-x.y.z",
        "tt-2018.01.01",
        "u",
    ];
    let old = ["t-2017.12.31", "t-2018.01.01", "t-2018.10.29"];
    let kept = ["t-2018.10.30", "t-2018.11.12", "t-2030.01.01"];
    for name in others.iter().chain(&old).chain(&kept) {
        ureq::put(url(&peer, name)).send_empty().expect("an index");
    }
    let line = |id: u32, day: &str| format!("{{\"id\":{id},\"at\":\"{day}T23:59:00Z\"}}\n");
    let args = ["--key-columns", "id", "--time-column", "at", "--keep", "14d"];
    let ran = store(&peer, "t-%Y.%m.%d", &args).input(line(1, "2018-11-13")).run().with_code(0);
    let gone: Vec<String> = requests(&peer)
        .into_iter()
        .filter(|(method, ..)| method == "DELETE")
        .map(|(_, path, _)| path[1..].to_owned())
        .collect();
    assert_eq!(gone, old, "{}", ran.err);
    for name in others.iter().chain(&kept) {
        assert!(ureq::get(url(&peer, name)).call().is_ok(), "{name}");
    }
    // A record from the future makes nothing older than now does.
    let ran = store(&peer, "t-%Y.%m.%d", &args).input(line(2, "2970-01-01")).run().with_code(0);
    let future = ureq::get(url(&peer, "t-2030.01.01")).call();
    assert!(future.is_ok() || jiff::Timestamp::now().to_string().as_str() > "2030-01-14", "{}", ran.err);
    for (target, index) in [("undated", "t"), ("words", "t-%a")] {
        let ran = store(&peer, index, &args).input(line(3, "2018-11-13")).run().with_code(2);
        assert!(
            ran.err.contains("names of indices") || ran.err.contains("no name of an index"),
            "{target}: {}",
            ran.err
        );
    }
}

fn fields(peer: &Peer, index: &str) -> Value {
    let text =
        ureq::get(url(peer, index)).call().expect("an index").into_body().read_to_string().expect("text");
    let said: Value = serde_json::from_str(&text).expect("JSON");
    said[index]["mappings"]["properties"].clone()
}

#[test]
fn a_template_says_what_fields_are() {
    let folder = tempfile::tempdir().expect("a folder");
    let Some(peer) = double(folder.path()) else { return };
    let rows = row(10, "2018-11-12", 1, r#""share":1,"distinct":9,"rows":1,"open":true,"text":"x""#);
    let args = ["--create", "--key-columns", "window_start,window_end,tag"];
    store(&peer, "t-%Y", &args).input(&rows).run().quietly();
    let found = fields(&peer, "t-2018");
    for (name, kind) in [
        ("tag", "keyword"),
        ("window_start", "date"),
        ("count", "long"),
        ("share", "double"),
        ("open", "boolean"),
        ("text", "text"),
    ] {
        assert_eq!(found[name]["type"], kind, "{name}");
    }
    // One that is there stays: it may have been mended.
    let before = requests(&peer).len();
    store(&peer, "t-%Y", &args).input(&rows).run().quietly();
    assert!(requests(&peer)[before..].iter().all(|(method, path, _)| method != "PUT" || path == "/_double"));
}

#[test]
fn a_dry_run_shows_requests_that_do_the_same() {
    let folder = tempfile::tempdir().expect("a folder");
    let Some(peer) = double(folder.path()) else { return };
    let rows = ranked_rows();
    let dry = store(&peer, "t-%Y", &["--dry-run", "--create"]).input(&rows).run().quietly();
    assert!(requests(&peer).is_empty());
    let (template, bulk) = dry.text().split_once("POST /_bulk\n").expect("a request");
    assert!(template.starts_with("PUT /_index_template/t\n{"), "{template}");
    let call = ureq::post(url(&peer, "_bulk")).header("Content-Type", "application/x-ndjson");
    let answer = call.send(bulk).expect("an answer").into_body().read_to_string().expect("text");
    assert!(answer.contains("\"errors\": false"), "{answer}");
    let all = documents(&peer);
    store(&peer, "t-%Y", &[]).input(&rows).run().quietly();
    assert_eq!(documents(&peer), all);
}

#[test]
fn who_writes_comes_from_the_environment() {
    let folder = tempfile::tempdir().expect("a folder");
    let Some(peer) = double_at(None, folder.path(), "opensearch") else { return };
    let line = "{\"id\":1}\n";
    let target = |scheme: &str| format!("{scheme}+http://127.0.0.1:{}/t", peer.port);
    let run = |scheme: &str, variables: &[(&str, &str)]| -> Ran {
        let call = tool("jsonl-store").arg(target(scheme)).args(["--key-columns", "id"]).input(line);
        variables.iter().fold(call, |call, (name, value)| call.env(name, value)).run().quietly()
    };
    run("elasticsearch", &[("ELASTICSEARCH_API_KEY", "c2VzYW1l")]);
    run("elasticsearch", &[("ELASTICSEARCH_USERNAME", "elastic"), ("ELASTICSEARCH_PASSWORD", "hush")]);
    run("opensearch", &[("OPENSEARCH_USERNAME", "admin"), ("OPENSEARCH_PASSWORD", "hush")]);
    run("opensearch", &[("ELASTICSEARCH_API_KEY", "c2VzYW1l")]);
    let text = ureq::get(url(&peer, "_double")).call().expect("an answer").into_body().read_to_string();
    let said: Value = serde_json::from_str(&text.expect("text")).expect("JSON");
    assert_eq!(
        said["auth"],
        json!(["", "ApiKey c2VzYW1l", "Basic YWRtaW46aHVzaA==", "Basic ZWxhc3RpYzpodXNo"])
    );
    tell(&peer, &json!({"faults": [{"status": 401}]}));
    let ran = store(&peer, "t", &["--key-columns", "id"]).input(line).run().with_code(4);
    assert!(ran.err.contains("set ELASTICSEARCH_API_KEY, or ELASTICSEARCH_USERNAME"), "{}", ran.err);
    for (address, says) in [
        ("elasticsearch+http://me:hush@127.0.0.1:9200/t", "user name or a password"),
        ("elasticsearch+http://127.0.0.1:9200", "names no index"),
        ("elasticsearch+http://127.0.0.1:9200/T-%Y", "no name of an index"),
        ("elasticsearch+http://127.0.0.1:9200/t?x=1", "no name of an index"),
    ] {
        let ran = tool("jsonl-store").args([address, "--key-columns", "id"]).input(line).run().with_code(2);
        assert!(ran.err.contains(says) && !ran.err.contains("hush"), "{address}: {}", ran.err);
    }
}

/// The same for both clients: `client` and `helpers` are theirs.
const DRIVE: &str = r#"
actions = [{"_op_type": "index", "_index": "c-1", "_id": str(n), "n": n, "text": "it's \u202e \U0001f600 \0 %d" % n} for n in range(1200)]
assert helpers.bulk(client, actions, chunk_size=500, refresh=True) == (1200, [])
assert client.count(index="c-*")["count"] == 1200
got = client.get(index="c-1", id="7")
assert got["_source"] == {"n": 7, "text": "it's \u202e \U0001f600 \0 7"} and got["_version"] == 1, got
find = lambda query, **more: client.search(index="c-1", body={"query": query, **more})["hits"]["hits"]
assert len(find({"match_all": {}}, size=10000)) == 1200
assert sorted(hit["_id"] for hit in find({"ids": {"values": ["3", "5", "x"]}})) == ["3", "5"]
assert [hit["_id"] for hit in find({"term": {"n": 9}})] == ["9"]
assert sum(1 for _ in helpers.scan(client, index="c-1", size=500)) == 1200
# Older versions are refused, item by item; a document that is deleted may come back.
def one(op, version, id="v"):
    action = {"_op_type": op, "_index": "c-1", "_id": id, "version": version, "version_type": "external_gte"}
    if op == "index":
        action["_source"] = {"n": version}
    done, failed = helpers.bulk(client, [action], raise_on_error=False)
    return failed[0][op]["status"] if failed else 200
assert [one("index", 2), one("index", 1), one("index", 2), one("index", 3), one("delete", 2), one("delete", 3), one("index", 1)] == [
    200, 409, 200, 200, 409, 200, 200]
send = lambda lines: client.bulk(**{"operations" if is_elastic else "body": lines})
assert send([{"index": {"_index": "c-1", "_id": "m"}}, {"n": "no number"}])["items"][0]["index"]["status"] == 400
def refused(what):
    try:
        what()
    except Exception as error:
        return getattr(error, "status_code", None) or error.meta.status
assert refused(lambda: client.get(index="c-1", id="none")) == 404
assert refused(lambda: helpers.bulk(client, [{"_index": "C-1", "n": 1}], raise_on_exception=True, raise_on_error=False)) is None
assert refused(lambda: client.indices.create(index="C-1")) == 400
assert [found["name"] for found in client.indices.resolve_index(name="c-*")["indices"]] == ["c-1"]
client.indices.put_index_template(name="c", body={"index_patterns": ["c-*"], "template": {"mappings": {"properties": {"k": {"type": "keyword"}}}}})
assert client.indices.get_index_template(name="c")["index_templates"][0]["name"] == "c"
client.indices.create(index="c-2")
assert client.indices.get(index="c-2")["c-2"]["mappings"]["properties"]["k"]["type"] == "keyword"
client.indices.delete(index="c-2")
assert not client.indices.exists(index="c-2") and refused(lambda: client.indices.delete(index="c-2")) == 404
# What jsonl-store wrote, and would send.
lines = [json.loads(line) for line in open(sys.argv[2])]
stored = [hit["_source"] for hit in client.search(index="ours-*", body={"query": {"match_all": {}}, "size": 10000})["hits"]["hits"]]
order = lambda rows: sorted(json.dumps(row, sort_keys=True) for row in rows)
assert order(stored) == order(lines) and len(lines) > 100, len(stored)
sent = open(sys.argv[3]).read().split("\n", 1)[1]
before = client.count(index="ours-*")["count"]
answer = send(sent.encode() if is_elastic else sent)
assert not answer["errors"] and len(answer["items"]) == len(lines)
client.indices.refresh(index="ours-*")
assert client.count(index="ours-*")["count"] == before
print("driven")
"#;

fn driven_by(kind: &str, module: &str, begin: &str) {
    let folder = tempfile::tempdir().expect("a folder");
    let Some(python) = python_with(module) else { return };
    let Some(peer) = double_at(None, folder.path(), kind) else { return };
    let rows = ranked_rows();
    store(&peer, "ours-%Y.%m.%d", &[]).input(&rows).run().quietly();
    documents(&peer);
    let dry = store(&peer, "ours-%Y.%m.%d", &["--dry-run"]).input(&rows).run().quietly();
    let [script, lines, sent] = ["script.py", "rows", "sent"].map(|name| folder.path().join(name));
    fs::write(&script, format!("import json, sys\nurl = sys.argv[1]\n{begin}\n{DRIVE}")).expect("a file");
    fs::write(&lines, &rows).expect("a file");
    fs::write(&sent, &dry.out).expect("a file");
    let ran = Command::new(python).args([&script, Path::new(&url(&peer, "")), &lines, &sent]).output();
    let ran = ran.expect("Python is there");
    let said = String::from_utf8_lossy(&ran.stderr);
    assert_eq!(String::from_utf8_lossy(&ran.stdout), "driven\n", "{said}");
}

#[test]
fn the_official_client_of_elasticsearch_drives_the_double() {
    let begin = "import warnings\nwarnings.simplefilter('ignore')\nfrom elasticsearch import Elasticsearch, helpers\nclient, is_elastic = Elasticsearch(url), True";
    driven_by("elasticsearch", "elasticsearch", begin);
}

#[test]
fn the_official_client_of_opensearch_drives_the_double() {
    let begin = "from opensearchpy import OpenSearch, helpers\nclient, is_elastic = OpenSearch(url), False";
    driven_by("opensearch", "opensearchpy", begin);
}
