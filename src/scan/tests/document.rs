//! A naive model: documents as trees that keep duplicate keys, written with random white space and escapes while the place of
//! every value is noted, and jq's paths evaluated on them by the book.

use crate::scan::{Hit, Path, Step};
use proptest::prelude::*;

/// A document to be written.
#[derive(Clone, Debug)]
pub(super) enum Document {
    Scalar(&'static str),
    Text(String),
    Array(Vec<Document>),
    Object(Vec<(String, Document)>),
}

/// The kind of a value, and what is in it.
#[derive(Clone, Debug)]
pub(super) enum Content {
    Null,
    Scalar,
    Array(Vec<Placed>),
    Object(Vec<(String, Placed)>),
}

/// A value as it stands in a line.
#[derive(Clone, Debug)]
pub(super) struct Placed {
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) content: Content,
}

const NAMES: [&str; 14] = [
    "a",
    "b",
    "c",
    "lang",
    "la",
    "",
    "é",
    "日本語",
    "q\"q",
    "\\",
    "{",
    "created_at",
    "tab\t",
    "entities_long",
];
const SCALARS: [&str; 9] =
    ["null", "true", "false", "0", "-1.5e+10", "1e400", "12345678901234567890", "-0", "3"];

pub(super) fn name() -> impl Strategy<Value = String> {
    prop_oneof![8 => prop::sample::select(&NAMES[..4]), 3 => prop::sample::select(&NAMES[..])]
        .prop_map(String::from)
}

fn text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just("a".to_owned()),
        Just("lang\":".to_owned()),
        Just("\\\\".to_owned()),
        Just("\\\"{[".to_owned()),
        Just("]}\u{1}\n,".to_owned()),
        "[a-z {}\\[\\]\"\\\\:,]{0,70}",
        "[é日😀a]{0,20}",
    ];
    prop::collection::vec(piece, 0..3).prop_map(|pieces| pieces.concat())
}

fn value() -> impl Strategy<Value = Document> {
    let leaf = prop_oneof![
        prop::sample::select(&SCALARS[..]).prop_map(Document::Scalar),
        Just(Document::Scalar("null")),
        text().prop_map(Document::Text),
        name().prop_map(Document::Text),
    ];
    leaf.prop_recursive(4, 40, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Document::Array),
            prop::collection::vec((name(), inner), 0..6).prop_map(Document::Object),
        ]
    })
}

/// A record.
pub(super) fn record() -> impl Strategy<Value = Document> {
    prop::collection::vec((name(), value()), 0..7).prop_map(Document::Object)
}

/// One path.
pub(super) fn path() -> impl Strategy<Value = Path> {
    let optional = prop::bool::weighted(0.2);
    let step = prop_oneof![
        5 => (name(), optional).prop_map(|(name, optional)| Step::Key { name, optional }),
        2 => optional.prop_map(|optional| Step::Each { optional }),
        1 => (0..4u32, optional).prop_map(|(at, optional)| Step::Index { at, optional }),
    ];
    prop::collection::vec(step, 0..5)
}

/// A path that leads somewhere in this document more often than not: `choices` says where to turn.
pub(super) fn path_into(document: &Document, choices: &[u8]) -> Path {
    let mut steps = Vec::new();
    let mut here = document;
    for &choice in choices {
        let optional = choice % 11 == 0;
        here = match here {
            Document::Object(members) if !members.is_empty() => {
                let (name, child) = &members[usize::from(choice) % members.len()];
                steps.push(Step::Key { name: name.clone(), optional });
                child
            }
            Document::Array(elements) if !elements.is_empty() => {
                let at = usize::from(choice) % elements.len();
                let step = Step::Index { at: at as u32, optional };
                steps.push(if choice % 3 == 0 { step } else { Step::Each { optional } });
                &elements[at]
            }
            _ => break,
        };
    }
    steps
}

/// Writes documents with choices drawn from a seed.
pub(super) struct Writer {
    pub(super) line: Vec<u8>,
    seed: u64,
    /// In how many of 8 places there is white space, in how many of 8 characters an escape.
    spaces: u64,
    escapes: u64,
}

