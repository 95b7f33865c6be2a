//! What a tool writes: a large buffer, and a destination that is either a stream or a file replaced as a whole.
//!
//! The flush rule is kept by the driver, which asks [`Output::pending_since`]; nothing here decides when to flush but a
//! full buffer. Errors are returned as they come: who reads them decides that a closed pipe is no failure.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use tempfile::NamedTempFile;

use super::beside::{beside, persist};
use super::closed::open_stdout;
use super::format::{Format, Formatter};
use super::queue::{Backlog, OnFull, Queue};
use super::slow::Writing;

/// The size of a full write.
const BUFFER: usize = 64 << 10;

/// A buffered destination of bytes.
pub struct Output {
    buffer: Vec<u8>,
    destination: Destination,
    pending_since: Option<Instant>,
    is_stdout: bool,
    /// How records are written, where not as they are.
    formatter: Option<Formatter>,
    /// A write to a stream ends with a line, and is no longer than what a pipe takes at once.
    whole_lines: bool,
    writing: Arc<Writing>,
    backlog: Option<Backlog>,
    /// Nothing is written for now: see [`Output::hold`].
    is_held: bool,
}

/// What a pipe takes at once, whoever else writes into it.
const PIPE_TAKES: usize = rustix::pipe::PIPE_BUF;

enum Destination {
    Stream(Box<dyn Write + Send>),
    /// Becomes the file of this path at a clean end.
    Replacement(Box<NamedTempFile>, PathBuf),
    /// A file that grows from run to run, and how long it is; what becomes of it is its owner's matter.
    Owned(File, u64),
}

impl Output {
    /// Writes to standard output.
    ///
    /// # Errors
    ///
    /// The program was started without one.
    pub fn stdout() -> io::Result<Output> {
        open_stdout()?;
        // A duplicate of the descriptor: std's own handle would flush at every newline.
        let stdout = File::from(rustix::io::dup(rustix::stdio::stdout())?);
        Ok(Output { is_stdout: true, ..Output::to(Box::new(stdout)) })
    }

    /// Writes records in this format.
    #[must_use]
    pub fn with_format(mut self, format: Format) -> Output {
        self.formatter = (format != Format::Jsonl).then(|| Formatter::new(format));
        self
    }

    /// Writes whole lines, as many as a pipe takes at once, so that several processes may share it. Only a line that is
    /// longer by itself may be torn.
    #[must_use]
    pub fn in_whole_lines(mut self) -> Output {
        self.whole_lines = true;
        self
    }

    /// Lets at most so many bytes wait in memory for a slow reader of a stream. A file never makes anybody wait.
    ///
    /// # Errors
    ///
    /// There is no thread to be had.
    pub fn with_queue(mut self, most: usize, on_full: OnFull) -> io::Result<Output> {
        self.destination = match self.destination {
            Destination::Stream(stream) => {
                let (queue, backlog) = Queue::start(stream, most, on_full, Arc::clone(&self.writing))?;
                self.backlog = Some(backlog);
                Destination::Stream(Box::new(queue))
            }
            other => other,
        };
        Ok(self)
    }

    /// How the queue is doing, if there is one.
    pub fn backlog(&self) -> Option<&Backlog> {
        self.backlog.as_ref()
    }

    /// Calls `tell` once, as soon as a reader of this output has let a write wait for so long.
    ///
    /// # Errors
    ///
    /// There is no thread to be had.
    pub fn watch_reader(&self, limit: Duration, tell: Box<dyn FnOnce() + Send>) -> io::Result<()> {
        self.writing.watch(limit, tell)
    }

    /// Whether this is standard output.
    pub fn is_stdout(&self) -> bool {
        self.is_stdout
    }

    /// Writes to any stream.
    pub fn to(stream: Box<dyn Write + Send>) -> Output {
        Output::new(Destination::Stream(stream))
    }

    /// Writes beside `path` and renames at [`Output::close`], so that nobody ever reads half a file. What is no regular
    /// file (a FIFO, a device) is written to directly, and so is a stream of this process by its name (`/dev/stdout`),
    /// even where it leads to a file.
    pub fn file(path: &Path) -> io::Result<Output> {
        if path == Path::new("-") || path == Path::new("/dev/stdout") {
            return Output::stdout();
        }
        if path == Path::new("/dev/stderr") {
            return Ok(Output::to(Box::new(File::from(rustix::io::dup(rustix::stdio::stderr())?))));
        }
        if path.starts_with("/dev") || path.starts_with("/proc") {
            return Ok(Output::to(Box::new(File::options().append(true).open(path)?)));
        }
        match fs::metadata(path) {
            Ok(metadata) if !metadata.is_file() && !metadata.is_dir() => {
                Ok(Output::to(Box::new(File::options().write(true).open(path)?)))
            }
            _ => {
                let (file, path) = beside(path)?;
                Ok(Output::new(Destination::Replacement(Box::new(file), path)))
            }
        }
    }

