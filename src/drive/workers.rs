//! The workers: threads that read a chunk, one at a time, and map it, each with a mapper of its own.
//!
//! One thread begins alone, and gives each chunk to the ordered thread, until the job knows enough to make mappers. Then the
//! reader is shared: a worker that is free reads the next chunk and maps it on the same core, while the others map theirs. So
//! a chunk changes threads once, on its way to be applied.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread;

use super::map::{Checks, Mapper, map_chunk};
use super::reader::{Next, Reader};
use super::{Event, Recipe};
use crate::jsonl::ChunkKind;

/// What the ordered thread says about a chunk of lines that it was given.
pub(super) enum Answer<M> {
    /// The job does not know enough: the next one, please.
    More,
    /// Give me all.
    All,
    /// Map the others, so many of you at once.
    Share(Recipe<M>, usize),
}

/// Starts the thread that reads. Each chunk of lines that comes as [`Event::Read`] wants an answer, until the first that is not
/// [`Answer::More`].
pub(super) fn start<M: Mapper + 'static>(
    reader: Reader,
    checks: Checks,
    events: Sender<Event<M::Batch>>,
) -> std::io::Result<Sender<Answer<M>>> {
    let (answers, asked) = channel();
    spawn("reader", move || begin(reader, checks, &asked, &Alarm(events)))?;
    Ok(answers)
}

fn spawn(name: &str, work: impl FnOnce() + Send + 'static) -> std::io::Result<()> {
    thread::Builder::new().name(name.into()).spawn(work).map(drop)
}

fn begin<M: Mapper + 'static>(
    mut reader: Reader,
    checks: Checks,
    answers: &Receiver<Answer<M>>,
    events: &Alarm<M::Batch>,
) {
    let mut gives_all = false;
    loop {
        let (sequence, chunk) = match reader.next() {
            Next::Chunk(sequence, chunk) => (sequence, chunk),
            Next::End(sequence, error) => return events.tell(Event::End { sequence, error }),
            Next::Nothing => return,
        };
        let is_asked = chunk.kind == ChunkKind::Lines && !gives_all;
        events.tell(Event::Read { sequence, chunk });
        if !is_asked {
            continue;
        }
        match answers.recv() {
            Ok(Answer::More) => {}
            Ok(Answer::All) => gives_all = true,
            Ok(Answer::Share(recipe, workers)) => {
                let reader = Arc::new(Mutex::new(reader));
                for number in 1..workers {
                    let (reader, recipe, events) = (Arc::clone(&reader), Arc::clone(&recipe), events.clone());
                    // Without them it only takes longer.
                    let _ =
                        spawn(&format!("worker-{number}"), move || work(&reader, &recipe, checks, &events));
                }
                return work(&reader, &recipe, checks, events);
            }
            // The run is over.
            Err(_) => return,
        }
    }
}

fn work<M: Mapper>(reader: &Mutex<Reader>, recipe: &Recipe<M>, checks: Checks, events: &Alarm<M::Batch>) {
    let mut mapper = None;
    loop {
        let next = match reader.lock() {
            Ok(mut reader) => reader.next(),
            Err(_) => return,
        };
        match next {
            Next::Chunk(sequence, chunk) if chunk.kind == ChunkKind::Lines => {
                // Made with the first chunk: a short input needs none.
                let mapper = match &mut mapper {
                    Some(mapper) => mapper,
                    None => match recipe() {
                        Ok(made) => mapper.insert(made),
                        Err(error) => return events.tell(Event::Failed(error)),
                    },
                };
                let mapped = map_chunk(mapper, &chunk, checks);
                events.tell(Event::Mapped { sequence, chunk, mapped });
            }
            Next::Chunk(sequence, chunk) => events.tell(Event::Read { sequence, chunk }),
            Next::End(sequence, error) => return events.tell(Event::End { sequence, error }),
            Next::Nothing => return,
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
