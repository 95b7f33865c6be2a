//! How indices are named, by the time.

use std::path::Path;

use jiff::Timestamp;

use crate::archive::Pattern;
use crate::time::{MILLIS_PER_DAY, Millis};

/// The longest name, in bytes.
const LONGEST_INDEX: usize = 255;

/// How indices are named: a pattern of strftime, in UTC.
pub(super) struct Names {
    text: String,
    pattern: Pattern,
}

impl Names {
    /// Reads a pattern.
    pub(super) fn parse(text: &str) -> Result<Names, String> {
        let pattern = Pattern::parse(text)?;
        let names = Names { text: text.to_owned(), pattern };
        // Directives that write words write others in other months and on other days of the week.
        for month in 0..12 {
            names.at(i64::from(month) * 31 * MILLIS_PER_DAY).map_err(|why| format!("`{text}`: {why}"))?;
        }
        Ok(names)
    }

    /// The index of a time.
    pub(super) fn at(&self, time: Millis) -> Result<String, String> {
        let time = Timestamp::from_millisecond(time).map_err(|_| "its time is in no calendar".to_owned())?;
        let name = self.pattern.at(time).to_string_lossy().into_owned();
        let is_plain =
            |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"._-".contains(&byte);
        if !name.bytes().all(is_plain) || name.starts_with(['.', '_', '-']) || name.len() > LONGEST_INDEX {
            return Err(format!(
                "`{name}` can be no name of an index: lower-case letters, digits, and inside it . _ - make one"
            ));
        }
        Ok(name)
    }

    /// What matches all of them, and maybe others.
    pub(super) fn glob(&self) -> String {
        self.pattern.glob()
    }

    /// What stands before the first directive, without what joins them: a name for all of them.
    pub(super) fn stem(&self) -> &str {
        let stem = self.text.split('%').next().unwrap_or_default().trim_end_matches(['.', '_', '-']);
        if stem.is_empty() { "trendpipe" } else { stem }
    }

    /// Whether the time stands in them.
    pub(super) fn is_dated(&self) -> bool {
        self.glob().contains('*')
    }

    /// When the time is over that has exactly this name; none if it is the name of none.
    pub(super) fn over(&self, name: &str) -> Option<Millis> {
        self.pattern.span_of(Path::new(name)).map(|(_, end)| end.as_millisecond())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::rfc3339;

    #[test]
    fn indices_are_named_by_the_time_and_read_back_exactly() {
        let over = |pattern: &str, name: &str| {
            let names = Names::parse(pattern).expect("a pattern");
            names.over(name).map(rfc3339)
        };
        for (pattern, name, end) in [
            ("t-%Y.%m.%d", "t-2018.11.30", "2018-12-01T00:00:00Z"),
            ("t-%Y.%m", "t-2018.12", "2019-01-01T00:00:00Z"),
            ("t-%Y", "t-2018", "2019-01-01T00:00:00Z"),
            ("t-%Y.%m.%d.%H", "t-2018.11.30.23", "2018-12-01T00:00:00Z"),
            ("t-%Y%j", "t-2018365", "2019-01-01T00:00:00Z"),
            ("t-%G-w%V", "t-2018-w52", "2018-12-31T00:00:00Z"),
        ] {
            assert_eq!(over(pattern, name).as_deref(), Some(end), "{pattern} {name}");
        }
        for other in
            ["t-2018.11.31", "t-2018.1.30", "t-2018.11.30-old", "t-archive.2018.11.30", "t-2018.11", ""]
        {
            assert_eq!(over("t-%Y.%m.%d", other), None, "{other}");
        }
        assert_eq!(over("t", "t"), None);
        for wrong in ["T-%Y", "t-%B", "t/%Y", "_t", "t %Y", "t-%Y:%m", "täg", "%Q", ""] {
            assert!(Names::parse(wrong).is_err(), "{wrong}");
        }
        let names = Names::parse("a-b-%Y.%m.%d").expect("a pattern");
        assert_eq!((names.glob().as_str(), names.stem()), ("a-b-*.*.*", "a-b"));
    }
}
