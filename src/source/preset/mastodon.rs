//! Mastodon's streams, as server-sent events, or over a WebSocket where the base is one.

use super::{Ask, Preset, Speech, Token, Wish, encoded};
use crate::net::Error;
use crate::source::live::Unwrap;

pub(super) const PRESET: Preset = Preset {
    name: "mastodon",
    about: "statuses of a Mastodon server as they are posted or changed; --base-url https://SERVER or wss://SERVER",
    details: "mastodon, or mastodon:STREAM as in mastodon:public/local, mastodon:hashtag?tag=rust",
    base: "https://mastodon.social",
    token: Token::Needed("MASTODON_TOKEN"),
    wants_contact: false,
    time: ".created_at",
    id: "[.id, .edited_at]",
    resumes: "nothing: what comes meanwhile is lost",
    stall_s: 45,
    ask,
};

fn ask(wish: &Wish<'_>) -> Result<Ask, Error> {
    let names = vec!["update".to_owned(), "status.update".to_owned()];
    let stream = wish.detail.unwrap_or("public").trim_matches('/');
    if wish.base.starts_with("ws") {
        let (stream, query) = stream.split_once('?').unwrap_or((stream, ""));
        let joint = if query.is_empty() { "" } else { "&" };
        let path =
            format!("/api/v1/streaming?stream={}{joint}{query}", encoded(&stream.replace('/', ":"), ":"));
        return Ok(Ask::of(path, Speech::WebSocket(None, Unwrap::Payload(names))));
    }
    Ok(Ask::of(format!("/api/v1/streaming/{}", encoded(stream, "/?=&")), Speech::Events(names)))
}
