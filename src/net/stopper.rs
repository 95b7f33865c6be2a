//! Ending a wait from another thread.
//!
//! A read that waits for a silent peer cannot look at a flag. So whoever waits registers what wakes it (shutting its
//! socket down), and the thread that handles signals calls [`Stopper::stop`]. A stopped source reads as ended.

use std::panic;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, mpsc};
use std::thread;
use std::time::{Duration, Instant};

type Action = Box<dyn FnOnce() + Send>;

/// Ends what waits. Clones share one state, and a stop is for good.
#[derive(Clone, Default)]
pub struct Stopper(Arc<Shared>);

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    stopped: Condvar,
}

#[derive(Default)]
struct State {
    is_stopped: bool,
    next: u64,
    actions: Vec<(u64, Action)>,
}

/// How a piece of work ended that was waited for.
#[derive(Debug, PartialEq, Eq)]
pub enum Outcome<T> {
    /// With this result.
    Done(T),
    /// Not: it took too long.
    TimedOut,
    /// Not: the stopper stopped.
    Stopped,
}

impl Stopper {
    /// A stopper that nobody has used yet.
    pub fn new() -> Self {
        Stopper::default()
    }

    /// Ends all waits, those of the future too.
    pub fn stop(&self) {
        let actions = {
            let mut state = self.state();
            state.is_stopped = true;
            std::mem::take(&mut state.actions)
        };
        self.0.stopped.notify_all();
        // Outside the lock: an action may drop a registration.
        for (_, action) in actions {
            action();
        }
    }

    /// Whether [`stop`](Self::stop) was called.
    pub fn is_stopped(&self) -> bool {
        self.state().is_stopped
    }

    /// Has `action` run at the stop, or now if that has been. It is forgotten when the registration is dropped.
    pub fn on_stop(&self, action: impl FnOnce() + Send + 'static) -> Registration {
        let mut state = self.state();
        if state.is_stopped {
            drop(state);
            action();
            return Registration { stopper: self.clone(), id: u64::MAX };
        }
        let id = state.next;
        state.next += 1;
        state.actions.push((id, Box::new(action)));
        Registration { stopper: self.clone(), id }
    }

    /// Waits until `due`. False: stopped before.
    pub fn wait_until(&self, due: Instant) -> bool {
        let mut state = self.state();
        while !state.is_stopped {
            let left = due.saturating_duration_since(Instant::now());
            if left == Duration::ZERO {
                return true;
            }
            state = self
                .0
                .stopped
                .wait_timeout(state, left)
                .map_or_else(|poisoned| poisoned.into_inner().0, |(state, _)| state);
        }
        false
    }

    /// Runs `work`, which cannot be interrupted (a name look-up, a connect), on a thread that is left alone when it takes
    /// longer than `limit` or at a stop.
    pub fn run<T, F>(&self, limit: Duration, work: F) -> Outcome<T>
    where
        T: Send + 'static,
        F: FnOnce() -> T + Send + 'static,
    {
        let (done, result) = mpsc::channel();
        let _registration = {
            let done = done.clone();
            // Nobody listens any more when the work was done first.
            self.on_stop(move || done.send(Outcome::Stopped).unwrap_or_default())
        };
        let worker = thread::spawn(move || done.send(Outcome::Done(work())).unwrap_or_default());
        match result.recv_timeout(limit) {
            Ok(outcome) => outcome,
            // A sender lives in the registration, so a panic of the worker shows as silence.
            Err(_) if worker.is_finished() => match worker.join() {
                Err(panicked) => panic::resume_unwind(panicked),
                Ok(()) => result.try_recv().unwrap_or(Outcome::TimedOut),
            },
            Err(_) => Outcome::TimedOut,
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Keeps an action registered as long as it lives.
#[must_use = "dropping a registration withdraws it"]
pub struct Registration {
    stopper: Stopper,
    id: u64,
}

impl Drop for Registration {
    fn drop(&mut self) {
        self.stopper.state().actions.retain(|(id, _)| *id != self.id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicU32, Ordering};

    const LONG: Duration = Duration::from_secs(60);

    #[test]
    fn actions_run_once_and_only_while_registered() {
        let stopper = Stopper::new();
        let runs = Arc::new(AtomicU32::new(0));
        let count = |by: u32| {
            let runs = runs.clone();
            move || {
                runs.fetch_add(by, Ordering::SeqCst);
            }
        };
        let _kept = stopper.on_stop(count(1));
        drop(stopper.on_stop(count(10)));
        stopper.stop();
        stopper.stop();
        let _late = stopper.on_stop(count(100));
        assert_eq!(runs.load(Ordering::SeqCst), 101);
    }

    #[test]
    fn a_wait_ends_at_its_time_or_at_the_stop() {
        let stopper = Stopper::new();
        assert!(stopper.wait_until(Instant::now()));
        let other = stopper.clone();
        let waiting = thread::spawn(move || other.wait_until(Instant::now() + LONG));
        stopper.stop();
        assert!(!waiting.join().unwrap());
        assert!(!stopper.wait_until(Instant::now()));
    }

    #[test]
    fn work_is_left_alone_when_it_takes_too_long() {
        let stopper = Stopper::new();
        assert_eq!(stopper.run(LONG, || 7), Outcome::Done(7));
        let (release, held) = mpsc::channel::<()>();
        assert_eq!(stopper.run(Duration::from_millis(5), move || held.recv().is_ok()), Outcome::TimedOut);
        drop(release);

        let (release, held) = mpsc::channel::<()>();
        let other = stopper.clone();
        let waiting = thread::spawn(move || other.run(LONG, move || held.recv().is_ok()));
        stopper.stop();
        assert_eq!(waiting.join().unwrap(), Outcome::Stopped);
        drop(release);
    }
}
