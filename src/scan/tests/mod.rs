//! The scanner against naive models: see each file's head.

mod document;
mod grammar;
mod hits;
mod kernels;
mod recordings;
mod verdict;

use super::{Fault, Hit, Path, Scanner, Step};

/// What the scanner says of a line among others must be what it says of it alone.
fn assert_same_among_others(scanner: &mut Scanner, line: &[u8], paths: usize) {
    if line.contains(&b'\n') {
        return;
    }
    let is_framed = |end: Option<&u8>| end.is_some_and(|byte| b" \t\r".contains(byte));
    if is_framed(line.first()) || is_framed(line.last()) {
        return; // records come without
    }
    let hits =
        |scanner: &Scanner| (0..paths).map(|path| scanner.hits(path).to_vec()).collect::<Vec<Vec<Hit>>>();
    let alone: Result<(), Fault> = scanner.scan(line);
    let alone = (alone, hits(scanner));
    for before in [&b""[..], b"{\"a\":\"cut", b"{}\\", b"\"\\\"\\", &[b'x'; 200]] {
        let start = before.len() + 1;
        let text = [before, b"\n", line, b"\n\xc3\xa9{\"a\":"].concat();
        let mut newlines = Vec::new();
        assert!(scanner.begin(&text, &mut newlines));
        assert_eq!(newlines, [start as u32 - 1, (start + line.len()) as u32]);
        let among = scanner.scan_within(&text, 1, start..start + line.len());
        assert_eq!((among, hits(scanner)), alone, "{}", String::from_utf8_lossy(&text));
    }
}

/// `.a`
fn key(name: &str) -> Step {
    Step::Key { name: name.into(), optional: false }
}

/// `.a.b[]` and the like, for names of letters.
fn path(text: &str) -> Path {
    let mut steps = Vec::new();
    for part in text.replace('[', ".[").split('.').filter(|part| !part.is_empty()) {
        let optional = part.ends_with('?');
        let part = part.trim_end_matches('?');
        steps.push(match part.strip_prefix('[').map(|rest| rest.trim_end_matches(']')) {
            None => Step::Key { name: part.into(), optional },
            Some("") => Step::Each { optional },
            Some(place) => Step::Index { at: place.parse().unwrap(), optional },
        });
    }
    steps
}
