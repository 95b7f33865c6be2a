//! Rows of comma-separated values (RFC 4180), with a header. A row may have several lines, inside quotes.
//!
//! A row with more or fewer fields than the header is refused. If it has several lines, a quote is missing somewhere: then its
//! first line alone is refused, and the others are read again, so that one bad line hides no good one.

use std::borrow::Cow;

use csv_core::{ReadRecordResult, Reader};
use memchr::{memchr, memchr_iter};

use super::{Convert, refuse};
use crate::jsonl::chunk::BYTE_ORDER_MARK;
use crate::jsonl::write_string;
use crate::scan;

pub(super) struct Rows {
    reader: Reader,
    /// The first bytes, until it is known whether they are a byte-order mark.
    head: Option<Vec<u8>>,
    types: bool,
    max_row: usize,
    /// The names of the columns, each as JSON and with its colon.
    names: Option<Vec<Vec<u8>>>,
    /// The row at hand as it came, and as fields: their bytes, and where each ends.
    raw: Vec<u8>,
    fields: Vec<u8>,
    ends: Vec<usize>,
    /// How much of these is filled.
    filled: (usize, usize),
    /// Lines before the row at hand, and lines written.
    lines: (u64, u64),
}

impl Rows {
    pub fn new(types: bool, max_row: usize) -> Rows {
        Rows {
            reader: Reader::new(),
            head: Some(Vec::new()),
            types,
            max_row,
            names: None,
            raw: Vec::new(),
            fields: vec![0; 1 << 10],
            ends: vec![0; 64],
            filled: (0, 0),
            lines: (0, 0),
        }
    }

