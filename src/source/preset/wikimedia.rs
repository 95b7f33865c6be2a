//! Wikimedia's EventStreams. A connection lasts 15 minutes at most, by plan.

use super::{Ask, Preset, Speech, Token, Wish, encoded};
use crate::net::Error;

pub(super) const PRESET: Preset = Preset {
    name: "wikimedia",
    about: "changes of Wikipedia and its sisters",
    details: "wikimedia, or wikimedia:STREAM[,STREAM…] as in wikimedia:mediawiki.revision-create",
    base: "https://stream.wikimedia.org",
    token: Token::None,
    wants_contact: true,
    time: ".timestamp",
    id: ".meta.id",
    resumes: "Last-Event-ID",
    stall_s: 60,
    ask,
};

fn ask(wish: &Wish<'_>) -> Result<Ask, Error> {
    let streams = encoded(wish.detail.unwrap_or("recentchange"), ",");
    Ok(Ask {
        // Sent to see whether the stream runs.
        keep: Some(".meta.domain != \"canary\""),
        ..Ask::of(format!("/v2/stream/{streams}"), Speech::Events(vec!["message".into()]))
    })
}
