//! `stream-fetch`: hands lines on untouched, at the pace of a recording where that is asked for, and records them.

mod edit;
mod keep;
mod mapper;
mod spools;

use std::ops::Range;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::clock::{Clock, ClockSearch, Glance};
use crate::archive::{Now, Recorder};
use crate::drive::{Context, End, Figures, Flow, Job, Notes, Recipe};
use crate::expr::Program;
use crate::jsonl::{Backlog, Chunk, Form, Trail};
use crate::source::Pace;
use crate::state::Snapshot;
use crate::time::{Millis, TimeReader};

pub use edit::{EditOptions, Shift};
pub use keep::settings;
pub use mapper::{FetchMapper, Line};
pub use spools::{Again, Spools};

use edit::{Editor, Made};

/// A run that is further behind its schedule was held up: it goes on from here, and does not send at once all that would have
/// been due meanwhile.
const CATCH_UP: Duration = Duration::from_secs(1);
/// A reader that takes longer for one write is said to be slow.
const SLOW: Duration = Duration::from_secs(1);
/// How far behind the end of the range the times of a live source must be for the run to end: what is later is not awaited.
const UNTIL_SLACK_MS: Millis = 10_000;

/// How lines are handed on.
#[derive(Clone, Debug)]
pub struct FetchOptions {
    /// When lines are due; `None`: as they come.
    pub pace: Option<Pace>,
    /// Which field is the time, where times are needed.
    pub clock: Clock,
    /// How the time is written.
    pub times: TimeReader,
    /// The run ends after so many records.
    pub records: Option<u64>,
    /// What is done with lines before they are handed on.
    pub edits: EditOptions,
    /// How the inputs are written.
    pub form: Form,
    /// The inputs have no end: the run has, behind the range of times that is wanted.
    pub is_live: bool,
    /// By input: what live sources leave along their bytes.
    pub trails: Vec<Option<Trail>>,
    /// Files are followed: that has no end either.
    pub follows: bool,
    /// A run whose sources have no end says at its end what it did: nobody has watched it.
    pub sums_up: bool,
}

/// The job; see [`FetchOptions`].
pub struct Fetch {
    options: FetchOptions,
    search: ClockSearch,
    editor: Option<Editor>,
    /// What the editor made of the chunk at hand.
    made: Made,
    /// When the first line came, or would have come for a run that was never held up.
    begun: Option<Instant>,
    /// Lines of the chunk at hand whose turn has not come, and the first of them once it is known when it is due.
    rest: std::vec::IntoIter<Line>,
    next: Option<(Line, Instant)>,
    written: u64,
    /// Where the last line that was written begins in its chunk.
    last_written: usize,
    untimed: u64,
    recorder: Option<Recorder>,
    /// Says that the reader is slow, from a thread of its own; gone once that watches.
    slow_notes: Option<Notes>,
    dropped: u64,
    /// Bytes handed on.
    bytes: u64,
    created: Instant,
    /// For who watches.
    glance: Option<Glance>,
    /// Where the text of the lines at hand is.
    text: Text,
    /// It is a stage of a pipeline with marks.
    is_marked: bool,
    /// A later run is to send the lines that this one has read and not sent.
    keeps_rest: bool,
    /// How sources that are no files are read again.
    spools: Option<Spools>,
}

/// Where the text of the lines at hand is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Text {
    /// In their chunk.
    Chunk,
    /// The same, copied: it may be saved in the middle of it.
    Copy,
    /// It was made, or saved: all lines of the chunk count as read, whatever becomes of them.
    Made,
}

impl Fetch {
    /// A fetch with these options.
    pub fn new(options: FetchOptions) -> Fetch {
        let edits = options.edits.clone();
        Fetch {
            editor: edits.is_some().then(|| Editor::new(edits, options.times.clone())),
            options,
            search: ClockSearch::default(),
            made: Made::default(),
            begun: None,
            rest: Vec::new().into_iter(),
            next: None,
            written: 0,
            last_written: 0,
            untimed: 0,
            recorder: None,
            slow_notes: None,
            dropped: 0,
            bytes: 0,
            created: Instant::now(),
            glance: None,
            text: Text::Chunk,
            is_marked: false,
            keeps_rest: false,
            spools: None,
        }
    }

