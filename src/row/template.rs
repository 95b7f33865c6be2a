//! Rows that are told by another row: of a window's rows most bytes are the same.
//!
//! A program that writes window rows writes the same columns in the same order, and the same window, totals and flags in each
//! row of an emission. So a row that was read makes a [`Template`]: what stands between its values. A line that fits is a row of the
//! same emission, and of it only the count needs to be read; whoever wants more reads it whole. A line that does not fit may be a
//! row as well: it has to be read.

use memchr::memchr;

use super::Number;
use crate::jsonl::format::plain_columns;
use crate::scan;

/// What the rows of an emission have in common, byte for byte.
#[derive(Clone, Debug)]
pub struct Template {
    /// What stands before each value that may differ, and what the value is.
    values: Vec<(Vec<u8>, Kind)>,
    /// What stands behind the last of them.
    tail: Vec<u8>,
}

/// A count of so many digits fits into 64 bits.
const MOST_DIGITS: usize = 18;

/// What may stand in the place of a value such that the line has the same columns of the same kinds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// Any scalar: a key column before the count.
    Key,
    /// A whole number.
    Count,
    /// A number or null: an aggregate behind the count.
    Figure,
}

impl Template {
    /// The template of a line that was read as a row. `None` if it is not as our own tools write it, or has no key, or if
    /// there are columns that do not fit into the scheme; such rows are read one by one.
    pub fn of(line: &[u8]) -> Option<Template> {
        let mut values = Vec::new();
        let mut has_count = false;
        let (mut fixed, mut at) = (0, 1); // behind the last value, and where the column begins
        for (name, json) in plain_columns(line)? {
            let begin = at + name.len() + 3;
            let end = begin + json.len();
            at = end + 1;
            let kind = match name {
                "window_start" | "window_end" | "total" | "distinct" | "rows" | "late" | "rev" | "open"
                | "update" | "all" => continue,
                "error" | "guaranteed" | "rank" | "prev_rank" | "share" => return None,
                "count" => Kind::Count,
                _ if !has_count => Kind::Key,
                _ => Kind::Figure,
            };
            has_count |= kind == Kind::Count;
            let (_, length) = kind.value(line.get(begin..)?).filter(|(_, length)| *length == json.len())?;
            values.push((line.get(fixed..begin)?.to_vec(), kind));
            fixed = begin + length;
        }
        let has_key = values.first().is_some_and(|(_, kind)| *kind == Kind::Key);
        (has_count && has_key).then(|| Template { values, tail: line[fixed..].to_vec() })
    }

    /// The count of a line that differs from the template in no more than its keys, its count and its aggregates.
    pub fn count(&self, line: &[u8]) -> Option<u64> {
        let mut rest = line;
        let mut count = None;
        for (before, kind) in &self.values {
            rest = rest.strip_prefix(&before[..])?;
            let (value, length) = kind.value(rest)?;
            count = count.or(value);
            rest = &rest[length..];
        }
        if rest == &self.tail[..] { count } else { None }
    }
}

impl Kind {
    /// The value that a text begins with, if it is a count, and its length. `None` if it is of another kind, or not plain.
    fn value(self, text: &[u8]) -> Option<(Option<u64>, usize)> {
        match self {
            Kind::Count => {
                let (mut count, mut length) = (0, 0);
                while let Some(digit @ b'0'..=b'9') = text.get(length).filter(|_| length <= MOST_DIGITS) {
                    count = 10 * count + u64::from(digit - b'0');
                    length += 1;
                }
                let is_plain = length == 1 || (2..=MOST_DIGITS).contains(&length) && text[0] != b'0';
                is_plain.then_some((Some(count), length))
            }
            Kind::Key => {
                Some((None, if text.first()? == &b'"' { string(text)? } else { scalar(text)?.len() }))
            }
            Kind::Figure => {
                let json = std::str::from_utf8(scalar(text)?).ok()?;
                (json == "null" || Number::parse(json).is_some()).then_some((None, json.len()))
            }
        }
    }
}

/// The length of the string that a text begins with, with its quotes, if it is valid and has no escapes.
fn string(text: &[u8]) -> Option<usize> {
    // Keys are short: most end before a search has begun.
    let special = text[1..].iter().position(|byte| matches!(byte, b'"' | b'\\' | ..b' ' | 128..))?;
    if text[1 + special] == b'"' {
        return Some(special + 2);
    }
    let inside = &text[1..=memchr(b'"', &text[1..])?];
    let is_plain = !inside.iter().fold(false, |found, &byte| found | (byte < b' ') | (byte == b'\\'));
    (is_plain && std::str::from_utf8(inside).is_ok()).then_some(inside.len() + 2)
}

/// The scalar that a text begins with, if it is no string.
fn scalar(text: &[u8]) -> Option<&[u8]> {
    let length = text.iter().position(|byte| matches!(byte, b',' | b'}'))?;
    Some(&text[..length]).filter(|scalar| scan::is_scalar(scalar))
}

