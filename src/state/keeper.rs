//! Saves the state while the run goes on.
//!
//! The run packs what it knows into memory, which is all that stops it. A thread of its own flushes the outputs to the disk,
//! and then replaces the state. While it is at work, or while packing has cost more than a twentieth of the time, no other
//! save begins, however often they are asked for. A stage of a pipeline saves at each mark, and only there.

use std::fs::File;
use std::io;
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, OnceLock};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::files::Files;
use super::marks::{Folder, Stage};
use super::owned::Outputs;
use super::{FORM, Place, State, atomic};
use crate::jsonl::{Chunk, ChunkKind};
use crate::pack::Packer;

/// Packing may take one part in so many of the time.
const SHARE: u32 = 20;

/// Follows a run, and saves its state.
pub struct Keeper {
    /// With its lock.
    place: Place,
    path: PathBuf,
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
    /// Called when a save of a stage is on the disk.
    wake: Arc<OnceLock<Wake>>,
}

type Wake = Box<dyn Fn() + Send + Sync>;

/// What is saved: the job packs itself into `job`, and whoever writes a file says how long it is.
pub struct Snapshot {
    /// What the job knows.
    pub job: Packer,
    read: Vec<u64>,
    lengths: Vec<Length>,
    files: Vec<(PathBuf, File)>,
    /// The mark that it is saved at.
    mark: Option<u64>,
}

struct Length {
    name: &'static str,
    length: u64,
    memory: Vec<u8>,
}

struct Save {
    path: PathBuf,
    head: Vec<u8>,
    job: Vec<u8>,
    outputs: Vec<(PathBuf, File)>,
    /// The mark that is committed with it.
    commit: Option<u64>,
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

    /// The mark of the pipeline that this is saved at, where marks say when: what is committed there is committed for all
    /// stages.
    pub fn mark(&self) -> Option<u64> {
        self.mark
    }

    /// The output of this name is so long: all of it was handed to the file. `memory` is given to who goes on writing.
    pub fn output(&mut self, name: &'static str, length: u64, memory: Vec<u8>) {
        self.lengths.push(Length { name, length, memory });
    }

    /// This file, or folder, is to be on the disk before the snapshot is.
    pub fn flush(&mut self, path: PathBuf, file: File) {
        self.files.push((path, file));
    }
}

impl Keeper {
    pub(super) fn start(state: State, every: Duration) -> io::Result<Keeper> {
        let State { path, place, settings, files, outputs, .. } = state;
        let (saves, asked) = channel();
        let (tell, saved) = channel();
        let (folder, old) = match &place {
            Place::File(_) => (None, 0),
            Place::Stage(stage) => (Some(stage.folder.clone()), stage.restore()),
        };
        let wake = Arc::<OnceLock<Wake>>::default();
        let woken = Arc::clone(&wake);
        thread::Builder::new().name("state".into()).spawn(move || {
            let mut writer = Writer { settings, folder, old };
            for save in asked {
                if tell.send(writer.write(save)).is_err() {
                    return;
                }
                woken.get().into_iter().for_each(|wake| wake());
            }
        })?;
        let now = Instant::now();
        let every = match &place {
            Place::File(_) => every,
            Place::Stage(stage) => stage.every().unwrap_or(every),
        };
        Ok(Keeper {
            place,
            path,
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
            wake,
        })
    }

    /// The stage that this keeps, if it is of a pipeline with marks.
    pub fn stage(&self) -> Option<&Stage> {
        match &self.place {
            Place::File(_) => None,
            Place::Stage(stage) => Some(stage),
        }
    }

    /// Calls this, on another thread, whenever a save is on the disk. Of several only the first is called.
    pub fn wake_by(&self, wake: Wake) {
        let _ = self.wake.set(wake);
    }

    /// The number of the next mark and its line, of a stage that makes marks; see [`Stage`].
    pub fn next_mark(&mut self, cursor: Option<Value>, end: bool) -> Option<(u64, Vec<u8>)> {
        match &mut self.place {
            Place::File(_) => None,
            Place::Stage(stage) => stage.next_mark(cursor, end),
        }
    }

    /// Whether the outputs are new to the state: then it is to be saved before anything is written to them.
    pub fn is_owed(&self) -> bool {
        self.outputs.is_new
    }

