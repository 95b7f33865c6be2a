//! When a chart that follows its input is drawn: as soon as there is something new, but not too often; and when a window's
//! last rows do not come.

use std::time::{Duration, Instant};

/// A window whose last rows do not come is drawn after so long a silence.
const SILENCE: Duration = Duration::from_secs(1);

/// See the head of this file.
#[derive(Clone, Debug)]
pub(super) struct Pace {
    /// Draws at least so far apart; `None`: only at the end.
    every: Option<Duration>,
    drawn_at: Option<Instant>,
    /// When the last row came, while a window may lack rows.
    quiet_since: Option<Instant>,
}

impl Pace {
    pub(super) fn new(every: Option<Duration>) -> Pace {
        Pace { every, drawn_at: None, quiet_since: None }
    }

    pub(super) fn rows_came(&mut self) {
        self.quiet_since = Some(Instant::now());
    }

    pub(super) fn has_drawn(&mut self) {
        self.drawn_at = Some(Instant::now());
    }

    /// Whether rows that a window lacks are waited for no longer; says so once.
    pub(super) fn is_silent(&mut self) -> bool {
        self.quiet_since.take_if(|since| since.elapsed() >= SILENCE).is_some()
    }

    /// Whether something new may be drawn now.
    pub(super) fn is_due(&self, is_stale: bool) -> bool {
        self.next(is_stale).is_some_and(|due| due <= Instant::now())
    }

    /// When to look again although no input comes.
    pub(super) fn alarm(&self, is_stale: bool) -> Option<Instant> {
        self.every?;
        let quiet = self.quiet_since.map(|since| since + SILENCE);
        self.next(is_stale).into_iter().chain(quiet).min()
    }

    fn next(&self, is_stale: bool) -> Option<Instant> {
        let every = self.every?;
        is_stale.then(|| self.drawn_at.map_or_else(Instant::now, |at| at + every))
    }
}
