//! Messages of a WebSocket. A record is a message, on one line.
//!
//! tungstenite knows the frames; the connection below it is ours. Pings are answered while reading, and a ping of our own is
//! sent into every long silence, so that a peer that lives says so. Extensions are not asked for.

use std::collections::VecDeque;
use std::io;
use std::time::{Duration, Instant};

use serde::Deserialize;
use serde_json::value::RawValue;
use tungstenite::client::{IntoClientRequest, client_with_config};
use tungstenite::handshake::HandshakeError;
use tungstenite::http::{HeaderValue, header};
use tungstenite::protocol::frame::coding::CloseCode;
use tungstenite::protocol::{CloseFrame, WebSocketConfig};
use tungstenite::{Message, WebSocket};

use super::events::{hand_out, push_line};
use super::lines::SinceParam;
use super::{Connection, Ended, Got, Transport};
use crate::jsonl::Meter;
use crate::net::{Error, Options, Reason, RetryTime, Url, Wire};

/// A ping is sent after so much silence, if the stall time-out is not shorter.
const PING_AFTER: Duration = Duration::from_secs(25);
/// What one message may hold.
const LARGEST: usize = 16 << 20;

/// What a message holds of a record.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Unwrap {
    /// The message is the record.
    #[default]
    Nothing,
    /// `{"event":NAME,"payload":"JSON as a string"}`: the payload of events of these names, decoded once more; empty: all.
    Payload(Vec<String>),
    /// `{"$type":"message","payload":RECORD}`, and `error` where the server ends the stream.
    Envelope,
}

/// A WebSocket client.
pub struct WebSocketTransport {
    url: Url,
    options: Options,
    since: Option<SinceParam>,
    subprotocol: Option<&'static str>,
    unwrap: Unwrap,
}

impl WebSocketTransport {
    /// A client of this URL.
    pub fn new(url: Url, options: Options) -> WebSocketTransport {
        WebSocketTransport { url, options, since: None, subprotocol: None, unwrap: Unwrap::Nothing }
    }

    /// Tells the server where to go on by a parameter.
    #[must_use]
    pub fn since(mut self, since: Option<SinceParam>) -> Self {
        self.since = since;
        self
    }

    /// What is sent, and how the record is had from it.
    #[must_use]
    pub fn speaking(mut self, subprotocol: Option<&'static str>, unwrap: Unwrap) -> Self {
        (self.subprotocol, self.unwrap) = (subprotocol, unwrap);
        self
    }
}

impl Transport for WebSocketTransport {
    fn connect(&mut self, token: Option<&[u8]>, meter: &Meter) -> Result<Box<dyn Connection>, Error> {
        let url = match (&self.since, token) {
            (Some(since), Some(token)) => since.apply(&self.url, token),
            _ => self.url.clone(),
        };
        let mut request = url
            .whole()
            .into_client_request()
            .map_err(|error| Error::new(&self.url, Reason::Protocol(error.to_string())))?;
        let headers = request.headers_mut();
        if let Ok(agent) = HeaderValue::from_str(&self.options.user_agent()) {
            headers.insert(header::USER_AGENT, agent);
        }
        self.options.headers.add_to(headers);
        if let Some(subprotocol) = self.subprotocol {
            headers.insert(header::SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static(subprotocol));
        }
        let wire = Wire::open(&self.url, &self.options)?;
        let limit = self.options.response_timeout;
        let tick = self.options.stall_timeout.map_or(PING_AFTER, |stall| (stall / 2).min(PING_AFTER));
        let lost = |error: &io::Error| Error::new(&self.url, Reason::of_io(error, None));
        wire.set_read_timeout(Some(limit)).map_err(|error| lost(&error))?;
        let config = WebSocketConfig::default().max_message_size(Some(LARGEST)).max_frame_size(Some(LARGEST));
        let (socket, _) = match client_with_config(request, wire, Some(config)) {
            Ok(done) => done,
            Err(HandshakeError::Failure(error)) => return Err(self.refused(error, limit)),
            Err(HandshakeError::Interrupted(_)) => {
                return Err(Error::new(&self.url, Reason::TimedOut { what: "the response", limit }));
            }
        };
        socket.get_ref().set_read_timeout(Some(tick)).map_err(|error| lost(&error))?;
        Ok(Box::new(WebSocketConnection {
            socket,
            place: self.url.to_string(),
            unwrap: self.unwrap.clone(),
            stall_timeout: self.options.stall_timeout,
            heard: Instant::now(),
            lines: VecDeque::new(),
            meter: meter.clone(),
            end: None,
        }))
    }
}

impl WebSocketTransport {
    /// Why there is no WebSocket.
    fn refused(&self, error: tungstenite::Error, limit: Duration) -> Error {
        let reason = match error {
            tungstenite::Error::Http(response) => Reason::Status {
                code: response.status().as_u16(),
                body: self.options.shown_body(&self.url, response.body().as_deref().unwrap_or_default()),
                retry: RetryTime::of(response.headers()),
            },
            error => match reason(error, None) {
                Reason::Os(_) => Reason::TimedOut { what: "the response", limit },
                reason => reason,
            },
        };
        Error::new(&self.url, reason)
    }
}

/// An open WebSocket.
struct WebSocketConnection {
    socket: WebSocket<Wire>,
    place: String,
    unwrap: Unwrap,
    stall_timeout: Option<Duration>,
    /// When anything came last.
    heard: Instant,
    /// Lines that were not handed out.
    lines: VecDeque<u8>,
    meter: Meter,
    /// How it ended, once the lines are out.
    end: Option<Result<Ended, Error>>,
}

