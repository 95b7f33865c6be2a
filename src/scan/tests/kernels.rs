//! Every kernel gives the same index as the portable one, and that one the same as a loop over the bytes.

use crate::scan::{
    Kernel,
    firsts::Firsts,
    index::{Extent, Index},
};
use proptest::prelude::*;

/// Brackets outside strings and quotes before wanted first bytes.
fn model(line: &[u8], firsts: &Firsts) -> Vec<u32> {
    let mut entries = Vec::new();
    let mut in_string = false;
    let mut escaped = false;
    for (at, &byte) in line.iter().enumerate() {
        if byte == b'"' && !escaped {
            in_string = !in_string;
            let byte = |at: usize| line.get(at).copied().unwrap_or(b' ');
            if in_string && firsts.may_begin(byte(at + 1), byte(at + 2)) {
                entries.push(at as u32);
            }
        } else if !in_string && b"{}[]".contains(&byte) {
            entries.push(at as u32);
        }
        escaped = byte == b'\\' && !escaped;
    }
    entries
}

fn assert_same(line: &[u8], names: &[&str]) {
    let mut firsts = Firsts::default();
    names.iter().for_each(|name| firsts.add(name));
    let entries = model(line, &firsts);
    let mut portable: Option<Index> = None;
    for kernel in Kernel::all() {
        let mut index = Index::default();
        kernel.fill(&mut index, line, Extent::Line, &firsts);
        assert_eq!(index.entries(), entries, "{}", kernel.name());
        let portable = portable.get_or_insert(index);
        let mut index = Index::default();
        kernel.fill(&mut index, &b"{\n".repeat(500), Extent::Lines, &firsts); // leaves its traces in the buffers
        kernel.fill(&mut index, line, Extent::Line, &firsts);
        assert_eq!(index.said(), portable.said(), "{}", kernel.name());
    }
}

/// Each line of a text is indexed as if it stood alone.
fn assert_lines(text: &[u8], names: &[&str]) {
    let mut firsts = Firsts::default();
    names.iter().for_each(|name| firsts.add(name));
    let (mut entries, mut start) = (Vec::new(), 0);
    for line in text.split(|byte| *byte == b'\n') {
        // What is behind the line's last byte is its newline, and no key begins with that.
        entries.extend(model(line, &firsts).into_iter().map(|entry| start as u32 + entry));
        start += line.len() + 1;
        entries.push(start as u32 - 1);
    }
    entries.pop(); // behind the last line is none
    for kernel in Kernel::all() {
        let mut index = Index::default();
        kernel.fill(&mut index, text, Extent::Lines, &firsts);
        assert_eq!(index.entries(), entries, "{}", kernel.name());
        let mut start = 0;
        for line in text.split(|byte| *byte == b'\n') {
            assert!(index.has_high(start..start + line.len()) || line.is_ascii(), "{}", kernel.name());
            start += line.len() + 1;
        }
    }
}

#[test]
fn what_keys_begin_with() {
    let mut firsts = Firsts::default();
    assert!(firsts.is_empty() && !firsts.may_begin(b'l', b'a') && !firsts.may_begin(b'\\', b'u'));
    ["lang", "x", "{"].iter().for_each(|name| firsts.add(name));
    for (text, may) in [
        ("la", true),
        ("l\\", true),
        ("x\"", true),
        ("\\u", true),
        ("lc", false),
        ("ma", false),
        (",a", true),
    ] {
        assert_eq!(firsts.may_begin(text.as_bytes()[0], text.as_bytes()[1]), may, "{text}");
    }
    firsts.add("");
    assert!(firsts.may_begin(b'"', b':') && firsts.may_begin(b'"', b' '));
    firsts.add("é");
    assert!(firsts.may_begin("é".as_bytes()[0], "é".as_bytes()[1]));
}

#[test]
fn every_byte_at_every_place_of_a_block() {
    let names: [&[&str]; 4] = [&[], &["a"], &["lang", "created_at", "", "{", "~"], &["é", "x"]];
    let strings: Vec<u8> = (0..=255).flat_map(|byte| [b'"', byte, b'"', b'"', b'l', byte, b'"']).collect();
    let bytes: Vec<u8> = (0..=255).collect();
    for names in names {
        for place in 0..64 {
            let space = vec![b' '; place];
            assert_same(&[&space[..], &strings].concat(), names);
            assert_same(&[&space[..], b"\"", &strings].concat(), names);
            assert_same(&[&space[..], &bytes].concat(), names);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn dense_blocks(line in "[{}\\[\\]\"\\\\a ]{0,300}", brackets in "[{}\\[\\]]{0,300}") {
        assert_same(line.as_bytes(), &["a"]);
        assert_same(brackets.as_bytes(), &["a"]);
        assert_same(format!("\"{line}").as_bytes(), &[]);
    }

    #[test]
    fn lines_are_as_if_alone(text in "[{}\\[\\]\"\\\\ae\n\n é]{0,300}", long in "[ae\"\\\\]{0,200}\n\"[a ]{0,200}\n[}]") {
        assert_lines(text.as_bytes(), &["a"]);
        assert_lines(long.as_bytes(), &["a", "é"]);
    }

    #[test]
    fn any_bytes(line in prop::collection::vec(any::<u8>(), 0..300)) {
        assert_same(&line, &["a", "é"]);
    }
}
