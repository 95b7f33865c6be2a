//! The HTTP agent: one GET whose response is read for as long as it lasts.
//!
//! Built on ureq with every total budget off, since a healthy stream has no end: what is limited is the set-up, the wait
//! for the head of the response, and each single read (`stall_timeout`). Redirects are followed here and not in ureq,
//! because headers that may be secrets must not follow to another origin.

use std::fs;
use std::io::{self, Read};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use ureq::http::{HeaderMap, HeaderName, HeaderValue, header};
use ureq::tls::{PemItem, RootCerts, TlsConfig, parse_pem};
use ureq::{Body, BodyReader, Proxy, Timeout};

use super::Options;
use super::error::{Error, Reason};
use super::headers::Headers;
use super::proxy;
use super::retry::RetryTime;
use super::url::Url;
use super::within::within;

const REDIRECTS: usize = 5;

/// How much of an error's body is shown, and how long it is waited for.
const ERROR_BODY: usize = 2 << 10;
const ERROR_BODY_WAIT: Duration = Duration::from_secs(3);

/// Makes requests as the options say.
#[derive(Clone)]
pub struct Agent {
    pub(super) agent: ureq::Agent,
    options: Options,
}

/// What a request says besides what the options say: headers that are no secrets, and so may follow a redirect.
#[derive(Clone, Debug, Default)]
pub struct Request {
    headers: Vec<(HeaderName, HeaderValue)>,
    /// The body and its media type.
    body: Option<(&'static str, String)>,
    method: Method,
}

#[derive(Clone, Copy, Debug, Default)]
enum Method {
    #[default]
    Get,
    Post,
    Put,
    Delete,
}

impl Request {
    /// With this header as well; one that cannot be sent is left out.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: &[u8]) -> Request {
        if let Ok(value) = HeaderValue::from_bytes(value) {
            self.headers.push((HeaderName::from_static(name), value));
        }
        self
    }

    /// Whether it wants server-sent events.
    pub fn asks_for_events(&self) -> bool {
        self.headers.iter().any(|(name, value)| name == header::ACCEPT && value == "text/event-stream")
    }

    /// A POST of this JSON. It is not sent again after a redirect.
    #[must_use]
    pub fn post(self, json: String) -> Request {
        self.post_as("application/json", json)
    }

    /// A POST of a text of this media type.
    #[must_use]
    pub fn post_as(self, media_type: &'static str, text: String) -> Request {
        Request { body: Some((media_type, text)), method: Method::Post, ..self }
    }

    /// A PUT of this JSON. It is not sent again after a redirect.
    #[must_use]
    pub fn put(self, json: String) -> Request {
        Request { body: Some(("application/json", json)), method: Method::Put, ..self }
    }

    /// A DELETE. It is not sent again after a redirect.
    #[must_use]
    pub fn delete(self) -> Request {
        Request { method: Method::Delete, ..self }
    }
}

/// A response with status 200 or 201, or 204 or 304, which have no body.
pub struct Response {
    /// The status.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// Where it came from, after redirects.
    pub url: Url,
    /// The media type without its parameters, in lower case.
    pub content_type: String,
    /// The length of the body in bytes, where the server says so and it is not encoded.
    pub size: Option<u64>,
    /// Whether the body has a length.
    pub is_sized: bool,
    /// Whether the end of the body can be told from a cut connection: its length or its chunks say where it is.
    pub is_framed: bool,
    body: BodyReader<'static>,
    stall_timeout: Option<Duration>,
}

impl Agent {
    /// An agent. A wrong certificate file is the only error.
    pub fn new(options: &Options) -> Result<Agent, Error> {
        let encoding = if options.gzip { "gzip" } else { "identity" };
        let mut config = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            // An endless body is never read to its end, so that its connection could be used again.
            .max_idle_connections(0)
            .user_agent(options.user_agent())
            .accept_encoding(encoding)
            .timeout_resolve(Some(options.connect_timeout))
            .timeout_connect(Some(options.connect_timeout))
            .timeout_send_request(Some(options.response_timeout))
            .timeout_recv_response(Some(options.response_timeout))
            .timeout_per_read(options.stall_timeout);
        if let Some(path) = &options.ca_file {
            config = config.tls_config(TlsConfig::builder().root_certs(roots(path)?).build());
        }
        config = config.proxy(options.proxy_from_environment.then(Proxy::try_from_env).flatten());
        let agent = ureq::Agent::new_with_config(config.build());
        Ok(Agent { agent, options: options.clone() })
    }

