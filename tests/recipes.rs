//! The recipes and the quickstart in scripts/, as a user runs them, against counts that share no code with the crate.
//!
//! A recipe finds the programs in `$CARGO_TARGET_DIR/release`: here a folder that leads to those under test.

mod common;

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use common::{Ran, demo, json_lines, programs};
use serde_json::Value;
use tempfile::TempDir;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// A folder with the programs where the scripts look for them, and more.
struct Place(TempDir);

impl Place {
    fn new() -> Place {
        let place = Place(tempfile::tempdir().expect("a folder"));
        fs::create_dir(place.path("release")).expect("a folder");
        for name in ["stream-fetch", "jsonl-filter", "window-count", "topn", "plot-svg"] {
            symlink(programs().join(name), place.path("release").join(name)).expect("a link");
        }
        place
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn text(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).expect("the script made it")
    }

    /// Puts a script in the place of a program.
    fn replace(&self, name: &str, script: &str) {
        let path = self.path("release").join(name);
        let _ = fs::remove_file(&path);
        fs::write(&path, script).expect("a file");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("ours");
    }

    fn run(&self, script: &Path, args: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Ran {
        let path =
            format!("{}:{}", self.path("release").display(), std::env::var("PATH").unwrap_or_default());
        let done = Command::new(script)
            .args(args)
            .env("CARGO_TARGET_DIR", self.0.path())
            .env("PATH", path)
            .current_dir(self.0.path())
            .stdin(Stdio::null())
            .output()
            .expect("there is a shell");
        let err = String::from_utf8_lossy(&done.stderr).into_owned();
        Ran { out: done.stdout, err, code: done.status.code().unwrap_or(-1) }
    }

    fn recipe(&self, name: &str, args: &[&str]) -> Ran {
        self.run(&root().join("scripts").join(name), args)
    }

    /// The texts of a chart.
    fn texts(&self, name: &str) -> Vec<String> {
        let svg = self.text(name);
        let document = roxmltree::Document::parse(&svg).expect("a whole SVG");
        document.descendants().filter_map(|node| node.text()).map(|text| text.trim().to_owned()).collect()
    }
}

/// The lines of a stream that are records.
fn records(stream: &[u8]) -> Vec<Value> {
    let lines = stream.split(|&byte| byte == b'\n');
    lines.filter_map(|line| serde_json::from_slice(line).ok()).filter(Value::is_object).collect()
}

/// The ten largest: by count, then by the bytes of the key.
fn ten(counts: &BTreeMap<String, u64>) -> Vec<(String, u64)> {
    let mut ranked: Vec<(String, u64)> = counts.iter().map(|(key, count)| (key.clone(), *count)).collect();
    ranked.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(&b.0)));
    ranked.truncate(10);
    ranked
}

fn shown(rows: &[Value], key: &str) -> Vec<(String, u64)> {
    let text = |row: &Value| row[key].as_str().expect("a key").to_owned();
    rows.iter().map(|row| (text(row), row["count"].as_u64().expect("a count"))).collect()
}

#[test]
fn meetup_cities_counts_the_cities_of_a_country() {
    let place = Place::new();
    place.recipe("meetup-cities", &["--records", "4000", "--speed", "max", "--out", "made"]).with_code(0);
    let mut counts = BTreeMap::new();
    let stream = records(&demo("demo:rsvps", 4000));
    for rsvp in stream.iter().filter(|rsvp| rsvp["group"]["group_country"] == "us") {
        *counts.entry(rsvp["group"]["group_city"].as_str().expect("a city").to_owned()).or_default() += 1;
    }
    let rows = json_lines(&place.text("made/cities.jsonl"));
    assert!(rows.len() > 100, "a table at every trigger: {}", rows.len());
    let last: Vec<Value> = rows[rows.len() - 10..].to_vec();
    assert_eq!(shown(&last, "city"), ten(&counts));
    assert_eq!(last[0]["total"].as_u64(), Some(counts.values().sum()));
    let texts = place.texts("made/cities.svg");
    for (city, count) in ten(&counts) {
        assert!(texts.contains(&city) && texts.contains(&count.to_string()), "{city} {count}: {texts:?}");
    }
    assert!(texts.iter().any(|text| text.starts_with("RSVPs by city, ")), "{texts:?}");
}

