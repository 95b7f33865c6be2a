//! What all stores of documents have in common: documents are named by their keys, what a batch replaces is looked up and worked
//! out (`plan`), and the steps are carried out, those that failed again. There are no transactions: a reader may see a window half
//! replaced for a moment, and one process at a time may write a window.

mod id;
mod plan;

use std::collections::{BTreeMap, HashMap};

pub(super) use plan::{Place, Window};

use super::{Batch, Failure, Record, Sink, Written};
use crate::time::Millis;
use id::id;
use plan::{Fate, Plan, Row};

/// A store of documents.
pub(super) trait Store {
    /// How messages name it.
    fn name(&self) -> &str;

    /// Nothing is asked and nothing is sent: what would be is shown.
    fn is_dry(&self) -> bool;

    /// Makes ready what a batch needs.
    fn prepare(&mut self, batch: &Batch<'_>) -> Result<(), Failure>;

    /// The part of the store that a record belongs to.
    fn home(&self, record: &Record<'_>) -> Result<String, String>;

    /// All parts together, if there are several.
    fn homes(&self) -> Option<String>;

    /// The rows of these windows that are stored in a part, or in all of them.
    fn stored(&self, home: &str, windows: &[Window]) -> Result<Vec<Stored>, Failure>;

    /// Carries out steps; what became of each, also of those before one that failed.
    fn carry_out(
        &mut self,
        batch: &Batch<'_>,
        steps: &[Step<'_>],
        outcomes: &mut Vec<(Tag, Outcome)>,
    ) -> Result<(), Failure>;

    /// Removes what is from before a time.
    fn expire(&mut self, before: Millis) -> Result<u64, Failure>;

    /// What a dry run has to show.
    fn shown(&mut self) -> Vec<u8>;
}

/// A document that is stored already.
pub(super) struct Stored {
    pub(super) place: Place,
    pub(super) version: u64,
    pub(super) window: Window,
}

/// One thing to be done.
pub(super) struct Step<'a> {
    pub(super) place: &'a Place,
    /// It is not done where a higher one is stored.
    pub(super) version: Option<u64>,
    pub(super) tag: Tag,
}

/// What a step is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tag {
    /// The document becomes the record with this number.
    Stores(usize),
    /// The document is removed.
    Removes,
}

/// What became of a step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    Done,
    /// A newer document is there.
    Stale,
    /// The store does not take the document.
    Refused(String),
    /// Later, perhaps.
    Later(String),
}

/// Stores records as documents.
pub(super) struct DocumentSink<S> {
    store: S,
    is_passing_over: bool,
    /// Of a batch that was stored in part: what became of its records, by their places in it.
    done: HashMap<usize, Outcome>,
}

/// A record on its way.
struct Bound<'a> {
    number: usize,
    record: Record<'a>,
    place: Place,
}

impl<S: Store> Sink for DocumentSink<S> {
    fn write(&mut self, batch: &Batch<'_>) -> Result<Written, Failure> {
        let mut written = Written::default();
        let mut bound = Vec::with_capacity(batch.range.len());
        for (number, record) in batch.iter() {
            let place = self.store.home(&record).and_then(|home| {
                let id = id(batch.keys, &record, false)?;
                Ok(Place { home, id })
            });
            match place {
                Ok(place) => bound.push(Bound { number, record, place }),
                Err(why) => written.refused.push((number, why)),
            }
        }
        self.store.prepare(batch)?;
        let (plan, stale) = self.plan(batch, &bound)?;
        let mut outcomes = self.send(batch, &plan)?;
        for Bound { number, .. } in &bound {
            match outcomes.remove(number) {
                _ if stale.binary_search(number).is_ok() => written.stale += 1,
                // Another record of the batch took its place.
                None | Some(Outcome::Done | Outcome::Later(_)) => written.stored += 1,
                Some(Outcome::Stale) => written.stale += 1,
                Some(Outcome::Refused(why)) => written.refused.push((*number, why)),
            }
        }
        written.refused.sort_unstable();
        self.is_passing_over = plan.is_passing_over;
        self.done.clear();
        Ok(written)
    }