    /// Asks `url`, following redirects, until the head of a response that is no refusal is here.
    pub fn get(&self, url: &Url, request: &Request) -> Result<Response, Error> {
        // One of its own: a refusal ends with its shutdown.
        let agent = ureq::Agent::new_with_config(self.agent.config().clone());
        let this = Agent { agent, options: self.options.clone() };
        let (first, request) = (url.clone(), request.clone());
        // ureq keeps the limits; this one only bounds what they leave open.
        let limit =
            (self.options.connect_timeout * 2 + self.options.response_timeout * 2) * (REDIRECTS as u32 + 1);
        match within(limit + ERROR_BODY_WAIT, move || this.follow(&first, &request)) {
            Some(Ok((url, response))) => self.accept(url, response),
            Some(Err(error)) => Err(error),
            None => Err(Error::new(url, Reason::TimedOut { what: "the response", limit })),
        }
    }

    fn follow(&self, first: &Url, request: &Request) -> Result<(Url, ureq::http::Response<Body>), Error> {
        let mut url = first.clone();
        for _ in 0..=REDIRECTS {
            let response = self.request(first, &url, request)?;
            let status = response.status();
            if matches!(status.as_u16(), 200 | 201 | 204 | 304) {
                return Ok((url, response));
            }
            let location = response.headers().get(header::LOCATION).and_then(|value| value.to_str().ok());
            let location = location.filter(|_| matches!(request.method, Method::Get));
            let (301 | 302 | 303 | 307 | 308, Some(location)) = (status.as_u16(), location) else {
                return Err(self.refused(&url, response));
            };
            let next = url.join(location).ok_or_else(|| {
                Error::new(&url, Reason::Protocol("redirected to something that is no URL".into()))
            })?;
            if url.is_encrypted() && !next.is_encrypted() {
                let sentence =
                    format!("redirected to {next}, which is not encrypted; give that URL if it is meant");
                return Err(Error::new(&url, Reason::Protocol(sentence)));
            }
            url = next;
        }
        Err(Error::new(first, Reason::Protocol(format!("more than {REDIRECTS} redirects"))))
    }

    fn request(
        &self,
        first: &Url,
        url: &Url,
        request: &Request,
    ) -> Result<ureq::http::Response<Body>, Error> {
        let headers = &self.options.headers;
        let own: Box<dyn Iterator<Item = (&HeaderName, &HeaderValue)>> =
            if url.is_same_origin(first) { Box::new(headers.iter()) } else { Box::new(headers.for_others()) };
        // What the user says comes before what we would say.
        let ours =
            request.headers.iter().filter(|(name, _)| !headers.has(name)).map(|(name, value)| (name, value));
        let way = proxy::way_to(url, &self.options)?;
        let proxy = way.as_ref().map(|way| way.proxy.clone());
        let (uri, body) = (url.uri(), &request.body);
        let response = match (request.method, body) {
            (Method::Post | Method::Put, Some((media_type, text))) => {
                let call = match request.method {
                    Method::Put => self.agent.put(uri),
                    _ => self.agent.post(uri),
                };
                let call = call.config().proxy(proxy).build();
                let call = own.chain(ours).fold(call, |call, (name, value)| call.header(name, value));
                call.header(header::CONTENT_TYPE, *media_type).send(text)
            }
            (method, _) => {
                let call = match method {
                    Method::Delete => self.agent.delete(uri),
                    _ => self.agent.get(uri),
                };
                let call = call.config().proxy(proxy).build();
                own.chain(ours).fold(call, |call, (name, value)| call.header(name, value)).call()
            }
        };
        response.map_err(|error| {
            let is_before = matches!(
                error,
                ureq::Error::ConnectProxyFailed(_)
                    | ureq::Error::HostNotFound
                    | ureq::Error::ConnectionFailed
            ) || matches!(&error, ureq::Error::Io(error) if error.kind() == io::ErrorKind::ConnectionRefused)
                || matches!(error, ureq::Error::Timeout(Timeout::Connect | Timeout::Resolve));
            match way.filter(|_| is_before) {
                Some(way) => Error::new(way.place(url), self.reason(error)),
                None => Error::new(url, self.reason(error)),
            }
        })
    }

    /// The error for a response that is no stream, with the beginning of its body.
    fn refused(&self, url: &Url, response: ureq::http::Response<Body>) -> Error {
        let code = response.status().as_u16();
        let retry = RetryTime::of(response.headers());
        let body = beginning(response.into_body().into_reader());
        // A thread that still waits for the rest is let go.
        self.agent.clone().shutdown();
        Error::new(url, Reason::Status { code, body: shown_body(url, &self.options.headers, &body), retry })
    }

    fn accept(&self, url: Url, response: ureq::http::Response<Body>) -> Result<Response, Error> {
        let text = |name| {
            let value =
                response.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
            value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
        };
        let encoding = text(header::CONTENT_ENCODING);
        if !["", "identity", "gzip", "x-gzip"].contains(&encoding.as_str()) {
            let sentence = format!("the response is encoded as {encoding:?}, which was not asked for");
            return Err(Error::new(url, Reason::Protocol(sentence)));
        }
        let is_chunked = text(header::TRANSFER_ENCODING).contains("chunked");
        let length = text(header::CONTENT_LENGTH).parse().ok();
        let status = response.status().as_u16();
        Ok(Response {
            status,
            headers: response.headers().clone(),
            content_type: text(header::CONTENT_TYPE),
            size: length.filter(|_| !is_chunked && !encoding.contains("gzip")),
            is_sized: length.is_some() && !is_chunked,
            is_framed: is_chunked || length.is_some(),
            body: response.into_body().into_reader(),
            stall_timeout: self.options.stall_timeout,
            url,
        })
    }

