//! Plain records, counted by a key and ranked at the end: exactly, or with a bound on the keys in memory.

use std::ops::Range;
use std::sync::Arc;

use super::write;
use crate::drive::{self, Context, End, Figures, Flow, Job, Mapper, Recipe, Usage};
use crate::expr::{Expr, Program, Seen};
use crate::job::keys::KeyReader;
use crate::job::limit::KeyLimit;
use crate::job::looked_at::LookedAt;
use crate::job::packed::PackedKeys;
use crate::jsonl::{Chunk, Record, Reject};
use crate::pack::{Packer, Unpackable, Unpacker};
use crate::rank::{Counter, RankOptions, list};
use crate::row::{Bound, Number, Row};
use crate::state::Snapshot;
use crate::window::{Emission, Names, Settings, Sink, WindowKind, Windows};

/// Counts plain records by a key and ranks the counts.
pub struct TopRecords {
    keys: Vec<(String, Expr)>,
    folds: bool,
    options: RankOptions,
    limit: Option<KeyLimit>,
    pub(super) counting: Counting,
    written: u64,
    /// A state keeps the counts.
    pub(super) is_kept: bool,
    /// What fields the records have.
    looked_at: LookedAt,
    /// Why the run ended before its input.
    failure: Option<Usage>,
}

pub(super) enum Counting {
    Exactly(Counter),
    Roughly(Box<Estimates>),
}

/// The engine's one window over everything, with a limit on its keys.
pub(super) struct Estimates {
    settings: Settings,
    windows: Windows,
    names: Vec<String>,
    distinct: u64,
    /// Records without a key that earlier runs met.
    missing_before: u64,
}

/// Keeps the one emission of the one window.
#[derive(Default)]
struct Rows {
    rows: Vec<(Vec<u8>, u64, Option<Bound>)>,
    total: u64,
    distinct: u64,
}

impl Sink for Rows {
    fn emission(&mut self, emission: &Emission<'_>) {
        self.rows = emission.rows.iter().map(|row| (row.key.to_vec(), whole(row.count), row.bound)).collect();
        (self.total, self.distinct) = (whole(emission.total), emission.distinct);
    }
}

/// A count of records.
fn whole(count: Number) -> u64 {
    match count {
        Number::Int(count) => u64::try_from(count).unwrap_or_default(),
        Number::Float(count) => count as u64,
    }
}

impl Estimates {
    fn new(keys: usize, names: Vec<String>, folded: bool) -> anyhow::Result<Estimates> {
        let windows = vec![WindowKind::All];
        let settings = Settings { windows, max_keys: Some(keys), folded, ..Settings::default() };
        let windows = Windows::new(&settings).map_err(|error| Usage(error.to_string()))?;
        Ok(Estimates { settings, windows, names, distinct: 0, missing_before: 0 })
    }

    pub(super) fn pack(&self, out: &mut Packer) {
        self.windows.pack(out);
    }

    /// Estimates of the same kind that were packed.
    pub(super) fn unpack(&self, from: &mut Unpacker<'_>) -> Result<Estimates, Unpackable> {
        let windows = Windows::unpack(&self.settings, from)?;
        let missing_before = windows.stats().no_key;
        let (settings, names) = (self.settings.clone(), self.names.clone());
        Ok(Estimates { settings, windows, names, distinct: 0, missing_before })
    }

    fn missing(&self) -> u64 {
        self.windows.stats().no_key - self.missing_before
    }

    /// The list; where a later run is to go on, a copy of the window ends.
    fn finish(&mut self, options: &RankOptions, goes_on: bool) -> Result<Vec<Row>, Unpackable> {
        let mut found = Rows::default();
        if goes_on {
            let mut packer = Packer::default();
            self.pack(&mut packer);
            Windows::unpack(&self.settings, &mut Unpacker::new(packer.bytes()))?.finish(&mut found);
        } else {
            self.windows.finish(&mut found);
        }
        self.distinct = found.distinct;
        let counts = found.rows.iter().map(|(key, count, bound)| (&key[..], *count, *bound));
        Ok(list(&self.names, counts, (found.total, found.distinct), options))
    }
}

impl TopRecords {
    /// A count by these key columns. If it folds, all spellings of a string are one key, shown in the most frequent.
    pub fn new(
        keys: Vec<(String, Expr)>,
        folds: bool,
        options: RankOptions,
        limit: Option<KeyLimit>,
    ) -> anyhow::Result<TopRecords> {
        let names = keys.iter().map(|(name, _)| name.clone()).collect();
        let counting = match limit.and_then(KeyLimit::estimated) {
            Some(_) if options.ascending => {
                let hint = "--on-full sketch keeps the most frequent keys, and --asc asks for the rarest";
                return Err(Usage(hint.into()).into());
            }
            Some(most) => Counting::Roughly(Box::new(Estimates::new(most, names, folds)?)),
            None if folds => Counting::Exactly(Counter::folded(names)),
            None => Counting::Exactly(Counter::new(names)),
        };
        Ok(TopRecords {
            keys,
            folds,
            options,
            limit,
            counting,
            written: 0,
            is_kept: false,
            looked_at: LookedAt::default(),
            failure: None,
        })
    }

