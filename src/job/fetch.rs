//! `stream-fetch`: hands lines on untouched, at the pace of a recording where that is asked for.

use std::sync::Arc;
use std::time::Instant;

use super::clock::{self, Clock, ClockSearch};
use crate::archive::{Now, Recorder};
use crate::drive::{self, Context, End, Figures, Flow, Job, Mapper, Notes, Recipe};
use crate::expr::{Expr, Program};
use crate::jsonl::{Chunk, Record, Reject};
use crate::scan;
use crate::source::Pace;
use crate::state::Snapshot;
use crate::time::{Millis, TimeReader};

/// How lines are handed on.
#[derive(Clone, Debug)]
pub struct FetchOptions {
    /// When lines are due; `None`: as they come.
    pub pace: Option<Pace>,
    /// Which field is the time, for a pace that follows it.
    pub clock: Clock,
    /// How the time is written.
    pub times: TimeReader,
    /// The run ends after so many records.
    pub records: Option<u64>,
}

/// The job; see [`FetchOptions`].
pub struct Fetch {
    options: FetchOptions,
    search: ClockSearch,
    /// When the first line came.
    begun: Option<Instant>,
    /// Lines of the chunk at hand whose turn has not come, and the first of them once it is known when it is due.
    rest: std::vec::IntoIter<Line>,
    next: Option<(Line, Instant)>,
    written: u64,
    untimed: u64,
    recorder: Option<Recorder>,
}

impl Fetch {
    /// A fetch with these options.
    pub fn new(options: FetchOptions) -> Fetch {
        Fetch {
            options,
            search: ClockSearch::default(),
            begun: None,
            rest: Vec::new().into_iter(),
            next: None,
            written: 0,
            untimed: 0,
            recorder: None,
        }
    }

    /// Each line also goes there.
    #[must_use]
    pub fn recording(mut self, recorder: Option<Recorder>) -> Fetch {
        self.recorder = recorder;
        self
    }

    fn write(&mut self, lines: &[u8], cx: &mut Context<'_>) -> anyhow::Result<()> {
        // Recorded first: what has reached the next tool can be read again.
        if let Some(recorder) = &mut self.recorder {
            recorder.write(lines, Now::read())?;
        }
        cx.out.records(lines)
    }

    fn needs_times(&self) -> bool {
        self.options.pace.as_ref().is_some_and(Pace::needs_event_time)
    }

    /// Whether the wanted number of records is out.
    fn has_all(&self) -> bool {
        self.options.records.is_some_and(|records| self.written >= records)
    }

    /// When a line with this time is due; `None`: at once.
    fn due(&mut self, time: Option<Millis>) -> Option<Instant> {
        let pace = self.options.pace.as_mut()?;
        self.untimed += u64::from(time.is_none() && pace.needs_event_time());
        let due = self.begun?.checked_add(pace.due(time))?;
        (due > Instant::now()).then_some(due)
    }

    /// The next line of the chunk at hand, if it is due; else [`Fetch::next`] tells when, or all are out.
    fn take(&mut self) -> Option<Line> {
        if let Some((line, due)) = self.next.take() {
            if due > Instant::now() {
                self.next = Some((line, due));
                return None;
            }
            return Some(line);
        }
        if self.has_all() {
            return None;
        }
        let line = self.rest.next()?;
        match self.due(line.time) {
            Some(due) => {
                self.next = Some((line, due));
                None
            }
            None => Some(line),
        }
    }
}

/// The pure half of [`Fetch`].
pub struct FetchMapper {
    time: Option<(Program, Expr, TimeReader)>,
}

/// A line of a chunk: where its record is, and its time where it is needed.
pub struct Line {
    start: usize,
    end: usize,
    time: Option<Millis>,
}

impl Mapper for FetchMapper {
    type Batch = Vec<Line>;

