//! Text and CSV against naive models, however the input is cut.

use super::*;
use crate::jsonl::{Buffer, Chunk};
use proptest::prelude::*;
use std::collections::VecDeque;

/// Gives its parts one by one, and would block between them.
struct Parts(VecDeque<Vec<u8>>, bool);

impl ByteSource for Parts {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.1 = false;
        let Some(part) = self.0.pop_front() else { return Ok(0) };
        buf[..part.len()].copy_from_slice(&part);
        Ok(part.len())
    }

    fn would_block(&mut self) -> bool {
        !std::mem::replace(&mut self.1, true)
    }
}

/// All that comes of an input that is cut after every `step` bytes.
fn converted(form: Form, input: &[u8], step: usize, max_line: usize) -> Vec<u8> {
    let parts = input.chunks(step).map(<[u8]>::to_vec).collect();
    let mut source = form.read(Box::new(Parts(parts, false)), max_line);
    let (mut out, mut buf) = (Vec::new(), [0; 7]);
    loop {
        let _ = source.would_block();
        match source.read(&mut buf).unwrap() {
            0 => return out,
            read => out.extend_from_slice(&buf[..read]),
        }
    }
}

/// Records by their line, from 1, and whether they are refused.
fn records(form: Form, input: &[u8], step: usize) -> Vec<(u64, bool, String)> {
    let out = converted(form, input, step, 1 << 20);
    let mut chunk = Chunk::new(Buffer::from(out.clone()), out.len(), 0);
    chunk.starts_input = true;
    let shown = |record: Record<'_>| {
        (record.line + 1, is_refused(&record), String::from_utf8_lossy(record.bytes).into_owned())
    };
    chunk.records().map(shown).collect()
}

const CSV: Form = Form::Csv { types: false };

fn made(line: u64, text: &str) -> (u64, bool, String) {
    (line, false, text.to_owned())
}

fn refused(line: u64, text: &str) -> (u64, bool, String) {
    (line, true, text.to_owned())
}

#[test]
fn a_line_of_text_is_a_record() {
    let input = b"\xef\xbb\xbfhello \"you\"\r\n\n  two\t\n\xff\xfe\n \x1e{\"a\":1}\nlast";
    for step in [1, 2, 3, 100] {
        assert_eq!(
            records(Form::Text, input, step),
            [
                made(1, r#"{"text":"hello \"you\""}"#),
                made(3, r#"{"text":"  two\t"}"#),
                refused(4, "\u{fffd}\u{fffd}"),
                made(5, r#"{"text":" \u001e{\"a\":1}"}"#),
                made(6, r#"{"text":"last"}"#),
            ],
            "{step}"
        );
    }
}

#[test]
fn a_row_is_a_record_and_keeps_its_line() {
    let input = b"\xef\xbb\xbfid,\"the \"\"text\"\"\"\r\n1,\"a, b\"\r\n\r\n2,\"two\nlines\"\n3\n4,x,y\n5,\xff\n6,last";
    for step in [1, 2, 5, 100] {
        assert_eq!(
            records(CSV, input, step),
            [
                made(2, r#"{"id":"1","the \"text\"":"a, b"}"#),
                made(4, r#"{"id":"2","the \"text\"":"two\nlines"}"#),
                refused(6, "3"),
                refused(7, "4,x,y"),
                refused(8, "5,\u{fffd}"),
                made(9, r#"{"id":"6","the \"text\"":"last"}"#),
            ],
            "{step}"
        );
    }
}

#[test]
fn a_missing_quote_hides_no_good_row() {
    let input = b"a,b\n1,\"open\n2,x\n3,\"y\"\n4,z\n5,\"open again\n6,w\n";
    let expected = [
        refused(2, "1,\"open"),
        made(3, r#"{"a":"2","b":"x"}"#),
        made(4, r#"{"a":"3","b":"y"}"#),
        made(5, r#"{"a":"4","b":"z"}"#),
        refused(6, "5,\"open again"),
        made(7, r#"{"a":"6","b":"w"}"#),
    ];
    for step in [1, 3, 100] {
        assert_eq!(records(CSV, input, step), expected, "{step}");
    }
}

#[test]
fn types_are_told_where_asked() {
    let input = b"a,b,c,d,e\n1.50,true,,007,null\n";
    assert_eq!(records(CSV, input, 9), [made(2, r#"{"a":"1.50","b":"true","c":"","d":"007","e":"null"}"#)]);
    assert_eq!(
        records(Form::Csv { types: true }, input, 9),
        [made(2, r#"{"a":1.50,"b":true,"c":null,"d":"007","e":null}"#)]
    );
}

#[test]
fn memory_is_bounded_by_the_longest_line() {
    for form in [Form::Text, CSV] {
        let mut input = b"a\n\"".to_vec();
        input.extend(vec![b'x'; 200_000]);
        input.extend_from_slice(b"\nlast\n");
        let out = converted(form, &input, 1000, 5000);
        let lines: Vec<&[u8]> = out.split(|&byte| byte == b'\n').collect();
        assert!(
            lines.iter().any(|line| line.ends_with(b"\"last\"}")),
            "{form:?}: what comes after it is there"
        );
    }
}

proptest! {
    #[test]
    fn text_is_what_lines_gives(
        lines in prop::collection::vec("[ -~éß\u{1F600}]{0,12}[!-~]", 0..20),
        step in 1..40_usize,
    ) {
        let input = lines.join("\n");
        let model: Vec<_> = lines
            .iter()
            .enumerate()
            .map(|(n, line)| made(n as u64 + 1, &serde_json::json!({"text": line}).to_string()))
            .collect();
        prop_assert_eq!(records(Form::Text, input.as_bytes(), step), model);
    }

    #[test]
    fn rows_are_what_the_csv_crate_reads(
        rows in prop::collection::vec(prop::collection::vec("[a-c ,\"\n\ré]{0,6}", 3), 1..12),
        step in 1..40_usize,
    ) {
        let mut writer = csv::WriterBuilder::new().quote_style(csv::QuoteStyle::Always).from_writer(Vec::new());
        writer.write_record(["x", "y", "z"]).unwrap();
        rows.iter().for_each(|row| writer.write_record(row).unwrap());
        let input = writer.into_inner().unwrap();
        let mut line = 2;
        let mut model = Vec::new();
        for row in &rows {
            let object = serde_json::json!({"x": row[0], "y": row[1], "z": row[2]});
            model.push(made(line, &object.to_string()));
            line += 1 + row.iter().map(|field| field.matches('\n').count() as u64).sum::<u64>();
        }
        prop_assert_eq!(records(CSV, &input, step), model);
    }

    #[test]
    fn no_bytes_are_too_much(input in prop::collection::vec(prop_oneof![Just(b'"'), Just(b','), Just(b'\n'), any::<u8>()], 0..200), step in 1..50_usize) {
        for form in [Form::Text, CSV, Form::Csv { types: true }] {
            let whole = converted(form, &input, 1000, 1 << 20);
            prop_assert_eq!(&whole, &converted(form, &input, step, 1 << 20), "however it is cut");
            for line in whole.split(|&byte| byte == b'\n').filter(|line| !line.is_empty() && line[0] != 0x1e) {
                prop_assert!(serde_json::from_slice::<serde_json::Value>(line).is_ok(), "{:?}", line);
            }
        }
    }
}
