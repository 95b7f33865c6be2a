//! The window row: the contract between the tools that count, rank, draw and store.
//!
//! A row is a JSON object with reserved columns (see [`RESERVED`]), the key columns between `window_end` and `count`,
//! and named aggregates after `count`. [`Row::read`] keeps everything it does not know, in order, so that a tool in the
//! middle loses no column. How a reader may act on a row is said in [`Row::rows`] and [`Row::rev`].

mod assembly;
mod figure;
pub mod key;
mod largest;
mod number;
mod spelling;
mod template;
mod writer;

use std::borrow::Cow;
use std::fmt;

pub use assembly::{Assembly, ChangesOnly, Collect, Emission};
pub use largest::{Largest, Place};
pub use number::Number;
pub use spelling::{Spelling, Spellings};
pub use template::Template;
pub use writer::{Head, RowWriter};

use crate::jsonl::format::{WINDOW_COLUMNS, columns, plain_columns};
pub use crate::jsonl::write_string;
use crate::time::{Millis, TimeReader, write_rfc3339};
use key::Scalar;

/// The columns whose meaning is fixed; no key or aggregate may have such a name.
pub const RESERVED: [&str; 16] = WINDOW_COLUMNS;

/// Where a window lies: half-open. Ordered as windows are emitted, by end, then start.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Bounds {
    /// Inclusive.
    pub start: Millis,
    /// Exclusive.
    pub end: Millis,
}

impl Ord for Bounds {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.end, self.start).cmp(&(other.end, other.start))
    }
}

impl PartialOrd for Bounds {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

/// How far an estimated count may be off (`--on-full sketch`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bound {
    /// The count is too high by at most this, and never too low.
    pub error: u64,
    /// No key but those above can have a higher count.
    pub guaranteed: bool,
}

/// One row of one emission of one window.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// Of the window; none when the input has no times: `topn --key`, a table of some other tool.
    pub bounds: Option<Bounds>,
    /// The key columns by name, in order.
    pub keys: Vec<(String, Scalar<'static>)>,
    /// Of this key in this window.
    pub count: Number,
    /// How far the count may be off, where it is an estimate.
    pub bound: Option<Bound>,
    /// Other columns, as JSON text in their order: named aggregates, and what other tools added.
    pub extra: Vec<(String, String)>,
    /// The sum of the counts in the whole window, where known.
    pub total: Option<Number>,
    /// The number of keys in the whole window, where known.
    pub distinct: Option<u64>,
    /// Rows of this emission: a reader that has seen so many rows of a window acts at once. Unknown in foreign rows.
    pub rows: Option<u64>,
    /// Records that found no window open since the previous emission, where known.
    pub late: Option<u64>,
    /// Raised by every further emission of a window. A whole emission replaces the window.
    pub rev: u64,
    /// Emitted before the watermark reached the window's end.
    pub open: bool,
    /// Changes only: `--emit update`.
    pub update: bool,
    /// The one window of `--window all`, replaced as a whole, whatever its bounds.
    pub all: bool,
    /// Place in the window, from 1.
    pub rank: Option<u64>,
    /// Place in the window before; `Some(None)` when the key is new.
    pub prev_rank: Option<Option<u64>>,
    /// Part of the window's total, 0 to 1.
    pub share: Option<f64>,
}

/// Why a line is no window row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowError(String);

impl fmt::Display for RowError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for RowError {}

impl Row {
    /// A row of a window with only its bounds and count.
    pub fn new(start: Millis, end: Millis, count: Number) -> Row {
        Row { bounds: Some(Bounds { start, end }), ..Row::unbounded(count) }
    }

    /// A row of one window that holds all there is, without times.
    pub fn unbounded(count: Number) -> Row {
        Row {
            bounds: None,
            keys: Vec::new(),
            count,
            bound: None,
            extra: Vec::new(),
            total: None,
            distinct: None,
            rows: None,
            late: None,
            rev: 0,
            open: false,
            update: false,
            all: false,
            rank: None,
            prev_rank: None,
            share: None,
        }
    }

