//! The recipes and the quickstart in scripts/, as a user runs them, against counts that share no code with the crate.
//!
//! A recipe finds the programs in `$CARGO_TARGET_DIR/release`: here a folder that leads to those under test.

mod common;

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::symlink;
use std::process::Command;

use common::place::{Place, root};
use common::{demo, json_lines, programs};
use serde_json::Value;

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

#[test]
fn meetup_cities_counts_topics_too_and_goes_on_where_it_was() {
    let place = Place::new();
    let stream = demo("demo:rsvps", 1000);
    let lines: Vec<&[u8]> = stream.split_inclusive(|byte| *byte == b'\n').collect();
    let args = ["--by", "topic", "--source", "part.jsonl", "--speed", "max", "--state", "topics.state"];
    for part in lines.chunks(lines.len().div_ceil(2)) {
        fs::write(place.path("part.jsonl"), part.concat()).expect("a file");
        place.recipe("meetup-cities", &args).with_code(0);
    }
    let mut counts = BTreeMap::new();
    for rsvp in records(&stream).iter().filter(|rsvp| rsvp["group"]["group_country"] == "us") {
        for topic in rsvp["group"]["group_topics"].as_array().into_iter().flatten() {
            *counts.entry(topic["topic_name"].as_str().expect("a name").to_owned()).or_default() += 1;
        }
    }
    let rows = json_lines(&place.text("out/topics.jsonl"));
    assert_eq!(shown(&rows[rows.len() - 10..], "topic"), ten(&counts));
    assert!(place.texts("out/topics.svg").iter().any(|text| text.starts_with("RSVPs by topic, ")));
    let ran = place.recipe("meetup-cities", &["--by", "day"]).with_code(2);
    assert!(ran.err.contains("--by city or --by topic"), "{}", ran.err);
}

#[test]
fn meetup_cities_is_exact_though_a_process_dies() {
    let place = Place::new();
    fs::write(place.path("rsvps.jsonl"), demo("demo:rsvps", 3000)).expect("a file");
    let args = ["--source", "rsvps.jsonl", "--speed", "max", "--out", "made"];
    place.recipe("meetup-cities", &args).with_code(0);
    let expected = place.text("made/cities.svg");
    let args = ["--source", "rsvps.jsonl", "--speed", "max", "--checkpoint", "marks"];
    let topn = programs().join("topn").display().to_string();
    place.replace("topn", &format!("#!/bin/sh\nhead -c 100000 | '{topn}' \"$@\"\nkill -KILL $$\n"));
    let ran = place.recipe("meetup-cities", &args);
    assert!(ran.code != 0 && ran.err.contains("before its end mark"), "{}: {}", ran.code, ran.err);
    place.replace("topn", &format!("#!/bin/sh\nexec '{topn}' \"$@\"\n"));
    place.recipe("meetup-cities", &args).with_code(0);
    assert_eq!(place.text("out/cities.svg"), expected);
    assert!(!place.path("out/cities.jsonl").exists(), "it would hold marks");
}

/// A shell tells the status of a pipeline's last stage alone: here one in the middle fails, in the shell that the recipes name, and in
/// another one.
#[cfg(feature = "sqlite")] // where twitter-topics stores
#[test]
fn recipes_end_with_the_status_of_a_stage_that_failed() {
    use std::ffi::OsStr;
    use std::path::Path;
    let place = Place::new();
    fs::write(place.path("rsvps.jsonl"), demo("demo:rsvps", 200)).expect("a file");
    fs::write(place.path("tweets.jsonl"), demo("demo:tweets", 400)).expect("a file");
    let fails = |name: &str| place.replace(name, "#!/bin/sh\ncat >/dev/null\nexit 5\n");
    let works = |name: &str| {
        fs::remove_file(place.path("release").join(name)).expect("ours");
        symlink(programs().join(name), place.path("release").join(name)).expect("a link");
    };
    let topics = ["--source", "tweets.jsonl", "--model", "topics.model"];
    place.recipe("twitter-topics", &topics).with_code(0);
    for (name, args, stage) in [
        ("meetup-cities", &["--source", "rsvps.jsonl", "--speed", "max"][..], "topn"),
        ("meetup-cities", &["--source", "rsvps.jsonl", "--speed", "max"], "plot-svg"),
        ("trending-hashtags", &["--source", "tweets.jsonl"], "jsonl-filter"),
        ("trending-hashtags", &["--source", "tweets.jsonl"], "stream-fetch"),
        ("twitter-topics", &topics, "window-count"),
        ("twitter-topics", &["--source", "tweets.jsonl", "--model", "none.model"], "stream-fetch"),
    ] {
        fails(stage);
        place.recipe(name, args).with_code(5);
        if common::peer::have(&["bash"]) {
            let script = root().join("scripts").join(name);
            place
                .run(Path::new("bash"), [script.as_os_str()].into_iter().chain(args.iter().map(OsStr::new)))
                .with_code(5);
        }
        works(stage);
    }
    fails("window-count");
    let explored = root().join("scripts/harvest-explore");
    place.run(&explored, ["out", "rsvps.jsonl"]).with_code(5);
}

