//! The tree against a model that parses each record and holds all values.

use std::collections::{BTreeMap, BTreeSet};

use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::Value;

use super::{Description, Limits, Shown, Tree, Walker, write_rows};

const LIMITS: Limits = Limits { depth: 3, names: 4, fields: 1000 };

/// Describes records that come in parts of so many, until there are too many fields.
fn description(records: &[String], part: usize, limits: Limits) -> (Description, bool) {
    let mut description = Description::new(limits);
    let mut walker = Walker::default();
    for records in records.chunks(part) {
        let mut tree = Tree::default();
        for (number, record) in records.iter().enumerate() {
            walker.add(record.as_bytes(), number as u64, &mut tree, limits).expect("it is JSON");
        }
        if !description.add(tree, records.iter().map(String::as_bytes)) {
            return (description, false);
        }
    }
    (description, true)
}

fn described(records: &[String], part: usize, limits: Limits) -> Vec<Value> {
    let (description, is_whole) = description(records, part, limits);
    assert!(is_whole);
    let mut rows = Vec::new();
    write_rows(&description, Shown::Exactly, &mut |row| {
        rows.push(serde_json::from_slice(row).expect("a row is JSON"));
        Ok::<(), ()>(())
    })
    .expect("nothing fails");
    rows
}

/// All values of each field, with maps already known.
#[derive(Default)]
struct Model {
    values: BTreeMap<String, Vec<Value>>,
    order: Vec<String>,
}

impl Model {
    fn add(&mut self, path: &str, value: &Value, depth: usize, maps: &BTreeSet<String>) {
        if !self.values.contains_key(path) {
            self.order.push(path.to_owned());
        }
        self.values.entry(path.to_owned()).or_default().push(value.clone());
        if depth >= LIMITS.depth {
            return;
        }
        match value {
            Value::Object(members) => {
                for (name, member) in members {
                    let name = if maps.contains(path) { "*" } else { name };
                    self.add(&format!("{path}.{name}"), member, depth + 1, maps);
                }
            }
            Value::Array(elements) => {
                elements.iter().for_each(|element| self.add(&format!("{path}[]"), element, depth + 1, maps));
            }
            _ => {}
        }
    }

    /// Objects that are maps, found from the top down: what is below a map is one field.
    fn of(records: &[Value]) -> (Model, BTreeSet<String>) {
        let mut maps = BTreeSet::new();
        loop {
            let mut model = Model::default();
            records.iter().for_each(|record| model.add("", record, 0, &maps));
            let new = model.values.iter().find(|(path, values)| {
                let names: BTreeSet<&String> =
                    values.iter().filter_map(Value::as_object).flat_map(|members| members.keys()).collect();
                names.len() > LIMITS.names
                    && !maps.contains(*path)
                    && path.matches(['.', '[']).count() < LIMITS.depth
            });
            match new {
                Some((path, _)) => _ = maps.insert(path.clone()),
                None => return (model, maps),
            }
        }
    }
}

fn type_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

fn record() -> impl Strategy<Value = String> {
    let scalar = prop_oneof![
        Just("null".to_owned()),
        any::<bool>().prop_map(|truth| truth.to_string()),
        (-5i64..5).prop_map(|number| number.to_string()),
        Just("2.5".to_owned()),
        Just("1.0".to_owned()),
        "[a-c\u{e9}]{0,2}".prop_map(|text| format!("\"{text}\"")),
        Just("\"\\u0061\"".to_owned()),
    ];
    let value = scalar.prop_recursive(4, 20, 4, |inner| {
        let object = vec(("[a-f]", inner.clone()), 0..4).prop_map(object);
        prop_oneof![vec(inner, 0..4).prop_map(|elements| format!("[ {}]", elements.join(" , "))), object]
    });
    vec(("[a-c]", value), 0..4).prop_map(object)
}

