//! Input that is no JSON: bare text and CSV, made into lines of JSON as it comes.
//!
//! A line or row that cannot be made into an object is handed on as it came, behind a record separator. That is framing, which
//! no record has, so whoever looks at the line can tell it ([`is_refused`]) and gives its own bytes to the rejects. Every line
//! keeps its number: a row of several lines, or a header, leaves blank ones.

mod rows;
mod text;

use std::io;

use super::chunk::RECORD_SEPARATOR;
use super::{ByteSource, Record};

const BUFFER: usize = 64 << 10;

/// How the lines of an input are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Form {
    /// JSON, as it is.
    #[default]
    Jsonl,
    /// Each line becomes `{"text": line}`.
    Text,
    /// Comma-separated values with a header. Each row becomes an object of strings.
    Csv {
        /// Numbers, true and false are written as such, and empty fields as null.
        types: bool,
    },
}

impl Form {
    /// How many fields a row of comma-separated values has.
    pub fn fields(row: &[u8]) -> usize {
        rows::count(row)
    }

    /// The source's lines as lines of JSON. A longer line than `max_line` is handed on in parts, for others to refuse.
    pub fn read(self, source: Box<dyn ByteSource>, max_line: usize) -> Box<dyn ByteSource> {
        let convert: Box<dyn Convert> = match self {
            Form::Jsonl => return source,
            Form::Text => Box::new(text::Lines::new(max_line)),
            Form::Csv { types } => Box::new(rows::Rows::new(types, max_line)),
        };
        let buffer = vec![0; BUFFER];
        let ready = Vec::new();
        Box::new(Converted { source, convert, buffer, ready, taken: 0, has_ended: false, error: None })
    }
}

/// Whether a line of a converted input is one that could not be converted.
pub fn is_refused(record: &Record<'_>) -> bool {
    // Lines that were made begin where the line does.
    record.start.checked_sub(1).is_some_and(|before| record.chunk[before] != b'\n')
}

/// Makes lines of JSON.
trait Convert: Send {
    /// Takes some bytes, and writes the lines that they complete.
    fn take(&mut self, bytes: &[u8], out: &mut Vec<u8>);

    /// The connection broke: what is not complete will not be continued.
    fn cut(&mut self, out: &mut Vec<u8>);

    /// The input has ended.
    fn finish(&mut self, out: &mut Vec<u8>);
}

/// Hands on a line that is refused.
fn refuse(line: &[u8], out: &mut Vec<u8>) {
    out.push(RECORD_SEPARATOR);
    out.extend_from_slice(line);
    out.push(b'\n');
}

struct Converted {
    source: Box<dyn ByteSource>,
    convert: Box<dyn Convert>,
    buffer: Vec<u8>,
    /// Lines that were made, and how much of them was taken.
    ready: Vec<u8>,
    taken: usize,
    has_ended: bool,
    /// It came while it was only asked whether there is more; the next read reports it.
    error: Option<io::Error>,
}

impl Converted {
    fn fill(&mut self) -> io::Result<()> {
        let read = self.source.read(&mut self.buffer)?;
        if self.taken == self.ready.len() {
            self.ready.clear();
            self.taken = 0;
        }
        if read == 0 {
            self.convert.finish(&mut self.ready);
            self.has_ended = true;
            return Ok(());
        }
        self.convert.take(&self.buffer[..read], &mut self.ready);
        if self.source.was_cut() {
            self.convert.cut(&mut self.ready);
        }
        Ok(())
    }

    fn has_more(&self) -> bool {
        self.taken < self.ready.len()
    }
}

impl ByteSource for Converted {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        while !self.has_more() {
            if let Some(error) = self.error.take() {
                return Err(error);
            }
            if self.has_ended {
                return Ok(0);
            }
            self.fill()?;
        }
        let taken = (self.ready.len() - self.taken).min(buf.len());
        buf[..taken].copy_from_slice(&self.ready[self.taken..self.taken + taken]);
        self.taken += taken;
        Ok(taken)
    }

    fn would_block(&mut self) -> bool {
        while !self.has_more() && !self.has_ended && self.error.is_none() {
            if self.source.would_block() {
                return true;
            }
            self.error = self.fill().err();
        }
        false
    }

    fn is_prompt(&self) -> bool {
        self.source.is_prompt()
    }

    fn is_live(&self) -> bool {
        self.source.is_live()
    }
}

#[cfg(test)]
mod tests;
