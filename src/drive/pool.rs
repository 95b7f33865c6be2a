//! The buffers of a run: there are only so many, and so the memory of a run is bounded however slow its output is.
//!
//! The buffer given back last is taken first: its bytes are still in some core's cache.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use crate::jsonl::Buffer;

/// Shared by those who fill buffers; see [`PoolKeeper`].
#[derive(Clone)]
pub(super) struct Pool(Arc<Shared>);

struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

struct State {
    free: Vec<Buffer>,
    /// Buffers that may still be made.
    unmade: usize,
    /// Threads that wait for one: without any, nobody is to be woken, which would be a system call for each buffer.
    waiting: usize,
    is_closed: bool,
}

impl Pool {
    /// A pool of so many buffers, made when they are first wanted.
    pub(super) fn new(count: usize) -> Pool {
        let state = State { free: Vec::new(), unmade: count, waiting: 0, is_closed: false };
        Pool(Arc::new(Shared { state: Mutex::new(state), changed: Condvar::new() }))
    }

    /// A buffer; waits until one is free. `None`: the run is over.
    pub(super) fn take(&self) -> Option<Buffer> {
        let mut state = self.state();
        loop {
            if state.is_closed {
                return None;
            }
            if let Some(buffer) = state.take() {
                return Some(buffer);
            }
            state.waiting += 1;
            state = self.0.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
            state.waiting -= 1;
        }
    }

    /// A buffer, if one is free.
    pub(super) fn try_take(&self) -> Option<Buffer> {
        self.state().take()
    }

    /// Takes a buffer back.
    pub(super) fn give(&self, buffer: Buffer) {
        let mut state = self.state();
        state.free.push(buffer);
        if state.waiting > 0 {
            self.0.changed.notify_one();
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // No step of it can leave it half done.
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn take(&mut self) -> Option<Buffer> {
        if let Some(buffer) = self.free.pop() {
            return Some(buffer);
        }
        self.unmade = self.unmade.checked_sub(1)?;
        Some(Buffer::default())
    }
}

/// Held by the ordered thread: when it goes, nobody gets a buffer any more.
pub(super) struct PoolKeeper(pub(super) Pool);

impl Drop for PoolKeeper {
    fn drop(&mut self) {
        self.0.state().is_closed = true;
        self.0.0.changed.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_are_so_many_and_the_last_comes_first() {
        let pool = Pool::new(2);
        let (mut first, mut second) = (pool.take().expect("free"), pool.take().expect("free"));
        assert!(pool.try_take().is_none());
        first.make_room(1);
        second.make_room(2);
        let length = second.len();
        pool.give(first);
        pool.give(second);
        assert_eq!(pool.take().expect("free").len(), length);
    }

    #[test]
    fn who_waits_is_told_that_the_run_is_over() {
        let pool = Pool::new(0);
        let waits = pool.clone();
        let waiting = std::thread::spawn(move || waits.take().is_none());
        drop(PoolKeeper(pool));
        assert!(waiting.join().expect("no panic"));
    }
}
