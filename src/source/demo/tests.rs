//! The synthetic streams as their readers see them.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use serde::de::IgnoredAny;
use serde_json::Value;

use super::*;
use crate::source::testing::read_all;

const KINDS: [DemoKind; 3] = [DemoKind::Tweets, DemoKind::Rsvps, DemoKind::Github];

fn settings(records: u64) -> DemoSettings {
    DemoSettings { records: Some(records), ..DemoSettings::default() }
}

fn source(kind: DemoKind, settings: &DemoSettings) -> DemoSource {
    DemoSource::new(kind, settings, Meter::default())
}

fn bytes(kind: DemoKind, settings: &DemoSettings) -> Vec<u8> {
    read_all(&mut source(kind, settings), 1 << 16).unwrap()
}

/// The lines without their newlines; every line has one.
fn lines(bytes: &[u8]) -> Vec<&[u8]> {
    let bytes = bytes.strip_suffix(b"\n").expect("the last line ends, too");
    bytes.split(|&byte| byte == b'\n').collect()
}

fn time_of(record: &Value) -> u64 {
    match (&record["timestamp_ms"], &record["mtime"]) {
        (Value::String(time), _) => time.parse().unwrap(),
        (_, Value::Number(time)) => time.as_u64().unwrap(),
        _ => seconds(record["created_at"].as_str().unwrap()),
    }
}

/// A time as GitHub has it, in milliseconds.
fn seconds(time: &str) -> u64 {
    time.parse::<jiff::Timestamp>().unwrap().as_millisecond() as u64
}

/// Values of the records, in order; what is no record is left out.
fn records(kind: DemoKind, settings: &DemoSettings) -> Vec<Value> {
    let bytes = bytes(kind, settings);
    let values = lines(&bytes).into_iter().filter_map(|line| serde_json::from_slice::<Value>(line).ok());
    values.filter(|value| ["user", "rsvp_id", "actor"].iter().any(|own| value.get(own).is_some())).collect()
}

/// FNV-1a, 64 bits.
fn checksum(bytes: &[u8]) -> u64 {
    bytes
        .iter()
        .fold(0xcbf2_9ce4_8422_2325, |hash, &byte| (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3))
}

/// If this fails, the streams of all users have changed: then every output that a document shows has, too.
#[test]
fn the_streams_are_the_same_for_ever() {
    for (kind, density, expected) in [
        (DemoKind::Tweets, "50", (2_607_526, 0x259c_de23_a4d6_af5e)),
        (DemoKind::Rsvps, "50", (881_808, 0x5e86_80ea_32ce_6f5a)),
        // Longer, so that many bursts are in it.
        (DemoKind::Tweets, "1", (2_602_832, 0xbb56_6c4a_9ad8_13ba)),
        (DemoKind::Rsvps, "1", (882_629, 0xd4bc_b223_e8ba_d04d)),
        (DemoKind::Github, "50", (685_461, 0xee17_a51c_a5ac_33d3)),
    ] {
        let settings = DemoSettings { density: density.parse().unwrap(), ..settings(1000) };
        let bytes = bytes(kind, &settings);
        assert_eq!((bytes.len(), checksum(&bytes)), expected, "{kind:?} at {density}");
    }
}

#[test]
fn bytes_do_not_depend_on_how_they_are_read() {
    for kind in KINDS {
        let settings = DemoSettings { density: "50000".parse().unwrap(), ..settings(700) };
        let whole = bytes(kind, &settings);
        for size in [1, 13, 4096] {
            assert!(read_all(&mut source(kind, &settings), size).unwrap() == whole, "{kind:?} by {size}");
        }
        let paced = DemoSettings { is_paced: true, ..settings.clone() };
        assert!(bytes(kind, &paced) == whole, "{kind:?} paced");
        let longer = bytes(kind, &DemoSettings { records: Some(900), ..settings.clone() });
        assert!(longer.starts_with(&whole), "{kind:?}: more records only add to it");
        assert!(bytes(kind, &DemoSettings { seed: 43, ..settings.clone() }) != whole);
    }
    let mut endless = source(DemoKind::Tweets, &DemoSettings::default());
    let mut buf = vec![0; 1 << 16];
    assert!((0..20).all(|_| endless.read(&mut buf).unwrap() > 0));
}

