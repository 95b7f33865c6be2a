//! `scripts/harvest`, as a user runs it: what is in its files and databases, and what it finds there, against counts that share
//! no code with the crate.
#![cfg(all(feature = "sqlite", feature = "postgres", feature = "mysql"))]

mod common;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use common::database::{Base, Kind};
use common::place::Place;
use common::{demo, json_lines, programs};
use serde_json::Value;

/// The sources of the demo, each with a field that its records alone have.
const SOURCES: [(&str, &str, &str); 3] =
    [("X", "demo:tweets", "text"), ("GitHub", "demo:github", "actor"), ("Meetup", "demo:rsvps", "rsvp_id")];

/// What a record is about, under its source and id: the one that came last.
type Records = BTreeMap<(String, String), Vec<String>>;

fn texts(values: &Value, name: &str) -> Vec<String> {
    let all = values.as_array().into_iter().flatten();
    all.map(|value| value[name].as_str().expect("a text").to_owned()).collect()
}

/// By definition, from the streams.
fn expected(records: usize) -> Records {
    let mut all = Records::new();
    for (name, source, own) in SOURCES {
        let stream = demo(source, records);
        let lines = stream.split(|byte| *byte == b'\n');
        let values = lines.filter_map(|line| serde_json::from_slice::<Value>(line).ok());
        for value in values.filter(|value| value.get(own).is_some()) {
            let (id, about) = match name {
                "X" => {
                    // A retweet cuts the text, and has what the original has.
                    let own = value.get("retweeted_status").unwrap_or(&value);
                    let whole = own.get("extended_tweet").unwrap_or(own);
                    (&value["id_str"], texts(&whole["entities"]["hashtags"], "text"))
                }
                "GitHub" => {
                    let language = &value["payload"]["pull_request"]["base"]["repo"]["language"];
                    (&value["id"], language.as_str().map(str::to_owned).into_iter().collect())
                }
                _ => (&value["rsvp_id"], texts(&value["group"]["group_topics"], "topic_name")),
            };
            let id = id.as_str().map_or_else(|| id.to_string(), str::to_owned);
            all.insert((name.to_owned(), id), about);
        }
    }
    all
}

/// Of records in the recipe's shape.
fn about(records: &[Value]) -> Records {
    let text = |record: &Value, name: &str| record[name].as_str().expect("a text").to_owned();
    let about = |record: &Value| -> Vec<String> {
        let all = record["about"].as_array().expect("a list").iter();
        all.map(|value| value.as_str().expect("a text").to_owned()).collect()
    };
    records.iter().map(|record| ((text(record, "source"), text(record, "id")), about(record))).collect()
}

fn files(place: &Place) -> Vec<Value> {
    let pattern = place.path("out/json/*.jsonl").display().to_string();
    let files = glob::glob(&pattern).expect("a pattern").flatten();
    files.flat_map(|file| json_lines(&fs::read_to_string(file).expect("a file"))).collect()
}

/// Rows of an SQLite file, of texts.
fn sqlite(place: &Place, query: &str) -> Vec<Vec<String>> {
    let base = rusqlite::Connection::open(place.path("out/harvest.db")).expect("a database");
    let mut query = base.prepare(query).expect("a query");
    let width = query.column_count();
    let rows = query.query_map([], |row| (0..width).map(|at| row.get::<_, String>(at)).collect());
    rows.expect("rows").collect::<Result<_, _>>().expect("texts")
}

