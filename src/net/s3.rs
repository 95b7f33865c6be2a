//! Objects in a store that speaks S3: which there are below a prefix, and their bytes from any place on.
//!
//! Requests are signed in the query of the URL; so no URL is ever shown, and a place is `s3://BUCKET/KEY`. What
//! a passing failure is (a broken connection, a server's own error) is tried again a few times; everything else says what to do.
//! Without the feature `s3` there is no [`Signer`], so [`Store::open`] says so, and nothing else is ever reached.

#[cfg_attr(not(feature = "s3"), path = "s3/no_signer.rs")]
mod signer;
mod whole;

pub use whole::Whole;

use std::env;
use std::fmt;
use std::io::{self, Read};
use std::thread;
use std::time::Duration;

use ureq::http::{HeaderMap, StatusCode, header};
use ureq::{Body, BodyReader};

use self::signer::Signer;
use super::{Agent, Error, Options, Reason, RetryTime};

/// How often a request is tried again, and how long it is waited before the first time; then twice as long.
const TRIES: u32 = 5;
const FIRST_WAIT: Duration = Duration::from_millis(200);
/// An object is there, or it is not: silence is a connection that broke.
const STALL_TIMEOUT: Duration = Duration::from_secs(60);
/// How much of an answer that is an error is looked at.
const ERROR_BODY: u64 = 8 << 10;
/// How large a page of a list may be; a thousand keys are far less.
const PAGE: u64 = 16 << 20;

/// Where the store is, and who asks.
#[derive(Clone, Default)]
pub struct StoreOptions {
    /// Its address, if it is not that of AWS.
    pub endpoint: Option<String>,
    /// The region; us-east-1 if nothing else is said.
    pub region: Option<String>,
    key: Option<(String, String)>,
    token: Option<String>,
}

impl fmt::Debug for StoreOptions {
    /// Without what is secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoreOptions")
            .field("endpoint", &self.endpoint)
            .field("region", &self.region)
            .finish_non_exhaustive()
    }
}

impl StoreOptions {
    /// What the usual variables of the environment say.
    pub fn from_environment() -> StoreOptions {
        let variable = |name: &str| env::var(name).ok().filter(|value| !value.trim().is_empty());
        StoreOptions {
            endpoint: variable("AWS_ENDPOINT_URL_S3").or_else(|| variable("AWS_ENDPOINT_URL")),
            region: variable("AWS_REGION").or_else(|| variable("AWS_DEFAULT_REGION")),
            key: variable("AWS_ACCESS_KEY_ID").zip(variable("AWS_SECRET_ACCESS_KEY")),
            token: variable("AWS_SESSION_TOKEN"),
        }
    }
}

/// An object of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Object {
    /// Its name.
    pub key: String,
    /// Bytes, as they are stored.
    pub size: u64,
    /// What changes when its content does.
    etag: String,
}

/// A bucket of a store.
#[derive(Clone)]
pub struct Store {
    bucket: Signer,
    agent: Agent,
    stall_timeout: Option<Duration>,
}

impl Store {
    /// A bucket by its name. Nothing is asked for yet.
    pub fn open(bucket: &str, store: &StoreOptions, options: &Options) -> Result<Store, Error> {
        let bucket = Signer::new(bucket, store)?;
        // An answer that is encoded on its way has other places than the object.
        let stall_timeout = options.stall_timeout.or(Some(STALL_TIMEOUT));
        let agent = Agent::new(&Options { gzip: false, stall_timeout, ..options.clone() })?;
        Ok(Store { bucket, agent, stall_timeout })
    }

    /// All objects whose keys begin so, in the order of their keys.
    pub fn list(&self, prefix: &str) -> Result<Vec<Object>, Error> {
        let mut objects: Vec<Object> = Vec::new();
        let mut token: Option<String> = None;
        let place = self.place(prefix);
        loop {
            let answer = again(|| {
                let body = self.ask(&self.bucket.list(prefix, token.as_deref()), &place, &[])?;
                let mut text = String::new();
                let read = body.into_body().into_reader().take(PAGE).read_to_string(&mut text);
                read.map_err(|error| self.broken(&place, &error))?;
                Ok(text)
            })?;
            let (page, next) = signer::page(&answer).map_err(|error| {
                let sentence =
                    format!("what the server answers is no list of objects ({error}); is it a store?");
                Error::new(&place, Reason::Protocol(sentence))
            })?;
            objects.extend(page);
            token = next;
            if token.is_none() {
                // As S3 has it; not every store keeps to it.
                objects.sort_by(|one, other| one.key.cmp(&other.key));
                return Ok(objects);
            }
        }
    }

