//! How the files of a recording are named: a path with directives of strftime, in UTC.

use std::path::{Path, PathBuf};

use jiff::civil::Weekday;
use jiff::fmt::strtime::BrokenDownTime;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

use super::Packing;

/// What stands behind the name of a file that is not whole yet.
pub(super) const PART: &str = ".part";

/// A path in which the time stands: `raw/%Y-%m-%dT%H.jsonl.zst`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern(String);

impl Pattern {
    /// Reads a pattern.
    ///
    /// # Errors
    ///
    /// A directive that is none, or a path that names no file, as a sentence.
    pub fn parse(text: &str) -> Result<Pattern, String> {
        let pattern = Pattern(text.to_owned());
        let name = pattern.try_at(Timestamp::UNIX_EPOCH).map_err(|error| {
            format!("{text:?} is no pattern for files: {error}; one that can be used is 'raw/%Y-%m-%dT%H.jsonl.zst'")
        })?;
        if text.is_empty() || text.ends_with('/') || Path::new(&name).file_name().is_none() {
            return Err(format!("{text:?} names a folder; add a file to it: 'raw/%Y-%m-%dT%H.jsonl.zst'"));
        }
        if text.ends_with(PART) {
            return Err(format!(
                "{text:?}: a file that is not whole yet is called so; choose another ending"
            ));
        }
        Ok(pattern)
    }

    /// The file of this time.
    pub fn at(&self, time: Timestamp) -> PathBuf {
        // It was tried when it was parsed, and no directive depends on the value of a time.
        self.try_at(time).unwrap_or_else(|_| self.0.clone()).into()
    }

    fn try_at(&self, time: Timestamp) -> Result<String, jiff::Error> {
        BrokenDownTime::from(&time.to_zoned(TimeZone::UTC)).to_string(&self.0)
    }

    /// How the file's content is packed, by its ending.
    pub fn packing(&self) -> Packing {
        match Path::new(&self.0).extension().and_then(|extension| extension.to_str()) {
            Some("gz") => Packing::Gzip,
            Some("zst") => Packing::Zstd,
            _ => Packing::Plain,
        }
    }

    /// After how many seconds at the earliest the name changes.
    pub fn step(&self) -> i64 {
        let at = |second| Timestamp::from_second(second).map(|time| self.at(time));
        if at(0).ok() == at(59).ok() { 60 } else { 1 }
    }

    /// The times whose file this is, from the first on and before the second; none if its name does not tell.
    pub fn span_of(&self, path: &Path) -> Option<(Timestamp, Timestamp)> {
        let name = path.to_str()?;
        let mut parsed = BrokenDownTime::parse(&self.0, name).ok()?;
        // A file of a week, a month or a year begins with its first day.
        if parsed.timestamp().is_none() && parsed.to_date().is_err() {
            if parsed.iso_week().is_some() {
                parsed.set_weekday(Some(Weekday::Monday));
            } else {
                parsed.set_month(parsed.month().or(Some(1))).ok()?;
                parsed.set_day(Some(1)).ok()?;
            }
        }
        let start = match parsed.timestamp() {
            Some(time) => time.to_zoned(TimeZone::UTC),
            None => parsed.to_datetime().ok()?.to_zoned(TimeZone::UTC).ok()?,
        };
        let is_same = |time: &jiff::Zoned| self.at(time.timestamp()) == path;
        let units = [1.second(), 1.minute(), 1.hour(), 1.day(), 1.week(), 1.month(), 1.year()];
        // The name changes behind it after one of them; a pattern without the year has no such time.
        let end =
            units.into_iter().filter_map(|unit| start.checked_add(unit).ok()).find(|end| !is_same(end))?;
        is_same(&start).then(|| (start.timestamp(), end.timestamp()))
    }

