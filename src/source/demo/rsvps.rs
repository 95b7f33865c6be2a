//! Synthetic answers to invitations, in the shape of Meetup's RSVP stream.

use super::json::{self, raw};
use super::places::{CITIES, City, NAMES, RUSHES, TOPICS};
use super::stream::Records;
use super::trend::{Burst, Trends};
use crate::random::{Random, Weighted};

/// How many groups there are, and events of each at a time.
const GROUPS: usize = 600;
const EVENTS: usize = 3;

/// The share of records that answer anew (or say the same again), in a million, and among how many recent ones.
const ANEW: u32 = 80_000;
const RECENT: usize = 512;

const HOUR_MS: u64 = 3_600_000;
const WEEK_MS: u64 = 7 * 24 * HOUR_MS;

/// Generates RSVPs.
pub(super) struct Rsvps {
    groups: Vec<Group>,
    popularity: Weighted,
    trends: Trends,
    /// The groups of each burst.
    rushes: Vec<Vec<usize>>,
    start_ms: u64,
    recent: Vec<Answer>,
    next_id: u64,
}

struct Group {
    city: usize,
    topics: Vec<usize>,
    /// The object `group`.
    json: Vec<u8>,
    events: Vec<Event>,
}

struct Event {
    /// The member `venue` with its comma, or nothing.
    venue: Vec<u8>,
    /// The object `event` without its time, in two parts.
    before_time: Vec<u8>,
    after_time: Vec<u8>,
    /// It takes place every week at this time; the first is after the stream's start.
    first_ms: u64,
}

#[derive(Clone)]
struct Answer {
    id: u64,
    group: usize,
    event: usize,
    is_yes: bool,
    guests: u64,
    time_ms: u64,
    /// The member's id, and what their name and other fields are made from.
    member: u64,
}

impl Rsvps {
    pub(super) fn new(seed: u64, start_ms: u64) -> Self {
        let mut random = Random::new(seed, 3);
        let cities = Weighted::new(CITIES.iter().map(|city| city.weight));
        let topics = Weighted::zipf(TOPICS.len(), 6);
        let groups: Vec<Group> =
            (0..GROUPS).map(|number| Group::new(number, &cities, &topics, start_ms, &mut random)).collect();
        let rushes = RUSHES.iter().map(|(name, _)| {
            let is_in = |group: &Group| {
                CITIES[group.city].name == *name || group.topics.iter().any(|&topic| TOPICS[topic].0 == *name)
            };
            (0..groups.len()).filter(|&group| is_in(&groups[group])).collect()
        });
        Rsvps {
            rushes: rushes.collect(),
            groups,
            popularity: Weighted::zipf(GROUPS, 20),
            trends: Trends::new(RUSHES.iter().map(|(_, shape)| Burst::from_shape(*shape))),
            start_ms,
            recent: Vec::new(),
            next_id: 1_763_000_000 + random.below(1_000_000),
        }
    }

    fn answer(&mut self, time_ms: u64, random: &mut Random) -> Answer {
        let second = time_ms.saturating_sub(self.start_ms) / 1000;
        let rush = self.trends.choose(second, random.below(1_000_000)).map(|rush| &self.rushes[rush]);
        let group = match rush {
            Some(groups) if !groups.is_empty() => random.choose(groups),
            _ => self.popularity.draw(random),
        };
        // Numbers of other members' answers lie between, to groups that are not public.
        self.next_id += 1 + random.below(4);
        Answer {
            id: self.next_id,
            group,
            event: random.index(EVENTS),
            is_yes: random.chance(740_000),
            guests: if random.chance(930_000) { 0 } else { 1 + random.below(3) },
            time_ms,
            member: 1_000_000 + random.below(250_000_000),
        }
    }

