//! Counting in parts: pieces of windows out of many processes, which one process puts together.
//!
//! A piece is one key of one pane: a stretch of time that no window cuts, so that pieces of the same pane add up, whoever
//! counted them. The panes of sessions are stretches shorter than the gap: a key's records in one of them are in the same
//! session, and the piece says when the first and the last came. The window over everything is one pane.
//!
//! A pane goes out when the watermark reaches the end of the first window over it. So all that a watermark promises is
//! out, and memory holds the panes between the watermark and the newest record. Nothing is late: a record behind the
//! watermark makes one more piece. Pieces depend on the records alone, not on when they come.
//!
//! A record far ahead of the others counts as it is, but the watermark believes it only if two more bear it out: one
//! record from 2099 holds no memory free and closes nothing, wherever its piece is merged.

use super::cell::{Cell, Shape};
use super::clock::NEVER;
use super::keys::{KeyId, Keys};
use super::layout::Layout;
use super::pane::{Arrival, Pane, Share};
use super::settings::{Emit, Settings, SettingsError, Watermark};
use super::stats::Outcome;
use super::window_kind::WindowKind;
use super::{Cells, Names, Piece, PieceError, Value};
use crate::time::{self, Millis};
use std::borrow::Cow;
use std::collections::BTreeMap;

/// Pieces of records behind the watermark go out when time has gone on by so much, or so many such records have come.
const GATHERED_FOR: i64 = 1000;
const GATHERED: u32 = 1000;

/// A record further ahead of the largest time is not believed alone, and so many bear each other out.
const FAR: i64 = time::MILLIS_PER_DAY;
const WITNESSES: usize = 3;

/// Where pieces go.
pub trait PieceSink {
    /// A piece came out.
    fn piece(&mut self, piece: &Piece<'_>);

    /// The watermark has passed the end of a window: all pieces before it are out, but those of records that come late.
    fn passed(&mut self);
}

/// The panes of a session's gap: records of a key in one of them are in the same session. The shorter, the sooner a
/// session may close, and the more pieces there are.
pub(super) fn grain(gap: i64) -> i64 {
    (gap / 4).max(1)
}

/// What a piece says as its pane's start: a point in time, even where the pane begins before all of them.
pub(super) fn begin(start: Millis) -> Millis {
    start.max(time::MIN)
}

/// Counts one part of a stream.
pub struct PartialWindows {
    kinds: Vec<Panes>,
    keys: Keys,
    shape: Shape,
    delay: Option<i64>,
    /// The largest event time, and the largest that is believed.
    max: Millis,
    believed: Millis,
    /// Times too far ahead, in a row.
    far: Vec<Millis>,
    watermark: Millis,
    /// The watermark at which a window ends next.
    due: Millis,
    /// The largest believed time when a record first came behind the watermark, and how many did, since pieces went out.
    gathered: Option<(Millis, u32)>,
    ids: Vec<KeyId>,
}

impl Settings {
    /// Checks that windows can be counted in parts.
    ///
    /// # Errors
    ///
    /// The first setting that needs all records in one place, as a sentence.
    pub fn validate_partial(&self) -> Result<(), SettingsError> {
        self.validate()?;
        let counts_records = self.windows.iter().any(|window| matches!(window, WindowKind::Count { .. }));
        let sentence = if counts_records {
            "windows of so many records depend on the order of all records, which no part knows; leave out --partial"
        } else if self.max_keys.is_some() {
            "estimated keys of several parts do not add up; leave out --on-full sketch or --partial"
        } else if self.max_future.is_some() {
            "no part knows the newest record of the others; leave out --max-future with --partial"
        } else if self.watermark_by {
            "with --partial every part has a watermark of its own; run one part for each source instead of --watermark-by"
        } else if self.emit != Emit::Final {
            "parts come together only when a window closes; leave out --emit and --trigger, or --partial"
        } else {
            return Ok(());
        };
        Err(SettingsError(sentence.into()))
    }
}

impl PartialWindows {
    /// Windows of which a part is counted.
    ///
    /// # Errors
    ///
    /// Settings that make no sense, or not for a part.
    pub fn new(settings: &Settings) -> Result<PartialWindows, SettingsError> {
        settings.validate_partial()?;
        Ok(PartialWindows {
            kinds: settings.windows.iter().map(Panes::new).collect(),
            keys: Keys::default(),
            shape: Shape::new(settings),
            delay: match settings.watermark {
                Watermark::Delay(delay) => Some(delay),
                Watermark::Max => None,
            },
            max: NEVER,
            believed: NEVER,
            far: Vec::new(),
            watermark: NEVER,
            due: NEVER,
            gathered: None,
            ids: Vec::new(),
        })
    }

