//! Names: of indices, by the time, and of documents, by their keys.

use std::path::Path;

use jiff::Timestamp;
use sha2::{Digest, Sha256};

use crate::archive::Pattern;
use crate::row::key;
use crate::scan::decode_string;
use crate::sink::{Keys, Record};
use crate::time::{Millis, rfc3339};

/// The longest name of a document, and of an index, in bytes.
const LONGEST_ID: usize = 512;
const LONGEST_INDEX: usize = 255;

/// How indices are named: a pattern of strftime, in UTC.
pub(super) struct Names {
    text: String,
    pattern: Pattern,
}

impl Names {
    /// Reads a pattern.
    pub(super) fn parse(text: &str) -> Result<Names, String> {
        let pattern = Pattern::parse(text)?;
        let names = Names { text: text.to_owned(), pattern };
        // Directives that write words write others in other months and on other days of the week.
        for month in 0..12 {
            names.at(i64::from(month) * 31 * 86_400_000)?;
        }
        Ok(names)
    }

    /// The index of a time.
    pub(super) fn at(&self, time: Millis) -> Result<String, String> {
        let time = Timestamp::from_millisecond(time).map_err(|_| "its time is in no calendar".to_owned())?;
        let name = self.pattern.at(time).to_string_lossy().into_owned();
        let is_plain =
            |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"._-".contains(&byte);
        if !name.bytes().all(is_plain) || name.starts_with(['.', '_', '-']) || name.len() > LONGEST_INDEX {
            return Err(format!(
                "`{name}` can be no name of an index: lower-case letters, digits, and inside it . _ - make one"
            ));
        }
        Ok(name)
    }

    /// What matches all of them, and maybe others.
    pub(super) fn glob(&self) -> String {
        self.pattern.glob()
    }

    /// What stands before the first directive, without what joins them: a name for all of them.
    pub(super) fn stem(&self) -> &str {
        let stem = self.text.split('%').next().unwrap_or_default().trim_end_matches(['.', '_', '-']);
        if stem.is_empty() { "trendpipe" } else { stem }
    }

    /// Whether the time stands in them.
    pub(super) fn is_dated(&self) -> bool {
        self.glob().contains('*')
    }

    /// When the time is over that has exactly this name; none if it is the name of none.
    pub(super) fn over(&self, name: &str) -> Option<Millis> {
        self.pattern.span_of(Path::new(name)).map(|(_, end)| end.as_millisecond())
    }
}

/// The name of a record: its key columns as a JSON array, and one that would be too long as its hash, which begins as no array
/// does. Of the window over everything the bounds are no part of it. `no_keys`: that of the row of a window without records.
pub(super) fn id(keys: &Keys, record: &Record<'_>, no_keys: bool) -> Result<String, String> {
    let emitted = record.emitted().filter(|_| keys.by_window);
    let mut id = b"[".to_vec();
    let mut packed = Vec::new();
    for column in &keys.columns {
        if id.len() > 1 {
            id.push(b',');
        }
        let is_bound = matches!(column.as_str(), "window_start" | "window_end");
        match emitted {
            // No JSON is written so.
            Some(emitted) if is_bound && emitted.all => id.extend_from_slice(b"all"),
            Some(emitted) if is_bound => {
                let bounds = emitted.bounds;
                let time = if column == "window_start" { bounds.start } else { bounds.end };
                crate::row::write_string(&rfc3339(time), &mut id);
            }
            _ => {
                let json = record.value(column).filter(|_| !no_keys).unwrap_or("null");
                if json == "null" && !keys.by_window {
                    return Err(format!("the key column `{column}` is missing or null"));
                }
                // Values that are equal are one key, however they are written.
                packed.clear();
                if json.starts_with('"') {
                    key::pack_string(&decode_string(json.as_bytes()), &mut packed);
                } else {
                    key::pack_other(json, &mut packed);
                }
                key::unpack(&packed).for_each(|scalar| scalar.write_json(&mut id));
            }
        }
    }
    id.push(b']');
    if id.len() > LONGEST_ID {
        let hash: String = Sha256::digest(&id).iter().map(|byte| format!("{byte:02x}")).collect();
        return Ok(format!("sha256:{hash}"));
    }
    String::from_utf8(id).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sink::Records;

    #[test]
    fn indices_are_named_by_the_time_and_read_back_exactly() {
        let over = |pattern: &str, name: &str| {
            let names = Names::parse(pattern).expect("a pattern");
            names.over(name).map(rfc3339)
        };
        for (pattern, name, end) in [
            ("t-%Y.%m.%d", "t-2018.11.30", "2018-12-01T00:00:00Z"),
            ("t-%Y.%m", "t-2018.12", "2019-01-01T00:00:00Z"),
            ("t-%Y", "t-2018", "2019-01-01T00:00:00Z"),
            ("t-%Y.%m.%d.%H", "t-2018.11.30.23", "2018-12-01T00:00:00Z"),
            ("t-%Y%j", "t-2018365", "2019-01-01T00:00:00Z"),
            ("t-%G-w%V", "t-2018-w52", "2018-12-31T00:00:00Z"),
        ] {
            assert_eq!(over(pattern, name).as_deref(), Some(end), "{pattern} {name}");
        }
        for other in
            ["t-2018.11.31", "t-2018.1.30", "t-2018.11.30-old", "t-archive.2018.11.30", "t-2018.11", ""]
        {
            assert_eq!(over("t-%Y.%m.%d", other), None, "{other}");
        }
        assert_eq!(over("t", "t"), None);
        for wrong in ["T-%Y", "t-%B", "t/%Y", "_t", "t %Y", "t-%Y:%m", "täg", "%Q", ""] {
            assert!(Names::parse(wrong).is_err(), "{wrong}");
        }
        let names = Names::parse("a-b-%Y.%m.%d").expect("a pattern");
        assert_eq!((names.glob().as_str(), names.stem()), ("a-b-*.*.*", "a-b"));
    }

    #[test]
    fn equal_keys_have_one_name_and_others_have_others() {
        let keys = Keys::new(vec!["a".into(), "b".into()]);
        let id = |line: &str| {
            let mut records = Records::default();
            records.push(line.as_bytes()).expect("a record");
            id(&keys, &records.get(0), false)
        };
        assert_eq!(id(r#"{"a":1.0,"b":"\u0061\u0000\""}"#), Ok(r#"[1,"a\u0000\""]"#.into()));
        let long = |last: char| format!(r#"{{"a":"{}{last}","b":1}}"#, "é".repeat(300));
        let (one, two) = (id(&long('1')).expect("a key"), id(&long('2')).expect("a key"));
        assert!(one.len() == 71 && one != two && one.starts_with("sha256:"));
        let different = [
            r#"{"a":"x\",\"y","b":1}"#,
            r#"{"a":"x","b":"y"}"#,
            r#"{"a":"1","b":"y"}"#,
            r#"{"a":1,"b":"y"}"#,
        ];
        let ids: std::collections::HashSet<_> = different.map(id).into_iter().collect();
        assert_eq!(ids.len(), 4);
        assert!(id(r#"{"a":1}"#).is_err());
    }
}
