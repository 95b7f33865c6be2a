//! The pace of a replay: when is which line due?
//!
//! The schedule is absolute: a record of time `t` is due `(t - t0) / speed` after the start, so that delays of the one
//! who waits do not add up, and a run that was held up catches up. Nothing waits here and no clock is read: the caller
//! keeps the start and waits. The bytes of a line are none of this module's business.
//!
//! A record behind the largest time so far is due at once. One whose time is doubted (see `belief`) is sent at once and moves
//! nothing; where the times jump, the schedule goes on without waiting for the hole. So neither a broken date nor two
//! recordings in one file stall a replay or end its pacing.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use super::belief::{Belief, Verdict};

/// How fast a recording is replayed: `1x`, `60x`, `0.5x`, `max`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Speed {
    /// So many times the speed of the events themselves; above 0 and finite.
    Times(f64),
    /// Without waiting.
    Max,
}

/// Why a text is no speed or rate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParsePaceError(String);

impl fmt::Display for ParsePaceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for ParsePaceError {}

impl FromStr for Speed {
    type Err = ParsePaceError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.trim();
        if text == "max" {
            return Ok(Speed::Max);
        }
        let wrong = |hint: &str| {
            ParsePaceError(format!(
                "{text:?} is no speed: {hint} (1x is as recorded, 60x an hour in a minute, or max)"
            ))
        };
        let Some(number) = text.strip_suffix(['x', 'X']) else {
            let hint = match positive(text) {
                Some(_) => format!("write {text}x for {text} times as fast"),
                None => "expected a number and x".into(),
            };
            return Err(wrong(&hint));
        };
        positive(number).map(Speed::Times).ok_or_else(|| wrong("the number must be above 0"))
    }
}

/// Records per second: `500`, `0.5`, `500/s`. Above 0 and finite.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rate(f64);

impl Rate {
    /// A rate, unless it is not above 0 or not finite.
    pub fn per_second(records: f64) -> Option<Rate> {
        (1e-6..=1e9).contains(&records).then_some(Rate(records))
    }

    /// The mean time between two records in nanoseconds, at least 1.
    pub fn interval_ns(self) -> u64 {
        // Division and truncation are exact in IEEE 754: the same on every machine.
        ((1e9 / self.0) as u64).max(1)
    }
}

impl FromStr for Rate {
    type Err = ParsePaceError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let number = text.trim();
        positive(number.strip_suffix("/s").unwrap_or(number)).and_then(Rate::per_second).ok_or_else(|| {
            ParsePaceError(format!(
                "{text:?} is no rate; expected records per second above 0, as in 500/s or 0.5"
            ))
        })
    }
}

/// Plain decimal notation only: no sign, no exponent, no `inf`.
fn positive(number: &str) -> Option<f64> {
    let is_plain = number.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    number.parse().ok().filter(|&value: &f64| is_plain && value > 0.0 && value.is_finite())
}

/// Says when lines are due.
#[derive(Clone, Debug)]
pub struct Pace {
    rule: Rule,
    /// Where the last line stands.
    due: Duration,
}

#[derive(Clone, Debug)]
enum Rule {
    Max,
    EveryNth { interval_s: f64, lines: u64 },
    EventTime(Track),
}

/// Where a replay stands in its recording.
#[derive(Clone, Debug)]
struct Track {
    speed: f64,
    /// The longest wait, in event time.
    max_gap_ms: Option<i64>,
    belief: Belief,
    /// Event time that was played, holes left out.
    played_ms: i64,
}

impl Pace {
    /// The pace of the events, made faster or slower. Pauses are never longer than `max_gap`, as the viewer sees them.
    pub fn new(speed: Speed, max_gap: Option<Duration>) -> Self {
        let rule = match speed {
            Speed::Max => Rule::Max,
            Speed::Times(speed) => Rule::EventTime(Track {
                speed,
                max_gap_ms: max_gap.map(|gap| (gap.as_secs_f64() * 1000.0 * speed) as i64),
                belief: Belief::default(),
                played_ms: 0,
            }),
        };
        Pace { rule, due: Duration::ZERO }
    }

    /// A constant number of lines per second, whatever their times.
    pub fn per_second(rate: Rate) -> Self {
        Pace { rule: Rule::EveryNth { interval_s: 1.0 / rate.0, lines: 0 }, due: Duration::ZERO }
    }

    /// Whether lines are due by their event times: only then need these be known.
    pub fn needs_event_time(&self) -> bool {
        matches!(self.rule, Rule::EventTime(_))
    }

    /// When the next line is due, counted from the start. Never earlier than the line before. A line without a readable
    /// time (`None`) is due with the line before it.
    pub fn due(&mut self, event_time_ms: Option<i64>) -> Duration {
        match (&mut self.rule, event_time_ms) {
            (Rule::Max, _) | (Rule::EventTime(_), None) => {}
            (Rule::EveryNth { interval_s, lines }, _) => {
                self.due = seconds(*lines as f64 * *interval_s);
                *lines += 1;
            }
            (Rule::EventTime(track), Some(time)) => {
                track.take(time);
                self.due = seconds(track.played_ms as f64 / (1000.0 * track.speed));
            }
        }
        self.due
    }
}

impl Track {
    fn take(&mut self, time: i64) {
        if let Verdict::Forward(gap) = self.belief.take(time) {
            self.played_ms = self.played_ms.saturating_add(gap.min(self.max_gap_ms.unwrap_or(gap)));
        }
    }
}

