//! Saves the state while the run goes on.
//!
//! The run packs what it knows into memory, which is all that stops it. A thread of its own flushes the outputs to the disk,
//! and then replaces the state. While it is at work, or while packing has cost more than a twentieth of the time, no other
//! save begins, however often they are asked for.

use std::fs::File;
use std::io;
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use super::files::Files;
use super::lock::Lock;
use super::owned::Outputs;
use super::{FORM, State, atomic};
use crate::jsonl::{Chunk, ChunkKind};
use crate::pack::Packer;

/// Packing may take one part in so many of the time.
const SHARE: u32 = 20;

/// Follows a run, and saves its state.
pub struct Keeper {
    _lock: Lock,
    files: Files,
    outputs: Outputs,
    every: Duration,
    /// When the next save may begin.
    next: Instant,
    /// Since the last save there was something new.
    changed: bool,
    /// Bytes of each input, so far as there were any.
    read: Vec<u64>,
    /// A part of a line was read that comes in several chunks: no place to go on from.
    is_inside_line: bool,
    /// When the save that is being packed was begun.
    begun: Instant,
    saves: Sender<Save>,
    saved: Receiver<Saved>,
    /// A save is on its way to the disk; these are the lengths of the outputs in it.
    under_way: Option<Vec<u64>>,
    /// Memory that is used again.
    spare: (Vec<u8>, Vec<u8>),
}

/// What is saved: the job packs itself into `job`, and whoever writes a file says how long it is.
pub struct Snapshot {
    /// What the job knows.
    pub job: Packer,
    read: Vec<u64>,
    lengths: Vec<Length>,
}

struct Length {
    name: &'static str,
    length: u64,
    memory: Vec<u8>,
}

struct Save {
    head: Vec<u8>,
    job: Vec<u8>,
    outputs: Vec<(PathBuf, File)>,
}

struct Saved {
    spare: (Vec<u8>, Vec<u8>),
    outcome: io::Result<()>,
}

impl Snapshot {
    /// How many bytes of this input have had their effect in this run.
    pub fn read(&self, input: usize) -> u64 {
        self.read.get(input).copied().unwrap_or(0)
    }

    /// The output of this name is so long: all of it was handed to the file. `memory` is given to who goes on writing.
    pub fn output(&mut self, name: &'static str, length: u64, memory: Vec<u8>) {
        self.lengths.push(Length { name, length, memory });
    }
}

impl Keeper {
    pub(super) fn start(state: State, every: Duration) -> io::Result<Keeper> {
        let State { path, lock, settings, files, outputs, .. } = state;
        let (saves, asked) = channel();
        let (tell, saved) = channel();
        thread::Builder::new().name("state".into()).spawn(move || {
            for save in asked {
                if tell.send(write(&path, &settings, save)).is_err() {
                    return;
                }
            }
        })?;
        let now = Instant::now();
        Ok(Keeper {
            _lock: lock,
            files,
            outputs,
            every,
            next: now + every,
            changed: false,
            read: Vec::new(),
            is_inside_line: false,
            begun: now,
            saves,
            saved,
            under_way: None,
            spare: (Vec::new(), Vec::new()),
        })
    }

    /// Whether the outputs are new to the state: then it is to be saved before anything is written to them.
    pub fn is_owed(&self) -> bool {
        self.outputs.is_new
    }

    /// A chunk has had its effect on the job and its outputs; so many lines of its input were read by now.
    pub fn read(&mut self, chunk: &Chunk, lines: u64) {
        self.changed = true;
        match chunk.kind {
            ChunkKind::Lines | ChunkKind::Cut => self.is_inside_line = false,
            ChunkKind::Oversized { first, last } => {
                if first {
                    self.files.begin_long_line(chunk.input);
                }
                self.is_inside_line = !last;
            }
        }
        if self.read.len() <= chunk.input {
            self.read.resize(chunk.input + 1, 0);
        }
        self.read[chunk.input] += chunk.bytes().len() as u64;
        self.files.read(chunk.input, chunk.bytes(), lines);
        if !self.is_inside_line {
            self.files.end_line(chunk.input);
        }
    }

    /// The job changed without input.
    pub fn touch(&mut self) {
        self.changed = true;
    }

