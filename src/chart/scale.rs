//! From numbers to pixels, round ticks, and figures as people read them.

use crate::jsonl::format::people::thousands;
use crate::row::Number;

/// Nothing drawn is larger, so that differences stay finite.
const LARGEST: f64 = 1e300;

/// A linear scale.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Linear {
    low: f64,
    high: f64,
    from: f64,
    to: f64,
}

impl Linear {
    /// A scale of the pixels `from..to` that holds 0 and all values.
    pub(super) fn with_zero(values: impl Iterator<Item = f64>, from: f64, to: f64) -> Linear {
        let (low, high) = values
            .map(bounded)
            .fold((0.0_f64, 0.0_f64), |(low, high), value| (low.min(value), high.max(value)));
        // Of zeros only, and of numbers too small to divide.
        let high = if high - low < f64::MIN_POSITIVE { 1.0 } else { high };
        Linear { low, high, from, to }
    }

    /// The scale that ends at round values, `steps` at most, all of which it has as ticks.
    pub(super) fn rounded(self, steps: u32, whole_only: bool) -> Linear {
        let step = round_step(self.low, self.high, steps, whole_only);
        let (low, high) = ((self.low / step).floor() * step, (self.high / step).ceil() * step);
        Linear { low, high, ..self }
    }

    /// The same, but where much of the last step would be empty the scale ends soon after the values, between two ticks.
    pub(super) fn fitted(self, steps: u32, whole_only: bool) -> Linear {
        let rounded = self.rounded(steps, whole_only);
        let fine = round_step(self.low, self.high, steps, whole_only) / 5.0;
        let much = (rounded.high - rounded.low) * EMPTY;
        let low = if self.low - rounded.low > much { (self.low / fine).floor() * fine } else { rounded.low };
        let high =
            if rounded.high - self.high > much { (self.high / fine).ceil() * fine } else { rounded.high };
        Linear { low, high, ..self }
    }

    /// The round values of [`Linear::rounded`] and [`Linear::fitted`].
    pub(super) fn marks(self, steps: u32, whole_only: bool) -> Vec<(f64, String)> {
        round_values(self.low, self.high, steps, whole_only)
    }

    /// Where the scale ends.
    pub(super) fn end(self) -> f64 {
        self.to
    }

    /// Where a value lies.
    pub(super) fn at(self, value: f64) -> f64 {
        self.from + (bounded(value) - self.low) / (self.high - self.low) * (self.to - self.from)
    }

    /// Round values within the scale: as many as have room when each label takes `label_width` of its text.
    pub(super) fn ticks(self, whole_only: bool, label_width: impl Fn(&str) -> f64) -> Vec<(f64, String)> {
        let mut most = 6;
        loop {
            let ticks = round_values(self.low, self.high, most, whole_only);
            let fits = ticks.windows(2).all(|pair| {
                let room = (self.at(pair[1].0) - self.at(pair[0].0)).abs();
                (label_width(&pair[0].1) + label_width(&pair[1].1)) / 2.0 + TICK_GAP <= room
            });
            if fits {
                return ticks;
            }
            if most == 1 {
                return ticks.into_iter().filter(|(value, _)| *value == 0.0).collect();
            }
            most -= 1;
        }
    }
}

/// Part of a scale that may lie beyond its values.
const EMPTY: f64 = 0.1;

/// Tick labels keep this distance.
const TICK_GAP: f64 = 6.0;

/// A value as a scale takes it. What is computed beside a scale takes the same, so that both agree.
pub(super) fn bounded(value: f64) -> f64 {
    if value.is_nan() { 0.0 } else { value.clamp(-LARGEST, LARGEST) }
}

/// 1, 2, 2.5 or 5 times a power of ten, of which there are about `most` between two values.
fn round_step(low: f64, high: f64, most: u32, whole_only: bool) -> f64 {
    let rough = (high - low) / f64::from(most);
    let mut power = rough.log10().floor() as i32;
    if whole_only {
        power = power.max(0);
    }
    let digits = if whole_only && power == 0 { [1.0, 2.0, 5.0, 10.0] } else { [1.0, 2.0, 2.5, 5.0] };
    let steps = digits.iter().map(|digit| digit * 10_f64.powi(power)).chain([10_f64.powi(power + 1)]);
    // The rough step may be just above the last candidate by rounding.
    steps.into_iter().find(|step| *step >= rough * 0.999_999).unwrap_or(10_f64.powi(power + 1))
}

/// Multiples of a round step between two values, `most` steps at most.
fn round_values(low: f64, high: f64, most: u32, whole_only: bool) -> Vec<(f64, String)> {
    let step = round_step(low, high, most, whole_only);
    let decimals = (-step.log10().floor()).max(0.0) as usize;
    let has_half = (step / 10_f64.powi(step.log10().floor() as i32)).fract() != 0.0;
    let decimals = if has_half && step < 10.0 { decimals + 1 } else { decimals };
    let (first, last) = ((low / step).ceil() as i64, (high / step * 1.000_000_001).floor() as i64);
    (first..=last)
        .map(|multiple| multiple as f64 * step)
        .map(|value| (value, tick_text(value, decimals)))
        .collect()
}