/// A span that no value can make panic; the longest is some centuries.
fn seconds(seconds: f64) -> Duration {
    Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX / 4)
}

#[cfg(test)]
mod tests {
    use super::super::belief::JUMP_MS;
    use super::*;

    const DAY: i64 = JUMP_MS;

    fn dues(pace: &mut Pace, times: &[i64]) -> Vec<u64> {
        times.iter().map(|&time| pace.due(Some(time)).as_millis() as u64).collect()
    }

    fn at(speed: &str) -> Pace {
        Pace::new(speed.parse().unwrap(), None)
    }

    #[test]
    fn speeds_are_read() {
        assert_eq!("1x".parse(), Ok(Speed::Times(1.0)));
        assert_eq!("0.5x".parse(), Ok(Speed::Times(0.5)));
        assert_eq!(" 60X ".parse(), Ok(Speed::Times(60.0)));
        assert_eq!("max".parse(), Ok(Speed::Max));
        for text in ["", "x", "60", "0x", "-1x", "0.0x", "infx", "nanx", "1e3x", "fast", "1 x", "+1x"] {
            let message = text.parse::<Speed>().unwrap_err().to_string();
            assert!(message.contains("is no speed") && message.contains("max"), "{message}");
        }
        assert!("60".parse::<Speed>().unwrap_err().to_string().contains("write 60x"));
    }

    #[test]
    fn rates_are_read() {
        assert_eq!("500/s".parse::<Rate>().unwrap().interval_ns(), 2_000_000);
        assert_eq!("0.5".parse::<Rate>().unwrap().interval_ns(), 2_000_000_000);
        for text in ["0", "-1", "", "1/m", "inf", "1e3", "0.0000000001", "99999999999"] {
            assert!(text.parse::<Rate>().is_err(), "{text}");
        }
    }

    #[test]
    fn the_schedule_is_absolute() {
        let times = [1_000_000, 1_000_500, 1_060_000];
        assert_eq!(dues(&mut at("1x"), &times), [0, 500, 60_000]);
        assert_eq!(dues(&mut at("60x"), &times), [0, 8, 1000]);
        assert_eq!(dues(&mut at("0.5x"), &times), [0, 1000, 120_000]);
        assert_eq!(dues(&mut at("max"), &times), [0, 0, 0]);
        // A million small steps do not drift.
        let mut pace = at("3x");
        let last = (0..=1_000_000).map(|step| pace.due(Some(step))).last().unwrap();
        assert!((last.as_secs_f64() - 1000.0 / 3.0).abs() < 1e-9, "{last:?}");
    }

    #[test]
    fn records_out_of_order_and_without_time_are_due_at_once() {
        let mut pace = at("1x");
        assert_eq!(dues(&mut pace, &[0, 4000, 1000, -5000, 4500]), [0, 4000, 4000, 4000, 4500]);
        assert_eq!(pace.due(None), Duration::from_millis(4500));
        assert_eq!(dues(&mut pace, &[5000]), [5000]);
        assert_eq!(at("1x").due(None), Duration::ZERO);
    }

    #[test]
    fn a_record_from_the_far_future_stalls_nothing() {
        let far = 400 * DAY;
        assert_eq!(dues(&mut at("1x"), &[0, far, 1000, far, far, 2000]), [0, 0, 1000, 1000, 1000, 2000]);
        assert_eq!(dues(&mut at("1x"), &[0, DAY]), [0, DAY as u64]);
        assert_eq!(dues(&mut at("1x"), &[0, i64::MAX, i64::MIN, 7]), [0, 0, 0, 7]);
    }

    #[test]
    fn three_in_a_row_are_believed_and_the_hole_is_not_waited_for() {
        let second = 30 * DAY;
        let times = [0, 1000, second, second + 100, second + 200, second + 700, second + 1200];
        assert_eq!(dues(&mut at("1x"), &times), [0, 1000, 1000, 1000, 1000, 1500, 2000]);
        // Backwards: an older recording follows.
        assert_eq!(dues(&mut at("1x"), &[second, 0, 100, 200, 1200]), [0, 0, 0, 0, 1000]);
        // A first record with a broken date does not rule the rest.
        assert_eq!(dues(&mut at("1x"), &[9 * second, 0, 1, 2, 1002]), [0, 0, 0, 0, 1000]);
        // Far from each other, they are no witnesses.
        let scattered = [0, 10 * DAY, 20 * DAY, 30 * DAY, 1000];
        assert_eq!(dues(&mut at("1x"), &scattered), [0, 0, 0, 0, 1000]);
    }

    #[test]
    fn pauses_are_shortened() {
        let mut pace = Pace::new(Speed::Times(2.0), Some(Duration::from_secs(1)));
        assert_eq!(dues(&mut pace, &[0, 1000, 60_000, 61_000]), [0, 500, 1500, 2000]);
    }

    #[test]
    fn a_rate_ignores_the_times() {
        let mut pace = Pace::per_second("4".parse().unwrap());
        assert!(!pace.needs_event_time());
        let dues: Vec<u128> = (0..4).map(|_| pace.due(None).as_millis()).collect();
        assert_eq!(dues, [0, 250, 500, 750]);
        assert!(Pace::per_second("0.000001".parse().unwrap()).due(Some(i64::MAX)) == Duration::ZERO);
    }
}
