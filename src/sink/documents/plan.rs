//! What a batch does to the documents: the same that the SQL stores do in a transaction, worked out before anything is sent.
//!
//! The documents that the batch may replace are known before; its records are put in their places one after the other, and what
//! is left at the end is one action for each document, so that actions may be sent in any number of requests, and again.
//! Every action carries `rev` + 1 as its version, and the server keeps the higher one: whatever happens between, an older
//! emission never replaces a newer one. (Not `rev` itself: a document of version 0 cannot be removed by a query later.)

use std::collections::HashMap;

use crate::row::Bounds;
use crate::sink::Emitted;

/// Where a document is.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(in crate::sink) struct Place {
    /// The index, or whatever the store divides its documents into.
    pub(in crate::sink) home: String,
    pub(in crate::sink) id: String,
}

/// The window that a document is a row of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(in crate::sink) enum Window {
    Of(Bounds),
    /// The one over everything.
    All,
}

impl Window {
    pub(in crate::sink) fn of(emitted: &Emitted) -> Window {
        if emitted.all { Window::All } else { Window::Of(emitted.bounds) }
    }
}

/// What is to become of a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::sink) enum Fate {
    /// It stays as it is.
    Stays,
    /// It becomes the record with this number.
    Becomes(usize),
    /// It goes.
    Goes,
}

/// A document, as it is after the records so far.
#[derive(Clone, Debug)]
pub(in crate::sink) struct Document {
    pub(in crate::sink) place: Place,
    pub(in crate::sink) version: Option<u64>,
    pub(in crate::sink) fate: Fate,
}

/// The documents that a batch concerns.
#[derive(Debug, Default)]
pub(in crate::sink) struct Plan {
    documents: Vec<Document>,
    places: HashMap<Place, usize>,
    windows: HashMap<Window, Vec<usize>>,
    /// Those of the window over everything, by their names alone.
    of_all: HashMap<String, Vec<usize>>,
    /// The emission that is coming in is older than what is stored.
    pub(in crate::sink) is_passing_over: bool,
}

/// A row of a window, as the plan sees it.
pub(in crate::sink) struct Row<'a> {
    pub(in crate::sink) emitted: &'a Emitted,
    /// It is the first of its emission that came.
    pub(in crate::sink) begins: bool,
    /// All rows of its emission are in the batch.
    pub(in crate::sink) has_all: bool,
    /// Where the row of its window is that stands there while it has no records.
    pub(in crate::sink) empty: Place,
}

impl Row<'_> {
    fn version(&self) -> u64 {
        self.emitted.rev.saturating_add(1).min(i64::MAX as u64)
    }
}

impl Plan {
    /// Nothing is planned; whether the emission goes on that the batch before passed over.
    pub(in crate::sink) fn new(is_passing_over: bool) -> Plan {
        Plan { is_passing_over, ..Plan::default() }
    }

    /// A document that is stored.
    pub(in crate::sink) fn known(&mut self, place: Place, version: u64, window: Window) {
        self.set(place, Some(version), Some(window), Fate::Stays);
    }

    /// All documents in the order in which they were met.
    pub(in crate::sink) fn documents(&self) -> &[Document] {
        &self.documents
    }

    /// Puts a record in its place; false where a newer one is there.
    pub(in crate::sink) fn put(&mut self, number: usize, place: Place, row: Option<&Row<'_>>) -> bool {
        let Some(row) = row else {
            self.is_passing_over = false;
            self.set(place, None, None, Fate::Becomes(number));
            return true;
        };
        let (version, window) = (row.version(), Window::of(row.emitted));
        if row.begins {
            self.is_passing_over = row.emitted.is_whole() && self.begin(window, version, row.has_all);
        }
        if self.is_passing_over {
            return false;
        }
        if row.emitted.alone
            && row.emitted.rev > 0
            && row.empty != place
            && !self.is_newer(&row.empty, version)
        {
            self.set(row.empty.clone(), Some(version), Some(window), Fate::Goes);
        }
        let elsewhere = if row.emitted.all { self.elsewhere(&place) } else { Vec::new() };
        if elsewhere.iter().chain([&place]).any(|place| self.is_newer(place, version)) {
            return false;
        }
        for other in elsewhere {
            self.set(other, Some(version), Some(window), Fate::Goes);
        }
        let fate = if row.emitted.is_taken_back { Fate::Goes } else { Fate::Becomes(number) };
        self.set(place, Some(version), Some(window), fate);
        true
    }

    /// Removes what is there of a window, or of older emissions of it; true where it is newer.
    fn begin(&mut self, window: Window, version: u64, has_all: bool) -> bool {
        let of_it = self.windows.get(&window).map_or(&[][..], Vec::as_slice);
        let is_there = |document: &Document| document.fate != Fate::Goes;
        if of_it.iter().any(|&at| {
            let document = &self.documents[at];
            is_there(document) && document.version.is_some_and(|known| known > version)
        }) {
            return true;
        }
        for &at in of_it {
            let document = &mut self.documents[at];
            let is_older = document.version.is_none_or(|known| known < version);
            if is_there(document) && (has_all || is_older) {
                (document.fate, document.version) = (Fate::Goes, Some(version));
            }
        }
        false
    }

    /// Whether a newer document is there, or was removed by a newer emission.
    fn is_newer(&self, place: &Place, version: u64) -> bool {
        let known = self.places.get(place).and_then(|&at| self.documents[at].version);
        known.is_some_and(|known| known > version)
    }

    /// Documents of the same name in other homes: the window over everything may begin earlier than it did.
    fn elsewhere(&self, place: &Place) -> Vec<Place> {
        let same = self.of_all.get(&place.id).map_or(&[][..], Vec::as_slice);
        let others = same.iter().map(|&at| &self.documents[at]);
        let is_other =
            |document: &&Document| document.fate != Fate::Goes && document.place.home != place.home;
        others.filter(is_other).map(|document| document.place.clone()).collect()
    }

    fn set(&mut self, place: Place, version: Option<u64>, window: Option<Window>, fate: Fate) {
        if let Some(&at) = self.places.get(&place) {
            let document = &mut self.documents[at];
            (document.version, document.fate) = (version, fate);
            return;
        }
        let at = self.documents.len();
        if let Some(window) = window {
            self.windows.entry(window).or_default().push(at);
            if window == Window::All {
                self.of_all.entry(place.id.clone()).or_default().push(at);
            }
        }
        self.places.insert(place.clone(), at);
        self.documents.push(Document { place, version, fate });
    }
}
