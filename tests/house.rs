//! The house rules that a reader can rely on: arrows between rooms point down, files stay small, the library does not
//! talk, and `unsafe` stays in one room.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Rooms from the ground up. A room uses those before it, and itself.
const ROOMS: [&str; 24] = [
    "pack", "brief", "near", "random", "scan", "time", "jsonl", "text", "expr", "row", "net", "state",
    "archive", "drive", "record", "window", "rank", "topic", "chart", "source", "serve", "sink", "job",
    "cli",
];

/// Of the rooms below, those that a room has no business with.
const STRANGERS: [(&str, &[&str]); 14] = [
    ("archive", &["scan", "time", "text", "expr", "row", "net", "state"]),
    ("state", &["scan", "time", "text", "expr", "row", "net"]),
    ("text", &["scan", "time", "jsonl"]),
    ("record", &["text", "expr", "net", "drive"]),
    ("time", &["scan"]),
    ("expr", &["time"]),
    ("net", &["scan", "time", "text", "expr", "row"]),
    ("window", &["scan", "jsonl", "text", "expr", "net", "drive"]),
    ("topic", &["time", "jsonl", "text", "expr", "row", "net", "drive", "window", "rank"]),
    ("rank", &["text", "expr", "net", "drive", "window"]),
    ("chart", &["text", "expr", "net", "drive", "window", "rank"]),
    ("sink", &["text", "expr", "drive", "record", "window", "rank", "topic", "chart", "source"]),
    ("serve", &["scan", "text", "expr", "net", "state", "drive", "window", "topic", "record", "source"]),
    ("source", &["text", "row", "drive", "window", "rank", "topic", "chart"]),
];

/// A file over this length holds two ideas.
const LONGEST: usize = 500;

fn sources() -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("src")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = fs::read_to_string(&path).expect("UTF-8");
                let inside =
                    path.strip_prefix(Path::new(env!("CARGO_MANIFEST_DIR")).join("src")).expect("inside");
                found.push((inside.to_owned(), text));
            }
        }
    }
    found.sort();
    assert!(found.len() > 50, "the sources are there");
    found
}

fn room_of(file: &Path) -> String {
    let first = file.components().next().expect("a name").as_os_str().to_string_lossy().into_owned();
    first.trim_end_matches(".rs").to_owned()
}

fn is_test(file: &Path) -> bool {
    file.to_string_lossy().contains("test")
}

/// The code before the unit tests at the end of a file, without comments.
fn code(text: &str) -> String {
    let end = text.find("#[cfg(test)]\nmod tests {").unwrap_or(text.len());
    text[..end].lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n")
}

#[test]
fn arrows_point_down() {
    let mut wrong = BTreeSet::new();
    for (file, text) in sources() {
        let room = room_of(&file);
        let Some(height) = ROOMS.iter().position(|known| *known == room) else {
            assert!(["bin", "lib"].contains(&room.as_str()), "{} is in no known room", file.display());
            continue;
        };
        if is_test(&file) {
            continue;
        }
        let strangers =
            STRANGERS.iter().find(|(known, _)| *known == room).map_or(&[][..], |(_, rooms)| rooms);
        let code = code(&text);
        assert!(!code.contains("crate::{"), "{}: rooms in braces are not seen here", file.display());
        for (at, _) in code.match_indices("crate::") {
            let used: String =
                code[at + 7..].chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect();
            let Some(other) = ROOMS.iter().position(|known| *known == used) else { continue };
            if other > height || strangers.contains(&used.as_str()) {
                wrong.insert(format!("{} uses {used}", file.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn files_stay_small() {
    let long: Vec<String> = sources()
        .into_iter()
        .filter(|(_, text)| text.lines().count() > LONGEST)
        .map(|(file, text)| format!("{}: {} lines", file.display(), text.lines().count()))
        .collect();
    assert!(long.is_empty(), "{long:#?}");
}

#[test]
fn unsafe_code_stays_in_one_room() {
    for (file, text) in sources() {
        let has = code(&text).contains("unsafe ");
        assert!(!has || room_of(&file) == "scan", "{} has unsafe code", file.display());
    }
}

#[test]
fn the_library_does_not_talk_or_end_the_process() {
    for (file, text) in sources() {
        if is_test(&file) || room_of(&file) == "cli" {
            continue;
        }
        for word in ["println!", "eprintln!", "process::exit"] {
            assert!(!code(&text).contains(word), "{} has {word}", file.display());
        }
    }
}
