//! A file whose content is compared with what was read, and that is read on where that ended.
//!
//! It is opened once: whatever is renamed meanwhile, what is compared is what is read. Only of very many files not all can
//! be open at a time; the others are opened again when they are needed.

use std::fs::File;
use std::io::{self, Seek, SeekFrom};
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::{Path, PathBuf};

use super::seen::{Identity, PRINT, Print, Seen, Stamp, keep_last};
use crate::jsonl::{self, ByteSource, Meter, StreamSource};

/// So many files of a run stay open.
const OPEN: usize = 300;

/// A file that may be read.
pub(super) struct Candidate {
    path: PathBuf,
    /// Open, if there are not too many.
    file: Option<File>,
    pub identity: Identity,
    pub stamp: Stamp,
    pub is_compressed: bool,
    /// The first bytes of its content, as many as a print covers.
    pub head: Vec<u8>,
    /// It is compressed, and ends within these bytes before its data does: it is still being written, or broken.
    pub is_cut: bool,
}

/// A file that is open at the place from which it is to be read.
pub(super) struct Content {
    pub source: Box<dyn ByteSource>,
    pub meter: Meter,
    /// Bytes of the file that are still to be read, or were read to come here.
    pub size: u64,
    /// The first bytes of the content, and the last in front of this place.
    pub head: Vec<u8>,
    pub tail: Vec<u8>,
    pub stamp: Stamp,
}

/// What a file is to one that was read.
pub(super) enum Verdict {
    /// It is that file, or its continuation.
    Same(Content),
    /// It begins like it, but has less than was read: cut off, or a copy that is being made.
    Shorter,
    /// It is another.
    Other,
}

/// What the file system says about a file.
pub(super) fn looks(metadata: &std::fs::Metadata) -> (Identity, Stamp) {
    let identity = Identity { device: metadata.dev(), inode: metadata.ino() };
    (identity, Stamp { size: metadata.len(), modified: (metadata.mtime(), metadata.mtime_nsec()) })
}

impl Candidate {
    /// Opens a regular file, one of several before which so many were opened; `None` for a folder, a pipe or a device.
    pub fn open(path: &Path, before: usize) -> io::Result<Option<Candidate>> {
        // A pipe is not opened to find out that it is one: that would wait for its writer.
        if !std::fs::metadata(path)?.is_file() {
            return Ok(None);
        }
        let file = File::open(path)?;
        let metadata = file.metadata()?;
        let (identity, stamp) = looks(&metadata);
        let candidate = Candidate {
            path: path.to_owned(),
            file: (before < OPEN).then_some(file),
            identity,
            stamp,
            is_compressed: false,
            head: Vec::new(),
            is_cut: false,
        };
        Ok(metadata.is_file().then_some(candidate))
    }

    /// Looks into the file, which is needed for everything but its identity and its stamp.
    pub fn look(&mut self) -> io::Result<()> {
        let mut head = vec![0; PRINT];
        let length = self.read_at(&mut head, 0)?;
        head.truncate(length);
        self.is_compressed = jsonl::is_compressed(&head[..length.min(4)]);
        if self.is_compressed {
            let mut source = self.decompressed()?.0;
            head.resize(PRINT, 0);
            let length = fill(&mut *source, &mut head);
            self.is_cut = length < head.len() && source.read(&mut [0]).is_err();
            head.truncate(length);
        }
        self.head = head;
        Ok(())
    }

    /// The content, decompressed.
    fn decompressed(&self) -> io::Result<(Box<dyn ByteSource>, Meter)> {
        let meter = Meter::default();
        let Some(file) = &self.file else {
            return Ok((jsonl::later_source(&self.path, meter.clone()), meter));
        };
        let mut file = file.try_clone()?;
        file.rewind()?;
        Ok((jsonl::decoded(Box::new(StreamSource::new(file, meter.clone()))), meter))
    }

    fn file(&self) -> io::Result<File> {
        self.file.as_ref().map_or_else(|| File::open(&self.path), File::try_clone)
    }

