//! How long records are kept: by their own times, so that a log that is stored again is not gone at once.
//!
//! What is older than the span before the newest time seen is removed. A record from the future must not remove everything: the
//! machine's clock is a bound.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::sink::{Batch, time_of};
use crate::time::Millis;

/// Of the span, so much may pass before a target is asked again to remove what is older.
const STEPS: i64 = 100;

/// Old records go.
#[derive(Clone, Debug)]
pub struct Retention {
    span: Millis,
    time_column: Option<String>,
    newest: Option<Millis>,
    /// What is from before this is removed.
    removed: Option<Millis>,
}

impl Retention {
    /// Records are kept for a span; a column says when they were, if they are no window rows.
    pub fn new(span: Duration, time_column: Option<String>) -> Retention {
        let span = Millis::try_from(span.as_millis()).unwrap_or(Millis::MAX);
        Retention { span, time_column, newest: None, removed: None }
    }

    /// These records are stored.
    ///
    /// # Errors
    ///
    /// None of them says when it was, as a sentence.
    pub fn see(&mut self, batch: &Batch<'_>) -> Result<(), String> {
        let mut why = None;
        let times = batch.iter().filter_map(|(_, record)| {
            time_of(&record, self.time_column.as_deref()).map_err(|error| why = Some(error)).ok()
        });
        let newest = times.max();
        self.newest = self.newest.max(newest);
        match (self.newest, why) {
            (None, Some(why)) => Err(why),
            _ => Ok(()),
        }
    }

    /// Before which time records are to be removed now; at the end of a run also what a target would not be asked for alone.
    pub fn due(&self, is_end: bool) -> Option<Millis> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
        self.due_at(Millis::try_from(now).unwrap_or(Millis::MAX), is_end)
    }

    fn due_at(&self, now: Millis, is_end: bool) -> Option<Millis> {
        let before = self.newest?.min(now).saturating_sub(self.span);
        let step = if is_end { 1 } else { (self.span / STEPS).max(1) };
        self.removed.is_none_or(|removed| before.saturating_sub(removed) >= step).then_some(before)
    }

    /// The newest time seen, for a later run.
    pub fn newest(&self) -> Option<Millis> {
        self.newest
    }

    /// An earlier run has seen this.
    pub fn go_on(&mut self, newest: Option<Millis>) {
        self.newest = newest;
    }

    /// It is done.
    pub fn done(&mut self, before: Millis) {
        self.removed = Some(before);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_record_rules_but_never_the_future() {
        let mut retention = Retention::new(Duration::from_secs(100), None);
        assert_eq!(retention.due_at(1_000_000, true), None, "nothing was stored");
        retention.newest = Some(500_000);
        assert_eq!(retention.due_at(1_000_000, false), Some(400_000));
        assert_eq!(retention.due_at(450_000, false), Some(350_000));
        retention.done(400_000);
        retention.newest = Some(500_999);
        assert_eq!(retention.due_at(1_000_000, false), None, "too little to ask for");
        assert_eq!(retention.due_at(1_000_000, true), Some(400_999));
        retention.newest = Some(501_000);
        assert_eq!(retention.due_at(1_000_000, false), Some(401_000));
    }
}
