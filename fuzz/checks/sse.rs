//! Server-sent events: however the bytes are cut, the same events come, as the rules of the WHATWG have them when they are
//! followed word by word over the whole stream.

use trendpipe::source::live::{Event, EventParser};

/// Longer than any stream here, so that nothing is left out.
const LIMIT: usize = 1 << 20;

/// The first byte says how the rest is cut.
pub fn check(bytes: &[u8]) {
    let Some((&piece, stream)) = bytes.split_first() else { return };
    let whole = parsed([stream].into_iter());
    assert_eq!(whole, parsed(stream.chunks(usize::from(piece).max(1))), "cut every {piece} bytes");
    assert_eq!(whole, naive(stream), "the rules");
    let mut small = EventParser::new(b"", 8);
    small.take(stream, &mut |event| assert!(event.data.len() <= 8, "longer than the limit"));
}

fn parsed<'a>(pieces: impl Iterator<Item = &'a [u8]>) -> Vec<Event> {
    let mut parser = EventParser::new(b"", LIMIT);
    let mut events = Vec::new();
    for piece in pieces {
        parser.take(piece, &mut |event| events.push(event));
    }
    events
}

/// HTML, section 9.2.6, on bytes: the parser leaves it to the reader of a record to judge its UTF-8.
fn naive(stream: &[u8]) -> Vec<Event> {
    let stream = stream.strip_prefix(b"\xef\xbb\xbf").unwrap_or(stream);
    let mut lines: Vec<&[u8]> = Vec::new();
    let (mut start, mut at) = (0, 0);
    while at < stream.len() {
        let is_end = matches!(stream[at], b'\r' | b'\n');
        let next = at + 1 + usize::from(stream[at..].starts_with(b"\r\n"));
        if is_end {
            lines.push(&stream[start..at]);
            start = next;
        }
        at = next;
    }
    let (mut events, mut id) = (Vec::new(), Vec::new());
    let (mut name, mut data): (Vec<u8>, Vec<u8>) = (Vec::new(), Vec::new());
    for line in lines {
        if line.is_empty() {
            if data.pop().is_some() {
                let name = if name.is_empty() { b"message".to_vec() } else { name };
                events.push(Event { name, data, id: id.clone() });
            }
            (name, data) = (Vec::new(), Vec::new());
            continue;
        }
        let (field, value) = match line.iter().position(|byte| *byte == b':') {
            Some(colon) => (&line[..colon], &line[colon + 1..]),
            None => (line, &b""[..]),
        };
        let value = value.strip_prefix(b" ").unwrap_or(value);
        match field {
            b"event" => name = value.to_vec(),
            b"data" => data.extend([value, b"\n"].concat()),
            b"id" if !value.contains(&0) => id = value.to_vec(),
            _ => {}
        }
    }
    events
}
