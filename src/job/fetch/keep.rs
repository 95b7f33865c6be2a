//! What a later run needs to go on fetching: the settings that must stay, places in the sources, lines on their way.

use serde_json::{Value, json};

use super::edit::{EditOptions, Shift};
use super::mapper::Line;
use super::{Fetch, FetchOptions, Spools, Text};
use crate::pack::{Packer, Unpackable, Unpacker};
use crate::source::Resume;
use crate::state::{self, Snapshot, State, StateError};
use crate::time::rfc3339;

/// What errors call the state of a fetch that is no stage: the name of the option.
const CURSOR: &str = "cursor";

/// What a stage of a pipeline must agree with: all that changes which lines are sent, under the names of the options.
pub fn settings(options: &FetchOptions) -> state::Settings {
    // Each field is named, so that a new one is not forgotten.
    let FetchOptions {
        clock,
        times,
        edits,
        form: _,
        // When lines are sent, and how many, may change.
        pace: _,
        records: _,
        is_live: _,
        trails: _,
        follows: _,
        sums_up: _,
    } = options;
    let EditOptions { range, shift, is_looped: _, disorder: _, stamp } = edits;
    let has_time = edits.needs_event_time();
    let Value::Object(settings) = json!({
        "time": if has_time { clock.setting() } else { None },
        "time-format": if has_time { times.setting() } else { None },
        "since": range.since.map(rfc3339),
        "until": range.until.map(rfc3339),
        "shift": shift.map(|shift| match shift {
            Shift::Now => "now".to_owned(),
            Shift::To(time) => rfc3339(time),
        }),
        "stamp": stamp,
    }) else {
        return state::Settings::new();
    };
    settings
}

impl Fetch {
    /// Goes on as a stage of a pipeline, at what it saved at a mark.
    ///
    /// # Errors
    ///
    /// Bytes that no stage saved.
    pub fn go_on_at_mark(mut self, state: &State) -> anyhow::Result<Fetch> {
        (self.is_marked, self.keeps_rest) = (true, true);
        if let Some(job) = state.job() {
            self.unpack(job).map_err(|error| state.unusable(error))?;
        }
        Ok(self)
    }

    /// Keeps its place in its sources, and sends first what an earlier run had read of them and not sent.
    ///
    /// # Errors
    ///
    /// Bytes that no fetch saved.
    pub fn go_on_at_cursor(mut self, state: &State) -> Result<Fetch, StateError> {
        self.keeps_rest = true;
        let rest = |job| {
            let mut from = Unpacker::new(job);
            Resume::unpack(&mut from)?;
            // Earlier releases packed no lines.
            if from.end().is_ok() { Ok(()) } else { self.unpack_rest(&mut from) }
        };
        match state.job().map_or(Ok(()), rest) {
            Ok(()) => Ok(self),
            Err(error) => Err(state.unusable(error).called(CURSOR)),
        }
    }

    /// Reads its sources through these.
    #[must_use]
    pub fn through(self, spools: Option<Spools>) -> Fetch {
        Fetch { spools, ..self }
    }

    /// The places at which the sources of a stage were that was saved, as far as they are no files.
    ///
    /// # Errors
    ///
    /// Bytes that no stage saved.
    pub fn spool_places(job: &[u8]) -> Result<Vec<u64>, Unpackable> {
        Spools::unpack(Unpacker::new(job).string()?)
    }

    pub(super) fn pack(&mut self, snapshot: &mut Snapshot) -> anyhow::Result<()> {
        if !self.is_marked {
            self.pack_places(snapshot);
            self.pack_rest(&mut snapshot.job);
            return Ok(());
        }
        let mut places = Packer::default();
        self.spools.as_mut().map_or(Ok(()), |spools| spools.save(snapshot, &mut places))?;
        let out = &mut snapshot.job;
        out.string(places.bytes());
        self.options.clock.pack(out);
        out.u64(self.written);
        out.option(self.editor.as_ref(), |out, editor| editor.pack(out));
        self.pack_rest(out);
        Ok(())
    }

    /// The lines of the chunk at hand that are not sent. Between two chunks there are none.
    fn pack_rest(&mut self, out: &mut Packer) {
        let lines = || self.next.iter().map(|(line, _)| line).chain(self.rest.as_slice());
        let count = lines().count();
        out.length(count);
        for line in lines() {
            out.option(line.time, Packer::i64);
            // With a chunk that can be saved in its middle, their text is this.
            out.string(&self.made.text[line.start..line.end]);
        }
        if count > 0 {
            self.text = Text::Made;
        }
    }

    fn unpack_rest(&mut self, from: &mut Unpacker<'_>) -> Result<(), Unpackable> {
        for _ in 0..from.length()? {
            let time = from.option(Unpacker::i64)?;
            let start = self.made.text.len();
            self.made.text.extend_from_slice(from.string()?);
            self.made.lines.push(Line::new(start..self.made.text.len(), time));
            self.made.text.push(b'\n');
        }
        from.end()
    }

    /// For a cursor: what the sources themselves go on with.
    fn pack_places(&self, snapshot: &mut Snapshot) {
        let place = |(input, trail): (usize, &Option<_>)| {
            let at = |trail: &crate::jsonl::Trail| trail.at(snapshot.read(input));
            let (token, ids) = trail.as_ref().map(at).unwrap_or_default();
            Resume { token, ids }
        };
        let places: Vec<Resume> = self.options.trails.iter().enumerate().map(place).collect();
        Resume::pack(&places, &mut snapshot.job);
    }

    fn unpack(&mut self, bytes: &[u8]) -> Result<(), Unpackable> {
        let mut from = Unpacker::new(bytes);
        from.string()?;
        self.options.clock.unpack(&mut from)?;
        self.written = from.u64()?;
        if from.bool()? {
            self.editor.as_mut().ok_or(Unpackable)?.unpack(&mut from)?;
        }
        self.unpack_rest(&mut from)
    }

    /// Takes what an earlier run had read and not sent.
    pub(super) fn take_pending(&mut self) {
        self.rest = std::mem::take(&mut self.made.lines).into_iter();
        self.text = Text::Made;
    }
}