/// A value of an axis with so many decimals.
pub(super) fn tick_text(value: f64, decimals: usize) -> String {
    if value == 0.0 {
        return "0".to_owned();
    }
    if value.abs() >= BEYOND_DIGITS || decimals > 6 {
        return scientific(value);
    }
    thousands(&format!("{value:.decimals$}")).replace('-', MINUS)
}

/// Larger numbers are shown by their power of ten.
const BEYOND_DIGITS: f64 = 1e12;

/// As wide as a plus, unlike the hyphen.
const MINUS: &str = "−";

/// A number as a label shows it: `48,213`, `−0.25`, `1.23 × 10¹⁸`.
pub(super) fn figure(number: Number) -> String {
    let value = number.as_f64();
    let size = value.abs();
    if size >= BEYOND_DIGITS || (size < 0.000_1 && value != 0.0) {
        return scientific(value);
    }
    let literal = match number {
        Number::Int(int) => int.to_string(),
        Number::Float(float) => {
            // Four digits that say something, and none that do not.
            let decimals =
                if size >= 1_000.0 { 0 } else { 3 - (size.max(0.001).log10().floor() as i32).max(-3) };
            let digits = format!("{float:.*}", decimals.max(0) as usize);
            match digits.contains('.') {
                true => digits.trim_end_matches('0').trim_end_matches('.').to_owned(),
                false => digits,
            }
        }
    };
    let literal = if literal == "-0" { "0".to_owned() } else { literal };
    thousands(&literal).replace('-', MINUS)
}

/// How the figures of one column are written: with the decimals that the largest needs for four digits, so that a longer
/// figure is not a larger one.
#[derive(Clone, Copy, Debug)]
pub(super) struct Figures {
    decimals: Option<usize>,
}

impl Figures {
    pub(super) fn of(numbers: impl Iterator<Item = Number> + Clone) -> Figures {
        let size = numbers.clone().map(|number| number.as_f64().abs()).fold(0.0, f64::max);
        let whole = numbers.clone().all(|number| matches!(number, Number::Int(_)));
        if whole || !(0.000_1..BEYOND_DIGITS).contains(&size) {
            return Figures { decimals: None };
        }
        let decimals = if size >= 1_000.0 { 0 } else { (3 - size.log10().floor() as i32).max(0) as usize };
        // Zeros that end all of them say nothing.
        let needed = numbers.map(|number| {
            let written = format!("{:.decimals$}", number.as_f64());
            let (_, fraction) = written.split_once('.').unwrap_or_default();
            fraction.trim_end_matches('0').len()
        });
        Figures { decimals: needed.max() }
    }

    /// A number of the column.
    pub(super) fn text(self, number: Number) -> String {
        let Some(decimals) = self.decimals.filter(|_| number != Number::ZERO) else { return figure(number) };
        let written = format!("{:.decimals$}", number.as_f64());
        // What is not zero is not shown as zero.
        if written.bytes().all(|digit| b"-0.".contains(&digit)) {
            return figure(number);
        }
        thousands(&written).replace('-', MINUS)
    }
}

/// A part of the whole, 0 to 1, in percent.
pub(super) fn percent(share: f64) -> String {
    let percent = share * 100.0;
    // A tenth that is rounded away would read as nothing at all.
    if percent > 0.0 && percent < 0.05 {
        "<0.1%".to_owned()
    } else {
        format!("{percent:.1}%").replace('-', MINUS)
    }
}

fn scientific(value: f64) -> String {
    let written = format!("{value:.2e}");
    let (digits, power) = written.split_once('e').unwrap_or((&written, "0"));
    let digits = digits.trim_end_matches('0').trim_end_matches('.').replace('-', MINUS);
    let power: String = power.chars().map(superscript).collect();
    format!("{digits} × 10{power}")
}

