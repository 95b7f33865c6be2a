//! The ways in: networks, object stores, the synthetic streams, files that are followed; and the pace of a replay.
//!
//! [`open`] turns what the user typed into an [`Input`]. What has no scheme is the name of a preset, or a file's path or `-`,
//! which are left to the caller. Each kind is one line of `KINDS` and one file here. [`live`] has what connections need that
//! are to be made again, and [`preset`] the live sources that have names.

mod belief;
mod demo;
mod disorder;
mod follow;
mod http;
mod listing;
pub mod live;
mod objects;
pub mod preset;
mod replay;
mod resume;
mod series;
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
pub use resume::Resume;
pub use tcp::TcpSource;

use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use live::{
    EventOptions, HttpTransport, LiveSource, Plan, Policy, PollOptions, PollTransport, Sieve, SieveOptions,
    SinceParam, TcpTransport, Transport, Unwrap, Voice, WebSocketTransport,
};
use preset::NamedOptions;

use crate::expr::Expr;
use crate::jsonl::{Input, Meter, Trail};
use crate::near::nearest;
use crate::net::{Address, Error, Options, Request, StoreOptions, Url};

/// What sources need to know besides the address.
#[derive(Clone, Debug, Default)]
pub struct SourceOptions {
    /// Time-outs, headers, proxies.
    pub net: Options,
    /// The synthetic streams.
    pub demo: DemoSettings,
    /// Where object stores are.
    pub store: StoreOptions,
    /// How live sources go on.
    pub live: LiveOptions,
    /// What is said about presets.
    pub named: NamedOptions,
    /// Where an earlier run ended, of the source that is opened next, if a later one is to go on from this.
    pub resume: Option<Resume>,
}

/// How live sources go on.
#[derive(Clone)]
pub struct LiveOptions {
    /// Plain lines are connected to again, too.
    pub reconnect: bool,
    /// How many failures in a row are borne; without it the first connection must succeed, and then any number.
    pub retries: Option<Retries>,
    /// The step of the waits.
    pub retry_delay: Duration,
    /// What is looked at in each record.
    pub sieve: SieveOptions,
    /// Pages are asked for again and again.
    pub poll: Option<PollOptions>,
    /// How the place to go on from is told to the server.
    pub since: Option<SinceParam>,
    /// The field that it is.
    pub since_field: Option<Expr>,
    /// Server-sent events are asked for.
    pub sse: bool,
    /// What is done with them.
    pub events: EventOptions,
    /// What is said to a person.
    pub voice: Voice,
}

/// How many failures in a row are borne; `None`: any number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retries(pub Option<u32>);

impl Default for LiveOptions {
    fn default() -> Self {
        LiveOptions {
            reconnect: false,
            retries: None,
            retry_delay: Policy::default().base,
            sieve: SieveOptions { id_memory: 10_000, ..SieveOptions::default() },
            poll: None,
            since: None,
            since_field: None,
            sse: false,
            events: EventOptions::default(),
            voice: Arc::new(|_, _| {}),
        }
    }
}

impl std::fmt::Debug for LiveOptions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LiveOptions").finish_non_exhaustive()
    }
}

type Open = fn(&str, &SourceOptions) -> Result<Vec<Input>, Error>;

/// One kind of source.
struct Kind {
    /// What the address begins with.
    prefix: &'static str,
    /// The address as help shows it.
    form: &'static str,
    open: Open,
}

/// All kinds.
const KINDS: [Kind; 9] = [
    Kind { prefix: "tcp://", form: "tcp://HOST:PORT", open: open_tcp },
    Kind { prefix: "http://", form: "http://HOST/PATH", open: open_http },
    Kind { prefix: "https://", form: "https://HOST/PATH", open: open_http },
    Kind { prefix: "demo:tweets", form: "demo:tweets", open: open_demo },
    Kind { prefix: "demo:rsvps", form: "demo:rsvps", open: open_demo },
    Kind { prefix: "demo:github", form: "demo:github", open: open_demo },
    Kind { prefix: "ws://", form: "ws://HOST/PATH", open: open_websocket },
    Kind { prefix: "wss://", form: "wss://HOST/PATH", open: open_websocket },
    Kind { prefix: "s3://", form: "s3://BUCKET/PREFIX", open: open_objects },
];