    /// Says so there once the reader of the output keeps it waiting, and while it does.
    #[must_use]
    pub fn telling_of_slow_readers(mut self, notes: Notes) -> Fetch {
        self.slow_notes = Some(notes);
        self
    }

    fn watch_reader(&mut self, cx: &Context<'_>) -> anyhow::Result<()> {
        let Some(mut notes) = self.slow_notes.take() else { return Ok(()) };
        let text = format!(
            "the reader of the output is slow: it has taken nothing for {} s, and the source waits; --buffer SIZE lets so much \
             wait in memory",
            SLOW.as_secs()
        );
        Ok(cx.out.watch_reader(SLOW, Box::new(move || notes.say(&text)))?)
    }

    /// Each line also goes there.
    #[must_use]
    pub fn recording(mut self, recorder: Option<Recorder>) -> Fetch {
        self.recorder = recorder;
        self
    }

    fn write(&mut self, lines: &[u8], cx: &mut Context<'_>) -> anyhow::Result<()> {
        // Recorded first: what has reached the next tool can be read again.
        if let Some(recorder) = &mut self.recorder {
            recorder.write(lines, Now::read())?;
        }
        self.bytes += lines.len() as u64;
        cx.out.records(lines)
    }

    fn trails(&self) -> impl Iterator<Item = &Trail> {
        self.options.trails.iter().flatten()
    }

    /// What the run did, in a line.
    fn sum(&self) -> String {
        let sum = |figure: fn(&Trail) -> u64| self.trails().map(figure).sum::<u64>();
        format!(
            "{}, {}, {}, {} in {:.1} s",
            counted(self.written, "record"),
            counted(self.bytes, "byte"),
            counted(sum(Trail::reconnects), "reconnect"),
            counted(sum(Trail::gaps), "gap"),
            self.created.elapsed().as_secs_f64()
        )
    }

    fn needs_times(&self) -> bool {
        self.options.pace.as_ref().is_some_and(Pace::needs_event_time)
            || self.options.edits.needs_event_time()
    }

    /// Whether the wanted number of records is out.
    fn has_all(&self) -> bool {
        self.options.records.is_some_and(|records| self.written >= records)
    }

    /// Whether a live source is so far behind the wanted range that nothing of it is to be expected.
    fn is_past(&self) -> bool {
        let newest = self.editor.as_ref().filter(|_| self.options.is_live).and_then(Editor::newest);
        let until = self.options.edits.range.until.map(|until| until.saturating_add(UNTIL_SLACK_MS));
        newest.zip(until).is_some_and(|(newest, until)| newest >= until)
    }

    /// When a line with this time is due; `None`: at once.
    fn due(&mut self, time: Option<Millis>) -> Option<Instant> {
        self.untimed += u64::from(time.is_none() && self.needs_times());
        let pace = self.options.pace.as_mut()?;
        due_at(self.begun.as_mut()?, pace.due(time), Instant::now())
    }

    /// The next line of the chunk at hand, if it is due; else [`Fetch::next`] tells when, or all are out.
    fn take(&mut self) -> Option<Line> {
        if let Some((line, due)) = self.next.take() {
            if due > Instant::now() {
                self.next = Some((line, due));
                return None;
            }
            return Some(line);
        }
        if self.has_all() {
            return None;
        }
        let line = self.rest.next()?;
        match self.due(line.time) {
            Some(due) => {
                self.next = Some((line, due));
                None
            }
            None => Some(line),
        }
    }

    /// Writes the lines of the chunk at hand that are due. Those with nothing but a newline between them are written at once.
    fn send(&mut self, text: &[u8], cx: &mut Context<'_>) -> anyhow::Result<()> {
        let mut run: Range<usize> = 0..0;
        while let Some(line) = self.take() {
            self.written += 1;
            self.last_written = line.start;
            if run.end + 1 == line.start && !run.is_empty() {
                run.end = line.end;
            } else {
                if !run.is_empty() {
                    self.write(&text[run], cx)?;
                }
                run = line.start..line.end;
            }
        }
        if !run.is_empty() {
            self.write(&text[run], cx)?;
        }
        Ok(())
    }
}

