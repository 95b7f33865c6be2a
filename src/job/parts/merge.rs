//! `window-count --merge`: puts the pieces of windows together that parts sent.

use std::io;
use std::ops::Range;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::book::{Book, Frontier, PartsError};
use super::line::{self, Line, Note, Row};
use super::shared::Shared;
use super::writer::PartWriter;
use crate::drive::{Context, End, Figures, Flow, Job, Mapper, Notes, Recipe, Usage};
use crate::job::count::ending::{about_gaps, watermark_to_keep};
use crate::job::count::rows::Rows;
use crate::jsonl::{Chunk, Record, Reject};
use crate::time::{Millis, rfc3339};
use crate::window::{Cells, PartialWindows, Piece, Windows};

/// How parts are put together.
#[derive(Clone, Debug, Default)]
pub struct MergeOptions {
    /// So many parts are waited for: then a window closes as soon as all of them allow. Without it all windows close at the
    /// end.
    pub parts: Option<usize>,
    /// A part that has been silent for so long holds no window back.
    pub idle_timeout: Option<Duration>,
    /// Send pieces again, as a part of this name.
    pub partial: Option<String>,
}

/// The job.
pub struct Merge {
    options: MergeOptions,
    book: Book,
    /// Once the settings are known.
    engine: Option<Engine>,
    /// Rows that came before the settings.
    waiting: Vec<(usize, OwnedRow)>,
    /// Lines that were no partial rows.
    foreign: u64,
    told_more_parts: bool,
}

/// The settings, from the first part that said them, and the windows.
struct Engine {
    shared: Shared,
    of: u64,
    /// The part that said them, and the first that knew which field is the time.
    from: usize,
    clock: Option<(usize, String)>,
    windows: Target,
}

enum Target {
    Rows(Box<Windows>, Box<Rows>),
    Pieces(Box<PartialWindows>, Box<PartWriter>),
}

/// A row without its part's name and its key, which stand in the batch.
struct OwnedRow {
    n: u64,
    of: u32,
    window: usize,
    first: Millis,
    last: Millis,
    key: Box<[u8]>,
    count: i64,
    cells: Cells<'static>,
}

/// The lines of a chunk.
#[derive(Default)]
pub struct Lines {
    lines: Vec<(usize, Owned)>,
    /// Names of parts; lines have their place.
    names: Vec<String>,
    keys: Vec<u8>,
    foreign: u64,
}

enum Owned {
    Row {
        n: u64,
        of: u32,
        window: usize,
        first: Millis,
        last: Millis,
        key: Range<usize>,
        count: i64,
        cells: Cells<'static>,
        checksum: u32,
    },
    Note(Box<Note<'static>>),
}

/// The pure half of [`Merge`].
pub struct LineMapper;

impl Mapper for LineMapper {
    type Batch = Lines;

    fn map(&mut self, record: &Record<'_>, lines: &mut Lines) -> Result<(), Reject> {
        let read = line::read(record.bytes, &mut lines.keys).inspect_err(|_| lines.foreign += 1)?;
        let name = match &read {
            Line::Row(row) => &row.part,
            Line::Note(note) => &note.part,
        };
        // Lines of a part mostly follow each other.
        let part = lines.names.iter().rposition(|known| known == name).unwrap_or_else(|| {
            lines.names.push(name.clone().into_owned());
            lines.names.len() - 1
        });
        let owned = match read {
            Line::Row(Row { n, of, window, first, last, key, count, cells, checksum, .. }) => {
                Owned::Row { n, of, window, first, last, key, count, cells, checksum }
            }
            Line::Note(note) => Owned::Note(Box::new(note.into_owned())),
        };
        lines.lines.push((part, owned));
        Ok(())
    }
}

impl Merge {
    /// A merge that has seen no part.
    pub fn new(options: MergeOptions) -> Merge {
        Merge {
            options,
            book: Book::default(),
            engine: None,
            waiting: Vec::new(),
            foreign: 0,
            told_more_parts: false,
        }
    }

    fn note(&mut self, part: usize, note: &Note<'_>, cx: &mut Context<'_>) -> anyhow::Result<()> {
        if let Some(shared) = &note.settings {
            self.settings(part, note.of, shared, cx)?;
        }
        if let (Some(engine), Some(clock)) = (&mut self.engine, &note.clock) {
            let (first, known) = engine.clock.get_or_insert_with(|| (part, clock.clone()));
            if known != clock {
                let (part, first) = (self.book.name(part), self.book.name(*first));
                return Err(PartsError(format!(
                    "part {first} took {known} for the time and part {part} took {clock}; say which field it is with \
                     --time on all parts"
                ))
                .into());
            }
        }
        self.book.note(part, note)?;
        Ok(())
    }

