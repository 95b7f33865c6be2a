//! The run itself: events in, batches applied in order, output flushed by the rule.

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use serde_json::Value;

use super::map::{Checks, Mapped, Mapper, map_chunk, too_long};
use super::reader::{CHUNK, Reader};
use super::workers::{self, Answer};
use super::{Context, End, Event, Figures, Flow, Interrupt, Job, Notes, ReadError};
use crate::jsonl::{Chunk, ChunkKind, Input, Ledger, Meter, Output, Place};

/// Output that has waited so long is written, even while input comes.
const PENDING_LIMIT: Duration = Duration::from_millis(10);
/// How long a signalled run goes on with what the stages before it still send.
const GRACE: Duration = Duration::from_secs(1);

/// How a run is to go.
pub struct Settings {
    /// In order.
    pub inputs: Vec<Input>,
    /// Where the output goes.
    pub output: Output,
    /// How lines are looked at.
    pub checks: Checks,
    /// The account of rejects.
    pub ledger: Ledger,
    /// How many mappers work at once; with 1 the ordered thread maps, too.
    pub threads: usize,
    /// What is said to a person.
    pub notes: Notes,
    /// What ends the run from outside.
    pub interrupt: Interrupt,
    /// Told now and then how far the run is.
    pub progress: Option<Box<dyn FnMut(Progress) + Send>>,
}

/// How far a run is.
#[derive(Clone, Copy, Debug)]
pub struct Progress {
    /// Bytes read, as they are stored.
    pub bytes: u64,
    /// Records seen.
    pub records: u64,
}

/// How a run ended.
#[derive(Debug)]
pub struct Outcome {
    /// What ended it.
    pub end: End,
    /// An input failed before its end.
    pub read_error: Option<ReadError>,
    /// Its figures.
    pub figures: Figures,
}

/// Runs the job over all inputs. What was written is flushed, and a replaced file is in its place, when this returns.
pub fn run<J: Job>(job: &mut J, settings: Settings) -> anyhow::Result<Outcome> {
    let Settings { inputs, output, checks, ledger, threads, notes, interrupt, progress } = settings;
    let (events, received) = channel();
    let (pool, free) = channel();
    for _ in 0..2 * threads + 3 {
        // The receiving end is alive: it is ours.
        let _ = pool.send(vec![0; CHUNK]);
    }
    let wake = events.clone();
    interrupt.attach(Box::new(move || drop(wake.send(Event::Woken))));

    let mut run = Run {
        job,
        names: inputs.iter().map(|input| input.name.clone()).collect(),
        meters: inputs.iter().map(|input| input.meter.clone()).collect(),
        lines_before: vec![0; inputs.len()],
        output,
        checks,
        ledger,
        threads,
        notes,
        interrupt,
        progress,
        pool,
        mapper: None,
        is_piped: inputs.iter().any(|input| input.is_pipe),
        answers: workers::start(Reader::new(inputs, checks.max_line, free), checks, events)?,
        waiting: BTreeMap::new(),
        applied: 0,
        read_end: None,
        counts: Counts::default(),
        begun: Instant::now(),
        grace: None,
    };
    let end = run.events(&received)?;
    run.end(end)
}

#[derive(Default)]
struct Counts {
    lines: u64,
    records: u64,
    blank: u64,
}

/// A chunk that came back mapped, or one that needs no mapping.
enum Ready<B> {
    Lines(Chunk, Mapped<B>),
    Oversized(Chunk),
}

struct Run<'j, J: Job> {
    job: &'j mut J,
    names: Vec<String>,
    meters: Vec<Meter>,
    /// Lines of each input in the chunks applied so far.
    lines_before: Vec<u64>,
    output: Output,
    checks: Checks,
    ledger: Ledger,
    threads: usize,
    notes: Notes,
    interrupt: Interrupt,
    progress: Option<Box<dyn FnMut(Progress) + Send>>,
    pool: Sender<Vec<u8>>,
    /// Where one thread maps all, and the job is settled: this one.
    mapper: Option<J::Mapper>,
    /// Tells the reading thread what is to become of chunks.
    answers: Sender<Answer<J::Mapper>>,
    /// Chunks that came back before those ahead of them.
    waiting: BTreeMap<u64, Ready<<J::Mapper as Mapper>::Batch>>,
    /// Chunks applied so far.
    applied: u64,
    /// How many chunks there are in all, once known.
    read_end: Option<(u64, Option<ReadError>)>,
    counts: Counts,
    begun: Instant,
    /// Another process writes the input.
    is_piped: bool,
    /// Until when a signalled run goes on.
    grace: Option<Instant>,
}