    /// What matches all files of this pattern that are not whole, as a shell's pattern.
    pub(super) fn parts(&self) -> Vec<String> {
        let glob = self.glob();
        let numbered = numbered(Path::new(&glob), "_[0-9]*");
        [Some(format!("{glob}{PART}")), numbered.to_str().map(|glob| format!("{glob}{PART}"))]
            .into_iter()
            .flatten()
            .collect()
    }

    /// What matches all files of this pattern, as a shell's pattern.
    pub fn glob(&self) -> String {
        let mut glob = String::new();
        let mut rest = self.0.chars().peekable();
        while let Some(char) = rest.next() {
            match char {
                '%' if rest.peek() == Some(&'%') => glob.extend(rest.next()),
                '%' => {
                    // Flags and widths stand before the letter of a directive.
                    let is_before = |char: &char| "-_0^#:.".contains(*char) || char.is_ascii_digit();
                    while rest.next_if(is_before).is_some() {}
                    rest.next();
                    // Two of them would be a wildcard for folders.
                    if !glob.ends_with('*') {
                        glob.push('*');
                    }
                }
                '*' | '?' | '[' | ']' => glob.extend(['[', char, ']']),
                char => glob.push(char),
            }
        }
        glob
    }
}

/// The further files of a name: `T10_0001.jsonl.zst` stands behind `T10.jsonl.zst` in the order of names, and before T11.
pub(super) fn further(path: &Path, number: u32) -> PathBuf {
    if number == 0 { path.to_owned() } else { numbered(path, &format!("_{number:04}")) }
}