#[cfg(feature = "serve")]
#[test]
fn recipes_have_a_live_page() {
    let place = Place::new();
    fs::write(place.path("rsvps.jsonl"), demo("demo:rsvps", 500)).expect("a file");
    fs::write(place.path("tweets.jsonl"), demo("demo:tweets", 4000)).expect("a file");
    let newest =
        |snapshot: &Value| snapshot["windows"].as_array().and_then(|windows| windows.last().cloned());
    let is_ended = |snapshot: &Value| snapshot["figures"]["state"] == "ended";
    let cities = place.live("meetup-cities", &["--source", "rsvps.jsonl", "--speed", "max"], is_ended);
    let rows = json_lines(&place.text("out/cities.jsonl"));
    let first = &rows[rows.len() - 10];
    let window = newest(&cities).expect("windows");
    assert_eq!((&window["rows"][0]["key"], &window["rows"][0]["count"]), (&first["city"], &first["count"]));
    let trends = place.live("trending-hashtags", &["--source", "tweets.jsonl"], is_ended);
    let sizes: Vec<&Value> =
        trends["windows"].as_array().expect("windows").iter().map(|w| &w["size"]).collect();
    for size in ["20s", "30s", "1m", "5m"] {
        assert!(sizes.contains(&&Value::from(size)), "{size}: {sizes:?}");
    }
    let days = place.live("daily-hashtags", &["--source", "tweets.jsonl"], |_| true);
    let csv = place.text("out/days/2018-11-12.csv");
    let leader = newest(&days).expect("a day")["rows"][0]["key"].as_str().expect("a tag").to_owned();
    assert_eq!(csv.lines().nth(1).and_then(|line| line.split(',').nth(2)), Some(leader.as_str()), "{csv}");
}

/// A post at a time of March 2020.
fn post(time: &str, lang: &str, text: &str) -> String {
    let at: jiff::Timestamp = format!("2020-03-{time}Z").parse().expect("a time");
    let [short, full] = [text.chars().take(10).collect(), text.to_owned()].map(Value::from);
    format!(
        "{{\"timestamp_ms\":\"{}\",\"lang\":\"{lang}\",\"text\":{short},\"entities\":{{\"hashtags\":[]}},\"extended_tweet\":{{\"full_text\":{full}}}}}\n",
        at.as_millisecond()
    )
}

/// Of a day's file: tags, counts and ranks.
fn day(text: &str) -> Vec<(String, u64, u64)> {
    let head: Vec<&str> = text.lines().next().expect("a header").split(',').collect();
    let at = |name: &str| head.iter().position(|column| *column == name).expect("a column");
    let (tag, count, rank) = (at("hashtag"), at("count"), at("rank"));
    let number = |cell: &str| cell.parse().expect("a number");
    let rows = text.lines().skip(1).map(|line| line.split(',').collect::<Vec<_>>());
    rows.map(|cells| (cells[tag].to_owned(), number(cells[count]), number(cells[rank]))).collect()
}

