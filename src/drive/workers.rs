//! The crew: the threads that read chunks and map them.
//!
//! Where input may have to be waited for, one thread begins alone, and gives each chunk to the ordered thread, until the job
//! knows enough to make mappers. Then the reader is shared: a worker that is free reads the next chunk and maps it on the
//! same core, while the others map theirs. So a chunk changes threads once, on its way to be applied.
//!
//! Where no read waits (regular files), the ordered thread is one of the crew: it reads and maps whenever there is nothing
//! to apply. So one thread does all by itself, of two both are always at work, and nobody is put to sleep and woken for
//! each chunk.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread;

use super::map::{Checks, Mapper, map_chunk};
use super::pool::Pool;
use super::reader::{Next, Reader};
use super::{Event, Recipe};
use crate::jsonl::{Buffer, ChunkKind};

/// What the ordered thread says about a chunk of lines that it was given.
pub(super) enum Answer<M> {
    /// The job does not know enough: the next one, please.
    More,
    /// Give me all.
    All,
    /// Map the others, so many of you at once.
    Share(Recipe<M>, usize),
}

/// The threads of a run as the ordered one sees them.
pub(super) enum Crew<M: Mapper> {
    /// Others read. Each chunk of lines that comes as [`Event::Read`] wants to be told of by [`Crew::settle`], until the
    /// first after which the job is settled.
    Apart(Sender<Answer<M>>),
    /// This thread reads, too.
    Joined {
        tools: Tools<M::Batch>,
        /// The workers that are to be started when it is clear that there is more than one chunk.
        waiting: Option<(Recipe<M>, usize)>,
    },
    /// All is read.
    Gone,
}

/// What a thread needs to work.
pub(super) struct Tools<B> {
    reader: Arc<Mutex<Reader>>,
    pool: Pool,
    checks: Checks,
    events: Alarm<B>,
}

impl<M: Mapper + 'static> Crew<M> {
    pub(super) fn new(
        reader: Reader,
        pool: Pool,
        checks: Checks,
        events: Sender<Event<M::Batch>>,
    ) -> std::io::Result<Crew<M>> {
        let is_prompt = reader.is_prompt();
        let tools = Tools { reader: Arc::new(Mutex::new(reader)), pool, checks, events: Alarm(events) };
        if is_prompt {
            return Ok(Crew::Joined { tools, waiting: None });
        }
        let (answers, asked) = channel();
        spawn("reader", move || begin(&tools, &asked))?;
        Ok(Crew::Apart(answers))
    }

    /// Whether this thread maps chunks even where others do.
    pub(super) fn is_joined(&self) -> bool {
        matches!(self, Crew::Joined { .. })
    }

    /// Reads on this thread, where that makes nobody wait. `None`: wait for an event.
    pub(super) fn read(&mut self) -> Option<Event<M::Batch>> {
        let Crew::Joined { tools, waiting } = self else { return None };
        // Without a free buffer there are chunks that have not been applied: their events come.
        let next = tools.next(tools.pool.try_take()?)?;
        if let Next::Chunk(..) = next
            && let Some((recipe, workers)) = waiting.take()
        {
            tools.start(&recipe, workers);
        }
        match next {
            Next::Chunk(sequence, chunk) => Some(Event::Read { sequence, chunk }),
            Next::End(sequence, error) => {
                *self = Crew::Gone;
                Some(Event::End { sequence, error })
            }
            Next::Nothing => {
                *self = Crew::Gone;
                None
            }
        }
    }

    /// The ordered thread has been given a chunk of lines, and now the job knows enough for `recipe`, or not yet.
    pub(super) fn settle(&mut self, recipe: Option<&Recipe<M>>, threads: usize) {
        match self {
            Crew::Apart(answers) => {
                let answer = match recipe {
                    None => Answer::More,
                    Some(_) if threads == 1 => Answer::All,
                    Some(recipe) => Answer::Share(Arc::clone(recipe), threads),
                };
                // The reader may be gone.
                let _ = answers.send(answer);
            }
            Crew::Joined { waiting, .. } => {
                *waiting = recipe.map(|recipe| (Arc::clone(recipe), threads - 1));
            }
            Crew::Gone => {}
        }
    }
}

