//! The rules of windows, as plainly as they can be written.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{Span, Timestamp, Unit, civil::Date, tz::TimeZone};
use serde_json::{Map, Value, json};

/// A line of the stream.
#[derive(Clone, Debug)]
pub struct Record {
    /// Milliseconds since 1970.
    pub time: i64,
    pub tags: Vec<Option<&'static str>>,
    pub lang: Option<i64>,
    pub value: Option<i64>,
    pub kept: bool,
    /// The line is cut off, and so no record.
    pub broken: bool,
}

/// In milliseconds; the shift from the epoch is the case's.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Windows {
    Hop {
        size: i64,
        slide: i64,
    },
    Cumulate {
        size: i64,
        step: i64,
    },
    Day {
        zone: &'static str,
    },
    /// So many days each, one of them from this day after 1970-01-01 on.
    Days {
        zone: &'static str,
        days: i64,
        origin: i64,
    },
    Session {
        gap: i64,
    },
    Count {
        records: usize,
    },
    All,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Keys {
    None,
    Tags,
    TagsAndLang,
}

/// What is asked of the program, and of which records.
#[derive(Clone, Debug)]
pub struct Case {
    pub windows: Vec<Windows>,
    pub offset: i64,
    /// `None`: `--watermark max`.
    pub delay: Option<i64>,
    pub lateness: i64,
    pub keys: Keys,
    /// A record without a key counts under null.
    pub missing: bool,
    /// `lang` tells sources apart.
    pub sources: bool,
    pub once: bool,
    pub folds: bool,
    pub filters: bool,
    pub aggregates: bool,
    pub records: Vec<Record>,
}

impl Case {
    pub fn arguments(&self) -> Vec<String> {
        let mut arguments = vec!["--time=.t".into(), "--max-future=off".into()];
        let mut add = |argument: String| arguments.push(argument);
        for window in &self.windows {
            match *window {
                Windows::Hop { size, slide } => add(format!("--window={size}ms/{slide}ms")),
                Windows::Cumulate { size, step } => {
                    add(format!("--window={size}ms"));
                    add(format!("--cumulate={step}ms"));
                }
                Windows::Day { zone } => {
                    add("--window=1d".into());
                    add(format!("--tz={zone}"));
                }
                Windows::Days { zone, days, origin } => {
                    add(format!("--window={days}d"));
                    add(format!("--tz={zone}"));
                    add(format!("--origin={}", date(origin)));
                }
                Windows::Session { gap } => add(format!("--session={gap}ms")),
                Windows::Count { records } => add(format!("--window={records}rec")),
                Windows::All => add("--window=all".into()),
            }
        }
        if self.offset != 0 {
            add(format!("--offset={}ms", self.offset));
        }
        add(self.delay.map_or("--watermark=max".into(), |delay| format!("--watermark={delay}ms")));
        if self.lateness > 0 {
            add(format!("--allowed-lateness={}ms", self.lateness));
        }
        if self.keys != Keys::None {
            add("--key=tag=.tags[]".into());
        }
        if self.keys == Keys::TagsAndLang {
            add("--key=.lang".into());
        }
        if self.folds && self.keys != Keys::None {
            add("--fold".into());
        }
        if self.missing && self.keys != Keys::None {
            add("--missing=null".into());
        }
        if self.sources {
            add("--watermark-by=.lang".into());
        }
        if self.once {
            add("--once-per-record".into());
        }
        if self.filters {
            add("--where=.kept".into());
        }
        if self.aggregates {
            for aggregate in ["--sum=sum=.v", "--min=min=.v", "--max=max=.v", "--distinct=values=.v"] {
                add(aggregate.into());
            }
        }
        arguments
    }

    /// The keys that a record counts for: a tuple each.
    fn keys_of(&self, record: &Record) -> Vec<Vec<Value>> {
        let or_null = |values: Vec<Value>| {
            if values.is_empty() && self.missing { vec![Value::Null] } else { values }
        };
        let tags = or_null(record.tags.iter().flatten().map(|tag| json!(tag)).collect());
        let langs = or_null(record.lang.iter().map(|lang| json!(lang)).collect());
        let mut keys: Vec<Vec<Value>> = match self.keys {
            Keys::None => vec![vec![]],
            Keys::Tags => tags.into_iter().map(|tag| vec![tag]).collect(),
            Keys::TagsAndLang => {
                let langs = &langs;
                tags.iter().flat_map(|tag| langs.iter().map(|lang| vec![tag.clone(), lang.clone()])).collect()
            }
        };
        if self.once {
            let mut seen = BTreeSet::new();
            keys.retain(|key| seen.insert(self.counted(key)));
        }
        keys
    }

