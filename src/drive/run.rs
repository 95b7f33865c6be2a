//! The run itself: events in, batches applied in order, output flushed by the rule.

use std::collections::BTreeMap;
use std::io;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use serde_json::Value;

use super::map::{Checks, Mapped, Mapper, Rejected, map_chunk};
use super::marks::EndMark;
use super::pool::{Pool, PoolKeeper};
use super::reader::Reader;
use super::saving::Saves;
use super::workers::Crew;
use super::{
    Context, End, Event, Failure, Figures, Flow, Interrupt, Job, Notes, Outcome, ReadError, Settings, Watcher,
};
use crate::jsonl::{Chunk, ChunkKind, Ledger, Meter, Output};
use crate::state::Keeper;

/// Output that has waited so long is written, even while input comes.
const PENDING_LIMIT: Duration = Duration::from_millis(10);
/// How long a signalled run goes on with what the stages before it still send.
const GRACE: Duration = Duration::from_secs(1);

/// Runs the job over all inputs. What was written is flushed, and a replaced file is in its place, when this returns.
pub fn run<J: Job>(job: &mut J, settings: Settings) -> Result<Outcome, Box<Failure>> {
    let Settings { inputs, output, checks, ledger, threads, notes, interrupt, progress, keeper } = settings;
    let (events, received) = channel();
    let pool = Pool::new(2 * threads + 3);
    let wake = events.clone();
    interrupt.attach(Box::new(move || drop(wake.send(Event::Woken))));

    let names: Vec<String> = inputs.list.iter().map(|input| input.name.clone()).collect();
    let meters = inputs.list.iter().map(|input| input.meter.clone()).collect();
    let lines_before = inputs.list.iter().map(|input| input.lines).collect();
    let is_piped = inputs.list.iter().any(|input| input.is_pipe);
    let stage = keeper.as_ref().and_then(Keeper::stage);
    if let (Some(keeper), Some(_)) = (&keeper, stage) {
        let interrupt = interrupt.clone();
        keeper.wake_by(Box::new(move || interrupt.wake()));
    }
    let reader = Reader::new(inputs, checks.max_line).with_marks(Run::<J>::finder(stage));
    let crew = Crew::new(reader, pool.clone(), checks, events)
        .map_err(|error| Box::new(Failure { error: error.into(), figures: Figures::new() }))?;
    let mut run = Run {
        job,
        lines_before,
        names,
        meters,
        output,
        checks,
        ledger,
        threads,
        notes,
        interrupt,
        progress,
        status: (None, None),
        pool: PoolKeeper(pool),
        mapper: None,
        is_piped,
        crew,
        waiting: BTreeMap::new(),
        held: None,
        applied: 0,
        read_end: None,
        is_sent: false,
        end_mark: None,
        last_input: 0,
        counts: Counts::default(),
        begun: Instant::now(),
        grace: None,
        rest_until: None,
        saves: keeper.is_some().then(Saves::default),
        keeper,
    };
    let ended = run
        .begin()
        .and_then(|end| end.map_or_else(|| run.events(&received), Ok))
        .and_then(|end| run.end(end));
    match ended {
        Ok(end) => {
            Ok(Outcome { end, figures: run.figures(), read_error: run.read_end.and_then(|(_, error)| error) })
        }
        Err(error) => {
            run.take_back();
            Err(Box::new(Failure { error, figures: run.figures() }))
        }
    }
}

#[derive(Default)]
pub(super) struct Counts {
    pub(super) lines: u64,
    pub(super) records: u64,
    pub(super) blank: u64,
}

/// A chunk that came back mapped, or one that needs no mapping.
enum Ready<B> {
    Lines(Chunk, Mapped<B>),
    Refused(Chunk),
}

/// A chunk of which the job left a part for later.
pub(super) struct Held {
    pub(super) chunk: Chunk,
    pub(super) rejects: Vec<Rejected>,
    pub(super) due: Instant,
    /// The keeper was told of it.
    pub(super) is_noted: bool,
}

