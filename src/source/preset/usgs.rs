//! Earthquakes, by the geological survey of the United States. Records are revised; each revision is a record.

use std::time::Duration;

use super::{Ask, Preset, Speech, Token, Wish, encoded};
use crate::net::Error;
use crate::source::live::{Items, PollOptions};

pub(super) const PRESET: Preset = Preset {
    name: "usgs",
    about: "earthquakes of the last hour, and from then on",
    details: "usgs, or usgs:FEED as in usgs:2.5_day",
    base: "https://earthquake.usgs.gov",
    token: Token::None,
    wants_contact: false,
    time: ".properties.time",
    id: "[.id, .properties.updated]",
    resumes: "the ids that were seen",
    stall_s: 60,
    ask,
};

fn ask(wish: &Wish<'_>) -> Result<Ask, Error> {
    let feed = encoded(wish.detail.unwrap_or("all_hour"), "");
    let items = Some(Items::Names(vec!["features".to_owned()]));
    let poll = PollOptions { every: Duration::from_secs(60), items, ..PollOptions::default() };
    Ok(Ask::of(format!("/earthquakes/feed/v1.0/summary/{feed}.geojson"), Speech::Poll(poll)))
}
