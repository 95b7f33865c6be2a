//! `stream-serve`: publishes records as lines, and window rows as whole windows, for as long as somebody may want them.

use std::ops::{ControlFlow, Range};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use memchr::memmem;

use super::evaluate::failed;
use crate::chart::First;
use crate::drive::{self, Context, End, Figures, Flow, Job, Mapper, Recipe};
use crate::expr::{Expr, Program, Value};
use crate::jsonl::{Chunk, Record, Reject, read_whole};
use crate::row::{Assembly, Row};
use crate::serve::{Batch, Hub, Server};

/// A window whose last rows do not come is shown after so long a silence.
const SILENCE: Duration = Duration::from_secs(1);
/// How often a run that waits for readers looks for them.
const LOOK: Duration = Duration::from_millis(5);
/// A run that only serves looks so rarely whether it is to end; a signal ends it at once.
const LONG: Duration = Duration::from_secs(3600);
/// Readers that are sent away by a signal have so long to take what they lack.
const SHORT_FAREWELL: Duration = Duration::from_secs(1);

/// What is published, and when the run ends.
pub struct ServeOptions {
    /// Lines are what this puts out of each record, strings bare, in place of the records.
    pub raw: Option<Expr>,
    /// Records are passed on to the output, too.
    pub tee: bool,
    /// Nothing is taken before so many readers of lines are there.
    pub wait_for: usize,
    /// The run ends with its input, and does not go on to serve.
    pub exit_at_end: bool,
}

/// The job; see [`ServeOptions`].
pub struct Serve {
    options: ServeOptions,
    hub: Arc<Hub>,
    server: Server,
    windows: Windows,
    /// A batch for which there are no readers yet.
    waiting: Option<Seen>,
    rows: u64,
    /// When the last row came, while a window may lack rows.
    quiet_since: Option<Instant>,
    has_changes: bool,
}

/// Rows on their way to whole windows.
struct Windows {
    top: usize,
    assembly: Assembly<First>,
}

impl Windows {
    fn new(hub: &Hub) -> Windows {
        Windows { top: hub.top(), assembly: Assembly::default() }
    }

    /// Takes a row; false if it only says what changed.
    fn push(&mut self, row: Row, hub: &Hub) -> bool {
        let (top, mut ended) = (self.top, Vec::new());
        let taken = self.assembly.push(row, || First::new(top), |window| ended.push(window));
        ended.into_iter().for_each(|window| hub.window(window.into_rows()));
        taken.is_ok()
    }

    fn end(&mut self, hub: &Hub) {
        if let Some(window) = self.assembly.end() {
            hub.window(window.into_rows());
        }
    }
}

/// What a chunk has for readers.
#[derive(Default)]
pub struct Seen {
    /// The records in the chunk.
    records: Vec<Range<u32>>,
    /// What is sent in place of them, where that was asked for.
    raw: Vec<u8>,
    rows: Vec<Row>,
}

/// Reads records, and rows among them.
pub struct ServeMapper {
    program: Program,
    has_raw: bool,
    /// What a window row has to hold.
    count: memmem::Finder<'static>,
}

impl Mapper for ServeMapper {
    type Batch = Seen;

    fn begin(&mut self, chunk: &[u8], newlines: &mut Vec<u32>) -> bool {
        self.program.begin(chunk, newlines)
    }

    fn map(&mut self, record: &Record<'_>, seen: &mut Seen) -> Result<(), Reject> {
        let mut loaded = self.program.load_next(record).map_err(drive::fault)?;
        if self.has_raw {
            let before = seen.raw.len();
            let raw = &mut seen.raw;
            let done = loaded.outputs(0, &mut |value| {
                write_bare(&value, raw);
                ControlFlow::Continue(())
            });
            if let Err(error) = done {
                seen.raw.truncate(before);
                return Err(failed(error));
            }
        }
        if self.count.find(record.bytes).is_some()
            && let Ok(row) = Row::read(record.bytes)
            && (row.bounds.is_some() || row.rows.is_some())
        {
            seen.rows.push(row);
        }
        let place = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
        seen.records.push(place(record.start)..place(record.start + record.bytes.len()));
        Ok(())
    }
}

/// A line for those who read no JSON; what would break it in two is a space.
fn write_bare(value: &Value<'_>, out: &mut Vec<u8>) {
    match value {
        Value::Null => return,
        Value::String(text) => {
            let is_break = |c: char| matches!(c, '\n' | '\r' | '\u{85}' | '\u{2028}' | '\u{2029}');
            out.extend_from_slice(text.replace(is_break, " ").as_bytes());
        }
        other => other.write_json(out),
    }
    out.push(b'\n');
}

impl Serve {
    /// Publishes at the hub, which the server serves.
    pub fn new(options: ServeOptions, hub: Arc<Hub>, server: Server) -> Serve {
        Serve {
            windows: Windows::new(&hub),
            options,
            hub,
            server,
            waiting: None,
            rows: 0,
            quiet_since: None,
            has_changes: false,
        }
    }

