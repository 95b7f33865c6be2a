//! The reader: cuts inputs into chunks of whole lines, in order.
//!
//! It hands on what it has before it waits, with a flush ticket, so that no line lies in a buffer while the source is
//! silent. When nothing waits, chunks are large. Buffers come from a pool: when none is free, reading stops, and so
//! the memory of a run is bounded however slow its output is.
//!
//! It is not a thread: whoever wants a chunk calls [`Reader::next`]. So a worker maps the bytes that it has just read, while
//! they are in its own cache, and another reads on.

use std::collections::VecDeque;
use std::io;
use std::sync::mpsc::Receiver;

use memchr::{memchr, memrchr};

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

/// What comes next.
pub(super) enum Next {
    /// A chunk and its place in the order.
    Chunk(u64, Chunk),
    /// Reading ended after so many chunks. Told once.
    End(u64, Option<ReadError>),
    /// Nothing any more.
    Nothing,
}

pub(super) struct Reader {
    max_line: usize,
    pool: Receiver<Vec<u8>>,
    inputs: std::iter::Enumerate<std::vec::IntoIter<Input>>,
    current: Option<(Input, Cut)>,
    /// Chunks that were cut, but not yet taken.
    ready: VecDeque<(u64, Chunk)>,
    sequence: u64,
    /// Lines were handed on since the last flush ticket.
    unflushed: bool,
    /// The buffer that the last input left empty.
    spare: Option<Vec<u8>>,
    state: State,
}

enum State {
    Reading,
    /// All is read, or an input failed; to be told.
    Over(Option<ReadError>),
    Told,
}

/// The run is over: nobody takes chunks any more.
struct Gone;

impl Reader {
    pub(super) fn new(inputs: Vec<Input>, max_line: usize, pool: Receiver<Vec<u8>>) -> Self {
        Reader {
            max_line,
            pool,
            inputs: inputs.into_iter().enumerate(),
            current: None,
            ready: VecDeque::new(),
            sequence: 0,
            unflushed: false,
            spare: None,
            state: State::Reading,
        }
    }

    /// Reads on until there is a chunk, or all inputs are at their end. May block.
    pub(super) fn next(&mut self) -> Next {
        loop {
            if let Some((sequence, chunk)) = self.ready.pop_front() {
                return Next::Chunk(sequence, chunk);
            }
            match std::mem::replace(&mut self.state, State::Told) {
                State::Reading => self.state = State::Reading,
                State::Over(error) => return Next::End(self.sequence, error),
                State::Told => return Next::Nothing,
            }
            if let Err(Gone) = self.advance() {
                self.state = State::Told;
            }
        }
    }

    /// Reads once from the current input, or goes on to the next one.
    fn advance(&mut self) -> Result<(), Gone> {
        let (mut input, mut cut) = match self.current.take() {
            Some(current) => current,
            None => match self.inputs.next() {
                Some((index, input)) => {
                    let starts_input = input.offset == 0;
                    (input, Cut::new(self.buffer()?, index, starts_input))
                }
                None => {
                    self.state = State::Over(None);
                    return Ok(());
                }
            },
        };
        match self.read(&mut input, &mut cut)? {
            Ok(true) => self.current = Some((input, cut)),
            Ok(false) => {}
            Err(error) => self.state = State::Over(Some(ReadError { input: input.name, error })),
        }
        Ok(())
    }

    /// Reads once; false at the input's end.
    fn read(&mut self, input: &mut Input, cut: &mut Cut) -> Result<io::Result<bool>, Gone> {
        if (cut.whole > 0 || self.unflushed) && input.source.would_block() {
            self.hand_on(cut, true)?;
        }
        if cut.filled == cut.buffer.len() {
            self.make_room(cut)?;
        }
        if !self.ready.is_empty() {
            return Ok(Ok(true)); // to be taken before the read that may block
        }
        match input.source.read(&mut cut.buffer[cut.filled..]) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => Ok(Ok(true)),
            // What came before the error counts, all but a line that it cut.
            Err(error) => {
                self.hand_on(cut, true)?;
                Ok(Err(error))
            }
            Ok(0) => {
                self.end_input(cut, input.waits)?;
                Ok(Ok(false))
            }
            Ok(read) => {
                self.take(cut, read)?;
                Ok(Ok(true))
            }
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

    /// Hands on the last lines. One without a newline is as good as the others, or waits for a later run.
    fn end_input(&mut self, cut: &mut Cut, waits: bool) -> Result<(), Gone> {
        if !waits {
            cut.whole = cut.filled;
        }
        if !cut.oversized {
            self.hand_on(cut, false)?;
        } else if !waits {
            self.send(cut, ChunkKind::Oversized { first: false, last: true }, false)?;
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
        self.ready.push_back((sequence, chunk));
        Ok(())
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

impl Cut {
    fn new(buffer: Vec<u8>, index: usize, starts_input: bool) -> Cut {
        Cut { buffer, filled: 0, whole: 0, index, starts_input, oversized: false }
    }
}
