//! `window-count`: reads each record's time and keys on a worker, counts them in order, writes the rows of windows.

mod explain;
mod mapper;
mod rows;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use anyhow::Context as _;

use super::clock::{Clock, ClockSearch};
use super::late::LateFile;
use super::limit::KeyLimit;
use super::values::NamedAggregate;
use crate::drive::{Context, End, Figures, Flow, Job, Notes, Recipe, Usage};
use crate::expr::Expr;
use crate::jsonl::Chunk;
use crate::record::Dedupe;
use crate::time::{Millis, Span, TimeReader, write_rfc3339};
use crate::window::{Names, Settings, Windows};
use mapper::{CountMapper, Counted, Taken};
use rows::Rows;

/// What is counted, by which clock, in which windows.
#[derive(Clone, Debug)]
pub struct CountOptions {
    /// Which field is the time.
    pub clock: Clock,
    /// How the time is written.
    pub times: TimeReader,
    /// The key columns and their expressions; none: all records are one key.
    pub keys: Vec<(String, Expr)>,
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
    /// After so long a silence the windows that are due by the wall clock are emitted as open.
    pub idle_timeout: Option<Duration>,
}

/// The job; see [`CountOptions`].
pub struct Count {
    options: CountOptions,
    search: ClockSearch,
    windows: Windows,
    rows: Rows,
    /// Records that `keep` left out.
    left_out: u64,
    /// The first key that was no scalar, already told.
    told_composite: bool,
    late: Option<LateFile>,
    dedupe: Option<Dedupe>,
    /// Records given to the windows.
    taken: u64,
    /// When the last records came, and when that silence was last answered.
    last_input: Option<(Instant, Instant)>,
    /// Why the run ended before its input.
    failure: Option<Usage>,
}

