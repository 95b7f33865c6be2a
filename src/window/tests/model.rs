//! The rules, as plainly as they can be written: every record is kept in every window it counts in, and a window is
//! worked out anew from its records whenever it is emitted. No panes, no running totals, no numbers for keys.

use super::definition::{Id, result, windows_at};
use super::sessions::{Dissolved, Session};
use super::*;
use std::collections::{BTreeMap, BTreeSet};

type Row = (String, Number, Vec<Option<Number>>);

#[derive(Default)]
struct Window {
    records: Vec<Record>,
    closed: bool,
    emissions: u64,
    /// How many of the records the last emission has seen.
    seen: usize,
}

impl Window {
    fn is_amended(&self) -> bool {
        self.closed && self.seen < self.records.len()
    }
}

pub(super) struct Model {
    pub settings: Settings,
    pub sessions: Vec<Session>,
    pub dissolved: Vec<Dissolved>,
    windows: BTreeMap<Id, Window>,
    /// Records of the window over everything; its bounds are known only when it is emitted.
    all: BTreeMap<usize, Window>,
    /// Up to which end empty windows were looked for, and by kind how many there were in a row.
    emptied: Option<Millis>,
    empty_runs: BTreeMap<usize, u64>,
    max: Option<Millis>,
    /// The time that the watermark is behind, and by source the largest time.
    pub base: Option<Millis>,
    sources: BTreeMap<&'static str, Millis>,
    pub late: u64,
    applied: u64,
    held: Vec<(u64, Record)>,
    /// How far ahead a record ever was that was not believed alone.
    farthest: Option<i64>,
    pub events: Vec<Event>,
    pub stats: Stats,
}

impl Model {
    /// Runs over records to the end of input.
    pub fn run(settings: &Settings, records: &[Record]) -> Model {
        let mut model = Model {
            settings: settings.clone(),
            sessions: Vec::new(),
            dissolved: Vec::new(),
            windows: BTreeMap::new(),
            all: BTreeMap::new(),
            emptied: None,
            empty_runs: BTreeMap::new(),
            max: None,
            base: None,
            sources: BTreeMap::new(),
            late: 0,
            applied: 0,
            held: Vec::new(),
            farthest: None,
            events: Vec::new(),
            stats: Stats::default(),
        };
        for (number, record) in records.iter().enumerate() {
            let outcome = model.record(number as u64, record);
            model.events.push(Event::Returned(outcome));
        }
        model.finish();
        model
    }

    fn record(&mut self, number: u64, record: &Record) -> Outcome {
        self.stats.records += 1;
        let far = match (self.settings.max_future, self.max) {
            (Some(future), Some(max)) => record.time > max + future,
            _ => false,
        };
        if !far {
            while !self.held.is_empty() {
                self.set_first_aside();
            }
            return self.apply(record);
        }
        let ahead = record.time - self.max.expect("the first record is never far");
        self.farthest = self.farthest.max(Some(ahead));
        let reach = self.settings.max_future.unwrap();
        while self.held.iter().any(|(_, held)| (held.time - record.time).abs() > reach) {
            self.set_first_aside();
        }
        if self.held.len() < 2 {
            self.held.push((number, record.clone()));
            return Outcome::Held;
        }
        for (number, held) in std::mem::take(&mut self.held) {
            let outcome = self.apply(&held);
            self.events.push(Event::Settled(number, outcome));
        }
        self.apply(record)
    }

    fn set_first_aside(&mut self) {
        let (number, _) = self.held.remove(0);
        self.stats.future += 1;
        self.events.push(Event::Settled(number, Outcome::Future));
    }

    /// Sessions are alone, if there are any.
    fn gap(&self) -> Option<i64> {
        match self.settings.windows[0] {
            WindowKind::Session { gap } => Some(gap),
            _ => None,
        }
    }

    pub fn watermark(&self) -> Option<Millis> {
        match self.settings.watermark {
            Watermark::Delay(delay) => self.base.map(|base| base - delay),
            Watermark::Max => None,
        }
    }

