//! How documents are named, by their keys.

use sha2::{Digest, Sha256};

use crate::row::key;
use crate::scan::decode_string;
use crate::sink::{Keys, Record};
use crate::time::rfc3339;

/// The longest name in bytes that Elasticsearch takes; others take longer ones.
const LONGEST: usize = 512;

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
    if id.len() > LONGEST {
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