fn spawn(name: &str, work: impl FnOnce() + Send + 'static) -> std::io::Result<()> {
    thread::Builder::new().name(name.into()).spawn(work).map(drop)
}

fn begin<M: Mapper + 'static>(tools: &Tools<M::Batch>, answers: &Receiver<Answer<M>>) {
    let mut gives_all = false;
    while let Some(next) = tools.pool.take().and_then(|buffer| tools.next(buffer)) {
        let (sequence, chunk) = match next {
            Next::Chunk(sequence, chunk) => (sequence, chunk),
            Next::End(sequence, error) => return tools.events.tell(Event::End { sequence, error }),
            Next::Nothing => return,
        };
        let is_asked = chunk.kind == ChunkKind::Lines && !gives_all;
        tools.events.tell(Event::Read { sequence, chunk });
        if !is_asked {
            continue;
        }
        match answers.recv() {
            Ok(Answer::More) => {}
            Ok(Answer::All) => gives_all = true,
            Ok(Answer::Share(recipe, workers)) => {
                tools.start(&recipe, workers - 1);
                return tools.work(&recipe);
            }
            // The run is over.
            Err(_) => return,
        }
    }
}

impl<B: Default + Send + 'static> Tools<B> {
    /// `None`: a thread failed in the middle of reading.
    fn next(&self, buffer: Buffer) -> Option<Next> {
        Some(self.reader.lock().ok()?.next(buffer))
    }

    fn start<M: Mapper<Batch = B> + 'static>(&self, recipe: &Recipe<M>, workers: usize) {
        for number in 1..=workers {
            let (tools, recipe) = (self.clone(), Arc::clone(recipe));
            // Without them it only takes longer.
            let _ = spawn(&format!("worker-{number}"), move || tools.work(&recipe));
        }
    }

    fn work<M: Mapper<Batch = B>>(&self, recipe: &Recipe<M>) {
        let mut mapper = None;
        while let Some(next) = self.pool.take().and_then(|buffer| self.next(buffer)) {
            match next {
                Next::Chunk(sequence, chunk) if chunk.kind == ChunkKind::Lines => {
                    // Made with the first chunk: a short input needs none.
                    let mapper = match &mut mapper {
                        Some(mapper) => mapper,
                        None => match recipe() {
                            Ok(made) => mapper.insert(made),
                            Err(error) => return self.events.tell(Event::Failed(error)),
                        },
                    };
                    let mapped = map_chunk(mapper, &chunk, self.checks);
                    self.events.tell(Event::Mapped { sequence, chunk, mapped });
                }
                Next::Chunk(sequence, chunk) => self.events.tell(Event::Read { sequence, chunk }),
                Next::End(sequence, error) => return self.events.tell(Event::End { sequence, error }),
                Next::Nothing => return,
            }
        }
    }
}

impl<B> Clone for Tools<B> {
    fn clone(&self) -> Self {
        Tools {
            reader: Arc::clone(&self.reader),
            pool: self.pool.clone(),
            checks: self.checks,
            events: self.events.clone(),
        }
    }
}

/// A worker that panics must not leave the run waiting for its chunk.
struct Alarm<B>(Sender<Event<B>>);

impl<B> Clone for Alarm<B> {
    fn clone(&self) -> Self {
        Alarm(self.0.clone())
    }
}

impl<B> Alarm<B> {
    fn tell(&self, event: Event<B>) {
        // Nobody listens when the run is over already.
        let _ = self.0.send(event);
    }
}

impl<B> Drop for Alarm<B> {
    fn drop(&mut self) {
        if thread::panicking() {
            self.tell(Event::Failed(anyhow::anyhow!(
                "a worker failed: this is a fault of the program, please report it"
            )));
        }
    }
}
