//! The lines that parts send: rows, each a piece of a window, and notes on how far the part is.
//!
//! ```json
//! {"@partial":{"part":"a","of":"c0ffee12","settings":{…},"max_event_time":null,"rows":0,"sum":"0","ended":false}}
//! {"@row":{"part":"a","n":0,"of":"c0ffee12","window":0,"first":1542049200000,"key":["StanLee"],"count":12}}
//! {"@partial":{"part":"a","of":"c0ffee12","max_event_time":1542049230000,"rows":1,"sum":"9fd2","ended":false}}
//! ```
//!
//! A row says all that a merge needs: its part, its number there, a fingerprint of the settings, of which window it is a
//! piece and where that begins, the key columns, the records, and what else was computed, packed and in base64. `last` is
//! the largest time of a piece of a session or of the window over everything. A note says up to which event time all rows
//! are out, how many there were, and the sum of their CRC-32; so a merge knows whether a row is missing, was changed, or
//! came twice, in whatever order lines come. Rows are passed on byte for byte, or not at all.

use std::borrow::Cow;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::shared::Shared;
use crate::jsonl::Reject;
use crate::pack::Packer;
use crate::row::key::{Scalar, pack_other, pack_string, unpack};
use crate::row::write_string;
use crate::time::{self, Millis};
use crate::window::{Cells, Piece};

const ROW: &[u8] = b"{\"@row\":";
const NOTE: &[u8] = b"{\"@partial\":";

/// A line of a part.
pub(super) enum Line<'a> {
    Row(Row<'a>),
    Note(Box<Note<'a>>),
}

/// One piece of a window, as it was sent.
pub(super) struct Row<'a> {
    pub(super) part: Cow<'a, str>,
    pub(super) n: u64,
    pub(super) of: u32,
    pub(super) window: usize,
    pub(super) first: Millis,
    pub(super) last: Millis,
    /// Where the key's columns stand, packed into the batch's memory.
    pub(super) key: std::ops::Range<usize>,
    pub(super) count: i64,
    pub(super) cells: Cells<'static>,
    /// The CRC-32 of the line.
    pub(super) checksum: u32,
}

/// How far a part is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Note<'a> {
    #[serde(borrow)]
    pub(super) part: Cow<'a, str>,
    #[serde(with = "hex")]
    pub(super) of: u64,
    /// In the first and the last note.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) settings: Option<Shared>,
    /// The field that turned out to be the time, once that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) clock: Option<String>,
    pub(super) max_event_time: Option<Millis>,
    /// Rows sent before.
    pub(super) rows: u64,
    /// The sum of their checksums.
    #[serde(with = "hex")]
    pub(super) sum: u64,
    pub(super) ended: bool,
}

impl Note<'_> {
    /// The same with a name of its own.
    pub(super) fn into_owned(self) -> Note<'static> {
        Note { part: Cow::Owned(self.part.into_owned()), ..self }
    }
}

/// Integers in hexadecimal: no tool on the way takes them for floats.
mod hex {
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub(super) fn serialize<S: Serializer>(number: &u64, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&format_args!("{number:x}"))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
        let text = String::deserialize(deserializer)?;
        u64::from_str_radix(&text, 16).map_err(|_| D::Error::custom("no hexadecimal number"))
    }
}

/// Appends a row, without a newline.
pub(super) fn write_row(part: &[u8], n: u64, piece: &Piece<'_>, packer: &mut Packer, out: &mut Vec<u8>) {
    let mut digits = itoa::Buffer::new();
    let mut number = |name: &str, number: i64, out: &mut Vec<u8>| {
        out.extend_from_slice(name.as_bytes());
        out.extend_from_slice(digits.format(number).as_bytes());
    };
    out.extend_from_slice(ROW);
    out.extend_from_slice(part);
    number(",\"n\":", n as i64, out);
    number(",\"window\":", piece.window as i64, out);
    number(",\"first\":", piece.first, out);
    if piece.last != piece.first {
        number(",\"last\":", piece.last, out);
    }
    out.extend_from_slice(b",\"key\":");
    write_key(piece.key, out);
    number(",\"count\":", piece.count, out);
    if !piece.cells.is_empty() {
        let mut packed = Packer::into_buffer(std::mem::take(packer).into_bytes());
        piece.cells.pack(&mut packed);
        out.extend_from_slice(b",\"cells\":\"");
        let from = out.len();
        let length = packed.bytes().len().div_ceil(3) * 4;
        out.resize(from + length, 0);
        let written = BASE64_STANDARD.encode_slice(packed.bytes(), &mut out[from..]).unwrap_or(0);
        out.truncate(from + written);
        out.push(b'"');
        let mut memory = packed.into_bytes();
        memory.clear();
        *packer = Packer::into_buffer(memory);
    }
    out.extend_from_slice(b"}}");
}

