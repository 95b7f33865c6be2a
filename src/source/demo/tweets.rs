//! Synthetic tweets, in the shape and the key order of the v1.1 streaming API.

use super::calendar::twitter_time;
use super::compose::{Composer, Draft};
use super::json::{self, raw};
use super::places::{CITIES, City};
use super::script::CLIENTS;
use super::stream::Records;
use crate::random::{Random, Weighted};
use crate::time::MILLIS_PER_DAY;

/// The epoch of tweet ids, in milliseconds.
const ID_EPOCH_MS: u64 = 1_288_834_974_657;

/// A longer text is sent cut, with the whole in `extended_tweet`.
const CLASSIC_LIMIT: usize = 140;

/// Where the text of a longer one is cut: an ellipsis, a space and a link of 23 follow.
const CUT_AT: usize = 115;

/// The share of tweets that are retweets, in a million, and among how many recent ones they choose.
const RETWEETS: u32 = 130_000;
const RECENT: usize = 48;

/// What a tweet counts when it is new.
const COUNTS: &str = r#","quote_count":0,"reply_count":0,"retweet_count":0,"favorite_count":0"#;

/// Generates tweets.
pub(super) struct Tweets {
    composer: Composer,
    clients: Weighted,
    recent: Vec<Recent>,
    sequence: u64,
}

/// A tweet that can be retweeted.
#[derive(Default)]
struct Recent {
    draft: Draft,
    /// The record up to `timestamp_ms`, which a nested tweet has not.
    json: Vec<u8>,
    counts_at: usize,
}

impl Tweets {
    pub(super) fn new(seed: u64, start_ms: u64) -> Self {
        Tweets {
            composer: Composer::new(&mut Random::new(seed, 2), start_ms),
            clients: Weighted::new(CLIENTS.iter().map(|(_, weight)| *weight)),
            recent: Vec::new(),
            sequence: 0,
        }
    }

    fn next_id(&mut self, time_ms: u64) -> u64 {
        self.sequence += 1;
        // An odd factor permutes the 22 low bits: unique, and not in order within a millisecond, as from many machines.
        let low = self.sequence.wrapping_mul(0x9_e377) & 0x3f_ffff;
        time_ms.saturating_sub(ID_EPOCH_MS) << 22 | low
    }

