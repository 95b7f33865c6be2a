//! Which event times of a recording are believed.
//!
//! Event times are data and may be wrong. One more than a day away from the largest believed one, forwards or backwards, is
//! doubted, unless three in a row lie within a day of each other: then the recording goes on from there (as the windows have it).

/// How far from the largest time so far a record may lie to be believed at once.
pub(super) const JUMP_MS: i64 = 24 * 60 * 60 * 1000;

/// How many records in a row make a jump believed.
const WITNESSES: u32 = 3;

/// What a time is to those before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// The largest so far, by so many milliseconds; 0 for the first.
    Forward(i64),
    /// Not larger than the largest.
    Behind,
    /// Too far away.
    Doubted,
    /// The third of those that are far away: the recording goes on there.
    Jumped,
}

/// Follows the times of a recording.
#[derive(Clone, Debug, Default)]
pub(super) struct Belief {
    newest: Option<i64>,
    /// The newest record of a jump, and how many there are in a row.
    jump: (i64, u32),
}

impl Belief {
    /// The largest believed time.
    pub(super) fn newest(&self) -> Option<i64> {
        self.newest
    }

    pub(super) fn take(&mut self, time: i64) -> Verdict {
        let Some(newest) = self.newest else {
            self.newest = Some(time);
            return Verdict::Forward(0);
        };
        let gap = time.saturating_sub(newest);
        if gap.saturating_abs() > JUMP_MS {
            let (last, witnesses) = self.jump;
            let agrees = witnesses > 0 && time.saturating_sub(last).saturating_abs() <= JUMP_MS;
            self.jump = (if agrees { time.max(last) } else { time }, if agrees { witnesses + 1 } else { 1 });
            if self.jump.1 < WITNESSES {
                return Verdict::Doubted;
            }
            self.newest = Some(self.jump.0);
            self.jump.1 = 0;
            return Verdict::Jumped;
        }
        self.jump.1 = 0;
        if gap <= 0 {
            return Verdict::Behind;
        }
        self.newest = Some(time);
        Verdict::Forward(gap)
    }
}

/// How much time a recording covers.
#[derive(Clone, Debug, Default)]
pub struct Extent {
    belief: Belief,
    oldest: Option<i64>,
    newest: Option<i64>,
}

impl Extent {
    /// Takes the next time of the recording.
    pub fn take(&mut self, time: i64) {
        match self.belief.take(time) {
            Verdict::Doubted => return,
            Verdict::Forward(_) | Verdict::Behind | Verdict::Jumped => {}
        }
        self.oldest = Some(self.oldest.map_or(time, |oldest| oldest.min(time)));
        self.newest = Some(self.newest.map_or(time, |newest| newest.max(time)));
    }

    /// The largest believed time, wherever the recording is now.
    pub fn newest(&self) -> Option<i64> {
        self.newest
    }

    /// So many whole seconds later the recording can begin again, behind all that it had.
    pub fn period_seconds(&self) -> i64 {
        let covered =
            self.newest.zip(self.oldest).map_or(0, |(newest, oldest)| newest.saturating_sub(oldest));
        covered.div_euclid(1000) + 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_recording_that_begins_again_is_behind_itself() {
        let mut extent = Extent::default();
        assert_eq!(extent.period_seconds(), 1);
        for time in [5_000, 4_000, i64::MAX, 5_999, i64::MIN, 5_000] {
            extent.take(time);
        }
        assert_eq!(
            (extent.newest(), extent.period_seconds()),
            (Some(5_999), 2),
            "4.000 + 2 s is behind 5.999"
        );
        extent.take(6_000);
        assert_eq!(extent.period_seconds(), 3, "at the same time would be one record twice");
        for time in [9, 10, 11] {
            extent.take(time * JUMP_MS);
        }
        assert_eq!(extent.newest(), Some(11 * JUMP_MS), "a second recording in the file");
    }
}
