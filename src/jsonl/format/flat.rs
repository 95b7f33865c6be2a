//! A JSON object as columns: names, and values as their JSON text.
//!
//! Most rows are plain, as our own tools write them: no escapes, no nesting, no white space. These are cut where they
//! stand ([`plain_columns`]); serde_json reads the others, and is the oracle in a test.

use std::fmt;

use foldhash::fast::FixedState;
use hashbrown::HashMap;
use memchr::memchr;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::scan;

/// So many names are compared one by one; beyond, they are looked up.
const FEW: usize = 64;

/// The columns of a JSON object in order, each value as its JSON text; the last of two equal names wins.
pub fn columns(line: &[u8]) -> Result<Vec<(String, String)>, serde_json::Error> {
    match plain_columns(line) {
        Some(plain) => Ok(plain.into_iter().map(|(name, json)| (name.into(), json.into())).collect()),
        None => any_columns(line),
    }
}

/// The same for an object of few scalars without escapes and white space between tokens; `None` for every other line, whether it
/// is an object or not.
pub fn plain_columns(line: &[u8]) -> Option<Vec<(&str, &str)>> {
    // One pass over all bytes, many at a time, is cheaper than a look at each byte of each string.
    if line.iter().fold(false, |found, &byte| found | (byte < b' ') | (byte == b'\\')) {
        return None;
    }
    let text = simdutf8::basic::from_utf8(line).ok()?;
    let mut columns: Vec<(&str, &str)> = Vec::with_capacity(12);
    let mut at = 1;
    if line.first() != Some(&b'{') {
        return None;
    }
    loop {
        let name_end = plain_string_end(line, at)?;
        let name = &text[at + 1..name_end - 1];
        let is_known = columns.iter().any(|(known, _)| *known == name);
        if line.get(name_end) != Some(&b':') || is_known || columns.len() == FEW {
            return None;
        }
        let begin = name_end + 1;
        let end = match line.get(begin)? {
            b'"' => plain_string_end(line, begin)?,
            _ => begin + line[begin..].iter().position(|byte| matches!(byte, b',' | b'}'))?,
        };
        let json = &text[begin..end];
        if !json.starts_with('"') && !scan::is_scalar(json.as_bytes()) {
            return None;
        }
        columns.push((name, json));
        match line.get(end)? {
            b',' => at = end + 1,
            b'}' => return (end + 1 == line.len()).then_some(columns),
            _ => return None,
        }
    }
}

/// Past the closing quote of a string that begins at `at`, in a line without escapes.
fn plain_string_end(line: &[u8], at: usize) -> Option<usize> {
    let inside = line.get(at..)?.strip_prefix(b"\"")?;
    Some(at + memchr(b'"', inside)? + 2)
}

fn any_columns(line: &[u8]) -> Result<Vec<(String, String)>, serde_json::Error> {
    struct Columns;
    impl<'de> Visitor<'de> for Columns {
        type Value = Vec<(String, String)>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a JSON object")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            let mut columns: Vec<(String, String)> = Vec::new();
            let mut places: HashMap<String, usize, FixedState> = HashMap::default();
            // Names are decoded by us: serde_json refuses half of a surrogate pair.
            while let Some((name, value)) = map.next_entry::<&RawValue, &RawValue>()? {
                let name = scan::decode_string(name.get().as_bytes()).into_owned();
                let json = value.get().to_owned();
                let known = match places.is_empty() {
                    true => columns.iter().position(|(known, _)| *known == name),
                    false => places.get(&name).copied(),
                };
                if let Some(place) = known {
                    columns[place].1 = json;
                    continue;
                }
                columns.push((name, json));
                if columns.len() > FEW {
                    let new = if places.is_empty() { 0 } else { columns.len() - 1 };
                    places.extend((new..columns.len()).map(|at| (columns[at].0.clone(), at)));
                }
            }
            Ok(columns)
        }
    }
    let mut reader = serde_json::Deserializer::from_slice(line);
    reader.deserialize_map(Columns).and_then(|columns| reader.end().map(|()| columns))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_row_of_our_own_is_plain() {
        let line =
            r#"{"window_start":"2018-11-12T19:00:00Z","tag":"Köln","n":-1.5e3,"open":true,"mean":null}"#;
        let plain = plain_columns(line.as_bytes()).expect("plain");
        assert_eq!(plain[1..], [("tag", "\"Köln\""), ("n", "-1.5e3"), ("open", "true"), ("mean", "null")]);
    }

    #[test]
    fn of_many_columns_the_last_of_two_equal_ones_wins_too() {
        let members: String = (0..50_000).map(|n| format!("\"k{n}\":{n},")).collect();
        let line = format!("{{{members}\"k0\":\"a\",\"k49999\":\"b\"}}");
        let columns = columns(line.as_bytes()).expect("an object");
        let found = [0, 1, 49_999].map(|at| (columns[at].0.as_str(), columns[at].1.as_str()));
        assert_eq!(found, [("k0", "\"a\""), ("k1", "1"), ("k49999", "\"b\"")]);
        assert_eq!(columns.len(), 50_000);
    }

    proptest! {
        #[test]
        fn what_is_plain_is_what_serde_reads(line in r#"\{?("[ab\\n\u{1}é]{0,2}":("[a,}é\\"]{0,3}"|-?[0-9.e]{1,3}|true|nul?l|\[\]),?){0,4}\}? ?"#) {
            if let Some(plain) = plain_columns(line.as_bytes()) {
                let plain: Vec<_> = plain.into_iter().map(|(name, json)| (name.to_owned(), json.to_owned())).collect();
                prop_assert_eq!(Some(plain), any_columns(line.as_bytes()).ok(), "{}", line);
            }
        }
    }
}
