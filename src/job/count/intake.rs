//! What a count of any kind does with the records of a chunk before its windows take them.

use super::mapper::{Counted, Taken};
use super::{CountOptions, now};
use crate::drive::{Flow, Notes, Usage};
use crate::job::clock::Clock;
use crate::job::limit::KeyLimit;
use crate::time::Millis;
use crate::window::{Names, Value};

/// Hands on the records of one chunk after the other.
#[derive(Default)]
pub(in crate::job) struct Intake {
    /// Records that `keep` left out.
    left_out: u64,
    /// The first key that was no scalar, already told.
    told_composite: bool,
    /// The time of a record is when it comes.
    is_by_arrival: bool,
    /// How many values a record brings.
    width: usize,
    limit: Option<KeyLimit>,
    /// There were too many keys.
    failure: Option<Usage>,
}

/// A record as the windows take it.
pub(in crate::job) struct Entry<'e> {
    pub(in crate::job) record: &'e Taken,
    pub(in crate::job) time: Millis,
    pub(in crate::job) names: Names<'e>,
    pub(in crate::job) values: &'e [Value<'e>],
}

impl Intake {
    pub(in crate::job) fn new(options: &CountOptions) -> Intake {
        Intake {
            is_by_arrival: matches!(options.clock, Clock::Arrival),
            width: options.aggregates.len() + usize::from(options.weight.is_some()),
            limit: options.limit,
            ..Intake::default()
        }
    }

    /// Hands the records of a chunk to `count`, in order, which tells how many keys there are then; done when there are too
    /// many.
    pub(in crate::job) fn take(
        &mut self,
        counted: &Counted,
        notes: &mut Notes,
        mut count: impl FnMut(&Entry<'_>) -> anyhow::Result<usize>,
    ) -> anyhow::Result<Flow> {
        self.left_out += counted.left_out;
        if let Some(composite) = &counted.composite
            && !self.told_composite
        {
            notes.say(composite);
            self.told_composite = true;
        }
        let arrival = self.is_by_arrival.then(now);
        let (mut keys, mut spellings, mut values) = (Vec::new(), Vec::new(), Vec::new());
        for (index, record) in counted.records.iter().enumerate() {
            keys.clear();
            keys.extend(counted.keys.counted(record.keys.clone()));
            spellings.clear();
            spellings.extend(counted.keys.spelled(record.keys.clone()));
            values.clear();
            values.extend(counted.values.get(index * self.width..(index + 1) * self.width));
            let names = Names { keys: &keys, spellings: &spellings };
            let time = arrival.unwrap_or(record.time);
            let live = count(&Entry { record, time, names, values: &values })?;
            if let Some(limit) = self.limit.filter(|limit| limit.is_exceeded_by(live)) {
                self.failure = Some(limit.failure(", let windows be shorter or close earlier"));
                return Ok(Flow::Done);
            }
        }
        Ok(Flow::On)
    }

    /// Records that `keep` left out so far.
    pub(in crate::job) fn left_out(&self) -> u64 {
        self.left_out
    }

    /// Whether the run ended before its input.
    pub(in crate::job) fn has_failed(&self) -> bool {
        self.failure.is_some()
    }

    /// The end of the run: why it came before that of the input, if it did.
    pub(in crate::job) fn finish(&mut self) -> anyhow::Result<()> {
        self.failure.take().map_or(Ok(()), |failure| Err(failure.into()))
    }
}
