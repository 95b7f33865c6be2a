//! Rejects: lines that are no record, or that a tool cannot use. None is silent.
//!
//! The [`Ledger`] counts them by reason, words a message for the first few, keeps all in a file when asked, and says
//! when there were too many.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::PathBuf;
use std::str::FromStr;

use crate::brief::brief;

/// How many rejects are worded one by one.
const SHOWN: u64 = 5;
/// So much is kept of a line that ends the run and that is too long to be held in memory.
const LAST_LINE: u64 = 256 << 20;
/// How much of a rejected line a message quotes.
const QUOTED_CHARS: usize = 60;

/// Why a line is not used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reject {
    /// One word, the same for all lines rejected for this reason: the key of the counts.
    pub reason: &'static str,
    /// What was found and what was expected, for a person.
    pub detail: Cow<'static, str>,
}

impl Reject {
    /// A reject with its reason and what is to be said about it.
    pub fn new(reason: &'static str, detail: impl Into<Cow<'static, str>>) -> Reject {
        Reject { reason, detail: detail.into() }
    }
}

/// How many rejects a run bears.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum RejectLimit {
    /// So many, checked at each.
    Count(u64),
    /// So much of the records and rejects together, in percent, checked at the end.
    Percent(f64),
}

impl FromStr for RejectLimit {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let percent = |digits: &str| digits.parse().ok().filter(|percent| (0.0..=100.0).contains(percent));
        match text.strip_suffix('%') {
            Some(digits) => percent(digits).map(RejectLimit::Percent),
            None => text.parse().ok().map(RejectLimit::Count),
        }
        .ok_or_else(|| "expected a number of lines such as 100, or a part such as 1%".into())
    }
}

/// What is done about rejects.
#[derive(Clone, Debug, Default)]
pub struct RejectPolicy {
    /// Every rejected line is kept here as it came.
    pub keep: Option<PathBuf>,
    /// More fail the run.
    pub limit: Option<RejectLimit>,
    /// The first one ends the run.
    pub strict: bool,
}

/// The account of all rejects of a run.
pub struct Ledger {
    policy: RejectPolicy,
    counts: BTreeMap<&'static str, u64>,
    total: u64,
    kept: Option<Kept>,
    /// How much is kept of a line that ends the run.
    last_line: u64,
}

/// The file of the rejects.
struct Kept {
    file: BufWriter<File>,
    length: u64,
    is_owned: bool,
    /// Where the line began of which more is to come.
    line_begun: Option<u64>,
}

impl Kept {
    fn new(file: File, length: u64, is_owned: bool) -> Kept {
        Kept { file: BufWriter::new(file), length, is_owned, line_begun: None }
    }

    fn keep(&mut self, bytes: &[u8], ends: bool) -> io::Result<()> {
        self.line_begun.get_or_insert(self.length);
        self.file.write_all(bytes)?;
        self.length += bytes.len() as u64 + u64::from(ends);
        if ends {
            self.line_begun = None;
            self.file.write_all(b"\n")?;
        }
        Ok(())
    }

    fn end_line(&mut self) -> io::Result<()> {
        match self.line_begun.take() {
            Some(begun) if self.is_owned => {
                self.file.flush()?;
                self.length = begun;
                self.file.get_ref().set_len(begun)
            }
            Some(_) => self.keep(b"", true),
            None => Ok(()),
        }
    }
}

fn named(error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("cannot write the rejects: {error}"))
}

impl Ledger {
    /// Opens the account, and the file for the rejects when there is to be one.
    pub fn open(policy: RejectPolicy) -> io::Result<Ledger> {
        let file = policy.keep.as_ref().map(File::create).transpose()?;
        let kept = file.map(|file| Kept::new(file, 0, false));
        Ok(Ledger::new(policy, kept))
    }

    /// As [`Ledger::open`], but goes on with a file that is so long already.
    pub fn go_on(policy: RejectPolicy, file: File, length: u64) -> Ledger {
        Ledger::new(policy, Some(Kept::new(file, length, true)))
    }

