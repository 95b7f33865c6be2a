//! A connection that we open ourselves, for what is no plain HTTP: through the proxy of the environment where there is one,
//! and under TLS where the URL says so.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustls::pki_types::ServerName;
use rustls::{ClientConnection, StreamOwned};
use ureq::ProxyProtocol;

use super::address::Address;
use super::error::{Error, Reason};
use super::proxy::{Way, bare, refusal, way_to};
use super::tls;
use super::url::Url;
use super::{Options, watch_peer};

/// What a proxy may say before the connection is through.
const PROXY_HEAD: u64 = 16 << 10;

/// An open connection, plain or encrypted.
pub struct Wire {
    stream: Stream,
    /// Reads wait until something comes; else they say at once that they would.
    waits: bool,
}

enum Stream {
    Plain(TcpStream),
    Encrypted(Box<StreamOwned<ClientConnection, TcpStream>>),
}

impl Wire {
    /// Connects to the URL's host, within `--connect-timeout` for each of the ways to it: TCP, the proxy, TLS.
    pub fn open(url: &Url, options: &Options) -> Result<Wire, Error> {
        let stream = match way_to(url, options)? {
            Some(way) => through(&way, url, options)?,
            None => Address { host: bare(url.host()).to_owned(), port: url.port() }
                .connect(options.connect_timeout)
                .map_err(|error| Error::new(url, error.reason))?,
        };
        watch_peer(&stream);
        // A message is read as soon as it is there; what is sent are answers to pings.
        let _ = stream.set_nodelay(true);
        let stream = if url.is_encrypted() { encrypt(stream, url, options)? } else { Stream::Plain(stream) };
        Ok(Wire { stream, waits: true })
    }

    /// Whether a read waits, or says at once that it would have to.
    pub fn set_waits(&mut self, waits: bool) {
        self.waits = waits;
    }

    /// No read waits longer than this.
    pub fn set_read_timeout(&self, limit: Option<Duration>) -> io::Result<()> {
        self.tcp().set_read_timeout(limit)
    }

    /// Whether nothing has come that could be read now.
    pub fn is_silent(&mut self) -> bool {
        if let Stream::Encrypted(stream) = &mut self.stream
            && stream.conn.process_new_packets().is_ok_and(|state| state.plaintext_bytes_to_read() > 0)
        {
            return false;
        }
        let mut waiting = [PollFd::new(self.tcp(), PollFlags::IN)];
        // An error of poll shows again in the read that follows.
        matches!(poll(&mut waiting, Some(&Timespec { tv_sec: 0, tv_nsec: 0 })), Ok(0))
    }

    fn tcp(&self) -> &TcpStream {
        match &self.stream {
            Stream::Plain(stream) => stream,
            Stream::Encrypted(stream) => &stream.sock,
        }
    }
}

impl Read for Wire {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        if !self.waits && self.is_silent() {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        match &mut self.stream {
            Stream::Plain(stream) => stream.read(buf),
            Stream::Encrypted(stream) => stream.read(buf),
        }
    }
}

impl Write for Wire {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match &mut self.stream {
            Stream::Plain(stream) => stream.write(bytes),
            Stream::Encrypted(stream) => stream.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match &mut self.stream {
            Stream::Plain(stream) => stream.flush(),
            Stream::Encrypted(stream) => stream.flush(),
        }
    }
}

fn through(way: &Way, url: &Url, options: &Options) -> Result<TcpStream, Error> {
    let Way { proxy, address } = way;
    if proxy.protocol() != ProxyProtocol::Http {
        let sentence = "the proxy of the environment is no http:// proxy; a WebSocket can be had through such a one \
                        only, or past it with NO_PROXY";
        return Err(Error::usage(format!("{url}: {sentence}")));
    }
    let place = way.place(url);
    let broken = |error: &io::Error| match error.kind() {
        io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock => {
            Error::new(&place, Reason::TimedOut { what: "connecting", limit: options.connect_timeout })
        }
        _ => Error::new(&place, Reason::of_io(error, None)),
    };
    let stream =
        address.connect(options.connect_timeout).map_err(|error| Error::new(&place, error.reason))?;
    let ask = |mut stream: &TcpStream| -> io::Result<Vec<u8>> {
        stream.set_read_timeout(Some(options.connect_timeout))?;
        stream.set_write_timeout(Some(options.connect_timeout))?;
        let target = format!("{}:{}", url.host(), url.port());
        let mut request = format!("CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n");
        if let Some(user) = proxy.username() {
            let secret = format!("{user}:{}", proxy.password().unwrap_or_default());
            request += &format!("Proxy-Authorization: Basic {}\r\n", STANDARD.encode(secret));
        }
        request += "\r\n";
        stream.write_all(request.as_bytes())?;
        head(stream)
    };
    let head = ask(&stream).map_err(|error| broken(&error))?;
    let line =
        String::from_utf8_lossy(head.split(|&byte| byte == b'\r').next().unwrap_or_default()).into_owned();
    let status: u16 = line.split(' ').nth(1).and_then(|code| code.parse().ok()).unwrap_or(0);
    match status {
        200..=299 => Ok(stream),
        _ => Err(Error::new(&place, refusal(status))),
    }
}

/// The head of an answer, read byte by byte: what comes behind it belongs to the connection.
fn head(stream: &TcpStream) -> io::Result<Vec<u8>> {
    let mut reader = BufReader::with_capacity(1, stream).take(PROXY_HEAD);
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") && !head.ends_with(b"\n\n") {
        if reader.read_until(b'\n', &mut head)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
    Ok(head)
}

fn encrypt(stream: TcpStream, url: &Url, options: &Options) -> Result<Stream, Error> {
    let config = tls::config(options.ca_file.as_deref())?;
    let name = ServerName::try_from(bare(url.host()).to_owned())
        .map_err(|_| Error::usage(format!("{url}: the host is no name that a certificate can have")))?;
    let connection = ClientConnection::new(Arc::clone(&config), name)
        .map_err(|error| Error::new(url, Reason::Protocol(error.to_string())))?;
    let mut stream = StreamOwned::new(connection, stream);
    let until = Instant::now() + options.connect_timeout;
    while stream.conn.is_handshaking() {
        let left = until.saturating_duration_since(Instant::now()).max(Duration::from_millis(1));
        let step = stream
            .sock
            .set_read_timeout(Some(left))
            .and_then(|()| stream.sock.set_write_timeout(Some(left)))
            .and_then(|()| stream.conn.complete_io(&mut stream.sock));
        step.map_err(|error| Error::new(url, tls_reason(&error, options.connect_timeout)))?;
    }
    Ok(Stream::Encrypted(Box::new(stream)))
}

fn tls_reason(error: &io::Error, limit: Duration) -> Reason {
    match error.kind() {
        io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock => Reason::TimedOut { what: "connecting", limit },
        io::ErrorKind::InvalidData => Reason::of_tls(&error.to_string()),
        _ => Reason::of_io(error, None),
    }
}
