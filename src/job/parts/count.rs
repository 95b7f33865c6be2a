//! `window-count --partial`: counts a part of the records, and sends pieces of windows.

use std::sync::Arc;
use std::time::Instant;

use super::shared::Shared;
use super::writer::PartWriter;
use crate::drive::{Context, End, Figures, Flow, Job, Notes, Recipe, Usage};
use crate::job::clock::{Clock, ClockSearch};
use crate::job::count::mapper::{CountMapper, Counted};
use crate::job::count::{AtEnd, CountOptions, now};
use crate::job::looked_at::LookedAt;
use crate::jsonl::Chunk;
use crate::time::rfc3339;
use crate::window::{Names, Outcome, PartialWindows};

/// The job.
pub struct PartialCount {
    options: CountOptions,
    search: ClockSearch,
    windows: PartialWindows,
    writer: PartWriter,
    left_out: u64,
    no_key: u64,
    gap: u64,
    counted: u64,
    told_composite: bool,
    /// What fields the records have.
    looked_at: LookedAt,
    /// Why the run ended before its input.
    failure: Option<Usage>,
}

impl CountOptions {
    /// Refuses what a part cannot do by itself, beside what its windows refuse.
    fn check_partial(&self) -> Result<(), Usage> {
        let wall = &self.wall;
        let sentence = if self.dedupe.is_some() {
            "a part does not see the records of the others; put jsonl-filter --dedupe before --partial where the same \
             record never comes to two parts"
        } else if self.late_output.is_some() {
            "nothing is late for a part; leave out --late-output with --partial"
        } else if wall.idle_timeout.is_some() {
            "a part shows no windows; give --idle-timeout to --merge"
        } else if wall.max_future.is_some() {
            "a part counts every record, so that the whole does not depend on the clock; leave out --max-future with --partial"
        } else if self.at_end != AtEnd::Flush {
            "a part sends all that it has when it ends; leave out --at-end with --partial"
        } else {
            return Ok(());
        };
        Err(Usage(sentence.into()))
    }
}

impl PartialCount {
    /// A count of one part under a name.
    pub fn new(mut options: CountOptions, name: String) -> anyhow::Result<PartialCount> {
        options.complete();
        options.check_partial()?;
        let windows = PartialWindows::new(&options.windows).map_err(|error| Usage(error.to_string()))?;
        let mut writer = PartWriter::new(name, Shared::new(&options))?;
        if let Clock::Field(field) = &options.clock {
            writer.set_clock(field.source());
        }
        Ok(PartialCount {
            search: ClockSearch::default(),
            windows,
            writer,
            left_out: 0,
            looked_at: LookedAt::default(),
            no_key: 0,
            gap: 0,
            counted: 0,
            told_composite: false,
            failure: None,
            options,
        })
    }

    fn progress(&mut self, cx: &mut Context<'_>) -> anyhow::Result<()> {
        if self.writer.progress(self.windows.promised(), cx.out)? {
            cx.out.flush()?;
        }
        Ok(())
    }
}

impl Job for PartialCount {
    type Mapper = CountMapper;

    fn settle(&mut self, chunk: &Chunk, notes: &mut Notes) -> anyhow::Result<bool> {
        let is_known = self.options.settle_clock(&mut self.search, chunk, notes)?;
        if let Clock::Field(field) = &self.options.clock {
            self.writer.set_clock(field.source());
        }
        Ok(is_known)
    }

    fn recipe(&self) -> Recipe<CountMapper> {
        let options = self.options.clone();
        Arc::new(move || CountMapper::new(&options))
    }

    fn apply(&mut self, chunk: &Chunk, counted: Counted, cx: &mut Context<'_>) -> anyhow::Result<Flow> {
        self.writer.begin(cx.out)?;
        self.left_out += counted.left_out;
        self.looked_at.look(chunk, counted.seen);
        if let Some(composite) = &counted.composite
            && !self.told_composite
        {
            cx.notes.say(composite);
            self.told_composite = true;
        }
        let arrival = matches!(self.options.clock, Clock::Arrival).then(now);
        let (mut keys, mut spellings, mut values) = (Vec::new(), Vec::new(), Vec::new());
        let width = self.options.aggregates.len() + usize::from(self.options.weight.is_some());
        for (index, record) in counted.records.iter().enumerate() {
            keys.clear();
            keys.extend(counted.keys.counted(record.keys.clone()));
            spellings.clear();
            spellings.extend(counted.keys.spelled(record.keys.clone()));
            values.clear();
            values.extend(counted.values.get(index * width..(index + 1) * width));
            let time = arrival.unwrap_or(record.time);
            let names = Names { keys: &keys, spellings: &spellings };
            match self.windows.record(time, names, &values, &mut self.writer.to(cx.out)) {
                Outcome::NoKey => self.no_key += 1,
                Outcome::Gap => self.gap += 1,
                _ => self.counted += 1,
            }
            if self.writer.is_owed() {
                self.writer.progress(self.windows.promised(), cx.out)?;
            }
            if let Some(limit) =
                self.options.limit.filter(|limit| limit.is_exceeded_by(self.windows.live_keys()))
            {
                self.failure = Some(limit.failure(", let windows be shorter or close earlier"));
                break;
            }
        }
        self.progress(cx)?;
        Ok(if self.failure.is_some() { Flow::Done } else { Flow::On })
    }

    fn alarm(&self) -> Option<Instant> {
        self.writer.alarm(self.windows.promised())
    }

    fn ring(&mut self, cx: &mut Context<'_>) -> anyhow::Result<()> {
        if self.writer.begin(cx.out)? {
            cx.out.flush()?;
        }
        self.progress(cx)
    }

    fn finish(&mut self, end: End, cx: &mut Context<'_>) -> anyhow::Result<()> {
        if matches!(self.options.clock, Clock::Auto) && self.search.has_seen_records() {
            return Err(self.search.nothing_found().into());
        }
        self.writer.begin(cx.out)?;
        self.windows.finish(&mut self.writer.to(cx.out));
        let has_all = self.failure.is_none() && !matches!(end, End::Rejects | End::Broken);
        self.writer.end(self.windows.max_event_time(), has_all, cx.out)?;
        cx.out.flush()?;
        let records = self.no_key + self.counted + self.gap;
        self.options.tell_of_fields(&self.looked_at, (self.no_key, self.counted, records), cx.notes)?;
        self.failure.take().map_or(Ok(()), |failure| Err(failure.into()))
    }

    fn figures(&self, figures: &mut Figures) {
        figures.insert("left_out".into(), self.left_out.into());
        figures.insert("no_key".into(), self.no_key.into());
        figures.insert("gap".into(), self.gap.into());
        figures.insert("keys".into(), self.windows.keys().into());
        figures.insert("rows".into(), self.writer.rows().into());
        figures.insert("max_event_time".into(), self.windows.max_event_time().map(rfc3339).into());
    }
}