    fn apply(&mut self, record: &Record) -> Outcome {
        let before = self.max;
        self.max = before.max(Some(record.time));
        let source = if self.settings.watermark_by { record.source } else { "" };
        let latest = self.sources.entry(source).or_insert(record.time);
        *latest = record.time.max(*latest);
        self.base = self.base.max(self.sources.values().min().copied());
        let crossed = match (self.settings.trigger, before, self.max) {
            (Some(Trigger::EventTime(every)), Some(before), Some(now)) => {
                (before + 1..=now).any(|time| time.rem_euclid(every) == 0)
            }
            _ => false,
        };
        self.emit_due(crossed);
        let outcome = self.count(record);
        if let WindowKind::Count { records } = self.settings.windows[0]
            && self.all.get(&0).is_some_and(|window| window.records.len() as u64 == records)
        {
            self.emit_all(self.all_ids()[0], false, false);
            self.all.clear();
            self.stats.windows += 1;
        }
        self.applied += 1;
        if let Some(Trigger::Records(every)) = self.settings.trigger
            && self.applied.is_multiple_of(every)
        {
            self.emit_due(true);
        }
        outcome
    }

    fn count(&mut self, record: &Record) -> Outcome {
        if record.keys.is_empty() {
            self.stats.no_key += 1;
            return Outcome::NoKey;
        }
        if let Some(gap) = self.gap() {
            return self.count_for_sessions(gap, record);
        }
        let watermark = self.watermark();
        let lateness = self.settings.allowed_lateness;
        let is_open = |end: Millis| watermark.is_none_or(|watermark| end + lateness > watermark);
        let ids = windows_at(&self.settings, record.time);
        let mut counted = false;
        for &(end, start, kind) in &ids {
            if is_open(end) {
                let window = self.windows.entry((end, start, kind)).or_default();
                // What comes into being behind the watermark has closed without records.
                window.closed |= watermark.is_some_and(|watermark| end <= watermark);
                window.records.push(record.clone());
                counted = true;
            }
        }
        for (kind, window) in self.settings.windows.iter().enumerate() {
            if matches!(window, WindowKind::All | WindowKind::Count { .. }) {
                self.all.entry(kind).or_default().records.push(record.clone());
                counted = true;
            }
        }
        let max = self.base.unwrap();
        if let Some(first) = ids.iter().map(|id| id.0).filter(|&end| !is_open(end)).min() {
            self.stats.missed += 1;
            self.stats.missed_hint = self.stats.missed_hint.max(Some(max - first - lateness + 1));
        }
        if counted {
            self.stats.counted += 1;
            return Outcome::Counted;
        }
        let Some(last) = ids.iter().map(|id| id.0).max() else {
            self.stats.gap += 1;
            return Outcome::Gap;
        };
        self.stats.late += 1;
        self.stats.late_hint = self.stats.late_hint.max(Some(max - last - lateness + 1));
        self.late += 1;
        Outcome::Late
    }

    fn count_for_sessions(&mut self, gap: i64, record: &Record) -> Outcome {
        let (counted, missed) = self.count_in_sessions(gap, record);
        let hint = Some(self.base.unwrap() - (record.time + gap) - self.settings.allowed_lateness);
        if missed > 0 {
            self.stats.missed += 1;
            self.stats.missed_hint = self.stats.missed_hint.max(hint);
        }
        if counted > 0 {
            self.stats.counted += 1;
            return Outcome::Counted;
        }
        self.stats.late += 1;
        self.stats.late_hint = self.stats.late_hint.max(hint);
        self.late += 1;
        Outcome::Late
    }

    /// The empty windows that end up to a time, and the runs of them behind that. A window is one if another that ended
    /// before had records, and fewer than the limit are in a row before it.
    fn empties_until(&self, until: Millis) -> (Vec<Id>, BTreeMap<usize, u64>) {
        let mut runs = self.empty_runs.clone();
        let mut empties = Vec::new();
        let Some(first) = self.windows.keys().map(|id| id.0).min() else { return (empties, runs) };
        let from = self.emptied.map_or(first, |emptied| emptied.max(first) + 1);
        for end in from..=until {
            for id in windows_at(&self.settings, end - 1).into_iter().filter(|id| id.0 == end) {
                let run = runs.entry(id.2).or_default();
                let window = self.windows.get(&id);
                let has_started = self
                    .windows
                    .iter()
                    .any(|(other, window)| other.2 == id.2 && other.0 < end && !window.records.is_empty());
                if window.is_some_and(|window| !window.closed) {
                    *run = 0;
                } else if window.is_none() && has_started && *run < self.settings.empty_windows {
                    *run += 1;
                    empties.push(id);
                }
            }
        }
        (empties, runs)
    }

