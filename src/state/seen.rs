//! What is remembered of a file that was read: where it was, how far it was read, and what its content was like.
//!
//! Content is known by two prints: the first 4 KiB, as far as they were there, and the 4 KiB before the place up to which it
//! was read, both uncompressed. So it is known again under another name, as a copy, and compressed; and a file that was truncated and
//! filled again is known to be another.

use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::PathBuf;

use crate::pack::{Packer, Unpackable, Unpacker};

/// How much of the content a print covers.
pub(super) const PRINT: usize = 4 << 10;

/// One file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Seen {
    pub path: PathBuf,
    /// Which file it was; `None` once that name of it was seen to belong to other content.
    pub identity: Option<Identity>,
    /// How many bytes were read, uncompressed.
    pub offset: u64,
    /// Lines in these bytes.
    pub lines: u64,
    /// The first bytes of the file, whether they were read or not.
    pub head: Print,
    /// The last bytes that were read.
    pub tail: Print,
    /// How the file looked from outside when it was read to its end.
    pub stamp: Option<Stamp>,
}

/// Which file of the machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Identity {
    pub device: u64,
    pub inode: u64,
}

/// What changes when a file is written to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stamp {
    pub size: u64,
    pub modified: (i64, i64),
}

/// What some bytes are known by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Print {
    pub length: usize,
    checksum: u32,
}

impl Print {
    pub fn of(bytes: &[u8]) -> Print {
        Print { length: bytes.len(), checksum: crc32fast::hash(bytes) }
    }

    fn pack(self, packer: &mut Packer) {
        packer.length(self.length);
        packer.u64(self.checksum.into());
    }

    fn unpack(unpacker: &mut Unpacker<'_>) -> Result<Print, Unpackable> {
        let length = usize::try_from(unpacker.u64()?).ok().filter(|&length| length <= PRINT);
        Ok(Print { length: length.ok_or(Unpackable)?, checksum: unpacker.u32()? })
    }
}

impl Seen {
    /// A file of which nothing was read, and that begins so.
    pub fn new(path: PathBuf, identity: Identity, head: &[u8]) -> Seen {
        let (head, tail) = (Print::of(head), Print::of(b""));
        Seen { path, identity: Some(identity), offset: 0, lines: 0, head, tail, stamp: None }
    }

    /// Whether content may be this file's, by its first bytes.
    pub fn begins(&self, head: &[u8]) -> bool {
        head.get(..self.head.length).is_some_and(|head| Print::of(head) == self.head)
    }

    pub fn pack(&self, packer: &mut Packer) {
        packer.string(self.path.as_os_str().as_bytes());
        packer.option(self.identity, |packer, identity| {
            packer.u64(identity.device);
            packer.u64(identity.inode);
        });
        packer.u64(self.offset);
        packer.u64(self.lines);
        self.head.pack(packer);
        self.tail.pack(packer);
        packer.option(self.stamp, |packer, stamp| {
            packer.u64(stamp.size);
            packer.i64(stamp.modified.0);
            packer.i64(stamp.modified.1);
        });
    }

    pub fn unpack(unpacker: &mut Unpacker<'_>) -> Result<Seen, Unpackable> {
        Ok(Seen {
            path: std::ffi::OsString::from_vec(unpacker.string()?.to_vec()).into(),
            identity: unpacker
                .option(|unpacker| Ok(Identity { device: unpacker.u64()?, inode: unpacker.u64()? }))?,
            offset: unpacker.u64()?,
            lines: unpacker.u64()?,
            head: Print::unpack(unpacker)?,
            tail: Print::unpack(unpacker)?,
            stamp: unpacker.option(|unpacker| {
                Ok(Stamp { size: unpacker.u64()?, modified: (unpacker.i64()?, unpacker.i64()?) })
            })?,
        })
    }
}

/// Follows the reading of one file.
#[derive(Clone, Debug)]
pub(super) struct Progress {
    /// Its number among the files.
    pub file: usize,
    /// The first bytes of the file, as far as a print goes.
    pub head: Vec<u8>,
    /// The last bytes that were read.
    pub tail: Vec<u8>,
    /// How the file looked from outside before it was read.
    pub stamp: Stamp,
    /// Since it was last noted.
    pub changed: bool,
    /// Inside a line that comes in parts: how the file was known before it.
    pub before: Option<Box<Seen>>,
}

impl Progress {
    /// More was read, so many lines in all.
    pub fn read(&mut self, seen: &mut Seen, bytes: &[u8], lines: u64) {
        self.changed = true;
        if self.head.len() < PRINT
            && let Some(known) = (self.head.len() as u64).checked_sub(seen.offset)
        {
            let new = bytes.get(known as usize..).unwrap_or_default();
            self.head.extend_from_slice(&new[..new.len().min(PRINT - self.head.len())]);
        }
        seen.offset += bytes.len() as u64;
        seen.lines = lines;
        keep_last(&mut self.tail, bytes);
    }

    /// Brings the prints up to date.
    pub fn note(&mut self, seen: &mut Seen) {
        if std::mem::take(&mut self.changed) {
            (seen.head, seen.tail, seen.stamp) = (Print::of(&self.head), Print::of(&self.tail), None);
        }
    }
}

/// Of what `tail` has and `bytes`, keeps the last that a print covers.
pub(super) fn keep_last(tail: &mut Vec<u8>, bytes: &[u8]) {
    let new = &bytes[bytes.len().saturating_sub(PRINT)..];
    let stays = PRINT - new.len();
    tail.drain(..tail.len().saturating_sub(stays));
    tail.extend_from_slice(new);
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn prints_do_not_depend_on_how_a_file_was_read(
            bytes in prop::collection::vec(any::<u8>(), 0..3 * PRINT),
            cuts in prop::collection::vec(1..2 * PRINT, 1..6),
            known in 0..2 * PRINT,
        ) {
            let identity = Identity { device: 1, inode: 2 };
            let stamp = Stamp { size: 9, modified: (3, -4) };
            let head = bytes[..known.min(bytes.len()).min(PRINT)].to_vec();
            let mut seen = Seen::new("a.jsonl".into(), identity, &head);
            let mut progress = Progress { file: 0, head, tail: vec![], stamp, changed: false, before: None };
            let mut rest = &bytes[..];
            for cut in cuts.iter().cycle() {
                if rest.is_empty() { break; }
                let (part, after) = rest.split_at((*cut).min(rest.len()));
                progress.read(&mut seen, part, 1);
                progress.note(&mut seen);
                rest = after;
            }
            let covered = bytes.len().min(PRINT);
            prop_assert_eq!(seen.offset, bytes.len() as u64);
            prop_assert_eq!(seen.head, Print::of(&bytes[..covered]));
            prop_assert_eq!(seen.tail, Print::of(&bytes[bytes.len() - covered..]));
            prop_assert!(seen.begins(&bytes) && (covered == 0 || !seen.begins(&bytes[..covered - 1])));
            seen.stamp = Some(stamp);
            let mut packer = Packer::default();
            seen.pack(&mut packer);
            prop_assert_eq!(Seen::unpack(&mut Unpacker::new(packer.bytes())), Ok(seen));
        }
    }
}
