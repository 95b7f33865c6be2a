//! The model's sessions: sets of records, merged whenever a record lies within the gap of one of theirs.

use super::model::Model;
use super::*;

pub(super) struct Session {
    key: String,
    records: Vec<Record>,
    closed: bool,
    seen: usize,
    emissions: u64,
    /// Start, end, and the key as it was shown.
    shown: Option<(Millis, Millis, String)>,
}

/// End, start, key and `rev` of what was emitted and is no session any more.
pub(super) type Dissolved = (Millis, Millis, String, u64);

impl Session {
    fn bounds(&self, gap: i64) -> (Millis, Millis) {
        let times = || self.records.iter().map(|record| record.time);
        (times().min().unwrap(), times().max().unwrap() + gap)
    }

    fn has_news(&self) -> bool {
        self.seen < self.records.len()
    }
}

impl Model {
    /// Counts a record for each key that is in time; says for how many it is, and for how many it is not.
    pub(super) fn count_in_sessions(&mut self, gap: i64, record: &Record) -> (u64, u64) {
        let lateness = self.settings.allowed_lateness;
        let watermark = self.watermark();
        let is_kept = |end: Millis| watermark.is_none_or(|watermark| end + 1 + lateness > watermark);
        let (mut counted, mut missed) = (0, 0);
        for key in &record.keys {
            let reaches = |session: &Session| {
                session.key == counting_key(&self.settings, key)
                    && is_kept(session.bounds(gap).1)
                    && session.records.iter().any(|other| (other.time - record.time).abs() <= gap)
            };
            let (reached, others): (Vec<_>, Vec<_>) =
                std::mem::take(&mut self.sessions).into_iter().partition(reaches);
            self.sessions = others;
            if reached.is_empty() && !is_kept(record.time + gap) {
                missed += 1;
                continue;
            }
            counted += 1;
            let mut records: Vec<Record> =
                reached.iter().flat_map(|session| session.records.clone()).collect();
            records.push(Record { keys: vec![key], ..record.clone() });
            let key = counting_key(&self.settings, key);
            let mut session = Session { key, records, closed: false, seen: 0, emissions: 0, shown: None };
            let (start, end) = session.bounds(gap);
            session.closed = watermark.is_some_and(|watermark| end < watermark);
            for old in reached {
                match old.shown {
                    Some((first, last, _)) if (first, last) == (start, end) => {
                        (session.seen, session.emissions, session.shown) =
                            (old.seen, old.emissions, old.shown);
                    }
                    Some((start, end, key)) => self.dissolved.push((end, start, key, old.emissions)),
                    None => {}
                }
            }
            self.sessions.push(session);
        }
        (counted, missed)
    }

    pub(super) fn sessions_are_due(&self, gap: i64, watermark: Millis) -> bool {
        self.sessions.iter().any(|session| {
            let end = session.bounds(gap).1;
            let closes = !session.closed && end < watermark;
            closes
                || (session.closed
                    && session.has_news()
                    && end + 1 + self.settings.allowed_lateness <= watermark)
        })
    }

    pub(super) fn emit_amended_sessions(&mut self, gap: i64) {
        let mut emissions: Vec<(Dissolved, Option<usize>)> =
            std::mem::take(&mut self.dissolved).into_iter().map(|gone| (gone, None)).collect();
        for (at, session) in
            self.sessions.iter().enumerate().filter(|(_, session)| session.closed && session.has_news())
        {
            let (start, end) = session.bounds(gap);
            emissions.push(((end, start, self.name(session), session.emissions), Some(at)));
        }
        // Of several with the same bounds, what is taken back comes first.
        emissions.sort_by_key(|((end, start, key, _), at)| (*end, *start, at.is_some(), key.clone()));
        for ((end, start, key, rev), at) in emissions {
            if let Some(at) = at {
                self.stats.windows += u64::from(rev == 0);
                self.emit_session(gap, at, false);
                continue;
            }
            self.take_back((start, end, key), rev);
        }
    }

    fn take_back(&mut self, (start, end, key): (Millis, Millis, String), rev: u64) {
        let late = std::mem::take(&mut self.late);
        self.stats.emissions += 1;
        self.stats.rows += 1;
        self.events.push(Event::Emission(Emitted {
            start,
            end,
            all: false,
            open: false,
            update: self.settings.emit == Emit::Update,
            rev,
            late,
            total: Number::ZERO,
            distinct: 0,
            rows: vec![(key, Number::ZERO, vec![None; self.settings.aggregates.len()])],
            bounds: vec![None],
        }));
    }

    /// The key of a session as it is shown.
    fn name(&self, session: &Session) -> String {
        self.row(&session.key, &session.records).0
    }

    /// Closes the sessions that end before a watermark; at the end of input, all, and some as open.
    pub(super) fn close_sessions(&mut self, gap: i64, watermark: Millis, open_after: Millis) {
        for at in self.in_order(gap, |session| !session.closed && session.bounds(gap).1 < watermark) {
            let end = self.sessions[at].bounds(gap).1;
            self.emit_session(gap, at, end > open_after);
            self.sessions[at].closed = true;
            self.stats.windows += 1;
        }
    }

    pub(super) fn emit_open_sessions(&mut self, gap: i64) {
        for at in self.in_order(gap, |session| !session.closed && session.has_news()) {
            self.emit_session(gap, at, true);
        }
    }

    fn in_order(&self, gap: i64, which: impl Fn(&Session) -> bool) -> Vec<usize> {
        let mut places: Vec<usize> =
            (0..self.sessions.len()).filter(|&at| which(&self.sessions[at])).collect();
        places.sort_by_key(|&at| {
            let (start, end) = self.sessions[at].bounds(gap);
            (end, start, self.name(&self.sessions[at]))
        });
        places
    }

    fn emit_session(&mut self, gap: i64, at: usize, open: bool) {
        let session = &self.sessions[at];
        let update = self.settings.emit == Emit::Update;
        if update && !session.has_news() {
            return;
        }
        let (start, end) = session.bounds(gap);
        let row = self.row(&session.key, &session.records);
        // Another name for the same session: the old one is taken back, and revisions go on rising.
        if let Some(shown) = session.shown.clone().filter(|shown| shown.2 != row.0) {
            let rev = session.emissions;
            self.sessions[at].emissions += 1;
            self.take_back(shown, rev);
        }
        let session = &self.sessions[at];
        let late = std::mem::take(&mut self.late);
        let rev = session.emissions;
        self.stats.emissions += 1;
        self.stats.rows += 1;
        self.events.push(Event::Emission(Emitted {
            start,
            end,
            all: false,
            open,
            update,
            rev,
            late,
            total: row.1,
            distinct: 1,
            rows: vec![row.clone()],
            bounds: vec![None],
        }));
        let session = &mut self.sessions[at];
        session.emissions += 1;
        session.seen = session.records.len();
        session.shown = Some((start, end, row.0));
    }
}
