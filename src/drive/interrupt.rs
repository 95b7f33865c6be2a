//! What ends a run from outside: a signal, or a reader of our output that went away.

use std::sync::atomic::{AtomicBool, AtomicI32, Ordering};
use std::sync::{Arc, Mutex};

type Wake = Box<dyn Fn() + Send>;

/// Shared between the run and those that watch for signals and closed pipes. Setting it wakes the run at once, whatever
/// it waits for.
#[derive(Clone, Default)]
pub struct Interrupt(Arc<Shared>);

#[derive(Default)]
struct Shared {
    signal: AtomicI32,
    closed: AtomicBool,
    report: AtomicBool,
    wake: Mutex<Option<Wake>>,
}

impl Interrupt {
    /// A signal came: the run finishes its line and ends.
    pub fn signal(&self, number: i32) {
        self.0.signal.store(number, Ordering::SeqCst);
        self.wake();
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
        Some(self.0.signal.load(Ordering::SeqCst)).filter(|&number| number != 0)
    }

    pub(super) fn is_output_closed(&self) -> bool {
        self.0.closed.load(Ordering::SeqCst)
    }

    pub(super) fn take_report(&self) -> bool {
        self.0.report.swap(false, Ordering::SeqCst)
    }

    /// Makes `wake` what wakes the run.
    pub(super) fn attach(&self, wake: Wake) {
        if let Ok(mut slot) = self.0.wake.lock() {
            *slot = Some(wake);
        }
    }

    fn wake(&self) {
        if let Ok(slot) = self.0.wake.lock()
            && let Some(wake) = &*slot
        {
            wake();
        }
    }
}
