//! `jsonl-store`: records to a store, batch by batch, again where it failed, until all are acknowledged.
//!
//! Nothing waits in here: where the store is not to be had, the chunk is left for later, so that signals are heeded meanwhile
//! and input stops coming. Memory: a batch and a chunk.

mod keep;
mod kept;
mod letters;

use std::borrow::Cow;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Context as _;

use crate::brief::brief;
use crate::drive::{self, Context, End, Figures, Flow, Job, Mapper, Notes, Recipe, Usage};
use crate::jsonl::{self, Chunk, ChunkKind, Output, Reject};
use crate::net::{Chance, doubled};
use crate::row::Row;
use crate::scan;
use crate::sink::{Failure, Keys, Limits, Pending, Records, Sink};
use crate::state::Snapshot;

pub use keep::Retention;
pub use kept::LETTERS;
pub use letters::DeadLetters;

/// The longest wait, as so many of the first.
const LONGEST: u32 = 64;
/// The longest wait that a store may ask for: then it is tried again.
const LONGEST_ASKED: Duration = Duration::from_secs(3600);

/// When a store is tried again.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// The first wait; each is twice as long as the one before, up to 64 times.
    pub delay: Duration,
    /// So many failures in a row; none: any number.
    pub retries: Option<u32>,
}

/// How records are to be stored.
pub struct StoreOptions {
    /// The store's name, for a person.
    pub name: String,
    /// The columns that tell records apart, where they were named.
    pub keys: Option<Vec<String>>,
    /// When a batch is stored.
    pub limits: Limits,
    /// When it is tried again.
    pub patience: Patience,
    /// Where records are kept that the store refuses.
    pub letters: Option<DeadLetters>,
    /// How long they are kept; if it is not said, for ever.
    pub retention: Option<Retention>,
    /// The input is passed on.
    pub tee: bool,
}

/// Stores records.
pub struct Store {
    sink: Box<dyn Sink>,
    options: StoreOptions,
    keys: Option<Keys>,
    pending: Pending,
    trouble: Trouble,
    counts: Counts,
    tee: Vec<u8>,
}

/// Failures in a row.
struct Trouble {
    failures: u32,
    again: Option<Instant>,
    chance: Chance,
}

#[derive(Default)]
struct Counts {
    stored: u64,
    stale: u64,
    refused: u64,
    batches: u64,
    retries: u64,
    removed: u64,
}

/// Cuts records into columns.
pub struct StoreMapper;

impl Mapper for StoreMapper {
    type Batch = Records;

    fn map(&mut self, record: &jsonl::Record<'_>, records: &mut Records) -> Result<(), Reject> {
        scan::check(record.bytes).map_err(drive::fault)?;
        records.push(record.bytes).map_err(|error| Reject::new("grammar", error))
    }
}

impl Store {
    /// Stores records in this sink.
    pub fn new(sink: Box<dyn Sink>, options: StoreOptions) -> Store {
        Store {
            sink,
            keys: options.keys.clone().map(Keys::new),
            pending: Pending::new(options.limits),
            trouble: Trouble { failures: 0, again: None, chance: Chance::of_process() },
            counts: Counts::default(),
            tee: Vec::new(),
            options,
        }
    }

    /// Whether it is known what tells records apart. The rows of empty windows name no keys, and wait for one that does.
    fn settle(&mut self, also_part: bool) -> Result<bool, Usage> {
        if self.keys.is_some() {
            return Ok(true);
        }
        let none = Keys::new(Vec::new());
        let (mut names, mut is_counted, mut wrong) = (Vec::new(), false, None);
        for (_, record) in self.pending.all(&none).iter() {
            let Some(emitted) = record.emitted() else {
                let hint = "this is no window row: --key-columns says which columns tell such records apart";
                return Err(Usage(format!("{hint}: {}", shown(record.line()))));
            };
            is_counted |= !emitted.is_empty;
            match Row::read(record.line().as_bytes()) {
                Ok(row) => names = row.keys.into_iter().map(|(name, _)| name).collect(),
                Err(error) => drop(wrong.get_or_insert_with(|| format!("{error}: {}", shown(record.line())))),
            }
            if !names.is_empty() {
                break;
            }
        }
        // Without the names of its keys each row of a window would take the place of the one before.
        if let Some(wrong) = wrong.filter(|_| names.is_empty()) {
            let hint = "--key-columns says which columns tell such records apart";
            return Err(Usage(format!(
                "this is no window row, as window-count writes them; {hint}: {wrong}"
            )));
        }
        let is_full = self.pending.next(&none, false).is_some();
        if names.is_empty() && !is_counted && !also_part && !is_full {
            return Ok(false);
        }
        let bounds = ["window_start", "window_end"].map(str::to_owned);
        self.keys = Some(Keys::new(bounds.into_iter().chain(names).collect()));
        Ok(true)
    }

