//! A file that is being recorded: `NAME.part` until it is whole, then `NAME`.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

use rustix::fs::{CWD, FlockOperation, RenameFlags, flock, renameat_with};
use rustix::io::Errno;

use super::Packing;
use super::frame::{self, Frame};
use super::pattern::{PART, further};

/// The file that lines go to.
pub(super) struct Part {
    /// What it is called once it is whole.
    pub path: PathBuf,
    /// Its name without a number.
    pub base: PathBuf,
    /// Which of the files of that name it is.
    pub number: u32,
    /// Locked for as long as it is open.
    file: File,
    packing: Packing,
    frame: Option<Frame>,
}

/// What became of a file that a run left behind.
pub(super) struct Finished {
    pub path: PathBuf,
    /// Bytes of whole frames; without any there is no file.
    pub kept: u64,
    /// Bytes behind them.
    pub cut: u64,
}

impl Part {
    /// Begins the next file of this name, which has this number at least: one that is there is never written to. What a run
    /// left under this name is finished first, and told to `finished`.
    pub fn create(
        base: &Path,
        mut number: u32,
        packing: Packing,
        finished: &mut Vec<Finished>,
    ) -> io::Result<Part> {
        if let Some(folder) = base.parent() {
            fs::create_dir_all(folder)?;
        }
        loop {
            let path = further(base, number);
            let part = part_of(&path);
            number += 1;
            if path.try_exists()? {
                continue;
            }
            let file = match OpenOptions::new().append(true).create_new(true).open(&part) {
                Ok(file) => file,
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                    finished.extend(finish(&path, packing)?);
                    continue;
                }
                Err(error) => return Err(error),
            };
            // Another run may take the file for one that was left, until it is locked.
            if lock(&file)? && !path.try_exists()? {
                return Ok(Part {
                    path,
                    base: base.to_owned(),
                    number: number - 1,
                    file,
                    packing,
                    frame: None,
                });
            }
        }
    }

    /// Takes whole lines, the last of which ends with `end`. True: they are the first of a frame.
    pub fn write(&mut self, lines: &[u8], end: &[u8]) -> io::Result<bool> {
        let begins = self.frame.is_none();
        let frame = match &mut self.frame {
            Some(frame) => frame,
            none => none.insert(Frame::begin(self.packing, self.file.try_clone()?)?),
        };
        frame.write(lines)?;
        if !end.is_empty() {
            frame.write(end)?;
        }
        Ok(begins)
    }

    /// Closes the frame: what it holds outlives this process.
    pub fn end_frame(&mut self) -> io::Result<()> {
        self.frame.take().map_or(Ok(()), Frame::end)
    }

    /// Bytes in the file; what a frame holds back is not counted.
    pub fn size(&self) -> io::Result<u64> {
        Ok(self.file.metadata()?.len())
    }

    /// It is whole: gives it its name.
    pub fn close(mut self) -> io::Result<()> {
        self.end_frame()?;
        self.file.sync_data()?;
        rename(&part_of(&self.path), &self.path)
    }
}

/// Finishes a file that a run left behind: its whole frames stay. `None`: another run is writing it, or has just finished.
pub(super) fn finish(path: &Path, packing: Packing) -> io::Result<Option<Finished>> {
    let part = part_of(path);
    let mut file = match OpenOptions::new().read(true).write(true).open(&part) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    if !lock(&file)? {
        return Ok(None);
    }
    let length = file.metadata()?.len();
    let kept = frame::whole(packing, &mut file)?;
    if kept == 0 {
        fs::remove_file(&part)?;
        return Ok(Some(Finished { path: path.to_owned(), kept, cut: length }));
    }
    file.set_len(kept)?;
    file.sync_data()?;
    let mut path = path.to_owned();
    let base = path.clone();
    let mut number = 0;
    loop {
        match rename(&part, &path) {
            Ok(()) => return Ok(Some(Finished { path, kept, cut: length - kept })),
            // A file of that name came meanwhile: both stay.
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                number += 1;
                path = further(&base, number);
            }
            Err(error) => return Err(error),
        }
    }
}

/// `NAME.part`.
pub(super) fn part_of(path: &Path) -> PathBuf {
    let mut part = path.as_os_str().to_owned();
    part.push(PART);
    part.into()
}

/// Whether nobody else writes this file; it is this process's from now on.
fn lock(file: &File) -> io::Result<bool> {
    match flock(file, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => Ok(true),
        Err(Errno::WOULDBLOCK) => Ok(false),
        // A file system without locks has nobody to keep out.
        Err(Errno::NOSYS | Errno::OPNOTSUPP | Errno::NOLCK) => Ok(true),
        Err(error) => Err(error.into()),
    }
}

/// Renames without replacing anything, where the file system can.
fn rename(from: &Path, to: &Path) -> io::Result<()> {
    match renameat_with(CWD, from, CWD, to, RenameFlags::NOREPLACE) {
        Err(Errno::INVAL | Errno::NOSYS | Errno::OPNOTSUPP) => fs::rename(from, to),
        renamed => Ok(renamed?),
    }
}
