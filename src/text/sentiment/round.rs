//! Rounding to some decimal digits, as Python's `round` does it.

/// `value` to the digits that `scale`, a power of ten, keeps. The exact value of the float is rounded to the nearest, ties to
/// even.
pub(super) fn round(value: f64, scale: f64) -> f64 {
    let scaled = value * scale;
    let is_tie = (scaled - scaled.trunc()).abs() == 0.5;
    // The product itself was rounded, and may have become a tie by that. It cannot have passed one.
    let error = if is_tie { value.mul_add(scale, -scaled) } else { 0.0 };
    let nearest = match error {
        error if error > 0.0 => scaled.ceil(),
        error if error < 0.0 => scaled.floor(),
        _ => scaled.round_ties_even(),
    };
    nearest / scale
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn ties_are_judged_by_the_exact_value() {
        let thousandths = |value| round(value, 1000.0);
        assert_eq!([0.0625, 0.1875].map(thousandths), [0.062, 0.188]); // exact ties, to even
        assert_eq!([0.0005, 0.0015, 0.3335].map(thousandths), [0.001, 0.002, 0.334]); // floats above the tie
        assert_eq!([0.0045, 0.5015, 0.7845].map(thousandths), [0.004, 0.501, 0.784]); // below
        assert_eq!([0.0625, -0.0005].map(thousandths).map(|value| value.to_string()), ["0.062", "-0.001"]);
        assert_eq!(thousandths(-0.0001).to_string(), "-0");
    }

    proptest! {
        /// Rust prints the exact value of a float, ties to even, too.
        #[test]
        fn rounds_as_decimal_text_does(near in -10_000i32..=10_000, off in -2i32..=2) {
            let value = (f64::from(near) + 0.5) / 10_000.0;
            let value = f64::from_bits(value.to_bits().wrapping_add_signed(i64::from(off)));
            let text = format!("{value:.4}");
            prop_assert_eq!(round(value, 10_000.0), text.parse::<f64>().unwrap());
        }
    }
}
