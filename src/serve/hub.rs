//! What was published, and who reads it.
//!
//! One lock, held for moments: a window is rendered once, before it is taken, and readers take shared pointers. Who waits
//! for something new watches a version number, so nobody is woken twice for what he sees at once.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use tokio::sync::watch;

use super::MOST_READERS;
use super::backlog::Backlog;
use super::history::History;
use super::log::{Event, Log};
use super::window::{self, Beside, Window, shown};
use crate::chart::{ChartOptions, Palette};
use crate::row::Row;
use crate::time::Millis;

/// Records that the page shows, of which the input may have many more.
const SAMPLES: usize = 50;
/// A record is shown at most so often.
const SAMPLE_EVERY: Duration = Duration::from_millis(100);
/// More of a long record is not shown.
const SAMPLE_LENGTH: usize = 2_000;
/// Seconds of which the rate of the input is known.
const RATES: usize = 120;

/// What a hub keeps.
#[derive(Clone, Debug)]
pub struct HubOptions {
    /// How windows are described and drawn, and how many of them are kept.
    pub chart: ChartOptions,
    /// Tells this run's events from those of another.
    pub boot: String,
}

/// What came of a chunk of input.
#[derive(Debug, Default)]
pub struct Batch<'a> {
    /// For readers of lines; whole lines.
    pub lines: &'a [u8],
    /// How many records there were.
    pub records: u64,
    /// Lines that were no records.
    pub rejected: u64,
    /// Bytes of input.
    pub bytes: u64,
    /// One of the records, for show.
    pub sample: Option<&'a [u8]>,
}

/// How the input is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum InputState {
    /// Nothing came yet.
    Waiting,
    Live,
    /// At its end, since then.
    Ended(Millis),
}

/// See the head of this file.
#[derive(Debug)]
pub struct Hub {
    pub(super) options: HubOptions,
    shared: Mutex<Shared>,
    news: watch::Sender<u64>,
    closed: watch::Sender<bool>,
    seats: Arc<AtomicUsize>,
    pub(super) refused: AtomicU64,
    pub(super) dropped: AtomicU64,
    pub(super) resyncs: AtomicU64,
}

/// What the lock guards.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) history: History,
    pub(super) backlog: Backlog,
    pub(super) log: Log,
    palette: Palette,
    pub(super) seq: u64,
    pub(super) figures: Totals,
    pub(super) samples: VecDeque<(u64, String)>,
    sampled_at: Option<Instant>,
    rates: VecDeque<(Millis, u64)>,
}

/// Counted since the start.
#[derive(Clone, Copy, Debug)]
pub(super) struct Totals {
    pub(super) state: InputState,
    pub(super) records: u64,
    pub(super) rejected: u64,
    pub(super) bytes: u64,
    pub(super) windows: u64,
    /// Of the windows; none before one has said it.
    pub(super) late: Option<u64>,
    pub(super) last_input: Option<Millis>,
}

/// A reader's place among [`MOST_READERS`]; free again when dropped.
#[derive(Debug)]
pub(super) struct Seat(Arc<AtomicUsize>);

impl Drop for Seat {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Hub {
    /// A hub where nothing was published yet.
    pub fn new(options: HubOptions) -> Arc<Hub> {
        let shared = Shared {
            history: History::new(options.chart.windows.max(2)),
            backlog: Backlog::default(),
            log: Log::default(),
            palette: Palette::default(),
            seq: 0,
            figures: Totals {
                state: InputState::Waiting,
                records: 0,
                rejected: 0,
                bytes: 0,
                windows: 0,
                late: None,
                last_input: None,
            },
            samples: VecDeque::new(),
            sampled_at: None,
            rates: VecDeque::new(),
        };
        Arc::new(Hub {
            options,
            shared: Mutex::new(shared),
            news: watch::Sender::new(0),
            closed: watch::Sender::new(false),
            seats: Arc::default(),
            refused: AtomicU64::new(0),
            dropped: AtomicU64::new(0),
            resyncs: AtomicU64::new(0),
        })
    }

    /// Takes what came of a chunk.
    pub fn take(&self, batch: &Batch<'_>) {
        let now = now();
        let mut shared = self.lock();
        let figures = &mut shared.figures;
        figures.state = InputState::Live;
        figures.records += batch.records;
        figures.rejected += batch.rejected;
        figures.bytes += batch.bytes;
        figures.last_input = Some(now);
        shared.log.add(now, Event::Rejected, batch.rejected);
        shared.count(now, batch.records);
        if let Some(sample) = batch.sample {
            shared.show(sample);
        }
        shared.backlog.add(batch.lines);
        drop(shared);
        self.tell();
    }

