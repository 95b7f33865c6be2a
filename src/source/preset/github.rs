//! GitHub's public events: three pages at most, and some minutes to hours late.

use std::time::Duration;

use super::{Ask, Preset, Speech, Token, Wish, encoded};
use crate::net::Error;
use crate::source::live::{Items, PollOptions};

pub(super) const PRESET: Preset = Preset {
    name: "github",
    about: "public events of GitHub",
    details: "github, or github:PATH as in github:repos/OWNER/NAME/events",
    base: "https://api.github.com",
    token: Token::Welcome("GITHUB_TOKEN"),
    wants_contact: false,
    time: ".created_at",
    id: ".id",
    resumes: "the ids that were seen, and the page's ETag",
    stall_s: 60,
    ask,
};

fn ask(wish: &Wish<'_>) -> Result<Ask, Error> {
    let path = encoded(wish.detail.unwrap_or("events").trim_matches('/'), "/");
    let poll = PollOptions {
        every: Duration::from_secs(60),
        items: Some(Items::Names(Vec::new())),
        ..PollOptions::default()
    };
    Ok(Ask {
        headers: vec![("accept", "application/vnd.github+json"), ("x-github-api-version", "2022-11-28")],
        ..Ask::of(format!("/{path}?per_page=100"), Speech::Poll(poll))
    })
}
