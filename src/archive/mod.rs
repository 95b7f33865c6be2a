//! Recordings: lines go to files that are named by the time, and that others may take as soon as they have their names.
//!
//! A file is called `NAME.part` while it is written, and `NAME` once it is whole; it ends when the time gives another name,
//! or at a size. Inside it are frames of whole lines, closed every few seconds, so that a process that dies loses no more than
//! the last of them. The next run finishes what such a one left, and never writes to a file that has its name: it goes on
//! in the next number. No clock is read here: the caller says what time it is, and asks when it is to come again.

mod frame;
mod part;
mod pattern;
#[cfg(test)]
mod tests;

use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use jiff::Timestamp;

pub use frame::Packing;
pub use pattern::Pattern;

use part::{Finished, Part};

/// How a recording is to be made.
#[derive(Clone, Debug)]
pub struct Recording {
    /// The names.
    pub pattern: Pattern,
    /// A file ends once it is so large.
    pub size: Option<u64>,
    /// A frame is closed so long after it was begun.
    pub flush: Duration,
}

/// The time, by the calendar and by the clock that never jumps.
#[derive(Clone, Copy, Debug)]
pub struct Now {
    /// What names are made of.
    pub wall: Timestamp,
    /// What intervals are measured by.
    pub tick: Instant,
}

impl Now {
    /// What the system's clocks say.
    pub fn read() -> Now {
        Now { wall: Timestamp::now(), tick: Instant::now() }
    }
}

/// Writes a recording.
pub struct Recorder {
    recording: Recording,
    step: i64,
    part: Option<Part>,
    /// A file was ended by its size: which one comes after it.
    next: Option<(PathBuf, u32)>,
    /// When the open frame is to be closed.
    flush_at: Option<Instant>,
    /// The second for which the name was looked up last.
    named: Option<i64>,
    files: u64,
    notes: Vec<String>,
}

impl Recorder {
    /// Finishes what earlier runs of the same pattern left.
    ///
    /// # Errors
    ///
    /// What was left cannot be read or renamed.
    pub fn begin(recording: Recording) -> io::Result<Recorder> {
        let step = recording.pattern.step();
        let mut recorder = Recorder {
            recording,
            step,
            part: None,
            next: None,
            flush_at: None,
            named: None,
            files: 0,
            notes: Vec::new(),
        };
        let packing = recorder.recording.pattern.packing();
        for glob in recorder.recording.pattern.parts() {
            let Ok(paths) = glob::glob(&glob) else { continue };
            for path in paths.flatten() {
                let path = path.with_extension("");
                if let Some(finished) = part::finish(&path, packing).map_err(|error| at(&path, &error))? {
                    recorder.note(&finished);
                }
            }
        }
        Ok(recorder)
    }

    fn note(&mut self, finished: &Finished) {
        let name = finished.path.display();
        self.notes.push(match (finished.kept, finished.cut) {
            (0, cut) => format!("{name}.part was left by a run that ended early, and has no whole frame in its {cut} bytes: removed"),
            (_, 0) => format!("{name} was left by a run that ended early; it is whole"),
            (kept, cut) => {
                format!("{name} was left by a run that ended early: {kept} bytes are whole, and {cut} behind them were cut off")
            }
        });
    }

    /// What a person should know of since it was asked last.
    pub fn notes(&mut self) -> Vec<String> {
        std::mem::take(&mut self.notes)
    }

    /// How many files were begun.
    pub fn files(&self) -> u64 {
        self.files
    }

    /// Takes whole lines; the last newline may be missing.
    ///
    /// # Errors
    ///
    /// They cannot be written; the message names the file.
    pub fn write(&mut self, lines: &[u8], now: Now) -> io::Result<()> {
        self.tick(now)?;
        if self.part.is_none() {
            self.open(now)?;
        }
        let Some(part) = &mut self.part else { return Ok(()) };
        let end: &[u8] = if lines.ends_with(b"\n") { b"" } else { b"\n" };
        let written = part.write(lines, end).and_then(|begins| Ok((begins, part.size()?)));
        let (begins, size) = written.map_err(|error| at(&part.path, &error))?;
        if begins {
            self.flush_at = Some(now.tick + self.recording.flush);
        }
        if self.recording.size.is_some_and(|most| size >= most) {
            self.next = Some((part.base.clone(), part.number + 1));
            self.close()?;
        }
        Ok(())
    }

    /// Does what the time asks for: closes a frame, or ends a file whose name has passed.
    ///
    /// # Errors
    ///
    /// As [`Recorder::write`].
    pub fn tick(&mut self, now: Now) -> io::Result<()> {
        let Some(part) = &self.part else { return Ok(()) };
        if self.named != Some(now.wall.as_second()) {
            self.named = Some(now.wall.as_second());
            if self.recording.pattern.at(now.wall) != part.base {
                return self.close();
            }
        }
        if self.flush_at.is_some_and(|at| at <= now.tick) {
            return self.flush();
        }
        Ok(())
    }

    /// Closes the frame: what was written outlives this process.
    ///
    /// # Errors
    ///
    /// As [`Recorder::write`].
    pub fn flush(&mut self) -> io::Result<()> {
        self.flush_at = None;
        let Some(part) = &mut self.part else { return Ok(()) };
        part.end_frame().map_err(|error| at(&part.path, &error))
    }

    /// When [`Recorder::tick`] is to be called at the latest.
    pub fn due(&self, now: Now) -> Option<Instant> {
        self.part.as_ref()?;
        let into = now.wall.as_millisecond().rem_euclid(1000 * self.step);
        let next = now.tick + Duration::from_millis((1000 * self.step - into).unsigned_abs());
        Some(self.flush_at.map_or(next, |at| at.min(next)))
    }

    fn open(&mut self, now: Now) -> io::Result<()> {
        self.named = Some(now.wall.as_second());
        let base = self.recording.pattern.at(now.wall);
        let number = self.next.take().filter(|(last, _)| *last == base).map_or(0, |(_, number)| number);
        let mut finished = Vec::new();
        let created = Part::create(&base, number, self.recording.pattern.packing(), &mut finished);
        finished.iter().for_each(|finished| self.note(finished));
        self.part = Some(created.map_err(|error| at(&base, &error))?);
        self.files += 1;
        Ok(())
    }

    /// Ends the file that is open, if one is.
    ///
    /// # Errors
    ///
    /// As [`Recorder::write`].
    pub fn close(&mut self) -> io::Result<()> {
        self.flush_at = None;
        let Some(part) = self.part.take() else { return Ok(()) };
        let path = part.path.clone();
        part.close().map_err(|error| at(&path, &error))
    }
}

impl Drop for Recorder {
    /// A run that breaks off (its reader went away) leaves whole files, too. Where that fails, the next run does it.
    fn drop(&mut self) {
        let _ = self.close();
    }
}

/// The error with the file that it is about. It is never a closed pipe.
fn at(path: &Path, error: &io::Error) -> io::Error {
    let path: PathBuf = path.to_owned();
    io::Error::new(error.kind(), format!("cannot write the recording {}: {error}", path.display()))
}
