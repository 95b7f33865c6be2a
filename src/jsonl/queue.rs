//! Output that waits in memory, so that who makes it does not wait for a slow reader: a bounded queue, and a thread that
//! writes what is in it.

use std::collections::VecDeque;
use std::io::{self, Write};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

use super::slow::Writing;

/// What is done when the queue is full.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnFull {
    /// Wait, as without a queue.
    Block,
    /// Forget what has waited longest, in whole lines.
    DropOldest,
}

/// How the queue is doing; shared with who wants to know.
#[derive(Clone, Debug)]
pub struct Backlog(Arc<Shared>);

impl Backlog {
    /// Lines that were dropped.
    pub fn dropped(&self) -> u64 {
        self.0.state().dropped
    }
}

#[derive(Debug)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
    most: usize,
    on_full: OnFull,
}

#[derive(Debug, Default)]
struct State {
    /// Whole lines.
    blocks: VecDeque<Vec<u8>>,
    bytes: usize,
    /// A block is being written.
    is_writing: bool,
    /// Nothing more comes.
    is_closed: bool,
    error: Option<io::Error>,
    dropped: u64,
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        // Every change is whole: a thread that panicked elsewhere left it usable.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait<'a>(&self, state: MutexGuard<'a, State>) -> MutexGuard<'a, State> {
        self.changed.wait(state).unwrap_or_else(PoisonError::into_inner)
    }
}

/// The end that is written to.
#[derive(Debug)]
pub(super) struct Queue(Arc<Shared>);

impl Queue {
    /// A queue of at most so many bytes before a stream.
    pub fn start(
        stream: Box<dyn Write + Send>,
        most: usize,
        on_full: OnFull,
        writing: Arc<Writing>,
    ) -> io::Result<(Queue, Backlog)> {
        let shared = Arc::new(Shared { state: Mutex::default(), changed: Condvar::new(), most, on_full });
        let theirs = Arc::clone(&shared);
        thread::Builder::new().name("output".into()).spawn(move || write_all(stream, &theirs, &writing))?;
        Ok((Queue(Arc::clone(&shared)), Backlog(shared)))
    }
}

fn write_all(mut stream: Box<dyn Write + Send>, shared: &Shared, writing: &Writing) {
    let mut state = shared.state();
    loop {
        let Some(block) = state.blocks.pop_front() else {
            if state.is_closed {
                return;
            }
            state = shared.wait(state);
            continue;
        };
        state.bytes -= block.len();
        state.is_writing = true;
        drop(state);
        let outcome = writing.during(|| stream.write_all(&block));
        state = shared.state();
        state.is_writing = false;
        state.error = outcome.err();
        shared.changed.notify_all();
        if state.error.is_some() {
            return;
        }
    }
}

impl Write for Queue {
    /// Takes whole lines.
    fn write(&mut self, lines: &[u8]) -> io::Result<usize> {
        let shared = &*self.0;
        let mut state = shared.state();
        loop {
            if let Some(error) = &state.error {
                // It stays: the thread is gone.
                return Err(io::Error::new(error.kind(), error.to_string()));
            }
            if state.bytes + lines.len() <= shared.most || state.blocks.is_empty() {
                break;
            }
            match shared.on_full {
                OnFull::Block => state = shared.wait(state),
                OnFull::DropOldest => {
                    let oldest = state.blocks.pop_front().unwrap_or_default();
                    state.bytes -= oldest.len();
                    state.dropped += memchr::memchr_iter(b'\n', &oldest).count() as u64;
                }
            }
        }
        state.bytes += lines.len();
        state.blocks.push_back(lines.to_vec());
        shared.changed.notify_all();
        Ok(lines.len())
    }

    /// Waits until all is written.
    fn flush(&mut self) -> io::Result<()> {
        let shared = &*self.0;
        let mut state = shared.state();
        while state.error.is_none() && (!state.blocks.is_empty() || state.is_writing) {
            state = shared.wait(state);
        }
        match &state.error {
            Some(error) => Err(io::Error::new(error.kind(), error.to_string())),
            None => Ok(()),
        }
    }
}

impl Drop for Queue {
    fn drop(&mut self) {
        self.0.state().is_closed = true;
        self.0.changed.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

    /// A reader that takes when it is let.
    struct Slow(SyncSender<Vec<u8>>);

    impl Write for Slow {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.send(bytes.to_vec()).map_err(|_| io::ErrorKind::BrokenPipe)?;
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn slow(most: usize, on_full: OnFull) -> (Queue, Backlog, Receiver<Vec<u8>>) {
        let (send, receive) = sync_channel(0);
        let (queue, backlog) = Queue::start(Box::new(Slow(send)), most, on_full, Arc::default()).unwrap();
        (queue, backlog, receive)
    }

    #[test]
    fn nothing_is_lost_where_it_waits() {
        let (mut queue, backlog, receive) = slow(10, OnFull::Block);
        let writer = thread::spawn(move || {
            (0..1000).for_each(|n| queue.write_all(format!("{n}\n").as_bytes()).unwrap());
            queue.flush().unwrap();
        });
        for n in 0..1000 {
            assert_eq!(receive.recv().unwrap(), format!("{n}\n").into_bytes());
        }
        writer.join().unwrap();
        assert_eq!(backlog.dropped(), 0);
    }

    #[test]
    fn the_oldest_is_dropped_and_counted() {
        let (mut queue, backlog, receive) = slow(8, OnFull::DropOldest);
        queue.write_all(b"a\n").unwrap();
        // The thread holds the first, and nobody takes it.
        while queue.0.state().bytes > 0 {
            thread::yield_now();
        }
        for block in ["b\nc\n", "d\n", "e\n", "f\n", "g\ng\ng\n"] {
            queue.write_all(block.as_bytes()).unwrap();
        }
        assert_eq!(backlog.dropped(), 4, "b, c, d and e");
        let reader = thread::spawn(move || receive.iter().collect::<Vec<_>>().concat());
        queue.flush().unwrap();
        drop(queue);
        assert_eq!(reader.join().unwrap(), b"a\nf\ng\ng\ng\n");
    }

    #[test]
    fn a_reader_that_went_away_is_told_of() {
        let (mut queue, _, receive) = slow(100, OnFull::Block);
        drop(receive);
        queue.write_all(b"a\n").unwrap();
        assert_eq!(queue.flush().unwrap_err().kind(), io::ErrorKind::BrokenPipe);
        assert_eq!(queue.write_all(b"b\n").unwrap_err().kind(), io::ErrorKind::BrokenPipe);
    }
}
