//! `window-count`: reads each record's time and keys on a worker, counts them in order, writes the rows of windows.

pub(super) mod ending;
mod explain;
mod keep;
pub(super) mod mapper;
pub(super) mod rows;
mod wall;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use anyhow::Context as _;

use super::clock::{Clock, ClockSearch, Condition};
use super::late::LateFile;
use super::limit::KeyLimit;
use super::looked_at::LookedAt;
use super::values::NamedAggregate;
use crate::drive::{Context, End, Figures, Flow, Job, Notes, Recipe, Usage};
use crate::expr::Expr;
use crate::jsonl::Chunk;
use crate::record::Dedupe;
use crate::state::Snapshot;
use crate::time::{Millis, TimeReader, rfc3339};
use crate::window::{Names, Settings, Stats, Windows};
use ending::Held;
use mapper::{CountMapper, Counted, Taken};
use rows::Rows;
use wall::Wall;

pub use ending::AtEnd;
pub use wall::WallOptions;

/// With `--emit-empty`, so many windows without a record are written in a row; the rest of a longer gap is left out.
pub const MOST_EMPTY_WINDOWS: u64 = 10_000;

/// What is counted, by which clock, in which windows.
#[derive(Clone, Debug)]
pub struct CountOptions {
    /// Which field is the time.
    pub clock: Clock,
    /// How the time is written.
    pub times: TimeReader,
    /// The key columns and their expressions; none: all records are one key.
    pub keys: Vec<(String, Expr)>,
    /// Count a record without a key under null.
    pub missing_as_null: bool,
    /// Count each key once a record.
    pub once_per_record: bool,
    /// Count string keys folded, and show them in their most frequent spelling.
    pub fold: bool,
    /// Records without a truthy output do not exist for the windows.
    pub keep: Option<Expr>,
    /// What a record counts; `None`: one.
    pub weight: Option<Expr>,
    /// What is computed beside the count.
    pub aggregates: Vec<NamedAggregate>,
    /// The windows.
    pub windows: Settings,
    /// The most keys in memory, of all windows together; or where they are estimated, in one.
    pub limit: Option<KeyLimit>,
    /// Records that found no window open are kept here.
    pub late_output: Option<PathBuf>,
    /// Records whose first output of this came before within the span, in milliseconds of event time, do not count.
    pub dedupe: Option<(Expr, Millis)>,
    /// What tells the sources apart of which the one furthest behind rules the watermark; null is one, too.
    pub source: Option<Expr>,
    /// What the wall clock does.
    pub wall: WallOptions,
    /// What becomes of the windows that have not closed by the end. A state keeps them in either case.
    pub at_end: AtEnd,
}

/// The job; see [`CountOptions`].
pub struct Count {
    options: CountOptions,
    search: ClockSearch,
    windows: Windows,
    rows: Rows,
    /// Records that `keep` left out.
    left_out: u64,
    /// What fields the records have.
    looked_at: LookedAt,
    /// The first key that was no scalar, already told.
    told_composite: bool,
    late: Option<LateFile>,
    dedupe: Option<Dedupe>,
    /// Records given to the windows.
    taken: u64,
    wall: Wall,
    /// What was held back at the end.
    held: Held,
    /// Why the run ended before its input.
    failure: Option<Usage>,
    /// A state keeps what is not done at the end.
    is_kept: bool,
    /// The figures that earlier runs left.
    before: Stats,
}

impl CountOptions {
    /// Lets records decide which field is the time, where the user did not; whether it is known now.
    pub(super) fn settle_clock(
        &mut self,
        search: &mut ClockSearch,
        chunk: &Chunk,
        notes: &mut Notes,
    ) -> anyhow::Result<bool> {
        let keep = self.keep.as_ref().map(|expression| Condition { expression, wanted: true });
        search.settle(&mut self.clock, chunk, keep, &self.times, notes)
    }

    /// Tells the windows what the columns are.
    pub(super) fn complete(&mut self) {
        self.windows.folded = self.fold;
        self.windows.weighted = self.weight.is_some();
        self.windows.max_keys = self.limit.and_then(KeyLimit::estimated);
        self.windows.aggregates = self.aggregates.iter().map(|named| named.aggregate).collect();
    }
}