impl WebSocketConnection {
    /// Takes one message, which is a sign of life, or nothing. Without `waits`, one that is there already.
    fn receive(&mut self, waits: bool) -> Got {
        self.socket.get_mut().set_waits(waits);
        match self.socket.read() {
            Ok(message) => {
                self.heard = Instant::now();
                self.meter.add(message.len());
                self.take(message);
                Got::Life
            }
            Err(tungstenite::Error::Io(error))
                if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut) =>
            {
                match self.stall_timeout {
                    _ if !waits => {}
                    Some(limit) if self.heard.elapsed() >= limit => {
                        self.end = Some(Err(Error::new(&self.place, Reason::Stalled(limit))));
                    }
                    // If it cannot be sent, the next read tells why.
                    _ => drop(self.socket.send(Message::Ping(Vec::new().into()))),
                }
                Got::Nothing
            }
            Err(tungstenite::Error::Io(error)) if error.kind() == io::ErrorKind::Interrupted => Got::Nothing,
            Err(error) => {
                let ended = match error {
                    tungstenite::Error::ConnectionClosed | tungstenite::Error::AlreadyClosed => {
                        Ok(Ended::Orderly)
                    }
                    error => Err(Error::new(&self.place, reason(error, self.stall_timeout))),
                };
                self.end.get_or_insert(ended);
                Got::Nothing
            }
        }
    }

    fn take(&mut self, message: Message) {
        match message {
            Message::Text(text) => self.record(text.as_bytes()),
            Message::Binary(bytes) if bytes.starts_with(b"\x28\xb5\x2f\xfd") => {
                let sentence =
                    "the server sends compressed messages, which were not asked for; ask for plain ones";
                self.end = Some(Err(Error::new(&self.place, Reason::Refusal(sentence.into()))));
            }
            Message::Binary(bytes) => self.record(&bytes),
            Message::Close(frame) => self.end = closed(&self.place, frame),
            Message::Ping(_) | Message::Pong(_) | Message::Frame(_) => {}
        }
    }

    fn record(&mut self, message: &[u8]) {
        match &self.unwrap {
            Unwrap::Nothing => push_line(message, &mut self.lines),
            Unwrap::Payload(names) => match serde_json::from_slice::<Stated>(message) {
                Ok(stated) if names.is_empty() || names.contains(&stated.event) => {
                    push_line(stated.payload.as_bytes(), &mut self.lines);
                }
                Ok(_) => {}
                // What is not of this form is for the reader to judge.
                Err(_) => push_line(message, &mut self.lines),
            },
            Unwrap::Envelope => match serde_json::from_slice::<Envelope<'_>>(message) {
                Ok(Envelope { kind: "message", payload: Some(payload) }) => {
                    push_line(payload.get().as_bytes(), &mut self.lines);
                }
                Ok(Envelope { kind: "error", .. }) => {
                    let text = String::from_utf8_lossy(&message[..message.len().min(500)]).into_owned();
                    self.end = Some(Err(Error::new(&self.place, Reason::Dropped(text))));
                }
                Ok(_) => {}
                Err(_) => push_line(message, &mut self.lines),
            },
        }
    }
}

#[derive(Deserialize)]
struct Stated {
    event: String,
    payload: String,
}

#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(rename = "$type")]
    kind: &'a str,
    #[serde(borrow)]
    payload: Option<&'a RawValue>,
}

/// What the server's last word means.
fn closed(place: &str, frame: Option<CloseFrame>) -> Option<Result<Ended, Error>> {
    let Some(CloseFrame { code, reason }) = frame else { return Some(Ok(Ended::Orderly)) };
    let said: String = reason.chars().filter(|char| !char.is_control()).take(200).collect();
    let text = format!(
        "the server closes the stream: {}{}{said}",
        u16::from(code),
        if said.is_empty() { "" } else { " " }
    );
    Some(match code {
        CloseCode::Normal | CloseCode::Away | CloseCode::Restart | CloseCode::Status => Ok(Ended::Orderly),
        CloseCode::Policy | CloseCode::Unsupported | CloseCode::Extension => {
            Err(Error::new(place, Reason::Refusal(text)))
        }
        _ => Err(Error::new(place, Reason::Dropped(text))),
    })
}

fn reason(error: tungstenite::Error, limit: Option<Duration>) -> Reason {
    use tungstenite::error::ProtocolError;
    match error {
        tungstenite::Error::Io(error) => Reason::of_io(&error, limit),
        tungstenite::Error::Protocol(ProtocolError::ResetWithoutClosingHandshake) => {
            Reason::Dropped("without a word".into())
        }
        tungstenite::Error::Protocol(ProtocolError::HandshakeIncomplete) => {
            Reason::Dropped("before the WebSocket was agreed upon".into())
        }
        tungstenite::Error::Capacity(_) => {
            Reason::Protocol(format!("a message is longer than {} MiB", LARGEST >> 20))
        }
        error => Reason::Protocol(error.to_string()),
    }
}

impl Connection for WebSocketConnection {
    fn read(&mut self, buf: &mut [u8]) -> Result<Got, Error> {
        let mut got = Got::Nothing;
        if self.lines.is_empty() && self.end.is_none() {
            got = self.receive(true);
            // What has come already belongs to the same read: also the answer to a ping that was sent just now.
            while self.end.is_none() && self.lines.len() < buf.len() && self.receive(false) == Got::Life {
                got = Got::Life;
            }
        }
        if !self.lines.is_empty() {
            return Ok(Got::Bytes(hand_out(&mut self.lines, buf)));
        }
        match self.end.take() {
            Some(end) => end.map(Got::End),
            None => Ok(got),
        }
    }

    fn would_block(&mut self) -> bool {
        self.lines.is_empty() && self.end.is_none() && self.socket.get_mut().is_silent()
    }
}
