//! What the ordered half of a job works with: the output, the notes, and a way to wait.

use std::io;
use std::time::Instant;

use super::{Interrupt, Notes};
use crate::jsonl::Output;

/// Lent to a job while it works.
pub struct Context<'a> {
    /// Where its output goes.
    pub out: &'a mut Output,
    /// What it says to a person.
    pub notes: &'a mut Notes,
    pub(super) interrupt: &'a Interrupt,
}

impl Context<'_> {
    /// Waits until `due`, after flushing what was written: nobody downstream waits longer because of it. False when
    /// the run is to end instead.
    pub fn wait_until(&mut self, due: Instant) -> io::Result<bool> {
        if due > Instant::now() {
            self.out.flush()?;
        }
        Ok(self.interrupt.wait_until(due))
    }
}
