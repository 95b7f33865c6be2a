//! `stream-fetch` against servers that others wrote: nginx under TLS with an authority of its own, with gzip, and before a
//! WebSocket server; a proxy that is asked to CONNECT. Each test is skipped by name where its peer is absent.

mod common;

use std::fs;
use std::path::Path;

use common::peer::{Peer, authority, have, python_with};
use common::server::{CHUNKED, EVENTS, LAST, Script, Server, chunk, script};
use common::{Tool, demo, tool};

const TLS: &str = "ssl_certificate FOLDER/cert.pem; ssl_certificate_key FOLDER/key.pem;";

fn fetch(url: &str) -> Tool {
    tool("stream-fetch").arg(url).args(["--retry-delay", "1ms"])
}

/// Without the exception for this machine that other tests make.
fn through(proxy: &str, url: &str) -> Tool {
    fetch(url).env("ALL_PROXY", proxy).env("NO_PROXY", "")
}

/// The program that a WebSocket server starts for each connection: three records.
fn websocketd() -> Peer {
    Peer::start(|port| {
        let port = format!("--port={port}");
        ["websocketd", "--address=127.0.0.1", &port, "sh", "-c", "seq 3 | sed 's/.*/{\"n\":&}/'"]
            .map(str::to_owned)
            .into()
    })
}

/// A server of nginx that hands all on to this port of ours.
fn before(backend: &str, more: &str) -> String {
    format!(
        "server {{ listen 127.0.0.1:PORT ssl; {TLS} location / {{ proxy_pass http://{backend}; proxy_http_version 1.1; \
         proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection upgrade; {more} }} }}"
    )
}

/// Sends each line in a chunk of its own once the test says so.
fn on_demand(head: &'static str, told: std::sync::mpsc::Receiver<&'static str>) -> Script {
    script(move |talk| {
        talk.head();
        talk.send(head);
        for line in told {
            talk.send(chunk(line));
        }
        talk.send(LAST);
    })
}

