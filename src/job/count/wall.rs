//! What the wall clock does in a count: it shows the open windows of a silent source, or at a trigger, leaves out sources
//! that others have gone on without, and bounds the times that are believed.
//!
//! All of it happens only where it is asked for, and stands outside of the promise that the same input gives the same
//! bytes. Instants are handed in; this reads no clock.

use std::time::{Duration, Instant};

use foldhash::fast::FixedState;
use hashbrown::HashMap;

use crate::time::Millis;

/// What the wall clock is asked for.
#[derive(Clone, Debug, Default)]
pub struct WallOptions {
    /// After so long a silence the windows that are due by the wall clock are emitted as open; of sources that are told
    /// apart, one that is silent for so long while others are not holds the watermark back no longer.
    pub idle_timeout: Option<Duration>,
    /// Open windows that changed are emitted so often.
    pub trigger: Option<Duration>,
    /// How far ahead of the clock a record's time is believed, in milliseconds.
    pub max_future: Option<Millis>,
}

/// What has happened by the wall clock.
pub(super) struct Wall {
    options: WallOptions,
    /// When the last records came, and when that silence was last answered.
    last_input: Option<(Instant, Instant)>,
    rhythm: Option<Rhythm>,
    believed_until: Option<Millis>,
    sources: Option<Sources>,
}

/// The trigger's beat: multiples of a span since the first record.
struct Rhythm {
    begun: Instant,
    /// The next beat, if records have come since the last one.
    due: Option<Instant>,
}

/// When each source last spoke. A silence of all of them together counts for none.
struct Sources {
    spoke: HashMap<Box<[u8]>, Instant, FixedState>,
    /// When the last silence of all ended.
    resumed: Option<Instant>,
    /// Before this nobody has been silent for long enough.
    look_at: Option<Instant>,
    dropped: u64,
}

impl Wall {
    pub(super) fn new(options: WallOptions, has_sources: bool) -> Wall {
        let sources = (has_sources && options.idle_timeout.is_some()).then(|| Sources {
            spoke: HashMap::with_hasher(FixedState::with_seed(0)),
            resumed: None,
            look_at: None,
            dropped: 0,
        });
        Wall { options, last_input: None, rhythm: None, believed_until: None, sources }
    }

    /// Records have come.
    pub(super) fn hear(&mut self, now: Instant) {
        if let (Some(sources), Some(timeout), Some((last, _))) =
            (&mut self.sources, self.options.idle_timeout, self.last_input)
            && now.duration_since(last) >= timeout
        {
            sources.resumed = Some(now);
        }
        self.last_input = Some((now, now));
        if let Some(every) = self.options.trigger {
            let rhythm = self.rhythm.get_or_insert(Rhythm { begun: now, due: None });
            rhythm.due.get_or_insert_with(|| {
                let beats = now.duration_since(rhythm.begun).as_nanos() / every.as_nanos() + 1;
                rhythm.begun + every.saturating_mul(u32::try_from(beats).unwrap_or(u32::MAX))
            });
        }
    }

    /// A record of a source has come.
    pub(super) fn hear_of(&mut self, source: &[u8], now: Instant) {
        let Some(Sources { spoke, look_at, .. }) = &mut self.sources else { return };
        match spoke.get_mut(source) {
            Some(last) => *last = now,
            None => {
                spoke.insert(source.into(), now);
                let silent_at = self.options.idle_timeout.map(|timeout| now + timeout);
                *look_at = look_at.or(silent_at);
            }
        }
    }

    /// Takes out the sources that have been silent while others spoke.
    pub(super) fn take_silent(&mut self, now: Instant) -> Vec<Box<[u8]>> {
        let (Some(sources), Some(timeout)) = (&mut self.sources, self.options.idle_timeout) else {
            return Vec::new();
        };
        if sources.look_at.is_none_or(|at| now < at) {
            return Vec::new();
        }
        let resumed = sources.resumed;
        let silent_at = |spoke: Instant| resumed.map_or(spoke, |resumed| spoke.max(resumed)) + timeout;
        let mut silent: Vec<_> =
            sources.spoke.extract_if(|_, spoke| silent_at(*spoke) <= now).map(|(source, _)| source).collect();
        silent.sort_unstable();
        sources.look_at = sources.spoke.values().map(|spoke| silent_at(*spoke)).min();
        sources.dropped += silent.len() as u64;
        silent
    }

