//! Where bytes come from.
//!
//! A [`ByteSource`] is a reader that can be asked whether the next read would wait. That question is what the flush
//! rule stands on: before a tool waits for input, it hands on all it has.

use std::fs::File;
use std::io::{self, Read};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::fs::FileTypeExt;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{Mode, OFlags};

use super::Trail;

/// A stream of bytes that lines are cut from.
pub trait ByteSource: Send {
    /// Reads some bytes; 0 is the end. May block.
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize>;

    /// Whether the next read would wait for somebody else. True when unknown: then whatever came is handed on at once.
    fn would_block(&mut self) -> bool;

    /// Whether no read ever waits for somebody else, as of a regular file.
    fn is_prompt(&self) -> bool {
        false
    }

    /// Whether an unterminated last line may have been cut by the connection.
    fn is_live(&self) -> bool {
        false
    }

    /// Whether the bytes of the last read, and what stands before them on their line, are a line that a broken connection left
    /// unfinished: it is a reject, and what is read next begins another.
    fn was_cut(&self) -> bool {
        false
    }

    /// What to poll in order to wait for this source among others; `None`: only a read waits for it.
    fn descriptor(&self) -> Option<BorrowedFd<'_>> {
        None
    }
}

/// One input of a run: how messages name it, and how its bytes are had.
pub struct Input {
    /// The file's path as given, `-` or a URL without secrets.
    pub name: String,
    /// The bytes, decompressed.
    pub source: Box<dyn ByteSource>,
    /// Bytes on disk, where that is known.
    pub size: Option<u64>,
    /// How many of those were read.
    pub meter: Meter,
    /// Whether another process writes it: one that ends on the same Ctrl-C.
    pub is_pipe: bool,
    /// How many bytes, decompressed, are in front of the first that will be read: an earlier run has read them.
    pub offset: u64,
    /// Lines in these.
    pub lines: u64,
    /// Whether a last line without its newline waits for a later run, which may find it completed.
    pub waits: bool,
    /// What a source that connects again leaves along its bytes.
    pub trail: Option<Trail>,
}

impl Input {
    /// An input of unknown size that no process of the same pipeline writes.
    pub fn new(name: String, source: Box<dyn ByteSource>, meter: Meter) -> Input {
        Input {
            name,
            source,
            size: None,
            meter,
            is_pipe: false,
            offset: 0,
            lines: 0,
            waits: false,
            trail: None,
        }
    }
}

/// Counts the bytes that were read from an input as it is stored; shared with the progress bar.
#[derive(Clone, Debug, Default)]
pub struct Meter(Arc<AtomicU64>);

impl Meter {
    /// Bytes read so far.
    pub fn bytes(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    /// Notes that `bytes` more were read.
    pub fn add(&self, bytes: usize) {
        self.0.fetch_add(bytes as u64, Ordering::Relaxed);
    }
}

/// All bytes of a file, decompressed: for what is looked up, not for streams.
pub fn read_whole(path: &Path) -> io::Result<Vec<u8>> {
    let mut input = open_file(path)?;
    let (mut bytes, mut length) = (vec![0; 1 << 16], 0);
    loop {
        match input.source.read(&mut bytes[length..])? {
            0 => break,
            read => length += read,
        }
        if length == bytes.len() {
            bytes.resize(2 * length, 0);
        }
    }
    bytes.truncate(length);
    Ok(bytes)
}

/// Anything with a file descriptor: a file, a pipe, a socket.
pub struct StreamSource<R> {
    stream: R,
    /// A regular file never makes a reader wait for somebody else.
    is_file: bool,
    meter: Meter,
}

impl<R: Read + AsFd> StreamSource<R> {
    /// Wraps a stream whose descriptor can be polled.
    pub fn new(stream: R, meter: Meter) -> Self {
        let is_file = rustix::fs::fstat(&stream)
            .is_ok_and(|stat| rustix::fs::FileType::from_raw_mode(stat.st_mode).is_file());
        StreamSource { stream, is_file, meter }
    }
}

impl<R: Read + AsFd + Send> ByteSource for StreamSource<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let read = self.stream.read(buf)?;
        self.meter.add(read);
        Ok(read)
    }

    fn would_block(&mut self) -> bool {
        if self.is_file {
            return false;
        }
        let mut waiting = [PollFd::new(&self.stream, PollFlags::IN)];
        // An error of poll shows again in the read that follows.
        matches!(poll(&mut waiting, Some(&Timespec { tv_sec: 0, tv_nsec: 0 })), Ok(0))
    }

    fn is_prompt(&self) -> bool {
        self.is_file
    }

    fn descriptor(&self) -> Option<BorrowedFd<'_>> {
        Some(self.stream.as_fd())
    }
}

/// Opens a file, compressed or not.
pub fn open_file(path: &Path) -> io::Result<Input> {
    input_of(path, File::open(path)?)
}

/// As [`open_file`], but a pipe that nobody writes yet is open at once. It is to be read only when it would not block: before
/// somebody writes it, a read takes it for ended.
pub fn open_unawaited(path: &Path) -> io::Result<Input> {
    let flags = OFlags::RDONLY | OFlags::CLOEXEC;
    let file = rustix::fs::open(path, flags | OFlags::NONBLOCK, Mode::empty())?;
    rustix::fs::fcntl_setfl(&file, flags)?;
    input_of(path, file.into())
}

fn input_of(path: &Path, file: File) -> io::Result<Input> {
    let metadata = file.metadata()?;
    if metadata.is_dir() {
        return Err(io::Error::new(io::ErrorKind::IsADirectory, "is a directory: name the files in it"));
    }
    let meter = Meter::default();
    let source = super::decoded(Box::new(StreamSource::new(file, meter.clone())));
    Ok(Input {
        size: metadata.is_file().then_some(metadata.len()),
        is_pipe: metadata.file_type().is_fifo(),
        ..Input::new(path.display().to_string(), source, meter)
    })
}

/// Standard input, compressed or not.
pub fn open_stdin() -> io::Result<Input> {
    // A duplicate of the descriptor, because std's own handle keeps a buffer that polling cannot see into.
    let stdin = File::from(rustix::io::dup(rustix::stdio::stdin())?);
    let metadata = stdin.metadata()?;
    let meter = Meter::default();
    let source = super::decoded(Box::new(StreamSource::new(stdin, meter.clone())));
    Ok(Input {
        size: metadata.is_file().then_some(metadata.len()),
        is_pipe: metadata.file_type().is_fifo(),
        ..Input::new("-".into(), source, meter)
    })
}