    fn add_empties_until(&mut self, until: Millis) {
        let (empties, runs) = self.empties_until(until);
        self.windows.extend(empties.into_iter().map(|id| (id, Window::default())));
        self.empty_runs = runs;
        self.emptied = self.emptied.max(Some(until));
    }

    /// Is there something to do: a window to close, a last time to amend one, or a trigger?
    fn is_due(&self, fires: bool) -> bool {
        let Some(watermark) = self.watermark() else { return fires };
        fires
            || (self.settings.empty_windows > 0 && !self.empties_until(watermark).0.is_empty())
            || self.gap().is_some_and(|gap| self.sessions_are_due(gap, watermark))
            || self.windows.iter().any(|(id, window)| {
                let closes = !window.closed && id.0 <= watermark;
                closes || (window.is_amended() && id.0 + self.settings.allowed_lateness <= watermark)
            })
    }

    /// Emits, first, all windows that have closed and changed since.
    fn emit_amended(&mut self) {
        if let Some(gap) = self.gap() {
            self.emit_amended_sessions(gap);
        }
        for (id, mut window) in std::mem::take(&mut self.windows) {
            if window.is_amended() {
                self.stats.windows += u64::from(window.emissions == 0);
                self.emit(id, &mut window, false, false);
            }
            self.windows.insert(id, window);
        }
    }

    /// Emits what the watermark closes, and then, if the trigger fires, the open windows that changed.
    fn emit_due(&mut self, fires: bool) {
        let is_due = self.is_due(fires);
        if is_due {
            self.emit_amended();
        }
        if let Some(watermark) = self.watermark().filter(|_| self.settings.empty_windows > 0) {
            self.add_empties_until(watermark);
        }
        if !is_due {
            return;
        }
        let watermark = self.watermark();
        if let (Some(gap), Some(watermark)) = (self.gap(), watermark) {
            self.close_sessions(gap, watermark, watermark);
        }
        for (id, mut window) in std::mem::take(&mut self.windows) {
            if !window.closed && watermark.is_some_and(|watermark| id.0 <= watermark) {
                self.emit(id, &mut window, false, false);
                window.closed = true;
                self.stats.windows += 1;
            }
            self.windows.insert(id, window);
        }
        if !fires {
            return;
        }
        if let Some(gap) = self.gap() {
            self.emit_open_sessions(gap);
        }
        let mut ids = self.all_ids();
        ids.extend(self.windows.iter().filter(|(_, window)| !window.closed).map(|(&id, _)| id));
        ids.sort_unstable();
        for id in ids {
            if let Some(mut window) = self.windows.remove(&id) {
                if window.seen < window.records.len() {
                    self.emit(id, &mut window, false, true);
                }
                self.windows.insert(id, window);
            } else {
                self.emit_all(id, true, false);
            }
        }
    }

    fn all_ids(&self) -> Vec<Id> {
        let ids = self.all.iter().map(|(&kind, window)| {
            let times = || window.records.iter().map(|record| record.time);
            (times().max().unwrap() + 1, times().min().unwrap(), kind)
        });
        ids.collect()
    }

    fn emit_all(&mut self, id: Id, open: bool, at_end: bool) {
        let mut window = self.all.remove(&id.2).unwrap();
        if !open || at_end || window.seen < window.records.len() {
            self.emit(id, &mut window, self.settings.windows[id.2] == WindowKind::All, open);
        }
        self.all.insert(id.2, window);
    }