    /// Under what a key is counted, in the order of keys.
    fn counted(&self, key: &[Value]) -> Order {
        let mut order = order(key);
        for (_, text) in order.iter_mut().filter(|(is_other, _)| self.folds && !is_other) {
            *text = match text.as_str() {
                "Rust" | "RUST" | "ＲＵＳＴ" => "rust".into(),
                "Straße" | "STRASSE" => "strasse".into(),
                "cafe\u{301}" | "CAFÉ" => "café".into(),
                as_it_is => as_it_is.into(),
            };
        }
        order
    }

    /// The spelling that most records have, of several the first.
    fn shown(hits: &[(Vec<Value>, &Record)]) -> Vec<Value> {
        let mut spellings: BTreeMap<Order, (usize, &Vec<Value>)> = BTreeMap::new();
        for (key, _) in hits {
            spellings.entry(order(key)).or_insert((0, key)).0 += 1;
        }
        let most = spellings.values().map(|(hits, _)| *hits).max();
        let (_, key) = spellings.values().find(|(hits, _)| Some(*hits) == most).expect("a hit");
        (*key).clone()
    }

    /// The windows in time that a record is in, as (end, start).
    fn windows_at(&self, time: i64) -> BTreeSet<(i64, i64)> {
        let mut windows = BTreeSet::new();
        for kind in &self.windows {
            match *kind {
                Windows::Hop { size, slide } => {
                    let mut start = floor(time, slide, self.offset);
                    while start + size > time {
                        windows.insert((start + size, start));
                        start -= slide;
                    }
                }
                Windows::Cumulate { size, step } => {
                    let start = floor(time, size, self.offset);
                    let ends = (1..=size / step).map(|steps| start + steps * step);
                    windows.extend(ends.filter(|end| *end > time).map(|end| (end, start)));
                }
                Windows::Day { zone } => {
                    let zone = TimeZone::get(zone).expect("it is in the database");
                    let there = Timestamp::from_millisecond(time).expect("in range").to_zoned(zone);
                    let day = there.start_of_day().expect("in range");
                    let next = there.tomorrow().and_then(|next| next.start_of_day()).expect("in range");
                    windows.insert((next.timestamp().as_millisecond(), day.timestamp().as_millisecond()));
                }
                Windows::Days { zone, days, origin } => {
                    let zone = TimeZone::get(zone).expect("it is in the database");
                    let today =
                        Timestamp::from_millisecond(time).expect("in range").to_zoned(zone.clone()).date();
                    let today = today.since(date(0)).expect("in range").get_days().into();
                    let first = floor(today, days, origin);
                    let begin = |day: i64| {
                        let day = date(day).to_zoned(zone.clone()).expect("in range");
                        day.timestamp().as_millisecond()
                    };
                    windows.insert((begin(first + days), begin(first)));
                }
                Windows::Session { .. } | Windows::Count { .. } | Windows::All => {}
            }
        }
        windows
    }
}

fn date(day: i64) -> Date {
    Date::constant(1970, 1, 1) + Span::new().days(day)
}

/// The largest `n × step + offset` that is not above `time`.
fn floor(time: i64, step: i64, offset: i64) -> i64 {
    (time - offset).div_euclid(step) * step + offset
}

/// Strings before others, then by bytes.
fn order(key: &[Value]) -> Order {
    key.iter()
        .map(|value| (!value.is_string(), value.as_str().map_or(value.to_string(), str::to_owned)))
        .collect()
}

fn instant(millis: i64) -> Value {
    let instant = Timestamp::from_millisecond(millis).expect("in range");
    let digits = if instant.subsec_millisecond() == 0 { 0 } else { 3 };
    assert_eq!(instant.round(Unit::Millisecond).expect("in range"), instant);
    json!(format!("{instant:.digits$}"))
}

