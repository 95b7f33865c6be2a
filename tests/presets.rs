//! Polls, and the presets against servers that speak as theirs do.

mod common;

use std::net::TcpListener;
use std::time::Duration;

use common::server::{CHUNKED, EVENTS, LAST, OK, Script, Server, answer, chunk, script};
use common::{Ran, Tool, json_lines, recording, tool};
use serde_json::Value;

fn fetch(args: &[&str]) -> Tool {
    tool("stream-fetch").args(args).args(["--retry-delay", "1ms"])
}

/// A whole answer of JSON.
fn page(headers: &str, body: &str) -> Script {
    answer(format!(
        "{OK}Content-Type: application/json\r\n{headers}Content-Length: {}\r\n\r\n{body}",
        body.len()
    ))
}

fn unchanged() -> Script {
    answer("HTTP/1.1 304 Not Modified\r\n\r\n")
}

/// A refusal, which ends the run.
fn gone() -> Script {
    answer("HTTP/1.1 410 Gone\r\nContent-Length: 0\r\n\r\n")
}

fn items(ids: &[u32]) -> String {
    let items: Vec<String> = ids.iter().map(|id| format!("{{\"id\":{id},\"x\":1.0}}")).collect();
    format!("[{}]", items.join(",\n "))
}

fn ids(ran: &Ran) -> Vec<u64> {
    json_lines(ran.text()).iter().map(|line| line["id"].as_u64().expect("an id")).collect()
}

fn value<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
}

#[test]
fn a_poll_asks_for_what_is_new_and_gives_it_oldest_first() {
    let scripts = vec![
        page("ETag: W/\"a\"\r\nLast-Modified: Mon, 02 Nov 2026 00:00:00 GMT\r\n", &items(&[3, 2, 1])),
        unchanged(),
        page("ETag: \"b\"\r\n", &items(&[5, 4, 3])),
        page("", &items(&[9, 8])),
        gone(),
    ];
    let server = Server::new(scripts);
    let ran = fetch(&[&server.url("/list"), "--poll", "10ms", "--id", ".id"]).run().with_code(4);
    assert_eq!(ids(&ran), [1, 2, 3, 4, 5, 8, 9]);
    assert!(ran.text().starts_with("{\"id\":1,\"x\":1.0}\n"), "as they came: {}", ran.text());
    let heads = server.heads();
    assert_eq!(value(&heads[0], "if-none-match"), None);
    for head in &heads[1..3] {
        assert_eq!(value(head, "if-none-match"), Some("W/\"a\""));
        assert_eq!(value(head, "if-modified-since"), Some("Mon, 02 Nov 2026 00:00:00 GMT"));
    }
    assert_eq!(value(&heads[3], "if-none-match"), Some("\"b\""));
    assert_eq!(ran.err.matches("some may have been missed").count(), 1, "{}", ran.err);
}

#[test]
fn pages_are_followed_until_one_is_known_and_never_in_a_circle() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("bound"));
    let link = |to: &str| format!("Link: <{url}/{to}>; rel=\"next\", <{url}/last>; rel=\"last\"\r\n");
    let scripts = vec![
        page(&link("2"), &items(&[2, 1])),
        page(&link("2"), &items(&[8, 7])),
        page(&link("3"), &items(&[7, 6, 5])),
        page(&link("2"), &items(&[4, 3, 2])),
        page(&link("2"), &items(&[20])),
        page(&link("2"), &items(&[19])),
        gone(),
    ];
    let server = Server::at(&listener, scripts);
    let ran = fetch(&[&format!("{url}/1"), "--poll", "10ms", "--id", ".id"]).run().with_code(4);
    assert_eq!(ids(&ran), [1, 2, 3, 4, 5, 6, 7, 8, 19, 20], "an item that moved to the next page is one");
    let paths: Vec<String> =
        server.heads().iter().filter_map(|head| head.split(' ').nth(1).map(str::to_owned)).collect();
    assert_eq!(paths, ["/1", "/1", "/2", "/3", "/1", "/2", "/1"]);
}