impl Count {
    /// A count with these options.
    pub fn new(options: CountOptions) -> anyhow::Result<Count> {
        let late = options.late_output.as_deref().map(|path| {
            LateFile::create(path)
                .with_context(|| format!("cannot write the late records to {}", path.display()))
        });
        let late = late.transpose()?;
        Count::with_late(options, late)
    }

    fn with_late(mut options: CountOptions, late: Option<LateFile>) -> anyhow::Result<Count> {
        options.complete();
        Ok(Count {
            search: ClockSearch::default(),
            windows: Windows::new(&options.windows).map_err(|error| Usage(error.to_string()))?,
            rows: Rows::new(
                options.keys.iter().map(|(name, _)| name.as_str()),
                options.aggregates.iter().map(|named| named.name.as_str()),
                options.windows.max_keys.is_some(),
            ),
            left_out: 0,
            looked_at: LookedAt::default(),
            told_composite: false,
            late,
            dedupe: options.dedupe.as_ref().map(|(_, span)| Dedupe::new(*span)),
            taken: 0,
            wall: Wall::new(options.wall.clone(), options.source.is_some()),
            held: Held::default(),
            failure: None,
            is_kept: false,
            before: Stats::default(),
            options,
        })
    }

    /// Whether the record was sent again.
    fn is_again(&mut self, counted: &Counted, record: &Taken, time: Millis) -> bool {
        let (Some(dedupe), Some(id)) = (&mut self.dedupe, counted.id(record)) else { return false };
        let newest = match (self.windows.stats().max_event_time, self.options.windows.max_future) {
            (None, _) => time,
            // A time that is not believed yet makes no id old.
            (Some(newest), Some(future)) if time > newest.saturating_add(future) => newest,
            (Some(newest), _) if self.wall.is_beyond_belief(time) => newest,
            (Some(newest), _) => newest.max(time),
        };
        dedupe.is_again(id, time, newest)
    }

    /// Passes on the verdicts on records that were held.
    fn settle_held(&mut self) -> anyhow::Result<()> {
        for (record, outcome) in self.rows.settled.drain(..) {
            if let Some(late) = &mut self.late {
                late.settle(record, outcome)?;
            }
        }
        Ok(())
    }

    /// Shows open windows, if the wall clock's trigger fires.
    fn beat(&mut self, now: Instant, cx: &mut Context<'_>) {
        if self.wall.take_beat(now) {
            self.windows.fire(&mut self.rows.to(cx.out));
        }
    }

    /// Shows the rows that windows put out: a closed window is not kept waiting.
    fn show(&mut self, cx: &mut Context<'_>) -> anyhow::Result<()> {
        if self.rows.take_passed()? {
            cx.out.flush()?;
        }
        Ok(())
    }
}

impl Job for Count {
    type Mapper = CountMapper;

    fn settle(&mut self, chunk: &Chunk, notes: &mut Notes) -> anyhow::Result<bool> {
        self.options.settle_clock(&mut self.search, chunk, notes)
    }

    fn recipe(&self) -> Recipe<CountMapper> {
        let options = self.options.clone();
        Arc::new(move || CountMapper::new(&options))
    }

