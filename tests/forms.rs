//! `stream-fetch --from`: text and CSV as lines of JSON, whatever the source.

mod common;

use std::io::Write;

use common::{gzip, serve, tool};

#[test]
fn text_from_a_socket_comes_line_by_line() {
    let (go, wait) = std::sync::mpsc::channel::<()>();
    let address = serve(move |mut stream| {
        stream.write_all(b"hello #world\nhalf").expect("connected");
        wait.recv().expect("the test goes on");
        stream.write_all(b" a line\r\n\xff\n").expect("connected");
    });
    let mut running = tool("stream-fetch").args(["--from", "text", &format!("tcp://{address}")]).start();
    assert_eq!(running.line(), "{\"text\":\"hello #world\"}");
    go.send(()).expect("the server waits");
    assert_eq!(running.line(), "{\"text\":\"half a line\"}");
    let (code, said) = running.end();
    assert_eq!(code, 0);
    assert!(said.contains(&format!("tcp://{address}:3: not valid UTF-8")), "{said}");
}

#[test]
fn rows_that_do_not_fit_are_rejects_with_their_lines() {
    let folder = tempfile::tempdir().expect("a folder");
    let (file, rejects) = (folder.path().join("a.csv.gz"), folder.path().join("rejects"));
    let csv = "id,text\n1,\"two\nlines\"\n2\n3,\"a \"\"b\"\"\",x\n4,ok\n";
    std::fs::write(&file, gzip(csv.as_bytes())).expect("a file");
    let ran =
        tool("stream-fetch").args(["--from", "csv", "--rejects"]).arg(&rejects).arg(&file).run().with_code(0);
    assert_eq!(ran.text(), "{\"id\":\"1\",\"text\":\"two\\nlines\"}\n{\"id\":\"4\",\"text\":\"ok\"}\n");
    for place in ["a.csv.gz:4: the row has 1 field", "a.csv.gz:5: the row has 3 fields", "(columns 2)"] {
        assert!(ran.err.contains(place), "{}", ran.err);
    }
    assert_eq!(std::fs::read_to_string(&rejects).expect("a file"), "2\n3,\"a \"\"b\"\"\",x\n");
    let typed = tool("stream-fetch")
        .args(["--from", "csv", "--csv-types", "-"])
        .input("a,b\n1.50,\n")
        .run()
        .quietly();
    assert_eq!(typed.text(), "{\"a\":1.50,\"b\":null}\n");
    let ran = tool("stream-fetch").args(["--csv-types", "-"]).input("").run().with_code(2);
    assert!(ran.err.contains("--from csv"), "{}", ran.err);
}

#[test]
fn a_line_that_is_too_long_is_one_reject() {
    let long = "x".repeat(100_000);
    let input = format!("short\n{long}\nlast\n");
    let ran = tool("stream-fetch")
        .args(["--from", "text", "--max-line", "1k", "-"])
        .input(input)
        .run()
        .with_code(0);
    assert_eq!(ran.text(), "{\"text\":\"short\"}\n{\"text\":\"last\"}\n");
    assert!(ran.err.contains("rejected 1 of 3 lines (too-long 1)"), "{}", ran.err);
}