    fn finish(&mut self) {
        while !self.held.is_empty() {
            self.set_first_aside();
        }
        self.stats.future_hint = self.farthest.filter(|_| self.stats.future > 0);
        self.emit_amended();
        if self.settings.empty_windows > 0
            && let Some(last) =
                self.windows.iter().filter(|(_, window)| !window.closed).map(|(id, _)| *id).max()
        {
            let kinds: Vec<usize> = (0..self.settings.windows.len()).collect();
            let last_of = |kind: usize| {
                let open = self.windows.iter().filter(|(id, window)| id.2 == kind && !window.closed);
                open.map(|(id, _)| id.0).max()
            };
            let ends: Vec<Option<Millis>> = kinds.iter().map(|&kind| last_of(kind)).collect();
            let (empties, _) = self.empties_until(last.0);
            let between = empties.into_iter().filter(|id| ends[id.2].is_some_and(|end| id.0 < end));
            let between: Vec<Id> = between.collect();
            self.windows.extend(between.into_iter().map(|id| (id, Window::default())));
        }
        let limit = self.watermark().or(self.max);
        if let (Some(gap), Some(limit)) = (self.gap(), limit) {
            self.close_sessions(gap, Millis::MAX, limit);
        }
        let mut ids: Vec<Id> =
            self.windows.iter().filter(|(_, window)| !window.closed).map(|(&id, _)| id).collect();
        ids.extend(self.all_ids());
        ids.sort_unstable();
        for id in ids {
            if let Some(mut window) = self.windows.remove(&id) {
                self.emit(id, &mut window, false, id.0 > limit.unwrap());
                window.closed = true;
                self.windows.insert(id, window);
            } else {
                self.emit_all(id, self.settings.windows[id.2] != WindowKind::All, true);
            }
            self.stats.windows += 1;
        }
        self.stats.max_event_time = self.max;
        self.stats.watermark = self.watermark();
    }

    fn emit(&mut self, (end, start, _): Id, window: &mut Window, all: bool, open: bool) {
        let update = self.settings.emit == Emit::Update;
        let keys_of = |records: &[Record]| -> BTreeSet<String> {
            let keys = records.iter().flat_map(|record| record.keys.iter());
            keys.map(|key| counting_key(&self.settings, key)).collect()
        };
        let (keys, changed) = (keys_of(&window.records), keys_of(&window.records[window.seen..]));
        let mut rows: Vec<Row> = keys.iter().map(|key| self.row(key, &window.records)).collect();
        let total = rows.iter().fold(Number::ZERO, |sum, row| sum.plus(row.1));
        if update {
            rows.retain(|row| changed.contains(&counting_key(&self.settings, &row.0)));
        }
        rows.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.as_bytes().cmp(b.0.as_bytes())));
        if rows.is_empty() && self.settings.empty_windows == 0 {
            return;
        }
        self.stats.emissions += 1;
        self.stats.rows += rows.len().max(1) as u64;
        self.events.push(Event::Emission(Emitted {
            start,
            end,
            all,
            open,
            update,
            rev: window.emissions,
            late: std::mem::take(&mut self.late),
            total,
            distinct: keys.len() as u64,
            bounds: vec![None; rows.len()],
            rows,
        }));
        window.emissions += 1;
        window.seen = window.records.len();
    }

    /// The row of a key, in its most frequent spelling.
    pub fn row(&self, key: &str, records: &[Record]) -> Row {
        let mut count = 0;
        let mut spellings: BTreeMap<&str, u64> = BTreeMap::new();
        let aggregates = aggregates(&self.settings);
        let mut values: Vec<Vec<i64>> = vec![Vec::new(); aggregates.len()];
        for record in records {
            for spelling in record.keys.iter().filter(|other| counting_key(&self.settings, other) == key) {
                count += 1;
                *spellings.entry(spelling).or_default() += 1;
                for (values, value) in values.iter_mut().zip(&record.values) {
                    values.extend(Some(*value).filter(|&value| value != MISSING));
                }
            }
        }
        let mut results: Vec<Option<Number>> =
            aggregates.iter().zip(values).map(|(aggregate, values)| result(aggregate, values)).collect();
        let count = if self.settings.weighted { results.remove(0).unwrap() } else { Number::Int(count) };
        let most = spellings.values().max();
        let shown = spellings.iter().find(|(_, times)| Some(*times) == most).map(|(spelling, _)| spelling);
        (shown.unwrap().to_string(), count, results)
    }
}
