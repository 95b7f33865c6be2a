//! What a later run needs to go on: the settings that must stay, and what is remembered between records.

use serde_json::{Value, json};

use super::{DedupeOptions, Filter, FilterOptions, JoinOptions, SampleOptions, Shape, TimeRange, Write};
use crate::expr::Expr;
use crate::pack::{Packer, Unpackable, Unpacker};
use crate::record::Repeats;
use crate::state::{self, State};
use crate::time::rfc3339;

impl FilterOptions {
    /// What a state must agree with: all that changes which lines are written, under the names of the options.
    pub fn settings(&self) -> state::Settings {
        // Each field is named, so that a new one is not forgotten.
        let FilterOptions { keep, invert, clock, times, range, sample, dedupe, shape, count, most: _ } = self;
        let Shape { explode, join, write } = shape;
        let TimeRange { since, until } = range;
        let source = |expression: &Expr| expression.source().to_owned();
        let sample_key = |options: &SampleOptions| options.key.as_ref().map(source);
        // With more keys than --max-keys a run fails, and goes on with a higher limit.
        let repeats =
            |DedupeOptions { key, within, max_keys: _ }: &DedupeOptions| (source(key), within.to_string());
        let (key, within) = dedupe.as_ref().map(repeats).unzip();
        let Value::Object(settings) = json!({
            "where": keep.as_ref().map(source),
            "invert": invert,
            "time": if self.needs_time() { clock.setting() } else { None },
            "time-format": times.setting(),
            "since": since.map(rfc3339),
            "until": until.map(rfc3339),
            "sample": sample.as_ref().map(|options| options.sample.to_string()),
            "sample-key": sample.as_ref().and_then(sample_key),
            "dedupe": key,
            "within": within,
            "explode": explode.as_ref().map(source),
            "on": join.as_ref().map(|JoinOptions { table: _, key, left: _ }| source(key)),
            "left": join.as_ref().is_some_and(|join| join.left),
            "columns": join.as_ref().map(|join| join.table.names()),
            "select": match write {
                Write::Selected(selection) => Some(selection.source()),
                _ => None,
            },
            "map": match write {
                Write::Mapped { map, raw: _ } => Some(source(map)),
                _ => None,
            },
            "raw": matches!(write, Write::Mapped { raw: true, .. }),
            "count": count,
        }) else {
            return state::Settings::new();
        };
        settings
    }
}

impl Filter {
    /// A filter that goes on with what the state holds.
    pub fn go_on(options: FilterOptions, state: &State) -> anyhow::Result<Filter> {
        let mut filter = Filter::new(options);
        if let Some(job) = state.job() {
            filter.unpack(job).map_err(|error| state.unusable(error))?;
        }
        Ok(filter)
    }

    pub(super) fn pack(&self, out: &mut Packer) {
        self.options.clock.pack(out);
        out.u64(self.tally.lines);
        out.option(self.repeats.as_ref(), |out, repeats| repeats.pack(out));
    }

    fn unpack(&mut self, bytes: &[u8]) -> Result<(), Unpackable> {
        let mut from = Unpacker::new(bytes);
        self.options.clock.unpack(&mut from)?;
        let written = from.u64()?;
        if self.options.count {
            // All runs together have one count.
            self.tally.lines = written;
        }
        if from.bool()? {
            let dedupe = self.options.dedupe.as_ref().ok_or(Unpackable)?;
            self.repeats = Some(Repeats::unpack(dedupe.within, &mut from)?);
        }
        from.end()
    }
}