    /// The bytes of an object from `offset` on.
    pub fn read(&self, object: &Object, offset: u64) -> Result<BodyReader<'static>, Error> {
        let place = self.place(&object.key);
        let range = format!("bytes={offset}-");
        let mut headers = Vec::new();
        if offset > 0 {
            headers.push((header::RANGE, range.as_str()));
            if !object.etag.is_empty() {
                headers.push((header::IF_MATCH, object.etag.as_str()));
            }
        }
        let url = self.bucket.get(&object.key);
        let response = again(|| self.ask(&url, &place, &headers))?;
        let is_part = response.status() == StatusCode::PARTIAL_CONTENT;
        let mut body = response.into_body().into_reader();
        if offset > 0 && !is_part {
            // A store that knows no ranges.
            let skipped = io::copy(&mut body.by_ref().take(offset), &mut io::sink());
            skipped.map_err(|error| self.broken(&place, &error))?;
        }
        Ok(body)
    }

    /// How messages name what is in the bucket.
    pub fn place(&self, key: &str) -> String {
        format!("s3://{}/{key}", self.bucket.name())
    }

    /// The error of a connection that broke.
    pub fn broken(&self, place: &str, error: &io::Error) -> Error {
        Error::new(place, Reason::of_io(error, self.stall_timeout))
    }

    fn ask(
        &self,
        url: &str,
        place: &str,
        headers: &[(header::HeaderName, &str)],
    ) -> Result<ureq::http::Response<Body>, Error> {
        let request = headers
            .iter()
            .fold(self.agent.agent.get(url), |request, (name, value)| request.header(name, *value));
        let response = request.call().map_err(|error| Error::new(place, self.agent.reason(error)))?;
        if matches!(
            response.status(),
            StatusCode::OK | StatusCode::PARTIAL_CONTENT | StatusCode::NOT_MODIFIED
        ) {
            return Ok(response);
        }
        Err(self.refused(place, response))
    }

    /// What an answer that is an error asks of the user. Of its body only the code and the message are shown: the rest may
    /// hold what was signed.
    fn refused(&self, place: &str, response: ureq::http::Response<Body>) -> Error {
        let status = response.status().as_u16();
        let region = region_of(response.headers());
        let mut body = Vec::new();
        // What came before an error may tell enough.
        let _ = response.into_body().into_reader().take(ERROR_BODY).read_to_end(&mut body);
        let body = String::from_utf8_lossy(&body);
        let code = element(&body, "Code").unwrap_or_default();
        let region = region.or_else(|| element(&body, "Region"));
        let hint = match (status, code.as_str(), &region) {
            (301 | 307 | 400, _, Some(region)) if *region != self.bucket.region() => {
                format!("the bucket is in another region: set AWS_REGION={region}")
            }
            (301 | 307, ..) => {
                "the bucket is elsewhere: set AWS_REGION to its region, or --endpoint to its address".into()
            }
            (401 | 403, ..) if self.bucket.is_anonymous() => {
                "no credentials are set: export AWS_ACCESS_KEY_ID=… and AWS_SECRET_ACCESS_KEY=…".into()
            }
            (_, "SignatureDoesNotMatch" | "InvalidAccessKeyId", _) => {
                "check AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, and that they are for this store".into()
            }
            (_, "ExpiredToken" | "InvalidToken", _) => "set AWS_SESSION_TOKEN anew".into(),
            (_, "RequestTimeTooSkewed", _) => "set the clock of this machine".into(),
            (401 | 403, ..) => "the credentials may not read this: check their rights".into(),
            (404, "NoSuchBucket", _) => {
                "there is no such bucket: check its name, AWS_REGION and --endpoint".into()
            }
            (404, ..) => "there is no such object".into(),
            (412, ..) => "the object was replaced while it was read; start again".into(),
            _ => element(&body, "Message").unwrap_or_default(),
        };
        let said = if code.is_empty() { hint } else { format!("{code}; {hint}") };
        Error::new(place, Reason::Status { code: status, body: said, retry: RetryTime::default() })
    }
}

/// Tries again what may pass.
fn again<T>(mut request: impl FnMut() -> Result<T, Error>) -> Result<T, Error> {
    let mut wait = FIRST_WAIT;
    for _ in 1..TRIES {
        match request() {
            Err(error) if is_passing(&error) => thread::sleep(wait),
            done => return done,
        }
        wait *= 2;
    }
    request()
}

fn is_passing(error: &Error) -> bool {
    match &error.reason {
        Reason::Status { code, .. } => matches!(code, 408 | 429 | 500..=599),
        Reason::Dropped(_) | Reason::Stalled(_) | Reason::TimedOut { .. } => true,
        _ => false,
    }
}

fn region_of(headers: &HeaderMap) -> Option<String> {
    headers.get("x-amz-bucket-region").and_then(|region| region.to_str().ok()).map(str::to_owned)
}

/// The text of an element of the short XML that a store answers errors with, without what a terminal would obey.
fn element(xml: &str, name: &str) -> Option<String> {
    let (_, rest) = xml.split_once(&format!("<{name}>"))?;
    let (text, _) = rest.split_once(&format!("</{name}>"))?;
    let is_text = |char: &char| !char.is_control();
    Some(text.chars().filter(is_text).take(200).collect()).filter(|text: &String| !text.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_an_answer_only_two_elements_are_read() {
        let xml = "<?xml?><Error><Code>SignatureDoesNotMatch</Code><Message>no\u{1b}[2J</Message><StringToSign>hush</StringToSign></Error>";
        assert_eq!(element(xml, "Code").as_deref(), Some("SignatureDoesNotMatch"));
        assert_eq!(element(xml, "Message").as_deref(), Some("no[2J"));
        assert_eq!(element("<html>", "Code"), None);
    }

    #[test]
    fn secrets_are_not_shown() {
        let store = StoreOptions {
            endpoint: Some("127.0.0.1:9000".into()),
            key: Some(("id".into(), "hush".into())),
            ..StoreOptions::default()
        };
        assert!(!format!("{store:?}").contains("hush"));
    }
}