fn numbered(path: &Path, number: &str) -> PathBuf {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    // The ending that says how it is packed, and the one before it, which says what is in it.
    let packed = name.strip_suffix(".gz").or_else(|| name.strip_suffix(".zst")).unwrap_or(name);
    let is_ending = |ending: &str| {
        (1..=8).contains(&ending.len())
            && ending.bytes().all(|byte| byte.is_ascii_alphanumeric())
            && ending.starts_with(|first: char| first.is_ascii_alphabetic())
    };
    let stem = match packed.rsplit_once('.') {
        Some((stem, ending)) if !stem.is_empty() && is_ending(ending) => stem.len(),
        _ => packed.len(),
    };
    path.with_file_name(format!("{}{number}{}", &name[..stem], &name[stem..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(pattern: &str) -> String {
        let time: Timestamp = "2026-11-21T09:59:59.9Z".parse().unwrap();
        Pattern::parse(pattern).unwrap().at(time).display().to_string()
    }

    #[test]
    fn the_time_stands_in_the_name() {
        assert_eq!(at("raw/%Y-%m-%dT%H.jsonl.zst"), "raw/2026-11-21T09.jsonl.zst");
        assert_eq!(at("raw/%Y/%m/%d/%H%M.jsonl"), "raw/2026/11/21/0959.jsonl");
        assert_eq!(at("100%%.jsonl"), "100%.jsonl");
        for (pattern, hint) in
            [("raw/%Q%", "no pattern"), ("", "folder"), ("raw/", "folder"), ("a.part", "not whole")]
        {
            let error = Pattern::parse(pattern).unwrap_err();
            assert!(error.contains(hint), "{pattern}: {error}");
        }
    }

    #[test]
    fn the_ending_says_how_it_is_packed() {
        let packing = |pattern: &str| Pattern::parse(pattern).unwrap().packing();
        assert_eq!(packing("%H.jsonl.gz"), Packing::Gzip);
        assert_eq!(packing("%H.zst"), Packing::Zstd);
        assert_eq!(packing("%H.jsonl"), Packing::Plain);
    }

    #[test]
    fn a_name_tells_the_times_of_its_file() {
        let span = |pattern: &str, path: &str| {
            let pattern = Pattern::parse(pattern).unwrap();
            pattern.span_of(Path::new(path)).map(|(start, end)| format!("{start} {end}"))
        };
        for (pattern, path, expected) in [
            (
                "raw/%Y/%m/%d/%H%M.jsonl",
                "raw/2026/11/21/0959.jsonl",
                "2026-11-21T09:59:00Z 2026-11-21T10:00:00Z",
            ),
            ("%Y-%m-%dT%H.csv.gz", "2026-11-21T23.csv.gz", "2026-11-21T23:00:00Z 2026-11-22T00:00:00Z"),
            ("%Y-%m-%d.jsonl", "2024-02-29.jsonl", "2024-02-29T00:00:00Z 2024-03-01T00:00:00Z"),
            ("%Y%m.jsonl", "202602.jsonl", "2026-02-01T00:00:00Z 2026-03-01T00:00:00Z"),
            ("%Y.jsonl", "2026.jsonl", "2026-01-01T00:00:00Z 2027-01-01T00:00:00Z"),
            ("%G-W%V.jsonl", "2026-W47.jsonl", "2026-11-16T00:00:00Z 2026-11-23T00:00:00Z"),
            ("%s.jsonl", "1500000000.jsonl", "2017-07-14T02:40:00Z 2017-07-14T02:40:01Z"),
        ] {
            assert_eq!(span(pattern, path).as_deref(), Some(expected), "{pattern}");
        }
        for (pattern, path) in [
            ("%Y.jsonl", "old.jsonl"),
            ("%H.jsonl", "09.jsonl"),
            ("live.jsonl", "live.jsonl"),
            ("%d.%Y", "1.2026"),
        ] {
            assert_eq!(span(pattern, path), None, "{pattern}");
        }
    }

    #[test]
    fn the_step_is_the_finest_directive() {
        let step = |pattern: &str| Pattern::parse(pattern).unwrap().step();
        assert_eq!((step("%Y"), step("%H%M.gz"), step("%T"), step("%s"), step("x")), (60, 60, 1, 1, 60));
    }

    #[test]
    fn further_files_stand_behind_the_first() {
        let name = |path: &str, number| further(Path::new(path), number).display().to_string();
        assert_eq!(name("raw/T10.jsonl.zst", 0), "raw/T10.jsonl.zst");
        assert_eq!(name("raw/T10.jsonl.zst", 2), "raw/T10_0002.jsonl.zst");
        assert_eq!(name("raw/live", 1), "raw/live_0001");
        assert_eq!(name("raw.d/.hidden.gz", 1), "raw.d/.hidden_0001.gz");
        assert_eq!(name("a.2026.gz", 1), "a.2026_0001.gz");
        let mut names = vec!["T10_0001.jsonl.gz", "T11.jsonl.gz", "T10.jsonl.gz", "T10_0002.jsonl.gz"];
        names.sort_unstable();
        assert_eq!(names, ["T10.jsonl.gz", "T10_0001.jsonl.gz", "T10_0002.jsonl.gz", "T11.jsonl.gz"]);
    }

    #[test]
    fn what_was_left_is_found_whatever_its_time() {
        let matches = |pattern: &str, path: &str| {
            let globs = Pattern::parse(pattern).unwrap().parts();
            globs.iter().any(|glob| glob::Pattern::new(glob).unwrap().matches(path))
        };
        assert!(matches("raw/%Y-%m-%dT%H.jsonl.zst", "raw/2026-11-21T09.jsonl.zst.part"));
        assert!(matches("raw/%Y-%m-%dT%H.jsonl.zst", "raw/2026-11-21T09_0003.jsonl.zst.part"));
        assert!(!matches("raw/%Y-%m-%dT%H.jsonl.zst", "raw/2026-11-21T09.jsonl.zst"));
        assert!(matches("raw/%Y/%H%M.jsonl", "raw/2026/0959.jsonl.part"));
        assert!(matches("a[1]%-d.gz", "a[1]7.gz.part") && !matches("a[1]%-d.gz", "a17.gz.part"));
        assert!(matches("live.jsonl", "live.jsonl.part") && matches("live.jsonl", "live_0001.jsonl.part"));
        assert!(!matches("live.jsonl", "lively.jsonl.part"));
    }
}