    /// Takes one record; see [`super::Windows::record_with`].
    pub fn record(
        &mut self,
        time: Millis,
        names: Names<'_>,
        values: &[Value<'_>],
        sink: &mut dyn PieceSink,
    ) -> Outcome {
        self.max = self.max.max(time);
        if self.believes(time) {
            self.promise(time, sink);
        }
        self.send_gathered(sink);
        if names.keys.is_empty() {
            return Outcome::NoKey;
        }
        self.ids.clear();
        for key in names.keys {
            let id = self.keys.intern(key);
            self.keys.hold(id);
            self.ids.push(id);
        }
        let arrival = Arrival { keys: &self.ids, spellings: names.spellings, values, epoch: 0 };
        let (mut counts, mut is_behind) = (false, false);
        for panes in &mut self.kinds {
            let Some(due) = panes.find(time) else { continue };
            panes.count(time, &arrival, &self.shape, &mut self.keys);
            counts = true;
            is_behind |= due <= self.watermark;
        }
        self.ids.iter().for_each(|&id| self.keys.release(id));
        if is_behind {
            self.gather();
        }
        if counts { Outcome::Counted } else { Outcome::Gap }
    }

    /// Takes a piece of another part with the same settings.
    ///
    /// # Errors
    ///
    /// A piece of other settings.
    pub fn take(&mut self, piece: &Piece<'_>, sink: &mut dyn PieceSink) -> Result<(), PieceError> {
        let panes = self.kinds.get_mut(piece.window).ok_or(PieceError)?;
        let cells = piece.cells_like(&self.shape)?;
        self.max = self.max.max(piece.last);
        let due = panes.find(piece.first).filter(|_| panes.holds(piece)).ok_or(PieceError)?;
        let id = self.keys.intern(piece.key);
        self.keys.hold(id);
        let share = Share { id, count: piece.count, cells, epoch: 0 };
        panes.take(piece, &share, &self.shape, &mut self.keys);
        self.keys.release(id);
        if due <= self.watermark {
            self.gather();
            self.send_gathered(sink);
        }
        Ok(())
    }

    /// All before `time`, less the watermark's delay, has come: its panes go out.
    pub fn promise(&mut self, time: Millis, sink: &mut dyn PieceSink) {
        if time <= self.believed {
            return;
        }
        let is_first = self.believed == NEVER;
        self.believed = time;
        self.max = self.max.max(time);
        let Some(delay) = self.delay else { return };
        self.watermark = time - delay;
        if self.watermark < self.due {
            return;
        }
        let watermark = self.watermark;
        self.due = self.kinds.iter().map(|panes| panes.grid.next_end(watermark)).min().unwrap_or(Millis::MAX);
        if !is_first {
            self.send_until(watermark, sink);
            sink.passed();
        }
    }

    /// The input has ended: all that is left goes out.
    pub fn finish(&mut self, sink: &mut dyn PieceSink) {
        self.send_until(Millis::MAX, sink);
    }

    /// The largest event time, believed or not.
    pub fn max_event_time(&self) -> Option<Millis> {
        (self.max != NEVER).then_some(self.max)
    }

    /// The largest event time that the watermark is behind.
    pub fn promised(&self) -> Option<Millis> {
        (self.believed != NEVER).then_some(self.believed)
    }

    /// The largest number of keys that were in memory at once.
    pub fn keys(&self) -> usize {
        self.keys.peak()
    }

    /// How many keys are in memory.
    pub fn live_keys(&self) -> usize {
        self.keys.live()
    }

    /// May the watermark follow this time?
    fn believes(&mut self, time: Millis) -> bool {
        if self.believed == NEVER || time <= self.believed.saturating_add(FAR) {
            self.far.clear();
            return true;
        }
        self.far.retain(|&other| other.abs_diff(time) <= FAR.unsigned_abs());
        self.far.push(time);
        let is_borne_out = self.far.len() >= WITNESSES;
        if is_borne_out {
            self.far.clear();
        }
        is_borne_out
    }

    /// A piece is behind the watermark.
    fn gather(&mut self) {
        let (since, records) = self.gathered.unwrap_or((self.believed, 0));
        self.gathered = Some((since, records + 1));
    }

    fn send_gathered(&mut self, sink: &mut dyn PieceSink) {
        if let Some((since, records)) = self.gathered
            && (self.believed >= since.saturating_add(GATHERED_FOR) || records >= GATHERED)
        {
            self.send_until(self.watermark, sink);
        }
    }

    fn send_until(&mut self, watermark: Millis, sink: &mut dyn PieceSink) {
        for (window, panes) in self.kinds.iter_mut().enumerate() {
            panes.send_until(window, watermark, &self.shape, &mut self.keys, sink);
        }
        self.gathered = None;
    }
}

/// Where the panes of one kind of window lie.
enum Grid {
    Lying(Layout),
    Session(i64),
    All,
}

impl Grid {
    /// The smallest end of a window, or pane of sessions, behind a watermark.
    fn next_end(&self, watermark: Millis) -> Millis {
        match self {
            Grid::Lying(layout) => layout.bounds(layout.first_ending_after(watermark)).1,
            Grid::Session(grain) => (watermark.div_euclid(*grain) + 1) * grain,
            Grid::All => Millis::MAX,
        }
    }