#[test]
fn tls_is_trusted_by_the_authority_that_was_given_and_by_no_other() {
    if !have(&["nginx", "openssl"]) {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    authority(folder);
    let lines = demo("demo:tweets", 20_000);
    fs::write(folder.join("tweets.jsonl"), &lines).expect("a file");
    let nginx = Peer::nginx(folder, &format!("server {{ listen 127.0.0.1:PORT ssl; {TLS} root FOLDER; }}"));
    let url = |host: &str| format!("https://{host}:{}/tweets.jsonl", nginx.port);
    let trusting = |host: &str| fetch(&url(host)).arg("--ca-file").arg(folder.join("ca.pem")).arg("-q");
    for host in ["127.0.0.1", "localhost"] {
        let ran = trusting(host).run().with_code(0);
        assert!(ran.out == tool("stream-fetch").args(["-", "-q"]).input(&lines).run().out, "{host}");
    }
    let ran = fetch(&url("127.0.0.1")).run().with_code(4);
    assert!(ran.err.contains("UnknownIssuer") && ran.err.contains("--ca-file FILE"), "{}", ran.err);
    let ran = trusting("127.0.0.2").run().with_code(4);
    assert!(ran.err.contains("127.0.0.2"), "{}", ran.err);
    // A server without TLS.
    let plain = Server::new(vec![script(|talk| {
        talk.send("HTTP/1.1 400 Bad\r\n\r\n");
    })]);
    let ran = fetch(&format!("https://{}/", plain.address)).run().with_code(4);
    assert!(ran.err.contains("https") && ran.err.lines().count() == 1, "{}", ran.err);
}

#[test]
fn a_live_stream_under_tls_is_handed_on_line_by_line() {
    if !have(&["nginx", "openssl"]) {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    authority(folder);
    let (tell, told) = std::sync::mpsc::channel();
    let backend = Server::new(vec![on_demand(CHUNKED, told)]);
    let nginx = Peer::nginx(folder, &before(&backend.address, "proxy_buffering off;"));
    let mut running = fetch(&format!("https://localhost:{}/", nginx.port))
        .arg("--ca-file")
        .arg(folder.join("ca.pem"))
        .start();
    for (line, text) in
        [("{\"n\":1}\n", "{\"n\":1}"), ("{\"n\":2}\n{\"n\":", "{\"n\":2}"), ("3}\n", "{\"n\":3}")]
    {
        tell.send(line).expect("the server waits");
        assert_eq!(running.line(), text);
    }
    drop(tell);
    assert_eq!(running.end(), (0, String::new()));
}

#[test]
fn events_go_on_when_the_server_before_them_is_killed() {
    if !have(&["nginx", "openssl"]) {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    authority(folder);
    let events = |id: u32| {
        script(move |talk| {
            talk.head();
            talk.send(EVENTS);
            talk.send(chunk(format!("id: {id}\ndata: {{\"n\":{id}}}\n\n")));
            talk.hold();
        })
    };
    let backend = Server::new(vec![events(1), events(2)]);
    let servers = before(&backend.address, "proxy_buffering off;");
    let nginx = Peer::nginx(folder, &servers);
    let port = nginx.port;
    let mut running =
        fetch(&format!("https://localhost:{port}/")).arg("--ca-file").arg(folder.join("ca.pem")).start();
    assert_eq!(running.line(), "{\"n\":1}");
    backend.head();
    drop(nginx);
    let _again = Peer::nginx_at(Some(port), folder, &servers);
    assert_eq!(running.line(), "{\"n\":2}");
    assert!(backend.head().to_lowercase().contains("last-event-id: 1"));
    running.signal("TERM");
    assert_eq!(running.end().0, 143);
}

#[test]
fn gzip_of_a_server_is_undone_flushed_or_not() {
    if !have(&["nginx"]) {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    let lines = demo("demo:rsvps", 10_000);
    fs::write(folder.join("rsvps.json"), &lines).expect("a file");
    let (tell, told) = std::sync::mpsc::channel();
    let (hold, held) = std::sync::mpsc::channel();
    let flushing = Server::new(vec![on_demand(CHUNKED, told)]);
    let holding = Server::new(vec![on_demand(CHUNKED, held)]);
    let servers = format!(
        "types {{ application/json json; }} gzip on; gzip_types application/json; gzip_min_length 1; gzip_proxied any;
         server {{ listen 127.0.0.1:PORT; root FOLDER;
           location /flushing {{ proxy_pass http://{}; proxy_http_version 1.1; proxy_buffering off; }}
           location /holding {{ proxy_pass http://{}; proxy_http_version 1.1; }} }}",
        flushing.address, holding.address
    );
    let nginx = Peer::nginx(folder, &servers);
    let url = |path: &str| format!("http://127.0.0.1:{}/{path}", nginx.port);
    let stats = folder.join("stats");
    let ran = fetch(&url("rsvps.json")).args(["--gzip", "-q", "--stats"]).arg(&stats).run().with_code(0);
    let plain = fetch(&url("rsvps.json")).arg("-q").run().with_code(0);
    assert!(ran.out == plain.out && !plain.out.is_empty(), "{} bytes", ran.out.len());

    let mut running = fetch(&url("flushing")).arg("--gzip").start();
    for (line, text) in [("{\"n\":1}\n", "{\"n\":1}"), ("{\"n\":2}\n", "{\"n\":2}")] {
        tell.send(line).expect("the server waits");
        assert_eq!(running.line(), text, "it comes before the next is sent");
    }
    assert!(flushing.head().contains("HTTP/1.1"), "through the server");
    drop(tell);
    assert_eq!(running.end(), (0, String::new()));

    // What such a server holds back is not lost: it comes when it lets go of it.
    let mut running = fetch(&url("holding")).arg("--gzip").start();
    holding.head();
    (0..2).for_each(|_| hold.send("{\"n\":1}\n").expect("the server waits"));
    drop(hold);
    assert_eq!(running.rest(), ["{\"n\":1}", "{\"n\":1}"]);
    assert_eq!(running.end(), (0, String::new()));
}

#[test]
fn websockets_under_tls() {
    if !have(&["nginx", "openssl", "websocketd"]) {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    authority(folder);
    let websocketd = websocketd();
    let nginx = Peer::nginx(folder, &before(&format!("127.0.0.1:{}", websocketd.port), ""));
    let url = format!("wss://localhost:{}/", nginx.port);
    let ran = fetch(&url).args(["--records", "3", "--ca-file"]).arg(folder.join("ca.pem")).run().with_code(0);
    assert_eq!(ran.text(), "{\"n\":1}\n{\"n\":2}\n{\"n\":3}\n", "{}", ran.err);
    let ran = fetch(&url).run().with_code(4);
    assert!(ran.err.contains("UnknownIssuer") && ran.err.contains("--ca-file FILE"), "{}", ran.err);
    let ran = fetch(&url.replace("localhost", "127.0.0.2"))
        .arg("--ca-file")
        .arg(folder.join("ca.pem"))
        .run()
        .with_code(4);
    assert!(ran.err.contains("127.0.0.2"), "{}", ran.err);
    drop(websocketd);
    let ran = fetch(&url).arg("--ca-file").arg(folder.join("ca.pem")).run().with_code(4);
    assert!(ran.err.contains("502"), "{}", ran.err);
}

/// Many messages, also large ones, in records of TLS.
#[test]
fn the_websockets_of_python_under_tls() {
    let Some(python) = python_with("websockets").filter(|_| have(&["openssl"])) else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    authority(folder);
    let code = "
import asyncio, json, ssl, sys
from websockets.asyncio.server import serve
async def talk(ws):
    for n in range(3000):
        await ws.send(json.dumps({'n': n, 'text': 'x' * (200000 if n % 1000 == 0 else 10)}))
    await ws.close(1008, 'enough')
async def main():
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain('cert.pem', 'key.pem')
    async with serve(talk, '127.0.0.1', int(sys.argv[1]), ssl=tls):
        await asyncio.get_running_loop().create_future()
asyncio.run(main())
";
    let peer = Peer::start(|port| {
        let enter = format!("import os; os.chdir({folder:?})\n{code}");
        vec![python.display().to_string(), "-c".into(), enter, port.to_string()]
    });
    let ran = fetch(&format!("wss://127.0.0.1:{}/", peer.port))
        .arg("--ca-file")
        .arg(folder.join("ca.pem"))
        .run()
        .with_code(4);
    assert!(ran.err.contains("1008 enough"), "{}", ran.err);
    assert_eq!(ran.text().lines().count(), 3000, "{}", ran.err);
}

/// tinyproxy, with this in its configuration.
fn proxy(folder: &Path, more: &str) -> Peer {
    Peer::start(|port| {
        let config = folder.join(format!("tinyproxy-{port}.conf"));
        let text = format!("Port {port}\nListen 127.0.0.1\nTimeout 600\nAllow 127.0.0.1\n{more}\n");
        fs::write(&config, text).expect("a file");
        vec!["tinyproxy".into(), "-d".into(), "-c".into(), config.display().to_string()]
    })
}

#[test]
fn all_that_is_spoken_goes_through_a_proxy() {
    if !have(&["tinyproxy", "nginx", "openssl", "websocketd"]) {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    authority(folder);
    fs::write(folder.join("n.jsonl"), "{\"n\":1}\n{\"n\":2}\n{\"n\":3}\n").expect("a file");
    let sockets = websocketd();
    let tls = Peer::nginx(folder, &before(&format!("127.0.0.1:{}", sockets.port), ""));
    let files = tempfile::tempdir().expect("a folder");
    fs::copy(folder.join("n.jsonl"), files.path().join("n.jsonl")).expect("a file");
    let plain = Peer::nginx(files.path(), "server { listen 127.0.0.1:PORT; root FOLDER; }");
    let secret = tempfile::tempdir().expect("a folder");
    ["cert.pem", "key.pem", "n.jsonl"].iter().for_each(|name| {
        fs::copy(folder.join(name), secret.path().join(name)).expect("a file");
    });
    let secure =
        Peer::nginx(secret.path(), &format!("server {{ listen 127.0.0.1:PORT ssl; {TLS} root FOLDER; }}"));
    let urls = [
        format!("http://127.0.0.1:{}/n.jsonl", plain.port),
        format!("https://127.0.0.1:{}/n.jsonl", secure.port),
        format!("ws://127.0.0.1:{}/", sockets.port),
        format!("wss://127.0.0.1:{}/", tls.port),
    ];
    let open = proxy(folder, "");
    let locked = proxy(folder, "BasicAuth me hush-hush");
    let ca = folder.join("ca.pem");
    for url in &urls {
        let call = |tool: Tool| tool.args(["--records", "3", "--ca-file"]).arg(&ca).run();
        let all = "{\"n\":1}\n{\"n\":2}\n{\"n\":3}\n";
        let ran = call(through(&format!("http://127.0.0.1:{}", open.port), url));
        assert_eq!((ran.code, ran.text()), (0, all), "{url}: {}", ran.err);
        let ran = call(through(&format!("http://me:hush-hush@127.0.0.1:{}", locked.port), url));
        assert_eq!((ran.code, ran.text()), (0, all), "{url}: {}", ran.err);
        // Without a name, and with a wrong one, which is never shown.
        for user in ["", "me:hush-not@"] {
            let ran = call(through(&format!("http://{user}127.0.0.1:{}", locked.port), url)).with_code(4);
            assert!(ran.err.contains("the proxy") && ran.err.contains("NAME:PASSWORD"), "{url}: {}", ran.err);
            assert!(!ran.err.contains("hush"), "{url}: {}", ran.err);
            assert_eq!(ran.err.lines().count(), 1, "{url}: {}", ran.err);
        }
        // Where nobody listens; and past it.
        let ran = call(through("http://127.0.0.1:1", url)).with_code(4);
        assert!(ran.err.contains("refused") && ran.err.contains("proxy"), "{url}: {}", ran.err);
        let ran = call(fetch(url).env("ALL_PROXY", "http://127.0.0.1:1").env("NO_PROXY", "127.0.0.1"));
        assert_eq!((ran.code, ran.text()), (0, all), "{url}: {}", ran.err);
        // By the variable of its scheme.
        let name = if url.contains("s://") && !url.starts_with("ws:") { "HTTPS_PROXY" } else { "HTTP_PROXY" };
        let ran = call(fetch(url).env("NO_PROXY", "").env(name, "http://127.0.0.1:1")).with_code(4);
        assert!(ran.err.contains("proxy"), "{url}: {}", ran.err);
    }
}