/// When a line is due that stands so far behind the start; `None`: at once. The start of a run that was held up is moved.
fn due_at(begun: &mut Instant, behind_start: Duration, now: Instant) -> Option<Instant> {
    let due = begun.checked_add(behind_start)?;
    if let Some(behind) = now.checked_duration_since(due) {
        *begun += behind.saturating_sub(CATCH_UP);
        return None;
    }
    Some(due)
}

impl Job for Fetch {
    type Mapper = FetchMapper;

    fn settle(&mut self, chunk: &Chunk, notes: &mut Notes) -> anyhow::Result<bool> {
        if !self.needs_times() || !matches!(self.options.clock, Clock::Auto) {
            return Ok(true);
        }
        match self.search.look(chunk, None, &self.options.times, notes)? {
            Some(field) => {
                self.options.clock = Clock::Field(field);
                Ok(true)
            }
            None => Ok(false),
        }
    }

    fn recipe(&self) -> Recipe<FetchMapper> {
        let field = match &self.options.clock {
            Clock::Field(field) if self.needs_times() => Some(field.clone()),
            _ => None,
        };
        let times = self.options.times.clone();
        let is_shifting = self.options.edits.is_shifting();
        let form = self.options.form;
        Arc::new(move || {
            let time = match &field {
                Some(field) => Some((Program::new(&[field])?, field.clone(), times.clone())),
                None => None,
            };
            let place = field.as_ref().filter(|_| is_shifting).and_then(|field| field.field());
            Ok(FetchMapper::new(time, place, form))
        })
    }

    fn begin(&mut self, chunk: &Chunk, cx: &mut Context<'_>) -> anyhow::Result<Flow> {
        self.take_pending();
        if self.has_all() {
            return Ok(Flow::Done);
        }
        self.begun = (self.rest.len() > 0).then(Instant::now);
        self.go_on(chunk, cx)
    }

    fn apply(&mut self, chunk: &Chunk, lines: Vec<Line>, cx: &mut Context<'_>) -> anyhow::Result<Flow> {
        self.watch_reader(cx)?;
        if self.begun.is_none() && !lines.is_empty() {
            self.begun = Some(Instant::now());
        }
        self.last_written = 0;
        match &mut self.editor {
            Some(editor) => {
                let wall = Now::read().wall.as_millisecond();
                self.made.text.clear();
                for line in &lines {
                    editor.take(chunk.bytes(), line, chunk.pass, wall, &mut self.made);
                }
                self.rest = std::mem::take(&mut self.made.lines).into_iter();
                self.text = Text::Made;
            }
            None => {
                self.rest = lines.into_iter();
                self.text =
                    if self.keeps_rest && self.options.pace.is_some() { Text::Copy } else { Text::Chunk };
                if self.text == Text::Copy {
                    self.made.text.clear();
                    self.made.text.extend_from_slice(chunk.bytes());
                }
            }
        }
        self.go_on(chunk, cx)
    }

    fn go_on(&mut self, chunk: &Chunk, cx: &mut Context<'_>) -> anyhow::Result<Flow> {
        if self.text != Text::Chunk {
            let text = std::mem::take(&mut self.made.text);
            self.send(&text, cx)?;
            self.made.text = text;
        } else {
            self.send(chunk.bytes(), cx)?;
        }
        say_news(&mut self.recorder, cx);
        Ok(match &self.next {
            Some((_, due)) => Flow::Later(*due),
            None if self.is_past() => Flow::Done,
            None if self.has_all() && self.text != Text::Made => {
                // What stands behind the last line is not read yet: a later run reads it.
                self.rest = Vec::new().into_iter();
                Flow::DoneBehind(self.last_written)
            }
            None if self.has_all() => Flow::Done,
            None => Flow::On,
        })
    }

    fn send_rest(&mut self, chunk: &Chunk, cx: &mut Context<'_>) -> anyhow::Result<Flow> {
        let Some(editor) = &mut self.editor else { return Ok(Flow::On) };
        self.made.text.clear();
        editor.finish(&mut self.made);
        self.take_pending();
        self.go_on(chunk, cx)
    }

