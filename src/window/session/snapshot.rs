//! Sessions as bytes: key by key, the sessions of a key in their order. Their places are numbered anew.

use super::super::shown::{Dissolved, Shown};
use super::super::snapshot::{FAR, Unpacking, unpack_time};
use super::{Session, Sessions};
use crate::pack::{Packer, Unpackable, Unpacker};

impl Sessions {
    pub(in super::super) fn pack(&self, epoch: u32, out: &mut Packer) {
        out.i64(self.due);
        out.length(self.dissolved.len());
        for dissolved in &self.dissolved {
            out.u64(dissolved.key.into());
            dissolved.shown.pack(out);
            out.u64(dissolved.rev);
        }
        let mut touched = self.touched.clone();
        touched.sort_unstable();
        let places = || self.of_key.iter().flatten();
        out.length(places().count());
        for &place in places() {
            self.sessions[place].pack(epoch, out);
            out.bool(self.amended.contains(&place));
            out.bool(touched.binary_search(&place).is_ok());
        }
    }

    /// Takes over what was packed, in place of nothing.
    pub(in super::super) fn unpack(&mut self, unpacking: &mut Unpacking<'_, '_>) -> Result<(), Unpackable> {
        self.due = unpacking.from.i64()?;
        for _ in 0..unpacking.from.length()? {
            let key = unpacking.key()?;
            let (shown, rev) = (Shown::unpack(unpacking.from)?, unpacking.from.u64()?);
            self.dissolved.push(Dissolved { key, shown, rev });
        }
        for place in 0..unpacking.from.length()? {
            let session = Session::unpack(unpacking)?;
            let (key, timer) = (session.key as usize, (session.timer, place));
            if session.closed {
                self.closed.insert(timer)
            } else {
                self.closing.insert(timer)
            };
            if self.of_key.len() <= key {
                self.of_key.resize(key + 1, Vec::new());
            }
            self.of_key[key].push(place);
            self.sessions.push(session);
            if unpacking.from.bool()? {
                self.amended.insert(place);
            }
            if unpacking.from.bool()? {
                self.touched.push(place);
            }
        }
        Ok(())
    }
}

impl Session {
    fn pack(&self, epoch: u32, out: &mut Packer) {
        out.u64(self.key.into());
        out.i64(self.first);
        out.u64(self.last.abs_diff(self.first));
        out.u64(self.count.unsigned_abs());
        self.cells.iter().for_each(|cell| cell.pack(out));
        out.u64((epoch - self.changed).into());
        out.option(self.shown.as_ref(), |out, shown| shown.pack(out));
        self.reported.pack(epoch, out);
        out.bool(self.closed);
        out.i64(self.timer);
    }

    fn unpack(unpacking: &mut Unpacking<'_, '_>) -> Result<Session, Unpackable> {
        let key = unpacking.key()?;
        let first = unpack_time(unpacking.from)?;
        let last = first.checked_add_unsigned(unpacking.from.u64()?).filter(|&last| last <= FAR);
        let last = last.ok_or(Unpackable)?;
        let count = unpacking.count()?;
        let mut cells = Vec::new();
        unpacking.cells(&mut cells)?;
        Ok(Session {
            key,
            first,
            last,
            count,
            cells,
            changed: unpacking.epoch()?,
            shown: unpacking.from.option(Shown::unpack)?,
            reported: unpacking.reported()?,
            closed: unpacking.from.bool()?,
            timer: unpacking.from.i64()?,
        })
    }
}

impl Shown {
    fn pack(&self, out: &mut Packer) {
        out.i64(self.start);
        out.i64(self.end);
        out.option(self.spelling.as_deref(), Packer::string);
    }

    fn unpack(from: &mut Unpacker<'_>) -> Result<Shown, Unpackable> {
        let (start, end) = (from.i64()?, from.i64()?);
        let spelling = from.option(|from| from.string().map(Box::from))?;
        Ok(Shown { start, end, spelling })
    }
}
