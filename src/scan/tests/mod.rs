//! The scanner against naive models: see each file's head.

mod document;
mod grammar;
mod hits;
mod kernels;
mod recordings;
mod verdict;

use super::{Path, Step};

/// `.a`
fn key(name: &str) -> Step {
    Step::Key { name: name.into(), optional: false }
}

/// `.a.b[]` and the like, for names of letters.
fn path(text: &str) -> Path {
    let mut steps = Vec::new();
    for part in text.replace('[', ".[").split('.').filter(|part| !part.is_empty()) {
        let optional = part.ends_with('?');
        let part = part.trim_end_matches('?');
        steps.push(match part.strip_prefix('[').map(|rest| rest.trim_end_matches(']')) {
            None => Step::Key { name: part.into(), optional },
            Some("") => Step::Each { optional },
            Some(place) => Step::Index { at: place.parse().unwrap(), optional },
        });
    }
    steps
}