    fn shown(&mut self) -> Vec<u8> {
        self.store.shown()
    }

    fn expire(&mut self, before: Millis) -> Result<u64, Failure> {
        self.store.expire(before)
    }
}

impl<S: Store> DocumentSink<S> {
    /// Stores in this store.
    pub(super) fn new(store: S) -> DocumentSink<S> {
        DocumentSink { store, is_passing_over: false, done: HashMap::new() }
    }

    /// What the batch does to the documents, and the records that are older than what is there, in order.
    fn plan(&self, batch: &Batch<'_>, bound: &[Bound<'_>]) -> Result<(Plan, Vec<usize>), Failure> {
        let mut plan = Plan::new(self.is_passing_over);
        let homes = self.store.homes();
        let mut windows: BTreeMap<&str, Vec<Window>> = BTreeMap::new();
        for Bound { record, place, .. } in bound {
            let Some(emitted) = record.emitted().filter(|_| batch.keys.by_window) else { continue };
            // Where the window over everything begins may change, and with it its home.
            let everywhere = homes.as_deref().filter(|_| emitted.all);
            if everywhere.is_some() || record.begins() && emitted.is_whole() {
                let known = windows.entry(everywhere.unwrap_or(&place.home)).or_default();
                let window = Window::of(emitted);
                if known.last() != Some(&window) {
                    known.push(window);
                }
            }
        }
        for (home, windows) in windows.iter().filter(|_| !self.store.is_dry()) {
            for stored in self.store.stored(home, windows)? {
                plan.known(stored.place, stored.version, stored.window);
            }
        }
        let mut stale = Vec::new();
        for Bound { number, record, place } in bound {
            let row = record.emitted().filter(|_| batch.keys.by_window).map(|emitted| {
                let id = id(batch.keys, record, true).unwrap_or_default();
                let begins = record.begins();
                let has_all = begins && batch.has_all_of(*number);
                Row { emitted, begins, has_all, empty: Place { home: place.home.clone(), id } }
            });
            if !plan.put(*number, place.clone(), row.as_ref()) {
                stale.push(*number);
            }
        }
        Ok((plan, stale))
    }

    /// Carries out a plan, but for what was done of it already; what became of the records.
    fn send(&mut self, batch: &Batch<'_>, plan: &Plan) -> Result<HashMap<usize, Outcome>, Failure> {
        let first = batch.range.start;
        let mut outcomes: HashMap<usize, Outcome> = HashMap::new();
        let mut steps = Vec::new();
        for document in plan.documents() {
            let tag = match document.fate {
                Fate::Stays => continue,
                Fate::Goes => Tag::Removes,
                Fate::Becomes(number) => Tag::Stores(number),
            };
            if let Fate::Becomes(number) = document.fate
                && let Some(outcome) = self.done.get(&(number - first))
            {
                outcomes.insert(number, outcome.clone());
                continue;
            }
            steps.push(Step { place: &document.place, version: document.version, tag });
        }
        let mut answered = Vec::with_capacity(steps.len());
        let sent = self.store.carry_out(batch, &steps, &mut answered);
        let (mut later, mut why) = (0, None);
        for (tag, outcome) in answered {
            match (tag, outcome) {
                (_, Outcome::Later(reason)) => {
                    later += 1;
                    why.get_or_insert(reason);
                }
                (Tag::Stores(number), outcome) => {
                    self.done.insert(number - first, outcome.clone());
                    outcomes.insert(number, outcome);
                }
                (Tag::Removes, _) => {}
            }
        }
        sent?;
        match why {
            None => Ok(outcomes),
            Some(why) => {
                let (name, all) = (self.store.name(), steps.len());
                let text = format!("{name}: {later} of {all} documents are not taken yet: {why}");
                Err(Failure::Passing(text, None))
            }
        }
    }
}