/// Opens the source that `address` names; `None` for a file's path and `-`. Waits until it is connected, or as long as
/// the time-outs say.
pub fn open(address: &str, options: &SourceOptions) -> Result<Option<Vec<Input>>, Error> {
    open_words(address, &[], options)
}

/// As [`open`], where words stand behind the name of a preset.
pub fn open_words(
    address: &str,
    words: &[String],
    options: &SourceOptions,
) -> Result<Option<Vec<Input>>, Error> {
    if is_scheme_less(address) {
        return match preset::find(address).filter(|_| !Path::new(address).exists()) {
            Some((preset, detail)) => preset::open(preset, detail, words, options).map(Some),
            None => Ok(None),
        };
    }
    let lower = address.to_ascii_lowercase();
    let found = KINDS.iter().find(|kind| match kind.prefix.ends_with("//") {
        true => lower.starts_with(kind.prefix),
        false => lower == kind.prefix,
    });
    match found {
        Some(kind) => (kind.open)(address, options).map(Some),
        None => {
            let scheme = &lower[..lower.find("://").map_or(lower.len(), |at| at + 3)];
            // Another scheme is no slip.
            let demos = KINDS.iter().map(|kind| kind.prefix).filter(|prefix| !prefix.contains("//"));
            let near = nearest(scheme, demos).filter(|_| scheme.starts_with("demo:"));
            let hint = near.map_or("; there".to_owned(), |near| format!("; did you mean {near}? There"));
            Err(Error::usage(format!("there is no source {scheme:?}{hint} are: {}", forms())))
        }
    }
}

/// What is meant by the name of a file that is not there: `demo:tweets` and the like are streams of stream-fetch.
pub fn hint(name: &str) -> Option<String> {
    let is_stream = !is_file(name) && name != "-";
    if is_stream {
        return Some(format!("it is a stream: stream-fetch {name} | …"));
    }
    let presets = preset::names().filter(|name| name.len() > 2);
    let near = nearest(name, presets).filter(|_| !name.contains(['/', '.']))?;
    Some(format!("did you mean the stream {near}? stream-fetch --list shows all"))
}

