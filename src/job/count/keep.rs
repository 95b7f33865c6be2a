//! What a later run needs to go on counting: the settings that must stay, and all that is known.

use std::time::Instant;

use serde_json::{Value, json};

use super::{Count, CountOptions};
use crate::expr::Expr;
use crate::job::late::LateFile;
use crate::job::limit::KeyLimit;
use crate::pack::{Packer, Unpackable, Unpacker};
use crate::record::Dedupe;
use crate::state::{self, Snapshot, State};
use crate::time::Span;
use crate::window::{Aggregate, Emit, Settings, Trigger, Watermark, WindowKind, Windows};

/// What the file of --late-output is called in a state.
const LATE: &str = "late";

impl CountOptions {
    /// What a state must agree with: all that changes what is counted, under the names of the options.
    pub fn settings(&self) -> state::Settings {
        // Each field is named, so that a new one is not forgotten.
        let CountOptions {
            clock,
            times,
            keys,
            missing_as_null,
            once_per_record,
            fold,
            keep,
            weight,
            aggregates,
            windows,
            limit,
            dedupe,
            source: told_apart,
            wall,
            late_output: _,
            at_end: _,
        } = self;
        let Settings {
            windows: kinds,
            watermark,
            allowed_lateness,
            max_future,
            emit,
            trigger,
            empty_windows,
            // These come from the options above.
            watermark_by: _,
            folded: _,
            weighted: _,
            aggregates: _,
            max_keys: _,
        } = windows;
        let source = |expression: &Expr| expression.source().to_owned();
        let keys: Vec<String> = keys.iter().map(|(name, key)| format!("{name}={}", key.source())).collect();
        let aggregates: Vec<String> = aggregates
            .iter()
            .map(|named| format!("{} {}={}", aggregate(named.aggregate), named.name, named.values.source()))
            .collect();
        let Value::Object(settings) = json!({
            "time": clock.setting(),
            "time-format": times.setting(),
            "key": keys,
            "missing": missing_as_null.then_some("null"),
            "fold": fold,
            "once-per-record": once_per_record,
            "where": keep.as_ref().map(source),
            "weight": weight.as_ref().map(source),
            "aggregate": aggregates,
            "window": kinds.iter().map(window).collect::<Vec<_>>(),
            "watermark": match watermark {
                Watermark::Delay(delay) => span(*delay),
                Watermark::Max => "max".into(),
            },
            "watermark-by": told_apart.as_ref().map(source),
            "allowed-lateness": span(*allowed_lateness),
            "max-future": match (max_future, wall.max_future) {
                (_, Some(ahead)) => format!("now+{}", span(ahead)),
                (Some(ahead), None) => span(*ahead),
                (None, None) => "off".into(),
            },
            "emit": match emit {
                Emit::Final => "final",
                Emit::Update => "update",
                Emit::Complete => "complete",
            },
            "trigger": trigger.map(|trigger| match trigger {
                Trigger::EventTime(every) => span(every),
                Trigger::Records(every) => format!("{every}rec"),
                Trigger::Called => "@wall".into(),
            }),
            "emit-empty": *empty_windows > 0,
            // A run that ends at its limit goes on with a higher one.
            "max-keys": limit.and_then(KeyLimit::estimated),
            "dedupe": dedupe.as_ref().map(|(id, _)| source(id)),
            "within": dedupe.as_ref().map(|(_, within)| span(*within)),
        }) else {
            return state::Settings::new();
        };
        settings
    }
}

fn span(millis: i64) -> String {
    Span::from_millis(millis).to_string()
}

fn aggregate(kind: Aggregate) -> String {
    match kind {
        Aggregate::Sum => "sum".into(),
        Aggregate::Min => "min".into(),
        Aggregate::Max => "max".into(),
        Aggregate::Mean => "mean".into(),
        Aggregate::Distinct => "distinct".into(),
        Aggregate::DistinctApproximate => "approximate distinct".into(),
        Aggregate::Quantile(fraction) => format!("quantile {fraction}"),
    }
}

fn window(kind: &WindowKind) -> String {
    match kind {
        WindowKind::Hopping { offset, .. } | WindowKind::Cumulate { offset, .. } if *offset != 0 => {
            format!("{kind} shifted by {}", span(*offset))
        }
        WindowKind::Calendar { zone, offset, .. } | WindowKind::CalendarCumulate { zone, offset, .. } => {
            let zone = zone.iana_name().map_or_else(|| format!("{zone:?}"), str::to_owned);
            let shift = if *offset == 0 { String::new() } else { format!(" from number {offset} on") };
            format!("{kind} in {zone}{shift}")
        }
        _ => kind.to_string(),
    }
}

impl Count {
    /// A count that goes on with what the state holds, and keeps open windows in it.
    pub fn go_on(options: CountOptions, state: &mut State) -> anyhow::Result<Count> {
        let late = match &options.late_output {
            Some(path) => state.output(LATE, path)?,
            None => None,
        };
        let late = late.map(|owned| LateFile::go_on(owned.file, owned.length));
        let mut count = Count::with_late(options, late)?;
        count.is_kept = true;
        if let Some(job) = state.job() {
            count.unpack(job).map_err(|error| state.unusable(error))?;
        }
        Ok(count)
    }

    /// The state as it is between two chunks.
    pub(super) fn snapshot(&mut self, snapshot: &mut Snapshot) -> anyhow::Result<()> {
        if let Some(late) = &mut self.late {
            late.flush()?;
            snapshot.output(LATE, late.length(), Vec::new());
        }
        self.pack(&mut snapshot.job);
        Ok(())
    }

    fn pack(&self, out: &mut Packer) {
        self.options.clock.pack(out);
        self.windows.pack(out);
        out.option(self.dedupe.as_ref(), |out, dedupe| dedupe.pack(out));
        out.option(self.late.as_ref(), |out, late| late.pack(out));
    }

    /// Goes on where the count that was packed stopped; its settings were these.
    fn unpack(&mut self, bytes: &[u8]) -> Result<(), Unpackable> {
        let mut from = Unpacker::new(bytes);
        self.options.clock.unpack(&mut from)?;
        self.windows = Windows::unpack(&self.options.windows, &mut from)?;
        self.before = self.windows.stats();
        self.taken = self.before.records;
        // A source that says nothing any more is silent from now on.
        let now = Instant::now();
        self.windows.each_source(|source| self.wall.hear_of(source, now));
        if from.bool()? {
            let (_, span) = self.options.dedupe.as_ref().ok_or(Unpackable)?;
            self.dedupe = Some(Dedupe::unpack(*span, &mut from)?);
        }
        if from.bool()? {
            LateFile::unpack(self.late.as_mut(), &mut from)?;
        }
        from.end()
    }
}
