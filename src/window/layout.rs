//! Where fixed windows lie. Windows and panes have numbers; a pane is a stretch of time that no window cuts, and window
//! `k` covers a range of panes. Both ends of that range rise with `k`, and so do the windows' ends.
//!
//! A layout is a pattern on an axis. The axis counts milliseconds, or the days, weeks or months of a time zone, and the
//! patterns know only its numbers; so a day of 23 hours is one step, like any other.

use super::snapshot::FAR;
use super::window_kind::{Step, WindowKind, gcd};
use crate::time::{Calendar, CalendarUnit, MILLIS_PER_DAY, Millis};

/// Panes and windows of one kind.
#[derive(Clone, Debug)]
pub(super) struct Layout {
    axis: Axis,
    pattern: Pattern,
    offset: i64,
}

#[derive(Clone, Debug)]
enum Axis {
    Millis,
    Calendar(Calendar),
}

impl Axis {
    /// The number that a point in time is in.
    fn number(&self, time: Millis) -> i64 {
        match self {
            Axis::Millis => time,
            Axis::Calendar(calendar) => calendar.number(time),
        }
    }

    /// The first point in time of a number.
    fn start(&self, number: i64) -> Millis {
        match self {
            Axis::Millis => number,
            Axis::Calendar(calendar) => calendar.start(number),
        }
    }
}

#[derive(Clone, Debug)]
enum Pattern {
    /// Pane `p` begins at `p × grain`; window `k` covers the panes `k × stride .. k × stride + span` and is `size` long.
    Hopping { grain: i64, stride: i64, span: i64, size: i64 },
    /// Pane `p` begins at `p × step`; window `k` ends with pane `k` and begins where its period of `steps` panes does.
    Cumulate { step: i64, steps: i64 },
    /// The same where periods differ in length: `size` numbers of the axis, in steps of `step` on a finer one, the last
    /// cut short. Panes and windows of a period are numbered from a multiple of `most` on, more than any period has.
    Within { size: i64, finer: Axis, step: i64, most: i64 },
}

impl Layout {
    /// The layout of windows that lie in time; `None` for other kinds.
    pub fn new(kind: &WindowKind) -> Option<Layout> {
        let (axis, pattern, offset) = match kind {
            WindowKind::Hopping { size, slide, offset } => {
                (Axis::Millis, Pattern::hopping(*size, *slide), *offset)
            }
            WindowKind::Calendar { size, slide, unit, zone, offset } => {
                let axis = Axis::Calendar(Calendar::new(*unit, zone.clone()));
                (axis, Pattern::hopping((*size).into(), (*slide).into()), *offset)
            }
            WindowKind::Cumulate { size, step, offset } => {
                (Axis::Millis, Pattern::Cumulate { step: *step, steps: size / step }, *offset)
            }
            WindowKind::CalendarCumulate { size, unit, step, zone, offset } => {
                let axis = Axis::Calendar(Calendar::new(*unit, zone.clone()));
                let finer = match step {
                    Step::Millis(_) => Axis::Millis,
                    Step::Days(_) => Axis::Calendar(Calendar::new(CalendarUnit::Day, zone.clone())),
                };
                let (Step::Millis(step) | Step::Days(step)) = *step;
                // No zone has ever made a day longer than two.
                let days = 2 + 31 * i64::from(*size);
                let most = match finer {
                    Axis::Millis => days * MILLIS_PER_DAY / step + 1,
                    Axis::Calendar(_) => days / step + 1,
                };
                (axis, Pattern::Within { size: (*size).into(), finer, step, most }, *offset)
            }
            WindowKind::Session { .. } | WindowKind::Count { .. } | WindowKind::All => return None,
        };
        Some(Layout { axis, pattern, offset })
    }

    /// The pane that a point in time falls into, if it falls into a window.
    pub fn pane_at(&self, time: Millis) -> Option<i64> {
        let number = self.axis.number(time) - self.offset;
        match &self.pattern {
            Pattern::Hopping { grain, size, .. } => {
                (number.rem_euclid(*grain) < *size).then(|| number.div_euclid(*grain))
            }
            Pattern::Cumulate { step, .. } => Some(number.div_euclid(*step)),
            Pattern::Within { size, finer, step, most } => {
                let period = number.div_euclid(*size);
                let (start, _) = self.times(period * size, 0);
                Some(period * most + (finer.number(time) - finer.number(start)) / step)
            }
        }
    }

    /// Whether a pane from outside lies where there is time: its bounds can be reckoned.
    pub fn has_pane(&self, pane: i64) -> bool {
        match self.pattern {
            Pattern::Hopping { grain, .. } => self.lies_in_time(pane, grain),
            Pattern::Cumulate { step, .. } => self.lies_in_time(pane, step),
            Pattern::Within { size, most, .. } => self.lies_in_time(pane.div_euclid(most), size),
        }
    }

