//! Server-sent events, taken apart by the rules of the WHATWG (HTML, section 9.2.6), however the bytes are cut.
//!
//! Lines end with LF, CRLF or CR, and the stream may begin with a byte-order mark. An event is dispatched at a blank line and
//! never at the end of the stream. The last event id holds until another comes; an id with a NUL is ignored.

/// An event.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Event {
    /// Its name; `message` where it has none.
    pub name: Vec<u8>,
    /// Its data, lines joined with a newline.
    pub data: Vec<u8>,
    /// The last event id that was sent, with it or before.
    pub id: Vec<u8>,
}

/// What is done with events.
#[derive(Clone, Debug, Default)]
pub struct EventOptions {
    /// Only events of these names; empty: all.
    pub names: Vec<String>,
    /// Events of these names are signs of life and no records.
    pub ignored: Vec<String>,
    /// Write name, id and data, instead of the data alone.
    pub envelope: bool,
    /// An event of this name ends the stream for good.
    pub fatal: Vec<String>,
    /// Longer data is cut one byte behind this: whoever reads lines of at most so many bytes rejects it, and counts it.
    pub max_data: usize,
}

/// Takes bytes, gives events.
#[derive(Debug, Default)]
pub struct EventParser {
    /// The line that has not ended.
    line: Vec<u8>,
    /// It was longer than what is kept of it.
    line_is_cut: bool,
    /// The last line ended with CR: a LF that follows belongs to it.
    ended_with_cr: bool,
    /// The first line was begun: no byte-order mark can come any more.
    has_begun: bool,
    name: Vec<u8>,
    data: Vec<u8>,
    has_data: bool,
    id: Vec<u8>,
    retry_ms: Option<u64>,
    /// Data is cut behind so many bytes.
    limit: usize,
}

/// What stands before the value of the longest line that is of use.
const BEFORE_DATA: usize = "\u{feff}data: ".len();

impl EventParser {
    /// A parser for a stream that goes on behind this id. The data of an event is cut behind `limit` bytes.
    pub fn new(last_id: &[u8], limit: usize) -> EventParser {
        EventParser { id: last_id.to_vec(), limit, ..EventParser::default() }
    }

    /// Takes bytes; `each` gets the events that they end. Tells whether any line ended: a sign of life.
    pub fn take(&mut self, mut bytes: &[u8], each: &mut dyn FnMut(Event)) -> bool {
        let mut any = false;
        while !bytes.is_empty() {
            if std::mem::take(&mut self.ended_with_cr) && bytes[0] == b'\n' {
                bytes = &bytes[1..];
                continue;
            }
            let end = memchr::memchr2(b'\n', b'\r', bytes);
            self.add(&bytes[..end.unwrap_or(bytes.len())]);
            let Some(end) = end else { break };
            self.ended_with_cr = bytes[end] == b'\r';
            bytes = &bytes[end + 1..];
            any = true;
            self.end_line(each);
        }
        any
    }

    /// The wait before the next connection, as the server wishes it.
    pub fn retry_ms(&self) -> Option<u64> {
        self.retry_ms
    }

    fn add(&mut self, bytes: &[u8]) {
        let room = self.limit.saturating_add(BEFORE_DATA).saturating_sub(self.line.len());
        self.line_is_cut |= bytes.len() > room;
        self.line.extend_from_slice(&bytes[..bytes.len().min(room)]);
    }

    fn end_line(&mut self, each: &mut dyn FnMut(Event)) {
        let mut line = std::mem::take(&mut self.line);
        if !std::mem::replace(&mut self.has_begun, true) && line.starts_with(b"\xef\xbb\xbf") {
            line.drain(..3);
        }
        if line.is_empty() {
            self.dispatch(each);
        } else if let Some(colon) = memchr::memchr(b':', &line) {
            let value = &line[colon + 1..];
            self.field(&line[..colon], value.strip_prefix(b" ").unwrap_or(value));
        } else {
            self.field(&line, b"");
        }
        line.clear();
        self.line = line;
        self.line_is_cut = false;
    }

    fn field(&mut self, name: &[u8], value: &[u8]) {
        match name {
            b"data" => {
                // With the newline behind it, which goes when the event is dispatched.
                let room = self.limit.saturating_add(1) - self.data.len();
                self.data.extend_from_slice(&value[..value.len().min(room)]);
                if self.data.len() <= self.limit {
                    self.data.push(b'\n');
                }
                self.has_data = true;
            }
            // Half a name or an id is another one.
            _ if self.line_is_cut => {}
            b"event" => self.name = value.to_vec(),
            b"id" if !value.contains(&0) => self.id = value.to_vec(),
            b"retry" if !value.is_empty() && value.iter().all(u8::is_ascii_digit) => {
                self.retry_ms = std::str::from_utf8(value).ok().and_then(|digits| digits.parse().ok());
            }
            // A comment (the name is empty), or a field of a later day.
            _ => {}
        }
    }

    fn dispatch(&mut self, each: &mut dyn FnMut(Event)) {
        let name = std::mem::take(&mut self.name);
        let mut data = std::mem::take(&mut self.data);
        let has_data = std::mem::take(&mut self.has_data);
        // The rules compare the data buffer with the empty string: `data:` alone has a newline in it and counts.
        if !has_data {
            return;
        }
        data.pop();
        let name = if name.is_empty() { b"message".to_vec() } else { name };
        each(Event { name, data, id: self.id.clone() });
    }
}

#[cfg(test)]
mod tests;
