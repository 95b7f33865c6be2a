//! The ways in that are no files: TCP, HTTP, and the synthetic streams; and the pace of a replay.
//!
//! [`open`] turns what the user typed into an [`Input`]. What has no scheme is a file's path or `-` and left to the
//! caller. Each kind is one line of [`KINDS`] and one file here. Sources read until the end and know nothing of
//! reconnecting: the machine that will do that opens them again, and decides by [`net::Reason`](crate::net::Reason).

mod belief;
mod demo;
mod disorder;
mod follow;
mod http;
mod listing;
mod objects;
mod replay;
mod tcp;
#[cfg(test)]
mod testing;

pub use belief::Extent;
pub use demo::{DemoKind, DemoSettings, DemoSource};
pub use disorder::Disorder;
pub use follow::{FollowSource, FollowVoice};
pub use http::HttpSource;
pub use listing::Target;
pub use objects::objects;
pub use replay::{Pace, Rate, Speed};
pub use tcp::TcpSource;

use std::path::Path;

use crate::jsonl::{Input, Meter, decoded};
use crate::net::{Address, Error, Options, StoreOptions, Url};

/// What sources need to know besides the address.
#[derive(Clone, Debug, Default)]
pub struct SourceOptions {
    /// Time-outs, headers, proxies.
    pub net: Options,
    /// The synthetic streams.
    pub demo: DemoSettings,
    /// Where object stores are.
    pub store: StoreOptions,
}

type Open = fn(&str, &SourceOptions) -> Result<Vec<Input>, Error>;

/// One kind of source.
pub struct Kind {
    /// What the address begins with.
    pub prefix: &'static str,
    /// The address as help shows it.
    pub form: &'static str,
    /// What it gives, in a few words.
    pub about: &'static str,
    /// `None`: planned, and refused in plain words.
    open: Option<Open>,
}

/// All kinds, those to come included.
pub const KINDS: [Kind; 9] = [
    kind("tcp://", "tcp://HOST:PORT", "lines from a TCP server", Some(open_tcp)),
    kind("http://", "http://HOST/PATH", "lines of an HTTP response, endless or not", Some(open_http)),
    kind("https://", "https://HOST/PATH", "the same over TLS", Some(open_http)),
    kind("demo:tweets", "demo:tweets", "a synthetic stream of tweets (v1.1)", Some(open_demo)),
    kind("demo:rsvps", "demo:rsvps", "a synthetic stream of Meetup RSVPs", Some(open_demo)),
    kind("ws://", "ws://HOST/PATH", "WebSocket messages", None),
    kind("wss://", "wss://HOST/PATH", "WebSocket messages over TLS", None),
    kind("sse://", "sse://HOST/PATH", "server-sent events", None),
    kind("s3://", "s3://BUCKET/PREFIX", "the objects of a bucket", Some(open_objects)),
];

/// Names of sources to come; a file of that name is read as a file.
const PRESETS: [&str; 8] =
    ["bluesky", "wikimedia", "github", "mastodon", "hackernews", "usgs", "x", "meetup"];

const fn kind(prefix: &'static str, form: &'static str, about: &'static str, open: Option<Open>) -> Kind {
    Kind { prefix, form, about, open }
}

impl Kind {
    /// Whether this kind can be opened already.
    pub fn is_supported(&self) -> bool {
        self.open.is_some()
    }
}

/// Opens the source that `address` names; `None` for a file's path and `-`. Waits until it is connected, or as long as
/// the time-outs say.
pub fn open(address: &str, options: &SourceOptions) -> Result<Option<Vec<Input>>, Error> {
    if is_scheme_less(address) {
        if PRESETS.contains(&address) && !Path::new(address).exists() {
            return Err(Error::usage(format!(
                "the source {address:?} is not yet supported, and there is no file of that name; there are: {}",
                supported()
            )));
        }
        return Ok(None);
    }
    let lower = address.to_ascii_lowercase();
    let found = KINDS.iter().find(|kind| match kind.prefix.ends_with("//") {
        true => lower.starts_with(kind.prefix),
        false => lower == kind.prefix,
    });
    match found {
        Some(Kind { open: Some(open), .. }) => open(address, options).map(Some),
        Some(kind) => Err(Error::usage(format!(
            "{} ({}) is not yet supported; there are: {}",
            kind.prefix,
            kind.about,
            supported()
        ))),
        None => {
            let scheme_ends = lower.find("://").map_or(lower.len(), |at| at + 3);
            Err(Error::usage(format!(
                "there is no source {:?}; there are: {}",
                &lower[..scheme_ends],
                supported()
            )))
        }
    }
}

