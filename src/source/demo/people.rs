//! The users of the synthetic tweets: a fixed crowd, invented from the seed, each written as JSON once.

use super::calendar::twitter_time;
use super::json::{self, raw};
use super::pattern::Pattern;
use super::words::Language;
use crate::random::Random;

/// From 2016 on ids grew beyond 32 bits, to the same kind as a tweet's.
const NEW_ID_FROM: u64 = 700_000_000_000_000_000;

/// When the first and the last of them registered, in seconds since the epoch.
const REGISTERED: (u64, u64) = (1_200_000_000, 1_541_000_000);

const SYLLABLES: [&str; 32] = [
    "ba", "bel", "cor", "da", "dri", "el", "fen", "ga", "hol", "is", "ka", "lo", "lun", "ma", "mir", "na",
    "nor", "ol", "pa", "quil", "ra", "ros", "sa", "sel", "ta", "tor", "ul", "va", "vin", "wy", "xan", "zo",
];

/// One user.
pub(super) struct Person {
    pub(super) id: u64,
    pub(super) name: String,
    pub(super) screen_name: String,
    /// The user object, as it stands in a tweet.
    pub(super) json: Vec<u8>,
}

impl Person {
    /// Invents a user of a language, who describes themselves by one of `sentences`.
    pub(super) fn new(language: &Language, sentences: &[Pattern], random: &mut Random) -> Person {
        let id = match random.chance(150_000) {
            true => NEW_ID_FROM + random.below(300_000_000_000_000_000),
            false => 10_000_000 + random.below(4_000_000_000),
        };
        let mut surname = String::new();
        for _ in 0..2 + random.index(2) {
            surname.push_str(random.choose(&SYLLABLES));
        }
        let mut screen_name = surname.clone();
        if random.chance(400_000) {
            screen_name.push('_');
        }
        screen_name.push_str(random.choose(&SYLLABLES));
        if random.chance(600_000) {
            screen_name.push_str(&random.below(1000).to_string());
        }
        screen_name.truncate(15);
        let given = random.choose(language.names);
        let is_latin = given.is_ascii() || given.chars().all(|char| char < '\u{250}');
        let name = match is_latin && random.chance(700_000) {
            true => format!("{given} {}{}", surname[..1].to_uppercase(), &surname[1..]),
            false => given.to_string(),
        };
        let mut person = Person { id, name, screen_name, json: Vec::with_capacity(1400) };
        person.write(language.code, sentences, random);
        person
    }

    fn write(&mut self, language: &str, sentences: &[Pattern], random: &mut Random) {
        let Person { id, name, screen_name, json: out } = self;
        raw(out, r#"{"id":"#);
        json::number(out, *id);
        raw(out, r#","id_str":""#);
        json::number(out, *id);
        raw(out, r#"","name":""#);
        json::ascii(out, name);
        raw(out, r#"","screen_name":""#);
        raw(out, screen_name);
        raw(out, r#"","location":"#);
        match random.below(3) {
            0 => raw(out, "null"),
            _ => {
                let place = random.pick(&super::places::CITIES);
                out.push(b'"');
                json::ascii(out, place.name);
                out.push(b'"');
            }
        }
        raw(out, r#","url":"#);
        if random.chance(250_000) {
            raw(out, &format!(r#""https:\/\/{screen_name}.example\/""#));
        } else {
            raw(out, "null");
        }
        raw(out, r#","description":"#);
        if random.chance(850_000) {
            let mut about = String::new();
            random.pick(sentences).write(random, &mut about);
            if random.chance(400_000) {
                about.push_str(" | ");
                about.push_str(random.choose(&super::script::EMOJI));
            }
            out.push(b'"');
            json::ascii(out, &about);
            out.push(b'"');
        } else {
            raw(out, "null");
        }
        let is_verified = random.chance(6_000);
        raw(out, r#","translator_type":"none","protected":false,"verified":"#);
        raw(out, if is_verified { "true" } else { "false" });
        // Heavy tails: a random number of bits.
        for (field, bits) in
            [("followers", 14), ("friends", 11), ("listed", 6), ("favourites", 15), ("statuses", 17)]
        {
            let more = if is_verified { 6 } else { 0 };
            let bound = 1 << (2 + random.below(bits + more));
            raw(out, &format!(r#","{field}_count":{}"#, random.below(bound)));
        }
        raw(out, r#","created_at":""#);
        twitter_time(out, REGISTERED.0 + random.below(REGISTERED.1 - REGISTERED.0));
        raw(out, r#"","utc_offset":null,"time_zone":null,"geo_enabled":"#);
        raw(out, if random.chance(350_000) { "true" } else { "false" });
        looks(*id, language, random, out);
    }
}

/// How a profile looks, and what all of them have in common.
fn looks(id: u64, language: &str, random: &mut Random, out: &mut Vec<u8>) {
    let picture = random.below(1_000_000_000_000_000_000);
    let colour = random.choose(&["1B95E0", "1DA1F2", "91D2FA", "ABB8C2", "E81C4F", "F58EA8"]);
    raw(
        out,
        &format!(
            concat!(
                r#","lang":"{language}","contributors_enabled":false,"is_translator":false,"#,
                r#""profile_background_color":"000000","#,
                r#""profile_background_image_url":"http:\/\/images.example\/themes\/theme1\/bg.png","#,
                r#""profile_background_image_url_https":"https:\/\/images.example\/themes\/theme1\/bg.png","#,
                r#""profile_background_tile":false,"profile_link_color":"{colour}","#,
                r#""profile_sidebar_border_color":"C0DEED","profile_sidebar_fill_color":"DDEEF6","#,
                r#""profile_text_color":"333333","profile_use_background_image":true,"#,
                r#""profile_image_url":"http:\/\/images.example\/profile\/{picture}_normal.jpg","#,
                r#""profile_image_url_https":"https:\/\/images.example\/profile\/{picture}_normal.jpg","#,
                r#""profile_banner_url":"https:\/\/images.example\/banners\/{id}\/1520000000","#,
                r#""default_profile":true,"default_profile_image":false,"following":null,"#,
                r#""follow_request_sent":null,"notifications":null}}"#
            ),
            language = language,
            colour = colour,
            picture = picture,
            id = id
        ),
    );
}
