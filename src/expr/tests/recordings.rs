//! Both engines over what real streams sent.

use super::differential::{run_jaq, truthy_jaq};
use super::{compact, run, truthy};
use crate::expr::Expr;
use std::fs;
use std::path::PathBuf;

/// What people ask of tweets, posts, RSVPs and events; compiled, projected and whole.
const EXPRESSIONS: &[&str] = &[
    ".lang == \"en\"",
    ".entities.hashtags[].text",
    ".entities.hashtags[]?.text?",
    "(.extended_tweet.entities // .entities).hashtags[].text",
    "{t: .created_at, tag: .entities.hashtags[]?.text}",
    "any(.entities.hashtags[]?; .text == \"LGBT\") or (.text // \"\" | test(\"(?i)trump\"))",
    ".id, .id_str, .user.id",
    ".user.followers_count > 1000 and (.user.verified | not)",
    "select(.group.group_country == \"us\") | .group.group_city",
    ".commit.record.facets[].features[].tag",
    ".commit.record.facets[]?.features[]?.tag?",
    ".commit.record.langs[0] // \"und\"",
    ".type | IN(\"PushEvent\", \"WatchEvent\")",
    ".payload.commits[]?.message | startswith(\"Merge\")",
    "[.payload.commits[]?.author.name]",
    ".data.text, .includes.users[]?.username",
    ".user, .data, .payload",
    ".",
    "has(\"retweeted_status\")",
    ".text | ascii_downcase",
    ".user.name + \" \" + .user.screen_name",
    "[.entities.urls[]?.expanded_url | tostring] | unique",
    "[paths] | length",
    "tojson | length",
    "hashtags[]",
    "hashtags, mentions, urls, cashtags",
    "post_text",
    "language, (post_text | language)",
    "post_text | words",
    "sentiment(post_text), (post_text | sentiment.compound > 0.1)",
    ". + {sentiment: sentiment(.text).compound}",
    "track(\"the,#lgbt,@realdonaldtrump\")",
    "[post_text | hashtags[]?, mentions[]?] | length",
];

#[test]
fn both_engines_agree_on_recordings() {
    let streams = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/data/streams");
    let Ok(entries) = fs::read_dir(streams) else {
        println!("skipped: both_engines_agree_on_recordings, no ../shared");
        return;
    };
    let expressions: Vec<Expr> = EXPRESSIONS
        .iter()
        .map(|source| source.parse().unwrap_or_else(|error| panic!("{source}: {error}")))
        .collect();
    let mut records = 0;
    for path in entries.map(|entry| entry.expect("the folder is readable").path()) {
        if path.extension().is_none_or(|extension| extension != "jsonl") {
            continue;
        }
        let text = fs::read(&path).expect("the recording is readable");
        let text = String::from_utf8_lossy(&text);
        for line in text.lines().filter(|line| crate::scan::check_grammar(line.as_bytes()).is_ok()).take(12) {
            records += 1;
            for expression in &expressions {
                let place = || format!("{} of {}: {line}", expression.source(), path.display());
                let (mut outputs, error) = run(expression, line);
                if !expression.additions().is_empty() {
                    // the bytes of the record stay; printed anew they are what jaq prints
                    outputs.iter_mut().for_each(|output| *output = compact(output));
                }
                assert_eq!((outputs, error), run_jaq(expression, line), "{}", place());
                assert_eq!(truthy(expression, line), truthy_jaq(expression, line), "{}", place());
            }
        }
    }
    assert!(records > 50, "{records} records");
}
