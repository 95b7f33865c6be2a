//! What a later run needs to go on: the settings that must stay, and all that is known.

use serde_json::{Value, json};

use super::records::Counting;
use super::{AtEnd, TopRecords, TopRows};
use crate::expr::Expr;
use crate::job::limit::KeyLimit;
use crate::pack::{Packer, Unpackable, Unpacker};
use crate::rank::{RankOptions, Ranking};
use crate::state::{self, State};

impl TopRows {
    /// What a state must agree with: all that changes which lists come out, or what they are compared with.
    pub fn settings(options: &RankOptions) -> state::Settings {
        // A trend goes with no state.
        let RankOptions { n, by, ascending, remainder, ties, group, trend: _ } = options;
        object(
            json!({ "N": n, "by": by, "asc": ascending, "other": remainder, "ties": ties, "group": group }),
        )
    }

    /// A ranking that goes on with what the state holds, and leaves a window in it that is not whole, unless a mark ends it.
    pub fn go_on(options: RankOptions, state: &State) -> anyhow::Result<TopRows> {
        let at_end = if state.stage().is_some() { AtEnd::WriteIfMarked } else { AtEnd::Keep };
        let mut rows = TopRows { at_end, ..TopRows::new(options) };
        if let Some(job) = state.job() {
            rows.unpack(job).map_err(|error| state.unusable(error))?;
        }
        Ok(rows)
    }

    pub(super) fn pack(&self, out: &mut Packer) {
        out.bool(self.is_found);
        self.ranking.pack(out);
    }

    fn unpack(&mut self, bytes: &[u8]) -> Result<(), Unpackable> {
        let mut from = Unpacker::new(bytes);
        self.is_found = from.bool()?;
        self.ranking = Ranking::unpack(self.options.clone(), &mut from)?;
        from.end()
    }
}

impl TopRecords {
    /// What a state must agree with: all that changes what is counted. How the list is made of the counts may change from
    /// run to run.
    pub fn settings(keys: &[(String, Expr)], folds: bool, limit: Option<KeyLimit>) -> state::Settings {
        let keys: Vec<String> = keys.iter().map(|(name, key)| format!("{name}={}", key.source())).collect();
        // A run that ends at its limit goes on with a higher one.
        object(json!({ "key": keys, "fold": folds, "max-keys": limit.and_then(KeyLimit::estimated) }))
    }

    /// Goes on with the counts that the state holds.
    pub fn go_on(mut self, state: &State) -> anyhow::Result<TopRecords> {
        self.is_kept = true;
        if let Some(job) = state.job() {
            self.unpack(job).map_err(|error| state.unusable(error))?;
        }
        Ok(self)
    }

    pub(super) fn pack(&self, out: &mut Packer) {
        match &self.counting {
            Counting::Exactly(counter) => counter.pack(out),
            Counting::Roughly(estimates) => estimates.pack(out),
        }
    }

    fn unpack(&mut self, bytes: &[u8]) -> Result<(), Unpackable> {
        let mut from = Unpacker::new(bytes);
        match &mut self.counting {
            Counting::Exactly(counter) => counter.unpack(&mut from)?,
            Counting::Roughly(estimates) => {
                let unpacked = estimates.unpack(&mut from)?;
                **estimates = unpacked;
            }
        }
        from.end()
    }
}

fn object(settings: Value) -> state::Settings {
    match settings {
        Value::Object(settings) => settings,
        _ => state::Settings::new(),
    }
}