    /// Reads a row from one line of JSON.
    ///
    /// Of the columns with free names, those before `count` are keys, and after it the ones that are neither number nor
    /// null; so a tool that sorts columns does not turn a key into an aggregate.
    pub fn read(line: &[u8]) -> Result<Row, RowError> {
        match plain_columns(line) {
            Some(plain) => Row::of_columns(plain),
            None => {
                let columns = columns(line).map_err(|error| RowError(format!("no row: {error}")))?;
                Row::of_columns(columns.iter().map(|(name, json)| (name.as_str(), json.as_str())))
            }
        }
    }

    fn of_columns<'a>(columns: impl IntoIterator<Item = (&'a str, &'a str)>) -> Result<Row, RowError> {
        let mut row = Row::unbounded(Number::ZERO);
        let (mut start, mut end) = (None, None);
        let mut has_count = false;
        for (name, json) in columns {
            match name {
                "window_start" => start = Some(time(name, json)?),
                "window_end" => end = Some(time(name, json)?),
                "count" => {
                    row.count = number(name, json)?;
                    has_count = true;
                }
                "error" if has_count && json.parse::<u64>().is_ok() => {
                    row.bound_mut().error = integer(name, json)?;
                }
                "guaranteed" if has_count && matches!(json, "true" | "false") => {
                    row.bound_mut().guaranteed = json == "true";
                }
                "total" => row.total = Some(number(name, json)?),
                "distinct" => row.distinct = Some(integer(name, json)?),
                "rows" => row.rows = Some(integer(name, json)?),
                "late" => row.late = Some(integer(name, json)?),
                "rev" => row.rev = integer(name, json)?,
                "open" => row.open = json == "true",
                "update" => row.update = json == "true",
                "all" => row.all = json == "true",
                "rank" => row.rank = Some(integer(name, json)?),
                "prev_rank" if json == "null" => row.prev_rank = Some(None),
                "prev_rank" => row.prev_rank = Some(Some(integer(name, json)?)),
                "share" => row.share = Some(number(name, json)?.as_f64()),
                _ => match scalar(json) {
                    Some(scalar) if !has_count || !is_figure(json) => {
                        row.keys.push((name.to_owned(), scalar));
                    }
                    _ => row.extra.push((name.to_owned(), json.to_owned())),
                },
            }
        }
        row.bounds = match (start, end) {
            (Some(start), Some(end)) => Some(Bounds { start, end }),
            (None, None) => None,
            (Some(_), None) => return Err(RowError("a column `window_start` without `window_end`".into())),
            (None, Some(_)) => return Err(RowError("a column `window_end` without `window_start`".into())),
        };
        if !has_count {
            return Err(RowError("no column `count`: rows come from window-count".into()));
        }
        Ok(row)
    }

    fn bound_mut(&mut self) -> &mut Bound {
        self.bound.get_or_insert(Bound { error: 0, guaranteed: false })
    }

    /// Appends the row as one JSON object, without a newline.
    pub fn write(&self, out: &mut Vec<u8>) {
        let brace = out.len();
        if let Some(Bounds { start, end }) = self.bounds {
            out.extend_from_slice(b",\"window_start\":\"");
            write_rfc3339(start, out);
            out.extend_from_slice(b"\",\"window_end\":\"");
            write_rfc3339(end, out);
            out.push(b'"');
        }
        for (name, value) in &self.keys {
            write_name(name, out);
            value.write_json(out);
        }
        self.write_figures(out);
        // Every column begins with a comma; the first one's place is the brace's.
        out[brace] = b'{';
        out.push(b'}');
    }

    /// Everything after the key columns.
    fn write_figures(&self, out: &mut Vec<u8>) {
        write_column(",\"count\":", self.count, out);
        if let Some(Bound { error, guaranteed }) = self.bound {
            write_column(",\"error\":", Number::from(error), out);
            out.extend_from_slice(if guaranteed {
                b",\"guaranteed\":true"
            } else {
                b",\"guaranteed\":false"
            });
        }
        for (name, json) in &self.extra {
            write_name(name, out);
            out.extend_from_slice(json.as_bytes());
        }
        if let Some(total) = self.total {
            write_column(",\"total\":", total, out);
        }
        let rev = Some(self.rev).filter(|rev| *rev > 0);
        for (name, value) in [
            (",\"distinct\":", self.distinct),
            (",\"rows\":", self.rows),
            (",\"late\":", self.late),
            (",\"rev\":", rev),
        ] {
            if let Some(value) = value {
                write_column(name, Number::from(value), out);
            }
        }
        for (column, flag) in
            [(",\"open\":true", self.open), (",\"update\":true", self.update), (",\"all\":true", self.all)]
        {
            if flag {
                out.extend_from_slice(column.as_bytes());
            }
        }
        if let Some(rank) = self.rank {
            write_column(",\"rank\":", Number::from(rank), out);
        }
        match self.prev_rank {
            Some(Some(rank)) => write_column(",\"prev_rank\":", Number::from(rank), out),
            Some(None) => out.extend_from_slice(b",\"prev_rank\":null"),
            None => {}
        }
        if let Some(share) = self.share {
            write_column(",\"share\":", Number::Float(share), out);
        }
    }

    /// The key columns as people read them: `us`, or `us / Chicago` when there are several.
    pub fn label(&self) -> Cow<'_, str> {
        match &self.keys[..] {
            [] => Cow::Borrowed(""),
            [(_, only)] => Cow::Borrowed(only.text()),
            several => several.iter().map(|(_, value)| value.text()).collect::<Vec<_>>().join(" / ").into(),
        }
    }

    /// Whether the row is the remainder that `--other` adds: its key columns are null, and it has a share, but no rank. A
    /// key that is null (`--missing null`) has both or none.
    pub fn is_remainder(&self) -> bool {
        let null = |value: &Scalar| matches!(value, Scalar::Other(json) if json == "null");
        self.share.is_some()
            && self.rank.is_none()
            && !self.keys.is_empty()
            && self.keys.iter().all(|(_, value)| null(value))
    }

    /// The key columns packed for comparison and look-up; see [`key`].
    pub fn packed_key(&self) -> Vec<u8> {
        let mut packed = Vec::new();
        for (_, value) in &self.keys {
            match value {
                Scalar::String(text) => key::pack_string(text, &mut packed),
                Scalar::Other(json) => key::pack_other(json, &mut packed),
            }
        }
        packed
    }
}