/// Whether this names a file, or standard input.
pub fn is_file(address: &str) -> bool {
    is_scheme_less(address) && (preset::find(address).is_none() || Path::new(address).exists())
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

fn forms() -> String {
    let forms: Vec<&str> = KINDS.iter().map(|kind| kind.form).collect();
    format!("{}, presets (--list), and files", forms.join(", "))
}

fn open_tcp(address: &str, options: &SourceOptions) -> Result<Vec<Input>, Error> {
    let rest = &address["tcp://".len()..];
    let address = Address::parse(rest.strip_suffix('/').unwrap_or(rest))?;
    let name = format!("tcp://{address}");
    let transport = TcpTransport::new(address, options.net.clone(), !options.live.reconnect);
    open_live(name, Box::new(transport), options, None)
}

/// A compressed file on a server is decompressed as a local one is.
fn open_http(address: &str, options: &SourceOptions) -> Result<Vec<Input>, Error> {
    let url = Url::parse(address)?;
    let live = &options.live;
    let request = match live.sse {
        true => Request::default().with("accept", b"text/event-stream").with("cache-control", b"no-store"),
        false => Request::default(),
    };
    let name = url.to_string();
    if let Some(poll) = &live.poll {
        let sieve = shared_sieve(options);
        let poll =
            PollOptions { since: live.since.clone(), since_field: live.since_field.clone(), ..poll.clone() };
        let transport =
            PollTransport::new(url, &options.net, request, poll, sieve.clone(), live.voice.clone())?;
        let mut options = options.clone();
        // The transport itself finds the place.
        options.live.since_field = None;
        return open_live(name, Box::new(transport), &options, sieve);
    }
    let transport = HttpTransport::new(url, &options.net, request)?
        .since(live.since.clone())
        .events(live.events.clone())
        .once(!live.reconnect);
    open_live(name, Box::new(transport), options, None)
}

/// A WebSocket that is silent for so long, pings unanswered, is given up, unless another time is asked for.
const WEBSOCKET_STALL: Duration = Duration::from_secs(90);

fn open_websocket(address: &str, options: &SourceOptions) -> Result<Vec<Input>, Error> {
    let url = Url::parse_websocket(address)?;
    let mut options = options.clone();
    options.net.stall_timeout.get_or_insert(WEBSOCKET_STALL);
    let name = url.to_string();
    let transport = WebSocketTransport::new(url, options.net.clone())
        .since(options.live.since.clone())
        .speaking(None, Unwrap::Nothing);
    open_live(name, Box::new(transport), &options, None)
}

/// What is looked at in each record, shared with a transport that looks for what is known.
fn shared_sieve(options: &SourceOptions) -> Option<Arc<Mutex<Sieve>>> {
    let known = options.resume.as_ref().map(|resume| resume.ids.clone()).unwrap_or_default();
    Sieve::new(&options.live.sieve, known).map(Mutex::new).map(Arc::new)
}

/// A source that connects again as the options say.
fn open_live(
    name: String,
    transport: Box<dyn Transport>,
    options: &SourceOptions,
    sieve: Option<Arc<Mutex<Sieve>>>,
) -> Result<Vec<Input>, Error> {
    let live = &options.live;
    let trail = match &options.resume {
        Some(resume) => Trail::kept(resume.token.clone()),
        None => Trail::default(),
    };
    let Resume { token, ids } = options.resume.clone().unwrap_or_default();
    for id in &ids {
        trail.id(0, id, live.sieve.id_memory);
    }
    let plan = Plan {
        policy: Policy {
            base: live.retry_delay,
            retry_max: live.retries.and_then(|Retries(times)| times),
            must_begin: live.retries.is_none(),
        },
        stall_timeout: options.net.stall_timeout,
        sieve: sieve.or_else(|| shared_sieve(options)),
        place_of: live.since_field.clone(),
        token,
        voice: live.voice.clone(),
        seed: std::process::id().into(),
    };
    let meter = Meter::default();
    let source = LiveSource::open(name.clone(), transport, plan, trail.clone(), meter.clone())?;
    Ok(vec![Input { size: source.size(), trail: Some(trail), ..Input::new(name, Box::new(source), meter) }])
}

fn open_objects(address: &str, options: &SourceOptions) -> Result<Vec<Input>, Error> {
    match &options.resume {
        Some(resume) => objects::resumed(address, &options.store, &options.net, resume),
        None => objects(address, &options.store, &options.net),
    }
}

fn open_demo(address: &str, options: &SourceOptions) -> Result<Vec<Input>, Error> {
    let name = address.to_ascii_lowercase();
    let kind = match &*name {
        "demo:rsvps" => DemoKind::Rsvps,
        "demo:github" => DemoKind::Github,
        _ => DemoKind::Tweets,
    };
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
            assert!(message.contains("demo:rsvps") && message.contains("--list"), "{message}");
        }
        assert!(!refused("ftp://h/x?key=hush").contains("hush"));
        assert!(refused("tcp://localhost").contains("expected host:port"));
        assert!(refused("http://").contains("URL"));
    }

    #[test]
    fn the_demo_streams_open() {
        let input = open("Demo:Tweets", &SourceOptions::default()).unwrap().unwrap().remove(0);
        assert_eq!((input.name.as_str(), input.size), ("demo:tweets", None));
    }
}