    /// A chunk has had its effect on the job and its outputs; so many lines of its input were read by now.
    pub fn read(&mut self, chunk: &Chunk, lines: u64) {
        self.changed = true;
        match chunk.kind {
            ChunkKind::Lines | ChunkKind::Cut | ChunkKind::Mark => self.is_inside_line = false,
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

    /// When there is something to save by. The source of a pipeline makes marks also when it is quiet; a stage behind it waits
    /// for them.
    pub fn due(&self) -> Option<Instant> {
        let wants = self.stage().map_or(self.changed, Stage::is_source);
        (wants && !self.is_inside_line).then_some(self.next)
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
        if !self.is_settled()? {
            // Asked again soon; a slow disk makes saves rare, and stops nobody.
            self.next = Instant::now() + Duration::from_millis(5).min(self.every);
            return Ok(false);
        }
        if let Place::Stage(stage) = &self.place
            && stage.is_far_ahead()?
        {
            self.next = Instant::now() + self.every;
            return Ok(false);
        }
        Ok(true)
    }

    /// Begins a save: of a stage, at this mark.
    pub fn begin(&mut self, mark: Option<u64>) -> Snapshot {
        self.begun = Instant::now();
        let mut job = std::mem::take(&mut self.spare.1);
        job.clear();
        Snapshot {
            job: Packer::into_buffer(job),
            read: self.read.clone(),
            lengths: Vec::new(),
            files: Vec::new(),
            mark,
        }
    }

    /// Hands a save to the thread that writes it.
    pub fn save(&mut self, snapshot: Snapshot) -> anyhow::Result<()> {
        let mut head = std::mem::take(&mut self.spare.0);
        head.clear();
        let mut packer = Packer::into_buffer(head);
        self.files.pack(&mut packer);
        packer.length(self.outputs.open.len());
        let mut lengths = Vec::new();
        let mut outputs = snapshot.files;
        for open in &self.outputs.open {
            let told = snapshot.lengths.iter().find(|told| told.name == open.name);
            let (length, memory) =
                told.map_or((open.length, &[][..]), |told| (told.length, &told.memory[..]));
            open.pack(length, memory, &mut packer);
            lengths.push(length);
            outputs.push((open.path.clone(), open.file.try_clone()?));
        }
        let (path, commit) = match (&self.place, snapshot.mark) {
            (Place::Stage(stage), Some(mark)) => {
                (stage.folder.snapshot(mark), (stage.is_last() && mark > stage.restore()).then_some(mark))
            }
            _ => (self.path.clone(), None),
        };
        let save = Save { path, head: packer.into_bytes(), job: snapshot.job.into_bytes(), outputs, commit };
        self.saves.send(save).map_err(|_| io::Error::other("the thread that saves the state has ended"))?;
        self.under_way = Some(lengths);
        self.changed = false;
        let took = self.begun.elapsed();
        self.next = self.begun + self.every.max(took * SHARE);
        Ok(())
    }

    /// Whether no save is under way any more.
    ///
    /// # Errors
    ///
    /// The last one failed.
    pub fn is_settled(&mut self) -> anyhow::Result<bool> {
        if self.under_way.is_some()
            && let Ok(saved) = self.saved.try_recv()
        {
            self.take(saved)?;
        }
        Ok(self.under_way.is_none())
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

/// Writes saves, on a thread of its own.
struct Writer {
    settings: Vec<u8>,
    folder: Option<Folder>,
    /// The mark that was committed at the last save but one: older ones are not gone back to, even if the machine lost power now.
    old: u64,
}

impl Writer {
    /// In this order: what the state says is on the disk before the state is, and that before it is committed.
    fn write(&mut self, save: Save) -> Saved {
        let Save { path, head, job, outputs, commit } = save;
        let flushed = outputs.iter().try_for_each(|(output, file)| {
            file.sync_data()
                .map_err(|error| named(&error, &format!("cannot write {} to the disk", output.display())))
        });
        let first = FORM.head(&self.settings, &[&head, &job]);
        let save = || {
            atomic::replace(&path, &[&first, &self.settings, &head, &job])?;
            match (&self.folder, commit) {
                (Some(folder), Some(mark)) => folder.commit(mark),
                _ => Ok(()),
            }
        };
        let outcome = flushed.and_then(|()| {
            save().map_err(|error| named(&error, &format!("cannot save the state {}", path.display())))
        });
        if let (Some(folder), Ok(())) = (&self.folder, &outcome) {
            folder.forget_before(self.old);
            // What cannot be read is told by whoever begins there.
            self.old = folder.committed().unwrap_or(self.old);
        }
        Saved { spare: (head, job), outcome }
    }
}

fn named(error: &io::Error, what: &str) -> io::Error {
    io::Error::new(error.kind(), format!("{what}: {error}"))
}