#[test]
fn a_poll_is_as_slow_as_the_server_wishes_and_goes_on_in_a_later_run() {
    let folder = tempfile::tempdir().expect("a folder");
    let place = folder.path().join("place");
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let wished = "ETag: \"a\"\r\nX-Poll-Interval: 3600\r\n";
    let server =
        Server::at(&listener, vec![page(wished, &items(&[2, 1])), page("", &items(&[3, 2])), gone()]);
    let (url, place) = (server.url("/"), place.display().to_string());
    let args = [url.as_str(), "--poll", "10ms", "--id", ".id", "--cursor", &place];
    let ran = fetch(&args).args(["--duration", "400ms"]).run().quietly();
    assert_eq!(ids(&ran), [1, 2]);
    assert_eq!(server.heads().len(), 1);
    let ran = fetch(&args).run().with_code(4);
    assert_eq!(ids(&ran), [3], "{}", ran.err);
    assert_eq!(value(&server.heads()[0], "if-none-match"), Some("\"a\""));
}

#[test]
fn a_long_poll_asks_from_the_last_time_on() {
    let held = script(|talk| {
        talk.head();
        std::thread::sleep(Duration::from_millis(100));
        let body = "{\"results\":[{\"id\":3,\"mtime\":30}]}";
        talk.send(format!("{OK}Content-Length: {}\r\n\r\n{body}", body.len()));
    });
    let first = page("", "{\"results\":[{\"id\":1,\"mtime\":10},{\"id\":2,\"mtime\":20}]}");
    let server = Server::new(vec![first, held, page("", "{\"results\":[]}"), gone()]);
    let args = ["--poll", "0s", "--items", ".results", "--oldest-first", "--since-param", "since_mtime"];
    let ran =
        fetch(&[&server.url("/rsvps?a=b")]).args(args).args(["--since-field", ".mtime"]).run().with_code(4);
    assert_eq!(ids(&ran), [1, 2, 3]);
    let asked: Vec<String> =
        server.heads().iter().filter_map(|head| head.split(' ').nth(1).map(str::to_owned)).collect();
    assert_eq!(
        asked,
        ["/rsvps?a=b", "/rsvps?a=b&since_mtime=20", "/rsvps?a=b&since_mtime=30", "/rsvps?a=b&since_mtime=30"]
    );
}

#[test]
fn an_expression_finds_the_records_of_a_page() {
    let body = r#"{"data": {"children":[{"kind":"t3","data":{"id":1,"x":12345678901234567890}},
        {"kind":"ad","data":{"id":2}},{"kind":"t3","data":{"id":3}}]}}"#;
    let once = |body: &str, items: &str| {
        let server = Server::new(vec![page("", body), gone()]);
        fetch(&["--poll", "1ms", "--oldest-first", "--items", items, &server.url("/page")]).run()
    };
    let wanted = r#".data.children[] | select(.kind == "t3").data"#;
    assert_eq!(once(body, wanted).text(), "{\"id\":1,\"x\":12345678901234567890}\n{\"id\":3}\n");
    // A list of them, and a page that is a list itself; nothing at all is no failure.
    assert_eq!(once(body, "[.data.children[].data.id|{id:.}]|.[1:]").text(), "{\"id\":2}\n{\"id\":3}\n");
    assert_eq!(once("[{\"id\":1},{\"id\":2}]", "map(select(.id>1))").text(), "{\"id\":2}\n");
    assert_eq!(once("{}", ".data.children[]?").text(), "");
    let ran = once(body, ".data|keys[]").with_code(4);
    assert!(ran.err.contains("--items gives \"children\", which is no record"), "{}", ran.err);
    let ran = once(body, ".data[").with_code(2);
    assert!(ran.err.contains("--items"), "{}", ran.err);
}

#[test]
fn a_page_that_is_none_is_told() {
    for (body, said) in [
        ("{\"message\":\"limit\"}", "the answer has no .features; it begins with {\"message\":\"limit\"}"),
        ("<html>", "the answer is no JSON"),
        ("{\"features\":7}", "the answer is no list of records"),
    ] {
        let server = Server::new(vec![page("", body)]);
        let ran = fetch(&[&server.url("/"), "--poll", "1s", "--items", ".features"]).run().with_code(4);
        assert!(ran.err.contains(said), "{}", ran.err);
    }
}

