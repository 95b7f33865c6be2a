//! Fixed windows as bytes: their panes, and what is known of the windows over them.

use super::super::pane::Pane;
use super::super::snapshot::{Unpacking, pack_numbers};
use super::Fixed;
use crate::pack::{Packer, Unpackable};

impl Fixed {
    pub(in super::super) fn pack(&self, epoch: u32, out: &mut Packer) {
        out.i64(self.next);
        out.i64(self.due);
        out.u64(self.empty_run);
        out.bool(self.is_cut);
        out.i64(self.first);
        pack_numbers(self.touched.iter().copied(), out);
        pack_numbers(self.amended.iter().copied(), out);
        out.length(self.reported.len());
        for (&window, reported) in &self.reported {
            out.i64(window);
            reported.pack(epoch, out);
        }
        out.length(self.panes.len());
        for (&number, &place) in &self.panes {
            out.i64(number);
            self.store[place].pack(epoch, out);
        }
    }

    /// Takes over what was packed, in place of nothing.
    pub(in super::super) fn unpack(&mut self, unpacking: &mut Unpacking<'_, '_>) -> Result<(), Unpackable> {
        self.next = unpacking.from.i64()?;
        self.due = unpacking.from.i64()?;
        self.empty_run = unpacking.from.u64()?;
        self.is_cut = unpacking.from.bool()?;
        self.first = unpacking.from.i64()?;
        self.touched = unpacking.numbers()?;
        self.amended = unpacking.numbers()?;
        for _ in 0..unpacking.from.length()? {
            let window = unpacking.from.i64()?;
            self.reported.insert(window, unpacking.reported()?);
        }
        for _ in 0..unpacking.from.length()? {
            let number = unpacking.from.i64()?;
            let mut pane = Pane::new(self.max_keys);
            pane.unpack(unpacking)?;
            self.panes.insert(number, self.store.len());
            self.store.push(pane);
        }
        let mut panes = self.panes.keys().chain(&self.touched);
        let mut windows = self.reported.keys().chain(&self.amended);
        let has_begun = self.next != i64::MIN;
        let lies_in_time = panes.all(|&pane| self.layout.has_pane(pane))
            && windows.all(|&window| self.layout.has_window(window))
            && (!has_begun || self.layout.has_window(self.next));
        if lies_in_time { Ok(()) } else { Err(Unpackable) }
    }
}
