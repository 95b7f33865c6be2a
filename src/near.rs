//! Which of the known names a mistyped one means.

/// The name that is closest, if it is close: written in another way, or with a slip or two. Of several the first by bytes.
pub fn nearest<'n>(name: &str, known: impl IntoIterator<Item = &'n str>) -> Option<&'n str> {
    let plain = |name: &str| name.to_lowercase().replace(['_', '-', ' '], "");
    let wanted = plain(name);
    let allowed = (wanted.len() / 3).clamp(1, 3);
    let distances = known.into_iter().map(|known| (distance(&wanted, &plain(known)), known));
    distances.filter(|(distance, _)| *distance <= allowed).min().map(|(_, known)| known)
}

/// What stands behind a message about a name that is not known: `; did you mean count?`, or nothing.
pub fn did_you_mean<'n>(name: &str, known: impl IntoIterator<Item = &'n str>) -> String {
    nearest(name, known).map(|known| format!("; did you mean {known}?")).unwrap_or_default()
}

/// How many letters must be inserted, removed, replaced or swapped with their neighbour to make `a` from `b`.
fn distance(a: &str, b: &str) -> usize {
    strsim::osa_distance(a, b)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_are_near_and_other_words_are_not() {
        let known = ["count", "total", "distinct", "followers_count"];
        for (typed, expected) in [
            ("cuont", Some("count")),
            ("Count", Some("count")),
            ("distnct", Some("distinct")),
            ("followersCount", Some("followers_count")),
            ("mean", None),
            ("", None),
        ] {
            assert_eq!(nearest(typed, known), expected, "{typed}");
        }
        assert_eq!(did_you_mean("totl", known), "; did you mean total?");
        assert_eq!(did_you_mean("mean", known), "");
    }
}