pub(super) struct Run<'j, J: Job> {
    pub(super) job: &'j mut J,
    pub(super) names: Vec<String>,
    pub(super) meters: Vec<Meter>,
    /// Lines of each input in the chunks applied so far.
    pub(super) lines_before: Vec<u64>,
    pub(super) output: Output,
    pub(super) checks: Checks,
    pub(super) ledger: Ledger,
    threads: usize,
    pub(super) notes: Notes,
    pub(super) interrupt: Interrupt,
    pub(super) progress: Option<Watcher>,
    /// When the job was asked last for what is shown beside it, and what it said.
    pub(super) status: (Option<Instant>, Option<String>),
    pub(super) pool: PoolKeeper,
    /// Where this thread maps, and the job is settled.
    mapper: Option<J::Mapper>,
    crew: Crew<J::Mapper>,
    /// Chunks that came back before those ahead of them.
    waiting: BTreeMap<u64, Ready<<J::Mapper as Mapper>::Batch>>,
    /// The chunk that all others wait for.
    pub(super) held: Option<Held>,
    /// Chunks applied so far.
    applied: u64,
    /// The job has sent what it kept back.
    is_sent: bool,
    /// What marks said is the end.
    pub(super) end_mark: Option<EndMark>,
    /// The input of the last chunk.
    pub(super) last_input: usize,
    /// How many chunks there are in all, once known.
    pub(super) read_end: Option<(u64, Option<ReadError>)>,
    pub(super) counts: Counts,
    pub(super) begun: Instant,
    /// Another process writes the input.
    is_piped: bool,
    /// Until when a signalled run goes on.
    grace: Option<Instant>,
    /// Until when more is awaited of a long line that ends the run, and is kept.
    rest_until: Option<Instant>,
    pub(super) keeper: Option<Keeper>,
    pub(super) saves: Option<Saves>,
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
            while let Some(end) = self.step()? {
                if let Some(end) = end {
                    return Ok(end);
                }
                if self.output.pending_since().is_some_and(|since| since.elapsed() >= PENDING_LIMIT) {
                    self.output.flush()?;
                }
                self.save_if_due()?;
                if let Some(end) = self.interrupted()? {
                    return Ok(end);
                }
            }
            self.save_if_due()?;
            let is_read = self.end_mark.is_some()
                || self.read_end.as_ref().is_some_and(|(chunks, _)| *chunks == self.applied);
            if is_read && self.held.is_none() {
                if let Some(end) = self.ended_unmarked()? {
                    return Ok(end);
                }
                if self.send_rest()? {
                    continue;
                }
                let signal = self.interrupt.signalled().filter(|_| self.end_mark.is_none());
                return Ok(signal.map_or(End::Input, End::Signal));
            }
        }
    }

    /// Before anything is read; tells whether that ends the run.
    fn begin(&mut self) -> anyhow::Result<Option<End>> {
        self.save_what_is_owed()?;
        self.tell_first_mark()?;
        let chunk = Chunk::new(Vec::new().into(), 0, 0);
        let mut cx = Context { out: &mut self.output, notes: &mut self.notes };
        let flow = self.job.begin(&chunk, &mut cx)?;
        if let Flow::Later(due) = flow {
            self.held = Some(Held { chunk, rejects: Vec::new(), due, is_noted: true });
        }
        Ok(matches!(flow, Flow::Done | Flow::DoneBehind(_)).then_some(End::Done))
    }

    /// All is applied: lets the job send what it kept back. True: some of it is for later.
    fn send_rest(&mut self) -> anyhow::Result<bool> {
        if std::mem::replace(&mut self.is_sent, true) || self.interrupt.signalled().is_some() {
            return Ok(false);
        }
        let chunk = Chunk::new(Vec::new().into(), 0, 0);
        let mut cx = Context { out: &mut self.output, notes: &mut self.notes };
        let Flow::Later(due) = self.job.send_rest(&chunk, &mut cx)? else { return Ok(false) };
        self.output.settle()?;
        self.held = Some(Held { chunk, rejects: Vec::new(), due, is_noted: true });
        Ok(true)
    }

    /// Applies what comes next in order, and tells whether that ends the run; `None` where it is not there yet, or not due.
    fn step(&mut self) -> anyhow::Result<Option<Option<End>>> {
        if let Some(held) = &self.held {
            if held.due > Instant::now() {
                return Ok(None);
            }
            return self.held.take().map(|held| self.go_on(held)).transpose();
        }
        if self.end_mark.is_some() {
            return Ok(None);
        }
        let Some(ready) = self.waiting.remove(&self.applied) else { return Ok(None) };
        self.applied += 1;
        self.take(ready).map(Some)
    }

    /// Takes an event. Where there is none this thread reads; and where it may not, it waits, at most until pending output, a
    /// held chunk or the job want their turn.
    fn next(
        &mut self,
        received: &Receiver<Event<<J::Mapper as Mapper>::Batch>>,
    ) -> anyhow::Result<Option<Event<<J::Mapper as Mapper>::Batch>>> {
        let flush_at = self.output.pending_since().map(|since| since + PENDING_LIMIT);
        let alarm = self.job.alarm();
        let held = self.held.as_ref().map(|held| held.due);
        let save = self.save_at();
        let until = self.interrupt.deadline();
        let due =
            [flush_at, alarm, self.grace, self.rest_until, held, save, until].into_iter().flatten().min();
        if due.is_none_or(|due| due > Instant::now())
            && let Some(event) = received.try_recv().ok().or_else(|| self.crew.read())
        {
            return Ok(Some(event));
        }
        let Some(due) = due else { return Ok(received.recv().ok()) };
        match received.recv_timeout(due.saturating_duration_since(Instant::now())) {
            Ok(event) => return Ok(Some(event)),
            Err(RecvTimeoutError::Disconnected) => return Ok(None),
            Err(RecvTimeoutError::Timeout) => {}
        }
        let now = Instant::now();
        if alarm.is_some_and(|alarm| alarm <= now) {
            self.job.ring(&mut Context { out: &mut self.output, notes: &mut self.notes })?;
            self.keeper.iter_mut().for_each(Keeper::touch);
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
        let has_passed = |until: Option<Instant>| until.is_some_and(|until| until <= Instant::now());
        if has_passed(self.rest_until) {
            return Ok(Some(End::Rejects));
        }
        let is_over = has_passed(self.interrupt.deadline());
        Ok(self.signalled().or(is_over.then_some(End::Done)))
    }

    /// Whether a signal ends the run now. Ctrl-C reaches all stages of a pipeline at once: a stage that reads a pipe
    /// takes what those before it still send as they end, or the windows that they close last would be lost. One that
    /// waits until a line is due waits for nobody: the line will not be sent.
    fn signalled(&mut self) -> Option<End> {
        let number = self.interrupt.signalled()?;
        let now = Instant::now();
        let until = *self.grace.get_or_insert(now + GRACE);
        (!self.is_piped || self.held.is_some() || until <= now).then_some(End::Signal(number))
    }

    /// Maps a chunk that the workers did not, and tells them what they may do with those that follow.
    fn route(&mut self, sequence: u64, chunk: Chunk) -> anyhow::Result<()> {
        if chunk.kind != ChunkKind::Lines {
            self.waiting.insert(sequence, Ready::Refused(chunk));
            return Ok(());
        }
        let mapped = match &mut self.mapper {
            Some(mapper) => map_chunk(mapper, &chunk, self.checks),
            None => {
                let is_settled = self.job.settle(&chunk, &mut self.notes)?;
                let recipe = self.job.recipe();
                // The next chunk is on its way while this one is mapped here.
                self.crew.settle(is_settled.then_some(&recipe), self.threads);
                let mut mapper = recipe()?;
                let mapped = map_chunk(&mut mapper, &chunk, self.checks);
                let goes_on = is_settled && (self.threads == 1 || self.crew.is_joined());
                self.mapper = goes_on.then_some(mapper);
                mapped
            }
        };
        self.waiting.insert(sequence, Ready::Lines(chunk, mapped));
        Ok(())
    }

    /// Applies the next chunk in order.
    fn take(&mut self, ready: Ready<<J::Mapper as Mapper>::Batch>) -> anyhow::Result<Option<End>> {
        match ready {
            Ready::Refused(chunk) if chunk.kind == ChunkKind::Mark => self.reach_mark(chunk),
            Ready::Refused(chunk) => {
                if !matches!(chunk.kind, ChunkKind::Oversized { first: false, .. }) {
                    self.ledger.end_line()?;
                }
                self.refuse(&chunk)?;
                self.note_read(&chunk);
                self.done_with(chunk, Flow::On)
            }
            Ready::Lines(chunk, mapped) => {
                self.ledger.end_line()?;
                let (mut chunk, mut mapped) = self.cut_at_limit(chunk, mapped)?;
                let mut cx = Context { out: &mut self.output, notes: &mut self.notes };
                let batch = std::mem::take(&mut mapped.batch);
                let mut flow = self.job.apply(&chunk, batch, &mut cx);
                if let Ok(Flow::DoneBehind(last)) = flow {
                    chunk.cut_behind_line(last);
                    mapped.cut_to(&chunk);
                    flow = Ok(Flow::Done);
                }
                // Also where the output failed: the lines were read.
                self.counts.lines += mapped.lines;
                self.counts.blank += mapped.blank;
                self.counts.records += mapped.records;
                let before = &mut self.lines_before[chunk.input];
                if chunk.starts_input && chunk.pass > 0 {
                    *before = 0;
                }
                let mut rejects = mapped.rejects;
                rejects.iter_mut().for_each(|rejected| rejected.line += *before);
                *before += mapped.lines;
                self.applied_to(chunk, rejects, flow?, false)
            }
        }
    }

    /// Goes on with a chunk of which the job left a part.
    fn go_on(&mut self, held: Held) -> anyhow::Result<Option<End>> {
        let Held { mut chunk, mut rejects, is_noted, .. } = held;
        // A save that has noted the chunk has less of its rest by now.
        self.keeper.iter_mut().for_each(Keeper::touch);
        let mut cx = Context { out: &mut self.output, notes: &mut self.notes };
        let mut flow = self.job.go_on(&chunk, &mut cx)?;
        if let Flow::DoneBehind(last) = flow {
            chunk.cut_behind_line(last);
            rejects.retain(|rejected| rejected.start < chunk.bytes().len());
            flow = Flow::Done;
        }
        match chunk.kind {
            ChunkKind::Mark => self.met(chunk, flow),
            _ => self.applied_to(chunk, rejects, flow, is_noted),
        }
    }

    /// The line of the reject that is one too many ends the input: what stands behind it in its chunk has no effect, or
    /// the output would depend on how the input was cut into chunks.
    fn cut_at_limit(
        &mut self,
        mut chunk: Chunk,
        mapped: Mapped<<J::Mapper as Mapper>::Batch>,
    ) -> anyhow::Result<(Chunk, Mapped<<J::Mapper as Mapper>::Batch>)> {
        let room = self.ledger.room().and_then(|room| usize::try_from(room).ok());
        let Some(last) = room.and_then(|room| mapped.rejects.get(room)) else { return Ok((chunk, mapped)) };
        chunk.cut_behind_line(last.end);
        let mapped = map_chunk(&mut self.job.recipe()()?, &chunk, self.checks);
        Ok((chunk, mapped))
    }

    /// The job has seen a chunk, and is done with it or not.
    fn applied_to(
        &mut self,
        chunk: Chunk,
        rejects: Vec<Rejected>,
        flow: Flow,
        is_noted: bool,
    ) -> anyhow::Result<Option<End>> {
        if let Flow::Later(due) = flow {
            // Nobody downstream waits because of it for what is there already.
            self.output.settle()?;
            self.held = Some(Held { chunk, rejects, due, is_noted });
            self.show_progress(None);
            return Ok(None);
        }
        self.enter(&chunk, &rejects)?;
        if !is_noted {
            self.note_read(&chunk);
        }
        self.done_with(chunk, flow)
    }

    /// Tells the keeper that a chunk has had its effect.
    pub(super) fn note_read(&mut self, chunk: &Chunk) {
        self.last_input = chunk.input;
        if let Some(keeper) = &mut self.keeper {
            keeper.read(chunk, self.lines_before[chunk.input]);
        }
    }

    /// Keeps the flush rule behind a chunk, and gives its buffer back.
    fn done_with(&mut self, chunk: Chunk, flow: Flow) -> anyhow::Result<Option<End>> {
        if chunk.flush {
            self.output.settle()?;
            self.ledger.flush()?;
        }
        let is_inside_line = matches!(chunk.kind, ChunkKind::Oversized { last: false, .. });
        self.show_progress(Some(&chunk));
        self.pool.0.give(chunk.into_buffer());
        let is_over = self.ledger.is_over_now();
        let goes_on = is_inside_line && self.ledger.wants_rest();
        self.rest_until = (is_over && goes_on).then(|| Instant::now() + GRACE);
        Ok(if is_over && !goes_on {
            Some(End::Rejects)
        } else {
            matches!(flow, Flow::Done | Flow::DoneBehind(_)).then_some(End::Done)
        })
    }

    /// Lets the job end, words the rejects, and closes the output; tells what ended the run, all considered.
    fn end(&mut self, end: End) -> anyhow::Result<End> {
        let mut end = end;
        if end != End::Rejects && self.ledger.is_over(self.counts.records) {
            end = End::Rejects;
        } else if self.read_end.as_ref().is_some_and(|(_, error)| error.is_some()) {
            end = End::Broken;
        }
        self.job.finish(end, &mut Context { out: &mut self.output, notes: &mut self.notes })?;
        if let Some(summary) = self.ledger.summary(self.counts.lines, self.counts.records) {
            self.notes.say(&summary);
        }
        self.ledger.end_line()?;
        self.ledger.flush()?;
        self.save_at_end(end)?;
        // A file that others read is not replaced by a part of what it should hold.
        let output = std::mem::replace(&mut self.output, Output::to(Box::new(io::sink())));
        if end == End::Rejects || self.read_end.as_ref().is_some_and(|(_, error)| error.is_some()) {
            output.give_up()?;
        } else {
            output.close()?;
        }
        Ok(end)
    }
}
