//! The files of a spool: named by the places at which they begin, written at the end of the last, removed from the first on.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use anyhow::Context as _;

use super::Known;
use super::frame::Frame;
use crate::state::StateError;
use crate::state::marks::NAME;

/// A segment that has so many bytes is followed by another.
pub const LARGE: u64 = 4 << 20;

/// The segments of a spool.
pub struct Segments {
    folder: PathBuf,
    /// The places at which they begin, one at least.
    starts: Vec<u64>,
    /// The last of them, and how long it is.
    file: File,
    length: u64,
    /// The place behind all that is here.
    end: u64,
    /// With what the source goes on there; as it was when the spool was opened.
    known: Known,
    is_ended: bool,
    /// What was written last ends in the middle of a line, to which no segment is cut.
    is_inside_line: bool,
    limit: u64,
    /// The name of the last segment is not on the disk yet.
    is_new: bool,
    buffer: Vec<u8>,
}

/// What comes to be written at once.
pub struct Heap<'h> {
    /// Lines, and maybe a piece of one.
    pub text: &'h [u8],
    /// The last line is what a broken connection left of it.
    pub is_cut: bool,
    /// With what the source goes on behind so many bytes of these, if it told.
    pub token: Option<(usize, Vec<u8>)>,
    /// The ids of its records, each with the number of bytes at which it ends.
    pub ids: Vec<(usize, Box<[u8]>)>,
}

impl Segments {
    /// Opens those of a folder, to be read from `place` on; a new one is begun after so many bytes.
    pub fn open(folder: &Path, place: u64, limit: u64) -> anyhow::Result<Segments> {
        let cannot_read = || format!("cannot read the spool {}", folder.display());
        let mut starts = starts(folder).with_context(cannot_read)?;
        let unusable = |why: String| anyhow::Error::new(StateError::unusable(folder, why).called(NAME));
        while let Some(&start) = starts.last() {
            let path = path_of(folder, start);
            let bytes = fs::read(&path).with_context(cannot_read)?;
            let Some(scan) = Scan::of(&bytes, start) else {
                // It was being begun when the run before was killed.
                fs::remove_file(&path).with_context(cannot_read)?;
                starts.pop();
                continue;
            };
            if !(starts[0]..=scan.end).contains(&place) {
                let (from, to) = (starts[0], scan.end);
                return Err(unusable(format!(
                    "it holds what stands from place {from} to {to}, and {place} is asked for"
                )));
            }
            let file = OpenOptions::new().append(true).open(&path).with_context(cannot_read)?;
            file.set_len(scan.length).with_context(cannot_read)?;
            let Scan { length, end, known, is_ended } = scan;
            let mut segments = Segments {
                folder: folder.to_owned(),
                starts,
                file,
                length,
                end,
                known,
                is_ended,
                is_inside_line: false,
                limit,
                is_new: true,
                buffer: Vec::new(),
            };
            segments.release(place).with_context(cannot_read)?;
            return Ok(segments);
        }
        if place > 0 {
            return Err(unusable(format!("it is empty, and place {place} is asked for")));
        }
        let known = Known::default();
        let (file, length) = begin(folder, 0, &known)?;
        Ok(Segments {
            folder: folder.to_owned(),
            starts: vec![0],
            file,
            length,
            end: 0,
            known,
            is_ended: false,
            is_inside_line: false,
            limit,
            is_new: true,
            buffer: Vec::new(),
        })
    }

    pub fn known(&self) -> Known {
        self.known.clone()
    }

    pub fn is_ended(&self) -> bool {
        self.is_ended
    }

    /// Reads from this place to where it ends now.
    pub fn replay(&self, place: u64) -> Replay {
        let is_before = |start: &u64| *start <= place;
        let first = self.starts.iter().rposition(is_before).unwrap_or(0);
        let mut left = self.starts[first..].to_vec();
        left.reverse();
        Replay {
            folder: self.folder.clone(),
            left,
            place,
            end: self.end,
            bytes: Vec::new(),
            at: 0,
            next: place,
        }
    }

    /// Whether the next heap begins a segment, which is to hold what is known by then.
    pub fn is_full(&self) -> bool {
        self.length >= self.limit && !self.is_inside_line
    }

    /// Whether only the end of the line at hand keeps the next heap from beginning a segment.
    pub fn is_overdue(&self) -> bool {
        self.length >= self.limit && self.is_inside_line
    }

