//! Numbers as shades: the steps of a heat map between round values, and the legend that tells them.
//!
//! A zero has a shade of its own, paler than any other, so that little is told from nothing; a cell that nobody knows
//! anything about has none at all.

use super::colour::HEAT;
use super::frame::{MARGIN, SMALL};
use super::scale::{Linear, tick_text};
use super::svg::{Anchor, Svg, Text, heat};

/// Steps between round values at most; the rest of the shades is for zero.
const STEPS: u32 = 8;
/// The largest is so many times the median where steps are not equal.
const UNEVEN: f64 = 6.0;
const SWATCH: (f64, f64) = (26.0, 10.0);

/// From numbers to shades.
#[derive(Clone, Debug)]
pub(super) struct Ramp {
    /// Round values from the smallest to the largest; there are two at least.
    marks: Vec<(f64, String)>,
    /// Zero has its own shade.
    from_zero: bool,
}

impl Ramp {
    /// A ramp over these values: in equal steps, or where a few are much larger than most, in steps of 1, 2, 5, 10, 20.
    pub(super) fn new(values: impl Iterator<Item = f64>, whole_only: bool) -> Ramp {
        let values: Vec<f64> = values.collect();
        let scale = Linear::with_zero(values.iter().copied(), 0.0, 1.0).rounded(STEPS, whole_only);
        let marks = scale.marks(STEPS, whole_only);
        let from_zero = marks.first().is_some_and(|(low, _)| *low >= 0.0);
        let mut counts: Vec<f64> = values.into_iter().filter(|value| *value > 0.0).collect();
        counts.sort_by(f64::total_cmp);
        match (counts.get(counts.len() / 2), counts.last()) {
            (Some(median), Some(most)) if from_zero && whole_only && *most > UNEVEN * median => {
                Ramp { marks: ladder(*most), from_zero }
            }
            _ => Ramp { marks, from_zero },
        }
    }

    /// The shade of a value, as a place in [`HEAT`].
    pub(super) fn step(&self, value: f64) -> usize {
        if value == 0.0 && self.from_zero {
            return 0;
        }
        let inside = self.marks.partition_point(|(mark, _)| *mark < value);
        self.shade(inside.saturating_sub(1).min(self.steps().saturating_sub(1)))
    }

    fn steps(&self) -> usize {
        self.marks.len().saturating_sub(1).max(1)
    }

    /// The shades are spread over the steps, so that the last is always the strongest.
    fn shade(&self, step: usize) -> usize {
        let least = usize::from(self.from_zero);
        let most = HEAT.len() - 1;
        match self.steps() {
            1 => most,
            steps => least + (step * (most - least) + (steps - 1) / 2) / (steps - 1),
        }
    }

    /// Each shade that is used, and the largest value that has it.
    pub(super) fn ends(&self) -> Vec<(usize, &str)> {
        let zero = self.from_zero.then_some((0, "0"));
        let upper = self.marks.iter().skip(1).enumerate();
        zero.into_iter().chain(upper.map(|(step, (_, text))| (self.shade(step), text.as_str()))).collect()
    }

    /// Draws the legend below `y`; gives where it ends.
    pub(super) fn legend(&self, svg: &mut Svg, unit: &str, width: f64, y: f64) -> f64 {
        let (_, height) = SWATCH;
        let label = |x: f64, anchor, text: &str, svg: &mut Svg| {
            svg.text(Text { x, y: y + height + 13.0, anchor, font: SMALL, class: "muted", text });
        };
        let mut x = MARGIN;
        if self.from_zero {
            svg.cell(x, y, SWATCH.0, height, heat(0));
            label(x + SWATCH.0 / 2.0, Anchor::Middle, "0", svg);
            x += SWATCH.0 + 14.0;
        }
        let steps = self.steps();
        if let (false, Some((_, first))) = (self.from_zero, self.marks.first()) {
            x += (SMALL.width(first) / 2.0 - MARGIN / 2.0).max(0.0);
        }
        let room = width - MARGIN - x;
        let widest = self.marks.iter().map(|(_, text)| SMALL.width(text)).fold(0.0, f64::max);
        let swatch = (widest + 10.0).max(SWATCH.0);
        let fits = swatch * (steps as f64 + 1.0) <= room * 0.8;
        let swatch = if fits { swatch } else { (room * 0.6 / steps as f64).min(SWATCH.0) };
        let name = SMALL.cut(unit, (room - swatch * steps as f64 - widest).max(0.0));
        for step in 0..steps {
            svg.cell(x + step as f64 * swatch, y, swatch, height, heat(self.shade(step)));
        }
        // The first value of a ramp from zero stands at its own shade.
        let shown = |at: usize| (fits && !(at == 0 && self.from_zero)) || at == steps;
        for (at, (_, text)) in self.marks.iter().enumerate().filter(|(at, _)| shown(*at)) {
            label(x + at as f64 * swatch, Anchor::Middle, text, svg);
        }
        let end = x + steps as f64 * swatch + widest / 2.0 + 8.0;
        if SMALL.width(&name) + end <= width - MARGIN {
            label(end, Anchor::Start, &name, svg);
        }
        y + height + 24.0
    }
}

/// 0, and as many of 1, 2, 5, 10, 20 and so on as there are shades, up to one that a value does not exceed.
fn ladder(most: f64) -> Vec<(f64, String)> {
    let rungs = (0..300).flat_map(|power| [1.0, 2.0, 5.0].map(|digit| digit * 10_f64.powi(power)));
    let beyond = rungs.clone().position(|rung| rung >= most).unwrap_or(0);
    let first = (beyond + 1).saturating_sub(STEPS as usize);
    let shown = rungs.take(beyond + 1).skip(first);
    std::iter::once(0.0).chain(shown).map(|rung| (rung, tick_text(rung, 0))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn little_is_told_from_nothing_and_the_most_is_the_strongest() {
        let ramp = Ramp::new([0.0, 1.0, 390.0].into_iter(), true);
        assert_eq!((ramp.step(0.0), ramp.step(1.0), ramp.step(390.0)), (0, 1, 8));
        assert_eq!((ramp.step(50.0), ramp.step(51.0)), (1, 2), "a step has its upper end");
    }

    #[test]
    fn many_small_ones_are_told_apart_beside_a_large_one() {
        let ramp = Ramp::new([1.0, 3.0, 8.0, 12.0, 9.0, 107.0].into_iter(), true);
        let marks: Vec<f64> = ramp.marks.iter().map(|(mark, _)| *mark).collect();
        assert_eq!(marks, [0.0, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0]);
        assert_eq!([1.0, 3.0, 8.0, 12.0, 107.0].map(|value| ramp.step(value)), [1, 3, 4, 5, 8]);
    }

    #[test]
    fn shades_grow_with_the_value_also_below_zero() {
        for values in
            [vec![-5.0, 12.0], vec![0.25, 0.5], vec![1.0], vec![0.0], vec![-3.0], vec![1e300, -1e300]]
        {
            let ramp = Ramp::new(values.iter().copied(), false);
            let mut sorted = values.clone();
            sorted.sort_by(f64::total_cmp);
            let shades: Vec<usize> = sorted.iter().map(|value| ramp.step(*value)).collect();
            assert!(
                shades.is_sorted() && shades.iter().all(|shade| *shade < HEAT.len()),
                "{values:?}: {shades:?}"
            );
        }
    }
}