    pub(super) fn reason(&self, error: ureq::Error) -> Reason {
        let options = &self.options;
        match error {
            ureq::Error::Timeout(Timeout::Connect | Timeout::Resolve) => {
                Reason::TimedOut { what: "connecting", limit: options.connect_timeout }
            }
            ureq::Error::Timeout(Timeout::SendRequest | Timeout::RecvResponse) => {
                Reason::TimedOut { what: "the response", limit: options.response_timeout }
            }
            error => reason(error, options.stall_timeout),
        }
    }
}

impl Read for Response {
    /// Reads what there is of the body. Errors are [`Error`]s.
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        loop {
            match self.body.read(buf) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => {
                    let reason = reason(error.into(), self.stall_timeout);
                    return Err(Error::new(&self.url, reason).into_io());
                }
                read => return read,
            }
        }
    }
}

fn reason(error: ureq::Error, stall_timeout: Option<Duration>) -> Reason {
    match error {
        ureq::Error::Timeout(_) => Reason::Stalled(stall_timeout.unwrap_or_default()),
        ureq::Error::HostNotFound => Reason::NotFound,
        ureq::Error::Io(error) | ureq::Error::Decompress(_, error) => {
            match Reason::of_io(&error, stall_timeout) {
                Reason::Os(detail) if detail.contains("UnknownIssuer") => Reason::of_tls(&detail),
                // It has no kind of its own.
                Reason::Os(detail) if detail.starts_with("failed to lookup address") => Reason::NotFound,
                reason => reason,
            }
        }
        // It tells the status in words alone, or that there was no answer.
        ureq::Error::ConnectProxyFailed(detail) => {
            match detail.split(|char: char| !char.is_ascii_digit()).find_map(|digits| digits.parse().ok()) {
                Some(status) => proxy::refusal(status),
                None => Reason::Dropped(plain(&detail)),
            }
        }
        // Its text holds the query.
        ureq::Error::BadUri(_) => Reason::Protocol("no URL that can be asked for".into()),
        error => Reason::Protocol(error.to_string()),
    }
}

/// The certificates of a PEM file.
fn roots(path: &std::path::Path) -> Result<RootCerts, Error> {
    let wrong = |what: String| Error::usage(format!("--ca-file {}: {what}", path.display()));
    let pem = fs::read(path).map_err(|error| wrong(error.to_string()))?;
    let mut certificates = Vec::new();
    for item in parse_pem(&pem) {
        match item {
            Ok(PemItem::Certificate(certificate)) => certificates.push(certificate),
            Ok(_) => {}
            Err(error) => return Err(wrong(error.to_string())),
        }
    }
    if certificates.is_empty() {
        return Err(wrong("holds no certificate; expected -----BEGIN CERTIFICATE-----".into()));
    }
    Ok(RootCerts::new_with_certs(&certificates))
}

/// The beginning of a refusal's body, for a person: without what may be secret, on one line.
pub(super) fn shown_body(url: &Url, headers: &Headers, body: &[u8]) -> String {
    let mut body = headers.redact(&String::from_utf8_lossy(&body[..body.len().min(ERROR_BODY)]));
    if let Some(query) = url.query().filter(|query| query.len() >= 6) {
        body = body.replace(query, "…");
    }
    plain(&body)
}

/// Up to 2 KiB of a body that may come slowly or never end.
fn beginning(mut body: BodyReader<'static>) -> Vec<u8> {
    let (pieces, received) = mpsc::channel();
    thread::spawn(move || {
        let mut piece = [0; ERROR_BODY];
        while let Ok(read @ 1..) = body.read(&mut piece) {
            if pieces.send(piece[..read].to_vec()).is_err() {
                break;
            }
        }
    });
    let until = Instant::now() + ERROR_BODY_WAIT;
    let mut begin = Vec::new();
    while begin.len() < ERROR_BODY {
        match received.recv_timeout(until.saturating_duration_since(Instant::now())) {
            Ok(piece) => begin.extend_from_slice(&piece),
            Err(_) => break,
        }
    }
    begin.truncate(ERROR_BODY);
    begin
}

/// A server's text on one line and without what a terminal would obey.
fn plain(text: &str) -> String {
    let words: Vec<&str> = text
        .split(|char: char| char.is_whitespace() || char.is_control())
        .filter(|word| !word.is_empty())
        .collect();
    words.join(" ")
}
