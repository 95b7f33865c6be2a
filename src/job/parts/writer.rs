//! What a part sends, numbered and summed up.

use std::time::{Duration, Instant};

use super::line::{Note, row_head, write_note, write_row};
use super::shared::Shared;
use crate::jsonl::Output;
use crate::pack::Packer;
use crate::time::Millis;
use crate::window::{Piece, PieceSink};

/// Rows are passed on in pieces of this size: the memory of a pane is its keys, not its text.
const CHUNK: usize = 64 << 10;

/// While records come, a note is sent at least so often.
const NOTE_EVERY: Duration = Duration::from_secs(1);

/// Writes the lines of one part.
pub(super) struct PartWriter {
    part: String,
    head: Vec<u8>,
    of: u32,
    shared: Shared,
    clock: Option<String>,
    rows: u64,
    sum: u64,
    written: Vec<u8>,
    packer: Packer,
    /// What the last note said, and when.
    noted: Option<(Option<Millis>, Instant)>,
    /// A window may close by what was sent.
    passed: bool,
    outcome: anyhow::Result<()>,
}

impl PartWriter {
    pub(super) fn new(part: String, shared: Shared) -> anyhow::Result<PartWriter> {
        let of = Shared::fingerprint(&shared.to_json()?);
        Ok(PartWriter {
            head: row_head(&part, of),
            part,
            of,
            shared,
            clock: None,
            rows: 0,
            sum: 0,
            written: Vec::new(),
            packer: Packer::default(),
            noted: None,
            passed: false,
            outcome: Ok(()),
        })
    }

    /// The field that turned out to be the time.
    pub(super) fn set_clock(&mut self, field: &str) {
        self.clock = Some(field.to_owned());
    }

    /// A sink that passes rows on to this output.
    pub(super) fn to<'a>(&'a mut self, out: &'a mut Output) -> Sending<'a> {
        Sending { writer: self, out }
    }

    /// The first note, if it was not sent yet. True if it is sent now.
    pub(super) fn begin(&mut self, out: &mut Output) -> anyhow::Result<bool> {
        let is_first = self.noted.is_none();
        if is_first {
            self.note(None, true, false, out)?;
        }
        Ok(is_first)
    }

    /// Sends a note if a window may close by it, or if the last one is old and something has come since. True if a reader
    /// should see at once what was sent.
    pub(super) fn progress(&mut self, time: Option<Millis>, out: &mut Output) -> anyhow::Result<bool> {
        std::mem::replace(&mut self.outcome, Ok(()))?;
        let is_due = self.noted.is_none_or(|(noted, at)| noted != time && at.elapsed() >= NOTE_EVERY);
        if !self.passed && !is_due {
            return Ok(false);
        }
        self.passed = false;
        self.note(time, false, false, out)?;
        Ok(true)
    }

    /// A window may close by what was sent, and no note says so yet.
    pub(super) fn is_owed(&self) -> bool {
        self.passed
    }

    /// When [`PartWriter::progress`] wants to be called, although nothing comes.
    pub(super) fn alarm(&self, time: Option<Millis>) -> Option<Instant> {
        match self.noted {
            None => Some(Instant::now()),
            Some((noted, at)) => (noted != time).then_some(at + NOTE_EVERY),
        }
    }

    /// The last note. Without `ended` the part says that it has failed.
    pub(super) fn end(&mut self, time: Option<Millis>, ended: bool, out: &mut Output) -> anyhow::Result<()> {
        std::mem::replace(&mut self.outcome, Ok(()))?;
        self.begin(out)?;
        self.note(time, true, ended, out)
    }

    /// Rows sent so far.
    pub(super) fn rows(&self) -> u64 {
        self.rows
    }

    fn note(
        &mut self,
        time: Option<Millis>,
        whole: bool,
        ended: bool,
        out: &mut Output,
    ) -> anyhow::Result<()> {
        self.noted = Some((time, Instant::now()));
        let note = Note {
            part: self.part.as_str().into(),
            of: self.of.into(),
            settings: whole.then(|| self.shared.clone()),
            clock: self.clock.clone(),
            max_event_time: time,
            rows: self.rows,
            sum: self.sum,
            ended,
        };
        write_note(&note, &mut self.written)?;
        self.written.push(b'\n');
        self.pass(out);
        std::mem::replace(&mut self.outcome, Ok(()))
    }

    fn pass(&mut self, out: &mut Output) {
        if self.outcome.is_ok() {
            self.outcome = out.records(&self.written);
        }
        self.written.clear();
    }
}

/// Takes pieces, and passes their rows on.
pub(super) struct Sending<'a> {
    writer: &'a mut PartWriter,
    out: &'a mut Output,
}

impl PieceSink for Sending<'_> {
    fn piece(&mut self, piece: &Piece<'_>) {
        let PartWriter { head, rows, sum, written, packer, .. } = &mut *self.writer;
        let from = written.len();
        write_row(head, *rows, piece, packer, written);
        *rows += 1;
        *sum = sum.wrapping_add(crc32fast::hash(&written[from..]).into());
        written.push(b'\n');
        if written.len() >= CHUNK {
            self.writer.pass(self.out);
        }
    }

    fn passed(&mut self) {
        self.writer.passed = true;
    }
}