    /// Publishes the windows of a file, as if they had come before; how many of its lines are no rows of whole windows.
    ///
    /// # Errors
    ///
    /// The file cannot be read.
    pub fn preload(hub: &Hub, file: &Path) -> anyhow::Result<usize> {
        let bytes =
            read_whole(file).with_context(|| format!("cannot read the history {}", file.display()))?;
        let mut windows = Windows::new(hub);
        let lines = bytes.split(|byte| *byte == b'\n').filter(|line| !line.trim_ascii().is_empty());
        let mut others = 0;
        for line in lines {
            let is_taken = Row::read(line.trim_ascii()).is_ok_and(|row| windows.push(row, hub));
            others += usize::from(!is_taken);
        }
        windows.end(hub);
        Ok(others)
    }

    fn has_readers(&self) -> bool {
        self.options.wait_for == 0 || self.hub.line_readers() >= self.options.wait_for
    }

    /// Hands a batch to all who want it.
    fn publish(&mut self, chunk: &Chunk, seen: Seen, cx: &mut Context<'_>) -> anyhow::Result<Flow> {
        // From now on readers may come and go.
        self.options.wait_for = 0;
        let bytes = chunk.bytes();
        let record = |place: &Range<u32>| &bytes[place.start as usize..place.end as usize];
        let mut lines = Vec::new();
        if self.options.tee || self.options.raw.is_none() && self.hub.line_readers() > 0 {
            lines.reserve(bytes.len() + 1);
            for place in &seen.records {
                lines.extend_from_slice(record(place));
                lines.push(b'\n');
            }
        }
        if self.options.tee {
            cx.out.text(&lines)?;
        }
        let all = chunk.records().count() as u64;
        let records = seen.records.len() as u64;
        self.hub.take(&Batch {
            lines: if self.options.raw.is_some() { &seen.raw } else { &lines },
            records,
            rejected: all.saturating_sub(records),
            bytes: bytes.len() as u64,
            sample: seen.records.last().map(record),
        });
        if !seen.rows.is_empty() {
            self.quiet_since = Some(Instant::now());
        }
        for row in seen.rows {
            self.rows += 1;
            if !self.windows.push(row, &self.hub) && !std::mem::replace(&mut self.has_changes, true) {
                self.hub.saw_changes();
                cx.notes.say(
                    "rows that only say what changed (--emit update) are sent on, but make no windows on the page: \
                     use window-count --emit final or --emit complete",
                );
            }
        }
        Ok(self.pace())
    }

    /// A reader that wants every line may hold the input back for a while.
    fn pace(&self) -> Flow {
        if self.hub.is_full() { Flow::Later(Instant::now() + LOOK) } else { Flow::On }
    }
}

impl Job for Serve {
    type Mapper = ServeMapper;

    fn recipe(&self) -> Recipe<ServeMapper> {
        let raw = self.options.raw.clone();
        Arc::new(move || {
            let expressions: Vec<&Expr> = raw.iter().collect();
            let program = Program::new(&expressions)?;
            Ok(ServeMapper { program, has_raw: raw.is_some(), count: memmem::Finder::new("\"count\"") })
        })
    }

    fn apply(&mut self, chunk: &Chunk, seen: Seen, cx: &mut Context<'_>) -> anyhow::Result<Flow> {
        if self.has_readers() {
            return self.publish(chunk, seen, cx);
        }
        self.waiting = Some(seen);
        Ok(Flow::Later(Instant::now() + LOOK))
    }

    fn go_on(&mut self, chunk: &Chunk, cx: &mut Context<'_>) -> anyhow::Result<Flow> {
        if self.waiting.is_some() && !self.has_readers() {
            return Ok(Flow::Later(Instant::now() + LOOK));
        }
        match self.waiting.take() {
            Some(seen) => self.publish(chunk, seen, cx),
            None if self.hub.is_ended() => Ok(Flow::Later(Instant::now() + LONG)),
            None => Ok(self.pace()),
        }
    }

    fn send_rest(&mut self, _chunk: &Chunk, cx: &mut Context<'_>) -> anyhow::Result<Flow> {
        self.windows.end(&self.hub);
        self.hub.end();
        if self.options.exit_at_end {
            return Ok(Flow::On);
        }
        cx.notes.say("the input has ended; what came is served until a signal comes");
        // What reads behind us is not to wait for the end of the server.
        cx.out.flush()?;
        Ok(Flow::Later(Instant::now() + LONG))
    }

    fn alarm(&self) -> Option<Instant> {
        self.quiet_since.map(|since| since + SILENCE)
    }

    fn ring(&mut self, _cx: &mut Context<'_>) -> anyhow::Result<()> {
        if self.quiet_since.take_if(|since| since.elapsed() >= SILENCE).is_some() {
            self.windows.end(&self.hub);
        }
        Ok(())
    }

    fn finish(&mut self, end: End, _cx: &mut Context<'_>) -> anyhow::Result<()> {
        self.windows.end(&self.hub);
        self.hub.end();
        let within = if matches!(end, End::Signal(_)) { SHORT_FAREWELL } else { crate::serve::PATIENCE };
        self.server.stop(within);
        Ok(())
    }

    fn figures(&self, figures: &mut Figures) {
        let windows = self.hub.windows();
        figures.insert("windows".into(), windows.into());
        figures.insert("rows".into(), self.rows.into());
    }
}
