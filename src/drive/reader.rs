//! The reader: cuts inputs into chunks of whole lines, in order.
//!
//! It hands on what it has before it waits, with a flush ticket, so that no line lies in a buffer while the source is
//! silent. When nothing waits, chunks are large.
//!
//! It is not a thread: whoever wants a chunk calls [`Reader::next`]. So a worker maps the bytes that it has just read, while
//! they are in its own cache, and another reads on. Who calls brings a buffer: nobody ever waits for one with the reader
//! in his hands.
//!
//! Where marks are looked for, each is a chunk of its own ([`ChunkKind::Mark`]): what stands before it has its effect before it.

use std::collections::VecDeque;
use std::io;

use memchr::{memchr, memrchr};

use crate::jsonl::{Again, Buffer, Chunk, ChunkKind, Input, Inputs};
use crate::state::marks::MarkFinder;

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
    inputs: std::vec::IntoIter<(usize, Input)>,
    /// What is read side by side once those are at their end, in the order of turns.
    pub(super) pipes: VecDeque<(Input, Cut)>,
    /// What comes after them.
    again: Option<Again>,
    pass: u64,
    /// Anything came in this pass.
    has_read: bool,
    /// The first file that was cut. The others are read all the same.
    cut_file: Option<ReadError>,
    current: Option<(Input, Cut)>,
    /// The chunk that was cut, but not yet taken.
    ready: Option<(u64, Chunk)>,
    sequence: u64,
    /// Lines were handed on since the last flush ticket.
    pub(super) unflushed: bool,
    /// Buffers to be filled. A chunk takes one with it, and the next is cut into the one that was brought for it.
    spare: Vec<Buffer>,
    state: State,
    is_prompt: bool,
    /// Finds the marks, where there are any.
    marks: Option<MarkFinder>,
}

enum State {
    Reading,
    /// All is read, or an input failed; to be told.
    Over(Option<ReadError>),
    Told,
}

impl Reader {
    pub(super) fn new(inputs: Inputs, max_line: usize) -> Self {
        let Inputs { list, again, side_by_side } = inputs;
        let is_prompt = list.iter().all(|input| input.source.is_prompt());
        let (inputs, pipes): (Vec<_>, Vec<_>) =
            list.into_iter().enumerate().partition(|(_, input)| !side_by_side || input.source.is_prompt());
        let cut = |(index, input): (usize, Input)| {
            let starts_input = input.offset == 0;
            (input, Cut::new(Buffer::zeroed(CHUNK), index, starts_input))
        };
        Reader {
            is_prompt,
            max_line,
            inputs: inputs.into_iter(),
            pipes: pipes.into_iter().map(cut).collect(),
            again,
            pass: 0,
            has_read: false,
            cut_file: None,
            current: None,
            ready: None,
            sequence: 0,
            unflushed: false,
            spare: Vec::new(),
            state: State::Reading,
            marks: None,
        }
    }

    /// Looks for these marks.
    pub(super) fn with_marks(self, marks: Option<MarkFinder>) -> Self {
        Reader { marks, ..self }
    }

    /// Whether no input ever makes anybody wait.
    pub(super) fn is_prompt(&self) -> bool {
        self.is_prompt
    }

    /// Reads on until there is a chunk, or all inputs are at their end. May block.
    pub(super) fn next(&mut self, buffer: Buffer) -> Next {
        self.spare.push(buffer);
        loop {
            if let Some((sequence, chunk)) = self.ready.take() {
                return Next::Chunk(sequence, chunk);
            }
            match std::mem::replace(&mut self.state, State::Told) {
                State::Reading => self.state = State::Reading,
                State::Over(error) => return Next::End(self.sequence, error),
                State::Told => return Next::Nothing,
            }
            self.advance();
        }
    }

