//! Live sources by name: what each speaks, where, and what it needs. One file each.
//!
//! A preset is data and one function that says what is asked for. What follows from it is the same for all: the transport, the
//! machine that connects again, what is left out, where to go on.

mod bluesky;
mod github;
mod hackernews;
mod mastodon;
mod meetup;
mod open;
mod rules;
mod usgs;
mod wikimedia;
mod x;

use std::time::Duration;

pub use open::{NamedOptions, open};

use super::live::{PollOptions, Unwrap};
use crate::net::Error;

/// Whether a source wants to know who asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Token {
    /// It does not.
    None,
    /// It allows more with a token in this environment variable.
    Welcome(&'static str),
    /// It refuses without a token in this environment variable.
    Needed(&'static str),
}

/// A source by its name.
#[derive(Debug)]
pub struct Preset {
    /// Its name.
    pub name: &'static str,
    /// What it gives.
    pub about: &'static str,
    /// What may stand behind its name and a colon.
    pub details: &'static str,
    /// Where it is, without what is asked for.
    pub base: &'static str,
    /// Who asks.
    pub token: Token,
    /// It wants to know whom to write to.
    pub wants_contact: bool,
    /// The time of a record.
    pub time: &'static str,
    /// What tells its records apart.
    pub id: &'static str,
    /// How it goes on after an interruption, for a person.
    pub resumes: &'static str,
    /// A silence of so many seconds is a failure.
    pub stall_s: u64,
    /// What is asked for.
    ask: fn(&Wish<'_>) -> Result<Ask, Error>,
}

/// All of them.
pub const PRESETS: [&Preset; 8] = [
    &bluesky::PRESET,
    &wikimedia::PRESET,
    &github::PRESET,
    &mastodon::PRESET,
    &hackernews::PRESET,
    &usgs::PRESET,
    &x::PRESET,
    &meetup::PRESET,
];

/// The names of all.
pub fn names() -> impl Iterator<Item = &'static str> {
    PRESETS.iter().map(|preset| preset.name)
}

/// The preset that an address names, and the detail behind the colon.
pub fn find(address: &str) -> Option<(&'static Preset, Option<&str>)> {
    let (name, detail) = match address.split_once(':') {
        Some((name, detail)) => (name, Some(detail)),
        None => (address, None),
    };
    PRESETS.iter().find(|preset| preset.name == name).map(|preset| (*preset, detail))
}

/// What the user wants of it.
struct Wish<'a> {
    /// What stands behind the colon.
    detail: Option<&'a str>,
    /// Words behind the name.
    words: &'a [String],
    /// `--collection`.
    collections: &'a [String],
    /// Where it is.
    base: &'a str,
}

/// What is asked for, and what becomes of the answer.
struct Ask {
    /// Behind the base: path and query.
    path: String,
    /// What is spoken.
    speech: Speech,
    /// Headers that choose the form of the answer.
    headers: Vec<(&'static str, &'static str)>,
    /// Only records of which this is true.
    keep: Option<&'static str>,
    /// A record of which this is true ends the connection.
    breaks: Option<&'static str>,
    /// The parameter by which it goes on, the field that it holds, and the overlap.
    since: Option<(&'static str, &'static str, u64)>,
}

enum Speech {
    WebSocket(Option<&'static str>, Unwrap),
    /// Events of these names, or all.
    Events(Vec<String>),
    Lines,
    Poll(PollOptions),
    /// The largest number is at the path; an item is between these.
    Numbered(&'static str, &'static str, Duration),
    /// The rules of a stream are looked at or changed: the lines that tell what is so.
    Rules(rules::Change),
}

impl Ask {
    fn of(path: impl Into<String>, speech: Speech) -> Ask {
        Ask { path: path.into(), speech, headers: Vec::new(), keep: None, breaks: None, since: None }
    }
}

/// A value as it must stand in a query or a path, where it is not plain.
fn encoded(text: &str, also: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                char::from(byte).to_string()
            }
            _ if also.as_bytes().contains(&byte) => char::from(byte).to_string(),
            _ => format!("%{byte:02X}"),
        })
        .collect()
}

/// The list of `--list`: one line for each.
pub fn list() -> String {
    let mut text = String::new();
    for preset in PRESETS {
        let token = match preset.token {
            Token::None => String::new(),
            Token::Welcome(name) => format!("; more with a token in {name}"),
            Token::Needed(name) => format!("; needs a token in {name}"),
        };
        let contact = if preset.wants_contact { "; needs --contact" } else { "" };
        text += &format!("{:<11} {}{token}{contact}\n", preset.name, preset.about);
        text +=
            &format!("            time {}, id {}; goes on by {}\n", preset.time, preset.id, preset.resumes);
        text += &format!("            {}; {}\n", preset.details, preset.base);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::expr::Expr;

    #[test]
    fn what_presets_say_can_be_used() {
        for preset in PRESETS {
            preset.time.parse::<Expr>().unwrap();
            preset.id.parse::<Expr>().unwrap();
            let wish = Wish { detail: None, words: &[], collections: &[], base: preset.base };
            let ask = (preset.ask)(&wish).unwrap_or_else(|error| panic!("{}: {error}", preset.name));
            for expression in
                [ask.keep, ask.breaks, ask.since.map(|(_, field, _)| field)].into_iter().flatten()
            {
                let expression: Expr = expression.parse().unwrap();
                assert!(expression.is_compiled(), "{}: {}", preset.name, expression.source());
            }
            assert!(ask.path.starts_with('/') && (10..=120).contains(&preset.stall_s), "{}", preset.name);
        }
        assert_eq!(list().lines().count(), 3 * PRESETS.len());
        assert!(
            find("bluesky:v2")
                .is_some_and(|(preset, detail)| preset.name == "bluesky" && detail == Some("v2"))
        );
        assert!(find("blue").is_none());
        assert_eq!(encoded("a b/c\u{e9}", "/"), "a%20b/c%C3%A9");
    }

    #[test]
    fn polls_are_as_far_apart_as_the_page_says() {
        let page = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/sources.md");
        let page = std::fs::read_to_string(page).expect("the page of the sources");
        let mut polls = 0;
        for preset in PRESETS {
            let row = page.lines().find(|line| line.starts_with(&format!("| `{}` |", preset.name)));
            let spoken = row.and_then(|row| row.split('|').nth(2)).expect(preset.name);
            let said = spoken.split_once(" each ").and_then(|(_, rest)| rest.trim().split_once(" s"));
            let said = said.map(|(seconds, _)| Duration::from_secs(seconds.parse().expect(spoken)));
            let wish = Wish { detail: None, words: &[], collections: &[], base: preset.base };
            let every = match (preset.ask)(&wish).expect("it is asked for").speech {
                Speech::Poll(poll) => Some(poll.every),
                Speech::Numbered(_, _, every) => Some(every),
                _ => None,
            };
            assert_eq!(every, said, "{}", preset.name);
            polls += usize::from(every.is_some());
        }
        assert!(polls >= 3, "{polls}");
    }
}