impl Count {
    /// A count with these options.
    pub fn new(mut options: CountOptions) -> anyhow::Result<Count> {
        options.windows.folded = options.fold;
        options.windows.weighted = options.weight.is_some();
        options.windows.max_keys = options.limit.and_then(KeyLimit::estimated);
        options.windows.aggregates = options.aggregates.iter().map(|named| named.aggregate).collect();
        let late = options.late_output.as_deref().map(|path| {
            LateFile::create(path)
                .with_context(|| format!("cannot write the late records to {}", path.display()))
        });
        Ok(Count {
            search: ClockSearch::default(),
            windows: Windows::new(&options.windows).map_err(|error| Usage(error.to_string()))?,
            rows: Rows::new(&options.keys, &options.aggregates),
            left_out: 0,
            told_composite: false,
            late: late.transpose()?,
            dedupe: options.dedupe.as_ref().map(|(_, span)| Dedupe::new(*span)),
            taken: 0,
            last_input: None,
            failure: None,
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

    /// Shows the rows that windows put out: a closed window is not kept waiting.
    fn show(&mut self, cx: &mut Context<'_>) -> anyhow::Result<()> {
        if self.rows.take_passed()? {
            cx.out.flush()?;
        }
        Ok(())
    }

    /// Says what did not count, and what would have helped.
    fn tell(&self, notes: &mut Notes) {
        let stats = self.windows.stats();
        if stats.late > 0 {
            let records = if stats.records == 1 { "record" } else { "records" };
            let kept =
                stats.late_hint.and_then(Span::advised).map_or("max".to_owned(), |span| span.to_string());
            notes.say(&format!(
                "{} of {} {records} missed a window; --watermark {kept} would have kept all",
                stats.late, stats.records
            ));
        }
        if stats.future > 0 {
            let far = stats.future_hint.and_then(Span::advised);
            let far = far.map_or(String::new(), |span| format!("--max-future {span}, or "));
            notes.say(&format!(
                "set aside {} of {} records whose time lies too far ahead of the others; {far}--max-future off would have \
                 believed all",
                stats.future, stats.records
            ));
        }
        if stats.no_key > 0 {
            let sentence = format!("{} of {} records have no key", stats.no_key, stats.records);
            // A misspelt key gives nothing at all: then it is said unasked.
            if stats.counted == 0 { notes.say(&sentence) } else { notes.explain(&sentence) }
        }
    }
}

impl Job for Count {
    type Mapper = CountMapper;

    fn settle(&mut self, chunk: &Chunk, notes: &mut Notes) -> anyhow::Result<bool> {
        if matches!(self.options.clock, Clock::Auto)
            && let Some(field) =
                self.search.look(chunk, self.options.keep.as_ref(), &self.options.times, notes)?
        {
            self.options.clock = Clock::Field(field);
        }
        Ok(!matches!(self.options.clock, Clock::Auto))
    }

    fn recipe(&self) -> Recipe<CountMapper> {
        let options = self.options.clone();
        Arc::new(move || CountMapper::new(&options))
    }

    fn apply(&mut self, chunk: &Chunk, counted: Counted, cx: &mut Context<'_>) -> anyhow::Result<Flow> {
        self.left_out += counted.left_out;
        if let Some(composite) = &counted.composite
            && !self.told_composite
        {
            cx.notes.say(composite);
            self.told_composite = true;
        }
        let arrival = matches!(self.options.clock, Clock::Arrival).then(now);
        if !counted.records.is_empty() && self.options.idle_timeout.is_some() {
            let now = Instant::now();
            self.last_input = Some((now, now));
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
            let names = Names { keys: &keys, spellings: &spellings };
            let outcome = self.windows.record_with(time, names, &values, &mut self.rows.to(cx.out));
            if let Some(late) = &mut self.late {
                late.note(self.taken, outcome, &chunk.bytes()[record.line.clone()])?;
            }
            self.taken += 1;
            self.settle_held()?;
            if let Some(limit) =
                self.options.limit.filter(|limit| limit.is_exceeded_by(self.windows.live_keys()))
            {
                self.failure = Some(limit.failure(", let windows be shorter or close earlier"));
                break;
            }
        }
        self.show(cx)?;
        Ok(if self.failure.is_some() { Flow::Done } else { Flow::On })
    }

    fn alarm(&self) -> Option<Instant> {
        let (_, answered) = self.last_input?;
        self.options.idle_timeout.map(|timeout| answered + timeout)
    }

    fn ring(&mut self, cx: &mut Context<'_>) -> anyhow::Result<()> {
        let (Some(alarm), Some((last, _))) = (self.alarm(), self.last_input) else { return Ok(()) };
        let now = Instant::now();
        if alarm > now {
            return Ok(());
        }
        self.last_input = Some((last, now));
        // Events go on as far as the wall clock since the last of them, whatever century they are from.
        if let Some(newest) = self.windows.stats().max_event_time {
            let silence = Millis::try_from(now.duration_since(last).as_millis()).unwrap_or(Millis::MAX);
            self.windows.idle(newest.saturating_add(silence), &mut self.rows.to(cx.out));
        }
        self.show(cx)
    }

    fn finish(&mut self, _end: End, cx: &mut Context<'_>) -> anyhow::Result<()> {
        if matches!(self.options.clock, Clock::Auto) && self.search.has_seen_records() {
            return Err(self.search.nothing_found().into());
        }
        self.windows.finish(&mut self.rows.to(cx.out));
        self.settle_held()?;
        if let Some(late) = &mut self.late {
            late.flush().context("cannot write the late records")?;
        }
        self.show(cx)?;
        self.tell(cx.notes);
        self.failure.take().map_or(Ok(()), |failure| Err(failure.into()))
    }

    fn figures(&self, figures: &mut Figures) {
        let stats = self.windows.stats();
        let time = |time: Option<Millis>| {
            time.map(|time| {
                let mut text = Vec::new();
                write_rfc3339(time, &mut text);
                String::from_utf8_lossy(&text).into_owned()
            })
        };
        figures.insert("left_out".into(), self.left_out.into());
        if let Some(dedupe) = &self.dedupe {
            figures.insert("duplicates".into(), dedupe.found().into());
        }
        figures.insert("late".into(), stats.late.into());
        figures.insert("future".into(), stats.future.into());
        figures.insert("no_key".into(), stats.no_key.into());
        figures.insert("gap".into(), stats.gap.into());
        figures.insert("windows".into(), stats.windows.into());
        figures.insert("keys".into(), stats.keys.into());
        figures.insert("rows".into(), stats.rows.into());
        figures.insert("max_event_time".into(), time(stats.max_event_time).into());
        figures.insert("watermark".into(), time(stats.watermark).into());
    }
}

fn now() -> Millis {
    // A clock before 1970 is not set; the epoch is as good.
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis() as Millis)
}