    fn original(&mut self, time_ms: u64, random: &mut Random, out: &mut Vec<u8>) {
        let slot = if self.recent.len() < RECENT { self.recent.len() } else { random.index(RECENT) };
        if slot == self.recent.len() {
            self.recent.push(Recent::default());
        }
        let mut recent = std::mem::take(&mut self.recent[slot]);
        self.composer.compose(time_ms, random, &mut recent.draft);
        let draft = &recent.draft;
        let (start, id) = (out.len(), self.next_id(time_ms));
        let is_long = draft.length > CLASSIC_LIMIT;
        let link = draft.short_link(random);
        self.head(time_ms, id, draft, is_long.then_some(link.as_str()), random, out);
        self.place(random, out);
        raw(out, r#","contributors":null,"is_quote_status":false"#);
        if is_long {
            raw(out, r#","extended_tweet":{"full_text":""#);
            json::ascii(out, &draft.text);
            range(out, r#"","display_text_range":"#, draft.shown_from, draft.length);
            raw(out, r#","entities":"#);
            draft.entities(out, usize::MAX, None);
            out.push(b'}');
        }
        recent.counts_at = out.len() - start;
        raw(out, COUNTS);
        raw(out, r#","entities":"#);
        if is_long {
            draft.entities(out, CUT_AT, Some((&link, id)));
        } else {
            draft.entities(out, usize::MAX, None);
        }
        raw(out, r#","favorited":false,"retweeted":false"#);
        if is_long || draft.link.is_some() {
            raw(out, r#","possibly_sensitive":false"#);
        }
        raw(out, r#","filter_level":"low","lang":""#);
        raw(out, self.composer.code(draft.language));
        out.push(b'"');
        recent.json.clear();
        recent.json.extend_from_slice(&out[start..]);
        tail(time_ms, out);
        self.recent[slot] = recent;
    }

    fn retweet(&mut self, time_ms: u64, random: &mut Random, out: &mut Vec<u8>) {
        let id = self.next_id(time_ms);
        let recent = &self.recent[random.index(self.recent.len())];
        let original = &recent.draft;
        let author = self.composer.person(original.person);
        let mut draft = Draft::default();
        draft.language = original.language;
        draft.person = self.composer.someone(draft.language, random);
        draft.push("RT ");
        draft.mention(author);
        draft.push(": ");
        let shift = draft.length;
        draft.push(&original.text);
        let whole = draft.length;
        draft.cut(CLASSIC_LIMIT);
        // A tag that the cut touched is none any more.
        let fits = if whole > CLASSIC_LIMIT { CLASSIC_LIMIT - 1 } else { whole };
        draft.adopt(original, shift, fits);
        self.head(time_ms, id, &draft, None, random, out);
        raw(out, r#","geo":null,"coordinates":null,"place":null,"contributors":null,"retweeted_status":"#);
        out.extend_from_slice(&recent.json[..recent.counts_at]);
        for (field, bound) in [("quote", 5), ("reply", 20), ("retweet", 900), ("favorite", 2500)] {
            raw(out, r#",""#);
            raw(out, field);
            raw(out, r#"_count":"#);
            let bound = 1 + random.below(bound);
            json::number(out, random.below(bound));
        }
        out.extend_from_slice(&recent.json[recent.counts_at + COUNTS.len()..]);
        raw(out, r#"},"is_quote_status":false"#);
        raw(out, COUNTS);
        raw(out, r#","entities":"#);
        draft.entities(out, usize::MAX, None);
        raw(out, r#","favorited":false,"retweeted":false,"filter_level":"low","lang":""#);
        raw(out, self.composer.code(draft.language));
        out.push(b'"');
        tail(time_ms, out);
    }

    /// From the first key to the user.
    fn head(
        &self,
        time_ms: u64,
        id: u64,
        draft: &Draft,
        cut_link: Option<&str>,
        random: &mut Random,
        out: &mut Vec<u8>,
    ) {
        raw(out, r#"{"created_at":""#);
        twitter_time(out, time_ms / 1000);
        raw(out, r#"","id":"#);
        json::number(out, id);
        raw(out, r#","id_str":""#);
        json::number(out, id);
        raw(out, r#"","text":""#);
        match cut_link {
            Some(link) => {
                let end = draft.text.char_indices().nth(CUT_AT).map_or(draft.text.len(), |(end, _)| end);
                json::ascii(out, &draft.text[..end]);
                json::ascii(out, "… ");
                json::ascii(out, link);
                range(out, r#"","display_text_range":"#, 0, CLASSIC_LIMIT);
            }
            None => {
                json::ascii(out, &draft.text);
                out.push(b'"');
                if draft.shown_from > 0 {
                    range(out, r#","display_text_range":"#, draft.shown_from, draft.length);
                }
            }
        }
        raw(out, r#","source":""#);
        json::ascii(out, CLIENTS[self.clients.draw(random)].0);
        raw(out, if cut_link.is_some() { r#"","truncated":true"# } else { r#"","truncated":false"# });
        self.answered(id, draft, random, out);
        raw(out, r#","user":"#);
        out.extend_from_slice(&self.composer.person(draft.person).json);
    }

    /// Which tweet it answers, and whose.
    fn answered(&self, id: u64, draft: &Draft, random: &mut Random, out: &mut Vec<u8>) {
        let Some(person) = draft.reply_to else {
            return raw(
                out,
                concat!(
                    r#","in_reply_to_status_id":null,"in_reply_to_status_id_str":null,"in_reply_to_user_id":null"#,
                    r#","in_reply_to_user_id_str":null,"in_reply_to_screen_name":null"#
                ),
            );
        };
        let person = self.composer.person(person);
        // Some tweet of the last ten minutes.
        let status = id.saturating_sub((1000 + random.below(600_000)) << 22);
        for (field, value) in [("status", status), ("user", person.id)] {
            raw(out, r#","in_reply_to_"#);
            raw(out, field);
            raw(out, r#"_id":"#);
            json::number(out, value);
            raw(out, r#","in_reply_to_"#);
            raw(out, field);
            raw(out, r#"_id_str":""#);
            json::number(out, value);
            out.push(b'"');
        }
        raw(out, r#","in_reply_to_screen_name":""#);
        raw(out, &person.screen_name);
        out.push(b'"');
    }

    /// Where it was sent from: few say it, fewer to the point.
    fn place(&self, random: &mut Random, out: &mut Vec<u8>) {
        let draw = random.below(1000);
        if draw >= 25 {
            return raw(out, r#","geo":null,"coordinates":null,"place":null"#);
        }
        let city = random.pick(&CITIES);
        if draw < 10 {
            let (a, b) = (random.below(1000), random.below(1000));
            let (latitude, longitude) = (city.latitude, city.longitude);
            raw(
                out,
                &format!(
                    concat!(
                        r#","geo":{{"type":"Point","coordinates":[{latitude}{a:03},{longitude}{b:03}]}}"#,
                        r#","coordinates":{{"type":"Point","coordinates":[{longitude}{b:03},{latitude}{a:03}]}}"#
                    ),
                    latitude = latitude,
                    longitude = longitude,
                    a = a,
                    b = b
                ),
            );
        } else {
            raw(out, r#","geo":null,"coordinates":null"#);
        }
        place(out, city);
    }
}

impl Records for Tweets {
    fn record(&mut self, time_ms: u64, random: &mut Random, out: &mut Vec<u8>) {
        if !self.recent.is_empty() && random.chance(RETWEETS) {
            self.retweet(time_ms, random, out);
        } else {
            self.original(time_ms, random, out);
        }
    }

    /// Somebody deleted a tweet of the last day.
    fn notice(&mut self, time_ms: u64, random: &mut Random, out: &mut Vec<u8>) -> bool {
        let age = random.below(MILLIS_PER_DAY.unsigned_abs());
        let id = time_ms.saturating_sub(ID_EPOCH_MS + age) << 22 | random.below(1 << 22);
        let user = self.composer.anyone(random).id;
        raw(
            out,
            &format!(
                concat!(
                    r#"{{"delete":{{"status":{{"id":{id},"id_str":"{id}","user_id":{user},"user_id_str":"{user}"}}"#,
                    r#","timestamp_ms":"{time_ms}"}}}}"#
                ),
                id = id,
                user = user,
                time_ms = time_ms
            ),
        );
        true
    }
}

fn tail(time_ms: u64, out: &mut Vec<u8>) {
    raw(out, r#","timestamp_ms":""#);
    json::number(out, time_ms);
    raw(out, r#""}"#);
}

fn place(out: &mut Vec<u8>, city: &City) {
    let country = country_name(city.country);
    let region = city.state.unwrap_or(country);
    // A box of a tenth of a degree around the middle.
    let around = |degrees: &str, by: i64| {
        let hundredths = degrees.replace('.', "").parse::<i64>().unwrap_or_default() + by;
        let sign = if hundredths < 0 { "-" } else { "" };
        format!("{sign}{}.{:02}", hundredths.abs() / 100, hundredths.abs() % 100)
    };
    let (west, east) = (around(city.longitude, -10), around(city.longitude, 10));
    let (south, north) = (around(city.latitude, -10), around(city.latitude, 10));
    let id = format!("{:016x}", Random::new(city.weight, city.name.len() as u64).bits());
    raw(
        out,
        &format!(
            r#","place":{{"id":"{id}","url":"https:\/\/places.example\/{id}.json","place_type":"city","name":""#
        ),
    );
    json::ascii(out, city.name);
    raw(out, r#"","full_name":""#);
    json::ascii(out, city.name);
    raw(out, ", ");
    json::ascii(out, region);
    raw(out, &format!(r#"","country_code":"{}","country":""#, city.country.to_ascii_uppercase()));
    json::ascii(out, country);
    raw(
        out,
        &format!(
            concat!(
                r#"","bounding_box":{{"type":"Polygon","coordinates":"#,
                r#"[[[{w},{s}],[{w},{n}],[{e},{n}],[{e},{s}]]]}},"attributes":{{}}}}"#
            ),
            w = west,
            e = east,
            s = south,
            n = north
        ),
    );
}

fn country_name(code: &str) -> &'static str {
    match code {
        "us" => "United States",
        "ca" => "Canada",
        "gb" => "United Kingdom",
        "fr" => "France",
        "de" => "Deutschland",
        "nl" => "Nederland",
        "ie" => "Ireland",
        "es" => "España",
        "ch" => "Schweiz",
        "pl" => "Polska",
        "in" => "India",
        "sg" => "Singapore",
        "au" => "Australia",
        "br" => "Brasil",
        "jp" => "日本",
        "il" => "ישראל",
        _ => "",
    }
}

fn range(out: &mut Vec<u8>, before: &str, from: usize, to: usize) {
    raw(out, before);
    out.push(b'[');
    json::number(out, from as u64);
    out.push(b',');
    json::number(out, to as u64);
    out.push(b']');
}