    /// Reads once from the current input, or goes on to the next one.
    fn advance(&mut self) {
        let mut takes_turns = false;
        let (mut input, mut cut) = match self.current.take().or_else(|| self.next_input()) {
            Some(current) => current,
            None if self.pipes.is_empty() => return self.end_pass(),
            None => {
                takes_turns = true;
                let Some(ready) = self.next_ready() else { return };
                ready
            }
        };
        match self.read(&mut input, &mut cut) {
            Ok(true) if takes_turns => self.pipes.push_back((input, cut)),
            Ok(true) => self.current = Some((input, cut)),
            Ok(false) => {}
            // A file that is still being copied, or of a machine that died, is no reason to leave the others out.
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof && input.size.is_some() => {
                self.spare.push(std::mem::take(&mut cut.buffer));
                self.cut_file.get_or_insert(ReadError { input: input.name, error });
            }
            Err(error) => self.state = State::Over(Some(ReadError { input: input.name, error })),
        }
    }

    fn next_input(&mut self) -> Option<(Input, Cut)> {
        let (index, input) = self.inputs.next()?;
        let starts_input = input.offset == 0;
        Some((input, Cut::new(self.buffer(), index, starts_input)))
    }

    /// All inputs were read: once more, or it is over. Without anything in them, once more would be for ever.
    fn end_pass(&mut self) {
        self.pass += 1;
        let is_cut = self.cut_file.is_some();
        let inputs =
            self.again.as_mut().filter(|_| self.has_read && !is_cut).and_then(|again| again(self.pass));
        match inputs {
            Some(inputs) => self.inputs = inputs.into_iter().enumerate().collect::<Vec<_>>().into_iter(),
            None => self.state = State::Over(self.cut_file.take()),
        }
        self.has_read = false;
    }

