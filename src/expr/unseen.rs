//! Fields that an expression asks for and that records do not have: most often misspelt ones.

use super::error::distance;
use super::plan::show_path;
use super::walk::{self, Kind};
use super::{Expr, text};
use crate::scan::Step;

/// A field that no record has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unseen {
    /// As it is asked for.
    pub path: String,
    /// The most similar field beside it, if one is similar.
    pub nearest: Option<String>,
}

impl Expr {
    /// The fields that the expression asks for and none of the records has, in the order in which it asks.
    pub fn unseen(&self, records: &[&[u8]]) -> Vec<Unseen> {
        let mut unseen: Vec<Unseen> = Vec::new();
        for path in self.paths() {
            let names: Vec<&str> = path.iter().map_while(name).collect();
            if let Some(missing) = first_unseen(&names, records)
                && !unseen.contains(&missing)
            {
                unseen.push(missing);
            }
        }
        unseen
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
        let mut beside: Vec<String> = Vec::new();
        let mut below = Vec::new();
        for (quoted, value) in values.iter().filter_map(|value| walk::members(value)).flatten() {
            let Some(known) = text::decode(quoted) else { continue };
            if known == *name {
                below.push(value);
            } else if !beside.iter().any(|seen| *seen == known) {
                beside.push(known.into_owned());
            }
        }
        if below.is_empty() {
            let shown = |last: &str| {
                let names = names[..place].iter().copied().chain([last]);
                let steps: Vec<Step> =
                    names.map(|name| Step::Key { name: name.to_owned(), optional: false }).collect();
                show_path(&steps)
            };
            let nearest = nearest(name, &beside).map(shown);
            // Below what is always null or empty there may be anything.
            return (!beside.is_empty()).then(|| Unseen { path: shown(name), nearest });
        }
        values = below;
        values.retain(|value| walk::kind(value).is_ok_and(|kind| kind == Kind::Object));
    }
    None
}

/// The name that is closest, if it is close: written in another way, or with a slip or two.
fn nearest<'n>(name: &str, names: &'n [String]) -> Option<&'n str> {
    let plain = |name: &str| name.to_lowercase().replace(['_', '-', ' '], "");
    let wanted = plain(name);
    let allowed = (wanted.len() / 3).clamp(1, 3);
    let distances = names.iter().map(|known| (distance(&wanted, &plain(known)), known));
    let nearest = distances.filter(|(distance, _)| *distance <= allowed).min();
    nearest.map(|(_, known)| known.as_str())
}
