//! What a later run needs to store the same: which columns tell records apart, and how old the newest of them is. Records are not among
//! it: at a mark all of them are in the store.

use super::{DeadLetters, Retention, Store};
use crate::pack::{Packer, Unpackable, Unpacker};
use crate::sink::Keys;
use crate::state::Snapshot;

/// What the file of dead letters is called in a state.
pub const LETTERS: &str = "dead letters";

impl Store {
    pub(super) fn pack(&mut self, snapshot: &mut Snapshot) -> anyhow::Result<()> {
        self.options.letters.as_mut().map_or(Ok(()), DeadLetters::flush)?;
        if let Some(length) = self.options.letters.as_ref().and_then(DeadLetters::length) {
            snapshot.output(LETTERS, length, Vec::new());
        }
        snapshot.job.option(self.keys.as_ref(), |packer, keys| {
            packer.length(keys.columns.len());
            keys.columns.iter().for_each(|column| packer.string(column.as_bytes()));
        });
        let newest = self.options.retention.as_ref().and_then(Retention::newest);
        snapshot.job.option(newest, Packer::i64);
        Ok(())
    }

    /// Goes on where the job was that was saved so.
    ///
    /// # Errors
    ///
    /// These bytes are not what it packed.
    pub fn restore(&mut self, packed: &[u8]) -> Result<(), Unpackable> {
        let mut from = Unpacker::new(packed);
        let keys = from.option(|from| {
            let column =
                |from: &mut Unpacker<'_>| String::from_utf8(from.string()?.to_vec()).map_err(|_| Unpackable);
            (0..from.length()?).map(|_| column(from)).collect::<Result<Vec<String>, _>>()
        })?;
        let newest = from.option(Unpacker::i64)?;
        from.end()?;
        self.keys = keys.map(Keys::new).or(self.keys.take());
        self.options.retention.iter_mut().for_each(|retention| retention.go_on(newest));
        Ok(())
    }
}
