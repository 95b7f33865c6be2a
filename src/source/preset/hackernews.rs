//! Items of Hacker News, by their ascending numbers. The largest number could also be had as server-sent events; these tell no
//! place to go on from, and each item is asked for by its number all the same, so a poll is as good and recovers by itself.

use std::time::Duration;

use super::{Ask, Preset, Speech, Token, Wish};
use crate::net::Error;

pub(super) const PRESET: Preset = Preset {
    name: "hackernews",
    about: "stories and comments of Hacker News",
    details: "hackernews",
    base: "https://hacker-news.firebaseio.com",
    token: Token::None,
    wants_contact: false,
    time: ".time",
    id: ".id",
    resumes: "the number of the last item",
    stall_s: 30,
    ask,
};

fn ask(wish: &Wish<'_>) -> Result<Ask, Error> {
    if wish.detail.is_some() {
        return Err(Error::usage("hackernews has no parts: give its name alone"));
    }
    let speech = Speech::Numbered("/v0/item/", ".json", Duration::from_secs(10));
    Ok(Ask::of("/v0/maxitem.json", speech))
}
