//! Where fixed windows lie. Windows and panes have numbers; a pane is a stretch of time that no window cuts, and window
//! `k` covers a range of panes. Both ends of that range rise with `k`, and so do the windows' ends.

use super::settings::gcd;
use crate::time::Millis;

/// Panes and windows of one kind.
#[derive(Clone, Debug)]
pub(super) enum Layout {
    Hopping(Hopping),
}

/// Window `k` covers the panes `k × stride .. k × stride + span`.
#[derive(Clone, Debug)]
pub(super) struct Hopping {
    grain: i64,
    stride: i64,
    span: i64,
    size: i64,
    offset: i64,
}

impl Layout {
    pub fn hopping(size: i64, slide: i64, offset: i64) -> Layout {
        // Without overlap a window is one pane; where the slide is larger, the rest of the grain belongs to no window.
        let grain = if slide < size { gcd(size, slide) } else { slide };
        Layout::Hopping(Hopping { grain, stride: slide / grain, span: (size / grain).max(1), size, offset })
    }

    /// The pane that a point in time falls into, if it falls into a window.
    pub fn pane_at(&self, time: Millis) -> Option<i64> {
        match self {
            Layout::Hopping(hop) => {
                let time = time - hop.offset;
                (time.rem_euclid(hop.grain) < hop.size).then(|| time.div_euclid(hop.grain))
            }
        }
    }

    /// A pane's first millisecond, and the first behind it.
    pub fn pane_bounds(&self, pane: i64) -> (Millis, Millis) {
        match self {
            Layout::Hopping(hop) => {
                let start = pane * hop.grain + hop.offset;
                (start, start + hop.grain.min(hop.size))
            }
        }
    }

    /// The first and the last window that cover a pane.
    pub fn windows_of(&self, pane: i64) -> (i64, i64) {
        match self {
            Layout::Hopping(hop) => {
                ((pane - hop.span).div_euclid(hop.stride) + 1, pane.div_euclid(hop.stride))
            }
        }
    }

    /// The panes that a window covers: the first, and the first behind them.
    pub fn panes_of(&self, window: i64) -> (i64, i64) {
        match self {
            Layout::Hopping(hop) => (window * hop.stride, window * hop.stride + hop.span),
        }
    }

    /// Start and end of a window.
    pub fn bounds(&self, window: i64) -> (Millis, Millis) {
        match self {
            Layout::Hopping(hop) => {
                let start = window * hop.stride * hop.grain + hop.offset;
                (start, start + hop.size)
            }
        }
    }

    /// The first window that ends behind a point in time.
    pub fn first_ending_after(&self, time: Millis) -> i64 {
        match self {
            Layout::Hopping(hop) => (time - hop.size - hop.offset).div_euclid(hop.stride * hop.grain) + 1,
        }
    }
}
