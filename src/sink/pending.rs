//! What waits to be stored, and where it is cut into batches: between two emissions where that is possible, so that a window is
//! stored by one transaction. Memory: the records of a batch, and those of the chunk that filled it.

use std::time::{Duration, Instant};

use super::records::{Emissions, Records};
use super::{Batch, Keys};

/// When a batch is stored.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// As soon as there are so many records.
    pub rows: usize,
    /// As soon as their lines have so many bytes.
    pub bytes: usize,
    /// As soon as the first of them has waited so long.
    pub age: Duration,
}

/// Records that came and are not stored yet.
#[derive(Debug)]
pub struct Pending {
    limits: Limits,
    records: Records,
    emissions: Emissions,
    /// Those before this one are stored.
    at: usize,
    since: Option<Instant>,
}

impl Pending {
    /// Nothing waits.
    pub fn new(limits: Limits) -> Pending {
        Pending { limits, records: Records::default(), emissions: Emissions::default(), at: 0, since: None }
    }

    /// Takes records.
    pub fn take(&mut self, records: &Records) {
        if records.is_empty() {
            return;
        }
        self.compact();
        let Pending { records: waiting, emissions, .. } = self;
        waiting.take(records, 0..records.len(), |emitted, _| emissions.begins(emitted));
        self.since.get_or_insert_with(Instant::now);
    }

    /// Gives up the memory of what is stored.
    fn compact(&mut self) {
        if self.at == self.records.len() {
            self.records.clear();
        } else if self.at > 0 {
            let mut rest = Records::default();
            rest.take(&self.records, self.at..self.records.len(), |_, begins| begins);
            self.records = rest;
        }
        self.at = 0;
    }

    /// How many wait.
    pub fn len(&self) -> usize {
        self.records.len() - self.at
    }

    /// Whether none waits.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// When what waits has waited long enough.
    pub fn due(&self) -> Option<Instant> {
        self.since.and_then(|since| since.checked_add(self.limits.age))
    }

    /// All that wait.
    pub fn all<'a>(&'a self, keys: &'a Keys) -> Batch<'a> {
        Batch { records: &self.records, range: self.at..self.records.len(), keys }
    }

    /// The next batch: a full one, or with `also_part` what there is.
    pub fn next<'a>(&'a self, keys: &'a Keys, also_part: bool) -> Option<Batch<'a>> {
        let (records, all) = (&self.records, self.at..self.records.len());
        let mut bytes = 0;
        let full = all.clone().find(|&at| {
            bytes += records.line_bytes(at);
            at + 1 - all.start >= self.limits.rows || bytes >= self.limits.bytes
        });
        let Some(last) = full else {
            return (also_part && !all.is_empty()).then_some(Batch { records, range: all, keys });
        };
        // An emission that does not end in here is left for the next one, unless it fills this one alone.
        let is_cut = |end: usize| {
            if end == all.end { !self.emissions.is_open() } else { records.get(end).begins() }
        };
        let end = (all.start + 1..=last + 1).rev().find(|&end| is_cut(end) && end > all.start);
        Some(Batch { records, range: all.start..end.unwrap_or(last + 1), keys })
    }

    /// So many of them are stored.
    pub fn stored(&mut self, count: usize) {
        self.at += count;
        self.since = if self.is_empty() { None } else { Some(Instant::now()) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(window: u32, rows: u32) -> String {
        format!(
            r#"{{"window_start":"2018-11-12T19:00:00Z","window_end":"2018-11-12T19:01:{window}Z","count":1,"distinct":9,"rows":{rows}}}"#
        )
    }

    /// How many records each batch has, where each window has so many rows.
    fn batches(windows: &[u32], limits: Limits) -> Vec<usize> {
        let mut records = Records::default();
        for (at, &rows) in windows.iter().enumerate() {
            (0..rows).for_each(|_| records.push(row(10 + at as u32, rows).as_bytes()).expect("a record"));
        }
        let (mut pending, keys) = (Pending::new(limits), Keys::new(vec![]));
        pending.take(&records);
        let mut found = Vec::new();
        while let Some(count) = pending.next(&keys, true).map(|batch| batch.range.len()) {
            pending.stored(count);
            found.push(count);
        }
        assert!(pending.is_empty() && pending.due().is_none());
        found
    }

    #[test]
    fn batches_are_cut_between_windows_where_that_is_possible() {
        let limits = |rows, bytes| Limits { rows, bytes, age: Duration::from_secs(1) };
        assert_eq!(batches(&[3, 3, 3, 3], limits(7, usize::MAX)), [6, 6]);
        assert_eq!(batches(&[3, 12, 2], limits(5, usize::MAX)), [3, 5, 5, 4]);
        assert_eq!(batches(&[1, 1, 1], limits(100, 1)), [1, 1, 1]);
        assert_eq!(batches(&[], limits(5, 5)), Vec::<usize>::new());
    }
}