/// A key tuple as it is ordered.
type Order = Vec<(bool, String)>;

/// The records that have a key, each with its spelling of it.
type Hits<'a> = Vec<(Vec<Value>, &'a Record)>;

/// A window, and what has been written of it.
#[derive(Clone, Default)]
struct Window {
    records: Vec<usize>,
    rev: u64,
    /// Records came since it was written.
    news: bool,
}

struct Model<'a> {
    case: &'a Case,
    late: u64,
    rows: Vec<Value>,
}

/// All rows, in order.
pub fn rows(case: &Case) -> Vec<Value> {
    let mut model = Model { case, late: 0, rows: Vec::new() };
    match case.windows[0] {
        Windows::Session { gap } => model.sessions(gap),
        Windows::Count { records } => model.counts(Some(records)),
        Windows::All => model.counts(None),
        _ => model.in_time(),
    }
    model.rows
}

impl<'a> Model<'a> {
    /// The records that the windows see, with their number.
    fn seen(&self) -> impl Iterator<Item = (usize, &'a Record)> + use<'a> {
        let filters = self.case.filters;
        let all = self.case.records.iter().enumerate();
        all.filter(move |(_, record)| !record.broken && (record.kept || !filters))
    }

    fn in_time(&mut self) {
        let Case { delay, lateness, .. } = *self.case;
        let mut windows: BTreeMap<(i64, i64), Window> = BTreeMap::new();
        let (mut newest, mut base, mut watermark) = (None, None, None);
        let mut sources: BTreeMap<Option<i64>, i64> = BTreeMap::new();
        for (number, record) in self.seen() {
            newest = newest.max(Some(record.time));
            let source = sources.entry(record.lang.filter(|_| self.case.sources)).or_insert(record.time);
            *source = record.time.max(*source);
            // The source that is furthest behind rules, and never back.
            let slowest = sources.values().min().copied();
            if base < slowest {
                base = slowest;
                let next = delay.and_then(|delay| Some(base? - delay));
                let ripe = |end: i64| next.is_some_and(|next| end <= next);
                let has_closed = |end: i64| watermark.is_some_and(|watermark| end <= watermark);
                let something = windows.iter().any(|(&(end, _), window)| {
                    window.news && if has_closed(end) { ripe(end + lateness) } else { ripe(end) }
                });
                if something {
                    // Those that are written once more come before those that close.
                    for amended in [true, false] {
                        for (&(end, start), window) in &mut windows {
                            if window.news && ripe(end) && has_closed(end) == amended {
                                self.write((start, end), window, false);
                            }
                        }
                    }
                }
                watermark = next;
                windows.retain(|&(end, _), _| !ripe(end + lateness));
            }
            if self.case.keys_of(record).is_empty() {
                continue;
            }
            let mine = self.case.windows_at(record.time);
            let is_kept = |end: i64| watermark.is_none_or(|watermark| end + lateness > watermark);
            if !mine.is_empty() && !mine.iter().any(|&(end, _)| is_kept(end)) {
                self.late += 1;
            }
            for bounds in mine.into_iter().filter(|&(end, _)| is_kept(end)) {
                let window = windows.entry(bounds).or_default();
                window.records.push(number);
                window.news = true;
            }
        }
        let Some(newest) = newest else { return };
        let has_closed = |end: i64| watermark.is_some_and(|watermark| end <= watermark);
        let is_open = |end: i64| end > watermark.unwrap_or(newest);
        for amended in [true, false] {
            for (&(end, start), window) in &mut windows {
                if window.news && has_closed(end) == amended {
                    self.write((start, end), window, is_open(end));
                }
            }
        }
    }

    /// Windows over so many records each, or over all.
    fn counts(&mut self, limit: Option<usize>) {
        let mut window = Window::default();
        for (number, record) in self.seen() {
            if self.case.keys_of(record).is_empty() {
                continue;
            }
            window.records.push(number);
            if Some(window.records.len()) == limit {
                self.write_spanning(&mut std::mem::take(&mut window), false, limit.is_none());
            }
        }
        if !window.records.is_empty() {
            self.write_spanning(&mut window, limit.is_some(), limit.is_none());
        }
    }

    /// Writes a window whose bounds are those of its records.
    fn write_spanning(&mut self, window: &mut Window, open: bool, all: bool) {
        let times = window.records.iter().map(|&number| self.case.records[number].time);
        let (first, last) = (times.clone().min().expect("some"), times.max().expect("some"));
        let before = self.rows.len();
        self.write((first, last + 1), window, open);
        if all {
            for row in &mut self.rows[before..] {
                row["all"] = json!(true);
            }
        }
    }

    /// Sessions, with the watermark at `max`: all records are at hand.
    fn sessions(&mut self, gap: i64) {
        let mut by_key: BTreeMap<Order, Vec<(i64, usize)>> = BTreeMap::new();
        let mut newest = i64::MIN;
        for (number, record) in self.seen() {
            newest = newest.max(record.time);
            for key in self.case.keys_of(record) {
                by_key.entry(self.case.counted(&key)).or_default().push((record.time, number));
            }
        }
        let mut sessions = Vec::new();
        for (key, mut records) in by_key {
            records.sort_unstable();
            for session in records.chunk_by(|a, b| b.0 - a.0 <= gap) {
                let (first, last) = (session[0].0, session[session.len() - 1].0);
                let numbers: Vec<usize> = session.iter().map(|&(_, number)| number).collect();
                let hits = &self.hits(&numbers)[&key];
                sessions.push((last + gap, first, order(&Case::shown(hits)), key.clone(), numbers));
            }
        }
        sessions.sort();
        for (end, start, _, key, numbers) in sessions {
            let mut window = Window { records: numbers, ..Window::default() };
            self.write_keys((start, end), &mut window, end > newest, Some(&key));
        }
    }

    fn write(&mut self, bounds: (i64, i64), window: &mut Window, open: bool) {
        self.write_keys(bounds, window, open, None);
    }

    /// The keys of some records, and who has them.
    fn hits(&self, numbers: &[usize]) -> BTreeMap<Order, Hits<'a>> {
        // A record may stand several times in a session's list, once for each time that it has the key.
        let numbers: BTreeSet<usize> = numbers.iter().copied().collect();
        let mut hits: BTreeMap<Order, Hits<'_>> = BTreeMap::new();
        for number in numbers {
            let record = &self.case.records[number];
            for key in self.case.keys_of(record) {
                hits.entry(self.case.counted(&key)).or_default().push((key, record));
            }
        }
        hits
    }

