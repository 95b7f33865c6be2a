//! What is remembered of a file that was read: where it was, how far it was read, and what its content was like.
//!
//! Content is known by two prints: the first 4 KiB, and the 4 KiB before the place up to which it was read, both
//! uncompressed. So it is known again under another name, as a copy, and compressed; and a file that was truncated and
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
    /// The prints of the first and the last 4 KiB of them.
    pub head: u32,
    pub tail: u32,
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

/// The print of some bytes.
pub(super) fn print(bytes: &[u8]) -> u32 {
    crc32fast::hash(bytes)
}

impl Seen {
    /// A file of which nothing was read.
    pub fn new(path: PathBuf, identity: Identity) -> Seen {
        let nothing = print(b"");
        Seen {
            path,
            identity: Some(identity),
            offset: 0,
            lines: 0,
            head: nothing,
            tail: nothing,
            stamp: None,
        }
    }

    /// How many bytes each print covers.
    pub fn printed(&self) -> usize {
        self.offset.min(PRINT as u64) as usize
    }

    pub fn pack(&self, packer: &mut Packer) {
        packer.string(self.path.as_os_str().as_bytes());
        packer.option(self.identity, |packer, identity| {
            packer.u64(identity.device);
            packer.u64(identity.inode);
        });
        packer.u64(self.offset);
        packer.u64(self.lines);
        packer.u64(self.head.into());
        packer.u64(self.tail.into());
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
            head: unpacker.u32()?,
            tail: unpacker.u32()?,
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
    /// The first and the last bytes that were read, as far as the prints go.
    pub head: Vec<u8>,
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
        seen.offset += bytes.len() as u64;
        seen.lines = lines;
        let missing = (PRINT - self.head.len()).min(bytes.len());
        self.head.extend_from_slice(&bytes[..missing]);
        keep_last(&mut self.tail, bytes);
    }

    /// Brings the prints up to date.
    pub fn note(&mut self, seen: &mut Seen) {
        if std::mem::take(&mut self.changed) {
            (seen.head, seen.tail, seen.stamp) = (print(&self.head), print(&self.tail), None);
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
        ) {
            let identity = Identity { device: 1, inode: 2 };
            let stamp = Stamp { size: 9, modified: (3, -4) };
            let mut seen = Seen::new("a.jsonl".into(), identity);
            let mut progress = Progress { file: 0, head: vec![], tail: vec![], stamp, changed: false, before: None };
            let mut rest = &bytes[..];
            for cut in cuts.iter().cycle() {
                if rest.is_empty() { break; }
                let (part, after) = rest.split_at((*cut).min(rest.len()));
                progress.read(&mut seen, part, 1);
                progress.note(&mut seen);
                rest = after;
            }
            let covered = seen.printed();
            prop_assert_eq!(seen.offset, bytes.len() as u64);
            prop_assert_eq!(seen.head, print(&bytes[..covered]));
            prop_assert_eq!(seen.tail, print(&bytes[bytes.len() - covered..]));
            seen.stamp = Some(stamp);
            let mut packer = Packer::default();
            seen.pack(&mut packer);
            prop_assert_eq!(Seen::unpack(&mut Unpacker::new(packer.bytes())), Ok(seen));
        }
    }
}