#[test]
fn meetup_cities_takes_a_file_and_another_country() {
    let place = Place::new();
    fs::write(place.path("rsvps.jsonl"), demo("demo:rsvps", 1000)).expect("a file");
    let args = ["--source", "rsvps.jsonl", "--country", "gb", "--speed", "1000x"];
    place.recipe("meetup-cities", &args).with_code(0);
    let stream = records(&demo("demo:rsvps", 1000));
    let expected = stream.iter().filter(|rsvp| rsvp["group"]["group_country"] == "gb").count();
    let rows = json_lines(&place.text("out/cities.jsonl"));
    assert!(expected > 0 && rows.last().expect("rows")["total"] == expected, "{expected} {:?}", rows.last());
    place.texts("out/cities.svg");
}

/// A window's bounds in milliseconds, and the counts in it.
type Windows = BTreeMap<(i64, i64), BTreeMap<String, u64>>;

/// Every window by its definition: a record is left out of those that the watermark, 10 s behind the newest, has passed.
fn windows(tweets: &[Value], size: i64, slide: i64) -> Windows {
    let (mut windows, mut newest) = (Windows::new(), i64::MIN);
    for tweet in tweets {
        let time: i64 = tweet["timestamp_ms"].as_str().and_then(|time| time.parse().ok()).expect("a time");
        newest = newest.max(time);
        let of = if tweet["extended_tweet"].is_object() { &tweet["extended_tweet"] } else { tweet };
        let mut start = time.div_euclid(slide) * slide;
        while start + size > time {
            if start + size > newest - 10_000 {
                for tag in of["entities"]["hashtags"].as_array().into_iter().flatten() {
                    let counts = windows.entry((start, start + size)).or_default();
                    *counts.entry(tag["text"].as_str().expect("a tag").to_owned()).or_default() += 1;
                }
            }
            start -= slide;
        }
    }
    windows
}

#[test]
fn trending_hashtags_counts_four_sizes_of_window() {
    let place = Place::new();
    let stream = demo("demo:tweets", 9000);
    fs::write(place.path("tweets.jsonl"), &stream).expect("a file");
    let ran = place
        .recipe("trending-hashtags", &["--source", "tweets.jsonl", "--track", "stan lee,#stanlee"])
        .with_code(0);
    assert!(ran.err.contains("open out/trending-20s.svg"), "{}", ran.err);
    let tweets: Vec<Value> = records(&stream)
        .into_iter()
        .filter(|tweet| {
            let full = tweet["extended_tweet"]["full_text"].as_str().or(tweet["text"].as_str());
            let text = full.unwrap_or_default().to_lowercase();
            let words: Vec<&str> =
                text.split(|letter: char| !letter.is_alphanumeric() && letter != '#').collect();
            let has = |wanted: &str| words.iter().any(|word| word.trim_start_matches('#') == wanted);
            has("stan") && has("lee") || words.contains(&"#stanlee")
        })
        .collect();
    assert!(tweets.len() > 100, "the demo has this trend: {}", tweets.len());
    let rows = json_lines(&place.text("out/trending.jsonl"));
    let millis = |row: &Value, name: &str| -> i64 {
        row[name].as_str().expect("a time").parse::<jiff::Timestamp>().expect("a time").as_millisecond()
    };
    for (size, slide, name) in [(20, 10, "20s"), (30, 15, "30s"), (60, 30, "1m"), (300, 150, "5m")] {
        let expected = windows(&tweets, size * 1000, slide * 1000);
        assert!(!expected.is_empty());
        for (&(start, end), counts) in &expected {
            let of_window: Vec<Value> = rows
                .iter()
                .filter(|row| (millis(row, "window_start"), millis(row, "window_end")) == (start, end))
                .cloned()
                .collect();
            assert_eq!(shown(&of_window, "hashtag"), ten(counts), "{name} from {start}");
        }
        let texts = place.texts(&format!("out/trending-{name}.svg"));
        assert!(texts.iter().any(|text| text.starts_with("Trending hashtags, ")), "{texts:?}");
        let (_, newest) = expected.last_key_value().expect("windows");
        assert!(texts.iter().any(|text| text.trim_start_matches('#') == ten(newest)[0].0), "{texts:?}");
    }
}

