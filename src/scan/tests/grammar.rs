//! The full check against `serde_json`'s own, and the decoding of strings against its.

use super::document::{Writer, record};
use crate::scan::{check, check_grammar, decode_string};
use proptest::prelude::*;
use std::borrow::Cow;

/// `serde_json` reads without building anything: half of a surrogate pair and numbers of any size pass.
fn model(line: &[u8]) -> bool {
    let is_object = line.trim_ascii_start().first() == Some(&b'{');
    is_object
        && std::str::from_utf8(line).is_ok()
        && serde_json::from_slice::<serde::de::IgnoredAny>(line).is_ok()
}

fn assert_agrees(line: &[u8]) {
    let verdict = check_grammar(line);
    assert_eq!(verdict.is_ok(), model(line), "{verdict:?} {}", String::from_utf8_lossy(line));
    if let Err(fault) = verdict {
        assert!(fault.at <= line.len());
    } else {
        assert_eq!(check(line), Ok(()), "the cheap check refuses no JSON: {}", String::from_utf8_lossy(line));
    }
}

#[test]
fn faults() {
    for (line, at, what) in [
        (&b"{\"a\":01}"[..], 6, "expected , or }"),
        (b"{\"a\":}", 5, "expected a value"),
        (b"{\"a\":nul}", 5, "expected a value"),
        (b"{\"a\" 1}", 5, "expected a colon"),
        (b"{\"a\":1,}", 7, "expected a key in quotes"),
        (b"{\"a\":[1 2]}", 8, "expected , or ]"),
        (b"{\"a\":[1,]}", 8, "expected a value"),
        (b"{\"a\":\"\\x\"}", 6, "unknown escape"),
        (b"{\"a\":\"\\ud83\"}", 6, "unknown escape"),
        (b"{\"a\":\"aaaaaaaa\x01\"}", 14, "control character in a string"),
        (b"{\"a\":1", 6, "the line ends too early"),
        (b"{\"a\":\"b", 7, "the line ends too early"),
        (b"{} {}", 3, "something follows the object"),
        (b"[]", 0, "expected an object"),
        (b"", 0, "the line ends too early"),
        (b"{\"\xff\":1}", 2, "invalid UTF-8"),
    ] {
        let fault = check_grammar(line).expect_err("a fault");
        assert_eq!((fault.at, fault.what), (at, what), "{}", String::from_utf8_lossy(line));
        assert_agrees(line);
    }
    let lone = br#"{"a":"\ud83d \ude00\ud83d"}"#;
    assert_eq!(check_grammar(lone), Ok(()));
    let deep = format!("{{\"a\":{}{}}}", "[".repeat(1_000_000), "]".repeat(1_000_000));
    assert_eq!(check_grammar(deep.as_bytes()), Ok(()));
}

#[test]
fn numbers() {
    let parts = ["", "-", "+", "0", "1", "10", "01", ".", "5", "e", "E", "e+", "e-", "00"];
    for a in parts {
        for b in parts {
            for c in parts {
                for d in ["", "1", "0", "e", "."] {
                    assert_agrees(format!("{{\"a\":{a}{b}{c}{d}}}").as_bytes());
                    assert_agrees(format!("{{\"a\":[{a}{b}{c}{d} ]}}").as_bytes());
                }
            }
        }
    }
}

#[test]
fn decoding() {
    assert!(matches!(decode_string(br#""abc""#), Cow::Borrowed("abc")));
    for (raw, text) in [
        (r#""""#, ""),
        (r#""a\"b\\c\/d\b\f\n\r\t""#, "a\"b\\c/d\u{8}\u{c}\n\r\t"),
        (r#""\u00e9\uD83D\uDE00""#, "é😀"),
        (r#""\ud83d\ud83d\ude00\udc00x""#, "\u{fffd}😀\u{fffd}x"),
        (r#""\ud83d\n\u0000""#, "\u{fffd}\n\0"),
        (r#""\q\é\u12""#, "\u{fffd}q\u{fffd}é\u{fffd}12"),
        (r#""\"#, "\u{fffd}"),
        (r#"""#, ""),
    ] {
        assert_eq!(decode_string(raw.as_bytes()), text, "{raw}");
    }
    assert_eq!(decode_string(b"\"\xff\\n\""), "\u{fffd}\n");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn documents(record in record(), seed in any::<u64>(), place in any::<prop::sample::Index>(), byte in prop::sample::select(&b"{}[]\"\\,:a0e. \x01\xc3"[..])) {
        let mut writer = Writer::new(seed);
        writer.space();
        writer.write(&record);
        writer.space();
        prop_assert_eq!(check_grammar(&writer.line), Ok(()));
        assert_agrees(&writer.line);
        let place = place.index(writer.line.len());
        assert_agrees(&writer.line[..place]);
        writer.line[place] = byte;
        assert_agrees(&writer.line);
        writer.line.remove(place);
        assert_agrees(&writer.line);
    }

    #[test]
    fn strings(text in "([a-zé😀\"\n]|\\\\[\"\\\\/bfnrtuq]|\\\\u[0-9a-fA-F]{4}|\\\\ud83d\\\\ude00){0,20}") {
        let raw = format!("\"{text}\"");
        if let Ok(expected) = serde_json::from_str::<String>(&raw) {
            prop_assert_eq!(decode_string(raw.as_bytes()), expected);
        } else {
            decode_string(raw.as_bytes());
        }
    }
}