#[cfg(test)]
mod tests {
    use super::super::Row;
    use super::*;
    use proptest::prelude::*;

    const LINE: &str = r#"{"window_start":"2018-11-12T19:00:00Z","window_end":"2018-11-12T19:00:20Z","tag":"a","n":7,"count":12,"mean":1.5,"total":45,"distinct":8,"rows":8,"late":0,"open":true}"#;

    fn count(line: &str) -> Option<u64> {
        Template::of(LINE.as_bytes()).expect("a template").count(line.as_bytes())
    }

    #[test]
    fn keys_counts_and_aggregates_may_differ() {
        assert_eq!(count(LINE), Some(12));
        for (from, to) in [
            (":\"a\"", ":\"b, }{ \u{e9}\""),
            (":\"a\"", ":null"),
            (":\"a\"", ":-1.5e3"),
            (":7", ":\"7\""),
            ("1.5", "null"),
            ("1.5", "-2"),
        ] {
            assert_eq!(count(&LINE.replace(from, to)), Some(12), "{to}");
        }
        assert_eq!(count(&LINE.replace(":12,", ":0,")), Some(0));
        assert_eq!(count(&LINE.replace(":12,", ":999999999999999999,")), Some(999_999_999_999_999_999));
    }

    #[test]
    fn nothing_else_may() {
        for (from, to) in [
            (":\"a\"", ":\"\\n\""),
            (":\"a\"", ":\"\n\""),
            (":\"a\"", ":[1]"),
            (":\"a\"", ":nul"),
            (":\"a\"", ":\"a"),
            (":12,", ":012,"),
            (":12,", ":1.5,"),
            (":12,", ":-1,"),
            (":12,", ":,"),
            (":12,", ":\"12\","),
            (":12,", ":1000000000000000000,"),
            ("1.5", "true"),
            ("1.5", "1e999"),
            ("00:20Z", "00:30Z"),
            (":45", ":46"),
            ("true}", "true} "),
            ("true}", "false}"),
        ] {
            assert_eq!(count(&LINE.replace(from, to)), None, "{to}");
        }
        assert_eq!(count(&LINE[..LINE.len() - 1]), None);
        assert_eq!(count(""), None);
        let mut bytes = LINE.replace(":\"a\"", ":\"\u{e9}\"").into_bytes();
        let broken = bytes.iter().position(|byte| *byte == 0xa9).expect("the second byte");
        bytes[broken] = b'a';
        assert_eq!(Template::of(LINE.as_bytes()).expect("a template").count(&bytes), None);
    }

    #[test]
    fn rows_that_do_not_fit_into_the_scheme_make_no_template() {
        for (from, to) in [
            (",\"tag\":\"a\",\"n\":7", ""),
            ("\"mean\":1.5", "\"error\":1,\"guaranteed\":true"),
            ("\"mean\":1.5", "\"kind\":\"x\""),
            ("\"open\":true", "\"rank\":1"),
            ("\"open\":true", "\"share\":0.5"),
            (":12,", ":1.5,"),
            ("\"tag\"", "\"t\\u0061g\""),
            ("\"tag\":", "\"tag\": "),
        ] {
            assert!(Template::of(LINE.replace(from, to).as_bytes()).is_none(), "{to}");
        }
    }

    proptest! {
        /// What fits is a row, and differs from the first in nothing but what may differ.
        #[test]
        fn what_fits_is_read_as_a_row_of_the_emission(
            values in prop::collection::vec((r#""[a,}\\é"{:\n]{0,3}"|-?[0-9.e]{1,3}|true|nul?l|\[1?\]"#, "-?[0-9]{1,3}(\\.5)?", "[0-9.e-]{1,4}|null"), 2),
            rows in prop::array::uniform2(1_u8..3),
            has_aggregate: bool,
        ) {
            let line = |at: usize| {
                let (key, count, mean) = &values[at];
                let aggregate = if has_aggregate { format!(r#","mean":{mean}"#) } else { String::new() };
                format!(r#"{{"window_start":"2018-11-12T19:00:00Z","window_end":"2018-11-12T19:00:20Z","k":{key},"count":{count}{aggregate},"rows":{}}}"#, rows[at])
            };
            let (first, other) = (line(0), line(1));
            let (Ok(row), Some(template)) = (Row::read(first.as_bytes()), Template::of(first.as_bytes())) else { return Ok(()) };
            prop_assert_eq!(template.count(first.as_bytes()).map(Number::from), Some(row.count));
            if let Some(count) = template.count(other.as_bytes()) {
                let found = Row::read(other.as_bytes()).expect("a row");
                prop_assert_eq!(found.count, Number::from(count));
                prop_assert_eq!(found.keys.len(), row.keys.len());
                let alike = Row { keys: row.keys.clone(), count: row.count, extra: row.extra.clone(), ..found };
                prop_assert_eq!(alike, row);
            }
        }
    }
}