    /// The pane that a point in time falls into, and the watermark at which it goes out.
    fn pane_at(&self, time: Millis) -> Option<(i64, Millis)> {
        match self {
            Grid::Lying(layout) => {
                let pane = layout.pane_at(time)?;
                Some((pane, layout.bounds(layout.windows_of(pane).0).1))
            }
            Grid::Session(grain) => {
                let pane = time.div_euclid(*grain);
                Some((pane, (pane + 1) * grain))
            }
            Grid::All => Some((0, Millis::MAX)),
        }
    }

    /// A pane's first millisecond, and the first behind it.
    fn bounds(&self, pane: i64) -> (Millis, Millis) {
        match self {
            Grid::Lying(layout) => layout.pane_bounds(pane),
            Grid::Session(grain) => (pane * grain, (pane + 1) * grain),
            Grid::All => (Millis::MIN, Millis::MAX),
        }
    }
}

/// One pane, and where it is of interest, when its first and last records came: of each key, or of all.
#[derive(Default)]
struct Counts {
    pane: Pane,
    spans: Vec<(Millis, Millis)>,
}

/// The panes of one kind of window.
struct Panes {
    grid: Grid,
    /// By the watermark at which it goes out, and its number.
    panes: BTreeMap<(Millis, i64), usize>,
    store: Vec<Counts>,
    free: Vec<usize>,
    hints: Vec<u32>,
    recent: Recent,
}

/// The pane of the last record.
#[derive(Clone, Copy, Default)]
struct Recent {
    start: Millis,
    end: Millis,
    pane: i64,
    due: Millis,
    place: Option<usize>,
}

impl Panes {
    fn new(window: &WindowKind) -> Panes {
        let grid = match (Layout::new(window), window) {
            (Some(layout), _) => Grid::Lying(layout),
            (_, WindowKind::Session { gap }) => Grid::Session(grain(*gap)),
            _ => Grid::All,
        };
        Panes {
            grid,
            panes: BTreeMap::new(),
            store: Vec::new(),
            free: Vec::new(),
            hints: Vec::new(),
            recent: Recent::default(),
        }
    }