    fn map(&mut self, record: &Record<'_>, lines: &mut Vec<Line>) -> Result<(), Reject> {
        // A last line without its newline may be cut: handed on, it would be glued to what comes next.
        if !record.terminated {
            scan::check(record.bytes).map_err(drive::fault)?;
        }
        let time = self.time.as_mut().and_then(|(program, expression, times)| {
            clock::read(&mut program.load(record.bytes).ok()?, 0, expression, times).ok()
        });
        lines.push(Line { start: record.start, end: record.start + record.bytes.len(), time });
        Ok(())
    }
}

impl Job for Fetch {
    type Mapper = FetchMapper;

    fn settle(&mut self, chunk: &Chunk, notes: &mut Notes) -> anyhow::Result<bool> {
        if !self.needs_times() || !matches!(self.options.clock, Clock::Auto) {
            return Ok(true);
        }
        match self.search.look(chunk, None, &self.options.times, notes)? {
            Some(field) => {
                self.options.clock = Clock::Field(field);
                Ok(true)
            }
            None => Ok(false),
        }
    }

    fn recipe(&self) -> Recipe<FetchMapper> {
        let field = match &self.options.clock {
            Clock::Field(field) if self.needs_times() => Some(field.clone()),
            _ => None,
        };
        let times = self.options.times.clone();
        Arc::new(move || {
            let time = match &field {
                Some(field) => Some((Program::new(&[field])?, field.clone(), times.clone())),
                None => None,
            };
            Ok(FetchMapper { time })
        })
    }

    fn apply(&mut self, chunk: &Chunk, lines: Vec<Line>, cx: &mut Context<'_>) -> anyhow::Result<Flow> {
        if self.begun.is_none() && !lines.is_empty() {
            self.begun = Some(Instant::now());
        }
        self.rest = lines.into_iter();
        self.go_on(chunk, cx)
    }

    fn go_on(&mut self, chunk: &Chunk, cx: &mut Context<'_>) -> anyhow::Result<Flow> {
        // Lines with nothing but a newline between them are written at once.
        let mut run = 0..0;
        while let Some(line) = self.take() {
            self.written += 1;
            if run.end + 1 == line.start && !run.is_empty() {
                run.end = line.end;
            } else {
                if !run.is_empty() {
                    self.write(&chunk.bytes()[run], cx)?;
                }
                run = line.start..line.end;
            }
        }
        if !run.is_empty() {
            self.write(&chunk.bytes()[run], cx)?;
        }
        say_news(&mut self.recorder, cx);
        Ok(match &self.next {
            Some((_, due)) => Flow::Later(*due),
            None if self.has_all() => Flow::Done,
            None => Flow::On,
        })
    }

    fn alarm(&self) -> Option<Instant> {
        self.recorder.as_ref()?.due(Now::read())
    }

    fn ring(&mut self, _cx: &mut Context<'_>) -> anyhow::Result<()> {
        Ok(self.recorder.as_mut().map_or(Ok(()), |recorder| recorder.tick(Now::read()))?)
    }

    fn save(&mut self, _snapshot: &mut Snapshot) -> anyhow::Result<()> {
        // The place that is saved is behind what was recorded.
        Ok(self.recorder.as_mut().map_or(Ok(()), Recorder::flush)?)
    }

    fn finish(&mut self, _end: End, cx: &mut Context<'_>) -> anyhow::Result<()> {
        self.recorder.as_mut().map_or(Ok(()), Recorder::close)?;
        say_news(&mut self.recorder, cx);
        if self.needs_times() && matches!(self.options.clock, Clock::Auto) && self.search.has_seen_records() {
            return Err(self.search.nothing_found().into());
        }
        if self.untimed > 0 {
            cx.notes.say(&format!(
                "{} of {} lines have no time that can be read; they came with the line before them",
                self.untimed, self.written
            ));
        }
        Ok(())
    }

    fn figures(&self, figures: &mut Figures) {
        figures.insert("untimed".into(), self.untimed.into());
        figures.insert("rows".into(), self.written.into());
        if let Some(recorder) = &self.recorder {
            figures.insert("recorded_files".into(), recorder.files().into());
        }
    }
}

fn say_news(recorder: &mut Option<Recorder>, cx: &mut Context<'_>) {
    recorder.iter_mut().flat_map(Recorder::notes).for_each(|note| cx.notes.say(&note));
}
