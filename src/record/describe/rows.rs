//! The description as rows, one a field.

use super::Description;
use super::summary::{Kind, Summary};
use super::tree::{Members, NodeId, ROOT};
use crate::brief::brief;
use crate::row::write_string;

/// Longer texts are cut.
const SHOWN: usize = 60;
const SHOWN_IN_TABLES: usize = 20;

/// Who reads the rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shown {
    /// Programs: shares are numbers, types an object.
    Exactly,
    /// People: both are words.
    InWords,
}

/// Hands a row for each field to `each`, as a JSON object: a field before those in it, and those in the order in which they were
/// seen first.
///
/// # Errors
///
/// Whatever `each` fails with.
pub fn write_rows<E>(
    description: &Description,
    shown: Shown,
    each: &mut dyn FnMut(&[u8]) -> Result<(), E>,
) -> Result<(), E> {
    let mut rows = Rows { description, shown, row: Vec::new(), each };
    rows.below(ROOT, "")
}

struct Rows<'r, E> {
    description: &'r Description,
    shown: Shown,
    row: Vec<u8>,
    each: &'r mut dyn FnMut(&[u8]) -> Result<(), E>,
}

impl<E> Rows<'_, E> {
    fn below(&mut self, node: NodeId, path: &str) -> Result<(), E> {
        let description = self.description;
        let node = description.tree.node(node);
        let objects = node.summary.count_of(Kind::Object);
        match &node.members {
            Members::Any(any) => {
                let name = if path.is_empty() { ".*".to_owned() } else { format!("{path}.*") };
                self.field(*any, &name, None)?;
            }
            Members::Named(names) => {
                let mut members: Vec<_> = names.list.iter().collect();
                members.sort_by_key(|(_, member)| description.tree.node(*member).summary.first);
                for (name, member) in members {
                    let count = description.tree.node(*member).summary.count();
                    let missing = 1.0 - count as f64 / objects.max(1) as f64;
                    self.field(*member, &step(path, name), Some(missing.max(0.0)))?;
                }
            }
        }
        if let Some(element) = node.elements {
            self.field(element, &format!("{path}[]"), None)?;
        }
        Ok(())
    }

    /// A field that only broken records had has no values.
    fn field(&mut self, node: NodeId, path: &str, missing: Option<f64>) -> Result<(), E> {
        let summary = &self.description.tree.node(node).summary;
        if summary.count() > 0 {
            self.row.clear();
            self.write(path, summary, missing);
            (self.each)(&self.row)?;
        }
        self.below(node, path)
    }

    fn write(&mut self, path: &str, summary: &Summary, missing: Option<f64>) {
        let shown = self.shown;
        let (distinct, is_exact) = summary.distinct.clone().count();
        let (row, count) = (&mut self.row, summary.count());
        row.extend_from_slice(b"{\"field\":");
        write_string(path, row);
        put(row, "count", &count.to_string());
        match (shown, missing) {
            (Shown::Exactly, None) => put(row, "missing", "null"),
            (Shown::InWords, None) => put_text(row, "missing", ""),
            (Shown::Exactly, Some(part)) => put(row, "missing", &share(part)),
            (Shown::InWords, Some(part)) => put_text(row, "missing", &percent(part)),
        }
        types(row, shown, summary);
        let (least, most) = range(summary, if shown == Shown::Exactly { SHOWN } else { SHOWN_IN_TABLES });
        match shown {
            Shown::Exactly => {
                put(row, "distinct", &distinct.to_string());
                put(row, "approximate", if is_exact { "false" } else { "true" });
                put(row, "min", &least);
                put(row, "max", &most);
                let length =
                    |length: Option<u32>| length.map_or("null".to_owned(), |length| length.to_string());
                put(row, "min_length", &length(summary.lengths.map(|(least, _)| least)));
                put(row, "max_length", &length(summary.lengths.map(|(_, most)| most)));
                let examples: Vec<String> =
                    summary.examples.iter().map(|example| cut_json(&example.json, SHOWN)).collect();
                put(row, "examples", &format!("[{}]", examples.join(",")));
            }
            Shown::InWords => {
                put_text(row, "distinct", &format!("{}{distinct}", if is_exact { "" } else { "≈ " }));
                put_text(row, "min", &bare(&least));
                put_text(row, "max", &bare(&most));
                let length = summary.lengths.map(|(least, most)| match least == most {
                    true => least.to_string(),
                    false => format!("{least} to {most}"),
                });
                put_text(row, "length", &length.unwrap_or_default());
                let examples: Vec<String> = summary
                    .examples
                    .iter()
                    .map(|example| bare(&cut_json(&example.json, SHOWN_IN_TABLES)))
                    .collect();
                put_text(row, "examples", &examples.join(", "));
            }
        }
        row.push(b'}');
    }
}

