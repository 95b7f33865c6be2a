//! X (Twitter), API v2: the filtered stream and its rules, the sample, the search. Every post that is received costs.

use super::rules::Change;
use super::{Ask, Preset, Speech, Token, Wish, encoded};
use crate::net::Error;
use crate::source::live::{Items, PollOptions};

pub(super) const PRESET: Preset = Preset {
    name: "x",
    about: "posts of X: the filtered stream, a sample, a search; each costs",
    details: "x, x:sample, x search QUERY, x rules list|add RULE [TAG]|delete ID…|sync FILE",
    base: "https://api.x.com",
    token: Token::Needed("X_BEARER_TOKEN"),
    wants_contact: false,
    time: ".data.created_at",
    id: ".data.id // .id",
    resumes: "nothing: what comes meanwhile is lost",
    // A line comes every 20 s, if need be an empty one.
    stall_s: 30,
    ask,
};

const FIELDS: &str = "tweet.fields=author_id,created_at,entities,lang,public_metrics,referenced_tweets";

fn ask(wish: &Wish<'_>) -> Result<Ask, Error> {
    let usage = || {
        let details = PRESET.details;
        Error::usage(format!("expected one of {details}"))
    };
    let words: Vec<&str> = wish.words.iter().map(String::as_str).collect();
    match (wish.detail, words.as_slice()) {
        (None, []) => Ok(stream("/2/tweets/search/stream")),
        (Some("sample"), []) => Ok(stream("/2/tweets/sample/stream")),
        (None, ["search", query]) => {
            let poll = PollOptions {
                items: Some(Items::Names(vec!["data".into()])),
                next: Some(("meta.next_token", "next_token")),
                once: true,
                ..PollOptions::default()
            };
            let query = encoded(query, "");
            let path = format!("/2/tweets/search/recent?query={query}&max_results=100&{FIELDS}");
            Ok(Ask { since: Some(("since_id", ".id", 0)), ..Ask::of(path, Speech::Poll(poll)) })
        }
        (None, ["rules", rest @ ..]) => {
            let change = match rest {
                ["list"] => Change::List,
                ["add", value] => Change::Add((*value).into(), None),
                ["add", value, tag] => Change::Add((*value).into(), Some((*tag).into())),
                ["delete", ids @ ..] if !ids.is_empty() => {
                    Change::Delete(ids.iter().map(|id| (*id).to_owned()).collect())
                }
                ["sync", path] => Change::Sync((*path).into()),
                _ => return Err(usage()),
            };
            Ok(Ask::of("/2/tweets/search/stream/rules", Speech::Rules(change)))
        }
        _ => Err(usage()),
    }
}

fn stream(path: &str) -> Ask {
    Ask {
        // A last word in the stream itself: the server drops the connection, or has too many of them.
        breaks: Some("has(\"errors\") and (has(\"data\") | not)"),
        ..Ask::of(format!("{path}?{FIELDS}"), Speech::Lines)
    }
}
