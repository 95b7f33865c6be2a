//! `window-count`: reads each record's time and keys on a worker, counts them in order, writes the rows of windows.

use std::ops::Range;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use super::clock::{self, Clock, ClockSearch};
use super::evaluate::failed;
use super::keys::KeyReader;
use crate::drive::{self, Context, End, Figures, Flow, Job, Mapper, Notes, Recipe};
use crate::expr::{Expr, Program};
use crate::jsonl::{Chunk, Record, Reject};
use crate::row::{Head, RowWriter};
use crate::time::{Millis, Span, TimeReader, write_rfc3339};
use crate::window::{Emission, Settings, SettingsError, Sink, Windows};

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
    /// Records without a truthy output do not exist for the windows.
    pub keep: Option<Expr>,
    /// The windows.
    pub windows: Settings,
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
}

impl Count {
    /// A count with these options.
    pub fn new(options: CountOptions) -> Result<Count, SettingsError> {
        Ok(Count {
            search: ClockSearch::default(),
            windows: Windows::new(&options.windows)?,
            rows: Rows {
                writer: RowWriter::new(options.keys.iter().map(|(name, _)| name.as_str())),
                written: Vec::new(),
                whole: Vec::new(),
            },
            left_out: 0,
            told_composite: false,
            options,
        })
    }

    /// Hands on the rows that windows put out.
    fn write(&mut self, cx: &mut Context<'_>) -> anyhow::Result<()> {
        if self.rows.whole.is_empty() {
            return Ok(());
        }
        let mut begin = 0;
        for end in self.rows.whole.drain(..) {
            cx.out.records(&self.rows.written[begin..end])?;
            begin = end;
        }
        self.rows.written.clear();
        // A closed window is shown at once.
        Ok(cx.out.flush()?)
    }

    /// Says what did not count, and what would have helped.
    fn tell(&self, notes: &mut Notes) {
        let stats = self.windows.stats();
        if stats.late > 0 {
            let records = if stats.records == 1 { "record" } else { "records" };
            let hint = stats.late_hint.map_or(String::new(), |millis| {
                // Whole seconds read better, and keep all as well.
                let seconds = (millis + 999) / 1000;
                format!("; --watermark {} would have kept all", Span::from_millis(1000 * seconds))
            });
            notes.say(&format!("{} of {} {records} missed a window{hint}", stats.late, stats.records));
        }
        if stats.future > 0 {
            notes.say(&format!(
                "set aside {} of {} records whose time lies too far ahead of the others; --max-future sets how far it may",
                stats.future, stats.records
            ));
        }
        if stats.no_key > 0 {
            notes.explain(&format!("{} of {} records have no key", stats.no_key, stats.records));
        }
    }
}

/// The pure half of [`Count`].
pub struct CountMapper {
    program: Program,
    keep: Option<usize>,
    time: Time,
    times: TimeReader,
    keys: KeyReader,
}

/// Where a mapper has the time from.
enum Time {
    Field(usize, Expr),
    /// The ordered half knows it.
    Arrival,
    /// No record had one yet.
    Unknown,
}

/// The records of a chunk as the windows take them.
#[derive(Default)]
pub struct Counted {
    records: Vec<(Millis, Range<usize>)>,
    /// Where each key of the records ends in `bytes`.
    ends: Vec<usize>,
    bytes: Vec<u8>,
    left_out: u64,
    composite: Option<String>,
}

impl Mapper for CountMapper {
    type Batch = Counted;

