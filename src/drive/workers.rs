//! The workers: threads that map chunks, each with a mapper of its own.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread;

use super::map::{Checks, Mapper, map_chunk};
use super::{Event, Recipe};
use crate::jsonl::Chunk;

/// Hands chunks to the workers; they end when it is dropped.
pub(super) struct Workers {
    chunks: Sender<(u64, Chunk)>,
}

impl Workers {
    pub(super) fn start<M: Mapper + 'static>(
        count: usize,
        recipe: &Recipe<M>,
        checks: Checks,
        events: &Sender<Event<M::Batch>>,
    ) -> std::io::Result<Workers> {
        let (chunks, queue) = channel();
        let queue = Arc::new(Mutex::new(queue));
        for number in 0..count {
            let (queue, recipe, events) = (Arc::clone(&queue), Arc::clone(recipe), events.clone());
            thread::Builder::new()
                .name(format!("worker-{number}"))
                .spawn(move || work(&queue, &recipe, checks, events))?;
        }
        Ok(Workers { chunks })
    }

    /// False when all workers are gone.
    pub(super) fn give(&self, sequence: u64, chunk: Chunk) -> bool {
        self.chunks.send((sequence, chunk)).is_ok()
    }
}

fn work<M: Mapper>(
    queue: &Mutex<Receiver<(u64, Chunk)>>,
    recipe: &Recipe<M>,
    checks: Checks,
    events: Sender<Event<M::Batch>>,
) {
    let alarm = Alarm(events);
    let mut mapper = match recipe() {
        Ok(mapper) => mapper,
        Err(error) => return alarm.tell(Event::Failed(error)),
    };
    loop {
        let next = match queue.lock() {
            Ok(queue) => queue.recv(),
            Err(_) => return,
        };
        let Ok((sequence, chunk)) = next else { return };
        let mapped = map_chunk(&mut mapper, &chunk, checks);
        alarm.tell(Event::Mapped { sequence, chunk, mapped });
    }
}

/// A worker that panics must not leave the run waiting for its chunk.
struct Alarm<B>(Sender<Event<B>>);

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
