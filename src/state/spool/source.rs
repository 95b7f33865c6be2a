//! The lines of a spool, and behind them those of its source.

use std::io;

use super::Spool;
use super::segments::{Heap, Replay};
use crate::jsonl::{ByteSource, Trail};

/// A fast source is read until there is so much, so that it is written by few calls.
const HEAP: usize = 64 << 10;

/// See [`Spool::source`].
pub(super) struct SpooledSource {
    spool: Spool,
    source: Box<dyn ByteSource>,
    trail: Option<Trail>,
    /// Until all that was there is read.
    replay: Option<Replay>,
    /// Bytes that the source has handed out in this run.
    read: u64,
    was_cut: bool,
    over: Over,
}

/// How the source ended.
enum Over {
    Not,
    Ended,
    /// What is here is not all; the error is told once.
    Failed(Option<io::Error>),
}

impl SpooledSource {
    pub fn new(spool: Spool, source: Box<dyn ByteSource>, trail: Option<Trail>) -> SpooledSource {
        let replay = Some(spool.segments().replay(spool.0.first));
        SpooledSource { spool, source, trail, replay, read: 0, was_cut: false, over: Over::Not }
    }

    /// Reads what the source has by now; and whether it ends with a line that was cut.
    fn fill(&mut self, buf: &mut [u8]) -> io::Result<(usize, bool)> {
        let mut filled = 0;
        loop {
            match self.source.read(&mut buf[filled..]) {
                Ok(0) => {
                    self.over = Over::Ended;
                    return Ok((filled, false));
                }
                Ok(read) => filled += read,
                Err(error) if filled == 0 => return Err(error),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => return Ok((filled, false)),
                Err(error) => {
                    self.over = Over::Failed(Some(error));
                    return Ok((filled, false));
                }
            }
            let was_cut = self.source.was_cut();
            if was_cut || filled >= HEAP || filled == buf.len() || self.source.would_block() {
                return Ok((filled, was_cut));
            }
        }
    }

    /// Writes what was read, before anybody sees it. A segment begins with a line, and what a fast source gives at once hardly
    /// ever ends with one: so a full segment takes the end of the line at hand, and the rest begins another.
    fn keep(&mut self, text: &[u8], is_cut: bool) -> io::Result<()> {
        let is_overdue = self.spool.segments().is_overdue();
        let line_end = memchr::memchr(b'\n', text).filter(|newline| is_overdue && newline + 1 < text.len());
        let (line_end, rest) = text.split_at(line_end.map_or(0, |newline| newline + 1));
        if !line_end.is_empty() {
            self.keep_heap(line_end, false)?;
        }
        self.keep_heap(rest, is_cut)
    }

    /// Writes what comes to be written at once.
    fn keep_heap(&mut self, text: &[u8], is_cut: bool) -> io::Result<()> {
        let (from, to) = (self.read, self.read + text.len() as u64);
        let mut segments = self.spool.segments();
        if segments.is_full() {
            let known = self.trail.as_ref().map(|trail| trail.at(from)).unwrap_or_default();
            segments.begin(&known)?;
        }
        let (token, ids) = self.trail.as_ref().map(|trail| trail.between(from, to)).unwrap_or_default();
        // What the source told before the first of these bytes counts behind all that was there before.
        let within = |place: u64| place.saturating_sub(from) as usize;
        let heap = Heap {
            text,
            is_cut,
            token: token.map(|(place, token)| (within(place), token)),
            ids: ids.into_iter().map(|(place, id)| (within(place), id)).collect(),
        };
        segments.append(&heap)?;
        self.read = to;
        Ok(())
    }
}

impl ByteSource for SpooledSource {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.was_cut = false;
        if let Some(replay) = &mut self.replay {
            let (read, is_cut) = replay.read(buf)?;
            if read > 0 {
                self.was_cut = is_cut;
                return Ok(read);
            }
            self.replay = None;
        }
        if matches!(self.over, Over::Not) && !self.spool.is_ended() {
            let (read, is_cut) = self.fill(buf)?;
            if read > 0 {
                self.keep(&buf[..read], is_cut)?;
                self.was_cut = is_cut;
                return Ok(read);
            }
        }
        if let Over::Failed(error) = &mut self.over {
            return error.take().map_or(Ok(0), Err);
        }
        let mut segments = self.spool.segments();
        if !segments.is_ended() {
            segments.end()?;
        }
        Ok(0)
    }

    fn would_block(&mut self) -> bool {
        self.replay.is_none()
            && matches!(self.over, Over::Not)
            && !self.spool.is_ended()
            && self.source.would_block()
    }

    fn is_live(&self) -> bool {
        self.source.is_live()
    }

    fn was_cut(&self) -> bool {
        self.was_cut
    }
}