    /// The content from its start.
    pub fn whole(&self) -> io::Result<Content> {
        let (source, meter) = self.decompressed()?;
        let (head, stamp) = (self.head.clone(), self.stamp);
        Ok(Content { source, meter, size: stamp.size, head, tail: Vec::new(), stamp })
    }

    /// What this file is to one that was read.
    pub fn compare(&self, seen: &Seen) -> io::Result<Verdict> {
        if !seen.begins(&self.head) {
            return Ok(Verdict::Other);
        }
        match (seen.offset, self.is_compressed) {
            (0, _) => self.whole().map(Verdict::Same),
            (_, true) => self.compare_compressed(seen),
            (_, false) => self.compare_plain(seen),
        }
    }

    fn compare_plain(&self, seen: &Seen) -> io::Result<Verdict> {
        let mut tail = vec![0; seen.tail.length];
        let Some(begin) = seen.offset.checked_sub(tail.len() as u64) else { return Ok(Verdict::Other) };
        if self.read_at(&mut tail, begin)? < tail.len() {
            return Ok(Verdict::Shorter);
        }
        if Print::of(&tail) != seen.tail {
            return Ok(Verdict::Other);
        }
        let meter = Meter::default();
        let source: Box<dyn ByteSource> = match &self.file {
            Some(file) => {
                let mut file = file.try_clone()?;
                file.seek(SeekFrom::Start(seen.offset))?;
                Box::new(StreamSource::new(file, meter.clone()))
            }
            None => jsonl::later_source_from(&self.path, seen.offset, meter.clone()),
        };
        let size = self.stamp.size.saturating_sub(seen.offset);
        Ok(Verdict::Same(Content { source, meter, size, head: self.head.clone(), tail, stamp: self.stamp }))
    }

    /// As far as it was read the content is decompressed again; no other way leads to its end.
    fn compare_compressed(&self, seen: &Seen) -> io::Result<Verdict> {
        let mut content = self.whole()?;
        let mut left = seen.offset;
        let mut buffer = vec![0; 64 << 10];
        while left > 0 {
            let wanted = left.min(buffer.len() as u64) as usize;
            let length = fill(&mut *content.source, &mut buffer[..wanted]);
            keep_last(&mut content.tail, &buffer[..length]);
            left -= length as u64;
            if length < wanted {
                // Cut, or broken behind a good beginning: as long as it is so, it has nothing new.
                return Ok(Verdict::Shorter);
            }
        }
        if Print::of(&content.tail) != seen.tail {
            return Ok(Verdict::Other);
        }
        if self.file.is_none() {
            // It would stay open.
            let whole = jsonl::later_source(&self.path, content.meter.clone());
            content.source = Box::new(Behind { source: whole, before: seen.offset });
        }
        Ok(Verdict::Same(content))
    }

    /// As many bytes of the file as there are, up to the buffer's length.
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        let file = self.file()?;
        let mut filled = 0;
        while filled < buffer.len() {
            match file.read_at(&mut buffer[filled..], offset + filled as u64) {
                Ok(0) => break,
                Ok(read) => filled += read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(filled)
    }
}

/// What comes behind so many bytes of a source.
struct Behind {
    source: Box<dyn ByteSource>,
    before: u64,
}

impl ByteSource for Behind {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let mut passed = vec![0; self.before.min(64 << 10) as usize];
        while self.before > 0 {
            let wanted = self.before.min(passed.len() as u64) as usize;
            match self.source.read(&mut passed[..wanted])? {
                0 => return Ok(0),
                read => self.before -= read as u64,
            }
        }
        self.source.read(buf)
    }

    fn would_block(&mut self) -> bool {
        self.source.would_block()
    }

    fn is_prompt(&self) -> bool {
        self.source.is_prompt()
    }
}

/// Fills the buffer; with less, the content ends there, or cannot be decompressed any further.
fn fill(source: &mut dyn ByteSource, buffer: &mut [u8]) -> usize {
    let mut filled = 0;
    while filled < buffer.len() {
        match source.read(&mut buffer[filled..]) {
            Ok(0) => break,
            Ok(read) => filled += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(_) => break,
        }
    }
    filled
}