    /// How often a silent source was left out, where sources are told apart.
    pub(super) fn dropped(&self) -> Option<u64> {
        self.sources.as_ref().map(|sources| sources.dropped)
    }

    /// When there is something to do although nothing comes.
    pub(super) fn alarm(&self) -> Option<Instant> {
        let beat = self.rhythm.as_ref().and_then(|rhythm| rhythm.due);
        let silence = self.last_input.zip(self.options.idle_timeout);
        beat.into_iter().chain(silence.map(|((_, answered), timeout)| answered + timeout)).min()
    }

    /// Whether the trigger fires; then not again before its next beat.
    pub(super) fn take_beat(&mut self, now: Instant) -> bool {
        self.rhythm.as_mut().is_some_and(|rhythm| rhythm.due.take_if(|due| *due <= now).is_some())
    }

    /// How long it has been silent, if that calls for an answer; then not again before the same time has passed.
    pub(super) fn take_silence(&mut self, now: Instant) -> Option<Millis> {
        let (last, answered) = self.last_input.as_mut().zip(self.options.idle_timeout).and_then(
            |((last, answered), timeout)| (*answered + timeout <= now).then_some((*last, answered)),
        )?;
        *answered = now;
        Some(Millis::try_from(now.duration_since(last).as_millis()).unwrap_or(Millis::MAX))
    }

    /// The last time that is believed, where the clock bounds it; `now` reads that.
    pub(super) fn believe(&mut self, now: impl FnOnce() -> Millis) -> Option<Millis> {
        self.believed_until = self.options.max_future.map(|ahead| now().saturating_add(ahead));
        self.believed_until
    }

    /// Whether a time is not believed.
    pub(super) fn is_beyond_belief(&self, time: Millis) -> bool {
        self.believed_until.is_some_and(|until| time > until)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn wall(options: WallOptions) -> (Wall, Instant) {
        (Wall::new(options, true), Instant::now())
    }

    #[test]
    fn a_source_is_silent_only_while_others_speak() {
        let (mut wall, begin) =
            wall(WallOptions { idle_timeout: Some(10 * SECOND), ..WallOptions::default() });
        let at = |second: u32| begin + second * SECOND;
        let mut speak = |source: &[u8], second: u32| {
            wall.hear(at(second));
            wall.hear_of(source, at(second));
            wall.take_silent(at(second)).iter().map(|source| source[0]).collect::<Vec<u8>>()
        };
        assert_eq!(speak(b"a", 0), b"");
        assert_eq!(speak(b"b", 4), b"");
        assert_eq!(speak(b"b", 9), b"");
        assert_eq!(speak(b"b", 10), b"a", "after exactly the timeout");
        assert_eq!(speak(b"a", 11), b"", "and is back with its next record");
        // All are silent for a minute: none has fallen behind the others.
        assert_eq!(speak(b"a", 71), b"");
        assert_eq!(speak(b"a", 80), b"");
        assert_eq!(speak(b"a", 81), b"b");
        assert_eq!(speak(b"a", 200), b"", "the last one stays");
        assert_eq!(wall.dropped(), Some(2));
    }

    #[test]
    fn the_trigger_keeps_its_beat_and_rests_when_nothing_comes() {
        let (mut wall, begin) = wall(WallOptions { trigger: Some(2 * SECOND), ..WallOptions::default() });
        let at = |tenths: u32| begin + tenths * SECOND / 10;
        assert_eq!(wall.alarm(), None);
        wall.hear(at(0));
        wall.hear(at(5));
        assert_eq!(wall.alarm(), Some(at(20)));
        assert!(!wall.take_beat(at(19)));
        assert!(wall.take_beat(at(23)) && !wall.take_beat(at(60)));
        assert_eq!(wall.alarm(), None);
        wall.hear(at(71));
        assert_eq!(wall.alarm(), Some(at(80)));
    }

    #[test]
    fn a_silence_is_answered_again_and_again() {
        let (mut wall, begin) = wall(WallOptions { idle_timeout: Some(SECOND), ..WallOptions::default() });
        assert_eq!(wall.take_silence(begin), None, "nothing has come yet");
        wall.hear(begin);
        assert_eq!(wall.take_silence(begin + SECOND / 2), None);
        assert_eq!(wall.take_silence(begin + SECOND), Some(1000));
        assert_eq!(wall.alarm(), Some(begin + 2 * SECOND));
        assert_eq!(wall.take_silence(begin + 3 * SECOND), Some(3000));
    }
}
