//! Tells that a reader is slow while it is: whoever writes marks the write, and a thread looks now and then how long it lasts.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// The write that is under way, if there is one.
#[derive(Debug)]
pub(super) struct Writing {
    base: Instant,
    /// When it began, in milliseconds since `base`, plus one; 0: none.
    begun: AtomicU64,
}

impl Default for Writing {
    fn default() -> Self {
        Writing { base: Instant::now(), begun: AtomicU64::new(0) }
    }
}

impl Writing {
    fn now(&self) -> u64 {
        u64::try_from(self.base.elapsed().as_millis()).unwrap_or(u64::MAX - 1)
    }

    /// Does `write`, for all to see.
    pub fn during<T>(&self, write: impl FnOnce() -> T) -> T {
        self.begun.store(self.now() + 1, Ordering::Relaxed);
        let done = write();
        self.begun.store(0, Ordering::Relaxed);
        done
    }

    fn lasts_longer_than(&self, limit: Duration) -> bool {
        match self.begun.load(Ordering::Relaxed) {
            0 => false,
            begun => u128::from(self.now().saturating_sub(begun - 1)) >= limit.as_millis(),
        }
    }

    /// Calls `tell` once a write lasts so long, and never again.
    pub fn watch(self: &Arc<Self>, limit: Duration, tell: Box<dyn FnOnce() + Send>) -> io::Result<()> {
        let writing = Arc::downgrade(self);
        let look = move || {
            while let Some(writing) = writing.upgrade() {
                if writing.lasts_longer_than(limit) {
                    return tell();
                }
                drop(writing);
                thread::sleep(limit / 4);
            }
        };
        thread::Builder::new().name("slow reader".into()).spawn(look).map(drop)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc::channel;

    #[test]
    fn a_write_that_lasts_is_told_while_it_does() {
        let writing = Arc::new(Writing::default());
        let (tell, told) = channel();
        let limit = Duration::from_millis(20);
        writing.watch(limit, Box::new(move || tell.send(()).unwrap())).unwrap();
        writing.during(|| ());
        assert!(told.try_recv().is_err(), "a short one is not told");
        writing.during(|| told.recv_timeout(Duration::from_secs(30))).unwrap();
        assert!(told.recv().is_err(), "the thread is gone");
    }
}
