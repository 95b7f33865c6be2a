//! The stream of RSVPs that Meetup once had. The server is gone; recordings of it and servers that replay them are not.

use super::{Ask, Preset, Speech, Token, Wish, encoded};
use crate::net::Error;

pub(super) const PRESET: Preset = Preset {
    name: "meetup",
    about: "RSVPs in the form of Meetup's old stream, from a server that replays it: --base-url URL",
    details: "meetup, or meetup:STREAM as in meetup:open_events",
    base: "http://stream.meetup.com",
    token: Token::None,
    wants_contact: false,
    time: ".mtime",
    id: "[.rsvp_id, .mtime]",
    resumes: "since_mtime",
    stall_s: 90,
    ask,
};

fn ask(wish: &Wish<'_>) -> Result<Ask, Error> {
    let stream = encoded(wish.detail.unwrap_or("rsvps"), "");
    Ok(Ask { since: Some(("since_mtime", ".mtime", 0)), ..Ask::of(format!("/2/{stream}"), Speech::Lines) })
}