/// The figures that `stream.rs` promises, each within four standard deviations.
#[test]
fn shares_are_as_the_table_says() {
    for kind in KINDS {
        let bytes = bytes(kind, &settings(20_000));
        let lines = lines(&bytes);
        let (mut blank, mut broken, mut notices, mut whole) = (0, 0, 0, Vec::new());
        for line in &lines {
            let is_object = line.starts_with(b"{") && serde_json::from_slice::<IgnoredAny>(line).is_ok();
            match line {
                [] => blank += 1,
                _ if !is_object || std::str::from_utf8(line).is_err() => broken += 1,
                _ if line.starts_with(b"{\"delete\"") => notices += 1,
                _ => whole.push(*line),
            }
        }
        assert_eq!(whole.len(), 20_000, "{kind:?}: exactly as many records as asked for");
        assert!(lines.last() == whole.last(), "it ends with a record");
        let distinct: BTreeSet<_> = whole.iter().collect();
        let resent = whole.len() - distinct.len();
        assert!((22..=58).contains(&blank), "{kind:?}: {blank} blank");
        assert!((3..=38).contains(&broken), "{kind:?}: {broken} broken");
        assert!((60..=140).contains(&resent), "{kind:?}: {resent} sent again");
        let expected = if kind == DemoKind::Tweets { 60..=140 } else { 0..=0 };
        assert!(expected.contains(&notices), "{kind:?}: {notices} notices");

        let times: Vec<u64> = whole.iter().map(|line| quick_time(line)).collect();
        let mut newest = times[0];
        let (mut behind, mut late) = (0, 0);
        for &time in &times {
            assert!(time >= START_MS);
            behind += usize::from(time < newest);
            late += usize::from(time + 10_000 < newest);
            newest = newest.max(time);
        }
        assert_eq!(times[0], START_MS);
        // Whole seconds hide part of it.
        let expected = if kind == DemoKind::Github { 1500..=3000 } else { 2500..=4000 };
        assert!(expected.contains(&behind), "{kind:?}: {behind} behind");
        // Those of the first minute have nowhere to be late to; old ones sent again and second answers are late, too.
        assert!((20..=200).contains(&late), "{kind:?}: {late} late");
        let seconds = (newest - START_MS) / 1000;
        assert!((390..=410).contains(&seconds), "{kind:?}: 20 000 at 50 a second in {seconds} s");
    }
}

fn quick_time(line: &[u8]) -> u64 {
    let line = std::str::from_utf8(line).unwrap();
    if let Some((_, time)) = line.rsplit_once("\"created_at\":\"").filter(|_| line.contains("\"actor\"")) {
        return seconds(time.trim_end_matches("\"}"));
    }
    let (_, rest) =
        line.rsplit_once("\"timestamp_ms\":\"").or_else(|| line.split_once("\"mtime\":")).unwrap();
    rest[..13].parse().unwrap()
}

#[test]
fn tweets_hold_together() {
    let mut ids = BTreeSet::new();
    let (mut long, mut again, mut answers, mut places, mut right_to_left) = (0, 0, 0, 0, 0);
    for tweet in records(DemoKind::Tweets, &settings(3000)) {
        let id = tweet["id"].as_u64().unwrap();
        assert!(id > 1 << 53);
        assert_eq!(tweet["id_str"].as_str().unwrap(), id.to_string());
        let time = time_of(&tweet);
        assert_eq!((id >> 22) + 1_288_834_974_657, time);
        let mut created = Vec::new();
        calendar::twitter_time(&mut created, time / 1000);
        assert_eq!(tweet["created_at"].as_str().unwrap().as_bytes(), created);
        ids.insert(id);
        let full = check_text(&tweet);
        right_to_left += usize::from(full.chars().any(|char| ('\u{590}'..'\u{700}').contains(&char)));
        long += usize::from(tweet.get("extended_tweet").is_some());
        if let Some(original) = tweet.get("retweeted_status") {
            let original_text = check_text(original);
            again += 1;
            let author = original["user"]["screen_name"].as_str().unwrap();
            let whole = format!("RT @{author}: {original_text}");
            let text = tweet["text"].as_str().unwrap();
            assert!(text == whole || whole.starts_with(text.strip_suffix('…').unwrap()));
            assert_eq!(tweet["entities"]["user_mentions"][0]["screen_name"], author);
        }
        answers += usize::from(!tweet["in_reply_to_user_id"].is_null());
        places += usize::from(!tweet["place"].is_null());
    }
    assert!(ids.len() > 2970, "ids are used once, but for what is sent again: {}", ids.len());
    for (what, count, expected) in [
        ("long", long, 150..=320),
        ("retweeted", again, 310..=480),
        ("answers", answers, 240..=390),
        ("places", places, 35..=105),
        ("right to left", right_to_left, 100..=300),
    ] {
        assert!(expected.contains(&count), "{count} {what}");
    }
}

