//! The engine against a naive model under random streams, and by name the faults that others have had.

mod definition;
mod kinds;
mod measure;
mod model;
mod named;
mod parts;
mod properties;
mod sessions;
mod snapshots;

use super::*;
use crate::row::Bound;
use crate::row::Number;

/// An emission that is kept.
#[derive(Clone, Debug, PartialEq)]
struct Emitted {
    start: Millis,
    end: Millis,
    all: bool,
    open: bool,
    update: bool,
    rev: u64,
    late: u64,
    total: Number,
    distinct: u64,
    rows: Vec<(String, Number, Vec<Option<Number>>)>,
    bounds: Vec<Option<Bound>>,
}

/// What came out, in order.
#[derive(Clone, Debug, PartialEq)]
enum Event {
    Emission(Emitted),
    Settled(u64, Outcome),
    /// What `record` returned.
    Returned(Outcome),
}

#[derive(Default)]
struct Recorder {
    events: Vec<Event>,
}

impl Sink for Recorder {
    fn emission(&mut self, emission: &Emission<'_>) {
        let text = |key: &[u8]| String::from_utf8(key.to_vec()).expect("the tests' keys are text");
        self.events.push(Event::Emission(Emitted {
            start: emission.start,
            end: emission.end,
            all: emission.all,
            open: emission.open,
            update: emission.update,
            rev: emission.rev,
            late: emission.late,
            total: emission.total,
            distinct: emission.distinct,
            rows: emission
                .rows
                .iter()
                .map(|row| (text(row.key), row.count, row.aggregates.to_vec()))
                .collect(),
            bounds: emission.rows.iter().map(|row| row.bound).collect(),
        }));
    }

    fn settled(&mut self, record: u64, outcome: Outcome) {
        self.events.push(Event::Settled(record, outcome));
    }
}

/// One record of a test: a time, keys, and an integer for each value.
#[derive(Clone, Debug, PartialEq)]
struct Record {
    source: &'static str,
    time: Millis,
    keys: Vec<&'static str>,
    values: Vec<i64>,
}

/// A value that stands for none.
const MISSING: i64 = -3;

/// The weight's sum, if there is one, and the aggregates.
fn aggregates(settings: &Settings) -> Vec<Aggregate> {
    let weight = settings.weighted.then_some(Aggregate::Sum);
    weight.into_iter().chain(settings.aggregates.iter().copied()).collect()
}

/// The key of a record in which only times matter.
fn a() -> Names<'static> {
    Names { keys: &[b"a"], spellings: &[] }
}

/// Under what a key of a record is counted: the tests' folding is that of ASCII.
fn counting_key(settings: &Settings, key: &str) -> String {
    if settings.folded { key.to_ascii_lowercase() } else { key.to_owned() }
}

fn at(time: Millis, keys: &[&'static str]) -> Record {
    Record { source: "", time, keys: keys.to_vec(), values: Vec::new() }
}

/// Lends keys and values as the engine takes them.
fn with_values<T>(
    settings: &Settings,
    record: &Record,
    take: impl FnOnce(Names<'_>, &[Value<'_>]) -> T,
) -> T {
    let keys: Vec<String> = record.keys.iter().map(|key| counting_key(settings, key)).collect();
    let keys: Vec<&[u8]> = keys.iter().map(String::as_bytes).collect();
    let spellings: Vec<&[u8]> = record.keys.iter().map(|key| key.as_bytes()).collect();
    let spellings = if settings.folded { &*spellings } else { &[] };
    let texts: Vec<String> = record.values.iter().map(ToString::to_string).collect();
    let values: Vec<Value<'_>> = aggregates(settings)
        .iter()
        .zip(record.values.iter().zip(&texts))
        .map(|(aggregate, (&value, text))| match aggregate {
            _ if value == MISSING => Value::None,
            Aggregate::Distinct | Aggregate::DistinctApproximate => Value::Bytes(text.as_bytes()),
            _ => Value::Number(Number::Int(value.into())),
        })
        .collect();
    take(Names { keys: &keys, spellings }, &values)
}

/// Runs the engine over records to the end of input.
fn run(settings: &Settings, records: &[Record]) -> (Vec<Event>, Stats) {
    run_with(settings, records, |_, _, _| {})
}

/// The same, with something that happens before each record and at the end.
fn run_with(
    settings: &Settings,
    records: &[Record],
    mut before: impl FnMut(usize, &mut Windows, &mut Recorder),
) -> (Vec<Event>, Stats) {
    let mut windows = Windows::new(settings).expect("the settings make sense");
    let mut recorder = Recorder::default();
    for (at, record) in records.iter().enumerate() {
        before(at, &mut windows, &mut recorder);
        let outcome = with_values(settings, record, |names, values| {
            windows.record_from(record.source.as_bytes(), record.time, names, values, &mut recorder)
        });
        recorder.events.push(Event::Returned(outcome));
    }
    before(records.len(), &mut windows, &mut recorder);
    windows.finish(&mut recorder);
    let stats = windows.stats();
    windows.finish(&mut recorder);
    assert_eq!(windows.stats(), stats, "a second end of input does nothing");
    if !settings.windows.contains(&WindowKind::All) {
        assert_eq!(windows.keys.live(), 0, "keys that no window counts leave memory");
    }
    (recorder.events, stats)
}

/// Emissions as short lines: `start..end flags key=count …`.
fn emissions(settings: &Settings, records: &[Record]) -> Vec<String> {
    let (events, _) = run(settings, records);
    let lines = events.into_iter().filter_map(|event| match event {
        Event::Emission(emitted) => Some(emitted.line()),
        _ => None,
    });
    lines.collect()
}

impl Emitted {
    fn line(&self) -> String {
        let mut line = format!("{}..{}", self.start, self.end);
        for (set, name) in [(self.all, " all"), (self.open, " open"), (self.update, " update")] {
            if set {
                line.push_str(name);
            }
        }
        for (number, name) in [(self.rev, "rev"), (self.late, "late")] {
            if number > 0 {
                line.push_str(&format!(" {name}={number}"));
            }
        }
        for (key, count, _) in &self.rows {
            line.push_str(&format!(" {key}:{count}"));
        }
        line
    }
}
