//! Files that are followed: new lines as they are written, in files that grow, come, are renamed, truncated and compressed.
//!
//! Ten times a second the files are looked at, from outside; what changed is opened, and known again by its content, as for
//! `window-count --state` (see [`Growing`]): so a log that was put away, copied or compressed is not read twice. Only whole lines
//! are handed on, file after file: what was read before comes first, then new files by name. Each file stays open, so the last
//! lines of one that was renamed out of sight, or deleted, are read, too.

use std::collections::{BTreeSet, VecDeque};
use std::fs::{self, File};
use std::io;
use std::os::fd::AsRawFd;
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;
use std::thread;
use std::time::{Duration, Instant};

use memchr::{memchr_iter, memrchr};

use super::listing::Target;
use crate::jsonl::{ByteSource, Input, Meter};
use crate::state::{Growing, InputNote};

/// How often the files are looked at.
const EVERY: Duration = Duration::from_millis(100);
/// So many files are kept open, to be read on whatever becomes of their names.
const OPEN: usize = 256;
/// A file out of sight is let go after so long without a new line.
const PATIENCE: Duration = Duration::from_secs(60);
/// So many notes are remembered, so that none is said again and again.
const SAID: usize = 1000;
const BUFFER: usize = 64 << 10;

/// Says something to a person; the second is for who wants to know all.
pub type FollowVoice = Box<dyn FnMut(&InputNote) + Send>;

/// What is told apart of a file from outside.
type Look = (PathBuf, (u64, u64), (u64, i64, i64));

/// The lines of files, without an end.
pub struct FollowSource {
    targets: Vec<Target>,
    growing: Growing,
    meter: Meter,
    voice: FollowVoice,
    said: BTreeSet<String>,
    /// How the files looked when they were opened last.
    looks: Vec<Look>,
    held: Vec<Held>,
    /// What was opened and is not read to its end, by its number.
    current: VecDeque<(usize, Input)>,
    /// Bytes read of the first of these, and how many of them were handed on.
    read: Vec<u8>,
    handed: usize,
    whole: usize,
    lines: u64,
    next_look: Instant,
    error: Option<io::Error>,
}

/// A file that stays open.
struct Held {
    file: File,
    identity: (u64, u64),
    /// Since when nothing happened to it while no name led to it.
    gone: Option<(Instant, u64)>,
}

fn look(metadata: &fs::Metadata) -> ((u64, u64), (u64, i64, i64)) {
    let stamp = (metadata.len(), metadata.mtime(), metadata.mtime_nsec());
    ((metadata.dev(), metadata.ino()), stamp)
}

impl FollowSource {
    /// Follows files, folders and patterns.
    pub fn new(targets: Vec<Target>, meter: Meter, voice: FollowVoice) -> FollowSource {
        FollowSource {
            targets,
            growing: Growing::default(),
            meter,
            voice,
            said: BTreeSet::new(),
            looks: Vec::new(),
            held: Vec::new(),
            current: VecDeque::new(),
            read: Vec::new(),
            handed: 0,
            whole: 0,
            lines: 0,
            next_look: Instant::now(),
            error: None,
        }
    }

    /// Looks at all files, and opens them if any is not as it was.
    fn look(&mut self) -> io::Result<()> {
        self.next_look = Instant::now() + EVERY;
        let mut looks: Vec<Look> = Vec::new();
        for target in &self.targets {
            for path in target.files()? {
                // It may be gone already.
                let Ok(metadata) = fs::metadata(&path) else { continue };
                let (identity, stamp) = look(&metadata);
                looks.push((path, identity, stamp));
            }
        }
        self.out_of_sight(&mut looks)?;
        if looks == self.looks {
            return Ok(());
        }
        let paths: Vec<PathBuf> = looks.iter().map(|(path, ..)| path.clone()).collect();
        let (inputs, notes) = match self.growing.open(&paths) {
            Ok(opened) => opened,
            // Renamed or deleted in this moment: it will be seen what became of it.
            Err(error) if is_not_found(&error) => return Ok(()),
            Err(error) => return Err(io::Error::other(format!("{error:#}"))),
        };
        for note in notes {
            if self.said.len() >= SAID {
                self.said.clear();
            }
            let (InputNote::Say(text) | InputNote::Explain(text)) = &note;
            if self.said.insert(text.clone()) {
                (self.voice)(&note);
            }
        }
        for (path, identity, _) in &looks {
            self.hold(path, *identity);
        }
        self.looks = looks;
        self.current = inputs.into_iter().enumerate().collect();
        self.begin();
        Ok(())
    }