/// Entities point at what they name, lengths are Twitter's; gives the whole text.
fn check_text(tweet: &Value) -> String {
    let text = tweet["text"].as_str().unwrap();
    check_entities(text, &tweet["entities"]);
    assert!(text.chars().count() <= 140);
    let Some(extended) = tweet.get("extended_tweet") else {
        assert_eq!(tweet["truncated"], false);
        return text.to_string();
    };
    let full = extended["full_text"].as_str().unwrap();
    let length = full.chars().count();
    assert!((141..=280).contains(&length) && text.chars().count() == 140 && tweet["truncated"] == true);
    assert_eq!(extended["display_text_range"][1], length);
    check_entities(full, &extended["entities"]);
    full.to_string()
}

fn check_entities(text: &str, entities: &Value) {
    let chars: Vec<char> = text.chars().collect();
    for (list, sign, field) in
        [("hashtags", "#", "text"), ("user_mentions", "@", "screen_name"), ("urls", "", "url")]
    {
        for entity in entities[list].as_array().unwrap() {
            let [from, to] = [0, 1].map(|end| entity["indices"][end].as_u64().unwrap() as usize);
            let named: String = chars[from..to].iter().collect();
            assert_eq!(named, format!("{sign}{}", entity[field].as_str().unwrap()), "{text}");
        }
    }
}

#[test]
fn trends_rise_and_fall() {
    let mut tracked = [0; 40];
    let (mut spellings, mut languages, mut tags) = (BTreeSet::new(), BTreeMap::new(), BTreeMap::new());
    for tweet in
        records(DemoKind::Tweets, &DemoSettings { density: "5".parse().unwrap(), ..settings(5 * 780) })
    {
        let inner = tweet.get("extended_tweet");
        let text = inner.map_or(&tweet["text"], |inner| &inner["full_text"]).as_str().unwrap().to_lowercase();
        let window = (time_of(&tweet) - START_MS) as usize / 20_000;
        tracked[window] += usize::from(text.contains("stan") && text.contains("lee"));
        *languages.entry(tweet["lang"].as_str().unwrap().to_string()).or_insert(0) += 1;
        for tag in
            inner.map_or(&tweet["entities"], |inner| &inner["entities"])["hashtags"].as_array().unwrap()
        {
            let tag = tag["text"].as_str().unwrap().to_string();
            if tag.to_lowercase() == "stanlee" {
                spellings.insert(tag.clone());
            }
            *tags.entry(tag).or_insert(0) += 1;
        }
    }
    let at = |windows: std::ops::Range<usize>| tracked[windows.clone()].iter().sum::<usize>() / windows.len();
    let (rise, peak, fall) = (tracked[0], at(3..9), at(30..38));
    assert!(rise * 3 < peak && fall * 2 < peak && peak >= 10, "{tracked:?}");
    assert_eq!(spellings.into_iter().collect::<Vec<_>>(), ["STANLEE", "StanLee", "stanlee"]);
    assert!(
        languages.len() == LANGUAGE_COUNT
            && languages["en"] > languages["ja"]
            && languages["ja"] > languages["fr"]
    );
    assert!(tags["Football"] > tags["DogsOfTwitter"], "by rank");
}

const LANGUAGE_COUNT: usize = 13;

