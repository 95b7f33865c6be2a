//! What is a record: examples by hand, and every kernel against a naive checker on cut, changed and random bytes.

use super::{
    assert_same_among_others,
    document::{Writer, path, record},
    path as parse,
};
use crate::scan::{Fault, Hit, Kernel, Path, Scanner, check};
use proptest::prelude::*;

/// The naive checker: takes strings out first, then whatever is no bracket, then pairs until nothing changes.
fn model(line: &[u8]) -> Result<(), Fault> {
    let Ok(text) = std::str::from_utf8(line) else { return Err(Fault::Utf8) };
    let text = text.trim_matches([' ', '\t', '\r', '\n']);
    if !text.starts_with('{') {
        return Err(Fault::NotObject);
    }
    let mut open = String::new();
    let mut rest = text.chars().peekable();
    let mut backslashes = 0;
    while let Some(character) = rest.next() {
        let escaped = backslashes % 2 == 1;
        backslashes = if character == '\\' { backslashes + 1 } else { 0 };
        match character {
            '{' | '[' => open.push(character),
            '}' | ']' => {
                let pair: String =
                    [open.pop().expect("the loop ends with the last"), character].iter().collect();
                if pair != "{}" && pair != "[]" {
                    return Err(Fault::Mismatched);
                }
                if open.is_empty() {
                    return if rest.next().is_none() { Ok(()) } else { Err(Fault::Trailing) };
                }
            }
            '"' if !escaped => loop {
                let escaped = backslashes % 2 == 1;
                let Some(character) = rest.next() else { return Err(Fault::OpenString) };
                backslashes = if character == '\\' { backslashes + 1 } else { 0 };
                if character == '"' && !escaped {
                    break;
                }
            },
            _ => {}
        }
    }
    Err(Fault::OpenBracket)
}

/// Every kernel, with and without paths, gives the model's verdict; hits lie in the line and between characters.
fn assert_verdict(line: &[u8], paths: &[Path]) {
    let expected = model(line);
    let shown = String::from_utf8_lossy(line);
    assert_eq!(check(line), expected, "{shown}");
    let mut first: Option<Vec<Vec<Hit>>> = None;
    for kernel in Kernel::all() {
        let mut scanner = Scanner::with_kernel(paths, kernel);
        assert_eq!(scanner.scan(line), expected, "{} {shown}", kernel.name());
        assert_same_among_others(&mut scanner, line, paths.len());
        assert_eq!(scanner.scan(line), expected);
        let hits: Vec<_> = (0..paths.len()).map(|path| scanner.hits(path).to_vec()).collect();
        for hit in hits.iter().flatten() {
            if let Hit::Value { start, end } = *hit {
                let value = std::str::from_utf8(line).expect("checked").get(start as usize..end as usize);
                assert!(value.is_some_and(|value| !value.is_empty()), "{hit:?} {shown}");
            }
        }
        assert_eq!(&hits, first.get_or_insert_with(|| hits.clone()), "{} {shown}", kernel.name());
    }
}

#[test]
fn verdicts() {
    let deep =
        |open: &str, close: &str, depth| format!("{{\"a\":{}{}}}", open.repeat(depth), close.repeat(depth));
    for (line, expected) in [
        ("{}", Ok(())),
        (" \t{\"a\":[{}]}\r", Ok(())),
        ("", Err(Fault::NotObject)),
        ("  ", Err(Fault::NotObject)),
        ("[]", Err(Fault::NotObject)),
        ("1", Err(Fault::NotObject)),
        ("\u{feff}{}", Err(Fault::NotObject)),
        ("}", Err(Fault::NotObject)),
        ("\"a\"", Err(Fault::NotObject)),
        ("{", Err(Fault::OpenBracket)),
        ("{\"a\":[1", Err(Fault::OpenBracket)),
        ("{\"a", Err(Fault::OpenString)),
        ("{\"a\\\"}", Err(Fault::OpenString)),
        ("{\"a\\\\\"}", Ok(())),
        ("{\"}\"}", Ok(())),
        ("{]", Err(Fault::Mismatched)),
        ("{\"a\":[}]", Err(Fault::Mismatched)),
        ("{\"a\":{]}", Err(Fault::Mismatched)),
        ("{}}", Err(Fault::Trailing)),
        ("{} {}", Err(Fault::Trailing)),
        ("{} x", Err(Fault::Trailing)),
        ("{}\"", Err(Fault::Trailing)),
        ("{}\u{a0}", Err(Fault::Trailing)),
        (&deep("[", "]", 100_000), Ok(())),
        (&deep("[", "}", 100_000), Err(Fault::Mismatched)),
        (&deep("{\"a\":", "}", 10_000), Ok(())),
    ] {
        assert_eq!(model(line.as_bytes()), expected, "{line}");
        assert_verdict(line.as_bytes(), &[parse(".a"), parse(".a[].a")]);
    }
    assert_verdict(b"{\"a\":\"\xff\"}", &[]);
    assert_verdict(b"{\"a\":\"\xed\xa0\x80\"}", &[]);
    assert_verdict(b"{}\xe6\x97", &[]);
}