    /// The first settings rule; others must be the same.
    fn settings(
        &mut self,
        part: usize,
        of: u64,
        shared: &Shared,
        cx: &mut Context<'_>,
    ) -> anyhow::Result<()> {
        match &self.engine {
            None => {
                let windows = self.target(shared)?;
                self.engine = Some(Engine { shared: shared.clone(), of, from: part, clock: None, windows });
                for (part, row) in std::mem::take(&mut self.waiting) {
                    self.take(part, &row, cx)?;
                }
                Ok(())
            }
            Some(engine) if engine.shared == *shared => Ok(()),
            Some(engine) => {
                let (first, other) = (self.book.name(engine.from), self.book.name(part));
                let difference = engine.shared.difference(first, shared, other);
                Err(PartsError(format!(
                    "the parts were counted with other settings:\n{difference}\n  count all parts with the same options"
                ))
                .into())
            }
        }
    }

    fn target(&self, shared: &Shared) -> anyhow::Result<Target> {
        let settings = shared.settings().map_err(PartsError)?;
        let unusable = |error: crate::window::SettingsError| PartsError(error.to_string());
        Ok(match &self.options.partial {
            None => Target::Rows(
                Box::new(Windows::new(&settings).map_err(unusable)?),
                Box::new(Rows::new(
                    shared.keys.iter().map(|column| column.name.as_str()),
                    shared.aggregates.iter().map(|column| column.name.as_str()),
                    // Parts refuse to estimate.
                    false,
                )),
            ),
            Some(name) => Target::Pieces(
                Box::new(PartialWindows::new(&settings).map_err(unusable)?),
                Box::new(PartWriter::new(name.clone(), shared.clone())?),
            ),
        })
    }

    fn take(&mut self, part: usize, row: &OwnedRow, cx: &mut Context<'_>) -> anyhow::Result<()> {
        let Some(engine) = &mut self.engine else { return Ok(()) };
        if u64::from(row.of) != engine.of {
            let (first, part) = (self.book.name(engine.from), self.book.name(part));
            return Err(PartsError(format!(
                "part {part} was counted with other settings than part {first}; count all parts with the same options"
            ))
            .into());
        }
        let OwnedRow { window, first, last, count, .. } = *row;
        let piece = Piece { window, first, last, key: &row.key, count, cells: row.cells.clone() };
        let taken = match &mut engine.windows {
            Target::Rows(windows, _) => windows.take(&piece).map(drop),
            Target::Pieces(windows, writer) => windows.take(&piece, &mut writer.to(cx.out)),
        };
        taken.map_err(|error| {
            PartsError(format!("row {} of part {}: {error}", row.n, self.book.name(part))).into()
        })
    }

    /// Closes what all parts allow.
    fn advance(&mut self, cx: &mut Context<'_>) -> anyhow::Result<()> {
        let Some(parts) = self.options.parts else { return Ok(()) };
        let Some(engine) = &mut self.engine else { return Ok(()) };
        if self.book.len() < parts {
            return Ok(());
        }
        if self.book.len() > parts && !self.told_more_parts {
            self.told_more_parts = true;
            cx.notes.say(&format!(
                "more parts came than --parts {parts} waits for; what closed before the others came may lack their records"
            ));
        }
        if let Frontier::Upto(time) = self.book.frontier() {
            match &mut engine.windows {
                Target::Rows(windows, rows) => windows.promise(time, &mut rows.to(cx.out)),
                Target::Pieces(windows, writer) => windows.promise(time, &mut writer.to(cx.out)),
            }
        }
        Ok(())
    }

    /// Shows what came out: a closed window is not kept waiting.
    fn show(&mut self, cx: &mut Context<'_>) -> anyhow::Result<()> {
        let has_news = match self.engine.as_mut().map(|engine| &mut engine.windows) {
            None => false,
            Some(Target::Rows(_, rows)) => rows.take_passed()?,
            Some(Target::Pieces(windows, writer)) => {
                writer.begin(cx.out)? | writer.progress(windows.promised(), cx.out)?
            }
        };
        if has_news {
            cx.out.flush()?;
        }
        Ok(())
    }

    /// What is missing at the end; nothing of it is silent.
    fn missing(&self) -> anyhow::Result<Vec<String>> {
        let mut missing = self.book.missing()?;
        if let Some(parts) = self.options.parts.filter(|&parts| self.book.len() < parts) {
            missing.push(format!("{} of {parts} parts have come", self.book.len()));
        }
        if self.engine.is_none() && !missing.is_empty() {
            missing.push("no line says the settings: the first and the last line of each part do".into());
        }
        Ok(missing)
    }

    fn tell(&self, notes: &mut Notes) {
        if self.book.again() > 0 {
            notes.explain(&format!("{} rows came again and were not counted twice", self.book.again()));
        }
        if let Some(Target::Rows(windows, _)) = self.engine.as_ref().map(|engine| &engine.windows) {
            let stats = windows.stats();
            about_gaps(windows.cut_gaps(), notes);
            if stats.late > 0 {
                let records = if stats.late == 1 { "record" } else { "records" };
                notes.say(&format!(
                    "{} {records} in partial rows came after their window had closed; --watermark {} on all parts, or a merge \
                     without --parts, would have kept all",
                    stats.late,
                    watermark_to_keep(&stats)
                ));
            }
        }
    }
}

impl Job for Merge {
    type Mapper = LineMapper;