#[test]
fn rsvps_are_changed_and_sent_again() {
    let mut by_id: BTreeMap<u64, Vec<Value>> = BTreeMap::new();
    let (mut without_venue, mut american, mut rounded) = (0, 0, 0);
    let rsvps = records(DemoKind::Rsvps, &settings(3000));
    for rsvp in rsvps {
        let group = &rsvp["group"];
        let country = group["group_country"].as_str().unwrap();
        assert_eq!(group.get("group_state").is_some(), ["us", "ca"].contains(&country));
        american += usize::from(country == "us");
        without_venue += usize::from(rsvp.get("venue").is_none());
        assert!(rsvp["event"]["time"].as_u64().unwrap() > time_of(&rsvp));
        by_id.entry(rsvp["rsvp_id"].as_u64().unwrap()).or_default().push(rsvp);
    }
    let mut changed = 0;
    for answers in by_id.values() {
        for pair in answers.windows(2) {
            assert_eq!(pair[0]["member"], pair[1]["member"]);
            assert_eq!(pair[0]["group"], pair[1]["group"]);
            changed += usize::from(pair[0]["response"] != pair[1]["response"]);
            let [before, after] = [&pair[0], &pair[1]].map(time_of);
            rounded += usize::from(after < before && after == before / 1000 * 1000);
        }
    }
    for (what, count, expected) in [
        ("changed", changed, 70..=180),
        ("rounded", rounded, 8..=50),
        ("american", american, 1700..=2500),
        ("without venue", without_venue, 500..=1100),
    ] {
        assert!(expected.contains(&count), "{count} {what}");
    }
}

#[test]
fn github_events_are_of_a_few_kinds_and_many_repositories() {
    let (mut kinds, mut repositories, mut ids) = (BTreeMap::new(), BTreeMap::new(), Vec::new());
    let (mut merged, mut languages) = (0, BTreeSet::new());
    for event in records(DemoKind::Github, &settings(3000)) {
        let pull = &event["payload"]["pull_request"];
        if event["type"] == "PullRequestEvent" {
            merged += usize::from(pull["merged"] == true);
            assert!(pull["merged"] == false || event["payload"]["action"] == "closed");
            languages.insert(pull["base"]["repo"]["language"].as_str().unwrap().to_owned());
        }
        if event["type"] == "PushEvent" {
            let size = event["payload"]["commits"].as_array().unwrap().len();
            assert_eq!(event["payload"]["size"], size);
        }
        *kinds.entry(event["type"].as_str().unwrap().to_owned()).or_insert(0) += 1;
        *repositories.entry(event["repo"]["name"].as_str().unwrap().to_owned()).or_insert(0) += 1;
        ids.push(event["id"].as_str().unwrap().parse::<u64>().unwrap());
    }
    assert_eq!(kinds.len(), 6);
    assert!((1500..=1740).contains(&kinds["PushEvent"]) && (70..=170).contains(&kinds["DeleteEvent"]));
    assert!((60..=140).contains(&merged) && languages.len() > 8, "{merged} {languages:?}");
    assert!(repositories.len() > 250 && repositories.values().max().unwrap() > &50);
    ids.sort_unstable();
    ids.dedup();
    assert!(ids.len() > 2960, "ids are used once, but for what is sent again: {}", ids.len());
}

#[test]
fn any_start_seed_and_density_will_do() {
    for kind in KINDS {
        for (seed, start_ms, density) in
            [(0, 0, "0.001"), (u64::MAX, 253_402_300_000_000, "1000000000"), (7, 1, "1e0")]
        {
            let density = density.parse().unwrap_or_else(|_| Rate::per_second(1.0).unwrap());
            let settings = DemoSettings { seed, start_ms, density, ..settings(300) };
            assert_eq!(records(kind, &settings).len(), 300);
        }
        assert!(bytes(kind, &settings(0)).is_empty());
        assert_eq!(lines(&bytes(kind, &settings(1))).len(), 1);
    }
}