/// The lines of a recording, without those of its last words.
fn lines_of(path: &str) -> Option<Vec<String>> {
    let text = std::fs::read_to_string(recording(path)?).expect("UTF-8");
    Some(text.lines().filter(|line| !line.trim().is_empty()).map(str::to_owned).collect())
}

/// Sends these messages over a WebSocket and closes for good.
fn messages(lines: Vec<String>) -> Script {
    use tungstenite::Message;
    use tungstenite::protocol::CloseFrame;
    use tungstenite::protocol::frame::coding::CloseCode;
    script(move |talk| {
        let stream = talk.stream.try_clone().expect("a stream");
        let mut path = String::new();
        #[allow(clippy::result_large_err)] // tungstenite's own type
        let accept = |request: &tungstenite::handshake::server::Request,
                      mut response: tungstenite::handshake::server::Response| {
            path = request.uri().to_string();
            if let Some(protocol) = request.headers().get("sec-websocket-protocol") {
                response.headers_mut().insert("sec-websocket-protocol", protocol.clone());
            }
            Ok(response)
        };
        let mut socket = tungstenite::accept_hdr(stream, accept).expect("a WebSocket");
        talk.tell(path);
        for line in lines {
            drop(socket.send(Message::text(line)));
        }
        drop(socket.close(Some(CloseFrame { code: CloseCode::Policy, reason: "".into() })));
        while socket.read().is_ok() {}
    })
}

#[test]
fn bluesky_gives_created_posts_and_what_else_is_asked_for() {
    let Some(lines) = lines_of("streams/bluesky-jetstream-20260704.jsonl") else { return };
    let field = |line: &str, path: &str| -> String {
        let value: Value = serde_json::from_str(line).expect("JSON");
        value.pointer(path).and_then(Value::as_str).unwrap_or_default().to_owned()
    };
    let wanted =
        |kinds: &dyn Fn(&str) -> bool| -> Vec<&String> { lines.iter().filter(|line| kinds(line)).collect() };
    let once = |args: &[&str]| {
        let server = Server::new(vec![messages(lines.clone())]);
        let base = format!("ws://{}", server.address);
        let ran = fetch(&["bluesky", "--base-url", &base]).args(args).run().with_code(4);
        let text = ran.text().to_owned();
        (text.lines().map(str::to_owned).collect::<Vec<_>>(), server.head())
    };
    let (all, path) = once(&["--collection", "*"]);
    assert_eq!((all.len(), path.as_str()), (lines.len(), "/subscribe?"));
    assert_eq!(all, lines);
    let (posts, path) = once(&[]);
    let created =
        |line: &str| field(line, "/kind") == "commit" && field(line, "/commit/operation") == "create";
    assert_eq!(posts.iter().collect::<Vec<_>>(), wanted(&created));
    assert_eq!(path, "/subscribe?wantedCollections=app.bsky.feed.post");
    let (commits, path) = once(&["--collection", "app.bsky.feed.like", "--collection", "app.bsky.graph.*"]);
    assert_eq!(commits.iter().collect::<Vec<_>>(), wanted(&|line| field(line, "/kind") == "commit"));
    assert_eq!(path, "/subscribe?wantedCollections=app.bsky.feed.like&wantedCollections=app.bsky.graph.*");
}

#[test]
fn bluesky_goes_on_from_its_cursor_in_both_forms() {
    let folder = tempfile::tempdir().expect("a folder");
    let place = folder.path().join("place").display().to_string();
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let base = format!("ws://{}", listener.local_addr().expect("bound"));
    let post = |n: u64| {
        format!(
            "{{\"did\":\"d\",\"time_us\":{},\"kind\":\"commit\",\"commit\":{{\"operation\":\"create\"}}}}",
            n * 1_000_000
        )
    };
    let server = Server::at(
        &listener,
        vec![messages(vec![post(100), post(101)]), messages(vec![post(101), post(102)])],
    );
    for expected in [vec![post(100), post(101)], vec![post(102)]] {
        let ran = fetch(&["bluesky", "--base-url", &base, "--cursor", &place]).run().with_code(4);
        assert_eq!(ran.text().lines().collect::<Vec<_>>(), expected);
    }
    assert_eq!(server.head(), "/subscribe?wantedCollections=app.bsky.feed.post");
    assert_eq!(server.head(), "/subscribe?wantedCollections=app.bsky.feed.post&cursor=96000000");
    let event = |seq: u64, operation: &str| {
        format!(
            "{{\"$type\":\"message\",\"payload\":{{\"$type\":\"x#commit\",\"seq\":{seq},\"did\":\"d\",\"operation\":\"{operation}\"}}}}"
        )
    };
    let info =
        "{\"$type\":\"message\",\"payload\":{\"$type\":\"x#info\",\"name\":\"OutdatedCursor\"}}".to_owned();
    let sent = vec![info, event(7, "create"), event(8, "delete"), event(9, "create")];
    let server = Server::at(&listener, vec![messages(sent)]);
    let ran = fetch(&["bluesky:v2", "--base-url", &base]).run().with_code(4);
    let numbers: Vec<Value> = json_lines(ran.text()).iter().map(|line| line["seq"].clone()).collect();
    assert_eq!(numbers, [7, 9]);
    assert_eq!(
        server.head(),
        "/xrpc/network.bsky.jetstream.subscribeEvents?kinds=commit&collections=app.bsky.feed.post"
    );
}

