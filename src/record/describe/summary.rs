//! What is known of the values of one field.

use std::cmp::Ordering;

use super::distinct::Distinct;
use crate::record::hash::hash;
use crate::row::Number;
use crate::scan::decode_string;

/// So many examples are kept.
const EXAMPLES: usize = 3;
/// The smallest and the largest text are told apart by so many bytes.
const COMPARED: usize = 256;

/// What a value can be, in jq's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Null,
    Boolean,
    Number,
    String,
    Array,
    Object,
}

impl Kind {
    pub(super) const ALL: [Kind; 6] =
        [Kind::Null, Kind::Boolean, Kind::Number, Kind::String, Kind::Array, Kind::Object];

    pub(super) fn name(self) -> &'static str {
        match self {
            Kind::Null => "null",
            Kind::Boolean => "boolean",
            Kind::Number => "number",
            Kind::String => "string",
            Kind::Array => "array",
            Kind::Object => "object",
        }
    }
}

/// Where a value came first: the record's number, and the byte in it.
pub(super) type Place = (u64, u32);

/// A scalar, as its JSON text.
#[derive(Clone, Debug)]
pub(super) struct Example {
    pub(super) place: Place,
    pub(super) hash: u64,
    pub(super) json: Box<[u8]>,
}

/// What is known of some values. Two of them put together are what all values at once give.
#[derive(Clone, Debug, Default)]
pub(super) struct Summary {
    /// Where the first of them is.
    pub(super) first: Option<Place>,
    pub(super) kinds: [u64; 6],
    pub(super) distinct: Distinct,
    pub(super) numbers: Option<(Number, Number)>,
    pub(super) strings: Option<(Box<str>, Box<str>)>,
    /// The first different scalars.
    pub(super) examples: Vec<Example>,
    pub(super) lengths: Option<(u32, u32)>,
}

impl Summary {
    pub(super) fn count(&self) -> u64 {
        self.kinds.iter().sum()
    }

    pub(super) fn count_of(&self, kind: Kind) -> u64 {
        self.kinds[kind as usize]
    }

    /// Adds an array of so many elements, or an object.
    pub(super) fn add_container(&mut self, kind: Kind, elements: u32, place: Place) {
        self.first.get_or_insert(place);
        self.kinds[kind as usize] += 1;
        if kind == Kind::Array {
            self.add_lengths((elements, elements));
        }
    }

    fn add_lengths(&mut self, (least, most): (u32, u32)) {
        let (known_least, known_most) = self.lengths.unwrap_or((least, most));
        self.lengths = Some((known_least.min(least), known_most.max(most)));
    }

    /// Adds a scalar by its bytes.
    pub(super) fn add_scalar(&mut self, kind: Kind, json: &[u8], place: Place) {
        self.first.get_or_insert(place);
        self.kinds[kind as usize] += 1;
        let hash = match kind {
            Kind::Null => return,
            Kind::String => {
                let content = &json[1..json.len() - 1];
                if memchr::memchr(b'\\', content).is_some() {
                    let text = decode_string(json);
                    self.add_text(&text);
                    hash(1, text.as_bytes())
                } else {
                    if let Ok(text) = std::str::from_utf8(content) {
                        self.add_text(text);
                    }
                    hash(1, content)
                }
            }
            Kind::Number => self.add_number(json),
            _ => hash(0, json),
        };
        if self.examples.len() < EXAMPLES && self.examples.iter().all(|example| example.hash != hash) {
            self.examples.push(Example { place, hash, json: json.into() });
        }
        self.distinct.add(hash);
    }

    /// `1.0` is the number 1.
    fn add_number(&mut self, json: &[u8]) -> u64 {
        let number = std::str::from_utf8(json).ok().and_then(Number::parse);
        let Some(number) = number else { return hash(0, json) };
        self.add_numbers((number, number));
        match number {
            Number::Float(float) if float.fract() == 0.0 && float.abs() < 9_007_199_254_740_992.0 => {
                hash(0, (float as i64).to_string().as_bytes())
            }
            _ => hash(0, json),
        }
    }

    fn add_numbers(&mut self, (least, most): (Number, Number)) {
        let Some((known_least, known_most)) = &mut self.numbers else {
            self.numbers = Some((least, most));
            return;
        };
        if replaces(least, *known_least, Ordering::Less) {
            *known_least = least;
        }
        if replaces(most, *known_most, Ordering::Greater) {
            *known_most = most;
        }
    }

    fn add_text(&mut self, text: &str) {
        let text = &text[..text.floor_char_boundary(COMPARED)];
        let Some((least, most)) = &mut self.strings else {
            self.strings = Some((text.into(), text.into()));
            return;
        };
        if text < &**least {
            *least = text.into();
        }
        if text > &**most {
            *most = text.into();
        }
    }

    /// Adds what is known of other values.
    pub(super) fn merge(&mut self, other: Summary) {
        for (count, more) in self.kinds.iter_mut().zip(other.kinds) {
            *count += more;
        }
        self.first = self.first.into_iter().chain(other.first).min();
        self.distinct.merge(&other.distinct);
        if let Some(numbers) = other.numbers {
            self.add_numbers(numbers);
        }
        if let Some((least, most)) = &other.strings {
            self.add_text(least);
            self.add_text(most);
        }
        if let Some(lengths) = other.lengths {
            self.add_lengths(lengths);
        }
        self.examples.extend(other.examples);
        self.examples.sort_by_key(|example| example.place);
        let mut known = Vec::new();
        self.examples.retain(|example| {
            let is_new = !known.contains(&example.hash) && known.len() < EXAMPLES;
            if is_new {
                known.push(example.hash);
            }
            is_new
        });
    }

    /// So many records stand before those of this summary.
    pub(super) fn move_behind(&mut self, records: u64) {
        self.first.iter_mut().for_each(|place| place.0 += records);
        self.examples.iter_mut().for_each(|example| example.place.0 += records);
    }
}

/// Whether a number is shown instead of one that is known: as further in the order that is wanted, or, of two spellings of
/// one number, as the whole one; so it does not matter which of them came first.
fn replaces(number: Number, known: Number, wanted: Ordering) -> bool {
    match number.partial_cmp(&known) {
        Some(Ordering::Equal) => matches!((number, known), (Number::Int(_), Number::Float(_))),
        order => order == Some(wanted),
    }
}
