//! A connection that carries server-sent events. A record is the data of an event, on one line.

use std::collections::VecDeque;
use std::io::Read;
use std::time::Duration;

use serde_json::value::RawValue;

use super::lines::of_io;
use super::sse::{Event, EventOptions, EventParser};
use super::{Connection, Ended, Got};
use crate::jsonl::Meter;
use crate::net::{Error, Reason, Response};

const BUFFER: usize = 64 << 10;
/// No server is waited for longer than this because of its `retry:`.
const LONGEST_WISH: Duration = Duration::from_secs(60);

/// An open stream of events.
pub(super) struct EventConnection {
    response: Response,
    meter: Meter,
    parser: EventParser,
    options: EventOptions,
    buffer: Vec<u8>,
    /// Lines that were not handed out.
    lines: VecDeque<u8>,
    /// Where they end, with the event id that then was the last: each is a place to resume from. Of lines that are out in part
    /// what is left.
    ends: VecDeque<(usize, Vec<u8>)>,
    /// The id behind all that is out.
    token: Option<Vec<u8>>,
    /// The server said that there is no use in going on.
    fatal: Option<Error>,
}

impl EventConnection {
    pub fn new(response: Response, options: EventOptions, last_id: &[u8], meter: Meter) -> EventConnection {
        let most = if options.max_data == 0 { 16 << 20 } else { options.max_data };
        EventConnection {
            response,
            meter,
            parser: EventParser::new(last_id, most.saturating_add(1)),
            options,
            buffer: vec![0; BUFFER],
            lines: VecDeque::new(),
            ends: VecDeque::new(),
            token: None,
            fatal: None,
        }
    }

    /// Hands out what fits: one line, where each is a place to resume from.
    fn hand_out(&mut self, buf: &mut [u8]) -> Got {
        let most = self.ends.front().map_or(self.lines.len(), |(length, _)| *length);
        let room = most.min(buf.len());
        let taken = hand_out(&mut self.lines, &mut buf[..room]);
        if let Some((length, _)) = self.ends.front_mut() {
            *length -= taken;
            if *length == 0 {
                self.token = self.ends.pop_front().map(|(_, id)| id);
            }
        }
        Got::Bytes(taken)
    }
}

impl Connection for EventConnection {
    fn read(&mut self, buf: &mut [u8]) -> Result<Got, Error> {
        if !self.lines.is_empty() {
            return Ok(self.hand_out(buf));
        }
        if let Some(fatal) = self.fatal.take() {
            return Err(fatal);
        }
        let place = self.response.url.to_string();
        let read = self.response.read(&mut self.buffer).map_err(|error| of_io(error, &place))?;
        self.meter.add(read);
        if read == 0 {
            return Ok(Got::End(Ended::Orderly));
        }
        let Self { parser, options, buffer, lines, ends, fatal, .. } = self;
        let is_alive = parser.take(&buffer[..read], &mut |event| {
            if options.fatal.iter().any(|name| name.as_bytes() == event.name) {
                let sentence = format!(
                    "the server ends the stream with the event {:?}",
                    String::from_utf8_lossy(&event.name)
                );
                *fatal = Some(Error::new(&place, Reason::Refusal(sentence)));
            } else {
                let before = lines.len();
                write(&event, options, lines);
                if !event.id.is_empty() && lines.len() > before {
                    ends.push_back((lines.len() - before, event.id));
                }
            }
        });
        Ok(match (self.lines.is_empty(), is_alive) {
            (false, _) => self.hand_out(buf),
            (true, true) => Got::Life,
            (true, false) => Got::Nothing,
        })
    }

    /// Unknown, but that there are lines.
    fn would_block(&mut self) -> bool {
        self.lines.is_empty()
    }

    fn token(&mut self) -> Option<Vec<u8>> {
        self.token.take()
    }

    fn wished_wait(&self) -> Option<Duration> {
        Some(Duration::from_millis(self.parser.retry_ms()?).min(LONGEST_WISH))
    }
}

/// Appends the event's line, if it is wanted.
fn write(event: &Event, options: &EventOptions, out: &mut VecDeque<u8>) {
    let is_in = |names: &[String]| names.iter().any(|name| name.as_bytes() == event.name);
    if is_in(&options.ignored) || !options.names.is_empty() && !is_in(&options.names) {
        return;
    }
    if options.envelope {
        let quoted = |bytes: &[u8]| serde_json::Value::from(String::from_utf8_lossy(bytes)).to_string();
        let data = match serde_json::from_slice::<&RawValue>(&event.data) {
            Ok(data) => data.get().to_owned(),
            Err(_) => quoted(&event.data),
        };
        let id = match event.id.as_slice() {
            [] => String::new(),
            id => format!("\"id\":{},", quoted(id)),
        };
        let line = format!("{{\"event\":{},{id}\"data\":{data}}}", quoted(&event.name));
        push_line(line.as_bytes(), out);
    } else if !event.data.trim_ascii().is_empty() {
        push_line(&event.data, out);
    }
}

/// Appends a record as one line. Inside JSON a newline is white space: strings cannot hold one.
pub(super) fn push_line(record: &[u8], out: &mut VecDeque<u8>) {
    let plain = |byte: &u8| if matches!(byte, b'\n' | b'\r') { b' ' } else { *byte };
    if memchr::memchr2(b'\n', b'\r', record).is_some() {
        out.extend(record.iter().map(plain));
    } else {
        out.extend(record);
    }
    out.push_back(b'\n');
}

/// Moves as many of the bytes as have room; gives their number.
pub(super) fn hand_out(lines: &mut VecDeque<u8>, room: &mut [u8]) -> usize {
    let taken = lines.len().min(room.len());
    let (front, back) = lines.as_slices();
    let first = front.len().min(taken);
    room[..first].copy_from_slice(&front[..first]);
    room[first..taken].copy_from_slice(&back[..taken - first]);
    lines.drain(..taken);
    taken
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(event: &Event, options: &EventOptions) -> String {
        let mut out = VecDeque::new();
        write(event, options, &mut out);
        String::from_utf8(out.into()).unwrap()
    }

    #[test]
    fn a_record_is_one_line_with_its_envelope_or_without() {
        let event =
            |name: &str, data: &str| Event { name: name.into(), data: data.into(), id: b"7".to_vec() };
        let plain = EventOptions::default();
        assert_eq!(lines(&event("update", "{\"a\":1.0,\n\"b\":2}"), &plain), "{\"a\":1.0, \"b\":2}\n");
        assert_eq!(lines(&event("message", " "), &plain), "");
        let named =
            EventOptions { names: vec!["update".into()], ignored: vec!["ping".into()], ..plain.clone() };
        assert_eq!(lines(&event("update", "1"), &named), "1\n");
        assert_eq!(lines(&event("delete", "1"), &named), "");
        assert_eq!(lines(&event("ping", "1"), &EventOptions { names: vec![], ..named }), "");
        let envelope = EventOptions { envelope: true, ..plain };
        assert_eq!(
            lines(&event("update", "{\"a\":1.0}"), &envelope),
            "{\"event\":\"update\",\"id\":\"7\",\"data\":{\"a\":1.0}}\n"
        );
        assert_eq!(
            lines(&event("delete", "a \"b\""), &envelope),
            "{\"event\":\"delete\",\"id\":\"7\",\"data\":\"a \\\"b\\\"\"}\n"
        );
    }
}