    /// Parses all of `bytes`, which are some, or the end of the input.
    fn parse(&mut self, bytes: &[u8], out: &mut Vec<u8>) {
        let is_end = bytes.is_empty();
        let mut work: Vec<(Cow<'_, [u8]>, usize)> = vec![(Cow::Borrowed(bytes), 0)];
        loop {
            let is_last = work.len() == 1;
            let Some((input, at)) = work.last_mut() else { return };
            if *at == input.len() && !(is_end && is_last) {
                work.pop();
                continue;
            }
            let (result, taken, written, ended) = self.reader.read_record(
                &input[*at..],
                &mut self.fields[self.filled.0..],
                &mut self.ends[self.filled.1..],
            );
            self.raw.extend_from_slice(&input[*at..*at + taken]);
            *at += taken;
            self.filled.0 += written;
            self.filled.1 += ended;
            match result {
                ReadRecordResult::OutputFull => self.fields.resize(2 * self.fields.len(), 0),
                ReadRecordResult::OutputEndsFull => self.ends.resize(2 * self.ends.len(), 0),
                ReadRecordResult::InputEmpty if self.raw.len() > self.max_row => {
                    let rest = self.refuse_first_line(out);
                    work.push((Cow::Owned(rest), 0));
                }
                ReadRecordResult::InputEmpty => {}
                ReadRecordResult::Record => {
                    if let Some(rest) = self.row(out) {
                        work.push((Cow::Owned(rest), 0));
                    }
                }
                ReadRecordResult::End => {
                    self.next_row();
                    return;
                }
            }
        }
    }

    /// A row is whole; what of it is to be read again.
    fn row(&mut self, out: &mut Vec<u8>) -> Option<Vec<u8>> {
        let count = self.filled.1;
        let is_whole = std::str::from_utf8(&self.fields[..self.filled.0]).is_ok();
        let expected = self.names.as_ref().map_or(count, Vec::len);
        if count != expected || !is_whole || self.lacks_quote() {
            return Some(self.refuse_first_line(out));
        }
        self.keep_number(out);
        let mut start = 0;
        let fields: Vec<&str> = (self.ends[..count].iter())
            .map(|&end| {
                std::str::from_utf8(&self.fields[std::mem::replace(&mut start, end)..end]).unwrap_or_default()
            })
            .collect();
        match &self.names {
            None => self.names = Some(fields.into_iter().map(name).collect()),
            Some(names) => {
                let mut before = b'{';
                for (name, field) in names.iter().zip(fields) {
                    out.push(before);
                    before = b',';
                    out.extend_from_slice(name);
                    match field {
                        "" if self.types => out.extend_from_slice(b"null"),
                        field if self.types && scan::is_scalar(field.as_bytes()) => {
                            out.extend_from_slice(field.as_bytes());
                        }
                        field => write_string(field, out),
                    }
                }
                out.extend_from_slice(b"}\n");
                self.lines.1 += 1;
            }
        }
        self.next_row();
        None
    }

    /// A quote that is not closed takes in the rows behind it, up to the next quote.
    fn lacks_quote(&self) -> bool {
        let end = self.raw.trim_ascii_end();
        memchr(b'\n', end.trim_ascii_start()).is_some() && memchr_iter(b'"', end).count() % 2 == 1
    }

    /// Blank lines, so that the row is written at the line at which it begins.
    fn keep_number(&mut self, out: &mut Vec<u8>) {
        let before = self.raw.iter().take_while(|byte| matches!(byte, b'\r' | b'\n'));
        let begins = self.lines.0 + before.filter(|byte| **byte == b'\n').count() as u64;
        while self.lines.1 < begins {
            out.push(b'\n');
            self.lines.1 += 1;
        }
    }

    /// Refuses the first line of the row at hand; its other lines are given back.
    fn refuse_first_line(&mut self, out: &mut Vec<u8>) -> Vec<u8> {
        self.keep_number(out);
        let raw = std::mem::take(&mut self.raw);
        let begin = raw.iter().position(|byte| !matches!(byte, b'\r' | b'\n')).unwrap_or(raw.len());
        let end = memchr(b'\n', &raw[begin..]).map_or(raw.len(), |newline| begin + newline);
        let line = &raw[begin..end];
        refuse(line.strip_suffix(b"\r").unwrap_or(line), out);
        self.lines.1 += 1;
        let rest = raw[end..].to_vec();
        self.raw = raw;
        self.raw.truncate(end);
        self.reader = Reader::new();
        self.next_row();
        rest
    }

    fn next_row(&mut self) {
        self.lines.0 += memchr_iter(b'\n', &self.raw).count() as u64;
        self.raw.clear();
        self.filled = (0, 0);
    }
}

/// How many fields a row has.
pub(super) fn count(row: &[u8]) -> usize {
    let mut reader = Reader::new();
    let (mut at, mut count) = (0, 0);
    let (mut bytes, mut ends) = ([0; 256], [0; 64]);
    loop {
        let (result, taken, _, ended) = reader.read_record(&row[at..], &mut bytes, &mut ends);
        at += taken;
        count += ended;
        if matches!(result, ReadRecordResult::Record | ReadRecordResult::End) {
            return count;
        }
    }
}

/// A name as JSON, with its colon.
fn name(field: &str) -> Vec<u8> {
    let mut name = Vec::new();
    write_string(field, &mut name);
    name.push(b':');
    name
}

impl Convert for Rows {
    fn take(&mut self, bytes: &[u8], out: &mut Vec<u8>) {
        if bytes.is_empty() {
            return;
        }
        let Some(mut head) = self.head.take() else { return self.parse(bytes, out) };
        head.extend_from_slice(bytes);
        if head.len() < BYTE_ORDER_MARK.len() && BYTE_ORDER_MARK.starts_with(&head) {
            self.head = Some(head);
            return;
        }
        let rest = head.strip_prefix(BYTE_ORDER_MARK).unwrap_or(&head);
        if !rest.is_empty() {
            self.parse(rest, out);
        }
    }

    fn cut(&mut self, out: &mut Vec<u8>) {
        if self.raw.iter().any(|byte| !matches!(byte, b'\r' | b'\n')) {
            // The row is not read again: it would begin in the middle.
            let _ = self.refuse_first_line(out);
        }
    }

    fn finish(&mut self, out: &mut Vec<u8>) {
        if let Some(head) = self.head.take().filter(|head| !head.is_empty()) {
            self.parse(&head, out);
        }
        // A row that ends with the input may be several, if a quote is missing.
        while self.raw.iter().any(|byte| !matches!(byte, b'\r' | b'\n')) {
            self.parse(b"", out);
        }
    }
}
