//! Every kernel gives the same index as the portable one, and that one the same as a loop over the bytes.

use crate::scan::{Kernel, firsts::Firsts, index::Index};
use proptest::prelude::*;

/// Brackets outside strings and quotes before wanted first bytes, and whether the line ends in a string.
fn model(line: &[u8], firsts: &Firsts) -> (Vec<u32>, bool) {
    let mut entries = Vec::new();
    let mut in_string = false;
    let mut escaped = false;
    for (at, &byte) in line.iter().enumerate() {
        if byte == b'"' && !escaped {
            in_string = !in_string;
            let next = line.get(at + 1).copied().unwrap_or(b' ');
            if in_string && firsts.has(next) {
                entries.push(at as u32);
            }
        } else if !in_string && b"{}[]".contains(&byte) {
            entries.push(at as u32);
        }
        escaped = byte == b'\\' && !escaped;
    }
    (entries, in_string)
}

fn assert_same(line: &[u8], names: &[&str]) {
    let mut firsts = Firsts::default();
    names.iter().for_each(|name| firsts.add(name));
    let (entries, is_open) = model(line, &firsts);
    let mut portable: Option<Index> = None;
    for kernel in Kernel::all() {
        let mut index = Index::default();
        kernel.fill(&mut index, line, &firsts);
        assert_eq!((index.entries(), index.is_open), (&entries[..], is_open), "{}", kernel.name());
        let portable = portable.get_or_insert(index);
        let mut index = Index::default();
        kernel.fill(&mut index, &vec![b'{'; 1000], &firsts); // leaves its traces in the buffers
        kernel.fill(&mut index, line, &firsts);
        assert_eq!(index.said(), portable.said(), "{}", kernel.name());
    }
}

#[test]
fn first_bytes_are_a_set() {
    let mut firsts = Firsts::default();
    assert!(firsts.is_empty() && (0..=255).all(|byte| !firsts.has(byte)));
    ["lang", "", "{"].iter().for_each(|name| firsts.add(name));
    let ascii: Vec<u8> = (0..128).filter(|byte| firsts.has(*byte)).collect();
    assert_eq!(ascii, b"\"\\l{");
    firsts.add("é");
    assert!(firsts.has("é".as_bytes()[0]));
}

#[test]
fn every_byte_at_every_place_of_a_block() {
    let names: [&[&str]; 4] = [&[], &["a"], &["lang", "created_at", "", "{", "~"], &["é", "x"]];
    let strings: Vec<u8> = (0..=255).flat_map(|byte| [b'"', byte, b'"']).collect();
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
    fn any_bytes(line in prop::collection::vec(any::<u8>(), 0..300)) {
        assert_same(&line, &["a", "é"]);
    }
}
