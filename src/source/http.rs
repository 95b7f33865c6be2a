//! Lines from an HTTP server: a file of known length, or a response that never ends.
//!
//! Chunk and TLS record boundaries mean nothing; lines are cut from the bytes of the body. A body that ends before its
//! length or its last chunk is an error, not an end.

use std::io::{self, Read};

use crate::jsonl::{ByteSource, Meter};
use crate::net::{Agent, Error, Options, Reason, Request, Response, RetryTime, Url};

/// An open response.
pub struct HttpSource {
    response: Response,
    meter: Meter,
    /// The body's own framing said that this is its end.
    ended: bool,
}

impl HttpSource {
    /// Sends the request and waits for the head of the response.
    pub fn open(url: &Url, options: &Options, meter: Meter) -> Result<Self, Error> {
        HttpSource::of(Agent::new(options)?.get(url, &Request::default())?, meter)
    }

    /// The lines of a response.
    pub fn of(response: Response, meter: Meter) -> Result<Self, Error> {
        if !matches!(response.status, 200 | 201) {
            let (code, retry) = (response.status, RetryTime::default());
            return Err(Error::new(&response.url, Reason::Status { code, body: String::new(), retry }));
        }
        if response.content_type == "text/html" {
            let sentence =
                "the server sends a web page (text/html) instead of lines of JSON; check the address";
            return Err(Error::new(&response.url, Reason::Protocol(sentence.into())));
        }
        Ok(HttpSource { response, meter, ended: false })
    }

    /// The size of the body, where the server says it.
    pub fn size(&self) -> Option<u64> {
        self.response.size
    }
}

impl ByteSource for HttpSource {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        match self.response.read(buf) {
            Ok(0) if !buf.is_empty() => {
                self.ended = self.response.is_framed;
                Ok(0)
            }
            Ok(read) => {
                self.meter.add(read);
                Ok(read)
            }
            Err(error) => Err(error),
        }
    }

    /// Unknown, so true: one read gives all that had arrived, up to the agent's buffer of 128 KiB. So a bulk transfer is
    /// handed on in large pieces all the same.
    fn would_block(&mut self) -> bool {
        !self.ended
    }

    /// Unless the whole body is known to be here.
    fn is_live(&self) -> bool {
        !self.ended
    }
}

#[cfg(test)]
mod tests;
