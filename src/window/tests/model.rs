//! The rules, as plainly as they can be written: every record is kept in every window it counts in, and a window is
//! worked out anew from its records whenever it is emitted. No panes, no running totals, no numbers for keys.

use super::*;
use std::collections::{BTreeMap, BTreeSet};

/// A window, in the order of emission: end, start, place of its kind in the settings.
type Id = (Millis, Millis, usize);

type Row = (String, Number, Vec<Option<Number>>);

#[derive(Default)]
struct Window {
    records: Vec<Record>,
    closed: bool,
    emissions: u64,
    /// How many of the records the last emission has seen.
    seen: usize,
}

pub(super) struct Model {
    settings: Settings,
    windows: BTreeMap<Id, Window>,
    /// Records of the window over everything; its bounds are known only when it is emitted.
    all: BTreeMap<usize, Window>,
    max: Option<Millis>,
    late: u64,
    applied: u64,
    held: Vec<(u64, Record)>,
    pub events: Vec<Event>,
    pub stats: Stats,
}

impl Model {
    /// Runs over records to the end of input.
    pub fn run(settings: &Settings, records: &[Record]) -> Model {
        let mut model = Model {
            settings: settings.clone(),
            windows: BTreeMap::new(),
            all: BTreeMap::new(),
            max: None,
            late: 0,
            applied: 0,
            held: Vec::new(),
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

    fn watermark(&self) -> Option<Millis> {
        match self.settings.watermark {
            Watermark::Delay(delay) => self.max.map(|max| max - delay),
            Watermark::Max => None,
        }
    }

    fn apply(&mut self, record: &Record) -> Outcome {
        let before = self.max;
        self.max = before.max(Some(record.time));
        let crossed = match (self.settings.trigger, before, self.max) {
            (Some(Trigger::EventTime(every)), Some(before), Some(now)) => {
                (before + 1..=now).any(|time| time.rem_euclid(every) == 0)
            }
            _ => false,
        };
        self.emit_due(crossed);
        let outcome = self.count(record);
        self.applied += 1;
        if let Some(Trigger::Records(every)) = self.settings.trigger
            && self.applied.is_multiple_of(every)
        {
            self.emit_due(true);
        }
        outcome
    }

    /// The windows that contain a point in time, by definition.
    fn windows_at(&self, time: Millis) -> Vec<Id> {
        let mut ids = Vec::new();
        for (kind, window) in self.settings.windows.iter().enumerate() {
            if let WindowKind::Hopping { size, slide, offset } = *window {
                let around = (time - offset) / slide;
                for k in around - size / slide - 2..=around + 2 {
                    let start = k * slide + offset;
                    if start <= time && time < start + size {
                        ids.push((start + size, start, kind));
                    }
                }
            }
        }
        ids
    }

    fn count(&mut self, record: &Record) -> Outcome {
        if record.keys.is_empty() {
            self.stats.no_key += 1;
            return Outcome::NoKey;
        }
        let watermark = self.watermark();
        let is_open = |end: Millis| watermark.is_none_or(|watermark| end > watermark);
        let ids = self.windows_at(record.time);
        let mut counted = false;
        for &(end, start, kind) in &ids {
            if is_open(end) {
                let window = self.windows.entry((end, start, kind)).or_default();
                assert!(!window.closed);
                window.records.push(record.clone());
                counted = true;
            }
        }
        for (kind, window) in self.settings.windows.iter().enumerate() {
            if *window == WindowKind::All {
                self.all.entry(kind).or_default().records.push(record.clone());
                counted = true;
            }
        }
        let max = self.max.unwrap();
        if let Some(first) = ids.iter().map(|id| id.0).filter(|&end| !is_open(end)).min() {
            self.stats.missed += 1;
            self.stats.missed_hint = self.stats.missed_hint.max(Some(max - first + 1));
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
        self.stats.late_hint = self.stats.late_hint.max(Some(max - last + 1));
        self.late += 1;
        Outcome::Late
    }

    /// Emits what the watermark closes, and then, if the trigger fires, the open windows that changed.
    fn emit_due(&mut self, fires: bool) {
        let watermark = self.watermark();
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
                self.emit_all(id, true);
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

    fn emit_all(&mut self, id: Id, open: bool) {
        let mut window = self.all.remove(&id.2).unwrap();
        if !open || window.seen < window.records.len() {
            self.emit(id, &mut window, true, open);
        }
        self.all.insert(id.2, window);
    }

    fn finish(&mut self) {
        while !self.held.is_empty() {
            self.set_first_aside();
        }
        let limit = self.watermark().or(self.max);
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
                self.emit_all(id, false);
            }
            self.stats.windows += 1;
        }
        self.stats.max_event_time = self.max;
        self.stats.watermark = self.watermark();
    }

    fn emit(&mut self, (end, start, _): Id, window: &mut Window, all: bool, open: bool) {
        let update = self.settings.emit == Emit::Update;
        let changed: BTreeSet<&str> =
            window.records[window.seen..].iter().flat_map(|record| record.keys.iter().copied()).collect();
        let keys: BTreeSet<&str> =
            window.records.iter().flat_map(|record| record.keys.iter().copied()).collect();
        let mut rows: Vec<Row> = keys.iter().map(|key| self.row(key, &window.records)).collect();
        let total = rows.iter().fold(Number::ZERO, |sum, row| sum.plus(row.1));
        if update {
            rows.retain(|row| changed.contains(row.0.as_str()));
        }
        rows.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.as_bytes().cmp(b.0.as_bytes())));
        if rows.is_empty() {
            return;
        }
        self.stats.emissions += 1;
        self.stats.rows += rows.len() as u64;
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
            rows,
        }));
        window.emissions += 1;
        window.seen = window.records.len();
    }

    fn row(&self, key: &str, records: &[Record]) -> Row {
        let mut count = 0;
        let mut sums = vec![0; self.settings.aggregates.len() + usize::from(self.settings.weighted)];
        for record in records {
            for _ in record.keys.iter().filter(|other| **other == key) {
                count += 1;
                for (sum, value) in sums.iter_mut().zip(&record.values) {
                    *sum += i128::from(*value);
                }
            }
        }
        let mut sums = sums.into_iter();
        let count = if self.settings.weighted { sums.next().unwrap() } else { count };
        (key.to_owned(), Number::Int(count), sums.map(|sum| Some(Number::Int(sum))).collect())
    }
}