    /// Writes the window's rows: of all keys, or of one.
    fn write_keys(
        &mut self,
        (start, end): (i64, i64),
        window: &mut Window,
        open: bool,
        only: Option<&[(bool, String)]>,
    ) {
        let mut hits = self.hits(&window.records);
        hits.retain(|key, _| only.is_none_or(|only| only == key));
        let mut ranked: Vec<_> = hits.into_values().map(|hits| (Case::shown(&hits), hits)).collect();
        ranked.sort_by_key(|(key, hits)| (std::cmp::Reverse(hits.len()), order(key)));
        let total: usize = ranked.iter().map(|(_, hits)| hits.len()).sum();
        for (key, hits) in &ranked {
            let mut row = Map::new();
            row.insert("window_start".into(), instant(start));
            row.insert("window_end".into(), instant(end));
            for (name, value) in ["tag", "lang"].into_iter().zip(key) {
                row.insert(name.into(), value.clone());
            }
            row.insert("count".into(), json!(hits.len()));
            if self.case.aggregates {
                let values = || hits.iter().filter_map(|(_, record)| record.value);
                row.insert("sum".into(), json!(values().sum::<i64>()));
                row.insert("min".into(), json!(values().min()));
                row.insert("max".into(), json!(values().max()));
                row.insert("values".into(), json!(values().collect::<BTreeSet<_>>().len()));
            }
            row.insert("total".into(), json!(total));
            row.insert("distinct".into(), json!(ranked.len()));
            row.insert("rows".into(), json!(ranked.len()));
            row.insert("late".into(), json!(self.late));
            if window.rev > 0 {
                row.insert("rev".into(), json!(window.rev));
            }
            if open {
                row.insert("open".into(), json!(true));
            }
            self.rows.push(Value::Object(row));
        }
        self.late = 0;
        window.rev += 1;
        window.news = false;
    }
}