    /// Writes to the end of a file that is so long already.
    pub fn owned(file: File, length: u64) -> Output {
        Output::new(Destination::Owned(file, length))
    }

    /// How long the file is that [`Output::owned`] was given, without what waits in the buffer.
    pub fn owned_length(&self) -> Option<u64> {
        match self.destination {
            Destination::Owned(_, length) => Some(length),
            _ => None,
        }
    }

    /// What a later run must know to go on writing in the same format.
    pub fn memory(&self) -> Vec<u8> {
        self.formatter.as_ref().map(Formatter::memory).unwrap_or_default()
    }

    /// Goes on in the format with what [`Output::memory`] gave. False if that was of another format.
    #[must_use]
    pub fn recall(&mut self, memory: &[u8]) -> bool {
        match &mut self.formatter {
            Some(formatter) => formatter.recall(memory),
            None => memory.is_empty(),
        }
    }

    fn new(destination: Destination) -> Output {
        Output {
            buffer: Vec::with_capacity(2 * BUFFER),
            destination,
            pending_since: None,
            is_stdout: false,
            formatter: None,
            whole_lines: false,
            writing: Arc::default(),
            backlog: None,
            is_held: false,
        }
    }

    /// Takes a line of text, and ends it.
    pub fn line(&mut self, line: &[u8]) -> io::Result<()> {
        self.buffer.extend_from_slice(line);
        self.text(b"\n")
    }

    /// Takes text as it is: what is no record.
    pub fn text(&mut self, text: &[u8]) -> io::Result<()> {
        self.buffer.extend_from_slice(text);
        self.taken()
    }

    /// Takes records, each a JSON object on its line, and writes them in the output's format. The last newline may be
    /// missing.
    pub fn records(&mut self, lines: &[u8]) -> anyhow::Result<()> {
        match &mut self.formatter {
            None if lines.ends_with(b"\n") => self.buffer.extend_from_slice(lines),
            None => return Ok(self.line(lines)?),
            Some(formatter) => {
                let lines = lines.strip_suffix(b"\n").unwrap_or(lines);
                for line in lines.split(|&byte| byte == b'\n') {
                    formatter.line(line, &mut self.buffer)?;
                }
            }
        }
        Ok(self.taken()?)
    }

    /// Takes a row as those to come may be, which is not written; see [`Formatter::announce`].
    pub fn announce(&mut self, row: &[u8]) -> anyhow::Result<()> {
        self.formatter.as_mut().map_or(Ok(()), |formatter| Ok(formatter.announce(row)?))
    }

    /// Writes what came before, and takes text that waits, with all behind it, for [`Output::release`].
    pub fn hold(&mut self, text: &[u8]) -> io::Result<()> {
        self.settle()?;
        self.is_held = true;
        self.buffer.extend_from_slice(text);
        Ok(())
    }

    /// How much waits since [`Output::hold`]; `None` where nothing has to.
    pub fn held(&self) -> Option<usize> {
        self.is_held.then_some(self.buffer.len())
    }

    /// Writes what was held back.
    pub fn release(&mut self) -> io::Result<()> {
        self.is_held = false;
        self.flush()
    }

    /// Shows what waits for company: a table's rows, before the input is waited for. Flushes.
    pub fn settle(&mut self) -> io::Result<()> {
        if let Some(formatter) = &mut self.formatter {
            formatter.flush(&mut self.buffer);
        }
        self.flush()
    }

    fn taken(&mut self) -> io::Result<()> {
        if self.buffer.len() >= BUFFER {
            return self.flush();
        }
        if !self.buffer.is_empty() && !self.is_held {
            self.pending_since.get_or_insert_with(Instant::now);
        }
        Ok(())
    }

    /// Since when bytes wait in the buffer.
    pub fn pending_since(&self) -> Option<Instant> {
        self.pending_since
    }