    fn new(policy: RejectPolicy, kept: Option<Kept>) -> Ledger {
        Ledger { policy, counts: BTreeMap::new(), total: 0, kept, last_line: LAST_LINE }
    }

    /// Keeps another part of a line that ends the run.
    #[cfg(test)]
    pub(crate) fn with_last_line(self, last_line: u64) -> Ledger {
        Ledger { last_line, ..self }
    }

    /// How long the file is that [`Ledger::go_on`] was given, without a line of which more is to come.
    pub fn owned_length(&self) -> Option<u64> {
        let kept = self.kept.as_ref().filter(|kept| kept.is_owned);
        kept.map(|kept| kept.line_begun.unwrap_or(kept.length))
    }

    /// Enters one reject: keeps its line, and words it if it is among the first.
    pub fn enter(&mut self, place: &Place<'_>, reject: &Reject, line: &[u8]) -> io::Result<Option<String>> {
        let message = self.enter_part(place, reject, line)?;
        self.keep(b"", true)?;
        Ok(message)
    }

    /// As [`Ledger::enter`], for the first part of a line; [`Ledger::keep`] takes the rest.
    pub fn enter_part(
        &mut self,
        place: &Place<'_>,
        reject: &Reject,
        part: &[u8],
    ) -> io::Result<Option<String>> {
        self.keep(part, false)?;
        *self.counts.entry(reject.reason).or_default() += 1;
        self.total += 1;
        Ok((self.total <= SHOWN || self.policy.strict)
            .then(|| format!("{place}: {}: {}", reject.detail, quote(part))))
    }

    /// Keeps bytes of a rejected line; `ends` when the line ends here.
    pub fn keep(&mut self, bytes: &[u8], ends: bool) -> io::Result<()> {
        self.kept.as_mut().map_or(Ok(()), |kept| kept.keep(bytes, ends)).map_err(|error| named(&error))
    }

    /// Whether the rest of a line is worth reading although the run is over: it is kept, and is not too much.
    pub fn wants_rest(&self) -> bool {
        let begun = |kept: &Kept| kept.line_begun.is_some_and(|begun| kept.length - begun < self.last_line);
        self.kept.as_ref().is_some_and(begun)
    }

    /// Ends a line of which no more comes. It stays as it is, unless another run reads it again and keeps the whole.
    pub fn end_line(&mut self) -> io::Result<()> {
        self.kept.as_mut().map_or(Ok(()), Kept::end_line).map_err(|error| named(&error))
    }

    /// Writes what is still in memory to the file of the rejects.
    pub fn flush(&mut self) -> io::Result<()> {
        self.kept.as_mut().map_or(Ok(()), |kept| kept.file.flush()).map_err(|error| named(&error))
    }

    /// All rejects so far.
    pub fn total(&self) -> u64 {
        self.total
    }