    fn status(&mut self, chunk: &Chunk) -> Option<String> {
        if !self.options.is_live {
            return None;
        }
        let reconnects: u64 = self.trails().map(Trail::reconnects).sum();
        let said = (reconnects > 0).then(|| counted(reconnects, "reconnect"));
        let glance = match &mut self.glance {
            Some(glance) => glance,
            none => none.insert(Glance::new(&self.options.clock).ok()?),
        };
        let behind = glance.last(chunk, &self.options.times).map(|last| {
            let behind = Now::read().wall.as_millisecond().saturating_sub(last);
            format!("{:.1} s behind now", behind as f64 / 1000.0)
        });
        let parts: Vec<String> = behind.into_iter().chain(said).collect();
        (!parts.is_empty()).then(|| parts.join(", "))
    }

    fn alarm(&self) -> Option<Instant> {
        self.recorder.as_ref()?.due(Now::read())
    }

    fn ring(&mut self, _cx: &mut Context<'_>) -> anyhow::Result<()> {
        Ok(self.recorder.as_mut().map_or(Ok(()), |recorder| recorder.tick(Now::read()))?)
    }

    fn finish(&mut self, _end: End, cx: &mut Context<'_>) -> anyhow::Result<()> {
        self.recorder.as_mut().map_or(Ok(()), Recorder::close)?;
        say_news(&mut self.recorder, cx);
        if self.needs_times() && matches!(self.options.clock, Clock::Auto) && self.search.has_seen_records() {
            return Err(self.search.nothing_found().into());
        }
        if let Some(editor) = &self.editor {
            editor.say(self.written, cx.notes);
        }
        cx.out.flush()?;
        self.dropped = cx.out.backlog().map_or(0, Backlog::dropped);
        if self.dropped > 0 {
            cx.notes.say(&format!(
                "{} of {} lines were dropped, because their reader was slow and the buffer full (--on-full)",
                self.dropped, self.written
            ));
        }
        if self.untimed > 0 {
            cx.notes.say(&format!(
                "{} of {} lines have no time that can be read; they came with the line before them",
                self.untimed, self.written
            ));
        }
        if self.options.sums_up && (self.options.follows || self.trails().any(Trail::is_endless)) {
            cx.notes.say(&self.sum());
        }
        Ok(())
    }

    fn save(&mut self, snapshot: &mut Snapshot) -> anyhow::Result<()> {
        // The place that is saved is behind what was recorded.
        self.recorder.as_mut().map_or(Ok(()), Recorder::flush)?;
        self.pack(snapshot)
    }

    fn packs_rest(&self) -> bool {
        self.keeps_rest
    }

    fn figures(&self, figures: &mut Figures) {
        if self.trails().next().is_some() {
            let sum = |figure: fn(&Trail) -> u64| self.trails().map(figure).sum::<u64>().into();
            figures.insert("reconnects".into(), sum(Trail::reconnects));
            figures.insert("gaps".into(), sum(Trail::gaps));
            figures.insert("repeats".into(), sum(Trail::repeats));
        }
        figures.insert("untimed".into(), self.untimed.into());
        if let Some(editor) = &self.editor {
            figures.insert("left_out".into(), editor.left_out().into());
        }
        figures.insert("rows".into(), self.written.into());
        if self.dropped > 0 {
            figures.insert("dropped".into(), self.dropped.into());
        }
        if let Some(recorder) = &self.recorder {
            figures.insert("recorded_files".into(), recorder.files().into());
        }
    }
}

fn counted(count: u64, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

fn say_news(recorder: &mut Option<Recorder>, cx: &mut Context<'_>) {
    recorder.iter_mut().flat_map(Recorder::notes).for_each(|note| cx.notes.say(&note));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Rate;

    #[test]
    fn a_run_that_was_held_up_sends_what_a_second_missed_and_goes_on_at_its_pace() {
        let start = Instant::now();
        let mut pace = Pace::per_second(Rate::per_second(1000.0).expect("a rate"));
        let mut begun = start;
        let mut is_due = |now: Instant| due_at(&mut begun, pace.due(None), now).is_none();
        for n in 0..100 {
            assert!(is_due(start + Duration::from_millis(n)), "line {n} in its time");
        }
        // Suspended for a minute: 60,000 lines would have been due.
        let late = start + Duration::from_secs(60);
        let at_once = (0..100_000).take_while(|_| is_due(late)).count();
        assert_eq!(at_once, 1001, "what a second missed, and the one that is due now");
        // The next stood a millisecond behind, and the others go on from there.
        assert!(is_due(late + Duration::from_millis(2)));
        assert!(!is_due(late + Duration::from_millis(2)));
    }
}
