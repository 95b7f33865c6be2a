//! A chunk of whole lines, and the records in it.
//!
//! A chunk is what one worker takes at a time. Lines are framed as RFC 7464 and the web have it in practice: LF or CRLF,
//! a byte-order mark before the first (and before others, where files were joined by `cat`), a record separator before any,
//! blank ones as keep-alives. None of this framing
//! belongs to the record, whose bytes are never touched.

use memchr::memchr;

use super::Buffer;

/// U+FEFF in UTF-8: what some programs write before their text.
pub(crate) const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";
/// What RFC 7464 has before each record.
pub(super) const RECORD_SEPARATOR: u8 = 0x1e;

/// What a chunk holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChunkKind {
    /// Whole lines; the last of an input may lack its newline.
    Lines,
    /// A part of a line that is longer than is allowed. It goes to the rejects, piece by piece.
    Oversized {
        /// The line begins here.
        first: bool,
        /// The line ends here.
        last: bool,
    },
    /// A line that a broken connection left unfinished. It goes to the rejects.
    Cut,
    /// One line that is no record: a mark of the run. Only where marks are looked for.
    Mark,
}

/// Some whole lines of one input, in order.
#[derive(Debug)]
pub struct Chunk {
    buffer: Buffer,
    len: usize,
    /// Lines, or a part of one that is too long.
    pub kind: ChunkKind,
    /// Which input, counted from 0.
    pub input: usize,
    /// How often all inputs were read before.
    pub pass: u64,
    /// Whether these are the input's first bytes.
    pub starts_input: bool,
    /// Whether the reader is about to wait: what comes of this chunk and all before it is flushed.
    pub flush: bool,
}

/// One line that is not blank.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Record<'a> {
    /// Its bytes without framing and white space around.
    pub bytes: &'a [u8],
    /// Its line within the chunk, from 0.
    pub line: u64,
    /// Where its bytes begin in the chunk.
    pub start: usize,
    /// The whole chunk.
    pub chunk: &'a [u8],
    /// Whether a newline ended it.
    pub terminated: bool,
}

impl Chunk {
    /// The first `len` bytes of a buffer, which is had back by [`Chunk::into_buffer`].
    pub fn new(buffer: Buffer, len: usize, input: usize) -> Chunk {
        Chunk { buffer, len, kind: ChunkKind::Lines, input, pass: 0, starts_input: false, flush: false }
    }

    /// The bytes, framing included.
    pub fn bytes(&self) -> &[u8] {
        &self.buffer[..self.len]
    }

    /// Drops what stands behind the line that `at` is on.
    pub fn cut_behind_line(&mut self, at: usize) {
        if let Some(newline) = memchr(b'\n', &self.bytes()[at..]) {
            self.len = at + newline + 1;
        }
    }

    /// The buffer, to be filled again.
    pub fn into_buffer(self) -> Buffer {
        self.buffer
    }

    /// The chunk's records. Afterwards `lines` tells how many lines there were, and how many were blank.
    pub fn records(&self) -> Records<'_> {
        Records { chunk: self, newlines: None, at: 0, lines: 0, blank: 0 }
    }

    /// The chunk's records, where it is known already at which places the newlines are.
    pub fn records_by<'a>(&'a self, newlines: &'a [u32]) -> Records<'a> {
        Records { newlines: Some(newlines), ..self.records() }
    }
}

/// Iterates over the records of a chunk.
#[derive(Debug)]
pub struct Records<'a> {
    chunk: &'a Chunk,
    /// Those that are left, where they are known.
    newlines: Option<&'a [u32]>,
    at: usize,
    lines: u64,
    blank: u64,
}

impl Records<'_> {
    /// The next newline.
    fn newline(&mut self) -> Option<usize> {
        match &mut self.newlines {
            Some(newlines) => newlines.split_off_first().map(|newline| *newline as usize),
            None => memchr(b'\n', &self.chunk.bytes()[self.at..]).map(|length| self.at + length),
        }
    }

    /// Lines seen so far.
    pub fn lines(&self) -> u64 {
        self.lines
    }

    /// Blank lines seen so far.
    pub fn blank(&self) -> u64 {
        self.blank
    }
}

impl<'a> Iterator for Records<'a> {
    type Item = Record<'a>;

    fn next(&mut self) -> Option<Record<'a>> {
        let bytes = self.chunk.bytes();
        while self.at < bytes.len() {
            let mut start = self.at;
            let newline = self.newline();
            let end = newline.unwrap_or(bytes.len());
            self.at = end + 1;
            self.lines += 1;
            if bytes.get(start) != Some(&b'{') {
                if bytes[start..end].starts_with(BYTE_ORDER_MARK) {
                    start += BYTE_ORDER_MARK.len();
                }
                while start < end && is_framing(bytes[start]) {
                    start += 1;
                }
            }
            let mut trimmed = end;
            while trimmed > start && is_framing(bytes[trimmed - 1]) {
                trimmed -= 1;
            }
            if start == trimmed {
                self.blank += 1;
                continue;
            }
            return Some(Record {
                bytes: &bytes[start..trimmed],
                line: self.lines - 1,
                start,
                chunk: bytes,
                terminated: newline.is_some(),
            });
        }
        None
    }
}

fn is_framing(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\r' | RECORD_SEPARATOR)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn records(bytes: &[u8]) -> (Vec<(&str, u64)>, u64, u64) {
        let chunk = Box::leak(Box::new(Chunk {
            starts_input: true,
            ..Chunk::new(bytes.to_vec().into(), bytes.len(), 0)
        }));
        let mut records = chunk.records();
        let found = records
            .by_ref()
            .map(|record| (std::str::from_utf8(record.bytes).expect("UTF-8"), record.line))
            .collect();
        (found, records.lines(), records.blank())
    }

    #[test]
    fn framing_is_not_the_record() {
        let (found, lines, blank) = records(b"\xef\xbb\xbf{\"a\":1}\r\n\r\n\n \t\n\x1e{\"b\":2}\n{\"c\"");
        assert_eq!(found, [("{\"a\":1}", 0), ("{\"b\":2}", 4), ("{\"c\"", 5)]);
        assert_eq!((lines, blank), (6, 3));
    }

    #[test]
    fn a_chunk_is_cut_behind_a_line() {
        let bytes = b"one\ntwo\r\nlast";
        for (at, rest) in [(0, 4), (3, 4), (4, 9), (7, 9), (9, 13), (13, 13)] {
            // What the buffer holds behind the chunk is none of its business.
            let mut chunk = Chunk::new([&bytes[..], b"old\n"].concat().into(), bytes.len(), 0);
            chunk.cut_behind_line(at);
            assert_eq!(chunk.bytes(), &bytes[..rest], "{at}");
        }
    }

    #[test]
    fn nothing_is_no_line() {
        assert_eq!(records(b""), (vec![], 0, 0));
        assert_eq!(records(b"\n"), (vec![], 1, 1));
    }
}