    /// Adds the files that are open, but to which no name leads any more, until nothing comes of them.
    fn out_of_sight(&mut self, looks: &mut Vec<Look>) -> io::Result<()> {
        let now = Instant::now();
        let mut kept = Vec::new();
        for mut held in std::mem::take(&mut self.held) {
            if looks.iter().any(|(_, identity, _)| *identity == held.identity) {
                held.gone = None;
                kept.push(held);
                continue;
            }
            let metadata = held.file.metadata()?;
            let size = metadata.len();
            let (since, _) = *held.gone.get_or_insert((now, size));
            if held.gone.is_some_and(|(_, before)| before != size) {
                held.gone = Some((now, size));
            } else if now.duration_since(since) > PATIENCE {
                continue;
            }
            let (identity, stamp) = look(&metadata);
            looks.push((format!("/dev/fd/{}", held.file.as_raw_fd()).into(), identity, stamp));
            kept.push(held);
        }
        self.held = kept;
        Ok(())
    }

    fn hold(&mut self, path: &std::path::Path, identity: (u64, u64)) {
        if self.held.len() >= OPEN || self.held.iter().any(|held| held.identity == identity) {
            return;
        }
        // What is gone already was opened to be read.
        let Ok(file) = File::open(path) else { return };
        if file.metadata().is_ok_and(|metadata| look(&metadata).0 == identity) {
            self.held.push(Held { file, identity, gone: None });
        }
    }

    /// Begins with the first of the current files.
    fn begin(&mut self) {
        self.read.clear();
        (self.handed, self.whole) = (0, 0);
        self.lines = self.current.front().map_or(0, |(_, input)| input.lines);
    }

    /// Reads on in the first of the current files.
    fn fill(&mut self) -> io::Result<()> {
        let Some((number, input)) = self.current.front_mut() else { return Ok(()) };
        self.read.drain(..self.handed);
        self.handed = 0;
        let begun = self.read.len();
        self.read.resize(begun + BUFFER, 0);
        let read = match input.source.read(&mut self.read[begun..]) {
            Ok(read) => read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {
                self.read.truncate(begun);
                return Ok(());
            }
            // Compressed, and still being written: as far as it goes.
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => 0,
            Err(error) => return Err(error),
        };
        self.read.truncate(begun + read);
        self.meter.add(read);
        if read == 0 {
            // What is no whole line yet is read again when the file has grown.
            self.current.pop_front();
            if self.current.is_empty() {
                self.growing.all_read();
            }
            self.begin();
            return Ok(());
        }
        // What was there before is the beginning of a line.
        self.whole = memrchr(b'\n', &self.read[begun..]).map_or(0, |newline| begun + newline + 1);
        let lines = &self.read[..self.whole];
        self.lines += memchr_iter(b'\n', lines).count() as u64;
        self.growing.read(*number, lines, self.lines);
        Ok(())
    }

    fn has_lines(&self) -> bool {
        self.handed < self.whole
    }
}

impl ByteSource for FollowSource {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        loop {
            if let Some(error) = self.error.take() {
                return Err(error);
            }
            if self.has_lines() {
                let taken = (self.whole - self.handed).min(buf.len());
                buf[..taken].copy_from_slice(&self.read[self.handed..self.handed + taken]);
                self.handed += taken;
                if !self.has_lines() {
                    self.read.drain(..self.whole);
                    (self.handed, self.whole) = (0, 0);
                }
                return Ok(taken);
            }
            if !self.current.is_empty() {
                self.fill()?;
                continue;
            }
            thread::sleep(self.next_look.saturating_duration_since(Instant::now()));
            self.look()?;
        }
    }

    fn would_block(&mut self) -> bool {
        while !self.has_lines() && self.error.is_none() {
            if self.current.is_empty() {
                return true;
            }
            self.error = self.fill().err();
        }
        false
    }
}

fn is_not_found(error: &anyhow::Error) -> bool {
    error
        .chain()
        .filter_map(|cause| cause.downcast_ref::<io::Error>())
        .any(|error| error.kind() == io::ErrorKind::NotFound)
}
