//! JSON as BSON: whole numbers of 64 bits, other numbers as floats, texts, truth values, arrays and objects in their order; the
//! bounds of windows, and the time column, as dates.

use mongodb::bson::{Bson, DateTime, Document};
use serde_json::Value;

use crate::sink::{Keys, Record, read_time};

/// A record as a document. `update`, which says how a row was sent, is not stored.
pub(super) fn document(record: &Record<'_>, keys: &Keys, time: Option<&str>) -> Result<Document, String> {
    let is_row = record.emitted().filter(|_| keys.by_window).is_some();
    let mut document = Document::new();
    for (name, json) in record.columns() {
        if name == "update" && record.emitted().is_some() {
            continue;
        }
        if name == "_id" {
            return Err("a column is called `_id`, which is made of the key columns here".into());
        }
        check_name(name)?;
        let is_time = time == Some(name) || is_row && matches!(name, "window_start" | "window_end");
        let value = if is_time && json != "null" {
            Bson::DateTime(DateTime::from_millis(read_time(name, Some(json))?))
        } else {
            let parsed =
                serde_json::from_str(json).map_err(|error| format!("the column `{name}`: {error}"))?;
            let is_whole = |json: &str| json.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
            if matches!(&parsed, Value::Number(number) if number.as_i64().is_none()) && is_whole(json) {
                // The parser makes floats of what is larger still.
                return Err(format!("the column `{name}` is a whole number of more than 64 bits"));
            }
            bson(parsed)?
        };
        document.insert(name, value);
    }
    Ok(document)
}

fn check_name(name: &str) -> Result<(), String> {
    if name.contains('\0') { Err(format!("{name:?} holds a NUL, and no name in BSON does")) } else { Ok(()) }
}

fn bson(value: Value) -> Result<Bson, String> {
    Ok(match value {
        Value::Null => Bson::Null,
        Value::Bool(truth) => Bson::Boolean(truth),
        Value::String(text) => Bson::String(text),
        Value::Number(number) => match (number.as_i64(), number.as_f64()) {
            (Some(number), _) => Bson::Int64(number),
            (None, Some(number)) if number.is_finite() => Bson::Double(number),
            _ => return Err(format!("{number} is too large a number")),
        },
        Value::Array(values) => Bson::Array(values.into_iter().map(bson).collect::<Result<_, _>>()?),
        Value::Object(fields) => {
            let mut document = Document::new();
            for (name, value) in fields {
                check_name(&name)?;
                document.insert(name, bson(value)?);
            }
            Bson::Document(document)
        }
    })
}