    /// Finds the pane of a point in time, if it falls into a window: the watermark at which it goes out.
    #[inline]
    fn find(&mut self, time: Millis) -> Option<Millis> {
        if !(self.recent.start..self.recent.end).contains(&time) {
            let (pane, due) = self.grid.pane_at(time)?;
            let (start, end) = self.grid.bounds(pane);
            self.recent = Recent { start, end, pane, due, place: self.panes.get(&(due, pane)).copied() };
        }
        Some(self.recent.due)
    }

    /// Is a piece of the pane that was just found, as pieces are here?
    fn holds(&self, piece: &Piece<'_>) -> bool {
        let Recent { start, end, .. } = self.recent;
        match self.grid {
            Grid::Lying(_) => piece.first == begin(start),
            Grid::Session(_) => piece.first <= piece.last && piece.last < end,
            Grid::All => piece.first <= piece.last,
        }
    }

    /// The pane that was just found.
    fn open(&mut self) -> usize {
        *self.recent.place.get_or_insert_with(|| {
            let place = self.free.pop().unwrap_or_else(|| {
                self.store.push(Counts::default());
                self.store.len() - 1
            });
            self.panes.insert((self.recent.due, self.recent.pane), place);
            place
        })
    }

    /// Counts a record in the pane that was just found.
    fn count(&mut self, time: Millis, arrival: &Arrival<'_>, shape: &Shape, keys: &mut Keys) {
        let place = self.open();
        self.store[place].pane.count(arrival, &mut self.hints, shape, keys);
        for &id in arrival.keys {
            self.span(place, id, time, time);
        }
    }

    /// Takes in a piece of the pane that was just found.
    fn take(&mut self, piece: &Piece<'_>, share: &Share<'_>, shape: &Shape, keys: &mut Keys) {
        let place = self.open();
        self.store[place].pane.take(share, &mut self.hints, shape, keys);
        self.span(place, share.id, piece.first, piece.last);
    }

    /// Notes when a key came that was just counted.
    #[inline]
    fn span(&mut self, place: usize, id: KeyId, first: Millis, last: Millis) {
        let at = match self.grid {
            Grid::Lying(_) => return,
            Grid::Session(_) => self.hints[id as usize] as usize,
            Grid::All => 0,
        };
        let spans = &mut self.store[place].spans;
        match spans.get_mut(at) {
            Some(span) => *span = (span.0.min(first), span.1.max(last)),
            // A new key stands behind those that are known.
            None => spans.push((first, last)),
        }
    }

    /// Panes that are due go out, by that, then as they lie, and their keys as they came.
    fn send_until(
        &mut self,
        window: usize,
        watermark: Millis,
        shape: &Shape,
        keys: &mut Keys,
        sink: &mut dyn PieceSink,
    ) {
        let width = shape.width();
        while let Some(entry) = self.panes.first_entry().filter(|entry| entry.key().0 <= watermark) {
            let ((_, number), place) = entry.remove_entry();
            let Counts { pane, spans } = &mut self.store[place];
            for (at, entry) in pane.entries.iter().enumerate() {
                let (first, last) = match self.grid {
                    Grid::Lying(_) => (begin(self.grid.bounds(number).0), begin(self.grid.bounds(number).0)),
                    Grid::Session(_) => spans[at],
                    Grid::All => spans[0],
                };
                sink.piece(&Piece {
                    window,
                    first,
                    last,
                    key: keys.bytes(entry.id),
                    count: entry.count,
                    cells: Cells(Cow::Borrowed(&pane.cells[at * width..(at + 1) * width])),
                });
            }
            pane.clear(keys);
            spans.clear();
            self.free.push(place);
            if self.recent.place == Some(place) {
                self.recent = Recent::default();
            }
        }
    }
}

impl Piece<'_> {
    /// The cells, if they are of this shape.
    pub(super) fn cells_like(&self, shape: &Shape) -> Result<&[Cell], PieceError> {
        let cells = &*self.cells.0;
        let is_like = cells.len() == shape.width()
            && cells.iter().zip(shape.empty()).all(|(cell, empty)| cell.is_like(empty));
        if is_like { Ok(cells) } else { Err(PieceError) }
    }
}
