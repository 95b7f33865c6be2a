//! Key columns packed into bytes whose plain order is the order of rows.
//!
//! Windows count by opaque byte strings. Packing makes one string of a row's key columns, such that comparing packed
//! keys byte by byte gives the contract's order: column by column, strings before other scalars, then by bytes.
//! A column is a tag (string or other), its text, and a terminator; a NUL inside the text is escaped, so that the
//! terminator sorts below any continuation and a key never swallows its neighbour.

use std::borrow::Cow;

use crate::scan::decode_string;

const STRING: u8 = 1;
const OTHER: u8 = 2;
const END: [u8; 2] = [0, 1];
const ESCAPED_NUL: [u8; 2] = [0, 0xff];

/// One key column's value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scalar<'a> {
    /// Decoded text.
    String(Cow<'a, str>),
    /// Any other scalar as its JSON text: `12`, `1.5`, `true`, `null`.
    Other(Cow<'a, str>),
}

impl Scalar<'_> {
    /// The text without quotes, as labels show it.
    pub fn text(&self) -> &str {
        match self {
            Scalar::String(text) | Scalar::Other(text) => text,
        }
    }

    /// As JSON.
    pub fn write_json(&self, out: &mut Vec<u8>) {
        match self {
            Scalar::String(text) => super::write_string(text, out),
            Scalar::Other(text) => out.extend_from_slice(text.as_bytes()),
        }
    }

    /// A value that owns its text.
    pub fn into_owned(self) -> Scalar<'static> {
        match self {
            Scalar::String(text) => Scalar::String(Cow::Owned(text.into_owned())),
            Scalar::Other(text) => Scalar::Other(Cow::Owned(text.into_owned())),
        }
    }
}

/// Appends a string column to a packed key.
pub fn pack_string(text: &str, key: &mut Vec<u8>) {
    pack(STRING, text.as_bytes(), key);
}

/// As [`pack_string`], for a string as it stands in a record, within its quotes, that was found to be well formed and in UTF-8.
/// False, and nothing is appended, if the value is anything else.
#[inline]
pub fn pack_json_string(json: &[u8], key: &mut Vec<u8>) -> bool {
    let [b'"', text @ .., b'"'] = json else { return false };
    if text.contains(&b'\\') {
        pack_string(&decode_string(json), key);
    } else {
        pack(STRING, text, key);
    }
    true
}

/// Appends a column that is no string. `1.0` and `1e0` are the key `1`, as jq's equality has it.
pub fn pack_other(json: &str, key: &mut Vec<u8>) {
    match whole_number(json) {
        Some(number) => pack(OTHER, number.to_string().as_bytes(), key),
        None => pack(OTHER, json.as_bytes(), key),
    }
}

/// The integer that a float literal stands for, where a float holds it exactly.
fn whole_number(json: &str) -> Option<i64> {
    if !json.contains(['.', 'e', 'E']) && json != "-0" {
        return None;
    }
    let float: f64 = json.parse().ok()?;
    (float.fract() == 0.0 && float.abs() < 9_007_199_254_740_992.0).then_some(float as i64)
}

fn pack(tag: u8, text: &[u8], key: &mut Vec<u8>) {
    key.push(tag);
    let mut rest = text;
    while let Some(nul) = memchr::memchr(0, rest) {
        key.extend_from_slice(&rest[..nul]);
        key.extend_from_slice(&ESCAPED_NUL);
        rest = &rest[nul + 1..];
    }
    key.extend_from_slice(rest);
    key.extend_from_slice(&END);
}

/// The text of a packed key that is one string, as most are. `None` of any other, and of some with a NUL.
#[inline]
pub fn single_string(key: &[u8]) -> Option<&str> {
    const TERMINATOR: u8 = END[0];
    const MARK: u8 = END[1];
    let [STRING, text @ .., TERMINATOR, MARK] = key else { return None };
    if memchr::memchr(TERMINATOR, text).is_some() { None } else { std::str::from_utf8(text).ok() }
}

/// The columns of a packed key, in order. Bytes that [`pack_string`] and [`pack_other`] did not make end it early.
pub fn unpack(key: &[u8]) -> Columns<'_> {
    Columns { rest: key }
}

/// Iterates over the columns of a packed key.
#[derive(Clone, Debug)]
pub struct Columns<'a> {
    rest: &'a [u8],
}