    fn map(&mut self, record: &Record<'_>, counted: &mut Counted) -> Result<(), Reject> {
        let mut loaded = self.program.load(record.bytes).map_err(drive::fault)?;
        if let Some(keep) = self.keep
            && !loaded.truthy(keep).map_err(failed)?
        {
            counted.left_out += 1;
            return Ok(());
        }
        let time = match &self.time {
            Time::Field(index, expression) => clock::read(&mut loaded, *index, expression, &self.times)?,
            Time::Arrival => 0,
            Time::Unknown => {
                return Err(Reject::new("time", "no record so far has a time that is found by itself"));
            }
        };
        let first = counted.ends.len();
        let composite = self.keys.read(&mut loaded, &mut counted.bytes, &mut counted.ends)?;
        if counted.composite.is_none() {
            counted.composite = composite;
        }
        counted.records.push((time, first..counted.ends.len()));
        Ok(())
    }
}

impl Counted {
    /// The keys of one record.
    fn keys(&self, range: &Range<usize>) -> impl Iterator<Item = &[u8]> {
        range.clone().map(|key| {
            let begin = if key == 0 { 0 } else { self.ends[key - 1] };
            &self.bytes[begin..self.ends[key]]
        })
    }
}

impl Job for Count {
    type Mapper = CountMapper;

    fn settle(&mut self, chunk: &Chunk, notes: &mut Notes) -> anyhow::Result<bool> {
        if matches!(self.options.clock, Clock::Auto)
            && let Some(field) = self.search.look(chunk, &self.options.times, notes)?
        {
            self.options.clock = Clock::Field(field);
        }
        Ok(!matches!(self.options.clock, Clock::Auto))
    }

    fn recipe(&self) -> Recipe<CountMapper> {
        let options = self.options.clone();
        Arc::new(move || {
            let mut expressions: Vec<&Expr> = Vec::new();
            let mut add = |expression| {
                expressions.push(expression);
                expressions.len() - 1
            };
            let keep = options.keep.as_ref().map(&mut add);
            let time = match &options.clock {
                Clock::Field(field) => Time::Field(add(field), field.clone()),
                Clock::Arrival => Time::Arrival,
                Clock::Auto => Time::Unknown,
            };
            let keys = options.keys.iter().map(|(_, key)| add(key)).collect();
            Ok(CountMapper {
                keep,
                time,
                times: options.times.clone(),
                keys: KeyReader::new(keys, options.once_per_record),
                program: Program::new(&expressions)?,
            })
        })
    }

    fn apply(&mut self, _chunk: &Chunk, counted: Counted, cx: &mut Context<'_>) -> anyhow::Result<Flow> {
        self.left_out += counted.left_out;
        if let Some(composite) = &counted.composite
            && !self.told_composite
        {
            cx.notes.say(composite);
            self.told_composite = true;
        }
        let arrival = matches!(self.options.clock, Clock::Arrival).then(now);
        let mut keys = Vec::new();
        for (time, range) in &counted.records {
            keys.clear();
            keys.extend(counted.keys(range));
            self.windows.record(arrival.unwrap_or(*time), &keys, &mut self.rows);
        }
        self.write(cx)?;
        Ok(Flow::On)
    }

    fn finish(&mut self, _end: End, cx: &mut Context<'_>) -> anyhow::Result<()> {
        if matches!(self.options.clock, Clock::Auto) && self.search.has_seen_records() {
            return Err(self.search.nothing_found().into());
        }
        self.windows.finish(&mut self.rows);
        self.write(cx)?;
        self.tell(cx.notes);
        Ok(())
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

/// Takes emissions, and keeps their rows until they are written.
struct Rows {
    writer: RowWriter,
    written: Vec<u8>,
    /// Where the rows of each emission end.
    whole: Vec<usize>,
}

impl Sink for Rows {
    fn emission(&mut self, emission: &Emission<'_>) {
        self.writer.begin(&Head {
            start: emission.start,
            end: emission.end,
            total: emission.total,
            distinct: emission.distinct,
            rows: emission.rows.len() as u64,
            late: emission.late,
            rev: emission.rev,
            open: emission.open,
            update: emission.update,
            all: emission.all,
        });
        for row in emission.rows {
            self.writer.row(row.key, row.count, &mut self.written);
        }
        self.whole.push(self.written.len());
    }
}