    /// Stores what is to be stored now: full batches, and with `also_part` all there is.
    fn deliver(&mut self, also_part: bool, cx: &mut Context<'_>) -> anyhow::Result<Flow> {
        if let Some(again) = self.trouble.again.filter(|again| *again > Instant::now()) {
            let none = Keys::new(Vec::new());
            let is_full = also_part || self.pending.next(&none, false).is_some();
            return Ok(if is_full { Flow::Later(again) } else { Flow::On });
        }
        if self.pending.is_empty() || !self.settle(also_part)? {
            return Ok(Flow::On);
        }
        while self.attempt(also_part, cx)? {
            if let Some(again) = self.trouble.again {
                return Ok(Flow::Later(again));
            }
        }
        Ok(Flow::On)
    }

    /// Tries to store the next batch; false if there is none.
    fn attempt(&mut self, also_part: bool, cx: &mut Context<'_>) -> anyhow::Result<bool> {
        let Store { sink, options, keys, pending, trouble, counts, .. } = self;
        let Some(batch) = keys.as_ref().and_then(|keys| pending.next(keys, also_part)) else {
            return Ok(false);
        };
        let written = sink.write(&batch);
        cx.out.text(&sink.shown())?;
        match written {
            Ok(written) => {
                if trouble.failures > 0 {
                    cx.notes.say(&format!("{}: it works again", options.name));
                }
                (trouble.failures, trouble.again) = (0, None);
                counts.batches += 1;
                counts.stored += written.stored;
                counts.stale += written.stale;
                counts.refused += written.refused.len() as u64;
                for (at, why) in &written.refused {
                    let line = batch.records.get(*at).line();
                    match &mut options.letters {
                        Some(letters) => letters.keep(line, why, cx.notes)?,
                        None => anyhow::bail!(
                            "{} refuses a record: {why}; --dead-letter FILE keeps such records and goes on: {}",
                            options.name,
                            shown(line)
                        ),
                    }
                }
                options.letters.as_mut().map_or(Ok(()), DeadLetters::flush)?;
                if let Some(retention) = &mut options.retention {
                    retention.see(&batch).map_err(Usage)?;
                }
                let count = batch.range.len();
                pending.stored(count);
                self.expire(false, cx)?;
            }
            Err(Failure::Usage(text)) => return Err(Usage(text).into()),
            Err(Failure::Lasting(text)) => return Err(self.give_up(&text)),
            Err(Failure::Passing(text, asked)) => {
                trouble.failures += 1;
                if options.patience.retries.is_some_and(|most| trouble.failures > most) {
                    let times = trouble.failures;
                    return Err(self.give_up(&format!("{text}; gave up after {times} failures in a row")));
                }
                counts.retries += 1;
                let step = doubled(options.patience.delay, trouble.failures, LONGEST);
                let wait = match asked {
                    Some(asked) => asked.min(LONGEST_ASKED),
                    None => trouble.chance.part_of(step),
                };
                trouble.again = Some(Instant::now() + wait);
                cx.notes.say(&format!("{text}; trying again in {:.1} s", wait.as_secs_f64()));
            }
        }
        Ok(true)
    }

    /// Removes what is too old by now.
    fn expire(&mut self, is_end: bool, cx: &mut Context<'_>) -> anyhow::Result<()> {
        let Store { sink, options: StoreOptions { retention: Some(retention), .. }, counts, .. } = self
        else {
            return Ok(());
        };
        let Some(before) = retention.due(is_end) else { return Ok(()) };
        let removed = sink.expire(before);
        cx.out.text(&sink.shown())?;
        match removed {
            Ok(removed) => {
                retention.done(before);
                counts.removed += removed;
                Ok(())
            }
            // The next batch is an occasion to try again.
            Err(Failure::Passing(text, _)) if !is_end => {
                cx.notes.say(&format!("{text}; old records are still there"));
                Ok(())
            }
            Err(failure) => anyhow::bail!("{failure}; all is stored, and old records are still there"),
        }
    }

    /// Nobody reads any more what is passed on, which ends the run: what was read is stored all the same.
    ///
    /// # Errors
    ///
    /// It is not.
    pub fn store_rest(&mut self, notes: &mut Notes) -> anyhow::Result<()> {
        let mut nowhere = Output::to(Box::new(std::io::sink()));
        self.finish(End::Done, &mut Context { out: &mut nowhere, notes })
    }

    fn give_up(&self, why: &str) -> anyhow::Error {
        let left = self.pending.len();
        anyhow::anyhow!("{why}; of the records read, {left} were not stored")
    }
}

impl Job for Store {
    type Mapper = StoreMapper;

    fn recipe(&self) -> Recipe<StoreMapper> {
        Arc::new(|| Ok(StoreMapper))
    }