/// What all rows of a part begin with.
pub(super) fn row_head(part: &str, of: u32) -> Vec<u8> {
    let mut head = b"{\"part\":".to_vec();
    write_string(part, &mut head);
    head.extend_from_slice(format!(",\"of\":\"{of:x}\"").as_bytes());
    head
}

/// Appends a note, without a newline.
pub(super) fn write_note(note: &Note<'_>, out: &mut Vec<u8>) -> anyhow::Result<()> {
    out.extend_from_slice(NOTE);
    serde_json::to_writer(&mut *out, note)?;
    out.push(b'}');
    Ok(())
}

/// An array of the key's columns; what no JSON text says is the packed key in hexadecimal.
fn write_key(key: &[u8], out: &mut Vec<u8>) {
    let begin = out.len();
    out.push(b'[');
    let is_plain = unpack(key).enumerate().all(|(at, column)| {
        if at > 0 {
            out.push(b',');
        }
        column.write_json(out);
        matches!(column, Scalar::String(_)) || is_json_scalar(column.text())
    });
    out.push(b']');
    if !is_plain {
        out.truncate(begin);
        out.push(b'"');
        key.iter().for_each(|byte| out.extend_from_slice(format!("{byte:02x}").as_bytes()));
        out.push(b'"');
    }
}

/// With `--check structure` anything may stand where a number should.
fn is_json_scalar(text: &str) -> bool {
    matches!(text, "true" | "false" | "null")
        || (!text.contains(|c: char| !c.is_ascii_alphanumeric() && !"+-.".contains(c))
            && serde_json::from_str::<&RawValue>(text).is_ok())
}

fn read_key(json: &str, key: &mut Vec<u8>) -> Result<(), Cow<'static, str>> {
    let wrong = |_| "its key is no array of scalars";
    if let Some(digits) = json.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) {
        for at in (0..digits.len()).step_by(2) {
            let pair =
                digits.get(at..at + 2).filter(|pair| pair.bytes().all(|digit| digit.is_ascii_hexdigit()));
            let byte = pair.and_then(|pair| u8::from_str_radix(pair, 16).ok());
            key.push(byte.ok_or("its key is no hexadecimal number")?);
        }
        return Ok(());
    }
    for column in serde_json::from_str::<Vec<&RawValue>>(json).map_err(wrong)? {
        match column.get().as_bytes() {
            [b'"', ..] => pack_string(&serde_json::from_str::<Text<'_>>(column.get()).map_err(wrong)?.0, key),
            [b'[' | b'{', ..] => return Err("its key is no array of scalars".into()),
            _ => pack_other(column.get(), key),
        }
    }
    Ok(())
}

/// A string that is borrowed where nothing in it is escaped.
#[derive(Deserialize)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

#[derive(Deserialize)]
struct RawRow<'a> {
    #[serde(borrow)]
    part: Cow<'a, str>,
    n: u64,
    #[serde(borrow)]
    of: Cow<'a, str>,
    window: usize,
    first: Millis,
    last: Option<Millis>,
    #[serde(borrow)]
    key: &'a RawValue,
    count: i64,
    #[serde(borrow, default)]
    cells: Option<Cow<'a, str>>,
}

#[derive(Deserialize)]
struct RowLine<'a> {
    #[serde(borrow, rename = "@row")]
    row: RawRow<'a>,
}

#[derive(Deserialize)]
struct NoteLine<'a> {
    #[serde(borrow, rename = "@partial")]
    note: Box<Note<'a>>,
}

