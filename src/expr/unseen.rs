//! Fields that an expression asks for and that records do not have: most often misspelt ones.

use super::plan::show_path;
use super::walk::{self, Kind};
use super::{functions, text};
use crate::near::nearest;
use crate::scan::{Hit, Path, Scanner, Step};
use std::collections::BTreeSet;

/// A field that no record has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unseen {
    /// As it is asked for.
    pub path: String,
    /// Its last name.
    name: String,
    /// The most similar field beside it, if one is similar.
    pub nearest: Option<String>,
}

/// Which of the fields that a program asks for some record has had.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Seen(u64);

impl Seen {
    /// What the one or the other has.
    pub fn and(self, other: Seen) -> Seen {
        Seen(self.0 | other.0)
    }

    /// Of paths beyond the 64th nothing is known, so nothing is said.
    pub(super) fn has(self, path: usize) -> bool {
        path >= 64 || self.0 >> path & 1 == 1
    }

    /// Notes what the record that was scanned last has of so many paths. Costs nothing once all have been seen, which is most
    /// often the first record.
    #[inline]
    pub(super) fn note(&mut self, scanner: &Scanner, paths: usize) {
        let all = if paths < 64 { (1 << paths) - 1 } else { u64::MAX };
        if self.0 != all {
            self.note_missing(scanner, all);
        }
    }

    fn note_missing(&mut self, scanner: &Scanner, all: u64) {
        let mut left = all & !self.0;
        while left != 0 {
            let path = left.trailing_zeros();
            // An array without elements tells nothing of what would be in it, so it is none that lacks the field.
            let lacks = |hit: &Hit| matches!(hit, Hit::Missing | Hit::Mismatch);
            let hits = scanner.hits(path as usize);
            if hits.is_empty() || !hits.iter().all(lacks) {
                self.0 |= 1 << path;
            }
            left &= left - 1;
        }
    }
}

impl Unseen {
    /// Of a path that no record has. Which part of it is missing, and what it was mistaken for, is looked up in the first
    /// records; that no record has that part is certain where these are all.
    pub(super) fn of(path: &Path, records: &[&[u8]], is_all: bool) -> Option<Unseen> {
        let names: Vec<&str> = path.iter().map_while(name).collect();
        let missing = first_unseen(&names, records)?;
        Some(if is_all { missing } else { Unseen { path: show_path(&path[..names.len()]), ..missing } })
    }

    /// Whether the user wrote the field. Our functions read some of their own accord, `language` those of each service, and
    /// are called like some.
    pub(super) fn is_named_in(&self, source: &str) -> bool {
        let is_of_word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
        let bytes = source.as_bytes();
        let name = self.name.as_str();
        source.match_indices(name).any(|(at, _)| {
            let before = at.checked_sub(1).map(|at| bytes[at]);
            let after = bytes.get(at + name.len()).copied();
            let is_whole = !before.is_some_and(is_of_word) && !after.is_some_and(is_of_word);
            is_whole && (matches!(before, Some(b'.' | b'"')) || !functions::names().contains(&name))
        })
    }
}

fn name(step: &Step) -> Option<&str> {
    match step {
        Step::Key { name, .. } => Some(name),
        _ => None,
    }
}

/// The shortest beginning of the path that no record has.
fn first_unseen(names: &[&str], records: &[&[u8]]) -> Option<Unseen> {
    let mut values: Vec<&[u8]> = records.to_vec();
    for (place, name) in names.iter().enumerate() {
        let mut beside: BTreeSet<String> = BTreeSet::new();
        let mut below = Vec::new();
        for (quoted, value) in values.iter().filter_map(|value| walk::members(value)).flatten() {
            let Some(known) = text::decode(quoted) else { continue };
            if known == *name {
                below.push(value);
            } else if !beside.contains(&*known) {
                beside.insert(known.into_owned());
            }
        }
        if below.is_empty() {
            let shown = |last: &str| {
                let names = names[..place].iter().copied().chain([last]);
                let steps: Vec<Step> =
                    names.map(|name| Step::Key { name: name.to_owned(), optional: false }).collect();
                show_path(&steps)
            };
            let nearest = nearest(name, beside.iter().map(String::as_str)).map(shown);
            // Below what is always null or empty there may be anything.
            return (!beside.is_empty()).then(|| Unseen {
                path: shown(name),
                name: (*name).to_owned(),
                nearest,
            });
        }
        values = below;
        values.retain(|value| walk::kind(value).is_ok_and(|kind| kind == Kind::Object));
    }
    None
}