    /// Takes the first rows of a whole window, in order, the remainder last.
    pub fn window(&self, rows: Vec<Row>) {
        let Some(first) = rows.first() else { return };
        let mut shared = self.lock();
        let Some((name, before)) = shared.history.place(first) else { return };
        // Each emission counts those since the one before.
        let known = before.and_then(|window| window.first().late);
        let late = if first.all {
            first.late
        } else {
            known.zip(first.late).map(|(a, b)| a.saturating_add(b)).or(first.late)
        };
        let news = first.late.unwrap_or(0);
        let mut rows = rows;
        rows.iter_mut().for_each(|row| row.late = late);
        shared.palette.see(shown(&rows).map(Row::packed_key));
        let (seq, palette) = (shared.seq + 1, shared.palette.clone());
        drop(shared);
        // Only this thread publishes: the order stays what it is without the lock.
        let received = now();
        let beside = Beside { seq, series: &name, palette: &palette, received, late };
        let json = window::write(&rows, &beside, &self.options.chart);
        let mut shared = self.lock();
        shared.seq = seq;
        shared.figures.windows += 1;
        if late.is_some() {
            *shared.figures.late.get_or_insert(0) += news;
            shared.log.add(received, Event::Late, news);
        }
        shared.history.add(name, Arc::new(Window { seq, rows, json }));
        drop(shared);
        self.tell();
    }

    /// The input is at its end; readers of lines may go.
    pub fn end(&self) {
        let mut shared = self.lock();
        if !matches!(shared.figures.state, InputState::Ended(_)) {
            let now = now();
            shared.figures.state = InputState::Ended(now);
            shared.log.add(now, Event::Ended, 1);
        }
        drop(shared);
        self.tell();
    }

    /// Rows came that only say what changed: they make no windows.
    pub fn saw_changes(&self) {
        self.lock().log.add(now(), Event::Changes, 1);
        self.tell();
    }

    /// Whether the input is to wait for a reader that wants every line. It waits no longer than the reader is dropped for.
    pub fn is_full(&self) -> bool {
        self.lock().backlog.is_full()
    }

    /// Whether the input is at its end.
    pub fn is_ended(&self) -> bool {
        matches!(self.lock().figures.state, InputState::Ended(_))
    }

    /// Whole windows so far.
    pub fn windows(&self) -> u64 {
        self.lock().figures.windows
    }

    /// How many rows of a window are wanted.
    pub fn top(&self) -> usize {
        self.options.chart.top.max(1)
    }

    /// How many read lines.
    pub fn line_readers(&self) -> usize {
        self.lock().backlog.readers()
    }

    /// No more will come: readers are sent what they lack, and let go.
    pub(super) fn close(&self) {
        self.closed.send_replace(true);
        self.tell();
    }

    pub(super) fn is_closed(&self) -> bool {
        *self.closed.borrow()
    }

    /// Becomes true once.
    pub(super) fn closing(&self) -> watch::Receiver<bool> {
        self.closed.subscribe()
    }

    /// Changes whenever something is published.
    pub(super) fn news(&self) -> watch::Receiver<u64> {
        self.news.subscribe()
    }

    fn tell(&self) {
        self.news.send_modify(|version| *version += 1);
    }

    /// Reads or changes what is shared. A thread that panicked with the lock left whole figures behind.
    pub(super) fn lock(&self) -> MutexGuard<'_, Shared> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A place for a reader of a stream; none where all are taken.
    pub(super) fn seat(&self) -> Option<Seat> {
        let taken = self.seats.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |taken| {
            (taken < MOST_READERS).then_some(taken + 1)
        });
        if taken.is_err() {
            self.refused.fetch_add(1, Ordering::Relaxed);
            self.lock().log.add(now(), Event::Refused, 1);
        }
        taken.ok().map(|_| Seat(Arc::clone(&self.seats)))
    }

    /// A reader was too slow. Not to be said by who holds the lock.
    pub(super) fn dropped_one(&self) {
        self.dropped.fetch_add(1, Ordering::Relaxed);
        self.lock().log.add(now(), Event::Dropped, 1);
    }