/// Whether this names a source that is no file.
pub fn is_source(address: &str) -> bool {
    !is_scheme_less(address)
}

/// Whether this is a path: a colon alone makes no scheme, because file names hold times (`2018-11-12T19:00.jsonl`).
fn is_scheme_less(address: &str) -> bool {
    if address.to_ascii_lowercase().starts_with("demo:") {
        return false;
    }
    let Some((scheme, _)) = address.split_once("://") else { return true };
    !scheme.starts_with(|first: char| first.is_ascii_alphabetic())
        || !scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte))
}

fn supported() -> String {
    let forms: Vec<&str> = KINDS.iter().filter(|kind| kind.is_supported()).map(|kind| kind.form).collect();
    format!("{}, and files", forms.join(", "))
}

fn open_tcp(address: &str, options: &SourceOptions) -> Result<Vec<Input>, Error> {
    let rest = &address["tcp://".len()..];
    let address = Address::parse(rest.strip_suffix('/').unwrap_or(rest))?;
    let (name, meter) = (format!("tcp://{address}"), Meter::default());
    let source = TcpSource::open(address, &options.net, meter.clone())?;
    Ok(vec![Input::new(name, Box::new(source), meter)])
}

/// A compressed file on a server is decompressed as a local one is.
fn open_http(address: &str, options: &SourceOptions) -> Result<Vec<Input>, Error> {
    let url = Url::parse(address)?;
    let meter = Meter::default();
    let source = HttpSource::open(&url, &options.net, meter.clone())?;
    Ok(vec![Input { size: source.size(), ..Input::new(url.to_string(), decoded(Box::new(source)), meter) }])
}

fn open_objects(address: &str, options: &SourceOptions) -> Result<Vec<Input>, Error> {
    objects(address, &options.store, &options.net)
}

fn open_demo(address: &str, options: &SourceOptions) -> Result<Vec<Input>, Error> {
    let name = address.to_ascii_lowercase();
    let kind = if name == "demo:rsvps" { DemoKind::Rsvps } else { DemoKind::Tweets };
    let meter = Meter::default();
    let source = DemoSource::new(kind, &options.demo, meter.clone());
    Ok(vec![Input::new(name, Box::new(source), meter)])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(address: &str) -> String {
        match open(address, &SourceOptions::default()) {
            Err(error) if error.is_usage() => error.to_string(),
            Err(error) => panic!("{address}: {error}"),
            Ok(_) => panic!("{address} was taken"),
        }
    }

    #[test]
    fn paths_are_left_to_the_caller() {
        for path in
            ["-", "a.jsonl", "./demo:tweets", "2018-11-12T19:00.jsonl", "logs:today", "a b://c", "1://x", ""]
        {
            assert!(open(path, &SourceOptions::default()).unwrap().is_none(), "{path}");
        }
    }

    #[test]
    fn unknown_sources_name_those_that_exist() {
        for address in ["ftp://h/x", "demo:foo", "DEMO:", "demo:tweets2"] {
            let message = refused(address);
            assert!(
                message.starts_with("there is no source") && message.contains("tcp://HOST:PORT"),
                "{message}"
            );
            assert!(message.contains("demo:rsvps") && !message.contains("ws://"), "{message}");
        }
        assert!(!refused("ftp://h/x?key=hush").contains("hush"));
        for address in ["ws://h/", "wss://h/", "sse://h/", "bluesky", "x"] {
            assert!(refused(address).contains("not yet supported"), "{address}");
        }
        assert!(refused("tcp://localhost").contains("expected host:port"));
        assert!(refused("http://").contains("URL"));
    }

    #[test]
    fn a_file_named_like_a_source_to_come_is_a_file() {
        assert!(is_scheme_less("bluesky"));
    }

    #[test]
    fn the_demo_streams_open() {
        let input = open("Demo:Tweets", &SourceOptions::default()).unwrap().unwrap().remove(0);
        assert_eq!((input.name.as_str(), input.size), ("demo:tweets", None));
    }
}