    /// When there is something to save by.
    pub fn due(&self) -> Option<Instant> {
        (self.changed && !self.is_inside_line).then_some(self.next)
    }

    /// Whether it is time to save. False while the last save is on its way to the disk.
    ///
    /// # Errors
    ///
    /// The last save failed.
    pub fn is_due(&mut self) -> anyhow::Result<bool> {
        if self.due().is_none_or(|due| Instant::now() < due) {
            return Ok(false);
        }
        if self.under_way.is_some()
            && let Ok(saved) = self.saved.try_recv()
        {
            self.take(saved)?;
        }
        if self.under_way.is_some() {
            // Asked again soon; a slow disk makes saves rare, and stops nobody.
            self.next = Instant::now() + Duration::from_millis(5).min(self.every);
            return Ok(false);
        }
        Ok(true)
    }

    /// Begins a save.
    pub fn begin(&mut self) -> Snapshot {
        self.begun = Instant::now();
        let mut job = std::mem::take(&mut self.spare.1);
        job.clear();
        Snapshot { job: Packer::into_buffer(job), read: self.read.clone(), lengths: Vec::new() }
    }

    /// Hands a save to the thread that writes it.
    pub fn save(&mut self, snapshot: Snapshot) -> anyhow::Result<()> {
        let mut head = std::mem::take(&mut self.spare.0);
        head.clear();
        let mut packer = Packer::into_buffer(head);
        self.files.pack(&mut packer);
        packer.length(self.outputs.open.len());
        let mut lengths = Vec::new();
        let mut outputs = Vec::new();
        for open in &self.outputs.open {
            let told = snapshot.lengths.iter().find(|told| told.name == open.name);
            let (length, memory) =
                told.map_or((open.length, &[][..]), |told| (told.length, &told.memory[..]));
            open.pack(length, memory, &mut packer);
            lengths.push(length);
            outputs.push((open.path.clone(), open.file.try_clone()?));
        }
        let save = Save { head: packer.into_bytes(), job: snapshot.job.into_bytes(), outputs };
        self.saves.send(save).map_err(|_| io::Error::other("the thread that saves the state has ended"))?;
        self.under_way = Some(lengths);
        self.changed = false;
        let took = self.begun.elapsed();
        self.next = self.begun + self.every.max(took * SHARE);
        Ok(())
    }

    /// Waits until the save that is under way is on the disk.
    pub fn settle(&mut self) -> anyhow::Result<()> {
        if self.under_way.is_some() {
            let saved = self
                .saved
                .recv()
                .map_err(|_| io::Error::other("the thread that saves the state has ended"))?;
            self.take(saved)?;
        }
        Ok(())
    }

    /// All inputs were read to their end: those that look the same next time need not be opened.
    pub fn all_read(&mut self) {
        self.files.all_read();
    }

    /// The run failed: takes back what it wrote after the last save, which the next run writes again.
    pub fn give_up(mut self) -> anyhow::Result<()> {
        // Why it failed was told already, where it was this.
        let _ = self.settle();
        Ok(self.outputs.cut_back()?)
    }

    fn take(&mut self, saved: Saved) -> anyhow::Result<()> {
        let lengths = self.under_way.take();
        self.spare = saved.spare;
        saved.outcome?;
        self.outputs.is_new = false;
        for (open, length) in self.outputs.open.iter_mut().zip(lengths.into_iter().flatten()) {
            open.length = length;
        }
        Ok(())
    }
}

/// In this order: what the state says is on the disk before the state is.
fn write(path: &std::path::Path, settings: &[u8], save: Save) -> Saved {
    let Save { head, job, outputs } = save;
    let flushed = outputs.iter().try_for_each(|(output, file)| {
        file.sync_data()
            .map_err(|error| named(&error, &format!("cannot write {} to the disk", output.display())))
    });
    let outcome = flushed.and_then(|()| {
        let first = FORM.head(settings, &[&head, &job]);
        atomic::replace(path, &[&first, settings, &head, &job])
            .map_err(|error| named(&error, &format!("cannot save the state {}", path.display())))
    });
    Saved { spare: (head, job), outcome }
}

fn named(error: &io::Error, what: &str) -> io::Error {
    io::Error::new(error.kind(), format!("{what}: {error}"))
}