    /// Begins another segment.
    pub fn begin(&mut self, known: &Known) -> io::Result<()> {
        let unsynced = self.unsynced();
        let synced = unsynced.and_then(|files| files.iter().try_for_each(|(_, file)| file.sync_data()));
        synced.map_err(|error| cannot_write(&path_of(&self.folder, self.end), &error))?;
        (self.file, self.length) = begin(&self.folder, self.end, known)?;
        self.starts.push(self.end);
        self.is_new = true;
        Ok(())
    }

    /// Writes a heap, by one call; where that fails nothing of it stays.
    pub fn append(&mut self, heap: &Heap<'_>) -> io::Result<()> {
        let Heap { text, is_cut, token, ids } = heap;
        let lines = memchr::memrchr(b'\n', text).map_or(0, |newline| newline + 1);
        let mut cuts = vec![token.as_ref().map_or(0, |(end, _)| *end), if *is_cut { 0 } else { lines }];
        cuts.push(text.len());
        cuts.sort_unstable();
        self.buffer.clear();
        if let Some((0, token)) = token {
            // It came behind all that was there before.
            let frame = Frame::Lines { text: &[], token: Some(token), ids: Vec::new(), is_cut: false };
            frame.write(&mut self.buffer);
        }
        let mut begin = 0;
        for end in cuts {
            if end > begin {
                let ids = ids.iter().filter(|(at, _)| (begin + 1..=end).contains(at));
                let frame = Frame::Lines {
                    text: &text[begin..end],
                    token: token.as_ref().filter(|(at, _)| *at == end).map(|(_, token)| &token[..]),
                    ids: ids.map(|(_, id)| id.clone()).collect(),
                    is_cut: *is_cut && end == text.len(),
                };
                frame.write(&mut self.buffer);
                begin = end;
            }
        }
        self.write()?;
        self.end += text.len() as u64;
        self.is_inside_line = !is_cut && lines < text.len();
        Ok(())
    }

    /// The source is at its end.
    pub fn end(&mut self) -> io::Result<()> {
        self.buffer.clear();
        Frame::End.write(&mut self.buffer);
        self.is_ended = true;
        self.write()
    }

    fn write(&mut self) -> io::Result<()> {
        let written = self.file.write_all(&self.buffer);
        if let Err(error) = written {
            // What is torn is cut off by the next run in any case.
            let _ = self.file.set_len(self.length);
            let path = path_of(&self.folder, self.starts.last().copied().unwrap_or_default());
            return Err(cannot_write(&path, &error));
        }
        self.length += self.buffer.len() as u64;
        Ok(())
    }

    /// What is to be flushed so that all is on the disk, with the paths.
    pub fn unsynced(&mut self) -> io::Result<Vec<(PathBuf, File)>> {
        let last = self.starts.last().copied().unwrap_or_default();
        let mut files = vec![(path_of(&self.folder, last), self.file.try_clone()?)];
        if std::mem::take(&mut self.is_new) {
            files.push((self.folder.clone(), File::open(&self.folder)?));
        }
        Ok(files)
    }

    /// Removes the segments that lie wholly before this place.
    pub fn release(&mut self, place: u64) -> io::Result<()> {
        while self.starts.get(1).is_some_and(|next| *next <= place) {
            fs::remove_file(path_of(&self.folder, self.starts[0]))?;
            self.starts.remove(0);
        }
        Ok(())
    }
}

/// What is in the last segment.
struct Scan {
    /// Of its bytes so many are whole, up to the end of a line.
    length: u64,
    end: u64,
    known: Known,
    is_ended: bool,
}

