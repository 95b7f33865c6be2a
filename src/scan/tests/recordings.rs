//! Recorded streams: every line is a record, and every path gives what `serde_json` finds.

use super::path;
use crate::scan::{Hit, Kernel, Path, Scanner, Step, check_grammar};
use serde_json::Value;
use std::path::PathBuf;

/// The values at a path, of a document without duplicate keys; nothing where the path does not fit.
fn find<'a>(value: &'a Value, steps: &[Step], found: &mut Vec<Option<&'a Value>>) {
    match steps.split_first() {
        None => found.push(Some(value)),
        Some((Step::Key { name, .. }, rest)) => match value.get(name) {
            Some(member) => find(member, rest, found),
            None => found.push(None),
        },
        Some((Step::Index { at, .. }, rest)) => match value.get(*at as usize) {
            Some(element) => find(element, rest, found),
            None => found.push(None),
        },
        Some((Step::Each { .. }, rest)) => match value {
            Value::Array(elements) => elements.iter().for_each(|element| find(element, rest, found)),
            _ => found.push(None),
        },
    }
}

#[test]
fn recorded_streams() {
    let streams = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/data/streams");
    if !streams.is_dir() {
        println!("skipped: recorded_streams, no ../shared");
        return;
    }
    let paths = [
        "",
        ".created_at",
        ".entities.hashtags[].text",
        ".lang",
        ".user.screen_name",
        ".user.entities",
        ".id_str",
        ".retweeted_status.entities.urls[].indices[1]",
        ".data.created_at",
        ".data.entities.hashtags[].tag",
        ".commit.record.langs[0]",
        ".commit.record.facets[].features[].tag",
        ".time_us",
        ".group.group_city",
        ".actor.login",
        ".payload.commits[].author.email",
        ".account.acct",
        ".tags[].name",
        ".text",
    ];
    let paths = paths.map(path);
    let mut scanners: Vec<_> =
        Kernel::all().into_iter().map(|kernel| Scanner::with_kernel(&paths, kernel)).collect();
    let mut values = 0;
    for entry in std::fs::read_dir(streams).expect("readable") {
        let file = entry.expect("readable").path();
        if file.extension().is_none_or(|extension| extension != "jsonl") {
            continue;
        }
        let content = std::fs::read(&file).expect("readable");
        for line in content.split(|byte| *byte == b'\n').filter(|line| !line.trim_ascii().is_empty()) {
            let document = serde_json::from_slice(line).expect("recorded lines are JSON");
            assert_eq!(check_grammar(line), Ok(()));
            for scanner in &mut scanners {
                values += compare(scanner, &paths, line, &document);
            }
        }
    }
    assert!(values > 5_000, "the paths find something: {values}");
}

/// Compares all hits of a line; gives the number of values.
fn compare(scanner: &mut Scanner, paths: &[Path], line: &[u8], document: &Value) -> usize {
    assert_eq!(scanner.scan(line), Ok(()));
    let mut values = 0;
    for (at, path) in paths.iter().enumerate() {
        let mut expected = Vec::new();
        find(document, path, &mut expected);
        let read = |hit: &Hit| match hit {
            Hit::Value { start, end } => {
                let value = &line[*start as usize..*end as usize];
                Some(serde_json::from_slice::<Value>(value).expect("a value is JSON"))
            }
            _ => None,
        };
        let hits: Vec<_> = scanner.hits(at).iter().map(read).collect();
        values += hits.iter().flatten().count();
        assert!(
            hits.iter().map(Option::as_ref).eq(expected),
            "{path:?} in {}",
            String::from_utf8_lossy(line)
        );
    }
    values
}