#[test]
fn harvest_keeps_each_record_once_and_finds_what_is_in_them() {
    let place = Place::new();
    for _ in 0..2 {
        place.recipe("harvest", &["--records", "2000"]).quietly();
    }
    let expected = expected(2000);
    let kept = files(&place);
    assert_eq!(kept.len(), expected.len(), "each once");
    assert!(about(&kept) == expected);
    let names: BTreeSet<String> = fs::read_dir(place.path("out/json"))
        .expect("a folder")
        .map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned())
        .collect();
    let days = ["github", "meetup", "x"].map(|name| format!("2018-11-12-{name}.jsonl"));
    assert_eq!(names.into_iter().collect::<Vec<_>>(), days);

    let rows = sqlite(&place, "SELECT source, id, about, typeof(at) FROM harvest");
    let stored: Records = rows
        .iter()
        .map(|row| ((row[0].clone(), row[1].clone()), serde_json::from_str(&row[2]).expect("a list")))
        .collect();
    assert!(rows.len() == expected.len() && stored == expected);

    // Group: what is plain ASCII is folded as Rust folds it.
    let mut groups: BTreeMap<(&str, String), u64> = BTreeMap::new();
    for ((source, _), about) in &expected {
        for value in about {
            *groups.entry((source, value.to_lowercase())).or_default() += 1;
        }
    }
    let rows = json_lines(&place.text("out/groups.jsonl"));
    assert_eq!(rows.len(), 24, "eight of each");
    for row in &rows {
        let shown = row["count"].as_u64().expect("a count");
        let (source, about) =
            (row["source"].as_str().expect("a source"), row["about"].as_str().expect("a text"));
        assert_eq!(shown, groups[&(source, about.to_lowercase())], "{row}");
        let larger = groups.iter().filter(|((of, _), count)| *of == source && shown < **count);
        assert!(larger.count() < row["rank"].as_u64().expect("a rank") as usize, "{row}");
    }

    // Join.
    let bare = |text: &str| text.to_lowercase().replace([' ', '_', '-'], "");
    let mut meetings: BTreeMap<String, u64> = BTreeMap::new();
    let mut others: BTreeMap<(String, String), u64> = BTreeMap::new();
    for ((source, _), about) in &expected {
        for value in about {
            if source == "Meetup" {
                *meetings.entry(bare(value)).or_default() += 1;
            } else {
                *others.entry((source.clone(), bare(value))).or_default() += 1;
            }
        }
    }
    let joined: BTreeSet<String> = others
        .iter()
        .filter_map(|((source, about), count)| {
            Some(format!("{source},{about},{},{count}", meetings.get(about)?))
        })
        .collect();
    let csv = place.text("out/joined.csv");
    let found: BTreeSet<String> =
        csv.lines().skip(1).map(|line| line.splitn(5, ',').take(4).collect::<Vec<_>>().join(",")).collect();
    assert!(joined.len() > 4 && found == joined, "{joined:?} {found:?}");

    let english = place.text("out/english.csv");
    assert!(english.starts_with("at,who,text\n2018-11-12T19:00:0"), "{}", &english[..80]);
    let is_english = |record: &&Value| record["source"] == "X" && record["what"] == "en";
    let mut reader = csv::Reader::from_reader(english.as_bytes());
    assert_eq!(reader.records().count(), kept.iter().filter(is_english).count());
    assert!(place.text("out/fields.txt").contains(".about[]"));
    let page = place.text("out/harvest.html");
    assert!(page.contains("What X, GitHub and Meetup are about") && page.contains("Meetup / Hiking"));
}

/// A record at a time leaves what micro-batches leave, in each database.
#[test]
fn harvest_stores_in_several_databases_at_once() {
    let bases: Vec<Base> = [Kind::Postgres, Kind::Mariadb].into_iter().filter_map(Base::new).collect();
    let targets: Vec<String> = bases.iter().map(Base::address).collect();
    let place = Place::new();
    let to = format!("sqlite:out/harvest.db {}", targets.join(" "));
    place.recipe("harvest", &["--records", "60", "--to", &to, "--batch", "1"]).quietly();
    let query = "SELECT source, id, who FROM harvest ORDER BY source, id";
    let expected = sqlite(&place, query);
    assert!(expected.len() > 150, "{}", expected.len());
    let lines = || -> Vec<Vec<String>> {
        let rows: Vec<String> = expected.iter().map(|row| row.join("|")).collect();
        bases.iter().map(|base| base.lines(query)).chain([rows]).collect()
    };
    let sorted = |mut lines: Vec<String>| {
        lines.sort();
        lines
    };
    let whole: Vec<Vec<String>> = lines().into_iter().map(sorted).collect();
    assert!(whole.iter().all(|lines| *lines == whole[0]));
    place.recipe("harvest", &["--records", "60", "--to", &to]).quietly();
    assert!(lines().into_iter().map(sorted).eq(whole), "the same again");
}

