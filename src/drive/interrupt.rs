//! What ends a run from outside: a signal, a reader of our output that went away, or the time that it was given.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Instant;

type Wake = Box<dyn Fn() + Send>;

/// Shared between the run and those that watch for signals and closed pipes. Setting it wakes the run at once, whatever
/// it waits for.
#[derive(Clone, Default)]
pub struct Interrupt(Arc<Shared>);

#[derive(Default)]
struct Shared {
    signal: Arc<AtomicUsize>,
    closed: AtomicBool,
    report: AtomicBool,
    wake: Mutex<Option<Wake>>,
    deadline: OnceLock<Instant>,
}

impl Interrupt {
    /// Holds the number of the signal that came, which ends the run; 0: none. A signal handler may set it, so that even a
    /// run that is at its end already owns up to the signal; [`Interrupt::wake`] is to follow.
    pub fn signal_slot(&self) -> Arc<AtomicUsize> {
        Arc::clone(&self.0.signal)
    }

    /// Nobody reads our output any more: the run ends at once.
    pub fn output_closed(&self) {
        self.0.closed.store(true, Ordering::SeqCst);
        self.wake();
    }

    /// The run's figures are wanted now.
    pub fn ask_report(&self) {
        self.0.report.store(true, Ordering::SeqCst);
        self.wake();
    }

    pub(super) fn signalled(&self) -> Option<i32> {
        i32::try_from(self.0.signal.load(Ordering::SeqCst)).ok().filter(|&number| number != 0)
    }

    pub(super) fn is_output_closed(&self) -> bool {
        self.0.closed.load(Ordering::SeqCst)
    }

    pub(super) fn take_report(&self) -> bool {
        self.0.report.swap(false, Ordering::SeqCst)
    }

    /// The run ends then, as one that has its answer; to be said before it begins, and once.
    pub fn end_at(&self, deadline: Instant) {
        // The first word counts.
        let _ = self.0.deadline.set(deadline);
    }

    pub(super) fn deadline(&self) -> Option<Instant> {
        self.0.deadline.get().copied()
    }

    /// Makes `wake` what wakes the run.
    pub(super) fn attach(&self, wake: Wake) {
        if let Ok(mut slot) = self.0.wake.lock() {
            *slot = Some(wake);
        }
    }

    /// Has the run look at what it was told.
    pub fn wake(&self) {
        if let Ok(slot) = self.0.wake.lock()
            && let Some(wake) = &*slot
        {
            wake();
        }
    }
}
