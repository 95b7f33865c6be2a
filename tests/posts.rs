//! The functions on text from outside: on tweets, on Bluesky's and on Mastodon's events, through the tools.

mod common;

use common::{json_lines, recording, tool};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::Path;

/// How often each tag was counted, over all windows.
fn counted(file: &Path) -> BTreeMap<String, u64> {
    let ran = tool("window-count")
        .args([
            "--key",
            "tag=hashtags[]",
            "--window",
            "1h",
            "--watermark",
            "max",
            "--max-future",
            "off",
            "-q",
        ])
        .arg(file)
        .run();
    assert_eq!(ran.code, 0, "{}", ran.err);
    let mut counts = BTreeMap::new();
    for row in json_lines(ran.text()) {
        let tag = row["tag"].as_str().expect("a tag").to_owned();
        *counts.entry(tag).or_default() += row["count"].as_u64().expect("a count");
    }
    counts
}

/// The same by hand, from what the service sent beside the text.
fn by_hand(file: &Path, tags_of: impl Fn(&Value) -> Vec<String>) -> BTreeMap<String, u64> {
    let mut counts = BTreeMap::new();
    for line in std::fs::read_to_string(file).expect("a recording").lines().filter(|line| !line.is_empty()) {
        for tag in tags_of(&serde_json::from_str(line).expect("a record")) {
            *counts.entry(tag).or_default() += 1;
        }
    }
    counts
}

fn strings(list: &Value, name: &str) -> Vec<String> {
    list.as_array()
        .into_iter()
        .flatten()
        .filter_map(|element| Some(element[name].as_str()?.to_owned()))
        .collect()
}

#[test]
fn hashtags_of_tweets_are_their_entities() {
    for (path, least) in [
        ("streams/tweets-v11-stream-20180310-extended-python-twitter.jsonl", 40),
        ("streams/tweets-v11-search-simdjson.jsonl", 1),
        ("streams/tweets-v2-data-twarc.jsonl", 1000),
        ("streams/tweets-v2-filtered-stream-twarc.jsonl", 2),
    ] {
        let Some(file) = recording(path) else { return };
        let expected = by_hand(&file, |tweet| {
            let entities =
                [&tweet["extended_tweet"]["entities"], &tweet["entities"], &tweet["data"]["entities"]];
            let entities = entities.into_iter().find(|entities| entities.is_object());
            let list = entities.map_or(&Value::Null, |entities| &entities["hashtags"]);
            [strings(list, "text"), strings(list, "tag")].concat()
        });
        assert!(expected.values().sum::<u64>() >= least, "{path} has hashtags: {expected:?}");
        assert_eq!(counted(&file), expected, "{path}");
    }
}

/// Retweets that were cut lost hashtags; the tweet that they repeat has them.
#[test]
fn a_retweet_that_was_cut_counts_whole() {
    let Some(file) = recording("streams/tweets-v2-flat-twarc.jsonl") else { return };
    let expected = by_hand(&file, |tweet| {
        let is_cut = tweet["text"].as_str().is_some_and(|text| text.ends_with('…'));
        let references = tweet["referenced_tweets"].as_array().into_iter().flatten();
        let original = references.into_iter().find(|other| is_cut && other["type"] == "retweeted");
        strings(&original.unwrap_or(tweet)["entities"]["hashtags"], "tag")
    });
    assert_eq!(counted(&file), expected);
    assert_eq!(expected.values().sum::<u64>(), 18);
}

#[test]
fn hashtags_of_bluesky_are_its_facets() {
    let Some(file) = recording("streams/bluesky-jetstream-20260704.jsonl") else { return };
    let expected = by_hand(&file, |event| {
        let facets = event["commit"]["record"]["facets"].as_array().into_iter().flatten();
        facets.flat_map(|facet| strings(&facet["features"], "tag")).collect()
    });
    assert_eq!(expected.values().sum::<u64>(), 4);
    assert_eq!(counted(&file), expected);
}

/// The recording has no hashtags in its posts, so one of the same shape is made.
#[test]
fn hashtags_of_mastodon_are_its_tags() {
    let events: Vec<String> = (0..6)
        .map(|at| {
            let tags = if at % 2 == 0 { r#"[{"name":"rust","url":"https://a.social/tags/rust"}]"# } else { "[]" };
            let content = r##"<p>See <a href=\"https://a.social/tags/rust\" class=\"mention hashtag\">#<span>Rust</span></a></p>"##;
            let status = format!(r#"{{"created_at":"2026-08-02T05:22:1{at}Z","content":"{content}","tags":{tags},"mentions":[],"reblog":null}}"#);
            if at < 3 { format!(r#"{{"event":"update","data":{status}}}"#) } else { status }
        })
        .collect();
    let ran = tool("window-count")
        .args([
            "--key",
            "tag=hashtags[]",
            "--window",
            "1m",
            "--time",
            ".data.created_at // .created_at",
            "-q",
        ])
        .input(events.join("\n"))
        .run()
        .quietly();
    let rows = json_lines(ran.text());
    assert_eq!((rows.len(), &rows[0]["tag"], &rows[0]["count"]), (1, &Value::from("rust"), &Value::from(3)));
    let Some(file) = recording("streams/mastodon-stream.jsonl") else { return };
    let ran =
        tool("jsonl-filter").args(["--map", "select(post_text) | post_text", "-r", "-q"]).arg(&file).run();
    assert_eq!(ran.text().lines().next(), Some("only real cars respond."), "{}", ran.err);
}

#[test]
fn track_keeps_what_twitter_would_send() {
    let Some(file) = recording("streams/tweets-v11-stream-20180310-extended-python-twitter.jsonl") else {
        return;
    };
    let kept = |condition: &str| {
        tool("jsonl-filter").arg(condition).arg(&file).run().quietly().text().lines().count()
    };
    let all = kept("true");
    let (the, and) = (kept(r#"track("the")"#), kept(r#"track("and")"#));
    let (both, either) = (kept(r#"track("and the")"#), kept(r#"track("the,AND")"#));
    assert!(0 < both && both <= the.min(and) && either < all, "{both} {the} {and} {either} {all}");
    assert_eq!(either + both, the + and);
}