impl<'a> Iterator for Columns<'a> {
    type Item = Scalar<'a>;

    fn next(&mut self) -> Option<Scalar<'a>> {
        let (&tag, mut rest) = self.rest.split_first()?;
        let mut text: Cow<'a, [u8]> = Cow::Borrowed(&[]);
        loop {
            let nul = memchr::memchr(0, rest)?;
            match &mut text {
                Cow::Borrowed([]) => text = Cow::Borrowed(&rest[..nul]),
                part => part.to_mut().extend_from_slice(&rest[..nul]),
            }
            let mark = *rest.get(nul + 1)?;
            rest = &rest[nul + 2..];
            if mark == END[1] {
                break;
            }
            text.to_mut().push(0);
        }
        self.rest = rest;
        let text = match text {
            Cow::Borrowed(bytes) => String::from_utf8_lossy(bytes),
            Cow::Owned(bytes) => Cow::Owned(String::from_utf8_lossy(&bytes).into_owned()),
        };
        Some(if tag == STRING { Scalar::String(text) } else { Scalar::Other(text) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn packed(columns: &[(bool, String)]) -> Vec<u8> {
        let mut key = Vec::new();
        for (is_string, text) in columns {
            if *is_string { pack_string(text, &mut key) } else { pack(OTHER, text.as_bytes(), &mut key) }
        }
        key
    }

    proptest! {
        #[test]
        fn order_of_bytes_is_order_of_columns(
            a in prop::collection::vec((any::<bool>(), "[\0\u{1}ab\u{ff}\u{10ffff}]{0,4}"), 2),
            b in prop::collection::vec((any::<bool>(), "[\0\u{1}ab\u{ff}\u{10ffff}]{0,4}"), 2),
        ) {
            let order = |columns: &[(bool, String)]| -> Vec<(bool, Vec<u8>)> {
                columns.iter().map(|(string, text)| (!string, text.as_bytes().to_vec())).collect()
            };
            prop_assert_eq!(packed(&a).cmp(&packed(&b)), order(&a).cmp(&order(&b)));
        }

        #[test]
        fn columns_come_back(columns in prop::collection::vec((any::<bool>(), "[\0\u{1}a\u{e9}]{0,5}"), 0..4)) {
            let key = packed(&columns);
            let back: Vec<(bool, String)> = unpack(&key)
                .map(|scalar| (matches!(scalar, Scalar::String(_)), scalar.text().to_owned()))
                .collect();
            prop_assert_eq!(&back, &columns);
            let single = single_string(&key).map(|text| vec![(true, text.to_owned())]);
            let has_nul = columns.iter().any(|(_, text)| text.contains('\0'));
            let is_single = matches!(&columns[..], [(true, _)]) && !has_nul;
            prop_assert_eq!(single, is_single.then_some(columns));
        }
    }

    #[test]
    fn strings_as_they_stand_in_a_record_are_packed_decoded() {
        let packed = |json: &str| {
            let mut key = b"before".to_vec();
            pack_json_string(json.as_bytes(), &mut key).then_some(key)
        };
        let expected = |text: &str| {
            let mut key = b"before".to_vec();
            pack_string(text, &mut key);
            Some(key)
        };
        assert_eq!(packed(r#""caf\u00e9 \"a\" \u0000""#), expected("caf\u{e9} \"a\" \0"));
        assert_eq!(packed("\"\u{e9}\""), expected("\u{e9}"));
        assert_eq!(packed("\"\""), expected(""));
        for other in ["1", "true", "null", "[\"a\"]", "{\"a\":\"b\"}"] {
            assert_eq!(packed(other), None);
        }
    }

    #[test]
    fn numbers_of_one_value_are_one_key() {
        let key = |json: &str| {
            let mut key = Vec::new();
            pack_other(json, &mut key);
            key
        };
        assert_eq!(key("1"), key("1.0"));
        assert_eq!(key("1"), key("10e-1"));
        assert_eq!(key("0"), key("-0"));
        assert_ne!(key("1"), key("1.5"));
        assert_ne!(key("9007199254740993"), key("9007199254740992"), "large integers are exact");
        let mut string = Vec::new();
        pack_string("1", &mut string);
        assert_ne!(key("1"), string, "a number is no string");
    }
}