    fn apply(&mut self, chunk: &Chunk, counted: Counted, cx: &mut Context<'_>) -> anyhow::Result<Flow> {
        self.left_out += counted.left_out;
        self.looked_at.look(chunk, counted.seen);
        if let Some(composite) = &counted.composite
            && !self.told_composite
        {
            cx.notes.say(composite);
            self.told_composite = true;
        }
        let arrival = matches!(self.options.clock, Clock::Arrival).then(now);
        let heard = Instant::now();
        self.beat(heard, cx);
        if !counted.records.is_empty() {
            self.wall.hear(heard);
            if let Some(until) = self.wall.believe(now) {
                self.windows.believe_until(until);
            }
        }
        let (mut keys, mut spellings, mut values) = (Vec::new(), Vec::new(), Vec::new());
        let width = self.options.aggregates.len() + usize::from(self.options.weight.is_some());
        for (index, record) in counted.records.iter().enumerate() {
            let time = arrival.unwrap_or(record.time);
            if self.is_again(&counted, record, time) {
                continue;
            }
            keys.clear();
            keys.extend(counted.keys.counted(record.keys.clone()));
            spellings.clear();
            spellings.extend(counted.keys.spelled(record.keys.clone()));
            values.clear();
            values.extend(counted.values.get(index * width..(index + 1) * width));
            let source = counted.source(record);
            self.wall.hear_of(source, heard);
            let names = Names { keys: &keys, spellings: &spellings };
            let outcome = self.windows.record_from(source, time, names, &values, &mut self.rows.to(cx.out));
            if let Some(late) = &mut self.late {
                late.note(self.taken, outcome, &chunk.bytes()[record.line.clone()])?;
            }
            self.taken += 1;
            if !self.rows.settled.is_empty() {
                self.settle_held()?;
            }
            if let Some(limit) =
                self.options.limit.filter(|limit| limit.is_exceeded_by(self.windows.live_keys()))
            {
                self.failure = Some(limit.failure(", let windows be shorter or close earlier"));
                break;
            }
        }
        for source in self.wall.take_silent(heard) {
            self.windows.drop_source(&source, &mut self.rows.to(cx.out));
        }
        self.show(cx)?;
        Ok(if self.failure.is_some() { Flow::Done } else { Flow::On })
    }

    fn alarm(&self) -> Option<Instant> {
        self.wall.alarm()
    }

    fn ring(&mut self, cx: &mut Context<'_>) -> anyhow::Result<()> {
        let now = Instant::now();
        self.beat(now, cx);
        // Events go on as far as the wall clock since the last of them, whatever century they are from.
        if let Some(silence) = self.wall.take_silence(now)
            && let Some(newest) = self.windows.stats().max_event_time
        {
            self.windows.idle(newest.saturating_add(silence), &mut self.rows.to(cx.out));
        }
        self.show(cx)
    }

    fn finish(&mut self, end: End, cx: &mut Context<'_>) -> anyhow::Result<()> {
        if matches!(self.options.clock, Clock::Auto) && self.search.has_seen_records() {
            return Err(self.search.nothing_found().into());
        }
        self.end_windows(end, cx.out);
        self.settle_held()?;
        if let Some(late) = &mut self.late {
            late.flush()?;
        }
        self.show(cx)?;
        self.tell(cx.notes)?;
        self.failure.take().map_or(Ok(()), |failure| Err(failure.into()))
    }

    fn save(&mut self, snapshot: &mut Snapshot) -> anyhow::Result<()> {
        self.snapshot(snapshot)
    }

    fn figures(&self, figures: &mut Figures) {
        let stats = self.stats();
        figures.insert("left_out".into(), self.left_out.into());
        if let Some(dedupe) = &self.dedupe {
            figures.insert("duplicates".into(), dedupe.found().into());
        }
        figures.insert("late".into(), stats.late.into());
        figures.insert("future".into(), stats.future.into());
        figures.insert("no_key".into(), stats.no_key.into());
        figures.insert("gap".into(), stats.gap.into());
        if let Some(sources) = self.windows.sources() {
            figures.insert("sources".into(), sources.into());
            figures.insert("dropped_sources".into(), self.wall.dropped().unwrap_or_default().into());
        }
        figures.insert("windows".into(), (stats.windows - self.held.windows).into());
        figures.insert("keys".into(), stats.keys.into());
        figures.insert("rows".into(), (stats.rows - self.held.rows).into());
        figures.insert("max_event_time".into(), stats.max_event_time.map(rfc3339).into());
        figures.insert("watermark".into(), stats.watermark.map(rfc3339).into());
    }
}

/// The time of arrival.
pub(super) fn now() -> Millis {
    // A clock before 1970 is not set; the epoch is as good.
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis() as Millis)
}