fn object(members: Vec<(String, String)>) -> String {
    let members: BTreeMap<String, String> = members.into_iter().collect();
    let members: Vec<String> = members.iter().map(|(name, value)| format!("\"{name}\" :{value}")).collect();
    format!("{{{}}}", members.join(", "))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_field_is_described_as_all_its_values_say(records in vec(record(), 1..30), part in 1usize..9) {
        let rows = described(&records, part, LIMITS);
        prop_assert_eq!(&rows, &described(&records, records.len(), LIMITS), "however the records come in parts");
        let values: Vec<Value> = records.iter().map(|record| serde_json::from_str(record).expect("JSON")).collect();
        let (model, _) = Model::of(&values);
        let fields: BTreeSet<&str> = rows.iter().filter_map(|row| row["field"].as_str()).collect();
        let expected: BTreeSet<&str> = model.order.iter().map(String::as_str).filter(|path| !path.is_empty()).collect();
        prop_assert_eq!(&fields, &expected);
        for row in &rows {
            let path = row["field"].as_str().expect("a path");
            let values = &model.values[path];
            prop_assert_eq!(&row["count"], values.len(), "{}", path);
            for (kind, share) in row["types"].as_object().expect("types") {
                let count = values.iter().filter(|value| type_of(value) == kind).count();
                let expected = count as f64 / values.len() as f64;
                prop_assert!((share.as_f64().expect("a share") - expected).abs() < 0.000_051, "{} {}", path, kind);
            }
            let mut scalars: Vec<&Value> = Vec::new();
            for value in values.iter().filter(|value| !value.is_null() && !value.is_array() && !value.is_object()) {
                let is_same = |known: &&Value| **known == *value || known.as_f64().is_some_and(|known| Some(known) == value.as_f64());
                if !scalars.iter().any(is_same) {
                    scalars.push(value);
                }
            }
            prop_assert_eq!(&row["distinct"], scalars.len(), "{}: {:?}", path, scalars);
            prop_assert_eq!(&row["approximate"], false);
            let examples = row["examples"].as_array().expect("examples");
            prop_assert_eq!(examples.iter().collect::<Vec<_>>(), scalars.iter().take(3).copied().collect::<Vec<_>>());
            let numbers: Vec<f64> = values.iter().filter_map(Value::as_f64).collect();
            let strings: Vec<&str> = values.iter().filter_map(Value::as_str).collect();
            if let Some(least) = numbers.iter().copied().reduce(f64::min) {
                prop_assert_eq!(row["min"].as_f64(), Some(least), "{}", path);
            } else {
                prop_assert_eq!(row["min"].as_str(), strings.iter().min().copied(), "{}", path);
            }
            if let Some(most) = strings.iter().max() {
                prop_assert_eq!(row["max"].as_str(), Some(*most), "{}", path);
            } else {
                prop_assert_eq!(row["max"].as_f64(), numbers.iter().copied().reduce(f64::max), "{}", path);
            }
            if !path.ends_with("[]") && !path.ends_with('*') {
                let parent = path.rsplit_once('.').expect("a path").0;
                let objects = model.values[parent].iter().filter(|value| value.is_object()).count();
                let missing = 1.0 - values.len() as f64 / objects as f64;
                prop_assert!((row["missing"].as_f64().expect("a share") - missing).abs() < 0.000_051, "{}", path);
            }
        }
    }

    #[test]
    fn too_many_fields_are_found_behind_the_same_record_however_they_come(records in vec(record(), 1..30), part in 1usize..9, fields in 2usize..12) {
        let values: Vec<Value> = records.iter().map(|record| serde_json::from_str(record).expect("JSON")).collect();
        let fields_of = |records: usize| Model::of(&values[..records]).0.values.len();
        let expected = (1..=records.len()).find(|&count| fields_of(count) > fields);
        for part in [1, part, records.len()] {
            let (description, is_whole) = description(&records, part, Limits { fields, ..LIMITS });
            let found = (!is_whole).then_some(description.records() as usize);
            prop_assert_eq!(found, expected, "parts of {}", part);
        }
    }

    /// As of a record that was never there, also where others of its names come later.
    #[test]
    fn what_a_broken_record_brought_is_taken_back(records in vec((record(), any::<bool>()), 1..20)) {
        let (mut tree, mut walker) = (Tree::default(), Walker::default());
        let mut whole = Vec::new();
        for (record, is_broken) in records {
            if is_broken {
                let broken = format!("{},", &record[..record.len() - 1]);
                prop_assert!(walker.add(broken.as_bytes(), 0, &mut tree, LIMITS).is_err());
            } else {
                walker.add(record.as_bytes(), whole.len() as u64, &mut tree, LIMITS).expect("JSON");
                whole.push(record);
            }
        }
        let mut among_others = Description::new(LIMITS);
        prop_assert!(among_others.add(tree, whole.iter().map(String::as_bytes)));
        let shown = |description: &Description| {
            let mut rows = Vec::new();
            write_rows(description, Shown::Exactly, &mut |row| { rows.push(row.to_vec()); Ok::<(), ()>(()) }).expect("nothing fails");
            rows
        };
        prop_assert_eq!(shown(&among_others), shown(&description(&whole, 30, LIMITS).0));
    }

    #[test]
    fn what_is_no_json_leaves_no_trace(line in "\\{[\"a:1,\\[\\]{}\\\\u ntrue.]{0,16}\\}") {
        let mut tree = Tree::default();
        let added = Walker::default().add(line.as_bytes(), 0, &mut tree, LIMITS);
        if crate::scan::check_grammar(line.as_bytes()).is_ok() {
            prop_assert!(added.is_ok(), "{}", line);
        } else if added.is_err() {
            let mut description = Description::new(LIMITS);
            prop_assert_eq!(tree.len(), 1, "{}", line);
            description.add(tree, std::iter::empty());
            let mut rows = 0;
            let written = write_rows(&description, Shown::Exactly, &mut |_| { rows += 1; Ok::<(), ()>(()) });
            prop_assert!(written.is_ok() && rows == 0, "{}", line);
        }
    }
}

#[test]
fn deep_values_are_not_looked_into() {
    let limits = Limits { depth: 2, names: 10, fields: 1000 };
    let rows =
        described(&["{\"a\":{\"b\":{\"c\":[1,{\"d\":\"]\"}]},\"e\":[[1,2],[]]}}".to_owned()], 1, limits);
    let fields: Vec<&str> = rows.iter().filter_map(|row| row["field"].as_str()).collect();
    assert_eq!(fields, [".a", ".a.b", ".a.e"]);
    assert_eq!([&rows[2]["min_length"], &rows[2]["max_length"]], [2, 2]);
}

/// What was a field of its own before its object turned out to be a map is none any more.
#[test]
fn fields_that_a_map_has_swallowed_do_not_count() {
    let limits = Limits { depth: 3, names: 100, fields: 20_000 };
    let fields: Vec<String> = (0..limits.names).map(|field| format!("\"f{field}\":{field}")).collect();
    let fields = fields.join(",");
    let with_a_key = |map: &str, key: usize| format!("{{\"{map}\":{{\"key {key}\":{{{fields}}}}}}}");
    let maps = ["a", "b", "c"];
    let records: Vec<String> =
        maps.iter().flat_map(|map| (0..=limits.names).map(|key| with_a_key(map, key))).collect();
    let rows = described(&records, 50, limits);
    assert_eq!(rows.len(), maps.len() * (2 + limits.names));
}
