//! The function of the fuzz target (`fuzz/fuzz_targets/scan.rs`), on inputs that were found worth it, and on many at random.

#[path = "../fuzz/check.rs"]
mod check;

use proptest::prelude::*;

/// Each a text of lines: framing, cuts, escapes and brackets at the ends of blocks, broken lines beside whole ones.
const CORPUS: [&[u8]; 12] = [
    b"",
    b"\n\n",
    b"{}",
    b"{\"a\":1}\n{\"a\":[{}]}\n{\"b\":[1,2,{\"a\":3}]}",
    b"{\"a\":\"cut\n{\"a\":\"whole\"}\n\"\n{\"a\":2}",
    b"{\"\\u0061\":1,\"a\":2}\n{\"a\":1,\"\\u0061\":2}",
    b"{\"a\":\"\\\\\"}\n{\"a\":\"\\\\\\\"\"}\\\n{\"a\":\"\\\"}",
    b"{\"entities\":{\"hashtags\":[{\"text\":\"x\"},{\"text\":\"\\ud83d\"}]}}",
    b"{\"\xc3\xa9\\\"\":true}\n{\"a\":\"\xc3\"}\n{\"a\":\"\xe3\x81\x82\"}",
    b"{\"a\":[}\n{\"a\":(]}\n{\"a\":1}}\n[{\"a\":1}]",
    b"{\"a\" :\t{ \"a\" : null }\r}\n {\"a\":1e5} ",
    b"{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":1}}}}}}}}}}}}",
];

#[test]
fn the_corpus() {
    for text in CORPUS {
        // At every place of a block.
        for space in 0..70 {
            check::check(&[&b" ".repeat(space)[..], b"\n", text].concat());
            check::check(&[&b"x".repeat(space)[..], b"\n", text].concat());
        }
        for end in 0..text.len() {
            check::check(&text[..end]);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn parts_of_json(parts in prop::collection::vec(
        prop::sample::select(vec![
            "{", "}", "[", "]", "\"", "\\", ",", ":", "\n", " ", "\"a\":", "\"b\":[0,", "1", "null", "{\"a\":", "\"x\"", "\\u0061",
            "\"entities\":{", "\"hashtags\":[", "{\"text\":\"t\"}", "é", "\r", "{\"a\":1}\n", "\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"",
        ]),
        0..60,
    )) {
        check::check(parts.concat().as_bytes());
    }

    #[test]
    fn corpus_with_other_bytes(
        at in 0..CORPUS.len(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
    ) {
        let mut text = CORPUS[at].to_vec();
        for (place, byte) in changes {
            if !text.is_empty() {
                let place = place.index(text.len());
                text[place] = byte;
            }
        }
        check::check(&text);
    }
}