#[test]
fn mastodon_comes_as_events_and_as_messages() {
    let Some(events) = recording("streams/mastodon-stream.sse") else { return };
    let events = std::fs::read(events).expect("a file");
    let wanted: Vec<Value> = lines_of("streams/mastodon-stream.jsonl")
        .expect("beside it")
        .iter()
        .map(|line| serde_json::from_str::<Value>(line).expect("JSON"))
        .filter(|event| event["event"] == "update" || event["event"] == "status.update")
        .map(|event| event["data"].clone())
        .collect();
    assert!(!wanted.is_empty());
    let body: Vec<u8> = events.chunks(100).flat_map(chunk).collect();
    let server = Server::new(vec![answer([EVENTS.into(), body, LAST.into()].concat()), gone()]);
    let run = |base: &str| {
        fetch(&["mastodon", "--base-url", base]).env("MASTODON_TOKEN", "very-secret").run().with_code(4)
    };
    let ran = run(&server.url(""));
    assert_eq!(json_lines(ran.text()), wanted);
    let head = server.head();
    assert!(
        head.starts_with("GET /api/v1/streaming/public ") && head.contains("Bearer very-secret"),
        "{head}"
    );
    let stated = |data: &Value| serde_json::json!({"stream": ["public"], "event": "update", "payload": data.to_string()});
    let mut sent: Vec<String> = wanted.iter().map(|data| stated(data).to_string()).collect();
    sent.push("{\"stream\":[\"public\"],\"event\":\"delete\",\"payload\":\"117\"}".into());
    let server = Server::new(vec![messages(sent)]);
    assert_eq!(json_lines(run(&format!("ws://{}", server.address)).text()), wanted);
    assert_eq!(server.head(), "/api/v1/streaming?stream=public");
}

#[test]
fn x_gives_its_stream_and_heeds_its_last_word() {
    let Some(lines) = lines_of("streams/tweets-v2-filtered-stream-twarc.jsonl") else { return };
    let sent: Vec<u8> =
        lines.iter().flat_map(|line| [chunk(format!("{line}\r\n")), chunk("\r\n")].concat()).collect();
    let last_word = "{\"errors\":[{\"title\":\"operational-disconnect\",\"disconnect_type\":\"UpstreamOperationalDisconnect\"}]}\r\n";
    let dropped = answer([CHUNKED.into(), sent, chunk(last_word), chunk("{\"data\":")].concat());
    let server = Server::new(vec![dropped, gone()]);
    let ran =
        fetch(&["x", "--base-url", &server.url("")]).env("X_BEARER_TOKEN", "very-secret").run().with_code(4);
    let unique: std::collections::HashSet<&String> = lines.iter().collect();
    assert_eq!(ran.text().lines().count(), unique.len());
    assert!(ran.text().lines().all(|line| unique.contains(&line.to_owned())));
    assert!(ran.err.contains("operational-disconnect") && !ran.err.contains("secret"), "{}", ran.err);
    let head = server.head();
    assert!(
        head.starts_with("GET /2/tweets/search/stream?tweet.fields=") && head.contains("Bearer very-secret")
    );
}

