//! Lines of bare text, as a socket sends them.

use memchr::memchr;

use super::{Convert, refuse};
use crate::jsonl::chunk::BYTE_ORDER_MARK;
use crate::jsonl::write_string;

pub(super) struct Lines {
    /// The beginning of a line that has not ended.
    begun: Vec<u8>,
    max_line: usize,
    /// Inside a line that is too long.
    is_long: bool,
    is_first: bool,
}

impl Lines {
    pub fn new(max_line: usize) -> Lines {
        Lines { begun: Vec::new(), max_line, is_long: false, is_first: true }
    }

    fn line(&mut self, line: &[u8], out: &mut Vec<u8>) {
        let is_first = std::mem::take(&mut self.is_first);
        let line = if is_first { line.strip_prefix(BYTE_ORDER_MARK).unwrap_or(line) } else { line };
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if line.iter().all(u8::is_ascii_whitespace) {
            // A keep-alive.
            return out.push(b'\n');
        }
        match std::str::from_utf8(line) {
            Ok(text) => {
                out.extend_from_slice(b"{\"text\":");
                write_string(text, out);
                out.extend_from_slice(b"}\n");
            }
            Err(_) => refuse(line, out),
        }
    }
}

impl Convert for Lines {
    fn take(&mut self, mut bytes: &[u8], out: &mut Vec<u8>) {
        while let Some(newline) = memchr(b'\n', bytes) {
            let (line, rest) = bytes.split_at(newline);
            if std::mem::take(&mut self.is_long) {
                out.extend_from_slice(line);
                out.push(b'\n');
            } else if self.begun.is_empty() {
                self.line(line, out);
            } else {
                let mut whole = std::mem::take(&mut self.begun);
                whole.extend_from_slice(line);
                self.line(&whole, out);
                whole.clear();
                self.begun = whole;
            }
            bytes = &rest[1..];
        }
        self.begun.extend_from_slice(bytes);
        self.is_long |= self.begun.len() > self.max_line;
        if self.is_long {
            // It will be refused for its length, and is not kept until then.
            out.append(&mut self.begun);
        }
    }

    fn cut(&mut self, out: &mut Vec<u8>) {
        let begun = std::mem::take(&mut self.begun);
        if !begun.is_empty() {
            refuse(&begun, out);
        }
    }

    fn finish(&mut self, out: &mut Vec<u8>) {
        let begun = std::mem::take(&mut self.begun);
        if !begun.is_empty() {
            self.line(&begun, out);
        }
    }
}