    /// Reads once; false at the input's end.
    fn read(&mut self, input: &mut Input, cut: &mut Cut) -> io::Result<bool> {
        if self.marks.is_some() && self.stop_at_mark(cut) {
            return Ok(true);
        }
        if (cut.whole > 0 || self.unflushed) && input.source.would_block() {
            self.hand_on(cut, true);
        }
        if cut.is_broken && self.ready.is_none() {
            self.give_up_line(cut);
        }
        if cut.filled == cut.buffer.len() {
            self.make_room(cut);
        }
        if self.ready.is_some() {
            return Ok(true); // to be taken before the read that may block
        }
        match input.source.read(&mut cut.buffer[cut.filled..]) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => Ok(true),
            // What came before the error counts, all but a line that it cut.
            Err(error) => {
                self.hand_on(cut, true);
                Err(error)
            }
            Ok(0) => {
                self.end_input(cut, input.waits);
                Ok(false)
            }
            Ok(read) => {
                self.take(cut, read);
                cut.is_broken = input.source.was_cut();
                Ok(true)
            }
        }
    }

    /// Hands on the lines before the first mark, or the mark, if there is one among those that are whole.
    fn stop_at_mark(&mut self, cut: &mut Cut) -> bool {
        let lines = &cut.buffer[cut.searched..cut.whole.max(cut.searched)];
        let Some(mark) = self.marks.as_ref().and_then(|marks| marks.find(lines)) else {
            cut.searched = cut.whole;
            return false;
        };
        let (start, whole) = (cut.searched + mark.start, cut.whole);
        let (end, kind) = match start {
            0 => (mark.end, ChunkKind::Mark),
            _ => (start, ChunkKind::Lines),
        };
        cut.whole = end;
        self.send(cut, kind, false);
        cut.whole = whole - end;
        true
    }

    /// Notes `read` new bytes: where the last whole line ends now.
    fn take(&mut self, cut: &mut Cut, read: usize) {
        self.has_read = true;
        let new = cut.filled..cut.filled + read;
        cut.filled = new.end;
        if cut.oversized {
            let Some(newline) = memchr(b'\n', &cut.buffer[..cut.filled]) else { return };
            cut.whole = newline + 1;
            self.send(cut, ChunkKind::Oversized { first: false, last: true }, false);
            cut.oversized = false;
            cut.whole = memrchr(b'\n', &cut.buffer[..cut.filled]).map_or(0, |newline| newline + 1);
        } else if let Some(newline) = memrchr(b'\n', &cut.buffer[new.clone()]) {
            cut.whole = new.start + newline + 1;
        }
    }

    /// The buffer is full: hands on its lines, or lets one long line grow, or gives up on it.
    fn make_room(&mut self, cut: &mut Cut) {
        if cut.oversized {
            cut.whole = cut.filled;
            return self.send(cut, ChunkKind::Oversized { first: false, last: false }, false);
        }
        if cut.whole > 0 {
            return self.hand_on(cut, false);
        }
        if cut.buffer.len() <= self.max_line {
            let larger = (2 * cut.buffer.len()).min(self.max_line + 1);
            cut.buffer.make_room(larger.max(cut.buffer.len() + 1));
            return;
        }
        cut.oversized = true;
        cut.whole = cut.filled;
        self.send(cut, ChunkKind::Oversized { first: true, last: false }, false);
    }

    /// What stands behind the last newline will not be continued: hands it on by itself, after the lines before it.
    fn give_up_line(&mut self, cut: &mut Cut) {
        if cut.whole > 0 {
            return self.hand_on(cut, false);
        }
        cut.is_broken = false;
        cut.whole = cut.filled;
        let kind = match std::mem::take(&mut cut.oversized) {
            true => ChunkKind::Oversized { first: false, last: true },
            false => ChunkKind::Cut,
        };
        if kind != ChunkKind::Cut || cut.whole > 0 {
            self.send(cut, kind, true);
        }
    }

    /// Hands on the last lines. One without a newline is as good as the others, or waits for a later run.
    fn end_input(&mut self, cut: &mut Cut, waits: bool) {
        if !waits {
            cut.whole = cut.filled;
        }
        if !cut.oversized {
            self.hand_on(cut, false);
        } else if !waits {
            self.send(cut, ChunkKind::Oversized { first: false, last: true }, false);
        }
        self.spare.push(std::mem::take(&mut cut.buffer));
    }

    /// Hands on the whole lines that there are; without any, only the flush ticket.
    pub(super) fn hand_on(&mut self, cut: &mut Cut, flush: bool) {
        if cut.oversized {
            // Its part stays in the buffer: nothing comes of it that could be flushed.
            return;
        }
        self.send(cut, ChunkKind::Lines, flush);
    }

    fn send(&mut self, cut: &mut Cut, kind: ChunkKind, flush: bool) {
        if cut.whole == 0 && !(flush && self.unflushed) && kind == ChunkKind::Lines {
            return;
        }
        let mut next = self.buffer();
        let rest = cut.whole..cut.filled;
        if next.len() <= rest.len() {
            next.make_room(rest.len() + CHUNK);
        }
        next[..rest.len()].copy_from_slice(&cut.buffer[rest.clone()]);
        let mut chunk = Chunk::new(std::mem::replace(&mut cut.buffer, next), cut.whole, cut.index);
        (chunk.kind, chunk.starts_input, chunk.flush) = (kind, cut.starts_input, flush);
        chunk.pass = self.pass;
        cut.starts_input &= chunk.bytes().is_empty();
        (cut.filled, cut.whole, cut.searched) = (rest.len(), 0, 0);
        self.unflushed = !flush;
        let sequence = self.sequence;
        self.sequence += 1;
        self.ready = Some((sequence, chunk));
    }

    /// A buffer that was brought.
    fn buffer(&mut self) -> Buffer {
        // One that a long line made large is let go.
        let fits = |buffer: &Buffer| buffer.len() == CHUNK;
        self.spare.pop().filter(fits).unwrap_or_else(|| Buffer::zeroed(CHUNK))
    }
}

/// The chunk that is being filled.
pub(super) struct Cut {
    buffer: Buffer,
    /// Bytes read into it.
    filled: usize,
    /// Of those, how many are whole lines.
    pub(super) whole: usize,
    /// Of those, how many were searched for marks, which are not there.
    searched: usize,
    index: usize,
    starts_input: bool,
    /// Inside a line that is longer than is allowed.
    pub(super) oversized: bool,
    /// The connection broke: what stands behind the last newline is no line.
    is_broken: bool,
}

impl Cut {
    fn new(buffer: Buffer, index: usize, starts_input: bool) -> Cut {
        Cut {
            buffer,
            filled: 0,
            whole: 0,
            searched: 0,
            index,
            starts_input,
            oversized: false,
            is_broken: false,
        }
    }
}