#[test]
fn x_searches_page_by_page_and_keeps_its_rules() {
    let found = |ids: &[u32], next: &str| {
        page("", &format!("{{\"data\":{},\"meta\":{{\"n\":1{next}}}}}", items(ids)))
    };
    let scripts = vec![
        found(&[6, 5], ",\"next_token\":\"b26\""),
        found(&[4], ",\"next_token\":\"c27\""),
        page("", "{\"meta\":{}}"),
    ];
    let server = Server::new(scripts);
    let x = |server: &Server, words: &[&str]| {
        fetch(&["x"])
            .args(words)
            .args(["--base-url", &server.url("")])
            .env("X_BEARER_TOKEN", "very-secret")
            .run()
    };
    let ran = x(&server, &["search", "stan lee -is:retweet"]).quietly();
    assert_eq!(ids(&ran), [4, 5, 6]);
    let heads = server.heads();
    assert!(
        heads[0].contains("/2/tweets/search/recent?query=stan%20lee%20-is%3Aretweet&max_results=100"),
        "{}",
        heads[0]
    );
    assert!(heads[1].contains("&next_token=b26 ") && heads[2].contains("&next_token=c27 "), "{heads:?}");

    let rules = "{\"data\":[{\"id\":\"1\",\"value\":\"#rust\",\"tag\":\"r\"},{\"id\":\"2\",\"value\":\"old\"}],\"meta\":{}}";
    let server = Server::new(vec![page("", rules)]);
    let ran = x(&server, &["rules", "list"]).quietly();
    assert_eq!(
        ran.text(),
        "{\"id\":\"1\",\"value\":\"#rust\",\"tag\":\"r\"}\n{\"id\":\"2\",\"value\":\"old\"}\n"
    );
    let server = Server::new(vec![page("", "{\"data\":[]}"), page("", rules)]);
    let ran = x(&server, &["rules", "add", "#rust", "r"]).quietly();
    assert_eq!(ran.text().lines().count(), 2);
    assert!(server.head().starts_with("POST /2/tweets/search/stream/rules "));
    let refused = "{\"errors\":[{\"title\":\"UnprocessableEntity\",\"detail\":\"no such operator\"}]}";
    let server = Server::new(vec![page("", refused)]);
    assert!(x(&server, &["rules", "delete", "7"]).with_code(4).err.contains("no such operator"));
    let server = Server::new(vec![]);
    assert!(x(&server, &["rules", "delete"]).with_code(2).err.contains("rules list|add RULE"));
}

#[test]
fn github_events_come_once_and_oldest_first() {
    let Some(lines) = lines_of("streams/github-events-20210721-first400.jsonl") else { return };
    let newest_first: Vec<&String> = lines[..300].iter().rev().collect();
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("bound"));
    let body = |part: &[&String]| {
        let items: Vec<&str> = part.iter().map(|line| line.as_str()).collect();
        format!("[{}]", items.join(","))
    };
    let link = |page: u32| format!("Link: <{url}/events?per_page=100&page={page}>; rel=\"next\"\r\n");
    // The oldest hundred first; then all of it in three pages, of which the last is known.
    let scripts = vec![
        page("ETag: W/\"1\"\r\n", &body(&newest_first[200..])),
        page(&link(2), &body(&newest_first[..100])),
        page(&link(3), &body(&newest_first[100..200])),
        page("", &body(&newest_first[200..])),
        gone(),
    ];
    let server = Server::at(&listener, scripts);
    let ran = fetch(&["github", "--base-url", &url, "--poll", "10ms"]).run().with_code(4);
    assert_eq!(
        ran.text().lines().collect::<Vec<_>>(),
        lines[..300].iter().map(String::as_str).collect::<Vec<_>>()
    );
    let heads = server.heads();
    assert!(heads[0].starts_with("GET /events?per_page=100 "), "{}", heads[0]);
    assert_eq!(value(&heads[0], "accept"), Some("application/vnd.github+json"));
    assert_eq!(value(&heads[1], "if-none-match"), Some("W/\"1\""));
    assert!(value(&heads[0], "user-agent").is_some_and(|agent| agent.starts_with("trendpipe/")));
}