    /// The same for a window.
    pub fn has_window(&self, window: i64) -> bool {
        match self.pattern {
            Pattern::Hopping { grain, stride, .. } => self.lies_in_time(window, grain * stride),
            _ => self.has_pane(window),
        }
    }

    fn lies_in_time(&self, number: i64, length: i64) -> bool {
        // A calendar counts days at least, and months at most.
        let most = match self.axis {
            Axis::Millis => FAR,
            Axis::Calendar(_) => FAR / (31 * MILLIS_PER_DAY),
        };
        number.checked_mul(length).is_some_and(|at| at.unsigned_abs() <= most as u64)
    }

    /// A pane's first millisecond, and the first behind it.
    pub fn pane_bounds(&self, pane: i64) -> (Millis, Millis) {
        let (start, length) = match self.pattern {
            Pattern::Hopping { grain, size, .. } => (pane * grain, grain.min(size)),
            Pattern::Cumulate { step, .. } => (pane * step, step),
            Pattern::Within { .. } => return (self.step_ends(pane).0, self.bounds(pane).1),
        };
        self.times(start, start + length)
    }

    /// The first and the last window that cover a pane.
    pub fn windows_of(&self, pane: i64) -> (i64, i64) {
        match self.pattern {
            Pattern::Hopping { stride, span, .. } => {
                ((pane - span).div_euclid(stride) + 1, pane.div_euclid(stride))
            }
            Pattern::Cumulate { steps, .. } => (pane, pane - pane.rem_euclid(steps) + steps - 1),
            Pattern::Within { .. } => (pane, self.pane_at(self.period(pane).1 - 1).unwrap_or(pane)),
        }
    }

    /// The panes that a window covers: the first, and the first behind them.
    pub fn panes_of(&self, window: i64) -> (i64, i64) {
        match self.pattern {
            Pattern::Hopping { stride, span, .. } => (window * stride, window * stride + span),
            Pattern::Cumulate { steps, .. } | Pattern::Within { most: steps, .. } => {
                (window - window.rem_euclid(steps), window + 1)
            }
        }
    }

    /// Start and end of a window.
    pub fn bounds(&self, window: i64) -> (Millis, Millis) {
        match self.pattern {
            Pattern::Hopping { grain, stride, size, .. } => {
                let start = window * stride * grain;
                self.times(start, start + size)
            }
            Pattern::Cumulate { step, steps } => {
                self.times((window - window.rem_euclid(steps)) * step, (window + 1) * step)
            }
            Pattern::Within { .. } => {
                let (start, end) = self.period(window);
                (start, self.step_ends(window).1.min(end))
            }
        }
    }

    /// The window after one that has closed.
    pub fn after(&self, window: i64) -> i64 {
        match self.pattern {
            // The numbers behind a period's last window are nobody's.
            Pattern::Within { most, .. } if window == self.windows_of(window).1 => {
                window - window.rem_euclid(most) + most
            }
            _ => window + 1,
        }
    }

    /// Start and end of the period that a pane or window is in, where periods differ in length.
    fn period(&self, number: i64) -> (Millis, Millis) {
        let Pattern::Within { size, most, .. } = self.pattern else { return (Millis::MIN, Millis::MAX) };
        let period = number.div_euclid(most);
        self.times(period * size, (period + 1) * size)
    }

    /// Start and end of a step, the end not cut to that of its period.
    fn step_ends(&self, pane: i64) -> (Millis, Millis) {
        let Pattern::Within { finer, step, most, .. } = &self.pattern else {
            return (Millis::MIN, Millis::MAX);
        };
        let first = finer.number(self.period(pane).0) + pane.rem_euclid(*most) * step;
        (finer.start(first), finer.start(first + step))
    }

    /// The first window that ends behind a point in time.
    pub fn first_ending_after(&self, time: Millis) -> i64 {
        let number = self.axis.number(time) - self.offset;
        match self.pattern {
            Pattern::Hopping { grain, stride, size, .. } => (number - size).div_euclid(stride * grain) + 1,
            Pattern::Cumulate { step, .. } => number.div_euclid(step),
            Pattern::Within { .. } => self.pane_at(time).unwrap_or(i64::MIN),
        }
    }

    fn times(&self, start: i64, end: i64) -> (Millis, Millis) {
        (self.axis.start(start + self.offset), self.axis.start(end + self.offset))
    }
}

impl Pattern {
    /// Without overlap a window is one pane; where the slide is larger, the rest of the grain belongs to no window.
    fn hopping(size: i64, slide: i64) -> Pattern {
        let grain = if slide < size { gcd(size, slide) } else { slide };
        Pattern::Hopping { grain, stride: slide / grain, span: (size / grain).max(1), size }
    }
}