/// Reads a line; a row's key is packed behind what `keys` holds.
pub(super) fn read<'a>(bytes: &'a [u8], keys: &mut Vec<u8>) -> Result<Line<'a>, Reject> {
    let reject = |why: &str| Reject::new("partial", format!("the line is no whole partial row: {why}"));
    if bytes.starts_with(NOTE) {
        let line: NoteLine<'a> = serde_json::from_slice(bytes).map_err(|error| reject(&error.to_string()))?;
        let times = time::MIN..=time::MAX;
        return match line.note.max_event_time {
            Some(time) if !times.contains(&time) => Err(reject("its time lies outside of the calendar")),
            _ => Ok(Line::Note(line.note)),
        };
    }
    if !bytes.starts_with(ROW) {
        return Err(Reject::new(
            "partial",
            "the line is no partial row; --merge takes what window-count --partial writes, as it is",
        ));
    }
    let RowLine { row } = serde_json::from_slice(bytes).map_err(|error| reject(&error.to_string()))?;
    let last = row.last.unwrap_or(row.first);
    let times = time::MIN..=time::MAX;
    if !times.contains(&row.first) || !times.contains(&last) || row.count < 1 {
        return Err(reject("its times or its count make no sense"));
    }
    let of = u32::from_str_radix(&row.of, 16).map_err(|_| reject("its settings have no fingerprint"))?;
    let cells = match &row.cells {
        None => Cells::default(),
        Some(text) => {
            let packed =
                BASE64_STANDARD.decode(text.as_bytes()).map_err(|error| reject(&error.to_string()))?;
            Cells::unpack(&packed).map_err(|error| reject(&error.to_string()))?
        }
    };
    let begin = keys.len();
    if let Err(why) = read_key(row.key.get(), keys) {
        keys.truncate(begin);
        return Err(reject(&why));
    }
    Ok(Line::Row(Row {
        part: row.part,
        n: row.n,
        of,
        window: row.window,
        first: row.first,
        last,
        key: begin..keys.len(),
        count: row.count,
        cells,
        checksum: crc32fast::hash(bytes),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn written(piece: &Piece<'_>) -> Vec<u8> {
        let mut line = Vec::new();
        write_row(&row_head("a \"part\"", 0xc0ffee), 7, piece, &mut Packer::default(), &mut line);
        line
    }

    proptest! {
        #[test]
        fn rows_come_back(
            columns in prop::collection::vec(
                prop_oneof!["[\0\u{1}\"\\a\u{e9}\n ]{0,5}".prop_map(|text| (true, text)), "-?[0-9.eE]{1,6}|true|01|[-+ x]".prop_map(|text| (false, text))],
                0..3,
            ),
            window in 0..3_usize, first in -1_000_000..1_000_000_i64, length in 0..5_i64, count in 1..i64::MAX,
        ) {
            let mut key = Vec::new();
            for (is_string, text) in &columns {
                if *is_string { pack_string(text, &mut key) } else { pack_other(text, &mut key) }
            }
            let piece =
                Piece { window, first, last: first + length, key: &key, count, cells: Cells::default() };
            let line = written(&piece);
            // A number may be larger than any float, and is JSON all the same.
            prop_assert!(serde_json::from_slice::<serde::de::IgnoredAny>(&line).is_ok());
            let mut keys = b"before".to_vec();
            let Ok(Line::Row(row)) = read(&line, &mut keys) else {
                return Err(TestCaseError::fail(String::from_utf8_lossy(&line).into_owned()));
            };
            prop_assert_eq!(&keys[row.key.clone()], &key[..]);
            prop_assert_eq!((row.n, row.of, &*row.part), (7, 0xc0ffee, "a \"part\""));
            prop_assert_eq!((row.window, row.first, row.last, row.count), (window, first, first + length, count));
        }
    }

    #[test]
    fn notes_come_back() {
        let note = Note {
            part: "b".into(),
            of: 0xffff_ffff,
            settings: None,
            clock: Some(".ts".into()),
            max_event_time: Some(-5),
            rows: 3,
            sum: u64::MAX,
            ended: true,
        };
        let mut line = Vec::new();
        write_note(&note, &mut line).expect("memory");
        let Ok(Line::Note(back)) = read(&line, &mut Vec::new()) else { panic!("no note") };
        assert_eq!(*back, note);
        assert!(String::from_utf8_lossy(&line).contains("\"sum\":\"ffffffffffffffff\""));
    }

    #[test]
    fn what_is_no_row_is_rejected_with_a_reason() {
        let whole =
            written(&Piece { window: 0, first: 0, last: 0, key: b"", count: 1, cells: Cells::default() });
        let whole = String::from_utf8(whole).expect("text");
        assert!(read(whole.as_bytes(), &mut Vec::new()).is_ok());
        for (line, word) in [
            ("{\"tag\":\"a\",\"count\":3}".to_owned(), "no partial row"),
            (whole[..whole.len() - 1].to_owned(), "EOF"),
            (whole.replace("\"count\":1", "\"count\":0"), "count"),
            (whole.replace("\"first\":0", "\"first\":9223372036854775807"), "times"),
            (whole.replace("[]", "[[1]]"), "key"),
            (whole.replace("[]", "\"0\""), "key"),
            (whole.replace("[]", "\"+1\""), "key"),
            (whole.replace("\"count\":1", "\"count\":1,\"cells\":\"AQ==\""), "packed"),
            (whole.replace("\"count\":1", "\"count\":1,\"cells\":\"?\""), "Invalid"),
        ] {
            let reject = read(line.as_bytes(), &mut Vec::new()).err().expect(word);
            assert!(reject.reason == "partial" && reject.detail.contains(word), "{line}: {}", reject.detail);
        }
    }
}
