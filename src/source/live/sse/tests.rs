//! Against a parser that has the whole stream at once and follows the text of the rules.

use proptest::prelude::*;

use super::*;

/// The rules word by word, over a whole stream.
fn naive(stream: &[u8]) -> Vec<Event> {
    let stream = stream.strip_prefix(b"\xef\xbb\xbf").unwrap_or(stream);
    let mut lines: Vec<Vec<u8>> = Vec::new();
    let (mut line, mut at) = (Vec::new(), 0);
    while at < stream.len() {
        let is_pair = stream[at..].starts_with(b"\r\n");
        if matches!(stream[at], b'\r' | b'\n') {
            lines.push(std::mem::take(&mut line));
        } else {
            line.push(stream[at]);
        }
        at += 1 + usize::from(is_pair);
    }
    let (mut events, mut id) = (Vec::new(), Vec::new());
    let (mut name, mut data): (Vec<u8>, Vec<u8>) = (Vec::new(), Vec::new());
    for line in lines {
        if line.is_empty() {
            if !data.is_empty() {
                data.pop();
                let name = if name.is_empty() { b"message".to_vec() } else { name.clone() };
                events.push(Event { name, data: data.clone(), id: id.clone() });
            }
            (name, data) = (Vec::new(), Vec::new());
            continue;
        }
        let text = String::from_utf8_lossy(&line).into_owned();
        let (field, value) = match text.split_once(':') {
            Some((field, value)) => (field, value.strip_prefix(' ').unwrap_or(value)),
            None => (text.as_str(), ""),
        };
        match field {
            "event" => name = value.into(),
            "data" => data.extend(format!("{value}\n").bytes()),
            "id" if !value.contains('\0') => id = value.into(),
            _ => {}
        }
    }
    events
}

fn parsed(pieces: &[&[u8]]) -> Vec<Event> {
    let mut parser = EventParser::new(b"", 1 << 20);
    let mut events = Vec::new();
    for piece in pieces {
        parser.take(piece, &mut |event| events.push(event));
    }
    events
}

fn data(stream: &str) -> Vec<String> {
    parsed(&[stream.as_bytes()]).into_iter().map(|event| String::from_utf8(event.data).unwrap()).collect()
}

const STREAM: &str = "\u{feff}:ok\r\n\r\nevent: update\rdata: {\"a\":1}\r\rid: [{\"p\":\"\u{e9}\"}]\ndata:x\ndata: y\n\r\n\
    data\n\nretry: 1500\nid:a\0b\ndata: last\n\ndata: never";

#[test]
fn every_split_gives_what_one_piece_gives() {
    let bytes = STREAM.as_bytes();
    let whole = naive(bytes);
    assert_eq!(whole.len(), 4);
    assert_eq!(parsed(&[bytes]), whole);
    for first in 0..bytes.len() {
        for second in first..bytes.len() {
            let pieces = [&bytes[..first], &bytes[first..second], &bytes[second..]];
            assert_eq!(parsed(&pieces), whole, "{first} {second}");
        }
    }
    assert_eq!(parsed(&bytes.chunks(1).collect::<Vec<_>>()), whole);
}

proptest! {
    #[test]
    fn any_stream_however_it_is_cut(
        parts in prop::collection::vec(
            prop::sample::select(vec![
                "data", "event", "id", "retry", ":", " ", "x", "\n", "\r", "\r\n", "\n\n", "\0", "\u{feff}", "\u{e9}", "7",
            ]),
            0..60,
        ),
        cuts in prop::collection::vec(0usize..200, 0..6),
    ) {
        let stream = parts.concat();
        let bytes = stream.as_bytes();
        let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(bytes.len())).collect();
        cuts.extend([0, bytes.len()]);
        cuts.sort_unstable();
        let pieces: Vec<&[u8]> = cuts.windows(2).map(|pair| &bytes[pair[0]..pair[1]]).collect();
        prop_assert_eq!(parsed(&pieces), naive(bytes));
    }
}

#[test]
fn the_examples_of_the_rules() {
    assert_eq!(data("data: YHOO\ndata: +2\ndata: 10\n\n"), ["YHOO\n+2\n10"]);
    assert_eq!(data("data\n\ndata\ndata\n\ndata:"), ["", "\n"]);
    assert_eq!(data("data:test\n\ndata: test\n\n"), ["test", "test"]);
    let ids: Vec<Vec<u8>> = parsed(&[b": stream\n\ndata: 1\nid: 1\n\ndata:2\nid\n\ndata:  3\n\n"])
        .into_iter()
        .map(|event| event.id)
        .collect();
    assert_eq!(ids, [b"1".to_vec(), vec![], vec![]]);
}

#[test]
fn data_is_cut_at_the_limit_and_what_else_is_too_long_says_nothing() {
    let mut parser = EventParser::new(b"old", 10);
    let mut events = Vec::new();
    let long = "x".repeat(30);
    let stream = format!(
        "\u{feff}data: 12345678901234567890\n\ndata: 1234\ndata: 5678\ndata: 9\n\ndata: 1234567890\n\n\
         :{long}\nid: {long}\nevent: {long}\ndata: ok\n\n"
    );
    for piece in stream.as_bytes().chunks(3) {
        assert!(parser.line.len() <= 19 && parser.data.len() <= 11);
        parser.take(piece, &mut |event| events.push(event));
    }
    let data: Vec<&[u8]> = events.iter().map(|event| event.data.as_slice()).collect();
    assert_eq!(data, [&b"1234567890"[..], b"1234\n5678\n", b"1234567890", b"ok"]);
    assert!(events.iter().all(|event| event.id == b"old" && event.name == b"message"));
    assert_eq!(parser.retry_ms(), None);
    parser.take(b"retry: 99\nretry: x\nretry:\n", &mut |_| {});
    assert_eq!(parser.retry_ms(), Some(99));
}