impl<J: Job> Run<'_, J> {
    /// Takes events until something ends the run.
    fn events(&mut self, received: &Receiver<Event<<J::Mapper as Mapper>::Batch>>) -> anyhow::Result<End> {
        loop {
            if let Some(end) = self.interrupted()? {
                return Ok(end);
            }
            match self.next(received)? {
                Some(Event::Read { sequence, chunk }) => self.route(sequence, chunk)?,
                Some(Event::Mapped { sequence, chunk, mapped }) => {
                    self.waiting.insert(sequence, Ready::Lines(chunk, mapped));
                }
                Some(Event::End { sequence, error }) => self.read_end = Some((sequence, error)),
                Some(Event::Failed(error)) => return Err(error),
                Some(Event::Woken) | None => {}
            }
            while let Some(ready) = self.waiting.remove(&self.applied) {
                self.applied += 1;
                if let Some(end) = self.take(ready)? {
                    return Ok(end);
                }
                if self.output.pending_since().is_some_and(|since| since.elapsed() >= PENDING_LIMIT) {
                    self.output.flush()?;
                }
                if let Some(end) = self.interrupted()? {
                    return Ok(end);
                }
            }
            if self.read_end.as_ref().is_some_and(|(chunks, _)| *chunks == self.applied) {
                return Ok(self.interrupt.signalled().map_or(End::Input, End::Signal));
            }
        }
    }

    /// Waits for an event, at most until pending output or the job want their turn.
    fn next(
        &mut self,
        received: &Receiver<Event<<J::Mapper as Mapper>::Batch>>,
    ) -> anyhow::Result<Option<Event<<J::Mapper as Mapper>::Batch>>> {
        let flush_at = self.output.pending_since().map(|since| since + PENDING_LIMIT);
        let alarm = self.job.alarm();
        let Some(due) = flush_at.into_iter().chain(alarm).chain(self.grace).min() else {
            return Ok(received.recv().ok());
        };
        match received.recv_timeout(due.saturating_duration_since(Instant::now())) {
            Ok(event) => return Ok(Some(event)),
            Err(RecvTimeoutError::Disconnected) => return Ok(None),
            Err(RecvTimeoutError::Timeout) => {}
        }
        let now = Instant::now();
        if alarm.is_some_and(|alarm| alarm <= now) {
            self.job.ring(&mut Context {
                out: &mut self.output,
                notes: &mut self.notes,
                interrupt: &self.interrupt,
            })?;
        }
        if flush_at.is_some_and(|at| at <= now) {
            self.output.flush()?;
        }
        Ok(None)
    }

    /// Shows the figures if they were asked for; tells whether something from outside ends the run.
    fn interrupted(&mut self) -> anyhow::Result<Option<End>> {
        if self.interrupt.take_report() {
            let figures = Value::Object(self.figures()).to_string();
            self.notes.raw(&figures);
        }
        if self.interrupt.is_output_closed() {
            return Err(io::Error::from(io::ErrorKind::BrokenPipe).into());
        }
        Ok(self.signalled())
    }

    /// Whether a signal ends the run now. Ctrl-C reaches all stages of a pipeline at once: a stage that reads a pipe
    /// takes what those before it still send as they end, or the windows that they close last would be lost.
    fn signalled(&mut self) -> Option<End> {
        let number = self.interrupt.signalled()?;
        let now = Instant::now();
        let until = *self.grace.get_or_insert(now + GRACE);
        (!self.is_piped || until <= now).then_some(End::Signal(number))
    }

    /// Maps a chunk that the workers did not, and tells them what they may do with those that follow.
    fn route(&mut self, sequence: u64, chunk: Chunk) -> anyhow::Result<()> {
        if chunk.kind != ChunkKind::Lines {
            self.waiting.insert(sequence, Ready::Oversized(chunk));
            return Ok(());
        }
        let mapped = match &mut self.mapper {
            Some(mapper) => map_chunk(mapper, &chunk, self.checks),
            None => {
                let is_settled = self.job.settle(&chunk, &mut self.notes)?;
                let recipe = self.job.recipe();
                // The next chunk is on its way while this one is mapped here.
                let answer = match (is_settled, self.threads) {
                    (false, _) => Answer::More,
                    (true, 1) => Answer::All,
                    (true, threads) => Answer::Share(Arc::clone(&recipe), threads),
                };
                // The reader may be gone.
                let _ = self.answers.send(answer);
                let mut mapper = recipe()?;
                let mapped = map_chunk(&mut mapper, &chunk, self.checks);
                self.mapper = (is_settled && self.threads == 1).then_some(mapper);
                mapped
            }
        };
        self.waiting.insert(sequence, Ready::Lines(chunk, mapped));
        Ok(())
    }

    /// Applies the next chunk in order.
    fn take(&mut self, ready: Ready<<J::Mapper as Mapper>::Batch>) -> anyhow::Result<Option<End>> {
        let (chunk, flow) = match ready {
            Ready::Oversized(chunk) => {
                self.take_oversized(&chunk)?;
                (chunk, Flow::On)
            }
            Ready::Lines(chunk, mapped) => {
                let flow = self.take_lines(&chunk, mapped)?;
                (chunk, flow)
            }
        };
        if chunk.flush {
            self.output.settle()?;
            self.ledger.flush()?;
        }
        // The reader may be gone.
        let _ = self.pool.send(chunk.into_buffer());
        if let Some(progress) = &mut self.progress {
            let bytes = self.meters.iter().map(Meter::bytes).sum();
            progress(Progress { bytes, records: self.counts.records });
        }
        Ok(if self.ledger.is_over_now() {
            Some(End::Rejects)
        } else {
            (flow == Flow::Done).then_some(End::Done)
        })
    }

    fn take_lines(
        &mut self,
        chunk: &Chunk,
        mapped: Mapped<<J::Mapper as Mapper>::Batch>,
    ) -> anyhow::Result<Flow> {
        self.counts.lines += mapped.lines;
        self.counts.blank += mapped.blank;
        self.counts.records += mapped.records;
        let before = self.lines_before[chunk.input];
        self.lines_before[chunk.input] += mapped.lines;
        let flow = self.job.apply(
            chunk,
            mapped.batch,
            &mut Context { out: &mut self.output, notes: &mut self.notes, interrupt: &self.interrupt },
        )?;
        for rejected in &mapped.rejects {
            let place = Place { input: &self.names[chunk.input], line: before + rejected.line + 1 };
            let line = &chunk.bytes()[rejected.start..rejected.end];
            if let Some(message) = self.ledger.enter(&place, &rejected.reject, line)? {
                self.notes.say(&message);
            }
            if self.ledger.is_over_now() {
                break;
            }
        }
        Ok(flow)
    }

    fn take_oversized(&mut self, chunk: &Chunk) -> anyhow::Result<()> {
        let ChunkKind::Oversized { first, last } = chunk.kind else { return Ok(()) };
        let bytes = chunk.bytes().strip_suffix(b"\n").unwrap_or(chunk.bytes());
        if first {
            self.counts.lines += 1;
            self.lines_before[chunk.input] += 1;
            let place = Place { input: &self.names[chunk.input], line: self.lines_before[chunk.input] };
            if let Some(message) = self.ledger.enter_part(&place, &too_long(self.checks.max_line), bytes)? {
                self.notes.say(&message);
            }
        } else {
            self.ledger.keep(bytes, last)?;
        }
        Ok(())
    }

    fn figures(&self) -> Figures {
        let mut figures = Figures::new();
        let rejected =
            self.ledger.counts().iter().map(|(reason, count)| (reason.to_string(), (*count).into()));
        figures.insert("lines".into(), self.counts.lines.into());
        figures.insert("records".into(), self.counts.records.into());
        figures.insert("rejected".into(), Value::Object(rejected.collect()));
        figures.insert("blank".into(), self.counts.blank.into());
        self.job.figures(&mut figures);
        figures.insert("bytes".into(), self.meters.iter().map(Meter::bytes).sum::<u64>().into());
        figures.insert("seconds".into(), self.begun.elapsed().as_secs_f64().into());
        figures
    }

    fn end(mut self, end: End) -> anyhow::Result<Outcome> {
        let mut end = end;
        self.job.finish(
            end,
            &mut Context { out: &mut self.output, notes: &mut self.notes, interrupt: &self.interrupt },
        )?;
        if end != End::Rejects && self.ledger.is_over(self.counts.records) {
            end = End::Rejects;
        }
        if let Some(summary) = self.ledger.summary(self.counts.lines) {
            self.notes.say(&summary);
        }
        self.ledger.flush().context("cannot write the rejects")?;
        let figures = self.figures();
        // A file that others read is not replaced by a part of what it should hold.
        if end == End::Rejects || self.read_end.as_ref().is_some_and(|(_, error)| error.is_some()) {
            self.output.give_up()?;
        } else {
            self.output.close()?;
        }
        Ok(Outcome { end, read_error: self.read_end.and_then(|(_, error)| error), figures })
    }
}