/// In the place of port 5555 stands what the test says.
fn fetch_with(place: &Place, server: &str) {
    let program = programs().join("stream-fetch");
    place.replace(
        "stream-fetch",
        &format!(
            "#!/bin/sh\ncase $1 in tcp:*) shift; set -- tcp://{server} \"$@\" ;; esac\nexec {} \"$@\"\n",
            program.display()
        ),
    );
}

#[test]
fn trending_hashtags_takes_the_demo_stream_where_nobody_serves_tweets() {
    let place = Place::new();
    fetch_with(&place, "127.0.0.1:1");
    let ran = place.recipe("trending-hashtags", &["--records", "40", "--track", ""]).with_code(2);
    assert!(ran.err.contains("needs a value"), "{}", ran.err);
    let ran = place.recipe("trending-hashtags", &["--records", "40", "--track", "the,praia"]).with_code(0);
    assert!(
        ran.err.contains("connection refused") && ran.err.contains("the demo stream instead"),
        "{}",
        ran.err
    );
    assert!(!json_lines(&place.text("out/trending.jsonl")).is_empty());
    place.texts("out/trending-20s.svg");
}

#[test]
fn trending_hashtags_takes_a_server_on_its_port() {
    let place = Place::new();
    let tweet =
        r#"{"timestamp_ms":"1542049210000","text":"about (c++)","entities":{"hashtags":[{"text":"Cpp"}]}}"#;
    let address = common::serve(move |mut stream| {
        std::io::Write::write_all(&mut stream, format!("{tweet}\n").repeat(3).as_bytes()).expect("connected");
    });
    fetch_with(&place, &address);
    let ran = place.recipe("trending-hashtags", &["--track", "(C++)"]).with_code(0);
    let rows = json_lines(&place.text("out/trending.jsonl"));
    assert_eq!(rows.len(), 8, "two windows of each size: {}", ran.err);
    assert!(rows.iter().all(|row| row["hashtag"] == "Cpp" && row["count"] == 3), "{rows:?}");
}

#[test]
fn recipes_explain_themselves_and_refuse_what_they_do_not_know() {
    let place = Place::new();
    for name in ["meetup-cities", "trending-hashtags"] {
        let help = place.recipe(name, &["--help"]).quietly();
        assert!(
            help.text().starts_with(&format!("{name}: ")) && help.text().contains("[--source "),
            "{}",
            help.text()
        );
        let ran = place.recipe(name, &["--nope", "1"]).with_code(2);
        assert!(ran.err.contains(&format!("{name}: --nope is not known")), "{}", ran.err);
    }
    assert!(!place.path("out").exists(), "nothing was made");
}

/// The quickstart, without its build: that of the tests stands in for it.
#[test]
fn the_quickstart_shows_what_it_promises() {
    let place = Place::new();
    place.replace("cargo", "#!/bin/sh\necho \"$@\" >cargo.log\n");
    fs::create_dir(place.path("scripts")).expect("a folder");
    fs::copy(root().join("scripts/quickstart"), place.path("scripts/quickstart")).expect("a copy");
    symlink(root().join("tests"), place.path("tests")).expect("a link");
    let ran = place.run(&place.path("scripts/quickstart"), [""; 0]).with_code(0);
    assert_eq!(place.text("cargo.log"), "build --release --locked --bins\n");
    let said = ran.text();
    let at = |part: &str| said.find(part).unwrap_or_else(|| panic!("no {part:?} in:\n{said}\n{}", ran.err));
    assert!(
        at("$ topn 10 --key .lang") < at("en")
            && at("en") < at("$ window-count --key")
            && at("plot-svg") < at("the picture is ")
    );
    assert!(said.trim_end().ends_with("the same bytes"), "{said}");
    assert_eq!(place.text("out/file.jsonl"), place.text("out/replay.jsonl"));
    let rows = json_lines(&place.text("out/top.jsonl"));
    let texts = place.texts("out/hashtags.svg");
    let newest = rows.last().expect("rows");
    assert!(
        texts.iter().any(|text| text == newest["hashtag"].as_str().expect("a tag")),
        "{newest} {texts:?}"
    );
}
