//! Lines over HTTP and TCP. Over HTTP the server decides by its content type whether it is server-sent events instead.

use std::io;
use std::time::Duration;

use super::events::EventConnection;
use super::sse::EventOptions;
use super::{Connection, Ended, Got, Transport};
use crate::jsonl::{ByteSource, Meter, decoded};
use crate::net::{Address, Agent, Error, Options, Reason, Request, Url};
use crate::source::{HttpSource, TcpSource};

/// How the place to go on from is told to the server, where it is the value of a field: as a parameter of the query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SinceParam {
    /// The parameter.
    pub name: String,
    /// A number is made smaller by this: what came then comes once more, and is left out.
    pub overlap: u64,
}

impl SinceParam {
    /// The URL that asks for what came after `token`.
    pub fn apply(&self, url: &Url, token: &[u8]) -> Url {
        let text = String::from_utf8_lossy(token);
        match text.parse::<u64>() {
            Ok(number) => url.with_query(&self.name, &number.saturating_sub(self.overlap).to_string()),
            Err(_) => url.with_query(&self.name, &text),
        }
    }
}

/// A GET whose response is lines or events.
pub struct HttpTransport {
    agent: Agent,
    url: Url,
    /// Sent with every request, besides the user's.
    request: Request,
    since: Option<SinceParam>,
    events: EventOptions,
    /// Lines are read once, whatever ends them.
    once: bool,
    /// The last response was events.
    are_events: bool,
}

impl HttpTransport {
    /// A transport; a wrong certificate file is the only error.
    pub fn new(url: Url, options: &Options, request: Request) -> Result<HttpTransport, Error> {
        let agent = Agent::new(options)?;
        Ok(HttpTransport {
            agent,
            url,
            request,
            since: None,
            events: EventOptions::default(),
            once: false,
            are_events: false,
        })
    }

    /// Tells the server where to go on by a parameter.
    #[must_use]
    pub fn since(mut self, since: Option<SinceParam>) -> Self {
        self.since = since;
        self
    }

    /// Reads lines once, whatever ends them; events go on all the same.
    #[must_use]
    pub fn once(mut self, once: bool) -> Self {
        self.once = once;
        self
    }

    /// What is done with events, if it is events.
    #[must_use]
    pub fn events(mut self, events: EventOptions) -> Self {
        self.events = events;
        self
    }
}

impl Transport for HttpTransport {
    fn connect(&mut self, token: Option<&[u8]>, meter: &Meter) -> Result<Box<dyn Connection>, Error> {
        let mut request = self.request.clone();
        let url = match (&self.since, token) {
            (Some(since), Some(token)) => since.apply(&self.url, token),
            (None, Some(token)) => {
                request = request.with("last-event-id", token);
                self.url.clone()
            }
            (_, None) => self.url.clone(),
        };
        let response = self.agent.get(&url, &request)?;
        if response.status == 204 && (self.are_events || self.request.asks_for_events()) {
            return Ok(Box::new(Nothing));
        }
        if response.content_type == "text/event-stream" {
            self.are_events = true;
            let last = token.filter(|_| self.since.is_none()).unwrap_or_default();
            return Ok(Box::new(EventConnection::new(response, self.events.clone(), last, meter.clone())));
        }
        let is_finite = self.once || response.is_sized;
        let size = response.size;
        let takes_all = !response.url.is_encrypted()
            && !response.is_sized
            && !response.headers.contains_key("content-encoding");
        let place = response.url.to_string();
        let source = HttpSource::of(response, meter.clone())?;
        Ok(Box::new(LineConnection { source: decoded(Box::new(source)), place, is_finite, size, takes_all }))
    }
}

/// Lines that a TCP server sends.
pub struct TcpTransport {
    address: Address,
    options: Options,
    once: bool,
}

impl TcpTransport {
    /// A transport; `once`: lines are read once, whatever ends them.
    pub fn new(address: Address, options: Options, once: bool) -> TcpTransport {
        TcpTransport { address, options, once }
    }
}

impl Transport for TcpTransport {
    fn connect(&mut self, _token: Option<&[u8]>, meter: &Meter) -> Result<Box<dyn Connection>, Error> {
        let source = TcpSource::open(self.address.clone(), &self.options, meter.clone())?;
        let place = format!("tcp://{}", self.address);
        let is_finite = self.once;
        Ok(Box::new(LineConnection {
            source: Box::new(source),
            place,
            is_finite,
            size: None,
            takes_all: true,
        }))
    }
}

/// Bytes of lines as they come.
struct LineConnection {
    source: Box<dyn ByteSource>,
    place: String,
    /// It is read once: the body's length was known, or it is to be so.
    is_finite: bool,
    size: Option<u64>,
    /// A read takes all that has come.
    takes_all: bool,
}

impl Connection for LineConnection {
    fn read(&mut self, buf: &mut [u8]) -> Result<Got, Error> {
        match self.source.read(buf) {
            Ok(0) => Ok(Got::End(if self.is_finite { Ended::Finished } else { Ended::Orderly })),
            Ok(read) => Ok(Got::Bytes(read)),
            Err(error) => Err(of_io(error, &self.place)),
        }
    }

    fn would_block(&mut self) -> bool {
        self.source.would_block()
    }

    fn takes_all(&self) -> bool {
        self.takes_all
    }

    fn is_finite(&self) -> bool {
        self.is_finite
    }

    fn size(&self) -> Option<u64> {
        self.size
    }
}

/// The error that a source below has put into one of I/O.
pub(super) fn of_io(error: io::Error, place: &str) -> Error {
    error.downcast::<Error>().unwrap_or_else(|error| Error::new(place, Reason::of_io(&error, None)))
}

/// An answer that says that there is nothing, and will be nothing.
struct Nothing;

impl Connection for Nothing {
    fn read(&mut self, _buf: &mut [u8]) -> Result<Got, Error> {
        Ok(Got::End(Ended::Finished))
    }

    fn would_block(&mut self) -> bool {
        false
    }

    fn wished_wait(&self) -> Option<Duration> {
        None
    }
}