#[test]
fn a_character_cut_at_every_place_of_a_block() {
    for length in 0..140 {
        let mut line = format!("{{\"{}", "a".repeat(length)).into_bytes();
        for bytes in
            [&b"\xf0\x9f\x98\x80\"}"[..], b"\xf0\x9f\x98\"}", b"\xe6\x97\"}", b"\xc3\"}", b"\x80\"}", b"\xc3"]
        {
            line.truncate(length + 2);
            line.extend(bytes);
            assert_verdict(&line, &[]);
            line.extend([b' '; 130]);
            assert_verdict(&line, &[]);
        }
    }
}

#[test]
fn runs_of_backslashes_across_blocks() {
    for shift in 50..70 {
        for run in 0..140 {
            let line =
                format!("{{\"{}{}\":\"{}\"}}", "a".repeat(shift), "\\".repeat(run), "\\".repeat(run / 2));
            assert_verdict(line.as_bytes(), &[parse(".a")]);
        }
    }
}

/// Bytes that matter to the scanner, more often than others.
fn noise() -> impl Strategy<Value = Vec<u8>> {
    let byte = prop_oneof![
        12 => prop::sample::select(&b"{}[]\"\"\"\\,: a1"[..]),
        2 => prop::sample::select(&b"\t\n\rb\xc3\xa9\xf0\x9f\x98\x80"[..]),
        1 => any::<u8>(),
    ];
    prop::collection::vec(byte, 0..200)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn random_bytes(noise in noise(), wrapped: bool, paths in prop::collection::vec(path(), 0..4)) {
        let line = if wrapped { [b"{\"a\":[", &noise[..], b"]}"].concat() } else { noise };
        assert_verdict(&line, &paths);
    }

    #[test]
    fn random_ascii(noise in "[{}\\[\\]\"\\\\,: ab1]{0,300}", paths in prop::collection::vec(path(), 0..4)) {
        assert_verdict(noise.as_bytes(), &paths);
        assert_verdict(format!("{{{noise}}}").as_bytes(), &paths);
    }

    #[test]
    fn cut_and_changed_documents(
        record in record(),
        seed in any::<u64>(),
        paths in prop::collection::vec(path(), 0..4),
        cut in any::<prop::sample::Index>(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), prop::sample::select(&b"{}[]\"\\,:a \xc3"[..]), 0..3u8), 1..3),
    ) {
        let mut writer = Writer::new(seed);
        writer.write(&record);
        assert_verdict(&writer.line[..cut.index(writer.line.len())], &paths);
        let mut line = writer.line;
        for (place, byte, change) in changes {
            let place = place.index(line.len());
            match change {
                0 => line[place] = byte,
                1 => line.insert(place, byte),
                _ if line.len() > 1 => drop(line.remove(place)),
                _ => {}
            }
        }
        assert_verdict(&line, &paths);
    }
}

#[test]
fn many_levels() {
    for levels in [62, 63, 64, 65, 66, 1000] {
        let open = "{\"a\":[".repeat(levels / 2);
        let close = "]}".repeat(levels / 2);
        assert_verdict(format!("{open}7{close}").as_bytes(), &[parse(".a"), parse(".a[].a[].a")]);
        assert_verdict(format!("{open}7{}", close.replacen(']', "}", 1)).as_bytes(), &[]);
        assert_verdict(format!("{open}7{close}]").as_bytes(), &[]);
        assert_verdict(format!("{open}7{}", &close[1..]).as_bytes(), &[]);
    }
}