impl Writer {
    pub(super) fn new(seed: u64) -> Writer {
        Writer { line: Vec::new(), seed, spaces: seed % 5, escapes: seed / 5 % 4 }
    }

    fn draw(&mut self, below: u64) -> u64 {
        self.seed = self.seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.seed >> 33) % below
    }

    pub(super) fn space(&mut self) {
        while self.draw(8) < self.spaces {
            let space = b" \t\r\n"[self.draw(4) as usize];
            for _ in 0..=self.draw(12) / 5 {
                self.line.push(space);
            }
        }
    }

    fn text(&mut self, text: &str) {
        self.line.push(b'"');
        for character in text.chars() {
            let escape = self.draw(8) < self.escapes;
            match character {
                '"' | '\\' | '/' if self.draw(4) > 0 => self.line.extend([b'\\', character as u8]),
                '\n' if !escape => self.line.extend(b"\\n"),
                '\t' if !escape => self.line.extend(b"\\t"),
                _ if escape || character < ' ' || character == '"' || character == '\\' => {
                    let mut units = [0; 2];
                    for unit in character.encode_utf16(&mut units) {
                        self.line.extend(format!("\\u{unit:04x}").bytes());
                    }
                }
                _ => self.line.extend(character.encode_utf8(&mut [0; 4]).bytes()),
            }
        }
        self.line.push(b'"');
    }

    pub(super) fn write(&mut self, document: &Document) -> Placed {
        let start = self.line.len();
        let content = match document {
            Document::Scalar(scalar) => {
                self.line.extend(scalar.bytes());
                if *scalar == "null" { Content::Null } else { Content::Scalar }
            }
            Document::Text(text) => {
                self.text(text);
                Content::Scalar
            }
            Document::Array(elements) => {
                self.line.push(b'[');
                let mut placed = Vec::new();
                for element in elements {
                    self.comma(placed.len());
                    placed.push(self.write(element));
                }
                self.space();
                self.line.push(b']');
                Content::Array(placed)
            }
            Document::Object(members) => {
                self.line.push(b'{');
                let mut placed = Vec::new();
                for (name, member) in members {
                    self.comma(placed.len());
                    self.text(name);
                    self.space();
                    self.line.push(b':');
                    self.space();
                    placed.push((name.clone(), self.write(member)));
                }
                self.space();
                self.line.push(b'}');
                Content::Object(placed)
            }
        };
        Placed { start, end: self.line.len(), content }
    }

    fn comma(&mut self, before: usize) {
        self.space();
        if before > 0 {
            self.line.push(b',');
            self.space();
        }
    }
}

/// What jq's path gives for a value, or for null where there is none; false after an error.
pub(super) fn evaluate(value: Option<&Placed>, steps: &[Step], hits: &mut Vec<Hit>) -> bool {
    let Some((step, rest)) = steps.split_first() else {
        let hit = |value: &Placed| Hit::Value { start: value.start as u32, end: value.end as u32 };
        hits.push(value.map_or(Hit::Missing, hit));
        return true;
    };
    let null = Content::Null;
    let content = value.map_or(&null, |value| &value.content);
    let optional = match (step, content) {
        (Step::Key { .. } | Step::Index { .. }, Content::Null) => return evaluate(None, rest, hits),
        (Step::Key { name, .. }, Content::Object(members)) => {
            let member = members.iter().rfind(|(other, _)| other == name);
            return evaluate(member.map(|(_, value)| value), rest, hits);
        }
        (Step::Index { at, .. }, Content::Array(elements)) => {
            return evaluate(elements.get(*at as usize), rest, hits);
        }
        (Step::Each { .. }, Content::Array(elements)) => {
            return elements.iter().all(|element| evaluate(Some(element), rest, hits));
        }
        (Step::Each { .. } | Step::Index { .. }, Content::Object(_)) => {
            hits.push(Hit::Unsure);
            return true;
        }
        (Step::Key { optional, .. } | Step::Each { optional } | Step::Index { optional, .. }, _) => *optional,
    };
    if !optional {
        hits.push(Hit::Mismatch);
    }
    optional
}