impl Scan {
    /// `None` if not even its beginning is there.
    fn of(bytes: &[u8], start: u64) -> Option<Scan> {
        let (first, mut at) = Frame::read(bytes)?;
        let Frame::Begin { place, known } = first else { return None };
        if place != start {
            return None;
        }
        let mut scan = Scan { length: at as u64, end: place, known: known.clone(), is_ended: false };
        let (mut end, (mut token, mut ids)) = (place, known);
        // Of a line that is not there as a whole neither id nor token is known.
        let (mut new_ids, mut is_inside_line) = (Vec::new(), false);
        while let Some((frame, length)) = Frame::read(&bytes[at..]) {
            at += length;
            is_inside_line = match frame {
                Frame::Begin { .. } => break,
                Frame::Lines { text, token: told, ids: told_ids, is_cut } => {
                    end += text.len() as u64;
                    token = told.map(<[u8]>::to_vec).or(token);
                    new_ids.extend(told_ids);
                    !is_cut && text.last().map_or(is_inside_line, |last| *last != b'\n')
                }
                Frame::End => {
                    scan.is_ended = true;
                    false
                }
            };
            if !is_inside_line {
                ids.append(&mut new_ids);
                (scan.length, scan.end) = (at as u64, end);
                scan.known.0.clone_from(&token);
            }
        }
        scan.known.1 = ids;
        Some(scan)
    }
}

/// Reads what is in the spool, once.
pub struct Replay {
    folder: PathBuf,
    /// Segments that were not opened, the next of them last.
    left: Vec<u64>,
    /// What stands before this was asked for by nobody.
    place: u64,
    /// Behind all that is to be read.
    end: u64,
    /// The segment at hand.
    bytes: Vec<u8>,
    at: usize,
    /// Where its next frame begins.
    next: u64,
}

impl Replay {
    /// Fills what it can; and whether that ends with a line that was cut. 0 bytes: that was all.
    pub fn read(&mut self, buf: &mut [u8]) -> io::Result<(usize, bool)> {
        while self.place < self.end {
            let Some((frame, length)) = Frame::read(&self.bytes[self.at..]) else {
                self.open_next()?;
                continue;
            };
            let Frame::Lines { text, is_cut, .. } = frame else {
                self.at += length;
                continue;
            };
            let skipped = self.place.saturating_sub(self.next);
            match text.get(usize::try_from(skipped).unwrap_or(usize::MAX)..).filter(|rest| !rest.is_empty()) {
                None => {
                    self.next += text.len() as u64;
                    self.at += length;
                }
                Some(rest) => {
                    let taken = rest.len().min(buf.len());
                    buf[..taken].copy_from_slice(&rest[..taken]);
                    self.place += taken as u64;
                    return Ok((taken, is_cut && taken == rest.len()));
                }
            }
        }
        Ok((0, false))
    }

    fn open_next(&mut self) -> io::Result<()> {
        let damaged = |path: &Path| {
            let text = format!("the spool {} is damaged: its checksums are wrong", path.display());
            io::Error::new(io::ErrorKind::InvalidData, text)
        };
        let start = self.left.pop().ok_or_else(|| damaged(&self.folder))?;
        let path = path_of(&self.folder, start);
        let is_next = self.bytes.is_empty() || start == self.next;
        if !is_next {
            return Err(damaged(&path));
        }
        self.bytes = fs::read(&path)?;
        (self.at, self.next) = (0, start);
        Ok(())
    }
}

fn path_of(folder: &Path, start: u64) -> PathBuf {
    folder.join(format!("{start:020}.spool"))
}

/// The places at which the segments in a folder begin, in order.
fn starts(folder: &Path) -> io::Result<Vec<u64>> {
    let mut starts = Vec::new();
    for entry in fs::read_dir(folder)? {
        let name = entry?.file_name();
        let start = name.to_str().and_then(|name| name.strip_suffix(".spool"));
        starts.extend(start.and_then(|start| start.parse::<u64>().ok()));
    }
    starts.sort_unstable();
    Ok(starts)
}

/// Begins a segment; and how long it is.
fn begin(folder: &Path, place: u64, known: &Known) -> io::Result<(File, u64)> {
    let path = path_of(folder, place);
    let mut head = Vec::new();
    Frame::Begin { place, known: known.clone() }.write(&mut head);
    let write = || {
        let mut file = OpenOptions::new().append(true).create_new(true).open(&path)?;
        file.write_all(&head)?;
        Ok(file)
    };
    match write() {
        Ok(file) => Ok((file, head.len() as u64)),
        Err(error) => {
            // The error is what counts; the next run removes what is torn.
            let _ = fs::remove_file(&path);
            Err(cannot_write(&path, &error))
        }
    }
}

fn cannot_write(path: &Path, error: &io::Error) -> io::Error {
    let hint = "make room and start again: what came before is kept";
    io::Error::new(error.kind(), format!("cannot write the spool {}: {error}; {hint}", path.display()))
}