    /// The rejects by reason, in the order of the words.
    pub fn counts(&self) -> &BTreeMap<&'static str, u64> {
        &self.counts
    }

    /// Whether the run has to stop now: the first reject of a strict run, or one more than the limit.
    pub fn is_over_now(&self) -> bool {
        match self.policy.limit {
            _ if self.policy.strict => self.total > 0,
            Some(RejectLimit::Count(limit)) => self.total > limit,
            _ => false,
        }
    }

    /// How many more rejects the run bears: the one after them ends it. `None` where that is judged at the end.
    pub fn room(&self) -> Option<u64> {
        match self.policy.limit {
            _ if self.policy.strict => Some(0),
            Some(RejectLimit::Count(limit)) => Some(limit.saturating_sub(self.total)),
            _ => None,
        }
    }

    /// Whether the run failed, judged at its end.
    pub fn is_over(&self, records: u64) -> bool {
        let part = 100.0 * self.total as f64 / (records + self.total).max(1) as f64;
        self.is_over_now() || matches!(self.policy.limit, Some(RejectLimit::Percent(limit)) if part > limit)
    }

    /// One sentence about all rejects; `None` without any. A run that could use no line at all says so plainly: its status
    /// alone does not tell.
    pub fn summary(&self, lines: u64, records: u64) -> Option<String> {
        if self.total == 0 {
            return None;
        }
        let reasons: Vec<String> =
            self.counts.iter().map(|(reason, count)| format!("{reason} {count}")).collect();
        let kept = match &self.policy.keep {
            Some(path) => format!("kept in {}", path.display()),
            None => "--rejects FILE keeps them".into(),
        };
        let lines_word = if lines == 1 { "line" } else { "lines" };
        let account =
            format!("rejected {} of {lines} {lines_word} ({}); {kept}", self.total, reasons.join(", "));
        Some(match (records, self.policy.limit) {
            (0, None) if !self.policy.strict => {
                format!("no line could be used: {account}; --max-rejects makes this a failure (status 3)")
            }
            (0, _) => format!("no line could be used: {account}"),
            _ => account,
        })
    }
}

/// Where a line stands.
#[derive(Clone, Copy, Debug)]
pub struct Place<'a> {
    /// The input as the user named it.
    pub input: &'a str,
    /// From 1.
    pub line: u64,
}

impl fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.input, self.line)
    }
}

/// The beginning of a line, safe to print to a terminal.
fn quote(line: &[u8]) -> String {
    // Four bytes a character at most: no need to decode a line of megabytes.
    let head = String::from_utf8_lossy(&line[..line.len().min(4 * QUOTED_CHARS + 1)]);
    let shown = |c: char| if c.is_control() { char::REPLACEMENT_CHARACTER } else { c };
    brief(&head, QUOTED_CHARS).chars().map(shown).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_read_numbers_and_parts() {
        assert_eq!("3".parse(), Ok(RejectLimit::Count(3)));
        assert_eq!("1.5%".parse(), Ok(RejectLimit::Percent(1.5)));
        for wrong in ["", "%", "-1", "101%", "few"] {
            assert!(wrong.parse::<RejectLimit>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn the_first_few_are_worded_and_all_are_counted() {
        let mut ledger = Ledger::open(RejectPolicy::default()).expect("no file");
        let reject = Reject::new("cut", "the line ends inside a string");
        let mut worded = Vec::new();
        for line in 1..=7 {
            worded.extend(
                ledger.enter(&Place { input: "a.jsonl", line }, &reject, b"{\"a\x1b[2J").expect("memory"),
            );
        }
        assert_eq!(worded.len(), 5);
        assert_eq!(worded[1], "a.jsonl:2: the line ends inside a string: {\"a\u{fffd}[2J");
        assert_eq!(
            ledger.summary(9, 2).expect("some"),
            "rejected 7 of 9 lines (cut 7); --rejects FILE keeps them"
        );
    }

    #[test]
    fn a_quote_says_whether_there_is_more() {
        for c in ["a", "\u{1b}", "é", "😀"] {
            assert!(!quote(c.repeat(QUOTED_CHARS).as_bytes()).ends_with('…'), "{c:?}");
            let cut = quote(c.repeat(QUOTED_CHARS + 1).as_bytes());
            assert!(cut.ends_with('…') && cut.chars().count() == QUOTED_CHARS + 1, "{c:?}: {cut}");
        }
    }

    #[test]
    fn a_part_is_judged_at_the_end() {
        let policy = RejectPolicy { limit: Some(RejectLimit::Percent(10.0)), ..RejectPolicy::default() };
        let mut ledger = Ledger::open(policy).expect("no file");
        ledger.enter(&Place { input: "-", line: 1 }, &Reject::new("cut", ""), b"{").expect("memory");
        assert!(!ledger.is_over_now());
        assert!(!ledger.is_over(9), "one of ten is 10 %");
        assert!(ledger.is_over(8));
    }
}
