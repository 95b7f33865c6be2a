//! A JSON object as columns: names, and values as their JSON text.

use std::fmt;

use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

/// The columns of a JSON object in order, each value as its JSON text; the last of two equal names wins.
pub fn columns(line: &[u8]) -> Result<Vec<(String, String)>, serde_json::Error> {
    struct Columns;
    impl<'de> Visitor<'de> for Columns {
        type Value = Vec<(String, String)>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a JSON object")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            let mut columns: Vec<(String, String)> = Vec::new();
            while let Some((name, value)) = map.next_entry::<String, &RawValue>()? {
                let json = value.get().to_owned();
                match columns.iter_mut().find(|(known, _)| *known == name) {
                    Some((_, old)) => *old = json,
                    None => columns.push((name, json)),
                }
            }
            Ok(columns)
        }
    }
    let mut reader = serde_json::Deserializer::from_slice(line);
    reader.deserialize_map(Columns).and_then(|columns| reader.end().map(|()| columns))
}