    /// An earlier answer once more: changed, or the same, and then sometimes with its time cut to the second.
    fn again(&mut self, time_ms: u64, random: &mut Random) -> Option<Answer> {
        let index = random.index(self.recent.len().max(1));
        let answer = self.recent.get_mut(index).filter(|answer| answer.time_ms < time_ms)?;
        match random.below(10) {
            0..5 => {
                answer.is_yes = !answer.is_yes;
                answer.guests = 0;
                answer.time_ms = time_ms;
            }
            5..7 => {
                answer.guests += 1;
                answer.time_ms = time_ms;
            }
            7 | 8 => answer.time_ms = time_ms,
            _ => answer.time_ms = answer.time_ms / 1000 * 1000,
        }
        Some(answer.clone())
    }

    fn remember(&mut self, answer: &Answer, random: &mut Random) {
        if self.recent.len() < RECENT {
            self.recent.push(answer.clone());
        } else {
            self.recent[random.index(RECENT)] = answer.clone();
        }
    }
}

impl Records for Rsvps {
    fn record(&mut self, time_ms: u64, random: &mut Random, out: &mut Vec<u8>) {
        let again = if random.chance(ANEW) { self.again(time_ms, random) } else { None };
        let answer = again.unwrap_or_else(|| {
            let answer = self.answer(time_ms, random);
            self.remember(&answer, random);
            answer
        });
        let group = &self.groups[answer.group];
        let event = &group.events[answer.event];
        raw(out, "{");
        out.extend_from_slice(&event.venue);
        raw(out, r#""visibility":"public","response":"#);
        raw(out, if answer.is_yes { r#""yes""# } else { r#""no""# });
        raw(out, r#","guests":"#);
        json::number(out, answer.guests);
        raw(out, r#","member":{"member_id":"#);
        json::number(out, answer.member);
        member(answer.member, out);
        raw(out, r#"},"rsvp_id":"#);
        json::number(out, answer.id);
        raw(out, r#","mtime":"#);
        json::number(out, answer.time_ms);
        raw(out, r#","event":"#);
        out.extend_from_slice(&event.before_time);
        // The next of the weekly meetings.
        let passed = (answer.time_ms + HOUR_MS).saturating_sub(event.first_ms).div_ceil(WEEK_MS);
        json::number(out, event.first_ms + passed * WEEK_MS);
        out.extend_from_slice(&event.after_time);
        raw(out, r#","group":"#);
        out.extend_from_slice(&group.json);
        raw(out, "}");
    }
}

/// What belongs to a member, always the same for the same id.
fn member(id: u64, out: &mut Vec<u8>) {
    let mut random = Random::new(id, 4);
    if random.chance(200_000) {
        raw(out, r#","other_services":{"twitter":{"identifier":"@example_"#);
        json::number(out, id);
        raw(out, r#""}}"#);
    }
    if random.chance(620_000) {
        raw(out, r#","photo":"https:\/\/photos.example\/member\/thumb_"#);
        json::number(out, random.below(300_000_000));
        raw(out, r#".jpeg""#);
    }
    raw(out, r#","member_name":""#);
    json::utf8(out, random.choose(&NAMES));
    if random.chance(450_000) {
        out.extend_from_slice(&[b' ', b'A' + random.below(26) as u8, b'.']);
    }
    raw(out, "\"");
}

impl Group {
    fn new(number: usize, cities: &Weighted, topics: &Weighted, start_ms: u64, random: &mut Random) -> Self {
        let city_index = cities.draw(random);
        let city = &CITIES[city_index];
        let mut chosen = Vec::new();
        for _ in 0..1 + random.index(7) {
            let topic = topics.draw(random);
            if !chosen.contains(&topic) {
                chosen.push(topic);
            }
        }
        let (subject, key) = TOPICS[chosen[0]];
        let circle = random.choose(&["Meetup", "Circle", "Collective", "Club", "Lab", "Friends", "Society"]);
        let name = format!("{} {subject} {circle}", city.name);
        let id = 1_000_000 + number as u64 * 40_009 + random.below(40_000);
        let urlname = format!("{}-{key}-{}-{number}", slug(city.name), circle.to_lowercase());
        let events =
            (0..EVENTS).map(|index| Event::new(city, subject, &urlname, index, start_ms, random)).collect();
        let mut out = Vec::new();
        raw(&mut out, r#"{"group_topics":["#);
        for (index, &topic) in chosen.iter().enumerate() {
            raw(&mut out, if index == 0 { r#"{"urlkey":""# } else { r#",{"urlkey":""# });
            json::utf8(&mut out, TOPICS[topic].1);
            raw(&mut out, r#"","topic_name":""#);
            json::utf8(&mut out, TOPICS[topic].0);
            raw(&mut out, r#""}"#);
        }
        raw(&mut out, r#"],"group_city":""#);
        json::utf8(&mut out, city.name);
        raw(&mut out, &format!(r#"","group_country":"{}","group_id":{id},"group_name":""#, city.country));
        json::utf8(&mut out, &name);
        raw(&mut out, &format!(r#"","group_lon":{},"group_urlname":""#, city.longitude));
        json::utf8(&mut out, &urlname);
        raw(&mut out, "\"");
        if let Some(state) = city.state {
            raw(&mut out, &format!(r#","group_state":"{state}""#));
        }
        raw(&mut out, &format!(r#","group_lat":{}}}"#, city.latitude));
        Group { city: city_index, topics: chosen, json: out, events }
    }
}

impl Event {
    fn new(
        city: &City,
        subject: &str,
        urlname: &str,
        index: usize,
        start_ms: u64,
        random: &mut Random,
    ) -> Self {
        let mut venue = Vec::new();
        if random.chance(730_000) {
            let kind = random.choose(&[
                "Library",
                "Café",
                "Community Hall",
                "Park",
                "Brewery",
                "Office \"Annex\"",
                "Studio",
            ]);
            let hall = random
                .choose(&["Maple", "Lantern", "Harbour", "Juniper", "Kestrel", "Marble", "Violet", "Willow"]);
            raw(&mut venue, r#""venue":{"venue_name":""#);
            json::utf8(&mut venue, &format!("{hall} {kind}"));
            let (longitude, latitude) = (city.longitude, city.latitude);
            let (a, b) = (random.below(10_000), random.below(10_000));
            let id = 20_000_000 + random.below(6_000_000);
            raw(
                &mut venue,
                &format!(r#"","lon":{longitude}{a:04},"lat":{latitude}{b:04},"venue_id":{id}}},"#),
            );
        }
        let title = match random.below(5) {
            0 => format!("{subject} Social & Drinks"),
            1 => format!("Monthly {subject} Evening"),
            2 => format!("Beginners' {subject} #{}", 1 + random.below(90)),
            3 => format!("{subject} in the Park"),
            _ => format!("Weekly {subject} Meeting"),
        };
        // Recurring events have letters in their ids.
        let id = match random.chance(300_000) {
            true => (0..15).map(|_| char::from(b'a' + random.below(26) as u8)).collect::<String>(),
            false => (255_000_000 + random.below(9_000_000)).to_string(),
        };
        let mut before = Vec::new();
        raw(&mut before, r#"{"event_name":""#);
        json::utf8(&mut before, &title);
        raw(&mut before, &format!(r#"","event_id":"{id}","time":"#));
        let after = format!(r#","event_url":"https:\/\/www.meetup.example\/{urlname}\/events\/{id}\/"}}"#);
        let first_ms =
            start_ms / HOUR_MS * HOUR_MS + (24 * (1 + index as u64 * 3) + random.below(72)) * HOUR_MS;
        Event { venue, before_time: before, after_time: after.into_bytes(), first_ms }
    }
}

/// A name as in a URL: letters, digits, and dashes for the rest.
fn slug(name: &str) -> String {
    name.to_lowercase()
        .split(|char: char| !char.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .collect::<Vec<_>>()
        .join("-")
}