    pub(super) fn readers(&self) -> usize {
        self.seats.load(Ordering::SeqCst)
    }

    /// The name of the newest event.
    pub(super) fn event_id(&self, seq: u64) -> String {
        format!("{}-{seq}", self.options.boot)
    }

    /// The number of an event of this run.
    pub(super) fn seq_of(&self, id: &str) -> Option<u64> {
        let (boot, seq) = id.rsplit_once('-')?;
        let seq = seq.parse().ok()?;
        (boot == self.options.boot && seq <= self.lock().seq).then_some(seq)
    }
}

impl Shared {
    fn count(&mut self, now: Millis, records: u64) {
        let second = now.div_euclid(1000);
        match self.rates.back_mut() {
            Some((last, count)) if *last == second => *count += records,
            _ => self.rates.push_back((second, records)),
        }
        if self.rates.len() > RATES {
            self.rates.pop_front();
        }
    }

    /// Records of each of the last seconds, up to the one before this.
    pub(super) fn rates(&self, now: Millis, seconds: i64) -> Vec<u64> {
        let this = now.div_euclid(1000);
        let of = |second| {
            self.rates.iter().rev().find(|(known, _)| *known == second).map_or(0, |(_, count)| *count)
        };
        let Some((first, _)) = self.rates.front() else { return Vec::new() };
        ((this - seconds).max(*first)..this).map(of).collect()
    }

    fn show(&mut self, record: &[u8]) {
        if self.sampled_at.is_some_and(|at| at.elapsed() < SAMPLE_EVERY) {
            return;
        }
        self.sampled_at = Some(Instant::now());
        let cut = &record[..record.len().min(SAMPLE_LENGTH)];
        let mut text = String::from_utf8_lossy(cut).into_owned();
        if cut.len() < record.len() {
            text.push('…');
        }
        let number = self.figures.records;
        self.samples.push_back((number, text));
        if self.samples.len() > SAMPLES {
            self.samples.pop_front();
        }
    }
}

/// The wall clock, for what is shown of the moment.
pub(super) fn now() -> Millis {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::row::Number;

    fn hub() -> Arc<Hub> {
        Hub::new(HubOptions { chart: ChartOptions::default(), boot: "b".into() })
    }

    #[test]
    fn seats_are_counted_and_given_back() {
        let hub = hub();
        let seats: Vec<_> = (0..MOST_READERS).map(|_| hub.seat().expect("a seat")).collect();
        assert!(hub.seat().is_none());
        assert_eq!(hub.refused.load(Ordering::Relaxed), 1);
        drop(seats);
        assert_eq!(hub.readers(), 0);
        assert!(hub.seat().is_some());
    }

    #[test]
    fn late_records_add_up_over_the_emissions_of_a_window() {
        let hub = hub();
        for (rev, late) in [(0, 2), (1, 3)] {
            let mut row = Row::new(0, 20, Number::from(1));
            (row.rev, row.late) = (rev, Some(late));
            hub.window(vec![row]);
        }
        let shared = hub.lock();
        assert_eq!(shared.figures.late, Some(5));
        let windows = shared.history.since(0);
        assert_eq!(windows.len(), 1);
        let json: serde_json::Value = serde_json::from_slice(&windows[0].json).expect("JSON");
        assert_eq!((&json["late"], &json["seq"], &json["rev"]), (&5.into(), &2.into(), &1.into()));
    }

    #[test]
    fn an_id_of_another_run_or_of_the_future_is_none() {
        let hub = hub();
        hub.window(vec![Row::new(0, 20, Number::from(1))]);
        assert_eq!(hub.event_id(1), "b-1");
        assert_eq!(
            ["b-1", "b-0", "b-2", "c-1", "b-", "x"].map(|id| hub.seq_of(id)),
            [Some(1), Some(0), None, None, None, None]
        );
    }

    #[test]
    fn a_long_record_is_cut_and_records_are_sampled() {
        let hub = hub();
        let long = "ä".repeat(2000);
        for record in [long.as_bytes(), b"second"] {
            hub.take(&Batch { records: 1, sample: Some(record), ..Batch::default() });
        }
        let shared = hub.lock();
        assert_eq!(shared.samples.len(), 1, "the second came at once");
        let (number, text) = &shared.samples[0];
        assert!(*number == 1 && text.ends_with('…') && text.len() < 2010, "{number} {}", text.len());
        assert_eq!(shared.figures.records, 2);
    }
}