    fn recipe(&self) -> Recipe<LineMapper> {
        Arc::new(|| Ok(LineMapper))
    }

    fn apply(&mut self, _chunk: &Chunk, batch: Lines, cx: &mut Context<'_>) -> anyhow::Result<Flow> {
        self.foreign += batch.foreign;
        let parts: Vec<usize> = batch.names.iter().map(|name| self.book.find(name)).collect();
        for (part, line) in batch.lines {
            let part = parts[part];
            match line {
                Owned::Note(note) => {
                    self.note(part, &note, cx)?;
                    self.advance(cx)?;
                }
                Owned::Row { n, of, window, first, last, key, count, cells, checksum } => {
                    if !self.book.row(part, n, checksum)? {
                        continue;
                    }
                    let key = batch.keys[key].into();
                    let row = OwnedRow { n, of, window, first, last, key, count, cells };
                    if self.engine.is_some() {
                        self.take(part, &row, cx)?;
                    } else {
                        self.waiting.push((part, row));
                    }
                }
            }
        }
        self.advance(cx)?;
        self.show(cx)?;
        Ok(Flow::On)
    }

    fn alarm(&self) -> Option<Instant> {
        let progress = match self.engine.as_ref().map(|engine| &engine.windows) {
            Some(Target::Pieces(windows, writer)) => writer.alarm(windows.promised()),
            _ => None,
        };
        let timeout = self.options.idle_timeout.filter(|_| self.options.parts.is_some());
        timeout.and_then(|timeout| self.book.silent_at(timeout)).into_iter().chain(progress).min()
    }

    fn ring(&mut self, cx: &mut Context<'_>) -> anyhow::Result<()> {
        if let Some(timeout) = self.options.idle_timeout {
            self.book.drop_silent(timeout);
        }
        self.advance(cx)?;
        self.show(cx)
    }

    fn finish(&mut self, end: End, cx: &mut Context<'_>) -> anyhow::Result<()> {
        if self.book.len() == 0 && matches!(end, End::Input) {
            return Err(if self.foreign > 0 {
                Usage(
                    "no line is a partial row; --merge takes what window-count --partial writes, as it is"
                        .into(),
                )
                .into()
            } else {
                io::Error::other("no part has come: a part begins with a line even where it has no records")
                    .into()
            });
        }
        let missing = self.missing()?;
        if missing.is_empty() {
            // Nothing more can come: the largest event time rules, as it does in one process.
            let time = self.book.max();
            if let (Some(engine), Some(time)) = (&mut self.engine, time) {
                match &mut engine.windows {
                    Target::Rows(windows, rows) => windows.promise_all(time, &mut rows.to(cx.out)),
                    Target::Pieces(windows, writer) => windows.promise(time, &mut writer.to(cx.out)),
                }
            }
        }
        match self.engine.as_mut().map(|engine| &mut engine.windows) {
            None => {}
            Some(Target::Rows(windows, rows)) => windows.finish(&mut rows.to(cx.out)),
            Some(Target::Pieces(windows, writer)) => {
                writer.begin(cx.out)?;
                windows.finish(&mut writer.to(cx.out));
                writer.end(self.book.max(), missing.is_empty(), cx.out)?;
            }
        }
        self.show(cx)?;
        self.tell(cx.notes);
        if missing.is_empty() || !matches!(end, End::Input) {
            return Ok(());
        }
        cx.out.flush()?;
        missing.iter().for_each(|sentence| cx.notes.say(sentence));
        Err(io::Error::other(
            "parts are missing: what is above is what came, and windows that they may still owe records to are open",
        )
        .into())
    }

    fn figures(&self, figures: &mut Figures) {
        figures.insert("parts".into(), self.book.len().into());
        figures.insert("again".into(), self.book.again().into());
        match self.engine.as_ref().map(|engine| &engine.windows) {
            None => {}
            Some(Target::Rows(windows, _)) => {
                let stats = windows.stats();
                figures.insert("late".into(), stats.late.into());
                figures.insert("windows".into(), stats.windows.into());
                figures.insert("keys".into(), stats.keys.into());
                figures.insert("rows".into(), stats.rows.into());
                figures.insert("watermark".into(), stats.watermark.map(rfc3339).into());
            }
            Some(Target::Pieces(windows, writer)) => {
                figures.insert("keys".into(), windows.keys().into());
                figures.insert("rows".into(), writer.rows().into());
            }
        }
        figures.insert("max_event_time".into(), self.book.max().map(rfc3339).into());
    }
}