fn write_name(name: &str, out: &mut Vec<u8>) {
    out.push(b',');
    write_string(name, out);
    out.push(b':');
}

fn write_column(begin: &str, value: Number, out: &mut Vec<u8>) {
    out.extend_from_slice(begin.as_bytes());
    value.write(out);
}

fn time(name: &str, json: &str) -> Result<Millis, RowError> {
    let found =
        || RowError(format!("column `{name}` is {json}, expected a time such as \"2018-11-12T19:00:00Z\""));
    let text = text(json).ok_or_else(found)?;
    TimeReader::auto().string(&text).map_err(|_| found())
}

fn number(name: &str, json: &str) -> Result<Number, RowError> {
    Number::parse(json).ok_or_else(|| RowError(format!("column `{name}` is {json}, expected a number")))
}

fn integer(name: &str, json: &str) -> Result<u64, RowError> {
    json.parse().map_err(|_| RowError(format!("column `{name}` is {json}, expected a whole number")))
}

/// Whether a free column after `count` is an aggregate: a number, or the null of a mean over nothing.
fn is_figure(json: &str) -> bool {
    json == "null" || Number::parse(json).is_some()
}

/// The text that a JSON string stands for; `None` for other values.
fn text(json: &str) -> Option<Cow<'_, str>> {
    let inside = json.strip_prefix('"')?.strip_suffix('"')?;
    Some(match memchr::memchr(b'\\', inside.as_bytes()) {
        None => Cow::Borrowed(inside),
        Some(_) => crate::scan::decode_string(json.as_bytes()),
    })
}

