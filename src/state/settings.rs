//! Settings that a state must agree with, as a JSON object, and the difference to those of another run.

use serde_json::{Map, Value};

/// Settings by the name of their option.
pub type Settings = Map<String, Value>;

/// The settings that differ, one a line; `None` when all agree.
pub(super) fn difference(kept: &Settings, asked: &Settings) -> Option<String> {
    let names = kept.keys().chain(asked.keys().filter(|name| !kept.contains_key(*name)));
    let lines: Vec<String> = names
        .filter_map(|name| {
            let (was, is) = (set(kept.get(name)), set(asked.get(name)));
            (was != is).then(|| format!("  {name}: {} in the state, {} now", shown(was), shown(is)))
        })
        .collect();
    if lines.is_empty() { None } else { Some(lines.join("\n")) }
}

/// An option that was not given, whichever way that is said: so an option that a later release adds changes nothing.
fn set(value: Option<&Value>) -> Option<&Value> {
    value.filter(|value| match value {
        Value::Null | Value::Bool(false) => false,
        Value::Array(values) => !values.is_empty(),
        _ => true,
    })
}

fn shown(value: Option<&Value>) -> String {
    match value {
        None => "nothing".into(),
        Some(Value::Bool(true)) => "on".into(),
        Some(Value::String(text)) => text.clone(),
        Some(Value::Array(values)) => {
            values.iter().map(|value| shown(Some(value))).collect::<Vec<_>>().join(" and ")
        }
        Some(other) => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_differs_is_shown_and_nothing_else() {
        let settings = |value: Value| value.as_object().expect("an object").clone();
        let kept = settings(json!({"window": ["20s", "1m"], "key": [".lang"], "where": null, "once": false}));
        assert_eq!(difference(&kept, &kept), None);
        let asked = settings(json!({"window": ["20s"], "key": [".lang"], "where": ".ok", "once": true}));
        let expected = "  window: 20s and 1m in the state, 20s now\n  where: nothing in the state, .ok now\n  once: nothing in the state, on now";
        assert_eq!(difference(&kept, &asked).as_deref(), Some(expected));
        let later = settings(json!({"window": ["20s", "1m"], "key": [".lang"], "fold": false, "stop": []}));
        assert_eq!(difference(&kept, &later), None, "options of a later release that are not used");
    }
}