#[test]
fn daily_hashtags_counts_each_day_of_a_zone_in_whatever_slices_cron_makes() {
    let place = Place::new();
    let many = |count: usize, time: &str, tag: &str| {
        post(time, "en", &format!("a long text that ends in #{tag}")).repeat(count)
    };
    let slices = [
        // In Paris this is the evening of the first of March, and then the second.
        many(2, "01T22:30:00", "Rust") + &many(1, "01T22:40:00", "rust") + &many(2, "01T22:50:00", "jazz"),
        post("01T22:55:00", "de", "ein anderer Text mit #Rust") + &many(1, "01T23:30:00", "jazz"),
        (b'a'..=b'k').map(|tag| many(2, "02T10:00:00", &format!("tag{}", tag as char))).collect::<String>(),
    ];
    fs::create_dir(place.path("raw")).expect("a folder");
    let args = ["--source", "raw", "--tz", "Europe/Paris"];
    for (at, slice) in slices.iter().enumerate() {
        fs::write(place.path(&format!("raw/{at}.jsonl")), slice).expect("a file");
        fs::write(place.path("raw/9.jsonl.zst.part"), "not whole yet").expect("a file");
        place.recipe("daily-hashtags", &args).quietly();
    }
    let first = [("Rust", 3, 1), ("jazz", 2, 2)].map(|(tag, count, rank)| (tag.to_owned(), count, rank));
    assert_eq!(day(&place.text("out/days/2020-03-01.csv")), first);
    let second: Vec<_> =
        (b'a'..=b'j').map(|tag| (format!("tag{}", tag as char), 2, u64::from(tag - b'a' + 1))).collect();
    assert_eq!(day(&place.text("out/days/2020-03-02.csv")), second);
    assert_eq!(fs::read_dir(place.path("out/days")).expect("a folder").count(), 2);
    let page = place.text("out/today.html");
    assert!(
        page.contains("Hashtags of 2020-03-02") && page.contains("taga") && !page.contains("tagk"),
        "{page}"
    );
    assert_eq!(place.text("out/counts.jsonl"), "", "what was read is not kept");
    // Nothing new, and then all in one slice.
    let before = place.text("out/days/2020-03-02.csv");
    place.recipe("daily-hashtags", &args).quietly();
    assert_eq!(place.text("out/days/2020-03-02.csv"), before);
    fs::write(place.path("all.jsonl"), slices.concat()).expect("a file");
    place
        .recipe("daily-hashtags", &["--source", "all.jsonl", "--tz", "Europe/Paris", "--out", "whole"])
        .quietly();
    assert_eq!(day(&place.text("whole/days/2020-03-01.csv")), first);
    assert_eq!(day(&place.text("whole/days/2020-03-02.csv")), second);
}

#[test]
fn daily_hashtags_records_the_demo_stream_and_drops_old_recordings() {
    let place = Place::new();
    fs::create_dir_all(place.path("out/raw")).expect("a folder");
    let old = place.path("out/raw/2020-01-01T00.jsonl.zst");
    fs::write(&old, "").expect("a file");
    let aged = Command::new("touch").args(["-d", "9 days ago"]).arg(&old).status().expect("touch");
    assert!(aged.success());
    let total =
        |place: &Place| json_lines(&place.text("out/days.jsonl")).last().expect("rows")["total"].as_u64();
    place.recipe("daily-hashtags", &["--records", "400", "--keep", "8"]).quietly();
    let once = total(&place).expect("a total");
    place.recipe("daily-hashtags", &["--records", "400", "--keep", "8"]).quietly();
    // The same posts at another time, of two days around midnight; within one second the same file, which counts once.
    let (again, days) = (total(&place), fs::read_dir(place.path("out/days")).expect("a folder").count());
    assert!(once > 20 && (again == Some(2 * once) || again == Some(once) || days == 2), "{once} {again:?}");
    let names: Vec<String> = fs::read_dir(place.path("out/raw"))
        .expect("a folder")
        .map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned())
        .collect();
    assert!(
        names.len() == 2
            && names.iter().all(|name| name.ends_with(".jsonl.zst") && !name.starts_with("2020")),
        "{names:?}"
    );
}

