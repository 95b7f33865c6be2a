//! Opens a file where it was read to, if its content is what it was.

use std::fs::File;
use std::io::{self, Seek, SeekFrom};
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::Path;

use super::seen::{Identity, PRINT, Seen, Stamp, keep_last, print};
use crate::jsonl::{self, ByteSource, Meter, StreamSource};

/// A file that is open at the place up to which it was read.
pub(super) struct Content {
    pub source: Box<dyn ByteSource>,
    pub meter: Meter,
    /// Bytes of the file that are still to be read, or were read to come here.
    pub size: u64,
    /// The first and the last bytes that were read.
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

impl Content {
    /// The file from its start.
    pub fn whole(path: &Path) -> io::Result<Content> {
        let file = File::open(path)?;
        let stamp = looks(&file.metadata()?).1;
        let meter = Meter::default();
        Ok(Content {
            source: jsonl::decoded(Box::new(StreamSource::new(file, meter.clone()))),
            meter,
            size: stamp.size,
            head: Vec::new(),
            tail: Vec::new(),
            stamp,
        })
    }
}

/// The first bytes of a file's content, as many as a print covers; and whether it cannot be decompressed so far, as when
/// it is still being written.
pub(super) fn first_bytes(path: &Path) -> io::Result<(Vec<u8>, bool)> {
    let mut content = Content::whole(path)?;
    let mut head = vec![0; PRINT];
    let read = fill(&mut *content.source, &mut head);
    let is_cut = read < head.len() && content.source.read(&mut [0]).is_err();
    head.truncate(read);
    Ok((head, is_cut))
}

/// What the file at `path` is to one of which something was read.
pub(super) fn compare(path: &Path, seen: &Seen) -> io::Result<Verdict> {
    if is_compressed(path)? { compare_compressed(path, seen) } else { compare_plain(File::open(path)?, seen) }
}

/// Whether the file's first bytes say so.
pub(super) fn is_compressed(path: &Path) -> io::Result<bool> {
    let mut magic = [0; 4];
    let length = read_at(&File::open(path)?, &mut magic, 0)?;
    Ok(jsonl::is_compressed(&magic[..length]))
}

fn compare_plain(mut file: File, seen: &Seen) -> io::Result<Verdict> {
    let stamp = looks(&file.metadata()?).1;
    let mut head = vec![0; seen.printed()];
    let length = read_at(&file, &mut head, 0)?;
    if length < head.len() || print(&head) != seen.head {
        return Ok(Verdict::Other);
    }
    let mut tail = vec![0; seen.printed()];
    let length = read_at(&file, &mut tail, seen.offset - seen.printed() as u64)?;
    if length < tail.len() {
        return Ok(Verdict::Shorter);
    }
    if print(&tail) != seen.tail {
        return Ok(Verdict::Other);
    }
    file.seek(SeekFrom::Start(seen.offset))?;
    let meter = Meter::default();
    let source = Box::new(StreamSource::new(file, meter.clone()));
    Ok(Verdict::Same(Content {
        source,
        meter,
        size: stamp.size.saturating_sub(seen.offset),
        head,
        tail,
        stamp,
    }))
}

/// As far as it was read the content is decompressed again; no other way leads to its end.
fn compare_compressed(path: &Path, seen: &Seen) -> io::Result<Verdict> {
    let mut content = Content::whole(path)?;
    content.head = vec![0; seen.printed()];
    let length = fill(&mut *content.source, &mut content.head);
    if length < seen.printed() || print(&content.head) != seen.head {
        return Ok(Verdict::Other);
    }
    content.tail.clone_from(&content.head);
    let mut left = seen.offset - length as u64;
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
    Ok(if print(&content.tail) == seen.tail { Verdict::Same(content) } else { Verdict::Other })
}

/// Fills the buffer; with less, the content ends there, or cannot be decompressed any further.
fn fill(source: &mut dyn ByteSource, buffer: &mut [u8]) -> usize {
    let mut filled = 0;
    while filled < buffer.len() {
        match source.read(&mut buffer[filled..]) {
            Ok(0) => break,
            Ok(read) => filled += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(_) => return filled,
        }
    }
    filled
}

/// As many bytes as there are, up to the buffer's length.
fn read_at(file: &File, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
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
