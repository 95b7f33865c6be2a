//! The questions of the fuzz targets, on their seeds, on the beginnings of these, and on texts that are made from them.
//!
//! `scripts/fuzz` looks further, guided by what each input reaches.

#[path = "../fuzz/checks/mod.rs"]
mod checks;

use std::fs;
use std::path::Path;

use checks::CHECKS;
use trendpipe::random::Random;

/// Texts made from the seeds, for each target: as many as take a second or two.
const TEXTS: [(&str, u64); 9] = [
    ("chart", 30),
    ("expr", 50),
    ("partial", 400),
    ("scan", 4000),
    ("sse", 10_000),
    ("state", 2000),
    ("text", 1000),
    ("time", 10_000),
    ("websocket", 400),
];

/// The seeds of a target, by name.
fn seeds(target: &str) -> Vec<(String, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/seeds").join(target);
    let files = fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut seeds: Vec<_> = files
        .map(|file| {
            let path = file.expect("an entry").path();
            (path.display().to_string(), fs::read(&path).expect("readable"))
        })
        .collect();
    seeds.sort();
    assert!(!seeds.is_empty(), "{target} has seeds");
    seeds
}

#[test]
fn seeds_and_their_beginnings() {
    for (target, check) in CHECKS {
        for (name, seed) in seeds(target) {
            let _shown = Shown(name.as_bytes());
            check(&seed);
            // A beginning a piece: few of a long seed, all of a short one.
            for end in (0..seed.len()).step_by(seed.len() / 16 + 1) {
                check(&seed[..end]);
            }
        }
    }
}

/// A state that was packed in an older form would be refused at its first bytes, and ask nothing. With BLESS=1 they are written anew.
#[test]
fn seeds_of_states_are_states() {
    for (name, seed) in checks::states() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/seeds/state").join(&name);
        if std::env::var_os("BLESS").is_some() {
            fs::write(&path, &seed).expect("written");
        }
        assert_eq!(fs::read(&path).ok(), Some(seed), "{}: run again with BLESS=1", path.display());
    }
}

#[test]
fn texts_made_from_seeds() {
    for (stream, (target, check)) in (1..).zip(CHECKS) {
        let seeds = seeds(target);
        let mut random = Random::new(7, stream);
        let (_, texts) = TEXTS.into_iter().find(|(name, _)| *name == target).expect("as many as are wanted");
        for _ in 0..texts {
            let text = made(&seeds, &mut random);
            let _shown = Shown(&text);
            check(&text);
        }
    }
}

/// Says what was asked about when the check of it fails.
struct Shown<'a>(&'a [u8]);

impl Drop for Shown<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            println!("asked of \"{}\"", self.0.escape_ascii());
        }
    }
}

/// A seed in which some pieces were changed, taken out, said twice, or taken from another.
fn made(seeds: &[(String, Vec<u8>)], random: &mut Random) -> Vec<u8> {
    let mut text = random.pick(seeds).1.clone();
    for _ in 0..1 + random.index(4) {
        let at = random.index(text.len() + 1);
        let length = random.index(16).min(text.len() - at);
        match random.index(5) {
            0 if at < text.len() => text[at] = random.bits() as u8,
            1 if at < text.len() => text[at] ^= 1 << random.index(8),
            2 => drop(text.drain(at..at + length)),
            3 => {
                let piece = text[at..at + length].to_vec();
                text.splice(at..at, piece);
            }
            _ => {
                let other = &random.pick(seeds).1;
                let from = random.index(other.len() + 1);
                let piece = other[from..(from + length).min(other.len())].to_vec();
                text.splice(at..at, piece);
            }
        }
    }
    text
}