    fn missing(&self) -> u64 {
        match &self.counting {
            Counting::Exactly(counter) => counter.missing(),
            Counting::Roughly(estimates) => estimates.missing(),
        }
    }
}

/// The pure half of [`TopRecords`].
pub struct KeyMapper {
    program: Program,
    keys: KeyReader,
}

/// The keys of a chunk's records.
#[derive(Default)]
pub struct Keys {
    keys: PackedKeys,
    /// How many keys each record has.
    of_records: Vec<usize>,
    /// The fields that some record has.
    seen: Seen,
}

impl Mapper for KeyMapper {
    type Batch = Keys;

    fn begin(&mut self, chunk: &[u8], newlines: &mut Vec<u32>) -> bool {
        self.program.begin(chunk, newlines)
    }

    fn map(&mut self, record: &Record<'_>, keys: &mut Keys) -> Result<(), Reject> {
        let mut loaded = self.program.load_next(record).map_err(drive::fault)?;
        keys.seen = loaded.seen();
        let before = keys.keys.len();
        self.keys.read(&mut loaded, &mut keys.keys)?;
        keys.of_records.push(keys.keys.len() - before);
        Ok(())
    }
}

impl Keys {
    /// The numbers of the keys of each record.
    fn records(&self) -> impl Iterator<Item = Range<usize>> {
        let mut first = 0;
        self.of_records.iter().map(move |&count| {
            first += count;
            first - count..first
        })
    }
}

impl Job for TopRecords {
    type Mapper = KeyMapper;

    fn recipe(&self) -> Recipe<KeyMapper> {
        let folds = self.folds;
        let keys: Vec<Expr> = self.keys.iter().map(|(_, key)| key.clone()).collect();
        Arc::new(move || {
            Ok(KeyMapper {
                program: Program::new(&keys.iter().collect::<Vec<_>>())?,
                keys: KeyReader::new((0..keys.len()).collect(), false, folds),
            })
        })
    }

    fn apply(&mut self, chunk: &Chunk, keys: Keys, _cx: &mut Context<'_>) -> anyhow::Result<Flow> {
        self.looked_at.look(chunk, keys.seen);
        let (mut of_record, mut spellings) = (Vec::new(), Vec::new());
        for record in keys.records() {
            of_record.clear();
            of_record.extend(keys.keys.counted(record.clone()));
            spellings.clear();
            spellings.extend(keys.keys.spelled(record));
            match &mut self.counting {
                Counting::Exactly(counter) if of_record.is_empty() => counter.add_missing(),
                Counting::Exactly(counter) => {
                    for (at, key) in of_record.iter().enumerate() {
                        counter.add_spelled(key, spellings.get(at).unwrap_or(key));
                    }
                    if let Some(limit) = self.limit.filter(|limit| limit.is_exceeded_by(counter.distinct())) {
                        self.failure = Some(limit.failure(""));
                        return Ok(Flow::Done);
                    }
                }
                // The one window knows no time.
                Counting::Roughly(estimates) => {
                    let names = Names { keys: &of_record, spellings: &spellings };
                    estimates.windows.record_with(0, names, &[], &mut Rows::default());
                }
            }
        }
        Ok(Flow::On)
    }

    fn finish(&mut self, _end: End, cx: &mut Context<'_>) -> anyhow::Result<()> {
        if let Some(failure) = self.failure.take() {
            return Err(failure.into());
        }
        let rows = match &mut self.counting {
            Counting::Exactly(counter) => counter.finish(&self.options),
            Counting::Roughly(estimates) => estimates.finish(&self.options, self.is_kept)?,
        };
        self.written = rows.len() as u64;
        if rows.is_empty() && self.missing() > 0 {
            cx.notes.say(&format!("none of {} records has a key", self.missing()));
        }
        let keys: Vec<&Expr> = self.keys.iter().map(|(_, key)| key).collect();
        self.looked_at.tell(&Program::new(&keys)?, !rows.is_empty(), cx.notes);
        write(&rows, cx)
    }

    fn save(&mut self, snapshot: &mut Snapshot) -> anyhow::Result<()> {
        self.pack(&mut snapshot.job);
        Ok(())
    }

    fn figures(&self, figures: &mut Figures) {
        let distinct = match &self.counting {
            Counting::Exactly(counter) => counter.distinct() as u64,
            Counting::Roughly(estimates) => estimates.distinct,
        };
        figures.insert("no_key".into(), self.missing().into());
        figures.insert("keys".into(), distinct.into());
        figures.insert("rows".into(), self.written.into());
    }
}