/// A path with one more name, as jq reads it.
fn step(path: &str, name: &[u8]) -> String {
    let name = String::from_utf8_lossy(name);
    let starts = name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_');
    if starts && name.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '_') {
        return format!("{path}.{name}");
    }
    let mut quoted = Vec::new();
    write_string(&name, &mut quoted);
    let dot = if path.is_empty() { "." } else { "" };
    format!("{path}{dot}[{}]", String::from_utf8_lossy(&quoted))
}

fn put(row: &mut Vec<u8>, name: &str, json: &str) {
    row.push(b',');
    write_string(name, row);
    row.push(b':');
    row.extend_from_slice(json.as_bytes());
}

fn put_text(row: &mut Vec<u8>, name: &str, text: &str) {
    let mut json = Vec::new();
    write_string(text, &mut json);
    put(row, name, &String::from_utf8_lossy(&json));
}

/// Four decimals, without zeros at the end.
fn share(part: f64) -> String {
    let rounded = format!("{part:.4}");
    let short = rounded.trim_end_matches('0').trim_end_matches('.');
    if short.is_empty() { "0".to_owned() } else { short.to_owned() }
}

/// What is not nothing and not all is not shown so.
fn percent(part: f64) -> String {
    match part {
        part if part <= 0.0 => "0 %".to_owned(),
        part if part < 0.001 => "< 0.1 %".to_owned(),
        part if part < 1.0 && part > 0.999 => "> 99.9 %".to_owned(),
        part if part < 0.1 => format!("{:.1} %", 100.0 * part),
        part => format!("{:.0} %", 100.0 * part),
    }
}

/// The types by share, the most frequent first.
fn types(row: &mut Vec<u8>, shown: Shown, summary: &Summary) {
    let count = summary.count().max(1) as f64;
    let mut kinds: Vec<(u64, Kind)> = Kind::ALL.map(|kind| (summary.count_of(kind), kind)).into();
    kinds.retain(|(count, _)| *count > 0);
    kinds.sort_by(|left, right| right.0.cmp(&left.0).then(left.1.name().cmp(right.1.name())));
    let texts: Vec<String> = kinds
        .iter()
        .map(|(of_kind, kind)| match shown {
            Shown::Exactly => format!("\"{}\":{}", kind.name(), share(*of_kind as f64 / count)),
            Shown::InWords if kinds.len() == 1 => kind.name().to_owned(),
            Shown::InWords => format!("{} {}", kind.name(), percent(*of_kind as f64 / count)),
        })
        .collect();
    match shown {
        Shown::Exactly => put(row, "types", &format!("{{{}}}", texts.join(","))),
        Shown::InWords => put_text(row, "types", &texts.join(", ")),
    }
}

/// The smallest and the largest by jq's order: numbers are below strings.
fn range(summary: &Summary, longest: usize) -> (String, String) {
    let text = |text: &str| {
        let mut json = Vec::new();
        write_string(text, &mut json);
        cut_json(&json, longest)
    };
    let numbers = summary.numbers.map(|(least, most)| (least.to_string(), most.to_string()));
    let strings = summary.strings.as_ref().map(|(least, most)| (text(least), text(most)));
    match (numbers, strings) {
        (Some((least, _)), Some((_, most))) => (least, most),
        (Some(range), None) | (None, Some(range)) => range,
        (None, None) => ("null".to_owned(), "null".to_owned()),
    }
}

/// A scalar as JSON; a long text is cut.
fn cut_json(json: &[u8], longest: usize) -> String {
    if json.first() != Some(&b'"') {
        return String::from_utf8_lossy(json).into_owned();
    }
    let text = crate::scan::decode_string(json);
    let mut out = Vec::new();
    write_string(&brief(&text, longest), &mut out);
    String::from_utf8_lossy(&out).into_owned()
}

/// A scalar as people write it, null as nothing.
fn bare(json: &str) -> String {
    match json.as_bytes().first() {
        Some(b'"') => crate::scan::decode_string(json.as_bytes()).into_owned(),
        Some(b'n') => String::new(),
        _ => json.to_owned(),
    }
}