    /// Writes all that waits in the buffer.
    pub fn flush(&mut self) -> io::Result<()> {
        self.pending_since = None;
        if self.buffer.is_empty() || self.is_held {
            return Ok(());
        }
        let (buffer, writing) = (&self.buffer, &self.writing);
        let outcome = match &mut self.destination {
            // The thread behind the queue marks its writes itself.
            Destination::Stream(queue) if self.backlog.is_some() => queue.write_all(buffer),
            Destination::Stream(stream) if self.whole_lines => {
                writing.during(|| write_whole_lines(stream, buffer))
            }
            Destination::Stream(stream) => writing.during(|| stream.write_all(buffer)),
            Destination::Replacement(file, _) => file.as_file_mut().write_all(buffer),
            Destination::Owned(file, length) => {
                *length += buffer.len() as u64;
                file.write_all(buffer)
            }
        };
        self.buffer.clear();
        outcome.map_err(|error| {
            let name = match &self.destination {
                Destination::Replacement(_, path) => path.display().to_string(),
                _ => "the output".into(),
            };
            // The kind stays: a closed pipe is no failure.
            io::Error::new(error.kind(), format!("cannot write {name}: {error}"))
        })
    }

    /// Ends the output of a run that failed: a stream gets what there is, a file is left as it was.
    pub fn give_up(self) -> io::Result<()> {
        match self.destination {
            Destination::Stream(_) => self.close(),
            Destination::Replacement(..) | Destination::Owned(..) => Ok(()),
        }
    }

    /// Flushes, and puts a file in its place. What waits for others in an owned file goes on waiting; see
    /// [`Output::memory`].
    pub fn close(mut self) -> io::Result<()> {
        if let Some(formatter) = &mut self.formatter
            && !matches!(self.destination, Destination::Owned(..))
        {
            formatter.finish(&mut self.buffer);
        }
        self.flush()?;
        match self.destination {
            Destination::Stream(mut stream) => stream.flush(),
            Destination::Replacement(file, path) => persist(*file, &path),
            Destination::Owned(..) => Ok(()),
        }
    }
}

fn write_whole_lines(stream: &mut dyn Write, mut bytes: &[u8]) -> io::Result<()> {
    while !bytes.is_empty() {
        let most = bytes.len().min(PIPE_TAKES);
        let end = match memchr::memrchr(b'\n', &bytes[..most]) {
            Some(newline) => newline + 1,
            None => memchr::memchr(b'\n', bytes).map_or(bytes.len(), |newline| newline + 1),
        };
        stream.write_all(&bytes[..end])?;
        bytes = &bytes[end..];
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::{Arc, Mutex};

    #[derive(Clone, Default)]
    struct Writes(Arc<Mutex<Vec<usize>>>);

    impl Write for Writes {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().expect("one thread").push(bytes.len());
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn writes_are_large_until_told_to_flush() {
        let writes = Writes::default();
        let mut output = Output::to(Box::new(writes.clone()));
        for _ in 0..30_000 {
            output.line(b"123456789").expect("memory");
        }
        assert!(output.pending_since().is_some());
        output.close().expect("memory");
        let writes = writes.0.lock().expect("one thread");
        assert_eq!(writes.iter().sum::<usize>(), 300_000);
        assert!(writes[..writes.len() - 1].iter().all(|&size| size >= BUFFER), "{writes:?}");
    }

    #[test]
    fn whole_lines_are_written_as_a_pipe_takes_them() {
        let writes = Writes::default();
        let mut output = Output::to(Box::new(writes.clone())).in_whole_lines();
        for length in [1000, 3000, 95, 2, 6000, 10] {
            output.line(&vec![b'x'; length - 1]).expect("memory");
        }
        output.close().expect("memory");
        assert_eq!(*writes.0.lock().expect("one thread"), [4095, 2, 6000, 10]);
    }

    #[test]
    fn what_is_held_is_written_when_it_is_released_and_in_order() {
        let writes = Writes::default();
        let mut output = Output::to(Box::new(writes.clone()));
        output.line(b"before").expect("memory");
        output.hold(b"mark\n").expect("memory");
        output.line(&[b'x'; 2 * BUFFER]).expect("memory");
        output.flush().expect("memory");
        assert_eq!(*writes.0.lock().expect("one thread"), [7]);
        assert_eq!((output.held(), output.pending_since()), (Some(5 + 2 * BUFFER + 1), None));
        output.release().expect("memory");
        assert_eq!(*writes.0.lock().expect("one thread"), [7, 5 + 2 * BUFFER + 1]);
        assert_eq!(output.held(), None);
    }

    #[test]
    fn a_file_is_replaced_only_at_a_clean_end() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("out.jsonl");
        fs::write(&path, "old\n").expect("a file");
        let mut output = Output::file(&path).expect("a file");
        output.line(b"new").expect("a file");
        output.flush().expect("a file");
        assert_eq!(fs::read_to_string(&path).expect("a file"), "old\n");
        drop(output);
        assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 1, "nothing is left behind");
        let mut output = Output::file(&path).expect("a file");
        output.line(b"new").expect("a file");
        output.close().expect("a file");
        assert_eq!(fs::read_to_string(&path).expect("a file"), "new\n");
    }
}