/// The scalar that a JSON text is; `None` for arrays and objects.
fn scalar(json: &str) -> Option<Scalar<'static>> {
    match json.as_bytes().first()? {
        b'[' | b'{' => None,
        b'"' => Some(Scalar::String(Cow::Owned(text(json)?.into_owned()))),
        _ => Some(Scalar::Other(Cow::Owned(json.to_owned()))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINE: &str = r#"{"window_start":"2018-11-12T19:00:00Z","window_end":"2018-11-12T19:00:20Z","hashtag":"StanLee","count":123,"total":4567,"distinct":890,"rows":890,"late":0}"#;

    fn written(row: &Row) -> String {
        let mut out = Vec::new();
        row.write(&mut out);
        String::from_utf8(out).expect("UTF-8")
    }

    #[test]
    fn a_row_comes_back_as_it_was() {
        let row = Row::read(LINE.as_bytes()).expect("a row");
        assert_eq!(row.label(), "StanLee");
        assert_eq!((row.count, row.total, row.rows), (Number::Int(123), Some(Number::Int(4567)), Some(890)));
        assert_eq!(written(&row), LINE);
    }

    #[test]
    fn unknown_columns_keep_their_place_and_digits() {
        let line = r#"{"window_start":"2018-11-12T19:00:00Z","window_end":"2018-11-12T19:00:20Z","city":"Köln","zip":50667,"count":1,"sum":123456789012345678901234567890,"p95":1.50,"total":1,"distinct":1,"rows":1,"late":0,"rev":2,"open":true,"all":true,"rank":1,"prev_rank":null,"share":1.0}"#;
        let row = Row::read(line.as_bytes()).expect("a row");
        assert_eq!(row.label(), "Köln / 50667");
        assert_eq!(written(&row), line);
    }

    #[test]
    fn sorted_columns_still_tell_the_key() {
        let line = r#"{"count":3,"hashtag":"a","rows":1,"window_end":"2018-11-12T19:00:20Z","window_start":"2018-11-12T19:00:00Z"}"#;
        assert_eq!(Row::read(line.as_bytes()).expect("a row").label(), "a");
    }

    #[test]
    fn what_is_no_row_says_why() {
        let error = |line: &str| Row::read(line.as_bytes()).expect_err(line).to_string();
        assert!(error("{}").contains("`count`"));
        assert!(
            error(r#"{"window_start":"2018-11-12T19:00:00Z","count":1}"#).contains("without `window_end`")
        );
        assert!(error(r#"{"window_start":"soon"}"#).contains("\"soon\""));
        assert!(error(&LINE.replace("123", "\"x\"")).contains("expected a number"));
        assert!(error("[1]").starts_with("no row"));
    }

    #[test]
    fn a_table_without_times_is_one_window() {
        let line = r#"{"lang":"en","count":3,"total":4,"rank":1}"#;
        let row = Row::read(line.as_bytes()).expect("a row");
        assert_eq!((row.bounds, row.label()), (None, "en".into()));
        assert_eq!(written(&row), line);
        assert_eq!(written(&Row::unbounded(Number::Int(1))), r#"{"count":1}"#);
    }

    #[test]
    fn a_null_after_the_count_is_an_aggregate_and_before_it_a_remainder() {
        let row = Row::read(br#"{"city":"x","count":1,"mean":null,"p":2.5}"#).expect("a row");
        assert_eq!(
            (row.label(), row.figure("mean"), row.figure(".p")),
            ("x".into(), None, Some(Number::Float(2.5)))
        );
        assert!(!row.is_remainder());
        assert!(Row::read(br#"{"city":null,"count":1,"share":0.5}"#).expect("a row").is_remainder());
        assert!(!Row::read(br#"{"city":null,"count":1}"#).expect("a row").is_remainder());
        assert!(
            !Row::read(br#"{"city":null,"count":1,"rank":1,"share":0.5}"#).expect("a row").is_remainder()
        );
    }

    #[test]
    fn windows_are_ordered_by_end_then_start() {
        let bounds = |start, end| Bounds { start, end };
        assert!(bounds(0, 20) < bounds(10, 20) && bounds(15, 20) < bounds(0, 30));
    }
}