#[test]
fn the_other_presets_speak_as_their_servers_do() {
    let event = |id: u32, domain: &str| {
        format!(
            "event: message\nid: [{{\"offset\":{id}}}]\ndata: {{\"id\":{id},\"meta\":{{\"id\":\"u{id}\",\"domain\":\"{domain}\"}}}}\n\n"
        )
    };
    let body = [
        chunk(":ok\n\n"),
        chunk(event(1, "en.wikipedia.org")),
        chunk(event(2, "canary")),
        chunk(event(3, "de.wikipedia.org")),
    ];
    let server = Server::new(vec![answer([EVENTS.into(), body.concat(), LAST.into()].concat()), gone()]);
    let ran = fetch(&["wikimedia", "--base-url", &server.url(""), "--contact", "me@example.org"])
        .run()
        .with_code(4);
    assert_eq!(ids(&ran), [1, 3]);
    let heads = server.heads();
    assert!(
        heads[0].starts_with("GET /v2/stream/recentchange ") && heads[0].contains("(me@example.org)"),
        "{}",
        heads[0]
    );
    assert_eq!(value(&heads[1], "last-event-id"), Some("[{\"offset\":3}]"));

    let quakes = |ids: &[(u32, u32)]| {
        let items: Vec<String> = ids
            .iter()
            .map(|(id, updated)| format!("{{\"id\":{id},\"properties\":{{\"updated\":{updated}}}}}"))
            .collect();
        page("", &format!("{{\"type\":\"FeatureCollection\",\"features\":[{}]}}", items.join(",")))
    };
    let server = Server::new(vec![quakes(&[(2, 1), (1, 1)]), quakes(&[(3, 1), (2, 2), (1, 1)]), gone()]);
    let ran = fetch(&["usgs", "--base-url", &server.url(""), "--poll", "10ms"]).run().with_code(4);
    assert_eq!(ids(&ran), [1, 2, 2, 3], "a revision is a record");
    assert!(server.head().starts_with("GET /earthquakes/feed/v1.0/summary/all_hour.geojson "));

    let plain = |body: &str| page("", body);
    let item = |id: u32| plain(&format!("{{\"id\":{id}}}"));
    let scripts = vec![
        plain("100"),
        plain("102"),
        plain("null"),
        item(102),
        plain("103"),
        item(101),
        item(103),
        gone(),
    ];
    let server = Server::new(scripts);
    let ran = fetch(&["hackernews", "--base-url", &server.url(""), "--poll", "10ms"]).run().with_code(4);
    assert_eq!(ids(&ran), [102, 101, 103]);
    assert!(server.heads()[2].starts_with("GET /v0/item/101.json "));

    let server = Server::new(vec![
        answer([CHUNKED.into(), chunk("{\"rsvp_id\":1,\"mtime\":10,\"id\":1}\n"), LAST.into()].concat()),
        gone(),
    ]);
    let ran = fetch(&["meetup", "--base-url", &server.url("")]).run().with_code(4);
    assert_eq!(ids(&ran), [1]);
    let heads = server.heads();
    assert!(
        heads[0].starts_with("GET /2/rsvps ") && heads[1].starts_with("GET /2/rsvps?since_mtime=10 "),
        "{heads:?}"
    );
}

#[test]
fn what_is_missing_is_said_in_one_sentence() {
    for (args, said) in [
        (&["mastodon"][..], "set the environment variable MASTODON_TOKEN to it (export MASTODON_TOKEN=…)"),
        (&["x"], "set the environment variable X_BEARER_TOKEN"),
        (&["wikimedia"], "give --contact with an address"),
        (&["bluesky:v3"], "there are bluesky and bluesky:v2"),
        (&["x:nothing"], "x search QUERY"),
        (&["a", "--poll", "1s", "--items", "features"], ".features"),
    ] {
        let ran = tool("stream-fetch").args(args).run().with_code(2);
        assert!(
            ran.err.contains(said) && ran.err.starts_with("stream-fetch: ") || args[0] == "a",
            "{}",
            ran.err
        );
        assert!(ran.err.contains(said), "{}", ran.err);
    }
    let list = tool("stream-fetch").arg("--list").run().quietly();
    for name in ["bluesky", "wikimedia", "github", "mastodon", "hackernews", "usgs", "x ", "meetup"] {
        assert!(list.text().lines().any(|line| line.starts_with(name)), "{name}");
    }
}
