//! The reader: one thread that cuts inputs into chunks of whole lines, in order.
//!
//! It hands on what it has before it waits, with a flush ticket, so that no line lies in a buffer while the source is
//! silent. When nothing waits, chunks are large. Buffers come from a pool: when none is free, reading stops, and so
//! the memory of a run is bounded however slow its output is.

use std::io;
use std::sync::mpsc::{Receiver, Sender};

use memchr::{memchr, memrchr};

use super::Event;
use crate::jsonl::{Chunk, ChunkKind, Input};

/// How large a chunk is where input comes without waiting.
pub(super) const CHUNK: usize = 256 << 10;

/// Why reading ended early.
#[derive(Debug)]
pub struct ReadError {
    /// The input as the user named it.
    pub input: String,
    /// What went wrong.
    pub error: io::Error,
}

pub(super) struct Reader<B> {
    pub(super) max_line: usize,
    pub(super) pool: Receiver<Vec<u8>>,
    pub(super) events: Sender<Event<B>>,
    sequence: u64,
    /// Lines were handed on since the last flush ticket.
    unflushed: bool,
    /// The buffer that the last input left empty.
    spare: Option<Vec<u8>>,
}

/// The run is over: nobody takes chunks any more.
struct Gone;

impl<B> Reader<B> {
    pub(super) fn new(max_line: usize, pool: Receiver<Vec<u8>>, events: Sender<Event<B>>) -> Self {
        Reader { max_line, pool, events, sequence: 0, unflushed: false, spare: None }
    }

    /// Reads all inputs, and says so when they are at their end.
    pub(super) fn run(mut self, inputs: Vec<Input>) {
        let mut error = None;
        for (index, mut input) in inputs.into_iter().enumerate() {
            match self.read(index, &mut input) {
                Ok(Ok(())) => {}
                Ok(Err(Gone)) => return,
                Err(failed) => {
                    error = Some(ReadError { input: input.name, error: failed });
                    break;
                }
            }
        }
        // Nobody listens when the run is over already.
        let _ = self.events.send(Event::End { sequence: self.sequence, error });
    }

    fn read(&mut self, index: usize, input: &mut Input) -> io::Result<Result<(), Gone>> {
        let Ok(buffer) = self.buffer() else { return Ok(Err(Gone)) };
        let mut cut = Cut { buffer, filled: 0, whole: 0, index, starts_input: true, oversized: false };
        loop {
            if (cut.whole > 0 || self.unflushed) && input.source.would_block() {
                let Ok(()) = self.hand_on(&mut cut, true) else { return Ok(Err(Gone)) };
            }
            if cut.filled == cut.buffer.len() {
                let Ok(()) = self.make_room(&mut cut) else { return Ok(Err(Gone)) };
            }
            let read = match input.source.read(&mut cut.buffer[cut.filled..]) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                // What came before the error counts, all but a line that it cut.
                Err(error) => {
                    let Ok(()) = self.hand_on(&mut cut, true) else { return Ok(Err(Gone)) };
                    return Err(error);
                }
                Ok(read) => read,
            };
            if read == 0 {
                cut.whole = cut.filled;
                return Ok(self.end_input(&mut cut));
            }
            let Ok(()) = self.take(&mut cut, read) else { return Ok(Err(Gone)) };
        }
    }

    /// Notes `read` new bytes: where the last whole line ends now.
    fn take(&mut self, cut: &mut Cut, read: usize) -> Result<(), Gone> {
        let new = cut.filled..cut.filled + read;
        cut.filled = new.end;
        if cut.oversized {
            let Some(newline) = memchr(b'\n', &cut.buffer[..cut.filled]) else { return Ok(()) };
            cut.whole = newline + 1;
            self.send(cut, ChunkKind::Oversized { first: false, last: true }, false)?;
            cut.oversized = false;
            cut.whole = memrchr(b'\n', &cut.buffer[..cut.filled]).map_or(0, |newline| newline + 1);
        } else if let Some(newline) = memrchr(b'\n', &cut.buffer[new.clone()]) {
            cut.whole = new.start + newline + 1;
        }
        Ok(())
    }

    /// The buffer is full: hands on its lines, or lets one long line grow, or gives up on it.
    fn make_room(&mut self, cut: &mut Cut) -> Result<(), Gone> {
        if cut.oversized {
            cut.whole = cut.filled;
            return self.send(cut, ChunkKind::Oversized { first: false, last: false }, false);
        }
        if cut.whole > 0 {
            return self.hand_on(cut, false);
        }
        if cut.buffer.len() <= self.max_line {
            let larger = (2 * cut.buffer.len()).min(self.max_line + 1);
            cut.buffer.resize(larger.max(cut.buffer.len() + 1), 0);
            return Ok(());
        }
        cut.oversized = true;
        cut.whole = cut.filled;
        self.send(cut, ChunkKind::Oversized { first: true, last: false }, false)
    }

    fn end_input(&mut self, cut: &mut Cut) -> Result<(), Gone> {
        if cut.oversized {
            self.send(cut, ChunkKind::Oversized { first: false, last: true }, false)?;
        } else {
            self.hand_on(cut, false)?;
        }
        self.spare = Some(std::mem::take(&mut cut.buffer));
        Ok(())
    }

    /// Hands on the whole lines that there are; without any, only the flush ticket.
    fn hand_on(&mut self, cut: &mut Cut, flush: bool) -> Result<(), Gone> {
        if cut.oversized {
            // Its part stays in the buffer: nothing comes of it that could be flushed.
            return Ok(());
        }
        self.send(cut, ChunkKind::Lines, flush)
    }

    fn send(&mut self, cut: &mut Cut, kind: ChunkKind, flush: bool) -> Result<(), Gone> {
        if cut.whole == 0 && !(flush && self.unflushed) && kind == ChunkKind::Lines {
            return Ok(());
        }
        let mut next = self.buffer()?;
        let rest = cut.whole..cut.filled;
        if next.len() <= rest.len() {
            next.resize(rest.len() + CHUNK, 0);
        }
        next[..rest.len()].copy_from_slice(&cut.buffer[rest.clone()]);
        let mut chunk = Chunk::new(std::mem::replace(&mut cut.buffer, next), cut.whole, cut.index);
        (chunk.kind, chunk.starts_input, chunk.flush) = (kind, cut.starts_input, flush);
        cut.starts_input &= chunk.bytes().is_empty();
        (cut.filled, cut.whole) = (rest.len(), 0);
        self.unflushed = !flush;
        let sequence = self.sequence;
        self.sequence += 1;
        self.events.send(Event::Read { sequence, chunk }).map_err(|_| Gone)
    }

    /// A buffer of the pool; waits until one is free.
    fn buffer(&mut self) -> Result<Vec<u8>, Gone> {
        let mut buffer = match self.spare.take() {
            Some(spare) => spare,
            None => self.pool.recv().map_err(|_| Gone)?,
        };
        // One that a long line made large is let go.
        if buffer.len() != CHUNK {
            buffer = vec![0; CHUNK];
        }
        Ok(buffer)
    }
}

/// The chunk that is being filled.
struct Cut {
    buffer: Vec<u8>,
    /// Bytes read into it.
    filled: usize,
    /// Of those, how many are whole lines.
    whole: usize,
    index: usize,
    starts_input: bool,
    /// Inside a line that is longer than is allowed.
    oversized: bool,
}
