//! From the bytes of a record to jaq's values: a strict JSON parser.
//!
//! jaq-json reads a superset of JSON (`NaN`, comments, byte strings, keys that are no strings) and refuses half a
//! surrogate pair. A stream needs the opposite, and the same verdict from both engines, so the text is read here:
//!
//! - the grammar of RFC 8259, and nothing more, as the full check of the scan room has it;
//! - half a surrogate pair becomes U+FFFD;
//! - integers are exact at any size, other numbers keep their text, and so does `-0`;
//! - of members with the same name the last one wins, in the place of the first;
//! - nesting is bounded, because jaq's values are dropped, compared and printed by recursion.

use super::text::{self, Quoted};
use jaq_core::ValT;
use jaq_json::{Map, Num, Rc, Val};

/// The deepest nesting that is read.
pub(super) const MAX_DEPTH: usize = 512;

/// Why a text has no value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Defect {
    /// Not JSON; the full check of the scan room says where and why.
    Grammar,
    /// JSON, but nested beyond [`MAX_DEPTH`].
    TooDeep,
}

/// Reads one whole value. The text must be valid UTF-8.
pub(super) fn parse(text: &[u8]) -> Result<Val, Defect> {
    let mut reader = Reader { text, at: 0 };
    let value = reader.value(0)?;
    reader.space();
    if reader.at < text.len() {
        return Err(Defect::Grammar);
    }
    Ok(value)
}

/// Reads a number as jaq holds it, or `None` if the text is not a JSON number.
pub(super) fn number(text: &[u8]) -> Option<Num> {
    let (length, is_integer) = text::number(text)?;
    if length < text.len() {
        return None;
    }
    let digits = std::str::from_utf8(text).ok()?;
    if !is_integer || digits == "-0" {
        return Some(Num::Dec(Rc::new(digits.to_owned())));
    }
    if let Some(small) = text::small_integer(text) {
        return isize::try_from(small).ok().map(Num::Int);
    }
    match Val::from_num(digits) {
        Ok(Val::Num(number)) => Some(number),
        _ => None,
    }
}

struct Reader<'a> {
    text: &'a [u8],
    at: usize,
}

impl Reader<'_> {
    fn space(&mut self) {
        while let Some(b' ' | b'\t' | b'\r' | b'\n') = self.text.get(self.at) {
            self.at += 1;
        }
    }

    /// The next byte that is not white space, without taking it.
    fn peek(&mut self) -> Option<u8> {
        self.space();
        self.text.get(self.at).copied()
    }

    fn take(&mut self, byte: u8) -> Result<(), Defect> {
        if self.peek() != Some(byte) {
            return Err(Defect::Grammar);
        }
        self.at += 1;
        Ok(())
    }

    fn value(&mut self, depth: usize) -> Result<Val, Defect> {
        match self.peek() {
            Some(b'"') => self.string(),
            Some(b'{') => self.object(depth + 1),
            Some(b'[') => self.array(depth + 1),
            Some(b'-' | b'0'..=b'9') => self.number(),
            Some(b't') => self.word(b"true", Val::Bool(true)),
            Some(b'f') => self.word(b"false", Val::Bool(false)),
            Some(b'n') => self.word(b"null", Val::Null),
            _ => Err(Defect::Grammar),
        }
    }

    fn word(&mut self, word: &'static [u8], value: Val) -> Result<Val, Defect> {
        if !self.text[self.at..].starts_with(word) {
            return Err(Defect::Grammar);
        }
        self.at += word.len();
        Ok(value)
    }

    fn number(&mut self) -> Result<Val, Defect> {
        let rest = &self.text[self.at..];
        let read = text::number(rest).and_then(|(length, _)| Some((length, number(&rest[..length])?)));
        let Some((length, number)) = read else {
            return Err(Defect::Grammar);
        };
        self.at += length;
        Ok(Val::Num(number))
    }

    fn string(&mut self) -> Result<Val, Defect> {
        let Some(quoted) = Quoted::read(&self.text[self.at..]) else {
            return Err(Defect::Grammar);
        };
        self.at += quoted.raw.len();
        Ok(Val::utf8_str(quoted.bytes().into_owned()))
    }

    fn array(&mut self, depth: usize) -> Result<Val, Defect> {
        self.open(depth)?;
        let mut elements = Vec::new();
        if self.peek() == Some(b']') {
            self.at += 1;
            return Ok(Val::Arr(elements.into()));
        }
        loop {
            elements.push(self.value(depth)?);
            if self.peek() == Some(b']') {
                self.at += 1;
                return Ok(Val::Arr(elements.into()));
            }
            self.take(b',')?;
        }
    }

    fn object(&mut self, depth: usize) -> Result<Val, Defect> {
        self.open(depth)?;
        let mut members = Map::default();
        if self.peek() == Some(b'}') {
            self.at += 1;
            return Ok(Val::obj(members));
        }
        loop {
            if self.peek() != Some(b'"') {
                return Err(Defect::Grammar);
            }
            let name = self.string()?;
            self.take(b':')?;
            let value = self.value(depth)?;
            members.insert(name, value);
            if self.peek() == Some(b'}') {
                self.at += 1;
                return Ok(Val::obj(members));
            }
            self.take(b',')?;
        }
    }

    /// Takes an opening bracket.
    fn open(&mut self, depth: usize) -> Result<(), Defect> {
        if depth > MAX_DEPTH {
            return Err(Defect::TooDeep);
        }
        self.at += 1;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> String {
        parse(text.as_bytes()).map_or_else(|defect| format!("{defect:?}"), |value| value.to_string())
    }

    #[test]
    fn numbers_keep_what_they_say() {
        let text = r#"[12345678901234567890123,1234567890123456789,-0,1.0,1e400,-1.5E-3,0]"#;
        assert_eq!(shown(text), text);
    }

    #[test]
    fn the_last_of_equal_names_wins_in_the_first_place() {
        assert_eq!(shown(r#"{"b":1,"a":2,"\u0062":3}"#), r#"{"b":3,"a":2}"#);
    }

    #[test]
    fn half_a_surrogate_pair_is_replaced() {
        assert_eq!(
            shown(r#"["\ud83d x","\ude00","\ud83d\ude00","\ud83d\n"]"#),
            "[\"\u{fffd} x\",\"\u{fffd}\",\"😀\",\"\u{fffd}\\n\"]"
        );
    }

    #[test]
    fn what_jaq_adds_to_json_is_refused() {
        for text in [
            "NaN",
            "Infinity",
            "-Infinity",
            "+1",
            "01",
            "1.",
            ".5",
            "1e",
            "b\"x\"",
            "{1:2}",
            "[1,]",
            "{\"a\":1,}",
            "[1 2]",
            "# c\n1",
            "\"\\x41\"",
            "\"\\u12g4\"",
            "tru",
            "",
            "1 2",
            "{\"a\" 1}",
        ] {
            assert!(matches!(parse(text.as_bytes()), Err(Defect::Grammar)), "{text}");
        }
    }

    #[test]
    fn nesting_is_bounded() {
        let nested = |depth: usize| "[".repeat(depth) + &"]".repeat(depth);
        assert!(parse(nested(MAX_DEPTH).as_bytes()).is_ok());
        assert_eq!(parse(nested(MAX_DEPTH + 1).as_bytes()), Err(Defect::TooDeep));
        assert_eq!(parse(nested(1_000_000).as_bytes()), Err(Defect::TooDeep));
    }
}
