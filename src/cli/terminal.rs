//! The person at the terminal: notes on stderr, the log file, the progress bar.

use std::fs::File;
use std::io::{self, IsTerminal, Write};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use indicatif::{HumanCount, ProgressBar, ProgressDrawTarget, ProgressStyle};
use jiff::Timestamp;

use crate::drive::{Loudness, Notes, Watcher, harmless};

/// A run that is shorter shows no bar.
const BAR_DELAY: Duration = Duration::from_millis(500);

/// The running tool, as the person at the terminal sees it.
pub struct Tool {
    name: String,
    voice: Arc<Mutex<Voice>>,
}

struct Voice {
    loudness: Loudness,
    log: Option<File>,
    bar: Option<ProgressBar>,
}

impl Tool {
    pub(super) fn new(name: &str) -> Tool {
        Tool {
            name: name.to_owned(),
            voice: Arc::new(Mutex::new(Voice { loudness: Loudness::Normal, log: None, bar: None })),
        }
    }

    /// The tool's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    pub(super) fn set_loudness(&mut self, loudness: Loudness) {
        self.with_voice(|voice| voice.loudness = loudness);
    }

    /// Notes are also written to this file, which grows, each with the time.
    pub(super) fn log_to(&mut self, path: &Path) -> anyhow::Result<()> {
        let log = File::options()
            .create(true)
            .append(true)
            .open(path)
            .with_context(|| format!("cannot open the log {}", path.display()))?;
        self.with_voice(|voice| voice.log = Some(log));
        Ok(())
    }

    /// Where a run's notes go.
    pub fn notes(&self) -> Notes {
        let voice = Arc::clone(&self.voice);
        Notes::new(
            &self.name,
            Box::new(move |loudness, line| {
                if let Ok(mut voice) = voice.lock() {
                    voice.say(loudness, line);
                }
            }),
        )
    }

    /// A bar over `size` bytes, or a spinner where the size is not known; nothing where nobody would see it or wants to, and
    /// nothing where output goes to the same terminal.
    pub(super) fn progress(&self, size: Option<u64>) -> Option<Watcher> {
        let is_quiet = self.voice.lock().is_ok_and(|voice| voice.loudness == Loudness::Quiet);
        if is_quiet || !io::stderr().is_terminal() || io::stdout().is_terminal() {
            return None;
        }
        let bar = ProgressBar::with_draw_target(size, ProgressDrawTarget::hidden());
        let template = match size {
            Some(_) => "{prefix} {wide_bar} {percent:>3} % {binary_bytes_per_sec}, {msg}, {eta} left",
            None => "{prefix} {spinner} {binary_bytes} at {binary_bytes_per_sec}, {msg}",
        };
        bar.set_style(ProgressStyle::with_template(template).ok()?.progress_chars("█▉▊▋▌▍▎▏ "));
        bar.set_prefix(self.name.clone());
        self.with_voice(|voice| voice.bar = Some(bar.clone()));
        let begun = Instant::now();
        let mut is_shown = false;
        let mut rate = Rate { since: begun, records: 0, per_second: 0.0 };
        Some(Box::new(move |progress| {
            if !is_shown && begun.elapsed() > BAR_DELAY {
                is_shown = true;
                bar.set_draw_target(ProgressDrawTarget::stderr());
                bar.enable_steady_tick(Duration::from_millis(200));
            }
            rate.take(progress.records);
            let shown = HumanCount(progress.records);
            bar.set_message(match progress.status {
                Some(status) => format!("{shown} records, {:.1}/s, {status}", rate.per_second),
                None => format!("{shown} records"),
            });
            bar.set_position(progress.bytes);
        }))
    }

    /// A bar over so many steps with the remaining time; nothing where nobody would see it or wants to.
    pub(super) fn steps(&self, all: u64) -> Box<dyn FnMut(u64)> {
        let is_quiet = self.voice.lock().is_ok_and(|voice| voice.loudness == Loudness::Quiet);
        let style = ProgressStyle::with_template("{prefix} {wide_bar} {pos} of {len} sweeps, {eta} left");
        let Ok(style) = style else { return Box::new(|_| ()) };
        if is_quiet || !io::stderr().is_terminal() {
            return Box::new(|_| ());
        }
        let bar = ProgressBar::new(all)
            .with_style(style.progress_chars("█▉▊▋▌▍▎▏ "))
            .with_prefix(self.name.clone());
        self.with_voice(|voice| voice.bar = Some(bar.clone()));
        Box::new(move |done| bar.set_position(done))
    }

    /// Says why the tool failed.
    pub(super) fn fail(&self, error: &anyhow::Error) {
        let line = format!("{}: {}", self.name, harmless(&format!("{error:#}")));
        self.with_voice(|voice| voice.say(Loudness::Quiet, &line));
    }

    /// Takes the bar from the terminal.
    pub(super) fn clear(&self) {
        self.with_voice(|voice| {
            if let Some(bar) = voice.bar.take() {
                bar.finish_and_clear();
            }
        });
    }

    fn with_voice(&self, act: impl FnOnce(&mut Voice)) {
        // Poisoned only if a thread panicked in here; then nothing more is said.
        if let Ok(mut voice) = self.voice.lock() {
            act(&mut voice);
        }
    }
}

/// Records a second, over the last second or so.
struct Rate {
    since: Instant,
    records: u64,
    per_second: f64,
}

impl Rate {
    fn take(&mut self, records: u64) {
        let seconds = self.since.elapsed().as_secs_f64();
        if seconds >= 1.0 {
            self.per_second = records.saturating_sub(self.records) as f64 / seconds;
            (self.since, self.records) = (Instant::now(), records);
        }
    }
}

impl Voice {
    fn say(&mut self, loudness: Loudness, line: &str) {
        if loudness <= self.loudness {
            // Without stderr there is nobody to tell.
            let write = || drop(writeln!(io::stderr(), "{line}"));
            match &self.bar {
                Some(bar) => bar.suspend(write),
                None => write(),
            }
        }
        if let Some(log) = &mut self.log {
            let now = Timestamp::now().round(jiff::Unit::Millisecond).unwrap_or_default();
            // A disk without room for what is said is no reason to lose records: stderr has it, too.
            let _ = writeln!(log, "{now} {line}");
        }
    }
}