#[test]
fn daily_hashtags_fails_with_its_stages_and_goes_on_behind_them() {
    let place = Place::new();
    fs::write(place.path("posts.jsonl"), post("01T10:00:00", "en", "in this text is #Rust")).expect("a file");
    let topn = programs().join("topn").display().to_string();
    place.replace("topn", "#!/bin/sh\nexit 4\n");
    place.recipe("daily-hashtags", &["--source", "posts.jsonl"]).with_code(4);
    assert!(!place.text("out/counts.jsonl").is_empty(), "what nobody has read is kept");
    place.replace("topn", &format!("#!/bin/sh\nexec '{topn}' \"$@\"\n"));
    place.recipe("daily-hashtags", &["--source", "posts.jsonl"]).quietly();
    assert_eq!(day(&place.text("out/days/2020-03-01.csv")), [("Rust".to_owned(), 1, 1)]);
}

#[test]
fn daily_hashtags_puts_the_days_into_an_object_store() {
    let place = Place::new();
    fs::create_dir_all(place.path("store/tags")).expect("a folder");
    if !common::peer::have(&["s3s-fs"]) {
        return;
    }
    let folder = place.path("store");
    let peer = common::peer::Peer::start(|port| common::peer::s3s_fs(&folder, port));
    fs::write(place.path("posts.jsonl"), post("01T10:00:00", "en", "in this text is #Rust")).expect("a file");
    let args = ["--source", "posts.jsonl", "--to", "s3://tags/%Y-%m-%d.csv"];
    let done = place
        .call(&root().join("scripts/daily-hashtags"), args)
        .env("AWS_ENDPOINT_URL_S3", format!("http://127.0.0.1:{}", peer.port))
        .env("AWS_ACCESS_KEY_ID", "AK")
        .env("AWS_SECRET_ACCESS_KEY", "SK")
        .output()
        .expect("there is a shell");
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    assert_eq!(day(&place.text("store/tags/2020-03-01.csv")), [("Rust".to_owned(), 1, 1)]);
    assert!(!place.path("out/days").exists());
}

/// A window's bounds in milliseconds, and the counts in it.
type Windows = BTreeMap<(i64, i64), BTreeMap<String, u64>>;