#[test]
fn harvest_takes_a_folder_with_a_blank_in_its_name() {
    let place = Place::new();
    place.recipe("harvest", &["--records", "60", "--out", "all of it"]).quietly();
    assert!(place.path("all of it/harvest.db").exists() && place.path("all of it/harvest.html").exists());
}

#[test]
fn harvest_takes_a_file_of_all_shapes() {
    let place = Place::new();
    let mut lines: Vec<Vec<u8>> = Vec::new();
    for (_, source, _) in SOURCES {
        lines.extend(demo(source, 200).split_inclusive(|byte| *byte == b'\n').map(<[u8]>::to_vec));
    }
    // Not in the order of the sources.
    lines.sort();
    fs::write(place.path("all.jsonl"), lines.concat()).expect("a file");
    place.recipe("harvest", &["--source", "all.jsonl"]).quietly();
    let kept = about(&files(&place));
    let keys: BTreeSet<_> = kept.keys().collect();
    assert!(keys == expected(200).keys().collect());
}

/// The sources of `live`, by their names; this test serves them.
#[test]
fn harvest_asks_the_live_sources_at_once() {
    let place = Place::new();
    let program = programs().join("stream-fetch").display().to_string();
    place.replace(
        "stream-fetch",
        &format!(
            "#!/bin/sh\necho \"$*\" >>asked\ncase $* in *x|*bluesky) s=demo:tweets ;; *github) s=demo:github ;; *) s=demo:rsvps ;; esac\n\
             exec {program} -q --records 30 $s\n"
        ),
    );
    let live = |variables: &[(&str, &str)]| {
        let script = common::place::root().join("scripts/harvest");
        let mut call = place.call(&script, ["--source", "live", "--records", "30"]);
        call.env_remove("X_BEARER_TOKEN").env_remove("MEETUP_URL").envs(variables.iter().copied());
        let done = call.output().expect("there is a shell");
        assert!(done.status.success() && done.stderr.is_empty(), "{}", String::from_utf8_lossy(&done.stderr));
        let asked: BTreeSet<String> = place.text("asked").lines().map(str::to_owned).collect();
        fs::remove_file(place.path("asked")).expect("ours");
        asked.into_iter().collect::<Vec<_>>()
    };
    assert_eq!(live(&[]), ["-q --records 30 bluesky", "-q --records 30 github"]);
    let asked = live(&[("X_BEARER_TOKEN", "hush"), ("MEETUP_URL", "http://127.0.0.1:1")]);
    let all = [
        "-q --records 30 github",
        "-q --records 30 meetup --base-url http://127.0.0.1:1",
        "-q --records 30 x",
    ];
    assert_eq!(asked, all);
    let sources: BTreeSet<String> = about(&files(&place)).into_keys().map(|(source, _)| source).collect();
    assert_eq!(sources.into_iter().collect::<Vec<_>>(), ["GitHub", "Meetup", "X"]);
}

#[test]
fn harvest_says_when_something_is_not_stored() {
    let place = Place::new();
    fs::create_dir(place.path("taken.db")).expect("a folder");
    let ran = place.recipe("harvest", &["--records", "20", "--to", "sqlite:taken.db"]).with_code(4);
    assert!(ran.err.contains("taken.db") && ran.err.contains("harvest: not all is stored"), "{}", ran.err);
    assert!(!place.path("out/harvest.html").exists());
    let ran = place.recipe("harvest", &["--source", "nowhere.jsonl"]).with_code(4);
    assert!(
        ran.err.contains("nowhere.jsonl") && ran.err.contains("stream-fetch ended with 4"),
        "{}",
        ran.err
    );
}