fn superscript(digit: char) -> char {
    match digit {
        '-' => '⁻',
        '1' => '¹',
        '2' => '²',
        '3' => '³',
        '0' => '⁰',
        digit => digit.to_digit(10).and_then(|digit| char::from_u32(0x2070 + digit)).unwrap_or(digit),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn labels(high: f64, whole_only: bool) -> Vec<String> {
        let scale = Linear::with_zero([high].into_iter(), 0.0, 600.0);
        scale.ticks(whole_only, |text| text.len() as f64 * 7.0).into_iter().map(|(_, label)| label).collect()
    }

    #[test]
    fn ticks_are_round() {
        assert_eq!(labels(48_213.0, true), ["0", "10,000", "20,000", "30,000", "40,000"]);
        assert_eq!(labels(7.0, true), ["0", "2", "4", "6"]);
        assert_eq!(labels(1.0, true), ["0", "1"], "a count has no halves");
        assert_eq!(labels(1.0, false), ["0", "0.2", "0.4", "0.6", "0.8", "1.0"]);
        assert_eq!(labels(1.4, false), ["0", "0.25", "0.50", "0.75", "1.00", "1.25"]);
        assert_eq!(labels(-3.0, true), ["−3", "−2", "−1", "0"]);
        assert_eq!(labels(0.0, true), ["0", "1"]);
        assert_eq!(labels(4e18, true)[1], "1 × 10¹⁸");
    }

    #[test]
    fn ticks_that_have_no_room_are_dropped() {
        let scale = Linear::with_zero([48_213.0].into_iter(), 0.0, 60.0);
        let ticks = scale.ticks(true, |text| text.len() as f64 * 7.0);
        assert!(ticks.len() <= 2, "{ticks:?}");
    }

    #[test]
    fn figures_read_well() {
        let shown = |literal: &str| figure(Number::parse(literal).expect("a number"));
        for (literal, text) in [
            ("48213", "48,213"),
            ("-5", "−5"),
            ("0.25", "0.25"),
            ("1234567.891", "1,234,568"),
            ("12.3456", "12.35"),
            ("5.0", "5"),
            ("-0.0", "0"),
            ("999999999999", "999,999,999,999"),
            ("1000000000000000000", "1 × 10¹⁸"),
            ("-1.234e-7", "−1.23 × 10⁻⁷"),
            ("0.0005", "0.0005"),
        ] {
            assert_eq!(shown(literal), text, "{literal}");
        }
        assert_eq!(
            (percent(0.1234), percent(0.0002), percent(0.0)),
            ("12.3%".into(), "<0.1%".into(), "0.0%".into())
        );
    }

    #[test]
    fn a_scale_ends_at_a_tick_or_soon_after_its_values() {
        let fitted = |low: f64, high: f64| {
            let scale = Linear::with_zero([low, high].into_iter(), 0.0, 1.0).fitted(5, true);
            (scale.low, scale.high, scale.marks(5, true).len())
        };
        assert_eq!(fitted(0.0, 476.0), (0.0, 500.0, 6));
        assert_eq!(fitted(0.0, 107.0), (0.0, 110.0, 5), "125 would leave a seventh empty");
        assert_eq!(fitted(0.0, 1_048.0), (0.0, 1_050.0, 5));
        assert_eq!(fitted(-107.0, 476.0), (-120.0, 480.0, 3));
        assert_eq!(fitted(0.0, 1.0), (0.0, 1.0, 2));
    }

    #[test]
    fn figures_of_a_column_have_the_same_decimals() {
        let texts = |literals: &[&str]| -> Vec<String> {
            let numbers: Vec<Number> =
                literals.iter().map(|literal| Number::parse(literal).expect("a number")).collect();
            let figures = Figures::of(numbers.iter().copied());
            numbers.into_iter().map(|number| figures.text(number)).collect()
        };
        assert_eq!(
            texts(&["0.31224", "0.06275", "-0.005564", "0.0", "1e-9"]),
            ["0.3122", "0.0628", "−0.0056", "0", "1 × 10⁻⁹"]
        );
        assert_eq!(texts(&["812.5", "401.0", "-1.0"]), ["812.5", "401.0", "−1.0"]);
        assert_eq!(texts(&["2992.25", "12.5", "0.25"]), ["2,992", "12", "0.25"]);
        assert_eq!(texts(&["5.0", "2.0"]), ["5", "2"]);
        assert_eq!(texts(&["4213", "7"]), ["4,213", "7"]);
        assert_eq!(texts(&["1e15", "0.5"]), ["1 × 10¹⁵", "0.5"]);
    }

    proptest! {
        #[test]
        fn a_fitted_scale_holds_its_values(values in prop::collection::vec(any::<f64>(), 1..5), whole: bool) {
            let scale = Linear::with_zero(values.iter().copied(), 10.0, 500.0).fitted(5, whole);
            for value in &values {
                prop_assert!((9.999..=500.001).contains(&scale.at(*value)), "{} at {}", value, scale.at(*value));
            }
            for (mark, _) in scale.marks(5, whole) {
                prop_assert!((9.9..=500.1).contains(&scale.at(mark)), "{} at {}", mark, scale.at(mark));
            }
        }

        #[test]
        fn every_number_has_a_place_and_ticks(values in prop::collection::vec(any::<f64>(), 0..5), whole: bool) {
            let scale = Linear::with_zero(values.iter().copied(), 10.0, 500.0);
            for value in &values {
                prop_assert!((9.999..=500.001).contains(&scale.at(*value)), "{} at {}", value, scale.at(*value));
            }
            let ticks = scale.ticks(whole, |text| text.chars().count() as f64 * 7.0);
            prop_assert!(ticks.len() <= 8, "{ticks:?}");
            prop_assert!(ticks.iter().all(|(value, _)| (9.9..=500.1).contains(&scale.at(*value))), "{ticks:?}");
        }
    }
}