/// Every window by its definition: a record is left out of those that the watermark, 10 s behind the newest, has passed.
fn windows(tweets: &[Value], size: i64, slide: i64) -> Windows {
    let (mut windows, mut newest) = (Windows::new(), i64::MIN);
    for tweet in tweets {
        let time: i64 = tweet["timestamp_ms"].as_str().and_then(|time| time.parse().ok()).expect("a time");
        newest = newest.max(time);
        let own = if tweet["retweeted_status"].is_object() { &tweet["retweeted_status"] } else { tweet };
        let of = if own["extended_tweet"].is_object() { &own["extended_tweet"] } else { own };
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
    for name in ["meetup-cities", "trending-hashtags", "daily-hashtags", "twitter-topics", "harvest"] {
        let script = fs::read_to_string(root().join("scripts").join(name)).expect("a script");
        assert!(script.lines().count() <= 40, "{name} is to be read at a glance");
        let help = place.recipe(name, &["--help"]).quietly();
        assert!(
            help.text().starts_with(&format!("{name}: "))
                && help.text().contains(&format!("\n  {name} [--source ")),
            "{}",
            help.text()
        );
        for option in ["demo|live|FILE", "[--records ", "[--out ", "[--serve PORT]"] {
            assert!(help.text().contains(option), "{name} {option}: {}", help.text());
        }
        let ran = place.recipe(name, &["--nope", "1"]).with_code(2);
        assert!(ran.err.contains(&format!("{name}: --nope is not known")), "{}", ran.err);
    }
    assert!(!place.path("out").exists(), "nothing was made");
}

#[test]
fn recipes_say_how_the_programs_are_built() {
    let place = Place::new();
    let script = root().join("scripts/meetup-cities");
    let done = place
        .call(&script, ["--records", "1"])
        .env("CARGO_TARGET_DIR", "nowhere")
        .env("PATH", "/usr/bin:/bin")
        .output();
    let said = String::from_utf8(done.expect("a shell").stderr).expect("UTF-8");
    assert_eq!(
        said,
        "meetup-cities: there is no stream-fetch: cargo build --release builds all programs, or put them on the path\n"
    );
    // The quickstart builds some of them.
    fs::remove_file(place.path("release/jsonl-store")).expect("it was there");
    let done =
        place.call(&root().join("scripts/harvest"), ["--records", "1"]).env("PATH", "/usr/bin:/bin").output();
    let said = String::from_utf8(done.expect("a shell").stderr).expect("UTF-8");
    assert!(said.starts_with("harvest: there is no jsonl-store: "), "{said}");
    assert!(!place.path("out").exists(), "nothing was begun");
}

/// Sources with names, as a stand-in for them is asked.
#[test]
fn recipes_ask_live_sources_by_their_names() {
    let place = Place::new();
    place.replace("stream-fetch", "#!/bin/sh\necho \"$*\" >asked\n");
    let asked = |name: &str, variables: &[(&str, &str)]| {
        let script = root().join("scripts").join(name);
        let mut call = place.call(&script, ["--source", "live"]);
        call.env_remove("X_BEARER_TOKEN").env_remove("MEETUP_URL").envs(variables.iter().copied());
        call.output().expect("a shell");
        place.text("asked")
    };
    let token = [("X_BEARER_TOKEN", "hush")];
    assert_eq!(asked("trending-hashtags", &[]), "bluesky\n");
    assert_eq!(asked("trending-hashtags", &token), "x\n");
    assert_eq!(asked("meetup-cities", &[]), "meetup --time .mtime --speed 1x\n");
    let server = [("MEETUP_URL", "http://127.0.0.1:1")];
    assert_eq!(
        asked("meetup-cities", &server),
        "meetup --base-url http://127.0.0.1:1 --time .mtime --speed 1x\n"
    );
}

/// The quickstart, without its build: that of the tests stands in for it.
#[test]
fn the_quickstart_shows_what_it_promises() {
    let place = Place::new();
    // Where it builds, so that the programs stand where it looks for them.
    symlink(place.path("release"), place.path("quick")).expect("a link");
    place.replace("cargo", "#!/bin/sh\necho \"$@\" >cargo.log\n");
    fs::create_dir(place.path("scripts")).expect("a folder");
    fs::copy(root().join("scripts/quickstart"), place.path("scripts/quickstart")).expect("a copy");
    symlink(root().join("tests"), place.path("tests")).expect("a link");
    let ran = place.run(&place.path("scripts/quickstart"), [""; 0]).with_code(0);
    assert_eq!(
        place.text("cargo.log"),
        "build --locked --profile quick --no-default-features --bin stream-fetch --bin jsonl-filter --bin window-count \
         --bin topn --bin plot-svg --bin plot-term\n"
    );
    assert!(ran.text().contains("This is a quick build"), "{}", ran.text());
    let manifest = fs::read_to_string(root().join("Cargo.toml")).expect("ours");
    assert!(manifest.contains("\n[profile.quick]\n"), "there is such a profile");
    let release = place.path("release").display().to_string();
    let built = place.run(&place.path("scripts/quickstart"), ["--programs", &release]).with_code(0);
    assert!(built.text().starts_with("\n1. "), "nothing is built: {}", built.text());
    let said = &ran.text()[ran.text().find("\n1. ").expect("a first command")..];
    let at = |part: &str| said.find(part).unwrap_or_else(|| panic!("no {part:?} in:\n{said}\n{}", ran.err));
    assert!(
        at("$ topn 10 --key .lang") < at("en")
            && at("en") < at("$ window-count --key")
            && at("plot-svg") < at("the picture is ")
    );
    assert!(at("the picture is ") < at("\nthe same bytes\n"), "{said}");
    assert_eq!(place.text("out/file.jsonl"), place.text("out/replay.jsonl"));
    let rows = json_lines(&place.text("out/top.jsonl"));
    let texts = place.texts("out/hashtags.svg");
    let newest = rows.last().expect("rows");
    assert!(
        texts.iter().any(|text| text == newest["hashtag"].as_str().expect("a tag")),
        "{newest} {texts:?}"
    );
}