    fn apply(&mut self, _chunk: &Chunk, records: Records, cx: &mut Context<'_>) -> anyhow::Result<Flow> {
        self.pending.take(&records);
        if self.options.tee {
            self.tee.clear();
            for at in 0..records.len() {
                self.tee.extend_from_slice(records.get(at).line().as_bytes());
                self.tee.push(b'\n');
            }
            cx.out.records(&self.tee)?;
            // The store may take its time.
            cx.out.flush()?;
        }
        let is_due = self.pending.due().is_some_and(|due| due <= Instant::now());
        self.deliver(is_due, cx)
    }

    fn go_on(&mut self, chunk: &Chunk, cx: &mut Context<'_>) -> anyhow::Result<Flow> {
        // A chunk without anything in it is the one behind all others.
        self.deliver(chunk.bytes().is_empty() || chunk.kind == ChunkKind::Mark, cx)
    }

    /// All before it is in the store for good, before it is passed on or committed.
    fn reach_mark(&mut self, _chunk: &Chunk, cx: &mut Context<'_>) -> anyhow::Result<Flow> {
        self.deliver(true, cx)
    }

    fn save(&mut self, snapshot: &mut Snapshot) -> anyhow::Result<()> {
        self.pack(snapshot)
    }

    fn send_rest(&mut self, _chunk: &Chunk, cx: &mut Context<'_>) -> anyhow::Result<Flow> {
        self.deliver(true, cx)
    }

    fn alarm(&self) -> Option<Instant> {
        if self.pending.is_empty() { None } else { self.trouble.again.or(self.pending.due()) }
    }

    fn ring(&mut self, cx: &mut Context<'_>) -> anyhow::Result<()> {
        self.deliver(true, cx).map(drop)
    }

    fn finish(&mut self, _end: End, cx: &mut Context<'_>) -> anyhow::Result<()> {
        // What a signal or a reject left: it was read, and is stored if that goes without waiting.
        self.trouble.again = None;
        if self.deliver(true, cx)? != Flow::On {
            return Err(self.give_up(&format!("{} is not to be had", self.options.name)));
        }
        self.expire(true, cx)?;
        let Counts { stored, stale, refused, batches, .. } = self.counts;
        if stale > 0 {
            cx.notes
                .say(&format!("passed over {stale} rows: {} has a higher rev of them", self.options.name));
        }
        if let (Some(letters), 1..) = (&mut self.options.letters, refused) {
            let path = letters.close().context("cannot keep the records that were refused")?;
            cx.notes.say(&format!("{refused} records were refused; {path} has them"));
        }
        cx.notes.explain(&format!("stored {stored} records in {batches} batches"));
        Ok(())
    }

    fn figures(&self, figures: &mut Figures) {
        let Counts { stored, stale, refused, batches, retries, removed } = self.counts;
        for (name, count) in [
            ("stored", stored),
            ("stale", stale),
            ("refused", refused),
            ("batches", batches),
            ("retries", retries),
            ("removed", removed),
        ] {
            figures.insert(name.into(), count.into());
        }
    }
}

/// The beginning of a line, for a person.
fn shown(line: &str) -> Cow<'_, str> {
    brief(line, 60)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sink::{Batch, Written};

    /// A store that is busy until the end of all days, as it says.
    struct Busy;

    impl Sink for Busy {
        fn write(&mut self, _batch: &Batch<'_>) -> Result<Written, Failure> {
            Err(Failure::Passing("busy".into(), Some(Duration::MAX)))
        }
    }

    fn store(sink: impl Sink + 'static, retries: Option<u32>) -> Store {
        let options = StoreOptions {
            name: "test".into(),
            keys: Some(vec!["id".into()]),
            limits: Limits { rows: 1, bytes: 1 << 20, age: Duration::ZERO },
            patience: Patience { delay: Duration::from_millis(1), retries },
            letters: None,
            retention: None,
            tee: false,
        };
        Store::new(Box::new(sink), options)
    }

    #[test]
    fn a_store_may_ask_for_a_pause_but_not_for_ever() {
        let mut store = store(Busy, None);
        let mut records = Records::default();
        records.push(b"{\"id\":1}").expect("a record");
        store.pending.take(&records);
        let mut nowhere = Output::to(Box::new(std::io::sink()));
        let mut notes = Notes::new("test", Box::new(|_, _| {}));
        let begun = Instant::now();
        let flow =
            store.deliver(true, &mut Context { out: &mut nowhere, notes: &mut notes }).expect("it waits");
        let Flow::Later(again) = flow else { panic!("it does not wait") };
        let wait = again.duration_since(begun);
        assert!((LONGEST_ASKED..2 * LONGEST_ASKED).contains(&wait), "{wait:?}");
    }
}