#[test]
fn a_paced_stream_knows_that_it_would_wait() {
    let slow = DemoSettings::default().paced("0.0001".parse().unwrap());
    let mut source = source(DemoKind::Tweets, &slow);
    assert!(!source.would_block(), "the first line is due at once");
    let mut buf = vec![0; 1 << 16];
    let read = source.read(&mut buf).unwrap();
    assert_eq!(lines(&buf[..read]).len(), 1);
    assert!(source.would_block());
}

/// Where every field is, and of which types: arrays are `[]`.
fn shape(value: &Value, path: &str, out: &mut BTreeMap<String, BTreeSet<&'static str>>) {
    let kind = match value {
        Value::Null => "null",
        Value::Bool(_) => "bool",
        Value::Number(number) if number.is_f64() => "float",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    };
    out.entry(path.to_string()).or_default().insert(kind);
    match value {
        Value::Array(values) => values.iter().for_each(|value| shape(value, &format!("{path}[]"), out)),
        Value::Object(fields) => {
            for (name, value) in fields {
                shape(value, &format!("{path}.{name}"), out);
            }
        }
        _ => {}
    }
}

/// The shape of ours is in the shape of the real ones, and has all that the real ones always have.
fn compare(kind: DemoKind, recording: &str, is_known: impl Fn(&str) -> bool) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/data/streams").join(recording);
    let Ok(text) = std::fs::read(&path) else {
        return println!("skipped: {kind:?} compared with {recording} (no ../shared)");
    };
    let mut real = BTreeMap::new();
    let mut always: Option<BTreeSet<String>> = None;
    for line in text.split(|&byte| byte == b'\n').filter(|line| !line.is_empty()) {
        let value: Value = serde_json::from_slice(line).unwrap();
        shape(&value, "", &mut real);
        let mut one = BTreeMap::new();
        shape(&value, "", &mut one);
        let one: BTreeSet<String> =
            one.into_keys().filter(|path| !path.starts_with(".extended_tweet")).collect();
        always = Some(always.map_or(one.clone(), |always| &always & &one));
    }
    let mut ours = BTreeMap::new();
    for record in records(kind, &settings(3000)) {
        shape(&record, "", &mut ours);
        let mut one = BTreeMap::new();
        shape(&record, "", &mut one);
        for path in always.iter().flatten().filter(|path| !path.contains("[]")) {
            assert!(one.contains_key(path), "{kind:?} lacks {path}");
        }
    }
    for (path, kinds) in ours {
        // A retweeted tweet is a tweet.
        let path = path.replace(".retweeted_status", "");
        if is_known(&path) {
            continue;
        }
        let real = real.get(&path).unwrap_or_else(|| panic!("{kind:?}: no real one has {path:?}"));
        assert!(kinds.is_subset(real), "{kind:?}: {path} is {kinds:?}, really {real:?}");
    }
}

#[test]
fn tweets_have_the_fields_of_real_ones() {
    compare(DemoKind::Tweets, "tweets-v11-stream-20180310-extended-python-twitter.jsonl", |_| false);
}

#[test]
fn github_events_have_the_fields_of_real_ones() {
    compare(DemoKind::Github, "github-events-20210721-first400.jsonl", |_| false);
}

#[test]
fn rsvps_have_the_fields_of_real_ones() {
    // Some members have these; the recording has none of them.
    let optional = [".member.photo", ".member.other_services"];
    compare(DemoKind::Rsvps, "meetup-rsvps-invented.jsonl", |path| {
        optional.iter().any(|optional| path.starts_with(optional))
    });
}

#[test]
fn a_stream_goes_on_behind_any_byte() {
    let whole = |behind: u64| -> Vec<u8> {
        let settings = DemoSettings { records: Some(300), behind, ..DemoSettings::default() };
        let mut source = DemoSource::new(DemoKind::Rsvps, &settings, Meter::default());
        let (mut all, mut buf) = (Vec::new(), [0; 4096]);
        loop {
            match source.read(&mut buf).unwrap() {
                0 => return all,
                read => all.extend_from_slice(&buf[..read]),
            }
        }
    };
    let all = whole(0);
    for behind in [1, 1000, all.len() / 2, all.len() - 1, all.len(), all.len() + 9] {
        assert!(whole(behind as u64) == all[behind.min(all.len())..], "behind {behind}");
    }
}
