//! Bluesky's Jetstream, in its first form and in its second.

use super::{Ask, Preset, Speech, Token, Wish, encoded};
use crate::net::Error;
use crate::source::live::Unwrap;

pub(super) const PRESET: Preset = Preset {
    name: "bluesky",
    about: "posts of Bluesky as they are written (Jetstream), or other records with --collection",
    details: "bluesky, or bluesky:v2 for the form of 2026",
    base: "wss://jetstream2.us-east.bsky.network",
    token: Token::None,
    wants_contact: false,
    time: ".time_us",
    id: "[.did, .time_us, .seq]",
    resumes: "a cursor, 5 s back (v2: by its number)",
    stall_s: 90,
    ask,
};

const POSTS: &str = "app.bsky.feed.post";
/// Microseconds: servers are not in step.
const OVERLAP: u64 = 5_000_000;

fn ask(wish: &Wish<'_>) -> Result<Ask, Error> {
    let is_second = match wish.detail {
        None | Some("v1") => false,
        Some("v2") => true,
        Some(other) => {
            return Err(Error::usage(format!(
                "there is no bluesky:{other}; there are bluesky and bluesky:v2"
            )));
        }
    };
    let posts = [POSTS.to_owned()];
    let collections = if wish.collections.is_empty() { &posts[..] } else { wish.collections };
    let is_all = collections.iter().any(|collection| collection == "*");
    let parameter = if is_second { "collections" } else { "wantedCollections" };
    let wanted = collections.iter().filter(|_| !is_all);
    let query: Vec<String> = wanted.map(|wanted| format!("{parameter}={}", encoded(wanted, "*"))).collect();
    let created = wish.collections.is_empty();
    Ok(if is_second {
        let path = format!("/xrpc/network.bsky.jetstream.subscribeEvents?kinds=commit&{}", query.join("&"));
        Ask {
            keep: created.then_some(".operation == \"create\""),
            // The server begins with the record of this number itself, which is left out as known.
            since: Some(("cursor", ".seq", 0)),
            ..Ask::of(path, Speech::WebSocket(Some("xrpc.v1.json"), Unwrap::Envelope))
        }
    } else {
        let commits = ".kind == \"commit\"";
        let creations = ".kind == \"commit\" and .commit.operation == \"create\"";
        Ask {
            // Changes of accounts and names are sent whatever was asked for.
            keep: Some(if created { creations } else { commits }).filter(|_| !is_all),
            since: Some(("cursor", ".time_us", OVERLAP)),
            ..Ask::of(format!("/subscribe?{}", query.join("&")), Speech::WebSocket(None, Unwrap::Nothing))
        }
    })
}
